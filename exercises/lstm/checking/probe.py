"""Call an answer on a case and write down what happened, as plain data.

This is the only part of a check that runs where the answer runs. It judges nothing: whoever owns
the process that it runs in could make it say anything about this answer, but nothing else.

An observation is a dict:

``problem``   None, or what stopped the call: ``stage``, ``type``, ``message``, ``line``
``value``     what came back, with each leaf a dict: ``leaf`` (its kind), ``type``, ``array``, …
``changed``   names of the inputs that the call changed
``repeats``   whether a second call with the same inputs gave the same, where there was one
``called``    functions of PyTorch that ran and that the rules may forbid, by dotted name
``gradients`` for PyTorch: a dict from name to array, or to None where no gradient arrived; empty
              where none are looked at
``gradient_problem`` for PyTorch: what stopped the backward pass, like ``problem``
``initial``   for modules whose new parameters are looked at: a dict from each to its mean, spread
              and largest size
"""

import _thread
import contextlib
import copy
import difflib
import functools
import importlib
import inspect
import io
import itertools
import linecache
import sys
import threading
import traceback
import types
import warnings

import numpy as np

MAX_ARRAY = 100_000
"""Values in one returned array beyond which it is not written down."""
MAX_ITEMS = 100
"""Items of one returned tuple, list or dict beyond which they are not written down."""
MAX_PARTS = 1_000
"""Items of all tuples, lists and dicts of a returned value, likewise."""
MAX_DEPTH = 6
MAX_TEXT = 500
"""Characters of a message or name beyond which it is cut off."""
CLOSE = 0.85
"""How much of two names must be the same, in the same order, for one to be the other misspelled."""


def observe(contract, namespace, case, helpers=None, watch=True):
    """Call the answer that a namespace holds under the contract's name.

    Parameters
    ----------
    contract : Contract
    namespace : dict, the global names of the answer's notebook
    case : Case
    helpers : dict from name to function, right versions of earlier answers to be used in place of
        the namespace's own, or None
    watch : bool, whether a watch is kept on what the rules may forbid; on an answer of ours there
        need be none, which saves a fifth of the time

    Returns
    -------
    dict, the observation, whatever the answer does; only KeyboardInterrupt is let through
    """
    seen = {"problem": None, "value": None, "changed": [], "repeats": True, "called": []}
    if contract.kind == "torch":
        seen |= {"gradients": {}, "gradient_problem": None, "initial": {}}
    if contract.name not in namespace:
        return seen | {"problem": _said("exists", _misspelled(contract.name, namespace))}
    answer = namespace[contract.name]
    if not callable(answer):
        return seen | {"problem": _said("callable", type(answer).__name__)}
    _called.clear()
    looking = _watched(contract) if watch else _unwatched()
    with _swapped(namespace, helpers or {}), _quiet(), looking:
        try:
            seen |= HARNESSES[contract.subject](contract, answer, case)
        except _Stopped as stopped:
            seen["problem"] = stopped.problem
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # Code of the answer's own ran while its value was written down or compared.
            seen["problem"] = _problem(contract, "runs", error)
    return seen | {"called": sorted(_called)[:MAX_ITEMS]}


def _misspelled(name, namespace):
    """What a namespace calls the answer that it doesn't have by its name; empty where nothing.

    Letters may be swapped, lost or too many, or be capital ones. They are not other ones: names of
    answers differ from each other in that.
    """
    wanted = _letters(name)
    for other, value in namespace.items():
        if isinstance(other, str) and len(other) < 2 * len(name) and callable(value):
            own = _letters(other)
            if sorted(own) == sorted(wanted):
                return other
            if len(own) != len(wanted):
                close = difflib.SequenceMatcher(None, own, wanted, autojunk=False).ratio()
                if close >= CLOSE:
                    return other
    return ""


def _letters(name):
    return name.lower().replace("_", "")


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


class _Nowhere(io.TextIOBase):
    """Takes what is printed and keeps none of it."""

    def writable(self):
        return True

    def write(self, text):
        return len(text)


