"""How students get the NumPy exercises of the GRU chapter wrong: edits of the reference.

Each mistake has a name, a hint that teaches, and the place in the book. A hint says what the answer
looks like and why it matters; it never gives the line that would be right.
"""

from autograder.checking.exercise import Mistake

from ..hints import (
    BATCH_FIRST,
    INPUT_MEETS_WEIGHT_HH,
    LIST_TOO_SHORT,
    OR_WEIGHT_HH,
    ROW_BEFORE_THE_FIRST,
    STATE_FIRST,
    STATE_MEETS_WEIGHT_IH,
    WEIGHT_FIRST,
)
from .book import at


def mistake(name, hint, label, *edits):
    """A known mistake, explained at a label of the book."""
    return Mistake(name, hint, edits=edits, book=at(label))


# --- hints that several exercises share ----------------------------------------------------------

ONE_BIAS = (
    "PyTorch has two biases for each gate, bias_ih on the side of x and bias_hh on the side of h. "
    "Both are learned, and both are needed. One of them is missing in yours."
)
NO_BIAS = (
    "Your result is right for biases of zero and shifted otherwise. PyTorch has two biases for "
    "each gate, bias_ih and bias_hh; neither of them reaches your sum."
)
SAME_BIAS = (
    "There are two biases, bias_ih and bias_hh, and you have used one of them twice. Look at the "
    "second name in your line."
)
NOT_TRANSPOSED = (
    "h @ W and h @ W.T have the same shape when W is square, so nothing complains. Each row of "
    "weight_hh belongs to one unit and is to meet h; with h @ W it is the columns that meet h."
)
WEIGHT_IH_NOT_TRANSPOSED = (
    "The product stops because the inner sizes don't fit: x has I columns, weight_ih has 3·H rows "
    "and I columns. Write the two shapes side by side and see which axes have to meet."
)
NO_H = (
    "Your gates look at x alone. What makes the network recurrent is that each of them also sees "
    "the hidden state of the step before, through weight_hh."
)
INTERLEAVED = (
    "Your gates take every third row (or column). The gates are not shuffled like cards: they are "
    "stacked in three whole blocks of H rows each, one below the other."
)
ORDER = (
    "Your blocks are taken in another order than PyTorch's, which is r, z, n. Keras begins with z, "
    "and many papers do, so code from the web often has another order. The wrong gate then does "
    "the wrong work, and no shape tells you."
)
SIGMOID_CANDIDATE = (
    "Your candidate lies between 0 and 1. The candidate is what is written, not how much of it: it "
    "must be able to lower the state as well as raise it, so it needs values from −1 to 1."
)
COMPLEMENT = (
    "Your update gate is the complement of PyTorch's: where it is 1, you take the candidate, and "
    "PyTorch keeps the old state. Half of the papers have it your way, so look which of the two "
    "the text asks for. With the wrong one, a network that should remember forgets at once."
)
BEFORE_PRODUCT = (
    "Your reset gate meets the old state before the product with weight_hh. That is how the paper "
    "has it. PyTorch multiplies first and resets the product. Both look alike in print, and the "
    "results are close while weights are small."
)
BIAS_OUTSIDE = (
    "Your b_hn stands outside the reset gate's brackets. In PyTorch the reset gate multiplies all "
    "that comes from the old state's side, and that bias belongs to it. This is the one place "
    "where it matters that there are two biases."
)
WHOLE_SUM_RESET = (
    "Your reset gate weakens the input as well. It is there to let go of the past: what comes from "
    "x reaches the candidate in full."
)
NO_RESET = (
    "The old state enters your candidate in full: the reset gate has no say. With an open reset "
    "gate that makes no difference, with a closed one it does."
)
RESET_COMPLEMENT = (
    "Your reset gate works the wrong way round: where it is 0, you let all of the past in. In "
    "spite of its name, r = 1 means that nothing is reset."
)
NO_OLD_STATE = (
    "Nothing of the old state is kept: your new state is made from the candidate alone. The update "
    "gate blends the two; what it takes from the one it gives to the other."
)
OLD_STATE_IN_FULL = (
    "Your new state keeps the whole old state and adds to it, so it can grow without bound. A "
    "GRU's blend has two weights that add up to 1."
)
NO_CANDIDATE_SHARE = (
    "Your candidate is written in full at every step. The update gate weighs both sides of the "
    "blend; on the candidate's side its weight is missing."
)
CHANGES_INPUT = (
    "Your values are right, but operators such as += and *= (and assignments to x[:]) write into "
    "the array that you were given, and whoever called your function finds it changed. Make a new "
    "array in place of changing that one."
)

# --- gates ---------------------------------------------------------------------------------------

GATE_NAMES = {"r": "reset gate", "z": "update gate", "n": "candidate"}
BLOCK = {"r": "slice(0, H)", "z": "slice(H, 2 * H)", "n": "slice(2 * H, 3 * H)"}


def _other_blocks(gate):
    """The blocks of the two others taken by mistake."""
    block = f"block = {BLOCK[gate]}"
    return [
        mistake(
            f"block of the {GATE_NAMES[other]} ({other})",
            f"You took the rows of {other} for those of {gate}. The rows are stacked in PyTorch's "
            "order r, z, n, with H rows for each; all blocks have the same shape, so only the "
            "values tell. Count the blocks from the top.",
            "gru-gate-order",
            (block, f"block = {BLOCK[other]}"),
        )
        for other in BLOCK
        if other != gate
    ]


