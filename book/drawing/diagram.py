"""Draw a cell's graph, or cells in a row, as a vector graphic."""

from itertools import pairwise

import numpy as np

from book.drawing.graph import AFFINE, STATE, VECTOR
from book.drawing.style import DIRECTION_COLOURS, GATE_COLOURS, Figure

BOX = (46, 30)  # width and height of what squashes
CIRCLE = 15  # radius of what combines


def text_of(label):
    """Return a label as SVG text; what follows "_" is a subscript."""
    base, _, below = label.partition("_")
    if not below:
        return base
    return f'{base}<tspan dy="4" font-size="70%">{below}</tspan>'


def lightness(colour):
    """Return the perceived lightness (CIE L*, 0 to 100) of a colour such as ``"#0068A8"``."""
    channels = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return 116 * np.cbrt(luminance) - 16 if luminance > 0.008856 else 903.3 * luminance


def shape_of(node):
    """Return the SVG of one node: its outline and what is written in it."""
    x, y = node.at
    width, height = BOX
    colour = GATE_COLOURS.get(node.gate, "currentColor")
    outline = 'stroke="currentColor" stroke-width="1.5"'
    if node.does == STATE:
        shape = f'<circle cx="{x}" cy="{y}" r="24" class="paper" {outline}/>'
        written, ink, face = text_of(node.label), "currentColor", "formula"
    elif node.does in (AFFINE, VECTOR):
        shape = (
            f'<rect x="{x - width / 2}" y="{y - height / 2}" width="{width}" height="{height}" '
            f'rx="3" class="paper" stroke="{colour}" stroke-width="2.5"/>'
        )
        written, ink, face = text_of(node.label), "currentColor", "formula"
    elif node.does in ("∘", "+"):
        shape = f'<circle cx="{x}" cy="{y}" r="{CIRCLE}" class="paper" {outline}/>'
        written, ink, face = node.does, "currentColor", "sign"
    else:
        fill = colour if node.gate in GATE_COLOURS else "none"
        paper = 'class="paper"' if fill == "none" else f'fill="{fill}"'
        oval = f'x="{x - width / 2}" y="{y - height / 2}" width="{width}" height="{height}" rx="15"'
        shape = f"<rect {oval} {paper} {outline}/>"
        if fill != "none":  # paper beneath, lest wires show through when the colour is made faint
            shape = f'<rect {oval} class="paper"/>' + shape
        written, face = node.does, "sign"
        ink = "currentColor" if fill == "none" else ("#fff" if lightness(fill) < 55 else "#000")
    return (
        f'<g data-node="{node.name}" data-does="{node.does}">{shape}'
        f'<text x="{x}" y="{y}" class="{face}" fill="{ink}">{written}</text>{name_of(node)}</g>'
    )


def name_of(node):
    """Return the SVG of what formulas call the result of an operation, beside its node."""
    if node.does in (STATE, AFFINE, VECTOR) or not node.label or node.gate is None:
        return ""
    x, y = node.at[0] - BOX[0] / 2 - 16, node.at[1]
    return f'<text x="{x:g}" y="{y:g}" class="formula name">{text_of(node.label)}</text>'


def path_of(wire, source, target):
    """Return the corners of a wire: three level or upright pieces, some of length zero."""
    (x0, y0), (x1, y1) = source.at, target.at
    x1 += wire.port
    rail = y1 if wire.rail is None else wire.rail
    corners = [(x0, y0), (x0, rail), (x1, rail), (x1, y1)]
    return [c for k, c in enumerate(corners) if k == 0 or c != corners[k - 1]]


def shortened(corners, target):
    """Return the corners with the last one moved back to the edge of the node it leads to."""
    (x0, y0), (x1, y1) = corners[-2], corners[-1]
    if target.does in ("∘", "+"):
        reach = (CIRCLE, CIRCLE)
    elif target.does == STATE:
        reach = (24, 24)
    else:
        reach = (BOX[0] / 2, BOX[1] / 2)
    back_x = np.sign(x1 - x0) * (reach[0] + 2)
    back_y = np.sign(y1 - y0) * (reach[1] + 2)
    return [*corners[:-1], (x1 - back_x, y1 - back_y)]


def arrow(corners, kind):
    """Return the SVG of the head of a line (its corners) of a kind, ``"wire"`` or ``"belt"``."""
    (x0, y0), (x1, y1) = corners[-2], corners[-1]
    length, half = (9, 4.5) if kind == "wire" else (12, 8)
    dx, dy = np.sign(x1 - x0), np.sign(y1 - y0)
    base_x, base_y = x1 - dx * length, y1 - dy * length
    points = [(x1, y1), (base_x - dy * half, base_y + dx * half)]
    points.append((base_x + dy * half, base_y - dx * half))
    written = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polygon points="{written}" fill="currentColor"/>'


