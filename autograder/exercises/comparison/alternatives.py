"""Other right answers to the exercises of the comparison chapter, as students write them.

They are there for the tests of the checks: every one of them gets full marks.
"""

import copy
from collections import OrderedDict

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from autograder.reference import comparison
from autograder.reference.lstm import sigmoid

# --- counting ------------------------------------------------------------------------------------


def parameters_by_torch_names(
    cell, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True
):
    G = dict(rnn=1, gru=3, lstm=4)[cell]
    ways = 1 + bidirectional
    shapes = []
    for layer in range(num_layers):
        width = hidden_size * ways if layer else input_size
        for _ in range(ways):
            shapes += [(G * hidden_size, width), (G * hidden_size, hidden_size)]
            shapes += [(G * hidden_size,)] * (2 if bias else 0)
    return sum(int(np.prod(shape)) for shape in shapes)


def parameters_in_one_formula(cell, I, H, L=1, two=False, bias=True):
    D = 2 if two else 1
    G = {"rnn": 1, "lstm": 4}.get(cell, 3)
    return D * G * H * ((I + H + 2 * bias) + (L - 1) * (D * H + H + 2 * bias))


def parameters_by_recursion(cell, I, H, layers=1, bidirectional=False, bias=True):
    if layers == 0:
        return 0
    blocks = {"rnn": 1, "gru": 3, "lstm": 4}[cell] * (2 if bidirectional else 1)
    here = blocks * (H * I + H * H + (2 * H if bias else 0))
    return here + parameters_by_recursion(
        cell, H * (2 if bidirectional else 1), H, layers - 1, bidirectional, bias
    )


def parameters_as_numpy_integer(*arguments):
    return np.int64(comparison.count_parameters(*arguments))


COUNT_PARAMETERS = (
    parameters_by_torch_names,
    parameters_in_one_formula,
    parameters_by_recursion,
    parameters_as_numpy_integer,
)


def operations_by_case(cell, input_size, hidden_size):
    H = hidden_size
    if cell == "rnn":
        blocks, products, activations = 1, 0, H
    elif cell == "gru":
        blocks, products, activations = 3, 3 * H, 3 * H
    else:
        blocks, products, activations = 4, 3 * H, 5 * H
    return {
        "activations": activations,
        "products": products,
        "multiply_adds": blocks * (H * input_size + H**2),
    }


def operations_by_table(cell, I, H):
    table = np.array([[1, 0, 1], [3, 3, 3], [4, 3, 5]])[["rnn", "gru", "lstm"].index(cell)]
    numbers = table * H * np.array([I + H, 1, 1])
    return dict(zip(("multiply_adds", "products", "activations"), numbers, strict=True))


def operations_from_parameters(cell, I, H):
    G = comparison.count_parameters(cell, I, H, bias=False) // (H * (I + H))
    return dict(
        multiply_adds=G * H * (I + H),
        products=0 if G == 1 else 3 * H,
        activations={1: 1, 3: 3, 4: 5}[G] * H,
    )


def operations_as_python_integers(cell, input_size, hidden_size):
    return {k: int(v) for k, v in operations_by_table(cell, input_size, hidden_size).items()}


COUNT_OPERATIONS = (
    operations_by_case,
    operations_by_table,
    operations_from_parameters,
    operations_as_python_integers,
)

# --- the adding problem --------------------------------------------------------------------------


