"""Feedback pages: the same as nbgrader's own, and never older than the grades."""

import inspect
import io
import logging
import shutil
import signal
from pathlib import Path

import nbformat
import pytest
from nbconvert.filters.highlight import Highlight2HTML
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback

from autograder import course
from autograder.assignments.example import Submission, hand_in
from autograder.exercises.lstm.torch_reference import LSTM
from autograder.grading.outputs import showable
from autograder.grading.pages import CourseFeedback, PageExporter, _rendered
from autograder.grading.run import grade_class, write_pages
from autograder.reference.lstm import lstm_step

from .conftest import ASSIGNMENT, DIRECTORIES

ODD = '''def sigmoid(x):
    """<b>&amp; "quotes" it's\ttabs</b>"""
    print("<!--cells--> <!--code--> \\x1b[31mred\\x1b[0m &lt; <i>")
    return f"{x!r:>{10}}" if x is None else 1


sigmoid(None)
'''
PICTURE = """import io
from IPython.display import Image, display
from matplotlib import pyplot

picture = io.BytesIO()
pyplot.imsave(picture, [[0.0, 1.0]])
display(Image(data=picture.getvalue()))
sigmoid = 3"""


@pytest.fixture(scope="module")
def graded(classroom, tmp_path_factory):
    """A class of few kinds, graded: nbgrader's interface to it."""
    root = tmp_path_factory.mktemp("pages") / "course"
    shutil.copytree(classroom.root, root)
    make = classroom.maker
    notebooks = {
        "ada": make.solved(),
        "ben": make.notebook({}),
        "cleo": make.solved(sigmoid=ODD, why_two_states="*It* <b>depends</b>:\n\n$a<b$\n\n    x"),
        "dora": make.solved(sigmoid=PICTURE, lstm_step="    ", LSTM="1 / 0"),
    }
    made = [Submission(k, "", nbformat.writes(v).encode(), {}) for k, v in notebooks.items()]
    hand_in([*made, Submission("emil", "", b"{", {})], ASSIGNMENT, root / "submitted")
    interface = course.nbgrader(root, **DIRECTORIES)
    summary = grade_class(interface.coursedir, [ASSIGNMENT], stream=None, jobs=1)
    assert [one.student for one in summary.failed] == ["emil"]
    with Gradebook(interface.coursedir.db_url) as gradebook:
        grade = gradebook.find_grade("why_two_states", ASSIGNMENT, ASSIGNMENT, "ada")
        grade.manual_score, grade.extra_credit = 1.25, 0.5
        comment = gradebook.find_comment("why_two_states", ASSIGNMENT, ASSIGNMENT, "ada")
        comment.manual_comment = "Well *said*, <ada>"
        submission = gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, "cleo")
        submission.late_submission_penalty = 2.0
        gradebook.db.commit()
    return interface


def pages(interface):
    folder = Path(interface.coursedir.root, interface.coursedir.feedback_directory)
    return {page.parts[-3]: page.read_bytes() for page in folder.rglob("*.html")}


def test_pages_are_nbgraders_to_the_byte(graded):
    converter = GenerateFeedback(coursedir=graded.coursedir, parent=graded)
    graded.coursedir.assignment_id = ASSIGNMENT
    converter.start()
    theirs = pages(graded)
    shutil.rmtree(Path(graded.coursedir.root, "feedback"))
    assert graded.generate_feedback(ASSIGNMENT)["success"]
    assert set(theirs) == {"ada", "ben", "cleo", "dora", "emil"}
    ours = pages(graded)
    for student, page in theirs.items():
        assert ours[student].decode() == page.decode()
    assert b"<em>said</em>" in ours["ada"] and b"image/png" in ours["dora"]


def test_a_grade_changed_by_hand_shows(graded):
    graded.generate_feedback(ASSIGNMENT, force=False)
    assert b"3.75" not in pages(graded)["ben"]
    with Gradebook(graded.coursedir.db_url) as gradebook:
        grade = gradebook.find_grade("why_two_states", ASSIGNMENT, ASSIGNMENT, "ben")
        grade.manual_score = 3.75
        gradebook.db.commit()
    graded.generate_feedback(ASSIGNMENT, force=False)
    assert b"3.75" in pages(graded)["ben"]


def test_pages_that_are_missing_or_old_are_written_on_many_cores(graded):
    graded.generate_feedback(ASSIGNMENT)
    before = pages(graded)
    folder = Path(graded.coursedir.root, "feedback")
    kept = folder / "ben" / ASSIGNMENT / f"{ASSIGNMENT}.html"
    kept.write_text("kept")
    shutil.rmtree(folder / "ada")
    notebook = Path(graded.coursedir.root, "autograded", "cleo", ASSIGNMENT, f"{ASSIGNMENT}.ipynb")
    notebook.touch()
    (folder / "cleo" / ASSIGNMENT / f"{ASSIGNMENT}.html").write_text("old")
    notebook.touch()
    write_pages(graded, [ASSIGNMENT], jobs=2, stream=None)
    assert pages(graded) == before | {"ben": b"kept"}


@pytest.fixture
def copied(graded, tmp_path):
    """A copy of the class, without pages: its root and nbgrader's interface to it."""
    root = tmp_path / "course"
    ignored = shutil.ignore_patterns("feedback")
    shutil.copytree(graded.coursedir.root, root, ignore=ignored)
    return root, course.nbgrader(root, **DIRECTORIES)


