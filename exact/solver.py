"""Choose an exact method, run it, and judge what it hands back."""

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from pathlib import Path

import numpy as np

from sparsest.errors import InputError
from sparsest.exact.arithmetic.rational_network import meets_exactly
from sparsest.exact.line import fewest_knots
from sparsest.exact.line.projection_witness import projection_witness
from sparsest.exact.line.residual import largest_violation
from sparsest.exact.method_result import MethodResult
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.tree.checkpoint import Keeper, opened
from sparsest.exact.tree.farm import Farm, processes
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline, ProgressCallback
from sparsest.results.solving import ExactResult, Proof, Status

# Samples times features times neurons beyond which a witness is not checked in rational arithmetic as well.
_LARGEST_CHECK = 100_000

# Linear programs of the activation tree spent on doubting the mixed-integer program's "infeasible".
_SECOND_OPINION = 200
_OVERRULED = "the mixed-integer program called it infeasible, which the activation tree could not confirm"

METHODS = ("auto", "univariate", "tree", "mip")


def solve(
    problem: Problem,
    objective: str | Objective = Objective.NEURONS,
    *,
    method: str = "auto",
    time_limit: float | None = None,
    node_limit: int | None = None,
    solver: str = "highs",
    solver_options: Mapping[str, object] | None = None,
    progress: ProgressCallback | None = None,
    proof_file: str | os.PathLike[str] | None = None,
    witness: Network | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    checkpoint_file: str | os.PathLike[str] | None = None,
    resume: bool = False,
) -> ExactResult:
    """Bound the smallest count of a network that meets every interval, and find a network that attains it.

    Parameters
    ----------
    problem : Problem
        The data.
    objective : str or Objective
        "neurons", "weights" or "parameters".
    method : str
        "univariate" (ordered stabbing: one feature, skip; neurons or weights), "tree"
        (activation tree; neurons), "mip" (mixed-integer program over cells; any objective), or "auto".
    time_limit : float, optional
        Seconds after which the interval known so far is returned. The search also stops on Ctrl-C.
    node_limit : int, optional
        Largest number of linear programs, not counting those of a search that is gone on with.
    solver : str
        MIP solver by its Pyomo name, for "mip".
    solver_options : mapping, optional
        Options handed to that solver under its own names.
    progress : callable, optional
        Called a few times a second with a `Progress`.
    proof_file : path, optional
        Where to write a proof of the interval reached, which `sparsest.check` verifies: .json or .json.gz.
        Methods "tree" and "univariate" prove neurons.
    witness : Network, optional
        A network from elsewhere, training for instance, that the tree takes for an upper bound if a rational
        network beside it provably fits.
    workers : int
        Processes that share the tree's search; only searches of some seconds start them.
    executor : concurrent.futures.Executor, optional
        Where subtrees are explored instead, `workers` at a time: a pool of your own, or a Dask cluster's
        ``Client.get_executor()``.
    checkpoint_file : path, optional
        Where the tree's search is kept every half a minute, and whenever it ends: at a limit, on Ctrl-C, on
        SIGTERM. A file that exists is only touched with `resume`.
    resume : bool
        Go on from that file if it exists. What was refuted before is then taken from it, as the result's
        ``remark`` says; nodes and seconds are those of all runs. A proof needs one asked for in each run.

    Returns
    -------
    ExactResult
        Bounds, witness, and what they rest on. Ends early with an interval, never with a guess.

    Raises
    ------
    InputError
        For an unknown method, one that does not apply to the problem, a proof that none can be written of, or
        a checkpoint that is damaged, of another problem, or in the way.
    SolverError
        When the MIP solver is not available.

    Examples
    --------
    >>> from sparsest import Problem, exact
    >>> result = exact.solve(Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]))
    >>> result.upper_bound, str(result.status), str(result.proof), result.method
    (2, 'optimal', 'exact', 'tree')
    """
    goal = Objective.parse(objective)
    refuse_other_than_problem(problem, constant=True)
    if problem.constant:
        _refuse_beside_constant(problem, goal, method)
    Deadline(time_limit)  # refuses a time limit that makes no sense
    if node_limit is not None and (
        isinstance(node_limit, bool) or not isinstance(node_limit, int) or node_limit < 1
    ):
        raise InputError(f"node_limit = {node_limit!r}: it must be a whole number, at least 1, or None")
    chosen, reason = _choose(problem, goal) if method == "auto" else (_applicable(problem, goal, method), "")
    if method == "auto" and chosen == "mip" and goal is Objective.NEURONS and proof_file is not None:
        chosen, reason = "tree", "a proof is asked for, which the activation tree can write"
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise InputError(f"workers = {workers!r:.40}: it must be a whole number, at least 1")
    if witness is not None and (not isinstance(witness, Network) or witness.n_features != problem.n_features):
        raise InputError(f"witness must be a Network of {problem.n_features} features")
    if chosen != "mip" and (solver != "highs" or solver_options):
        raise InputError(
            f"a MIP solver or its options were given, but the method is {chosen!r}: use method='mip'"
        )
    keeper = _keeper(checkpoint_file, resume, problem, chosen)
    proof_path = None if proof_file is None else _proof_path(proof_file, goal, chosen)
    runs: dict[str, Callable[[], MethodResult]] = {
        "univariate": lambda: fewest_knots.solve_univariate(problem),
        "tree": lambda: _tree(problem, time_limit, node_limit, progress, log, witness, farm, keeper),
        "mip": lambda: _mip(problem, goal, solver, time_limit, node_limit, solver_options, progress),
    }
    start = time.perf_counter()
    with _proof_log(problem, proof_path) as log, _farm(workers, executor) as farm:
        found = runs[chosen]()
        result = _judged(
            problem,
            goal,
            found,
            method=chosen,
            reason=reason,
            seconds=time.perf_counter() - start + found.seconds_before,
            options={
                "time_limit": time_limit,
                "node_limit": node_limit,
                "solver": solver if chosen == "mip" else None,
                "solver_options": dict(solver_options or {}),
            },
        )
        if proof_path is not None:
            result = _with_proof(log, proof_path, result)
    return result


