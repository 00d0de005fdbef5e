"""Figures of the book: cells drawn from the graphs that also compute them; one style for all."""

from book.drawing.cells import LSTM, RNN
from book.drawing.diagram import draw, draw_batch, draw_both_ways, draw_layers
from book.drawing.graph import Cell, Node, Wire, evaluate, parameters
from book.drawing.style import (
    DIRECTION_COLOURS,
    DIRECTION_LINES,
    GATE_COLOURS,
    GATE_LINES,
    MODEL_COLOURS,
    MODEL_LINES,
    figure,
    show,
)

__all__ = [
    "DIRECTION_COLOURS",
    "DIRECTION_LINES",
    "GATE_COLOURS",
    "GATE_LINES",
    "LSTM",
    "MODEL_COLOURS",
    "MODEL_LINES",
    "RNN",
    "Cell",
    "Node",
    "Wire",
    "draw",
    "draw_batch",
    "draw_both_ways",
    "draw_layers",
    "evaluate",
    "figure",
    "parameters",
    "show",
]
