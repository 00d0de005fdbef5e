"""How students get the NumPy exercises of the RNN chapter wrong: edits of the reference.

Each mistake has a name, a hint that teaches, and the place in the book. A hint says what the answer
looks like and why it matters; it never gives the line that would be right.
"""

from autograder.checking.exercise import Mistake

from ..hints import (
    BATCH_FIRST,
    LIST_TOO_SHORT,
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
    "PyTorch has two biases, bias_ih on the side of x and bias_hh on the side of h. Both are "
    "learned, and both are added. Your sum has one of them only."
)
NO_BIAS = (
    "Your sum is right for biases of zero and shifted otherwise. PyTorch has two biases, bias_ih "
    "and bias_hh; neither of them reaches your sum."
)
SAME_BIAS = (
    "There are two biases, bias_ih and bias_hh, and your sum has one of them twice. Look at the "
    "second name in your line."
)
NOT_TRANSPOSED = (
    "h @ W and h @ W.T have the same shape when W is square, so nothing complains. Each row of "
    "weight_hh belongs to one new unit and is to meet h; with h @ W it is the columns that meet h."
)
WEIGHT_IH_NOT_TRANSPOSED = (
    "The product stops because the inner sizes don't fit: x has I columns, weight_ih has H rows "
    "and I columns. Write the two shapes side by side and see which axes have to meet, and whether "
    "it is weight_ih (input to hidden) that meets x."
)
NO_H = (
    "Your new state depends on x alone. What makes the network recurrent is that it also sees the "
    "state of the step before, through weight_hh."
)
NO_X = (
    "Your new state depends on the old state alone and never sees the new input. Both come in, "
    "each through its own matrix, and are added."
)
NO_TANH = (
    "You return the sum as it is. Without tanh, a state can grow without limit, and the whole "
    "network is one long linear map."
)
SIGMOID = (
    "Your states lie between 0 and 1. This cell squeezes with tanh, so a state can be negative; σ "
    "comes in the next chapter, for gates."
)
NOT_CARRIED = (
    "Your first step is right and the later ones are not: each step starts from the initial state "
    "again. What the network remembers is what one step hands to the next."
)
START_IGNORED = (
    "Your sequence starts from zeros whatever it is given. Zeros are only the usual choice; a "
    "sequence that goes on where another ended starts from that one's final state."
)
SHARED_ARRAY = (
    "All steps of your output are the same, equal to the last one. You write each step into one "
    "array and keep that array T times over; each step needs an array of its own."
)
CHANGES_INPUT = (
    "Your values are right, but operators such as += and *= (and assignments to h[:]) write into "
    "the array that you were given, and whoever called your function finds it changed. Make a new "
    "array in place of changing that one."
)


# --- one step ------------------------------------------------------------------------------------

SUM = "a = x_t @ weight_ih.T + bias_ih + h_prev @ weight_hh.T + bias_hh"
SQUEEZED = "return np.tanh(a)"


def _step(name, hint, *edits, label="rnn-step"):
    return mistake(name, hint, label, *edits)


