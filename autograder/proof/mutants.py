"""Every mutant of every solution through the real check: ``python -m autograder.proof.mutants``.

A mutant that the check lets pass is either equivalent, which is listed in ``equivalent.toml`` with
the reason, or shows a gap in the cases: then the exit code is 1.
"""

import argparse
import contextlib
import itertools
import json
import os
import random
import signal
import sys
import tomllib
import warnings
from collections import deque
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path

import jupytext

from autograder.checking.exercise import helpers
from autograder.checking.probe import observe
from autograder.exercises import CHAPTERS

from . import row_name
from .mutate import mutants

SEEDS = (1, 2, 3, 4, 5)
"""Seeds of the hidden cases. A mutant must be caught by the first; one that isn't is tried on all,
and counts as equivalent only where it passes all."""

LIMIT_S = 2
"""Seconds of computing on one case after which a mutant is stopped, and again from then on."""

EQUIVALENT = Path(__file__).parent / "equivalent.toml"

COLUMNS = ("mutants", "caught", "equivalent", "survived", "diagnosed")

BATCH = 250
"""Mutants of one exercise, at most, that are tried in one process."""

STEP = 50
"""Mutants after which progress is told."""

CRASHES = [-s for s in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE)]
"""How a process ends that library code has crashed: exit codes."""


@dataclass(frozen=True)
class Task:
    """A mutant to be tried."""

    assignment: str
    exercise: str
    source: str
    change: str

    @property
    def name(self):
        """The name of its row in the report."""
        return row_name(self.assignment, self.exercise)


@dataclass(frozen=True)
class Result:
    """What became of one mutant."""

    exercise: str
    """The name of its row in the report."""
    change: str
    outcome: str
    """``"caught"``, ``"passed"`` (by every seed) or ``"sometimes"`` (by some)."""
    diagnosed: bool = False
    """Whether the feedback says more than that values differ."""


class TooLong(BaseException):
    """A mutant ran over its time."""


@cache
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


@cache
def setup(assignment, solutions=Path("solutions")):
    """The set-up cell of an assignment (str), without the line that brings the check."""
    notebook = jupytext.read(solutions / f"{assignment}.md", fmt="md:myst")
    texts = [cell.source for cell in notebook.cells if "locked" in cell.metadata]
    lines = "\n".join(texts).splitlines()
    return "\n".join(line for line in lines if not line.startswith("from check "))


@cache
def solved(assignment, solutions=Path("solutions")):
    """The global names of an assignment's notebook with every solution in it: a dict."""
    namespace = {"__name__": "answers"}
    for text in (setup(assignment, solutions), *cells(assignment, solutions).values()):
        exec(text, namespace)
    return namespace


def try_mutant(assignment, exercise, source, solutions=Path("solutions")):
    """Put a mutant in its solution's place and run the real check.

    Parameters
    ----------
    assignment : str
    exercise : str, the name of the mutated exercise
    source : str, the mutant
    solutions : Path of the folder of solutions

    Returns
    -------
    tuple of the outcome and whether it was diagnosed; see ``Result``
    """
    declared = next(e for e in CHAPTERS[assignment] if e.name == exercise)
    namespace = dict(solved(assignment, solutions))
    written = [setup(assignment, solutions), source]

    def ask(drawn, names):
        right = helpers(CHAPTERS[assignment], names)
        seen = []
        for case in drawn.cases:
            with limited(LIMIT_S):
                seen.append(observe(declared.contract, namespace, case, right))
        return seen

    try:
        with limited(LIMIT_S), warnings.catch_warnings(action="ignore"):
            exec(source, namespace)
        for tried, seed in enumerate(SEEDS):
            verdict = declared.assess(ask, seed, written)
            if verdict.status == "grader error":
                raise RuntimeError(f"the grader failed on {exercise}: {verdict.notes}\n{source}")
            if verdict.status == "fail":
                return ("sometimes" if tried else "caught"), says_more(verdict)
        return "passed", False
    except TooLong:
        return "caught", True


@contextlib.contextmanager
def limited(seconds):
    """Raise TooLong where what runs inside computes for longer, even if it catches everything."""
    over = []

    def stop(*_):
        over.append(True)
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    if over:
        raise TooLong


