"""Networks that provably have the margin on every sample: by descents from few neurons, made fewer."""

import itertools
from collections.abc import Callable
from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.classes.descent import GapDescent
from sparsest.exact.classes.margins import surely_classifies, with_few_digits, with_margin
from sparsest.exact.outputs.along_a_line import interpolant_on_a_line
from sparsest.exact.outputs.shared_network import ExactOutputs
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.network import Network
from sparsest.progress import Deadline
from sparsest.sentences import counted

# Neurons of the first descents: many make them easy, and can be left out afterwards, while a descent towards
# too few takes all its steps.
_WIDTHS: Final = (4, 8, 16, 32, 64)
# Samples squared times outputs times features up to which there is a network along a line: of as many neurons
# as samples, which a proof with it has to evaluate on all samples.
_MAX_INTERPOLATED: Final = 20_000_000
# Share of the time for descents before that.
_ANY: Final = 0.5
# Random starts towards so few neurons as are not refuted, for each new lower bound.
_STARTS: Final = 20


class ClassFinder:
    """The sparsest network known so far, and what makes sparser ones.

    Parameters
    ----------
    problem : MultiClassProblem
        The data.
    deadline : Deadline
        No step begins after it.
    tell : callable, optional
        Called now and then with what is being done, a few words.
    """

    def __init__(
        self, problem: MultiClassProblem, deadline: Deadline, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        self.problem = problem.distinct()
        self.network: MultiOutputNetwork | None = None
        self._deadline, self._tell = deadline, tell
        self._descent = GapDescent(self.problem)
        self._pool: list[FloatArray] = []
        self._rng = np.random.default_rng(0)

    @property
    def upper_bound(self) -> int | None:
        """The neurons of the best network."""
        return None if self.network is None else self.network.width

    def along(self, direction: tuple[int, ...]) -> Network | None:
        """Return ``f_a - f_b`` of the best network, for the direction with a 1 at a and a -1 at b."""
        return None if self.network is None else self.network.along(direction)

    def offer(self, network: MultiOutputNetwork) -> bool:
        """Take a network over if it provably has the margin, be it scaled, and is sparser than the best."""
        if not network.is_of_kind(self.problem):
            return False
        used = network.outputs.any(axis=1) & np.c_[network.weights, network.biases].any(axis=1)
        scaled = with_margin(self.problem, network.without(np.flatnonzero(~used).tolist()))
        if scaled is None or not self._is_fewer(scaled.width) or not surely_classifies(self.problem, scaled):
            return False
        self.network = with_few_digits(self.problem, scaled)
        return True

    def offer_along(self, direction: tuple[int, ...], network: Network) -> None:
        """Look for a network of the neurons of one that separates two classes, moved towards all classes."""
        self._pool.append(np.c_[network.weights, network.biases])
        if self._is_fewer(network.width):
            self._move(self._descent.in_own_coordinates(self._pool[-1]), self._deadline)

    def begin(self, witness: MultiOutputNetwork | None, least: int, deadline: Deadline) -> None:
        """Take a network that is given, or look for a first one by descents."""
        if witness is None or not self.offer(witness):
            self._find_any(least, deadline)

    def look_for(self, least: int, deadline: Deadline) -> None:
        """Look for sparser networks, down to `least` neurons: by descents, and by leaving neurons out."""
        if self.network is None:  # in a part of the time: the next step is quick, and mostly finds one
            self._find_any(least, deadline.part(_ANY))
        if self.network is None:
            self._interpolate(deadline)
        for neurons in itertools.count(least):
            if not self._is_fewer(neurons) or deadline.expired or self.network is None:
                return
            self._descend_towards(neurons, _STARTS, deadline)
            if self.upper_bound == neurons:
                return
            self._leave_one_out(deadline)

    def _find_any(self, least: int, deadline: Deadline) -> None:
        """Look for a network by descents, from some neurons before more, and make it sparser."""
        for neurons in _WIDTHS:
            if neurons >= least:
                self._descend_towards(neurons, 1, deadline)
            if self.network is not None or deadline.expired:
                break
        self._leave_one_out(deadline)

    def _descend_towards(self, neurons: int, starts: int, deadline: Deadline) -> None:
        for start in range(starts):
            if not self._is_fewer(neurons) or deadline.expired:
                return
            self._tell(f"descent {start + 1} towards {counted(neurons, 'neurons')}")
            self._move(self._random_neurons(neurons, start), deadline)

    def _leave_one_out(self, deadline: Deadline) -> None:
        """Leave out one neuron after the other, as long as the others do after a descent."""
        k = 0
        while self.network is not None and k < self.network.width and not deadline.expired:
            best = self.network
            self._tell(f"leaving out one of {counted(best.width, 'neurons')}")
            rest = np.delete(np.c_[best.weights, best.biases], k, axis=0)
            found = self._move(self._descent.in_own_coordinates(rest), deadline)
            k = 0 if found else k + 1

    def _interpolate(self, deadline: Deadline) -> None:
        """Make a network along a line, of about as many neurons as samples."""
        problem = self.problem
        if problem.n_samples**2 * problem.n_outputs * problem.n_features > _MAX_INTERPOLATED:
            return
        aims = np.where(problem.own_column, problem.margin, -problem.margin)
        exact = ExactOutputs(MultiOutputProblem(problem.X, aims, affine=problem.affine))
        found = interpolant_on_a_line(exact, deadline)
        if found is not None:
            self.offer(found.rounded(exact.problem))

    def _is_fewer(self, neurons: int) -> bool:
        return self.network is None or neurons < self.network.width

    def _move(self, neurons: FloatArray, deadline: Deadline) -> bool:
        moved = self._descent.arrives(neurons, lambda: deadline.expired)
        return moved is not None and self.offer(moved)

    def _random_neurons(self, width: int, start: int) -> FloatArray:
        """Return neurons with knots at samples, every second time beside some that separate two classes."""
        rows = self._descent.rows
        weights = self._rng.normal(size=(width, rows.shape[1] - 1))
        at = rows[self._rng.integers(len(rows), size=width), :-1]
        neurons = np.c_[weights, -(weights * at).sum(axis=1)]
        if start % 2 and self._pool:
            known = self._descent.in_own_coordinates(np.concatenate(self._pool))
            chosen = self._rng.permutation(len(known))[: max(1, width - 1)]
            neurons[: min(width, len(chosen))] = known[chosen][:width]
        return np.asarray(neurons)