def gate_mistakes(gate):
    """What goes wrong with either of the two gates.

    Parameters
    ----------
    gate : str, ``"r"`` or ``"z"``

    Returns
    -------
    tuple of Mistake
    """
    block, result = f"block = {BLOCK[gate]}", "return sigmoid(a)"
    found = _other_blocks(gate)
    if gate == "z":
        found += [
            mistake(
                "weights of the right block, biases of the first",
                "Your weights are those of z, but your biases are the first H numbers. The biases "
                "are stacked in the same order as the weights, so they need the same rows.",
                "gru-gate-order",
                ("bias_ih[block]", "bias_ih[:H]"),
                ("bias_hh[block]", "bias_hh[:H]"),
            ),
            mistake(
                "1 − z in place of z",
                COMPLEMENT,
                "gru-z-side",
                (result, f"{result[:7]}1 - {result[7:]}"),
            ),
        ]
    else:
        found.append(
            mistake(
                "1 − r in place of r",
                RESET_COMPLEMENT,
                "gru-reset",
                (result, f"{result[:7]}1 - {result[7:]}"),
            )
        )
    found += [
        mistake(
            "tanh in place of σ",
            "Some of your values are negative. A gate says how much, from nothing (0) to all of it "
            "(1); only the candidate uses tanh.",
            "gru-gates",
            (result, "return np.tanh(a)"),
        ),
        mistake(
            "every third row taken",
            INTERLEAVED,
            "gru-gate-order",
            (block, f"block = slice({'rzn'.index(gate)}, None, 3)"),
        ),
        mistake(
            "all three blocks at once",
            "Your result is three times as wide as it should be: it holds both gates and the "
            "candidate's sum beside one another. Take only the H rows of this gate, from the "
            "weights and from the biases.",
            "gru-gate-order",
            (block, "block = slice(None)"),
        ),
        mistake("bias_ih left out", ONE_BIAS, "gru-two-biases", (" + bias_ih[block]", "")),
        mistake("bias_hh left out", ONE_BIAS, "gru-two-biases", (" + bias_hh[block]", "")),
        mistake(
            "both biases left out",
            NO_BIAS,
            "gru-two-biases",
            (" + bias_ih[block]", ""),
            (" + bias_hh[block]", ""),
        ),
        mistake(
            "bias_ih added twice",
            SAME_BIAS,
            "gru-two-biases",
            ("+ bias_hh[block]", "+ bias_ih[block]"),
        ),
        mistake(
            "bias_hh added twice",
            SAME_BIAS,
            "gru-two-biases",
            ("+ bias_ih[block]", "+ bias_hh[block]"),
        ),
        mistake(
            "weight_hh not transposed",
            NOT_TRANSPOSED,
            "gru-gates",
            ("weight_hh[block].T", "weight_hh[block]"),
        ),
        mistake(
            "weight_ih not transposed, or weight_hh in its place",
            WEIGHT_IH_NOT_TRANSPOSED + OR_WEIGHT_HH,
            "gru-gates",
            ("weight_ih[block].T", "weight_ih[block]"),
        ),
        mistake(
            "the weight on the left of x_t",
            WEIGHT_FIRST,
            "gru-gates",
            ("x_t @ weight_ih[block].T", "weight_ih[block] @ x_t"),
        ),
        mistake(
            "h_prev in the place of x_t",
            STATE_MEETS_WEIGHT_IH,
            "gru-gates",
            ("x_t @ weight_ih", "h_prev @ weight_ih"),
        ),
        mistake("h_prev left out", NO_H, "gru-gates", (" + h_prev @ weight_hh[block].T", "")),
        mistake(
            "x_t left out",
            "Your gate looks at the old hidden state alone and never sees the new input. Both come "
            "in, each through its own matrix, and are added.",
            "gru-gates",
            ("x_t @ weight_ih[block].T + ", ""),
        ),
        mistake(
            "not squeezed",
            "You return the sum as it is, before it is squeezed, so values leave the interval from "
            "0 to 1. The sum of products and biases is only what goes into the squeezing function.",
            "gru-gates",
            (result, "return a"),
        ),
    ]
    return tuple(found)


UPDATE_GATE = gate_mistakes("z")
RESET_GATE = gate_mistakes("r")


# --- the candidate -------------------------------------------------------------------------------

FROM_INPUT = "from_input = x_t @ weight_ih[block].T + bias_ih[block]"
FROM_STATE = "from_state = h_prev @ weight_hh[block].T + bias_hh[block]"
PROPOSED = "return np.tanh(from_input + reset * from_state)"

CANDIDATE = (
    *_other_blocks("n"),
    mistake(
        "reset before the recurrent product",
        BEFORE_PRODUCT,
        "gru-reset-place",
        (FROM_STATE, "from_state = (reset * h_prev) @ weight_hh[block].T + bias_hh[block]"),
        (PROPOSED, "return np.tanh(from_input + from_state)"),
    ),
    mistake(
        "b_hn outside the reset gate",
        BIAS_OUTSIDE,
        "gru-candidate",
        (FROM_STATE, "from_state = h_prev @ weight_hh[block].T"),
        (PROPOSED, "return np.tanh(from_input + reset * from_state + bias_hh[block])"),
    ),
    mistake(
        "both biases inside the reset gate",
        "Your b_in is weakened by the reset gate too. It belongs to the input's side, which the "
        "reset gate leaves alone; only b_hn stands inside the brackets.",
        "gru-candidate",
        (FROM_INPUT, "from_input = x_t @ weight_ih[block].T"),
        (FROM_STATE, FROM_STATE + " + bias_ih[block]"),
    ),
    mistake(
        "reset gate around everything",
        WHOLE_SUM_RESET,
        "gru-reset",
        (PROPOSED, "return np.tanh(reset * (from_input + from_state))"),
    ),
    mistake(
        "reset gate on the input's side",
        "Your reset gate weakens the input and lets the past through in full. It is the past that "
        "it resets.",
        "gru-reset",
        (PROPOSED, "return np.tanh(reset * from_input + from_state)"),
    ),
    mistake(
        "reset gate outside tanh",
        "The reset gate has got outside the squeezing function, so it weakens the whole candidate. "
        "It stands inside, beside what comes from the old state.",
        "gru-candidate",
        (PROPOSED, "return reset * np.tanh(from_input + from_state)"),
    ),
    mistake(
        "reset gate left out",
        NO_RESET,
        "gru-reset",
        (PROPOSED, "return np.tanh(from_input + from_state)"),
    ),
    mistake(
        "1 − r in place of r",
        RESET_COMPLEMENT,
        "gru-reset",
        (PROPOSED, "return np.tanh(from_input + (1 - reset) * from_state)"),
    ),
    mistake(
        "reset gate squeezed a second time",
        "The reset gate comes to you squeezed, between 0 and 1. A second σ puts it between 0.5 and "
        "0.73, so that it can neither open nor shut.",
        "gru-candidate",
        (PROPOSED, "return np.tanh(from_input + sigmoid(reset) * from_state)"),
    ),
    mistake(
        "σ in place of tanh",
        SIGMOID_CANDIDATE,
        "gru-candidate",
        (PROPOSED, "return sigmoid(from_input + reset * from_state)"),
    ),
    mistake(
        "not squeezed",
        "You return the sum as it is, before it is squeezed, so values leave the interval from −1 "
        "to 1. The sum is only what goes into the squeezing function.",
        "gru-candidate",
        (PROPOSED, "return from_input + reset * from_state"),
    ),
    mistake(
        "h_prev in the place of x_t",
        STATE_MEETS_WEIGHT_IH,
        "gru-candidate",
        ("x_t @ weight_ih", "h_prev @ weight_ih"),
    ),
    mistake("bias_ih left out", ONE_BIAS, "gru-two-biases", (" + bias_ih[block]", "")),
    mistake("bias_hh left out", ONE_BIAS, "gru-two-biases", (" + bias_hh[block]", "")),
    mistake(
        "both biases left out",
        NO_BIAS,
        "gru-two-biases",
        (" + bias_ih[block]", ""),
        (" + bias_hh[block]", ""),
    ),
    mistake(
        "weight_hh not transposed",
        NOT_TRANSPOSED,
        "gru-gates",
        ("weight_hh[block].T", "weight_hh[block]"),
    ),
    mistake(
        "h_prev left out",
        "Your candidate never sees the old state, as if the reset gate were always shut.",
        "gru-candidate",
        (PROPOSED, "return np.tanh(from_input)"),
    ),
    mistake(
        "x_t left out",
        "Your candidate never sees the new input, so nothing new can be written.",
        "gru-candidate",
        (PROPOSED, "return np.tanh(reset * from_state)"),
    ),
)


