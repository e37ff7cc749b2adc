"""The upper bound of a proof: a rational network, or a polyline, as the proof's JSON holds it."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from sparsest.errors import InputError
from sparsest.exact.arithmetic.number_text import number_text
from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.cells.enumerate import enumerate_cells

Vector = list[int | str]


def network_document(data: ExactData, network: RationalNetwork) -> dict[str, Any] | None:
    """Return the witness that a rational network is; None if its neurons lack cells of their own.

    Cells matter under a weight bound only, which is on one neuron per cell and output sign.
    """
    width = len(network.signs)
    rows = [[number_text(value) for value in neuron] for neuron in network.neurons]
    document: dict[str, Any] = {
        "kind": "network",
        "signs": network.signs,
        "neurons": rows[:width],
        "skip": rows[width] if len(rows) > width else None,
    }
    if data.problem.weight_bound is not None:
        document["cells"] = _cells_of_their_own(data, network)
        if document["cells"] is None:
            return None
    return document


def polyline_document(points: Sequence[tuple[Fraction, Fraction]]) -> dict[str, Any]:
    """Return the witness that a piecewise linear function of one feature is, given by its points."""
    return {"kind": "polyline", "points": [[number_text(t), number_text(value)] for t, value in points]}


def _cells_of_their_own(data: ExactData, network: RationalNetwork) -> list[Vector] | None:
    """Return a vector inside a cell that touches each neuron, no cell twice for an output sign."""
    try:
        cells = enumerate_cells(data.problem.X, numbers="binary")
    except InputError:  # too many to enumerate
        return None
    usable = ~np.isnan(cells.points).any(axis=1)
    patterns, points = cells.patterns[usable], cells.points[usable]
    neurons = network.neurons[: len(network.signs)]
    touching = np.array([_touching(data, patterns, neuron) for neuron in neurons])
    vectors: list[Vector] = [[] for _ in network.signs]
    for sign in (1, -1):
        same = [k for k, other in enumerate(network.signs) if other == sign]
        if not same:
            continue
        chosen = maximum_bipartite_matching(csr_array(touching[same]), perm_type="column")
        if (chosen < 0).any():
            return None
        for k, cell in zip(same, chosen, strict=True):
            vectors[k] = [number_text(float(value)) for value in points[cell]]
    return vectors


def _touching(
    data: ExactData, patterns: np.ndarray[Any, np.dtype[np.bool_]], neuron: Sequence[Any]
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Say which cells have a neuron in their closure."""
    inputs = [sum(a * b for a, b in zip(row, neuron, strict=True)) for row in data.rows]
    signs = np.array([(z > 0) - (z < 0) for z in inputs])
    decided = signs != 0
    return np.asarray((patterns[:, decided] == (signs[decided] > 0)).all(axis=1))
