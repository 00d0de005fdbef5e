"""Call an answer on a case and write down what happened, as plain data.

This is the only part of a check that runs where the answer runs. It judges nothing: whoever owns
the process that it runs in could make it say anything about this answer, but nothing else.

An observation is a dict:

``problem``   None, or what stopped the call: ``stage``, ``type``, ``message``, ``line``
``value``     what came back, with each leaf a dict: ``leaf`` (its kind), ``type``, ``array``, …
``changed``   names of the inputs that the call changed
``repeats``   whether a second call with the same inputs gave the same
``gradients`` for PyTorch: a dict from name to array, or to None where no gradient arrived
``gradient_problem`` for PyTorch: what stopped the backward pass, like ``problem``
"""

import contextlib
import copy
import io
import linecache
import sys
import traceback
import types
import warnings

import numpy as np

MAX_ARRAY = 1_000_000
"""Values in one returned array beyond which it is not written down."""
MAX_DEPTH = 6


def observe(contract, namespace, case, helpers=None):
    """Call the answer that a namespace holds under the contract's name.

    Parameters
    ----------
    contract : Contract
    namespace : dict, the global names of the answer's notebook
    case : Case
    helpers : dict from name to function, right versions of earlier answers to be used in place of
        the namespace's own, or None

    Returns
    -------
    dict, the observation
    """
    empty = {"problem": None, "value": None, "changed": [], "repeats": True}
    if contract.kind == "torch":
        empty |= {"gradients": {}, "gradient_problem": None}
    if contract.name not in namespace:
        return empty | {"problem": {"stage": "exists", "type": "", "message": "", "line": ""}}
    answer = namespace[contract.name]
    if not callable(answer):
        message = type(answer).__name__
        return empty | {
            "problem": {"stage": "callable", "type": "", "message": message, "line": ""}
        }
    with _swapped(namespace, helpers or {}), _quiet():
        return empty | HARNESSES[contract.subject](contract, answer, case)


@contextlib.contextmanager
def _swapped(namespace, helpers):
    """Let the namespace hold the helpers for a while."""
    own = {name: namespace[name] for name in helpers if name in namespace}
    namespace.update(helpers)
    try:
        yield
    finally:
        for name in helpers:
            namespace.pop(name, None)
        namespace.update(own)


@contextlib.contextmanager
def _quiet():
    """Keep an answer's prints and warnings out of the feedback: they never cost points."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield


class _Stopped(Exception):
    """An answer stopped the call; carries the problem to be written down."""

    def __init__(self, problem):
        super().__init__(problem)
        self.problem = problem


def _call(stage, function, *args, **kwargs):
    """Call an answer's code; whatever it raises becomes a problem of the given stage."""
    try:
        return function(*args, **kwargs)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _Stopped(_problem(stage, error)) from None


def _problem(stage, error):
    """Write an exception down, with the line of the answer in which it came up."""
    if isinstance(error, NotImplementedError):
        stage = "written"
    elif isinstance(error, TypeError) and error.__traceback__ is not None:
        # Raised by the call itself, with no line of the answer run: the arguments did not fit.
        inner = traceback.extract_tb(error.__traceback__)[-1].filename
        if inner == __file__ and stage == "runs":
            stage = "signature"
    line = ""
    for frame, number in reversed(list(traceback.walk_tb(error.__traceback__))):
        name = frame.f_code.co_filename
        if name != __file__ and "site-packages" not in name and "/lib/python" not in name:
            text = linecache.getline(name, number).strip()
            line = f"line {number} of its cell" + (f": {text}" if text else "")
            break
    try:
        message = str(error)[:500]
    except Exception:
        message = ""
    return {"stage": stage, "type": type(error).__name__, "message": message, "line": line}


