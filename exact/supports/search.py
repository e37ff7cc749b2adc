"""Fewest weights or parameters: budgets refuted one after the other, a tree for every way to spend one.

For B = 0, 1, 2, ... every multiset of supports of B entries in all, with every choice of output signs, is
searched by the activation tree with each neuron restricted to its entries. Of the networks with the fewest
entries, those with the fewest neurons use all entries that they may, so that no other multiset need be
asked about. A refutation holds for all supports contained in those refuted: networks of few neurons that may
use every entry are refuted first, and whatever they contain is left out.
"""

import itertools
from collections.abc import Iterable
from typing import Final

from sparsest.affine import Affine
from sparsest.exact.line.fewest_without_skip import brief_bounds
from sparsest.exact.line.forced_knots import lower_bound_certificate
from sparsest.exact.line.projection_witness import projection_witness
from sparsest.exact.method_result import MethodResult
from sparsest.exact.packing.bound import applies_to, pack
from sparsest.exact.proof.deferred_log import DeferredLog
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.supports.checkpoint import KindSaving, Stored, read_stored
from sparsest.exact.supports.farm import KindFarm
from sparsest.exact.supports.findings import accept, entries_of_knots
from sparsest.exact.supports.kinds import Kinds
from sparsest.exact.supports.local_search import KindSearch
from sparsest.exact.supports.piece_logs import KindPieceLogs
from sparsest.exact.supports.pieces import KindQuestion
from sparsest.exact.supports.prepared import PreparedKinds, new_findings, searched_problem
from sparsest.exact.supports.refuter import Refuter
from sparsest.exact.supports.relaxation import Gain, tasks
from sparsest.exact.supports.state import KindPiece, Trees
from sparsest.exact.tree.checkpoint import open_checkpoint
from sparsest.exact.tree.exploration import Surroundings
from sparsest.exact.tree.limits import SearchLimits, StoppedError
from sparsest.exact.tree.node_program import solver_version
from sparsest.exact.tree.prepared import MET, seconds_to_prepare
from sparsest.exact.tree.saving import Saving
from sparsest.exact.tree.search import solve_tree
from sparsest.exact.tree.signals import stopping_on_signals
from sparsest.exact.tree.state import Headway
from sparsest.exact.tree.workers import Workers
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.solving import Proof, Status
from sparsest.sentences import joined

# Choices of kinds that are listed at a time.
_MAX_LISTED: Final = 5_000
# Seconds, about, of a local search at least, and of all for each node so far, a tenth of what that takes.
_LEAST_SECONDS: Final = 0.1
_SECONDS_A_NODE: Final = 5e-6
# About what a network that is a function of one projection takes for each number of the data.
_SECONDS_A_NUMBER: Final = 3e-4
# Share of the time, and seconds, for sweeps over one feature.
_SWEEPS_SHARE, _SWEEPS_SECONDS = 0.1, 1.0
# Share of the time for packing curved sets to begin with.
_PACKING_SHARE: Final = 0.1
# Share of the time, seconds and nodes for a network of few neurons to begin with.
_NEURONS_SHARE, _NEURONS_SECONDS, _NEURONS_NODES = 0.1, 5.0, 10_000


