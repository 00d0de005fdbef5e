"""Our grading path as nbgrader's own: ``nbgrader autograde`` and formgrader's button take it."""

import contextlib
import os
import signal
import threading
from types import SimpleNamespace

import nbgrader.apps.api
import nbgrader.apps.autogradeapp
import nbgrader.apps.generatefeedbackapp
import nbgrader.apps.zipcollectapp
from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import capture_log
from sqlalchemy.exc import SQLAlchemyError
from traitlets import Bool, Float, Unicode

from autograder.course import StepFailed, configuration
from autograder.exercises import CHAPTERS

from . import collect, record
from .assignment import Assignment, AssignmentError, Submissions, handed_in, id_problem, timestamp
from .budget import Budget
from .outputs import in_a_line
from .pages import CourseFeedback
from .receipts import error_of, up_to_date
from .remote import GraderError, Unfit, let_go

SWITCH = "COURSE_GRADER"
"""The environment variable that, set to ``stock``, leaves grading to stock nbgrader."""


def use():
    """Let nbgrader grade with ``CourseAutograde`` and write pages with ``CourseFeedback``.

    nbgrader's configuration has no setting for the classes that do so. Two configuration files call
    this to put them in their place: the course's, and ``autograder/jupyter/nbgrader_config.py``,
    which every command and formgrader run even where the course's can't be loaded.
    """
    stock = os.environ.get(SWITCH) == "stock"
    grader, pages = (Autograde, GenerateFeedback) if stock else (CourseAutograde, CourseFeedback)
    nbgrader.apps.autogradeapp.Autograde = grader
    nbgrader.apps.api.Autograde = grader
    nbgrader.apps.generatefeedbackapp.GenerateFeedback = pages
    nbgrader.apps.api.GenerateFeedback = pages
    mend()


def mend():
    """Put ours in the place of what nbgrader does unguarded with what students hand in."""
    nbgrader.apps.api.NbGraderAPI.get_submitted_timestamp = _submitted_timestamp
    nbgrader.apps.zipcollectapp.ZipCollectApp.start = collect.start
    nbgrader.apps.api.capture_log = _capture_log


def _submitted_timestamp(api, assignment_id, student_id):
    """When a submission was handed in, for formgrader: a datetime in UTC, None without a date.

    nbgrader's own fails where the file holds no date, follows links, and waits for ever at a pipe.
    """
    return timestamp(Submissions(api.coursedir, assignment_id), student_id)[0]


def _capture_log(app, **options):
    """nbgrader's, for formgrader; a step that says why it failed is told by that, no traceback."""
    said = {}

    def start():
        try:
            app.start()
        except NbGraderException as error:
            said["error"] = str(error)
            raise

    return capture_log(SimpleNamespace(log=app.log, start=start), **options) | said


class _Overdue(BaseException):
    """Something keeps the grader itself busy; nothing that handles a student's errors sees it."""


@contextlib.contextmanager
def _within(seconds):
    """Raise _Overdue once the time is over; in a thread of a server's that can't be done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum, frame):
        raise _Overdue(f"it kept the grader busy for {seconds:.0f} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _Overdue:
        # It may have been in the middle of a word with the warm parent.
        let_go()
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def late_penalty(parent):
    """nbgrader's plugin for late submissions, as configured for its parent."""
    late = AssignLatePenalties(parent=parent)
    late.init_plugin()
    return late.plugin_inst.late_submission_penalty


