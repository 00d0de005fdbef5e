"""What is kept of a grading: the autograded notebook, the grades and the receipt."""

import json
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nbformat.v4 import new_markdown_cell
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from sqlalchemy import bindparam, insert, make_url, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from autograder.checking.feedback import as_html, as_text

from .assignment import AssignmentError, seconds_late, submission_secret
from .files import write_whole
from .outputs import harmless, in_a_line, output, showable
from .receipts import receipt_path

TASK, NOTEBOOK, CELL = Assignment.__table__, Notebook.__table__, BaseCell.__table__
STUDENT, SUBMISSION = Student.__table__, SubmittedAssignment.__table__
SUBMITTED, GRADE, COMMENT = SubmittedNotebook.__table__, Grade.__table__, Comment.__table__
GRADED, COMMENTED = ("GradeCell", "TaskCell"), ("SolutionCell", "TaskCell")
"""The kinds of cells that get a grade, and those that get a comment."""
NO_RESPONSE = "No response."

LOCKED_SECONDS = 60
"""How long a locked gradebook, or one that can't be reached, is waited for."""
PASSING = {"40001", "40P01", "55P03"}
"""PostgreSQL's codes for what goes right the next time: writers that met, a deadlock, a lock."""


@dataclass
class Graded:
    """What is to be recorded of one submitted notebook."""

    notebook: str
    """Its name, without the extension."""
    scores: dict[str, float | None]
    """Points of each grade cell by grade id; None where a person must look."""
    unanswered: set[str]
    """Grade ids of the solution cells whose text is the released one."""
    document: str
    """The autograded notebook, as it is written to its file."""
    receipt: dict = field(default_factory=dict)
    """What it rests on, and what was odd about it."""
    handed_in: datetime | None = None
    """When it was handed in, in UTC."""

    @property
    def points(self):
        """All points given by the grader."""
        return sum(score or 0.0 for score in self.scores.values())


@dataclass
class Recorded:
    """What the gradebook holds of one submission."""

    due: datetime | None
    """When it is due, the student's extension included, in UTC."""
    scores: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """Points that the grader gave, by notebook and grade id."""


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
        if name in texts:
            cell.source = showable(cell.source)
        if name in verdicts:
            verdict = verdicts[name]
            shown = {
                "text/plain": as_text(verdict, book=book),
                "text/html": as_html(verdict, book=book),
            }
            cell.outputs = [output("display_data", data=shown, metadata={})]
        elif name in outputs:
            count += 1
            cell.execution_count = count
            cell.outputs = outputs[name]
            for one in cell.outputs:
                if one.output_type == "execute_result":
                    one.execution_count = count
    if remarks:
        said = "\n".join(f"* {_plain(remark)}" for remark in remarks)
        cell = new_markdown_cell(f"**What the grader noticed**\n\n{said}")
        cell.id = "remarks"
        notebook.cells.insert(0, cell)
    return notebook


SIGNS = "\\`*_{}[]()<>#|$&!~"
"""Signs that mean something in Markdown or HTML."""


def _plain(text):
    """A text that Markdown and HTML take as it is, and in which MathJax finds no command."""
    shown = "".join(f"&#{ord(sign)};" if sign in SIGNS else sign for sign in text)
    return shown.replace("&#92;", "&#92;\u200b")


def cell_name(cell):
    """A released cell's name: its grade id, or else its cell id."""
    return cell.metadata.get("nbgrader", {}).get("grade_id") or cell.id


def ready(coursedir, assignments):
    """Open the gradebook and make sure that it knows what was released; a locked one is waited for.

    Parameters
    ----------
    coursedir : nbgrader's CourseDirectory
    assignments : iterable of Assignment

    Returns
    -------
    nbgrader's Gradebook, to be closed

    Errors
    ------
    AssignmentError where it can't be opened or doesn't know an assignment.
    """
    until = time.monotonic() + LOCKED_SECONDS
    while True:
        gradebook = None
        try:
            gradebook = Gradebook(coursedir.db_url, coursedir.course_id)
            for assignment in assignments:
                _expect(gradebook, assignment)
            return gradebook
        except BaseException as error:
            if gradebook is not None:
                gradebook.close()
            if not isinstance(error, SQLAlchemyError | OSError):
                raise
            waits = isinstance(error, DBAPIError) and passing(error)
            if not waits or time.monotonic() > until:
                why = reason(error, coursedir)
                raise AssignmentError(f"the gradebook can't be opened: {why}") from None
        time.sleep(0.05)


