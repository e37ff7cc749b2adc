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
import operator
from collections.abc import Iterator

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.arithmetic.farkas import contradiction_of_equations, refutation_near
from sparsest.exact.arithmetic.rational_network import RationalNetwork, meets_every_interval, rational_witness
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.compiling import MAX_INTERPRETED_STEPS
from sparsest.exact.line.forced_knots import lower_bound_certificate
from sparsest.exact.line.projection_witness import projection_witness
from sparsest.exact.line.without_skip import bounds_without_skip
from sparsest.exact.lp.centred_network import centred
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.lp.row_stack import Answer
from sparsest.exact.method_result import Search
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.proof.recorded_log import EventLog, Prefix, replay
from sparsest.exact.tree.branching import Bits, Branching, Node, State
from sparsest.exact.tree.checkpoint import Keeper, stopping_on_signals
from sparsest.exact.tree.farm import Explored, Farm, Frontier
from sparsest.exact.tree.local_search import LocalSearch
from sparsest.exact.tree.node_program import FeasibilityProgram, solver_version
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress, ProgressCallback
from sparsest.refine import refine
from sparsest.results.solving import Proof, Status

# A network that misses its intervals by less than this share of the labels fits as LP solutions do; it is
# then corrected and judged strictly.
_MET = 1e-7
# Nodes before the first local search; before each later one there are twice as many.
_FIRST_PAUSE = 8
# Multiplications that a local search may spend: some hundredths of a second at first, later about a third of
# what the nodes took. It makes at least so many runs for each number of positive signs.
_LEAST_WORK = 1e7
_WORK_A_NODE = 1e5
_FEWEST_STARTS = 16
# Runs side by side: some tenths of a second.
_STARTS_A_RUN = 256
# Networks that the local search found and nobody could prove to fit, after which it is given up: labels that
# were computed in floats, or a bound on weights, which it does not know.
_MOST_REJECTED = 8
# Nodes from which on linear programs go to compiled code. One takes HiGHS about as long as 1000 steps.
_COMPILED_FROM = MAX_INTERPRETED_STEPS // 1000
# Nodes that a search visits before it asks for help.
_ALONE = 1000
# Nodes of a piece whose events are kept.
_PIECE = 10_000
# Seconds between two reports of progress.
_REPORT = 0.2


