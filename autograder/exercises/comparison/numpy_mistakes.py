"""How students get the NumPy exercises of the comparison chapter wrong.

Each mistake has a name, a hint that teaches, and the place in the book. A hint says what the answer
looks like and why it matters; it never gives the line that would be right.
"""

import numpy as np

from autograder.checking.exercise import Mistake

from .book import at


def mistake(name, hint, label, *edits, function=None):
    """A known mistake, explained at a label of the book."""
    return Mistake(name, hint, edits=edits, function=function, book=at(label))


# --- counting ------------------------------------------------------------------------------------

PARAMETERS = "comparison-parameters"
COUNT_PARAMETERS = (
    mistake(
        "one bias counted",
        "You count one bias for each gate. PyTorch has two, one on the side of the input and one "
        "on the side of the state, and an optimiser learns both.",
        PARAMETERS,
        ("G * 2 * H", "G * H"),
    ),
    mistake(
        "no bias counted",
        "Your count is that of a network without biases. Where bias is True each gate has two.",
        PARAMETERS,
        ("G * 2 * H", "0"),
    ),
    mistake(
        "biases not multiplied by the gates",
        "Every gate has biases of its own. You count those of one gate only.",
        PARAMETERS,
        ("G * 2 * H", "2 * H"),
    ),
    mistake(
        "bias=False ignored",
        "With bias=False the network has no biases at all; you count them all the same.",
        PARAMETERS,
        ("if bias:", "if True:"),
    ),
    mistake(
        "every layer reads the input",
        "Only the first layer reads x. What does each other layer read, and how many numbers is "
        "that?",
        PARAMETERS,
        ("input_size if k == 0 else D * H", "input_size"),
    ),
    mistake(
        "upper layers read one direction",
        "In a bidirectional network the layer below hands on what both directions say. Your upper "
        "layers read only half of it.",
        PARAMETERS,
        ("else D * H", "else H"),
    ),
    mistake(
        "one direction counted",
        "A bidirectional network has two sets of weights in each layer, one for each direction. "
        "You count one.",
        PARAMETERS,
        ("total += D * one_way", "total += one_way"),
    ),
    mistake(
        "one layer counted",
        "You count a single layer. num_layers says how many are stacked.",
        PARAMETERS,
        ("range(num_layers)", "range(1)"),
    ),
    mistake(
        "the GRU's candidate forgotten",
        "A GRU has two gates and a candidate. The candidate is no gate, but it has weights too.",
        PARAMETERS,
        ('"gru": 3', '"gru": 2'),
    ),
    mistake(
        "the LSTM's candidate forgotten",
        "An LSTM has three gates and a candidate. The candidate is no gate, but it has weights "
        "too.",
        PARAMETERS,
        ('"lstm": 4', '"lstm": 3'),
    ),
    mistake(
        "weight_hh left out",
        "You count the matrix that meets the input and not the one that meets the state.",
        PARAMETERS,
        ("H * I + H * H", "H * I"),
    ),
)

