"""Grading on a Dask cluster: real worker processes, the same grades, whoever dies."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import distributed
import pytest

from autograder.grading import assignment, budget, cluster, record, run
from autograder.grading.cluster import ClusterError

from .test_run import book_of, coursedir, expected, grade  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def cluster_in(folder):
    """A scheduler and two workers, started as an instructor does: its process and address."""
    told, environment = folder / "scheduler.json", os.environ | {"PYTHONPATH": str(ROOT)}
    processes = {}
    common = ["--scheduler-file", str(told), "--host", "127.0.0.1", "--no-dashboard"]
    workers = ["--nworkers", "2", "--nthreads", "1", "--local-directory", str(folder)]
    with contextlib.ExitStack() as stack, (folder / "said.txt").open("w") as said:
        for verb, more in (("scheduler", ["--port", "0"]), ("worker", workers)):
            command = [sys.executable, "-m", "dask", verb, *common, *more]
            processes[verb] = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
            stack.callback(processes[verb].wait)
            stack.callback(processes[verb].terminate)
        with distributed.Client(scheduler_file=str(told), set_as_default=False) as client:
            client.wait_for_workers(2)
            address = client.scheduler.address
        yield SimpleNamespace(scheduler=processes["scheduler"], address=address)


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """A cluster of two worker processes on this machine."""
    with cluster_in(tmp_path_factory.mktemp("cluster")) as made:
        yield made


def test_a_cluster_gives_the_same_grades_though_a_worker_is_killed(
    classroom,
    coursedir,  # noqa: F811
    workers,
    monkeypatch,
):
    with distributed.Client(workers.address, set_as_default=False) as client:
        victim, _ = sorted(client.run(os.getpid).values())
    keep, killed = record.keep, []

    def deadly(*arguments):
        if not killed:
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)
        keep(*arguments)

    monkeypatch.setattr(record, "keep", deadly)
    summary = grade(coursedir, scheduler=workers.address)
    assert killed and {one.student for one in summary.failed} == {"dora"}
    assert "lstm.ipynb is not JSON" in summary.failed[0].error
    assert book_of(coursedir) == expected(classroom)
    # What was graded over there is up to date over here, by a run of this machine alone, too.
    again = grade(coursedir)
    assert again.done == summary.failed and again.skipped == 5


def test_the_line_moves_while_all_workers_take_long(coursedir, workers, monkeypatch):  # noqa: F811
    shown = []

    def submit(self, piece):
        return self._client.submit(time.sleep, 0.5, pure=False)

    def at(self, done, failed):
        shown.append(done)

    monkeypatch.setattr(cluster.Cluster, "_submit", submit)
    monkeypatch.setattr(cluster.Cluster, "_came", lambda self, future: "not graded")
    monkeypatch.setattr(run, "IDLE", 0.05)
    monkeypatch.setattr(run.Progress, "at", at)
    grade(coursedir, students=["ben"], scheduler=workers.address)
    # At the start, while it sleeps, and when it is done.
    assert shown[-1] == 1 and shown.count(0) > 2


def test_a_result_that_dies_with_its_worker_is_made_again(
    classroom,
    coursedir,  # noqa: F811
    workers,
    monkeypatch,
):
    came, lost = cluster.Cluster._came, []

    def late(self, future):
        if not lost:
            (holder,) = self._client.who_has([future])[future.key]
            lost.append(self._client.run(os.getpid, workers=[holder])[holder])
            os.kill(lost[0], signal.SIGKILL)
            while future.status == "finished":
                time.sleep(0.01)
        return came(self, future)

    monkeypatch.setattr(cluster.Cluster, "_came", late)
    summary = grade(coursedir, scheduler=workers.address)
    assert lost and {one.student for one in summary.failed} == {"dora"}
    assert book_of(coursedir) == expected(classroom)


def test_a_scheduler_that_dies_is_told_and_nothing_is_lost(
    classroom,
    coursedir,  # noqa: F811
    tmp_path,
    monkeypatch,
):
    keep, kept = record.keep, []

    def deadly(gradebook, assignment, student, *more):
        keep(gradebook, assignment, student, *more)
        kept.append(student)
        made.scheduler.kill()

    monkeypatch.setattr(record, "keep", deadly)
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 5)
    told = "is gone; what was recorded stays, start again"
    with cluster_in(tmp_path) as made, pytest.raises(ClusterError, match=told):
        grade(coursedir, scheduler=made.address)
    book = expected(classroom)
    assert book_of(coursedir) == {student: book[student] for student in kept}
    monkeypatch.setattr(record, "keep", keep)
    # All of this class get a verdict but one.
    assert grade(coursedir).skipped == len({*kept} - {"dora"})
    assert book_of(coursedir) == book


def stick():
    """Let a worker's own code never come back."""
    budget.OVERDUE, cluster.grade_all = 0.1, lambda *given, **named: threading.Event().wait()


def test_a_worker_that_is_stuck_is_replaced(classroom, coursedir, workers):  # noqa: F811
    with distributed.Client(workers.address, set_as_default=False) as client:
        client.run(stick, workers=[next(iter(client.nthreads()))])
    summary = grade(coursedir, scheduler=workers.address)
    assert {one.student for one in summary.failed} == {"dora"}
    assert book_of(coursedir) == expected(classroom)


def test_a_worker_without_room_is_told_before_anything_is_sent(coursedir, workers):  # noqa: F811
    def fill(directory):
        tempfile.tempdir = directory

    with distributed.Client(workers.address, set_as_default=False) as client:
        worker = next(iter(client.nthreads()))
        client.run(fill, "/nowhere", workers=[worker])
        try:
            with pytest.raises(ClusterError, match=r"can't lay out what is released: .*/nowhere"):
                grade(coursedir, scheduler=workers.address)
        finally:
            client.run(fill, None, workers=[worker])


def disguise(version):
    """Let a worker have another version."""
    assignment.version = version


def test_only_the_same_version_grades(coursedir, workers):  # noqa: F811
    with distributed.Client(workers.address, set_as_default=False) as client:
        worker = next(iter(client.nthreads()))
        client.run(disguise, lambda: "another", workers=[worker])
        try:
            with pytest.raises(
                ClusterError, match=f"another version of the grader runs on {worker}"
            ):
                grade(coursedir, scheduler=workers.address)
        finally:
            client.run(disguise, assignment.version, workers=[worker])
    assert book_of(coursedir) == {}


def test_a_cluster_that_can_not_be_used_says_why(coursedir, workers, monkeypatch):  # noqa: F811
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    for address in ("tcp://127.0.0.1:9", "tls://127.0.0.1:9", "nonsense"):
        with pytest.raises(ClusterError, match=f"no Dask scheduler answers at {address}"):
            grade(coursedir, scheduler=address)
    with pytest.raises(ClusterError, match="student code without one could reach the scheduler"):
        grade(coursedir, scheduler=workers.address, sandboxed=False)


def test_an_address_that_is_none_ends_in_a_line_at_once():
    told = """
from autograder.grading.cluster import Cluster, ClusterError
try:
    Cluster("nonsense", {}, True, {})
except ClusterError as error:
    print(error)
"""
    command = [sys.executable, "-c", told]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50)
    assert done.stdout.startswith("no Dask scheduler answers at nonsense: ")
    assert (done.returncode, done.stderr) == (0, "")
