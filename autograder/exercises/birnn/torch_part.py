"""Both directions in PyTorch: packing, an LSTM and a GRU of one-way networks, a tagger."""

from torch import nn

from autograder.checking.contract import Part
from autograder.checking.exercise import Exercise

from . import torch_alternatives as other
from . import torch_mistakes as wrong
from .book import at
from .numpy_part import (
    FLOAT32,
    FULL,
    MORE,
    ONE_ROW,
    ONE_STEP,
    SHORT,
    UNEQUAL,
    case,
    lengths,
)
from .torch_reference import BiGRU, BiLSTM, Tagger, missing_word_loss, run_packed

OUTPUT = ("timestep", "batch row", "feature")
STATE = ("layer and direction", "batch row", "unit")
PARAMETER_AXES = {
    "weight_ih_l0": ("gate", "input feature"),
    "weight_hh_l0": ("gate", "hidden unit"),
    "bias_ih_l0": ("gate",),
    "bias_hh_l0": ("gate",),
}
WAYS = ("ahead", "back")


def parameters_of(draw, module, prefix=""):
    """Normal numbers for every parameter of a module, by name."""
    return {
        f"{prefix}{name}": draw.normal(*parameter.shape)
        for name, parameter in module.named_parameters()
    }


def packed_case(draw):
    """An nn.LSTM with every parameter given, a padded batch, perhaps initial states."""
    options = draw.options
    init = {
        "input_size": draw.I,
        "hidden_size": draw.H,
        "num_layers": options.get("num_layers", 1),
        "bidirectional": options.get("bidirectional", True),
    }
    network = nn.LSTM(**init)
    D = 2 if init["bidirectional"] else 1
    state = (init["num_layers"] * D, draw.B, draw.H)
    return {
        "network": {
            "torch.nn": "LSTM",
            "init": init,
            "parameters": parameters_of(draw, network),
        },
        "x": draw.normal(draw.T, draw.B, draw.I),
        "lengths": lengths(draw),
        "state": (draw.normal(*state), draw.normal(*state)) if options.get("state", 1) else None,
    }


def bilstm_case(draw):
    """How the network is built, its parameters, a padded batch and initial states."""
    state = (2, draw.B, draw.H)
    arguments = {"x": draw.normal(draw.T, draw.B, draw.I), "lengths": lengths(draw)}
    if draw.options.get("state", True):
        arguments["state"] = (draw.normal(*state), draw.normal(*state))
    parameters = {}
    for way in WAYS:
        parameters |= parameters_of(draw, nn.LSTM(draw.I, draw.H), f"{way}.")
    return {
        "dtype": draw.dtype,
        "init": {"input_size": draw.I, "hidden_size": draw.H},
        "parameters": parameters,
        "arguments": arguments,
    }


def bigru_case(draw):
    """How the stacked network is built, its parameters, a padded batch and initial states."""
    L = draw.options.get("num_layers", 2)
    arguments = {"x": draw.normal(draw.T, draw.B, draw.I), "lengths": lengths(draw)}
    if draw.options.get("state", True):
        arguments["h0"] = draw.normal(2 * L, draw.B, draw.H)
    parameters = {}
    for way in WAYS:
        for k in range(L):
            layer = nn.GRU(draw.I if k == 0 else 2 * draw.H, draw.H)
            parameters |= parameters_of(draw, layer, f"{way}.{k}.")
    return {
        "dtype": draw.dtype,
        "init": {
            "input_size": draw.I,
            "hidden_size": draw.H,
            # One layer is what there is without being asked for.
            **({"num_layers": L} if L != 1 else {}),
        },
        "parameters": parameters,
        "arguments": arguments,
    }


