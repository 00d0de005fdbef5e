"""Compare what was observed of an answer with what was observed of the reference."""

import re
from dataclasses import dataclass

import numpy as np

from . import probe
from .contract import output_names
from .rules import forbidden_calls, say_forbidden

STAGES = (
    "exists",
    "callable",
    "written",
    "rules",
    "signature",
    "builds",
    "module",
    "parameters",
    "runs",
    "structure",
    "type",
    "shape",
    "dtype",
    "finite",
    "values",
    "unmodified",
    "repeatable",
    "more",
    "gradients",
    "initial",
)
"""The order in which an answer is judged; the first stage that fails is what the student reads."""
STOPS = STAGES[: STAGES.index("structure") + 1]
"""The stages at which a call can end without a value; each costs all points."""
MAX_NAMES = 1_000
"""Names in one list of an observation; more are none that ``probe.observe`` wrote down."""
MAX_DEPTH = 10
"""How deep a returned value can be nested, likewise."""

CONDUCT = ("unmodified", "repeatable", "more", "initial")
"""Stages that cost the last part alone: the values were right."""

FINAL = ("exists", "callable")
"""Stages at which right versions of earlier answers can't change anything; nor can they where the
answer's own text breaks the rules."""

MANY = 60
"""Values of a parameter from which on their spread can be judged without luck."""

RUNS = ("finite", "values", "gradients")
"""Stages at which an answer works, and is wrong."""

LEAVES = {
    "array": "a NumPy array",
    "tensor": "a PyTorch tensor",
    "number": "a number",
    "numbers": "a list of numbers",
}
"""What the kinds of a written-down leaf are called."""

ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
SINGLE = 1e-6
"""How far a number may move, absolutely and relatively, when it is rounded to float32."""
MANY_PLACES = 8
"""Places along an axis beyond which they are counted and not listed."""
MAX_TEXT = 300
"""Characters of the answer's own words that are shown."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and where."""

    stage: str
    case: str
    says: str
    output: str = ""
    shows: str = ""
    """Expected and actual value at the place; for public cases only."""
    holds: str = ""
    """Along which axes the output is right."""

    @property
    def rank(self):
        """The place of the stage in the order of judging."""
        return STAGES.index(self.stage)


@dataclass(frozen=True)
class PartResult:
    """What became of one part's points."""

    says: str
    points: float
    of: float
    finding: Finding | None


@dataclass(frozen=True)
class Verdict:
    """What became of an answer."""

    name: str
    status: str
    """``"pass"``, ``"fail"`` or ``"grader error"``."""
    parts: tuple[PartResult, ...] = ()
    hints: tuple[dict, ...] = ()
    """Known mistakes that the answer makes: ``name``, ``hint`` and ``book``."""
    cases: int = 0
    """How many cases were tried."""
    notes: tuple[str, ...] = ()
    """What else the reader should know."""
    look: tuple[str, ...] = ()
    """What the rules can't decide; an instructor should look at it."""
    of_all: tuple[str, ...] = ()
    """What of it concerns all answers of the notebook."""

    @property
    def points(self):
        """Points earned."""
        return sum(part.points for part in self.parts)

    @property
    def of(self):
        """Points to be had."""
        return sum(part.of for part in self.parts)

    @property
    def finding(self):
        """The first stage that failed, or None."""
        failed = [part.finding for part in self.parts if part.finding]
        return min(failed, key=lambda finding: finding.rank) if failed else None


