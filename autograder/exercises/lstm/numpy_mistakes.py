"""How students get the NumPy exercises of the LSTM chapter wrong: edits of the reference.

Each mistake has a name, a hint that teaches, and the place in the book. A hint says what the answer
looks like and why it matters; it never gives the line that would be right.
"""

import math

import numpy as np

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


def mistake(name, hint, label, *edits, function=None):
    """A known mistake, explained at a label of the book."""
    return Mistake(name, hint, edits=edits, function=function, book=at(label))


# --- hints that several exercises share ----------------------------------------------------------

ONE_BIAS = (
    "PyTorch has two biases for each gate, bias_ih on the side of x and bias_hh on the side of h. "
    "Both are learned, and both are added. Your gates have one of them only."
)
NO_BIAS = (
    "Your gates are right for biases of zero and shifted otherwise. PyTorch has two biases for "
    "each gate, bias_ih and bias_hh; neither of them reaches your sum."
)
SAME_BIAS = (
    "There are two biases, bias_ih and bias_hh, and your sum has one of them twice. Look at the "
    "second name in your line."
)
NOT_TRANSPOSED = (
    "h @ W and h @ W.T have the same shape when W is square, so nothing complains. Each row of "
    "weight_hh belongs to one unit of the gate and is to meet h; with h @ W it is the columns that "
    "meet h."
)
WEIGHT_IH_NOT_TRANSPOSED = (
    "The product stops because the inner sizes don't fit: x has I columns, weight_ih has 4·H rows "
    "and I columns. Write the two shapes side by side and see which axes have to meet."
)
NO_H = (
    "Your gates look at x alone. What makes the network recurrent is that every gate also sees the "
    "hidden state of the step before, through weight_hh."
)
INTERLEAVED = (
    "Your gates take every fourth row (or column). The gates are not shuffled like cards: they are "
    "stacked in four whole blocks of H rows each, one gate below the other."
)
ORDER = (
    "Your blocks are taken in another order than PyTorch's, which is i, f, g, o. Libraries differ "
    "here, so code from the web often has another order; the wrong gate then does the wrong work "
    "and no shape tells you."
)
F_AND_I = (
    "Your forget gate does the input gate's work and the other way round. Either the first two "
    "blocks are taken in the wrong order (PyTorch's is i, f, g, o), or the two gates are exchanged "
    "in the new cell state: which of them belongs to the old memory?"
)
SIGMOID_CANDIDATE = (
    "Your candidate lies between 0 and 1. The candidate is what is written, not how much of it: it "
    "must be able to lower a memory as well as raise it, so it needs values from −1 to 1."
)
NO_INPUT_GATE = (
    "The whole candidate is written into the cell at every step. The input gate decides how much "
    "of it gets there; in your new cell state it has no say."
)
NOTHING_WRITTEN = (
    "Your cell state only ever forgets: nothing new is written. The new cell state is a sum, and "
    "the second term, input gate times candidate, is not there."
)
NO_FORGET_GATE = (
    "Your cell keeps all of its old state at every step. That is the LSTM of 1997; the forget gate "
    "came in 2000, so that a cell can let go of what it no longer needs."
)
NO_C_PREV = (
    "Your new cell state does not depend on the old one: the conveyor belt is cut at every step. "
    "The old cell state comes in through the forget gate."
)
COUPLED = (
    "You write with 1 − f where the input gate should stand. A GRU couples keeping and writing in "
    "this way; an LSTM has a gate for each."
)
NO_TANH = (
    "Your hidden state is right as long as the cell state is small and grows too large when it is "
    "not. Before the output gate opens, the new cell state is squeezed to between −1 and 1."
)
C_PREV_OUT = (
    "Your hidden state shows the cell state of the step before: it is one step late. What the "
    "output gate lets out is the memory after this step's update."
)
SIGMOID_OUT = (
    "Your hidden state is never negative. The cell state goes through the squeezing function that "
    "keeps its sign before the output gate lets it out; σ is for gates."
)
TANH_AROUND = (
    "The gate has got inside the squeezing function. The output gate decides how much of the "
    "squeezed cell state is said, so it is a factor outside."
)
NO_OUTPUT_GATE = (
    "Your hidden state says everything that the cell knows. The output gate, the fourth block, is "
    "missing in it."
)
SQUEEZED_CELL = (
    "The cell state that you hand on is squeezed at every step, and old memories shrink with it. "
    "The squeezing is for the hidden state only; the belt itself stays as it is."
)
SWAPPED_STATES = (
    "Your two states come back in the wrong order: h is expected first, then c. Both have the same "
    "shape, so only the values can tell."
)
C_FOR_H = (
    "What you give out as h is the cell state. The cell state is the inner memory; the hidden "
    "state is what the output gate lets out of it."
)
CHANGES_INPUT = (
    "Your values are right, but operators such as += and *= (and assignments to x[:]) write into "
    "the array that you were given, and whoever called your function finds it changed. Make a new "
    "array in place of changing that one."
)


# --- σ -------------------------------------------------------------------------------------------


def _in_place_sigmoid(a):
    a *= -1
    return 1 / (1 + np.exp(a))


def _one_number_sigmoid(a):
    return 1 / (1 + math.exp(-a))


RIGHT_SIGMOID = "return np.where(a >= 0, 1 / (1 + e), e / (1 + e))"


def _sigmoid(name, hint, line):
    return mistake(name, hint, "lstm-sigmoid", (RIGHT_SIGMOID, line))


