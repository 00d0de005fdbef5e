"""How students get the PyTorch exercises of the LSTM chapter wrong: edits of the reference."""

from ..hints import INPUT_MEETS_WEIGHT_HH, STATE_MEETS_WEIGHT_IH
from .numpy_mistakes import (
    C_FOR_H,
    C_PREV_OUT,
    COUPLED,
    F_AND_I,
    INTERLEAVED,
    NO_BIAS,
    NO_C_PREV,
    NO_FORGET_GATE,
    NO_H,
    NO_INPUT_GATE,
    NO_OUTPUT_GATE,
    NO_TANH,
    NOT_CARRIED,
    NOT_TRANSPOSED,
    NOTHING_WRITTEN,
    ONE_BIAS,
    ORDER,
    SAME_BIAS,
    SIGMOID_CANDIDATE,
    SIGMOID_OUT,
    SQUEEZED_CELL,
    START_IGNORED,
    SWAPPED_STATES,
    TANH_AROUND,
    WEIGHT_IH_NOT_TRANSPOSED,
    mistake,
)

SPREAD = (
    "Your numbers are right; where a new module starts is not. The text asks for every parameter "
    "drawn evenly between −1/√H and 1/√H. Zeros make all units learn the same; torch.rand draws "
    "between 0 and 1, torch.randn far beyond; and H is the hidden size, for weight_ih too."
)
CUT = (
    "Your values are right and no gradient flows. torch.tensor(…), .detach(), .data, .item(), "
    "NumPy and torch.no_grad() all give a new tensor that doesn't know where it came from; the "
    "backward pass stops there, and nothing can be learned."
)
DETACHED = (
    "Your values are right, but the gradient stops at a detached state: it flows through one step "
    "and no further. Detaching is for the border between two chunks of a long sequence, not for "
    "the inside of the network."
)
FLOAT32 = (
    "Your module works in float32 and stops in float64. torch.zeros and its like make float32 "
    "unless they are told otherwise, and .float() turns anything into float32. What you make anew "
    "must have the dtype of what came in."
)
NOT_REGISTERED = (
    "Your module doesn't know its weights: an optimiser would find nothing to learn. A module "
    "finds tensors that are an nn.Parameter and layers that are in an nn.ModuleList; plain tensors "
    "and plain lists it doesn't see."
)


# --- the cell ------------------------------------------------------------------------------------

CHUNK = "i, f, g, o = a.chunk(4, dim=-1)"
CELL = "c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)"
HIDDEN = "h = torch.sigmoid(o) * torch.tanh(c)"
STATES = "return h, c"


def chunk_as(order):
    """The edit that takes the blocks in another order, such as ``"figo"``."""
    return CHUNK, CHUNK.replace("i, f, g, o", ", ".join(order))


