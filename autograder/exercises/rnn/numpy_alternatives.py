"""Right ways to solve the NumPy exercises of the RNN chapter, other than the reference."""

import math

import numpy as np

from autograder.reference.rnn import rnn_forward, rnn_step

# --- one step ------------------------------------------------------------------------------------


def _step_einsum(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    from_x = np.einsum("bi,hi->bh", x_t, weight_ih)
    from_h = np.einsum("bk,hk->bh", h_prev, weight_hh)
    return np.tanh(from_x + from_h + (bias_ih + bias_hh))


def _step_joined(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    weight = np.concatenate([weight_hh, weight_ih], axis=1)
    return np.tanh(np.dot(np.concatenate([h_prev, x_t], axis=1), weight.T) + bias_ih + bias_hh)


def _step_columns(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    a = weight_ih @ x_t.T + weight_hh @ h_prev.T + (bias_ih + bias_hh)[:, None]
    return np.tanh(a).T


def _step_row_by_row(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    h = np.empty_like(h_prev)
    for b in range(len(x_t)):
        for j in range(len(bias_ih)):
            a = np.dot(weight_ih[j], x_t[b]) + np.dot(weight_hh[j], h_prev[b])
            h[b, j] = math.tanh(a + bias_ih[j] + bias_hh[j])
    return h


def _step_by_exponentials(x_t, h_prev, weight_ih, weight_hh, bias_ih, bias_hh):
    a = np.add(x_t @ weight_ih.T + bias_ih, h_prev @ weight_hh.T + bias_hh)
    return 1 - 2 / (np.exp(2 * a) + 1)


RNN_STEP = (_step_einsum, _step_joined, _step_columns, _step_row_by_row, _step_by_exponentials)


# --- a whole sequence ----------------------------------------------------------------------------


def _forward_buffer(x, h0, *weights):
    output = np.empty((len(x), *h0.shape), dtype=h0.dtype)
    h = h0
    for t in range(len(x)):
        h = rnn_step(x[t], h, *weights)
        output[t] = h
    return output, output[-1]


def _forward_inputs_first(x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    from_x = x @ weight_ih.T + bias_ih
    states = [h0]
    for a in from_x:
        states.append(np.tanh(a + states[-1] @ weight_hh.T + bias_hh))
    return np.array(states[1:]), states[-1].copy()


def _forward_recursive(x, h0, *weights):
    h = rnn_step(x[0], h0, *weights)
    if len(x) == 1:
        return h[None], h
    output, h_n = _forward_recursive(x[1:], h, *weights)
    return np.concatenate([h[None], output]), h_n


def _forward_copied(x, h0, *weights):
    h = h0.copy()
    output = np.zeros(x.shape[:2] + h0.shape[1:], h0.dtype)
    for t, x_t in enumerate(x):
        h[...] = rnn_step(x_t, h, *weights)
        output[t] = h
    return [output, h]


RNN_FORWARD = (_forward_buffer, _forward_inputs_first, _forward_recursive, _forward_copied)


# --- readout -------------------------------------------------------------------------------------


def _readout_einsum(output, weight, bias, every_step=False):
    answers = np.einsum("tbh,oh->tbo", output, weight) + bias
    return answers if every_step else answers[-1]


def _readout_flattened(output, weight, bias, every_step=False):
    if not every_step:
        return output[len(output) - 1].dot(weight.T) + bias[None, :]
    T, B, H = output.shape
    return (output.reshape(T * B, H) @ weight.T + bias).reshape(T, B, -1)


def _readout_loop(output, weight, bias, every_step=False):
    if every_step:
        return np.array([h @ weight.T + bias for h in output])
    return np.matmul(output[-1], weight.T) + bias


def _readout_tensordot(output, weight, bias, every_step=False):
    seen = output[:] if every_step is True else output[-1, :, :]
    return np.tensordot(seen, weight, axes=(-1, 1)) + bias


READOUT = (_readout_einsum, _readout_flattened, _readout_loop, _readout_tensordot)


# --- backpropagation through time ----------------------------------------------------------------


def _as_dict(d_x, d_h0, d_weight_ih, d_weight_hh, d_bias):
    return {
        "x": d_x,
        "h0": d_h0,
        "weight_ih": d_weight_ih,
        "weight_hh": d_weight_hh,
        "bias_ih": d_bias,
        "bias_hh": d_bias,
    }


def _backward_sums_at_the_end(d_output, d_h_n, x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    output, _ = rnn_forward(x, h0, weight_ih, weight_hh, bias_ih, bias_hh)
    before = np.concatenate([h0[None], output[:-1]])
    d_a = np.empty_like(output)
    d_h = d_h_n
    for t in range(len(x) - 1, -1, -1):
        d_a[t] = (d_output[t] + d_h) * (1 - output[t] * output[t])
        d_h = d_a[t] @ weight_hh
    return _as_dict(
        d_a @ weight_ih,
        d_h,
        np.einsum("tbh,tbi->hi", d_a, x),
        np.einsum("tbh,tbk->hk", d_a, before),
        d_a.sum(axis=(0, 1)),
    )


def _backward_in_place_on_its_own(d_output, d_h_n, x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    hs = {-1: h0}
    for t in range(len(x)):
        hs[t] = np.tanh(x[t] @ weight_ih.T + hs[t - 1] @ weight_hh.T + bias_ih + bias_hh)
    dx, dW, dU = np.zeros_like(x), np.zeros_like(weight_ih), np.zeros_like(weight_hh)
    db, dh = np.zeros_like(bias_ih), d_h_n.copy()
    for t in reversed(range(len(x))):
        dh += d_output[t]
        draw = (1 - hs[t] ** 2) * dh
        dW += draw.T @ x[t]
        dU += draw.T @ hs[t - 1]
        db += np.sum(draw, axis=0)
        dx[t] = draw @ weight_ih
        dh = draw @ weight_hh
    return _as_dict(dx, dh, dW, dU, db)


def _backward_last_row_first(d_output, d_h_n, x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    d_output = d_output.copy()
    d_output[-1] += d_h_n
    output, _ = rnn_forward(x, h0, weight_ih, weight_hh, bias_ih, bias_hh)
    d_x, d_next = [], 0
    d_weight_ih = d_weight_hh = d_bias = 0
    for t in range(len(x))[::-1]:
        h_prev = output[t - 1] if t > 0 else h0
        d_a = (d_output[t] + d_next) * (1 + output[t]) * (1 - output[t])
        d_weight_ih = d_weight_ih + np.dot(d_a.T, x[t])
        d_weight_hh = d_weight_hh + np.dot(d_a.T, h_prev)
        d_bias = d_bias + np.ones(len(d_a), d_a.dtype) @ d_a
        d_x.insert(0, d_a @ weight_ih)
        d_next = d_a @ weight_hh
    return _as_dict(np.array(d_x), d_next, d_weight_ih, d_weight_hh, d_bias)


def _backward_by_jacobians(d_output, d_h_n, x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
    """Every output's gradient sent back on its own, row by row of the batch."""
    output, _ = rnn_forward(x, h0, weight_ih, weight_hh, bias_ih, bias_hh)
    before = [h0, *output[:-1]]
    d_x, d_h0 = np.zeros(x.shape), np.zeros(h0.shape)
    d_weight_ih, d_weight_hh = np.zeros(weight_ih.shape), np.zeros(weight_hh.shape)
    d_bias = np.zeros(bias_ih.shape)
    for source in range(len(x)):
        arriving = d_output[source] + (d_h_n if source == len(x) - 1 else 0)
        for b in range(len(h0)):
            d = arriving[b]
            for t in range(source, -1, -1):
                d = d * (1 - output[t, b] ** 2)
                d_weight_ih += np.outer(d, x[t, b])
                d_weight_hh += np.outer(d, before[t][b])
                d_bias += d
                d_x[t, b] += weight_ih.T @ d
                d = weight_hh.T @ d
            d_h0[b] += d
    return _as_dict(d_x, d_h0, d_weight_ih, d_weight_hh, d_bias)


RNN_BACKWARD = (
    _backward_by_jacobians,
    _backward_sums_at_the_end,
    _backward_in_place_on_its_own,
    _backward_last_row_first,
)


# --- norms through time --------------------------------------------------------------------------


def _norms_row_by_row(output, weight_hh):
    T, B, H = output.shape
    norms = np.ones((T + 1, B), dtype=output.dtype)
    for b in range(B):
        product = np.eye(H)
        for t in range(T - 1, -1, -1):
            product = product @ (np.diag(1 - output[t, b] ** 2) @ weight_hh)
            norms[t, b] = np.linalg.norm(product, 2)
    return norms


def _norms_by_singular_values(output, weight_hh):
    T, B, H = output.shape
    way = np.broadcast_to(np.eye(H), (B, H, H))
    norms = [np.ones(B)]
    for t in reversed(range(T)):
        way = np.einsum("bij,bj,jk->bik", way, 1 - output[t] ** 2, weight_hh)
        norms.insert(0, np.linalg.svd(way, compute_uv=False)[:, 0])
    return np.array(norms)


def _norms_by_eigenvalues(output, weight_hh):
    steps = (1 - output**2)[..., None] * weight_hh
    norms = []
    for t in range(len(output) + 1):
        way = np.stack([np.eye(output.shape[2])] * output.shape[1])
        for step in steps[t:]:
            way = step @ way
        norms.append(np.sqrt(np.linalg.eigvalsh(way.swapaxes(1, 2) @ way)[:, -1]))
    return np.stack(norms)


def _norms_from_the_left(output, weight_hh):
    """The transposed product, grown from the other side: it has the same singular values."""
    way = np.eye(len(weight_hh)) + np.zeros((output.shape[1], 1, 1))
    norms = [np.ones(output.shape[1])]
    for h in reversed(output):
        way = weight_hh.T @ ((1 - np.square(h))[:, :, np.newaxis] * way)
        norms.append(np.linalg.norm(way, ord=2, axis=(-2, -1)))
    return np.array(norms)[::-1]


GRADIENT_NORMS = (
    _norms_from_the_left,
    _norms_row_by_row,
    _norms_by_singular_values,
    _norms_by_eigenvalues,
)


# --- clipping ------------------------------------------------------------------------------------


def _clip_one_vector(grads, max_norm):
    total_norm = np.linalg.norm(np.concatenate([g.ravel() for g in grads.values()]))
    scale = min(max_norm / (total_norm + 1e-6), 1)
    return {name: scale * grad for name, grad in grads.items()}, total_norm


def _clip_norms_of_norms(grads, max_norm):
    total_norm = np.linalg.norm([np.linalg.norm(g) for g in grads.values()])
    scale = np.minimum(1.0, max_norm / (total_norm + 1e-6))
    return dict(zip(grads, [g * scale for g in grads.values()], strict=True)), total_norm


def _clip_if_too_long(grads, max_norm):
    squares = 0.0
    for grad in grads.values():
        squares += float((grad * grad).sum())
    total_norm = math.sqrt(squares)
    clipped = {name: grad.copy() for name, grad in grads.items()}
    scale = max_norm / (total_norm + 1e-6)
    if scale < 1:
        for name in clipped:
            clipped[name] = clipped[name] * scale
    return clipped, total_norm


def _clip_list_of_arrays(grads, max_norm):
    names, arrays = list(grads), [np.asarray(grad) for grad in grads.values()]
    total_norm = np.sqrt(np.sum([np.vdot(a, a) for a in arrays]))
    clip = np.clip(max_norm / (total_norm + 1e-6), None, 1.0)
    return {name: np.multiply(a, clip) for name, a in zip(names, arrays, strict=True)}, total_norm


CLIP_GRAD_NORM = (_clip_list_of_arrays, _clip_one_vector, _clip_norms_of_norms, _clip_if_too_long)
