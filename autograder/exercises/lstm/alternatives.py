"""Other right answers to the exercises of the LSTM chapter, written as students write them.

They are there for the tests of the checks: every one of them gets full marks.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from autograder.reference import lstm

from .torch_reference import LSTMCell

# --- σ -------------------------------------------------------------------------------------------


def sigmoid_plain(a):
    return 1 / (1 + np.exp(-a))


def sigmoid_by_tanh(a):
    return 0.5 * (1 + np.tanh(0.5 * a))


def sigmoid_by_logarithm(values):
    return np.exp(-np.logaddexp(0, -values))


def sigmoid_piecewise(a):
    a = np.asarray(a)
    return np.piecewise(
        a, [a >= 0], [lambda v: 1 / (1 + np.exp(-v)), lambda v: np.exp(v) / (1 + np.exp(v))]
    )


def sigmoid_filled(a: np.ndarray) -> np.ndarray:
    result = np.empty_like(a)
    positive = a >= 0
    result[positive] = 1 / (1 + np.exp(-a[positive]))
    e = np.exp(a[~positive])
    result[~positive] = e / (1 + e)
    return result


def sigmoid_clipped(a):
    return 1.0 / (1.0 + np.exp(-np.clip(a, -40, 40)))


def sigmoid_in_float64(a):
    return 1 / (1 + np.exp(-np.asarray(a, dtype=np.float64)))


SIGMOID = (
    sigmoid_plain,
    sigmoid_by_tanh,
    sigmoid_by_logarithm,
    sigmoid_piecewise,
    sigmoid_filled,
    sigmoid_clipped,
    sigmoid_in_float64,
    lambda a: np.where(a < 0, np.exp(a) / (np.exp(a) + 1), 1 / (np.exp(-a) + 1)),
)


# --- gates ---------------------------------------------------------------------------------------


def gate_alternatives(k, squeeze):
    """Other ways to compute the k-th of the four gates.

    Parameters
    ----------
    k : int, the gate's place in the order i, f, g, o
    squeeze : function, the gate's own

    Returns
    -------
    tuple of functions
    """

    def by_einsum(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
        H = weight_hh.shape[1]
        w_ih, w_hh = weight_ih.reshape(4, H, -1)[k], weight_hh.reshape(4, H, H)[k]
        bias = (bias_ih + bias_hh).reshape(4, H)[k]
        return squeeze(
            np.einsum("bi,hi->bh", x_t, w_ih) + np.einsum("bj,hj->bh", h_prev, w_hh) + bias
        )

    def by_loops(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
        B, H = h_prev.shape
        gate = np.empty((B, H), dtype=h_prev.dtype)
        for b in range(B):
            for unit in range(H):
                row = k * H + unit
                total = bias_ih[row] + bias_hh[row]
                total += sum(w * v for w, v in zip(weight_ih[row], x_t[b], strict=True))
                total += sum(w * v for w, v in zip(weight_hh[row], h_prev[b], strict=True))
                gate[b, unit] = total
        return squeeze(gate)

    def by_columns(x, h, W, U, b, d):
        return squeeze(
            (W @ x.T + U @ h.T + b[:, None] + d[:, None]).T[:, k * len(h[0]) :][:, : len(h[0])]
        )

    def by_one_product(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
        hx = np.concatenate([h_prev, x_t], axis=1)
        weight = np.hstack([weight_hh, weight_ih])
        return squeeze(np.split(np.dot(hx, weight.T) + (bias_ih + bias_hh), 4, axis=1)[k])

    def in_float64(*arguments):
        x_t, h_prev, w_ih, w_hh, b_ih, b_hh = (np.asarray(a, np.float64) for a in arguments)
        rows = np.arange(k * h_prev.shape[1], (k + 1) * h_prev.shape[1])
        a = np.matmul(x_t, w_ih[rows].transpose()) + np.inner(h_prev, w_hh[rows])
        a += b_ih[rows]
        a += b_hh[rows]
        return squeeze(a)

    return by_einsum, by_loops, by_columns, by_one_product, in_float64


def gate_by_tanh(k):
    """A gate squeezed by tanh at half the width."""

    def by_tanh(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
        a = (x_t @ weight_ih.T + bias_ih) + (h_prev @ weight_hh.T + bias_hh)
        B, H = h_prev.shape
        return (np.tanh(a.reshape(B, 4, H)[:, k] / 2) + 1) / 2

    return by_tanh


INPUT_GATE = (*gate_alternatives(0, lstm.sigmoid), gate_by_tanh(0))
FORGET_GATE = (*gate_alternatives(1, lstm.sigmoid), gate_by_tanh(1))
CANDIDATE = gate_alternatives(2, np.tanh)
OUTPUT_GATE = (*gate_alternatives(3, lstm.sigmoid), gate_by_tanh(3))


# --- the new cell state --------------------------------------------------------------------------


def update_cell_by_functions(c_prev, forget, input, candidate):
    return np.add(np.multiply(forget, c_prev), np.multiply(input, candidate))


def update_cell_by_loops(c_prev, forget, input, candidate):
    c = np.zeros_like(c_prev)
    for place in np.ndindex(c.shape):
        c[place] = input[place] * candidate[place] + forget[place] * c_prev[place]
    return c


def update_cell_on_a_copy(old, f, i, g):
    c = old.copy()
    c *= f
    c += i * g
    return c


def update_cell_by_einsum(c_prev, forget, input, candidate):
    return np.einsum("kbh,kbh->bh", np.stack([forget, input]), np.stack([c_prev, candidate]))


UPDATE_CELL = (
    update_cell_by_functions,
    update_cell_by_loops,
    update_cell_on_a_copy,
    update_cell_by_einsum,
    lambda c, f, i, g: i * g + c * f,
)


# --- one step ------------------------------------------------------------------------------------


def lstm_step_from_gates(x_t, h_prev, c_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    given = (x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh)
    c = lstm.update_cell(
        c_prev, lstm.forget_gate(*given), lstm.input_gate(*given), lstm.candidate(*given)
    )
    return lstm.output_gate(*given) * np.tanh(c), c


def lstm_step_by_einsum(x, h, c, W, U, b, d):
    H = h.shape[1]
    a = np.einsum("bi,khi->kbh", x, W.reshape(4, H, -1))
    a = a + np.einsum("bj,khj->kbh", h, U.reshape(4, H, H)) + (b + d).reshape(4, 1, H)
    i, f, o = sigmoid_by_tanh(a[[0, 1, 3]])
    c = f * c + i * np.tanh(a[2])
    return o * np.tanh(c), c


def lstm_step_by_one_product(x_t, h_prev, c_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    H = h_prev.shape[1]
    ones = np.ones((len(x_t), 1), dtype=x_t.dtype)
    all_weights = np.hstack([weight_ih, weight_hh, (bias_ih + bias_hh)[:, None]])
    a = np.dot(np.hstack([x_t, h_prev, ones]), all_weights.T)
    i, f = sigmoid_plain(a[:, :H]), sigmoid_plain(a[:, H : 2 * H])
    g, o = np.tanh(a[:, 2 * H : 3 * H]), sigmoid_plain(a[:, 3 * H :])
    new_c = f * c_prev + i * g
    new_h = o * np.tanh(new_c)
    return [new_h, new_c]


def lstm_step_by_rows(x_t, h_prev, c_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    hs, cs = [], []
    for x, h, c in zip(x_t, h_prev, c_prev, strict=True):
        blocks = (weight_ih @ x + bias_ih + weight_hh @ h + bias_hh).reshape(4, -1)
        gates = dict(zip("ifgo", blocks, strict=True))
        cs.append(sigmoid_plain(gates["f"]) * c + sigmoid_plain(gates["i"]) * np.tanh(gates["g"]))
        hs.append(sigmoid_plain(gates["o"]) * np.tanh(cs[-1]))
    return np.array(hs), np.array(cs)


def lstm_step_in_float64(*arguments):
    return lstm.lstm_step(*(np.asarray(a, dtype=float) for a in arguments))


LSTM_STEP = (
    lstm_step_from_gates,
    lstm_step_by_einsum,
    lstm_step_by_one_product,
    lstm_step_by_rows,
    lstm_step_in_float64,
)


# --- a whole sequence ----------------------------------------------------------------------------


def lstm_forward_filled(x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh):
    T, B, _ = x.shape
    H = h0.shape[1]
    output = np.zeros((T, B, H), dtype=h0.dtype)
    h, c = h0.copy(), c0.copy()
    for t in range(T):
        h, c = lstm.lstm_step(x[t], h, c, weight_ih, weight_hh, bias_ih, bias_hh)
        output[t] = h
    return output, (h, c)


def lstm_forward_all_steps_kept(x, h0, c0, *weights):
    hs, cs = [h0], [c0]
    for t in range(len(x)):
        h, c = lstm.lstm_step(x[t], hs[-1], cs[-1], *weights)
        hs.append(h)
        cs.append(c)
    return np.array(hs[1:]), [hs[-1], cs[-1]]


def lstm_forward_input_first(x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh):
    projected = np.einsum("tbi,ki->tbk", x, weight_ih) + bias_ih + bias_hh
    H = h0.shape[1]
    zero = np.zeros_like(bias_ih)
    output, h, c = [], h0, c0
    for a in projected:
        h, c = lstm.lstm_step(a, h, c, np.eye(4 * H, dtype=a.dtype), weight_hh, zero, zero)
        output.append(h[None])
    return np.concatenate(output, axis=0), (output[-1][0], c)


def lstm_forward_recursive(x, h0, c0, *weights):
    h, c = lstm.lstm_step(x[0], h0, c0, *weights)
    if len(x) == 1:
        return h[None], (h, c)
    rest, final = lstm_forward_recursive(x[1:], h, c, *weights)
    return np.vstack([h[None], rest]), final


def lstm_forward_by_rows(x, h0, c0, *weights):
    results = [
        lstm_forward_filled(x[:, b : b + 1], h0[b : b + 1], c0[b : b + 1], *weights)
        for b in range(x.shape[1])
    ]
    output = np.concatenate([row[0] for row in results], axis=1)
    h_n, c_n = (np.concatenate([row[1][k] for row in results]) for k in (0, 1))
    return output, (h_n, c_n)


LSTM_FORWARD = (
    lstm_forward_filled,
    lstm_forward_all_steps_kept,
    lstm_forward_input_first,
    lstm_forward_recursive,
    lstm_forward_by_rows,
)


# --- the papers' weights -------------------------------------------------------------------------


def split_by_stacking(W_i, W_f, W_g, W_o, b_i, b_f, b_g, b_o):
    W = np.vstack((W_i, W_f, W_g, W_o))
    weight_hh, weight_ih = np.split(W, [W.shape[0] // 4], axis=1)
    b = np.hstack((b_i, b_f, b_g, b_o))
    return weight_ih, weight_hh, b, np.zeros(len(b), dtype=b.dtype)


def split_filled(W_i, W_f, W_g, W_o, b_i, b_f, b_g, b_o):
    H, both = W_i.shape
    weight_ih, weight_hh = np.empty((4 * H, both - H)), np.empty((4 * H, H))
    bias_ih, bias_hh = np.empty(4 * H), np.zeros(4 * H)
    pairs = zip((W_i, W_f, W_g, W_o), (b_i, b_f, b_g, b_o), strict=True)
    for k, (W, b) in enumerate(pairs):
        rows = slice(k * H, (k + 1) * H)
        weight_hh[rows], weight_ih[rows], bias_ih[rows] = W[:, :H], W[:, H:], b
    return weight_ih, weight_hh, bias_ih, bias_hh


def split_each_gate(*arrays):
    matrices, biases = arrays[:4], arrays[4:]
    H = len(biases[0])
    weight_ih = np.concatenate([W[:, H:] for W in matrices])
    weight_hh = np.concatenate([W[:, :H] for W in matrices])
    bias_ih = np.concatenate(biases)
    return [weight_ih, weight_hh, bias_ih, 0 * bias_ih]


def split_reshaped(W_i, W_f, W_g, W_o, b_i, b_f, b_g, b_o):
    H = b_i.size
    W = np.array([W_i, W_f, W_g, W_o]).reshape(4 * H, -1)
    b = np.array([b_i, b_f, b_g, b_o]).ravel()
    return W[..., H:].copy(), W[..., :H].copy(), b, b - b


SPLIT_CONCATENATED_WEIGHTS = (split_by_stacking, split_filled, split_each_gate, split_reshaped)


# --- backpropagation through time ----------------------------------------------------------------


def _visited(x, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh):
    """Every step's states and gates, on the way forward."""
    h, c, steps = h0, c0, []
    for x_t in x:
        a = (x_t @ weight_ih.T + bias_ih + h @ weight_hh.T + bias_hh).reshape(len(h), 4, -1)
        i, f, o = (sigmoid_by_tanh(a[:, k]) for k in (0, 1, 3))
        g = np.tanh(a[:, 2])
        steps.append({"x": x_t, "h": h, "c": c, "i": i, "f": f, "g": g, "o": o})
        c = f * c + i * g
        h = o * np.tanh(c)
        steps[-1] |= {"new_c": c, "new_h": h}
    return steps


