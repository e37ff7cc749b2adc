"""Networks with several outputs in rational arithmetic, which can be checked against every interval."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import flint
import numpy as np

from sparsest.exact.arithmetic.number_text import number_text
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.multi_output_problem import MultiOutputProblem

Vector = list[flint.fmpq]


class RationalSharedNetwork(NamedTuple):
    """A network with m outputs in rationals.

    Attributes
    ----------
    neurons : list of K lists of d + 1 rationals
        Vectors ``u_k``.
    outputs : list of K lists of m rationals
        Output weights ``v_k``.
    affine : list of m lists of d + 1 rationals, or None
        Affine terms ``(a_j, c_j)``.
    """

    neurons: list[Vector]
    outputs: list[Vector]
    affine: list[Vector] | None

    def without_idle_neurons(self) -> "RationalSharedNetwork":
        """Return the same function without neurons that are zero or feed no output."""
        used = [
            (u, v)
            for u, v in zip(self.neurons, self.outputs, strict=True)
            if any_nonzero(u) and any_nonzero(v)
        ]
        return RationalSharedNetwork([u for u, _ in used], [v for _, v in used], self.affine)

    def rounded(self, problem: MultiOutputProblem) -> MultiOutputNetwork:
        """Return the network with every number rounded to a float."""
        d, m = problem.n_features, problem.n_outputs
        neurons = floats(self.neurons).reshape(-1, d + 1)
        outputs = floats(self.outputs).reshape(-1, m)
        affine = None if self.affine is None else floats(self.affine).reshape(m, d + 1)
        return MultiOutputNetwork(neurons[:, :-1], neurons[:, -1], outputs, affine)


def any_nonzero(vector: Vector) -> bool:
    """Whether some entry is not zero."""
    return any(value != 0 for value in vector)


def floats(vectors: Sequence[Vector]) -> np.ndarray:
    """Return rationals rounded to floats."""
    return np.array([[float(Fraction(int(v.p), int(v.q))) for v in vector] for vector in vectors])


class ExactOutputs:
    """A problem with several outputs in exact numbers: the data of each, equal inputs merged."""

    def __init__(self, problem: MultiOutputProblem) -> None:
        self.problem = problem.distinct()
        first = ExactData(self.problem.outputs[0])
        self.outputs = [first.with_intervals(output) for output in self.problem.outputs]
        self.rows, self.scales = first.rows, first.scales


def shared_document(network: RationalSharedNetwork, scales: Sequence[int], unit: int) -> dict[str, Any]:
    """Return the witness of a proof, in units in which inputs are `scales` and labels `unit` times as large.

    Parameters
    ----------
    network : RationalSharedNetwork
        In the data's own units.
    scales : sequence of int (d,)
        What each input is multiplied by in the proof.
    unit : int
        What all labels are multiplied by.
    """
    inputs = [*(flint.fmpq(1, scale) for scale in scales), flint.fmpq(1)]
    neurons = [[number_text(v * s) for v, s in zip(u, inputs, strict=True)] for u in network.neurons]
    outputs = [[number_text(v * unit) for v in row] for row in network.outputs]
    affine = network.affine
    return {
        "kind": "outputs",
        "neurons": neurons,
        "outputs": outputs,
        "skip": None
        if affine is None
        else [[number_text(v * s * unit) for v, s in zip(row, inputs, strict=True)] for row in affine],
    }
