"""An assignment of a course directory: what was released, what was handed in, what is graded."""

import fnmatch
import glob
import hashlib
import itertools
import os
import re
from functools import cache, cached_property
from pathlib import Path

from nbgrader.utils import parse_utc

import autograder
from autograder.exercises import CHAPTERS

from . import rebuild
from .archives import UNREAD, ArchiveError, is_archive, members
from .outputs import in_a_line
from .rebuild import MissingNotebook, SubmissionError, Template

NO_ID = re.compile(r"[<>\"&/\\#?*\[\]]")
"""Signs that no student's id has: formgrader puts ids into its pages and addresses as they are, and
nbgrader looks for them as patterns."""
DATE = re.compile(
    r"(19|20)\d{2}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"
    r"(Z| ?[+-]\d{2}:?\d{2}| [A-Za-z]{1,5}| [A-Za-z_]{1,20}/[A-Za-z_]{1,30})?)?"
)
"""How nbgrader writes when something was handed in. It reads more: names of files as time zones."""
NO_WORK = {"timestamp.txt", "submission_secret.txt"}
"""Files that nbgrader puts into what is handed in."""
OF_SOMEONE = "STUDENT"
"""How a place is told that is anyone's."""
CHECK = "check_"
"""What the grade id of a check cell begins with; the exercise's name follows."""
GRADED_BY = ("reference", "checking", "exercises", "grading")
"""The rooms whose code decides a grade."""


class AssignmentError(Exception):
    """An assignment that can't be graded; says why and what to do."""


def demand_known(name):
    """Raise AssignmentError where an assignment is not declared."""
    if name not in CHAPTERS:
        there = ", ".join(CHAPTERS)
        raise AssignmentError(
            f"there is no assignment {name!r} in autograder/exercises; there are: {there}"
        )


class Submissions:
    """Where the submissions to one assignment of a course directory lie.

    Parameters
    ----------
    coursedir : nbgrader's CourseDirectory
    name : str
    """

    def __init__(self, coursedir, name):
        self.coursedir, self.name = coursedir, name

    def place(self, step, student):
        """The folder of a student's submission at one of nbgrader's steps."""
        return Path(self.coursedir.format_path(step, student, self.name))

    def parts(self, student):
        """A submission's folder as a trusted directory and the names below it."""
        base = Path(self.coursedir.root, self.coursedir.submitted_directory)
        folder = self.place(self.coursedir.submitted_directory, student)
        return base, folder.relative_to(base).parts


class Assignment(Submissions):
    """One assignment of a course directory: what was released, and where submissions lie.

    Parameters
    ----------
    coursedir : nbgrader's CourseDirectory
    name : str

    Errors
    ------
    AssignmentError where it is not declared, or what is released is missing or damaged.
    """

    def __init__(self, coursedir, name):
        super().__init__(coursedir, name)
        demand_known(name)
        self.released = Path(coursedir.format_path(coursedir.release_directory, ".", name))
        self.templates = []
        try:
            paths = [self.released / given for given in sorted(self.given)]
        except (FileNotFoundError, NotADirectoryError):
            paths = []
        except OSError as error:
            raise AssignmentError(
                f"{name}: the released folder {self.released} can't be read: {error.strerror}; "
                "give yourself the right to read it"
            ) from None
        for path in paths:
            try:
                if path.suffix == ".ipynb":
                    self.templates.append(Template(path))
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or error
                raise AssignmentError(
                    f"{name}: the released notebook {path} can't be read: {why}; "
                    f"run `nbgrader generate_assignment {name} --force` to release it anew"
                ) from None
        if not self.templates:
            raise AssignmentError(
                f"{name}: nothing is released in {self.released}; "
                f"run `nbgrader generate_assignment {name} --force` first"
            )

    def notebooks(self):
        """The templates whose names the course directory's notebook id matches."""
        wanted = self.coursedir.notebook_id
        return [t for t in self.templates if fnmatch.fnmatch(t.name, wanted)]

    @cached_property
    def given(self):
        """The names of all that is released."""
        return set(os.listdir(self.released))

    @cached_property
    def exercises(self):
        """The exercises of this assignment by the grade id of their check cell."""
        return {CHECK + exercise.name: exercise for exercise in CHAPTERS[self.name]}

    def load(self):
        """Load the exercises now, for processes that are forked to share them."""
        _ = self.exercises


