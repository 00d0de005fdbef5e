"""Of a submission the text of solution cells is taken, whatever else is in it or wrong with it."""

import copy
import json
import os

import nbformat
import pytest

from autograder.assignments.example import grade_id
from autograder.grading import rebuild
from autograder.grading.rebuild import MissingNotebook, SubmissionError


@pytest.fixture
def solved(classroom):
    """A solved notebook, and a function that takes what is in it after it was changed."""
    notebook = classroom.maker.solved()

    def take(document=None):
        data = nbformat.writes(document or notebook).encode()
        return rebuild.take(rebuild.parse(data, "lstm.ipynb"), classroom.template)

    return notebook, take


def cell(notebook, name):
    return next(c for c in notebook.cells if grade_id(c) == name)


def test_the_texts_of_solution_cells_are_taken_and_nothing_else(classroom, solved):
    _, take = solved
    submission = take()
    assert submission.texts == classroom.maker.solutions
    assert submission.remarks == ()
    filled = classroom.template.filled(submission.texts)
    for released, ours in zip(classroom.template.notebook.cells, filled.cells, strict=True):
        assert ours.metadata == released.metadata
        if grade_id(ours) in classroom.template.solutions:
            assert ours.source == classroom.maker.solutions[grade_id(ours)]
        else:
            assert ours.source == released.source


def test_tags_metadata_and_check_cells_of_the_students_make_no_difference(classroom, solved):
    notebook, take = solved
    clean = classroom.template.filled(take().texts)
    for c in notebook.cells:
        c.metadata["tags"] = ["skip-execution", "raises-exception"]
        if grade_id(c) and grade_id(c).startswith("check_"):
            c.source = "1.0"
            c.metadata.nbgrader["points"] = 1000
    submission = take()
    assert classroom.template.filled(submission.texts) == clean
    assert any("check_sigmoid was changed" in remark for remark in submission.remarks)


def test_lines_may_end_as_they_do_elsewhere(classroom, solved):
    notebook, take = solved
    for one in notebook.cells:
        one.source = one.source.replace("\n", "\r\n")
    assert take() == rebuild.Submission(dict(classroom.maker.solutions))


def test_of_a_cell_that_stands_twice_the_last_changed_one_counts(classroom, solved):
    notebook, take = solved
    stub, first = copy.deepcopy(cell(notebook, "sigmoid")), copy.deepcopy(cell(notebook, "sigmoid"))
    stub.source = classroom.template.solutions["sigmoid"]
    stub.id, first.id = "stub", "first"
    first.source = "sigmoid = None"
    here = notebook.cells.index(cell(notebook, "sigmoid"))
    notebook.cells.insert(here, first)
    notebook.cells.append(stub)
    submission = take()
    assert submission.texts["sigmoid"] == classroom.maker.solutions["sigmoid"]
    assert any("more than once" in remark and "sigmoid" in remark for remark in submission.remarks)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        (["", "{}"], "{}"),
        (["{}", "", "   "], "{}"),
        (["{}", "# my notes"], "{}\n\n# my notes"),
        (["def helper(a):\n    return a", "{}"], "def helper(a):\n    return a\n\n{}"),
        (["def sigmoid(a):\n    pass", "{}", "x = 1"], "{}\n\nx = 1"),
        (
            ["import math\n@f\ndef g(a):\n    return a\nsigmoid = abs\nprint(sigmoid(3))", "{}"],
            "import math\n\n@f\ndef g(a):\n    return a\n\n{}",
        ),
        (["{}", "sigmoid = abs"], "sigmoid = abs"),
        (["print(", "{}"], "{}"),
        (["%%time\nprint(1)", "{}"], "{}"),
        (["%matplotlib inline\none = 1", "{}"], "%matplotlib inline\none = 1\n\n{}"),
        (["{}", "class sigmoid(sigmoid):\n    pass"], "{}\n\nclass sigmoid(sigmoid):\n    pass"),
        (["{}", "print(1) == " * 99_999], "{}"),
    ],
)
def test_a_cell_that_was_split_or_copied_keeps_what_it_says(classroom, solved, others, expected):
    notebook, take = solved
    own, answer = cell(notebook, "sigmoid"), classroom.maker.solutions["sigmoid"]
    here = notebook.cells.index(own)
    copies = [copy.deepcopy(own) for _ in others]
    for number, (one, text) in enumerate(zip(copies, others, strict=True)):
        one.id, one.source = f"copy-{number}", text.replace("{}", answer)
    notebook.cells[here : here + 1] = copies
    assert take().texts == classroom.maker.solutions | {"sigmoid": expected.replace("{}", answer)}