LSTM_CELL = (
    mistake("bias_ih left out", ONE_BIAS, "lstm-two-biases", (" + self.bias_ih", "")),
    mistake("bias_hh left out", ONE_BIAS, "lstm-two-biases", (" + self.bias_hh", "")),
    mistake(
        "both biases left out",
        NO_BIAS,
        "lstm-two-biases",
        (" + self.bias_ih", ""),
        (" + self.bias_hh", ""),
    ),
    mistake(
        "bias_ih added twice", SAME_BIAS, "lstm-two-biases", ("+ self.bias_hh", "+ self.bias_ih")
    ),
    mistake(
        "bias_hh added twice", SAME_BIAS, "lstm-two-biases", ("+ self.bias_ih", "+ self.bias_hh")
    ),
    mistake("forget and input gate exchanged", F_AND_I, "lstm-gate-order", chunk_as("figo")),
    mistake("gates in the order i, f, o, g", ORDER, "lstm-gate-order", chunk_as("ifog")),
    mistake("gates in the order i, g, f, o", ORDER, "lstm-gate-order", chunk_as("igfo")),
    mistake("gates in the order i, o, f, g", ORDER, "lstm-gate-order", chunk_as("iofg")),
    mistake("gates in the order f, i, o, g", ORDER, "lstm-gate-order", chunk_as("fiog")),
    mistake(
        "every fourth column taken",
        INTERLEAVED,
        "lstm-gate-order",
        (CHUNK, "i, f, g, o = (a[:, k::4] for k in range(4))"),
    ),
    mistake(
        "cut along the batch",
        "You cut the rows of the batch into four, and not the gates. The gates stand side by side "
        "in each row: the axis to cut is the last one.",
        "lstm-rows",
        (CHUNK, "i, f, g, o = a.chunk(4, dim=0)"),
    ),
    mistake(
        "weight_hh not transposed",
        NOT_TRANSPOSED,
        "lstm-rows",
        (
            "h @ self.weight_hh.T",
            "torch.cat([h @ w for w in self.weight_hh.chunk(4)], dim=1)",
        ),
    ),
    mistake(
        "weight_ih not transposed",
        WEIGHT_IH_NOT_TRANSPOSED,
        "lstm-rows",
        ("x_t @ self.weight_ih.T", "x_t @ self.weight_ih"),
    ),
    mistake(
        "state in the place of the input",
        STATE_MEETS_WEIGHT_IH,
        "lstm-rows",
        ("x_t @ self.weight_ih", "h @ self.weight_ih"),
    ),
    mistake(
        "weight_hh in the place of weight_ih",
        INPUT_MEETS_WEIGHT_HH,
        "lstm-rows",
        ("x_t @ self.weight_ih.T", "x_t @ self.weight_hh.T"),
    ),
    mistake("old hidden state left out", NO_H, "lstm-step", (" + h @ self.weight_hh.T", "")),
    mistake(
        "σ for the candidate",
        SIGMOID_CANDIDATE,
        "lstm-gates",
        ("torch.tanh(g)", "torch.sigmoid(g)"),
    ),
    mistake(
        "nothing written", NOTHING_WRITTEN, "lstm-cell-update", (CELL, "c = torch.sigmoid(f) * c")
    ),
    mistake(
        "input gate left out",
        NO_INPUT_GATE,
        "lstm-cell-update",
        (CELL, "c = torch.sigmoid(f) * c + torch.tanh(g)"),
    ),
    mistake(
        "forget gate left out",
        NO_FORGET_GATE,
        "lstm-cell-update",
        (CELL, "c = c + torch.sigmoid(i) * torch.tanh(g)"),
    ),
    mistake(
        "old cell state left out",
        NO_C_PREV,
        "lstm-cell-update",
        (CELL, "c = torch.sigmoid(i) * torch.tanh(g)"),
    ),
    mistake(
        "1 − f in place of i",
        COUPLED,
        "lstm-cell-update",
        (CELL, "c = torch.sigmoid(f) * c + (1 - torch.sigmoid(f)) * torch.tanh(g)"),
    ),
    mistake(
        "tanh of the new cell state left out",
        NO_TANH,
        "lstm-output",
        (HIDDEN, "h = torch.sigmoid(o) * c"),
    ),
    mistake(
        "hidden state made from the old cell state",
        C_PREV_OUT,
        "lstm-output",
        (HIDDEN, "h = torch.sigmoid(o) * torch.tanh(state[1])"),
    ),
    mistake(
        "σ of the new cell state",
        SIGMOID_OUT,
        "lstm-output",
        (HIDDEN, "h = torch.sigmoid(o) * torch.sigmoid(c)"),
    ),
    mistake(
        "output gate inside tanh",
        TANH_AROUND,
        "lstm-output",
        (HIDDEN, "h = torch.tanh(torch.sigmoid(o) * c)"),
    ),
    mistake("output gate left out", NO_OUTPUT_GATE, "lstm-output", (HIDDEN, "h = torch.tanh(c)")),
    mistake(
        "squeezed cell state handed on",
        SQUEEZED_CELL,
        "lstm-output",
        (CELL, "c = torch.tanh(torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g))"),
        (HIDDEN, "h = torch.sigmoid(o) * c"),
    ),
    mistake(
        "h and c exchanged in what comes back", SWAPPED_STATES, "lstm-step", (STATES, "return c, h")
    ),
    mistake(
        "h and c exchanged in what comes in",
        "You unpack the state as (c, h); it comes as (h, c). Both have the same shape, so only the "
        "values tell.",
        "lstm-step",
        ("h, c = state", "c, h = state"),
    ),
    mistake("c in the place of h", C_FOR_H, "lstm-output", (STATES, "return c, c")),
    mistake("graph cut", CUT, "lstm-module", (STATES, "return h.detach(), c.detach()")),
    mistake(
        "old states detached",
        DETACHED,
        "lstm-module",
        ("h, c = state", "h, c = (s.detach() for s in state)"),
    ),
    mistake(
        "old cell state detached",
        DETACHED + " The cell state is the very way by which an LSTM's gradient survives.",
        "lstm-highway",
        ("h, c = state", "h, c = state[0], state[1].detach()"),
    ),
    mistake(
        "new cell state detached",
        DETACHED + " The cell state that you return is cut off, the hidden state isn't.",
        "lstm-highway",
        (STATES, "return h, c.detach()"),
    ),
    mistake(
        "the state is changed in place",
        "c *= … and c += … write into the tensor that came in. Autograd may still need its old "
        "values, so PyTorch stops you. Give the new cell state a tensor of its own.",
        "lstm-module",
        (
            CELL,
            "c *= torch.sigmoid(f)\n        c += torch.sigmoid(i) * torch.tanh(g)",
        ),
    ),
    mistake(
        "input turned into float32", FLOAT32, "lstm-module", ("a = x_t @", "a = x_t.float() @")
    ),
    mistake(
        "states turned into float32",
        FLOAT32,
        "lstm-module",
        (STATES, "return h.float(), c.float()"),
    ),
    mistake(
        "plain tensors in place of parameters",
        NOT_REGISTERED,
        "lstm-module",
        (
            "nn.Parameter(torch.empty(4 * hidden_size, input_size))",
            "torch.zeros(4 * hidden_size, input_size)",
        ),
        (
            "nn.Parameter(torch.empty(4 * hidden_size, hidden_size))",
            "torch.zeros(4 * hidden_size, hidden_size)",
        ),
        (
            "self.bias_ih = nn.Parameter(torch.empty(4 * hidden_size))",
            "self.bias_ih = torch.zeros(4 * hidden_size)",
        ),
        (
            "self.bias_hh = nn.Parameter(torch.empty(4 * hidden_size))",
            "self.bias_hh = torch.zeros(4 * hidden_size)",
        ),
    ),
    mistake(
        "one bias in place of two",
        "One bias can compute the same, but PyTorch's cell has two, bias_ih and bias_hh, and a "
        "network saved from it can only be loaded where both are.",
        "lstm-two-biases",
        ("self.bias_ih = nn.Parameter", "self.bias = nn.Parameter"),
        ("        self.bias_hh = nn.Parameter(torch.empty(4 * hidden_size))\n", ""),
    ),
    mistake(
        "weights lying on their side",
        "Your matrices have 4·H columns. PyTorch keeps one row for each unit of each gate: 4·H "
        "rows, and as many columns as what the matrix meets.",
        "lstm-gate-order",
        ("torch.empty(4 * hidden_size, input_size)", "torch.empty(input_size, 4 * hidden_size)"),
        ("torch.empty(4 * hidden_size, hidden_size)", "torch.empty(hidden_size, 4 * hidden_size)"),
    ),
    mistake(
        "weights of one gate only",
        "Your parameters have H rows: room for one gate. Each parameter holds four, stacked.",
        "lstm-gate-order",
        ("torch.empty(4 * hidden_size, input_size)", "torch.empty(hidden_size, input_size)"),
        ("torch.empty(4 * hidden_size, hidden_size)", "torch.empty(hidden_size, hidden_size)"),
        (
            "self.bias_ih = nn.Parameter(torch.empty(4 * ",
            "self.bias_ih = nn.Parameter(torch.empty(",
        ),
        (
            "self.bias_hh = nn.Parameter(torch.empty(4 * ",
            "self.bias_hh = nn.Parameter(torch.empty(",
        ),
    ),
    mistake(
        "biases that start at zero",
        "Your numbers are right, and your weights start as they should. Biases of zero are usual "
        "in many networks and do no harm; the text, like PyTorch, draws them too.",
        "lstm-step",
        (
            "-bound, bound)",
            "-bound, bound)\n        nn.init.zeros_(self.bias_ih)\n"
            "        nn.init.zeros_(self.bias_hh)",
        ),
    ),
    mistake(
        "new parameters from another range",
        SPREAD,
        "lstm-step",
        ("bound = hidden_size**-0.5", "bound = 1"),
    ),
)


