"""nbgrader's own route takes our path: from handed-in files to gradebook, notebook and receipt."""

import contextlib
import copy
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder import course
from autograder.assignments.example import grade_id, hand_in
from autograder.grading import budget, plugin
from autograder.grading import grade as grading
from autograder.grading.assignment import date

from .conftest import ASSIGNMENT, DIRECTORIES

WRITTEN = "why_two_states"


@pytest.fixture
def api(classroom, warm, tmp_path, monkeypatch):
    """nbgrader's interface to a course directory of its own."""
    root = tmp_path / "course"
    shutil.copytree(classroom.root, root)
    monkeypatch.setattr(grading, "kept", lambda *_, **__: warm)

    def api():
        return course.nbgrader(root, **DIRECTORIES)

    return api


@pytest.fixture
def hurry():
    """Fail, and do not wait, where something hangs."""

    def too_late(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def put(root, student, notebook, name=f"{ASSIGNMENT}.ipynb"):
    """Hand a notebook in; bytes are taken as they are."""
    folder = root / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True, exist_ok=True)
    data = notebook if isinstance(notebook, bytes) else nbformat.writes(notebook).encode()
    (folder / name).write_bytes(data)
    return folder


def root_of(api):
    return course.Path(api.coursedir.root)


def grades(api, student):
    """Grades of a student by cell: score, auto_score, manual_score, needs_manual_grade."""
    with Gradebook(api.coursedir.db_url) as gradebook:
        notebook = gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, student)
        return {
            g.name: (g.score, g.auto_score, g.manual_score, g.needs_manual_grade)
            for g in notebook.grades
        }


def auto(api, student):
    """What the grader gave for each exercise."""
    return {
        name.removeprefix("check_"): given[1]
        for name, given in grades(api, student).items()
        if name.startswith("check_")
    }


def test_the_whole_example_class_gets_what_its_making_says(classroom, api):
    api = api()
    submissions = classroom.maker.everyone()
    hand_in(submissions, ASSIGNMENT, root_of(api) / "submitted")
    result = api.autograde(ASSIGNMENT, "*")
    for submission in submissions:
        given = auto(api, submission.student)
        if submission.says == "a file that is not JSON":
            assert set(given.values()) == {None}
        else:
            assert given == submission.points, submission.says
    assert not result["success"] and "no verdict for kim" in result["log"]
    assert "Traceback" not in result["log"]


