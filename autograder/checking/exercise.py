"""An exercise, declared once: what is right, how inputs are drawn, and how it goes wrong."""

import inspect
import itertools
import linecache
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from .contract import Case, Contract, Part
from .judge import diagnose, judge
from .probe import observe


@dataclass(frozen=True)
class Size:
    """The sizes of one case, all different where that tells mistakes apart."""

    name: str
    T: int = 5
    B: int = 3
    I: int = 2
    H: int = 4
    scale: float = 0.5
    """Standard deviation of weights, inputs and states."""
    dtype: str = "float64"
    whole: bool = False
    """Whether the inputs of the network are whole numbers."""
    options: dict = field(default_factory=dict)
    """What else an exercise wants to know of a case."""


SIZES = (
    Size("an odd number of steps", T=5, B=3, I=2, H=4),
    Size("an even number of steps", T=6, B=2, I=5, H=3),
    Size("one step", T=1, B=3, I=2, H=4),
    Size("a batch of one", T=4, B=1, I=3, H=2),
    Size("one hidden unit", T=3, B=4, I=2, H=1),
    Size("saturated gates", T=3, B=2, I=5, H=4, scale=20.0),
    Size("float32", T=5, B=3, I=2, H=4, dtype="float32"),
)
"""The cases that every exercise is tried on unless it names others."""


@dataclass
class Draw:
    """Where an exercise draws the inputs of one case from."""

    rng: np.random.Generator
    size: Size

    def __getattr__(self, letter):
        return getattr(self.size, letter)

    def normal(self, *shape):
        """An array of normal numbers of the case's scale and dtype."""
        return self.rng.normal(scale=self.size.scale, size=shape).astype(self.size.dtype)

    def gate(self, *shape):
        """An array of numbers between 0 and 1, as a sigmoid gives them."""
        return self.rng.uniform(size=shape).astype(self.size.dtype)

    def sequence(self, *shape):
        """The input of a network: normal numbers, or whole ones where the case says so."""
        if self.size.whole:
            return self.rng.integers(-2, 3, size=shape)
        return self.normal(*shape)


@dataclass(frozen=True)
class Mistake:
    """A known way to get an exercise wrong: a wrong implementation, with a name and a hint."""

    name: str
    """The mistake in a few words, as the student reads it."""
    hint: str
    """What it looks like, why it matters and what to think of; never the solution."""
    edits: tuple[tuple[str, str], ...] = ()
    """Replacements in the reference's source, each of a text that stands in it exactly once."""
    function: Callable | None = None
    """The wrong implementation itself, where it is no edit of the reference."""
    book: str = ""
    """Where the book explains it; the exercise's own page where empty."""


@dataclass(frozen=True)
class Exercise:
    """What is asked, what is right, and how it goes wrong."""

    reference: Callable
    """What is right: a function or class whose name is the exercise's and whose docstring is the
    text that the student reads."""
    inputs: Callable[[Draw], dict]
    """Draws the inputs of one case, by argument name."""
    returns: Any
    parts: tuple[Part, ...]
    axes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    kind: str = "numpy"
    subject: str = "function"
    gates: str = ""
    sizes: tuple[Size, ...] = SIZES
    uses: tuple[str, ...] = ()
    extra: bool = False
    book: str = ""
    mistakes: tuple[Mistake, ...] = ()
    alternatives: tuple[Callable, ...] = ()
    """Other right implementations, each under its own name."""

    @property
    def name(self):
        """The name that the answer has in the notebook."""
        return self.reference.__name__

    @cached_property
    def contract(self):
        """What an answer must be, as plain data."""
        names = {f.name for f in fields(Contract)} - {"tolerance"}
        return Contract(**{name: getattr(self, name) for name in names})

    @property
    def points(self):
        """All points of the exercise."""
        return self.contract.points

    def cases(self, seed):
        """Draw the cases of one check.

        Parameters
        ----------
        seed : int

        Returns
        -------
        list of Case, one for each size
        """
        cases = []
        for k, size in enumerate(self.sizes):
            rng = np.random.default_rng([seed, k])
            cases.append(Case(size.name, self.inputs(Draw(rng, size))))
        return cases

    def observe(self, implementation, cases):
        """Observe an implementation on cases; see ``probe.observe``."""
        namespace = {self.name: implementation}
        return [observe(self.contract, namespace, case) for case in cases]

    def expected(self, cases):
        """What the reference does on cases."""
        return self.observe(self.reference, cases)

    @cached_property
    def wrong(self):
        """The wrong implementations by the name of the mistake, pairs that compose included."""
        made = {}
        for mistake in self.mistakes:
            made[mistake.name] = mistake.function or edited(self.reference, mistake.edits)
        return made

    def judge(self, cases, observed, expected=None):
        """Reach a verdict on observations of an answer, with a diagnosis where it is wrong."""
        expected = expected or self.expected(cases)
        verdict = judge(self.contract, cases, expected, observed)
        if verdict.status != "pass":
            verdict = replace(verdict, hints=tuple(self.diagnose(cases, observed)))
        return verdict

    def diagnose(self, cases, observed):
        """The known mistakes that observations of an answer show."""
        return diagnose(self.contract, observed, self.known(cases))

    def known(self, cases):
        """Every known mistake, with what it does on cases, as plain data."""
        return [
            {
                "name": mistake.name,
                "hint": mistake.hint,
                "book": mistake.book or self.book,
                "observed": [
                    without_line(seen) for seen in self.observe(self.wrong[mistake.name], cases)
                ],
            }
            for mistake in self.mistakes
        ]

    def assess(self, ask, seed):
        """Draw cases, have an answer observed on them wherever it lives, and judge it.

        Parameters
        ----------
        ask : function of a list of cases and a tuple of names that returns observations; the
            names are earlier exercises whose right versions are to stand in for the answer's own
        seed : int

        Returns
        -------
        Verdict
        """
        cases = self.cases(seed)
        return self.judge(cases, ask(cases, ()))

    def check(self, implementation, seed):
        """Assess an implementation in this process."""
        return self.assess(lambda cases, _: self.observe(implementation, cases), seed)


def without_line(observation):
    """An observation without the line of code that stopped the call: it would be half a solution
    in the folder that students get, and a diagnosis doesn't look at it."""
    problem = observation["problem"]
    return observation | {"problem": problem and problem | {"line": ""}}


_counter = itertools.count()


def edited(reference, edits):
    """A wrong implementation, made by replacing texts in the source of a right one.

    Parameters
    ----------
    reference : function or class
    edits : pairs (old, new); each old text stands in the source exactly once

    Returns
    -------
    the function or class that the edited source defines

    Errors
    ------
    ValueError where an old text doesn't stand in the source exactly once.
    """
    source = edited_source(reference, edits)
    filename = f"<{reference.__name__}, edited {next(_counter)}>"
    # Tracebacks and inspect.getsource find the edited text here.
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    namespace = dict(vars(inspect.getmodule(reference)))
    exec(compile(source, filename, "exec"), namespace)
    return namespace[reference.__name__]


def edited_source(reference, edits):
    """The text of a wrong implementation; see ``edited``."""
    source = textwrap.dedent(inspect.getsource(reference))
    for old, new in edits:
        if source.count(old) != 1:
            raise ValueError(f"{reference.__name__}: {old!r} stands {source.count(old)} times")
        source = source.replace(old, new)
    return source
