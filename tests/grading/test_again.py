"""A receipt lets anyone grade again and get the same, or be told what differs."""

import json
import shutil

import nbformat
import pytest

from autograder import cli

from .conftest import ASSIGNMENT
from .test_faults import arrange

STUDENTS = ("cleo", "dora", "odd", "short")
ODD = """import random
def drawn(): return random.random(), np.random.rand()
first = drawn()
def sigmoid(a): raise ValueError(f'{object()} {set(map(str, range(9)))} {first} {drawn()}')
"""
"""An answer whose message holds an address, a set in the order that a process has for it, and
numbers drawn by chance."""


SHORT = "sigmoid = torch.sigmoid\n\n"
"""What takes the place of an earlier answer, which is graded as it stood at its check."""


@pytest.fixture(scope="module")
def graded(classroom, tmp_path_factory):
    root = arrange(classroom, tmp_path_factory.mktemp("again") / "course")
    short = SHORT + classroom.maker.solutions["LSTMCell"]
    for student, answers in (("odd", {"sigmoid": ODD}), ("short", {"LSTMCell": short})):
        place = root / "submitted" / student / ASSIGNMENT
        place.mkdir(parents=True)
        nbformat.write(classroom.maker.solved(**answers), place / f"{ASSIGNMENT}.ipynb")
    students = [f"--student={student}" for student in STUDENTS]
    cli.main(["grade", ASSIGNMENT, "--root", str(root), "--jobs", "1", *students])
    return root


def receipt_of(root, student):
    return root / "receipts" / student / ASSIGNMENT / f"{ASSIGNMENT}.json"


def test_the_same_to_the_bit(graded, capsys):
    before = {path: path.stat().st_mtime_ns for path in graded.rglob("*") if path.is_file()}
    assert cli.main(["regrade", *(str(receipt_of(graded, s)) for s in STUDENTS)]) == 0
    assert capsys.readouterr().out.count("the same, to the bit") == len(STUDENTS)
    assert "ValueError: <object object at 0x…> {" in receipt_of(graded, "odd").read_text()
    assert "Later cells change what this uses: sigmoid." in receipt_of(graded, "short").read_text()
    after = {path: path.stat().st_mtime_ns for path in graded.rglob("*") if path.is_file()}
    assert after == before


@pytest.fixture
def changed(graded, tmp_path):
    """A copy of the course, and a function that grades cleo's again: exit code, what is said."""
    root = tmp_path / "course"
    shutil.copytree(graded, root)

    def again(capsys, **changes):
        path = receipt_of(root, "cleo")
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))
        return cli.main(["regrade", str(path), "--root", str(root)]), capsys.readouterr().out

    return root, again


def test_what_differs_is_said(changed, capsys):
    root, again = changed
    path = receipt_of(root, "cleo")
    receipt = json.loads(path.read_text())
    scores = receipt["scores"] | {"check_sigmoid": 0.0}
    code, said = again(capsys, scores=scores, version="older", layers=[])
    assert code == 1 and "the grader has changed since" in said
    assert f"scores of check_sigmoid: 0.0 became {receipt['scores']['check_sigmoid']}" in said
    assert "other layers of the sandbox" in said and "the submission has changed" not in said

    handed_in = root / "submitted" / "cleo" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    handed_in.write_bytes(handed_in.read_bytes() + b"\n")
    released = root / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    released.write_bytes(released.read_bytes() + b"\n")
    code, said = again(capsys, scores=receipt["scores"], version=receipt["version"])
    assert code == 1 and "scores of" not in said and "verdicts of" not in said
    assert "the submission has changed since" in said
    assert "the released notebook has changed since" in said


@pytest.mark.parametrize(
    ("data", "why"),
    [(None, "cleo's folder can't be read: No such file"), (b"{", "lstm.ipynb is not JSON")],
    ids=["missing", "broken"],
)
def test_what_can_not_be_graded_any_more_is_told_by_its_reason(changed, capsys, data, why):
    root, again = changed
    folder = root / "submitted" / "cleo" / ASSIGNMENT
    shutil.rmtree(folder)
    if data is not None:
        folder.mkdir()
        (folder / f"{ASSIGNMENT}.ipynb").write_bytes(data)
    code, said = again(capsys)
    assert code == 1 and "the submission has changed since" in said
    assert f"nothing can be graded any more: {why}" in said
    assert "layers" not in said and "scores of" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "can't be read"), ("[]", "is no receipt"), ('{"seeds": 3}', "is no receipt")],
)
def test_what_is_no_receipt_is_said(tmp_path, capsys, text, said):
    path = tmp_path / "x.json"
    path.write_text(text)
    assert cli.main(["regrade", str(path)]) == 1
    assert said in capsys.readouterr().err
    assert cli.main(["regrade", str(tmp_path / "missing.json")]) == 1
    assert "can't be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes",
    [
        *({"layers": 5}, {"layers": [[1]]}, {"remarks": 3}, {"error": []}),
        *({"student": "a\0b"}, {"student": "../cleo"}, {"verdicts": []}),
    ],
    ids=str,
)
def test_a_receipt_that_no_grading_has_written_is_none(changed, capsys, changes):
    _, again = changed
    assert again(capsys, **changes) == (1, "")


def test_whatever_signs_are_in_a_receipt_are_told_in_a_line(changed, capsys):
    root, again = changed
    code, told = again(capsys, verdicts={"\ud800\n\x1b[31mred": ["\udcff"]})
    assert code == 1 and "  verdicts of \ufffd red: “\ufffd” became none\n" in told
    told.encode()
    path = root / "receipts" / "cleo" / ASSIGNMENT / f"{ASSIGNMENT}.json"
    assert again(capsys, notebook="x\x1b[31m\ny") == (1, "")
    assert cli.main(["regrade", str(path)]) == 1
    assert capsys.readouterr().err == f"{path} tells of a notebook that is not there: x y\n"


def test_a_seed_that_is_missing_and_a_course_that_is_not_there_are_said(changed, capsys, tmp_path):
    root, again = changed
    assert again(capsys, seeds={"sigmoid": 1})[0] == 1
    path = tmp_path / "alone.json"
    shutil.copy(receipt_of(root, "dora"), path)
    assert cli.main(["regrade", str(path)]) == 1
    assert "no course directory" in capsys.readouterr().err
