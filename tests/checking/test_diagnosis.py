"""Diagnosis: known mistakes and pairs of them are named, others are told what holds."""

import dataclasses

import numpy as np
import pytest
import torch

from autograder.checking.contract import Case
from autograder.checking.diagnosis import diagnose, right_where, variants
from autograder.checking.exercise import Exercise, Mistake, Part
from autograder.checking.feedback import as_html, as_text

from .toy import BLEND, DOUBLE, SCALE, SEED, TOTAL, Scale, blend, look


def names(verdict):
    return [hint["name"] for hint in verdict.hints]


def told(exercise, answer):
    """What a student reads of a wrong answer that makes no known mistake."""
    verdict = exercise.check(answer, SEED)
    assert verdict.status == "fail"
    assert not verdict.hints
    return "\n".join(verdict.notes)


def test_numbers_that_are_right_look_like_no_mistake_in_precision():
    class Single(Scale):
        def forward(self, x):
            return tuple(out.float() for out in Scale.forward(self, x))

    class Narrow(Scale):
        def __init__(self, size):
            super().__init__(size)
            torch.nn.init.uniform_(self.bias, -0.1, 0.1)

    exercise = dataclasses.replace(SCALE, mistakes=(Mistake("single", "", function=Single),))
    drawn = exercise.drawn(SEED)
    for answer, named in ((Single, ["single"]), (Narrow, [])):
        observed = exercise.observe(answer, drawn.cases)
        assert names(exercise.check(answer, SEED)) == named
        told = diagnose(exercise.contract, observed, exercise.known(drawn))
        assert [hint["name"] for hint in told] == named


@pytest.mark.parametrize("mistake", BLEND.mistakes, ids=lambda m: m.name)
def test_every_known_mistake_is_named(mistake):
    verdict = BLEND.check(BLEND.wrong[mistake.name], SEED)
    assert names(verdict) == [mistake.name]
    for text in (as_text(verdict, book="https://book/"), as_html(verdict, book="https://book/")):
        assert mistake.hint in text
        assert "https://book/toy.html#blend" in text


def test_pairs_are_made_where_both_edits_still_fit():
    # "sum over the batch" and "mean for sum" fit in one order alone.
    assert set(BLEND.pairs) == {
        ("gate on the wrong side", "summed over the batch"),
        ("gate on the wrong side", "mean for sum"),
        ("summed over the batch", "mean for sum"),
        ("summed over the batch", "b left out"),
        ("mean for sum", "b left out"),
    }


@pytest.mark.parametrize(
    "pair",
    [
        ("gate on the wrong side", "summed over the batch"),
        ("gate on the wrong side", "mean for sum"),
        ("summed over the batch", "mean for sum"),
    ],
)
def test_two_mistakes_at_once_are_both_named(pair):
    verdict = BLEND.check(BLEND.pairs[pair], SEED)
    assert tuple(names(verdict)) == pair
    for text in (as_text(verdict), as_html(verdict)):
        assert "two mistakes at once" in text
        assert all(m.hint in text for m in BLEND.mistakes if m.name in pair)


def test_what_a_student_carries_names_mistakes_and_pairs_too():
    drawn = BLEND.drawn(SEED)
    known = BLEND.known(drawn)
    for pair, wrong in [*BLEND.pairs.items(), *(((n,), w) for n, w in BLEND.wrong.items())]:
        observed = BLEND.observe(wrong, drawn.cases)
        assert tuple(h["name"] for h in diagnose(BLEND.contract, observed, known)) == pair


def test_a_right_answer_makes_no_known_mistake():
    drawn = BLEND.drawn(SEED)
    observed = BLEND.observe(blend, drawn.cases)
    assert BLEND.diagnose(drawn, observed) == []
    assert diagnose(BLEND.contract, observed, BLEND.known(drawn)) == []


def scaled(factor):
    def answer(a, b, gate):
        mixed, total = blend(a, b, gate)
        return mixed, factor * total

    return answer


def mixed_as(change):
    def answer(a, b, gate):
        mixed, total = blend(a, b, gate)
        return change(mixed), total

    return answer


def late(mixed):
    return np.concatenate([mixed[:1] * 0, mixed[:-1]])


def last_step(mixed):
    return first_step(mixed[::-1])[::-1]


def first_step(mixed):
    return np.concatenate([mixed[:1], mixed[1:] + 1])


