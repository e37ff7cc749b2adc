"""The least largest error of networks with so many neurons, between two proofs."""

import os
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from sparsest.error_scale import error_scale
from sparsest.errors import InputError
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.trade_off.search import PROVING, CurveSearch
from sparsest.network import Network
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline, ProgressCallback
from sparsest.results.solving import Status
from sparsest.results.trade_off import LeastErrorResult

# Bounds this close, relative to the upper one, are equal for whoever asks for no other gap.
GAP: Final = 1e-6


def least_error(  # noqa: PLR0913
    problem: Problem,
    neurons: int,
    *,
    scale: ArrayLike | str | None = None,
    gap: float = GAP,
    time_limit: float | None = None,
    node_limit: int | None = None,
    network: Network | None = None,
    workers: int = 1,
    proof_file: str | os.PathLike[str] | None = None,
    progress: ProgressCallback | None = None,
) -> LeastErrorResult:
    """Bound the least ``max_i |f(x_i) - y_i| / scale_i`` of networks f with at most so many neurons.

    Below: within some tolerance more neurons are necessary. Above: a network. Between both a tolerance is
    chosen and the fewest neurons within it are bounded, until one of both ends moves.

    Parameters
    ----------
    problem : Problem
        The data and the kind of network; labels are its targets, the middles of its intervals.
    neurons : int
        K.
    scale : array-like (N,) or (N, 2), or "relative", optional
        What errors are measured in, positive: one unit a sample; or one below the label and one above; or
        the size of the label. 1 by default.
    gap : float
        Distance of the bounds, relative to the upper one, at which the search ends.
    time_limit : float, optional
        Seconds for everything.
    node_limit : int, optional
        Largest number of linear programs for each tolerance that is asked about.
    network : Network, optional
        One of at most K neurons from elsewhere, whose error is an upper bound.
    workers : int
        As for `sparsest.exact.solve`.
    proof_file : path, optional
        Where to write the proof that within the lower bound more than K neurons are necessary.
    progress : callable, optional
        Called with a `Progress`.

    Returns
    -------
    LeastErrorResult
        Both bounds, and the network that attains the upper one.

    Raises
    ------
    InputError
        For options out of their range.

    Examples
    --------
    >>> result = least_error(Problem([0, 1, 2, 3], [0, 1, 0, 1], affine="skip"), 1)
    >>> round(result.upper_bound, 5), str(result.status)
    (0.5, 'optimal')
    """
    refuse_other_than_problem(problem)
    if isinstance(neurons, bool) or not isinstance(neurons, int | np.integer) or neurons < 0:
        raise InputError(f"neurons = {neurons!r:.40}: it must be a whole number, not negative")
    if isinstance(network, Network) and network.count() > neurons:
        raise InputError(f"network must be one of at most {neurons} neurons, and has {network.count()}")
    deadline = Deadline(time_limit)
    options = SearchOptions(deadline=deadline, node_limit=node_limit, workers=workers, progress=progress)
    given = () if network is None else (network,)
    search = CurveSearch(problem, error_scale(problem, scale), gap, options, given)
    searching = 1.0 if proof_file is None else 1 - PROVING
    point = search.point(int(neurons), searching * deadline.remaining)
    if proof_file is None or point.status is Status.INTERRUPTED:
        return point
    return search.proven(point, deadline.remaining, Path(proof_file))
