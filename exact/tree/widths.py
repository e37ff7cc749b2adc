"""The loop of a search of the activation tree over the number of neurons and over their output signs."""

from collections.abc import Callable

from sparsest.exact.proof.log import ProofLog
from sparsest.exact.tree.output_signs import Signs, log_excluded, sign_splits, signs_of
from sparsest.exact.tree.prepared import Prepared
from sparsest.exact.tree.state import Findings, Headway
from sparsest.problem import Problem


def close_the_gap(
    prepared: Prepared,
    findings: Findings,
    headway: Headway,
    log: ProofLog,
    *,
    refute: Callable[[Signs], bool],
    improve: Callable[[int], bool],
    most: int | None = None,
) -> None:
    """Try ever more neurons; the lower bound follows as long as every refutation was verified.

    Parameters
    ----------
    prepared : Prepared
        The problem.
    findings, headway : Findings, Headway
        Where to begin; changed.
    log : ProofLog
        Told of every tree.
    refute : callable
        Searches for a network with given output signs, and says whether that is needless by now: there is
        one in `findings`, or networks of this width were refuted by other means.
    improve : callable
        Looks for a network of so many neurons, and for other means; says whether searching is needless.
    most : int, optional
        Neurons beyond which nothing is searched.
    """
    while findings.beats(headway.width) and (most is None or headway.width <= most):
        if findings.lower > headway.width:  # proven by other means meanwhile
            findings.unverified = 0
            headway.skip_to(findings.lower)
            continue
        width = headway.width
        enough = headway.counters.nodes >= prepared.pacing.first_pause
        if not headway.begun and enough and improve(width):
            continue  # all that is narrower was refuted, so that a network is likely now
        if _refuted(prepared.problem, headway, log, refute):
            headway.width_refuted()
            findings.refuted_below(headway.width)


def _refuted(problem: Problem, headway: Headway, log: ProofLog, refute: Callable[[Signs], bool]) -> bool:
    """Search for networks of the present width; whether there are none."""
    log_excluded(problem, headway.width, log)
    for positive in sign_splits(problem, headway.width):
        if positive in headway.splits:
            continue
        signs = signs_of(positive, headway.width)
        log.begin(signs)
        if refute(signs):
            log.abandon()
            return False
        log.end()
        headway.split_refuted(positive)
    return True
