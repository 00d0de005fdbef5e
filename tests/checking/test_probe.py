"""The probe writes down whatever an answer does, and never stumbles over it."""

import collections
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from autograder.checking import plain
from autograder.checking.contract import Case
from autograder.checking.judge import STAGES, readable
from autograder.checking.probe import observe, stand_in, write_down

from .toy import BLEND, DOUBLE, SCALE, SEED, Scale, array


class Mute(Exception):
    def __str__(self):
        raise SystemExit("no words")


class Base(BaseException):
    pass


class Items(dict):
    def items(self):
        raise RuntimeError("no items")


class Length(list):
    def __len__(self):
        raise ValueError("no length")


class Key:
    def __str__(self):
        raise ValueError("no key")

    def __hash__(self):
        return 0


class Text(str):
    def __getitem__(self, item):
        raise ValueError("no text")


class Number(int):
    def __abs__(self):
        raise ValueError("no size")


def raising(error):
    def answer(*args):
        raise error

    return answer


def recursing(*args):
    return recursing(*args)


def deep(*args):
    value = []
    for _ in range(50):
        value = [value]
    return value


def looping(*args):
    value = []
    value.append(value)
    return value


RETURNED = {
    "nothing": None,
    "a string": "text",
    "a long string": "x" * 10_000,
    "a string of its own kind": Text("text"),
    "a surrogate": "\ud800",
    "a generator": (n for n in range(3)),
    "a set": {1, 2},
    "bytes": b"bytes",
    "a function": len,
    "a class": int,
    "a complex number": 1j,
    "a huge integer": 10**400,
    "an integer of its own kind": Number(3),
    "nan": float("nan"),
    "a namedtuple": collections.namedtuple("Pair", "a b")(array(2), array(2)),
    "a size": torch.Size([1, 2]),
    "a matrix": np.ones((2, 2)).view(np.matrix),
    "a masked array": np.ma.array([1.0, 2.0], mask=[True, False]),
    "half precision": np.ones(3, np.float16),
    "long double": np.ones(3, np.longdouble),
    "complex values": np.ones(3, complex),
    "objects": np.array([object()]),
    "text in an array": np.array(["a"]),
    "a text scalar": np.str_("a"),
    "dates": np.array(["2020-01-01"], "datetime64[D]"),
    "a structured array": np.zeros(2, [("a", float)]),
    "a 0-d array": np.array(1.0),
    "no values": np.ones((0, 3)),
    "too many values": np.broadcast_to(1.0, (2000, 2000)),
    "a sparse tensor": torch.eye(3).to_sparse(),
    "a bfloat16 tensor": torch.ones(2, dtype=torch.bfloat16),
    "a complex tensor": torch.ones(2, dtype=torch.complex64).conj(),
    "a meta tensor": torch.ones(2, device="meta"),
    "a tensor on the graph": torch.ones(2, requires_grad=True) * 2,
    "a parameter": nn.Parameter(torch.ones(2)),
    "a module": nn.Linear(2, 2),
    "a dict without items": Items(a=1),
    "a list without length": Length([1]),
    "a key without words": {Key(): 1},
    "a key like ours": {"$array": 1, "leaf": 2, "dict": 3},
    "many items": list(range(10_000)),
    "many items in many": [[0.0] * 99] * 99,
    "many keys": {str(n): n for n in range(10_000)},
}

RAISED = {
    "an error": ValueError("no"),
    "an error without words": Mute(),
    "an error with a long text": ValueError("x" * 10_000),
    "an error that carries an array": ValueError(np.ones(3)),
    "an exit": SystemExit(3),
    "a stop": StopIteration(),
    "out of memory": MemoryError(),
    "an error of another kind": Base(),
    "a group": ExceptionGroup("many", [ValueError("one")]),
    "a generator's exit": GeneratorExit(),
    "an assertion": AssertionError(),
    "a unicode error": UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
}

ANSWERS = (
    {f"returns {name}": lambda *args, value=value: value for name, value in RETURNED.items()}
    | {f"raises {name}": raising(error) for name, error in RAISED.items()}
    | {"recursion": recursing, "deep": deep, "looping": looping, "a class": dict, "a builtin": len}
)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("exercise", [DOUBLE, BLEND, SCALE], ids=lambda e: e.name)
def test_whatever_an_answer_does_is_written_down_as_readable_plain_data(exercise, answer):
    case = exercise.cases(SEED)[0]
    seen = observe(exercise.contract, {exercise.name: answer}, case)
    text, raw = plain.pack(seen)
    assert readable(plain.unpack(text, raw))
    assert len(text) < 100_000
    verdict = exercise.check(answer, SEED)
    assert verdict.status == "fail"
    assert verdict.points == 0
    assert verdict.finding.stage in STAGES


def test_an_interrupt_is_let_through():
    # nbgrader interrupts the kernel where a cell takes too long.
    with pytest.raises(KeyboardInterrupt):
        DOUBLE.check(raising(KeyboardInterrupt()), SEED)


