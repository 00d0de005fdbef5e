"""How students get the NumPy exercises on both directions wrong: edits of the reference.

Each mistake has a name, a hint that teaches, and the place in the book. A hint says what the answer
looks like and why it matters; it never gives the line that would be right.
"""

from autograder.checking.exercise import Mistake

from .book import at


def mistake(name, hint, label, *edits):
    """A known mistake, explained at a label of the book."""
    return Mistake(name, hint, edits=edits, book=at(label))


# --- the mask ------------------------------------------------------------------------------------

MASK = "return np.arange(T)[:, None] < lengths"


def _mask(name, hint, line):
    return mistake(name, hint, "birnn-mask", (MASK, line))


LENGTH_MASK = (
    _mask(
        "one step too many",
        "Every row has one True too many. Steps are counted from 0: a row of three steps has the "
        "steps 0, 1 and 2, so the step that bears the number of its length is padding already.",
        "return np.arange(T)[:, None] <= lengths",
    ),
    _mask(
        "one step too few",
        "Every row has one True too few. Steps are counted from 0, so the last true step of a row "
        "has the number of its length, less one.",
        "return np.arange(T)[:, None] < lengths - 1",
    ),
    _mask(
        "padding marked in place of the true steps",
        "Your mask is True where the padding is. Some functions of PyTorch want it that way round "
        "(key_padding_mask is one), so always read what True means; here it marks the true steps.",
        "return np.arange(T)[:, None] >= lengths",
    ),
    _mask(
        "batch axis first",
        "Your mask is (B, T). Everything in this course is time first, and the mask must lie over "
        "an output of shape (T, B, H).",
        "return np.arange(T) < lengths[:, None]",
    ),
    _mask(
        "padding put in front",
        "Your mask says that each row's padding comes first and its true steps last. The batches "
        "here are padded at the end.",
        "return np.arange(T)[:, None] >= T - lengths",
    ),
    _mask(
        "as long as the longest row, not T",
        "Your mask is too short where no row fills the batch. How many steps the padded batch has "
        "is said by T; the longest length is only a guess at it.",
        "return np.arange(lengths.max())[:, None] < lengths",
    ),
    _mask(
        "numbers in place of True and False",
        "Your mask holds the numbers 0 and 1. Used as an index they mean “step 0 or step 1”, not "
        "“leave out or take”: x[mask] then gives something quite different without any error.",
        "return (np.arange(T)[:, None] < lengths).astype(int)",
    ),
    _mask(
        "the longest row's mask for every row",
        "All your rows are alike: each is as long as the longest. The comparison must be made for "
        "each row with its own length; think about which axis of the result a length belongs to.",
        "return np.arange(T)[:, None] < np.full_like(lengths, lengths.max())",
    ),
    _mask(
        "the shortest row's mask for every row",
        "All your rows are alike: each is as long as the shortest, and true steps of the others "
        "are thrown away.",
        "return np.arange(T)[:, None] < np.full_like(lengths, lengths.min())",
    ),
    _mask(
        "only the last true step marked",
        "Your mask is True at one step of each row, its last. That is where a forward pass ends; "
        "asked for are all steps that belong to the row.",
        "return np.arange(T)[:, None] == lengths - 1",
    ),
    _mask(
        "only the first step of padding marked",
        "Your mask is True at one step of each row: the first behind its end. Asked for are all "
        "steps before it.",
        "return np.arange(T)[:, None] == lengths",
    ),
    _mask(
        "rows sorted by length",
        "Your mask belongs to a batch whose rows are sorted from long to short. The rows stay "
        "where they are; only packing inside PyTorch sorts them, and it undoes that afterwards.",
        "return np.arange(T)[:, None] < np.sort(lengths)[::-1]",
    ),
)


# --- turning rows around -------------------------------------------------------------------------

SOURCE = "source = np.where(t < lengths, lengths - 1 - t, t)"
TAKEN = "return x[source, np.arange(B)]"