def recorded(gradebook, assignment):
    """What the gradebook holds of all submissions to an assignment.

    Parameters
    ----------
    gradebook : nbgrader's Gradebook
    assignment : str

    Returns
    -------
    dict of Recorded by student

    Errors
    ------
    AssignmentError where it can't be read.
    """
    found = {}
    try:
        rows = gradebook.db.connection().execute(FIND_RECORDED, {"name": assignment})
        for student, date, extension, notebook, cell, given in rows:
            if student not in found:
                found[student] = Recorded(_due(date, extension))
            found[student].scores.setdefault(notebook, {})[cell] = given
    except SQLAlchemyError as error:
        raise AssignmentError(f"the gradebook can't be read: {reason(error)}") from None
    finally:
        # No lock is held while the rest is done.
        gradebook.db.rollback()
    return found


def reason(error, coursedir=None):
    """What a database or the system complains of, in a line; and of which gradebook, if given."""
    said = in_a_line(str(getattr(error, "orig", None) or error).split("\n")[0], 300)
    if coursedir is None or not isinstance(error, SQLAlchemyError):
        return said
    try:
        url = make_url(coursedir.db_url)
    except SQLAlchemyError:
        return f"{said} (c.CourseDirectory.db_url)"
    # No password is shown.
    where = url.database if url.get_backend_name() == "sqlite" else url.render_as_string()
    return f"{said} ({where})"


def _expect(gradebook, assignment):
    """Make sure that the gradebook knows an assignment as it was released."""
    again = f"run `nbgrader generate_assignment {assignment.name} --force` first"
    for template in assignment.templates:
        try:
            known = gradebook.find_notebook(template.name, assignment.name)
        except MissingEntry:
            raise AssignmentError(
                f"the gradebook doesn't know {assignment.name}/{template.name}; {again}"
            ) from None
        ours = {
            name: float(cell.metadata.nbgrader.points)
            for name, cell in template.marked.items()
            if cell.metadata.nbgrader.get("grade")
        }
        theirs = {cell.name: cell.max_score for cell in known.grade_cells}
        if ours != theirs:
            odd = ", ".join(sorted({name for name, _ in ours.items() ^ theirs.items()}))
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
        data = graded.document.encode("utf-8")
        write_whole(folder / f"{graded.notebook}.ipynb", data, mode)
    if notebooks[0].handed_in:
        stamp = f"{notebooks[0].handed_in.isoformat()} UTC\n"
        write_whole(folder / "timestamp.txt", stamp.encode(), mode)
    else:
        (folder / "timestamp.txt").unlink(missing_ok=True)
    secret = submission_secret(assignment, student)
    if secret:
        # The exchange needs it to hand feedback back to the student alone.
        write_whole(folder / "submission_secret.txt", secret, mode)
    else:
        (folder / "submission_secret.txt").unlink(missing_ok=True)
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
    late = write_grades(gradebook, assignment.name, student, handed_in, notebooks, penalty)
    for graded in notebooks:
        graded.receipt["seconds_late"] = late
    write_receipts(assignment, student, notebooks)


def write_grades(gradebook, assignment, student, timestamp, notebooks, penalty=None):
    """Set all grades of a submission anew, in one transaction.

    Points that a person gave are kept, and flagged to be looked at again. A locked gradebook is
    waited for, and so is a server that has closed the connection.

    Parameters
    ----------
    gradebook : nbgrader's Gradebook
    assignment, student : str; an unknown student is added
    timestamp : datetime in UTC or None
    notebooks : list of Graded
    penalty : function of student, score and seconds late that returns points or None, or None

    Returns
    -------
    float, seconds by which it is late

    Errors
    ------
    MissingEntry where the gradebook doesn't know the assignment; what SQLAlchemy raises.
    """
    until = time.monotonic() + LOCKED_SECONDS
    while True:
        try:
            _wait_at_most(gradebook.db, max(1.0, until - time.monotonic()))
            late = _set_grades(gradebook.db, assignment, student, timestamp, notebooks, penalty)
            gradebook.db.commit()
            return late
        except DBAPIError as error:
            gradebook.db.rollback()
            if not passing(error) or time.monotonic() > until:
                raise
            time.sleep(0.05)
        except BaseException:
            gradebook.db.rollback()
            raise


