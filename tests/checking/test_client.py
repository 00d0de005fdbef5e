"""The check at the student's side: from the released folder's files alone."""

import numpy as np
import pytest

from autograder.checking.client import Check, cells_of
from autograder.checking.plain import save

from .toy import BLEND, DOUBLE, SCALE, SEED, TOTAL, Scale, blend, double, total


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    path = tmp_path_factory.mktemp("released") / "cases.npz"
    exercises = {e.name: e.public(SEED) for e in (BLEND, DOUBLE, TOTAL, SCALE)}
    save(path, {"book": "https://book/", "exercises": exercises})
    return Check(path)


def test_a_right_answer_is_told_so(check):
    for name, answer in (("blend", blend), ("double", double), ("Scale", Scale)):
        feedback = check(name, {name: answer})
        assert feedback.verdict.status == "pass"
        assert "Grading uses other inputs" in repr(feedback)


def test_the_callers_names_are_looked_at(check):
    source = "def double(a):\n    return 2 * a\nfeedback = check('double')\n"
    namespace = {"check": check}
    exec(source, namespace)
    assert namespace["feedback"].verdict.status == "pass"


def test_an_unknown_exercise_is_named_with_those_that_there_are(check):
    with pytest.raises(ValueError, match=r"no exercise 'duble'; there are: blend, double"):
        check("duble", {})


@pytest.mark.parametrize("name", BLEND.wrong)
def test_known_mistakes_are_named(check, name):
    feedback = check("blend", {"blend": BLEND.wrong[name]})
    assert [hint["name"] for hint in feedback.verdict.hints] == [name]
    assert "https://book/toy.html#blend" in feedback._repr_html_()


@pytest.mark.parametrize("pair", BLEND.pairs, ids=" and ".join)
def test_two_mistakes_at_once_are_named(check, pair):
    feedback = check("blend", {"blend": BLEND.pairs[pair]})
    assert tuple(hint["name"] for hint in feedback.verdict.hints) == pair


def test_public_cases_show_values_and_special_cases(check):
    feedback = check("blend", {"blend": lambda a, b, gate: blend(a, 1.5 * b, gate)})
    assert "expected" in repr(feedback)
    assert "It is right where b is zero" in repr(feedback)


def test_an_earlier_answer_that_is_wrong_is_to_be_mended_first(check):
    namespace = {"double": lambda a: 3 * a}
    exec("def total(a):\n    return double(a).sum(axis=0) / 2\n", namespace)
    assert "Mend double first" in repr(check("total", namespace))
    namespace["double"] = double
    assert check("total", namespace).verdict.status == "pass"


def test_the_rules_are_told_at_once(check):
    namespace = {"In": ["import torch", "def double(a):\n    return torch.add(a, a)"]}
    exec("import torch\ndef double(a):\n    return torch.add(a, a)", namespace)
    assert check("double", namespace).verdict.finding.stage == "rules"


def test_what_is_left_to_the_instructor_is_not_told_here(check):
    history = ["def double(a:\n    return a", "print('double' in globals())", "double = eval('x')"]
    feedback = check("double", {"In": history, "double": double})
    assert feedback.verdict.status == "pass"
    assert "instructor" not in repr(feedback)


def test_texts_come_from_the_history_or_from_the_answer():
    assert cells_of(DOUBLE.contract, {"In": ["a", "b"]}) == ["a", "b"]
    assert cells_of(DOUBLE.contract, {"In": ["#" * 200_000, "a", "b"]}) == ["a", "b"]
    assert "def double" in cells_of(DOUBLE.contract, {"double": double})[0]
    assert cells_of(DOUBLE.contract, {"double": np.add}) == []
    assert cells_of(DOUBLE.contract, {}) == []
    assert "def total" in cells_of(TOTAL.contract, {"In": 3, "total": total})[0]


def test_no_hint_is_given_away_with_the_cases_in_double_precision():
    carried = BLEND.public(SEED)["mistakes"]
    assert all(
        seen["value"][0]["array"].dtype == np.float32 for m in carried for seen in m["observed"]
    )