def test_a_written_answer_in_two_cells_is_read_whole(solved):
    notebook, take = solved
    first = cell(notebook, "why_two_states")
    second = copy.deepcopy(first)
    first.source, second.source, second.id = "First.", "Second.", "second"
    notebook.cells.append(second)
    assert take().texts["why_two_states"] == "First.\n\nSecond."


def test_a_definition_under_another_cells_name_is_found(classroom, solved):
    notebook, take = solved
    cell(notebook, "sigmoid").metadata.nbgrader["grade_id"] = "forget_gate"
    texts = take().texts
    assert texts["sigmoid"] == classroom.maker.solutions["sigmoid"]
    assert texts["forget_gate"].endswith(classroom.maker.solutions["forget_gate"])


def test_a_deleted_cell_counts_as_not_answered(classroom, solved):
    notebook, take = solved
    notebook.cells = [c for c in notebook.cells if grade_id(c) != "sigmoid"]
    submission = take()
    assert "sigmoid" not in submission.texts
    assert any("cell sigmoid is missing" in remark for remark in submission.remarks)
    filled = classroom.template.filled(submission.texts)
    assert cell(filled, "sigmoid").source == classroom.template.solutions["sigmoid"]


def test_a_question_that_lost_its_metadata_is_found_by_its_heading(classroom, solved):
    notebook, take = solved
    lost = cell(notebook, "why_two_states")
    lost.metadata.clear()
    lost.id, lost.source = "something-else", "## Why two states?\n\nBecause.\n"
    submission = take()
    assert submission.texts["why_two_states"] == lost.source
    assert any("found by its heading" in remark for remark in submission.remarks)
    lost.source = "Because."
    submission = take()
    assert "why_two_states" not in submission.texts
    assert any("look for the answer in what was handed in" in r for r in submission.remarks)


OWN = """%matplotlib inline
import torch.nn.functional as F
from typing import (
    Tuple,
)

MOST = 30
sigmoid = 3


@np.vectorize
def bound(x): return min(x, MOST) + unused()


draws = np.random.rand(10**9)"""


def test_what_an_answer_uses_of_cells_that_do_not_run_is_put_before_it(classroom, solved):
    notebook, take = solved
    answers = classroom.maker.solutions
    notebook.cells.insert(1, nbformat.v4.new_code_cell(OWN))
    cell(notebook, "setup").source += "\nimport math\nimport numpy as np"
    uses = {
        "sigmoid": "def sigmoid(x) -> Tuple[int]:\n    return bound(math.exp(x))",
        "LSTM": "%%time\nclass LSTM(nn.Module):\n    forward = F.tanh",
        "lstm_step": "def lstm_step(math):\n    MOST = math\n    return sigmoid(MOST)",
    }
    for name, text in uses.items():
        cell(notebook, name).source = text
    submission = take()
    assert submission.texts == answers | uses | {
        "sigmoid": "from typing import (\n    Tuple,\n)\nMOST = 30\n@np.vectorize\n"
        "def bound(x): return min(x, MOST) + unused()\nimport math\n" + uses["sigmoid"],
        "LSTM": uses["LSTM"].replace("%%time\n", "%%time\nimport torch.nn.functional as F\n"),
    }
    said = "cell LSTM uses F of a cell of the student's own; it was put before it"
    assert said in submission.remarks


