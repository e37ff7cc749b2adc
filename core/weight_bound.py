"""What a bound on the weights means: one neuron per activation pattern and output sign, each within it.

Neurons strictly inside one closed cell act as their sum, so a bound that each of them meets says nothing
until they are added up. A neuron with its knot on a sample lies in several closed cells and may count for any
of them, but for one alone: neurons and cells have to be matched.
"""

import itertools

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.problem import Problem

Label = tuple[float, bytes]  # output sign, and the bits of a pattern

# A neuron with knots on more samples than this has more cells than any network has neurons.
_MAX_KNOTS = 10


def respects_bound(problem: Problem, folded: FloatArray, signs: FloatArray) -> bool:
    """Whether neurons can be assigned to cells of their own, all weights within the problem's bound.

    Parameters
    ----------
    problem : Problem
        Data and bound; without a bound the answer is yes.
    folded : array (K, d + 1)
        Neurons ``u_k``.
    signs : array (K,)
        Their output signs.
    """
    if problem.weight_bound is None:
        return True
    limit = problem.weight_bound * (1 + tolerances.ROUNDING)
    homogeneous = np.unique(problem.homogeneous, axis=0)
    inputs = homogeneous @ folded.T
    terms = np.abs(folded) @ np.abs(homogeneous).max(axis=0)
    on_knot = np.abs(inputs) <= tolerances.LP_FEASIBILITY * terms
    totals: dict[Label, FloatArray] = {}
    choices: list[set[Label]] = []
    for k in np.flatnonzero(np.any(folded != 0, axis=1)):
        labels = {(float(signs[k]), bits) for bits in _patterns(inputs[:, k] > 0, on_knot[:, k])}
        if on_knot[:, k].any():
            choices.append(labels)
        else:
            (label,) = labels
            totals[label] = totals.get(label, np.zeros(problem.n_features)) + folded[k, :-1]
    weights = np.array([*folded[:, :-1], *totals.values()]).reshape(-1, problem.n_features)
    matched = _can_be_matched([*({label} for label in totals), *choices])
    return matched and bool(np.all(np.abs(weights) <= limit))


def _patterns(active: NDArray[np.bool_], free: NDArray[np.bool_]) -> list[bytes]:
    """All bits of a neuron over the samples, those on its knot either way."""
    places = np.flatnonzero(free)[:_MAX_KNOTS]
    found = []
    for bits in itertools.product((False, True), repeat=len(places)):
        pattern = np.array(active, dtype=bool)
        pattern[places] = bits
        found.append(pattern.tobytes())
    return found


def _can_be_matched(choices: list[set[Label]]) -> bool:
    """Whether each set can give one label that no other set gives (augmenting paths, Kuhn 1955)."""
    owner: dict[Label, int] = {}

    def assign(k: int, tried: set[Label]) -> bool:
        for label in choices[k] - tried:
            tried.add(label)
            if label not in owner or assign(owner[label], tried):
                owner[label] = k
                return True
        return False

    return all(assign(k, set()) for k in range(len(choices)))
