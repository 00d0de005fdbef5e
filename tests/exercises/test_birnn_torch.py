"""The PyTorch references of the chapter on both directions against torch.nn itself."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from autograder.exercises.birnn.torch_reference import BiGRU, BiLSTM, Tagger, missing_word_loss

TOLERANCE = {"rtol": 0, "atol": 1e-10}
LENGTHS = [(5, 5, 5), (2, 4, 3), (1, 5, 2)]
T, B, I, H = 5, 3, 2, 4


def normal(seed, *shape):
    values = np.random.default_rng(seed).normal(scale=0.5, size=shape)
    return torch.from_numpy(values).requires_grad_()


def gradients(outputs, leaves):
    """Gradients of a loss that weighs every number of every output differently."""
    loss = sum((normal(k, *out.shape).detach() * out).sum() for k, out in enumerate(outputs))
    return torch.autograd.grad(loss, leaves)


def packed(network, x, lengths, state):
    output, final = network(pack_padded_sequence(x, lengths, enforce_sorted=False), state)
    return pad_packed_sequence(output, total_length=len(x))[0], final


def paired(ours, theirs, num_layers, name):
    """Copy torch's parameters into ours; both, pair by pair."""
    pairs = [
        (ours.get_parameter(name(way, k, p)), theirs.get_parameter(f"{p}_l{k}{ending}"))
        for k in range(num_layers)
        for way, ending in (("ahead", ""), ("back", "_reverse"))
        for p in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ]
    assert len(pairs) == len(list(ours.parameters()))
    with torch.no_grad():
        for mine, right in pairs:
            mine.copy_(right)
    return pairs


def agree(mine, right, pairs, leaves):
    d_mine = gradients(mine, [*leaves, *(pair[0] for pair in pairs)])
    d_right = gradients(right, [*leaves, *(pair[1] for pair in pairs)])
    for a, b in zip((*mine, *d_mine), (*right, *d_right), strict=True):
        torch.testing.assert_close(a, b, **TOLERANCE)


@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_bilstm_agrees_with_torch(lengths, with_state):
    ours, theirs = BiLSTM(I, H).double(), nn.LSTM(I, H, bidirectional=True).double()
    pairs = paired(ours, theirs, 1, lambda way, k, p: f"{way}.{p}_l0")
    x, lengths = normal(1, T, B, I), torch.tensor(lengths)
    state = (normal(2, 2, B, H), normal(3, 2, B, H)) if with_state else None
    mine, mine_n = ours(x, lengths, state)
    right, right_n = packed(theirs, x, lengths, state)
    agree((mine, *mine_n), (right, *right_n), pairs, [x, *(state or ())])


@pytest.mark.parametrize("num_layers", [1, 3])
@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("lengths", LENGTHS)
def test_bigru_agrees_with_torch(lengths, with_state, num_layers):
    ours = BiGRU(I, H, num_layers).double()
    theirs = nn.GRU(I, H, num_layers, bidirectional=True).double()
    pairs = paired(ours, theirs, num_layers, lambda way, k, p: f"{way}.{k}.{p}_l0")
    x, lengths = normal(1, T, B, I), torch.tensor(lengths)
    h0 = normal(2, 2 * num_layers, B, H) if with_state else None
    leaves = [x] if h0 is None else [x, h0]
    agree(ours(x, lengths, h0), packed(theirs, x, lengths, h0), pairs, leaves)


def test_a_tagger_reads_each_sentence_as_if_it_were_alone():
    torch.manual_seed(0)
    tagger = Tagger(9, 3, 4).double()
    words, lengths = torch.randint(9, (5, 3)), torch.tensor([2, 5, 3])
    scores = tagger(words, lengths)
    for b, n in enumerate(lengths.tolist()):
        alone = tagger.linear(tagger.gru(tagger.embedding(words[:n, b]))[0])
        torch.testing.assert_close(scores[:n, b], alone, **TOLERANCE)
        assert not scores[n:, b].any()


def test_a_tagger_learns_what_one_direction_cannot():
    """The middle one of three words is told by the other two: twice the first plus the last."""
    torch.manual_seed(0)
    tagger = Tagger(5, 4, 8)
    optimizer = torch.optim.Adam(tagger.parameters(), lr=0.05)
    first, last = torch.tensor([[0, 0, 1, 1], [0, 1, 0, 1]])
    true = torch.stack([first, 2 * first + last, last])
    missing = torch.zeros(3, 4, dtype=torch.bool)
    missing[1] = True
    lengths = torch.full((4,), 3)
    for _ in range(150):
        loss = missing_word_loss(tagger(true.masked_fill(missing, 4), lengths), true, missing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1  # a reader of one side can't come below log 2
