"""Plain data: JSON and raw arrays, the only form in which cases and observations travel."""

import json

import numpy as np


def pack(value):
    """Take a nested value apart into JSON text and a list of arrays.

    Parameters
    ----------
    value : nested dicts (string keys), lists, tuples, strings, numbers, booleans, None and
        NumPy arrays (no object arrays)

    Returns
    -------
    text : str, JSON in which each array is a number in the list
    arrays : list of arrays

    Errors
    ------
    TypeError where a part of the value is none of these.
    """
    arrays = []

    def walk(part):
        if part is None or isinstance(part, bool | int | float | str):
            return part
        if isinstance(part, np.ndarray) and part.dtype.kind in "biufU":
            arrays.append(part)
            return {"$array": len(arrays) - 1}
        if isinstance(part, tuple):
            return {"$tuple": [walk(item) for item in part]}
        if isinstance(part, list):
            return [walk(item) for item in part]
        if isinstance(part, dict) and all(isinstance(key, str) for key in part):
            return {key: walk(item) for key, item in part.items()}
        raise TypeError(f"not plain data: {type(part).__name__}")

    return json.dumps(walk(value)), arrays


def unpack(text, arrays):
    """Put together again what ``pack`` took apart.

    Parameters
    ----------
    text : str, JSON
    arrays : list of arrays

    Returns
    -------
    the nested value
    """

    def restore(part):
        if "$array" in part:
            return arrays[part["$array"]]
        if "$tuple" in part:
            return tuple(part["$tuple"])
        return part

    return json.loads(text, object_hook=restore)


def save(path, value):
    """Write a nested value to one .npz file that holds no pickle."""
    text, arrays = pack(value)
    named = {f"array_{k}": array for k, array in enumerate(arrays)}
    np.savez_compressed(path, json=np.array(text), **named)


def load(path):
    """Read what ``save`` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        arrays = [archive[f"array_{k}"] for k in range(len(archive.files) - 1)]
        return unpack(archive["json"].item(), arrays)
