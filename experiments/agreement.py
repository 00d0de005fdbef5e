"""Agreement at a distance: "The cat, which saw the dogs, …, was full"."""

import torch

from . import grammar
from .learning import CELLS, SEEDS, Bag, Reader, compare, fit

TRAINED, TRIED = 6, (0, 1, 2, 4, 6, 8, 12, 16, 24)
BATCH, UPDATES, BUDGET = 32, 800, 5000


def draw(generator, clauses, count):
    """A batch of sentences with the same number of clauses, and their verbs."""
    sentences, verbs = zip(
        *(grammar.agreement(generator, clauses) for _ in range(count)), strict=True
    )
    return grammar.one_hot(sentences), torch.tensor(verbs)


def batch(generator):
    """Sentences with 0 to TRAINED clauses, as many in each."""
    return draw(generator, int(torch.randint(TRAINED + 1, (), generator=generator)), BATCH)


def loss_of(network, x, y):
    """Cross-entropy of the verb."""
    return torch.nn.functional.cross_entropy(network(x), y)


def share(network, data):
    """The share of right verbs."""
    x, y = data
    return (network(x).argmax(dim=1) == y).float().mean().item()


def run():
    """Learning curves, and the share of right verbs by distance, trained and untrained ones."""
    V = len(grammar.WORDS)
    networks = {cell: lambda cell=cell: Reader(cell, V, 2, BUDGET) for cell in CELLS}
    networks["bag of words"] = lambda: Bag(V, 2)
    valid = draw(torch.Generator().manual_seed(11), TRAINED, 500)
    tests = {n: draw(torch.Generator().manual_seed(100 + n), n, 500) for n in TRIED}

    def train(make, seed, rate):
        return fit(make, seed, rate, UPDATES, batch, loss_of, lambda net: share(net, valid))

    def test(network):
        with torch.no_grad():
            return {str(n): round(share(network, data), 4) for n, data in tests.items()}

    return {
        "settings": {
            "batch": BATCH,
            "updates": UPDATES,
            "seeds": len(SEEDS),
            "budget": BUDGET,
            "clauses in training": [0, TRAINED],
            "words in a clause": grammar.CLAUSE,
        },
        "share right": compare(networks, train, test, lower_is_better=False),
    }
