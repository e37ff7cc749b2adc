"""The loop of a search of the activation tree over the number of neurons and over their output signs."""

from collections.abc import Callable

from sparsest.exact.proof.log import ProofLog
from sparsest.exact.tree.output_signs import Signs, log_excluded, sign_splits, signs_of
from sparsest.exact.tree.prepared import Prepared
from sparsest.exact.tree.state import Findings, Headway


def close_the_gap(
    prepared: Prepared,
    findings: Findings,
    headway: Headway,
    log: ProofLog,
    *,
    refute: Callable[[Signs], bool],
    improve: Callable[[int], bool],
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
        Searches for a network with given output signs, and says whether there is one: it is in `findings`
        then.
    improve : callable
        Looks for a network of so many neurons, and says whether one is known.
    """
    problem = prepared.problem
    while findings.beats(headway.width):
        width = headway.width
        enough = headway.counters.nodes >= prepared.pacing.first_pause
        if not headway.begun and enough and improve(width):
            return  # all that is narrower was refuted, so that now a network is likely
        log_excluded(problem, width, log)
        for positive in sign_splits(problem, width):
            if positive in headway.splits:
                continue
            signs = signs_of(positive, width)
            log.begin(signs)
            if refute(signs):
                log.abandon()
                return
            log.end()
            headway.split_refuted(positive)
        headway.width_refuted()
        findings.refuted_below(headway.width)
