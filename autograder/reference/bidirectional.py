"""Reading from both ends, over padded batches: two passes, their merging, their final states.

Sizes: T steps, B rows in the batch, I input size, H hidden size. A batch of sequences of unequal
length is padded at the end: row b holds ``lengths[b]`` true steps, and what follows is filling.
"""

import numpy as np


def length_mask(lengths, T):
    """Say which steps of a padded batch are true ones.

    Parameters
    ----------
    lengths : array (B,) of int, the true steps of every row, each from 0 to T
    T : int, the steps of the padded batch

    Returns
    -------
    array (T, B) of bool, time first: True where step t belongs to row b, that is t < lengths[b]

    Examples
    --------
    >>> length_mask(np.array([3, 1]), 3)
    array([[ True,  True],
           [ True, False],
           [ True, False]])
    """
    return np.arange(T)[:, None] < lengths


def reverse_padded(x, lengths):
    """Turn every sequence of a padded batch around, and leave the padding where it is.

    Row b's first ``lengths[b]`` steps come in reverse order; the steps behind them stay as they
    are. Turning ``x`` around as a whole would put the padding in front.

    Parameters
    ----------
    x : array (T, B, I), any dtype
    lengths : array (B,) of int, the true steps of every row, each from 0 to T

    Returns
    -------
    array (T, B, I), of the same dtype; ``x`` must not change

    Examples
    --------
    Two rows, the second with one step of padding:

    >>> x = np.array([[[1], [4]], [[2], [5]], [[3], [0]]])
    >>> reverse_padded(x, np.array([3, 2]))[:, :, 0]
    array([[3, 5],
           [2, 4],
           [1, 0]])
    """
    T, B = x.shape[:2]
    t = np.arange(T)[:, None]
    source = np.where(t < lengths, lengths - 1 - t, t)
    return x[source, np.arange(B)]


def bidirectional(step_forward, step_backward, x, state_forward, state_backward, lengths):
    """Read every sequence of a padded batch from both ends, with any cell.

    A step function takes ``(x_t, state)`` and returns the new state. A state is a tuple of arrays
    (B, H) and its first is the hidden state h, which is also the step's output: ``(h,)`` for a
    plain RNN or a GRU, ``(h, c)`` for an LSTM.

    The forward pass reads each row from its first step to its last, the backward pass from its
    last TRUE step to its first, never from the padding. Both outputs are in the order of ``x``:
    the backward output at step t has read the steps t to lengths[b] − 1. Outputs are 0 at padding,
    whatever the padding holds.

    Parameters
    ----------
    step_forward, step_backward : functions of (x_t, state), one for each direction
    x : array (T, B, I), the padded inputs, time first
    state_forward, state_backward : tuples of arrays (B, H), the initial states
    lengths : array (B,) of int, the true steps of every row, each from 1 to T

    Returns
    -------
    forward : array (T, B, H), the forward pass's h after every step
    backward : array (T, B, H), the backward pass's h after every step

    Examples
    --------
    A cell that adds up what it reads:

    >>> def add(x_t, state):
    ...     return (state[0] + x_t,)
    >>> x = np.array([[[1.0], [4.0]], [[2.0], [5.0]], [[3.0], [9.0]]])
    >>> zero = (np.zeros((2, 1)),)
    >>> forward, backward = bidirectional(add, add, x, zero, zero, np.array([3, 2]))
    >>> forward[:, :, 0]
    array([[1., 4.],
           [3., 9.],
           [6., 0.]])
    >>> backward[:, :, 0]
    array([[6., 9.],
           [5., 5.],
           [3., 0.]])

    Source: Schuster & Paliwal (1997); padding as in packed sequences of PyTorch.
    """

    def run(step, x, state):
        output = []
        for x_t in x:
            state = step(x_t, state)
            output.append(state[0])
        return np.stack(output)

    inside = length_mask(lengths, len(x))[:, :, None]
    forward = run(step_forward, x, state_forward)
    backward = run(step_backward, reverse_padded(x, lengths), state_backward)
    backward = reverse_padded(backward, lengths)
    return np.where(inside, forward, 0), np.where(inside, backward, 0)


def merge_directions(forward, backward, mode):
    """Make one output of two directions.

    Parameters
    ----------
    forward, backward : arrays (T, B, H), both in the order of the input
    mode : str: ``"concat"`` puts the forward features first and the backward ones behind them (as
        PyTorch does), ``"sum"`` adds, ``"mean"`` is half the sum, ``"product"`` multiplies

    Returns
    -------
    array (T, B, 2 * H) for ``"concat"``, (T, B, H) otherwise, of the same dtype

    Errors
    ------
    ValueError for any other mode.

    Examples
    --------
    >>> forward, backward = np.array([[[1.0, 2.0]]]), np.array([[[3.0, 4.0]]])
    >>> merge_directions(forward, backward, "concat")
    array([[[1., 2., 3., 4.]]])
    >>> merge_directions(forward, backward, "mean")
    array([[[2., 3.]]])
    """
    if mode == "concat":
        return np.concatenate([forward, backward], axis=-1)
    if mode == "sum":
        return forward + backward
    if mode == "mean":
        return (forward + backward) / 2
    if mode == "product":
        return forward * backward
    raise ValueError(f"mode is {mode!r}; it must be 'concat', 'sum', 'mean' or 'product'")


def final_states(output, lengths):
    """Find where each direction ended, in the output of a bidirectional network.

    The forward pass of row b ended at its last true step. The backward pass read that step first,
    and ended at step 0. So the last row of ``output`` holds neither for a padded row, and for the
    backward pass it never does (unless T is 1).

    Parameters
    ----------
    output : array (T, B, 2 * H), both directions side by side, the forward one first
    lengths : array (B,) of int, the true steps of every row, each from 1 to T

    Returns
    -------
    array (2, B, H): the forward pass's final hidden states, then the backward pass's, as in the
    ``h_n`` of PyTorch

    Examples
    --------
    The outputs of the cell that adds up (see ``bidirectional``), for rows of three and two steps:

    >>> forward = np.array([[1.0, 4.0], [3.0, 9.0], [6.0, 0.0]])
    >>> backward = np.array([[6.0, 9.0], [5.0, 5.0], [3.0, 0.0]])
    >>> output = np.stack([forward, backward], axis=-1)
    >>> final_states(output, np.array([3, 2]))[:, :, 0]
    array([[6., 9.],
           [6., 9.]])
    """
    B, H = output.shape[1], output.shape[2] // 2
    forward = output[lengths - 1, np.arange(B), :H]
    backward = output[0, :, H:]
    return np.stack([forward, backward])
