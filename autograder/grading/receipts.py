"""Receipts: what a grading rested on and gave, by which it is known whether it still holds."""

import json
from datetime import datetime

from .assignment import fingerprint, id_problem, read, seconds_late
from .rebuild import MissingNotebook, SubmissionError

MAX_RECEIPT = 2**24
TEXTS, TABLES, LISTS = (
    ("assignment", "notebook", "student"),
    ("seeds", "scores", "verdicts"),
    ("layers", "remarks"),
)
"""What every receipt has, by kind."""


class ReceiptError(Exception):
    """A file that is no receipt; says why, to be put after its name."""


def receipt_path(assignment, notebook, student):
    """Where the receipt of a notebook lies: outside of what students get back."""
    return assignment.place("receipts", student) / f"{notebook}.json"


def load(path):
    """Read a receipt.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict

    Errors
    ------
    ReceiptError
    """
    try:
        with path.open("rb") as file:
            receipt = json.loads(file.read(MAX_RECEIPT))
    except (OSError, ValueError, RecursionError) as error:
        raise ReceiptError(f"can't be read: {error}") from None
    if not (
        isinstance(receipt, dict)
        and all(isinstance(receipt.get(key), str) for key in TEXTS)
        and all(isinstance(receipt.get(key), dict) for key in TABLES)
        and all(isinstance(receipt.get(key), list) for key in LISTS)
        and all(isinstance(line, str) for key in LISTS for line in receipt[key])
        and isinstance(receipt.get("error", ""), str)
        and not id_problem(receipt["student"])
    ):
        raise ReceiptError("is no receipt")
    return receipt


def up_to_date(assignment, templates, student, recorded):
    """The receipts of a submission that has been graded as it is, by the grader as it is.

    Parameters
    ----------
    assignment : Assignment
    templates : list of Template, which of its notebooks
    student : str
    recorded : record.Recorded, what the gradebook holds of the submission; None where nothing

    Returns
    -------
    list of dict, one for each template; empty where the submission is to be graded
    """
    if recorded is None:
        return []
    found = [_up_to_date(assignment, template, student, recorded) for template in templates]
    return found if all(found) else []


def _up_to_date(assignment, template, student, recorded):
    """The receipt of a notebook, or None where it no longer tells what is."""
    autograded = assignment.place(assignment.coursedir.autograded_directory, student)
    try:
        path = receipt_path(assignment, template.name, student)
        document = autograded / f"{template.name}.ipynb"
        # What is wrong with its place is said when it is written. A receipt is written last: if
        # the notebook is newer, another has graded it since, such as stock nbgrader.
        if not document.is_file() or document.stat().st_mtime_ns > path.stat().st_mtime_ns:
            return None
        receipt = load(path)
        data, _ = read(assignment, template, student)
    except MissingNotebook:
        data = b""
    except (OSError, ReceiptError, SubmissionError):
        return None
    now = fingerprint(assignment, template, student, data)
    handed_in = datetime.fromisoformat(now["handed_in"]) if now["handed_in"] else None
    # A due date that has moved changes the grades of those alone who were late or now are.
    now["seconds_late"] = seconds_late(handed_in, recorded.due)
    given = recorded.scores.get(template.name, {})
    holds = all(receipt.get(key) == value for key, value in now.items())
    return receipt if holds and receipt["scores"].items() <= given.items() else None


def error_of(receipts):
    """Why a submission that was graded has no verdict; empty where it has one."""
    return " ".join(receipt["error"] for receipt in receipts if receipt.get("error"))
