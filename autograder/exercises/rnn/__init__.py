"""Chapter 1, plain recurrent networks: its exercises, NumPy part and PyTorch part."""

from . import numpy_part, torch_part

EXERCISES = (*numpy_part.EXERCISES, *torch_part.EXERCISES)
