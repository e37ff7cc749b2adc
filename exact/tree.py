"""Fewest neurons by a search over activation patterns, one linear program a node, no bound on weights needed.

For K = 1, 2, ... and each number of positive output signs: a node fixes, for some samples, which of the K
neurons are active on them. Feasibility is a linear program; an infeasible node is cut off, and the exact
multipliers that prove it are verified in rational arithmetic. At a feasible node the network just found is
evaluated on all samples: if it meets every interval the search is over, otherwise the most violated sample
is branched on. So large data cost little once a few samples pin the network down. Now and then the search
pauses for a local search for a network of K neurons or a few more: once that has found K, only K - 1 is left
to refute, which is much less work than to find K here.
"""

import contextlib
import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NoReturn

import numpy as np

from sparsest import tolerances
from sparsest.errors import InputError
from sparsest.exact.cell_charts import TimeLimitError
from sparsest.exact.cell_sets import CellSet, CellSets
from sparsest.exact.cells import count_in_general_position, enumerate_cells
from sparsest.exact.curvature_certificate import lower_bound_certificate
from sparsest.exact.facing import bounds_without_skip
from sparsest.exact.farkas import Multipliers, contradiction_of_equations, refutation_near
from sparsest.exact.interior import centred
from sparsest.exact.local_search import LocalSearch
from sparsest.exact.proof_log import ProofLog
from sparsest.exact.rational import ExactData
from sparsest.exact.rational_network import RationalNetwork, meets_every_interval, rational_witness
from sparsest.exact.search import Search
from sparsest.exact.subtrees import EventLog, Explored, Farm, Prefix, replay
from sparsest.exact.tree_lp import Answer, Coordinates, FeasibilityProgram, solver_version
from sparsest.exact.witness import projection_witness
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress, ProgressCallback
from sparsest.refine import refine
from sparsest.results import Proof, Status

# Sets of cells beyond this size cost more than the linear programs that they save.
_MOST_CELLS = 200_000
# A network that misses its intervals by less than this share of the labels fits as LP solutions do; it is
# then corrected and judged strictly.
_MET = 1e-7
# Violated samples among which the next one to branch on is chosen.
_CANDIDATES = 32
# Bit combinations of a sample are sorted by their distance from the current network up to this many.
_SORTED = 4096
# A linear program takes as long as enumerating some hundreds of cells, so that sets of cells are worth their
# making from so many nodes on.
_CELLS_A_NODE = 500
# Nodes before the first local search; before each later one there are twice as many. A search makes as many
# runs for each number of positive signs as there were nodes, divided by this, but at least so many: a run
# takes some 0.3 ms, as a node does, so that local search takes a small share of the time.
_FIRST_PAUSE = 8
_NODES_A_START = 8
_FEWEST_STARTS = 16
# Networks that the local search found and nobody could prove to fit, after which it is given up: labels that
# were computed in floats, or a bound on weights, which it does not know.
_MOST_REJECTED = 8
# Nodes that a search visits before it asks for help.
_ALONE = 1000
# Seconds between two reports of progress.
_REPORT = 0.2

Bits = tuple[int, ...]


class StoppedError(Exception):
    """The search was stopped from outside; `status` says by what."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.sentence)
        self.status = status


@dataclasses.dataclass(frozen=True)
class _State:
    """A feasible node: its network, each neuron's remaining cells if known, and which are still alike."""

    network: Network
    cells: tuple[CellSet, ...] | None
    tied: tuple[bool, ...]


@dataclasses.dataclass
class _Node:
    """A sample being branched on: the bits still to try, and what holds above it."""

    sample: int
    untried: Iterator[Bits]
    above: _State
    bits: Bits | None = None


