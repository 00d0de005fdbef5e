"""The LSTM in PyTorch: the cell, the stacked network, its shapes, the forget bias."""

import torch
from torch import nn

from autograder.checking.contract import Part
from autograder.checking.exercise import Exercise, Size

from .numpy_part import GATES, PER_UNIT, weights


class LSTMCell(nn.Module):
    """One step of an LSTM, as ``torch.nn.LSTMCell`` does it.

    Parameters
    ----------
    input_size : int, I
    hidden_size : int, H

    The module has four parameters, made with ``nn.Parameter``, each drawn evenly between −1/√H
    and 1/√H, with the gates in the order i, f, g, o:

    * ``weight_ih`` (4 * H, I)
    * ``weight_hh`` (4 * H, H)
    * ``bias_ih`` and ``bias_hh`` (4 * H,)

    ``forward(x_t, state)`` takes the input of one step, a tensor (B, I), and the pair
    ``state = (h, c)`` of tensors (B, H). It returns the new pair ``(h, c)``.

    It must work in float32 and in float64, and gradients must flow through it.

    Examples
    --------
    >>> cell = LSTMCell(input_size=3, hidden_size=5)
    >>> h, c = cell(torch.zeros(2, 3), (torch.zeros(2, 5), torch.zeros(2, 5)))
    >>> h.shape
    torch.Size([2, 5])
    """

    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.weight_ih = nn.Parameter(torch.empty(4 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(4 * hidden_size, hidden_size))
        self.bias_ih = nn.Parameter(torch.empty(4 * hidden_size))
        self.bias_hh = nn.Parameter(torch.empty(4 * hidden_size))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x_t, state):
        h, c = state
        a = x_t @ self.weight_ih.T + self.bias_ih + h @ self.weight_hh.T + self.bias_hh
        i, f, g, o = a.chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, c


class LSTM(nn.Module):
    """A stack of LSTM layers over a sequence, as ``torch.nn.LSTM`` does it.

    Parameters
    ----------
    input_size : int, I
    hidden_size : int, H
    num_layers : int, L; layer 0 reads x, each other layer reads the outputs of the layer below
    batch_first : bool; if True, ``x`` and ``output`` are (B, T, ·) instead of (T, B, ·), while
        the states stay as they are

    Build it from your ``LSTMCell``: a ``nn.ModuleList`` named ``cells`` with one cell for each
    layer, so that the parameters are named ``cells.0.weight_ih`` and so on.

    ``forward(x, state=None)`` takes ``x`` (T, B, I) and a pair ``state = (h0, c0)`` of tensors
    (L, B, H), or None for zeros. It returns ``output, (h_n, c_n)``: ``output`` (T, B, H) holds the
    hidden states of the top layer, ``h_n`` and ``c_n`` (L, B, H) the last states of every layer.

    It must work in float32 and in float64 (make zeros in the dtype of ``x``), and gradients must
    flow through it.

    Examples
    --------
    >>> network = LSTM(input_size=3, hidden_size=5, num_layers=2, batch_first=True)
    >>> output, (h_n, c_n) = network(torch.zeros(4, 7, 3))
    >>> output.shape, h_n.shape
    (torch.Size([4, 7, 5]), torch.Size([2, 4, 5]))
    """

    def __init__(self, input_size, hidden_size, num_layers=1, batch_first=False):
        super().__init__()
        self.hidden_size = hidden_size
        self.batch_first = batch_first
        self.cells = nn.ModuleList(
            LSTMCell(input_size if k == 0 else hidden_size, hidden_size) for k in range(num_layers)
        )

    def forward(self, x, state=None):
        if self.batch_first:
            x = x.transpose(0, 1)
        if state is None:
            zeros = x.new_zeros(len(self.cells), x.shape[1], self.hidden_size)
            state = (zeros, zeros)
        h_n, c_n = [], []
        for cell, h, c in zip(self.cells, *state, strict=True):
            output = []
            for x_t in x:
                h, c = cell(x_t, (h, c))
                output.append(h)
            x = torch.stack(output)
            h_n.append(h)
            c_n.append(c)
        if self.batch_first:
            x = x.transpose(0, 1)
        return x, (torch.stack(h_n), torch.stack(c_n))


