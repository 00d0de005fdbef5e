"""The plain RNN in NumPy: the step, the sequence, the readout, the way back, norms, clipping."""

import numpy as np

from autograder.checking.contract import Part
from autograder.checking.exercise import CELL_SIZES, SIZES, Exercise, Size
from autograder.reference import rnn

from . import numpy_alternatives as alternatives
from . import numpy_mistakes as mistakes
from .book import at

PER_UNIT = ("batch row", "unit")
PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
PARAMETER_AXES = {
    "weight_ih": ("unit", "input feature"),
    "weight_hh": ("new unit", "old unit"),
    "bias_ih": ("unit",),
    "bias_hh": ("unit",),
}


def weights(draw, input_size=None):
    """The weights and biases of a layer, in PyTorch's layout."""
    return {
        "weight_ih": draw.normal(draw.H, input_size or draw.I),
        "weight_hh": draw.normal(draw.H, draw.H),
        "bias_ih": draw.normal(draw.H),
        "bias_hh": draw.normal(draw.H),
    }


def step_inputs(draw):
    """The arguments of one step."""
    return {
        "x_t": draw.normal(draw.B, draw.I),
        "h_prev": draw.normal(draw.B, draw.H),
        **weights(draw),
    }


def sequence_inputs(draw):
    """The arguments of a whole sequence."""
    return {
        "x": draw.sequence(draw.T, draw.B, draw.I),
        "h0": draw.normal(draw.B, draw.H),
        **weights(draw),
    }


def states(draw):
    """The states of a sequence, between −1 and 1 as tanh gives them."""
    return np.tanh(2 * draw.normal(draw.T, draw.B, draw.H))


def readout_inputs(draw):
    """States, the readout's weights, and which steps are to be read."""
    O = draw.options["O"]
    return {
        "output": states(draw),
        "weight": draw.normal(O, draw.H),
        "bias": draw.normal(O),
        # The last step is what is read without being asked for.
        **({"every_step": True} if draw.options["every_step"] else {}),
    }


def backward_inputs(draw):
    """Gradients of the two outputs, and the arguments of the sequence."""
    return {
        "d_output": draw.normal(draw.T, draw.B, draw.H),
        "d_h_n": draw.normal(draw.B, draw.H),
        **sequence_inputs(draw),
    }


def norms_inputs(draw):
    """States, and a recurrent matrix."""
    return {"output": states(draw), "weight_hh": draw.normal(draw.H, draw.H)}


def clip_inputs(draw):
    """Gradients of several shapes, and the norm that they may have."""
    grads = {name: draw.normal(*shape) for name, shape in draw.options["shapes"].items()}
    norm = np.sqrt(sum(np.sum(np.square(grad, dtype=float)) for grad in grads.values()))
    allowed = draw.options["allowed"] * (norm or 1.0)
    return {"grads": grads, "max_norm": float(f"{allowed:.3g}")}


ONE_STEP = tuple(size.name for size in SIZES if size.T == 1)
WHOLE_NUMBERS = Size("whole numbers as input", T=4, B=2, I=3, H=5, whole=True)


rnn_step = Exercise(
    reference=rnn.rnn_step,
    inputs=step_inputs,
    returns="h",
    axes={"h": PER_UNIT},
    sizes=CELL_SIZES,
    parts=(Part("the new hidden state", 2),),
    composes=True,
    book=at("rnn-step"),
    mistakes=mistakes.RNN_STEP,
    alternatives=alternatives.RNN_STEP,
)

rnn_forward = Exercise(
    reference=rnn.rnn_forward,
    inputs=sequence_inputs,
    returns=("output", "h_n"),
    axes={"output": ("timestep", *PER_UNIT), "h_n": PER_UNIT},
    sizes=(*SIZES, WHOLE_NUMBERS),
    parts=(
        Part("a sequence of one step", 1, cases=ONE_STEP),
        Part("output for many steps", 2, outputs=("output",)),
        Part("the final state h_n", 1, outputs=("h_n",)),
    ),
    uses=("rnn_step",),
    composes=True,
    calls=30,
    book=at("rnn-carry-state"),
    mistakes=mistakes.RNN_FORWARD,
    alternatives=alternatives.RNN_FORWARD,
)


def reading(name, every_step, T, B, H, O, **given):
    """A case of the readout."""
    return Size(name, T=T, B=B, H=H, options={"O": O, "every_step": every_step}, **given)


