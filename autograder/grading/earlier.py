"""Right versions of earlier answers: they live with who asks, and are called from the sandbox.

What an exercise builds on is called in the process that judges, so that no right answer ever lies
where a student's code runs. Arguments and results travel as plain data. A generator of random
numbers travels as its state, and comes back with the state that the call left it in. A recurrent
module of PyTorch travels as its class, its arguments and its parameters, and the gradients of
tensors are asked for with a second call when the backward pass arrives.
"""

import math
import signal

import numpy as np
import torch
from torch import nn

from . import wire

MAX_VALUES = 2_048
"""Numbers in all arguments of one call, and the largest number that may be a size."""
MAX_AXES = 3
"""Axes of one argument."""
MAX_MADE = 2**17
"""Numbers that a call may make of them: by broadcasting, few numbers can become many."""
MODULES = ("RNN", "LSTM", "GRU")
"""The modules that may be arguments."""
SETTINGS = (
    "input_size",
    "hidden_size",
    "num_layers",
    "bias",
    "batch_first",
    "dropout",
    "bidirectional",
)
"""What such a module is built with."""


LARGE = "something other than small arrays"


class _NotCarried(Exception):
    """Something is no argument that could travel; says what."""


# --- in the sandbox -----------------------------------------------------------------------------


def stand_in(sock, name, kind):
    """A right version of an earlier answer, for use in the sandbox.

    Parameters
    ----------
    sock : connected socket to who asks
    name : str, the earlier exercise
    kind : str, ``"numpy"`` or ``"torch"``: what it is given and what it returns

    Returns
    -------
    function
    """

    def ask(message):
        # An alarm between question and answer would leave the answer for the next question.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        try:
            wire.send(sock, {"call": name} | message)
            reply = wire.receive(sock)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
        if "error" in reply:
            raise TypeError(reply["error"])
        return reply

    def function(*args, **kwargs):
        given = [list(args), kwargs]
        message = {"arguments": _sent(given[0], kind), "named": _sent(kwargs, kind)}
        if kind == "torch":
            return _attached(ask, message, list(_tensors(given)))
        reply = ask(message)
        for rng, state in zip(_all(np.random.Generator, given), reply["generators"], strict=True):
            rng.bit_generator.state = state
        return reply["value"]

    function.__name__ = function.__qualname__ = name
    # As the notebook's own: an answer has no cause to do something else where it stands in.
    function.__module__ = "__main__"
    return function


def _sent(value, kind):
    """Arguments as plain data."""
    if isinstance(value, dict):
        return {key: _sent(item, kind) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_sent(item, kind) for item in value)
    if isinstance(value, np.random.Generator):
        return {"generator": value.bit_generator.state}
    if isinstance(value, torch.Tensor):
        return value.detach().numpy().copy()
    if kind == "torch" and type(value).__name__ in MODULES and isinstance(value, nn.RNNBase):
        return {
            "module": type(value).__name__,
            "settings": {name: getattr(value, name) for name in SETTINGS},
            "training": value.training,
            "parameters": {
                name: parameter.detach().numpy().copy()
                for name, parameter in value.named_parameters()
            },
        }
    return np.asarray(value) if isinstance(value, np.generic) else value


