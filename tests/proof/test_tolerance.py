"""The tolerance has room on both sides: above rounding, below every known mistake."""

import json

import pytest

from autograder.exercises import CHAPTERS
from autograder.proof import row_name, tolerance

EXERCISES = {f"{c} {e.name}": e for c, exercises in CHAPTERS.items() for e in exercises}


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_the_tolerance_is_clear_on_both_sides(exercise):
    measured = tolerance.measure(exercise, seeds=(1,))
    assert tolerance.is_clear(measured), measured


def test_the_table_is_written(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(tolerance, "SEEDS", (1,))
    to = tmp_path / "tolerance.json"
    assert tolerance.main(["lstm", "--to", str(to)]) == 0
    names = {row_name("lstm", e.name) for e in CHAPTERS["lstm"]}
    assert set(json.loads(to.read_text())["exercises"]) == names
    assert "margin above" in capsys.readouterr().out