def passing(error):
    """Whether a gradebook's error may go away by itself.

    Another writer holds it or has just added the same student or submission, or the server has
    closed the connection and will take a new one.
    """
    if isinstance(error, IntegrityError) or error.connection_invalidated:
        return True
    return getattr(error.orig, "sqlstate", None) in PASSING or "locked" in str(error.orig)


def _wait_at_most(db, seconds):
    """Let this transaction wait no longer for a lock; sqlite never waits longer than 5 seconds."""
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text(f"SET LOCAL lock_timeout = {round(1000 * seconds)}"))


def _ids(table, of, name):
    """The ids of all rows of a table that belong to one of another."""
    table = table.alias()
    return select(table.c.id).where(table.c[of] == bindparam(name))


# Built once: to build a statement takes longer than to execute it.
FIND_TASK = select(TASK.c.id, TASK.c.duedate).where(TASK.c.name == bindparam("name"))
FIND_STUDENT = select(STUDENT.c.id).where(STUDENT.c.id == bindparam("student"))
FIND_SUBMISSION = select(SUBMISSION.c.id, SUBMISSION.c.extension).where(
    SUBMISSION.c.assignment_id == bindparam("task"), SUBMISSION.c.student_id == bindparam("student")
)
# There are indices by notebook and submission, and by cell and notebook; by one of them alone all
# rows of a course would be read, for each submission.
FIND_NOTEBOOKS = (
    select(NOTEBOOK.c.name, SUBMITTED.c.id, NOTEBOOK.c.id)
    .join(SUBMITTED, NOTEBOOK.c.id == SUBMITTED.c.notebook_id)
    .where(
        SUBMITTED.c.notebook_id.in_(_ids(NOTEBOOK, "assignment_id", "task")),
        SUBMITTED.c.assignment_id == bindparam("submission"),
    )
)
FIND_GRADES = (
    select(GRADE.c.id, CELL.c.name, GRADE.c.auto_score, GRADE.c.manual_score, GRADE.c.extra_credit)
    .join(CELL, CELL.c.id == GRADE.c.cell_id)
    .where(
        GRADE.c.cell_id.in_(_ids(CELL, "notebook_id", "notebook")),
        GRADE.c.notebook_id == bindparam("submitted"),
    )
)
FIND_COMMENTS = (
    select(COMMENT.c.id, CELL.c.name)
    .join(CELL, CELL.c.id == COMMENT.c.cell_id)
    .where(
        COMMENT.c.cell_id.in_(_ids(CELL, "notebook_id", "notebook")),
        COMMENT.c.notebook_id == bindparam("submitted"),
    )
)
# All of an assignment, but of no other: the planner would rather read every grade there is.
FIND_RECORDED = (
    select(SUBMISSION.c.student_id, TASK.c.duedate, SUBMISSION.c.extension)
    .add_columns(NOTEBOOK.c.name, CELL.c.name, GRADE.c.auto_score)
    .select_from(GRADE)
    .join(CELL, CELL.c.id == GRADE.c.cell_id)
    .join(SUBMITTED, SUBMITTED.c.id == GRADE.c.notebook_id)
    .join(NOTEBOOK, NOTEBOOK.c.id == SUBMITTED.c.notebook_id)
    .join(SUBMISSION, SUBMISSION.c.id == SUBMITTED.c.assignment_id)
    .join(TASK, TASK.c.id == SUBMISSION.c.assignment_id)
    .where(
        GRADE.c.cell_id.in_(
            select(CELL.c.id)
            .join(NOTEBOOK, NOTEBOOK.c.id == CELL.c.notebook_id)
            .join(TASK, TASK.c.id == NOTEBOOK.c.assignment_id)
            .where(TASK.c.name == bindparam("name"))
            .correlate(None)
        )
    )
)
SET_TIMESTAMP = (
    update(SUBMISSION)
    .where(SUBMISSION.c.id == bindparam("submission"))
    .values(timestamp=bindparam("handed_in"))
)
SET_PENALTY = (
    update(SUBMITTED)
    .where(SUBMITTED.c.id == bindparam("submitted"))
    .values(late_submission_penalty=bindparam("lost"))
)
SET_GRADE = (
    update(GRADE)
    .where(GRADE.c.id == bindparam("grade"))
    .values(auto_score=bindparam("given"), needs_manual_grade=bindparam("look"))
)
SET_COMMENT = (
    update(COMMENT)
    .where(COMMENT.c.id == bindparam("comment"))
    .values(auto_comment=bindparam("said"))
)


