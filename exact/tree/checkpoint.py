"""Keep a search of the activation tree in a file while it runs, and continue it from there."""

from pathlib import Path

from sparsest.errors import InputError
from sparsest.exact.arithmetic.rational_network import meets_every_interval
from sparsest.exact.packing.bound import packing_of
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.proof.recorded_log import Prefix, replay
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.tree.checkpoint_file import (
    Events,
    Pieces,
    SearchCheckpoint,
    Tree,
    read_checkpoint,
    write_checkpoint,
)
from sparsest.exact.tree.output_signs import log_excluded, signs_of
from sparsest.exact.tree.prepared import Prepared
from sparsest.exact.tree.saving import Saving
from sparsest.exact.tree.state import Findings, Frontier, Headway
from sparsest.problem import Problem


def open_checkpoint(path: Path, problem: Problem, *, resume: bool) -> SearchCheckpoint | None:
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
    return read_checkpoint(path, problem)


class CheckpointWriter(Saving):
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

    keeps = True

    def __init__(
        self,
        path: Path,
        options: SearchOptions,
        prepared: Prepared,
        findings: Findings,
        headway: Headway,
        recorded: bool,
    ) -> None:
        self._path, self._deadline, self._pacing = path, options.deadline, options.pacing
        self._prepared, self._findings, self._headway = prepared, findings, headway
        self._recorded = recorded
        self._next = self._pacing.save_every
        self._refuted: list[Tree] = []
        self._resumed_at: int | None = None
        self._events_fit = True
        self._failure = ""

    def due(self) -> bool:  # noqa: D102 - as in the base class
        return self._deadline.seconds >= self._next

    def save(self) -> None:  # noqa: D102
        begun = self._deadline.seconds
        try:
            write_checkpoint(self._path, self._snapshot())
            self._failure = ""
        except InputError as error:
            self._failure = str(error)
        except OSError as error:
            self._failure = f"the checkpoint could not be written: {self._path}: {error.strerror or error}"
        ended = self._deadline.seconds
        self._next = ended + max(self._pacing.save_every, self._pacing.save_share * (ended - begun))

    def claim(self) -> None:
        """Write the first state, so that a place which cannot be written to is found before the work."""
        self.save()
        if self._failure:
            raise InputError(self._failure)

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
            raise InputError(f"{self._path}: the checkpoint contradicts itself or the data")
        if stored.packing is not None:
            packing = packing_of(self._prepared.problem, stored.packing)
            if stored.width < packing.bound:
                raise InputError(f"{self._path}: the checkpoint contradicts itself or the data")
            findings.take_packing(packing)
        if log.writes:
            self._replay(stored, first, log)
        if stored.witness is not None:
            if not meets_every_interval(self._prepared.data, stored.witness):
                raise InputError(f"{self._path}: the network in the checkpoint does not fit the data")
            if findings.beats(len(stored.witness.signs)):
                findings.take(stored.witness)
        findings.lower = max(first, stored.lower_bound)
        findings.unverified, findings.near_miss = stored.unverified, stored.near_miss
        headway.width, headway.splits = stored.width, list(stored.done)
        counters = headway.counters
        counters.nodes = counters.nodes_before = stored.nodes
        counters.seconds_before = stored.seconds
        counters.pause, counters.rejected = stored.pause, stored.rejected
        if stored.left != ((),):
            running = {} if stored.events is None else dict(stored.events.running)
            headway.frontier = Frontier(list(stored.left), running)
        self._resumed_at = stored.nodes

    def _replay(self, stored: SearchCheckpoint, first: int, log: ProofLog) -> None:
        """Report what the file says of the trees refuted before."""
        if stored.events is None:
            raise InputError(
                f"{self._path}: the checkpoint lacks what a proof needs of the work before it, because none "
                "was asked for then or it was too much: continue without a proof, or start anew"
            )
        for width in range(first, stored.width):
            log_excluded(self._prepared.problem, width, log)
        for tree in stored.events.finished:
            log.begin(signs_of(tree.positive, tree.neurons))
            replay(tree.pieces, log)
            log.end()
        self._refuted = list(stored.events.finished)

    @property
    def remark(self) -> str:
        """What the user should know about the file, in one sentence; empty if nothing."""
        remarks = [self._failure] if self._failure else []
        if not self._events_fit:
            remarks.append("the checkpoint grew too large to hold what a proof needs")
        if self._resumed_at is not None:
            remarks.append(
                f"the lower bound rests on {self._path} as well: what its {self._resumed_at} nodes refuted "
                "was not verified again"
            )
        return "; ".join(remarks)

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
        self._events_fit = size <= self._pacing.max_event_bytes
        return Events(tuple(self._refuted), running) if self._events_fit else None
