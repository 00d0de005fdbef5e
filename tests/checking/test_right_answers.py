"""A right answer never fails: drawn shapes, seeds and ways to write the same thing."""

import contextlib
import dataclasses
import functools
import itertools
import sys
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from autograder.checking.exercise import Size
from autograder.checking.feedback import as_text
from autograder.checking.probe import observe
from autograder.exercises import CHAPTERS

STEADY = settings(derandomize=True, deadline=None, max_examples=12)

EXERCISES = {f"{chapter} {e.name}": e for chapter, exercises in CHAPTERS.items() for e in exercises}
NUMPY = {name: e for name, e in EXERCISES.items() if e.kind == "numpy"}
TORCH = {name: e for name, e in EXERCISES.items() if e.subject == "module"}


def passes(exercise, answer, seed, cells=None):
    """Assert that an answer gets all points."""
    namespace = {exercise.name: answer}

    def ask(drawn, names):
        return [observe(exercise.contract, namespace, case) for case in drawn.cases]

    verdict = exercise.assess(ask, seed, cells)
    assert (verdict.status, verdict.points) == ("pass", exercise.points), as_text(verdict)


# --- shapes and seeds ---------------------------------------------------------------------------

SHAPES = st.builds(
    Size,
    name=st.just("drawn"),
    T=st.integers(1, 7),
    B=st.integers(1, 5),
    I=st.integers(1, 5),
    H=st.integers(1, 6),
    scale=st.sampled_from([0.01, 0.5, 3.0, 50.0]),
    dtype=st.sampled_from(["float64", "float64", "float32"]),
)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
@STEADY
@given(drawn=SHAPES, seed=st.integers(0, 2**32 - 1), data=st.data())
def test_right_for_any_shape_and_seed(exercise, drawn, seed, data):
    like = data.draw(st.sampled_from(exercise.sizes))
    size = dataclasses.replace(drawn, name=like.name, options=like.options)
    one = dataclasses.replace(exercise, sizes=(size,))
    others = data.draw(st.sampled_from((exercise.reference, *exercise.alternatives)))
    # float32 answers are judged by their tolerance at the scales that the cases have.
    if size.dtype == "float32" and size.scale > 0.5:
        size = dataclasses.replace(size, dtype="float64")
        one = dataclasses.replace(exercise, sizes=(size,))
    if not makes_sense(one, seed):
        one = dataclasses.replace(exercise, sizes=(like,))
    passes(one, others, seed)


def makes_sense(exercise, seed):
    """Whether a case of the drawn sizes exists: lengths, chunks and options can exclude it."""
    try:
        return not any(seen["problem"] for seen in exercise.expected(exercise.cases(seed)))
    except (ValueError, IndexError, ZeroDivisionError, RuntimeError):
        return False


# --- ways to write a function -------------------------------------------------------------------


