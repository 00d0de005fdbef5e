"""The warm parent: an interpreter with everything loaded and no secret, forked for each notebook.

It has numpy, torch, IPython and the probe in it, and the ``check`` of the released folder, which
students have too. Its torch works with one thread, because thread pools don't survive a fork. It
never sees a student's line: only its children do.

Many workers need one each; theirs are forked from one origin, which has loaded everything once.
"""

import contextlib
import gc
import importlib
import json
import os
import shutil
import signal
import socket
import sys
import time
from concurrent.futures import Future
from pathlib import Path

from . import sandbox, wire
from .sandbox import kernel

FORK, STOP, KILL = b"F", b"S", b"K"
"""What the other side asks for: a child; its end, when it has done; its end, now."""
PRELOADED = (
    "numpy",
    "torch",
    "torch.nn",
    "torch.nn.functional",
    "matplotlib.pyplot",
)
FOR_OPTIMIZERS = "torch._dynamo"
"""What the first optimizer imports, which would take seconds of an answer's time in each child.
Where the released notebook has none it isn't loaded: it makes each fork slower."""
PR_SET_CHILD_SUBREAPER = 36
MAX_REQUEST = 2**16
"""Bytes of a request to the origin."""


def main(control_fd, home, released=""):
    """Load everything, then fork a child for each request until the other side closes.

    Parameters
    ----------
    control_fd : int, a connected stream socket
    home : str, its own directory, which is made and at the end removed
    released : str, the folder that students have, for its ``check``; none where empty
    """
    _live(socket.socket(fileno=control_fd), _loaded, home, released)


def origin(line_fd, home):
    """Load everything, then fork a warm parent for each request until all others have closed.

    A request is the arguments of ``main`` by name, as JSON, and the socket that comes with it.

    Parameters
    ----------
    line_fd : int, a connected socket of datagrams that many workers send requests to
    home : str, its own directory, which is made and at the end removed
    """
    line = socket.socket(fileno=line_fd)
    with _at_home(home):
        loaded = Future()
        try:
            loaded.set_result(_loaded())
        except Exception as error:
            # Each warm parent tells those who asked for it.
            loaded.set_exception(error)
        signal.signal(signal.SIGCHLD, lambda *_: _reap(os.WNOHANG))
        while True:
            request, fds, _, _ = socket.recv_fds(line, MAX_REQUEST, 1)
            if not fds:
                break
            request = json.loads(request)
            if os.fork() == 0:
                line.close()
                _descend(socket.socket(fileno=fds[0]), loaded.result, **request)
            os.close(fds[0])
        # Whoever asked for them is gone, so they are ending; their time is counted with this one's.
        _reap(0)


@contextlib.contextmanager
def _at_home(home):
    """Make a directory, be in it, and remove it in the end: whoever named it may be killed."""
    os.mkdir(home, 0o700)
    try:
        os.chdir(home)
        yield
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _reap(options):
    """Reap the warm parents that have ended, or wait until all have."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            continue


def _descend(control, loaded, home, released):
    """Be a warm parent in a process that was forked from the origin; never returns."""
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _live(control, loaded, home, released)
    finally:
        os._exit(0)


def _live(control, loaded, home, released):
    """Serve at home; tell the other side why not, where it can't be done."""
    try:
        with _at_home(home):
            _serve(control, loaded(), released)
    except Exception as error:
        with contextlib.suppress(wire.WireError):
            wire.send(control, {"failed": f"{type(error).__name__}: {error}"})


@contextlib.contextmanager
def loading():
    """Load what is there to stay: what grows is not looked through for garbage, nor is it later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _loaded():
    """Load and do once what all children need; IPython as they have it."""
    with loading():
        for name in PRELOADED:
            importlib.import_module(name)
        # Threads of a pool would be missing in the children.
        sys.modules["torch"].set_num_threads(1)
        from .child import NotebookShell

        shell = NotebookShell.ready()
        sandbox.prepare()
    return shell


def _serve(control, shell, released):
    """Load the ``check`` of a released folder, then fork for each request until all are done."""
    if released:
        if any(b"optim" in path.read_bytes() for path in Path(released).glob("*.ipynb")):
            importlib.import_module(FOR_OPTIMIZERS)
        sys.path.insert(0, released)
        with contextlib.suppress(Exception):
            importlib.import_module("check")
        sys.path.remove(released)
    kernel.prctl(PR_SET_CHILD_SUBREAPER, 1)
    gc.collect()
    gc.freeze()
    # A child lives too short to look for garbage after every 700 things that it makes.
    gc.set_threshold(10_000, 10, 10)
    kernel.gather_memory()
    try:
        wire.send(control, {"ready": os.getpid()})
        while True:
            _fork_one(control, shell)
    except (wire.Closed, EOFError):
        _end_all()


def _fork_one(control, shell):
    """Fork a child with the socket that was sent along; end it when told, and say how it ended."""
    word, fds, _, _ = socket.recv_fds(control, 1, 1)
    if word != FORK or not fds:
        raise EOFError
    request = wire.receive(control)
    pid = sandbox.fork()
    if pid == 0:
        _become_child(socket.socket(fileno=fds[0]), shell, request)
    os.close(fds[0])
    word = b""
    try:
        word = control.recv(1)
    finally:
        status = _end(pid, patience=0.5 if word == STOP else 0.0)
        _end_all()
    if word not in (STOP, KILL):
        raise EOFError
    wire.send(control, {"status": status})


def _become_child(sock, shell, request):
    """Lock this process in, with the one socket, then serve; never returns."""
    try:
        minimum = sandbox.MINIMUM if request["sandboxed"] else ()
        keep = (sock.fileno(),)
        try:
            limits = sandbox.Limits(cpu_seconds=request["cpu_seconds"])
            layers = sandbox.enter(request["directory"], limits, keep=keep, minimum=minimum)
        except sandbox.SandboxError as error:
            wire.send(sock, {"refused": str(error)})
            return

        from .child import serve

        serve(sock, shell, layers)
    finally:
        os._exit(0)


def _end(pid, patience):
    """Reap a child that is ending, or kill it; its status as ``os.waitstatus_to_exitcode``."""
    until = time.monotonic() + patience
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            break
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _end_all():
    """Kill whatever children's children are left; they have become children of this process."""
    while True:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            left = [int(pid) for pid in file.read().split()]
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, 0):
                pass
        except ChildProcessError:
            return
