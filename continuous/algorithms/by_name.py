"""The algorithms of gradient descent by name."""

from collections.abc import Callable
from typing import Final

from sparsest.continuous.algorithms.adam_reweighted import AdamReweighted
from sparsest.continuous.algorithms.base import Algorithm
from sparsest.continuous.algorithms.proximal_gradient import ProximalGradient
from sparsest.continuous.algorithms.published import Published
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.algorithms.smoothed import Smoothed

GRADIENT_ALGORITHMS: Final[dict[str, Callable[[Schedule], Algorithm]]] = {
    "adam-reweighted": AdamReweighted,
    "published": Published,
    "proximal-gradient": ProximalGradient,
    "smoothed": Smoothed,
}


def gradient_algorithm(name: str, schedule: Schedule) -> Algorithm:
    """Return a new algorithm of that name for one run."""
    return GRADIENT_ALGORITHMS[name](schedule)
