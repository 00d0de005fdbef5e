"""reference/rnn.py against torch.nn.RNN, its derivatives against autograd."""

import doctest

import numpy as np
import pytest
import torch

from autograder.reference import rnn

from .twins import (
    WEIGHTS,
    close,
    forward_and_backward_agree,
    module,
    sequence,
    stacked_layers_agree,
)


@pytest.mark.parametrize("T, B, I, H", [(5, 3, 2, 4), (1, 3, 2, 4), (6, 1, 3, 1), (4, 2, 1, 5)])
@pytest.mark.parametrize("seed", range(3))
def test_forward_and_all_gradients_agree_with_torch(seed, T, B, I, H):
    forward_and_backward_agree(torch.nn.RNN, rnn.rnn_forward, rnn.rnn_backward, 1, seed, T, B, I, H)


@pytest.mark.parametrize("num_layers", [2, 3])
def test_stacked_layers_agree_with_torch(num_layers):
    stacked_layers_agree(torch.nn.RNN, rnn.rnn_forward, rnn.rnn_backward, 1, num_layers)


def test_the_step_agrees_with_the_cell():
    given = sequence(1, 1, 1, 3, 2, 4)
    cell = torch.nn.RNNCell(2, 4, dtype=torch.float64)
    with torch.no_grad():
        for name in WEIGHTS:
            getattr(cell, name).copy_(torch.from_numpy(given[name]))
    args = (given["x"][0], given["h0"])
    close(rnn.rnn_step(*args, *(given[n] for n in WEIGHTS)), cell(*map(torch.from_numpy, args)))


@pytest.mark.parametrize("every_step", [False, True])
def test_readout_agrees_with_linear(every_step):
    rng = np.random.default_rng(2)
    output = rng.normal(size=(5, 3, 4))
    linear = torch.nn.Linear(4, 2, dtype=torch.float64)
    weight, bias = (p.detach().numpy() for p in linear.parameters())
    seen = output if every_step else output[-1]
    close(rnn.readout(output, weight, bias, every_step), linear(torch.from_numpy(seen)))
    close(rnn.readout(output, weight, bias), linear(torch.from_numpy(output[-1])))


@pytest.mark.parametrize("T, B, H", [(5, 3, 4), (1, 2, 3), (4, 1, 1)])
def test_gradient_norms_agree_with_jacobians_of_autograd(T, B, H):
    given = sequence(3, 1, T, B, 2, H)
    twin = module(torch.nn.RNN, [given])
    output, _ = rnn.rnn_forward(**given)
    norms = rnn.gradient_norms_through_time(output, given["weight_hh"])
    assert norms.shape == (T + 1, B)
    for t in range(T + 1):
        for b in range(B):
            rest = torch.from_numpy(given["x"][t:, b : b + 1])
            start = torch.from_numpy(given["h0"][b] if t == 0 else output[t - 1, b])

            def last(h, rest=rest):
                return twin(rest, h[None, None])[1][0, 0] if len(rest) else h

            jacobian = torch.autograd.functional.jacobian(last, start)
            assert abs(norms[t, b] - torch.linalg.matrix_norm(jacobian, 2)) < 1e-10


@pytest.mark.parametrize("max_norm", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_clipping_agrees_with_torch_and_changes_nothing(max_norm, dtype):
    rng = np.random.default_rng(4)
    grads = {name: rng.normal(size=s).astype(dtype) for name, s in (("a", (3, 2)), ("b", (4,)))}
    before = {name: grad.copy() for name, grad in grads.items()}
    parameters = [torch.zeros(g.shape).to(torch.from_numpy(g).dtype) for g in grads.values()]
    for parameter, grad in zip(parameters, grads.values(), strict=True):
        parameter.requires_grad_().grad = torch.from_numpy(grad.copy())
    total = torch.nn.utils.clip_grad_norm_(parameters, max_norm)

    clipped, total_norm = rnn.clip_grad_norm(grads, max_norm)
    atol = 1e-10 if dtype == "float64" else 1e-6
    assert np.ndim(total_norm) == 0 and abs(float(total_norm) - float(total)) < atol
    for name, parameter in zip(grads, parameters, strict=True):
        assert clipped[name].dtype == dtype and clipped[name] is not grads[name]
        close(clipped[name], parameter.grad, atol)
        np.testing.assert_array_equal(grads[name], before[name])


def test_clipping_leaves_zero_gradients_finite():
    clipped, total_norm = rnn.clip_grad_norm({"a": np.zeros(3)}, 0.0)
    assert total_norm == 0 and not clipped["a"].any()


def test_dtype_is_kept():
    given = {name: a.astype("float32") for name, a in sequence(5, 1, 3, 2, 3, 4).items()}
    output, h_n = rnn.rnn_forward(**given)
    grads = rnn.rnn_backward(output, h_n, **given)
    norms = rnn.gradient_norms_through_time(output, given["weight_hh"])
    assert {a.dtype for a in (output, h_n, norms, *grads.values())} == {np.dtype("float32")}


def test_examples_in_the_docstrings_run():
    result = doctest.testmod(rnn)
    assert result.attempted > 10 and result.failed == 0
