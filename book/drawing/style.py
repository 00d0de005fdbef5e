"""Colours and the style of every figure, defined once; figures follow the page, light or dark."""

import io
import re
from html import escape

import matplotlib
from cycler import cycler
from matplotlib.figure import Figure as Plot

# One colour and one kind of line for each gate and each model, told apart by colour-blind people
# (after Okabe and Ito) and, by lightness and by line, in grey.
GATE_COLOURS = {
    "f": "#0068A8",  # forget
    "o": "#C44F00",  # output
    "i": "#009E73",  # input
    "g": "#E69F00",  # candidate
    "z": "#45A2E5",  # update
    "r": "#8B1E3F",  # reset
    "n": "#E69F00",  # candidate, as the GRU calls it
}
GATE_LINES = {
    "f": ":",
    "o": "-.",
    "i": "--",
    "g": "-",
    "z": (0, (8, 2)),
    "r": (0, (3, 1, 1, 1, 1, 1)),
    "n": "-",
}
MODEL_COLOURS = {"RNN": "#9A9A9A", "LSTM": "#B2407E", "GRU": "#6A71FF"}
MODEL_LINES = {"RNN": "--", "LSTM": "-", "GRU": "-."}
DIRECTION_COLOURS = {"ahead": "#A6A000", "back": "#6B4423", "both": "#2B8C99"}
DIRECTION_LINES = {"ahead": "--", "back": ":", "both": "-"}

# Matplotlib knows no "colour of the text around"; this one stands for it and is replaced.
INK = "#010203"

STYLE = {
    "figure.figsize": (6.4, 3.4),
    "figure.constrained_layout.use": True,
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "book",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.prop_cycle": cycler(color=[INK]),
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 2.2,
}


class Figure:
    """A vector graphic with a description, shown inside the page's HTML.

    Parameters
    ----------
    svg : str, an ``<svg>`` element
    alt : str, what the figure shows, for those who can't see it
    caption : str, what the reader should see in it
    """

    def __init__(self, svg, alt, caption=""):
        if not alt.strip():
            raise ValueError("a figure needs alt text: say what it shows")
        description = f'role="img" aria-label="{escape(" ".join(alt.split()))}"'
        self.svg = svg.replace("<svg ", f"<svg {description} ", 1)
        self.caption = caption

    def _repr_html_(self):
        caption = f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        return f'<figure class="course-figure">{self.svg}{caption}</figure>'


def figure(rows=1, columns=1, size=None, **options):
    """Return a matplotlib figure in the book's style, and its axes.

    Parameters
    ----------
    rows, columns : int
    size : (width, height) in inches, or None for the usual size
    options : for ``Figure.subplots``, such as ``sharey=True``

    Returns
    -------
    plot : matplotlib.figure.Figure
    axes : one Axes, or an array of them
    """
    matplotlib.rcParams.update(STYLE)  # for whatever the page adds to the axes, too
    plot = Plot(figsize=size)
    return plot, plot.subplots(rows, columns, **options)


def show(plot, alt, caption=""):
    """Turn a matplotlib figure into a Figure of the book (its last use).

    Parameters
    ----------
    plot : matplotlib.figure.Figure
    alt : str, what the figure shows, for those who can't see it
    caption : str, what the reader should see in it

    Returns
    -------
    Figure
    """
    file = io.StringIO()
    plot.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    svg = file.getvalue()
    svg = svg[svg.index("<svg ") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg [^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg [^>]*?) height="[^"]*"', r"\1", svg, count=1)
    return Figure(svg.replace(INK, "currentColor"), alt, caption)
