"""The search over rays as one call of `minimize` runs it: from a sparse network on where rays are many."""

import dataclasses
from typing import Final

import numpy as np

from sparsest.continuous.call import Found, TrainingCall
from sparsest.continuous.rays.search import MAX_SAMPLES, RaySearch
from sparsest.continuous.rays.splitting import SplittingSearch
from sparsest.continuous.sparse_search import find_sparse
from sparsest.errors import InputError
from sparsest.history import History
from sparsest.network import Network
from sparsest.progress import ProgressCallback
from sparsest.results.solving import FitResult, Status

# Where not all rays are in the program: effort of a search for a sparse network to begin from, and the share
# of a time limit that it may take.
_FIRST_EFFORT: Final = 2.0
_FIRST_SHARE: Final = 0.5


# What `algorithm=` of `minimize` calls the two searches.
PROGRAMS: Final = "auto"
SPLITTING: Final = "splitting"


def search_over_rays(call: TrainingCall, norm_bound: float, progress: ProgressCallback | None) -> Found:
    """Search for the least path norm over rays, by linear programs or by splitting as the call says.

    See `sparsest.continuous.rays.search` and `sparsest.continuous.rays.splitting`.

    Parameters
    ----------
    call : TrainingCall
        Problem, exponent and objective.
    norm_bound : float
        A path norm that is known to be least.
    progress : callable, optional
        Handed on to the search for a sparse network.

    Raises
    ------
    InputError
        When the checkpoint's state cannot be used.
    """
    return _OverRays(call, norm_bound, progress).run()


class _OverRays:
    def __init__(self, call: TrainingCall, norm_bound: float, progress: ProgressCallback | None) -> None:
        self.call, self.progress = call, progress
        checkpoint = call.checkpoint
        self.search = _search(call, norm_bound)
        self.sparse: FitResult | None = None
        self.resumed = checkpoint is not None and checkpoint.state is not None
        if checkpoint is not None and checkpoint.state is not None:
            try:
                self.search.restore(checkpoint.state)
            except (KeyError, ValueError, TypeError, IndexError, AttributeError, RuntimeError) as error:
                raise checkpoint.refuse(error) from None
        self.state = self.search.arrays()

    def run(self) -> Found:
        search, call, status = self.search, self.call, Status.FINISHED
        try:
            if isinstance(search, RaySearch) and not search.is_complete and not self.resumed:
                self._look_for_sparse()
                if self.sparse is not None:
                    search.offer(self.sparse.network)
            if not self._is_interrupted() and call.problem.n_samples <= MAX_SAMPLES:
                search.run(call.deadline, call.report, self._keep)
            alone = call.algorithm == SPLITTING
            if search.best.network is None and self.sparse is None and not alone:
                self._look_for_sparse()
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        if call.checkpoint is not None:
            call.checkpoint.save(self.state)
        if self._is_interrupted():
            status = Status.INTERRUPTED
        elif status is Status.FINISHED and call.deadline.expired:
            status = Status.TIME_LIMIT
        network, remark = self._best()
        return Found([network], [network], 0, 0, _history(call, search, network), search.work, status, remark)

    def _is_interrupted(self) -> bool:
        return self.sparse is not None and self.sparse.status is Status.INTERRUPTED

    def _keep(self) -> None:
        self.state = self.search.arrays()
        if self.call.checkpoint is not None:
            self.call.checkpoint.save_if_due(lambda: self.state)

    def _look_for_sparse(self) -> None:
        """Find a network with few parts in a part of the time, and go on from it."""
        call, left = self.call, self.call.deadline.remaining
        self.sparse = find_sparse(
            call.problem,
            call.schedule.objective,
            p=call.schedule.p,
            seed=call.settings.seed,
            time_limit=None if np.isinf(left) else max(_FIRST_SHARE * left, 1e-9),
            effort_limit=_FIRST_EFFORT,
            progress=self.progress,
        )

    def _best(self) -> tuple[Network, str]:
        """Return the best network and what there is to say about it."""
        if self.search.best.network is None:
            if self.sparse is None:
                return self.call.without_neurons(), ""
            return self.sparse.network, self.sparse.remark
        same = self.sparse is not None and self.search.best.network == self.sparse.network
        return self.search.best.network, self.sparse.remark if same and self.sparse is not None else ""


def _search(call: TrainingCall, norm_bound: float) -> RaySearch | SplittingSearch:
    problem, schedule, settings = call.problem, call.schedule, call.settings
    if call.algorithm == SPLITTING and problem.n_samples > MAX_SAMPLES:
        raise InputError(
            f"splitting takes {MAX_SAMPLES} samples at most, because it inverts a matrix of N x N, and these "
            f"are {problem.n_samples}: leave the algorithm out"
        )
    if call.algorithm == PROGRAMS:
        return RaySearch(problem, schedule.objective, schedule.p, seed=settings.seed, norm_bound=norm_bound)
    return SplittingSearch(
        problem,
        schedule.objective,
        schedule.p,
        seed=settings.seed,
        restarts=settings.restarts,
        device=settings.device,
        dtype=settings.dtype,
        norm_bound=norm_bound,
    )


def _history(call: TrainingCall, search: RaySearch | SplittingSearch, network: Network) -> History:
    """Return one column: path norm and neurons of the best network at each improvement, and in the end."""
    last = call.single(network, search.work)
    earlier = [point for point in search.best.points if point[0] < search.work]
    steps, norm, active = np.array(earlier, dtype=np.float64).reshape(-1, 3).T
    return dataclasses.replace(
        last,
        steps=np.r_[steps, last.steps],
        loss=np.r_[np.zeros(len(steps)), last.loss[0]][:, None],
        path_norm=np.r_[norm, last.path_norm[0]][:, None],
        active=np.r_[active, last.active[0]][:, None],
    )
