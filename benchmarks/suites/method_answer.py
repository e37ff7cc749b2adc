"""What a benchmarked method returns; the referee recomputes every figure of it."""

import dataclasses
from collections.abc import Mapping

from sparsest.network import Network
from sparsest.progress import TriedNetwork

# (seconds since the start, lower bound or None, count of the best network so far or None)
TracePoint = tuple[float, int | None, int | None]
# (seconds since the start, strategy, its network's count, path norm and largest violation)
AttemptPoint = tuple[float, str, int, float, float]


@dataclasses.dataclass(frozen=True)
class MethodAnswer:
    """What one run of a method claims.

    Attributes
    ----------
    network : Network or None
        The network found, whether or not it fits: the referee judges.
    status : str
        Why the method stopped: "optimal", "time_limit", "finished", "interrupted", ...
    lower_bound : int or None
        Claimed: no network that fits has fewer. None when the method proves nothing.
    proof : str
        What the bound rests on: "exact", "numerical", or "" without a bound.
    box : float or None
        The bound holds only for weights ``|u_kj|`` up to this, which the problem did not ask for.
    trace : tuple of TracePoint
        Bounds over time as the method saw them.
    attempts : tuple of AttemptPoint
        What each strategy of the method had reached over time, as the method saw it, fitting or not.
    work : int
        Nodes or steps.
    solver : str
        Library and version that did the work.
    options : mapping
        What the method was run with.
    """

    network: Network | None
    status: str
    lower_bound: int | None = None
    proof: str = ""
    box: float | None = None
    trace: tuple[TracePoint, ...] = ()
    work: int = 0
    solver: str = ""
    options: Mapping[str, object] = dataclasses.field(default_factory=dict)
    attempts: tuple[AttemptPoint, ...] = ()


def attempt_point(seconds: float, attempt: TriedNetwork) -> AttemptPoint:
    """Return what a strategy has reached after so many seconds."""
    return seconds, attempt.strategy, attempt.count, attempt.path_norm, attempt.violation
