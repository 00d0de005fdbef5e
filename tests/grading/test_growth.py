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
    """What was asked of the gradebook for each submission: a set of statements."""
    statements, watched = set(), []

    def note(connection, cursor, statement, *more):
        if watched and statement.startswith(("SELECT", "UPDATE")):
            statements.add(statement)

    def watching(function):
        def watch(*given):
            watched.append(function)
            try:
                return function(*given)
            finally:
                watched.pop()

        return watch

    monkeypatch.setattr(record, "keep", watching(record.keep))
    monkeypatch.setattr(pages, "_marks", watching(pages._marks))
    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", note)
    yield statements
    sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", note)


def test_no_statement_reads_all_submissions(coursedir, asked):  # noqa: F811
    grade(coursedir)
    grade(coursedir, force=True)
    graded = len(asked)
    pages._write(course.nbgrader(coursedir.root, **DIRECTORIES), ASSIGNMENT, ["ada", "ben"])
    assert graded >= 8 and len(asked) - graded >= 4
    with Gradebook(coursedir.db_url) as gradebook:
        for statement in asked:
            plan = gradebook.db.connection().exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", ("",) * statement.count("?")
            )
            for *_, step in plan:
                assert not re.search(rf"\bSCAN {GROWING}\b", step), (statement, step)
                # An index of which one column alone is known leads to all of a course as well.
                found = re.search(rf"\bSEARCH {GROWING} .*\((.*)\)", step)
                assert not found or found[2] in ("id=?",) or " AND " in found[2], (statement, step)
