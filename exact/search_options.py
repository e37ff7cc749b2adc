"""Limits, workers, files and progress of an exact search, made once where the user calls for one."""

import dataclasses
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from sparsest.errors import InputError
from sparsest.exact.compiling import MAX_INTERPRETED_STEPS
from sparsest.network import Network
from sparsest.progress import Deadline, ProgressCallback


@dataclasses.dataclass(frozen=True)
class Pacing:
    """When the activation tree's search does something else than visit nodes; these change no answer.

    Attributes
    ----------
    first_pause : int
        Nodes before the first local search; before each later one there are twice as many.
    compiled_from : int
        Nodes from which on linear programs go to compiled code: one takes HiGHS about as long as 1000
        interpreted steps.
    packed_from : int
        Nodes before curved sets are first packed, some tenths of a second: the tree closes most small
        problems by itself. Before the next time there are 16 times as many.
    packed_at_once : int
        Samples from which on they are packed before any node: then the tree takes longer over two neurons.
    packing_seconds : float
        Time for a packing before any node, or half of the time spent where that is more.
    densest_from : int
        Features from which on output signs are refuted by densest classes where that takes little work.
    densest_products : float
        Products of numbers formed for that: 10^8 take a second, and the checker of proofs a minute or less.
    branching_programs : int
        Linear programs for output signs, before that, in a tree whose programs know something of all samples;
        more of them where there are so many samples that the activation tree is hopeless.
    shared_from : int
        Nodes that a search visits before it asks its workers for help.
    recorded_piece : int
        Nodes of a piece that is explored here and whose events are kept.
    small_piece, large_piece : int
        Nodes that a worker may visit for one piece of work while work is scarce, and otherwise: some
        hundredths of a second, or half a second, which is also how long workers may wait for the last piece
        of a tree.
    unrecorded_piece : int
        The same in place of the latter where the tree's nodes are visited by compiled code alone, no events
        being recorded.
    max_silence : float
        Seconds in which no piece comes back after which the workers are given up: one killed while it
        fetches its work takes that, or the queue's lock, with it.
    save_every, save_share : float
        Seconds between two checkpoints, and at least so many times what writing the last one took.
    max_event_bytes : int
        Bytes of recorded events kept in a checkpoint for a proof: in base64 a third more, they still fit
        into a file that is read (`sparsest.exact.tree.checkpoint_file.MAX_BYTES`).
    max_cells : int
        Sets of cells beyond this size cost more than the linear programs that they save.
    max_focus_cells : int
        Where there are more cells than that, those of as many samples are taken as cut the space into so few.
    cells_a_node : int
        A linear program takes as long as enumerating some hundreds of cells, so that sets of cells are worth
        their making from so many nodes on.
    """

    first_pause: int = 8
    compiled_from: int = MAX_INTERPRETED_STEPS // 1000
    packed_from: int = 500
    packed_at_once: int = 200
    packing_seconds: float = 2.0
    densest_from: int = 4
    densest_products: float = 2e8
    branching_programs: int = 4000
    shared_from: int = 1000
    recorded_piece: int = 10_000
    small_piece: int = 100
    large_piece: int = 4_000
    unrecorded_piece: int = 32_000
    max_silence: float = 60.0
    save_every: float = 30.0
    save_share: float = 20.0
    max_event_bytes: int = 2**28 * 7 // 10
    max_cells: int = 200_000
    max_focus_cells: int = 20_000
    cells_a_node: int = 500


@dataclasses.dataclass(frozen=True)
class SearchOptions:
    """What a search keeps to, beside the problem and the objective.

    Attributes
    ----------
    deadline : Deadline
        The time limit; its clock runs from the call of `sparsest.exact.solve`.
    node_limit : int or None
        Largest number of linear programs, not counting those of earlier runs of the search.
    progress : callable or None
        Called a few times a second with a `Progress`.
    witness : Network or None
        A network from elsewhere, taken for an upper bound if a rational network beside it provably fits.
    sweeps : bool
        Whether the tree may begin with bounds that two sweeps over one feature prove. It is a second opinion
        where it may not.
    most : int or None
        The search ends as soon as more neurons than these are proven necessary.
    workers : int
        Processes that share the search, or pieces of work that `executor` runs side by side.
    executor : Executor or None
        Where pieces of work are done instead of in processes of our own.
    proof_path : Path or None
        Where the proof goes.
    checkpoint_path : Path or None
        Where the search is kept while it runs.
    resume : bool
        Whether to continue the search in that file, if it exists.
    mip_solver : str
        MIP solver by its Pyomo name.
    mip_solver_options : mapping
        Handed to that solver under its own names.
    pacing : Pacing
        When the search does something else than visit nodes.

    Raises
    ------
    InputError
        For a number that makes no sense, or `resume` without a file.
    """

    deadline: Deadline = dataclasses.field(default_factory=lambda: Deadline(None))
    node_limit: int | None = None
    progress: ProgressCallback | None = None
    witness: Network | None = None
    sweeps: bool = False
    most: int | None = None
    workers: int = 1
    executor: Executor | None = None
    proof_path: Path | None = None
    checkpoint_path: Path | None = None
    resume: bool = False
    mip_solver: str = "highs"
    mip_solver_options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    pacing: Pacing = Pacing()

    def __post_init__(self) -> None:
        if self.node_limit is not None and not _is_positive(self.node_limit):
            raise InputError(
                f"node_limit = {self.node_limit!r}: it must be a whole number, at least 1, or None"
            )
        if not _is_positive(self.workers):
            raise InputError(f"workers = {self.workers!r:.40}: it must be a whole number, at least 1")
        if self.resume and self.checkpoint_path is None:
            raise InputError("resume needs a checkpoint_file to continue from")


def _is_positive(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