@pytest.mark.parametrize(
    ("own", "use", "put"),
    [
        ("K = 1\nK += 1\nK += 1", "return K", None),
        ("def f(a): return a\nf = np.vectorize(f)", "return f(x)", None),
        ("A = {}\nA['s'] = 1\nprint(A)", "return A['s']", "A = {}\nA['s'] = 1"),
        ("A = []\nfor k in 3, 4:\n    A.append(k)", "return A[0]", None),
        ("class Ops: pass\nOps.s = 3", "return Ops.s", None),
        ("A = 3; B = A", "return B", "A = 3\nB = A"),
        ("from math import *\nfrom os import *", "return sqrt(getpid())", "from math import sqrt"),
        ("value = sigmoid(3)", "print(value)", ""),
        ("def twice(x): return sigmoid(sigmoid(x))", "return twice(x)", None),
    ],
)  # fmt: skip
def test_what_is_put_before_an_answer_is_whole(solved, own, use, put):
    notebook, take = solved
    notebook.cells.insert(1, nbformat.v4.new_code_cell(own))
    answer = f"def sigmoid(x):\n    {use}"
    cell(notebook, "sigmoid").source = answer
    put = own if put is None else put
    assert take().texts["sigmoid"] == (f"{put}\n{answer}" if put else answer)


@pytest.mark.parametrize("how", ["by its id", "defines it"])
def test_a_cell_that_lost_its_metadata_is_found(classroom, solved, how):
    notebook, take = solved
    lost = cell(notebook, "sigmoid")
    lost.metadata.clear()
    if how == "defines it":
        lost.id = "something-else"
    submission = take()
    assert submission.texts["sigmoid"] == classroom.maker.solutions["sigmoid"]
    assert any(how in remark for remark in submission.remarks)


def test_a_definition_in_a_new_cell_below_its_stub_is_taken(classroom, solved):
    notebook, take = solved
    stub, answer = cell(notebook, "lstm_step"), classroom.maker.solutions["lstm_step"]
    stub.source = classroom.template.solutions["lstm_step"]
    here = notebook.cells.index(stub) + 1
    notebook.cells.insert(here, nbformat.v4.new_code_cell(answer))
    notebook.cells.append(nbformat.v4.new_code_cell(stub.source))
    submission = take()
    assert submission.texts["lstm_step"] == answer
    (said,) = [remark for remark in submission.remarks if "lstm_step" in remark]
    assert said == "cell lstm_step holds no answer; a cell that defines it was taken"
    # What was answered in its own cell is not replaced by what was tried elsewhere.
    stub.source = answer
    notebook.cells[here].source = "def lstm_step(*_):\n    return 3"
    assert take().texts["lstm_step"] == answer


@pytest.mark.parametrize("rest", ["deleted", "its stub", "a comment", "emptied"])
def test_a_stub_takes_no_place_of_a_definition_in_another_cell(classroom, solved, rest):
    notebook, take = solved
    own, answers = cell(notebook, "LSTM"), classroom.maker.solutions
    cell(notebook, "LSTMCell").source = f"{answers['LSTMCell']}\n\n{answers['LSTM']}"
    if rest == "deleted":
        notebook.cells.remove(own)
    else:
        stub = classroom.template.solutions["LSTM"]
        own.source = {"its stub": stub, "a comment": f"# See above.\n{stub}", "emptied": "\n"}[rest]
    submission = take()
    assert submission.texts["LSTM"] == "# LSTM stands in the cell LSTMCell"
    lack = "is missing" if rest == "deleted" else "holds no answer"
    assert f"cell LSTM {lack}; it is defined in cell LSTMCell" in submission.remarks


