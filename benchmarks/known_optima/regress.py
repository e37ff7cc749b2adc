"""Solve every known optimum again, and say which no longer stand."""

import dataclasses
import datetime
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sparsest.benchmarks.known_optima import entries, proofs
from sparsest.benchmarks.known_optima.calibration import calibrate
from sparsest.benchmarks.known_optima.entries import Claim, KnownFile, Optimum
from sparsest.benchmarks.known_optima.findings import (
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
from sparsest.benchmarks.known_optima.proofs import NewProof, ProofState
from sparsest.check import ProofError
from sparsest.errors import SparsestError
from sparsest.exact import solve
from sparsest.io.problem_sources import read_problem
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress, ProgressCallback
from sparsest.results.solving import ExactResult, FitResult, Proof, Status

# Seconds below which a run is timed a second time, and the faster one counts: the first of its kind in a
# process also loads libraries.
_TIMED_TWICE: Final = 10.0


@dataclasses.dataclass(frozen=True)
class CheckedOptimum:
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
    proof : ProofState
        How its proof file stands; after `update` where `new_proof` is given.
    new_proof : bytes or None
        A verified proof that `update` stores.
    """

    optimum: Optimum
    findings: tuple[Finding, ...]
    seconds: float | None
    fresh: Mapping[str, object]
    proof: ProofState = ProofState.UNCHECKED
    new_proof: bytes | None = dataclasses.field(default=None, repr=False)

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
    checked : tuple of CheckedOptimum
        One an entry, in order; fewer after an interruption.
    calibration : float
        Seconds of the calibration loop.
    interrupted : bool
        Whether Ctrl-C ended the check.
    """

    files: tuple[KnownFile, ...]
    checked: tuple[CheckedOptimum, ...]
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
        As `sparsest.benchmarks.known_optima.entries.read_directory`.
    """
    files = entries.read_directory(directory or entries.shipped_directory(), unanswered=anew)
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
) -> CheckedOptimum:
    """Verify the proof of one entry, solve it again, and compare.

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
        return CheckedOptimum(optimum, (refuse("data", optimum.data, error),), None, {})
    claim = optimum.claim
    findings = judge_digest(claim, problem.digest) if claim else []
    if findings and not anew:
        return CheckedOptimum(optimum, tuple(findings), None, {})
    same = None if findings else claim  # None also when the answer is about other data
    state, wrong = proofs.verify(optimum, same, problem)
    try:
        result, seconds = _timed(optimum, problem, calibration, anew, progress)
    except SparsestError as error:
        return CheckedOptimum(optimum, (*wrong, refuse("method", optimum.method, error)), None, {}, state)
    if same is None:
        findings.append(fill_in(claim, result))
    else:
        findings += judge_answer(same, result, verified=state is ProofState.VERIFIED) + wrong
        if calibration is not None:
            findings += judge_time(same.effort, seconds, calibration)
    findings += judge_witness(problem, result)
    new = None
    if anew and not _keeps_proof(same, state, result):
        new, refused = _prove(optimum, problem, result, progress)
        findings += refused
    trained = optimum.trained
    if trained is not None:
        fit = _train(problem, optimum, progress)
        findings += judge_training(problem, trained, result.lower_bound, fit)
        trained = fit.count
    fresh = _fresh(problem, result, seconds, calibration, trained)
    checked = CheckedOptimum(optimum, tuple(findings), seconds, fresh, state)
    return checked if new is None else _with_proof(checked, new)


def _keeps_proof(claim: Claim | None, state: ProofState, result: ExactResult) -> bool:
    """Whether the proof that an entry has, or the reason why it has none, goes with today's answer."""
    if claim is None:
        return False
    same = (claim.lower, claim.upper) == (result.lower_bound, result.upper_bound)
    settled = state in (ProofState.VERIFIED, ProofState.LEFT_OUT)
    return same and settled


def _prove(
    optimum: Optimum, problem: Problem, result: ExactResult, progress: ProgressCallback | None
) -> tuple[NewProof, list[Finding]]:
    """Solve once more, by the method that gave the answer or one that can write it, and collect the proof.

    Not in the first run: asking for a proof makes "auto" choose among other methods.
    """
    if result.proof is not Proof.EXACT:
        return NewProof(None, None), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proof.json.gz"
        counts_neurons = optimum.objective is Objective.NEURONS  # other sweeps over one feature write none
        method = result.method if counts_neurons else optimum.method
        _solve(optimum, problem, progress, method=method, proof_file=path)
        try:
            return proofs.examine(path, problem, result), []
        except ProofError as error:
            sentence = f"the checker rejects the solver's new proof: {error}: one of the two is wrong"
            refused = Finding("proof file", "verified", "rejected", sentence, mendable=False)
            return NewProof(None, None), [refused]


def _with_proof(checked: CheckedOptimum, new: NewProof) -> CheckedOptimum:
    """Add a new proof, or the reason why there is none, to what `update` will write."""
    fresh = {**checked.fresh, **proofs.keys_of(checked.optimum, new)}
    state = new.state if checked.mendable else checked.proof
    return dataclasses.replace(checked, fresh=fresh, proof=state, new_proof=new.content)


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


def _solve(
    optimum: Optimum,
    problem: Problem,
    progress: ProgressCallback | None,
    method: str | None = None,
    proof_file: Path | None = None,
) -> ExactResult:
    result = solve(
        problem,
        optimum.objective,
        method=method or optimum.method,
        time_limit=optimum.time_limit,
        progress=progress,
        proof_file=proof_file,
    )
    if result.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    return result


def _train(problem: Problem, optimum: Optimum, progress: ProgressCallback | None) -> FitResult:
    """Train with default options and seed 0."""
    from sparsest.continuous import find_sparse  # loads torch

    fit = find_sparse(problem, optimum.objective, seed=0, device="cpu", progress=progress)
    if fit.status is Status.INTERRUPTED:
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


def update(regression: Regression, today: datetime.date | None = None) -> list[CheckedOptimum]:
    """Write what was found into the files wherever it differs, and return the entries that were rewritten.

    Entries that only came out as stated keep their dates. An entry that no new figure mends (its data cannot
    be read, its method does not apply, the solver's network is wrong) is left alone. New proofs are written
    first, then the files that name them, and at last proofs that no entry names any longer are removed: an
    interruption leaves a surplus proof at most.
    """
    date = today or datetime.date.today()
    rewritten = []
    for file in regression.files:
        wanted = [each for each in regression.checked if each.optimum.path == file.path and each.mendable]
        if wanted:
            entries.refuse_edited(file)
            for each in wanted:
                if each.new_proof is not None:
                    proofs.store(file.path.parent, str(each.fresh["proof_file"]), each.new_proof)
            changes = {each.optimum.number: {**each.fresh, "date": date} for each in wanted}
            entries.rewrite(file, changes)
            rewritten += wanted
    _remove_surplus(regression, rewritten)
    return rewritten


def _remove_surplus(regression: Regression, rewritten: list[CheckedOptimum]) -> None:
    """Remove proofs that rewritten entries named and no entry names now."""
    before, now = {}, set()
    fresh = {(each.optimum.path, each.optimum.number): each.fresh for each in rewritten}
    for file in regression.files:
        for optimum in file.optima:
            name = optimum.claim.proof_file if optimum.claim else None
            changes = fresh.get((file.path, optimum.number), {})
            now.add(changes.get("proof_file", name))
            if name is not None:
                before[name] = file.path.parent
    for name in before.keys() - now:
        proofs.remove(before[name], [name])