def line_of(corners, kind, ends=""):
    """Return the SVG of a line with a head; ``ends`` (str) says what it joins."""
    points = " ".join(f"{x:g},{y:g}" for x, y in corners)
    return f'<polyline class="{kind}" {ends} points="{points}"/>' + arrow(corners, kind)


def wire_of(wire, source, target):
    """Return the SVG of one wire."""
    corners = shortened(path_of(wire, source, target), target)
    ends = f'data-from="{source.name}" data-to="{target.name}"'
    return line_of(corners, "belt" if wire.belt else "wire", ends)


def inside(point, start, end):
    """Tell whether a point lies between the ends of a level or upright line."""
    (x, y), (x0, y0), (x1, y1) = point, start, end
    return (x == x0 == x1 and min(y0, y1) < y < max(y0, y1)) or (
        y == y0 == y1 and min(x0, x1) < x < max(x0, x1)
    )


def branches(paths):
    """Return where one of these paths, all from one node, turns off another (set of points)."""
    return {
        corner
        for path in paths
        for corner in path[1:-1]
        for other in paths
        if any(inside(corner, *ends) for ends in pairwise(other))
    }


def canvas(width, height, parts):
    """Return an ``<svg>`` element of a size (in its own units) that holds the parts (str)."""
    # On a narrow screen the figure is scrolled rather than made too small to read.
    sizes = f"max-width:{width:g}px;min-width:{0.74 * width:g}px"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'class="diagram" style="{sizes}">{"".join(parts)}</svg>'
    )


def draw(cell, alt, caption="", values=None):
    """Draw a cell.

    Parameters
    ----------
    cell : Cell
    alt : str, what the figure shows, for those who can't see it
    caption : str, what the reader should see in it
    values : None, or a dict from names of nodes to numbers that are written beside them

    Returns
    -------
    Figure
    """
    by_name = {node.name: node for node in cell.nodes}
    wires = [(wire, by_name[wire.source], node) for node in cell.nodes for wire in node.wires]
    parts = [wire_of(*each) for each in wires]
    for name in by_name:
        paths = [path_of(*each) for each in wires if each[0].source == name]
        for x, y in sorted(branches(paths)):
            parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="currentColor"/>')
    parts += [shape_of(node) for node in cell.nodes]
    for node in cell.nodes:
        if values is not None and node.name in values:
            parts.append(value_of(node, values[node.name]))
    return Figure(canvas(*cell.size, parts), alt, caption)


def value_of(node, value):
    """Return the SVG of a number beside its node."""
    x, y = node.at[0] + node.said[0], node.at[1] + node.said[1]
    anchor = "start" if node.said[0] > 0 else "middle"
    number = f"{value:.2f}".replace("-", "−")
    return (
        f'<text x="{x:g}" y="{y:g}" class="value" data-value="{node.name}" '
        f'style="text-anchor:{anchor}">{number}</text>'
    )


def draw_layers(layers, steps, alt, caption="", cell="LSTM", states="hc"):
    """Draw a stacked network unrolled in time: one box for each layer and step.

    Parameters
    ----------
    layers, steps : int
    alt : str, what the figure shows, for those who can't see it
    caption : str, what the reader should see in it
    cell : str, what stands in each box
    states : str, the letters of the states that go from box to box

    Returns
    -------
    Figure
    """
    across, up, left, top = 150, 92, 110, 70
    width = left + across * (steps - 1) + 130
    bottom = top + up * (layers - 1)
    heights = (-10, 10) if len(states) == 2 else (0,)
    parts = []

    def line(x0, y0, x1, y1):
        parts.append(line_of([(x0, y0), (x1, y1)], "wire"))

    def write(x, y, words):
        parts.append(f'<text x="{x:g}" y="{y:g}" class="code">{words}</text>')

    for layer in range(layers):
        y = bottom - up * layer
        for state, below in zip(states, heights, strict=True):
            write(left - 82, y + below, f"{state}_0[{layer}]")
        for step in range(steps):
            x = left + across * step
            line(x - (50 if step == 0 else across - 34), y, x - 36, y)
            line(x, y + (up - 20 if layer else 52), x, y + 22)
            parts.append(
                f'<rect x="{x - 34}" y="{y - 20}" width="68" height="40" rx="6" class="paper" '
                'stroke="currentColor" stroke-width="1.5"/>'
                f'<text x="{x}" y="{y}" class="sign">{cell}</text>'
            )
            if layer == 0:
                write(x, y + 64, f"input[{step}]")
            if layer == layers - 1:
                line(x, y - 20, x, y - 42)
                write(x, y - 54, f"output[{step}]")
        x = left + across * (steps - 1)
        line(x + 34, y, x + 52, y)
        for state, below in zip(states, heights, strict=True):
            write(x + 88, y + below, f"{state}_n[{layer}]")
    return Figure(canvas(width, bottom + 84, parts), alt, caption)