def same(a, b):
    """Whether two pieces of plain data are the same, up to rounding."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        if a.dtype.kind == "f":
            return bool(np.allclose(a, b, rtol=1e-10, atol=1e-12, equal_nan=True))
        return bool(np.array_equal(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def write_down(value, depth=0):
    """Turn what an answer returned into plain data, whatever it is."""
    if depth > MAX_DEPTH:
        return {"leaf": "other", "type": "something nested too deeply"}
    if type(value) in (tuple, list) or (isinstance(value, tuple) and hasattr(value, "_fields")):
        items = [write_down(item, depth + 1) for item in list(value)[:100]]
        return items if type(value) is list else tuple(items)
    if isinstance(value, dict):
        return {
            "dict": {str(key): write_down(item, depth + 1) for key, item in value.items()},
        }
    if value is None:
        return {"leaf": "none", "type": "None"}
    if isinstance(value, str):
        return {"leaf": "text", "type": "a string", "text": value[:1000]}
    if isinstance(value, bool | int | float):
        kind = type(value).__name__
        if isinstance(value, int) and abs(value) >= 2**63:
            return {"leaf": "other", "type": "an integer of more than 64 bits"}
        return {"leaf": "number", "type": f"a number ({kind})", "array": np.asarray(value)}
    if isinstance(value, np.ndarray | np.generic):
        leaf = "array" if isinstance(value, np.ndarray) else "number"
        what = "a NumPy array" if leaf == "array" else f"a number ({type(value).__name__})"
        return _array_leaf(leaf, what, np.asarray(value))
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        written = _array_leaf("tensor", "a PyTorch tensor", value.detach().cpu().numpy())
        return written | {"attached": bool(value.requires_grad)}
    return {"leaf": "other", "type": type(value).__name__}


def _array_leaf(leaf, what, array):
    if array.dtype.kind not in "biuf":
        return {"leaf": "other", "type": f"{what} of dtype {array.dtype}"}
    if array.size > MAX_ARRAY:
        return {"leaf": "other", "type": f"{what} of {array.size} values"}
    return {"leaf": leaf, "type": what, "array": np.array(array, copy=True)}


# --- harnesses: how an answer is called ---------------------------------------------------------


def _call_function(contract, answer, case):
    """A function of arrays: call it twice, and look at its arguments afterwards."""
    if contract.kind == "torch":
        return _call_tensor_function(contract, answer, case)
    given = copy.deepcopy(case.inputs)
    try:
        value = write_down(_call("runs", answer, *given.values()))
        fresh = copy.deepcopy(case.inputs)
        repeats = same(value, write_down(_call("runs", answer, *fresh.values())))
    except _Stopped as stopped:
        return {"problem": stopped.problem}
    changed = [name for name in given if not same(given[name], case.inputs[name])]
    return {"value": value, "changed": changed, "repeats": repeats}


def _tensors(value, track=False):
    """The same nested value with tensors for arrays."""
    import torch

    if isinstance(value, np.ndarray):
        tensor = torch.from_numpy(value.copy())
        return tensor.requires_grad_() if track and tensor.is_floating_point() else tensor
    if isinstance(value, dict):
        if "torch.nn" in value:
            return _built_in_module(value)
        return {key: _tensors(item, track) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_tensors(item, track) for item in value)
    return value


def _built_in_module(spec):
    """A module of torch.nn that a case describes by class, arguments and parameters."""
    import torch

    module = getattr(torch.nn, spec["torch.nn"])(**spec["init"]).double()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(torch.from_numpy(spec["parameters"][name]))
    return module


def _leaves(prefix, value):
    """All tensors in a nested value, by name."""
    import torch

    if isinstance(value, torch.Tensor):
        return {prefix: value}
    if isinstance(value, torch.nn.Module):
        return {f"{prefix}.{name}": p for name, p in value.named_parameters()}
    found = {}
    items = value.items() if isinstance(value, dict) else ()
    if isinstance(value, tuple | list):
        items = enumerate(value)
    for key, item in items:
        found |= _leaves(f"{prefix}[{key}]" if prefix else str(key), item)
    return found


def _call_tensor_function(contract, answer, case):
    """A function of tensors, or of a module that it may be asked to change."""
    import torch

    given, before = _tensors(case.inputs), _tensors(case.inputs)
    try:
        torch.manual_seed(0)
        result = _call("runs", answer, *given.values())
        value = write_down(result)
        torch.manual_seed(0)
        fresh = _tensors(case.inputs)
        repeats = same(value, write_down(_call("runs", answer, *fresh.values())))
    except _Stopped as stopped:
        return {"problem": stopped.problem}
    was, now = _leaves("", before), _leaves("", given)
    changed = [name for name in was if not torch.equal(was[name], now[name])]
    return {"value": value, "changed": changed, "repeats": repeats}


def _call_edit(contract, answer, case):
    """A function that changes a module in place: its parameters afterwards are the outputs."""
    import torch

    given = _tensors(case.inputs)
    module = next(iter(given.values()))
    with torch.no_grad():
        before = {name: p.detach().numpy().copy() for name, p in module.named_parameters()}
    try:
        _call("runs", answer, *given.values())
    except _Stopped as stopped:
        return {"problem": stopped.problem}
    after = {name: write_down(p) for name, p in module.named_parameters()}
    frozen = [name for name, p in module.named_parameters() if not p.requires_grad]
    if frozen:
        message = f"{', '.join(frozen)}: requires_grad is off; the module can't learn them any more"
        return {"problem": {"stage": "structure", "type": "", "message": message, "line": ""}}
    if sorted(after) != sorted(before):
        message = f"the module's parameters are now {', '.join(after)}"
        return {"problem": {"stage": "structure", "type": "", "message": message, "line": ""}}
    return {"value": {"dict": after}}


def _call_module(contract, answer, case):
    """A subclass of nn.Module: build it, load parameters, run it forwards and backwards."""
    import torch

    dtype = getattr(torch, case.inputs.get("dtype", "float64"))
    try:
        torch.manual_seed(0)
        module = _call("builds", answer, **case.inputs["init"])
        if not isinstance(module, torch.nn.Module):
            message = f"it is a {type(module).__name__}"
            raise _Stopped({"stage": "module", "type": "", "message": message, "line": ""})
        module = module.to(dtype)
        _load(module, case.inputs["parameters"])
        before = {name: p.detach().clone() for name, p in module.named_parameters()}

        given = _tensors(case.inputs["arguments"], track=True)
        result = _call("runs", module, *given.values())
        value = write_down(result)
        plain = _tensors(case.inputs["arguments"])
        again = write_down(_call("runs", module, *plain.values()))
        repeats = same(_arrays(value), _arrays(again))
    except _Stopped as stopped:
        return {"problem": stopped.problem}

    was, now = _leaves("", _tensors(case.inputs["arguments"])), _leaves("", given)
    changed = [name for name in was if not torch.equal(was[name], now[name].detach())]
    changed += [n for n, p in module.named_parameters() if not torch.equal(before[n], p.detach())]
    gradients, gradient_problem = _gradients(module, now, result)
    return {
        "value": value,
        "changed": changed,
        "repeats": repeats,
        "gradients": gradients,
        "gradient_problem": gradient_problem,
    }


def _arrays(value):
    """A written-down value with its arrays alone."""
    if isinstance(value, dict):
        if "leaf" in value:
            return value.get("array", value["type"])
        return {key: _arrays(item) for key, item in value.items()}
    return [_arrays(item) for item in value]


def _load(module, parameters):
    """Copy given values into a module's parameters, by name."""
    import torch

    own = dict(module.named_parameters())
    if sorted(own) != sorted(parameters):
        missing = [name for name in parameters if name not in own]
        extra = [name for name in own if name not in parameters]
        said = [f"{', '.join(missing)} missing"] if missing else []
        said += [f"{', '.join(extra)} not asked for"] if extra else []
        message = "; ".join(said)
        raise _Stopped({"stage": "parameters", "type": "", "message": message, "line": ""})
    for name, value in parameters.items():
        if tuple(own[name].shape) != value.shape:
            message = f"{name} has shape {tuple(own[name].shape)}, expected {value.shape}"
            raise _Stopped({"stage": "parameters", "type": "", "message": message, "line": ""})
    with torch.no_grad():
        for name, value in parameters.items():
            own[name].copy_(torch.from_numpy(value))


def _gradients(module, inputs, result):
    """Gradients of a fixed weighted sum of all outputs, for every input and parameter."""
    leaves = {name: t for name, t in inputs.items() if t.requires_grad}
    leaves |= dict(module.named_parameters())
    outputs = [t for t in _leaves("result", result).values() if t.is_floating_point()]
    try:
        loss = sum((t * _weights(t)).sum() for t in outputs)
        module.zero_grad()
        loss.backward()
    except Exception as error:
        return {name: None for name in leaves}, _problem("gradients", error)
    written = {}
    for name, leaf in leaves.items():
        grad = leaf.grad
        written[name] = None if grad is None else grad.detach().cpu().numpy().copy()
    return written, None


def _weights(tensor):
    """Fixed weights, all different, so that no two outputs can stand in for each other."""
    import torch

    count = torch.arange(tensor.numel(), dtype=tensor.dtype)
    return torch.cos(count + tensor.dim()).reshape(tensor.shape)


HARNESSES = types.MappingProxyType(
    {"function": _call_function, "module": _call_module, "edit": _call_edit}
)
"""How an answer can be called, by the name that a contract gives as its subject."""
