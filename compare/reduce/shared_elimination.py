"""Fewer neurons for several outputs from a network's own: leave some out, let the others make up for it.

Backward elimination as for one output (`sparsest.compare.reduce.elimination`), with Levenberg's descents of
all outputs together: first the few neurons that contribute most are kept, then twice as many, until those
suffice; then a quarter of what is left goes at once, and in the end one neuron at a time. Nothing here proves
a count minimal; every network that is taken provably meets every interval, or has the
margin on every sample, by floats with bounds on their rounding.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.compare.reduce.float_bounds import surely_fits
from sparsest.exact.classes.descent import GapDescent
from sparsest.exact.classes.margins import surely_classifies
from sparsest.exact.outputs.descent import SharedDescent, jacobian_size
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork, SharedProblem
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.progress import Deadline

# Neurons that are kept in the first attempt.
_MIN_NEURONS: Final = 2
# Noise that is put on the neurons, as a share of their size, where none can go without: another start of the
# same descents.
_SHAKEN: Final = (0.0, 0.1, 0.3)
# Numbers of an attempt's Jacobian: a step of a descent takes about a second then, and is not interrupted.
_MAX_JACOBIAN: Final = 4_000_000
# Seconds of one attempt at least, and at most as a share of the time that is left: an attempt that arrives
# seldom takes longer than those before it.
_LEAST_SECONDS: Final = 0.2
_MAX_SHARE: Final = 0.1


def all_surely_fit(problem: SharedProblem, network: MultiOutputNetwork) -> bool:
    """Whether floats prove that a network is what is asked for; False when they cannot tell."""
    if isinstance(problem, MultiClassProblem):
        return surely_classifies(problem, network)
    return network.is_of_kind(problem) and all(
        surely_fits(output, network.output(j)) for j, output in enumerate(problem.outputs)
    )


def eliminate_shared(
    problem: SharedProblem,
    network: MultiOutputNetwork,
    deadline: Deadline,
    tell: Callable[[MultiOutputNetwork], None] = lambda network: None,
) -> MultiOutputNetwork:
    """Return a network that is what is asked for with as few neurons as elimination reaches.

    Parameters
    ----------
    problem : MultiOutputProblem or MultiClassProblem
        The data.
    network : MultiOutputNetwork
        One that is what is asked for; it comes back when no neuron can go.
    deadline : Deadline
        When it expires, what was reached is returned.
    tell : callable, optional
        Told each smaller network when it is found.
    """
    best = network
    for smaller in _Elimination(problem, deadline).descent(network):
        best = smaller
        tell(best)
    return best


class _Elimination:
    """A problem, and descents towards it from parts of networks."""

    def __init__(self, problem: SharedProblem, deadline: Deadline) -> None:
        self._problem, self._deadline = problem, deadline
        self._descent = (
            GapDescent(problem) if isinstance(problem, MultiClassProblem) else SharedDescent(problem)
        )
        self._rng = np.random.default_rng(0)
        self._scales = np.where(problem.label_scales == 0, 1.0, problem.label_scales)

    def descent(self, network: MultiOutputNetwork) -> Iterator[MultiOutputNetwork]:
        """Generate ever smaller networks that meet the intervals."""
        if (few := self._few_enough(network)) is not None:
            network = few
            yield network
        portion = network.width // 4
        while portion >= 2 and not self._deadline.expired:
            smaller = self._of_part(network, self._order(network)[portion:])
            if smaller is None:
                portion //= 2
            else:
                network = smaller
                yield network
                portion = min(portion, network.width // 2)
        shaken = 0
        while shaken < len(_SHAKEN) and not self._deadline.expired:
            one_less = self._one_less(network, _SHAKEN[shaken])
            if one_less is None:
                shaken += 1
            else:
                network = one_less
                yield network

    def _few_enough(self, network: MultiOutputNetwork) -> MultiOutputNetwork | None:
        """Keep the neurons that contribute most, ever more of them; return the first that do."""
        order, kept = self._order(network), _MIN_NEURONS
        while kept < len(order) and not self._deadline.expired:
            found = self._of_part(network, order[-kept:])
            if found is not None:
                return found
            kept *= 2
        return None

    def _one_less(self, network: MultiOutputNetwork, shaken: float) -> MultiOutputNetwork | None:
        for k in self._order(network):
            if self._deadline.expired:
                return None
            smaller = self._of_part(network, np.delete(np.arange(network.width), k), shaken)
            if smaller is not None:
                return smaller
        return None

    def _order(self, network: MultiOutputNetwork) -> NDArray[np.intp]:
        """Return the neurons, those that contribute least first, beside the affine terms of the outputs."""
        active = np.maximum(self._problem.X @ network.weights.T + network.biases, 0.0)
        if self._problem.has_affine_term:
            active = active - active.mean(axis=0)
        sizes = np.linalg.norm(active, axis=0) * np.linalg.norm(network.outputs / self._scales, axis=1)
        return np.argsort(sizes)

    def _of_part(
        self, network: MultiOutputNetwork, kept: NDArray[np.intp], shaken: float = 0.0
    ) -> MultiOutputNetwork | None:
        """Return some of the neurons, moved until they provably meet every interval; None if they do not."""
        if (
            isinstance(self._problem, MultiOutputProblem)
            and jacobian_size(self._problem, len(kept)) > _MAX_JACOBIAN
        ):
            return None
        neurons: FloatArray = self._descent.in_own_coordinates(np.c_[network.weights, network.biases][kept])
        lengths = np.linalg.norm(neurons, axis=1, keepdims=True)
        neurons = neurons + shaken * lengths * self._rng.normal(size=neurons.shape)
        left = self._deadline.remaining
        limit = time.perf_counter() + min(left, max(_LEAST_SECONDS, _MAX_SHARE * left))
        moved = self._descent.arrives(neurons, lambda: time.perf_counter() > limit)
        if moved is None or moved.width >= network.width:
            return None
        return moved if all_surely_fit(self._problem, moved) else None
