"""The plain activation tree: what the tree of `sparsest.exact` has to be compared with.

For K = 0, 1, 2, ... neurons and each number of positive output signs, the samples are taken in the order in
which they are given; a node says which neurons are active on the next one, and is left when HiGHS calls its
linear program infeasible. Rows are appended and deleted, so that the dual simplex starts warm; neurons of one
sign are kept in lexicographic order of their bits. There are no cells, no bounds from elsewhere, no local
search and no other order of samples, and what HiGHS says within its default tolerances is believed. Only its
last network is corrected (`sparsest.refine`), without which a referee would not count it.
"""

import itertools
from collections.abc import Iterator, Sequence

import highspy
import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.benchmarks.suites.method_answer import MethodAnswer, TracePoint
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.refine import refine

Bits = tuple[int, ...]


class _OutOfTimeError(Exception):
    """The time limit was reached inside the tree."""


def plain_tree(
    problem: Problem, objective: Objective, *, seed: int = 0, time_limit: float | None = None
) -> MethodAnswer:
    """Try one number of neurons after the other until a network fits.

    Parameters
    ----------
    problem : Problem
        Without a bound on the weights.
    objective : Objective
        Neurons.
    seed : int
        Changes nothing.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    MethodAnswer
        Its work is the number of nodes, its proof HiGHS's word.

    Raises
    ------
    InputError
        When weights are bounded, or something other than neurons is counted.
    """
    if objective is not Objective.NEURONS or problem.weight_bound is not None:
        raise InputError("the plain tree counts neurons, of problems without a bound on the weights")
    deadline = Deadline(time_limit)
    trace: list[TracePoint] = [(0.0, 0, None)]
    nodes, width, network, status = 0, 0, None, "optimal"
    try:
        for tree in _trees(problem, deadline):
            if len(tree.signs) > width:
                width = len(tree.signs)
                trace.append((deadline.seconds, width, None))
            network = tree.search()
            nodes += tree.nodes
            if network is not None:
                break
        else:
            status = "numerical"  # so many neurons always suffice: HiGHS was wrong somewhere
    except _OutOfTimeError:
        nodes += tree.nodes
        status = "time_limit"
    return MethodAnswer(
        network=network,
        status=status,
        lower_bound=width,
        proof="numerical",
        trace=(*trace, (deadline.seconds, width, None if network is None else width)),
        work=nodes,
        solver=f"highs {highspy.Highs().version()}",
    )


def _trees(problem: Problem, deadline: Deadline) -> Iterator["_Tree"]:
    """Yield the searches for 0, 1, 2, ... neurons, at most the N + 1 that suffice."""
    for width in range(problem.n_samples + 2):
        for positive in range(width + 1):
            yield _Tree(problem, width, positive, deadline)


class _Tree:
    """The search for a network of `width` neurons, `positive` of them with output weight +1."""

    def __init__(self, problem: Problem, width: int, positive: int, deadline: Deadline) -> None:
        self.problem, self.deadline = problem, deadline
        self.data = problem.homogeneous
        self.low, self.high = problem.low.tolist(), problem.high.tolist()
        self.signs = [1] * positive + [-1] * (width - positive)
        self.lp = _new_program((width + (problem.affine is Affine.SKIP)) * self.data.shape[1])
        self.nodes = 0

    def search(self) -> Network | None:
        """Return a network that fits, or None when there is none of this kind."""
        found = self._descend(0, [True] * max(len(self.signs) - 1, 0))
        return self._network() if found else None

    def _descend(self, i: int, tied: Sequence[bool]) -> bool:
        """Assign the samples from i on; neurons k and k + 1 are tied if their bits were equal so far."""
        if i == len(self.data):
            return True
        for active, still in self._choices(i, tied):
            self.nodes += 1
            if self.deadline.expired:
                raise _OutOfTimeError
            before = self.lp.getNumRow()
            self._add_rows(i, active)
            if self._is_feasible() and self._descend(i + 1, still):
                return True
            after = self.lp.getNumRow()
            self.lp.deleteRows(after - before, np.arange(before, after, dtype=np.int32))
        return False

    def _is_feasible(self) -> bool:
        if self.lp.getNumCol() == 0:  # HiGHS calls a program without columns neither feasible nor infeasible
            return bool(max(self.low) <= 0 <= min(self.high))
        self.lp.run()
        return bool(self.lp.getModelStatus() == highspy.HighsModelStatus.kOptimal)

    def _choices(self, i: int, tied: Sequence[bool]) -> Iterator[tuple[Bits, list[bool]]]:
        """Bits of sample i, and which neurons are tied after it, up to symmetry."""
        width, skip = len(self.signs), self.problem.affine is Affine.SKIP
        # a neuron that is active on the first sample can be turned round: the affine term takes the rest
        choices = itertools.product([1, 0], repeat=width) if not (skip and i == 0) else [(0,) * width]
        for active in choices:
            still = self._ties_after(active, tied)
            if still is not None and (skip or self._reaches(i, active)):
                yield active, still

    def _ties_after(self, active: Bits, tied: Sequence[bool]) -> list[bool] | None:
        """Return the new ties; None where neurons of one sign leave their lexicographic order."""
        still = list(tied)
        for k, equal in enumerate(tied):
            if equal and self.signs[k] == self.signs[k + 1]:
                if active[k] < active[k + 1]:
                    return None
                still[k] = active[k] == active[k + 1]
        return still

    def _reaches(self, i: int, active: Bits) -> bool:
        """Whether a neuron of the label's sign is active, where the label is not zero."""
        pairs = [s for a, s in zip(active, self.signs, strict=True) if a]
        return not (self.low[i] > 0 and 1 not in pairs) and not (self.high[i] < 0 and -1 not in pairs)

    def _add_rows(self, i: int, active: Bits) -> None:
        sample, size = self.data[i], len(self.data[i])
        for k, bit in enumerate(active):
            low, high = (0.0, highspy.kHighsInf) if bit else (-highspy.kHighsInf, 0.0)
            self.lp.addRow(low, high, size, np.arange(k * size, (k + 1) * size, dtype=np.int32), sample)
        terms = [(k, self.signs[k]) for k, bit in enumerate(active) if bit]
        terms += [(len(active), 1)] if self.problem.affine is Affine.SKIP else []
        columns = [k * size + j for k, _ in terms for j in range(size)]
        values = [sign * sample[j] for _, sign in terms for j in range(size)]
        self.lp.addRow(
            self.low[i],
            self.high[i],
            len(columns),
            np.array(columns, dtype=np.int32),
            np.array(values, dtype=np.float64),
        )

    def _network(self) -> Network:
        solution = np.array(self.lp.getSolution().col_value, dtype=np.float64)
        rows: FloatArray = solution.reshape(-1, self.data.shape[1])
        width = len(self.signs)
        network = Network.from_folded(
            rows[:width], self.signs, rows[width] if self.problem.affine is Affine.SKIP else None
        )
        return refine(self.problem, network)


def _new_program(columns: int) -> highspy.Highs:
    highspy.Highs.resetGlobalScheduler(True)  # others may have started it with more threads
    program = highspy.Highs()
    for name, value in {"output_flag": False, "threads": 1, "presolve": "off", "solver": "simplex"}.items():
        program.setOptionValue(name, value)
    for _ in range(columns):
        program.addVar(-highspy.kHighsInf, highspy.kHighsInf)
    return program
