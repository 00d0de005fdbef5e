"""The plain RNN in PyTorch: the cell, the stacked network, truncated BPTT."""

from torch import nn

from autograder.checking.contract import Part
from autograder.checking.exercise import CELL_SIZES, Exercise, Size

from . import torch_alternatives as alternatives
from . import torch_mistakes as mistakes
from .book import at
from .numpy_part import PARAMETER_AXES, PER_UNIT, weights
from .torch_reference import RNN, RNNCell, train_truncated


def cell_case(draw):
    """How a cell is built, what its parameters are and what it is called with."""
    return {
        "dtype": draw.dtype,
        "init": {"input_size": draw.I, "hidden_size": draw.H},
        "parameters": weights(draw),
        "arguments": {"x_t": draw.normal(draw.B, draw.I), "h": draw.normal(draw.B, draw.H)},
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
        "parameters": parameters,
        "arguments": arguments,
    }


def built_in(draw, kind, *sizes, **options):
    """A module of torch.nn with every parameter drawn, as plain data."""
    module = getattr(nn, kind)(*sizes, **options)
    names = ("input_size", "hidden_size") if kind == "RNN" else ("in_features", "out_features")
    parameters = {name: draw.normal(*p.shape) for name, p in module.named_parameters()}
    init = dict(zip(names, sizes, strict=True)) | options
    return {"torch.nn": kind, "init": init, "parameters": parameters}


def truncated_case(draw):
    """A network with its readout and optimizer, one long sequence, and where to cut it."""
    O = 2
    return {
        "network": built_in(draw, "RNN", draw.I, draw.H, num_layers=draw.options.get("layers", 1)),
        "readout": built_in(draw, "Linear", draw.H, O),
        "optimizer": {"torch.optim": "SGD", "options": {"lr": 0.3}},
        "x": draw.normal(draw.T, draw.B, draw.I),
        "target": draw.normal(draw.T, draw.B, O),
        "h": draw.normal(draw.options.get("layers", 1), draw.B, draw.H),
        "chunk_size": draw.options["chunk_size"],
        "max_norm": draw.options.get("max_norm", 0.1),
    }


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

rnn_cell = Exercise(
    reference=RNNCell,
    inputs=cell_case,
    kind="torch",
    subject="module",
    returns="h",
    axes={"h": PER_UNIT, **PARAMETER_AXES},
    parts=(
        Part("the new hidden state", 2, outputs=("h",)),
        Part(
            "gradients for input, state and parameters; how new ones are drawn",
            1,
            gradients=True,
        ),
    ),
    stand_in="torch.nn.RNNCell",
    # Many units, so that the spread of new parameters can be judged.
    sizes=(*CELL_SIZES, Size("many units", T=1, B=1, I=1, H=60, gradients=False, initial=True)),
    composes=True,
    book=at("rnn-cell"),
    mistakes=mistakes.RNN_CELL,
    alternatives=alternatives.RNN_CELL,
)

rnn_network = Exercise(
    reference=RNN,
    inputs=network_case,
    kind="torch",
    subject="module",
    returns=("output", "h_n"),
    axes={
        "output": ("timestep", *PER_UNIT),
        "h_n": ("layer", *PER_UNIT),
        **{f"cells.{k}.{name}": axes for k in range(3) for name, axes in PARAMETER_AXES.items()},
    },
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
    uses=("RNNCell",),
    book=at("rnn-stacked"),
    mistakes=mistakes.RNN_NETWORK,
    alternatives=alternatives.RNN_NETWORK,
)

CHUNKS = "steps in each call of the network"
HANDED_ON = "whether the state was handed on"
CUT_OFF = "whether the state was cut off from the graph"
GRADIENTS = "gradients that the optimizer steps along"
PARAMETERS = "parameters after training"

ONE_CHUNK = "one chunk"

UNCLIPPED = (
    options("chunks of equal length", T=6, B=3, I=2, H=4, chunk_size=2, max_norm=1e3),
    options("a shorter chunk at the end", T=7, B=2, I=3, H=4, chunk_size=3, max_norm=1e3),
    options(ONE_CHUNK, T=4, B=3, I=2, H=5, chunk_size=4, max_norm=1e3),
)
CLIPPED = (
    options("long gradients", T=6, B=3, I=2, H=4, chunk_size=2),
    options("long gradients, chunks of one step", T=3, B=2, I=3, H=4, chunk_size=1),
    options("long gradients, two layers", T=8, B=4, I=2, H=3, chunk_size=3, layers=2),
)
LEARNED = (GRADIENTS, PARAMETERS, "losses", "h_n")
NOT_LONG = tuple(size.name for size in UNCLIPPED)
LONG = tuple(size.name for size in CLIPPED)

truncated = Exercise(
    reference=train_truncated,
    inputs=truncated_case,
    kind="torch",
    subject="training",
    allows=("torch.nn.RNN",),
    returns={
        "returned": ("losses", "h_n"),
        "chunks": CHUNKS,
        "handed on": HANDED_ON,
        "cut off": CUT_OFF,
        "gradients": GRADIENTS,
        "parameters": PARAMETERS,
    },
    axes={
        "losses": ("chunk",),
        "h_n": ("layer", *PER_UNIT),
        CHUNKS: ("call",),
        HANDED_ON: ("call",),
        CUT_OFF: ("state",),
        GRADIENTS: ("step", "weight"),
    },
    sizes=(*UNCLIPPED, *CLIPPED),
    kept=("losses",),
    parts=(
        Part("a sequence that is one chunk", 1, cases=(ONE_CHUNK,)),
        Part(
            "several chunks, the state handed on and cut off from the graph",
            2,
            outputs=(CHUNKS, HANDED_ON, CUT_OFF),
        ),
        Part(
            "what is learned and returned where no gradient is long",
            2,
            outputs=LEARNED,
            cases=NOT_LONG,
        ),
        Part("the same where gradients are long and clipped", 1, outputs=LEARNED, cases=LONG),
    ),
    book=at("rnn-truncated"),
    mistakes=mistakes.TRUNCATED,
    alternatives=alternatives.TRUNCATED,
)

EXERCISES = (rnn_cell, rnn_network, truncated)
