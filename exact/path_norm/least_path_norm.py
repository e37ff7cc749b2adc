"""The least l^p path norm of networks that fit, certified: choose a method, run it, judge its network."""

import dataclasses
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

import numpy as np

from sparsest import tolerances
from sparsest.exact.line.residual import largest_violation
from sparsest.exact.method_choice import PathLike, check_witness, checkpoint_path, proof_path
from sparsest.exact.method_result import PathNormMethodResult
from sparsest.exact.path_norm import one_feature
from sparsest.exact.path_norm.by_columns import solve_by_columns
from sparsest.exact.search_options import SearchOptions
from sparsest.network import Network
from sparsest.objectives import Objective, check_power
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline, ProgressCallback
from sparsest.results.path_norm import PathNormResult
from sparsest.results.solving import Status
from sparsest.sentences import joined

# Share of the time for the search where a proof is asked for, and seconds for the proof after Ctrl-C.
_SEARCHING: Final = 0.5
_RUSHED: Final = 1.0
# Boxes after which a proof is written of less, and so many times those of the search.
_LEAST_BOXES: Final = 2000
_TIMES_BOXES: Final = 10


def minimize_path_norm(  # noqa: PLR0913
    problem: Problem,
    p: float,
    objective: str | Objective = Objective.NEURONS,
    *,
    time_limit: float | None = None,
    node_limit: int | None = None,
    progress: ProgressCallback | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    checkpoint_file: PathLike | None = None,
    resume: bool = False,
    proof_file: PathLike | None = None,
    witness: Network | None = None,
) -> PathNormResult:
    """Bound the least l^p path norm of a network that meets every interval, and find one that attains it.

    One feature with a skip, exact labels and weights: a recursion, linear in the samples, whose two bounds
    differ by rounding alone. p = 1: one linear program, whose columns are made on demand. Otherwise, and
    where the search is to be kept in a file or a proof written: branch and bound over enumerated activation
    patterns.

    Parameters
    ----------
    problem : Problem
        The data. Its weight bound is honoured when there is one and not needed otherwise.
    p : float
        Exponent, 0 < p <= 1.
    objective : str or Objective
        What the path norm is taken of: "weights", "neurons" or "parameters".
    time_limit : float, optional
        Seconds after which the interval known so far is returned. The search also stops on Ctrl-C.
    node_limit : int, optional
        Largest number of boxes, not counting those of the earlier runs of a search that is resumed.
    progress : callable, optional
        Called a few times a second with a `Progress`.
    workers : int
        Processes that share the boxes; only searches of a thousand boxes start them, and none at p = 1.
    executor : concurrent.futures.Executor, optional
        Where boxes are examined instead, `workers` pieces at a time: a pool of your own, or a Dask cluster's
        ``Client.get_executor()``.
    checkpoint_file : path, optional
        Where the search is kept every half a minute, and whenever it ends: at a limit, on Ctrl-C, on
        SIGTERM. A file that exists is only touched with `resume`.
    resume : bool
        Continue the search in that file if it exists. Boxes closed before are then taken from it, as the
        result's ``remark`` says; nodes and seconds are those of all runs.
    proof_file : path, optional
        Where to write a proof of the interval reached, .json or .json.gz, which
        `sparsest.check_path_norm_proof` verifies. It takes about as many boxes again, up to half of the time.
    witness : Network, optional
        A network from elsewhere, trained for example: the search begins with it if it meets every interval.

    Returns
    -------
    PathNormResult
        An interval that holds the least path norm, and a network at its upper end.

    Raises
    ------
    InputError
        Unless 0 < p <= 1, for an unknown objective, for a witness of other features, when slopes leave the
        range of floats, for a checkpoint that is damaged, of another search, or in the way, or for a proof
        with a p that is no short fraction.

    Examples
    --------
    >>> from sparsest import Problem, exact
    >>> result = exact.minimize_path_norm(Problem([0, 1, 2, 3], [0, 1, 1, 0], affine="skip"), 0.5, "weights")
    >>> round(result.upper_bound, 6), result.network.count(), result.method  # one knot, slopes 1 to -1
    (1.414214, 1, 'recursion')
    """
    goal = Objective.parse(objective)
    refuse_other_than_problem(problem)
    power = check_power(p)
    check_witness(witness, problem)
    deadline = Deadline(time_limit)
    path = None if proof_file is None else proof_path(proof_file, goal, "branching")
    if path is not None:
        from sparsest.exact.path_norm.proof_file import exponent_of  # loads compiled loops

        exponent_of(power)  # refuses before any work what no proof can be written of
    options = SearchOptions(
        deadline=deadline if path is None else deadline.part(_SEARCHING),
        node_limit=node_limit,
        progress=progress,
        workers=workers,
        executor=executor,
        checkpoint_path=None if checkpoint_file is None else checkpoint_path(checkpoint_file, "branching"),
        resume=resume,
        witness=witness,
        proof_path=path,
    )
    method, search = _searched(problem, power, goal, options)
    result = _judged(problem, goal, power, search, method, deadline.seconds)
    if path is None:
        return result
    without = search.lower_without_bound
    return _with_proof(result, result.lower_bound if without is None else without, path, deadline)


