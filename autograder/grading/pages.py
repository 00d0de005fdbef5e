"""Feedback pages: what ``nbgrader generate_feedback`` writes, many times faster."""

import functools
import json
import logging
import multiprocessing
import re
import signal
import sys

from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat import NotebookNode, convert, reader
from nbgrader import utils
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import GetGrades
from sqlalchemy.exc import SQLAlchemyError
from traitlets import List, Type, default

from .outputs import in_a_line

HEAD, BODY, CELLS = "<!--head-->", "<!--body-->", "<!--cells-->"
CODE, SCORE = "<!--code-->", "<!--score-->"
"""Where a page's head, body and cells go, the code of a cell, and a score in the body."""
EACH_ONCE = f"""
{{%- extends 'index.html.j2' -%}}
{{% block header %}}{{{{ resources.nbgrader.notebook | head_once(super) }}}}{{% endblock %}}
{{% block body %}}{{{{ super | body_once }}}}{{% endblock %}}
{{% block body_loop %}}
{CELLS}
{{%- for cell in nb.cells if not cell | known -%}}
{{% block any_cell scoped %}}{{{{ super | once }}}}{{% endblock %}}
{{%- endfor -%}}
{{% endblock %}}
"""
"""nbgrader's own template, but for who renders a page's head, its body and its cells."""
SCORED = re.compile(r"\(Score: [-\d./ ]+\)")
"""A score in a page's body, outside its cells."""
SLICE = 50
"""Submissions whose pages one process writes at a time."""
KEPT_CELLS = 10_000
"""Rendered cells that are kept; a class has a few hundred that more than one student has."""
KEPT_PIECES = 10_000
"""Pieces of code, and what surrounds all code of a cell, that are kept likewise."""
MAX_KEPT = 50_000
"""Characters of what is kept: a picture is hardly ever another student's too."""
PIECE = re.compile(
    r"""
    [ \t]* \"{3} (?: (?!\"{3}) [\s\S] )* \"{3} \n
    | (?! .* (?: def | class | from | import ) [ \t]* \n )
      (?: [^"'\\%?!\n#] | !=
      | (?<!\w) " [^"\\%?!\n]* " (?!") | (?<!\w) ' [^'\\%?!\n]* ' (?!') )*
      (?: [#] [^\\%?!\n]* )? \n
    """,
    re.VERBOSE,
)
"""A docstring, or a line that Pygments reads in the same way whatever stands in the lines around.

Such a line is neither within a text nor the start of one, nor a command of IPython's.
"""
ODD_SPACE = re.compile(r"[^\S \t\n]")
"""White space that Pygments reads as others don't."""
BEFORE_CODE, AFTER_CODE = "<pre><span></span>", "</pre></div>\n"
"""What Pygments puts around code."""

_rendered = {}
"""What became of cells, by their JSON: kept for all exporters of a process."""
_environments = {}
"""Jinja's environments by where their templates are, likewise."""


class _Own(NotebookNode):
    """A notebook that nobody else holds, so that a copy of it would be thrown away."""

    def __deepcopy__(self, memo):
        return self


