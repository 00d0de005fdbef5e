"""What is asked: one package for each chapter, declaring its exercises."""

from . import birnn, lstm

CHAPTERS = {"lstm": lstm.EXERCISES, "birnn": birnn.EXERCISES}
"""The exercises of each assignment, in their order."""
