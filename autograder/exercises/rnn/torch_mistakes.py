"""How students get the PyTorch exercises of the RNN chapter wrong: edits of the reference."""

import torch
from torch import nn

from ..hints import INPUT_MEETS_WEIGHT_HH, OLD_GRAPH, STATE_FIRST, STATE_MEETS_WEIGHT_IH
from .numpy_mistakes import (
    NO_BIAS,
    NO_H,
    NO_TANH,
    NO_X,
    NOT_CARRIED,
    NOT_TRANSPOSED,
    ONE_BIAS,
    SAME_BIAS,
    SIGMOID,
    START_IGNORED,
    WEIGHT_IH_NOT_TRANSPOSED,
    mistake,
)

SPREAD = (
    "Your numbers are right; where a new module starts is not. The text asks for every parameter "
    "drawn evenly between −1/√H and 1/√H. Zeros make all units learn the same; torch.rand draws "
    "between 0 and 1, torch.randn far beyond; and H is the hidden size, for weight_ih too."
)
CUT = (
    "The values are right, but no gradient gets through: the result is cut off from the graph, so "
    "nothing can be learned. A new tensor made of numbers, .detach(), .data, .item() and NumPy all "
    "cut; so does torch.no_grad()."
)
NOT_PARAMETERS = (
    "Your weights are tensors, but the module does not know them as its parameters: an optimizer "
    "would not find them, and they would not be saved. What makes a tensor a parameter is the "
    "class that wraps it."
)

# --- one step ------------------------------------------------------------------------------------

SUM = "a = x_t @ self.weight_ih.T + self.bias_ih + h @ self.weight_hh.T + self.bias_hh"
SQUEEZED = "return torch.tanh(a)"