def draw_both_ways(steps, alt, caption="", said=None):
    """Draw a network with both directions unrolled in time: one box for each direction and step.

    Parameters
    ----------
    steps : int
    alt : str, what the figure shows, for those who can't see it
    caption : str, what the reader should see in it
    said : None, or a dict with lists of str, one for each step: ``"input"``, and ``"ahead"`` and
        ``"back"`` for what each direction gives out

    Returns
    -------
    Figure
    """
    across, left, apart = 150, 120, 30
    rows = {"ahead": 170, "back": 92}  # heights of the boxes
    low, high = 226, 40  # where inputs branch, and where outputs end
    width = left + across * (steps - 1) + 130
    parts = []

    def line(*corners):
        parts.append(line_of(list(corners), "wire"))

    def write(x, y, words, face="code"):
        parts.append(f'<text x="{x:g}" y="{y:g}" class="{face}">{words}</text>')

    for step in range(steps):
        x = left + across * step
        write(x, low + 44, f"input[{step}]" if said is None else said["input"][step])
        for way, y in rows.items():
            at = x - apart if way == "ahead" else x + apart
            line((x, low + 30), (x, low), (at, low), (at, y + 22))
            line((at, y - 20), (at, high))
            if said is not None:
                parts.append(
                    f'<text x="{at:g}" y="{high - 14}" class="value" '
                    f'style="text-anchor:middle">{said[way][step]}</text>'
                )
            if way == "ahead":
                start = at - 50 if step == 0 else at - across + 34
                line((start, y), (at - 36, y))
            else:
                start = at + 50 if step == steps - 1 else at + across - 34
                line((start, y), (at + 36, y))
            parts.append(
                f'<rect x="{at - 34}" y="{y - 20}" width="68" height="40" rx="6" class="paper" '
                f'stroke="{DIRECTION_COLOURS[way]}" stroke-width="3"/>'
                f'<text x="{at}" y="{y}" class="sign">{way}</text>'
            )
        if said is None:
            write(x, high - 14, f"output[{step}]")
    first, last = left, left + across * (steps - 1)
    line((last - apart + 34, rows["ahead"]), (last + 84, rows["ahead"]))
    line((first + apart - 34, rows["back"]), (first - 84, rows["back"]))
    for x, way, words in (
        (first - 98, "ahead", ("h_0", "[0]")),
        (last + 104, "ahead", ("h_n", "[0]")),
        (last + 104, "back", ("h_0", "[1]")),
        (first - 100, "back", ("h_n", "[1]")),
    ):
        write(x, rows[way] - 9, words[0])
        write(x, rows[way] + 9, words[1])
    return Figure(canvas(width, low + 62, parts), alt, caption)


def draw_batch(batches, alt, caption=""):
    """Draw padded batches below each other: a row for each sequence, a column for each step.

    Parameters
    ----------
    batches : dict from a title to a list of rows, each a list of str, ``""`` for padding
    alt : str, what the figure shows, for those who can't see it
    caption : str, what the reader should see in it

    Returns
    -------
    Figure
    """
    cell, height, left = 86, 30, 12
    steps = max(len(row) for rows in batches.values() for row in rows)
    parts, y = [], 22
    for title, rows in batches.items():
        parts.append(
            f'<text x="{left}" y="{y}" class="code" style="text-anchor:start">{title}</text>'
        )
        y += 16
        for row in rows:
            for step, words in enumerate(row):
                x = left + cell * step
                line = 'stroke="currentColor" stroke-width="1.2"'
                dashes = "" if words else ' stroke-dasharray="3 4" opacity="0.55"'
                parts.append(
                    f'<rect x="{x}" y="{y}" width="{cell - 4}" height="{height - 4}" '
                    f'class="paper" {line}{dashes}/>'
                )
                middle = (x + cell / 2 - 2, y + height / 2 - 2)
                face = "sign" if words else "code"
                parts.append(
                    f'<text x="{middle[0]:g}" y="{middle[1]:g}" class="{face}">'
                    f"{words or '·'}</text>"
                )
            y += height
        y += 26
    return Figure(canvas(2 * left + cell * steps, y - 16, parts), alt, caption)
