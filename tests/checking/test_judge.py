"""The judge: the order of judging, what each stage says, and observations that are nonsense."""

import copy
import dataclasses
import functools
import html

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from autograder.checking.contract import Part
from autograder.checking.diagnosis import diagnose, holds, right_where
from autograder.checking.exercise import Size
from autograder.checking.feedback import TITLES, as_html, as_text
from autograder.checking.judge import STAGES, judge, readable
from autograder.checking.probe import observe
from autograder.exercises import CHAPTERS

from .toy import (
    BLEND,
    DOUBLE,
    MEASURE,
    SCALE,
    SEED,
    TOTAL,
    Scale,
    blend,
    double,
    look,
    measure,
)


def broken(**changes):
    """A module that is right but for some methods."""
    return type("Scale", (Scale,), changes)


def changing(a):
    a *= 2
    return a


def remembering():
    calls = []

    def answer(a):
        calls.append(1)
        return 2 * a + 3e-9 * (len(calls) % 2)

    return answer


def without_gradient(self, x):
    scaled, shifted = Scale.forward(self, x)
    return scaled, shifted.detach() + 0 * scaled.detach()


def spread_wrong(self, size):
    Scale.__init__(self, size)
    nn.init.uniform_(self.weight, -9, 9)


def more_parameters(self, size):
    Scale.__init__(self, size)
    self.more = nn.Parameter(torch.ones(1))


def unwritten(a):
    raise NotImplementedError


EXAMPLES = {
    "callable": (DOUBLE, 3, "double is a int and can't be called"),
    "written": (DOUBLE, unwritten, "double"),
    "rules": (
        DOUBLE,
        lambda a: torch.add(torch.tensor(a), torch.tensor(a)).numpy(),
        "NumPy alone",
    ),
    "signature": (DOUBLE, lambda: 1, "can't be called with its arguments"),
    "builds": (SCALE, broken(__init__=lambda self, size: 1 / 0), "ZeroDivisionError"),
    "module": (SCALE, lambda size: 3, "subclass of torch.nn.Module"),
    "parameters": (SCALE, broken(__init__=more_parameters), "more not asked for"),
    "runs": (DOUBLE, lambda a: a[100], "stopped with IndexError"),
    "structure": (BLEND, lambda a, b, gate: a, "expected (mixed, total)"),
    "type": (DOUBLE, lambda a: "two", "a string; expected a NumPy array"),
    "shape": (DOUBLE, lambda a: 2 * a[1:], "expected (3, 4)"),
    "dtype": (DOUBLE, lambda a: np.ones(a.shape, int), "expected floating point"),
    "finite": (DOUBLE, lambda a: 0 * a / 0, "nan first at batch row 0, unit 0"),
    "values": (DOUBLE, lambda a: a, "wrong first at batch row 0, unit 0"),
    "unmodified": (DOUBLE, changing, "the call changed a"),
    "repeatable": (DOUBLE, remembering(), "the second time"),
    "more": (MEASURE, lambda a: {"size": a.size, **measure(a)}, "has size as well"),
    "gradients": (SCALE, broken(forward=without_gradient), "shifted is cut off from the graph"),
    "initial": (SCALE, broken(__init__=spread_wrong), "weight of a new module"),
}


def test_every_stage_has_a_title_and_an_example():
    assert set(TITLES) == set(STAGES) == {"exists", *EXAMPLES}


@pytest.mark.parametrize("stage", EXAMPLES)
def test_each_stage_says_what_is_wrong(stage):
    exercise, answer, says = EXAMPLES[stage]
    verdict = exercise.check(answer, SEED)
    assert verdict.finding.stage == stage
    assert says in verdict.finding.says
    for text in (as_text(verdict), html.unescape(as_html(verdict))):
        assert TITLES[stage] in text


@pytest.mark.parametrize("exercise", [DOUBLE, BLEND, MEASURE], ids=lambda e: e.name)
def test_who_returns_nothing_is_asked_for_the_return(exercise):
    def answer(*given):
        pass

    says = exercise.check(answer, SEED).finding.says
    assert says.startswith("it returns None: is the return missing?")


def test_who_returns_none_for_one_of_two_is_not_asked_for_the_return():
    verdict = BLEND.check(lambda a, b, gate: (None, blend(a, b, gate)[1]), SEED)
    assert verdict.finding.says == "mixed: None; expected a NumPy array"


