"""Grade many submissions at once: workers that grade, one writer that records."""

import gc
import importlib
import json
import math
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections import deque
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing import connection
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from . import pages, record
from .assignment import Assignment, AssignmentError, handed_in, id_problem
from .budget import TRIES, Budget
from .outputs import in_a_line
from .receipts import error_of, up_to_date
from .remote import END_SECONDS, GraderError, Origin, Unfit, let_go
from .sandbox import kernel
from .warm import loading

EVERY = 0.1
"""Seconds between two looks at the progress line."""
IDLE = 1.0
"""Seconds after which the line moves though nothing is done."""
BAR = 20
"""Signs of the progress line's bar."""


@dataclass(frozen=True)
class Done:
    """What became of one submission."""

    assignment: str
    student: str
    points: float | None
    """Points given by the grader, or None where there is no verdict."""
    error: str = ""
    """Why there is no verdict."""
    remarks: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    """Grade ids of the cells that a person must grade."""
    look: tuple[str, ...] = ()
    """Grade ids of the checks of answers that a person should look at."""

    @property
    def line(self):
        """It, in a line."""
        said = self.error or f"{self.points:g} points"
        return f"{self.who}: {said}"

    @property
    def who(self):
        """The assignment and the student, fit for a terminal."""
        return f"{self.assignment} {in_a_line(self.student, 100)}"


@dataclass
class Summary:
    """What became of a run."""

    done: list[Done] = field(default_factory=list)
    """Those that were graded, and those that have had no verdict and not changed since."""
    skipped: int = 0
    """Submissions with an up-to-date receipt that tells of a verdict."""
    seconds: float = 0.0
    unseen: list[str] = field(default_factory=list)
    """What could not be looked into, a line each: submissions may lie there."""

    @property
    def failed(self):
        """The submissions without a verdict."""
        return [one for one in self.done if one.error]

    def as_json(self):
        """It, for machines."""
        return json.dumps(
            {
                "graded": len(self.done) - len(self.failed),
                "failed": len(self.failed),
                "skipped": self.skipped,
                "seconds": round(self.seconds, 3),
                "unseen": self.unseen,
                "submissions": [vars(one) for one in self.done],
            },
            indent=1,
        )


