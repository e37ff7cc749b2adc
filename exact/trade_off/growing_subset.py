"""One feature with a skip: which error to ask about next, and of which samples.

What some samples force all samples force. So the least error is bracketed on few samples, and all of them are
asked only whether the upper end of that bracket suffices. Few samples, of a smooth curve, leave functions
room at their knots: a knot between two samples of the subset passes by all that lie between. So as soon as
the knots are about known the subset gets all samples near them. Where all samples together force more knots,
those that do are added to the subset, which then forces as many: it grows, and the search ends.
"""

from typing import Final, NamedTuple

import numpy as np

from sparsest.exact.trade_off.knowledge import NO_NUMBER
from sparsest.exact.trade_off.one_feature import Count, KnotCounter, Places
from sparsest.exact.trade_off.question import ErrorQuestion
from sparsest.exact.trade_off.widened import short_number_between

# At first two samples of so many in a row; later so many on either side of each one that matters.
_BLOCK: Final = 64
_MARGIN: Final = 128
# A subset of more than this share of all samples saves nothing.
_LARGEST_SHARE: Final = 0.4
# Distance of the bounds, relative to the upper one, at which the knots are about known.
_COARSE: Final = 1e-4
# How often all samples may prove a subset wrong; then the rest is asked of them alone.
_MOST_FAILURES: Final = 4
# Half of the least first step up from a lower bound, relative to that, and by how much steps grow.
_SHORTEST: Final = 1e-9
_LONGER: Final = 8.0
# Where between the bounds to ask while the lower one is zero: errors are smaller than labels.
_FIRST_PLACE: Final = 0.1


class PassAnswer(NamedTuple):
    """What one pass says.

    Attributes
    ----------
    error : float
        Within which
    least : int
        so many knots are necessary,
    most : int or None
        and so many suffice; None where that is not known.
    """

    error: float
    least: int
    most: int | None


class GrowingSubset:
    """Asks, one pass at a time, until the least error with so many knots is known.

    Parameters
    ----------
    question : ErrorQuestion
        One with a counter.
    knots : int
        K.
    block, margin : int
        How many samples in a row the first subset has two of, and how many on either side of one that
        matters are added.
    """

    def __init__(
        self, question: ErrorQuestion, knots: int, *, block: int = _BLOCK, margin: int = _MARGIN
    ) -> None:
        assert question.counter is not None
        self._question, self._all, self._knots = question, question.counter, knots
        self._block, self._margin = block, margin
        self._goal, self._step, self._failures = max(_COARSE, question.gap), 0.0, 0
        # an error within which so many knots suffice for the subset, if one is known, and what they touch
        self._ceiling = np.inf
        self._touched: Places = np.zeros(0, dtype=np.intp)
        self._chosen = np.zeros(len(self._all), dtype=bool)
        self._places, self._some = self._choose(self._all.extremes(0.0, block))

    def ask_zero(self) -> PassAnswer:
        """Say whether so many knots meet all labels."""
        answer = self._ask_some(0.0)
        return self._ask_all(0.0) if self._ceiling == 0 and answer.most is None else answer

    def ask(self, lower: float, upper: float) -> PassAnswer | None:
        """Make one pass, over the subset or over all samples; None where no float lies between the bounds.

        Parameters
        ----------
        lower, upper : float
            Bounds on the least error, which answers so far are part of; not closed yet.
        """
        if self._ceiling < upper and self._question.is_close(lower, self._ceiling, self._goal):
            if self._goal <= self._question.gap:
                return self._ask_all(self._ceiling)
            self._grow(self._touched)
            self._goal = self._question.gap
        top = min(self._ceiling, upper)
        error = self._between(lower, top)
        if lower < error < top:
            return self._ask_some(error)
        return self._ask_all(self._ceiling) if self._ceiling < upper else None

    def _between(self, lower: float, upper: float) -> float:
        """Return an error to ask the subset about."""
        step = self._step * lower
        if np.isinf(self._ceiling) and step > 0 and lower + 2 * step < upper:
            self._step *= _LONGER
            return short_number_between(lower + step / 2, lower + 3 * step / 2)
        place = 0.5 if lower > 0 else _FIRST_PLACE
        middle, reach = lower + place * (upper - lower), place * (upper - lower)
        return short_number_between(middle - reach / 2, middle + reach / 2)

    def _ask_some(self, error: float) -> PassAnswer:
        found = self._some.count(error)
        if found.is_at_most(self._knots):
            self._ceiling, self._touched = error, self._places[found.touched]
        return _answer(error, found, suffices=self._some is self._all)

    def _ask_all(self, error: float) -> PassAnswer:
        found = self._all.count(error)
        if not found.is_at_most(self._knots):
            self._failures += 1
            self._grow(np.r_[self._touched, found.touched])
            self._margin *= 2
        return _answer(error, found, suffices=True)

    def _grow(self, touched: Places) -> None:
        """Add samples that matter within the error of the subset, and look for its least error anew."""
        n = len(self._all)
        # one more where a stretch of new samples begins, one less where it ends
        changes = np.zeros(n + 1, dtype=int)
        np.add.at(changes, np.maximum(touched - self._margin, 0), 1)
        np.add.at(changes, np.minimum(touched + self._margin + 1, n), -1)
        near = np.flatnonzero(np.cumsum(changes[:-1]))
        places = np.r_[near, self._all.extremes(self._ceiling, self._block)]
        self._places, self._some = self._choose(places)
        self._step, self._ceiling = 2 * max(self._goal, _SHORTEST), np.inf

    def _choose(self, places: Places) -> tuple[Places, KnotCounter]:
        """Add samples to the subset; return what is asked from now on: their places, and their counter."""
        self._chosen[places] = True
        share = np.count_nonzero(self._chosen) / len(self._all)
        if share > _LARGEST_SHARE or self._failures > _MOST_FAILURES:
            return np.arange(len(self._all)), self._all
        chosen = np.flatnonzero(self._chosen)
        return chosen, self._all.restricted(chosen)


def _answer(error: float, found: Count, *, suffices: bool) -> PassAnswer:
    if found.knots is None:
        return PassAnswer(error, NO_NUMBER, None)
    return PassAnswer(error, found.knots, found.knots if suffices else None)
