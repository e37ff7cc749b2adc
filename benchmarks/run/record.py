"""One line of a benchmark's results: what was run, what it claimed, what the referee found."""

import dataclasses
import math
from typing import Any

from sparsest import tolerances
from sparsest.benchmarks.suites.method_answer import AttemptPoint, TracePoint


@dataclasses.dataclass(frozen=True)
class Record:
    """A finished run of one method on one problem.

    Attributes
    ----------
    key : str
        Name of the run: equal keys are the same computation.
    suite, data, digest : str
        Suite, dataset as its suite names it, and digest of the problem.
    n_samples, n_features : int
        N and d.
    planted : int or None
        Neurons of the network that made the labels, where there was one.
    affine, tolerance, weight_bound
        As of the problem; tolerance is the largest half-width of an interval.
    objective, method : str
        What is counted, and the registered name of the method.
    seed, time_limit, repeat
        Of the run.
    status : str
        Why the method stopped, in its own words, or "error", "killed", "crashed".
    error : str
        What went wrong, in one sentence; usually empty.
    fits, exactly : bool or None
        Referee: whether the network meets every interval up to rounding; whether a rational network of no
        higher count beside it does exactly (None when not tried).
    residual : float or None
        Referee: largest violation, in float64.
    count : int or None
        Referee: the objective's count of the network, whether it fits or not.
    neurons, weights, parameters : int or None
        Referee: the three counts.
    lower_bound : int or None
        Claimed by the method.
    proof : str
        What the claimed bound rests on.
    box : float or None
        The bound holds only in this box of weights, which the problem did not ask for.
    seconds : float
        Wall time of the method alone, without imports.
    work : int
        Nodes or steps.
    trace : tuple
        Bounds over time, as the method saw them.
    solver : str
        Library and version that did the work.
    options : dict
        The method's options.
    network : dict or None
        The network as a document of `sparsest.io.documents`, unless it is large.
    session : int
        Which session of the results file (machine, versions) ran it.
    loss : float or None
        Referee: mean squared distance to the intervals, labels scaled to at most one.
    p : float or None
        Exponent of the path norm that was to be made small; None where parts were to be few.
    path_norm : float or None
        Referee: the path norm of the objective with that exponent, whether the network fits or not.
    least_norm : (float, float) or None
        Certified bounds of the least one, where they are known.
    attempts : tuple
        What each strategy of the method had reached over time, as the method saw it.
    processor_seconds : float or None
        Processor time of the method, all its threads: what other work on the machine changes little. None in
        runs measured before there was such a figure, and in those that were killed.
    """

    key: str
    suite: str
    data: str
    digest: str
    n_samples: int
    n_features: int
    planted: int | None
    affine: str
    tolerance: float
    weight_bound: float | None
    objective: str
    method: str
    seed: int
    time_limit: float | None
    repeat: int
    status: str
    error: str
    fits: bool | None
    exactly: bool | None
    residual: float | None
    count: int | None
    neurons: int | None
    weights: int | None
    parameters: int | None
    lower_bound: int | None
    proof: str
    box: float | None
    seconds: float
    work: int
    trace: tuple[TracePoint, ...]
    solver: str
    options: dict[str, Any]
    network: dict[str, Any] | None
    session: int
    loss: float | None = None
    p: float | None = None
    path_norm: float | None = None
    least_norm: tuple[float, float] | None = None
    attempts: tuple[AttemptPoint, ...] = ()
    processor_seconds: float | None = None

    @property
    def spent(self) -> float:
        """Seconds by which runs are compared: of the processor, or of the wall where that is all there is."""
        return self.seconds if self.processor_seconds is None else self.processor_seconds

    @property
    def charged(self) -> float:
        """Seconds that count for a run without the proof that was wanted: it would have taken longer."""
        if self.processor_seconds is None and self.time_limit is not None:
            return self.time_limit
        return self.spent

    @property
    def upper_bound(self) -> int | None:
        """The count when the network fits."""
        return self.count if self.fits else None

    @property
    def closed(self) -> bool:
        """Whether the method proved its count minimal, in its box if it has one."""
        return self.upper_bound is not None and self.upper_bound == self.lower_bound

    @property
    def excess(self) -> float | None:
        """How far the path norm is above the certified least one, relatively.

        Infinite when the network does not fit, and None where nothing is certified.
        """
        if self.least_norm is None:
            return None
        if not self.fits or self.path_norm is None:
            return math.inf
        if self.least_norm[1] == 0:
            return 0.0 if self.path_norm == 0 else math.inf
        return self.path_norm / self.least_norm[1] - 1

    @property
    def reached(self) -> bool:
        """Whether the certified least path norm is reached, up to ``tolerances.PATH_NORM_GAP``."""
        return self.excess is not None and self.excess <= tolerances.PATH_NORM_GAP

    @property
    def is_below_least(self) -> bool:
        """Whether a network that is said to fit has a smaller path norm than any can have."""
        if self.least_norm is None or not self.fits or self.path_norm is None:
            return False
        return self.path_norm < self.least_norm[0] * (1 - tolerances.PATH_NORM_GAP)
