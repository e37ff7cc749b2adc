"""Triples of samples that force knots upon every piecewise linear function of one feature."""

import numpy as np

from sparsest.errors import InputError
from sparsest.exact.stabbing import Stabbing, sorted_samples, stab
from sparsest.problem import Problem

Triple = tuple[int, int, int, int]


def lower_bound_certificate(problem: Problem) -> tuple[Triple, ...]:
    """Return triples ``(a, b, c, sign)`` of rows, each of which takes a neuron of its own.

    ``x_a < x_b < x_c``. With sign 1 the chord from ``low_a`` to ``low_c`` passes strictly above ``high_b`` at
    ``x_b``, so every f that meets the three intervals has a knot with an upward change of slope strictly
    between ``x_a`` and ``x_c``; with sign -1 the chord from ``high_a`` to ``high_c`` passes strictly below
    ``low_b``, and the change is downward. Triples of one sign do not overlap, except that one may begin where
    another ends. A neuron has one knot and one sign, so no network has fewer neurons than there are triples,
    with a skip or without. With a skip this bound is attained: the triples are the breaks of the greedy in
    `sparsest.exact.stabbing`, where this is proven. In order of c; linear time once the samples are sorted.

    Raises
    ------
    InputError
        Unless the problem has one feature.
    """
    if problem.n_features != 1:
        raise InputError(f"the data have {problem.n_features} features: curvature is about one")
    return triples_of(stab(sorted_samples(problem.X[:, 0], problem.low, problem.high)))


def triples_of(stabbing: Stabbing) -> tuple[Triple, ...]:
    """Return the triples of rows by which a stabbing is proven minimal."""
    samples, up = stabbing.samples, stabbing.sign > 0
    outer = (np.where(up, samples.low_row[i], samples.high_row[i]) for i in (stabbing.first, stabbing.last))
    middle = np.where(up, samples.high_row[stabbing.middle], samples.low_row[stabbing.middle])
    first, last = outer
    return tuple(zip(first.tolist(), middle.tolist(), last.tolist(), stabbing.sign.tolist(), strict=True))