class Progress:
    """The progress of a run on a terminal's last line, or a line now and then in a log.

    Parameters
    ----------
    total : int
    stream : where it is shown; nowhere if None
    before : int, how much is done when the run begins
    """

    def __init__(self, total, stream, before=0):
        self._total, self._stream, self._before = total, stream, before
        self._live = stream is not None and stream.isatty()
        self._start = time.monotonic()
        # A terminal shows it at once.
        self._shown = -math.inf if self._live else self._start

    def note(self, text):
        """Say something that stays."""
        if self._stream is not None:
            clear = "\r\x1b[K" if self._live else ""
            print(f"{clear}{text}", file=self._stream, flush=True)

    def at(self, done, failed):
        """Show how far the run is."""
        now = time.monotonic()
        if self._stream is None or now - self._shown < (EVERY if self._live else 100 * EVERY):
            return
        self._shown = now
        rate = (done - self._before) / max(now - self._start, EVERY)
        left = f"{_clock((self._total - done) / rate)} left" if rate else "?:?? left"
        line = f"{done}/{self._total}  {rate:.1f}/s  {left}  {failed} without a verdict"
        if self._live:
            bar = ("#" * (BAR * done // max(1, self._total))).ljust(BAR, ".")
            print(f"\r\x1b[K[{bar}]  {line}", end="", file=self._stream, flush=True)
        else:
            print(line, file=self._stream, flush=True)

    def close(self):
        """Leave the line clean."""
        if self._live:
            print("\r\x1b[K", end="", file=self._stream, flush=True)


def _clock(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02}"


def grade_class(
    coursedir,
    assignments,
    students=(),
    jobs=None,
    force=False,
    stream=sys.stderr,
    budget=None,
    sandboxed=True,
    book="",
    penalty=None,
    scheduler=None,
):
    """Grade all submissions that have no up-to-date receipt.

    Safe to stop at any moment and to start again: what was recorded is recorded whole, the rest
    is done the next time. Two at once only do some work twice.

    Parameters
    ----------
    coursedir : nbgrader's CourseDirectory
    assignments : names; all to which anything was handed in where empty
    students : ids; all where empty
    jobs : int, workers; one for each core where None
    force : bool, whether to grade again what has an up-to-date receipt
    stream : where progress is shown, or None
    budget : assess.Budget
    sandboxed : bool; False grades even where student code can't be locked in
    book : str, where the book is, put before each link
    penalty : function for late submissions; see ``record.write_grades``
    scheduler : str, address of a Dask scheduler whose workers do the work, or None for processes
        of this machine

    Returns
    -------
    Summary

    Errors
    ------
    AssignmentError where an assignment can't be graded at all, Unfit where this machine
    can grade nothing.
    """
    start = time.monotonic()
    found, unseen = handed_in(coursedir, assignments, students)
    wanted = _wanted(coursedir, found, unseen, bool(assignments))
    found = {name: found[name] for name in wanted}
    unknown = set(students).difference(*found.values())
    if unknown:
        named = in_a_line(", ".join(sorted(unknown)), 300)
        raise AssignmentError("\n".join([f"nothing was handed in by {named}", *unseen]))
    every = [(name, student) for name, ids in found.items() for student in ids]
    if not every:
        base = Path(coursedir.root, coursedir.submitted_directory)
        to = f" for {', '.join(assignments)}" if assignments else ""
        for line in unseen or [f"nothing was handed in{to}: no submission lies in {base}"]:
            Progress(0, stream).note(line)
        return Summary(unseen=unseen)
    for name in assignments:
        if not found.get(name):
            Progress(0, stream).note(f"nothing was handed in for {name}")
    with record.ready(coursedir, wanted.values()) as gradebook:
        recorded = {name: record.recorded(gradebook, name) for name in wanted}
    work, summary = deque(), Summary(unseen=unseen)
    for name, student in every:
        theirs = recorded[name].get(student)
        kept = [] if force else up_to_date(wanted[name], wanted[name].templates, student, theirs)
        if not kept:
            work.append((name, student))
        elif error_of(kept):
            summary.done.append(_done(name, student, kept))
        else:
            summary.skipped += 1
    before = len(summary.done)
    progress = Progress(len(work) + before, stream, before)
    for line in (*unseen, *(one.line for one in summary.done)):
        progress.note(line)
    if not work:
        return summary
    options = {"budget": budget, "book": book}

    def workers():
        if scheduler:
            from .cluster import Cluster

            return Cluster(scheduler, wanted, sandboxed, options)
        return _Pool(max(1, min(jobs or _cores(), len(work))), wanted, sandboxed, options)

    with closing(progress):
        progress.at(before, before)
        with closing(workers()) as pool, record.ready(coursedir, wanted.values()) as gradebook:
            for piece, came in pool.work(work, IDLE):
                if piece is not None:
                    name, student = piece
                    done = _keep(gradebook, wanted[name], student, came, penalty)
                    summary.done.append(done)
                    if done.error:
                        progress.note(done.line)
                    for remark in done.remarks:
                        if remark != done.error:
                            progress.note(f"{done.who}: {remark}")
                    if done.look:
                        named = in_a_line(", ".join(done.look), 300)
                        progress.note(f"{done.who}: to be looked at: {named}")
                progress.at(len(summary.done), len(summary.failed))
    summary.seconds = time.monotonic() - start
    return summary


def _wanted(coursedir, found, unseen, named):
    """The assignments to be graded, by name.

    One that can't be stops none of the others where it wasn't named: it is put into ``unseen``.
    """
    wanted, errors = {}, []
    for name in found:
        try:
            assignment = Assignment(coursedir, name)
            if not named:
                record.ready(coursedir, [assignment]).close()
            wanted[name] = assignment
        except AssignmentError as error:
            if named:
                raise
            errors.append(str(error))
    if errors and not wanted:
        raise AssignmentError("\n".join([*errors, *unseen]))
    unseen += errors
    return wanted


def write_pages(interface, assignments, students=(), jobs=None, stream=sys.stderr):
    """Write the feedback pages that are missing or older than what was graded.

    Parameters
    ----------
    interface : NbGraderAPI
    assignments, students, jobs, stream : as ``grade_class``

    Returns
    -------
    list of str, why pages could not be written, a line each; the others are
    """
    found, _ = handed_in(interface.coursedir, assignments, students)
    problems = []
    for name, assignment in _wanted(interface.coursedir, found, [], bool(assignments)).items():
        ids = found[name]
        work = [student for student in ids if pages.stale(assignment, student)]
        with closing(Progress(len(work), stream)) as progress:
            done = 0
            progress.at(done, len(problems))
            for more, lines in pages.write(interface, name, work, jobs or _cores()):
                done += more
                problems += lines
                for line in lines:
                    progress.note(line)
                progress.at(done, len(problems))
    return problems


def _cores():
    return len(os.sched_getaffinity(0))


def _keep(gradebook, assignment, student, came, penalty):
    """Record what a worker came back with; what became of it."""
    came = id_problem(student) or came
    if isinstance(came, str):
        return Done(assignment.name, student, None, error=came)
    try:
        record.keep(gradebook, assignment, student, came, penalty)
    except (OSError, SQLAlchemyError, ValueError) as error:
        said = f"could not be recorded: {record.reason(error, assignment.coursedir)}"
        return Done(assignment.name, student, None, error=said)
    return _done(assignment.name, student, [graded.receipt for graded in came])


def _done(assignment, student, receipts):
    """What became of a submission, as the receipts of its notebooks tell."""
    scores = [given for receipt in receipts for given in receipt["scores"].items()]
    error = error_of(receipts)
    return Done(
        assignment,
        student,
        None if error else sum(points or 0.0 for _, points in scores),
        error=error,
        remarks=tuple(remark for receipt in receipts for remark in receipt["remarks"]),
        by_hand=tuple(sorted(name for name, points in scores if points is None)),
        look=tuple(name for receipt in receipts for name in receipt.get("look", ())),
    )


class _Pool:
    """Worker processes, each with a warm parent of its own, replaced when they die."""

    def __init__(self, jobs, assignments, sandboxed, options):
        self._context = multiprocessing.get_context("fork")
        # It loads while this process does: PyTorch comes with what grades and what is right.
        self._origin = Origin()
        with loading():
            importlib.import_module("autograder.grading.grade")
            for assignment in assignments.values():
                assignment.load()
        self._arguments = (assignments, sandboxed, options | {"origin": self._origin})
        self._workers, self._busy = {}, {}
        for _ in range(jobs):
            self._hire()

    def _hire(self):
        ours, theirs = self._context.Pipe()
        others = [ours, *self._workers]
        process = self._context.Process(
            target=_worker, args=(theirs, others, os.getpid(), *self._arguments), daemon=True
        )
        process.start()
        theirs.close()
        self._workers[ours] = process

    def work(self, todo, idle):
        """Yield each piece of work with what came of it: a list of Graded, or why there is none.

        Parameters
        ----------
        todo : deque of pieces of work, which is used up
        idle : seconds after which None and None are yielded where nothing is done
        """
        busy, tries = self._busy, {}

        def hand_out():
            for line in self._workers:
                if line not in busy and todo:
                    busy[line] = todo.popleft()
                    _send(line, busy[line])

        while todo or busy:
            hand_out()
            ready = connection.wait(list(busy), idle)
            if not ready:
                yield None, None
            for line in ready:
                piece = busy.pop(line)
                try:
                    came = line.recv()
                except (EOFError, OSError):
                    self._dismiss(line)
                    self._hire()
                    tries[piece] = tries.get(piece, 0) + 1
                    if tries[piece] < TRIES:
                        todo.append(piece)
                        continue
                    came = f"the grader died {TRIES} times while grading it"
                if isinstance(came, Unfit):
                    raise came
                # Its worker goes on while what came is recorded.
                hand_out()
                yield piece, came

    def _dismiss(self, line):
        process = self._workers.pop(line)
        line.close()
        process.join(END_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()

    def close(self):
        """End all workers, at once those that are at something, which is lost."""
        for line in self._busy:
            self._workers[line].kill()
        for line in list(self._workers):
            self._dismiss(line)
        self._origin.close()


def _send(line, message):
    try:
        line.send(message)
    except OSError:
        # The other side is gone, which reading from it will tell.
        return


def _worker(line, others, parent, assignments, sandboxed, options):
    """Grade what comes in over the line until it is closed."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    from .grade import grade_all

    budget = options["budget"] or Budget()
    # The threads with which the parent may have computed are not here: asked for, they never come.
    sys.modules["torch"].set_num_threads(1)
    for other in others:
        other.close()
    # What is here already stays, and need not be looked at again and again; what a submission
    # leaves behind, a notebook's trees above all, is no garbage for as long as it is read.
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    try:
        while True:
            signal.alarm(0)
            try:
                name, student = line.recv()
            except (EOFError, OSError):
                return
            try:
                assignment = assignments[name]
                templates = assignment.templates
                # Whatever keeps this process itself busy costs a try, not the whole run.
                signal.alarm(max(1, round(budget.overdue(len(templates)))))
                came = grade_all(assignment, templates, student, sandboxed, **options)
            except Unfit as error:
                came = error
            except (GraderError, OSError) as error:
                came = f"not graded, through no fault of the student's: {error}"
            except Exception:
                came = f"the grader failed: {traceback.format_exc(limit=-3)}"
            _send(line, came)
    finally:
        let_go()