# --- the stacked network -------------------------------------------------------------------------

SWAP = "        if self.batch_first:\n            x = x.transpose(0, 1)\n"
IN, OUT = f"{SWAP}        if state", f"{SWAP}        return x, "
LAYERS = "for cell, h, c in zip(self.cells, *state, strict=True):\n"
STEP = "h, c = cell(x_t, (h, c))"
ABOVE = "x = torch.stack(output)"
FINAL = "(torch.stack(h_n), torch.stack(c_n))"
ZEROS = "x.new_zeros(len(self.cells), x.shape[1], self.hidden_size)"
ZEROS_MADE = (
    f"        if state is None:\n            zeros = {ZEROS}\n            state = (zeros, zeros)\n"
)
CELLS = "LSTMCell(input_size if k == 0 else hidden_size, hidden_size) for k in range(num_layers)"

LSTM = (
    mistake(
        "every layer reads x",
        "Each of your layers is fed with x. Only layer 0 reads x; every other layer reads the "
        "outputs of the layer below, which have H features.",
        "lstm-stacked",
        (ABOVE, "top = torch.stack(output)"),
        (OUT, OUT.replace("x = x.", "top = top.").replace("return x", "return top")),
    ),
    mistake(
        "initial state of layer 0 for all layers",
        "Your upper layers start from the initial state of layer 0. The states have L as their "
        "first axis: one for each layer.",
        "lstm-stacked",
        (LAYERS, "for cell in self.cells:\n            h, c = state[0][0], state[1][0]\n"),
    ),
    mistake(
        "upper layers start where the lower one ended",
        "Your layer 0 is right; each other layer goes on from the last state of the layer below. "
        "Every layer begins at step 0 with an initial state of its own.",
        "lstm-stacked",
        (
            f"        {LAYERS}",
            "        h, c = state[0][0], state[1][0]\n        for cell in self.cells:\n",
        ),
    ),
    mistake(
        "initial state ignored",
        START_IGNORED,
        "lstm-carry-states",
        ("if state is None:", "if True:"),
    ),
    mistake(
        "h0 and c0 exchanged",
        SWAPPED_STATES,
        "lstm-carry-states",
        ("zip(self.cells, *state, strict", "zip(self.cells, *state[::-1], strict"),
    ),
    mistake(
        "states not carried on",
        NOT_CARRIED,
        "lstm-carry-states",
        (STEP, "new_h, new_c = cell(x_t, (h, c))"),
        ("output.append(h)", "output.append(new_h)"),
        ("h_n.append(h)", "h_n.append(new_h)"),
        ("c_n.append(c)", "c_n.append(new_c)"),
    ),
    mistake("c in the output", C_FOR_H, "lstm-output", ("output.append(h)", "output.append(c)")),
    mistake(
        "output of the bottom layer",
        "Your output holds the hidden states of layer 0. What a stack gives out is its top layer; "
        "the layers below are seen in h_n and c_n only.",
        "lstm-stacked",
        (ABOVE, f"{ABOVE}\n            bottom = x if cell is self.cells[0] else bottom"),
        (OUT, OUT.replace("x = x.", "bottom = bottom.").replace("return x", "return bottom")),
    ),
    mistake(
        "last step in place of the output",
        "Your output is the last step alone. The output holds the top layer's hidden state after "
        "every step; the last one is in h_n as well.",
        "lstm-shapes",
        (OUT, "        return x[-1], "),
    ),
    mistake(
        "sequence read backwards",
        "Your loop begins with the last input. An LSTM reads from the first step to the last; "
        "reading from the end is what the second half of a bidirectional network does.",
        "lstm-carry-states",
        ("for x_t in x:", "for x_t in x.flip(0):"),
    ),
    mistake(
        "h_n and c_n of the top layer only",
        "Your h_n and c_n have 1 as their first axis: they hold the top layer alone. Every layer "
        "has a final state, and all are given back, layer 0 first.",
        "lstm-stacked",
        (FINAL, "(torch.stack(h_n[-1:]), torch.stack(c_n[-1:]))"),
    ),
    mistake(
        "h_n and c_n without the axis of layers",
        "Your h_n and c_n are (B, H). Their first axis runs over the layers, even where there is "
        "one layer only: (L, B, H).",
        "lstm-shapes",
        (FINAL, "(h, c)"),
    ),
    mistake(
        "h_n and c_n joined along the batch",
        "Your h_n and c_n are (L·B, H). Joining puts the layers into the axis of the batch; they "
        "are to have an axis of their own, the first.",
        "lstm-shapes",
        (FINAL, "(torch.cat(h_n), torch.cat(c_n))"),
    ),
    mistake(
        "lists in place of tensors",
        "Your h_n and c_n are Python lists. Make one tensor of each; its first axis is the layers.",
        "lstm-shapes",
        (FINAL, "(h_n, c_n)"),
    ),
    mistake(
        "layers of h_n and c_n upside down",
        "Your h_n and c_n begin with the top layer. Layer 0, the one that reads x, comes first.",
        "lstm-stacked",
        (FINAL, "(torch.stack(h_n[::-1]), torch.stack(c_n[::-1]))"),
    ),
    mistake(
        "h_n and c_n exchanged",
        SWAPPED_STATES,
        "lstm-carry-states",
        (FINAL, "(torch.stack(c_n), torch.stack(h_n))"),
    ),
    mistake(
        "batch_first ignored",
        "With batch_first=True x comes as (B, T, I), and your loop runs over the rows of the batch "
        "as if they were steps. Where nothing else gives the sizes away, this goes unnoticed.",
        "lstm-batch-first",
        (IN, "        if state"),
        (OUT, "        return x, "),
    ),
    mistake(
        "batch_first not undone",
        "With batch_first=True your output is time first. What comes in as (B, T, ·) goes out as "
        "(B, T, ·).",
        "lstm-batch-first",
        (OUT, "        return x, "),
    ),
    mistake(
        "batch_first for h_n and c_n too",
        "With batch_first=True your h_n and c_n are (B, L, H). batch_first is for x and output "
        "only; the states stay (L, B, H).",
        "lstm-batch-first",
        (
            FINAL,
            "tuple(torch.stack(s, dim=1 if self.batch_first else 0) for s in (h_n, c_n))",
        ),
    ),
    mistake(
        "reshaped in place of transposed",
        "With batch_first=True your shapes are right and your rows are mixed up. reshape and view "
        "read the numbers off in their old order and only cut them into other lengths; to exchange "
        "two axes is another thing.",
        "lstm-batch-first",
        (IN, IN.replace("x.transpose(0, 1)", "x.reshape(x.shape[1], x.shape[0], -1)")),
        (OUT, OUT.replace("x.transpose(0, 1)", "x.reshape(x.shape[1], x.shape[0], -1)")),
    ),
    mistake(
        "zeros in float32",
        FLOAT32,
        "lstm-module",
        ("x.new_zeros(", "torch.zeros("),
    ),
    mistake(
        "zeros made before the axes are swapped",
        "Where no state is given, you make the zeros while x is still (B, T, ·): what you take for "
        "the number of rows is the number of steps. Where both are as many, nobody notices.",
        "lstm-batch-first",
        (f"{SWAP}{ZEROS_MADE}", f"{ZEROS_MADE}{SWAP}"),
    ),
    mistake(
        "output made in float32",
        FLOAT32,
        "lstm-module",
        ("output = []", "output = torch.zeros(len(x), *h.shape)"),
        ("for x_t in x:", "for t, x_t in enumerate(x):"),
        ("output.append(h)", "output[t] = h"),
        (ABOVE, "x = output"),
    ),
    mistake(
        "random numbers where no state is given",
        "Without a state your network starts from random numbers and says something else each "
        "time it is asked. The default is zeros.",
        "lstm-carry-states",
        (ZEROS, ZEROS.replace("x.new_zeros(", "torch.randn(")[:-1] + ", dtype=x.dtype)"),
    ),
    mistake(
        "graph cut",
        CUT,
        "lstm-module",
        (OUT + FINAL, OUT.replace("x, ", "x.detach(), ") + FINAL.replace(")", ").detach()", 2)),
    ),
    mistake(
        "torch.tensor of a list of tensors",
        "torch.tensor makes a tensor from numbers; given tensors it stops, or copies their numbers "
        "and loses the graph. To join tensors there are functions that stack or concatenate them.",
        "lstm-module",
        (ABOVE, "x = torch.tensor(output)"),
    ),
    mistake(
        "states detached between steps",
        DETACHED,
        "lstm-highway",
        (STEP, "h, c = cell(x_t, (h.detach(), c.detach()))"),
    ),
    mistake(
        "cell state detached between steps",
        DETACHED + " The cell state is the very way by which an LSTM's gradient survives.",
        "lstm-highway",
        (STEP, "h, c = cell(x_t, (h, c.detach()))"),
    ),
    mistake(
        "input of every layer detached",
        "Your values are right, but each layer reads a copy that is cut off from where it came: no "
        "gradient reaches x or the layers below.",
        "lstm-module",
        ("for x_t in x:", "for x_t in x.detach():"),
    ),
    mistake(
        "cells in a plain list",
        NOT_REGISTERED,
        "lstm-module",
        ("nn.ModuleList(", "list("),
    ),
    mistake(
        "one cell for all layers",
        "Your network has the parameters of one layer, however many are asked for. Every layer is "
        "a cell of its own; a list such as [cell] * L holds the same cell L times.",
        "lstm-stacked",
        (CELLS, "cell for cell in [LSTMCell(input_size, hidden_size)] * num_layers"),
    ),
    mistake(
        "every layer built for x",
        "All your cells take I features. Layer 0 reads x; what do the others read, and how many "
        "features has it?",
        "lstm-stacked",
        ("input_size if k == 0 else hidden_size", "input_size"),
    ),
)


