"""Both directions in NumPy: the mask, turning rows around, two passes, merging, final states."""

import numpy as np

from autograder.checking.contract import Part
from autograder.checking.exercise import Exercise, Size
from autograder.reference import bidirectional as bi

from . import numpy_alternatives as other
from . import numpy_mistakes as wrong
from .book import at

SEQUENCE = ("timestep", "batch row", "feature")


def lengths(draw):
    """The true steps of every row: all different where they can be, and in no order.

    The case's ``lengths`` says more: ``"full"``, all T; ``"short"``, none T; ``"empty"``, one 0.
    """
    kind = draw.options.get("lengths")
    if kind == "full" or draw.T == 1:
        return np.full(draw.B, draw.T)
    if kind == "short":
        few = draw.rng.choice(np.arange(1, draw.T - 1), draw.B, replace=False)
    else:
        few = draw.rng.choice(np.arange(1, draw.T), draw.B - 1, replace=False)
        few = np.append(few, draw.T)
        if kind == "empty":
            few[few.argmin()] = 0
    # Neither rising nor falling, and the first row is not in all cases the shortest.
    return np.roll(np.sort(few)[::-1], 1 if draw.B % 2 else -1)


def mask_inputs(draw):
    """The lengths of a batch and its steps."""
    return {"lengths": lengths(draw), "T": draw.T}


def reverse_inputs(draw):
    """A padded batch, with anything at all in its padding."""
    return {"x": draw.sequence(draw.T, draw.B, draw.I), "lengths": lengths(draw)}


def step_spec(draw):
    """A toy step function; see ``probe._step``."""
    return {
        "step": draw.options.get("step", "one state"),
        "weight": draw.normal(draw.I, draw.H),
        "decay": draw.normal(draw.H),
    }


def bidirectional_inputs(draw):
    """Two step functions, a padded batch, two initial states."""
    count = 2 if draw.options.get("step") == "two states" else 1
    own = lengths(draw)
    x = draw.normal(draw.T, draw.B, draw.I)
    if draw.options.get("padding") == "nan":
        x[~bi.length_mask(own, draw.T)] = np.nan
    return {
        "step_forward": step_spec(draw),
        "step_backward": step_spec(draw),
        "x": x,
        "state_forward": tuple(draw.normal(draw.B, draw.H) for _ in range(count)),
        "state_backward": tuple(draw.normal(draw.B, draw.H) for _ in range(count)),
        "lengths": own,
    }


def merge_inputs(draw):
    """Two directions' outputs and a mode."""
    return {
        "forward": draw.normal(draw.T, draw.B, draw.H),
        "backward": draw.normal(draw.T, draw.B, draw.H),
        "mode": draw.options["mode"],
    }


def final_inputs(draw):
    """The output of a bidirectional network, and the lengths of its rows."""
    return {"output": draw.normal(draw.T, draw.B, 2 * draw.H), "lengths": lengths(draw)}


def case(name, T=6, B=3, I=2, H=4, dtype="float64", whole=False, needs=(), **options):
    """A case with options of its own."""
    sizes = {"T": T, "B": B, "I": I, "H": H, "dtype": dtype}
    return Size(name, **sizes, whole=whole, needs=needs, options=options)


FULL = case("rows that fill the batch", T=5, lengths="full")
UNEQUAL = case("rows of unequal length")
MORE = case("four rows of unequal length", T=7, B=4, I=3, H=5)
SHORT = case("no row fills the batch", T=7, B=3, I=4, H=2, lengths="short")
EMPTY = case("a row without a true step", T=5, B=4, I=3, H=2, lengths="empty")
ONE_STEP = case("one step", T=1, B=3)
ONE_ROW = case("a batch of one", T=4, B=1, I=3, H=2, lengths="short")
FLOAT32 = case("float32", dtype="float32")
WHOLE_NUMBERS = case("whole numbers", T=5, B=4, whole=True)
TWO_STATES = (
    # In rows that fill the batch, so that it costs nothing where padding is read.
    case("a cell with two states, h and c", T=5, B=4, I=3, H=2, lengths="full", step="two states"),
    case(
        "a cell with two states, rows of unequal length",
        T=5,
        B=4,
        I=3,
        H=2,
        needs=(UNEQUAL.name,),
        step="two states",
    ),
)
NAN = case("nan in the padding", T=7, B=4, I=3, H=5, padding="nan")