def _turn(name, hint, *edits, label="birnn-turn-rows"):
    return mistake(name, hint, label, *edits)


REVERSE_PADDED = (
    _turn(
        "the batch turned around as a whole",
        "Your rows begin with their padding. Right where every row fills the batch; a shorter row "
        "has its true steps pushed to the end, and a backward pass would read the padding first.",
        (TAKEN, "return x[::-1].copy()"),
        label="birnn-padding",
    ),
    _turn(
        "rows of the batch exchanged",
        "You turned the batch axis: the sequences changed places and still run forwards. Time is "
        "the first axis of (T, B, I).",
        (TAKEN, "return x[:, ::-1].copy()"),
    ),
    _turn(
        "features turned around",
        "You turned the last axis: every step still stands at its place, with its numbers in "
        "reverse. Time is the first axis of (T, B, I).",
        (TAKEN, "return x[..., ::-1].copy()"),
    ),
    _turn(
        "nothing turned around",
        "What comes back is what went in. If you turned a copy of each row, it has to be put into "
        "what you return.",
        (TAKEN, "return x.copy()"),
    ),
    _turn(
        "padding set to zero",
        "Your true steps are right; the padding has become 0. It is to stay as it is, so that "
        "turning twice gives back what you had.",
        (TAKEN, "return np.where((t < lengths)[:, :, None], x[source, np.arange(B)], 0 * x)"),
    ),
    _turn(
        "the first row's length used for every row",
        "Your first row is right, and the others are turned as if they were as long as it. Each "
        "row has its own length.",
        (SOURCE, "source = np.where(t < lengths[0], lengths[0] - 1 - t, t + 0 * lengths)"),
    ),
    _turn(
        "the longest row's length used for every row",
        "The longest row is right, and the others are turned as if they were as long as it, so "
        "that their padding comes to the front.",
        (
            SOURCE,
            "source = np.where(t < lengths.max(), lengths.max() - 1 - t, t + 0 * lengths)",
        ),
        label="birnn-padding",
    ),
    _turn(
        "the shortest row's length used for every row",
        "The shortest row is right; of the others only as many steps are turned, and the rest "
        "still runs forwards.",
        (
            SOURCE,
            "source = np.where(t < lengths.min(), lengths.min() - 1 - t, t + 0 * lengths)",
        ),
    ),
    _turn(
        "the last true step left in its place",
        "One true step of each row stays at the end and the others are turned among themselves. "
        "With n true steps, step 0 changes places with step n − 1.",
        (SOURCE, "source = np.where(t < lengths - 1, lengths - 2 - t, t)"),
    ),
    _turn(
        "the first step left in its place",
        "Step 0 of each row stays in front and the others are turned among themselves. With n true "
        "steps, step 0 changes places with step n − 1.",
        (SOURCE, "source = np.where((t > 0) & (t < lengths), lengths - t, t)"),
    ),
    _turn(
        "one step of padding turned, too",
        "Each short row begins with one step of its padding. The last true step has the number of "
        "the row's length, less one.",
        (
            SOURCE,
            "source = np.where(t < np.minimum(lengths + 1, T), "
            "np.minimum(lengths + 1, T) - 1 - t, t)",
        ),
    ),
    _turn(
        "rows sorted by length",
        "Every row is turned rightly, but the rows changed places: the longest comes first. They "
        "must stay in their order.",
        (TAKEN, "return x[source, np.arange(B)][:, np.argsort(-lengths, kind='stable')]"),
    ),
    _turn(
        "whole numbers made floating",
        "Your numbers are right, but a batch of whole numbers, such as words, comes back as "
        "floating point, which no embedding takes as an index. np.zeros makes float64 unless it is "
        "told otherwise.",
        (TAKEN, "return 1.0 * x[source, np.arange(B)]"),
    ),
    _turn(
        "x turned in place",
        "Your result is right, but x itself has changed: whoever called your function still needs "
        "it for the forward pass. Make a new array and fill that.",
        (TAKEN, "x[...] = x[source, np.arange(B)]\n    return x"),
    ),
)


