"""Many at once: everyone graded once, by workers that may die, in any order, again and again."""

import io
import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
import threading
import time
from types import SimpleNamespace

import nbformat
import pytest
from nbgrader.api import Gradebook
from sqlalchemy.exc import SQLAlchemyError

from autograder import course
from autograder.grading import grade as grading
from autograder.grading import record, remote, run
from autograder.grading.assignment import AssignmentError
from autograder.grading.files import write_whole
from autograder.grading.run import grade_class

from .conftest import ASSIGNMENT, DIRECTORIES
from .faulty import Forked


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Have warm parents at once; the tests of single notebooks start them as they are."""
    monkeypatch.setattr(remote, "Popen", Forked)


def hand_in(root, student, notebook):
    folder = root / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True, exist_ok=True)
    data = notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode()
    (folder / f"{ASSIGNMENT}.ipynb").write_bytes(data)


@pytest.fixture
def coursedir(classroom, tmp_path):
    """A course directory with six students: solved, untouched, half done, broken, and two more."""
    root = tmp_path / "course"
    shutil.copytree(classroom.root, root)
    solutions = list(classroom.maker.solutions.items())
    hand_in(root, "ada", classroom.maker.solved())
    hand_in(root, "ben", classroom.maker.notebook({}))
    hand_in(root, "cleo", classroom.maker.notebook(dict(solutions[:5])))
    hand_in(root, "dora", b"{")
    hand_in(root, "emil", classroom.maker.notebook(dict(solutions[:2])))
    hand_in(root, "fay", classroom.maker.notebook(dict(solutions[:1])))
    return course.nbgrader(root, **DIRECTORIES).coursedir


def grade(coursedir, jobs=1, **options):
    options = {"stream": None} | options
    return grade_class(coursedir, [ASSIGNMENT], jobs=jobs, **options)


def book_of(coursedir):
    """All that the gradebook says: score, auto_score and flag of every grade, by student."""
    with Gradebook(coursedir.db_url) as gradebook:
        return {
            s.student.id: {
                g.name: (g.auto_score, g.needs_manual_grade)
                for notebook in s.notebooks
                for g in notebook.grades
            }
            for s in gradebook.assignment_submissions(ASSIGNMENT)
        }


def expected(classroom):
    """What the gradebook must hold of each student, by how the submissions were made."""
    names = list(classroom.maker.solutions)
    done = {"ada": names, "ben": [], "cleo": names[:5], "emil": names[:2], "fay": names[:1]}
    book = {}
    for student, solved in done.items():
        book[student] = {
            f"check_{e.name}": (e.points if e.name in solved else 0.0, False)
            for e in classroom.exercises
        }
        written = "why_two_states" in solved
        book[student]["why_two_states"] = (None, True) if written else (0.0, False)
    book["dora"] = {name: (None, True) for name in book["ada"]}
    return book


@pytest.mark.parametrize("jobs", [1, 2])
def test_everyone_is_graded_whatever_the_number_of_workers(classroom, coursedir, jobs):
    stream = io.StringIO()
    summary = grade(coursedir, jobs, stream=stream)
    assert book_of(coursedir) == expected(classroom)
    assert {one.student for one in summary.failed} == {"dora"}
    assert "lstm dora: lstm.ipynb is not JSON" in stream.getvalue()
    told = json.loads(summary.as_json())
    assert (told["graded"], told["failed"], told["skipped"]) == (5, 1, 0)

    again = grade(coursedir, jobs)
    assert again.done == summary.failed and again.skipped == 5
    hand_in(course.Path(coursedir.root), "ben", classroom.maker.solved())
    assert [one.student for one in grade(coursedir, jobs).done] == ["dora", "ben"]
    forced = grade(coursedir, jobs, force=True, students=["ben", "fay"])
    assert {one.student: one.points for one in forced.done} == {
        "ben": sum(e.points for e in classroom.exercises),
        "fay": classroom.exercises[0].points,
    }


def test_what_can_not_be_graded_is_said(coursedir):
    with pytest.raises(AssignmentError, match="there is no assignment 'poetry'"):
        grade_class(coursedir, ["poetry"], stream=None)
    with pytest.raises(AssignmentError, match="nothing was handed in by nobody"):
        grade(coursedir, students=["nobody"])


def test_a_name_that_no_gradebook_can_hold_stops_nobody(classroom, coursedir):
    hand_in(course.Path(coursedir.root), "odd\udcff", classroom.maker.notebook({}))
    summary = grade(coursedir)
    assert {one.student for one in summary.failed} == {"dora", "odd\udcff"}
    assert book_of(coursedir) == expected(classroom)
    json.loads(summary.as_json())


def test_odd_names_of_files_are_told_in_a_line_and_stop_nothing(coursedir):
    root = course.Path(coursedir.root)
    for student, name in (
        ("ben", "\x1b[31mHACK\nlstm zoe: 41 points.ipynb"),
        ("cleo", "a\udcff.ipynb"),
    ):
        folder = root / "submitted" / student / ASSIGNMENT
        (folder / f"{ASSIGNMENT}.ipynb").unlink()
        (folder / name).symlink_to("/etc/passwd")
    stream = io.StringIO()
    summary = grade(coursedir, students=["ben", "cleo"], stream=stream)
    assert [one.error for one in summary.done] == [
        f"{student}/{ASSIGNMENT}/{shown} is a link; put the real thing in its place"
        for student, shown in (("ben", "HACK lstm zoe: 41 points.ipynb"), ("cleo", "a\ufffd.ipynb"))
    ]
    assert [line.split(":")[0] for line in stream.getvalue().splitlines()] == [
        "lstm ben",
        "lstm cleo",
    ]
    assert set(book_of(coursedir)) == {"ben", "cleo"}


def test_folders_are_looked_into_whatever_their_names_and_what_can_not_be_is_told(
    classroom, coursedir, tmp_path, monkeypatch
):
    root = course.Path(coursedir.root).rename(tmp_path / "cour[s]e")
    coursedir = course.nbgrader(root, **DIRECTORIES).coursedir
    for student in ("new\nline", ".hidden"):
        hand_in(root, student, classroom.maker.notebook({}))
    (root / "submitted" / "a file").touch()
    scandir, closed = os.scandir, root / "submitted" / "fay"

    def look(folder):
        if str(folder) == str(closed):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", look)
    stream, told = io.StringIO(), f"{closed} can't be read: Permission denied"
    summary = grade(coursedir, stream=stream)
    everyone = {"ada", "ben", "cleo", "dora", "emil", "new\nline"}
    assert {one.student for one in summary.done} == everyone
    assert {one.student for one in summary.failed} == {"dora", "new\nline"}
    assert len(summary.unseen) == 1 and summary.unseen[0].startswith(told)
    assert told in stream.getvalue() and json.loads(summary.as_json())["unseen"] == summary.unseen
    with pytest.raises(AssignmentError, match=r"nothing was handed in by fay\n.*Permission denied"):
        grade(coursedir, students=["fay"])


def test_where_nobody_can_have_handed_in_it_is_said(coursedir):
    submitted, stream = course.Path(coursedir.root, "submitted"), io.StringIO()
    shutil.rmtree(submitted)
    for assignments in ([], [ASSIGNMENT]):
        summary = grade_class(coursedir, assignments, stream=stream)
        assert not (summary.done or summary.skipped or summary.unseen)
    assert stream.getvalue() == "".join(
        f"nothing was handed in{to}: no submission lies in {submitted}\n"
        for to in ("", f" for {ASSIGNMENT}")
    )
    submitted.touch()
    stream.truncate(0)
    assert grade_class(coursedir, [ASSIGNMENT], stream=stream).unseen
    assert f"{submitted} is a file" in stream.getvalue()


def test_a_notebook_in_no_assignments_folder_is_told(coursedir):
    root, stream = course.Path(coursedir.root), io.StringIO()
    submitted, moved = root / "submitted", [("fay", "LSTM"), ("fay", "lstm (1)"), ("emil", "week")]
    for student, name in moved:
        shutil.copytree(submitted / student / ASSIGNMENT, submitted / student / name)
    shutil.rmtree(submitted / "fay" / ASSIGNMENT)
    places = ("ben/lstm.ipynb", "cleo_LSTM.ipynb", "zoe.ipynb", "ada/own/my.ipynb")
    for place in (*places, "gus_lstm.zip", "lstm/mia/my.ipynb", "ivy/hw/lstm.zip"):
        (submitted / place).parent.mkdir(parents=True, exist_ok=True)
        (submitted / place).touch()
    (submitted / "ada" / "notes").mkdir()
    # Another course's assignment, graded elsewhere, and what hidden folders hold.
    (root / "source" / "lstm-project").mkdir(parents=True)
    for name in ("lstm-project", ".lstm"):
        shutil.copytree(submitted / "ada" / ASSIGNMENT, submitted / "ada" / name)

    def told(**options):
        summary = grade(coursedir, stream=stream, **options)
        assert all(line in stream.getvalue() for line in summary.unseen)
        return {line.split(" ", 1)[0].rstrip(":"): line for line in summary.unseen}

    lines = told()
    assert set(lines) == {
        *("submitted/fay/LSTM", "submitted/fay/lstm", "submitted/emil/week"),
        *("submitted/ben/lstm.ipynb", "submitted/cleo_LSTM.ipynb"),
        *("submitted/gus_lstm.zip", "submitted/lstm/mia", "submitted/ivy/hw"),
    }
    assert "move what counts to submitted/fay/lstm," in lines["submitted/fay/LSTM"]
    assert "move what counts to submitted/ben/lstm," in lines["submitted/ben/lstm.ipynb"]
    for place in ("submitted/cleo_LSTM.ipynb", "submitted/lstm/mia"):
        assert "move what counts to submitted/STUDENT/lstm," in lines[place]
    assert set(told(students=["emil"])) == {"submitted/emil/week"}
    with pytest.raises(AssignmentError, match="nothing was handed in by fay\nsubmitted/fay/LSTM "):
        told(students=["fay"])
    # Where no assignment is named, nothing is passed over.
    everything = grade_class(coursedir, [], stream=stream).unseen
    others = {line.split(" ", 1)[0] for line in everything} - set(lines)
    assert others == {"submitted/zoe.ipynb", "submitted/ada/own"}


def test_an_assignment_that_can_not_be_graded_stops_no_other(coursedir):
    root, stream = course.Path(coursedir.root), io.StringIO()
    shutil.copytree(root / "submitted" / "ada" / ASSIGNMENT, root / "submitted" / "ada" / "gru")
    summary = grade_class(coursedir, [], students=["ada"], stream=stream)
    assert [(done.assignment, done.error) for done in summary.done] == [(ASSIGNMENT, "")]
    (said,) = summary.unseen
    assert "gru" in said and said in stream.getvalue()
    with pytest.raises(AssignmentError, match="gru"):
        grade_class(coursedir, ["gru"], stream=stream)
    shutil.rmtree(root / "submitted" / "ada" / ASSIGNMENT)
    with pytest.raises(AssignmentError, match="gru"):
        grade_class(coursedir, [], students=["ada"], stream=stream)


@pytest.mark.parametrize("sign", "<&#?*[]")
def test_an_id_that_nbgrader_can_not_handle_is_refused(classroom, coursedir, sign):
    student = f"a{sign}b"
    hand_in(course.Path(coursedir.root), student, classroom.maker.notebook({}))
    (one,) = grade(coursedir, students=[student]).done
    assert one.error.startswith(f"'{student}' can't be a student's id") and sign in one.error
    assert book_of(coursedir) == {}


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://me:secret@host/book", "sqlite:////a/b.db", "no address"]
)
def test_which_gradebook_complains_is_told_without_its_password(url):
    said = record.reason(SQLAlchemyError("full"), SimpleNamespace(db_url=url))
    assert (
        said
        == {
            "p": "full (postgresql+psycopg://me:***@host/book)",
            "s": "full (/a/b.db)",
            "n": "full (c.CourseDirectory.db_url)",
        }[url[0]]
    )


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_a_terminal_shows_progress_at_once_and_while_one_takes_long(coursedir, monkeypatch):
    graded, stream, shown = grading.grade_all, Terminal(), []

    def slow(*arguments, **options):
        time.sleep(1)
        return graded(*arguments, **options)

    def begin(*arguments, begin=run._Pool):
        shown.append(stream.getvalue())
        return begin(*arguments)

    monkeypatch.setattr(grading, "grade_all", slow)
    monkeypatch.setattr(run, "IDLE", 0.2)
    monkeypatch.setattr(run, "_Pool", begin)
    grade(coursedir, students=["ben", "fay"], stream=stream)
    first = f"[{'.' * 20}]  0/2  0.0/s  ?:?? left  0 without a verdict"
    assert shown == [f"\r\x1b[K{first}"]
    assert stream.getvalue().count(first) > 2
    assert f"[{'#' * 10}{'.' * 10}]  1/2" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_who_stops_a_run_does_not_wait_for_what_never_ends(coursedir, monkeypatch, tmp_path):
    begun, ended = tmp_path / "begun", []

    def never(*arguments, **options):
        begun.touch()
        threading.Event().wait()

    class Stopped(Terminal):
        def write(self, text):
            if begun.exists() and not ended:
                raise KeyboardInterrupt
            return super().write(text)

    def graded():
        with pytest.raises(KeyboardInterrupt):
            grade(coursedir, students=["ben"], stream=Stopped())
        ended.append(True)

    monkeypatch.setattr(grading, "grade_all", never)
    monkeypatch.setattr(run, "IDLE", 0.1)
    # A run that waits for its workers would not be back for a day.
    monkeypatch.setattr(run, "END_SECONDS", 24 * 3600)
    thread = threading.Thread(target=graded, daemon=True)
    thread.start()
    thread.join(120)
    assert ended


def receipt_of(coursedir, student):
    return course.Path(coursedir.root, "receipts", student, ASSIGNMENT, f"{ASSIGNMENT}.json")


def test_what_has_no_verdict_is_told_again_and_not_graded_again(coursedir):
    students = ["ben", "dora"]
    (first,) = grade(coursedir, students=students).failed
    before = receipt_of(coursedir, "dora").read_text()
    stream = io.StringIO()
    again = grade(coursedir, students=students, stream=stream)
    assert again.failed == [first] and again.skipped == 1
    assert stream.getvalue() == f"{first.line}\n"
    assert receipt_of(coursedir, "dora").read_text() == before


def test_what_a_new_submission_no_longer_has_does_not_stay(classroom, coursedir):
    root = course.Path(coursedir.root)
    handed_in, graded = (root / step / "ben" / ASSIGNMENT for step in ("submitted", "autograded"))
    sides = {"timestamp.txt": "2026-01-30 15:00:00 UTC", "submission_secret.txt": "a secret"}
    for name, text in sides.items():
        (handed_in / name).write_text(text)
    grade(coursedir, students=["ben"])
    assert all((graded / name).exists() for name in sides)
    for name in sides:
        (handed_in / name).unlink()
    hand_in(root, "ben", classroom.maker.notebook({"sigmoid": "sigmoid = 1"}))
    grade(coursedir, students=["ben"])
    assert [path.name for path in graded.iterdir()] == [f"{ASSIGNMENT}.ipynb"]


@pytest.mark.parametrize("text", ["", "[]", "null", "3", "[" * 200_000, '{"scores": []}'])
def test_a_file_that_is_no_receipt_is_as_good_as_none(coursedir, text):
    grade(coursedir, students=["ben"])
    receipt_of(coursedir, "ben").write_text(text)
    assert [one.points for one in grade(coursedir, students=["ben"]).done] == [0.0]
    assert grade(coursedir, students=["ben"]).skipped == 1


def test_what_the_gradebook_does_not_hold_is_graded_again(classroom, coursedir):
    path = course.Path(coursedir.db_url.removeprefix("sqlite:///"))
    empty, students = path.read_bytes(), ["ben", "fay"]
    grade(coursedir, students=students)
    older = path.read_bytes()
    hand_in(
        course.Path(coursedir.root), "ben", classroom.maker.notebook({"sigmoid": "sigmoid = 1"})
    )
    hand_in(course.Path(coursedir.root), "fay", classroom.maker.notebook({}))
    grade(coursedir, students=students)
    newest = book_of(coursedir)

    with Gradebook(coursedir.db_url) as gradebook:
        gradebook.remove_student("fay")
    assert [one.student for one in grade(coursedir, students=students).done] == ["fay"]
    path.write_bytes(older)
    # Of ben's the old and the new points are the same.
    assert [one.student for one in grade(coursedir, students=students).done] == ["fay"]
    path.write_bytes(empty)
    assert [one.student for one in grade(coursedir, students=students).done] == students
    assert book_of(coursedir) == newest
    path.unlink()
    with pytest.raises(AssignmentError, match="the gradebook doesn't know lstm/lstm"):
        grade(coursedir, students=students)


def test_a_due_date_that_moves_grades_again_who_is_late_by_another_time(coursedir):
    for student, day in (("ben", 1), ("emil", 3), ("fay", 3)):
        folder = course.Path(coursedir.root, "submitted", student, ASSIGNMENT)
        (folder / "timestamp.txt").write_text(f"2026-01-0{day} 12:00:00 UTC")
    students = ["ben", "emil", "fay"]

    def again():
        def lost(student, score, seconds):
            return 0.25

        done = grade(coursedir, students=students, penalty=lost).done
        with Gradebook(coursedir.db_url) as gradebook:
            late = gradebook.assignment_submissions(ASSIGNMENT)
            late = {one.student.id for one in late if one.notebooks[0].late_submission_penalty}
        return [one.student for one in done], late

    with Gradebook(coursedir.db_url) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-01-02 12:00:00 UTC")
    assert again() == (students, {"emil", "fay"})
    assert again() == ([], {"emil", "fay"})
    with Gradebook(coursedir.db_url) as gradebook:
        gradebook.grant_extension(ASSIGNMENT, "emil", days=2)
    assert again() == (["emil"], {"fay"})
    with Gradebook(coursedir.db_url) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-01-04 12:00:00 UTC")
    assert again() == (["fay"], set())


def test_a_worker_that_dies_is_replaced_and_its_work_done_again(
    classroom, coursedir, tmp_path, monkeypatch
):
    graded, marker = grading.grade_all, tmp_path / "died"

    def deadly(assignment, templates, student, *arguments, **options):
        if student == "emil":
            os.kill(os.getpid(), signal.SIGKILL)
        if student == "cleo" and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return graded(assignment, templates, student, *arguments, **options)

    monkeypatch.setattr(grading, "grade_all", deadly)
    summary = grade(coursedir, 2)
    assert {one.student for one in summary.failed} == {"dora", "emil"}
    assert "died 2 times" in next(one.error for one in summary.failed if one.student == "emil")
    right = expected(classroom)
    assert book_of(coursedir) == {k: v for k, v in right.items() if k != "emil"}
    monkeypatch.undo()
    assert [one.student for one in grade(coursedir).done] == ["dora", "emil"]
    assert book_of(coursedir) == right


def test_a_warm_parent_that_dies_is_replaced(classroom, coursedir, monkeypatch):
    graded, dead = grading.grade, []

    def deadly(assignment, template, student, warm, **options):
        if student in ("ben", "fay") and student not in dead:
            dead.append(student)
            warm.child(10).end()
            os.kill(warm.pid, signal.SIGKILL)
            if student == "fay":
                # Dead before it is asked, and not only before it answers.
                warm.control.recv(1)
        return graded(assignment, template, student, warm, **options)

    monkeypatch.setattr(grading, "grade", deadly)
    grade(coursedir)
    assert book_of(coursedir) == expected(classroom)


def test_a_gradebook_that_is_locked_for_a_while_is_waited_for(classroom, coursedir):
    path = coursedir.db_url.removeprefix("sqlite:///")
    holding = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    holding.execute("BEGIN IMMEDIATE")
    release = threading.Timer(7, lambda: holding.execute("ROLLBACK"))
    release.start()
    try:
        grade(coursedir, students=["ada"])
    finally:
        release.join()
        holding.close()
    assert book_of(coursedir)["ada"] == expected(classroom)["ada"]


def test_a_gradebook_that_stays_locked_loses_nothing(classroom, coursedir, monkeypatch):
    monkeypatch.setattr(record, "LOCKED_SECONDS", 0)
    path = coursedir.db_url.removeprefix("sqlite:///")
    with sqlite3.connect(path, isolation_level=None) as holding:
        holding.execute("BEGIN IMMEDIATE")
        (one,) = grade(coursedir, students=["ada"]).done
        assert one.error == f"could not be recorded: database is locked ({path})"
        holding.execute("ROLLBACK")
    assert [one.student for one in grade(coursedir, students=["ada"]).done] == ["ada"]
    assert book_of(coursedir) == {"ada": expected(classroom)["ada"]}


@pytest.mark.parametrize("step", ["write_documents", "write_grades", "write_receipts"])
def test_a_disk_that_is_full_loses_nothing(classroom, coursedir, monkeypatch, step):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(record, step, full)
        (one,) = grade(coursedir, students=["ada"]).done
        assert "No space left on device" in one.error
    assert not grade(coursedir, students=["ada"]).failed
    assert book_of(coursedir) == {"ada": expected(classroom)["ada"]}


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old", 0o444)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(OSError, match=f"No space left on device: '{path}'"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]


def test_a_folder_that_may_not_be_written_to_is_told_by_its_right_name(tmp_path, monkeypatch):
    path, opened = tmp_path / "folder" / "file", os.open

    def denied(name, *arguments, **options):
        if str(name).endswith(".part"):
            raise PermissionError(13, "Permission denied", str(name))
        return opened(name, *arguments, **options)

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(PermissionError, match=f"Permission denied: '{path}'"):
        write_whole(path, b"new")


def test_a_part_that_was_left_read_only_is_written_anew(tmp_path):
    (tmp_path / ".file.part").touch(0o444)
    write_whole(tmp_path / "file", b"new")
    assert os.listdir(tmp_path) == ["file"]


def test_workers_leave_no_child_behind(coursedir):
    grade(coursedir, 2)
    assert not multiprocessing.active_children()
