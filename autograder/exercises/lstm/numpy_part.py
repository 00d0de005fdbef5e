"""The LSTM in NumPy: each gate, the step, the sequence, weights in another form, the way back."""

from autograder.checking.contract import Part
from autograder.checking.exercise import CELL_SIZES, SIZES, WEIGHT_SIZES, Exercise, Size
from autograder.reference import lstm

from . import alternatives, numpy_mistakes
from .book import at

GATES = "ifgo"
PER_UNIT = ("batch row", "unit")


def weights(draw, input_size=None):
    """The weights and biases of a layer, in PyTorch's layout."""
    G = len(GATES)
    return {
        "weight_ih": draw.normal(G * draw.H, input_size or draw.I),
        "weight_hh": draw.normal(G * draw.H, draw.H),
        "bias_ih": draw.normal(G * draw.H),
        "bias_hh": draw.normal(G * draw.H),
    }


def gate_inputs(draw):
    """The arguments of one gate."""
    return {
        "x_t": draw.normal(draw.B, draw.I),
        "h_prev": draw.normal(draw.B, draw.H),
        **weights(draw),
    }


def step_inputs(draw):
    """The arguments of one step."""
    return {
        "x_t": draw.normal(draw.B, draw.I),
        "h_prev": draw.normal(draw.B, draw.H),
        "c_prev": draw.normal(draw.B, draw.H),
        **weights(draw),
    }


def sequence_inputs(draw):
    """The arguments of a whole sequence."""
    return {
        "x": draw.sequence(draw.T, draw.B, draw.I),
        "h0": draw.normal(draw.B, draw.H),
        "c0": draw.normal(draw.B, draw.H),
        **weights(draw),
    }


def sigmoid_inputs(draw):
    """Numbers around zero; in the far case a row that goes out to ±1000 too."""
    a = 4 * draw.normal(draw.B, draw.H)
    if draw.size is FAR:
        a[0] = draw.rng.permutation([-1000.0, 1000.0, *draw.rng.uniform(-1000, 1000, draw.H - 2)])
    return {"a": a}


def cell_inputs(draw):
    """A cell state and the three gates that change it."""
    return {
        "c_prev": draw.normal(draw.B, draw.H),
        "forget": draw.gate(draw.B, draw.H),
        "input": draw.gate(draw.B, draw.H),
        "candidate": 2 * draw.gate(draw.B, draw.H) - 1,
    }


def concatenated_inputs(draw):
    """The papers' weights: one matrix on [h, x] and one bias for each gate."""
    H, I = draw.H, draw.I
    matrices = {f"W_{gate}": draw.normal(H, H + I) for gate in GATES}
    return matrices | {f"b_{gate}": draw.normal(H) for gate in GATES}


def backward_inputs(draw):
    """Gradients of the three outputs, and the arguments of the sequence."""
    return {
        "d_output": draw.normal(draw.T, draw.B, draw.H),
        "d_h_n": draw.normal(draw.B, draw.H),
        "d_c_n": draw.normal(draw.B, draw.H),
        **sequence_inputs(draw),
    }


ONE_STEP = tuple(size.name for size in SIZES if size.T == 1)
FAR = Size("numbers as far out as ±1000", B=3, H=5)
ORDINARY = tuple(size for size in CELL_SIZES if size.scale < 1)
WHOLE_NUMBERS = Size("whole numbers as input", T=4, B=2, I=3, H=5, whole=True)


sigmoid = Exercise(
    reference=lstm.sigmoid,
    inputs=sigmoid_inputs,
    returns="s",
    axes={"s": PER_UNIT},
    sizes=(*ORDINARY, FAR),
    parts=(
        Part("numbers of ordinary size", 1, cases=tuple(size.name for size in ORDINARY)),
        Part("numbers as far out as ±1000", 1, cases=(FAR.name,)),
    ),
    book=at("lstm-sigmoid"),
    mistakes=numpy_mistakes.SIGMOID,
    alternatives=alternatives.SIGMOID,
)

forget_gate = Exercise(
    reference=lstm.forget_gate,
    inputs=gate_inputs,
    returns="f",
    axes={"f": PER_UNIT},
    sizes=CELL_SIZES,
    parts=(Part("the forget gate", 1),),
    uses=("sigmoid",),
    composes=True,
    book=at("lstm-gates"),
    mistakes=numpy_mistakes.FORGET_GATE,
    alternatives=alternatives.FORGET_GATE,
)

input_gate = Exercise(
    reference=lstm.input_gate,
    inputs=gate_inputs,
    returns="i",
    axes={"i": PER_UNIT},
    sizes=CELL_SIZES,
    parts=(Part("the input gate", 1),),
    uses=("sigmoid",),
    composes=True,
    book=at("lstm-gates"),
    mistakes=numpy_mistakes.INPUT_GATE,
    alternatives=alternatives.INPUT_GATE,
)

candidate = Exercise(
    reference=lstm.candidate,
    inputs=gate_inputs,
    returns="g",
    axes={"g": PER_UNIT},
    sizes=CELL_SIZES,
    parts=(Part("the candidate", 1),),
    composes=True,
    book=at("lstm-gates"),
    mistakes=numpy_mistakes.CANDIDATE,
    alternatives=alternatives.CANDIDATE,
)