def _set_grades(db, assignment, student, timestamp, notebooks, penalty):
    """Set the grades within a transaction; the seconds by which the submission is late.

    The tables are nbgrader's own; its classes would compute all scores anew with each object.
    """
    db = db.connection()
    task = db.execute(FIND_TASK, {"name": assignment}).one()
    if db.execute(FIND_STUDENT, {"student": student}).first() is None:
        db.execute(insert(STUDENT).values(id=student))
    found = db.execute(FIND_SUBMISSION, {"task": task.id, "student": student}).first()
    if found is None:
        submission, extension = _new_submission(db, task.id, student), None
    else:
        submission, extension = found
    db.execute(SET_TIMESTAMP, {"submission": submission, "handed_in": timestamp})
    late = seconds_late(timestamp, _due(task.duedate, extension))
    rows = db.execute(FIND_NOTEBOOKS, {"task": task.id, "submission": submission})
    by_name = {name: (submitted, released) for name, submitted, released in rows}
    for graded in notebooks:
        submitted, released = by_name[graded.notebook]
        score = _set_scores(db, submitted, released, graded)
        _set_comments(db, submitted, released, graded)
        lost = penalty(student, score, late) if penalty and late else None
        lost = None if lost is None else min(max(lost, 0), score)
        db.execute(SET_PENALTY, {"submitted": submitted, "lost": lost})
    return late


def _due(date, extension):
    """When a student's submission is due, or None."""
    return date + (extension or timedelta(0)) if date else None


def _set_scores(db, submitted, released, graded):
    """Set the grades of one notebook; its score, a person's points included."""
    total, changes = 0.0, []
    rows = db.execute(FIND_GRADES, {"notebook": released, "submitted": submitted})
    for id, name, given, manual, extra in rows:
        if name in graded.scores:
            given = graded.scores[name]
            look = manual is not None or given is None or name in graded.receipt.get("look", ())
            changes.append({"grade": id, "given": given, "look": look})
        if manual is not None or given is not None:
            total += (given if manual is None else manual) + (extra or 0.0)
    if changes:
        db.execute(SET_GRADE, changes)
    return total


def _set_comments(db, submitted, released, graded):
    """Say of each answer whether there is one."""
    rows = db.execute(FIND_COMMENTS, {"notebook": released, "submitted": submitted})
    changes = [
        {"comment": id, "said": NO_RESPONSE if name in graded.unanswered else None}
        for id, name in rows
    ]
    if changes:
        db.execute(SET_COMMENT, changes)


def _new_submission(db, task, student):
    """Add a submission with a grade and a comment for each cell that wants one; its id."""
    submission = new_uuid()
    db.execute(insert(SUBMISSION).values(id=submission, assignment_id=task, student_id=student))
    notebooks = db.execute(select(NOTEBOOK.c.id).where(NOTEBOOK.c.assignment_id == task)).scalars()
    for notebook in notebooks.all():
        submitted = new_uuid()
        db.execute(
            insert(SUBMITTED).values(id=submitted, assignment_id=submission, notebook_id=notebook)
        )
        cells = select(CELL.c.id, CELL.c.type).where(CELL.c.notebook_id == notebook)
        kinds = db.execute(cells).all()
        for table, wanted in ((GRADE, GRADED), (COMMENT, COMMENTED)):
            rows = [
                {"cell_id": id, "notebook_id": submitted} for id, kind in kinds if kind in wanted
            ]
            if rows:
                db.execute(insert(table), rows)
    return submission
