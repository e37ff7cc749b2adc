"""Close in on the smallest count from both sides, cheapest means first.

A first, short search of the exact side; elimination from the network's own weights; the continuous side's
search, with the network's own patterns; then the exact side for the rest of the time.
"""

import dataclasses
import math
import os
from concurrent.futures import Executor
from typing import Any, Final

from sparsest.compare.certification.bounds_so_far import BoundsRecord
from sparsest.compare.reduce.elimination import eliminate
from sparsest.continuous import find_sparse
from sparsest.continuous.search.interval_descents import are_wide
from sparsest.errors import InputError, SolverError
from sparsest.exact import solve
from sparsest.exact.line import fewest_knots
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.results.solving import ExactResult, Proof, Status
from sparsest.sentences import counted

# Shares of the time left: of a first exact search, of elimination, of the continuous side, and of a bound on
# weights or parameters through neurons.
_FIRST: Final = 0.05
_ELIMINATION: Final = 0.3
_CONTINUOUS: Final = 0.4
_THROUGH_NEURONS: Final = 0.5
# Share that the last search is given: it ends a little later than asked.
_LAST: Final = 0.97
# Seconds of the first search, at least and at most.
_LEAST_SECONDS: Final = 0.5
_MAX_SECONDS: Final = 10.0
# Samples times features times neurons up to which the exact side is handed a network: it checks that in
# rational arithmetic, which takes some microseconds for each.
_MAX_WITNESS: Final = 1_500_000
_SECONDS_A_NUMBER: Final = 4e-6
# Entries of [X, 1] up to which the continuous side searches. Its linear programs have a block for every
# pattern that it tries: on 2000 samples of a grid in eight dimensions they took gigabytes, and found no
# fewer neurons than elimination had.
_MAX_CONTINUOUS: Final = 3000
# The same within intervals wider than rounding, where it solves no linear programs over patterns.
_MAX_WIDE: Final = 3_000_000
# Patterns handed to the continuous side: each costs a block of its linear programs.
_MAX_PATTERNS: Final = 64


@dataclasses.dataclass(frozen=True)
class Means:
    """How to search.

    Attributes
    ----------
    proof_file : path or None
        Where the exact side writes its proof.
    checkpoint_file : path or None
        Where the tree's search is kept.
    resume : bool
        Whether to continue from there.
    workers : int
        Processes of the exact side.
    executor : Executor or None
        Where they run instead.
    seed : int
        Of the continuous side.
    """

    proof_file: str | os.PathLike[str] | None = None
    checkpoint_file: str | os.PathLike[str] | None = None
    resume: bool = False
    workers: int = 1
    executor: Executor | None = None
    seed: int = 0


@dataclasses.dataclass
class Ending:
    """What the exact side said last, beside the bounds."""

    status: Status | None = None
    proof: Proof = Proof.EXACT
    proof_file: str | None = None
    remark: str = ""


def narrow(problem: Problem, start: Network, record: BoundsRecord, means: Means) -> Ending:
    """Improve the bounds in `record` until they meet or the time is up.

    Parameters
    ----------
    problem : Problem
        The data.
    start : Network
        A network of the kind asked for that fits.
    record : BoundsRecord
        Takes bounds and networks.
    means : Means
        Options.

    Raises
    ------
    InputError
        For options that the exact side refuses.
    """
    return _Narrowing(problem, start, record, means).run()


