"""Examine boxes one after the other: close each, or put its two parts among the open ones."""

from typing import Final

import numpy as np

from sparsest.exact.path_norm.box_kernel import BRANCH, CLOSED
from sparsest.exact.path_norm.cones import Cones
from sparsest.exact.path_norm.interval import Interval
from sparsest.exact.path_norm.intervals_kernel import ratios
from sparsest.exact.path_norm.networks import Networks
from sparsest.exact.path_norm.open_boxes import OpenBox, OpenBoxes

# First smoothing width of a descent that starts at a solution.
_NARROW: Final = 1e-3
# Elements beyond this take slopes below 1e-60, which linear programs in floats cannot weigh.
_MAX_ELEMENT: Final = 1e60


def largest_element(cost: float, p: float) -> float:
    """Return how large an element may be in a network that costs no more than this.

    Raises
    ------
    OverflowError
        When that is too large for linear programs in floats.
    """
    largest = float(cost ** (1.0 / p) * (1.0 + 1e-9))
    if not largest < _MAX_ELEMENT:
        raise OverflowError
    return largest


class BoxSearch:
    """Open boxes of one problem, and what is done with each.

    Parameters
    ----------
    networks : Networks
        Of the problem.
    cones : Cones
        Of the problem.
    p : float
        Exponent.
    interval : Interval
        What is known; better networks go there.
    largest : float
        What `largest_element` says of some network known; eliminated samples get ends that suit it.
    """

    def __init__(
        self, networks: Networks, cones: Cones, p: float, interval: Interval, largest: float
    ) -> None:
        self._networks, self._p = networks, p
        self._ratios = ratios(cones.charges, cones.starts, cones.members)
        networks.close_ends(largest)
        self.interval, self.largest = interval, largest
        self.boxes = OpenBoxes()
        self.nodes = 0

    def begin(self) -> None:
        """Open the box that holds every network of interest."""
        nothing = np.zeros((0, 4), dtype=np.int64)
        self.boxes.put_part(0.0, self._networks.box(self.largest), 0, (-np.inf, np.inf), nothing)

    def examine_next(self) -> None:
        """Examine the next box."""
        # until it is finished its bound counts, whenever Ctrl-C comes
        taken = self.boxes.start()
        if taken[0].bound < self.interval.cut:
            self._examine(taken[0])
        self.boxes.finish(taken)

    def _examine(self, box: OpenBox) -> None:
        interval, networks = self.interval, self._networks
        intervals = box.intervals
        found = networks.loops.examine(
            intervals, box.held, self._p, interval.cut, networks.arrays, self._ratios
        )
        self.nodes += 1
        least, solution = max(float(found.least), box.bound), found.solution
        if found.state == CLOSED:
            return
        if found.state != BRANCH or found.where[0] < 0:
            interval.undecided = min(interval.undecided, least)
            return
        if float((solution.values**self._p).sum()) < interval.cost * (1 - 1e-9):
            interval.consider(solution)
            interval.consider(networks.descend(solution.values, _NARROW))
        element = int(np.ravel_multi_index(tuple(found.where), networks.shape))
        self.boxes.put_part(least, intervals, element, (-np.inf, float(found.at[0])), found.held)
        self.boxes.put_part(least, intervals, element, (float(found.at[1]), np.inf), found.held)