SIGMOID = (
    _sigmoid(
        "exp(a) / (1 + exp(a)), which is nan for large numbers",
        "Your function is right for ordinary numbers. For large ones exp(a) is infinite, and "
        "infinity divided by infinity is nan, which then spreads through the whole network. Think "
        "of a form in which exp never sees a large positive number, or in which infinity ends up "
        "below the line only.",
        "return np.exp(a) / (1 + np.exp(a))",
    ),
    _sigmoid(
        "the sign of a forgotten",
        "Your function falls where σ rises: at large positive numbers it is 0. Look at the sign in "
        "the exponent. In a network this turns every gate round: open is shut.",
        "return np.where(a >= 0, e / (1 + e), 1 / (1 + e))",
    ),
    _sigmoid(
        "tanh in place of σ",
        "Your values lie between −1 and 1, and at 0 you get 0. A gate says how much, from nothing "
        "to all of it, so it needs values from 0 to 1, and 0.5 in the middle.",
        "return np.tanh(a)",
    ),
    _sigmoid(
        "tanh moved up, but not squeezed to half",
        "Your values lie between 0 and 2. σ can indeed be had from tanh by moving it and scaling "
        "it; check what your function gives at 0 and far out, and at a / 2.",
        "return 1 + np.tanh(a)",
    ),
    _sigmoid(
        "tanh scaled outside, but not inside",
        "Your function has the right ends, and 0.5 in the middle, but it is twice too steep. "
        "Compare it with σ at a = 1, and think about what goes into tanh.",
        "return 0.5 * (1 + np.tanh(a))",
    ),
    _sigmoid(
        "the derivative of σ",
        "Your function is 0.25 at 0 and dies out on both sides: it is the slope of σ. You will "
        "need the slope for the way back; here the value itself is asked for.",
        "return e / (1 + e) ** 2",
    ),
    _sigmoid(
        "hard sigmoid",
        "Your function is made of straight lines: that is the “hard” sigmoid which some libraries "
        "use because it is cheap. It agrees with σ at 0 and far out, but not between.",
        "return np.clip(0.2 * a + 0.5, 0, 1)",
    ),
    _sigmoid(
        "softmax in place of σ",
        "Your values add up to 1 along a row: this is softmax, which shares 1 among choices. Gates "
        "don't compete; each unit's gate is opened on its own.",
        "return np.exp(a - a.max(-1, keepdims=True)) / "
        "np.exp(a - a.max(-1, keepdims=True)).sum(-1, keepdims=True)",
    ),
    _sigmoid(
        "numbers clipped to ±10",
        "Your function is a little wrong far out, because it never sees a number beyond 10. At 10, "
        "σ is still 0.00005 away from 1. If you clip, do it where σ no longer changes in float64.",
        "return 1 / (1 + np.exp(-np.clip(a, -10, 10)))",
    ),
    mistake(
        "works on one number only",
        "Functions of the math module take one number. NumPy's own functions of the same names "
        "work on whole arrays, of any shape, without a loop.",
        "lstm-sigmoid",
        function=_one_number_sigmoid,
    ),
    mistake(
        "an if for a whole array",
        "An if decides once, and an array has as many signs as numbers: Python asks which of them "
        "you mean. Each number has to be decided for itself.",
        "lstm-sigmoid",
        (RIGHT_SIGMOID, "return 1 / (1 + e) if a >= 0 else e / (1 + e)"),
    ),
    mistake("the input is changed", CHANGES_INPUT, "lstm-sigmoid", function=_in_place_sigmoid),
)


# --- gates ---------------------------------------------------------------------------------------

GATE_NAMES = {"i": "input gate", "f": "forget gate", "g": "candidate", "o": "output gate"}
BLOCK = {
    "i": "slice(0, H)",
    "f": "slice(H, 2 * H)",
    "g": "slice(2 * H, 3 * H)",
    "o": "slice(3 * H, 4 * H)",
}


