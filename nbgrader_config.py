"""nbgrader's view of the course: where each step of an assignment lies, and how it is graded."""

from pathlib import Path

from autograder.course import book_address
from autograder.grading.plugin import use

c = get_config()  # noqa: F821
HERE = Path(__file__).resolve().parent

c.CourseDirectory.course_id = "gated-recurrent-networks"
# Made from solutions/ by `make exercises`; what students take lies in exercises/.
c.CourseDirectory.source_directory = str(HERE / "_build" / "nbgrader" / "source")
c.CourseDirectory.release_directory = str(HERE / "exercises")

# Grading goes through autograder/grading, for the command and for formgrader's button alike.
# COURSE_GRADER=stock in the environment leaves it to stock nbgrader.
c.CourseAutograde.book = book_address()
use()
