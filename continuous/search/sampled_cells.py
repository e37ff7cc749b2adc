"""Activation patterns drawn at random, or given, as neurons for the polish to choose from."""

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.continuous.polish.pattern_program import BoolArray, Neurons

# About what a hyperplane takes for the cube of its numbers.
_SECONDS_A_NUMBER_CUBED = 5e-10
# Distance, beside inputs of about one, by which drawn hyperplanes miss the samples that they go through.
_MISSED = 1e-6


def cells_through_samples(
    homogeneous: FloatArray, count: int, signs: BoolArray | None, random: np.random.Generator
) -> Neurons:
    """Return neurons of random sizes whose hyperplanes pass by as many samples as can be, at random sides.

    Every cell of the arrangement of N samples in general position touches such a hyperplane, so that every
    cell may be drawn, small ones as likely as large ones.

    Parameters
    ----------
    homogeneous : array (N, d + 1)
        Inputs with a column of ones.
    count : int
        How many.
    signs : array of bool (count,), optional
        Whether output signs are positive; drawn at random by default.
    random : numpy.random.Generator
        Source of all that is random.
    """
    n, size = homogeneous.shape
    touched = min(size - 1, n - 1)
    order = random.random((count, n)).argsort(axis=1)[:, :touched]
    rows = homogeneous[order]
    planes = random.normal(size=(count, size))
    if touched:
        across = np.linalg.qr(np.swapaxes(rows, 1, 2)).Q  # a basis of what the samples span, or of more
        planes -= (across @ (np.swapaxes(across, 1, 2) @ planes[..., None]))[..., 0]
    planes /= np.linalg.norm(planes, axis=1, keepdims=True)
    planes += _MISSED * random.normal(size=planes.shape)
    positive = random.random(count) < 0.5 if signs is None else signs
    folded = planes * random.exponential(size=(count, 1)) ** 2
    return Neurons(folded, folded @ homogeneous.T >= 0, np.where(positive, 1.0, -1.0), None)


def seconds_to_sample(count: int, size: int) -> float:
    """Return about how long `cells_through_samples` takes for hyperplanes of so many numbers."""
    return _SECONDS_A_NUMBER_CUBED * count * size**3


def cells_of_patterns(patterns: BoolArray, size: int, random: np.random.Generator) -> Neurons:
    """Return neurons of random sizes, of both output signs, for patterns (C, N) that are given."""
    folded = random.exponential(size=(2 * len(patterns), 1)) ** 2 * np.ones(size)
    signs = np.repeat([1.0, -1.0], len(patterns))
    return Neurons(folded, np.concatenate([patterns, patterns]), signs, None)


def joined(first: Neurons, second: Neurons) -> Neurons:
    """Return the neurons of both, with the skip of the first."""
    return Neurons(
        np.concatenate([first.folded, second.folded]),
        np.concatenate([first.patterns, second.patterns]),
        np.concatenate([first.signs, second.signs]),
        first.affine,
    )


def distinct(neurons: Neurons) -> Neurons:
    """Return one neuron a cell and sign, the first of each."""
    labels = np.c_[neurons.patterns, neurons.signs > 0]
    _, first = np.unique(labels, axis=0, return_index=True)
    first = np.sort(first)
    return Neurons(neurons.folded[first], neurons.patterns[first], neurons.signs[first], neurons.affine)


def flipped(neurons: Neurons) -> Neurons:
    """Return every neuron with every sample's bit flipped, one at a time (K N neurons)."""
    count, n = neurons.patterns.shape
    patterns = np.repeat(neurons.patterns, n, axis=0)
    patterns[np.arange(count * n), np.tile(np.arange(n), count)] ^= True
    return Neurons(
        np.repeat(neurons.folded, n, axis=0), patterns, np.repeat(neurons.signs, n), neurons.affine
    )
