"""Say what kind of wrong an answer is: a known mistake, what it is related to, and what holds."""

import itertools
from dataclasses import replace

import numpy as np

from .judge import CONDUCT, SINGLE, agree, differs, findings, match, one_each, readable
from .plain import arrays


def diagnose(contract, observed, mistakes):
    """Find the known mistake, or the two at once, that an answer makes.

    Parameters
    ----------
    contract : Contract
    observed : list of observations of the answer, one for each case
    mistakes : list of dicts with ``told``, what to tell the student (a list of dicts with
        ``name``, ``hint`` and ``book``), ``observed``, the observations of an implementation
        that makes the mistake, one for each case, and ``single``, whether ``is_single`` of them

    Returns
    -------
    what to tell of the first mistake whose observations equal the answer's on every case that it
    comes with, or nothing
    """
    if not isinstance(observed, list) or not all(map(readable, observed)):
        return []
    for mistake in mistakes:
        if mistake["single"] and not is_single(observed):
            continue
        if all(
            alike(contract, theirs, ours)
            for theirs, ours in zip(mistake["observed"], observed, strict=False)
        ):
            return mistake["told"]
    return []


def is_single(observed):
    """Whether values came in float32 in every case, so also where they should be float64.

    The numbers of such a mistake are right up to rounding: by them alone, it would be told of
    any answer that is wrong in something else than numbers.
    """
    return all(any(a.dtype == np.float32 for a in arrays(seen["value"])) for seen in observed)


def alike(contract, a, b):
    """Whether two observations show the same behaviour, up to rounding."""
    if a["problem"] or b["problem"]:
        if not (a["problem"] and b["problem"]):
            return False
        return all(a["problem"][key] == b["problem"][key] for key in ("stage", "type", "message"))
    if a["changed"] != b["changed"] or a["repeats"] != b["repeats"]:
        return False
    if not _alike_written(a["value"], b["value"]):
        return False
    if bool(a.get("gradient_problem")) != bool(b.get("gradient_problem")):
        return False
    if not _alike_when_new(a, b):
        return False
    mine, theirs = a.get("gradients", {}), b.get("gradients", {})
    return mine.keys() == theirs.keys() and all(
        _alike_arrays(mine[name], theirs[name]) for name in mine
    )


def _alike_when_new(a, b):
    """Whether new parameters go about as far from zero, and the same ones start there.

    How far they go is the same in all small draws.
    """
    zero = [{name for name, new in o.get("initial", {}).items() if not new[2]} for o in (a, b)]
    if zero[0] != zero[1]:
        return False
    far = [max((new[2] for new in o.get("initial", {}).values()), default=0.0) for o in (a, b)]
    return min(far) >= 0.7 * max(far)


def _alike_written(a, b):
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(map(_alike_written, a, b))
    if isinstance(a, tuple | list) or isinstance(b, tuple | list):
        return False
    if "dict" in a or "dict" in b:
        mine, theirs = a.get("dict", {}), b.get("dict", {})
        return mine.keys() == theirs.keys() and all(
            _alike_written(mine[k], theirs[k]) for k in mine
        )
    if a["leaf"] != b["leaf"] or a.get("text") != b.get("text"):
        return False
    return _alike_arrays(a.get("array"), b.get("array"))


def _alike_arrays(a, b):
    if a is None or b is None:
        return a is None and b is None
    if a.shape != b.shape or a.dtype.kind != b.dtype.kind:
        return False
    coarse = 1e-4 if np.float32 in (a.dtype.type, b.dtype.type) else 1e-7
    return agree(a, b, coarse)


# --- where a wrong answer is right --------------------------------------------------------------


