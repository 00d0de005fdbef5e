"""reference/gru.py against torch.nn.GRU, and its variants against their equations."""

import doctest

import numpy as np
import pytest
import torch

from autograder.reference import gru, rnn

from .twins import (
    WEIGHTS,
    close,
    forward_and_backward_agree,
    sequence,
    stacked_layers_agree,
    weights,
)


def sigma(a):
    return 1 / (1 + np.exp(-a))


def step_arguments(seed, B=3, I=2, H=4, G=3):
    given = sequence(seed, G, 1, B, I, H)
    return given["x"][0], given["h0"], *(given[name] for name in WEIGHTS)


@pytest.mark.parametrize("T, B, I, H", [(5, 3, 2, 4), (1, 3, 2, 4), (6, 1, 3, 1), (4, 2, 1, 5)])
@pytest.mark.parametrize("seed", range(3))
def test_forward_and_all_gradients_agree_with_torch(seed, T, B, I, H):
    forward_and_backward_agree(torch.nn.GRU, gru.gru_forward, gru.gru_backward, 3, seed, T, B, I, H)


@pytest.mark.parametrize("num_layers", [2, 3])
def test_stacked_layers_agree_with_torch(num_layers):
    stacked_layers_agree(torch.nn.GRU, gru.gru_forward, gru.gru_backward, 3, num_layers)


def test_the_step_agrees_with_the_cell():
    x_t, h_prev, *given = step_arguments(1)
    cell = torch.nn.GRUCell(2, 4, dtype=torch.float64)
    with torch.no_grad():
        for name, value in zip(WEIGHTS, given, strict=True):
            getattr(cell, name).copy_(torch.from_numpy(value))
    close(gru.gru_step(x_t, h_prev, *given), cell(*map(torch.from_numpy, (x_t, h_prev))))


def test_gates_and_candidate_are_the_blocks_that_the_step_uses():
    args = step_arguments(2)
    x_t, h_prev, *given = args
    z = gru.update_gate(*args)
    n = gru.candidate(x_t, h_prev, gru.reset_gate(*args), *given)
    close((1 - z) * n + z * h_prev, gru.gru_step(*args), 1e-12)


def test_the_papers_step_unit_by_unit():
    """Equations of arXiv 1406.1078v3 with [·]_j spelt out as loops, and a bias each."""
    x_t, h_prev, weight_ih, weight_hh, bias, _ = step_arguments(3)
    (B, H), I = h_prev.shape, x_t.shape[1]
    ours = gru.gru_step_cho(x_t, h_prev, weight_ih, weight_hh, bias)
    W, U, b = weight_ih.reshape(3, H, I), weight_hh.reshape(3, H, H), bias.reshape(3, H)

    def dot(row, vector):
        return sum(w * v for w, v in zip(row, vector, strict=True))

    for k in range(B):
        r, z = (
            [sigma(dot(W[g, j], x_t[k]) + dot(U[g, j], h_prev[k]) + b[g, j]) for j in range(H)]
            for g in (0, 1)
        )
        past = [r[j] * h_prev[k, j] for j in range(H)]
        for j in range(H):
            h_tilde = np.tanh(dot(W[2, j], x_t[k]) + dot(U[2, j], past) + b[2, j])
            assert abs(ours[k, j] - (z[j] * h_prev[k, j] + (1 - z[j]) * h_tilde)) < 1e-12


def test_the_papers_step_is_pytorchs_where_the_place_of_reset_does_not_matter():
    x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh = step_arguments(4)
    paper = gru.gru_step_cho(x_t, h_prev, weight_ih, weight_hh, bias_ih + bias_hh)
    assert (
        np.abs(paper - gru.gru_step(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh)).max()
        > 0.01
    )

    # With one unit and no recurrent bias, r (w h) = w (r h).
    x_t, h_prev, weight_ih, weight_hh, bias, _ = step_arguments(5, H=1)
    paper = gru.gru_step_cho(x_t, h_prev, weight_ih, weight_hh, bias)
    close(paper, gru.gru_step(x_t, h_prev, weight_ih, weight_hh, bias, np.zeros(3)), 1e-12)