OPERATIONS = "comparison-operations"
COUNT_OPERATIONS = (
    mistake(
        "weight_hh left out",
        "You count the product with the input and not the product with the state.",
        OPERATIONS,
        ("G * H * (I + H)", "G * H * I"),
    ),
    mistake(
        "a multiplication and its addition counted as two",
        "The text counts multiplications; each goes with one addition, which is not counted "
        "again. Counting both (as floating-point operations often are) gives twice as many.",
        OPERATIONS,
        ("G * H * (I + H)", "2 * G * H * (I + H)"),
    ),
    mistake(
        "biases counted",
        "A bias is added and multiplies nothing. Additions of biases are not counted here.",
        OPERATIONS,
        ("G * H * (I + H)", "G * H * (I + H + 2)"),
    ),
    mistake(
        "one bias of each gate counted",
        "A bias is added and multiplies nothing. Additions of biases are not counted here.",
        OPERATIONS,
        ("G * H * (I + H)", "G * H * (I + H + 1)"),
    ),
    mistake(
        "one gate counted",
        "You count the matrix products of one gate. Each gate, and the candidate, has its own.",
        OPERATIONS,
        ("G * H * (I + H)", "H * (I + H)"),
    ),
    mistake(
        "the GRU's candidate forgotten",
        "A GRU has two gates and a candidate, and each needs its matrix products.",
        OPERATIONS,
        ('"gru": 3, "lstm": 4}', '"gru": 2, "lstm": 4}'),
    ),
    mistake(
        "the LSTM's candidate forgotten",
        "An LSTM has three gates and a candidate, and each needs its matrix products.",
        OPERATIONS,
        ('"gru": 3, "lstm": 4}', '"gru": 3, "lstm": 3}'),
    ),
    mistake(
        "tanh of the new cell state forgotten",
        "Besides its three gates and its candidate, an LSTM squeezes one thing more: look at how "
        "h is made from c.",
        OPERATIONS,
        ('"lstm": 5', '"lstm": 4'),
    ),
    mistake(
        "the reset gate's product forgotten",
        "You count two products in a GRU, those of the blend. The reset gate multiplies something "
        "too.",
        OPERATIONS,
        ('"gru": 3, "lstm": 3}', '"gru": 2, "lstm": 3}'),
    ),
    mistake(
        "the output gate's product forgotten",
        "You count two products in an LSTM, those of the new cell state. The output gate "
        "multiplies something too.",
        OPERATIONS,
        ('"gru": 3, "lstm": 3}', '"gru": 3, "lstm": 2}'),
    ),
    mistake(
        "products counted once and not for each unit",
        "A product ∘ of two vectors of H numbers is H multiplications.",
        OPERATIONS,
        ("products * H", "products"),
    ),
    mistake(
        "activations counted once and not for each unit",
        "σ and tanh of a vector of H numbers are H evaluations.",
        OPERATIONS,
        ("activations * H", "activations"),
    ),
)

# --- the adding problem --------------------------------------------------------------------------

ADDING = "comparison-adding"
ADDING_PROBLEM = (
    mistake(
        "both marks anywhere",
        "The second mark must lie in the second half. With both anywhere they can even fall on "
        "the same step.",
        ADDING,
        ("second = rng.integers(T // 2, T, size=B)", "second = rng.integers(0, T, size=B)"),
    ),
    mistake(
        "the second mark anywhere",
        "The second mark must lie in the second half. With both anywhere they can even fall on "
        "the same step, which then has a single mark.",
        ADDING,
        ("second = rng.integers(T // 2, T, size=B)", "second = rng.integers(0, T, size=B)"),
        ("+ values[second, rows]", "+ values[second, rows] * (first != second)"),
    ),
    mistake(
        "the last step is never marked",
        "rng.integers leaves out its upper end, so that the range of the second mark already ends "
        "at step T − 1. You take one more away.",
        ADDING,
        (
            "second = rng.integers(T // 2, T, size=B)",
            "second = rng.integers(T // 2, max(T - 1, T // 2 + 1), size=B)",
        ),
    ),
    mistake(
        "the first mark can lie in the second half",
        "rng.integers leaves out its upper end. Step T // 2 belongs to the second half already.",
        ADDING,
        (
            "first = rng.integers(0, T // 2, size=B)",
            "first = rng.integers(0, T // 2 + 1, size=B)",
        ),
    ),
    mistake(
        "marks drawn before values",
        "The values are right in kind but drawn in another order. The text says what is drawn "
        "first, so that everybody gets the same numbers from the same generator.",
        ADDING,
        ("    values = rng.uniform(size=(T, B))\n", ""),
        ("    rows = ", "    values = rng.uniform(size=(T, B))\n    rows = "),
    ),
    mistake(
        "normal values",
        "Your values are normally distributed; they are to lie evenly between 0 and 1.",
        ADDING,
        ("values = rng.uniform(size=(T, B))", "values = rng.normal(size=(T, B))"),
    ),
    mistake(
        "values drawn batch first",
        "Your values are drawn as (B, T) and turned over. The shape is right, the order in which "
        "they are drawn is not.",
        ADDING,
        ("values = rng.uniform(size=(T, B))", "values = rng.uniform(size=(B, T)).T"),
    ),
    mistake(
        "the product for the sum",
        "Your answer is the product of the two marked values. It is the adding problem.",
        ADDING,
        ("values[first, rows] + values", "values[first, rows] * values"),
    ),
    mistake(
        "the mean for the sum",
        "Your answer is the mean of the two marked values: half of their sum.",
        ADDING,
        (
            "values[first, rows] + values[second, rows]",
            "(values[first, rows] + values[second, rows]) / 2",
        ),
    ),
    mistake(
        "all values summed",
        "Your answer is the sum of all values. Only the two marked ones count.",
        ADDING,
        ("values[first, rows] + values[second, rows]", "values.sum(axis=0)"),
    ),
    mistake(
        "y without its last axis",
        "Your y is (B,) and must be (B, 1). Against a network's answer of (B, 1), a (B,) is "
        "broadcast to (B, B) without a word: training then goes on and learns nothing.",
        ADDING,
        ("y[:, None]", "y"),
    ),
    mistake(
        "marks before values in x",
        "x[..., 0] are the values and x[..., 1] the marks. Yours are the other way round.",
        ADDING,
        ("[values, marks], axis=-1", "[marks, values], axis=-1"),
    ),
    mistake(
        "stacked along a first axis",
        "Values and marks are to be the last axis of x, which is (T, B, 2). Yours are the first.",
        ADDING,
        ("[values, marks], axis=-1", "[values, marks], axis=0"),
    ),
    mistake(
        "all rows marked at the same steps",
        "marks[first] marks whole steps, in every row. Each row has two marks of its own.",
        ADDING,
        ("marks[first, rows] = 1", "marks[first] = 1"),
        ("marks[second, rows] = 1", "marks[second] = 1"),
    ),
    mistake(
        "a generator of its own",
        "You make a generator inside the function, so that every call gives the same batch, "
        "whatever generator is handed in. Draw from rng.",
        ADDING,
        (
            "values = rng.uniform(size=(T, B))",
            "rng = np.random.default_rng(0)\n    values = rng.uniform(size=(T, B))",
        ),
    ),
)