def test_the_recorded_notebook_holds_outputs_and_feedback_and_no_hidden_test(classroom, api):
    api = api()
    solved = classroom.maker.solved(sigmoid="print('hello')\nsigmoid = 3")
    put(root_of(api), "ada", solved)
    assert api.autograde(ASSIGNMENT, "ada")["success"]
    path = root_of(api) / "autograded" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = {grade_id(cell): cell for cell in notebook.cells}
    assert cells["sigmoid"].outputs[0].text == "hello\n"
    assert "can't be called" in cells["check_sigmoid"].outputs[0].data["text/plain"]
    assert "<table>" in cells["check_sigmoid"].outputs[0].data["text/html"]
    assert "HIDDEN" not in path.read_text() and "expected" not in path.read_text()

    assert api.generate_feedback(ASSIGNMENT, "ada")["success"]
    page = (root_of(api) / "feedback" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()
    assert "be called" in page and "full_check" not in page
    assert not list((root_of(api) / "feedback").rglob("*.json"))


def test_an_old_score_does_not_stay_and_a_persons_score_does(classroom, api):
    api = api()
    put(root_of(api), "ada", classroom.maker.solved())
    assert "41 points by the checks; to be graded" in api.autograde(ASSIGNMENT, "ada")["log"]
    assert grades(api, "ada")[WRITTEN] == (0.0, None, None, True)
    with Gradebook(api.coursedir.db_url) as gradebook:
        for name, points in ((WRITTEN, 2.0), ("check_LSTM", 5.5)):
            grade = gradebook.find_grade(name, ASSIGNMENT, ASSIGNMENT, "ada")
            grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()

    worse = classroom.maker.solved(sigmoid="del sigmoid", LSTM="LSTM = 1")
    worse.cells = [cell for cell in worse.cells if grade_id(cell) != "check_sigmoid"]
    put(root_of(api), "ada", worse)
    assert api.autograde(ASSIGNMENT, "ada")["success"]
    after = grades(api, "ada")
    assert after["check_sigmoid"] == (0.0, 0.0, None, False)
    assert after[WRITTEN] == (2.0, None, 2.0, True)
    assert after["check_LSTM"] == (5.5, 0.0, 5.5, True)


def test_an_untouched_written_answer_gets_nothing_and_says_so(classroom, api):
    api = api()
    put(root_of(api), "ben", classroom.maker.notebook({}))
    assert api.autograde(ASSIGNMENT, "ben")["success"]
    assert grades(api, "ben")[WRITTEN] == (0.0, 0.0, None, False)
    with Gradebook(api.coursedir.db_url) as gradebook:
        comment = gradebook.find_comment(WRITTEN, ASSIGNMENT, ASSIGNMENT, "ben")
        assert comment.auto_comment == "No response."


def test_a_written_answer_whose_cell_is_lost_is_looked_for_by_hand(classroom, api):
    api = api()
    notebook = classroom.maker.solved()
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) != WRITTEN]
    put(root_of(api), "cleo", notebook)
    assert api.autograde(ASSIGNMENT, "cleo")["success"]
    assert grades(api, "cleo")[WRITTEN] == (0.0, None, None, True)
    with Gradebook(api.coursedir.db_url) as gradebook:
        comment = gradebook.find_comment(WRITTEN, ASSIGNMENT, ASSIGNMENT, "cleo")
        assert comment.auto_comment is None


def test_answers_count_in_whichever_cell_they_stand(classroom, api):
    api = api()
    answers, stubs = classroom.maker.solutions, classroom.template.solutions
    notebook = classroom.maker.solved(
        LSTMCell=f"{answers['LSTMCell']}\n\n{answers['LSTM']}",
        **{name: stubs[name] for name in ("LSTM", "lstm_step", WRITTEN)},
    )
    for name, new in (
        ("lstm_step", nbformat.v4.new_code_cell(answers["lstm_step"])),
        (WRITTEN, nbformat.v4.new_markdown_cell("One is the memory.")),
    ):
        (place,) = [k for k, cell in enumerate(notebook.cells) if grade_id(cell) == name]
        notebook.cells.insert(place + 1, new)
    put(root_of(api), "ada", notebook)
    assert api.autograde(ASSIGNMENT, "ada")["success"]
    assert auto(api, "ada") == {e.name: e.points for e in classroom.exercises}
    assert grades(api, "ada")[WRITTEN][3] is True
    with Gradebook(api.coursedir.db_url) as gradebook:
        for name in (WRITTEN, "LSTM", "lstm_step"):
            assert gradebook.find_comment(name, ASSIGNMENT, ASSIGNMENT, "ada").auto_comment is None
    path = root_of(api) / "autograded" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    kept = {grade_id(cell): cell.source for cell in nbformat.read(path, as_version=4).cells}
    assert kept[WRITTEN].endswith("One is the memory.") and stubs[WRITTEN][:40] in kept[WRITTEN]


def test_a_check_is_made_as_the_notebook_stood_there(classroom, api):
    api = api()
    short = "sigmoid = torch.sigmoid\n\n" + classroom.maker.solutions["LSTMCell"]
    put(root_of(api), "ada", classroom.maker.solved(LSTMCell=short))
    assert api.autograde(ASSIGNMENT, "ada")["success"]
    assert auto(api, "ada") == {e.name: e.points for e in classroom.exercises}


