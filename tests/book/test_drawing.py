"""Diagrams: the drawn graph computes the reference, shows the equations, and can be told apart."""

import itertools
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from autograder.reference.comparison import sru_step
from autograder.reference.gru import gru_step, gru_step_cho, simplified_gru_step
from autograder.reference.lstm import lstm_step
from book.drawing import (
    DIRECTION_COLOURS,
    DIRECTION_LINES,
    GATE_COLOURS,
    GATE_LINES,
    GRU,
    GRU_CHO,
    LSTM,
    MODEL_COLOURS,
    MODEL_LINES,
    ONE_GATE,
    RNN,
    SRU,
    draw,
    draw_batch,
    draw_both_ways,
)
from book.drawing.diagram import lightness, path_of
from book.drawing.explore import WIDEST, Dial, Explorer
from book.drawing.graph import OPERATIONS, STATE, VECTOR, evaluate, parameters
from book.drawing.style import Figure, figure, show
from tests.book.conftest import ROOT

EQUATIONS = {
    "LSTM": {
        "c_t": "((σ(W_f(h_t−1, x_t))∘c_t−1)+(σ(W_i(h_t−1, x_t))∘tanh(W_g(h_t−1, x_t))))",
        "h_t": "(σ(W_o(h_t−1, x_t))∘tanh(((σ(W_f(h_t−1, x_t))∘c_t−1)+"
        "(σ(W_i(h_t−1, x_t))∘tanh(W_g(h_t−1, x_t))))))",
    },
    "plain RNN": {"h_t": "tanh(W_h(h_t−1, x_t))"},
    "GRU": {
        "h_t": "((σ(W_z(h_t−1, x_t))∘h_t−1)+((1−σ(W_z(h_t−1, x_t)))∘"
        "tanh(((σ(W_r(h_t−1, x_t))∘W_hn(h_t−1))+W_in(x_t)))))"
    },
    "GRU of the paper": {
        "h_t": "((σ(W_z(h_t−1, x_t))∘h_t−1)+((1−σ(W_z(h_t−1, x_t)))∘"
        "tanh(W_n((σ(W_r(h_t−1, x_t))∘h_t−1), x_t))))"
    },
    "GRU with one gate": {
        "c_t": "(((1−σ(W_u(c_t−1, x_t)))∘c_t−1)+(σ(W_u(c_t−1, x_t))∘tanh(W_c(c_t−1, x_t))))"
    },
    "SRU": {
        "c_t": "((σ((W_f(x_t)+v_f∘c_t−1))∘c_t−1)+((1−σ((W_f(x_t)+v_f∘c_t−1)))∘W(x_t)))",
        "h_t": "((σ((W_r(x_t)+v_r∘c_t−1))∘((σ((W_f(x_t)+v_f∘c_t−1))∘c_t−1)+"
        "((1−σ((W_f(x_t)+v_f∘c_t−1)))∘W(x_t))))+((1−σ((W_r(x_t)+v_r∘c_t−1)))∘x_t))",
    },
}
CELLS = [RNN, LSTM, GRU, GRU_CHO, ONE_GATE, SRU]


def drawn(weights, batch=2, inputs=3, hidden=4):
    """Draw inputs and parameters of a cell with as many gates as ``weights`` says."""
    random = np.random.default_rng(7)
    shapes = [(batch, inputs), (batch, hidden), (batch, hidden)]
    shapes += [(weights * hidden, inputs), (weights * hidden, hidden)]
    shapes += [(weights * hidden,)] * 2
    return [random.normal(scale=0.5, size=shape) for shape in shapes]


def test_the_drawn_lstm_computes_the_reference():
    x, h_prev, c_prev, *weights = drawn(4)
    values = evaluate(
        LSTM, {"x": x, "h_prev": h_prev, "c_prev": c_prev}, parameters(LSTM, *weights)
    )
    h, c = lstm_step(x, h_prev, c_prev, *weights)
    np.testing.assert_allclose(values["h"], h, rtol=0, atol=1e-14)
    np.testing.assert_allclose(values["c"], c, rtol=0, atol=1e-14)


def test_the_drawn_rnn_computes_torch():
    torch = pytest.importorskip("torch")
    x, h_prev, _, *weights = drawn(1)
    cell = torch.nn.RNNCell(3, 4, dtype=torch.float64)
    with torch.no_grad():
        for own, ours in zip(cell.parameters(), weights, strict=True):
            own.copy_(torch.tensor(ours))
        expected = cell(torch.tensor(x), torch.tensor(h_prev)).numpy()
    values = evaluate(RNN, {"x": x, "h_prev": h_prev}, parameters(RNN, *weights))
    np.testing.assert_allclose(values["h"], expected, rtol=0, atol=1e-14)


def test_the_drawn_gru_computes_the_reference():
    x, h_prev, _, *weights = drawn(3)
    values = evaluate(GRU, {"x": x, "h_prev": h_prev}, parameters(GRU, *weights))
    np.testing.assert_allclose(values["h"], gru_step(x, h_prev, *weights), rtol=0, atol=1e-14)


