"""Compare what was observed of an answer with what was observed of the reference."""

from dataclasses import dataclass, field

import numpy as np

STAGES = (
    "exists",
    "callable",
    "written",
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
    "gradients",
)
"""The order in which an answer is judged; the first stage that fails is what the student reads."""

LEAVES = {"array": "a NumPy array", "tensor": "a PyTorch tensor", "number": "a number"}
"""What the kinds of a written-down leaf are called."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and where."""

    stage: str
    case: str
    says: str
    output: str = ""
    shows: str = ""
    """Expected and actual value at the place; for public cases only."""

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
    notes: tuple[str, ...] = field(default=())
    """What else the reader should know."""

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


def judge(contract, cases, expected, observed, hints=()):
    """Reach a verdict on an answer.

    Parameters
    ----------
    contract : Contract
    cases : list of Case
    expected : list of observations of the reference, one for each case
    observed : list of observations of the answer, likewise
    hints : known mistakes that ``diagnose`` found

    Returns
    -------
    Verdict, ``"pass"`` only if every part's points were earned
    """
    findings = []
    for case, want, got in zip(cases, expected, observed, strict=True):
        findings += _findings(contract, case, want, got)
    parts = []
    for part in contract.parts:
        whole = part is contract.parts[-1]
        failed = [f for f in findings if _concerns(contract, part, f, whole)]
        finding = min(failed, key=lambda f: f.rank) if failed else None
        parts.append(PartResult(part.says, 0 if finding else part.points, part.points, finding))
    status = "fail" if any(part.finding for part in parts) else "pass"
    return Verdict(contract.name, status, tuple(parts), tuple(hints), len(cases))


def _concerns(contract, part, finding, whole):
    """Whether a finding costs a part its points.

    Conduct (inputs changed, another answer on the second call) costs the last part alone: the
    values were right.
    """
    if part.cases and finding.case not in part.cases:
        return False
    if finding.stage in ("unmodified", "repeatable"):
        return whole
    if finding.stage == "gradients":
        return part.gradients and (not part.outputs or finding.output in part.outputs)
    if not finding.output:
        return True
    if part.gradients:
        # Gradients are worth nothing where the values that they belong to are wrong.
        return True
    return not part.outputs or finding.output in part.outputs


def _findings(contract, case, want, got):
    if got["problem"]:
        return [Finding(got["problem"]["stage"], case.name, _say_problem(contract, got["problem"]))]
    named = _match(contract.returns, got["value"])
    if isinstance(named, str):
        return [Finding("structure", case.name, named)]
    right = _match(contract.returns, want["value"])
    dtype = case.inputs.get("dtype", _dtype_of(want))
    tolerance = contract.tolerance["float32" if dtype == "float32" else "float64"]
    findings = []
    for name in contract.output_names:
        found = _compare(contract, case, name, right[name], named[name], tolerance)
        if found:
            findings.append(found)
    if got["changed"]:
        said = (
            f"the call changed its input {' and '.join(got['changed'])}; leave inputs as they are"
        )
        findings.append(Finding("unmodified", case.name, said))
    if not got["repeats"]:
        said = "the same inputs gave another answer the second time"
        findings.append(Finding("repeatable", case.name, said))
    if want.get("gradients"):
        findings += _gradient_findings(contract, case, want, got, tolerance)
    return findings


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
    error = problem["type"] + (f": {problem['message']}" if problem["message"] else "")
    where = f", at {problem['line']}" if problem["line"] else ""
    return {
        "exists": f"there is no {name}; run the cell that defines it",
        "callable": f"{name} is a {problem['message']} and can't be called",
        "written": f"{name} is not written yet",
        "signature": f"{name} can't be called with its arguments: {problem['message']}",
        "builds": f"{name} can't be built: {error}{where}",
        "module": f"{name} must be a subclass of torch.nn.Module; {problem['message']}",
        "parameters": f"the parameters of {name}: {problem['message']}",
        "structure": problem["message"],
    }.get(stage, f"{name} stopped with {error}{where}")


def _describe(written):
    """A written-down value in words."""
    if isinstance(written, tuple | list):
        kind = "tuple" if isinstance(written, tuple) else "list"
        return f"a {kind} of {len(written)}"
    if "dict" in written:
        return f"a dict with the keys {', '.join(written['dict']) or '(none)'}"
    if "array" in written and written["leaf"] != "number":
        return f"{written['type']} of shape {written['array'].shape}"
    return written["type"]


def _describe_returns(returns):
    if isinstance(returns, str):
        return returns
    if isinstance(returns, dict):
        return "a dict with the keys " + ", ".join(returns)
    return "(" + ", ".join(_describe_returns(item) for item in returns) + ")"


def _match(returns, written):
    """Give the parts of a returned value their names; a sentence where it has another form."""
    if isinstance(returns, str):
        return {returns: written}
    wrong = f"it returns {_describe(written)}; expected {_describe_returns(returns)}"
    if isinstance(returns, dict):
        if not isinstance(written, dict) or "dict" not in written:
            return wrong
        got = written["dict"]
        missing = [key for key in returns if key not in got]
        extra = [key for key in got if key not in returns]
        if missing or extra:
            said = [f"{', '.join(missing)} missing"] if missing else []
            said += [f"{', '.join(extra)} not asked for"] if extra else []
            return f"the returned dict: {'; '.join(said)}"
        pairs = [(returns[key], got[key]) for key in returns]
    else:
        if not isinstance(written, tuple | list) or len(written) != len(returns):
            return wrong
        pairs = list(zip(returns, written, strict=True))
    named = {}
    for inner, value in pairs:
        found = _match(inner, value)
        if isinstance(found, str):
            return found
        named |= found
    return named


