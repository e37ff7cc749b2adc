"""What a curve of neurons against accuracy is asked about."""

import dataclasses
import functools
from typing import Final

import numpy as np

from sparsest.error_scale import ErrorScale
from sparsest.exact.trade_off.knowledge import Knowledge
from sparsest.exact.trade_off.one_feature import KnotCounter
from sparsest.problem import Problem

# Errors below this share of the largest label are called rounding: no network is asked to be nearer.
_ROUNDING: Final = 1e-9


@dataclasses.dataclass(frozen=True)
class ErrorQuestion:
    """What is asked, for every number of neurons.

    Attributes
    ----------
    problem : Problem
        The data and the kind of network.
    scale : ErrorScale
        What errors are measured in.
    gap : float
        Distance of the bounds, relative to the upper one, to reach.
    counter : KnotCounter or None
        Answers at once, where the problem is of that kind.
    """

    problem: Problem
    scale: ErrorScale
    gap: float
    counter: KnotCounter | None

    @classmethod
    def of(cls, problem: Problem, scale: ErrorScale, gap: float) -> "ErrorQuestion":
        """Return the question with its counter."""
        return cls(
            problem, scale, gap, KnotCounter.of(problem, scale) if KnotCounter.applies_to(problem) else None
        )

    @functools.cached_property
    def largest(self) -> float:
        """The largest label in units of its error."""
        return float(np.abs(self.problem.targets / self.scale.least).max())

    def is_close(self, lower: float, upper: float, gap: float | None = None) -> bool:
        """Whether bounds are within a gap, by default that to reach, or below rounding of the labels."""
        width = (self.gap if gap is None else gap) * upper
        return upper <= _ROUNDING * self.largest or upper - lower <= width

    def is_closed(self, known: Knowledge, neurons: int) -> bool:
        """Whether the bounds of so many neurons are close."""
        return self.is_close(known.lower(neurons), known.upper(neurons))
