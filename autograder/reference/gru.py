"""The gated recurrent unit in NumPy, forward and backward, in PyTorch's convention and others.

Sizes: T steps, B rows in the batch, I input size, H hidden size. The gates are stacked along the
first axis of every weight and bias in the order reset, update, candidate (``r, z, n``), each a
block of H rows.
"""

import numpy as np

from .lstm import sigmoid


def update_gate(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    """Decide how much of the old state stays: z = σ(W_iz x + b_iz + W_hz h + b_hz).

    The weights hold both gates and the candidate, stacked in PyTorch's order r, z, n. Take the
    block of z, the second: H rows, from row H on.

    Parameters
    ----------
    x_t : array (B, I), the input of this step
    h_prev : array (B, H), the hidden state of the step before
    weight_ih : array (3 * H, I)
    weight_hh : array (3 * H, H)
    bias_ih, bias_hh : arrays (3 * H,)

    Returns
    -------
    array (B, H), each value between 0 (take the candidate) and 1 (keep the old state)

    Examples
    --------
    With B = I = H = 1 and only the update gate's block not zero:

    >>> x_t, h_prev = np.array([[1.0]]), np.array([[1.0]])
    >>> weight_ih = np.array([[0.0], [1.0], [0.0]])
    >>> weight_hh = np.array([[0.0], [-2.0], [0.0]])
    >>> bias_ih, bias_hh = np.array([0.0, 0.25, 0.0]), np.array([0.0, 0.75, 0.0])
    >>> update_gate(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh)
    array([[0.5]])
    """
    H = h_prev.shape[-1]
    block = slice(H, 2 * H)
    a = x_t @ weight_ih[block].T + bias_ih[block] + h_prev @ weight_hh[block].T + bias_hh[block]
    return sigmoid(a)


def reset_gate(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    """Decide how much of the past enters the candidate: r = σ(W_ir x + b_ir + W_hr h + b_hr).

    The block of r is the first of the three: H rows, from row 0 on.

    Parameters
    ----------
    x_t : array (B, I), the input of this step
    h_prev : array (B, H), the hidden state of the step before
    weight_ih : array (3 * H, I)
    weight_hh : array (3 * H, H)
    bias_ih, bias_hh : arrays (3 * H,)

    Returns
    -------
    array (B, H), each value between 0 (without the past) and 1 (with all of it)

    Examples
    --------
    With B = I = H = 1 and only the reset gate's block not zero:

    >>> x_t, h_prev = np.array([[1.0]]), np.array([[1.0]])
    >>> weight_ih = np.array([[1.0], [0.0], [0.0]])
    >>> weight_hh = np.array([[-2.0], [0.0], [0.0]])
    >>> bias_ih, bias_hh = np.array([0.25, 0.0, 0.0]), np.array([0.75, 0.0, 0.0])
    >>> reset_gate(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh)
    array([[0.5]])
    """
    H = h_prev.shape[-1]
    block = slice(0, H)
    a = x_t @ weight_ih[block].T + bias_ih[block] + h_prev @ weight_hh[block].T + bias_hh[block]
    return sigmoid(a)


def candidate(x_t, h_prev, reset, weight_ih, weight_hh, bias_ih, bias_hh):
    """Propose a new state: n = tanh(W_in x + b_in + r ∘ (W_hn h + b_hn)).

    As in PyTorch, the reset gate r comes after the recurrent product, and the recurrent bias b_hn
    stands inside its brackets. The sign ∘ is the product of two arrays number by number. The block
    of n is the last of the three: H rows, from row 2H on.

    Parameters
    ----------
    x_t : array (B, I), the input of this step
    h_prev : array (B, H), the hidden state of the step before
    reset : array (B, H), the reset gate r, between 0 and 1
    weight_ih : array (3 * H, I)
    weight_hh : array (3 * H, H)
    bias_ih, bias_hh : arrays (3 * H,)

    Returns
    -------
    array (B, H), each value between −1 and 1

    Examples
    --------
    With B = I = H = 1 and r = 0.5, the sum inside tanh is 1·1 + 0.25 + 0.5 · (−4·1 + 1.5) = 0:

    >>> x_t, h_prev, reset = np.array([[1.0]]), np.array([[1.0]]), np.array([[0.5]])
    >>> weight_ih = np.array([[0.0], [0.0], [1.0]])
    >>> weight_hh = np.array([[0.0], [0.0], [-4.0]])
    >>> bias_ih, bias_hh = np.array([0.0, 0.0, 0.25]), np.array([0.0, 0.0, 1.5])
    >>> candidate(x_t, h_prev, reset, weight_ih, weight_hh, bias_ih, bias_hh)
    array([[0.]])
    """
    H = h_prev.shape[-1]
    block = slice(2 * H, 3 * H)
    from_input = x_t @ weight_ih[block].T + bias_ih[block]
    from_state = h_prev @ weight_hh[block].T + bias_hh[block]
    return np.tanh(from_input + reset * from_state)


def gru_step(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    """Take one step of a GRU cell, as PyTorch does it.

    With the gates r and z and the candidate n = tanh(W_in x + b_in + r ∘ (W_hn h + b_hn)):
    h = (1 − z) ∘ n + z ∘ h_prev. So z weighs the OLD state: with z = 1 nothing changes.

    Return the new state alone: a GRU has no second one. Leave ``h_prev`` as it is.

    Parameters
    ----------
    x_t : array (B, I), the input of this step
    h_prev : array (B, H), the hidden state of the step before
    weight_ih : array (3 * H, I), the blocks in the order r, z, n
    weight_hh : array (3 * H, H)
    bias_ih, bias_hh : arrays (3 * H,)

    Returns
    -------
    h : array (B, H), the new hidden state

    Examples
    --------
    With all weights and biases zero, both gates are 0.5 and the candidate is 0:

    >>> zeros = np.zeros
    >>> gru_step(
    ...     np.ones((1, 1)), np.array([[2.0]]), zeros((3, 1)), zeros((3, 1)), zeros(3), zeros(3))
    array([[1.]])

    Source: Cho et al. (2014); reset after the product, two biases and order: ``torch.nn.GRU``.
    """
    a_input = x_t @ weight_ih.T + bias_ih
    a_state = h_prev @ weight_hh.T + bias_hh
    input_r, input_z, input_n = np.split(a_input, 3, axis=-1)
    state_r, state_z, state_n = np.split(a_state, 3, axis=-1)
    r = sigmoid(input_r + state_r)
    z = sigmoid(input_z + state_z)
    n = np.tanh(input_n + r * state_n)
    return (1 - z) * n + z * h_prev


def gru_step_cho(x_t, h_prev, weight_ih, weight_hh, bias):
    """Take one step of a GRU cell, as the paper of Cho et al. writes it.

    The gates are the same as PyTorch's: r = σ(W_r x + U_r h_prev + b_r), and z likewise. The
    candidate is not: the reset gate meets the old state BEFORE the recurrent product,
    h̃ = tanh(W x + U (r ∘ h_prev) + b).

    The blend is PyTorch's too: h = z ∘ h_prev + (1 − z) ∘ h̃, so z weighs the OLD state. Chung et
    al. (2014) let z weigh the new state instead, h = (1 − z) ∘ h_prev + z ∘ h̃; that is not asked
    for here.

    The matrices are stacked as PyTorch stacks them, in the order r, z, h̃: the paper's W_r, W_z, W
    in ``weight_ih`` and its U_r, U_z, U in ``weight_hh``. The paper writes its equations without
    biases. One bias is enough in this form, because a second would only be added to the first.

    Parameters
    ----------
    x_t : array (B, I), the input of this step
    h_prev : array (B, H), the hidden state of the step before
    weight_ih : array (3 * H, I), the blocks W_r, W_z, W
    weight_hh : array (3 * H, H), the blocks U_r, U_z, U
    bias : array (3 * H,), the blocks b_r, b_z, b

    Returns
    -------
    h : array (B, H), the new hidden state; ``h_prev`` stays as it is

    Examples
    --------
    With the gates' weights zero, r = z = 0.5. With U = 1, W = 0 and h_prev = 2 the candidate is
    tanh(0.5 · 2), and h = 0.5 · 2 + 0.5 · tanh(1):

    >>> weight_ih, weight_hh = np.zeros((3, 1)), np.array([[0.0], [0.0], [1.0]])
    >>> gru_step_cho(np.ones((1, 1)), np.array([[2.0]]), weight_ih, weight_hh, np.zeros(3)).round(4)
    array([[1.3808]])

    Source: Cho et al. (2014), arXiv 1406.1078v3, section 2.3.
    """
    H = h_prev.shape[-1]
    W_r, W_z, W = weight_ih[:H], weight_ih[H : 2 * H], weight_ih[2 * H :]
    U_r, U_z, U = weight_hh[:H], weight_hh[H : 2 * H], weight_hh[2 * H :]
    b_r, b_z, b = bias[:H], bias[H : 2 * H], bias[2 * H :]
    r = sigmoid(x_t @ W_r.T + h_prev @ U_r.T + b_r)
    z = sigmoid(x_t @ W_z.T + h_prev @ U_z.T + b_z)
    h_tilde = np.tanh(x_t @ W.T + (r * h_prev) @ U.T + b)
    return z * h_prev + (1 - z) * h_tilde


def simplified_gru_step(x_t, c_prev, W_c, W_u, b_c, b_u):
    """Take one step of Ng's simplified GRU, a memory cell with a single gate.

    In his notation the state is c (which is also what the cell says: a = c), and the weights act
    on [c_prev, x], the old state and the input side by side, the state first:

    c̃ = tanh(W_c [c_prev, x] + b_c)  and  Γ_u = σ(W_u [c_prev, x] + b_u),
    then  c = Γ_u ∘ c̃ + (1 − Γ_u) ∘ c_prev.

    So Γ_u weighs the NEW value: with Γ_u = 0 the memory stays as it is. Leave the array
    ``c_prev`` unchanged.

    Parameters
    ----------
    x_t : array (B, I), the input of this step
    c_prev : array (B, H), the memory of the step before
    W_c, W_u : arrays (H, H + I); the first H columns meet c_prev, the last I columns meet x
    b_c, b_u : arrays (H,)

    Returns
    -------
    c : array (B, H), the new memory

    Examples
    --------
    With all weights and biases zero, the gate is 0.5 and the candidate is 0:

    >>> W, b = np.zeros((1, 2)), np.zeros(1)
    >>> simplified_gru_step(np.ones((1, 1)), np.array([[2.0]]), W, W, b, b)
    array([[1.]])

    Source: Ng, Sequence Models (deeplearning.ai), the lecture on the GRU.
    """
    cx = np.concatenate([c_prev, x_t], axis=-1)
    c_tilde = np.tanh(cx @ W_c.T + b_c)
    gamma_u = sigmoid(cx @ W_u.T + b_u)
    return gamma_u * c_tilde + (1 - gamma_u) * c_prev


def gru_forward(x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    """Run a GRU over a whole sequence, handing the state from step to step.

    Return the pair ``output, h_n``. Row t of ``output`` is the hidden state after step t has been
    taken, so the last row equals ``h_n``. Leave ``h0`` as it is.

    Parameters
    ----------
    x : array (T, B, I), the inputs, time first; its numbers can be whole ones (an integer dtype),
        and the states are floating-point numbers all the same
    h0 : array (B, H), the initial hidden state
    weight_ih : array (3 * H, I), the blocks in the order r, z, n
    weight_hh : array (3 * H, H)
    bias_ih, bias_hh : arrays (3 * H,)

    Returns
    -------
    output : array (T, B, H), the hidden state after every step
    h_n : array (B, H), the hidden state after the last step

    Examples
    --------
    With all weights and biases zero, z is 0.5 and n is 0, so each step halves the state:

    >>> zeros = np.zeros
    >>> output, h_n = gru_forward(
    ...     zeros((3, 1, 2)), np.array([[8.0]]), zeros((3, 2)), zeros((3, 1)), zeros(3), zeros(3))
    >>> output[:, 0, 0]
    array([4., 2., 1.])
    >>> h_n
    array([[1.]])
    """
    h = h0
    output = []
    for x_t in x:
        h = gru_step(x_t, h, weight_ih, weight_hh, bias_ih, bias_hh)
        output.append(h)
    return np.stack(output), h


def convert_update_convention(weight_ih, weight_hh, bias_ih, bias_hh):
    """Carry GRU weights over from one convention for z to the other.

    PyTorch, Keras and Cho et al. let z weigh the old state: (1 − z) ∘ n + z ∘ h_prev. Chung et
    al. let it weigh the new one: (1 − z) ∘ h_prev + z ∘ n. A cell of one kind gives the same
    outputs as a cell of the other kind if its gate is 1 − z. Since 1 − σ(a) = σ(−a), this takes a
    change of sign in all that makes up z's sum a, and in nothing else. The same change leads back.

    Parameters
    ----------
    weight_ih : array (3 * H, I), the blocks in the order r, z, n
    weight_hh : array (3 * H, H)
    bias_ih, bias_hh : arrays (3 * H,)

    Returns
    -------
    weight_ih, weight_hh, bias_ih, bias_hh : new arrays of the same shapes; the given ones must not
        change

    Examples
    --------
    >>> weight_ih = np.array([[1.0], [2.0], [3.0]])
    >>> bias_ih = np.array([4.0, 5.0, 6.0])
    >>> converted = convert_update_convention(weight_ih, weight_ih, bias_ih, bias_ih)
    >>> converted[0][:, 0], converted[2]
    (array([ 1., -2.,  3.]), array([ 4., -5.,  6.]))

    Source: Cho et al. (2014), arXiv 1406.1078v3; Chung et al. (2014), arXiv 1412.3555.
    """
    H = weight_hh.shape[-1]
    converted = []
    for given in (weight_ih, weight_hh, bias_ih, bias_hh):
        new = given.copy()
        new[H : 2 * H] = -new[H : 2 * H]
        converted.append(new)
    return tuple(converted)


def gru_as_rnn(weight_ih, weight_hh, bias_ih, bias_hh, z_keeps_old):
    """Choose a GRU's parameters so that every step equals a step of a given plain RNN.

    You get the RNN's weights and build the GRU's. The reset gate must be 1 everywhere and the
    update gate must let the candidate alone through. Which value of z does that depends on the
    convention: where z weighs the old state (PyTorch), and where it weighs the new one (Chung et
    al.), it is not the same.

    Hold a gate by its bias: let all its weights be 0, its ``bias_hh`` 0 and its ``bias_ih`` +100
    for a gate of 1, −100 for a gate of 0. In float32 and in float64, σ(100) is 1 exactly and
    σ(−100) is less than 10⁻⁴³, so that outputs agree to the last digits.

    Parameters
    ----------
    weight_ih : array (H, I), the RNN's, as are the next three
    weight_hh : array (H, H)
    bias_ih, bias_hh : arrays (H,)
    z_keeps_old : bool; True for h = (1 − z) ∘ n + z ∘ h_prev, False for
        h = (1 − z) ∘ h_prev + z ∘ n

    Returns
    -------
    weight_ih : array (3 * H, I), the GRU's, in the order r, z, n, as are the next three
    weight_hh : array (3 * H, H)
    bias_ih, bias_hh : arrays (3 * H,)

    All four have the dtype of what is given.

    Examples
    --------
    The candidate's block is the plain RNN; the gates' weights are zero:

    >>> weights = gru_as_rnn(
    ...     np.array([[7.0]]), np.array([[8.0]]), np.array([5.0]), np.array([6.0]), True)
    >>> weights[0][:, 0], weights[1][:, 0], weights[3]
    (array([0., 0., 7.]), array([0., 0., 8.]), array([0., 0., 6.]))
    >>> h = gru_step(np.array([[0.5]]), np.array([[-1.0]]), *weights)
    >>> h == np.tanh([[7.0 * 0.5 + 5.0 + 8.0 * -1.0 + 6.0]])
    array([[ True]])
    """
    zero_ih, zero_hh, zero = map(np.zeros_like, (weight_ih, weight_hh, bias_ih))
    b_r = zero + 100
    b_z = zero - 100 if z_keeps_old else zero + 100
    return (
        np.concatenate([zero_ih, zero_ih, weight_ih]),
        np.concatenate([zero_hh, zero_hh, weight_hh]),
        np.concatenate([b_r, b_z, bias_ih]),
        np.concatenate([zero, zero, bias_hh]),
    )


def gru_backward(d_output, d_h_n, x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    """Backpropagate through every step of ``gru_forward``.

    A loss J depends on ``output`` and ``h_n``; you are given its gradients with respect to those
    two. ``h_n`` is the last row of ``output``, so both gradients meet there and add up.

    The old state is used four times in a step: in r, in z, in n, and in the blend. Its gradient is
    the sum of all four. ``bias_hh`` and ``bias_ih`` have different gradients here, because r
    stands before b_hn. All steps share the weights, so the weights' gradients add up over the
    steps and the rows of the batch. Leave all arguments as they are.

    Parameters
    ----------
    d_output : array (T, B, H), ∂J/∂output
    d_h_n : array (B, H), ∂J/∂h_n
    x, h0, weight_ih, weight_hh, bias_ih, bias_hh : the arguments of ``gru_forward``, all of them
        float

    Returns
    -------
    dict with a gradient for each argument, under its name and in its shape: ``"x"``, ``"h0"``,
    ``"weight_ih"``, ``"weight_hh"``, ``"bias_ih"``, ``"bias_hh"``

    Examples
    --------
    With all weights and biases zero, z = 0.5 of the gradient comes back at each step:

    >>> zeros = np.zeros
    >>> grads = gru_backward(
    ...     zeros((3, 1, 1)), np.ones((1, 1)),
    ...     zeros((3, 1, 2)), zeros((1, 1)), zeros((3, 2)), zeros((3, 1)), zeros(3), zeros(3))
    >>> grads["h0"]
    array([[0.125]])
    >>> grads["bias_ih"], grads["bias_hh"]
    (array([0.   , 0.   , 0.875]), array([0.    , 0.    , 0.4375]))
    """
    h_prev = [h0]
    for x_t in x:
        h_prev.append(gru_step(x_t, h_prev[-1], weight_ih, weight_hh, bias_ih, bias_hh))

    d_x = []
    d_weight_ih, d_weight_hh = np.zeros_like(weight_ih), np.zeros_like(weight_hh)
    d_bias_ih, d_bias_hh = np.zeros_like(bias_ih), np.zeros_like(bias_hh)
    d_h = d_h_n
    for t in reversed(range(len(x))):
        a_input = x[t] @ weight_ih.T + bias_ih
        a_state = h_prev[t] @ weight_hh.T + bias_hh
        input_r, input_z, input_n = np.split(a_input, 3, axis=-1)
        state_r, state_z, state_n = np.split(a_state, 3, axis=-1)
        r = sigmoid(input_r + state_r)
        z = sigmoid(input_z + state_z)
        n = np.tanh(input_n + r * state_n)
        d_h = d_h + d_output[t]
        d_a_n = d_h * (1 - z) * (1 - n**2)
        d_a_z = d_h * (h_prev[t] - n) * z * (1 - z)
        d_a_r = d_a_n * state_n * r * (1 - r)
        d_a_input = np.concatenate([d_a_r, d_a_z, d_a_n], axis=-1)
        d_a_state = np.concatenate([d_a_r, d_a_z, d_a_n * r], axis=-1)
        d_weight_ih = d_weight_ih + d_a_input.T @ x[t]
        d_weight_hh = d_weight_hh + d_a_state.T @ h_prev[t]
        d_bias_ih = d_bias_ih + d_a_input.sum(axis=0)
        d_bias_hh = d_bias_hh + d_a_state.sum(axis=0)
        d_x.append(d_a_input @ weight_ih)
        d_h = d_h * z + d_a_state @ weight_hh
    return {
        "x": np.stack(d_x[::-1]),
        "h0": d_h,
        "weight_ih": d_weight_ih,
        "weight_hh": d_weight_hh,
        "bias_ih": d_bias_ih,
        "bias_hh": d_bias_hh,
    }
