"""Right versions of earlier answers, called over a wire: the same values, draws and gradients."""

import contextlib
import itertools
import socket
import threading

import numpy as np
import pytest
import torch
from torch import nn

from autograder.exercises import CHAPTERS
from autograder.exercises.birnn.torch_reference import run_packed
from autograder.grading import earlier, wire
from autograder.reference.comparison import sample_next

EXERCISES = {e.name: e for chapter in CHAPTERS.values() for e in chapter}
SAME = {"rtol": 0, "atol": 1e-12}


@pytest.fixture
def over_the_wire():
    """Gives the stand-in of an exercise, with somebody at the other end who answers."""
    ours, theirs = socket.socketpair()

    def answer():
        with contextlib.suppress(wire.WireError):
            while True:
                said = wire.receive(theirs)
                wire.send(theirs, earlier.reply(EXERCISES[said["call"]], said))

    thread = threading.Thread(target=answer)
    thread.start()
    yield lambda name: earlier.stand_in(ours, name, EXERCISES[name].kind)
    ours.close()
    thread.join()
    theirs.close()


def test_every_answer_that_is_built_on_has_a_right_version_that_can_be_called():
    for exercise in EXERCISES.values():
        for used in (EXERCISES[name] for name in exercise.uses):
            assert used.stand_in or earlier.can_be_called(used), (exercise.name, used.name)


def test_a_generator_goes_on_where_the_call_left_it(over_the_wire):
    far, near = over_the_wire("sample_next"), sample_next
    logits, drawn = np.random.default_rng(3).normal(size=9), []
    for function in (far, near):
        rng = np.random.default_rng(4)
        assert function(logits, rng, 0.0) == logits.argmax()
        drawn.append([function(logits, rng, temperature=2.0, top_k=None) for _ in range(20)])
        drawn[-1].append(rng.random())
    assert drawn[0] == drawn[1] and len(set(drawn[0])) > 3


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("with_state", [True, False])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_values_and_gradients_of_tensors_come_over(over_the_wire, kind, with_state, dtype):
    torch.manual_seed(1)
    network = kind(2, 3, num_layers=2, bidirectional=True).to(dtype)
    x = torch.randn(5, 4, 2, dtype=dtype, requires_grad=True)
    one = torch.randn(4, 4, 3, dtype=dtype, requires_grad=True)
    lengths = torch.tensor([3, 5, 1, 2])
    leaves = [x, *network.parameters(), *([one] if with_state else [])]
    seen = []
    for function in (over_the_wire("run_packed"), run_packed):
        state = None if not with_state else one if kind is nn.GRU else (one, 2 * one)
        output, last = function(network, x, lengths, state=state)
        results = (output, last) if kind is nn.GRU else (output, *last)
        loss = sum((k + 1) * (r * torch.linspace(0, 1, r.numel()).reshape(r.shape)).sum()
                   for k, r in enumerate(results))  # fmt: skip
        seen.append([*results, *torch.autograd.grad(loss, leaves)])
    close = SAME if dtype == torch.float64 else {"rtol": 1e-5, "atol": 1e-5}
    for far, near in zip(*seen, strict=True):
        assert far.dtype == dtype
        torch.testing.assert_close(far, near, **close)


def test_what_needs_no_gradient_gets_none(over_the_wire):
    network = nn.LSTM(2, 3).requires_grad_(False)
    output, _ = over_the_wire("run_packed")(network, torch.zeros(2, 1, 2), torch.tensor([2]))
    assert not output.requires_grad


class Odd:
    """Nothing that could travel."""


def of_torch(**changes):
    module = {
        "module": "LSTM",
        "settings": dict.fromkeys(earlier.SETTINGS, 1) | {"dropout": 0.0},
        "parameters": {},
    }
    return {"arguments": [module | changes], "named": {}}


def packed(lengths, **more):
    given = [nn.LSTM(1, 1, **more).double(), torch.zeros(1, 1, 1).double(), torch.tensor(lengths)]
    return {"arguments": earlier._sent(given, "torch"), "named": {}}


def drawing(**changes):
    state = np.random.default_rng(0).bit_generator.state | changes
    return {"arguments": [np.zeros(3), {"generator": state}, 1.0], "named": {}}


def of_numpy(*arguments):
    return {"arguments": list(arguments), "named": {}}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sample_next", {"arguments": None, "named": {}}),
        ("sample_next", {"arguments": [], "named": 3}),
        ("sample_next", of_numpy()),
        ("sample_next", of_numpy(np.zeros(3), {"generator": None}, 1.0)),
        ("sample_next", drawing(bit_generator="MT19937")),
        ("sample_next", drawing(state={"state": -1, "inc": 1})),
        ("sample_next", drawing(state={"state": 2**128, "inc": 1})),
        ("sample_next", drawing(uinteger=True)),
        ("length_mask", of_numpy(np.array([3, 2]), 10**12)),
        ("length_mask", of_numpy(np.array([3, 2]), 1e12)),
        ("length_mask", of_numpy(np.array([3, 2]), np.array(10**12))),
        ("length_mask", of_numpy(np.array([3, 2]), 10**4000)),
        ("rnn_forward", of_numpy(np.zeros((10**6, 10**6, 0)), *[np.zeros((3, 3))] * 5)),
        ("rnn_step", of_numpy(np.zeros((2, 2, 2, 2)), *[np.zeros((3, 3))] * 5)),
        ("rnn_step", of_numpy(np.zeros(10**5), *[np.zeros((3, 3))] * 5)),
        ("rnn_step", of_numpy(*[[[[[[[1]]]]]]] * 6)),
        ("update_cell", of_numpy(*[np.ones((400, 1, 1)), np.ones((400, 1)), np.ones(400)] * 2)),
        ("rnn_step", of_numpy("x" * 10**6)),
        ("run_packed", of_torch(module="Transformer")),
        ("run_packed", of_torch(settings={})),
        ("run_packed", of_torch(settings=dict.fromkeys(earlier.SETTINGS, 10**6))),
        ("run_packed", of_torch(settings=dict.fromkeys(earlier.SETTINGS, "os"))),
        ("run_packed", of_torch()),
        ("run_packed", packed([2**30])),
        ("run_packed", packed([-(2**63)])),
        ("run_packed", of_numpy(np.zeros(3))),
    ],
)
def test_whatever_the_sandbox_says_gets_an_answer_in_words(name, said):
    reply = earlier.reply(EXERCISES[name], {"call": name} | said)
    assert list(reply) == ["error"] and name in reply["error"] and len(reply["error"]) < 400


def test_numbers_that_become_lengths_may_be_as_large_as_sequences_are():
    assert "value" in earlier.reply(EXERCISES["run_packed"], packed([1]))


def test_a_network_of_both_directions_is_not_run_where_single_ones_are_asked_for():
    several = packed([1], num_layers=2), packed([1], bidirectional=True)
    for said, single in itertools.product((packed([1]), *several), (False, True)):
        reply = earlier.reply(EXERCISES["run_packed"], said, single)
        refused = single and said in several
        assert list(reply) == (["error"] if refused else ["value", "generators"])


def test_what_can_not_travel_is_refused_before_it_leaves(over_the_wire):
    with pytest.raises(TypeError, match="not plain data"):
        over_the_wire("sample_next")(Odd(), np.random.default_rng(0))
    with pytest.raises(TypeError, match="default_rng"):
        rng = np.random.Generator(np.random.SFC64(0))
        over_the_wire("sample_next")(np.zeros(3), rng)
