"""Lay out an assignment's source folder: the notebook, and what students get beside it."""

import shutil
from pathlib import Path

import nbformat

from autograder import checking
from autograder.checking import plain
from autograder.checking.probe import same

from .source import source_notebook

PUBLIC_SEED = 0
"""Seed of the public cases. They are no secret: they lie in the released folder."""

CHECK_PY = '''\
"""Checks your answers on the public cases: ``check("lstm_step")``, at once and offline."""

from pathlib import Path

from checking.client import Check

check = Check(Path(__file__).parent / "cases.npz")
'''


def write_source(solution, exercises, source, book="", released=None):
    """Write one assignment's source folder.

    Parameters
    ----------
    solution : Path of the solution, a MyST notebook named after the assignment
    exercises : the assignment's exercises
    source : Path of nbgrader's source directory
    book : str, the address of the book, put before each link in the feedback
    released : Path of the folder released before, if any: its cases are kept where they differ
        from the new ones by rounding alone, so that another machine makes the same file

    Returns
    -------
    Path of the folder
    """
    notebook = source_notebook(solution, exercises)
    folder = source / solution.stem
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "checking").mkdir(parents=True)
    nbformat.write(notebook, folder / f"{solution.stem}.ipynb")
    (folder / "check.py").write_text(CHECK_PY, encoding="utf-8")
    for name in checking.SHIPPED:
        module = Path(checking.__file__).parent / f"{name}.py"
        shutil.copyfile(module, folder / "checking" / f"{name}.py")
    cases = public(exercises, PUBLIC_SEED, book)
    before = released / "cases.npz" if released else None
    if before and before.exists() and same(plain.load(before), cases):
        shutil.copyfile(before, folder / "cases.npz")
    else:
        plain.save(folder / "cases.npz", cases)
    return folder


def public(exercises, seed, book=""):
    """What a released folder carries of its exercises, as plain data.

    Parameters
    ----------
    exercises : list of Exercise
    seed : int, for the public cases
    book : str, the address of the book, put before each link

    Returns
    -------
    dict for ``plain.save``
    """
    carried = {exercise.name: exercise.public(seed) for exercise in exercises}
    return {"book": book, "exercises": carried}