LAST_STEP = (
    reading("the last step", False, T=5, B=3, H=4, O=2),
    reading("the last step of an even number", False, T=6, B=2, H=3, O=5),
    reading("the last step of one", False, T=1, B=3, H=4, O=2),
    reading("the last step, one answer", False, T=4, B=2, H=3, O=1),
    reading("the last step, batch of one", False, T=3, B=1, H=2, O=4),
    reading("the last step, float32", False, T=5, B=3, H=4, O=2, dtype="float32"),
)
EVERY_STEP = (
    reading("every step", True, T=5, B=3, H=4, O=2),
    reading("every step of one", True, T=1, B=3, H=4, O=2),
    reading("every step, batch of one", True, T=4, B=1, H=3, O=2),
    reading("every step, one hidden unit", True, T=3, B=4, H=1, O=2),
)

readout = Exercise(
    reference=rnn.readout,
    inputs=readout_inputs,
    returns="y",
    sizes=(*LAST_STEP, *EVERY_STEP),
    parts=(
        Part("answers after the last step", 1, cases=tuple(size.name for size in LAST_STEP)),
        Part("answers after every step", 1, cases=tuple(size.name for size in EVERY_STEP)),
    ),
    book=at("rnn-readout"),
    mistakes=mistakes.READOUT,
    alternatives=alternatives.READOUT,
)

GRADIENTS_OF_PARAMETERS = tuple(f"gradient of {name}" for name in PARAMETERS)

rnn_backward = Exercise(
    reference=rnn.rnn_backward,
    inputs=backward_inputs,
    returns={name: f"gradient of {name}" for name in ("x", "h0", *PARAMETERS)},
    axes={
        "gradient of x": ("timestep", "batch row", "input feature"),
        "gradient of h0": PER_UNIT,
        **{f"gradient of {name}": axes for name, axes in PARAMETER_AXES.items()},
    },
    parts=(
        Part("the gradient of h0", 2, outputs=("gradient of h0",)),
        Part("the gradient of x", 1, outputs=("gradient of x",)),
        Part("the gradients of the weights", 2, outputs=GRADIENTS_OF_PARAMETERS[:2]),
        Part("the gradients of the biases", 1, outputs=GRADIENTS_OF_PARAMETERS[2:]),
    ),
    uses=("rnn_step", "rnn_forward"),
    book=at("rnn-bptt"),
    mistakes=mistakes.RNN_BACKWARD,
    alternatives=alternatives.RNN_BACKWARD,
)

gradient_norms = Exercise(
    reference=rnn.gradient_norms_through_time,
    inputs=norms_inputs,
    returns="norms",
    axes={"norms": ("t =", "batch row")},
    sizes=tuple(size for size in SIZES if size.scale < 1),
    parts=(
        Part("one step back", 1, cases=ONE_STEP),
        Part("all the way back", 3),
    ),
    book=at("rnn-jacobian"),
    mistakes=mistakes.GRADIENT_NORMS,
    alternatives=alternatives.GRADIENT_NORMS,
)

LAYER = {"weight_ih": (4, 2), "weight_hh": (4, 4), "bias_ih": (4,), "bias_hh": (4,)}


def clipping(name, allowed, shapes=LAYER, **given):
    """A case of clipping; ``allowed`` is the share of the norm that may stay."""
    return Size(name, options={"allowed": allowed, "shapes": shapes}, **given)


TOO_LONG = (
    clipping("gradients that are too long", 0.4),
    clipping("gradients far too long", 0.01, scale=20.0),
    clipping("too long together, each short enough", 0.9, {"a": (3,), "b": (2, 2), "c": ()}),
    clipping("one array", 0.5, {"weight": (3, 5)}),
    clipping("float32", 0.3, dtype="float32"),
    # 0 / 0 for who divides before comparing.
    clipping("gradients all zero, nothing allowed", 0.0, {"weight": (2, 3)}, scale=0.0),
)
SHORT_ENOUGH = (
    clipping("gradients that are short enough", 2.5),
    clipping("short gradients, much allowed", 40.0, {"weight": (2, 3)}),
    clipping("gradients that are all zero", 1.0, scale=0.0),
)

clip_grad_norm = Exercise(
    reference=rnn.clip_grad_norm,
    inputs=clip_inputs,
    returns=("clipped", "total_norm"),
    sizes=(*TOO_LONG, *SHORT_ENOUGH),
    parts=(
        Part("the total norm", 1, outputs=("total_norm",)),
        Part(
            "gradients that may stay as they are",
            1,
            outputs=("clipped",),
            cases=tuple(size.name for size in SHORT_ENOUGH),
        ),
        Part(
            "gradients that must be shortened",
            1,
            outputs=("clipped",),
            cases=tuple(size.name for size in TOO_LONG),
        ),
    ),
    book=at("rnn-clipping"),
    mistakes=mistakes.CLIP_GRAD_NORM,
    alternatives=alternatives.CLIP_GRAD_NORM,
)

EXERCISES = (rnn_step, rnn_forward, readout, rnn_backward, gradient_norms, clip_grad_norm)
