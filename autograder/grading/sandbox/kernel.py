"""The Linux calls that Python does not offer, by ctypes; OSError where the kernel refuses.

Source: the kernel's own headers (include/uapi) and the manual pages of the calls named below.
"""

import ctypes
import os
import platform
import re
import signal

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.syscall.restype = ctypes.c_long
# Holds on to Python's lock in a call: a fork must not be disturbed.
_HELD_LIBC = ctypes.PyDLL(None, use_errno=True)
_HELD_LIBC.syscall.restype = ctypes.c_long

MACHINE = platform.machine()
SUPPORTED = MACHINE in ("x86_64", "aarch64")
"""Whether the numbers of this machine's system calls are known here."""

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID = 1, 2
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
_MADV_COLLAPSE, _HUGE = 25, 2 << 20

# Numbers from 424 on are the same on all machines.
_MOUNT_SETATTR = 442
_CLONE = {"x86_64": 56, "aarch64": 220}.get(MACHINE)
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}.get(MACHINE)
_CAPSET = {"x86_64": 126, "aarch64": 91}.get(MACHINE)


def release():
    """Return the version of the kernel, as a tuple of two int."""
    return tuple(int(number) for number in re.findall(r"\d+", os.uname().release)[:2])


def _checked(result, what):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(what, number, *arguments):
    """Make a system call by number.

    Parameters
    ----------
    what : str, its name, for the message
    number : int
    arguments : int, bytes, None or ctypes objects; an int is passed as a C long

    Returns
    -------
    int, never negative
    """
    passed = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(_LIBC.syscall(ctypes.c_long(number), *passed), what)


def prctl(option, *arguments):
    """Set something of this process: prctl(2), with missing arguments zero."""
    rest = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(_LIBC.prctl(option, *rest), f"prctl({option})")


def fork(flags):
    """Fork this process, as ``os.fork`` does, with its child in new namespaces: clone(2).

    glibc's own fork can't do that. What it does beside the call matters to processes with threads,
    of which the caller must have none.

    Parameters
    ----------
    flags : int, CLONE_NEW… of the namespaces

    Returns
    -------
    int, 0 in the child and its process id in the parent

    Errors
    ------
    OSError : the kernel refused; there is no child
    """
    python = ctypes.pythonapi
    arguments = [ctypes.c_long(n) for n in (_CLONE, flags | signal.SIGCHLD, 0, 0, 0, 0)]
    python.PyOS_BeforeFork()
    child = _HELD_LIBC.syscall(*arguments)
    if child == 0:
        python.PyOS_AfterFork_Child()
    else:
        python.PyOS_AfterFork_Parent()
    return _checked(child, "clone")


def gather_memory():
    """Move this process's own memory to huge pages, as far as the kernel can: madvise(2).

    A fork copies what says where each page is, and its end takes that apart: for huge pages there
    is little of it. A child that writes to one gets a copy of the small page that it writes to.
    """
    with open("/proc/self/maps") as file:
        ranges = [line.split() for line in file]
    for place, rights, _, _, _, *name in ranges:
        start, end = (int(number, 16) for number in place.split("-"))
        start, end = -(-start // _HUGE) * _HUGE, end // _HUGE * _HUGE
        if rights == "rw-p" and name in ([], ["[heap]"]) and start < end:
            # What can't be moved, or is unknown to an older kernel, stays where it is.
            _LIBC.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_COLLAPSE)


def unshare(flags):
    """Leave the shared namespaces of the given flags for new ones: unshare(2)."""
    _checked(_LIBC.unshare(flags), "unshare")


def mount(source, target, kind, flags, data=None):
    """Mount a file system or bind a path: mount(2); all but the flags are str or None."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    _checked(
        _LIBC.mount(*encoded, ctypes.c_ulong(flags), data and data.encode()), f"mount {target}"
    )


def make_read_only(target):
    """Make a mount and all beneath it read-only, with no set-uid: mount_setattr(2)."""
    attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, 0, 0)
    size = ctypes.sizeof(attributes)
    syscall(
        "mount_setattr",
        _MOUNT_SETATTR,
        AT_FDCWD,
        os.fsencode(target),
        AT_RECURSIVE,
        attributes,
        size,
    )


def pivot_here():
    """Make the current directory (a mount) the root and let go of the old one: pivot_root(2)."""
    syscall("pivot_root", _PIVOT_ROOT, b".", b".")
    detach(".")


def detach(target):
    """Take a mount out of sight, with all beneath: umount2(2)."""
    _checked(_LIBC.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def drop_capabilities():
    """Give up all capabilities, and the way to any: capabilities(7)."""
    capability = 0
    while True:
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            # EINVAL: the last one has been passed. EPERM: there is none to give up.
            break
        capability += 1
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    syscall("capset", _CAPSET, header, (ctypes.c_uint32 * 6)())


def wipe_first_environment():
    """Blank the environment that this process was started with, which lies in its memory still.

    ``os.environ.clear()`` only forgets where the text is; code in the process could read it.
    """
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    start, end = int(fields[47]), int(fields[48])
    if 0 < start < end:
        ctypes.memset(start, 0, end - start)
