"""Files from outside, which may be damaged or hostile, and files that must not be left half written."""

import contextlib
import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparsest.errors import InputError

# Larger files are refused before they are read; a million samples in a hundred dimensions fit.
MAX_FILE_BYTES = 2**30

Arrays = dict[str, np.ndarray[Any, Any]]


def refuse_large_file(path: Path) -> None:
    """Raise `InputError` unless `path` is a readable file of at most `MAX_FILE_BYTES` bytes."""
    try:
        if not path.is_file():
            raise InputError(f"{path}: {'it is not a file' if path.exists() else 'there is no such file'}")
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    if size > MAX_FILE_BYTES:
        raise InputError(f"{path}: {size} bytes, more than the {MAX_FILE_BYTES} that are read")


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees either the old content or all of the new."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp makes private files
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def refuse_zip_bomb(path: Path) -> None:
    """Raise `InputError` when a zip archive claims to unpack to more than `MAX_FILE_BYTES` bytes."""
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"not a readable NPZ file: {error}") from None
    if total > MAX_FILE_BYTES:
        raise InputError(f"unpacks to {total} bytes, more than the {MAX_FILE_BYTES} that are read")


def read_arrays(path: Path, wanted: Sequence[str] | None = None) -> Arrays:
    """Read the wanted arrays of an NPZ file, by default all, without unpickling anything.

    Raises
    ------
    InputError
        When the file is damaged, claims to be too large, lacks a wanted array, or has a Python object in it.
    """
    refuse_zip_bomb(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = archive.files if wanted is None else wanted
            if missing := [name for name in names if name not in archive.files]:
                raise InputError(f"has no array {missing[0]!r}: its arrays are {', '.join(archive.files)}")
            return {name: np.asarray(archive[name]) for name in names}
    except InputError:
        raise
    except Exception as error:  # anything from zlib.error to TokenError and MemoryError
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"not a readable NPZ file: {reason:.200}") from None
