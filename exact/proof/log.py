"""What a search tells about its refutation, node by node, so that a proof can be written of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from sparsest.exact.arithmetic.farkas import Multipliers
from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.line.forced_knots import GapProof, Triple
from sparsest.exact.packing.curved_sets import Packing
from sparsest.results.solving import ExactResult

Bits = tuple[int, ...]
IntArray = NDArray[np.integer[Any]]


class Teller(Protocol):
    """Knows what numbers mean that a compiled search tells."""

    def tell(self, events: IntArray, log: "ProofLog") -> None:
        """Report events, which follow those told before, by the methods of a log."""


class ProofLog:
    """What a search reports while it refutes; this one keeps nothing.

    For each K and number of positive output signs the search calls `begin`, then, in depth-first order,
    `branch` where it branches on a sample, `enter` for each child it visits, one of `refuted`, `merged` or
    `unproven` where a child is closed, `leave` where a branch has no more children, and at last `end`, or
    `abandon` when a network was found. Samples are those of ``problem.distinct()``.
    """

    writes = False  # whether what is reported is kept

    @property
    def points(self) -> tuple[int, ...] | None:
        """The number of each sample in the proof; None where none is written."""
        return None

    @property
    def packed(self) -> bytes | None:
        """What was told of a part of a tree (`sparsest.exact.proof.piece`); None if that is not kept."""
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Free what the log holds."""

    def knots(self, triples: Sequence[Triple]) -> None:
        """Start from knots that the intervals force upon every function along a line."""

    def gaps(self, proof: GapProof) -> bool:
        """Refute so many neurons of one feature without a skip by two sweeps; whether the log can show it."""
        return True

    def packing(self, packing: Packing) -> None:
        """Take a bound by curved sets, larger than any before."""

    def witness(self, network: RationalNetwork) -> None:
        """Take a network that provably fits, better than any before."""

    def begin(self, signs: Sequence[int]) -> None:
        """Start to refute these output signs."""

    def begin_kinds(self, kinds: Sequence[tuple[Sequence[int], int]]) -> None:
        """Start to refute networks whose neurons use some entries only: which ones, and output signs."""

    def budget_refuted(self, budget: int) -> None:
        """Take note that all networks of so many entries are refuted."""

    def branch(self, sample: int, choices: Sequence[Sequence[int]], needed: int) -> None:
        """Branch on a sample.

        Parameters
        ----------
        sample : int
            Its index.
        choices : sequence of sequences of bits (K,)
            What the search will try for each neuron; what is missing are bits of no cell (or, on the first
            sample with a skip and without a weight bound, active neurons).
        needed : +1, -1 or 0
            Output sign of which some neuron must be active on the sample, if any.
        """

    def enter(self, bits: Bits) -> None:
        """Go to the child with these bits."""

    def leave(self) -> None:
        """Go back up from a branch whose children are all done."""

    def refuted(self, multipliers: Multipliers) -> None:
        """Close a child by multipliers that combine its rows to a contradiction."""

    def merged(self, neuron: int) -> None:
        """Close a child because a neuron and the next one have the same bits on every sample."""

    def unproven(self) -> None:
        """Close a child without a reason."""

    def left_open(self, prefix: tuple[tuple[int, Bits], ...]) -> None:
        """Leave the child just entered, at the end of `prefix`, to be reported from elsewhere."""

    def excluded(self, sample: int, sign: int) -> None:
        """Refute the output signs begun: `sample` needs an active neuron of `sign`, and none has it."""

    def densest(self, step: Mapping[str, Any]) -> None:
        """Refute the output signs begun by functions that meet many samples: `Step.document`."""

    def visited(self, events: IntArray, teller: Teller) -> None:
        """Take what a compiled search tells of nodes."""
        teller.tell(events, self)

    def written(self, nodes: bytes, circuits: Sequence[str]) -> None:
        """Take lines of nodes as `NodeWriter` writes them, and documents of the circuits they refer to."""

    def end(self) -> None:
        """Finish: all networks with the signs begun are refuted."""

    def abandon(self) -> None:
        """Drop what was logged since `begin`."""

    def write(self, path: Path, method: str, result: ExactResult) -> str:
        """Write the proof of a result; return what it lacks, in one sentence, empty when nothing."""
        return ""
