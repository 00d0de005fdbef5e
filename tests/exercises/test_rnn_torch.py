"""The PyTorch references of the RNN chapter against torch.nn itself, and training against steps."""

import numpy as np
import pytest
import torch
from torch import nn

from autograder.exercises.rnn.torch_reference import RNN, RNNCell, train_truncated

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
    ours, theirs = RNNCell(I, H).double(), nn.RNNCell(I, H).double()
    ours.load_state_dict(theirs.state_dict())
    x, h = normal(1, B, I), normal(2, B, H)
    mine, right = ours(x, h), theirs(x, h)
    names = [name for name, _ in theirs.named_parameters()]
    d_mine = gradients([mine], [x, h, *(ours.get_parameter(n) for n in names)])
    d_right = gradients([right], [x, h, *(theirs.get_parameter(n) for n in names)])
    for a, b in zip((mine, *d_mine), (right, *d_right), strict=True):
        torch.testing.assert_close(a, b, **TOLERANCE)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("T, B, I, H, L", [(5, 3, 2, 4, 1), (4, 2, 5, 3, 2), (1, 1, 2, 3, 3)])
def test_network_agrees_with_torch(T, B, I, H, L, with_state, batch_first):
    ours = RNN(I, H, L, batch_first).double()
    theirs = nn.RNN(I, H, L, batch_first=batch_first).double()
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
    state = [normal(2, L, B, H)] if with_state else []
    mine, right = ours(x, *state), theirs(x, *state)
    d_mine = gradients(mine, [x, *state, *(pair[0] for pair in pairs)])
    d_right = gradients(right, [x, *state, *(pair[1] for pair in pairs)])
    for a, b in zip((*mine, *d_mine), (*right, *d_right), strict=True):
        torch.testing.assert_close(a, b, **TOLERANCE)


def test_one_chunk_without_clipping_is_one_step_of_full_bptt():
    def made():
        torch.manual_seed(0)
        network, readout = nn.RNN(2, 4).double(), nn.Linear(4, 3).double()
        parameters = [*network.parameters(), *readout.parameters()]
        return network, readout, parameters, torch.optim.SGD(parameters, lr=0.1)

    x, target, h = (normal(k, *s).detach() for k, s in enumerate([(6, 2, 2), (6, 2, 3), (1, 2, 4)]))
    network, readout, ours, optimizer = made()
    losses, h_n = train_truncated(network, readout, optimizer, x, target, h, 6, 1e9)
    network, readout, theirs, optimizer = made()
    output, right = network(x, h)
    loss = nn.functional.mse_loss(readout(output), target)
    loss.backward()
    optimizer.step()
    assert losses == [pytest.approx(loss.item(), abs=1e-12)]
    torch.testing.assert_close(h_n, right.detach(), **TOLERANCE)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, **TOLERANCE)


def test_the_loss_falls_on_a_small_problem():
    torch.manual_seed(0)
    network, readout = nn.RNN(1, 8), nn.Linear(8, 1)
    optimizer = torch.optim.Adam([*network.parameters(), *readout.parameters()], lr=0.02)
    x = torch.randn(400, 4, 1)
    target = torch.cat([torch.zeros(1, 4, 1), x[:-1]])  # say what came one step ago
    losses, h_n = train_truncated(
        network, readout, optimizer, x, target, torch.zeros(1, 4, 8), 4, 1.0
    )
    assert len(losses) == 100 and not h_n.requires_grad
    assert np.mean(losses[-10:]) < 0.3 * np.mean(losses[:10])
