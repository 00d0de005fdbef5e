"""Every mutant of every solution through the real check: ``python -m autograder.proof.mutants``.

A mutant that the check lets pass is either equivalent, which is listed in ``equivalent.toml`` with
the reason, or shows a gap in the cases: then the exit code is 1.
"""

import argparse
import json
import os
import random
import signal
import sys
import tomllib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import jupytext

from autograder.checking.exercise import helpers
from autograder.checking.probe import observe
from autograder.exercises import CHAPTERS

from .mutate import mutants

SETUP = "import numpy as np\nimport torch\nfrom torch import nn\n"
"""What the set-up cell of every assignment imports."""

SEEDS = (1, 2, 3, 4, 5)
"""Seeds of the hidden cases. A mutant must be caught by the first; one that isn't is tried on all,
and counts as equivalent only where it passes all."""

LIMIT_S = 5
"""Seconds of computing after which a mutant is stopped, and again each second from then on."""

EQUIVALENT = Path(__file__).parent / "equivalent.toml"


@dataclass(frozen=True)
class Result:
    """What became of one mutant."""

    exercise: str
    change: str
    outcome: str
    """``"caught"``, ``"passed"`` (by every seed) or ``"sometimes"`` (by some)."""
    diagnosed: bool = False
    """Whether the feedback says more than that values differ."""


class TooLong(BaseException):
    """A mutant ran over its time."""


def cells(assignment, solutions=Path("solutions")):
    """The solution cells of an assignment by exercise.

    Parameters
    ----------
    assignment : str
    solutions : Path of the folder of solutions

    Returns
    -------
    dict from exercise to its cell's text, in the assignment's order
    """
    notebook = jupytext.read(solutions / f"{assignment}.md", fmt="md:myst")
    return {c.metadata["exercise"]: c.source for c in notebook.cells if "exercise" in c.metadata}


def try_mutant(assignment, texts, exercise, source):
    """Put a mutant in its solution's place and run the real check.

    Parameters
    ----------
    assignment : str
    texts : dict of the assignment's solution cells
    exercise : str, the name of the mutated exercise
    source : str, the mutant

    Returns
    -------
    tuple of the outcome and whether it was diagnosed; see ``Result``
    """
    declared = next(e for e in CHAPTERS[assignment] if e.name == exercise)
    namespace = {"__name__": "answers"}
    for text in (SETUP, *texts.values()):
        exec(text, namespace)

    def ask(cases, names):
        right = helpers(CHAPTERS[assignment], names)
        return [observe(declared.contract, namespace, case, right) for case in cases]

    def stop(*_):
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S, 1)
    try:
        exec(source, namespace)
        for tried, seed in enumerate(SEEDS):
            verdict = declared.assess(ask, seed, [SETUP, source])
            if verdict.status == "grader error":
                raise RuntimeError(f"the grader failed on {exercise}: {verdict.notes}\n{source}")
            if verdict.status == "fail":
                return ("sometimes" if tried else "caught"), says_more(verdict)
        return "passed", False
    except TooLong:
        return "caught", True
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def says_more(verdict):
    """Whether a verdict's feedback says more than that values differ."""
    finding = verdict.finding
    return bool(verdict.hints or verdict.notes or finding.stage != "values" or finding.holds)


@cache
def _texts(assignment, solutions):
    return cells(assignment, solutions)


def _result(assignment, solutions, task):
    exercise, source, change = task
    # One thread each: the parent never ran an operation of torch, so its pool is not there yet.
    import torch

    torch.set_num_threads(1)
    texts = _texts(assignment, solutions)
    return Result(exercise, change, *try_mutant(assignment, texts, exercise, source))


def run(assignment, sample=None, jobs=1, solutions=Path("solutions"), seed=0):
    """Run the mutants of an assignment through its check.

    Parameters
    ----------
    assignment : str
    sample : int, how many mutants of each exercise to take at random, or None for all
    jobs : int, processes
    solutions : Path of the folder of solutions
    seed : int, of the sample

    Returns
    -------
    list of Result
    """
    tasks = []
    for exercise, text in cells(assignment, solutions).items():
        made = mutants(text)
        if sample is not None and sample < len(made):
            made = random.Random(seed).sample(made, sample)
        tasks += [(exercise, mutant.source, mutant.change) for mutant in made]
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        return list(pool.map(partial(_result, assignment, solutions), tasks, chunksize=8))