RNN_STEP = (
    _step("bias_ih left out", ONE_BIAS, (" + bias_ih", ""), label="rnn-two-biases"),
    _step("bias_hh left out", ONE_BIAS, (" + bias_hh", ""), label="rnn-two-biases"),
    _step(
        "both biases left out",
        NO_BIAS,
        (" + bias_ih", ""),
        (" + bias_hh", ""),
        label="rnn-two-biases",
    ),
    _step("bias_ih added twice", SAME_BIAS, ("+ bias_hh", "+ bias_ih"), label="rnn-two-biases"),
    _step("bias_hh added twice", SAME_BIAS, ("+ bias_ih", "+ bias_hh"), label="rnn-two-biases"),
    _step("weight_hh not transposed", NOT_TRANSPOSED, ("weight_hh.T", "weight_hh")),
    _step(
        "weight_ih not transposed, or weight_hh in its place",
        WEIGHT_IH_NOT_TRANSPOSED,
        ("weight_ih.T", "weight_ih"),
    ),
    _step(
        "the weight on the left of x_t",
        WEIGHT_FIRST,
        ("x_t @ weight_ih.T", "weight_ih @ x_t"),
    ),
    _step(
        "h_prev in the place of x_t",
        STATE_MEETS_WEIGHT_IH,
        ("x_t @ weight_ih", "h_prev @ weight_ih"),
    ),
    _step("h_prev left out", NO_H, (" + h_prev @ weight_hh.T", "")),
    _step("x_t left out", NO_X, ("x_t @ weight_ih.T + ", "")),
    _step("tanh left out", NO_TANH, (SQUEEZED, "return a")),
    _step("σ in place of tanh", SIGMOID, (SQUEEZED, "return 1 / (1 + np.exp(-a))")),
    _step(
        "ReLU in place of tanh",
        "Your states are never negative. That is the cell with nonlinearity='relu'; the one that "
        "is asked for squeezes with tanh.",
        (SQUEEZED, "return np.maximum(a, 0)"),
    ),
    _step(
        "squeezed in two parts",
        "You squeeze the part from x and the part from h each on its own and add the results, so "
        "states beyond 1 appear. The two parts are added first; there is one tanh, around all.",
        (
            SUM,
            "a_x = x_t @ weight_ih.T + bias_ih\n    a_h = h_prev @ weight_hh.T + bias_hh",
        ),
        (SQUEEZED, "return np.tanh(a_x) + np.tanh(a_h)"),
    ),
    _step(
        "one part only squeezed",
        "The part from x goes through tanh and the part from h does not. There is one tanh, around "
        "the sum of both: look at your brackets.",
        (SUM, "a = np.tanh(x_t @ weight_ih.T + bias_ih) + h_prev @ weight_hh.T + bias_hh"),
        (SQUEEZED, "return a"),
    ),
    _step(
        "squeezed twice",
        "Your states are too small: tanh is applied to what has been through tanh. Once is enough.",
        (SQUEEZED, "return np.tanh(np.tanh(a))"),
    ),
    _step(
        "old state added",
        "You add the old state to the squeezed sum. Such a shortcut exists (in residual networks); "
        "in the plain cell all of the old state goes through weight_hh and tanh. That is just its "
        "trouble.",
        (SQUEEZED, "return h_prev + np.tanh(a)"),
    ),
    _step(
        "a bias for each row of the batch",
        "Your bias is a column, (H, 1), so NumPy adds one number to each row of the batch in place "
        "of one to each unit. Where B equals H this even runs. A bias of shape (H,) fits as it is.",
        ("+ bias_ih", "+ bias_ih[:, None]"),
        ("+ bias_hh", "+ bias_hh[:, None]"),
    ),
    _step(
        "h_prev is changed",
        CHANGES_INPUT,
        (SQUEEZED, "h_prev[:] = np.tanh(a)\n    return h_prev"),
    ),
)


# --- a whole sequence ----------------------------------------------------------------------------

START = "h = h0\n"
EACH = "for x_t in x:"
STEP = "h = rnn_step(x_t, h, "
KEEP = "output.append(h)"
RETURN = "return np.stack(output), h"
_IN_PLACE = (STEP, "h[:] = rnn_step(x_t, h, ")


def _forward(name, hint, *edits, label="rnn-carry-state"):
    return mistake(name, hint, label, *edits)


