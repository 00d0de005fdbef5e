"""What the verbs print, and with which code they end."""

import os
import subprocess
import sys

import pytest

from autograder import cli, course, example_class
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


def test_a_plugin_for_late_work_that_can_not_be_loaded_is_told(capsys, root):
    with open(root / "nbgrader_config.py", "a") as file:
        file.write("c.AssignLatePenalties.plugin_class = 'no_module.Late'\n")
    code, told = said(capsys, "grade", "--root", root)
    assert code == 1 and "the plugin for late submissions that" in told and "no_module" in told


def test_a_summary_before_there_is_an_example_class_says_how_to_get_one(
    capsys, tmp_path, monkeypatch
):
    monkeypatch.setattr(example_class, "SUMMARY", tmp_path / "summary.json")
    code, told = said(capsys, "summary")
    assert code == 1 and "`make example` makes and grades it" in told


def test_the_course_directory_is_the_one_that_someone_is_in(capsys, root, monkeypatch):
    graded = []
    monkeypatch.setattr(course, "grade", lambda _, root, **__: graded.append(root) or Summary())
    for place in (root, root.parent):
        monkeypatch.chdir(place)
        assert cli.main(["grade"]) == 0
    assert graded == [root, course.ROOT]


def test_a_misspelt_assignment_is_told_those_there_are(capsys, root):
    for verb in (["grade", "lstn", "--root", root], ["exercises", "lstn"]):
        code, told = said(capsys, *verb)
        there = "rnn, lstm, gru, birnn, comparison"
        assert code == 1 and told.startswith("there is no assignment 'lstn'")
        assert told.endswith(f"there are: {there}\n")


def test_a_released_folder_that_can_not_be_read_is_told(capsys, root, monkeypatch):
    code, told = said(capsys, "grade", "lstm", "--root", root)
    released = root / "release" / "lstm"
    assert code == 1 and told.startswith(f"lstm: nothing is released in {released}; run")
    listdir = os.listdir

    def look(folder):
        if str(folder) == str(released):
            raise PermissionError(13, "Permission denied")
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", look)
    code, told = said(capsys, "grade", "lstm", "--root", root)
    assert code == 1 and told.startswith(f"lstm: the released folder {released} can't be read: ")
    assert "Permission denied" in told


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


def command(*arguments, **options):
    """Run a verb as a person does: its exit code and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *arguments],
        cwd=course.ROOT,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    return done.returncode, done.stderr


def test_who_interrupts_while_all_is_being_loaded_gets_a_line(tmp_path):
    (tmp_path / "yaml.py").write_text("raise KeyboardInterrupt")
    code, told = command("grade", env=os.environ | {"PYTHONPATH": str(tmp_path)})
    assert code == 130 and told == "interrupted\n"


def test_what_can_not_be_printed_is_told_in_a_line(root):
    with open("/dev/full", "w") as full:
        code, told = command("grade", "--json", "--root", str(root), stdout=full)
    assert code == 1 and "Traceback" not in told and "Exception" not in told
    last = "what was done stays, but can't be printed: No space left on device"
    assert told.splitlines()[-1] == last


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
