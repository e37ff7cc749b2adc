"""Run both sides on one problem and say whether they agree."""

import dataclasses
import os
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

from sparsest.compare.agreement.path_norm_verdict import attainment
from sparsest.continuous import DEFAULT_STEPS, find_sparse, minimize
from sparsest.errors import InputError
from sparsest.exact import certifies_threshold, minimize_path_norm, solve, threshold
from sparsest.exact.arithmetic.rational_network import meets_exactly
from sparsest.io.documents import save
from sparsest.network import Network
from sparsest.objectives import DEFAULT_POWER, Objective, check_power
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Progress, ProgressCallback
from sparsest.results.comparison import Outcome, Verdict
from sparsest.results.path_norm import PathNormResult, ThresholdResult
from sparsest.results.solving import ExactResult, FitResult, Proof, Status
from sparsest.sentences import counted

# Share of p* that p is below it when it is known: close to p* costs of sparsest and other networks are close.
_BELOW: Final = 0.9
# Seconds given to the least path norm, and to the threshold, unless the caller says otherwise.
_LEAST_LIMIT: Final = 10.0
# Seconds of training after Ctrl-C, in which some network that fits is made.
_RUSHED: Final = 0.1
# Outcomes after which the path norm of the trained network says something.
_FITTING: Final = (Outcome.AGREE, Outcome.CONTINUOUS_ABOVE, Outcome.EXACT_OPEN)


def compare_sides(  # noqa: PLR0913
    problem: Problem,
    *,
    p: float | str = DEFAULT_POWER,
    objective: str | Objective = Objective.NEURONS,
    method: str = "auto",
    mip_solver: str = "highs",
    algorithm: str = "auto",
    time_limit: float | None = None,
    least_limit: float | None = None,
    width: int | None = None,
    restarts: int = 32,
    steps: int = DEFAULT_STEPS,
    seed: int = 0,
    device: str = "auto",
    workers: int = 1,
    executor: Executor | None = None,
    checkpoint_file: str | os.PathLike[str] | None = None,
    resume: bool = False,
    directory: str | os.PathLike[str] = ".",
    progress: ProgressCallback | None = None,
) -> Verdict:
    """Find the smallest count exactly, look for sparse networks and least path norms, and compare.

    Two questions: does the search for few parts (`sparsest.continuous.find_sparse`) reach the proven minimum,
    and does minimisation of the l^p path norm (`sparsest.continuous.minimize`) reach the least one, with a
    network that is sparsest? Ctrl-C ends it with what both sides have: before training that is a network that
    fits and is not sparse.

    Parameters
    ----------
    problem : Problem
        The data.
    p : float or "auto"
        Exponent of the path norm that is minimised, 0 < p <= 1; "auto" takes one below the threshold
        p* where that is known (`sparsest.exact.threshold`), and 0.4 otherwise.
    objective : str or Objective
        What is counted, and whose path norm is minimised.
    method, mip_solver, time_limit
        As for `sparsest.exact.solve`; the time limit holds for this and for each of the two searches.
    least_limit : float, optional
        Seconds for bounding the least path norm, and for the threshold; 0 leaves both out. By default 10, or
        the time limit where that is shorter.
    algorithm, width, restarts, steps, seed, device
        As for `sparsest.continuous.minimize`.
    workers, executor
        As for `sparsest.exact.solve`, of which the bounds on path norms make use too.
    checkpoint_file, resume
        As for `sparsest.exact.solve`: what is kept is the search for the smallest count.
    directory : path
        Where a disagreement is written, with everything needed to reproduce it.
    progress : callable, optional
        Called with a `Progress` by both sides in turn.

    Returns
    -------
    Verdict
        With one sentence of reason and both results.

    Raises
    ------
    InputError
        For options that one of the sides refuses.

    Examples
    --------
    >>> import sparsest
    >>> xor = sparsest.Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> verdict = sparsest.compare_sides(xor, p=0.5)
    >>> verdict.outcome.name, verdict.attainment.name, round(verdict.continuous.path_norm, 4)
    ('AGREE', 'GLOBAL', 2.8284)
    """
    goal = Objective.parse(objective)
    refuse_other_than_problem(problem)
    if least_limit is None:
        least_limit = _LEAST_LIMIT if time_limit is None else min(_LEAST_LIMIT, time_limit)
    pstar = None
    if p == "auto" or certifies_threshold(problem, goal):
        pstar = _threshold(problem, goal, least_limit, workers, executor)
    power = _power(p, pstar)
    exact = solve(
        problem,
        goal,
        method=method,
        mip_solver=mip_solver,
        time_limit=time_limit,
        workers=workers,
        executor=executor,
        checkpoint_file=checkpoint_file,
        resume=resume,
        progress=_labelled(progress, "exact"),
    )
    least, interrupted = None, exact.status is Status.INTERRUPTED
    found = find_sparse(
        problem,
        goal,
        p=power,
        seed=seed,
        device=device,
        time_limit=_RUSHED if interrupted else time_limit,
        lower_bound=exact.lower_bound,
        progress=_labelled(progress, "sparse"),
    )
    interrupted = interrupted or found.status is Status.INTERRUPTED
    if least_limit > 0 and not interrupted:
        least = minimize_path_norm(
            problem,
            power,
            goal,
            time_limit=least_limit,
            workers=workers,
            executor=executor,
            witness=_cheaper(exact.network, found, power),
            progress=_labelled(progress, "path norm"),
        )
        interrupted = least.status is Status.INTERRUPTED
    continuous = minimize(
        problem,
        power,
        objective=goal,
        algorithm=algorithm,
        width=width,
        restarts=restarts,
        steps=steps,
        seed=seed,
        device=device,
        time_limit=_RUSHED if interrupted else time_limit,
        norm_bound=0.0 if least is None else least.lower_bound,
        progress=_labelled(progress, "path norm"),
    )
    if interrupted:
        continuous = dataclasses.replace(continuous, status=Status.INTERRUPTED)
    if least is not None:
        least = _with_cheaper(least, continuous)
    verdict = judge(problem, exact, found, continuous, least, pstar)
    return _recorded(problem, verdict, Path(directory)) if verdict.outcome is Outcome.DISAGREE else verdict