RNN_FORWARD = (
    _forward("state not carried on", NOT_CARRIED, (STEP, "h = rnn_step(x_t, h0, ")),
    _forward(
        "h0 ignored", START_IGNORED + ROW_BEFORE_THE_FIRST, (START, "h = np.zeros_like(h0)\n")
    ),
    _forward(
        "a list asked for an item that it doesn't have",
        LIST_TOO_SHORT,
        (STEP, "h = rnn_step(x_t, output[-1], "),
    ),
    _forward("state and input exchanged", STATE_FIRST, (STEP, "h = rnn_step(h, x_t, ")),
    _forward(
        "state set to zero at every step",
        "Each step of yours starts from zeros: what the step before found out is thrown away. The "
        "line that makes the first state belongs before the loop.",
        (STEP, "h = rnn_step(x_t, np.zeros_like(h0), "),
    ),
    _forward(
        "the same input at every step",
        "Every step of yours reads x[0]. Look at the index in your loop.",
        (STEP, "h = rnn_step(x[0], h, "),
    ),
    _forward(
        "output one step late",
        "Your output begins with h0 and lacks the last state. Row t of the output is the state "
        "after the step that read x[t].",
        (STEP, f"{KEEP}\n        {STEP}"),
        (f"bias_hh)\n        {KEEP}", "bias_hh)"),
    ),
    _forward(
        "h0 in the output",
        "Your output has T + 1 rows, because h0 is the first of them. The output holds what the "
        "steps made; h0 was there before.",
        ("output = []", "output = [h0]"),
    ),
    _forward(
        "output backwards in time",
        "Your steps are right, but they come back in the reverse order: row 0 of the output "
        "belongs to the first step.",
        (RETURN, "return np.stack(output[::-1]), h"),
    ),
    _forward(
        "sequence read backwards",
        "Your loop begins with the last input. The network reads from the first step to the last; "
        "reading from the end is what the second half of a bidirectional network does.",
        (EACH, "for x_t in x[::-1]:"),
    ),
    _forward(
        "first step left out",
        "Your output has one step too few: the loop begins with the second input. Counting "
        "starts at 0.",
        (EACH, "for x_t in x[1:]:"),
    ),
    _forward(
        "last step left out",
        "Your output has one step too few: the loop ends before the last input. range(n) already "
        "stops before n.",
        (EACH, "for x_t in x[:-1]:"),
    ),
    _forward(
        "time and batch exchanged",
        "Your loop runs over the rows of the batch. Time is the first axis of x: x[t] is the input "
        "of step t for the whole batch, of shape (B, I).",
        (EACH, "for x_t in x.swapaxes(0, 1):"),
        label="rnn-sequences",
    ),
    _forward(
        "batch first in the output",
        "The first two axes of your output are exchanged: it is (B, T, H) and should be (T, B, H), "
        "time first like x. Look at the axis along which you stack.",
        (RETURN, "return np.stack(output, axis=1), h"),
        label="rnn-sequences",
    ),
    _forward(
        "x and output taken batch first",
        BATCH_FIRST,
        (EACH, "for x_t in x.swapaxes(0, 1):"),
        (RETURN, "return np.stack(output, axis=1), h"),
        label="rnn-sequences",
    ),
    _forward(
        "steps put end to end",
        "Your output has two axes, (T·B, H). Concatenating joins arrays along an axis that they "
        "have; here each step is to become one row of a new first axis.",
        (RETURN, "return np.concatenate(output), h"),
    ),
    _forward(
        "last step in place of the output",
        "Your output is the last state alone. The output holds the state after every step; the "
        "last one comes back as h_n as well.",
        (RETURN, "return h, h"),
    ),
    _forward(
        "a list in place of an array",
        "Your output is a Python list of the steps. Make one array of it, with time as the first "
        "axis.",
        (RETURN, "return output, h"),
    ),
    _forward(
        "output and h_n exchanged",
        "You return the last state first and the whole output second. The order that is asked for, "
        "and PyTorch's, is output, h_n.",
        (RETURN, "return h, np.stack(output)"),
    ),
    _forward(
        "output alone returned",
        "Two things are asked for: the output, and the last state h_n. You return the first alone.",
        (RETURN, "return np.stack(output)"),
    ),
    _forward(
        "h_n of the first step",
        "Your h_n is the state after the first step. The final state is the one after the last.",
        (RETURN, "return np.stack(output), output[0]"),
    ),
    _forward(
        "h0 in place of h_n",
        "You return the initial state as h_n. The final state is what the last step made.",
        (RETURN, "return np.stack(output), h0"),
    ),
    _forward(
        "h_n with an axis too many",
        "Your h_n has shape (1, B, H). torch.nn.RNN has such a first axis, for its layers; here "
        "there is one layer, and the state is (B, H).",
        (RETURN, "return np.stack(output), h[None]"),
    ),
    _forward(
        "output made in the dtype of x",
        "When x holds whole numbers, so does the array that you made after it, and every state is "
        "cut down to a whole number, mostly 0. States are floating-point numbers whatever x is.",
        ("output = []", "output = np.zeros((len(x), *h0.shape), dtype=x.dtype)"),
        (EACH, "for t, x_t in enumerate(x):"),
        (KEEP, "output[t] = h"),
        (RETURN, "return output, h"),
    ),
    _forward(
        "output made in the shape of x",
        "Your output has room for I numbers in each row, as x has. A state has H of them.",
        ("output = []", "output = np.zeros_like(x, dtype=float)"),
        (EACH, "for t, x_t in enumerate(x):"),
        (KEEP, "output[t] = h"),
        (RETURN, "return output, h"),
    ),
    _forward(
        "h0 is changed",
        CHANGES_INPUT,
        _IN_PLACE,
        (KEEP, "output.append(h.copy())"),
        (RETURN, "return np.stack(output), h.copy()"),
    ),
    _forward(
        "h0 is changed, and one array kept T times",
        SHARED_ARRAY + " That array is h0 itself, so the caller's h0 is changed as well.",
        _IN_PLACE,
    ),
    _forward(
        "one array kept T times",
        SHARED_ARRAY,
        (START, "h = h0.copy()\n"),
        _IN_PLACE,
    ),
)


# --- readout -------------------------------------------------------------------------------------

READ = "h = output if every_step else output[-1]"
ANSWER = "return h @ weight.T + bias"


def _readout(name, hint, *edits, label="rnn-readout"):
    return mistake(name, hint, label, *edits)


