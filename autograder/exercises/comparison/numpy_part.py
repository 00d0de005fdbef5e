"""The comparison in NumPy: counts, test problems, an SRU, weights from Keras, sampling."""

import numpy as np

from autograder.checking.contract import Part
from autograder.checking.exercise import CELL_SIZES, Exercise, Size
from autograder.reference import comparison

from . import alternatives, numpy_mistakes
from .book import at

PER_UNIT = ("batch row", "unit")


def options(name, dtype="float64", scale=0.5, T=5, B=3, I=2, H=4, needs=(), **given):
    """A case with options of its own."""
    sizes = {"T": T, "B": B, "I": I, "H": H, "dtype": dtype}
    return Size(name, **sizes, scale=scale, needs=needs, options=given)


def names_of(sizes):
    """The names of cases, as a part names them."""
    return tuple(size.name for size in sizes)


def asked_for(values, usual):
    """The last arguments of a call, without those at its end that have their usual values."""
    names = list(values)
    while names and values[names[-1]] == usual[names[-1]]:
        names.pop()
    return {name: values[name] for name in names}


def how_to_draw(draw):
    """Temperature and k."""
    usual = {"temperature": 1.0, "top_k": None}
    return asked_for({name: draw.options.get(name, value) for name, value in usual.items()}, usual)


def sizes_of_network(draw):
    """An input size and a hidden size, neither equal to nor a multiple of the other."""
    hidden = int(draw.rng.integers(5, 12))
    return {"input_size": hidden + int(draw.rng.integers(1, 4)), "hidden_size": hidden}


def parameters_inputs(draw):
    """A cell, its sizes, and how it is stacked."""
    usual = {"num_layers": 1, "bidirectional": False, "bias": True}
    return {
        "cell": draw.options["cell"],
        **sizes_of_network(draw),
        **asked_for({name: draw.options.get(name, value) for name, value in usual.items()}, usual),
    }


def operations_inputs(draw):
    """A cell and its sizes."""
    return {"cell": draw.options["cell"], **sizes_of_network(draw)}


def seed_of(draw):
    """What a generator is made from."""
    return {"rng": int(draw.rng.integers(2**31))}


def adding_inputs(draw):
    """A generator and the sizes of a batch."""
    return {"rng": seed_of(draw), "T": draw.T, "B": draw.B}


def windows_inputs(draw):
    """A series, and the lengths of window and answer."""
    length = draw.options["length"]
    series = draw.normal(length)
    if draw.whole:
        series = draw.rng.permutation(length)
    return {
        "series": series,
        "window": draw.options["window"],
        "horizon": draw.options["horizon"],
    }


def forecast_inputs(draw):
    """Windows, and how far to look ahead."""
    shape = (draw.B, draw.options["window"])
    x = draw.rng.integers(-50, 50, size=shape) if draw.whole else draw.normal(*shape)
    return {"x": x, "horizon": draw.options["horizon"]}


def sru_inputs(draw):
    """An input and a memory, three matrices, two vectors that meet the memory, two biases."""
    H = draw.H
    inputs = {"x_t": draw.normal(draw.B, H), "c_prev": draw.normal(draw.B, H)}
    inputs |= {name: draw.normal(H, H) for name in ("W", "W_f", "W_r")}
    return inputs | {name: draw.normal(H) for name in ("v_f", "v_r", "b_f", "b_r")}


def keras_inputs(draw):
    """The weights of a Keras layer."""
    cell = draw.options["cell"]
    I, H = draw.I, draw.H
    G = {"gru": 3, "lstm": 4}[cell]
    return {
        "cell": cell,
        "kernel": draw.normal(I, G * H),
        "recurrent_kernel": draw.normal(H, G * H),
        "bias": draw.normal(2, G * H) if cell == "gru" else draw.normal(G * H),
    }


def sampling_inputs(draw):
    """Scores, a generator, a temperature and k."""
    V = draw.options.get("V", 7)
    logits = draw.normal(V) + np.asarray(draw.options.get("shift", 0), dtype=draw.dtype)
    top_k = draw.options.get("top_k")
    if draw.options.get("ties"):
        # As many equals at the top, or at the k-th place, as show what is done with them.
        order = draw.rng.permutation(V)
        ranks = sorted(logits, reverse=True)
        ranks[(top_k or 1) : (top_k or 1) + 2] = [ranks[(top_k or 1) - 1]] * 2
        logits[order] = ranks
    return {"logits": logits, "rng": seed_of(draw), **how_to_draw(draw)}


