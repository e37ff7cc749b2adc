"""The convex two-layer program over all cells (Pilanci and Ergen 2020), in interpolation form.

"Neural networks are convex regularizers: exact polynomial-time convex optimization formulations for
two-layer networks", ICML 2020: training with weight decay is the convex program

    minimise  sum_{cell, sign} ||u||  subject to  u in the cone of its cell,  sum sign D Xh u = y.

Differences: the norm inside a group is l^1, not l^2, which makes it a linear program, whose simplex vertex is
the sparsest kind of its solutions and has at most N neurons; labels are interpolated (within the problem's
intervals), their limit of vanishing weight decay, rather than fitted by squared loss; the bias is one more
entry of u, free of charge for the objective ``weights``; inputs and labels are scaled to about one by powers
of two, and centred unless biases are counted.
"""

from sparsest.benchmarks.peers.l1 import BlockProgram, both_signs, solver_version
from sparsest.benchmarks.suites.method_answer import MethodAnswer
from sparsest.errors import InputError
from sparsest.exact.cells.enumerate import count_in_general_position, enumerate_cells
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Cells beyond which the program is refused, and nonzeros of its cone constraints, of which HiGHS makes a few
# copies of 12 bytes each.
MAX_CELLS = 200_000
MAX_NONZEROS = 3 * 10**7


def group_lasso(
    problem: Problem, objective: Objective, *, seed: int = 0, time_limit: float | None = None
) -> MethodAnswer:
    """Minimise the sum of group norms over one neuron for each cell and output sign.

    Parameters
    ----------
    problem : Problem
        Any whose cells can be enumerated; the weight bound is respected.
    objective : Objective
        What is counted; decides whether biases cost.
    seed : int
        Not used: nothing is random.
    time_limit : float, optional
        Seconds. Enumerating the cells is not cut short.

    Returns
    -------
    MethodAnswer
        The network of a vertex solution; nothing is proven about counts. Status "finished", "time_limit",
        or "stuck" when the weight bound lets no network fit that has one neuron for each cell and sign.

    Raises
    ------
    InputError
        When there may be more than `MAX_CELLS` cells, or the program would be too large.
    """
    deadline = Deadline(time_limit)
    problem = problem.distinct()
    _refuse_large(problem)
    patterns, signs = both_signs(enumerate_cells(problem.in_integers.X, numbers="binary").patterns)
    program = BlockProgram.of(problem, objective)
    neurons = program.solve(patterns, signs, program.costs(len(signs)), deadline)
    network = None if neurons is None else program.network(neurons)
    known = network.count(objective) if network is not None and network.solves(problem) else None
    missing = "time_limit" if deadline.expired else "stuck"
    return MethodAnswer(
        network=network,
        status=missing if network is None else "finished",
        trace=((deadline.seconds, None, known),),
        work=len(signs),
        solver=solver_version(),
        options={"seed": seed, "time_limit": time_limit},
    )


def _refuse_large(problem: Problem) -> None:
    N, D = problem.homogeneous.shape
    cells = count_in_general_position(N, D)
    nonzeros = 4 * cells * N * D  # two signs, and u split into two
    if cells > MAX_CELLS or nonzeros > MAX_NONZEROS:
        raise InputError(
            f"up to {cells:.3g} cells for N = {N} samples and d = {D - 1} features make a linear program of "
            f"{nonzeros:.0e} nonzeros: use fewer samples or features, or sampled patterns (l1)"
        )
