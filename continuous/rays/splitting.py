"""The least path norm over sums of rays by first-order steps alone: proximal splitting of many starts.

Neurons through random samples keep their directions, and their outputs are trained, all starts as one batch:
in turn a proximal step, which shrinks each output by the slope of ``(t + width)^p`` at the last solution, and
a projection onto the outputs that meet every interval (Douglas and Rachford 1956; Eckstein and Bertsekas
1992). Slopes are renewed every 600 steps while `width` falls (reweighting, Candes, Wakin and Boyd
2008). What remains of a start is made exact by least squares on its support. Half of the starts are kicks
from the best networks so far. There is no linear program, no Gauss-Newton step and no enumeration.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch

from sparsest.arrays import FloatArray
from sparsest.continuous.rays.best_network import SAME, BestNetwork
from sparsest.continuous.rays.drawing import DrawnRays, RayDrawer
from sparsest.continuous.rays.free_terms import FreeTerms
from sparsest.continuous.rays.neurons import SummedNeuron, path_norm, summed
from sparsest.continuous.rays.turns import TurnSearch
from sparsest.continuous.rays.zoomed import least_on_support
from sparsest.files import Arrays
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Rays that are drawn: neurons of the wide network, both directions of each.
_DRAWN: Final = 2000
# Renewals of the slopes, and steps between two.
_RENEWALS: Final = 7
_STEPS: Final = 600
# Steps between two looks at the clock.
_STEPS_A_LOOK: Final = 20
# Step sizes, relative to the largest output: of the restarts in turn.
_STEP_SIZES: Final = (1.0, 4.0, 16.0)
# By which step sizes fall with every renewal, so that small outputs beside large ones settle too.
_FALLING: Final = 0.4
# Scales of the logarithms of random factors of the first slopes, of the restarts in turn.
_NOISE: Final = (0.0, 0.3, 1.0, 2.0)
# Random shares by which slopes differ, so that no two rays tie.
_APART: Final = 0.1
# First widths relative to the largest charge, of fresh starts within a range and of kicks; a renewal divides
# them, down to the least.
_WIDEST, _NARROWEST, _KICKED, _DIVISOR, _LEAST = 0.1, 1e-3, 1e-3, 10.0, 1e-6
# Outputs below this share of the largest are zero in the end.
_ZERO: Final = 1e-5
# Samples this near to an end of their interval, relative to its width, are on it.
_TIGHT: Final = 1e-3
# The same after steps in the unit of the intervals: so many times, each with new slopes, from starts of so
# many times the best path norm.
_ON_END: Final = 1e-7
_ZOOMS, _NEAR = 2, 1.002
# Residual of the least squares, labels of about one, that is rounding.
_EXACT: Final = 1e-9
# Best networks that kicks begin from.
_ELITE: Final = 8
# Least width of an interval that steps tell from a point.
_NARROW: Final = 1e-6
# Weight of free terms: how far a step moves them.
_FREE: Final = 3.0
# Batches without improvement after which it ends: at least so many, and so many times those so far.
_MIN_BATCHES, _PATIENCE = 12, 1.0

Tensor = torch.Tensor


class SplittingSearch(TurnSearch):
    """One search by splitting for one problem.

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
    restarts : int
        Starts of one batch.
    device, dtype : torch.device, torch.dtype
        Where and how steps are taken.
    norm_bound : float
        A path norm that is known to be least ends the search.
    """

    def __init__(
        self,
        problem: Problem,
        objective: Objective,
        p: float,
        *,
        seed: int,
        restarts: int,
        device: torch.device,
        dtype: torch.dtype,
        norm_bound: float = 0.0,
    ) -> None:
        self._p, self._restarts, self._device, self._dtype = p, restarts, device, dtype
        free = FreeTerms.of(problem, objective)
        super().__init__(BestNetwork(problem, objective, p, free, norm_bound), seed)
        self._generator = torch.Generator().manual_seed(seed)  # on the CPU, so that devices start alike
        drawer = RayDrawer(problem, objective)
        self._rays = drawer.of(drawer.random(_DRAWN, self._random))
        self._network = _WideNetwork(problem, self._rays, free, device, dtype)
        self._elite: list[tuple[float, FloatArray]] = []

    def _doing(self) -> str:
        return f"training {self._restarts} restarts"

    def _take_turn(self, turn: int, deadline: Deadline) -> None:
        """Train a batch."""
        for outputs in self._trained(deadline):
            self._finish(outputs, deadline)

    def _is_done(self) -> bool:
        return self._has_waited(_MIN_BATCHES, _PATIENCE)

    def arrays(self) -> Arrays:
        """Return the state as arrays, from which `restore` continues bit for bit."""
        return super().arrays() | {
            "elite norms": np.array([norm for norm, _ in self._elite]),
            "elite outputs": np.array([outputs for _, outputs in self._elite]),
            "generator": self._generator.get_state().numpy(),
        }

    def restore(self, arrays: Mapping[str, "np.ndarray[Any, Any]"]) -> None:
        """Continue from a state; see `TurnSearch.restore`."""
        super().restore(arrays)
        norms, outputs = arrays["elite norms"].tolist(), arrays["elite outputs"]
        if norms and outputs.shape != (len(norms), self._network.matrix.shape[1]):
            raise ValueError("its networks are not of this problem")
        self._elite = list(zip(norms, outputs, strict=True))
        self._generator.set_state(torch.as_tensor(arrays["generator"]))

    def _trained(self, deadline: Deadline) -> FloatArray:
        """Return outputs (B, R + f) of a batch after training."""
        wide, costs, width = self._network, *self._first_costs()
        state = wide.start(self._restarts)
        turns = torch.arange(self._restarts) % len(_STEP_SIZES)
        sizes = torch.tensor(_STEP_SIZES)[turns].to(wide.matrix)[:, None]
        outputs = state[0]
        for renewal in range(_RENEWALS):
            largest = outputs[:, : len(self._rays)].abs().amax(1, keepdim=True).clamp(min=wide.tiny)
            thresholds = costs * (sizes * _FALLING**renewal * largest)
            for _ in range(_STEPS // _STEPS_A_LOOK):
                outputs, *state = wide.steps(_STEPS_A_LOOK, thresholds, *state)
                self.work += _STEPS_A_LOOK
                if deadline.expired:
                    break
            if deadline.expired or renewal == _RENEWALS - 1:
                break
            costs = self._costs(outputs, (width * _DIVISOR**-renewal).clamp(min=_LEAST))
            costs = costs * (1 + _APART * self._uniform(costs.shape))
            costs = costs * (_FREE / costs.amax(dim=(0, 2), keepdim=True))
        return np.asarray(outputs.double().cpu().numpy(), dtype=np.float64)

    def _first_costs(self) -> tuple[Tensor, Tensor]:
        """Return the costs (2, B, R) that a batch begins with, and the widths (B, 1) of the next ones."""
        count, n_rays = self._restarts, len(self._rays)
        scales = torch.tensor(_NOISE)[torch.arange(count) % len(_NOISE)][:, None]
        noise = torch.exp(scales * torch.randn(2, count, n_rays, generator=self._generator))
        costs = self._network.charges.sum(1).expand(2, count, n_rays).clone()
        width = _WIDEST * (_NARROWEST / _WIDEST) ** self._uniform((count, 1))
        kicked = count // 2 if self._elite else 0
        if kicked:
            chosen = self._random.integers(len(self._elite), size=kicked)
            near = self._tensor(np.stack([self._elite[number][1] for number in chosen]))
            costs[:, :kicked] = self._costs(near, _WIDEST ** (1 + 2 * self._uniform((kicked, 1))))
            width[:kicked] = _KICKED
        costs = costs * noise.to(self._device, self._dtype)
        return costs * (_FREE / costs.amax(dim=(0, 2), keepdim=True)), width

    def _costs(self, outputs: Tensor, width: Tensor) -> Tensor:
        """Return the slopes (2, B, R) of ``(t + width)^p`` at outputs (B, R + f), for relative widths (B, 1).

        What a ray is added to is the sum of all rays of its sign that may share a neuron with it.
        """
        wide, rays = self._network, outputs[:, : len(self._rays)]
        charged = [sized.clamp(min=0)[..., None] * wide.charges for sized in (rays, -rays)]
        largest = torch.stack(charged).amax((0, 2, 3))[:, None].clamp(min=wide.tiny)
        found = torch.zeros(2, *rays.shape, dtype=rays.dtype, device=rays.device)
        for sign, part in enumerate(charged):
            for j in range(wide.charges.shape[1]):
                sums = part[..., j] @ wide.together + width * largest
                found[sign] += self._p * sums ** (self._p - 1) * wide.charges[:, j]
        return found

    def _finish(self, outputs: FloatArray, deadline: Deadline) -> None:
        """Make the support of a start exact, and keep it if it is good."""
        solved = self._network.solved(outputs, _TIGHT)
        if solved is None:
            return
        norm = path_norm(self._neurons(solved), self._p)
        self._offer(solved)
        if any(abs(norm - other) <= SAME * norm for other, _ in self._elite):
            return
        self._elite = sorted([*self._elite, (norm, outputs)], key=lambda each: each[0])[:_ELITE]
        if norm < self.best.norm * _NEAR and not self._network.is_exact:
            self._offer(self._within_intervals(solved, deadline))

    def _within_intervals(self, outputs: FloatArray, deadline: Deadline) -> FloatArray:
        """Return outputs (R + f,) with the same support, or less, of lower path norm if steps find some."""
        for _ in range(_ZOOMS):
            if deadline.expired:
                break
            costs = self._costs(self._tensor(outputs[None]), self._tensor(np.full((1, 1), _LEAST)))
            moved = self._network.zoomed(outputs, costs[:, 0].double().numpy(force=True))
            solved = self._network.solved(moved, _ON_END)
            if solved is None:
                break
            outputs = solved
        return outputs

    def _offer(self, outputs: FloatArray) -> None:
        neurons, (_, free) = self._neurons(outputs), self._network.amounts(outputs)
        if path_norm(neurons, self._p) < self.best.norm * (1 - SAME):
            self.best.consider(neurons, free, self.work, corrected=False)

    def _neurons(self, outputs: FloatArray) -> list[SummedNeuron]:
        amounts, _ = self._network.amounts(outputs)
        return summed(self._rays, np.stack([np.maximum(amounts, 0), np.maximum(-amounts, 0)]))

    def _uniform(self, shape: Sequence[int]) -> Tensor:
        return torch.rand(*shape, generator=self._generator).to(self._device, self._dtype)

    def _tensor(self, array: FloatArray) -> Tensor:
        return torch.as_tensor(array, dtype=self._dtype, device=self._device)


class _WideNetwork:
    """A network whose directions are fixed: outputs (B, R + f) are what is trained.

    Outputs of rays are scaled so that each has values of norm one on the samples. Where intervals have two
    ends apart, values are variables beside the outputs.
    """

    def __init__(
        self, problem: Problem, rays: DrawnRays, free: FreeTerms, device: torch.device, dtype: torch.dtype
    ) -> None:
        self._norms = np.linalg.norm(rays.values, axis=1)
        self._free_norms = np.linalg.norm(free.columns, axis=0) / _FREE
        self._columns = np.c_[rays.values.T / self._norms, free.columns / self._free_norms]
        self._low, self._high = problem.low / rays.height, problem.high / rays.height
        self._height, self._n_rays = rays.height, len(rays)
        self.is_exact = problem.is_interpolation
        gram = self._columns @ self._columns.T
        # values weigh the more the narrower their interval is
        weights = np.clip(self._high - self._low, _NARROW, 1.0) * (not self.is_exact)
        gram += np.diag(weights)
        inverse = np.linalg.pinv(gram, rcond=1e-13, hermitian=True)
        middle = np.clip(0.0, self._low, self._high)
        both = np.isfinite(self._low) & np.isfinite(self._high)
        middle[both] = (self._low[both] + self._high[both]) / 2
        self.matrix = torch.as_tensor(self._columns, dtype=dtype, device=device)
        self._back = torch.as_tensor(inverse @ self._columns, dtype=dtype, device=device)
        self._weights = torch.as_tensor(weights, dtype=dtype, device=device)
        self._inverse = torch.as_tensor(inverse, dtype=dtype, device=device)
        self._middle = torch.as_tensor(middle, dtype=dtype, device=device)
        self._ends = [torch.as_tensor(end, dtype=dtype, device=device) for end in (self._low, self._high)]
        self.charges = torch.as_tensor(rays.charges / self._norms[:, None], dtype=dtype, device=device)
        above, below = ((rays.sides * sign > 0).astype(np.float32) for sign in (1, -1))
        apart = above @ below.T
        self.together = torch.as_tensor(apart + apart.T == 0, dtype=dtype, device=device)
        self.tiny = float(torch.finfo(dtype).tiny)

    def start(self, restarts: int) -> list[Tensor]:
        """Return the outputs (B, R + f) of least norm, and values (B, N)."""
        outputs = (self._middle @ self._back).expand(restarts, -1).clone()
        return [outputs, self._middle.expand(restarts, -1).clone()]

    def steps(self, count: int, thresholds: Tensor, outputs: Tensor, values: Tensor) -> list[Tensor]:
        """Take steps of Douglas-Rachford splitting.

        Parameters
        ----------
        count : int
            How many.
        thresholds : tensor (2, B, R)
            By which positive and negative outputs are shrunk in a step.
        outputs, values : tensors (B, R + f), (B, N)
            The state; values are those of the samples.

        Returns
        -------
        list of tensors
            Shrunk outputs (B, R + f), and the state.
        """
        shrunk = outputs
        for _ in range(count):
            rays = outputs[:, : self._n_rays]
            kept = (rays - thresholds[0]).clamp(min=0) - (-rays - thresholds[1]).clamp(min=0)
            shrunk = torch.cat([kept, outputs[:, self._n_rays :]], dim=1)
            reflected = 2 * shrunk - outputs
            if self.is_exact:
                outputs = (
                    outputs + reflected - (reflected @ self.matrix.T - self._middle) @ self._back - shrunk
                )
                continue
            inside = torch.minimum(torch.maximum(values, self._ends[0]), self._ends[1])
            mirrored = 2 * inside - values
            multipliers = (reflected @ self.matrix.T - mirrored) @ self._inverse
            outputs = outputs + reflected - multipliers @ self.matrix - shrunk
            values = values + mirrored + multipliers * self._weights - inside
        return [shrunk, outputs, values]

    def amounts(self, outputs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return amounts of rays (R,) and of free terms (f,)."""
        rays, free = np.split(outputs, [self._n_rays])
        return rays / self._norms, free / self._free_norms * self._height

    def _used(self, outputs: FloatArray) -> "np.ndarray[Any, np.dtype[np.int64]]":
        """Return which rays are in use, and the free terms."""
        amounts = np.abs(self.amounts(outputs)[0])
        support = np.flatnonzero(amounts > _ZERO * amounts.max(initial=0.0))
        return np.concatenate([support, np.arange(self._n_rays, len(outputs))])

    def zoomed(self, outputs: FloatArray, costs: FloatArray) -> FloatArray:
        """Return outputs (R + f,) with the same support, of least cost within narrow intervals, about.

        Parameters
        ----------
        outputs : array (R + f,)
            That fit.
        costs : array (2, R)
            Of positive and negative outputs.
        """
        used = self._used(outputs)
        rays = used[used < self._n_rays]
        prices = np.r_[costs[(outputs[rays] < 0).astype(int), rays], -np.ones(len(used) - len(rays))]
        found = np.zeros_like(outputs)
        found[used] = least_on_support(self._columns[:, used], self._low, self._high, outputs[used], prices)
        return found

    def solved(self, outputs: FloatArray, tight: float) -> FloatArray | None:
        """Return outputs (R + f,) with the same support whose values are exact.

        Parameters
        ----------
        outputs : array (R + f,)
            That fit, about.
        tight : float
            Values this near to an end of their interval, relative to its width, are on it.

        Returns
        -------
        array (R + f,) or None
            None where no outputs with that support meet the intervals.
        """
        if not np.isfinite(outputs).all():
            return None
        used = self._used(outputs)
        matrix, solution = self._columns[:, used], outputs[used]
        values = matrix @ solution
        below, above = values - self._low, self._high - values
        ends = np.where(below <= above, self._low, self._high)
        on_end = np.minimum(below, above) <= tight * np.minimum(self._high - self._low, 1.0) + tight**2
        step, *_ = np.linalg.lstsq(matrix[on_end], (ends - values)[on_end], rcond=1e-13)
        solution = solution + step
        values = matrix @ solution
        if np.maximum(self._low - values, values - self._high).max() > _EXACT:
            return None
        found = np.zeros_like(outputs)
        found[used] = solution
        return found
