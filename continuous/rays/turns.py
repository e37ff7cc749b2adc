"""What searches over rays share: turns until they are not worth it, and a state to continue from."""

import abc
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sparsest.continuous.rays.best_network import BestNetwork
from sparsest.files import Arrays
from sparsest.io.strict_json import parse
from sparsest.progress import Deadline


class TurnSearch(abc.ABC):
    """A search that takes turns.

    Parameters
    ----------
    best : BestNetwork
        Takes what is found.
    seed : int
        Of everything random.

    Attributes
    ----------
    best : BestNetwork
        The best so far.
    work : int
        Linear programs or steps so far.
    is_cut_short : bool
        Whether there was no time even for the first turn.
    """

    def __init__(self, best: BestNetwork, seed: int) -> None:
        self.best, self.work, self.is_cut_short = best, 0, False
        self._random = np.random.default_rng(seed)
        self._turns, self._improved = 0, 0

    @abc.abstractmethod
    def _doing(self) -> str:
        """Return what the next turn does, in a few words."""

    @abc.abstractmethod
    def _take_turn(self, turn: int, deadline: Deadline) -> None:
        """Take a turn, the first of which is 0."""

    @abc.abstractmethod
    def _is_done(self) -> bool:
        """Whether another turn is not worth it."""

    def run(
        self,
        deadline: Deadline,
        report: Callable[[str, int], None],
        between: Callable[[], None] = lambda: None,
    ) -> None:
        """Search until it is not worth it, a known bound is met or the time is up.

        Parameters
        ----------
        deadline : Deadline
            Ends the search.
        report : callable
            Called with a few words and the work so far before every turn.
        between : callable
            Called before every turn and in the end, as long as no turn was cut short.
        """
        while not deadline.expired:
            between()
            if self.best.is_known_least or self._is_done():
                return
            norm = "" if self.best.network is None else f", path norm {self.best.norm:.6g}"
            report(self._doing() + norm, self.work)
            before = self.best.norm
            self._turns += 1
            self._take_turn(self._turns - 1, deadline)
            if self.best.norm < before:
                self._improved = self._turns

    def _has_waited(self, least: int, share: float) -> bool:
        """Whether so many turns, and so many times those up to the last improvement, brought none."""
        return self._turns - self._improved >= max(least, share * self._improved)

    def arrays(self) -> Arrays:
        """Return the state as arrays, from which `restore` continues bit for bit."""
        return self.best.arrays() | {
            "counts": np.array([self._turns, self._improved, self.work]),
            "random": np.array(json.dumps(self._random.bit_generator.state)),
        }

    def restore(self, arrays: Mapping[str, "np.ndarray[Any, Any]"]) -> None:
        """Continue from a state of a search for the same problem with the same options.

        Raises
        ------
        ValueError, KeyError, TypeError, IndexError, RuntimeError
            When it is not one.
        """
        self.best.restore(arrays)
        self._turns, self._improved, self.work = (int(value) for value in arrays["counts"])
        self._random.bit_generator.state = parse(str(arrays["random"]))
