"""The right answers to the PyTorch exercises on both directions; their texts are the students'."""

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


def run_packed(network, x, lengths, state=None):
    """Run a network of PyTorch over a padded batch as if each row were alone, without padding.

    Pack the batch, run the network, and pad what it returns. Rows come in any order of lengths,
    and their order doesn't change. The padded output is as long as ``x`` even where no row is, and
    0 at padding.

    Parameters
    ----------
    network : torch.nn.LSTM with any number of layers and one or two directions (D), time first
    x : tensor (T, B, I), padded at the end with anything at all
    lengths : tensor (B,) of int64, the true steps of every row, each from 1 to T
    state : pair (h_0, c_0) of tensors (layers * D, B, H), or None for zeros

    Returns
    -------
    output : tensor (T, B, D * H), 0 at padding
    state : pair (h_n, c_n) of tensors (layers * D, B, H): where each row's passes ended

    Examples
    --------
    >>> network = nn.LSTM(input_size=2, hidden_size=3, bidirectional=True)
    >>> output, (h_n, c_n) = run_packed(network, torch.zeros(5, 2, 2), torch.tensor([2, 4]))
    >>> output.shape, h_n.shape
    (torch.Size([5, 2, 6]), torch.Size([2, 2, 3]))
    >>> output[2:, 0].any(), output[4:].any()
    (tensor(False), tensor(False))
    """
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    output, state = network(packed, state)
    output, _ = pad_packed_sequence(output, total_length=len(x))
    return output, state


def reverse_rows(x, lengths):
    """Turn every row of a padded batch (T, B, …) around; the padding stays where it is."""
    t = torch.arange(len(x))[:, None]
    source = torch.where(t < lengths, lengths - 1 - t, t)
    return x[source, torch.arange(x.shape[1])]


class BiLSTM(nn.Module):
    """Two one-way LSTMs, one for each direction, as ``torch.nn.LSTM(bidirectional=True)``.

    Parameters
    ----------
    input_size : int, I
    hidden_size : int, H

    The module has two networks, each an ``nn.LSTM(input_size, hidden_size)`` of one layer and one
    direction: ``ahead`` reads every row from its first step to its last, and ``back`` from its last
    true step to its first. So the parameters are named ``ahead.weight_ih_l0``,
    ``back.weight_ih_l0`` and so on.

    ``forward(x, lengths, state=None)`` takes ``x`` (T, B, I), padded at the end with anything at
    all; ``lengths``, a tensor (B,) of int64, the true steps of every row, each from 1 to T; and
    the pair ``state = (h_0, c_0)`` of tensors (2, B, H), direction ``ahead`` first, or None for
    zeros. It returns ``output, (h_n, c_n)``:

    * ``output`` (T, B, 2 * H), in the order of ``x``: the features of ``ahead``, then those of
      ``back``; 0 at padding
    * ``h_n`` and ``c_n`` (2, B, H): where each direction ended in each row

    All of it equals what ``nn.LSTM(I, H, bidirectional=True)`` gives for a packed batch. It must
    work in float32 and in float64, and gradients must flow through it.

    Examples
    --------
    >>> network = BiLSTM(input_size=2, hidden_size=3)
    >>> output, (h_n, c_n) = network(torch.zeros(5, 2, 2), torch.tensor([5, 3]))
    >>> output.shape, h_n.shape
    (torch.Size([5, 2, 6]), torch.Size([2, 2, 3]))

    Source: Schuster & Paliwal (1997); Graves & Schmidhuber (2005).
    """

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.ahead = nn.LSTM(input_size, hidden_size)
        self.back = nn.LSTM(input_size, hidden_size)

    def forward(self, x, lengths, state=None):
        states = (None, None) if state is None else zip(*(s.split(1) for s in state), strict=True)
        start_ahead, start_back = states
        turned = reverse_rows(x, lengths)
        ahead, (h_ahead, c_ahead) = run_packed(self.ahead, x, lengths, start_ahead)
        back, (h_back, c_back) = run_packed(self.back, turned, lengths, start_back)
        back = reverse_rows(back, lengths)
        h_n = torch.cat([h_ahead, h_back])
        c_n = torch.cat([c_ahead, c_back])
        return torch.cat([ahead, back], dim=-1), (h_n, c_n)


