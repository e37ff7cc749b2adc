"""Keep a search of the activation tree in a file while it runs, and continue it from there."""

from collections.abc import Callable
from pathlib import Path

from sparsest.errors import InputError
from sparsest.exact.arithmetic.rational_network import meets_every_interval
from sparsest.exact.packing.bound import packing_of
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.proof.piece import Prefix, replay
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.tree.checkpoint_file import (
    Events,
    Pieces,
    SearchCheckpoint,
    State,
    Tree,
    write_checkpoint,
)
from sparsest.exact.tree.output_signs import log_excluded, signs_of
from sparsest.exact.tree.prepared import Prepared
from sparsest.exact.tree.saving import FileSaving
from sparsest.exact.tree.state import Findings, Frontier, Headway
from sparsest.problem import Problem


def open_checkpoint(
    path: Path,
    problem: Problem,
    *,
    resume: bool,
    read: Callable[[Path, Problem], State],
) -> State | None:
    """Return what the file of a search for `problem`, whose inputs are distinct, holds; None if it is new.

    Raises
    ------
    InputError
        When the file exists and `resume` is false, or it is damaged or of another problem.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist")
    if not path.exists():
        return None
    if not resume:
        raise InputError(f"{path} exists: resume from it (--resume), or name another file")
    return read(path, problem)


class CheckpointWriter(FileSaving):
    """Writes what is known and done to a file now and then.

    Parameters
    ----------
    path : Path
        The file.
    options : SearchOptions
        The clock, and how often to write.
    prepared : Prepared
        The problem.
    findings, headway : Findings, Headway
        What is written.
    recorded : bool
        Whether a proof is asked for, which needs what was recorded of the nodes.
    """

    def __init__(
        self,
        path: Path,
        options: SearchOptions,
        prepared: Prepared,
        findings: Findings,
        headway: Headway,
        recorded: bool,
    ) -> None:
        super().__init__(path, options)
        self._prepared, self._findings, self._headway = prepared, findings, headway
        self._recorded = recorded
        self._refuted: list[Tree] = []

    def _write(self) -> None:
        write_checkpoint(self._path, self._snapshot())

    def tree_refuted(self, signs: tuple[int, ...], pieces: Pieces) -> None:  # noqa: D102
        self._refuted.append(Tree(len(signs), signs.count(1), dict(pieces)))

    def restore(self, stored: SearchCheckpoint, log: ProofLog) -> None:
        """Bring a search that has not begun to the state in the file.

        Raises
        ------
        InputError
            When the network in the file does not fit, contradicts the lower bound, or a proof is asked for
            and the file lacks what it needs.
        """
        findings, headway = self._findings, self._headway
        first = findings.lower
        upper = None if stored.witness is None else len(stored.witness.signs)
        if stored.width < first or (upper is not None and upper < stored.lower_bound):
            raise self._contradicts()
        if stored.packing is not None:
            packing = packing_of(self._prepared.problem, stored.packing)
            if stored.width < packing.bound:
                raise self._contradicts()
            findings.take_packing(packing)
        if log.writes:
            self._replay(stored, first, log)
        if stored.witness is not None:
            if not meets_every_interval(self._prepared.data, stored.witness):
                raise self._misfits()
            if findings.beats(len(stored.witness.signs)):
                findings.take(stored.witness)
        findings.lower = max(first, stored.lower_bound)
        headway.width, headway.splits = stored.width, list(stored.done)
        headway.counters.pause, headway.counters.rejected = stored.pause, stored.rejected
        if stored.left != ((),):
            running = {} if stored.events is None else dict(stored.events.running)
            headway.frontier = Frontier(list(stored.left), running)
        self._go_on_from(stored, findings, headway.counters)

    def _replay(self, stored: SearchCheckpoint, first: int, log: ProofLog) -> None:
        """Report what the file says of the trees refuted before."""
        if stored.events is None:
            raise self._lacks_events()
        for width in range(first, stored.width):
            log_excluded(self._prepared.problem, width, log)
        for tree in stored.events.finished:
            log.begin(signs_of(tree.positive, tree.neurons))
            replay(tree.pieces, log)
            log.end()
        self._refuted = list(stored.events.finished)

    def _snapshot(self) -> SearchCheckpoint:
        findings, headway = self._findings, self._headway
        counters, frontier = headway.counters, headway.frontier
        left: list[Prefix] = [()] if frontier is None else frontier.open
        return SearchCheckpoint(
            problem=self._prepared.problem.digest,
            width=headway.width,
            lower_bound=findings.lower,
            done=tuple(headway.splits),
            left=tuple(left),
            nodes=counters.nodes,
            unverified=findings.unverified,
            pause=int(counters.pause),
            rejected=counters.rejected,
            seconds=counters.seconds_before + self._deadline.seconds,
            witness=findings.witness,
            near_miss=findings.near_miss,
            events=self._events(left),
            packing=findings.packing.plain() or None,
        )

    def _events(self, left: list[Prefix]) -> Events | None:
        if not self._recorded or not self._events_fit:
            return None
        frontier, still_open = self._headway.frontier, set(left)
        pieces = {} if frontier is None else frontier.pieces
        running = {prefix: packed for prefix, packed in pieces.items() if prefix not in still_open}
        logs = [running, *(tree.pieces for tree in self._refuted)]
        size = sum(len(packed) for log in logs for packed in log.values())
        return Events(tuple(self._refuted), running) if self._fits(size) else None
