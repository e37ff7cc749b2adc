"""The fewest neurons of a network that misses at most m rows: subsets of rows that need more, and branching.

Rows of which no K neurons meet all are a refuted subset: a network of K neurons misses one of them. Of m + 1
refuted subsets without a row in common it misses m + 1 rows, so more than K neurons are necessary. Where
there are not so many, the rows of one subset are tried in turn as the missed one, with m - 1 left.
Subsets grow by the rows that the network through them misses most (lazy constraints), so that most stay
small; a network that misses no more than m rows in all ends the search.
"""

import dataclasses
from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.arithmetic.rational_network import meets_exactly
from sparsest.exact.method_choice import choose_method
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.solver import run_method
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem, refuse_other_than_problem
from sparsest.progress import Deadline, Progress, ProgressCallback
from sparsest.results.outliers import OutliersResult
from sparsest.results.solving import ExactResult, Proof, Status

Rows = frozenset[int]

# Share of a subset's rows by which it grows at once.
_GROWTH: Final = 8
# Nodes, and the share of the time, of a first search for a network that misses no row.
_FIRST_NODES: Final = 20
_FIRST_SHARE: Final = 0.1
# Samples times features times neurons up to which a network is checked in rational arithmetic: some seconds.
_MAX_EXACT: Final = 100_000
_NO_FILE: Final = "bounds with rows left out are verified as they are found, and no proof file holds them"


def solve_with_outliers(
    problem: Problem,
    outliers: int,
    *,
    network: Network | None = None,
    time_limit: float | None = None,
    node_limit: int | None = None,
    workers: int = 1,
    progress: ProgressCallback | None = None,
) -> OutliersResult:
    """Bound the fewest neurons of a network that meets every interval but `outliers` of them.

    Parameters
    ----------
    problem : Problem
        The data.
    outliers : int
        m, how many rows may be missed by choice.
    network : Network, optional
        One that misses no more, for an upper bound.
    time_limit : float, optional
        Seconds after which the interval known so far is returned; the search also stops on Ctrl-C.
    node_limit : int, optional
        Largest number of linear programs for each subset of rows that is asked about.
    workers : int
        As for `sparsest.exact.solve`.
    progress : callable, optional
        Called with a `Progress`.

    Returns
    -------
    OutliersResult
        Both bounds, the witness and the rows that it misses.

    Raises
    ------
    InputError
        For options out of their range.

    Examples
    --------
    >>> wrong = Problem([0, 1, 2, 3, 4], [0, 1, 5, 3, 4], affine="skip")
    >>> found = solve_with_outliers(wrong, 1)
    >>> found.lower_bound, found.upper_bound, found.missed
    (0, 0, (2,))
    """
    refuse_other_than_problem(problem)
    most = problem.n_samples
    if isinstance(outliers, bool) or not isinstance(outliers, int | np.integer) or not 0 <= outliers < most:
        raise InputError(f"outliers = {outliers!r:.40}: it must be a whole number from 0 to {most - 1}")
    options = SearchOptions(
        deadline=Deadline(time_limit), node_limit=node_limit, workers=workers, progress=progress
    )
    search = _Search(problem, int(outliers), options)
    return search.run(network)


