"""Other right ways to solve the NumPy exercises of the GRU chapter; each must get full marks."""

import math

import numpy as np

from autograder.reference.gru import gru_forward, gru_step
from autograder.reference.lstm import sigmoid

# --- one gate ------------------------------------------------------------------------------------


def _blocks(weight_ih, weight_hh, bias_ih, bias_hh, k):
    return [np.split(w, 3)[k] for w in (weight_ih, weight_hh, bias_ih, bias_hh)]


def _by_einsum(k, squeeze):
    def by_einsum(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
        W, U, b, c = _blocks(weight_ih, weight_hh, bias_ih, bias_hh, k)
        return squeeze(np.einsum("hi,bi->bh", W, x_t) + np.einsum("hk,bk->bh", U, h_prev) + b + c)

    return by_einsum


def _whole_then_cut(k, squeeze):
    def whole_then_cut(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
        a = np.dot(x_t, weight_ih.T) + np.dot(h_prev, weight_hh.T) + (bias_ih + bias_hh)
        H = a.shape[1] // 3
        return squeeze(a[:, k * H : (k + 1) * H])

    return whole_then_cut


def _by_loops(k, squeeze):
    def by_loops(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
        H = h_prev.shape[1]
        gate = np.zeros_like(h_prev)
        for row in range(len(x_t)):
            for unit in range(H):
                at = k * H + unit
                a = bias_ih[at] + bias_hh[at]
                a += weight_ih[at] @ x_t[row]
                a += weight_hh[at] @ h_prev[row]
                gate[row, unit] = squeeze(a)
        return gate

    return by_loops


def _joined(k, squeeze):
    def joined(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
        W = np.hstack([weight_ih, weight_hh])
        both = np.hstack([x_t, h_prev])
        return squeeze(np.split(both @ W.T + bias_ih + bias_hh, 3, axis=1)[k])

    return joined


def _by_tanh(a):
    return 0.5 + 0.5 * np.tanh(a / 2)


def gate(k):
    """Right implementations of the gate that block k belongs to."""
    return (
        _by_einsum(k, sigmoid),
        _whole_then_cut(k, _by_tanh),
        _by_loops(k, sigmoid),
        _joined(k, sigmoid),
    )


# --- the candidate -------------------------------------------------------------------------------


def candidate_reordered(x_t, h_prev, reset, weight_ih, weight_hh, bias_ih, bias_hh):
    W, U, b, c = _blocks(weight_ih, weight_hh, bias_ih, bias_hh, 2)
    return np.tanh((U @ h_prev.T).T * reset + c * reset + b + (W @ x_t.T).T)


def candidate_of_negative_index(x_t, h_prev, reset, weight_ih, weight_hh, bias_ih, bias_hh):
    H = reset.shape[-1]
    past = np.multiply(reset, np.dot(h_prev, weight_hh[-H:].T) + bias_hh[-H:])
    return 2 * sigmoid(2 * (np.dot(x_t, weight_ih[-H:].T) + bias_ih[-H:] + past)) - 1


def candidate_of_whole_products(x_t, h_prev, reset, weight_ih, weight_hh, bias_ih, bias_hh):
    H = h_prev.shape[1]
    from_input = (x_t @ weight_ih.T + bias_ih)[:, 2 * H :]
    from_state = (h_prev @ weight_hh.T + bias_hh)[:, 2 * H :]
    return np.tanh(from_input + from_state * reset)


def candidate_row_by_row(x_t, h_prev, reset, weight_ih, weight_hh, bias_ih, bias_hh):
    W, U, b, c = _blocks(weight_ih, weight_hh, bias_ih, bias_hh, 2)
    n = [np.tanh(W @ x + b + r * (U @ h + c)) for x, h, r in zip(x_t, h_prev, reset, strict=True)]
    return np.array(n)


CANDIDATE = (
    candidate_reordered,
    candidate_of_negative_index,
    candidate_of_whole_products,
    candidate_row_by_row,
)


# --- one step ------------------------------------------------------------------------------------


def step_by_blocks(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    W_r, W_z, W_n = np.split(weight_ih, 3)
    U_r, U_z, U_n = np.split(weight_hh, 3)
    b_r, b_z, b_n = np.split(bias_ih, 3)
    c_r, c_z, c_n = np.split(bias_hh, 3)
    r = sigmoid(x_t @ W_r.T + b_r + h_prev @ U_r.T + c_r)
    z = sigmoid(x_t @ W_z.T + b_z + h_prev @ U_z.T + c_z)
    n = np.tanh(x_t @ W_n.T + b_n + r * (h_prev @ U_n.T + c_n))
    return n + z * (h_prev - n)


def step_of_the_complement(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    H = h_prev.shape[1]
    a, s = x_t @ weight_ih.T + bias_ih, h_prev @ weight_hh.T + bias_hh
    r = sigmoid((a + s)[:, :H])
    write = sigmoid(-(a + s)[:, H : 2 * H])
    n = np.tanh(a[:, 2 * H :] + np.multiply(r, s[:, 2 * H :]))
    return write * n + (1 - write) * h_prev


def step_reshaped(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    B, H = h_prev.shape
    a = (x_t @ weight_ih.T + bias_ih).reshape(B, 3, H)
    s = (h_prev @ weight_hh.T + bias_hh).reshape(B, 3, H)
    r, z = (sigmoid(a[:, k] + s[:, k]) for k in (0, 1))
    return (1 - z) * np.tanh(a[:, 2] + r * s[:, 2]) + z * h_prev


def step_in_place_on_its_own(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    a = np.einsum("gi,bi->bg", weight_ih, x_t)
    a += bias_ih
    s = np.einsum("gh,bh->bg", weight_hh, h_prev)
    s += bias_hh
    H = h_prev.shape[1]
    r, z = sigmoid(a[:, :H] + s[:, :H]), sigmoid(a[:, H:-H] + s[:, H:-H])
    h = np.tanh(a[:, -H:] + r * s[:, -H:])
    h *= 1 - z
    h += z * h_prev
    return h


GRU_STEP = (
    step_by_blocks,
    step_of_the_complement,
    step_reshaped,
    step_in_place_on_its_own,
)


# --- the paper's step ----------------------------------------------------------------------------


def cho_joined(x_t, h_prev, weight_ih, weight_hh, bias):
    H = h_prev.shape[1]
    W = np.concatenate([weight_ih, weight_hh], axis=1)
    gates = sigmoid(np.concatenate([x_t, h_prev], axis=1) @ W[: 2 * H].T + bias[: 2 * H])
    r, z = gates[:, :H], gates[:, H:]
    h = np.tanh(np.concatenate([x_t, r * h_prev], axis=1) @ W[2 * H :].T + bias[2 * H :])
    return z * h_prev + (1 - z) * h


def cho_scaled_columns(x_t, h_prev, weight_ih, weight_hh, bias):
    W, U, b = (np.split(w, 3) for w in (weight_ih, weight_hh, bias))
    r = sigmoid(x_t @ W[0].T + h_prev @ U[0].T + b[0])
    z = sigmoid(x_t @ W[1].T + h_prev @ U[1].T + b[1])
    rows = [np.tanh(W[2] @ x_t[k] + (U[2] * r[k]) @ h_prev[k] + b[2]) for k in range(len(x_t))]
    h = np.stack(rows)
    return h + z * (h_prev - h)


def cho_by_einsum(x_t, h_prev, weight_ih, weight_hh, bias):
    H = h_prev.shape[1]
    W, U, b = weight_ih.reshape(3, H, -1), weight_hh.reshape(3, H, H), bias.reshape(3, 1, H)
    from_input = np.einsum("ghi,bi->gbh", W, x_t) + b
    r, z = sigmoid(from_input[:2] + np.einsum("ghk,bk->gbh", U[:2], h_prev))
    h = np.tanh(from_input[2] + np.einsum("hk,bk,bk->bh", U[2], r, h_prev))
    return z * h_prev + (1 - z) * h


def cho_row_by_row(x_t, h_prev, weight_ih, weight_hh, bias):
    H = h_prev.shape[1]
    new = np.zeros_like(h_prev)
    for k, (x, h) in enumerate(zip(x_t, h_prev, strict=True)):
        gates = sigmoid(weight_ih[: 2 * H] @ x + weight_hh[: 2 * H] @ h + bias[: 2 * H])
        n = np.tanh(weight_ih[2 * H :] @ x + weight_hh[2 * H :] @ (gates[:H] * h) + bias[2 * H :])
        new[k] = gates[H:] * h + (1 - gates[H:]) * n
    return new


GRU_STEP_CHO = (
    cho_joined,
    cho_scaled_columns,
    cho_by_einsum,
    cho_row_by_row,
)


# --- Ng's simplified step ------------------------------------------------------------------------


def simplified_without_joining(x_t, c_prev, W_c, W_u, b_c, b_u):
    H = c_prev.shape[1]
    c = np.tanh(c_prev @ W_c[:, :H].T + x_t @ W_c[:, H:].T + b_c)
    u = sigmoid(c_prev @ W_u[:, :H].T + x_t @ W_u[:, H:].T + b_u)
    return c_prev + u * (c - c_prev)


def simplified_stacked(x_t, c_prev, W_c, W_u, b_c, b_u):
    a = np.hstack([c_prev, x_t]) @ np.vstack([W_c, W_u]).T + np.hstack([b_c, b_u])
    c, u = np.split(a, 2, axis=1)
    return sigmoid(u) * np.tanh(c) + sigmoid(-u) * c_prev


def simplified_row_by_row(x_t, c_prev, W_c, W_u, b_c, b_u):
    new = np.empty_like(c_prev)
    for k, (x, c) in enumerate(zip(x_t, c_prev, strict=True)):
        cx = np.append(c, x)
        u = sigmoid(W_u @ cx + b_u)
        new[k] = u * np.tanh(W_c @ cx + b_c) + (1 - u) * c
    return new


def simplified_by_einsum(x_t, c_prev, W_c, W_u, b_c, b_u):
    cx = np.column_stack((c_prev, x_t))
    update = 1 / (1 + np.exp(-np.einsum("bk,hk->bh", cx, W_u) - b_u))
    return (1 - update) * c_prev + update * np.tanh(np.einsum("bk,hk->bh", cx, W_c) + b_c)


SIMPLIFIED = (
    simplified_without_joining,
    simplified_stacked,
    simplified_row_by_row,
    simplified_by_einsum,
)


# --- a whole sequence ----------------------------------------------------------------------------


def forward_into_a_buffer(x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    output = np.empty((len(x), *h0.shape), dtype=h0.dtype)
    h = h0
    for t in range(x.shape[0]):
        h = output[t] = gru_step(x[t], h, weight_ih, weight_hh, bias_ih, bias_hh)
    return output, output[-1]


def forward_with_inputs_first(x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    from_input = x @ weight_ih.T + bias_ih
    states = [h0]
    for a in from_input:
        s = states[-1] @ weight_hh.T + bias_hh
        (a_r, a_z, a_n), (s_r, s_z, s_n) = np.split(a, 3, axis=1), np.split(s, 3, axis=1)
        r, z = sigmoid(a_r + s_r), sigmoid(a_z + s_z)
        n = np.tanh(a_n + r * s_n)
        states.append((1 - z) * n + z * states[-1])
    return np.array(states[1:]), states[-1].copy()


def forward_recursive(x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    h = gru_step(x[0], h0, weight_ih, weight_hh, bias_ih, bias_hh)
    if len(x) == 1:
        return h[None], h
    rest, last = forward_recursive(x[1:], h, weight_ih, weight_hh, bias_ih, bias_hh)
    return [h, *rest] if isinstance(rest, list) else np.concatenate([h[None], rest]), last


def forward_as_a_list_of_two(x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    return list(gru_forward(x, h0, weight_ih, weight_hh, bias_ih, bias_hh))


GRU_FORWARD = (
    forward_into_a_buffer,
    forward_with_inputs_first,
    forward_recursive,
    forward_as_a_list_of_two,
)


# --- the converter -------------------------------------------------------------------------------


def convert_by_signs(weight_ih, weight_hh, bias_ih, bias_hh):
    signs = np.repeat([1, -1, 1], len(bias_ih) // 3).astype(bias_ih.dtype)
    return (
        weight_ih * signs[:, None],
        weight_hh * signs[:, None],
        bias_ih * signs,
        bias_hh * signs,
    )


def convert_by_pieces(weight_ih, weight_hh, bias_ih, bias_hh):
    def turned(given):
        r, z, n = np.split(given, 3)
        return np.concatenate([r, -z, n])

    return [turned(w) for w in (weight_ih, weight_hh, bias_ih, bias_hh)]


def convert_by_where(*weights):
    H = weights[1].shape[1]
    rows = np.arange(3 * H)
    turns = (rows >= H) & (rows < 2 * H)
    return tuple(np.where(turns.reshape(-1, *[1] * (w.ndim - 1)), -w, w) for w in weights)


def convert_in_place_on_copies(weight_ih, weight_hh, bias_ih, bias_hh):
    H = bias_ih.size // 3
    copies = [np.array(w) for w in (weight_ih, weight_hh, bias_ih, bias_hh)]
    for w in copies:
        np.negative(w[H:-H], out=w[H:-H])
    return copies


CONVERT = (
    convert_by_signs,
    convert_by_pieces,
    convert_by_where,
    convert_in_place_on_copies,
)


# --- a GRU as a plain RNN ------------------------------------------------------------------------


def as_rnn_by_vstack(weight_ih, weight_hh, bias_ih, bias_hh, z_keeps_old):
    H = len(bias_ih)
    held = np.ones(H, dtype=bias_ih.dtype)
    return (
        np.vstack([0 * weight_ih, 0 * weight_ih, weight_ih]),
        np.vstack([0 * weight_hh, 0 * weight_hh, weight_hh]),
        np.hstack([100 * held, (-100 if z_keeps_old else 100) * held, bias_ih]),
        np.hstack([0 * held, 0 * held, bias_hh]),
    )


def as_rnn_into_buffers(weight_ih, weight_hh, bias_ih, bias_hh, z_keeps_old):
    H = len(bias_ih)
    made = []
    for given in (weight_ih, weight_hh, bias_ih, bias_hh):
        new = np.zeros((3 * H, *given.shape[1:]), given.dtype)
        new[2 * H :] = given
        made.append(new)
    made[2][:H] = 100.0
    made[2][H : 2 * H] = 100.0 * (1 - 2 * z_keeps_old)
    return tuple(made)


def as_rnn_by_padding(weight_ih, weight_hh, bias_ih, bias_hh, z_keeps_old):
    H = bias_hh.size
    gates = np.pad(weight_ih, ((2 * H, 0), (0, 0))), np.pad(weight_hh, ((2 * H, 0), (0, 0)))
    bias = np.pad(bias_ih, (2 * H, 0))
    bias[:H] += 100
    bias[H : 2 * H] += math.copysign(100, -1 if z_keeps_old else 1)
    return *gates, bias, np.pad(bias_hh, (2 * H, 0))


def as_rnn_by_kron(weight_ih, weight_hh, bias_ih, bias_hh, z_keeps_old):
    last = np.array([0.0, 0.0, 1.0])
    held = np.array([100.0, -100.0 if z_keeps_old else 100.0, 0.0])
    H = len(bias_hh)
    return (
        np.kron(last[:, None], weight_ih),
        np.kron(last[:, None], weight_hh),
        np.repeat(held, H) + np.kron(last, bias_ih),
        np.kron(last, bias_hh),
    )


AS_RNN = (
    as_rnn_by_vstack,
    as_rnn_into_buffers,
    as_rnn_by_padding,
    as_rnn_by_kron,
)


# --- the way back --------------------------------------------------------------------------------


def backward_gate_by_gate(d_output, d_h_n, x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    W, U, b, c = (np.split(w, 3) for w in (weight_ih, weight_hh, bias_ih, bias_hh))
    kept, h = [], h0
    for x_t in x:
        r = sigmoid(x_t @ W[0].T + b[0] + h @ U[0].T + c[0])
        z = sigmoid(x_t @ W[1].T + b[1] + h @ U[1].T + c[1])
        s = h @ U[2].T + c[2]
        n = np.tanh(x_t @ W[2].T + b[2] + r * s)
        kept.append((x_t, h, r, z, s, n))
        h = (1 - z) * n + z * h
    dW, dU, db, dc = ([np.zeros_like(w) for w in each] for each in (W, U, b, c))
    d_x = np.zeros_like(x)
    d_h = d_h_n.copy()
    for t in range(len(x) - 1, -1, -1):
        x_t, h, r, z, s, n = kept[t]
        d_h += d_output[t]
        d_n = (1 - z) * d_h * (1 - n * n)
        d_z = d_h * (h - n) * z * (1 - z)
        d_r = d_n * s * r * (1 - r)
        d_old = z * d_h
        for k, d_a, d_s in ((0, d_r, d_r), (1, d_z, d_z), (2, d_n, d_n * r)):
            dW[k] += d_a.T @ x_t
            dU[k] += d_s.T @ h
            db[k] += d_a.sum(0)
            dc[k] += d_s.sum(0)
            d_x[t] += d_a @ W[k]
            d_old += d_s @ U[k]
        d_h = d_old
    return {
        "x": d_x,
        "h0": d_h,
        "weight_ih": np.concatenate(dW),
        "weight_hh": np.concatenate(dU),
        "bias_ih": np.concatenate(db),
        "bias_hh": np.concatenate(dc),
    }


def backward_weights_at_the_end(d_output, d_h_n, x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    output, _ = gru_forward(x, h0, weight_ih, weight_hh, bias_ih, bias_hh)
    before = np.concatenate([h0[None], output[:-1]])
    a, s = x @ weight_ih.T + bias_ih, before @ weight_hh.T + bias_hh
    H = h0.shape[1]
    r, z = sigmoid((a + s)[..., :H]), sigmoid((a + s)[..., H : 2 * H])
    n = np.tanh(a[..., 2 * H :] + r * s[..., 2 * H :])
    d_a, d_s = np.empty_like(a), np.empty_like(s)
    d_h = np.array(d_h_n)
    for t in reversed(range(len(x))):
        d_h = d_h + d_output[t]
        d_n = d_h * (1 - z[t]) * (1 - n[t] ** 2)
        d_z = d_h * (before[t] - n[t]) * z[t] * (1 - z[t])
        d_r = d_n * s[t][:, 2 * H :] * r[t] * (1 - r[t])
        d_a[t] = np.hstack([d_r, d_z, d_n])
        d_s[t] = np.hstack([d_r, d_z, d_n * r[t]])
        d_h = d_h * z[t] + d_s[t] @ weight_hh
    return {
        "bias_hh": d_s.sum(axis=(0, 1)),
        "bias_ih": d_a.sum(axis=(0, 1)),
        "weight_hh": np.einsum("tbg,tbh->gh", d_s, before),
        "weight_ih": np.einsum("tbg,tbi->gi", d_a, x),
        "h0": d_h,
        "x": d_a @ weight_ih,
    }


def backward_recursive(d_output, d_h_n, x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    weights = (weight_ih, weight_hh, bias_ih, bias_hh)
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")

    def back(h, t):
        """Gradients of the state before step t, of x from there on, and of the weights."""
        if t == len(x):
            return d_h_n, [], [np.zeros_like(w) for w in weights]
        a, s = x[t] @ weight_ih.T + bias_ih, h @ weight_hh.T + bias_hh
        H = h.shape[1]
        r, z = sigmoid(a[:, :H] + s[:, :H]), sigmoid(a[:, H:-H] + s[:, H:-H])
        n = np.tanh(a[:, -H:] + r * s[:, -H:])
        d_h, d_x, d_weights = back((1 - z) * n + z * h, t + 1)
        d_h = d_h + d_output[t]
        d_n = d_h * (1 - z) * (1 - n**2)
        d_gates = [d_n * s[:, -H:] * r * (1 - r), d_h * (h - n) * z * (1 - z)]
        d_a, d_s = np.hstack([*d_gates, d_n]), np.hstack([*d_gates, r * d_n])
        shares = d_a.T @ x[t], d_s.T @ h, d_a.sum(0), d_s.sum(0)
        d_weights = [w + share for w, share in zip(d_weights, shares, strict=True)]
        return d_h * z + d_s @ weight_hh, [d_a @ weight_ih, *d_x], d_weights

    d_h0, d_x, d_weights = back(h0, 0)
    return {"x": np.array(d_x), "h0": d_h0, **dict(zip(names, d_weights, strict=True))}


def backward_with_kept_steps(d_output, d_h_n, x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    H, kept, h = h0.shape[1], [], h0
    for x_t in x:
        a, s = np.dot(x_t, weight_ih.T) + bias_ih, np.dot(h, weight_hh.T) + bias_hh
        gates = sigmoid(a[:, : 2 * H] + s[:, : 2 * H])
        n = np.tanh(a[:, 2 * H :] + gates[:, :H] * s[:, 2 * H :])
        kept.append((x_t, h, gates[:, :H], gates[:, H:], s[:, 2 * H :], n))
        h = n + gates[:, H:] * (h - n)
    grads = {"x": np.zeros_like(x), "h0": d_h_n}
    for name, w in (
        ("weight_ih", weight_ih),
        ("weight_hh", weight_hh),
        ("bias_ih", bias_ih),
        ("bias_hh", bias_hh),
    ):
        grads[name] = np.zeros_like(w)
    for t, (x_t, h, r, z, s, n) in reversed(list(enumerate(kept))):
        d_h = grads["h0"] + d_output[t]
        d_s_n = d_h * (1 - z) * (1 - n * n)
        d_z, d_r = d_h * (h - n) * z * (1 - z), d_s_n * s * r * (1 - r)
        d_a = np.concatenate([d_r, d_z, d_s_n], axis=1)
        d_s = np.concatenate([d_r, d_z, d_s_n * r], axis=1)
        grads["weight_ih"] += np.einsum("bg,bi->gi", d_a, x_t)
        grads["weight_hh"] += np.einsum("bg,bh->gh", d_s, h)
        grads["bias_ih"] += d_a.sum(axis=0)
        grads["bias_hh"] += d_s.sum(axis=0)
        grads["x"][t] = d_a @ weight_ih
        grads["h0"] = z * d_h + d_s @ weight_hh
    return grads


GRU_BACKWARD = (
    backward_gate_by_gate,
    backward_weights_at_the_end,
    backward_recursive,
    backward_with_kept_steps,
)
