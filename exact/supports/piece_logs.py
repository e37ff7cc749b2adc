"""What parts of trees of given kinds are told to, whoever explores them."""

from sparsest.affine import Affine
from sparsest.exact.proof.checker_rows import CheckerRows
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.proof.node_writer import alike
from sparsest.exact.proof.piece import PieceWriter, Prefix
from sparsest.exact.supports.circuits import KindCircuits
from sparsest.exact.supports.kinds import Kinds, neurons
from sparsest.exact.supports.prepared import PreparedKinds


class KindPieceLogs:
    """Makes the logs of parts of trees of one problem, as `sparsest.exact.tree.piece_logs.PieceLogs` does.

    Parameters
    ----------
    prepared : PreparedKinds
        The problem.
    points : tuple of int or None
        The proof's number of each sample; None where no proof is asked for.
    """

    def __init__(self, prepared: PreparedKinds, points: tuple[int, ...] | None) -> None:
        self.points, self._flips = points, prepared.problem.affine is Affine.SKIP
        if points is not None:
            self._rows = CheckerRows(prepared.data, points)
            self._circuits = KindCircuits(prepared.data, self._rows, prepared.catalogue)

    def of(self, kinds: Kinds, prefix: Prefix) -> ProofLog:
        """Return the log of the part of a tree of such kinds that hangs at a prefix."""
        if self.points is None:
            return ProofLog()
        with_bits = neurons(kinds)
        signs, circuits = [kind.sign for kind in with_bits], self._circuits.of(with_bits)
        return PieceWriter(self._rows, signs, alike(with_bits), circuits, prefix, flips=self._flips)
