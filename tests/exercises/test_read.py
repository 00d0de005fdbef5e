"""The rules leave alone what is right, and what is wrong for other reasons than breaking them."""

import ast
import inspect

import jupytext

from autograder.checking.exercise import edited_source
from autograder.checking.rules import Reading, read
from autograder.exercises import CHAPTERS

from .conftest import ROOT


def cell_of(module):
    """The text of a module as a notebook could hold it: without what it imports of the course."""
    tree = ast.parse(inspect.getsource(module))
    tree.body = [
        node
        for node in tree.body
        if not isinstance(node, ast.ImportFrom)
        or not (node.level or node.module.startswith("autograder"))
    ]
    return ast.unparse(tree)


def cells(exercise):
    """Each right answer and known mistake of an exercise, as cells of a notebook."""
    for answer in (exercise.reference, *exercise.alternatives):
        module = inspect.getmodule(answer)
        names = [name for name, value in vars(module).items() if value is answer]
        if names:
            same = f"{exercise.name} = {names[0]}" if names[0] != exercise.name else ""
            yield names[0], [cell_of(module), same]
    whole = cell_of(inspect.getmodule(exercise.reference))
    for mistake in exercise.mistakes:
        if mistake.function is None:
            yield mistake.name, [whole, edited_source(exercise.reference, mistake.edits)]


FORBIDDEN = {"an LSTM in the place of the GRU"}
"""Known mistakes that use another network than the one that is allowed."""


def test_right_answers_and_known_mistakes_break_no_rule(exercise):
    for name, texts in cells(exercise):
        reading = read(exercise.contract, texts)
        assert name in FORBIDDEN or reading.forbidden == (), name
        assert reading.unclear + reading.of_all == (), name


def test_a_solution_breaks_no_rule(chapter):
    notebook = jupytext.read(ROOT / "solutions" / f"{chapter}.md", fmt="md:myst")
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for exercise in CHAPTERS[chapter]:
        reading = read(exercise.contract, texts)
        assert reading == Reading(), exercise.name