def test_bad_files_get_a_line_each_and_stop_nobody(classroom, api, tmp_path):
    api = api()
    root = root_of(api)
    secret = tmp_path / "secret.ipynb"
    secret.write_text(nbformat.writes(classroom.maker.solved()))
    put(root, "zoe", classroom.maker.solved())
    put(root, "broken", b"\x00\x01")
    put(root, "linked", b"").joinpath(f"{ASSIGNMENT}.ipynb").unlink()
    (root / "submitted" / "linked" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").symlink_to(secret)
    (root / "submitted" / "outside").mkdir()
    (root / "submitted" / "outside" / ASSIGNMENT).symlink_to(root / "source" / ASSIGNMENT)
    put(root, "piped", b"").joinpath(f"{ASSIGNMENT}.ipynb").unlink()
    os.mkfifo(root / "submitted" / "piped" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    put(root, "renamed", classroom.maker.solved(), "LSTM (1).ipynb")
    put(root, "empty", b"").joinpath(f"{ASSIGNMENT}.ipynb").unlink()
    (root / "submitted" / "file").mkdir()
    (root / "submitted" / "file" / ASSIGNMENT).write_text("no folder")

    result = api.autograde(ASSIGNMENT, "*")
    log = result["log"]
    assert not result["success"] and "Traceback" not in log
    assert "no verdict for broken, file, linked, outside, piped" in log
    for said in (
        "broken: lstm.ipynb is not JSON",
        "linked/lstm/lstm.ipynb is a link",
        "outside/lstm is a link",
        "piped/lstm/lstm.ipynb is neither a file nor a folder",
        "LSTM (1).ipynb was graded in its place",
        "empty: lstm.ipynb is missing",
        "file/lstm is a file",
    ):
        assert said in log
    full = {exercise.name: exercise.points for exercise in classroom.exercises}
    assert auto(api, "zoe") == auto(api, "renamed") == full
    assert set(auto(api, "empty").values()) == {0.0}
    for student in ("broken", "linked", "outside", "piped", "file"):
        assert set(auto(api, student).values()) == {None}
        assert all(needs for *_, needs in grades(api, student).values())

    # Neither a link nor a file in a folder's place has a date of its own.
    assert "holds no date" not in log
    assert "broken: lstm: no grade" in log and "empty: lstm: 0 points" in log
    named = "no verdict for broken, file, linked, outside, piped"
    assert result["error"] == f"{ASSIGNMENT}: {named}; see the messages above"

    again = api.autograde(ASSIGNMENT, "*", force=False)
    assert not again["success"] and "no verdict for broken, file, linked, outside" in again["log"]
    said = "broken: graded already, nothing has changed: lstm.ipynb is not JSON"
    assert said in again["log"] and "zoe: graded already, nothing has changed\n" in again["log"]


def test_a_submission_is_graded_once_until_it_changes(classroom, api):
    api = api()
    put(root_of(api), "ada", classroom.maker.notebook({}))
    assert "0 points" in api.autograde(ASSIGNMENT, "ada", force=False)["log"]
    assert "nothing has changed" in api.autograde(ASSIGNMENT, "ada", force=False)["log"]
    put(root_of(api), "ada", classroom.maker.solved())
    assert "nothing has changed" not in api.autograde(ASSIGNMENT, "ada", force=False)["log"]
    assert "nothing has changed" not in api.autograde(ASSIGNMENT, "ada", force=True)["log"]
    path = root_of(api) / "receipts/ada/lstm/lstm.json"
    receipt = json.loads(path.read_text())
    assert set(receipt["seeds"]) == {exercise.name for exercise in classroom.exercises}
    assert receipt["scores"]["check_LSTM"] == grades(api, "ada")["check_LSTM"][1]
    # Another writes the graded notebook, as stock nbgrader does, even with the same scores.
    assert "nothing has changed" in api.autograde(ASSIGNMENT, "ada", force=False)["log"]
    later = path.stat().st_mtime + 1
    os.utime(root_of(api) / "autograded/ada/lstm/lstm.ipynb", (later, later))
    assert "nothing has changed" not in api.autograde(ASSIGNMENT, "ada", force=False)["log"]


def test_time_stamps_and_late_penalties_are_nbgraders(classroom, api):
    api = api()
    with Gradebook(api.coursedir.db_url) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-01-01 12:00:00")
    folder = put(root_of(api), "ada", classroom.maker.solved())
    (folder / "timestamp.txt").write_text("2026-01-01 13:00:00 UTC")
    api.config.LateSubmissionPlugin.penalty_method = "zero"
    assert api.autograde(ASSIGNMENT, "ada")["success"]
    with Gradebook(api.coursedir.db_url) as gradebook:
        submission = gradebook.find_submission(ASSIGNMENT, "ada")
        assert submission.total_seconds_late == 3600
        assert submission.late_submission_penalty == submission.score > 0
    assert "ada" in api.get_autograded_students(ASSIGNMENT)
    put(root_of(api), "ben", classroom.maker.solved())
    (root_of(api) / "submitted/ben/lstm/timestamp.txt").write_text("yesterday, I think")
    assert "holds no date" in api.autograde(ASSIGNMENT, "ben")["log"]


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-01-01", 0),
        ("2026-01-01 13:00", 13),
        ("2026-01-01T13:00:00.123456Z", 13),
        ("2026-01-01 13:00:00 UTC", 13),
        ("2026-01-01 13:00:00.5 CET", 12),
        ("2026-01-01 13:00:00 Asia/Tokyo", 4),
        ("2026-01-01 13:00:00+01:00", 12),
        ("2026-01-01 13:00:00 +0100", 12),
    ],
)
def test_a_date_is_read_as_nbgrader_writes_it(text, hour):
    assert date(text).replace(minute=0, second=0, microsecond=0) == datetime(2026, 1, 1, hour)


