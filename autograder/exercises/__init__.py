"""What is asked: one package for each chapter, declaring its exercises."""

from . import comparison, lstm

CHAPTERS = {"lstm": lstm.EXERCISES, "comparison": comparison.EXERCISES}
"""The exercises of each assignment, in their order."""