# --- windows -------------------------------------------------------------------------------------


def _windows_side_by_side(series, window, horizon):
    if len(series) < window + horizon:
        raise ValueError("too short")
    starts = range(0, len(series) - window - horizon + 1, window)
    x = np.stack([series[k : k + window] for k in starts])
    return x, np.stack([series[k + window : k + window + horizon] for k in starts])


def _windows_or_nothing(series, window, horizon):
    start = np.arange(len(series) - window - horizon + 1)[:, None]
    return series[start + np.arange(window)], series[start + window + np.arange(horizon)]


WINDOWS = "comparison-windows"
WINDOW_END = "y = np.stack([series[k + window : k + window + horizon] for k in range(N)])"
MAKE_WINDOWS = (
    mistake(
        "one window too few",
        "The last window is missing. Count by hand: how many windows of 3 with a horizon of 1 are "
        "there in a series of 5?",
        WINDOWS,
        (
            "x = np.stack([series[k : k + window] for k in range(N)])",
            "N = max(1, N - 1)\n    x = np.stack([series[k : k + window] for k in range(N)])",
        ),
    ),
    mistake(
        "the first window left out",
        "Your windows begin at position 1. The first begins at 0.",
        WINDOWS,
        (
            "x = np.stack([series[k : k + window] for k in range(N)])",
            "x = np.stack([series[k : k + window] for k in range(min(1, N - 1), N)])",
        ),
        (WINDOW_END, WINDOW_END.replace("range(N)", "range(min(1, N - 1), N)")),
    ),
    mistake(
        "the answer overlaps its window",
        "Your answers begin with the last value of their window. The network is asked for "
        "something that it has just been shown: its error looks wonderful and means nothing.",
        WINDOWS,
        (
            "series[k + window : k + window + horizon]",
            "series[k + window - 1 : k + window - 1 + horizon]",
        ),
    ),
    mistake(
        "one value of the answer",
        "Your answers hold one value each. They are to hold horizon values.",
        WINDOWS,
        ("series[k + window : k + window + horizon]", "series[k + window : k + window + 1]"),
    ),
    mistake(
        "only the last value of the answer",
        "Your answers hold the value that lies horizon steps ahead, and none of those before it.",
        WINDOWS,
        (
            "series[k + window : k + window + horizon]",
            "series[k + window + horizon - 1 : k + window + horizon]",
        ),
    ),
    mistake(
        "windows turned round",
        "Your windows run from the newest value to the oldest. Time runs forwards.",
        WINDOWS,
        (
            "x = np.stack([series[k : k + window] for k in range(N)])",
            "x = np.stack([series[k : k + window][::-1] for k in range(N)])",
        ),
    ),
    mistake(
        "windows that don't overlap",
        "Your windows stand side by side. There is to be one at every position.",
        WINDOWS,
        function=_windows_side_by_side,
    ),
    mistake(
        "windows in columns",
        "Your windows are the columns of x. Each is to be a row: x is (N, window).",
        WINDOWS,
        (
            "x = np.stack([series[k : k + window] for k in range(N)])",
            "x = np.stack([series[k : k + window] for k in range(N)], axis=1)",
        ),
    ),
    mistake(
        "a flat answer",
        "Your y has one axis. It is to be (N, horizon), even where the horizon is 1.",
        WINDOWS,
        ("for k in range(N)])\n    return x, y", "for k in range(N)])\n    return x, y.ravel()"),
    ),
    mistake(
        "window and horizon exchanged",
        "Your x has horizon columns and your y has window columns.",
        WINDOWS,
        (
            "    N = len(series)",
            "    window, horizon = horizon, window\n    N = len(series)",
        ),
    ),
    mistake(
        "nothing for a series that is too short",
        "Your windows are right where there are some. Where not even one fits, you return arrays "
        "without a row, and whoever calls you notices much later, or never. The text asks for an "
        "error that says so at once.",
        WINDOWS,
        function=_windows_or_nothing,
    ),
)


