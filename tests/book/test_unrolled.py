"""Unrolled networks: the drawing has the inputs, outputs, gradients and cuts that it is told."""

import xml.etree.ElementTree as ElementTree

import pytest

from book.drawing import draw_unrolled

SPACE = "{http://www.w3.org/2000/svg}"


def labels(figure):
    """The texts of a drawing, such as ``x_1``."""
    found = []
    for text in ElementTree.fromstring(figure.svg).iter(f"{SPACE}text"):
        below = "".join(part.text for part in text.iter(f"{SPACE}tspan"))
        found.append((text.text or "") + (f"_{below}" if below else ""))
    return found


@pytest.mark.parametrize(
    "reads, writes", [([1], [1]), ([1], [1, 2, 3]), ([1, 2, 3], [3]), ([1, 2, 3], [4, 5])]
)
def test_the_five_shapes_read_and_write_what_they_say(reads, writes):
    said = labels(draw_unrolled(reads, writes, "a network"))
    assert [label for label in said if label[0] == "x"] == [f"x_{t}" for t in reads]
    assert [label for label in said if label[0] == "y"] == [f"y_{t}" for t in writes]
    steps = max(reads + writes)
    assert sorted(label for label in said if label[0] == "h") == [
        f"h_{t}" for t in range(steps + 1)
    ]


def test_weights_are_the_same_at_every_step():
    said = labels(draw_unrolled([1, 2], [1, 2], "a network", weights=True))
    assert [said.count(name) for name in ("W_ih", "W_hh", "W_o")] == [2, 2, 2]


def test_no_gradient_crosses_a_cut():
    def count(**options):
        svg = draw_unrolled([1, 2, 3], [1, 2, 3], "a network", gradients=True, **options).svg
        return svg.count('class="gradient"'), svg.count('class="cut"')

    assert count() == (6, 0)
    assert count(cuts=[2]) == (5, 1)
