"""Solve every known optimum again, and say which no longer stand."""

import dataclasses
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sparsest.benchmarks import known_optima
from sparsest.benchmarks.calibration import calibrate
from sparsest.benchmarks.judgement import (
    Finding,
    fill_in,
    is_slower,
    judge_answer,
    judge_digest,
    judge_time,
    judge_training,
    judge_witness,
    refuse,
)
from sparsest.benchmarks.known_optima import KnownFile, Optimum
from sparsest.errors import SparsestError
from sparsest.exact import solve
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress, ProgressCallback
from sparsest.results import ExactResult, FitResult, Status
from sparsest.sources import read_problem

# Seconds below which a run is timed a second time, and the faster one counts: the first of its kind in a
# process also loads libraries.
_TIMED_TWICE: Final = 10.0


@dataclasses.dataclass(frozen=True)
class Checked:
    """An entry after its check.

    Attributes
    ----------
    optimum : Optimum
        The entry.
    findings : tuple of Finding
        Every difference; empty when all is as stated.
    seconds : float or None
        Of the exact side; None when it did not run.
    fresh : mapping
        Keys of the entry with what was found, for `update`; None stands for an absent key.
    """

    optimum: Optimum
    findings: tuple[Finding, ...]
    seconds: float | None
    fresh: Mapping[str, object]

    @property
    def stands(self) -> bool:
        """Whether value, status and proof are as stated, or better."""
        return all(finding.stands for finding in self.findings)

    @property
    def mendable(self) -> bool:
        """Whether there are findings, and new figures in the file mend all of them."""
        return bool(self.findings) and all(finding.mendable for finding in self.findings)


@dataclasses.dataclass(frozen=True)
class Regression:
    """All entries of a folder after the check.

    Attributes
    ----------
    files : tuple of KnownFile
        As they were read.
    checked : tuple of Checked
        One an entry, in order; fewer after an interruption.
    calibration : float
        Seconds of the calibration loop.
    interrupted : bool
        Whether Ctrl-C ended the check.
    """

    files: tuple[KnownFile, ...]
    checked: tuple[Checked, ...]
    calibration: float
    interrupted: bool

    @property
    def total(self) -> int:
        """Number of entries, checked or not."""
        return sum(len(file.optima) for file in self.files)

    @property
    def stands(self) -> bool:
        """Whether every entry that was checked stands."""
        return all(each.stands for each in self.checked)


def regress(
    directory: Path | None = None,
    *,
    anew: bool = False,
    progress: ProgressCallback | None = None,
) -> Regression:
    """Check every known optimum of a folder; Ctrl-C ends with what was checked so far.

    Parameters
    ----------
    directory : Path, optional
        Folder of .toml files; those that come with the package by default.
    anew : bool
        Whether to solve entries whose answer is absent or about other data as well, for `update`.
    progress : callable, optional
        Receives a `sparsest.progress.Progress`; its fraction is the share of entries done.

    Raises
    ------
    InputError
        As `sparsest.benchmarks.known_optima.read_directory`.
    """
    files = known_optima.read_directory(directory or known_optima.shipped_directory(), unanswered=anew)
    optima = [optimum for file in files for optimum in file.optima]
    calibration, checked, clock = 1.0, [], Deadline(None)
    try:
        calibration = calibrate()
        for done, optimum in enumerate(optima):
            name = f"{done + 1}/{len(optima)} {optimum.name}"
            report = _reporter(progress, clock, name, done / len(optima))
            checked.append(check(optimum, calibration=calibration, anew=anew, progress=report))
    except KeyboardInterrupt:
        return Regression(tuple(files), tuple(checked), calibration, interrupted=True)
    return Regression(tuple(files), tuple(checked), calibration, interrupted=False)


def _reporter(
    progress: ProgressCallback | None, clock: Deadline, name: str, fraction: float
) -> ProgressCallback | None:
    if progress is None:
        return None

    def report(state: Progress) -> None:
        message = f"{name}: {state.message}"
        progress(dataclasses.replace(state, message=message, seconds=clock.seconds, fraction=fraction))

    report(Progress("starts", 0.0))
    return report


