"""Archives that students hand in: only plain notebooks are taken out of them, within limits.

Nothing is ever written where an archive says: its members are handed over as bytes. Links, devices,
names that lead out of the archive and encrypted members are left out; bombs of any kind end at a
limit, because what is read is counted as it comes, whatever the headers say.
"""

import gzip
import io
import itertools
import stat
import tarfile
import zipfile
from dataclasses import dataclass

from .outputs import in_a_line

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
"""What the names of archives that are read end in."""
UNREAD = (".rar", ".7z", ".tar.bz2", ".tar.xz", ".tbz2", ".txz", ".gz", ".bz2", ".xz")
"""Those of archives that are not read."""
NOTEBOOK = ".ipynb"
CHUNK = 2**16
ENTRY = 2**10
"""Bytes that a member may take in a zip's table of contents, on average."""
MAX_DEPTH = 10
"""Folders in folders."""
EXTENSION, EXTENSIONS = 2**12, 2**7
"""Bytes that may be said of one member of a tar beyond its header, and of each on average: a long
name and what its system adds. Python may take as many steps as the square of their number."""
EXTENDING = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)
"""The types of what is no member, but says more of the next."""


class ArchiveError(Exception):
    """An archive that can't be taken; says why, to be put after its name."""


@dataclass(frozen=True)
class Limits:
    """What one archive may hold."""

    members: int
    each: int
    """Bytes of one member that is taken."""
    total: int
    """Bytes of all that is unpacked."""


STUDENTS = Limits(members=2_000, each=64 * 2**20, total=128 * 2**20)
"""For an archive that a student made."""
PLATFORMS = Limits(members=100_000, each=64 * 2**20, total=32 * 2**30)
"""For an archive that a learning platform made of all submissions."""


def is_archive(name, suffixes=SUFFIXES):
    """Whether a file's name says that it is an archive that is read."""
    return name.lower().endswith(suffixes)


def members(file, name, limits=STUDENTS, wanted=(NOTEBOOK,)):
    """Take files out of an archive.

    Parameters
    ----------
    file : binary file that can seek, or bytes
    name : str, the archive's name, which says of what kind it is
    limits : Limits
    wanted : tuple of str, what the names of files that are taken end in

    Yields
    ------
    path : str, as the archive has it, of plain names with "/" in between
    data : bytes; None for a file that isn't wanted; or an ArchiveError that says why one that is
        was left out

    Errors
    ------
    ArchiveError where it is no such archive, or goes beyond its limits.
    """
    file = io.BytesIO(file) if isinstance(file, bytes) else file
    read = _zip if name.lower().endswith(".zip") else _tar
    seen, folders = set(), set()
    try:
        for path, data in read(file, limits, wanted):
            shown = in_a_line(path, 200)
            if isinstance(data, bytes):
                if problem := _path_problem(path):
                    data = ArchiveError(f"{shown} {problem}")
                elif path in seen:
                    data = ArchiveError(f"{shown} is in it twice; the first one was taken")
                elif path in folders or seen.intersection(_folders(path)):
                    data = ArchiveError(f"{shown} shares its name with a folder")
                else:
                    seen.add(path)
                    folders.update(_folders(path))
            yield path, data
    except ArchiveError:
        raise
    except Exception as error:
        # Whatever hostile bytes make the libraries raise, they are no archive.
        why = in_a_line(str(error), 100) or type(error).__name__
        raise ArchiveError(f"is no whole {name.lower().rpartition('.')[2]} file ({why})") from None


def _path_problem(path):
    parts = path.split("/")
    if not path.isprintable() or "\\" in path or any(len(part.encode()) > 200 for part in parts):
        return "has a name that no file should have"
    if any(part in ("", ".", "..") for part in parts) or ":" in parts[0]:
        return "has a name that leads out of the archive"
    return f"lies more than {MAX_DEPTH} folders deep" if len(parts) > MAX_DEPTH else ""


def _folders(path):
    """The folders that a file lies in."""
    return list(itertools.accumulate(path.split("/")[:-1], "{}/{}".format))