RELATIONS = {
    "total: right to float32's precision": lambda a, b, gate: (
        blend(a, b, gate)[0],
        blend(a, b, gate)[1].astype(np.float32).astype(a.dtype),
    ),
    "total: every sign is turned": scaled(-1),
    "total: right up to a constant factor": scaled(0.5),
    "total: it is zero everywhere": scaled(0),
    "total: right up to a factor that depends on the case": lambda a, b, gate: (
        blend(a, b, gate)[0],
        blend(a, b, gate)[1] / (len(a) + a.shape[2]),
    ),
    "mixed: the steps are in reverse order": mixed_as(lambda m: m[::-1]),
    "mixed: right, but one step late": mixed_as(late),
    "mixed: the first step is right, those after it are not": mixed_as(first_step),
    "mixed: the last step is right, those before it are not": mixed_as(last_step),
    "mixed: it is transposed": mixed_as(lambda m: m.swapaxes(1, 2)),
    "mixed: its first two axes are swapped": mixed_as(lambda m: m.swapaxes(0, 1)),
    "mixed: the values are right, the shape is not": mixed_as(lambda m: m.ravel()),
    "mixed: it is the input b, unchanged": lambda a, b, gate: (b, blend(a, b, gate)[1]),
    "Right in every case: mixed": scaled(3),
    "It is right where b is zero": lambda a, b, gate: blend(a, 1.5 * b, gate),
    "a and b are the same": lambda a, b, gate: blend(b + 0 * a, (a + b) / 2 + 0 * b, gate),
}


@pytest.mark.parametrize("says", RELATIONS)
def test_what_holds_is_told(says):
    assert says in told(BLEND, RELATIONS[says])


def test_swapped_outputs_are_told():
    def answer(x, y):
        return x + y, x - y

    exercise = Exercise(
        reference=answer,
        inputs=lambda draw: {"x": draw.normal(draw.B), "y": draw.normal(draw.B)},
        returns=("sum", "difference"),
        axes={},
        parts=(Part("both", 1),),
    )
    says = told(exercise, lambda x, y: (x - y, x + y))
    assert "sum: what comes back in its place is difference" in says


SQUASHED = {
    "it is the value before the last tanh": lambda a: a,
    "one tanh too many": lambda a: np.tanh(np.tanh(a)),
    "a sigmoid where tanh belongs": lambda a: 1 / (1 + np.exp(-a)),
    "inside the last tanh, it is off by the same amount in every batch row": (
        lambda a: np.tanh(a + np.arange(a.shape[1]) / 8)
    ),
}


@pytest.mark.parametrize("says", SQUASHED)
def test_a_missing_or_other_squashing_function_is_told(says):
    exercise = Exercise(
        reference=np_tanh,
        inputs=lambda draw: {"a": draw.normal(draw.B, draw.H)},
        returns="s",
        axes={"s": ("batch row", "unit")},
        parts=(Part("s", 1),),
        sizes=tuple(s for s in DOUBLE.sizes if s.scale < 1),
    )
    assert says in told(exercise, SQUASHED[says])


def np_tanh(a):
    return np.tanh(a)


def stack(W_i, W_f, W_o):
    return np.concatenate([W_i, W_f, W_o])


GATES = Exercise(
    reference=stack,
    inputs=lambda draw: {f"W_{g}": draw.normal(draw.H, draw.I) for g in "ifo"},
    returns="weight",
    axes={"weight": ("gate", "input feature")},
    gates="ifo",
    parts=(Part("weight", 1),),
)


def test_gates_in_another_order_are_told():
    says = told(GATES, lambda W_i, W_f, W_o: np.concatenate([W_f, W_o, W_i]))
    assert "right, with its gates in the order f, o, i instead of i, f, o" in says


def test_gates_that_are_right_are_told():
    verdict = GATES.check(lambda W_i, W_f, W_o: np.concatenate([W_i, W_f, W_o + 1]), SEED)
    assert verdict.finding.holds == "nothing wrong at gates i, f"
    assert "gate o, unit 0" in verdict.finding.says


@pytest.mark.parametrize(
    "axis, right, says",
    [
        ("class", [0, 2], "nothing wrong at classes 0, 2"),
        ("t =", [0, 2], "nothing wrong at t = 0, 2"),
        ("draw", range(30), "nothing wrong at 30 of 40 draws"),
    ],
)
def test_what_is_right_along_an_axis_is_told_in_few_words(axis, right, says):
    exercise = Exercise(
        reference=np_tanh,
        inputs=lambda draw: {"a": draw.normal(40 if axis == "draw" else 4)},
        returns="s",
        axes={"s": (axis,)},
        parts=(Part("s", 1),),
    )
    wrong = exercise.check(lambda a: np.tanh(a) + ~np.isin(np.arange(len(a)), right), SEED)
    assert wrong.finding.holds == says


