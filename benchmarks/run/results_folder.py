"""A folder of benchmark results: JSON Lines that survive a crash, exported as CSV and Parquet.

Every line of ``results.jsonl`` is ``{"kind": "session", ...}`` (suite, machine, versions) or
``{"kind": "record", ...}``. A line is on the disk before the next run's is begun; the unfinished last line of
a killed process is cut off when the folder is opened again.
"""

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from filelock import FileLock, Timeout

from sparsest.affine import Affine
from sparsest.benchmarks.run.record import Record
from sparsest.benchmarks.suites.methods import Method, with_variants
from sparsest.errors import InputError
from sparsest.files import refuse_large_file
from sparsest.io.documents import plain
from sparsest.io.strict_json import fields_of, parse
from sparsest.io.tables import write_table

RESULTS: Final = "results.jsonl"
_FORMAT: Final = "sparsest/benchmark"
_VERSION: Final = 1
_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Record))
# Columns that a table has no use for.
_NESTED: Final = ("trace", "options", "network", "least_norm", "attempts")
# What records of earlier versions lack.
_LATER: Final[dict[str, Any]] = {
    "p": None,
    "path_norm": None,
    "least_norm": None,
    "attempts": [],
    "processor_seconds": None,
}

Session = dict[str, Any]


class Store:
    """Results on disk; opened for one process at a time by `opened`."""

    def __init__(self, path: Path, sessions: list[Session], records: list[Record]) -> None:
        self._path = path
        self.sessions, self.records = sessions, records
        self._stream: TextIO | None = None

    def begin_session(self, session: Session) -> int:
        """Append a session's description and return its number."""
        number = len(self.sessions)
        self.sessions.append(session)
        self._append({"kind": "session", "format": _FORMAT, "version": _VERSION, **session})
        return number

    def append(self, record: Record) -> None:
        """Append a record, and return when it is on the disk."""
        self.records.append(record)
        self._append({"kind": "record", **plain(dataclasses.asdict(record))})

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _append(self, document: dict[str, Any]) -> None:
        if self._stream is None:
            self._stream = self._path.open("a", encoding="utf-8")
        self._stream.write(json.dumps(document, allow_nan=False) + "\n")
        self._stream.flush()
        os.fsync(self._stream.fileno())


@contextlib.contextmanager
def opened(directory: Path) -> Iterator[Store]:
    """Open a folder for appending, made if need be, after cutting off an unfinished last line.

    Raises
    ------
    InputError
        When another process has it open, or its results are damaged.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / RESULTS
    lock = FileLock(directory / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"{directory}: another benchmark is writing there; choose another --out") from None
    try:
        store = Store(path, [], [])
        if path.exists():
            _cut_unfinished_line(path)
            store = Store(path, *read(directory))
        try:
            yield store
        finally:
            store.close()
    finally:
        lock.release()


def read(directory: Path) -> tuple[list[Session], list[Record]]:
    """Read a folder's sessions and records; an unfinished last line is left out.

    Raises
    ------
    InputError
        When there are no results, or a line is not one of ours; the line is named.
    """
    path = directory / RESULTS
    refuse_large_file(path)
    sessions: list[Session] = []
    records: list[Record] = []
    keys: set[str] = set()
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        try:
            document = _parsed(line)
            if document["kind"] == "session":
                sessions.append(_session(document))
                continue
            record = _record(document, len(sessions))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}, line {number}: not a benchmark result ({error!s:.100})") from None
        if record.key in keys:
            raise InputError(f"{path}, line {number}: the run {record.key} stands twice")
        keys.add(record.key)
        records.append(record)
    return sessions, records


def methods_of(sessions: Sequence[Session]) -> dict[str, Method]:
    """Return the registered methods and the sessions' variants of them by name."""
    bases: dict[str, str] = {}
    for session in sessions:
        listed = session.get("methods")
        if isinstance(listed, dict):
            bases |= {
                name: str(each.get("method")) for name, each in listed.items() if isinstance(each, dict)
            }
    return with_variants(bases)


def export(records: Sequence[Record], directory: Path) -> list[Path]:
    """Write the records as ``table.csv`` and ``table.parquet`` and return the paths."""
    import pandas as pd

    rows = [{key: value for key, value in _row(record).items() if key not in _NESTED} for record in records]
    frame = pd.DataFrame(rows, columns=[name for name in _FIELDS if name not in _NESTED])
    for name in ("planted", "count", "neurons", "weights", "parameters", "lower_bound"):
        frame[name] = frame[name].astype("Int64")
    for name in ("fits", "exactly"):
        frame[name] = frame[name].astype("boolean")
    for name in (
        "weight_bound",
        "time_limit",
        "residual",
        "loss",
        "box",
        "p",
        "path_norm",
        "processor_seconds",
    ):
        frame[name] = frame[name].astype("float64")
    written = [directory / "table.csv", directory / "table.parquet"]
    for path in written:
        write_table(path, frame)
    return written


def _row(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _FIELDS}


def _cut_unfinished_line(path: Path) -> None:
    refuse_large_file(path)
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole != len(content):
        with path.open("r+b") as stream:
            stream.truncate(whole)
            stream.flush()
            os.fsync(stream.fileno())


def _parsed(line: bytes) -> dict[str, Any]:
    document = parse(line)
    if not isinstance(document, dict) or document.get("kind") not in ("session", "record"):
        raise ValueError("neither a session nor a record")
    return document


def _session(document: dict[str, Any]) -> Session:
    if document.get("format") != _FORMAT or document.get("version") != _VERSION:
        raise ValueError(f"format {document.get('format')!r} of version {document.get('version')!r}")
    return {key: value for key, value in document.items() if key not in ("kind", "format", "version")}


def _record(document: dict[str, Any], n_sessions: int) -> Record:
    Affine.parse(document["affine"])
    record = Record(**fields_of(Record, _LATER | document))
    if not 0 <= record.session < n_sessions:
        raise ValueError(f"there is no session {record.session}")
    return record
