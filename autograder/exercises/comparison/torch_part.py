"""The comparison in PyTorch: training with care, and small networks for each kind of task."""

import copy
import itertools

import numpy as np
import torch
from torch import nn

from autograder.checking.contract import Part
from autograder.checking.exercise import Exercise, Size

from . import alternatives, torch_mistakes
from .book import at
from .numpy_part import how_to_draw, names_of, options, seed_of
from .torch_reference import (
    BagOfEmbeddings,
    CharGRU,
    DigitCNN,
    DigitDNN,
    DigitRNN,
    Forecaster,
    generate,
    train,
)


def linear(draw, inputs, outputs):
    """A linear layer with every parameter given."""
    return {
        "torch.nn": "Linear",
        "init": {"in_features": inputs, "out_features": outputs},
        "parameters": {"weight": draw.normal(outputs, inputs), "bias": draw.normal(outputs)},
    }


def layer(name, **init):
    """A layer without parameters."""
    return {"torch.nn": name, "init": init, "parameters": {}}


def training_case(draw):
    """A small model, rows to train on, rows to validate on, and the settings.

    Rows are drawn until the case shows what it is there for.
    """
    wanted, given = draw.options.get("shows"), draw.options["settings"]
    while True:
        x, x_valid = draw.normal(draw.options.get("N", 11), 3) * 2, draw.normal(9, 3) * 2
        slope = draw.normal(3, 1) * 4
        y, y_valid = (v @ slope + draw.normal(len(v), 1) for v in (x, x_valid))
        if draw.options.get("classes"):
            y, y_valid = ((v > 0).astype(float) for v in (y, y_valid))
        layers = [linear(draw, 3, 4), layer("Tanh"), linear(draw, 4, 1)]
        if draw.options.get("dropout"):
            layers.insert(2, layer("Dropout", p=0.4))
        case = {
            "model": {"torch.nn": "Sequential", "layers": layers},
            "loss_function": layer(draw.options.get("loss", "MSELoss")),
            "x": x,
            "y": y,
            "x_valid": x_valid,
            "y_valid": y_valid,
            "settings": given | {"seed": int(draw.rng.integers(2**31))},
        }
        if wanted is None or wanted(rehearsal(case)):
            return case


def rehearsal(case):
    """What training comes to on a case: the history."""
    layers = []
    for spec in case["model"]["layers"]:
        module = getattr(nn, spec["torch.nn"])(**spec["init"]).double()
        module.load_state_dict({n: torch.from_numpy(p) for n, p in spec["parameters"].items()})
        layers.append(module)
    loss_function = getattr(nn, case["loss_function"]["torch.nn"])()
    data = (torch.from_numpy(case[name]) for name in ("x", "y", "x_valid", "y_valid"))
    return train(nn.Sequential(*layers), loss_function, *data, copy.deepcopy(case["settings"]))


def stops_after_a_detour(history):
    """Whether it stopped early, not at its first epochs, after a rise that was not the last."""
    valid, best = history["valid"], history["best"]
    rises = [a < b for a, b in itertools.pairwise(valid[: best + 1])]
    lowest_in_training = min(range(len(valid)), key=history["train"].__getitem__)
    # After its best, the loss must fall somewhere: so that "lower than before" is not "lowest".
    falls = any(b < a for a, b in itertools.pairwise(valid[best + 1 :]))
    return any(rises) and falls and 1 < best < len(valid) - 1 and lowest_in_training != best


def falls_all_the_way(history):
    """Whether the loss fell all the way."""
    valid = history["valid"]
    return all(b < a for a, b in itertools.pairwise(valid))


def settings(**given):
    """Settings of a training; what is not given is usual, and nothing is clipped."""
    usual = {"epochs": 3, "batch_size": 5, "learning_rate": 0.02, "clip": 1e6, "patience": 3}
    return usual | given


def reader_case(draw):
    """How a CharGRU is built, what its parameters are and what it reads."""
    V, E, H, L = 7, 3, draw.H, draw.options.get("num_layers", 1)
    init = {"vocabulary_size": V, "embedding_size": E, "hidden_size": H}
    if L != 1:
        init["num_layers"] = L
    arguments = {"indices": draw.rng.integers(0, V, size=(draw.T, draw.B))}
    if draw.options.get("state", True):
        arguments["state"] = draw.normal(L, draw.B, H)
    return case_of(draw, CharGRU(**init), init, arguments)


def case_of(draw, module, init, arguments):
    """A case of a module: every parameter drawn anew, under its own name."""
    parameters = {name: draw.normal(*p.shape) for name, p in module.named_parameters()}
    return {
        "dtype": draw.dtype,
        "init": init,
        "parameters": parameters,
        "arguments": arguments,
    }


