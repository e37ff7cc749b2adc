"""Find a sparse network by training, then let the exact side prove how far it is from the sparsest."""

import os

from sparsest.continuous import find_sparse
from sparsest.continuous.sparse_search import DEFAULT_POWER, JOINED_ALONG_A_LINE
from sparsest.exact import solve as prove
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline, ProgressCallback
from sparsest.results.solving import ExactResult

# Share of a time limit that training may take.
_TRAINING = 0.5


def solve(  # noqa: PLR0913
    problem: Problem,
    objective: str | Objective = Objective.NEURONS,
    *,
    p: float = DEFAULT_POWER,
    seed: int = 0,
    time_limit: float | None = None,
    effort_limit: float | None = None,
    node_limit: int | None = None,
    workers: int = 1,
    proof_file: str | os.PathLike[str] | None = None,
    progress: ProgressCallback | None = None,
) -> ExactResult:
    """Bound the smallest count of a network that fits, beginning with the network that training finds.

    `sparsest.continuous.find_sparse` looks for a sparse network; `sparsest.exact.solve` takes it for an upper
    bound where a rational network beside it provably fits, proves a lower bound, and may find a sparser one.

    Parameters
    ----------
    problem : Problem
        The data.
    objective : str or Objective
        "neurons", "weights" or "parameters".
    p : float
        Exponent of the path norm that decides among networks of the same count, 0 < p <= 1.
    seed : int
        Of training.
    time_limit : float, optional
        Seconds for both; training takes at most half of them.
    effort_limit : float, optional
        Effort of training, as for `sparsest.continuous.find_sparse`.
    node_limit, workers, proof_file
        As for `sparsest.exact.solve`.
    progress : callable, optional
        Called with a `Progress` by both in turn.

    Raises
    ------
    InputError
        For an option out of its range.

    Examples
    --------
    >>> result = solve(Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]))
    >>> result.lower_bound, result.upper_bound, str(result.proof)
    (2, 2, 'exact')
    """
    deadline = Deadline(time_limit)
    training = None if time_limit is None else time_limit * _TRAINING
    witness = trained(
        problem, objective, p=p, seed=seed, time_limit=training, effort_limit=effort_limit, progress=progress
    )
    return prove(
        problem,
        objective,
        witness=witness,
        time_limit=None if time_limit is None else max(deadline.remaining, 1e-3),
        node_limit=node_limit,
        workers=workers,
        proof_file=proof_file,
        progress=progress,
    )


def trained(
    problem: Problem,
    objective: str | Objective,
    *,
    p: float = DEFAULT_POWER,
    seed: int = 0,
    time_limit: float | None = None,
    effort_limit: float | None = None,
    progress: ProgressCallback | None = None,
) -> Network | None:
    """Return the network that training finds, if it fits and is no mere interpolant along a line.

    The exact side makes such an interpolant itself, with fewer neurons, where it needs one.
    """
    fit = find_sparse(
        problem,
        objective,
        p=p,
        seed=seed,
        time_limit=time_limit,
        effort_limit=effort_limit,
        progress=progress,
    )
    return fit.network if fit.fits and JOINED_ALONG_A_LINE not in fit.remark else None
