"""What is declared fits together: points, parts, texts, links into the book."""

import ast
import doctest
import inspect
import json
import re
import textwrap
from dataclasses import replace

import jupytext
import numpy as np
import torch

from autograder.checking.exercise import SIZES, Draw
from autograder.checking.plain import pack
from autograder.exercises import CHAPTERS

from .conftest import ROOT


def test_there_are_mistakes_and_alternatives(exercise):
    assert len(exercise.mistakes) >= 10
    assert len(exercise.alternatives) >= 4
    names = [mistake.name for mistake in exercise.mistakes]
    assert len(set(names)) == len(names)
    assert all(mistake.hint.endswith((".", "?")) for mistake in exercise.mistakes)


def test_parts_are_told_apart_and_leave_nothing_out(exercise):
    says = [part.says for part in exercise.parts]
    assert len(set(says)) == len(says)
    assert all(part.points > 0 for part in exercise.parts)
    cases = {size.name for size in exercise.sizes}
    outputs = set(exercise.contract.output_names)
    assert len(cases) == len(exercise.sizes)
    for part in exercise.parts:
        assert set(part.cases) <= cases and set(part.outputs) <= outputs
    for case in cases:
        for output in outputs:
            assert any(
                (not part.cases or case in part.cases)
                and (not part.outputs or output in part.outputs)
                for part in exercise.parts
                if not part.gradients
            ), f"nobody pays for {output} in the case {case}"


def changes_with_steps(exercise, size):
    """Whether a case is another one with more steps."""
    drawn = [
        exercise.inputs(Draw(np.random.default_rng(0), replace(size, T=T))) for T in (size.T, 9)
    ]
    return pack(drawn[0])[0] != pack(drawn[1])[0]


def test_cases_are_named_after_steps_where_there_are_steps(exercise):
    for size in exercise.sizes:
        if size in SIZES and "step" in size.name:
            assert changes_with_steps(exercise, size), size.name


def test_every_part_has_a_case_that_tries_one_thing_alone(exercise):
    cases = {size.name for size in exercise.sizes}
    alone = {size.name for size in exercise.sizes if not size.needs}
    for size in exercise.sizes:
        assert set(size.needs) <= cases - {size.name}
    for part in exercise.parts:
        assert not part.cases or alone.intersection(part.cases)


NO_WAY_BACK = {"train_truncated", "train", "init_forget_bias", "generate"}
"""They train, change a module in place, or draw: no gradient flows through what they return."""


def test_every_pytorch_exercise_pays_for_gradients(exercise):
    if exercise.kind == "torch" and exercise.name not in NO_WAY_BACK:
        assert any(part.gradients for part in exercise.parts)


def test_what_is_paid_for_is_looked_at(exercise):
    for part in exercise.parts:
        paid_for = [size for size in exercise.sizes if not part.cases or size.name in part.cases]
        if part.gradients:
            assert any(size.gradients for size in paid_for)
        if "how new ones are drawn" in part.says:
            assert any(size.initial for size in paid_for)


def test_uses_are_earlier_exercises(chapter):
    earlier = set()
    for exercise in CHAPTERS[chapter]:
        assert set(exercise.uses) <= earlier
        earlier.add(exercise.name)


def test_examples_run(exercise):
    module = inspect.getmodule(exercise.reference)
    globs = {"np": np, "torch": torch, "nn": torch.nn, **vars(module)}
    (test,) = doctest.DocTestFinder(recurse=False).find(
        exercise.reference, exercise.name, globs=globs
    )
    assert test.examples
    said = []
    assert doctest.DocTestRunner().run(test, out=said.append).failed == 0, "".join(said)


def test_every_parameter_is_described(exercise):
    text = inspect.getdoc(exercise.reference)
    _, parameters = text.split("Parameters\n----------\n")
    functions = [exercise.reference]
    if inspect.isclass(exercise.reference):
        functions.append(exercise.reference.forward)
    for function in functions:
        for name in inspect.signature(function).parameters:
            if name != "self":
                assert re.search(rf"\b{name}\b", parameters), name


def test_the_text_gives_nothing_away(exercise):
    text = inspect.getdoc(exercise.reference)
    body = inspect.getsource(exercise.reference).split('"""')[-1]
    lines = [line.strip() for line in body.splitlines()]
    assert not [line for line in lines if len(line) > 20 and line in text]


def test_no_hint_gives_the_solution_away(exercise):
    """No call, sum, product or slice of the solution stands in a hint, but for the shortest."""
    body = ast.parse(textwrap.dedent(inspect.getsource(exercise.reference)))
    work = [n for n in ast.walk(body) if isinstance(n, ast.BinOp | ast.Call | ast.Slice)]
    texts = {ast.unparse(n).replace(" ", "") for n in work}
    for mistake in exercise.mistakes:
        hint = mistake.hint.replace(" ", "")
        assert not [text for text in texts if len(text) > 8 and text in hint], mistake.name


def test_links_lead_into_the_book(exercise):
    for link in {exercise.book, *(mistake.book for mistake in exercise.mistakes)} - {""}:
        page, label = link.split(".html#")
        source = ROOT / "book" / f"{page}.md"
        assert source.exists(), link
        assert f"\n({label})=\n" in source.read_text(encoding="utf-8"), link


def test_the_text_tells_points_and_pages(chapter):
    solution = ROOT / "solutions" / f"{chapter}.md"
    cells = jupytext.read(solution, fmt="md:myst").cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")

    code = sum(exercise.points for exercise in CHAPTERS[chapter] if not exercise.extra)
    extra = sum(exercise.points for exercise in CHAPTERS[chapter] if exercise.extra)
    written = sum(cell.metadata.get("points", 0) for cell in cells)
    assert f"{code:g} points for code and {written:g} for" in text
    assert not extra or f"its {extra:g} points come on top" in text
    assert (code + written) % 5 == 0

    titles = {
        line.removeprefix("# ")
        for page in (ROOT / "book").glob("**/*.md")
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("# ")
    }
    named = re.findall(r"\*([^*]+)\*", " ".join(re.findall(r"In the book: .*", text)))
    assert len(named) >= len(CHAPTERS[chapter])
    assert set(named) <= titles


def test_mistakes_travel_without_code(exercise):
    """What students get of a known mistake is its effect and no line of its source."""
    source = {line.strip() for line in inspect.getsource(exercise.reference).splitlines()}
    carried = json.dumps(exercise.known(exercise.drawn(0)), default=lambda array: array.tolist())
    assert not [line for line in source if len(line) > 20 and json.dumps(line)[1:-1] in carried]
    assert " of its cell" not in carried
