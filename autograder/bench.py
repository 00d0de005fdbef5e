"""How long things take, on this machine, in one run: ``_build/bench.json``."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import nbformat

from autograder import course
from autograder.assignments.example import Submission, hand_in

RESULT = course.BUILD / "bench.json"
PLACE = course.BUILD / "bench"
ASSIGNMENT = "lstm"
STOCK_SUBMISSIONS = 5

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
    result = {"cold_s": timed(command, cwd=copy), "warm_unchanged_s": timed(command, cwd=copy)}
    page = copy / "book" / ASSIGNMENT / "librarian.md"
    page.write_text(page.read_text(encoding="utf-8") + "\nOne more line.\n", encoding="utf-8")
    result["warm_after_an_edit_s"] = timed(command, cwd=copy)
    return result


def stock():
    """Grade right submissions by nbgrader as it comes, our grading path off."""
    root = PLACE / "class"
    course.configure(root)
    course.generate(ASSIGNMENT, root, release_directory="release")
    solved = nbformat.writes(course.maker(ASSIGNMENT).solved()).encode()
    class_ = [Submission(f"s{k}", "right", solved, {}) for k in range(STOCK_SUBMISSIONS)]
    hand_in(class_, ASSIGNMENT, root / "submitted")
    env = os.environ | {"COURSE_GRADER": "stock"}
    seconds = timed([sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT], cwd=root, env=env)
    return {"submissions": STOCK_SUBMISSIONS, "stock_s": seconds / STOCK_SUBMISSIONS}


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
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


MEASURES = {"check": check, "grading": stock, "book": book}


def run(say):
    """Take every measure and write the results.

    Parameters
    ----------
    say : function that tells the person at the terminal how things go
    """
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    result = {}
    for name, measure in MEASURES.items():
        say(f"measuring {name} …")
        result[name] = measure()
        for key, value in result[name].items():
            print(f"{name:8} {key:28} {value:.3f}".rstrip("0").rstrip("."))
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(PLACE)
    say(f"written to {RESULT.relative_to(course.ROOT)}")
