"""A cell's outputs as a child reports them, checked and made into a notebook's outputs."""

import base64
import binascii
import re
import struct

from nbformat import from_dict

MAX_OUTPUTS = 200
MAX_CHARACTERS = 2**20
"""Of any one text."""
MAX_SHOWN = 2**22
"""Characters of all outputs of a notebook, pictures included: a page is made of them."""
MAX_CODE, MAX_LINE = 50_000, 1_000
"""Characters of a cell's code, and of a line of it, beyond which they are not shown."""
MAX_BLANK = 50
"""Blank lines in a row that are shown."""
MAX_WRITTEN = 10_000
"""Characters of a written answer that are shown: Markdown takes the square of them at worst."""
MAX_PIXELS = 2**25
"""Pixels of one picture: a small file can unfold to more than a browser can hold."""
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
TEX = (
    "href|url|style|class|cssId|data|require|unicode|includegraphics|csname|let|[egx]?def|"
    "(re)?new(command|environment)|providecommand|Declare[A-Za-z]*|Newextarrow|mmlToken"
)
"""MathJax's commands that make links and styles, or new commands that could be spelt as those."""
ACTIVE = re.compile(
    r"<(?=[a-z/!?])|&(?=#|[a-z][a-z0-9]*;)|!(?=\[)|\](?=[(:](?![ \t\n]*https?://))"
    rf"|\\(?=({TEX})(?![a-z]))"
    r"|(?<!`)`{3,}+(?=[^\S\n]*[^\s])|(?<!~)~{3,}+(?=[^\S\n]*[^\s])",
    re.I,
)
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
"""How a PNG picture begins; its width and height follow."""
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|[\ud800-\udfff]")
TURNING = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of writing, and can make a line read as another."""


def clean(text, limit=MAX_CHARACTERS):
    """A text without control characters, terminal colours and half characters, cut to a limit.

    Of what is no text its type alone is told: a child may send numbers that take minutes to write.
    """
    if not isinstance(text, str):
        text = "" if text is None else type(text).__name__
    text = ANSI.sub("", text[: limit + 100])
    return CONTROL.sub("\ufffd", text)[:limit]


def in_a_line(text, limit):
    """A text for a message: clean, in one line."""
    return " ".join(TURNING.sub("\ufffd", clean(text, limit)).split())


def harmless(markdown):
    """A written answer that no browser takes for anything but text, mathematics and links.

    Tags, entities, links but those into the web (an address can run something, and be spelt in many
    ways), pictures (whose owner is told who looks), commands of TeX that make links or styles, and
    languages of code, which some are coloured in that takes hours, are broken up by a mark without
    width, so that they are shown as they were written. What is too long is cut.
    """
    said = clean(markdown)
    left = len(said) - MAX_WRITTEN
    shown = ACTIVE.sub(lambda found: f"{found[0]}\u200b", said[:MAX_WRITTEN])
    return f"{shown}\n\n(and {left:,} more characters)" if left > 0 else shown


def showable(code):
    """Code as a page can show it: what no person writes, and no page can colour, is cut.

    The time that colouring takes grows with the square of a line's length, and faster with the
    number of blank lines in a row; some characters more would keep a class waiting for its pages.
    """
    shown, blank = [], 0
    for line in code[:MAX_CODE].split("\n"):
        if not line.strip():
            line, blank = "", blank + 1
        else:
            blank = 0
        if len(line) > MAX_LINE:
            line = f"{line[:MAX_LINE]}  # and {len(line) - MAX_LINE:,} more characters"
        if blank <= MAX_BLANK:
            shown.append(line)
    if len(code) > MAX_CODE:
        shown.append(f"# and {len(code) - MAX_CODE:,} more characters")
    return "\n".join(shown)


def checked(reported, room=MAX_SHOWN):
    """Make a notebook's outputs of what a child reported; leave out what is none.

    Parameters
    ----------
    reported : plain data, of any kind
    room : int, how many characters they may have

    Returns
    -------
    list of NotebookNode; plain text and PNG pictures alone, nothing that a browser would run
    int, how many characters they have
    """
    made, size = [], 0
    for said in reported[:MAX_OUTPUTS] if isinstance(reported, list) else ():
        for one in _one(said) if isinstance(said, dict) else ():
            more = _size(one)
            if size + more > room:
                left_out = "… the rest of the outputs is left out: the notebook shows too much\n"
                return [*made, output("stream", name="stderr", text=left_out)], size
            made.append(one)
            size += more
    return made, size


def _size(value):
    """How many characters an output has."""
    if isinstance(value, str):
        return len(value)
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(_size, parts))


def output(kind, **fields):
    """One output of a cell; unlike nbformat's ``new_output``, without validating it each time."""
    return from_dict({"output_type": kind, **fields})


def _one(said):
    kind, name = said.get("output_type"), said.get("name")
    if not isinstance(kind, str):
        return
    if kind == "stream" and isinstance(name, str) and name in ("stdout", "stderr"):
        yield output("stream", name=name, text=clean(said.get("text", "")))
    elif kind == "error":
        lines = said.get("traceback")
        lines = [clean(line, 5000) for line in lines[:50]] if isinstance(lines, list) else []
        yield output(
            "error",
            ename=clean(said.get("ename", ""), 200),
            evalue=clean(said.get("evalue", ""), 2000),
            traceback=lines,
        )
    elif kind in ("display_data", "execute_result") and isinstance(said.get("data"), dict):
        data = {}
        if isinstance(said["data"].get("text/plain"), str):
            data["text/plain"] = clean(said["data"]["text/plain"])
        if _is_png(said["data"].get("image/png")):
            data["image/png"] = said["data"]["image/png"]
        if data:
            count = {"execution_count": None} if kind == "execute_result" else {}
            yield output(kind, data=data, metadata={}, **count)


def _is_png(text):
    if not isinstance(text, str) or len(text) > 2 * MAX_CHARACTERS:
        return False
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    if not data.startswith(PNG) or len(data) < len(PNG) + 8:
        return False
    width, height = struct.unpack_from("!II", data, len(PNG))
    return 0 < width * height <= MAX_PIXELS


def failure(name, text):
    """An error that the grader reports in the place of a cell's own outputs."""
    return output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])