class StoppedError(Exception):
    """The search was stopped from outside; `status` says by what."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.sentence)
        self.status = status


def solve_tree(
    problem: Problem,
    *,
    time_limit: float | None = None,
    node_limit: int | None = None,
    progress: ProgressCallback | None = None,
    log: ProofLog | None = None,
    witness: Network | None = None,
    farm: Farm | None = None,
    keeper: Keeper | None = None,
) -> Search:
    """Return bounds on the fewest neurons that meet every interval of `problem`.

    Parameters
    ----------
    problem : Problem
        Any problem; with a weight bound, one neuron per activation pattern and output sign is meant.
    time_limit : float, optional
        Seconds after which the interval known so far is returned.
    node_limit : int, optional
        Linear programs after which the same happens; those before an interruption do not count.
    progress : callable, optional
        Called a few times a second with a `Progress`.
    log : ProofLog, optional
        Told what the proof needs.
    witness : Network, optional
        A network that fits, or nearly, from elsewhere; believed only when a rational network beside it fits.
    farm : Farm, optional
        Workers that share the search.
    keeper : Keeper, optional
        Keeps the search in a file, and hands out the state to go on from. Ctrl-C and SIGTERM then end the
        search where its state is whole.

    Returns
    -------
    Search
        Both bounds are proven in rational arithmetic: nodes that could not be verified are counted in
        ``unverified``, and from the first of them on the lower bound stays where it is.
    """
    deadline = Deadline(time_limit)
    search = TreeSearch(
        problem.distinct(), deadline, node_limit, progress, log or ProofLog(), witness, farm, keeper
    )
    with contextlib.nullcontext() if keeper is None else stopping_on_signals(deadline):
        return search.run()


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
        keeper: Keeper | None = None,
    ) -> None:
        self.problem = problem
        self.node_limit = node_limit
        self.progress = progress
        self.handed_in = handed_in
        self.farm = farm
        self.keeper = keeper
        self.lower = 0
        self.width = 0
        self.done: list[int] = []  # numbers of positive signs refuted at this width
        self.frontier: Frontier | None = None  # of the next one, where it is refuted in pieces
        self.nodes_before = 0
        self.seconds_before = 0.0
        self.upper: int | None = None
        self.pause: float = _FIRST_PAUSE
        self.compiled_from = _COMPILED_FROM
        self.rejected = 0
        self._last_report = 0.0
        self.restart(deadline, log)

    def restart(self, deadline: Deadline, log: ProofLog) -> None:
        """Forget what was found and counted, but not what was prepared."""
        self.deadline, self.log = deadline, log
        self._proof = log  # also while what a piece reports goes elsewhere
        self.nodes = 0
        self.unverified = 0
        self.network: Network | None = None
        self.witness: RationalNetwork | None = None
        self.near_miss: Network | None = None
        self.left: list[Prefix] = []
        self.path: list[Node] = []

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
        if self.keeper is not None:
            self.keeper.save(self)
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
            remark="; ".join(filter(None, (self._remark(), self.keeper.remark if self.keeper else ""))),
            seconds_before=self.seconds_before,
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
        self.branching = Branching(problem, self.coordinates, _MET)

    def prepare_for_subtrees(self, use_cells: bool) -> None:
        """Prepare to explore subtrees for another search, which looks for upper bounds itself."""
        self._prepare_data()
        self.pause, self.compiled_from = math.inf, 0
        if use_cells:
            self.branching.enumerate(self.deadline)

    def _prepare(self) -> None:
        problem = self.problem
        self._prepare_data()
        knots = lower_bound_certificate(problem)  # needed with and without a skip or bound
        self.lower = len(knots)
        self.log.knots(knots)
        if problem.n_features == 1 and not problem.has_affine_term and problem.weight_bound is None:
            self.take(bounds_without_skip(problem)[1])
        if self.handed_in is not None and (self.upper is None or self.handed_in.count() < self.upper):
            self._accept(self.handed_in, [], ())
        self.width = self.lower
        if self.keeper is not None:
            self.keeper.restore(self)
        # not the same random networks again after an interruption
        self.local = local_search(self, seed=self.nodes)
        if problem.weight_bound is not None or (self.nodes and self.branching.cells_pay(self.nodes)):
            self.branching.enumerate(self.deadline)

    def _project(self) -> None:
        """Take a function of one projection of the data for a witness: every problem has one at once."""
        witness = projection_witness(self.problem)
        if witness is not None and self.respects_bound(witness):
            self.take(witness)

    def take(self, witness: RationalNetwork) -> None:
        """Take a network that provably fits for the upper bound."""
        self.network, self.upper = witness.rounded(self.problem.n_features), len(witness.signs)
        self.witness = witness
        self._proof.witness(witness)

    def respects_bound(self, witness: RationalNetwork) -> bool:
        """Whether a network keeps to the weight bound, if there is one, as a whole in each cell."""
        if self.problem.weight_bound is None:
            return True
        apart = _in_cells_apart(self.problem, witness.rounded(self.problem.n_features))
        return apart and meets_every_interval(self.data, witness)

    def _close_the_gap(self) -> None:
        """Try ever more neurons; the lower bound follows as long as every refutation was verified."""
        while self.upper is None or self.width < self.upper:
            width = self.width
            cell_sets = self.branching.cell_sets
            if cell_sets is not None and width > 2 * cell_sets.n_cells:
                # one neuron per pattern and output sign is all there is, so a weight bound forbids the rest
                raise StoppedError(Status.NUMERICAL if self.unverified else Status.INFEASIBLE)
            begun = self.done or self.frontier is not None  # it is gone on with after an interruption
            if not begun and self.nodes >= _FIRST_PAUSE and self._improve(width):
                return  # all that is narrower was refuted, so that now a network is likely
            self.log_excluded(width)
            for positive in _sign_splits(self.problem, width):
                if positive in self.done:
                    continue
                signs = (1,) * positive + (-1,) * (width - positive)
                self.log.begin(signs)
                if self._refute(signs):
                    self.log.abandon()
                    return
                self.log.end()
                # in this order: an interruption in between costs a repetition and nothing else
                self.frontier = None
                self.done.append(positive)
            self.done = []
            self.width += 1
            if not self.unverified:
                self.lower = self.width

    def _refute(self, signs: tuple[int, ...]) -> bool:
        """Search for a network with these output signs, in pieces if it is shared or kept in a file."""
        if self.farm is None and self.keeper is None:
            return self.search(signs)
        if self.frontier is None:
            self.frontier = Frontier([()], {})
        frontier = self.frontier
        while frontier.left and (self.farm is None or self.nodes < _ALONE):
            if self._explore_here(signs, frontier):
                return True
        if self.farm is not None and self.farm.refute(self, signs, frontier):
            return True
        if self.log.writes:
            replay(frontier.pieces, self.log)
            if self.keeper is not None:
                self.keeper.finish(signs, frontier.pieces)
        return False

    def _explore_here(self, signs: tuple[int, ...], frontier: Frontier) -> bool:
        """Explore the last subtree left open, up to a limit or until it is time to save."""
        prefix, log = frontier.left[-1], self.log
        self.left = []
        self.log = own = EventLog() if log.writes else ProofLog()
        budget = _PIECE if log.writes else math.inf
        try:
            if self.search(signs, prefix, budget if self.farm is None else _ALONE - self.nodes):
                return True
        finally:
            self.log = log
        if isinstance(own, EventLog):
            frontier.pieces[prefix] = own.packed
        frontier.left[-1:] = reversed(self.left)  # depth first, as if there had been no pause
        self.save_if_due()
        status = self._limit_reached()
        if status is not None and frontier.left:
            raise StoppedError(status)
        return False

    def save_if_due(self) -> None:
        """Keep the search in its file, if it has one and it is time to."""
        if self.keeper is not None and self.keeper.due(self.deadline):
            self.keeper.save(self)

    def takes(self, explored: Explored) -> bool:
        """Count what came of a subtree; whether it has a network that fits."""
        self.nodes += explored.nodes
        self.unverified += explored.unverified
        self.near_miss = self.near_miss or explored.near_miss
        if explored.found is None or not meets_every_interval(self.data, explored.found):
            return False
        self.take(explored.found)
        return True

    def _looks_further(self, width: int) -> bool:
        """Search locally when it is time to; whether that found a network of `width` neurons."""
        return self.is_time_to_look() and self._improve(width)

    def is_time_to_look(self) -> bool:
        """Whether there were enough nodes for another local search; if so, sets when the next one is due."""
        due = self.nodes >= self.pause
        if due:
            self.pause = 2 * self.nodes
        return due

    def log_excluded(self, width: int) -> None:
        """Log why the numbers of positive output signs that need no search are out."""
        for positive in set(range(width + 1)).difference(_sign_splits(self.problem, width)):
            needs_positive = positive == 0 and bool((self.problem.low > 0).any())
            sample = int(np.argmax(self.problem.low) if needs_positive else np.argmin(self.problem.high))
            self.log.begin((1,) * positive + (-1,) * (width - positive))
            self.log.excluded(sample, 1 if needs_positive else -1)
            self.log.end()

    def _accept(self, network: Network, path: list[Node], tied: tuple[bool, ...]) -> bool:
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
        self.take(proven)
        return True

    def _proven(self, network: Network) -> RationalNetwork | None:
        """Return a rational network with the patterns of `network` that provably fits."""
        witness = rational_witness(self.data, network)
        if witness is None and not self.problem.is_interpolation and self.problem.weight_bound is None:
            witness = rational_witness(self.data, centred(self.problem, self.coordinates, network))
        return witness

    def search(self, signs: tuple[int, ...], prefix: Prefix = (), budget: float | None = None) -> bool:
        """Depth-first search for a network with these output signs; False when there is none.

        Below a prefix of samples with bits only that subtree is searched. With a budget of nodes, what is not
        yet searched when that is spent, a limit reached or it is time to save is appended to `left`, and the
        answer is about the rest; without one, limits raise `StoppedError`.
        """
        program = FeasibilityProgram(self.problem, self.data, self.coordinates, signs)
        path, state = self._start(program, signs, prefix)
        self.path = path
        first, last = self.nodes, math.inf if budget is None else self.nodes + budget
        while state is not None:
            # every piece makes some way, however tight the limits
            if self.nodes > first and (self.nodes >= last or (budget is not None and self._pauses())):
                self._leave_open(path, len(prefix))
                return False
            if self.nodes >= self.pause:
                if self._looks_further(len(signs)):
                    return True
                if self.branching.cell_sets is None and self.branching.cells_pay(self.nodes):
                    state = self.branching.with_cells(state, path, self.deadline)
            if self.nodes >= self.compiled_from:
                program.go_compiled()
                self.branching.go_compiled()
            sample = self.branching.violated_sample(program.violation(state.neurons), state, path)
            if sample is None:
                if self._fits(program, state, path):
                    return True
                sample = self._sample_that_may_tell(program, state, path, signs)
            if sample is not None:
                path.append(Node(sample, self._children(program, sample, state, signs, not path), state))
            try:
                state = self._advance(program, path, signs, len(prefix))
            except StoppedError:
                if budget is None or path[-1].bits is None:
                    raise
                self._leave_open(path, len(prefix))
                return False
        return False

    def _pauses(self) -> bool:
        return self._limit_reached() is not None or (
            self.keeper is not None and self.keeper.due(self.deadline)
        )

    def _start(
        self, program: FeasibilityProgram, signs: tuple[int, ...], prefix: Prefix
    ) -> tuple[list[Node], State | None]:
        """Return the path that a prefix describes, and the node at its end, None if that is cut off."""
        root = np.zeros((len(signs) + self.problem.has_affine_term, self.coordinates.rows.shape[1]))
        tied = tuple(a == b for a, b in itertools.pairwise(signs))
        state = State(root, self.branching.every_cell(len(signs)), tied)
        path: list[Node] = []
        for sample, bits in prefix:
            path.append(Node(sample, iter(()), state, bits))
            program.push(sample, bits)
            state = self.branching.below(path[-1], root)
        neurons = self._visit(program, signs) if prefix else root
        return path, None if neurons is None else dataclasses.replace(state, neurons=neurons)

    def _leave_open(self, path: list[Node], floor: int) -> None:
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

    def _improve(self, width: int) -> bool:
        """Look for networks of `width` neurons and a few more by local search; whether `width` sufficed."""
        if self.farm is not None and self.nodes >= _ALONE:
            self.farm.improve(self, width)
        else:
            for signs, starts in self.attempts(width):
                self.tries(self.local.run(signs, starts, self.deadline))
                self.report(width)
                if self.deadline.expired:
                    return False
        if self.upper is None:
            self._project()
        return self.upper == width

    def attempts(self, width: int) -> Iterator[tuple[tuple[int, ...], int]]:
        """Generate output signs to search locally for, fewest first, each with a number of runs.

        They end where a network of as many neurons is known by then.
        """
        unlikely = self.upper == width + 1  # it was looked for before and only more neurons were found
        work = self.nodes * _WORK_A_NODE / 4 if unlikely else max(_LEAST_WORK, self.nodes * _WORK_A_NODE)
        for wider in itertools.count(width):
            work /= 2  # half of all for the width that has to be refuted otherwise
            splits = _sign_splits(self.problem, wider)
            starts = int(work / (max(len(splits), 1) * self.local.work(wider)))
            if starts < _FEWEST_STARTS and (unlikely or wider > width + 1):
                return
            for positive in splits:
                for begun in range(0, max(starts, _FEWEST_STARTS), _STARTS_A_RUN):
                    if (self.upper is not None and wider >= self.upper) or self.rejected >= _MOST_REJECTED:
                        return
                    signs = (1,) * positive + (-1,) * (wider - positive)
                    yield signs, min(_STARTS_A_RUN, max(starts, _FEWEST_STARTS) - begun)

    def tries(self, found: Network | None) -> None:
        """Take what a local search found, if it provably fits and is narrower than what is known."""
        if found is None or (self.upper is not None and found.width >= self.upper):
            return
        with contextlib.suppress(InputError):  # numbers that leave the range of floats
            if self._accept(found, [], ()):
                return
        self.rejected += 1

    def _advance(
        self, program: FeasibilityProgram, path: list[Node], signs: tuple[int, ...], floor: int
    ) -> State | None:
        """Go on to the next feasible node in depth-first order below `floor`; None when there is none."""
        while len(path) > floor:
            node = path[-1]
            if node.bits is not None:
                program.pop()
            node.bits = None  # should the next line raise
            bits = node.bits = next(node.untried, None)
            if bits is None:
                path.pop()
                self.log.leave()
                continue
            program.push(node.sample, bits)
            self.log.enter(bits)
            neurons = self._visit(program, signs)
            if neurons is not None:
                return self.branching.below(node, neurons)
        return None

    def _children(
        self, program: FeasibilityProgram, sample: int, state: State, signs: tuple[int, ...], first: bool
    ) -> Iterator[Bits]:
        choices = self.branching.choices(sample, state, first)
        needed = self.branching.needed_sign(sample)
        self.log.branch(sample, choices, needed)
        current = program.bits(state.neurons, sample)
        return self.branching.children(
            choices, needed, state, signs, current, lambda: self.check_limits(len(signs))
        )

    def _visit(self, program: FeasibilityProgram, signs: tuple[int, ...]) -> FloatArray | None:
        """Solve the current node; return its neurons, or None when it is cut off."""
        self.nodes += 1
        self.check_limits(len(signs))
        for from_scratch in (False, True):  # again where rounding has spoilt the ray, or the answer
            if program.solve(from_scratch=from_scratch) is not Answer.INFEASIBLE:
                return program.neurons()
            refutation = refutation_near(
                self.data, signs, program.rows, program.dual_ray(), program.exponents
            )
            if refutation is not None:
                self.log.refuted(refutation)
                return None
        self.unverified += 1
        self.log.unproven()
        return None

    def _fits(self, program: FeasibilityProgram, state: State, path: list[Node]) -> bool:
        """Whether a rational network beside the node's, which fits as LP solutions do, provably fits."""
        network = program.network(state.neurons)
        return network is not None and self._accept(network, path, state.tied)

    def _sample_that_may_tell(
        self, program: FeasibilityProgram, state: State, path: list[Node], signs: tuple[int, ...]
    ) -> int | None:
        """Return a sample to branch on where floats found a network that was not accepted.

        None when the node is done with: its equations contradict each other exactly, or every sample has
        its bits and two alike neurons could be merged, or floats cannot tell (which is counted).
        """
        refutation = contradiction_of_equations(self.data, signs, program.rows)
        if refutation is not None:
            self.log.refuted(refutation)
            return None
        assigned = {node.sample for node in path}
        free = [i for i in range(self.problem.n_samples) if i not in assigned]
        if free:
            violation = program.violation(state.neurons)
            return max(free, key=lambda i: float(violation[i]))
        if any(state.tied):
            self.log.merged(state.tied.index(True))
        else:
            self.unverified += 1
            self.log.unproven()
        return None

    def check_limits(self, width: int) -> None:
        """Raise `StoppedError` when a limit is reached; report progress now and then."""
        if self.deadline.expired or (
            self.node_limit is not None and self.nodes - self.nodes_before > self.node_limit
        ):
            raise StoppedError(self._limit_reached() or Status.NODE_LIMIT)
        self.report(width)

    def _limit_reached(self) -> Status | None:
        if self.deadline.expired:
            return Status.INTERRUPTED if self.deadline.interrupted else Status.TIME_LIMIT
        if self.node_limit is not None and self.nodes - self.nodes_before >= self.node_limit:
            return Status.NODE_LIMIT
        return None

    def report(self, width: int) -> None:
        """Report progress now and then."""
        now = self.deadline.seconds
        if self.progress is None or now - self._last_report < _REPORT:
            return
        self._last_report = now
        waiting = 0 if self.frontier is None else len(self.frontier.open)
        self.progress(
            Progress(
                f"searching {width} neurons",
                now,
                nodes=self.nodes,
                lower_bound=self.lower,
                upper_bound=self.upper,
                open_subtrees=waiting + sum(operator.length_hint(node.untried) for node in self.path),
            )
        )


def local_search(search: TreeSearch, seed: int) -> LocalSearch:
    """Return a local search for the networks that a prepared tree search looks for."""
    return LocalSearch(search.problem, search.coordinates, _MET, seed)


def _sign_splits(problem: Problem, width: int) -> list[int]:
    """Numbers of positive output signs to try, balanced ones first."""
    splits = range(width + 1)
    if not problem.has_affine_term:
        least = 1 if (problem.low > 0).any() else 0
        most = width - (1 if (problem.high < 0).any() else 0)
        splits = range(least, most + 1)
    return sorted(splits, key=lambda positive: abs(2 * positive - width))


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
