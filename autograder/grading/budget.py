"""How long a notebook may take."""

from dataclasses import dataclass

TRIES = 2
"""How often a submission is tried when the grader fails, or its worker dies."""
OVERDUE = 4
"""How many times its notebooks' own limit a submission may take before its worker is ended."""
PROCESSORS = 8
"""How many times a notebook's time its threads may take of the processors'."""


@dataclass(frozen=True)
class Budget:
    """How much time one notebook may take, in seconds."""

    cell: float = 20.0
    """For each cell."""
    answer: float = 10.0
    """For each answer, all its cases together."""
    notebook: float = 120.0
    """For all cells and calls together."""
    grace: float = 2.0
    """After which a child that ignored its own alarm is ended."""

    @property
    def processor(self):
        """Seconds of processor time for a child: threads may use several at a time."""
        return round(PROCESSORS * (self.notebook + self.grace))

    def overdue(self, notebooks):
        """Seconds after which something keeps the worker itself that grades so many notebooks."""
        return OVERDUE * notebooks * (self.notebook + self.grace)