def generate_case(draw):
    """A toy model, its vocabulary, a start, and how to draw."""
    vocabulary = "".join(draw.rng.permutation(list("aemnrst ")))
    V = len(vocabulary)
    start = "".join(draw.rng.permutation(list(vocabulary))[: draw.options.get("start", 5)])
    # Each character points to another one, so that what was read makes a difference.
    table = 4 * draw.rng.permutation(np.eye(V)) + draw.rng.normal(size=(V, V))
    return {
        "model": {"fading": table},
        "vocabulary": vocabulary,
        "start": start,
        "length": draw.options.get("length", 24),
        "rng": seed_of(draw),
        **how_to_draw(draw),
    }


def forecaster_case(draw):
    """How a Forecaster is built, what its parameters are, and windows of prices."""
    init = {"hidden_size": draw.H, "horizon": draw.options.get("horizon", 1)}
    level = draw.rng.uniform(3, 9)
    x = (level + draw.normal(draw.B, draw.T)).astype(draw.dtype)
    return case_of(draw, Forecaster(**init), init, {"x": x})


UNKNOWN = "transformer"


def digit_case(draw):
    """How a DigitRNN is built, what its parameters are, and images."""
    init = {
        "cell": draw.options["cell"],
        "columns": draw.I,
        "hidden_size": draw.H,
        "classes": 3,
    }
    if init["cell"] == UNKNOWN:
        return {"dtype": draw.dtype, "init": init}
    images = draw.normal(draw.B, draw.T, draw.I)
    return case_of(draw, DigitRNN(**init), init, {"images": images})


def flat_case(draw):
    """How a DigitDNN is built, what its parameters are, and images."""
    init = {"rows": draw.T, "columns": draw.I, "hidden_size": draw.H, "classes": 3}
    return case_of(draw, DigitDNN(**init), init, {"images": draw.normal(draw.B, draw.T, draw.I)})


def window_case(draw):
    """How a DigitCNN is built, what its parameters are, and images of two rows at least."""
    rows, columns = max(2, draw.T), max(2, draw.I)
    init = {"rows": rows, "columns": columns, "channels": draw.H, "classes": 3}
    return case_of(draw, DigitCNN(**init), init, {"images": draw.normal(draw.B, rows, columns)})


