"""How long things take, on this machine, in one run: ``_build/bench.json``."""

import contextlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import BaseCell, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook

from autograder import course
from autograder.assignments.example import hand_in
from autograder.grading.assignment import CHECK as CHECK_CELL

RESULT = course.BUILD / "bench.json"
PLACE = course.BUILD / "bench"
ASSIGNMENT = "lstm"
SUBMISSIONS, STOCK_SUBMISSIONS = 300, 20
"""Of the class that every route grades, and of the sample of it that stock nbgrader grades."""
SIZES = (1_000, 5_000)
LOOK = 1.0
"""Seconds between two looks at the memory."""

CHECK = """
import json, sys, time
start = time.perf_counter()
import numpy, torch
loaded = time.perf_counter()
from check import check
import nbformat
notebook = nbformat.read(sys.argv[1], as_version=4)
namespace = {}
for cell in notebook.cells:
    if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
        exec("import numpy as np, torch\\nfrom torch import nn\\n" + cell.source, namespace)
begin = time.perf_counter()
names = [c.metadata.nbgrader.grade_id for c in notebook.cells
         if c.metadata.get("nbgrader", {}).get("grade_id", "").startswith("check_")]
for name in names:
    feedback = check(name.removeprefix("check_"), namespace)
    assert feedback.verdict.status == "pass", feedback
end = time.perf_counter()
print(json.dumps({"import_numpy_and_torch_s": loaded - start, "all_checks_s": end - begin,
                  "exercises": len(names)}))
"""


def timed(command, **options):
    """Seconds that a command takes; its output is shown only if it fails."""
    start = time.perf_counter()
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise course.StepFailed(f"{' '.join(map(str, command))} failed:\n{done.stdout}")
    return seconds


def book():
    """Build a copy of the book cold, warm, and warm after an edit to one page."""
    copy = PLACE / "copy"
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=course.ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, files):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(course.ROOT / name, copy / name)
    command = [Path(sys.executable).parent / "jupyter-book", "build", ".", "-W", "-n"]
    yield "cold_s", timed(command, cwd=copy)
    yield "warm_unchanged_s", timed(command, cwd=copy)
    page = copy / "book" / ASSIGNMENT / "librarian.md"
    page.write_text(page.read_text(encoding="utf-8") + "\nOne more line.\n", encoding="utf-8")
    yield "warm_after_an_edit_s", timed(command, cwd=copy)


@dataclass(frozen=True)
class Ran:
    """How a command ran."""

    seconds: float
    cpu_seconds: float
    """Processor time of all its processes, which other programs of the machine change little."""
    peak_mb: float
    """Memory of all its processes together, pages that they share counted once (PSS)."""


def watched(command, **options):
    """Run a command and watch its memory, whatever its exit code."""
    start, used, peak = time.perf_counter(), _cpu_seconds(), 0
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )
    while process.poll() is None:
        peak = max(peak, _memory(psutil.Process(process.pid)))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LOOK)
    return Ran(time.perf_counter() - start, _cpu_seconds() - used, peak / 2**20)