def tagger_case(draw):
    """How the tagger is built, its parameters, and padded sentences of words."""
    V, E = draw.options.get("words", 9), draw.I
    return {
        "dtype": draw.dtype,
        "init": {"vocabulary_size": V, "embedding_size": E, "hidden_size": draw.H},
        "parameters": {
            **parameters_of(draw, nn.Embedding(V, E), "embedding."),
            **parameters_of(draw, nn.GRU(E, draw.H, bidirectional=True), "gru."),
            **parameters_of(draw, nn.Linear(2 * draw.H, V), "linear."),
        },
        "arguments": {
            "words": draw.rng.integers(0, V, size=(draw.T, draw.B)),
            "lengths": lengths(draw),
        },
    }


def loss_case(draw):
    """Scores, true words and where words are missing: unequally many in the rows."""
    V = draw.options.get("words", 7)
    missing = draw.rng.random((draw.T, draw.B)) < 0.3
    missing[1:, 0] = False
    missing[0, 0] = True
    missing[-2:, -1] = True
    if draw.options.get("missing") == "one":
        missing[:] = False
        missing[draw.rng.integers(draw.T), draw.rng.integers(draw.B)] = True
    return {
        "scores": 4 * draw.normal(draw.T, draw.B, V),
        "words": draw.rng.integers(0, V, size=(draw.T, draw.B)),
        "missing": missing,
    }


# In rows that fill the batch, so that it costs nothing where padding is read.
NO_STATE = case("no initial state", T=5, B=4, I=3, H=2, lengths="full", state=False)

packed = Exercise(
    reference=run_packed,
    inputs=packed_case,
    kind="torch",
    returns=("output", ("h_n", "c_n")),
    axes={"output": OUTPUT, "h_n": STATE, "c_n": STATE},
    sizes=(
        FULL,
        UNEQUAL,
        case("one direction", T=7, B=4, I=3, H=2, bidirectional=False),
        case("two layers", T=5, B=4, I=3, H=2, num_layers=2),
        SHORT,
        ONE_STEP,
        ONE_ROW,
        case("no initial state", T=5, B=4, I=3, H=2, state=False),
    ),
    parts=(
        Part("the output", 1, outputs=("output",)),
        Part("the final states", 1, outputs=("h_n", "c_n")),
        Part("gradients for input, states and parameters", 1, gradients=True),
    ),
    allows=("torch.nn.LSTM",),
    book=at("birnn-packing"),
    mistakes=wrong.RUN_PACKED,
    alternatives=other.RUN_PACKED,
)

bilstm = Exercise(
    reference=BiLSTM,
    inputs=bilstm_case,
    kind="torch",
    subject="module",
    returns=("output", ("h_n", "c_n")),
    axes={
        "output": OUTPUT,
        "h_n": ("direction", "batch row", "unit"),
        "c_n": ("direction", "batch row", "unit"),
        **{f"{way}.{name}": axes for way in WAYS for name, axes in PARAMETER_AXES.items()},
    },
    gates="ifgo",
    sizes=(FULL, UNEQUAL, MORE, SHORT, ONE_STEP, ONE_ROW, NO_STATE, FLOAT32),
    parts=(
        Part("rows that fill the batch", 1, cases=(FULL.name, ONE_STEP.name)),
        Part(
            "the output for rows of unequal length",
            2,
            outputs=("output",),
            cases=(UNEQUAL.name, MORE.name, SHORT.name, ONE_ROW.name, FLOAT32.name),
        ),
        Part(
            "the final states of rows of unequal length",
            1,
            outputs=("h_n", "c_n"),
            cases=(UNEQUAL.name, MORE.name, SHORT.name, ONE_ROW.name, FLOAT32.name),
        ),
        Part("zeros where no state is given", 1, cases=(NO_STATE.name,)),
        Part("gradients for inputs, states and parameters", 1, gradients=True),
    ),
    uses=("run_packed",),
    allows=("torch.nn.LSTM",),
    single=True,
    book=at("birnn-two-networks"),
    mistakes=wrong.BILSTM,
    alternatives=other.BILSTM,
)

