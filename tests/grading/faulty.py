"""A run of the grader in a process of its own, forked from one that has loaded everything.

It is what ``python -m autograder grade`` does, so that a fault shows what a person would see.
"""

import errno
import io
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path
from subprocess import TimeoutExpired

from autograder import cli
from autograder.grading import files, record, remote, sandbox, warm
from autograder.grading.sandbox import kernel

LOADED = (
    "autograder.exercises.lstm",
    "autograder.grading.run",
    "autograder.grading.child",
    *warm.PRELOADED,
)
"""What a run and its warm parents have loaded when they are forked."""
RECORDING = (record.__file__, files.__file__)
"""Where a result is recorded: a run can be told to die at any line of it."""


def start(root, *arguments, **settings):
    """Start a run.

    Parameters
    ----------
    root : Path of the course directory; ``said.txt`` in it takes what is printed
    arguments : of the verb ``grade``
    settings : as ``_run``

    Returns
    -------
    multiprocessing.Process; its exit code is the verb's
    """
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload([__name__, *LOADED])
    process = server.Process(target=_run, args=(str(root), arguments, settings))
    process.start()
    return process


def _run(root, arguments, settings):
    """Grade.

    ``die_at``: the how manieth line of recording kills it; ``count_to``: a file that takes how many
    there were; ``tmp``: the directory for temporary files; ``ordinary``: whether root's powers are
    given up; ``tiny``: a folder of the course that is put on a file system of 8 kB; ``limit``:
    bytes that a file may have; ``patience``: seconds for which a locked gradebook is waited for;
    ``preloaded``: modules that warm parents load; ``full``: whether they can start no process.
    """
    os.setsid()
    said = os.open(Path(root, "said.txt"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(said, 1)
    os.dup2(said, 2)
    tempfile.tempdir = settings.get("tmp")
    remote.Popen = Forked
    warm.PRELOADED = settings.get("preloaded", warm.PRELOADED)
    if settings.get("full"):
        sandbox.fork = _no_fork
    record.LOCKED_SECONDS = settings.get("patience", record.LOCKED_SECONDS)
    if settings.get("tiny"):
        _own_mounts()
        kernel.mount("none", f"{root}/{settings['tiny']}", "tmpfs", 0, "size=8k")
    if settings.get("limit"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (settings["limit"],) * 2)
    if settings.get("ordinary"):
        kernel.drop_capabilities()
    counted = _Counted(settings.get("die_at"))
    if settings.get("die_at") or settings.get("count_to"):
        # Its workers are not counted, and would take several times as long.
        os.register_at_fork(after_in_child=lambda: sys.settrace(None))
        sys.settrace(counted.call)
    try:
        code = cli.main(["grade", "lstm", "--root", root, *arguments])
    finally:
        sys.settrace(None)
        if settings.get("count_to"):
            Path(settings["count_to"]).write_text(str(counted.lines))
    sys.exit(code)


class Forked:
    """A warm parent that is forked, with all that it needs, from the worker that wants it.

    It does what one in a new Python does, but is there at once: most of a run that is killed would
    be waiting for it. Parameters and methods as those of ``subprocess.Popen``.
    """

    def __init__(self, command, *, pass_fds, env, cwd, **_):
        self._status = None
        self.stderr = io.BytesIO()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                os.chdir(cwd)
                os.environ.clear()
                os.environ.update(env)
                sandbox._close_all_but((1, 2, *pass_fds))
                exec(command[-1], {})
            finally:
                os._exit(0)

    def poll(self):
        if self._status is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = os.waitstatus_to_exitcode(status) if done else None
        return self._status

    def wait(self, timeout=float("inf")):
        until = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > until:
                raise TimeoutExpired("a warm parent", timeout)
            time.sleep(0.002)

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)


def _no_fork():
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def _own_mounts():
    """Let this process mount what no other sees; an ordinary user is root of a namespace for it."""
    if os.geteuid() == 0:
        kernel.unshare(kernel.CLONE_NEWNS)
    else:
        user, group = os.geteuid(), os.getegid()
        kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)


class _Counted:
    """Counts the lines of recording that this process, and no child of it, executes."""

    def __init__(self, die_at):
        self.lines, self._die_at, self._pid = 0, die_at, os.getpid()

    def call(self, frame, event, argument):
        return self.line if frame.f_code.co_filename in RECORDING else None

    def line(self, frame, event, argument):
        if event == "line" and os.getpid() == self._pid:
            self.lines += 1
            if self.lines == self._die_at:
                os.kill(self._pid, signal.SIGKILL)
        return self.line
