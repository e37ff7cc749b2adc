"""What a method of the exact side hands back to `sparsest.exact.solve`."""

import dataclasses

from sparsest.exact.sorted_samples import Samples
from sparsest.network import Network
from sparsest.results.solving import Proof, Status


@dataclasses.dataclass(frozen=True)
class Search:
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
    samples : Samples or None
        The data by position, where the method sorted them: the referee need not do so again.
    seconds_before : float
        Wall time of earlier runs that this one went on from.
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
    samples: Samples | None = None
    seconds_before: float = 0.0
