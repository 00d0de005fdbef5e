"""Chapter 4, reading from both ends: its exercises, NumPy part and PyTorch part."""

from . import numpy_part, torch_part

EXERCISES = (*numpy_part.EXERCISES, *torch_part.EXERCISES)
