"""A branch and bound shared by workers: some of the best boxes to each, and back what they left open."""

import math
from concurrent.futures import Future
from typing import Final

from sparsest.exact.path_norm.box_search import BoxSearch
from sparsest.exact.path_norm.limits import PathNormLimits
from sparsest.exact.path_norm.open_boxes import OpenBox
from sparsest.exact.path_norm.packing_turns import PackingTurns
from sparsest.exact.path_norm.pieces import BoxesExamined, BoxPiece, BoxQuestion, examine_boxes
from sparsest.exact.search_options import Pacing
from sparsest.exact.tree.piecework import PIECES_AHEAD, Piecework
from sparsest.exact.tree.saving import Saving
from sparsest.exact.tree.workers import Workers

# Seconds after which a piece comes back: the best network is known here alone.
_PIECE_SECONDS: Final = 0.25
# Boxes that a piece begins with, for each that will be examined in that time, and before that is known. With
# fewer a worker goes on to parts of its boxes that one process would leave for other boxes, with more to the
# worst of its boxes. Ending as soon as better boxes wait is too soon: workers then wait for this process.
_BOXES_A_NODE: Final = 0.25
_FIRST_BOXES: Final = 32


class BoxFarm(Piecework[list[OpenBox], BoxesExamined]):
    """Gives boxes to workers, and gathers what comes of them.

    Parameters
    ----------
    workers : Workers
        Who does the work.
    question : BoxQuestion
        What is asked.
    search : BoxSearch
        Where open boxes are, and what is known; changed.
    limits : PathNormLimits
        What may stop it, and who is told of progress.
    saving : Saving
        Where the search is kept.
    pacing : Pacing
        How large pieces are.
    turns : PackingTurns, optional
        What else is done meanwhile.
    """

    def __init__(
        self,
        workers: Workers,
        question: BoxQuestion,
        search: BoxSearch,
        limits: PathNormLimits,
        saving: Saving,
        pacing: Pacing,
        turns: PackingTurns | None = None,
    ) -> None:
        super().__init__(workers, limits, saving, pacing.max_silence)
        self._question, self._search, self._pacing, self._turns = question, search, pacing, turns
        self._most_boxes = _FIRST_BOXES

    def run(self) -> None:
        """Have boxes examined until none is left; raise `StoppedError` at a limit."""
        try:
            self._work_through(0)
        finally:
            for piece in self._search.boxes.under_way:
                self._search.boxes.put_back(piece)

    def _waiting(self) -> int:
        boxes = self._search.boxes
        if self._search.interval.closes(boxes.least_waiting):
            boxes.close_all()
        return len(boxes)

    def _start(self, *, scarce: bool) -> tuple["Future[BoxesExamined]", list[OpenBox]]:
        boxes, pacing = self._search.boxes, self._pacing
        pieces = PIECES_AHEAD * self._workers.count
        share = max(1, min(self._most_boxes, len(boxes) // pieces))
        taken = boxes.start(1) if scarce else boxes.start(share, pieces)
        work = BoxPiece(
            self._question,
            self._search.largest,
            [self._search.limited(box) for box in taken],
            self._search.interval.least_known,
            pacing.small_piece if scarce else pacing.large_piece,
            min(_PIECE_SECONDS, self._seconds),
        )
        return self._workers.submit(examine_boxes, work), taken

    def _meanwhile(self) -> bool:
        if self._turns is not None:
            self._turns.take()
        return False

    def _put_back(self, piece: list[OpenBox]) -> None:
        self._search.boxes.put_back(piece)

    def _take(self, piece: list[OpenBox], result: BoxesExamined) -> bool:
        search = self._search
        search.nodes += result.nodes
        if result.seconds > 0.5 * _PIECE_SECONDS:  # else it says little
            speed = result.nodes / result.seconds
            self._most_boxes = math.ceil(_BOXES_A_NODE * speed * _PIECE_SECONDS)
        if result.best is not None:
            search.interval.take(result.best)
        search.interval.undecided = min(search.interval.undecided, result.undecided)
        search.boxes.put_anew(result.boxes)
        search.boxes.finish(piece)
        return False
