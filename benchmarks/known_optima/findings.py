"""What of a known optimum no longer stands, given what the solver says today."""

import dataclasses
from typing import Final

import numpy as np

from sparsest import tolerances
from sparsest.benchmarks.known_optima.entries import Claim
from sparsest.errors import SparsestError
from sparsest.exact.arithmetic.rational_network import meets_exactly
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.results.solving import ExactResult, FitResult, Proof, Status

# A run is called slower than stated beyond this factor: repeated runs of one entry on an idle machine differ
# by up to a half, on a shared one by up to two.
SLOWER: Final = 3.0

# Nor is one whose excess a person would not notice, in seconds.
_NOTICED: Final = 0.5

# Digits of a digest that people compare.
PREFIX: Final = 12

_WRONG: Final = "the solver is wrong or the entry is"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One difference between what an entry states and what was found.

    Attributes
    ----------
    what : str
        "data", "digest", "method", "answer", "bounds", "status", "proof", "proof file", "witness", "trained"
        or "time".
    stated, found : str
        Both sides, a few words each.
    sentence : str
        What it means.
    stands : bool
        Whether the entry stands all the same: an improvement, or a slower run.
    mendable : bool
        Whether new figures in the file mend it.
    """

    what: str
    stated: str
    found: str
    sentence: str
    stands: bool = False
    mendable: bool = True


def refuse(what: str, stated: str, error: Exception) -> Finding:
    """Say that an entry's data or method cannot be used."""
    reason = str(error) if isinstance(error, SparsestError) else f"{stated}: {error}"
    return Finding(what, stated, "not usable", reason, mendable=False)


def fill_in(claim: Claim | None, result: ExactResult) -> Finding:
    """Put an answer in the place of none, or of one about other data."""
    now = bounds(result.lower_bound, result.upper_bound)
    found = f"{now}, {result.status}, {result.proof}"
    if claim is None:
        return Finding("answer", "nothing", found, "filled in", stands=True)
    stated = f"{bounds(claim.lower, claim.upper)}, {claim.status}, {claim.proof}"
    return Finding("answer", stated, found, "the answer for the new data")


def judge_digest(claim: Claim, digest: str) -> list[Finding]:
    """Compare the data's digest with the stated one."""
    if claim.digest == digest:
        return []
    return [
        Finding(
            "digest",
            claim.digest[:PREFIX],
            digest[:PREFIX],
            "the dataset changed, so the entry is about other data: restore it, or accept it with --update",
        )
    ]


def judge_answer(claim: Claim, result: ExactResult, *, verified: bool = False) -> list[Finding]:
    """Compare bounds, status and proof with the stated ones, which a proof may have been `verified` of."""
    return [
        *_judge_bounds(claim, result, verified),
        *_judge_status(claim, result),
        *_judge_proof(claim, result),
    ]


def _judge_bounds(claim: Claim, result: ExactResult, verified: bool) -> list[Finding]:
    stated = bounds(claim.lower, claim.upper)
    found = bounds(result.lower_bound, result.upper_bound)
    if _contradict(claim, result):
        word = "optimum" if claim.status is Status.OPTIMAL else "bounds"
        wrong = "its proof was verified, so the solver is wrong" if verified else _WRONG
        sentence = f"known {word} {stated}, found {found}: {wrong}"
        return [Finding("bounds", stated, found, sentence, mendable=not verified)]
    weaker = result.lower_bound < claim.lower or _above(result.upper_bound, claim.upper)
    better = result.lower_bound > claim.lower or _above(claim.upper, result.upper_bound)
    if weaker:
        sentence = f"known {stated}, now only {found}: {result.status.sentence}"
        return [Finding("bounds", stated, found, sentence)]
    if better:
        sentence = f"improved: known {stated}, now {found}; keep it with --update"
        return [Finding("bounds", stated, found, sentence, stands=True)]
    return []


def _contradict(claim: Claim, result: ExactResult) -> bool:
    """Whether no truth satisfies both: intervals that do not meet."""
    return (claim.upper is not None and result.lower_bound > claim.upper) or (
        result.upper_bound is not None and claim.lower > result.upper_bound
    )


def _above(first: int | None, second: int | None) -> bool:
    """Whether `first` is the larger upper bound; None is infinite."""
    return first != second and (first is None or (second is not None and first > second))