READOUT = (
    _readout(
        "first step in place of the last",
        "You read the state after the first step, which has seen one input only. The state that "
        "has seen the whole sequence is the last.",
        (READ, READ.replace("output[-1]", "output[0]")),
    ),
    _readout(
        "last row of the batch in place of the last step",
        "You take output[:, -1], the last sequence of the batch at all steps. Time is the first "
        "axis here; with batch_first=True, output[:, -1] would be the last step.",
        (READ, READ.replace("output[-1]", "output[:, -1]")),
        label="rnn-sequences",
    ),
    _readout(
        "time axis kept",
        "Your answer has shape (1, B, O). A slice such as output[-1:] keeps the axis that it cuts; "
        "an index drops it.",
        (READ, READ.replace("output[-1]", "output[-1:]")),
    ),
    _readout(
        "every_step ignored: always the last step",
        "You read the last step whatever every_step says. With every_step=True there is one answer "
        "for each step, (T, B, O).",
        (READ, "h = output[-1]"),
    ),
    _readout(
        "every_step ignored: always every step",
        "You read every step whatever every_step says. With every_step=False there is one answer "
        "for each sequence, (B, O).",
        (READ, "h = output"),
    ),
    _readout(
        "every_step the wrong way round",
        "Your two cases are exchanged: every_step=True gives the last step, False gives all.",
        (READ, "h = output[-1] if every_step else output"),
    ),
    _readout(
        "mean over the steps",
        "You average the states of all steps. That is a way to sum a sequence up, but another one: "
        "what is asked for is the last step alone.",
        (READ, READ.replace("output[-1]", "output.mean(axis=0)")),
    ),
    _readout(
        "sum over the steps",
        "You add up the states of all steps. What is asked for is the last step alone.",
        (READ, READ.replace("output[-1]", "output.sum(axis=0)")),
    ),
    _readout(
        "bias left out",
        "Your answers are all moved by the same amount: the bias of the readout is missing.",
        (ANSWER, "return h @ weight.T"),
    ),
    _readout(
        "weight not transposed",
        "The product stops because the inner sizes don't fit: a state has H numbers, and weight "
        "is (O, H). Write the two shapes side by side and see which axes have to meet.",
        (ANSWER, "return h @ weight + bias"),
    ),
    _readout(
        "answers squeezed by tanh",
        "Your answers lie between −1 and 1. The readout is a plain affine map: an answer may be "
        "any number, such as a price.",
        (ANSWER, "return np.tanh(h @ weight.T + bias)"),
    ),
    _readout(
        "answers made to add up to 1",
        "Your answers are positive and add up to 1: a softmax has got in. The readout is a plain "
        "affine map; turning it into probabilities is the business of the loss.",
        (
            ANSWER,
            "y = np.exp(h @ weight.T + bias)\n    return y / y.sum(axis=-1, keepdims=True)",
        ),
    ),
    _readout(
        "batch first in the answers",
        "The first two axes of your answers are exchanged: (B, T, O) in place of (T, B, O).",
        (ANSWER, "y = h @ weight.T + bias\n    return y.swapaxes(0, 1) if every_step else y"),
        label="rnn-sequences",
    ),
    _readout(
        "states added up along the way",
        "Each step's answer reads the sum of all states up to it. A state already is a summary of "
        "the past; each step reads its own state alone.",
        (READ, "h = output.cumsum(axis=0) if every_step else output[-1]"),
    ),
    _readout(
        "last answer at every step",
        "You give the last step's answer T times. With every_step=True each step answers from its "
        "own state, which knows only what came until then.",
        (READ, "h = np.stack([output[-1]] * len(output)) if every_step else output[-1]"),
    ),
)


# --- backpropagation through time ----------------------------------------------------------------

OVERWRITTEN = (
    "Your weight gradients are those of one step only. All steps share the same weights, so their "
    "gradients add up over the steps; yours are overwritten. The gradients of x and h0 are right "
    "all the same, which makes this one hard to see."
)
D_H = "d_h = d_h + d_output[t]"
SLOPE = "d_a = d_h * (1 - h**2)"
BACK = "d_h = d_a @ weight_hh"
_SUMS = (
    ("d_weight_ih = d_weight_ih + d_a.T", "d_weight_ih = d_a.T"),
    ("d_weight_hh = d_weight_hh + d_a.T", "d_weight_hh = d_a.T"),
    ("d_bias = d_bias + d_a.sum", "d_bias = d_a.sum"),
)


def _backward(name, hint, *edits, label="rnn-bptt"):
    return mistake(name, hint, label, *edits)


