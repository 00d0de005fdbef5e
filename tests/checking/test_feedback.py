"""The words a student reads: text and HTML say the same, safely, to a screen reader too."""

import html.parser
import re

import numpy as np
import pytest

from autograder.checking.feedback import as_html, as_text
from autograder.checking.judge import MAX_TEXT, clean

from .toy import BLEND, DOUBLE, SEED, blend


class Reader(html.parser.HTMLParser):
    """Checks that tags close in order, and keeps what a screen reader reads."""

    VOID = ("br",)

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.labels, self.words = [], [], [], []
        self.typeset, self.ignored = [], None
        """What MathJax would look for formulas in."""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if ("class", "tex2jax_ignore mathjax_ignore") in attrs:
            self.ignored = len(self.open)
        self.labels += [value for name, value in attrs if name == "aria-label"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if self.ignored is None or len(self.open) <= self.ignored:
            self.typeset.append(data)


VERDICTS = {
    "right": BLEND.check(blend, SEED),
    "partly": BLEND.check(lambda a, b, gate: (blend(a, b, gate)[0], 0 * a[0]), SEED),
    "known": BLEND.check(BLEND.wrong["b left out"], SEED),
    "two": BLEND.check(next(iter(BLEND.pairs.values())), SEED),
    "stops": DOUBLE.check(lambda a: 1 / 0, SEED),
    "forbidden": DOUBLE.assess(lambda drawn, _: drawn.expected, SEED, ["double = torch.add"]),
}


@pytest.mark.parametrize("verdict", VERDICTS.values(), ids=VERDICTS)
@pytest.mark.parametrize("book", ["", "https://book/"])
def test_html_says_what_the_text_says(verdict, book):
    read = Reader(as_html(verdict, book=book))
    words = " ".join(" ".join(read.words).split())
    text = as_text(verdict, book=book)
    total = text.splitlines()[0].removeprefix(f"{verdict.name}: ")
    assert total in words and not read.typeset
    for part in verdict.parts:
        assert part.says in words and part.says in text
    for hint in verdict.hints:
        assert hint["name"] in words and hint["hint"] in words
        assert hint["name"] in text and hint["hint"] in text
    for note in verdict.notes:
        assert note in words and note in text


@pytest.mark.parametrize("verdict", VERDICTS.values(), ids=VERDICTS)
def test_a_screen_reader_is_told_what_the_marks_mean(verdict):
    page = as_html(verdict)
    read = Reader(page)
    assert read.labels == ["not yet" if part.finding else "right" for part in verdict.parts]
    assert "caption" in read.tags
    assert 'scope="col"' in page and 'scope="row"' in page
    # No colours of its own, so that it can be read in dark and light notebooks alike.
    assert "color" not in page and "background" not in page


@pytest.mark.parametrize("verdict", VERDICTS.values(), ids=VERDICTS)
def test_no_empty_paragraphs(verdict):
    assert "<p></p>" not in as_html(verdict, book="https://book/")


def test_the_answers_own_words_are_escaped_and_bounded():
    def double(a):
        raise ValueError("<script>alert(1)</script>\x1b[31m\n\u202e" + "long " * 1000)

    verdict = DOUBLE.check(double, SEED)
    page, text = as_html(verdict), as_text(verdict)
    Reader(page)
    assert "<script>" not in page
    assert "\x1b" not in text and "\u202e" not in text
    assert len(text) < 4 * MAX_TEXT
    assert clean("a\nb\t\ud800") == "a b  "


def test_keys_of_a_returned_dict_are_escaped():
    def blend(a, b, gate):
        return {"<img src=x>": a}

    verdict = BLEND.check(blend, SEED)
    assert "<img" not in as_html(verdict)


def test_values_are_shown_only_where_they_may_be():
    verdict = DOUBLE.check(lambda a: a + 0.5, SEED)
    assert "expected" not in as_text(verdict) and "expected" not in as_html(verdict)
    assert "expected" in as_text(verdict, show_values=True)
    assert "expected" in as_html(verdict, show_values=True)


def test_as_many_digits_are_shown_as_tell_two_values_apart():
    verdict = DOUBLE.check(lambda a: 2 * a + 1e-7, SEED)
    shown = re.search("expected (.*), got (.*)", verdict.finding.shows)
    assert shown[1] != shown[2]


def test_what_holds_is_shown():
    def double(a):
        a = 2 * a
        a[0] = np.pi
        return a

    verdict = DOUBLE.check(double, SEED)
    assert "nothing wrong at batch rows 1, 2" in as_text(verdict)
    assert "nothing wrong at batch rows 1, 2" in as_html(verdict)