def _ignored(path):
    """Whether it is what a Mac adds to archives, or hidden."""
    return path.rpartition("/")[2].startswith(".") or path.startswith("__MACOSX/")


class _Counted:
    """A file of which only so much can be read, in all or at once.

    Parameters
    ----------
    file : binary file
    total : int, bytes that can be read in all, or None
    piece : int, bytes that can be asked for at once, or None; the rest of the file always can be
    """

    def __init__(self, file, total=None, piece=None):
        self._file, self._left, self._piece = file, total, piece
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self.close = lambda: None

    def read(self, size=-1):
        """Read as a file does."""
        if self._piece is not None and size > self._piece:
            raise ArchiveError("has too long a table of contents")
        data = self._file.read(size)
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                raise ArchiveError("unpacks to more than is taken")
        return data


def _zip(file, limits, wanted):
    left = limits.total
    with zipfile.ZipFile(_Counted(file, piece=ENTRY * limits.members)) as archive:
        infos = archive.infolist()
        if len(infos) > limits.members:
            raise ArchiveError(f"has {len(infos)} members, more than {limits.members}")
        for info in infos:
            path, shown = info.filename, in_a_line(info.filename, 200)
            if info.is_dir() or _ignored(path):
                continue
            if not path.lower().endswith(wanted):
                yield path, None
                continue
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                yield path, ArchiveError(f"{shown} is no plain file")
            elif info.flag_bits & 1:
                yield path, ArchiveError(f"{shown} is encrypted")
            elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                yield path, ArchiveError(f"{shown} is compressed in a way that is not read")
            else:
                data = _read(archive, info, limits)
                left -= len(data) if isinstance(data, bytes) else limits.each
                if left < 0:
                    raise ArchiveError("unpacks to more than is taken")
                yield path, data


def _read(archive, info, limits):
    """A member of a zip, or why it can't be had."""
    shown = in_a_line(info.filename, 200)
    data = bytearray()
    try:
        with archive.open(info) as member:
            while chunk := member.read(CHUNK):
                data += chunk
                if len(data) > limits.each:
                    return _too_large(shown, limits)
    except Exception as error:
        return ArchiveError(f"{shown} is damaged ({in_a_line(str(error), 100)})")
    return bytes(data)


def _too_large(shown, limits):
    return ArchiveError(f"{shown} is larger than {limits.each // 2**20} MB")


def _headers(limits):
    """A class that reads the headers of a tar, and what is said beyond them within limits."""
    left = EXTENSIONS * limits.members

    class Header(tarfile.TarInfo):
        def _proc_member(self, archive):
            nonlocal left
            if self.type in EXTENDING:
                left -= self.size
                if self.size > EXTENSION or left < 0:
                    raise ArchiveError("has longer headers than are read")
            return super()._proc_member(archive)

        def _refuse(self, *_):
            raise ArchiveError("holds a file with holes, which is not read")

        # A map of holes may be as long as all that is unpacked.
        _proc_sparse = _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse

    return Header


def _tar(file, limits, wanted):
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    unpacked = gzip.GzipFile(fileobj=file) if packed else file
    # As a stream: nothing in it can make the reader go back, or read without end.
    counted, headers = _Counted(unpacked, limits.total), _headers(limits)
    with tarfile.open(fileobj=counted, mode="r|", tarinfo=headers) as archive:
        for count, info in enumerate(archive):
            path, shown = info.name, in_a_line(info.name, 200)
            if count >= limits.members:
                raise ArchiveError(f"has more than {limits.members} members")
            # The archive keeps a list of what it has seen.
            archive.members.clear()
            if info.isdir() or _ignored(path):
                continue
            if not path.lower().endswith(wanted):
                yield path, None
            elif not info.isreg() or info.issparse():
                yield path, ArchiveError(f"{shown} is no plain file")
            elif info.size > limits.each:
                yield path, _too_large(shown, limits)
            else:
                data = archive.extractfile(info).read()
                if len(data) < info.size:
                    raise ArchiveError("ends in the middle of a file")
                yield path, data
