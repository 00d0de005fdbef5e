"""nbgrader's view of the course: where each step of an assignment lies, and how it is graded."""

import os
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions

from autograder.assignments.stubs import ClearSolutionsToStubs
from autograder.course import book_address
from autograder.grading.plugin import use

c = get_config()  # noqa: F821
HERE = Path(__file__).resolve().parent

c.CourseDirectory.course_id = "gated-recurrent-networks"
# Made from solutions/ by `make exercises`; what students take lies in exercises/.
c.CourseDirectory.source_directory = str(HERE / "_build" / "nbgrader" / "source")
c.CourseDirectory.release_directory = str(HERE / "exercises")

# A solution may say what students get in its place.
c.GenerateAssignment.preprocessors = [
    ClearSolutionsToStubs if step is ClearSolutions else step
    for step in GenerateAssignment.preprocessors.default()
]

# Grading goes through autograder/grading, for the command and for formgrader's button alike.
# COURSE_GRADER=stock in the environment leaves it to stock nbgrader.
c.CourseAutograde.book = book_address()
use()

# Where students fetch and hand in on a shared machine; a directory that all may write to.
c.Exchange.root = os.environ.get("COURSE_EXCHANGE", str(HERE / "exchange"))
c.Exchange.path_includes_course = False
# nbgrader's own stops at the first submission that came in another way.
c.ExchangeFactory.release_feedback = "autograder.grading.handback.CourseReleaseFeedback"

# STUDENT_lstm.ipynb, with what a learning platform may put in between, a date among it; or what it
# packed of a student's in a folder or archive whose name begins with STUDENT_.
c.ZipCollectApp.extractor_plugin = "autograder.grading.collect.CourseExtractor"
c.ZipCollectApp.collector_plugin = "autograder.grading.collect.CourseCollector"
c.FileNameCollectorPlugin.named_regexp = (
    r"(?P<student_id>[^_/\\]+)_"
    r"(?:[^/\\]*?(?P<timestamp>\d{4}-\d\d-\d\d(?:-\d\d){3})_)?"
    r"(?:.*[/_])?(?P<file_id>[^/\\_.][^/\\_]*)(?i:\.ipynb)$"
)

# nbgrader's own export doesn't quote.
c.ExportApp.plugin_class = "autograder.reports.grades.GradeSheet"