# --- one step ------------------------------------------------------------------------------------

SPLIT_INPUT = "input_r, input_z, input_n = np.split(a_input, 3, axis=-1)"
SPLIT_STATE = "state_r, state_z, state_n = np.split(a_state, 3, axis=-1)"
PROPOSE = "n = np.tanh(input_n + r * state_n)"
BLEND = "return (1 - z) * n + z * h_prev"
PAST = (
    "H = h_prev.shape[1]\n    n = np.tanh(input_n + (r * h_prev) @ weight_hh[-H:].T + bias_hh[-H:])"
)


def split_as(order):
    """The edits that take the blocks in another order, such as ``"zrn"``."""
    return tuple(
        (line, ", ".join(f"{side}_{gate}" for gate in order) + line[line.index(" =") :])
        for side, line in (("input", SPLIT_INPUT), ("state", SPLIT_STATE))
    )


def _blend(name, hint, line, label="gru-blend"):
    return mistake(name, hint, label, (BLEND, line))


GRU_STEP = (
    _blend(
        "z on the wrong side of the blend",
        COMPLEMENT,
        "return (1 - z) * h_prev + z * n",
        "gru-z-side",
    ),
    mistake(
        "reset before the recurrent product",
        BEFORE_PRODUCT,
        "gru-reset-place",
        (
            PROPOSE,
            PAST,
        ),
    ),
    mistake(
        "z on the wrong side, and reset before the product",
        "This is a GRU as Chung and others write it: z weighs the new state, and the reset gate "
        "comes before the product. PyTorch does the opposite in both.",
        "gru-conventions",
        (
            PROPOSE,
            PAST,
        ),
        (BLEND, "return (1 - z) * h_prev + z * n"),
    ),
    mistake(
        "b_hn outside the reset gate",
        BIAS_OUTSIDE,
        "gru-candidate",
        (
            PROPOSE,
            "b_hn = bias_hh[-h_prev.shape[1] :]\n"
            "    n = np.tanh(input_n + r * (state_n - b_hn) + b_hn)",
        ),
    ),
    mistake(
        "reset gate left out", NO_RESET, "gru-reset", (PROPOSE, "n = np.tanh(input_n + state_n)")
    ),
    mistake(
        "1 − r in place of r",
        RESET_COMPLEMENT,
        "gru-reset",
        (PROPOSE, "n = np.tanh(input_n + (1 - r) * state_n)"),
    ),
    mistake(
        "reset gate around everything",
        WHOLE_SUM_RESET,
        "gru-reset",
        (PROPOSE, "n = np.tanh(r * (input_n + state_n))"),
    ),
    mistake(
        "σ for the candidate", SIGMOID_CANDIDATE, "gru-candidate", ("n = np.tanh(", "n = sigmoid(")
    ),
    mistake(
        "tanh for the gates",
        "Some of your gates are negative. A gate says how much, from nothing (0) to all of it (1); "
        "only the candidate uses tanh.",
        "gru-gates",
        ("r = sigmoid(", "r = np.tanh("),
        ("z = sigmoid(", "z = np.tanh("),
    ),
    _blend("the candidate alone", NO_OLD_STATE, "return n"),
    _blend("candidate times z, and nothing kept", NO_OLD_STATE, "return z * n"),
    _blend("old state kept in full", OLD_STATE_IN_FULL, "return (1 - z) * n + h_prev"),
    _blend("candidate written in full", NO_CANDIDATE_SHARE, "return n + z * h_prev"),
    _blend(
        "both sides weighed with z",
        "Both sides of your blend have the same weight. What the gate keeps of the old state, it "
        "must not give to the candidate: the weights add up to 1.",
        "return z * n + z * h_prev",
    ),
    _blend(
        "brackets missing in the blend",
        "The value looks like 1 − z·n: a product binds more tightly than a difference, so the "
        "subtraction needs brackets.",
        "return 1 - z * n + z * h_prev",
    ),
    _blend(
        "reset gate used in the blend",
        "Your blend uses r where the update gate belongs. The reset gate's work is done once the "
        "candidate is made.",
        "return (1 - r) * n + r * h_prev",
    ),
    _blend(
        "reset applied to the kept state",
        "The reset gate weakens what you keep of the old state. It has a say in the candidate "
        "only; what is kept is up to the update gate alone.",
        "return (1 - z) * n + z * (r * h_prev)",
        "gru-reset",
    ),
    _blend(
        "squeezed a second time",
        "Your new state goes through tanh once more. The candidate is squeezed already, and what "
        "is kept must stay as it is: with z = 1 nothing changes.",
        "return np.tanh((1 - z) * n + z * h_prev)",
    ),
    mistake("gates in the order z, r, n", ORDER, "gru-gate-order", *split_as("zrn")),
    mistake("gates in the order n, z, r", ORDER, "gru-gate-order", *split_as("nzr")),
    mistake("gates in the order r, n, z", ORDER, "gru-gate-order", *split_as("rnz")),
    mistake(
        "every third column taken",
        INTERLEAVED,
        "gru-gate-order",
        (SPLIT_INPUT, "input_r, input_z, input_n = (a_input[:, k::3] for k in range(3))"),
        (SPLIT_STATE, "state_r, state_z, state_n = (a_state[:, k::3] for k in range(3))"),
    ),
    mistake("bias_ih left out", ONE_BIAS, "gru-two-biases", (" + bias_ih", "")),
    mistake("bias_hh left out", ONE_BIAS, "gru-two-biases", (" + bias_hh", "")),
    mistake(
        "both biases left out", NO_BIAS, "gru-two-biases", (" + bias_ih", ""), (" + bias_hh", "")
    ),
    mistake("bias_ih added twice", SAME_BIAS, "gru-two-biases", ("+ bias_hh", "+ bias_ih")),
    mistake("bias_hh added twice", SAME_BIAS, "gru-two-biases", ("+ bias_ih", "+ bias_hh")),
    mistake(
        "weight_hh not transposed",
        NOT_TRANSPOSED,
        "gru-gates",
        (
            "h_prev @ weight_hh.T",
            "np.concatenate([h_prev @ w for w in np.split(weight_hh, 3)], axis=1)",
        ),
    ),
    mistake(
        "weight_ih not transposed",
        WEIGHT_IH_NOT_TRANSPOSED,
        "gru-gates",
        ("x_t @ weight_ih.T", "x_t @ weight_ih"),
    ),
    mistake(
        "the weight on the left of x_t",
        WEIGHT_FIRST,
        "gru-gates",
        ("x_t @ weight_ih.T", "weight_ih @ x_t"),
    ),
    mistake(
        "h_prev in the place of x_t",
        STATE_MEETS_WEIGHT_IH,
        "gru-gates",
        ("x_t @ weight_ih", "h_prev @ weight_ih"),
    ),
    mistake(
        "weight_hh in the place of weight_ih",
        INPUT_MEETS_WEIGHT_HH,
        "gru-gates",
        ("x_t @ weight_ih.T", "x_t @ weight_hh.T"),
    ),
    mistake(
        "two states returned",
        "You return a pair. A GRU has one state: what it remembers is what it says, and there is "
        "no cell state beside it.",
        "gru-step",
        (BLEND, "h = (1 - z) * n + z * h_prev\n    return h, h"),
    ),
    mistake(
        "h_prev is changed",
        CHANGES_INPUT,
        "gru-blend",
        (BLEND, "h_prev *= z\n    h_prev += (1 - z) * n\n    return h_prev"),
    ),
)


