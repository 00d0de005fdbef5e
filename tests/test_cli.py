"""What the verbs print, and with which code they end."""

import pytest

from autograder import cli, course
from autograder.grading.run import Done, Summary


@pytest.fixture
def root(tmp_path):
    """A course directory in which nothing is released."""
    course.configure(tmp_path / "course", CourseDirectory={"release_directory": "release"})
    return tmp_path / "course"


def said(capsys, *arguments):
    """Run a verb: its exit code and what it said, which is no traceback."""
    code = cli.main([*map(str, arguments)])
    return code, capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5", ""])
def test_a_number_of_workers_is_one_or_more(capsys, number):
    with pytest.raises(SystemExit):
        cli.main(["grade", "--jobs", number])
    assert f"{number!r} is no number of workers: it must be 1 or more" in capsys.readouterr().err


def test_a_course_directory_that_is_none_is_told(capsys, tmp_path):
    for root in (tmp_path / "nowhere", tmp_path):
        code, told = said(capsys, "grade", "--root", root)
        assert code == 1 and f"{root} is no course directory" in told


@pytest.mark.parametrize("text", ["c = (", "1 / 0", "import nowhere_at_all", "\0"])
def test_a_configuration_that_can_not_be_loaded_is_told(capsys, root, text):
    path = root / "nbgrader_config.py"
    path.write_text(text)
    code, told = said(capsys, "grade", "--root", root)
    assert code == 1 and told.startswith(f"{path} can't be loaded: ")


@pytest.mark.parametrize("data", [b"", b"{", b"{}", b"[]", b"\xff", b'{"nbformat": 4, "cells": 5}'])
def test_a_released_notebook_that_is_none_is_told(capsys, root, data):
    path = root / "release" / "lstm" / "lstm.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    code, told = said(capsys, "grade", "lstm", "--root", root)
    assert code == 1 and told.startswith(f"lstm: the released notebook {path} can't be read: ")
    assert "to release it anew" in told


def test_who_interrupts_gets_a_line(capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(course, "grade", interrupted)
    code, told = said(capsys, "grade")
    assert code == 130 and told == "interrupted; what was done stays, start again for the rest\n"


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_what_was_graded_is_told_before_pages_are_written(capsys, monkeypatch, form):
    def write_pages(*_):
        assert "graded" in capsys.readouterr().out
        return ["ada gets no page"]

    summary = Summary(done=[Done("lstm", "ada", 1.0)])
    monkeypatch.setattr(course, "grade", lambda *_, **__: summary)
    monkeypatch.setattr(course, "write_pages", write_pages)
    assert cli.main(["grade", *form]) == 0
    assert cli.main(["grade", "--feedback", *form]) == 1
