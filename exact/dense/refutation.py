"""Refute networks of few neurons because some affine function would have to meet too many samples.

On the samples of one activation pattern a network is one affine function. Of n samples that have one of c
patterns at least ``ceil(n / c)`` have the same, so that some affine function meets that many. All functions
that do are enumerated, mostly few or none; each fixes one signed sum of neurons up to a box, and leaves fewer
patterns to the samples that it misses. The argument is repeated until some sample has no pattern left.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF
from sparsest.exact.compiling import worth_compiling
from sparsest.exact.dense.classes import BoolArray, KnownSum, Pattern, Setting, possible, representative
from sparsest.exact.dense.functions import Boxes, functions_meeting
from sparsest.exact.dense.plan import Plan, cheapest_plan
from sparsest.exact.dense.steps import Refutation, RefutingStep
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Patterns are counted one by one: with more neurons there are too many.
MAX_NEURONS: Final = 6
# Samples that are taken for one enumeration: with more it only takes longer.
_MAX_SAMPLES: Final = 120
# Samples beyond the number of unknowns that a function must meet. With one, functions meet as many by chance
# in some hundredth of all systems of equations.
_SURPLUS: Final = 2
# Boxes are written with so many bits beyond their size, and grow by this share, so that whoever repeats the
# enumeration with other roundings finds nothing outside.
_GROWTH: Final = 0.25
# Interpreted steps, as `worth_compiling` counts them, that a product takes with all that belongs to it.
_STEPS_A_PRODUCT: Final = 10.0


class Budget:
    """Products that enumerations may form, and what they formed.

    Parameters
    ----------
    products : float
        How many, in all.
    deadline : Deadline
        Looked at between enumerations.
    a_second : float
        Products that are formed in a second, so that none begins that lasts beyond the deadline.
    """

    def __init__(self, products: float, deadline: Deadline, a_second: float = 5e7) -> None:
        self._deadline, self._a_second = deadline, a_second
        self.left, self.done, self.leaves = products, 0.0, 0

    @property
    def now(self) -> float:
        """Products that the next enumeration may form."""
        return max(0.0, min(self.left, self._a_second * self._deadline.remaining))

    def take(self, products: int, leaves: int) -> None:
        """Count what was done."""
        self.left -= products
        self.done += products
        self.leaves += leaves


def first_cost(problem: Problem, signs: tuple[int, ...]) -> float:
    """Return about how many products the first enumeration takes, infinity where there is none."""
    if not 0 < len(signs) <= MAX_NEURONS:
        return math.inf
    choice = _cheapest(_setting(problem, signs), ())
    return math.inf if choice is None else choice.plan.cost


def refute_densely(problem: Problem, signs: tuple[int, ...], budget: Budget) -> RefutingStep | None:
    """Refute the networks with some output signs.

    Parameters
    ----------
    problem : Problem
        Of binary floats, with distinct inputs.
    signs : tuple of +1 and -1
        Output signs, at most `MAX_NEURONS`.
    budget : Budget
        Charged with the work.

    Returns
    -------
    RefutingStep or None
        The refutation; None where the argument does not reach so far, or within the budget.
    """
    return _refute(_setting(problem, signs), (), budget)


def _setting(problem: Problem, signs: tuple[int, ...]) -> Setting:
    rows = np.column_stack([problem.X, np.ones(problem.n_samples)])
    return Setting(rows, problem.low, problem.high, signs, problem.has_affine_term)


class _Choice(NamedTuple):
    """Samples to enumerate the functions of, the patterns that they have, and how."""

    samples: tuple[int, ...]
    patterns: tuple[int, ...]
    needed: int
    plan: Plan


def _refute(setting: Setting, known: tuple[KnownSum, ...], budget: Budget) -> RefutingStep | None:
    choice = _cheapest(setting, known)
    if choice is None or choice.plan.cost > budget.now:
        return None
    boxes = Boxes(*np.empty((2, 0, setting.rows.shape[1])))
    if not choice.patterns:
        return RefutingStep(choice.samples, (), (), boxes, ())
    chosen = list(choice.samples)
    intervals = setting.low[chosen], setting.high[chosen]
    compiled = worth_compiling(_STEPS_A_PRODUCT * (budget.done + choice.plan.cost))
    found = functions_meeting(
        setting.rows[chosen], intervals, choice.needed, choice.plan, budget.now, compiled
    )
    budget.take(found.work, found.leaves)
    if found.boxes is None:
        return None
    boxes = _spelled_shorter(found.boxes)
    every = setting.patterns
    patterns = tuple(every[n] for n in choice.patterns)
    so_far = [one.pattern for one in known]
    following: list[dict[Pattern, Refutation]] = []
    for low, high in zip(*boxes, strict=True):
        steps: dict[Pattern, Refutation] = {}
        for pattern in dict.fromkeys(representative(p, setting.signs, so_far) for p in patterns):
            step = _refute(setting, (*known, KnownSum(pattern, low, high)), budget)
            if step is None:
                return None
            steps[pattern] = step
        following.append(steps)
    return RefutingStep(choice.samples, patterns, choice.plan.levels, boxes, tuple(following))


def _cheapest(setting: Setting, known: tuple[KnownSum, ...]) -> _Choice | None:
    """Return what to enumerate next: a sample without patterns, or what is found with the least work."""
    allowed, determined = possible(setting, known)
    hopeless = np.flatnonzero(~allowed.any(axis=1))
    if len(hopeless):
        return _Choice((int(hopeless[0]),), (), 0, Plan(0.0, ()))
    open_ = ~(allowed & determined).any(axis=1) & np.isfinite(setting.low) & np.isfinite(setting.high)
    dimensions = setting.rows.shape[1]
    best = None
    for patterns in _sets_of_patterns(allowed[open_]):
        samples = np.flatnonzero(open_ & ~allowed[:, ~patterns].any(axis=1))
        count = int(patterns.sum())
        for needed in range(dimensions + _SURPLUS, min(_MAX_SAMPLES, len(samples) - 1) // count + 2):
            # one sample fewer, and the share of one pattern would be less
            taken = (needed - 1) * count + 1
            if taken > len(samples):
                break
            plan = cheapest_plan(taken, needed, dimensions)
            if best is None or plan.cost < best.plan.cost:
                used = tuple(samples[:taken].tolist())
                best = _Choice(used, tuple(np.flatnonzero(patterns).tolist()), needed, plan)
    return best


def _sets_of_patterns(allowed: BoolArray) -> Iterator[BoolArray]:
    """Yield the sets of patterns that samples have, and unions of two of them."""
    sets = np.unique(allowed, axis=0)
    seen = set()
    for one, other in itertools.combinations_with_replacement(sets[:64], 2):
        union = one | other
        if union.tobytes() not in seen:
            seen.add(union.tobytes())
            yield union


def _spelled_shorter(boxes: Boxes) -> Boxes:
    """Return boxes that hold these with some margin, and whose ends are floats of few digits."""
    margin = _GROWTH * (boxes.high - boxes.low) + 64 * UNIT_ROUNDOFF * np.maximum(
        np.abs(boxes.low), np.abs(boxes.high)
    )
    unit = np.ldexp(1.0, np.frexp(np.maximum(margin, 1e-200))[1] - 2)
    return Boxes(np.floor((boxes.low - margin) / unit) * unit, np.ceil((boxes.high + margin) / unit) * unit)
