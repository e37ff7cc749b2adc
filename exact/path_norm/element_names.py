"""Which elements, and which samples, of a search are which of the proof's checker."""

import numpy as np

from sparsest.check_path_norm import ConeModel, Element
from sparsest.errors import SolverError
from sparsest.exact.path_norm.cones import Cones, IntArray
from sparsest.problem import Problem


def elements_of(cones: Cones, model: ConeModel) -> dict[tuple[int, int, int], Element]:
    """Return the checker's name of every element (cone, 0 or 1 for the output sign, entry) of a search.

    A cone is known by its rays, which both sides find in integers; the search leaves out those that are worth
    nothing, and cones that differ in such rays alone may stand for each other.
    """
    known: dict[frozenset[tuple[float, ...]], list[int]] = {}
    rays = [_direction(ray, charge) for ray, charge in zip(model.rays, model.totals, strict=True)]
    useful = set(map(tuple, cones.directions.tolist()))
    for number, members in enumerate(model.cones):
        key = frozenset(rays[ray] for ray in members if rays[ray] in useful)
        known.setdefault(key, []).append(number)
    found: dict[tuple[int, int, int], Element] = {}
    for c in range(cones.size):
        directions = cones.directions[cones.members[cones.starts[c] : cones.starts[c + 1]]]
        candidates = known.get(frozenset(map(tuple, directions.tolist())))
        if not candidates:
            raise SolverError("a cone of the search is none of the proof's: please report this problem")
        number = candidates.pop()
        for s, sign in enumerate((1, -1)):
            kind = model.kinds[number, sign]
            if kind is not None and cones.allowed[c, s]:
                found |= {(c, s, j): (*kind, j) for j in range(model.entries)}
    return found


def _direction(ray: tuple[int, ...], total: int) -> tuple[float, ...]:
    return tuple(entry / total for entry in ray) if total else ()


def samples_of_rows(problem: Problem, cones: Cones) -> tuple[IntArray, IntArray]:
    """Return the samples of the rows of a search's linear programs, and those that were eliminated.

    Samples with two finite ends come first, as `sparsest.exact.path_norm.cones` orders them.
    """
    open_ended = ~(np.isfinite(problem.low) & np.isfinite(problem.high))
    order = np.argsort(open_ended, kind="stable")
    return order[~np.isin(order, cones.pivots)], cones.pivots