class PageExporter(HTMLExporter):
    """nbconvert's exporter, but for cells that look the same: each is rendered once for a class.

    nbconvert has each page parsed and written out again, which takes longer than all the rest.
    Here that is done with each cell for itself, once, and with the frame around the cells.
    """

    def __init__(self, *args, **kwargs):
        self._page, self._code = [], []
        self._heads, self._head, self._body, self._cell = {}, "", "", ""
        self._highlight = None
        super().__init__(*args, **kwargs)
        self.filters = {**self.filters, "highlight_code": self._set_apart}

    @default("raw_template")
    def _raw_template_default(self):
        return EACH_ONCE

    def _create_environment(self):
        # Its templates are compiled once for a process; its filters are this exporter's.
        made = super()._create_environment()
        kept = _environments.setdefault(tuple(self.template_paths), made)
        kept.filters = made.filters
        return kept

    def default_filters(self):
        """nbconvert's filters and those that the template uses."""
        yield from super().default_filters()
        yield "head_once", self._head_once
        yield "body_once", self._body_once
        yield "known", self._known
        yield "once", self._once

    def from_file(self, file_stream, resources=None, **kw):
        """Render a notebook's file, without looking for what is wrong with what grading wrote."""
        notebook = _Own(convert(reader.read(file_stream), to_version=4))
        return self.from_notebook_node(notebook, resources, **kw)

    def from_notebook_node(self, nb, resources=None, **kw):
        """Render a notebook: the page as str, and the resources."""
        self._page = []
        language = nb.metadata.get("language_info", {}).get("name")
        if self._highlight is None or self._highlight.pygments_lexer != language:
            self._highlight = Highlight2HTML(pygments_lexer=language, parent=self)
        frame, resources = super().from_notebook_node(nb, resources, **kw)
        frame = frame.replace(BODY, self._body, 1)
        before, after = re.split(rf"\s*{CELLS}\s*", frame, maxsplit=1)
        before = before.replace(HEAD, self._head, 1)
        return "\n".join([before, *self._page, after]), resources

    def _preprocess(self, nb, resources):
        # nbconvert copies and validates the notebook before and after each step.
        for step in self._preprocessors:
            nb, resources = step(nb, resources)
        return nb, resources

    def _head_once(self, notebook, render):
        # It is the longest part of a page, and the same for a class.
        if notebook not in self._heads:
            before, inside, after = re.split("(?<=<head>)|(?=</head>)", render(), maxsplit=2)
            self._heads[notebook] = before + HEAD + after, _parsed(inside)
        around, self._head = self._heads[notebook]
        return around

    def _body_once(self, render):
        # What surrounds the cells differs in its scores alone.
        html = render()
        pieces = _parsed_once(SCORED.sub(SCORE, html)).split(SCORE)
        scores = [*SCORED.findall(html), ""]
        self._body = "".join(part for pair in zip(pieces, scores, strict=True) for part in pair)
        return BODY

    def _known(self, cell):
        # Jinja takes long to go into a block, too.
        self._cell = json.dumps(cell, sort_keys=True)
        html = _rendered.get(self._cell)
        if html:
            self._page.append(html)
        return html is not None

    def _once(self, render):
        self._code = []
        html = _tidy(render(), self._code)
        if len(_rendered) >= KEPT_CELLS:
            _rendered.clear()
        if len(html) <= MAX_KEPT:
            _rendered[self._cell] = html
        if html:
            self._page.append(html)
        return ""

    def _set_apart(self, source, **more):
        # Parsing what Pygments wrote would take longest of all, and change next to nothing.
        self._code.append(self._highlighted(source, **more))
        return CODE

    def _highlighted(self, source, **more):
        """Code in colours, line by line: most lines are another student's too."""
        by_piece = len(source) <= MAX_KEPT and not ODD_SPACE.search(source)
        pieces = _pieces(source) if by_piece else []
        if not pieces or not source.strip() or source[0] == "\n":
            return self._highlight(source, **more)
        coloured = [_coloured(self._highlight.pygments_lexer, piece) for piece in pieces]
        return "".join((coloured[0][0], *(inside for _, inside in coloured), AFTER_CODE))


def _pieces(source):
    """The pieces that code can be coloured by, without the ends of their lines; none if it can't.

    One step for each piece: to search for them would try each character of a hostile text.
    """
    text, pieces, at = source.rstrip("\n") + "\n", [], 0
    while at < len(text):
        found = PIECE.match(text, at)
        if found is None:
            return []
        pieces.append(found[0][:-1])
        at = found.end()
    return pieces


@functools.lru_cache(KEPT_PIECES)
def _coloured(language, source):
    """A piece of code in colours: what stands before all code, and the piece alone."""
    html = Highlight2HTML(pygments_lexer=language)(source or "pass")
    before, between, inside = html.partition(BEFORE_CODE)
    return before + between, inside.removesuffix(AFTER_CODE) if source else "\n"


