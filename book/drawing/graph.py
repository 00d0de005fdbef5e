"""A cell as a graph of operations: the one description that is drawn, read and evaluated."""

from dataclasses import dataclass
from functools import reduce
from operator import add, mul

import numpy as np

from autograder.reference.lstm import sigmoid

# What a node does, under the symbol that its diagram shows.
OPERATIONS = {
    "σ": sigmoid,
    "tanh": np.tanh,
    "∘": lambda *values: reduce(mul, values),
    "+": lambda *values: reduce(add, values),
    "1−": lambda value: 1 - value,
}
AFFINE = "affine"  # a matrix product with all that enters, and a bias
VECTOR = "vector"  # a product number by number with learned numbers
STATE = "state"


@dataclass(frozen=True)
class Wire:
    """A line from one node to the next: up or down to a rail, along it, then up or down."""

    source: str
    rail: float | None = None  # height of the level part; None: that of the node where it ends
    port: float = 0.0  # how far beside the middle of that node it ends
    belt: bool = False  # drawn broad: the conveyor belt


@dataclass(frozen=True)
class Node:
    """One input, output or operation of a cell, and its place in the diagram."""

    name: str
    does: str  # a key of OPERATIONS, AFFINE, VECTOR, or STATE for an input or output
    label: str  # as written in formulas; "_" begins the subscript
    at: tuple[float, float]  # the middle, x to the right and y down
    wires: tuple[Wire, ...] = ()
    gate: str | None = None  # whose colour it has and whose weights it takes
    said: tuple[float, float] = (0.0, -36.0)  # where its value is written, from the middle


@dataclass(frozen=True)
class Cell:
    """A recurrent cell: its nodes in an order in which they can be computed."""

    name: str
    gates: str  # in the order of PyTorch's blocks
    outputs: tuple[str, ...]
    size: tuple[float, float]
    nodes: tuple[Node, ...]


def parameters(cell, weight_ih, weight_hh, bias_ih, bias_hh):
    """Cut PyTorch's stacked parameters into one pair for each gate and each of its inputs.

    Parameters
    ----------
    cell : Cell
    weight_ih : array (G * H, I)
    weight_hh : array (G * H, H)
    bias_ih, bias_hh : arrays (G * H,)

    Returns
    -------
    dict from (gate, input) to (weight, bias), of shapes (H, I) or (H, H) and (H,)
    """
    count = len(cell.gates)
    stacked = {"x": (weight_ih, bias_ih), "h_prev": (weight_hh, bias_hh)}
    return {
        (gate, source): (weight, bias)
        for source, (weights, biases) in stacked.items()
        for gate, weight, bias in zip(
            cell.gates, np.split(weights, count), np.split(biases, count), strict=True
        )
    }


def evaluate(cell, inputs, parameters):
    """Compute every node of a cell.

    Parameters
    ----------
    cell : Cell
    inputs : dict from the name of each input node to an array (B, I) or (B, H)
    parameters : dict as ``parameters`` returns it; where the cell has vectors, with one (H,) for
        each (gate, ``VECTOR``)

    Returns
    -------
    dict from the name of each node to its value, an array (B, H), or as given for an input
    """
    values = dict(inputs)
    for node in cell.nodes:
        arguments = [values[wire.source] for wire in node.wires]
        if node.does == AFFINE:
            terms = []
            for wire in node.wires:
                # What isn't the input comes from the state, as it is or through a gate.
                source = "x" if wire.source == "x" else "h_prev"
                weight, bias = parameters[node.gate, source]
                terms.append(values[wire.source] @ weight.T + bias)
            values[node.name] = sum(terms)
        elif node.does == VECTOR:
            values[node.name] = parameters[node.gate, VECTOR] * arguments[0]
        elif node.does in OPERATIONS:
            values[node.name] = OPERATIONS[node.does](*arguments)
        elif arguments:
            (values[node.name],) = arguments
    return values
