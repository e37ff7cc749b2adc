"""Functions of the inputs that neurons of one parameter are multiples of: max(0, x_j), max(0, -x_j), and 1.

Such a *column* is known beforehand, and its coefficient has either sign: nothing about it is to be decided.
It is told by its place in a row of inputs and 1 with these functions behind.
"""

from collections.abc import Sequence

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.network import Network


def with_columns(table: FloatArray) -> FloatArray:
    """Return rows (N, d + 1) of inputs and 1, behind them max(0, x_j) and max(0, -x_j) of each feature."""
    X = table[:, :-1]
    parts = np.maximum(np.stack([X, -X], axis=2), 0.0)
    return np.concatenate([table, parts.reshape(len(X), -1)], axis=1)


def places_of_columns(n_features: int, j: int) -> tuple[int, int]:
    """Return the places of max(0, x_j) and max(0, -x_j); that of 1 is `n_features`."""
    first = n_features + 1 + 2 * j
    return first, first + 1


def neuron_of(column: int, n_features: int) -> tuple[int, int]:
    """Return the one entry of a neuron that a column is a multiple of, and that entry's sign."""
    if column == n_features:
        return n_features, 1
    j, turned = divmod(column - n_features - 1, 2)
    return j, -1 if turned else 1


def network_with_multiples(
    folded: FloatArray,
    signs: Sequence[float],
    term: FloatArray | None,
    columns: Sequence[int],
    coefficients: FloatArray,
) -> Network:
    """Return folded neurons (K, d + 1) with signs, an affine term, and multiples of columns, as a network."""
    used = np.flatnonzero(coefficients).tolist()
    single = np.zeros((len(used), folded.shape[1]))
    for row, n in zip(single, used, strict=True):
        entry, side = neuron_of(columns[n], folded.shape[1] - 1)
        row[entry] = side * abs(coefficients[n])
    every = [*signs, *np.sign(coefficients[used])]
    return Network.from_folded(np.concatenate([folded, single]), every, term)
