"""The full check as stock nbgrader runs it: in the notebook's own kernel, after its cells."""

import inspect
import secrets

from IPython.display import HTML, display

from autograder.checking.feedback import as_html
from autograder.checking.probe import observe
from autograder.exercises import CHAPTERS


def full_check(assignment, name, namespace=None, seed=None):
    """Check one answer on fresh inputs and show the feedback.

    Parameters
    ----------
    assignment : str
    name : str, the exercise
    namespace : dict that holds the answer; the caller's global names where None
    seed : int for the inputs; a fresh one where None

    Returns
    -------
    float, the points: nbgrader takes a cell's last value as its score
    """
    if namespace is None:
        namespace = inspect.currentframe().f_back.f_globals
    exercise = next(e for e in CHAPTERS[assignment] if e.name == name)

    def ask(cases, helpers):
        return [observe(exercise.contract, namespace, case) for case in cases]

    verdict = exercise.assess(ask, secrets.randbits(32) if seed is None else seed)
    display(HTML(as_html(verdict)))
    return float(verdict.points)
