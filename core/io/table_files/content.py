"""The text of a file: unpacked within bounds, and decoded."""

import codecs
import gzip
import zlib
from pathlib import Path
from typing import Final, NamedTuple

from sparsest.errors import InputError
from sparsest.files import MAX_FILE_BYTES

_GZIP: Final = b"\x1f\x8b"
# UTF-32's marks begin with UTF-16's, so they come first.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
)
# What other files that carry a wrong name begin with.
_OTHERS: Final = (
    (b"PK\x03\x04", "a spreadsheet or zip archive: save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet: save the sheet as CSV"),
    (b"PAR1", "a Parquet file: name it .parquet"),
    (b"\x89PNG", "a picture"),
    (b"%PDF", "a PDF document"),
    (b"BZh", "compressed by bzip2: only gzip is unpacked"),
    (b"\xfd7zXZ", "compressed by xz: only gzip is unpacked"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd: only gzip is unpacked"),
)
_PIECE: Final = 2**20


class Content(NamedTuple):
    """Text, and how it was stored where that was not plain UTF-8."""

    text: str
    stored: tuple[str, ...]


def read_content(path: Path) -> Content:
    """Return the text of a file, which may be compressed by gzip and in any of five encodings.

    Raises
    ------
    InputError
        When it cannot be read, is damaged, unpacks to more than `MAX_FILE_BYTES`, or is no text.
    """
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise InputError(f"not readable: {error.strerror}") from None
    # by content, not by name: browsers unpack a .gz file and leave it its name
    content = _unpacked(packed) if packed.startswith(_GZIP) else packed
    stored = () if content is packed else ("unpacked by gzip",)
    text, encoding = _decoded(content)
    return Content(text, stored + encoding)


def _unpacked(packed: bytes) -> bytes:
    """Unpack piece by piece, so that a bomb is refused before it fills the memory."""
    pieces, total = [], 0
    try:
        import io

        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            while piece := stream.read(_PIECE):
                total += len(piece)
                if total > MAX_FILE_BYTES:
                    raise InputError(f"unpacks to more than the {MAX_FILE_BYTES} bytes that are read")
                pieces.append(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"not readable as gzip: {error}") from None
    return b"".join(pieces)


def _decoded(content: bytes) -> tuple[str, tuple[str, ...]]:
    for start, what in _OTHERS:
        if content.startswith(start):
            raise InputError(f"it is no text but {what}")
    for mark, encoding, name in _MARKS:
        if content.startswith(mark):
            try:
                return content[len(mark) :].decode(encoding), (f"{name} with a byte-order mark",)
            except UnicodeDecodeError as error:
                raise InputError(f"it is not the {name} that its first bytes say: {error.reason}") from None
    if b"\0" in content:
        raise InputError("it holds zero bytes, so it is no text, or UTF-16 without a mark: save it as UTF-8")
    try:
        return content.decode(), ()
    except UnicodeDecodeError:
        pass
    try:
        # the printable characters of Latin-1 are the same ones here
        return content.decode("cp1252"), ("Latin-1 (Windows-1252)",)
    except UnicodeDecodeError as error:
        raise InputError(
            f"byte {error.start} ({content[error.start]:#04x}) is neither UTF-8 nor Latin-1: save it as UTF-8"
        ) from None
