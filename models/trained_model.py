"""A network that somebody trained, whatever it came in."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, overload

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.models.layer_arrays import AnyNetwork, in_columns, layers_of
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.network import Network

# Precisions that models come in; every value of each is a float64 too.
PRECISIONS: Final = ("float16", "bfloat16", "float32", "float64")


@dataclasses.dataclass(frozen=True, eq=False)
class TrainedModel:
    """A single-hidden-layer ReLU network with one output or several, as it was stored.

    Attributes
    ----------
    network : Network or MultiOutputNetwork
        The stored numbers exactly, in float64. Its affine term holds the skip branch and the output bias;
        None when the model has neither. With m > 1 outputs it is a `MultiOutputNetwork`.
    dtype : str
        The model's own precision, one of `PRECISIONS`.
    source : str
        "torch module", "state dict", "onnx" or "scikit-learn".
    affine : Affine
        Whether the model has a skip branch, or an output bias alone, whatever their values.
    predict : callable
        Values (N,), or (N, m) of several outputs, in float64 of the model evaluated at inputs (N, d) in its
        own precision.
    names : mapping
        What a state dict calls the tensors "hidden.weight", "hidden.bias", "output.weight", "output.bias",
        "skip.weight" and "skip.bias", as far as there are any; empty for other sources.
    folded : tuple of str
        What the numbers of the network hold beside the layers of the model, such as a scaling of its inputs,
        and what was left aside: one sentence each. What was folded in is rounded to float64.
    is_classifier : bool
        Whether the network is the logit of a classifier of two classes, positive for the second one, or the
        logits of one of more classes, the largest of which decides.
    classes : tuple
        The classes in order; empty when the model does not name them.
    feature_names : tuple of str
        The columns of the data frame that it was fitted on, in order; empty when it does not name them.

    Examples
    --------
    >>> import torch
    >>> from sparsest import models
    >>> layers = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)
    >>> model = models.read_model(torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1]))
    >>> model.network.width, model.dtype, model.source, str(model.affine)
    (3, 'float32', 'torch module', 'constant')
    """

    network: AnyNetwork
    dtype: str
    source: str
    affine: Affine
    predict: Callable[[FloatArray], FloatArray]
    names: Mapping[str, str] = dataclasses.field(default_factory=dict)
    folded: tuple[str, ...] = ()
    is_classifier: bool = False
    classes: tuple[Any, ...] = ()
    feature_names: tuple[str, ...] = ()

    @property
    def n_outputs(self) -> int:
        """m, the number of outputs."""
        return layers_of(self.network).n_outputs


def said_to_be_folded(scaling: Iterable[str], spellings: Iterable[str]) -> tuple[str, ...]:
    """Return the sentences on operators that went into the weights, and on ReLUs in other spellings."""
    said = []
    if names := ", ".join(dict.fromkeys(scaling)):
        said.append(f"folded into the weights, in float64: {names}")
    if names := ", ".join(dict.fromkeys(spellings)):
        said.append(f"read as ReLUs and an affine part: {names}")
    return tuple(said)


def kind_of(skip: bool, bias: bool) -> Affine:
    """Return the kind of affine term of a model with a skip branch, an output bias, both or neither."""
    return Affine.SKIP if skip else Affine.CONSTANT if bias else Affine.NONE


def affine_terms(
    slopes: FloatArray | None, biases: FloatArray | None, n_outputs: int, n_features: int
) -> FloatArray | None:
    """Return the terms (m, d + 1) of a skip branch (m, d) and output biases (m,), None without both."""
    if slopes is None and biases is None:
        return None
    affine = np.zeros((n_outputs, n_features + 1))
    if slopes is not None:
        affine[:, :-1] = slopes
    if biases is not None:
        affine[:, -1] = biases
    return affine


@overload
def rounded(network: Network, dtype: str) -> Network: ...


@overload
def rounded(network: MultiOutputNetwork, dtype: str) -> MultiOutputNetwork: ...


def rounded(network: AnyNetwork, dtype: str) -> AnyNetwork:
    """Return a network with every number rounded to a precision.

    Raises
    ------
    InputError
        For an unknown precision, or when a number is too large for it.

    Examples
    --------
    >>> from sparsest import Network, models
    >>> models.rounded(Network([[0.1]], [0], [1]), "float32").weights
    array([[0.1]])
    """
    if dtype not in PRECISIONS:
        raise InputError(f"dtype = {dtype!r:.40}: use one of {', '.join(PRECISIONS)}")
    affine = network.affine
    parts = [network.weights, network.biases, network.outputs, *([] if affine is None else [affine])]
    numbers = [round_to(part, dtype) for part in parts]
    if not all(np.isfinite(part).all() for part in numbers):
        raise InputError(f"a weight of the network is too large for {dtype}")
    return type(network)(*numbers)


def round_to(values: FloatArray, dtype: str) -> FloatArray:
    """Return numbers rounded to a precision, as float64."""
    if dtype == "float64":
        return values
    if dtype == "bfloat16":
        import torch

        return np.asarray(torch.tensor(values).bfloat16().double().numpy())
    with np.errstate(over="ignore"):
        return np.asarray(values.astype(dtype), dtype=np.float64)


def predictor(network: AnyNetwork, dtype: str) -> Callable[[FloatArray], FloatArray]:
    """Return a function that evaluates a network in a precision: matrix products of that type, then sums.

    Parameters
    ----------
    network : Network or MultiOutputNetwork
        Its numbers are exact in that precision.
    dtype : str
        The precision; sums of half precisions are rounded after every product with torch.
    """
    layers = layers_of(network)

    def predict(X: FloatArray) -> FloatArray:
        import torch

        kind = getattr(torch, dtype)

        def tensor(values: FloatArray) -> torch.Tensor:
            return torch.tensor(np.ascontiguousarray(values)).to(kind)

        inputs = tensor(X)
        active = torch.relu(inputs @ tensor(layers.weights).T + tensor(layers.biases))
        values = active @ tensor(layers.outputs).T
        if layers.affine is not None:
            values = values + inputs @ tensor(layers.affine[:, :-1]).T + tensor(layers.affine[:, -1])
        return in_columns(values.double().numpy(), len(X))

    return predict