def judge(contract, cases, expected, observed, forbidden=()):
    """Reach a verdict on an answer.

    Parameters
    ----------
    contract : Contract
    cases : list of Case
    expected : list of observations of the reference, one for each case
    observed : what came back as observations of the answer, likewise; anything but a list of
        readable observations counts against the answer. One that is itself the one expected, the
        same object, was found to equal it and isn't looked at again; see ``exercise.Drawn.known``
    forbidden : names in the answer's text that the rules forbid; see ``rules.read``

    Returns
    -------
    Verdict, ``"pass"`` only if every part's points were earned; ``"grader error"`` where the
    reference itself could not be observed
    """
    pairs = zip(expected, one_each(cases, observed), strict=True)
    if not all((got is want or readable(want)) and not want["problem"] for want, got in pairs):
        return grader_error(contract, "the reference could not be observed")
    parts = []
    every = findings(contract, cases, expected, observed, forbidden)
    every += _refusals(contract, cases, expected, one_each(cases, observed))
    every = _telling(cases, every)
    unlooked = {case.name for case in cases if not case.gradients}
    for part in contract.parts:
        whole = part is contract.parts[-1]
        failed = [f for f in every if _concerns(contract, part, f, whole, unlooked)]
        finding = min(failed, key=lambda f: f.rank) if failed else None
        parts.append(PartResult(part.says, 0 if finding else part.points, part.points, finding))
    status = "fail" if any(part.finding for part in parts) else "pass"
    return Verdict(contract.name, status, tuple(parts), cases=len(cases))


def grader_error(contract, what):
    """The verdict where the grader failed: no points given, none taken, the instructor told."""
    return Verdict(contract.name, "grader error", notes=(what,))


def findings(contract, cases, expected, observed, forbidden=()):
    """Everything that is wrong with an answer, case by case; arguments as ``judge``."""
    observed = one_each(cases, observed)
    found = []
    others = [got for want, got in zip(expected, observed, strict=True) if got is not want]
    names = sorted({*forbidden, *forbidden_calls(contract, filter(readable, others))})
    if names:
        found.append(Finding("rules", "", say_forbidden(contract, names)))
    for case, want, got in zip(cases, expected, observed, strict=True):
        found += _findings(contract, case, want, got)
    return found


def _telling(cases, found):
    """What is found, but for what follows from other findings: each is paid for once.

    Of wrong values the gradients are wrong too, and a case that tries things together fails where
    one of them fails alone.
    """
    wrong = {f.case for f in found if f.stage not in CONDUCT and f.stage != "gradients"}
    told = {case.name for case in cases if wrong.intersection(case.needs)}
    return [
        f for f in found if f.case not in told and not (f.stage == "gradients" and f.case in wrong)
    ]


def _refusals(contract, cases, expected, observed):
    """What refuses whatever it is given earns nothing for refusing what it should."""
    refused = [case for case, want in zip(cases, expected, strict=True) if _is_refusal(want)]
    others = [
        got is want or (readable(got) and not got["problem"] and not _is_refusal(got))
        for want, got in zip(expected, observed, strict=True)
        if not _is_refusal(want)
    ]
    if any(others) or not others:
        return []
    said = f"{contract.name} takes no input at all, so that it refuses this one says nothing"
    return [Finding("values", case.name, said) for case in refused]


def _is_refusal(seen):
    """Whether an observation is that of an answer which refused the case."""
    value = seen["value"]
    while isinstance(value, tuple | list) or (isinstance(value, dict) and "dict" in value):
        items = list(value["dict"].values() if isinstance(value, dict) else value)
        if not items:
            return False
        value = items[0]
    return isinstance(value, dict) and value.get("leaf") == "error"


def _concerns(contract, part, finding, whole, unlooked):
    """Whether a finding costs a part its points; ``unlooked`` has no gradients looked at."""
    if finding.stage in CONDUCT:
        return whole
    return _is_about(part, finding, unlooked) or (
        # What no part names costs the last.
        whole and not any(_is_about(other, finding, unlooked) for other in contract.parts)
    )


def _is_about(part, finding, unlooked):
    if part.cases and finding.case and finding.case not in part.cases:
        return False
    if part.gradients and finding.case in unlooked:
        return False
    if finding.stage == "gradients":
        return part.gradients and (
            not part.outputs or not finding.output or finding.output in part.outputs
        )
    # Gradients are worth nothing where the values that they belong to are wrong.
    return (
        part.gradients or not finding.output or not part.outputs or finding.output in part.outputs
    )


