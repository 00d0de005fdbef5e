"""Grade on the workers of a Dask cluster: the same work as that of processes of this machine.

A worker needs this package and a sandbox, and nothing of the course directory: what is released
goes there once, what a student handed in goes with each piece of work, and what comes back is
recorded here. Between this process, the scheduler and the workers Dask sends pickles; that is
within the trusted side. Student code runs in a worker's sandboxed children, which have no network.
"""

import gc
import os
import shutil
import tempfile
import threading
import uuid
from concurrent.futures import CancelledError
from pathlib import Path

import torch
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from .assignment import Assignment, version
from .budget import Budget
from .grade import grade_all, hand_over
from .remote import GraderError, Unfit, let_go

CONNECT_SECONDS = 30
AHEAD = 2
"""Pieces of work that are sent ahead for each thread of the workers."""

_courses = {}
"""In a worker: the released assignments of each run, by its key and name."""
_one_at_a_time = threading.Lock()
"""A process has one warm parent, whatever the number of its threads."""


class ClusterError(GraderError):
    """A cluster that can't be used; says why and what to do."""


class Cluster:
    """The workers of a Dask cluster; those that die are replaced by Dask, those that come are used.

    Parameters
    ----------
    address : str, of the scheduler
    assignments : dict of Assignment by name
    sandboxed : bool; must be True
    options : dict, as ``grade.grade`` takes them

    Errors
    ------
    ClusterError where there is no such cluster or its workers have another version.
    """

    def __init__(self, address, assignments, sandboxed, options):
        if not sandboxed:
            raise ClusterError(
                "a cluster grades in the sandbox alone: student code without one could reach the "
                "scheduler, which runs what it is sent"
            )
        try:
            import distributed
        except ImportError:
            raise ClusterError(
                "a cluster needs the package distributed: pip install 'autograder[cluster]'"
            ) from None
        self._dask, self._address = distributed, address
        self._assignments, self._options = assignments, options
        why = None
        try:
            self._client = distributed.Client(
                address, timeout=CONNECT_SECONDS, set_as_default=False
            )
        except (OSError, ValueError, TypeError) as error:
            # A tls:// address without certificates is a TypeError.
            why = str(error)
        if why is not None:
            # Half a client closes itself when it is collected; as this process ends, it would hang.
            gc.collect()
            raise ClusterError(f"no Dask scheduler answers at {address}: {why}")
        try:
            self._check()
            self._hand_out()
        except BaseException:
            self._client.close()
            raise

    def _check(self):
        """Make sure that there are workers and that they grade as this process does."""
        try:
            workers = self._client.scheduler_info(n_workers=-1)["workers"]
        except OSError:
            raise self._gone() from None
        if not workers:
            raise ClusterError(
                f"the cluster at {self._address} has no workers; start some, each with "
                f"`dask worker {self._address} --nworkers auto --nthreads 1`"
            )
        try:
            theirs = self._client.run(version)
        except Exception as error:
            raise ClusterError(
                f"the workers at {self._address} can't load the grader ({error}); install this "
                "repository there"
            ) from None
        others = sorted(worker for worker, theirs in theirs.items() if theirs != version())
        if others:
            raise ClusterError(_other_version(", ".join(others)))

    def _hand_out(self):
        """Give each worker what is released, those that come later among them."""
        released = {name: _files(a.released) for name, a in self._assignments.items()}
        self._key = f"autograder-{uuid.uuid4().hex}"
        try:
            self._client.register_plugin(_plugin(self._key, released), name=self._key)
        except Exception as error:
            raise ClusterError(
                f"a worker at {self._address} can't lay out what is released: {error}"
            ) from None

    def work(self, todo, idle):
        """Yield each piece of work with what came of it; as ``run.grade_class`` asks a pool."""
        pieces, done = {}, self._dask.as_completed(loop=self._client.loop)
        while todo or pieces:
            ahead = max(1, AHEAD * self._threads())
            while todo and len(pieces) < ahead:
                future = self._submit(todo[0])
                pieces[future.key] = todo.popleft()
                done.add(future)
            with done.thread_condition:
                ready = done.has_ready() or done.thread_condition.wait(idle)
            if not ready:
                yield None, None
                continue
            future = next(done)
            yield pieces.pop(future.key), self._came(future)

    def _threads(self):
        try:
            return sum(self._client.nthreads().values())
        except OSError:
            raise self._gone() from None

    def _gone(self):
        return ClusterError(
            f"the scheduler at {self._address} is gone; what was recorded stays, start again for "
            "the rest"
        )

    def _submit(self, piece):
        name, student = piece
        assignment = self._assignments[name]
        handed = [hand_over(assignment, t, student) for t in assignment.templates]
        arguments = (version(), self._key, name, student, handed, self._options)
        return self._client.submit(_work, *arguments, pure=False)

    def _came(self, future):
        """What a worker came back with; where it has died since, what another one does."""
        try:
            return future.result()
        except (ClusterError, Unfit):
            raise
        except self._dask.KilledWorker:
            return "the workers died while grading it, one after the other"
        except (CancelledError, OSError):
            raise self._gone() from None
        except Exception as error:
            return f"the grader failed: {error}"

    def close(self):
        """Leave the cluster; what it was at is lost."""
        try:
            if self._client.status == "running":
                self._client.unregister_worker_plugin(self._key)
        except Exception:
            # It is being left, whatever state it is in.
            pass
        self._client.close()


def _other_version(who):
    return (
        f"another version of the grader runs on {who}: grades would depend on where they are made; "
        "install this one there and start its workers again"
    )


def _files(folder):
    """All files below a folder of the course, by their path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _plugin(key, released):
    """What Dask runs in each worker, those that come later among them, before any work."""
    from distributed import WorkerPlugin

    class Released(WorkerPlugin):
        def setup(self, worker):
            lay_out(key, released)

        def teardown(self, worker):
            forget(key)

    return Released()


def lay_out(key, released):
    """Lay out what is released in a course directory of a worker's own.

    Parameters
    ----------
    key : str, of the run
    released : dict from an assignment's name to its files, a dict from path to bytes
    """
    torch.set_num_threads(1)
    root = Path(tempfile.mkdtemp(prefix="course-"))
    try:
        for name, files in released.items():
            for path, data in files.items():
                to = root / "release" / name / path
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(data)
    except OSError:
        shutil.rmtree(root, ignore_errors=True)
        raise
    course = CourseDirectory(config=Config(CourseDirectory={"root": str(root)}))
    _courses[key] = {name: Assignment(course, name) for name in released}, root


def forget(key):
    """Remove what ``lay_out`` laid out, and end the warm parent."""
    with _one_at_a_time:
        let_go()
        _, root = _courses.pop(key, ({}, None))
        if root is not None:
            shutil.rmtree(root, ignore_errors=True)


def _work(wanted, key, name, student, handed, options):
    """Grade one submission in a worker; a list of Graded, or why there is none."""
    if version() != wanted:
        raise ClusterError(_other_version("a worker that came later"))
    with _one_at_a_time:
        assignment = _courses[key][0][name]
        # Whatever keeps this process itself busy costs a try: Dask replaces a worker that ends.
        seconds = (options["budget"] or Budget()).overdue(len(assignment.templates))
        alarm = threading.Timer(seconds, os._exit, [1])
        alarm.daemon = True
        alarm.start()
        try:
            return grade_all(assignment, assignment.templates, student, handed=handed, **options)
        except Unfit:
            raise
        except (GraderError, OSError) as error:
            return f"not graded, through no fault of the student's: {error}"
        finally:
            alarm.cancel()
