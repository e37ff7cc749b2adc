"""Fewest weights or parameters: budgets refuted one after the other, a tree for every way to spend one.

For B = 0, 1, 2, ... every multiset of supports of B entries in all, with every choice of output signs, is
searched by the activation tree with each neuron restricted to its entries. Of the networks with the fewest
entries, those with the fewest neurons use all entries that they may, so that no other multiset need be
asked about. A refutation holds for all supports contained in those refuted: networks of few neurons that may
use every entry are refuted first, and whatever they contain is left out.
"""

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from sparsest.affine import Affine
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.line.forced_knots import lower_bound_certificate
from sparsest.exact.line.projection_witness import projection_witness
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.method_result import MethodResult
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.supports.branching import KindBranching
from sparsest.exact.supports.coordinates import EntryCoordinates, entry_coordinates
from sparsest.exact.supports.exploration import KindExploration
from sparsest.exact.supports.findings import EntryFindings, accept
from sparsest.exact.supports.kinds import Catalogue, Kinds, contains
from sparsest.exact.supports.local_search import KindSearch
from sparsest.exact.supports.relaxation import SharedRefutation, groups
from sparsest.exact.tree.exploration import Surroundings
from sparsest.exact.tree.limits import SearchLimits, StoppedError
from sparsest.exact.tree.node_program import solver_version
from sparsest.exact.tree.prepared import MET, Prepared, seconds_to_prepare
from sparsest.exact.tree.state import Counters, Headway
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.solving import Proof, Status

# Choices of kinds that are listed at a time, and runs of a local search for each that it tries.
_MAX_LISTED: Final = 5_000
_STARTS: Final = 4
# Seconds, about, of local searches for one budget: at least, and for each node so far.
_LEAST_SECONDS: Final = 0.05
_SECONDS_A_NODE: Final = 5e-5
# About what a network that is a function of one projection takes for each number of the data.
_SECONDS_A_NUMBER: Final = 3e-4
# Budgets above the one that is to be refuted for which networks are looked for before.
_AHEAD: Final = 12


def solve_supports(
    problem: Problem,
    objective: Objective,
    options: SearchOptions | None = None,
    *,
    log: ProofLog | None = None,
) -> MethodResult:
    """Return bounds on the fewest weights or parameters of a network that meets every interval.

    Parameters
    ----------
    problem : Problem
        Any problem without a weight bound.
    objective : Objective
        Weights or parameters.
    options : SearchOptions, optional
        Limits, a network from elsewhere, and whom to tell of the progress.
    log : ProofLog, optional
        Told what the proof needs.

    Returns
    -------
    MethodResult
        Both bounds are proven in rational arithmetic: nodes that could not be verified are counted in
        ``unverified``, and from the first of them on the lower bound stays where it is.
    """
    return _SupportSearch(problem.distinct(), objective, options or SearchOptions(), log or ProofLog()).run()


