"""From a submitted notebook, take the text of its solution cells; all else is the released one's.

A submission is anything that lay in a student's folder. It is read as bytes, within limits, and
parsed as JSON; nothing in it is believed but the text of solution cells.
"""

import ast
import copy
import hashlib
import json
import os
import re
import stat
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import nbformat
from nbformat import NotebookNode

from autograder.checking.reading import DEFINITION as DEFINING
from autograder.checking.reading import FUNCTION, IMPORT, texts_of

from . import order
from .outputs import in_a_line

MAX_FILE = 64 * 2**20
"""Bytes of a submitted notebook, its outputs included."""
MAX_CELLS = 10_000
MAX_VALUES = 4_000_000
"""Values in the JSON of a submitted notebook: each takes up to fifty times its bytes in memory."""
MAX_SOURCE = 256 * 2**10
"""Characters of one solution cell."""
MAX_SAID = 20
"""Remarks on one submission."""
MAX_BELOW = 10
"""Cells of a student's own below a question that are looked into for its answer."""
DEFINITION = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
"""A function or class at the top of a cell."""
ASSIGNED = re.compile(r"^(\w+)\s*=(?!=)", re.MULTILINE)
"""A name that is given a value at the top of a cell."""
FIRST_LINE = re.compile(r"(\s*%%.*\n)?")
"""What must stay at the beginning of a cell: a command of IPython's for all of it."""
COMMAND = re.compile(r"^([ \t]*)[%!](?!%).*$", re.MULTILINE)
"""A line that is a command of IPython's."""


class SubmissionError(Exception):
    """A submission that can't be read; says what is wrong with which file and what to do."""


class MissingNotebook(SubmissionError):
    """A submission without a notebook."""


@dataclass(frozen=True, eq=False)
class Cell:
    """A cell of a submitted notebook, as far as it is believed; there may be others like it."""

    kind: str
    text: str
    grade_id: str | None
    cell_id: str | None
    graded: bool = False
    """Whether nbgrader's metadata makes it a grade or solution cell."""
    pictures: bool = False
    """Whether pictures were pasted into it."""

    @cached_property
    def defines(self):
        """The names of the functions and classes that it defines."""
        return _defined(self.text)

    @cached_property
    def makes(self):
        """These names, and those that it gives a value."""
        assigned = ASSIGNED.findall(self.text) if len(self.text) <= MAX_SOURCE else ()
        return self.defines.union(assigned)


@dataclass(frozen=True)
class Submission:
    """What is taken from a submitted notebook."""

    texts: dict[str, str]
    """Text of each solution cell that was found, by grade id."""
    remarks: tuple[str, ...] = ()
    """What was odd, one line each."""


class Template:
    """A released notebook: everything of a graded notebook but the text of its solution cells.

    Parameters
    ----------
    path : Path of the released notebook; it is the course's own and trusted

    Errors
    ------
    OSError; ValueError where it is no notebook.
    """

    def __init__(self, path):
        self.name = path.stem
        data, invalid = path.read_bytes(), {}
        self.digest = hashlib.sha256(data).hexdigest()
        try:
            self.notebook = nbformat.reads(
                data.decode("utf-8"), 4, capture_validation_error=invalid
            )
        except Exception as error:
            # Of what is no notebook nbformat says so with whatever it stumbles over.
            raise ValueError("it is no notebook") from error
        if invalid:
            said = in_a_line(invalid["ValidationError"].message, 300)
            raise ValueError(f"it is no valid notebook: {said}")

    @cached_property
    def marked(self):
        """nbgrader's cells by grade id, in their order."""
        found = {}
        for cell in self.notebook.cells:
            marks = cell.metadata.get("nbgrader", {})
            if marks.get("grade_id"):
                found[marks["grade_id"]] = cell
        return found

    @cached_property
    def solutions(self):
        """Released text of each solution cell by grade id, in their order."""
        return {
            name: cell.source
            for name, cell in self.marked.items()
            if cell.metadata.nbgrader.get("solution")
        }

    def filled(self, texts):
        """The released notebook with the text of solution cells filled in.

        Its cells are new, so that they can be changed; what is in them is the released one's.
        """
        cells = []
        for cell in map(copy.copy, self.notebook.cells):
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in self.solutions and name in texts:
                cell.source = texts[name]
            cells.append(cell)
        return NotebookNode(self.notebook, cells=cells)


