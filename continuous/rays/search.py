"""The least path norm over sums of rays: linear programs, reweighted from many starts, and kicks.

The path norm is concave in the amounts of the rays. A linear program whose costs are the slopes of
``(t + width)^p`` at the last solution never raises it, and ends at an extreme point from which no reweighting
leads on (Candes, Wakin and Boyd 2008). Descents begin from random costs, and then from the slopes of the best
network since then, disturbed, until those stall (iterated local search). Where there are too many rays for
one program, some are drawn; now and then all but the best network's own are drawn anew, half of them one
hyperplane away from those.
Nothing of this is a proof: bounds come from `sparsest.exact.minimize_path_norm`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.continuous.checkpoint.arrays import prefixed, under
from sparsest.continuous.rays.best_network import SAME, BestNetwork
from sparsest.continuous.rays.drawing import DrawnRays, IntArray, RayDrawer
from sparsest.continuous.rays.free_terms import FreeTerms
from sparsest.continuous.rays.neurons import SummedNeuron, path_norm, slopes, summed
from sparsest.continuous.rays.program import RayProgram
from sparsest.continuous.rays.turns import TurnSearch
from sparsest.files import Arrays
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Sets of hyperplanes, and entries of a program, up to which all rays are used.
_MAX_SETS: Final = 20_000
_MAX_ENTRIES: Final = 1_000_000
# Sets that are drawn where those are too many.
_DRAWN: Final = 2000
# Samples beyond which no program over rays fits into a common memory, or is solved in a common time.
MAX_SAMPLES: Final = 1500
# Fewest rays that are drawn, if there are as many, for each sample.
_RAYS_A_SAMPLE: Final = 2
# Kicks without improvement after which descents begin anew.
_STALLED: Final = 20
# Turns between two draws, and share of the rays that are neighbours of the best network's.
_TURNS_A_DRAW: Final = 6
_NEIGHBOURS: Final = 0.5
# Linear programs in one descent; most stop changing after three to six.
_MAX_PROGRAMS: Final = 10
# First smoothing widths, relative to the largest charge, of a descent from random costs and from a kick; each
# program divides them, down to the least.
_WIDE, _NARROW, _DIVISOR, _LEAST = 0.1, 1e-3, 10.0, 1e-6
# Scales of the logarithms of a kick's factors.
_KICKS: Final = (0.5, 1.0, 2.0)
# Probability that a ray does not join a neuron that may take it.
_ALONE: Final = 0.1
# Turns without improvement after which the search ends, unless it knows what to reach: at least so many, and
# so many times those so far.
_MIN_TURNS, _PATIENCE = 1000, 2.0
# Effort of a program beside its iterations, and of an iteration for each entry: about seconds of one core.
_PROGRAM, _ITERATION = 1e-3, 4e-9
# Effort after which the search ends.
_MAX_EFFORT: Final = 10.0


class RaySearch(TurnSearch):
    """One search by linear programs for one problem.

    Parameters
    ----------
    problem : Problem
        The data; networks beyond a weight bound are split.
    objective : Objective
        Whose path norm.
    p : float
        Exponent, 0 < p <= 1.
    seed : int
        Of everything random.
    norm_bound : float
        A path norm that is known to be least ends the search, up to ``tolerances.PATH_NORM_GAP``.

    Attributes
    ----------
    is_complete : bool
        Whether all rays are in the program.
    """

    def __init__(
        self, problem: Problem, objective: Objective, p: float, *, seed: int, norm_bound: float = 0.0
    ) -> None:
        self._problem, self._p = problem, p
        self._drawer = RayDrawer(problem, objective)
        self._free = FreeTerms.of(problem, objective)
        super().__init__(BestNetwork(problem, objective, p, self._free, norm_bound), seed)
        n = problem.n_samples
        self.is_complete = self._drawer.number <= min(_MAX_SETS, _MAX_ENTRIES // n)
        self._count = max(min(_DRAWN, _MAX_ENTRIES // n), _RAYS_A_SAMPLE * n)
        self._rays: DrawnRays | None = None
        self._program: RayProgram | None = None
        self._subsets: IntArray | None = None
        # the best since descents began anew, its path norm, and kicks since then
        self._neurons: list[SummedNeuron] = []
        self._near, self._kicks = float("inf"), 0
        self._effort = 0.0

    def offer(self, network: Network) -> None:
        """Take over a network of the problem that fits, if it is better; kicks may begin from it."""
        if self.best.offer(network, self.work):
            signs = (network.outputs < 0).astype(int).tolist()
            parts = zip(signs, *self._drawer.described(network.folded), network.folded, strict=True)
            self._neurons, self._kicks = [SummedNeuron(*part) for part in parts], 0
            self._near, self._improved = self.best.norm, self._turns

    def run(
        self,
        deadline: Deadline,
        report: Callable[[str, int], None],
        between: Callable[[], None] = lambda: None,
    ) -> None:
        """Search as `TurnSearch.run` does, if there is time for the first rays."""
        self.is_cut_short = self._rays is None and not self._can_draw(deadline)
        if not self.is_cut_short:
            super().run(deadline, report, between)

    def _doing(self) -> str:
        return f"linear programs over {len(self._prepared())} rays"

    def _is_done(self) -> bool:
        if self._effort >= _MAX_EFFORT:
            return True
        return not self.best.is_bound_known and self._has_waited(_MIN_TURNS, _PATIENCE)

    def _take_turn(self, turn: int, deadline: Deadline) -> None:
        """Descend once: from equal costs first, then from kicks until they stall, then from random costs."""
        if not self.is_complete and turn and turn % _TURNS_A_DRAW == 0 and self._can_draw(deadline):
            self._draw()
        rays = self._prepared()
        if turn == 0:
            costs, width = np.ones((2, len(rays))), _WIDE
        elif self._neurons and self._kicks < _STALLED:
            self._kicks += 1
            scale = self._random.choice(_KICKS)
            size = max(each.charges.max() for each in self._neurons)
            costs = slopes(rays, self._neurons, self._p, _DIVISOR * _NARROW * size)
            costs, width = costs * np.exp(scale * self._random.normal(size=costs.shape)), _NARROW
        else:
            self._neurons, self._near, self._kicks = [], float("inf"), 0
            costs, width = self._random.uniform(size=(2, len(rays))) ** 2 + 1e-3, _WIDE
        self._descend(rays, costs, width, deadline)

    def _descend(self, rays: DrawnRays, costs: FloatArray, width: float, deadline: Deadline) -> None:
        program, last = self._program, float("inf")
        assert program is not None
        program.forget()
        for _ in range(_MAX_PROGRAMS):
            before = program.iterations
            found = program.solve(costs, deadline)
            self.work += 1
            entries = 2 * len(rays) * self._problem.n_samples
            self._effort += _PROGRAM + _ITERATION * entries * (program.iterations - before)
            if found is None:
                return
            neurons = summed(rays, found[0], self._random, _ALONE)
            norm = path_norm(neurons, self._p)
            if norm < self._near * (1 - SAME):
                self._neurons, self._near, self._kicks = neurons, norm, 0
            if norm < self.best.norm * (1 - SAME):
                self.best.consider(neurons, found[1], self.work, deadline=deadline)
            if abs(norm - last) <= SAME * norm and width <= _NARROW:
                return
            last = norm
            size = max((each.charges.max() for each in neurons), default=0.0)
            if size == 0:
                return
            costs = slopes(rays, neurons, self._p, width * size)
            width = max(width / _DIVISOR, _LEAST)

    # ---------------------------------------------------------------- rays

    def _prepared(self) -> DrawnRays:
        if self._rays is None:
            if self.is_complete:
                self._use(self._drawer.all())
            else:
                self._draw()
        assert self._rays is not None
        return self._rays

    def _can_draw(self, deadline: Deadline) -> bool:
        count = self._drawer.number if self.is_complete else self._count
        return self._drawer.seconds_for(count) < deadline.remaining

    def _use(self, rays: DrawnRays) -> None:
        self._rays, self._program = rays, RayProgram(self._problem, rays, self._free)

    def _draw(self) -> None:
        """Draw rays: those of the best network, some one hyperplane away from them, and others."""
        parts = []
        if self._neurons:
            own = self._drawer.nearest(np.array([each.folded for each in self._neurons]))
            near = self._drawer.neighbours(own, int(_NEIGHBOURS * self._count), self._random)
            parts = [own, near]
        count = max(0, self._count - sum(len(part) for part in parts))
        parts.append(self._drawer.random(count, self._random))
        self._subsets = np.concatenate(parts)
        self._use(self._drawer.of(self._subsets))

    # ---------------------------------------------------------------- keeping it

    def arrays(self) -> Arrays:
        """Return the state as arrays, from which `restore` continues bit for bit."""
        neurons = self._neurons
        parts: Arrays = {
            "signs": np.array([each.sign for each in neurons], dtype=np.int64),
            "sides": np.array([each.sides for each in neurons]),
            "charges": np.array([each.charges for each in neurons]),
            "folded": np.array([each.folded for each in neurons]),
        }
        arrays = super().arrays() | prefixed("neurons ", parts)
        arrays["figures"] = np.array([self._effort, self._near, self._kicks])
        if self._subsets is not None:
            arrays["subsets"] = self._subsets
        return arrays

    def restore(self, arrays: Mapping[str, "np.ndarray[Any, Any]"]) -> None:
        """Continue from a state; see `TurnSearch.restore`."""
        super().restore(arrays)
        parts = under("neurons ", arrays)
        sides, charges = self._drawer.described(parts["folded"].reshape(-1, self._problem.n_features + 1))
        same = parts["sides"].shape == sides.shape and parts["charges"].shape == charges.shape
        if len(parts["signs"]) and not same:
            raise ValueError("its neurons are not of this problem")
        columns = (parts[name] for name in ("signs", "sides", "charges", "folded"))
        self._neurons = [SummedNeuron(int(sign), *rest) for sign, *rest in zip(*columns, strict=True)]
        self._effort, self._near, kicks = (float(value) for value in arrays["figures"])
        self._kicks = int(kicks)
        if "subsets" in arrays:
            self._subsets = self._drawer.checked(arrays["subsets"])
            self._use(self._drawer.of(self._subsets))