def _trend_continued(x, horizon):
    step = x[:, -1:] - x[:, -2:-1]
    return x[:, -1:] + step * np.arange(1, horizon + 1)


NAIVE = "comparison-naive"
REPEAT = "np.repeat(x[:, -1:], horizon, axis=1)"
NAIVE_FORECAST = (
    mistake(
        "the first value of the window",
        "You repeat the oldest value of each window. The last one seen is at its other end.",
        NAIVE,
        (REPEAT, "np.repeat(x[:, :1], horizon, axis=1)"),
    ),
    mistake(
        "the value before the last",
        "You repeat the value before the last one. Index −1 is the last.",
        NAIVE,
        (REPEAT, "np.repeat(x[:, -2:-1], horizon, axis=1)"),
    ),
    mistake(
        "the mean of the window",
        "You forecast the mean of the window. For prices that is a good deal worse than the last "
        "value: it is half a window old.",
        NAIVE,
        (REPEAT, "np.repeat(x.mean(axis=1, keepdims=True).astype(x.dtype), horizon, axis=1)"),
    ),
    mistake(
        "the mean of the window, always with a fraction",
        "You forecast the mean of the window. For prices that is a good deal worse than the last "
        "value: it is half a window old.",
        NAIVE,
        (REPEAT, "np.repeat(x.mean(axis=1, keepdims=True), horizon, axis=1)"),
    ),
    mistake(
        "the last values again",
        "You repeat the last horizon values in their order. The naive forecast repeats a single "
        "value.",
        NAIVE,
        (REPEAT, "x[:, -horizon:].copy()"),
    ),
    mistake(
        "one step only",
        "Your forecast has one column. It is to have one for each of horizon steps.",
        NAIVE,
        (REPEAT, "x[:, -1:].copy()"),
    ),
    mistake(
        "a flat forecast",
        "Your forecast has one axis. It is to be (N, horizon).",
        NAIVE,
        (REPEAT, "np.repeat(x[:, -1], horizon)"),
    ),
    mistake(
        "repeated along the windows",
        "You repeat along the first axis, so that there are horizon times as many rows.",
        NAIVE,
        (REPEAT, "np.repeat(x[:, -1:], horizon, axis=0)"),
    ),
    mistake(
        "the last window for all",
        "All your forecasts are the last value of the last window. Each window has a last value "
        "of its own.",
        NAIVE,
        (REPEAT, "np.full((len(x), horizon), x[-1, -1])"),
    ),
    mistake(
        "the last step's change goes on",
        "You let the last change go on. The naive forecast says that nothing changes.",
        NAIVE,
        function=_trend_continued,
    ),
    mistake(
        "zero",
        "You forecast zero. That nothing changes means a change of zero, not a price of zero.",
        NAIVE,
        (REPEAT, "np.zeros((len(x), horizon), dtype=x.dtype)"),
    ),
)