def backward_weights_at_the_end(d_output, d_h_n, d_c_n, x, h0, c0, w_ih, w_hh, b_ih, b_hh):
    steps = _visited(x, h0, c0, w_ih, w_hh, b_ih, b_hh)
    d_h, d_c, deltas = d_h_n.copy(), d_c_n.copy(), []
    for t in range(len(x) - 1, -1, -1):
        s = steps[t]
        d_h += d_output[t]
        d_c += d_h * s["o"] / np.cosh(s["new_c"]) ** 2
        delta = np.stack(
            [
                d_c * s["g"] * (s["i"] - s["i"] ** 2),
                d_c * s["c"] * (s["f"] - s["f"] ** 2),
                d_c * s["i"] * (1 - s["g"] ** 2),
                d_h * np.tanh(s["new_c"]) * (s["o"] - s["o"] ** 2),
            ],
            axis=1,
        ).reshape(len(h0), -1)
        deltas.insert(0, delta)
        d_h = np.dot(delta, w_hh)
        d_c = s["f"] * d_c
    deltas = np.array(deltas)
    h_before = np.array([s["h"] for s in steps])
    bias = np.einsum("tbk->k", deltas)
    return {
        "x": np.einsum("tbk,ki->tbi", deltas, w_ih),
        "h0": d_h,
        "c0": d_c,
        "weight_ih": np.einsum("tbk,tbi->ki", deltas, x),
        "weight_hh": np.einsum("tbk,tbj->kj", deltas, h_before),
        "bias_ih": bias,
        "bias_hh": bias.copy(),
    }


