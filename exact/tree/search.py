"""Fewest neurons by a search over activation patterns, one linear program a node, no bound on weights needed.

For K = 1, 2, ... and each number of positive output signs: a node fixes, for some samples, which of the K
neurons are active on them. Feasibility is a linear program; an infeasible node is cut off, and the exact
multipliers that prove it are verified in rational arithmetic, or are proven to exist with bounds on every
rounding where no proof is written down. At a feasible node the network just found is evaluated on all
samples: if it meets every interval the search is over, otherwise the most violated sample is branched on. So
large data cost little once a few samples pin the network down. Now and then the search pauses for a local
search for a network of K neurons or a few more.

This file puts the parts together: `widths` is the loop over K and output signs, `exploration` that over the
nodes of one tree, `pieces` and `farm` cut a tree into pieces and share them, `checkpoint` keeps the search in
a file. They know each other only through the values in `state` and `prepared`.
"""

from pathlib import Path

from sparsest.exact.line.forced_knots import lower_bound_certificate
from sparsest.exact.method_result import MethodResult
from sparsest.exact.proof.deferred_log import DeferredLog
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.proof.piece import packed
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.tree.candidates import accept, near_miss_remark, take_projection
from sparsest.exact.tree.checkpoint import CheckpointWriter, open_checkpoint
from sparsest.exact.tree.checkpoint_file import SearchCheckpoint, read_checkpoint
from sparsest.exact.tree.classes import DensestClasses
from sparsest.exact.tree.exploration import Exploration, Surroundings
from sparsest.exact.tree.farm import Farm
from sparsest.exact.tree.limits import SearchLimits, StoppedError
from sparsest.exact.tree.node_program import solver_version
from sparsest.exact.tree.output_signs import Signs
from sparsest.exact.tree.packings import Packings
from sparsest.exact.tree.pauses import LocalSearches
from sparsest.exact.tree.piece_logs import PieceLogs
from sparsest.exact.tree.pieces import refute_in_pieces
from sparsest.exact.tree.prepared import Prepared, prepare, seconds_to_prepare
from sparsest.exact.tree.saving import Saving
from sparsest.exact.tree.signals import stopping_on_signals
from sparsest.exact.tree.state import Counters, Findings, Frontier, Headway
from sparsest.exact.tree.sweeps import Sweeps
from sparsest.exact.tree.widths import close_the_gap
from sparsest.exact.tree.workers import Workers
from sparsest.problem import Problem
from sparsest.results.solving import Proof, Status

# About what a network that is a function of one projection takes for each number of the data, in rational
# numbers, and a node for each neuron and sample.
_SECONDS_A_NUMBER = 3e-4
_SECONDS_A_PRODUCT = 2e-8


def solve_tree(
    problem: Problem,
    options: SearchOptions | None = None,
    *,
    log: ProofLog | None = None,
    workers: Workers | None = None,
) -> MethodResult:
    """Return bounds on the fewest neurons that meet every interval of `problem`.

    Parameters
    ----------
    problem : Problem
        Any problem.
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
        When the file of the search is damaged, of another problem, or in the way.
    """
    options, distinct = options or SearchOptions(), problem.distinct()
    search = _TreeSearch(distinct, options, log or ProofLog(), workers)
    path = options.checkpoint_path
    if path is None:
        return search.run(None)
    stored = open_checkpoint(path, distinct, resume=options.resume, read=read_checkpoint)
    with stopping_on_signals(options.deadline):
        return search.run(stored)