def _threshold(
    problem: Problem, goal: Objective, limit: float, workers: int, executor: Executor | None
) -> ThresholdResult | None:
    """Return bounds on p*, None where no network fits or slopes are beyond floats."""
    if limit <= 0:
        return None
    try:
        return threshold(problem, goal, time_limit=limit, workers=workers, executor=executor)
    except InputError:
        return None


def _cheaper(known: Network | None, found: FitResult, p: float) -> Network | None:
    """Return the network of smaller path norm, for the search for the least one to begin with."""
    if not found.fits or (known is not None and known.path_norm(p, found.objective) <= found.path_norm):
        return known
    return found.network


def _with_cheaper(least: PathNormResult, continuous: FitResult) -> PathNormResult:
    """Return bounds with training's network at their upper end, where that fits and costs less."""
    if not continuous.fits:
        return least
    cost = continuous.network.path_norm(least.p, least.objective)
    if least.upper_bound is not None and cost >= least.upper_bound:
        return least
    return dataclasses.replace(least, upper_bound=cost, network=continuous.network)


def _power(p: float | str, pstar: ThresholdResult | None) -> float:
    if not isinstance(p, str):
        return check_power(p)
    if p != "auto":
        raise InputError(f'p = {p!r:.40}: write a number, or "auto" for one below p*')
    if pstar is None or pstar.lower_bound <= 0:
        return DEFAULT_POWER
    return min(DEFAULT_POWER, _BELOW * pstar.lower_bound)