@contextlib.contextmanager
def _quiet():
    """Keep an answer's prints and warnings out of the feedback: they never cost points."""
    with (
        contextlib.redirect_stdout(_Nowhere()),
        contextlib.redirect_stderr(_Nowhere()),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield


_RECURRENT = (
    "lstm",
    "gru",
    "rnn_tanh",
    "rnn_relu",
    "lstm_cell",
    "gru_cell",
    "rnn_tanh_cell",
    "rnn_relu_cell",
    "mkldnn_rnn_layer",
)
_called = set()
"""Functions of PyTorch that ran while the present answer was watched."""
_now = None
"""What notes them, while an answer is asked."""
_pauses = 0
_below = False
"""Whether PyTorch's recurrent operators themselves note that they run."""
KEYS = ("CPU", "AutogradCPU")
"""By which of the dispatcher's keys an operator is reached here: the latter but in inference."""
COMPOSITE = "CompositeImplicitAutograd"
"""The key of what is made of other operators, whatever device it is for: most recurrent ones."""
ASKED = {"__get__", "__set__", "__delete__"}
"""Functions by which PyTorch tells that an attribute of a tensor is asked for, or set."""
STARTING = (
    *("start_new_thread", "start_new", "start_joinable_thread"),
    *("_start_new_thread", "_start_joinable_thread"),
)
"""The functions by which Python starts a thread."""


@functools.cache
def _note(kind, single=False):
    """A function that notes which functions of PyTorch run: any for NumPy, else the recurrent ones.

    Where networks are to be single, it notes layers and directions too.
    """
    fine = set()

    def note(function, args, kwargs):
        if function in fine or _pauses:
            return
        name = str(getattr(function, "__name__", ""))
        plain = _plain(name)
        if plain in _RECURRENT:
            _called.add(f"torch.{plain}")
            if single:
                _called.update(f"torch.{plain}.{more}" for more in _more(args, kwargs))
        elif kind == "numpy" and name not in ASKED:
            _called.add(f"torch.{name}"[:MAX_TEXT])
        else:
            fine.add(function)

    return note


def _plain(name):
    """The name of a function or operator of PyTorch's without its variants."""
    return name.split(".")[0].removeprefix("quantized_").removesuffix("_dynamic")


@functools.cache
def _watch():
    """A mode of PyTorch that notes what runs while an answer is asked."""
    from torch.overrides import TorchFunctionMode

    class Watch(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            kwargs = kwargs or {}
            if _now is not None:
                _now(function, args, kwargs)
            return function(*args, **kwargs)

    return Watch


_ASKED = ("has_biases", "num_layers", "dropout", "train", "bidirectional")
"""What recurrent functions are told after all tensors, in this order."""


def _more(args, kwargs):
    """Which arguments of a recurrent function ask for several layers or for both directions."""
    flags = [value for value in args if isinstance(value, bool | int | float)]
    asked = dict(zip(_ASKED, flags, strict=False)) | kwargs
    return ["num_layers"] * (asked.get("num_layers", 1) != 1) + ["bidirectional"] * bool(
        asked.get("bidirectional")
    )


@contextlib.contextmanager
def _watched(contract):
    """Watch what an answer calls from here on, and all that may have been made ready for it.

    That is more than its call: a module's own ``to`` runs before it, a second call after it.
    """
    global _now
    if "torch" not in sys.modules or _pauses:
        yield
        return
    _now = _note(contract.kind, contract.single)
    try:
        # Only NumPy's exercises forbid all of PyTorch.
        with contextlib.nullcontext() if _below and contract.kind == "torch" else _watching():
            yield
    finally:
        _now = None


def _watching():
    """Let what runs in this thread be noted while an answer is asked."""
    watching = contextlib.ExitStack()
    # An answer's cells may have switched off for good what the watch is told by.
    watching.enter_context(sys.modules["torch"]._C._EnableTorchFunction())
    watching.enter_context(_watch()())
    return watching


def watch_operators():
    """Let PyTorch's recurrent operators themselves note that they run, from now on.

    Where that isn't done, PyTorch tells of the functions that Python calls: that takes time at each
    of them, and text that knows how can switch it off. Below, in the dispatcher, there is no other
    way to what an operator does, whatever thread, script or mode it is called from.
    """
    global _below
    import ctypes

    import torch

    watched = []
    for name in torch._C._dispatch_get_all_op_names():
        space, _, operator = name.partition("::")
        if _plain(operator) in _RECURRENT:
            composite = torch._C._dispatch_has_kernel_for_dispatch_key(name, COMPOSITE)
            for key in KEYS[1:] if composite else KEYS:
                noting = _noting(name, torch.library.get_kernel(name, key))
                watched.append((space, operator, COMPOSITE if composite else key, noting))
    libraries = {space: torch.library.Library(space, "IMPL") for space, *_ in watched}
    with warnings.catch_warnings():
        # That operators are overridden is what is wanted.
        warnings.simplefilter("ignore")
        # All are looked up by now: what is found for one key may be made of what another has.
        for space, operator, key, kernel in watched:
            libraries[space].impl(operator, kernel, key, with_keyset=True)
    for library in libraries.values():
        # It takes its kernels along when it goes; what nothing holds, no text can end.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))
    _below = True


def _noting(name, kernel):
    """A kernel that notes that an operator runs, and runs it."""
    import torch

    space, _, operator = name.partition("::")
    plain, _, overload = operator.partition(".")
    packet = getattr(getattr(torch.ops, space), plain)
    names = [a.name for a in getattr(packet, overload or "default")._schema.arguments]

    def noting(keys, *args, **kwargs):
        if _now is not None:
            _now(noting, (), dict(zip(names, args, strict=False)) | kwargs)
        return kernel.call_boxed(keys, *args, **kwargs)

    noting.__name__ = plain
    return noting


def watch_threads():
    """Let the threads that this process starts from now on be watched too.

    A mode of PyTorch is one thread's, so that what an answer hands to another would be missed.
    """
    for module, name in itertools.product((_thread, threading), STARTING):
        if hasattr(module, name):
            setattr(module, name, _watched_start(getattr(module, name)))


def _watched_start(start):
    def start_watched(function, *more, **options):
        def run(*args, **kwargs):
            with _watching():
                return function(*args, **kwargs)

        return start(run, *more, **options)

    return start_watched


@contextlib.contextmanager
def _unwatched():
    """Let the watch look away."""
    global _pauses
    _pauses += 1
    try:
        yield
    finally:
        _pauses -= 1


def stand_in(name):
    """The class or function of PyTorch that a dotted name gives, for use as a helper.

    The watch that is kept on forbidden functions looks away while it runs.
    """
    module, _, attribute = name.rpartition(".")
    right = getattr(importlib.import_module(module), attribute)

    def unwatched(function):
        def call(*args, **kwargs):
            with _unwatched():
                return function(*args, **kwargs)

        return call

    if isinstance(right, type):
        return type(attribute, (right,), {"forward": unwatched(right.forward)})
    return unwatched(right)


class _Stopped(Exception):
    """An answer stopped the call; carries the problem to be written down."""

    def __init__(self, problem):
        super().__init__(problem)
        self.problem = problem


def _text(value):
    """An object's own words, cut off where they are too long; empty where it has none."""
    try:
        return str.__getitem__(str(value), slice(0, MAX_TEXT))
    except KeyboardInterrupt:
        raise
    except BaseException:
        return ""


def _said(stage, message):
    """A problem that no exception stands behind."""
    return {"stage": stage, "type": "", "message": _text(message), "line": ""}


def _call(contract, stage, function, *args, **kwargs):
    """Call an answer's code; whatever it raises becomes a problem of the given stage."""
    try:
        return function(*args, **kwargs)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _Stopped(_problem(contract, stage, error)) from None


def _problem(contract, stage, error):
    """Write an exception down, with the line of the answer in which it came up."""
    frames = list(traceback.walk_tb(error.__traceback__))[-200:]
    own = [(f.f_code, line) for f, line in frames if _is_answers(f.f_code.co_filename)]
    where = own[-1][0].co_qualname.split(".")[0] if own else ""
    message = _text(error)
    text = linecache.getline(own[-1][0].co_filename, own[-1][1]).strip()[:200] if own else ""
    if isinstance(error, NotImplementedError) and own and (not text or "raise" in text):
        # Whose stub it is: the answer's own, or that of an earlier answer which it calls.
        stage, message = "written", where
    elif isinstance(error, TypeError) and not own and stage == "runs":
        # Raised by the call itself, with no line of the answer run: the arguments did not fit.
        stage = "signature"
    line = ""
    if own:
        number = own[-1][1]
        place = f"line {number} of its cell" if where == contract.name else f"line {number}"
        if where not in (contract.name, "<module>", "<lambda>"):
            place += f" of the cell of {where}"
        line = place + (f": {text}" if text else "")
    return {"stage": stage, "type": _text(type(error).__name__), "message": message, "line": line}


def _is_answers(filename):
    """Whether a file of a traceback is the answer's, and neither ours nor a library's."""
    others = ("site-packages", "/lib/python", "/autograder/grading/")
    compiled = filename.endswith((".pyx", ".pxd", ".pxi"))
    return filename != __file__ and not compiled and not any(part in filename for part in others)


def same(a, b):
    """Whether two pieces of plain data are the same, up to rounding."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        if a.tobytes() == b.tobytes():
            return True
        if a.dtype.kind == "f":
            fine = 1e-10 if a.dtype.itemsize > 4 else 1e-5
            return bool(np.allclose(a, b, rtol=fine, atol=fine, equal_nan=True))
        return bool(np.array_equal(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def write_down(value):
    """Turn what an answer returned into plain data, whatever it is."""
    written = _written(value, 0)
    if _parts(written) > MAX_PARTS:
        return {"leaf": "other", "type": f"a {_type(value)} of over {MAX_PARTS:,} values"}
    return written


def _parts(written):
    """How many items all tuples, lists and dicts of a written-down value have."""
    if isinstance(written, dict):
        written = written["dict"].values() if "dict" in written else ()
    return len(written) + sum(map(_parts, written)) if written else 0


def _written(value, depth):
    if depth > MAX_DEPTH:
        return {"leaf": "other", "type": "something nested too deeply"}
    if isinstance(value, tuple | list | dict) and len(value) > MAX_ITEMS:
        return {"leaf": "other", "type": f"a {_type(value)} of {len(value)} items"}
    if isinstance(value, tuple | list):
        items = [_written(item, depth + 1) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {
            "dict": {_text(key): _written(item, depth + 1) for key, item in value.items()},
        }
    if value is None:
        return {"leaf": "none", "type": "None"}
    if isinstance(value, str):
        return {"leaf": "text", "type": "a string", "text": _text(value)}
    if isinstance(value, np.ndarray | np.generic) and not isinstance(value, np.str_ | np.bytes_):
        leaf = "array" if isinstance(value, np.ndarray) else "number"
        what = "a NumPy array" if leaf == "array" else f"a number ({_type(value)})"
        return _array_leaf(leaf, what, np.asarray(value))
    if isinstance(value, bool | int | float):
        if isinstance(value, int) and abs(int(value)) >= 2**63:
            return {"leaf": "other", "type": "an integer of more than 64 bits"}
        return {"leaf": "number", "type": f"a number ({_type(value)})", "array": np.asarray(value)}
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        if value.layout != torch.strided or value.is_meta or value.is_quantized:
            return {"leaf": "other", "type": "a PyTorch tensor that is not dense"}
        if value.dtype == torch.bfloat16:
            return {"leaf": "other", "type": "a PyTorch tensor of dtype torch.bfloat16"}
        array = value.detach().cpu().resolve_conj().resolve_neg().numpy()
        written = _array_leaf("tensor", "a PyTorch tensor", array)
        return written | {"attached": bool(value.requires_grad)}
    return {"leaf": "other", "type": f"a {_type(value)}"}


def _type(value):
    return _text(type(value).__name__)


def _array_leaf(leaf, what, array):
    if array.dtype.kind not in "biuf":
        return {"leaf": "other", "type": f"{what} of dtype {_text(array.dtype)}"}
    if array.size > MAX_ARRAY:
        return {"leaf": "other", "type": f"{what} of {array.size} values"}
    return {"leaf": leaf, "type": what, "array": np.array(array, copy=True)}


# --- harnesses: how an answer is called ---------------------------------------------------------


def _call_function(contract, answer, case):
    """A function of arrays: call it twice, and look at its arguments afterwards."""
    if contract.kind == "torch":
        return _call_tensor_function(contract, answer, case)
    given = _made(case.inputs)
    value = write_down(_call(contract, "runs", answer, *given.values()))
    repeats = True
    if case.again:
        fresh = _made(case.inputs)
        repeats = same(value, write_down(_call(contract, "runs", answer, *fresh.values())))
    return {"value": value, "changed": _unlike(given, case.inputs), "repeats": repeats}


def _made(inputs):
    """A copy of a case's inputs, with the generators and step functions that it describes."""
    return {name: _made_of(value) for name, value in inputs.items()}


def _made_of(value):
    if isinstance(value, np.ndarray):
        return value.copy()
    if _is_rng(value):
        return np.random.default_rng(value["rng"])
    return _step(value) if _is_step(value) else copy.deepcopy(value)


def _is_rng(value):
    """Whether a value stands for a ``numpy.random.Generator``: ``{"rng": seed}``."""
    return isinstance(value, dict) and value.keys() == {"rng"}


def _is_step(value):
    """Whether a value stands for a step function; see ``_step``."""
    return isinstance(value, dict) and "step" in value


def _unlike(given, inputs):
    """The names of the inputs that a call changed; a generator is there to be changed."""
    fixed = {n: v for n, v in inputs.items() if not _is_rng(v) and not _is_step(v)}
    return [n for n, value in fixed.items() if not same(given[n], value)]


DRAWS = 40
"""How often an answer that draws by chance is called with one generator."""


def _call_draws(contract, answer, case):
    """A function that draws one number by chance: call it many times with one generator."""
    given, fresh = _made(case.inputs), _made(case.inputs)

    def draws(arguments):
        values = (_call(contract, "runs", answer, *arguments.values()) for _ in range(DRAWS))
        return [write_down(value) for value in values]

    drawn = draws(given)
    repeats = not case.again or same(drawn, draws(fresh))
    arrays = [leaf.get("array") if isinstance(leaf, dict) else None for leaf in drawn]
    value = drawn[0]
    if all(a is not None and a.shape == () and a.dtype == arrays[0].dtype for a in arrays):
        value = _array_leaf("array", "a NumPy array", np.array(arrays))
    return {"value": value, "changed": _unlike(given, case.inputs), "repeats": repeats}


def _step(spec):
    """A toy step function (x_t, state) -> state with the weights that a case gives.

    What is named ``"one state"`` keeps (h,); what is named ``"two states"`` keeps (h, c), and its
    h is not all that it needs to go on.
    """
    weight, decay = spec["weight"].copy(), spec["decay"].copy()

    def one_state(x_t, state):
        (h,) = state
        return (np.tanh(decay * h + x_t @ weight),)

    def two_states(x_t, state):
        h, c = state
        c = decay * c + x_t @ weight
        return np.tanh(c) + decay * h, c

    return {"one state": one_state, "two states": two_states}[spec["step"]]


def _refusing(harness):
    """A harness for answers that must refuse some cases: a ValueError is what they return then."""

    def call(contract, answer, case):
        try:
            return harness(contract, answer, case)
        except _Stopped as stopped:
            problem = stopped.problem
            # What it raised is its context; a ValueError of another name is one, too.
            refused = isinstance(stopped.__context__, ValueError)
            if problem["stage"] not in ("runs", "builds") or not refused:
                raise
        said = f"a ValueError ({problem['message']})"
        return {"value": _everywhere(contract.returns, {"leaf": "error", "type": said})}

    return call


def _everywhere(returns, leaf):
    """A written-down value in which every output is the same leaf."""
    if isinstance(returns, str):
        return dict(leaf)
    if isinstance(returns, dict):
        return {"dict": {key: _everywhere(inner, leaf) for key, inner in returns.items()}}
    return tuple(_everywhere(inner, leaf) for inner in returns)


def _seed():
    """Set PyTorch's own generator, as an answer finds it; other devices are none of ours."""
    import torch

    torch.default_generator.manual_seed(0)


def _tensors(value, track=False):
    """The same nested value with tensors for arrays."""
    import torch

    if isinstance(value, np.ndarray):
        tensor = torch.from_numpy(value.copy())
        return tensor.requires_grad_() if track and tensor.is_floating_point() else tensor
    if isinstance(value, dict):
        if _is_rng(value):
            return np.random.default_rng(value["rng"])
        if "torch.nn" in value:
            return _built_in_module(value)
        if "fading" in value:
            return _fading_reader(torch.from_numpy(value["fading"]))
        return {key: _tensors(item, track) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_tensors(item, track) for item in value)
    return value


def _built_in_module(spec):
    """A module of torch.nn that a case describes by class, arguments and parameters."""
    import torch

    if "layers" in spec:
        return torch.nn.Sequential(*map(_built_in_module, spec["layers"]))
    module = getattr(torch.nn, spec["torch.nn"])(**spec["init"]).double()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(torch.from_numpy(spec["parameters"][name]))
    return module


def _fading_reader(table):
    """A toy that reads indices and gives scores, as a character model does.

    Its state is nine tenths of the state before, and a row of the table; the scores are the state.
    """
    import torch

    class FadingReader(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = torch.nn.Parameter(table)

        def forward(self, indices, state=None):
            output = []
            for new in self.table[indices]:
                state = new if state is None else 0.9 * state + new
                output.append(state)
            return torch.stack(output), state

    return FadingReader()


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


def _changed(before, after):
    """The names of the tensors of a nested value that are no longer what they were."""
    import torch

    was, now = _leaves("", before), _leaves("", after)
    with torch.no_grad():
        return [n for n in was if n not in now or not torch.equal(was[n], now[n])]


def _call_tensor_function(contract, answer, case):
    """A function of tensors and modules, run backwards too where gradients earn points."""
    import torch

    backwards = case.gradients and any(part.gradients for part in contract.parts)
    given = _tensors(case.inputs, track=backwards)
    seen = {}
    with torch.enable_grad():
        _seed()
        result = _call(contract, "runs", answer, *given.values())
        value = write_down(result)
        if backwards:
            gradients, problem = _gradients(contract, _leaves("", given), result)
            seen = {"gradients": gradients, "gradient_problem": problem}
        repeats = True
        if case.again:
            _seed()
            fresh = _tensors(case.inputs, track=backwards)
            repeats = same(value, write_down(_call(contract, "runs", answer, *fresh.values())))
    return {
        "value": value,
        "changed": _changed(_tensors(case.inputs), given),
        "repeats": repeats,
        **seen,
    }


def _call_edit(contract, answer, case):
    """A function that changes a module in place: its parameters afterwards are the outputs."""
    import torch

    given = _tensors(case.inputs)
    module = next(iter(given.values()))
    before = [name for name, _ in module.named_parameters()]
    with torch.enable_grad():
        _call(contract, "runs", answer, *given.values())
    after = {name: write_down(p) for name, p in module.named_parameters()}
    frozen = [name for name, p in module.named_parameters() if not p.requires_grad]
    if frozen:
        message = f"{', '.join(frozen)}: requires_grad is off; the module can't learn them any more"
        raise _Stopped(_said("structure", message))
    if sorted(after) != sorted(before):
        raise _Stopped(_said("structure", f"the module's parameters are now {', '.join(after)}"))
    return {"value": {"dict": after}}


def _call_fit(contract, answer, case):
    """A function that trains the module it is given and returns a history of it.

    The module's parameters afterwards, and its mode, are outputs beside the history.
    """
    import torch

    def fitted(given):
        module = next(iter(given.values()))
        _seed()
        history = _call(contract, "runs", answer, *given.values())
        if not isinstance(history, dict):
            came = "None: is the return missing?" if history is None else f"a {_type(history)};"
            raise _Stopped(_said("structure", f"it returns {came} expected a dict"))
        written = {_text(key): _numbers(value) for key, value in list(history.items())[:MAX_ITEMS]}
        weights = {name: write_down(p) for name, p in module.named_parameters()}
        mode = write_down("training" if module.training else "evaluation")
        return {"dict": written | {"weights": {"dict": weights}, "mode": mode}}

    with torch.enable_grad():
        given = _tensors(case.inputs)
        value = fitted(given)
        repeats = not case.again or same(value, fitted(_tensors(case.inputs)))
    before, after = _tensors(case.inputs), dict(given)
    name = next(iter(given))
    del before[name], after[name]
    return {"value": value, "changed": _changed(before, after), "repeats": repeats}


def _call_module(contract, answer, case):
    """A subclass of nn.Module: build it, load parameters, run it forwards and backwards."""
    import torch

    dtype = getattr(torch, case.inputs.get("dtype", "float64"))
    with torch.enable_grad():
        _seed()
        module = _call(contract, "builds", answer, **case.inputs["init"])
        if not isinstance(module, torch.nn.Module):
            raise _Stopped(_said("module", f"it is a {_type(module)}"))
        if "parameters" not in case.inputs:
            # Nothing to run it with: it was not to be built at all.
            return {"value": _everywhere(contract.returns, {"leaf": "other", "type": "a module"})}
        module = module.to(dtype)
        own = dict(module.named_parameters())
        initial = _load(own, case.inputs["parameters"], case.initial)
        before = {name: p.detach().clone() for name, p in own.items()}

        given = _tensors(case.inputs["arguments"], track=True)
        result = _call(contract, "runs", module, *given.values())
        value = write_down(result)
        repeats = True
        if case.again:
            plain = _tensors(case.inputs["arguments"])
            again = write_down(_call(contract, "runs", module, *plain.values()))
            repeats = same(_arrays(value), _arrays(again))

        changed = _changed(_tensors(case.inputs["arguments"]), given)
        own = dict(module.named_parameters())
        changed += [n for n in before if n not in own or not torch.equal(before[n], own[n])]
        gradients, gradient_problem = {}, None
        if case.gradients:
            gradients, gradient_problem = _gradients(contract, _leaves("", given) | own, result)
    return {
        "value": value,
        "changed": changed,
        "repeats": repeats,
        "gradients": gradients,
        "gradient_problem": gradient_problem,
        "initial": initial,
    }


def _arrays(value):
    """A written-down value with its arrays alone."""
    if isinstance(value, dict):
        if "leaf" in value:
            return value.get("array", value["type"])
        return {key: _arrays(item) for key, item in value.items()}
    return [_arrays(item) for item in value]


def _load(own, parameters, spread):
    """Copy given values into parameters, both by name; say how they were spread before."""
    import torch

    if sorted(own) != sorted(parameters):
        missing = [name for name in parameters if name not in own]
        extra = [name for name in own if name not in parameters]
        said = [f"{', '.join(missing)} missing"] if missing else []
        said += [f"{', '.join(extra)} not asked for"] if extra else []
        raise _Stopped(_said("parameters", "; ".join(said)))
    for name, value in parameters.items():
        if tuple(own[name].shape) != value.shape:
            message = f"{name} has shape {tuple(own[name].shape)}, expected {value.shape}"
            raise _Stopped(_said("parameters", message))
    initial = {}
    with torch.no_grad():
        for name, value in parameters.items():
            if spread:
                new = own[name].detach().double()
                told = new.mean(), new.std(correction=0), new.abs().max()
                initial[name] = [float(n) for n in told]
            own[name].copy_(torch.from_numpy(value))
    return initial


def _gradients(contract, leaves, result):
    """Gradients of a fixed weighted sum of all outputs, for every input and parameter by name."""
    leaves = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
    outputs = [t for t in _leaves("result", result).values() if t.is_floating_point()]
    try:
        loss = sum((t * _weights(t, k)).sum() for k, t in enumerate(outputs))
        for leaf in leaves.values():
            leaf.grad = None
        loss.backward()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return {name: None for name in leaves}, _problem(contract, "gradients", error)
    written = {}
    for name, leaf in leaves.items():
        grad = leaf.grad
        written[name] = None if grad is None else grad.detach().cpu().numpy().copy()
    return written, None


def _weights(tensor, k):
    """Fixed weights, all different, so that no two outputs can stand in for each other."""
    import torch

    count = torch.arange(tensor.numel(), dtype=tensor.dtype)
    return torch.cos(count + 7 * k).reshape(tensor.shape)


def _call_training(contract, answer, case):
    """A function that trains modules: what it returned, and what every step of it did.

    The case's first module is the network, a recurrent one; its ``optimizer`` trains all modules.
    """
    import torch

    seen = _Training(case.inputs)
    again = _Training(case.inputs) if case.again else seen
    with torch.enable_grad():
        for training in (seen, again)[: 1 + case.again]:
            _seed()
            training.run(lambda *given: _call(contract, "runs", answer, *given))
    fixed = {name: v for name, v in case.inputs.items() if isinstance(v, np.ndarray)}
    return {
        "value": seen.written(),
        "changed": _changed(_tensors(fixed), {name: seen.given[name] for name in fixed}),
        "repeats": same(seen.written(), again.written()),
    }


class _Training:
    """One call of a function that trains, watched at its network and its optimizer."""

    def __init__(self, inputs):
        import torch

        self.given = {
            name: None if name == "optimizer" else _tensors(value) for name, value in inputs.items()
        }
        self.modules = {
            name: value for name, value in self.given.items() if isinstance(value, torch.nn.Module)
        }
        self.trained = [p for module in self.modules.values() for p in module.parameters()]
        spec = inputs["optimizer"]
        optimizer = getattr(torch.optim, spec["torch.optim"])(self.trained, **spec["options"])
        # After the step: one that is given a closure has computed the gradients by then.
        optimizer.register_step_post_hook(self._after_step)
        self.given["optimizer"] = optimizer
        # Not by hooks: network.forward(x) would pass them by.
        network = next(iter(self.modules.values()))
        network.forward = self._seen(network.forward)
        self.state = self.given["h"].clone()
        self.lengths, self.handed_on, self.cut_off, self.gradients = [], [], [], []
        self.result = None

    def run(self, call):
        """Call the answer by way of a function, and keep what it returned."""
        self.result = call(*self.given.values())

    def _seen(self, forward):
        """A network's forward that notes what it is given, and the state that it gives."""
        signature = inspect.signature(forward)

        def seen(*args, **kwargs):
            self._before_call(*signature.bind(*args, **kwargs).arguments.values())
            result = forward(*args, **kwargs)
            self.state = result[1].detach().clone()
            return result

        return seen

    def _before_call(self, x, state=None):
        import torch

        is_tensor = isinstance(state, torch.Tensor)
        self.lengths.append(len(x))
        self.handed_on.append(
            is_tensor and state.shape == self.state.shape and torch.equal(state, self.state)
        )
        self.cut_off.append(not (is_tensor and state.requires_grad))

    def _after_step(self, optimizer, args, kwargs):
        import torch

        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.trained]
        self.gradients.append(np.concatenate([g.detach().numpy().ravel() for g in grads]))

    def written(self):
        """What was returned and seen, written down."""
        count = sum(p.numel() for p in self.trained)
        returned = self.result
        if isinstance(returned, tuple | list) and len(returned) == 2:
            losses, state = returned
            self.cut_off = self.cut_off[: len(self.lengths)]
            self.cut_off.append(not getattr(state, "requires_grad", False))
            returned = (_numbers(losses), write_down(state))
        else:
            returned = write_down(returned)
        seen = {
            "returned": returned,
            "chunks": _array_leaf("array", "numbers", np.array(self.lengths, np.int64)),
            "handed on": _array_leaf("array", "numbers", np.array(self.handed_on, bool)),
            "cut off": _array_leaf("array", "numbers", np.array(self.cut_off, bool)),
            "gradients": _array_leaf(
                "array", "numbers", np.array(self.gradients).reshape(len(self.gradients), count)
            ),
            "parameters": {
                "dict": {
                    f"{module}.{name}": write_down(p)
                    for module, own in self.modules.items()
                    for name, p in own.named_parameters()
                }
            },
        }
        return {"dict": seen}


def _numbers(value):
    """A list of numbers, or an array that holds one, as one array; anything else as it is.

    A tensor of one number counts as a number where no graph hangs on it.
    """
    written = write_down(value)
    if isinstance(value, np.ndarray) and value.ndim == 1:
        return written | {"leaf": "numbers"} if "array" in written else written
    if not isinstance(written, list | tuple) or not all(map(_is_number, written)):
        return written
    if any(item.get("attached") for item in written):
        return {"leaf": "other", "type": "a list of tensors, each with the graph behind it"}
    array = np.array([item["array"] for item in written], dtype=float)
    return _array_leaf("numbers", "a list of numbers", array)


def _is_number(written):
    return isinstance(written, dict) and "array" in written and written["array"].shape == ()


HARNESSES = types.MappingProxyType(
    {
        "function": _call_function,
        "draws": _call_draws,
        "refusing function": _refusing(_call_function),
        "module": _call_module,
        "refusing module": _refusing(_call_module),
        "edit": _call_edit,
        "fit": _call_fit,
        "training": _call_training,
    }
)
"""How an answer can be called, by the name that a contract gives as its subject."""
