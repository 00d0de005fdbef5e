"""A warm process that runs snippets in sandboxes: a request for each line read, an answer for each.

A request is a JSON dict: ``code``, which sets ``result``; ``before``, which runs outside;
``layers``, ``limits`` and ``minimum`` of the sandbox; ``refuse``, names of what in `kernel` is to
fail; ``kill``, whom to kill when the code has written a line: the ``sandbox``, or the ``parent``
that forked it. Both snippets may write to descriptor `channel`; nothing holds it but the sandbox,
so that its end tells that the sandbox is gone.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path

import IPython
import matplotlib
import numpy
import torch

from autograder.grading import sandbox
from autograder.grading.sandbox import kernel, view

matplotlib.use("Agg")
import matplotlib.pyplot as plt

WARM = (IPython, numpy, torch, plt)


def become(user):
    """Be an ordinary user, who can read Python wherever it lies."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    for path in view.readable():
        closed = [p for p in reversed(Path(path).resolve().parents) if not p.stat().st_mode & 1]
        if closed:
            held = os.open(path, os.O_PATH)
            kernel.mount("none", str(closed[0]), "tmpfs", 0, "mode=755")
            os.makedirs(path)
            kernel.mount(f"/proc/self/fd/{held}", path, None, kernel.MS_BIND | kernel.MS_REC)
            os.close(held)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    # A change of user makes /proc/self root's, as it is not for a user who starts Python.
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)


def become_lone_root(refusing):
    """Be root in a namespace that has no other user, and, if so asked, none beneath it."""
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    if refusing:
        Path("/proc/sys/user/max_user_namespaces").write_text("0")


def refuse(*arguments):
    raise PermissionError(1, "Operation not permitted")


def tries(**attempts):
    """Return what came of each attempt that was not denied, by name."""
    came = {}
    for name, attempt in attempts.items():
        with contextlib.suppress(OSError):
            came[name] = repr(attempt())
    return came


def listen(directory):
    """Return sockets of all kinds that listen, and a dict from kind to address."""
    sockets = {"tcp": socket.create_server(("127.0.0.1", 0))}
    sockets["udp"] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sockets["udp"].bind(("127.0.0.1", 0))
    sockets["abstract"] = socket.socket(socket.AF_UNIX)
    sockets["abstract"].bind(f"\0sandbox-test-{os.getpid()}")
    sockets["abstract"].listen()
    sockets["named"] = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sockets["named"].bind(os.path.join(directory, "socket"))
    return sockets, {kind: one.getsockname() for kind, one in sockets.items()}


def run(request, directory, channel):
    """In a child: enter the sandbox, run the code, write what it sets `result` to."""
    names = {"tries": tries, "channel": channel, "directory": directory, "torch": torch}
    names |= {"np": numpy, "plt": plt, "server": SERVER}
    names["addresses"] = ADDRESSES
    exec(request.get("before", ""), names)
    layers = request.get("layers", list(sandbox.LAYERS))
    limits = sandbox.Limits(**request.get("limits", {}))
    minimum = sandbox.MINIMUM if request.get("minimum", True) else ()
    names["layers"] = sandbox.enter(directory, limits, layers, (2, channel), minimum)
    exec(request["code"], names)
    return names.get("result")


def fork(request, directory, channel):
    """Fork a sandbox that runs a request and writes what came of it; its process id."""
    child = sandbox.fork(request.get("layers", list(sandbox.LAYERS)))
    if child == 0:
        try:
            told = {"result": run(request, directory, channel)}
        except BaseException as error:
            told = {"error": f"{type(error).__name__}: {error}"}
        os.write(channel, json.dumps(told).encode())
        os._exit(0)
    return child


def fork_in_between(request, directory, channel):
    """Fork a process that forks a sandbox; its process id."""
    middle = os.fork()
    if middle == 0:
        fork(request, directory, channel)
        os.close(channel)
        os.wait()
        os._exit(0)
    return middle


@contextlib.contextmanager
def refusing(names):
    """Let what has these names in `kernel` fail, in what is forked meanwhile too."""
    own = {name: getattr(kernel, name) for name in names}
    for name in names:
        setattr(kernel, name, refuse)
    yield
    for name in names:
        setattr(kernel, name, own[name])


def answer(request):
    """Run a request in a sandbox; return ``result`` or ``error``, and ``exit``."""
    directory = tempfile.mkdtemp(dir=os.environ["SANDBOX_TEST_DIRECTORY"])
    reader, writer = os.pipe()
    kill = request.get("kill")
    with refusing(request.get("refuse", ())):
        forked = fork_in_between if kill == "parent" else fork
        child = forked(request, directory, writer)
    os.close(writer)
    with open(reader, "rb") as pipe:
        if kill:
            pipe.readline()
            os.kill(child, signal.SIGKILL)
            while pipe.readline():
                pass
        written = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = sorted(os.listdir(directory))
    shutil.rmtree(directory)
    told = json.loads(written.splitlines()[-1]) if written else {}
    return {"exit": status, "left": left} | told


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        if argument.isdigit():
            become(int(argument))
        else:
            become_lone_root(argument == "refusing")
    sandbox.prepare()
    SERVER = os.getpid()
    LISTENERS, ADDRESSES = listen(os.environ["SANDBOX_TEST_DIRECTORY"])
    for line in sys.stdin:
        request = json.loads(line)
        if request == "probe":
            told = {name: layer.reason for name, layer in sandbox.probe().items()}
        else:
            told = answer(request)
        print(json.dumps(told), flush=True)
