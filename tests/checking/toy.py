"""Small exercises of the tests' own, so that the checks are tested apart from any assignment."""

import numpy as np
import torch
from torch import nn

from autograder.checking.contract import Part
from autograder.checking.exercise import Exercise, Mistake, Size
from autograder.checking.probe import observe


def blend(a, b, gate):
    """Blend two arrays."""
    mixed = gate * a + (1 - gate) * b
    return mixed, mixed.sum(axis=0)


BLEND = Exercise(
    reference=blend,
    inputs=lambda draw: {
        "a": draw.normal(draw.T, draw.B, draw.H),
        "b": draw.normal(draw.T, draw.B, draw.H),
        "gate": draw.gate(draw.T, draw.B, draw.H),
    },
    returns=("mixed", "total"),
    axes={"mixed": ("timestep", "batch row", "unit"), "total": ("batch row", "unit")},
    parts=(
        Part("one step", 1, cases=("one step",)),
        Part("mixed", 2, outputs=("mixed",)),
        Part("total", 1, outputs=("total",)),
    ),
    mistakes=(
        Mistake(
            "gate on the wrong side",
            "Which of the two does the gate keep?",
            edits=(("gate * a + (1 - gate) * b", "(1 - gate) * a + gate * b"),),
        ),
        Mistake(
            "summed over the batch",
            "Over which axis is the sum?",
            edits=(("axis=0", "axis=1"),),
        ),
        Mistake(
            "mean for sum",
            "A sum grows with the number of steps.",
            edits=((".sum(axis=0)", ".mean(axis=0)"),),
        ),
        Mistake("b left out", "Both have a share.", edits=((" + (1 - gate) * b", ""),)),
    ),
    book="toy.html#blend",
    composes=True,
)


def total(a):
    """Sum over the batch, by ``double``'s half."""
    return double(a).sum(axis=0) / 2


def double(a):
    """Twice the array."""
    return 2 * a


DOUBLE = Exercise(
    reference=double,
    inputs=lambda draw: {"a": draw.normal(draw.B, draw.H)},
    returns="twice",
    axes={"twice": ("batch row", "unit")},
    parts=(Part("twice", 1),),
)

TOTAL = Exercise(
    reference=total,
    inputs=lambda draw: {"a": draw.normal(draw.B, draw.H)},
    returns="total",
    axes={"total": ("unit",)},
    parts=(Part("a batch of one", 1, cases=("a batch of one",)), Part("every batch", 1)),
    uses=("double",),
)


def measure(a):
    """Twice the array, and its shape."""
    return {"twice": 2 * a, "shape": a.shape}


MEASURE = Exercise(
    reference=measure,
    inputs=lambda draw: {"a": draw.normal(draw.B)},
    returns={"twice": "twice the array", "shape": "shape"},
    parts=(
        Part("one row", 1, cases=("a batch of one",)),
        Part("twice", 1, outputs=("twice the array",)),
        Part("the shape", 1, outputs=("shape",)),
    ),
)


class Scale(nn.Module):
    """Scale the input by a weight and shift it by a bias."""

    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(size).uniform_(-1, 1))
        self.bias = nn.Parameter(torch.empty(size).uniform_(-1, 1))

    def forward(self, x):
        return x * self.weight, x + self.bias


SCALE = Exercise(
    reference=Scale,
    inputs=lambda draw: {
        "dtype": draw.dtype,
        "init": {"size": 80},
        "parameters": {"weight": draw.normal(80), "bias": draw.normal(80)},
        "arguments": {"x": draw.normal(draw.B, 80)},
    },
    kind="torch",
    subject="module",
    returns=("scaled", "shifted"),
    axes={name: ("batch row", "unit") for name in ("scaled", "shifted")},
    sizes=(Size("three rows", initial=True), Size("float32", dtype="float32")),
    parts=(
        Part("scaled", 1, outputs=("scaled",)),
        Part("shifted", 1, outputs=("shifted",)),
        Part("gradients", 1, gradients=True),
    ),
)

SEED = 7


def check(exercise, answer, seed=SEED):
    """The verdict on an answer."""
    return exercise.check(answer, seed)


def look(exercise, answer, seed=SEED):
    """Cases, what is right in them, and what is observed of an answer."""
    cases = exercise.cases(seed)
    namespace = {exercise.name: answer}
    return (
        cases,
        exercise.expected(cases),
        [observe(exercise.contract, namespace, c) for c in cases],
    )


def array(*shape):
    """Numbers to play with."""
    return np.arange(np.prod(shape), dtype=float).reshape(shape)