def _tensors(value):
    """All tensors of nested arguments or results, in one order; a module's are its parameters."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, nn.Module):
        yield from value.parameters()
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _tensors(item)


def _all(kind, value):
    """All objects of a kind in nested arguments, in one order."""
    if isinstance(value, kind):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _all(kind, item)


def _attached(ask, message, leaves):
    """What a call returns, as tensors whose backward pass asks for the gradients."""
    form = None

    class Remote(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *leaves):
            nonlocal form
            form = ask(message)["value"]
            flat = tuple(torch.from_numpy(array) for array in _all(np.ndarray, form))
            ctx.mark_non_differentiable(*(t for t in flat if not t.is_floating_point()))
            return flat

        @staticmethod
        def backward(ctx, *cotangents):
            back = [c.detach().numpy().copy() for c in cotangents]
            reply = ask(message | {"cotangents": back})
            return tuple(g if g is None else torch.from_numpy(g) for g in reply["gradients"])

    flat = iter(Remote.apply(*leaves))
    return _mapped(form, lambda array: next(flat))


def _mapped(value, change):
    """Nested data with something else for each array or tensor."""
    if isinstance(value, np.ndarray | torch.Tensor):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_mapped(item, change) for item in value)
    return value


# --- where the answer is judged -----------------------------------------------------------------


def can_be_called(exercise):
    """Whether an exercise's right version can be called from the sandbox: a class can't."""
    return not isinstance(exercise.reference, type)


def reply(exercise, said, single=False):
    """Call the right version of an earlier answer for the sandbox.

    Parameters
    ----------
    exercise : Exercise
    said : dict, what the sandbox sent: any plain data at all
    single : bool, whether networks must have one layer and one direction

    Returns
    -------
    dict with ``value`` and ``generators``, with ``gradients`` where ``said`` has ``cotangents``,
    or with ``error``, in words
    """
    name = exercise.name
    try:
        arguments, named, track = said.get("arguments"), said.get("named"), exercise.kind == "torch"
        if not isinstance(arguments, list) or not isinstance(named, dict):
            raise _NotCarried("something that is no plain data")
        given = list(_all(np.ndarray, [arguments, named]))
        longest = sorted((n for array in given for n in array.shape), reverse=True)[:MAX_AXES]
        if sum(array.size for array in given) > MAX_VALUES or math.prod(longest) > MAX_MADE:
            raise _NotCarried(LARGE)
        arguments, named = _received(arguments, track), _received(named, track)
        networks = _all(nn.RNNBase, [arguments, named])
        if single and any(n.num_layers > 1 or n.bidirectional for n in networks):
            raise _NotCarried("a network of several layers or of both directions")
        with np.errstate(all="ignore"), torch.enable_grad():
            value = exercise.reference(*arguments, **named)
        if "cotangents" in said:
            return {"gradients": _pulled_back([arguments, named], value, said["cotangents"])}
        states = [rng.bit_generator.state for rng in _all(np.random.Generator, [arguments, named])]
        value = _mapped(value, lambda a: a.detach().numpy() if track else a)
        return {"value": value, "generators": states}
    except _NotCarried as error:
        return {"error": f"{name} was called with {error}"}
    except Exception as error:
        return {"error": f"{name}: {error}"[:300]}


def _received(value, track, depth=0):
    """Arguments again, from plain data; tensors where they are to be tracked."""
    if depth > 4 or (isinstance(value, str | dict | list | tuple) and len(value) > 100):
        raise _NotCarried(LARGE)
    alone = isinstance(value, np.ndarray | int | float) and np.ndim(value) == 0
    if alone and np.isfinite(value) and abs(value) > MAX_VALUES:
        # It may be a number of steps.
        raise _NotCarried(LARGE)
    if isinstance(value, np.ndarray):
        if value.size == 0 or value.ndim > MAX_AXES:
            raise _NotCarried(LARGE)
        if value.dtype.kind in "iu" and not -MAX_VALUES <= value.min() <= value.max() <= MAX_VALUES:
            # They may be lengths.
            raise _NotCarried(LARGE)
        if not track:
            return value
        tensor = torch.from_numpy(value)
        return tensor.requires_grad_() if tensor.is_floating_point() else tensor
    if isinstance(value, dict):
        if "generator" in value:
            return _generator(value["generator"])
        if "module" in value:
            return _module(value)
        return {key: _received(item, track, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_received(item, track, depth + 1) for item in value)
    return value


def _generator(state):
    """A generator in a state that the sandbox says: NumPy's own PCG64, in one that it can have."""
    inner = state.get("state") if isinstance(state, dict) else None
    if not isinstance(inner, dict) or state.get("bit_generator") != "PCG64":
        raise _NotCarried("a generator other than that of np.random.default_rng")
    numbers = [inner.get("state"), inner.get("inc"), state.get("has_uint32"), state.get("uinteger")]
    limits = (2**128, 2**128, 2, 2**32)
    if not all(type(n) is int and 0 <= n < end for n, end in zip(numbers, limits, strict=True)):
        raise _NotCarried("a generator in no state of its own")
    made = np.random.PCG64()
    # An even increment would let it repeat itself, and who draws until something fits not end.
    made.state = {
        "bit_generator": "PCG64",
        "state": {"state": numbers[0], "inc": numbers[1] | 1},
        "has_uint32": numbers[2],
        "uinteger": numbers[3],
    }
    return np.random.Generator(made)


def _module(spec):
    """A small recurrent module of PyTorch as the sandbox describes it."""
    settings, parameters = spec.get("settings"), spec.get("parameters")
    if (
        spec["module"] not in MODULES
        or not isinstance(settings, dict)
        or not isinstance(parameters, dict)
        or settings.keys() != set(SETTINGS)
        or not all(type(n) in (bool, int, float) and 0 <= n <= 64 for n in settings.values())
        or settings["num_layers"] > 8
    ):
        raise _NotCarried("a module that is too large")
    module = getattr(nn, spec["module"])(**settings).train(spec.get("training") is True)
    own = dict(module.named_parameters())
    if own.keys() != parameters.keys():
        raise _NotCarried("a module of other parameters than its class has")
    for name, value in parameters.items():
        if not isinstance(value, np.ndarray) or value.shape != tuple(own[name].shape):
            raise _NotCarried("a module of other parameters than its class has")
        own[name].data = torch.from_numpy(value)
    return module


def _pulled_back(arguments, value, cotangents):
    """Gradients of results with respect to all tensors of the arguments, one for each."""
    leaves = list(_tensors(arguments))
    results = [t for t in _tensors(value)]
    if not isinstance(cotangents, list) or len(cotangents) != len(results):
        raise _NotCarried("other gradients than it has results")
    pairs = [
        (t, torch.from_numpy(c)) for t, c in zip(results, cotangents, strict=True) if t.grad_fn
    ]
    asked = [leaf for leaf in leaves if leaf.requires_grad]
    found = iter(
        torch.autograd.grad([t for t, _ in pairs], asked, [c for _, c in pairs], allow_unused=True)
    )
    gradients = [next(found) if leaf.requires_grad else None for leaf in leaves]
    return [g if g is None else g.detach().numpy() for g in gradients]
