"""The GRU in PyTorch: the cell, the stacked network, a regressor and a classifier of sequences."""

from autograder.checking.contract import Part
from autograder.checking.exercise import CELL_SIZES, Exercise, Size

from . import torch_alternatives as other
from . import torch_mistakes as wrong
from .book import at
from .numpy_part import GATES, PARAMETER_AXES, PER_UNIT, weights
from .torch_reference import GRU, GRUCell, GRUClassifier, GRURegressor


def cell_case(draw):
    """How a cell is built, what its parameters are and what it is called with."""
    return {
        "dtype": draw.dtype,
        "init": {"input_size": draw.I, "hidden_size": draw.H},
        "parameters": weights(draw),
        "arguments": {"x_t": draw.normal(draw.B, draw.I), "h": draw.normal(draw.B, draw.H)},
    }


def stacked(draw, name):
    """The parameters of stacked layers; ``name`` makes a name of a layer and a parameter."""
    return {
        name(k, parameter): value
        for k in range(draw.options["num_layers"])
        for parameter, value in weights(draw, draw.I if k == 0 else draw.H).items()
    }


def network_case(draw):
    """How a network is built, what its parameters are and what it is called with."""
    L = draw.options["num_layers"]
    batch_first = draw.options.get("batch_first", False)
    x = draw.normal(draw.T, draw.B, draw.I)
    arguments = {"x": x.swapaxes(0, 1).copy() if batch_first else x}
    if draw.options.get("state", True):
        arguments["h0"] = draw.normal(L, draw.B, draw.H)
    return {
        "dtype": draw.dtype,
        "init": {
            "input_size": draw.I,
            "hidden_size": draw.H,
            # One layer, time first, is what there is without being asked for.
            **({"num_layers": L} if L != 1 else {}),
            **({"batch_first": True} if batch_first else {}),
        },
        "parameters": stacked(draw, "cells.{}.{}".format),
        "arguments": arguments,
    }


def sequence_model_case(draw, size, steps, **init):
    """A model of ``gru`` and ``linear``: how it is built, its parameters, a batch of sequences."""
    return {
        "dtype": draw.dtype,
        "init": {
            "input_size": draw.I,
            "hidden_size": draw.H,
            "num_layers": draw.options["num_layers"],
            **init,
        },
        "parameters": {
            **stacked(draw, lambda k, parameter: f"gru.{parameter}_l{k}"),
            "linear.weight": draw.normal(size, steps * draw.H),
            "linear.bias": draw.normal(size),
        },
        "arguments": {"x": draw.normal(draw.B, draw.T, draw.I)},
    }


def regressor_case(draw):
    """A regressor with as many answers as the case says."""
    size = draw.options["answers"]
    return sequence_model_case(draw, size, 1, output_size=size)


def classifier_case(draw):
    """A classifier with as many classes as the case says."""
    size = draw.options["classes"]
    return sequence_model_case(draw, size, draw.T, num_classes=size, T=draw.T)


def options(name, T=5, B=3, I=2, H=4, dtype="float64", gradients=True, needs=(), **given):
    """A case with options of its own."""
    sizes = {"T": T, "B": B, "I": I, "H": H, "dtype": dtype}
    return Size(name, **sizes, gradients=gradients, needs=needs, options=given)


ONE_LAYER = "one layer"
BATCH_FIRST = "batch_first"
NO_STATE = "no initial state"
FLOAT32 = "float32"
NO_STATE_STACKED = "no initial state, three layers"
BATCH_FIRST_NO_STATE = "batch_first, no initial state, two layers, float32"
STACKED = ("two layers", "three layers", "one step", "a batch of one", "one hidden unit")
LAYER_AXES = {f"gru.{name}_l{k}": axes for name, axes in PARAMETER_AXES.items() for k in range(3)}

gru_cell = Exercise(
    reference=GRUCell,
    inputs=cell_case,
    kind="torch",
    subject="module",
    returns="h",
    axes={"h": PER_UNIT, **PARAMETER_AXES},
    gates=GATES,
    parts=(
        Part("the new hidden state h", 2, outputs=("h",)),
        Part(
            "gradients for inputs, state and parameters; how new ones are drawn",
            1,
            gradients=True,
        ),
    ),
    stand_in="torch.nn.GRUCell",
    # Many units, so that the spread of new parameters can be judged.
    sizes=(*CELL_SIZES, Size("many units", T=1, B=1, I=2, H=20, gradients=False, initial=True)),
    book=at("gru-step"),
    mistakes=wrong.GRU_CELL,
    composes=True,
    alternatives=other.GRU_CELL,
)