update_cell = Exercise(
    reference=lstm.update_cell,
    inputs=cell_inputs,
    returns="c",
    axes={"c": PER_UNIT},
    sizes=CELL_SIZES,
    parts=(Part("the new cell state", 1),),
    book=at("lstm-cell-update"),
    mistakes=numpy_mistakes.UPDATE_CELL,
    alternatives=alternatives.UPDATE_CELL,
)

output_gate = Exercise(
    reference=lstm.output_gate,
    inputs=gate_inputs,
    returns="o",
    axes={"o": PER_UNIT},
    sizes=CELL_SIZES,
    parts=(Part("the output gate", 1),),
    uses=("sigmoid",),
    composes=True,
    book=at("lstm-gates"),
    mistakes=numpy_mistakes.OUTPUT_GATE,
    alternatives=alternatives.OUTPUT_GATE,
)

lstm_step = Exercise(
    reference=lstm.lstm_step,
    inputs=step_inputs,
    returns=("h", "c"),
    axes={"h": PER_UNIT, "c": PER_UNIT},
    sizes=CELL_SIZES,
    parts=(
        Part("the new cell state c", 3, outputs=("c",)),
        Part("the new hidden state h", 1, outputs=("h",)),
    ),
    uses=("sigmoid", "forget_gate", "input_gate", "candidate", "update_cell", "output_gate"),
    book=at("lstm-step"),
    gates=GATES,
    composes=True,
    mistakes=numpy_mistakes.LSTM_STEP,
    alternatives=alternatives.LSTM_STEP,
)

lstm_forward = Exercise(
    reference=lstm.lstm_forward,
    inputs=sequence_inputs,
    returns=("output", ("h_n", "c_n")),
    axes={"output": ("timestep", *PER_UNIT), "h_n": PER_UNIT, "c_n": PER_UNIT},
    sizes=(*SIZES, WHOLE_NUMBERS),
    parts=(
        Part("a sequence of one step", 1, cases=ONE_STEP),
        Part("the output of sequences of any length", 2, outputs=("output",)),
        Part("the final states h_n and c_n", 1, outputs=("h_n", "c_n")),
    ),
    uses=("sigmoid", "lstm_step"),
    calls=30,
    book=at("lstm-carry-states"),
    gates=GATES,
    composes=True,
    mistakes=numpy_mistakes.LSTM_FORWARD,
    alternatives=alternatives.LSTM_FORWARD,
)

split_concatenated_weights = Exercise(
    reference=lstm.split_concatenated_weights,
    inputs=concatenated_inputs,
    returns=("weight_ih", "weight_hh", "bias_ih", "bias_hh"),
    axes={
        "weight_ih": ("gate", "input feature"),
        "weight_hh": ("gate", "hidden unit"),
        "bias_ih": ("gate",),
        "bias_hh": ("gate",),
    },
    gates=GATES,
    sizes=WEIGHT_SIZES,
    parts=(
        Part("weight_ih and weight_hh", 2, outputs=("weight_ih", "weight_hh")),
        Part("bias_ih and bias_hh", 1, outputs=("bias_ih", "bias_hh")),
    ),
    book=at("lstm-concatenated"),
    mistakes=numpy_mistakes.SPLIT_CONCATENATED_WEIGHTS,
    alternatives=alternatives.SPLIT_CONCATENATED_WEIGHTS,
)

lstm_backward = Exercise(
    reference=lstm.lstm_backward,
    inputs=backward_inputs,
    returns={
        name: f"gradient of {name}"
        for name in ("x", "h0", "c0", "weight_ih", "weight_hh", "bias_ih", "bias_hh")
    },
    axes={
        "gradient of x": ("timestep", "batch row", "input feature"),
        "gradient of h0": PER_UNIT,
        "gradient of c0": PER_UNIT,
        "gradient of weight_ih": ("gate", "input feature"),
        "gradient of weight_hh": ("gate", "hidden unit"),
        "gradient of bias_ih": ("gate",),
        "gradient of bias_hh": ("gate",),
    },
    gates=GATES,
    parts=(
        Part(
            "the gradients of h0 and c0",
            2,
            outputs=("gradient of h0", "gradient of c0"),
        ),
        Part("the gradient of x", 1, outputs=("gradient of x",)),
        Part(
            "the gradients of weights and biases",
            2,
            outputs=tuple(
                f"gradient of {n}" for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            ),
        ),
    ),
    uses=("sigmoid", "lstm_step", "lstm_forward"),
    extra=True,
    book=at("lstm-backward"),
    mistakes=numpy_mistakes.LSTM_BACKWARD,
    alternatives=alternatives.LSTM_BACKWARD,
)

EXERCISES = (
    sigmoid,
    forget_gate,
    input_gate,
    candidate,
    update_cell,
    output_gate,
    lstm_step,
    lstm_forward,
    split_concatenated_weights,
    lstm_backward,
)
