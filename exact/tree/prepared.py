"""What every part of a search of the activation tree needs of a problem, prepared once in each process."""

import dataclasses

from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.search_options import Pacing
from sparsest.exact.tree.branching import Branching
from sparsest.problem import Problem

# A network that misses its intervals by less than this share of the labels fits as LP solutions do; it is
# then corrected and judged strictly.
MET = 1e-7

# About what preparing takes for each input and each end of an interval.
_SECONDS_A_NUMBER = 3e-6


@dataclasses.dataclass(frozen=True, eq=False)
class Prepared:
    """A problem, its inputs distinct, and what is derived from it.

    Attributes
    ----------
    problem : Problem
        The data.
    data : ExactData
        The data in rational numbers.
    coordinates : Coordinates
        The inputs as linear programs see them.
    branching : Branching
        The choices of the tree; it comes to know the cells when they are worth enumerating.
    pacing : Pacing
        When a search does something else than visit nodes.
    """

    problem: Problem
    data: ExactData
    coordinates: Coordinates
    branching: Branching
    pacing: Pacing


def prepare(problem: Problem, pacing: Pacing) -> Prepared:
    """Prepare a problem whose inputs are distinct."""
    coordinates = Coordinates(problem)
    branching = Branching(problem, coordinates, MET, pacing)
    return Prepared(problem, ExactData(problem), coordinates, branching, pacing)


def seconds_to_prepare(problem: Problem) -> float:
    """Return about how long that takes, during which no limit is looked at."""
    return _SECONDS_A_NUMBER * (problem.X.size + 2 * problem.n_samples)