class _Narrowing:
    def __init__(self, problem: Problem, start: Network, record: BoundsRecord, means: Means) -> None:
        self.problem, self.record, self.means, self.goal = problem, record, means, record.objective
        self.deadline, self.best = record.deadline, start
        self.ending = Ending()
        self.asked = False
        self.closed = False  # the exact side has said its last word on this problem

    def run(self) -> Ending:
        left = self.deadline.remaining
        if self.deadline.expired:
            return Ending(remark="the time limit ended before any bound was sought")
        first = min(max(_LEAST_SECONDS, _FIRST * left), _MAX_SECONDS, left)
        if self.means.resume and self.means.proof_file is not None:
            first = _LAST * left  # all that was refuted before is written anew
        self._exactly("first bounds", first)
        for step in (self._eliminate, self._train, self._rest):
            if not self._over():
                step()
        return self.ending

    def _over(self) -> bool:
        return self.closed or self.record.closed or self.deadline.expired

    def _share(self, share: float) -> Deadline:
        left = self.deadline.remaining
        return Deadline(None if math.isinf(left) else max(share * left, 1e-3))

    def _offer(self, network: Network, *, proven: bool = False) -> bool:
        """Offer a network for this problem to the record; keep it to start from if it is the narrowest."""
        if network.count(self.goal) < self.best.count(self.goal):
            self.best = network
        return self.record.offer(network, proven=proven)

    # ------------------------------------------------------------ the exact side

    def _exactly(self, name: str, limit: float) -> None:
        with self.record.attempt(name) as said:
            try:
                result = self._solved(self.goal, limit)
            except (InputError, SolverError) as error:
                if not self.asked:
                    raise  # options that make no sense
                said.append(str(error))
                return
            finally:
                self.asked = True
            self._learn(result)
            said.append(
                f"{_interval(result)}: {result.status.sentence}, {counted(result.nodes, 'nodes')} "
                f"({result.method})"
            )

    def _solved(self, goal: Objective, limit: float, *, proof: bool = True) -> ExactResult:
        means, tree = self.means, not fewest_knots.applies_to(self.problem, goal)
        numbers = self.problem.X.size * self.best.width
        small = numbers <= _MAX_WITNESS and numbers * _SECONDS_A_NUMBER <= limit / 2
        checkpoint: dict[str, Any] = {}
        if tree and proof and means.checkpoint_file is not None:
            checkpoint = {"checkpoint_file": means.checkpoint_file, "resume": means.resume or self.asked}
        return solve(
            self.problem,
            goal,
            time_limit=None if math.isinf(limit) else max(limit, 1e-3),
            progress=self.record.callback,
            proof_file=means.proof_file if proof else None,
            witness=self.best if small else None,
            workers=means.workers,
            executor=means.executor,
            **checkpoint,
        )

    def _learn(self, result: ExactResult) -> None:
        self.record.bound(result.lower_bound)
        if result.network is not None:
            checked = result.method == "tree" or result.status is Status.OPTIMAL
            self._offer(result.network, proven=checked and result.proof is Proof.EXACT)
        self.closed = result.status is Status.OPTIMAL
        if result.status is Status.INTERRUPTED:
            self.record.deadline.interrupt()
        written = None if result.proof_written is False else self.means.proof_file
        self.ending = Ending(
            result.status, result.proof, None if written is None else os.fspath(written), result.remark
        )

    def _rest(self) -> None:
        if self.goal is not Objective.NEURONS and self.means.proof_file is None:  # it would not be in there
            self._through_neurons()
            if self._over():
                return
        self._exactly("bounds", _LAST * self.deadline.remaining)

    def _through_neurons(self) -> None:
        """Bound weights or parameters by neurons, each of which has a parameter.

        And a weight, unless it is constant: constant neurons together are one, or none with an affine term.
        """
        with self.record.attempt("bound through neurons") as said:
            result = self._solved(Objective.NEURONS, self._share(_THROUGH_NEURONS).remaining, proof=False)
            constant = self.goal is Objective.WEIGHTS and not self.problem.has_affine_term
            lower = max(0, result.lower_bound - constant)
            self.record.bound(lower)
            if result.network is not None:
                self._offer(result.network)
            said.append(f"{_interval(result)}, so at least {counted(lower, self.goal.value)}")

    # ------------------------------------------------------------ searches for networks

    def _eliminate(self) -> None:
        with self.record.attempt("elimination from its own weights") as said:
            before = self.best.width
            found = eliminate(self.problem, self.best, self._share(_ELIMINATION))
            self._offer(found)
            said.append(
                f"{counted(before, 'neurons')} became {found.width}"
                if found.width < before
                else "no neuron can go"
            )

    def _train(self) -> None:
        unit = self.problem.label_scale or 1.0
        wide = are_wide(self.problem.low / unit, self.problem.high / unit)
        if self.problem.homogeneous.size > (_MAX_WIDE if wide else _MAX_CONTINUOUS):
            return
        with self.record.attempt("continuous search") as said:
            cells = self.best.patterns(self.problem.X)[:_MAX_PATTERNS]
            limit = self._share(_CONTINUOUS).remaining
            fit = find_sparse(
                self.problem,
                self.goal,
                start=self.best,
                patterns=cells if len(cells) else None,
                lower_bound=self.record.lower,
                seed=self.means.seed,
                time_limit=None if math.isinf(limit) else limit,
                progress=self.record.callback,
            )
            if fit.status is Status.INTERRUPTED:
                self.record.deadline.interrupt()
            fitting = fit.network.solves(self.problem)
            if fitting:
                self._offer(fit.network)
            said.append(counted(fit.count, self.goal.value) if fitting else "found no network that fits")


def _interval(result: ExactResult) -> str:
    upper = "unknown" if result.upper_bound is None else str(result.upper_bound)
    what = result.objective.value
    if result.status is Status.OPTIMAL:
        return f"exactly {counted(result.lower_bound, what)}"
    return f"at least {counted(result.lower_bound, what)}, at most {upper}"