def _cpu_seconds():
    """Processor time of the processes that have been waited for, and of those below them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(process):
    """Bytes of a process and of all below it."""
    whole = 0
    with contextlib.suppress(psutil.Error):
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                whole += one.memory_full_info().pss
    return whole


NBGRADER = [sys.executable, "-m", "nbgrader"]
GRADE = [sys.executable, "-m", "autograder", "grade", ASSIGNMENT]


def classroom(name, submissions):
    """A course directory of its own in which submissions have been handed in."""
    root = PLACE / name
    course.configure(root)
    course.generate(ASSIGNMENT, root, release_directory="release")
    hand_in(submissions, ASSIGNMENT, root / "submitted")
    return root


def scores(root):
    """What the grader gave: points by cell for each student who has any."""
    with Gradebook(course.nbgrader(root).coursedir.db_url) as gradebook:
        rows = (
            gradebook.db.query(SubmittedAssignment.student_id, BaseCell.name, Grade.auto_score)
            .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(BaseCell, BaseCell.id == Grade.cell_id)
            .filter(BaseCell.name.startswith(CHECK_CELL))
        )
        given = {}
        for student, cell, points in rows:
            given.setdefault(student, {})[cell] = points
        return given


def grading():
    """Grade one class on every route, compare the scores, then classes of growing size."""
    maker = course.maker(ASSIGNMENT)
    whole = list(maker.mixed(SUBMISSIONS))
    sample = whole[:: SUBMISSIONS // STOCK_SUBMISSIONS]
    stock = os.environ | {"COURSE_GRADER": "stock"}
    routes = {
        "stock": (sample, [*NBGRADER, "autograde", ASSIGNMENT], stock),
        "plugin": (whole, [*NBGRADER, "autograde", ASSIGNMENT], None),
        "grade_1_worker": (whole, [*GRADE, "--jobs", "1"], None),
        "grade_2_workers": (whole, [*GRADE, "--jobs", "2"], None),
    }
    yield "submissions", len(whole)
    yield "stock_submissions", len(sample)
    given, roots, seconds = {}, {}, {}
    for name, (submissions, command, env) in routes.items():
        roots[name] = root = classroom(name, submissions)
        if command[:4] == GRADE[:4]:
            command = [*command, "--root", root]
        ran = watched(command, cwd=root, env=env)
        seconds[name] = ran.seconds / len(submissions)
        yield f"{name}_s", seconds[name]
        yield f"{name}_cpu_s", ran.cpu_seconds / len(submissions)
        yield f"{name}_mb", ran.peak_mb
        given[name] = scores(roots[name])
    for name in list(routes)[1:]:
        yield f"{name}_times_stock", seconds["stock"] / seconds[name]
    ours = given["plugin"]
    differ = sorted(
        student
        for route in given.values()
        for student, points in route.items()
        if points != ours.get(student)
    )
    graded = all(len(given[name]) == len(whole) for name in list(routes)[1:])
    yield "equal_scores", graded and not differ
    yield "scores_differ", differ
    yield "stock_can_not_grade", sorted({s.student for s in sample} - set(given["stock"]))
    pages = [*NBGRADER, "generate_feedback", ASSIGNMENT]
    ran = watched(pages, cwd=roots["stock"], env=stock)
    yield "stock_feedback_s", ran.seconds / len(given["stock"])
    yield "feedback_s", watched(pages, cwd=roots["plugin"]).seconds / len(whole)
    for size in SIZES:
        yield from growth(maker, size)


def growth(maker, size):
    """Grade a class on all cores, with feedback pages; per submission."""
    root = classroom(f"class_{size}", maker.mixed(size))
    graded = watched([*GRADE, "--root", root])
    yield f"grade_{size}_s", graded.seconds / size
    yield f"grade_{size}_cpu_s", graded.cpu_seconds / size
    yield f"grade_{size}_mb", graded.peak_mb
    again = watched([*GRADE, "--root", root])
    yield f"nothing_new_{size}_s", again.seconds / size
    pages = watched([*GRADE, "--root", root, "--feedback"])
    written = len(list(root.glob("feedback/*/*/*.html")))
    if written != size or len(scores(root)) != size:
        raise course.StepFailed(f"of {size} submissions {written} have their page")
    yield f"feedback_{size}_s", (pages.seconds - again.seconds) / size
    yield f"feedback_{size}_mb", pages.peak_mb
    shutil.rmtree(root)


def check():
    """Check one whole assignment as a student's notebook does."""
    folder = PLACE / "student"
    shutil.copytree(course.RELEASED / ASSIGNMENT, folder)
    nbformat.write(course.maker(ASSIGNMENT).solved(), folder / "solved.ipynb")
    runs = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", CHECK, "solved.ipynb"],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise course.StepFailed(done.stderr)
        runs.append(json.loads(done.stdout))
    for key in runs[0]:
        yield key, statistics.median(run[key] for run in runs)


MEASURES = {"check": check, "grading": grading, "book": book}
"""What is measured: generators of names and values, written down one by one."""


def run(say, wanted=()):
    """Take measures and write the results; those of measures that are not taken stay.

    Parameters
    ----------
    say : function that tells the person at the terminal how things go
    wanted : names of measures; all where empty
    """
    if unknown := sorted(set(wanted) - set(MEASURES)):
        raise course.StepFailed(
            f"there is no measure {', '.join(unknown)}; there are: {', '.join(MEASURES)}"
        )
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    result = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    for name in wanted or MEASURES:
        say(f"measuring {name} …")
        result[name] = {}
        for key, value in MEASURES[name]():
            shown = f"{value:.4g}" if isinstance(value, float) else value
            print(f"{name:8} {key:28} {shown}", flush=True)
            result[name][key] = value
            RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(PLACE)
    say(f"written to {RESULT.relative_to(course.ROOT)}")
