"""Images of digits, read row by row, against networks that see the whole image."""

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

from .learning import CELLS, SEEDS, Reader, compare, fit

BATCH, UPDATES, BUDGET = 32, 1000, 4200
TRAIN, VALID = 1200, 297


class DNN(nn.Module):
    """Two fully connected layers on all 64 pixels."""

    def __init__(self, width=58):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))

    def forward(self, x):
        return self.layers(x.transpose(0, 1).flatten(1))


class CNN(nn.Module):
    """Two convolutions with a step of two between, and a linear layer."""

    def __init__(self, width=14):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(width * 16, 10),
        )

    def forward(self, x):
        return self.layers(x.transpose(0, 1).unsqueeze(1))


class Straight(nn.Module):
    """One linear layer on all pixels: the least that a network can do."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, x):
        return self.layer(x.transpose(0, 1).flatten(1))


def data(shuffled):
    """Train, validation and test images as (8, N, 8), and their digits.

    Where ``shuffled``, the pixels of every image change places in the same way.
    """
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    pixels = digits.data[order] / 16
    if shuffled:
        pixels = pixels[:, np.random.default_rng(1).permutation(64)]
    x = torch.from_numpy(pixels).float().reshape(-1, 8, 8).transpose(0, 1)
    y = torch.from_numpy(digits.target[order])
    ends = (slice(0, TRAIN), slice(TRAIN, TRAIN + VALID), slice(TRAIN + VALID, None))
    return [(x[:, end], y[end]) for end in ends]


def run():
    """The share of right digits by network, with pixels in place and with pixels shuffled."""
    networks = {cell: lambda cell=cell: Reader(cell, 8, 10, BUDGET) for cell in CELLS}
    networks |= {"DNN": DNN, "CNN": CNN, "linear": Straight}
    found = {}
    for shuffled in (False, True):
        train_set, valid, held_out = data(shuffled)

        def batch(generator, train_set=train_set):
            rows = torch.randint(TRAIN, (BATCH,), generator=generator)
            return train_set[0][:, rows], train_set[1][rows]

        def loss_of(network, x, y):
            return nn.functional.cross_entropy(network(x), y)

        def share(network, pairs=valid):
            return (network(pairs[0]).argmax(dim=1) == pairs[1]).float().mean().item()

        def train(make, seed, rate, batch=batch, loss_of=loss_of, share=share):
            return fit(make, seed, rate, UPDATES, batch, loss_of, share)

        def test(network, share=share, held_out=held_out):
            with torch.no_grad():
                return round(share(network, held_out), 4)

        name = "pixels shuffled" if shuffled else "pixels in place"
        found[name] = compare(networks, train, test, lower_is_better=False)
    return {
        "settings": {
            "batch": BATCH,
            "updates": UPDATES,
            "seeds": len(SEEDS),
            "images": {"train": TRAIN, "validation": VALID, "test": len(held_out[1])},
        },
        "share right": found,
    }
