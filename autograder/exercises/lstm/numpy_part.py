"""The LSTM in NumPy: each gate, the step, the sequence, weights in another form, the way back."""

from autograder.checking.contract import Part
from autograder.checking.exercise import SIZES, Exercise, Mistake, Size
from autograder.reference import lstm

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
    """Numbers around zero, and far out where the case saturates."""
    a = draw.normal(draw.B, draw.H)
    return {"a": a * 50 if draw.scale > 1 else a}


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
WHOLE_NUMBERS = Size("whole numbers as input", T=4, B=2, I=3, H=5, whole=True)


sigmoid = Exercise(
    reference=lstm.sigmoid,
    inputs=sigmoid_inputs,
    returns="s",
    axes={"s": PER_UNIT},
    parts=(
        Part("numbers of ordinary size", 1, cases=tuple(s.name for s in SIZES if s.scale < 1)),
        Part("numbers as far out as ±1000", 1),
    ),
    book="lstm/gates.html#lstm-sigmoid",
)

forget_gate = Exercise(
    reference=lstm.forget_gate,
    inputs=gate_inputs,
    returns="f",
    axes={"f": PER_UNIT},
    parts=(Part("the forget gate", 1),),
    uses=("sigmoid",),
    book="lstm/gates.html#lstm-gates",
)

input_gate = Exercise(
    reference=lstm.input_gate,
    inputs=gate_inputs,
    returns="i",
    axes={"i": PER_UNIT},
    parts=(Part("the input gate", 1),),
    uses=("sigmoid",),
    book="lstm/gates.html#lstm-gates",
)

candidate = Exercise(
    reference=lstm.candidate,
    inputs=gate_inputs,
    returns="g",
    axes={"g": PER_UNIT},
    parts=(Part("the candidate", 1),),
    book="lstm/gates.html#lstm-gates",
)

update_cell = Exercise(
    reference=lstm.update_cell,
    inputs=cell_inputs,
    returns="c",
    axes={"c": PER_UNIT},
    parts=(Part("the new cell state", 1),),
    book="lstm/gates.html#lstm-cell-update",
)

output_gate = Exercise(
    reference=lstm.output_gate,
    inputs=gate_inputs,
    returns="o",
    axes={"o": PER_UNIT},
    parts=(Part("the output gate", 1),),
    uses=("sigmoid",),
    book="lstm/gates.html#lstm-gates",
)

lstm_step = Exercise(
    reference=lstm.lstm_step,
    inputs=step_inputs,
    returns=("h", "c"),
    axes={"h": PER_UNIT, "c": PER_UNIT},
    parts=(
        Part("the new cell state c", 2, outputs=("c",)),
        Part("the new hidden state h", 1, outputs=("h",)),
    ),
    uses=("sigmoid", "forget_gate", "input_gate", "candidate", "update_cell", "output_gate"),
    book="lstm/sequence.html#lstm-step",
    mistakes=(
        Mistake(
            "bias_hh left out",
            "PyTorch has two biases for each gate, one on the side of x and one on the side of h. "
            "Only one of them is in your gates.",
            edits=((" + bias_hh", ""),),
            book="lstm/gates.html#lstm-two-biases",
        ),
    ),
)

lstm_forward = Exercise(
    reference=lstm.lstm_forward,
    inputs=sequence_inputs,
    returns=("output", ("h_n", "c_n")),
    axes={"output": ("timestep", *PER_UNIT), "h_n": PER_UNIT, "c_n": PER_UNIT},
    sizes=(*SIZES, WHOLE_NUMBERS),
    parts=(
        Part("a sequence of one step", 1, cases=ONE_STEP),
        Part("output for many steps", 2, outputs=("output",)),
        Part("the final states h_n and c_n", 1),
    ),
    uses=("sigmoid", "lstm_step"),
    book="lstm/sequence.html#lstm-carry-states",
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
    parts=(
        Part("weight_ih and weight_hh", 2, outputs=("weight_ih", "weight_hh")),
        Part("bias_ih and bias_hh", 1, outputs=("bias_ih", "bias_hh")),
    ),
    book="lstm/gates.html#lstm-concatenated",
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
    book="lstm/backward.html#lstm-backward",
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