def backward_gate_by_gate(d_output, d_h_n, d_c_n, x, h0, c0, w_ih, w_hh, b_ih, b_hh):
    H = h0.shape[1]
    block = {gate: slice(k * H, (k + 1) * H) for k, gate in enumerate("ifgo")}
    given = {"x": x, "h0": h0, "c0": c0, "weight_ih": w_ih, "weight_hh": w_hh, "bias_ih": b_ih}
    grads = {name: np.zeros(value.shape) for name, value in given.items()}
    d_h, d_c = d_h_n, d_c_n
    for t, s in reversed(list(enumerate(_visited(x, h0, c0, w_ih, w_hh, b_ih, b_hh)))):
        d_h = d_h + d_output[t]
        squeezed = np.tanh(s["new_c"])
        d_c = d_c + s["o"] * d_h * (1 - squeezed * squeezed)
        d = {
            "i": d_c * s["g"] * s["i"] * (1 - s["i"]),
            "f": d_c * s["c"] * s["f"] * (1 - s["f"]),
            "g": d_c * s["i"] * (1 - s["g"] ** 2),
            "o": d_h * squeezed * s["o"] * (1 - s["o"]),
        }
        for gate, rows in block.items():
            grads["weight_ih"][rows] += d[gate].T @ s["x"]
            grads["weight_hh"][rows] += d[gate].T @ s["h"]
            grads["bias_ih"][rows] += d[gate].sum(0)
            grads["x"][t] += d[gate] @ w_ih[rows]
        d_h = sum(d[gate] @ w_hh[rows] for gate, rows in block.items())
        d_c = d_c * s["f"]
    return grads | {"h0": d_h, "c0": d_c, "bias_hh": grads["bias_ih"]}


