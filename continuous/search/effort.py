"""Work counted instead of time, so that a busy machine does not change where a search stops."""

import dataclasses
from typing import Final

# A search continues until this many times the effort of its last improvement is spent, ...
_PATIENCE: Final = 3.0
# ... but not for more effort than this after it, unless the floor asks for it.
_MAX_WAIT: Final = 1.5


@dataclasses.dataclass
class Effort:
    """Effort spent, in what one core of the machine that it was measured on does in about a second.

    Attributes
    ----------
    spent : float
        So far.
    last : float
        What was spent when the last improvement was found.
    floor : float
        What the search for the next one may spend at least.
    """

    spent: float = 0.0
    last: float = 0.0
    floor: float = 0.0

    def add(self, amount: float) -> None:
        """Book some effort."""
        self.spent += amount

    def improved(self, floor: float) -> None:
        """Say that a better network was found, and how much effort a still better one deserves at least."""
        self.last, self.floor = self.spent, floor

    @property
    def left(self) -> float:
        """Effort until the search gives up, 0 when it should."""
        wait = min((_PATIENCE - 1) * self.last, _MAX_WAIT)
        return max(0.0, self.last + max(self.floor, wait) - self.spent)