def gate_mistakes(gate):
    """What goes wrong with any of the four gates.

    Parameters
    ----------
    gate : str, one of i, f, g, o

    Returns
    -------
    tuple of Mistake
    """
    block = f"block = {BLOCK[gate]}"
    result = "return np.tanh(a)" if gate == "g" else "return sigmoid(a)"
    swapped = (
        mistake(
            "σ in place of tanh", SIGMOID_CANDIDATE, "lstm-gates", (result, "return sigmoid(a)")
        )
        if gate == "g"
        else mistake(
            "tanh in place of σ",
            "Some of your values are negative. A gate says how much, from nothing (0) to all of it "
            "(1); only the candidate uses tanh.",
            "lstm-gates",
            (result, "return np.tanh(a)"),
        )
    )
    found = [
        mistake(
            f"block of the {GATE_NAMES[other]} ({other})",
            f"You took the rows of {other} for those of {gate}. The rows are stacked in PyTorch's "
            "order i, f, g, o, with H rows for each; all blocks have the same shape, so only the "
            "values tell. Count the blocks from the top.",
            "lstm-gate-order",
            (block, f"block = {BLOCK[other]}"),
        )
        for other in BLOCK
        if other != gate
    ]
    if gate != "i":
        found.append(
            mistake(
                "weights of the right block, biases of the first",
                f"Your weights are those of {gate}, but your biases are the first H numbers. The "
                "biases are stacked in the same order as the weights, so they need the same rows.",
                "lstm-gate-order",
                ("bias_ih[block]", "bias_ih[:H]"),
                ("bias_hh[block]", "bias_hh[:H]"),
            )
        )
    found += [
        swapped,
        mistake(
            "every fourth row taken",
            INTERLEAVED,
            "lstm-gate-order",
            (block, f"block = slice({'ifgo'.index(gate)}, None, 4)"),
        ),
        mistake(
            "all four blocks at once",
            "Your result is four times as wide as it should be: it holds all four gates beside one "
            "another. Take only the H rows of this gate, from the weights and from the biases.",
            "lstm-gate-order",
            (block, "block = slice(None)"),
        ),
        mistake("bias_ih left out", ONE_BIAS, "lstm-two-biases", (" + bias_ih[block]", "")),
        mistake("bias_hh left out", ONE_BIAS, "lstm-two-biases", (" + bias_hh[block]", "")),
        mistake(
            "both biases left out",
            NO_BIAS,
            "lstm-two-biases",
            (" + bias_ih[block]", ""),
            (" + bias_hh[block]", ""),
        ),
        mistake(
            "bias_ih added twice",
            SAME_BIAS,
            "lstm-two-biases",
            ("+ bias_hh[block]", "+ bias_ih[block]"),
        ),
        mistake(
            "bias_hh added twice",
            SAME_BIAS,
            "lstm-two-biases",
            ("+ bias_ih[block]", "+ bias_hh[block]"),
        ),
        mistake(
            "weight_hh not transposed",
            NOT_TRANSPOSED,
            "lstm-rows",
            ("weight_hh[block].T", "weight_hh[block]"),
        ),
        mistake(
            "weight_ih not transposed, or weight_hh in its place",
            WEIGHT_IH_NOT_TRANSPOSED + OR_WEIGHT_HH,
            "lstm-rows",
            ("weight_ih[block].T", "weight_ih[block]"),
        ),
        mistake(
            "the weight on the left of x_t",
            WEIGHT_FIRST,
            "lstm-rows",
            ("x_t @ weight_ih[block].T", "weight_ih[block] @ x_t"),
        ),
        mistake(
            "h_prev in the place of x_t",
            STATE_MEETS_WEIGHT_IH,
            "lstm-rows",
            ("x_t @ weight_ih", "h_prev @ weight_ih"),
        ),
        mistake("h_prev left out", NO_H, "lstm-gates", (" + h_prev @ weight_hh[block].T", "")),
        mistake(
            "x_t left out",
            "Your gate looks at the old hidden state alone and never sees the new input. Both come "
            "in, each through its own matrix, and are added.",
            "lstm-gates",
            ("x_t @ weight_ih[block].T + ", ""),
        ),
        mistake(
            "not squeezed",
            "You return the sum as it is, before it is squeezed, so values leave the interval that "
            "they belong to. The sum of products and biases is only what goes into the squeezing "
            "function.",
            "lstm-gates",
            (result, "return a"),
        ),
    ]
    return tuple(found)


INPUT_GATE = (
    *gate_mistakes("i"),
    mistake(
        "1 − f in place of i",
        "Your gate opens exactly as far as the forget gate closes. That is how a GRU saves a gate; "
        "in an LSTM the input gate has weights of its own.",
        "lstm-gates",
        (f"block = {BLOCK['i']}", f"block = {BLOCK['f']}"),
        ("return sigmoid(a)", "return 1 - sigmoid(a)"),
    ),
)

FORGET_GATE = (
    *gate_mistakes("f"),
    mistake(
        "1 − f in place of f",
        "Your gate says how much is lost. In spite of its name the forget gate says how much is "
        "kept: 1 keeps all of the old memory, 0 none of it.",
        "lstm-gates",
        ("return sigmoid(a)", "return 1 - sigmoid(a)"),
    ),
)

CANDIDATE = (
    *gate_mistakes("g"),
    mistake(
        "multiplied by the input gate already",
        "You return what is written into the cell. The candidate is what could be written; the "
        "input gate meets it later, in the new cell state.",
        "lstm-gates",
        (
            "return np.tanh(a)",
            "return np.tanh(a) * input_gate(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh)",
        ),
    ),
)

OUTPUT_GATE = (
    *gate_mistakes("o"),
    mistake(
        "1 − o in place of o",
        "Your gate says how much stays hidden. The output gate says how much is let out: 1 is all "
        "of it.",
        "lstm-gates",
        ("return sigmoid(a)", "return 1 - sigmoid(a)"),
    ),
)


# --- the new cell state --------------------------------------------------------------------------


def _update_cell(name, hint, line):
    return mistake(
        name, hint, "lstm-cell-update", ("return forget * c_prev + input * candidate", line)
    )


UPDATE_CELL = (
    _update_cell(
        "forget and input gate exchanged",
        "Your input gate decides what stays, and your forget gate what is written. Which of the "
        "two belongs to the old memory?",
        "return input * c_prev + forget * candidate",
    ),
    _update_cell("nothing written", NOTHING_WRITTEN, "return forget * c_prev"),
    _update_cell("input gate left out", NO_INPUT_GATE, "return forget * c_prev + candidate"),
    _update_cell("forget gate left out", NO_FORGET_GATE, "return c_prev + input * candidate"),
    _update_cell("old cell state left out", NO_C_PREV, "return input * candidate"),
    _update_cell(
        "1 − f in place of i", COUPLED, "return forget * c_prev + (1 - forget) * candidate"
    ),
    _update_cell(
        "forget gate taken for how much is lost",
        "You keep 1 − f of the old memory. In spite of its name the forget gate says how much is "
        "kept: 1 keeps all of it.",
        "return (1 - forget) * c_prev + input * candidate",
    ),
    _update_cell(
        "forget gate around everything",
        "Your forget gate also weakens what is written in this step. It is for the old memory "
        "alone; look at your brackets.",
        "return forget * (c_prev + input * candidate)",
    ),
    _update_cell(
        "squeezed by tanh", SQUEEZED_CELL, "return np.tanh(forget * c_prev + input * candidate)"
    ),
    _update_cell(
        "candidate squeezed a second time",
        "The candidate comes to you squeezed, between −1 and 1. Squeezing it once more makes it "
        "too small.",
        "return forget * c_prev + input * np.tanh(candidate)",
    ),
    _update_cell(
        "everything squeezed a second time",
        "The gates and the candidate come to you squeezed. A second σ puts every gate between 0.5 "
        "and 0.73, so that no gate can shut.",
        "return sigmoid(forget) * c_prev + sigmoid(input) * np.tanh(candidate)",
    ),
    _update_cell(
        "matrix product in place of the elementwise one",
        "The sign ∘ is the elementwise product: unit k of the gate meets unit k of the cell state, "
        "and shapes stay as they are. @ and np.dot are matrix products.",
        "return forget @ c_prev + input @ candidate",
    ),
    _update_cell(
        "c_prev is changed",
        CHANGES_INPUT,
        "c_prev *= forget\n    c_prev += input * candidate\n    return c_prev",
    ),
)


