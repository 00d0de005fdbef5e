"""A process locks itself in, for good, before it sees a line of a student's code.

The warm parent calls `prepare` once and `fork` for each child, which calls `enter` once. `probe`
tells what this machine grants, by doing it. No root is needed; Linux alone is supported.

What is always done, on any machine: descriptors closed but the ones named, the environment
replaced, an empty directory to be in, a session of its own, and death with the parent.
"""

import contextlib
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.sandbox import kernel, landlock, seccomp, view

LAYERS = {
    "user-namespace": "root's powers: the process is nobody and owns nothing",
    "mount-namespace": "every file but Python's and the system's libraries, which are read-only; "
    "bounds what is written to disk",
    "pid-namespace": "other processes: they can't be seen, let alone stopped; nothing outlives "
    "the grading",
    "network-namespace": "the network: there is none, not even this machine itself",
    "ipc-namespace": "shared memory, queues and the name of this machine",
    "privileges": "gaining rights by set-uid programs or kept capabilities",
    "limits": "using up memory, processor time, threads, open files and disk",
    "landlock-files": "every file but Python's and the system's libraries, a second time",
    "landlock-network": "TCP, a second time",
    "landlock-scope": "signals and abstract sockets of other processes, a second time",
    "seccomp": "starting programs and processes, sockets, tracing, mounts and the rarely used "
    "parts of the kernel",
}
"""The layers in the order in which they are entered: name to what it keeps the student from."""

MINIMUM = (
    frozenset({"landlock-files", "mount-namespace"}),
    frozenset({"seccomp"}),
    frozenset({"privileges"}),
    frozenset({"limits"}),
)
"""Of each of these sets one layer must be in force, or grading refuses to run."""


NOBODY = 65534
"""The user and group that a sandbox is, as it sees itself."""

USER_NAMESPACE_HINT = (
    "look at the settings user.max_user_namespaces, kernel.unprivileged_userns_clone and "
    "kernel.apparmor_restrict_unprivileged_userns, or at what the container allows"
)

NEEDS_USER = "an ordinary user needs the layer user-namespace for it"

SPARE_TASKS = 512
"""Room for others of the same user, where the kernel can't count a sandbox's threads alone."""


class SandboxError(RuntimeError):
    """The process could not be locked in as far as it must be. It must end at once."""


@dataclass(frozen=True)
class Limits:
    """What a sandbox may use."""

    memory_bytes: int = 1 << 30
    """Address space on top of what the process holds when it enters."""
    cpu_seconds: int = 60
    """Processor time of the process, after which it is killed."""
    threads: int = 64
    """Threads; processes it can't start at all."""
    open_files: int = 256
    file_bytes: int = 32 << 20
    """Size of one file: without a mount namespace, the only bound on disk."""
    disk_bytes: int = 64 << 20
    """Size of the private directory, where a mount namespace is granted."""
    files: int = 4096
    """Files in the private directory, where a mount namespace is granted."""


@dataclass(frozen=True)
class Layer:
    """Whether a layer of the sandbox is in force on this machine."""

    name: str
    in_force: bool
    protects: str
    reason: str
    """Why it is not in force; empty where it is."""

    def __str__(self):
        state = "in force" if self.in_force else f"NOT in force: {self.reason}"
        return f"{self.name}: {state}. Keeps student code from {self.protects}."


def missing(in_force: Iterable[str], minimum=MINIMUM) -> list[str]:
    """Return what a minimum asks for and the layers in force don't give; empty if it is met."""
    held = set(in_force)
    return [" or ".join(sorted(choice)) for choice in minimum if not choice & held]


def prepare() -> None:
    """Look up, once in the parent, what every sandbox needs, so that a child has less to do."""
    view.prepare()
    # In a pid namespace a sandbox is process 1.
    seccomp.program(1)


