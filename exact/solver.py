"""Choose an exact method, run it, and judge what it returns."""

import dataclasses
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import TypedDict, Unpack, overload

from sparsest.affine import Affine
from sparsest.errors import InputError
from sparsest.exact.judged_result import judged_result
from sparsest.exact.line import fewest_knots
from sparsest.exact.method_choice import (
    METHODS,
    PathLike,
    check_outputs_options,
    check_witness,
    checkpoint_path,
    choose_method,
    proof_path,
)
from sparsest.exact.method_result import MethodResult
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.search_options import SearchOptions
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork, SharedProblem
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline, ProgressCallback
from sparsest.results.multi_class import MultiClassResult
from sparsest.results.multi_output import MultiOutputResult
from sparsest.results.solving import ExactResult
from sparsest.units import in_integer_units, in_own_units

__all__ = ["METHODS", "run_method", "solve"]


class SolveOptions(TypedDict, total=False):
    """Keywords of `solve`."""

    method: str
    time_limit: float | None
    node_limit: int | None
    mip_solver: str
    mip_solver_options: Mapping[str, object] | None
    progress: ProgressCallback | None
    proof_file: PathLike | None
    witness: Network | MultiOutputNetwork | None
    workers: int
    executor: Executor | None
    checkpoint_file: PathLike | None
    resume: bool


@overload
def solve(
    problem: Problem, objective: str | Objective = ..., **options: Unpack[SolveOptions]
) -> ExactResult: ...


@overload
def solve(
    problem: MultiOutputProblem, objective: str | Objective = ..., **options: Unpack[SolveOptions]
) -> MultiOutputResult: ...


@overload
def solve(
    problem: MultiClassProblem, objective: str | Objective = ..., **options: Unpack[SolveOptions]
) -> MultiClassResult: ...


@overload
def solve(
    problem: SharedProblem, objective: str | Objective = ..., **options: Unpack[SolveOptions]
) -> MultiOutputResult | MultiClassResult: ...


def solve(  # noqa: PLR0913
    problem: Problem | SharedProblem,
    objective: str | Objective = Objective.NEURONS,
    *,
    method: str = "auto",
    time_limit: float | None = None,
    node_limit: int | None = None,
    mip_solver: str = "highs",
    mip_solver_options: Mapping[str, object] | None = None,
    progress: ProgressCallback | None = None,
    proof_file: PathLike | None = None,
    witness: Network | MultiOutputNetwork | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    checkpoint_file: PathLike | None = None,
    resume: bool = False,
) -> ExactResult | MultiOutputResult | MultiClassResult:
    """Bound the smallest count of a network that meets every interval, and find a network that attains it.

    Of several outputs the neurons are counted that they share. Sums of the outputs times integers are
    networks of one output with no more neurons, and are bounded one by one, each with a share of the time; of
    several classes these are the differences of the outputs of two, on the samples of those.

    Parameters
    ----------
    problem : Problem, MultiOutputProblem or MultiClassProblem
        The data.
    objective : str or Objective
        "neurons", "weights" or "parameters"; "neurons" for several outputs or classes.
    method : str
        "univariate" (one feature; neurons or weights: ordered stabbing, without a skip two sweeps), "tree"
        (activation tree; any objective, weights and parameters without a weight bound), "mip"
        (mixed-integer program over cells; any objective), or "auto".
    time_limit : float, optional
        Seconds after which the interval known so far is returned. The search also stops on Ctrl-C.
    node_limit : int, optional
        Largest number of linear programs, not counting those of the earlier runs of a search that is resumed.
    mip_solver : str
        MIP solver by its Pyomo name, for "mip".
    mip_solver_options : mapping, optional
        Options handed to that solver under its own names.
    progress : callable, optional
        Called a few times a second with a `Progress`.
    proof_file : path, optional
        Where to write a proof of the interval reached, which `sparsest.check_proof` verifies: .json or
        .json.gz. Methods "tree" and "univariate" write one, whatever is counted.
    witness : Network or MultiOutputNetwork, optional
        A network from elsewhere, training for instance, that the search takes for an upper bound if a
        rational network beside it provably fits.
    workers : int
        Processes that share the tree's search; only searches of some seconds start them.
    executor : concurrent.futures.Executor, optional
        Where subtrees are explored instead, `workers` at a time: a pool of your own, or a Dask cluster's
        ``Client.get_executor()``.
    checkpoint_file : path, optional
        Where the tree's search is kept every half a minute, and whenever it ends: at a limit, on
        Ctrl-C, on SIGTERM. A file that exists is only touched with `resume`.
    resume : bool
        Continue the search in that file if it exists. What was refuted before is then taken from it, as the
        result's ``remark`` says; nodes and seconds are those of all runs. A proof needs one asked for in each
        run.

    Returns
    -------
    ExactResult, MultiOutputResult or MultiClassResult
        Bounds, witness, and what they rest on. Ends early with an interval, never with a guess.

    Raises
    ------
    InputError
        For an unknown method, one that does not apply to the problem, a proof that none can be written of, or
        a checkpoint that is damaged, of another problem, or in the way; for several outputs for all but
        neurons by "auto" or "tree", and for a checkpoint.
    SolverError
        When the MIP solver is not available.

    Examples
    --------
    >>> from sparsest import Problem, exact
    >>> result = exact.solve(Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]))
    >>> result.upper_bound, str(result.status), str(result.proof), result.method
    (2, 'optimal', 'exact', 'tree')
    """
    deadline = Deadline(time_limit)
    goal = Objective.parse(objective)
    limits = SearchOptions(
        deadline=deadline, node_limit=node_limit, progress=progress, workers=workers, executor=executor
    )
    if isinstance(problem, SharedProblem):
        kept = checkpoint_file is not None or resume
        known = check_outputs_options(problem, goal, method, witness, kept=kept)
        path = None if proof_file is None else proof_path(proof_file, goal, "tree")
        return _shared(problem, dataclasses.replace(limits, proof_path=path), method, known)
    refuse_other_than_problem(problem)
    wanted, kept = proof_file is not None, checkpoint_file is not None
    chosen, reason = choose_method(problem, goal, method, proof_wanted=wanted, kept=kept)
    known_network = check_witness(witness, problem)
    if chosen != "mip" and (mip_solver != "highs" or mip_solver_options):
        raise InputError(
            f"a MIP solver or its options were given, but the method is {chosen!r}: use method='mip'"
        )
    options = dataclasses.replace(
        limits,
        witness=known_network,
        proof_path=None if proof_file is None else proof_path(proof_file, goal, chosen),
        checkpoint_path=None if checkpoint_file is None else checkpoint_path(checkpoint_file, chosen),
        resume=resume,
        mip_solver=mip_solver,
        mip_solver_options=dict(mip_solver_options or {}),
    )
    return run_method(problem, goal, chosen, options, reason=reason)


