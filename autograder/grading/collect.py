"""Collect submissions from a learning platform's archive: ``nbgrader zip_collect``, made safe.

nbgrader unpacks whatever an archive holds with the instructor's rights, wherever its names lead,
and goes by the name that a file has, so that what one student hands in can pass as another's. Here
only plain notebooks are taken, within limits, and whose they are is said by the platform's name
alone: an archive that a student handed in counts as a folder with that student's name. What is left
out is listed at the end, and the command then ends as one that failed; files that are no notebooks
make it fail only where nothing else of their student's was collected.
"""

import os
import re
import stat
from pathlib import Path

from nbgrader.apps.zipcollectapp import ZipCollectApp
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
HYPHENS = re.compile(r"(\d{4}-\d\d-\d\d)\D(\d\d)-(\d\d)-(\d\d)")
"""A date and a time as names of files have it: a time zone would be seen in its last part."""
NOT_READ = f"is not read: unpack it, or pack it as one of {' '.join(SUFFIXES)}"
_start = ZipCollectApp.start


def start(app):
    """Collect as nbgrader does, and say at the end what was left out.

    Parameters
    ----------
    app : ZipCollectApp; its plugins put a line into its ``left_out`` for each file that they leave,
        and the paths of those that are no notebooks into its ``others``
    """
    app.left_out, app.others = [], []
    try:
        _start(app)
    finally:
        if app.others and isinstance(app.collector_plugin_inst, CourseCollector):
            app.collector_plugin_inst.look_through(app.others)
        for line in app.left_out:
            app.log.error(line)
    if app.left_out:
        count = len(app.left_out)
        app.fail(f"{count} left out, for the reasons above; all others were collected")


class CourseExtractor(ExtractorPlugin):
    """Takes notebooks, and nothing else, out of the archives of a learning platform."""

    def extract(self, archive_path, extracted_path):
        """Take all notebooks to a folder, each archive's into one of its own.

        Parameters
        ----------
        archive_path, extracted_path : str, folders of the course; what is wrong with an archive is
            put into the application's ``left_out``, and the others are taken
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
                self.parent.left_out.append(f"{in_a_line(str(name), 200)} {said}")
                if isinstance(error, OSError):
                    self.parent.fail("not all could be collected; mend this and collect again")

    def _take(self, path, target):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ArchiveError("is no plain file; put the real thing in its place")
        if is_archive(path.name):
            with path.open("rb") as file:
                self._unpack(file, path.name, target, PLATFORMS)
        elif is_archive(path.name, UNREAD):
            raise ArchiveError(NOT_READ)
        elif not is_archive(path.name, (NOTEBOOK,)):
            self.parent.others.append(target.name)
        else:
            if path.stat().st_size > PLATFORMS.each:
                raise ArchiveError(f"is larger than {PLATFORMS.each // 2**20} MB")
            self._write(target, path.read_bytes())

    def _unpack(self, file, name, target, limits):
        """Write the notebooks of an archive, and of the archives that lie in it, into a folder."""
        outer, shown, empty = limits is PLATFORMS, in_a_line(name, 200), True
        wanted = (NOTEBOOK, *SUFFIXES, *UNREAD) if outer else (NOTEBOOK,)
        for path, data in members(file, name, limits, wanted):
            if data is None:
                if outer:
                    self.parent.others.append(path)
                continue
            empty = False
            if isinstance(data, ArchiveError):
                self.parent.left_out.append(f"{shown}: {data}")
            elif is_archive(path, (NOTEBOOK,)):
                self._write(target / path, data)
            else:
                try:
                    if not is_archive(path):
                        raise ArchiveError(NOT_READ)
                    self._unpack(data, path, target / path, STUDENTS)
                except ArchiveError as error:
                    self.parent.left_out.append(f"{shown}: {in_a_line(path, 200)} {error}")
        if empty:
            raise ArchiveError("holds no notebook")

    def _write(self, target, data):
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(data)
        self.log.info("taken: %s", target)


class CourseCollector(FileNameCollectorPlugin):
    """Says whose a collected notebook is, by its path in what the platform packed.

    ``named_regexp`` has to match that path from its beginning: the platform gives the first name in
    it, the student the others. The name of the platform's own archive is no part of it.
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
        named = inside if inside and is_archive(packed) else path
        found, shown = self._read(named), in_a_line(path, 200)
        if not found:
            app.left_out.append(
                f"{shown}: its name doesn't say whose it is; put it beside the archive, named like "
                f"STUDENT_{app.coursedir.assignment_id}.ipynb, or change named_regexp in "
                "nbgrader_config.py"
            )
            return None
        if problem := id_problem(found["student_id"]):
            app.left_out.append(f"{shown}: {problem}")
            return None
        # nbgrader takes what follows a dot for an extension.
        found["file_id"] = found["file_id"].removesuffix(NOTEBOOK) + NOTEBOOK
        date = found.get("timestamp")
        try:
            if date and not PLAIN_DATE.fullmatch(date):
                raise ValueError
            if date:
                found["timestamp"] = date = HYPHENS.sub(r"\1 \2:\3:\4", date)
                date = parse_utc(date)
        except Exception:
            # The library that reads dates raises errors of many kinds.
            self.log.warning("%s: %s is no date", shown, in_a_line(date, 50))
            found["timestamp"] = date = None
        key = found["student_id"], found["file_id"]
        if key in self._dated and not (date and self._dated[key]):
            app.left_out.append(
                f"{shown}: there is another {key[1]} of {key[0]}, and which is the newer can't be "
                "told; the first in the alphabet was taken"
            )
            return None
        self._dated[key] = date
        return found

    def _read(self, named):
        """What a notebook's name says of it: a dict, empty where it doesn't say whose it is."""
        match = re.match(self.named_regexp, named) if is_archive(named, (NOTEBOOK,)) else None
        found = match.groupdict() if match else {}
        return found if found.get("student_id") and found.get("file_id") else {}

    def look_through(self, others):
        """Tell of files that are no notebooks: the work may be in them.

        Parameters
        ----------
        others : list of str, their paths in what the platform packed
        """
        collected = {student for student, _ in self._dated}
        for path in sorted(others):
            shown = in_a_line(path, 200)
            student = self._read(path + NOTEBOOK).get("student_id")
            if student is None or student in collected:
                self.log.warning("%s is no notebook, and not taken", shown)
            else:
                self.parent.left_out.append(
                    f"{shown} is no notebook, and nothing else of {in_a_line(student, 100)}'s was "
                    "collected"
                )