def _keeper(
    checkpoint_file: str | os.PathLike[str] | None, resume: bool, problem: Problem, method: str
) -> Keeper | None:
    if checkpoint_file is None:
        if resume:
            raise InputError("resume needs a checkpoint_file to go on from")
        return None
    if not isinstance(checkpoint_file, (str, os.PathLike)):
        raise InputError(f"checkpoint_file = {checkpoint_file!r:.40}: it must be a path")
    if method != "tree":
        raise InputError(
            f"only the search of method 'tree' can be gone on with, and the method is {method!r}: leave the "
            "checkpoint out, or use method='tree' to count neurons"
        )
    return opened(Path(checkpoint_file), problem, resume=resume)


def _proof_path(proof_file: str | os.PathLike[str], objective: Objective, method: str) -> Path:
    """Return where a proof goes; raise `InputError` when there can be none, before any search."""
    if not isinstance(proof_file, (str, os.PathLike)):
        raise InputError(f"proof_file = {proof_file!r:.40}: it must be a path")
    path = Path(proof_file)
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file")
    if objective is not Objective.NEURONS or method == "mip":
        raise InputError(
            f"a proof of {objective} by method {method!r} cannot be written: "
            "methods 'tree' and 'univariate' prove neurons"
        )
    if not path.name.lower().endswith((".json", ".json.gz")):
        raise InputError(f"{path}: the name of a proof ends in .json or .json.gz")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist")
    return path


@contextlib.contextmanager
def _farm(workers: int, executor: Executor | None) -> Iterator[Farm | None]:
    """Return the helpers of a search, if there are any; processes start when they are first needed."""
    if executor is not None:
        yield Farm(executor, workers)
    elif workers == 1:
        yield None
    else:
        with processes(workers) as farm:
            yield farm


def _proof_log(problem: Problem, path: Path | None) -> ProofLog:
    if path is None:
        return ProofLog()
    from sparsest.exact.proof.writer import ProofWriter

    return ProofWriter(problem)


def _with_proof(log: ProofLog, path: Path, result: ExactResult) -> ExactResult:
    """Write the proof of a result; return the result with what became of that."""
    try:
        shortfall, written = log.write(path, result.method, result), True
    except OSError as error:  # a full disk must not cost the result
        shortfall, written = f"the proof could not be written: {path}: {error.strerror or error}", False
    remark = "; ".join(filter(None, (shortfall, result.remark)))
    return dataclasses.replace(result, remark=remark, proof_written=written)


def _choose(problem: Problem, objective: Objective) -> tuple[str, str]:
    """Return the method that "auto" takes, and why."""
    if fewest_knots.applies_to(problem, objective):
        return "univariate", "one feature and a skip: ordered stabbing needs no search"
    if objective is not Objective.NEURONS:
        return "mip", f"{objective} are counted: only the mixed-integer program does that here"
    if problem.weight_bound is not None:
        witness = projection_witness(problem.distinct())
        if witness is None or not witness.rounded(problem.n_features).within_bound(problem):
            return "mip", "weights are bounded and may admit no network: the mixed-integer program can tell"
    return "tree", "neurons are counted: the activation tree needs no bound on weights and proves exactly"


