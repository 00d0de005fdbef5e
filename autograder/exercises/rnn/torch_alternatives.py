"""Right ways to solve the PyTorch exercises of the RNN chapter, other than the reference."""

import torch
from torch import nn
from torch.nn import functional

from .torch_reference import RNNCell

# --- one step ------------------------------------------------------------------------------------


class _LinearCell(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        k = 1 / hidden_size**0.5
        self.bias_hh = nn.Parameter(2 * k * torch.rand(hidden_size) - k)
        self.bias_ih = nn.Parameter(2 * k * torch.rand(hidden_size) - k)
        self.weight_hh = nn.Parameter(2 * k * torch.rand(hidden_size, hidden_size) - k)
        self.weight_ih = nn.Parameter(2 * k * torch.rand(hidden_size, input_size) - k)

    def forward(self, x_t, h):
        a = functional.linear(x_t, self.weight_ih, self.bias_ih)
        return (a + functional.linear(h, self.weight_hh, self.bias_hh)).tanh()


class _JoinedCell(RNNCell):
    def forward(self, x_t, h):
        weight = torch.cat([self.weight_ih, self.weight_hh], dim=1)
        return torch.tanh(torch.cat([x_t, h], dim=1) @ weight.T + (self.bias_ih + self.bias_hh))


class _EinsumCell(RNNCell):
    def forward(self, x_t, h):
        a = torch.einsum("bi,hi->bh", x_t, self.weight_ih)
        a = a + torch.einsum("bk,hk->bh", h, self.weight_hh)
        return torch.tanh(a + self.bias_ih + self.bias_hh)


class _AddmmCell(RNNCell):
    def forward(self, x_t, h):
        a = torch.addmm(self.bias_ih, x_t, self.weight_ih.t())
        a += torch.addmm(self.bias_hh, h, self.weight_hh.t())
        return a.tanh_()


RNN_CELL = (_LinearCell, _JoinedCell, _EinsumCell, _AddmmCell)


# --- a stack over a sequence ---------------------------------------------------------------------


class _Stack(nn.Module):
    """What all stacks share."""

    def __init__(self, input_size, hidden_size, num_layers=1, batch_first=False):
        super().__init__()
        self.num_layers, self.hidden_size = num_layers, hidden_size
        self.batch_first = batch_first
        self.cells = nn.ModuleList([RNNCell(input_size, hidden_size)])
        for _ in range(num_layers - 1):
            self.cells.append(RNNCell(hidden_size, hidden_size))


class _StepByStep(_Stack):
    """All layers at one step, then the next step."""

    def forward(self, x, h0=None):
        if self.batch_first:
            x = x.permute(1, 0, 2)
        T, B, _ = x.shape
        if h0 is None:
            h0 = torch.zeros(self.num_layers, B, self.hidden_size, dtype=x.dtype, device=x.device)
        states = list(h0)
        output = []
        for t in range(T):
            seen = x[t]
            for layer, cell in enumerate(self.cells):
                states[layer] = seen = cell(seen, states[layer])
            output.append(seen)
        output = torch.stack(output, dim=1 if self.batch_first else 0)
        return output, torch.stack(states)


class _Buffer(_Stack):
    """Outputs written into a tensor made beforehand."""

    def forward(self, x, h0=None):
        x = x.transpose(0, 1) if self.batch_first else x
        T, B = x.shape[:2]
        h_n = x.new_zeros(self.num_layers, B, self.hidden_size)
        for layer, cell in enumerate(self.cells):
            h = x.new_zeros(B, self.hidden_size) if h0 is None else h0[layer]
            output = x.new_zeros(T, B, self.hidden_size)
            for t in range(T):
                h = cell(x[t], h)
                output[t] = h
            h_n[layer] = h
            x = output
        return (x.transpose(0, 1) if self.batch_first else x), h_n


class _Concatenated(_Stack):
    """Steps joined with cat, time cut with unbind."""

    def forward(self, x, h0=None):
        steps = list(x.unbind(1 if self.batch_first else 0))
        h_n = []
        for layer, cell in enumerate(self.cells):
            h = h0[layer] if h0 is not None else steps[0].new_zeros(len(steps[0]), self.hidden_size)
            for t, x_t in enumerate(steps):
                h = steps[t] = cell(x_t, h)
            h_n.append(h.unsqueeze(0))
        axis = 1 if self.batch_first else 0
        return torch.cat([h.unsqueeze(axis) for h in steps], axis), torch.cat(h_n)


class _LayerByLayer(_Stack):
    """A helper for one layer, states collected on the way."""

    def layer(self, cell, x, h):
        output = []
        for t in range(x.size(0)):
            h = cell.forward(x[t, :, :], h)
            output += [h]
        return torch.stack(output, 0), h

    def forward(self, x, h0=None):
        seen = torch.swapaxes(x, 0, 1) if self.batch_first else x
        finals = []
        for k in range(self.num_layers):
            h = (
                torch.zeros_like(seen[0, :, :1]).repeat(1, self.hidden_size)
                if h0 is None
                else h0[k]
            )
            seen, final = self.layer(self.cells[k], seen, h)
            finals.append(final)
        return (torch.swapaxes(seen, 0, 1) if self.batch_first else seen), torch.stack(finals, 0)


RNN_NETWORK = (_LayerByLayer, _StepByStep, _Buffer, _Concatenated)


# --- truncated BPTT ------------------------------------------------------------------------------


def _cut_before(network, readout, optimizer, x, target, h, chunk_size, max_norm):
    parameters = list(network.parameters()) + list(readout.parameters())
    losses = []
    for x_chunk, y_chunk in zip(x.split(chunk_size), target.split(chunk_size), strict=True):
        h = h.detach()
        output, h = network(x_chunk, h)
        loss = functional.mse_loss(readout(output), y_chunk)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses, h.detach()


def _zeroed_after(network, readout, optimizer, x, target, h, chunk_size, max_norm):
    losses, start = [], 0
    while start < x.shape[0]:
        end = min(start + chunk_size, x.shape[0])
        output, h = network(x[start:end], hx=h)
        difference = readout(output) - target[start:end]
        loss = torch.mean(difference.square())
        loss.backward()
        h = h.clone().detach()
        nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], max_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        losses += [float(loss)]
        start = end
    return losses, h


