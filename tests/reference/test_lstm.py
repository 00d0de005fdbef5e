"""reference/lstm.py against torch.nn.LSTM, its derivatives against autograd."""

import doctest

import numpy as np
import pytest
import torch

from autograder.reference import lstm

WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def draw(seed, T, B, I, H, scale=0.5):
    rng = np.random.default_rng(seed)

    def normal(*shape):
        return rng.normal(scale=scale, size=shape)

    return {
        "x": normal(T, B, I),
        "h0": normal(B, H),
        "c0": normal(B, H),
        "weight_ih": normal(4 * H, I),
        "weight_hh": normal(4 * H, H),
        "bias_ih": normal(4 * H),
        "bias_hh": normal(4 * H),
    }


def torch_lstm(layers, dtype=torch.float64):
    """nn.LSTM that holds the given layers' weights."""
    H, I = layers[0]["weight_hh"].shape[1], layers[0]["weight_ih"].shape[1]
    module = torch.nn.LSTM(I, H, num_layers=len(layers), dtype=dtype)
    with torch.no_grad():
        for k, layer in enumerate(layers):
            for name in WEIGHTS:
                getattr(module, f"{name}_l{k}").copy_(torch.from_numpy(layer[name]))
    return module


@pytest.mark.parametrize("T, B, I, H", [(5, 3, 2, 4), (1, 3, 2, 4), (6, 1, 3, 1), (4, 2, 1, 5)])
@pytest.mark.parametrize("seed", range(3))
def test_forward_and_all_gradients_agree_with_torch(seed, T, B, I, H):
    given = draw(seed, T, B, I, H)
    module = torch_lstm([given])
    x, h0, c0 = (torch.from_numpy(given[n]).requires_grad_() for n in ("x", "h0", "c0"))
    output, (h_n, c_n) = module(x, (h0[None], c0[None]))

    ours, (our_h_n, our_c_n) = lstm.lstm_forward(**given)
    for a, b in ((ours, output), (our_h_n, h_n[0]), (our_c_n, c_n[0])):
        np.testing.assert_allclose(a, b.detach(), rtol=0, atol=1e-10)

    rng = np.random.default_rng(seed + 100)
    d_output, d_h_n, d_c_n = (rng.normal(size=a.shape) for a in (ours, our_h_n, our_c_n))
    loss = sum(
        (torch.from_numpy(d) * v).sum()
        for d, v in ((d_output, output), (d_h_n, h_n[0]), (d_c_n, c_n[0]))
    )
    loss.backward()
    grads = lstm.lstm_backward(d_output, d_h_n, d_c_n, **given)
    theirs = {"x": x.grad, "h0": h0.grad, "c0": c0.grad}
    theirs |= {name: getattr(module, f"{name}_l0").grad for name in WEIGHTS}
    assert grads.keys() == theirs.keys()
    for name, grad in theirs.items():
        np.testing.assert_allclose(grads[name], grad, rtol=0, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("num_layers", [2, 3])
def test_stacked_layers_agree_with_torch(num_layers):
    T, B, I, H = 5, 3, 2, 4
    layers = [draw(k, T, B, I if k == 0 else H, H) for k in range(num_layers)]
    x = layers[0]["x"]
    module = torch_lstm(layers)
    leaf = torch.from_numpy(x).requires_grad_()
    states = [torch.from_numpy(np.stack([layer[n] for layer in layers])) for n in ("h0", "c0")]
    output, (h_n, c_n) = module(leaf, tuple(states))

    inputs = []
    for k, layer in enumerate(layers):
        inputs.append(x)
        x, (h, c) = lstm.lstm_forward(**(layer | {"x": x}))
        np.testing.assert_allclose(h, h_n[k].detach(), rtol=0, atol=1e-10)
        np.testing.assert_allclose(c, c_n[k].detach(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(x, output.detach(), rtol=0, atol=1e-10)

    d_output = np.random.default_rng(9).normal(size=x.shape)
    (torch.from_numpy(d_output) * output).sum().backward()
    zero = np.zeros((B, H))
    for k in reversed(range(num_layers)):
        grads = lstm.lstm_backward(d_output, zero, zero, **(layers[k] | {"x": inputs[k]}))
        d_output = grads["x"]
        for name in WEIGHTS:
            theirs = getattr(module, f"{name}_l{k}").grad
            np.testing.assert_allclose(grads[name], theirs, rtol=0, atol=1e-10)
    np.testing.assert_allclose(d_output, leaf.grad, rtol=0, atol=1e-10)


def test_the_step_agrees_with_the_cell():
    given = draw(2, 1, 3, 2, 4)
    cell = torch.nn.LSTMCell(2, 4, dtype=torch.float64)
    with torch.no_grad():
        for name in WEIGHTS:
            getattr(cell, name).copy_(torch.from_numpy(given[name]))
        x, h, c = (torch.from_numpy(a) for a in (given["x"][0], given["h0"], given["c0"]))
        theirs = cell(x, (h, c))
    ours = lstm.lstm_step(given["x"][0], given["h0"], given["c0"], *(given[n] for n in WEIGHTS))
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(our, their, rtol=0, atol=1e-10)


def test_each_gate_is_the_block_that_the_step_uses():
    given = draw(1, 1, 3, 2, 4)
    args = (given["x"][0], given["h0"], *(given[name] for name in WEIGHTS))
    c = lstm.update_cell(
        given["c0"], lstm.forget_gate(*args), lstm.input_gate(*args), lstm.candidate(*args)
    )
    h = lstm.output_gate(*args) * np.tanh(c)
    step_h, step_c = lstm.lstm_step(args[0], args[1], given["c0"], *args[2:])
    np.testing.assert_allclose(c, step_c, rtol=0, atol=1e-12)
    np.testing.assert_allclose(h, step_h, rtol=0, atol=1e-12)


def test_concatenated_weights_give_the_papers_step():
    rng = np.random.default_rng(3)
    B, I, H = 3, 2, 4
    W = {gate: rng.normal(size=(H, H + I)) for gate in "ifgo"}
    b = {gate: rng.normal(size=H) for gate in "ifgo"}
    x, h, c = rng.normal(size=(B, I)), rng.normal(size=(B, H)), rng.normal(size=(B, H))

    hx = np.concatenate([h, x], axis=1)
    pre = {gate: hx @ W[gate].T + b[gate] for gate in "ifgo"}
    new_c = lstm.sigmoid(pre["f"]) * c + lstm.sigmoid(pre["i"]) * np.tanh(pre["g"])
    new_h = lstm.sigmoid(pre["o"]) * np.tanh(new_c)

    weights = lstm.split_concatenated_weights(*W.values(), *b.values())
    for ours, papers in zip(lstm.lstm_step(x, h, c, *weights), (new_h, new_c), strict=True):
        np.testing.assert_allclose(ours, papers, rtol=0, atol=1e-12)


def test_sigmoid_neither_overflows_nor_changes_dtype():
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for dtype in (np.float32, np.float64):
            out = lstm.sigmoid(np.array([-1000, -30, 0, 30, 1000], dtype=dtype))
            assert out.dtype == dtype
            assert out[0] == 0 and out[2] == 0.5 and out[4] == 1


def test_examples_in_the_docstrings_run():
    result = doctest.testmod(lstm)
    assert result.attempted > 20 and result.failed == 0
