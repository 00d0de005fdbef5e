"""What of the disk a sandbox can see: Python, its packages and the system's libraries.

Never the project: not the course's directory, and not the package `autograder` itself.
"""

import os
import sysconfig
from functools import cache
from pathlib import Path

from autograder.grading.sandbox import kernel

PACKAGE = Path(__file__).resolve().parents[2]

HOME = "/student"
"""Where the private directory is, in a mount namespace."""

TEMPORARY = "/tmp"
"""Where many write without a thought: there it leads to the private directory."""

FLAGS = kernel.MS_NOSUID | kernel.MS_NODEV

DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
_SYSTEM = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/usr/share/fonts"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/dev/urandom", "/dev/random"),
    # PyTorch chooses the fastest routines that the processor has; without these it falls back to
    # others, which round in another way.
    *("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"),
)


@cache
def readable():
    """Return the paths that a sandbox may read, as a tuple of str; none lies beneath another."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    python = [sysconfig.get_path(name) for name in names]
    base = {"base": sysconfig.get_config_var("base"), "platbase": sysconfig.get_config_var("base")}
    python += [sysconfig.get_path(name, vars=base) for name in names[:2]]
    found = sorted({os.path.abspath(path) for path in (*python, *_SYSTEM) if os.path.exists(path)})
    outermost = []
    for path in found:
        if not any(Path(path).is_relative_to(other) for other in outermost):
            outermost.append(path)
    return tuple(part for path in outermost for part in _without_package(path))


def _without_package(path):
    """Yield the path, or, where the package lies beneath it, everything beneath but the package."""
    real = Path(path).resolve()
    if real == PACKAGE or PACKAGE in real.parents:
        return
    if real not in PACKAGE.parents:
        yield path
        return
    for entry in sorted(os.listdir(path)):
        yield from _without_package(os.path.join(path, entry))


@cache
def _grafts():
    """Return how to show the readable paths: symbolic links (path, target), then real paths."""
    links, places = {}, {}
    for path in (*readable(), *filter(os.path.exists, DEVICES)):
        current, rest = "/", [part for part in path.split("/") if part]
        while rest:
            part = rest.pop(0)
            step = os.path.normpath(os.path.join(current, part))
            if step in links or os.path.islink(step):
                target = links.setdefault(step, os.readlink(step))
                if target.startswith("/"):
                    current = "/"
                rest = [part for part in target.split("/") if part not in ("", ".")] + rest
            else:
                current = step
        places[current] = os.path.isdir(current)
    kept = {
        path: folder
        for path, folder in sorted(places.items())
        if not any(str(parent) in places for parent in Path(path).parents)
    }
    links = {
        path: target
        for path, target in links.items()
        if not any(str(parent) in kept for parent in Path(path).parents)
    }
    return links, kept


def prepare():
    """Look up once, in the parent of many sandboxes, what `build` needs."""
    _grafts()


def build(directory, disk_bytes, files, owner):
    """Make the readable paths and an empty private directory all that there is, and go there.

    Parameters
    ----------
    directory : Path, an empty directory that the new root is mounted on; it stays empty
    disk_bytes, files : int, how much and how many the private directory holds
    owner : int, the user that it belongs to

    Errors
    ------
    OSError : the kernel refused
    """
    root = os.path.realpath(directory)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("none", root, "tmpfs", FLAGS, "size=4m,mode=755")
    try:
        _fill(root, disk_bytes, files, owner)
        # A root that a container has taken this power from can't go there: seen while it can be
        # undone.
        os.chdir(root + HOME)
        os.chdir(root)
        kernel.pivot_here()
    except OSError:
        # The directory is to be as it was: it is used without a view then.
        os.chdir("/")
        kernel.detach(root)
        raise
    os.chdir(HOME)


def _fill(root, disk_bytes, files, owner):
    """Show the readable paths in the new root, and nothing else; add the private directory."""
    links, places = _grafts()
    for path, is_folder in places.items():
        target = root + path
        if is_folder:
            os.makedirs(target, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
        kernel.mount(path, target, None, kernel.MS_BIND | kernel.MS_REC)
    for path, text in links.items():
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        os.symlink(text, root + path)
    os.mkdir(root + HOME)
    if not os.path.lexists(root + TEMPORARY):  # Python itself may lie there
        os.symlink(HOME, root + TEMPORARY)
    kernel.make_read_only(root)
    size = f"size={disk_bytes},nr_inodes={files},mode=700,uid={owner}"
    kernel.mount("none", root + HOME, "tmpfs", FLAGS | kernel.MS_NOEXEC, size)