def _parsed(html):
    """A piece of a page as nbconvert leaves it."""
    soup = BeautifulSoup(html, features="html.parser")
    for picture in soup.select("img:not([alt])"):
        picture.attrs["alt"] = "No description has been provided for this image"
    return str(soup)


_parsed_once = functools.lru_cache(KEPT_PIECES)(_parsed)


def _tidy(html, code):
    """A piece of a page as nbconvert leaves it, with the code that was set apart."""
    html = html.strip()
    pieces = (_parsed_once if len(html) <= MAX_KEPT else _parsed)(html).split(CODE)
    code = [
        text.strip().replace('class=" ', 'class="', 1).replace("&quot;", '"').replace("&#39;", "'")
        for text in code
    ]
    return "".join(part for pair in zip(pieces, [*code, ""], strict=True) for part in pair)


class Style(CSSHTMLHeaderPreprocessor):
    """nbconvert's step that finds the colours of code, which are the same on all pages."""

    _found = None

    def _generate_header(self, resources):
        if self._found is None:
            self._found = super()._generate_header(resources)
        return self._found


class Grades(GetGrades):
    """nbgrader's step that gives cells their scores and comments, for all who get pages at once.

    nbgrader's own opens the gradebook for each page and asks it for each cell.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._found = {}

    def preprocess(self, nb, resources):
        """Put scores and comments into a notebook's cells, and its score into the resources."""
        marks = resources["nbgrader"]
        student, notebook = marks["student"], marks["notebook"]
        if (student, notebook) not in self._found:
            converter = self.parent.parent
            students = converter.students or [student]
            found = _marks(converter.gradebook, marks["assignment"], notebook, students)
            self._found |= {(student, notebook): theirs for student, theirs in found.items()}
        if (student, notebook) not in self._found:
            raise NbGraderException("the gradebook holds no grades of it; grade it again")
        grades, comments, score, max_score, penalty = self._found[student, notebook]
        for cell in nb.cells:
            if utils.is_solution(cell) or utils.is_task(cell):
                (cell.metadata.nbgrader["comment"],) = comments[cell.metadata.nbgrader.grade_id]
            if utils.is_grade(cell) or utils.is_task(cell):
                score_of_cell, points = grades[cell.metadata.nbgrader.grade_id]
                cell.metadata.nbgrader |= {"score": score_of_cell, "points": points}
        if penalty:
            self.log.warning("Late submission penalty: %s", penalty)
        marks |= {"score": score - penalty, "max_score": max_score, "late_penalty": penalty}
        return nb, resources


def _marks(gradebook, assignment, notebook, students):
    """By student: scores and points by cell, comments by cell, score, points, and penalty."""
    db, released = gradebook.db, gradebook.find_notebook(notebook, assignment)
    max_score = released.max_score
    # By these columns there are indices; by fewer of them all of a course would be read.
    whose = dict(
        db.query(SubmittedAssignment.id, SubmittedAssignment.student_id)
        .filter(
            SubmittedAssignment.assignment_id == released.assignment_id,
            SubmittedAssignment.student_id.in_(students),
        )
        .all()
    )
    submissions = (
        db.query(SubmittedNotebook.id, SubmittedNotebook.late_submission_penalty)
        .add_columns(SubmittedNotebook.assignment_id)
        .filter(
            SubmittedNotebook.notebook_id == released.id,
            SubmittedNotebook.assignment_id.in_(whose),
        )
        .all()
    )
    found = {one.id: ({}, {}) for one in submissions}
    cells = [id for (id,) in db.query(BaseCell.id).filter(BaseCell.notebook_id == released.id)]
    for place, table, values in (
        (0, Grade, (Grade.score, Grade.max_score)),
        (1, Comment, (Comment.comment,)),
    ):
        rows = db.query(table.notebook_id, BaseCell.name, *values).join(table.cell)
        for of, name, *more in rows.filter(table.cell_id.in_(cells), table.notebook_id.in_(found)):
            found[of][place][name] = more
    # Nothing that another page would find as it was.
    db.rollback()
    marks = {}
    for one in submissions:
        grades, comments = found[one.id]
        score = sum(score for score, _ in grades.values())
        penalty = one.late_submission_penalty or 0
        marks[whose[one.assignment_id]] = grades, comments, score, max_score, penalty
    return marks