# --- the form of an observation -----------------------------------------------------------------


def one_each(cases, observed):
    """What came back, if it is a list of as many as there are cases; nothing for each otherwise."""
    fits = isinstance(observed, list) and len(observed) == len(cases)
    return observed if fits else [None] * len(cases)


def readable(observation):
    """Whether an observation has the form that ``probe.observe`` gives it.

    It comes from the process that the answer runs in, so it may be any plain data at all.
    """
    if not isinstance(observation, dict) or not observation.keys() >= {"problem", "value"}:
        return False
    problem, value = observation["problem"], observation["value"]
    gradients = observation.get("gradients", {})
    initial = observation.get("initial", {})
    return (
        (_is_problem(problem, STOPS) if problem is not None else _is_written(value))
        and _is_names(observation.get("changed"))
        and isinstance(observation.get("repeats"), bool)
        and _is_names(observation.get("called"))
        and isinstance(gradients, dict)
        and len(gradients) <= MAX_NAMES
        and all(g is None or isinstance(g, np.ndarray) for g in gradients.values())
        and (
            observation.get("gradient_problem") is None
            or _is_problem(observation["gradient_problem"], STAGES)
        )
        and isinstance(initial, dict)
        and len(initial) <= MAX_NAMES
        and all(
            isinstance(stats, list) and len(stats) == 3 and all(type(n) is float for n in stats)
            for stats in initial.values()
        )
    )


def _is_names(value):
    return (
        isinstance(value, list)
        and len(value) <= MAX_NAMES
        and all(
            isinstance(name, str) and name.isprintable() and len(name) <= MAX_TEXT for name in value
        )
    )


def _is_problem(value, stages):
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(key), str) for key in ("stage", "type", "message", "line"))
        and value["stage"] in stages
    )