# --- two passes ----------------------------------------------------------------------------------

APPENDED = "state = step(x_t, state)\n            output.append(state[0])"
INSIDE = "inside = length_mask(lengths, len(x))[:, :, None]"
FORWARD = "forward = run(step_forward, x, state_forward)"
BACKWARD = "backward = run(step_backward, reverse_padded(x, lengths), state_backward)"
TURNED = "backward = reverse_padded(backward, lengths)"
RETURNED = "return np.where(inside, forward, 0), np.where(inside, backward, 0)"


def _two(name, hint, label, *edits):
    return mistake(name, hint, label, *edits)


BIDIRECTIONAL = (
    _two(
        "backward outputs not turned back",
        "Your backward outputs stand in the order in which they were computed: the last step's "
        "first. Side by side with the forward ones they would belong to other steps. Only the "
        "middle step of an odd number is right by chance.",
        "birnn-turn-back",
        (TURNED, "backward = backward + 0"),
    ),
    _two(
        "backward outputs turned back as a whole",
        "Your backward pass reads each row rightly, but its outputs are turned back as if every "
        "row filled the batch, so those of short rows come to stand among the padding.",
        "birnn-turn-rows",
        (TURNED, "backward = backward[::-1]"),
    ),
    _two(
        "the backward pass begins in the padding",
        "Your backward pass reads the padding first and carries what it made of it into the true "
        "steps. It shows in short rows only. Each row's backward pass begins at its own last true "
        "step.",
        "birnn-padding",
        (BACKWARD, "backward = run(step_backward, x[::-1], state_backward)"),
        (TURNED, "backward = backward[::-1]"),
    ),
    _two(
        "both passes read forwards",
        "Your backward pass reads from the first step on, like the forward one. It must see the "
        "last true step first.",
        "birnn-two-passes",
        (BACKWARD, "backward = run(step_backward, x, state_backward)"),
        (TURNED, "backward = backward + 0"),
    ),
    _two(
        "sequence not turned around, outputs turned",
        "Your backward pass reads forwards and its outputs are then turned around. Both belong "
        "together: turn what it reads, and turn back what it wrote.",
        "birnn-turn-back",
        (BACKWARD, "backward = run(step_backward, x, state_backward)"),
    ),
    _two(
        "one step function for both directions",
        "Your backward pass uses the forward cell. The two directions have weights of their own: "
        "what leads up to a word and what follows it are told by different signs.",
        "birnn-two-passes",
        ("run(step_backward,", "run(step_forward,"),
    ),
    _two(
        "step functions exchanged",
        "Your forward pass uses the backward cell and the other way round.",
        "birnn-two-passes",
        (FORWARD, "forward = run(step_backward, x, state_forward)"),
        (BACKWARD, BACKWARD.replace("step_backward", "step_forward")),
    ),
    _two(
        "one initial state for both directions",
        "Your backward pass starts from the forward pass's initial state. It has one of its own.",
        "birnn-two-passes",
        ("lengths), state_backward)", "lengths), state_forward)"),
    ),
    _two(
        "initial states exchanged",
        "Each of your passes starts from the other one's initial state.",
        "birnn-two-passes",
        (FORWARD, "forward = run(step_forward, x, state_backward)"),
        ("lengths), state_backward)", "lengths), state_forward)"),
    ),
    _two(
        "initial states ignored",
        "Your passes start from zeros whatever they are given. It would not show if the initial "
        "states were zero.",
        "birnn-two-passes",
        ("output = []", "output, state = [], tuple(0 * part for part in state)"),
    ),
    _two(
        "state not carried from step to step",
        "Each of your steps starts from the initial state. Right for one step; the state that a "
        "step returns must go into the next.",
        "birnn-two-passes",
        (APPENDED, "output.append(step(x_t, state)[0])"),
    ),
    _two(
        "only h carried, not the rest of the state",
        "Your passes hand on the hidden state alone. A state is a tuple, and an LSTM needs both of "
        "its parts at the next step: hand on all that the step returned.",
        "birnn-two-passes",
        (
            APPENDED,
            "state = (step(x_t, state)[0], *state[1:])\n            output.append(state[0])",
        ),
    ),
    _two(
        "the last part of the state taken for the output",
        "Your outputs are right for a cell with one state. With two, (h, c), you hand out c; the "
        "hidden state is the first.",
        "birnn-two-passes",
        ("output.append(state[0])", "output.append(state[-1])"),
    ),
    _two(
        "each output one step late",
        "Your output at a step is the state before that step was read. Step first, then note the "
        "new state down.",
        "birnn-two-passes",
        (APPENDED, "output.append(state[0])\n            state = step(x_t, state)"),
    ),
    _two(
        "the backward pass starts where the forward pass ended",
        "Your backward pass goes on from the forward pass's last state. The two know nothing of "
        "each other until their outputs are merged.",
        "birnn-two-passes",
        ("return np.stack(output)", "return np.stack(output), state"),
        (FORWARD, "forward, state_backward = run(step_forward, x, state_forward)"),
        (BACKWARD, BACKWARD.replace("backward =", "backward, _ =")),
    ),
    _two(
        "outputs at the padding left as they are",
        "Your outputs are right at the true steps, but what the passes made of the padding is "
        "still there. Whoever takes a mean or a maximum over time would count it.",
        "birnn-mask",
        (RETURNED, "return forward, backward"),
    ),
    _two(
        "only the forward output is 0 at the padding",
        "Your forward outputs are 0 at the padding, the backward ones are not.",
        "birnn-mask",
        ("np.where(inside, backward, 0)", "backward"),
    ),
    _two(
        "only the backward output is 0 at the padding",
        "Your backward outputs are 0 at the padding, the forward ones are not.",
        "birnn-mask",
        ("np.where(inside, forward, 0)", "forward"),
    ),
    _two(
        "padding multiplied by 0",
        "Your outputs are right unless the padding holds nan or infinity: 0 times nan is nan. "
        "Choose the numbers, or set them; a product can't remove what is no number.",
        "birnn-nan",
        (RETURNED, "return forward * inside, backward * inside"),
    ),
    _two(
        "the mask off by one",
        "The last true step of each of your rows is 0. The steps of a row have the numbers from 0 "
        "to its length less one.",
        "birnn-mask",
        (INSIDE, "inside = length_mask(lengths - 1, len(x))[:, :, None]"),
    ),
    _two(
        "forward and backward exchanged in what comes back",
        "Your two outputs come back in the wrong order. They have the same shape, so only the "
        "values can tell.",
        "birnn-two-passes",
        (RETURNED, "return np.where(inside, backward, 0), np.where(inside, forward, 0)"),
    ),
    _two(
        "both directions in one array",
        "You merged the two directions already. This function returns them as a pair; how to merge "
        "them is the next exercise's choice.",
        "birnn-merge",
        (
            RETURNED,
            "return np.where(inside, np.concatenate([forward, backward], axis=-1), 0)",
        ),
    ),
)