# --- the paper's step ----------------------------------------------------------------------------

TILDE = "h_tilde = np.tanh(x_t @ W.T + (r * h_prev) @ U.T + b)"
CHO_BLEND = "return z * h_prev + (1 - z) * h_tilde"

GRU_STEP_CHO = (
    mistake(
        "reset after the recurrent product",
        "Your reset gate multiplies the product, as PyTorch's does. In the paper it meets the old "
        "state first, and the product comes after. The two are equal for one hidden unit only.",
        "gru-reset-place",
        (TILDE, "h_tilde = np.tanh(x_t @ W.T + r * (h_prev @ U.T) + b)"),
    ),
    mistake(
        "the bias inside the reset gate",
        "Your bias is weakened by the reset gate, as PyTorch's second one is. Here there is one "
        "bias, and it stands outside.",
        "gru-reset-place",
        (TILDE, "h_tilde = np.tanh(x_t @ W.T + r * (h_prev @ U.T + b))"),
    ),
    mistake(
        "z on the wrong side of the blend",
        "You let z weigh the new state, as Chung and others do and as many texts copy. In the "
        "paper that is asked for, z = 1 keeps the old state.",
        "gru-z-side",
        (CHO_BLEND, "return (1 - z) * h_prev + z * h_tilde"),
    ),
    mistake(
        "reset gate left out",
        NO_RESET,
        "gru-reset",
        (TILDE, "h_tilde = np.tanh(x_t @ W.T + h_prev @ U.T + b)"),
    ),
    mistake(
        "1 − r in place of r",
        RESET_COMPLEMENT,
        "gru-reset",
        (TILDE, "h_tilde = np.tanh(x_t @ W.T + ((1 - r) * h_prev) @ U.T + b)"),
    ),
    mistake(
        "reset gate around everything",
        WHOLE_SUM_RESET,
        "gru-reset",
        (TILDE, "h_tilde = np.tanh(r * (x_t @ W.T + h_prev @ U.T + b))"),
    ),
    mistake(
        "matrix product in place of the elementwise one",
        "The sign ∘ is the elementwise product: unit k of the gate meets unit k of the state, and "
        "shapes stay as they are. @ and np.dot are matrix products.",
        "gru-candidate",
        (TILDE, "h_tilde = np.tanh(x_t @ W.T + (r @ h_prev) @ U.T + b)"),
    ),
    mistake(
        "U not transposed",
        NOT_TRANSPOSED,
        "gru-gates",
        ("(r * h_prev) @ U.T", "(r * h_prev) @ U"),
    ),
    mistake("σ for the candidate", SIGMOID_CANDIDATE, "gru-candidate", ("np.tanh(", "sigmoid(")),
    mistake(
        "bias left out of the gates",
        "Your gates have no bias. The paper's equations have none either, but here each gate has "
        "its own block of the bias.",
        "gru-two-biases",
        ("U_r.T + b_r)", "U_r.T)"),
        ("U_z.T + b_z)", "U_z.T)"),
    ),
    mistake(
        "bias left out of the candidate",
        "Your candidate has no bias. The paper's equation has none either, but here the third "
        "block of the bias belongs to the candidate.",
        "gru-two-biases",
        (" @ U.T + b)", " @ U.T)"),
    ),
    mistake(
        "all biases left out",
        NO_BIAS.split("PyTorch")[0] + "The paper leaves them out of its equations; here they are "
        "there, stacked as the weights are.",
        "gru-two-biases",
        ("U_r.T + b_r)", "U_r.T)"),
        ("U_z.T + b_z)", "U_z.T)"),
        (" @ U.T + b)", " @ U.T)"),
    ),
    mistake(
        "gates in the order z, r, h̃",
        ORDER.replace("PyTorch's, which is r, z, n", "the text's, which is r, z, h̃"),
        "gru-gate-order",
        ("W_r, W_z, W =", "W_z, W_r, W ="),
        ("U_r, U_z, U =", "U_z, U_r, U ="),
        ("b_r, b_z, b =", "b_z, b_r, b ="),
    ),
    mistake("the candidate alone", NO_OLD_STATE, "gru-blend", (CHO_BLEND, "return h_tilde")),
    mistake(
        "candidate written in full",
        NO_CANDIDATE_SHARE,
        "gru-blend",
        (CHO_BLEND, "return z * h_prev + h_tilde"),
    ),
    mistake(
        "old state kept in full",
        OLD_STATE_IN_FULL,
        "gru-blend",
        (CHO_BLEND, "return h_prev + (1 - z) * h_tilde"),
    ),
    mistake(
        "the reset state kept",
        "What you keep is the reset old state. The reset gate has a say in the candidate only; "
        "what is kept is up to the update gate alone.",
        "gru-reset",
        (CHO_BLEND, "return z * (r * h_prev) + (1 - z) * h_tilde"),
    ),
)


