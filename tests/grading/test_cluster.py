"""Grading on a Dask cluster: real worker processes, the same grades, whoever dies."""

import os
import signal
import threading

import distributed
import pytest

from autograder.grading import assignment, budget, cluster, record
from autograder.grading.cluster import ClusterError

from .test_run import book_of, coursedir, expected, grade  # noqa: F401


@pytest.fixture(scope="module")
def workers():
    """A cluster of two worker processes on this machine."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs=50,
    ) as made:
        yield made


def test_a_cluster_gives_the_same_grades_though_a_worker_is_killed(
    classroom,
    coursedir,  # noqa: F811
    workers,
    monkeypatch,
):
    with distributed.Client(workers, set_as_default=False) as client:
        victim, _ = sorted(client.run(os.getpid).values())
    keep, killed = record.keep, []

    def deadly(*arguments):
        if not killed:
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)
        keep(*arguments)

    monkeypatch.setattr(record, "keep", deadly)
    summary = grade(coursedir, scheduler=workers.scheduler_address)
    assert killed and {one.student for one in summary.failed} == {"dora"}
    assert "lstm.ipynb is not JSON" in summary.failed[0].error
    assert book_of(coursedir) == expected(classroom)
    # What was graded over there is up to date over here, by a run of this machine alone, too.
    assert grade(coursedir).skipped == 6


def stick():
    """Let a worker's own code never come back."""
    budget.OVERDUE, cluster.grade_all = 0.1, lambda *given, **named: threading.Event().wait()


def test_a_worker_that_is_stuck_is_replaced(classroom, coursedir, workers):  # noqa: F811
    with distributed.Client(workers, set_as_default=False) as client:
        client.run(stick, workers=[next(iter(client.nthreads()))])
    summary = grade(coursedir, scheduler=workers.scheduler_address)
    assert {one.student for one in summary.failed} == {"dora"}
    assert book_of(coursedir) == expected(classroom)


def disguise(version):
    """Let a worker have another version."""
    assignment.version = version


def test_only_the_same_version_grades(coursedir, workers):  # noqa: F811
    with distributed.Client(workers, set_as_default=False) as client:
        worker = next(iter(client.nthreads()))
        client.run(disguise, lambda: "another", workers=[worker])
        try:
            with pytest.raises(
                ClusterError, match=f"another version of the grader runs on {worker}"
            ):
                grade(coursedir, scheduler=workers.scheduler_address)
        finally:
            client.run(disguise, assignment.version, workers=[worker])
    assert book_of(coursedir) == {}


def test_a_cluster_that_can_not_be_used_says_why(coursedir, workers, monkeypatch):  # noqa: F811
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(ClusterError, match="no Dask scheduler answers at tcp"):
        grade(coursedir, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(ClusterError, match="student code without one could reach the scheduler"):
        grade(coursedir, scheduler=workers.scheduler_address, sandboxed=False)