class _StoppedError(Exception):
    """A subset could not be decided, or the time is up."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.sentence)
        self.status = status


class _Search:
    """What is known, and who is asked."""

    def __init__(self, problem: Problem, outliers: int, options: SearchOptions) -> None:
        self._problem, self._outliers, self._options = problem, outliers, options
        self._lower, self._nodes, self._subsets = 0, 0, 0
        self._upper: int | None = None
        self._network: Network | None = None
        self._missed: tuple[int, ...] = ()
        self._proof = Proof.EXACT
        self._refuted: set[Rows] = set()  # rows left out, with which the present number of neurons is too few

    def run(self, network: Network | None) -> OutliersResult:
        """Raise the lower bound until a network of so many neurons is known."""
        status = Status.OPTIMAL
        try:
            if network is not None and not self._takes(network):
                raise InputError(
                    f"the network given misses more than {self._outliers} rows, or is of another kind"
                )
            if self._upper is None:
                self._find_any()
            while self._upper is None or self._lower < self._upper:
                self._refuted.clear()
                if self._is_refuted(frozenset()):
                    self._lower += 1
        except _StoppedError as stop:
            status = stop.status
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        return OutliersResult(
            status=status,
            outliers=self._outliers,
            lower_bound=self._lower,
            upper_bound=self._upper,
            network=self._network,
            missed=self._missed,
            remark=_NO_FILE,
            proof=self._proof,
            subsets=self._subsets,
            nodes=self._nodes,
            seconds=self._options.deadline.seconds,
            problem=self._problem,
        )

    def _find_any(self) -> None:
        """Look for a network that misses no row, for an upper bound whatever comes."""
        deadline = self._options.deadline
        seconds = _FIRST_SHARE * deadline.remaining
        limited = dataclasses.replace(
            self._options,
            deadline=Deadline(seconds if np.isfinite(seconds) else None),
            node_limit=_FIRST_NODES,
        )
        result = self._asked(self._problem, limited)
        if result.network is not None:
            self._takes(result.network)

    def _is_refuted(self, left_out: Rows) -> bool:
        """Whether, with some rows left out, as few neurons as the lower bound miss more rows than may be."""
        if left_out in self._refuted:
            return True
        available = frozenset(range(self._problem.n_samples)) - left_out
        may_be_missed = self._outliers - len(left_out)
        subsets: list[Rows] = []
        while len(subsets) <= may_be_missed:
            found = self._refuted_subset(available)
            if self._upper is not None and self._upper <= self._lower:
                return False
            if found is None:
                break
            subsets.append(found)
            available -= found
        if len(subsets) <= may_be_missed:
            if not subsets:  # a network meets all that is left, and is no witness: floats cannot tell
                raise _StoppedError(Status.NUMERICAL)
            smallest = min(subsets, key=len)
            if not all(self._is_refuted(left_out | {row}) for row in sorted(smallest)):
                return False
        self._refuted.add(left_out)
        return True

    def _refuted_subset(self, available: Rows) -> Rows | None:
        """Return rows that more neurons are needed for than the lower bound says; None if all can be met."""
        rows = np.array(sorted(available))
        few = np.linspace(0, len(rows) - 1, min(len(rows), self._problem.n_features + 2))
        chosen = {int(row) for row in rows[few.astype(int)]}
        while chosen:
            network = self._network_through(frozenset(chosen))
            if network is None:
                self._subsets += 1
                return frozenset(chosen)
            if self._takes(network):
                return None
            violation = self._violation(network)[rows]
            worst = rows[np.argsort(-violation, kind="stable")][: np.count_nonzero(violation > 0)]
            new = [int(row) for row in worst if int(row) not in chosen]
            if not new:
                return None
            chosen.update(new[: 1 + len(chosen) // _GROWTH])
        return None

    def _network_through(self, rows: Rows) -> Network | None:
        """Return a network of as few neurons as the lower bound through some rows; None if there is none."""
        most = self._lower
        left = self._options.deadline.remaining
        mine = dataclasses.replace(
            self._options, deadline=Deadline(max(left, 1e-3) if np.isfinite(left) else None), most=most
        )
        result = self._asked(self._problem.subset(sorted(rows)), mine)
        if result.lower_bound > most:
            if result.proof is not Proof.EXACT:
                self._proof = Proof.NUMERICAL
            return None
        if result.upper_bound is not None and result.upper_bound <= most:
            return result.network
        raise _StoppedError(result.status)

    def _asked(self, problem: Problem, options: SearchOptions) -> ExactResult:
        if self._options.deadline.expired:
            raise _StoppedError(Status.TIME_LIMIT)
        method, reason = choose_method(problem, Objective.NEURONS, "auto", proof_wanted=False, kept=False)
        quiet = dataclasses.replace(options, progress=None)
        result = run_method(problem, Objective.NEURONS, method, quiet, reason=reason)
        self._nodes += result.nodes
        if result.status is Status.INTERRUPTED:
            raise _StoppedError(Status.INTERRUPTED)
        self._tell()
        return result

    def _tell(self) -> None:
        if self._options.progress is not None:
            self._options.progress(
                Progress(
                    f"{self._lower} neurons, {self._subsets} subsets of rows refuted",
                    self._options.deadline.seconds,
                    nodes=self._nodes,
                    lower_bound=self._lower,
                    upper_bound=self._upper,
                )
            )

    def _violation(self, network: Network) -> FloatArray:
        """Return how far values (N,) are outside their intervals, 0 where that is rounding."""
        violation = network.violation(self._problem)
        return np.where(violation > network.allowance(self._problem), violation, 0.0)

    def _takes(self, network: Network) -> bool:
        """Take a network for the upper bound if it misses no more rows than may be; whether it does not."""
        problem = self._problem
        if not (network.is_of_kind(problem) and network.within_bound(problem)):
            return False
        missed = np.flatnonzero(self._violation(network) > 0)
        if len(missed) > self._outliers:
            return False
        kept = problem.subset(np.setdiff1d(np.arange(problem.n_samples), missed))
        small = kept.X.size * max(network.width, 1) <= _MAX_EXACT
        if small and not meets_exactly(kept, network, Objective.NEURONS):
            return False
        if self._upper is None or network.count() < self._upper:
            if not small:
                self._proof = Proof.NUMERICAL
            self._upper, self._network = network.count(), network
            self._missed = tuple(int(row) for row in missed)
        return True
