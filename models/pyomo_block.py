"""A network as constraints of an optimisation model: every neuron that may switch is a binary variable."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sparsest.arrays import FloatArray, exact_floats
from sparsest.errors import InputError
from sparsest.models.layer_arrays import AnyNetwork, layers_of
from sparsest.network import Network

if TYPE_CHECKING:
    from pyomo.core.base.block import BlockData


def switching(network: AnyNetwork, low: ArrayLike, high: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the least and the largest input ``w_k . x + b_k`` of each neuron (K,) on a box, rounded outward.

    Parameters
    ----------
    network : Network or MultiOutputNetwork
        K neurons of d features.
    low, high : array-like (d,)
        Corners of the box.

    Raises
    ------
    InputError
        When the corners have another shape, are not finite, or change places.
    """
    corners = [exact_floats(corner, name) for corner, name in ((low, "low"), (high, "high"))]
    if any(corner.shape != (network.n_features,) or not np.isfinite(corner).all() for corner in corners):
        raise InputError(f"low and high must be {network.n_features} finite numbers each")
    if np.any(corners[0] > corners[1]):
        raise InputError("low is above high: exchange them")
    down, up = np.minimum(network.weights, 0), np.maximum(network.weights, 0)
    least = up @ corners[0] + down @ corners[1] + network.biases
    most = up @ corners[1] + down @ corners[0] + network.biases
    terms = np.abs(network.weights) @ np.maximum(*np.abs(corners)) + np.abs(network.biases)
    margin = (network.n_features + 2) * np.finfo(np.float64).eps * terms
    return least - margin, most + margin


def relu_block(network: AnyNetwork, low: ArrayLike, high: ArrayLike) -> "BlockData":
    """Return a Pyomo block that holds ``y = f(x)`` for x in a box.

    A neuron that is active on the whole box is linear, one that is inactive there or feeds no output is left
    out; each other one is a binary variable with the usual four inequalities, whose constants are the
    neuron's bounds on the box (Fischetti and Jo 2018; Anderson et al. 2020 for tighter ones).

    Parameters
    ----------
    network : Network or MultiOutputNetwork
        The network; a neuron takes one binary, however many outputs it feeds.
    low, high : array-like (d,)
        Corners of the box.

    Returns
    -------
    Block
        With variables ``x[0] ... x[d - 1]`` and ``y``, for several outputs ``y[0] ... y[m - 1]``, and a
        binary ``switch[k]`` where neuron k needs one.

    Raises
    ------
    InputError
        When the box is none.

    Examples
    --------
    >>> import pyomo.environ as pyo
    >>> tent = Network([[1.0], [1.0], [1.0]], [0.0, -1.0, -2.0], [1.0, -2.0, 1.0])
    >>> model = pyo.ConcreteModel()
    >>> model.tent = relu_block(tent, [-1.0], [1.5])
    >>> len(model.tent.switch)  # the third neuron is inactive on the box
    2
    """
    import pyomo.environ as pyo

    least, most = switching(network, low, high)
    corners = exact_floats(low, "low"), exact_floats(high, "high")
    layers = layers_of(network)
    used = np.flatnonzero(layers.outputs.any(axis=0)).tolist()
    on = [k for k in used if least[k] >= 0]
    free = [k for k in used if least[k] < 0 < most[k]]
    block = pyo.Block(concrete=True)
    block.x = pyo.Var(range(network.n_features), bounds=lambda _, j: (corners[0][j], corners[1][j]))
    block.y = pyo.Var() if isinstance(network, Network) else pyo.Var(range(layers.n_outputs))
    block.switch = pyo.Var(free, domain=pyo.Binary)
    block.value = pyo.Var(free, bounds=lambda _, k: (0, most[k]))

    def given(k: int) -> Any:
        weights = network.weights[k]
        return sum(float(w) * block.x[j] for j, w in enumerate(weights) if w) + float(network.biases[k])

    block.above = pyo.Constraint(free, rule=lambda _, k: block.value[k] >= given(k))
    block.below = pyo.Constraint(
        free, rule=lambda _, k: block.value[k] <= given(k) - float(least[k]) * (1 - block.switch[k])
    )
    block.off = pyo.Constraint(free, rule=lambda _, k: block.value[k] <= float(most[k]) * block.switch[k])

    def total(j: int) -> Any:
        value: Any = sum(float(v) * given(k) for k in on if (v := layers.outputs[j, k]))
        value += sum(float(v) * block.value[k] for k in free if (v := layers.outputs[j, k]))
        if layers.affine is None:
            return value
        return (
            value
            + sum(float(a) * block.x[i] for i, a in enumerate(layers.affine[j, :-1]))
            + float(layers.affine[j, -1])
        )

    if isinstance(network, Network):
        block.output = pyo.Constraint(expr=block.y == total(0))
    else:
        block.output = pyo.Constraint(range(layers.n_outputs), rule=lambda _, j: block.y[j] == total(j))
    return block
