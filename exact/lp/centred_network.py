"""Move a network to the middle of what its activation patterns allow, away from the ends of the intervals."""

import numpy as np

from sparsest import tolerances
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.network import Network
from sparsest.problem import Problem


def centred(problem: Problem, coordinates: Coordinates, network: Network) -> Network:
    """Return a network with the same patterns whose values keep the largest margin to their intervals' ends.

    A network strictly inside every interval stays there when its parameters are rounded, so its floats are
    a proof themselves; a vertex, which LP solvers return, touches as many ends as it has parameters. The
    margin is measured in shares of each interval's width, or of the labels' scale for open-ended ones.
    Returns `network` when the linear program fails.

    Parameters
    ----------
    problem : Problem
        Intervals; at least one should have a width.
    coordinates : Coordinates
        The problem's well-scaled coordinates.
    network : Network
        A network that meets the intervals, perhaps up to rounding.
    """
    from scipy.optimize import linprog  # `import sparsest.exact` is to stay light

    rows, width = coordinates.rows, network.width
    n, r = rows.shape
    active = network.patterns(problem.X)
    signs = np.sign(network.outputs)
    values = np.concatenate(
        [signs[k] * active[k, :, None] * rows for k in range(width)]
        + [rows * coordinates.affine] * problem.has_affine_term
        or [np.zeros((n, 0))],
        axis=1,
    )
    free = np.r_[np.ones(width * r), coordinates.affine if problem.has_affine_term else []]
    cones = np.zeros((width * n, values.shape[1]))
    for k in range(width):
        cones[k * n : (k + 1) * n, k * r : (k + 1) * r] = np.where(active[k], -1.0, 1.0)[:, None] * rows
    low, high = problem.low / coordinates.scale, problem.high / coordinates.scale
    size = np.where(np.isfinite(high - low), high - low, 1.0)
    above, below = np.isfinite(low), np.isfinite(high)
    matrix = np.r_[
        np.c_[-values, size][above], np.c_[values, size][below], np.c_[cones, np.zeros(len(cones))]
    ]
    solution = linprog(
        np.r_[np.zeros(values.shape[1]), -1.0],
        A_ub=matrix,
        b_ub=np.r_[-low[above], high[below], np.zeros(len(cones))],
        bounds=[(None, None) if allowed else (0.0, 0.0) for allowed in free] + [(0.0, 0.5)],
        method="highs-ds",
        options={"primal_feasibility_tolerance": tolerances.LP_FEASIBILITY},
    )
    if solution.x is None:
        return network
    return coordinates.network(solution.x[:-1].reshape(-1, r), signs.tolist()) or network
