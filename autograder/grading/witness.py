"""What a child says about an answer, checked: an observation of the right form, or none.

The child's process belongs to the student. A false observation can only be about the student's
own answer, but one of a wrong form could trip the judge.
"""

import numpy as np

from .outputs import clean

MAX_ITEMS = 100
MAX_DEPTH = 8
MAX_PROBLEM = 500
LEAVES = {"none", "text", "number", "array", "tensor", "other"}
STAGES = {
    "exists",
    "callable",
    "written",
    "signature",
    "builds",
    "module",
    "parameters",
    "runs",
    "structure",
}
"""Stages at which a call can stop; see ``probe``."""


class FalseWitness(Exception):
    """What a child says is no observation."""


def checked(said, contract):
    """Check an observation's form.

    Parameters
    ----------
    said : plain data, of any kind
    contract : Contract

    Returns
    -------
    dict, an observation as ``probe.observe`` makes it

    Errors
    ------
    FalseWitness
    """
    _demand(isinstance(said, dict))
    observation = {
        "problem": _problem(said.get("problem")),
        "value": None,
        "changed": [],
        "repeats": True,
    }
    if contract.kind == "torch":
        observation |= {"gradients": {}, "gradient_problem": None}
    if observation["problem"]:
        return observation
    changed = said.get("changed")
    _demand(isinstance(changed, list) and len(changed) <= MAX_ITEMS)
    _demand(isinstance(said.get("repeats"), bool))
    observation["value"] = _value(said.get("value"), 0)
    observation["changed"] = [clean(name, 200) for name in changed]
    observation["repeats"] = said["repeats"]
    if contract.kind == "torch":
        gradients = said.get("gradients")
        _demand(isinstance(gradients, dict) and len(gradients) <= MAX_ITEMS)
        _demand(all(g is None or isinstance(g, np.ndarray) for g in gradients.values()))
        observation["gradients"] = gradients
        observation["gradient_problem"] = _problem(said.get("gradient_problem"), {"gradients"})
    return observation


def stopped(contract, kind, message):
    """The observation of an answer that was stopped from outside."""
    problem = {"stage": "runs", "type": kind, "message": message, "line": ""}
    return checked({"problem": problem}, contract)


def _demand(right):
    if not right:
        raise FalseWitness


def _problem(said, more=frozenset()):
    if said is None:
        return None
    _demand(isinstance(said, dict) and said.get("stage") in STAGES | set(more))
    parts = {key: said.get(key) for key in ("type", "message", "line")}
    _demand(all(isinstance(part, str) for part in parts.values()))
    return {"stage": said["stage"]} | {k: clean(part, MAX_PROBLEM) for k, part in parts.items()}


def _value(said, depth):
    _demand(depth <= MAX_DEPTH)
    if isinstance(said, list | tuple):
        _demand(len(said) <= MAX_ITEMS)
        return type(said)(_value(item, depth + 1) for item in said)
    _demand(isinstance(said, dict))
    if "dict" in said:
        inside = said["dict"]
        _demand(isinstance(inside, dict) and len(inside) <= MAX_ITEMS)
        return {"dict": {clean(k, 200): _value(v, depth + 1) for k, v in inside.items()}}
    leaf = said.get("leaf")
    _demand(leaf in LEAVES and isinstance(said.get("type"), str))
    checked_leaf = {"leaf": leaf, "type": clean(said["type"], 200)}
    if leaf == "text":
        _demand(isinstance(said.get("text"), str))
        checked_leaf["text"] = clean(said["text"], 1000)
    if leaf in ("number", "array", "tensor"):
        _demand(isinstance(said.get("array"), np.ndarray))
        checked_leaf["array"] = said["array"]
    if leaf == "number":
        _demand(said["array"].shape == ())
    if leaf == "tensor":
        checked_leaf["attached"] = said.get("attached") is True
    return checked_leaf
