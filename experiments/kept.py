"""What the kept runs found, for the pages of the book."""

import json
import statistics
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def kept(name):
    """What one experiment found: the dict that its run wrote."""
    return json.loads((RESULTS / f"{name}.json").read_text("utf-8"))


def measured(name):
    """Where one experiment was run, and what remakes it, in a sentence of Markdown."""
    found = kept(name)
    machine, card = found["machine"], found["settings"].get("card")
    where = f"an {card} in a machine with" if card else "one core of"
    return (
        f"Measured on {where} an {machine['processor']} with PyTorch {machine['torch']}; "
        f"`{found['command']}` remakes it."
    )


def spread(values, form):
    """Median and range of several runs, such as ``0.96 (0.93–0.98)``."""
    low, middle, high = (
        form.format(f(values)).replace("-", "−") for f in (min, statistics.median, max)
    )
    return middle if low == high else f"{middle} ({low}–{high})"


def band(axes, curves, colour, line, label):
    """Draw the median of several learning curves, and their range as a band."""
    at = [point[0] for point in curves[0]]
    scores = list(zip(*([point[1] for point in curve] for curve in curves), strict=True))
    axes.fill_between(
        at, [min(s) for s in scores], [max(s) for s in scores], color=colour, alpha=0.2, lw=0
    )
    axes.plot(at, [statistics.median(s) for s in scores], color=colour, ls=line, label=label)
