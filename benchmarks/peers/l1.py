"""Least l^1 path norm over sampled activation patterns, plain and reweighted: linear programs only.

With the patterns fixed, networks that fit are a polyhedron (Pilanci and Ergen, "Neural networks are convex
regularizers", ICML 2020), and where there are too many patterns to list, those of random Gaussian neurons
stand for them, as is usual for that convex program. Minimising ``sum |u_kj|`` over it is basis pursuit
(Chen, Donoho and Saunders 1998); solving again with weights ``1 / (|u_kj| + epsilon)`` brings it closer to
counting (Candes, Wakin and Boyd, "Enhancing sparsity by reweighted l1 minimization", 2008).

Differences: inputs and labels are scaled to about one before sampling, so that patterns of data far from the
origin are met; if the sample does not let any network fit, it is doubled a few times.
"""

import dataclasses
import importlib.metadata

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.benchmarks.suites.method_answer import MethodAnswer, TracePoint
from sparsest.continuous.polish import pattern_program
from sparsest.continuous.polish.pattern_program import Neurons, Samples
from sparsest.continuous.polish.scaling import Scaling
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.refine import refine

BoolArray = NDArray[np.bool_]

# Patterns drawn a sample of the data, and how often their number is doubled when nothing fits.
_PATTERNS_A_SAMPLE = 4
_DOUBLINGS = 4

# The epsilon of the reweighting relative to the largest magnitude of the first solution: small enough to
# tell a zero from an entry that matters, large enough that a zero can come back.
_EPSILON = 1e-2


@dataclasses.dataclass(frozen=True, eq=False)
class BlockProgram:
    """The linear program with one neuron for each of some patterns and output signs, in scaled units.

    Attributes
    ----------
    problem : Problem
        The data.
    objective : Objective
        Decides which entries cost: with ``weights`` the biases are free.
    scaling : Scaling
        Units of about one.
    """

    problem: Problem
    objective: Objective
    scaling: Scaling

    @classmethod
    def of(cls, problem: Problem, objective: Objective) -> "BlockProgram":
        """Return the program of a problem."""
        return cls(problem, objective, Scaling.of(problem, objective))

    def costs(self, blocks: int) -> FloatArray:
        """Return one for each entry (blocks, d + 1) that the path norm contains."""
        cost = np.ones((blocks, self.scaling.homogeneous.shape[1]))
        if self.objective is Objective.WEIGHTS:
            cost[:, -1] = 0.0
        return cost

    def solve(
        self, patterns: BoolArray, signs: FloatArray, cost: FloatArray, deadline: Deadline
    ) -> Neurons | None:
        """Minimise ``sum cost * |u|`` over networks that fit and respect the weight bound.

        Parameters
        ----------
        patterns : array of bool (B, N)
            Cell of each neuron.
        signs : array (B,)
            Its output sign.
        cost : array (B, d + 1)
            Price of each entry.
        deadline : Deadline
            For the linear-programming solver.

        Returns
        -------
        Neurons or None
            A vertex, as many rows as patterns; None when there is none or time ran out.
        """
        scaled = self.scaling
        samples = Samples(scaled.homogeneous, scaled.low, scaled.high, scaled.affine, scaled.bounds)
        start = Neurons(np.zeros(cost.shape), patterns, signs, None)
        return pattern_program.solve(samples, start, np.ones(cost.shape, dtype=np.bool_), cost, deadline)

    def network(self, neurons: Neurons) -> Network:
        """Return the network of a solution, its rounding repaired by `sparsest.refine.refine`."""
        used = neurons.nonzero()
        return refine(self.problem, self.scaling.network(used.folded, used.signs, used.affine))


def solver_version() -> str:
    """Return the name and version of the linear-programming solver."""
    return f"scipy {importlib.metadata.version('scipy')} / highs"


def both_signs(patterns: BoolArray) -> tuple[BoolArray, FloatArray]:
    """Return every pattern (C, N) twice and output signs +1 and -1 (2 C,); without the empty pattern."""
    useful = patterns[patterns.any(axis=1)]
    return np.repeat(useful, 2, axis=0), np.tile([1.0, -1.0], len(useful))


def sampled_patterns(homogeneous: FloatArray, count: int, rng: np.random.Generator) -> BoolArray:
    """Return distinct patterns (at most `count`, N) of Gaussian neurons on scaled data (N, d + 1)."""
    neurons = rng.normal(size=(count, homogeneous.shape[1]))
    return np.asarray(np.unique(neurons @ homogeneous.T >= 0, axis=0))


