"""Look for networks of few entries by damped Gauss-Newton runs side by side, each with kinds of its own.

From random networks, and from the neighbours of one that is known: with a few entries more than are needed
most of these lead to networks of fewer still.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.columns import network_with_multiples, with_columns
from sparsest.exact.supports.findings import without_constant_neurons
from sparsest.exact.supports.kinds import Catalogue, Kinds, columns, cost, neurons
from sparsest.exact.supports.neighbours import NearbyStart, Neighbours
from sparsest.gauss_newton import Intervals, begin, descend, levenberg_step, step_effort
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

# As in `sparsest.exact.tree.local_search`.
_MAX_STEPS: Final = 40
_DAMPING: Final = 1e-2
_LEAST_DAMPING: Final = 1e-10
_MAX_NUMBERS: Final = 500_000
# Choices of kinds for which runs are made at a time.
_CHOICES: Final = 500
# Entries of all of them together, and of one: drawing more, and a step for them, takes seconds.
_DRAWN, _MOST_ENTRIES = 20_000, 300
# Networks from one batch of neighbours that are handed out: the others mostly fail for the same reason.
_HANDED_OUT: Final = 10
# Seconds of a step of one of some hundred small networks: mostly what NumPy takes for any array.
_LEAST_STEP: Final = 1e-5
# Share of a vector below which what is left when it shall vanish on some samples is rounding.
_ROUNDING: Final = 1e-6
# Singular values of the neurons' functions below this share of the largest are rounding.
_ALIKE: Final = 1e-8


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

    Notes
    -----
    Every run begins with hinges on samples, as many as a neuron of its kind can have: of networks with given
    patterns those are the extreme ones, and on grids the only ones of few entries. Their sizes, and the
    coefficients of an affine term and of columns, are then those of least squares, output signs included.
    """

    def __init__(self, problem: Problem, catalogue: Catalogue, met: float, seed: int = 0) -> None:
        self._problem, self._catalogue, self._met = problem, catalogue, met
        biased = catalogue.objective is Objective.WEIGHTS
        self._centre = problem.X.mean(axis=0) * biased
        table = with_columns(np.c_[problem.X - self._centre, np.ones(problem.n_samples)])
        if not catalogue.columns:
            table = table[:, : problem.n_features + 1]
        size = np.abs(table).max(axis=0)
        self._exponents = np.where(size > 0, np.frexp(size)[1], 0)
        self._scale = float(np.ldexp(1.0, np.frexp(problem.label_scale)[1]))
        self._free = problem.has_affine_term or bool(catalogue.columns)
        self._data = Intervals(
            np.ldexp(table, -self._exponents),
            problem.low / self._scale,
            problem.high / self._scale,
            self._free,
        )
        self._random = np.random.default_rng(seed)

    def runs_in(self, seconds: float, width: int) -> int:
        """Return how many runs towards so many neurons take so long, about."""
        blocks, r = width + self._free, len(self._exponents)
        one = step_effort(1, blocks, r, samples=self._problem.n_samples) - step_effort(
            0, blocks, r, samples=self._problem.n_samples
        )
        return int(seconds / (_MAX_STEPS * max(one, _LEAST_STEP))) + 1

    def run(self, entries: int, seconds: float, deadline: Deadline) -> Network | None:
        """Return a network of so many entries that meets every interval; None if no run found one.

        Parameters
        ----------
        entries : int
            Weights or parameters.
        seconds : float
            What runs take about; a run of each number of neurons takes place in any case.
        deadline : Deadline
            When to give up.
        """
        by_width: dict[int, list[Kinds]] = defaultdict(list)
        if entries > _MOST_ENTRIES:
            return None
        choices = min(_CHOICES, _DRAWN // max(entries, 1))
        for kinds in itertools.islice(self._catalogue.at_random(entries, self._random), choices):
            by_width[len(neurons(kinds))].append(kinds)
            if deadline.expired:
                return None
        for width, networks in sorted(by_width.items()):
            count = self.runs_in(seconds * len(networks) / choices, width)
            runs = [networks[i % len(networks)] for i in range(count)]
            found = self._run(runs, deadline)
            if found is not None:
                return found
        return None

    def near(self, known: Network, seconds: float, deadline: Deadline) -> Iterator[Network]:
        """Generate networks of fewer entries than a known one that meet every interval, as floats say.

        Of those with as many neurons, side by side, the ones of fewest entries come first.

        Parameters
        ----------
        known : Network
            One that meets them.
        seconds : float
            What runs take about; a run of each number of neurons that is drawn takes place in any case.
        deadline : Deadline
            When to give up.
        """
        known = without_constant_neurons(known, self._problem)
        if known.count(self._catalogue.objective) > _MOST_ENTRIES:
            return
        signs = [1 if output > 0 else -1 for output in known.outputs]
        neighbours = Neighbours(self._catalogue, self._exponents, self._numbers_of(known), signs)
        by_width: dict[int, list[NearbyStart]] = defaultdict(list)
        for _ in range(min(self.runs_in(seconds, known.width), _CHOICES)):
            start = neighbours.draw(self._random)
            by_width[len(neurons(start.kinds))].append(start)
        for _, starts in sorted(by_width.items()):
            batch = self._batch(starts[0].kinds)
            for first in range(0, len(starts), batch):
                yield from self._descents(starts[first : first + batch], deadline)

    def _descents(self, starts: Sequence[NearbyStart], deadline: Deadline) -> Iterator[Network]:
        """Generate networks at which descents from networks of as many neurons end that fit."""
        data, width = self._data, len(neurons(starts[0].kinds))
        allowed = np.array([self._allowed(start.kinds) for start in starts])
        blocks = allowed * np.array([start.numbers[: width + self._free] for start in starts])
        outputs = np.ones(blocks.shape[:2])
        outputs[:, :width] = [[kind.sign for kind in neurons(start.kinds)] for start in starts]
        aims = data.aims()
        iterates = begin(data, blocks, outputs, aims, _DAMPING)
        for _ in range(_MAX_STEPS):
            if deadline.expired:
                return
            levenberg_step(
                data.rows, outputs, aims, iterates,
                affine=self._free, least_damping=_LEAST_DAMPING, allowed=allowed,
            )  # fmt: skip
        fitting = np.flatnonzero(data.violation(iterates.values) <= self._met).tolist()
        for n in sorted(fitting, key=lambda n: cost(starts[n].kinds))[:_HANDED_OUT]:
            network = self._network(blocks[n], outputs[n], starts[n].kinds)
            if network is not None:
                yield network

    def _batch(self, kinds: Kinds) -> int:
        """Return of how many networks with as many neurons runs are made side by side."""
        numbers = self._problem.n_samples * (len(neurons(kinds)) + 1) * len(self._exponents)
        return max(1, _MAX_NUMBERS // numbers)

    def _run(self, runs: Sequence[Kinds], deadline: Deadline) -> Network | None:
        """Make runs, all for as many neurons."""
        batch = self._batch(runs[0])
        for first in range(0, len(runs), batch):
            if deadline.expired:
                return None
            found = self._search(runs[first : first + batch], deadline)
            if found is not None:
                return found
        return None

    def _search(self, runs: Sequence[Kinds], deadline: Deadline) -> Network | None:
        data, allowed = self._data, np.array([self._allowed(kinds) for kinds in runs])
        blocks, outputs = self._first_networks(allowed, len(neurons(runs[0])))
        aims = data.aims()
        found = descend(
            data, outputs, aims, begin(data, blocks, outputs, aims, _DAMPING),
            met=self._met, steps=_MAX_STEPS, least_damping=_LEAST_DAMPING, allowed=allowed,
            given_up=lambda: deadline.expired,
        )  # fmt: skip
        return None if found is None else self._network(blocks[found], outputs[found], runs[found])

    def _allowed(self, kinds: Kinds) -> FloatArray:
        """Return 1 for each number (B, r) of a network that may differ from zero."""
        d, own = self._problem.n_features, neurons(kinds)
        allowed = np.zeros((len(own) + self._free, len(self._exponents)))
        for k, kind in enumerate(own):
            allowed[k, list(self._catalogue.entries(kind))] = 1.0
        if self._free:
            allowed[-1, :d] = self._problem.affine is Affine.SKIP
            allowed[-1, d] = self._problem.has_affine_term
            allowed[-1, list(columns(kinds))] = 1.0
        return allowed

    def _first_networks(self, allowed: FloatArray, width: int) -> tuple[FloatArray, FloatArray]:
        """Return random networks (R, B, r) of the entries allowed, and their output signs (R, B)."""
        rows, (starts, blocks) = self._data.rows, allowed.shape[:2]
        found, outputs = np.zeros(allowed.shape), np.ones((starts, blocks))
        if width:
            found[:, :width] = self._hinges(allowed[:, :width])
        functions = np.maximum(found[:, :width] @ rows.T, 0.0).transpose(0, 2, 1)
        if self._free:
            functions = np.concatenate([functions, rows * allowed[:, width:]], axis=2)
        fitted = np.linalg.pinv(functions, rcond=_ALIKE) @ (self._problem.targets / self._scale)
        sizes = fitted[:, :width]
        outputs[:, :width] = np.where(sizes < 0, -1.0, 1.0)
        # none is left at zero, where it would stay
        found[:, :width] *= np.maximum(np.abs(sizes), _ROUNDING)[:, :, None]
        if self._free:
            found[:, width] = fitted[:, width:] * allowed[:, width]
        return found, outputs

    def _hinges(self, allowed: FloatArray) -> FloatArray:
        """Return random neurons (R, K, r), each zero on as many samples as its entries allow."""
        starts, width = allowed.shape[:2]
        found, most = self._random.normal(size=allowed.shape) * allowed, self._problem.n_features
        chosen = self._random.integers(self._problem.n_samples, size=(starts, width, most))
        used = np.arange(most) < allowed.sum(axis=2)[:, :, None] - 1
        rows = self._data.rows[chosen] * allowed[:, :, None] * used[..., None]
        left = found - (np.linalg.pinv(rows, rcond=_ALIKE) @ (rows @ found[..., None]))[..., 0]
        length, before = np.linalg.norm(left, axis=2), np.linalg.norm(found, axis=2)
        hinged = (length > _ROUNDING * before)[:, :, None]
        return np.asarray(np.where(hinged, left, found) / before[:, :, None])

    def _network(self, found: FloatArray, outputs: FloatArray, kinds: Kinds) -> Network | None:
        """Return a network in the problem's units; None when that leaves the range of floats."""
        with np.errstate(over="ignore", invalid="ignore"):
            numbers = np.ldexp(found, -self._exponents) * self._scale
            folded = numbers[:, : self._problem.n_features + 1]
            folded[:, -1] -= folded[:, :-1] @ self._centre
        if not np.isfinite(numbers).all():
            return None
        width, places = len(neurons(kinds)), columns(kinds)
        term = folded[width] if self._problem.has_affine_term else None
        multiples = numbers[-1, list(places)] if places else np.zeros(0)
        return network_with_multiples(folded[:width], outputs[:width].tolist(), term, places, multiples)

    def _numbers_of(self, network: Network) -> FloatArray:
        """Return a network's neurons, and its affine term, as `_network` takes them: an array (K + 1, r)."""
        d = self._problem.n_features
        found = np.zeros((network.width + 1, len(self._exponents)))
        found[:-1, : d + 1] = network.folded
        if network.affine is not None:
            found[-1, : d + 1] = network.affine
        found[:, d] += found[:, :d] @ self._centre
        return np.asarray(np.ldexp(found / self._scale, self._exponents))
