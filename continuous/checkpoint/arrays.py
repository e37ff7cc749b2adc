"""Arrays by name, as a checkpoint holds them: put under a prefix, taken out again, and checked."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sparsest.files import Arrays
from sparsest.network import Network

_PARTS = ("weights", "biases", "outputs", "affine")


def prefixed(prefix: str, arrays: Mapping[str, "np.ndarray[Any, Any]"]) -> Arrays:
    """Return the same arrays with a prefix before every name."""
    return {prefix + name: array for name, array in arrays.items()}


def under(prefix: str, arrays: Mapping[str, "np.ndarray[Any, Any]"]) -> Arrays:
    """Return the arrays whose names begin with a prefix, without it."""
    return {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}


def matching(
    arrays: Mapping[str, "np.ndarray[Any, Any]"], name: str, like: "np.ndarray[Any, Any]"
) -> "np.ndarray[Any, Any]":
    """Return a writable copy of an array that has the shape and type of another.

    Raises
    ------
    ValueError
        When it has not.
    KeyError
        When there is none of that name.
    """
    array = arrays[name]
    if array.shape != like.shape or array.dtype != like.dtype:
        raise ValueError(
            f"its {name} have shape {array.shape} and type {array.dtype}, not {like.shape}, {like.dtype}"
        )
    return array.copy()


def network_arrays(network: Network | None) -> Arrays:
    """Return a network as arrays; none for None."""
    found = {} if network is None else {name: getattr(network, name) for name in _PARTS}
    return {name: values for name, values in found.items() if values is not None}


def network_of(arrays: Mapping[str, "np.ndarray[Any, Any]"]) -> Network | None:
    """Return the network that `network_arrays` took apart.

    Raises
    ------
    InputError, KeyError
        When it is not one.
    """
    if "weights" not in arrays:
        return None
    return Network(arrays["weights"], arrays["biases"], arrays["outputs"], arrays.get("affine"))


def take_over(
    arrays: Mapping[str, "np.ndarray[Any, Any]"], state: Mapping[str, "np.ndarray[Any, Any]"]
) -> None:
    """Overwrite every array of a state by that of its name.

    Raises
    ------
    ValueError, KeyError
        When one is of another shape or absent.
    """
    for name, array in state.items():
        array[...] = matching(arrays, name, array)


def chosen_samples(
    arrays: Mapping[str, "np.ndarray[Any, Any]"], like: "np.ndarray[Any, Any]", n_samples: int
) -> "np.ndarray[Any, Any]":
    """Return the numbers of the samples that descents looked at, as many as in `like`.

    Raises
    ------
    ValueError, KeyError
        When they are not, or not all there.
    """
    chosen = matching(arrays, "chosen", like)
    if chosen.min() < 0 or chosen.max() >= n_samples:
        raise ValueError("it looks at samples that are not there")
    return chosen