def adding_filled(rng, T, B):
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.uniform(size=(T, B))
    a = rng.integers(0, T // 2, size=B)
    b = rng.integers(T // 2, T, size=B)
    y = np.zeros((B, 1))
    for row in range(B):
        x[a[row], row, 1] = 1.0
        x[b[row], row, 1] = 1.0
        y[row, 0] = x[a[row], row, 0] + x[b[row], row, 0]
    return x, y


def adding_by_masks(rng, T, B):
    values = rng.uniform(size=(T, B))
    places = [rng.integers(0, T // 2, size=B), rng.integers(T // 2, T, size=B)]
    marks = sum((np.arange(T)[:, None] == place).astype(float) for place in places)
    return np.dstack([values, marks]), (values * marks).sum(axis=0).reshape(-1, 1)


def adding_by_identity(rng, T, B):
    values = rng.uniform(0.0, 1.0, (T, B))
    eye = np.eye(T)
    marks = eye[rng.integers(T // 2, size=B)].T
    marks = marks + eye[rng.integers(T // 2, T, size=B)].T
    x = np.concatenate([values[..., None], marks[..., None]], axis=2)
    return x, np.einsum("tb,tb->b", values, marks)[:, np.newaxis]


def adding_with_put(rng, T, B):
    values = rng.random((T, B))
    first, second = rng.integers(0, T // 2, B), rng.integers(T // 2, T, B)
    marks = np.zeros_like(values)
    np.put_along_axis(marks, np.stack([first, second]), 1.0, axis=0)
    picked = np.take_along_axis(values, np.stack([first, second]), axis=0)
    return np.moveaxis(np.array([values, marks]), 0, -1), picked.sum(axis=0)[:, None]


ADDING_PROBLEM = (adding_filled, adding_by_masks, adding_by_identity, adding_with_put)

# --- windows -------------------------------------------------------------------------------------


def windows_by_view(series, window, horizon):
    both = np.lib.stride_tricks.sliding_window_view(series, window + horizon)
    return both[:, :window].copy(), both[:, window:].copy()


def windows_by_index(series, window, horizon):
    if window + horizon > len(series):
        raise ValueError
    start = np.arange(len(series) - window - horizon + 1)[:, None]
    return series[start + np.arange(window)], series[start + window + np.arange(horizon)]


def windows_by_lists(series, window, horizon):
    x, y = [], []
    k = 0
    while k + window + horizon <= len(series):
        x.append(list(series[k : k + window]))
        y.append(list(series[k + window : k + window + horizon]))
        k += 1
    if not x:
        raise ValueError("no window fits")
    return np.array(x, dtype=series.dtype), np.array(y, dtype=series.dtype)


def windows_filled(series, window, horizon):
    N = series.size - window - horizon + 1
    if N <= 0:
        raise ValueError(f"{series.size} values are too few")
    x, y = np.empty((N, window), series.dtype), np.empty((N, horizon), series.dtype)
    for j in range(window):
        x[:, j] = series[j : j + N]
    for j in range(horizon):
        y[:, j] = series[window + j : window + j + N]
    return x, y


def windows_as_views(series, window, horizon):
    both = np.lib.stride_tricks.sliding_window_view(series, window + horizon)
    return np.split(both, [window], axis=1)


MAKE_WINDOWS = (
    windows_by_view,
    windows_by_index,
    windows_by_lists,
    windows_filled,
    windows_as_views,
)


def forecast_by_tile(x, horizon):
    return np.tile(x[:, [-1]], (1, horizon))


def forecast_by_broadcast(x, horizon):
    return np.broadcast_to(x[:, -1:], (len(x), horizon))


def forecast_by_index(x, horizon):
    return x[:, [-1] * horizon]


def forecast_filled(x, horizon):
    forecast = np.empty((x.shape[0], horizon), dtype=x.dtype)
    for row in range(x.shape[0]):
        forecast[row] = x[row, -1]
    return forecast


def forecast_by_product(x, horizon):
    return np.outer(x[:, -1], np.ones(horizon, dtype=x.dtype))


NAIVE_FORECAST = (
    forecast_by_tile,
    forecast_by_broadcast,
    forecast_by_index,
    forecast_filled,
    forecast_by_product,
)

# --- SRU -----------------------------------------------------------------------------------------


def sru_by_one_product(x_t, c_prev, W, W_f, W_r, v_f, v_r, b_f, b_r):
    new, forget, reset = np.split(x_t @ np.concatenate([W, W_f, W_r]).T, 3, axis=1)
    forget, reset = sigmoid(forget + v_f * c_prev + b_f), sigmoid(reset + v_r * c_prev + b_r)
    c = new + forget * (c_prev - new)
    return x_t + reset * (c - x_t), c


def sru_by_einsum(x, c0, W, Wf, Wr, vf, vr, bf, br):
    def times(matrix):
        return np.einsum("hj,bj->bh", matrix, x)

    with np.errstate(over="ignore"):
        f = 1 / (1 + np.exp(-(times(Wf) + np.einsum("h,bh->bh", vf, c0) + bf)))
        r = 1 / (1 + np.exp(-(times(Wr) + np.einsum("h,bh->bh", vr, c0) + br)))
    c = np.multiply(f, c0) + np.multiply(1 - f, times(W))
    return np.multiply(r, c) + np.multiply(1 - r, x), c


def sru_by_rows(x_t, c_prev, W, W_f, W_r, v_f, v_r, b_f, b_r):
    h, c = np.empty_like(x_t), np.empty_like(c_prev)
    for b, (x, old) in enumerate(zip(x_t, c_prev, strict=True)):
        f = sigmoid(W_f @ x + v_f * old + b_f)
        r = sigmoid(W_r @ x + v_r * old + b_r)
        c[b] = f * old + (1 - f) * (W @ x)
        h[b] = r * c[b] + (1 - r) * x
    return h, c


def sru_by_tanh(x_t, c_prev, W, W_f, W_r, v_f, v_r, b_f, b_r):
    def squeeze(a):
        return (np.tanh(a / 2) + 1) / 2

    f = squeeze(np.dot(x_t, W_f.T) + c_prev * v_f + b_f)
    r = squeeze(np.dot(x_t, W_r.T) + c_prev * v_r + b_r)
    c = f * c_prev + (1.0 - f) * np.dot(x_t, W.T)
    return [r * c + (1.0 - r) * x_t, c]


SRU_STEP = (sru_by_one_product, sru_by_einsum, sru_by_rows, sru_by_tanh)

# --- Keras ---------------------------------------------------------------------------------------


def keras_by_index(cell, kernel, recurrent_kernel, bias):
    H = recurrent_kernel.shape[0]
    rows = np.arange(recurrent_kernel.shape[1])
    if cell == "gru":
        rows = np.r_[H : 2 * H, 0:H, 2 * H : 3 * H]
        bias_ih, bias_hh = bias
    else:
        bias_ih, bias_hh = bias, 0 * bias
    return kernel.T[rows], recurrent_kernel.T[rows], bias_ih[rows], bias_hh[rows]


def keras_by_reshape(cell, kernel, recurrent_kernel, bias):
    def turn(matrix):
        blocks = matrix.reshape(len(matrix), -1, H)
        if cell == "gru":
            blocks = blocks[:, [1, 0, 2]]
        return blocks.reshape(len(matrix), -1).transpose()

    H = len(recurrent_kernel)
    both = bias if cell == "gru" else np.stack([bias, np.zeros(len(bias), bias.dtype)])
    bias_ih, bias_hh = turn(both).T
    return turn(kernel), turn(recurrent_kernel), bias_ih, bias_hh


def keras_by_swapping(cell, kernel, recurrent_kernel, bias):
    w_ih, w_hh = np.array(kernel.T), np.array(recurrent_kernel.T)
    if cell == "lstm":
        return w_ih, w_hh, bias, np.zeros(bias.shape, dtype=bias.dtype)
    b_ih, b_hh = bias.copy()
    H = w_hh.shape[1]
    for array in (w_ih, w_hh, b_ih, b_hh):
        array[: 2 * H] = np.concatenate([array[H : 2 * H], array[:H]])
    return w_ih, w_hh, b_ih, b_hh


def keras_by_hsplit(cell, kernel, recurrent_kernel, bias):
    if cell == "lstm":
        return kernel.T, recurrent_kernel.T, bias, bias - bias

    def order(array):
        update, reset, candidate = np.array_split(array, 3, axis=-1)
        return np.concatenate((reset, update, candidate), axis=-1).T

    return order(kernel), order(recurrent_kernel), order(bias[0]), order(bias[1])


KERAS_TO_TORCH = (keras_by_index, keras_by_reshape, keras_by_swapping, keras_by_hsplit)

# --- sampling ------------------------------------------------------------------------------------


def sample_by_partition(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return np.argmax(logits)
    V = len(logits)
    a = np.array(logits, dtype=np.float64)
    if top_k is not None:
        a[a < np.partition(a, -min(top_k, V))[-min(top_k, V)]] = -np.inf
    p = np.exp((a - a.max()) / temperature)
    return rng.choice(V, p=p / p.sum())


def sample_by_logarithm(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return int(logits.argmax())
    k = len(logits) if top_k is None else min(top_k, len(logits))
    smallest = sorted(logits, reverse=True)[k - 1]
    a = np.where(logits >= smallest, np.asarray(logits, float) / temperature, -np.inf)
    a = a - np.logaddexp.reduce(a)
    return int(rng.choice(len(a), p=np.exp(a) / np.exp(a).sum()))


def sample_by_filter(logits, rng, temperature=1.0, top_k=None):
    if not temperature:
        return list(logits).index(max(logits))
    p = np.exp((logits - np.max(logits)) / temperature)
    if top_k is not None and top_k < len(logits):
        p[logits < np.sort(logits)[::-1][top_k - 1]] = 0
    p = p / p.sum()
    return rng.choice(np.arange(len(logits)), p=p).item()


def sample_with_helpers(logits, rng, temperature=1.0, top_k=None):
    def softmax(values):
        e = np.exp(values - values.max())
        return e / np.sum(e)

    if temperature == 0:
        return int(np.flatnonzero(logits == logits.max())[0])
    scores = logits.astype(float).copy()
    if top_k:
        for index, score in enumerate(logits):
            if (logits > score).sum() >= top_k:
                scores[index] = -np.inf
    return int(rng.choice(len(scores), p=softmax(scores / temperature)))


SAMPLE_NEXT = (
    sample_by_partition,
    sample_by_logarithm,
    sample_by_filter,
    sample_with_helpers,
)

# --- training ------------------------------------------------------------------------------------


def train_with_counter(model, loss_function, x, y, x_valid, y_valid, settings):
    order = torch.Generator()
    order.manual_seed(settings["seed"])
    optimiser = torch.optim.Adam(model.parameters(), settings["learning_rate"])
    train_losses, valid_losses = [], []
    best, waited, kept = 0, 0, None
    N, size = x.shape[0], settings["batch_size"]
    while len(train_losses) < settings["epochs"]:
        model.train()
        rows = torch.randperm(N, generator=order)
        losses = []
        for start in range(0, N, size):
            some = rows[start : start + size]
            model.zero_grad()
            loss = loss_function(model(x[some]), y[some])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=settings["clip"])
            optimiser.step()
            losses += [loss.detach()] * len(some)
        train_losses.append(torch.stack(losses).mean().item())
        model.eval()
        with torch.inference_mode():
            valid_losses.append(float(loss_function(model(x_valid), y_valid)))
        if kept is None or valid_losses[-1] < valid_losses[best]:
            best, waited = len(valid_losses) - 1, 0
            kept = {name: value.clone() for name, value in model.state_dict().items()}
        else:
            waited += 1
            if waited == settings["patience"]:
                break
    model.load_state_dict(kept)
    return {"train": train_losses, "valid": valid_losses, "best": best}


def train_clipping_by_hand(model, loss_function, x, y, x_valid, y_valid, settings):
    g = torch.Generator().manual_seed(settings["seed"])
    adam = torch.optim.Adam(model.parameters(), lr=settings["learning_rate"], foreach=False)
    best_model, history = copy.deepcopy(model), {"train": [], "valid": [], "best": 0}
    for epoch in range(settings["epochs"]):
        model.train(True)
        weighted = torch.zeros((), dtype=x.dtype)
        shuffled = torch.randperm(len(x), generator=g)
        for xs, ys in zip(
            x[shuffled].split(settings["batch_size"]),
            y[shuffled].split(settings["batch_size"]),
            strict=True,
        ):
            adam.zero_grad(set_to_none=False)
            loss = loss_function(model(xs), ys)
            loss.backward()
            grads = [p.grad for p in model.parameters()]
            norm = torch.sqrt(sum((grad**2).sum() for grad in grads))
            for grad in grads:
                grad *= min(1.0, settings["clip"] / (norm.item() + 1e-6))
            adam.step()
            weighted += loss.detach() * len(xs)
        history["train"].append(weighted / len(x))
        model.train(False)
        valid = loss_function(model(x_valid), y_valid).detach()
        if not history["valid"] or valid < min(history["valid"]):
            history["best"] = epoch
            best_model.load_state_dict(model.state_dict())
        history["valid"].append(valid)
        if epoch - history["best"] == settings["patience"]:
            break
    model.load_state_dict(best_model.state_dict())
    return history


def train_restoring_by_copy(model, loss_function, x, y, x_valid, y_valid, settings):
    """Keeps every epoch's weights, and looks for the best afterwards."""
    s = settings
    generator = torch.Generator().manual_seed(s["seed"])
    optimizer = torch.optim.Adam(list(model.parameters()), lr=s["learning_rate"])
    trains, valids, snapshots = [], [], []
    for _ in range(s["epochs"]):
        model.train()
        total = 0
        for batch in torch.split(torch.randperm(len(x), generator=generator), s["batch_size"]):
            loss = loss_function(model(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(list(model.parameters()), s["clip"])
            optimizer.step()
            total += loss.item() * batch.numel()
        trains.append(total / x.size(0))
        model.eval()
        with torch.no_grad():
            valids.append(loss_function(model(x_valid), y_valid).item())
        snapshots.append([p.detach().clone() for p in model.parameters()])
        best = int(np.argmin(valids))
        if len(valids) - 1 - best >= s["patience"]:
            break
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), snapshots[best], strict=True):
            parameter.copy_(value)
    return dict(train=trains, valid=valids, best=best)


def train_returning_arrays(*arguments):
    history = train_with_counter(*arguments)
    return {
        "train": np.array(history["train"]),
        "valid": torch.tensor(history["valid"], dtype=torch.float64).numpy(),
        "best": np.int64(history["best"]),
    }


TRAIN = (
    train_with_counter,
    train_clipping_by_hand,
    train_restoring_by_copy,
    train_returning_arrays,
)

# --- networks ------------------------------------------------------------------------------------


class CharGRUBatchFirst(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, num_layers=1):
        super().__init__()
        self.embed = nn.Embedding(vocabulary_size, embedding_size)
        self.gru = nn.GRU(embedding_size, hidden_size, num_layers=num_layers, batch_first=True)
        self.head = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, indices, state=None):
        output, state = self.gru(self.embed(indices.T), state)
        return self.head(output).transpose(0, 1), state


class CharGRUWithZeros(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, num_layers=1):
        super().__init__()
        self.head = nn.Linear(hidden_size, vocabulary_size)
        self.gru = nn.GRU(embedding_size, hidden_size, num_layers)
        self.embed = nn.Embedding(vocabulary_size, embedding_size)

    def forward(self, indices, state=None):
        vectors = self.embed(indices)
        if state is None:
            shape = (self.gru.num_layers, indices.shape[1], self.gru.hidden_size)
            state = vectors.new_zeros(shape)
        output, last = self.gru(vectors, state)
        return torch.stack([self.head(h) for h in output]), last


class CharGRUStepByStep(nn.Module):
    def __init__(self, V, E, H, layers=1, **others):
        super().__init__()
        layers = others.get("num_layers", layers)
        self.embed, self.gru = nn.Embedding(V, E), nn.GRU(E, H, layers)
        self.head = nn.Linear(H, V)

    def forward(self, indices, state=None):
        logits = []
        for row in indices:
            output, state = self.gru(self.embed(row)[None], state)
            logits.append(self.head(output[0]))
        return torch.stack(logits), state


class CharGRUFunctional(CharGRUBatchFirst):
    def forward(self, indices, state=None):
        vectors = functional.embedding(indices.T, self.embed.weight)
        output, state = self.gru(vectors, state)
        scores = output @ self.head.weight.T + self.head.bias
        return scores.permute(1, 0, 2), state


def _char_gru_by_names(vocabulary_size, embedding_size, hidden_size, num_layers=1):
    return CharGRUStepByStep(vocabulary_size, embedding_size, hidden_size, num_layers)


CHAR_GRU = (CharGRUBatchFirst, CharGRUWithZeros, _char_gru_by_names, CharGRUFunctional)


def generate_reading_first(model, vocabulary, start, length, rng, temperature=1.0, top_k=None):
    to_index = {c: k for k, c in enumerate(vocabulary)}
    text = start
    with torch.no_grad():
        logits, state = model(torch.tensor([[to_index[c]] for c in start]), None)
        for _ in range(length):
            k = comparison.sample_next(logits[-1, 0].numpy(), rng, temperature, top_k)
            text += vocabulary[k]
            logits, state = model(torch.tensor([[k]]), state)
    return text


def generate_character_by_character(
    model, vocabulary, start, length, rng, temperature=1.0, top_k=None
):
    scores, state, characters = None, None, list(start)
    for place in range(len(start) + length):
        if place >= len(start):
            index = comparison.sample_next(scores, rng, temperature=temperature, top_k=top_k)
            characters.append(vocabulary[index])
        index = vocabulary.index(characters[place])
        logits, state = model(torch.LongTensor([[index]]), state)
        scores = logits.detach().numpy().reshape(-1)
    return "".join(characters)


@torch.no_grad()
def generate_in_inference_mode(model, vocabulary, start, length, rng, temperature=1.0, top_k=None):
    model.eval()
    tokens = torch.tensor([vocabulary.find(c) for c in start]).unsqueeze(1)
    state, out = None, ""
    while len(out) < length:
        logits, state = model(tokens, state)
        k = int(comparison.sample_next(logits[-1].squeeze(0).numpy(), rng, temperature, top_k))
        out += vocabulary[k]
        tokens = torch.full((1, 1), k)
    return start + out


def generate_reading_all_again(model, vocabulary, start, length, rng, temperature=1.0, top_k=None):
    """Slow, since it reads everything anew for each character, and right."""
    text = start
    for _ in range(length):
        x = torch.tensor([vocabulary.index(c) for c in text]).reshape(-1, 1)
        logits = model(x, None)[0].detach()
        text += vocabulary[comparison.sample_next(logits[-1, 0].numpy(), rng, temperature, top_k)]
    return text


GENERATE = (
    generate_reading_first,
    generate_character_by_character,
    generate_in_inference_mode,
    generate_reading_all_again,
)


class ForecasterBatchFirst(nn.Module):
    def __init__(self, hidden_size, horizon):
        super().__init__()
        self.gru = nn.GRU(input_size=1, hidden_size=hidden_size, batch_first=True)
        self.head = nn.Linear(hidden_size, horizon)

    def forward(self, x):
        output, _ = self.gru((x - x[:, -1:]).unsqueeze(2))
        return self.head(output[:, -1]) + x[:, -1:]


class ForecasterByPermutation(ForecasterBatchFirst):
    def __init__(self, hidden_size, horizon):
        super().__init__(hidden_size, horizon)
        self.gru = nn.GRU(1, hidden_size)

    def forward(self, x):
        level = x[:, -1].reshape(-1, 1)
        centred = (x - level)[:, :, None].permute(1, 0, 2)
        output, _ = self.gru(centred)
        return functional.linear(output[-1], self.head.weight, self.head.bias) + level


class ForecasterWithRepeat(ForecasterByPermutation):
    def forward(self, x):
        last = x[:, -1:].repeat(1, x.shape[1])
        h = self.gru((x - last).t().reshape(x.shape[1], x.shape[0], 1))[1].squeeze(0)
        change = self.head(h)
        return last[:, :1].expand_as(change) + change


class ForecasterWithZeros(ForecasterBatchFirst):
    def forward(self, x):
        zeros = torch.zeros(1, len(x), self.gru.hidden_size, dtype=x.dtype)
        _, h_n = self.gru(x.unsqueeze(-1) - x[:, -1, None, None], zeros)
        return x[:, -1:] + self.head(h_n)[0]


FORECASTER = (
    ForecasterBatchFirst,
    ForecasterByPermutation,
    ForecasterWithRepeat,
    ForecasterWithZeros,
)


class DigitRNNBatchFirst(nn.Module):
    def __init__(self, cell, columns, hidden_size, classes):
        super().__init__()
        try:
            kind = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell]
        except KeyError:
            raise ValueError(cell) from None
        self.rnn = kind(columns, hidden_size, batch_first=True)
        self.head = nn.Linear(hidden_size, classes)

    def forward(self, images):
        return self.head(self.rnn(images)[0][:, -1, :])


class DigitRNNByState(DigitRNNBatchFirst):
    def forward(self, images):
        _, state = self.rnn(images)
        h_n = state[0] if isinstance(state, tuple) else state
        return self.head(h_n[-1])


class DigitRNNByName(nn.Module):
    def __init__(self, cell, columns, hidden_size, classes):
        super().__init__()
        if cell not in ("rnn", "gru", "lstm"):
            raise ValueError(f"what is {cell}?")
        self.rnn = getattr(nn, cell.upper())(columns, hidden_size)
        self.head = nn.Linear(hidden_size, classes)

    def forward(self, images):
        output = self.rnn(images.permute(1, 0, 2))[0]
        return functional.linear(output[-1], self.head.weight, self.head.bias)


class DigitRNNRowByRow(DigitRNNByName):
    def forward(self, images):
        state = None
        for row in images.unbind(dim=1):
            output, state = self.rnn(row[None], state)
        return self.head(output).squeeze(0)


DIGIT_RNN = (DigitRNNBatchFirst, DigitRNNByState, DigitRNNByName, DigitRNNRowByRow)


class DigitDNNOfModules(nn.Module):
    def __init__(self, rows, columns, hidden_size, classes):
        super().__init__()
        self.flatten, self.bend = nn.Flatten(), nn.ReLU()
        self.hidden = nn.Linear(rows * columns, hidden_size)
        self.head = nn.Linear(hidden_size, classes)

    def forward(self, images):
        x = self.bend(self.hidden(self.flatten(images)))
        return self.head(x)


class DigitDNNInARow(nn.Sequential):
    def __init__(self, rows, columns, hidden_size, classes):
        layers = {
            "flatten": nn.Flatten(),
            "hidden": nn.Linear(rows * columns, hidden_size),
            "bend": nn.ReLU(inplace=True),
            "head": nn.Linear(hidden_size, classes),
        }
        super().__init__(OrderedDict(layers))


class DigitDNNByView(DigitDNNOfModules):
    def forward(self, images):
        numbers = self.hidden(images.view(images.size(0), -1)).clamp(min=0)
        return functional.linear(numbers, self.head.weight, self.head.bias)


class DigitDNNByProducts(DigitDNNOfModules):
    """Adds up the rows of the image, each with its own block of weights."""

    def forward(self, images):
        blocks = self.hidden.weight.unflatten(1, images.shape[1:])
        numbers = torch.einsum("brc,hrc->bh", images, blocks) + self.hidden.bias
        bent = torch.where(numbers > 0, numbers, torch.zeros_like(numbers))
        return bent @ self.head.weight.T + self.head.bias


class DigitDNNImageByImage(DigitDNNOfModules):
    def forward(self, images):
        rows = [image.reshape(1, -1) for image in images]
        return torch.cat([self.head(functional.relu(self.hidden(row))) for row in rows])


DIGIT_DNN = (
    DigitDNNOfModules,
    DigitDNNInARow,
    DigitDNNByView,
    DigitDNNByProducts,
    DigitDNNImageByImage,
)


class DigitCNNOfModules(nn.Module):
    def __init__(self, rows, columns, channels, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, kernel_size=(3, 3), padding="same")
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, stride=1, padding=(1, 1))
        self.pool, self.bend, self.flatten = nn.MaxPool2d(2, 2), nn.ReLU(), nn.Flatten()
        self.head = nn.Linear(channels * (rows // 2) * (columns // 2), classes)

    def forward(self, images):
        x = images[:, None, :, :]
        x = self.pool(self.bend(self.conv1(x)))
        x = self.bend(self.conv2(x))
        return self.head(self.flatten(x))


class DigitCNNInARow(nn.Sequential):
    def __init__(self, rows, columns, channels, classes):
        layers = {
            "channel": nn.Unflatten(1, (1, rows)),
            "conv1": nn.Conv2d(1, channels, 3, 1, 1),
            "bend1": nn.ReLU(),
            "pool": nn.MaxPool2d(2),
            "conv2": nn.Conv2d(channels, channels, 3, 1, 1),
            "bend2": nn.ReLU(),
            "flatten": nn.Flatten(),
            "head": nn.Linear(
                channels * ((rows - rows % 2) * (columns - columns % 2) // 4), classes
            ),
        }
        super().__init__(OrderedDict(layers))


class DigitCNNPooledFirst(DigitCNNOfModules):
    """The largest of a block is the same before the ReLU and after it."""

    def forward(self, images):
        x = images.view(images.shape[0], 1, *images.shape[1:])
        x = functional.max_pool2d(self.conv1(x), kernel_size=2).clamp(min=0)
        x = functional.relu(self.conv2(x))
        return self.head(x.reshape(len(images), -1))


class DigitCNNSized(DigitCNNOfModules):
    """Finds the last layer's size by sending an empty image through."""

    def __init__(self, rows, columns, channels, classes):
        super().__init__(rows, columns, channels, classes)
        with torch.no_grad():
            size = self.seen(torch.zeros(1, rows, columns)).shape[1]
        self.head = nn.Linear(size, classes)

    def seen(self, images):
        x = images.unsqueeze(0).transpose(0, 1)
        x = self.pool(torch.relu(self.conv1(x)))
        return torch.relu(self.conv2(x)).flatten(start_dim=1)

    def forward(self, images):
        return self.head(self.seen(images))


class DigitCNNByHand(DigitCNNOfModules):
    def forward(self, images):
        maps = self.windows(images[:, None], self.conv1)
        rows, columns = maps.shape[2] // 2, maps.shape[3] // 2
        blocks = maps[:, :, : 2 * rows, : 2 * columns]
        blocks = blocks.unflatten(3, (columns, 2)).unflatten(2, (rows, 2))
        maps = self.windows(blocks.amax(dim=(3, 5)), self.conv2)
        return maps.flatten(1) @ self.head.weight.T + self.head.bias

    def windows(self, maps, layer):
        """What a layer makes of all windows of 3 by 3, after a ReLU."""
        columns = functional.unfold(maps, kernel_size=3, padding=1)
        products = layer.weight.flatten(1) @ columns + layer.bias[:, None]
        return torch.relu(products).unflatten(2, maps.shape[2:])


class DigitCNNImageByImage(DigitCNNOfModules):
    def forward(self, images):
        rows = []
        for image in images:
            x = self.pool(self.bend(self.conv1(image[None])))
            rows.append(self.head(self.bend(self.conv2(x)).flatten()))
        return torch.stack(rows)


DIGIT_CNN = (
    DigitCNNOfModules,
    DigitCNNInARow,
    DigitCNNPooledFirst,
    DigitCNNSized,
    DigitCNNByHand,
    DigitCNNImageByImage,
)


class BagByLoop(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, classes):
        super().__init__()
        self.embed = nn.Embedding(vocabulary_size, embedding_size)
        self.head = nn.Linear(embedding_size, classes)

    def forward(self, indices, lengths):
        texts = [indices[:length, b] for b, length in enumerate(lengths)]
        return self.head(torch.stack([self.embed(text).mean(dim=0) for text in texts]))


class BagByFunction(BagByLoop):
    def forward(self, indices, lengths):
        words = torch.cat([column[:n] for column, n in zip(indices.T, lengths, strict=True)])
        offsets = torch.cumsum(lengths, 0) - lengths
        mean = functional.embedding_bag(words, self.embed.weight, offsets, mode="mean")
        return self.head(mean)


class BagByWhere(BagByLoop):
    def forward(self, indices, lengths):
        vectors = self.embed(indices)
        padding = torch.arange(indices.size(0)).unsqueeze(1) >= lengths.unsqueeze(0)
        vectors = vectors.masked_fill(padding.unsqueeze(-1), 0.0)
        return self.head(vectors.sum(0) / lengths.unsqueeze(1).to(vectors.dtype))


class BagByCounts(BagByLoop):
    def forward(self, indices, lengths):
        weight = self.embed.weight
        counts = weight.new_zeros(indices.shape[1], weight.shape[0])
        for b in range(indices.shape[1]):
            for t in range(int(lengths[b])):
                counts[b, indices[t, b]] += 1
        return self.head(counts @ weight / lengths.reshape(-1, 1))


BAG_OF_EMBEDDINGS = (BagByLoop, BagByFunction, BagByWhere, BagByCounts)
