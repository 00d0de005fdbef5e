"""The adding problem: two marked numbers far apart, and their sum at the end."""

import numpy as np
import torch

from autograder.reference.comparison import adding_problem

from .learning import CELLS, SEEDS, Reader, compare, fit

STEPS = (20, 100)
BATCH, UPDATES, BUDGET = 32, 1500, 4608


def draw(rng, T, B):
    """A batch as tensors, in float32."""
    x, y = adding_problem(rng, T, B)
    return torch.from_numpy(x).float(), torch.from_numpy(y).float()


def run():
    """Learning curves of the mean squared error for short and long sequences."""
    networks = {cell: lambda cell=cell: Reader(cell, 2, 1, BUDGET) for cell in CELLS}
    networks["LSTM, forget bias 1"] = lambda: Reader("LSTM", 2, 1, BUDGET, forget_bias=1.0)
    found = {}
    for T in STEPS:
        valid = draw(np.random.default_rng([T, 1]), T, 500)
        held_out = draw(np.random.default_rng([T, 2]), T, 1000)

        def batch(generator, T=T):
            seed = int(torch.randint(2**31, (), generator=generator))
            return draw(np.random.default_rng(seed), T, BATCH)

        def loss_of(network, x, y):
            return torch.nn.functional.mse_loss(network(x), y)

        def score_of(network, data=valid, loss_of=loss_of):
            return loss_of(network, *data).item()

        def train(make, seed, rate, batch=batch, loss_of=loss_of, score_of=score_of):
            return fit(make, seed, rate, UPDATES, batch, loss_of, score_of, points=30)

        def test(network, score_of=score_of, held_out=held_out):
            with torch.no_grad():
                return score_of(network, held_out)

        found[str(T)] = compare(networks, train, test)
    # Who always answers 1, the mean, errs by the variance of a sum of two uniform numbers.
    baseline = 2 / 12
    return {
        "settings": {"batch": BATCH, "updates": UPDATES, "seeds": len(SEEDS), "budget": BUDGET},
        "always answers the mean": baseline,
        "mean squared error": found,
    }
