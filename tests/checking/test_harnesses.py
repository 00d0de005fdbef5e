"""Harnesses for answers that draw by chance, that train, and that read characters."""

import numpy as np
import torch
from torch import nn

from autograder.checking.contract import Case, Contract, Part
from autograder.checking.judge import readable
from autograder.checking.probe import DRAWS, observe

PARTS = (Part("all", 1),)


def contract(name, subject, kind="numpy", returns="value"):
    return Contract(name, kind, subject, returns, {}, PARTS)


def seen(asked, answer, **inputs):
    observed = observe(asked, {asked.name: answer}, Case("a case", inputs))
    assert readable(observed)
    assert observed["problem"] is None, observed["problem"]
    return observed


def test_a_generator_is_made_from_its_seed_and_may_be_used_up():
    def draw(rng, n):
        return rng.normal(size=n)

    observed = seen(contract("draw", "function"), draw, rng={"rng": 7}, n=3)
    np.testing.assert_array_equal(
        observed["value"]["array"], np.random.default_rng(7).normal(size=3)
    )
    assert observed["repeats"] and observed["changed"] == []


def test_numbers_drawn_one_after_the_other_come_as_one_array():
    def throw(rng, sides):
        return int(rng.integers(sides))

    observed = seen(contract("throw", "draws"), throw, rng={"rng": 7}, sides=6)
    rng = np.random.default_rng(7)
    assert observed["value"]["array"].tolist() == [int(rng.integers(6)) for _ in range(DRAWS)]
    assert observed["repeats"]


def test_draws_that_change_what_they_are_given_or_have_chance_of_their_own_are_seen():
    def spoil(rng, a):
        a += 1
        return np.random.default_rng().normal()

    observed = seen(contract("spoil", "draws"), spoil, rng={"rng": 7}, a=np.zeros(3))
    assert observed["changed"] == ["a"] and not observed["repeats"]


def training_inputs():
    weights = {"weight": np.ones((1, 2)), "bias": np.zeros(1)}
    layer = {
        "torch.nn": "Linear",
        "init": {"in_features": 2, "out_features": 1},
        "parameters": weights,
    }
    dropout = {"torch.nn": "Dropout", "init": {"p": 0.5}, "parameters": {}}
    return {"model": {"torch.nn": "Sequential", "layers": [layer, dropout]}, "x": np.ones((3, 2))}


def test_training_shows_its_history_the_weights_and_the_mode():
    def train(model, x):
        losses = []
        for _ in range(3):
            loss = model(x).square().sum()
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= 0.01 * parameter.grad
            losses.append(loss.item())
        model.eval()
        return {"losses": losses}

    observed = seen(contract("train", "fit", "torch"), train, **training_inputs())
    written = observed["value"]["dict"]
    assert written["losses"]["array"].shape == (3,)
    assert set(written["weights"]["dict"]) == {"0.weight", "0.bias"}
    assert not np.array_equal(written["weights"]["dict"]["0.weight"]["array"], np.ones((1, 2)))
    assert written["mode"]["text"] == "evaluation"
    # Dropout drew the same masks both times.
    assert observed["repeats"] and observed["changed"] == []


def test_training_that_changes_its_rows_is_seen():
    def train(model, x):
        x += 1
        return {"losses": [1.0]}

    observed = seen(contract("train", "fit", "torch"), train, **training_inputs())
    assert observed["changed"] == ["x"]


def test_the_toy_reader_carries_a_state():
    def read(model, rng):
        assert isinstance(model, nn.Module)
        together, state = model(torch.tensor([[0], [1]]))
        _, state = model(torch.tensor([[0]]))
        second, _ = model(torch.tensor([[1]]), state)
        alone, _ = model(torch.tensor([[1]]))
        return together[-1], second[-1], alone[-1]

    asked = contract("read", "function", "torch", ("together", "apart", "alone"))
    table = np.random.default_rng(1).normal(size=(3, 3))
    observed = seen(asked, read, model={"fading": table}, rng={"rng": 1})
    together, apart, alone = (leaf["array"] for leaf in observed["value"])
    np.testing.assert_allclose(together, apart)
    assert not np.allclose(apart, alone)


def test_who_trains_and_returns_nothing_is_asked_for_the_return():
    def train(model, *given):
        pass

    inputs = Case("a case", training_inputs())
    observed = observe(contract("train", "fit", "torch"), {"train": train}, inputs)
    says = "it returns None: is the return missing? expected a dict"
    assert observed["problem"]["message"] == says