def test_the_drawn_gru_of_the_paper_computes_the_reference():
    x, h_prev, _, weight_ih, weight_hh, bias, none = drawn(3)
    none[:] = 0
    given = parameters(GRU_CHO, weight_ih, weight_hh, bias, none)
    values = evaluate(GRU_CHO, {"x": x, "h_prev": h_prev}, given)
    expected = gru_step_cho(x, h_prev, weight_ih, weight_hh, bias)
    np.testing.assert_allclose(values["h"], expected, rtol=0, atol=1e-14)


def test_the_drawn_cell_with_one_gate_computes_the_reference():
    x, c_prev, _, weight_ih, weight_hh, bias, none = drawn(2)
    none[:] = 0
    given = parameters(ONE_GATE, weight_ih, weight_hh, bias, none)
    values = evaluate(ONE_GATE, {"x": x, "h_prev": c_prev}, given)
    W_u, W_c = np.split(np.concatenate([weight_hh, weight_ih], axis=1), 2)
    b_u, b_c = np.split(bias, 2)
    expected = simplified_gru_step(x, c_prev, W_c, W_u, b_c, b_u)
    np.testing.assert_allclose(values["h"], expected, rtol=0, atol=1e-14)


def test_the_drawn_sru_computes_the_reference():
    random = np.random.default_rng(8)
    B, H = 2, 4
    x, c_prev = random.normal(size=(2, B, H))
    W, W_f, W_r = random.normal(scale=0.5, size=(3, H, H))
    v_f, v_r, b_f, b_r = random.normal(scale=0.5, size=(4, H))
    given = {
        ("g", "x"): (W, 0),
        ("f", "x"): (W_f, b_f),
        ("r", "x"): (W_r, b_r),
        ("f", VECTOR): v_f,
        ("r", VECTOR): v_r,
    }
    values = evaluate(SRU, {"x": x, "c_prev": c_prev}, given)
    h, c = sru_step(x, c_prev, W, W_f, W_r, v_f, v_r, b_f, b_r)
    np.testing.assert_allclose(values["h"], h, rtol=0, atol=1e-14)
    np.testing.assert_allclose(values["c"], c, rtol=0, atol=1e-14)


def read_back(svg):
    """Return the formula of each output, from nothing but what the drawing shows (dict)."""
    root = ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    shown, sources = {}, {}
    for group in root.iter(f"{space}g"):
        texts = []
        for text in group.iter(f"{space}text"):
            below = "".join(part.text for part in text.iter(f"{space}tspan"))
            texts.append((text.text or "") + (f"_{below}" if below else ""))
        shown[group.get("data-node")] = texts[0]
    for line in root.iter(f"{space}polyline"):
        sources.setdefault(line.get("data-to"), []).append(line.get("data-from"))

    def formula(node):
        parts = [formula(source) for source in sources.get(node, [])]
        sign = shown[node]
        if not parts:
            return sign
        if sign in ("∘", "+"):
            return "(" + sign.join(parts) + ")"
        if sign == "1−":
            return f"(1−{parts[0]})"
        if sign.startswith("v_"):
            return f"{sign}∘{parts[0]}"
        if sign in ("σ", "tanh", "W") or sign.startswith("W_"):
            return f"{sign}({', '.join(parts)})"
        return parts[0]

    ends = set(sources) - set(itertools.chain.from_iterable(sources.values()))
    return {shown[node]: formula(node) for node in ends}


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_what_the_diagram_shows_is_the_equations(cell):
    assert read_back(draw(cell, "a cell").svg) == EQUATIONS[cell.name]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_gates_are_named_in_the_diagram_and_lie_inside_it(cell):
    svg = draw(cell, "a cell", values={node.name: -0.125 for node in cell.nodes}).svg
    assert svg.count("−0.12") == len(cell.nodes)
    width, height = cell.size
    places = {node.name: node for node in cell.nodes}
    for node in cell.nodes:
        for wire in node.wires:
            for x, y in path_of(wire, places[wire.source], node):
                assert 0 < x < width and 0 < y < height, (node.name, wire)
    for node in cell.nodes:
        if node.does in ("σ", "tanh") and node.label:
            base, _, below = node.label.partition("_")
            assert re.search(rf">{base}<tspan[^>]*>{below}</tspan>", svg), node.name


def written(pages):
    """Return the text of pages of the chapter, without spaces and spacing commands."""
    text = "".join((ROOT / "book" / "lstm" / f"{page}.md").read_text("utf-8") for page in pages)
    return re.sub(r"\s|\\[,;]|&", "", text)