@pytest.mark.parametrize(
    "text",
    [
        "13:00",
        "2026-02-30 10:00 UTC",
        "2026-01-01 10:00 " + "a" * 300,
        "." + "1" * 300 + "h",
        "2026-01-01 10:00:00 /etc/localtime",
        "2026-01-01 10:00:00 ../../etc/localtime",
        "0001-01-01 00:00:00 +0100",
    ],
)
def test_what_is_no_date_is_refused_and_names_no_file(text):
    with pytest.raises(ValueError, match=r"date|day"):
        date(text)


def test_formgrader_lists_a_class_whatever_lies_in_place_of_a_timestamp(
    classroom, api, tmp_path, hurry
):
    api, text = api(), "2026-01-01 13:00:00 UTC"
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text(text)
    for student, make in {
        "ada": lambda path: path.write_text(text),
        "ben": lambda path: path.write_text("yesterday evening"),
        "cleo": os.mkfifo,
        "dora": lambda path: path.symlink_to(elsewhere),
        "emil": lambda path: path.write_bytes(b"\xff"),
        "fay": lambda path: path.mkdir(),
        "gus": lambda path: path.write_text("0001-01-01 00:00:00 +0100"),
    }.items():
        make(put(root_of(api), student, classroom.maker.notebook({})) / "timestamp.txt")
    dates = {"ada": "2026-01-01T13:00:00"} | dict.fromkeys(
        ("ben", "cleo", "dora", "emil", "fay", "gus")
    )
    assert {one["student"]: one["timestamp"] for one in api.get_submissions(ASSIGNMENT)} == dates
    assert api.autograde(ASSIGNMENT, "*")["success"]
    listed = api.get_submissions(ASSIGNMENT)
    assert {one["student"]: one["timestamp"] for one in listed} == dates
    assert all(one["autograded"] for one in listed)


