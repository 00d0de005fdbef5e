"""What is asked: one package for each chapter, declaring its exercises."""

from collections.abc import Mapping
from importlib import import_module

NAMES = ("rnn", "lstm", "gru", "birnn", "comparison")


class Chapters(Mapping):
    """The exercises of each assignment, in their order, by its name.

    A chapter is loaded when it is first asked for, and PyTorch with it: most commands of nbgrader's
    need neither.
    """

    def __getitem__(self, name):
        if name not in NAMES:
            raise KeyError(name)
        return import_module(f"{__name__}.{name}").EXERCISES

    def __contains__(self, name):
        return name in NAMES

    def __iter__(self):
        return iter(NAMES)

    def __len__(self):
        return len(NAMES)


CHAPTERS = Chapters()