def variants(contract, case):
    """Make a case special in ways in which a wrong answer may be right.

    Each input in turn is zero; two inputs of one shape are the same; two gates have the same
    weights. Where an answer is right then, that is what it gets wrong otherwise.

    Parameters
    ----------
    contract : Contract
    case : Case

    Returns
    -------
    list of Case, each named by what is special: "bias_hh is zero"; the first is the case as it is
    """
    arrays = {path: a for path, a in _arrays_at(case.inputs) if a.dtype.kind == "f"}
    made = [case]
    for path, array in arrays.items():
        made.append(_with(case, f"{_short(path)} is zero", {path: np.zeros_like(array)}))
    for (one, first), (other, second) in itertools.combinations(arrays.items(), 2):
        if first.shape == second.shape:
            name = f"{_short(one)} and {_short(other)} are the same"
            made.append(_with(case, name, {other: first}))
    G = len(contract.gates)
    stacked = {
        path: array
        for path, array in arrays.items()
        if G and _short(path).split(".")[-1].startswith(("weight", "bias")) and len(array) % G == 0
    }
    for a, b in itertools.combinations(range(G if stacked else 0), 2):
        blocks = {path: _block_copied(array, G, a, b) for path, array in stacked.items()}
        name = f"the weights of {contract.gates[a]} and {contract.gates[b]} are the same"
        made.append(_with(case, name, blocks))
    return made


def _arrays_at(value, path=()):
    """Every array of nested inputs, with the way to it."""
    if isinstance(value, np.ndarray):
        return [(path, value)]
    items = value.items() if isinstance(value, dict) else ()
    if isinstance(value, tuple):
        items = enumerate(value)
    return [found for key, item in items for found in _arrays_at(item, (*path, key))]


def _short(path):
    """What the student calls an input: ``bias_hh``, ``state[0]``."""
    names = [key for key in path if key not in ("arguments", "parameters")]
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in names)[1:]


