"""The LSTM in PyTorch: the cell, the stacked network, its shapes, the forget bias."""

import numpy as np
from torch import nn

from autograder.checking.contract import Part
from autograder.checking.exercise import CELL_SIZES, Exercise, Size

from . import alternatives, torch_mistakes
from .book import at
from .numpy_part import GATES, PER_UNIT, weights
from .torch_reference import LSTM, LSTMCell, init_forget_bias, lstm_shapes


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
            # One layer, time first, is what there is without being asked for.
            **({"num_layers": L} if L != 1 else {}),
            **({"batch_first": True} if batch_first else {}),
        },
        "parameters": parameters,
        "arguments": arguments,
    }


def shapes_case(draw):
    """The arguments of an nn.LSTM, and the sizes of what goes in: fresh ones, all different."""
    # From 7 on, no size can be taken for a number of layers and directions.
    I, H, T, B = map(int, draw.rng.choice(np.arange(7, 40), size=4, replace=False))
    return {
        "input_size": I,
        "hidden_size": H,
        "num_layers": draw.options["num_layers"],
        "bidirectional": draw.options["bidirectional"],
        "batch_first": draw.options["batch_first"],
        "T": T,
        "B": B,
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
    if draw.options.get("default"):
        return {"lstm": lstm}
    # In eighths, which float32 holds exactly: who goes by way of a new tensor loses nothing.
    return {"lstm": lstm, "value": int(draw.rng.integers(12, 29)) / 8}


def options(name, T=5, B=3, I=2, H=4, dtype="float64", gradients=True, needs=(), **given):
    """A case with options of its own."""
    sizes = {"T": T, "B": B, "I": I, "H": H, "dtype": dtype}
    return Size(name, **sizes, gradients=gradients, needs=needs, options=given)


ONE_LAYER = "one layer"
BATCH_FIRST = "batch_first"
NO_STATE = "no initial state"
NO_STATE_STACKED = "no initial state, three layers"
BATCH_FIRST_NO_STATE = "batch_first, no initial state, two layers, float32"
STACKED = ("two layers", "three layers", "one step", "a batch of one", "one hidden unit")
NETWORK_SIZES = (
    options(ONE_LAYER, num_layers=1),
    options("two layers", T=4, B=2, I=5, H=3, num_layers=2, gradients=False),
    options("three layers", T=3, B=5, I=2, H=4, num_layers=3),
    options("one step", T=1, num_layers=2, gradients=False),
    options("a batch of one", T=3, B=1, I=4, H=2, num_layers=2, gradients=False),
    options("one hidden unit", T=3, B=4, I=2, H=1, num_layers=2, gradients=False),
    # Tried with one layer, these cost nothing where layers are stacked the wrong way.
    options(NO_STATE, T=3, B=2, I=5, H=4, num_layers=1, gradients=False, state=False),
    options(BATCH_FIRST, T=3, B=5, I=4, H=2, num_layers=1, batch_first=True),
    options(
        NO_STATE_STACKED,
        T=3,
        B=2,
        I=5,
        H=4,
        gradients=False,
        needs=("three layers",),
        num_layers=3,
        state=False,
    ),
    # The number of rows, for the zeros, is on another axis here.
    options(
        BATCH_FIRST_NO_STATE,
        T=3,
        B=2,
        I=5,
        H=4,
        dtype="float32",
        gradients=False,
        needs=("two layers", NO_STATE, NO_STATE_STACKED),
        num_layers=2,
        batch_first=True,
        state=False,
    ),
)

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
        Part("the new cell state c", 2, outputs=("c",)),
        Part("the new hidden state h", 1, outputs=("h",)),
        Part(
            "gradients for inputs, states and parameters; how new ones are drawn",
            2,
            gradients=True,
        ),
    ),
    composes=True,
    book=at("lstm-step"),
    # Many units, so that the spread of new parameters can be judged.
    sizes=(*CELL_SIZES, Size("many units", T=1, B=1, I=2, H=16, gradients=False, initial=True)),
    stand_in="torch.nn.LSTMCell",
    mistakes=torch_mistakes.LSTM_CELL,
    alternatives=alternatives.LSTM_CELL,
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
    sizes=NETWORK_SIZES,
    parts=(
        Part("one layer", 1, cases=(ONE_LAYER,)),
        Part("the output of stacked layers", 1, outputs=("output",), cases=STACKED),
        Part("the final states of stacked layers", 1, outputs=("h_n", "c_n"), cases=STACKED),
        Part("zeros where no state is given", 1, cases=(NO_STATE, NO_STATE_STACKED)),
        Part("batch_first", 1, cases=(BATCH_FIRST, BATCH_FIRST_NO_STATE)),
        Part("gradients through one layer", 1, cases=(ONE_LAYER,), gradients=True),
        Part("gradients through stacked layers", 1, cases=STACKED, gradients=True),
    ),
    uses=("LSTMCell",),
    book=at("lstm-stacked"),
    mistakes=torch_mistakes.LSTM,
    alternatives=alternatives.LSTM,
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
    book=at("lstm-shapes"),
    allows=("torch.Size",),
    mistakes=torch_mistakes.LSTM_SHAPES,
    alternatives=alternatives.LSTM_SHAPES,
)

FORGET_BIAS_SIZES = (
    options(ONE_LAYER),
    options("value left at its default", I=3, H=5, default=True),
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
    book=at("lstm-forget-bias-torch"),
    allows=("torch.nn.LSTM",),
    mistakes=torch_mistakes.INIT_FORGET_BIAS,
    alternatives=alternatives.INIT_FORGET_BIAS,
)

EXERCISES = (lstm_cell, lstm_network, shapes, forget_bias)
