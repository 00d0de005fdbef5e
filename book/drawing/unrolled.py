"""Draw a plain recurrent network unrolled in time: what it reads, what it says, what comes back."""

from book.drawing.diagram import canvas, line_of, text_of
from book.drawing.style import Figure

ACROSS = 120  # from one step to the next
BOX = (60, 44)  # width and height of a step
LEFT = 118  # the middle of the first step
ABOVE, BELOW = 46, 46  # length of the arrows out of and into a step


def draw_unrolled(reads, writes, alt, caption="", weights=False, gradients=False, cuts=()):
    """Draw the steps of a network in a row, from left to right.

    Parameters
    ----------
    reads, writes : collections of int; the steps, counted from 1, that have an input or an output
    alt : str, what the figure shows, for those who can't see it
    caption : str, what the reader should see in it
    weights : bool, whether each arrow says which weights it stands for
    gradients : bool, whether dashed arrows show the way of gradients from outputs to h_0
    cuts : collection of int; the steps after which the sequence is cut and no gradient goes back

    Returns
    -------
    Figure
    """
    steps = max([*reads, *writes])
    half_width, half_height = BOX[0] / 2, BOX[1] / 2
    y = 30 + ABOVE + half_height
    width, height = LEFT + ACROSS * (steps - 1) + 96, y + half_height + BELOW + 30
    parts = []

    def arrow(x0, y0, x1, y1, back=False):
        line = line_of([(x0, y0), (x1, y1)], "wire")
        parts.append(f'<g class="gradient">{line}</g>' if back else line)

    def write(x, y, words, face="formula"):
        parts.append(f'<text x="{x:g}" y="{y:g}" class="{face}">{text_of(words)}</text>')

    forth, back = (-9, 9) if gradients else (0, 0)
    write(LEFT - 96, y + forth, "h_0")
    for step in range(1, steps + 1):
        x = LEFT + ACROSS * (step - 1)
        gap = 80 if step == 1 else ACROSS - half_width
        arrow(x - gap, y + forth, x - half_width - 2, y + forth)
        if gradients and step - 1 not in cuts:
            arrow(x - half_width, y + back, x - gap + 2, y + back, back=True)
        if step - 1 in cuts:
            middle = x - ACROSS / 2
            parts.append(
                f'<line class="cut" x1="{middle}" y1="20" x2="{middle}" y2="{height - 16:g}" '
                'stroke="currentColor"/>'
            )
        if weights:
            write(x - half_width - 26, y + forth - 14, "W_hh", "small")
        parts.append(
            f'<rect x="{x - half_width}" y="{y - half_height}" width="{BOX[0]}" height="{BOX[1]}" '
            'rx="6" class="paper" stroke="currentColor" stroke-width="1.5"/>'
        )
        write(x, y, f"h_{step}")
        if step in reads:
            arrow(x, y + half_height + BELOW, x, y + half_height + 2)
            write(x, y + half_height + BELOW + 16, f"x_{step}")
            if weights:
                write(x + 26, y + half_height + BELOW / 2 + 4, "W_ih", "small")
        if step in writes:
            arrow(x + forth, y - half_height, x + forth, y - half_height - ABOVE + 2)
            write(x, y - half_height - ABOVE - 14, f"J_{step}" if gradients else f"y_{step}")
            if gradients:
                arrow(x + back, y - half_height - ABOVE, x + back, y - half_height - 2, back=True)
            if weights:
                write(x + 26, y - half_height - ABOVE / 2, "W_o", "small")
    return Figure(canvas(width, height, parts), alt, caption)
