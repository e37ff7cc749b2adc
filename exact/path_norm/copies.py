"""How many neurons of one cone a weight bound may call for, and cones that are repeated so often.

Without a bound one neuron for each cone and output sign is enough, because the sum of several costs no more.
With a bound R two neurons may be added up only where all entries of the sum stay within R. Of n neurons of
one cone no two of which can be added up, each pair has an entry that adds up to more than R; summed over all
pairs, with each neuron in n - 1 of them, the entries of all neurons add up to more than n R / 2.
"""

import dataclasses

import numpy as np

from sparsest.exact.path_norm.cones import Cones, IntArray
from sparsest.exact.path_norm.intervals_kernel import ratios
from sparsest.exact.path_norm.networks import Networks


def copies_needed(free: Networks, cones: Cones, p: float, cost: float, bound: float) -> IntArray:
    """Return how many neurons (C, 2) of each cone and output sign a cheapest network may need.

    Parameters
    ----------
    free : Networks
        Of the problem without its weight bound, whose networks include the sums of those within the bound.
    cones : Cones
        Of the problem.
    p : float
        Exponent.
    cost : float
        Path norm of some network within the bound; cheaper ones are of interest.
    bound : float
        The weight bound. Both are in the units of the cones.

    Returns
    -------
    array of int (C, 2)
        Zero where no cheaper network has a neuron.
    """
    largest = cost ** (1.0 / p) * (1.0 + 1e-9)
    free.close_ends(largest)
    box = free.box(largest)
    shares = ratios(cones.charges, cones.starts, cones.members)
    nothing = np.zeros((0, 4), dtype=np.int64)
    free.loops.examine(box, nothing, p, cost, free.arrays, shares)  # shrinks the box to cheaper networks
    totals = np.maximum(box.high, 0.0).sum(axis=2)
    copies = np.where(totals <= bound, 1.0, np.maximum(np.ceil(2.0 * totals / bound) - 1.0, 1.0))
    # all but one of them have an entry above half of the bound
    copies = np.minimum(copies, 1.0 + np.floor(cost * (1.0 + 1e-9) / (bound / 2.0) ** p))
    return np.where(cones.allowed, copies, 0.0).astype(np.int64)


def repeated(cones: Cones, copies: IntArray) -> Cones:
    """Return the cones, each as often as the larger of its `copies` (C, 2), and each with its own bound."""
    often = np.maximum(copies.max(axis=1), 1)
    which = np.repeat(np.arange(cones.size), often)
    number = np.concatenate([np.arange(times) for times in often])
    sizes = np.diff(cones.starts)[which]
    members = [cones.members[cones.starts[c] : cones.starts[c + 1]] for c in which]
    return dataclasses.replace(
        cones,
        starts=np.r_[0, np.cumsum(sizes)].astype(np.int64),
        members=np.concatenate(members).astype(np.int64),
        cells=np.arange(len(which), dtype=np.int64),
        sides=cones.sides[which],
        allowed=number[:, None] < copies[which],
    )