# --- Ng's simplified step ------------------------------------------------------------------------

JOINED = "cx = np.concatenate([c_prev, x_t], axis=-1)"
NG_BLEND = "return gamma_u * c_tilde + (1 - gamma_u) * c_prev"

SIMPLIFIED = (
    mistake(
        "gate on the wrong side of the blend",
        "You let Γ_u weigh the old memory, as PyTorch's z does. In Ng's notation Γ_u = 1 means: "
        "update, take the new value.",
        "gru-simplified",
        (NG_BLEND, "return (1 - gamma_u) * c_tilde + gamma_u * c_prev"),
    ),
    mistake(
        "[x, c] in place of [c, x]",
        "You put the input first. The first H columns of W are meant for c_prev, the last I for x; "
        "the widths fit either way, so nothing complains.",
        "gru-simplified",
        (JOINED, "cx = np.concatenate([x_t, c_prev], axis=-1)"),
    ),
    mistake(
        "joined along the batch",
        "np.concatenate joins along the first axis unless told otherwise. There are the rows of "
        "the batch; c_prev and x_t are to stand side by side in each row.",
        "gru-simplified",
        (JOINED, "cx = np.concatenate([c_prev, x_t])"),
    ),
    mistake(
        "W_c and W_u exchanged",
        "Your candidate uses the gate's weights and your gate the candidate's. Look at the index: "
        "c for the candidate, u for the update gate.",
        "gru-simplified",
        ("c_tilde = np.tanh(cx @ W_c.T + b_c)", "c_tilde = np.tanh(cx @ W_u.T + b_u)"),
        ("gamma_u = sigmoid(cx @ W_u.T + b_u)", "gamma_u = sigmoid(cx @ W_c.T + b_c)"),
    ),
    mistake(
        "biases exchanged",
        "Your candidate has the gate's bias and your gate the candidate's.",
        "gru-simplified",
        ("W_c.T + b_c", "W_c.T + b_u"),
        ("W_u.T + b_u", "W_u.T + b_c"),
    ),
    mistake(
        "biases left out",
        "Your result is right for biases of zero and shifted otherwise.",
        "gru-simplified",
        ("W_c.T + b_c)", "W_c.T)"),
        ("W_u.T + b_u)", "W_u.T)"),
    ),
    mistake(
        "old memory left out of the blend",
        "Nothing of the old memory is kept. Where the gate is shut, your memory is empty; it "
        "should stay as it was.",
        "gru-simplified",
        (NG_BLEND, "return gamma_u * c_tilde"),
    ),
    mistake(
        "old memory kept in full",
        OLD_STATE_IN_FULL,
        "gru-simplified",
        (NG_BLEND, "return gamma_u * c_tilde + c_prev"),
    ),
    mistake(
        "the candidate alone",
        "The gate has no say: your memory is the candidate at every step, which makes the cell a "
        "plain RNN.",
        "gru-simplified",
        (NG_BLEND, "return c_tilde"),
    ),
    mistake("σ for the candidate", SIGMOID_CANDIDATE, "gru-simplified", ("np.tanh(", "sigmoid(")),
    mistake(
        "tanh for the gate",
        "Your gate is negative at times. A gate says how much, from nothing (0) to all of it (1).",
        "gru-simplified",
        ("gamma_u = sigmoid(", "gamma_u = np.tanh("),
    ),
    mistake(
        "squeezed a second time",
        "Your new memory goes through tanh once more. What is kept must stay as it is: with a shut "
        "gate nothing changes.",
        "gru-simplified",
        (NG_BLEND, "return np.tanh(gamma_u * c_tilde + (1 - gamma_u) * c_prev)"),
    ),
    mistake(
        "c_prev is changed",
        CHANGES_INPUT,
        "gru-simplified",
        (NG_BLEND, "c_prev *= 1 - gamma_u\n    c_prev += gamma_u * c_tilde\n    return c_prev"),
    ),
)


# --- a whole sequence ----------------------------------------------------------------------------

START = "h = h0"
EACH = "for x_t in x:"
STEP = "h = gru_step(x_t, h, weight_ih"
KEEP = "output.append(h)"
RETURN = "return np.stack(output), h"
SHARED_ARRAY = (
    "All steps of your output are the same, equal to the last one. You write each step into one "
    "array and keep that array T times over; each step needs an array of its own."
)
_IN_PLACE = (STEP, "h[:] = gru_step(x_t, h, weight_ih")

