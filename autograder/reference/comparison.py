"""Tools to compare recurrent networks: counts, test problems, a relative, Keras, sampling.

Sizes: T steps, B rows in the batch, I input size, H hidden size, V size of a vocabulary.
"""

import numpy as np

from .lstm import sigmoid


def count_parameters(cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    """Count the numbers that a recurrent network of PyTorch learns.

    One layer in one direction has, for each of its G blocks (RNN 1, GRU 3, LSTM 4), a matrix
    (H, input) and a matrix (H, H), and two biases (H,) if ``bias`` is True. A bidirectional
    network has all of it twice. The first layer reads the input; each other layer reads what the
    layer below says, and that is 2 · H numbers where there are two directions.

    Parameters
    ----------
    cell : str, ``"rnn"``, ``"gru"`` or ``"lstm"``
    input_size, hidden_size, num_layers : int
    bidirectional, bias : bool

    Returns
    -------
    int

    Examples
    --------
    4 · (6 · 5 + 6 · 6 + 2 · 6) in the first layer, 4 · (6 · 6 + 6 · 6 + 2 · 6) in the second:

    >>> count_parameters("lstm", 5, 6, num_layers=2)
    648
    """
    G = {"rnn": 1, "gru": 3, "lstm": 4}[cell]
    H, D = hidden_size, 2 if bidirectional else 1
    total = 0
    for k in range(num_layers):
        I = input_size if k == 0 else D * H
        one_way = G * (H * I + H * H)
        if bias:
            one_way += G * 2 * H
        total += D * one_way
    return total


def count_operations(cell, input_size, hidden_size):
    """Count the work of one step of one layer, in one direction, for one row of the batch.

    Three kinds are counted apart:

    * ``"multiply_adds"``: the multiplications in the matrix products, G · H · (I + H), each of
      which goes with one addition;
    * ``"products"``: the multiplications ∘ of two vectors of H numbers in the cell's equations
      (none in a plain RNN; in an LSTM f ∘ c, i ∘ g and o ∘ tanh(c); in PyTorch's GRU
      r ∘ (W_hn h + b_hn), (1 − z) ∘ n and z ∘ h);
    * ``"activations"``: how many numbers go through σ or tanh.

    Additions of biases and vectors are not counted. For a whole network multiply by T, B, layers
    and directions, with the right input size in each layer.

    Parameters
    ----------
    cell : str, ``"rnn"``, ``"gru"`` or ``"lstm"``
    input_size, hidden_size : int

    Returns
    -------
    dict of int with the keys ``"multiply_adds"``, ``"products"`` and ``"activations"``

    Examples
    --------
    >>> count_operations("rnn", 5, 6)
    {'multiply_adds': 66, 'products': 0, 'activations': 6}
    """
    I, H = input_size, hidden_size
    G = {"rnn": 1, "gru": 3, "lstm": 4}[cell]
    products = {"rnn": 0, "gru": 3, "lstm": 3}[cell]
    activations = {"rnn": 1, "gru": 3, "lstm": 5}[cell]
    return {
        "multiply_adds": G * H * (I + H),
        "products": products * H,
        "activations": activations * H,
    }


def adding_problem(rng, T, B):
    """Draw a batch of the adding problem, a test of long memory.

    Each step shows two numbers: a value between 0 and 1, and a mark that is 1 at two steps and 0
    at all others. The first marked step lies in the first half (steps 0 to T // 2 − 1), the second
    in the second half (steps T // 2 to T − 1). The answer is the sum of the two marked values.

    So that everybody draws the same numbers from the same generator, draw in this order:
    ``rng.uniform(size=(T, B))`` for the values, ``rng.integers(0, T // 2, size=B)`` for the first
    marked steps, ``rng.integers(T // 2, T, size=B)`` for the second ones.

    Parameters
    ----------
    rng : numpy.random.Generator, the only source of chance
    T : int, at least 2
    B : int

    Returns
    -------
    x : array (T, B, 2), float64: ``x[..., 0]`` the values, ``x[..., 1]`` the marks
    y : array (B, 1), float64: the answers

    Examples
    --------
    >>> x, y = adding_problem(np.random.default_rng(0), T=6, B=2)
    >>> x.shape, y.shape
    ((6, 2, 2), (2, 1))
    >>> x[:, :, 1].sum(axis=0)
    array([2., 2.])

    Source: Hochreiter & Schmidhuber (1997), experiment 4, in the simpler form that is usual today.
    """
    values = rng.uniform(size=(T, B))
    first = rng.integers(0, T // 2, size=B)
    second = rng.integers(T // 2, T, size=B)
    rows = np.arange(B)
    marks = np.zeros((T, B))
    marks[first, rows] = 1
    marks[second, rows] = 1
    y = values[first, rows] + values[second, rows]
    return np.stack([values, marks], axis=-1), y[:, None]


def make_windows(series, window, horizon):
    """Cut a time series into questions and answers: some values, and those that follow.

    Window k begins at position k and holds ``window`` values. Its answer holds the ``horizon``
    values right after it. There is a window at every position at which window and answer both fit
    into the series: N = S − window − horizon + 1 of them.

    Parameters
    ----------
    series : array (S,)
    window, horizon : int, at least 1

    Returns
    -------
    x : array (N, window), the dtype of ``series``
    y : array (N, horizon), the dtype of ``series``

    A recurrent network wants ``x`` as (T, B, I): that is ``x.T[:, :, None]``.

    Errors
    ------
    ValueError where not even one window and its answer fit.

    Examples
    --------
    >>> x, y = make_windows(np.array([1, 2, 3, 4, 5]), window=3, horizon=1)
    >>> x
    array([[1, 2, 3],
           [2, 3, 4]])
    >>> y
    array([[4],
           [5]])
    """
    N = len(series) - window - horizon + 1
    if N < 1:
        raise ValueError(
            f"a series of {len(series)} values is too short for a window of {window} and a "
            f"horizon of {horizon}; it needs at least {window + horizon}"
        )
    x = np.stack([series[k : k + window] for k in range(N)])
    y = np.stack([series[k + window : k + window + horizon] for k in range(N)])
    return x, y


def naive_forecast(x, horizon):
    """Forecast that nothing changes: every future value is the last one seen.

    Any model of prices has to beat this before it has shown anything.

    Parameters
    ----------
    x : array (N, window), as ``make_windows`` returns it
    horizon : int, how many values to forecast

    Returns
    -------
    array (N, horizon), the dtype of ``x``

    Examples
    --------
    >>> naive_forecast(np.array([[1, 2, 3], [2, 3, 4]]), horizon=2)
    array([[3, 3],
           [4, 4]])
    """
    return np.repeat(x[:, -1:], horizon, axis=1)


def sru_step(x_t, c_prev, W, W_f, W_r, v_f, v_r, b_f, b_r):
    """Take one step of a Simple Recurrent Unit.

    f = σ(W_f x + v_f ∘ c_prev + b_f)    the forget gate
    c = f ∘ c_prev + (1 − f) ∘ (W x)     the memory
    r = σ(W_r x + v_r ∘ c_prev + b_r)    the reset gate; it too sees the OLD memory
    h = r ∘ c + (1 − r) ∘ x              the output: memory, or the input as it came (highway)

    No matrix meets the state, only the vectors v_f and v_r. So all matrix products can be done for
    all steps at once, and what must wait for the step before is cheap. There is no tanh. The
    highway adds x to c, so the input size is H too.

    Parameters
    ----------
    x_t : array (B, H), the input of this step
    c_prev : array (B, H), the memory of the step before
    W, W_f, W_r : arrays (H, H), in PyTorch's layout: output unit first
    v_f, v_r : arrays (H,)
    b_f, b_r : arrays (H,)

    Returns
    -------
    h : array (B, H), the output
    c : array (B, H), the new memory

    Examples
    --------
    With all parameters zero, both gates are 0.5 and W x is 0:

    >>> W, v = np.zeros((1, 1)), np.zeros(1)
    >>> h, c = sru_step(np.array([[3.0]]), np.array([[2.0]]), W, W, W, v, v, v, v)
    >>> h, c
    (array([[2.]]), array([[1.]]))

    Source: Lei et al. (2018), arXiv 1709.02755v5, equations 1 to 4, without the scaling of the
    highway by α. (The first version of the paper has no v, and an activation around c.)
    """
    f = sigmoid(x_t @ W_f.T + v_f * c_prev + b_f)
    c = f * c_prev + (1 - f) * (x_t @ W.T)
    r = sigmoid(x_t @ W_r.T + v_r * c_prev + b_r)
    h = r * c + (1 - r) * x_t
    return h, c


def keras_to_torch(cell, kernel, recurrent_kernel, bias):
    """Turn the weights of a Keras layer into PyTorch's.

    Keras multiplies from the other side, x @ kernel, so its matrices are PyTorch's transposed:
    the gates lie side by side along the last axis.

    * GRU (``reset_after=True``, Keras's default): Keras orders the gates z, r, h (update, reset,
      candidate), PyTorch r, z, n. ``bias[0]`` goes with the input, ``bias[1]`` with the state.
      Both let z weigh the old state, so no sign changes.
    * LSTM: the order i, f, c, o is PyTorch's i, f, g, o. Keras has one bias; put it in ``bias_ih``
      and let ``bias_hh`` be zero.

    Parameters
    ----------
    cell : str, ``"gru"`` or ``"lstm"``; G is 3 or 4
    kernel : array (I, G * H)
    recurrent_kernel : array (H, G * H)
    bias : array (2, 3 * H) for a GRU, (4 * H,) for an LSTM

    Returns
    -------
    weight_ih : array (G * H, I)
    weight_hh : array (G * H, H)
    bias_ih, bias_hh : arrays (G * H,)

    All four have the dtype of what is given.

    Examples
    --------
    With I = H = 1, the blocks z, r, h become r, z, n:

    >>> weight_ih, weight_hh, bias_ih, bias_hh = keras_to_torch(
    ...     "gru", np.array([[1.0, 2.0, 3.0]]), np.array([[4.0, 5.0, 6.0]]),
    ...     np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]))
    >>> weight_ih[:, 0], weight_hh[:, 0]
    (array([2., 1., 3.]), array([5., 4., 6.]))
    >>> bias_ih, bias_hh
    (array([0.2, 0.1, 0.3]), array([0.5, 0.4, 0.6]))

    Source: ``keras.layers.GRU`` and ``keras.layers.LSTM`` of Keras 3.
    """
    if cell == "lstm":
        return kernel.T.copy(), recurrent_kernel.T.copy(), bias.copy(), np.zeros_like(bias)
    converted = []
    for given in (kernel, recurrent_kernel, bias[0], bias[1]):
        z, r, n = np.split(given.T, 3)
        converted.append(np.concatenate([r, z, n]))
    return tuple(converted)


def sample_next(logits, rng, temperature=1.0, top_k=None):
    """Choose the next character of a text from a network's scores.

    * Temperature 0 is greedy: the index of the largest score, the first where several are equal.
      ``rng`` is not used.
    * Otherwise the probabilities are softmax(logits / temperature). Below 1 the likely becomes
      likelier, above 1 all become more alike. Subtract the largest score first, so that nothing
      overflows.
    * ``top_k`` keeps the k largest scores and gives all others probability 0, before the softmax.
      Scores equal to the k-th largest are all kept. None, or a k of V or more, keeps all.

    So that everybody draws the same from the same generator, draw with a single
    ``rng.choice(V, p=probabilities)``.

    Parameters
    ----------
    logits : array (V,), float, the scores of all characters; must not change
    rng : numpy.random.Generator
    temperature : float, 0 or more
    top_k : int, at least 1, or None

    Returns
    -------
    int, an index from 0 to V − 1

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> logits = np.array([1.0, 3.0, 2.0])
    >>> sample_next(logits, rng, temperature=0)
    1
    >>> sorted({sample_next(logits, rng, top_k=2) for _ in range(100)})
    [1, 2]
    """
    if temperature == 0:
        return int(np.argmax(logits))
    scaled = (logits - logits.max()) / temperature
    if top_k is not None and top_k < len(logits):
        threshold = np.sort(scaled)[-top_k]
        scaled = np.where(scaled >= threshold, scaled, -np.inf)
    weights = np.exp(scaled)
    probabilities = weights / weights.sum()
    return int(rng.choice(len(logits), p=probabilities))