def _is_written(value):
    left, waiting = probe.MAX_PARTS, [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        items = part
        if isinstance(part, dict):
            if "dict" not in part:
                if not _is_leaf(part):
                    return False
                continue
            items = part["dict"].values() if isinstance(part["dict"], dict) else None
        elif not isinstance(part, tuple | list):
            return False
        if items is None or len(items) > left or depth == MAX_DEPTH:
            return False
        left -= len(items)
        waiting += [(item, depth + 1) for item in items]
    return True


def _is_leaf(value):
    leaf, array = value.get("leaf"), value.get("array")
    if not isinstance(leaf, str) or not isinstance(value.get("type"), str):
        return False
    if not isinstance(value.get("attached", True), bool):
        return False
    if leaf in ("none", "other", "error"):
        return "array" not in value
    if leaf == "text":
        return "array" not in value and isinstance(value.get("text"), str)
    if leaf not in LEAVES or not isinstance(array, np.ndarray):
        return False
    return array.dtype.kind in "biuf" and (leaf != "number" or array.shape == ())


def clean(text):
    """The answer's own words, fit to be shown: of one line, printable, not too long.

    Addresses in memory are left out: they say nothing, and are others when it is graded again.
    """
    said = text[: MAX_TEXT + 1]
    if not said.isprintable():
        said = "".join(c if c.isprintable() else " " for c in said)
    said = said if len(said) <= MAX_TEXT else said[:MAX_TEXT] + "…"
    return ADDRESS.sub("0x…", said)


# --- what is wrong with one observation ---------------------------------------------------------


def _findings(contract, case, want, got):
    if got is want:
        return []
    if not readable(got):
        said = f"nothing readable came back when {contract.name} was called"
        return [Finding("structure", case.name, said)]
    if got["problem"]:
        return [Finding(got["problem"]["stage"], case.name, _say_problem(contract, got["problem"]))]
    named = match(contract.returns, got["value"])
    if isinstance(named, str):
        return [Finding("structure", case.name, named)]
    right = match(contract.returns, want["value"])
    tolerance = tolerance_of(contract, case, want)
    found = _key_findings(contract, case, got["value"])
    for name in named:
        fine = max(tolerance, SINGLE) if name in contract.kept else tolerance
        finding = _compare(contract, case, name, right[name], named[name], fine)
        if finding:
            found.append(finding)
    if got["changed"]:
        *names, last = map(clean, got["changed"][:5])
        names = f"{', '.join(names)} and {last}" if names else last
        said = f"the call changed {names}; leave what you are given as it is"
        found.append(Finding("unmodified", case.name, said))
    if not got["repeats"]:
        said = "the same inputs gave another answer the second time"
        found.append(Finding("repeatable", case.name, said))
    if want.get("gradients"):
        found += _gradient_findings(contract, case, right, named, want, got, tolerance)
    if want.get("initial"):
        found += _initial_findings(case, want, got)
    return found


def tolerance_of(contract, case, want):
    """How far a value may be from the right one in a case, absolutely and relatively."""
    dtype = case.inputs.get("dtype", _dtype_of(want))
    return contract.tolerance["float32" if dtype == "float32" else "float64"]


def _dtype_of(observation):
    arrays = _all_arrays(observation["value"])
    return "float32" if any(a.dtype == np.float32 for a in arrays) else "float64"


def _all_arrays(written):
    if isinstance(written, tuple | list):
        return [a for item in written for a in _all_arrays(item)]
    if isinstance(written, dict) and "dict" in written:
        return [a for item in written["dict"].values() for a in _all_arrays(item)]
    return [written["array"]] if isinstance(written, dict) and "array" in written else []


def _say_problem(contract, problem):
    stage, name = problem["stage"], contract.name
    message, line = clean(problem["message"]), clean(problem["line"])
    error = clean(problem["type"]) + (f": {message}" if message else "")
    where = f", at {line}" if line else ""
    if stage == "written" and message != name and message.isidentifier():
        return f"{name} calls {message}, which is not written yet"
    if "leaf Variable" in message and "in-place" in message and contract.subject != "edit":
        where += (
            ". An operation in place (+=, *=, an assignment to a slice) changes a tensor that was "
            "given to you; make a new one instead"
        )
    return {
        "exists": f"there is no {name}; " + _say_missing(name, message),
        "callable": f"{name} is a {message} and can't be called",
        "written": f"{name} is not written yet",
        "signature": f"{name} can't be called with its arguments: {message}",
        "builds": f"{name} can't be built: {error}{where}",
        "module": f"{name} must be a subclass of torch.nn.Module; {message}",
        "parameters": f"the parameters of {name}: {message}{_say_parameters(message)}",
        "structure": message,
    }.get(stage, f"{name} stopped with {error}{where}")


def _say_missing(name, other):
    """What to do where there is no answer, or only one of another name."""
    if other.isidentifier():
        return f"there is a {other}: call it {name}, if it is meant for it"
    return "run the cell that defines it"


def _say_parameters(message):
    """What to think of where parameters are missing."""
    if " missing" not in message:
        return ""
    return (
        ". A module knows as its parameters what is an nn.Parameter, or a parameter of a module, "
        "and is an attribute of its own: no plain tensor, no buffer, nothing in a plain list, and "
        "nothing that has another name already"
    )


RETURNS_NONE = "it returns None: is the return missing?"


def _is_none(written):
    return isinstance(written, dict) and written.get("leaf") == "none"


def _describe(written):
    """A written-down value in words."""
    if isinstance(written, tuple | list):
        kind = "tuple" if isinstance(written, tuple) else "list"
        return f"a {kind} of {len(written)}"
    if "dict" in written:
        return clean(f"a dict with the keys {', '.join(list(written['dict'])[:20]) or '(none)'}")
    if "array" in written and written["leaf"] != "number":
        return f"{clean(written['type'])} of shape {written['array'].shape}"
    return clean(written["type"])


def _describe_returns(returns):
    if isinstance(returns, str):
        return returns
    if isinstance(returns, dict):
        return "a dict with the keys " + ", ".join(returns)
    return "(" + ", ".join(_describe_returns(item) for item in returns) + ")"


def match(returns, written):
    """Give the parts of a returned value their names; a sentence where it has another form.

    What a dict lacks is left out, and so is what it has too much: each key stands for itself.
    """
    if isinstance(returns, str):
        return {returns: written}
    came = RETURNS_NONE if _is_none(written) else f"it returns {_describe(written)};"
    wrong = f"{came} expected {_describe_returns(returns)}"
    if isinstance(returns, dict):
        if not isinstance(written, dict) or "dict" not in written:
            return wrong
        got = written["dict"]
        pairs = [(returns[key], got[key]) for key in returns if key in got]
    else:
        if not isinstance(written, tuple | list) or len(written) != len(returns):
            return wrong
        pairs = list(zip(returns, written, strict=True))
    named = {}
    for inner, value in pairs:
        found = match(inner, value)
        if isinstance(found, str):
            return found
        named |= found
    return named


def _key_findings(contract, case, value):
    """What a returned dict lacks, output by output, and what it has too much, all at once."""
    if not isinstance(contract.returns, dict):
        return []
    found = []
    for key, returns in contract.returns.items():
        if key not in value["dict"]:
            said = f"the returned dict has no {key!r}"
            names = output_names(returns)
            found += [Finding("structure", case.name, said, name) for name in names]
    extra = [key for key in value["dict"] if key not in contract.returns]
    if extra:
        said = f"the returned dict has {clean(', '.join(extra[:20]))} as well, not asked for"
        found.append(Finding("more", case.name, said))
    return found


def _compare(contract, case, output, want, got, tolerance, label=None):
    """The first thing that is wrong with one output, or None."""
    name = label or output

    def finding(stage, says, shows="", holds=""):
        return Finding(stage, case.name, f"{name}: {says}", output, shows, holds)

    if isinstance(want, dict) and "dict" in want:
        if not isinstance(got, dict) or got.get("dict", {}).keys() != want["dict"].keys():
            return finding("structure", f"{_describe(got)}; expected {_describe(want)}")
        found = (
            _compare(contract, case, output, value, got["dict"][key], tolerance, key)
            for key, value in want["dict"].items()
        )
        return min(filter(None, found), key=lambda f: f.rank, default=None)
    if isinstance(want, dict) and want["leaf"] == "error":
        refused = isinstance(got, dict) and got.get("leaf") == "error"
        return None if refused else finding("type", f"{_describe(got)}; expected a ValueError")
    if _is_none(got) and output == contract.returns:
        return Finding("type", case.name, RETURNS_NONE, output)
    if not (isinstance(want, dict) and "array" in want):
        if plain(want) == plain(got):
            return None
        if isinstance(want, tuple | list) and not isinstance(got, tuple | list):
            said = "expected a tuple, such as (5,) or (5, 3)"
            return finding("type", f"{_describe(got)}; {said}")
        said = clean(repr(plain(got))) if _showable(got) else _describe(got)
        return finding("values", f"{said} is wrong", f"expected {plain(want)!r}")
    if not isinstance(got, dict) or "array" not in got:
        return finding("type", f"{_describe(got)}; expected {LEAVES[want['leaf']]}")
    scalar = want["array"].shape == () and contract.kind == "numpy"
    if got["leaf"] != want["leaf"] and not scalar:
        return finding("type", f"{clean(got['type'])}; expected {LEAVES[want['leaf']]}")
    right, value = want["array"], got["array"]
    if value.shape != right.shape:
        return finding("shape", f"shape {value.shape}, expected {right.shape}")
    if right.dtype.kind == "f":
        if value.dtype.kind != "f":
            return finding("dtype", f"dtype {value.dtype}, expected floating point")
        if value.dtype.itemsize < right.dtype.itemsize and output not in contract.kept:
            said = f"dtype {value.dtype}, expected {right.dtype}: precision is lost on the way"
            return finding("dtype", said)
        bad = ~np.isfinite(value) & np.isfinite(right)
        if bad.any():
            what = "nan" if np.isnan(value[bad][0]) else "infinity"
            first, holds = _place(contract, name, bad)
            return finding("finite", f"{what} {first}", holds=holds)
    elif right.dtype.kind in "iu" and value.dtype.kind not in "iu":
        return finding("dtype", f"dtype {value.dtype}, expected whole numbers")
    elif right.dtype.kind == "b" and value.dtype.kind != "b":
        return finding("dtype", f"dtype {value.dtype}, expected bool: True and False")
    wrong = differs(right, value, tolerance)
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0])
        digits = 12 if f"{right[at]:.6g}" == f"{value[at]:.6g}" else 6
        shows = f"expected {right[at]:.{digits}g}, got {value[at]:.{digits}g}"
        first, holds = _place(contract, name, wrong)
        return finding("values", f"wrong {first}".rstrip(), shows, holds)
    return None


