"""Time and rounding on a graphics card: PyTorch's layers there, loops in Python, processors."""

import functools
import os
import time

import torch

from .learning import CELLS
from .speed import Convolution, LoopedGRU, LoopedSRU, timed

STEPS, ROWS, HIDDEN = (10, 50, 200), (1, 32, 512), (16, 64, 256, 1024)
REPEATS = 19


def missing():
    """What this machine lacks for the measurement, in words; empty where nothing."""
    return "" if torch.cuda.is_available() else "PyTorch finds no graphics card by NVIDIA here"


def finished():
    """The time in seconds, once the card has done what it was given."""
    torch.cuda.synchronize()
    return time.perf_counter()


on_card = functools.partial(timed, clock=finished, repeats=REPEATS)


def made(kind, *sizes, **options):
    """A network on the card, with the same start each time."""
    torch.manual_seed(0)
    return kind(*sizes, **options).cuda()


def sequences(T, B, I):
    """Inputs (T, B, I) on the card, the same each time."""
    return torch.randn(T, B, I, generator=torch.Generator().manual_seed(0)).cuda()


def cells():
    """PyTorch's layers over a grid of sizes."""
    rows = []
    for T in STEPS:
        for B in ROWS:
            for H in HIDDEN:
                networks = {name: made(kind, H, H) for name, kind in CELLS.items()}
                measured = on_card(networks, sequences(T, B, H))
                rows.append({"T": T, "B": B, "I": H, "H": H, "milliseconds": measured})
    return rows


def loops():
    """A GRU and an SRU as loops in Python, beside layers that are one call; on one core, too."""
    rows = []
    for T in STEPS:
        networks = {
            "GRU, a loop in Python": made(LoopedGRU, 64),
            "SRU, a loop in Python": made(LoopedSRU, 64),
            "GRU, PyTorch's": made(torch.nn.GRU, 64, 64),
            "LSTM, PyTorch's": made(torch.nn.LSTM, 64, 64),
            "convolution over 3 steps": made(Convolution, 64),
        }
        x = sequences(T, 32, 64)
        row = {"T": T, "B": 32, "H": 64, "milliseconds": on_card(networks, x)}
        networks = {name: network.cpu() for name, network in networks.items()}
        core = timed(networks, x.cpu(), clock=time.perf_counter)
        rows.append(row | {"milliseconds on one core": core})
    return rows


def shapes():
    """Layers on top of one another, and both directions, beside one layer."""
    forms = {
        "one layer": {},
        "two layers": {"num_layers": 2},
        "four layers": {"num_layers": 4},
        "both directions": {"bidirectional": True},
    }
    x = sequences(200, 32, 256)
    return {
        cell: on_card({form: made(CELLS[cell], 256, 256, **how) for form, how in forms.items()}, x)
        for cell in CELLS
    }


def processors():
    """The same layers on this machine's processor: one core of it, and all."""
    rows = []
    for threads in (1, os.cpu_count()):
        torch.set_num_threads(threads)
        for B in ROWS[:2]:
            for H in HIDDEN:
                networks = {name: made(kind, H, H).cpu() for name, kind in CELLS.items()}
                x = sequences(50, B, H).cpu()
                measured = timed(networks, x, clock=time.perf_counter, repeats=5)
                row = {"threads": threads, "T": 50, "B": B, "I": H, "H": H}
                rows.append(row | {"milliseconds": measured})
    torch.set_num_threads(1)
    return rows


def rounding():
    """How far the output is from that in float64, as PyTorch is installed and without TF32."""
    found = {}
    x = sequences(50, 32, 256)
    for cell, kind in CELLS.items():
        network = made(kind, 256, 256)
        exact = made(kind, 256, 256).double()
        with torch.no_grad():
            right = exact(x.double())[0].cpu()
            found[cell] = {
                "the card": far(network, x, right),
                "the card without TF32": far(network, x, right, tf32=False),
                "a processor": far(network.cpu(), x.cpu(), right),
            }
    return found


def far(network, x, right, tf32=None):
    """The largest difference of an output from the right one."""
    usual = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = usual if tf32 is None else tf32
    try:
        return (network(x)[0].cpu().double() - right).abs().max().item()
    finally:
        torch.backends.cudnn.allow_tf32 = usual


def run():
    """Times of layers, loops, shapes and processors; rounding; what the card is."""
    return {
        "settings": {
            "card": torch.cuda.get_device_name(),
            "cuDNN": torch.backends.cudnn.version(),
            "TF32 in cuDNN": torch.backends.cudnn.allow_tf32,
            "repeats": REPEATS,
            "each time": "[median, least], by the wall clock, once the card has done",
        },
        "cells": cells(),
        "loops": loops(),
        "shapes": shapes(),
        "processors": processors(),
        "rounding": rounding(),
    }