@pytest.mark.parametrize("data", [b"", b"{", b"{}", b"[]", b"\xff"])
def test_a_page_that_can_not_be_written_is_told_and_the_others_are_written(copied, data, capfd):
    root, interface = copied
    path = root / "autograded" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    path.unlink()
    path.write_bytes(data)
    stream = io.StringIO()
    (line,) = write_pages(interface, [ASSIGNMENT], ["ada", "ben"], jobs=1, stream=stream)
    assert line.startswith(f"{path.parent} gets no page: ") and f"{line}\n" in stream.getvalue()
    assert set(pages(interface)) == {"ben"} and "Traceback" not in capfd.readouterr().err


def test_who_is_not_in_the_gradebook_gets_no_page(copied):
    _, interface = copied
    with Gradebook(interface.coursedir.db_url) as gradebook:
        gradebook.remove_student("ada")
    (line,) = write_pages(interface, [ASSIGNMENT], ["ada", "ben"], jobs=1, stream=None)
    assert "ada/lstm gets no page: the gradebook holds no grades of it" in line
    assert set(pages(interface)) == {"ben"}


@pytest.mark.parametrize("place", ["feedback", "feedback/ada", "autograded", "autograded/ada"])
def test_a_file_in_the_place_of_a_folder_is_told(copied, place):
    root, interface = copied
    path = root / place
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(exist_ok=True)
    path.touch()
    lines = write_pages(interface, [ASSIGNMENT], ["ada"], jobs=1, stream=None)
    # What was never graded has no page to be told of.
    assert len(lines) == place.startswith("feedback")
    assert all("ada/lstm gets no page: " in line for line in lines)


def test_the_same_cell_is_rendered_once_for_a_class(graded, caplog):
    _rendered.clear()
    converter = CourseFeedback(coursedir=graded.coursedir, parent=graded)
    graded.coursedir.assignment_id = ASSIGNMENT
    caplog.set_level(logging.ERROR)
    converter.start()
    every = sum(len(v) for v in converter.assignments.values())
    cells = len(
        nbformat.read(next(Path(graded.coursedir.root).glob("autograded/*/*/*.ipynb")), 4).cells
    )
    assert 0 < len(_rendered) < 0.6 * every * cells


TEXTS = {
    "a function": inspect.getsource(lstm_step),
    "a class": inspect.getsource(LSTM),
    "no docstring": "def f(a):\n\n    # a, b and c\n    return a @ b  != (c,\n        d)\n\n",
    "blank lines": "\n\nx = 1\n\n   \ny = 2  \n\n\n",
    "texts": 'a = "b"\nc = """d\n  e\n"""\nf = g % "h"',
    "a text without end": 'def f():\n    """Not closed.\n    return 1\n',
    "a docstring with quotes": 'def f():\n    """A "b".\n    c"""\n    return 1\n',
    "a line that goes on": "from a import \\\n    b\nimport\nc\nclass\nD",
    "prose": "what we import\nand what we take from\nelsewhere is no code",
    "commands": "%%timeit\n!ls\nx?\n%matplotlib inline",
    "methods": 'class A:\n\n    def f(self):\n        """B\n        \\"c"? % !\n        """\n',
    "texts in lines": "raise A(\"b 'c'\")\nd = f\"{e}\" + r'\\f' + 'g'\nh = \"\" 'i' \"j\"k\n'l\n",
    "remarks": "a = 1  # don't\n# \"b\n#c: 100 %\n# d?\n",
    "docstrings that are none": 'a = """b"""\n"""c"""d\n"""e""""\nf\n',
    "odd spaces": "'1def \nx\ndef\xa0\nx\nclass \x0b\nx\na\n\rb\nimport\x0c\nc",
    "marks": "<b>&amp;</b> = 1\n",
    "nothing": "",
    "spaces": "   ",
}


HOSTILE = (
    *("\n", " \n", "\n\t", "\r", '"""\n', "." * 999 + "\n", "a." * 499 + "\n", "?" * 999 + "\n"),
    *("#", "?", "%a ", ".", "a.", '"', "'\"", " %", "def ", "("),
)
"""What colouring takes long for, when it comes again and again."""


@pytest.mark.parametrize("unit", HOSTILE)
def test_no_text_keeps_a_class_waiting_for_its_pages(unit):
    class Late(Exception):
        pass

    def stop(*_):
        raise Late

    text = showable("a" + unit * (2**18 // len(unit)) + "\n\\")
    exporter = PageExporter()
    exporter._highlight = Highlight2HTML(pygments_lexer="ipython3")
    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    try:
        assert exporter._highlighted(text)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_code_is_shown_as_it_is_unless_it_is_endless():
    for text in TEXTS.values():
        assert showable(text) == "\n".join(
            line if line.strip() else "" for line in text.split("\n")
        )
    assert showable("a" * 1500 + "\nb") == "a" * 1000 + "  # and 500 more characters\nb"
    assert showable("a" + "\n" * 200 + "b") == "a" + "\n" * 51 + "b"
    assert showable("ab\n" * 20_000).endswith("ab\nab\n# and 10,000 more characters")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("language", ["python", "ipython3"])
def test_code_in_colours_line_by_line_is_what_it_is_as_a_whole(text, language):
    exporter = PageExporter()
    exporter._highlight = whole = Highlight2HTML(pygments_lexer=language)
    assert exporter._highlighted(text).strip() == whole(text).strip()