@pytest.mark.parametrize(
    ("beside", "stub"),
    [
        ("import math", "def lstm_step(*_):\n    raise NotImplementedError"),
        ("def helper(a):\n    return a", "def lstm_step(*_):\n    'What to do.'\n    pass"),
        ("def helper(a):\n    return a", "def lstm_step(*_):\n    raise NotImplementedError('?')"),
        ("", "def lstm_step(*_):\n    ..."),
        ("my_own = 1", ""),
    ],
)
def test_what_stands_beside_a_stub_goes_with_the_answer_that_was_written_elsewhere(
    classroom, solved, beside, stub
):
    notebook, take = solved
    own, answer = cell(notebook, "lstm_step"), classroom.maker.solutions["lstm_step"]
    own.source = f"{beside}\n\n{stub}"
    # Where nothing else defines it, it is graded as it stands.
    assert take().texts["lstm_step"] == own.source
    here = notebook.cells.index(own)
    for place in (here, here + 1):
        notebook.cells.insert(place, nbformat.v4.new_code_cell(answer))
        submission = take()
        assert submission.texts["lstm_step"] == f"{own.source.strip()}\n\n{answer}"
        said = "cell lstm_step holds no answer; a cell that defines it was taken"
        assert said in submission.remarks
        del notebook.cells[place]
    # So it is where it was written in the cell of another answer.
    other = cell(notebook, "sigmoid")
    other.source += f"\n\n{answer}"
    said = "# lstm_step stands in the cell sigmoid"
    assert take().texts["lstm_step"] == f"{said}\n\n{beside}".strip()


def test_a_class_with_a_method_to_be_written_is_a_stub_and_one_with_an_empty_method_is_none(
    classroom, solved
):
    notebook, take = solved
    own, answer = cell(notebook, "LSTMCell"), classroom.maker.solutions["LSTMCell"]
    notebook.cells.append(nbformat.v4.new_code_cell(answer))
    draft = "class LSTMCell(nn.Module):\n    def reset(self):\n        pass\n\n"
    own.source = draft + "    def forward(self, x_t, state):\n        return state"
    assert take().texts["LSTMCell"] == own.source
    own.source = draft + "    def forward(self, x_t, state):\n        raise NotImplementedError"
    assert take().texts["LSTMCell"] == f"{own.source}\n\n{answer}"
    # What isn't in the stub may be left unwritten, and a class may be gone on with below.
    for more in (
        answer + "\n\n    def export(self):\n        raise NotImplementedError",
        own.source + "\n\n\n@add_to(LSTMCell)\ndef forward(self, x_t, state):\n    return state",
        own.source + "\n\n\nLSTMCell.forward = forward",
        own.source + "\n\n\nsetattr(LSTMCell, 'forward', forward)",
    ):
        own.source = more
        assert take().texts["LSTMCell"] == more


@pytest.mark.parametrize(
    "stub",
    [
        "%matplotlib inline\ndef sigmoid(a):\n    raise NotImplementedError",
        "%%time\ndef sigmoid(a):\n    pass",
        "def sigmoid(a):\n    print('see below')\n    raise NotImplementedError('to do')",
        "def sigmoid(a):\n    half = a / 2\n    raise NotImplementedError",
        "def sigmoid(a):\n    return None",
        "def sigmoid(a):\n    return 1 / (1 +",
        "class sigmoid:\n    'To do.'",
        "def sigmoid(a):\n    pass\n\nprint(sigmoid(3) + 1)",
    ],
)
@pytest.mark.parametrize("form", ["{}", "sigmoid = lambda a: 1 / (1 + np.exp(-a))"])
def test_what_is_yet_to_be_written_gives_way_to_an_answer_elsewhere(classroom, solved, stub, form):
    notebook, take = solved
    cell(notebook, "sigmoid").source = stub
    answer = form.format(classroom.maker.solutions["sigmoid"])
    notebook.cells.append(nbformat.v4.new_code_cell(answer))
    text = take().texts["sigmoid"]
    assert text.endswith(answer) and "print(sigmoid" not in text


