"""An exercise, declared once: what is right, how inputs are drawn, and how it goes wrong."""

import contextlib
import inspect
import itertools
import linecache
import textwrap
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cache, cached_property, lru_cache
from typing import Any

import numpy as np

from .contract import Case, Contract, Part
from .diagnosis import alike, holds, is_single, right_where, variants
from .judge import FINAL, RUNS, agree, grader_error, judge, one_each, readable, tolerance_of
from .plain import arrays, pack
from .probe import observe, stand_in
from .rules import Reading, read


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
    gradients: bool = True
    """Whether gradients are looked at, where they earn points: not where they are no other ones
    than in the other cases, as the backward pass takes half the time."""
    initial: bool = False
    """Whether it is looked at how a new module's parameters are spread."""
    needs: tuple[str, ...] = ()
    """Cases that try alone what this one tries together, by name; see ``contract.Case``."""
    options: dict = field(default_factory=dict)
    """What else an exercise wants to know of a case."""


SIZES = (
    Size("an odd number of steps", T=5, B=3, I=2, H=4),
    Size("an even number of steps", T=6, B=2, I=5, H=7, gradients=False),
    Size("one step", T=1, B=3, I=2, H=4, gradients=False),
    Size("a batch of one", T=4, B=1, I=3, H=2, gradients=False),
    Size("one hidden unit", T=3, B=4, I=2, H=1, gradients=False),
    Size("large numbers", T=3, B=2, I=5, H=4, scale=20.0),
    Size("float32", T=5, B=3, I=2, H=4, dtype="float32"),
)
"""The cases that every exercise is tried on unless it names others."""

CELL_SIZES = (
    Size("small sizes", B=3, I=2, H=4),
    Size("larger sizes", B=2, I=5, H=7, gradients=False),
    Size("a batch of one", B=1, I=3, H=2, gradients=False),
    Size("one hidden unit", B=4, I=2, H=1, gradients=False),
    Size("large numbers", B=2, I=5, H=4, scale=20.0),
    Size("float32", B=3, I=2, H=4, dtype="float32"),
)
"""The cases of what has no steps: of a cell, and of its gates."""

WEIGHT_SIZES = tuple(
    replace(size, name="more inputs than units") if size.B == 1 else size for size in CELL_SIZES
)
"""The cases of what converts weights, and has no batch."""


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