class _TensorCell(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.weight_ih = torch.rand(hidden_size, input_size, requires_grad=True)
        self.weight_hh = torch.rand(hidden_size, hidden_size, requires_grad=True)
        self.bias_ih = torch.rand(hidden_size, requires_grad=True)
        self.bias_hh = torch.rand(hidden_size, requires_grad=True)

    def forward(self, x_t, h):
        return torch.tanh(x_t @ self.weight_ih.T + h @ self.weight_hh.T)


class _LayersCell(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.ih = nn.Linear(input_size, hidden_size)
        self.hh = nn.Linear(hidden_size, hidden_size)

    def forward(self, x_t, h):
        return torch.tanh(self.ih(x_t) + self.hh(h))


class _TransposedCell(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.weight_ih = nn.Parameter(torch.rand(input_size, hidden_size))
        self.weight_hh = nn.Parameter(torch.rand(hidden_size, hidden_size))
        self.bias_ih = nn.Parameter(torch.rand(hidden_size))
        self.bias_hh = nn.Parameter(torch.rand(hidden_size))

    def forward(self, x_t, h):
        return torch.tanh(x_t @ self.weight_ih + self.bias_ih + h @ self.weight_hh + self.bias_hh)


def _cell(name, hint, *edits, label="rnn-cell", function=None):
    return mistake(name, hint, label, *edits, function=function)


RNN_CELL = (
    _cell("bias_ih left out", ONE_BIAS, (" + self.bias_ih", ""), label="rnn-two-biases"),
    _cell("bias_hh left out", ONE_BIAS, (" + self.bias_hh", ""), label="rnn-two-biases"),
    _cell(
        "both biases left out",
        NO_BIAS,
        (" + self.bias_ih", ""),
        (" + self.bias_hh", ""),
        label="rnn-two-biases",
    ),
    _cell(
        "bias_ih added twice",
        SAME_BIAS,
        ("+ self.bias_hh", "+ self.bias_ih"),
        label="rnn-two-biases",
    ),
    _cell(
        "bias_hh added twice",
        SAME_BIAS,
        ("+ self.bias_ih", "+ self.bias_hh"),
        label="rnn-two-biases",
    ),
    _cell("weight_hh not transposed", NOT_TRANSPOSED, ("weight_hh.T", "weight_hh")),
    _cell(
        "weight_ih not transposed",
        WEIGHT_IH_NOT_TRANSPOSED,
        ("weight_ih.T", "weight_ih"),
    ),
    _cell(
        "weight_hh in the place of weight_ih",
        INPUT_MEETS_WEIGHT_HH,
        ("x_t @ self.weight_ih.T", "x_t @ self.weight_hh.T"),
    ),
    _cell(
        "state in the place of the input",
        STATE_MEETS_WEIGHT_IH,
        ("x_t @ self.weight_ih", "h @ self.weight_ih"),
    ),
    _cell("state left out", NO_H, (" + h @ self.weight_hh.T", "")),
    _cell("input left out", NO_X, ("x_t @ self.weight_ih.T + ", "")),
    _cell("tanh left out", NO_TANH, (SQUEEZED, "return a")),
    _cell("σ in place of tanh", SIGMOID, (SQUEEZED, "return torch.sigmoid(a)")),
    _cell(
        "ReLU in place of tanh",
        "Your states are never negative. That is the cell with nonlinearity='relu'; the one that "
        "is asked for squeezes with tanh.",
        (SQUEEZED, "return torch.relu(a)"),
    ),
    _cell("result cut off from the graph", CUT, (SQUEEZED, "return torch.tanh(a).detach()")),
    _cell(
        "state cut off from the graph",
        CUT + " Here it is the old state that is cut: the cell learns from its own step, but no "
        "gradient reaches the steps before. That is wanted between chunks only.",
        ("h @ self", "h.detach() @ self"),
        label="rnn-detach",
    ),
    _cell(
        "weights cut off from the graph",
        CUT + " Here it is the weights: .data is the bare number.",
        ("self.weight_ih.T", "self.weight_ih.data.T"),
        ("self.weight_hh.T", "self.weight_hh.data.T"),
    ),
    _cell(
        "biases cut off from the graph",
        CUT + " Here it is the biases.",
        ("+ self.bias_ih", "+ self.bias_ih.data"),
        ("+ self.bias_hh", "+ self.bias_hh.data"),
    ),
    _cell("tensors in place of parameters", NOT_PARAMETERS, function=_TensorCell),
    _cell(
        "parameters under other names",
        "Your module holds two nn.Linear, so its parameters have other names, such as ih.weight. "
        "The numbers could be right; the names that are asked for let weights be copied from and "
        "to torch.nn.RNNCell.",
        function=_LayersCell,
    ),
    _cell(
        "weight_ih of shape (I, H)",
        "Your weight_ih lies on its side. PyTorch keeps one row for each unit, so it is (H, I); "
        "Keras keeps it the other way round.",
        function=_TransposedCell,
    ),
    _cell(
        "the state is changed",
        "Your values are right, but you write them into the tensor that you were given: whoever "
        "called the cell finds its state changed, and in training the graph breaks.",
        (SQUEEZED, "h.data.copy_(torch.tanh(a))\n        return torch.tanh(a)"),
    ),
    _cell(
        "biases that start at zero",
        "Your numbers are right, and your weights start as they should. Biases of zero are usual "
        "in many networks and do no harm; the text, like PyTorch, draws them too.",
        (
            "-bound, bound)",
            "-bound, bound)\n        nn.init.zeros_(self.bias_ih)\n"
            "        nn.init.zeros_(self.bias_hh)",
        ),
    ),
    _cell("new parameters from another range", SPREAD, ("bound = hidden_size**-0.5", "bound = 1")),
)


# --- a stack over a sequence ---------------------------------------------------------------------

STEP = "h = cell(x_t, h)"
KEEP = "output.append(h)"
RETURN = "return x, torch.stack(h_n)"
_SWAP = "        if self.batch_first:\n            x = x.transpose(0, 1)\n"
ZEROS_MADE = (
    "        if h0 is None:\n"
    "            h0 = x.new_zeros(len(self.cells), x.shape[1], self.hidden_size)\n"
)
SWAPPED_IN, SWAPPED_BACK = f"{_SWAP}        if h0", f"{_SWAP}        return"


def _network(name, hint, *edits, label="rnn-stacked", function=None):
    return mistake(name, hint, label, *edits, function=function)


RNN_NETWORK = (
    _network("state and input exchanged", STATE_FIRST, (STEP, "h = cell(h, x_t)")),
    _network(
        "state not carried on",
        NOT_CARRIED,
        ("for cell, h in zip(", "for cell, first in zip("),
        (STEP, "h = cell(x_t, first)"),
        label="rnn-carry-state",
    ),
    _network(
        "h0 ignored",
        START_IGNORED,
        ("if h0 is None:", "if True:"),
        label="rnn-no-state",
    ),
    _network(
        "every layer reads x",
        "Each of your layers reads the input. A stack is a tower: layer 0 reads x, layer 1 reads "
        "the states of layer 0, and so on.",
        ("for x_t in x:", "for x_t in given[..., : cell.weight_ih.shape[1]]:"),
        ("        h_n = []", "        h_n, given = [], torch.cat([x] * 9, dim=-1)"),
        ("x = torch.stack(output)\n", "y = torch.stack(output)\n"),
        (
            "x = x.transpose(0, 1)\n        return x,",
            "y = y.transpose(0, 1)\n        return y,",
        ),
    ),
    _network(
        "every layer starts from the state of layer 0",
        "All of your layers start from the first row of h0. Each layer has an initial state of its "
        "own: h0[k] is layer k's.",
        ("zip(self.cells, h0, strict=True)", "zip(self.cells, [h0[0]] * len(h0), strict=True)"),
    ),
    _network(
        "each layer starts from the last state of the one below",
        "Your layers hand their last state upwards as the first state of the next layer. States "
        "run along time; each layer has an initial state of its own, h0[k].",
        ("for cell, h in zip(", "for cell, first in zip("),
        ("output = []", "h, output = (h_n[-1] if h_n else first), []"),
    ),
    _network(
        "layers in the order from top to bottom in h_n",
        "Your h_n has the top layer first. Row k belongs to layer k.",
        (RETURN, "return x, torch.stack(h_n[::-1])"),
    ),
    _network(
        "h_n of the top layer alone",
        "Your h_n has no row for each layer. Whoever wants to go on with the sequence needs the "
        "last state of every layer: (L, B, H).",
        (RETURN, "return x, h_n[-1]"),
    ),
    _network(
        "h_n of the top layer, with an axis for it",
        "Your h_n has one row, that of the top layer. The last state of every layer is asked for: "
        "(L, B, H).",
        (RETURN, "return x, h_n[-1][None]"),
    ),
    _network(
        "output of the lowest layer",
        "Your output holds the states of layer 0. What comes out of a stack is its top layer.",
        ("h_n.append(h)", "h_n.append(h)\n            bottom = x if len(h_n) == 1 else bottom"),
        (
            "x = x.transpose(0, 1)\n        return x,",
            "bottom = bottom.transpose(0, 1)\n        return bottom,",
        ),
    ),
    _network(
        "one cell, or the same cell for all layers",
        "Your network has the parameters of one cell. num_layers says how many cells there are, "
        "each with weights of its own: steps share weights, layers don't.",
        ("for k in range(num_layers)", "for k in range(1)"),
    ),
    _network(
        "every cell built for inputs of size I",
        "Your upper layers have a weight_ih of shape (H, I). They read the states of the layer "
        "below, which have H numbers.",
        ("input_size if k == 0 else hidden_size", "input_size"),
    ),
    _network(
        "cells in a plain list",
        "Your cells are in a Python list, where nn.Module does not look for parameters: it has "
        "none, and an optimizer would have nothing to train.",
        ("nn.ModuleList(", "list("),
    ),
    _network(
        "batch_first ignored",
        "With batch_first=True the input is (B, T, I). Your network takes it for (T, B, I) all the "
        "same: it reads the rows of the batch one after the other, as if they were steps.",
        (SWAPPED_IN, "        if h0"),
        (SWAPPED_BACK, "        return"),
        label="rnn-batch-first",
    ),
    _network(
        "batch_first on the way in only",
        "With batch_first=True your output comes back time first. Input and output both have the "
        "batch as their first axis then.",
        (SWAPPED_BACK, "        return"),
        label="rnn-batch-first",
    ),
    _network(
        "batch_first for the states, too",
        "With batch_first=True your h_n is (B, L, H). The flag is for input and output; states "
        "stay (L, B, H) whatever it says.",
        (
            RETURN,
            "h_n = torch.stack(h_n)\n        "
            "return x, h_n.transpose(0, 1) if self.batch_first else h_n",
        ),
        label="rnn-batch-first",
    ),
    _network(
        "batch first always",
        "Your network reads (B, T, ·) whatever batch_first says. Without the flag, time is the "
        "first axis.",
        (SWAPPED_IN, "        x = x.transpose(0, 1)\n        if h0"),
        (SWAPPED_BACK, "        x = x.transpose(0, 1)\n        return"),
        label="rnn-batch-first",
    ),
    _network(
        "zeros in PyTorch's usual dtype",
        "Your zeros are float32 whatever x is, so in float64 the first step can't be computed. "
        "Make them after x: of its dtype, on its device.",
        (
            "x.new_zeros(len(self.cells), x.shape[1], self.hidden_size)",
            "torch.zeros(len(self.cells), x.shape[1], self.hidden_size)",
        ),
        label="rnn-no-state",
    ),
    _network(
        "zeros made before the axes are swapped",
        "Where no state is given, you make the zeros while x is still (B, T, ·): what you take for "
        "the number of rows is the number of steps. Where both are as many, nobody notices.",
        (f"{_SWAP}{ZEROS_MADE}", f"{ZEROS_MADE}{_SWAP}"),
        label="rnn-batch-first",
    ),
    _network(
        "random numbers where no state is given",
        "Where no state is given you start from random numbers, so the same input gives another "
        "answer each time. The usual start is zeros.",
        ("x.new_zeros(", "torch.randn_like(x[0, 0, 0]) + x.new_zeros("),
        label="rnn-no-state",
    ),
    _network(
        "output backwards in time",
        "Your steps are right, but they come back in the reverse order.",
        ("x = torch.stack(output)", "x = torch.stack(output[::-1])"),
        label="rnn-carry-state",
    ),
    _network(
        "sequence read backwards",
        "Your loop begins with the last input.",
        ("for x_t in x:", "for x_t in x.flip(0):"),
        label="rnn-carry-state",
    ),
    _network(
        "last step in place of the output",
        "Your output is the last step alone. It holds the top layer at every step.",
        (RETURN, "return h, torch.stack(h_n)"),
    ),
    _network(
        "state cut off at every step",
        "The values are right, but the state is cut off from the graph at each step, so no "
        "gradient gets further back than one step. Between chunks that is wanted; within a "
        "sequence nothing is learned about the past.",
        (STEP, "h = cell(x_t, h.detach())"),
        label="rnn-detach",
    ),
    _network(
        "output cut off from the graph",
        CUT,
        ("x = torch.stack(output)", "x = torch.stack(output).detach()"),
    ),
    _network(
        "output and h_n exchanged",
        "You return the last states first and the output second. The order that is asked for, and "
        "PyTorch's, is output, h_n.",
        (RETURN, "return torch.stack(h_n), x"),
    ),
    _network(
        "output alone returned",
        "Two things are asked for: the output, and the last states h_n. You return the first "
        "alone.",
        (RETURN, "return x"),
    ),
)


# --- truncated BPTT ------------------------------------------------------------------------------

RANGE = "for start in range(0, len(x), chunk_size):"
ZERO = "        optimizer.zero_grad()\n"
RUN = "output, h = network(x[chunk], h)"
DETACH = "        h = h.detach()\n"
LOSS = "loss = ((readout(output) - target[chunk]) ** 2).mean()"
BACKWARD = "loss.backward()"
CLIP = "nn.utils.clip_grad_norm_(parameters, max_norm)"
STEPPED = "optimizer.step()"
NOTED = "losses.append(loss.item())"
DONE = "return losses, h"


def _truncated(name, hint, *edits, label="rnn-truncated"):
    return mistake(name, hint, label, *edits)


TRUNCATED = (
    _truncated(
        "backward() goes back into an earlier chunk",
        OLD_GRAPH,
        (DETACH, ""),
        (DONE, "return losses, h.detach()"),
        label="rnn-detach",
    ),
    _truncated(
        "backward() goes back into an earlier chunk, and the last state is still attached",
        f"{OLD_GRAPH} The state that you return hangs on its graph, too.",
        (DETACH, ""),
        label="rnn-detach",
    ),
    _truncated(
        "graphs of earlier chunks retained",
        "You keep the old graphs with retain_graph, so the gradient runs on into earlier chunks. "
        "Their weights have been changed by the optimizer meanwhile, and PyTorch refuses. Even "
        "where it works, time and memory grow with every chunk: nothing is truncated.",
        (DETACH, ""),
        (BACKWARD, "loss.backward(retain_graph=True)"),
        label="rnn-detach",
    ),
    _truncated(
        "last state still attached",
        "Between chunks the state is cut off, but the one that you return is not: it keeps the "
        "last chunk's graph alive, and whoever goes on from it goes back into that graph.",
        (DETACH, ""),
        (RUN, "output, h = network(x[chunk], h.detach())"),
        label="rnn-detach",
    ),
    _truncated(
        "every chunk starts from the first state",
        "Each chunk starts from h again, as if the sequence began anew. Truncated BPTT cuts the "
        "gradient, not the memory: the state itself goes on.",
        ("output, h = network(x[chunk], h)", "output, h_n = network(x[chunk], h)"),
        (DETACH, "        h_n = h_n.detach()\n"),
        (DONE, "return losses, h_n"),
        label="rnn-detach",
    ),
    _truncated(
        "every chunk after the first starts from zeros",
        "You hand zeros to the next chunk. That cuts the graph, but the memory as well: the state "
        "itself goes on, only its history is cut off.",
        (RUN, "output, h_n = network(x[chunk], h)"),
        (DETACH, "        h, h_n = torch.zeros_like(h_n), h_n.detach()\n"),
        (DONE, "return losses, h_n"),
        label="rnn-detach",
    ),
    _truncated(
        "the state never handed to the network",
        "You call the network with the chunk alone, so that every chunk starts from zeros: neither "
        "h nor the state of the chunk before is ever used. What reads a long sequence in pieces "
        "has to take the state along.",
        (RUN, "output, h = network(x[chunk])"),
        label="rnn-detach",
    ),
    _truncated(
        "h ignored",
        "Your first chunk starts from zeros whatever state you are given.",
        ("losses = []", "losses, h = [], torch.zeros_like(h)"),
        label="rnn-carry-state",
    ),
    _truncated(
        "output cut off in place of the state",
        "You cut the output off from the graph, so the loss teaches the readout alone: no gradient "
        "reaches the network. It is the state handed to the next chunk that is to be cut.",
        (LOSS, LOSS.replace("readout(output)", "readout(output.detach())")),
        label="rnn-detach",
    ),
    _truncated(
        "gradients not set to zero",
        "backward() adds to the gradients that are there. From the second chunk on, your steps "
        "also hold what earlier chunks left behind.",
        (ZERO, ""),
    ),
    _truncated(
        "gradients set to zero before the step",
        "You throw the gradients away between backward() and the optimizer's step, so nothing is "
        "ever learned: the parameters stay as they are.",
        (ZERO, ""),
        (STEPPED, "optimizer.zero_grad()\n        optimizer.step()"),
    ),
    _truncated(
        "no step of the optimizer",
        "Gradients are computed, but the optimizer never takes a step.",
        (STEPPED, "pass"),
    ),
    _truncated(
        "one step of the optimizer at the end",
        "The optimizer takes one step, after the last chunk. One step for each chunk is asked for.",
        ("        optimizer.step()\n", ""),
        (DONE, "optimizer.step()\n    return losses, h"),
    ),
    _truncated(
        "not clipped, or only after the step",
        "The gradients go to the optimizer as long as they are. One wild chunk can then throw the "
        "weights far away. Between backward() and step() is the only moment at which clipping "
        "helps.",
        (CLIP, "pass"),
        label="rnn-clipping",
    ),
    _truncated(
        "gradients of the network alone clipped",
        "You leave the readout's gradients out of the clipping. The norm that counts is that of "
        "all gradients together.",
        (
            "[*network.parameters(), *readout.parameters()]\n        nn",
            "network.parameters()\n        nn",
        ),
        label="rnn-clipping",
    ),
    _truncated(
        "network and readout clipped each on its own",
        "You clip the two modules one after the other, each to max_norm. The norm that counts is "
        "that of all gradients together, and one factor serves all.",
        (
            CLIP,
            "for module in (network, readout):\n            "
            "nn.utils.clip_grad_norm_(module.parameters(), max_norm)",
        ),
        label="rnn-clipping",
    ),
    _truncated(
        "values clipped in place of the norm",
        "You cut each number of the gradients to ±max_norm. That changes the direction of the "
        "step; clipping by norm shortens all alike.",
        (CLIP, "nn.utils.clip_grad_value_(parameters, max_norm)"),
        label="rnn-clipping",
    ),
    _truncated(
        "sequence cut along the batch",
        "Your chunks are rows of the batch at all steps. Time is the first axis, and a chunk is a "
        "few steps of all rows.",
        (RUN, "output, h = network(x[:, chunk], h[:, chunk])"),
        (LOSS, LOSS.replace("target[chunk]", "target[:, chunk]")),
        label="rnn-sequences",
    ),
    _truncated(
        "rest of the sequence dropped",
        "Where T is no multiple of chunk_size, your last steps are never read. The last chunk is "
        "shorter, but it is there.",
        (RANGE, "for start in range(0, len(x) - chunk_size + 1, chunk_size):"),
    ),
    _truncated(
        "chunks overlap",
        "Your chunks begin one step apart, so most steps are read several times. The next chunk "
        "begins where this one ends.",
        (RANGE, "for start in range(len(x)):"),
    ),
    _truncated(
        "the whole sequence at once",
        "You run the whole sequence and backpropagate through all of it. That is full BPTT; cut "
        "the sequence into chunks of chunk_size steps.",
        (RANGE, "for start in range(1):"),
        ("slice(start, start + chunk_size)", "slice(None)"),
    ),
    _truncated(
        "sum in place of the mean",
        "Your loss adds up the squared differences. Their mean is asked for; the sum grows with "
        "the length of the chunk, and the steps with it.",
        (LOSS, LOSS.replace(".mean()", ".sum()")),
    ),
    _truncated(
        "last step alone in the loss",
        "Your loss looks at the last step of each chunk. There is a target for every step.",
        (LOSS, "loss = ((readout(output[-1]) - target[chunk][-1]) ** 2).mean()"),
        label="rnn-readout",
    ),
    _truncated(
        "losses after the step",
        "Your losses were computed anew after the optimizer's step. Asked for is the loss that was "
        "backpropagated, before the step.",
        (
            NOTED,
            "with torch.no_grad():\n            "
            "output = network(x[chunk], before)[0]\n            "
            "losses.append(((readout(output) - target[chunk]) ** 2).mean().item())",
        ),
        (RUN, f"before = h\n        {RUN}"),
    ),
    _truncated(
        "losses kept as tensors",
        "Your losses are tensors, each with the whole graph of its chunk behind it; none of it can "
        "be freed while you keep them. Keep the number alone.",
        (NOTED, "losses.append(loss)"),
    ),
    _truncated(
        "one loss for all chunks",
        "You return one number. A list with the loss of each chunk is asked for.",
        (DONE, "return sum(losses) / len(losses), h"),
    ),
    _truncated(
        "losses alone returned",
        "Two things are asked for: the losses, and the state that the last chunk left behind.",
        (DONE, "return losses"),
    ),
)
