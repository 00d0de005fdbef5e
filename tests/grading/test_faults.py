"""Killed, locked out or without room at any moment: nothing is lost, and nothing is done twice."""

import contextlib
import errno
import json
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from itertools import count
from pathlib import Path

import nbformat
import pytest

from autograder import course
from autograder.grading import remote

from .conftest import ASSIGNMENT, DIRECTORIES
from .faulty import start
from .test_run import expected

KILLS = int(os.environ.get("COURSE_FAULTS", "6"))
"""How many processes are killed; many more by the long run."""
LONG = KILLS > 6
"""Whether everything is tried, and not a sample."""
EACH = 5
"""Kills of one course directory before it is looked at and made anew."""
RUN_SECONDS = 240
"""After which a run that should end is given up."""


def arrange(classroom, root):
    """Make a course directory with the class of ``test_run.expected``."""
    shutil.copytree(classroom.root, root)
    course.configure(root, CourseDirectory=DIRECTORIES)
    solutions = list(classroom.maker.solutions.items())
    done = {"ada": solutions, "ben": [], "cleo": solutions[:5]}
    done |= {"emil": solutions[:2], "fay": solutions[:1]}
    handed_in = {
        student: nbformat.writes(classroom.maker.notebook(dict(answers))).encode()
        for student, answers in done.items()
    }
    for student, data in (handed_in | {"dora": b"{"}).items():
        folder = root / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / f"{ASSIGNMENT}.ipynb").write_bytes(data)
        (folder / "timestamp.txt").write_text("2026-01-30 15:00:00 UTC\n")
    return root


@pytest.fixture
def root(classroom, tmp_path):
    return arrange(classroom, tmp_path / "course")


def finish(process):
    """Wait for a run; its exit code."""
    process.join(RUN_SECONDS)
    assert process.exitcode is not None, "the run hangs"
    return process.exitcode


def run(root, *arguments, **settings):
    """Run undisturbed: exit code and what was said."""
    said = root / "said.txt"
    said.unlink(missing_ok=True)
    code = finish(start(root, *arguments, **settings))
    text = said.read_text(encoding="utf-8")
    assert "Traceback" not in text, text
    return code, text


TABLES = {
    "students": "select id, first_name, last_name, email from student",
    "submissions": """select student_id, assignment.name, timestamp, extension
        from submitted_assignment join assignment on assignment.id = assignment_id""",
    "notebooks": """select student_id, notebook.name, late_submission_penalty
        from submitted_notebook join notebook on notebook.id = notebook_id
        join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id""",
    "grades": """select student_id, base_cell.name, auto_score, manual_score, extra_credit,
        needs_manual_grade from grade join base_cell on base_cell.id = cell_id
        join submitted_notebook on submitted_notebook.id = grade.notebook_id
        join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id""",
    "comments": """select student_id, base_cell.name, auto_comment, manual_comment
        from comment join base_cell on base_cell.id = cell_id
        join submitted_notebook on submitted_notebook.id = comment.notebook_id
        join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id""",
}


def gradebook(root):
    """Every row of the gradebook that grading writes, without the random ids."""
    with contextlib.closing(sqlite3.connect(root / "gradebook.db")) as book:
        assert book.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert book.execute("pragma foreign_key_check").fetchall() == []
        found = {name: sorted(book.execute(query), key=repr) for name, query in TABLES.items()}
        for name in ("submitted_assignment", "submitted_notebook", "grade", "comment"):
            (rows,) = book.execute(f"select count(*) from {name}").fetchone()
            key = {"submitted_assignment": "submissions", "submitted_notebook": "notebooks"}
            assert rows == len(found[key.get(name, f"{name}s")]), f"orphans in {name}"
    return found


def receipts(root):
    """The receipts by student, as text."""
    found = sorted((root / "receipts").glob("*/*/*.json"))
    return {path.parts[-3]: path.read_text(encoding="utf-8") for path in found}


def files(root):
    """The files that grading has written, by their paths."""
    folders = (root / "autograded", root / "receipts")
    return sorted(
        str(path.relative_to(root)) for f in folders for path in f.rglob("*") if path.is_file()
    )


@pytest.fixture(scope="session")
def undisturbed(classroom, tmp_path_factory):
    """What an undisturbed run leaves, how long it takes, and how many lines recording has."""
    root = arrange(classroom, tmp_path_factory.mktemp("undisturbed") / "course")
    counted = root / "lines.txt"
    begin = time.monotonic()
    code, said = run(root, "--jobs", "2", count_to=str(counted))
    assert code == 1 and "lstm dora: lstm.ipynb is not JSON" in said
    found = gradebook(root)
    by_student = {}
    for student, name, given, _, _, look in found["grades"]:
        by_student.setdefault(student, {})[name] = (given, bool(look))
    assert by_student == expected(classroom)
    return {
        "gradebook": found,
        "files": files(root),
        "seconds": time.monotonic() - begin,
        "lines": int(counted.read_text()),
    }


