"""What was read from a model, held against the values that its own framework gives."""

from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.models.layer_arrays import AnyNetwork, layers_of, term_sizes

# Differences of values explained by rounding, relative to the sum of the sizes of all terms.
_ROUNDING: Final = {"float16": 3e-2, "bfloat16": 2e-1, "float32": 1e-4, "float64": 1e-11}
# Samples of three scales; with the one at zero a prime, which no other size of a model equals by chance.
_PROBES: Final = 66


def probes(n_features: int) -> FloatArray:
    """Return inputs (N, d) of several scales, zero first."""
    rng = np.random.default_rng(0)
    scales = 10.0 ** rng.integers(-1, 2, (_PROBES, 1))
    return np.concatenate([np.zeros((1, n_features)), scales * rng.normal(size=(_PROBES, n_features))])


def verify(what: str, network: AnyNetwork, X: FloatArray, values: FloatArray, dtype: str) -> None:
    """Compare a network with a model's own values (N,) or (N, m) at inputs (N, d).

    Raises
    ------
    InputError
        When they differ by more than the rounding of `dtype` explains, or in their number.
    """
    size = term_sizes(layers_of(network), X)
    read, own = network(X).reshape(size.shape), values.reshape(len(X), -1)
    if own.shape != size.shape:
        raise InputError(f"the {what} gives {own.shape[1]} values a sample where {size.shape[1]} were read")
    wrong = ~(np.abs(own - read) <= _ROUNDING[dtype] * size)
    if wrong.any():
        place = np.unravel_index(wrong.argmax(), wrong.shape)
        which = f" as output {place[1]}" if size.shape[1] > 1 else ""
        raise InputError(
            f"the {what} computes {own[place]:.6g}{which} where its linear parts with ReLUs between give "
            f"{read[place]:.6g}: it does something that was not seen"
        )
