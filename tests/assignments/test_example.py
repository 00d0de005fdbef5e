"""Classes made by code."""

import csv
import re

import nbformat
import pytest

from autograder import course, example_class
from autograder.assignments.example import grade_id
from autograder.exercises import CHAPTERS


def test_a_mixed_class_is_the_same_each_time_and_no_two_students_alike():
    maker = course.maker("lstm")
    made = list(maker.mixed(60))
    assert made == list(course.maker("lstm").mixed(60))
    assert {"everything right", "nothing done"} < {one.says for one in made}
    assert sum(": " in one.says for one in made) > 10
    answers = {}
    for one in made:
        notebook = nbformat.reads(one.notebook.decode(), as_version=4)
        for cell in notebook.cells:
            name = grade_id(cell)
            if name in maker.solutions and one.student in cell.source:
                assert answers.setdefault(cell.source, one.student) == one.student
    assert set(answers.values()) == {s.student for s in made if s.says != "nothing done"}


@pytest.mark.parametrize("assignment", CHAPTERS)
def test_what_is_handed_in_holds_nothing_of_the_key(assignment):
    maker = course.maker(assignment)
    for cell in maker.solved().cells:
        if grade_id(cell) not in maker.solutions:
            continue
        for word in ("### ", "alf a point", "Either", "enough.)", "One point"):
            assert word not in cell.source, (grade_id(cell), word)
        if cell.cell_type == "code":
            compile(cell.source, grade_id(cell), "exec")
        else:
            questions, answers = re.split(r"\n\n(?=1\. )", cell.source)[1:]
            numbers = [re.findall(r"^\d\.", part, re.MULTILINE) for part in (questions, answers)]
            assert numbers[0] == numbers[1] and numbers[0]


def test_the_students_of_the_example_class_have_names():
    """It is made by `make example`, which `make test` runs first."""
    with example_class.GRADES.open(encoding="utf-8", newline="") as file:
        names = {r["student_id"]: (r["first_name"], r["last_name"]) for r in csv.DictReader(file)}
    assert names["ada"] == ("Ada", "Example")
    assert names["student-lstm-step"] == ("Lstm-Step", "Example")
    assert all(first and last for first, last in names.values())