class _SupportSearch:
    """The parts of one search, put together."""

    def __init__(self, problem: Problem, objective: Objective, options: SearchOptions, log: ProofLog) -> None:
        free = objective is Objective.WEIGHTS and problem.affine is Affine.NONE
        self._asked, self._objective, self._log = problem, objective, log
        # a neuron without weights is a constant, and costs none
        self._problem = problem.replace(affine=Affine.CONSTANT) if free else problem
        self._options = options
        self._catalogue = Catalogue(problem.n_features, self._problem.affine, objective)
        self._findings = EntryFindings(
            problem.n_features, log=log, objective=objective, constant_is_neuron=free
        )
        self._headway = Headway(counters=Counters())
        self._limits = SearchLimits(options, self._findings, self._headway)
        self._relaxed: list[Kinds] = []  # refuted, of more entries than the budget at that time
        self._hopeless: set[Kinds] = set()  # there is a network of these kinds
        self._coordinates: dict[tuple[int, ...], EntryCoordinates] = {}

    def run(self) -> MethodResult:
        """Close the gap as far as limits allow, and return what is known."""
        status = Status.OPTIMAL
        try:
            knots = lower_bound_certificate(self._asked)
            self._findings.lower = len(knots)
            self._log.knots(knots)
            if self._options.witness is None and not self._limits.has_time(seconds_to_prepare(self._asked)):
                raise StoppedError(Status.TIME_LIMIT)
            self._prepare()
            self._find_networks()
            self._refute_budgets()
        except StoppedError as stop:
            status = stop.status
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        if self._findings.upper is None:
            self._take_projection()
        return self._result(status)

    def _prepare(self) -> None:
        problem, pacing = self._problem, self._options.pacing
        coordinates = Coordinates(problem)
        self._branching = KindBranching(problem, coordinates, MET, pacing)
        self._branching.enumerate(self._limits.deadline)
        self._prepared = Prepared(problem, ExactData(problem), coordinates, self._branching, pacing)
        self._local = KindSearch(problem, self._catalogue, MET)

    def _take_projection(self) -> None:
        if not self._limits.has_time(_SECONDS_A_NUMBER * self._asked.X.size):
            return
        witness = projection_witness(self._asked)
        if witness is not None:
            self._findings.take(witness)

    # Networks

    def _find_networks(self) -> None:
        """Take the networks that are known at once, and search locally for better ones."""
        self._take_projection()
        if self._options.witness is not None:
            accept(self._problem, self._prepared.data, self._findings, self._options.witness)
        first = self._findings.lower
        for budget in range(first, first + _AHEAD):
            if not self._findings.beats(budget) or self._search_locally(budget):
                return

    def _search_locally(self, budget: int) -> bool:
        """Look for a network of so many entries; whether one was found."""
        self._aim(f"looking for a network of {budget} {self._objective}")
        by_width: dict[int, list[Kinds]] = defaultdict(list)
        for kinds in itertools.islice(self._open(budget), _MAX_LISTED):
            by_width[len(kinds)].append(kinds)
        seconds = _LEAST_SECONDS + _SECONDS_A_NODE * self._headway.counters.nodes
        for width, networks in sorted(by_width.items()):
            runs = self._local.runs_in(seconds / len(by_width), width)
            starts = max(runs // len(networks), _STARTS)
            chosen = self._local.some_of(networks, max(runs // starts, 1))
            found = self._local.run(chosen, starts, self._limits.deadline)
            self._limits.check(0)
            if found is not None and accept(self._problem, self._prepared.data, self._findings, found):
                return not self._findings.beats(budget)
        return False

    # Refutations

    def _refute_budgets(self) -> None:
        findings = self._findings
        counters = self._headway.counters
        shared = SharedRefutation(self._refuted, lambda: counters.nodes)
        while findings.beats(findings.lower):
            budget = findings.lower
            if self._search_locally(budget):
                return
            self._aim(f"refuting {budget} {self._objective}")
            waiting = iter(self._open(budget))
            while some := list(itertools.islice(waiting, _MAX_LISTED)):
                for top, networks in groups(some, self._catalogue.full):
                    if not shared.run(top, networks) and not findings.beats(budget):
                        return
            if findings.unverified:
                return
            findings.lower = budget + 1
            self._log.budget_refuted(budget)

    def _open(self, budget: int) -> Iterable[Kinds]:
        """Generate the networks of so many entries that are contained in none refuted before."""
        for kinds in self._catalogue.networks(budget):
            self._limits.check(len(kinds))
            if not any(contains(large, kinds) for large in self._relaxed):
                yield kinds

    def _refuted(self, kinds: Kinds, budget: int | None = None) -> bool:
        """Search for a network of these kinds; whether there is none, within a budget of nodes if given."""
        if budget is not None and kinds in self._hopeless:
            return False
        self._log.begin_kinds(kinds)
        entries = [self._catalogue.entries(kind) for kind in kinds]
        around = self._around(kinds, entries)
        exploration = KindExploration(around, kinds, self._log, [self._of(each) for each in entries])
        unverified = self._findings.unverified
        found = exploration.run(budget=budget)
        refuted = not found and not exploration.left
        if budget is not None and self._findings.unverified > unverified:
            self._findings.unverified, refuted = unverified, False  # a relaxation need not be decided
        if refuted:
            self._log.end()
            if budget is not None:
                self._relaxed.append(kinds)
        else:
            self._log.abandon()
            if found:
                self._hopeless.add(kinds)
        return refuted

    def _around(self, kinds: Kinds, entries: list[tuple[int, ...]]) -> Surroundings:
        prepared = dataclasses.replace(
            self._prepared,
            data=self._prepared.data.restricted(entries),
            branching=self._branching.of(kinds),
        )
        pacing = self._options.pacing
        return Surroundings(
            prepared, self._findings, self._headway.counters, self._limits,
            compiled_from=pacing.compiled_from,
        )  # fmt: skip

    def _of(self, entries: tuple[int, ...]) -> EntryCoordinates:
        if entries not in self._coordinates:
            rank = self._prepared.coordinates.rows.shape[1]
            self._coordinates[entries] = entry_coordinates(self._problem, entries, rank)
        return self._coordinates[entries]

    def _aim(self, aim: str) -> None:
        self._limits.aim = aim
        self._limits.check(0)

    def _result(self, status: Status) -> MethodResult:
        findings = self._findings
        if status is Status.OPTIMAL and findings.upper != findings.lower:
            status = Status.NUMERICAL
        return MethodResult(
            status=status,
            proof=Proof.EXACT,
            lower_bound=findings.lower,
            network=findings.network,
            nodes=self._headway.counters.nodes,
            unverified=findings.unverified,
            solver=solver_version(),
            exact_witness=True,
            remark=findings.near_miss_remark(self._problem),
        )
