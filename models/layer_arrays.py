"""Networks of one output or several as the arrays that layers hold: one row for each output."""

from typing import NamedTuple

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.network import Network

AnyNetwork = Network | MultiOutputNetwork


class LayerArrays(NamedTuple):
    """The numbers of a network with K neurons, d inputs and m outputs.

    Attributes
    ----------
    weights, biases : arrays (K, d), (K,)
        The hidden layer.
    outputs : array (m, K)
        The output layer.
    affine : array (m, d + 1) or None
        Skip branch and, in the last column, output biases; None for a network without.
    """

    weights: FloatArray
    biases: FloatArray
    outputs: FloatArray
    affine: FloatArray | None

    @property
    def n_outputs(self) -> int:
        """m, the number of outputs."""
        return len(self.outputs)


def layers_of(network: AnyNetwork) -> LayerArrays:
    """Return the numbers of a network, those of a single output in one row."""
    affine = network.affine
    if isinstance(network, Network):
        term = None if affine is None else affine[None]
        return LayerArrays(network.weights, network.biases, network.outputs[None], term)
    return LayerArrays(network.weights, network.biases, network.outputs.T, affine)


def network_of(layers: LayerArrays) -> AnyNetwork:
    """Return the network of such numbers: a `Network` for one output, a `MultiOutputNetwork` for several."""
    if layers.n_outputs == 1:
        term = None if layers.affine is None else layers.affine[0]
        return Network(layers.weights, layers.biases, layers.outputs[0], term)
    return MultiOutputNetwork(layers.weights, layers.biases, layers.outputs.T, layers.affine)


def term_sizes(layers: LayerArrays, X: FloatArray) -> FloatArray:
    """Return the sizes (N, m) of the terms whose sums are the values at X (N, d), added up."""
    size = np.abs(X)
    inputs = size @ np.abs(layers.weights).T + np.abs(layers.biases)
    total = inputs @ np.abs(layers.outputs).T
    if layers.affine is not None:
        total = total + size @ np.abs(layers.affine[:, :-1]).T + np.abs(layers.affine[:, -1])
    return np.asarray(total, dtype=np.float64)


def in_columns(values: FloatArray, n_samples: int) -> FloatArray:
    """Return values of whatever shape as (N,) for one output and (N, m) for several, in float64."""
    table = np.asarray(values, dtype=np.float64).reshape(n_samples, -1)
    return table[:, 0] if table.shape[1] == 1 else table
