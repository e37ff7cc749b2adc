"""The solvers of gradient descent by name."""

from collections.abc import Callable
from typing import Final

from sparsest.continuous.algorithms.adam_reweighted import AdamReweighted
from sparsest.continuous.algorithms.base import Solver
from sparsest.continuous.algorithms.proximal_gradient import ProximalGradient
from sparsest.continuous.algorithms.published import Published
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.algorithms.smoothed import Smoothed

GRADIENT_SOLVERS: Final[dict[str, Callable[[Schedule], Solver]]] = {
    "adam-reweighted": AdamReweighted,
    "published": Published,
    "proximal-gradient": ProximalGradient,
    "smoothed": Smoothed,
}


def gradient_solver(name: str, schedule: Schedule) -> Solver:
    """Return a new solver of that name for one run."""
    return GRADIENT_SOLVERS[name](schedule)
