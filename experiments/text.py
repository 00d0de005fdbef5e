"""Take a snapshot of the book's own prose, for the character model: ``python -m experiments.text``.

The book goes on changing; the snapshot is kept, so that the kept results can be remade.
"""

import re
from pathlib import Path

BOOK = Path(__file__).parents[1] / "book"
TEXT = Path(__file__).parent / "course.txt"
CHAPTERS = ("rnn", "lstm", "gru", "birnn")
EVERYDAY = re.compile(r"[^a-z0-9 .,;:?!'()\n-]")


def prose(page):
    """What a page says, without code, formulas, markup and capital letters."""
    text = re.sub(r"\A---\n.*?\n---\n", "", page, flags=re.DOTALL)
    text = re.sub(r"^(`{3,}|:{3,}).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\{[^}]*\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)|^\|.*$|^\([\w-]+\)=$", "", text, flags=re.MULTILINE)
    text = text.lower().translate(str.maketrans("’–—", "'--"))
    text = EVERYDAY.sub("", text)
    return re.sub(r"\s*\n\s*", "\n", re.sub(r" +", " ", text)).strip()


def main():
    """Write the snapshot."""
    pages = [page for chapter in CHAPTERS for page in sorted((BOOK / chapter).glob("*.md"))]
    pages.append(BOOK / "glossary.md")
    text = "\n".join(prose(page.read_text("utf-8")) for page in pages)
    TEXT.write_text(text + "\n", encoding="utf-8")
    print(f"{TEXT.name}: {len(text)} characters, {len(set(text))} different ones")


if __name__ == "__main__":
    main()