ONE_LAYER = case("one layer", T=5, B=4, I=3, H=2, num_layers=1)
THREE_LAYERS = case("three layers", T=5, B=4, I=3, H=2, num_layers=3)
STACKED = tuple(
    size.name for size in (UNEQUAL, THREE_LAYERS, SHORT, FULL, ONE_STEP, ONE_ROW, FLOAT32)
)
NO_STATES = (
    case(NO_STATE.name, T=5, B=4, I=3, H=2, lengths="full", num_layers=1, state=False),
    case(
        "no initial state, three layers",
        T=5,
        B=4,
        I=3,
        H=2,
        needs=(THREE_LAYERS.name,),
        num_layers=3,
        state=False,
    ),
)

bigru = Exercise(
    reference=BiGRU,
    inputs=bigru_case,
    kind="torch",
    subject="module",
    returns=("output", "h_n"),
    axes={
        "output": OUTPUT,
        "h_n": STATE,
        **{
            f"{way}.{k}.{name}": axes
            for way in WAYS
            for k in range(3)
            for name, axes in PARAMETER_AXES.items()
        },
    },
    gates="rzn",
    sizes=(
        ONE_LAYER,
        UNEQUAL,
        THREE_LAYERS,
        SHORT,
        FULL,
        ONE_STEP,
        ONE_ROW,
        FLOAT32,
        *NO_STATES,
    ),
    parts=(
        Part("one layer", 1, cases=(ONE_LAYER.name,)),
        Part("the output of stacked layers", 1, outputs=("output",), cases=STACKED),
        Part("the final states of stacked layers", 1, outputs=("h_n",), cases=STACKED),
        Part("zeros where no state is given", 1, cases=tuple(size.name for size in NO_STATES)),
        Part("gradients through one layer", 0.5, cases=(ONE_LAYER.name,), gradients=True),
        Part("gradients through stacked layers", 0.5, cases=STACKED, gradients=True),
    ),
    uses=("run_packed",),
    allows=("torch.nn.GRU",),
    single=True,
    book=at("birnn-two-networks"),
    mistakes=wrong.BIGRU,
    alternatives=other.BIGRU,
)

tagger = Exercise(
    reference=Tagger,
    inputs=tagger_case,
    kind="torch",
    subject="module",
    returns="scores",
    axes={
        "scores": ("place", "batch row", "word"),
        "embedding.weight": ("word", "embedding feature"),
        "linear.weight": ("word", "feature"),
        "linear.bias": ("word",),
        **{
            f"gru.{name}{way}": axes
            for name, axes in PARAMETER_AXES.items()
            for way in ("", "_reverse")
        },
    },
    gates="rzn",
    sizes=(FULL, UNEQUAL, MORE, SHORT, ONE_STEP, ONE_ROW, FLOAT32),
    parts=(
        Part("sentences that fill the batch", 1, cases=(FULL.name, ONE_STEP.name)),
        Part("sentences of unequal length", 2),
        Part("gradients for all parameters", 1, gradients=True),
    ),
    uses=("run_packed",),
    allows=("torch.nn.GRU",),
    book=at("birnn-tagger"),
    mistakes=wrong.TAGGER,
    alternatives=other.TAGGER,
)

SEVERAL = (
    case("several missing words", T=5, B=3),
    case("more words", T=6, B=4, words=11),
    case("a batch of one", T=4, B=1),
    case("float32", T=5, B=3, dtype="float32"),
)
ONE_WORD = case("one missing word", T=5, B=3, missing="one")

loss = Exercise(
    reference=missing_word_loss,
    inputs=loss_case,
    kind="torch",
    returns="loss",
    sizes=(*SEVERAL, ONE_WORD),
    parts=(
        Part("one missing word", 0.5, cases=(ONE_WORD.name,)),
        Part("several missing words", 0.5, cases=tuple(size.name for size in SEVERAL)),
        Part("gradients for the scores", 1, gradients=True),
    ),
    book=at("birnn-loss"),
    mistakes=wrong.MISSING_WORD_LOSS,
    alternatives=other.MISSING_WORD_LOSS,
)

EXERCISES = (packed, bilstm, bigru, tagger, loss)
