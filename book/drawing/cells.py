"""The cells of the course. Time runs to the right, the input comes from below."""

from book.drawing.graph import AFFINE, STATE, Cell, Node, Wire


def gate_nodes(name, squash, x, top):
    """Return the two nodes of one gate: its affine map of x and h, and what squashes it."""
    return (
        Node(
            f"a_{name}",
            AFFINE,
            f"W_{name}",
            (x, top + 62),
            (Wire("h_prev", rail=top + 120, port=-11), Wire("x", rail=top + 150, port=11)),
            gate=name,
            said=(28, 0),
        ),
        Node(name, squash, f"{name}_t", (x, top), (Wire(f"a_{name}"),), gate=name, said=(8, -26)),
    )


RNN = Cell(
    name="plain RNN",
    gates="h",
    outputs=("h",),
    size=(360, 270),
    nodes=(
        Node("h_prev", STATE, "h_t−1", (42, 170)),
        Node("x", STATE, "x_t", (110, 236)),
        Node(
            "a_h",
            AFFINE,
            "W_h",
            (200, 112),
            (Wire("h_prev", rail=170, port=-11), Wire("x", rail=200, port=11)),
            gate="h",
        ),
        Node("squashed", "tanh", "", (200, 50), (Wire("a_h"),), gate="h"),
        Node("h", STATE, "h_t", (318, 50), (Wire("squashed"),)),
    ),
)

LSTM = Cell(
    name="LSTM",
    gates="ifgo",
    outputs=("h", "c"),
    size=(760, 420),
    nodes=(
        Node("c_prev", STATE, "c_t−1", (42, 60)),
        Node("h_prev", STATE, "h_t−1", (42, 320)),
        Node("x", STATE, "x_t", (110, 386), said=(30, 8)),
        *gate_nodes("f", "σ", 170, 200),
        *gate_nodes("i", "σ", 290, 200),
        *gate_nodes("g", "tanh", 410, 200),
        *gate_nodes("o", "σ", 530, 200),
        Node("kept", "∘", "", (170, 60), (Wire("f"), Wire("c_prev", belt=True)), said=(0, -28)),
        Node(
            "written",
            "∘",
            "",
            (350, 130),
            (Wire("i", rail=130), Wire("g", rail=130)),
            said=(34, -14),
        ),
        Node(
            "carried",
            "+",
            "c_t",
            (350, 60),
            (Wire("kept", belt=True), Wire("written")),
            said=(0, -28),
        ),
        Node("c", STATE, "c_t", (718, 60), (Wire("carried", belt=True),)),
        Node("squashed", "tanh", "", (630, 130), (Wire("carried", rail=60),), said=(38, 0)),
        Node("said", "∘", "h_t", (630, 200), (Wire("o"), Wire("squashed")), said=(0, 28)),
        Node("h", STATE, "h_t", (718, 200), (Wire("said"),)),
    ),
)
