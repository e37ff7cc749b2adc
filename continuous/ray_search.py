"""The search over rays as one call of `minimize` runs it: from a sparse network on where rays are many."""

from typing import Final

import numpy as np

from sparsest.continuous.call import Found, TrainingCall
from sparsest.continuous.rays.search import MAX_SAMPLES, RaySearch
from sparsest.continuous.rays.splitting import SplittingSearch
from sparsest.continuous.rays.turns import TurnSearch
from sparsest.continuous.sparse_search import find_sparse
from sparsest.errors import InputError
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
# What reports call them.
_STRATEGIES: Final = {PROGRAMS: "programs over rays", SPLITTING: "splitting over rays"}


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
        self.resumed = False
        self.told = float("inf")
        if checkpoint is not None and checkpoint.state is not None:
            try:
                self.search.restore(checkpoint.state)
            except (KeyError, ValueError, TypeError, IndexError, AttributeError, RuntimeError) as error:
                raise checkpoint.refuse(error) from None
            self.resumed = True
        self.state = self.search.arrays()

    def run(self) -> Found:
        search, call, status = self.search, self.call, Status.FINISHED
        try:
            if isinstance(search, RaySearch) and not search.is_complete and not self.resumed:
                search.offer(self._found_sparse().network)
            if not self._is_interrupted() and call.problem.n_samples <= MAX_SAMPLES:
                search.run(call.deadline, call.report, self._keep)
            if search.best.network is None and self.sparse is None and call.algorithm != SPLITTING:
                self._found_sparse()
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        if call.checkpoint is not None:
            call.checkpoint.save(self.state)
        if self._is_interrupted():
            status = Status.INTERRUPTED
        elif status is Status.FINISHED and (call.deadline.expired or search.is_cut_short):
            status = Status.TIME_LIMIT
        network, remark = self._best()
        points = [(work, 0.0, *rest) for work, *rest in search.best.points if work < search.work]
        history = call.course(points, network, search.work)
        return Found([network], [network], 0, 0, history, search.work, status, remark)

    def _is_interrupted(self) -> bool:
        return self.sparse is not None and self.sparse.status is Status.INTERRUPTED

    def _keep(self) -> None:
        self._tell()
        self.state = self.search.arrays()
        if self.call.checkpoint is not None:
            self.call.checkpoint.save_if_due(lambda: self.state)

    def _tell(self) -> None:
        """Report the best network where it is better than at the last time."""
        best, call = self.search.best, self.call
        network = best.network
        if network is not None and best.norm < self.told:
            self.told = best.norm
            call.tell(_STRATEGIES[call.algorithm], network, self.search.work)

    def _found_sparse(self) -> FitResult:
        """Find a network with few parts in a part of the time."""
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
        return self.sparse

    def _best(self) -> tuple[Network, str]:
        """Return the best network and what there is to say about it."""
        found, sparse = self.search.best.network, self.sparse
        if sparse is not None and (found is None or found == sparse.network):
            return sparse.network, sparse.remark
        return self.call.without_neurons() if found is None else found, ""


def _search(call: TrainingCall, norm_bound: float) -> TurnSearch:
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
