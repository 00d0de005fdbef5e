"""The check at the student's side: public cases, at once and offline."""

import inspect
import itertools
from dataclasses import replace
from pathlib import Path

from .contract import Case, Contract
from .diagnosis import diagnose, holds, right_where, variants
from .feedback import as_html, as_text
from .judge import FINAL, RUNS, judge
from .plain import load
from .probe import observe
from .reading import MAX_TEXT
from .rules import read


class Feedback:
    """A verdict as a notebook shows it: a table, or plain text in a terminal."""

    def __init__(self, verdict, book):
        self.verdict = verdict
        self._book = book

    def __repr__(self):
        return as_text(self.verdict, show_values=True, book=self._book)

    def _repr_html_(self):
        return as_html(self.verdict, show_values=True, book=self._book)


class Check:
    """Checks answers against the public cases that a released folder carries."""

    def __init__(self, path):
        plain = load(Path(path))
        self._book = plain["book"]
        self._exercises = plain["exercises"]

    def __call__(self, name, namespace=None):
        """Check one answer on the public cases.

        Parameters
        ----------
        name : str, the exercise
        namespace : dict that holds the answer; the caller's global names where None

        Returns
        -------
        Feedback

        Errors
        ------
        ValueError where there is no such exercise.
        """
        if name not in self._exercises:
            known = ", ".join(self._exercises)
            raise ValueError(f"there is no exercise {name!r}; there are: {known}")
        if namespace is None:
            namespace = inspect.currentframe().f_back.f_globals
        verdict = self._verdict(name, namespace)
        if verdict.status == "pass":
            note = (
                f"Right on all {verdict.cases} public cases. Grading uses other inputs of the "
                "same kinds."
            )
            verdict = replace(verdict, notes=(note,))
        elif verdict.status == "fail" and verdict.finding.stage not in FINAL:
            uses = [used for used in self._contract(name).uses if used in self._exercises]
            wrong = [used for used in uses if self._verdict(used, namespace).status != "pass"]
            if wrong:
                note = (
                    f"Mend {', '.join(wrong)} first: this may use it. In grading this is checked "
                    "with a right one as well."
                )
                verdict = replace(verdict, notes=(note, *verdict.notes))
        return Feedback(verdict, self._book)

    def _contract(self, name):
        return Contract.from_plain(self._exercises[name]["contract"])

    def _verdict(self, name, namespace):
        exercise, contract = self._exercises[name], self._contract(name)
        cases = [Case(**case) for case in exercise["cases"]]
        expected = exercise["expected"]
        observed = [observe(contract, namespace, case) for case in cases]
        reading = read(contract, cells_of(contract, namespace))
        # What can't be decided by reading is told where it is graded: here, the history holds much
        # that isn't handed in.
        verdict = judge(contract, cases, expected, observed, reading.forbidden)
        if verdict.status != "fail" or verdict.finding.stage == "rules":
            return verdict
        hints = tuple(diagnose(contract, observed, exercise["mistakes"]))
        if hints:
            return replace(verdict, hints=hints)
        notes = holds(contract, cases, expected, observed)
        if verdict.finding.stage in RUNS:
            special = variants(contract, cases[0])
            seen = [observe(contract, namespace, case) for case in special]
            stage, truth = verdict.finding.stage, exercise["special"]
            notes += right_where(contract, stage, special, truth, seen)
        return replace(verdict, notes=tuple(notes))


def cells_of(contract, namespace):
    """The texts of the cells that ran, by IPython's own history, or the answer's text alone.

    Of a long session it is the last that is read.
    """
    ran = namespace.get("In")
    if isinstance(ran, list) and all(isinstance(cell, str) for cell in ran):
        sizes = itertools.accumulate(len(cell) for cell in reversed(ran))
        return ran[len(ran) - sum(size <= MAX_TEXT for size in sizes) :]
    try:
        return [inspect.getsource(namespace[contract.name])]
    except (KeyError, TypeError, OSError):
        return []