@pytest.mark.parametrize(
    "answer",
    [
        "def sigmoid(a):\n    if a is None:\n        raise NotImplementedError\n    return a",
        "def sigmoid(a):\n    return a\n    raise NotImplementedError",
        "def sigmoid(a):\n    print(a)",
        "sigmoid = abs",
        "@helper\ndef sigmoid(a):\n    return a",
    ],
)
def test_what_is_written_gives_way_to_nothing_elsewhere(classroom, solved, answer):
    notebook, take = solved
    cell(notebook, "sigmoid").source = answer
    notebook.cells.append(nbformat.v4.new_code_cell(classroom.maker.solutions["sigmoid"]))
    assert take().texts["sigmoid"] == answer


def below(notebook, *cells):
    """Put cells of the student's own below the question, which is as it was released."""
    here = notebook.cells.index(cell(notebook, "why_two_states")) + 1
    notebook.cells[here:here] = cells


def test_what_was_written_below_a_question_is_its_answer(classroom, solved):
    notebook, take = solved
    v4, question = nbformat.v4, classroom.template.solutions["why_two_states"]
    cell(notebook, "why_two_states").source = question
    scratch = [v4.new_code_cell("%matplotlib inline"), v4.new_code_cell("print(1)")]
    prose = v4.new_code_cell("The gate is what opens it."), v4.new_code_cell('"""It forgets."""')
    below(notebook, v4.new_markdown_cell("It keeps."), *scratch, v4.new_raw_cell("Raw."), *prose)
    submission = take()
    said = [question, "It keeps.", "Raw.", "The gate is what opens it.", '"""It forgets."""']
    assert submission.texts["why_two_states"] == "\n\n".join(said)
    assert any(
        remark.startswith("cell why_two_states holds no answer; what was written in a cell")
        for remark in submission.remarks
    )
    assert any(remark.startswith("2 code cells of the student's own") for remark in take().remarks)


def test_what_was_written_elsewhere_is_no_answer(classroom, solved):
    notebook, take = solved
    v4, question = nbformat.v4, classroom.template.solutions["why_two_states"]
    answer = cell(notebook, "why_two_states").source
    below(notebook, v4.new_markdown_cell("A note."))
    assert take().texts["why_two_states"] == answer
    cell(notebook, "why_two_states").source = question
    text = next(c for c in notebook.cells if c.cell_type == "markdown" and not grade_id(c))
    changed = v4.new_markdown_cell("A text of the assignment, changed.", id=text.id)
    notebook.cells = [c for c in notebook.cells if c.source not in ("A note.", text.source)]
    below(notebook, v4.new_markdown_cell(" "), changed, v4.new_markdown_cell("A note."))
    assert take().texts["why_two_states"] == question


def test_another_assignments_notebook_is_told_in_one_line(classroom, solved):
    notebook, take = solved
    for one in notebook.cells:
        if grade_id(one):
            one.metadata.nbgrader["grade_id"] = one.id = f"other_{grade_id(one)}"
        one.source = ""
    with pytest.raises(SubmissionError, match="it is another assignment's notebook") as caught:
        take()
    assert str(caught.value).startswith("lstm.ipynb holds next to none of its cells, but others")
    # An answer is an answer, whatever stands around it.
    answer = classroom.maker.solutions["sigmoid"]
    notebook.cells.append(nbformat.v4.new_code_cell(answer))
    assert take().texts == {"sigmoid": answer}


def test_cells_of_the_students_own_are_left_out_and_said_to_be(solved):
    notebook, take = solved
    notebook.cells.append(nbformat.v4.new_code_cell("print('mine')"))
    notebook.cells.append(nbformat.v4.new_markdown_cell("a note"))
    assert any(remark.startswith("1 code cell of the student's own") for remark in take().remarks)


def test_a_huge_cell_is_left_out_and_said_to_be(solved):
    notebook, take = solved
    cell(notebook, "sigmoid").source = "#" * (rebuild.MAX_SOURCE + 1)
    submission = take()
    assert "sigmoid" not in submission.texts
    assert any("characters long" in remark for remark in submission.remarks)