# --- SRU -----------------------------------------------------------------------------------------

SRU = "comparison-sru"
SRU_STEP = (
    mistake(
        "the reset gate sees the new memory",
        "Both gates of the SRU look at the memory of the step before. Yours looks at the new one.",
        SRU,
        ("v_r * c_prev", "v_r * c"),
    ),
    mistake(
        "f on the wrong side",
        "With f = 1 the SRU keeps all of the old memory. Yours then takes all of the new.",
        SRU,
        ("f * c_prev + (1 - f) * (x_t @ W.T)", "(1 - f) * c_prev + f * (x_t @ W.T)"),
    ),
    mistake(
        "r on the wrong side",
        "With r = 1 the SRU says its memory. Yours then says its input.",
        SRU,
        ("r * c + (1 - r) * x_t", "(1 - r) * c + r * x_t"),
    ),
    mistake(
        "a tanh around the new content",
        "In an LSTM and a GRU what is written goes through tanh. In an SRU it does not.",
        SRU,
        ("(1 - f) * (x_t @ W.T)", "(1 - f) * np.tanh(x_t @ W.T)"),
    ),
    mistake(
        "a tanh around the memory",
        "The first version of the paper squeezes c on its way out. The form asked for here "
        "(version 5) has no tanh at all.",
        SRU,
        ("r * c + (1 - r)", "r * np.tanh(c) + (1 - r)"),
    ),
    mistake(
        "no highway",
        "What the reset gate doesn't take from the memory it takes from the input. That second "
        "half is missing.",
        SRU,
        ("h = r * c + (1 - r) * x_t", "h = r * c"),
    ),
    mistake(
        "the highway carries W x",
        "The highway adds the input as it came. Yours has been through W.",
        SRU,
        ("(1 - r) * x_t", "(1 - r) * (x_t @ W.T)"),
    ),
    mistake(
        "the highway not weighed",
        "You add the whole input to the memory's share. The two shares are to make one.",
        SRU,
        ("r * c + (1 - r) * x_t", "r * c + x_t"),
    ),
    mistake(
        "new content not weighed",
        "You add all of the new content to the share of the old. The two shares are to make one: "
        "an SRU has one gate where the LSTM has two.",
        SRU,
        ("(1 - f) * (x_t @ W.T)", "(x_t @ W.T)"),
    ),
    mistake(
        "b_f left out",
        "The forget gate's bias doesn't reach your sum.",
        SRU,
        ("v_f * c_prev + b_f)", "v_f * c_prev)"),
    ),
    mistake(
        "b_r left out",
        "The reset gate's bias doesn't reach your sum.",
        SRU,
        ("v_r * c_prev + b_r)", "v_r * c_prev)"),
    ),
    mistake(
        "v_f left out",
        "Your forget gate doesn't look at the memory. So it is in the first version of the paper.",
        SRU,
        ("v_f * c_prev + b_f", "b_f"),
    ),
    mistake(
        "v_r left out",
        "Your reset gate doesn't look at the memory. So it is in the first version of the paper.",
        SRU,
        ("v_r * c_prev + b_r", "b_r"),
    ),
    mistake(
        "W not transposed",
        "x @ W and x @ W.T have the same shape, since W is square. Each row of W belongs to one "
        "output unit and is to meet x; with x @ W it is the columns that meet x.",
        SRU,
        ("(x_t @ W.T)", "(x_t @ W)"),
    ),
    mistake(
        "the gates' matrices not transposed",
        "x @ W and x @ W.T have the same shape, since the matrices are square. W is the right "
        "way round; W_f and W_r are not.",
        SRU,
        ("x_t @ W_f.T", "x_t @ W_f"),
        ("x_t @ W_r.T", "x_t @ W_r"),
    ),
    mistake(
        "no matrix transposed",
        "x @ W and x @ W.T have the same shape, since all three matrices are square. Each row "
        "belongs to one output unit and is to meet x.",
        SRU,
        ("(x_t @ W.T)", "(x_t @ W)"),
        ("x_t @ W_f.T", "x_t @ W_f"),
        ("x_t @ W_r.T", "x_t @ W_r"),
    ),
    mistake(
        "h and c exchanged",
        "Both are right and come back in the wrong order: the output first, then the memory.",
        SRU,
        ("return h, c", "return c, h"),
    ),
)

