"""The proof for several classes: one for the samples of two of them, and why one neuron is too few."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from sparsest.check import FORMAT
from sparsest.exact.arithmetic.number_text import number_text
from sparsest.exact.arithmetic.rational_problem import rational
from sparsest.exact.classes.orders import NoOrder
from sparsest.exact.outputs.proof import VERSION, write_document
from sparsest.exact.outputs.shared_network import RationalSharedNetwork, shared_document
from sparsest.exact.proof.writer import document_without_parts
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork


def write_proof(
    path: Path,
    problem: MultiClassProblem,
    pair: tuple[int, int],
    scalar: Path | None,
    unordered: NoOrder | None,
    network: MultiOutputNetwork | None,
    lower_bound: int,
) -> tuple[str, bool]:
    """Write a proof for several classes, atomically, compressed if the name ends in ``.gz``.

    Parameters
    ----------
    path : Path
        Where to.
    problem : MultiClassProblem
        The data.
    pair : tuple of two int
        The classes whose samples `scalar` is about.
    scalar : Path, optional
        The proof for ``problem.between(*pair)``, as the search wrote it; None where there is none.
    unordered : NoOrder, optional
        Why two neurons are necessary.
    network : MultiOutputNetwork, optional
        The witness of the upper bound, which provably has the margin.
    lower_bound : int
        What was proven.

    Returns
    -------
    tuple of str and bool
        What it shows less than was asked, usually empty, and whether it was written.
    """
    found = document_without_parts(problem.between(*pair))
    if scalar is not None:
        found = json.loads(scalar.read_bytes())
    shown = found["lower_bound"]
    adds = unordered is not None and shown < 2
    places = found["problem"].get("places", [0] * (problem.n_features + 1))
    samples = document_without_parts(problem.samples)["problem"]
    document = {
        "format": FORMAT,
        "version": VERSION,
        "objective": "neurons",
        "classes": {
            "X": samples["X"],
            "labels": problem.labels.tolist(),
            "count": problem.n_outputs,
            "margin": samples["low"][0],
            "pair": list(pair),
            "unordered": _orders_document(problem, unordered) if unordered is not None and adds else None,
        },
        "problem": found["problem"],
        "lower_bound": 2 if adds else shown,
        "upper_bound": None if network is None else network.width,
        "witness": None if network is None else _witness(network, places),
        "circuits": found["circuits"],
        "parts": found["parts"],
    }
    return write_document(path, document, lower_bound)


def _witness(network: MultiOutputNetwork, places: Sequence[int]) -> dict[str, Any]:
    """Return a network of floats as they are, in the units of the proof."""
    exact = RationalSharedNetwork(
        [[rational(v) for v in row] for row in np.c_[network.weights, network.biases].tolist()],
        [[rational(v) for v in row] for row in network.outputs.tolist()],
        None if network.affine is None else [[rational(v) for v in row] for row in network.affine.tolist()],
    )
    return shared_document(exact, [10**k for k in places[:-1]], 10 ** places[-1])


def _orders_document(problem: MultiClassProblem, unordered: NoOrder) -> dict[str, Any]:
    """Return what shows that no order is possible; points are distinct inputs as they first appear."""
    points: dict[bytes, int] = {}
    place = [points.setdefault(row.tobytes(), len(points)) for row in problem.X]
    chains = []
    for chain in unordered.chains:
        weights: dict[int, int] = {}
        for row, weight in chain.weights.items():
            weights[place[row]] = weights.get(place[row], 0) + weight
        listed = [[p, number_text(Fraction(weight))] for p, weight in weights.items() if weight]
        chains.append({"classes": list(chain.classes), "weights": listed})
    return {"classes": list(unordered.classes), "chains": chains}
