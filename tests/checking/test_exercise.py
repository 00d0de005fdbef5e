"""An exercise: its cases, partial credit with right helpers, the same verdict on every run."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from autograder.checking.exercise import Mistake, edited, helpers
from autograder.checking.feedback import as_text
from autograder.checking.plain import arrays, pack
from autograder.checking.probe import observe

from .toy import BLEND, DOUBLE, SCALE, SEED, TOTAL, Scale, double

ASSIGNMENT = (DOUBLE, TOTAL)


def assess(exercise, text, cells=None):
    """Assess cells as they stand in a notebook."""
    namespace = {"np": np}
    exec(text, namespace)
    asked = []

    def ask(drawn, names):
        asked.append(names)
        right = helpers(ASSIGNMENT, names)
        return [observe(exercise.contract, namespace, case, right) for case in drawn.cases]

    return exercise.assess(ask, SEED, cells), asked


RIGHT = "def total(a):\n    return double(a).sum(axis=0) / 2\n"


def test_a_right_answer_is_asked_once():
    verdict, asked = assess(TOTAL, "def double(a):\n    return 2 * a\n" + RIGHT)
    assert (verdict.status, verdict.points) == ("pass", 2)
    assert asked == [()]


@pytest.mark.parametrize(
    "helper",
    [
        "def double(a):\n    return 3 * a\n",
        "def double(a):\n    raise NotImplementedError\n",
        "def double(a):\n    return 1 / 0\n",
        "double = None\n",
        "",
    ],
    ids=["wrong", "unwritten", "stops", "no function", "missing"],
)
def test_a_mistake_in_an_earlier_answer_is_paid_for_once(helper):
    verdict, asked = assess(TOTAL, helper + RIGHT)
    assert (verdict.status, verdict.points) == ("pass", 2)
    assert verdict.finding is None
    assert not verdict.hints
    assert asked == [(), ("double",)]
    assert "checked with right ones" in as_text(verdict)


def test_an_answer_that_is_wrong_itself_is_wrong_with_right_helpers_too():
    wrong = "def double(a):\n    return 2 * a\n" + RIGHT.replace("axis=0", "axis=1")
    verdict, asked = assess(TOTAL, wrong)
    assert (verdict.status, verdict.points) == ("fail", 0)
    assert ("double",) in asked
    assert "checked with right ones" not in as_text(verdict)


def test_an_answer_that_does_without_its_helper_gets_its_points():
    own = "def total(a):\n    return a.sum(axis=0)\n"
    assert assess(TOTAL, own)[0].points == 2


def test_an_answer_that_fits_only_its_own_helper_keeps_its_points():
    own = "def double(a, twice):\n    return 2 * a\n"
    own += "def total(a):\n    return double(a, 1).sum(axis=0) / 2\n"
    assert assess(TOTAL, own)[0].points == 2


def test_each_part_gets_the_better_of_both():
    # With its own helper only the batch of one is right, with the right one only the others.
    own = (
        "def double(a):\n    return 2 * a if len(a) == 1 else a\n"
        "def total(a):\n    d = double(a)\n    return d.sum(axis=0) / 2\n"
    )
    verdict, _ = assess(TOTAL, own)
    assert [part.points for part in verdict.parts] == [1, 1]
    mixed = own.replace("d = double(a)", "d = double(a)\n    d = d if len(a) > 1 else 2 * a")
    assert assess(TOTAL, mixed)[0].points == 2


def test_a_mark_is_kept_whatever_helper_earned_the_points():
    own = (
        "def double(a):\n    return 3 * a\n"
        "def total(a):\n    name = 'double'\n    return eval(name)(a).sum(axis=0) / 2\n"
    )
    verdict, asked = assess(TOTAL, own, [own])
    assert (verdict.points, asked) == (2, [(), ("double",)])
    assert verdict.look == ("eval(name): a name made at run time",)


def test_what_is_told_comes_from_the_run_that_shows_a_known_mistake():
    averaged = Mistake("averaged", "You averaged.", (("sum(axis=0) / 2", "mean(axis=0)"),))
    total = replace(TOTAL, mistakes=(averaged,))
    own = "def double(a):\n    return 2 * a + 1\n"
    own += "def total(a):\n    return double(a).mean(axis=0)\n"
    verdict, _ = assess(total, own)
    assert [hint["name"] for hint in verdict.hints] == ["averaged"]
    assert "checked with right ones" in as_text(verdict)
    right = total.check(total.wrong["averaged"], SEED)
    assert verdict.finding == right.finding and verdict.points == right.points


def test_a_forbidden_answer_is_not_asked_again():
    text = "import torch\ndef total(a):\n    return torch.sum(torch.tensor(a), 0).numpy()\n"
    verdict, asked = assess(TOTAL, text, [text])
    assert verdict.points == 0
    assert asked == [()]


def test_a_helper_that_breaks_the_rules_costs_itself_alone():
    text = (
        "import torch\ndef double(a):\n    return torch.add(torch.tensor(a), a).numpy()\n" + RIGHT
    )
    verdict, asked = assess(TOTAL, text, [text])
    assert (verdict.points, asked) == (2, [(), ("double",)])


def test_an_answer_that_is_not_written_is_not_asked_again_but_one_that_waits_for_its_helper_is():
    left = "def {name}(a):\n    raise NotImplementedError()\n"
    verdict, asked = assess(TOTAL, left.format(name="double") + left.format(name="total"))
    assert (verdict.points, asked) == (0, [()])
    verdict, asked = assess(TOTAL, left.format(name="double") + RIGHT)
    assert (verdict.points, asked) == (2, [(), ("double",)])


def test_a_wrong_answer_is_asked_about_special_cases_with_the_helpers_that_helped():
    wrong = "def double(a):\n    return 0 * a\n" + RIGHT + "total_ = total\n"
    text = wrong + "def total(a):\n    return total_(a) if len(a) == 1 else double(a).max(axis=0)\n"
    verdict, asked = assess(TOTAL, text)
    assert [part.points for part in verdict.parts] == [1, 0]
    assert asked == [(), ("double",), ("double",)]


def test_stand_ins_are_pytorchs_own_where_an_exercise_names_one():
    import dataclasses

    import torch

    named = dataclasses.replace(SCALE, stand_in="torch.nn.LSTMCell")
    right = helpers((DOUBLE, named), ("double", "Scale", "not there"))
    assert right["double"] is double
    assert issubclass(right["Scale"], torch.nn.LSTMCell)
    assert set(right) == {"double", "Scale"}


def test_the_same_seed_gives_the_same_verdict():
    wrong = BLEND.wrong["b left out"]
    assert BLEND.check(wrong, SEED) == BLEND.check(wrong, SEED)
    assert SCALE.check(Scale, SEED) == SCALE.check(Scale, SEED)


def test_seeds_draw_different_inputs_of_the_same_kinds():
    one, two = BLEND.cases(1), BLEND.cases(2)
    assert [case.name for case in one] == [case.name for case in two]
    assert not np.array_equal(one[0].inputs["a"], two[0].inputs["a"])


def test_an_error_of_the_grader_gives_and_takes_nothing():
    import dataclasses

    def failing(draw):
        raise RuntimeError("no inputs")

    verdict = dataclasses.replace(DOUBLE, inputs=failing).check(double, SEED)
    assert (verdict.status, verdict.points) == ("grader error", 0)
    assert "no inputs" in verdict.notes[0]
    assert "no inputs" not in as_text(verdict)


def test_an_edit_must_fit_exactly_once():
    with pytest.raises(ValueError, match="stands 0 times"):
        edited(double, (("3 * a", "a"),))
    with pytest.raises(ValueError, match="stands"):
        edited(double, (("a", "b"),))


def test_every_mistake_fails_over_many_seeds():
    for seed in range(20):
        for wrong in BLEND.wrong.values():
            assert BLEND.check(wrong, seed).status == "fail"
        assert BLEND.check(BLEND.reference, seed).status == "pass"


def known(exercise, k, observation):
    """What ``Drawn.known`` gives for an observation of one case."""
    text, raw = pack({"observation": observation})
    return exercise.drawn(SEED).known(k, text.encode(), raw)


@pytest.mark.parametrize("exercise", [BLEND, TOTAL, SCALE], ids=lambda e: e.name)
def test_what_is_right_is_known_without_being_read(exercise):
    drawn = exercise.drawn(SEED)
    observed = exercise.observe(exercise.reference, drawn.cases)
    for k, observation in enumerate(observed):
        assert known(exercise, k, observation) == {"observation": drawn.expected[k]}
        for array in arrays(observation):
            array *= 1 + 1e-10 if array.dtype == np.float64 else 1 + 1e-6
        assert known(exercise, k, observation)["observation"] is drawn.expected[k]
    same = exercise.judge(drawn, drawn.expected)
    assert same == exercise.judge(drawn, copy.deepcopy(observed))
    assert same.status == "pass"


def nothing_at_all(observation):
    observation.clear()


def one_number(observation):
    arrays(observation)[-1].flat[-1] += 1e-3


def not_a_number(observation):
    arrays(observation)[0].flat[0] = np.nan


def a_change(observation):
    observation["changed"] = ["a"]


def another_answer(observation):
    observation["repeats"] = False


def a_call(observation):
    observation["called"] = ["torch.lstm"]


@pytest.mark.parametrize(
    "spoil", [nothing_at_all, one_number, not_a_number, a_change, another_answer, a_call]
)
def test_what_is_wrong_is_never_known(spoil):
    drawn = BLEND.drawn(SEED)
    for k, observation in enumerate(BLEND.observe(BLEND.reference, drawn.cases)):
        spoil(observation)
        assert known(BLEND, k, observation) is None


def test_what_is_laid_out_in_another_way_is_not_known():
    observation = BLEND.drawn(SEED).expected[0]
    text, raw = pack({"observation": observation})
    text = text.encode()
    k_of = BLEND.drawn(SEED).known
    assert k_of(0, text, raw) is not None
    assert k_of(0, text, raw[:-8]) is None
    assert k_of(0, text, raw + bytes(8)) is None
    assert k_of(0, text.replace(b"<f8", b"<i8"), raw) is None
    assert k_of(1, text, raw) is None