def same(root, undisturbed):
    """Whether a course directory is as after an undisturbed run, and stays so."""
    assert gradebook(root) == undisturbed["gradebook"]
    assert files(root) == undisturbed["files"]
    for student, text in receipts(root).items():
        receipt = json.loads(text)
        scores = {
            name: given
            for owner, name, given, *_ in undisturbed["gradebook"]["grades"]
            if owner == student
        }
        assert receipt["scores"] == scores
        document = root / "autograded" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        nbformat.validate(nbformat.read(document, as_version=4))
    return True


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def victims(driver):
    """The processes of a run, by what they are."""
    workers = children(driver)
    parents = [pid for worker in workers for pid in children(worker)]
    kept_in = [pid for parent in parents for pid in children(parent)]
    kept_in += [pid for child in kept_in for pid in children(child)]
    return {"driver": [driver], "worker": workers, "warm parent": parents, "child": kept_in}


def kill_at_random(rng, process, role, seconds):
    """Kill a process of a run at a random moment; whether there was one to be killed."""
    moment = time.monotonic() + rng.uniform(0, seconds)
    while process.is_alive():
        if time.monotonic() >= moment and (found := victims(process.pid)[role]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(found), signal.SIGKILL)
                return True
        time.sleep(0.002)
    return False


def kill_in_transaction(rng, process, role, seconds):
    """Kill the driver while a transaction of the gradebook is being written."""
    journal = Path(process.name, "gradebook.db-journal")
    skipped = rng.randrange(6)
    there = False
    while process.is_alive():
        was, there = there, journal.exists()
        if there and not was:
            skipped -= 1
        if there and skipped < 0:
            os.kill(process.pid, signal.SIGKILL)
            return True
    return False


def gone(pids):
    """Whether all processes are gone, for which they have some time."""
    until = time.monotonic() + 30
    while any(os.path.exists(f"/proc/{pid}") for pid in pids):
        assert time.monotonic() < until, "something outlives the driver"
        time.sleep(0.02)
    return True


def live(root, rng, role, kills, undisturbed):
    """Kill runs in a course directory until all is graded or enough were killed; how many were."""
    tmp = root.with_name("tmp")
    tmp.mkdir()
    done, killed = {}, 0
    for number in count():
        if killed == kills or len(done) == 6:
            break
        assert number < 20 * kills, "the moment to kill never comes"
        settings = {"tmp": str(tmp)}
        if role == "writer at a line":
            settings["die_at"] = rng.randint(1, undisturbed["lines"])
        process = start(root, "--jobs", str(rng.randint(1, 2)), **settings)
        process.name = str(root)
        if role == "writer at a line":
            killed += finish(process) == -signal.SIGKILL
        else:
            kill = kill_in_transaction if role == "writer in a transaction" else kill_at_random
            killed += kill(rng, process, role, undisturbed["seconds"])
            everyone = [pid for found in victims(process.pid).values() for pid in found]
            code = finish(process)
            assert code in (0, 1, -signal.SIGKILL)
            assert gone(everyone)
        now = receipts(root)
        assert all(now[student] == text for student, text in done.items()), "graded twice"
        done = now
    code, said = run(root, "--jobs", "2" if LONG else "1", tmp=str(tmp))
    assert code == 1 and "lstm dora: lstm.ipynb is not JSON" in said
    assert all(receipts(root)[student] == text for student, text in done.items()), "graded twice"
    assert same(root, undisturbed)
    code, said = run(root)
    assert code == 1 and "\n0 graded, 1 without a verdict, 5 graded before" in said
    until = time.monotonic() + 60
    while os.listdir(tmp) and time.monotonic() < until:
        time.sleep(0.1)
    assert os.listdir(tmp) == [], "temporary files are left"
    return killed


ROLES = ("driver", "worker", "warm parent", "child", "writer at a line", "writer in a transaction")