RNN_BACKWARD = (
    _backward(
        "gradients of weights and biases overwritten", OVERWRITTEN, *_SUMS, label="rnn-bptt-sum"
    ),
    _backward(
        "gradients of the weights overwritten", OVERWRITTEN, *_SUMS[:2], label="rnn-bptt-sum"
    ),
    _backward("gradients of the biases overwritten", OVERWRITTEN, _SUMS[2], label="rnn-bptt-sum"),
    _backward(
        "gradients of the weights averaged over the steps",
        "Your gradients of weights and biases are too small by the factor T. The loss is given; "
        "each step has its part in it, and the parts add up.",
        ('"weight_ih": d_weight_ih', '"weight_ih": d_weight_ih / len(x)'),
        ('"weight_hh": d_weight_hh', '"weight_hh": d_weight_hh / len(x)'),
        ('"bias_ih": d_bias', '"bias_ih": d_bias / len(x)'),
        ('"bias_hh": d_bias.copy()', '"bias_hh": d_bias / len(x)'),
        label="rnn-bptt-sum",
    ),
    _backward(
        "recurrent gradient dropped",
        "Each step of yours learns from its own output only: nothing comes back from later steps. "
        "The state of step t − 1 went into step t through weight_hh, and its gradient comes back "
        "by the same way.",
        (BACK, "d_h = np.zeros_like(d_h)"),
        label="rnn-bptt-step",
    ),
    _backward(
        "steps visited forwards",
        "You walk from the first step to the last. What a step hands back is only complete once "
        "all later steps have been visited, so the way back begins at the end.",
        ("for t in reversed(range(len(x))):", "for t in range(len(x)):"),
        ("d_x[::-1]", "d_x"),
    ),
    _backward(
        "gradient of x backwards in time",
        "Your gradient of x has the right rows in the wrong order. You walked from the last step "
        "to the first, so the first row you made belongs to the last step.",
        ("d_x[::-1]", "d_x"),
    ),
    _backward(
        "d_output ignored",
        "Only the last step sends a gradient back in your answer. The loss sees the output of "
        "every step, so at every step another part of the gradient joins.",
        (D_H, "pass"),
        label="rnn-bptt-sum",
    ),
    _backward(
        "d_output of the last step only",
        "You begin with the gradient of the last output, and those of the outputs before it never "
        "join. The loss sees the output of every step.",
        (D_H, "d_h = d_h + d_output[t] * (t == len(x) - 1)"),
        label="rnn-bptt-sum",
    ),
    _backward(
        "d_output taken in place of what comes back",
        "At each step you start from d_output[t] alone and lose what the later steps send back. "
        "The two meet and add up.",
        (D_H, "d_h = d_output[t]"),
        label="rnn-bptt-sum",
    ),
    _backward(
        "d_h_n ignored",
        "Your gradient forgets that the loss sees h_n too. It begins its way back together with "
        "the last row of d_output.",
        ("d_h = d_h_n", "d_h = np.zeros_like(d_h_n)"),
    ),
    _backward(
        "d_h_n added at every step",
        "d_h_n enters your sum at each step. It belongs to the state after the last step and "
        "enters once.",
        (D_H, "d_h = d_h + d_output[t] + (d_h_n if t < len(x) - 1 else 0)"),
    ),
    _backward(
        "slope of tanh left out",
        "The gradient passes tanh as if it were not there. Its slope is 1 only at 0, and smaller "
        "wherever the state is not 0.",
        (SLOPE, "d_a = d_h"),
        label="rnn-bptt-step",
    ),
    _backward(
        "square forgotten in the slope of tanh",
        "Your slope is 1 − h. It is not even between 0 and 1 when h is negative. Look up the slope "
        "of tanh, written with its value.",
        (SLOPE, "d_a = d_h * (1 - h)"),
        label="rnn-bptt-step",
    ),
    _backward(
        "tanh taken twice in the slope",
        "Your slope is 1 − tanh(h)². The state h has already been through tanh: the slope at a is "
        "1 − tanh(a)², and tanh(a) is h.",
        (SLOPE, "d_a = d_h * (1 - np.tanh(h) ** 2)"),
        label="rnn-bptt-step",
    ),
    _backward(
        "slope of σ",
        "Your slope is h (1 − h), which is that of σ. This cell squeezes with tanh.",
        (SLOPE, "d_a = d_h * h * (1 - h)"),
        label="rnn-bptt-step",
    ),
    _backward(
        "slope at the old state",
        "You take the slope of tanh at the state of the step before. The gradient passes the tanh "
        "of this step, so it is this step's state that counts.",
        (SLOPE, "d_a = d_h * (1 - h_prev**2)"),
        label="rnn-bptt-step",
    ),
    _backward(
        "weight_hh transposed on the way back",
        "The product on the way back has the transposed matrix. The way forward was h @ W.T; on "
        "the way back the gradient meets W itself.",
        (BACK, "d_h = d_a @ weight_hh.T"),
        label="rnn-bptt-vectors",
    ),
    _backward(
        "slope skipped on the way to the step before",
        "What you hand to the step before did not pass this step's tanh: it is d_h, not d_a, that "
        "you multiply. The weights get it right, the earlier steps don't.",
        (BACK, "d_h = d_h @ weight_hh"),
        label="rnn-bptt-step",
    ),
    _backward(
        "new state in the gradient of weight_hh",
        "weight_hh met the state of the step before. You use the one that the step made: one index "
        "too far.",
        ("d_a.T @ h_prev", "d_a.T @ h"),
        label="rnn-bptt-vectors",
    ),
    _backward(
        "gradient of weight_hh transposed",
        "Your gradient of weight_hh lies on its side: element (j, k) must belong to the weight by "
        "which old unit k enters new unit j. A square matrix does not show it by its shape.",
        ("d_a.T @ h_prev", "h_prev.T @ d_a"),
        label="rnn-bptt-vectors",
    ),
    _backward(
        "gradient of the biases averaged over the batch",
        "Your gradients of the biases are too small by the factor B. The loss is given; each row "
        "of the batch has its part in it, and the parts add up.",
        ("d_a.sum(axis=0)", "d_a.mean(axis=0)"),
        label="rnn-bptt-vectors",
    ),
    _backward(
        "gradient of the biases not added over the batch",
        "Your gradients of the biases have one row for each row of the batch. There is one bias, "
        "shared by all rows, so their gradients add up.",
        ("d_bias = d_bias + d_a.sum(axis=0)", "d_bias = d_bias + d_a"),
        label="rnn-bptt-vectors",
    ),
    _backward(
        "gradient shared between the two biases",
        "You give each bias half. Both enter the same sum with the factor 1, so each has the whole "
        "gradient.",
        ('"bias_ih": d_bias', '"bias_ih": d_bias / 2'),
        ('"bias_hh": d_bias.copy()', '"bias_hh": d_bias / 2'),
        label="rnn-two-biases",
    ),
    _backward(
        "no gradient for bias_hh",
        "Your gradient of bias_hh is zero. Both biases enter the same sum, so what holds for one "
        "holds for the other.",
        ('"bias_hh": d_bias.copy()', '"bias_hh": np.zeros_like(d_bias)'),
        label="rnn-two-biases",
    ),
    _backward(
        "gradient of the first state in place of that of h0",
        "Your gradient of h0 stops one step early: it is the gradient of h_1. It has still to go "
        "back through the first step.",
        (BACK, "d_h = d_a @ weight_hh if t else d_h"),
    ),
    _backward(
        "states without h0",
        "You run the sequence again from zeros, so every state, and every slope, is a little off. "
        "Start from the h0 that you are given.",
        ("states = [h0]", "states = [np.zeros_like(h0)]"),
        label="rnn-carry-state",
    ),
    _backward("d_h_n is changed", CHANGES_INPUT, (D_H, "d_h += d_output[t]")),
)