class BiGRU(nn.Module):
    """Stacked layers of two one-way GRUs each, as ``torch.nn.GRU(bidirectional=True)``.

    Parameters
    ----------
    input_size : int, I
    hidden_size : int, H
    num_layers : int, L; the first layer reads x, each other one the output of both directions of
        the layer below

    The module has two lists of networks, each an ``nn.ModuleList`` with one ``nn.GRU`` of one
    layer and one direction for each layer: ``ahead`` and ``back``. So the parameters are named
    ``ahead.0.weight_ih_l0``, ``back.0.weight_ih_l0``, ``ahead.1.weight_ih_l0`` and so on.

    ``forward(x, lengths, h0=None)`` takes ``x`` (T, B, I), padded at the end with anything at all;
    ``lengths``, a tensor (B,) of int64, the true steps of every row, each from 1 to T; and ``h0``
    (2 * L, B, H), or None for zeros. It returns ``output, h_n``:

    * ``output`` (T, B, 2 * H) of the top layer, in the order of ``x``: the features of ``ahead``,
      then those of ``back``; 0 at padding
    * ``h_n`` (2 * L, B, H): where each direction of each layer ended in each row

    ``h0`` and ``h_n`` have PyTorch's order: layer 0 ahead, layer 0 back, layer 1 ahead, layer 1
    back and so on. All of it equals what ``nn.GRU(I, H, L, bidirectional=True)`` gives for a packed
    batch. It must work in float32 and in float64, and gradients must flow through it.

    Examples
    --------
    >>> network = BiGRU(input_size=2, hidden_size=3, num_layers=2)
    >>> output, h_n = network(torch.zeros(5, 4, 2), torch.tensor([5, 1, 2, 4]))
    >>> output.shape, h_n.shape
    (torch.Size([5, 4, 6]), torch.Size([4, 4, 3]))
    """

    def __init__(self, input_size, hidden_size, num_layers=1):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.ahead = nn.ModuleList(nn.GRU(size, hidden_size) for size in sizes)
        self.back = nn.ModuleList(nn.GRU(size, hidden_size) for size in sizes)

    def forward(self, x, lengths, h0=None):
        h_n = []
        for k, (ahead, back) in enumerate(zip(self.ahead, self.back, strict=True)):
            start_ahead = None if h0 is None else h0[2 * k : 2 * k + 1]
            start_back = None if h0 is None else h0[2 * k + 1 : 2 * k + 2]
            turned = reverse_rows(x, lengths)
            out_ahead, h_ahead = run_packed(ahead, x, lengths, start_ahead)
            out_back, h_back = run_packed(back, turned, lengths, start_back)
            out_back = reverse_rows(out_back, lengths)
            x = torch.cat([out_ahead, out_back], dim=-1)
            h_n += [h_ahead, h_back]
        return x, torch.cat(h_n)


class Tagger(nn.Module):
    """Say for every place of a sentence which word may stand there, having read both sides.

    Parameters
    ----------
    vocabulary_size : int, V, words that there are; a word is a number from 0 to V − 1
    embedding_size : int, E
    hidden_size : int, H

    The module has three parts:

    * ``embedding``, an ``nn.Embedding``, makes E numbers of each word
    * ``gru``, an ``nn.GRU`` with both directions and one layer, reads them
    * ``linear``, an ``nn.Linear``, makes V scores of the 2 * H numbers at each place

    ``forward(words, lengths)`` takes ``words``, a tensor (T, B) of int64, padded at the end with
    any words; and ``lengths``, a tensor (B,) of int64, the true words of every row, each from 1 to
    T. It returns the ``scores`` (T, B, V), before any softmax: at every true place those of a
    network that has read the row's true words alone, and 0 at padding.

    It must work in float32 and in float64, and gradients must flow through it.

    Examples
    --------
    >>> tagger = Tagger(vocabulary_size=10, embedding_size=4, hidden_size=3)
    >>> words = torch.tensor([[5, 7], [1, 2], [6, 0]])
    >>> scores = tagger(words, torch.tensor([3, 2]))
    >>> scores.shape
    torch.Size([3, 2, 10])
    >>> scores[2, 1].any()
    tensor(False)
    """

    def __init__(self, vocabulary_size, embedding_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.gru = nn.GRU(embedding_size, hidden_size, bidirectional=True)
        self.linear = nn.Linear(2 * hidden_size, vocabulary_size)

    def forward(self, words, lengths):
        read = self.embedding(words)
        output, _ = run_packed(self.gru, read, lengths)
        scores = self.linear(output)
        inside = torch.arange(len(words))[:, None] < lengths
        return torch.where(inside[:, :, None], scores, 0.0)


def missing_word_loss(scores, words, missing):
    """Compute how wrong scores are at the missing words: the mean of their cross-entropies.

    At each missing word the loss is −log of the probability that softmax makes of the scores for
    the true word. All missing words of the batch count alike, whichever rows they are in; all other
    places, padding included, count nothing.

    Parameters
    ----------
    scores : tensor (T, B, V), before softmax; any numbers at all at places that don't count
    words : tensor (T, B) of int64, the true words
    missing : tensor (T, B) of bool, True where a word was missing, at one place at least

    Returns
    -------
    tensor of shape (), the mean over all missing words

    Examples
    --------
    Two places, four words, one missing place; all scores are the same, so each word has
    probability 1/4:

    >>> missing = torch.tensor([[False], [True]])
    >>> missing_word_loss(torch.zeros(2, 1, 4), torch.tensor([[3], [1]]), missing)
    tensor(1.3863)
    """
    return functional.cross_entropy(scores[missing], words[missing])
