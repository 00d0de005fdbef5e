"""The PyTorch references of the LSTM chapter against torch.nn itself."""

import numpy as np
import pytest
import torch
from torch import nn

from autograder.exercises.lstm.torch_reference import LSTM, LSTMCell, init_forget_bias, lstm_shapes

TOLERANCE = {"rtol": 0, "atol": 1e-10}


def normal(seed, *shape):
    values = np.random.default_rng(seed).normal(scale=0.5, size=shape)
    return torch.from_numpy(values).requires_grad_()


def gradients(outputs, leaves):
    """Gradients of a loss that weighs every number of every output differently."""
    loss = sum((normal(k, *out.shape).detach() * out).sum() for k, out in enumerate(outputs))
    return torch.autograd.grad(loss, leaves)


@pytest.mark.parametrize("B, I, H", [(3, 2, 4), (1, 3, 2), (4, 2, 1)])
def test_cell_agrees_with_torch(B, I, H):
    ours, theirs = LSTMCell(I, H).double(), nn.LSTMCell(I, H).double()
    ours.load_state_dict(theirs.state_dict())
    x, h, c = normal(1, B, I), normal(2, B, H), normal(3, B, H)
    mine, right = ours(x, (h, c)), theirs(x, (h, c))
    names = [name for name, _ in theirs.named_parameters()]
    d_mine = gradients(mine, [x, h, c, *(ours.get_parameter(n) for n in names)])
    d_right = gradients(right, [x, h, c, *(theirs.get_parameter(n) for n in names)])
    for a, b in zip((*mine, *d_mine), (*right, *d_right), strict=True):
        torch.testing.assert_close(a, b, **TOLERANCE)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("T, B, I, H, L", [(5, 3, 2, 4, 1), (4, 2, 5, 3, 2), (1, 1, 2, 3, 3)])
def test_network_agrees_with_torch(T, B, I, H, L, with_state, batch_first):
    ours = LSTM(I, H, L, batch_first).double()
    theirs = nn.LSTM(I, H, L, batch_first=batch_first).double()
    pairs = [
        (ours.get_parameter(f"cells.{k}.{name}"), theirs.get_parameter(f"{name}_l{k}"))
        for k in range(L)
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ]
    assert len(pairs) == len(list(ours.parameters()))
    with torch.no_grad():
        for mine, right in pairs:
            mine.copy_(right)
    x = normal(1, B, T, I) if batch_first else normal(1, T, B, I)
    state = (normal(2, L, B, H), normal(3, L, B, H)) if with_state else None
    leaves = [x, *(state or ())]
    (mine, mine_n), (right, right_n) = ours(x, state), theirs(x, state)
    mine, right = (mine, *mine_n), (right, *right_n)
    d_mine = gradients(mine, [*leaves, *(pair[0] for pair in pairs)])
    d_right = gradients(right, [*leaves, *(pair[1] for pair in pairs)])
    for a, b in zip((*mine, *d_mine), (*right, *d_right), strict=True):
        torch.testing.assert_close(a, b, **TOLERANCE)


def test_new_parameters_are_spread_as_in_torch():
    torch.manual_seed(0)
    for parameter in LSTMCell(30, 25).parameters():
        assert 0.15 < parameter.abs().max() <= 0.2
        assert abs(parameter.mean()) < 0.05


@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_shapes_are_those_of_torch(num_layers, bidirectional, batch_first):
    I, H, T, B = 2, 4, 5, 3
    shapes = lstm_shapes(I, H, num_layers, bidirectional, batch_first, T, B)
    module = nn.LSTM(I, H, num_layers, batch_first=batch_first, bidirectional=bidirectional)
    output, (h_n, c_n) = module(torch.zeros(shapes.pop("x")))
    assert {"output": output.shape, "h_n": h_n.shape, "c_n": c_n.shape} == {
        name: shapes.pop(name) for name in ("output", "h_n", "c_n")
    }
    assert shapes == {name: module.get_parameter(name).shape for name in shapes}


def test_forget_bias_adds_up_to_the_value_and_nothing_else_changes():
    H = 4
    module = nn.LSTM(2, H, num_layers=2, bidirectional=True)
    before = {name: p.detach().clone() for name, p in module.named_parameters()}
    init_forget_bias(module, 1.5)
    forget = slice(H, 2 * H)
    for name, now in module.named_parameters():
        assert now.requires_grad
        if name.startswith("bias"):
            other = module.get_parameter(name.replace("bias_ih", "bias_hh"))
            if name.startswith("bias_ih"):
                assert torch.equal((now + other)[forget], torch.full((H,), 1.5))
            before[name][forget] = now.detach()[forget]
        assert torch.equal(now, before[name])
