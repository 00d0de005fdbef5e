"""Figures of the book: cells drawn from the graphs that also compute them; one style for all."""

from book.drawing.cells import GRU, GRU_CHO, LSTM, ONE_GATE, RNN, SRU
from book.drawing.diagram import draw, draw_batch, draw_both_ways, draw_layers
from book.drawing.explore import Dial, Explorer
from book.drawing.graph import Cell, Node, Wire, evaluate, parameters
from book.drawing.interactive import Interactive
from book.drawing.motion import Motion
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
from book.drawing.unrolled import draw_unrolled

__all__ = [
    "DIRECTION_COLOURS",
    "DIRECTION_LINES",
    "GATE_COLOURS",
    "GATE_LINES",
    "GRU",
    "GRU_CHO",
    "LSTM",
    "MODEL_COLOURS",
    "MODEL_LINES",
    "ONE_GATE",
    "RNN",
    "SRU",
    "Cell",
    "Dial",
    "Explorer",
    "Interactive",
    "Motion",
    "Node",
    "Wire",
    "draw",
    "draw_batch",
    "draw_both_ways",
    "draw_layers",
    "draw_unrolled",
    "evaluate",
    "figure",
    "parameters",
    "show",
]
