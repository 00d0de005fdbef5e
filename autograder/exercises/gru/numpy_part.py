"""The GRU in NumPy: its gates, its step in three forms, the sequence, conversions, the way back."""

import numpy as np

from autograder.checking.contract import Part
from autograder.checking.exercise import CELL_SIZES, SIZES, WEIGHT_SIZES, Exercise, Size
from autograder.reference import gru

from . import numpy_alternatives as other
from . import numpy_mistakes as wrong
from .book import at

GATES = "rzn"
PER_UNIT = ("batch row", "unit")
PARAMETER_AXES = {
    "weight_ih": ("gate", "input feature"),
    "weight_hh": ("gate", "hidden unit"),
    "bias_ih": ("gate",),
    "bias_hh": ("gate",),
}
OPEN = 40.0
"""A bias that holds a gate at 1, to the last digit of float64."""


def weights(draw, input_size=None):
    """The weights and biases of a layer, in PyTorch's layout."""
    G = len(GATES)
    return {
        "weight_ih": draw.normal(G * draw.H, input_size or draw.I),
        "weight_hh": draw.normal(G * draw.H, draw.H),
        "bias_ih": draw.normal(G * draw.H),
        "bias_hh": draw.normal(G * draw.H),
    }


def hold_reset(draw, given, bias):
    """Hold the reset gate at 1 where the case says so: no weights, and one large bias."""
    if draw.options.get("reset") == 1:
        for name in given:
            if name.startswith(("weight", "bias")):
                given[name][: draw.H] = 0
        given[bias][: draw.H] = OPEN
    return given


def step_inputs(draw):
    """The arguments of one gate or step."""
    given = {
        "x_t": draw.normal(draw.B, draw.I),
        "h_prev": draw.normal(draw.B, draw.H),
        **weights(draw),
    }
    return hold_reset(draw, given, "bias_ih")


def candidate_inputs(draw):
    """The arguments of the candidate: those of a gate, and the reset gate's value."""
    given = step_inputs(draw)
    reset = draw.gate(draw.B, draw.H)
    if draw.options.get("reset") == 1:
        reset = np.ones_like(reset)
    return {"x_t": given.pop("x_t"), "h_prev": given.pop("h_prev"), "reset": reset, **given}


def cho_inputs(draw):
    """The arguments of the paper's step, with one bias."""
    given = {
        "x_t": draw.normal(draw.B, draw.I),
        "h_prev": draw.normal(draw.B, draw.H),
        "weight_ih": draw.normal(3 * draw.H, draw.I),
        "weight_hh": draw.normal(3 * draw.H, draw.H),
        "bias": draw.normal(3 * draw.H),
    }
    return hold_reset(draw, given, "bias")


def simplified_inputs(draw):
    """The arguments of Ng's step: two matrices on [c, x], and two biases."""
    H, I = draw.H, draw.I
    return {
        "x_t": draw.normal(draw.B, I),
        "c_prev": draw.normal(draw.B, H),
        "W_c": draw.normal(H, H + I),
        "W_u": draw.normal(H, H + I),
        "b_c": draw.normal(H),
        "b_u": draw.normal(H),
    }


def sequence_inputs(draw):
    """The arguments of a whole sequence."""
    return {
        "x": draw.sequence(draw.T, draw.B, draw.I),
        "h0": draw.normal(draw.B, draw.H),
        **weights(draw),
    }


def rnn_inputs(draw):
    """A plain RNN's parameters, and which convention the GRU is to follow."""
    return {
        "weight_ih": draw.normal(draw.H, draw.I),
        "weight_hh": draw.normal(draw.H, draw.H),
        "bias_ih": draw.normal(draw.H),
        "bias_hh": draw.normal(draw.H),
        "z_keeps_old": draw.options["z_keeps_old"],
    }


def backward_inputs(draw):
    """Gradients of the two outputs, and the arguments of the sequence."""
    return {
        "d_output": draw.normal(draw.T, draw.B, draw.H),
        "d_h_n": draw.normal(draw.B, draw.H),
        **sequence_inputs(draw),
    }


ONE_STEP = tuple(size.name for size in SIZES if size.T == 1)
WHOLE_NUMBERS = Size("whole numbers as input", T=4, B=2, I=3, H=5, whole=True)
RESET_AT_1 = Size("the reset gate held at 1", B=3, I=2, H=4, options={"reset": 1})
STEP_SIZES = (RESET_AT_1, *CELL_SIZES)


update_gate = Exercise(
    reference=gru.update_gate,
    inputs=step_inputs,
    returns="z",
    axes={"z": PER_UNIT},
    sizes=CELL_SIZES,
    parts=(Part("the update gate", 1),),
    composes=True,
    book=at("gru-gates"),
    mistakes=wrong.UPDATE_GATE,
    alternatives=other.gate(1),
)

reset_gate = Exercise(
    reference=gru.reset_gate,
    inputs=step_inputs,
    returns="r",
    axes={"r": PER_UNIT},
    sizes=CELL_SIZES,
    parts=(Part("the reset gate", 1),),
    composes=True,
    book=at("gru-gates"),
    mistakes=wrong.RESET_GATE,
    alternatives=other.gate(0),
)