def _showable(written):
    """Whether a written-down value is short enough to be shown as it is."""
    if isinstance(written, tuple | list):
        return all(_showable(item) for item in written)
    return written.get("leaf") in ("number", "text", "none")


def plain(written):
    """A written-down value as Python would show it; lists and tuples alike."""
    if isinstance(written, tuple | list):
        return tuple(plain(item) for item in written)
    if "dict" in written:
        return {key: plain(item) for key, item in written["dict"].items()}
    if "array" in written:
        return written["array"].tolist()
    return written.get("text", written["type"])


def differs(right, value, tolerance):
    """Where two arrays of one shape differ by more than the tolerance: a boolean array."""
    with np.errstate(all="ignore"):
        right = right.astype(np.float64, copy=False)
        value = value.astype(np.float64, copy=False)
        # An infinite difference of what is infinite says nothing; where both are nan, both are.
        off = ~(np.abs(value - right) <= tolerance + tolerance * np.abs(right))
        off |= np.isinf(right)
        return off & (value != right) & ~(np.isnan(value) & np.isnan(right))


def agree(right, value, tolerance):
    """Whether two arrays of one shape differ nowhere by more than the tolerance."""
    if right.size:
        # Most that differ do so in the first number, and that is seen ten times as fast.
        first = right.item(0)
        if abs(value.item(0) - first) > tolerance + tolerance * abs(first):
            return False
    return not differs(right, value, tolerance).any()


