"""The solvers of gradient descent by name."""

from collections.abc import Callable
from typing import Final

from sparsest.continuous.adam_reweighted import AdamReweighted
from sparsest.continuous.proximal_gradient import ProximalGradient
from sparsest.continuous.published import Published
from sparsest.continuous.schedule import Schedule
from sparsest.continuous.smoothed import Smoothed
from sparsest.continuous.solver import Solver

GRADIENT_SOLVERS: Final[dict[str, Callable[[Schedule], Solver]]] = {
    "adam-reweighted": AdamReweighted,
    "published": Published,
    "proximal-gradient": ProximalGradient,
    "smoothed": Smoothed,
}


def gradient_solver(name: str, schedule: Schedule) -> Solver:
    """Return a new solver of that name for one run."""
    return GRADIENT_SOLVERS[name](schedule)
