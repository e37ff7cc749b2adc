"""Least path norms against p."""

import dataclasses

from sparsest.arrays import FloatArray


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

    Examples
    --------
    >>> from sparsest import datasets, exact
    >>> curves = exact.cost_curves(datasets.load("convex").problem(), [0.1, 0.9], "weights")
    >>> curves.sparsest < curves.others  # below p*, and above
    array([ True, False])
    """

    powers: FloatArray
    sparsest: FloatArray
    others: FloatArray | None
