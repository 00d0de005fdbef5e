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

SEEDS = range(1, 21)

CLEAR = {"float64": (100, 100), "float32": (4, 4)}
"""How many times the tolerance must exceed the largest rounding, and the closest known mistake
the tolerance, by dtype."""


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
        if a.shape != b.shape:
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


def measure(exercise, seeds=SEEDS):
    """Measure one exercise.

    Parameters
    ----------
    exercise : Exercise
    seeds : seeds of the cases

    Returns
    -------
    dict from dtype to a dict with ``tolerance``; ``right``, the largest distance of a right
    implementation in any case; ``mistake``, the smallest distance of a known mistake in the case
    that shows it best; None where there is nothing of the kind
    """
    table = {}
    for dtype, tolerance in exercise.contract.tolerance.items():
        sizes = {size.name for size in exercise.sizes if size.dtype == dtype}
        right, mistakes = [], []
        for seed in seeds:
            cases = [case for case in exercise.cases(seed) if case.name in sizes]
            if not cases:
                continue
            expected = exercise.expected(cases)
            right += [
                max(map(distance, expected, exercise.observe(other, cases)))
                for other in exercise.alternatives
            ]
            mistakes += [
                max(map(distance, expected, exercise.observe(wrong, cases)))
                for wrong in exercise.wrong.values()
            ]
        # A mistake that a case of this dtype can't show is shown by another.
        shown = [far for far in mistakes if 0 < far < np.inf]
        table[dtype] = {
            "tolerance": tolerance,
            "right": max(right, default=None),
            "mistake": min(shown, default=None),
        }
    return table


def margins(row):
    """How many times the tolerance exceeds rounding, and the closest mistake the tolerance.

    Returns
    -------
    pair of float; infinity where nothing is that close
    """
    below = row["tolerance"] / row["right"] if row["right"] else np.inf
    above = row["mistake"] / row["tolerance"] if row["mistake"] else np.inf
    return below, above


def is_clear(dtype, row):
    """Whether there is room on both sides of the tolerance."""
    return all(m >= least for m, least in zip(margins(row), CLEAR[dtype], strict=True))


def main(arguments=None):
    """Print the table, write ``_build/tolerance.json``; 1 where a margin is too small."""
    parser = argparse.ArgumentParser(
        prog="python -m autograder.proof.tolerance", description=__doc__
    )
    parser.add_argument("assignments", nargs="*", default=list(CHAPTERS))
    parser.add_argument("--to", type=Path, default=Path("_build/tolerance.json"))
    given = parser.parse_args(arguments)
    measured, clear = {}, True
    print(
        f"{'exercise':<28}{'dtype':<9}{'right up to':>12}{'tolerance':>11}{'mistake from':>14}"
        f"{'margin below':>14}{'margin above':>14}"
    )
    for assignment in given.assignments:
        for exercise in CHAPTERS[assignment]:
            measured[exercise.name] = measure(exercise)
            for dtype, row in measured[exercise.name].items():
                below, above = margins(row)
                clear &= is_clear(dtype, row)
                print(
                    f"{exercise.name:<28}{dtype:<9}{_said(row['right']):>12}"
                    f"{row['tolerance']:>11.0e}{_said(row['mistake']):>14}"
                    f"{_said(below):>14}{_said(above):>14}"
                )
    given.to.parent.mkdir(parents=True, exist_ok=True)
    given.to.write_text(json.dumps({"exercises": measured}, indent=1) + "\n", encoding="utf-8")
    return 0 if clear else 1


def _said(value):
    return "–" if value is None or value == np.inf else f"{value:.1e}"


if __name__ == "__main__":
    sys.exit(main())