def missing(namespace):
    """What is said of an answer that a namespace doesn't have by its name."""
    drawn = DOUBLE.drawn(SEED)
    observed = [observe(DOUBLE.contract, namespace, case) for case in drawn.cases]
    verdict = DOUBLE.judge(drawn, observed)
    assert verdict.finding.stage == "exists" and verdict.points == 0
    return verdict.finding.says


def test_a_missing_answer_says_which():
    others = {"doughnut": double, "duo": double, "doubles": 3, "couple": double, "rouble": double}
    for namespace in ({}, others):
        assert missing(namespace) == "there is no double; run the cell that defines it"


@pytest.mark.parametrize("name", ["doulbe", "doble", "doubles", "Double", "dou_ble"])
def test_an_answer_whose_name_is_misspelled_is_found(name):
    assert f"there is a {name}: call it double" in missing({"triple": np.sum, name: double})


def test_no_answer_is_taken_for_another_one_misspelled():
    for exercises in CHAPTERS.values():
        namespace = {e.name: e.reference for e in exercises}
        for exercise in exercises:
            others = {name: own for name, own in namespace.items() if name != exercise.name}
            (seen,) = [observe(exercise.contract, others, c) for c in exercise.cases(SEED)[:1]]
            assert seen["problem"]["message"] == "", exercise.name


def test_the_first_stage_that_fails_is_read_first():
    def answer(a, b, gate):
        mixed, total = blend(a, b, gate)
        mixed[:] = np.nan
        return mixed, total[:1]

    verdict = BLEND.check(answer, SEED)
    assert verdict.finding.stage == "shape"
    stages = [part.finding.stage for part in verdict.parts]
    assert stages == ["shape", "finite", "shape"]


def test_stages_stand_in_the_order_of_judging():
    order = (
        "exists callable written rules signature builds module parameters runs structure type "
        "shape dtype finite values unmodified repeatable more gradients initial"
    )
    assert " ".join(STAGES) == order


def test_points_follow_what_is_right():
    def mixed_right(a, b, gate):
        mixed, total = blend(a, b, gate)
        return mixed, 2 * total

    def one_step_right(a, b, gate):
        mixed, total = blend(a, b, gate)
        return (mixed, total) if len(a) == 1 else (0 * mixed, total)

    assert [p.points for p in BLEND.check(mixed_right, SEED).parts] == [0, 2, 0]
    assert [p.points for p in BLEND.check(one_step_right, SEED).parts] == [1, 0, 1]


def test_conduct_costs_the_last_part_alone_whatever_its_cases():
    parts = (Part("values", 1), Part("one hidden unit", 1, cases=("one hidden unit",)))
    exercise = dataclasses.replace(DOUBLE, parts=parts)
    assert [p.points for p in exercise.check(changing, SEED).parts] == [1, 0]


def test_what_no_part_names_costs_the_last():
    parts = (
        Part("one step", 1, cases=("one step",)),
        Part("a batch of one", 1, cases=("a batch of one",)),
    )
    exercise = dataclasses.replace(DOUBLE, parts=parts)

    def answer(a):
        return double(a) if a.shape[1] != 1 else a

    assert [p.points for p in exercise.check(answer, SEED).parts] == [1, 0]


def test_a_key_of_a_returned_dict_stands_for_its_output_alone():
    def less(a):
        return {"twice": 2 * a}

    def more(a):
        return measure(a) | {"size": a.size}

    verdict = MEASURE.check(less, SEED)
    assert [p.points for p in verdict.parts] == [0, 1, 0]
    assert "the returned dict has no 'shape'" in verdict.finding.says
    assert [p.points for p in MEASURE.check(more, SEED).parts] == [1, 1, 0]
    assert [p.points for p in MEASURE.check(lambda a: {}, SEED).parts] == [0, 0, 0]


def test_a_number_in_the_place_of_a_tuple_is_told():
    says = MEASURE.check(lambda a: {"twice": 2 * a, "shape": a.size}, SEED).finding.says
    assert "a number (int); expected a tuple" in says


