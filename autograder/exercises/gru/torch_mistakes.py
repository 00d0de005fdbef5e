"""How students get the PyTorch exercises of the GRU chapter wrong: edits of the reference."""

from ..hints import INPUT_MEETS_WEIGHT_HH, STATE_FIRST, STATE_MEETS_WEIGHT_IH
from .numpy_mistakes import (
    BEFORE_PRODUCT,
    BIAS_OUTSIDE,
    COMPLEMENT,
    INTERLEAVED,
    NO_BIAS,
    NO_CANDIDATE_SHARE,
    NO_OLD_STATE,
    NO_RESET,
    NOT_TRANSPOSED,
    OLD_STATE_IN_FULL,
    ONE_BIAS,
    ORDER,
    RESET_COMPLEMENT,
    SIGMOID_CANDIDATE,
    WEIGHT_IH_NOT_TRANSPOSED,
    WHOLE_SUM_RESET,
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
NOT_BATCH_FIRST = (
    "Your nn.GRU takes the first axis for time, as it does unless told otherwise. Here the first "
    "axis is the batch. Where sizes happen to fit, it hands the state from one example to the "
    "next, and says nothing."
)

# --- the cell ------------------------------------------------------------------------------------

INPUT = "input_r, input_z, input_n = (x_t @ self.weight_ih.T + self.bias_ih).chunk(3, dim=-1)"
STATE = "state_r, state_z, state_n = (h @ self.weight_hh.T + self.bias_hh).chunk(3, dim=-1)"
PROPOSE = "n = torch.tanh(input_n + r * state_n)"
BLEND = "return (1 - z) * n + z * h"
PAST = "torch.tanh(input_n + (r * h) @ self.weight_hh.chunk(3)[2].T + self.bias_hh.chunk(3)[2])"


def _order(order):
    """The edits that take the blocks in another order, such as ``"zrn"``."""
    return tuple(
        (line, ", ".join(f"{side}_{gate}" for gate in order) + line[line.index(" =") :])
        for side, line in (("input", INPUT), ("state", STATE))
    )


GRU_CELL = (
    mistake(
        "z on the wrong side of the blend",
        COMPLEMENT,
        "gru-z-side",
        (BLEND, "return (1 - z) * h + z * n"),
    ),
    mistake(
        "reset before the recurrent product",
        BEFORE_PRODUCT,
        "gru-reset-place",
        (PROPOSE, f"n = {PAST}"),
    ),
    mistake(
        "z on the wrong side, and reset before the product",
        "This is a GRU as Chung and others write it: z weighs the new state, and the reset gate "
        "comes before the product. PyTorch does the opposite in both.",
        "gru-conventions",
        (PROPOSE, f"n = {PAST}"),
        (BLEND, "return (1 - z) * h + z * n"),
    ),
    mistake(
        "b_hn outside the reset gate",
        BIAS_OUTSIDE,
        "gru-candidate",
        (
            PROPOSE,
            "b_hn = self.bias_hh.chunk(3)[2]\n"
            "        n = torch.tanh(input_n + r * (state_n - b_hn) + b_hn)",
        ),
    ),
    mistake(
        "reset gate left out", NO_RESET, "gru-reset", (PROPOSE, "n = torch.tanh(input_n + state_n)")
    ),
    mistake(
        "1 − r in place of r",
        RESET_COMPLEMENT,
        "gru-reset",
        (PROPOSE, "n = torch.tanh(input_n + (1 - r) * state_n)"),
    ),
    mistake(
        "reset gate around everything",
        WHOLE_SUM_RESET,
        "gru-reset",
        (PROPOSE, "n = torch.tanh(r * (input_n + state_n))"),
    ),
    mistake(
        "σ for the candidate",
        SIGMOID_CANDIDATE,
        "gru-candidate",
        ("n = torch.tanh(", "n = torch.sigmoid("),
    ),
    mistake("the candidate alone", NO_OLD_STATE, "gru-blend", (BLEND, "return n + 0 * z")),
    mistake(
        "old state kept in full", OLD_STATE_IN_FULL, "gru-blend", (BLEND, "return (1 - z) * n + h")
    ),
    mistake(
        "candidate written in full", NO_CANDIDATE_SHARE, "gru-blend", (BLEND, "return n + z * h")
    ),
    mistake("gates in the order z, r, n", ORDER, "gru-gate-order", *_order("zrn")),
    mistake("gates in the order n, z, r", ORDER, "gru-gate-order", *_order("nzr")),
    mistake(
        "every third column taken",
        INTERLEAVED,
        "gru-gate-order",
        (
            INPUT,
            "a_input = x_t @ self.weight_ih.T + self.bias_ih\n"
            "        input_r, input_z, input_n = (a_input[:, k::3] for k in range(3))",
        ),
        (
            STATE,
            "a_state = h @ self.weight_hh.T + self.bias_hh\n"
            "        state_r, state_z, state_n = (a_state[:, k::3] for k in range(3))",
        ),
    ),
    mistake("bias_ih left out", ONE_BIAS, "gru-two-biases", (" + self.bias_ih", "")),
    mistake("bias_hh left out", ONE_BIAS, "gru-two-biases", (" + self.bias_hh", "")),
    mistake(
        "both biases left out",
        NO_BIAS,
        "gru-two-biases",
        (" + self.bias_ih", ""),
        (" + self.bias_hh", ""),
    ),
    mistake(
        "weight_hh not transposed",
        NOT_TRANSPOSED,
        "gru-gates",
        ("h @ self.weight_hh.T", "torch.cat([h @ w for w in self.weight_hh.chunk(3)], dim=1)"),
    ),
    mistake(
        "weight_ih not transposed",
        WEIGHT_IH_NOT_TRANSPOSED,
        "gru-gates",
        ("x_t @ self.weight_ih.T", "x_t @ self.weight_ih"),
    ),
    mistake(
        "state in the place of the input",
        STATE_MEETS_WEIGHT_IH,
        "gru-gates",
        ("x_t @ self.weight_ih", "h @ self.weight_ih"),
    ),
    mistake(
        "weight_hh in the place of weight_ih",
        INPUT_MEETS_WEIGHT_HH,
        "gru-gates",
        ("x_t @ self.weight_ih.T", "x_t @ self.weight_hh.T"),
    ),
    mistake(
        "two states returned",
        "You return a pair. A GRU has one state: what it remembers is what it says, and there is "
        "no cell state beside it.",
        "gru-step",
        (BLEND, "h = (1 - z) * n + z * h\n        return h, h"),
    ),
    mistake(
        "old state detached",
        DETACHED,
        "gru-step",
        (BLEND, "return (1 - z) * n + z * h.detach()"),
    ),
    mistake(
        "output made anew",
        CUT,
        "gru-step",
        (BLEND, "return ((1 - z) * n + z * h).detach().clone()"),
    ),
    mistake(
        "the old state changed in place",
        "You write into the tensor that you were given. PyTorch still needs the old state for the "
        "backward pass and stops; and where it doesn't, the caller's state is spoiled. Make a new "
        "tensor.",
        "gru-blend",
        (BLEND, "h.data.mul_(z).add_((1 - z) * n)\n        return h"),
    ),
    mistake(
        "parameters that aren't registered",
        NOT_REGISTERED,
        "gru-step",
        *(
            (
                f"self.{name} = nn.Parameter(torch.empty({shape}))",
                f"self.{name} = torch.empty({shape})",
            )
            for name, shape in (
                ("weight_ih", "3 * hidden_size, input_size"),
                ("weight_hh", "3 * hidden_size, hidden_size"),
                ("bias_ih", "3 * hidden_size"),
                ("bias_hh", "3 * hidden_size"),
            )
        ),
    ),
    mistake(
        "an LSTM's four blocks",
        "Your parameters have 4·H rows. An LSTM has four blocks; a GRU has three: r, z and n.",
        "gru-gate-order",
        (
            "self.weight_ih = nn.Parameter(torch.empty(3 ",
            "self.weight_ih = nn.Parameter(torch.empty(4 ",
        ),
        (
            "self.weight_hh = nn.Parameter(torch.empty(3 ",
            "self.weight_hh = nn.Parameter(torch.empty(4 ",
        ),
        (
            "self.bias_ih = nn.Parameter(torch.empty(3 ",
            "self.bias_ih = nn.Parameter(torch.empty(4 ",
        ),
        (
            "self.bias_hh = nn.Parameter(torch.empty(3 ",
            "self.bias_hh = nn.Parameter(torch.empty(4 ",
        ),
    ),
    mistake(
        "biases that start at zero",
        "Your numbers are right, and your weights start as they should. Biases of zero are usual "
        "in many networks and do no harm; the text, like PyTorch, draws them too.",
        "gru-step",
        (
            "-bound, bound)",
            "-bound, bound)\n        nn.init.zeros_(self.bias_ih)\n"
            "        nn.init.zeros_(self.bias_hh)",
        ),
    ),
    mistake(
        "new parameters from another range",
        SPREAD,
        "gru-step",
        ("bound = hidden_size**-0.5", "bound = 1"),
    ),
)

# --- the network ---------------------------------------------------------------------------------

RETURN = "return x, torch.stack(h_n)"
SWAP = "        if self.batch_first:\n            x = x.transpose(0, 1)\n"
TRANSPOSE_IN = f"{SWAP}        if h0"
ZEROS_MADE = (
    "        if h0 is None:\n"
    "            h0 = x.new_zeros(len(self.cells), x.shape[1], self.hidden_size)\n"
)

GRU = (
    mistake(
        "state and input exchanged",
        STATE_FIRST,
        "gru-stacked",
        ("h = cell(x_t, h)", "h = cell(h, x_t)"),
    ),
    mistake(
        "state not carried on",
        "Your first step is right and the later ones are not: each step starts from the initial "
        "state again. What the network remembers is what one step hands to the next.",
        "gru-carry-state",
        ("for cell, h in zip(", "for cell, first in zip("),
        ("h = cell(x_t, h)", "h = cell(x_t, first)"),
    ),
    mistake(
        "h0 ignored",
        "Your network starts from zeros whatever it is given. Zeros are for the case that no state "
        "is given.",
        "gru-carry-state",
        ("        if h0 is None:\n            h0 =", "        if True:\n            h0 ="),
    ),
    mistake(
        "every layer reads x",
        "Your upper layers read the input. Layer 1 reads the outputs of layer 0, and so on; only "
        "the lowest reads x.",
        "gru-stacked",
        ("for x_t in x:", "for x_t in given:"),
        ("        h_n = []\n", "        h_n, given = [], x\n"),
        (
            "GRUCell(input_size if k == 0 else hidden_size, hidden_size)",
            "GRUCell(input_size, hidden_size)",
        ),
    ),
    mistake(
        "one layer's state for all layers",
        "All your layers start from the first layer's state. h0 holds one state for each layer.",
        "gru-stacked",
        ("zip(self.cells, h0, strict=True)", "zip(self.cells, [h0[0]] * len(h0), strict=True)"),
    ),
    mistake(
        "layers start from the state below",
        "Your upper layers start from the last state of the layer below. Each layer has a first "
        "state of its own, in h0.",
        "gru-stacked",
        (
            "        for cell, h in zip(self.cells, h0, strict=True):",
            "        h = h0[0]\n        for cell in self.cells:",
        ),
    ),
    mistake(
        "the layers in reverse",
        "Your h_n begins with the top layer. Layer 0 comes first.",
        "gru-stacked",
        (RETURN, "return x, torch.stack(h_n[::-1])"),
    ),
    mistake(
        "the top layer's state alone",
        "Your h_n holds one state. Every layer has its last state in it, the lowest first: whoever "
        "wants to go on needs them all.",
        "gru-stacked",
        (RETURN, "return x, h[None]"),
    ),
    mistake(
        "h_n without the axis of layers",
        "Your h_n is the top layer's last state, (B, H). It has a first axis for the layers, and "
        "every layer's last state is in it.",
        "gru-shapes",
        (RETURN, "return x, h"),
    ),
    mistake(
        "batch_first ignored",
        "Your network reads the batch as time when batch_first is set. Nothing complains: the "
        "shapes come out as expected, and the numbers are wrong.",
        "gru-batch-first",
        (TRANSPOSE_IN, "        if h0"),
        (
            "        if self.batch_first:\n            x = x.transpose(0, 1)\n        return",
            "        return",
        ),
    ),
    mistake(
        "output not turned back",
        "With batch_first your output is still (T, B, H). What went in batch first comes out batch "
        "first.",
        "gru-batch-first",
        (
            "        if self.batch_first:\n            x = x.transpose(0, 1)\n        return",
            "        return",
        ),
    ),
    mistake(
        "states turned, too",
        "With batch_first your h_n is (B, L, H). batch_first touches x and output only; the "
        "states stay (L, B, H).",
        "gru-batch-first",
        (
            RETURN,
            "h_n = torch.stack(h_n)\n"
            "        return x, h_n.transpose(0, 1) if self.batch_first else h_n",
        ),
    ),
    mistake(
        "zeros in float32",
        FLOAT32,
        "gru-shapes",
        ("x.new_zeros(", "torch.zeros("),
    ),
    mistake(
        "zeros made before the axes are swapped",
        "Where no state is given, you make the zeros while x is still (B, T, ·): what you take for "
        "the number of rows is the number of steps. Where both are as many, nobody notices.",
        "gru-batch-first",
        (f"{SWAP}{ZEROS_MADE}", f"{ZEROS_MADE}{SWAP}"),
    ),
    mistake(
        "initial state of ones",
        "Where no state is given, your network starts from ones. Zeros are meant.",
        "gru-shapes",
        ("x.new_zeros(", "x.new_ones("),
    ),
    mistake(
        "one cell for all layers",
        NOT_REGISTERED.split(":")[0] + ", or not all of them: all your layers share one cell. Each "
        "layer has weights of its own.",
        "gru-stacked",
        (
            "GRUCell(input_size if k == 0 else hidden_size, hidden_size) "
            "for k in range(num_layers)",
            "[GRUCell(input_size, hidden_size)] * num_layers",
        ),
    ),
    mistake(
        "cells in a plain list",
        NOT_REGISTERED,
        "gru-stacked",
        ("self.cells = nn.ModuleList(", "self.cells = list("),
    ),
    mistake(
        "state detached between steps",
        DETACHED,
        "gru-carry-state",
        ("h = cell(x_t, h)", "h = cell(x_t, h.detach())"),
    ),
    mistake(
        "output made anew",
        CUT,
        "gru-carry-state",
        ("x = torch.stack(output)", "x = torch.stack(output).detach().clone()"),
    ),
    mistake(
        "steps put end to end",
        "Your output has two axes, (T·B, H). torch.cat joins along an axis that is there; each "
        "step is to become one row of a new first axis.",
        "gru-carry-state",
        ("        return x, torch", "        x = x.flatten(0, 1)\n        return x, torch"),
    ),
)

# --- the regressor -------------------------------------------------------------------------------

LAST = "return self.linear(output[:, -1])"
CALL = "output, _ = self.gru(x)"


def _regressor(name, hint, *edits):
    return mistake(name, hint, "gru-last-step", *edits)


GRU_REGRESSOR = (
    _regressor(
        "last row of the batch",
        "You take the last example of the batch, not the last step of each. The batch comes first "
        "here, so the steps run along the second axis.",
        (LAST, "return self.linear(output[-1])"),
    ),
    _regressor(
        "first step",
        "You take the first step, when the network has read one input only.",
        (LAST, "return self.linear(output[:, 0])"),
    ),
    _regressor(
        "mean over the steps",
        "You take the mean of all steps. That is a model, too, but here the last step alone is "
        "asked for.",
        (LAST, "return self.linear(output.mean(dim=1))"),
    ),
    _regressor(
        "largest value over the steps",
        "You take the largest value over all steps. Here the last step alone is asked for.",
        (LAST, "return self.linear(output.amax(dim=1))"),
    ),
    _regressor(
        "state of the lowest layer",
        "You take h_n[0], the last state of the lowest layer. The answer comes from the top layer.",
        (CALL, "_, h_n = self.gru(x)"),
        (LAST, "return self.linear(h_n[0])"),
    ),
    _regressor(
        "states of all layers",
        "You hand all layers' states to the linear layer, so there is an answer for each layer. "
        "Take the top layer's.",
        (CALL, "_, h_n = self.gru(x)"),
        (LAST, "return self.linear(h_n)"),
    ),
    _regressor(
        "an answer for every step",
        "You answer at every step, (B, T, O). One answer for each sequence is asked for.",
        (LAST, "return self.linear(output)"),
    ),
    _regressor(
        "the answer's last axis dropped",
        "Your answer has lost its second axis where O is 1. Squeezing takes away an axis that a "
        "loss may need: (B, 1) against (B,) spreads to (B, B) without a word.",
        (LAST, "return self.linear(output[:, -1]).squeeze(-1)"),
    ),
    _regressor(
        "the last step's axis kept",
        "Your answer has an axis of length 1 for time, (B, 1, O). A slice such as -1: keeps the "
        "axis; an index takes it away.",
        (LAST, "return self.linear(output[:, -1:])"),
    ),
    _regressor("batch_first left out", NOT_BATCH_FIRST, (", batch_first=True", "")),
    _regressor(
        "batch_first left out, last step taken from the first axis",
        NOT_BATCH_FIRST,
        (", batch_first=True", ""),
        (LAST, "return self.linear(output[-1])"),
    ),
    _regressor(
        "one layer only",
        "Your nn.GRU has one layer, whatever num_layers says.",
        ("nn.GRU(input_size, hidden_size, num_layers, ", "nn.GRU(input_size, hidden_size, "),
    ),
    _regressor(
        "an LSTM in the place of the GRU",
        "Your parameters have 4·H rows: that is an LSTM.",
        ("nn.GRU(input_size", "nn.LSTM(input_size"),
    ),
    _regressor(
        "squeezed by σ",
        "Your answers lie between 0 and 1. A regressor answers with any number: nothing comes "
        "after the linear layer.",
        (LAST, "return torch.sigmoid(self.linear(output[:, -1]))"),
    ),
    _regressor(
        "a ReLU before the linear layer",
        "You cut the negative numbers off before the linear layer. The hidden state goes in as it "
        "is.",
        (LAST, "return self.linear(torch.relu(output[:, -1]))"),
    ),
    _regressor(
        "output detached",
        CUT,
        (LAST, "return self.linear(output[:, -1].detach())"),
    ),
)

# --- the classifier ------------------------------------------------------------------------------

ZEROS = "h0 = torch.zeros(self.num_layers, len(x), self.hidden_size, dtype=x.dtype)"
FLAT = "flat = output.reshape(len(x), -1)"
SCORES = "return self.linear(flat)"


def _classifier(name, hint, *edits, label="gru-broken"):
    return mistake(name, hint, label, *edits)


GRU_CLASSIFIER = (
    _classifier(
        "super with another class's name",
        "The class was renamed and its first line was not: super(GRUNet, self) asks for a class of "
        "that name. Need the line name a class at all? What isn't written can't go out of date.",
        ("super().__init__()", "super(GRUNet, self).__init__()"),
    ),
    _classifier(
        "super not called",
        "nn.Module's own __init__ sets up the place where layers are kept. Without it, the first "
        "layer can't be assigned.",
        ("        super().__init__()\n", ""),
    ),
    _classifier("batch_first left out", NOT_BATCH_FIRST, (", batch_first=True", "")),
    _classifier(
        "batch_first left out, initial state turned to fit",
        "You made the error go away by giving the initial state a batch of T rows. "
        + NOT_BATCH_FIRST,
        (", batch_first=True", ""),
        ("len(x), self.hidden_size", "x.shape[1], self.hidden_size"),
    ),
    _classifier(
        "linear layer for one step",
        "Your linear layer takes H numbers, enough for one step. All T steps are put end to end, "
        "so it has to take more.",
        ("nn.Linear(T * hidden_size", "nn.Linear(hidden_size"),
        label="gru-flattened",
    ),
    _classifier("zeros in float32", FLOAT32, (", dtype=x.dtype", "")),
    _classifier(
        "initial state with the batch first",
        "Your initial state is (B, L, H). batch_first touches the input and the output only; "
        "states are (L, B, H) always.",
        ("self.num_layers, len(x), self.hidden_size", "len(x), self.num_layers, self.hidden_size"),
        label="gru-batch-first",
    ),
    _classifier(
        "initial state of one layer",
        "Your initial state has one row for the layers. There are num_layers of them.",
        ("torch.zeros(self.num_layers,", "torch.zeros(1,"),
    ),
    _classifier(
        "softmax at the end",
        "Your scores are probabilities. nn.CrossEntropyLoss takes the softmax itself; doing it "
        "twice raises no error, flattens the differences and makes learning slow.",
        (SCORES, "return torch.softmax(self.linear(flat), dim=1)"),
    ),
    _classifier(
        "log-softmax at the end",
        "You return logarithms of probabilities. nn.CrossEntropyLoss takes scores as the linear "
        "layer gives them.",
        (SCORES, "return torch.log_softmax(self.linear(flat), dim=1)"),
    ),
    _classifier(
        "the class in place of the scores",
        "You return the number of the best class. It has no gradient, so nothing can be learned; "
        "the scores are asked for.",
        (SCORES, "return self.linear(flat).argmax(dim=1)"),
    ),
    _classifier(
        "steps of different examples mixed",
        "Your rows hold pieces of several examples. reshape only counts numbers off; it doesn't "
        "know which axis is the batch. The batch must be the first axis before the rest is "
        "flattened.",
        (FLAT, "flat = output.transpose(0, 1).reshape(len(x), -1)"),
        label="gru-flattened",
    ),
    _classifier(
        "units before steps",
        "Your rows hold unit after unit instead of step after step. Any fixed order could be "
        "learned; the one that is asked for is step after step.",
        (FLAT, "flat = output.transpose(1, 2).reshape(len(x), -1)"),
        label="gru-flattened",
    ),
    _classifier(
        "steps in reverse",
        "Your rows begin with the last step.",
        (FLAT, "flat = output.flip(1).reshape(len(x), -1)"),
        label="gru-flattened",
    ),
    _classifier(
        "output detached",
        CUT,
        (FLAT, "flat = output.detach().reshape(len(x), -1)"),
        label="gru-flattened",
    ),
)
