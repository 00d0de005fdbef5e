"""What is asked: one package for each chapter, declaring its exercises."""

from . import birnn, comparison, gru, lstm, rnn

CHAPTERS = {
    "rnn": rnn.EXERCISES,
    "lstm": lstm.EXERCISES,
    "gru": gru.EXERCISES,
    "birnn": birnn.EXERCISES,
    "comparison": comparison.EXERCISES,
}
"""The exercises of each assignment, in their order."""
