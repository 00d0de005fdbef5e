"""The full check as stock nbgrader runs it: in the notebook's own kernel, after its cells."""

import inspect
import secrets

from IPython.display import HTML, display

from autograder.checking.client import cells_of
from autograder.checking.exercise import helpers
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

    Errors
    ------
    RuntimeError where the grader itself failed: a cell without a score would get full marks.
    """
    if namespace is None:
        namespace = inspect.currentframe().f_back.f_globals
    exercise = next(e for e in CHAPTERS[assignment] if e.name == name)

    def ask(drawn, names):
        right = helpers(CHAPTERS[assignment], names)
        return [observe(exercise.contract, namespace, case, right) for case in drawn.cases]

    seed = secrets.randbits(32) if seed is None else seed
    verdict = exercise.assess(ask, seed, cells_of(exercise.contract, namespace))
    display(HTML(as_html(verdict)))
    if verdict.status == "grader error":
        raise RuntimeError(f"the grader failed on {name}: {' '.join(verdict.notes)}")
    return float(verdict.points)
