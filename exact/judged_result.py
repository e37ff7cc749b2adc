"""The public result made of what a method returned, every figure of its network computed anew."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from sparsest.exact.arithmetic.rational_network import meets_exactly
from sparsest.exact.line.projection_witness import projection_witness
from sparsest.exact.line.residual import largest_violation
from sparsest.exact.method_result import MethodResult
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.solving import ExactResult, Status
from sparsest.sentences import joined
from sparsest.units import in_own_units

_ROUNDED_ONLY: Final = "the network found meets the labels up to rounding, not exactly, so it does not count"
# Samples times the square of a network's numbers, beyond which elimination in rationals takes seconds: a
# witness of the mixed-integer program is then believed as far as floats tell, as its proof is.
_MAX_CHECKED_SIZE: Final = 5_000_000


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
    exact = found.exact_witness or network is None or _meets(problem, objective, network)
    if not exact:  # so many may not suffice; the network of the projection does, whatever it counts
        network, upper = _exact_network(problem, objective)
        residual, solves = (None, False) if network is None else largest_violation(problem, network)
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
        seconds_before=found.seconds_before,
        nodes=found.nodes,
        unverified=found.unverified,
        solver=found.solver,
        remark=joined(found.remark, _ROUNDED_ONLY * (not exact and status is not Status.OPTIMAL))
        or _remark_on(found, network, residual, solves=solves),
        options=options,
        problem=problem,
    )


def _meets(problem: Problem, objective: Objective, network: Network) -> bool:
    """Whether a witness meets the labels exactly; taken for granted where that is too large to check."""
    size = problem.n_samples * (network.width * (problem.n_features + 1)) ** 2
    return size > _MAX_CHECKED_SIZE or meets_exactly(problem, network, objective)


def _exact_network(problem: Problem, objective: Objective) -> tuple[Network | None, int | None]:
    """Return a network that fits exactly, however many it takes, and its count; or None twice."""
    witness = projection_witness(problem.in_integers.distinct())
    if witness is None:
        return None, None
    network = in_own_units(problem, witness.rounded(problem.n_features))
    return network, network.count(objective)


def _remark_on(found: MethodResult, network: Network | None, residual: float | None, *, solves: bool) -> str:
    if network is None or solves:
        return ""
    return (
        f"the witness was checked in rational arithmetic; rounded to floats it misses by up to "
        f"{residual:.1e}, because its weights are large or cancel"
    )
