"""Pieces of work given to workers until none is left: those of any search whose work divides itself."""

import abc
from concurrent.futures import Future
from typing import Final, Generic, Protocol, TypeVar

from sparsest.exact.tree.saving import Saving
from sparsest.exact.tree.workers import LostError, Workers
from sparsest.progress import Deadline

# Pieces of work given out for each worker, so that none waits for this process. Local searches queue behind
# them: with 8 they came so late that a network was found after several times the nodes.
PIECES_AHEAD: Final = 2
# Seconds after which a piece of work comes back as it is.
_MAX_PIECE_SECONDS: Final = 10.0

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class PieceLimits(Protocol):
    """What may stop a search, and who is told of its progress."""

    @property
    def deadline(self) -> Deadline:
        """When the time is up."""

    def check(self, width: int) -> None:
        """Report progress now and then; raise `StoppedError` when a limit is reached."""


class Piecework(abc.ABC, Generic[Piece, Result]):
    """Gives pieces of work out, and gathers what comes of them; subclasses know what a piece is.

    Parameters
    ----------
    workers : Workers
        Who does the work.
    limits : PieceLimits
        What may stop it, and who is told of progress.
    saving : Saving
        Where the search is kept.
    max_silence : float
        Seconds in which nothing comes back after which the workers are given up.
    """

    def __init__(self, workers: Workers, limits: PieceLimits, saving: Saving, max_silence: float) -> None:
        self._workers, self._limits, self._saving = workers, limits, saving
        self._max_silence = max_silence
        self._given_out: dict[Future[Result], Piece] = {}

    def is_ready(self) -> bool:
        """Whether workers have started, which the first call asks them to: until then work is done here."""
        return self._workers.are_ready()

    @abc.abstractmethod
    def _waiting(self) -> int:
        """Return how many pieces nobody works on."""

    @abc.abstractmethod
    def _start(self, *, scarce: bool) -> "tuple[Future[Result], Piece]":
        """Give out the next piece, a small one while work is scarce."""

    @abc.abstractmethod
    def _put_back(self, piece: Piece) -> None:
        """Let a piece be given out again, because its worker was lost."""

    @abc.abstractmethod
    def _take(self, piece: Piece, result: Result) -> bool:
        """Take what came of a piece; whether a network was found that ends the work."""

    def _meanwhile(self) -> bool:
        """Do what else is to be done now and then; whether a network was found that ends the work."""
        return False

    @property
    def _seconds(self) -> float:
        """The time that a piece may take."""
        return min(_MAX_PIECE_SECONDS, self._limits.deadline.remaining)

    def _work_through(self, width: int) -> bool:
        """Give out pieces until none is left; True as soon as a network is found."""
        workers = self._workers
        self._given_out = {}
        workers.start_listening()
        try:
            while self._waiting() or self._given_out:
                self._give_out()
                finished = workers.finished(self._given_out)
                if workers.given_up(self._max_silence):
                    for future, piece in self._given_out.items():
                        future.cancel()
                        self._put_back(piece)
                    self._given_out = {}
                found = [self._gather(future) for future in finished]  # all are counted
                if any(found):
                    return True
                self._saving.save_if_due()
                self._limits.check(width)
                if self._meanwhile():
                    return True
        finally:
            for future in self._given_out:
                future.cancel()
        return False

    def _give_out(self) -> None:
        ahead = PIECES_AHEAD * self._workers.count
        while self._waiting() and len(self._given_out) < ahead:
            future, piece = self._start(scarce=self._waiting() + len(self._given_out) <= ahead)
            self._given_out[future] = piece

    def _gather(self, future: "Future[Result]") -> bool:
        """Take what came of a piece, and say whether that ends the work; a lost one is put back."""
        piece = self._given_out[future]
        try:
            result = self._workers.result(future)
        except LostError:
            self._put_back(piece)
            found = False
        else:
            found = self._take(piece, result)
        if not found:
            del self._given_out[future]
        return found
