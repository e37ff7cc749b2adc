"""Results on the l^p path norm: its least value, how many attain it, and the threshold p*."""

import dataclasses

from sparsest.arrays import FloatArray
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.results.solving import Status


@dataclasses.dataclass(frozen=True, eq=False)
class PathNormResult:
    """An interval that holds the least path norm of networks that fit, and a network at its upper end.

    Attributes
    ----------
    status : Status
        Why the method stopped. `Status.OPTIMAL` only when both bounds are within
        `sparsest.tolerances.PATH_NORM_GAP` of each other.
    objective : Objective
        What the path norm is taken of.
    p : float
        Its exponent.
    lower_bound : float
        No network that fits has a smaller path norm; infinite when no network fits.
    upper_bound : float or None
        Some network that fits has a path norm this small; None when no network is known.
    network : Network or None
        That network, rounded to floats.
    residual : float or None
        Its largest violation of an interval, evaluated in float64.
    method : str
        The algorithm that ran.
    nodes : int
        Search nodes visited, or steps of a recursion.
    seconds : float
        Wall time.
    remark : str
        What else the user should know, in one sentence; usually empty.
    """

    status: Status
    objective: Objective
    p: float
    lower_bound: float
    upper_bound: float | None
    network: Network | None
    residual: float | None
    method: str
    nodes: int
    seconds: float
    remark: str = ""

    @property
    def gap(self) -> float:
        """Distance of the bounds relative to the upper one; infinite when no network is known."""
        if self.upper_bound is None:
            return float("inf")
        return (self.upper_bound - self.lower_bound) / self.upper_bound if self.upper_bound > 0 else 0.0


@dataclasses.dataclass(frozen=True)
class MinimiserCount:
    """How many functions attain the least path norm.

    Attributes
    ----------
    at_least : int
        So many do, proven.
    at_most : int or None
        No more do, proven; None when there may be infinitely many.
    """

    at_least: int
    at_most: int | None

    @property
    def unique(self) -> bool | None:
        """Whether there is exactly one; None when rounding leaves that open."""
        if self.at_most == 1:
            return True
        return False if self.at_least > 1 else None


@dataclasses.dataclass(frozen=True, eq=False)
class ThresholdResult:
    """An interval that holds the threshold p*, and the two networks that change places there.

    p* is the supremum of the q <= 1 such that for every p < q every minimiser of the l^p path norm is a
    sparsest network.

    Attributes
    ----------
    objective : Objective
        What is counted, and what the path norm is taken of.
    lower_bound : float
        For every p below, every minimiser is sparsest: certified.
    upper_bound : float
        At this p some network that is not sparsest costs no more than any sparsest one, certified, or no more
        but for a relative `sparsest.tolerances.PATH_NORM_GAP` where the remark says so; 1 when there is no
        such p below 1, or none is known.
    sparsest : Network
        The sparsest network of least path norm at `upper_bound`; some sparsest network, or one that is not
        known to be, where the remark says that nothing is certified below.
    other : Network or None
        The network of least path norm there among those that are not sparsest; None when p* may be 1.
    nodes : int
        Intervals of p that were examined, or values of p that were tried.
    seconds : float
        Wall time.
    remark : str
        What else the user should know, in one sentence; usually empty.
    """

    objective: Objective
    lower_bound: float
    upper_bound: float
    sparsest: Network
    other: Network | None
    nodes: int
    seconds: float
    remark: str = ""


@dataclasses.dataclass(frozen=True, eq=False)
class CostCurves:
    """Least path norm against p, of sparsest networks and of the others.

    Attributes
    ----------
    powers : array (S,)
        Values of p.
    sparsest : array (S,)
        Least path norm among the sparsest networks.
    others : array (S,) or None
        Least path norm among extreme points that are not sparsest; None when there are none.
    """

    powers: FloatArray
    sparsest: FloatArray
    others: FloatArray | None