# --- norms through time --------------------------------------------------------------------------

IDENTITY = "product = np.stack([np.eye(H, dtype=output.dtype)] * B)"
FIRST = "norms = [np.linalg.norm(product, ord=2, axis=(1, 2))]"
NEXT = "norms.append(np.linalg.norm(product, ord=2, axis=(1, 2)))"
JACOBIAN = "step = (1 - h**2)[:, :, None] * weight_hh"
PRODUCT = "product = product @ step"
NORMS = "return np.stack(norms[::-1])"


def _measured(expression):
    """The edits that measure the product in another way."""
    return (FIRST, f"norms = [{expression}]"), (NEXT, f"norms.append({expression})")


def _norms(name, hint, *edits, label="rnn-jacobian"):
    return mistake(name, hint, label, *edits)


GRADIENT_NORMS = (
    _norms(
        "Frobenius norm",
        "At t = T you get √H; it should be 1. np.linalg.norm without ord is the root of the sum of "
        "all squares (Frobenius). Asked for is how far a gradient can be stretched at most.",
        *_measured("np.sqrt((product**2).sum(axis=(1, 2)))"),
        label="rnn-bound",
    ),
    _norms(
        "Frobenius norm, and 1 at t = T",
        "np.linalg.norm without ord is the root of the sum of all squares (Frobenius). It is never "
        "smaller than what is asked for, how far a gradient can be stretched at most, and equal "
        "only where the product has a single direction left.",
        (FIRST, "norms = [np.ones(B)]"),
        (NEXT, "norms.append(np.sqrt((product**2).sum(axis=(1, 2))))"),
        label="rnn-bound",
    ),
    _norms(
        "largest eigenvalue in place of the norm",
        "You take the largest absolute eigenvalue. That is the spectral radius; the norm is the "
        "largest singular value. For most matrices they differ, and only the norm bounds a "
        "gradient.",
        *_measured("np.abs(np.linalg.eigvals(product)).max(axis=1)"),
        label="rnn-bound",
    ),
    _norms(
        "smallest singular value",
        "You take the smallest singular value, which says how little a gradient is stretched at "
        "least. Asked for is how much at most.",
        *_measured("np.linalg.norm(product, ord=-2, axis=(1, 2))"),
        label="rnn-bound",
    ),
    _norms(
        "largest row sum in place of the norm",
        "You use another matrix norm, the largest sum along a row (ord=np.inf). Asked for is the "
        "spectral norm.",
        *_measured("np.linalg.norm(product, ord=np.inf, axis=(1, 2))"),
        label="rnn-bound",
    ),
    _norms(
        "largest column sum in place of the norm",
        "You use another matrix norm, the largest sum down a column (ord=1). Asked for is the "
        "spectral norm.",
        *_measured("np.linalg.norm(product, ord=1, axis=(1, 2))"),
        label="rnn-bound",
    ),
    _norms(
        "product of norms in place of the norm of the product",
        "You multiply the norms of the single steps. That is an upper bound of what is asked for: "
        "the steps stretch different directions, so the product of the matrices is smaller.",
        (FIRST, f"{FIRST}\n    bound = np.ones(B, dtype=output.dtype)"),
        (PRODUCT, "bound = bound * np.linalg.norm(step, ord=2, axis=(1, 2))"),
        (NEXT, "norms.append(bound)"),
        label="rnn-bound",
    ),
    _norms(
        "single steps in place of the way back",
        "You measure each step on its own. The way from h_T back to h_t goes through all steps "
        "between, so their Jacobians are multiplied.",
        (PRODUCT, "product = step"),
    ),
    _norms(
        "slope of tanh left out",
        "Your Jacobian is weight_hh alone, as if tanh were a straight line. Each row of it still "
        "has to be multiplied by the slope of that unit's tanh.",
        (JACOBIAN, "step = np.stack([weight_hh] * B)"),
    ),
    _norms(
        "slopes on the columns",
        "You multiply the columns of weight_hh by the slopes. Row j belongs to new unit j, which "
        "went through its own tanh: diag(…) stands on the left of W.",
        (JACOBIAN, "step = (1 - h**2)[:, None, :] * weight_hh"),
    ),
    _norms(
        "weight_hh transposed",
        "Your Jacobian has the transposed matrix. Element (j, k) of ∂h_t/∂h_{t−1} says how new "
        "unit j moves with old unit k, and that is weight_hh[j, k].",
        (JACOBIAN, "step = (1 - h**2)[:, :, None] * weight_hh.T"),
    ),
    _norms(
        "Jacobians multiplied in the wrong order",
        "Your product has the matrices in the reverse order, and matrices don't commute. ∂h_T/∂h_t "
        "begins on the left with the last step, and each earlier step joins on the right.",
        (PRODUCT, "product = step @ product"),
    ),
    _norms(
        "square forgotten in the slope of tanh",
        "Your slope is 1 − h. Look up the slope of tanh, written with its value.",
        (JACOBIAN, "step = (1 - h)[:, :, None] * weight_hh"),
        label="rnn-bptt-step",
    ),
    _norms(
        "tanh taken twice in the slope",
        "Your slope is 1 − tanh(h)². The states that you are given have been through tanh already.",
        (JACOBIAN, "step = (1 - np.tanh(h) ** 2)[:, :, None] * weight_hh"),
        label="rnn-bptt-step",
    ),
    _norms(
        "slope of σ",
        "Your slope is h (1 − h), which is that of σ. This cell squeezes with tanh.",
        (JACOBIAN, "step = (h * (1 - h))[:, :, None] * weight_hh"),
        label="rnn-bptt-step",
    ),
    _norms(
        "backwards in time",
        "Your rows are in the reverse order: row 0 is 1, the norm at t = T. Row t belongs to h_t.",
        (NORMS, "return np.stack(norms)"),
    ),
    _norms(
        "from the first state forwards",
        "Your row t is the norm of ∂h_t/∂h_0, so row 0 is 1. Asked for is ∂h_T/∂h_t, seen from the "
        "last state: row T is 1.",
        ("for h in output[::-1]:", "for h in output:"),
        (PRODUCT, "product = step @ product"),
        (NORMS, "return np.stack(norms)"),
    ),
    _norms(
        "t = T left out",
        "You have T rows; T + 1 are asked for. The last one, for t = T, is the norm of the "
        "identity.",
        (FIRST, "norms = []"),
    ),
    _norms(
        "t = 0 left out",
        "You have T rows; T + 1 are asked for. The first one, for the initial state h_0, lies one "
        "step before the first state in output.",
        (NORMS, "return np.stack(norms[-2::-1])"),
    ),
    _norms(
        "one number for the whole batch",
        "Your result has one number for each t. Every row of the batch has states of its own, so "
        "it has norms of its own: (T + 1, B).",
        (NORMS, "return np.stack(norms[::-1]).mean(axis=1)"),
    ),
    _norms(
        "batch first",
        "The axes of your result are exchanged: (B, T + 1) in place of (T + 1, B).",
        (NORMS, "return np.stack(norms[::-1], axis=1)"),
        label="rnn-sequences",
    ),
)


