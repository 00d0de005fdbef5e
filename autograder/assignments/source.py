"""Make nbgrader's source notebook from the text of a solution.

In ``solutions/lstm.md`` a cell says in its metadata what it is, and everything that follows from
the exercise's declaration is filled in here:

``exercise: NAME``
    a code cell with the solution of an exercise. A docstring that is just ``...`` becomes the
    reference's docstring, and a check cell with the exercise's points follows.
``written: NAME`` and ``points: N``
    a markdown cell whose answer is graded by hand.
``locked: NAME``
    a cell that students can't change, such as the imports.

All other cells are taken as they are.
"""

import inspect
import textwrap

import jupytext
from nbformat.v4 import new_code_cell, new_notebook

CHECK = """\
{points}
check("{name}")
### BEGIN HIDDEN TESTS
from autograder.grading.stock import full_check

full_check("{assignment}", "{name}")
### END HIDDEN TESTS"""
"""A check cell: public cases at the student's side, fresh inputs at the instructor's."""
WIDTH = 86
"""Characters of a comment's line, as many as a page of the book has room for."""


class SolutionError(Exception):
    """A solution's text that no assignment can be made from; says what is wrong with which cell."""


def source_notebook(path, exercises):
    """Make the source notebook of one assignment.

    Parameters
    ----------
    path : Path of the solution, a MyST notebook named after the assignment
    exercises : the assignment's exercises, in their order

    Returns
    -------
    NotebookNode, with nbgrader's metadata, solutions and hidden tests

    Errors
    ------
    SolutionError where cells and declarations don't fit together.
    """
    declared = {exercise.name: exercise for exercise in exercises}
    cells, done = [], []
    for cell in jupytext.read(path, fmt="md:myst").cells:
        meta = dict(cell.metadata)
        cell.metadata.clear()
        if "exercise" in meta:
            name = meta["exercise"]
            if name not in declared:
                raise SolutionError(f"{path}: there is no exercise {name!r} to go with its cell")
            exercise = declared[name]
            cell.source = with_docstring(cell.source, exercise.reference)
            cells += [_nbgrader(cell, name, solution=True), _check_cell(path.stem, exercise)]
            done.append(name)
        elif "written" in meta:
            points = {"points": float(meta["points"])}
            cells.append(_nbgrader(cell, meta["written"], solution=True, grade=True, **points))
        elif "locked" in meta:
            cells.append(_nbgrader(cell, meta["locked"], locked=True))
        else:
            cells.append(cell)
    if done != list(declared):
        raise SolutionError(
            f"{path}: exercises come in the order {', '.join(done)}; "
            f"declared are {', '.join(declared)}"
        )
    for number, cell in enumerate(cells):
        # The same text must give the same file.
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id", f"text-{number}")
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    language = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": language})


def with_docstring(source, reference):
    """Put a reference's docstring in the place of a docstring that is just ``...``."""
    doc = inspect.getdoc(reference)
    lines = []
    for line in source.splitlines():
        if line.strip() == '"""..."""':
            indent = line[: len(line) - len(line.lstrip())]
            text = f'"""{doc}\n"""' if "\n" in doc else f'"""{doc}"""'
            line = textwrap.indent(text, indent)
        lines.append(line)
    return "\n".join(lines)


def _nbgrader(cell, grade_id, **flags):
    """Mark a cell for nbgrader."""
    marks = {"grade": False, "solution": False, "locked": False, "task": False} | flags
    cell.metadata["nbgrader"] = {"grade_id": grade_id, "schema_version": 3, **marks}
    return cell


def _check_cell(assignment, exercise):
    points = f"{exercise.points:g} point{'s' if exercise.points != 1 else ''}"
    if exercise.extra:
        points += " on top"
    if len(exercise.parts) > 1:
        points += ": " + ", ".join(f"{part.points:g} for {part.says}" for part in exercise.parts)
    else:
        points += f" for {exercise.parts[0].says}"
    points = textwrap.fill(points, WIDTH, initial_indent="# ", subsequent_indent="#   ")
    source = CHECK.format(points=points, name=exercise.name, assignment=assignment)
    flags = {"grade": True, "locked": True, "points": float(exercise.points)}
    return _nbgrader(new_code_cell(source), f"check_{exercise.name}", **flags)
