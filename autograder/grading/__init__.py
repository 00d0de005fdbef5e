"""Grading: from a submitted notebook to the gradebook."""