class Called:
    """An object that is called like a function, and one that has it as a method."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *args):
        return self.function(*args)

    def method(self, *args):
        return self.function(*args)


def talking(function):
    def answer(*args):
        print("working on it", args)
        print("still working", file=sys.stderr)
        sys.stdout.flush()
        warnings.warn("slow", RuntimeWarning, stacklevel=1)
        np.log(np.zeros(2))
        return function(*args)

    return answer


def hinted(function):
    def answer(*args: "np.ndarray") -> "np.ndarray | tuple | dict":
        return function(*args)

    return answer


def raising_inside(function):
    def answer(*args):
        with contextlib.suppress(ZeroDivisionError):
            int("1") / 0
        return function(*args)

    return answer


def importing(function):
    def answer(*args):
        import collections
        import math

        assert collections.OrderedDict() is not math.pi
        return function(*args)

    return answer


def counting(function):
    count = itertools.count()

    def answer(*args):
        next(count)
        return function(*args)

    return answer


def threaded(function):
    def answer(*args):
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(function, *args).result()

    return answer


def strict(function):
    def answer(*args):
        with np.errstate(all="warn"):
            return function(*args)

    return answer


def through(change):
    """A way that changes every array that comes back."""

    def way(function):
        def answer(*args):
            return _each(change, function(*args))

        return answer

    return way


def _each(change, value):
    if isinstance(value, tuple | list) and not all(isinstance(v, int) for v in value):
        return tuple(_each(change, item) for item in value)
    if isinstance(value, dict):
        return {key: _each(change, item) for key, item in value.items()}
    return change(value) if isinstance(value, np.ndarray) else value


def reversed_view(a):
    """The same values, with a negative stride on every axis."""
    back = tuple(slice(None, None, -1) for _ in a.shape)
    return a[back].copy()[back]


def strided(a):
    """The same values in every other place of a bigger buffer."""
    buffer = np.full((*a.shape, 2), np.nan, a.dtype)
    buffer[..., 0] = a
    return buffer[..., 0]


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


class Labelled(np.ndarray):
    """An array of a kind of its own."""


def scalars(a):
    """Built up from NumPy scalars."""
    new = np.empty_like(a)
    for at in np.ndindex(a.shape):
        new[at] = a.dtype.type(a[at])
    return new


def listed(function):
    def answer(*args):
        value = function(*args)
        return list(value) if isinstance(value, tuple) else value

    return answer


WAYS = {
    "a lambda": lambda f: lambda *args: f(*args),
    "a bound method": lambda f: Called(f).method,
    "a callable object": Called,
    "a partial": lambda f: functools.partial(lambda _, *args: f(*args), 1),
    "a cached function": lambda f: functools.wraps(f)(lambda *args: f(*args)),
    "a static method": lambda f: staticmethod(f),
    "prints and warnings": talking,
    "type hints": hinted,
    "an error caught inside": raising_inside,
    "imports inside": importing,
    "a counter beside it": counting,
    "a thread": threaded,
    "its own floating-point settings": strict,
    "Fortran order": through(np.asfortranarray),
    "negative strides": through(reversed_view),
    "strides": through(strided),
    "read only": through(read_only),
    "big-endian": through(lambda a: a.astype(a.dtype.newbyteorder(">"))),
    "a subclass": through(lambda a: a.view(Labelled)),
    "scalars": through(scalars),
    "double precision": through(lambda a: a.astype(np.float64) if a.dtype.kind == "f" else a),
    "rounded a little": through(lambda a: a * (1 + 1e-12) if a.dtype == np.float64 else a),
    "a list for a tuple": listed,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("exercise", NUMPY.values(), ids=NUMPY)
def test_right_in_whatever_way_it_is_written(exercise, way):
    if way is WAYS["a list for a tuple"] and isinstance(exercise.returns, dict):
        return
    passes(exercise, way(exercise.reference), 3)


@pytest.mark.parametrize("exercise", NUMPY.values(), ids=NUMPY)
def test_right_with_strange_arrays_for_inputs(exercise):
    # The answer of someone who makes its arguments contiguous, or lists, or views of others.
    for change in (np.asfortranarray, reversed_view, strided):

        def answer(*args, change=change):
            args = [change(a) if isinstance(a, np.ndarray) else a for a in args]
            return exercise.reference(*args)

        passes(exercise, answer, 4)


# --- ways to write a module ---------------------------------------------------------------------


def printing(module):
    class Printing(module):
        def forward(self, *args):
            print(self, *args)
            warnings.warn("slow", stacklevel=1)
            return super().forward(*args)

    return Printing


def registered(module):
    class Registered(module):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.register_buffer("note", torch.zeros(3))
            self.calls = 0
            self.nothing = nn.Identity()

        def forward(self, *args):
            self.calls += 1
            return self.nothing(super().forward(*args))

    return Registered


def out_of_order(module):
    class OutOfOrder(module):
        def forward(self, *args):
            value = super().forward(*args)
            if isinstance(value, torch.Tensor):
                return value.contiguous()
            return tuple(t.contiguous() if isinstance(t, torch.Tensor) else t for t in value)

    return OutOfOrder


def hooked(module):
    class Hooked(module):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.register_forward_hook(lambda *_: None)

    return Hooked


MODULES = {
    "prints": printing,
    "buffers": registered,
    "contiguous": out_of_order,
    "hooks": hooked,
    "a function that builds it": lambda m: lambda *args, **kwargs: m(*args, **kwargs),
    "a partial": lambda m: functools.partial(m),
}


@pytest.mark.parametrize("way", MODULES.values(), ids=MODULES)
@pytest.mark.parametrize("exercise", TORCH.values(), ids=TORCH)
def test_a_right_module_never_fails(exercise, way):
    passes(exercise, way(exercise.reference), 5)


@pytest.mark.parametrize("exercise", TORCH.values(), ids=TORCH)
def test_a_right_module_passes_whatever_the_notebook_has_set(exercise):
    dtype, enabled = torch.get_default_dtype(), torch.is_grad_enabled()
    try:
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.manual_seed(99)
        passes(exercise, exercise.reference, 6)
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(enabled)