GRU_FORWARD = (
    mistake(
        "state not carried on",
        "Your first step is right and the later ones are not: each step starts from the initial "
        "state again. What the network remembers is what one step hands to the next.",
        "gru-carry-state",
        ("x_t, h, weight_ih", "x_t, h0, weight_ih"),
    ),
    mistake(
        "h0 ignored",
        "Your sequence starts from zeros whatever it is given. Zeros are only the usual choice; a "
        "sequence that goes on where another ended starts from that one's final state."
        + ROW_BEFORE_THE_FIRST,
        "gru-carry-state",
        (START, "h = np.zeros_like(h0)"),
    ),
    mistake(
        "a list asked for an item that it doesn't have",
        LIST_TOO_SHORT,
        "gru-carry-state",
        ("x_t, h, weight_ih", "x_t, output[-1], weight_ih"),
    ),
    mistake(
        "state and input exchanged",
        STATE_FIRST,
        "gru-carry-state",
        ("x_t, h, weight_ih", "h, x_t, weight_ih"),
    ),
    mistake(
        "the same input at every step",
        "Every step of yours reads x[0]. Look at the index in your loop.",
        "gru-carry-state",
        ("x_t, h, weight_ih", "x[0], h, weight_ih"),
    ),
    mistake(
        "output one step late",
        "Your output begins with h0 and lacks the last hidden state. Row t of the output is the "
        "hidden state after step t has been taken.",
        "gru-carry-state",
        (STEP, f"{KEEP}\n        {STEP}"),
        (f"bias_hh)\n        {KEEP}", "bias_hh)"),
    ),
    mistake(
        "output backwards in time",
        "Your steps are right, but they come back in the reverse order: row 0 of the output "
        "belongs to the first step.",
        "gru-carry-state",
        (RETURN, "return np.stack(output[::-1]), h"),
    ),
    mistake(
        "sequence read backwards",
        "Your loop begins with the last input. A GRU reads from the first step to the last; "
        "reading from the end is what the second half of a bidirectional network does.",
        "gru-carry-state",
        (EACH, "for x_t in x[::-1]:"),
    ),
    mistake(
        "first step left out",
        "Your output has one step too few: the loop begins with the second input. Counting "
        "starts at 0.",
        "gru-carry-state",
        (EACH, "for x_t in x[1:]:"),
    ),
    mistake(
        "last step left out",
        "Your output has one step too few: the loop ends before the last input. range(n) already "
        "stops before n.",
        "gru-carry-state",
        (EACH, "for x_t in x[:-1]:"),
    ),
    mistake(
        "time and batch exchanged",
        "Your loop runs over the rows of the batch. Time is the first axis of x: x[t] is the input "
        "of step t for the whole batch, of shape (B, I).",
        "gru-carry-state",
        (EACH, "for x_t in x.swapaxes(0, 1):"),
    ),
    mistake(
        "batch first in the output",
        "The first two axes of your output are exchanged: it is (B, T, H) and should be (T, B, H), "
        "time first like x. Look at the axis along which you stack.",
        "gru-carry-state",
        (RETURN, "return np.stack(output, axis=1), h"),
    ),
    mistake(
        "x and output taken batch first",
        BATCH_FIRST,
        "gru-carry-state",
        (EACH, "for x_t in x.swapaxes(0, 1):"),
        (RETURN, "return np.stack(output, axis=1), h"),
    ),
    mistake(
        "steps put end to end",
        "Your output has two axes, (T·B, H). Concatenating joins arrays along an axis that they "
        "have; here each step is to become one row of a new first axis.",
        "gru-carry-state",
        (RETURN, "return np.concatenate(output), h"),
    ),
    mistake(
        "last step in place of the output",
        "Your output is the last hidden state alone. The output holds the hidden state after every "
        "step; the last one comes back as h_n as well.",
        "gru-carry-state",
        (RETURN, "return h, h"),
    ),
    mistake(
        "a list in place of an array",
        "Your output is a Python list of the steps. Make one array of it, with time as the first "
        "axis.",
        "gru-carry-state",
        (RETURN, "return output, h"),
    ),
    mistake(
        "h_n of the first step",
        "Your h_n is the hidden state after the first step. The final state is the one after the "
        "last step.",
        "gru-carry-state",
        (RETURN, "return np.stack(output), output[0]"),
    ),
    mistake(
        "h0 in place of h_n",
        "Your h_n is the state that the sequence began with. Your loop must leave the last state "
        "in the name that you return.",
        "gru-carry-state",
        (RETURN, "return np.stack(output), h0"),
    ),
    mistake(
        "final state with an axis too many",
        "Your h_n has shape (1, B, H). torch.nn.GRU has such a first axis, for its layers; here "
        "there is one layer, and the state is (B, H).",
        "gru-carry-state",
        (RETURN, "return np.stack(output), h[None]"),
    ),
    mistake(
        "output alone",
        "You return the output alone. Two things are asked for: the output, and the state after "
        "the last step, so that whoever goes on need not pick it out.",
        "gru-carry-state",
        (RETURN, "return np.stack(output)"),
    ),
    mistake(
        "output made in the dtype of x",
        "When x holds whole numbers, so does the array that you made after it, and every hidden "
        "state is cut down to a whole number, mostly 0. The hidden states are floating-point "
        "numbers whatever x is.",
        "gru-carry-state",
        ("output = []", "output = np.zeros((len(x), *h0.shape), dtype=x.dtype)"),
        (EACH, "for t, x_t in enumerate(x):"),
        (KEEP, "output[t] = h"),
        (RETURN, "return output, h"),
    ),
    mistake(
        "h0 is changed",
        CHANGES_INPUT,
        "gru-carry-state",
        _IN_PLACE,
        (KEEP, "output.append(h.copy())"),
        (RETURN, "return np.stack(output), h.copy()"),
    ),
    mistake(
        "one array kept T times",
        SHARED_ARRAY,
        "gru-carry-state",
        (START, "h = h0.copy()"),
        _IN_PLACE,
    ),
)


# --- the converter -------------------------------------------------------------------------------

NEGATE = "new[H : 2 * H] = -new[H : 2 * H]"
GIVEN = "for given in (weight_ih, weight_hh, bias_ih, bias_hh):"

CONVERT = (
    mistake(
        "nothing converted",
        "You hand back what you were given. With the same weights, the two conventions give "
        "different outputs: where one keeps, the other writes.",
        "gru-converter",
        (f"        {NEGATE}\n", ""),
    ),
    mistake(
        "the reset gate's block negated",
        "You changed the first block, which is the reset gate's. Count again: r, z, n.",
        "gru-converter",
        (NEGATE, "new[:H] = -new[:H]"),
    ),
    mistake(
        "the candidate's block negated",
        "You changed the last block, which is the candidate's. Count again: r, z, n.",
        "gru-converter",
        (NEGATE, "new[2 * H :] = -new[2 * H :]"),
    ),
    mistake(
        "everything negated",
        "You changed all three blocks. Only the gate whose meaning differs is concerned; the reset "
        "gate and the candidate mean the same in both conventions.",
        "gru-converter",
        (NEGATE, "new[:] = -new"),
    ),
    mistake(
        "both gates negated",
        "You changed both gates. The reset gate means the same in both conventions.",
        "gru-converter",
        (NEGATE, "new[: 2 * H] = -new[: 2 * H]"),
    ),
    mistake(
        "z and n exchanged",
        "You moved blocks about. The order of the blocks is the same in both conventions; it is "
        "the gate itself that turns into its complement.",
        "gru-converter",
        (NEGATE, "new[H : 2 * H], new[2 * H :] = given[2 * H :], given[H : 2 * H]"),
    ),
    mistake(
        "1 − w in place of −w",
        "You subtracted the weights from 1. It is the gate, after σ, that becomes 1 − z. Ask what "
        "must happen to the sum inside σ for that.",
        "gru-converter",
        (NEGATE, "new[H : 2 * H] = 1 - new[H : 2 * H]"),
    ),
    mistake(
        "weights alone",
        "You changed the weights and left the biases. All that adds up to z's sum changes sign.",
        "gru-converter",
        (NEGATE, f"if given.ndim > 1:\n            {NEGATE}"),
    ),
    mistake(
        "biases alone",
        "You changed the biases and left the weights. All that adds up to z's sum changes sign.",
        "gru-converter",
        (NEGATE, f"if given.ndim == 1:\n            {NEGATE}"),
    ),
    mistake(
        "one bias alone",
        "You changed bias_ih and left bias_hh. There are two biases, and both are part of z's sum.",
        "gru-converter",
        (NEGATE, f"if given is not bias_hh:\n            {NEGATE}"),
    ),
    mistake(
        "input's side alone",
        "You changed what meets x and left what meets h. All that adds up to z's sum changes its "
        "sign.",
        "gru-converter",
        (NEGATE, f"if given is weight_ih or given is bias_ih:\n            {NEGATE}"),
    ),
    mistake(
        "the given arrays are changed",
        CHANGES_INPUT,
        "gru-converter",
        ("new = given.copy()", "new = given"),
    ),
)


