"""How students get the PyTorch exercises on both directions wrong: edits of the reference."""

from .numpy_mistakes import mistake

CUT = (
    "Your values are right and no gradient flows. torch.tensor(…), .detach(), .data, NumPy and "
    "torch.no_grad() all give a new tensor that doesn't know where it came from; the backward pass "
    "stops there, and nothing can be learned."
)
TURNED_WRONG_WAY = (
    "Your backward direction begins in the padding: the batch was turned around as a whole. It "
    "shows in short rows only, and in what they hand on."
)
NOT_TURNED_BACK = (
    "The outputs of your backward direction stand in the order in which they were computed. Side "
    "by side with those of the other direction they belong to other steps."
)
PADDING_READ = (
    "Your final states are those after the padding was read. The output can be masked afterwards, "
    "but a state that has gone on through the padding is no longer the state at the row's end."
)
READ_FROM_OUTPUT = (
    "You take the final states from the last row of output. There the forward half is padding "
    "wherever a row is short, and the backward half has seen one step only."
)
SHORTER = (
    "Your output ends with the longest row, so it is shorter than x where no row fills the batch. "
    "Whatever is computed at each step of the padded batch, a mask or a loss, then no longer fits."
)
UNSORTED = (
    "PyTorch stops because the rows are not sorted from long to short. There is an option that "
    "lets it sort them inside and undo it afterwards."
)
FLOAT32 = (
    "Your module works in float32 and stops, or loses precision, in float64. What you make anew "
    "must have the dtype of what came in."
)

# --- packing -------------------------------------------------------------------------------------

PACKED = "packed = pack_padded_sequence(x, lengths, enforce_sorted=False)"
RUN = "output, state = network(packed, state)"
PADDED = "output, _ = pad_packed_sequence(output, total_length=len(x))"
DONE = "return output, state"


def _pack(name, hint, *edits, label="birnn-packing"):
    return mistake(name, hint, label, *edits)


RUN_PACKED = (
    _pack("rows expected to be sorted", UNSORTED, (", enforce_sorted=False", "")),
    _pack("output as long as the longest row", SHORTER, (", total_length=len(x)", "")),
    _pack(
        "not packed at all",
        "You run the network over the padding. Its outputs behind each row's end are not 0, its "
        "final states are those after the padding, and a backward direction begins in it.",
        (PACKED, ""),
        (RUN, "output, state = network(x, state)"),
        (PADDED, ""),
        label="birnn-padding",
    ),
    _pack(
        "not packed, output masked",
        "Your output is 0 at the padding, but the network has read it: a backward direction "
        "begins there, and the final states come after it.",
        (PACKED, ""),
        (RUN, "output, state = network(x, state)"),
        (PADDED, "output = output * (torch.arange(len(x))[:, None] < lengths)[..., None]"),
        label="birnn-padding",
    ),
    _pack(
        "not packed, padding set to zero before",
        "A step whose input is zero is still a step: biases and the old state change the state. "
        "Zeros in the padding do no less harm than other numbers.",
        (PACKED, "inside = (torch.arange(len(x))[:, None] < lengths)[..., None]"),
        (RUN, "output, state = network(x * inside, state)"),
        (PADDED, "output = output * inside"),
        label="birnn-padding",
    ),
    _pack(
        "initial state ignored",
        "Your network starts from zeros whatever state it is given.",
        (RUN, "output, state = network(packed)"),
    ),
    _pack(
        "packed output returned",
        "You return the packed sequence itself. It holds true steps only, in an order of its own; "
        "it has to be padded again.",
        (PADDED, ""),
    ),
    _pack(
        "the pair of output and lengths returned",
        "pad_packed_sequence returns two things, the padded output and the lengths. You return "
        "both in the place of the output.",
        (PADDED, "output = pad_packed_sequence(output, total_length=len(x))"),
    ),
    _pack(
        "time and batch exchanged",
        "Your output is (B, T, ·). Time comes first; batch_first=True turns the axes of what comes "
        "out, whatever went in.",
        (PADDED, PADDED.replace("total_length", "batch_first=True, total_length")),
    ),
    _pack(
        "h_n and c_n exchanged",
        "Your two final states come back in the wrong order: h_n first, then c_n.",
        (DONE, "return output, state[::-1]"),
    ),
    _pack(
        "only h_n returned",
        "You return the hidden state alone. An LSTM ends in two states, and whoever goes on from "
        "there needs both.",
        (DONE, "return output, state[0]"),
    ),
    _pack(
        "final states taken from the last row of output",
        READ_FROM_OUTPUT,
        (
            DONE,
            "return output, (output[-1].unflatten(-1, (-1, network.hidden_size))"
            ".transpose(0, 1).contiguous(), state[1])",
        ),
        label="birnn-final-states",
    ),
    _pack(
        "every length one too small",
        "The last true step of each row is not read. A row of n steps has the length n.",
        (PACKED, PACKED.replace("lengths", "(lengths - 1).clamp(min=1)")),
    ),
    _pack(
        "every row as long as the longest",
        "You pack the batch as if all rows were as long as the longest, so the padding of the "
        "others is read.",
        (PACKED, PACKED.replace("lengths", "lengths.max().expand(len(lengths))")),
        label="birnn-padding",
    ),
    _pack(
        "lengths sorted, rows left as they are",
        "You sort the lengths and leave the rows where they are, so each row gets the length of "
        "another one. Rows and lengths belong together.",
        (PACKED, "packed = pack_padded_sequence(x, lengths.sort(descending=True).values)"),
    ),
    _pack(
        "packed batch first",
        "You pack as if the batch were the first axis. Here time is: (T, B, I).",
        (
            PACKED,
            "packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)",
        ),
    ),
    _pack(
        "rows sorted and not put back",
        "Your rows come back from long to short. Whoever sorts the rows by hand has to put them "
        "back into their order afterwards, in the output and in the states.",
        (
            PACKED,
            "order = torch.argsort(lengths, descending=True, stable=True)\n"
            "    packed = pack_padded_sequence(x[:, order], lengths[order])",
        ),
        (RUN, "output, state = network(packed, state and tuple(s[:, order] for s in state))"),
    ),
)


