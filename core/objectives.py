"""What "sparsest" counts, and the l^p path norms whose minimisers are the sparsest.

With ``u_k = |v_k| (w_k, b_k)`` the folded neuron, the three objectives are (Nakhleh and Nowak 2025 for
``weights``; the others in the same manner):

=============  =====================================  ==================================
objective      count (p = 0)                          path norm, 0 < p <= 1
=============  =====================================  ==================================
neurons        number of k with ``u_k != 0``          ``sum_k ||u_k||_1^p``
weights        ``sum_k ||v_k w_k||_0``                ``sum_k ||v_k w_k||_p^p``
parameters     ``sum_k ||v_k (w_k, b_k)||_0``         ``sum_k ||v_k (w_k, b_k)||_p^p``
=============  =====================================  ==================================
"""

import enum

import numpy as np
from numpy.typing import NDArray

from sparsest.errors import InputError
from sparsest.sentences import member_called

# Exponent of a path norm unless the caller says otherwise: the paper's.
DEFAULT_POWER = 0.4


class Objective(enum.StrEnum):
    """What is counted; a member equals its name as a string.

    `NEURONS` are hidden neurons, `WEIGHTS` the products of an input weight and its output weight that are not
    zero, `PARAMETERS` those and the biases.
    """

    NEURONS = "neurons"
    WEIGHTS = "weights"
    PARAMETERS = "parameters"

    @classmethod
    def parse(cls, name: "str | Objective") -> "Objective":
        """Return the member called `name`, or raise `InputError` that lists the choices."""
        return member_called(cls, name)


def check_power(p: float, *, zero_allowed: bool = False) -> float:
    """Return `p` as a float, or raise `InputError` unless 0 < p <= 1 (0 <= p with `zero_allowed`)."""
    number = isinstance(p, (int, float, np.integer, np.floating)) and not isinstance(p, bool)
    if not number or not 0 <= p <= 1 or (p == 0 and not zero_allowed):
        opening = "[0" if zero_allowed else "(0"
        raise InputError(
            f"p = {p!r:.40} is not a number in {opening}, 1]: the path norm is defined for 0 < p <= 1"
        )
    return float(p)


def charged_entries(features: int, objective: Objective) -> int:
    """Return how many entries of a folded neuron, from the first on, the path norm adds up."""
    return features if objective is Objective.WEIGHTS else features + 1


def magnitudes(folded: NDArray[np.float64], objective: Objective) -> NDArray[np.float64]:
    """Return the numbers that `objective` counts or raises to the power p, flattened.

    Parameters
    ----------
    folded : array (K, d + 1)
        One row ``|v_k| (w_k, b_k)`` a neuron.
    objective : Objective
        K row sums for ``neurons``, K d weights, or K (d + 1) parameters, all absolute.
    """
    size = np.abs(folded)
    if objective is Objective.NEURONS:
        return np.asarray(size.sum(axis=1), dtype=np.float64)
    if objective is Objective.WEIGHTS:
        size = size[:, :-1]
    return size.ravel()
