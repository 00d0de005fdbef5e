"""reference/comparison.py against torch, real Keras layers and independent transcriptions."""

import doctest
import itertools
from collections import Counter
from typing import ClassVar

import numpy as np
import pytest
import torch

from autograder.reference import comparison, gru, lstm, rnn

from .twins import close, weights

KINDS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


@pytest.mark.parametrize("cell", KINDS)
def test_parameters_are_counted_as_torch_has_them(cell):
    for I, H, layers, two_way, bias in itertools.product(
        (1, 5), (1, 6), (1, 2, 3), (False, True), (False, True)
    ):
        twin = KINDS[cell](I, H, num_layers=layers, bidirectional=two_way, bias=bias)
        count = comparison.count_parameters(cell, I, H, layers, two_way, bias)
        assert type(count) is int and count == sum(p.numel() for p in twin.parameters())


class Counted:
    """A number that counts what is done to it."""

    done: ClassVar = Counter()

    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        return Counted(self.value + other.value)

    def __rsub__(self, other):
        return Counted(other - self.value)

    def __mul__(self, other):
        self.done["multiplications"] += 1
        return Counted(self.value * other.value)

    def tanh(self):
        self.done["activations"] += 1
        return Counted(np.tanh(self.value))

    def sigmoid(self):
        self.done["activations"] += 1
        return Counted(1 / (1 + np.exp(-self.value)))


@pytest.mark.parametrize(
    "cell, step, G",
    [
        ("rnn", rnn.rnn_step, 1),
        ("gru", gru.gru_step, 3),
        ("lstm", lstm.lstm_step, 4),
    ],
)
def test_operations_are_those_that_a_step_does(cell, step, G, monkeypatch):
    """Run the reference's step on numbers that count, and compare with the formula."""
    for module in (gru, lstm):
        monkeypatch.setattr(module, "sigmoid", np.frompyfunc(lambda a: a.sigmoid(), 1, 1))
    rng = np.random.default_rng(1)
    I, H = 5, 3
    states = rng.normal(size=(2 if cell == "lstm" else 1, 1, H))
    counted = np.frompyfunc(Counted, 1, 1)
    plain = (rng.normal(size=(1, I)), *states, *weights(rng, G, I, H).values())
    monkeypatch.setattr(Counted, "done", Counter())
    step(*map(counted, plain))

    count = comparison.count_operations(cell, I, H)
    assert count["multiply_adds"] + count["products"] == Counted.done["multiplications"]
    assert count["multiply_adds"] == G * H * (I + H)
    assert count["activations"] == Counted.done["activations"]


