"""Spelling and prose of everything that people read.

Spelling is codespell's: it knows common misspellings rather than all words, so that it has nothing
to say about the field's own. Prose is a short list of ours: general prose linters have little but
false alarms for pages that are half formulas and code.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.book.conftest import ROOT

TEXTS = sorted([*(ROOT / "book").rglob("*.md"), *(ROOT / "solutions").glob("*.md")])
TEXTS.append(ROOT / "README.md")
# What students read in notebooks and in feedback.
CODE = [
    *(ROOT / "autograder" / "reference").rglob("*.py"),
    *(ROOT / "autograder" / "checking").rglob("*.py"),
    *(ROOT / "autograder" / "exercises").rglob("*.py"),
]

# The book is in British English, but for the names of things in code.
AMERICAN = re.compile(
    r"\b(?:colors?|colored|gray|grays|centers?|centered|behaviors?|neighbors?|neighboring|favors?|"
    r"favorite|honors?|labeled|labeling|modeled|modeling|traveled|traveling|signaled|signaling|"
    r"analyz\w+|catalogs?|defense|fulfill|skillful|"
    r"(?!optimizers?\b|sizes?\b|resiz|prize|seiz)\w{3,}iz(?:e|es|ed|ing|ation|ations))\b",
    re.IGNORECASE,
)
TWICE = re.compile(r"\b([a-z]+)(?: +\n?|\n)\1\b", re.IGNORECASE)
# Words that tell the reader that a thing is easy, which is no help to who finds it hard.
BELITTLING = re.compile(
    r"\b(?:obviously|trivial(?:ly)?|clearly|needless to say|as everyone knows|simply put|"
    r"it is easy to see|of course,|basically|as you know)",
    re.IGNORECASE,
)
PUFF = re.compile(
    r"\b(?:delve|leverag\w+|utili[sz]\w+|cutting-edge|state-of-the-art|in order to|seamless\w*|"
    r"robustly|game-chang\w+|due to the fact that|a plethora of|it should be noted)\b",
    re.IGNORECASE,
)
RULES = {
    "American spelling in a British text": AMERICAN,
    "a word twice": TWICE,
    "belittling": BELITTLING,
    "padding": PUFF,
}
MAX_SENTENCE = 60  # words; the longest that may stand, not the goal


def prose(text):
    """Return a MyST text without code, formulas, markup and links, its lines where they were."""

    def blank(found):
        return "\n" * found.group().count("\n") or " … "

    text = re.sub(r"\A---\n.*?\n---\n", blank, text, flags=re.DOTALL)
    # Directives whose content is prose keep it: they stand between colons.
    text = re.sub(r"^(`{3,}).*?^\1`*\s*$", blank, text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$|\$[^$\n]*\$", blank, text, flags=re.DOTALL)
    text = re.sub(r"\{[a-z:-]+\}`[^`]*`|`[^`\n]*`", blank, text)
    text = re.sub(r"\]\([^)\s]*\)|<[^>\n]*>|https?://\S+", "] ", text)
    return re.sub(r"^\(.*\)=$|^:::.*$|^:[\w-]+:.*$", "", text, flags=re.MULTILINE)


def sentences(text):
    """Yield each sentence of running text as its line number and its words."""
    for block in re.finditer(r"(?:^[^\s|#>*+\-].*\n?)+", text, re.MULTILINE):
        line = text.count("\n", 0, block.start()) + 1
        for sentence in re.split(r"(?<=[.!?:])\s", block.group()):
            yield line, re.findall(r"[\w'’-]+", sentence)


def faults(text):
    """Return what is wrong with a text: list of (line, what, words)."""
    plain = prose(text)
    found = [
        (plain.count("\n", 0, match.start()) + 1, what, match.group())
        for what, rule in RULES.items()
        for match in rule.finditer(plain)
    ]
    found += [
        (line, "a sentence too long to follow", " ".join(words[:8]))
        for line, words in sentences(plain)
        if len(words) > MAX_SENTENCE
    ]
    return found


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_prose(path):
    assert faults(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("The color of it.", "American spelling in a British text"),
        ("We initialize the gates.", "American spelling in a British text"),
        ("It is the\nthe same.", "a word twice"),
        ("This is trivial.", "belittling"),
        ("We do it in order to win.", "padding"),
        ("And so " * 40 + "on.", "a sentence too long to follow"),
    ],
)
def test_what_is_a_fault(text, what):
    assert what in {fault for _, fault, _ in faults(text)}


@pytest.mark.parametrize(
    "text",
    [
        "```python\ncolor = color\n```\nA colour.",
        "The argument `color`, and the size of $c c$.",
        "The optimizer of PyTorch has a size.",
        "[the colour](https://example.org/color/center)",
    ],
)
def test_what_is_no_fault(text):
    assert faults(text) == []


def test_spelling():
    command = [Path(sys.executable).with_name("codespell"), "--builtin", "clear,rare"]
    # As in ast.NotIn.
    command += ["--ignore-words-list", "notin"]
    done = subprocess.run([*command, *TEXTS, *CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


PAGES = [path for path in TEXTS if "solutions" not in path.parts]
CODE_WIDTH = 86  # characters, as many as a page on a screen of 1400 pixels has room for


def shown_code(text):
    """Yield the lines of code that readers see."""
    for block in re.findall(r"^```(?:\{code-cell\}.*|python)\n(.*?)^```$", text, re.M | re.S):
        if not re.search(r"^:tags:.*\bremove-(?:input|cell)\b", block):
            yield from block.splitlines()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_code_fits_the_page(path):
    assert [line for line in shown_code(path.read_text("utf-8")) if len(line) > CODE_WIDTH] == []
