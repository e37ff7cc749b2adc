"""Brute-force answers for tiny problems: slow, obvious, and sharing no code with the package.

Everything is a plain linear program by scipy. Nothing here merges duplicate samples, uses symmetry or prunes.
"""

import itertools

import numpy as np
from scipy.optimize import linprog

from sparsest.affine import Affine


def cells(X):
    """Every activation pattern with an interior, by one linear program for each of the 2^N sign vectors.

    Returns a list of tuples of N bools. A pattern is a cell if some u in the unit box has
    ``sign_i xh_i . u >= t`` with t > 0.
    """
    Xh = np.c_[np.asarray(X, dtype=float), np.ones(len(X))]
    N, D = Xh.shape
    found = []
    for bits in itertools.product((False, True), repeat=N):
        facing = np.where(bits, 1.0, -1.0)[:, None] * Xh
        result = linprog(
            np.r_[np.zeros(D), -1.0],
            A_ub=np.c_[-facing, np.ones(N)],
            b_ub=np.zeros(N),
            bounds=[(-1, 1)] * D + [(0, 1)],
            method="highs",
        )
        if result.x[-1] > 1e-9:
            found.append(bits)
    return found


def fits(problem, blocks, allowed=None):
    """Whether one neuron in each block (pattern, sign) can meet every interval.

    `allowed` (K, d + 1) says which entries of each u may be nonzero; all by default. A weight bound of the
    problem is applied to each neuron.
    """
    Xh = np.c_[problem.X, np.ones(len(problem.X))]
    N, D = Xh.shape
    K = len(blocks)
    columns = K * D + (D if problem.affine is Affine.SKIP else 1 if problem.affine is Affine.CONSTANT else 0)
    values = np.zeros((N, columns))
    cones = []
    for k, (bits, sign) in enumerate(blocks):
        where = slice(k * D, (k + 1) * D)
        values[:, where] = sign * np.where(bits, 1.0, 0.0)[:, None] * Xh
        cone = np.zeros((N, columns))
        cone[:, where] = -np.where(bits, 1.0, -1.0)[:, None] * Xh
        cones.append(cone)
    if problem.affine is Affine.SKIP:
        values[:, K * D :] = Xh
    elif problem.affine is Affine.CONSTANT:
        values[:, K * D :] = 1.0
    if columns == 0:
        return bool(np.all((problem.low <= 0) & (problem.high >= 0)))
    above, below = np.isfinite(problem.high), np.isfinite(problem.low)
    matrix = np.r_[values[above], -values[below], *cones]
    right = np.r_[problem.high[above], -problem.low[below], np.zeros(K * N)]
    R = np.inf if problem.weight_bound is None else problem.weight_bound
    limits = np.tile(np.r_[np.full(D - 1, R), np.inf], (K, 1))
    if allowed is not None:
        limits = np.where(allowed, limits, 0.0)
    limits = np.r_[limits.ravel(), np.full(columns - K * D, np.inf)]
    result = linprog(
        np.zeros(columns),
        A_ub=matrix,
        b_ub=right,
        bounds=np.c_[-limits, limits],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10},
    )
    return result.status == 0


def minimum_neurons(problem, largest):
    """Smallest number of neurons up to `largest`, or None, by trying every set of (cell, sign).

    Under a weight bound several neurons may share a cell and a sign; without one their sum is one neuron.
    """
    blocks = [(bits, sign) for bits in cells(problem.X) if any(bits) for sign in (1, -1)]
    choose = itertools.combinations
    if problem.weight_bound is not None:
        choose = itertools.combinations_with_replacement
    for K in range(largest + 1):
        if any(fits(problem, chosen) for chosen in choose(blocks, K)):
            return K
    return None


def minimum_entries(problem, objective, largest):
    """Smallest number of nonzero weights or parameters up to `largest`, by trying every set of entries.

    For ``weights`` the biases are free; every block stays in the program with its bias. A neuron is a block
    and the entries that it uses; any number of them may share a block, as a weight bound may call for.
    """
    blocks = [(bits, sign) for bits in cells(problem.X) if any(bits) for sign in (1, -1)]
    d = problem.X.shape[1]
    counted = d if objective == "weights" else d + 1
    biases = [(block, ()) for block in blocks] if objective == "weights" else []
    supports = [s for size in range(1, counted + 1) for s in itertools.combinations(range(counted), size)]
    neurons = list(itertools.product(blocks, supports))
    for count in range(largest + 1):
        for chosen in multisets(neurons, count, 0):
            chosen = [*chosen, *biases]
            allowed = np.array([[j in s or j >= counted for j in range(d + 1)] for _, s in chosen])
            if fits(problem, [block for block, _ in chosen], allowed.reshape(-1, d + 1)):
                return count
    return None


def multisets(neurons, count, start):
    """Every multiset of `neurons` from number `start` on whose entries are `count` in all."""
    if count == 0:
        yield []
    for k in range(start, len(neurons)):
        size = len(neurons[k][1])
        if size <= count:
            yield from ([neurons[k], *others] for others in multisets(neurons, count - size, k))