# --- shapes --------------------------------------------------------------------------------------

DIRECTIONS = (
    "A bidirectional network runs twice over the sequence, with D = 2 directions. {} Where does D "
    "show: in the features, or in the number of states?"
)
BY_TIME = "(T, B, D * hidden_size)"
BY_BATCH = "(B, T, D * hidden_size)"
STATE = "state = (D * num_layers, B, hidden_size)"
WEIGHT_IH = "(4 * hidden_size, input_size)"
WEIGHT_HH = "(4 * hidden_size, hidden_size)"
BIAS = "(4 * hidden_size,)"


def _features(size):
    """The edits that give the output another number of features."""
    return tuple((now, now.replace("D * hidden_size", size)) for now in (BY_TIME, BY_BATCH))


def _gates(times):
    """The edits that stack another number of gates in weights and biases."""
    return tuple((now, now.replace("4 * ", times)) for now in (WEIGHT_IH, WEIGHT_HH, BIAS))


def _shapes(name, hint, *edits, label="lstm-shapes"):
    return mistake(name, hint, label, *edits)


LSTM_SHAPES = (
    _shapes(
        "both directions forgotten",
        DIRECTIONS.format("None of your shapes changes with it."),
        ("D = 2 if bidirectional else 1", "D = 1"),
    ),
    _shapes(
        "directions forgotten in output",
        DIRECTIONS.format("Their outputs are put side by side."),
        *_features("hidden_size"),
    ),
    _shapes(
        "directions forgotten in h_n and c_n",
        DIRECTIONS.format("Each direction of each layer ends with states of its own."),
        (STATE, "state = (num_layers, B, hidden_size)"),
    ),
    _shapes(
        "directions side by side in h_n and c_n",
        "In output the two directions lie side by side, in the features. In h_n and c_n they "
        "don't: each direction of each layer has its own place on the first axis.",
        (STATE, "state = (num_layers, B, D * hidden_size)"),
    ),
    _shapes(
        "layers forgotten in h_n and c_n",
        "Your h_n and c_n hold one layer. Every layer has a final state, and all are given back.",
        (STATE, "state = (D, B, hidden_size)"),
        label="lstm-stacked",
    ),
    _shapes(
        "h_n and c_n without a first axis",
        "Your h_n and c_n are (B, H). Their first axis counts layers and directions, even where "
        "there is one of each.",
        (STATE, "state = (B, hidden_size)"),
    ),
    _shapes(
        "a state for every step",
        "Your h_n and c_n run over the T steps. Only output holds every step; h_n and c_n are what "
        "is left after the last one.",
        (STATE, "state = (T, B, hidden_size)"),
    ),
    _shapes(
        "all layers in output",
        "Your output has a part for each layer. The layers below only feed the next one; output is "
        "the top layer alone.",
        *_features("num_layers * D * hidden_size"),
        label="lstm-stacked",
    ),
    _shapes(
        "batch_first for h_n and c_n too",
        "With batch_first=True your h_n and c_n have the batch first. batch_first is for x and "
        "output only.",
        (STATE, f"{STATE}\n    if batch_first:\n        state = (B, D * num_layers, hidden_size)"),
        label="lstm-batch-first",
    ),
    _shapes(
        "batch_first ignored",
        "Your x and output are time first, whatever batch_first says.",
        ("if batch_first:", "if False:"),
        label="lstm-batch-first",
    ),
    _shapes(
        "batch_first the wrong way round",
        "Your x and output have the batch first when they should have time first, and the other "
        "way round. The default of torch.nn.LSTM is time first.",
        ("if batch_first:", "if not batch_first:"),
        label="lstm-batch-first",
    ),
    _shapes(
        "batch_first for x only",
        "With batch_first=True your x has the batch first and your output has not. It is for both.",
        (BY_BATCH, BY_TIME),
        label="lstm-batch-first",
    ),
    _shapes(
        "batch_first for output only",
        "With batch_first=True your output has the batch first and your x has not. It is for both.",
        ("(B, T, input_size)", "(T, B, input_size)"),
        label="lstm-batch-first",
    ),
    _shapes(
        "one gate in weights and bias",
        "Your weights and bias have room for one gate. How many does an LSTM stack in each?",
        *_gates(""),
        label="lstm-gate-order",
    ),
    _shapes(
        "three gates in weights and bias",
        "Your weights and bias have 3·H rows. Three gates is what most pictures show; the "
        "candidate has weights as well.",
        *_gates("3 * "),
        label="lstm-gate-order",
    ),
    _shapes(
        "weights transposed",
        "Your weight shapes lie on their side. PyTorch keeps one row for each unit of each gate; "
        "Keras keeps them the other way round.",
        (WEIGHT_IH, "(input_size, 4 * hidden_size)"),
        (WEIGHT_HH, "(hidden_size, 4 * hidden_size)"),
        label="lstm-gate-order",
    ),
    _shapes(
        "one gate in the bias",
        "Your bias has H numbers. It is stacked in the same way as the rows of the weights.",
        (BIAS, "(hidden_size,)"),
        label="lstm-two-biases",
    ),
    _shapes(
        "both biases in one",
        "Your bias has 8·H numbers. There are two biases, but each is a parameter of its own.",
        (BIAS, "(8 * hidden_size,)"),
        label="lstm-two-biases",
    ),
    _shapes(
        "directions in the weights",
        "Your weights grow with the number of directions. Each direction has parameters of its "
        "own (their names end in _reverse), so those named here stay as they are.",
        *_gates("D * 4 * "),
    ),
    _shapes(
        "weight_ih and weight_hh exchanged",
        "Your weight_ih is as wide as the hidden state and your weight_hh as wide as the input. "
        "ih reads “from input to hidden”, hh “from hidden to hidden”.",
        (f'"weight_ih_l0": {WEIGHT_IH}', f'"weight_ih_l0": {WEIGHT_HH}'),
        (f'"weight_hh_l0": {WEIGHT_HH}', f'"weight_hh_l0": {WEIGHT_IH}'),
        label="lstm-gate-order",
    ),
)