# --- one step ------------------------------------------------------------------------------------

SPLIT = "a_i, a_f, a_g, a_o = np.split(a, 4, axis=-1)"
CELL = "c = f * c_prev + i * g"
HIDDEN = "h = o * np.tanh(c)"
STATES = "return h, c"


def split_as(order):
    """The edit that takes the blocks in another order, such as ``"figo"``."""
    return SPLIT, SPLIT.replace("a_i, a_f, a_g, a_o", ", ".join(f"a_{gate}" for gate in order))


LSTM_STEP = (
    mistake("bias_ih left out", ONE_BIAS, "lstm-two-biases", (" + bias_ih", "")),
    mistake("bias_hh left out", ONE_BIAS, "lstm-two-biases", (" + bias_hh", "")),
    mistake(
        "both biases left out", NO_BIAS, "lstm-two-biases", (" + bias_ih", ""), (" + bias_hh", "")
    ),
    mistake("bias_ih added twice", SAME_BIAS, "lstm-two-biases", ("+ bias_hh", "+ bias_ih")),
    mistake("bias_hh added twice", SAME_BIAS, "lstm-two-biases", ("+ bias_ih", "+ bias_hh")),
    mistake("forget and input gate exchanged", F_AND_I, "lstm-gate-order", split_as("figo")),
    mistake("gates in the order i, f, o, g", ORDER, "lstm-gate-order", split_as("ifog")),
    mistake("gates in the order i, g, f, o", ORDER, "lstm-gate-order", split_as("igfo")),
    mistake("gates in the order i, o, f, g", ORDER, "lstm-gate-order", split_as("iofg")),
    mistake("gates in the order f, i, o, g", ORDER, "lstm-gate-order", split_as("fiog")),
    mistake(
        "every fourth column taken",
        INTERLEAVED,
        "lstm-gate-order",
        (SPLIT, "a_i, a_f, a_g, a_o = (a[:, k::4] for k in range(4))"),
    ),
    mistake(
        "weight_hh not transposed",
        NOT_TRANSPOSED,
        "lstm-rows",
        (
            "h_prev @ weight_hh.T",
            "np.concatenate([h_prev @ w for w in np.split(weight_hh, 4)], axis=1)",
        ),
    ),
    mistake(
        "weight_ih not transposed",
        WEIGHT_IH_NOT_TRANSPOSED,
        "lstm-rows",
        ("x_t @ weight_ih.T", "x_t @ weight_ih"),
    ),
    mistake(
        "the weight on the left of x_t",
        WEIGHT_FIRST,
        "lstm-rows",
        ("x_t @ weight_ih.T", "weight_ih @ x_t"),
    ),
    mistake(
        "h_prev in the place of x_t",
        STATE_MEETS_WEIGHT_IH,
        "lstm-rows",
        ("x_t @ weight_ih", "h_prev @ weight_ih"),
    ),
    mistake(
        "weight_hh in the place of weight_ih",
        INPUT_MEETS_WEIGHT_HH,
        "lstm-rows",
        ("x_t @ weight_ih.T", "x_t @ weight_hh.T"),
    ),
    mistake("h_prev left out", NO_H, "lstm-step", (" + h_prev @ weight_hh.T", "")),
    mistake(
        "σ for the candidate", SIGMOID_CANDIDATE, "lstm-gates", ("np.tanh(a_g)", "sigmoid(a_g)")
    ),
    mistake(
        "tanh for the gates",
        "Some of your gates are negative. A gate says how much, from nothing (0) to all of it (1); "
        "only the candidate uses tanh.",
        "lstm-gates",
        ("sigmoid(a_i), sigmoid(a_f)", "np.tanh(a_i), np.tanh(a_f)"),
        ("sigmoid(a_o)", "np.tanh(a_o)"),
    ),
    mistake("nothing written", NOTHING_WRITTEN, "lstm-cell-update", (CELL, "c = f * c_prev")),
    mistake("input gate left out", NO_INPUT_GATE, "lstm-cell-update", (CELL, "c = f * c_prev + g")),
    mistake(
        "forget gate left out", NO_FORGET_GATE, "lstm-cell-update", (CELL, "c = c_prev + i * g")
    ),
    mistake("old cell state left out", NO_C_PREV, "lstm-cell-update", (CELL, "c = i * g")),
    mistake(
        "1 − f in place of i", COUPLED, "lstm-cell-update", (CELL, "c = f * c_prev + (1 - f) * g")
    ),
    mistake("tanh of the new cell state left out", NO_TANH, "lstm-output", (HIDDEN, "h = o * c")),
    mistake(
        "hidden state made from the old cell state",
        C_PREV_OUT,
        "lstm-output",
        (HIDDEN, "h = o * np.tanh(c_prev)"),
    ),
    mistake("σ of the new cell state", SIGMOID_OUT, "lstm-output", (HIDDEN, "h = o * sigmoid(c)")),
    mistake("output gate inside tanh", TANH_AROUND, "lstm-output", (HIDDEN, "h = np.tanh(o * c)")),
    mistake("output gate left out", NO_OUTPUT_GATE, "lstm-output", (HIDDEN, "h = np.tanh(c)")),
    mistake(
        "squeezed cell state handed on",
        SQUEEZED_CELL,
        "lstm-output",
        (CELL, "c = np.tanh(f * c_prev + i * g)"),
        (HIDDEN, "h = o * c"),
    ),
    mistake(
        "cell state squeezed twice",
        "You squeeze the cell state when you make it, and again for the hidden state. It is "
        "squeezed for the hidden state only; the belt itself stays as it is.",
        "lstm-output",
        (CELL, "c = np.tanh(f * c_prev + i * g)"),
    ),
    mistake("h and c exchanged", SWAPPED_STATES, "lstm-step", (STATES, "return c, h")),
    mistake("c in the place of h", C_FOR_H, "lstm-output", (STATES, "return c, c")),
    mistake(
        "h in the place of c",
        "Both of your states are the hidden state. The cell state is the second thing to hand on; "
        "without it the next step has no memory to work with.",
        "lstm-step",
        (STATES, "return h, h"),
    ),
    mistake(
        "c_prev is changed",
        CHANGES_INPUT,
        "lstm-cell-update",
        (CELL, "c_prev *= f\n    c_prev += i * g\n    c = c_prev"),
    ),
)