def _compare(contract, case, output, want, got, tolerance, label=None):
    """The first thing that is wrong with one output, or None."""
    name = label or output

    def finding(stage, says, shows=""):
        return Finding(stage, case.name, f"{name}: {says}", output, shows)

    if isinstance(want, dict) and "dict" in want:
        named = _match(dict.fromkeys(want["dict"], ""), got)
        if isinstance(named, str):
            return finding("structure", named)
        found = (
            _compare(contract, case, output, value, got["dict"][key], tolerance, key)
            for key, value in want["dict"].items()
        )
        return min(filter(None, found), key=lambda f: f.rank, default=None)
    if not (isinstance(want, dict) and "array" in want):
        if plain(want) == plain(got):
            return None
        said = repr(plain(got)) if _showable(got) else _describe(got)
        return finding("values", f"{said} is wrong", f"expected {plain(want)!r}")
    if not isinstance(got, dict) or "array" not in got:
        return finding("type", f"{_describe(got)}; expected {LEAVES[want['leaf']]}")
    scalar = want["array"].shape == () and contract.kind == "numpy"
    if got["leaf"] != want["leaf"] and not scalar:
        return finding("type", f"{got['type']}; expected {LEAVES[want['leaf']]}")
    right, value = want["array"], got["array"]
    if value.shape != right.shape:
        return finding("shape", f"shape {value.shape}, expected {right.shape}")
    if right.dtype.kind == "f":
        if value.dtype.kind != "f":
            return finding("dtype", f"dtype {value.dtype}, expected floating point")
        if value.dtype.itemsize < right.dtype.itemsize:
            said = f"dtype {value.dtype}, expected {right.dtype}: precision is lost on the way"
            return finding("dtype", said)
        bad = ~np.isfinite(value) & np.isfinite(right)
        if bad.any():
            what = "nan" if np.isnan(value[bad][0]) else "infinity"
            return finding("finite", f"{what} {_place(contract, name, bad)}")
    elif right.dtype.kind in "iu" and value.dtype.kind not in "iu":
        return finding("dtype", f"dtype {value.dtype}, expected whole numbers")
    wrong = differs(right, value, tolerance)
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0])
        shows = f"expected {right[at]:.6g}, got {value[at]:.6g}"
        return finding("values", f"wrong {_place(contract, name, wrong)}", shows)
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
        right, value = right.astype(np.float64), value.astype(np.float64)
        return ~np.isclose(value, right, rtol=tolerance, atol=tolerance, equal_nan=True)


def _place(contract, name, wrong):
    """Where an output is wrong, in words: the first place, and along which axes it is right."""
    axes = contract.axes.get(name, ())
    if wrong.ndim == 0 or len(axes) != wrong.ndim:
        return "" if wrong.ndim == 0 else f"first at index {tuple(map(int, np.argwhere(wrong)[0]))}"
    at = np.argwhere(wrong)[0]
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
            plural = "s" if len(fine) > 1 and axis != "gate" else ""
            still.append(
                f"{axis}{plural} {', '.join(fine)} {'are' if len(fine) > 1 else 'is'} right"
            )
    return f"first at {first}" + (f"; {'; '.join(still)}" if still else "")


def _name_index(contract, axis, k, size):
    if axis == "gate":
        H = size // len(contract.gates)
        return f"gate {contract.gates[k // H]}, unit {k % H}"
    return f"{axis} {k}"


def _name_block(contract, axis, k):
    return contract.gates[k] if axis == "gate" else str(k)


def _gradient_findings(contract, case, want, got, tolerance):
    def finding(name, says):
        return Finding("gradients", case.name, says, f"gradient of {name}" if name else "")

    if got.get("gradient_problem"):
        problem = got["gradient_problem"]
        where = f", at {problem['line']}" if problem["line"] else ""
        if "does not require grad" in problem["message"]:
            said = (
                "the outputs are cut off from the graph, so no gradient can flow: is a tensor "
                "made anew (torch.tensor), detached, or sent through NumPy?"
            )
        else:
            said = f"the backward pass stopped with {problem['type']}: {problem['message']}{where}"
        return [finding("", said)]
    findings = []
    missing = [n for n, g in want["gradients"].items() if g is not None and _none(got, n)]
    if missing:
        said = f"no gradient reaches {', '.join(missing)}: the graph is cut on the way"
        findings += [finding(name, said) for name in missing]
    for name, right in want["gradients"].items():
        value = got["gradients"].get(name)
        if right is None or value is None:
            continue
        if value.shape != right.shape:
            findings.append(finding(name, f"gradient of {name}: shape {value.shape}"))
        elif differs(right, value, tolerance).any():
            place = _place(contract, name, differs(right, value, tolerance))
            findings.append(finding(name, f"gradient of {name} is wrong {place}"))
    return findings


def _none(got, name):
    return got["gradients"].get(name) is None


def diagnose(contract, observed, mistakes):
    """Find the known mistake that an answer makes.

    Parameters
    ----------
    contract : Contract
    observed : list of observations of the answer, one for each case
    mistakes : list of dicts with ``name``, ``hint``, ``book`` and ``observed``, the observations
        of an implementation that makes the mistake, one for each case

    Returns
    -------
    list of the mistakes whose observations equal the answer's on every case
    """
    return [
        {key: mistake[key] for key in ("name", "hint", "book")}
        for mistake in mistakes
        if all(
            alike(contract, theirs, ours)
            for theirs, ours in zip(mistake["observed"], observed, strict=True)
        )
    ]


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
    mine, theirs = a.get("gradients", {}), b.get("gradients", {})
    return mine.keys() == theirs.keys() and all(
        _alike_arrays(mine[name], theirs[name]) for name in mine
    )


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
    return not differs(a, b, coarse).any()