# --- merging -------------------------------------------------------------------------------------

CONCAT = "return np.concatenate([forward, backward], axis=-1)"
SUM = 'return forward + backward\n    if mode == "mean"'
MEAN = "return (forward + backward) / 2"
PRODUCT = "return forward * backward"
REFUSAL = "raise ValueError(f\"mode is {mode!r}; it must be 'concat', 'sum', 'mean' or 'product'\")"


def _merge(name, hint, *edits):
    return mistake(name, hint, "birnn-merge", *edits)


MERGE_DIRECTIONS = (
    _merge(
        "backward features first",
        "Your backward features come first. PyTorch puts the forward ones first, and weights "
        "trained with it expect them there.",
        (CONCAT, "return np.concatenate([backward, forward], axis=-1)"),
    ),
    _merge(
        "joined along the batch axis",
        "You joined along the batch axis, so the batch has twice as many rows. Each step of each "
        "row is to have twice as many features.",
        (CONCAT, "return np.concatenate([forward, backward], axis=1)"),
    ),
    _merge(
        "joined along the time axis",
        "You joined along the time axis, as if the backward pass came after the forward one. Each "
        "step of each row is to have twice as many features.",
        (CONCAT, "return np.concatenate([forward, backward], axis=0)"),
    ),
    _merge(
        "features of the two directions alternating",
        "Your features alternate: one forward, one backward. Whole blocks are asked for, all "
        "forward features and then all backward ones.",
        (
            CONCAT,
            "return np.stack([forward, backward], axis=-1).reshape(*forward.shape[:-1], -1)",
        ),
    ),
    _merge(
        "stacked in place of joined",
        "Your result has an axis too many: stacking makes a new axis, joining makes one longer.",
        (CONCAT, "return np.stack([forward, backward])"),
    ),
    _merge(
        "the backward output turned around again",
        "You turn the backward output around before joining. It is in the order of the input "
        "already; turning it again puts other steps beside each other.",
        (CONCAT, "return np.concatenate([forward, backward[::-1]], axis=-1)"),
    ),
    _merge(
        "the mean not halved",
        "Your mean is the sum. Networks with a mean and with a sum learn alike, but their numbers "
        "differ by a factor of two, and so does what comes after them.",
        (MEAN, "return forward + backward"),
    ),
    _merge(
        "the sum halved",
        "Your sum is the mean: it is half of what it should be.",
        (SUM, SUM.replace("forward + backward", "(forward + backward) / 2", 1)),
    ),
    _merge(
        "the difference in place of the sum",
        "You subtract the backward output from the forward one.",
        (SUM, SUM.replace("forward + backward", "forward - backward", 1)),
    ),
    _merge(
        "only one of the two halved",
        "Your mean halves one of the directions only. In Python, division comes before addition.",
        (MEAN, "return forward + backward / 2"),
    ),
    _merge(
        "a mean over all features",
        "Your mean has lost an axis: it averages numbers of one direction with each other. Each "
        "number is to be averaged with its partner from the other direction.",
        (MEAN, "return np.concatenate([forward, backward], axis=-1).mean(axis=-1)"),
    ),
    _merge(
        "the larger one in place of the product",
        "Your product takes the larger of the two numbers.",
        (PRODUCT, "return np.maximum(forward, backward)"),
    ),
    _merge(
        "a scalar product",
        "Your product adds up over the features. Number by number is asked for: * in NumPy, with "
        "nothing added up.",
        (PRODUCT, "return (forward * backward).sum(axis=-1)"),
    ),
    _merge(
        "no error for an unknown mode",
        "A mode that you don't know gives None, without a word. The mistake, perhaps a typing "
        "error, then shows up far from where it was made. The text asks for a ValueError.",
        (REFUSAL, "return None"),
    ),
    _merge(
        "an unknown mode taken for the last one",
        "Every mode but three is taken for the product, so a typing error gives wrong numbers "
        "without a word. The text asks for a ValueError.",
        ('if mode == "product":', "if mode:"),
    ),
    _merge(
        "an error of another kind",
        "An unknown mode stops your function with a KeyError. Whoever calls it is promised a "
        "ValueError, which says that an argument's value is wrong.",
        (REFUSAL, "raise KeyError(mode)"),
    ),
    _merge(
        "added in place",
        "Your sum is written into the array that you were given, so the forward output is lost to "
        "whoever called you. += changes an array; + makes a new one.",
        (
            SUM,
            SUM.replace("return forward + backward", "forward += backward\n        return forward"),
        ),
    ),
)