def backward_row_by_row(d_output, d_h_n, d_c_n, x, h0, c0, *weights):
    rows = [
        lstm.lstm_backward(
            d_output[:, b : b + 1],
            d_h_n[b : b + 1],
            d_c_n[b : b + 1],
            x[:, b : b + 1],
            h0[b : b + 1],
            c0[b : b + 1],
            *weights,
        )
        for b in range(len(h0))
    ]
    grads = {"x": np.concatenate([row["x"] for row in rows], axis=1)}
    grads |= {n: np.concatenate([row[n] for row in rows]) for n in ("h0", "c0")}
    shared = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return grads | {n: sum(row[n] for row in rows) for n in shared}


def backward_recursive(d_output, d_h_n, d_c_n, x, h0, c0, *weights):
    if len(x) == 0:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        none = {name: np.zeros_like(w) for name, w in zip(names, weights, strict=True)}
        return {"x": np.zeros_like(x), "h0": d_h_n, "c0": d_c_n, **none}
    h, c = lstm.lstm_step(x[0], h0, c0, *weights)
    later = backward_recursive(d_output[1:], d_h_n, d_c_n, x[1:], h, c, *weights)
    now = lstm.lstm_backward(d_output[:1], later["h0"], later["c0"], x[:1], h0, c0, *weights)
    grads = {name: now[name] + later[name] for name in now if name not in ("x", "h0", "c0")}
    return grads | {"x": np.concatenate([now["x"], later["x"]]), "h0": now["h0"], "c0": now["c0"]}


