"""Rays that share a neuron, and what the path norm charges for a little more of each ray."""

import dataclasses

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.continuous.rays.drawing import DrawnRays

# Amounts below this share of the largest are zero.
NEGLIGIBLE = 1e-12


@dataclasses.dataclass
class SummedNeuron:
    """A neuron that is a sum of rays of one closed cone.

    Attributes
    ----------
    sign : int
        0 for the output sign +, 1 for -.
    sides : array (H,)
        The side of each hyperplane that some of its rays is on.
    charges : array (J,)
        The numbers that the path norm raises to the power p.
    folded : array (d + 1,)
        The neuron.
    """

    sign: int
    sides: FloatArray
    charges: FloatArray
    folded: FloatArray

    def may_take(self, sign: int, sides: FloatArray) -> bool:
        """Whether some closed cone holds the neuron and a ray on these sides of the hyperplanes."""
        return self.sign == sign and not np.any(self.sides * sides < 0)


def summed(
    rays: DrawnRays, amounts: FloatArray, random: np.random.Generator | None = None, alone: float = 0.0
) -> list[SummedNeuron]:
    """Return neurons that rays add up to, the largest amounts first, each joining the first that may take it.

    Which rays share a neuron may be a choice, since those on the boundary of a cone are in others too.

    Parameters
    ----------
    rays : DrawnRays
        R directions.
    amounts : array (2, R)
        Of each with the output signs + and -, at least 0.
    random : numpy.random.Generator, optional
        Decides which rays begin a neuron of their own,
    alone : float
        with this probability.
    """
    used = np.argwhere(amounts > NEGLIGIBLE * amounts.max(initial=0.0))
    used = used[np.argsort(-amounts[tuple(used.T)], kind="stable")]
    found: list[SummedNeuron] = []
    for sign, ray in used.tolist():
        amount, sides = amounts[sign, ray], rays.sides[ray]
        takes = (each for each in found if each.may_take(sign, sides))
        neuron = None if random is not None and random.random() < alone else next(takes, None)
        if neuron is None:
            found.append(SummedNeuron(sign, sides, amount * rays.charges[ray], amount * rays.folded[ray]))
        else:
            neuron.sides = np.where(neuron.sides == 0, sides, neuron.sides)
            neuron.charges = neuron.charges + amount * rays.charges[ray]
            neuron.folded = neuron.folded + amount * rays.folded[ray]
    return found


def path_norm(neurons: list[SummedNeuron], p: float) -> float:
    """Return the l^p path norm."""
    return float(sum((each.charges**p).sum() for each in neurons))


def slopes(rays: DrawnRays, neurons: list[SummedNeuron], p: float, width: float) -> FloatArray:
    """Return the slopes (2, R) of ``(t + width)^p``, summed over the charges, with respect to each ray.

    A ray joins the neuron where it costs least, or begins one.

    Parameters
    ----------
    rays : DrawnRays
        R directions.
    neurons : list of SummedNeuron
        What there is.
    p : float
        Exponent, 0 < p <= 1.
    width : float
        Positive: how large a charge has to be to count as one.
    """
    found = np.broadcast_to(p * width ** (p - 1.0) * rays.charges.sum(axis=1), (2, len(rays))).copy()
    above, below = (rays.sides > 0).astype(np.float32), (rays.sides < 0).astype(np.float32)
    for neuron in neurons:
        # of zeros and ones, yet some builds of BLAS report invalid numbers, from beyond the ends of rows
        with np.errstate(invalid="ignore"):
            apart = above @ (neuron.sides < 0).astype(np.float32)
            apart += below @ (neuron.sides > 0).astype(np.float32)
        joined = rays.charges @ (p * (neuron.charges + width) ** (p - 1.0))
        np.minimum(found[neuron.sign], joined, out=found[neuron.sign], where=apart == 0)
    return found