def lstm_shapes(input_size, hidden_size, num_layers, bidirectional, batch_first, T, B):
    """Predict the shapes of everything that ``torch.nn.LSTM`` takes and returns.

    Parameters
    ----------
    input_size, hidden_size, num_layers : int
    bidirectional, batch_first : bool
    T : int, steps in the sequence
    B : int, rows in the batch

    Returns
    -------
    dict of tuples of int, with the keys ``"x"`` (what goes in), ``"output"``, ``"h_n"``,
    ``"c_n"``, ``"weight_ih_l0"``, ``"weight_hh_l0"`` and ``"bias_ih_l0"``

    Examples
    --------
    >>> shapes = lstm_shapes(5, 6, 2, False, False, T=1, B=3)
    >>> shapes["x"], shapes["h_n"]
    ((1, 3, 5), (2, 3, 6))
    """
    D = 2 if bidirectional else 1
    x, output = (T, B, input_size), (T, B, D * hidden_size)
    if batch_first:
        x, output = (B, T, input_size), (B, T, D * hidden_size)
    state = (D * num_layers, B, hidden_size)
    return {
        "x": x,
        "output": output,
        "h_n": state,
        "c_n": state,
        "weight_ih_l0": (4 * hidden_size, input_size),
        "weight_hh_l0": (4 * hidden_size, hidden_size),
        "bias_ih_l0": (4 * hidden_size,),
    }


def init_forget_bias(lstm, value=1.0):
    """Set the forget gate's bias of every layer and direction of a ``torch.nn.LSTM``.

    PyTorch adds two biases. Afterwards the forget gate's block (rows H to 2 * H) of every
    ``bias_ih…`` is ``value`` and that of every ``bias_hh…`` is 0, so that their sum is ``value``.
    Nothing else changes, and all parameters can still learn.

    Parameters
    ----------
    lstm : torch.nn.LSTM, changed in place
    value : float

    Returns
    -------
    None

    Examples
    --------
    >>> lstm = nn.LSTM(input_size=3, hidden_size=2)
    >>> init_forget_bias(lstm, 1.0)
    >>> lstm.bias_ih_l0[2:4]
    tensor([1., 1.], grad_fn=<SliceBackward0>)

    Source: Gers et al. (2000); Jozefowicz et al. (2015).
    """
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if name.startswith("bias_ih"):
                parameter[H : 2 * H] = value
            elif name.startswith("bias_hh"):
                parameter[H : 2 * H] = 0.0


def cell_case(draw):
    """How a cell is built, what its parameters are and what it is called with."""
    return {
        "dtype": draw.dtype,
        "init": {"input_size": draw.I, "hidden_size": draw.H},
        "parameters": weights(draw),
        "arguments": {
            "x_t": draw.normal(draw.B, draw.I),
            "state": (draw.normal(draw.B, draw.H), draw.normal(draw.B, draw.H)),
        },
    }


def network_case(draw):
    """How a network is built, what its parameters are and what it is called with."""
    L = draw.options.get("num_layers", 2)
    batch_first = draw.options.get("batch_first", False)
    parameters = {}
    for k in range(L):
        layer = weights(draw, draw.I if k == 0 else draw.H)
        parameters |= {f"cells.{k}.{name}": value for name, value in layer.items()}
    x = draw.normal(draw.T, draw.B, draw.I)
    arguments = {"x": x.swapaxes(0, 1).copy() if batch_first else x}
    if draw.options.get("state", True):
        arguments["state"] = (draw.normal(L, draw.B, draw.H), draw.normal(L, draw.B, draw.H))
    return {
        "dtype": draw.dtype,
        "init": {
            "input_size": draw.I,
            "hidden_size": draw.H,
            "num_layers": L,
            "batch_first": batch_first,
        },
        "parameters": parameters,
        "arguments": arguments,
    }


def shapes_case(draw):
    """The arguments of an nn.LSTM, and the sizes of what goes in."""
    return {
        "input_size": draw.I,
        "hidden_size": draw.H,
        "num_layers": draw.options["num_layers"],
        "bidirectional": draw.options["bidirectional"],
        "batch_first": draw.options["batch_first"],
        "T": draw.T,
        "B": draw.B,
    }


def forget_bias_case(draw):
    """An nn.LSTM with every parameter given, and the bias to set."""
    init = {
        "input_size": draw.I,
        "hidden_size": draw.H,
        "num_layers": draw.options.get("num_layers", 1),
        "bidirectional": draw.options.get("bidirectional", False),
    }
    parameters = {
        name: draw.normal(*parameter.shape)
        for name, parameter in nn.LSTM(**init).named_parameters()
    }
    lstm = {"torch.nn": "LSTM", "init": init, "parameters": parameters}
    return {"lstm": lstm, "value": float(draw.normal().round(2)) + 1.0}


def options(name, T=5, B=3, I=2, H=4, **given):
    """A case with options of its own."""
    return Size(name, T=T, B=B, I=I, H=H, options=given)


