"""Proof of the grader: mutants of right answers, and the margins of the tolerance."""

from collections import Counter

from autograder.exercises import CHAPTERS

_TIMES = Counter(exercise.name for exercises in CHAPTERS.values() for exercise in exercises)


def row_name(assignment, exercise):
    """What an exercise is called in a report on all assignments.

    Parameters
    ----------
    assignment, exercise : str

    Returns
    -------
    str: the exercise's name; where another assignment has an exercise of that name,
    ``assignment.exercise``
    """
    return exercise if _TIMES[exercise] == 1 else f"{assignment}.{exercise}"
