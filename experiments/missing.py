"""A missing word that depends on what stands before it and on what stands after it."""

import torch

from . import grammar
from .learning import CELLS, SEEDS, Bag, Reader, compare, fit

BATCH, UPDATES, BUDGET, CLAUSES = 32, 600, 5000, 3


def draw(generator, before, after, count):
    """A batch of sentences with gaps at the same place: x, the place, the words."""
    made = [grammar.missing(generator, before, after) for _ in range(count)]
    sentences, places, words = zip(*made, strict=True)
    return grammar.one_hot(sentences), places[0], torch.tensor(words)


def batch(generator):
    """Sentences with 0 to CLAUSES clauses before the gap, and as many after it."""
    before, after = torch.randint(CLAUSES + 1, (2,), generator=generator).tolist()
    return draw(generator, before, after, BATCH)


def loss_of(network, x, at, y):
    """Cross-entropy of the missing word."""
    return torch.nn.functional.cross_entropy(network(x, at), y)


def share(network, data):
    """The share of right words."""
    x, at, y = data
    return (network(x, at).argmax(dim=1) == y).float().mean().item()


def run():
    """Learning curves of networks that read one way and both ways."""
    V = len(grammar.WORDS)
    networks = {
        f"{cell}, {'both ways' if both else 'one way'}": (
            lambda cell=cell, both=both: Reader(cell, V, 4, BUDGET, bidirectional=both)
        )
        for cell in CELLS
        for both in (False, True)
    }
    networks["bag of words"] = lambda: Bag(V, 4)
    valid = draw(torch.Generator().manual_seed(12), CLAUSES, CLAUSES, 500)
    held_out = draw(torch.Generator().manual_seed(13), CLAUSES, CLAUSES, 1000)

    def train(make, seed, rate):
        return fit(make, seed, rate, UPDATES, batch, loss_of, lambda net: share(net, valid))

    def test(network):
        with torch.no_grad():
            return round(share(network, held_out), 4)

    return {
        "settings": {
            "batch": BATCH,
            "updates": UPDATES,
            "seeds": len(SEEDS),
            "budget": BUDGET,
            "clauses on either side": [0, CLAUSES],
        },
        "share right": compare(networks, train, test, lower_is_better=False),
    }