def _place(contract, name, wrong):
    """Where an output is wrong, in words: the first place; and along which axes it is right."""
    if wrong.ndim == 0:
        return "", ""
    axes = contract.axes.get(name, ())
    at = np.argwhere(wrong)[0]
    if len(axes) != wrong.ndim:
        return f"first at index {tuple(map(int, at))}", ""
    first = ", ".join(
        _name_index(contract, axis, int(k), wrong.shape[n])
        for n, (axis, k) in enumerate(zip(axes, at, strict=True))
    )
    still = []
    for n, axis in enumerate(axes):
        hit = wrong.any(axis=tuple(k for k in range(wrong.ndim) if k != n))
        if axis == "gate":
            hit = hit.reshape(len(contract.gates), -1).any(axis=1)
        if 0 < hit.sum() < len(hit):
            fine = [_name_block(contract, axis, k) for k in np.flatnonzero(~hit)]
            if len(fine) > MANY_PLACES:
                still.append(f"{len(fine)} of {len(hit)} {_plural(axis, len(hit))}")
            else:
                still.append(f"{_plural(axis, len(fine))} {', '.join(fine)}")
    return f"first at {first}", f"nothing wrong at {'; at '.join(still)}" if still else ""


def _name_index(contract, axis, k, size):
    if axis == "gate":
        H = size // len(contract.gates)
        return f"gate {contract.gates[k // H]}, unit {k % H}"
    return f"{axis} {k}"


