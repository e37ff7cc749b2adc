"""Networks that a search of the activation tree comes across: whether they provably fit."""

import itertools

import numpy as np

from sparsest import tolerances
from sparsest.exact.arithmetic.rational_network import RationalNetwork, meets_every_interval, rational_witness
from sparsest.exact.line.projection_witness import projection_witness
from sparsest.exact.lp.centred_network import centred
from sparsest.exact.tree.prepared import Prepared
from sparsest.exact.tree.state import Findings
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.refine import refine


def accept(prepared: Prepared, findings: Findings, network: Network, *, told_apart: bool = False) -> bool:
    """Take `network` for the witness if a rational network beside it provably fits, and say whether.

    Parameters
    ----------
    prepared : Prepared
        The problem.
    findings : Findings
        What is known; a network that fits up to rounding only is noted there as well.
    network : Network
        One that may fit.
    told_apart : bool
        Whether no two of its neurons have the same bits on every sample, as its place in the tree shows.
    """
    problem = prepared.problem
    network = refine(problem, network)
    if problem.weight_bound is not None and not (told_apart or in_cells_apart(problem, network)):
        return False
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
    if witness is not None and respects_bound(prepared, witness):
        findings.take(witness)


def fits(prepared: Prepared, witness: RationalNetwork) -> bool:
    """Whether a network, its cells not known, meets every interval and the weight bound."""
    return meets_every_interval(prepared.data, witness) and respects_bound(prepared, witness)


def respects_bound(prepared: Prepared, witness: RationalNetwork) -> bool:
    """Whether a network keeps to the weight bound, if there is one, as a whole in each cell."""
    problem = prepared.problem
    if problem.weight_bound is None:
        return True
    apart = in_cells_apart(problem, witness.rounded(problem.n_features))
    return apart and meets_every_interval(prepared.data, witness)


def in_cells_apart(problem: Problem, network: Network) -> bool:
    """Whether no cell holds two neurons of one output sign: a sample tells each pair strictly apart.

    Only then does a weight bound on each neuron say the same as on the sum of all neurons of a cell.
    """
    folded = network.folded
    inputs = problem.homogeneous @ folded.T
    margin = tolerances.LP_FEASIBILITY * network.term_sizes(problem)
    on, off = inputs > margin, inputs < -margin
    return all(
        bool(np.any((on[:, j] & off[:, k]) | (off[:, j] & on[:, k])))
        for j, k in itertools.combinations(range(network.width), 2)
        if network.outputs[j] == network.outputs[k]
    )


def near_miss_remark(problem: Problem, findings: Findings) -> str:
    """Return a sentence on the near miss, if it would be the better witness; otherwise nothing."""
    miss = findings.near_miss
    if miss is None or not findings.beats(miss.count()):
        return ""
    residual, count = miss.residual(problem), miss.count()
    advice = f"; computed labels need a tolerance, such as {residual * 100:.0e}" if residual > 0 else ""
    who = "1 neuron meets" if count == 1 else f"{count} neurons meet"
    return f"{who} the labels up to rounding ({residual:.1e}), but not provably{advice}"
