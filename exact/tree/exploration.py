"""Depth-first exploration of one tree or subtree: a linear program a node, a reason for each one closed."""

import dataclasses
import functools
import itertools
import math
import operator
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import flint
import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.exact_decision import decide
from sparsest.exact.arithmetic.farkas import contradiction_of_equations, refutation_near
from sparsest.exact.arithmetic.rational_network import RationalNetwork, meets_every_interval, network_of
from sparsest.exact.compiling import seconds_to_load
from sparsest.exact.lp.row_stack import Answer
from sparsest.exact.lp.row_stack_kernel import step
from sparsest.exact.proof.log import Bits, ProofLog
from sparsest.exact.proof.piece import Prefix
from sparsest.exact.tree.branching import BranchPoint, FeasibleNode
from sparsest.exact.tree.candidates import accept
from sparsest.exact.tree.depth_first import MAX_WIDTH, DepthFirst, PathPoint, tree_of
from sparsest.exact.tree.depth_first_kernel import DONE, FITS, REFUTED, SPENT, explore
from sparsest.exact.tree.limits import SearchLimits, StoppedError
from sparsest.exact.tree.node_program import FeasibilityProgram
from sparsest.exact.tree.prepared import Prepared
from sparsest.exact.tree.state import Counters, Findings

# Nodes that compiled code visits before limits are looked at: at first, and later what takes so many seconds.
_FIRST_NODES: Final = 64
_SECONDS_AT_ONCE: Final = 0.02
# Seconds that compiling the loop takes where that was not done before, and a step of the simplex method.
_SECONDS_TO_COMPILE: Final = 60.0
_SECONDS_FOR_A_STEP: Final = 20.0


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
        self._around.limits.follow(lambda: sum(operator.length_hint(point.untried) for point in path))
        first, last = counters.nodes, math.inf if budget is None else counters.nodes + budget
        while state is not None:
            # every piece makes some way, however tight the limits
            if counters.nodes > first and (
                counters.nodes >= last or (budget is not None and self._ends_early())
            ):
                self._leave_open(self._points())
                return False
            if counters.nodes >= counters.pause:
                if counters.pause_is_due() and self._around.at_pause(len(self._signs)):
                    return True
                state = self._with_cells_if_they_pay(state)
            if counters.nodes >= self._around.compiled_from and self._may_compile:
                if self._is_narrow:
                    return self._run_compiled(None if budget is None else last)
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
                self._leave_open(self._points())
                return False
        return False

    @property
    def _is_narrow(self) -> bool:
        return 0 < len(self._signs) <= MAX_WIDTH

    @functools.cached_property
    def _may_compile(self) -> bool:
        """Whether there is time to load compiled code, or to compile it, when that was not done before."""
        loop, cold = (explore, _SECONDS_TO_COMPILE) if self._is_narrow else (step, _SECONDS_FOR_A_STEP)
        return self._around.limits.has_time(seconds_to_load(loop, cold))

    def _points(self) -> list[PathPoint]:
        return [PathPoint(each.sample, each.bits, list(each.untried)) for each in self._path]

    # The same in compiled code, where the state is that of `DepthFirst`

    def _run_compiled(self, last: float | None) -> bool:
        """Go on as `run` does from the node at the path's end, up to so many nodes in all if not None."""
        loop, counters = self._depth_first(self._points()), self._around.counters
        at_once, end = _FIRST_NODES, math.inf if last is None else last
        least = 1  # every piece makes some way, however tight the limits
        while True:
            most = min(end - counters.nodes, counters.pause - counters.nodes, self._around.limits.nodes_left)
            begun = time.perf_counter()
            why, visited = loop.run(max(int(min(at_once, most)), least), self._log)
            counters.nodes += visited
            least = 0
            if why == DONE:
                return False
            if why == SPENT:
                seconds = max(time.perf_counter() - begun, 1e-6)
                at_once = int(min(2 * at_once, max(visited * _SECONDS_AT_ONCE / seconds, _FIRST_NODES)))
                settled = self._pause(loop, last)
                if settled is not None:
                    return settled
                loop = self._with_cells(loop)
            elif why == FITS:
                if self._fits_at(loop):
                    return True
            else:
                self._settle(loop, refuted=why == REFUTED)

    def _depth_first(self, path: list[PathPoint]) -> DepthFirst:
        program = self._program.every_row()
        met = self._program.in_own_units(self._branching.met)
        data, told = self._prepared.data, self._log.writes
        tree = tree_of(program, self._branching, data, self._signs, met, told=told)
        cells = self._branching.every_cell(len(self._signs))
        loop = DepthFirst(tree, data, program, path, self._floor, self._tied, cells)
        self._around.limits.follow(lambda: loop.untried)
        return loop

    def _pause(self, loop: DepthFirst, last: float | None) -> bool | None:
        """Look at limits between two nodes; whether there is a network if the exploration ends here."""
        counters, limits = self._around.counters, self._around.limits
        if last is not None and (counters.nodes >= last or self._ends_early()):
            self._leave_open(loop.path)
            return False
        status = limits.reached()
        if status is not None:
            raise StoppedError(status)
        limits.report(len(self._signs))
        if counters.pause_is_due() and self._around.at_pause(len(self._signs)):
            return True
        return None

    def _with_cells(self, loop: DepthFirst) -> DepthFirst:
        """Return the same search with cells, if they pay by now and are not yet known."""
        branching = self._branching
        if branching.cell_sets is not None or not branching.cells_pay(self._around.counters.nodes):
            return loop
        branching.enumerate(self._around.limits.deadline)
        return loop if branching.cell_sets is None else self._depth_first(loop.path)

    def _fits_at(self, loop: DepthFirst) -> bool:
        """Whether the network of a node at which every sample is met provably fits; go on if not."""
        state = FeasibleNode(self._program.neurons_at(loop.point), None, loop.tied)
        self._program.follow(loop.assigned)
        if self._fits(state):
            return True
        sample = self._sample_that_may_tell(state)
        if sample is None:
            loop.close()
        else:
            loop.branch_on(sample)
        return False

    def _settle(self, loop: DepthFirst, *, refuted: bool) -> None:
        """Close a node, or give it neurons, that the compiled simplex refutes or cannot tell about."""
        program = self._program
        program.follow(loop.assigned)
        if refuted and (self._closed_at_once() or self._closed_by(loop.dual_ray)):
            loop.close()
        elif program.solve(from_scratch=True) is not Answer.INFEASIBLE:
            loop.take(program.point())
        elif self._closed_by(program.dual_ray()) or self._closed_by_integers():
            loop.close()
        else:
            loop.take(np.zeros_like(program.point()))

    def _ends_early(self) -> bool:
        return self._around.limits.reached() is not None or self._around.saving_due()

    def _with_cells_if_they_pay(self, state: FeasibleNode) -> FeasibleNode:
        if self._branching.cell_sets is None and self._branching.cells_pay(self._around.counters.nodes):
            return self._branching.with_cells(state, self._path, self._around.limits.deadline)
        return state

    def _start(self, prefix: Prefix) -> FeasibleNode | None:
        """Follow the path that a prefix describes; return the node at its end, None if that is cut off."""
        width = len(self._signs)
        root = self._program.origin()
        state = FeasibleNode(root, self._branching.every_cell(width), self._tied)
        for sample, bits in prefix:
            self._path.append(BranchPoint(sample, iter(()), state, bits))
            self._program.push(sample, bits)
            state = self._branching.below(self._path[-1], root)
        self._floor = len(prefix)
        neurons = self._visit() if prefix else root
        return None if neurons is None else dataclasses.replace(state, neurons=neurons)

    def _leave_open(self, path: Sequence[PathPoint]) -> None:
        """Leave the node at a path's end, and all children not yet tried above it, to others."""
        done = tuple((point.sample, point.bits) for point in path if point.bits is not None)
        if len(done) == len(path):
            self._hand_over(done)
        for depth in range(len(path) - 1, self._floor - 1, -1):
            point = path[depth]
            for bits in point.untried:
                self._log.enter(bits)
                self._hand_over((*done[:depth], (point.sample, bits)))
            self._log.leave()

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
        choices = self._branching.choices(sample, state, len(self._signs), not self._path)
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
        if self._closed_at_once():
            return None
        for from_scratch in (False, True):  # again where rounding has spoilt the ray, or the answer
            if program.solve(from_scratch=from_scratch) is not Answer.INFEASIBLE:
                return program.neurons()
            if self._closed_by(program.dual_ray()):
                return None
        if self._closed_by_integers():
            return None
        return np.zeros_like(program.neurons())  # whose floats are of no use: any will do to branch on

    def _closed_by_integers(self) -> bool:
        """Close the current node, which floats cannot tell about, unless rational numbers obey its rows."""
        decision = decide(self._prepared.data, self._signs, self._program.rows)
        if decision is None:
            self._give_up()
            return True
        if decision.refutation is not None:
            self._log.refuted(decision.refutation)
        return decision.refutation is not None

    def _closed_at_once(self) -> bool:
        """Close the current node without a program, if it can be."""
        return False

    def _closed_by(self, ray: FloatArray) -> bool:
        """Close the current node by multipliers near a float dual ray, if there are such."""
        program = self._program
        refutation = refutation_near(self._prepared.data, self._signs, program.rows, ray, program.exponents)
        if refutation is not None:
            self._log.refuted(refutation)
        return refutation is not None

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
        if self._free_samples():
            return False
        decision = decide(data, self._signs, self._program.rows)
        if decision is None or decision.point is None:
            return False
        witness = self._network_of(decision.point)
        if not meets_every_interval(data, witness):
            return False
        findings.take(witness)
        return True

    def _network_of(self, numbers: list[flint.fmpq]) -> RationalNetwork:
        """Return the numbers that `coefficients` are about as a network."""
        return network_of(self._signs, numbers, self._prepared.data.size)

    def _free_samples(self) -> list[int]:
        """Return the samples that have no bits at the current node."""
        assigned = {row.sample for row in self._program.rows}
        return [i for i in range(self._problem.n_samples) if i not in assigned]

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
        free = self._free_samples()
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