def open_inside(base, *parts, directory=False):
    """Open something below a directory without following any link.

    Parameters
    ----------
    base : Path of a directory of the course, trusted
    parts : names of what to open below it, one for each level
    directory : bool, whether a directory is wanted

    Returns
    -------
    int, a file descriptor

    Errors
    ------
    OSError; SubmissionError where there is a link, a device or the like.
    """
    here = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for level, part in enumerate(parts, 1):
            last = level == len(parts)
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            kind = os.stat(part, dir_fd=here, follow_symlinks=False).st_mode
            wanted = stat.S_ISDIR if not last or directory else stat.S_ISREG
            if not wanted(kind):
                what = "a link" if stat.S_ISLNK(kind) else "neither a file nor a folder"
                if stat.S_ISREG(kind) or stat.S_ISDIR(kind):
                    what = "a folder" if stat.S_ISDIR(kind) else "a file"
                name = in_a_line(os.path.join(*parts[:level]), 200)
                raise SubmissionError(f"{name} is {what}; put the real thing in its place")
            inside = os.open(
                part, flags | (os.O_DIRECTORY if wanted is stat.S_ISDIR else 0), dir_fd=here
            )
            os.close(here)
            here = inside
        return here
    except BaseException:
        os.close(here)
        raise


def read_bytes(base, *parts, limit=MAX_FILE):
    """Read a plain file below a directory, following no link and within a limit.

    Parameters
    ----------
    base : Path of a directory of the course, trusted
    parts : names of the file below it, one for each level
    limit : int, bytes

    Returns
    -------
    bytes

    Errors
    ------
    MissingNotebook where there is none, SubmissionError where it can't be taken.
    """
    name = in_a_line(os.path.join(*parts), 200)
    try:
        with os.fdopen(open_inside(base, *parts), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SubmissionError(f"{name} is no plain file")
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise MissingNotebook(f"{name} is missing; it has not been handed in") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SubmissionError(f"{name} can't be read: {why}") from None
    if len(data) > limit:
        raise SubmissionError(
            f"{name} is larger than {limit // 2**20} MB; clear its outputs and hand it in again"
        )
    return data


def parse(data, name):
    """The cells of a submitted notebook.

    Parameters
    ----------
    data : bytes
    name : str, the file, for messages

    Returns
    -------
    list of Cell

    Errors
    ------
    SubmissionError where it is no notebook of nbformat 3 or 4.
    """
    again = "open it in Jupyter, save it and hand it in again"
    if sum(map(data.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise SubmissionError(
            f"{name} holds more than {MAX_VALUES:,} values; clear its outputs and hand it in again"
        )
    try:
        whole = json.loads(data)
    except UnicodeDecodeError as error:
        raise SubmissionError(
            f"{name} is not UTF-8 text (byte {error.start} is {data[error.start]:#04x}); {again}"
        ) from None
    except RecursionError:
        raise SubmissionError(f"{name} is nested too deeply for a notebook; {again}") from None
    except ValueError as error:
        where = f"line {error.lineno}, " if hasattr(error, "lineno") else ""
        why = getattr(error, "msg", None) or str(error)
        raise SubmissionError(f"{name} is not JSON ({where}{why[:100]}); {again}") from None
    if not isinstance(whole, dict):
        raise SubmissionError(f"{name} is JSON but no notebook; {again}")
    if "cells" in whole:
        cells = whole["cells"]
    elif isinstance(whole.get("worksheets"), list):
        # nbformat 3 keeps its cells in worksheets.
        sheets = [s.get("cells") for s in whole["worksheets"] if isinstance(s, dict)]
        cells = [cell for sheet in sheets if isinstance(sheet, list) for cell in sheet]
    else:
        raise SubmissionError(f"{name} is JSON but no notebook: it has no cells; {again}")
    if not isinstance(cells, list):
        raise SubmissionError(f"{name} is no notebook: its cells are no list; {again}")
    if len(cells) > MAX_CELLS:
        raise SubmissionError(
            f"{name} has {len(cells)} cells, more than {MAX_CELLS}; hand it in with fewer"
        )
    return [_cell(cell) for cell in cells if isinstance(cell, dict)]


def _cell(cell):
    kind = cell.get("cell_type")
    meta = cell.get("metadata")
    marks = meta.get("nbgrader") if isinstance(meta, dict) else None
    marks = marks if isinstance(marks, dict) else {}
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return Cell(
        kind=kind if kind in ("code", "markdown", "raw") else "nameless",
        text=_text(source) if isinstance(source, str) else "",
        grade_id=_name(marks.get("grade_id")),
        cell_id=_name(cell.get("id")),
        graded=bool(marks.get("grade") or marks.get("solution")),
        pictures=isinstance(cell.get("attachments"), dict) and bool(cell["attachments"]),
    )


def _name(value):
    return _text(value) if isinstance(value, str) and 0 < len(value) <= 200 else None


def _text(value):
    """A text that every encoding can write: half a surrogate pair becomes a replacement mark.

    Lines end as they do in what was released, whatever the system that they were written on.
    """
    value = value.replace("\r\n", "\n")
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def take(cells, template):
    """Take the text of solution cells from a submitted notebook.

    A cell is known by its grade id; failing that by its cell id, which equals the grade id in a
    released notebook; failing that, a question is known by its heading, and in the place of a code
    cell that is missing or holds no answer, one that defines the name is taken. Of a cell that
    stands several times, the last changed definition counts: it is the one in force after all
    cells have run. What the others hold besides counts with it, since a cell may have been split.
    What was written below a question counts as its answer. What an answer uses and cells of the
    student's own alone make or import is put before it.

    Parameters
    ----------
    cells : list of Cell
    template : Template

    Returns
    -------
    Submission

    Errors
    ------
    SubmissionError where it is another assignment's notebook.
    """
    remarks, texts, adopted, several = [], {}, set(), []
    unclaimed = [c for c in cells if c.grade_id not in template.marked]
    counts = Counter(c.grade_id for c in cells)
    doubled = [
        c
        for c in cells
        if c.grade_id in template.solutions
        and counts[c.grade_id] > 1
        and c.grade_id not in c.defines
    ]
    for name, released in template.solutions.items():
        kind = template.marked[name].cell_type
        lost = "it counts as not answered"
        if kind != "code":
            lost = "look for the answer in what was handed in"
        found = [c for c in cells if c.grade_id == name]
        if not found:
            found, by = [c for c in unclaimed if c.cell_id == name], "id"
            if not found and kind != "code":
                written = [c for c in unclaimed if c.kind != "code" and c.text.strip()]
                found = [c for c in written if _heading(c.text) == _heading(released)]
                by = "heading"
            if found:
                remarks.append(
                    f"cell {name} has lost its nbgrader metadata; it was found by its {by}"
                )
        written, beside = [], []
        changed = _changed(found, released)
        more = (c for c in cells if c.kind == "code" and c not in found)
        if kind == "code" and any(name in c.makes for c in more):
            stub = _methods(released)
            if not any(_answers(c.text, name, stub) for c in changed):
                # What stands beside a stub, an import or a helper, may be used by the answer.
                beside, changed = changed, []
        if not changed:
            lack = "holds no answer" if found else "is missing"
            if kind == "code":
                others = _changed((*unclaimed, *doubled), released)
                strays = [c for c in others if c.kind == "code" and name in c.makes]
                what = "a cell that defines it was taken"
                if not strays and (elsewhere := _elsewhere(name, cells, template)):
                    what = f"it is defined in cell {elsewhere}"
                    # The stub would run after the definition and take its place.
                    rest = [_helpers(c.text, name) for c in beside]
                    said = f"# {name} stands in the cell {elsewhere}"
                    texts[name] = "\n\n".join(filter(None, [said, *rest]))
                beside = [_helpers(c.text) for c in beside] if strays else []
                found = strays or found
                adopted.update(strays)
            else:
                strays = written = _below(found, cells, template)
                what = "what was written in a cell of its own below it was taken"
                adopted.update(written)
            if strays or name in texts:
                remarks.append(f"cell {name} {lack}; {what}")
            elif not found:
                remarks.append(f"cell {name} is missing; {lost}")
        if not found or name in texts:
            continue
        if len(found) > 1:
            several.append(name)
        taken, text = _joined(found, name, released, kind)
        text = "\n\n".join([*filter(None, beside), text, *(c.text for c in written)])
        if taken.kind != kind:
            remarks.append(f"cell {name} is a {taken.kind} cell; it was read as {kind}")
        if any(c.pictures for c in (*found, *written)):
            remarks.append(f"cell {name} has pictures; they are only in what was handed in")
        if len(text) > MAX_SOURCE:
            remarks.append(
                f"cell {name} is {len(text)} characters long, more than {MAX_SOURCE}; {lost}"
            )
            continue
        texts[name] = text
    if several:
        remarks.append(
            f"more than once in the notebook: {', '.join(several)}; of each the last changed "
            "definition counts, and what the others hold besides"
        )
    foreign = [c.grade_id for c in cells if c.graded and c.grade_id not in {None, *template.marked}]
    ours = template.marked.keys() & {c.grade_id for c in cells}
    # Two assignments may have a name in common.
    if not adopted and len(ours) < len(foreign) and len(ours) < len(template.marked) / 4:
        raise SubmissionError(
            f"{template.name}.ipynb holds next to none of its cells, but others, such as "
            f"{in_a_line(foreign[0], 50)}: it is another assignment's notebook"
        )
    remarks += _supply(texts, cells, template)
    remarks += _odd(cells, template, [c for c in unclaimed if c not in adopted])
    if len(remarks) > MAX_SAID:
        remarks = [*remarks[:MAX_SAID], f"and {len(remarks) - MAX_SAID} more remarks"]
    return Submission(texts, tuple(remarks))


def _changed(found, released):
    """Those of some cells that say something else than what was released."""
    return [
        c
        for c in found
        if c.text.strip() not in ("", released.strip()) and not _is_stub(c.text, released)
    ]


def _is_stub(text, released):
    """Whether a text is the stub that was released, comments aside."""
    if "NotImplementedError" not in text:
        return False
    own, stub = _parsed(text), _parsed(released)
    return own is not None and stub is not None and ast.dump(own) == ast.dump(stub)


def _answers(text, name, stub):
    """Whether a text makes a name, and not by what only keeps its place.

    Parameters
    ----------
    text, name : str
    stub : names of the methods that are to be written, where it is a class
    """
    tree = _plain(order.FOR_ALL.sub("", text))
    making = [node for node in (tree.body if tree else ()) if name in _bound(node)]
    if not making:
        return False
    later = tree.body[tree.body.index(making[-1]) + 1 :]
    return not _keeps_place(making[-1], stub) or any(_goes_on(node, name) for node in later)


def _bound(node):
    """The names that a statement makes, or may make."""
    if isinstance(node, DEFINING):
        return {node.name}
    parts = list(ast.walk(node))
    names = {n.id for n in parts if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names |= {n.name for n in parts if isinstance(n, DEFINING)}
    return names | {a.asname or a.name for a in parts if isinstance(a, ast.alias)}


def _methods(text):
    """The names of all functions in a text."""
    tree = _parsed(text)
    return {node.name for node in ast.walk(tree) if isinstance(node, FUNCTION)} if tree else set()


def _keeps_place(node, stub):
    """Whether a statement is a definition of which something is yet to be written."""
    if isinstance(node, ast.ClassDef):
        methods = [part for part in node.body if isinstance(part, FUNCTION)]
        return not methods or any(m.name in stub and _is_unwritten(m) for m in methods)
    return isinstance(node, FUNCTION) and _is_unwritten(node)


def _is_unwritten(function):
    """Whether a function does nothing, or always ends at what tells that it is to be written."""
    idle = True
    for part in function.body:
        if isinstance(part, ast.Raise):
            return getattr(getattr(part.exc, "func", part.exc), "id", "") == "NotImplementedError"
        value = getattr(part, "value", None)
        nothing = value is None or (isinstance(value, ast.Constant) and value.value is None)
        if isinstance(part, ast.Return) and not nothing:
            return False
        said = isinstance(part, ast.Expr) and isinstance(value, ast.Constant)
        idle = idle and (said or isinstance(part, ast.Pass | ast.Return))
    return idle


def _goes_on(node, name):
    """Whether a statement goes on with a definition: decorates by it, or sets something of it."""
    parts = [*getattr(node, "decorator_list", ())]
    if isinstance(node, ast.Assign):
        parts = [t for t in node.targets if isinstance(t, ast.Attribute)]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        parts = node.value.args[:1] if getattr(node.value.func, "id", "") == "setattr" else []
    return any(getattr(n, "id", "") == name for part in parts for n in ast.walk(part))


def _helpers(text, but=None):
    """What of a text makes something and runs nothing: its functions, imports and constants.

    Parameters
    ----------
    text : str
    but : str, a name that is not to be made, or None
    """
    tree, kept = _plain(order.FOR_ALL.sub("", text)), []
    texts = texts_of(tree, text) if tree else ()
    for node, own in zip(tree.body if tree else (), texts, strict=True):
        runs = any(isinstance(part, ast.Call) for part in ast.walk(node))
        plain = isinstance(node, DEFINING | IMPORT)
        plain = plain or (isinstance(node, ast.Assign | ast.AnnAssign) and not runs)
        if plain and but not in _bound(node):
            kept.append(own)
    return "\n\n".join(kept)


def _heading(text):
    """The first line of a text."""
    return text.strip().partition("\n")[0].strip()


def _elsewhere(name, cells, template):
    """The solution cell of another name that was changed to define this one too, if any was."""
    for cell in cells:
        if cell.grade_id in template.solutions and cell.grade_id != name:
            released = template.solutions[cell.grade_id]
            if name in cell.defines and name not in _defined(released):
                return cell.grade_id
    return None


def _below(found, cells, template):
    """What a student wrote in new cells below a question, up to the assignment's next cell."""
    ids = {cell.id for cell in template.notebook.cells}
    texts = {cell.source.strip() for cell in template.notebook.cells if cell.source.strip()}
    found = set(found)
    written, left = [], 0
    for cell in cells:
        if cell in found:
            left = MAX_BELOW
        elif cell.grade_id or cell.cell_id in ids or cell.text.strip() in texts:
            left = 0
        elif left and cell.text.strip():
            left -= 1
            if cell.kind != "code" or _is_prose(cell.text):
                written.append(cell)
    return written


def _supply(texts, cells, template):
    """Put before each answer what it uses and cells of the student's own alone make; remarks."""
    released = {cell.source.strip() for cell in template.notebook.cells}
    own = [
        c.text
        for c in cells
        if c.kind == "code"
        and c.grade_id not in template.solutions
        and c.text.strip() not in ("", *released)
    ]
    if not own:
        return
    answers = {k: v for k, v in texts.items() if template.marked[k].cell_type == "code"}
    others = [
        cell.source
        for cell in template.notebook.cells
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("solution")
    ]
    for name, (names, more) in order.supplied(answers, others, own).items():
        at = FIRST_LINE.match(texts[name]).end()
        text = f"{texts[name][:at]}{more}\n{texts[name][at:]}"
        if len(text) <= MAX_SOURCE:
            texts[name] = text
            listed = in_a_line(", ".join(names[:5]), 100)
            yield f"cell {name} uses {listed} of a cell of the student's own; it was put before it"


def _joined(found, name, released, kind):
    """Of cells that stand for one: the one that counts, and its text with what others hold."""
    changed = _changed(found, released)
    if not changed:
        return found[-1], found[-1].text
    defining = {c: None for c in changed if name in c.makes}
    taken = [*(defining or changed)][-1]
    earlier = () if len(defining) > 1 and _extends(taken.text, name) else defining
    dropped = [c for c in earlier if c is not taken]
    parts = [_helpers(c.text, name) if c in dropped else c.text for c in changed]
    parts = [*filter(None, parts)]
    text = "\n\n".join(parts)
    if len(parts) == 1 or (kind == "code" and _plain(text) is None):
        # A part that can't be read would take the others with it.
        return taken, taken.text
    return taken, text


def _parsed(text):
    """The tree of what Python can read, or None."""
    if len(text) > MAX_SOURCE:
        return None
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _plain(text):
    """As ``_parsed``, also where commands of IPython's stand in single lines."""
    found = _parsed(text)
    if found is None:
        found = _parsed(COMMAND.sub(r"\1pass", text))
    return found


def _is_prose(text):
    """Whether a code cell holds nothing to run: no Python, or strings and comments alone."""
    if text.lstrip().startswith(("%", "!")):
        return False
    tree = _parsed(text)
    return tree is None or all(
        isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) for one in tree.body
    )


def _extends(text, name):
    """Whether a text defines a name by way of what the name stood for before."""
    tree = _parsed(text)
    made_of = [
        part
        for node in (tree.body if tree else ())
        if isinstance(node, DEFINING) and node.name == name
        for part in (*node.decorator_list, *getattr(node, "bases", ()))
    ]
    names = {n.id for part in made_of for n in ast.walk(part) if isinstance(n, ast.Name)}
    return name in names


def _defined(text):
    return frozenset(DEFINITION.findall(text)) if len(text) <= MAX_SOURCE else frozenset()


def _odd(cells, template, unclaimed):
    """Remarks on cells that are not graded."""
    for name, cell in template.marked.items():
        if name in template.solutions:
            continue
        found = [c for c in cells if c.grade_id == name]
        if not found:
            yield f"cell {name} is missing; the released one was used"
        elif any(c.text.strip() != cell.source.strip() for c in found):
            yield f"cell {name} was changed; the released one was used"
    for cell in unclaimed:
        if cell.graded and cell.grade_id:
            name = in_a_line(cell.grade_id, 50)
            yield f"cell {name} is none of this assignment's; it was left out"
    released = {cell.source.strip() for cell in template.notebook.cells}
    extra = sum(
        cell.kind == "code"
        and not (cell.graded and cell.grade_id)
        and bool(cell.text.strip())
        and cell.text.strip() not in released
        for cell in unclaimed
    )
    if extra:
        cells_are = (
            "1 code cell of the student's own was"
            if extra == 1
            else (f"{extra} code cells of the student's own were")
        )
        yield f"{cells_are} not run: only the assignment's cells are"
