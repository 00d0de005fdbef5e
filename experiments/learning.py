"""What the learning experiments share: networks of equal size, training, choice of a rate."""

import sys

import torch
from torch import nn

from autograder.reference.comparison import count_parameters

CELLS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
SEEDS = range(5)
TUNING_SEED = 1000
RATES = (0.001, 0.003, 0.01)
CLIP = 1.0


def hidden_size(cell, input_size, budget, bidirectional=False):
    """The largest hidden size with which a layer has no more parameters than the budget."""
    H = 1
    while count_parameters(cell.lower(), input_size, H + 1, 1, bidirectional) <= budget:
        H += 1
    return H


class Reader(nn.Module):
    """A recurrent layer of a given budget of parameters, and a linear layer on its outputs.

    Parameters
    ----------
    cell : str, a key of ``CELLS``
    input_size, output_size, budget : int
    bidirectional : bool
    forget_bias : float, set in an LSTM before training, or None for PyTorch's own start
    """

    def __init__(
        self, cell, input_size, output_size, budget, bidirectional=False, forget_bias=None
    ):
        super().__init__()
        H = hidden_size(cell, input_size, budget, bidirectional)
        self.layer = CELLS[cell](input_size, H, bidirectional=bidirectional)
        self.head = nn.Linear(H * (2 if bidirectional else 1), output_size)
        if forget_bias is not None:
            with torch.no_grad():
                self.layer.bias_ih_l0[H : 2 * H] = forget_bias
                self.layer.bias_hh_l0[H : 2 * H] = 0

    def forward(self, x, at=-1):
        """Read x (T, B, I) and answer at one step, or at every step where ``at`` is None."""
        output, _ = self.layer(x)
        return self.head(output if at is None else output[at])


class Bag(nn.Module):
    """The mean of one vector for each symbol, and a linear layer: all order is lost."""

    def __init__(self, input_size, output_size, width=32):
        super().__init__()
        self.embed = nn.Linear(input_size, width, bias=False)
        self.head = nn.Linear(width, output_size)

    def forward(self, x, at=-1):
        """Read one-hot x (T, B, I) whole, whatever ``at`` is."""
        return self.head(self.embed(x).mean(dim=0))


def fit(make, seed, rate, updates, batch, loss_of, score_of, points=20):
    """Train one network.

    Parameters
    ----------
    make : function that makes the network
    seed : int, of the network's start and of the batches
    rate : float, Adam's learning rate
    updates : int
    batch : function of a torch.Generator that draws what ``loss_of`` takes
    loss_of, score_of : functions of the network (and a batch) to a tensor and to a number
    points : int, how often the score is taken

    Returns
    -------
    network : as it is at the end
    curve : list of [updates, score]
    """
    torch.manual_seed(seed)
    network = make()
    draws = torch.Generator().manual_seed(seed + 1)
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    curve = []
    for update in range(1, updates + 1):
        optimizer.zero_grad()
        loss_of(network, *batch(draws)).backward()
        nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        optimizer.step()
        if update % max(1, updates // points) == 0:
            with torch.no_grad():
                curve.append([update, round(float(score_of(network)), 5)])
    return network, curve


def compare(networks, train, test, lower_is_better=True):
    """Choose a rate for each network by one run for each rate, then train it from all seeds.

    Parameters
    ----------
    networks : dict from name to a function that makes the network
    train : function of make, seed and rate that returns (network, curve), the curve's score taken
        on validation data
    test : function of a trained network to plain data, taken on test data
    lower_is_better : bool, of the score

    Returns
    -------
    dict from name to ``parameters``, ``rate``, ``tuning`` (score by rate), ``curves`` and
    ``tests`` (one for each seed)
    """
    found = {}
    sign = 1 if lower_is_better else -1
    for name, make in networks.items():
        tuning = {rate: train(make, TUNING_SEED, rate)[1][-1][1] for rate in RATES}
        rate = min(tuning, key=lambda r: (sign * tuning[r], r))
        runs = [train(make, seed, rate) for seed in SEEDS]
        found[name] = {
            "parameters": sum(p.numel() for p in make().parameters()),
            "rate": rate,
            "tuning": {str(rate): score for rate, score in tuning.items()},
            "curves": [curve for _, curve in runs],
            "tests": [test(network) for network, _ in runs],
        }
        ends = [curve[-1][1] for _, curve in runs]
        print(f"  {name}: rate {rate}, {ends}", file=sys.stderr, flush=True)
    return found
