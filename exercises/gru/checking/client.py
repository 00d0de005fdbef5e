"""The check at the student's side: public cases, at once and offline."""

import inspect
from dataclasses import replace
from pathlib import Path

from .contract import Case, Contract
from .feedback import as_html, as_text
from .judge import diagnose, judge
from .plain import load
from .probe import observe


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
        exercise = self._exercises[name]
        contract = Contract.from_plain(exercise["contract"])
        cases = [Case(**case) for case in exercise["cases"]]
        observed = [observe(contract, namespace, case) for case in cases]
        verdict = judge(contract, cases, exercise["expected"], observed)
        if verdict.status == "pass":
            note = (
                f"Right on all {len(cases)} public cases. Grading uses other inputs of the "
                "same kinds."
            )
            return Feedback(replace(verdict, notes=(note,)), self._book)
        hints = tuple(diagnose(contract, observed, exercise["mistakes"]))
        return Feedback(replace(verdict, hints=hints), self._book)