def test_gradients_are_worth_their_points_where_they_are_looked_at():
    float32 = dataclasses.replace(SCALE.sizes[1], gradients=False)
    exercise = dataclasses.replace(SCALE, sizes=(SCALE.sizes[0], float32))

    class Wrong(Scale):
        def forward(self, x):
            scaled, shifted = super().forward(x)
            return scaled if x.dtype == torch.float64 else 2 * scaled, shifted

    Wrong.__name__ = "Scale"
    assert [p.points for p in exercise.check(Wrong, SEED).parts] == [0, 1, 1]
    assert [p.points for p in SCALE.check(Wrong, SEED).parts] == [0, 1, 0]


def test_wrong_values_are_worth_no_gradients():
    def forward(self, x):
        scaled, shifted = Scale.forward(self, x)
        return scaled, shifted + 1

    verdict = SCALE.check(broken(forward=forward), SEED)
    assert [p.points for p in verdict.parts] == [1, 0, 0]


def test_a_parameter_without_a_gradient_is_named():
    def forward(self, x):
        return x * self.weight, x + self.bias.detach()

    verdict = SCALE.check(broken(forward=forward), SEED)
    assert verdict.finding.stage == "gradients"
    assert "no gradient reaches bias" in verdict.finding.says
    assert "a gradient reaches x, weight" in verdict.finding.holds


def test_a_wrong_gradient_is_named():
    def forward(self, x):
        twice = self.bias + (self.bias - self.bias.detach())
        return x * self.weight, x + twice

    verdict = SCALE.check(broken(forward=forward), SEED)
    assert "gradient of bias: wrong" in verdict.finding.says
    assert verdict.points == 2


def test_a_gradient_that_overflows_is_said_to_be_not_finite():
    def overflowing(self, x):
        scaled, shifted = Scale.forward(self, x)
        # Its value is 0; its slope is infinity times 0.
        nothing = 1 / (1 + torch.exp(1e4 + 0 * self.bias))
        return scaled, shifted + nothing

    verdict = SCALE.check(broken(forward=overflowing), SEED)
    assert "gradient of bias: not finite" in verdict.finding.says
    assert [part.points for part in verdict.parts] == [1, 1, 0]


@pytest.mark.parametrize(
    "spread, says",
    [
        (nn.init.zeros_, "is zero everywhere"),
        (nn.init.uniform_, "is not centred on zero"),
        (nn.init.normal_, "goes too far from zero"),
        (lambda p: nn.init.uniform_(p, -0.1, 0.1), "stays too close to zero"),
        (lambda p: nn.init.constant_(p, torch.nan), "holds nan"),
    ],
)
def test_it_is_said_how_new_parameters_are_off(spread, says):
    def other(self, size):
        Scale.__init__(self, size)
        spread(self.bias)

    verdict = SCALE.check(broken(__init__=other), SEED)
    assert f"bias of a new module {says}" in verdict.finding.says
    assert [part.points for part in verdict.parts] == [1, 1, 0]


def test_where_parameters_are_missing_it_is_said_what_a_parameter_is():
    def plain(self, size):
        Scale.__init__(self, size)
        del self.bias
        self.bias = torch.zeros(size)

    says = SCALE.check(broken(__init__=plain), SEED).finding.says
    assert "bias missing" in says and "nn.Parameter" in says
    says = SCALE.check(broken(__init__=more_parameters), SEED).finding.says
    assert "more not asked for" in says and "nn.Parameter" not in says


@pytest.mark.parametrize("exercise", [BLEND, SCALE], ids=lambda e: e.name)
def test_scores_do_not_depend_on_the_order_of_cases(exercise):
    """Nor on what was judged before: each case is judged by itself."""
    wrong = BLEND.wrong["mean for sum"]
    if exercise is SCALE:
        wrong = broken(forward=without_gradient)
    cases = exercise.cases(SEED)
    expected, observed = exercise.expected(cases), exercise.observe(wrong, cases)
    points = [part.points for part in exercise.check(wrong, SEED).parts]
    assert 0 < sum(points) < exercise.points
    back = [list(reversed(each)) for each in (cases, expected, observed)]
    again = exercise.observe(wrong, back[0])
    for seen in (back[2], again):
        verdict = judge(exercise.contract, back[0], back[1], seen)
        assert [part.points for part in verdict.parts] == points