def probe() -> dict[str, Layer]:
    """Enter a sandbox in a forked child and return what came of each layer, by name."""
    directory = tempfile.mkdtemp(prefix="sandbox-probe-")
    reader, writer = os.pipe()
    child = fork()
    if child == 0:
        try:
            os.close(reader)
            reasons = _enter(Path(directory), Limits(), tuple(LAYERS), (writer,))
            os.write(writer, json.dumps(reasons).encode())
        except BaseException as error:
            os.write(writer, json.dumps(f"{type(error).__name__}: {error}").encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        written = pipe.read()
    os.waitpid(child, 0)
    shutil.rmtree(directory)
    told = json.loads(written or '"the child that tried died"')
    reasons = told if isinstance(told, dict) else dict.fromkeys(LAYERS, told)
    return {
        name: Layer(name, reasons[name] is None, protects, reasons[name] or "")
        for name, protects in LAYERS.items()
    }


_reasons = {}
"""In a child of `fork`: why a layer that begins with a process's life is not in force, or None."""
_life = None
"""A pipe that nobody writes to: it ends for the children when this process does."""


def fork(layers: Iterable[str] = tuple(LAYERS)) -> int:
    """Fork this process, which has one thread, as ``os.fork`` does, for the child to `enter`.

    The child is the first process of a pid namespace, where that is granted: all that are in it
    are killed with it. An ordinary user needs a user namespace for that, and gets it here too.

    Parameters
    ----------
    layers : names of LAYERS to be tried

    Returns
    -------
    int, 0 in the child and its process id in the parent
    """
    global _life
    _life = _life or os.pipe()
    user, group = os.geteuid(), os.getegid()
    ways = []
    if "pid-namespace" in layers:
        ways.append(kernel.CLONE_NEWPID)
        if "user-namespace" in layers and not _can_be_nobody():
            ways.insert(0, kernel.CLONE_NEWPID | kernel.CLONE_NEWUSER)
    reasons = {}
    for flags in ways:
        try:
            child = kernel.fork(flags)
        except OSError as error:
            said = f"the kernel refused it ({error.strerror})" if user == 0 else NEEDS_USER
            reasons["pid-namespace"] = said
        else:
            reasons["pid-namespace"] = None
            break
    else:
        flags, child = 0, os.fork()
    if child == 0:
        os.close(_life[1])
        if flags & kernel.CLONE_NEWUSER:
            reasons["user-namespace"] = _map_to_nobody(user, group)
        _reasons.update(reasons)
    return child


def enter(
    directory: Path,
    limits: Limits = Limits(),
    layers: Iterable[str] = tuple(LAYERS),
    keep: Iterable[int] = (0, 1, 2),
    minimum=MINIMUM,
) -> list[str]:
    """Lock this process in, for good. Call it once, in a new child of `fork` with one thread.

    The parent had best been started with an empty environment: this one is blanked, but copies of
    its text may lie anywhere in memory. Modules of ours that are needed inside must have been
    imported before: they can't be read any more.

    Its current directory is its private one then (also HOME and TMPDIR). Killing it kills all that
    it has started, and so does the death of the parent that forked it (of its thread that did, to
    be exact). Signals that it sends to itself and has no handler for are ignored.

    Parameters
    ----------
    directory : an empty directory that the process may write to, for it alone. In a mount
        namespace nothing is ever written there: the private directory is in memory, and is
        gone with the process. Without one it is the private directory, and the parent deletes it
    limits : Limits
    layers : names of LAYERS to be tried
    keep : descriptors that stay open; sockets among them must be stream sockets
    minimum : as MINIMUM

    Returns
    -------
    list of the names of the layers in force

    Errors
    ------
    SandboxError : the minimum is not met, or the process is not fit to be locked in; it must
        end without running anything
    """
    try:
        reasons = _enter(Path(directory), limits, tuple(layers), tuple(keep))
    except OSError as error:
        raise SandboxError(f"the sandbox could not be entered: {error}") from error
    in_force = [name for name, reason in reasons.items() if reason is None]
    if lacking := missing(in_force, minimum):
        why = "; ".join(f"{name}: {reason}" for name, reason in reasons.items() if reason)
        raise SandboxError(
            f"the sandbox lacks {', '.join(lacking)}, and grading asks for it: `python -m "
            "autograder doctor` says which layers this machine grants, and `python -m autograder "
            "grade --without-sandbox` grades without them, and gives student code your rights. "
            f"Not granted: {why}"
        )
    return in_force


def _enter(directory, limits, layers, keep):
    """Lock in; return a dict from each layer to why it is not in force, or None where it is."""
    unknown = set(layers) - set(LAYERS)
    if unknown:
        raise SandboxError(f"no such layer: {', '.join(sorted(unknown))}")
    if sys.platform != "linux" or not kernel.SUPPORTED:
        raise SandboxError(
            f"the sandbox needs Linux on x86_64 or aarch64, and this is {sys.platform} on "
            f"{kernel.MACHINE}"
        )
    if len(os.listdir("/proc/self/task")) != 1:
        raise SandboxError("the process has threads, and only one of them would be locked in")
    if _life is None:
        raise SandboxError("the process was not forked by this module")
    reasons = {name: "not asked for" for name in LAYERS} | _reasons
    held_bytes = _address_space()
    _close_all_but((*keep, _life[0]))
    kernel.wipe_first_environment()
    with contextlib.suppress(PermissionError):  # it leads a session already
        os.setsid()

    _enter_namespaces(directory, limits, layers, reasons)
    home = view.HOME if reasons["mount-namespace"] is None else os.path.realpath(directory)
    os.chdir(home)
    os.umask(0o077)
    _replace_environment(home)

    if "privileges" in layers:
        kernel.drop_capabilities()
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        # Others with the same user can't look into this process or trace it.
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        reasons["privileges"] = None
    # Only now: a change of user takes it back.
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if select.select([_life[0]], [], [], 0)[0]:
        # It was dead before that could be arranged.
        os._exit(1)
    os.close(_life[0])
    if "limits" in layers:
        alone = reasons["user-namespace"] is None and kernel.release() >= (5, 14)
        _limit(limits, held_bytes, alone)
        reasons["limits"] = None
    _enter_filters(home, layers, reasons)
    return reasons


def _address_space():
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _close_all_but(keep):
    """Close all descriptors but some; a standard one that is closed leads nowhere instead."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        if descriptor not in keep:
            os.dup2(nowhere, descriptor)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in keep:
            # The one that the list was read from is closed already.
            with contextlib.suppress(OSError):
                os.close(int(name))


def _enter_namespaces(directory, limits, layers, reasons):
    """Unshare what the kernel grants; root uses its own right to, and then becomes nobody."""
    user, group = os.geteuid(), os.getegid()

    def unshare(name, flags):
        if name not in layers:
            return False
        try:
            kernel.unshare(flags)
        except OSError as error:
            # The one that failed first may be the reason of the others.
            reasons[name] = f"the kernel refused it ({error.strerror})"
            if name == "user-namespace":
                reasons[name] += "; " + USER_NAMESPACE_HINT
            elif user != 0 and reasons["user-namespace"] is not None:
                reasons[name] = NEEDS_USER
            return False
        reasons[name] = None
        return True

    as_root = _can_be_nobody() and unshare("mount-namespace", kernel.CLONE_NEWNS)
    if not as_root:
        # Where there is a pid namespace, there is the user namespace that it needed.
        if "user-namespace" not in _reasons and unshare("user-namespace", kernel.CLONE_NEWUSER):
            reasons["user-namespace"] = _map_to_nobody(user, group)
        unshare("mount-namespace", kernel.CLONE_NEWNS)
    unshare("network-namespace", kernel.CLONE_NEWNET)
    unshare("ipc-namespace", kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS)
    if reasons["mount-namespace"] is None:
        try:
            owner = NOBODY if as_root else os.geteuid()
            view.build(directory, limits.disk_bytes, limits.files, owner)
        except OSError as error:
            reasons["mount-namespace"] = f"a private view of files could not be made ({error})"
    if as_root:
        if reasons["mount-namespace"] is None:
            # A user who owns nothing. It can read Python wherever that lies, in the view alone.
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        unshare("user-namespace", kernel.CLONE_NEWUSER)


def _can_be_nobody():
    """Whether this process may become another user: root, and not in a namespace with no other."""

    def mapped(name):
        with open(f"/proc/self/{name}") as file:
            ranges = [[int(number) for number in line.split()] for line in file]
        return any(first <= NOBODY < first + count for first, _, count in ranges)

    return os.geteuid() == 0 and mapped("uid_map") and mapped("gid_map")


def _map_to_nobody(user, group):
    """Make this process nobody in its new user namespace; outside it stays who it is.

    Returns why it is not, or None.
    """
    try:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{NOBODY} {user} 1"),
            ("gid_map", f"{NOBODY} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    except OSError as error:
        return f"it came without its powers ({error.strerror}); {USER_NAMESPACE_HINT}"


def _replace_environment(home):
    os.environ.clear()
    os.environ.update(
        PATH="/usr/bin:/bin",
        LANG="C.UTF-8",
        HOME=home,
        TMPDIR=home,
        MPLCONFIGDIR=home,
        MPLBACKEND="Agg",
        OMP_NUM_THREADS="1",
        OPENBLAS_NUM_THREADS="1",
        MKL_NUM_THREADS="1",
        # Compilers are programs, which can't be started: what asks for one runs without.
        TORCHDYNAMO_DISABLE="1",
    )
    tempfile.tempdir = home
    sys.dont_write_bytecode = True


def _limit(limits, held_bytes, alone):
    """Set the limits; none can be raised again, soft and hard being the same."""
    threads = limits.threads + 2
    if not alone:
        # The kernel counts all of the user's processes, not only these.
        threads += _tasks_of_user() + SPARE_TASKS
    for name, value in (
        (resource.RLIMIT_AS, held_bytes + limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_NPROC, threads),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 256),
    ):
        hard = resource.getrlimit(name)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(name, (value, value))


def _tasks_of_user():
    user, count = os.getuid(), 0
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == user:
                count += len(os.listdir(f"/proc/{entry.name}/task"))
    return count


def _enter_filters(home, layers, reasons):
    """Enter Landlock, then seccomp, which denies the calls that all the rest was made with."""
    wanted = {name: f"landlock-{name}" in layers for name in ("files", "network", "scope")}
    if reasons["privileges"] is not None:
        # The kernel lets a process restrict itself only if it can't gain rights afterwards.
        wanted, needs = {}, "it needs the layer privileges"
        reasons.update(dict.fromkeys([n for n in layers if n.startswith("landlock")], needs))
        if "seccomp" in layers:
            reasons["seccomp"] = needs
        return
    if any(wanted.values()):
        came = landlock.restrict(view.readable(), (home, *view.DEVICES), **wanted)
        reasons.update({f"landlock-{name}": reason for name, reason in came.items()})
    if "seccomp" in layers:
        try:
            seccomp.restrict()
        except OSError as error:
            reasons["seccomp"] = f"the kernel refused it ({error.strerror})"
        else:
            reasons["seccomp"] = None
