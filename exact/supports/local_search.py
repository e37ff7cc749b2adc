"""Look for networks of few entries by damped Gauss-Newton runs side by side, each with kinds of its own."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.exact.supports.kinds import Catalogue, Kinds
from sparsest.gauss_newton import Intervals, begin, descend, step_effort
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

# As in `sparsest.exact.tree.local_search`.
_MAX_STEPS: Final = 40
_DAMPING: Final = 1e-2
_LEAST_DAMPING: Final = 1e-10
_MAX_NUMBERS: Final = 2_000_000
# Seconds of a step of one of some hundred small networks: mostly what NumPy takes for any array.
_LEAST_STEP: Final = 1e-5


class KindSearch:
    """Runs for one problem, from ever new random networks.

    Parameters
    ----------
    problem : Problem
        The data.
    catalogue : Catalogue
        Says which entries a kind of neuron may use.
    met : float
        Largest violation, as a share of the labels' size, at which a network is returned.
    seed : int
        Of the random networks.
    """

    def __init__(self, problem: Problem, catalogue: Catalogue, met: float, seed: int = 0) -> None:
        self._problem, self._catalogue, self._met = problem, catalogue, met
        biased = catalogue.objective is Objective.WEIGHTS
        self._centre = problem.X.mean(axis=0) * biased
        columns = np.c_[problem.X - self._centre, np.ones(problem.n_samples)]
        size = np.abs(columns).max(axis=0)
        self._exponents = np.where(size > 0, np.frexp(size)[1], 0)
        self._scale = float(np.ldexp(1.0, np.frexp(problem.label_scale)[1]))
        self._data = Intervals(
            np.ldexp(columns, -self._exponents),
            problem.low / self._scale,
            problem.high / self._scale,
            problem.has_affine_term,
        )
        self._random = np.random.default_rng(seed)

    def runs_in(self, seconds: float, width: int) -> int:
        """Return how many runs towards so many neurons take so long, about."""
        blocks, r = width + self._data.affine, len(self._exponents)
        one = step_effort(1, blocks, r, samples=self._problem.n_samples) - step_effort(
            0, blocks, r, samples=self._problem.n_samples
        )
        return int(seconds / (_MAX_STEPS * max(one, _LEAST_STEP))) + 1

    def some_of(self, networks: Sequence[Kinds], count: int) -> Sequence[Kinds]:
        """Return so many networks at random; all if there are no more."""
        if len(networks) <= count:
            return networks
        return [networks[i] for i in self._random.choice(len(networks), count, replace=False)]

    def run(self, networks: Sequence[Kinds], starts: int, deadline: Deadline) -> Network | None:
        """Return a network of one of these kinds that meets every interval, or None if no run found one.

        Parameters
        ----------
        networks : sequence of kinds
            All of as many neurons.
        starts : int
            Runs for each.
        deadline : Deadline
            When to give up.
        """
        runs = [kinds for kinds in networks for _ in range(starts)]
        if not runs or not runs[0]:
            return None
        numbers = self._problem.n_samples * (len(runs[0]) + 1) * len(self._exponents)
        batch = max(1, _MAX_NUMBERS // numbers)
        for first in range(0, len(runs), batch):
            if deadline.expired:
                return None
            found = self._search(runs[first : first + batch], deadline)
            if found is not None:
                return found
        return None

    def _search(self, runs: Sequence[Kinds], deadline: Deadline) -> Network | None:
        data, allowed = self._data, np.array([self._allowed(kinds) for kinds in runs])
        neurons = self._random.normal(size=allowed.shape) * allowed
        outputs = np.array([[kind.sign for kind in kinds] + [1] * data.affine for kinds in runs], dtype=float)
        aims = data.aims()
        found = descend(
            data, outputs, aims, begin(data, neurons, outputs, aims, _DAMPING),
            met=self._met, steps=_MAX_STEPS, least_damping=_LEAST_DAMPING, allowed=allowed,
            given_up=lambda: deadline.expired,
        )  # fmt: skip
        return None if found is None else self._network(neurons[found], runs[found])

    def _allowed(self, kinds: Kinds) -> FloatArray:
        """Return 1 for each number (B, d + 1) of a network that may differ from zero."""
        allowed = np.zeros((len(kinds) + self._data.affine, len(self._exponents)))
        for k, kind in enumerate(kinds):
            allowed[k, list(self._catalogue.entries(kind))] = 1.0
        if self._data.affine:
            allowed[-1] = 1.0
            allowed[-1, :-1] = self._problem.affine is Affine.SKIP
        return allowed

    def _network(self, found: FloatArray, kinds: Kinds) -> Network | None:
        """Return a network in the problem's units; None when that leaves the range of floats."""
        with np.errstate(over="ignore", invalid="ignore"):
            folded = np.ldexp(found, -self._exponents) * self._scale
            folded[:, -1] -= folded[:, :-1] @ self._centre
        if not np.isfinite(folded).all():
            return None
        width = len(kinds)
        term = folded[width] if self._data.affine else None
        return Network.from_folded(folded[:width], [kind.sign for kind in kinds], term)