length_mask = Exercise(
    reference=bi.length_mask,
    inputs=mask_inputs,
    returns="mask",
    axes={"mask": ("timestep", "batch row")},
    sizes=(UNEQUAL, MORE, FULL, SHORT, EMPTY, ONE_STEP, ONE_ROW),
    parts=(Part("the mask", 1),),
    book=at("birnn-mask"),
    mistakes=wrong.LENGTH_MASK,
    alternatives=other.LENGTH_MASK,
)

reverse_padded = Exercise(
    reference=bi.reverse_padded,
    inputs=reverse_inputs,
    returns="reversed",
    axes={"reversed": SEQUENCE},
    sizes=(FULL, UNEQUAL, MORE, SHORT, EMPTY, ONE_STEP, ONE_ROW, FLOAT32, WHOLE_NUMBERS),
    parts=(
        Part("rows that fill the batch", 1, cases=(FULL.name, ONE_STEP.name)),
        Part("rows of unequal length", 2),
    ),
    uses=("length_mask",),
    book=at("birnn-turn-rows"),
    mistakes=wrong.REVERSE_PADDED,
    alternatives=other.REVERSE_PADDED,
)

BOTH = ("forward", "backward")
bidirectional = Exercise(
    reference=bi.bidirectional,
    inputs=bidirectional_inputs,
    returns=BOTH,
    axes=dict.fromkeys(BOTH, ("timestep", "batch row", "unit")),
    sizes=(FULL, UNEQUAL, MORE, SHORT, ONE_STEP, ONE_ROW, FLOAT32, *TWO_STATES, NAN),
    parts=(
        Part("rows that fill the batch", 1, cases=(FULL.name, ONE_STEP.name)),
        Part(
            "the forward pass, 0 at the padding",
            1,
            outputs=("forward",),
            cases=(UNEQUAL.name, MORE.name, SHORT.name, ONE_ROW.name, FLOAT32.name),
        ),
        Part(
            "the backward pass, from the last true step",
            2,
            outputs=("backward",),
            cases=(UNEQUAL.name, MORE.name, SHORT.name, ONE_ROW.name, FLOAT32.name),
        ),
        Part("a cell with two states, h and c", 1, cases=tuple(size.name for size in TWO_STATES)),
        Part("nan in the padding", 1, cases=(NAN.name,)),
    ),
    uses=("length_mask", "reverse_padded"),
    composes=True,
    book=at("birnn-two-passes"),
    mistakes=wrong.BIDIRECTIONAL,
    alternatives=other.BIDIRECTIONAL,
)

MODES = ("concat", "sum", "mean", "product")
REFUSED = "a mode that is none of the four"
merge_directions = Exercise(
    reference=bi.merge_directions,
    inputs=merge_inputs,
    subject="refusing function",
    returns="merged",
    axes={"merged": SEQUENCE},
    sizes=(
        *(case(mode, T=5, mode=mode) for mode in MODES),
        case("concat, one unit", T=4, B=2, H=1, mode="concat"),
        case("sum, float32", T=4, B=2, H=5, dtype="float32", mode="sum"),
        case("mean, one step", T=1, B=2, H=5, mode="mean"),
        case(REFUSED, mode="median"),
    ),
    parts=(
        Part("concat", 1, cases=("concat", "concat, one unit")),
        Part(
            "sum, mean and product",
            1,
            cases=("sum", "mean", "product", "sum, float32", "mean, one step"),
        ),
        Part("a ValueError for any other mode", 1, cases=(REFUSED,)),
    ),
    book=at("birnn-merge"),
    mistakes=wrong.MERGE_DIRECTIONS,
    alternatives=other.MERGE_DIRECTIONS,
)

final_states = Exercise(
    reference=bi.final_states,
    inputs=final_inputs,
    returns="final",
    axes={"final": ("direction", "batch row", "unit")},
    sizes=(FULL, UNEQUAL, MORE, SHORT, ONE_STEP, ONE_ROW, FLOAT32),
    parts=(
        Part("rows that fill the batch", 1, cases=(FULL.name, ONE_STEP.name)),
        Part("rows of unequal length", 2),
    ),
    book=at("birnn-two-ends"),
    mistakes=wrong.FINAL_STATES,
    alternatives=other.FINAL_STATES,
)

EXERCISES = (length_mask, reverse_padded, bidirectional, merge_directions, final_states)