gru_network = Exercise(
    reference=GRU,
    inputs=network_case,
    kind="torch",
    subject="module",
    returns=("output", "h_n"),
    axes={
        "output": ("timestep", *PER_UNIT),
        "h_n": ("layer", *PER_UNIT),
        **{f"cells.{k}.{name}": axes for k in range(3) for name, axes in PARAMETER_AXES.items()},
    },
    gates=GATES,
    sizes=(
        options(ONE_LAYER, num_layers=1),
        options("two layers", T=6, B=2, I=5, H=3, num_layers=2, gradients=False),
        options("three layers", T=4, B=5, I=2, H=3, num_layers=3),
        options("one step", T=1, num_layers=2, gradients=False),
        options("a batch of one", T=4, B=1, I=3, H=2, num_layers=2, gradients=False),
        options("one hidden unit", T=3, B=4, I=2, H=1, num_layers=2, gradients=False),
        # Tried with one layer, these cost nothing where layers are stacked the wrong way.
        options(NO_STATE, T=3, B=2, I=5, H=4, num_layers=1, gradients=False, state=False),
        options(BATCH_FIRST, num_layers=1, batch_first=True),
        options(
            NO_STATE_STACKED,
            T=3,
            B=2,
            I=5,
            gradients=False,
            needs=("three layers",),
            num_layers=3,
            state=False,
        ),
        # The number of rows, for the zeros, is on another axis here.
        options(
            BATCH_FIRST_NO_STATE,
            dtype="float32",
            gradients=False,
            needs=("two layers", NO_STATE, NO_STATE_STACKED),
            num_layers=2,
            batch_first=True,
            state=False,
        ),
    ),
    parts=(
        Part("one layer", 1, cases=(ONE_LAYER,)),
        Part("the output of stacked layers", 1, outputs=("output",), cases=STACKED),
        Part("the final states of stacked layers", 1, outputs=("h_n",), cases=STACKED),
        Part("zeros where no state is given", 1, cases=(NO_STATE, NO_STATE_STACKED)),
        Part("batch_first", 1, cases=(BATCH_FIRST, BATCH_FIRST_NO_STATE)),
        Part("gradients through one layer", 0.5, cases=(ONE_LAYER,), gradients=True),
        Part("gradients through stacked layers", 0.5, cases=STACKED, gradients=True),
    ),
    uses=("GRUCell",),
    book=at("gru-stacked"),
    mistakes=wrong.GRU,
    alternatives=other.GRU,
)

regressor = Exercise(
    reference=GRURegressor,
    inputs=regressor_case,
    kind="torch",
    subject="module",
    returns="answer",
    axes={"answer": ("batch row", "answer"), **LAYER_AXES},
    gates=GATES,
    sizes=(
        options(ONE_LAYER, num_layers=1, answers=1),
        options("two layers", T=6, B=2, I=5, H=3, num_layers=2, answers=1),
        options("several answers", T=4, B=5, I=2, H=3, num_layers=2, answers=3),
        options("one step", T=1, num_layers=2, answers=2),
        options("a batch of one", T=4, B=1, I=3, H=2, num_layers=3, answers=2),
        options(FLOAT32, dtype="float32", num_layers=2, answers=2),
    ),
    parts=(
        Part("one layer", 1, cases=(ONE_LAYER,)),
        Part("stacked layers, one answer or several", 1),
        Part("gradients through one layer", 0.5, cases=(ONE_LAYER,), gradients=True),
        Part("gradients through stacked layers", 0.5, gradients=True),
    ),
    allows=("torch.nn.GRU",),
    book=at("gru-last-step"),
    mistakes=wrong.GRU_REGRESSOR,
    alternatives=other.GRU_REGRESSOR,
)

IN_FLOAT64 = (
    options("two classes", T=6, B=2, I=5, H=3, num_layers=2, classes=2),
    options("as many rows as steps", T=3, B=3, I=2, H=4, num_layers=2, classes=5),
    options("one layer", T=5, B=3, I=2, H=4, num_layers=1, classes=4),
    options("one step", T=1, B=3, I=2, H=4, num_layers=2, classes=3),
    options("a batch of one", T=4, B=1, I=3, H=2, num_layers=3, classes=3),
)

classifier = Exercise(
    reference=GRUClassifier,
    inputs=classifier_case,
    kind="torch",
    subject="module",
    returns="scores",
    axes={"scores": ("batch row", "class"), **LAYER_AXES},
    gates=GATES,
    sizes=(*IN_FLOAT64, options(FLOAT32, dtype="float32", num_layers=2, classes=3)),
    parts=(
        Part("it runs and scores are right in float32", 2, cases=(FLOAT32,)),
        Part("every size, in float64", 1, cases=tuple(size.name for size in IN_FLOAT64)),
        Part("gradients for the input and all parameters", 1, gradients=True),
    ),
    allows=("torch.nn.GRU",),
    book=at("gru-flattened"),
    mistakes=wrong.GRU_CLASSIFIER,
    alternatives=other.GRU_CLASSIFIER,
)

EXERCISES = (gru_cell, gru_network, regressor, classifier)
