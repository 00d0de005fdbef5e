"""The trusted side of one notebook: have its cells run, ask about its answers, reach verdicts."""

import collections
import contextlib
import functools
import re
import secrets
import time
import traceback
from dataclasses import dataclass, field, replace

from autograder.checking import judge
from autograder.checking.judge import Verdict, grader_error

from . import order, wire
from .budget import Budget
from .earlier import can_be_called, reply
from .outputs import MAX_SHOWN, checked, clean, failure
from .remote import GraderError

IMPATIENCE = 8
"""How many times shorter an answer is waited for that may call one which never ended."""
MAX_CALLS = 2_000
"""Calls of right versions of all earlier answers in one case."""
SEEDS = 2
"""Seeds of an exercise that are at hand at a time."""
NOTEBOOKS, MINUTES = 250, 5
"""Notebooks and minutes after which a seed is given up: who has seen what a notebook was asked, in
an error's words, is not to hand in another one that is asked the same."""
TIME_UP = "TimeUp"
"""What a child calls the error that stops an answer whose time is up."""
UNNAMED = re.compile(r"<ipython-input-[^>]{,99}>, ")
"""What a syntax error calls the cell in which it is, to be followed by the line."""
KILLED = "it was stopped by SIGKILL"
"""How a child ended that was killed by someone else, or by the limit on processor time."""
ENDED = "ProcessEnded"
"""What is said of an answer that took its process with it."""


@dataclass
class Result:
    """What became of one notebook."""

    outputs: dict[str, list] = field(default_factory=dict)
    """Outputs of each executed cell, by its name."""
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    """One for each exercise."""
    seeds: dict[str, int] = field(default_factory=dict)
    """What the inputs of each exercise were drawn from."""
    layers: list[str] = field(default_factory=list)
    """The layers of the sandbox that were in force."""


class _Fresh:
    """Seeds that nobody knew before, each good for several notebooks of one process.

    So what is right on the inputs drawn from it is computed once and not for each of them. Which
    of the seeds at hand it is is drawn when a notebook's cells have run.
    """

    def __init__(self):
        self._left = {}

    def seed(self, exercise):
        """A seed for the inputs of one exercise."""
        now = time.monotonic()
        left = self._left.setdefault(id(exercise), {})
        for seed in [
            seed for seed, (notebooks, until) in left.items() if not notebooks or now > until
        ]:
            del left[seed]
        while len(left) < SEEDS:
            left[secrets.randbits(32)] = NOTEBOOKS, now + 60 * MINUTES
        seed = secrets.choice(list(left))
        notebooks, until = left[seed]
        left[seed] = notebooks - 1, until
        return seed


_fresh = _Fresh()


class _Died(Exception):
    """The child is gone, through what the student's code did; says how."""

    @property
    def from_outside(self):
        """Whether it may have been the machine, which kills where memory runs out."""
        return str(self) == KILLED


def assess(warm, cells, exercises, budget=None, seeds=None, checks=None):
    """Run a notebook's cells in a child, then judge each exercise on fresh inputs.

    A cell or answer that kills the child or can't be stopped costs itself alone: a new child runs
    the other cells, and the exercises after it are asked there. An answer that is wrong, and may
    be so because later cells change what it uses, is asked as it stood at its check too.

    Parameters
    ----------
    warm : remote.Warm
    cells : list of (name, source), in the order in which they run
    exercises : the Exercises to judge
    budget : Budget
    seeds : dict from an exercise's name to the seed of its inputs, to repeat a grading; fresh ones,
        drawn after the cells have run, where None
    checks : dict from an exercise's name to how many of the cells stand before its check; all do
        where it isn't named

    Returns
    -------
    Result

    Errors
    ------
    GraderError where no child can be had.
    """
    budget = budget or Budget()
    run = _Run(warm, cells, exercises, budget)
    result = Result(run.outputs)
    try:
        run.start()
        result.layers = run.layers
        for exercise in exercises:
            name = exercise.name
            result.seeds[name] = seeds[name] if seeds else _fresh.seed(exercise)
            result.verdicts[name] = run.judge(exercise, result.seeds[name])
    finally:
        run.stop()
    for exercise in exercises:
        end = (checks or {}).get(exercise.name, len(cells))
        verdict = result.verdicts[exercise.name]
        if verdict.status == "fail":
            seed = result.seeds[exercise.name]
            result.verdicts[exercise.name] = run.at_its_check(exercise, seed, verdict, end)
    _tell_once(result.verdicts, dict(cells))
    return result


def _tell_once(verdicts, texts):
    """Let what concerns all answers be told at one: the one whose cell holds it, or the first."""
    for said in dict.fromkeys(said for verdict in verdicts.values() for said in verdict.of_all):
        word = said.partition(":")[0].rpartition(".")[2]
        told = [name for name, verdict in verdicts.items() if said in verdict.look]
        kept = next((name for name in told if word in texts.get(name, "")), told[0])
        for name in told:
            if name != kept:
                look = tuple(one for one in verdicts[name].look if one != said)
                verdicts[name] = replace(verdicts[name], look=look)


