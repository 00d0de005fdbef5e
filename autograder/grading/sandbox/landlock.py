"""Landlock: files, TCP, signals and abstract sockets that this process may never reach again.

Source: the kernel's Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h.
"""

import ctypes
import os

from autograder.grading.sandbox import kernel

_CREATE, _ADD, _RESTRICT = 444, 445, 446

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_DIR, MAKE_REG, MAKE_SYM = 1 << 7, 1 << 8, 1 << 12
REFER, TRUNCATE = 1 << 13, 1 << 14

READ = READ_FILE | READ_DIR
WRITE = (
    READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SYM | REFER | TRUNCATE
)
"""What may be done in the private directory: no devices, pipes or sockets, and no programs."""
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
"""The rights that mean something for a file that is not a directory."""

MINIMUM_VERSION = 3
"""Below it, a file that may be read could be emptied (kernel 6.2 brought the right TRUNCATE)."""


def version():
    """Return the newest version of Landlock that the kernel knows; OSError where it has none."""
    return kernel.syscall("landlock_create_ruleset", _CREATE, None, 0, 1)


def _handled(known):
    """Return what a ruleset can deny in a version: rights on files, on networks, and scopes."""
    files = (1 << 13) - 1 | REFER | TRUNCATE
    if known >= 5:
        files |= 1 << 15  # ioctl on devices
    if known >= 9:
        files |= 1 << 16  # unix sockets by path
    network = 0
    if known >= 4:
        network |= 0b11  # TCP bind and connect
    scopes = 0b11 if known >= 6 else 0  # abstract unix sockets and signals
    return files, network, scopes


def restrict(readable, writable, files=True, network=True, scope=True):
    """Restrict this process for good; needs no_new_privs.

    Parameters
    ----------
    readable : iterable of str, what may be read, with all beneath; a missing one is passed over
    writable : iterable of str, directories that may be written to as well, and devices
    files, network, scope : bool, which of the three to restrict

    Returns
    -------
    dict from "files", "network", "scope" to why it is not in force, or None where it is
    """
    asked = {"files": files, "network": network, "scope": scope}
    try:
        known = version()
    except OSError as error:
        return dict.fromkeys(asked, f"the kernel has no Landlock ({error.strerror})")
    wanted = _handled(known)
    reasons = {
        "files": None if known >= MINIMUM_VERSION else _too_old(known, MINIMUM_VERSION),
        "network": None if wanted[1] else _too_old(known, 4),
        "scope": None if wanted[2] else _too_old(known, 6),
    }
    reasons |= {name: "not asked for" for name, on in asked.items() if not on}
    handled = [
        bits if reasons[name] is None else 0 for name, bits in zip(asked, wanted, strict=True)
    ]
    if not any(handled):
        return reasons
    # A kernel takes no more attributes than those of its own version.
    attributes = (ctypes.c_uint64 * 3)(*handled)
    size = 8 * (3 if known >= 6 else 2 if known >= 4 else 1)
    ruleset = kernel.syscall("landlock_create_ruleset", _CREATE, attributes, size, 0)
    try:
        if handled[0]:
            for paths, rights in ((readable, READ), (writable, WRITE)):
                for path in paths:
                    _allow(ruleset, path, rights & handled[0])
        kernel.syscall("landlock_restrict_self", _RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)
    return reasons


def _too_old(known, needed):
    return f"the kernel has version {known} of Landlock, and this needs {needed}"


def _allow(ruleset, path, rights):
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        if not os.path.isdir(path):
            rights &= ON_FILES
        rule = rights.to_bytes(8, "little") + descriptor.to_bytes(4, "little")
        kernel.syscall("landlock_add_rule", _ADD, ruleset, 1, rule, 0)
    finally:
        os.close(descriptor)
