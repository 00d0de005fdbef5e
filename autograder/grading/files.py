"""Files of the course, written whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path


def write_whole(path, data, mode=0o644):
    """Write a file so that no reader ever sees half of it, and a full disk leaves the old one.

    Parameters
    ----------
    path : Path; folders that are missing are made
    data : bytes
    mode : int, its permissions
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
