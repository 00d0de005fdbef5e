"""What is right in PyTorch: cell, stacked network, a regressor and a classifier of sequences.

The docstrings are the texts that students read.
"""

import torch
from torch import nn


class GRUCell(nn.Module):
    """One step of a GRU, as ``torch.nn.GRUCell`` does it.

    Parameters
    ----------
    input_size : int, I
    hidden_size : int, H

    The module has these four parameters and no others, each an ``nn.Parameter``, with the blocks
    stacked in the order r, z, n and all numbers drawn evenly between −1/√H and 1/√H:

    * ``weight_ih`` (3 * H, I)
    * ``weight_hh`` (3 * H, H)
    * ``bias_ih`` and ``bias_hh`` (3 * H,)

    ``forward(x_t, h)`` takes the input of one step, a tensor (B, I), and the old hidden state, a
    tensor (B, H). It returns the new hidden state (B, H) and leaves the old one as it is. z weighs
    the old state, and the reset gate comes after the recurrent product, b_hn included.

    It must work in float32 and, after ``cell.double()``, in float64. Gradients must flow back to
    ``x_t``, ``h`` and all four parameters.

    Examples
    --------
    >>> cell = GRUCell(input_size=3, hidden_size=5)
    >>> cell(torch.zeros(2, 3), torch.zeros(2, 5)).shape
    torch.Size([2, 5])
    """

    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.weight_ih = nn.Parameter(torch.empty(3 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(3 * hidden_size, hidden_size))
        self.bias_ih = nn.Parameter(torch.empty(3 * hidden_size))
        self.bias_hh = nn.Parameter(torch.empty(3 * hidden_size))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x_t, h):
        input_r, input_z, input_n = (x_t @ self.weight_ih.T + self.bias_ih).chunk(3, dim=-1)
        state_r, state_z, state_n = (h @ self.weight_hh.T + self.bias_hh).chunk(3, dim=-1)
        r = torch.sigmoid(input_r + state_r)
        z = torch.sigmoid(input_z + state_z)
        n = torch.tanh(input_n + r * state_n)
        return (1 - z) * n + z * h


class GRU(nn.Module):
    """A stack of GRU layers over a sequence, as ``torch.nn.GRU`` does it.

    Parameters
    ----------
    input_size : int, I
    hidden_size : int, H
    num_layers : int, L; layer 0 reads x, each other layer reads the outputs of the layer below
    batch_first : bool; if True, ``x`` and ``output`` are (B, T, ·) instead of (T, B, ·), while
        the states stay as they are

    Build it from your ``GRUCell``: a ``nn.ModuleList`` named ``cells`` with one cell for each
    layer, so that the parameters are named ``cells.0.weight_ih`` and so on. There are no others.

    ``forward(x, h0=None)`` takes ``x`` (T, B, I) and the initial states ``h0`` (L, B, H), one for
    each layer, or None for zeros. It returns the pair ``output, h_n``: ``output`` (T, B, H) holds
    the hidden states of the top layer, ``h_n`` (L, B, H) the last state of every layer.

    It must work in float32 and in float64 (make zeros in the dtype of ``x``). Gradients must flow
    back to ``x``, ``h0`` and all parameters.

    Examples
    --------
    >>> network = GRU(input_size=3, hidden_size=5, num_layers=2, batch_first=True)
    >>> output, h_n = network(torch.zeros(4, 7, 3))
    >>> output.shape, h_n.shape
    (torch.Size([4, 7, 5]), torch.Size([2, 4, 5]))
    """

    def __init__(self, input_size, hidden_size, num_layers=1, batch_first=False):
        super().__init__()
        self.hidden_size = hidden_size
        self.batch_first = batch_first
        self.cells = nn.ModuleList(
            GRUCell(input_size if k == 0 else hidden_size, hidden_size) for k in range(num_layers)
        )

    def forward(self, x, h0=None):
        if self.batch_first:
            x = x.transpose(0, 1)
        if h0 is None:
            h0 = x.new_zeros(len(self.cells), x.shape[1], self.hidden_size)
        h_n = []
        for cell, h in zip(self.cells, h0, strict=True):
            output = []
            for x_t in x:
                h = cell(x_t, h)
                output.append(h)
            x = torch.stack(output)
            h_n.append(h)
        if self.batch_first:
            x = x.transpose(0, 1)
        return x, torch.stack(h_n)


class GRURegressor(nn.Module):
    """Read a whole sequence, then answer with numbers: the last step goes into a linear layer.

    Parameters
    ----------
    input_size : int, I
    hidden_size : int, H
    num_layers : int, L
    output_size : int, O

    Here you may use PyTorch's own layers. The module has two and no others: ``gru``, an
    ``nn.GRU`` with ``batch_first=True``, and ``linear``, an ``nn.Linear`` from H to O.

    ``forward(x)`` takes ``x`` (B, T, I), the batch first. The states begin with zeros. It returns
    a tensor (B, O): for each row, what the linear layer makes of the top layer's hidden state after
    the last step. T may differ from call to call.

    It must work in float32 and in float64. Gradients must flow back to ``x`` and all parameters.

    Examples
    --------
    >>> network = GRURegressor(input_size=10, hidden_size=20, num_layers=2, output_size=1)
    >>> network(torch.zeros(32, 5, 10)).shape
    torch.Size([32, 1])
    """

    def __init__(self, input_size, hidden_size, num_layers, output_size):
        super().__init__()
        self.gru = nn.GRU(input_size, hidden_size, num_layers, batch_first=True)
        self.linear = nn.Linear(hidden_size, output_size)

    def forward(self, x):
        output, _ = self.gru(x)
        return self.linear(output[:, -1])


class GRUClassifier(nn.Module):
    """Read a sequence of a fixed length, then score classes: all steps go into a linear layer.

    The class below was found in a tutorial and can't run. Mend it: there are several faults, and
    the last of them raises no error. What is right:

    Parameters
    ----------
    input_size : int, I
    hidden_size : int, H
    num_layers : int, L
    num_classes : int, C
    T : int, steps in each sequence

    The module has two layers and no others: ``gru``, an ``nn.GRU`` with ``batch_first=True``, and
    ``linear``, an ``nn.Linear`` from T * H to C.

    ``forward(x)`` takes ``x`` (B, T, I), the batch first. The states begin with zeros. The top
    layer's hidden states of all T steps are put end to end, step after step, so that each row of
    the batch has T * H numbers; these go into the linear layer. It returns a tensor (B, C) of
    scores, one for each class, as the linear layer gives them: any real numbers, not yet
    probabilities, because ``nn.CrossEntropyLoss`` wants them so.

    It must work in float32 and, after ``.double()``, in float64. Gradients must flow back to ``x``
    and all parameters.

    Examples
    --------
    >>> network = GRUClassifier(input_size=10, hidden_size=20, num_layers=2, num_classes=3, T=5)
    >>> network(torch.zeros(32, 5, 10)).shape
    torch.Size([32, 3])
    """

    def __init__(self, input_size, hidden_size, num_layers, num_classes, T):
        super().__init__()
        self.num_layers = num_layers
        self.hidden_size = hidden_size
        self.gru = nn.GRU(input_size, hidden_size, num_layers, batch_first=True)
        self.linear = nn.Linear(T * hidden_size, num_classes)

    def forward(self, x):
        h0 = torch.zeros(self.num_layers, len(x), self.hidden_size, dtype=x.dtype)
        output, _ = self.gru(x, h0)
        flat = output.reshape(len(x), -1)
        return self.linear(flat)