def solve_supports(
    problem: Problem,
    objective: Objective,
    options: SearchOptions | None = None,
    *,
    log: ProofLog | None = None,
    workers: Workers | None = None,
) -> MethodResult:
    """Return bounds on the fewest weights or parameters of a network that meets every interval.

    Parameters
    ----------
    problem : Problem
        Any problem without a weight bound.
    objective : Objective
        Weights or parameters.
    options : SearchOptions, optional
        Limits, a network from elsewhere, whom to tell of the progress, and the file in which the search is
        kept: Ctrl-C and SIGTERM then end it where its state is whole. Who works is said by `workers` alone.
    log : ProofLog, optional
        Told what the proof needs.
    workers : Workers, optional
        Share the search.

    Returns
    -------
    MethodResult
        Both bounds are proven in rational arithmetic: nodes that could not be verified are counted in
        ``unverified``, and from the first of them on the lower bound stays where it is.

    Raises
    ------
    InputError
        When the file of the search is damaged, of another search, or in the way.
    """
    options, distinct = options or SearchOptions(), problem.distinct()
    search = _SupportSearch(distinct, objective, options, log or ProofLog(), workers)
    path = options.checkpoint_path
    if path is None:
        return search.run(None)
    stored = open_checkpoint(
        path,
        distinct,
        resume=options.resume,
        read=lambda path, problem: read_stored(path, problem, objective),
    )
    with stopping_on_signals(options.deadline):
        return search.run(stored)