candidate = Exercise(
    reference=gru.candidate,
    inputs=candidate_inputs,
    returns="n",
    axes={"n": PER_UNIT},
    sizes=STEP_SIZES,
    parts=(
        Part("the candidate where the reset gate is 1", 1, cases=(RESET_AT_1.name,)),
        Part("the candidate where the reset gate is anything", 1),
    ),
    composes=True,
    book=at("gru-candidate"),
    mistakes=wrong.CANDIDATE,
    alternatives=other.CANDIDATE,
)

gru_step = Exercise(
    reference=gru.gru_step,
    inputs=step_inputs,
    returns="h",
    axes={"h": PER_UNIT},
    sizes=STEP_SIZES,
    parts=(
        Part("a step whose reset gate is held at 1", 1, cases=(RESET_AT_1.name,)),
        Part("any step", 2),
    ),
    uses=("update_gate", "reset_gate", "candidate"),
    book=at("gru-step"),
    mistakes=wrong.GRU_STEP,
    composes=True,
    alternatives=other.GRU_STEP,
)

gru_step_cho = Exercise(
    reference=gru.gru_step_cho,
    inputs=cho_inputs,
    returns="h",
    axes={"h": PER_UNIT},
    sizes=STEP_SIZES,
    parts=(
        Part("a step whose reset gate is held at 1", 1, cases=(RESET_AT_1.name,)),
        Part("any step", 2),
    ),
    book=at("gru-reset-place"),
    mistakes=wrong.GRU_STEP_CHO,
    composes=True,
    alternatives=other.GRU_STEP_CHO,
)

simplified_gru_step = Exercise(
    reference=gru.simplified_gru_step,
    inputs=simplified_inputs,
    returns="c",
    axes={"c": PER_UNIT},
    sizes=CELL_SIZES,
    parts=(Part("the new memory", 2),),
    composes=True,
    book=at("gru-simplified"),
    mistakes=wrong.SIMPLIFIED,
    alternatives=other.SIMPLIFIED,
)

gru_forward = Exercise(
    reference=gru.gru_forward,
    inputs=sequence_inputs,
    returns=("output", "h_n"),
    axes={"output": ("timestep", *PER_UNIT), "h_n": PER_UNIT},
    sizes=(*SIZES, WHOLE_NUMBERS),
    parts=(
        Part("a sequence of one step", 1, cases=ONE_STEP),
        Part("output for many steps", 2, outputs=("output",)),
        Part("the final state h_n", 1, outputs=("h_n",)),
    ),
    uses=("gru_step",),
    composes=True,
    calls=30,
    book=at("gru-carry-state"),
    mistakes=wrong.GRU_FORWARD,
    alternatives=other.GRU_FORWARD,
)

convert_update_convention = Exercise(
    reference=gru.convert_update_convention,
    inputs=weights,
    returns=tuple(PARAMETER_AXES),
    axes=PARAMETER_AXES,
    gates=GATES,
    sizes=WEIGHT_SIZES,
    parts=(
        Part("weight_ih and weight_hh", 1, outputs=("weight_ih", "weight_hh")),
        Part("bias_ih and bias_hh", 1, outputs=("bias_ih", "bias_hh")),
    ),
    book=at("gru-converter"),
    mistakes=wrong.CONVERT,
    alternatives=other.CONVERT,
)

KEEPS = {True: "z weighs the old state", False: "z weighs the new state"}

gru_as_rnn = Exercise(
    reference=gru.gru_as_rnn,
    inputs=rnn_inputs,
    returns=tuple(PARAMETER_AXES),
    axes=PARAMETER_AXES,
    gates=GATES,
    sizes=(
        Size(KEEPS[True], I=2, H=4, options={"z_keeps_old": True}),
        Size(KEEPS[False], I=5, H=3, options={"z_keeps_old": False}),
        Size(f"one hidden unit, {KEEPS[True]}", I=3, H=1, options={"z_keeps_old": True}),
        Size(f"float32, {KEEPS[False]}", H=2, I=3, dtype="float32", options={"z_keeps_old": False}),
    ),
    parts=(
        Part(f"where {KEEPS[True]}", 1, cases=(KEEPS[True],)),
        Part(f"where {KEEPS[False]}", 1, cases=(KEEPS[False],)),
        Part("any size and dtype", 1),
    ),
    book=at("gru-plain-rnn"),
    mistakes=wrong.AS_RNN,
    alternatives=other.AS_RNN,
)

GRADIENTS = {name: f"gradient of {name}" for name in ("x", "h0", *PARAMETER_AXES)}

gru_backward = Exercise(
    reference=gru.gru_backward,
    inputs=backward_inputs,
    returns=GRADIENTS,
    axes={
        "gradient of x": ("timestep", "batch row", "input feature"),
        "gradient of h0": PER_UNIT,
        **{GRADIENTS[name]: axes for name, axes in PARAMETER_AXES.items()},
    },
    gates=GATES,
    parts=(
        Part("the gradient of h0", 1, outputs=("gradient of h0",)),
        Part("the gradient of x", 1, outputs=("gradient of x",)),
        Part(
            "the gradients of weights and biases",
            3,
            outputs=tuple(GRADIENTS[name] for name in PARAMETER_AXES),
        ),
    ),
    uses=("gru_step", "gru_forward"),
    extra=True,
    book=at("gru-backward"),
    mistakes=wrong.GRU_BACKWARD,
    alternatives=other.GRU_BACKWARD,
)

EXERCISES = (
    update_gate,
    reset_gate,
    candidate,
    gru_step,
    gru_step_cho,
    simplified_gru_step,
    gru_forward,
    convert_update_convention,
    gru_as_rnn,
    gru_backward,
)
