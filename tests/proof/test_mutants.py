"""The mutants: made as they should be, run through the real check, none survives unseen."""

import ast
import json

import pytest
import torch

from autograder.checking.exercise import Exercise
from autograder.exercises import CHAPTERS
from autograder.proof import mutants, row_name
from autograder.proof.mutate import mutants as mutate

TEXT = '''
def step(x, h, w):
    """Words."""
    a, b = x @ w.T, -h
    out = []
    if len(h) > 5:
        raise ValueError(h)
    for n in range(3):
        out.append(a[n, :2] + b if n >= 1 else a)
    return out, h
'''


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_mutants_differ_from_the_text_and_from_one_another():
    made = mutate(TEXT)
    sources = [mutant.source for mutant in made]
    assert len(set(sources)) == len(sources)
    assert ast.unparse(ast.parse(TEXT.replace('"""Words."""', ""))) not in sources
    for source in sources:
        compile(source, "mutant", "exec")


@pytest.mark.parametrize(
    "change",
    [
        "a, b = (x @ w.T, -h) → a, b = (x @ w, -h)",
        "a, b = (x @ w.T, -h) → a, b = (x @ w.T, h)",
        "a, b = (x @ w.T, -h) → a, b = (w.T @ x, -h)",
        "a, b = (x @ w.T, -h) → b, a = (x @ w.T, -h)",
        "a, b = (x @ w.T, -h) → ",
        "for n in range(3): → for n in range(4):",
        "for n in range(3): → for n in range(3 - 1):",
        "for n in range(3): → for n in range(1, 3):",
        "out.append(a[n, :2] + b if n >= 1 else a) → out.append(a[n, :2] - b if n >= 1 else a)",
        "out.append(a[n, :2] + b if n >= 1 else a) → out.append(a[n, :2] if n >= 1 else a)",
        "out.append(a[n, :2] + b if n >= 1 else a) → out.append(a[n, 2:] + b if n >= 1 else a)",
        "out.append(a[n, :2] + b if n >= 1 else a) → out.append(a[n, :2] + b if n > 1 else a)",
        "return (out, h) → return (h, out)",
        "return (out, h) → return (out,)",
        "return (out, h) → ",
        "raise ValueError(h) → ",
        "raise ValueError(h) → raise RuntimeError",
    ],
)
def test_each_kind_of_change_is_made(change):
    assert change in [mutant.change for mutant in mutate(TEXT)]


def test_there_are_over_a_thousand_mutants_of_the_lstm_assignment():
    assert sum(len(mutate(text)) for text in mutants.cells("lstm").values()) > 1000


@pytest.mark.parametrize("assignment", CHAPTERS)
def test_a_sample_of_the_mutants_is_caught(assignment, tmp_path, capsys):
    to = tmp_path / "mutants.json"
    code = mutants.main([assignment, "--sample", "5", "--jobs", "1", "--to", str(to)])
    table = json.loads(to.read_text())["exercises"]
    assert len(table) == len(CHAPTERS[assignment])
    for row in table.values():
        assert row["survived"] == 0
        assert row["mutants"] == row["caught"] + row["equivalent"]
        assert row["diagnosed"] <= row["caught"]
    assert code == 0
    tried = sum(row["mutants"] for row in table.values())
    assert f"{tried} of {tried} mutants tried" in capsys.readouterr().err


def test_exercises_of_one_name_have_rows_of_their_own():
    names = [row_name(chapter, e.name) for chapter, own in CHAPTERS.items() for e in own]
    assert len(set(names)) == len(names)
    assert {"lstm.candidate", "gru.candidate", "lstm_step"} <= set(names)


def test_every_listed_equivalent_is_a_mutant():
    made = {
        (task.name, task.change) for assignment in CHAPTERS for task in mutants.tasks(assignment)
    }
    assert not set(mutants.equivalents()) - made


@pytest.mark.parametrize("assignment", CHAPTERS)
def test_a_listed_equivalent_passes(assignment):
    known = mutants.equivalents()
    listed = [task for task in mutants.tasks(assignment) if (task.name, task.change) in known]
    assert {result.outcome for result in mutants.run(listed)} == {"passed"}


def test_the_listed_ones_have_a_reason():
    assert all(reason.endswith(".") for reason in mutants.equivalents().values())


def test_a_mutant_that_never_ends_is_caught(monkeypatch):
    monkeypatch.setattr(mutants, "LIMIT_S", 0.2)
    source = "def sigmoid(a):\n    while True:\n        pass\n"
    assert mutants.try_mutant("lstm", "sigmoid", source) == ("caught", True)


def test_a_mutant_that_never_ends_and_catches_everything_is_caught(monkeypatch):
    monkeypatch.setattr(mutants, "LIMIT_S", 0.2)
    source = (
        "def sigmoid(a):\n"
        "    try:\n        while True:\n            pass\n"
        "    except BaseException:\n        return 0.5 * (1 + np.tanh(a / 2))\n"
    )
    assert mutants.try_mutant("lstm", "sigmoid", source) == ("caught", True)


def test_a_mutant_that_crashes_is_caught_and_the_others_are_tried():
    right = mutants.cells("lstm")["sigmoid"]
    crash = "import os\n\ndef sigmoid(a):\n    os.abort()\n"
    wrong = "def sigmoid(a):\n    return a\n"
    tried = [mutants.Task("lstm", "sigmoid", source, "") for source in (right, crash, wrong)]
    outcomes = [result.outcome for result in mutants.run(tried)]
    assert outcomes == ["passed", "caught", "caught"]


def test_a_grader_that_fails_stops_the_proof(monkeypatch):
    monkeypatch.setattr(Exercise, "drawn", None)
    with pytest.raises(RuntimeError, match="failed"):
        mutants.run(mutants.tasks("rnn", sample=1))


def test_a_survivor_makes_the_exit_code_one(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(mutants, "equivalents", lambda: {})
    survivor = mutants.Result("sigmoid", "a → b", "passed")
    monkeypatch.setattr(mutants, "run", lambda *_: [survivor])
    assert mutants.main(["lstm", "--to", str(tmp_path / "m.json")]) == 1
    assert "SURVIVED    sigmoid: a → b" in capsys.readouterr().out


def test_what_is_listed_and_caught_makes_the_exit_code_one(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(mutants, "equivalents", lambda: {("sigmoid", "a → b"): "Same."})
    monkeypatch.setattr(mutants, "run", lambda *_: [mutants.Result("sigmoid", "a → b", "caught")])
    assert mutants.main(["lstm", "--to", str(tmp_path / "m.json")]) == 1
    assert "NOT EQUIVALENT" in capsys.readouterr().out