# --- forget bias ---------------------------------------------------------------------------------

BLOCK = "parameter[H : 2 * H]"
VALUE = f"{BLOCK} = value"
ZERO = f"{BLOCK} = 0.0"
BIAS_IH = 'if name.startswith("bias_ih"):'
BIAS_HH = 'elif name.startswith("bias_hh"):'


def _rows(rows):
    """The edits that set other rows of both biases."""
    return (VALUE, VALUE.replace(BLOCK, rows)), (ZERO, ZERO.replace(BLOCK, rows))


def _only(condition):
    """The edits that change only some of the parameters."""
    return tuple((now, now.replace(":", f" and {condition}:")) for now in (BIAS_IH, BIAS_HH))


def _forget_bias(name, hint, *edits, label="lstm-forget-bias-torch"):
    return mistake(name, hint, label, *edits)


INIT_FORGET_BIAS = (
    *(
        _forget_bias(
            f"block of the {name}",
            f"You set the biases of {gate}. The blocks are stacked in the order i, f, g, o; count "
            "them from the top, beginning at row 0.",
            *_rows(rows),
            label="lstm-gate-order",
        )
        for gate, name, rows in (
            ("i", "input gate (i)", "parameter[:H]"),
            ("g", "candidate (g)", "parameter[2 * H : 3 * H]"),
            ("o", "output gate (o)", "parameter[3 * H :]"),
        )
    ),
    _forget_bias(
        "everything from the forget gate on",
        "You set the biases of f, g and o: your slice begins at the right row and doesn't end.",
        *_rows("parameter[H:]"),
        label="lstm-gate-order",
    ),
    _forget_bias(
        "the whole bias",
        "You set the biases of all four gates. An open input gate at the start, for one, is not "
        "what is meant; only the forget gate's block changes.",
        *_rows("parameter[:]"),
        label="lstm-gate-order",
    ),
    _forget_bias(
        "the whole of bias_ih",
        "You set bias_ih for all four gates. Only the forget gate's block of it changes; the other "
        "gates keep what they were drawn with.",
        (VALUE, "parameter[:] = value"),
        label="lstm-gate-order",
    ),
    _forget_bias(
        "the whole bias_hh zeroed",
        "Your bias_ih is right; in bias_hh you set all four gates to zero. The other gates keep "
        "what they have.",
        (ZERO, ZERO.replace(BLOCK, "parameter[:]")),
    ),
    _forget_bias(
        "all other biases zeroed",
        "The forget gate's block is right, and the biases of the other gates are lost: you set "
        "them to zero. They keep what they have.",
        (VALUE, f"parameter.zero_()\n                {VALUE}"),
        (ZERO, "parameter.zero_()"),
    ),
    _forget_bias(
        "both biases set to the value",
        "PyTorch adds bias_ih and bias_hh, so the forget gate starts from twice the value. It is "
        "the most common slip with this trick.",
        (ZERO, VALUE),
        label="lstm-two-biases",
    ),
    _forget_bias(
        "bias_hh left as it is",
        "Your bias_ih is right. PyTorch adds bias_hh, which still holds what it was drawn as, so "
        "the sum is not the value.",
        (f"            {BIAS_HH}\n                {ZERO}\n", ""),
        label="lstm-two-biases",
    ),
    _forget_bias(
        "the value put into bias_hh",
        "The sum is right, and the two biases are exchanged: the value belongs into bias_ih, the "
        "zero into bias_hh.",
        (BIAS_IH, 'if name.startswith("bias_hh"):'),
        (BIAS_HH, 'elif name.startswith("bias_ih"):'),
        label="lstm-two-biases",
    ),
    _forget_bias(
        "half of the value in each bias",
        "The sum is right, but it is asked that all of it stand in bias_ih, and zero in bias_hh.",
        (VALUE, f"{BLOCK} = value / 2"),
        (ZERO, f"{BLOCK} = value / 2"),
        label="lstm-two-biases",
    ),
    _forget_bias(
        "added in place of set",
        "You add the value to what was there, so the result depends on how the biases were drawn.",
        (VALUE, f"{BLOCK} += value"),
    ),
    _forget_bias(
        "always 1",
        "You set the bias to 1 whatever value is asked for. 1 is only the default.",
        (VALUE, f"{BLOCK} = 1.0"),
    ),
    _forget_bias(
        "first layer only",
        "Layer 0 is right and the others are as before. The names of the parameters end in _l0, "
        "_l1, …: one for each layer.",
        *_only('"_l0" in name'),
        label="lstm-stacked",
    ),
    _forget_bias(
        "forward direction only",
        "One direction is right and the other is as before. The parameters of the second "
        "direction have names that end in _reverse.",
        *_only('not name.endswith("_reverse")'),
        label="lstm-shapes",
    ),
    _forget_bias(
        "first layer and forward direction only",
        "bias_ih_l0 and bias_hh_l0 are right, and all others are as before. There is such a pair "
        "for each layer (_l1, …) and for the second direction (_reverse).",
        *_only('name.endswith("_l0")'),
        label="lstm-stacked",
    ),
    _forget_bias(
        "rows counted in input sizes",
        "Your blocks have I rows. A gate has one row for each hidden unit.",
        ("H = lstm.hidden_size", "H = lstm.input_size"),
        label="lstm-gate-order",
    ),
    _forget_bias(
        "the weights as well",
        "You also write into the forget gate's rows of the weights, and wipe out what they were "
        "drawn as. Only the biases change.",
        (BIAS_IH, 'if "_ih" in name:'),
        (BIAS_HH, 'elif "_hh" in name:'),
    ),
    _forget_bias(
        "a copy is changed",
        "Your function leaves the network as it was: it writes into a copy. Write into the "
        "parameter itself.",
        (VALUE, VALUE.replace("parameter", "parameter.clone()")),
        (ZERO, ZERO.replace("parameter", "parameter.clone()")),
    ),
    _forget_bias(
        "in-place change seen by autograd",
        "PyTorch stops you because it would have to remember the change for the backward pass. "
        "Setting a start value is no part of the model's computation: tell autograd to look away "
        "while you do it.",
        ("with torch.no_grad():", "if True:"),
    ),
    _forget_bias(
        "learning switched off",
        "The biases you set have requires_grad off, so training would never change them again. "
        "The value is a start, not a rule.",
        (VALUE, f"{VALUE}\n                parameter.requires_grad_(False)"),
        (ZERO, f"{ZERO}\n                parameter.requires_grad_(False)"),
    ),
)
