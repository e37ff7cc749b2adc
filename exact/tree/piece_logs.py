"""What parts of trees are told to, whoever explores them: nothing, or what a proof needs of them."""

from collections.abc import Sequence

from sparsest.affine import Affine
from sparsest.exact.proof.checker_rows import CheckerRows
from sparsest.exact.proof.circuits import CircuitTable, NeuronCircuits
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.proof.node_writer import alike
from sparsest.exact.proof.piece import PieceWriter, Prefix
from sparsest.exact.tree.prepared import Prepared


class PieceLogs:
    """Makes the logs of parts of trees of one problem.

    Parameters
    ----------
    prepared : Prepared
        The problem.
    points : tuple of int or None
        The proof's number of each sample; None where no proof is asked for.
    """

    def __init__(self, prepared: Prepared, points: tuple[int, ...] | None) -> None:
        self.points, self._flips = points, prepared.problem.affine is Affine.SKIP
        if points is not None:
            self._rows = CheckerRows(prepared.data, points)
            self._circuits = NeuronCircuits(CircuitTable(prepared.data.rows), self._rows)

    def of(self, signs: Sequence[int], prefix: Prefix) -> ProofLog:
        """Return the log of the part of a tree with such output signs that hangs at a prefix."""
        if self.points is None:
            return ProofLog()
        return PieceWriter(self._rows, signs, alike(signs), self._circuits, prefix, flips=self._flips)
