"""Find a sparse network by training, then let the exact side prove how far it is from the sparsest."""

import dataclasses
import functools
import math
import os
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final, TypedDict, Unpack, overload

from sparsest.arrays import positive_number
from sparsest.exact import solve as prove
from sparsest.exact.method_choice import choose_method
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork, SharedProblem
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.network import Network
from sparsest.objectives import DEFAULT_POWER, Objective, check_power
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline, ProgressCallback
from sparsest.results.multi_class import MultiClassResult
from sparsest.results.multi_output import MultiOutputResult
from sparsest.results.solving import ExactResult, FitResult, Status

# Effort of training where there is no limit at all, and the share of a time limit that it may take.
_EFFORT: Final = 5.0
_TRAINING: Final = 0.5
# A first run of the tree: at most so many seconds and this share of the time, and as many nodes as take some
# tenths of a second, which is about as the data have numbers. What it closes needs no training.
_FIRST_SECONDS: Final = 1.0
_FIRST_SHARE: Final = 0.2
_NODES_TIMES_NUMBERS: Final = 10_000
_LEAST_NODES: Final = 10
# Numbers of the data up to which there is such a run: beyond, preparing it takes long.
_MAX_NUMBERS: Final = 20_000


class FindAndProveOptions(TypedDict, total=False):
    """Keywords of `solve`."""

    method: str
    mip_solver: str
    training: bool
    witness: Network | MultiOutputNetwork | None
    p: float
    seed: int
    time_limit: float | None
    effort_limit: float | None
    node_limit: int | None
    workers: int
    executor: Executor | None
    proof_file: str | os.PathLike[str] | None
    checkpoint_file: str | os.PathLike[str] | None
    resume: bool
    progress: ProgressCallback | None


@overload
def solve(
    problem: Problem, objective: str | Objective = ..., **options: Unpack[FindAndProveOptions]
) -> ExactResult: ...


@overload
def solve(
    problem: MultiOutputProblem, objective: str | Objective = ..., **options: Unpack[FindAndProveOptions]
) -> MultiOutputResult: ...


@overload
def solve(
    problem: MultiClassProblem, objective: str | Objective = ..., **options: Unpack[FindAndProveOptions]
) -> MultiClassResult: ...


@overload
def solve(
    problem: Problem | SharedProblem, objective: str | Objective = ..., **options: Unpack[FindAndProveOptions]
) -> ExactResult | MultiOutputResult | MultiClassResult: ...


