"""Fewest neurons by a search over activation patterns, one linear program a node, no bound on weights needed.

For K = 1, 2, ... and each number of positive output signs: a node fixes, for some samples, which of the K
neurons are active on them. Feasibility is a linear program; an infeasible node is cut off, and the exact
multipliers that prove it are verified in rational arithmetic. At a feasible node the network just found is
evaluated on all samples: if it meets every interval the search is over, otherwise the most violated sample
is branched on. So large data cost little once a few samples pin the network down.
"""

import contextlib
import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from sparsest import tolerances
from sparsest.errors import InputError
from sparsest.exact.cells import count_in_general_position, enumerate_cells
from sparsest.exact.farkas import equations_contradict, is_infeasible
from sparsest.exact.interior import centred
from sparsest.exact.rational import ExactData
from sparsest.exact.rational_network import RationalNetwork, meets_every_interval, rational_witness
from sparsest.exact.search import Search
from sparsest.exact.tree_lp import Answer, Coordinates, FeasibilityProgram, solver_version
from sparsest.exact.univariate import interpolate
from sparsest.exact.witness import projection_witness
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress, ProgressCallback
from sparsest.refine import refine
from sparsest.results import Proof, Status

# Patterns are intersected as bit sets over all cells; beyond this many bits a set, linear programs alone
# are faster and leaner.
_MASK_CELLS = 50_000
# A network that misses its intervals by less than this share of the labels fits as LP solutions do; it is
# then corrected and judged strictly.
_MET = 1e-7
# Violated samples among which the next one to branch on is chosen.
_CANDIDATES = 32
# Bit combinations of a sample are sorted by their distance from the current network up to this many.
_SORTED = 4096
# Seconds between two reports of progress.
_REPORT = 0.2

Bits = tuple[int, ...]


class _StoppedError(Exception):
    """The search was stopped from outside; `status` says by what."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.sentence)
        self.status = status


@dataclasses.dataclass(frozen=True)
class _State:
    """A feasible node: its network, each neuron's remaining cells, and which neighbours are still alike."""

    network: Network
    masks: list[int]
    tied: tuple[bool, ...]


@dataclasses.dataclass
class _Node:
    """A sample being branched on: the bits still to try, and what holds above it."""

    sample: int
    untried: Iterator[Bits]
    above: _State
    pushed: bool = False


