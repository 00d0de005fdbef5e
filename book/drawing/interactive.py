"""Things to play with: a script of our own, its numbers, and a figure for where no script runs."""

import json
from dataclasses import dataclass

from book.drawing.style import Figure


@dataclass(frozen=True)
class Interactive:
    """A figure that the reader can change.

    The script finds its element by the attribute ``data-play``, reads its numbers from the JSON
    inside, and puts itself in the place of the figure.
    """

    script: str
    """Name of the script, a file in ``book/_static`` without its ending."""
    data: dict
    """What the script computes with: anything that JSON can hold."""
    fallback: Figure
    """What stands there until the script runs, or where it doesn't."""

    def _repr_html_(self):
        data = json.dumps(self.data, separators=(",", ":"), ensure_ascii=False)
        data = data.replace("</", "<\\/")
        # Every page of a chapter lies two folders below the top.
        return (
            f'<div class="course-play" data-play="{self.script}">'
            f'<script type="application/json">{data}</script>'
            f"{self.fallback._repr_html_()}</div>"
            f'<script src="../../_static/{self.script}.js" defer></script>'
        )
