"""The table of attacks in the book: what each did to stock nbgrader, and what it does here."""

import json
from pathlib import Path

from tests.attacks.corpus import ALL

OUTCOMES = Path(__file__).with_name("outcomes.json")
HERE = "nothing"
"""What the tests hold of every attack."""


def rows():
    """Rows of the table: name, what it tries, what came of it in stock nbgrader, and here."""
    kept = json.loads(OUTCOMES.read_text(encoding="utf-8"))
    return [(a.name, a.tries, ", ".join(kept[a.name]), HERE) for a in ALL]
