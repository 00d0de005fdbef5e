"""The course directory: where everything lies, and nbgrader working in it."""

import os
import sys
from pathlib import Path

import yaml
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets import TraitError
from traitlets.config import Config, ConfigFileNotFound, PyFileConfigLoader

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
SOLUTIONS = ROOT / "solutions"
RELEASED = ROOT / "exercises"
SOURCE = BUILD / "nbgrader" / "source"
BOOK = BUILD / "html" / "index.html"


class StepFailed(Exception):
    """A step of nbgrader's that failed; carries what nbgrader said."""


def book_address():
    """Where the book is published, from ``html.baseurl`` in ``_config.yml``; empty if nowhere."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    address = config.get("html", {}).get("baseurl", "")
    return f"{address.rstrip('/')}/book/" if address else ""


def nbgrader(root=ROOT, **changes):
    """nbgrader's own interface to a course directory, configured by ``nbgrader_config.py``.

    Parameters
    ----------
    root : Path of the course directory: submissions, gradebook and feedback lie here, and an
        ``nbgrader_config.py`` (see ``configure``)
    changes : attributes of nbgrader's CourseDirectory that differ from the configuration

    Returns
    -------
    NbGraderAPI

    Errors
    ------
    StepFailed where there is no course directory or its configuration can't be loaded.
    """
    # nbgrader sets its database up with alembic's command, which lies beside this Python.
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = beside + os.pathsep + os.environ["PATH"]
    config = configuration(root)
    config.merge(Config(CourseDirectory={"root": str(root), **changes}))
    return NbGraderAPI(CourseDirectory(config=config), config=config)


def configuration(root):
    """What the ``nbgrader_config.py`` of a course directory sets: a traitlets Config.

    Errors
    ------
    StepFailed where there is none or it can't be loaded.
    """
    path = Path(root, "nbgrader_config.py")
    try:
        return PyFileConfigLoader(path.name, path=str(root)).load_config()
    except ConfigFileNotFound:
        raise StepFailed(
            f"{root} is no course directory: it has no {path.name}; name one that has"
        ) from None
    except Exception as error:
        # It is Python, and can fail in any way.
        raise StepFailed(f"{path} can't be loaded: {type(error).__name__}: {error}") from None


def configure(root, **settings):
    """Let nbgrader's commands work in another course directory, configured as this one.

    Parameters
    ----------
    root : Path, made where it isn't there yet
    settings : what differs, each a class and its attributes, as in
        ``CourseAutograde={"cell_seconds": 2.0}``
    """
    changes = "".join(
        f"c.{section}.{name} = {value!r}\n"
        for section, values in settings.items()
        for name, value in values.items()
    )
    root.mkdir(parents=True, exist_ok=True)
    (root / "nbgrader_config.py").write_text(
        f"""c = get_config()
load_subconfig({str(ROOT / "nbgrader_config.py")!r})
c.CourseDirectory.root = {str(root)!r}
{changes}""",
        encoding="utf-8",
    )


def grade(assignments, root=ROOT, **options):
    """Grade all submissions in a course directory that have no up-to-date receipt.

    Parameters
    ----------
    assignments : list of names; all to which anything was handed in where empty
    root : Path of the course directory
    options : as ``grading.run.grade_class`` takes them; limits of time, the address of the book
        and the penalty for late submissions come from ``nbgrader_config.py``

    Returns
    -------
    grading.run.Summary
    """
    from autograder.grading.plugin import CourseAutograde, late_penalty
    from autograder.grading.run import grade_class

    interface = nbgrader(root)
    configured = CourseAutograde(coursedir=interface.coursedir, parent=interface)
    try:
        penalty = late_penalty(configured)
    except (ImportError, TraitError) as error:
        raise StepFailed(
            f"the plugin for late submissions that {Path(root, 'nbgrader_config.py')} names can't "
            f"be loaded: {error}; if its module lies in the course's folder, start there"
        ) from None
    return grade_class(
        interface.coursedir,
        assignments,
        budget=configured.budget,
        book=configured.book,
        penalty=penalty,
        **options,
    )


def write_pages(assignments, root=ROOT, students=(), jobs=None):
    """Write the feedback pages that are missing or older than the grades; see ``grade``.

    Returns
    -------
    list of str, why pages could not be written, a line each
    """
    from autograder.grading import run

    return run.write_pages(nbgrader(root), assignments, students, jobs)


def regrade(receipt, root, **options):
    """Grade again what a receipt tells of; see ``grading.again.again``.

    Parameters
    ----------
    receipt : dict
    root : Path of the course directory
    """
    from autograder.grading.again import again
    from autograder.grading.plugin import CourseAutograde

    interface = nbgrader(root)
    configured = CourseAutograde(coursedir=interface.coursedir, parent=interface)
    return again(interface.coursedir, receipt, budget=configured.budget, **options)


def generate(assignment, root=ROOT, **changes):
    """Let nbgrader make the released version of an assignment from its source.

    Errors
    ------
    StepFailed, with nbgrader's log, where it could not.
    """
    demand(nbgrader(root, **changes).generate_assignment(assignment, force=True))


def maker(assignment, released=RELEASED, source=SOURCE):
    """Makes submissions to an assignment.

    Parameters
    ----------
    assignment : str
    released, source : Paths of nbgrader's release and source directories

    Returns
    -------
    assignments.example.Maker
    """
    from autograder.assignments.example import Maker
    from autograder.exercises import CHAPTERS

    name = f"{assignment}.ipynb"
    return Maker(released / assignment / name, source / assignment / name, CHAPTERS[assignment])


def demand(result):
    """Pass on the result of one of nbgrader's steps, or raise StepFailed with its log."""
    if not result["success"]:
        raise StepFailed(result.get("log") or result.get("error") or "nbgrader gave no reason")
    return result
