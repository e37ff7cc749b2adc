"""One line of a benchmark's results: what was run, what it claimed, what the referee found."""

import dataclasses
from typing import Any

from sparsest.benchmarks.suites.method_answer import TracePoint


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

    @property
    def upper_bound(self) -> int | None:
        """The count when the network fits."""
        return self.count if self.fits else None

    @property
    def closed(self) -> bool:
        """Whether the method proved its count minimal, in its box if it has one."""
        return self.upper_bound is not None and self.upper_bound == self.lower_bound