def test_an_unknown_student_is_added_only_where_that_is_asked_for(classroom, api):
    api = api()
    put(root_of(api), "typo", classroom.maker.notebook({}))
    result = api.autograde(ASSIGNMENT, "typo", create=False)
    assert not result["success"] and "no such student" in result["log"]
    with Gradebook(api.coursedir.db_url) as gradebook:
        assert [student.id for student in gradebook.students] == []
    with Gradebook(api.coursedir.db_url) as gradebook:
        gradebook.add_student("ada")
    assert "typo is not in the gradebook and is added" in api.autograde(ASSIGNMENT, "typo")["log"]


def test_what_the_rules_can_not_decide_has_its_points_and_is_looked_at(classroom, api):
    api = api()
    answer = classroom.maker.solutions["sigmoid"]
    sly = answer.replace("    e = ", "    eval(str(1))\n    e = ", 1)
    assert sly != answer
    put(root_of(api), "ada", classroom.maker.solved(sigmoid=sly))
    result = api.autograde(ASSIGNMENT, "ada")
    assert result["success"] and "; to be looked at: check_sigmoid" in result["log"]
    points = next(e.points for e in classroom.exercises if e.name == "sigmoid")
    assert grades(api, "ada")["check_sigmoid"] == (points, points, None, True)
    assert grades(api, "ada")["check_lstm_shapes"][3] is False


def test_what_can_not_be_graded_at_all_is_said_in_one_line(classroom, api):
    api = api()
    assert "no submission matches" in api.autograde(ASSIGNMENT, "nobody")["log"]
    submitted = root_of(api) / "submitted"
    submitted.touch()
    assert f"{submitted} is a file" in api.autograde(ASSIGNMENT, "*")["log"]
    submitted.unlink()
    said = api.autograde("poetry", "*")["error"]
    assert said.startswith("there is no assignment 'poetry'") and "COURSE_GRADER=stock" in said
    put(root_of(api), "ada", classroom.maker.notebook({}))
    (root_of(api) / "gradebook.db").unlink()
    helps = "run `nbgrader generate_assignment lstm --force` first"
    assert helps in api.autograde(ASSIGNMENT, "*")["log"]
    assert api.generate_assignment(ASSIGNMENT, force=True)["success"]
    with Gradebook(api.coursedir.db_url) as gradebook:
        gradebook.find_grade_cell("check_LSTM", ASSIGNMENT, ASSIGNMENT).max_score += 1
        gradebook.db.commit()
    said = api.autograde(ASSIGNMENT, "*")["log"]
    assert f"the gradebook and the released notebook differ in check_LSTM; {helps}" in said
    assert api.generate_assignment(ASSIGNMENT, force=True)["success"]
    assert api.autograde(ASSIGNMENT, "*")["success"]


def test_stock_nbgrader_gives_the_same_scores_for_honest_work(classroom, api, monkeypatch):
    ours = api()
    put(root_of(ours), "ada", classroom.maker.solved())
    put(root_of(ours), "ben", classroom.maker.notebook({}))
    half = list(classroom.maker.solutions)[:7]
    answers = {name: classroom.maker.solutions[name] for name in half}
    answers["lstm_step"] = answers["lstm_step"].replace("return h, c", "return c, h")
    put(root_of(ours), "cleo", classroom.maker.notebook(answers))
    assert ours.autograde(ASSIGNMENT, "*")["success"]
    before = {student: auto(ours, student) for student in ("ada", "ben", "cleo")}
    (root_of(ours) / "gradebook.db").unlink()

    monkeypatch.setenv(plugin.SWITCH, "stock")
    monkeypatch.setenv("PYTHONPATH", str(course.ROOT))
    try:
        stock = api()
        assert stock.generate_assignment(ASSIGNMENT)["success"]
        result = stock.autograde(ASSIGNMENT, "*")
        assert result["success"] and "Sanitizing" in result["log"]
        assert {student: auto(stock, student) for student in before} == before
    finally:
        monkeypatch.undo()
        plugin.use()