# --- a whole sequence ----------------------------------------------------------------------------

START = "h, c = h0, c0"
EACH = "for x_t in x:"
STEP = "h, c = lstm_step(x_t, h, c, "
KEEP = "output.append(h)"
RETURN = "return np.stack(output), (h, c)"

NOT_CARRIED = (
    "Your first step is right and the later ones are not: each step starts from the initial state "
    "again. What the network remembers is what one step hands to the next."
)
START_IGNORED = (
    "Your sequence starts from zeros whatever it is given. Zeros are only the usual choice; a "
    "sequence that goes on where another ended starts from that one's final states."
)
SHARED_ARRAY = (
    "All steps of your output are the same, equal to the last one. You write each step into one "
    "array and keep that array T times over; each step needs an array of its own."
)

_IN_PLACE = (STEP, "h[:], c[:] = lstm_step(x_t, h, c, ")

LSTM_FORWARD = (
    mistake(
        "states not carried on", NOT_CARRIED, "lstm-carry-states", ("x_t, h, c,", "x_t, h0, c0,")
    ),
    mistake(
        "cell state not carried on",
        NOT_CARRIED + " Your hidden state is handed on; the cell state is not.",
        "lstm-carry-states",
        ("x_t, h, c,", "x_t, h, c0,"),
    ),
    mistake(
        "hidden state not carried on",
        NOT_CARRIED + " Your cell state is handed on; the hidden state is not.",
        "lstm-carry-states",
        ("x_t, h, c,", "x_t, h0, c,"),
    ),
    mistake(
        "h0 ignored",
        START_IGNORED + ROW_BEFORE_THE_FIRST,
        "lstm-carry-states",
        (START, "h, c = np.zeros_like(h0), c0"),
    ),
    mistake(
        "c0 ignored", START_IGNORED, "lstm-carry-states", (START, "h, c = h0, np.zeros_like(c0)")
    ),
    mistake(
        "a list asked for an item that it doesn't have",
        LIST_TOO_SHORT,
        "lstm-carry-states",
        ("x_t, h, c,", "x_t, output[-1], c,"),
    ),
    mistake(
        "state and input exchanged",
        STATE_FIRST,
        "lstm-carry-states",
        ("x_t, h, c,", "h, x_t, c,"),
    ),
    mistake(
        "h0 and c0 ignored",
        START_IGNORED,
        "lstm-carry-states",
        (START, "h, c = np.zeros_like(h0), np.zeros_like(c0)"),
    ),
    mistake("h0 and c0 exchanged", SWAPPED_STATES, "lstm-carry-states", (START, "h, c = c0, h0")),
    mistake(
        "states handed to the step in the wrong order",
        "Your step gets c where it takes h, and h where it takes c. Both have the same shape, so "
        "only the values tell. Compare your call with the function's first line.",
        "lstm-carry-states",
        ("x_t, h, c,", "x_t, c, h,"),
    ),
    mistake(
        "states taken from the step in the wrong order",
        "Your step returns h first, then c; your loop takes them the other way round.",
        "lstm-carry-states",
        (STEP, "c, h = lstm_step(x_t, h, c, "),
    ),
    mistake(
        "the same input at every step",
        "Every step of yours reads x[0]. Look at the index in your loop.",
        "lstm-carry-states",
        ("x_t, h, c,", "x[0], h, c,"),
    ),
    mistake("c in the output", C_FOR_H, "lstm-output", (KEEP, "output.append(c)")),
    mistake(
        "output one step late",
        "Your output begins with h0 and lacks the last hidden state. Row t of the output is the "
        "hidden state after step t has been taken.",
        "lstm-carry-states",
        (STEP, f"{KEEP}\n        {STEP}"),
        (f"bias_hh)\n        {KEEP}", "bias_hh)"),
    ),
    mistake(
        "output backwards in time",
        "Your steps are right, but they come back in the reverse order: row 0 of the output "
        "belongs to the first step.",
        "lstm-carry-states",
        (RETURN, "return np.stack(output[::-1]), (h, c)"),
    ),
    mistake(
        "sequence read backwards",
        "Your loop begins with the last input. An LSTM reads from the first step to the last; "
        "reading from the end is what the second half of a bidirectional network does.",
        "lstm-carry-states",
        (EACH, "for x_t in x[::-1]:"),
    ),
    mistake(
        "first step left out",
        "Your output has one step too few: the loop begins with the second input. Counting "
        "starts at 0.",
        "lstm-carry-states",
        (EACH, "for x_t in x[1:]:"),
    ),
    mistake(
        "last step left out",
        "Your output has one step too few: the loop ends before the last input. range(n) already "
        "stops before n.",
        "lstm-carry-states",
        (EACH, "for x_t in x[:-1]:"),
    ),
    mistake(
        "time and batch exchanged",
        "Your loop runs over the rows of the batch. Time is the first axis of x: x[t] is the input "
        "of step t for the whole batch, of shape (B, I).",
        "lstm-carry-states",
        (EACH, "for x_t in x.swapaxes(0, 1):"),
    ),
    mistake(
        "batch first in the output",
        "The first two axes of your output are exchanged: it is (B, T, H) and should be (T, B, H), "
        "time first like x. Look at the axis along which you stack.",
        "lstm-carry-states",
        (RETURN, "return np.stack(output, axis=1), (h, c)"),
    ),
    mistake(
        "x and output taken batch first",
        BATCH_FIRST,
        "lstm-carry-states",
        (EACH, "for x_t in x.swapaxes(0, 1):"),
        (RETURN, "return np.stack(output, axis=1), (h, c)"),
    ),
    mistake(
        "steps put end to end",
        "Your output has two axes, (T·B, H). Concatenating joins arrays along an axis that they "
        "have; here each step is to become one row of a new first axis.",
        "lstm-carry-states",
        (RETURN, "return np.concatenate(output), (h, c)"),
    ),
    mistake(
        "last step in place of the output",
        "Your output is the last hidden state alone. The output holds the hidden state after every "
        "step; the last one comes back as h_n as well.",
        "lstm-carry-states",
        (RETURN, "return h, (h, c)"),
    ),
    mistake(
        "a list in place of an array",
        "Your output is a Python list of the steps. Make one array of it, with time as the first "
        "axis.",
        "lstm-carry-states",
        (RETURN, "return output, (h, c)"),
    ),
    mistake(
        "h_n and c_n exchanged",
        SWAPPED_STATES,
        "lstm-carry-states",
        (RETURN, RETURN.replace("h, c", "c, h")),
    ),
    mistake(
        "h_n of the first step",
        "Your h_n is the hidden state after the first step. The final state is the one after the "
        "last step.",
        "lstm-carry-states",
        (RETURN, "return np.stack(output), (output[0], c)"),
    ),
    mistake(
        "final states with an axis too many",
        "Your h_n and c_n have shape (1, B, H). torch.nn.LSTM has such a first axis, for its "
        "layers; here there is one layer, and the states are (B, H).",
        "lstm-carry-states",
        (RETURN, "return np.stack(output), (h[None], c[None])"),
    ),
    mistake(
        "output made in the dtype of x",
        "When x holds whole numbers, so does the array that you made after it, and every hidden "
        "state is cut down to a whole number, mostly 0. The hidden states are floating-point "
        "numbers whatever x is.",
        "lstm-carry-states",
        ("output = []", "output = np.zeros((len(x), *h0.shape), dtype=x.dtype)"),
        (EACH, "for t, x_t in enumerate(x):"),
        (KEEP, "output[t] = h"),
        (RETURN, "return output, (h, c)"),
    ),
    mistake(
        "output made in the shape of x",
        "Your output has room for I numbers in each row, as x has. A hidden state has H of them.",
        "lstm-carry-states",
        ("output = []", "output = np.zeros_like(x, dtype=float)"),
        (EACH, "for t, x_t in enumerate(x):"),
        (KEEP, "output[t] = h"),
        (RETURN, "return output, (h, c)"),
    ),
    mistake(
        "h0 and c0 are changed",
        CHANGES_INPUT,
        "lstm-carry-states",
        _IN_PLACE,
        (KEEP, "output.append(h.copy())"),
        (RETURN, "return np.stack(output), (h.copy(), c.copy())"),
    ),
    mistake(
        "h0 and c0 are changed, and one array kept T times",
        SHARED_ARRAY + " That array is h0 itself, so the caller's h0 is changed as well.",
        "lstm-carry-states",
        _IN_PLACE,
    ),
    mistake(
        "one array kept T times",
        SHARED_ARRAY,
        "lstm-carry-states",
        (START, "h, c = h0.copy(), c0.copy()"),
        _IN_PLACE,
    ),
)


