"""What is right in PyTorch: the cell, the stacked network, training by truncated BPTT."""

import torch
from torch import nn


class RNNCell(nn.Module):
    """One step of a plain recurrent network, as ``torch.nn.RNNCell`` does it.

    Parameters
    ----------
    input_size : int, I
    hidden_size : int, H

    The module has four parameters, made with ``nn.Parameter``, each drawn evenly between −1/√H
    and 1/√H:

    * ``weight_ih`` (H, I)
    * ``weight_hh`` (H, H)
    * ``bias_ih`` and ``bias_hh`` (H,)

    ``forward(x_t, h)`` takes the input of one step, a tensor (B, I), and the state of the step
    before, a tensor (B, H). It returns the new state (B, H).

    It must work in float32 and in float64, and gradients must flow through it.

    Examples
    --------
    >>> cell = RNNCell(input_size=3, hidden_size=5)
    >>> h = cell(torch.zeros(2, 3), torch.zeros(2, 5))
    >>> h.shape
    torch.Size([2, 5])
    """

    def __init__(self, input_size, hidden_size):
        super().__init__()
        bound = hidden_size**-0.5
        self.weight_ih = nn.Parameter(torch.empty(hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(hidden_size, hidden_size))
        self.bias_ih = nn.Parameter(torch.empty(hidden_size))
        self.bias_hh = nn.Parameter(torch.empty(hidden_size))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x_t, h):
        a = x_t @ self.weight_ih.T + self.bias_ih + h @ self.weight_hh.T + self.bias_hh
        return torch.tanh(a)


class RNN(nn.Module):
    """A stack of plain recurrent layers over a sequence, as ``torch.nn.RNN`` does it.

    Parameters
    ----------
    input_size : int, I
    hidden_size : int, H
    num_layers : int, L; layer 0 reads x, each other layer reads the outputs of the layer below
    batch_first : bool; if True, ``x`` and ``output`` are (B, T, ·) instead of (T, B, ·), while
        the states stay as they are

    Build it from your ``RNNCell``: a ``nn.ModuleList`` named ``cells`` with one cell for each
    layer, so that the parameters are named ``cells.0.weight_ih`` and so on.

    ``forward(x, h0=None)`` takes ``x`` (T, B, I) and the initial states ``h0`` (L, B, H), or None
    for zeros. It returns ``output, h_n``: ``output`` (T, B, H) holds the states of the top layer,
    ``h_n`` (L, B, H) the last state of every layer.

    It must work in float32 and in float64 (make zeros in the dtype of ``x``), and gradients must
    flow through it.

    Examples
    --------
    >>> network = RNN(input_size=3, hidden_size=5, num_layers=2, batch_first=True)
    >>> output, h_n = network(torch.zeros(4, 7, 3))
    >>> output.shape, h_n.shape
    (torch.Size([4, 7, 5]), torch.Size([2, 4, 5]))
    """

    def __init__(self, input_size, hidden_size, num_layers=1, batch_first=False):
        super().__init__()
        self.hidden_size = hidden_size
        self.batch_first = batch_first
        self.cells = nn.ModuleList(
            RNNCell(input_size if k == 0 else hidden_size, hidden_size) for k in range(num_layers)
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


def train_truncated(network, readout, optimizer, x, target, h, chunk_size, max_norm):
    """Train on one long sequence by truncated backpropagation through time.

    Cut the sequence along time into chunks of ``chunk_size`` steps; where that leaves a rest, the
    last chunk is shorter. For each chunk, in order:

    1. call ``network`` once on the chunk, from the state that the chunk before left behind (the
       first starts from ``h``);
    2. take as loss the mean of the squared differences between ``readout(output)`` and the
       chunk's target;
    3. backpropagate through this chunk alone: no gradient may flow into the chunk before, so the
       state that is handed on has to be cut off from the graph;
    4. clip the gradients of ``network`` and ``readout`` together to a total norm of at most
       ``max_norm`` (``torch.nn.utils.clip_grad_norm_`` is yours to use);
    5. let the optimizer take one step. No gradient of an earlier chunk may be left in it.

    Parameters
    ----------
    network : torch.nn.RNN, time first
    readout : torch.nn.Linear, from H to O numbers
    optimizer : torch.optim.Optimizer of the parameters of both; all gradients are still None
    x : tensor (T, B, I)
    target : tensor (T, B, O)
    h : tensor (L, B, H), the state before the first step
    chunk_size : int, at least 1
    max_norm : float

    Returns
    -------
    losses : list of float, one for each chunk, before the optimizer's step
    h_n : tensor (L, B, H), the state that the last chunk left behind, cut off from the graph

    Examples
    --------
    >>> network, readout = nn.RNN(3, 5), nn.Linear(5, 2)
    >>> optimizer = torch.optim.SGD([*network.parameters(), *readout.parameters()], lr=0.1)
    >>> x, target, h = torch.ones(7, 4, 3), torch.ones(7, 4, 2), torch.zeros(1, 4, 5)
    >>> losses, h_n = train_truncated(network, readout, optimizer, x, target, h, 3, 1.0)
    >>> len(losses), h_n.shape, h_n.requires_grad
    (3, torch.Size([1, 4, 5]), False)

    Source: Williams & Peng (1990); clipping: Pascanu et al. (2013).
    """
    losses = []
    for start in range(0, len(x), chunk_size):
        chunk = slice(start, start + chunk_size)
        optimizer.zero_grad()
        output, h = network(x[chunk], h)
        h = h.detach()
        loss = ((readout(output) - target[chunk]) ** 2).mean()
        loss.backward()
        parameters = [*network.parameters(), *readout.parameters()]
        nn.utils.clip_grad_norm_(parameters, max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses, h