def solve(  # noqa: PLR0913
    problem: Problem | SharedProblem,
    objective: str | Objective = Objective.NEURONS,
    *,
    method: str = "auto",
    mip_solver: str = "highs",
    training: bool = True,
    witness: Network | MultiOutputNetwork | None = None,
    p: float = DEFAULT_POWER,
    seed: int = 0,
    time_limit: float | None = None,
    effort_limit: float | None = None,
    node_limit: int | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    proof_file: str | os.PathLike[str] | None = None,
    checkpoint_file: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: ProgressCallback | None = None,
) -> ExactResult | MultiOutputResult | MultiClassResult:
    """Bound the smallest count of a network that fits: find one by training, and prove.

    What a short run of the activation tree closes is returned at once. Otherwise
    `sparsest.continuous.find_sparse` looks for a sparse network, told the bound that is proven by then, and
    `sparsest.exact.solve` takes it for an upper bound where a rational network beside it provably fits,
    proves a lower bound, and may find a sparser one. All share one time limit. With several outputs or
    classes there is no training besides: `sparsest.exact.solve` begins with descents on all of them.

    Parameters
    ----------
    problem : Problem, MultiOutputProblem or MultiClassProblem
        The data.
    objective : str or Objective
        "neurons", "weights" or "parameters".
    method, mip_solver
        As for `sparsest.exact.solve`.
    training : bool
        Whether to train at all; without it this is `sparsest.exact.solve`.
    witness : Network or MultiOutputNetwork, optional
        A network from elsewhere, in the place of training's.
    p : float
        Of networks with the same count, training prefers that of smallest l^p path norm.
    seed : int
        Of training.
    time_limit : float, optional
        Seconds for everything; training takes at most half of them.
    effort_limit : float, optional
        Effort of training, as for `sparsest.continuous.find_sparse`; 5 where there is no time limit either.
    node_limit, workers, executor, proof_file, checkpoint_file, resume
        As for `sparsest.exact.solve`; a search that is resumed has its network.
    progress : callable, optional
        Called with a `Progress` by all in turn.

    Raises
    ------
    InputError
        For an option out of its range.
    SolverError
        When the MIP solver is not available.

    Examples
    --------
    >>> result = solve(Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]))
    >>> result.lower_bound, result.upper_bound, str(result.proof)
    (2, 2, 'exact')
    """
    goal = Objective.parse(objective)
    if isinstance(problem, SharedProblem):
        return prove(
            problem, goal, method=method, witness=witness, time_limit=time_limit, node_limit=node_limit,
            workers=workers, executor=executor, proof_file=proof_file, checkpoint_file=checkpoint_file,
            resume=resume, progress=progress,
        )  # fmt: skip
    refuse_other_than_problem(problem)
    check_power(p)  # and the effort: whether training begins depends on the data
    if effort_limit is not None:
        positive_number(effort_limit, "effort_limit", ", or None for no limit")
    deadline = Deadline(time_limit)
    wanted, kept = proof_file is not None, checkpoint_file is not None
    chosen, _ = choose_method(problem, goal, method, proof_wanted=wanted, kept=kept)
    run = functools.partial(
        prove, problem, goal, method=method, mip_solver=mip_solver, workers=workers, executor=executor,
        proof_file=proof_file, progress=progress,
    )  # fmt: skip
    nodes, interrupted = 0, False
    # a checkpoint in the way is for the last run to refuse, before any work
    in_the_way = checkpoint_file is not None and Path(checkpoint_file).exists()
    # one feature is solved at sort speed, and the program knows of many neurons alike what training does not
    needless = chosen == "univariate" or (chosen == "mip" and goal is Objective.NEURONS)
    needless = needless or (node_limit is not None and node_limit < _LEAST_NODES)
    if training and witness is None and not (resume or in_the_way or needless):
        known = 0
        if chosen == "tree" and problem.homogeneous.size <= _MAX_NUMBERS:
            first = _first_run(run, problem, deadline, node_limit)
            if first.status not in (Status.TIME_LIMIT, Status.NODE_LIMIT):
                return first
            known, nodes = first.lower_bound, first.nodes
        left = deadline.remaining
        if effort_limit is None and time_limit is None:
            effort_limit = _EFFORT
        seconds = None if math.isinf(left) else max(_TRAINING * left, 1e-9)
        fit = _trained(
            problem, goal, p=p, seed=seed, time_limit=seconds, effort_limit=effort_limit, lower_bound=known,
            proof_follows=True, progress=progress,
        )  # fmt: skip
        witness = None if fit is None else _witness(fit)
        interrupted = fit is None or fit.status is Status.INTERRUPTED
        if interrupted:  # what is known makes a result at once
            node_limit = nodes + 1
    result = run(
        witness=witness,
        time_limit=None if time_limit is None else max(deadline.remaining, 1e-3),
        node_limit=node_limit if node_limit is None or nodes == 0 else max(1, node_limit - nodes),
        checkpoint_file=checkpoint_file,
        resume=resume,
    )
    if interrupted and result.status is not Status.OPTIMAL:
        result = dataclasses.replace(result, status=Status.INTERRUPTED)
    seconds = deadline.seconds + result.seconds_before
    return dataclasses.replace(result, seconds=seconds, nodes=result.nodes + nodes)


def _first_run(
    run: Callable[..., ExactResult], problem: Problem, deadline: Deadline, node_limit: int | None
) -> ExactResult:
    """Search for some tenths of a second."""
    most = max(_LEAST_NODES, _NODES_TIMES_NUMBERS // problem.homogeneous.size)
    if node_limit is not None:
        most = max(1, min(most, node_limit // 2))
    left = deadline.remaining
    seconds = None if math.isinf(left) else max(min(_FIRST_SECONDS, _FIRST_SHARE * left), 1e-3)
    return run(time_limit=seconds, node_limit=most)


def _trained(problem: Problem, objective: Objective, **options: Any) -> FitResult | None:
    """Return what training finds; None where Ctrl-C came before it began."""
    try:
        from sparsest.continuous import find_sparse  # loads torch

        return find_sparse(problem, objective, **options)
    except KeyboardInterrupt:
        return None


def _witness(fit: FitResult) -> Network | None:
    """Return a network that fits, unless it is a mere interpolant along a line.

    The exact side makes such an interpolant itself, with fewer neurons, where it needs one.
    """
    from sparsest.continuous.sparse_search import JOINED_ALONG_A_LINE

    return fit.network if fit.fits and JOINED_ALONG_A_LINE not in fit.remark else None
