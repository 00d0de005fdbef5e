"""Random weights, and the torch modules that hold them, to compare reference/ with."""

import itertools

import numpy as np
import torch

WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def weights(rng, G, I, H, scale=0.5):
    """Weights and biases of one layer with G stacked gates."""
    shapes = ((G * H, I), (G * H, H), (G * H,), (G * H,))
    return {
        name: rng.normal(scale=scale, size=shape)
        for name, shape in zip(WEIGHTS, shapes, strict=True)
    }


def sequence(seed, G, T, B, I, H):
    """The arguments of a forward function: x, h0 and weights, in its order."""
    rng = np.random.default_rng(seed)
    x, h0 = (rng.normal(scale=0.5, size=shape) for shape in ((T, B, I), (B, H)))
    return {"x": x, "h0": h0, **weights(rng, G, I, H)}


def module(kind, layers, **options):
    """A torch.nn.RNN, GRU or LSTM in float64 that holds the given layers' weights.

    With ``bidirectional=True`` the layers come in pairs, forward and backward.
    """
    ways = ("", "_reverse") if options.get("bidirectional") else ("",)
    H, I = layers[0]["weight_hh"].shape[1], layers[0]["weight_ih"].shape[1]
    made = kind(I, H, num_layers=len(layers) // len(ways), dtype=torch.float64, **options)
    with torch.no_grad():
        for (k, way), layer in zip(
            itertools.product(range(made.num_layers), ways), layers, strict=True
        ):
            for name in WEIGHTS:
                getattr(made, f"{name}_l{k}{way}").copy_(torch.from_numpy(layer[name]))
    return made


def close(ours, theirs, atol=1e-10, what=""):
    """Assert that an array equals a tensor or array, and has its shape."""
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    assert ours.shape == theirs.shape, (what, ours.shape, theirs.shape)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=atol, err_msg=what)


def forward_and_backward_agree(kind, forward, backward, G, seed, T, B, I, H):
    """Hold one layer, its outputs and all its gradients, against torch."""
    given = sequence(seed, G, T, B, I, H)
    twin = module(kind, [given])
    x, h0 = (torch.from_numpy(given[name].copy()).requires_grad_() for name in ("x", "h0"))
    output, h_n = twin(x, h0[None])
    ours, our_h_n = forward(**given)
    close(ours, output, what="output")
    close(our_h_n, h_n[0], what="h_n")

    rng = np.random.default_rng(seed + 100)
    d_output, d_h_n = rng.normal(size=ours.shape), rng.normal(size=our_h_n.shape)
    loss = (torch.from_numpy(d_output) * output).sum() + (torch.from_numpy(d_h_n) * h_n[0]).sum()
    loss.backward()
    grads = backward(d_output, d_h_n, **given)
    theirs = {"x": x.grad, "h0": h0.grad}
    theirs |= {name: getattr(twin, f"{name}_l0").grad for name in WEIGHTS}
    assert grads.keys() == theirs.keys()
    for name, grad in theirs.items():
        close(grads[name], grad, what=name)


def stacked_layers_agree(kind, forward, backward, G, num_layers):
    """Hold a stack of layers, outputs and all gradients, against torch."""
    T, B, I, H = 5, 3, 2, 4
    layers = [sequence(k, G, T, B, I if k == 0 else H, H) for k in range(num_layers)]
    twin = module(kind, layers)
    leaf = torch.from_numpy(layers[0]["x"].copy()).requires_grad_()
    output, h_n = twin(leaf, torch.from_numpy(np.stack([layer["h0"] for layer in layers])))

    x, inputs = layers[0]["x"], []
    for k, layer in enumerate(layers):
        inputs.append(x)
        x, h = forward(**(layer | {"x": x}))
        close(h, h_n[k])
    close(x, output)

    d_output = np.random.default_rng(9).normal(size=x.shape)
    (torch.from_numpy(d_output) * output).sum().backward()
    for k in reversed(range(num_layers)):
        grads = backward(d_output, np.zeros((B, H)), **(layers[k] | {"x": inputs[k]}))
        d_output = grads["x"]
        for name in WEIGHTS:
            close(grads[name], getattr(twin, f"{name}_l{k}").grad, what=f"{name}_l{k}")
    close(d_output, leaf.grad, what="x")
