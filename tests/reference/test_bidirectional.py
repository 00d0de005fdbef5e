"""reference/bidirectional.py against torch's bidirectional networks on packed sequences."""

import doctest

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from autograder.reference import bidirectional as bi
from autograder.reference import gru, lstm, rnn

from .twins import WEIGHTS, close, module, weights

CELLS = {
    "rnn": (torch.nn.RNN, 1, lambda x, s, w: (rnn.rnn_step(x, *s, *w.values()),)),
    "gru": (torch.nn.GRU, 3, lambda x, s, w: (gru.gru_step(x, *s, *w.values()),)),
    "lstm": (torch.nn.LSTM, 4, lambda x, s, w: lstm.lstm_step(x, *s, *w.values())),
}


@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("lengths", [(6, 2, 5), (6, 6, 6), (1, 1, 1), (3, 1, 4)])
@pytest.mark.parametrize("cell", CELLS)
def test_both_directions_agree_with_packed_sequences(cell, lengths, num_layers):
    kind, G, step = CELLS[cell]
    T, B, I, H = max(lengths), 3, 2, 4
    rng = np.random.default_rng(T)
    layers = [weights(rng, G, I if k < 2 else 2 * H, H) for k in range(2 * num_layers)]
    states = rng.normal(size=(2 if cell == "lstm" else 1, 2 * num_layers, B, H))
    x, lengths = rng.normal(size=(T, B, I)), np.array(lengths)

    twin = module(kind, layers, bidirectional=True)
    packed = pack_padded_sequence(
        torch.from_numpy(x), torch.from_numpy(lengths), enforce_sorted=False
    )
    given = tuple(map(torch.from_numpy, states))
    output, final = twin(packed, given if cell == "lstm" else given[0])
    output, h_n = pad_packed_sequence(output)[0], final[0] if cell == "lstm" else final

    for k in range(num_layers):
        steps = [lambda x, s, w=layers[2 * k + d]: step(x, s, w) for d in (0, 1)]
        start = [tuple(states[:, 2 * k + d]) for d in (0, 1)]
        ours = bi.bidirectional(*steps, x, *start, lengths)
        x = bi.merge_directions(*ours, "concat")
        close(bi.final_states(x, lengths), h_n[2 * k : 2 * k + 2], what=f"layer {k}")
    close(x, output)


@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("lengths", [(6, 2, 5), (1, 4, 4)])
@pytest.mark.parametrize("cell", CELLS)
def test_all_gradients_agree_with_packed_sequences(cell, lengths, num_layers):
    """Each direction's backward function, on sequences turned around by ``reverse_padded``."""
    kind, G, step = CELLS[cell]
    backward = {"rnn": rnn.rnn_backward, "gru": gru.gru_backward, "lstm": lstm.lstm_backward}[cell]
    T, B, I, H = max(lengths), 3, 2, 4
    rng = np.random.default_rng(T)
    layers = [weights(rng, G, I if k < 2 else 2 * H, H) for k in range(2 * num_layers)]
    names = ("h0", "c0") if cell == "lstm" else ("h0",)
    states = {name: rng.normal(size=(2 * num_layers, B, H)) for name in names}
    x, lengths = rng.normal(size=(T, B, I)), np.array(lengths)
    d_output, d_h_n = rng.normal(size=(T, B, 2 * H)), rng.normal(size=(2 * num_layers, B, H))

    twin = module(kind, layers, bidirectional=True)
    leaf = torch.from_numpy(x.copy()).requires_grad_()
    start = {name: torch.from_numpy(s.copy()).requires_grad_() for name, s in states.items()}
    packed = pack_padded_sequence(leaf, torch.from_numpy(lengths), enforce_sorted=False)
    output, final = twin(packed, tuple(start.values()) if cell == "lstm" else start["h0"])
    output, h_n = pad_packed_sequence(output)[0], final[0] if cell == "lstm" else final
    loss = (torch.from_numpy(d_output) * output).sum() + (torch.from_numpy(d_h_n) * h_n).sum()
    loss.backward()

    read = [x]  # what each layer reads
    for k in range(num_layers - 1):
        steps = [lambda x, s, w=layers[2 * k + d]: step(x, s, w) for d in (0, 1)]
        given = [tuple(state[2 * k + d] for state in states.values()) for d in (0, 1)]
        ways = bi.bidirectional(*steps, read[-1], *given, lengths)
        read.append(bi.merge_directions(*ways, "concat"))

    d_output = np.where(bi.length_mask(lengths, T)[:, :, None], d_output, 0)
    for k in reversed(range(num_layers)):
        d_x = np.zeros_like(read[k])
        for d, way in enumerate(("", "_reverse")):
            turn = (lambda a: bi.reverse_padded(a, lengths)) if d else np.copy
            d_read = turn(d_output[..., d * H : (d + 1) * H])
            d_read[lengths - 1, np.arange(B)] += d_h_n[2 * k + d]
            nothing = [np.zeros((B, H))] * len(states)
            own = {name: state[2 * k + d] for name, state in states.items()}
            grads = backward(d_read, *nothing, x=turn(read[k]), **own, **layers[2 * k + d])
            d_x += turn(grads["x"])
            for name in WEIGHTS:
                close(grads[name], getattr(twin, f"{name}_l{k}{way}").grad, what=f"{name}{k}{way}")
            for name in states:
                close(grads[name], start[name].grad[2 * k + d], what=f"{name}{k}{way}")
        d_output = d_x
    close(d_output, leaf.grad, what="x")


