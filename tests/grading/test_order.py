"""What an answer uses is changed by later cells only where these bind it to something else."""

import time

import pytest

from autograder import course
from autograder.exercises import CHAPTERS
from autograder.grading.order import changed_later, read, supplied

SETUP = "import numpy as np\nimport torch\nfrom torch import nn"
ANSWER = "def helper(a):\n    return np.tanh(a)\n\ndef answer(x):\n    y = helper(x)\n    return y"


@pytest.mark.parametrize(
    ("later", "changed"),
    [
        ("def answer(x): return 0", ["answer"]),
        ("def helper(a): return 0", ["helper"]),
        ("class helper: pass", ["helper"]),
        ("helper = answer = None", ["answer", "helper"]),
        ("if True:\n    for helper in []: pass", ["helper"]),
        ("%matplotlib inline\nfrom torch import tanh as helper", ["helper"]),
        ("import jax.numpy as np", ["np"]),
        ("from torch import *", ["from torch import *"]),
        ("del helper", ["helper"]),
        ("x = y = a = 1", []),
        ("def other(helper, np):\n    answer = helper\n    return answer", []),
        ("import numpy as np, torch.nn\nimport torch.nn as nn", []),
        ("print(answer(helper(3)))", []),
        ("def answer(:", []),
        ("", []),
    ],
)
def test_what_later_cells_change_of_what_an_answer_uses(later, changed):
    assert changed_later("answer", read([SETUP, ANSWER, "z = 1", later]), 2) == changed


@pytest.mark.parametrize(
    ("before", "later", "changed"),
    [
        ("answer = helper = abs", "abs = 3", ["abs"]),
        ("def answer(): return later", "later = 3", []),
        ("from numpy import *\ndef answer(x): return tanh(x)", "tanh = 3", ["tanh"]),
        ("from torch import *\ndef answer(x): return tanh(x)", "from torch import *", []),
        ("@helper\ndef answer(): return 3", "helper = 3", []),
        ("def helper(a): return a\n@helper\ndef answer(): return 3", "helper = 3", ["helper"]),
        ("class answer:\n    def f(self): return self.g", "g = f = 3", []),
        ("x = 1; y = x; answer = y", "x = 3", ["x"]),
        ("from torch import tanh as x\nx = 1\nanswer = x", "from torch import tanh as x", ["x"]),
        ("import numpy as x; answer = x", "import torch as x", ["x"]),
        ("def answer(: pass", "helper = 3", []),
    ],
)
def test_what_counts_as_used(before, later, changed):
    assert changed_later("answer", read([before, later]), 1) == changed


@pytest.mark.parametrize(
    "cell",
    [
        "x = 1; " * 30_000,
        " = ".join(f"a{k}" for k in range(30_000)),
        '"""\n"""; x = 1; ' * 10_000,
        "answer = " + "(lambda: " * 90 + "x" + ")" * 90,
        "answer = " + "-" * 100_000 + "x",
        "x = '\0'",
        "nonlocal x",
        "@property\n" * 10_000 + "def answer(): pass",
    ],
    ids=lambda cell: cell[:20],
)
def test_what_no_person_writes_takes_no_longer_than_other_text(cell):
    start = time.process_time()
    cells = read([cell, cell])
    changed_later("answer", cells, 1)
    changed_later("a0", cells, 1)
    supplied({"answer": cell}, [], [cell])
    assert time.process_time() - start < 10


def test_long_chains_of_own_cells_are_left_alone():
    chain = "a0 = 1\n" + "".join(f"a{k + 1} = a{k}\n" for k in range(1_900))
    answers = {str(n): " + ".join(f"a{k}" for k in range(1_900)) for n in range(4)}
    start = time.process_time()
    found = supplied(answers, [], [chain])
    assert found["0"][1].count("\n") < 100 and time.process_time() - start < 10


def test_of_a_notebook_longer_than_anyone_writes_nothing_is_known():
    assert read(["answer = 3\n" * 3_000] * 4) == [()] * 4


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_in_a_released_notebook_no_cell_changes_what_an_earlier_answer_uses(chapter):
    maker = course.maker(chapter)
    for notebook in (maker.solved(), maker.notebook({})):
        texts = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        for exercise in CHAPTERS[chapter]:
            (end,) = [k for k, text in enumerate(texts) if f'check("{exercise.name}")' in text]
            assert changed_later(exercise.name, read(texts), end) == []
