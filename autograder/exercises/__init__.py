"""What is asked: one package for each chapter, declaring its exercises."""

from . import lstm, rnn

CHAPTERS = {"rnn": rnn.EXERCISES, "lstm": lstm.EXERCISES}
"""The exercises of each assignment, in their order."""