ONE_LAYER = "one layer"
BATCH_FIRST = "batch_first"
NO_STATE = "no initial state"

PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
PARAMETER_AXES = {
    "weight_ih": ("gate", "input feature"),
    "weight_hh": ("gate", "hidden unit"),
    "bias_ih": ("gate",),
    "bias_hh": ("gate",),
}

lstm_cell = Exercise(
    reference=LSTMCell,
    inputs=cell_case,
    kind="torch",
    subject="module",
    returns=("h", "c"),
    axes={"h": PER_UNIT, "c": PER_UNIT, **PARAMETER_AXES},
    gates=GATES,
    parts=(
        Part("the new cell state c", 1, outputs=("c",)),
        Part("the new hidden state h", 1, outputs=("h",)),
        Part("gradients for inputs, states and parameters", 1, gradients=True),
    ),
    book="lstm/sequence.html#lstm-step",
)

lstm_network = Exercise(
    reference=LSTM,
    inputs=network_case,
    kind="torch",
    subject="module",
    returns=("output", ("h_n", "c_n")),
    axes={
        "output": ("timestep", *PER_UNIT),
        "h_n": ("layer", *PER_UNIT),
        "c_n": ("layer", *PER_UNIT),
        **{f"cells.{k}.{name}": axes for k in range(3) for name, axes in PARAMETER_AXES.items()},
    },
    gates=GATES,
    sizes=(
        options(ONE_LAYER, num_layers=1),
        options("two layers", T=6, B=2, I=5, H=3, num_layers=2),
        options("three layers", T=4, B=5, I=2, H=3, num_layers=3),
        options("one step", T=1, num_layers=2),
        options("a batch of one", T=4, B=1, I=3, H=2, num_layers=2),
        options("one hidden unit", T=3, B=4, I=2, H=1, num_layers=2),
        options(NO_STATE, num_layers=2, state=False),
        options(BATCH_FIRST, num_layers=2, batch_first=True),
        Size("float32", dtype="float32", options={"num_layers": 2, "state": False}),
    ),
    parts=(
        Part("one layer", 1, cases=(ONE_LAYER,)),
        Part(
            "stacked layers",
            2,
            cases=("two layers", "three layers", "one step", "a batch of one", "one hidden unit"),
        ),
        Part("zeros where no state is given", 1, cases=(NO_STATE,)),
        Part("batch_first", 1, cases=(BATCH_FIRST,)),
        Part("gradients for inputs, states and parameters", 1, gradients=True),
    ),
    uses=("LSTMCell",),
    book="lstm/nn_lstm.html#lstm-stacked",
)

shapes = Exercise(
    reference=lstm_shapes,
    inputs=shapes_case,
    returns={
        name: name
        for name in ("x", "output", "h_n", "c_n", "weight_ih_l0", "weight_hh_l0", "bias_ih_l0")
    },
    sizes=tuple(
        options(
            f"{L} layer{'s' if L > 1 else ''}, bidirectional={two_way}, batch_first={batch_first}",
            T=7,
            num_layers=L,
            bidirectional=two_way,
            batch_first=batch_first,
        )
        for L in (1, 3)
        for two_way in (False, True)
        for batch_first in (False, True)
    ),
    parts=(
        Part("the shape of x", 1, outputs=("x",)),
        Part("the shape of output", 1, outputs=("output",)),
        Part("the shapes of h_n and c_n", 1, outputs=("h_n", "c_n")),
        Part(
            "the shapes of weights and bias",
            1,
            outputs=("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"),
        ),
    ),
    book="lstm/nn_lstm.html#lstm-shapes",
)

FORGET_BIAS_SIZES = (
    options(ONE_LAYER),
    options("three layers", B=5, I=3, H=2, num_layers=3),
    options("both directions", I=5, H=3, num_layers=2, bidirectional=True),
)

forget_bias = Exercise(
    reference=init_forget_bias,
    inputs=forget_bias_case,
    kind="torch",
    subject="edit",
    returns="parameters",
    axes={
        f"{name}_l{k}{way}": axes
        for name, axes in PARAMETER_AXES.items()
        for k in range(3)
        for way in ("", "_reverse")
    },
    gates=GATES,
    sizes=FORGET_BIAS_SIZES,
    parts=(Part("one layer", 1, cases=(ONE_LAYER,)), Part("every layer and direction", 1)),
    book="lstm/forget_bias.html#lstm-forget-bias",
)

EXERCISES = (lstm_cell, lstm_network, shapes, forget_bias)