class CourseAutograde(Autograde):
    """Grades submissions in a sandbox, on fresh inputs, one transaction for each.

    Its directories, its gradebook, its options (``--force``, ``--student``, ``--notebook``,
    ``create_student``, late penalties, hooks, permissions) are nbgrader's.
    """

    cell_seconds = Float(Budget.cell, help="Seconds that each cell may run.").tag(config=True)
    answer_seconds = Float(
        Budget.answer, help="Seconds that each answer may take on all its cases."
    ).tag(config=True)
    notebook_seconds = Float(Budget.notebook, help="Seconds that a notebook may take in all.").tag(
        config=True
    )
    run_without_sandbox = Bool(
        False,
        help="Grade on a machine that can't lock student code in. It then has your rights.",
    ).tag(config=True)
    book = Unicode("", help="Where the book is, put before each link.").tag(config=True)

    @property
    def budget(self):
        """The limits of time as one ``Budget``."""
        return Budget(self.cell_seconds, self.answer_seconds, self.notebook_seconds)

    def start(self):
        """Grade all submissions that the course directory's ids match."""
        failed = []
        try:
            # nbgrader goes on without a configuration that fails: with other limits and places.
            configuration(self.coursedir.root)
            assignment = Assignment(self.coursedir, self.coursedir.assignment_id)
            found, unseen = handed_in(self.coursedir, [assignment.name])
            for line in unseen:
                self.log.error(line)
            students = found[assignment.name]
            if not assignment.notebooks():
                wanted = self.coursedir.notebook_id
                raise AssignmentError(f"{assignment.name} has no notebook {wanted}")
            if not students:
                course = self.coursedir
                looked = assignment.place(course.submitted_directory, course.student_id)
                raise AssignmentError(f"no submission matches {looked}")
            with record.ready(self.coursedir, [assignment]) as gradebook:
                recorded = record.recorded(gradebook, assignment.name)
                for student in students:
                    if not self._grade(assignment, student, gradebook, recorded.get(student)):
                        failed.append(student)
        except (AssignmentError, StepFailed, Unfit) as error:
            said = str(error)
            if self.coursedir.assignment_id not in CHAPTERS:
                said += f"; to let stock nbgrader grade it, set {SWITCH}=stock"
            self.log.error(said)
            raise NbGraderException(said) from None
        except KeyboardInterrupt:
            self.log.error("interrupted; what was done stays, start again for the rest")
            raise SystemExit(130) from None
        if failed or unseen:
            named = in_a_line(", ".join(failed), 2000) or "what is not in its place"
            said = f"{assignment.name}: no verdict for {named}; see the messages above"
            self.log.error(said)
            raise NbGraderException(said)

    def _grade(self, assignment, student, gradebook, recorded):
        """Grade one submission of which something may be recorded; whether it has a verdict."""
        # It loads PyTorch, for which no other command of nbgrader's should have to wait.
        from .grade import grade_all

        templates, who = assignment.notebooks(), in_a_line(student, 100)
        if problem := id_problem(student):
            self.log.error("%s: %s", who, problem)
            return False
        receipts = [] if self.force else up_to_date(assignment, templates, student, recorded)
        if receipts:
            error = error_of(receipts)
            tell = self.log.error if error else self.log.info
            tell("%s: graded already, nothing has changed%s", who, error and f": {error}")
            return not error
        try:
            gradebook.find_student(student)
        except MissingEntry:
            if not self.create_student:
                self.log.error("%s: there is no such student in the gradebook", who)
                return False
            # In a class that is listed, a name that isn't may be a folder's misspelling.
            tell = self.log.warning if gradebook.students else self.log.info
            tell("%s is not in the gradebook and is added to it", who)
        self.notebooks = [
            str(assignment.place(self.coursedir.submitted_directory, student) / f"{t.name}.ipynb")
            for t in templates
        ]
        self.run_pre_convert_hook()
        try:
            sandboxed = not self.run_without_sandbox
            with _within(self.budget.overdue(len(templates))):
                done = grade_all(
                    assignment, templates, student, sandboxed, budget=self.budget, book=self.book
                )
            record.keep(gradebook, assignment, student, done, late_penalty(self))
        except Unfit:
            raise
        except (_Overdue, GraderError, OSError, SQLAlchemyError, ValueError) as error:
            why = record.reason(error, self.coursedir)
            self.log.error("%s: not graded, through no fault of the student's: %s", who, why)
            return False
        self.run_post_convert_hook()
        for graded in done:
            for remark in graded.receipt["remarks"]:
                self.log.warning("%s: %s", who, remark)
            by_hand = [name for name, points in graded.scores.items() if points is None]
            said = f"; to be graded by hand: {', '.join(by_hand)}" if by_hand else ""
            if look := graded.receipt["look"]:
                said += f"; to be looked at: {', '.join(look)}"
            given = f"{graded.points:g} points by the checks{said}"
            said = "no grade" if graded.receipt["error"] else given
            self.log.info("%s: %s: %s", who, graded.notebook, said)
        return not error_of([graded.receipt for graded in done])