@pytest.mark.parametrize("turn", range(-(-KILLS // (len(ROLES) * 2 * EACH))))
@pytest.mark.parametrize("role", ROLES if LONG else ROLES[::2])
def test_whoever_is_killed_all_are_graded_once(classroom, tmp_path, undisturbed, role, turn):
    wanted = min(2 * EACH, -(-KILLS // len(ROLES)))
    rng = random.Random(f"{role} {turn}")
    killed = 0
    for number in count():
        root = arrange(classroom, tmp_path / str(number) / "course")
        killed += live(root, rng, role, min(EACH, wanted - killed), undisturbed)
        if killed >= wanted:
            break
    assert killed == wanted


def test_two_runs_at_once_do_no_more_than_one(root, undisturbed):
    both = [start(root, "--jobs", "1"), start(root, "--jobs", "1")]
    assert {finish(process) for process in both} <= {0, 1}
    assert "Traceback" not in (root / "said.txt").read_text(encoding="utf-8")
    assert same(root, undisturbed)


def test_two_runs_at_once_of_which_one_is_killed(root, undisturbed):
    both = [start(root, "--jobs", "1"), start(root, "--jobs", "1")]
    time.sleep(random.Random(0).uniform(0, undisturbed["seconds"]))
    both[0].kill()
    assert [finish(process) for process in both][1] in (0, 1)
    run(root)
    assert same(root, undisturbed)


@pytest.mark.parametrize("process", [remote.Origin, remote.Warm])
def test_who_is_killed_before_a_warm_parent_starts_leaves_nothing(process, tmp_path):
    def start():
        tempfile.tempdir = str(tmp_path)
        remote.Popen = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
        process()

    killed = multiprocessing.get_context("fork").Process(target=start)
    killed.start()
    assert finish(killed) == -signal.SIGKILL
    assert os.listdir(tmp_path) == []


# --- no room, no permission, no lock -------------------------------------------------------------


PLACES = {
    "autograded": ("autograded", 0o555),
    "autograded, not even to be looked at": ("autograded", 0o000),
    "one student's autograded": ("autograded/ada", 0o555),
    "receipts": ("receipts", 0o555),
    "the course": (".", 0o555),
    "the gradebook": ("gradebook.db", 0o444),
    "all that was handed in": ("submitted", 0o000),
    "all that one handed in": ("submitted/ada", 0o000),
    "what was handed in": ("submitted/ada/lstm", 0o000),
    "one notebook": ("submitted/ada/lstm/lstm.ipynb", 0o000),
}
SOME_PLACES = ("the gradebook", "all that was handed in", "autograded, not even to be looked at")


@pytest.mark.parametrize("place", PLACES if LONG else SOME_PLACES)
def test_where_nothing_may_be_read_or_written_it_is_said(root, undisturbed, place):
    name, mode = PLACES[place]
    path = root / name
    if not path.exists():
        path.mkdir(parents=True)
    (root / "said.txt").touch()
    kept = path.stat().st_mode
    path.chmod(mode)
    try:
        code = finish(start(root, "--jobs", "1", "--student", "ada", ordinary=True))
    finally:
        path.chmod(kept)
    said = (root / "said.txt").read_text(encoding="utf-8")
    assert code == 1 and "Traceback" not in said, said
    words = ("Permission denied", "readonly database", "unable to open", "can't be read")
    assert any(word in said for word in words), said
    run(root)
    assert same(root, undisturbed)


FULL = [{"tiny": "autograded"}, {"tiny": "receipts"}, {"limit": 20_000}, {"limit": 100_000}]


@pytest.mark.parametrize(
    "full", FULL if LONG else FULL[3:], ids=lambda full: " ".join(map(str, *full.items()))
)
def test_a_disk_that_is_full_is_said_and_loses_nothing(root, undisturbed, full):
    for name in ("autograded", "receipts"):
        (root / name).mkdir()
    code, said = run(root, "--jobs", "1", "--student", "ada", "--student", "ben", **full)
    words = ("No space left on device", "File too large", "disk I/O error", "disk is full")
    assert code == 1 and any(word in said for word in words), said
    run(root)
    assert same(root, undisturbed)


@pytest.mark.parametrize("lock", ["immediate", "exclusive"] if LONG else ["exclusive"])
def test_a_gradebook_that_another_program_holds_is_said(root, undisturbed, lock):
    with contextlib.closing(sqlite3.connect(root / "gradebook.db", isolation_level=None)) as book:
        book.execute(f"begin {lock}")
        code, said = run(root, "--jobs", "1", "--student", "ada", patience=0)
        assert code == 1 and "locked" in said
    run(root)
    assert same(root, undisturbed)


# --- a machine on which nothing can be graded ----------------------------------------------------


def test_where_a_warm_parent_can_not_load_it_is_said_once(root, undisturbed):
    code, said = run(root, "--jobs", "2", preloaded=["no_such_module"])
    assert code == 1 and said.count("ModuleNotFoundError: No module named 'no_such_module'") == 1
    assert receipts(root) == {}
    run(root)
    assert same(root, undisturbed)


def test_where_there_is_no_place_for_temporary_files_it_is_said_once(root, undisturbed):
    nowhere = root / "not made"
    code, said = run(root, "--jobs", "2", tmp=str(nowhere))
    assert code == 1 and said.count("FileNotFoundError") == 1 and str(nowhere) in said
    assert receipts(root) == {}
    run(root)
    assert same(root, undisturbed)


def test_where_no_process_can_be_started_it_is_said_why(root, undisturbed):
    code, said = run(root, "--jobs", "1", "--student", "ada", full=True)
    assert code == 1 and "lstm ada: not graded, through no fault of the student's" in said
    assert os.strerror(errno.EAGAIN) in said
    run(root)
    assert same(root, undisturbed)