# --- a GRU as a plain RNN ------------------------------------------------------------------------

HOLD_R = "b_r = zero + 100"
HOLD_Z = "b_z = zero - 100 if z_keeps_old else zero + 100"
STACK_IH = "np.concatenate([zero_ih, zero_ih, weight_ih])"
STACK_HH = "np.concatenate([zero_hh, zero_hh, weight_hh])"
STACK_BI = "np.concatenate([b_r, b_z, bias_ih])"
STACK_BH = "np.concatenate([zero, zero, bias_hh])"

AS_RNN = (
    mistake(
        "z held at the wrong end",
        "Your cell never changes its state: in both conventions you hold z where it keeps the old "
        "one. A plain RNN takes the candidate and nothing else. Which value of z does that, where "
        "z weighs the old state?",
        "gru-plain-rnn",
        (HOLD_Z, "b_z = zero + 100 if z_keeps_old else zero - 100"),
    ),
    mistake(
        "z = 0 in both conventions",
        "“Reset 1 and update 0” is true where z weighs the old state. Where z weighs the new one, "
        "your cell never changes its state.",
        "gru-plain-rnn",
        (HOLD_Z, "b_z = zero - 100"),
    ),
    mistake(
        "z = 1 in both conventions",
        "Your cell is a plain RNN where z weighs the new state. Where z weighs the old one, which "
        "is PyTorch's way, it never changes its state.",
        "gru-plain-rnn",
        (HOLD_Z, "b_z = zero + 100"),
    ),
    mistake(
        "r held at 0",
        "Your reset gate is shut, so the old state never reaches the candidate and the network has "
        "no memory. In spite of its name, r = 1 means that nothing is reset.",
        "gru-plain-rnn",
        (HOLD_R, "b_r = zero - 100"),
    ),
    mistake(
        "gates held by the values 0 and 1",
        "You wrote into the bias what the gate should be. The bias goes through σ: a bias of 1 "
        "makes a gate of 0.73 and a bias of 0 a gate of 0.5.",
        "gru-hold-gates",
        (HOLD_R, "b_r = zero + 1"),
        (HOLD_Z, "b_z = zero if z_keeps_old else zero + 1"),
    ),
    mistake(
        "blocks in the order z, r, n",
        "You stacked z first. PyTorch's order is r, z, n. The weights are zero in both gates, so "
        "only the biases tell.",
        "gru-gate-order",
        (STACK_BI, "np.concatenate([b_z, b_r, bias_ih])"),
    ),
    mistake(
        "the candidate's block first",
        "The RNN's weights stand in the first block, which is the reset gate's. The candidate's "
        "block is the last of the three.",
        "gru-gate-order",
        (STACK_IH, "np.concatenate([weight_ih, zero_ih, zero_ih])"),
        (STACK_HH, "np.concatenate([weight_hh, zero_hh, zero_hh])"),
        (STACK_BI, "np.concatenate([bias_ih, b_r, b_z])"),
        (STACK_BH, "np.concatenate([bias_hh, zero, zero])"),
    ),
    mistake(
        "the RNN's weights in all three blocks",
        "Your gates have the RNN's weights too, so they move with x and h. A gate that is held "
        "has weights of zero: then its bias alone decides.",
        "gru-hold-gates",
        (STACK_IH, "np.concatenate([weight_ih, weight_ih, weight_ih])"),
        (STACK_HH, "np.concatenate([weight_hh, weight_hh, weight_hh])"),
    ),
    mistake(
        "both biases of ±100",
        "Your gates have ±100 in both biases, so they are held with ±200. The gate is as good, but "
        "it is not what is asked for: bias_hh of a held gate is 0.",
        "gru-hold-gates",
        (STACK_BH, "np.concatenate([b_r, b_z, bias_hh])"),
    ),
    mistake(
        "the candidate's bias_hh left out",
        "Your candidate has one of the RNN's two biases only.",
        "gru-two-biases",
        (STACK_BH, "np.concatenate([zero, zero, zero])"),
    ),
    mistake(
        "the candidate's biases exchanged",
        "With r = 1 your network gives the right outputs, but b_in and b_hn have changed places. "
        "Take them over as they are.",
        "gru-hold-gates",
        (STACK_BI, "np.concatenate([b_r, b_z, bias_hh])"),
        (STACK_BH, "np.concatenate([zero, zero, bias_ih])"),
    ),
    mistake(
        "blocks side by side",
        "Your blocks stand beside one another in each row. They are stacked along the first axis, "
        "one below the other.",
        "gru-gate-order",
        (STACK_IH, "np.concatenate([zero_ih, zero_ih, weight_ih], axis=1)"),
        (STACK_HH, "np.concatenate([zero_hh, zero_hh, weight_hh], axis=1)"),
    ),
)


# --- the way back --------------------------------------------------------------------------------

D_N = "d_a_n = d_h * (1 - z) * (1 - n**2)"
D_Z = "d_a_z = d_h * (h_prev[t] - n) * z * (1 - z)"
D_R = "d_a_r = d_a_n * state_n * r * (1 - r)"
D_STATE = "d_a_state = np.concatenate([d_a_r, d_a_z, d_a_n * r], axis=-1)"
BACK = "d_h = d_h * z + d_a_state @ weight_hh"


def _back(name, hint, *edits, label="gru-backward"):
    return mistake(name, hint, label, *edits)