def _clipped_by_hand(network, readout, optimizer, x, target, h, chunk_size, max_norm):
    losses = []
    for k in range(-(-len(x) // chunk_size)):
        cut = slice(k * chunk_size, (k + 1) * chunk_size)
        for module in (network, readout):
            module.zero_grad()
        output, h = network(x[cut], h)
        loss = nn.MSELoss()(readout(output), target[cut])
        loss.backward()
        grads = [p.grad for m in (network, readout) for p in m.parameters()]
        norm = sum((g**2).sum() for g in grads) ** 0.5
        scale = min(1.0, max_norm / (norm.item() + 1e-6))
        for grad in grads:
            grad *= scale
        optimizer.step()
        h.detach_()
        losses.append(loss.detach().numpy().item())
    return losses, h


def _index_by_index(network, readout, optimizer, x, target, h, chunk_size, max_norm):
    T = x.size(0)
    starts = list(range(0, T, chunk_size))
    state, losses = h, [0.0] * len(starts)
    for k, start in enumerate(starts):
        steps = torch.arange(start, min(T, start + chunk_size))
        optimizer.zero_grad(set_to_none=True)
        output, state = network(x.index_select(0, steps), state)
        errors = (readout(output) - target.index_select(0, steps)).pow(2)
        (errors.sum() / errors.numel()).backward()
        losses[k] = (errors.sum() / errors.numel()).item()
        torch.nn.utils.clip_grad_norm_([*network.parameters(), *readout.parameters()], max_norm)
        optimizer.step()
        with torch.no_grad():
            state = state + 0
    return tuple(losses), state


def _with_a_closure(network, readout, optimizer, x, target, h, chunk_size, max_norm):
    losses = []
    for x_chunk, y_chunk in zip(x.split(chunk_size), target.split(chunk_size), strict=True):
        start = h.detach()

        def closure(x_chunk=x_chunk, y_chunk=y_chunk, start=start):
            nonlocal h
            optimizer.zero_grad()
            output, h = network.forward(x_chunk, start)
            loss = functional.mse_loss(readout(output), y_chunk)
            loss.backward()
            nn.utils.clip_grad_norm_([*network.parameters(), *readout.parameters()], max_norm)
            return loss

        losses.append(optimizer.step(closure).item())
    return losses, h.detach()


def _by_names(network, readout, optimizer, x, target, h, chunk_size, max_norm):
    losses = []
    for x_chunk, y_chunk in zip(x.split(chunk_size), target.split(chunk_size), strict=True):
        optimizer.zero_grad()
        output, h = network(hx=h.detach(), input=x_chunk)
        loss = functional.mse_loss(input=readout(input=output), target=y_chunk)
        loss.backward()
        nn.utils.clip_grad_norm_([*network.parameters(), *readout.parameters()], max_norm)
        optimizer.step()
        losses.append(loss.item())
    return losses, h.detach()


TRUNCATED = (
    *(_index_by_index, _cut_before, _zeroed_after, _clipped_by_hand),
    *(_with_a_closure, _by_names),
)
