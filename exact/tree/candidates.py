"""Networks that a search of the activation tree comes across: whether they provably fit."""

from sparsest.exact.arithmetic.rational_network import RationalNetwork, rational_witness
from sparsest.exact.line.projection_witness import projection_witness
from sparsest.exact.lp.centred_network import centred
from sparsest.exact.tree.prepared import Prepared
from sparsest.exact.tree.state import Findings
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.refine import refine


def accept(prepared: Prepared, findings: Findings, network: Network) -> bool:
    """Take `network` for the witness if a rational network beside it provably fits, and say whether.

    Parameters
    ----------
    prepared : Prepared
        The problem.
    findings : Findings
        What is known; a network that fits up to rounding only is noted there as well.
    network : Network
        One that may fit.
    """
    problem = prepared.problem
    network = refine(problem, network)
    witness = _proven(prepared, network)
    if witness is None:
        if findings.near_miss is None and network.solves(problem):
            findings.near_miss = network  # widths only grow, so the first is the narrowest
        return False
    findings.take(witness)
    return True


def _proven(prepared: Prepared, network: Network) -> RationalNetwork | None:
    """Return a rational network with the patterns of `network` that provably fits."""
    problem = prepared.problem
    witness = rational_witness(prepared.data, network)
    if witness is None and not problem.is_interpolation and problem.weight_bound is None:
        witness = rational_witness(prepared.data, centred(problem, prepared.coordinates, network))
    return witness


def take_projection(prepared: Prepared, findings: Findings) -> None:
    """Take a function of one projection of the data for a witness: every problem has one at once."""
    witness = projection_witness(prepared.problem)
    if witness is not None:
        findings.take(witness)


def near_miss_remark(problem: Problem, findings: Findings) -> str:
    """Return a sentence on the near miss, if it would be the better witness; otherwise nothing."""
    miss = findings.near_miss
    if miss is None or not findings.beats(miss.count()):
        return ""
    residual, count = miss.residual(problem), miss.count()
    advice = f"; computed labels need a tolerance, such as {residual * 100:.0e}" if residual > 0 else ""
    who = "1 neuron meets" if count == 1 else f"{count} neurons meet"
    return f"{who} the labels up to rounding ({residual:.1e}), but not provably{advice}"
