"""What a strategy of a search has reached, as its progress reports tell it."""

from collections.abc import Callable
from typing import Protocol

from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import TriedNetwork


def attempt(
    strategy: str, network: Network, problem: Problem, objective: Objective, p: float
) -> TriedNetwork:
    """Return the figures of a strategy's network.

    Parameters
    ----------
    strategy : str
        What found it.
    network : Network
        Whether it fits or not.
    problem : Problem
        The data.
    objective : Objective
        What is counted, and what the path norm is taken of.
    p : float
        Exponent of the path norm.
    """
    violation = 0.0 if network.solves(problem) else float(network.residual(problem))
    return TriedNetwork(strategy, network.count(objective), network.path_norm(p, objective), violation)


class Watch(Protocol):
    """Takes down what strategies reach; see `sparsest.continuous.call.Reporter.attempted`."""

    def __call__(
        self,
        strategy: str,
        steps: int,
        network: Callable[[], TriedNetwork],
        count: int | None = None,
        *,
        is_best: bool = True,
    ) -> None:
        """Take a report."""