def test_right_cases_are_told():
    def but_one_row(a):
        return 2 * a if len(a) > 1 else a

    def one_row(a):
        return 2 * a if len(a) == 1 else a

    assert "Right in every case but “a batch of one”." in told(DOUBLE, but_one_row)
    assert "Right in the case “a batch of one”; wrong in the others." in told(DOUBLE, one_row)


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda mixed, total: (mixed + 1, total + 1), "wrong for more: look at what is carried"),
        (lambda mixed, total: (mixed + 1, total), "wrong for more."),
        (lambda mixed, total: (mixed[1:], total + 1), "wrong for more."),
    ],
    ids=["everything wrong", "one output right", "wrong shape"],
)
def test_one_step_right_and_many_wrong_is_told(change, says):
    def answer(a, b, gate):
        right = blend(a, b, gate)
        return right if len(a) == 1 else change(*right)

    assert f"Right for one step, {says}" in told(BLEND, answer)


def test_gradients_are_told_apart_from_values():
    class Cut(Scale):
        def forward(self, x):
            return x * self.weight, x + self.bias.detach()

    assert "The values are right; the gradients are not." in told(SCALE, Cut)


def test_special_cases_leave_the_case_alone_and_reach_every_input():
    case = Case(
        "c",
        {
            "init": {"size": 2},
            "parameters": {"weight_ih": np.ones((4, 3)), "bias": np.ones(4)},
            "arguments": {"x": np.ones(3), "state": (np.ones(2), np.ones(2))},
        },
    )
    contract = GATES.contract.__class__.from_plain(GATES.contract.to_plain() | {"gates": "zr"})
    made = {special.name: special.inputs for special in variants(contract, case)}
    assert not made["weight_ih is zero"]["parameters"]["weight_ih"].any()
    assert not made["state[1] is zero"]["arguments"]["state"][1].any()
    assert "state[0] and state[1] are the same" in made
    assert "the weights of z and r are the same" in made
    assert all(
        (array == 1).all()
        for array in (*case.inputs["parameters"].values(), case.inputs["arguments"]["x"])
    )


def test_a_special_case_that_the_reference_cannot_take_says_nothing():
    cases, expected, observed = look(DOUBLE, lambda a: a)
    stopped = {"stage": "runs", "type": "ValueError", "message": "", "line": ""}
    failed = [want | {"problem": stopped, "value": None} for want in expected]
    assert right_where(DOUBLE.contract, "values", cases, failed, observed) == []


def special(exercise, implementation):
    """What is told of the special cases in which an implementation is right."""
    cases = variants(exercise.contract, exercise.cases(1)[0])
    expected, observed = exercise.expected(cases), exercise.observe(implementation, cases)
    return right_where(exercise.contract, "values", cases, expected, observed)


def test_special_cases_tell_nothing_of_an_answer_that_is_right_in_the_case_as_it_is():
    assert special(BLEND, lambda a, b, gate: blend(a, 1.5 * b, gate))
    assert special(BLEND, BLEND.reference) == []


def test_special_cases_tell_nothing_of_an_answer_that_is_only_rounded():
    def rounded(a, b, gate):
        mixed, total = blend(a, b, gate)
        return mixed + 1e-7 * b, total

    assert special(BLEND, rounded) == []


def test_a_wrong_yes_or_no_has_no_relation_to_the_right_one():
    exercise = Exercise(
        reference=np.isnan,
        inputs=lambda draw: {"a": np.full(draw.B, np.nan)},
        returns="mask",
        parts=(Part("mask", 1),),
    )
    assert "zero everywhere" not in told(exercise, lambda a: ~np.isnan(a))


def test_special_cases_in_which_almost_anything_is_right_are_left_out():
    assert special(DOUBLE, lambda a: 3 * a) == []


def test_a_wrong_dtype_is_no_wrong_shape():
    assert "the shape is not" not in told(DOUBLE, lambda a: (2 * a).astype(np.float32))


# --- nothing is given away ----------------------------------------------------------------------


def numbers(observation):
    """The numbers of an observation, as a feedback might write them."""
    if isinstance(observation, np.ndarray):
        values = {f"{abs(v):.{d}f}" for v in observation.ravel().astype(float) for d in (3, 4, 6)}
        return {v for v in values if v.strip("0.") and len(v.strip("0.")) > 2}
    if isinstance(observation, dict):
        return set().union(*map(numbers, observation.values()))
    if isinstance(observation, tuple | list):
        return set().union(*map(numbers, observation))
    return set()


@pytest.mark.parametrize("exercise", [BLEND, DOUBLE, SCALE, TOTAL], ids=lambda e: e.name)
def test_no_expected_value_of_a_hidden_case_is_shown(exercise):
    class Wrong(Scale):
        def forward(self, x):
            return torch.tanh(x), x * 1

    answers = [Wrong] if exercise is SCALE else [*RELATIONS.values(), lambda a: a + 0.1]
    for answer in answers:
        verdict = exercise.check(answer, SEED)
        expected = set().union(*map(numbers, exercise.drawn(SEED).expected))
        assert expected
        for text in (as_text(verdict), as_html(verdict)):
            assert not [number for number in expected if number in text]