def l1(
    problem: Problem,
    objective: Objective,
    *,
    seed: int = 0,
    time_limit: float | None = None,
    patterns: int | None = None,
) -> MethodAnswer:
    """Minimise the l^1 path norm over sampled patterns once.

    Parameters
    ----------
    problem : Problem
        Any; the weight bound is respected.
    objective : Objective
        What is counted; decides whether biases cost.
    seed : int
        Of the sampled patterns.
    time_limit : float, optional
        Seconds.
    patterns : int, optional
        Number of random neurons whose patterns are taken; 4 N by default.

    Returns
    -------
    MethodAnswer
        Status "finished", "time_limit", or "stuck" when no network with one neuron for each of these
        patterns fits.

    Raises
    ------
    InputError
        When `patterns` is not a whole number of at least 1.
    """
    return reweighted_l1(problem, objective, seed=seed, time_limit=time_limit, patterns=patterns, rounds=0)


def reweighted_l1(
    problem: Problem,
    objective: Objective,
    *,
    seed: int = 0,
    time_limit: float | None = None,
    patterns: int | None = None,
    rounds: int = 10,
) -> MethodAnswer:
    """Minimise the l^1 path norm over sampled patterns, then reweight and solve again.

    For ``neurons`` all entries of a neuron share the weight ``1 / (sum_j |u_kj| + epsilon)``. The network of
    lowest count over the rounds is returned. Other parameters as of `l1`.

    Parameters
    ----------
    problem, objective, seed, time_limit, patterns
        As of `l1`.
    rounds : int
        Linear programs after the first.

    Raises
    ------
    InputError
        When `patterns` or `rounds` is not a whole number, or too small.
    """
    deadline = Deadline(time_limit)
    drawn = _whole(_PATTERNS_A_SAMPLE * problem.n_samples if patterns is None else patterns, "patterns", 1)
    _whole(rounds, "rounds", 0)
    program = BlockProgram.of(problem, objective)
    rng = np.random.default_rng(seed)
    blocks, first, programs = _first_solution(program, drawn, rng, deadline)
    course = _Course(program, deadline)
    neurons = first
    for _ in range(rounds):
        if neurons is None or deadline.expired:
            break
        course.offer(neurons)
        cost = _weights(program, neurons, course.epsilon)
        previous, neurons = neurons, program.solve(*blocks, cost, deadline)
        programs += 1
        if neurons is not None and np.array_equal(neurons.folded, previous.folded):
            break
    if neurons is not None:
        course.offer(neurons)
    return MethodAnswer(
        network=course.best,
        status=_status(first, deadline),
        trace=tuple(course.trace),
        work=programs,
        solver=solver_version(),
        options={"patterns": drawn, "rounds": rounds, "seed": seed, "time_limit": time_limit},
    )


class _Course:
    """The best network so far, and when it was found."""

    def __init__(self, program: BlockProgram, deadline: Deadline) -> None:
        self._program = program
        self._deadline = deadline
        self.best: Network | None = None
        self.epsilon = 0.0
        self.trace: list[TracePoint] = []

    def offer(self, neurons: Neurons) -> None:
        """Keep a network if it fits and none before had as low a count."""
        if not self.trace:
            self.epsilon = _EPSILON * max(
                float(np.abs(neurons.folded).max(initial=0.0)), np.finfo(float).tiny
            )
        network, problem = self._program.network(neurons), self._program.problem
        if self.best is None or (network.solves(problem), -self._count(network)) > (
            self.best.solves(problem),
            -self._count(self.best),
        ):
            self.best = network
        known = self._count(self.best) if self.best.solves(problem) else None
        self.trace.append((self._deadline.seconds, None, known))

    def _count(self, network: Network) -> int:
        return network.count(self._program.objective)


def _first_solution(
    program: BlockProgram, drawn: int, rng: np.random.Generator, deadline: Deadline
) -> tuple[tuple[BoolArray, FloatArray], Neurons | None, int]:
    """Return the sampled blocks, the plain solution, and how many linear programs it took."""
    homogeneous = program.scaling.homogeneous
    patterns = np.zeros((0, len(homogeneous)), dtype=np.bool_)
    for doubling in range(_DOUBLINGS + 1):
        # the draws before stay in, so that a larger sample is a larger polyhedron
        more = sampled_patterns(homogeneous, drawn * 2 ** max(0, doubling - 1), rng)
        patterns = np.unique(np.concatenate([patterns, more]), axis=0)
        blocks = both_signs(patterns)
        neurons = program.solve(*blocks, program.costs(len(blocks[0])), deadline)
        if neurons is not None or deadline.expired:
            break
    return blocks, neurons, doubling + 1


def _weights(program: BlockProgram, neurons: Neurons, epsilon: float) -> FloatArray:
    """Return the reweighted cost of every entry, largest about one for the solver's sake."""
    size = np.abs(neurons.folded)
    if program.objective is Objective.NEURONS:
        size = np.repeat(size.sum(axis=1, keepdims=True), size.shape[1], axis=1)
    return program.costs(len(size)) * epsilon / (size + epsilon)


def _status(first: Neurons | None, deadline: Deadline) -> str:
    if deadline.expired:
        return "time_limit"
    return "stuck" if first is None else "finished"


def _whole(value: object, name: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{name} = {value!r}: it must be a whole number, at least {least}")
    return value