LSTM_BACKWARD = (
    backward_weights_at_the_end,
    backward_gate_by_gate,
    backward_row_by_row,
    backward_recursive,
)


# --- the cell in PyTorch -------------------------------------------------------------------------


class CellByLinear(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        k, G = hidden_size**-0.5, 4 * hidden_size
        self.weight_ih = nn.Parameter(torch.empty(G, input_size).uniform_(-k, k))
        self.weight_hh = nn.Parameter(torch.empty(G, hidden_size).uniform_(-k, k))
        self.bias_ih = nn.Parameter(torch.empty(G).uniform_(-k, k))
        self.bias_hh = nn.Parameter(torch.empty(G).uniform_(-k, k))

    def forward(self, x, states):
        a = functional.linear(x, self.weight_ih, self.bias_ih)
        a = a + functional.linear(states[0], self.weight_hh, self.bias_hh)
        i, f, g, o = a.split(self.weight_hh.shape[1], dim=1)
        c = f.sigmoid() * states[1] + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


class CellByAddmm(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        shapes = {
            "bias_hh": (4 * hidden_size,),
            "bias_ih": (4 * hidden_size,),
            "weight_hh": (4 * hidden_size, hidden_size),
            "weight_ih": (4 * hidden_size, input_size),
        }
        for name, shape in shapes.items():
            start = (2 * torch.rand(shape) - 1) / hidden_size**0.5
            self.register_parameter(name, nn.Parameter(start))

    def forward(self, x_t, state):
        (h, c), H = state, state[0].size(1)
        a = torch.addmm(self.bias_ih, x_t, self.weight_ih.t())
        a = torch.addmm(self.bias_hh, h, self.weight_hh.t()) + a
        i, f = torch.sigmoid(a[:, :H]), torch.sigmoid(a[:, H : 2 * H])
        g, o = torch.tanh(a[:, 2 * H : -H]), torch.sigmoid(a[:, -H:])
        c = torch.addcmul(i * g, f, c)
        return [o * torch.tanh(c), c]


class CellGateByGate(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_ih = nn.Parameter(torch.zeros(4 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.zeros(4 * hidden_size, hidden_size))
        self.bias_ih = nn.Parameter(torch.zeros(4 * hidden_size))
        self.bias_hh = nn.Parameter(torch.zeros(4 * hidden_size))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -1 / hidden_size**0.5, 1 / hidden_size**0.5)

    def gate(self, k, x_t, h):
        rows = slice(k * self.hidden_size, (k + 1) * self.hidden_size)
        from_x = torch.matmul(x_t, self.weight_ih[rows].T) + self.bias_ih[rows]
        from_h = torch.matmul(h, self.weight_hh[rows].T) + self.bias_hh[rows]
        return from_x + from_h

    def forward(self, x_t, state):
        h, c = state
        i, f, g, o = (self.gate(k, x_t, h) for k in range(4))
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


class CellByEinsum(CellByLinear):
    def forward(self, x_t, state):
        h, c = state
        hx = torch.cat([h, x_t], dim=1)
        weight = torch.cat([self.weight_hh, self.weight_ih], dim=1)
        a = torch.einsum("bk,gk->bg", hx, weight) + (self.bias_ih + self.bias_hh)
        i, f, g, o = a.unflatten(1, (4, -1)).unbind(1)
        i, f, o = (torch.exp(functional.logsigmoid(gate)) for gate in (i, f, o))
        new_c = c * f + i * (2 * torch.sigmoid(2 * g) - 1)
        new_h = torch.tanh(new_c).mul(o)
        return new_h, new_c


LSTM_CELL = (CellByLinear, CellByAddmm, CellGateByGate, CellByEinsum)


# --- the stacked network in PyTorch --------------------------------------------------------------


class NetworkFilled(nn.Module):
    """Outputs written into a buffer; layer after layer."""

    def __init__(self, input_size, hidden_size, num_layers=1, batch_first=False):
        super().__init__()
        self.H, self.L, self.batch_first = hidden_size, num_layers, batch_first
        self.cells = nn.ModuleList()
        for k in range(num_layers):
            self.cells.append(LSTMCell(hidden_size if k else input_size, hidden_size))

    def forward(self, x, state=None):
        if self.batch_first:
            x = x.permute(1, 0, 2)
        T, B = x.shape[:2]
        if state is None:
            h0 = torch.zeros(self.L, B, self.H, dtype=x.dtype, device=x.device)
            c0 = torch.zeros_like(h0)
        else:
            h0, c0 = state
        h_n = torch.zeros(self.L, B, self.H, dtype=x.dtype)
        c_n = torch.zeros(self.L, B, self.H, dtype=x.dtype)
        for k in range(self.L):
            output = torch.zeros(T, B, self.H, dtype=x.dtype)
            h, c = h0[k], c0[k]
            for t in range(T):
                h, c = self.cells[k](x[t], (h, c))
                output[t] = h
            x, h_n[k], c_n[k] = output, h, c
        return (x.permute(1, 0, 2) if self.batch_first else x), (h_n, c_n)


class NetworkStepByStep(nn.Module):
    """All layers at one step, then the next step; batch rows kept where they are."""

    def __init__(self, input_size, hidden_size, num_layers=1, batch_first=False):
        super().__init__()
        sizes = [input_size, *[hidden_size] * num_layers]
        self.time = 1 if batch_first else 0
        self.cells = nn.ModuleList(map(LSTMCell, sizes, sizes[1:]))

    def forward(self, x, state=None):
        batch, H = x.shape[1 - self.time], self.cells[0].weight_hh.shape[1]
        zeros = torch.zeros(batch, H).to(x)
        h = [zeros] * len(self.cells) if state is None else list(state[0])
        c = [zeros] * len(self.cells) if state is None else list(state[1])
        outputs = []
        for below in x.unbind(self.time):
            for k, cell in enumerate(self.cells):
                h[k], c[k] = cell(below, (h[k], c[k]))
                below = h[k]
            outputs.append(below.unsqueeze(self.time))
        return [torch.cat(outputs, dim=self.time), [torch.stack(h, dim=0), torch.stack(c, dim=0)]]


class NetworkWithHelper(nn.Module):
    """One method for one layer; no transposed input but a time axis that is looked up."""

    def __init__(self, input_size, hidden_size, num_layers=1, batch_first=False):
        super().__init__()
        self.batch_first = batch_first
        self.hidden_size = hidden_size
        first = LSTMCell(input_size, hidden_size)
        rest = [LSTMCell(hidden_size, hidden_size) for _ in range(num_layers - 1)]
        self.cells = nn.ModuleList([first, *rest])

    def run_layer(self, cell, x, h, c):
        if len(x) == 0:
            return x.new_zeros(0, *h.shape), h, c
        h, c = cell(x[0], (h, c))
        later, h_n, c_n = self.run_layer(cell, x[1:], h, c)
        return torch.cat([h[None], later]), h_n, c_n

    def forward(self, sequence, states=None):
        x = sequence.swapaxes(0, 1) if self.batch_first else sequence
        if states is None:
            zeros = x.new_zeros((len(self.cells), x.size(1), self.hidden_size))
            states = zeros, zeros.clone()
        finals = []
        for k, cell in enumerate(self.cells):
            x, *final = self.run_layer(cell, x, states[0][k], states[1][k])
            finals.append(final)
        h_n, c_n = (torch.stack(layers) for layers in zip(*finals, strict=True))
        return x.swapaxes(0, 1).contiguous() if self.batch_first else x, (h_n, c_n)


class NetworkOfOtherNames(nn.Module):
    """Sizes read off the parameters, axes exchanged by movedim, states joined by cat."""

    def __init__(self, input_size, hidden_size, num_layers=1, batch_first=False):
        super().__init__()
        self.batch_first = batch_first
        self.cells = nn.ModuleList(
            [LSTMCell([hidden_size, input_size][k == 0], hidden_size) for k in range(num_layers)]
        )

    def forward(self, x, state=None):
        layer_input = x.movedim(1, 0) if self.batch_first else x
        last_h, last_c = [], []
        for k, cell in enumerate(self.cells):
            if state is None:
                h = c = layer_input.new_zeros(layer_input.shape[1], cell.bias_ih.numel() // 4)
            else:
                h, c = state[0][k], state[1][k]
            states = [(h, c)]
            for t in range(layer_input.shape[0]):
                states.append(cell(layer_input[t], states[-1]))
            layer_input = torch.stack([h for h, _ in states[1:]], 0)
            last_h.append(states[-1][0].unsqueeze(0))
            last_c.append(states[-1][1].unsqueeze(0))
        output = layer_input.movedim(0, 1) if self.batch_first else layer_input
        return output, (torch.cat(last_h), torch.cat(last_c))


LSTM = (NetworkFilled, NetworkStepByStep, NetworkWithHelper, NetworkOfOtherNames)


# --- shapes --------------------------------------------------------------------------------------


def shapes_case_by_case(input_size, hidden_size, num_layers, bidirectional, batch_first, T, B):
    if bidirectional:
        features, states = hidden_size + hidden_size, num_layers + num_layers
    else:
        features, states = hidden_size, num_layers
    steps = [B, T] if batch_first else [T, B]
    return {
        "c_n": [states, B, hidden_size],
        "h_n": [states, B, hidden_size],
        "x": [*steps, input_size],
        "output": [*steps, features],
        "bias_ih_l0": [hidden_size * 4],
        "weight_hh_l0": [hidden_size * 4, hidden_size],
        "weight_ih_l0": [hidden_size * 4, input_size],
    }


def shapes_by_arithmetic(I, H, L, bidirectional, batch_first, T, B):
    D = 1 + bidirectional
    order = 1 - 2 * batch_first
    return dict(
        x=(*(T, B)[::order], I),
        output=(*(T, B)[::order], D * H),
        h_n=(L * D, B, H),
        c_n=(L * D, B, H),
        weight_ih_l0=(4 * H, I),
        weight_hh_l0=(4 * H, H),
        bias_ih_l0=(4 * H,),
    )


def shapes_built_up(input_size, hidden_size, num_layers, bidirectional, batch_first, T, B):
    shapes = {}
    D = np.int64(2) if bidirectional else np.int64(1)
    shapes["x"] = (T, B, input_size)
    shapes["output"] = (T, B, D * hidden_size)
    if batch_first:
        for name in ("x", "output"):
            t, b, features = shapes[name]
            shapes[name] = (b, t, features)
    for name in ("h_n", "c_n"):
        shapes[name] = (num_layers * D, B, hidden_size)
    gates = 4 * hidden_size
    shapes.update(weight_ih_l0=(gates, input_size), weight_hh_l0=(gates, hidden_size))
    shapes["bias_ih_l0"] = (gates,)
    return shapes


LSTM_SHAPES = (
    shapes_case_by_case,
    shapes_by_arithmetic,
    shapes_built_up,
    lambda I, H, L, two, first, T, B: {
        "x": (B, T, I) if first else (T, B, I),
        "output": (B, T, H * (two + 1)) if first else (T, B, H * (two + 1)),
        **dict.fromkeys(["h_n", "c_n"], (L * (two + 1), B, H)),
        "weight_ih_l0": (4 * H, I),
        "weight_hh_l0": (4 * H, H),
        "bias_ih_l0": (4 * H,),
    },
)


# --- forget bias ---------------------------------------------------------------------------------


def forget_bias_by_chunks(lstm, value=1.0):
    for name, parameter in lstm.named_parameters():
        if "bias" in name:
            _, forget, _, _ = parameter.data.chunk(4)
            forget.fill_(value if "_ih_" in name else 0)


@torch.no_grad()
def forget_bias_by_names(lstm, value=1.0):
    rows = range(lstm.hidden_size, 2 * lstm.hidden_size)
    for layer in range(lstm.num_layers):
        for way in ("", "_reverse") if lstm.bidirectional else ("",):
            for row in rows:
                getattr(lstm, f"bias_ih_l{layer}{way}")[row] = value
                getattr(lstm, f"bias_hh_l{layer}{way}")[row] = 0


def forget_bias_by_state_dict(network, forget=1.0):
    H = network.hidden_size
    state = {name: value.clone() for name, value in network.state_dict().items()}
    for name in state:
        if name.startswith("bias"):
            state[name].view(4, H)[1] = forget if name.startswith("bias_ih") else 0.0
    network.load_state_dict(state)


def forget_bias_by_init(lstm, value=1.0):
    H = lstm.hidden_size
    for weights in lstm.all_weights:
        _, _, bias_ih, bias_hh = weights
        nn.init.constant_(bias_ih[H : 2 * H], value)
        nn.init.zeros_(bias_hh[H : H + H])
    return lstm


def forget_bias_by_new_tensors(lstm, value=1.0):
    H = lstm.hidden_size
    for name, parameter in lstm.named_parameters():
        if name.startswith("bias"):
            parameter.data[H : 2 * H] = torch.full((H,), value) * ("_ih_" in name)


INIT_FORGET_BIAS = (
    forget_bias_by_chunks,
    forget_bias_by_names,
    forget_bias_by_state_dict,
    forget_bias_by_init,
    forget_bias_by_new_tensors,
)