def _refuse_beside_constant(problem: Problem, objective: Objective, method: str) -> None:
    """Raise `InputError` for what the activation tree, which alone knows a constant, does not do."""
    if objective is not Objective.NEURONS or method not in ("auto", "tree"):
        raise InputError(
            "constant=True: only method 'tree' knows such problems, for neurons; "
            "use objective='neurons' and method='auto'"
        )
    if problem.weight_bound is not None:
        raise InputError("constant=True does not go with a weight bound: leave one of them out")


def _applicable(problem: Problem, objective: Objective, method: str) -> str:
    if method not in METHODS:
        raise InputError(f"unknown method {method!r}: choose one of {', '.join(METHODS)}")
    if method == "tree" and objective is not Objective.NEURONS:
        raise InputError(f"method 'tree' counts neurons, not {objective}: use method='mip'")
    if method == "univariate" and not fewest_knots.applies_to(problem, objective):
        raise InputError(
            "method 'univariate' needs one feature, skip=True, no weight bound and the objective neurons or "
            "weights: use method='auto'"
        )
    return method


def _tree(
    problem: Problem,
    time_limit: float | None,
    node_limit: int | None,
    progress: ProgressCallback | None,
    log: ProofLog | None = None,
    witness: Network | None = None,
    farm: Farm | None = None,
    keeper: Keeper | None = None,
) -> MethodResult:
    from sparsest.exact.tree.search import solve_tree

    return solve_tree(
        problem,
        time_limit=time_limit,
        node_limit=node_limit,
        progress=progress,
        log=log,
        witness=witness,
        farm=farm,
        keeper=keeper,
    )


def _mip(
    problem: Problem,
    objective: Objective,
    solver: str,
    time_limit: float | None,
    node_limit: int | None,
    solver_options: Mapping[str, object] | None,
    progress: ProgressCallback | None,
) -> MethodResult:
    from sparsest.exact.mip.cut_loop import solve_mip  # loads Pyomo

    found = solve_mip(
        problem,
        objective,
        solver=solver,
        time_limit=time_limit,
        node_limit=node_limit,
        solver_options=solver_options,
        progress=progress,
    )
    if found.status is not Status.INFEASIBLE:
        return found
    # "infeasible" is one linear program's word; a network, or nodes that floats cannot decide, overrule it
    second = _tree(problem, None, _SECOND_OPINION, None)
    if second.network is None and not second.unverified:
        return found
    return dataclasses.replace(
        found, status=Status.NUMERICAL, network=second.network, exact_witness=True, remark=_OVERRULED
    )


def _judged(
    problem: Problem,
    objective: Objective,
    found: MethodResult,
    *,
    method: str,
    reason: str,
    seconds: float,
    options: Mapping[str, object],
) -> ExactResult:
    """Recompute every figure of a search's witness from the data, and believe no other.

    A witness whose rational original was checked exactly stands even where its floats, rounded, do not
    reach the accuracy asked of networks without such a proof.
    """
    network, status = found.network, found.status
    residual, solves, upper = None, False, None
    if network is not None:
        with np.errstate(over="ignore", invalid="ignore"):
            residual, solves = largest_violation(problem, network, found.samples)
        upper = network.count(objective)
        # numbers that left the range of floats give no residual, or make neurons vanish
        if not (solves or found.exact_witness) or not np.isfinite(residual) or upper < found.lower_bound:
            network, residual, upper = None, None, None
    if status is Status.OPTIMAL and upper != found.lower_bound:
        status = Status.NUMERICAL
    return ExactResult(
        status=status,
        proof=found.proof,
        objective=objective,
        lower_bound=found.lower_bound,
        upper_bound=upper,
        network=network,
        residual=residual,
        method=method,
        reason=reason,
        seconds=seconds,
        nodes=found.nodes,
        unverified=found.unverified,
        solver=found.solver,
        remark=found.remark or _remark_on(problem, objective, found, network, residual, solves),
        options=options,
    )


def _remark_on(
    problem: Problem,
    objective: Objective,
    found: MethodResult,
    network: Network | None,
    residual: float | None,
    solves: bool,
) -> str:
    if found.status is Status.INFEASIBLE and found.proof is Proof.NUMERICAL:
        return "that no network fits is a floating-point solver's word"
    if network is None:
        return ""
    if not solves:
        return (
            f"the witness was checked in rational arithmetic; rounded to floats it misses by up to "
            f"{residual:.1e}, because its weights are large or cancel"
        )
    if found.exact_witness or problem.X.size * max(network.width, 1) > _LARGEST_CHECK:
        return ""
    if not meets_exactly(problem, network, objective):
        return "the witness meets the labels up to rounding, not exactly"
    return ""