def judge(
    problem: Problem,
    exact: ExactResult,
    found: FitResult,
    continuous: FitResult,
    least: PathNormResult | None = None,
    pstar: ThresholdResult | None = None,
) -> Verdict:
    """Return the verdict on finished results, every figure of the trained network recomputed.

    Parameters
    ----------
    problem : Problem
        The data that both sides were given.
    exact : ExactResult
        Bounds on the smallest count.
    found : FitResult
        What the search for few parts found.
    continuous : FitResult
        What minimising the path norm found, for the same objective.
    least : PathNormResult, optional
        Bounds on the least path norm for the same objective and p.
    pstar : ThresholdResult, optional
        Bounds on p* for the same objective.
    """
    outcome, reason = _judgement(problem, exact, _sparser(found, continuous).network)
    verdict, because = None, ""
    if outcome in _FITTING and continuous.fits:
        verdict, because = attainment(exact, continuous, least, pstar)
    return Verdict(outcome, reason, verdict, because, exact, found, continuous, least, pstar)


def _sparser(found: FitResult, continuous: FitResult) -> FitResult:
    """Return the first result with fewest parts of those that fit, or the first."""
    fitting = [fit for fit in (found, continuous) if fit.fits]
    return min(fitting, key=lambda fit: fit.count, default=found)


def _judgement(problem: Problem, exact: ExactResult, network: Network) -> tuple[Outcome, str]:
    what = exact.objective.value
    count, low, high = network.count(exact.objective), exact.lower_bound, exact.upper_bound
    found = counted(count, what)
    if not network.solves(problem):
        return _not_interpolating(problem, exact, network)
    if count < low:
        if exact.proof is Proof.EXACT and not meets_exactly(problem, network, exact.objective):
            return Outcome.NOT_INTERPOLATING, (
                f"training fits with {found} up to rounding ({network.residual(problem):.1e}), "
                f"not exactly, and exact interpolation provably needs {low}: allow a tolerance"
            )
        return (
            Outcome.DISAGREE,
            f"training fits with {found}, fewer than the claimed lower bound {low}",
        )
    if count == low and (high == low or meets_exactly(problem, network, exact.objective)):
        by = "exact side" if high == low else "lower bound of the exact side and training's witness"
        return (
            Outcome.AGREE,
            f"both reach {found}, the minimum ({_strength(exact)} by the {by})",
        )
    if exact.status is Status.OPTIMAL:
        return Outcome.CONTINUOUS_ABOVE, (
            f"training stopped at {found}, {count - low} above the minimum {low} ({_strength(exact)})"
        )
    best = count if high is None else min(count, high)
    return Outcome.EXACT_OPEN, (
        f"the minimum lies in [{low}, {best}] {what}; the exact side stopped ({exact.status.sentence}), "
        f"training found {count}"
    )


def _not_interpolating(problem: Problem, exact: ExactResult, network: Network) -> tuple[Outcome, str]:
    if not network.within_bound(problem):
        return (
            Outcome.NOT_INTERPOLATING,
            f"the trained network exceeds the weight bound {problem.weight_bound:g}",
        )
    violation = network.violation(problem)
    row = int(violation.argmax())
    return Outcome.NOT_INTERPOLATING, (
        f"the best trained network misses its interval by {violation[row]:.3g} at row {row}; "
        "try more restarts, more steps or a larger width"
    )


def _strength(exact: ExactResult) -> str:
    return "proven in rational arithmetic" if exact.proof is Proof.EXACT else "proven up to LP tolerances"


def _labelled(progress: ProgressCallback | None, side: str) -> ProgressCallback | None:
    if progress is None:
        return None

    def report(state: Progress) -> None:
        progress(dataclasses.replace(state, message=f"{side}: {state.message}"))

    return report


def _recorded(problem: Problem, verdict: Verdict, directory: Path) -> Verdict:
    """Write a disagreement's problem and verdict, and say where in its reason."""
    stem = f"sparsest-disagreement-{problem.digest[:12]}"
    files: dict[Path, Callable[[Path], None]] = {
        directory / f"{stem}-problem.json": lambda path: save(problem, path),
        directory / f"{stem}-verdict.json": lambda path: save(verdict, path),
    }
    try:
        for path, write in files.items():
            write(path)
        where = f"written to reproduce: {', '.join(str(path) for path in files)}"
    except OSError as error:  # the verdict matters more than its record
        where = f"it could not be written to {directory} ({error.strerror})"
    return dataclasses.replace(verdict, reason=f"{verdict.reason}; {where}")