# --- the papers' weights -------------------------------------------------------------------------

WEIGHT = "np.concatenate([W_i, W_f, W_g, W_o])"
BIAS = "np.concatenate([b_i, b_f, b_g, b_o])"
SPLIT_RETURN = "return weight[:, H:], weight[:, :H], bias, np.zeros_like(bias)"


def _stacked_as(order):
    """The edits that stack the gates in another order."""
    return tuple(
        (right, f"np.concatenate([{', '.join(f'{letter}_{gate}' for gate in order)}])")
        for letter, right in (("W", WEIGHT), ("b", BIAS))
    )


def _split(name, hint, line):
    return mistake(name, hint, "lstm-concatenated", (SPLIT_RETURN, line))


SPLIT_CONCATENATED_WEIGHTS = (
    _split(
        "columns taken as [x, h]",
        "You take the first I columns for x. The papers write [h, x]: the first H columns meet h, "
        "the rest meet x. Some books do write [x, h], which is why it pays to look.",
        "return weight[:, :-H], weight[:, -H:], bias, np.zeros_like(bias)",
    ),
    _split(
        "weight_ih and weight_hh exchanged",
        "What you return first is (4·H, H) and what comes second is (4·H, I): the matrices are "
        "right and come in the wrong order.",
        "return weight[:, :H], weight[:, H:], bias, np.zeros_like(bias)",
    ),
    _split(
        "weights transposed",
        "Your matrices lie on their side. PyTorch keeps one row for each unit of each gate, so "
        "they have 4·H rows; Keras keeps them the other way round.",
        "return weight[:, H:].T, weight[:, :H].T, bias, np.zeros_like(bias)",
    ),
    _split(
        "bias in both places",
        "PyTorch adds bias_ih and bias_hh. If each of them is the papers' bias, the gates get it "
        "twice.",
        "return weight[:, H:], weight[:, :H], bias, bias.copy()",
    ),
    _split(
        "bias cut in halves",
        "Half of the bias on each side gives the right sum, and it is a right conversion, but not "
        "the one that is asked for: all of it goes into bias_ih.",
        "return weight[:, H:], weight[:, :H], bias / 2, bias / 2",
    ),
    _split(
        "bias in bias_hh",
        "The sum of the two biases is right, and it is a right conversion, but not the one that is "
        "asked for: the papers' bias goes into bias_ih, and bias_hh is zero.",
        "return weight[:, H:], weight[:, :H], np.zeros_like(bias), bias",
    ),
    _split(
        "bias_hh for one gate only",
        "Your bias_hh has H numbers. It belongs to all four gates, zero or not, so it has 4·H.",
        "return weight[:, H:], weight[:, :H], bias, np.zeros_like(b_i)",
    ),
    _split(
        "bias_hh of ones",
        "Your bias_hh is 1 everywhere and shifts every gate. For the two sides to give the same "
        "gates, it must add nothing.",
        "return weight[:, H:], weight[:, :H], bias, np.ones_like(bias)",
    ),
    *(
        mistake(
            f"gates stacked in the order {', '.join(order)}",
            "Your blocks are stacked in another order than PyTorch's, which is i, f, g, o. The "
            "shapes are the same in any order; the gates then get one another's weights.",
            "lstm-gate-order",
            *_stacked_as(order),
        )
        for order in ("figo", "ifog", "fiog", "igfo")
    ),
    mistake(
        "biases stacked in another order than the weights",
        "Your weights are stacked as they should be, i, f, g, o, and your biases are not: f comes "
        "before i.",
        "lstm-gate-order",
        _stacked_as("figo")[1],
    ),
    mistake(
        "gates stacked along a new axis",
        "Your arrays have an axis too many, (4, H, ·). PyTorch's are joined along the rows, one "
        "gate below the other: 4·H rows.",
        "lstm-concatenated",
        (WEIGHT, WEIGHT.replace("concatenate", "stack")),
        (BIAS, BIAS.replace("concatenate", "stack")),
        (SPLIT_RETURN, SPLIT_RETURN.replace("[:, ", "[..., ")),
    ),
    mistake(
        "rows of the gates shuffled together",
        "Your rows go i, f, g, o, i, f, g, o, …, one unit after another. PyTorch stacks whole "
        "gates: first all H rows of i.",
        "lstm-gate-order",
        (WEIGHT, "np.stack([W_i, W_f, W_g, W_o], axis=1).reshape(4 * H, -1)"),
        (BIAS, "np.stack([b_i, b_f, b_g, b_o], axis=1).reshape(4 * H)"),
    ),
)