def test_a_backward_pass_that_stops_is_told():
    def forward(self, x):
        scaled = torch.sigmoid(x * self.weight)
        wrong = scaled * 1
        with torch.no_grad():
            scaled.add_(1)
        return wrong, x + self.bias

    def cut(self, x):
        return torch.tensor((x * self.weight).tolist()), (x + self.bias).detach()

    assert SCALE.check(broken(forward=forward), SEED).status == "fail"
    verdict = SCALE.check(broken(forward=cut), SEED)
    assert verdict.status == "fail"


def test_a_change_in_place_of_a_given_tensor_is_explained():
    def forward(self, x):
        x *= self.weight
        return x, x

    verdict = SCALE.check(broken(forward=forward), SEED)
    assert "make a new one instead" in verdict.finding.says


def test_nothing_passes_by_default():
    cases = DOUBLE.cases(SEED)
    expected = DOUBLE.expected(cases)
    for observed in (None, [], [None] * len(cases), expected[:-1], "pass", {"status": "pass"}):
        verdict = judge(DOUBLE.contract, cases, expected, observed)
        assert (verdict.status, verdict.points) == ("fail", 0)


def test_a_reference_that_fails_is_a_grader_error():
    cases = DOUBLE.cases(SEED)
    wrong = [
        e | {"problem": {"stage": "runs", "type": "", "message": "", "line": ""}}
        for e in DOUBLE.expected(cases)
    ]
    verdict = judge(DOUBLE.contract, cases, wrong, DOUBLE.expected(cases))
    assert (verdict.status, verdict.points) == ("grader error", 0)
    assert "the grader failed, not your answer" in as_text(verdict)
    assert "the grader failed, not your answer" in as_html(verdict)


# --- observations from a process that isn't trusted ---------------------------------------------

STEADY = settings(derandomize=True, deadline=None, max_examples=150)

LEAF = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        [
            "x" * 100_000,
            "values",
            "array",
            "tensor",
            "\ud800\x1b[31m<b>",
            np.ones(3),
            np.array(np.nan),
            np.ones((3, 4), bool),
            np.zeros((0, 2)),
            np.full((3, 4), np.inf),
        ]
    )
)
KEYS = st.sampled_from(
    [
        *("problem", "value", "changed", "repeats", "called", "gradients", "gradient_problem"),
        *("initial", "stage", "type", "message", "line", "leaf", "array", "text", "dict"),
        *("attached", "a", "weight"),
    ]
)
NONSENSE = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=10,
)


def paths(value, path=()):
    """The way to every place in a nested value."""
    yield path
    items = value.items() if isinstance(value, dict) else ()
    if isinstance(value, tuple | list):
        items = enumerate(value)
    for key, item in items:
        yield from paths(item, (*path, key))


def put(value, path, new):
    """A nested value with something else in one place."""
    if not path:
        return new
    key, *rest = path
    if isinstance(value, tuple):
        items = list(value)
        items[key] = put(items[key], rest, new)
        return tuple(items)
    value = copy.copy(value)
    value[key] = put(value[key], rest, new)
    return value


@functools.cache
def known_mistakes(name):
    """The known mistakes of an exercise, as a student carries them."""
    exercise = next(e for e in (DOUBLE, BLEND, SCALE) if e.name == name)
    return exercise.known(exercise.drawn(SEED))


@pytest.mark.parametrize("exercise", [DOUBLE, BLEND, SCALE], ids=lambda e: e.name)
@STEADY
@given(data=st.data())
def test_any_nonsense_in_an_observation_is_judged_and_gives_no_points(exercise, data):
    drawn, known = exercise.drawn(SEED), known_mistakes(exercise.name)
    cases, expected = drawn.cases, drawn.expected
    observed = list(expected)
    path = data.draw(st.sampled_from(list(paths(observed[0]))))
    observed[0] = put(observed[0], path, data.draw(NONSENSE))
    verdict = exercise.judge(drawn, observed)
    assert verdict.status in ("pass", "fail")
    assert verdict.status == "fail" or readable(observed[0])
    for text in (as_text(verdict, show_values=True), as_html(verdict, show_values=True)):
        assert len(text) < 5000
        text.encode()
        assert "\x1b" not in text
    assert "<b>" not in as_html(verdict)
    diagnose(exercise.contract, observed, known)
    holds(exercise.contract, cases, expected, observed)
    right_where(exercise.contract, "values", cases, expected, observed)


