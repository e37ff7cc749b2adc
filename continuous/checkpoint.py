"""Keep training in a file while it runs, and go on from there. NPZ, without pickle, written atomically."""

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from sparsest.errors import InputError
from sparsest.files import Arrays, read_arrays, refuse_large_file, write_atomically
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.progress import Deadline

_FORMAT: Final = "sparsest/training-checkpoint"
_VERSION: Final = 1
# Seconds between two checkpoints, and at least so many times what writing the last one took.
_EVERY: Final = 5.0
_SHARE: Final = 20.0

Options = Mapping[str, Any]


class Checkpoint:
    """The file of one call of `sparsest.continuous.minimize`.

    Parameters
    ----------
    path : path
        The file.
    resume : bool
        Whether to go on from it if it exists; otherwise it must not.
    problem : str
        Digest of the data.
    options : mapping
        Everything that the course of training depends on, as JSON holds it.

    Attributes
    ----------
    state : dict of arrays or None
        What the file held; None when there was none.

    Raises
    ------
    InputError
        When the file is damaged or of another problem or other options, or exists and `resume` is false.
    """

    def __init__(self, path: str | os.PathLike[str], *, resume: bool, problem: str, options: Options) -> None:
        self._path = Path(path)
        self._header = {"format": _FORMAT, "version": _VERSION, "problem": problem, "options": dict(options)}
        self._next = 0.0
        self.failure = ""
        self.state: Arrays | None = None
        if self._path.is_dir():
            raise InputError(f"{path} is a folder: name a file")
        if not self._path.parent.is_dir():
            raise InputError(f"{path}: the folder {self._path.parent} does not exist")
        if self._path.exists():
            if not resume:
                raise InputError(f"{path} exists: resume from it (--resume), or name another file")
            self.state = self._read()

    def save_if_due(self, deadline: Deadline, state: Any) -> None:
        """Write what the callable `state` returns, now and then."""
        if deadline.seconds >= self._next:
            self.save(deadline, state())

    def save(self, deadline: Deadline, state: Arrays) -> None:
        """Write a state; a failure is remembered, and never ends training."""
        begun = deadline.seconds
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, header=np.array(json.dumps(self._header)), **state)
        try:
            write_atomically(self._path, buffer.getvalue())
            self.failure = ""
        except OSError as error:
            self.failure = f"the checkpoint could not be written: {self._path}: {error.strerror or error}"
        ended = deadline.seconds
        self._next = ended + max(_EVERY, _SHARE * (ended - begun))

    def refuse(self, error: Exception) -> InputError:
        """Return what to raise when the state cannot be used."""
        return InputError(f"{self._path}: not a usable checkpoint: {error!s:.200}")

    def _read(self) -> Arrays:
        refuse_large_file(self._path)
        try:
            arrays = read_arrays(self._path)
            header = json.loads(str(arrays.pop("header")))
            if not isinstance(header, dict) or header.get("format") != _FORMAT:
                raise ValueError("it was not written by training")
        except InputError as error:
            raise InputError(f"{self._path}: {error}") from None
        except (KeyError, ValueError, RecursionError) as error:
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


class SearchKeeper:
    """Keeps the best network of a staged search in its checkpoint, and what was in it.

    Parameters
    ----------
    checkpoint : Checkpoint
        The file.
    problem : Problem
        The data.
    deadline : Deadline
        Tells the time.

    Attributes
    ----------
    network : Network or None
        The best network of the calls before, None when there is none.
    resumed : int
        How many calls there were before.
    """

    def __init__(self, checkpoint: Checkpoint, problem: Problem, deadline: Deadline) -> None:
        self._checkpoint, self._deadline = checkpoint, deadline
        self.network: Network | None = None
        self.resumed = 0
        if checkpoint.state is not None:
            try:
                self.network, self.resumed = _network(checkpoint.state), int(checkpoint.state["resumed"]) + 1
            except (KeyError, ValueError, TypeError) as error:
                raise checkpoint.refuse(error) from None
            if self.network is not None and not self.network.solves(problem):
                raise checkpoint.refuse(ValueError("its network does not fit the data"))

    def keep(self, network: Network) -> None:
        """Take a better network, and write it now and then."""
        self.network = network
        self._checkpoint.save_if_due(self._deadline, self._state)

    def close(self) -> None:
        """Write what is known in the end."""
        self._checkpoint.save(self._deadline, self._state())

    def _state(self) -> Arrays:
        arrays: Arrays = {"resumed": np.array(self.resumed)}
        if self.network is not None:
            for name in ("weights", "biases", "outputs", "skip"):
                if (values := getattr(self.network, name)) is not None:
                    arrays[name] = values
        return arrays


def _network(arrays: Arrays) -> Network | None:
    if "weights" not in arrays:
        return None
    return Network(arrays["weights"], arrays["biases"], arrays["outputs"], arrays.get("skip"))