@pytest.mark.parametrize("T, B", [(2, 1), (7, 5), (50, 400)])
def test_the_adding_problem_can_be_solved_from_what_it_shows(T, B):
    x, y = comparison.adding_problem(np.random.default_rng(2), T, B)
    assert x.shape == (T, B, 2) and y.shape == (B, 1) and x.dtype == y.dtype == np.float64
    values, marks = x[..., 0], x[..., 1]
    assert (values >= 0).all() and (values < 1).all() and set(np.unique(marks)) <= {0, 1}
    assert (marks[: T // 2].sum(axis=0) == 1).all() and (marks[T // 2 :].sum(axis=0) == 1).all()
    np.testing.assert_allclose((values * marks).sum(axis=0), y[:, 0], rtol=0, atol=1e-15)
    if B > 100:
        assert marks.any(axis=1).all(), "every step is marked sometimes"
    for again, first in zip(
        comparison.adding_problem(np.random.default_rng(2), T, B), (x, y), strict=True
    ):
        np.testing.assert_array_equal(again, first)


@pytest.mark.parametrize("window, horizon", [(1, 1), (3, 1), (4, 3), (7, 3)])
def test_windows_and_answers_lie_side_by_side_in_the_series(window, horizon):
    series = np.arange(10.0)
    x, y = comparison.make_windows(series, window, horizon)
    both = np.lib.stride_tricks.sliding_window_view(series, window + horizon)
    np.testing.assert_array_equal(np.concatenate([x, y], axis=1), both)
    assert not np.shares_memory(x, series) and not np.shares_memory(y, series)
    np.testing.assert_array_equal(
        comparison.naive_forecast(x, horizon) - x[:, -1:], np.zeros((len(x), horizon))
    )
    # In a series that grows by 1, the naive forecast is wrong by 1, 2, … horizon.
    error = y - comparison.naive_forecast(x, horizon)
    np.testing.assert_array_equal(error, np.tile(np.arange(1.0, horizon + 1), (len(x), 1)))


def test_a_series_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match=r"5 values is too short.*at least 6"):
        comparison.make_windows(np.arange(5), 4, 2)


def test_the_sru_step_against_its_equations_in_torch():
    """Equations 1 to 4 with one linear layer for all three products, as SRU is run in practice."""
    rng = np.random.default_rng(3)
    B, H = 3, 4
    W, W_f, W_r = rng.normal(scale=0.5, size=(3, H, H))
    v_f, v_r, b_f, b_r = rng.normal(scale=0.5, size=(4, H))
    x, c0 = rng.normal(size=(5, B, H)), rng.normal(size=(B, H))

    products = torch.nn.functional.linear(
        torch.from_numpy(x), torch.from_numpy(np.concatenate([W, W_f, W_r]))
    )
    c, ours = torch.from_numpy(c0), c0
    for x_t, product in zip(x, products, strict=True):
        new, to_forget, to_reset = product.chunk(3, dim=-1)
        forget = torch.sigmoid(to_forget + torch.from_numpy(v_f) * c + torch.from_numpy(b_f))
        reset = torch.sigmoid(to_reset + torch.from_numpy(v_r) * c + torch.from_numpy(b_r))
        c = torch.lerp(new, c, forget)
        h = torch.lerp(torch.from_numpy(x_t), c, reset)
        our_h, ours = comparison.sru_step(x_t, ours, W, W_f, W_r, v_f, v_r, b_f, b_r)
        close(our_h, h, 1e-12)
        close(ours, c, 1e-12)


@pytest.fixture(scope="module")
def keras(tmp_path_factory):
    """Keras on its PyTorch backend, in float64, with a home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        import keras

    assert keras.backend.backend() == "torch"
    usual = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield keras
    keras.config.set_floatx(usual)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("T, B, I, H", [(5, 3, 2, 4), (1, 1, 3, 1)])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_converted_weights_give_what_the_keras_layer_gives(keras, cell, T, B, I, H):
    rng = np.random.default_rng(4)
    kind = keras.layers.GRU if cell == "gru" else keras.layers.LSTM
    layer = kind(H, return_sequences=True, return_state=True)
    layer.build((B, T, I))
    given = [rng.normal(scale=0.5, size=w.shape) for w in layer.get_weights()]
    layer.set_weights(given)
    x = rng.normal(size=(T, B, I))
    states = list(rng.normal(size=(1 if cell == "gru" else 2, B, H)))
    theirs, *final = layer(x.swapaxes(0, 1), initial_state=[torch.from_numpy(s) for s in states])

    before = [w.copy() for w in given]
    converted = comparison.keras_to_torch(cell, *given)
    forward = gru.gru_forward if cell == "gru" else lstm.lstm_forward
    output, last = forward(x, *states, *converted)
    close(output, theirs.swapaxes(0, 1))
    for ours, keras_state in zip(last if cell == "lstm" else [last], final, strict=True):
        close(ours, keras_state)
    for old, same in zip(before, given, strict=True):
        np.testing.assert_array_equal(old, same)


def test_greedy_sampling_takes_the_first_largest_and_no_chance():
    rng = np.random.default_rng(5)
    state = rng.bit_generator.state
    assert comparison.sample_next(np.array([0.0, 2.0, 2.0]), rng, temperature=0) == 1
    assert rng.bit_generator.state == state


class Recorder:
    """Stands in for a generator and keeps the probabilities that it is asked to draw with."""

    def choice(self, size, p):
        assert len(p) == size
        self.p = p
        return 0


@pytest.mark.parametrize("temperature", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("top_k", [None, 1, 3, 6, 9])
def test_samples_are_drawn_from_the_softmax_of_the_k_largest(temperature, top_k):
    logits = np.random.default_rng(6).normal(size=6) * 500
    before, recorder = logits.copy(), Recorder()
    comparison.sample_next(logits, recorder, temperature, top_k)
    scores = torch.from_numpy(logits)
    kept = torch.topk(scores, min(top_k or 6, 6)).indices
    masked = torch.full_like(scores, -torch.inf)
    masked[kept] = scores[kept]
    close(recorder.p, torch.softmax(masked / temperature, dim=0), 1e-12)
    np.testing.assert_array_equal(logits, before)


def test_a_sample_is_an_int_and_repeats_with_its_seed():
    logits = np.random.default_rng(7).normal(size=6).astype("float32")
    drawn = [
        [comparison.sample_next(logits, rng, 2.0) for _ in range(50)]
        for rng in (np.random.default_rng(8), np.random.default_rng(8))
    ]
    assert drawn[0] == drawn[1] and {type(k) for k in drawn[0]} == {int}
    assert set(drawn[0]) <= set(range(6)) and len(set(drawn[0])) > 1


def test_examples_in_the_docstrings_run():
    result = doctest.testmod(comparison)
    assert result.attempted > 15 and result.failed == 0