def check(
    optimum: Optimum,
    *,
    calibration: float | None = None,
    anew: bool = False,
    progress: ProgressCallback | None = None,
) -> Checked:
    """Solve one entry again and compare.

    Parameters
    ----------
    optimum : Optimum
        The entry.
    calibration : float, optional
        Seconds of the calibration loop; without it times are not judged.
    anew : bool
        Whether to solve even where the stated answer is absent or about other data.
    progress : callable, optional
        As of `sparsest.exact.solve`.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, although solvers then return what they know.
    """
    try:
        problem = read_problem(optimum.data, optimum.asked, optimum.path.parent)
    except (SparsestError, OSError) as error:
        return Checked(optimum, (refuse("data", optimum.data, error),), None, {})
    claim = optimum.claim
    findings = judge_digest(claim, problem.digest) if claim else []
    if findings and not anew:
        return Checked(optimum, tuple(findings), None, {})
    try:
        result, seconds = _timed(optimum, problem, calibration, anew, progress)
    except SparsestError as error:
        return Checked(optimum, (refuse("method", optimum.method, error),), None, {})
    if claim is None or findings:
        findings.append(fill_in(claim, result))
    else:
        findings += judge_answer(claim, result)
        if calibration is not None:
            findings += judge_time(claim.effort, seconds, calibration)
    findings += judge_witness(problem, result)
    trained = optimum.trained
    if trained is not None:
        fit = _train(problem, optimum, progress)
        findings += judge_training(problem, trained, result.lower_bound, fit)
        trained = fit.count
    return Checked(optimum, tuple(findings), seconds, _fresh(problem, result, seconds, calibration, trained))


def _timed(
    optimum: Optimum,
    problem: Problem,
    calibration: float | None,
    anew: bool,
    progress: ProgressCallback | None,
) -> tuple[ExactResult, float]:
    """Solve; where the time matters and is short, once more, and take the shorter time."""
    result = _solve(optimum, problem, progress)
    if calibration is None or result.seconds > _TIMED_TWICE or result.status is Status.TIME_LIMIT:
        return result, result.seconds
    effort = optimum.claim.effort if optimum.claim else None
    if anew or (effort is not None and is_slower(effort, result.seconds, calibration)):
        return result, min(result.seconds, _solve(optimum, problem, progress).seconds)
    return result, result.seconds


def _solve(optimum: Optimum, problem: Problem, progress: ProgressCallback | None) -> ExactResult:
    result = solve(
        problem,
        optimum.objective,
        method=optimum.method,
        time_limit=optimum.time_limit,
        progress=progress,
    )
    if result.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    return result


def _train(problem: Problem, optimum: Optimum, progress: ProgressCallback | None) -> FitResult:
    """Train with default options and seed 0."""
    from sparsest.continuous import minimize  # loads torch

    fit = minimize(problem, objective=optimum.objective, seed=0, device="cpu", progress=progress)
    if fit.options["stopped"] == "interrupted":
        raise KeyboardInterrupt
    return fit


def _fresh(
    problem: Problem, result: ExactResult, seconds: float, calibration: float | None, trained: int | None
) -> dict[str, object]:
    """Return what was found by the keys of an entry; a run that a time limit cut has no effort to state."""
    effort = None
    if calibration is not None and result.status is not Status.TIME_LIMIT:
        effort = float(f"{seconds / calibration:.2g}")
    found: dict[str, object] = {
        "status": str(result.status),
        "lower": result.lower_bound,
        "upper": result.upper_bound,
        "proof": str(result.proof),
        "digest": problem.digest,
        "effort": effort,
    }
    return found if trained is None else found | {"trained": trained}


def update(regression: Regression, today: datetime.date | None = None) -> list[Checked]:
    """Write what was found into the files wherever it differs, and return the entries that were rewritten.

    Entries that only came out as stated keep their dates. An entry that no new figure mends (its data cannot
    be read, its method does not apply, the solver's network is wrong) is left alone.
    """
    date = today or datetime.date.today()
    rewritten = []
    for file in regression.files:
        wanted = [each for each in regression.checked if each.optimum.path == file.path and each.mendable]
        if wanted:
            changes = {each.optimum.number: {**each.fresh, "date": date} for each in wanted}
            known_optima.rewrite(file, changes)
            rewritten += wanted
    return rewritten
