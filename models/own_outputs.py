"""What was read from a model, held against the values that its own framework gives."""

from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.network import Network

# Differences of values explained by rounding, relative to the sum of the sizes of all terms.
_ROUNDING: Final = {"float16": 3e-2, "bfloat16": 2e-1, "float32": 1e-4, "float64": 1e-11}
# Samples of three scales; with the one at zero a prime, which no other size of a model equals by chance.
_PROBES: Final = 66


def probes(n_features: int) -> FloatArray:
    """Return inputs (N, d) of several scales, zero first."""
    rng = np.random.default_rng(0)
    scales = 10.0 ** rng.integers(-1, 2, (_PROBES, 1))
    return np.concatenate([np.zeros((1, n_features)), scales * rng.normal(size=(_PROBES, n_features))])


def verify(what: str, network: Network, X: FloatArray, values: FloatArray, dtype: str) -> None:
    """Compare a network with a model's own values (N,) at inputs (N, d).

    Raises
    ------
    InputError
        When they differ by more than the rounding of `dtype` explains.
    """
    terms = np.abs(X) @ np.abs(network.folded[:, :-1]).T + np.abs(network.folded[:, -1])
    size = terms.sum(axis=1)
    if network.affine is not None:
        size = size + np.abs(X) @ np.abs(network.affine[:-1]) + abs(network.affine[-1])
    wrong = ~(np.abs(values - network(X)) <= _ROUNDING[dtype] * size)
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"the {what} computes {values[row]:.6g} where its linear parts with ReLUs between give "
            f"{network(X[row : row + 1])[0]:.6g}: it does something that was not seen"
        )
