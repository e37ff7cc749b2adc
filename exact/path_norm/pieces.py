"""A piece of work that any process can do: examine some open boxes, and what comes of them, for a while."""

import dataclasses
import threading
from typing import Final

import numpy as np

from sparsest.exact.path_norm.box_search import BoxSearch
from sparsest.exact.path_norm.cones import Cones, IntArray, build_cones
from sparsest.exact.path_norm.copies import repeated
from sparsest.exact.path_norm.interval import Interval
from sparsest.exact.path_norm.networks import Candidate, Networks
from sparsest.exact.path_norm.open_boxes import OpenBox
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline


@dataclasses.dataclass(frozen=True, eq=False)
class BoxQuestion:
    """What is asked; every process makes the same cones of it.

    Attributes
    ----------
    problem : Problem
        The data, inputs distinct.
    p : float
        Exponent.
    objective : Objective
        What the path norm is taken of.
    copies : array of int (C, 2) or None
        How many neurons of each cone and output sign there may be; None for one.
    """

    problem: Problem
    p: float
    objective: Objective
    copies: IntArray | None

    def is_same(self, other: "BoxQuestion") -> bool:
        """Whether both ask for the same; problems are equal when their digests are."""
        one, two = self.copies, other.copies
        alike = (one is None and two is None) or (
            one is not None and two is not None and np.array_equal(one, two)
        )
        mine, theirs = (self.problem, self.p, self.objective), (other.problem, other.p, other.objective)
        return alike and mine == theirs

    def repeat(self, cones: Cones) -> Cones:
        """Return the problem's cones as often as there may be neurons of each."""
        return cones if self.copies is None else repeated(cones, self.copies)


@dataclasses.dataclass(frozen=True)
class BoxPiece:
    """Boxes to examine.

    Attributes
    ----------
    question : BoxQuestion
        What is asked.
    largest : float
        What bounds the elements, in units of the cones.
    boxes : list of OpenBox
        Where to begin.
    cost : float
        Path norm of the best network known.
    most : int
        Boxes after which to stop.
    seconds : float
        Time after which to stop.
    """

    question: BoxQuestion
    largest: float
    boxes: list[OpenBox]
    cost: float
    most: int
    seconds: float


@dataclasses.dataclass(frozen=True)
class BoxesExamined:
    """What came of a piece.

    Attributes
    ----------
    boxes : list of OpenBox
        Those left open.
    nodes : int
        Boxes examined.
    seconds : float
        Time that it took.
    undecided : float
        Least bound of a box that floats could not decide, in units of the cones.
    best : Candidate or None
        A network better than the one known.
    """

    boxes: list[OpenBox]
    nodes: int
    seconds: float
    undecided: float
    best: Candidate | None


def examine_boxes(piece: BoxPiece) -> BoxesExamined:
    """Examine boxes, in whatever process; at least one."""
    deadline = Deadline(max(piece.seconds, 1e-3))
    networks, cones = _prepared(piece.question)
    p = piece.question.p
    search = BoxSearch(networks, cones, p, Interval(networks, cones, p, piece.cost), piece.largest)
    search.boxes.put_anew(piece.boxes)
    begun = deadline.seconds
    while search.boxes:
        search.examine_next()
        if search.nodes >= piece.most or deadline.expired:
            break
    interval = search.interval
    return BoxesExamined(
        list(search.boxes), search.nodes, deadline.seconds - begun, interval.undecided, interval.best
    )


class _Kept(threading.local):
    """What was prepared last in this thread: a cluster's workers may run several."""

    question: BoxQuestion | None = None
    prepared: tuple[Networks, Cones] | None = None


_KEPT: Final = _Kept()


def _prepared(question: BoxQuestion) -> tuple[Networks, Cones]:
    """Make the networks and cones of a question, unless they were made last."""
    if _KEPT.question is None or _KEPT.prepared is None or not _KEPT.question.is_same(question):
        cones = question.repeat(build_cones(question.problem, question.objective, Deadline(None)))
        networks = Networks(question.problem, cones, question.p, question.objective)
        _KEPT.question, _KEPT.prepared = question, (networks, cones)
    return _KEPT.prepared