ONE_LAYER = tuple(options(f"one layer, {cell}", cell=cell) for cell in ("rnn", "gru", "lstm"))
STACKED = (
    options("two layers, gru", cell="gru", num_layers=2),
    options("three layers, lstm", cell="lstm", num_layers=3),
)
NO_BIAS = options("bias=False, lstm", cell="lstm", bias=False)
TWO_WAY = (
    options("both directions, rnn", cell="rnn", bidirectional=True),
    options("both directions, three layers, gru", cell="gru", num_layers=3, bidirectional=True),
)

count_parameters = Exercise(
    reference=comparison.count_parameters,
    inputs=parameters_inputs,
    returns="count",
    sizes=(*ONE_LAYER, *STACKED, NO_BIAS, *TWO_WAY),
    parts=(
        Part("one layer", 1, cases=names_of((*ONE_LAYER, NO_BIAS))),
        Part("stacked layers", 1, cases=names_of(STACKED)),
        Part("both directions", 1, cases=names_of(TWO_WAY)),
    ),
    book=at("comparison-parameters"),
    mistakes=numpy_mistakes.COUNT_PARAMETERS,
    alternatives=alternatives.COUNT_PARAMETERS,
)

COUNTS = ("multiply_adds", "products", "activations")

count_operations = Exercise(
    reference=comparison.count_operations,
    inputs=operations_inputs,
    returns={name: name for name in COUNTS},
    sizes=tuple(options(cell, cell=cell) for cell in ("rnn", "gru", "lstm")),
    parts=tuple(Part(name, 1, outputs=(name,)) for name in COUNTS),
    book=at("comparison-operations"),
    mistakes=numpy_mistakes.COUNT_OPERATIONS,
    alternatives=alternatives.COUNT_OPERATIONS,
)

adding_problem = Exercise(
    reference=comparison.adding_problem,
    inputs=adding_inputs,
    returns=("x", "y"),
    axes={"x": ("timestep", "batch row", "value or mark"), "y": ("batch row", "answer")},
    sizes=(
        options("an even number of steps", T=8, B=9),
        options("an odd number of steps", T=7, B=12),
        options("many steps", T=60, B=5),
        options("two steps", T=2, B=3),
        options("a batch of one", T=9, B=1),
    ),
    parts=(Part("x: values and marks", 2, outputs=("x",)), Part("y", 1, outputs=("y",))),
    book=at("comparison-adding"),
    mistakes=numpy_mistakes.ADDING_PROBLEM,
    alternatives=alternatives.ADDING_PROBLEM,
)

FITTING = (
    options("one step ahead", length=11, window=4, horizon=1),
    options("three steps ahead", length=14, window=5, horizon=3),
    options("windows of one value", length=6, window=1, horizon=2),
    options("a window and its answer are the whole series", length=7, window=5, horizon=2),
    Size("whole numbers", whole=True, options={"length": 12, "window": 3, "horizon": 2}),
    options("float32", dtype="float32", length=13, window=6, horizon=2),
)
TOO_SHORT = (
    options("a series that is one value too short", length=7, window=5, horizon=3),
    options("a series that is shorter than its window", length=4, window=6, horizon=1),
)

make_windows = Exercise(
    reference=comparison.make_windows,
    inputs=windows_inputs,
    subject="refusing function",
    returns=("x", "y"),
    axes={"x": ("window", "value"), "y": ("window", "forecast step")},
    sizes=(*FITTING, *TOO_SHORT),
    parts=(
        Part("the windows x", 1, outputs=("x",), cases=names_of(FITTING)),
        Part("the answers y", 1, outputs=("y",), cases=names_of(FITTING)),
        Part("a ValueError where not even one window fits", 1, cases=names_of(TOO_SHORT)),
    ),
    book=at("comparison-windows"),
    mistakes=numpy_mistakes.MAKE_WINDOWS,
    alternatives=alternatives.MAKE_WINDOWS,
)

