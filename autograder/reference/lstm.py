"""The long short-term memory cell in NumPy, forward and backward, in PyTorch's convention.

Sizes: T steps, B rows in the batch, I input size, H hidden size. The four gates are stacked along
the first axis of every weight and bias in the order input, forget, candidate, output
(``i, f, g, o``), each a block of H rows.
"""

import numpy as np


def sigmoid(a):
    """Squeeze every number into the interval from 0 to 1: σ(a) = 1 / (1 + exp(−a)).

    It must be right for every number, however large: ``sigmoid(-1000.0)`` is 0 and
    ``sigmoid(1000.0)`` is 1, never ``nan``. A warning on the way costs nothing.

    Parameters
    ----------
    a : array of any shape, float; leave it as it is

    Returns
    -------
    array of the same shape, each value between 0 and 1

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1 / (1 + e), e / (1 + e))


def forget_gate(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    """Decide how much of each old memory stays: f = σ(W_if x + b_if + W_hf h + b_hf).

    The weights and biases hold all four gates, stacked in PyTorch's order i, f, g, o. The block of
    f is the second: H rows, from row H on.

    Parameters
    ----------
    x_t : array (B, I), the input of this step
    h_prev : array (B, H), the hidden state of the step before
    weight_ih : array (4 * H, I)
    weight_hh : array (4 * H, H)
    bias_ih, bias_hh : arrays (4 * H,)

    Returns
    -------
    array (B, H), each value between 0 (forget) and 1 (keep)

    Examples
    --------
    With B = I = H = 1 and only the forget gate's block not zero:

    >>> x_t, h_prev = np.array([[1.0]]), np.array([[1.0]])
    >>> weight_ih = np.array([[0.0], [1.0], [0.0], [0.0]])
    >>> weight_hh = np.array([[0.0], [-2.0], [0.0], [0.0]])
    >>> bias_ih, bias_hh = np.array([0.0, 0.25, 0.0, 0.0]), np.array([0.0, 0.75, 0.0, 0.0])
    >>> forget_gate(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh)
    array([[0.5]])
    """
    H = h_prev.shape[-1]
    block = slice(H, 2 * H)
    a = x_t @ weight_ih[block].T + bias_ih[block] + h_prev @ weight_hh[block].T + bias_hh[block]
    return sigmoid(a)


def input_gate(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    """Decide how much of each new fact is written: i = σ(W_ii x + b_ii + W_hi h + b_hi).

    The block of i is the first of the four: H rows, from row 0 on.

    Parameters
    ----------
    x_t : array (B, I), the input of this step
    h_prev : array (B, H), the hidden state of the step before
    weight_ih : array (4 * H, I)
    weight_hh : array (4 * H, H)
    bias_ih, bias_hh : arrays (4 * H,)

    Returns
    -------
    array (B, H), each value between 0 (ignore) and 1 (write)

    Examples
    --------
    With B = I = H = 1 and only the input gate's block not zero:

    >>> x_t, h_prev = np.array([[1.0]]), np.array([[1.0]])
    >>> weight_ih = np.array([[1.0], [0.0], [0.0], [0.0]])
    >>> weight_hh = np.array([[-2.0], [0.0], [0.0], [0.0]])
    >>> bias_ih, bias_hh = np.array([0.25, 0.0, 0.0, 0.0]), np.array([0.75, 0.0, 0.0, 0.0])
    >>> input_gate(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh)
    array([[0.5]])
    """
    H = h_prev.shape[-1]
    block = slice(0, H)
    a = x_t @ weight_ih[block].T + bias_ih[block] + h_prev @ weight_hh[block].T + bias_hh[block]
    return sigmoid(a)


def candidate(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    """Propose what could be written: g = tanh(W_ig x + b_ig + W_hg h + b_hg).

    The block of g is the third of the four: H rows, from row 2H on. The candidate is squeezed by
    tanh and not by σ.

    Parameters
    ----------
    x_t : array (B, I), the input of this step
    h_prev : array (B, H), the hidden state of the step before
    weight_ih : array (4 * H, I)
    weight_hh : array (4 * H, H)
    bias_ih, bias_hh : arrays (4 * H,)

    Returns
    -------
    array (B, H), each value between −1 and 1

    Examples
    --------
    With B = I = H = 1 and only the candidate's block not zero:

    >>> x_t, h_prev = np.array([[1.0]]), np.array([[1.0]])
    >>> weight_ih = np.array([[0.0], [0.0], [1.0], [0.0]])
    >>> weight_hh = np.array([[0.0], [0.0], [-2.0], [0.0]])
    >>> bias_ih, bias_hh = np.array([0.0, 0.0, 0.25, 0.0]), np.array([0.0, 0.0, 0.75, 0.0])
    >>> candidate(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh)
    array([[0.]])
    """
    H = h_prev.shape[-1]
    block = slice(2 * H, 3 * H)
    a = x_t @ weight_ih[block].T + bias_ih[block] + h_prev @ weight_hh[block].T + bias_hh[block]
    return np.tanh(a)


def update_cell(c_prev, forget, input, candidate):
    """Move the conveyor belt on by one step: c = f ∘ c_prev + i ∘ g.

    The sign ∘ is the product of two arrays number by number.

    Parameters
    ----------
    c_prev : array (B, H), the cell state of the step before; leave it as it is
    forget : array (B, H), the forget gate f, between 0 and 1
    input : array (B, H), the input gate i, between 0 and 1
    candidate : array (B, H), the candidate g, between −1 and 1

    Returns
    -------
    array (B, H), the new cell state

    Examples
    --------
    Keep all of 2.0 and write half of −1.0:

    >>> update_cell(np.array([[2.0]]), np.array([[1.0]]), np.array([[0.5]]), np.array([[-1.0]]))
    array([[1.5]])
    """
    return forget * c_prev + input * candidate


def output_gate(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    """Decide how much of the memory is said aloud: o = σ(W_io x + b_io + W_ho h + b_ho).

    The block of o is the last of the four: H rows, from row 3H on.

    Parameters
    ----------
    x_t : array (B, I), the input of this step
    h_prev : array (B, H), the hidden state of the step before
    weight_ih : array (4 * H, I)
    weight_hh : array (4 * H, H)
    bias_ih, bias_hh : arrays (4 * H,)

    Returns
    -------
    array (B, H), each value between 0 (silent) and 1 (say it)

    Examples
    --------
    With B = I = H = 1 and only the output gate's block not zero:

    >>> x_t, h_prev = np.array([[1.0]]), np.array([[1.0]])
    >>> weight_ih = np.array([[0.0], [0.0], [0.0], [1.0]])
    >>> weight_hh = np.array([[0.0], [0.0], [0.0], [-2.0]])
    >>> bias_ih, bias_hh = np.array([0.0, 0.0, 0.0, 0.25]), np.array([0.0, 0.0, 0.0, 0.75])
    >>> output_gate(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh)
    array([[0.5]])
    """
    H = h_prev.shape[-1]
    block = slice(3 * H, 4 * H)
    a = x_t @ weight_ih[block].T + bias_ih[block] + h_prev @ weight_hh[block].T + bias_hh[block]
    return sigmoid(a)


def lstm_step(x_t, h_prev, c_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    """Take one step of an LSTM cell.

    With the gates i, f, g, o:  c = f ∘ c_prev + i ∘ g  and  h = o ∘ tanh(c).

    Return the pair ``(h, c)``, in this order. Leave ``h_prev`` and ``c_prev`` as they are.

    Parameters
    ----------
    x_t : array (B, I), the input of this step
    h_prev : array (B, H), the hidden state of the step before
    c_prev : array (B, H), the cell state of the step before
    weight_ih : array (4 * H, I)
    weight_hh : array (4 * H, H)
    bias_ih, bias_hh : arrays (4 * H,)

    Returns
    -------
    h : array (B, H), the new hidden state
    c : array (B, H), the new cell state

    Examples
    --------
    With all weights and biases zero, every gate is 0.5 and the candidate is 0:

    >>> zeros = np.zeros
    >>> h, c = lstm_step(
    ...     np.ones((1, 1)), zeros((1, 1)), np.array([[2.0]]),
    ...     zeros((4, 1)), zeros((4, 1)), zeros(4), zeros(4))
    >>> c
    array([[1.]])
    >>> h.round(4)
    array([[0.3808]])

    Source: Hochreiter & Schmidhuber (1997); forget gate: Gers et al. (2000); two biases and gate
    order: ``torch.nn.LSTM``.
    """
    a = x_t @ weight_ih.T + bias_ih + h_prev @ weight_hh.T + bias_hh
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=-1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c


def lstm_forward(x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh):
    """Run an LSTM over a whole sequence, handing both states from step to step.

    Return ``output, (h_n, c_n)``. Row t of ``output`` is the hidden state after step t has been
    taken, so the last row equals ``h_n``. Leave ``h0`` and ``c0`` as they are.

    Parameters
    ----------
    x : array (T, B, I), the inputs, time first; its numbers can be whole ones (an integer dtype),
        and the states are floating-point numbers all the same
    h0 : array (B, H), the initial hidden state
    c0 : array (B, H), the initial cell state
    weight_ih : array (4 * H, I)
    weight_hh : array (4 * H, H)
    bias_ih, bias_hh : arrays (4 * H,)

    Returns
    -------
    output : array (T, B, H), the hidden state after every step
    (h_n, c_n) : pair of arrays (B, H), both states after the last step

    Examples
    --------
    With all weights and biases zero, the forget gate is 0.5, so each step halves the memory:

    >>> zeros = np.zeros
    >>> output, (h_n, c_n) = lstm_forward(
    ...     zeros((3, 1, 2)), zeros((1, 1)), np.array([[8.0]]),
    ...     zeros((4, 2)), zeros((4, 1)), zeros(4), zeros(4))
    >>> output.shape
    (3, 1, 1)
    >>> c_n
    array([[1.]])
    """
    h, c = h0, c0
    output = []
    for x_t in x:
        h, c = lstm_step(x_t, h, c, weight_ih, weight_hh, bias_ih, bias_hh)
        output.append(h)
    return np.stack(output), (h, c)


def split_concatenated_weights(W_i, W_f, W_g, W_o, b_i, b_f, b_g, b_o):
    """Turn the papers' weights on ``[h, x]`` into PyTorch's two matrices and two biases.

    The papers write a gate as σ(W·[h, x] + b): one matrix whose first H columns meet h and whose
    last I columns meet x, and one bias. PyTorch keeps ``weight_hh`` and ``weight_ih`` apart, stacks
    the gates in the order i, f, g, o, and has two biases. Put the papers' bias in ``bias_ih`` and
    let ``bias_hh`` be zero.

    Parameters
    ----------
    W_i, W_f, W_g, W_o : arrays (H, H + I), one for each gate (g is the candidate)
    b_i, b_f, b_g, b_o : arrays (H,)

    Returns
    -------
    weight_ih : array (4 * H, I)
    weight_hh : array (4 * H, H)
    bias_ih : array (4 * H,)
    bias_hh : array (4 * H,), all zero

    Examples
    --------
    With H = 1 and I = 2:

    >>> W = np.array([[7.0, 1.0, 2.0]])
    >>> b = np.array([0.5])
    >>> weight_ih, weight_hh, bias_ih, bias_hh = split_concatenated_weights(
    ...     W, W + 10, W + 20, W + 30, b, b + 1, b + 2, b + 3)
    >>> weight_ih
    array([[ 1.,  2.],
           [11., 12.],
           [21., 22.],
           [31., 32.]])
    >>> weight_hh[:, 0], bias_ih
    (array([ 7., 17., 27., 37.]), array([0.5, 1.5, 2.5, 3.5]))
    """
    H = b_i.shape[0]
    weight = np.concatenate([W_i, W_f, W_g, W_o])
    bias = np.concatenate([b_i, b_f, b_g, b_o])
    return weight[:, H:], weight[:, :H], bias, np.zeros_like(bias)


def lstm_backward(d_output, d_h_n, d_c_n, x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh):
    """Backpropagate through every step of ``lstm_forward``.

    A loss J depends on ``output``, ``h_n`` and ``c_n``; you are given its gradients with respect
    to those three. ``h_n`` is the last row of ``output``, so both gradients meet there and add up.
    All steps share the weights, so the weights' gradients add up over the steps and the rows of
    the batch. Leave all arguments as they are.

    Parameters
    ----------
    d_output : array (T, B, H), ∂J/∂output
    d_h_n, d_c_n : arrays (B, H), ∂J/∂h_n and ∂J/∂c_n
    x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh : the arguments of ``lstm_forward``, all of
        them float

    Returns
    -------
    dict with a gradient for each argument, under its name and in its shape: ``"x"``, ``"h0"``,
    ``"c0"``, ``"weight_ih"``, ``"weight_hh"``, ``"bias_ih"``, ``"bias_hh"``

    Examples
    --------
    With all weights and biases zero, only the forget gate's half comes back along the belt:

    >>> zeros = np.zeros
    >>> grads = lstm_backward(
    ...     zeros((3, 1, 1)), zeros((1, 1)), np.ones((1, 1)),
    ...     zeros((3, 1, 2)), zeros((1, 1)), zeros((1, 1)),
    ...     zeros((4, 2)), zeros((4, 1)), zeros(4), zeros(4))
    >>> grads["c0"]
    array([[0.125]])

    Source: Greff et al. (2017), section II.B, without peepholes.
    """
    h_prev, c_prev = [], []
    h, c = h0, c0
    for x_t in x:
        h_prev.append(h)
        c_prev.append(c)
        h, c = lstm_step(x_t, h, c, weight_ih, weight_hh, bias_ih, bias_hh)

    d_x = np.zeros_like(x)
    d_weight_ih, d_weight_hh = np.zeros_like(weight_ih), np.zeros_like(weight_hh)
    d_bias = np.zeros_like(bias_ih)
    d_h, d_c = d_h_n, d_c_n
    for t in reversed(range(len(x))):
        a = x[t] @ weight_ih.T + bias_ih + h_prev[t] @ weight_hh.T + bias_hh
        a_i, a_f, a_g, a_o = np.split(a, 4, axis=-1)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        tanh_c = np.tanh(f * c_prev[t] + i * g)
        d_h = d_h + d_output[t]
        d_c = d_c + d_h * o * (1 - tanh_c**2)
        d_a_i = d_c * g * i * (1 - i)
        d_a_f = d_c * c_prev[t] * f * (1 - f)
        d_a_g = d_c * i * (1 - g**2)
        d_a_o = d_h * tanh_c * o * (1 - o)
        d_a = np.concatenate([d_a_i, d_a_f, d_a_g, d_a_o], axis=-1)
        d_weight_ih = d_weight_ih + d_a.T @ x[t]
        d_weight_hh = d_weight_hh + d_a.T @ h_prev[t]
        d_bias = d_bias + d_a.sum(axis=0)
        d_x[t] = d_a @ weight_ih
        d_h = d_a @ weight_hh
        d_c = d_c * f
    return {
        "x": d_x,
        "h0": d_h,
        "c0": d_c,
        "weight_ih": d_weight_ih,
        "weight_hh": d_weight_hh,
        "bias_ih": d_bias,
        "bias_hh": d_bias,
    }
