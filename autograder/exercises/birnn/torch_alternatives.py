"""Other right answers to the PyTorch exercises on both directions, written as students write them.

They are there for the tests of the checks: every one of them gets full marks.
"""

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import (
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
)

# --- packing -------------------------------------------------------------------------------------


def packed_sorted_by_hand(network, x, lengths, state=None):
    order = torch.argsort(lengths, descending=True)
    back = torch.argsort(order)
    if state is not None:
        state = tuple(part[:, order] for part in state)
    packed = pack_padded_sequence(x[:, order], lengths[order])
    output, (h, c) = network(packed, state)
    output, _ = pad_packed_sequence(output, total_length=x.size(0))
    return output[:, back], (h[:, back], c[:, back])


def row_by_row(network, x, lengths, state=None):
    outputs, hs, cs = [], [], []
    for b, n in enumerate(lengths.tolist()):
        start = None if state is None else tuple(part[:, b : b + 1].contiguous() for part in state)
        output, (h, c) = network(x[:n, b : b + 1], start)
        outputs.append(functional.pad(output[:, 0], (0, 0, 0, len(x) - n)))
        hs.append(h)
        cs.append(c)
    return torch.stack(outputs, dim=1), (torch.cat(hs, dim=1), torch.cat(cs, dim=1))


def packed_from_a_list(network, x, lengths, state=None):
    rows = [x[: int(n), b] for b, n in enumerate(lengths)]
    output, final = network(pack_sequence(rows, enforce_sorted=False), state)
    padded, _ = pad_packed_sequence(output)
    whole = padded.new_zeros(*x.shape[:2], padded.shape[2])
    whole[: len(padded)] = padded
    return whole, final


def packed_batch_first(network, x, lengths, state=None):
    packed = pack_padded_sequence(
        x.transpose(0, 1), lengths.tolist(), batch_first=True, enforce_sorted=False
    )
    output, final = network(packed) if state is None else network(packed, state)
    output, _ = pad_packed_sequence(output, batch_first=True, total_length=x.shape[0])
    return output.transpose(0, 1), final


RUN_PACKED = (packed_sorted_by_hand, row_by_row, packed_from_a_list, packed_batch_first)


# --- the LSTM ------------------------------------------------------------------------------------


def turn_rows(x, lengths):
    """Turn each row of a padded batch around, one after the other."""
    rows = [torch.cat([x[:n, b].flip(0), x[n:, b]]) for b, n in enumerate(lengths)]
    return torch.stack(rows, dim=1)