def equivalents(path=EQUIVALENT):
    """The mutants that are known to be equivalent.

    Returns
    -------
    dict from (exercise, change) to the reason
    """
    listed = tomllib.loads(path.read_text(encoding="utf-8"))["equivalent"]
    return {
        (entry["exercise"], change): entry["reason"]
        for entry in listed
        for change in entry["changes"]
    }


def counts(results, known):
    """Count what became of the mutants of each exercise.

    Parameters
    ----------
    results : list of Result
    known : dict, as ``equivalents`` gives it

    Returns
    -------
    dict from exercise to a dict with ``mutants``, ``caught``, ``equivalent``, ``survived`` and
    ``diagnosed``
    """
    table = {}
    for result in results:
        row = table.setdefault(
            result.exercise,
            dict.fromkeys(("mutants", "caught", "equivalent", "survived", "diagnosed"), 0),
        )
        row["mutants"] += 1
        row[_counted_as(result, known)] += 1
        row["diagnosed"] += result.diagnosed
    return table


def _counted_as(result, known):
    if result.outcome == "passed" and (result.exercise, result.change) in known:
        return "equivalent"
    return "caught" if result.outcome == "caught" else "survived"


def wrongly_listed(results, known):
    """The changes that are listed as equivalent and are none: the check tells them apart."""
    return [
        (result.exercise, result.change)
        for result in results
        if result.outcome != "passed" and (result.exercise, result.change) in known
    ]


def say(table, results, known):
    """The report as lines of text."""
    columns = ("mutants", "caught", "equivalent", "survived", "diagnosed")
    lines = [f"{'exercise':<28}" + "".join(f"{column:>12}" for column in columns)]
    total = {column: sum(row[column] for row in table.values()) for column in columns}
    for name, row in (*table.items(), ("all", total)):
        lines.append(f"{name:<28}" + "".join(f"{row[column]:>12}" for column in columns))
    share = 100 * total["diagnosed"] / max(total["caught"], 1)
    lines.append(f"{share:.1f} % of the caught mutants are told more than that values differ.")
    for result in results:
        fate = _counted_as(result, known)
        if fate == "equivalent":
            reason = known[result.exercise, result.change]
            lines.append(f"equivalent  {result.exercise}: {result.change}\n            {reason}")
    for result in results:
        if _counted_as(result, known) == "survived":
            luck = " (caught with some inputs)" if result.outcome == "sometimes" else ""
            lines.append(f"SURVIVED    {result.exercise}: {result.change}{luck}")
    for exercise, change in wrongly_listed(results, known):
        lines.append(f"NOT EQUIVALENT, though listed: {exercise}: {change}")
    return lines


def main(arguments=None):
    """Run all mutants, print the report, write ``_build/mutants.json``; 1 where one survives."""
    parser = argparse.ArgumentParser(prog="python -m autograder.proof.mutants", description=__doc__)
    parser.add_argument("assignments", nargs="*", default=list(CHAPTERS))
    parser.add_argument("--sample", type=int, help="mutants of each exercise, at random")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--to", type=Path, default=Path("_build/mutants.json"))
    given = parser.parse_args(arguments)
    known, results = equivalents(), []
    for assignment in given.assignments:
        results += run(assignment, given.sample, given.jobs)
    table = counts(results, known)
    print("\n".join(say(table, results, known)))
    given.to.parent.mkdir(parents=True, exist_ok=True)
    given.to.write_text(json.dumps({"exercises": table}, indent=1) + "\n", encoding="utf-8")
    survived = any(row["survived"] for row in table.values())
    return 1 if survived or wrongly_listed(results, known) else 0


if __name__ == "__main__":
    sys.exit(main())