class Drawn:
    """The inputs of one check, with what is right on them and what known mistakes do there.

    All of it is computed when first asked for and kept: a class is judged on few draws, and each
    wrong answer is compared with every known mistake.

    Parameters
    ----------
    exercise : Exercise
    cases : list of Case
    """

    def __init__(self, exercise, cases):
        self.cases, self._exercise, self._shown, self._right = cases, exercise, {}, {}

    @property
    def contract(self):
        """What an answer is to be."""
        return self._exercise.contract

    @cached_property
    def expected(self):
        """What the reference does: a list of observations, one for each case."""
        return self._exercise.expected(self.cases)

    @cached_property
    def packed(self):
        """What an answer is to be and the cases to observe it on, as ``plain.pack`` packs them."""
        asked = {
            "observe": self.contract.to_plain(),
            "cases": [vars(case) for case in self.cases],
        }
        return pack(asked)

    def known(self, k, text, raw):
        """What is right on the case of number ``k``, where an answer did just that; None otherwise.

        Most answers are right, and what is right needs no reading: it is packed as text that is
        the same to the letter, and bytes that are the same numbers, up to the tolerance.

        Parameters
        ----------
        k : int
        text, raw : bytes, what the answer's process says of it, as ``plain.pack`` has packed it

        Returns
        -------
        ``{"observation": …}`` with an item of ``expected``, or None
        """
        if k not in self._right:
            want = self.expected[k]
            said = {"observation": want}
            right_text, right_raw = pack(said)
            tolerance = tolerance_of(self.contract, self.cases[k], want)
            self._right[k] = said, right_text.encode(), right_raw, _runs(want), tolerance
        said, right_text, right_raw, runs, tolerance = self._right[k]
        if text != right_text or len(raw) != len(right_raw):
            return None
        if raw != right_raw:
            at = 0
            for right in runs:
                value = np.frombuffer(raw, right.dtype, len(right), at)
                at += right.nbytes
                if not agree(right, value, tolerance):
                    return None
        return said

    @cached_property
    def special(self):
        """The first case made special in ways in which a wrong answer may be right: Drawn."""
        return Drawn(self._exercise, variants(self.contract, self.cases[0]))

    def shown(self, wrong, k):
        """What a wrong implementation does on the case of number ``k``: an observation."""
        # The implementation is kept beside what it does, so that its id stays its own.
        key = id(wrong), k
        if key not in self._shown:
            self._shown[key] = self._exercise.observe(wrong, [self.cases[k]], watch=False)[0], wrong
        return self._shown[key][0]

    def observed(self, wrong):
        """What a wrong implementation does: a list of observations, one for each case."""
        return [self.shown(wrong, k) for k in range(len(self.cases))]

    def shows(self, wrong, observed):
        """Whether an answer does on every case what a wrong implementation does."""
        # The first case comes last: with its second call it takes longest.
        order = [*range(1, len(observed)), 0]
        if not all(alike(self.contract, self.shown(wrong, k), observed[k]) for k in order):
            return False
        return is_single(observed) or not is_single(self.observed(wrong))


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
    stand_in: str = ""
    calls: int = 2_000
    """How often an answer that builds on it may call the right version for one case. What reads a
    whole sequence is called a few times: gradients by differences would take hundreds."""
    allows: tuple[str, ...] = ()
    single: bool = False
    kept: tuple[str, ...] = ()
    extra: bool = False
    book: str = ""
    mistakes: tuple[Mistake, ...] = ()
    composes: bool = False
    """Whether mistakes are made together: pairs of edits that still fit are looked for too."""
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
            looks = {"gradients": size.gradients, "initial": size.initial, "needs": size.needs}
            # An answer that keeps something from call to call shows it in the first case.
            cases.append(Case(size.name, self.inputs(Draw(rng, size)), again=k == 0, **looks))
        return cases

    @cached_property
    def drawn(self):
        """Draws the inputs of one check by its seed, an int: a function that returns Drawn.

        The last few are kept.
        """
        return lru_cache(maxsize=KEPT)(lambda seed: Drawn(self, self.cases(seed)))

    def observe(self, implementation, cases, watch=True):
        """Observe an implementation on cases; see ``probe.observe``."""
        namespace = {self.name: implementation}
        return [observe(self.contract, namespace, case, watch=watch) for case in cases]

    def expected(self, cases):
        """What the reference does on cases."""
        return self.observe(self.reference, cases, watch=False)

    @cached_property
    def wrong(self):
        """The wrong implementations by the name of the mistake."""
        return {
            mistake.name: mistake.function or edited(self.reference, mistake.edits)
            for mistake in self.mistakes
        }

    @cached_property
    def pairs(self):
        """Implementations that make two mistakes at once, by the names of both."""
        made = {}
        composing = [m for m in self.mistakes if self.composes and m.edits]
        for first, second in itertools.combinations(composing, 2):
            for edits in ((*first.edits, *second.edits), (*second.edits, *first.edits)):
                # Where they change the same text, or one breaks the other, nobody makes both.
                with contextlib.suppress(ValueError, SyntaxError), warnings.catch_warnings():
                    warnings.simplefilter("error", SyntaxWarning)
                    made[first.name, second.name] = edited(self.reference, edits)
                    break
        return made

    def judge(self, drawn, observed, reading=None):
        """Reach a verdict on observations of an answer, with a diagnosis where it is wrong.

        Parameters
        ----------
        drawn : Drawn, what the answer was observed on
        observed : list of observations of the answer, one for each case
        reading : Reading of the answer's text, or None

        Returns
        -------
        Verdict
        """
        cases, expected = drawn.cases, drawn.expected
        reading = reading or Reading()
        verdict = judge(self.contract, cases, expected, observed, reading.forbidden)
        # Where nothing was earned there is nothing to be looked at.
        if verdict.points:
            look = (*reading.unclear, *reading.of_all)
            verdict = replace(verdict, look=look, of_all=reading.of_all)
        if verdict.status != "fail" or verdict.finding.stage == "rules":
            return verdict
        if all(map(unwritten, one_each(cases, observed))):
            return verdict
        hints = tuple(self.diagnose(drawn, observed))
        notes = () if hints else tuple(holds(self.contract, cases, expected, observed))
        return replace(verdict, hints=hints, notes=notes)

    def diagnose(self, drawn, observed):
        """The known mistakes, or the pair of them, that observations of an answer show.

        Parameters
        ----------
        drawn, observed : as ``judge``

        Returns
        -------
        list of dicts with ``name``, ``hint`` and ``book``
        """
        if not all(map(readable, one_each(drawn.cases, observed))):
            return []
        for name, wrong in self.wrong.items():
            if drawn.shows(wrong, observed):
                return self._told(name)
        for names, wrong in self.pairs.items():
            if drawn.shows(wrong, observed):
                return self._told(*names)
        return []

    def _told(self, *names):
        """What to tell a student who makes these mistakes."""
        told = []
        for mistake in self.mistakes:
            if mistake.name in names:
                book = mistake.book or self.book
                told.append({"name": mistake.name, "hint": mistake.hint, "book": book})
        return told

    def known(self, drawn):
        """Every known mistake and every pair, with what it does on cases, as small plain data.

        Numbers are in single precision, and pairs come with the first cases alone: they need only
        be told apart.

        Returns
        -------
        list of dicts for ``diagnosis.diagnose``
        """
        seen = {name: drawn.observed(wrong) for name, wrong in self.wrong.items()}
        known = [
            {
                "told": self._told(name),
                "observed": [*map(carried, seen[name])],
                "single": is_single(seen[name]),
            }
            for name in seen
        ]
        few = range(PAIR_CASES)
        for names, wrong in self.pairs.items():
            both = [drawn.shown(wrong, k) for k in few]
            others = (drawn.expected, *(seen[name] for name in names))
            # On few cases the pair can look like one of the two alone, which is told by itself.
            if not any(
                all(alike(self.contract, both[k], other[k]) for k in few) for other in others
            ):
                told = self._told(*names)
                known.append({"told": told, "observed": [*map(carried, both)], "single": False})
        return known

    def public(self, seed):
        """What a released folder carries of this exercise, as plain data.

        Parameters
        ----------
        seed : int, for the public cases

        Returns
        -------
        dict with ``contract``, ``cases``, ``expected``, ``mistakes`` and ``special``: what is
        right in the variants of the first case
        """
        drawn = self.drawn(seed)
        return {
            "contract": self.contract.to_plain(),
            "cases": [vars(case) for case in drawn.cases],
            "expected": drawn.expected,
            "mistakes": self.known(drawn),
            "special": drawn.special.expected,
        }

    def assess(self, ask, seed, cells=None):
        """Draw cases, have an answer observed on them wherever it lives, and judge it.

        An answer that is wrong is asked once more with right versions of the earlier answers that
        it may use, and each part gets the better of both: one mistake is paid for once.

        Parameters
        ----------
        ask : function of a Drawn and a tuple of names that returns observations, one for each of
            its cases; the names are earlier exercises whose right versions are to stand in for the
            answer's own
        seed : int
        cells : list of str, the texts of the notebook's code cells, or None where they aren't at
            hand; they are read for what the rules forbid

        Returns
        -------
        Verdict
        """
        try:
            drawn = self.drawn(seed)
            reading = read(self.contract, cells) if cells is not None else Reading()
        except Exception:
            return grader_error(self.contract, traceback.format_exc())
        seen = ask(drawn, ())
        verdict, uses = self._safely(drawn, seen, reading), ()
        failed = verdict.status == "fail" and verdict.finding.stage not in FINAL
        helps = failed and self.uses and not reading.forbidden
        if helps and not all(unwritten(one, self.name) for one in one_each(drawn.cases, seen)):
            helped = self._safely(drawn, ask(drawn, self.uses), reading)
            both = better(verdict, helped, self.uses)
            verdict, uses = both, () if both is verdict else self.uses
        if verdict.status == "fail" and not verdict.hints and verdict.finding.stage in RUNS:
            special, stage = drawn.special, verdict.finding.stage
            seen = ask(special, uses)
            right = right_where(self.contract, stage, special.cases, special.expected, seen)
            verdict = replace(verdict, notes=(*verdict.notes, *right))
        return verdict

    def _safely(self, drawn, observed, reading):
        """Judge; whatever goes wrong in judging is the grader's error, not the answer's."""
        try:
            return self.judge(drawn, observed, reading)
        except Exception:
            return grader_error(self.contract, traceback.format_exc())

    def check(self, implementation, seed):
        """Assess an implementation in this process."""
        return self.assess(lambda drawn, _: self.observe(implementation, drawn.cases), seed)


