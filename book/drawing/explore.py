"""A cell whose nodes the reader moves: its diagram, sliders, and what comes out of them."""

import json
from dataclasses import dataclass, replace
from html import escape

import numpy as np

from book.drawing.diagram import draw
from book.drawing.graph import STATE, evaluate
from book.drawing.style import GATE_COLOURS

STEP = 0.1  # by which an arrow key moves a slider
WIDEST = 4.0  # the number that fills half of a bar


@dataclass(frozen=True)
class Dial:
    """A node that the reader moves."""

    node: str
    says: str  # what the reader moves, in words
    start: float
    least: float = -6.0
    most: float = 6.0


def cut(cell, names):
    """Return the cell with these nodes given from outside, and only what follows from them.

    Parameters
    ----------
    cell : Cell
    names : set of str, nodes that lead to all of its outputs

    Returns
    -------
    Cell
    """
    nodes, known = [], set()
    for node in cell.nodes:
        if node.name in names:
            nodes.append(replace(node, does=STATE, wires=()))
        elif node.wires and known.issuperset(wire.source for wire in node.wires):
            nodes.append(node)
        else:
            continue
        known.add(node.name)
    if missing := set(cell.outputs) - known:
        raise ValueError(f"these outputs don't follow from {sorted(names)}: {sorted(missing)}")
    return replace(cell, nodes=tuple(nodes))


class Explorer:
    """A diagram whose numbers follow the reader's sliders; without scripts, one state of it.

    The page's script computes the nodes from the same graph that is drawn here.

    Parameters
    ----------
    cell : Cell
    dials : list of Dial
    results : dict from names of nodes to what each is, in words, and the gate whose colour its bar
        has, or None
    alt : str, what the figure shows, for those who can't see it
    caption : str, what the reader should see in it
    """

    def __init__(self, cell, dials, results, alt, caption=""):
        self.graph = cut(cell, {dial.node for dial in dials})
        inputs = {dial.node: np.array([[dial.start]]) for dial in dials}
        values = evaluate(self.graph, inputs, {})
        self.values = {name: value.item() for name, value in values.items()}
        self.figure = draw(cell, alt, caption, self.values)
        self.dials, self.results = dials, results

    def _dial(self, dial):
        return (
            f"<label><span>{escape(dial.says)}</span><output>{written(dial.start)}</output>"
            f'<input type="range" data-dial="{dial.node}" min="{dial.least:g}" '
            f'max="{dial.most:g}" step="{STEP}" value="{dial.start:g}"></label>'
        )

    def _result(self, name, says, gate):
        left, width = bar(self.values[name])
        colour = GATE_COLOURS.get(gate, "currentColor")
        style = f"left:{left:g}%;width:{width:g}%;background:{colour}"
        return (
            f'<tr><th scope="row">{escape(says)}</th>'
            f'<td class="explorer-number" data-value="{name}">{written(self.values[name])}</td>'
            f'<td aria-hidden="true"><div class="explorer-bar" data-bar="{name}">'
            f'<span style="{style}"></span></div></td></tr>'
        )

    def _repr_html_(self):
        graph = [
            {"name": node.name, "does": node.does, "from": [wire.source for wire in node.wires]}
            for node in self.graph.nodes
        ]
        dials = "".join(map(self._dial, self.dials))
        results = "".join(self._result(name, *said) for name, said in self.results.items())
        return (
            '<div class="explorer">'
            f'<div class="explorer-dials" hidden>{dials}</div>'
            f"{self.figure._repr_html_()}"
            f'<table class="explorer-results"><tbody>{results}</tbody>'
            f'<tfoot aria-hidden="true"><tr><td></td><td></td><td><div class="explorer-scale">'
            f"<span>−{WIDEST:g}</span><span>0</span><span>{WIDEST:g}</span></div></td></tr></tfoot>"
            "</table>"
            f'<script type="application/json">{json.dumps(graph)}</script>'
            "</div>"
        )


def written(value):
    """Return a number as the figure shows it (str)."""
    return f"{value:.2f}".replace("-", "−")


def bar(value):
    """Return where the bar of a number begins and how broad it is, in percent of its place."""
    share = min(max(value / WIDEST, -1), 1) * 50
    return min(50, 50 + share), abs(share)
