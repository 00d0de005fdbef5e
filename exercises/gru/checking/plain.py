"""Plain data: JSON and raw array bytes, the only form in which cases and observations travel."""

import functools
import json
import math
import re

import numpy as np

KINDS = "biuf"
"""Kinds of dtype that may travel: booleans, integers and floating-point numbers."""

DTYPE = re.compile(r"[<>|=]?[biuf][0-9]{1,2}")
"""How a dtype is written. NumPy's own reader knows more forms, some of them costly."""


def pack(value):
    """Take a nested value apart into JSON text and the bytes of its arrays.

    Parameters
    ----------
    value : nested dicts (string keys), lists, tuples, strings, numbers, booleans, None and
        NumPy arrays of numbers

    Returns
    -------
    text : str, JSON in which each array is its dtype, shape and place in the bytes
    raw : bytes, all arrays one after the other

    Errors
    ------
    TypeError where a part of the value is none of these.
    """
    raw = bytearray()

    def walk(part):
        if part is None or isinstance(part, str | bool | int | float):
            return part
        if isinstance(part, dict):
            taken = {}
            for key, item in part.items():
                if not isinstance(key, str):
                    raise TypeError(f"not plain data: a key of type {type(key).__name__}")
                # A key of the value's own that starts like ours gets another "$".
                taken["$" + key if key[:1] == "$" else key] = walk(item)
            return taken
        if isinstance(part, np.ndarray) and part.dtype.kind in KINDS:
            start = len(raw)
            raw.extend(part.tobytes())
            return {"$array": [part.dtype.str, part.shape, start]}
        if isinstance(part, tuple):
            return {"$tuple": list(map(walk, part))}
        if isinstance(part, list):
            return list(map(walk, part))
        raise TypeError(f"not plain data: {type(part).__name__}")

    return json.dumps(walk(value)), bytes(raw)


def arrays(value):
    """All arrays in a nested value, in the order in which ``pack`` lays them out."""
    if isinstance(value, np.ndarray):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    nested = isinstance(value, dict | tuple | list)
    return [array for item in items for array in arrays(item)] if nested else []


def unpack(text, raw, limit=None):
    """Put together again what ``pack`` took apart.

    Parameters
    ----------
    text : str, JSON
    raw : bytes
    limit : int, how many characters and bytes there may be in all, or None

    Returns
    -------
    the nested value, its arrays new and writable

    Errors
    ------
    ValueError where the text is no such JSON, is longer than the limit, or doesn't lay its arrays
    out one after the other over the bytes. Nothing in either is ever executed or unpickled, and
    no more memory is taken than in proportion to both, so that they may come from anywhere.
    """
    if limit is not None and len(text) + len(raw) > limit:
        raise ValueError(f"not plain data: more than {limit} characters and bytes")
    taken = 0

    def restore(part):
        nonlocal taken
        if "$array" in part or "$tuple" in part:
            if len(part) != 1:
                raise ValueError("not plain data: a mark among other keys")
            if "$tuple" in part:
                if not isinstance(part["$tuple"], list):
                    raise ValueError("not plain data: a tuple of another form")
                return tuple(part["$tuple"])
            array, taken = _array(part["$array"], raw, taken)
            return array
        return {key[1:] if key.startswith("$$") else key: item for key, item in part.items()}

    try:
        value = json.loads(text, object_hook=restore)
    except (TypeError, KeyError, RecursionError, OverflowError, MemoryError) as error:
        raise ValueError(f"not plain data: {error}") from None
    if taken != len(raw):
        raise ValueError("not plain data: bytes that belong to no array")
    return value


@functools.lru_cache(100)
def _dtype(code):
    """The dtype that a code stands for, if it may travel."""
    dtype = np.dtype(code) if DTYPE.fullmatch(code) else None
    return dtype if dtype is not None and dtype.kind in KINDS else None


def _array(place, raw, taken):
    """The array that starts where the one before it ended, and where it ends."""
    code, shape, start = place
    dtype = _dtype(code) if isinstance(code, str) else None
    if dtype is None:
        raise ValueError("not plain data: an array of another kind")
    if not isinstance(shape, list) or len(shape) > 32:
        raise ValueError("not plain data: an array without a shape")
    fits = type(start) is int and start == taken
    for n in shape:
        fits = fits and type(n) is int and 0 <= n < 2**40
    end = start + math.prod(shape) * dtype.itemsize if fits else 0
    if not fits or end > len(raw):
        raise ValueError("not plain data: an array that lies outside its bytes")
    return np.ndarray(shape, dtype, raw, start).copy(), end


def save(path, value):
    """Write a nested value to one .npz file that holds no pickle."""
    text, raw = pack(value)
    np.savez_compressed(path, json=np.array(text), raw=np.frombuffer(raw, np.uint8))


def load(path):
    """Read what ``save`` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        return unpack(archive["json"].item(), archive["raw"].tobytes())
