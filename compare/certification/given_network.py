"""The network to be certified, whatever form it comes in."""

import dataclasses
from collections.abc import Callable
from typing import Any

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.models import read_model, rounded
from sparsest.multi_output_network import MultiOutputNetwork
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
    folded : tuple of str
        What was folded into the network, and left aside, when it was read.
    is_classifier : bool
        Whether it is the logit of a classifier.
    classes : tuple
        The two classes of a classifier that names them.
    """

    network: Network
    affine: Affine
    dtype: str
    source: str
    predict: Callable[[FloatArray], FloatArray]
    folded: tuple[str, ...] = ()
    is_classifier: bool = False
    classes: tuple[Any, ...] = ()

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
    if isinstance(read.network, MultiOutputNetwork):
        raise InputError(f"the model has {read.n_outputs} outputs, and this is answered for one output")
    return Subject(
        read.network,
        read.affine,
        read.dtype,
        read.source,
        read.predict,
        read.folded,
        read.is_classifier,
        read.classes,
    )