def one(exercise, answer, namespace=None, helpers=None):
    case = exercise.cases(SEED)[0]
    return observe(exercise.contract, namespace or {exercise.name: answer}, case, helpers)


def test_prints_and_warnings_do_not_come_through(capfd):
    def double(a):
        print("again " * 1000)
        print("and again", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        return a + a

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert one(DOUBLE, double)["problem"] is None
    assert capfd.readouterr() == ("", "")


def test_warnings_that_an_answer_turned_into_errors_do_not_stop_it():
    before = np.seterr(all="raise")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            seen = one(DOUBLE, lambda a: a + a + 0 * np.log(np.zeros(1)).clip(0, 0))
    finally:
        np.seterr(**before)
    assert seen["problem"] is None


def test_inputs_that_a_call_changes_are_named():
    def double(a):
        a *= 2
        return a

    seen = one(DOUBLE, double)
    assert seen["changed"] == ["a"]
    assert seen["repeats"]


def test_an_answer_that_returns_its_input_is_not_blamed_for_the_first_result():
    # A view of an input or of a buffer that is used again: what came back first stays as it was.
    buffer = np.empty((3, 4))

    def double(a):
        np.multiply(a, 2, out=buffer)
        return buffer[:]

    assert DOUBLE.check(lambda a: (a + a)[::-1][::-1], SEED).status == "pass"
    assert one(DOUBLE, double)["problem"] is None


def test_an_answer_with_a_memory_does_not_repeat():
    calls = []

    def double(a):
        calls.append(1)
        return 2 * a * len(calls)

    assert not one(DOUBLE, double)["repeats"]


def test_random_numbers_of_torch_are_seeded_alike_for_both_calls():
    seen = [one(SCALE, Scale) for _ in range(2)]
    assert seen[0]["initial"] == seen[1]["initial"] and set(seen[0]["initial"]) == {
        "weight",
        "bias",
    }


def test_no_more_is_looked_at_than_a_case_asks_for():
    case = replace(SCALE.cases(SEED)[0], gradients=False, initial=False)
    seen = observe(SCALE.contract, {"Scale": Scale}, case)
    assert seen["gradients"] == seen["initial"] == {} and seen["gradient_problem"] is None


def test_helpers_stand_in_for_a_while_and_then_the_own_ones_are_back():
    from .toy import TOTAL

    def own(a):
        return 3 * a

    text = "def total(a):\n    return double(a).sum(axis=0) / 2\n"
    namespace = {"double": own}
    exec(text, namespace)
    case = TOTAL.cases(SEED)[0]
    right = TOTAL.expected([case])[0]["value"]["array"]
    seen = observe(TOTAL.contract, namespace, case, {"double": lambda a: 2 * a, "new": len})
    assert np.allclose(seen["value"]["array"], right)
    assert namespace["double"] is own
    assert "new" not in namespace


def test_the_line_is_the_answers_where_compiled_code_of_a_library_stops():
    def double(a):
        return np.random.default_rng(0).choice(3, p=[1.0, 1.0, 1.0])

    problem = one(DOUBLE, double)["problem"]
    assert "do not sum to 1" in problem["message"]
    assert problem["line"].endswith("return np.random.default_rng(0).choice(3, p=[1.0, 1.0, 1.0])")


def test_the_line_that_stopped_an_answer_is_told():
    source = "def double(a):\n    b = a + 1\n    return a[100] + b\n"
    import linecache

    linecache.cache["<cell>"] = (len(source), None, source.splitlines(True), "<cell>")
    namespace = {}
    exec(compile(source, "<cell>", "exec"), namespace)
    problem = one(DOUBLE, None, namespace)["problem"]
    assert problem["stage"] == "runs"
    assert problem["line"] == "line 3 of its cell: return a[100] + b"


def test_an_unwritten_helper_is_named():
    def helper(a):
        raise NotImplementedError

    seen = one(DOUBLE, lambda a: helper(a))
    assert seen["problem"]["stage"] == "written"
    assert "helper" in seen["problem"]["message"]


def test_a_function_that_a_library_has_not_written_is_an_error_of_the_answer():
    def double(a):
        return torch.ones(2, dtype=torch.complex64).floor()

    assert one(DOUBLE, double)["problem"]["stage"] == "runs"


@pytest.mark.parametrize(
    "answer", [lambda: 1, lambda a, b: a, lambda *, a: a], ids=["none", "two", "keyword"]
)
def test_wrong_arguments_are_told_apart_from_errors_inside(answer):
    assert one(DOUBLE, answer)["problem"]["stage"] == "signature"

    def double(a):
        return len(3)

    assert one(DOUBLE, double)["problem"]["stage"] == "runs"


def test_wrong_arguments_of_forward_are_told_apart_too():
    class Bad(Scale):
        def forward(self):
            return 1

    assert one(SCALE, Bad)["problem"]["stage"] == "signature"


def test_gradients_flow_even_where_the_notebook_switched_them_off():
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        assert SCALE.check(Scale, SEED).status == "pass"
    finally:
        torch.set_grad_enabled(before)


def test_torch_in_a_numpy_exercise_is_seen_when_it_runs():
    def double(a):
        return torch.add(torch.tensor(a), torch.tensor(a)).numpy()

    assert "torch.add" in one(DOUBLE, double)["called"]


RECURRENT = {
    "LSTMCell": lambda x: nn.LSTMCell(80, 3).to(x.dtype)(x),
    "GRU": lambda x: nn.GRU(80, 3).to(x.dtype)(x),
    "RNN": lambda x: nn.RNN(80, 3).to(x.dtype)(x),
    "RNNCell": lambda x: nn.RNNCell(80, 3).to(x.dtype)(x),
    "a function": lambda x: torch.rnn_tanh_cell(
        x, x[:, :3], *(torch.ones(3, n, dtype=x.dtype) for n in (80, 3))
    ),
    "an operator": lambda x: torch.ops.aten.rnn_tanh_cell(
        x, x[:, :3], *(torch.ones(3, n, dtype=x.dtype) for n in (80, 3))
    ),
    "a function of C": lambda x: torch._C._VariableFunctions.gru_cell(
        x, x[:, :3], *(torch.ones(9, n, dtype=x.dtype) for n in (80, 3))
    ),
}


@pytest.mark.parametrize("call", RECURRENT.values(), ids=RECURRENT)
def test_recurrent_functions_are_seen_when_they_run(call):
    class Cheat(Scale):
        def forward(self, x):
            call(x)
            return super().forward(x)

    seen = one(SCALE, Cheat)
    assert seen["problem"] is None
    assert len(seen["called"]) == 1
    assert SCALE.check(Cheat, SEED).finding.stage == "rules"


def test_recurrent_functions_are_seen_where_cells_have_switched_that_off():
    class Cheat(Scale):
        def forward(self, x):
            RECURRENT["LSTMCell"](x)
            return super().forward(x)

    with torch._C.DisableTorchFunction():
        assert one(SCALE, Cheat)["called"]


def test_a_stand_in_is_not_seen():
    right = stand_in("torch.nn.LSTMCell")

    class Composed(Scale):
        def __init__(self, size):
            super().__init__(size)
            object.__setattr__(self, "cell", right(80, 3))

        def forward(self, x):
            self.cell.to(x.dtype)(x)
            return super().forward(x)

    seen = one(SCALE, Composed)
    assert seen["problem"] is None
    assert seen["called"] == []
    assert isinstance(right(2, 3), nn.LSTMCell)


def test_leaves_say_what_they_are():
    assert write_down(np.float64(1))["leaf"] == "number"
    assert write_down(torch.Size([1, 2])) == write_down((1, 2))
    assert write_down(torch.ones(2))["attached"] is False
    assert "complex128" in write_down(np.ones(2, complex))["type"]


STEP_CASES = {"one state": 1, "two states": 2}


@pytest.mark.parametrize("kind", STEP_CASES)
def test_a_case_can_describe_a_step_function(kind):
    weight, decay = np.array([[0.5, -1.0]]), np.array([0.25, 0.5])
    contract = replace(DOUBLE.contract, name="take", returns=("a", "b")[: STEP_CASES[kind]])
    states = tuple(np.full((3, 2), 0.5 + k) for k in range(STEP_CASES[kind]))
    inputs = {
        "step": {"step": kind, "weight": weight, "decay": decay},
        "x_t": np.array([[1.0], [2.0], [-1.0]]),
        "state": states,
    }

    def take(step, x_t, state):
        return step(x_t, state)

    seen = observe(contract, {"take": take}, Case("a step", inputs))
    drive = inputs["x_t"] @ weight
    right = [np.tanh(decay * states[0] + drive)]
    if kind == "two states":
        c = decay * states[1] + drive
        right = [np.tanh(c) + decay * states[0], c]
    assert seen["problem"] is None and seen["changed"] == [] and seen["repeats"]
    for leaf, expected in zip(seen["value"], right, strict=True):
        np.testing.assert_array_equal(leaf["array"], expected)


def test_a_refusal_is_what_a_refusing_function_returns():
    contract = replace(DOUBLE.contract, subject="refusing function")
    case = DOUBLE.cases(SEED)[0]
    seen = observe(contract, {"double": raising(ValueError("not this"))}, case)
    assert seen["problem"] is None and seen["value"]["leaf"] == "error"
    assert "not this" in seen["value"]["type"]
    seen = observe(contract, {"double": raising(KeyError("not this"))}, case)
    assert seen["problem"]["type"] == "KeyError"
    assert observe(contract, {"double": DOUBLE.reference}, case)["value"]["leaf"] == "array"


def test_a_refusal_by_a_kind_of_value_error_counts_and_others_do_not():
    class BadMode(ValueError):
        pass

    def refuse_with(kind):
        def double(a):
            raise kind("no")

        contract = replace(DOUBLE.contract, subject="refusing function")
        return observe(contract, {"double": double}, Case("c", {"a": np.ones(2)}))

    assert refuse_with(BadMode)["value"]["leaf"] == "error"
    assert refuse_with(KeyError)["problem"]["type"] == "KeyError"
