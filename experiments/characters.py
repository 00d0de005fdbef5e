"""The course's own text, character by character: bits that each model needs for the next one."""

import hashlib
import itertools
import math
from collections import Counter, defaultdict
from pathlib import Path

import torch

from .learning import CELLS, SEEDS, Reader, compare, fit

TEXT = Path(__file__).parent / "course.txt"
STEPS, BATCH, UPDATES, BUDGET = 64, 32, 700, 16_000
ORDERS = (0, 1, 2, 3, 4)


def indices(text):
    """The vocabulary, sorted (str), and the text as a tensor of its indices."""
    vocabulary = "".join(sorted(set(text)))
    return vocabulary, torch.tensor([vocabulary.index(c) for c in text])


def counting(train, test, order, V):
    """Bits for each character of a model that only counts what followed the last few characters.

    Each order is mixed with the one below (Witten and Bell): w = n / (n + kinds), where n is how
    often the context was seen and kinds how many characters followed it.
    """
    counts = [defaultdict(Counter) for _ in range(order + 1)]
    for k in range(len(train)):
        for n in range(min(order, k) + 1):
            counts[n][train[k - n : k]][train[k]] += 1
    bits = 0.0
    for k in range(order, len(test)):
        chance = 1 / V
        for n in range(order + 1):
            seen = counts[n].get(test[k - n : k])
            if seen:
                total, kinds = seen.total(), len(seen)
                chance = (seen[test[k]] + kinds * chance) / (total + kinds)
        bits -= math.log2(chance)
    return bits / (len(test) - order)


def run():
    """Bits for each character by network, and by models that only count."""
    text = TEXT.read_text("utf-8")
    vocabulary, whole = indices(text)
    V, N = len(vocabulary), len(text)
    cuts = (0, N * 8 // 10, N * 9 // 10, N)
    parts = [whole[a:b] for a, b in itertools.pairwise(cuts)]

    def one_hot(x):
        return torch.nn.functional.one_hot(x, V).float()

    def batch(generator):
        starts = torch.randint(len(parts[0]) - STEPS, (BATCH,), generator=generator)
        rows = torch.stack([parts[0][s : s + STEPS + 1] for s in starts], dim=1)
        return one_hot(rows[:-1]), rows[1:]

    def loss_of(network, x, y):
        return torch.nn.functional.cross_entropy(network(x, None).flatten(0, 1), y.flatten())

    def bits(network, part=1):
        """Read a whole part in one go, as when a text is scored."""
        x = parts[part][:, None]
        return loss_of(network, one_hot(x[:-1]), x[1:]).item() / math.log(2)

    def train(make, seed, rate):
        return fit(make, seed, rate, UPDATES, batch, loss_of, bits, points=14)

    def test(network):
        with torch.no_grad():
            return round(bits(network, 2), 4)

    networks = {cell: lambda cell=cell: Reader(cell, V, V, BUDGET) for cell in CELLS}
    texts = [text[a:b] for a, b in itertools.pairwise(cuts)]
    return {
        "settings": {
            "steps": STEPS,
            "batch": BATCH,
            "updates": UPDATES,
            "seeds": len(SEEDS),
            "budget": BUDGET,
            "text": {
                "characters": N,
                "different ones": V,
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            },
        },
        "counting": {str(n): round(counting(texts[0], texts[2], n, V), 4) for n in ORDERS},
        "bits for each character": compare(networks, train, test),
    }
