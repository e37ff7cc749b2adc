"""Exploration of one tree whose neurons have given kinds."""

import itertools

import flint

from sparsest.exact.arithmetic.farkas import Multipliers
from sparsest.exact.arithmetic.rational_network import RationalNetwork, network_of, with_multiples
from sparsest.exact.arithmetic.rational_problem import coefficients, side_of
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.supports.coordinates import EntryCoordinates
from sparsest.exact.supports.findings import EntryFindings, accept
from sparsest.exact.supports.kinds import Kinds, neurons
from sparsest.exact.supports.program import RestrictedProgram
from sparsest.exact.tree.branching import FeasibleNode
from sparsest.exact.tree.exploration import Exploration, Surroundings


class KindExploration(Exploration):
    """As `Exploration`: neurons are interchangeable where their kinds are the same.

    Parameters
    ----------
    around : Surroundings
        Its data and branching are those of the kinds, its findings `EntryFindings`.
    kinds : tuple of Kind (K,)
        What the neurons may use, and their output signs; equal ones are neighbours, columns are the last.
    log : ProofLog
        Told of every node.
    coordinates : list of EntryCoordinates
        Those of each neuron.
    """

    def __init__(
        self, around: Surroundings, kinds: Kinds, log: ProofLog, coordinates: list[EntryCoordinates]
    ) -> None:
        self._kinds, self._blocks = neurons(kinds), coordinates
        super().__init__(around, tuple(kind.sign for kind in self._kinds), log)

    def _new_program(self) -> RestrictedProgram:
        prepared = self._prepared
        return RestrictedProgram(
            self._problem, prepared.data, prepared.coordinates, self._signs, self._blocks
        )

    def _first_tied(self) -> tuple[bool, ...]:
        return tuple(a == b for a, b in itertools.pairwise(self._kinds))

    def _closed_at_once(self) -> bool:
        """Close a node at whose last sample all that is active is zero: that says so by itself."""
        refutation = self._contradiction_of_zeros()
        if refutation is not None:
            self._log.refuted(refutation)
        return refutation is not None

    def _contradiction_of_zeros(self) -> Multipliers | None:
        """Return a multiplier of the last sample's value if that is zero and must not be: no ray says so."""
        if self._problem.has_affine_term or not self._program.rows:
            return None
        data, row = self._prepared.data, self._program.rows[-1]
        if any(coefficients(data, self._signs, row)):
            return None
        for lower in (True, False):
            side = side_of(data, row, lower)
            if side is not None and (side > 0 if lower else side < 0):
                return [(row, 1 if lower else -1)]
        return None

    def _network_of(self, numbers: list[flint.fmpq]) -> RationalNetwork:
        data = self._prepared.data
        found = network_of(self._signs, numbers[: len(numbers) - len(data.columns)], data.size)
        coefficients = numbers[len(numbers) - len(data.columns) :]
        return with_multiples(found, dict(zip(data.columns, coefficients, strict=True)), data.size - 1)

    def _fits(self, state: FeasibleNode) -> bool:
        findings = self._around.findings
        network = self._program.network(state.neurons)
        if network is None or not isinstance(findings, EntryFindings):
            return False
        everything = self._prepared.data.restricted(None)
        return accept(self._problem, everything, findings, network) or self._fits_exactly()
