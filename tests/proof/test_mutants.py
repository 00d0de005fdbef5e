"""The mutants: made as they should be, run through the real check, none survives unseen."""

import ast
import json

import pytest
import torch

from autograder.exercises import CHAPTERS
from autograder.proof import mutants
from autograder.proof.mutate import mutants as mutate

TEXT = '''
def step(x, h, w):
    """Words."""
    a, b = x @ w.T, -h
    out = []
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
    ],
)
def test_each_kind_of_change_is_made(change):
    assert change in [mutant.change for mutant in mutate(TEXT)]


def test_there_are_over_a_thousand_mutants_of_the_lstm_assignment():
    assert sum(len(mutate(text)) for text in mutants.cells("lstm").values()) > 1000


PROVEN = ("lstm", "gru")
"""The assignments whose mutants have been looked at, one by one, where they survived."""


@pytest.mark.parametrize("assignment", PROVEN)
def test_a_sample_of_the_mutants_is_caught(assignment, tmp_path):
    to = tmp_path / "mutants.json"
    code = mutants.main([assignment, "--sample", "8", "--jobs", "1", "--to", str(to)])
    table = json.loads(to.read_text())["exercises"]
    assert set(table) == {exercise.name for exercise in CHAPTERS[assignment]}
    for row in table.values():
        assert row["survived"] == 0
        assert row["mutants"] == row["caught"] + row["equivalent"]
        assert row["diagnosed"] <= row["caught"]
    assert code == 0


@pytest.mark.parametrize("assignment", CHAPTERS)
def test_every_listed_equivalent_is_a_mutant_that_passes(assignment):
    texts = mutants.cells(assignment)
    made = {n: {m.change: m.source for m in mutate(text)} for n, text in texts.items()}
    for exercise, change in mutants.equivalents([assignment]):
        if exercise in texts:
            assert change in made[exercise], f"{exercise}: {change} is no mutant any more"
            source = made[exercise][change]
            assert mutants.try_mutant(assignment, texts, exercise, source)[0] == "passed", change


def test_the_listed_ones_have_a_reason():
    assert all(reason.endswith(".") for reason in mutants.equivalents().values())


def test_a_mutant_that_never_ends_is_caught(monkeypatch):
    monkeypatch.setattr(mutants, "LIMIT_S", 0.2)
    texts = mutants.cells("lstm")
    source = "def sigmoid(a):\n    while True:\n        pass\n"
    assert mutants.try_mutant("lstm", texts, "sigmoid", source) == ("caught", True)


def test_a_survivor_makes_the_exit_code_one(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(mutants, "equivalents", lambda _: {})
    survivor = mutants.Result("sigmoid", "a → b", "passed")
    monkeypatch.setattr(mutants, "run", lambda *_: [survivor])
    assert mutants.main(["lstm", "--to", str(tmp_path / "m.json")]) == 1
    assert "SURVIVED    sigmoid: a → b" in capsys.readouterr().out


def test_what_is_listed_and_caught_makes_the_exit_code_one(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(mutants, "equivalents", lambda _: {("sigmoid", "a → b"): "Same."})
    monkeypatch.setattr(mutants, "run", lambda *_: [mutants.Result("sigmoid", "a → b", "caught")])
    assert mutants.main(["lstm", "--to", str(tmp_path / "m.json")]) == 1
    assert "NOT EQUIVALENT" in capsys.readouterr().out