# --- the LSTM ------------------------------------------------------------------------------------

STATES = (
    "states = (None, None) if state is None else zip(*(s.split(1) for s in state), strict=True)"
)
STARTS = "start_ahead, start_back = states"
TURN = "turned = reverse_rows(x, lengths)"
AHEAD = "ahead, (h_ahead, c_ahead) = run_packed(self.ahead, x, lengths, start_ahead)"
BACK = "back, (h_back, c_back) = run_packed(self.back, turned, lengths, start_back)"
TURN_BACK = "back = reverse_rows(back, lengths)"
H_N = "h_n = torch.cat([h_ahead, h_back])"
C_N = "c_n = torch.cat([c_ahead, c_back])"
RETURNED = "return torch.cat([ahead, back], dim=-1), (h_n, c_n)"
INSIDE = "(torch.arange(len(x))[:, None] < lengths)[..., None]"


def _two(name, hint, label, *edits):
    return mistake(name, hint, label, *edits)


BILSTM = (
    _two(
        "backward outputs not turned back",
        NOT_TURNED_BACK,
        "birnn-turn-back",
        (TURN_BACK, ""),
    ),
    _two(
        "the batch turned around as a whole",
        TURNED_WRONG_WAY,
        "birnn-padding",
        (TURN, "turned = x.flip(0)"),
        (BACK, "back, (h_back, c_back) = self.back(turned, start_back)"),
        (TURN_BACK, "back = back.flip(0) * " + INSIDE),
    ),
    _two(
        "turned around as a whole, then packed",
        "You turn the batch around as a whole and pack it afterwards. Packing takes the first "
        "steps of each row, and after turning those are the padding.",
        "birnn-padding",
        (TURN, "turned = x.flip(0)"),
    ),
    _two(
        "turned around as a whole, both times",
        "You turn the whole batch around before the backward network and after it. Packing takes "
        "the first steps of each row, and after turning those are the padding of short rows.",
        "birnn-padding",
        (TURN, "turned = x.flip(0)"),
        (TURN_BACK, "back = back.flip(0)"),
    ),
    _two(
        "the same network twice",
        "The two directions share one network, under two names. Each needs weights of its own.",
        "birnn-two-networks",
        ("self.back = nn.LSTM(input_size, hidden_size)", "self.back = self.ahead"),
    ),
    _two(
        "both directions read forwards",
        "Your backward network reads from the first step on, like the other one.",
        "birnn-two-passes",
        (TURN, "turned = x"),
        (TURN_BACK, ""),
    ),
    _two(
        "one network for both directions",
        "Both directions run through the same network, and the other one's parameters get no "
        "gradient: it learns nothing.",
        "birnn-two-networks",
        ("run_packed(self.back,", "run_packed(self.ahead,"),
    ),
    _two(
        "networks exchanged",
        "The network named ahead reads backwards, and the one named back reads forwards.",
        "birnn-two-networks",
        ("run_packed(self.ahead,", "run_packed(self.other,"),
        ("run_packed(self.back,", "run_packed(self.ahead,"),
        ("run_packed(self.other,", "run_packed(self.back,"),
    ),
    _two(
        "backward features first",
        "Your output begins with the features of back. PyTorch's begins with the forward ones.",
        "birnn-merge",
        (RETURNED, RETURNED.replace("[ahead, back]", "[back, ahead]")),
    ),
    _two(
        "directions added",
        "You add the two directions, so that the output has H features. nn.LSTM joins them: 2·H.",
        "birnn-merge",
        (RETURNED, "return ahead + back, (h_n, c_n)"),
    ),
    _two(
        "backward states first",
        "Your final states begin with those of back. PyTorch's begin with the forward ones.",
        "birnn-state-order",
        (H_N, "h_n = torch.cat([h_back, h_ahead])"),
        (C_N, "c_n = torch.cat([c_back, c_ahead])"),
    ),
    _two(
        "states joined along the features",
        "Your final states are joined along the features. The direction is their first axis.",
        "birnn-state-order",
        (H_N, "h_n = torch.cat([h_ahead, h_back], dim=-1)"),
        (C_N, "c_n = torch.cat([c_ahead, c_back], dim=-1)"),
    ),
    _two(
        "initial states exchanged",
        "Each of your directions starts from the other one's initial state.",
        "birnn-state-order",
        (STARTS, "start_back, start_ahead = states"),
    ),
    _two(
        "initial states ignored",
        "Your networks start from zeros whatever state they are given.",
        "birnn-two-networks",
        (STARTS, "start_ahead = start_back = None"),
    ),
    _two(
        "one initial state for both directions",
        "Both of your directions start from the first of the two initial states.",
        "birnn-state-order",
        (STARTS, "start_ahead, start_back = states\n        start_back = start_ahead"),
    ),
    _two(
        "the last row of output taken for h_n",
        READ_FROM_OUTPUT,
        "birnn-final-states",
        (H_N, "h_n = torch.stack([ahead[-1], back[-1]])"),
    ),
    _two(
        "final states after the padding",
        PADDING_READ,
        "birnn-padding",
        (AHEAD, "ahead, (h_ahead, c_ahead) = self.ahead(x, start_ahead)"),
        (BACK, "back, (h_back, c_back) = self.back(turned, start_back)"),
        (TURN_BACK, f"ahead, back = ahead * {INSIDE}, reverse_rows(back, lengths) * {INSIDE}"),
    ),
    _two(
        "only c_n after the padding",
        "Your output and h_n are right; c_n is the cell state after the padding was read. h at a "
        "row's end can be found in the output. c can't: it is nowhere but in the state.",
        "birnn-packing",
        (AHEAD, "ahead, (_, c_ahead) = self.ahead(x, start_ahead)"),
        (BACK, "back, (_, c_back) = self.back(turned, start_back)"),
        (
            TURN_BACK,
            "ends = lengths - 1, torch.arange(x.shape[1])\n"
            "        h_ahead, h_back = ahead[ends][None], back[ends][None]\n"
            f"        ahead, back = ahead * {INSIDE}, reverse_rows(back, lengths) * {INSIDE}",
        ),
    ),
    _two(
        "outputs at the padding left as they are",
        "Your output is right at the true steps and not 0 at the padding.",
        "birnn-mask",
        (AHEAD, AHEAD + "\n        ahead, _ = self.ahead(x, start_ahead)"),
        (TURN_BACK, "back = reverse_rows(self.back(turned, start_back)[0], lengths)"),
    ),
    _two(
        "graph cut",
        CUT,
        "birnn-two-networks",
        (
            RETURNED,
            "return torch.cat([ahead, back], dim=-1).detach(), (h_n.detach(), c_n.detach())",
        ),
    ),
    _two(
        "backward direction cut from the graph",
        "Your values are right, but no gradient reaches back: its outputs were detached, or sent "
        "through NumPy, before they were joined.",
        "birnn-two-networks",
        (
            TURN_BACK,
            TURN_BACK + "\n        back, h_back, c_back = (v.detach() for v in "
            "(back, h_back, c_back))",
        ),
    ),
)