def test_the_padding_is_never_read():
    _, G, step = CELLS["gru"]
    rng = np.random.default_rng(1)
    layers = [weights(rng, G, 2, 4) for _ in range(2)]
    ways = [lambda x, s, w=layer: step(x, s, w) for layer in layers]
    x, lengths = rng.normal(size=(5, 3, 2)), np.array([5, 2, 3])
    states = [(rng.normal(size=(3, 4)),) for _ in range(2)]
    clean = bi.bidirectional(*ways, x, *states, lengths)
    x[~bi.length_mask(lengths, 5)] = np.nan
    for with_nan, without in zip(bi.bidirectional(*ways, x, *states, lengths), clean, strict=True):
        np.testing.assert_array_equal(with_nan, without)
        assert not without[~bi.length_mask(lengths, 5)].any()


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_reversing_row_by_row_and_twice(dtype):
    rng = np.random.default_rng(2)
    x, lengths = (10 * rng.normal(size=(6, 5, 2))).astype(dtype), np.array([6, 0, 1, 4, 5])
    before = x.copy()
    reversed_x = bi.reverse_padded(x, lengths)
    assert reversed_x.dtype == dtype and not np.shares_memory(reversed_x, x)
    for b, n in enumerate(lengths):
        np.testing.assert_array_equal(reversed_x[:n, b], x[:n, b][::-1])
        np.testing.assert_array_equal(reversed_x[n:, b], x[n:, b])
    np.testing.assert_array_equal(bi.reverse_padded(reversed_x, lengths), x)
    np.testing.assert_array_equal(x, before)


def test_the_mask_counts_the_true_steps():
    lengths = np.array([3, 0, 7, 1])
    mask = bi.length_mask(lengths, 7)
    assert mask.shape == (7, 4) and mask.dtype == bool
    np.testing.assert_array_equal(mask.sum(axis=0), lengths)
    np.testing.assert_array_equal(mask, np.sort(mask, axis=0)[::-1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_merging_keeps_the_dtype_and_follows_its_mode(dtype):
    rng = np.random.default_rng(3)
    forward, backward = (rng.normal(size=(5, 3, 4)).astype(dtype) for _ in range(2))
    merged = {
        m: bi.merge_directions(forward, backward, m) for m in ("concat", "sum", "mean", "product")
    }
    assert {value.dtype for value in merged.values()} == {np.dtype(dtype)}
    np.testing.assert_array_equal(merged["concat"][..., :4], forward)
    np.testing.assert_array_equal(merged["concat"][..., 4:], backward)
    np.testing.assert_array_equal(merged["sum"], forward + backward)
    np.testing.assert_allclose(merged["mean"], np.mean([forward, backward], axis=0))
    np.testing.assert_array_equal(merged["product"], forward * backward)
    with pytest.raises(ValueError, match=r"'average'.*'mean'"):
        bi.merge_directions(forward, backward, "average")


def test_dtype_is_kept():
    lengths = np.array([2, 3])
    x, h = np.ones((3, 2, 1), "float32"), (np.zeros((2, 1), "float32"),)
    outputs = bi.bidirectional(*[lambda x, s: (s[0] + x,)] * 2, x, h, h, lengths)
    assert {a.dtype for a in outputs} == {np.dtype("float32")}


def test_examples_in_the_docstrings_run():
    result = doctest.testmod(bi)
    assert result.attempted > 12 and result.failed == 0
