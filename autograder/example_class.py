"""Grade an example class from hand-in to grade sheet, in a course directory of its own."""

import csv
import shutil
import time

from nbgrader.api import Gradebook

from autograder import course
from autograder.assignments.example import Maker, hand_in
from autograder.exercises import CHAPTERS
from autograder.reports.grades import grades, write_csv

ROOT = course.BUILD / "example_class"
PATIENCE = {"cell_seconds": 2.0, "answer_seconds": 2.0}
"""Right answers take a hundredth of this; the class has students whose code never ends."""

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
        nbgrader = course.nbgrader(ROOT)
        for number, submission in enumerate(submissions, 1):
            start = time.perf_counter()
            result = nbgrader.autograde(assignment, submission.student, force=True)
            word = "graded" if result["success"] else "no verdict"
            say(
                f"{assignment} {number}/{len(submissions)} {submission.student} "
                f"({submission.says}): {word}, {time.perf_counter() - start:.1f} s"
            )
            if not result["success"]:
                say(result["log"])
    with Gradebook(course.nbgrader(ROOT).coursedir.db_url) as gradebook:
        write_csv(grades(gradebook), GRADES)


def outcome():
    """What was graded, in a line."""
    with GRADES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scores = [float(row["score"]) for row in rows]
    return (
        f"{len(rows)} submissions graded, scores from {min(scores):g} to {max(scores):g} "
        f"of {float(rows[0]['max_score']):g}"
    )