def solve_tree(
    problem: Problem,
    *,
    time_limit: float | None = None,
    node_limit: int | None = None,
    progress: ProgressCallback | None = None,
    log: ProofLog | None = None,
    witness: Network | None = None,
    farm: Farm | None = None,
) -> Search:
    """Return bounds on the fewest neurons that meet every interval of `problem`.

    Parameters
    ----------
    problem : Problem
        Any problem; with a weight bound, one neuron per activation pattern and output sign is meant.
    time_limit : float, optional
        Seconds after which the interval known so far is returned.
    node_limit : int, optional
        Linear programs after which the same happens.
    progress : callable, optional
        Called a few times a second with a `Progress`.
    log : ProofLog, optional
        Told what the proof needs.
    witness : Network, optional
        A network that fits, or nearly, from elsewhere; believed only when a rational network beside it fits.
    farm : Farm, optional
        Workers that share the search.

    Returns
    -------
    Search
        Both bounds are proven in rational arithmetic: nodes that could not be verified are counted in
        ``unverified``, and from the first of them on the lower bound stays where it is.
    """
    deadline = Deadline(time_limit)
    return TreeSearch(
        problem.distinct(), deadline, node_limit, progress, log or ProofLog(), witness, farm
    ).run()


class TreeSearch:
    """The state of a search: what is known, and the means to explore."""

    def __init__(
        self,
        problem: Problem,
        deadline: Deadline,
        node_limit: int | None,
        progress: ProgressCallback | None,
        log: ProofLog,
        handed_in: Network | None = None,
        farm: Farm | None = None,
    ) -> None:
        self.problem = problem
        self.node_limit = node_limit
        self.progress = progress
        self.handed_in = handed_in
        self.farm = farm
        self.lower = 0
        self.upper: int | None = None
        self.pause: float = _FIRST_PAUSE
        self.rejected = 0
        self._last_report = 0.0
        self.restart(deadline, log)

    def restart(self, deadline: Deadline, log: ProofLog) -> None:
        """Forget what was found and counted, but not what was prepared."""
        self.deadline, self.log = deadline, log
        self.nodes = 0
        self.unverified = 0
        self.network: Network | None = None
        self.witness: RationalNetwork | None = None
        self.near_miss: Network | None = None
        self.left: list[Prefix] = []

    def run(self) -> Search:
        """Close the gap as far as limits allow, and return what is known."""
        status = Status.OPTIMAL
        try:
            self._prepare()
            self._close_the_gap()
        except StoppedError as stop:
            status = stop.status
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        if self.upper is None and status is not Status.INFEASIBLE:
            self._project()
        if status is Status.OPTIMAL and self.upper != self.lower:
            status = Status.NUMERICAL
        return Search(
            status=status,
            proof=Proof.EXACT,
            lower_bound=self.lower,
            network=self.network,
            nodes=self.nodes,
            unverified=self.unverified,
            solver=solver_version(),
            exact_witness=True,
            remark=self._remark(),
        )

    def _remark(self) -> str:
        miss = self.near_miss
        if miss is None or (self.upper is not None and miss.count() >= self.upper):
            return ""
        residual, count = miss.residual(self.problem), miss.count()
        advice = f"; computed labels need a tolerance, such as {residual * 100:.0e}" if residual > 0 else ""
        who = "1 neuron meets" if count == 1 else f"{count} neurons meet"
        return f"{who} the labels up to rounding ({residual:.1e}), but not provably{advice}"

    def _prepare_data(self) -> None:
        problem = self.problem
        self.data = ExactData(problem)
        self.coordinates = Coordinates(problem)
        rank = self.coordinates.rows.shape[1]
        self.n_cells = count_in_general_position(problem.n_samples, rank)
        self.cell_sets: CellSets | None = None

    def prepare_for_subtrees(self, use_cells: bool) -> None:
        """Prepare to explore subtrees for another search, which looks for upper bounds itself."""
        self._prepare_data()
        self.pause = math.inf
        if use_cells:
            self.cell_sets = self._enumerated()

    def _prepare(self) -> None:
        problem = self.problem
        self._prepare_data()
        if problem.n_features == 1:
            knots = lower_bound_certificate(problem)  # needed with and without a skip or bound
            self.lower = len(knots)
            self.log.knots(knots)
            if not problem.skip and problem.weight_bound is None:
                self._take(bounds_without_skip(problem)[1])
        if self.handed_in is not None and (self.upper is None or self.handed_in.count() < self.upper):
            self._accept(self.handed_in, [], ())
        self.local = LocalSearch(problem, self.coordinates, _MET)
        if problem.weight_bound is not None:
            self.cell_sets = self._enumerated()

    def _project(self) -> None:
        """Take a function of one projection of the data for a witness: every problem has one at once."""
        witness = projection_witness(self.problem)
        if witness is not None and self._respects_bound(witness):
            self._take(witness)

    def _take(self, witness: RationalNetwork) -> None:
        """Take a network that provably fits for the upper bound."""
        self.network, self.upper = witness.rounded(self.problem.n_features), len(witness.signs)
        self.witness = witness
        self.log.witness(witness)

    def _respects_bound(self, witness: RationalNetwork) -> bool:
        if self.problem.weight_bound is None:
            return True
        apart = _in_cells_apart(self.problem, witness.rounded(self.problem.n_features))
        return apart and meets_every_interval(self.data, witness)

    def _enumerated(self) -> CellSets | None:
        """Return the sets of cells, or None when there are too many or the time is up."""
        if self.n_cells > _MOST_CELLS:
            return None
        try:
            return CellSets(enumerate_cells(self.problem.X, deadline=self.deadline).patterns)
        except (InputError, TimeLimitError):  # its own limits on sizes, or the clock
            return None

    def _close_the_gap(self) -> None:
        """Try ever more neurons; the lower bound follows as long as every refutation was verified."""
        width = self.lower
        while self.upper is None or width < self.upper:
            if self.cell_sets is not None and width > 2 * self.cell_sets.n_cells:
                # one neuron per pattern and output sign is all there is, so a weight bound forbids the rest
                raise StoppedError(Status.NUMERICAL if self.unverified else Status.INFEASIBLE)
            if self.nodes >= _FIRST_PAUSE and self._improve(width):
                return  # all that is narrower was refuted, so that now a network is likely
            splits = _sign_splits(self.problem, width)
            self._log_excluded(width, splits)
            for positive in splits:
                signs = (1,) * positive + (-1,) * (width - positive)
                self.log.begin(signs)
                if self._refute(signs):
                    self.log.abandon()
                    return
                self.log.end()
            width += 1
            if not self.unverified:
                self.lower = width

    def _refute(self, signs: tuple[int, ...]) -> bool:
        """Search for a network with these output signs, with the farm's help if there is one."""
        if self.farm is None:
            return self.search(signs)
        log, self.left = self.log, []
        self.log = alone = EventLog() if log.writes else ProofLog()
        found = False
        try:
            if self.nodes < _ALONE:
                found = self.search(signs, budget=_ALONE - self.nodes)
            else:
                self._hand_over(())
        finally:
            self.log = log
        found = found or self.farm.refute(self, signs, self.left)
        if isinstance(alone, EventLog) and not found:
            replay(alone.events, self.farm.events, log)
        return found

    def takes(self, explored: Explored) -> bool:
        """Count what came of a subtree; whether it has a network that fits."""
        self.nodes += explored.nodes
        self.unverified += explored.unverified
        self.near_miss = self.near_miss or explored.near_miss
        if explored.found is None or not meets_every_interval(self.data, explored.found):
            return False
        self._take(explored.found)
        return True

    def looks_further(self, width: int) -> bool:
        """Search locally when it is time to; whether that found a network of `width` neurons."""
        if self.nodes < self.pause:
            return False
        self.pause = 2 * self.nodes
        return self._improve(width)

    def stop(self, status: Status) -> NoReturn:
        """Stop the search from outside."""
        raise StoppedError(status)

    def _log_excluded(self, width: int, splits: list[int]) -> None:
        """Log why the numbers of positive output signs that are not among `splits` are out."""
        for positive in set(range(width + 1)).difference(splits):
            needs_positive = positive == 0 and bool((self.problem.low > 0).any())
            sample = int(np.argmax(self.problem.low) if needs_positive else np.argmin(self.problem.high))
            self.log.begin((1,) * positive + (-1,) * (width - positive))
            self.log.excluded(sample, 1 if needs_positive else -1)
            self.log.end()

    def _accept(self, network: Network, path: list[_Node], tied: tuple[bool, ...]) -> bool:
        """Take `network` for the witness if a rational network beside it provably fits."""
        network = refine(self.problem, network)
        labelled_apart = len(path) == self.problem.n_samples and not any(tied)
        if self.problem.weight_bound is not None and not (
            labelled_apart or _in_cells_apart(self.problem, network)
        ):
            return False
        proven = self._proven(network)
        if proven is None:
            if self.near_miss is None and network.solves(self.problem):
                self.near_miss = network  # widths only grow, so the first is the narrowest
            return False
        self._take(proven)
        return True

    def _proven(self, network: Network) -> RationalNetwork | None:
        """Return a rational network with the patterns of `network` that provably fits."""
        witness = rational_witness(self.data, network)
        if witness is None and not self.problem.is_interpolation and self.problem.weight_bound is None:
            witness = rational_witness(self.data, centred(self.problem, self.coordinates, network))
        return witness

    def search(self, signs: tuple[int, ...], prefix: Prefix = (), budget: int | None = None) -> bool:
        """Depth-first search for a network with these output signs; False when there is none.

        Below a prefix of samples with bits only that subtree is searched. After `budget` nodes what is not
        yet searched is appended to `left`, and the answer is about the rest.
        """
        program = FeasibilityProgram(self.problem, self.data, self.coordinates, signs)
        path, state = self._start(program, signs, prefix)
        last = math.inf if budget is None else self.nodes + budget
        while state is not None:
            if self.nodes >= last:
                self._leave_open(path, len(prefix))
                return False
            if self.nodes >= self.pause:
                if self.looks_further(len(signs)):
                    return True
                state = self._with_cells(state, path)
            sample = self._violated_sample(state, path)
            if sample is None:
                if self._accept(state.network, path, state.tied):
                    return True
                sample = self._sample_that_may_tell(program, state, path, signs)
            if sample is not None:
                children = self._children(sample, state, signs, not path)
                path.append(_Node(sample, children, state))
            state = self._advance(program, path, signs, len(prefix))
        return False

    def _start(
        self, program: FeasibilityProgram, signs: tuple[int, ...], prefix: Prefix
    ) -> tuple[list[_Node], _State | None]:
        """Return the path that a prefix describes, and the node at its end, None if that is cut off."""
        size = self.problem.n_features + 1
        affine = np.zeros(size) if self.problem.skip else None
        root = Network.from_folded(np.zeros((len(signs), size)), signs, affine)
        tied = tuple(a == b for a, b in itertools.pairwise(signs))
        cells = None if self.cell_sets is None else (self.cell_sets.every,) * len(signs)
        path: list[_Node] = []
        for sample, bits in prefix:
            path.append(_Node(sample, iter(()), _State(root, cells, tied), bits))
            program.push(sample, bits)
            tied, cells = _still_tied(tied, bits), self._narrowed(cells, sample, bits)
        network = self._visit(program, signs) if prefix else root
        return path, None if network is None else _State(network, cells, tied)

    def _leave_open(self, path: list[_Node], floor: int) -> None:
        """Leave the node at the path's end, and all children not yet tried above it, to others."""
        done = tuple((node.sample, node.bits or ()) for node in path)
        self._hand_over(done)
        while len(path) > floor:
            node = path.pop()
            for bits in node.untried:
                self.log.enter(bits)
                self._hand_over((*done[: len(path)], (node.sample, bits)))
            self.log.leave()

    def _hand_over(self, prefix: Prefix) -> None:
        self.left.append(prefix)
        self.log.left_open(prefix)

    def _with_cells(self, state: _State, path: list[_Node]) -> _State:
        """Enumerate the cells once that pays, and bring the path and the node at its end up to date."""
        if self.cell_sets is not None or self.nodes * _CELLS_A_NODE < self.n_cells:
            return state
        self.cell_sets = self._enumerated()
        if self.cell_sets is None:
            return state
        cells: tuple[CellSet, ...] | None = (self.cell_sets.every,) * state.network.width
        for node in path:
            node.above = dataclasses.replace(node.above, cells=cells)
            cells = self._narrowed(cells, node.sample, node.bits or ())
        return dataclasses.replace(state, cells=cells)

    def _improve(self, width: int) -> bool:
        """Look for networks of `width` neurons and a few more by local search; whether `width` sufficed."""
        reach = 2 + int(math.log2(self.nodes / _FIRST_PAUSE))
        unlikely = self.upper == width + 1  # it was looked for before and only more neurons were found
        starts = max(_FEWEST_STARTS, self.nodes // (_NODES_A_START * (4 if unlikely else 1)))
        for wider in range(width, width + reach):
            if (self.upper is not None and wider >= self.upper) or self.rejected >= _MOST_REJECTED:
                break
            for positive in _sign_splits(self.problem, wider):
                signs = (1,) * positive + (-1,) * (wider - positive)
                found = self.local.run(signs, starts, self.deadline)
                self.check_limits(width)
                if found is not None:
                    with contextlib.suppress(InputError):  # numbers that leave the range of floats
                        if self._accept(found, [], ()):
                            return self.upper == width
                    self.rejected += 1
        if self.upper is None:
            self._project()
        return False

    def _advance(
        self, program: FeasibilityProgram, path: list[_Node], signs: tuple[int, ...], floor: int
    ) -> _State | None:
        """Go on to the next feasible node in depth-first order below `floor`; None when there is none."""
        while len(path) > floor:
            node = path[-1]
            if node.bits is not None:
                program.pop()
            bits = node.bits = next(node.untried, None)
            if bits is None:
                path.pop()
                self.log.leave()
                continue
            program.push(node.sample, bits)
            self.log.enter(bits)
            network = self._visit(program, signs)
            if network is not None:
                cells = self._narrowed(node.above.cells, node.sample, bits)
                return _State(network, cells, _still_tied(node.above.tied, bits))
        return None

    def _visit(self, program: FeasibilityProgram, signs: tuple[int, ...]) -> Network | None:
        """Solve the current node; return its network, or None when it is cut off."""
        self.nodes += 1
        self.check_limits(len(signs))
        answer = program.solve()
        if answer is Answer.INFEASIBLE:
            refutation = self._refutation(program, signs)
            if refutation is None:
                self.unverified += 1
                self.log.unproven()
            else:
                self.log.refuted(refutation)
            return None
        neurons = program.neurons()
        width = len(signs)
        return Network.from_folded(neurons[:width], signs, neurons[width] if self.problem.skip else None)

    def _refutation(self, program: FeasibilityProgram, signs: tuple[int, ...]) -> Multipliers | None:
        """Return exact multipliers near one of two dual rays that prove the node infeasible."""
        for again in (False, True):
            ray = program.dual_ray(from_scratch=again)
            found = refutation_near(self.data, signs, self.problem.skip, program.rows, ray, program.exponents)
            if found is not None:
                return found
        return None

    def _violated_sample(self, state: _State, path: list[_Node]) -> int | None:
        """Return a violated sample with the fewest possible bits, the most violated among equals.

        None when the network fits as well as LP solutions do. Few children first is the fail-first rule of
        constraint programming; it visited 2 to 7 times fewer nodes than the most violated sample alone.
        """
        violation = state.network.violation(self.problem)
        violation[[node.sample for node in path]] = 0.0
        worst = np.argsort(-violation, kind="stable")[:_CANDIDATES]
        worst = worst[violation[worst] > _MET * self.problem.label_scale]
        if not len(worst):
            return None
        if self.cell_sets is None or not state.cells or not path:
            return int(worst[0])
        # (K, 2, N) to the number of combinations of bits on each sample
        possible = np.array([self.cell_sets.possible(cells) for cells in state.cells])
        return int(worst[possible.sum(axis=1)[:, worst].prod(axis=0).argmin()])

    def _sample_that_may_tell(
        self, program: FeasibilityProgram, state: _State, path: list[_Node], signs: tuple[int, ...]
    ) -> int | None:
        """Return a sample to branch on where floats found a network that was not accepted.

        None when the node is done with: its equations contradict each other exactly, or every sample has
        its bits and two alike neurons could be merged, or floats cannot tell (which is counted).
        """
        refutation = contradiction_of_equations(self.data, signs, self.problem.skip, program.rows)
        if refutation is not None:
            self.log.refuted(refutation)
            return None
        assigned = {node.sample for node in path}
        free = [i for i in range(self.problem.n_samples) if i not in assigned]
        if free:
            violation = state.network.violation(self.problem)
            return max(free, key=lambda i: float(violation[i]))
        if any(state.tied):
            self.log.merged(state.tied.index(True))
        else:
            self.unverified += 1
            self.log.unproven()
        return None

    def _children(self, sample: int, state: _State, signs: tuple[int, ...], first: bool) -> Iterator[Bits]:
        """Return the bits to try on `sample`, those nearest to the current network's first.

        Left out are bits that no cell continues, bits out of order among interchangeable neurons, bits that
        cannot give the label its sign, and, with a skip, active neurons on the first sample: flipping such
        a neuron and adding its linear part to the skip changes nothing. (With a weight bound it may bring
        two neurons into one cell, which would have to be merged and then exceed the bound.)
        """
        if first and self.problem.skip and self.problem.weight_bound is None:
            choices: list[Sequence[int]] = [(0,)] * len(signs)
        else:
            choices = self._choices(sample, state.cells, len(signs))
        needed = self._needed_sign(sample)
        self.log.branch(sample, choices, needed)
        current = state.network.patterns(self.problem.X[sample : sample + 1])[:, 0]
        children = self._admissible(choices, state.tied, signs, needed)
        if math.prod(map(len, choices)) > _SORTED:
            return children
        return iter(
            sorted(children, key=lambda bits: sum(a != b for a, b in zip(bits, current, strict=True)))
        )

    def _needed_sign(self, sample: int) -> int:
        """Return the output sign of which some neuron must be active on the sample; 0 if of none."""
        if self.problem.skip:
            return 0
        return int(self.problem.low[sample] > 0) - int(self.problem.high[sample] < 0)

    def _admissible(
        self, choices: list[Sequence[int]], tied: tuple[bool, ...], signs: tuple[int, ...], needed: int
    ) -> Iterator[Bits]:
        """Generate combinations of `choices` that keep alike neurons in order and admit the label's sign."""
        for number, bits in enumerate(itertools.product(*choices)):
            if number % _SORTED == 0:
                self.check_limits(len(signs))  # there may be 2^K of them, none admissible
            if all(bits[k] >= bits[k + 1] for k, tie in enumerate(tied) if tie) and (
                needed == 0 or any(b and s == needed for b, s in zip(bits, signs, strict=True))
            ):
                yield bits

    def _choices(self, sample: int, cells: tuple[CellSet, ...] | None, width: int) -> list[Sequence[int]]:
        """Return the bits that each neuron can have on a sample, active first."""
        if self.cell_sets is None or cells is None:
            return [(1, 0)] * width
        either = [self.cell_sets.possible(each)[:, sample] for each in cells]
        return [tuple(bit for bit in (1, 0) if possible[bit]) for possible in either]

    def _narrowed(
        self, cells: tuple[CellSet, ...] | None, sample: int, bits: Bits
    ) -> tuple[CellSet, ...] | None:
        if self.cell_sets is None or cells is None:
            return None
        narrowed = self.cell_sets.narrowed
        found = tuple(narrowed(each, sample, bit) for each, bit in zip(cells, bits, strict=True))
        # bits of no cell were entered before the cells were known: below them only programs can tell
        return found if all(each.any() for each in found) else None

    def check_limits(self, width: int) -> None:
        """Raise `StoppedError` when a limit is reached; report progress now and then."""
        if self.deadline.expired:
            raise StoppedError(Status.TIME_LIMIT)
        if self.node_limit is not None and self.nodes > self.node_limit:
            raise StoppedError(Status.NODE_LIMIT)
        now = self.deadline.seconds
        if self.progress is not None and now - self._last_report >= _REPORT:
            self._last_report = now
            self.progress(
                Progress(
                    f"searching {width} neurons",
                    now,
                    nodes=self.nodes,
                    lower_bound=self.lower,
                    upper_bound=self.upper,
                )
            )


def _sign_splits(problem: Problem, width: int) -> list[int]:
    """Numbers of positive output signs to try, balanced ones first."""
    splits = range(width + 1)
    if not problem.skip:
        least = 1 if (problem.low > 0).any() else 0
        most = width - (1 if (problem.high < 0).any() else 0)
        splits = range(least, most + 1)
    return sorted(splits, key=lambda positive: abs(2 * positive - width))


def _still_tied(tied: tuple[bool, ...], bits: Bits) -> tuple[bool, ...]:
    return tuple(tie and bits[k] == bits[k + 1] for k, tie in enumerate(tied))


def _in_cells_apart(problem: Problem, network: Network) -> bool:
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
