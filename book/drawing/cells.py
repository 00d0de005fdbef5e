"""The cells of the course. Time runs to the right, the input comes from below."""

from book.drawing.graph import AFFINE, STATE, VECTOR, Cell, Node, Wire


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

# The GRU's picture: the state runs along the top; the update gate z stands where the old state is
# kept, and the candidate n where the new one is written.
_BELT, _WRITE, _SQUASH, _GATE, _AFFINE = 50, 120, 185, 250, 312
_KEEP_AND_WRITE = (
    Node("kept", "∘", "", (150, _BELT), (Wire("z"), Wire("h_prev", belt=True)), said=(0, -28)),
    Node("share", "1−", "", (390, _WRITE), (Wire("z", rail=_WRITE),), said=(0, -26)),
    Node("written", "∘", "", (510, _WRITE), (Wire("share"), Wire("n")), said=(22, -14)),
    Node(
        "carried",
        "+",
        "",
        (510, _BELT),
        (Wire("kept", belt=True), Wire("written")),
        said=(0, -28),
    ),
    Node("h", STATE, "h_t", (628, _BELT), (Wire("carried", belt=True),)),
)

GRU = Cell(
    name="GRU",
    gates="rzn",
    outputs=("h",),
    size=(680, 480),
    nodes=(
        Node("h_prev", STATE, "h_t−1", (42, _BELT)),
        Node("x", STATE, "x_t", (96, 442), said=(30, 8)),
        *gate_nodes("z", "σ", 150, _GATE),
        *gate_nodes("r", "σ", 270, _GATE),
        Node(
            "a_hn",
            AFFINE,
            "W_hn",
            (390, _AFFINE),
            (Wire("h_prev", rail=_GATE + 120),),
            gate="n",
            said=(28, 0),
        ),
        Node("past", "∘", "", (390, _GATE), (Wire("r"), Wire("a_hn")), said=(0, -28)),
        Node(
            "a_in",
            AFFINE,
            "W_in",
            (510, _AFFINE),
            (Wire("x", rail=_GATE + 150),),
            gate="n",
            said=(28, 0),
        ),
        Node("a_n", "+", "", (510, _GATE), (Wire("past"), Wire("a_in")), said=(22, 0)),
        Node("n", "tanh", "n_t", (510, _SQUASH), (Wire("a_n"),), gate="n", said=(28, 0)),
        *_KEEP_AND_WRITE,
    ),
)

GRU_CHO = Cell(
    name="GRU of the paper",
    gates="rzn",
    outputs=("h",),
    size=(680, 480),
    nodes=(
        Node("h_prev", STATE, "h_t−1", (42, _BELT)),
        Node("x", STATE, "x_t", (96, 442), said=(30, 8)),
        *gate_nodes("z", "σ", 150, _GATE),
        *gate_nodes("r", "σ", 270, _GATE),
        Node(
            "past",
            "∘",
            "",
            (390, _GATE),
            (Wire("r"), Wire("h_prev", rail=_GATE + 120)),
            said=(0, -28),
        ),
        Node(
            "a_n",
            AFFINE,
            "W_n",
            (510, _GATE),
            (Wire("past"), Wire("x", rail=_GATE + 150)),
            gate="n",
            said=(28, 0),
        ),
        Node("n", "tanh", "n_t", (510, _SQUASH), (Wire("a_n"),), gate="n", said=(28, 0)),
        *_KEEP_AND_WRITE,
    ),
)