def _judge_status(claim: Claim, result: ExactResult) -> list[Finding]:
    if claim.status is result.status:
        return []
    stands = result.status is Status.OPTIMAL and not _contradict(claim, result)
    sentence = (
        f"improved: {result.status.sentence}; keep it with --update"
        if stands
        else f"the status was {claim.status}: {claim.status.sentence}; now {result.status.sentence}"
    )
    return [Finding("status", str(claim.status), str(result.status), sentence, stands)]


def _judge_proof(claim: Claim, result: ExactResult) -> list[Finding]:
    if claim.proof is result.proof:
        return []
    stands = result.proof is Proof.EXACT
    sentence = (
        "improved: every step was verified now; keep it with --update"
        if stands
        else "the entry states a proof in rational arithmetic; now some steps rest on floats"
    )
    return [Finding("proof", str(claim.proof), str(result.proof), sentence, stands)]


def judge_witness(problem: Problem, result: ExactResult) -> list[Finding]:
    """Recompute from the data what the solver says of its network."""
    network = result.network
    if network is None:
        return []
    count = network.count(result.objective)
    stated = f"{result.upper_bound} {result.objective}"
    if count != result.upper_bound:
        sentence = "the solver's network has another count than it reports: the solver is wrong"
        return [Finding("witness", stated, f"{count} {result.objective}", sentence, mendable=False)]
    if network.solves(problem) or _misses_by_rounding(problem, network):
        return []
    if meets_exactly(problem, network, result.objective):
        return []
    sentence = "the solver's network does not meet the data: the solver is wrong"
    found = f"misses by {network.residual(problem):.1e}"
    return [Finding("witness", f"{stated}, fits", found, sentence, mendable=False)]


def _misses_by_rounding(problem: Problem, network: Network) -> bool:
    """Whether a miss is no larger than what rounding the network's numbers to floats may cause.

    A rational network with large weights that cancel, as data with nearly equal inputs need, meets labels
    that its floats miss. Unlike in `Network.solves` the size of the terms counts in full: nothing better can
    be said from the floats, and the solver had to check the rational network.
    """
    reach = np.abs(problem.homogeneous).max(axis=0)
    terms = float(network.term_sizes(problem).sum())
    if network.affine is not None:
        terms += float(np.abs(network.affine) @ reach)
    return network.within_bound(problem) and network.residual(problem) <= tolerances.ROUNDING * terms


def judge_training(problem: Problem, stated: int, lower: int, fit: FitResult) -> list[Finding]:
    """Compare the count that training reached with the stated one."""
    if not fit.network.solves(problem):
        sentence = "training with default options and seed 0 no longer fits the data"
        found = f"misses by {fit.residual:.1e}"
        return [Finding("trained", str(stated), found, sentence, mendable=False)]
    if fit.count == stated:
        return []
    if fit.count < lower:
        sentence = f"training fits with {fit.count}, below the lower bound {lower}: one side is wrong"
        return [Finding("trained", str(stated), str(fit.count), sentence, mendable=False)]
    stands = fit.count < stated
    sentence = (
        f"improved: training reaches {fit.count} {fit.objective}; keep it with --update"
        if stands
        else f"training with default options and seed 0 stops at {fit.count} {fit.objective}"
    )
    return [Finding("trained", str(stated), str(fit.count), sentence, stands)]


def judge_time(effort: float | None, seconds: float, calibration: float) -> list[Finding]:
    """Say when a run took much longer than stated, in units of the calibration loop."""
    if effort is None or not is_slower(effort, seconds, calibration):
        return []
    ratio = seconds / calibration / effort
    return [
        Finding(
            "time",
            f"{effort * calibration:.2g} s",
            f"{seconds:.2g} s",
            f"slower: {ratio:.1f} times the stated effort",
            stands=True,
        )
    ]


def is_slower(effort: float, seconds: float, calibration: float) -> bool:
    """Whether a run took so much longer than stated that a person should know."""
    stated = effort * calibration
    return seconds > SLOWER * stated and seconds - stated > _NOTICED


def bounds(lower: int, upper: int | None) -> str:
    """Spell what is known: ``3``, ``[3, 8]`` or ``at least 3``."""
    if upper is None:
        return f"at least {lower}"
    return str(lower) if lower == upper else f"[{lower}, {upper}]"
