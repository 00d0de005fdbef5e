"""Ground truth: pure NumPy functions for recurrent cells, forward and backward."""
