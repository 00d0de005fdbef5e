"""Collect submissions from a learning platform's archive: ``nbgrader zip_collect``, made safe.

nbgrader unpacks whatever an archive holds with the instructor's rights, wherever its names lead,
and goes by the name that a file has, so that what one student hands in can pass as another's. Here
only plain notebooks are taken, within limits, and whose they are is said by the platform's name
alone: an archive that a student handed in counts as a folder with that student's name.
"""

import os
import re
import stat
from pathlib import Path

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from nbgrader.utils import parse_utc

from .archives import (
    NOTEBOOK,
    PLATFORMS,
    STUDENTS,
    SUFFIXES,
    UNREAD,
    ArchiveError,
    is_archive,
    members,
)
from .assignment import id_problem
from .outputs import in_a_line

PLAIN_DATE = re.compile(r"[\w .,:+-]{1,50}")
"""A date that names no file as its time zone."""


class CourseExtractor(ExtractorPlugin):
    """Takes notebooks, and nothing else, out of the archives of a learning platform."""

    def extract(self, archive_path, extracted_path):
        """Take all notebooks to a folder, each archive's into one of its own.

        Parameters
        ----------
        archive_path, extracted_path : str, folders of the course; what is wrong with an archive is
            logged, and the others are taken
        """
        source, target = Path(archive_path), Path(extracted_path)
        found = [Path(folder, name) for folder, _, names in os.walk(source) for name in names]
        if not found:
            self.log.warning("there is no file in %s", source)
        for path in sorted(found):
            name = path.relative_to(source)
            try:
                self._take(path, target / name)
            except (ArchiveError, OSError) as error:
                said = f"{getattr(error, 'strerror', None) or error}"
                self.log.error("%s %s", in_a_line(str(name), 200), said)
                if isinstance(error, OSError):
                    self.parent.fail("not all could be collected; mend this and collect again")

    def _take(self, path, target):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ArchiveError("is no plain file; put the real thing in its place")
        if is_archive(path.name):
            with path.open("rb") as file:
                self._unpack(file, path.name, target, PLATFORMS)
        elif is_archive(path.name, UNREAD):
            raise ArchiveError(f"is not read: unpack it, or pack it as one of {' '.join(SUFFIXES)}")
        elif is_archive(path.name, (NOTEBOOK,)):
            if path.stat().st_size > PLATFORMS.each:
                raise ArchiveError(f"is larger than {PLATFORMS.each // 2**20} MB")
            self._write(target, path.read_bytes())

    def _unpack(self, file, name, target, limits):
        """Write the notebooks of an archive, and of the archives that lie in it, into a folder."""
        inner = limits is PLATFORMS
        wanted = (NOTEBOOK, *SUFFIXES) if inner else (NOTEBOOK,)
        for path, data in members(file, name, limits, wanted):
            if isinstance(data, ArchiveError):
                self.log.error("%s: %s", in_a_line(name, 200), data)
            elif not is_archive(path):
                self._write(target / path, data)
            else:
                try:
                    self._unpack(data, path, target / path, STUDENTS)
                except ArchiveError as error:
                    self.log.error("%s: %s %s", in_a_line(name, 200), in_a_line(path, 200), error)

    def _write(self, target, data):
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(data)
        self.log.info("taken: %s", target)


class CourseCollector(FileNameCollectorPlugin):
    """Says whose a collected notebook is, by its path in what the platform packed.

    ``named_regexp`` has to match that path from its beginning: the platform gives the first name in
    it, the student the others.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self._dated = {}

    def collect(self, submitted_file):
        """Whose a notebook is and which; None where that can't be told.

        Parameters
        ----------
        submitted_file : str, a path in the folder of extracted files

        Returns
        -------
        dict with ``student_id``, ``file_id`` and ``timestamp``, or None
        """
        app = self.parent
        extracted = app._format_collect_path(app.extracted_directory)
        path = os.path.relpath(submitted_file, extracted)
        packed, _, inside = path.partition(os.sep)
        found = None
        if inside and is_archive(packed):
            found = super().collect(inside)
        found = found or super().collect(path)
        if not found:
            return None
        shown, date = in_a_line(path, 200), found.get("timestamp")
        if problem := id_problem(found["student_id"]):
            self.log.error("%s: %s", shown, problem)
            return None
        try:
            if date and not PLAIN_DATE.fullmatch(date):
                raise ValueError
            date = date and parse_utc(date)
        except Exception:
            # The library that reads dates raises errors of many kinds.
            self.log.warning("%s: %s is no date", shown, in_a_line(date, 50))
            found["timestamp"] = date = None
        key = found["student_id"], found["file_id"]
        if key in self._dated and not (date and self._dated[key]):
            self.log.error(
                "%s: there is another %s of %s, and which is the newer can't be told; the first in "
                "the alphabet was taken",
                shown,
                key[1],
                key[0],
            )
            return None
        self._dated[key] = date
        return found
