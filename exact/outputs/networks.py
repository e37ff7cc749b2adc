"""Networks with several outputs that provably fit: from the neurons of single directions, made fewer."""

import itertools
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.rational_network import RationalNetwork, rational_witness
from sparsest.exact.arithmetic.rational_problem import ExactData, rational
from sparsest.exact.outputs.along_a_line import interpolant_on_a_line
from sparsest.exact.outputs.descent import MAX_JACOBIAN, SharedDescent, jacobian_size
from sparsest.exact.outputs.output_weights import MAX_SIZE, with_output_weights
from sparsest.exact.outputs.shared_network import ExactOutputs, RationalSharedNetwork, Vector, floats
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.network import Network
from sparsest.progress import Deadline
from sparsest.sentences import counted

# Random starts of descents towards so few neurons as are not refuted, for each new lower bound.
_STARTS: Final = 20
# Neurons of the first descents: more than necessary make them easier, and can be left out afterwards.
_WIDTHS: Final = (0, 1, 2, 3, 4, 6, 8, 12)


class NetworkFinder:
    """The sparsest network known so far, and what makes sparser ones.

    Parameters
    ----------
    problem : MultiOutputProblem
        The data.
    directions : sequence of tuples of int
        Directions in which floats are turned into rationals.
    deadline : Deadline
        No step begins after it.
    tell : callable, optional
        Called now and then with what is being done, a few words.
    """

    def __init__(
        self,
        problem: MultiOutputProblem,
        directions: Sequence[tuple[int, ...]],
        deadline: Deadline,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.data = ExactOutputs(problem)
        self.best: RationalSharedNetwork | None = None
        self._directions, self._deadline, self._tell = list(directions), deadline, tell
        self._descent = SharedDescent(self.data.problem)
        self._pool: list[Vector] = []
        self._is_mere_interpolant = False
        self._along: dict[tuple[int, ...], ExactData] = {}
        self._rng = np.random.default_rng(0)

    @property
    def upper_bound(self) -> int | None:
        """The neurons of the best network."""
        return None if self.best is None else len(self.best.neurons)

    def along(self, direction: tuple[int, ...]) -> Network | None:
        """Return ``c . f`` of the best network, unless it is one that every exact search makes for itself."""
        return None if self.network is None or self._is_mere_interpolant else self.network.along(direction)

    def offer(self, network: MultiOutputNetwork) -> bool:
        """Take a network over if one of its neurons, or of neurons beside them, provably fits and is best."""
        if not network.is_of_kind(self.data.problem):
            return False
        neurons = [[rational(v) for v in row] for row in np.c_[network.weights, network.biases].tolist()]
        if self._take(neurons):
            return True
        for direction in self._directions:
            exact = self._rational(direction, network.along(direction))
            if exact is not None and self._take(exact.neurons[: len(exact.signs)]):
                return True
        return False

    def offer_along(self, direction: tuple[int, ...], network: Network) -> None:
        """Take the neurons of a network for ``c . f``, with output weights for all, or moved towards them."""
        exact = self._rational(direction, network)
        if exact is None:
            neurons = [[rational(v) for v in row] for row in network.folded.tolist()]
        else:
            neurons = exact.neurons[: len(exact.signs)]
        self._pool += neurons
        if self.best is None or self._is_mere_interpolant:
            self._take(self._pool)
        if not self._is_fewer(len(neurons)) or self._take(neurons):
            return
        start = self._in_coordinates(np.c_[network.weights, network.biases])
        moved = self._moved(start, self._deadline)
        if moved is not None:
            self.offer(moved)

    @property
    def network(self) -> MultiOutputNetwork | None:
        """The best network, rounded to floats."""
        return None if self.best is None else self.best.rounded(self.data.problem)

    def begin(self, witness: MultiOutputNetwork | None, least: int, deadline: Deadline) -> None:
        """Make a network along a line, and take one that is given, or look for one by descents."""
        self.interpolate(deadline)
        if witness is None or not self.offer(witness):
            self.descend(deadline)

    def descend(self, deadline: Deadline) -> None:
        """Look for a sparse network by descents from random neurons, few before many, and make it sparser."""
        for neurons in _WIDTHS:
            self._descend_towards(neurons, deadline)
            if deadline.expired:
                return
            if self.best is not None and not self._is_mere_interpolant:
                self._leave_one_out(deadline)
                return

    def interpolate(self, deadline: Deadline) -> None:
        """Make a network along a line, of about as many neurons as samples, where none is known."""
        if self.best is None:
            self.best = interpolant_on_a_line(self.data, deadline)
            self._is_mere_interpolant = self.best is not None

    def look_for(self, least: int, deadline: Deadline) -> None:
        """Look for sparser networks, down to `least` neurons: by descents, and by leaving neurons out.

        Fewer neurons are tried first: what they fit needs no more.
        """
        for neurons in itertools.count(least):
            if not self._is_fewer(neurons) or deadline.expired or self.best is None:
                return
            self._descend_towards(neurons, deadline)
            if self.best is not None and len(self.best.neurons) == neurons:
                return
            self._leave_one_out(deadline)

    def _descend_towards(self, neurons: int, deadline: Deadline) -> None:
        """Look for a network of so many neurons by descents from random ones."""
        for start in range(_STARTS):
            if not self._is_fewer(neurons) or deadline.expired:
                return
            self._tell(f"descent {start + 1} towards {counted(neurons, 'neurons')}")
            moved = self._moved(self._random_neurons(neurons, start), deadline)
            if moved is not None:
                self.offer(moved)

    def _leave_one_out(self, deadline: Deadline) -> None:
        """Leave out one neuron after the other, as long as the others fit, be it after a descent."""
        k = 0
        while self.best is not None and k < len(self.best.neurons) and not deadline.expired:
            self._tell(f"leaving out one of {counted(len(self.best.neurons), 'neurons')}")
            rest = [*self.best.neurons[:k], *self.best.neurons[k + 1 :]]
            if self._take(rest):
                k = 0
                continue
            table = floats(rest).reshape(-1, self.data.problem.n_features + 1)
            moved = self._moved(self._in_coordinates(table), deadline)
            k = 0 if moved is not None and self.offer(moved) else k + 1

    def _is_fewer(self, neurons: int) -> bool:
        return self.best is None or neurons < len(self.best.neurons)

    def _take(self, neurons: Sequence[Vector]) -> bool:
        found = with_output_weights(self.data, neurons, self._deadline)
        if found is None or not self._is_fewer(len(found.neurons)):
            return False
        self.best, self._is_mere_interpolant = found, False
        return True

    def _moved(self, neurons: FloatArray, deadline: Deadline) -> MultiOutputNetwork | None:
        if jacobian_size(self.data.problem, len(neurons)) > MAX_JACOBIAN:
            return None
        return self._descent.arrives(neurons, lambda: deadline.expired)

    def _in_coordinates(self, neurons: FloatArray) -> FloatArray:
        """Return neurons (K, d + 1) in the coordinates of descents."""
        return self._descent.in_own_coordinates(neurons)

    def _rational(self, direction: tuple[int, ...], network: Network) -> RationalNetwork | None:
        """Return a rational network for ``c . f`` beside one in floats; None where that takes too long."""
        problem = self.data.problem
        size = problem.n_samples * (network.width * (problem.n_features + 1)) ** 2
        if self._deadline.expired or size > MAX_SIZE:
            return None
        if direction not in self._along:
            self._along[direction] = self.data.outputs[0].with_intervals(problem.along(direction))
        return rational_witness(self._along[direction], network)

    def _random_neurons(self, width: int, start: int) -> FloatArray:
        """Return neurons with knots at samples, every second time beside some of the networks so far."""
        rows = self._descent.rows
        weights = self._rng.normal(size=(width, rows.shape[1] - 1))
        at = rows[self._rng.integers(len(rows), size=width), :-1]
        neurons = np.c_[weights, -(weights * at).sum(axis=1)]
        if start % 2 and self._pool:
            known = self._in_coordinates(floats(self._pool))
            chosen = self._rng.permutation(len(known))[: max(1, width - 1)]
            neurons[: len(chosen)] = known[chosen]
        return np.asarray(neurons)
