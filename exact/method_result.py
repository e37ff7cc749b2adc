"""What a method of the exact side returns: to `solve`, or to `minimize_path_norm`."""

import dataclasses

from sparsest.exact.sorted_samples import SortedSamples
from sparsest.network import Network
from sparsest.results.solving import Proof, Status


@dataclasses.dataclass(frozen=True)
class MethodResult:
    """Bounds found by one method; `solve` referees the network and makes the public result of it.

    Attributes
    ----------
    status : Status
        Why the method stopped.
    proof : Proof
        What the bounds rest on.
    lower_bound : int
        No network that fits has fewer.
    network : Network or None
        Witness of the upper bound.
    nodes : int
        Search nodes visited.
    unverified : int
        Leaves that could not be decided in rational arithmetic.
    solver : str
        Solver and version used.
    exact_witness : bool
        Whether a rational network beside `network` was checked against every interval exactly.
    remark : str
        What else the user should know, in one sentence; usually empty.
    samples : SortedSamples or None
        The data by position, where the method sorted them: the referee need not do so again.
    seconds_before : float
        Wall time of the earlier runs that this one continued.
    """

    status: Status
    proof: Proof
    lower_bound: int
    network: Network | None
    nodes: int
    unverified: int = 0
    solver: str = ""
    exact_witness: bool = False
    remark: str = ""
    samples: SortedSamples | None = None
    seconds_before: float = 0.0


@dataclasses.dataclass(frozen=True)
class PathNormMethodResult:
    """An interval that holds the least path norm, found by one method for `minimize_path_norm`.

    Attributes
    ----------
    status : Status
        Why the method stopped. `Status.OPTIMAL` only when `lower` and `upper` are within
        `sparsest.tolerances.PATH_NORM_GAP` of each other.
    lower : float
        No network that fits has a smaller path norm; infinite when no network fits.
    upper : float or None
        Some network that fits has a path norm this small; None when no network is known.
    network : Network or None
        That network, rounded to floats.
    nodes : int
        Search nodes visited, or steps of a recursion; 1 where one linear program was all.
    remark : str
        What else the user should know, in one sentence; usually empty.
    samples : SortedSamples or None
        The data by position, where the method sorted them: the referee need not do so again.
    seconds_before : float
        Wall time of the earlier runs that this one continued.
    lower_without_bound : float or None
        Lower bound that holds without the weight bound too, where that is another one.
    """

    status: Status
    lower: float
    upper: float | None
    network: Network | None
    nodes: int
    remark: str = ""
    samples: SortedSamples | None = None
    seconds_before: float = 0.0
    lower_without_bound: float | None = None