def _shared(
    problem: SharedProblem, options: SearchOptions, method: str, witness: MultiOutputNetwork | None
) -> MultiOutputResult | MultiClassResult:
    from sparsest.exact.classes.pairs import SharedClasses  # this and the next two load scipy
    from sparsest.exact.outputs.intervals import SharedIntervals
    from sparsest.exact.outputs.search import solve_shared

    def bound(one: Problem, limits: SearchOptions) -> ExactResult:
        wanted = limits.proof_path is not None
        chosen, reason = choose_method(one, Objective.NEURONS, method, proof_wanted=wanted)
        return run_method(one, Objective.NEURONS, chosen, limits, reason=reason)

    found = solve_shared(
        SharedClasses(problem) if isinstance(problem, MultiClassProblem) else SharedIntervals(problem),
        options,
        bound,
        witness,
    )
    assert isinstance(found, MultiOutputResult | MultiClassResult)
    return found


def run_method(
    problem: Problem, objective: Objective, method: str, options: SearchOptions, *, reason: str = ""
) -> ExactResult:
    """Run a method that applies to the problem; `solve` for those who have the options in one piece.

    Parameters
    ----------
    problem : Problem
        The data.
    objective : Objective
        What is counted.
    method : str
        "univariate", "tree" or "mip".
    options : SearchOptions
        What it keeps to; those that it does not know are ignored.
    reason : str
        Why that method, for the result; empty where the user named it, and wants that method alone.
    """
    options = dataclasses.replace(options, sweeps=reason != "")
    asked = problem.in_integers  # counts do not depend on units
    if asked is not problem and options.witness is not None:
        options = dataclasses.replace(options, witness=in_integer_units(problem, options.witness))
    with _proof_log(problem, objective, options.proof_path) as log:
        if method == "univariate" and asked.affine is Affine.SKIP:
            found = fewest_knots.solve_univariate(asked)
        elif method == "univariate":
            found = _without_skip(asked, objective, options, log)
        elif method == "tree":
            found = _tree(asked, objective, options, log)
        else:
            found = _mip(asked, objective, options)
        result = judged_result(
            problem,
            objective,
            found if asked is problem else _in_own_units(problem, found),
            method=method,
            reason=reason,
            seconds=options.deadline.seconds,
            options={
                "time_limit": options.deadline.limit,
                "node_limit": options.node_limit,
                "mip_solver": options.mip_solver if method == "mip" else None,
                "mip_solver_options": dict(options.mip_solver_options),
            },
        )
        return result if options.proof_path is None else _with_proof(log, options.proof_path, result)


def _in_own_units(problem: Problem, found: MethodResult) -> MethodResult:
    """Return what a method found of ``problem.in_integers`` as found of the problem itself."""
    network = None if found.network is None else in_own_units(problem, found.network)
    samples = found.samples
    if samples is not None:
        low, high = samples.low_row, samples.high_row
        samples = samples._replace(x=problem.X[low, 0], low=problem.low[low], high=problem.high[high])
    return dataclasses.replace(found, network=network, samples=samples)


def _proof_log(problem: Problem, objective: Objective, path: Path | None) -> ProofLog:
    if path is None:
        return ProofLog()
    if objective is not Objective.NEURONS:
        from sparsest.exact.supports.proof_writer import SupportProofWriter

        return SupportProofWriter(problem, objective)
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


def _without_skip(
    problem: Problem, objective: Objective, options: SearchOptions, log: ProofLog
) -> MethodResult:
    from sparsest.exact.line.fewest_without_skip import solve_without_skip  # loads flint

    found, evidence = solve_without_skip(problem.distinct(), objective, options)
    log.knots(evidence.knots)
    for refuted in evidence.refuted:
        log.gaps(refuted)
    if evidence.network is not None:
        log.witness(evidence.network)
    return found


def _tree(problem: Problem, objective: Objective, options: SearchOptions, log: ProofLog) -> MethodResult:
    from sparsest.exact.tree.workers import workers_of  # this and the next two load HiGHS

    with workers_of(options.executor, options.workers) as workers:
        if objective is Objective.NEURONS:
            from sparsest.exact.tree.search import solve_tree

            return solve_tree(problem, options, log=log, workers=workers)
        from sparsest.exact.supports.search import solve_supports

        return solve_supports(problem, objective, options, log=log, workers=workers)


def _mip(problem: Problem, objective: Objective, options: SearchOptions) -> MethodResult:
    from sparsest.exact.mip.cut_loop import solve_mip  # loads Pyomo

    return solve_mip(problem, objective, options)
