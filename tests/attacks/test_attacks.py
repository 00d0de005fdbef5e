"""No hostile submission earns, reads, changes, delays or spoils anything."""

import json
import os
import re
import shutil
import socket
import threading
import time
from html.parser import HTMLParser
from urllib.parse import unquote

import nbformat
import numpy
import pytest
from nbgrader.api import Gradebook

from autograder import course
from autograder.grading.budget import Budget
from autograder.grading.run import grade_class
from tests.grading.conftest import ASSIGNMENT, DIRECTORIES, classroom  # noqa: F401

from . import stock, table
from .corpus import ALL, WRITTEN

# One process grades them all, for all the tests of them.
pytestmark = pytest.mark.xdist_group("attacks")
BUDGET = Budget(cell=4.0, answer=6.0, notebook=60.0)
SECRET = "the-instructors-secret"


def test_the_corpus_is_large_and_says_what_each_tries():
    names = [attack.name for attack in ALL]
    assert len(names) == len(set(names)) >= 60
    assert all(attack.tries for attack in ALL)


def test_the_table_in_the_book_covers_the_corpus_as_it_is():
    kept = json.loads(table.OUTCOMES.read_text(encoding="utf-8"))
    assert set(kept) == {attack.name for attack in ALL}, (
        "measure again: python -m tests.attacks.stock"
    )
    assert all(came and set(came) <= {stock.NOTHING, *stock.WORDS} for came in kept.values())
    assert [row[:2] for row in table.rows()] == [(attack.name, attack.tries) for attack in ALL]
    page = (course.ROOT / "book" / "attacks.md").read_text(encoding="utf-8")
    assert all(f"| {word} |" in page for word in (stock.NOTHING, *stock.WORDS))


@pytest.fixture(scope="module")
def graded(classroom, tmp_path_factory):  # noqa: F811
    """All attacks handed in at once among honest students, graded, and what was seen meanwhile."""
    root = tmp_path_factory.mktemp("attacked")
    shutil.copytree(classroom.root, root, dirs_exist_ok=True)
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_SECRET", SECRET)
        threading.Thread(target=listen, args=(server, heard), daemon=True).start()
        put = {"COURSE": str(root), "ROOT": str(course.ROOT), "PORT": str(server.getsockname()[1])}
        put["GETPPID"] = '[f"/proc/{os.getppid()}/environ", f"/proc/{os.getppid()}/cmdline"]'
        for attack in ALL:
            others = classroom.maker.solutions if attack.solved else {}
            hand_in(root, attack.name, classroom.maker.notebook(others | written_out(attack, put)))
        for student in ("aaa-honest", "mmm-honest", "zzz-honest"):
            hand_in(root, student, classroom.maker.solved())
        before = snapshot(root), modes(root)
        coursedir = course.nbgrader(root, **DIRECTORIES).coursedir
        start = time.monotonic()
        summary = grade_class(coursedir, [ASSIGNMENT], jobs=3, stream=None, budget=BUDGET)
    return {
        "root": root,
        "before": before,
        "summary": summary,
        "seconds": time.monotonic() - start,
        "points": {one.student: one.points for one in summary.done},
        "grades": grades(coursedir),
        "heard": heard,
    }


def written_out(attack, put):
    """The cells of an attack, with what it needs to know of its place put in."""
    cells = dict(attack.cells)
    for name, value in put.items():
        cells = {cell: lines.replace(name, value) for cell, lines in cells.items()}
    return cells


def hand_in(root, student, notebook):
    folder = root / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True)
    (folder / f"{ASSIGNMENT}.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")


def listen(server, heard):
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        heard.append(connection)


def snapshot(root):
    """All that grading may not change: what was handed in, released, and the grader itself."""
    places = (root / "submitted", root / "source", root / "release", course.ROOT / "autograder")
    return {
        path: (path.stat().st_mtime_ns, path.stat().st_mode, path.stat().st_size)
        for place in places
        for path in place.rglob("*")
        if "__pycache__" not in path.parts
    }


def modes(root):
    """The modes and owners of what every grading needs."""
    found = [os.stat(path) for path in (root / "gradebook.db", numpy.__file__, "/tmp")]
    return [(stat.st_mode, stat.st_uid, stat.st_gid) for stat in found]


def grades(coursedir):
    with Gradebook(coursedir.db_url) as gradebook:
        return {
            s.student.id: {g.name: g.auto_score for n in s.notebooks for g in n.grades}
            for s in gradebook.assignment_submissions(ASSIGNMENT)
        }


def autograded(graded, name):
    path = graded["root"] / "autograded" / name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.name)
def test_no_attack_earns_a_point(classroom, graded, attack):  # noqa: F811
    given = graded["grades"][attack.name]
    for exercise in classroom.exercises:
        earned = given[f"check_{exercise.name}"]
        if attack.solved and exercise.name not in attack.cells:
            assert earned == exercise.points, exercise.name
        else:
            assert earned in (0.0, None), exercise.name


def test_no_attack_reads_writes_or_sends_what_it_may_not(graded):
    for attack in ALL:
        notebook = nbformat.reads(autograded(graded, attack.name), as_version=4)
        for cell in notebook.cells:
            for output in cell.get("outputs", ()):
                assert not output.get("evalue", "").startswith("LEAK"), (attack.name, output.evalue)


def test_nothing_was_changed_heard_or_left_behind(graded):
    assert (snapshot(graded["root"]), modes(graded["root"])) == graded["before"]
    assert graded["heard"] == []
    assert not [path for path in ("/tmp/attack", "/var/tmp/attack") if os.path.exists(path)]
    assert not (graded["root"] / "attack").exists()
    for attack in ALL:
        assert SECRET not in autograded(graded, attack.name)


def test_the_honest_are_graded_as_ever(classroom, graded):  # noqa: F811
    full = sum(exercise.points for exercise in classroom.exercises)
    for student in ("aaa-honest", "mmm-honest", "zzz-honest"):
        assert graded["points"][student] == full


def test_every_attack_has_a_verdict(graded):
    assert not graded["summary"].failed


def test_no_markup_of_a_students_reaches_a_browser(graded):
    coursedir = course.nbgrader(graded["root"], **DIRECTORIES)
    for name in (
        *(a.name for a in ALL if WRITTEN in a.cells),
        "hostile-name",
        "slow-colours",
        "display-hook",
    ):
        assert coursedir.generate_feedback(ASSIGNMENT, name)["success"]
        folder = graded["root"] / "feedback" / name / ASSIGNMENT
        page = (folder / f"{ASSIGNMENT}.html").read_text(encoding="utf-8")
        found = Active()
        found.feed(page[page.index("<body") :])
        assert not found.active
        assert "37 of 37 points</caption>" not in page
        assert not re.search(r"\\(href|style|def|newcommand|require)\b", page)


class Active(HTMLParser):
    """Finds what a browser would run or fetch in the part of a page that students can write to."""

    def __init__(self):
        super().__init__()
        self.active = []

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            address = re.sub(r"[\x00-\x20]", "", unquote(value or "")).lower()
            runs = address.startswith(("javascript", "vbscript", "data:"))
            if name.startswith("on") or (runs and ":" in address and "\u200b" not in address):
                self.active.append((tag, name, value))
            if tag == "img" and address.startswith("http"):
                self.active.append((tag, name, value))
        if tag in ("svg", "iframe", "object", "embed", "base", "form"):
            self.active.append((tag, attributes))


def test_no_picture_is_kept_that_a_browser_can_not_hold(graded):
    notebook = autograded(graded, "picture-bomb")
    assert "BOMB" in notebook and "image/png" not in notebook
