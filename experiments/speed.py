"""Time and memory: PyTorch's RNN, LSTM and GRU, with and without oneDNN, and a few relatives."""

import contextlib
import statistics
import time
import warnings

import torch
from torch import nn

from .learning import CELLS

STEPS, ROWS, HIDDEN = (10, 50, 200), (1, 32), (16, 64, 256)
REPEATS = 9


@contextlib.contextmanager
def onednn(enabled):
    """Let PyTorch use oneDNN, a library that has an LSTM of its own for processors, or not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about graphics cards that play no part here
        with torch.backends.mkldnn.flags(enabled=enabled):
            yield


def timed(networks, x, clock=time.process_time, repeats=REPEATS):
    """Milliseconds of forward alone and of forward and backward, by network: [median, least].

    By the usual clock it is the processor's time on one core, without what other programs take;
    and the networks take turns, so that whatever else the machine does meets all of them.
    """
    times = {name: {"forward": [], "forward and backward": []} for name in networks}
    for repeat in range(repeats + 1):
        for name, network in networks.items():
            start = clock()
            with torch.no_grad():
                network(x)
            middle = clock()
            output = network(x)
            (output[0] if isinstance(output, tuple) else output).sum().backward()
            end = clock()
            if repeat:  # the first turn warms up
                times[name]["forward"].append(middle - start)
                times[name]["forward and backward"].append(end - middle)
    return {
        name: {
            what: [round(1e3 * f(values), 4) for f in (statistics.median, min)]
            for what, values in both.items()
        }
        for name, both in times.items()
    }


class LoopedGRU(nn.Module):
    """A GRU written as a loop in Python, to be compared with an SRU written likewise."""

    def __init__(self, size):
        super().__init__()
        self.x = nn.Linear(size, 3 * size)
        self.h = nn.Linear(size, 3 * size)

    def forward(self, x):
        from_x = self.x(x).chunk(3, dim=-1)
        h = torch.zeros_like(x[0])
        output = []
        for r, z, n in zip(*from_x, strict=True):
            r_h, z_h, n_h = self.h(h).chunk(3, dim=-1)
            z = torch.sigmoid(z + z_h)
            n = torch.tanh(n + torch.sigmoid(r + r_h) * n_h)
            h = n + z * (h - n)
            output.append(h)
        return torch.stack(output)


class LoopedSRU(nn.Module):
    """An SRU: all matrix products at once, then a loop of cheap steps."""

    def __init__(self, size):
        super().__init__()
        self.x = nn.Linear(size, 3 * size)
        self.v_f, self.v_r = (nn.Parameter(torch.zeros(size)) for _ in range(2))

    def forward(self, x):
        new, forget, reset = self.x(x).chunk(3, dim=-1)
        c = torch.zeros_like(x[0])
        before, memory = [], []
        for new_t, forget_t in zip(new, forget, strict=True):
            before.append(c)
            c = new_t + torch.sigmoid(forget_t + self.v_f * c) * (c - new_t)
            memory.append(c)
        memory, before = torch.stack(memory), torch.stack(before)
        # What does not feed the next step is done for all steps at once.
        return x + torch.sigmoid(reset + self.v_r * before) * (memory - x)


class Convolution(nn.Module):
    """A convolution over time, three steps wide."""

    def __init__(self, size):
        super().__init__()
        self.layer = nn.Conv1d(size, size, 3, padding=1)

    def forward(self, x):
        return self.layer(x.permute(1, 2, 0))


def run():
    """Times over a grid of sizes, with and without oneDNN; times of relatives."""
    grid = []
    for T in STEPS:
        for B in ROWS:
            for H in HIDDEN:
                x = torch.randn(T, B, H, generator=torch.Generator().manual_seed(0))
                for enabled in (True, False):
                    torch.manual_seed(0)
                    networks = {name: kind(H, H) for name, kind in CELLS.items()}
                    with onednn(enabled):
                        measured = timed(networks, x)
                    row = {"T": T, "B": B, "I": H, "H": H, "oneDNN": enabled}
                    grid.append(row | {"milliseconds": measured})
    relatives = []
    for T in STEPS:
        torch.manual_seed(0)
        size = 64
        x = torch.randn(T, 32, size)
        networks = {
            "GRU, a loop in Python": LoopedGRU(size),
            "SRU, a loop in Python": LoopedSRU(size),
            "GRU, PyTorch's": nn.GRU(size, size),
            "LSTM, PyTorch's": nn.LSTM(size, size),
            "convolution over 3 steps": Convolution(size),
        }
        relatives.append({"T": T, "B": 32, "H": size, "milliseconds": timed(networks, x)})
    return {
        "settings": {"repeats": REPEATS, "each time": "[median, least]"},
        "cells": grid,
        "relatives": relatives,
    }