def _with_proof(result: PathNormResult, lower: float, path: Path, deadline: Deadline) -> PathNormResult:
    """Write the proof of a result, whose lower bound holds without a weight bound; say how that went."""
    from sparsest.exact.path_norm.proof_file import write_proof

    interrupted = result.status is Status.INTERRUPTED
    left = Deadline(_RUSHED) if interrupted else deadline.part(1.0)
    known = lower, result.upper_bound, result.network
    most = _LEAST_BOXES + _TIMES_BOXES * result.nodes
    assert result.problem is not None
    try:
        written = write_proof(path, result.problem, result.p, result.objective, known, left, most)
    except OSError as error:  # a full disk must not cost the result
        why = f"the proof could not be written: {path}: {error.strerror or error}"
        return dataclasses.replace(result, remark=joined(why, result.remark), proof_written=False)
    remark = joined(written.shortfall(result.lower_bound, result.upper_bound), result.remark)
    seconds = result.seconds_before + deadline.seconds
    return dataclasses.replace(result, remark=remark, seconds=seconds, proof_written=True)


def _searched(
    problem: Problem, p: float, goal: Objective, options: SearchOptions
) -> tuple[str, PathNormMethodResult]:
    """Choose a method; return its name and what it found."""
    if options.checkpoint_path is None and options.proof_path is None:
        if one_feature.applies_to(problem, goal):
            return "recursion", one_feature.solve_by_recursion(problem, p)
        found = solve_by_columns(problem, goal, options) if p == 1 else None
        if found is not None:
            if found.status is not Status.NUMERICAL:
                return "columns", found
            # samples as close as 1e-9: compiled loops lose fewer digits than the solver, where cones are few
            second = _branching(problem, p, goal, options)
            return ("branching", second) if _is_narrower(second, found) else ("columns", found)
    return "branching", _branching(problem, p, goal, options)


def _is_narrower(one: PathNormMethodResult, other: PathNormMethodResult) -> bool:
    """Whether one result leaves less open than another."""
    if one.upper is None or other.upper is None:
        return other.upper is None and (one.upper is not None or one.lower > other.lower)
    return one.upper - one.lower < other.upper - other.lower


def _branching(problem: Problem, p: float, goal: Objective, options: SearchOptions) -> PathNormMethodResult:
    from sparsest.exact.path_norm.branch_and_bound import solve_by_branching  # compiles loops
    from sparsest.exact.tree.workers import workers_of

    with workers_of(options.executor, options.workers) as workers:
        return solve_by_branching(problem, p, goal, options, workers=workers)


def _judged(
    problem: Problem, goal: Objective, p: float, search: PathNormMethodResult, method: str, seconds: float
) -> PathNormResult:
    """Recompute the residual, and believe no "optimal" whose bounds do not meet."""
    residual, remark = None, search.remark
    if search.network is not None:
        with np.errstate(over="ignore", invalid="ignore"):
            residual, solves = largest_violation(problem, search.network, search.samples)
        if not solves and not remark:
            remark = f"rounded to floats the network misses by {residual:.1e}: weights are large or cancel"
    result = PathNormResult(
        status=search.status,
        objective=goal,
        p=p,
        lower_bound=search.lower,
        upper_bound=search.upper,
        network=search.network,
        residual=residual,
        method=method,
        nodes=search.nodes,
        seconds=seconds + search.seconds_before,
        seconds_before=search.seconds_before,
        remark=remark,
        problem=problem,
    )
    if search.status is Status.OPTIMAL and not result.gap <= tolerances.PATH_NORM_GAP:
        raise AssertionError(f"{method} calls an interval of relative width {result.gap:.1e} optimal")
    return result
