"""What is kept of a grading: the autograded notebook, the grades and the receipt."""

import json
import time
from dataclasses import dataclass, field
from datetime import datetime

import nbformat
from nbformat.v4 import new_markdown_cell, new_output
from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.exc import IntegrityError, OperationalError

from autograder.checking.feedback import as_html, as_text

from .assignment import AssignmentError, receipt_path
from .files import write_whole
from .outputs import harmless

LOCKED_SECONDS = 60
"""How long a locked gradebook is waited for."""


@dataclass
class Graded:
    """What is to be recorded of one submitted notebook."""

    notebook: str
    """Its name, without the extension."""
    scores: dict[str, float | None]
    """Points of each grade cell by grade id; None where a person must look."""
    unanswered: set[str]
    """Grade ids of the solution cells whose text is the released one."""
    look: set[str]
    """Grade ids of the check cells that a person should look at, though they have points."""
    document: nbformat.NotebookNode
    """The autograded notebook."""
    receipt: dict = field(default_factory=dict)
    handed_in: datetime | None = None
    """When it was handed in, in UTC."""
    remarks: tuple[str, ...] = ()
    error: str = ""
    """Why there is no verdict, where there is none."""

    @property
    def points(self):
        """All points given by the grader."""
        return sum(score or 0.0 for score in self.scores.values())


def document(template, texts, outputs, verdicts, remarks, book=""):
    """The autograded notebook: the student's cells with their outputs, and the feedback.

    Parameters
    ----------
    template : rebuild.Template
    texts : dict, text of solution cells by grade id
    outputs : dict, outputs of executed cells by name
    verdicts : dict, verdicts by the grade id of their check cell
    remarks : lines to be put at the top
    book : str, where the book is, put before each link

    Returns
    -------
    NotebookNode; nothing of any hidden case is in it
    """
    notebook = template.filled(texts)
    count = 0
    for cell in notebook.cells:
        name = cell_name(cell)
        if cell.cell_type != "code":
            if name in texts:
                cell.source = harmless(cell.source)
            continue
        if name in verdicts:
            verdict = verdicts[name]
            shown = {
                "text/plain": as_text(verdict, book=book),
                "text/html": as_html(verdict, book=book),
            }
            cell.outputs = [new_output("display_data", data=shown)]
        elif name in outputs:
            count += 1
            cell.execution_count = count
            cell.outputs = outputs[name]
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
    if remarks:
        said = "\n".join(f"* {_plain(remark)}" for remark in remarks)
        cell = new_markdown_cell(f"**What the grader noticed**\n\n{said}")
        cell.id = "remarks"
        notebook.cells.insert(0, cell)
    return notebook


def _plain(text):
    """A text that Markdown and HTML take as it is."""
    for sign in "\\`*_{}[]()<>#|$":
        text = text.replace(sign, f"&#{ord(sign)};")
    return text


def cell_name(cell):
    """A released cell's name: its grade id, or else its cell id."""
    return cell.metadata.get("nbgrader", {}).get("grade_id") or cell.id


def expect(gradebook, assignment):
    """Make sure that the gradebook knows what was released.

    Errors
    ------
    AssignmentError where it doesn't.
    """
    again = f"run `nbgrader generate_assignment {assignment.name}` first"
    for template in assignment.templates:
        try:
            known = gradebook.find_notebook(template.name, assignment.name)
        except MissingEntry:
            raise AssignmentError(
                f"the gradebook doesn't know {assignment.name}/{template.name}; {again}"
            ) from None
        ours = {
            name for name, cell in template.marked.items() if cell.metadata.nbgrader.get("grade")
        }
        theirs = {cell.name for cell in known.grade_cells}
        if ours != theirs:
            odd = ", ".join(sorted(ours ^ theirs))
            raise AssignmentError(
                f"{assignment.name}/{template.name}: the gradebook and the released notebook "
                f"differ in {odd}; {again}"
            )


def write_documents(assignment, student, notebooks):
    """Write the autograded notebooks of a submission, and when it was handed in."""
    course = assignment.coursedir
    folder = assignment.place(course.autograded_directory, student)
    mode = 0o664 if course.groupshared else 0o444
    for graded in notebooks:
        text = nbformat.writes(graded.document)
        write_whole(folder / f"{graded.notebook}.ipynb", text.encode("utf-8"), mode)
    if notebooks[0].handed_in:
        stamp = f"{notebooks[0].handed_in.isoformat()} UTC\n"
        write_whole(folder / "timestamp.txt", stamp.encode(), mode)
    else:
        (folder / "timestamp.txt").unlink(missing_ok=True)
    if course.groupshared:
        for shared in (folder, folder.parent):
            shared.chmod(0o2775)


