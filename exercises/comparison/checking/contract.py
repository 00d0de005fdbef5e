"""What an answer must be, as plain data: it travels to the student with the public cases."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """Points for one thing that can be right while the rest is wrong."""

    says: str
    """What the points are for, as the student reads it."""
    points: float
    outputs: tuple[str, ...] = ()
    """The outputs that must be right; none named means all."""
    cases: tuple[str, ...] = ()
    """The cases in which they must be right, by name; none named means all."""
    gradients: bool = False
    """Whether these are points for gradients (PyTorch) instead of outputs."""


@dataclass(frozen=True)
class Contract:
    """What an answer must be: how it is called, what it returns, what its points are for."""

    name: str
    """The name that the answer has in the notebook."""
    kind: str
    """``"numpy"`` or ``"torch"``: what arrays are when the answer is called."""
    subject: str
    """How the answer is called: the name of a harness in ``probe.HARNESSES``."""
    returns: Any
    """What comes back: an output's name, or a tuple, list or dict of such."""
    axes: dict[str, tuple[str, ...]]
    """What each axis of an output runs over, for saying where a value is wrong."""
    parts: tuple[Part, ...]
    gates: str = ""
    """The gates, in the order in which an axis called ``gate`` stacks them."""
    uses: tuple[str, ...] = ()
    """Earlier answers that this one may call."""
    stand_in: str = ""
    """A class or function of PyTorch that does what this one must do: later answers that use this
    one can be checked with it."""
    allows: tuple[str, ...] = ()
    """Dotted names that the rules forbid elsewhere and allow here: ``"torch.nn.LSTM"``."""
    single: bool = False
    """Whether the networks that are allowed are to be built with one layer and one direction."""
    extra: bool = False
    """Whether its points come on top of the assignment's."""
    book: str = ""
    """Where the book explains it: page and anchor below ``book/``."""
    tolerance: dict[str, float] = field(default_factory=lambda: {"float64": 1e-8, "float32": 1e-4})
    """How far a value may be from the right one, absolutely and relatively, by dtype."""

    kept: tuple[str, ...] = ()
    """Outputs that are a record for people to read, such as losses: right to the precision of
    float32, in whatever dtype the work itself is done."""

    @property
    def points(self):
        """All points of the exercise."""
        return sum(part.points for part in self.parts)

    @property
    def output_names(self):
        """The names of all outputs, in the order in which they come back."""
        return tuple(output_names(self.returns))

    def to_plain(self):
        """This contract as plain data."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain):
        """The contract that ``to_plain`` wrote."""
        return cls(**(plain | {"parts": tuple(Part(**part) for part in plain["parts"])}))


def output_names(returns):
    """The names of the outputs in what comes back, in their order."""
    if isinstance(returns, str):
        return [returns]
    items = returns.values() if isinstance(returns, dict) else returns
    return [name for item in items for name in output_names(item)]


@dataclass(frozen=True)
class Case:
    """One call of the answer."""

    name: str
    """What the case tries, as the student reads it: "batch of one"."""
    inputs: dict[str, Any]
    """What the harness passes on, as plain data."""
    again: bool = True
    """Whether the answer is called a second time, to see whether it gives the same."""
    gradients: bool = True
    """Whether its gradients are looked at, where they earn points (PyTorch)."""
    initial: bool = False
    """Whether a new module's parameters must be spread as the reference's are (PyTorch)."""
    needs: tuple[str, ...] = ()
    """Cases that try alone what this one tries together. Where the values of one of them are wrong,
    this one costs nothing more."""