def test_the_formulas_in_the_text_are_those_of_the_graph():
    squash = {
        node.gate: node.does for node in LSTM.nodes if node.gate and node.does in ("σ", "tanh")
    }
    assert set(squash) == set(LSTM.gates)
    torch_form, paper_form = written(["gates"]), written(["librarian"])
    for gate, symbol in squash.items():
        name = "\\" + {"σ": "sigma"}.get(symbol, symbol)
        sums = rf"W_{{i{gate}}}x_t+b_{{i{gate}}}+W_{{h{gate}}}h_{{t-1}}+b_{{h{gate}}}"
        assert f"{gate}_t={name}({sums})" in torch_form
        result, index = ("\\tildeC", "C") if gate == "g" else (gate, gate)
        assert f"{result}_t={name}(W_{index}[h_{{t-1}},x_t]+b_{index})" in paper_form
    # What these two say, read back from the drawing, is in EQUATIONS.
    assert r"c_t=f_t\circc_{t-1}+i_t\circg_t" in written(["step"])
    assert r"h_t=o_t\circ\tanh(c_t)" in written(["step"])
    assert r"C_t=f_t\circC_{t-1}+i_t\circ\tildeC_t" in paper_form
    assert r"h_t=o_t\circ\tanh(C_t)" in paper_form


def test_the_script_of_explorers_knows_every_operation():
    script = (ROOT / "book" / "_static" / "explore.js").read_text("utf-8")
    table = re.search(r"OPERATIONS = \{\n(.*?)\n\};", script, re.DOTALL).group(1)
    known = set(re.findall(r'^  "(.+?)":', table, re.MULTILINE))
    assert known >= {*OPERATIONS, STATE}
    assert float(re.search(r"const WIDEST = (\d+);", script).group(1)) == WIDEST


def test_an_explorer_needs_what_its_outputs_depend_on():
    with pytest.raises(ValueError, match="don't follow from"):
        Explorer(LSTM, [Dial("a_f", "forget gate", 1.0)], {}, "a cell")


def test_a_figure_without_description_is_refused():
    with pytest.raises(ValueError, match="alt text"):
        Figure("<svg ></svg>", " ")


def test_figures_come_out_the_same_every_time():
    def plotted():
        plot, axes = figure()
        axes.plot([1, 2, 3], label="a")
        axes.legend()
        return show(plot, 'rises "fast"')._repr_html_()

    assert plotted() == plotted()
    assert "currentColor" in plotted() and "&quot;fast&quot;" in plotted()
    assert not re.search(r"\d\d:\d\d", plotted())


@pytest.mark.parametrize("colours", [GATE_COLOURS, MODEL_COLOURS, DIRECTION_COLOURS])
def test_colours_differ_in_grey(colours):
    for one, other in itertools.combinations(set(colours.values()), 2):
        assert abs(lightness(one) - lightness(other)) > 6, (one, other)


@pytest.mark.parametrize("lines", [GATE_LINES, MODEL_LINES, DIRECTION_LINES])
def test_each_kind_of_line_is_used_once(lines):
    # The candidate is one thing with two names.
    assert len(set(lines.values())) == len(set(lines) - {"n"})


# Viénot, Brettel and Mollon (1999): linear RGB as protanopes and deuteranopes see it.
DICHROMATS = {
    "protanope": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "deuteranope": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}


@pytest.mark.parametrize("matrix", DICHROMATS.values(), ids=DICHROMATS)
@pytest.mark.parametrize("colours", [GATE_COLOURS, MODEL_COLOURS, DIRECTION_COLOURS])
def test_colours_differ_for_colour_blind_people(colours, matrix):
    seen = []
    for colour in set(colours.values()):
        channels = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
        seen.append(np.clip(matrix @ channels**2.2, 0, 1) ** (1 / 2.2))
    for one, other in itertools.combinations(seen, 2):
        assert np.linalg.norm(one - other) > 0.2


def test_both_directions_are_drawn_the_right_way_round():
    """Arrows between boxes go right in the row ahead, and left in the row back."""
    steps = 4
    root = ElementTree.fromstring(draw_both_ways(steps, "both ways").svg)
    space = "{http://www.w3.org/2000/svg}"
    boxes, rows = {}, {}
    for box, text in zip(
        root.iter(f"{space}rect"),
        (t for t in root.iter(f"{space}text") if t.text in ("ahead", "back")),
        strict=True,
    ):
        rows[text.text] = float(text.get("y"))
        boxes.setdefault(text.text, []).append(float(box.get("x")))
    assert {way: len(found) for way, found in boxes.items()} == {"ahead": steps, "back": steps}
    ways = {"ahead": set(), "back": set()}
    for line in root.iter(f"{space}polyline"):
        (x0, y0), *_, (x1, y1) = (
            tuple(map(float, corner.split(","))) for corner in line.get("points").split()
        )
        for way, y in rows.items():
            if y0 == y1 == y:
                ways[way].add(np.sign(x1 - x0))
    assert ways == {"ahead": {1.0}, "back": {-1.0}}


def test_padding_is_drawn_as_padding():
    svg = draw_batch({"two rows": [["a", "b", "c"], ["d", "", ""]]}, "a batch").svg
    assert svg.count("<rect") == 6 and svg.count("stroke-dasharray") == 2
