"""A cell's outputs as a child reports them, checked and made into a notebook's outputs."""

import base64
import binascii
import re

from nbformat.v4 import new_output

MAX_OUTPUTS = 200
MAX_CHARACTERS = 2**20
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
ACTIVE = re.compile(r"<(?=[a-z/!?])|&(?=#)|(javascript|vbscript|data)(?=\s*:)", re.I)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udfff]")


def clean(text, limit=MAX_CHARACTERS):
    """A text without control characters, terminal colours and half characters, cut to a limit."""
    text = ANSI.sub("", str(text)[: limit + 100])
    return CONTROL.sub("\ufffd", text)[:limit]


def in_a_line(text, limit):
    """A text for a message: clean, in one line."""
    return " ".join(clean(text, limit).split())


def harmless(markdown):
    """A written answer that no browser takes for anything but text, mathematics and pictures.

    Tags, entities and addresses that run something are broken up by a mark without width, so that
    they are shown as they were written.
    """
    return ACTIVE.sub(lambda found: f"{found[0]}\u200b", clean(markdown))


def checked(reported):
    """Make a notebook's outputs of what a child reported; leave out what is none.

    Parameters
    ----------
    reported : plain data, of any kind

    Returns
    -------
    list of NotebookNode; plain text and PNG pictures alone, nothing that a browser would run
    """
    made = []
    for output in reported[:MAX_OUTPUTS] if isinstance(reported, list) else ():
        if isinstance(output, dict):
            made += _one(output)
    return made


def _one(output):
    kind = output.get("output_type")
    if kind == "stream" and output.get("name") in ("stdout", "stderr"):
        yield new_output("stream", name=output["name"], text=clean(output.get("text", "")))
    elif kind == "error":
        lines = output.get("traceback")
        lines = [clean(line, 5000) for line in lines[:50]] if isinstance(lines, list) else []
        yield new_output(
            "error",
            ename=clean(output.get("ename", ""), 200),
            evalue=clean(output.get("evalue", ""), 2000),
            traceback=lines,
        )
    elif kind in ("display_data", "execute_result") and isinstance(output.get("data"), dict):
        data = {}
        if isinstance(output["data"].get("text/plain"), str):
            data["text/plain"] = clean(output["data"]["text/plain"])
        if _is_png(output["data"].get("image/png")):
            data["image/png"] = output["data"]["image/png"]
        if data:
            yield new_output(kind, data=data)


def _is_png(text):
    if not isinstance(text, str) or len(text) > 2 * MAX_CHARACTERS:
        return False
    try:
        return base64.b64decode(text, validate=True).startswith(b"\x89PNG\r\n\x1a\n")
    except (binascii.Error, ValueError):
        return False


def failure(name, text):
    """An error that the grader reports in the place of a cell's own outputs."""
    return new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])
