"""The upper bound of a proof: a rational network, or a polyline, as the proof's JSON holds it."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from sparsest.exact.arithmetic.number_text import number_text
from sparsest.exact.arithmetic.rational_network import RationalNetwork


def network_document(network: RationalNetwork) -> dict[str, Any]:
    """Return the witness that a rational network is."""
    width = len(network.signs)
    rows = [[number_text(value) for value in neuron] for neuron in network.neurons]
    return {
        "kind": "network",
        "signs": network.signs,
        "neurons": rows[:width],
        "skip": rows[width] if len(rows) > width else None,
    }


def polyline_document(points: Sequence[tuple[Fraction, Fraction]]) -> dict[str, Any]:
    """Return the witness that a piecewise linear function of one feature is, given by its points."""
    return {"kind": "polyline", "points": [[number_text(t), number_text(value)] for t, value in points]}
