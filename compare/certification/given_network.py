"""The network to be certified, whatever form it comes in."""

import dataclasses
from collections.abc import Callable
from typing import Any

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.models import read_model, rounded
from sparsest.network import Network


@dataclasses.dataclass(frozen=True)
class Subject:
    """A trained network.

    Attributes
    ----------
    network : Network
        The stored numbers exactly; with a skip unless `affine` says that there is none.
    affine : Affine
        Which affine term its kind of network has.
    dtype : str
        Its own precision.
    source : str
        Where it came from.
    predict : callable
        Its values (N,) at inputs (N, d) in its own precision.
    """

    network: Network
    affine: Affine
    dtype: str
    source: str
    predict: Callable[[FloatArray], FloatArray]

    def rounded(self, network: Network) -> Network:
        """Return a network with every number rounded to this one's precision."""
        return rounded(network, self.dtype)


def subject_of(model: Any) -> Subject:
    """Return the network in a model, as `sparsest.models.read_model` reads it.

    Raises
    ------
    InputError
        When it is no single-hidden-layer ReLU network with one output.
    """
    read = read_model(model)
    return Subject(read.network, read.affine, read.dtype, read.source, read.predict)
