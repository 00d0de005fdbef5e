"""Grade an example class from hand-in to grade sheet, in a course directory of its own."""

import csv
import json
import shutil
import subprocess
import sys

from nbgrader.api import Gradebook

from autograder import course
from autograder.assignments.example import Maker, hand_in
from autograder.exercises import CHAPTERS
from autograder.reports.grades import grades, write_csv

ROOT = course.BUILD / "example_class"
PATIENCE = {"cell_seconds": 4.0, "answer_seconds": 4.0}
"""Right answers take far less, even on a busy machine; the class has some that never end."""

GRADES = course.BUILD / "grades.csv"


def everyone(assignment):
    """The submissions of the example class to one assignment: a list of Submission."""
    name = f"{assignment}.ipynb"
    released = course.RELEASED / assignment / name
    source = course.SOURCE / assignment / name
    return Maker(released, source, CHAPTERS[assignment]).everyone()


def run(say):
    """Make the class anew, grade it and write the grade sheet.

    Parameters
    ----------
    say : function that tells the person at the terminal how things go
    """
    shutil.rmtree(ROOT, ignore_errors=True)
    course.configure(ROOT, CourseAutograde=PATIENCE)
    for assignment in CHAPTERS:
        submissions = everyone(assignment)
        course.generate(assignment, ROOT, release_directory="release")
        hand_in(submissions, assignment, ROOT / "submitted")
        for submission in submissions:
            say(f"{assignment} {submission.student}: {submission.says}")
    # In a process of its own: this one has computed with PyTorch, whose threads survive no fork.
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", *CHAPTERS, "--root", ROOT, "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    if not done.stdout:
        raise course.StepFailed(f"the example class could not be graded: exit {done.returncode}")
    summary = json.loads(done.stdout)
    with Gradebook(course.nbgrader(ROOT).coursedir.db_url) as gradebook:
        write_csv(grades(gradebook), GRADES)
    say(
        f"{summary['graded']} submissions graded in {summary['seconds']:.1f} s; "
        f"{summary['failed']} can't be graded and are left to a person"
    )


def outcome():
    """What was graded, in a line."""
    with GRADES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scores = [float(row["score"]) for row in rows]
    return (
        f"{len(rows)} submissions graded, scores from {min(scores):g} to {max(scores):g} "
        f"of {float(rows[0]['max_score']):g}"
    )
