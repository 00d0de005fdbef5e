"""The grade sheet: one line for each student and assignment, in CSV that any program reads."""

import csv
from pathlib import Path

from nbgrader.api import MissingEntry
from nbgrader.plugins import ExportPlugin

from autograder.exercises import CHAPTERS

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
    "extra_points",
    "needs_manual_grade",
)
"""nbgrader's columns and, at the end, two of ours. ``max_score`` leaves extra exercises out."""


def grades(gradebook, assignments=(), students=()):
    """All grades of a class.

    Parameters
    ----------
    gradebook : nbgrader's Gradebook
    assignments, students : names and ids to keep; all where empty

    Returns
    -------
    list of dicts with the keys ``COLUMNS``; who has not submitted has a score of 0
    """
    rows = []
    # By name: where names are missing, a database gives what comes first as it likes.
    everyone = sorted(
        gradebook.students, key=lambda s: (s.last_name or "", s.first_name or "", s.id)
    )
    for assignment in gradebook.assignments:
        if assignments and assignment.name not in assignments:
            continue
        extra = {f"check_{e.name}" for e in CHAPTERS.get(assignment.name, ()) if e.extra}
        for student in everyone:
            if students and student.id not in students:
                continue
            row = dict.fromkeys(COLUMNS, "")
            row |= {
                "assignment": assignment.name,
                "duedate": assignment.duedate or "",
                "student_id": student.id,
                "last_name": student.last_name or "",
                "first_name": student.first_name or "",
                "email": student.email or "",
                "max_score": assignment.max_score - _extra_points(assignment, extra),
                "raw_score": 0.0,
                "late_submission_penalty": 0.0,
                "score": 0.0,
                "extra_points": 0.0,
                "needs_manual_grade": False,
            }
            try:
                submission = gradebook.find_submission(assignment.name, student.id)
            except MissingEntry:
                rows.append(row)
                continue
            penalty = submission.late_submission_penalty or 0.0
            row["timestamp"] = submission.timestamp or ""
            row["raw_score"] = submission.score
            row["late_submission_penalty"] = penalty
            row["score"] = max(0.0, submission.score - penalty)
            row["extra_points"] = sum(
                grade.score
                for notebook in submission.notebooks
                for grade in notebook.grades
                if grade.name in extra
            )
            row["needs_manual_grade"] = submission.needs_manual_grade
            rows.append(row)
    return rows


def _extra_points(assignment, extra):
    return sum(
        cell.max_score
        for notebook in assignment.notebooks
        for cell in notebook.grade_cells
        if cell.name in extra
    )


def write_csv(rows, path):
    """Write grades to a CSV file, quoted where a value needs it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({key: safe(value) for key, value in row.items()} for row in rows)


FORMULA = tuple("=+-@＝＋－＠")
"""What a formula begins with, in narrow and in wide signs."""


def safe(value):
    """A value that a spreadsheet does not take for a formula: names come from students."""
    if isinstance(value, str) and value.lstrip().startswith(FORMULA):
        return "'" + value
    return value


class GradeSheet(ExportPlugin):
    """The grade sheet for ``nbgrader export``, in place of nbgrader's, which doesn't quote."""

    def export(self, gradebook):
        """Write the grade sheet to the file named by ``--to`` (``grades.csv`` if none is)."""
        dest = self.to or "grades.csv"
        self.log.info("Exporting grades to %s", dest)
        write_csv(grades(gradebook, self.assignment, self.student), dest)