def handed_in(coursedir, names=(), students=()):
    """Who has handed in what, as far as the folders of submissions can be looked into.

    Parameters
    ----------
    coursedir : nbgrader's CourseDirectory; its ids of students are matched and excluded
    names : assignments; all to which anything was handed in where none is named
    students : ids; all that the course directory's match where none is given

    Returns
    -------
    found : dict, the ids of students by assignment, sorted
    unseen : list of str, a line each: what can't be looked into, and notebooks that lie in no
        assignment's folder
    """
    step, course = coursedir.submitted_directory, coursedir
    base, excluded = Path(course.root, step), course.student_id_exclude.split(",")
    who = [glob.escape(student) for student in students] or [course.student_id]
    found, unseen = {}, {}
    if base.is_file():
        unseen[base] = f"{base} is a file; submissions lie in a folder of this name"
    for name in names or CHAPTERS:
        # The patterns are for what lies below the root, whatever signs are in its own name.
        wanted = [Path(course.format_path(step, one, glob.escape(name))) for one in who]
        pattern = course.format_path(step, "(?P<student_id>.*)", re.escape(name), escape=True)
        matches = [
            re.fullmatch(pattern, path, re.DOTALL)
            for each in wanted
            if base not in unseen
            for path in _matching(base, each.relative_to(base).parts, unseen)
        ]
        found[name] = sorted({match["student_id"] for match in matches if match} - {*excluded})
    for one in who:
        unseen |= _misplaced(course, base, one, names)
    return {k: ids for k, ids in found.items() if ids or k in names}, list(unseen.values())


def _misplaced(course, base, who, names):
    """Say where below ``base`` notebooks lie that no assignment takes: lines by the place.

    Where assignments are named, only what may belong to them, by the name of a file or its folder.
    """
    lines = {}
    step, steps = course.submitted_directory, (course.source_directory, course.release_directory)
    levels = Path(course.format_path(step, who, "*")).relative_to(base).parts
    whose = course.format_path(step, "(?P<student>.*)", "(?P<name>.*)", escape=True)
    for path, is_folder in _places(base, levels):
        student, name = _named(whose, path) if is_folder else ("", "")
        if not is_folder:
            student, _ = _named(os.path.dirname(whose), os.path.dirname(path))
        # A course may have assignments that are none of ours.
        others = (course.format_path(each, ".", name) for each in steps if name)
        if name in CHAPTERS or any(map(os.path.isdir, others)):
            continue
        inside = _work_below(path) if is_folder else []
        if is_folder and not inside:
            continue
        called = " ".join([name or os.path.basename(path), *inside]).casefold()
        like = [each for each in CHAPTERS if each in called or each == student]
        student = OF_SOMEONE if student in {"", *CHAPTERS} else student
        if student in course.student_id_exclude.split(",") or (names and not {*like} & {*names}):
            continue
        place = course.format_path(step, student, max(like, key=len, default="ASSIGNMENT"))
        shown, place = (in_a_line(os.path.relpath(p, course.root), 300) for p in (path, place))
        what = f"{shown} holds {_listed(inside)}, but" if inside else shown
        lines[path] = (
            f"{what} is in no assignment's folder and not graded: move what counts to {place}, "
            f"and what doesn't out of {base.name}"
        )
    return lines


def _named(pattern, path):
    """The student and the assignment that a path names by a pattern; empty where it doesn't."""
    match = re.fullmatch(pattern, path, re.DOTALL)
    named = match.groupdict() if match else {}
    return named.get("student", ""), named.get("name", "")