# --- final states --------------------------------------------------------------------------------

LAST = "forward = output[lengths - 1, np.arange(B), :H]"
FIRST = "backward = output[0, :, H:]"
STACKED = "return np.stack([forward, backward])"


def _final(name, hint, label, *edits):
    return mistake(name, hint, label, *edits)


FINAL_STATES = (
    _final(
        "the last row of output taken for both directions",
        "Your forward half is right where a row fills the batch; your backward half is the "
        "backward pass's FIRST output, made from one step alone. That pass ends at step 0.",
        "birnn-final-states",
        (LAST, "forward = output[-1, :, :H]"),
        (FIRST, "backward = output[-1, :, H:]"),
    ),
    _final(
        "the last true step taken for both directions",
        "Your forward half is right. The backward pass read that step first and has seen nothing "
        "else there; where did it go from there, and where did it end?",
        "birnn-final-states",
        (FIRST, "backward = output[lengths - 1, np.arange(B), H:]"),
    ),
    _final(
        "the forward pass's end taken from the padding",
        "Your backward half is right, and your forward half where a row fills the batch. In a "
        "shorter row the last row of output is padding.",
        "birnn-two-ends",
        (LAST, "forward = output[-1, :, :H]"),
    ),
    _final(
        "the forward pass's end one step too late",
        "Your forward half is one step behind each row's end. Steps are counted from 0: where is "
        "the last of n steps?",
        "birnn-two-ends",
        (LAST, "forward = output[np.minimum(lengths, len(output) - 1), np.arange(B), :H]"),
    ),
    _final(
        "the forward pass's end one step too early",
        "Your forward half misses each row's last true step.",
        "birnn-two-ends",
        (LAST, "forward = output[np.maximum(lengths - 2, 0), np.arange(B), :H]"),
    ),
    _final(
        "the two ends exchanged",
        "You take the forward pass at step 0 and the backward pass at the last true step: where "
        "each of them began.",
        "birnn-two-ends",
        (LAST, "forward = output[0, :, :H]"),
        (FIRST, "backward = output[lengths - 1, np.arange(B), H:]"),
    ),
    _final(
        "the two halves of the features exchanged",
        "You take the backward half for the forward one. The first H features are the forward "
        "pass's.",
        "birnn-two-ends",
        (LAST, "forward = output[lengths - 1, np.arange(B), H:]"),
        (FIRST, "backward = output[0, :, :H]"),
    ),
    _final(
        "every second feature taken",
        "Your halves take every second feature. The two directions lie side by side in whole "
        "blocks, first the forward one and then the backward one.",
        "birnn-merge",
        (LAST, "forward = output[lengths - 1, np.arange(B), ::2]"),
        (FIRST, "backward = output[0, :, 1::2]"),
    ),
    _final(
        "the backward pass's state first",
        "Your two states are right and come in the wrong order. In PyTorch's h_n the forward "
        "direction comes first.",
        "birnn-state-order",
        (STACKED, "return np.stack([backward, forward])"),
    ),
    _final(
        "joined side by side",
        "Your states are joined along the features. A classifier may want them so; asked for is "
        "the form of h_n, with the direction as the first axis.",
        "birnn-state-order",
        (STACKED, "return np.concatenate([forward, backward], axis=-1)"),
    ),
    _final(
        "the direction as the second axis",
        "Your result is (B, 2, H). In h_n the direction is the first axis.",
        "birnn-state-order",
        (STACKED, "return np.stack([forward, backward], axis=1)"),
    ),
    _final(
        "the first row's length used for every row",
        "Your forward half is right for the first row. Each row has its own length.",
        "birnn-two-ends",
        (LAST, "forward = output[lengths[0] - 1, :, :H]"),
    ),
    _final(
        "the longest row's length used for every row",
        "Your forward half is right for the longest row. A shorter row's pass has ended before.",
        "birnn-two-ends",
        (LAST, "forward = output[lengths.max() - 1, :, :H]"),
    ),
)
