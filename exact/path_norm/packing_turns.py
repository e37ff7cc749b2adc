"""Rounds of a packing between the boxes of a search, as long as it may prove more than they do."""

from typing import Final

from sparsest.exact.path_norm.box_search import BoxSearch
from sparsest.exact.path_norm.power_packing import PowerPacking
from sparsest.progress import Deadline

# Seconds of boxes before the first round: most small searches end by then.
_FIRST: Final = 0.5
# Seconds for the packing, for each of the boxes, and once it has stalled.
_SHARE: Final = 0.5
_STALLED: Final = 0.1
# Seconds after which it ends where it is behind and has stalled, or will stay behind.
_FAIR: Final = 1.0


class PackingTurns:
    """When a packing gets a round, and what is done with its bound.

    Parameters
    ----------
    packing : PowerPacking
        Of the same problem.
    search : BoxSearch
        The boxes.
    clock : Deadline
        What measures their time.
    """

    def __init__(self, packing: PowerPacking, search: BoxSearch, clock: Deadline) -> None:
        self._packing, self._search, self._clock = packing, search, clock
        self._begun, self._is_over = clock.seconds, packing.is_over

    def take(self) -> None:
        """Improve the packing if it is its turn."""
        packing = self._packing
        if self._is_over:
            return
        of_boxes = self._clock.seconds - self._begun - packing.seconds
        boxes = self._search.boxes.bound
        share = _STALLED if packing.has_stalled else _SHARE
        if of_boxes < _FIRST or packing.seconds > share * of_boxes:
            return
        packing.improve()
        self._search.interval.raise_floor(packing.bound)
        self._search.limit(packing.largest_elements(self._search.interval.cut))
        behind = packing.seconds > _FAIR and packing.bound < boxes
        self._is_over = packing.is_over or (behind and (packing.estimate < boxes or packing.has_stalled))