def says_more(verdict):
    """Whether a verdict's feedback says more than that values differ."""
    finding = verdict.finding
    return bool(verdict.hints or verdict.notes or finding.stage != "values" or finding.holds)


def tasks(assignment, sample=None, solutions=Path("solutions"), seed=0):
    """The mutants of an assignment that are to be tried.

    Parameters
    ----------
    assignment : str
    sample : int, how many mutants of each exercise to take at random, or None for all
    solutions : Path of the folder of solutions
    seed : int, of the sample

    Returns
    -------
    list of Task
    """
    made = []
    for exercise, text in cells(assignment, solutions).items():
        own = mutants(text)
        if sample is not None and sample < len(own):
            own = random.Random(seed).sample(own, sample)
        made += [Task(assignment, exercise, mutant.source, mutant.change) for mutant in own]
    return made


def run(tried, jobs=1):
    """Run mutants through their checks, and say on stderr how far that is.

    Each batch has a process of its own. A mutant that crashes it is caught.

    Parameters
    ----------
    tried : list of Task
    jobs : int, processes at a time

    Returns
    -------
    list of Result, in the order of the tasks

    Errors
    ------
    RuntimeError where the grader itself fails.
    """
    waiting = deque()
    for _, own in itertools.groupby(enumerate(tried), lambda item: item[1].name):
        own = list(own)
        waiting += [own[k : k + BATCH] for k in range(0, len(own), BATCH)]
    running, results = {}, {}
    while waiting or running:
        while waiting and len(running) < jobs:
            batch = waiting.popleft()
            pipe, process = _started(batch)
            running[pipe] = process, batch
        for pipe in wait(list(running)):
            process, batch = running[pipe]
            try:
                outcome = pipe.recv()
            except EOFError:
                process.join()
                del running[pipe]
                if process.exitcode not in (0, *CRASHES):
                    raise RuntimeError(f"the proof failed at\n{batch[0][1].source}") from None
                if not batch:
                    continue
                waiting.appendleft(batch)
                outcome = "caught", True
            place, task = batch.pop(0)
            results[place] = Result(task.name, task.change, *outcome)
            if len(results) % STEP == 0 or len(results) == len(tried):
                done = f"{len(results):6} of {len(tried)} mutants tried"
                print(f"{done}, now {task.name}", file=sys.stderr, flush=True)
    return [results[place] for place in range(len(tried))]


def _started(batch):
    """A process that tries a batch of numbered tasks, and the pipe on which outcomes come."""
    context = get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_try, args=(batch, theirs), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def _try(batch, pipe):
    # One thread each: the parent never ran an operation of torch, so its pool is not there yet.
    import torch

    torch.set_num_threads(1)
    for _, task in batch:
        pipe.send(try_mutant(task.assignment, task.exercise, task.source))


def equivalents(path=EQUIVALENT):
    """The mutants that are known to be equivalent.

    Parameters
    ----------
    path : Path of the list

    Returns
    -------
    dict from (row name of the exercise, change) to the reason
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
        row = table.setdefault(result.exercise, dict.fromkeys(COLUMNS, 0))
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
    lines = [f"{'exercise':<28}" + "".join(f"{column:>12}" for column in COLUMNS)]
    total = {column: sum(row[column] for row in table.values()) for column in COLUMNS}
    for name, row in (*table.items(), ("all", total)):
        lines.append(f"{name:<28}" + "".join(f"{row[column]:>12}" for column in COLUMNS))
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
    known = equivalents()
    tried = [task for name in given.assignments for task in tasks(name, given.sample)]
    results = run(tried, given.jobs)
    table = counts(results, known)
    print("\n".join(say(table, results, known)))
    given.to.parent.mkdir(parents=True, exist_ok=True)
    given.to.write_text(json.dumps({"exercises": table}, indent=1) + "\n", encoding="utf-8")
    survived = any(row["survived"] for row in table.values())
    return 1 if survived or wrongly_listed(results, known) else 0


if __name__ == "__main__":
    sys.exit(main())
