"""The trusted side's hold on a warm parent and on the children that run student code."""

import atexit
import contextlib
import json
import os
import secrets
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
END_SECONDS = 5
"""How long a process that has been told to end may take."""
BOOT = "import sys; sys.path.insert(0, {root!r}); import autograder.grading.warm as w; "
BOOT += "sys.path.remove({root!r}); w.{function}(*{arguments!r}); w.os._exit(0)"


class GraderError(Exception):
    """The grader failed, not the student; says how."""


class Unfit(GraderError):
    """This machine can grade nothing, whatever is handed in; says what it lacks."""


def _home():
    """A name for a process's own directory, which it makes and removes itself.

    So nothing is left, whichever of the two processes is killed.
    """
    return os.path.join(tempfile.gettempdir(), f"grading-{secrets.token_hex(8)}")


def _started(function, home, descriptor, *more):
    """A new Python that runs a function of ``warm`` with a descriptor and its home directory."""
    root = str(Path(__file__).resolve().parents[2])
    boot = BOOT.format(root=root, function=function, arguments=(descriptor, home, *more))
    return Popen(
        [sys.executable, "-s", "-P", "-B", "-c", boot],
        pass_fds=[descriptor],
        env=_environment(home),
        cwd="/",
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
        start_new_session=True,
    )


def _environment(home):
    """What the warm parent and its children know of the environment: nothing of ours."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": home,
        "IPYTHONDIR": home,
        "MPLCONFIGDIR": home,
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        # What PyTorch has compiled runs past the watch on its functions.
        "PYTORCH_JIT": "0",
        "TORCHDYNAMO_DISABLE": "1",
        # So that what prints a set prints the same when it is graded again.
        "PYTHONHASHSEED": "0",
    }


def _end(process):
    """Wait for a process that is ending, or kill it."""
    try:
        process.wait(timeout=END_SECONDS)
    except TimeoutExpired:
        process.kill()
        process.wait()
    process.stderr.close()


class Origin:
    """A process that loads everything once, for the warm parents of many workers.

    It starts at once and loads while the caller goes on. Processes that are forked from the
    caller's share it.
    """

    def __init__(self):
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._home = _home()
        self._process = _started("origin", self._home, theirs.fileno())
        theirs.close()

    def fork(self, control, home, released):
        """Have a warm parent forked: arguments as ``warm.main``; whether it was there to be asked.

        Where it dies before it does what it was asked, ``control`` is closed.
        """
        request = json.dumps({"home": home, "released": released})
        try:
            socket.send_fds(self._line, [request.encode()], [control.fileno()])
        except OSError:
            return False
        return True

    def close(self):
        """End it, once the warm parents that were forked from it have ended."""
        self._line.close()
        _end(self._process)
        shutil.rmtree(self._home, ignore_errors=True)


class Warm:
    """A warm parent in a process of its own: see ``warm.main``.

    It starts at once and loads while the caller goes on; the first child waits for it.

    Parameters
    ----------
    released : Path of the folder that students have, or None
    sandboxed : bool, whether a child must be locked in at least as far as ``sandbox.MINIMUM``
    origin : Origin that it is forked from; a new Python where None, or where that is gone

    Attributes
    ----------
    home : str, its directory, with those of its children in it
    pid : int, its process id, known once it is ready
    """

    def __init__(self, released=None, sandboxed=True, origin=None):
        self.sandboxed, self.pid = sandboxed, None
        self.control, theirs = socket.socketpair()
        released = str(Path(released).resolve()) if released else ""
        self.home = _home()
        self._process = None
        if not (origin and origin.fork(theirs, self.home, released)):
            self._process = _started("main", self.home, theirs.fileno(), released)
        theirs.close()
        self.broken = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def alive(self):
        """Whether it can still be asked for children."""
        return not self.broken and (self._process is None or self._process.poll() is None)

    def close(self):
        """End the warm parent and whatever it has forked."""
        if self.control.fileno() < 0:
            return
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_WR)
            # One that was forked from the origin is not this process's child: its end closes this.
            self.control.settimeout(END_SECONDS)
            while self.control.recv(2**16):
                continue
        self.control.close()
        if self._process is not None:
            _end(self._process)
        shutil.rmtree(self.home, ignore_errors=True)

    def child(self, cpu_seconds):
        """Fork a child that is ready to run cells.

        Parameters
        ----------
        cpu_seconds : int, processor time after which it is killed

        Returns
        -------
        Child

        Errors
        ------
        GraderError where there is none to be had; Unfit where there never will be.
        """
        try:
            if self.pid is None:
                self.pid = self.hear("ready", START_SECONDS)
            return Child(self, cpu_seconds)
        except wire.WireError as error:
            self.broken = True
            raise GraderError(f"the warm parent does not answer: {error}{self._said()}") from None

    def hear(self, what, seconds):
        """What the warm parent says, within so many seconds; errors as ``child``, and WireError."""
        said = wire.receive(self.control, time.monotonic() + seconds)
        if "failed" in said:
            self.broken = True
            kind = Unfit if self.pid is None else GraderError
            raise kind(f"the warm parent can't go on: {said['failed']}")
        return said[what]

    def _said(self):
        """What a dead warm parent left on its stderr."""
        if self._process is None or self._process.poll() is None:
            return ""
        with contextlib.suppress(OSError, ValueError):
            return "\n" + self._process.stderr.read().decode(errors="replace")[-2000:]
        return ""


_kept = {}


def kept(released, sandboxed=True, origin=None):
    """A warm parent that this process keeps from one grading to the next, as formgrader wants it.

    Arguments as ``Warm``; another folder or a dead parent gets a new one.
    """
    notebooks = sorted(Path(released).glob("*.ipynb"))
    wanted = (str(released), sandboxed, os.getpid(), *(n.stat().st_mtime_ns for n in notebooks))
    if wanted not in _kept or not _kept[wanted].alive():
        let_go()
        _kept[wanted] = Warm(released, sandboxed, origin)
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

    def __init__(self, parent, cpu_seconds):
        self._parent, self._control = parent, parent.control
        # Within what the warm parent removes when it ends, whoever else has been killed.
        try:
            self.directory = tempfile.mkdtemp(prefix="notebook-", dir=parent.home)
        except FileNotFoundError:
            raise wire.Closed("it is gone") from None
        self.socket, theirs = socket.socketpair()
        self.said = wire.Ahead(self.socket)
        try:
            try:
                socket.send_fds(self._control, [warm.FORK], [theirs.fileno()])
            except OSError:
                raise wire.Closed("it is gone") from None
            request = {"directory": self.directory, "sandboxed": parent.sandboxed}
            wire.send(self._control, request | {"cpu_seconds": cpu_seconds})
            theirs.close()
            said = wire.receive(self.said, time.monotonic() + FORK_SECONDS)
            if "refused" in said:
                raise Unfit(said["refused"])
            self.layers = said["layers"]
        except BaseException as error:
            theirs.close()
            try:
                self.end(now=True)
            except GraderError:
                if isinstance(error, wire.WireError):
                    raise  # this one knows more
            raise error

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
            with contextlib.suppress(OSError):  # what it has said can still be read
                self._control.sendall(warm.KILL if now else warm.STOP)
            status = self._parent.hear("status", FORK_SECONDS)
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
