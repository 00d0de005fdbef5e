"""The instructor's route by nbgrader's own commands: release, collect, grade, feedback, export."""

import csv
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder import course, example_class
from autograder.exercises import CHAPTERS
from tests.grading.test_archives import a_tar, a_zip, linked

NBGRADER = Path(sys.executable).parent / "nbgrader"


class Desk:
    """A course directory with its exchange, and nbgrader's command line in it."""

    def __init__(self, root):
        self.root = root / "course"
        self.home = root / "student"
        self.home.mkdir()
        self.exchange = root / "exchange"
        self.exchange.mkdir()
        course.configure(self.root)
        # What an administrator says once for all students of a shared machine.
        (self.home / "nbgrader_config.py").write_text(
            f"c = get_config()\nc.Exchange.root = {str(self.exchange)!r}\n"
            "c.CourseDirectory.course_id = 'gated-recurrent-networks'\n"
        )

    def nbgrader(self, *args, cwd=None, expect=0):
        """Run one command; returns what it printed."""
        path = f"{NBGRADER.parent}{os.pathsep}{os.environ['PATH']}"
        env = os.environ | {"COURSE_EXCHANGE": str(self.exchange), "PATH": path}
        done = subprocess.run(
            [NBGRADER, *args],
            cwd=cwd or self.root,
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    def generate(self):
        self.nbgrader("generate_assignment", "lstm", "--CourseDirectory.release_directory=release")

    def grades(self):
        self.nbgrader("export", "--to", "grades.csv")
        with (self.root / "grades.csv").open(encoding="utf-8", newline="") as file:
            return {row["student_id"]: row for row in csv.DictReader(file)}


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.fixture(scope="module")
def maker():
    return course.maker("lstm")


def full_points():
    return sum(exercise.points for exercise in CHAPTERS["lstm"])


def test_release_fetch_submit_collect_grade_feedback_export(desk, maker):
    desk.generate()
    release = "--CourseDirectory.release_directory=release"
    desk.nbgrader("release_assignment", "lstm", release)

    assert "lstm" in desk.nbgrader("list", cwd=desk.home)
    desk.nbgrader("fetch_assignment", "lstm", cwd=desk.home)
    notebook = desk.home / "lstm" / "lstm.ipynb"
    nbformat.write(maker.solved(), notebook)
    desk.nbgrader("submit", "lstm", cwd=desk.home)

    desk.nbgrader("collect", "lstm")
    (student,) = (path.name for path in (desk.root / "submitted").iterdir())
    # Two who came in another way, the first and the last of the class.
    others = ("+ada", "~zoe, x")
    for other in others:
        (desk.root / "submitted" / other / "lstm").mkdir(parents=True)
        shutil.copy(notebook, desk.root / "submitted" / other / "lstm")
    desk.nbgrader("autograde", "lstm")
    desk.nbgrader("generate_feedback", "lstm")
    said = desk.nbgrader("release_feedback", "lstm")
    named = ", ".join(f"feedback/{other}/lstm" for other in others)
    assert f"not handed back, as it did not come by `nbgrader collect`: {named}\n" in said
    feedback = (desk.root / "feedback" / student / "lstm" / "lstm.html").read_text("utf-8")
    assert "the new cell state c" in feedback
    row = desk.grades()[student]
    assert float(row["score"]) == full_points()
    assert row["needs_manual_grade"] == "True"
    desk.nbgrader("fetch_feedback", "lstm", cwd=desk.home)
    assert list((desk.home / "lstm" / "feedback").rglob("lstm.html"))


def test_a_zip_from_a_learning_platform(desk, maker, tmp_path):
    desk.generate()
    archive = desk.root / "downloaded" / "lstm" / "archive"
    archive.mkdir(parents=True)
    solved, untouched = (nbformat.writes(n) for n in (maker.solved(), maker.notebook({})))
    files = {
        "ada_lstm.ipynb": solved,
        "ben_attempt_2026-01-30-15-00-00_lstm.ipynb": untouched,
        # The last part of a time is no time zone.
        "cleo_2026-01-30-11-00-00_lstm.ipynb": solved,
        "cleo_2026-01-30-10-10-10_lstm.ipynb": untouched,
        "dora_2026-01-30-18-22-41_lstm.ipynb": untouched,
        "readme.txt": "not a notebook",
    }
    with zipfile.ZipFile(archive / "submissions.zip", "w") as file:
        for name, text in files.items():
            file.writestr(name, text)
    desk.nbgrader("zip_collect", "lstm")
    desk.nbgrader("autograde", "lstm")
    rows = desk.grades()
    assert {student: float(row["score"]) for student, row in rows.items()} == {
        "ada": full_points(),
        "ben": 0.0,
        "cleo": full_points(),
        "dora": 0.0,
    }
    assert {student: row["timestamp"] for student, row in rows.items()} == {
        "ada": "",
        "ben": "2026-01-30 15:00:00",
        "cleo": "2026-01-30 11:00:00",
        "dora": "2026-01-30 18:22:41",
    }


def test_a_hostile_zip_stops_nobody_and_gets_out_nowhere(desk, maker, tmp_path):
    desk.generate()
    archive = desk.root / "downloaded" / "lstm" / "archive"
    archive.mkdir(parents=True)
    solved, untouched = (
        nbformat.writes(notebook).encode() for notebook in (maker.solved(), maker.notebook({}))
    )
    files = {
        "ada_lstm.ipynb": solved,
        # A student's own archive, which claims to hold another's notebook as well.
        "ben_2026-01-30-15-00-00_homework.zip": a_zip(
            ("hw/lstm.ipynb", untouched),
            ("../../up.ipynb", solved),
            linked("l.ipynb", "/etc/passwd"),
        ),
        "eve_homework.zip": a_zip(("ada_lstm.ipynb", untouched)),
        "fay_homework.tar.gz": a_tar(("x.ipynb", bytes(200 * 2**20))),
        "gus_homework.zip": b"PK rubbish",
        "ida_2026-99-99-99-99-99_lstm.ipynb": untouched,
        ".._lstm.ipynb": untouched,
        "<img src=x>_lstm.ipynb": untouched,
        "../../../../outside_lstm.ipynb": solved,
        "/tmp/absolute_lstm.ipynb": solved,
    }
    (archive / "class.zip").write_bytes(a_zip(*files.items()))
    (archive / "broken.zip").write_bytes(b"no zip")
    (archive / "zoe_lstm.ipynb").symlink_to(desk.root / "source" / "lstm" / "lstm.ipynb")
    before = {path for path in tmp_path.rglob("*") if desk.root not in path.parents}
    said = desk.nbgrader("zip_collect", "lstm", expect=1)
    assert {path for path in tmp_path.rglob("*") if desk.root not in path.parents} == before
    assert {path.name for path in (desk.root / "submitted").iterdir()} == {
        "ada",
        "ben",
        "eve",
        "ida",
    }
    assert not (desk.root / "lstm").exists() and not Path("/tmp/absolute_lstm.ipynb").exists()
    submitted = desk.root / "submitted"
    assert (submitted / "ada" / "lstm" / "lstm.ipynb").read_bytes() == solved
    assert (submitted / "eve" / "lstm" / "lstm.ipynb").read_bytes() == untouched
    assert os.listdir(submitted / "ben" / "lstm").count("lstm.ipynb") == 1
    for name in (
        "broken.zip is no whole zip",
        "gus_homework.zip",
        "fay_homework.tar.gz",
        "zoe_lstm",
    ):
        assert name in said
    assert "Traceback" not in said


def test_a_zip_with_the_names_that_people_give(desk, maker):
    desk.generate()
    archive = desk.root / "downloaded" / "lstm" / "archive"
    archive.mkdir(parents=True)
    data = nbformat.writes(maker.notebook({})).encode()
    pat, ida = "O'Brien, Pat", "Ида"
    files = {
        "gus_lstm (1).ipynb": data,
        f"{pat}_99_assignsubmission_file_/my notebook.ipynb": data,
        f"{ida}_7_задание.ipynb": data,
        "hal_2.Lösung v1.5.IPYNB": data,
    }
    (archive / "Course_Übung 1 (2026).zip").write_bytes(a_zip(*files.items()))
    said = desk.nbgrader("zip_collect", "lstm")
    assert "Regular expression" not in said
    taken = {(path.parts[-3], path.name) for path in (desk.root / "submitted").rglob("*.[iI]*")}
    assert taken == {
        ("gus", "lstm (1).ipynb"),
        (pat, "my notebook.ipynb"),
        (ida, "задание.ipynb"),
        ("hal", "2.Lösung v1.5.IPYNB"),
    }
    desk.nbgrader("autograde", "lstm")
    assert set(desk.grades()) == {"gus", pat, ida, "hal"}


def test_what_a_zip_loses_is_listed_at_the_end_and_fails(desk, maker):
    desk.generate()
    archive = desk.root / "downloaded" / "lstm" / "archive"
    archive.mkdir(parents=True)
    data = nbformat.writes(maker.notebook({})).encode()
    files = {
        "ada_lstm.ipynb": data,
        "noname.ipynb": data,
        "ben_homework.rar": b"Rar!",
        "cleo_homework.zip": a_zip(("lstm.py", b"")),
        "dora_.lstm.ipynb": data,
        "readme.txt": b"",
        "ada_notes.txt": b"",
        "udo_lstm.ipynb.docx": b"",
    }
    (archive / "Course_Übung 1 (2026).zip").write_bytes(a_zip(*files.items()))
    (archive / "broken.zip").write_bytes(b"no zip")
    (archive / "vera_lstm.txt").touch()
    said = desk.nbgrader("zip_collect", "lstm", expect=1)
    assert os.listdir(desk.root / "submitted") == ["ada"]
    assert "Regular expression" not in said
    *listed, last = said.splitlines()[-8:]
    for name, why in {
        "broken.zip": "is no whole zip file",
        "ben_homework.rar": "is not read: unpack it",
        "cleo_homework.zip": "holds no notebook",
        "noname.ipynb": "its name doesn't say whose it is",
        "dora_.lstm.ipynb": "its name doesn't say whose it is",
        "udo_lstm.ipynb.docx": "is no notebook, and nothing else of udo's was collected",
        "vera_lstm.txt": "is no notebook, and nothing else of vera's was collected",
    }.items():
        (line,) = [line for line in listed if name in line]
        assert why in line
    assert "7 left out, for the reasons above; all others were collected" in last
    for name in ("readme.txt", "ada_notes.txt"):
        assert f"{name} is no notebook, and not taken" in said


def test_the_example_class_gets_the_points_that_its_making_says():
    """Graded by `make example`, which `make test` runs first."""
    with example_class.GRADES.open(encoding="utf-8", newline="") as file:
        rows = {(r["assignment"], r["student_id"]): r for r in csv.DictReader(file)}
    assert rows, "run `make example`"
    for assignment in CHAPTERS:
        submissions = example_class.everyone(assignment)
        assert len(submissions) >= 12
        for submission in submissions:
            row = rows[assignment, submission.student]
            assert float(row["score"]) == sum(submission.points.values()), submission.says


def test_names_with_commas_quotes_and_formulas_survive_the_export(desk):
    desk.generate()
    names = {"a1": 'Li, "Ann"', "b2": "=cmd|' /C calc'!A0"}
    for student, name in names.items():
        desk.nbgrader("db", "student", "add", student, f"--last-name={name}")
    rows = desk.grades()
    assert rows["a1"]["last_name"] == names["a1"]
    assert rows["b2"]["last_name"] == "'" + names["b2"]
    assert all(float(row["score"]) == 0 for row in rows.values())


def test_clean_leaves_a_real_class_alone():
    text = (course.ROOT / "Makefile").read_text(encoding="utf-8")
    assert "clean:\n\trm -rf _build\n" in text
    assert shutil.which("git")
    private = ["submitted/", "gradebook.db", "feedback/", "autograded/", "grades.csv"]
    ignored = subprocess.run(
        ["git", "check-ignore", *private],
        cwd=course.ROOT,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert ignored == private


def test_exercises_are_made_when_asked_for_though_nothing_has_changed():
    """A new term's gradebook has to be told of them."""
    old = ["--assume-old=.venv/.installed", "--assume-old=_build/exercises.made"]
    done = subprocess.run(
        ["make", "--dry-run", *old, "exercises"], cwd=course.ROOT, capture_output=True, text=True
    )
    assert "-m autograder exercises" in done.stdout
