"""Networks of any dimension by brute force, sharing no code with the package.

A neuron u = |v| (w, b) acts linearly on the samples, and no charged entry changes sign, in each cone that
the hyperplanes ``xh_i . u = 0`` and ``u_j = 0`` (j charged) cut out. Rays of these cones are found as null
vectors of all sets of d hyperplanes. Every choice of rays with independent columns that meets the labels is
solved, and so is, for each, every way to let rays of one cone and output sign be one neuron.
"""

import itertools
from typing import NamedTuple

import numpy as np

# Relative differences below this are rounding.
CLOSE = 1e-9


class Point(NamedTuple):
    """A network: the numbers that are raised to the power p, sorted, and the neurons u with output signs."""

    sizes: tuple[float, ...]
    neurons: np.ndarray
    signs: np.ndarray


def homogeneous(X):
    """``[X, 1]``."""
    return np.c_[np.asarray(X, dtype=float), np.ones(len(X))]


def charged(X, objective):
    """The number of entries of a neuron that cost something, from the first on."""
    return X.shape[1] + (objective != "weights")


def normals(X, objective):
    """Rows xh_i and the axes of charged entries."""
    Xh = homogeneous(X)
    return np.r_[Xh, np.eye(Xh.shape[1])[: charged(X, objective)]]


def rays(X, objective):
    """Directions (R, d + 1) that are active on some sample, of largest entry one."""
    planes = normals(X, objective)
    found = {}
    for chosen in itertools.combinations(planes, planes.shape[1] - 1):
        _, values, rows = np.linalg.svd(np.array(chosen))
        if values.size and values[-1] < 1e-9 * values[0]:
            continue
        direction = rows[-1] / np.abs(rows[-1]).max()
        direction[np.abs(direction) < 1e-12] = 0.0
        for u in (direction, -direction):
            if np.any(homogeneous(X) @ u > 1e-9):
                found[tuple((u + 0.0).round(9))] = u
    return np.array(list(found.values()))


def sizes_of(neurons, objective):
    """Numbers that are raised to the power p, those of rounding left out."""
    entries = np.abs(neurons)
    if objective == "neurons":
        entries = entries.sum(axis=1, keepdims=True)
    if objective == "weights":
        entries = entries[:, :-1]
    return tuple(sorted(entries[entries > 1e-10].tolist()))


def independent(columns):
    """Indices of columns that are a basis of them all."""
    chosen = []
    for j in range(columns.shape[1]):
        if np.linalg.matrix_rank(columns[:, [*chosen, j]], tol=1e-9) > len(chosen):
            chosen.append(j)
    return chosen


def basic_networks(X, y, objective, skip=False):
    """Every network of rays with independent columns, and what merging makes of it, by different sizes."""
    Xh, directions = homogeneous(X), rays(X, objective)
    sides = np.sign(np.where(np.abs(s := directions @ normals(X, objective).T) > 1e-9, s, 0.0))
    friends = np.all(sides[:, None] * sides >= 0, axis=2)
    columns = np.maximum(0.0, Xh @ directions.T)
    affine = Xh[:, independent(Xh)] if skip else np.zeros((len(y), 0))
    count = len(y) - affine.shape[1]
    sets = list(itertools.combinations(range(len(directions)), count))
    chosen = np.array(sets, dtype=int).reshape(len(sets), count)
    matrices = np.concatenate(
        [np.broadcast_to(affine, (len(chosen), *affine.shape)), np.moveaxis(columns[:, chosen], 1, 0)], axis=2
    )
    lengths = np.linalg.norm(matrices, axis=1).prod(axis=1)
    regular = np.abs(np.linalg.det(matrices)) > 1e-9 * lengths
    right = np.broadcast_to(np.asarray(y, dtype=float)[:, None], (regular.sum(), len(y), 1))
    weights = np.linalg.solve(matrices[regular], right)[:, affine.shape[1] :, 0]
    found = {}
    for rows, values in zip(chosen[regular], weights, strict=True):
        used = np.abs(values) > CLOSE
        for point in _merged(
            directions[rows[used]], values[used], friends[np.ix_(rows[used], rows[used])], objective
        ):
            found.setdefault(tuple(np.round(point.sizes, 8)), point)
    return list(found.values())


def _merged(directions, values, friends, objective):
    """Yield the network with each partition of its rays into groups that share a cone and an output sign."""
    friends = friends & (np.sign(values)[:, None] == np.sign(values))
    for groups in partitions(range(len(values))):
        if all(friends[i, j] for group in groups for i, j in itertools.combinations(group, 2)):
            neurons = [sum(abs(values[i]) * directions[i] for i in group) for group in groups]
            neurons = np.array(neurons).reshape(-1, directions.shape[1])
            signs = np.array([np.sign(values[group[0]]) for group in groups])
            yield Point(sizes_of(neurons, objective), neurons, signs)


def partitions(items):
    """Yield the partitions of a sequence."""
    items = list(items)
    if not items:
        yield []
        return
    *rest, last = items
    for groups in partitions(rest):
        yield [*groups, [last]]
        for n in range(len(groups)):
            yield [*groups[:n], [*groups[n], last], *groups[n + 1 :]]


def table_of(points):
    """Sizes (n, most) of the points, zeros where a point has fewer."""
    table = np.zeros((len(points), max((len(point.sizes) for point in points), default=0)))
    for row, point in zip(table, points, strict=True):
        row[: len(point.sizes)] = point.sizes
    return table


def costs(table, p):
    """Path norms (n,) of rows of sizes; the number of sizes for p = 0."""
    return np.where(table > 0, table**p, 0.0).sum(axis=1)


def least_over_directions(X, y, p, directions, objective="weights"):
    """Least path norm over networks of N neurons with these directions: no rays, no cones, no merging."""
    columns = np.maximum(0.0, homogeneous(X) @ directions.T)
    prices = costs(np.abs(directions[:, : charged(X, objective)]), p)
    if objective == "neurons":
        prices = np.abs(directions).sum(axis=1) ** p
    chosen = np.array(list(itertools.combinations(range(len(directions)), len(y))))
    matrices = np.moveaxis(columns[:, chosen], 1, 0)
    regular = np.abs(np.linalg.det(matrices)) > 1e-9 * np.linalg.norm(matrices, axis=1).prod(axis=1)
    right = np.broadcast_to(np.asarray(y, dtype=float)[:, None], (regular.sum(), len(y), 1))
    values = np.abs(np.linalg.solve(matrices[regular], right)[:, :, 0])
    powers = np.where(values > CLOSE, values**p, 0.0)
    return float((powers * prices[chosen[regular]]).sum(axis=1).min())