def test_nbformat_3_is_read_too(classroom):
    cells = [
        {
            "cell_type": "code",
            "input": ["def sigmoid(a):\n", "    return a\n"],
            "language": "python",
            "metadata": {"nbgrader": {"grade_id": "sigmoid", "solution": True}},
            "outputs": [],
        },
        {"cell_type": "heading", "level": 1, "source": "LSTM", "metadata": {}},
    ]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    parsed = rebuild.parse(json.dumps(old).encode(), "lstm.ipynb")
    taken = rebuild.take(parsed, classroom.template)
    assert taken.texts == {"sigmoid": "def sigmoid(a):\n    return a\n"}


def test_pictures_in_a_written_answer_are_remarked_on(classroom):
    notebook = classroom.maker.solved()
    (cell,) = [c for c in notebook.cells if grade_id(c) == "why_two_states"]
    cell.source = "![sketch](attachment:sketch.png)"
    cell.attachments = {"sketch.png": {"image/png": "iVBORw0KGgo="}}
    parsed = rebuild.parse(nbformat.writes(notebook).encode(), "lstm.ipynb")
    taken = rebuild.take(parsed, classroom.template)
    assert taken.texts["why_two_states"] == cell.source
    said = "cell why_two_states has pictures; they are only in what was handed in"
    assert taken.remarks == (said,)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b"{ this is no notebook", "not JSON"),
        (b'{"cells": [', "not JSON"),
        (b"\xff\xfe\x00", "not"),
        ('{"cells": "café"}'.encode("latin-1"), "not UTF-8"),
        (b"[]", "no notebook"),
        (b"{}", "no cells"),
        (b'{"cells": 3}', "no list"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"cells": ' + b"1" * 5000 + b"}", "not JSON"),
        (json.dumps({"cells": [{}] * (rebuild.MAX_CELLS + 1)}).encode(), "cells, more than"),
    ],
)
def test_what_is_no_notebook_gets_one_clear_line(data, says):
    with pytest.raises(SubmissionError) as caught:
        rebuild.parse(data, "lstm.ipynb")
    said = str(caught.value)
    assert "lstm.ipynb" in said and says in said and "\n" not in said


def test_cells_of_odd_types_are_read_as_far_as_they_go(classroom):
    odd = [None, 3, [], "x", {}, {"cell_type": 3}, {"source": 3}, {"source": [1, "a"]}]
    odd += [{"metadata": 3}, {"metadata": {"nbgrader": 3}}, {"metadata": {"nbgrader": {}}}]
    odd += [{"metadata": {"nbgrader": {"grade_id": ["sigmoid"]}}}, {"id": 3}]
    good = {"cell_type": "code", "source": "\ud800 x", "metadata": {"nbgrader": {}}}
    good["metadata"]["nbgrader"]["grade_id"] = "sigmoid"
    parsed = rebuild.parse(json.dumps({"cells": [*odd, good]}).encode(), "lstm.ipynb")
    texts = rebuild.take(parsed, classroom.template).texts
    assert texts == {"sigmoid": "\ufffd x"}
    texts["sigmoid"].encode("utf-8")


def test_no_link_device_or_folder_is_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    base = tmp_path / "submitted"
    (base / "real").mkdir(parents=True)
    (base / "real" / "file").write_text("fine")
    (base / "real" / "link").symlink_to(secret)
    (base / "linked").symlink_to(base / "real")
    os.mkfifo(base / "real" / "fifo")
    (base / "real" / "folder").mkdir()
    assert rebuild.read_bytes(base, "real", "file") == b"fine"
    for parts in (("real", "link"), ("linked", "file"), ("real", "fifo"), ("real", "folder")):
        with pytest.raises(SubmissionError, match=r"is a|is neither"):
            rebuild.read_bytes(base, *parts)
    with pytest.raises(MissingNotebook):
        rebuild.read_bytes(base, "real", "nothing")


def test_a_file_over_the_limit_is_not_taken(tmp_path):
    (tmp_path / "big").write_bytes(b"x" * 11)
    assert len(rebuild.read_bytes(tmp_path, "big", limit=11)) == 11
    with pytest.raises(SubmissionError, match="larger than"):
        rebuild.read_bytes(tmp_path, "big", limit=10)