def _runs(value):
    """The numbers of all arrays in plain data, flat, those of one dtype in a row together."""
    groups = itertools.groupby(arrays(value), key=lambda array: array.dtype)
    return [np.concatenate([array.ravel() for array in group]) for _, group in groups]


KEPT = 8
"""How many draws of an exercise are kept, with what was computed on them."""
PAIR_CASES = 1
"""How many cases of a pair of mistakes a released folder carries."""


def unwritten(observation, name=None):
    """Whether an observation tells that there is no answer yet, of which nothing can be said.

    With a name, whether it is this one that isn't there, and not one that it calls.
    """
    problem = observation["problem"] if readable(observation) else None
    if problem is None or problem["stage"] not in ("exists", "callable", "written"):
        return False
    return name is None or problem["message"] == name


def better(plain, helped, uses):
    """The better of two verdicts on one answer, part by part.

    Parameters
    ----------
    plain : Verdict on the answer with its own helpers
    helped : Verdict on the answer with right helpers
    uses : names of the helpers

    Returns
    -------
    Verdict
    """
    gains = any(
        theirs.points > mine.points for mine, theirs in zip(plain.parts, helped.parts, strict=False)
    )
    if not gains and (plain.hints or not helped.hints):
        return plain
    base = helped if helped.hints or not plain.hints else plain
    # What is told of a part that neither earns is of the run that the hints are of.
    parts = tuple(
        max(both, key=lambda part: part.points)
        for both in zip(base.parts, (plain if base is helped else helped).parts, strict=True)
    )
    names = ", ".join(uses)
    note = (
        f"This uses your {names}. It was checked with right ones as well, so that a mistake there "
        "doesn't cost points here again."
    )
    failed = any(part.finding for part in parts)
    return replace(
        base,
        status="fail" if failed else "pass",
        parts=parts,
        hints=base.hints if failed else (),
        notes=(*(base.notes if failed else ()), note),
        look=tuple(dict.fromkeys((*plain.look, *helped.look))),
        of_all=plain.of_all or helped.of_all,
    )