naive_forecast = Exercise(
    reference=comparison.naive_forecast,
    inputs=forecast_inputs,
    returns="forecast",
    axes={"forecast": ("window", "forecast step")},
    sizes=(
        options("one step ahead", B=4, window=5, horizon=1),
        options("three steps ahead", B=5, window=7, horizon=3),
        options("one window", B=1, window=4, horizon=2),
        Size("whole numbers", B=6, whole=True, options={"window": 5, "horizon": 4}),
        options("float32", dtype="float32", B=3, window=6, horizon=2),
    ),
    parts=(Part("the forecast", 1),),
    book=at("comparison-naive"),
    mistakes=numpy_mistakes.NAIVE_FORECAST,
    alternatives=alternatives.NAIVE_FORECAST,
)

sru_step = Exercise(
    reference=comparison.sru_step,
    inputs=sru_inputs,
    returns=("h", "c"),
    axes={"h": PER_UNIT, "c": PER_UNIT},
    sizes=CELL_SIZES,
    parts=(
        Part("the new memory c", 1, outputs=("c",)),
        Part("the output h", 2, outputs=("h",)),
    ),
    composes=True,
    book=at("comparison-sru"),
    mistakes=numpy_mistakes.SRU_STEP,
    alternatives=alternatives.SRU_STEP,
)

GRU = (
    options("GRU", cell="gru", I=3, H=4),
    options("GRU, more inputs than units", cell="gru", I=5, H=2),
    options("GRU, one hidden unit", cell="gru", I=2, H=1),
    options("GRU, float32", cell="gru", I=2, H=3, dtype="float32"),
)
LSTM = (
    options("LSTM", cell="lstm", I=3, H=4),
    options("LSTM, more inputs than units", cell="lstm", I=5, H=2),
    options("LSTM, float32", cell="lstm", I=2, H=3, dtype="float32"),
)
MATRICES, BIASES = ("weight_ih", "weight_hh"), ("bias_ih", "bias_hh")

keras_to_torch = Exercise(
    reference=comparison.keras_to_torch,
    inputs=keras_inputs,
    returns=(*MATRICES, *BIASES),
    axes={
        "weight_ih": ("row", "input feature"),
        "weight_hh": ("row", "hidden unit"),
        "bias_ih": ("row",),
        "bias_hh": ("row",),
    },
    sizes=(*GRU, *LSTM),
    parts=(
        Part("the GRU's matrices", 1, outputs=MATRICES, cases=names_of(GRU)),
        Part("the GRU's biases", 1, outputs=BIASES, cases=names_of(GRU)),
        Part("the LSTM's matrices", 1, outputs=MATRICES, cases=names_of(LSTM)),
        Part("the LSTM's biases", 1, outputs=BIASES, cases=names_of(LSTM)),
    ),
    book=at("comparison-keras"),
    mistakes=numpy_mistakes.KERAS_TO_TORCH,
    alternatives=alternatives.KERAS_TO_TORCH,
)

GREEDY = (
    options("greedy", temperature=0.0),
    options("greedy, with equals", temperature=0.0, ties=True, V=9),
)
WARM = (
    options("temperature 1", scale=1.5),
    options("temperature 0.5", temperature=0.5, scale=1.5),
    options("temperature 2.5", temperature=2.5, scale=2.0, V=9),
    options("very large scores", scale=1.5, shift=2000),
    options("float32", scale=1.5, dtype="float32"),
)
BEST = (
    options("top 3", top_k=3, scale=1.0, V=9),
    options("top 2, temperature 1.5", top_k=2, temperature=1.5),
    options("top 3, with equals", top_k=3, ties=True, V=9),
    options("k larger than V", top_k=20, temperature=0.8, scale=1.5),
)

sample_next = Exercise(
    reference=comparison.sample_next,
    inputs=sampling_inputs,
    subject="draws",
    returns="index",
    axes={"index": ("draw",)},
    sizes=(*GREEDY, *WARM, *BEST),
    parts=(
        Part("greedy", 1, cases=names_of(GREEDY)),
        Part("temperature", 2, cases=names_of(WARM)),
        Part("top_k", 1, cases=names_of(BEST)),
    ),
    book=at("comparison-sampling"),
    mistakes=numpy_mistakes.SAMPLE_NEXT,
    alternatives=alternatives.SAMPLE_NEXT,
)

EXERCISES = (
    count_parameters,
    count_operations,
    adding_problem,
    make_windows,
    naive_forecast,
    sru_step,
    keras_to_torch,
    sample_next,
)