class BiLSTMRowByRow(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.ahead = nn.LSTM(input_size=input_size, hidden_size=hidden_size)
        self.back = nn.LSTM(input_size=input_size, hidden_size=hidden_size)

    def forward(self, x, lengths, state=None):
        T, B, _ = x.shape
        H = self.ahead.hidden_size
        if state is None:
            state = (x.new_zeros(2, B, H), x.new_zeros(2, B, H))
        outputs, h_n, c_n = [], [], []
        for b in range(B):
            n = int(lengths[b])
            row = x[:n, b]
            one, (h1, c1) = self.ahead(row, (state[0][0:1, b], state[1][0:1, b]))
            two, (h2, c2) = self.back(row.flip(0), (state[0][1:2, b], state[1][1:2, b]))
            joined = torch.cat([one, two.flip(0)], dim=1)
            outputs.append(torch.cat([joined, x.new_zeros(T - n, 2 * H)]))
            h_n.append(torch.cat([h1, h2]))
            c_n.append(torch.cat([c1, c2]))
        return torch.stack(outputs, 1), (torch.stack(h_n, 1), torch.stack(c_n, 1))


class BiLSTMStepByStep(nn.Module):
    """A state stops changing where its row has ended, or has not begun."""

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.ahead = nn.LSTM(input_size, hidden_size)
        self.back = nn.LSTM(input_size, hidden_size)

    def walk(self, network, x, lengths, state, order):
        h, c = state
        outputs = {}
        for t in order:
            _, (new_h, new_c) = network(x[t : t + 1], (h, c))
            inside = (t < lengths)[None, :, None]
            h, c = torch.where(inside, new_h, h), torch.where(inside, new_c, c)
            outputs[t] = torch.where(inside[0], h[0], torch.zeros_like(h[0]))
        return torch.stack([outputs[t] for t in range(len(x))]), h, c

    def forward(self, x, lengths, state=None):
        T, B, _ = x.shape
        if state is None:
            zeros = torch.zeros(2, B, self.ahead.hidden_size, dtype=x.dtype)
            state = (zeros, zeros)
        starts = [(state[0][k : k + 1], state[1][k : k + 1]) for k in range(2)]
        one, h1, c1 = self.walk(self.ahead, x, lengths, starts[0], range(T))
        two, h2, c2 = self.walk(self.back, x, lengths, starts[1], reversed(range(T)))
        return torch.cat((one, two), 2), (torch.cat((h1, h2)), torch.cat((c1, c2)))


class BiLSTMPackedLists(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.ahead, self.back = (nn.LSTM(input_size, hidden_size) for _ in range(2))

    def forward(self, x, lengths, state=None):
        rows = [x[:n, b] for b, n in enumerate(lengths.tolist())]
        turned = [torch.flip(row, [0]) for row in rows]
        outputs, finals = [], []
        for k, (network, sequences) in enumerate(((self.ahead, rows), (self.back, turned))):
            start = None if state is None else (state[0][[k]], state[1][[k]])
            output, final = network(pack_sequence(sequences, enforce_sorted=False), start)
            outputs.append(pad_packed_sequence(output)[0])
            finals.append(final)
        ways = [
            torch.cat([outputs[0][:n, b], outputs[1][:n, b].flip(0)], dim=1)
            for b, n in enumerate(lengths.tolist())
        ]
        ways.append(x.new_zeros(len(x), ways[0].shape[1]))
        output = pad_sequence(ways)[:, :-1]
        h_n, c_n = (torch.cat(parts) for parts in zip(*finals, strict=True))
        return output, (h_n, c_n)


class BiLSTMBatchFirstInside(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.ahead = nn.LSTM(input_size, hidden_size, batch_first=True)
        self.back = nn.LSTM(input_size, hidden_size, batch_first=True)

    def forward(self, x, lengths, state=None):
        T = len(x)
        h_0, c_0 = state or (x.new_zeros(2, x.shape[1], self.ahead.hidden_size),) * 2

        def one_way(network, sequence, k):
            packed = pack_padded_sequence(
                sequence.transpose(0, 1), lengths, batch_first=True, enforce_sorted=False
            )
            output, final = network(packed, (h_0[k].unsqueeze(0), c_0[k].unsqueeze(0)))
            return pad_packed_sequence(output, total_length=T)[0], final

        one, (h1, c1) = one_way(self.ahead, x, 0)
        two, (h2, c2) = one_way(self.back, turn_rows(x, lengths), 1)
        output = torch.cat([one, turn_rows(two, lengths)], dim=-1)
        return output, (torch.vstack([h1, h2]), torch.vstack([c1, c2]))


BILSTM = (BiLSTMRowByRow, BiLSTMStepByStep, BiLSTMPackedLists, BiLSTMBatchFirstInside)


# --- the GRU -------------------------------------------------------------------------------------


class BiGRURowByRow(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers=1):
        super().__init__()
        self.ahead, self.back = nn.ModuleList(), nn.ModuleList()
        for k in range(num_layers):
            size = input_size if k == 0 else 2 * hidden_size
            self.ahead.append(nn.GRU(size, hidden_size))
            self.back.append(nn.GRU(size, hidden_size))

    def forward(self, x, lengths, h0=None):
        T, B, _ = x.shape
        L = len(self.ahead)
        H = self.ahead[0].hidden_size
        if h0 is None:
            h0 = torch.zeros(2 * L, B, H).to(x)
        outputs, finals = [], []
        for b in range(B):
            row, final = x[: lengths[b], b], []
            for k in range(L):
                one, h_one = self.ahead[k](row, h0[2 * k : 2 * k + 1, b])
                two, h_two = self.back[k](row.flip(0), h0[2 * k + 1 : 2 * k + 2, b])
                row = torch.cat([one, two.flip(0)], dim=-1)
                final += [h_one[0], h_two[0]]
            outputs.append(functional.pad(row, (0, 0, 0, T - len(row))))
            finals.append(torch.stack(final))
        return torch.stack(outputs, dim=1), torch.stack(finals, dim=1)


class BiGRUOverPadding(nn.Module):
    """Reads the padding behind each row's end, and looks at nothing that came of it."""

    def __init__(self, input_size, hidden_size, num_layers=1):
        super().__init__()
        sizes = [input_size, *[2 * hidden_size] * (num_layers - 1)]
        self.ahead = nn.ModuleList([nn.GRU(size, hidden_size) for size in sizes])
        self.back = nn.ModuleList([nn.GRU(size, hidden_size) for size in sizes])

    def forward(self, x, lengths, h0=None):
        rows = torch.arange(x.shape[1])
        inside = (torch.arange(len(x)).unsqueeze(1) < lengths).unsqueeze(2)
        starts = [None] * (2 * len(self.ahead)) if h0 is None else list(h0.split(1))
        finals = []
        for ahead, back in zip(self.ahead, self.back, strict=True):
            one, _ = ahead(x, starts.pop(0))
            two, _ = back(turn_rows(x, lengths), starts.pop(0))
            finals += [one[lengths - 1, rows], two[lengths - 1, rows]]
            x = torch.cat([one, turn_rows(two, lengths)], dim=2) * inside
        return x, torch.stack(finals)


class BiGRUOneLayerAtATime(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers=1):
        super().__init__()
        self.num_layers = num_layers
        sizes = [2 * hidden_size if k else input_size for k in range(num_layers)]
        self.ahead = nn.ModuleList([nn.GRU(size, hidden_size, 1) for size in sizes])
        self.back = nn.ModuleList([nn.GRU(size, hidden_size, 1) for size in sizes])

    def one_way(self, network, x, lengths, start):
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        output, h = network(packed, start)
        return pad_packed_sequence(output, total_length=x.shape[0])[0], h

    def layer(self, k, x, lengths, h0):
        start = (None, None) if h0 is None else (h0[[2 * k]], h0[[2 * k + 1]])
        one, h_one = self.one_way(self.ahead[k], x, lengths, start[0])
        two, h_two = self.one_way(self.back[k], turn_rows(x, lengths), lengths, start[1])
        return torch.cat([one, turn_rows(two, lengths)], -1), torch.cat([h_one, h_two])

    def forward(self, x, lengths, h0=None):
        h_n = torch.empty(0)
        for k in range(self.num_layers):
            x, h = self.layer(k, x, lengths, h0)
            h_n = h if k == 0 else torch.cat([h_n, h])
        return x, h_n


class BiGRUStepByStep(nn.Module):
    def __init__(self, input_size, hidden_size, num_layers=1):
        super().__init__()
        sizes = [input_size] + [2 * hidden_size for _ in range(1, num_layers)]
        self.ahead = nn.ModuleList(nn.GRU(s, hidden_size) for s in sizes)
        self.back = nn.ModuleList(nn.GRU(s, hidden_size) for s in sizes)

    def forward(self, x, lengths, h0=None):
        finals = []
        for k in range(len(self.ahead)):
            ways = []
            for way, network in enumerate((self.ahead[k], self.back[k])):
                h = x.new_zeros(1, x.shape[1], network.hidden_size)
                if h0 is not None:
                    h = h0[2 * k + way].unsqueeze(0)
                steps = list(range(len(x)))
                outputs = [None] * len(x)
                for t in reversed(steps) if way else steps:
                    inside = (t < lengths).view(1, -1, 1)
                    h = torch.where(inside, network(x[t].unsqueeze(0), h)[1], h)
                    outputs[t] = h[0].masked_fill(~inside[0], 0)
                ways.append(torch.stack(outputs))
                finals.append(h)
            x = torch.cat(ways, dim=-1)
        return x, torch.cat(finals)


BIGRU = (BiGRURowByRow, BiGRUOverPadding, BiGRUOneLayerAtATime, BiGRUStepByStep)


# --- the tagger ----------------------------------------------------------------------------------


class TaggerByMultiplying(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.gru = nn.GRU(embedding_size, hidden_size, num_layers=1, bidirectional=True)
        self.linear = nn.Linear(hidden_size * 2, vocabulary_size)

    def forward(self, words, lengths):
        packed = pack_padded_sequence(self.embedding(words), lengths, enforce_sorted=False)
        output, _ = pad_packed_sequence(self.gru(packed)[0], total_length=len(words))
        mask = torch.arange(words.shape[0]).view(-1, 1) < lengths
        return self.linear(output) * mask.unsqueeze(-1)


class TaggerSentenceBySentence(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size):
        super().__init__()
        self.linear = nn.Linear(2 * hidden_size, vocabulary_size)
        self.gru = nn.GRU(embedding_size, hidden_size, bidirectional=True)
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)

    def forward(self, words, lengths):
        scores = []
        for b, n in enumerate(lengths):
            output, _ = self.gru(self.embedding(words[:n, b]))
            scores.append(functional.pad(self.linear(output), (0, 0, 0, len(words) - int(n))))
        return torch.stack(scores, dim=1)


class TaggerBatchFirst(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.gru = nn.GRU(embedding_size, hidden_size, batch_first=True, bidirectional=True)
        self.linear = nn.Linear(2 * hidden_size, vocabulary_size)

    def forward(self, words, lengths):
        T = words.shape[0]
        packed = pack_padded_sequence(
            self.embedding(words.T), lengths, batch_first=True, enforce_sorted=False
        )
        output, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=T)
        scores = self.linear(output).transpose(0, 1)
        outside = torch.arange(T)[:, None] >= lengths
        return scores.masked_fill(outside[..., None], 0)


class TaggerOnPackedData(nn.Module):
    """Scores only the true places: the linear layer works on the packed data."""

    def __init__(self, vocabulary_size, embedding_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.gru = nn.GRU(embedding_size, hidden_size, bidirectional=True)
        self.linear = nn.Linear(2 * hidden_size, vocabulary_size)

    def forward(self, words, lengths):
        packed = pack_padded_sequence(words[..., None], lengths, enforce_sorted=False)
        packed = packed._replace(data=self.embedding(packed.data[:, 0]))
        output, _ = self.gru(packed)
        output = output._replace(data=self.linear(output.data))
        return pad_packed_sequence(output, total_length=len(words))[0]


TAGGER = (TaggerByMultiplying, TaggerSentenceBySentence, TaggerBatchFirst, TaggerOnPackedData)


# --- the loss ------------------------------------------------------------------------------------


def loss_by_log_softmax(scores, words, missing):
    logs = torch.log_softmax(scores, dim=-1).gather(-1, words.unsqueeze(-1)).squeeze(-1)
    return -(logs * missing).sum() / missing.sum()


def loss_by_ignore_index(scores, words, missing):
    targets = words.masked_fill(~missing, -100)
    return functional.cross_entropy(scores.flatten(0, 1), targets.flatten())


def loss_by_reduction_none(scores, words, missing):
    each = functional.cross_entropy(scores.permute(0, 2, 1), words, reduction="none")
    return each[missing].mean()


def loss_by_loops(scores, words, missing):
    losses = []
    for t, b in missing.nonzero().tolist():
        losses.append(torch.logsumexp(scores[t, b], 0) - scores[t, b, words[t, b]])
    return torch.stack(losses).mean()


MISSING_WORD_LOSS = (
    loss_by_log_softmax,
    loss_by_ignore_index,
    loss_by_reduction_none,
    loss_by_loops,
)
