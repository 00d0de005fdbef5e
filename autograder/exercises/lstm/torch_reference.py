"""What is right in PyTorch: cell, stacked network, shapes, forget bias.

The docstrings are the texts that students read.
"""

import torch
from torch import nn


class LSTMCell(nn.Module):
    """One step of an LSTM, as ``torch.nn.LSTMCell`` does it.

    Parameters
    ----------
    input_size : int, I
    hidden_size : int, H

    The module has these four parameters and no others, each an ``nn.Parameter``, with the gates
    stacked in the order i, f, g, o and all numbers drawn evenly between −1/√H and 1/√H:

    * ``weight_ih`` (4 * H, I)
    * ``weight_hh`` (4 * H, H)
    * ``bias_ih`` and ``bias_hh`` (4 * H,)

    ``forward(x_t, state)`` takes the input of one step, a tensor (B, I), and the pair
    ``state = (h, c)`` of tensors (B, H). It returns the new pair ``(h, c)``, in this order, and
    leaves the old states as they are.

    It must work in float32 and, after ``cell.double()``, in float64. Gradients must flow back to
    ``x_t``, both states and all four parameters.

    Examples
    --------
    >>> cell = LSTMCell(input_size=3, hidden_size=5)
    >>> h, c = cell(torch.zeros(2, 3), (torch.zeros(2, 5), torch.zeros(2, 5)))
    >>> h.shape
    torch.Size([2, 5])
    """

    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.weight_ih = nn.Parameter(torch.empty(4 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(4 * hidden_size, hidden_size))
        self.bias_ih = nn.Parameter(torch.empty(4 * hidden_size))
        self.bias_hh = nn.Parameter(torch.empty(4 * hidden_size))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x_t, state):
        h, c = state
        a = x_t @ self.weight_ih.T + self.bias_ih + h @ self.weight_hh.T + self.bias_hh
        i, f, g, o = a.chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, c


class LSTM(nn.Module):
    """A stack of LSTM layers over a sequence, as ``torch.nn.LSTM`` does it.

    Parameters
    ----------
    input_size : int, I
    hidden_size : int, H
    num_layers : int, L; layer 0 reads x, each other layer reads the outputs of the layer below
    batch_first : bool; if True, ``x`` and ``output`` are (B, T, ·) instead of (T, B, ·), while
        the states stay as they are

    Build it from your ``LSTMCell``: an ``nn.ModuleList`` named ``cells`` with one cell for each
    layer, layer 0 first, so that the parameters are named ``cells.0.weight_ih``,
    ``cells.1.weight_ih`` and so on. There are no other parameters.

    ``forward(x, state=None)`` takes ``x`` (T, B, I) and a pair ``state = (h0, c0)`` of tensors
    (L, B, H), or None for zeros. It returns ``output, (h_n, c_n)``: ``output`` (T, B, H) holds the
    hidden states of the top layer, ``h_n`` and ``c_n`` (L, B, H) the last states of every layer.

    It must work in float32 and, after ``network.double()``, in float64: what you make anew must
    have the dtype of ``x``. It leaves ``x`` and the states as they are, and gradients must flow
    back to them and to all parameters.

    Examples
    --------
    >>> network = LSTM(input_size=3, hidden_size=5, num_layers=2, batch_first=True)
    >>> output, (h_n, c_n) = network(torch.zeros(4, 7, 3))
    >>> output.shape, h_n.shape
    (torch.Size([4, 7, 5]), torch.Size([2, 4, 5]))
    """

    def __init__(self, input_size, hidden_size, num_layers=1, batch_first=False):
        super().__init__()
        self.hidden_size = hidden_size
        self.batch_first = batch_first
        self.cells = nn.ModuleList(
            LSTMCell(input_size if k == 0 else hidden_size, hidden_size) for k in range(num_layers)
        )

    def forward(self, x, state=None):
        if self.batch_first:
            x = x.transpose(0, 1)
        if state is None:
            zeros = x.new_zeros(len(self.cells), x.shape[1], self.hidden_size)
            state = (zeros, zeros)
        h_n, c_n = [], []
        for cell, h, c in zip(self.cells, *state, strict=True):
            output = []
            for x_t in x:
                h, c = cell(x_t, (h, c))
                output.append(h)
            x = torch.stack(output)
            h_n.append(h)
            c_n.append(c)
        if self.batch_first:
            x = x.transpose(0, 1)
        return x, (torch.stack(h_n), torch.stack(c_n))


def lstm_shapes(input_size, hidden_size, num_layers, bidirectional, batch_first, T, B):
    """Predict the shapes of what ``torch.nn.LSTM`` takes, returns and holds, without building one.

    Parameters
    ----------
    input_size, hidden_size, num_layers : int, the arguments of the network
    bidirectional, batch_first : bool, likewise
    T : int, steps in the sequence
    B : int, rows in the batch

    Returns
    -------
    dict of tuples of int, with the keys ``"x"`` (what goes in), ``"output"``, ``"h_n"``,
    ``"c_n"``, and the parameters of layer 0, ``"weight_ih_l0"``, ``"weight_hh_l0"`` and
    ``"bias_ih_l0"``

    Examples
    --------
    >>> shapes = lstm_shapes(5, 6, 2, False, False, T=1, B=3)
    >>> shapes["x"], shapes["h_n"]
    ((1, 3, 5), (2, 3, 6))
    """
    D = 2 if bidirectional else 1
    x, output = (T, B, input_size), (T, B, D * hidden_size)
    if batch_first:
        x, output = (B, T, input_size), (B, T, D * hidden_size)
    state = (D * num_layers, B, hidden_size)
    return {
        "x": x,
        "output": output,
        "h_n": state,
        "c_n": state,
        "weight_ih_l0": (4 * hidden_size, input_size),
        "weight_hh_l0": (4 * hidden_size, hidden_size),
        "bias_ih_l0": (4 * hidden_size,),
    }


def init_forget_bias(lstm, value=1.0):
    """Set the forget gate's bias of every layer and direction of a ``torch.nn.LSTM``.

    PyTorch adds two biases. Afterwards the forget gate's block (H numbers, from number H on) is
    ``value`` in every ``bias_ih_l…`` and 0 in every ``bias_hh_l…``, so that their sum is
    ``value``. The second direction's parameters have names that end in ``_reverse``. Nothing else
    changes, and all parameters can still learn.

    Parameters
    ----------
    lstm : torch.nn.LSTM with any number of layers and one or two directions, changed in place
    value : float, what the two biases of the forget gate add up to

    Returns
    -------
    None

    Examples
    --------
    >>> lstm = nn.LSTM(input_size=3, hidden_size=2)
    >>> init_forget_bias(lstm, 1.0)
    >>> lstm.bias_ih_l0[2:4]
    tensor([1., 1.], grad_fn=<SliceBackward0>)

    Source: Gers et al. (2000); Jozefowicz et al. (2015).
    """
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if name.startswith("bias_ih"):
                parameter[H : 2 * H] = value
            elif name.startswith("bias_hh"):
                parameter[H : 2 * H] = 0.0