@STEADY
@given(NONSENSE)
def test_pure_nonsense_is_judged_too(observed):
    drawn = DOUBLE.drawn(SEED)
    for whole in (observed, [observed] * len(drawn.cases)):
        verdict = DOUBLE.judge(drawn, whole)
        assert (verdict.status, verdict.points) == ("fail", 0)


def test_an_observation_nested_without_end_is_unreadable():
    value = []
    for _ in range(100_000):
        value = [value]
    seen = DOUBLE.drawn(SEED).expected[0] | {"value": value}
    assert not readable(seen)


def test_what_the_probe_writes_is_readable():
    for exercise in (DOUBLE, BLEND, SCALE, TOTAL):
        for _, expected, _ in [look(exercise, exercise.reference)]:
            assert all(map(readable, expected))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_no_stage_that_an_answer_says_it_was_stopped_at_earns_a_point(chapter, stage):
    problem = {"stage": stage, "type": "", "message": "", "line": ""}
    for exercise in CHAPTERS[chapter]:
        drawn = exercise.drawn(3)
        seen = [one | {"problem": problem, "value": None} for one in drawn.expected]
        verdict = exercise.judge(drawn, seen)
        assert (verdict.status, verdict.points) == ("fail", 0), exercise.name


@pytest.mark.parametrize(
    "change",
    [
        lambda seen: {k: v for k, v in seen.items() if k != "problem"},
        lambda seen: seen | {"value": {"leaf": "other", "type": "x", "array": None}},
        lambda seen: seen | {"called": ["torch.x\nsigmoid: 2 of 2 points"]},
        lambda seen: seen | {"called": ["torch.\ud800"]},
        lambda seen: seen | {"value": [[]] * 60_000},
        lambda seen: seen | {"value": {"dict": dict.fromkeys(map(str, range(60_000)), ())}},
        lambda seen: seen | {"gradients": dict.fromkeys(map(str, range(60_000)))},
    ],
)
def test_what_only_a_forger_would_say_is_not_read(change):
    assert all(
        readable(seen) and not readable(change(seen))
        for chapter in CHAPTERS.values()
        for exercise in chapter[:3]
        for seen in exercise.drawn(3).expected[:1]
    )


REFUSING = [e for chapter in CHAPTERS.values() for e in chapter if e.subject.startswith("refusing")]


@pytest.mark.parametrize("exercise", REFUSING, ids=lambda exercise: exercise.name)
def test_what_refuses_everything_earns_nothing_for_it(exercise):
    class Module(nn.Module):
        def __init__(self, *_, **__):
            raise ValueError("not this")

    def function(*arguments):
        raise ValueError("not this")

    verdict = exercise.check(Module if exercise.subject.endswith("module") else function, SEED)
    assert verdict.points == 0
    assert any("takes no input at all" in part.finding.says for part in verdict.parts)
    assert exercise.check(exercise.reference, SEED).points == exercise.points


TOGETHER = dataclasses.replace(
    SCALE,
    sizes=(Size("three rows"), Size("one row", B=1, needs=("three rows",))),
    parts=(
        Part("three rows", 1, cases=("three rows",)),
        Part("one row", 1, cases=("one row",)),
        Part("gradients", 1, cases=("one row",), gradients=True),
    ),
)


def scaled_wrong(rows):
    """A module that is wrong in batches of so many rows."""

    def forward(self, x):
        scaled, shifted = Scale.forward(self, x)
        return scaled + (len(x) in rows), shifted

    return broken(forward=forward)


@pytest.mark.parametrize(
    "rows, lost",
    [((3,), ["three rows"]), ((1, 3), ["three rows"]), ((1,), ["one row", "gradients"])],
)
def test_a_case_that_needs_another_costs_nothing_where_that_one_is_wrong(rows, lost):
    verdict = TOGETHER.check(scaled_wrong(rows), SEED)
    assert [part.says for part in verdict.parts if part.finding] == lost


def test_gradients_of_wrong_values_cost_nothing_more():
    def forward(self, x):
        scaled, shifted = Scale.forward(self, x)
        return (scaled.detach() if len(x) == 3 else scaled) + (len(x) == 3), shifted

    verdict = TOGETHER.check(broken(forward=forward), SEED)
    assert [part.says for part in verdict.parts if part.finding] == ["three rows"]