def bag_case(draw):
    """How a BagOfEmbeddings is built, what its parameters are, and texts of unequal lengths."""
    V = 6
    init = {"vocabulary_size": V, "embedding_size": draw.H, "classes": 2}
    indices = draw.rng.integers(0, V, size=(draw.T, draw.B))
    lengths = draw.rng.integers(1, draw.T + 1, size=draw.B)
    if draw.T > 1 and draw.B > 1:
        # One text with padding of another kind than 0, one that holds the word 0.
        lengths[0], lengths[1] = max(1, draw.T // 2), draw.T
        indices[lengths[0] :, 0] = draw.rng.integers(1, V, size=draw.T - lengths[0])
        indices[0, 1] = 0
    module = BagOfEmbeddings(**init)
    return case_of(draw, module, init, {"indices": indices, "lengths": lengths})


# Clipping, dropout and early stopping are tried on batches of one size, and clipping by itself:
# who gets the mean over the batches wrong, or clipping, loses that alone.
ALIKE = {"N": 10}
DETOUR = settings(epochs=40, learning_rate=0.4, patience=3)
EARLY = (
    options("early stopping", **ALIKE, settings=DETOUR, shows=stops_after_a_detour),
    options(
        "early stopping, patience of 1",
        **ALIKE,
        settings=settings(epochs=30, learning_rate=0.2, patience=1),
        shows=lambda history: 2 < len(history["valid"]) < 30,
    ),
    # All epochs are alike, and the first of them is the best. Two rows make the same mean in
    # either order.
    options(
        "early stopping, a learning rate of 0",
        N=2,
        settings=settings(epochs=5, learning_rate=0.0, patience=2),
    ),
)
PLAIN = (
    options("no clipping needed", settings=settings(), shows=falls_all_the_way),
    options("one batch", N=6, settings=settings(batch_size=8), shows=falls_all_the_way),
)
# A loss that is another when answers and truth change places.
CLASSES = (
    options(
        "two classes",
        N=6,
        loss="BCEWithLogitsLoss",
        classes=True,
        settings=settings(epochs=2, batch_size=4),
        shows=falls_all_the_way,
    ),
)
CLIPPING = (options("clipping", **ALIKE, settings=settings(clip=0.3), shows=falls_all_the_way),)
DROPOUT = (options("dropout", **ALIKE, dropout=True, settings=settings()),)
LEARNED = ("training losses", "validation losses", "best epoch", "weights")

training = Exercise(
    reference=train,
    inputs=training_case,
    kind="torch",
    subject="fit",
    returns={
        "train": "training losses",
        "valid": "validation losses",
        "best": "best epoch",
        "weights": "weights",
        "mode": "mode",
    },
    axes={"training losses": ("epoch",), "validation losses": ("epoch",)},
    kept=("training losses", "validation losses"),
    sizes=(*PLAIN, *CLIPPING, *DROPOUT, *EARLY, *CLASSES),
    parts=(
        Part("losses as they must fall", 2, LEARNED, names_of((*PLAIN, *CLASSES))),
        Part("clipping", 1, outputs=LEARNED, cases=names_of(CLIPPING)),
        Part("dropout on in training, off in validation", 0.5, LEARNED, names_of(DROPOUT)),
        Part("evaluation mode at the end", 0.5, outputs=("mode",)),
        Part("early stopping and the best weights", 2, outputs=LEARNED, cases=names_of(EARLY)),
    ),
    book=at("comparison-train"),
    mistakes=torch_mistakes.TRAIN,
    alternatives=alternatives.TRAIN,
)

READING = (
    options("one layer", num_layers=1),
    options("two layers", T=4, B=5, H=3, num_layers=2),
    options("one character", T=1, num_layers=1),
    options("a batch of one", T=4, B=1, H=2, num_layers=2),
    Size("float32", dtype="float32", options={"num_layers": 1}),
)
FRESH = (
    options("no state", T=3, B=4, H=5, num_layers=1, state=False),
    options(
        "no state, two layers", T=3, B=4, H=5, num_layers=2, state=False, needs=("two layers",)
    ),
)

char_gru = Exercise(
    reference=CharGRU,
    inputs=reader_case,
    kind="torch",
    subject="module",
    returns=("logits", "state"),
    axes={
        "logits": ("timestep", "batch row", "character"),
        "state": ("layer", "batch row", "unit"),
    },
    allows=("torch.nn.GRU",),
    sizes=(*READING, *FRESH),
    parts=(
        Part("the scores", 2, outputs=("logits",), cases=names_of(READING)),
        Part("the new state", 1, outputs=("state",), cases=names_of(READING)),
        Part("zeros where no state is given", 1, cases=names_of(FRESH)),
        Part("gradients for state and parameters", 1, gradients=True),
    ),
    book=at("comparison-characters"),
    mistakes=torch_mistakes.CHAR_GRU,
    alternatives=alternatives.CHAR_GRU,
)

GREEDY = (
    options("greedy", temperature=0.0),
    options("greedy, a short start", start=3, temperature=0.0),
    options("a start of one character", start=1, temperature=0.0),
)
CHANCE = (
    options("temperature 1"),
    options("temperature 0.5", temperature=0.5),
    options("top 2", top_k=2, temperature=5.0),
)

generation = Exercise(
    reference=generate,
    inputs=generate_case,
    kind="torch",
    returns="text",
    sizes=(*GREEDY, *CHANCE),
    parts=(
        Part("greedy", 1, cases=names_of(GREEDY)),
        Part("with temperature and top_k", 1, cases=names_of(CHANCE)),
    ),
    uses=("sample_next",),
    book=at("comparison-generate"),
    mistakes=torch_mistakes.GENERATE,
    alternatives=alternatives.GENERATE,
)

forecaster = Exercise(
    reference=Forecaster,
    inputs=forecaster_case,
    kind="torch",
    subject="module",
    returns="forecast",
    axes={"forecast": ("window", "forecast step")},
    allows=("torch.nn.GRU",),
    sizes=(
        options("one step ahead", T=6, B=4, H=3),
        options("three steps ahead", T=5, B=4, H=2, horizon=3),
        options("one window", T=4, B=1, H=3, horizon=2),
        options("as many windows as values", T=5, B=5, H=2, horizon=2),
        Size("float32", T=5, B=3, H=4, dtype="float32"),
    ),
    parts=(
        Part("the forecast", 2),
        Part("gradients for input and parameters", 1, gradients=True),
    ),
    book=at("comparison-forecaster"),
    mistakes=torch_mistakes.FORECASTER,
    alternatives=alternatives.FORECASTER,
)

IMAGES = (
    options("rnn", cell="rnn", T=5, B=3, I=4, H=2),
    options("gru", cell="gru", T=6, B=2, I=3, H=4),
    options("lstm", cell="lstm", T=4, B=5, I=3, H=2),
    options("lstm, square images, as many as rows", cell="lstm", T=4, B=4, I=4, H=3),
    options("gru, one image", cell="gru", T=3, B=1, I=3, H=2),
    Size("rnn, float32", T=5, B=3, I=4, H=2, dtype="float32", options={"cell": "rnn"}),
)

REFUSED = options("a cell that is none of the three", cell=UNKNOWN)

digit_rnn = Exercise(
    reference=DigitRNN,
    inputs=digit_case,
    kind="torch",
    subject="refusing module",
    returns="scores",
    axes={"scores": ("image", "class")},
    allows=("torch.nn.RNN", "torch.nn.GRU", "torch.nn.LSTM"),
    sizes=(*IMAGES, REFUSED),
    parts=(
        Part("rnn and gru", 1, cases=names_of(s for s in IMAGES if "lstm" not in s.name)),
        Part("lstm", 0.5, cases=names_of(s for s in IMAGES if "lstm" in s.name)),
        Part("a ValueError for any other cell", 0.5, cases=(REFUSED.name,)),
        Part("gradients for images and parameters", 1, cases=names_of(IMAGES), gradients=True),
    ),
    book=at("comparison-digits"),
    mistakes=torch_mistakes.DIGIT_RNN,
    alternatives=alternatives.DIGIT_RNN,
)

FLAT = (
    options("images", T=5, B=3, I=4, H=6),
    options("as many images as rows", T=4, B=4, I=3, H=5),
    options("square images, as many as rows", T=4, B=4, I=4, H=7),
    Size("float32", T=5, B=3, I=4, H=6, dtype="float32"),
)
ALONE = options("one image", T=4, B=1, I=6, H=8)

digit_dnn = Exercise(
    reference=DigitDNN,
    inputs=flat_case,
    kind="torch",
    subject="module",
    returns="scores",
    axes={"scores": ("image", "class")},
    sizes=(*FLAT, ALONE),
    parts=(
        Part("the scores", 1, cases=names_of(FLAT)),
        Part("one image in the batch", 0.5, cases=(ALONE.name,)),
        Part("gradients for images and parameters", 0.5, gradients=True),
    ),
    book=at("comparison-dnn"),
    mistakes=torch_mistakes.DIGIT_DNN,
    alternatives=alternatives.DIGIT_DNN,
)

EVEN = (
    options("even sides", T=6, B=3, I=4, H=2),
    options("as many images as rows", T=4, B=4, I=6, H=3),
    options("square images, as many as rows", T=4, B=4, I=4, H=2),
    Size("float32", T=6, B=3, I=4, H=2, dtype="float32"),
)
ODD = (
    options("odd sides", T=5, B=3, I=7, H=2),
    options("an odd number of rows", T=7, B=2, I=4, H=3),
)

digit_cnn = Exercise(
    reference=DigitCNN,
    inputs=window_case,
    kind="torch",
    subject="module",
    returns="scores",
    axes={"scores": ("image", "class")},
    sizes=(*EVEN, *ODD, ALONE),
    parts=(
        Part("images with even sides", 1, cases=names_of(EVEN)),
        Part("images with odd sides", 0.5, cases=names_of(ODD)),
        Part("one image in the batch", 0.5, cases=(ALONE.name,)),
        Part("gradients for images and parameters", 1, gradients=True),
    ),
    book=at("comparison-cnn"),
    mistakes=torch_mistakes.DIGIT_CNN,
    alternatives=alternatives.DIGIT_CNN,
)

bag_of_embeddings = Exercise(
    reference=BagOfEmbeddings,
    inputs=bag_case,
    kind="torch",
    subject="module",
    returns="scores",
    axes={"scores": ("text", "class")},
    sizes=(
        options("unequal lengths", T=5, B=4, H=3),
        options("many words", T=9, B=3, H=2),
        options("one word each", T=1, B=3, H=4),
        options("one text", T=6, B=1, H=3),
        Size("float32", T=4, B=3, H=2, dtype="float32"),
    ),
    parts=(
        Part("the scores", 2),
        Part("gradients for the parameters", 1, gradients=True),
    ),
    book=at("comparison-bag"),
    mistakes=torch_mistakes.BAG_OF_EMBEDDINGS,
    alternatives=alternatives.BAG_OF_EMBEDDINGS,
)

EXERCISES = (
    training,
    char_gru,
    generation,
    forecaster,
    digit_rnn,
    digit_dnn,
    digit_cnn,
    bag_of_embeddings,
)
