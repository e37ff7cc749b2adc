"""One tree refuted in pieces, so that a search can be kept in a file, and shared."""

import math
from typing import Protocol

from sparsest.exact.proof.log import ProofLog
from sparsest.exact.proof.piece import replay
from sparsest.exact.tree.exploration import Exploration, Surroundings
from sparsest.exact.tree.limits import StoppedError
from sparsest.exact.tree.output_signs import Signs
from sparsest.exact.tree.piece_logs import PieceLogs
from sparsest.exact.tree.saving import Saving
from sparsest.exact.tree.state import Frontier


class Helpers(Protocol):
    """Explore a frontier, once they have started."""

    def is_ready(self) -> bool:
        """Whether they have started."""

    def refute(self, signs: Signs, frontier: Frontier) -> bool:
        """Explore until nothing is left; True as soon as a network is found."""


def refute_in_pieces(
    around: Surroundings,
    signs: Signs,
    frontier: Frontier,
    log: ProofLog,
    logs: PieceLogs,
    saving: Saving,
    helpers: Helpers | None,
) -> bool:
    """Search for a network with these output signs; False when there is none.

    Parameters
    ----------
    around : Surroundings
        The problem, what is known, and limits.
    signs : tuple of int
        Output signs.
    frontier : Frontier
        What is left to explore; changed.
    log : ProofLog
        Told of the whole tree once it is refuted.
    logs : PieceLogs
        Makes the logs of its parts.
    saving : Saving
        Where the search is kept.
    helpers : Helpers or None
        They are asked once the tree turns out to be large and they have started.
    """
    pacing = around.prepared.pacing
    alone = pacing.shared_from
    while frontier.left and (helpers is None or around.counters.nodes < alone or not helpers.is_ready()):
        if helpers is not None:
            budget: float = max(alone - around.counters.nodes, pacing.small_piece)
        else:
            budget = pacing.recorded_piece if log.writes else math.inf
        if _explore_next(around, signs, frontier, budget, logs):
            return True
        saving.save_if_due()
        status = around.limits.reached()
        if status is not None and frontier.left:
            raise StoppedError(status)
    if helpers is not None and helpers.refute(signs, frontier):
        return True
    if log.writes:
        replay(frontier.pieces, log)
        saving.tree_refuted(signs, frontier.pieces)
    return False


def _explore_next(
    around: Surroundings, signs: Signs, frontier: Frontier, budget: float, logs: PieceLogs
) -> bool:
    """Explore the next subtree here, up to a limit or until it is time to save."""
    prefix = frontier.left[-1]
    log = logs.of(signs, prefix)
    exploration = Exploration(around, signs, log)
    if exploration.run(prefix, budget):
        return True
    # depth first, as if there had been no pause
    frontier.replace_next(exploration.left, log.packed)
    return False
