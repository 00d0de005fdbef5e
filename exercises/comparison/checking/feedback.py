"""The words a student reads, as plain text and as an HTML table."""

from html import escape

from .judge import clean

TITLES = {
    "exists": "not there",
    "callable": "can't be called",
    "written": "not written yet",
    "rules": "not allowed",
    "signature": "wrong arguments",
    "builds": "can't be built",
    "module": "no nn.Module",
    "parameters": "wrong parameters",
    "runs": "stopped with an error",
    "structure": "wrong structure",
    "type": "wrong type",
    "shape": "wrong shape",
    "dtype": "wrong dtype",
    "finite": "not finite",
    "values": "wrong values",
    "unmodified": "inputs changed",
    "repeatable": "not repeatable",
    "more": "more than asked for",
    "gradients": "wrong gradients",
    "initial": "wrong initial parameters",
}
"""What each stage is called when it fails."""


def number(points):
    """Points without needless decimals."""
    return f"{points:g}"


def lines_of(finding, show_values):
    """A finding as the lines that the student reads."""
    lines = [f"{TITLES[finding.stage]}: {finding.says}"]
    if finding.holds:
        lines.append(finding.holds)
    if finding.case and finding.stage not in ("exists", "written", "callable"):
        lines.append(f"in the case “{finding.case}”")
    if show_values and finding.shows:
        lines.append(finding.shows)
    return lines


def opening(hints):
    """How the known mistakes of an answer are announced."""
    return "These are two mistakes at once:" if len(hints) > 1 else "This looks like:"


LOOK = "The points stand. Your instructor may look at this, as its text can't tell what it does:"


def as_text(verdict, show_values=False, book=""):
    """A verdict as plain text.

    Parameters
    ----------
    verdict : Verdict
    show_values : bool, whether expected values may be shown (public cases only)
    book : str, where the book is, put before each link

    Returns
    -------
    str of several lines
    """
    if verdict.status == "grader error":
        return f"{verdict.name}: the grader failed, not your answer. Tell your instructor."
    total = f"{number(verdict.points)} of {number(verdict.of)} points"
    lines = [f"{verdict.name}: {total}"]
    for part in verdict.parts:
        mark = "✗" if part.finding else "✓"
        lines.append(f"  {mark} {part.says} ({number(part.points)} of {number(part.of)})")
    if verdict.finding:
        first, *more = lines_of(verdict.finding, show_values)
        lines += [f"  {first}", *(f"    {line}" for line in more)]
    if verdict.hints:
        lines.append(f"  {opening(verdict.hints)}")
    for hint in verdict.hints:
        lines += [f"  • {hint['name']}.", f"    {hint['hint']}"]
        if hint["book"]:
            lines.append(f"    Read: {book}{hint['book']}")
    lines += [f"  {note}" for note in verdict.notes]
    lines += [f"  {LOOK} {clean(what)}" for what in verdict.look]
    return "\n".join(lines)


def as_html(verdict, show_values=False, book=""):
    """A verdict as an HTML table that a screen reader can read; arguments as ``as_text``."""
    if verdict.status == "grader error":
        return f"<p>{escape(as_text(verdict))}</p>"
    total = f"{number(verdict.points)} of {number(verdict.of)} points"
    table = (
        '<table><caption style="text-align:left;white-space:nowrap">'
        f"<code>{escape(verdict.name)}</code>: {total}"
        f"</caption><thead><tr>{''.join(map(_heading, ('result', 'what', 'points')))}</tr></thead>"
        f"<tbody>{''.join(map(_row, verdict.parts))}</tbody></table>"
    )
    said = []
    if verdict.finding:
        first, *more = map(escape, lines_of(verdict.finding, show_values))
        said.append(f"<p>{'<br>'.join([f'<strong>{first}</strong>', *more])}</p>")
    if verdict.hints:
        hints = "".join(_hint(hint, book) for hint in verdict.hints)
        said.append(f"<p>{opening(verdict.hints)}</p><ul>{hints}</ul>")
    said += [f"<p>{escape(note)}</p>" for note in verdict.notes]
    said += [f"<p>{LOOK} <code>{escape(clean(what))}</code></p>" for what in verdict.look]
    # What an answer says of itself is not to be read as mathematics.
    return f'<div class="tex2jax_ignore mathjax_ignore">{table}{"".join(said)}</div>'


CELL = "text-align:left;padding:0.2em 1.5em 0.2em 0"
"""How a cell of the table is set: nbgrader's feedback pages give tables no space of their own."""


def _heading(text):
    return f'<th scope="col" style="{CELL}">{text}</th>'


def _row(part):
    mark, word = ("✗", "not yet") if part.finding else ("✓", "right")
    return (
        f'<tr><td style="{CELL}"><span role="img" aria-label="{word}">{mark}</span></td>'
        f'<th scope="row" style="{CELL};font-weight:normal">{escape(part.says)}</th>'
        f'<td style="{CELL}">{number(part.points)} of {number(part.of)}</td></tr>'
    )


def _hint(hint, book):
    link = ""
    if hint["book"]:
        address = escape(book + hint["book"], quote=True)
        link = f' <a href="{address}">Read in the book</a>.' if book else f" Read: {address}"
    return f"<li><em>{escape(hint['name'])}</em>. {escape(hint['hint'])}{link}</li>"
