"""The public result made of what a method returned, every figure of its network computed anew."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sparsest.exact.arithmetic.rational_network import meets_exactly
from sparsest.exact.line.residual import largest_violation
from sparsest.exact.method_result import MethodResult
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.solving import ExactResult, Proof, Status

# Samples times features times neurons beyond which a witness is not checked in rational arithmetic as well.
_MAX_CHECKED_SIZE = 100_000


def judged_result(
    problem: Problem,
    objective: Objective,
    found: MethodResult,
    *,
    method: str,
    reason: str,
    seconds: float,
    options: Mapping[str, Any],
) -> ExactResult:
    """Recompute every figure of a method's witness from the data, and believe no other.

    A witness whose rational original was checked exactly stands even where its floats, rounded, do not
    reach the accuracy asked of networks without such a proof.

    Parameters
    ----------
    problem : Problem
        The data.
    objective : Objective
        What is counted.
    found : MethodResult
        What the method claims.
    method, reason : str
        Which one it was, and why.
    seconds : float
        Wall time of this run.
    options : mapping
        Those that it ran with.
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
        seconds=seconds + found.seconds_before,
        nodes=found.nodes,
        unverified=found.unverified,
        solver=found.solver,
        remark=found.remark or _remark_on(problem, objective, found, network, residual, solves),
        options=options,
        problem=problem,
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
    if found.exact_witness or problem.X.size * max(network.width, 1) > _MAX_CHECKED_SIZE:
        return ""
    if not meets_exactly(problem, network, objective):
        return "the witness meets the labels up to rounding, not exactly"
    return ""
