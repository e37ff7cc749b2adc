"""What a method hands back to `sparsest.exact.minimize_path_norm`."""

import dataclasses

from sparsest.exact.sorted_samples import Samples
from sparsest.network import Network
from sparsest.results.solving import Status


@dataclasses.dataclass(frozen=True)
class PathNormSearch:
    """An interval that holds the least path norm, found by one method.

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
        Search nodes visited, or steps of a recursion.
    remark : str
        What else the user should know, in one sentence; usually empty.
    samples : Samples or None
        The data by position, where the method sorted them: the referee need not do so again.
    """

    status: Status
    lower: float
    upper: float | None
    network: Network | None
    nodes: int
    remark: str = ""
    samples: Samples | None = None