def solve_tree(
    problem: Problem,
    *,
    time_limit: float | None = None,
    node_limit: int | None = None,
    progress: ProgressCallback | None = None,
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

    Returns
    -------
    Search
        Both bounds are proven in rational arithmetic: nodes that could not be verified are counted in
        ``unverified``, and from the first of them on the lower bound stays where it is.
    """
    deadline = Deadline(time_limit)
    return _TreeSearch(problem.distinct(), deadline, node_limit, progress).run()


class _TreeSearch:
    def __init__(
        self,
        problem: Problem,
        deadline: Deadline,
        node_limit: int | None,
        progress: ProgressCallback | None,
    ) -> None:
        self.problem = problem
        self.deadline = deadline
        self.node_limit = node_limit
        self.progress = progress
        self.nodes = 0
        self.unverified = 0
        self.lower = 0
        self.upper: int | None = None
        self.network: Network | None = None
        self.near_miss: Network | None = None
        self._last_report = 0.0

    def run(self) -> Search:
        status = Status.OPTIMAL
        try:
            self._prepare()
            self._close_the_gap()
        except _StoppedError as stop:
            status = stop.status
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
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

    def _prepare(self) -> None:
        problem = self.problem
        self.data = ExactData(problem)
        self.coordinates = Coordinates(problem)
        witness = projection_witness(problem)
        if witness is not None and self._respects_bound(witness):
            self.network = witness.rounded(problem.n_features)
            self.upper = len(witness.signs)
        if problem.n_features == 1 and problem.is_interpolation:
            # a skip only helps, and a bound only hurts, so the recursion's count bounds both from below
            with contextlib.suppress(InputError):  # samples so close that their slope is no float
                self.lower = int(interpolate(problem.X[:, 0], problem.low, 0.0).cost)
        self.all_cells, self.active_cells = self._cell_masks()

    def _respects_bound(self, witness: RationalNetwork) -> bool:
        if self.problem.weight_bound is None:
            return True
        apart = _in_cells_apart(self.problem, witness.rounded(self.problem.n_features))
        return apart and meets_every_interval(self.data, witness)

    def _cell_masks(self) -> tuple[int, list[int] | None]:
        """Return the set of all cells, and for each sample the set of cells active on it, as bit sets."""
        problem = self.problem
        rank = self.coordinates.rows.shape[1]
        if count_in_general_position(problem.n_samples, rank) > _MASK_CELLS:
            return 0, None
        try:
            patterns = enumerate_cells(problem.X).patterns
        except InputError:  # the enumeration's own limits on intermediate sizes
            return 0, None
        columns = np.packbits(patterns, axis=0, bitorder="little")
        return (1 << len(patterns)) - 1, [int.from_bytes(c.tobytes(), "little") for c in columns.T]

    def _close_the_gap(self) -> None:
        """Try ever more neurons; the lower bound follows as long as every refutation was verified."""
        width = self.lower
        while self.upper is None or width < self.upper:
            if self.active_cells is not None and width > 2 * self.all_cells.bit_count():
                # one neuron per pattern and output sign is all there is, so a weight bound forbids the rest
                raise _StoppedError(Status.NUMERICAL if self.unverified else Status.INFEASIBLE)
            for positive in _sign_splits(self.problem, width):
                signs = (1,) * positive + (-1,) * (width - positive)
                if self._search(signs):
                    return
            width += 1
            if not self.unverified:
                self.lower = width

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
            if self.near_miss is None and network.interpolates(self.problem):
                self.near_miss = network  # widths only grow, so the first is the narrowest
            return False
        self.network, self.upper = proven.rounded(self.problem.n_features), len(proven.signs)
        return True

    def _proven(self, network: Network) -> RationalNetwork | None:
        """Return a rational network with the patterns of `network` that provably fits."""
        witness = rational_witness(self.data, network)
        if witness is None and not self.problem.is_interpolation and self.problem.weight_bound is None:
            witness = rational_witness(self.data, centred(self.problem, self.coordinates, network))
        return witness

    def _search(self, signs: tuple[int, ...]) -> bool:
        """Depth-first search for a network with these output signs; False when there is none."""
        program = FeasibilityProgram(self.problem, self.data, self.coordinates, signs)
        size = self.problem.n_features + 1
        affine = np.zeros(size) if self.problem.skip else None
        root = Network.from_folded(np.zeros((len(signs), size)), signs, affine)
        tied = tuple(a == b for a, b in itertools.pairwise(signs))
        state: _State | None = _State(root, [self.all_cells] * len(signs), tied)
        path: list[_Node] = []
        while state is not None:
            sample = self._violated_sample(state, path)
            if sample is None:
                if self._accept(state.network, path, state.tied):
                    return True
                sample = self._sample_that_may_tell(program, state, path, signs)
            if sample is not None:
                path.append(_Node(sample, self._children(sample, state, signs, not path), state))
            state = self._advance(program, path, signs)
        return False

    def _advance(
        self, program: FeasibilityProgram, path: list[_Node], signs: tuple[int, ...]
    ) -> _State | None:
        """Go on to the next feasible node in depth-first order; None when the tree is exhausted."""
        while path:
            node = path[-1]
            if node.pushed:
                program.pop()
            bits = next(node.untried, None)
            node.pushed = bits is not None
            if bits is None:
                path.pop()
                continue
            program.push(node.sample, bits)
            network = self._visit(program, signs)
            if network is not None:
                masks = self._narrowed(node.above.masks, node.sample, bits)
                return _State(network, masks, _still_tied(node.above.tied, bits))
        return None

    def _visit(self, program: FeasibilityProgram, signs: tuple[int, ...]) -> Network | None:
        """Solve the current node; return its network, or None when it is cut off."""
        self.nodes += 1
        self._check_limits(len(signs))
        answer = program.solve()
        if answer is Answer.INFEASIBLE:
            if not self._is_proven(program, signs):
                self.unverified += 1
            return None
        neurons = program.neurons()
        width = len(signs)
        return Network.from_folded(neurons[:width], signs, neurons[width] if self.problem.skip else None)

    def _is_proven(self, program: FeasibilityProgram, signs: tuple[int, ...]) -> bool:
        """Whether the node's infeasibility follows exactly from one of two dual rays."""
        return any(
            is_infeasible(
                self.data,
                signs,
                self.problem.skip,
                program.rows,
                program.dual_ray(from_scratch=again),
                program.exponents,
            )
            for again in (False, True)
        )

    def _violated_sample(self, state: _State, path: list[_Node]) -> int | None:
        """Return a violated sample with the fewest possible bits, the most violated among equals.

        None when the network fits as well as LP solutions do. Few children first is the fail-first rule of
        constraint programming; it visited 2 to 7 times fewer nodes than the most violated sample alone.
        """
        violation = state.network.violation(self.problem)
        violation[[node.sample for node in path]] = 0.0
        worst = np.argsort(-violation, kind="stable")[:_CANDIDATES]
        worst = worst[violation[worst] > _MET * self.problem.label_scale]
        if self.active_cells is None or not path:
            return int(worst[0]) if len(worst) else None
        return min(map(int, worst), key=lambda i: self._combinations(state.masks, i), default=None)

    def _combinations(self, masks: list[int], sample: int) -> int:
        return math.prod(len(self._possible(mask, sample)) for mask in masks)

    def _sample_that_may_tell(
        self, program: FeasibilityProgram, state: _State, path: list[_Node], signs: tuple[int, ...]
    ) -> int | None:
        """Return a sample to branch on where floats found a network that was not accepted.

        None when the node is done with: its equations contradict each other exactly, or every sample has
        its bits and two alike neurons could be merged, or floats cannot tell (which is counted).
        """
        if equations_contradict(self.data, signs, self.problem.skip, program.rows):
            return None
        assigned = {node.sample for node in path}
        free = [i for i in range(self.problem.n_samples) if i not in assigned]
        if free:
            violation = state.network.violation(self.problem)
            return max(free, key=lambda i: float(violation[i]))
        if not any(state.tied):
            self.unverified += 1
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
            choices = [self._possible(mask, sample) for mask in state.masks]
        current = state.network.patterns(self.problem.X[sample : sample + 1])[:, 0]
        children = self._admissible(sample, choices, state.tied, signs)
        if math.prod(map(len, choices)) > _SORTED:
            return children
        return iter(
            sorted(children, key=lambda bits: sum(a != b for a, b in zip(bits, current, strict=True)))
        )

    def _admissible(
        self, sample: int, choices: list[Sequence[int]], tied: tuple[bool, ...], signs: tuple[int, ...]
    ) -> Iterator[Bits]:
        """Generate combinations of `choices` that keep alike neurons in order and admit the label's sign."""
        low, high = self.problem.low[sample], self.problem.high[sample]
        needed = 0 if self.problem.skip else (1 if low > 0 else -1 if high < 0 else 0)
        for number, bits in enumerate(itertools.product(*choices)):
            if number % _SORTED == 0:
                self._check_limits(len(signs))  # there may be 2^K of them, none admissible
            if all(bits[k] >= bits[k + 1] for k, tie in enumerate(tied) if tie) and (
                needed == 0 or any(b and s == needed for b, s in zip(bits, signs, strict=True))
            ):
                yield bits

    def _possible(self, mask: int, sample: int) -> tuple[int, ...]:
        if self.active_cells is None:
            return (1, 0)
        active = self.active_cells[sample]
        return tuple(bit for bit, rest in ((1, mask & active), (0, mask & ~active)) if rest)

    def _narrowed(self, masks: list[int], sample: int, bits: Bits) -> list[int]:
        if self.active_cells is None:
            return masks
        active = self.active_cells[sample]
        return [mask & (active if bit else ~active) for mask, bit in zip(masks, bits, strict=True)]

    def _check_limits(self, width: int) -> None:
        if self.deadline.expired:
            raise _StoppedError(Status.TIME_LIMIT)
        if self.node_limit is not None and self.nodes > self.node_limit:
            raise _StoppedError(Status.NODE_LIMIT)
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