def write_receipts(assignment, student, notebooks):
    """Write the receipts: the last step of a grading, so that what has one is done."""
    for graded in notebooks:
        text = json.dumps(graded.receipt, indent=1, sort_keys=True, ensure_ascii=False)
        path = receipt_path(assignment, graded.notebook, student)
        write_whole(path, text.encode("utf-8"))


def keep(gradebook, assignment, student, notebooks, penalty=None):
    """Keep all of a grading, each step after what it builds on: interrupted, it is done again.

    Parameters
    ----------
    gradebook : nbgrader's Gradebook
    assignment : Assignment
    student : str
    notebooks : list of Graded
    penalty : as in ``write_grades``
    """
    write_documents(assignment, student, notebooks)
    handed_in = notebooks[0].handed_in
    write_grades(gradebook, assignment.name, student, handed_in, notebooks, penalty)
    write_receipts(assignment, student, notebooks)


def write_grades(gradebook, assignment, student, timestamp, notebooks, penalty=None):
    """Set all grades of a submission anew, in one transaction.

    Points that a person gave are kept, and flagged to be looked at again. A locked gradebook is
    waited for.

    Parameters
    ----------
    gradebook : nbgrader's Gradebook
    assignment, student : str; an unknown student is added
    timestamp : datetime in UTC or None
    notebooks : list of Graded
    penalty : function of student, score and seconds late that returns points or None, or None

    Errors
    ------
    MissingEntry where the gradebook doesn't know the assignment; what SQLAlchemy raises.
    """
    until = time.monotonic() + LOCKED_SECONDS
    while True:
        try:
            _set_grades(gradebook.db, assignment, student, timestamp, notebooks, penalty)
            gradebook.db.commit()
            return
        except (OperationalError, IntegrityError) as error:
            # Another writer holds it, or has just added the same student or submission.
            gradebook.db.rollback()
            passing = isinstance(error, IntegrityError) or "locked" in str(error)
            if not passing or time.monotonic() > until:
                raise
            time.sleep(0.05)
        except BaseException:
            gradebook.db.rollback()
            raise


def _set_grades(db, assignment, student, timestamp, notebooks, penalty):
    task = db.query(Assignment).filter(Assignment.name == assignment).one()
    if db.get(Student, student) is None:
        db.add(Student(id=student))
    submission = (
        db.query(SubmittedAssignment)
        .filter_by(assignment_id=task.id, student_id=student)
        .one_or_none()
    )
    if submission is None:
        submission = _new_submission(db, task, student)
    submission.timestamp = timestamp
    by_name = {notebook.name: notebook for notebook in submission.notebooks}
    for graded in notebooks:
        submitted = by_name[graded.notebook]
        for grade in submitted.grades:
            if grade.name in graded.scores:
                grade.auto_score = graded.scores[grade.name]
                grade.needs_manual_grade = (
                    grade.manual_score is not None
                    or grade.auto_score is None
                    or grade.name in graded.look
                )
        for comment in submitted.comments:
            said = "No response." if comment.name in graded.unanswered else None
            comment.auto_comment = said
        submitted.late_submission_penalty = None
    if penalty and timestamp and task.duedate and submission.total_seconds_late > 0:
        db.flush()
        for graded in notebooks:
            submitted = by_name[graded.notebook]
            db.refresh(submitted)
            points = penalty(student, submitted.score, submission.total_seconds_late)
            if points is not None:
                submitted.late_submission_penalty = min(max(points, 0), submitted.score)


def _new_submission(db, task, student):
    """A submission with a grade and a comment for each cell that wants one."""
    submission = SubmittedAssignment(assignment_id=task.id, student_id=student)
    for notebook in db.query(Notebook).filter_by(assignment_id=task.id).all():
        submitted = SubmittedNotebook(notebook_id=notebook.id)
        submitted.grades = [Grade(cell_id=cell.id) for cell in notebook.grade_cells]
        submitted.comments = [Comment(cell_id=cell.id) for cell in notebook.solution_cells]
        for cell in notebook.task_cells:
            submitted.grades.append(Grade(cell_id=cell.id))
            submitted.comments.append(Comment(cell_id=cell.id))
        submission.notebooks.append(submitted)
    db.add(submission)
    db.flush()
    return submission