def test_what_keeps_the_grader_busy_keeps_the_class_waiting_for_a_while_alone(
    classroom, api, monkeypatch
):
    def busy(assignment, templates, student, *args, **options):
        while student == "ada":
            with contextlib.suppress(Exception):
                time.sleep(0.01)
        return graded(assignment, templates, student, *args, **options)

    api, graded = api(), grading.grade_all
    monkeypatch.setattr(grading, "grade_all", busy)
    for student in ("ada", "ben"):
        put(root_of(api), student, classroom.maker.notebook({}))
    monkeypatch.setattr(budget, "OVERDUE", 0.2)
    result = api.autograde(ASSIGNMENT, "*")
    assert "ada: not graded, through no fault of the student's: it kept the grader" in result["log"]
    assert not result["success"] and auto(api, "ben")["sigmoid"] == 0.0


def test_the_command_ends_with_an_exit_code_that_means_something(classroom, api):
    root = root_of(api())
    put(root, "ada", classroom.maker.solved())
    places = [f"--CourseDirectory.{key}={value}" for key, value in DIRECTORIES.items()]
    command = [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT]
    command += [f"--CourseDirectory.root={root}", *places]
    environment = os.environ | {"PYTHONPATH": str(course.ROOT)}
    done = subprocess.run(command, cwd=course.ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "ada: lstm:" in done.stderr
    put(root, "kim", b"{")
    done = subprocess.run(command, cwd=course.ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "no verdict for kim" in done.stderr
    assert "ada: graded already" in done.stderr


BROKEN = ["c.CourseAutograde.cell_seconds = 30,,\n", "import no_such_module\n", "c = 1 / 0\n"]


@pytest.mark.parametrize("config", BROKEN)
def test_a_configuration_that_fails_lets_no_code_out_of_the_sandbox(classroom, api, config):
    api = api()
    root = root_of(api)
    hostile = root / "written"
    cells = {"sigmoid": f"open({str(hostile)!r}, 'w').write('x')\n"}
    put(root, "eve", classroom.maker.notebook(cells))
    before = (root / "nbgrader_config.py").read_text(encoding="utf-8")
    (root / "nbgrader_config.py").write_text(config + before, encoding="utf-8")
    places = [f"--CourseDirectory.{key}={value}" for key, value in DIRECTORIES.items()]
    command = [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT, *places]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 1 and "nbgrader_config.py can't be loaded" in done.stderr
    result = api.autograde(ASSIGNMENT, "eve")
    assert not result["success"] and "nbgrader_config.py can't be loaded" in result["error"]
    assert not hostile.exists() and not (root / "autograded").exists()


def test_a_grader_that_can_not_be_loaded_stops_nbgrader(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.modules['autograder.grading.plugin'] = None\n"
         "from nbgrader.apps import NbGraderApp; NbGraderApp.launch_instance(['list'])"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1 and "run students' code with your rights" in done.stderr


def test_who_stops_nbgrader_is_told_in_a_line(api, monkeypatch, caplog):
    def stopped(*_):
        raise KeyboardInterrupt

    api = api()
    monkeypatch.setattr(plugin, "handed_in", stopped)
    api.coursedir.assignment_id = ASSIGNMENT
    with pytest.raises(SystemExit) as ended:
        plugin.CourseAutograde(coursedir=api.coursedir, parent=api).start()
    assert ended.value.code == 130
    assert caplog.messages[-1] == "interrupted; what was done stays, start again for the rest"


def test_a_copied_grade_cell_stops_nobody(classroom, api):
    api = api()
    notebook = classroom.maker.solved()
    notebook.cells = [copy.deepcopy(cell) for cell in notebook.cells for _ in range(2)]
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    put(root_of(api), "jan", notebook)
    assert api.autograde(ASSIGNMENT, "jan")["success"]
    assert auto(api, "jan") == {e.name: e.points for e in classroom.exercises}


def test_commands_that_grade_nothing_do_not_wait_for_pytorch():
    configured = "import sys, autograder.course as c; c.nbgrader(); print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", configured], cwd=course.ROOT, capture_output=True, text=True
    )
    assert done.stdout == "False\n", done.stdout + done.stderr
