"""Keep a search of the activation tree in a file while it runs, and go on from there."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sparsest.errors import InputError
from sparsest.exact.arithmetic.rational_network import RationalNetwork, meets_every_interval
from sparsest.exact.proof.recorded_log import replay
from sparsest.exact.tree.checkpoint_file import (
    LARGEST,
    Checkpoint,
    Events,
    Pieces,
    Tree,
    read_checkpoint,
    write_checkpoint,
)
from sparsest.exact.tree.farm import Frontier
from sparsest.problem import Problem
from sparsest.progress import Deadline

if TYPE_CHECKING:
    from sparsest.exact.tree.search import TreeSearch

# Seconds between two checkpoints, and at least so many times what writing the last one took.
_EVERY: Final = 30.0
_SHARE: Final = 20.0
# Bytes of logged events kept for a proof: in base64 a third more, they still fit into a file that is read.
_MOST_EVENTS: Final = LARGEST * 7 // 10


class Keeper:
    """Writes the state of a search to a file now and then, and hands out the state to go on from.

    Parameters
    ----------
    path : Path
        The file.
    start : Checkpoint or None
        What was in it.
    """

    def __init__(self, path: Path, start: Checkpoint | None) -> None:
        self._path, self._start = path, start
        self._next = _EVERY
        self._finished: list[Tree] = []
        self._events_fit = True
        self._failure = ""

    def due(self, deadline: Deadline) -> bool:
        """Whether it is time to save."""
        return deadline.seconds >= self._next

    def save(self, search: "TreeSearch") -> None:
        """Write the state of `search`; a failure is remembered, and never ends the search."""
        begun = search.deadline.seconds
        try:
            write_checkpoint(self._path, self._snapshot(search))
            self._failure = ""
        except InputError as error:
            self._failure = str(error)
        except OSError as error:
            self._failure = f"the checkpoint could not be written: {self._path}: {error.strerror or error}"
        ended = search.deadline.seconds
        self._next = ended + max(_EVERY, _SHARE * (ended - begun))

    def claim(self, search: "TreeSearch") -> None:
        """Write the first state, so that a place which cannot be written to is found before the work."""
        self.save(search)
        if self._failure:
            raise InputError(self._failure)

    def finish(self, signs: tuple[int, ...], pieces: Pieces) -> None:
        """Keep what was logged of a refuted tree for a proof that is written after an interruption."""
        self._finished.append(Tree(len(signs), signs.count(1), dict(pieces)))

    def restore(self, search: "TreeSearch") -> None:
        """Bring a search, prepared and not yet begun, to the state in the file.

        Raises
        ------
        InputError
            When the network in the file does not fit, contradicts the lower bound, or a proof is asked for
            and the file lacks what it needs.
        """
        state = self._start
        if state is None:
            self.claim(search)
            return
        first = search.lower
        upper = None if state.witness is None else len(state.witness.signs)
        if state.width < first or (upper is not None and upper < state.lower_bound):
            raise InputError(f"{self._path}: the checkpoint contradicts itself or the data")
        if search.log.writes:
            self._replay(search, state, first)
        if state.witness is not None:
            if not _fits(search, state.witness):
                raise InputError(f"{self._path}: the network in the checkpoint does not fit the data")
            if search.upper is None or len(state.witness.signs) < search.upper:
                search.take(state.witness)
        search.width, search.lower = state.width, max(first, state.lower_bound)
        search.done = list(state.done)
        search.nodes = search.nodes_before = state.nodes
        search.seconds_before = state.seconds
        search.unverified, search.pause, search.rejected = state.unverified, state.pause, state.rejected
        search.near_miss = state.near_miss
        if state.left != ((),):
            running = {} if state.events is None else dict(state.events.running)
            search.frontier = Frontier(list(state.left), running)

    def _replay(self, search: "TreeSearch", state: Checkpoint, first: int) -> None:
        """Report what the file says of the trees refuted before."""
        if state.events is None:
            raise InputError(
                f"{self._path}: the checkpoint lacks what a proof needs of the work before it, because none "
                "was asked for then or it was too much: go on without a proof, or start anew"
            )
        for width in range(first, state.width):
            search.log_excluded(width)
        for tree in state.events.finished:
            search.log.begin((1,) * tree.positive + (-1,) * (tree.neurons - tree.positive))
            replay(tree.pieces, search.log)
            search.log.end()
        self._finished = list(state.events.finished)

    @property
    def remark(self) -> str:
        """What the user should know about the file, in one sentence; empty if nothing."""
        remarks = [self._failure] if self._failure else []
        if not self._events_fit:
            remarks.append("the checkpoint grew too large to hold what a proof needs")
        if self._start is not None:
            remarks.append(
                f"the lower bound rests on {self._path} as well: what its {self._start.nodes} nodes refuted "
                "was not verified again"
            )
        return "; ".join(remarks)

    def _snapshot(self, search: "TreeSearch") -> Checkpoint:
        frontier = search.frontier
        left = [()] if frontier is None else frontier.open
        witness = search.witness
        if witness is not None and not _fits(search, witness):
            witness = None  # under a weight bound: it is found again in its place in the tree
        return Checkpoint(
            problem=search.problem.digest,
            width=search.width,
            lower_bound=search.lower,
            done=tuple(search.done),
            left=tuple(left),
            nodes=search.nodes,
            unverified=search.unverified,
            pause=int(search.pause),
            rejected=search.rejected,
            seconds=search.seconds_before + search.deadline.seconds,
            witness=witness,
            near_miss=search.near_miss,
            events=self._events(search, left),
        )

    def _events(self, search: "TreeSearch", left: list[Any]) -> Events | None:
        if not search.log.writes or not self._events_fit:
            return None
        pieces = {} if search.frontier is None else search.frontier.pieces
        still_open = set(left)
        running = {prefix: packed for prefix, packed in pieces.items() if prefix not in still_open}
        logs = [running, *(tree.pieces for tree in self._finished)]
        self._events_fit = sum(len(packed) for log in logs for packed in log.values()) <= _MOST_EVENTS
        return Events(tuple(self._finished), running) if self._events_fit else None


def _fits(search: "TreeSearch", witness: RationalNetwork) -> bool:
    return meets_every_interval(search.data, witness) and search.respects_bound(witness)


def opened(path: Path, problem: Problem, *, resume: bool) -> Keeper:
    """Return the keeper of a search for `problem`.

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
        return Keeper(path, None)
    if not resume:
        raise InputError(f"{path} exists: resume from it (--resume), or name another file")
    return Keeper(path, read_checkpoint(path, problem.distinct()))


@contextlib.contextmanager
def stopping_on_signals(deadline: Deadline) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end `deadline`, so that the search stops where its state is whole.

    A second Ctrl-C acts at once. Signals reach the main thread alone; in another one nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[signal.Signals, Any] = {}

    def stop(number: int, frame: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        deadline.interrupt()

    for each in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(each) is not None:  # one that was not installed from Python cannot be put back
            before[each] = signal.signal(each, stop)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
