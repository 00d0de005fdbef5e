"""Classes made by code."""

import nbformat

from autograder import course
from autograder.assignments.example import grade_id


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
