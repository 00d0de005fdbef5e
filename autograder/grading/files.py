"""Files of the course, written whole or not at all."""

import contextlib
import fcntl
import os
from pathlib import Path


def write_whole(path, data, mode=0o644):
    """Write a file so that no reader ever sees half of it, and a full disk leaves the old one.

    It is written beside its place, under a name that the next writer of the same file takes over:
    a writer that was killed leaves nothing behind for good.

    Parameters
    ----------
    path : Path; folders that are missing are made
    data : bytes
    mode : int, its permissions
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(_open_alone(part), "wb") as file:
            try:
                file.truncate()
                file.write(data)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.replace(part, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(part)
                raise
    except OSError as error:
        # A full disk names no file, and the others one that nobody knows.
        raise type(error)(error.errno, error.strerror, str(path)) from None


def _open_alone(part):
    """Open a file for writing that no other writer has open: a descriptor that is locked."""
    while True:
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except PermissionError as error:
            # One who was killed had made it read-only already; or else the folder is.
            try:
                os.unlink(part)
            except FileNotFoundError:
                raise error from None
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            # Another may have put it into its place while it was waited for.
            if os.path.samestat(os.fstat(handle), os.stat(part)):
                return handle
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)