class CourseFeedback(GenerateFeedback):
    """Writes the pages that nbgrader's own class would write, to the byte, and always anew.

    nbgrader leaves a page that is there, so that a grade changed by hand would not show.
    """

    exporter_class = Type(PageExporter, klass=HTMLExporter).tag(config=True)
    preprocessors = List([Grades, Style]).tag(config=True)
    students = None
    """Whose pages are written; all that the course directory's ids match where None."""

    def start(self):
        """Write the pages."""
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as self.gradebook:
            super().start()

    def init_notebooks(self):
        """Find the autograded notebooks."""
        super().init_notebooks()
        if self.students is not None:
            wanted = {
                self._format_source(self.coursedir.assignment_id, student)
                for student in self.students
            }
            self.assignments = {k: v for k, v in self.assignments.items() if k in wanted}

    def init_destination(self, assignment_id, student_id):
        """Whether a submission gets pages."""
        return student_id not in self.coursedir.student_id_exclude.split(",")


def stale(assignment, student):
    """Whether a page of a submission is missing, or not newer than its graded notebook."""
    course = assignment.coursedir
    graded = assignment.place(course.autograded_directory, student)
    pages = assignment.place(course.feedback_directory, student)
    for template in assignment.templates:
        try:
            since = (graded / f"{template.name}.ipynb").stat().st_mtime_ns
        except OSError:
            # What was never recorded there has no page, and why it wasn't has been said.
            continue
        try:
            if (pages / f"{template.name}.html").stat().st_mtime_ns <= since:
                return True
        except OSError:
            return True
    return False


def write(interface, assignment, students, jobs=1):
    """Write the feedback pages of many submissions, on many cores.

    Parameters
    ----------
    interface : NbGraderAPI
    assignment : str
    students : list of ids
    jobs : int, processes

    Returns
    -------
    iterator of int and list of str: how many more submissions were looked at, and why pages of
    theirs could not be written, a line each
    """
    slices = [students[k : k + SLICE] for k in range(0, len(students), SLICE)]
    context = multiprocessing.get_context("fork")
    with context.Pool(min(jobs, len(slices)) or 1, _begin, (interface, assignment)) as pool:
        yield from pool.imap_unordered(_write_these, slices)


_given = ()
"""What a process that writes pages was forked with: a course's plugins need not be sent."""


def _begin(*given):
    global _given
    # Who interrupts the command at a terminal interrupts these, too; one of them answers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _given = given


def _write_these(students):
    return _write(*_given, students)


class _Reasons(logging.Handler):
    """Keeps why pages could not be written: nbgrader only logs it, with a traceback for each."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        error = sys.exc_info()[1]
        if error is not None and record.args:
            ours = isinstance(error, NbGraderException)
            why = error if ours else f"{type(error).__name__}: {error}"
            said = f"{in_a_line(str(record.args[0]), 300)} gets no page: {in_a_line(str(why), 300)}"
            self.lines.append(said)


def _write(interface, assignment, students):
    converter = CourseFeedback(coursedir=interface.coursedir, parent=interface)
    converter.students = students
    converter.coursedir.assignment_id = assignment
    reasons = _Reasons()
    converter.log = logging.Logger(__name__, logging.ERROR)
    converter.log.addHandler(reasons)
    try:
        converter.start()
    except (NbGraderException, OSError, SQLAlchemyError) as error:
        reasons.lines = reasons.lines or [f"{assignment}: pages can't be written: {error}"]
    return len(students), reasons.lines
