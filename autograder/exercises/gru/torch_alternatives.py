"""Other right ways to solve the PyTorch exercises of the GRU chapter."""

import torch
from torch import nn
from torch.nn import functional

from .torch_reference import GRUCell

# --- the cell ------------------------------------------------------------------------------------


class CellByLinear(GRUCell):
    def forward(self, x_t, h):
        a_r, a_z, a_n = functional.linear(x_t, self.weight_ih, self.bias_ih).split(h.shape[1], 1)
        s_r, s_z, s_n = functional.linear(h, self.weight_hh, self.bias_hh).split(h.shape[1], 1)
        z = (a_z + s_z).sigmoid()
        n = ((a_r + s_r).sigmoid() * s_n + a_n).tanh()
        return n + z * (h - n)


class CellByLerp(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.register_parameter("bias_hh", None)
        k = 1 / hidden_size**0.5
        for name, shape in (
            ("weight_ih", (3 * hidden_size, input_size)),
            ("weight_hh", (3 * hidden_size, hidden_size)),
            ("bias_ih", (3 * hidden_size,)),
            ("bias_hh", (3 * hidden_size,)),
        ):
            setattr(self, name, nn.Parameter(k * (2 * torch.rand(shape) - 1)))

    def forward(self, x_t, h):
        a = torch.addmm(self.bias_ih, x_t, self.weight_ih.t())
        s = torch.addmm(self.bias_hh, h, self.weight_hh.t())
        H = h.size(-1)
        r, z = torch.sigmoid(a[:, : 2 * H] + s[:, : 2 * H]).chunk(2, 1)
        return torch.lerp(torch.tanh(a[:, 2 * H :] + r * s[:, 2 * H :]), h, z)


class CellGateByGate(GRUCell):
    def forward(self, x_t, h):
        W, U = self.weight_ih.chunk(3), self.weight_hh.chunk(3)
        b, c = self.bias_ih.chunk(3), self.bias_hh.chunk(3)
        r, z = (
            torch.sigmoid(torch.einsum("bi,hi->bh", x_t, W[k]) + b[k] + h.matmul(U[k].mT) + c[k])
            for k in (0, 1)
        )
        n = torch.tanh(torch.matmul(x_t, W[2].mT) + b[2] + r * (torch.mm(h, U[2].T) + c[2]))
        return z * h + n - z * n


class CellOfOneList(nn.Module):
    """Parameters in a loop, gates by views."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        k = hidden_size**-0.5
        for side, size in (("ih", input_size), ("hh", hidden_size)):
            weight = torch.empty(3 * hidden_size, size).uniform_(-k, k)
            bias = torch.empty(3 * hidden_size).uniform_(-k, k)
            self.register_parameter(f"weight_{side}", nn.Parameter(weight))
            self.register_parameter(f"bias_{side}", nn.Parameter(bias))

    def forward(self, x_t: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        B, H = h.shape
        a = functional.linear(x_t, self.weight_ih, self.bias_ih).view(B, 3, H)
        s = functional.linear(h, self.weight_hh, self.bias_hh).view(B, 3, H)
        gates = torch.sigmoid(a[:, :2] + s[:, :2])
        n = torch.tanh(torch.addcmul(a[:, 2], gates[:, 0], s[:, 2]))
        return h * gates[:, 1] + n * (1 - gates[:, 1])


GRU_CELL = (
    CellByLinear,
    CellByLerp,
    CellGateByGate,
    CellOfOneList,
)

# --- the network ---------------------------------------------------------------------------------


class _Network(nn.Module):
    """What other networks have in common: their cells."""

    def __init__(self, input_size, hidden_size, num_layers=1, batch_first=False):
        super().__init__()
        sizes = [input_size] + [hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList([GRUCell(size, hidden_size) for size in sizes])
        self.H, self.batch_first = hidden_size, batch_first


class NetworkStepByStep(_Network):
    """All layers of a step before the next step."""

    def forward(self, x, h0=None):
        time = 1 if self.batch_first else 0
        rows = x.shape[1 - time]
        if h0 is None:
            h0 = torch.zeros(len(self.cells), rows, self.H, dtype=x.dtype, device=x.device)
        states = list(h0)
        output = []
        for x_t in x.unbind(time):
            for k, cell in enumerate(self.cells):
                x_t = states[k] = cell(x_t, states[k])
            output.append(x_t)
        return torch.stack(output, dim=time), torch.stack(states)


class NetworkIntoABuffer(_Network):
    """Outputs filled into a tensor."""

    def forward(self, x, h0=None):
        x = x.swapaxes(0, 1) if self.batch_first else x
        T, B, _ = x.shape
        last = []
        for k, cell in enumerate(self.cells):
            h = x.new_zeros(B, self.H) if h0 is None else h0[k]
            output = x.new_empty(T, B, self.H)
            for t in range(T):
                h = cell(x[t], h)
                output[t] = h
            x = output
            last.append(h.unsqueeze(0))
        return (x.swapaxes(0, 1) if self.batch_first else x), torch.cat(last, dim=0)


class NetworkOfAList(_Network):
    """A list returned in the place of a pair, rows joined by cat."""

    def forward(self, x, h0=None):
        if self.batch_first:
            x = x.permute(1, 0, 2)
        if h0 is None:
            h0 = (x[0] @ x.new_zeros(x.shape[2], self.H)).expand(len(self.cells), -1, -1)
        sequence, last = list(x), []
        for k, cell in enumerate(self.cells):
            states = [h0[k]]
            for x_t in sequence:
                states += [cell(x_t, states[-1])]
            sequence = states[1:]
            last += [states[-1]]
        output = torch.cat([h[None] for h in sequence])
        return [output.permute(1, 0, 2) if self.batch_first else output, torch.stack(last)]


class NetworkOfHelpers(_Network):
    """A layer as a method of its own."""

    def run(self, cell, sequence, h):
        output = []
        for x_t in sequence:
            h = cell(x_t, h)
            output.append(h)
        return output, h

    def forward(self, x, h0=None):
        steps = [x[:, t] if self.batch_first else x[t] for t in range(x.shape[self.batch_first])]
        if h0 is None:
            h0 = [steps[0].new_zeros(len(steps[0]), self.H) for _ in self.cells]
        last = []
        for cell, h in zip(self.cells, h0, strict=True):
            steps, h = self.run(cell, steps, h)
            last.append(h)
        return torch.stack(steps, 1 if self.batch_first else 0), torch.stack(last, 0)


GRU = (
    NetworkStepByStep,
    NetworkIntoABuffer,
    NetworkOfAList,
    NetworkOfHelpers,
)

# --- the regressor -------------------------------------------------------------------------------


class _Regressor(nn.Module):
    """What other regressors have in common: their layers."""

    def __init__(self, input_size, hidden_size, num_layers, output_size):
        super().__init__()
        self.linear = nn.Linear(hidden_size, output_size)
        self.gru = nn.GRU(
            batch_first=True,
            num_layers=num_layers,
            hidden_size=hidden_size,
            input_size=input_size,
        )


class RegressorOfTheState(_Regressor):
    def forward(self, x):
        return self.linear(self.gru(x)[1][-1])


class RegressorWithZeros(_Regressor):
    def forward(self, x):
        h0 = x.new_zeros(self.gru.num_layers, x.size(0), self.gru.hidden_size)
        output, _ = self.gru(x, h0)
        return self.linear(output[:, x.shape[1] - 1, :])


class RegressorOfAllSteps(_Regressor):
    def forward(self, x):
        return self.linear(self.gru(x)[0])[:, -1]


class RegressorOfUnbound(_Regressor):
    def forward(self, x):
        output, _ = self.gru(x, None)
        *_, last = output.unbind(dim=1)
        return functional.linear(last, self.linear.weight, self.linear.bias)


GRU_REGRESSOR = (
    RegressorOfTheState,
    RegressorWithZeros,
    RegressorOfAllSteps,
    RegressorOfUnbound,
)

# --- the classifier ------------------------------------------------------------------------------


class _Classifier(nn.Module):
    """What other classifiers have in common: their layers."""

    def __init__(self, input_size, hidden_size, num_layers, num_classes, T):
        super().__init__()
        self.num_layers, self.hidden_size = num_layers, hidden_size
        self.gru = nn.GRU(input_size, hidden_size, num_layers, batch_first=True)
        self.linear = nn.Linear(hidden_size * T, num_classes)


class ClassifierByFlatten(_Classifier):
    def forward(self, x):
        output, _ = self.gru(x)
        return self.linear(output.flatten(start_dim=1))


class ClassifierByCat(_Classifier):
    def forward(self, x):
        h0 = torch.zeros(self.num_layers, x.shape[0], self.hidden_size).to(x)
        output, _ = self.gru(x, h0)
        return self.linear(torch.cat([output[:, t] for t in range(x.shape[1])], dim=1))


class ClassifierByEinsum(_Classifier):
    def forward(self, x):
        h0 = x.new_zeros(self.num_layers, x.shape[0], self.hidden_size)
        output, _ = self.gru(x, h0)
        weight = self.linear.weight.view(-1, x.shape[1], self.hidden_size)
        return torch.einsum("bth,cth->bc", output, weight) + self.linear.bias


class ClassifierByView(_Classifier):
    def forward(self, x):
        h0 = torch.zeros(self.num_layers, x.size(0), self.hidden_size, dtype=x.dtype)
        flat = self.gru(x, h0)[0].contiguous().view(x.size(0), -1)
        return torch.addmm(self.linear.bias, flat, self.linear.weight.t())


GRU_CLASSIFIER = (
    ClassifierByFlatten,
    ClassifierByCat,
    ClassifierByEinsum,
    ClassifierByView,
)