# --- the GRU -------------------------------------------------------------------------------------

SIZES = "sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)"
START_AHEAD = "start_ahead = None if h0 is None else h0[2 * k : 2 * k + 1]"
START_BACK = "start_back = None if h0 is None else h0[2 * k + 1 : 2 * k + 2]"
OUT_AHEAD = "out_ahead, h_ahead = run_packed(ahead, x, lengths, start_ahead)"
OUT_BACK = "out_back, h_back = run_packed(back, turned, lengths, start_back)"
OUT_TURNED = "out_back = reverse_rows(out_back, lengths)"
JOINED = "x = torch.cat([out_ahead, out_back], dim=-1)"
COLLECTED = "h_n += [h_ahead, h_back]"
BOTH = "return x, torch.cat(h_n)"

BIGRU = (
    _two(
        "backward outputs not turned back",
        NOT_TURNED_BACK + " The layer above then reads them in a muddle.",
        "birnn-turn-back",
        (OUT_TURNED, ""),
    ),
    _two(
        "the batch turned around as a whole",
        TURNED_WRONG_WAY,
        "birnn-padding",
        (TURN, "turned = x.flip(0)"),
        (OUT_BACK, "out_back, h_back = back(turned, start_back)"),
        (OUT_TURNED, "out_back = out_back.flip(0) * " + INSIDE),
    ),
    _two(
        "turned around as a whole, then packed",
        "You turn the batch around as a whole and pack it afterwards. Packing takes the first "
        "steps of each row, and after turning those are the padding.",
        "birnn-padding",
        (TURN, "turned = x.flip(0)"),
    ),
    _two(
        "both directions read forwards",
        "Your backward networks read from the first step on, like the other ones.",
        "birnn-two-passes",
        (TURN, "turned = x"),
        (OUT_TURNED, ""),
    ),
    _two(
        "upper layers as wide as one direction",
        "Your upper layers read H numbers. The layer below hands on both directions, side by side.",
        "birnn-two-networks",
        (SIZES, "sizes = [input_size] + [hidden_size] * (num_layers - 1)"),
    ),
    _two(
        "every layer reads x",
        "Each of your layers should read what the layer below wrote. Since the sizes are made for "
        "that, the upper ones stop with an error when they are given x.",
        "birnn-two-networks",
        (JOINED, "output = torch.cat([out_ahead, out_back], dim=-1)"),
        (BOTH, "return output, torch.cat(h_n)"),
    ),
    _two(
        "each direction stacked by itself",
        "Your upper forward layer reads the lower forward layer alone (twice), and likewise "
        "backwards: two deep one-way networks that meet at the top. In PyTorch both directions "
        "meet at every layer.",
        "birnn-two-networks",
        (
            TURN,
            "ahead_in, back_in = (x, x) if k == 0 else (out_ahead.repeat(1, 1, 2), "
            "out_back.repeat(1, 1, 2))\n"
            "            turned = reverse_rows(back_in, lengths)",
        ),
        (OUT_AHEAD, OUT_AHEAD.replace("ahead, x,", "ahead, ahead_in,")),
    ),
    _two(
        "directions exchanged in the output",
        "Your output, at every layer, begins with the features of back. The order is ahead, then "
        "back.",
        "birnn-merge",
        (JOINED, "x = torch.cat([out_back, out_ahead], dim=-1)"),
    ),
    _two(
        "all forward states first in h_n",
        "Your h_n has the forward states of all layers first, then the backward ones. PyTorch goes "
        "by layers: layer 0 ahead, layer 0 back, layer 1 ahead, and so on.",
        "birnn-state-order",
        (BOTH, "return x, torch.cat(h_n[::2] + h_n[1::2])"),
    ),
    _two(
        "backward state first in each layer",
        "Your h_n has the backward state of each layer before the forward one.",
        "birnn-state-order",
        (COLLECTED, "h_n += [h_back, h_ahead]"),
    ),
    _two(
        "only the top layer's states returned",
        "Your h_n holds the states of one layer. Those of all layers are asked for.",
        "birnn-state-order",
        (COLLECTED, "h_n = [h_ahead, h_back]"),
    ),
    _two(
        "all forward states first in h0",
        "You take the first L states of h0 for the forward direction and the others for the "
        "backward one. PyTorch goes by layers: layer 0 ahead, layer 0 back, layer 1 ahead, ….",
        "birnn-state-order",
        (START_AHEAD, "start_ahead = None if h0 is None else h0[k : k + 1]"),
        (
            START_BACK,
            "L = len(self.ahead)\n"
            "            start_back = None if h0 is None else h0[L + k : L + k + 1]",
        ),
    ),
    _two(
        "initial states ignored",
        "Your networks start from zeros whatever states they are given.",
        "birnn-two-networks",
        (START_AHEAD, "start_ahead = None"),
        (START_BACK, "start_back = None"),
    ),
    _two(
        "the first layer's initial states for every layer",
        "All of your layers start from the first layer's two states. h0 has two for each layer.",
        "birnn-state-order",
        (START_AHEAD, "start_ahead = None if h0 is None else h0[:1]"),
        (START_BACK, "start_back = None if h0 is None else h0[1:2]"),
    ),
    _two(
        "final states after the padding",
        PADDING_READ,
        "birnn-padding",
        (OUT_AHEAD, "out_ahead, h_ahead = ahead(x, start_ahead)"),
        (OUT_BACK, "out_back, h_back = back(turned, start_back)"),
        (JOINED, f"x = torch.cat([out_ahead, out_back], dim=-1) * {INSIDE}"),
    ),
    _two(
        "the last row of output taken for h_n",
        READ_FROM_OUTPUT,
        "birnn-final-states",
        (COLLECTED, "h_n += [out_ahead[-1:], out_back[-1:]]"),
    ),
    _two(
        "layers kept in plain lists",
        "Your module doesn't know its networks: an optimiser would find nothing to learn. A module "
        "finds networks in an nn.ModuleList; plain lists it doesn't see.",
        "birnn-two-networks",
        (
            "self.ahead = nn.ModuleList(nn.GRU(size, hidden_size) for size in sizes)",
            "self.ahead = [nn.GRU(size, hidden_size) for size in sizes]",
        ),
        (
            "self.back = nn.ModuleList(nn.GRU(size, hidden_size) for size in sizes)",
            "self.back = [nn.GRU(size, hidden_size) for size in sizes]",
        ),
    ),
    _two(
        "graph cut", CUT, "birnn-two-networks", (BOTH, "return x.detach(), torch.cat(h_n).detach()")
    ),
    _two(
        "graph cut between the layers",
        "Your values are right, but no gradient reaches the lower layers: what they hand up is "
        "detached.",
        "birnn-two-networks",
        (TURN, "x = x.detach() if k else x\n            turned = reverse_rows(x, lengths)"),
    ),
)