GRU_BACKWARD = (
    _back(
        "nothing along the blend",
        "The old state is kept by the blend, and gradient flows back along it, multiplied by z. In "
        "yours that path is cut, the very one that carries gradients far.",
        (BACK, "d_h = d_a_state @ weight_hh"),
    ),
    _back(
        "nothing through the gates and the candidate",
        "Your gradient goes back along the blend alone. The old state was also used in r, in z and "
        "in n; each of those sends its share back through weight_hh.",
        (BACK, "d_h = d_h * z"),
    ),
    _back(
        "1 − z on the way back",
        "On the way forward z weighs the old state; on the way back you weigh its gradient with "
        "1 − z.",
        (BACK, "d_h = d_h * (1 - z) + d_a_state @ weight_hh"),
    ),
    _back(
        "candidate weighed with z",
        "On the way forward the candidate has the weight 1 − z; on the way back you give it z.",
        (D_N, "d_a_n = d_h * z * (1 - n**2)"),
    ),
    _back(
        "sign of z's gradient",
        "Your gradient of z has the wrong sign. If z grows, the state moves from the candidate "
        "towards the old state; take the difference that way round.",
        (D_Z, "d_a_z = d_h * (n - h_prev[t]) * z * (1 - z)"),
    ),
    _back(
        "the candidate missing in z's gradient",
        "z appears twice in the blend: it raises the old state's share and lowers the candidate's. "
        "Your gradient has the first of the two.",
        (D_Z, "d_a_z = d_h * h_prev[t] * z * (1 - z)"),
    ),
    _back(
        "z's slope left out",
        "Your gradient stops at the gate's value. Between z and its sum stands σ, and its slope "
        "has to be multiplied in.",
        (D_Z, "d_a_z = d_h * (h_prev[t] - n)"),
    ),
    _back(
        "r's slope left out",
        "Your gradient stops at the gate's value. Between r and its sum stands σ, and its slope "
        "has to be multiplied in.",
        (D_R, "d_a_r = d_a_n * state_n"),
    ),
    _back(
        "slope of tanh left out",
        "Your gradient stops at the candidate's value. Between n and its sum stands tanh, and its "
        "slope has to be multiplied in.",
        (D_N, "d_a_n = d_h * (1 - z)"),
    ),
    _back(
        "slope of σ for tanh",
        "You use the slope of σ for the candidate. It is squeezed by tanh, whose slope is another.",
        (D_N, "d_a_n = d_h * (1 - z) * n * (1 - n)"),
    ),
    _back(
        "r's gradient without b_hn",
        "r multiplies the whole of what comes from the old state's side, the bias b_hn among it. "
        "In your gradient of r that bias is missing.",
        (D_R, "d_a_r = d_a_n * (state_n - bias_hh[-h0.shape[1] :]) * r * (1 - r)"),
    ),
    _back(
        "r's gradient from the old state itself",
        "That is the gradient for a reset gate before the product. Here r multiplies the product, "
        "so the product is its partner.",
        (D_R, "d_a_r = d_a_n * h_prev[t] * r * (1 - r)"),
        label="gru-reset-place",
    ),
    _back(
        "reset gate forgotten on the way back",
        "What flows back into the old state's side of the candidate passes the reset gate. In "
        "yours it doesn't, so bias_ih and bias_hh get the same gradient; they shouldn't.",
        (D_STATE, "d_a_state = d_a_input"),
    ),
    _back(
        "reset gate on the input's side as well",
        "Your gradient passes the reset gate on the input's side as well. What comes from x "
        "reaches the candidate in full, and so does its gradient.",
        (
            "d_a_input = np.concatenate([d_a_r, d_a_z, d_a_n], axis=-1)",
            "d_a_input = np.concatenate([d_a_r, d_a_z, d_a_n * r], axis=-1)",
        ),
    ),
    _back(
        "d_h_n ignored",
        "Your gradient is right for a loss that looks at output alone. What the loss says about "
        "h_n comes in at the last step.",
        ("d_h = d_h_n\n", "d_h = np.zeros_like(d_h_n)\n"),
        label="gru-backward-sequence",
    ),
    _back(
        "d_output ignored",
        "Your gradient is right for a loss that looks at h_n alone. What the loss says about each "
        "row of output comes in at its step.",
        ("        d_h = d_h + d_output[t]\n", ""),
        label="gru-backward-sequence",
    ),
    _back(
        "d_output in the place of the carried gradient",
        "At each step you begin anew with d_output. What comes back from the step after must be "
        "added to it.",
        ("d_h = d_h + d_output[t]", "d_h = d_output[t]"),
        label="gru-backward-sequence",
    ),
    _back(
        "steps visited forwards",
        "Your walk goes from the first step to the last. Gradients come from the end: the last "
        "step's must be known before the one before it can be.",
        ("for t in reversed(range(len(x))):", "for t in range(len(x)):"),
        label="gru-backward-sequence",
    ),
    _back(
        "weight gradients overwritten",
        "x and h0 have the right gradients, the weights only what one step said. All steps share "
        "the same weights, so their shares are added.",
        ("d_weight_ih = d_weight_ih + d_a_input.T @ x[t]", "d_weight_ih = d_a_input.T @ x[t]"),
        (
            "d_weight_hh = d_weight_hh + d_a_state.T @ h_prev[t]",
            "d_weight_hh = d_a_state.T @ h_prev[t]",
        ),
        ("d_bias_ih = d_bias_ih + d_a_input.sum(axis=0)", "d_bias_ih = d_a_input.sum(axis=0)"),
        ("d_bias_hh = d_bias_hh + d_a_state.sum(axis=0)", "d_bias_hh = d_a_state.sum(axis=0)"),
        label="gru-backward-sequence",
    ),
    _back(
        "x's gradient backwards in time",
        "Your gradient of x is right but upside down: you walked from the end and stacked in that "
        "order. Row t belongs to step t.",
        ('"x": np.stack(d_x[::-1])', '"x": np.stack(d_x)'),
        label="gru-backward-sequence",
    ),
    _back(
        "states of the wrong step",
        "weight_hh met the state before the step, and you multiply by the state after it.",
        ("d_a_state.T @ h_prev[t]", "d_a_state.T @ h_prev[t + 1]"),
    ),
    _back(
        "biases' gradients averaged",
        "You take the mean over the rows of the batch. The chain rule adds; an average comes in "
        "only where the loss itself takes one.",
        ("d_a_input.sum(axis=0)", "d_a_input.mean(axis=0)"),
        ("d_a_state.sum(axis=0)", "d_a_state.mean(axis=0)"),
        label="gru-backward-sequence",
    ),
)