def helpers(exercises, names):
    """Right versions of earlier answers, for use in this process.

    Parameters
    ----------
    exercises : the assignment's exercises
    names : which of them

    Returns
    -------
    dict from name to function or class: PyTorch's own where the exercise names it as a stand-in,
    the reference otherwise
    """
    return {
        exercise.name: stand_in(exercise.stand_in) if exercise.stand_in else exercise.reference
        for exercise in exercises
        if exercise.name in names
    }


def carried(observation):
    """What a released folder carries of an observation of a mistake.

    The line of code that stopped the call is left out: it would be half a solution, and a
    diagnosis doesn't look at it.
    """
    problems = ("problem", "gradient_problem")
    lines = {key: observation[key] | {"line": ""} for key in problems if observation.get(key)}
    return _single(observation | lines)


def _single(value):
    """A nested value with its numbers in single precision."""
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return value.astype(np.float32)
    if isinstance(value, dict):
        return {key: _single(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_single(item) for item in value)
    return value


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


@cache
def _source(reference):
    """The text of a function or class; Python looks for it anew each time, which takes long."""
    return textwrap.dedent(inspect.getsource(reference))


def edited_source(reference, edits):
    """The text of a wrong implementation; see ``edited``."""
    source = _source(reference)
    for old, new in edits:
        if source.count(old) != 1:
            raise ValueError(f"{reference.__name__}: {old!r} stands {source.count(old)} times")
        source = source.replace(old, new)
    return source