# --- the tagger ----------------------------------------------------------------------------------

READ = "read = self.embedding(words)"
GRU = "self.gru = nn.GRU(embedding_size, hidden_size, bidirectional=True)"
LINEAR = "self.linear = nn.Linear(2 * hidden_size, vocabulary_size)"
RAN = "output, _ = run_packed(self.gru, read, lengths)"
SCORES = "scores = self.linear(output)"
WITHIN = "inside = torch.arange(len(words))[:, None] < lengths"
CHOSEN = "return torch.where(inside[:, :, None], scores, 0.0)"

TAGGER = (
    _two(
        "reads in one direction only",
        "Your network reads forwards only, so its parameters are not those of a network with both "
        "directions. At a gap it knows nothing of what comes after.",
        "birnn-tagger",
        (GRU, "self.gru = nn.GRU(embedding_size, hidden_size)"),
        (LINEAR, "self.linear = nn.Linear(hidden_size, vocabulary_size)"),
    ),
    _two(
        "linear layer for one direction",
        "Your linear layer takes H numbers. The output of both directions has twice as many.",
        "birnn-tagger",
        (LINEAR, "self.linear = nn.Linear(hidden_size, vocabulary_size)"),
    ),
    _two(
        "padding read",
        "Your network reads the padding: the backward direction begins in it. Scores of short "
        "sentences are wrong, and depend on what they are padded with.",
        "birnn-padding",
        (RAN, "output, _ = self.gru(read)"),
    ),
    _two(
        "rows expected to be sorted",
        UNSORTED,
        "birnn-packing",
        (
            RAN,
            "packed = pack_padded_sequence(read, lengths)\n"
            "        output, _ = pad_packed_sequence(self.gru(packed)[0], total_length=len(words))",
        ),
    ),
    _two(
        "scores as long as the longest sentence",
        SHORTER,
        "birnn-packing",
        (
            RAN,
            "packed = pack_padded_sequence(read, lengths, enforce_sorted=False)\n"
            "        output, _ = pad_packed_sequence(self.gru(packed)[0])",
        ),
        (WITHIN, "inside = torch.arange(len(output))[:, None] < lengths"),
    ),
    _two(
        "scores at padding left as they are",
        "Your scores at the true places are right. At padding the network's output is 0, but the "
        "linear layer adds its bias to it, so the scores are not.",
        "birnn-mask",
        (CHOSEN, "return scores"),
    ),
    _two(
        "softmax of the scores",
        "Your scores are probabilities. The loss function takes the softmax itself; taken twice, "
        "it flattens the scores, and training becomes slow.",
        "birnn-loss",
        (SCORES, "scores = torch.softmax(self.linear(output), dim=-1)"),
    ),
    _two(
        "log-softmax of the scores",
        "Your scores are logarithms of probabilities. Scores before any softmax are asked for.",
        "birnn-loss",
        (SCORES, "scores = torch.log_softmax(self.linear(output), dim=-1)"),
    ),
    _two(
        "words and batch exchanged",
        "Your network takes the batch for time: it reads across sentences. The GRU takes (T, B, E) "
        "unless it is told otherwise.",
        "birnn-tagger",
        (RAN, "output = self.gru(read.transpose(0, 1))[0].transpose(0, 1)"),
    ),
    _two(
        "final state in place of the outputs",
        "Every place of a sentence gets the same scores: you use the final states. A tagger "
        "answers at each place, from the output there.",
        "birnn-tagger",
        (
            RAN,
            "_, h_n = run_packed(self.gru, read, lengths)\n"
            "        output = torch.cat([h_n[0], h_n[1]], dim=-1).expand(len(words), -1, -1)",
        ),
    ),
    _two(
        "an activation between network and scores",
        "Something bends the network's outputs before the linear layer: a relu, perhaps. The text "
        "has nothing between the two.",
        "birnn-tagger",
        (SCORES, "scores = self.linear(torch.relu(output))"),
    ),
    _two(
        "the mask off by one",
        "The scores at the last word of each sentence are 0. A sentence of n words has the places "
        "from 0 to n − 1.",
        "birnn-mask",
        (WITHIN, "inside = torch.arange(len(words))[:, None] < lengths - 1"),
    ),
    _two(
        "backward half of the output turned around again",
        "You turn the backward half of the output around. PyTorch's output has both halves in the "
        "order of the input already.",
        "birnn-turn-back",
        (
            SCORES,
            "one, two = output.chunk(2, dim=-1)\n"
            "        scores = self.linear(torch.cat([one, reverse_rows(two, lengths)], dim=-1))",
        ),
    ),
    _two("graph cut", CUT, "birnn-tagger", (CHOSEN, CHOSEN + ".detach()")),
    _two(
        "embedding cut from the graph",
        "Your values are right, but the embedding gets no gradient: the words' numbers would stay "
        "what they were by chance.",
        "birnn-tagger",
        (READ, "read = self.embedding(words).detach()"),
    ),
)


