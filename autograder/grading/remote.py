"""The trusted side's hold on a warm parent and on the children that run student code."""

import atexit
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired

from . import warm, wire

START_SECONDS = 120
"""How long a warm parent may take to load everything."""
FORK_SECONDS = 20
"""How long a fork and the way into the sandbox may take."""
BOOT = "import sys; sys.path.insert(0, {root!r}); import autograder.grading.warm as w; "
BOOT += "sys.path.remove({root!r}); w.main({fd}, {released!r}, {home!r})"


class GraderError(Exception):
    """The grader failed, not the student; says how."""


class NotSandboxed(GraderError):
    """The machine grants too little to lock student code in; says what is missing."""


class Warm:
    """A warm parent in a process of its own: see ``warm.main``.

    It starts at once and loads while the caller goes on; the first child waits for it.

    Parameters
    ----------
    released : Path of the folder that students have, or None
    sandboxed : bool, whether a child must be locked in at least as far as ``sandbox.MINIMUM``

    Attributes
    ----------
    home : str, its directory, with those of its children in it
    """

    def __init__(self, released=None, sandboxed=True):
        self.sandboxed = sandboxed
        ours, theirs = socket.socketpair()
        root = str(Path(__file__).resolve().parents[2])
        released = str(Path(released).resolve()) if released else ""
        self.home = tempfile.mkdtemp(prefix="grading-")
        boot = BOOT.format(root=root, fd=theirs.fileno(), released=released, home=self.home)
        self._process = Popen(
            [sys.executable, "-I", "-B", "-c", boot],
            pass_fds=[theirs.fileno()],
            env=self._environment(),
            cwd=self.home,
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
            start_new_session=True,
        )
        theirs.close()
        self.control = ours
        self._ready = self.broken = False

    def _environment(self):
        """What the warm parent and its children know of the environment: nothing of ours."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": self.home,
            "IPYTHONDIR": self.home,
            "MPLCONFIGDIR": self.home,
            "MPLBACKEND": "agg",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def alive(self):
        """Whether it can still be asked for children."""
        return not self.broken and self._process.poll() is None

    def close(self):
        """End the warm parent and whatever it has forked."""
        if self.control.fileno() < 0:
            return
        self.control.close()
        try:
            self._process.wait(timeout=5)
        except TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stderr.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def child(self):
        """Fork a child that is ready to run cells.

        Returns
        -------
        Child

        Errors
        ------
        GraderError where there is none to be had.
        """
        try:
            if not self._ready:
                wire.receive(self.control, time.monotonic() + START_SECONDS)
                self._ready = True
            return Child(self)
        except wire.WireError as error:
            self.broken = True
            raise GraderError(f"the warm parent does not answer: {error}{self._said()}") from None

    def _said(self):
        """What a dead warm parent left on its stderr."""
        if self._process.poll() is None:
            return ""
        with contextlib.suppress(OSError, ValueError):
            return "\n" + self._process.stderr.read().decode(errors="replace")[-2000:]
        return ""


_kept = {}


def kept(released, sandboxed=True):
    """A warm parent that this process keeps from one grading to the next, as formgrader wants it.

    Arguments as ``Warm``; another folder or a dead parent gets a new one.
    """
    notebooks = sorted(Path(released).glob("*.ipynb"))
    wanted = (str(released), sandboxed, os.getpid(), *(n.stat().st_mtime_ns for n in notebooks))
    if wanted not in _kept or not _kept[wanted].alive():
        let_go()
        _kept[wanted] = Warm(released, sandboxed)
    return _kept[wanted]


@atexit.register
def let_go():
    """End the warm parent that is kept; one of a process that this was forked from is not ours."""
    for (_, _, pid, *_), parent in _kept.items():
        if pid == os.getpid():
            parent.close()
    _kept.clear()


class Child:
    """One forked child: its socket to write to, what it has ``said`` to read, its directory."""

    def __init__(self, parent):
        self._parent, self._control = parent, parent.control
        # Within what the warm parent removes when it ends, whoever else has been killed.
        self.directory = tempfile.mkdtemp(prefix="notebook-", dir=parent.home)
        self.socket, theirs = socket.socketpair()
        self.said = wire.Ahead(self.socket)
        try:
            try:
                socket.send_fds(self._control, [warm.FORK], [theirs.fileno()])
            except OSError:
                raise wire.Closed("it is gone") from None
            request = {"directory": self.directory, "sandboxed": parent.sandboxed}
            wire.send(self._control, request)
            theirs.close()
            said = wire.receive(self.said, time.monotonic() + FORK_SECONDS)
            if "refused" in said:
                raise NotSandboxed(said["refused"])
            self.layers = said["layers"]
        except BaseException:
            theirs.close()
            with contextlib.suppress(GraderError):
                self.end(now=True)
            raise

    def end(self, now=False):
        """End the child and say how it ended.

        Parameters
        ----------
        now : bool, whether to kill it instead of letting it go

        Returns
        -------
        str, in words
        """
        try:
            self.socket.close()
            self._control.sendall(warm.KILL if now else warm.STOP)
            status = wire.receive(self._control, time.monotonic() + FORK_SECONDS)["status"]
        except (wire.WireError, OSError) as error:
            self._parent.broken = True
            raise GraderError(f"the warm parent is gone: {error}") from None
        finally:
            _remove(self.directory)
        if status < 0:
            with contextlib.suppress(ValueError):
                return f"it was stopped by {signal.Signals(-status).name}"
            return f"it was stopped by signal {-status}"
        return f"it ended Python with exit code {status}"


def _remove(directory):
    """Remove a private directory, whatever a student's code has made of its permissions."""

    def unlock(function, path, error):
        with contextlib.suppress(OSError):
            os.chmod(os.path.dirname(path), 0o700)
            os.chmod(path, 0o700)
            function(path)

    shutil.rmtree(directory, onerror=unlock)