class _SupportSearch:
    """The parts of one search, put together."""

    def __init__(
        self,
        problem: Problem,
        objective: Objective,
        options: SearchOptions,
        log: ProofLog,
        workers: Workers | None,
    ) -> None:
        self._problem, self._objective, self._workers = problem, objective, workers
        self._options = options
        self._findings = new_findings(problem, objective, log)
        self._headway = Headway()
        self._limits = SearchLimits(options, self._findings, self._headway)
        self._log = DeferredLog(log, self._limits.expired_after_report) if log.writes else log
        self._trees, self._gain = Trees(), Gain()
        self._saving = Saving()
        self._searched = 0.0  # seconds, about, of local searches in vain

    def run(self, stored: Stored | None) -> MethodResult:
        """Close the gap as far as limits allow, and return what is known."""
        with self._log:
            return self._run(stored)

    def _run(self, stored: Stored | None) -> MethodResult:
        status = Status.OPTIMAL
        try:
            knots = lower_bound_certificate(self._problem, self._options.deadline)
            self._findings.lower = entries_of_knots(self._problem.X, knots, self._objective)
            self._log.knots(knots)
            foreseen = self._options.witness is None and self._options.checkpoint_path is None
            if foreseen and not self._limits.has_time(seconds_to_prepare(self._problem)):
                raise StoppedError(Status.TIME_LIMIT)
            self._begin(stored)
            self._put_together()
            if stored is None:
                self._find_networks()
            self._refute_budgets()
        except StoppedError as stop:
            status = stop.status
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        if self._findings.upper is None:
            self._take_projection()
        self._saving.save()
        return self._result(status)

    def _begin(self, stored: Stored | None) -> None:
        """Take over the state in the file, if the search is kept in one."""
        path = self._options.checkpoint_path
        if path is None:
            return
        self._trees.keeps = self._log.writes
        saving = KindSaving(
            path,
            self._options,
            self._problem,
            self._findings,
            self._trees,
            self._headway.counters,
            self._gain,
        )
        if stored is None:
            saving.claim()
        else:
            saving.restore(stored, self._log)
        self._saving = saving

    def _put_together(self) -> None:
        problem, objective, pacing = self._problem, self._objective, self._options.pacing
        prepared = self._prepared = PreparedKinds(problem, objective, pacing)
        prepared.enumerate(self._limits.deadline)
        counters = self._headway.counters
        self._around = Surroundings(
            prepared.with_all_entries,
            self._findings,
            counters,
            self._limits,
            saving_due=self._saving.due,
            compiled_from=pacing.compiled_from,
        )
        # not the same random networks again after an interruption
        self._local = KindSearch(prepared.problem, prepared.catalogue, MET, seed=counters.nodes)
        in_parts = self._workers is not None or self._saving.keeps
        told = KindPieceLogs(prepared, self._log.points) if in_parts else self._log
        self._refuter = Refuter(prepared, self._around, told, self._gain, self._trees.hopeless)
        self._farm = None
        if self._workers is not None:
            question = KindQuestion(problem, objective, pacing, prepared.has_cells, self._log.points)
            self._farm = KindFarm(
                self._workers, question, self._around, self._trees, self._gain, self._saving, self._log,
                self._improve,
            )  # fmt: skip

    def _take_projection(self) -> None:
        if not self._limits.has_time(_SECONDS_A_NUMBER * self._problem.X.size):
            return
        witness = projection_witness(self._problem)
        if witness is not None:
            self._findings.take(witness)

    # Networks

    def _find_networks(self) -> None:
        """Take the networks that are known at once."""
        problem = self._problem
        self._take_projection()
        if problem.n_features == 1 and problem.affine is not Affine.SKIP:
            self._take_sweeps()
        if self._options.witness is not None:
            self._accepts(self._options.witness)
        if problem.n_features > 1:
            self._take_few_neurons()
        self._take_packing()

    def _take_sweeps(self) -> None:
        """Take what two sweeps over one feature tell; proofs of weights do not know their bounds."""
        findings, weights = self._findings, self._objective is Objective.WEIGHTS
        prove = weights and self._options.sweeps and not self._log.writes
        counted = Objective.WEIGHTS if weights else Objective.NEURONS
        deadline = self._limits.deadline
        part = deadline.at_most(min(_SWEEPS_SECONDS, _SWEEPS_SHARE * deadline.remaining))
        found, evidence = brief_bounds(self._problem, counted, part, prove=prove)
        if evidence.network is not None:
            findings.take(evidence.network)
        if prove:
            findings.lower = max(findings.lower, found.lower_bound)

    def _take_few_neurons(self) -> None:
        """Take a network of few neurons: it mostly has few entries, and many samples hide it from other ways.

        Without a log and with limits of its own. Its bound on neurons, of packings above all, bounds entries
        where no proof is asked for: a neuron has one at least, but a constant has no weight.
        """
        deadline = self._limits.deadline
        is_closed = not self._findings.beats(self._findings.lower)
        if is_closed or deadline.expired:
            return
        seconds = min(_NEURONS_SHARE * deadline.remaining, _NEURONS_SECONDS)
        self._aim("looking for a network of few neurons")
        found = solve_tree(
            self._problem, SearchOptions(deadline=deadline.at_most(seconds), node_limit=_NEURONS_NODES)
        )
        if found.network is not None:
            self._accepts(found.network)
        if not self._log.writes:
            is_free = self._objective is Objective.WEIGHTS and self._problem.affine is Affine.NONE
            self._findings.lower = max(self._findings.lower, found.lower_bound - is_free)
        if found.status is Status.INTERRUPTED:
            raise KeyboardInterrupt

    def _take_packing(self) -> None:
        """Begin with curved sets where there are many samples: a neuron that bends one has a weight.

        Not with a proof of a search that is kept: it would have to find the same sets when it goes on.
        """
        problem, findings, pacing = self._problem, self._findings, self._options.pacing
        kept = self._log.writes and self._options.checkpoint_path is not None
        many = problem.n_samples >= pacing.packed_at_once
        if kept or not many or not applies_to(problem) or not findings.beats(findings.lower):
            return
        deadline = self._limits.deadline
        seconds = min(pacing.packing_seconds, _PACKING_SHARE * deadline.remaining)
        self._aim("packing curved sets")
        packing = pack(
            problem, deadline.at_most(seconds), enough=findings.upper, network=findings.network
        ).packing
        if packing.bound > findings.lower:
            findings.lower = packing.bound
            self._log.packing(packing)

    def _improve(self, budget: int) -> bool:
        """Look for networks of fewer entries while that is due; whether one of so few as the budget is known.

        Of one fewer than are known at first, and so on as long as networks are found: that is where most are.
        """
        findings, counters = self._findings, self._headway.counters
        while findings.beats(budget):
            seconds = _LEAST_SECONDS + _SECONDS_A_NODE * counters.nodes - self._searched
            if seconds < _LEAST_SECONDS:
                return False
            entries = budget if findings.upper is None else findings.upper - 1
            self._aim(f"looking for a network of {entries} {self._objective}")
            if not self._finds(entries, seconds):
                self._searched += seconds
        return True

    def _finds(self, entries: int, seconds: float) -> bool:
        """Look for a network of so many entries, half of the time near the one that is known."""
        known, local, deadline = self._findings.network, self._local, self._limits.deadline
        near = () if known is None else local.near(known, seconds / 2, deadline)
        if any(self._accepts(network) for network in near):
            return True
        self._limits.check(0)
        found = local.run(entries, seconds / 2, deadline)
        self._limits.check(0)
        return found is not None and self._accepts(found)

    def _accepts(self, network: Network) -> bool:
        return accept(self._prepared.problem, self._prepared.data, self._findings, network)

    # Refutations

    def _refute_budgets(self) -> None:
        findings, trees = self._findings, self._trees
        while findings.beats(findings.lower):
            budget = findings.lower
            if self._improve(budget):
                return
            self._aim(f"refuting {budget} {self._objective}")
            waiting = iter(self._open(budget))
            while some := list(itertools.islice(waiting, _MAX_LISTED)):
                trees.begin(list(tasks(some, self._prepared.catalogue)))
                if self._found(budget):
                    return
            trees.begin([])
            if self._found(budget) or findings.unverified:
                return
            findings.lower = budget + 1
            trees.refuted.forget_below(budget + 1)
            self._log.budget_refuted(budget)

    def _found(self, budget: int) -> bool:
        """Refute the networks that wait; True as soon as one of so many entries is found."""
        trees, counters = self._trees, self._headway.counters

        def report(piece: KindPiece) -> None:
            trees.take(piece, budget, self._log)

        while trees.waiting:
            pacing = self._options.pacing
            nodes = max(self._searched / _SECONDS_A_NODE, pacing.first_pause) - counters.nodes
            if self._farm is not None:
                alone = pacing.shared_from - counters.nodes
                if alone <= 0 and self._farm.is_ready():
                    return self._farm.refute(budget)
                nodes = min(nodes, max(alone, pacing.small_piece))
            if self._refuter.run(trees.waiting, budget, max(nodes, 1), report) or self._improve(budget):
                return True
            self._saving.save_if_due()
            status = self._limits.reached()
            if status is not None and trees.waiting:
                raise StoppedError(status)
        return False

    def _open(self, budget: int) -> Iterable[Kinds]:
        """Generate the networks of so many entries that are neither refuted nor under way."""
        for kinds in self._prepared.catalogue.networks(budget):
            self._limits.check(len(kinds))
            if kinds not in self._trees.under_way and not self._trees.refuted.covers(kinds):
                yield kinds

    def _aim(self, aim: str) -> None:
        self._limits.aim = aim
        self._limits.check(0)

    def _result(self, status: Status) -> MethodResult:
        findings, counters = self._findings, self._headway.counters
        if status is Status.OPTIMAL and findings.upper != findings.lower:
            status = Status.NUMERICAL
        return MethodResult(
            status=status,
            proof=Proof.EXACT,
            lower_bound=findings.lower,
            network=findings.network,
            nodes=counters.nodes,
            unverified=findings.unverified,
            solver=solver_version(),
            exact_witness=True,
            remark=joined(
                findings.near_miss_remark(searched_problem(self._problem, self._objective)),
                _undecided(findings.unverified, self._objective) if status is Status.NUMERICAL else "",
                self._saving.remark,
            ),
            seconds_before=counters.seconds_before,
        )


def _undecided(count: int, objective: Objective) -> str:
    """Return a sentence on leaves that could not be decided."""
    leaves = "1 leaf" if count == 1 else f"{count} leaves"
    return (
        f"{leaves} of networks with as many {objective} as the lower bound could not be decided in rational "
        "arithmetic, so that larger ones were not asked about: a tolerance may help"
    )