ONE_GATE = Cell(
    name="GRU with one gate",
    gates="zn",
    outputs=("h",),
    size=(500, 480),
    nodes=(
        Node("h_prev", STATE, "c_t−1", (42, _BELT)),
        Node("x", STATE, "x_t", (96, 442), said=(30, 8)),
        Node(
            "a_z",
            AFFINE,
            "W_u",
            (150, _AFFINE),
            (Wire("h_prev", rail=370, port=-11), Wire("x", rail=400, port=11)),
            gate="z",
            said=(28, 0),
        ),
        Node("z", "σ", "Γ_u", (150, _GATE), (Wire("a_z"),), gate="z", said=(28, 0)),
        Node(
            "a_n",
            AFFINE,
            "W_c",
            (330, _AFFINE),
            (Wire("h_prev", rail=370, port=-11), Wire("x", rail=400, port=11)),
            gate="n",
            said=(28, 0),
        ),
        Node("n", "tanh", "c̃_t", (330, _GATE), (Wire("a_n"),), gate="n", said=(28, 0)),
        Node("share", "1−", "", (150, _WRITE), (Wire("z"),), said=(28, 0)),
        Node(
            "kept", "∘", "", (150, _BELT), (Wire("share"), Wire("h_prev", belt=True)), said=(0, -28)
        ),
        Node(
            "written",
            "∘",
            "",
            (330, _SQUASH),
            (Wire("z", rail=_SQUASH), Wire("n")),
            said=(22, -14),
        ),
        Node(
            "carried",
            "+",
            "",
            (330, _BELT),
            (Wire("kept", belt=True), Wire("written")),
            said=(0, -28),
        ),
        Node("h", STATE, "c_t", (448, _BELT), (Wire("carried", belt=True),)),
    ),
)

# The SRU's picture: the matrices stand on the wire of the input; the memory meets vectors only.
_SUM, _SQUASHED, _FROM_C, _FROM_X = 250, 185, 370, 400


def _sru_gate(name, x):
    """Return the four nodes of one gate of the SRU: both its terms, their sum and what squashes."""
    return (
        Node(
            f"v_{name}",
            VECTOR,
            f"v_{name}",
            (x, _AFFINE),
            (Wire("c_prev", rail=_FROM_C),),
            gate=name,
            said=(28, 0),
        ),
        Node(
            f"w_{name}",
            AFFINE,
            f"W_{name}",
            (x + 90, _AFFINE),
            (Wire("x", rail=_FROM_X),),
            gate=name,
            said=(28, 0),
        ),
        Node(
            f"a_{name}",
            "+",
            "",
            (x, _SUM),
            (Wire(f"w_{name}"), Wire(f"v_{name}")),
            said=(-38, 0),
        ),
        Node(
            name, "σ", f"{name}_t", (x, _SQUASHED), (Wire(f"a_{name}"),), gate=name, said=(8, -26)
        ),
    )


SRU = Cell(
    name="SRU",
    gates="fr",
    outputs=("h", "c"),
    size=(730, 480),
    nodes=(
        Node("c_prev", STATE, "c_t−1", (42, _BELT)),
        Node("x", STATE, "x_t", (96, 442), said=(30, 8)),
        *_sru_gate("f", 140),
        Node("new", AFFINE, "W", (320, _AFFINE), (Wire("x", rail=_FROM_X),), "g", said=(28, 0)),
        *_sru_gate("r", 410),
        Node("kept", "∘", "", (140, _BELT), (Wire("f"), Wire("c_prev", belt=True)), said=(0, -28)),
        Node("share", "1−", "", (230, _WRITE), (Wire("f", rail=_WRITE),), said=(0, -26)),
        Node("written", "∘", "", (320, _WRITE), (Wire("share"), Wire("new")), said=(22, 16)),
        Node(
            "carried",
            "+",
            "",
            (320, _BELT),
            (Wire("kept", belt=True), Wire("written")),
            said=(0, -28),
        ),
        Node("c", STATE, "c_t", (680, _BELT), (Wire("carried", belt=True),)),
        Node(
            "shown",
            "∘",
            "",
            (410, _WRITE),
            (Wire("r"), Wire("carried", rail=_BELT)),
            said=(22, -14),
        ),
        Node("rest", "1−", "", (500, _SQUASHED), (Wire("r"),), said=(0, 26)),
        Node(
            "through",
            "∘",
            "",
            (590, _SQUASHED),
            (Wire("rest"), Wire("x", rail=_FROM_X)),
            said=(22, 0),
        ),
        Node("said", "+", "", (590, _WRITE), (Wire("shown"), Wire("through")), said=(0, -28)),
        Node("h", STATE, "h_t", (680, _WRITE), (Wire("said"),)),
    ),
)
