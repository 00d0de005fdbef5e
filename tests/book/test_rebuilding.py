"""What is done when a page changes: a small book, built again, is executed and written in part."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from book._extensions import course
from tests.book.conftest import ROOT

PAGE = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

({name})=
# {title}

```{{index}} single: index of {name}
```

{prose} and [](mark-of-{other}).

(mark-of-{name})=
## Mark {name}

```{{code-cell}} python
print("result", {code})
```
"""


class Book:
    """A small book that is built as ours is."""

    def __init__(self, root):
        self.root = root
        for source in ("_config.yml", "genindex.md", "book/references.bib", *course.CODE):
            self.copy(source)
        for source in course.LOOKS[1:]:
            self.copy(source)
        pages = "\n".join(f"  - file: book/{page}" for page in ("one", "two", "glossary"))
        self.write("_toc.yml", f"format: jb-book\nroot: book/index\nchapters:\n{pages}\n")
        self.write("book/index.md", "# Start\n")
        self.write("book/glossary.md", "# Glossary\n\n:::{glossary}\nterm\n: Its meaning.\n:::\n")
        self.pages = {
            "one": dict(title="First", prose="Text", code="1 + 1", other="two"),
            "two": dict(title="Second", prose="Text", code="2 + 2", other="one"),
        }
        for page in self.pages:
            self.edit(page)

    def copy(self, source):
        target = self.root / source
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, target)

    def write(self, name, text):
        (self.root / name).write_text(text, "utf-8")

    def edit(self, page, **parts):
        """Change parts of a page, such as its title."""
        self.pages[page] |= parts
        self.write(f"book/{page}.md", PAGE.format(name=page, **self.pages[page]))

    def build(self):
        """Build the book; return the exit status and what was said."""
        jupyter_book = Path(sys.executable).with_name("jupyter-book")
        command = [jupyter_book, "build", ".", "-W", "-n", "--keep-going"]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def html(self, page):
        return self.root / "_build" / "html" / "book" / f"{page}.html"

    def rebuild(self):
        """Build, which must succeed; return the pages that were written and executed (two sets)."""
        before = {page: self.html(page).stat().st_mtime_ns for page in self.pages}
        status, said = self.build()
        assert status == 0, said
        written = {page for page in before if self.html(page).stat().st_mtime_ns > before[page]}
        return written, {page for page in self.pages if f"{page}.md: executed in" in said}


@pytest.fixture(scope="module")
def small_book(tmp_path_factory):
    """A small book that has been built once."""
    book = Book(tmp_path_factory.mktemp("small"))
    status, said = book.build()
    assert status == 0, said
    assert "one.md: executed in" in said and "two.md: executed in" in said
    return book


def test_an_edited_page_alone_is_written_and_not_executed(small_book):
    small_book.edit("one", prose="Other words, unheardof before,")
    assert small_book.rebuild() == ({"one"}, set())
    assert "unheardof" in small_book.html("one").read_text("utf-8")
    found = (small_book.root / "_build/html/searchindex.js").read_text("utf-8")
    assert all(words in found for words in ("unheardof", "index of one", "index of two"))


def test_a_changed_code_cell_executes_its_page_alone(small_book):
    small_book.edit("one", code="70 + 7")
    assert small_book.rebuild() == ({"one"}, {"one"})
    assert "result 77" in small_book.html("one").read_text("utf-8")


@pytest.mark.parametrize("what", ["title", "name of a place"])
def test_what_other_pages_show_of_a_page_is_written_on_them(small_book, what):
    if what == "title":
        small_book.edit("one", title="Renamed")
        shown = "Renamed"
    else:
        page = small_book.root / "book/one.md"
        page.write_text(page.read_text("utf-8").replace("## Mark one", "## Moved"), "utf-8")
        shown = "Moved"
    assert shown not in small_book.html("two").read_text("utf-8")
    assert small_book.rebuild() == ({"one", "two"}, set())
    assert shown in small_book.html("two").read_text("utf-8")


def test_an_error_on_a_page_fails_the_build_and_is_shown_with_the_page(small_book):
    small_book.edit("two", code="1 / 0")
    status, said = small_book.build()
    assert status != 0
    failed = said.partition("two.md: WARNING: Executing notebook failed")[2]
    assert "ZeroDivisionError: division by zero" in re.sub(r"\x1b\[[\d;]*m", "", failed)
    small_book.edit("two", code="2 + 2")
    assert small_book.rebuild() == ({"two"}, set())