def test_the_simplified_step_is_a_gru_without_reset_in_the_other_convention():
    rng = np.random.default_rng(6)
    B, I, H = 3, 2, 4
    x_t, c = rng.normal(size=(B, I)), rng.normal(size=(B, H))
    W_c, W_u, b_c, b_u = (rng.normal(size=s) for s in ((H, H + I), (H, H + I), (H,), (H,)))
    none = np.zeros_like
    stacked = np.concatenate([none(W_u), W_u, W_c])
    bias = np.concatenate([none(b_u) + 100, b_u, b_c])
    given = gru.convert_update_convention(stacked[:, H:], stacked[:, :H], bias, none(bias))
    close(gru.simplified_gru_step(x_t, c, W_c, W_u, b_c, b_u), gru.gru_step(x_t, c, *given), 1e-12)


def step_of_chung(x_t, h, weight_ih, weight_hh, bias_ih, bias_hh):
    """One step whose z weighs the new state."""
    args = (weight_ih, weight_hh, bias_ih, bias_hh)
    z = gru.update_gate(x_t, h, *args)
    n = gru.candidate(x_t, h, gru.reset_gate(x_t, h, *args), *args)
    return (1 - z) * h + z * n


def test_converted_weights_give_the_same_outputs_in_the_other_convention():
    x_t, h_prev, *given = step_arguments(7)
    before = [value.copy() for value in given]
    converted = gru.convert_update_convention(*given)
    close(step_of_chung(x_t, h_prev, *converted), gru.gru_step(x_t, h_prev, *given), 1e-12)
    for new, old, same in zip(
        gru.convert_update_convention(*converted), given, before, strict=True
    ):
        np.testing.assert_array_equal(new, old)
        np.testing.assert_array_equal(old, same)


@pytest.mark.parametrize("z_keeps_old, step", [(True, gru.gru_step), (False, step_of_chung)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_gru_with_held_gates_is_a_plain_rnn(z_keeps_old, step, dtype):
    x_t, h, *given = (a.astype(dtype) for a in step_arguments(8, G=1))
    held = gru.gru_as_rnn(*given, z_keeps_old)
    assert {value.dtype for value in held} == {np.dtype(dtype)}
    gates = held[2][: 2 * h.shape[1]]
    np.testing.assert_array_equal(np.abs(gates), np.full_like(gates, 100))
    for _ in range(5):
        close(step(x_t, h, *held), rnn.rnn_step(x_t, h, *given), 4 * np.finfo(dtype).eps)
        h = step(x_t, h, *held)


def test_a_held_gru_is_a_plain_rnn_in_torch_and_in_the_papers_form():
    rng = np.random.default_rng(9)
    x, h0 = rng.normal(size=(5, 3, 2)), rng.normal(size=(3, 4))
    given = list(weights(rng, 1, 2, 4).values())
    held = gru.gru_as_rnn(*given, True)
    plain, _ = rnn.rnn_forward(x, h0, *given)
    close(
        plain,
        torch.gru(
            torch.from_numpy(x),
            torch.from_numpy(h0)[None],
            [torch.from_numpy(w) for w in held],
            True,
            1,
            0.0,
            False,
            False,
            False,
        )[0],
    )
    weight_ih, weight_hh, bias_ih, bias_hh = held
    close(plain[0], gru.gru_step_cho(x[0], h0, weight_ih, weight_hh, bias_ih + bias_hh))


def test_dtype_is_kept():
    given = {name: a.astype("float32") for name, a in sequence(5, 3, 3, 2, 3, 4).items()}
    output, h_n = gru.gru_forward(**given)
    grads = gru.gru_backward(output, h_n, **given)
    assert {a.dtype for a in (output, h_n, *grads.values())} == {np.dtype("float32")}


def test_examples_in_the_docstrings_run():
    result = doctest.testmod(gru)
    assert result.attempted > 25 and result.failed == 0