# --- Keras ---------------------------------------------------------------------------------------


def _only_matrices_reordered(cell, kernel, recurrent_kernel, bias):
    if cell == "lstm":
        return kernel.T.copy(), recurrent_kernel.T.copy(), bias.copy(), np.zeros_like(bias)
    matrices = []
    for given in (kernel, recurrent_kernel):
        z, r, n = np.split(given.T, 3)
        matrices.append(np.concatenate([r, z, n]))
    return (*matrices, bias[0].copy(), bias[1].copy())


KERAS = "comparison-keras"
LSTM_LINE = "return kernel.T.copy(), recurrent_kernel.T.copy(), bias.copy(), np.zeros_like(bias)"
KERAS_TO_TORCH = (
    mistake(
        "gates of the GRU not reordered",
        "Keras stacks update, reset, candidate; PyTorch stacks reset, update, candidate. Your "
        "update and reset gates have changed places, and no shape tells you.",
        KERAS,
        ("np.concatenate([r, z, n])", "np.concatenate([z, r, n])"),
    ),
    mistake(
        "biases of the GRU not reordered",
        "Your matrices have PyTorch's order of gates, and your biases still have that of Keras.",
        KERAS,
        function=_only_matrices_reordered,
    ),
    mistake(
        "the GRU's two biases exchanged",
        "Your two biases come back the other way round. For two gates it makes no difference, "
        "since both are added; for the candidate it does, for the reset gate multiplies one of "
        "them.",
        KERAS,
        ("bias[0], bias[1]", "bias[1], bias[0]"),
    ),
    mistake(
        "the update gate's sign turned",
        "You turn the sign of the update gate, as if Keras let z weigh the new state. Keras and "
        "PyTorch agree on that side; it is some papers that differ.",
        KERAS,
        ("np.concatenate([r, z, n])", "np.concatenate([r, -z, n])"),
    ),
    mistake(
        "matrices of the LSTM not transposed",
        "Keras multiplies x @ kernel, with the gates side by side. In PyTorch's layout the gates "
        "lie one below the other.",
        KERAS,
        ("kernel.T.copy(), recurrent_kernel.T.copy()", "kernel.copy(), recurrent_kernel.copy()"),
    ),
    mistake(
        "gates of the LSTM reordered",
        "Keras has the LSTM's gates in the order i, f, c, o, and its c is PyTorch's g. There is "
        "nothing to reorder.",
        KERAS,
        (
            LSTM_LINE,
            "order = np.arange(len(bias)).reshape(4, -1)[[0, 1, 3, 2]].ravel()\n"
            "        return (kernel.T[order], recurrent_kernel.T[order], bias[order],\n"
            "                np.zeros_like(bias))",
        ),
    ),
    mistake(
        "the LSTM's bias twice",
        "PyTorch adds its two biases. With Keras's bias in both, every gate is shifted by twice "
        "what it should be.",
        KERAS,
        ("bias.copy(), np.zeros_like(bias)", "bias.copy(), bias.copy()"),
    ),
    mistake(
        "the LSTM's bias halved",
        "Half of the bias in each gives the right sum, and so a network that works. The text asks "
        "for all of it in bias_ih, so that everybody's answer is the same.",
        KERAS,
        ("bias.copy(), np.zeros_like(bias)", "bias / 2, bias / 2"),
    ),
    mistake(
        "the LSTM's bias in bias_hh",
        "The sum is right, and so the network works. The text asks for the bias in bias_ih and "
        "for zeros in bias_hh, so that everybody's answer is the same.",
        KERAS,
        ("bias.copy(), np.zeros_like(bias)", "np.zeros_like(bias), bias.copy()"),
    ),
    mistake(
        "weight_ih and weight_hh exchanged",
        "kernel meets the input, recurrent_kernel meets the state. Your GRU has them the other "
        "way round.",
        KERAS,
        ("(kernel, recurrent_kernel, bias[0]", "(recurrent_kernel, kernel, bias[0]"),
    ),
    mistake(
        "the candidate's block not last",
        "In both libraries the candidate's block is the last of the GRU's three. Yours is not.",
        KERAS,
        ("np.concatenate([r, z, n])", "np.concatenate([n, r, z])"),
    ),
)

