"""Does yesterday's price help to predict today's? Networks against the naive forecast."""

import csv

import numpy as np
import torch
from matplotlib import cbook

from autograder.reference.comparison import make_windows, naive_forecast

from .learning import CELLS, SEEDS, Reader, compare, fit

NAMES = ("IBM", "AAPL", "MSFT", "XRX", "ADBE", "^GSPC", "^IXIC")
"""The series that run through all months."""
WINDOW, BATCH, UPDATES, BUDGET = 12, 32, 600, 1500
SPLIT = ("2008-01-01", "2014-01-01")
"""First month of validation and of test."""


def prices():
    """Months (list of str) and logarithms of the monthly prices, an array (months, series)."""
    with open(cbook.get_sample_data("Stocks.csv", asfileobj=False), encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    # Rows between the first days of the months only tell of dividends, or hold no full month.
    rows = [row for row in rows if row["Date"].endswith("-01") and all(row[n] for n in NAMES)]
    months = [row["Date"] for row in rows]
    return months, np.log(np.array([[float(row[name]) for name in NAMES] for row in rows]))


def windows(months, series):
    """Windows of each series with the value that follows, by the month of that value."""
    pieces = {"train": [], "valid": [], "test": []}
    ends = np.array(months[WINDOW:])
    for column in series.T:
        x, y = make_windows(column, WINDOW, 1)
        for name, chosen in (
            ("train", ends < SPLIT[0]),
            ("valid", (ends >= SPLIT[0]) & (ends < SPLIT[1])),
            ("test", ends >= SPLIT[1]),
        ):
            pieces[name].append((x[chosen], y[chosen]))
    return {name: [np.concatenate(p) for p in zip(*ps, strict=True)] for name, ps in pieces.items()}


def run():
    """Mean absolute error of the next month's price, as a share of the naive forecast's."""
    months, logs = prices()
    data = windows(months, logs)
    mean, spread = data["train"][0].mean(), data["train"][0].std()
    step = np.diff(data["train"][0], axis=1).std()

    def as_prices(x, y):
        """The price itself, standardised; the network answers with the next one."""
        x = torch.from_numpy((x - mean) / spread).float().T[:, :, None]
        return x, torch.from_numpy((y - mean) / spread).float()

    def as_changes(x, y):
        """Monthly changes; the network answers with the next change."""
        before = torch.from_numpy(np.diff(x, axis=1) / step).float().T[:, :, None]
        return before, torch.from_numpy((y - x[:, -1:]) / step).float()

    found = {}
    for form, scale, prepare in (("price", spread, as_prices), ("change", step, as_changes)):
        tensors = {name: prepare(*pair) for name, pair in data.items()}
        naive = {n: np.abs(y - naive_forecast(x, 1)).mean() for n, (x, y) in data.items()}

        def batch(generator, tensors=tensors):
            x, y = tensors["train"]
            rows = torch.randint(len(y), (BATCH,), generator=generator)
            return x[:, rows], y[rows]

        def loss_of(network, x, y):
            return torch.nn.functional.l1_loss(network(x), y)

        def ratio(network, part="valid", tensors=tensors, scale=scale, naive=naive):
            x, y = tensors[part]
            return (network(x) - y).abs().mean().item() * scale / naive[part]

        def train(make, seed, rate, batch=batch, loss_of=loss_of, ratio=ratio):
            return fit(make, seed, rate, UPDATES, batch, loss_of, ratio)

        def test(network, ratio=ratio):
            with torch.no_grad():
                return {part: round(float(ratio(network, part)), 4) for part in ("train", "test")}

        networks = {cell: lambda cell=cell: Reader(cell, 1, 1, BUDGET) for cell in CELLS}
        found[form] = compare(networks, train, test)

    # A question for the honest: does a rise that never changes beat "nothing changes"?
    drift = np.median(data["train"][1] - data["train"][0][:, -1:])
    x, y = data["test"]
    always = np.abs(y - x[:, -1:] - drift).mean() / np.abs(y - x[:, -1:]).mean()
    return {
        "settings": {
            "window": WINDOW,
            "batch": BATCH,
            "updates": UPDATES,
            "seeds": len(SEEDS),
            "budget": BUDGET,
            "series": list(NAMES),
            "months": [months[0], *SPLIT, months[-1]],
            "windows": {name: len(y) for name, (_, y) in data.items()},
        },
        "naive forecast, mean absolute error of the logarithm": round(
            float(np.abs(y - x[:, -1:]).mean()), 4
        ),
        "the same rise every month, as a share of the naive forecast's error": round(
            float(always), 4
        ),
        "error as a share of the naive forecast's": found,
    }