# --- clipping ------------------------------------------------------------------------------------

TOTAL = "total_norm = np.sqrt(sum(np.sum(grad**2) for grad in grads.values()))"
SCALE = "scale = min(1.0, max_norm / (total_norm + 1e-6))"
CLIPPED = "return {name: grad * scale for name, grad in grads.items()}, total_norm"


def _clip(name, hint, *edits):
    return mistake(name, hint, "rnn-clipping", *edits)


CLIP_GRAD_NORM = (
    _clip(
        "each array clipped on its own",
        "You compare each array's own norm with max_norm. The norm that counts is that of all "
        "gradients together, and one factor serves all: otherwise the direction of the step "
        "changes.",
        (
            SCALE,
            "scales = {}\n    for name, grad in grads.items():\n        "
            "scales[name] = min(1.0, max_norm / (float(np.sqrt(np.sum(grad**2))) + 1e-6))",
        ),
        (CLIPPED, CLIPPED.replace("grad * scale", "grad * scales[name]")),
    ),
    _clip(
        "values clipped in place of the norm",
        "You cut every single number to ±max_norm. That is clipping by value: large entries lose "
        "more than small ones, so the direction changes. Clipping by norm shortens all alike.",
        (CLIPPED, CLIPPED.replace("grad * scale", "np.clip(grad, -max_norm, max_norm)")),
    ),
    _clip(
        "short gradients made longer",
        "Gradients that are short enough come back longer, at max_norm exactly. Clipping only ever "
        "shortens: the factor is never more than 1.",
        (SCALE, "scale = max_norm / (total_norm + 1e-6)"),
    ),
    _clip(
        "norms added up",
        "You add the norms of the arrays. The norm of one long vector is the root of the sum of "
        "all squares: squares are added, the root is taken once, at the end.",
        (TOTAL, "total_norm = float(sum(np.sqrt(np.sum(grad**2)) for grad in grads.values()))"),
    ),
    _clip(
        "root forgotten",
        "Your total norm is the sum of the squares. The norm is its root.",
        (TOTAL, "total_norm = float(sum(np.sum(grad**2) for grad in grads.values()))"),
    ),
    _clip(
        "squares forgotten",
        "Your total norm is the sum of the absolute values. The norm that is asked for adds the "
        "squares and takes the root.",
        (TOTAL, "total_norm = float(sum(np.sum(np.abs(grad)) for grad in grads.values()))"),
    ),
    _clip(
        "largest number in place of the norm",
        "Your total norm is the largest absolute value. The norm that is asked for adds all "
        "squares and takes the root.",
        (TOTAL, "total_norm = float(max(np.max(np.abs(grad)) for grad in grads.values()))"),
    ),
    _clip(
        "mean of the squares",
        "Your total norm is the root of the mean of the squares, so it does not grow with the "
        "number of weights. The norm adds the squares; it does not average them.",
        (
            TOTAL,
            "total_norm = float(np.sqrt(np.mean("
            "np.concatenate([np.ravel(grad) for grad in grads.values()]) ** 2)))",
        ),
    ),
    _clip(
        "small number left out",
        "Without the small number below the line, gradients that are all zero make 0 / 0, and "
        "everything else differs from PyTorch in the seventh digit.",
        (SCALE, "scale = min(1.0, np.float64(max_norm) / np.float64(total_norm))"),
    ),
    _clip(
        "divided by the norm only",
        "Your clipped gradients have norm 1 whatever max_norm is. They are to have norm max_norm.",
        (SCALE, "scale = 1.0 if total_norm <= max_norm else 1.0 / (total_norm + 1e-6)"),
    ),
    _clip(
        "factor upside down",
        "Your factor is norm / max_norm in place of max_norm / norm: it leaves long gradients and "
        "shortens short ones.",
        (SCALE, "scale = min(1.0, total_norm / (max_norm + 1e-6))"),
    ),
    _clip(
        "norm after clipping returned",
        "You return the norm that the gradients have after clipping. The norm before says whether "
        "a step was wild; that is what is asked for.",
        (CLIPPED, CLIPPED.replace(", total_norm", ", total_norm * scale")),
    ),
    _clip(
        "factor returned",
        "Your second result is the factor by which you shortened. Asked for is the norm before "
        "clipping.",
        (CLIPPED, CLIPPED.replace(", total_norm", ", scale")),
    ),
    _clip(
        "results exchanged",
        "You return the norm first and the gradients second; the gradients come first.",
        (
            CLIPPED,
            "return total_norm, {name: grad * scale for name, grad in grads.items()}",
        ),
    ),
    _clip(
        "gradients alone returned",
        "Two things are asked for: the clipped gradients, and the norm before clipping.",
        (CLIPPED, CLIPPED.replace(", total_norm", "")),
    ),
    _clip(
        "a list in place of a dict",
        "Your clipped gradients are a list, so nobody knows which is whose. Keep the names.",
        (CLIPPED, "return [grad * scale for grad in grads.values()], total_norm"),
    ),
    _clip(
        "never clipped",
        "The gradients come back as they were, however long they are.",
        (SCALE, "scale = 1.0"),
    ),
    _clip(
        "the gradients are changed",
        CHANGES_INPUT
        + " torch.nn.utils.clip_grad_norm_ does change its arguments: the _ at the end "
        "of its name says so. Yours has none.",
        (
            CLIPPED,
            "for grad in grads.values():\n        grad *= scale\n    return grads, total_norm",
        ),
    ),
)