def stopped(contract, kind, message):
    """The observation of an answer that was stopped from outside."""
    problem = {"stage": "runs", "type": kind, "message": message, "line": ""}
    seen = {"problem": problem, "value": None, "changed": [], "repeats": True, "called": []}
    if contract.kind == "torch":
        seen |= {"gradients": {}, "gradient_problem": None, "initial": {}}
    return seen


def _stopped_by(seen):
    """The type of the problem that an observation tells, if it tells one."""
    problem = seen.get("problem") if isinstance(seen, dict) else None
    kind = problem.get("type") if isinstance(problem, dict) else None
    return kind if isinstance(kind, str) else None


class _Run:
    """One notebook being run: its child, what it has said, and the time it has left."""

    def __init__(self, warm, cells, exercises, budget):
        self._warm, self._cells, self._budget = warm, cells, budget
        self._exercises = {e.name: e for e in exercises}
        self._texts = [source for _, source in cells]
        self._child = None
        self._fatal, self._killed = set(), set()
        self._left = budget.notebook
        self._endless = set()
        self.outputs = {}
        self.layers = []

    def start(self):
        """Run all cells in a new child, without those that have ended one before."""
        while self._child is None:
            cells = [(name, text) for name, text in self._cells if name not in self._fatal]
            self._child = self._warm.child(self._budget.processor)
            self.layers = self._child.layers
            for name in self._execute(cells):
                self._fatal.add(name)

    def _execute(self, cells):
        """Run cells; yields the name of the one that ended the child, if any did.

        Where one has ended it that may not have done so, none is yielded, and all are to run again.
        """
        seconds, room = self._budget.cell, MAX_SHOWN
        try:
            self._tell({"run": [list(cell) for cell in cells], "seconds": seconds})
        except _Died as error:
            # It has not seen a line yet.
            raise GraderError(f"the child ended before its first cell: {error}") from None
        for name, _ in cells:
            try:
                said = self._hear(seconds)
                told = said.get("cell") if isinstance(said, dict) else None
                if not isinstance(told, str) or told != name:
                    raise _Died(self._lose("it spoke out of turn", now=True))
                self.outputs[name], size = checked(said.get("outputs"), room)
                room -= size
            except _Died as error:
                if self._once_more(name, error):
                    return
                text = f"this cell ended the notebook: {error}. The other cells ran without it."
                self.outputs[name] = [failure("CellEnded", text)]
                yield name
                return

    def _once_more(self, name, error):
        """Whether a cell or answer whose child was killed is tried again: it is, once."""
        if not error.from_outside or name in self._killed:
            return False
        self._killed.add(name)
        return True

    def judge(self, exercise, seed):
        """The verdict on one exercise; an error of ours costs no points and gives none."""
        try:
            if self._child is None:
                self.start()
            return self._explained(exercise.assess(self._ask, seed, self._texts))
        except GraderError:
            raise
        except Exception:
            return grader_error(exercise.contract, traceback.format_exc())

    def _explained(self, verdict):
        """A verdict that tells of an answer that isn't there which error has stopped its cell."""
        outputs = self.outputs.get(verdict.name, ())
        error = next((one for one in outputs if one.output_type == "error"), None)
        if error is None or verdict.finding is None or verdict.finding.stage != "exists":
            return verdict
        why = ": ".join(filter(None, (error.ename, UNNAMED.sub("", error.evalue))))
        says = f"there is no {verdict.name}: its cell stopped with {judge.clean(why)}"
        parts = [
            replace(part, finding=replace(part.finding, says=says))
            if part.finding and part.finding.stage == "exists"
            else part
            for part in verdict.parts
        ]
        return replace(verdict, parts=tuple(parts))

    @functools.cached_property
    def _statements(self):
        return order.read(self._texts)

    def at_its_check(self, exercise, seed, verdict, end):
        """The better of a verdict and the one where the cells before a check alone have run.

        It is the same where the cells after it change nothing that the answer uses.
        """
        changed = order.changed_later(exercise.name, self._statements, end)
        if not changed or self._left <= 0:
            return verdict
        run = _Run(self._warm, self._cells[:end], self._exercises.values(), self._budget)
        run._fatal, run._left = self._fatal, self._left
        try:
            earlier = run.judge(exercise, seed)
        finally:
            run.stop()
        self._left = run._left
        if earlier.points <= verdict.points:
            return verdict
        note = (
            f"Later cells change what this uses: {judge.clean(', '.join(changed[:5]))}. It was "
            "checked as the notebook stood at its own check."
        )
        look = ()
        anew = order.defined(self._statements[end:]).intersection(changed)
        # Other answers are told by themselves.
        if again := sorted(anew - (self._exercises.keys() - {exercise.name})):
            # Two answers to one question may be two guesses.
            look = (f"{again[0]}: a later cell defines it again; the better of both counts",)
        return replace(earlier, notes=(*earlier.notes, note), look=(*earlier.look, *look))

    def _ask(self, drawn, helpers, at_once=False):
        """What the child's answer does on what was drawn, as ``Exercise.assess`` asks it.

        The child is told to say at once what it has seen of each case where it has ended before
        it said all.
        """
        contract, seconds = drawn.contract, self._budget.answer
        if not helpers and self._endless.intersection(contract.uses):
            seconds /= IMPATIENCE
        cases, question = drawn.cases, wire.frame_of(*drawn.packed)
        # What is right is computed here, and not in the answer's time.
        _ = drawn.expected
        deadline = time.monotonic() + seconds
        observations = []
        try:
            if self._child is None:
                self.start()
            how = {"helpers": self._stand_ins(helpers), "seconds": seconds, "at_once": at_once}
            self._tell(how, before=question)
            while len(observations) < len(cases) and not self._ended(contract, observations):
                known = functools.partial(drawn.known, len(observations))
                said = self._answer(contract, helpers, deadline, known)
                if "stopped" in said:
                    kind, message = clean(said["stopped"], 100), clean(said.get("message"), 500)
                    observations.append(stopped(contract, kind, message))
                else:
                    observations.append(said["observation"])
        except _Died as error:
            if self._once_more(f"answer {contract.name}", error):
                return self._ask(drawn, helpers, at_once)
            if observations and not at_once:
                # What it saw of other cases may have been lost with it.
                return self._ask(drawn, helpers, at_once=True)
            observations.append(stopped(contract, ENDED, str(error)))
            self._ended(contract, observations)
        # The other cases of an answer that never ends, or ends its process, are spared: they would
        # only take as long, or end the same way.
        return observations + observations[-1:] * (len(cases) - len(observations))

    def _ended(self, contract, observations):
        """Whether the answer has shown that it never ends, or ends its process; it is kept."""
        if not observations or _stopped_by(observations[-1]) not in (ENDED, TIME_UP):
            return False
        self._endless.add(contract.name)
        return True

    def _answer(self, contract, helpers, deadline, known):
        """What the child says of the next case; calls of right versions are answered meanwhile."""
        calls = collections.Counter()
        for _ in range(MAX_CALLS):
            said = self._hear(deadline - time.monotonic(), known=known, **wire.ANSWER)
            if not isinstance(said, dict):
                break
            if "call" in said:
                if time.monotonic() > deadline + self._budget.grace:
                    text = "it went on calling earlier answers after its time was up"
                    raise _Died(self._lose(text, now=True))
                with self._timed():
                    self._tell(self._help(contract, said, helpers, calls))
            elif "stopped" in said or "observation" in said:
                return said
            else:
                break
        raise _Died(self._lose("what it sent is no answer", now=True))

    def _stand_ins(self, names):
        """How each right version of an earlier answer is had in the child.

        PyTorch's own by its dotted name; ours never leave this process, and are called over the
        wire with what their kind says.
        """
        asked = [self._exercises[name] for name in names if name in self._exercises]
        return {e.name: e.stand_in or e.kind for e in asked if e.stand_in or can_be_called(e)}

    def _help(self, contract, said, helpers, calls):
        """Call the right version of an earlier answer for the child, so often as is allowed."""
        name = said["call"]
        if not isinstance(name, str) or "." in self._stand_ins(helpers).get(name, "."):
            return {"error": f"{clean(name, 100)} can't be called here"}
        calls[name] += "cotangents" not in said
        if calls[name] > self._exercises[name].calls:
            return {"error": f"{name} was called more than {self._exercises[name].calls} times"}
        return reply(self._exercises[name], said, contract.single)

    def _tell(self, message, before=b""):
        data = before + wire.frame(message)
        try:
            wire.send_frame(self._child.socket, data, time.monotonic() + self._budget.grace)
        except wire.WireError:
            ended = self._lose("", now=False)
            raise _Died(ended if ended == KILLED else "it ended before it could be asked") from None

    @contextlib.contextmanager
    def _timed(self):
        """Let the notebook's own time run."""
        start = time.monotonic()
        try:
            yield
        finally:
            self._left -= time.monotonic() - start

    def _hear(self, seconds, **how):
        """What the child says within its time; ``how`` as ``wire.receive``."""
        if self._left <= 0:
            raise _Died(self._lose("the notebook's time is used up", now=True))
        seconds = max(0.0, min(seconds, self._left))
        try:
            until = time.monotonic() + seconds + self._budget.grace
            with self._timed():
                return wire.receive(self._child.said, until, **how)
        except wire.Late:
            said = f"it was still running after {seconds:.2g} seconds and could not be interrupted"
            raise _Died(self._lose(said, now=True)) from None
        except wire.Closed:
            raise _Died(self._lose("", now=False)) from None
        except wire.WireError as error:
            raise _Died(self._lose(f"it sent {error}", now=True)) from None

    def _lose(self, said, now):
        """Give the child up; how it ended, in words."""
        child, self._child = self._child, None
        ended = child.end(now)
        return said or ended

    def stop(self):
        """Let the child go."""
        if self._child is not None:
            self._lose("", now=False)
