"""Keep training in a file while it runs, and continue from there. NPZ, without pickle, written atomically."""

import io
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from sparsest.continuous.checkpoint.arrays import prefixed, under
from sparsest.errors import InputError
from sparsest.files import Arrays, read_arrays, refuse_large_file, write_atomically
from sparsest.io.documents import plain
from sparsest.io.strict_json import parse
from sparsest.progress import Deadline

_FORMAT: Final = "sparsest/training-checkpoint"
_VERSION: Final = 1
# Seconds between two checkpoints, and at least so many times what writing the last one took.
_INTERVAL: Final = 5.0
_SHARE: Final = 20.0

Options = Mapping[str, Any]


class Checkpoint:
    """The file of one call of `sparsest.continuous.find_sparse` or `minimize`.

    Parameters
    ----------
    path : path
        The file.
    resume : bool
        Whether to continue from it if it exists; otherwise it must not.
    problem : str
        Digest of the data.
    options : mapping
        Everything that the course of training depends on, as JSON holds it.
    interval : float
        Seconds between two states that are written,
    share : float
        and at least so many times what writing the last one took.

    Attributes
    ----------
    state : dict of arrays or None
        What the file held; None when there was none.
    failure : str
        Why the file could not be written the last time; empty when it was.
    asked : dict
        What was asked for, in words.

    Raises
    ------
    InputError
        When the file is damaged or of another problem or other options, exists and `resume` is false, or
        cannot be written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        resume: bool,
        problem: str,
        options: Options,
        interval: float = _INTERVAL,
        share: float = _SHARE,
    ) -> None:
        self._path, self._interval, self._share = Path(path), interval, share
        self.asked: dict[str, Any] = {"checkpoint_file": str(path), "resume": resume}
        self._header = {"format": _FORMAT, "version": _VERSION, "problem": problem, "options": plain(options)}
        self._clock, self._next = Deadline(None), interval
        self.failure = ""
        self.state: Arrays | None = None
        if self._path.is_dir():
            raise InputError(f"{path} is a folder: name a file")
        if not self._path.parent.is_dir():
            raise InputError(f"{path}: the folder {self._path.parent} does not exist")
        if self._path.exists():
            if not resume:
                raise InputError(f"{path} exists: resume from it (--resume), or name another file")
            self.state = self._read() or None
        else:  # a place that cannot be written to is found before the work
            self.save({})
            if self.failure:
                raise InputError(self.failure)

    def save_if_due(self, state: Callable[[], Arrays]) -> None:
        """Write what `state` returns, now and then."""
        if self._clock.seconds >= self._next:
            self.save(state())

    def save(self, state: Arrays) -> None:
        """Write a state; a failure is remembered, and never ends training."""
        begun = self._clock.seconds
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, header=np.array(json.dumps(self._header)), **state)
        try:
            write_atomically(self._path, buffer.getvalue())
            self.failure = ""
        except OSError as error:
            self.failure = f"the checkpoint could not be written: {self._path}: {error.strerror or error}"
        ended = self._clock.seconds
        self._next = ended + max(self._interval, self._share * (ended - begun))

    def refuse(self, error: Exception) -> InputError:
        """Return what to raise when the state cannot be used."""
        return InputError(f"{self._path}: not a usable checkpoint: {error!s:.200}")

    def _read(self) -> Arrays:
        refuse_large_file(self._path)
        try:
            arrays = read_arrays(self._path)
            header = parse(str(arrays.pop("header")))
            if not isinstance(header, dict) or header.get("format") != _FORMAT:
                raise ValueError("it was not written by training")
        except InputError as error:
            raise InputError(f"{self._path}: {error}") from None
        except (KeyError, ValueError) as error:
            raise self.refuse(error) from None
        if header.get("version") != _VERSION:
            raise InputError(
                f"{self._path}: version {header.get('version')!r:.20}, this release reads {_VERSION}"
            )
        if header.get("problem") != self._header["problem"]:
            raise InputError(f"{self._path} is the checkpoint of another problem: name another file")
        given, stored = json.loads(json.dumps(self._header["options"])), header.get("options")
        if stored != given:
            other = stored if isinstance(stored, dict) else {}
            name = next((name for name in given if other.get(name) != given[name]), "options")
            raise InputError(
                f"{self._path} was written with {name} = {other.get(name)!r:.40}, not "
                f"{given.get(name)!r:.40}: give the same options, or name another file"
            )
        return arrays


class CheckpointSection:
    """A part of a checkpoint that is kept like a checkpoint of its own.

    Parameters
    ----------
    checkpoint : Checkpoint
        The whole.
    prefix : str
        Before the names of the part's arrays.
    rest : callable
        Returns the arrays of the whole, this part's `arrays` among them.

    Attributes
    ----------
    state : dict of arrays or None
        What the file held of this part; None when there was nothing.
    arrays : dict of arrays
        What is to be kept of this part, under its prefix.
    """

    def __init__(self, checkpoint: Checkpoint, prefix: str, rest: Callable[[], Arrays]) -> None:
        self._checkpoint, self._prefix, self._rest = checkpoint, prefix, rest
        self.state = under(prefix, checkpoint.state or {}) or None
        self.arrays = prefixed(prefix, self.state or {})

    def save_if_due(self, state: Callable[[], Arrays]) -> None:
        """Write what `state` returns, now and then."""
        self._checkpoint.save_if_due(lambda: self._with(state()))

    def save(self, state: Arrays) -> None:
        """Write a state."""
        self._checkpoint.save(self._with(state))

    def refuse(self, error: Exception) -> InputError:
        """Return what to raise when the state cannot be used."""
        return self._checkpoint.refuse(error)

    def _with(self, state: Arrays) -> Arrays:
        self.arrays = prefixed(self._prefix, state)
        return self._rest()
