"""A class ten times as large takes ten times as long: the gradebook is asked by its indices."""

import re

import pytest
import sqlalchemy
from nbgrader.api import Gradebook

from autograder import course
from autograder.grading import pages, record

from .conftest import ASSIGNMENT, DIRECTORIES
from .test_run import at_once, coursedir, grade  # noqa: F401

GROWING = r"(grade|comment|student|submitted_assignment|submitted_notebook)"
"""The tables of the gradebook that have more rows the larger a class is."""


@pytest.fixture
def asked(coursedir, monkeypatch):  # noqa: F811
    """What was asked of the gradebook: a list of statements by the function that asked."""
    statements, watched = {"recorded": [], "keep": [], "_marks": []}, []

    def note(connection, cursor, statement, *more):
        if watched and statement.startswith(("SELECT", "UPDATE")):
            statements[watched[-1]].append(statement)

    def watching(function):
        def watch(*given):
            watched.append(function.__name__)
            try:
                return function(*given)
            finally:
                watched.pop()

        return watch

    monkeypatch.setattr(record, "recorded", watching(record.recorded))
    monkeypatch.setattr(record, "keep", watching(record.keep))
    monkeypatch.setattr(pages, "_marks", watching(pages._marks))
    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", note)
    yield statements
    sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", note)


def steps(gradebook, statement):
    """How the gradebook would answer a statement, in lines."""
    explained, values = f"EXPLAIN QUERY PLAN {statement}", ("",) * statement.count("?")
    return [step for *_, step in gradebook.db.connection().exec_driver_sql(explained, values)]


def test_no_statement_reads_all_submissions(coursedir, asked):  # noqa: F811
    grade(coursedir)
    grade(coursedir, force=True)
    pages._write(course.nbgrader(coursedir.root, **DIRECTORIES), ASSIGNMENT, ["ada", "ben"])
    kept, marks = set(asked["keep"]), set(asked["_marks"])
    assert len(kept) >= 8 and len(marks) >= 4
    with Gradebook(coursedir.db_url) as gradebook:
        for statement in kept | marks:
            for step in steps(gradebook, statement):
                assert not re.search(rf"\bSCAN {GROWING}\b", step), (statement, step)
                # An index of which one column alone is known leads to all of a course as well.
                found = re.search(rf"\bSEARCH {GROWING} .*\((.*)\)", step)
                assert not found or found[2] in ("id=?",) or " AND " in found[2], (statement, step)


def test_a_class_is_asked_for_once_and_no_other_assignment_with_it(coursedir, asked):  # noqa: F811
    grade(coursedir, students=["ben", "fay"])
    (statement,) = asked["recorded"]
    with Gradebook(coursedir.db_url) as gradebook:
        for step in steps(gradebook, statement):
            assert not re.search(rf"\bSCAN {GROWING}\b", step), step
