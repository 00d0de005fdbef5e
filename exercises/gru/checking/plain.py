"""Plain data: JSON and raw array bytes, the only form in which cases and observations travel."""

import json
import math

import numpy as np

KINDS = "biuf"
"""Kinds of dtype that may travel: booleans, integers and floating-point numbers."""


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
        if part is None or isinstance(part, bool | int | float | str):
            return part
        if isinstance(part, np.ndarray) and part.dtype.kind in KINDS:
            start = len(raw)
            raw.extend(part.tobytes())
            return {"$array": [part.dtype.str, list(part.shape), start]}
        if isinstance(part, tuple):
            return {"$tuple": [walk(item) for item in part]}
        if isinstance(part, list):
            return [walk(item) for item in part]
        if isinstance(part, dict) and all(isinstance(key, str) for key in part):
            return {key: walk(item) for key, item in part.items()}
        raise TypeError(f"not plain data: {type(part).__name__}")

    return json.dumps(walk(value)), bytes(raw)


def unpack(text, raw):
    """Put together again what ``pack`` took apart.

    Parameters
    ----------
    text : str, JSON
    raw : bytes

    Returns
    -------
    the nested value, its arrays new and writable

    Errors
    ------
    ValueError where the text is no such JSON or points outside the bytes. Nothing in either is
    ever executed or unpickled, so that they may come from anywhere.
    """

    def restore(part):
        if "$array" in part:
            return _array(part["$array"], raw)
        if "$tuple" in part:
            return tuple(part["$tuple"])
        return part

    try:
        return json.loads(text, object_hook=restore)
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"not plain data: {error}") from None


def _array(place, raw):
    code, shape, start = place
    dtype = np.dtype(code)
    whole = [start, *shape]
    if dtype.kind not in KINDS or not all(type(n) is int and n >= 0 for n in whole):
        raise ValueError("not plain data: an array of another kind")
    count = math.prod(shape)
    if len(shape) > 32 or start + count * dtype.itemsize > len(raw):
        raise ValueError("not plain data: an array that lies outside its bytes")
    return np.frombuffer(raw, dtype, count, start).reshape(shape).copy()


def save(path, value):
    """Write a nested value to one .npz file that holds no pickle."""
    text, raw = pack(value)
    np.savez_compressed(path, json=np.array(text), raw=np.frombuffer(raw, np.uint8))


def load(path):
    """Read what ``save`` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        return unpack(archive["json"].item(), archive["raw"].tobytes())
