"""A cell's step in slow motion: its diagram, played one operation at a time, by hand."""

import json
from html import escape

from book.drawing.diagram import draw


class Motion:
    """A diagram that the reader steps through; without scripts, a diagram and a list in words.

    Parameters
    ----------
    cell : Cell
    runs : list of dicts from names of nodes to numbers, one for each timestep
    words : list of pairs (names of nodes, text): what is computed, in this order, and what to say;
        ``{name}`` in a text stands for the value of a node
    alt : str, what the figure shows, for those who can't see it
    caption : str, what the reader should see in it
    """

    def __init__(self, cell, runs, words, alt, caption=""):
        self.figure = draw(cell, alt, caption, values=runs[0])
        given = [node.name for node in cell.nodes if not node.wires]
        self.frames = []
        for number, run in enumerate(runs, start=1):
            values = {name: written(value) for name, value in run.items()}
            for names, text in words:
                said = f"Step {number}. {text.format(**values)}"
                self.frames.append({"step": number, "nodes": list(names), "says": said})
        self.data = {
            "given": given,
            "values": [{name: written(value) for name, value in run.items()} for run in runs],
            "frames": self.frames,
        }

    def _repr_html_(self):
        listed = "".join(f"<li>{escape(frame['says'])}</li>" for frame in self.frames)
        # In a script element, "</" would end it.
        data = json.dumps(self.data, ensure_ascii=False).replace("</", "<\\/")
        return (
            '<div class="motion">'
            f"{self.figure._repr_html_()}"
            '<div class="motion-controls" hidden>'
            '<button type="button" data-move="-1">Back</button>'
            '<button type="button" data-move="1">Next</button>'
            '<button type="button" data-move="0">Start over</button>'
            "</div>"
            '<p class="motion-says" role="status" aria-live="polite" hidden></p>'
            f'<script type="application/json">{data}</script>'
            f"<details><summary>All of it in words</summary><ol>{listed}</ol></details>"
            "</div>"
        )


def written(value):
    """Return a number as it is written beside its node (str)."""
    return f"{value:.2f}".replace("-", "−")