def _places(folder, patterns):
    """Yield where notebooks may lie below a folder, as far as patterns go, one for each level.

    Yields
    ------
    path : str, a notebook that lies higher than the patterns go, or a folder where they end
    is_folder : bool, which of the two
    """
    try:
        with os.scandir(folder) as entries:
            there = sorted((e.name, e.is_dir()) for e in entries if not e.name.startswith("."))
    except OSError:
        # Whoever looks for submissions there says so.
        return
    for name, is_folder in there:
        path = os.path.join(folder, name)
        if not is_folder and _is_work(name) and fnmatch.fnmatch(name, f"*{patterns[0]}*"):
            yield path, False
        elif is_folder and fnmatch.fnmatchcase(name, patterns[0]):
            yield from _places(path, patterns[1:]) if patterns[1:] else [(path, True)]


def _work_below(folder):
    """The notebooks and archives below a folder, as far as a look at 100 folders finds any."""
    places = itertools.islice(os.walk(folder), 100)
    return [name for _, _, names in places for name in names if _is_work(name)]


def _matching(folder, patterns, unseen):
    """Yield the paths below a folder whose names match patterns, one for each level."""
    try:
        with os.scandir(folder) as entries:
            inside = [entry.name for entry in entries]
    except (FileNotFoundError, NotADirectoryError):
        # A file beside the folders of students is nobody's.
        return
    except OSError as error:
        unseen[folder] = (
            f"{in_a_line(str(folder), 300)} can't be read: {error.strerror}; what was handed in "
            "there is not graded until it can"
        )
        return
    for name in inside:
        hidden = name.startswith(".") and not patterns[0].startswith(".")
        if hidden or not fnmatch.fnmatchcase(name, patterns[0]):
            continue
        path = os.path.join(folder, name)
        yield from _matching(path, patterns[1:], unseen) if patterns[1:] else [path]


def id_problem(student):
    """Why a folder's name can't be a student's id; empty where it can."""
    named = student.strip(". ") and student.isprintable() and not NO_ID.search(student)
    if named and len(student) <= 100:
        return ""
    return (
        f"{in_a_line(student, 50)!r} can't be a student's id: it has invisible signs, one of "
        '< > " & / \\ # ? * [ ], only dots, or more than 100 signs; rename it'
    )


@cache
def version():
    """A fingerprint of the code that decides a grade."""
    whole = hashlib.sha256()
    package = Path(autograder.__file__).parent
    for room in GRADED_BY:
        for path in sorted((package / room).rglob("*.py")):
            whole.update(path.relative_to(package).as_posix().encode() + b"\0")
            whole.update(path.read_bytes())
    return whole.hexdigest()


def timestamp(submissions, student):
    """When a submission was handed in: a datetime in UTC, or None; and a remark where it is odd."""
    base, parts = submissions.parts(student)
    try:
        os.close(rebuild.open_inside(base, *parts, directory=True))
    except (OSError, SubmissionError):
        # What is wrong with the folder is said of the notebook.
        return None, ()
    try:
        text = rebuild.read_bytes(base, *parts, "timestamp.txt", limit=2**10).decode().strip()
        return (date(text) if text else None), ()
    except MissingNotebook:
        return None, ()
    except (SubmissionError, ValueError):
        return None, ("timestamp.txt holds no date; it counts as handed in without one",)


def date(text):
    """The moment that a text says, as nbgrader writes it: a datetime in UTC.

    Errors
    ------
    ValueError where it says none.
    """
    if not DATE.fullmatch(text):
        raise ValueError(f"{in_a_line(text, 50)} is no date")
    # With a space in between, nbgrader would take +0100 for 100 seconds.
    return parse_utc(re.sub(r" (?=[+-])", "", text))


def submission_secret(assignment, student):
    """What nbgrader's exchange gave a submission to know it by: bytes, none where there is none."""
    base, parts = assignment.parts(student)
    try:
        return rebuild.read_bytes(base, *parts, "submission_secret.txt", limit=2**10)
    except SubmissionError:
        return b""


