"""Depth-first exploration of one tree or subtree: a linear program a node, a reason for each one closed."""

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.exact_decision import decide
from sparsest.exact.arithmetic.farkas import contradiction_of_equations, refutation_near
from sparsest.exact.arithmetic.rational_network import meets_every_interval, network_of
from sparsest.exact.lp.row_stack import Answer
from sparsest.exact.proof.log import Bits, ProofLog
from sparsest.exact.proof.recorded_log import Prefix
from sparsest.exact.tree.branching import BranchPoint, FeasibleNode
from sparsest.exact.tree.candidates import accept
from sparsest.exact.tree.limits import SearchLimits, StoppedError
from sparsest.exact.tree.node_program import FeasibilityProgram
from sparsest.exact.tree.prepared import Prepared
from sparsest.exact.tree.state import Counters, Findings


def _never() -> bool:
    return False


def _nothing_found(width: int) -> bool:
    return False


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What an exploration keeps to, beside the tree itself.

    Attributes
    ----------
    prepared : Prepared
        The problem.
    findings : Findings
        What is known; better networks and unverified leaves go there.
    counters : Counters
        Where nodes are counted.
    limits : SearchLimits
        What may stop it, and who is told of progress.
    saving_due : callable
        Whether it is time to save, for which an exploration with a budget ends early.
    at_pause : callable
        Called with the number of neurons when a local search is due; says whether a network of so many was
        found, which ends the exploration.
    compiled_from : int
        Nodes from which on compiled code is used.
    """

    prepared: Prepared
    findings: Findings
    counters: Counters
    limits: SearchLimits
    saving_due: Callable[[], bool] = _never
    at_pause: Callable[[int], bool] = _nothing_found
    compiled_from: int = 0


class Exploration:
    """Explores the networks with given output signs, or a part of them.

    Parameters
    ----------
    around : Surroundings
        The problem, what is known, and limits.
    signs : tuple of int
        Output signs.
    log : ProofLog
        Told of every node.
    """

    def __init__(self, around: Surroundings, signs: tuple[int, ...], log: ProofLog) -> None:
        self._around, self._signs, self._log = around, signs, log
        self._prepared, self._branching = around.prepared, around.prepared.branching
        self._problem = around.prepared.problem
        self._program = self._new_program()
        self._tied = self._first_tied()
        self._path: list[BranchPoint] = []
        self._floor = 0
        self.left: list[Prefix] = []

    def _new_program(self) -> FeasibilityProgram:
        prepared = self._prepared
        return FeasibilityProgram(self._problem, prepared.data, prepared.coordinates, self._signs)

    def _first_tied(self) -> tuple[bool, ...]:
        """Return which neighbours are interchangeable at the root."""
        return tuple(a == b for a, b in itertools.pairwise(self._signs))

    def run(self, prefix: Prefix = (), budget: float | None = None) -> bool:
        """Search for a network with these output signs; False when there is none.

        Below a prefix of samples with bits only that subtree is searched. With a budget of nodes, what is not
        yet searched when that is spent, a limit reached or it is time to save is appended to `left`, and the
        answer is about the rest; without one, limits raise `StoppedError`.
        """
        counters, path = self._around.counters, self._path
        state = self._start(prefix)
        self._around.limits.follow(path)
        first, last = counters.nodes, math.inf if budget is None else counters.nodes + budget
        while state is not None:
            # every piece makes some way, however tight the limits
            if counters.nodes > first and (
                counters.nodes >= last or (budget is not None and self._ends_early())
            ):
                self._leave_open()
                return False
            if counters.nodes >= counters.pause:
                if counters.pause_is_due() and self._around.at_pause(len(self._signs)):
                    return True
                state = self._with_cells_if_they_pay(state)
            if counters.nodes >= self._around.compiled_from:
                self._program.go_compiled()
                self._branching.go_compiled()
            sample = self._branching.violated_sample(self._program.violation(state.neurons), state, path)
            if sample is None:
                if self._fits(state):
                    return True
                sample = self._sample_that_may_tell(state)
            if sample is not None:
                path.append(BranchPoint(sample, self._children(sample, state), state))
            try:
                state = self._advance()
            except StoppedError:
                if budget is None or path[-1].bits is None:
                    raise
                self._leave_open()
                return False
        return False

    def _ends_early(self) -> bool:
        return self._around.limits.reached() is not None or self._around.saving_due()

    def _with_cells_if_they_pay(self, state: FeasibleNode) -> FeasibleNode:
        if self._branching.cell_sets is None and self._branching.cells_pay(self._around.counters.nodes):
            return self._branching.with_cells(state, self._path, self._around.limits.deadline)
        return state

    def _start(self, prefix: Prefix) -> FeasibleNode | None:
        """Follow the path that a prefix describes; return the node at its end, None if that is cut off."""
        width = len(self._signs)
        root = np.zeros((width + self._problem.has_affine_term, self._prepared.coordinates.rows.shape[1]))
        state = FeasibleNode(root, self._branching.every_cell(width), self._tied)
        for sample, bits in prefix:
            self._path.append(BranchPoint(sample, iter(()), state, bits))
            self._program.push(sample, bits)
            state = self._branching.below(self._path[-1], root)
        self._floor = len(prefix)
        neurons = self._visit() if prefix else root
        return None if neurons is None else dataclasses.replace(state, neurons=neurons)

    def _leave_open(self) -> None:
        """Leave the node at the path's end, and all children not yet tried above it, to others."""
        path, log = self._path, self._log
        done = tuple((point.sample, point.bits or ()) for point in path)
        self._hand_over(done)
        while len(path) > self._floor:
            point = path.pop()
            for bits in point.untried:
                log.enter(bits)
                self._hand_over((*done[: len(path)], (point.sample, bits)))
            log.leave()

    def _hand_over(self, prefix: Prefix) -> None:
        self.left.append(prefix)
        self._log.left_open(prefix)

    def _advance(self) -> FeasibleNode | None:
        """Go to the next feasible node in depth-first order; None when there is none."""
        path, program, log = self._path, self._program, self._log
        while len(path) > self._floor:
            point = path[-1]
            if point.bits is not None:
                program.pop()
            point.bits = None  # should the next line raise
            bits = point.bits = next(point.untried, None)
            if bits is None:
                path.pop()
                log.leave()
                continue
            program.push(point.sample, bits)
            log.enter(bits)
            neurons = self._visit()
            if neurons is not None:
                return self._branching.below(point, neurons)
        return None

    def _children(self, sample: int, state: FeasibleNode) -> Iterator[Bits]:
        choices = self._branching.choices(sample, state, not self._path)
        needed = self._branching.needed_sign(sample)
        self._log.branch(sample, choices, needed)
        current = self._program.bits(state.neurons, sample)
        return self._branching.children(
            choices, needed, state, self._signs, current, lambda: self._around.limits.check(len(self._signs))
        )

    def _visit(self) -> FloatArray | None:
        """Solve the current node; return its neurons, or None when it is cut off."""
        program = self._program
        self._around.counters.nodes += 1
        self._around.limits.check(len(self._signs))
        for from_scratch in (False, True):  # again where rounding has spoilt the ray, or the answer
            if program.solve(from_scratch=from_scratch) is not Answer.INFEASIBLE:
                return program.neurons()
            refutation = refutation_near(
                self._prepared.data, self._signs, program.rows, program.dual_ray(), program.exponents
            )
            if refutation is not None:
                self._log.refuted(refutation)
                return None
        decision = decide(self._prepared.data, self._signs, program.rows)
        if decision is None:
            self._give_up()
        elif decision.refutation is not None:
            self._log.refuted(decision.refutation)
        else:  # whose floats are of no use, so that any neurons will do to branch on
            return np.zeros_like(program.neurons())
        return None

    def _give_up(self) -> None:
        """Close the current node without a reason."""
        self._around.findings.unverified += 1
        self._log.unproven()

    def _fits(self, state: FeasibleNode) -> bool:
        """Whether a rational network beside the node's, which fits as LP solutions do, provably fits."""
        network = self._program.network(state.neurons)
        if network is not None and accept(self._prepared, self._around.findings, network):
            return True
        return self._fits_exactly()

    def _fits_exactly(self) -> bool:
        """Whether rational numbers obey every row, each sample having its bits, where floats cannot tell."""
        data, findings = self._prepared.data, self._around.findings
        if len(self._path) < self._problem.n_samples:
            return False
        decision = decide(data, self._signs, self._program.rows)
        if decision is None or decision.point is None:
            return False
        witness = network_of(self._signs, decision.point, data.size)
        if not meets_every_interval(data, witness):
            return False
        findings.take(witness)
        return True

    def _sample_that_may_tell(self, state: FeasibleNode) -> int | None:
        """Return a sample to branch on where floats found a network that was not accepted.

        None when the node is done with: its equations contradict each other exactly, or every sample has
        its bits and its rows do so or two alike neurons could be merged, or nothing can tell (which is
        counted).
        """
        data, rows = self._prepared.data, self._program.rows
        refutation = contradiction_of_equations(data, self._signs, rows)
        if refutation is not None:
            self._log.refuted(refutation)
            return None
        assigned = {point.sample for point in self._path}
        free = [i for i in range(self._problem.n_samples) if i not in assigned]
        if free:
            violation = self._program.violation(state.neurons)
            return max(free, key=lambda i: float(violation[i]))
        if any(state.tied) and self._problem.weight_bound is None:  # which their sum might exceed
            self._log.merged(state.tied.index(True))
            return None
        decision = decide(data, self._signs, rows)
        if decision is None or decision.refutation is None:
            self._give_up()
        else:
            self._log.refuted(decision.refutation)
        return None
