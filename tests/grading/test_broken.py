"""Broken notebooks by the hundred: never a traceback, always a line, and the rest is graded."""

import html
import io
import json
import os
import random
import re
import shutil
import signal
import types
from html.parser import HTMLParser

import nbformat
import numpy as np
import pytest
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder import course
from autograder.grading import rebuild
from autograder.grading.outputs import checked, harmless
from autograder.grading.rebuild import SubmissionError
from autograder.grading.record import _plain, document
from autograder.grading.run import grade_class

from .conftest import ASSIGNMENT, DIRECTORIES

COUNT = int(os.environ.get("COURSE_BROKEN", "400"))
"""How many are tried; all of them by the long run."""
VALUES = (None, True, -1, 1e308, "", "x" * 100_000, "\ud800", "\x00", [], {}, [[]], {"a": {}})


def cut(rng, data):
    return data[: rng.randrange(len(data))]


def flipped(rng, data):
    data = bytearray(data)
    for _ in range(rng.randint(1, 20)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def spliced(rng, data):
    a, b = sorted(rng.randrange(len(data)) for _ in range(2))
    return data[:a] + data[b:] + data[a:b]


def encoded(rng, data):
    names = ["utf-16", "utf-32", "utf-8-sig", "latin-1", "utf-16-le", "utf-16-be", "cp037", "utf-7"]
    return data.decode().encode(rng.choice(names), "replace")


def nulled(rng, data):
    at = rng.randrange(len(data))
    return data[:at] + b"\0" * rng.choice([1, 3, 4096]) + data[at:]


def huge(rng, data):
    whole = json.loads(data)
    for cell in rng.sample(whole["cells"], 3):
        line = rng.choice(["x = 1\n", "\u202e", "é", "#" * 1000, "\ud83d"])
        cell["source"] = [line] * rng.choice([1_000, 100_000])
    return json.dumps(whole).encode()


def places(value, found):
    """Every container in a nested value with the keys of its items."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        found.append((value, key))
        if isinstance(item, dict | list):
            places(item, found)
    return found


def mistyped(rng, data):
    whole = json.loads(data)
    for _ in range(rng.randint(1, 5)):
        container, key = rng.choice(places(whole, []))
        container[key] = rng.choice(VALUES)
    return json.dumps(whole).encode()


def lacking(rng, data):
    whole = json.loads(data)
    for _ in range(rng.randint(1, 5)):
        container, key = rng.choice(places(whole, []))
        if isinstance(container, dict):
            del container[key]
    return json.dumps(whole).encode()


def nested(rng, data):
    depth = rng.choice([10, 500, 5_000, 200_000])
    return data.replace(
        b'"metadata": {}', b'"metadata": ' + b'{"a": ' * depth + b"1" + b"}" * depth
    )


def older(rng, data):
    notebook = nbformat.convert(nbformat.reads(data.decode(), as_version=4), 3)
    return mistyped(rng, json.dumps(notebook).encode())


def shuffled(rng, data):
    whole = json.loads(data)
    rng.shuffle(whole["cells"])
    whole["cells"] = whole["cells"] * rng.randint(1, 3)
    whole["nbformat_minor"] = rng.choice([0, 1, 2, 4, 5, 99])
    return json.dumps(whole).encode()


BREAK = (
    *(cut, flipped, spliced, encoded, nulled, huge),
    *(mistyped, lacking, nested, older, shuffled),
)


@pytest.mark.parametrize("how", BREAK, ids=lambda how: how.__name__)
def test_a_broken_notebook_is_read_or_refused_in_a_line(classroom, how):
    good = nbformat.writes(classroom.maker.solved()).encode()
    template = classroom.template
    read = refused = 0
    for seed in range(COUNT // len(BREAK) + 1):
        data = how(random.Random(f"{how.__name__} {seed}"), good)
        try:
            submission = rebuild.take(rebuild.parse(data, "lstm.ipynb"), template)
        except SubmissionError as error:
            said = str(error)
            assert said.startswith("lstm.ipynb") and "\n" not in said and len(said) < 400
            refused += 1
            continue
        read += 1
        assert set(submission.texts) <= set(template.solutions)
        for remark in submission.remarks:
            assert "\n" not in remark and len(remark) < 1000
            remark.encode()
        made = document(template, submission.texts, {}, {}, submission.remarks)
        nbformat.validate(made)
        nbformat.writes(made).encode()
    assert read + refused > COUNT // len(BREAK)


def test_a_notebook_of_too_many_values_is_not_even_parsed():
    data = b'{"cells": [' + b"[]," * rebuild.MAX_VALUES + b"0]}"
    with pytest.raises(SubmissionError, match="holds more than 4,000,000 values"):
        rebuild.parse(data, "lstm.ipynb")


def test_broken_notebooks_leave_the_rest_of_the_class_alone(classroom, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(classroom.root, root)
    good = nbformat.writes(classroom.maker.notebook({})).encode()
    wanted = {f"student{n}": BREAK[n % len(BREAK)] for n in range(max(COUNT // 50, len(BREAK)))}
    handed_in = {s: how(random.Random(s), good) for s, how in wanted.items()}
    handed_in |= {"zzz": nbformat.writes(classroom.maker.solved()).encode()}
    for student, data in handed_in.items():
        folder = root / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / f"{ASSIGNMENT}.ipynb").write_bytes(data)
    coursedir = course.nbgrader(root, **DIRECTORIES).coursedir
    stream = io.StringIO()
    summary = grade_class(coursedir, [ASSIGNMENT], jobs=2, stream=stream)
    assert {one.student for one in summary.done} == set(handed_in)
    points = {one.student: one.points for one in summary.done}
    assert points.pop("zzz") == sum(exercise.points for exercise in classroom.exercises)
    assert set(points.values()) <= {0.0, None}
    said = stream.getvalue()
    assert "Traceback" not in said
    for one in summary.failed:
        assert one.line in said and "lstm.ipynb" in one.error and "\n" not in one.error


def test_whatever_a_child_reports_makes_valid_outputs():
    rng = random.Random(0)
    kinds = ["stream", "error", "display_data", "execute_result", "x", None, 3]
    for _ in range(COUNT):
        output = {
            "output_type": rng.choice(kinds),
            "name": rng.choice(["stdout", "stderr", *VALUES[:3]]),
            "text": rng.choice(VALUES),
            "ename": rng.choice(VALUES),
            "evalue": rng.choice(VALUES),
            "traceback": rng.choice([*VALUES, ["\x1b[31ma", None, "\ud800"]]),
            "data": rng.choice(
                [*VALUES, {"text/plain": "1", "text/html": "<b>", "image/png": "x"}]
            ),
        }
        cell = nbformat.v4.new_code_cell("", outputs=checked([output, None, 3])[0])
        notebook = nbformat.v4.new_notebook(cells=[cell])
        nbformat.validate(notebook)
        assert "<b>" not in nbformat.writes(notebook)
        nbformat.writes(notebook).encode()
    assert checked(types.SimpleNamespace()) == checked(None) == checked("x") == ([], 0)
    numbers = np.zeros(2)
    assert checked([{"output_type": numbers}, {"output_type": "stream", "name": numbers}])[0] == []
    many = {"output_type": "stream", "name": "stdout", "text": [np.ones(1000)] * 1000}
    assert checked([many])[0][0].text == "list"


def test_outputs_beyond_what_a_notebook_may_show_are_left_out():
    text = {"output_type": "stream", "name": "stdout", "text": "x" * 1000}
    made, size = checked([text] * 5, room=3500)
    assert [len(one.text) for one in made[:3]] == [1000] * 3 and len(made) == 4
    assert "left out" in made[3].text and 3000 <= size <= 3500


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("$a < b$ and `x`", "$a < b$ and `x`"),
        ("```python\na\n```", "```\u200bpython\na\n```"),
        ("- ~~~\u00a0mermaid\n~~~~\nb ```c```", "- ~~~\u200b\u00a0mermaid\n~~~~\nb ```\u200bc```"),
        ("<script>", "<\u200bscript>"),
        ("</p><!-- -->", "<\u200b/p><\u200b!-- -->"),
        ("[x](JavaScript:a())", "[x]\u200b(JavaScript:a())"),
        ("[x](javascript\\:a())", "[x]\u200b(javascript\\:a())"),
        ("[x](javascript&colon\\;a())", "[x]\u200b(javascript&colon\\;a())"),
        ("[x]\n\n[x]:\njavascript\\:a()", "[x]\n\n[x]\u200b:\njavascript\\:a()"),
        ("![x](attachment:a.png)", "!\u200b[x]\u200b(attachment:a.png)"),
        ("a[0](b) [c]: d", "a[0]\u200b(b) [c]\u200b: d"),
        ("&#106;avascript", "&\u200b#106;avascript"),
        ("[x](javascript&colon;a())", "[x]\u200b(javascript&\u200bcolon;a())"),
        ("[x](java&Tab;script:a())", "[x]\u200b(java&\u200bTab;script:a())"),
        (r"$\href{x}{y} \left( \def\x{} \frac12 \letter$", None),
        (r"AT&T, $a & b \\ c & d$ and R&D; done", None),
        ("![p](https://a.example)", "!\u200b[p](https://a.example)"),
        ("a! **b** [c]( http://d)", None),
        ("[x]: https://a.example 'title'", None),
    ],
)
def test_a_written_answer_is_text_and_mathematics(written, shown):
    if shown is None:
        shown = re.sub(r"\\(?=(href|def)\b)|&(?=D;)", lambda m: f"{m[0]}\u200b", written)
    assert harmless(written) == shown


PIECES = [
    *("[x]", "![", "]", "](", "]:", "(", ")", "[g]", "[g]:", "[^1]", ":", "<", ">", "\\", "\\:"),
    *("&colon;", "&colon\\;", "&#58;", "&Tab;", "&lt;", "&amp;", "javascript", "data", "alert(1)"),
    *("//", "#a", "a", "!", "attachment:", "https", "http://a", "`", "$", "$$", "\\[", "\\("),
    *("**", "~~", "|", " ", "\n", "\n\n", "\t", "\u200b", "\xa0", "\n    "),
    "| a | b |\n| - | - |\n| ",
]


def test_no_link_in_a_written_answer_leads_anywhere_but_into_the_web():
    rng = random.Random(0)
    markdown = MarkdownWithMath(renderer=IPythonRenderer(escape=False))
    found = []

    class Links(HTMLParser):
        def handle_starttag(self, tag, attributes):
            assert tag not in ("script", "iframe", "object", "form")
            assert not any(name.startswith("on") for name, _ in attributes)
            found.extend(value for name, value in attributes if name in ("href", "src"))

    for _ in range(20 * COUNT):
        begin = rng.choice(["[x](", "![x](", "[g]\n\n[g]: ", "[g](x)[g]\n\n[g]:\n", ""])
        Links().feed(markdown.render(harmless(begin + "".join(rng.choices(PIECES, k=6)))))
    assert [link for link in found if not re.match("https?://|#", link)] == []
    assert any(link.startswith("http://a") for link in found)


def test_no_picture_in_a_written_answer_is_fetched():
    markdown = MarkdownWithMath(renderer=IPythonRenderer(escape=False))
    for written in ("![x](http://a)", "![x][g]\n\n[g]: http://a", "[![x](http://a)](http://a)"):
        assert "<img" in markdown.render(written)
        assert "<img" not in markdown.render(harmless(written))


def test_a_remark_is_shown_as_it_was_said():
    said = "cell `check_x` (line 3) is *missing* <b>, at #1 | [a](b) &amp; ![c](d) ~~e~~"
    markdown = MarkdownWithMath(renderer=IPythonRenderer(escape=False))
    assert html.unescape(markdown.render(_plain(said))) == f"<p>{said}</p>\n"
    tex = html.unescape(markdown.render(_plain(r"$\href{javascript:a}{b}$ \(c\)")))
    assert not re.search(r"\\[a-z(]", tex)


@pytest.mark.parametrize(
    "unit", [r"\\(", r"\\[", r"\begin{a}", "a" + " " * 999, "](", "*_", "`", "$"]
)
def test_no_written_answer_keeps_a_class_waiting_for_its_pages(unit):
    def too_late(*_):
        raise TimeoutError

    markdown = MarkdownWithMath(renderer=IPythonRenderer(escape=False))
    before = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(60)
    try:
        assert "more characters)" in markdown.render(harmless(unit * (2**20 // len(unit))))
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
