"""Where a search is kept while it runs: nowhere, or in a file."""

import abc
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from sparsest.errors import InputError
from sparsest.exact.proof.piece import Prefix
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.tree.state import Counters, Findings
from sparsest.network import Network
from sparsest.sentences import joined


class StoredCounts(Protocol):
    """What the state of any search counts: nodes, leaves without a reason, seconds; and a near miss."""

    @property
    def nodes(self) -> int:
        """Linear programs solved in all runs."""

    @property
    def unverified(self) -> int:
        """Leaves that nothing verified."""

    @property
    def seconds(self) -> float:
        """Wall time of all runs."""

    @property
    def near_miss(self) -> Network | None:
        """A network that fits up to rounding."""


class Saving:
    """Keeps the state of a search; this one keeps nothing."""

    keeps = False

    @property
    def remark(self) -> str:
        """What the user should know about it, in one sentence; empty if nothing."""
        return ""

    def due(self) -> bool:
        """Whether it is time to save."""
        return False

    def save(self) -> None:
        """Save what is known and done; a failure is remembered, and never ends the search."""

    def save_if_due(self) -> None:
        """Save when it is time to."""
        if self.due():
            self.save()

    def tree_refuted(self, signs: tuple[int, ...], pieces: Mapping[Prefix, bytes]) -> None:
        """Keep what was recorded of a refuted tree for a proof that is written after an interruption."""


class FileSaving(Saving, abc.ABC):
    """Writes the state of a search to a file now and then; subclasses know what it is.

    Parameters
    ----------
    path : Path
        The file.
    options : SearchOptions
        The clock, and how often to write.
    """

    keeps = True

    def __init__(self, path: Path, options: SearchOptions) -> None:
        self._path, self._deadline, self._pacing = path, options.deadline, options.pacing
        self._next = self._pacing.save_every
        self._resumed_at: int | None = None
        self._events_fit = True
        self._failure = ""

    @abc.abstractmethod
    def _write(self) -> None:
        """Write the state; raise `InputError` when it is too large, `OSError` when that is impossible."""

    def due(self) -> bool:  # noqa: D102 - as in the base class
        return self._deadline.seconds >= self._next

    def save(self) -> None:  # noqa: D102
        begun = self._deadline.seconds
        try:
            self._write()
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

    def _fits(self, size: int) -> bool:
        """Whether so many bytes of events may be kept; once they are too many, none are."""
        self._events_fit = self._events_fit and size <= self._pacing.max_event_bytes
        return self._events_fit

    def _go_on_from(self, stored: StoredCounts, findings: Findings, counters: Counters) -> None:
        """Take over what any search has counted in the runs before."""
        findings.unverified, findings.near_miss = stored.unverified, stored.near_miss
        counters.nodes = counters.nodes_before = stored.nodes
        counters.seconds_before = stored.seconds
        self._resumed_at = stored.nodes

    def _contradicts(self) -> InputError:
        return InputError(f"{self._path}: the checkpoint contradicts itself or the data")

    def _lacks_events(self) -> InputError:
        return InputError(
            f"{self._path}: the checkpoint lacks what a proof needs of the work before it, because none "
            "was asked for then or it was too much: continue without a proof, or start anew"
        )

    def _misfits(self) -> InputError:
        return InputError(f"{self._path}: the network in the checkpoint does not fit the data")

    @property
    def remark(self) -> str:
        """What the user should know about the file, in one sentence; empty if nothing."""
        return joined(
            self._failure,
            "the checkpoint grew too large to hold what a proof needs" * (not self._events_fit),
            ""
            if self._resumed_at is None
            else f"the lower bound rests on {self._path} as well: what its {self._resumed_at} nodes refuted "
            "was not verified again",
        )
