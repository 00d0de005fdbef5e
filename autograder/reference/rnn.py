"""The plain recurrent network in NumPy, forward and backward, in PyTorch's convention.

Sizes: T steps, B rows in the batch, I input size, H hidden size, O output size of a readout.
"""

import numpy as np


def rnn_step(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    """Take one step of a plain recurrent cell: h = tanh(W_ih x + b_ih + W_hh h_prev + b_hh).

    Parameters
    ----------
    x_t : array (B, I), the input of this step
    h_prev : array (B, H), the hidden state of the step before
    weight_ih : array (H, I)
    weight_hh : array (H, H)
    bias_ih, bias_hh : arrays (H,)

    Returns
    -------
    h : array (B, H), the new hidden state, each value between −1 and 1

    Examples
    --------
    With B = I = H = 1 the sum inside tanh is 1·1 + 0.25 + (−2)·1 + 0.75 = 0:

    >>> x_t, h_prev = np.array([[1.0]]), np.array([[1.0]])
    >>> weight_ih, weight_hh = np.array([[1.0]]), np.array([[-2.0]])
    >>> bias_ih, bias_hh = np.array([0.25]), np.array([0.75])
    >>> rnn_step(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh)
    array([[0.]])

    Source: Elman (1990); two biases: ``torch.nn.RNN``.
    """
    a = x_t @ weight_ih.T + bias_ih + h_prev @ weight_hh.T + bias_hh
    return np.tanh(a)


def rnn_forward(x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    """Run a plain recurrent network over a whole sequence, handing the state from step to step.

    The same weights serve every step. The arrays that you are given must not change.

    Parameters
    ----------
    x : array (T, B, I), the inputs, time first; its numbers can be whole ones (an integer dtype),
        and the states are floating-point numbers all the same
    h0 : array (B, H), the initial hidden state
    weight_ih : array (H, I)
    weight_hh : array (H, H)
    bias_ih, bias_hh : arrays (H,)

    Returns
    -------
    output : array (T, B, H), the hidden state after every step
    h_n : array (B, H), the hidden state after the last step

    Examples
    --------
    With weight_ih = 0, weight_hh = 1 and no biases, each step is h ← tanh(h):

    >>> output, h_n = rnn_forward(
    ...     np.zeros((3, 1, 2)), np.array([[1.0]]),
    ...     np.zeros((1, 2)), np.ones((1, 1)), np.zeros(1), np.zeros(1))
    >>> output.shape
    (3, 1, 1)
    >>> output[:, 0, 0].round(4)
    array([0.7616, 0.642 , 0.5663])
    >>> h_n.round(4)
    array([[0.5663]])
    """
    h = h0
    output = []
    for x_t in x:
        h = rnn_step(x_t, h, weight_ih, weight_hh, bias_ih, bias_hh)
        output.append(h)
    return np.stack(output), h


def readout(output, weight, bias, every_step=False):
    """Turn hidden states into answers: y = W h + b, after the last step or after every step.

    One answer for a whole sequence (N–1) reads the last step; one answer for each input (N–N)
    reads every step, each time with the same weights.

    Parameters
    ----------
    output : array (T, B, H), the hidden state after every step
    weight : array (O, H), in the layout of ``torch.nn.Linear``
    bias : array (O,)
    every_step : bool; False reads the last step alone

    Returns
    -------
    array (B, O) for the last step, or (T, B, O) for every step

    Examples
    --------
    >>> output = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    >>> weight, bias = np.array([[2.0, 5.0]]), np.array([0.5])
    >>> readout(output, weight, bias)
    array([[5.5]])
    >>> readout(output, weight, bias, every_step=True)
    array([[[2.5]],
    <BLANKLINE>
           [[5.5]]])
    """
    h = output if every_step else output[-1]
    return h @ weight.T + bias


def rnn_backward(d_output, d_h_n, x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    """Backpropagate through every step of ``rnn_forward`` (BPTT).

    A loss J depends on ``output`` and ``h_n``; you are given its gradients with respect to those
    two. ``h_n`` is the last row of ``output``, so both gradients meet there and add up.

    Go from the last step to the first. With a the sum inside tanh, the gradient passes tanh as
    ∂J/∂a = ∂J/∂h ∘ (1 − h²), and reaches the step before as ∂J/∂h_prev = ∂J/∂a · W_hh. All steps
    share the weights, so the gradient of a weight or bias is a sum over steps and batch rows.

    Parameters
    ----------
    d_output : array (T, B, H), ∂J/∂output
    d_h_n : array (B, H), ∂J/∂h_n
    x, h0, weight_ih, weight_hh, bias_ih, bias_hh : the arguments of ``rnn_forward``

    Returns
    -------
    dict with a gradient for each argument, under its name and in its shape: ``"x"``, ``"h0"``,
    ``"weight_ih"``, ``"weight_hh"``, ``"bias_ih"``, ``"bias_hh"``

    Examples
    --------
    With h0 = 0, x = 0 and no biases every h is 0, so tanh has slope 1 and each step back
    multiplies by weight_hh = 0.5:

    >>> grads = rnn_backward(
    ...     np.zeros((3, 1, 1)), np.ones((1, 1)),
    ...     np.zeros((3, 1, 2)), np.zeros((1, 1)),
    ...     np.zeros((1, 2)), np.array([[0.5]]), np.zeros(1), np.zeros(1))
    >>> grads["h0"]
    array([[0.125]])
    >>> grads["bias_ih"]
    array([1.75])

    Source: Werbos (1990).
    """
    states = [h0]
    for x_t in x:
        states.append(rnn_step(x_t, states[-1], weight_ih, weight_hh, bias_ih, bias_hh))

    d_x = []
    d_weight_ih, d_weight_hh = np.zeros_like(weight_ih), np.zeros_like(weight_hh)
    d_bias = np.zeros_like(bias_ih)
    d_h = d_h_n
    for t in reversed(range(len(x))):
        h_prev, h = states[t], states[t + 1]
        d_h = d_h + d_output[t]
        d_a = d_h * (1 - h**2)
        d_weight_ih = d_weight_ih + d_a.T @ x[t]
        d_weight_hh = d_weight_hh + d_a.T @ h_prev
        d_bias = d_bias + d_a.sum(axis=0)
        d_x.append(d_a @ weight_ih)
        d_h = d_a @ weight_hh
    return {
        "x": np.stack(d_x[::-1]),
        "h0": d_h,
        "weight_ih": d_weight_ih,
        "weight_hh": d_weight_hh,
        "bias_ih": d_bias,
        "bias_hh": d_bias.copy(),
    }


def gradient_norms_through_time(output, weight_hh):
    """Measure how much of the last state's gradient reaches every earlier state.

    One step back is the Jacobian ∂h_t/∂h_{t−1} = diag(1 − h_t²) · W_hh, a matrix (H, H) for each
    batch row. The way from h_T back to h_t is the product of the steps between,
    ∂h_T/∂h_t = ∂h_T/∂h_{t+1} · ∂h_{t+1}/∂h_t, and begins with the identity at t = T. The norm is
    the spectral norm, the largest singular value (``np.linalg.norm`` with ``ord=2``): the most by
    which a gradient can be stretched.

    Parameters
    ----------
    output : array (T, B, H), the states h_1 to h_T that ``rnn_forward`` returned
    weight_hh : array (H, H)

    Returns
    -------
    array (T + 1, B): row t holds the norm of ∂h_T/∂h_t of every batch row, for t from 0 (the
    initial state) to T (where it is 1)

    Examples
    --------
    At h = 0 tanh has slope 1, so each step back multiplies by |weight_hh|:

    >>> gradient_norms_through_time(np.zeros((3, 1, 1)), np.array([[-0.5]]))
    array([[0.125],
           [0.25 ],
           [0.5  ],
           [1.   ]])

    Source: Pascanu et al. (2013).
    """
    _, B, H = output.shape
    product = np.stack([np.eye(H, dtype=output.dtype)] * B)
    norms = [np.linalg.norm(product, ord=2, axis=(1, 2))]
    for h in output[::-1]:
        step = (1 - h**2)[:, :, None] * weight_hh
        product = product @ step
        norms.append(np.linalg.norm(product, ord=2, axis=(1, 2)))
    return np.stack(norms[::-1])


def clip_grad_norm(grads, max_norm):
    """Shorten all gradients together when their common norm is larger than allowed.

    The total norm is that of one long vector that holds all the gradients: the root of the sum of
    all squares. Every gradient is multiplied by the same factor,
    min(1, max_norm / (total_norm + 10⁻⁶)), so the direction stays. The small number is PyTorch's;
    it keeps the quotient finite when all gradients are zero.

    Unlike ``torch.nn.utils.clip_grad_norm_``, this changes nothing that it is given.

    Parameters
    ----------
    grads : dict from name to array, of any shapes
    max_norm : float, the largest total norm that may stay

    Returns
    -------
    clipped : dict with the same names, each array of the same shape and dtype
    total_norm : number, the total norm before clipping

    Examples
    --------
    >>> clipped, total_norm = clip_grad_norm({"a": np.array([3.0]), "b": np.array([[4.0]])}, 1.0)
    >>> float(total_norm)
    5.0
    >>> clipped["a"].round(4), clipped["b"].round(4)
    (array([0.6]), array([[0.8]]))

    Source: Pascanu et al. (2013), algorithm 1; ``torch.nn.utils.clip_grad_norm_``.
    """
    total_norm = np.sqrt(sum(np.sum(grad**2) for grad in grads.values()))
    scale = min(1.0, max_norm / (total_norm + 1e-6))
    return {name: grad * scale for name, grad in grads.items()}, total_norm
