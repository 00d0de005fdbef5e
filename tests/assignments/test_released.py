"""What students take: made from solutions/ and nothing else, complete in itself, and no leak."""

import filecmp
import json
import re
import shutil
import subprocess
import sys

import jupytext
import nbformat
import pytest

from autograder import course
from autograder.assignments.example import grade_id
from autograder.assignments.folder import write_source
from autograder.assignments.source import SolutionError, source_notebook
from autograder.checking import plain
from autograder.checking.probe import same
from autograder.exercises import CHAPTERS

ASSIGNMENTS = sorted(CHAPTERS)
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)


def released_notebook(assignment):
    path = course.RELEASED / assignment / f"{assignment}.ipynb"
    return nbformat.read(path, as_version=4)


@pytest.fixture(scope="session")
def regenerated(tmp_path_factory):
    """Every assignment made anew from its solution, in a course directory of its own."""
    root = tmp_path_factory.mktemp("course")
    course.configure(root)
    for assignment in ASSIGNMENTS:
        solution = course.SOLUTIONS / f"{assignment}.md"
        write_source(solution, CHAPTERS[assignment], root / "source", course.book_address())
        directories = {"source_directory": "source", "release_directory": "release"}
        course.generate(assignment, root, **directories)
    return root


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_committed_exercises_are_what_the_solutions_make(regenerated, assignment):
    made, committed = regenerated / "release" / assignment, course.RELEASED / assignment
    relative = {p.relative_to(made) for p in made.rglob("*") if p.is_file()}
    ours = {p.relative_to(committed) for p in committed.rglob("*") if p.is_file()}
    ours = {p for p in ours if "__pycache__" not in p.parts and ".ipynb_checkpoints" not in p.parts}
    assert relative == ours
    for path in sorted(relative):
        if path.suffix == ".npz":
            assert same(plain.load(made / path), plain.load(committed / path)), path
        else:
            assert filecmp.cmp(made / path, committed / path, shallow=False), (
                f"exercises/{assignment}/{path} is not what solutions/ makes: run `make exercises`"
            )


def test_there_is_a_solution_for_each_assignment_and_no_other():
    assert sorted(path.stem for path in course.SOLUTIONS.glob("*.md")) == ASSIGNMENTS
    assert sorted(path.name for path in course.RELEASED.iterdir()) == ASSIGNMENTS


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_nothing_released_holds_a_solution_or_a_hidden_test(assignment):
    source = (course.SOLUTIONS / f"{assignment}.md").read_text(encoding="utf-8")
    stubs = "\n".join(cell.source for cell in released_notebook(assignment).cells)
    secret = {
        line.strip()
        for region in SOLUTION.findall(source)
        for line in region.splitlines()
        # An opening line such as `with torch.no_grad():` says nothing.
        if len(line.strip()) > 15 and not line.strip().endswith(":")
    }
    assert secret
    # A line may be in the released text for another reason only if it is no code of a solution:
    # then it stands outside of every solution region too.
    outside = SOLUTION.sub("", source)
    secret = {line for line in secret if line not in outside}
    released = {
        path: _text(path)
        for path in (course.RELEASED / assignment).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    for path, text in released.items():
        found = [line for line in secret if line in text]
        assert not found, f"{path} gives away {found}"
        for word in ("BEGIN SOLUTION", "HIDDEN TESTS", "full_check", "autograder.reference"):
            assert word not in text, f"{path} holds {word!r}"
    assert "raise NotImplementedError" in stubs


def _text(path):
    if path.suffix == ".npz":
        return json.dumps(plain.pack(plain.load(path))[0])
    return path.read_text(encoding="utf-8")


ALONE = """
import sys
sys.modules["autograder"] = None  # as on a student's machine
import socket
def refuse(*args, **kwargs):
    raise OSError("offline")
socket.socket.connect = refuse
import json
import nbformat
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
notebook = nbformat.read(sys.argv[1], as_version=4)
said = {}
for cell in notebook.cells:
    if cell.cell_type == "code":
        result = shell.run_cell(cell.source)
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name.startswith("check_"):
            result.raise_error()
            said[name] = [repr(result.result), result.result._repr_html_()]
        elif result.error_before_exec:
            raise result.error_before_exec
open(sys.argv[2], "w").write(json.dumps(said))
"""


def run_alone(assignment, tmp_path, answers):
    """Check a released folder in an empty place, without our package: feedback by exercise."""
    folder = tmp_path / "alone"
    shutil.copytree(course.RELEASED / assignment, folder)
    path = folder / f"{assignment}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(grade_id(cell), cell.source)
    nbformat.write(notebook, path)
    said = tmp_path / "said.json"
    done = subprocess.run(
        [sys.executable, "-c", ALONE, path.name, said],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {k.removeprefix("check_"): v for k, v in json.loads(said.read_text()).items()}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_released_folder_checks_alone_and_offline(assignment, tmp_path):
    said = run_alone(assignment, tmp_path, {})
    assert list(said) == [exercise.name for exercise in CHAPTERS[assignment]]
    cells = {grade_id(cell): cell.source for cell in released_notebook(assignment).cells}
    for name, (text, table) in said.items():
        # Where there is code to mend in the place of a stub, it must fail altogether.
        to_mend = "raise NotImplementedError" not in cells[name]
        assert (f"{name}: 0 of" if to_mend else "not written yet") in text, text
        assert name in table


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_solutions_pass_the_public_checks(assignment, tmp_path):
    solution = course.SOLUTIONS / f"{assignment}.md"
    cells = source_notebook(solution, CHAPTERS[assignment]).cells
    answers = {grade_id(cell): cell.source for cell in cells if "exercise" not in cell.metadata}
    answers = {name: text for name, text in answers.items() if name and "check_" not in name}
    for name, (text, _) in run_alone(assignment, tmp_path, answers).items():
        assert "✗" not in text and f"{name}: " in text, text
        assert "Right on all" in text, text


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_points_and_texts_follow_from_the_declarations(assignment):
    cells = {grade_id(cell): cell for cell in released_notebook(assignment).cells}
    for exercise in CHAPTERS[assignment]:
        check = cells[f"check_{exercise.name}"]
        assert check.metadata.nbgrader.points == exercise.points
        assert check.source.startswith(f"# {exercise.points:g} point")
        first = exercise.reference.__doc__.strip().splitlines()[0]
        assert first in cells[exercise.name].source


def broken_solution(tmp_path, change):
    path = tmp_path / "lstm.md"
    text = (course.SOLUTIONS / "lstm.md").read_text(encoding="utf-8")
    path.write_text(change(text), encoding="utf-8")
    return path


def test_a_cell_without_a_declaration_is_named(tmp_path):
    path = broken_solution(tmp_path, lambda t: t.replace(":exercise: sigmoid", ":exercise: sigma"))
    with pytest.raises(SolutionError, match="no exercise 'sigma'"):
        source_notebook(path, CHAPTERS["lstm"])


def test_a_declared_exercise_without_a_cell_is_named(tmp_path):
    path = broken_solution(tmp_path, lambda t: t.replace(":exercise: sigmoid", ":locked: sigmoid"))
    with pytest.raises(SolutionError, match="sigmoid"):
        source_notebook(path, CHAPTERS["lstm"])


def test_solutions_are_text_that_jupytext_reads_as_it_was_written():
    for path in course.SOLUTIONS.glob("*.md"):
        notebook = jupytext.read(path, fmt="md:myst")
        assert any("exercise" in cell.metadata for cell in notebook.cells), path
        text = path.read_text(encoding="utf-8")
        assert text.count("BEGIN SOLUTION") == text.count("END SOLUTION")