# --- the loss ------------------------------------------------------------------------------------

LOSS = "return functional.cross_entropy(scores[missing], words[missing])"
EACH = "-torch.log_softmax(scores, -1).gather(-1, words[..., None])[..., 0]"


def _loss(name, hint, line):
    return mistake(name, hint, "birnn-loss", (LOSS, line))


MISSING_WORD_LOSS = (
    _loss(
        "the mean over all places",
        "Your loss counts every place, also the words that stand there to be read, and the "
        "padding. A network that only repeats what it reads would look good.",
        f"return ({EACH}).mean()",
    ),
    _loss(
        "the missing words' sum divided by all places",
        "Your loss adds up the right places and divides by the number of all. It becomes small "
        "where few words are missing, and its gradients with it.",
        f"return ({EACH} * missing).mean()",
    ),
    _loss(
        "the sum in place of the mean",
        "Your loss is a sum: it grows with the number of missing words, so batches with many of "
        "them take larger steps.",
        f"return ({EACH})[missing].sum()",
    ),
    _loss(
        "the sum divided by the rows",
        "Your loss is the sum over all missing words, divided by the number of sentences. Divide "
        "by the number of missing words.",
        f"return ({EACH})[missing].sum() / missing.shape[1]",
    ),
    _loss(
        "the mean of the rows' means",
        "You take each sentence's mean first, and then the mean over sentences. A word in a "
        "sentence with many gaps then counts less than one in a sentence with a single gap.",
        f"return (({EACH} * missing).sum(0) / missing.sum(0).clamp(min=1))[missing.any(0)].mean()",
    ),
    _loss(
        "the sign forgotten",
        "Your loss is negative: it is the mean log probability itself. Descending on it would make "
        "the true words less likely.",
        f"return -({EACH})[missing].mean()",
    ),
    _loss(
        "probability in place of its logarithm",
        "Your loss is minus the probability of the true word. Its gradient dies out just where the "
        "network is sure and wrong; that is what the logarithm is for.",
        f"return -torch.exp(-({EACH}))[missing].mean()",
    ),
    _loss(
        "softmax taken twice",
        "You take softmax of the scores and hand the result to a loss that takes it again.",
        "return functional.cross_entropy(scores[missing].softmax(-1), words[missing])",
    ),
    _loss(
        "no softmax at all",
        "Your loss is minus the true word's score. It has no lower end: all scores would grow "
        "without bound.",
        "return -scores.gather(-1, words[..., None])[..., 0][missing].mean()",
    ),
    _loss(
        "softmax over the wrong axis",
        "Your probabilities add up to 1 over the rows of the batch, not over the words that could "
        "stand at a place.",
        "return -torch.log_softmax(scores, 1).gather(-1, words[..., None])[..., 0][missing].mean()",
    ),
    _loss(
        "softmax over the missing places",
        "Your probabilities add up to 1 over the missing places, not over the words that could "
        "stand at one of them. With a single missing word the loss is then always 0.",
        "return -torch.log_softmax(scores[missing], 0).gather(1, words[missing][:, None]).mean()",
    ),
    _loss(
        "the places that are not missing",
        "Your loss counts the words that were there to be read, and none of the missing ones. "
        "Which of the two does True mark?",
        f"return ({EACH})[~missing].mean()",
    ),
    _loss(
        "logarithm to the base 2",
        "Your loss is in bits: you used the logarithm to the base 2. The natural one is asked for.",
        f"return ({EACH})[missing].mean() / torch.log(torch.tensor(2.0))",
    ),
    _loss(
        "squared error",
        "Your loss is the squared distance between probabilities and a vector with a single 1. "
        "Cross-entropy is asked for.",
        "return (scores.softmax(-1) - functional.one_hot(words, scores.shape[-1]))"
        "[missing].pow(2).sum(-1).mean()",
    ),
    _loss(
        "one loss for each missing word",
        "You return a loss for each missing word. Training needs one number.",
        f"return ({EACH})[missing]",
    ),
)
