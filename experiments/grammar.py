"""A small grammar: a subject, clauses that draw attention away from it, and a verb that agrees."""

import torch

ONE = ("cat", "dog", "bird", "child")
MANY = ("cats", "dogs", "birds", "children")
SEEN = ("saw", "heard", "liked", "chased")
WORDS = ("the", ",", "which", "___", "full", "and", "today", "yesterday", *ONE, *MANY, *SEEN)
INDEX = {word: k for k, word in enumerate(WORDS)}
CLAUSE = 5
"""Words in one clause: ``, which saw the dogs``."""


def _choose(generator, count):
    return int(torch.randint(count, (), generator=generator))


def _noun(generator, many):
    return (MANY if many else ONE)[_choose(generator, 4)]


def _clause(generator):
    """One relative clause; the number of its noun says nothing about the subject's."""
    noun = _noun(generator, _choose(generator, 2))
    return [",", "which", SEEN[_choose(generator, 4)], "the", noun]


def agreement(generator, clauses):
    """A sentence up to its verb, and the verb: 0 for was, 1 for were."""
    many = _choose(generator, 2)
    words = ["the", _noun(generator, many)]
    for _ in range(clauses):
        words += _clause(generator)
    return [*words, ","], many


def missing(generator, before, after):
    """A sentence with a gap and the word in it: 0 is, 1 are, 2 was, 3 were.

    The subject before the gap gives the number; the last word gives the time.
    """
    words, many = agreement(generator, before)
    words += ["___", "full", "and"]
    place = len(words) - 3
    for _ in range(after):
        words += [SEEN[_choose(generator, 4)], "the", _noun(generator, _choose(generator, 2)), ","]
    past = _choose(generator, 2)
    return [*words, "yesterday" if past else "today"], place, many + 2 * past


def one_hot(sentences):
    """Sentences of one length as a tensor (T, B, V)."""
    indices = torch.tensor([[INDEX[word] for word in words] for words in sentences]).T
    return torch.nn.functional.one_hot(indices, len(WORDS)).float()