def read(assignment, template, student):
    """Read a submitted notebook.

    Returns
    -------
    data : bytes
    remarks : tuple of str

    Errors
    ------
    SubmissionError, MissingNotebook
    """
    base, parts = assignment.parts(student)
    wanted = f"{template.name}.ipynb"
    folder = rebuild.open_inside(base, *parts, directory=True)
    try:
        there = sorted(os.listdir(folder))
    finally:
        os.close(folder)
    there = [name for name in there if not name.startswith(".") and name not in NO_WORK]
    own = [name for name in there if name not in assignment.given]
    if wanted in there:
        return rebuild.read_bytes(base, *parts, wanted), _beside(assignment, own, wanted)
    others = [name for name in there if _is_notebook(name)]
    if len(others) == 1 and len(assignment.templates) == 1:
        remark = f"{wanted} is missing; {in_a_line(others[0], 100)} was graded in its place"
        remarks = remark, *_beside(assignment, own, others[0])
        return rebuild.read_bytes(base, *parts, others[0]), remarks
    packed = [name for name in there if is_archive(name)]
    if not others and len(packed) == 1:
        data = rebuild.read_bytes(base, *parts, packed[0])
        data, remarks = _unpacked(assignment, wanted, data, packed[0])
        return data, (*remarks, *_beside(assignment, own, packed[0]))
    if not own:
        raise MissingNotebook(f"{wanted} is missing; it has not been handed in")
    # It may be in what is there, so that no points would be unfair.
    listed = _listed(own)
    if len(others) > 1 or len(packed) > 1:
        why = f"which of {listed} it is can't be told; only the one that counts may be there"
    elif any(is_archive(name, UNREAD) for name in own):
        why = f"{listed} is not read; it must be there unpacked"
    else:
        why = (
            f"all that is there is {listed}, which is no notebook; without it, nothing is handed in"
        )
    raise SubmissionError(f"{wanted} is missing, and {why}")


def _is_work(name):
    return _is_notebook(name) or is_archive(name)


def _is_notebook(name):
    return name.lower().endswith(".ipynb")


def _beside(assignment, own, taken):
    """Remarks on a student's own files beside the one that is taken: the work may be in them."""
    ignored = assignment.coursedir.ignore
    odd = [n for n in own if n != taken and not any(fnmatch.fnmatch(n, k) for k in ignored)]
    kinds = {
        "another notebook, which may hold the work": [name for name in odd if _is_notebook(name)],
        "no part of the assignment": [name for name in odd if not _is_notebook(name)],
    }
    return tuple(
        f"only {in_a_line(taken, 100)} was graded; {_listed(names)}: {what}"
        for what, names in kinds.items()
        if names
    )


def _listed(names):
    """Names of files for a message, however many there are, and whatever they are."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(in_a_line(name, 100) for name in names[:5]) + more


def _unpacked(assignment, wanted, data, archive):
    """The notebook out of an archive that was handed in; returns and errors as ``read``."""
    shown = in_a_line(archive, 100)
    found, others, odd = [], [], []
    try:
        for path, content in members(data, archive):
            if isinstance(content, ArchiveError):
                odd.append(f"{shown}: {content}")
            elif path.rpartition("/")[2] == wanted:
                found.append((path, content))
            elif content is not None:
                others.append((path, content))
    except ArchiveError as error:
        raise SubmissionError(f"{shown} {error}; hand {wanted} in as it is") from None
    if not found and len(assignment.templates) == 1:
        found = others
    if len(found) != 1:
        holds = "holds no" if not found else f"holds {len(found)} notebooks and no single"
        why = f"; {odd[0]}" if odd else ""
        raise SubmissionError(f"{shown} {holds} {wanted}{why}; hand {wanted} in as it is")
    path, content = found[0]
    taken = in_a_line(path, 100)
    return content, (f"{wanted} is missing; {taken} in {shown} was graded in its place", *odd[:5])


def seconds_late(handed_in, due):
    """Seconds by which a submission is late; none without a date of both."""
    return max(0.0, (handed_in - due).total_seconds()) if handed_in and due else 0.0


def fingerprint(assignment, template, student, data):
    """What a grading depends on: the same fingerprint, the same grades."""
    handed_in, _ = timestamp(assignment, student)
    return {
        "submitted": hashlib.sha256(data).hexdigest(),
        "handed_in": handed_in.isoformat() if handed_in else None,
        "released": template.digest,
        "version": version(),
    }
