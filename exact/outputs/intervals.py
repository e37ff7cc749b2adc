"""Several outputs that have to lie in intervals: which sums of them are bounded, and what comes of it."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sparsest.exact.outputs.directions import directions
from sparsest.exact.outputs.networks import NetworkFinder
from sparsest.exact.outputs.proof import write_proof
from sparsest.exact.outputs.search import Direction, Finder
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.progress import Deadline
from sparsest.results.multi_output import MultiOutputResult


@dataclasses.dataclass(frozen=True)
class SharedIntervals:
    """A problem with several outputs, as `sparsest.exact.outputs.search` asks about it.

    Every integer direction bounds its sum of outputs: the labels ``c . Y``.
    """

    problem: MultiOutputProblem
    reason: str = "several outputs: sums of them are bounded one by one"

    @property
    def directions(self) -> Sequence[Direction]:
        """Directions to bound, in the order in which they are worth trying."""
        return directions(self.problem.n_outputs)

    def finder(self, deadline: Deadline, tell: Callable[[str], None]) -> NetworkFinder:
        """Return what looks for networks."""
        return NetworkFinder(self.problem, self.directions, deadline, tell)

    def bound_of_all(self, deadline: Deadline) -> int:
        """Return 0: nothing is known of all outputs together."""
        return 0

    def write_proof(
        self, path: Path, direction: Direction | None, scalar: Path | None, finder: Finder, lower_bound: int
    ) -> tuple[str, bool]:
        """Write a proof, as `sparsest.exact.outputs.proof` does."""
        assert isinstance(finder, NetworkFinder)
        return write_proof(path, self.problem, direction, scalar, finder.best, lower_bound)

    def result(self, direction: Direction | None, tried: int, **fields: Any) -> MultiOutputResult:
        """Return the result with these fields of `CountBounds`."""
        return MultiOutputResult(direction=direction, directions=tried, **fields)
