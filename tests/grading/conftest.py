"""A course directory made by code, and a warm parent, for the tests of grading."""

from types import SimpleNamespace

import pytest

from autograder import course
from autograder.assignments.folder import write_source
from autograder.exercises import CHAPTERS
from autograder.grading.rebuild import Template
from autograder.grading.remote import Warm

ASSIGNMENT = "lstm"
DIRECTORIES = {"source_directory": "source", "release_directory": "release"}


@pytest.fixture(scope="session")
def classroom(tmp_path_factory):
    """A course directory with one assignment generated: its root, template, exercises, maker."""
    root = tmp_path_factory.mktemp("course")
    exercises = CHAPTERS[ASSIGNMENT]
    write_source(course.SOLUTIONS / f"{ASSIGNMENT}.md", exercises, root / "source")
    course.configure(root)
    course.generate(ASSIGNMENT, root, **DIRECTORIES)
    maker = course.maker(ASSIGNMENT, root / "release", root / "source")
    released = root / "release" / ASSIGNMENT
    return SimpleNamespace(
        root=root,
        released=released,
        template=Template(released / f"{ASSIGNMENT}.ipynb"),
        exercises=exercises,
        maker=maker,
    )


@pytest.fixture(scope="session")
def warm(classroom):
    """A warm parent that has the assignment's ``check``."""
    with Warm(classroom.released) as parent:
        yield parent