class _TreeSearch:
    """The parts of one search, put together."""

    def __init__(
        self, problem: Problem, options: SearchOptions, log: ProofLog, workers: Workers | None
    ) -> None:
        self._problem, self._options, self._workers = problem, options, workers
        self._findings = Findings(problem.n_features, log=log)
        self._headway = Headway(counters=Counters(pause=options.pacing.first_pause))
        self._limits = SearchLimits(options, self._findings, self._headway)
        self._log = DeferredLog(log, self._limits.expired_after_report) if log.writes else log
        self._saving = Saving()
        self._sweeps = Sweeps(problem, self._findings, options.deadline, prove=options.sweeps)

    def run(self, stored: SearchCheckpoint | None) -> MethodResult:
        """Close the gap as far as limits allow, and return what is known."""
        with self._log:
            return self._run(stored)

    def _run(self, stored: SearchCheckpoint | None) -> MethodResult:
        status, prepared = Status.OPTIMAL, None
        try:
            self._find_first_bounds()
            if stored is None:  # else what is in the file comes first
                self._sweeps.run_if_due(self._log)
            if self._options.witness is None and self._options.checkpoint_path is None:
                self._stop_unless_there_is_time(seconds_to_prepare(self._problem))
            prepared = prepare(self._problem, self._options.pacing)
            self._begin(prepared, stored)
            if stored is not None:
                self._sweeps.run_if_due(self._log)
            self._put_together(prepared)
            self._enumerate_cells_if_needed(prepared)
            self._packings.run_if_due(self._limits)
            close_the_gap(
                prepared, self._findings, self._headway, self._log,
                refute=self._refute, improve=self._improve, most=self._options.most,
            )  # fmt: skip
        except StoppedError as stop:
            status = stop.status
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        if self._findings.upper is None and self._limits.has_time(_SECONDS_A_NUMBER * self._problem.X.size):
            take_projection(prepared or prepare(self._problem, self._options.pacing), self._findings)
        self._saving.save()
        return self._result(status)

    def _find_first_bounds(self) -> None:
        problem, findings = self._problem, self._findings
        # needed with and without a skip or bound
        knots = lower_bound_certificate(problem, self._options.deadline)
        findings.lower, findings.knots = len(knots), knots
        self._log.knots(knots)

    def _begin(self, prepared: Prepared, stored: SearchCheckpoint | None) -> None:
        """Take over a network that was given, and the state in the file."""
        findings, given = self._findings, self._options.witness
        if given is not None and findings.beats(given.count()):
            accept(prepared, findings, given)
        self._headway.width = findings.lower
        if self._options.checkpoint_path is not None:
            self._saving = self._opened(self._options.checkpoint_path, prepared, stored)

    def _opened(self, path: Path, prepared: Prepared, stored: SearchCheckpoint | None) -> CheckpointWriter:
        writer = CheckpointWriter(
            path, self._options, prepared, self._findings, self._headway, self._log.writes
        )
        if stored is None:
            writer.claim()
        else:
            writer.restore(stored, self._log)
        return writer

    def _put_together(self, prepared: Prepared) -> None:
        counters = self._headway.counters
        given = None if self._options.witness is None else self._options.witness.count()
        self._searches = LocalSearches(prepared, self._findings, counters, given)
        self._packings = Packings(prepared, self._findings, counters, self._searches)
        self._classes = DensestClasses(prepared.problem, prepared.pacing, self._limits.deadline)
        self._around = Surroundings(
            prepared,
            self._findings,
            counters,
            self._limits,
            saving_due=self._saving.due,
            at_pause=self._improve,
            compiled_from=prepared.pacing.compiled_from,
        )
        self._logs = PieceLogs(prepared, self._log.points)
        self._farm = None
        if self._workers is not None:
            self._farm = Farm(self._workers, self._around, self._searches, self._saving, self._log.points)

    def _enumerate_cells_if_needed(self, prepared: Prepared) -> None:
        nodes, branching = self._headway.counters.nodes, prepared.branching
        if nodes and branching.cells_pay(nodes):
            branching.enumerate(self._limits.deadline)

    def _refute(self, signs: Signs) -> bool:
        """Search for a network with these output signs, in pieces if it is shared or kept in a file."""
        if self._headway.frontier is None and self._refuted_by_classes(signs):
            return False
        self._stop_unless_there_is_time(_SECONDS_A_PRODUCT * self._problem.n_samples * len(signs))
        if self._farm is None and not self._saving.keeps:
            return Exploration(self._around, signs, self._log).run()
        if self._headway.frontier is None:
            self._headway.frontier = Frontier()
        return refute_in_pieces(
            self._around, signs, self._headway.frontier, self._log, self._logs, self._saving, self._farm
        )

    def _refuted_by_classes(self, signs: Signs) -> bool:
        closes = self._findings.upper == len(signs) + 1
        step = self._classes.refutation(signs, self._limits.nodes_left, closes=closes)
        if step is None:
            return False
        document = step.document()
        self._log.densest(document)
        if self._log.writes:
            self._saving.tree_refuted(signs, {(): packed([{"densest": document}])})
        return True

    def _stop_unless_there_is_time(self, seconds: float) -> None:
        if not self._limits.has_time(seconds):
            raise StoppedError(Status.TIME_LIMIT)

    def _improve(self, width: int) -> bool:
        """Look for networks of `width` neurons and a few more, and for bounds; whether `width` is settled."""
        many = self._headway.counters.nodes >= self._options.pacing.shared_from
        if self._farm is not None and many and self._farm.is_ready():
            self._farm.search_meanwhile(width)
        else:
            self._searches.run(width, self._limits)
        if self._findings.upper is None:
            take_projection(self._around.prepared, self._findings)
        self._packings.run_if_due(self._limits)
        self._sweeps.run_if_due(self._log)
        return self._findings.upper == width or self._findings.lower > width

    def _result(self, status: Status) -> MethodResult:
        findings, counters = self._findings, self._headway.counters
        if status is Status.OPTIMAL and findings.upper != findings.lower:
            most = self._options.most
            asked = most is not None and findings.lower > most
            status = Status.FINISHED if asked else Status.NUMERICAL
        remarks = near_miss_remark(self._problem, findings), self._saving.remark
        return MethodResult(
            status=status,
            proof=Proof.EXACT,
            lower_bound=findings.lower,
            network=findings.network,
            nodes=counters.nodes,
            unverified=findings.unverified,
            solver=solver_version(),
            exact_witness=True,
            remark="; ".join(filter(None, remarks)),
            seconds_before=counters.seconds_before,
        )
