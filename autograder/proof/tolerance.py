"""Where the tolerance comes from: ``python -m autograder.proof.tolerance``.

Right implementations differ from the reference by rounding, known mistakes by what they get wrong.
The tolerance must lie between the two with room on both sides.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from autograder.exercises import CHAPTERS

from . import row_name

SEEDS = range(1, 6)

CLEAR = 25
"""How many times the tolerance must exceed the largest rounding, and the closest known mistake
the tolerance."""


def distance(want, got):
    """How far apart two observations are: the smallest tolerance that lets all values pass.

    Parameters
    ----------
    want, got : observations of the reference and of another implementation on one case

    Returns
    -------
    float; infinity where they differ in anything but floating-point values
    """
    if got["problem"] or got["changed"] or not got["repeats"] or got.get("gradient_problem"):
        return np.inf
    far = _apart(want["value"], got["value"])
    for name, gradient in want.get("gradients", {}).items():
        far = max(far, _apart(gradient, got["gradients"].get(name)))
    return far


def _apart(a, b):
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape != b.shape or b.dtype.itemsize < a.dtype.itemsize:
            return np.inf
        a, b = a.astype(float), b.astype(float)
        with np.errstate(all="ignore"):
            # As numpy.isclose has it: |b − a| ≤ tolerance + tolerance · |a|.
            apart = np.where(a == b, 0.0, np.abs(b - a) / (1 + np.abs(a)))
        return float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0))
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        fits = len(a) == len(b)
        return (
            max((_apart(x, y) for x, y in zip(a, b, strict=True)), default=0.0) if fits else np.inf
        )
    if isinstance(a, dict) and isinstance(b, dict):
        if "dict" in a and "dict" in b:
            return _apart(a["dict"], b["dict"])
        if "leaf" in a:
            return _apart(a.get("array"), b.get("array")) if "leaf" in b else np.inf
        if a.keys() != b.keys():
            return np.inf
        return max((_apart(a[key], b[key]) for key in a), default=0.0)
    return 0.0 if a is b or (type(a) is type(b) and a == b) else np.inf


def measure(exercise, seeds=None):
    """Measure one exercise.

    Parameters
    ----------
    exercise : Exercise
    seeds : seeds of the cases; ``SEEDS`` where None

    Returns
    -------
    dict with ``right``: by dtype, the tolerance and the largest distance of a right implementation
    in any case (None where there is none of that dtype); and ``mistake``: how many times the
    tolerance the closest known mistake is away, in the case that shows it best (None where
    every mistake is shown by more than values)
    """
    dtypes = {size.name: size.dtype for size in exercise.sizes}
    allowed = exercise.contract.tolerance
    right, mistakes = {dtype: [] for dtype in allowed}, []
    for seed in SEEDS if seeds is None else seeds:
        drawn = exercise.drawn(seed)
        cases, expected = drawn.cases, drawn.expected
        for other in exercise.alternatives:
            for case, want, got in zip(
                cases, expected, exercise.observe(other, cases), strict=True
            ):
                right[dtypes[case.name]].append(distance(want, got))
        for wrong in exercise.wrong.values():
            seen = drawn.observed(wrong)
            mistakes.append(
                max(
                    distance(want, got) / allowed[dtypes[case.name]]
                    for case, want, got in zip(cases, expected, seen, strict=True)
                )
            )
    # A mistake in conduct alone (an input changed, a gradient cut) has no distance.
    return {
        "right": {
            dtype: {"tolerance": allowed[dtype], "distance": max(far, default=None)}
            for dtype, far in right.items()
        },
        "mistake": min((far for far in mistakes if 0 < far < np.inf), default=None),
    }


def is_clear(measured):
    """Whether there is room on both sides of the tolerance."""
    below = all(
        not row["distance"] or row["tolerance"] / row["distance"] >= CLEAR
        for row in measured["right"].values()
    )
    above = measured["mistake"]
    return below and (above is None or above >= CLEAR)


def main(arguments=None):
    """Print the table, write ``_build/tolerance.json``; 1 where a margin is too small."""
    parser = argparse.ArgumentParser(
        prog="python -m autograder.proof.tolerance", description=__doc__
    )
    parser.add_argument("assignments", nargs="*", default=list(CHAPTERS))
    parser.add_argument("--to", type=Path, default=Path("_build/tolerance.json"))
    given = parser.parse_args(arguments)
    measured = {}
    print(
        f"{'exercise':<28}{'dtype':<9}{'right up to':>12}{'tolerance':>11}{'margin below':>14}"
        f"{'margin above':>14}"
    )
    for assignment in given.assignments:
        for exercise in CHAPTERS[assignment]:
            name = row_name(assignment, exercise.name)
            measured[name] = measure(exercise)
            above = measured[name]["mistake"]
            for dtype, row in measured[name]["right"].items():
                far = row["distance"]
                below = row["tolerance"] / far if far else None
                print(
                    f"{name:<28}{dtype:<9}{_said(far):>12}{row['tolerance']:>11.0e}"
                    f"{_said(below):>14}{_said(above):>14}"
                )
    given.to.parent.mkdir(parents=True, exist_ok=True)
    given.to.write_text(json.dumps({"exercises": measured}, indent=1) + "\n", encoding="utf-8")
    return 0 if all(map(is_clear, measured.values())) else 1


def _said(value):
    return "–" if value is None else f"{value:.1e}"


if __name__ == "__main__":
    sys.exit(main())
