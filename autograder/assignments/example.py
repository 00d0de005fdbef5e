"""An example class: submissions made by code, each with the points that its making earns."""

import ast
import copy
import inspect
import random
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.checking.exercise import edited_source
from autograder.checking.reading import PREPARED

SEEDS = (1, 2)
"""What is drawn for saying beforehand what a mistake earns; it is the same for all."""
MARKS = re.compile(
    r"^ *### (?:BEGIN|(?:STUDENTS GET\n(?: *#(?: .*)?\n)* *### )?END) SOLUTION\n?", re.M
)
"""What marks a solution, and what students get in its place."""
TO_THE_GRADER = re.compile(r" ?\*[^*\n]+\*(?:\n\n)?")
"""What stands in italics in the key of a written question."""


@dataclass(frozen=True)
class Submission:
    """What one student of the example class hands in."""

    student: str
    says: str
    """What the student did."""
    notebook: bytes | None
    """The file, or None where there is none."""
    points: dict[str, float]
    """Points that each exercise earns, graded by machine."""


class Maker:
    """Makes submissions to one assignment.

    Parameters
    ----------
    released : Path of the released notebook
    source : Path of nbgrader's source notebook, with the solutions
    exercises : the assignment's exercises
    """

    def __init__(self, released, source, exercises):
        self.exercises = {exercise.name: exercise for exercise in exercises}
        self.released = nbformat.read(released, as_version=4)
        self.solutions = {
            grade_id(cell): as_handed_in(cell)
            for cell in nbformat.read(source, as_version=4).cells
            if cell.metadata.get("nbgrader", {}).get("solution")
        }

    def notebook(self, answers):
        """The released notebook with some cells filled in."""
        notebook = copy.deepcopy(self.released)
        for cell in notebook.cells:
            cell.source = answers.get(grade_id(cell), cell.source)
        return notebook

    def points(self, right=(), **others):
        """Points by exercise: all for the right ones, none for the rest, and as given."""
        full = {name: e.points if name in right else 0.0 for name, e in self.exercises.items()}
        return full | others

    def solved(self, **answers):
        """The solved notebook, with some cells answered otherwise."""
        return self.notebook(self.solutions | answers)

    def everyone(self):
        """The whole class: a list of Submission."""
        names = list(self.exercises)
        first, half = names[0], names[: len(names) // 2]
        made = [
            self._submission("ada", "everything right", self.solved(), self.points(names)),
            self._submission("ben", "nothing done", self.notebook({}), self.points()),
            self._submission(
                "cleo",
                "the first half done",
                self.notebook({name: self.solutions[name] for name in half}),
                self.points(half),
            ),
            self._spoiled("dora", "a cell that doesn't parse", first, "def broken(:\n    pass"),
            self._spoiled("emil", "a cell that never ends", first, "while True:\n    pass"),
            self._spoiled(
                "fay", "an answer that never ends", first, f"def {first}(*a):\n    while True: pass"
            ),
            self._spoiled(
                "gus",
                "an answer that prints without end",
                first,
                f"def {first}(*a):\n    while True: print('again ' * 100)",
            ),
            self._spoiled(
                "hana",
                "an answer that ends the kernel",
                first,
                f"import os\n\ndef {first}(*a):\n    os._exit(0)",
            ),
            self._cells_deleted(),
            self._cells_copied(),
            Submission("kim", "a file that is not JSON", b"{ this is no notebook", self.points()),
            Submission("lou", "no notebook", None, self.points()),
        ]
        return made + list(self._mistaken())

    def mixed(self, count):
        """A class of any size and of mixed quality.

        A quarter has everything right, a tenth nothing, a quarter a part of it; the others have
        one answer wrong: a known mistake, an error, a text that doesn't parse, or much printed. No
        code never ends, and no file is broken. No two students hand in the same text: each answer
        carries its student's name. How many points the answers earn is not said.

        Parameters
        ----------
        count : int

        Returns
        -------
        iterator of Submission
        """
        rng, wrong = random.Random(0), list(self._wrong())
        names, solved = list(self.exercises), self.solutions
        for number in range(count):
            says, answers = "everything right", solved
            luck = rng.random()
            if luck < 0.1:
                says, answers = "nothing done", {}
            elif luck < 0.35:
                done = rng.randrange(1, len(names))
                says, answers = f"the first {done} done", {n: solved[n] for n in names[:done]}
            elif luck < 0.75:
                says, name, text = rng.choice(wrong)
                says, answers = f"{name}: {says}", solved | {name: text}
            student = f"student-{number:05}"
            signed = {name: f"{text}\n# {student}" for name, text in answers.items()}
            yield self._submission(student, says, self.notebook(signed), {})

    def _wrong(self):
        """Ways to get one answer wrong: in words, the exercise, and the text."""
        for name, exercise in self.exercises.items():
            yield "doesn't parse", name, "def broken(:\n    pass"
            yield "an error in its cell", name, "raise ValueError('no idea')"
            yield "prints", name, f"{self.solutions[name]}\nprint([1.5] * 1000)"
            if exercise.subject == "draws":
                # By luck a wrong draw can come out right.
                continue
            for mistake in exercise.mistakes:
                if mistake.edits:
                    yield mistake.name, name, self._mistake(name, mistake)

    def _submission(self, student, says, notebook, points):
        return Submission(student, says, nbformat.writes(notebook).encode(), points)

    def _spoiled(self, student, says, name, source):
        others = [n for n in self.exercises if n != name]
        return self._submission(student, says, self.solved(**{name: source}), self.points(others))

    def _cells_deleted(self):
        """The last exercise's own cell and the first one's check cell are gone."""
        *others, last = self.exercises
        gone = {last, f"check_{next(iter(self.exercises))}"}
        notebook = self.solved()
        notebook.cells = [cell for cell in notebook.cells if grade_id(cell) not in gone]
        return self._submission("ines", "two cells deleted", notebook, self.points(others))

    def _cells_copied(self):
        """Every cell stands twice, as after select all, copy and paste."""
        notebook = self.solved()
        notebook.cells = [
            NotebookNode(copy.deepcopy(cell) | {"id": f"{cell.id}{suffix}"})
            for cell in notebook.cells
            for suffix in ("", "-copy")
        ]
        return self._submission(
            "jan", "every cell copied twice", notebook, self.points(self.exercises)
        )

    def _mistaken(self):
        """One student for the first known mistake of each exercise that is an edit."""
        for name, exercise in self.exercises.items():
            mistake = next((m for m in exercise.mistakes if m.edits), None)
            if mistake is None:
                continue
            wrong = exercise.wrong[mistake.name]
            (earned,) = {exercise.check(wrong, seed).points for seed in SEEDS}
            others = [n for n in self.exercises if n != name]
            yield self._submission(
                f"student-{name.lower().replace('_', '-')}",
                f"{name}: {mistake.name}",
                self.solved(**{name: self._mistake(name, mistake)}),
                self.points(others, **{name: earned}),
            )

    def _mistake(self, name, mistake):
        """The text of an answer that makes a known mistake."""
        known = {*PREPARED, *self.exercises} - {name}
        return standing_alone(self.exercises[name].reference, mistake.edits, known)


def standing_alone(reference, edits, known):
    """The text of a wrong implementation, after the texts of what it uses of its module.

    Parameters
    ----------
    reference : function or class
    edits : pairs (old, new), as ``edited``
    known : set of str, the names that a notebook has anyway

    Returns
    -------
    str
    """
    module = inspect.getmodule(reference)
    texts, waiting, seen = [edited_source(reference, edits)], [], {*known, reference.__name__}
    waiting.append(texts[0])
    while waiting:
        for name in _loaded(waiting.pop()) - seen:
            if name not in vars(module):
                continue
            seen.add(name)
            value = vars(module)[name]
            if inspect.ismodule(value):
                text = f"import {value.__name__} as {name}"
            elif inspect.getmodule(value) is not None and not _ours(value):
                text = f"from {value.__module__} import {value.__name__} as {name}"
            elif inspect.isroutine(value) or inspect.isclass(value):
                text = textwrap.dedent(inspect.getsource(value))
                waiting.append(text)
            else:
                text = f"{name} = {value!r}"
            texts.insert(0, text)
    return "\n\n".join(text.strip() for text in texts) + "\n"


def _ours(value):
    return inspect.getmodule(value).__name__.split(".")[0] == __name__.split(".")[0]


def _loaded(text):
    """The names that a text reads."""
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


def as_handed_in(cell):
    """The solution in a cell of a source notebook, as a student would have written it."""
    text = MARKS.sub("", cell.source).rstrip()
    return text if cell.cell_type == "code" else TO_THE_GRADER.sub("", text)


def grade_id(cell):
    """nbgrader's name of a cell, or None."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def hand_in(submissions, assignment, submitted):
    """Lay submissions out as nbgrader wants them: ``submitted/STUDENT/ASSIGNMENT/``.

    Parameters
    ----------
    submissions : list of Submission
    assignment : str
    submitted : Path
    """
    for submission in submissions:
        folder = Path(submitted) / submission.student / assignment
        folder.mkdir(parents=True, exist_ok=True)
        if submission.notebook is not None:
            (folder / f"{assignment}.ipynb").write_bytes(submission.notebook)
