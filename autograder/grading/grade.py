"""Grade one submission: read it, rebuild it, have it run and judged, and say what to record."""

import json
from dataclasses import dataclass
from datetime import datetime

from autograder.checking.feedback import as_text

from . import rebuild
from .assess import assess
from .assignment import fingerprint, read, timestamp
from .budget import TRIES, Budget
from .outputs import in_a_line
from .rebuild import MissingNotebook, Submission, SubmissionError
from .record import Graded, cell_name, document
from .remote import GraderError, Unfit, kept


@dataclass(frozen=True)
class Handed:
    """What was handed in for one notebook, as it was read: all that a grading needs of it."""

    data: bytes
    depends: dict
    """What the grading depends on; see ``assignment.fingerprint``."""
    handed_in: datetime | None
    """When it was handed in, in UTC."""
    remarks: tuple[str, ...] = ()
    error: str = ""
    """Why it can't be read, where it can't."""
    missing: bool = False
    """Whether there is none."""


def hand_over(assignment, template, student):
    """Read what a student handed in for one notebook; whatever is wrong with it is said in it."""
    data, remarks, error, missing = b"", (), "", False
    try:
        data, remarks = read(assignment, template, student)
    except SubmissionError as problem:
        error, missing = str(problem), isinstance(problem, MissingNotebook)
    except OSError as problem:
        error = f"{in_a_line(student, 100)}'s folder can't be read: {problem.strerror}"
    handed_in, odd = timestamp(assignment, student)
    depends = fingerprint(assignment, template, student, data)
    return Handed(data, depends, handed_in, (*remarks, *odd), error, missing)


def grade_all(assignment, templates, student, sandboxed=True, handed=None, origin=None, **options):
    """Grade the notebooks of one submission with the warm parent that this process keeps.

    Parameters
    ----------
    assignment : Assignment
    templates : list of Template, which of its notebooks
    student : str
    sandboxed : bool, as ``remote.Warm``
    handed : list of Handed, one for each template; read here where None
    origin : remote.Origin of the warm parent
    options : as ``grade``

    Returns
    -------
    list of Graded

    Errors
    ------
    GraderError where the grader fails again and again, Unfit.
    """
    for left in reversed(range(TRIES)):
        try:
            warm = kept(assignment.released, sandboxed, origin)
            given = handed or [None] * len(templates)
            return [
                grade(assignment, template, student, warm, handed=each, **options)
                for template, each in zip(templates, given, strict=True)
            ]
        except GraderError as error:
            if not left or isinstance(error, Unfit):
                raise


def grade(assignment, template, student, warm, budget=None, seeds=None, book="", handed=None):
    """Grade one submitted notebook.

    Parameters
    ----------
    assignment : Assignment
    template : Template, one of its notebooks
    student : str
    warm : remote.Warm
    budget : Budget
    seeds : dict, to repeat a grading; see ``assess``
    book : str, where the book is, put before each link
    handed : Handed; read here where None

    Returns
    -------
    Graded; whatever is wrong with the submission is said in it

    Errors
    ------
    GraderError where no child can be had.
    """
    handed = handed or hand_over(assignment, template, student)
    submission, error = Submission({}), handed.error
    if not error:
        try:
            cells = rebuild.parse(handed.data, f"{template.name}.ipynb")
            submission = rebuild.take(cells, template)
        except SubmissionError as problem:
            error = str(problem)
    remarks = (*((error,) if error else ()), *handed.remarks, *submission.remarks)

    exercises = {k: e for k, e in assignment.exercises.items() if k in template.marked}
    code = {cell_name(c): c.source for c in template.notebook.cells if c.cell_type == "code"}
    cells, checks = [], {}
    for name, released in code.items():
        if name in exercises:
            checks[exercises[name].name] = len(cells)
        else:
            cells.append((name, submission.texts.get(name, released)))
    outputs, verdicts, used, layers = {}, {}, {}, []
    if not error:
        asked = list(exercises.values())
        result = assess(warm, cells, asked, budget or Budget(), seeds, checks)
        outputs, used, layers = result.outputs, result.seeds, result.layers
        verdicts = {k: result.verdicts[e.name] for k, e in exercises.items()}

    unanswered = {
        name
        for name, released in template.solutions.items()
        if submission.texts.get(name, released).strip() == released.strip()
    }
    if not handed.missing:
        # A question whose cell is missing may be answered anywhere.
        lost = unanswered - submission.texts.keys()
        unanswered -= {name for name in lost if template.marked[name].cell_type != "code"}
    scores = {}
    for name, cell in template.marked.items():
        if not cell.metadata.nbgrader.get("grade"):
            continue
        if handed.missing:
            scores[name] = 0.0
        elif error:
            scores[name] = None
        elif name in verdicts:
            ours = verdicts[name].status == "grader error"
            scores[name] = None if ours else float(verdicts[name].points)
        else:
            scores[name] = 0.0 if name in unanswered else None
    receipt = {
        "assignment": assignment.name,
        "notebook": template.name,
        "student": student,
        **handed.depends,
        "seeds": used,
        "layers": layers,
        "scores": scores,
        "verdicts": {k: as_text(v).splitlines() for k, v in verdicts.items()},
        "look": sorted(name for name, verdict in verdicts.items() if verdict.look),
        "remarks": list(remarks),
        "error": "" if handed.missing else error,
    }
    return Graded(
        notebook=template.name,
        scores=scores,
        unanswered=unanswered,
        document=json.dumps(
            document(template, submission.texts, outputs, verdicts, remarks, book),
            ensure_ascii=False,
        ),
        receipt=receipt,
        handed_in=handed.handed_in,
    )