def _with(case, name, arrays):
    """A case with other arrays in some places."""

    def change(value, path=()):
        if path in arrays:
            return arrays[path].copy()
        if isinstance(value, dict):
            return {key: change(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, tuple):
            return tuple(change(item, (*path, k)) for k, item in enumerate(value))
        return value

    return replace(case, name=name, inputs=change(case.inputs))


def _block_copied(array, count, a, b):
    blocks = np.split(array, count)
    blocks[b] = blocks[a]
    return np.concatenate(blocks)


def right_where(contract, stage, special, expected, observed):
    """Say in which special cases a wrong answer is right.

    Parameters
    ----------
    contract : Contract
    stage : the stage at which the answer fails; gradients count only where it is theirs
    special, expected, observed : as ``judge.judge``, for the cases of ``variants``

    Returns
    -------
    list of one sentence, or of none
    """
    seen = one_each(special, observed)
    right = [
        case
        for case, want, got in zip(special, expected, seen, strict=True)
        if not want["problem"]
        and not _is_flat(contract, want)
        and all(
            f.stage == "gradients" and stage != "gradients"
            for f in findings(contract, [case], [want], [got])
        )
    ]
    # An answer that is right in the case as it is goes wrong for another reason.
    if not right or right[0] is special[0] or _is_rounded(contract, expected[0], seen[0]):
        return []
    right = [case.name for case in right]
    return [f"It is right where {', or where '.join(right)}. That is where to look."]


def _is_rounded(contract, want, got):
    """Whether an answer is right to float32's precision: a special case then hides rounding."""
    if not readable(got):
        return False
    right, came = _arrays_by_name(contract, want), _arrays_by_name(contract, got)
    return right.keys() == came.keys() and all(_same(right[n], came[n], SINGLE) for n in right)


def _is_flat(contract, observation):
    """Whether what is right is one number everywhere: almost anything gets that right."""
    arrays = _arrays_by_name(contract, observation).values()
    return all(a.size > 1 and np.ptp(a.astype(float)) == 0 for a in arrays)


# --- what still holds ---------------------------------------------------------------------------

ONE_STEP = "Right for one step, wrong for more"
CARRIED = ": look at what is carried from step to step"


def holds(contract, cases, expected, observed):
    """What can be said of a wrong answer that makes no known mistake.

    Parameters
    ----------
    contract, cases, expected, observed : as ``judge.judge``

    Returns
    -------
    list of sentences: what is right, and how a wrong output is related to the right one. None of
    them gives a value away.
    """
    if not all(map(readable, one_each(cases, observed))):
        return []
    found = [f for f in findings(contract, cases, expected, observed) if f.stage not in CONDUCT]
    said = [*_right_cases(contract, cases, expected, found), *_right_outputs(contract, found)]
    pairs = _pairs(contract, cases, expected, observed)
    for name, several in pairs.items():
        if any(f.output == name for f in found):
            said += _right_steps(contract, name, several)
            said += _related(contract, name, several, pairs)
    return said


def _right_cases(contract, cases, expected, found):
    """In which cases everything is right."""
    wrong = {f.case for f in found}
    right = [case.name for case in cases if case.name not in wrong]
    if not right or not wrong or "" in wrong:
        return []
    steps = _steps(contract, cases, expected)
    if steps and all((steps[case.name] == 1) == (case.name in right) for case in cases):
        # Where some output is right, so is what is carried on; where shapes differ, they tell more.
        carried = {f.output for f in found if f.stage == "values"} >= set(contract.output_names)
        return [f"{ONE_STEP}{CARRIED if carried else ''}."]
    if len(right) <= len(cases) // 2:
        return [f"Right in the case{_s(right)} {_quoted(right)}; wrong in the others."]
    failed = [case.name for case in cases if case.name in wrong]
    return [f"Right in every case but {_quoted(failed)}."]


def _s(items):
    return "s" if len(items) > 1 else ""


def _quoted(names):
    first, last = [f"“{name}”" for name in names[:-1]], f"“{names[-1]}”"
    return f"{', '.join(first)} and {last}" if first else last


def _steps(contract, cases, expected):
    """How many steps each case has, by its name; empty where there are no steps."""
    for name, axes in contract.axes.items():
        if "timestep" in axes:
            axis = axes.index("timestep")
            arrays = [_arrays_by_name(contract, want).get(name) for want in expected]
            if all(array is not None and array.ndim == len(axes) for array in arrays):
                sizes = (array.shape[axis] for array in arrays)
                return {case.name: size for case, size in zip(cases, sizes, strict=True)}
    return {}


def _right_outputs(contract, found):
    """Which outputs are right in every case, where others are wrong."""
    wrong = {f.output for f in found}
    if "" in wrong and any(not f.output and f.stage != "gradients" for f in found):
        return []
    right = [name for name in contract.output_names if name not in wrong]
    gradients = any(f.stage == "gradients" for f in found)
    if len(right) == len(contract.output_names):
        return ["The values are right; the gradients are not."] if gradients else []
    if not right:
        return []
    return [f"Right in every case: {', '.join(right)}."]


def _right_steps(contract, name, several):
    """Whether the first or the last step of an output is right, and the others are not."""
    axes = contract.axes.get(name, ())
    if "timestep" not in axes:
        return []
    axis = axes.index("timestep")
    first, last = [], []
    for right, got, tolerance, _ in several:
        if right.shape != got.shape or right.ndim != len(axes):
            return []
        wrong = differs(right, got, tolerance)
        if right.shape[axis] > 1 and wrong.any():
            steps = wrong.any(axis=tuple(k for k in range(wrong.ndim) if k != axis))
            first.append(not steps[0] and steps[1:].all())
            last.append(not steps[-1] and steps[:-1].all())
    if first and all(first):
        return [f"{name}: the first step is right, those after it are not."]
    if last and all(last):
        return [f"{name}: the last step is right, those before it are not."]
    return []


def _pairs(contract, cases, expected, observed):
    """For each output, in each case: what is right, what came, the tolerance, the inputs."""
    pairs, counts = {}, {}
    for case, want, got in zip(cases, expected, observed, strict=True):
        right, came = _arrays_by_name(contract, want), _arrays_by_name(contract, got)
        for name in right:
            # A case that is to be refused has no arrays.
            counts[name] = counts.get(name, 0) + 1
        coarse = 1e-3 if any(a.dtype == np.float32 for a in right.values()) else SINGLE
        inputs = _all_inputs(case.inputs)
        for name in right.keys() & came.keys():
            pairs.setdefault(name, []).append((right[name], came[name], coarse, inputs))
    return {n: pairs[n] for n in counts if len(pairs.get(n, ())) == counts[n]}


def _arrays_by_name(contract, observation):
    """The arrays of an observation, gradients included, by the names that findings use."""
    if observation["problem"]:
        return {}
    named = match(contract.returns, observation["value"])
    if isinstance(named, str):
        return {}
    arrays = {}
    for name, written in named.items():
        if isinstance(written, dict) and "array" in written:
            arrays[name] = written["array"]
    for name, gradient in observation.get("gradients", {}).items():
        if gradient is not None:
            arrays[f"gradient of {name}"] = gradient
    return arrays


def _all_inputs(inputs, prefix=""):
    found = {}
    for name, value in inputs.items():
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            found[name] = value
        elif isinstance(value, dict) and name == "arguments":
            found |= _all_inputs(value)
    return found


def _related(contract, name, several, pairs):
    """How one output is related to what is right, by trying what often goes wrong."""
    if several[0][0].dtype == bool:
        # One yes or no is related to another whatever goes wrong.
        return []
    arrays = [(right.astype(float), got.astype(float), c, i) for right, got, c, i in several]
    with np.errstate(all="ignore"):
        for says, holds_for in _relations(contract, name, arrays[0][0]):
            if _holds_everywhere(holds_for, arrays):
                return [f"{name}: {says}."]
        for other in several[0][3]:
            if all(other in i and _same(i[other], got, c) for _, got, c, i in arrays):
                return [f"{name}: it is the input {other}, unchanged."]
        for other in pairs:
            if other != name and all(
                _same(right.astype(float), got, coarse)
                for (right, *_), (_, got, coarse, _) in zip(pairs[other], arrays, strict=True)
            ):
                return [f"{name}: what comes back in its place is {other}."]
        return _mixed_factor(name, arrays)


def _holds_everywhere(holds_for, arrays):
    """Whether a relation holds in every case that is large enough to say anything."""
    any_told = False
    for right, got, coarse, _ in arrays:
        told = holds_for(right, got, coarse)
        if told is not None and not told:
            # Most hold nowhere, and the first case shows it.
            return False
        any_told |= told is not None
    return any_told


def _mixed_factor(name, arrays):
    """A factor that differs from case to case, such as the number of rows."""
    factors = []
    for right, got, coarse, _ in arrays:
        if not _is_multiple(right, got, coarse):
            return []
        factors.append(got.ravel()[np.abs(right).argmax()] / np.abs(right).max())
    return [f"{name}: right up to a factor that depends on the case: a mean for a sum, perhaps?"]


def _same(right, got, coarse):
    return right.shape == got.shape and agree(right, got, coarse)


def _is_multiple(right, got, coarse):
    if right.shape != got.shape or right.size < 2 or not np.abs(right).max(initial=0) > 0.01:
        return False
    factor = (right * got).sum() / (right * right).sum()
    return bool(np.isfinite(factor)) and abs(factor) > 1e-3 and _same(factor * right, got, coarse)


def _sigmoid(a):
    return 0.5 * (1 + np.tanh(a / 2))


def _logit(s):
    return np.log(s / (1 - s))


def _relations(contract, name, example):
    """What to try: a sentence, and a test of what is right against what came."""
    axes = contract.axes.get(name.removeprefix("gradient of "), contract.axes.get(name, ()))
    axes = axes if len(axes) == example.ndim else ()
    yield (
        "right to float32's precision: something on the way is float32",
        lambda r, g, c: _same(r, g, c) if c == SINGLE else None,
    )
    yield "every sign is turned", lambda r, g, c: _same(-r, g, c)
    yield "it is zero everywhere", lambda r, g, c: r.shape == g.shape and not g.any()
    yield "it is one minus the right value", lambda r, g, c: _same(1 - r, g, c)
    if "timestep" in axes:
        t = axes.index("timestep")
        yield "the steps are in reverse order", lambda r, g, c: _same(np.flip(r, t), g, c)
        yield "right, but one step late", lambda r, g, c: _shifted(r, g, c, t)
        yield "right, but one step early", lambda r, g, c: _shifted(g, r, c, t)
    if "layer" in axes:
        n = axes.index("layer")
        yield "the layers are in reverse order", lambda r, g, c: _same(np.flip(r, n), g, c)
    if "gate" in axes:
        n, gates = axes.index("gate"), contract.gates
        for order in itertools.permutations(range(len(gates))):
            if list(order) != sorted(order):
                says = (
                    f"right, with its gates in the order {', '.join(gates[k] for k in order)} "
                    f"instead of {', '.join(gates)}"
                )
                yield says, lambda r, g, c, o=order: _same(_blocks(r, n, o), g, c)
    if example.ndim >= 2:
        yield "it is transposed", lambda r, g, c: _same(r.swapaxes(-1, -2), g, c)
    if example.ndim >= 3:
        yield "its first two axes are swapped", lambda r, g, c: _same(r.swapaxes(0, 1), g, c)
    yield (
        "the values are right, the shape is not",
        lambda r, g, c: r.shape != g.shape and r.size == g.size and _same(r.ravel(), g.ravel(), c),
    )
    yield (
        "it is the value before the last tanh",
        lambda r, g, c: np.abs(r).max(initial=0) <= 1 and _same(r, np.tanh(g), c),
    )
    yield "it is the value before the last sigmoid", lambda r, g, c: _same(r, _sigmoid(g), c)
    yield "one tanh too many", lambda r, g, c: _same(np.tanh(r), g, c)
    yield "one sigmoid too many", lambda r, g, c: _same(_sigmoid(r), g, c)
    yield "tanh where a sigmoid belongs", lambda r, g, c: _same(r, _sigmoid(np.arctanh(g)), c)
    yield "a sigmoid where tanh belongs", lambda r, g, c: _same(r, np.tanh(_logit(g)), c)
    yield "right up to a constant factor", _is_multiple_everywhere()
    if "batch row" in axes and len(axes) == 2:
        n = axes.index("batch row")
        for says, inverse in (
            ("inside the last sigmoid, ", _logit),
            ("inside the last tanh, ", np.arctanh),
            ("", np.asarray),
        ):
            yield (
                f"{says}it is off by the same amount in every batch row: look for what doesn't "
                "depend on the row, such as a bias",
                lambda r, g, c, f=inverse: _off_by_row(f(r), f(g), c, n),
            )


def _is_multiple_everywhere():
    """A test that is passed by one and the same multiple in all cases."""
    seen = []

    def test(right, got, coarse):
        if not _is_multiple(right, got, coarse):
            return False
        seen.append((right * got).sum() / (right * right).sum())
        return abs(seen[-1] - seen[0]) < 1e-3 * abs(seen[0])

    return test


def _shifted(early, late, coarse, axis):
    """Whether one array is another one step later; None for arrays of one step."""
    if early.shape != late.shape:
        return False
    early, late = np.moveaxis(early, axis, 0), np.moveaxis(late, axis, 0)
    return None if len(early) < 2 else _same(early[:-1], late[1:], coarse)


def _blocks(array, axis, order):
    blocks = np.split(array, len(order), axis)
    return np.concatenate([blocks[k] for k in order], axis)


def _off_by_row(right, got, coarse, axis):
    """Whether the difference is the same in all rows; None where it can't be told."""
    if right.shape != got.shape:
        return False
    off = got - right
    if right.shape[axis] < 2 or not np.isfinite(off).all() or np.abs(off).max() <= coarse:
        return None
    level = np.broadcast_to(off.mean(axis, keepdims=True), off.shape)
    return _same(level, off, coarse)
