"""Plain data: what goes in comes out, and nothing hostile gets through."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.checking import plain

STEADY = settings(derandomize=True, deadline=None, max_examples=150)

ARRAYS = hnp.arrays(
    st.sampled_from(["<f8", "<f4", "<i8", "|b1", "|u1", "<f2"]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False) | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.just("$array") | st.just("$$x"), inner)
    ),
    max_leaves=12,
)


def equal(a, b):
    if isinstance(a, np.ndarray):
        return (
            isinstance(b, np.ndarray)
            and (a.dtype, a.shape) == (b.dtype, b.shape)
            and a.tobytes() == b.tobytes()
        )
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(equal, a, b))
    return type(a) is type(b) and a == b


@STEADY
@given(PLAIN)
def test_what_goes_in_comes_out(value):
    assert equal(value, plain.unpack(*plain.pack(value)))


def test_a_file_keeps_a_value_without_pickle(tmp_path):
    value = {"a": np.arange(6.0).reshape(2, 3), "b": (1, [None, "two"])}
    plain.save(tmp_path / "value.npz", value)
    assert equal(value, plain.load(tmp_path / "value.npz"))
    with np.load(tmp_path / "value.npz", allow_pickle=False) as archive:
        assert set(archive) == {"json", "raw"}


@pytest.mark.parametrize("value", [object(), {1: 2}, np.array([None]), {"a": {3}}, np.array(1j)])
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(TypeError, match="not plain data"):
        plain.pack(value)


def array(*place):
    return json.dumps({"$array": list(place)})


HOSTILE = {
    "no JSON": "{",
    "deep nesting": "[" * 100_000,
    "a long number": "9" * 10_000,
    "an array of objects": array("|O", [1], 0),
    "a structured dtype": array("f8,f8", [1], 0),
    "a dtype with a shape": array("(1000000,)f8", [1], 0),
    "a dtype that is no text": array({"names": ["a"], "formats": ["f8"]}, [1], 0),
    "a dtype that there isn't": array("<f3", [1], 0),
    "a negative size": array("<f8", [-1], 0),
    "a size that is no number": array("<f8", ["3"], 0),
    "a size that is true": array("<f8", [True], 0),
    "no shape": array("<f8", 3, 0),
    "too many axes": array("<f8", [1] * 40, 0),
    "a huge size": array("<f8", [2**62, 2**62], 0),
    "nothing of a huge size": array("<f8", [0, 2**62], 0),
    "more than there is": array("<f8", [100], 0),
    "a start in the middle": array("|u1", [4], 4),
    "a start before the beginning": array("|u1", [4], -4),
    "a start that is no whole number": array("|u1", [8], 0.0),
    "too few fields": array("<f8", [1]),
    "other keys": json.dumps({"$array": ["|u1", [8], 0], "x": 1}),
    "an array as a number": json.dumps({"$array": 3}),
    "a tuple as a number": json.dumps({"$tuple": 3}),
    "a tuple as text": json.dumps({"$tuple": "abc"}),
    "bytes used twice": json.dumps([{"$array": ["|u1", [8], 0]}] * 2),
    "bytes not used": "[]",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_a_value_error(text):
    with pytest.raises(ValueError):
        plain.unpack(text, bytes(8))


@STEADY
@given(st.text(max_size=40) | PLAIN.map(lambda value: plain.pack(value)[0]), st.binary(max_size=80))
def test_any_text_and_bytes_give_a_value_or_a_value_error(text, raw):
    try:
        value = plain.unpack(text, raw)
    except ValueError:
        return
    plain.pack(value)


@STEADY
@given(PLAIN, st.data())
def test_a_damaged_text_gives_a_value_or_a_value_error(value, data):
    text, raw = plain.pack(value)
    at = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:at] + data.draw(st.characters(codec="ascii")) + text[at + 1 :]
    try:
        plain.unpack(damaged, raw)
    except ValueError:
        return


def test_no_more_memory_than_the_bytes_that_came():
    many = json.dumps([{"$array": ["|u1", [8], 0]} for _ in range(1000)])
    with pytest.raises(ValueError, match="outside its bytes"):
        plain.unpack(many, bytes(8))


def test_a_limit_is_kept_before_anything_is_read():
    with pytest.raises(ValueError, match="more than 10"):
        plain.unpack("[1, 2, 3, 4, 5]", b"", limit=10)
