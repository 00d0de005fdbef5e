"""The appendix says what the code does: stages, limits, layers, and an exercise that works."""

import doctest
import importlib.util
import re
import sys

import numpy as np
import pytest

from autograder import cli, reference
from autograder.checking.contract import Contract
from autograder.checking.judge import STAGES
from autograder.grading.budget import Budget
from autograder.grading.sandbox import LAYERS, MINIMUM
from book.drawing import GATE_COLOURS, MODEL_COLOURS
from tests.book.conftest import ROOT


def page(name):
    """Return the text of a page of the book."""
    return (ROOT / "book" / f"{name}.md").read_text("utf-8")


def rows(text, head):
    """Return the first column (list of str) of the table whose first row begins with ``head``."""
    table = text[text.index(f"\n{head}") :].split("\n\n", 1)[0]
    return [line.split("|")[1].strip() for line in table.strip().splitlines()[2:]]


def test_the_stages_are_those_of_the_judge_in_their_order():
    assert rows(page("grading"), "| stage |") == list(STAGES)


def test_the_tolerance_is_the_one_that_is_used():
    tolerance = {f.name: f for f in Contract.__dataclass_fields__.values()}["tolerance"]
    assert tolerance.default_factory() == {"float64": 1e-8, "float32": 1e-4}
    text = page("grading")
    assert "0.00000001 (10⁻⁸)" in text and "0.0001 (10⁻⁴)" in text


def test_the_limits_of_time_are_the_ones_that_are_used():
    said = (
        f"{Budget.cell:g} seconds for each cell, {Budget.answer:g} seconds for each answer on all "
        f"its cases together, and {Budget.notebook:g} seconds for a notebook"
    )
    assert said in page("instructors")


def test_the_layers_of_the_sandbox_are_those_that_are_entered():
    assert rows(page("instructors"), "| layer |") == list(LAYERS)
    assert set(map(frozenset, MINIMUM)) == {
        frozenset({"mount-namespace", "landlock-files"}),
        frozenset({"seccomp"}),
        frozenset({"privileges"}),
        frozenset({"limits"}),
    }, "the page says what the minimum is"


def test_settings_and_commands_that_are_named_exist(capsys):
    text = page("instructors") + page("set-up") + page("new-exercise")
    from autograder.grading.plugin import SWITCH, CourseAutograde

    settings = set(re.findall(r"CourseAutograde\.(\w+)", text)) | {
        "answer_seconds",
        "notebook_seconds",
    }
    assert settings <= set(CourseAutograde.class_trait_names())
    assert f"{SWITCH}=stock" in text
    for verb, *options in re.findall(r"python -m autograder (\w+)(?: lstm)?(?: (--[\w-]+))?", text):
        with pytest.raises(SystemExit) as ended:
            cli.main([verb, "--help"])
        assert ended.value.code == 0, verb
        said = capsys.readouterr().out
        assert all(option in said for option in options), (verb, options)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in set(re.findall(r"`?\bmake ([a-z-]+)(?:`|\n)", text)):
        assert re.search(rf"^{target}\b.*:(?!=)", makefile, re.MULTILINE), target


def test_the_notation_names_every_gate_and_model():
    named = re.findall(r'^    "(\w)": "', page("notation"), re.MULTILINE)
    assert set(GATE_COLOURS) <= set(named)
    assert all(f'"{model}": "' in page("notation") for model in MODEL_COLOURS)


@pytest.fixture
def leaky(tmp_path, monkeypatch):
    """The exercise that the page declares, made of nothing but what the page shows."""
    blocks = re.findall(r"```python\n(.*?)```", page("new-exercise"), re.DOTALL)

    def module(name, text):
        path = tmp_path / f"{name.rpartition('.')[2]}.py"
        path.write_text(text, "utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        made = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, made)
        spec.loader.exec_module(made)
        return made

    truth = module("autograder.reference.leaky", blocks[0])
    monkeypatch.setattr(reference, "leaky", truth, raising=False)
    return module("leaky_part", blocks[1]).leaky_step


def test_the_exercise_of_the_page_works(leaky):
    assert leaky.check(leaky.reference, 1).points == leaky.points == 2
    for name, wrong in leaky.wrong.items():
        verdict = leaky.check(wrong, 1)
        assert verdict.points == 0 and [hint["name"] for hint in verdict.hints] == [name]
    examples = doctest.DocTestFinder().find(leaky.reference, globs={"np": np})
    results = [doctest.DocTestRunner().run(_given(example, leaky)) for example in examples]
    assert sum(result.attempted for result in results) == 1
    assert sum(result.failed for result in results) == 0


def _given(example, exercise):
    example.globs[exercise.name] = exercise.reference
    return example


def test_fields_of_an_exercise_that_the_page_explains_exist(leaky):
    for cell in rows(page("new-exercise"), "| field |"):
        for field in re.findall(r"`(\w+)`", cell):
            assert hasattr(leaky, field), field
