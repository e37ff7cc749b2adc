"""Networks with one part less than one that fits, which descents begin from."""

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.continuous.polish.pattern_program import Neurons
from sparsest.continuous.search.few_neuron_descents import Start


def without_a_neuron(best: Neurons, forward: FloatArray) -> Start:
    """Return the K networks that lack one of the neurons of `best`.

    Parameters
    ----------
    best : Neurons
        K neurons.
    forward : array (d + 1, r)
        Takes them to the coordinates of the descents.
    """
    count = len(best.signs)
    kept = ~np.eye(count, dtype=bool)
    neurons = np.array([best.folded[rows] for rows in kept]) @ forward
    signs = np.array([best.signs[rows] for rows in kept])
    if best.affine is not None:
        neurons = np.concatenate([neurons, np.tile(best.affine @ forward, (count, 1, 1))], axis=1)
        signs = np.c_[signs, np.ones(count)]
    return Start(neurons, signs, np.ones_like(neurons))


def without_an_entry(best: Neurons, counted: NDArray[np.bool_]) -> Start | None:
    """Return the networks that lack one of the counted entries (d + 1,) of `best`; None if it has none."""
    places = np.argwhere((best.folded != 0) & counted)
    if len(places) == 0:
        return None
    neurons = np.repeat(best.folded[None], len(places), axis=0)
    neurons[(np.arange(len(places)), *places.T)] = 0.0
    signs = np.repeat(best.signs[None], len(places), axis=0)
    allowed = np.where(counted, neurons != 0, True).astype(np.float64)
    if best.affine is not None:
        affine = np.broadcast_to(best.affine, (len(places), 1, len(best.affine)))
        neurons = np.concatenate([neurons, affine], axis=1)
        allowed = np.concatenate([allowed, np.ones_like(affine)], axis=1)
        signs = np.c_[signs, np.ones(len(places))]
    return Start(neurons, signs, allowed)