def _plural(axis, count):
    """The name of an axis before several places on it; a variable, ``t =``, has no plural."""
    if count < 2 or axis.endswith("="):
        return axis
    return axis + ("es" if axis.endswith("s") else "s")


def _name_block(contract, axis, k):
    return contract.gates[k] if axis == "gate" else str(k)


def _gradient_findings(contract, case, right, named, want, got, tolerance):
    def finding(name, says, holds=""):
        output = f"gradient of {name}" if name else ""
        return Finding("gradients", case.name, says, output, holds=holds)

    cut = [n for n, leaf in named.items() if _is_cut(right[n], leaf)]
    made_anew = "is a tensor made anew (torch.tensor), detached, or sent through NumPy?"
    if got.get("gradient_problem"):
        problem = got["gradient_problem"]
        line = clean(problem["line"])
        if "does not require grad" in problem["message"] or len(cut) == len(named):
            said = f"the outputs are cut off from the graph, so no gradient can flow: {made_anew}"
        else:
            said = f"the backward pass stopped with {clean(problem['type'])}: "
            said += clean(problem["message"]) + (f", at {line}" if line else "")
        return [finding("", said)]
    if cut:
        said = f"{' and '.join(cut)} is cut off from the graph (it has no grad_fn): {made_anew}"
        return [finding("", said)]
    found = []
    values = got.get("gradients", {})
    missing = [n for n, g in want["gradients"].items() if g is not None and values.get(n) is None]
    if missing:
        said = f"no gradient reaches {', '.join(missing)}: the graph is cut on the way"
        found += [finding(name, said, _others(want, missing)) for name in missing]
    for name, truth in want["gradients"].items():
        value = values.get(name)
        if truth is None or value is None:
            continue
        if value.shape != truth.shape or value.dtype.kind not in "biuf":
            found.append(finding(name, f"gradient of {name}: shape {value.shape}"))
        elif (bad := ~np.isfinite(value) & np.isfinite(truth)).any():
            first, holds = _place(contract, name, bad)
            said = f"gradient of {name}: not finite {first}: something overflows on the way"
            found.append(finding(name, said, holds))
        elif differs(truth, value, tolerance).any():
            first, holds = _place(contract, name, differs(truth, value, tolerance))
            found.append(finding(name, f"gradient of {name}: wrong {first}", holds))
    return found


def _is_cut(want, got):
    return (
        isinstance(want, dict)
        and isinstance(got, dict)
        and want.get("attached") is True
        and got.get("attached") is False
    )


def _others(want, missing):
    others = [name for name in want["gradients"] if name not in missing]
    return f"a gradient reaches {', '.join(others)}" if others else ""


def _initial_findings(case, want, got):
    """How new parameters are spread: their spread and largest size, where they are many enough."""
    for name, right in want["initial"].items():
        if case.inputs["parameters"][name].size < MANY or not right[2]:
            continue
        off = _say_spread(right, got.get("initial", {}).get(name, [np.nan] * 3))
        if off:
            said = f"{name} of a new module {off}; the text says how it is to be drawn"
            return [Finding("initial", case.name, said)]
    return []


def _say_spread(right, own):
    """How new numbers are spread in another way than is right, in words; empty where they aren't.

    Parameters
    ----------
    right, own : mean, spread and largest size
    """
    (_, spread, largest), (own_mean, own_spread, own_largest) = right, own
    if not np.isfinite(own).all():
        return "holds nan or infinity"
    if own_largest == 0:
        return "is zero everywhere"
    if abs(own_mean) > 0.4 * own_largest:
        return "is not centred on zero"
    sizes = own_spread / spread, own_largest / largest
    if max(sizes) >= 1.6:
        return "goes too far from zero"
    return "stays too close to zero" if min(sizes) <= 0.6 else ""