# --- backpropagation through time ----------------------------------------------------------------

OVERWRITTEN = (
    "Your weight gradients are those of one step only. All steps share the same weights, so their "
    "gradients add up over the steps; yours are overwritten. dx and dh0 are right all the same, "
    "which makes this one hard to see."
)
D_H = "d_h = d_h + d_output[t]"
D_C = "d_c = d_c + d_h * o * (1 - tanh_c**2)"
_SUMS = (
    ("d_weight_ih = d_weight_ih + d_a.T", "d_weight_ih = d_a.T"),
    ("d_weight_hh = d_weight_hh + d_a.T", "d_weight_hh = d_a.T"),
    ("d_bias = d_bias + d_a.sum", "d_bias = d_a.sum"),
)


def _backward(name, hint, *edits):
    return mistake(name, hint, "lstm-backward", *edits)


LSTM_BACKWARD = (
    _backward("gradients of weights and biases overwritten", OVERWRITTEN, *_SUMS),
    _backward("gradients of the weights overwritten", OVERWRITTEN, *_SUMS[:2]),
    _backward("gradients of the biases overwritten", OVERWRITTEN, _SUMS[2]),
    _backward(
        "steps visited forwards",
        "You walk from the first step to the last. What a step hands back is only complete once "
        "all later steps have been visited, so the way back begins at the end.",
        ("for t in reversed(range(len(x))):", "for t in range(len(x)):"),
    ),
    _backward(
        "d_output ignored",
        "Only the last step sends a gradient back in your answer. The loss sees the output of "
        "every step, so at every step another part of the gradient joins.",
        (D_H, "pass"),
    ),
    _backward(
        "d_output taken in place of what comes back",
        "At each step you start from d_output[t] alone and lose what the later steps send back "
        "through h. The two meet and add up.",
        (D_H, "d_h = d_output[t]"),
    ),
    _backward(
        "d_h_n ignored",
        "Your gradient forgets that the loss sees h_n too. It begins its way back together with "
        "the last row of d_output.",
        ("d_h, d_c = d_h_n, d_c_n", "d_h, d_c = np.zeros_like(d_h_n), d_c_n"),
    ),
    _backward(
        "d_c_n ignored",
        "Your gradient forgets that the loss sees c_n too. It comes back along the belt from "
        "beyond the last step.",
        ("d_h, d_c = d_h_n, d_c_n", "d_h, d_c = d_h_n, np.zeros_like(d_c_n)"),
    ),
    _backward(
        "d_h_n added at every step",
        "d_h_n enters your sum at each step. It belongs to the state after the last step and "
        "enters once.",
        (D_H, "d_h = d_h + d_output[t] + (d_h_n if t < len(x) - 1 else 0)"),
    ),
    _backward(
        "nothing handed back through h",
        "The hidden state of step t − 1 went into the four gates of step t through weight_hh; no "
        "gradient comes back that way in your answer, so h0 gets none.",
        ("d_h = d_a @ weight_hh", "d_h = np.zeros_like(d_h)"),
    ),
    _backward(
        "nothing handed back along the belt",
        "Your cell state's gradient starts anew at every step. The belt from c_prev to c is the "
        "way by which an LSTM's gradient survives; it goes back along the same belt.",
        ("d_c = d_c * f", "d_c = np.zeros_like(d_c)"),
    ),
    _backward(
        "forget gate left out on the way back",
        "Your gradient runs back along the belt undamped. On the way forward c_prev was multiplied "
        "by the forget gate; on the way back the gradient is as well.",
        ("        d_c = d_c * f\n", ""),
    ),
    _backward(
        "gradient through h overwrites the one along the belt",
        "The cell state is used twice: in h, and in the next cell state. Its gradient is the sum "
        "of both; in your answer the first replaces the second.",
        (D_C, "d_c = d_h * o * (1 - tanh_c**2)"),
    ),
    _backward(
        "nothing from h into the cell state",
        "h was made from the cell state, but no gradient goes from h into c in your answer. Only "
        "the output gate learns from the output.",
        (D_C, "pass"),
    ),
    _backward(
        "slope of tanh left out (cell state)",
        "h = o ∘ tanh(c): on the way back through tanh its slope is a factor. Without it the "
        "gradient is right only where c is close to 0.",
        (D_C, "d_c = d_c + d_h * o"),
    ),
    _backward(
        "slope of tanh taken at the wrong place",
        "The slope of tanh can be told from its value, tanh(c). You have put c itself into that "
        "formula.",
        (D_C, "d_c = d_c + d_h * o * (1 - (f * c_prev[t] + i * g) ** 2)"),
    ),
    _backward(
        "slope of tanh left out (candidate)",
        "The candidate came out of tanh; on the way back its slope is a factor.",
        ("d_c * i * (1 - g**2)", "d_c * i"),
    ),
    _backward(
        "slope of σ for the candidate",
        "You go back through the candidate with the slope of σ. The candidate came out of tanh, "
        "whose slope is another.",
        ("d_c * i * (1 - g**2)", "d_c * i * g * (1 - g)"),
    ),
    _backward(
        "slopes of σ left out",
        "Each gate came out of σ; on the way back the slope of σ is a factor. Yours are the "
        "gradients of the open gates, not of the sums that went into them.",
        (" * i * (1 - i)", ""),
        (" * f * (1 - f)", ""),
        (" * o * (1 - o)", ""),
    ),
    _backward(
        "new cell state in place of the old one",
        "The forget gate multiplied the cell state of the step before. In your gradient of f "
        "stands the one after the step.",
        ("d_c * c_prev[t] * f", "d_c * (f * c_prev[t] + i * g) * f"),
    ),
    _backward(
        "input gate in place of the candidate",
        "The gradient of one factor of i ∘ g holds the other factor. You have the same one in "
        "both.",
        ("d_c * g * i * (1 - i)", "d_c * i * i * (1 - i)"),
        ("d_c * i * (1 - g**2)", "d_c * g * (1 - g**2)"),
    ),
    _backward(
        "tanh left out in the output gate's gradient",
        "The output gate multiplied tanh(c), the squeezed cell state. In its gradient you have c "
        "itself.",
        ("d_h * tanh_c * o", "d_h * (f * c_prev[t] + i * g) * o"),
    ),
    _backward(
        "new hidden state in the gradient of weight_hh",
        "weight_hh met the hidden state of the step before. You use the one that the step made: "
        "one index too far.",
        ("d_a.T @ h_prev[t]", "d_a.T @ (o * tanh_c)"),
    ),
    _backward(
        "gradient of the biases averaged over the batch",
        "Your gradients of the biases are too small by the factor B. The loss is given; each row "
        "of the batch has its part in it, and the parts add up.",
        ("d_a.sum(axis=0)", "d_a.mean(axis=0)"),
    ),
    _backward(
        "gradient shared between the two biases",
        "You give each bias half. Both enter the same sum with the factor 1, so each has the whole "
        "gradient.",
        ('"bias_ih": d_bias', '"bias_ih": d_bias / 2'),
        ('"bias_hh": d_bias', '"bias_hh": d_bias / 2'),
    ),
    _backward(
        "no gradient for bias_hh",
        "Your gradient of bias_hh is zero. Both biases enter the same sum, so what holds for one "
        "holds for the other.",
        ('"bias_hh": d_bias', '"bias_hh": np.zeros_like(d_bias)'),
    ),
    _backward(
        "gates in another order on the way back",
        "The blocks of your weight gradients come in the order f, i, g, o. The way back needs the "
        "order of the way forward: i, f, g, o.",
        ("[d_a_i, d_a_f, d_a_g, d_a_o]", "[d_a_f, d_a_i, d_a_g, d_a_o]"),
    ),
    _backward("d_h_n is changed", CHANGES_INPUT, (D_H, "d_h += d_output[t]")),
    _backward("d_c_n is changed", CHANGES_INPUT, (D_C, "d_c += d_h * o * (1 - tanh_c**2)")),
    _backward(
        "d_h_n and d_c_n are changed",
        CHANGES_INPUT,
        (D_H, "d_h += d_output[t]"),
        (D_C, "d_c += d_h * o * (1 - tanh_c**2)"),
    ),
)
