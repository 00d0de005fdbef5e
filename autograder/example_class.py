"""Grade an example class from hand-in to grade sheet, in a course directory of its own."""

import json
import shutil
import subprocess
import sys

from nbgrader.api import Gradebook

from autograder import course
from autograder.assignments.example import hand_in
from autograder.exercises import CHAPTERS
from autograder.reports.grades import grades, write_csv

ROOT = course.BUILD / "example_class"
PATIENCE = {"cell_seconds": 2.5, "answer_seconds": 2.5}
"""Right answers take far less, even on a busy machine; the class has some that never end."""

GRADES = course.BUILD / "grades.csv"
SUMMARY = ROOT / "summary.json"
"""What became of each submission, as ``python -m autograder grade --json`` prints it."""


def everyone(assignment):
    """The submissions of the example class to one assignment: a list of Submission."""
    return course.maker(assignment).everyone()


def run(say):
    """Make the class anew, grade it and write the grade sheet.

    Parameters
    ----------
    say : function that tells the person at the terminal how things go
    """
    shutil.rmtree(ROOT, ignore_errors=True)
    course.configure(ROOT, CourseAutograde=PATIENCE)
    students = set()
    for assignment in CHAPTERS:
        submissions = everyone(assignment)
        course.generate(assignment, ROOT, release_directory="release")
        hand_in(submissions, assignment, ROOT / "submitted")
        for submission in submissions:
            say(f"{assignment} {submission.student}: {submission.says}")
            students.add(submission.student)
    enrol(students)
    # In a process of its own: this one has computed with PyTorch, whose threads survive no fork.
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", *CHAPTERS, "--root", ROOT, "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    if not done.stdout:
        raise course.StepFailed(f"the example class could not be graded: exit {done.returncode}")
    SUMMARY.write_text(done.stdout, encoding="utf-8")
    with Gradebook(course.nbgrader(ROOT).coursedir.db_url) as gradebook:
        write_csv(grades(gradebook), GRADES)
    say(f"the example class: {outcome()}")


def enrol(students):
    """Put students into the gradebook, with names: formgrader lists them by name."""
    with Gradebook(course.nbgrader(ROOT).coursedir.db_url) as gradebook:
        for student in sorted(students):
            first = student.removeprefix("student-").title()
            gradebook.add_student(student, first_name=first, last_name="Example")


def outcome():
    """What was graded, in a line.

    Errors
    ------
    StepFailed where there is no example class yet.
    """
    if not SUMMARY.exists():
        raise course.StepFailed("there is no example class yet; `make example` makes and grades it")
    summary = json.loads(SUMMARY.read_text(encoding="utf-8"))
    points = [one["points"] for one in summary["submissions"] if not one["error"]]
    return (
        f"{summary['graded']} submissions graded in {summary['seconds']:.0f} s, "
        f"{min(points):g} to {max(points):g} points; {summary['failed']} can't be read and are "
        "left to a person"
    )