# --- sampling ------------------------------------------------------------------------------------

SAMPLING = "comparison-sampling"
DRAWN = "return int(rng.choice(len(logits), p=probabilities))"
SAMPLE_NEXT = (
    mistake(
        "multiplied by the temperature",
        "Your high temperatures make the likely likelier. It is low ones that should.",
        SAMPLING,
        ("(logits - logits.max()) / temperature", "(logits - logits.max()) * temperature"),
    ),
    mistake(
        "the temperature ignored",
        "Your probabilities are those of temperature 1, whatever the temperature is.",
        SAMPLING,
        ("(logits - logits.max()) / temperature", "logits - logits.max()"),
    ),
    mistake(
        "top_k ignored",
        "Your draws come from all characters, whatever top_k is.",
        SAMPLING,
        ("if top_k is not None and top_k < len(logits):", "if False:"),
    ),
    mistake(
        "one too many kept",
        "You keep k + 1 scores. Count by hand: where in the sorted scores is the k-th largest?",
        SAMPLING,
        ("np.sort(scaled)[-top_k]", "np.sort(scaled)[-top_k - 1]"),
    ),
    mistake(
        "ties with the k-th largest dropped",
        "Where several scores equal the k-th largest, the text keeps them all. You keep only "
        "those above it.",
        SAMPLING,
        ("scaled >= threshold", "(scaled > threshold) | (scaled == scaled.max())"),
    ),
    mistake(
        "the smallest kept",
        "You keep the k smallest scores: the characters that the network thinks least likely.",
        SAMPLING,
        ("np.sort(scaled)[-top_k]", "np.sort(scaled)[top_k - 1]"),
        ("scaled >= threshold", "scaled <= threshold"),
    ),
    mistake(
        "always greedy",
        "You take the largest score at every temperature. That is right for temperature 0 alone.",
        SAMPLING,
        ("if temperature == 0:", "if True:"),
    ),
    mistake(
        "greedy takes the last of equals",
        "Where several scores are the largest, the first of them is to be taken.",
        SAMPLING,
        (
            "return int(np.argmax(logits))",
            "return int(len(logits) - 1 - np.argmax(logits[::-1]))",
        ),
    ),
    mistake(
        "temperature 0 not treated apart",
        "Dividing by a temperature of 0 gives nan. Temperature 0 means: take the largest.",
        SAMPLING,
        ("if temperature == 0:", "if False:"),
    ),
    mistake(
        "nothing subtracted before the exponential",
        "For large scores np.exp gives infinity, and infinity divided by infinity is nan. "
        "Subtracting the largest score changes no probability and keeps every exponential at 1 or "
        "below.",
        SAMPLING,
        ("(logits - logits.max()) / temperature", "logits / temperature"),
    ),
    mistake(
        "all that is kept is equally likely",
        "You draw evenly. The probabilities come from the softmax.",
        SAMPLING,
        ("weights = np.exp(scaled)", "weights = np.isfinite(scaled).astype(float)"),
    ),
    mistake(
        "the most likely of the rest",
        "You turn the sign of the scores, so that the least likely character becomes the most "
        "likely one.",
        SAMPLING,
        (
            "(logits - logits.max()) / temperature",
            "(logits.min() - logits) / temperature",
        ),
    ),
    mistake(
        "a generator of its own",
        "You make a generator inside the function, so that every call draws the same. Draw from "
        "rng.",
        SAMPLING,
        (DRAWN, DRAWN.replace("rng.choice", "np.random.default_rng(0).choice")),
    ),
    mistake(
        "the scores changed",
        "The draws are right, but the scores that were handed in are changed: the next call "
        "would meet other ones. Work on an array of your own.",
        SAMPLING,
        (DRAWN, "logits -= logits.max()\n    " + DRAWN),
    ),
)
