"""Check a proof of the fewest neurons, weights or parameters, trusting Python's integers and this file alone.

Needs the standard library only and runs alone: ``python check.py proof.json [data.csv | problem.json]``. The
format, and why it proves what it says, is in docs/proof-format.md. All decisions are made in integers and
fractions. Whatever is missing, surplus or not understood is a reason to reject.

The file has a face, READING, DATA, the KERNEL, FINDING and the command line. What must be believed of a
verdict "verified" is the kernel, and there only the parts that the verdict names. Nothing in FINDING can make
it accept what is false.
"""

from __future__ import annotations

import argparse
import copy
import csv
import dataclasses
import functools
import gzip
import itertools
import json
import math
import operator
import os
import re
import sys
import types
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

FORMAT = "sparsest/proof"
# What check_path_norm.py beside this file checks.
PATH_NORM_FORMAT = "sparsest/path-norm-proof"
# Version 1 is about neurons, version 2 about weights or parameters, or neurons that several outputs share, be
# these numbers or classes.
OBJECTIVES = {1: ("neurons",), 2: ("weights", "parameters")}

# Bytes read of a file, before and after decompression.
MAX_FILE_BYTES = 2**30
# Values of a JSON document, counted in its text before any is built.
MAX_VALUES = 2**25
# Of a document with more values than that nodes of trees in this form are read in pieces of so many bytes.
_READ_AT_ONCE = 2**20
_BEFORE_LINES, _BETWEEN_LINES, _BEHIND_LINES = b'"nodes": [\n', b",\n", b"\n]"
_BUILT_AT_ONCE = 2**16
# Answers of a kind that are kept, since leaves of a tree ask for the same again and again.
_REMEMBERED = 2**16
# Characters of one number.
MAX_NUMBER_LENGTH = 100_000
# Neurons of a tree.
MAX_NEURONS = 10_000
# Bits of a number of the problem, above and below the fraction bar, and of the common denominator of a
# sample, which multiplies its whole row. Floats have at most 1074, decimals of a thousand digits some 3300.
MAX_DATA_BITS = 4096
# Powers of ten by which numbers of a proof may be those of the data.
MAX_PLACES = 22
# Units of work for each value of the document, and for any document: see `_Work`.
WORK_PER_VALUE = 100
WORK_FREE = 200_000_000
# Units that it takes to read a number, or 32 characters of one.
READ_UNITS = 25
# Units that it takes to follow one sample of one set once around.
LOAD_UNITS = 10

# Digits after the binary point of numbers in eliminations: three digits of 30 bits hold them.
FIXED_BITS = 86
# Pivots are at least this, in rows that begin with about 1, and right up to this share: powers of 1/2.
PIVOT_BITS, PIVOT_ERROR_BITS = 30, 8
# Neurons of networks that are refuted by their densest classes.
MAX_CLASS_NEURONS = 8
# Units of work that these parts may take beside the others; see `_Work`.
WORK_OF_CLASSES = 2_000_000_000

_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,3999}")
_HEX = re.compile(r"-?0x[1-9a-f][0-9a-f]*")
_HEX_FLOAT = re.compile(r"(-?)0x([01])(?:\.([0-9a-f]{1,13}))?p([+-][0-9]{1,4})")
# JSON integers beyond this are not exact in every reader of JSON, so they are strings.
_EXACT_IN_JSON = 2**53

Document = dict[str, Any]
Point = tuple[Fraction, ...]
_Vector = tuple[int, ...]
# What a neuron may use, coordinates in order, and its output sign.
_Kind = tuple[_Vector, int]


if TYPE_CHECKING or __name__ == "sparsest.check":  # part of the package: its errors are the package's
    from sparsest.errors import SparsestError as _Base
else:  # run alone, as one file, with nothing but the standard library
    _Base = Exception


class ProofError(_Base):
    """A proof that does not prove what it claims: `reason`, and the `place` in it.

    Examples
    --------
    >>> import sparsest
    >>> problem = {"X": [[0], [1]], "low": [0, 1], "high": [0, 1], "skip": False, "weight_bound": None}
    >>> proof = {"format": "sparsest/proof", "version": 1, "objective": "neurons", "problem": problem}
    >>> proof |= {"lower_bound": 1, "upper_bound": None, "witness": None, "circuits": [], "parts": []}
    >>> sparsest.check_proof(proof)
    Traceback (most recent call last):
    ...
    sparsest.check.ProofError: lower_bound: 1 is claimed and 0 proven
    """

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason = reason
        self.place = place


class UnreadableError(ProofError):
    """A file that is no proof, or data that cannot be read."""


# ============================================================================================================
# THE FACE: what is asked, and what is answered


@dataclasses.dataclass(frozen=True)
class Checked:
    """What a verified proof says.

    Attributes
    ----------
    lower_bound : int
        No network that meets every interval has fewer neurons.
    upper_bound : int or None
        One with so many does; None when the proof has no witness.
    kinds : tuple of str
        What the lower bound rests on: "curvature", "gaps", "packing", "densest", "tree", "supports",
        "orders", several, or nothing when it is 0.
    nodes, leaves : int
        Nodes of all trees, and those of them that are leaves.
    samples, features : int
        Size of the data.
    labels : str
        What is asked for, in a few words: "exact labels", "two classes with a margin of 1", and so on.
    affine : str
        The affine term of networks: "none", "constant" or "skip".
    weight_bound : str or None
        Bound on the weights, as the proof spells it.
    data_compared : bool
        Whether the proof's data were compared with data given beside it.
    objective : str
        What the bounds count: "neurons", "weights" or "parameters".
    direction : tuple of int, or None
        Of several outputs the lower bound is proven for the sum of outputs times these numbers, of several
        classes on the samples of the two whose numbers are 1 and -1; None where networks have one output.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import sparsest
    >>> xor = sparsest.Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "proof.json"
    ...     found = sparsest.solve(xor, proof_file=file)
    ...     checked = sparsest.check_proof(file, xor)
    >>> checked.lower_bound, checked.upper_bound, checked.data_compared
    (2, 2, True)
    """

    lower_bound: int
    upper_bound: int | None
    kinds: tuple[str, ...]
    nodes: int
    leaves: int
    samples: int
    features: int
    labels: str
    affine: str
    weight_bound: str | None
    data_compared: bool
    objective: str = "neurons"
    direction: tuple[int, ...] | None = None

    def summary(self) -> str:
        """Return one sentence on what was verified, as the command line prints it."""
        return describe(self)


def check_proof(
    proof: str | os.PathLike[str] | Mapping[str, Any],
    data: object = None,
    *,
    affine: str | None = None,
    tolerance: float | None = None,
    weight_bound: float | None = None,
    margin: float | None = None,
    objective: str | None = None,
) -> Checked:
    """Verify a proof, and that it is about what is asked for.

    Parameters
    ----------
    proof : path or mapping
        A file, gzip-compressed if its name ends in ``.gz``, or the document in it.
    data : path, mapping or problem, optional
        The data that the proof must be about, exactly: a ``sparsest.Problem``, the document of one, or the
        path of a saved one (.json) or of a table (.csv, the last column being the labels, or the last m
        columns where the proof is about m outputs). A proof about several classes takes a
        ``sparsest.MultiClassProblem``, or a table with the classes in its last column. An object with ``X``,
        ``low`` and ``high`` alone says nothing of affine term and weight bound.
    affine : {"none", "constant", "skip"}, optional
        The affine term that networks must have; by default whichever the proof or `data` say.
    tolerance : float, optional
        Every interval must reach so far below and above a label, up to the rounding of its ends to floats;
        0 means exact labels. It is the tolerance of a table's labels.
    weight_bound : float, optional
        The bound on weights that the proof must be about.
    margin : float, optional
        Every interval must be that of a class: at least `margin`, or at most ``-margin``. The labels of a
        table are then two classes, of which the larger is the positive one. It is the margin of several
        classes as well.
    objective : {"neurons", "weights", "parameters"}, optional
        What must be counted; by default whichever the proof says.

    Returns
    -------
    Checked
        What has been verified.

    Raises
    ------
    ProofError
        With the reason and the place when anything is wrong. `UnreadableError` when there is no proof to
        check, no data to compare it with, or what is asked for makes no sense.

    Examples
    --------
    >>> problem = {"X": [[0], [1], [2]], "low": [0, 0, 1], "high": [0, 0, 1]}
    >>> problem |= {"skip": True, "weight_bound": None}
    >>> parts = [{"kind": "curvature", "triples": [[0, 1, 2, 1]]}]
    >>> network = {"kind": "network", "signs": [1], "neurons": [[1, -1]], "skip": [0, 0]}
    >>> proof = {"format": "sparsest/proof", "version": 1, "objective": "neurons", "problem": problem}
    >>> proof |= {"lower_bound": 1, "upper_bound": 1, "witness": network, "circuits": [], "parts": parts}
    >>> check_proof(proof).lower_bound
    1
    """
    asked = _Asked(affine, tolerance, weight_bound, margin)
    if objective is not None and objective not in itertools.chain(*OBJECTIVES.values()):
        raise UnreadableError(
            f"{_shown(objective)} is not one of neurons, weights and parameters", "objective"
        )
    document = dict(proof) if isinstance(proof, Mapping) else read(proof)
    try:
        if objective not in (None, document.get("objective")):
            found = _shown(document.get("objective"))
            raise ProofError(f"it is about {found}, not {objective!r}", "objective")
        return _checked(document, data, asked)
    except (RecursionError, MemoryError):
        raise ProofError("it is nested too deeply or too large") from None


def read(
    path: str | os.PathLike[str],
    *formats: str,
    max_bytes: int = MAX_FILE_BYTES,
    max_values: int = MAX_VALUES,
) -> Document:
    """Return the document in a proof's file, not verified yet; raise `UnreadableError` if there is none.

    It has one of these formats, by default that of the fewest neurons, weights or parameters.
    """
    known = formats or (FORMAT,)
    document = _json(path, _refuse_float, max_bytes, max_values)
    if not isinstance(document, dict) or document.get("format") not in known:
        raise UnreadableError(f"it is not a document of the format {known[0]!r}", str(path))
    return document


def _checked(document: Document, data: object, asked: _Asked) -> Checked:
    fields = ("format", "version", "objective", "problem", "lower_bound", "upper_bound", "witness")
    kinds = [name for name in ("outputs", "classes") if name in document]
    several = bool(kinds)
    _fields(document, (*fields, *kinds, "circuits", "parts"), "proof")
    version = document["version"]
    if document["format"] != FORMAT or type(version) is not int or version not in OBJECTIVES:
        raise ProofError(f"only versions {list(OBJECTIVES)} of {FORMAT!r} are known", "format and version")
    if several and (version == 1 or len(kinds) > 1):
        raise ProofError("version 1 is about one output, and version 2 about outputs or classes", kinds[0])
    objective = document["objective"]
    objectives = ("neurons",) if several else OBJECTIVES[version]
    if type(objective) is not str or objective not in objectives:
        known = " and ".join(map(repr, objectives))
        raise ProofError(f"version {version} is about {known}{' of several outputs' * several}", "objective")
    problem = _Problem(_with_options(document["problem"]), "problem")
    work = _Work(document)
    outputs = _Outputs(document["outputs"], document["problem"], work) if "outputs" in kinds else None
    classes = _ClassedSamples(document["classes"], document["problem"], work) if "classes" in kinds else None
    labelled = [problem] if outputs is None else outputs.problems
    for each in labelled:
        asked.compare(each)
    if data is not None and classes is not None:
        _compare_classes(classes, data)
    elif data is not None and outputs is not None:
        _compare_outputs(outputs, data, asked)
    elif data is not None:
        _compare(problem, data, asked)
    bound, upper = _verified_bounds(problem, outputs or classes, document, work)
    limit = problem.own_bound if any(problem.places) else document["problem"]["weight_bound"]
    words = dict.fromkeys(_labels(each) for each in labelled)
    if classes is not None:
        words = {f"{classes.count} classes with a margin of {_decimal(classes.own_margin)}": None}
    samples = problem if classes is None else classes.problem
    return Checked(
        lower_bound=bound.proven,
        upper_bound=upper,
        kinds=tuple(bound.kinds),
        nodes=bound.nodes,
        leaves=bound.leaves,
        samples=len(samples.X),
        features=problem.size - 1,
        labels=" or ".join(words),
        affine=problem.affine,
        weight_bound=None if limit is None else str(limit),
        data_compared=data is not None,
        objective=objective,
        direction=_direction(outputs or classes),
    )


def _direction(several: _Outputs | _ClassedSamples | None) -> tuple[int, ...] | None:
    """Return the numbers by which the lower bound's sum of outputs multiplies them."""
    if several is None:
        return None
    if isinstance(several, _Outputs):
        return tuple(several.direction)
    return tuple((c == several.pair[0]) - (c == several.pair[1]) for c in range(several.count))


# ============================================================================================================
# READING: bytes and JSON become whole numbers and fractions, and everything else is refused


class _Work:
    """Counts multiplications, and rejects a document that asks for more than one of its size should.

    Most steps take time in proportion to what is read. Others multiply two things that a file may hold many
    of: neurons and samples of the witness, rows and features of a leaf. Proofs that a search writes use a
    small part of what is allowed. The unit is one product of small numbers, some 40 ns; 32 products of
    digits of 30 bits, of which Python makes those of larger ones, take about as long.
    """

    def __init__(self, document: object) -> None:
        self.left = WORK_FREE + WORK_PER_VALUE * _size(document)

    def charge(self, units: int) -> None:
        """Take what is about to be done off what is left."""
        self.left -= units
        if self.left < 0:
            raise ProofError("checking it takes more work than is done for a document of its size")


def _size(document: object) -> int:
    """Count the values of a document, longer texts for more than one."""
    total = 0
    stack: list[Any] = [document]
    while stack:
        value = stack.pop()
        kind = type(value)
        if kind is list:
            total += len(value)
            stack += value
        elif kind is dict:
            total += len(value)
            stack += value.values()
        elif kind is str:
            total += len(value) // 32
        elif kind is _Lines:
            total += value.size
    return total


class _Kept(set[object]):
    """Some of what was found to be so."""

    def keep(self, item: object) -> None:
        """Keep one more, and at most so many at a time."""
        if len(self) >= _REMEMBERED:
            self.clear()
        self.add(item)


def _digits(number: int) -> int:
    """Return how many digits of 30 bits a number has."""
    return 1 + number.bit_length() // 30


def _units(one: int, other: int) -> int:
    """Return what a product of numbers of so many digits costs; large ones are multiplied by Karatsuba."""
    least = min(one, other)
    return 1 + max(one, other) * min(least, 8 * math.isqrt(least)) // 32


def _sum_units(*fractions: Fraction) -> int:
    """Return what it costs to add to fractions, and to reduce the sums."""
    return sum(16 + (_digits(v.numerator) + _digits(v.denominator)) ** 2 // 8 for v in fractions)


def _size_of(vectors: Iterable[Sequence[int]]) -> int:
    """Return the digits of the longest number of some vectors."""
    return max((_digits(v) for vector in vectors for v in vector), default=1)


def _common(denominators: Iterable[int], work: _Work) -> int:
    """Return the least common multiple."""
    common = 1
    for denominator in denominators:
        work.charge(1 + _digits(common) * _digits(denominator) // 32)
        common = math.lcm(common, denominator)
    return common


def _json(
    path: str | os.PathLike[str],
    parse_float: Any,
    max_bytes: int = MAX_FILE_BYTES,
    max_values: int = MAX_VALUES,
) -> object:
    """Parse a file of bounded size by the book: no key twice, no NaN."""
    try:
        opener = gzip.open if str(path).lower().endswith(".gz") else open
        with opener(path, "rb") as stream:
            content = stream.read(max_bytes + 1)
        # text with a character beyond ASCII takes up to four bytes for every one
        if len(content) * (1 if content.isascii() else 4) > max_bytes:
            raise UnreadableError(f"more than {max_bytes} bytes", str(path))
        lines, values = list[_Lines](), _count(content)
        if values > min(max_values, _READ_AT_ONCE):
            content, lines = _with_nodes_apart(content, parse_float, max_values)
            values = _count(content)
        if values > max_values:
            raise UnreadableError(f"more than {max_values} values", str(path))
        following = iter(lines)
        return json.loads(
            content.decode(),
            object_pairs_hook=_unique,
            parse_constant=(lambda _: next(following)) if lines else _refuse_constant,
            parse_float=parse_float,
        )
    except RecursionError:
        raise UnreadableError("nested too deeply", str(path)) from None
    except MemoryError:
        raise UnreadableError("too large for this machine", str(path)) from None
    except FileNotFoundError:
        raise UnreadableError("there is no such file", str(path)) from None
    except IsADirectoryError:
        raise UnreadableError("it is a folder, and a proof is a file", str(path)) from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UnreadableError(f"not readable as JSON: {reason:.200}", str(path)) from None


def _count(content: bytes, start: int = 0, stop: int | None = None) -> int:
    """Count the values of a JSON text, those within texts as well: all but the first follow one of these."""
    return sum(content.count(mark, start, stop) for mark in (b",", b"[", b"{", b":"))


class _Lines:
    """Nodes of a tree as a file has them, built when they are needed: all at once may not fit into memory.

    Parameters
    ----------
    content : bytes
        The file.
    start, stop : int
        Where it holds values with commas between, of which some are followed by a line break.
    parse_float : callable
        What becomes of decimals.
    max_values : int
        How many values may be built at once.
    """

    def __init__(self, content: bytes, start: int, stop: int, parse_float: Any, max_values: int) -> None:
        self._content, self._start, self._stop = content, start, stop
        self._most = max(max_values, _BUILT_AT_ONCE)
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=parse_float
        )
        # longer texts for more than one, as `_size` counts
        self.size = _count(content, start, stop) + (stop - start) // 32

    def __iter__(self) -> Iterator[Any]:
        """Generate the nodes."""
        at = self._start
        while at < self._stop:
            found = self._content.find(_BETWEEN_LINES, min(at + _BUILT_AT_ONCE, self._stop), self._stop)
            end = self._stop if found < 0 else found
            if _count(self._content, at, end) > self._most:
                raise UnreadableError(f"a node of more than {self._most} values")
            try:
                some = self._decoder.decode(f"[{self._content[at:end].decode()}]")
            except (ValueError, RecursionError) as error:
                raise UnreadableError(f"not readable as JSON: {' '.join(str(error).split()):.200}") from None
            if not some:
                raise UnreadableError("not readable as JSON: a value is missing between two commas")
            yield from some
            at = end + len(_BETWEEN_LINES)


def _with_nodes_apart(content: bytes, parse_float: Any, max_values: int) -> tuple[bytes, list[_Lines]]:
    """Return a document with NaN in place of its trees' nodes, one a line, and these in order.

    A list may be read piece by piece between commas: it is one if all pieces are, without their brackets.
    JSON has no NaN: if the document holds one itself, or lines of another form, it is returned as it is.
    """
    parts, lines, at = [], list[_Lines](), 0
    while (begin := content.find(_BEFORE_LINES, at)) >= 0:
        start = begin + len(_BEFORE_LINES)
        stop = content.find(_BEHIND_LINES, start)
        first = content.find(b"\n", start, start + _BUILT_AT_ONCE)  # the root's line is short
        if stop < 0 or first < 0 or not _is_node(content[start:first]):
            return content, []
        parts.append(content[at : begin + len(_BEFORE_LINES) - 2])  # all but the bracket and the line break
        lines.append(_Lines(content, start, stop, parse_float, max_values))
        at = stop + len(_BEHIND_LINES)
    parts.append(content[at:])
    if any(name in part for part in parts for name in (b"NaN", b"Infinity")):
        return content, []
    return b"NaN".join(parts), lines


def _is_node(line: bytes) -> bool:
    """Whether a line is a node, with a comma behind it if more follow."""
    try:
        return isinstance(json.loads(line.removesuffix(b",")), list)
    except (ValueError, RecursionError):
        return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return document


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not a number of JSON")


def _refuse_float(text: str) -> None:
    raise ValueError(f"{text:.40} is a decimal: numbers are integers or strings of exact fractions")


def _shown(value: object) -> str:
    """Spell what was found so that any terminal can print it."""
    try:
        text = ascii(value)
    except ValueError:  # an integer of more digits than Python converts
        return "a number of very many digits"
    return _shortened(text)


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _fields(value: object, names: tuple[str, ...], place: str) -> Document:
    if not isinstance(value, dict):
        raise ProofError("an object with fields is needed", place)
    if value.keys() != set(names):
        name = min(value.keys() ^ set(names), key=str)
        raise ProofError(f"the field {_shown(name)} is {'unknown' if name in value else 'missing'}", place)
    return value


def _list(value: object, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise ProofError("a list is needed", place)
    return value


def _nodes(value: object, place: str) -> Iterable[Any]:
    return value if isinstance(value, _Lines) else _list(value, place)


def _row(value: object, count: int, place: str = "", what: str = "") -> list[Any]:
    row = _list(value, place)
    if len(row) != count:
        raise ProofError(f"{what or f'{count} entries'} are needed, and {len(row)} entries found", place)
    return row


def _flag(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise ProofError("true or false is needed", place)
    return value


def _whole(value: object, place: str) -> int:
    if type(value) is not int or not 0 <= value <= _EXACT_IN_JSON:
        raise ProofError("a whole number, not negative, is needed", place)
    return value


def _index(value: object, count: int, place: str) -> int:
    if type(value) is not int or not 0 <= value < count:
        raise ProofError(f"{_shown(value)} is not an index below {count}", place)
    return value


def _indices(value: object, count: int, place: str) -> list[int]:
    return [_index(entry, count, place) for entry in _list(value, place)]


def _sign(value: object, place: str) -> int:
    if type(value) is not int or value not in (1, -1):
        raise ProofError("the sign 1 or -1 is needed", place)
    return value


def _multiplier(value: object, place: str) -> int:
    number = value if type(value) is int and abs(value) <= _EXACT_IN_JSON else _integer(value, place)
    if number == 0:
        raise ProofError("a multiplier is zero", place)
    return number


def _integer(value: object, place: str) -> int:
    """Read a JSON integer up to 2^53, or a string with a decimal or hexadecimal one."""
    if type(value) is int and abs(value) <= _EXACT_IN_JSON:
        return value
    if isinstance(value, str) and len(value) <= MAX_NUMBER_LENGTH:
        if _HEX.fullmatch(value):
            return int(value, 16)
        if _DECIMAL.fullmatch(value):
            return int(value)
    raise ProofError(f"{_shown(value)} is not an exact integer of a size that is read", place)


def _number(value: object, place: str) -> Fraction:
    """Read an integer, a fraction ``"p/q"``, or a hexadecimal float ``"0x1.8p-1"``."""
    if isinstance(value, str):
        if match := _HEX_FLOAT.fullmatch(value):
            minus, lead, digits, exponent = match.groups(default="")
            mantissa = int(lead + digits, 16)
            if minus and not mantissa:
                raise ProofError("negative zero", place)
            mantissa, shift = -mantissa if minus else mantissa, int(exponent) - 4 * len(digits)
            return Fraction(mantissa << shift) if shift >= 0 else Fraction(mantissa, 1 << -shift)
        if "/" in value:
            top, _, bottom = value.partition("/")
            denominator = _integer(bottom, place)
            if denominator <= 0:
                raise ProofError(f"{_shown(value)} has no positive denominator", place)
            return Fraction(_integer(top, place), denominator)
    return Fraction(_integer(value, place))


def _bits(value: object, width: int, allowed: str, place: str = "") -> str:
    """Read a text with a character a neuron, `allowed` being all that there are."""
    if type(value) is not str or len(value) != width or value.strip(allowed):
        raise ProofError(f"{_shown(value)} is not {' or '.join(allowed)} for each of {width} neurons", place)
    return value


def _pairs(value: object, count: int, place: str = "") -> list[tuple[int, int]]:
    """Read rows of an index and a multiplier."""
    rows = (_row(row, 2, place, "an index and a multiplier") for row in _list(value, place))
    return [(_index(p, count, place), _multiplier(m, place)) for p, m in rows]


def _triples(value: object, first: int, second: int, place: str = "") -> list[tuple[int, int, int]]:
    """Read rows of two indices and a multiplier."""
    rows = (_row(row, 3, place, "two indices and a multiplier") for row in _list(value, place))
    return [(_index(k, first, place), _index(p, second, place), _multiplier(m, place)) for k, p, m in rows]


def _weights(value: object, count: int, place: str) -> dict[int, int]:
    """Read the weights of some points, of each once and at least of one."""
    pairs = _pairs(value, count, place)
    weights = dict(pairs)
    if len(weights) != len(pairs) or not pairs:
        raise ProofError("a point occurs twice, or there is none", place)
    return weights


def _ranges(value: object, count: int, place: str) -> list[tuple[Fraction, Fraction]]:
    """Read so many pairs of numbers, the smaller one first, with denominators of bounded size."""
    found = []
    for pair in _row(value, count, place, f"{count} ranges"):
        low, high = (_number(end, place) for end in _row(pair, 2, place))
        if low > high or max(low.denominator.bit_length(), high.denominator.bit_length()) > MAX_DATA_BITS:
            raise ProofError("an end of a box is out of order, or too long", place)
        found.append((low, high))
    return found


def _vector(value: object, size: int, place: str) -> Point:
    numbers = tuple(_number(v, place) for v in _list(value, place))
    if len(numbers) != size:
        raise ProofError(f"{len(numbers)} numbers where {size} are needed", place)
    return numbers


# ============================================================================================================
# DATA: the problem, whether it is the one that was asked for, and the data given beside the proof


def _with_options(fields: object) -> Document:
    """Return a problem's fields, reject others; constants and decimals have one only where there are some."""
    given = [name for name in ("constant", "places") if isinstance(fields, dict) and name in fields]
    return _fields(fields, (*_Problem.FIELDS, *given), "problem")


class _Problem:
    """The data as fractions, and each distinct input once with its intervals intersected, as integers.

    Attributes
    ----------
    rows : list of P tuples of d + 1 integers
        ``D_p (x_p, 1)`` for the common denominator D_p of a point's inputs and interval ends. Points are
        the distinct inputs in order of first appearance.
    low, high : lists of P integers
        ``D_p low_p`` and ``D_p high_p``; None for an open end.
    digits : list of P integers
        Digits of 30 bits in each row.
    places : tuple of d + 1 integers
        Each feature is the user's times ten to the power of its number here; the interval ends by the last.
    own_X, own_ends, own_bound
        Inputs, interval ends and weight bound as the user has them.
    """

    FIELDS = ("X", "low", "high", "skip", "weight_bound")

    def __init__(self, fields: Mapping[str, Any], place: str) -> None:
        table = _list(fields["X"], f"{place} X")
        self.X: list[Point] = [
            tuple(_datum(v, f"{place} X[{i}]") for v in _list(row, f"{place} X[{i}]"))
            for i, row in enumerate(table)
        ]
        widths = {len(row) for row in self.X}
        if len(widths) != 1 or 0 in widths:
            raise ProofError("rows of one length, and at least one number, are needed", f"{place} X")
        self.size = widths.pop() + 1
        self.ends = [self._ends(fields[name], f"{place} {name}") for name in ("low", "high")]
        for i, (low, high) in enumerate(zip(*self.ends, strict=True)):
            if low is not None and high is not None and low > high:
                raise ProofError("the interval is empty", f"{place} sample {i}")
        self.skip = _flag(fields["skip"], f"{place} skip")
        self.constant = _flag(fields.get("constant", False), f"{place} constant")
        if self.skip and self.constant:
            raise ProofError("a skip includes the constant", f"{place} constant")
        self.affine = "skip" if self.skip else "constant" if self.constant else "none"
        bound = fields["weight_bound"]
        self.bound = None if bound is None else _datum(bound, f"{place} weight_bound")
        if self.bound is not None and self.bound <= 0:
            raise ProofError("it must be positive", f"{place} weight_bound")
        self._divide(fields.get("places", [0] * self.size), f"{place} places")
        self.points, self.rows, self.low, self.high = _merged_points(self.X, self.ends, place)
        self.digits = [sum(map(_digits, row)) for row in self.rows]
        # multiples of rows that were found to add up to zero: others of a tree's leaves have the same
        self.cancelling = _Kept()

    def _divide(self, places: object, place: str) -> None:
        """Find the user's numbers in those of the proof."""
        self.places = tuple(_whole(k, place) for k in _list(places, place))
        if len(self.places) != self.size or max(self.places) > MAX_PLACES:
            raise ProofError(f"{self.size} numbers up to {MAX_PLACES} are needed", place)
        if self.bound is not None and len(set(self.places[:-1])) > 1:
            raise ProofError("a weight bound needs one unit for all features", place)
        *inputs, labels = (10**k for k in self.places)
        self.own_X = [tuple(v / unit for v, unit in zip(row, inputs, strict=True)) for row in self.X]
        self.own_ends = [[None if v is None else v / labels for v in ends] for ends in self.ends]
        self.own_bound = None if self.bound is None else self.bound * inputs[0] / labels

    def _ends(self, values: object, place: str) -> list[Fraction | None]:
        ends = [None if v is None else _datum(v, f"{place}[{i}]") for i, v in enumerate(_list(values, place))]
        if len(ends) != len(self.X):
            raise ProofError(f"{len(ends)} interval ends for {len(self.X)} samples", place)
        return ends


class _Outputs:
    """Several outputs: a direction, and the problem of each output alone, all of the same inputs.

    Attributes
    ----------
    direction : list of m integers
        The proof's own problem is about the sum of outputs times these.
    problems : list of m _Problem
        Those of the outputs, in the units of the proof's own.
    """

    def __init__(self, fields: object, problem: Mapping[str, Any], work: _Work) -> None:
        given = _fields(fields, ("direction", "low", "high"), "outputs")
        numbers = _list(given["direction"], "outputs direction")
        self.direction = [_integer(c, "outputs direction") for c in numbers]
        count = len(self.direction)
        work.charge(count * READ_UNITS * _size(problem["X"]))  # inputs are read for each output
        columns = {
            name: [_row(row, count, f"outputs {name}[{i}]") for i, row in enumerate(table)]
            for name in ("low", "high")
            for table in (_list(given[name], f"outputs {name}"),)
        }
        self.problems = [
            _Problem(
                {**problem, **{name: [row[j] for row in rows] for name, rows in columns.items()}},
                f"output {j}",
            )
            for j in range(count)
        ]


class _ClassedSamples:
    """Samples of several classes, each of which has an output, and the two that the proof is about.

    Attributes
    ----------
    count : int
        m, the number of classes.
    labels : list of N integers
        The number of each sample's class.
    pair : list of 2 integers
        Those of the two classes whose outputs' difference the proof's own problem is about.
    margin, own_margin : Fraction
        In the units of the proof's own problem, and of the data.
    problem : _Problem
        All samples, with the numbers of their classes as exact labels.
    unordered : object
        What shows that the classes are in no order; None where the proof does not say so.
    """

    def __init__(self, fields: object, problem: Mapping[str, Any], work: _Work) -> None:
        names = ("X", "labels", "count", "margin", "pair", "unordered")
        given = _fields(fields, names, "classes")
        self.count = _whole(given["count"], "classes count")
        self.labels = _indices(given["labels"], self.count, "classes labels")
        self.pair = _indices(_row(given["pair"], 2, "classes pair"), self.count, "classes pair")
        self.margin = _datum(given["margin"], "classes margin")
        self.unordered = given["unordered"]
        work.charge(READ_UNITS * (self.count + _size(given["X"])))
        own = {**problem, "X": given["X"], "low": self.labels, "high": self.labels}
        unit = own.get("places", [0])[-1]
        if "places" in own:  # numbers of classes are in units of one
            own["places"] = [*own["places"][:-1], 0]
        self.problem = _Problem(own, "classes")
        self.own_margin = self.margin / 10**unit


def _datum(value: object, place: str) -> Fraction:
    """Read a number of the problem."""
    number = _number(value, place)
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > MAX_DATA_BITS:
        raise ProofError(f"{_shown(value)} has more than {MAX_DATA_BITS} bits above or below its bar", place)
    return number


def _common_denominator(numbers: Iterable[Fraction | None], place: str) -> int:
    common = 1
    for number in numbers:
        common = math.lcm(common, 1 if number is None else number.denominator)
        if common.bit_length() > MAX_DATA_BITS:
            raise ProofError(f"its common denominator has more than {MAX_DATA_BITS} bits", place)
    return common


@dataclasses.dataclass(frozen=True)
class _Asked:
    """What a proof must be about; None says nothing. Numbers are taken as `_meant` reads them."""

    affine: str | None
    tolerance: float | None
    weight_bound: float | None
    margin: float | None

    def __post_init__(self) -> None:
        if self.affine not in (None, *AFFINE):
            raise UnreadableError(f"{_shown(self.affine)} is not one of none, constant and skip", "affine")
        for name in ("tolerance", "weight_bound", "margin"):
            value = getattr(self, name)
            if value is None:
                continue
            if type(value) not in (int, float, Fraction) or not math.isfinite(value):
                raise UnreadableError("it is not a finite number", name)
            if value < 0 or (value == 0 and name != "tolerance"):
                raise UnreadableError(f"it must be positive, and it is {value}", name)
        if self.tolerance is not None and self.margin is not None:
            raise UnreadableError("a class has a margin, not a tolerance: leave one out", "tolerance")

    def compare(self, problem: _Problem) -> None:
        """Reject unless the problem is the one asked for."""
        if self.affine not in (None, problem.affine):
            raise ProofError(
                f"it is about networks {AFFINE[problem.affine]}, not {AFFINE[str(self.affine)]}", "problem"
            )
        if self.weight_bound is not None and problem.own_bound not in _meant(self.weight_bound):
            found = "unbounded" if problem.own_bound is None else f"of at most {_decimal(problem.own_bound)}"
            raise ProofError(f"its weights are {found}, not of at most {self.weight_bound}", "problem")
        for i, (low, high) in enumerate(zip(*problem.own_ends, strict=True)):
            place = f"problem sample {i}"
            if self.tolerance is not None and not _within(low, high, self.tolerance):
                raise ProofError(f"its interval is not a label with tolerance {self.tolerance}", place)
            if self.margin is not None and not _of_class(low, high, self.margin):
                raise ProofError(f"its interval is not that of a class with margin {self.margin}", place)


def _meant(value: float) -> tuple[Fraction, ...]:
    """Return what a number may stand for: the float itself, or the decimal that it prints as."""
    return (Fraction(value), Fraction(repr(value))) if isinstance(value, float) else (Fraction(value),)


def _within(low: Fraction | None, high: Fraction | None, tolerance: float) -> bool:
    """Whether an interval is a label with a tolerance, where both ends may have been rounded to floats."""
    if low is None or high is None:
        return False
    if tolerance == 0:
        return low == high
    return abs(high - low - 2 * Fraction(tolerance)) <= (abs(low) + abs(high)) / 2**52


def _of_class(low: Fraction | None, high: Fraction | None, margin: float) -> bool:
    """Whether an interval is that of a class: all values from the margin on, or all up to minus it."""
    if (low is None) == (high is None):
        return False
    return (-high if low is None and high is not None else low) in _meant(margin)


def _labels(problem: _Problem) -> str:
    """Say in few words what the intervals are."""
    ends = list(zip(*problem.own_ends, strict=True))
    if all(low is not None and low == high for low, high in ends):
        return "exact labels"
    margin = ends[0][0] if ends[0][1] is None else -ends[0][1]
    if margin is not None and margin > 0 and all(_of_class(low, high, margin) for low, high in ends):
        return f"two classes with a margin of {_decimal(margin)}"
    widths = [high - low for low, high in ends if low is not None and high is not None]
    if len(widths) < len(ends):
        return "some intervals open"
    least, most = _decimal(min(widths)), _decimal(max(widths))
    return f"intervals {least} wide" if least == most else f"intervals {least} to {most} wide"


def _decimal(value: Fraction) -> str:
    """Spell a number with six digits, for reading only."""
    try:
        return f"{float(value):.6g}"
    except OverflowError:
        return "more than any float"


def _compare(problem: _Problem, data: object, asked: _Asked) -> None:
    """Reject unless the proof's data are the given ones: every number, in order."""
    if isinstance(data, (str, os.PathLike)):
        is_table = str(data).lower().endswith(".csv")
        decimal = bool(problem.places[-1])
        data = (
            _table(data, asked, problem.places, decimal=decimal)
            if is_table
            else _saved_problem(_json(data, float))
        )
    elif isinstance(data, Mapping):
        data = _saved_problem(data)
    else:
        data = _problem_object(data)
    _compare_fields(problem, data)


def _compare_outputs(outputs: _Outputs, data: object, asked: _Asked) -> None:
    """Do the same for several outputs, one after the other."""
    is_table = isinstance(data, (str, os.PathLike)) and str(data).lower().endswith(".csv")
    if isinstance(data, (str, os.PathLike)) and not is_table:
        data = _json(data, float)
    count = len(outputs.problems)
    for j, problem in enumerate(outputs.problems):
        try:
            if not is_table:
                _compare(problem, _output_of(data, j, count), asked)
                continue
            given = functools.partial(_table, data, asked, problem.places, labels=count, label=j)
            try:
                _compare_fields(problem, given(decimal=True))
            except UnreadableError:
                raise
            except ProofError:  # which of its labels are decimals the proof does not say
                _compare_fields(problem, given(decimal=False))
        except ProofError as error:
            raise type(error)(error.reason, f"output {j}: {error.place}") from None


def _compare_classes(classes: _ClassedSamples, data: object) -> None:
    """Do the same for several classes: inputs, the numbers of the classes, and the margin."""
    fields: Document
    if isinstance(data, (str, os.PathLike)) and str(data).lower().endswith(".csv"):
        data = types.SimpleNamespace(**_class_table(data), places=classes.problem.places)
    elif isinstance(data, (str, os.PathLike)):
        data = _json(data, float)
    names = ("X", "labels", "margin", "classes", "affine", "places")
    if isinstance(data, Mapping):
        if data.get("format") != "sparsest/multi-class-problem":
            raise UnreadableError("it is not a saved problem with several classes", "data")
        fields = {name: data[name] for name in names if name in data}
    else:
        fields = {name: getattr(data, name) for name in names if hasattr(data, name)}
    if missing := [name for name in ("X", "labels") if name not in fields]:
        raise UnreadableError(f"the proof is about several classes, and {missing[0]} is missing", "data")
    if len(known := fields.pop("classes", range(classes.count))) != classes.count:
        raise ProofError(f"it is about {classes.count} classes, and the data have {len(known)}", "classes")
    if (margin := fields.pop("margin", None)) is not None and classes.own_margin not in _meant(margin):
        raise ProofError(f"its margin is not that of the data, {margin}", "classes margin")
    numbers = fields.pop("labels")
    fields["low"] = fields["high"] = numbers
    if isinstance(places := fields.get("places"), (list, tuple)) and places:
        fields["places"] = [*places[:-1], 0]
    _compare_fields(classes.problem, _problem_object(types.SimpleNamespace(**fields)))


def _compare_fields(problem: _Problem, data: Mapping[str, Any]) -> None:
    """Reject unless a problem's fields are these; what they do not say is not asked."""
    try:
        given = _Problem({"skip": problem.skip, "weight_bound": None, **data}, "data")
        if "skip" not in data:
            given.constant, given.affine = problem.constant, problem.affine
        if data.get("weight_bound", ...) is ...:
            given.own_bound = problem.own_bound
    except ProofError as error:
        raise UnreadableError(error.reason, error.place) from None
    if len(given.X) != len(problem.X) or given.size != problem.size:
        raise ProofError(
            f"{len(problem.X)} samples of {problem.size - 1} features, "
            f"and the data have {len(given.X)} of {given.size - 1}",
            "problem",
        )
    meaning = "" if any(problem.places) else "; it takes numbers for the binary floats that they are read as"
    for i in range(len(given.X)):
        if given.own_X[i] != problem.own_X[i]:
            raise ProofError(f"its inputs are not those of the data{meaning}", f"problem sample {i}")
        if any(mine[i] != theirs[i] for mine, theirs in zip(problem.own_ends, given.own_ends, strict=True)):
            raise ProofError(f"its interval is not that of the data{meaning}", f"problem sample {i}")
    if (given.affine, given.own_bound) != (problem.affine, problem.own_bound):
        raise ProofError("the affine term or the weight bound is not that of the data", "problem")


# What is read of a problem.
_SAVED = ("X", "low", "high", "weight_bound", "affine")
# What stands for an interval without this end; an infinity of the other sign admits no value at all.
_OPEN_ENDS = {"low": -math.inf, "high": math.inf}


def _problem_object(data: object) -> dict[str, Any]:
    """Return the fields of a ``sparsest.Problem``, or of its data alone."""
    fields = {name: getattr(data, name) for name in _SAVED if hasattr(data, name)}
    if missing := [name for name in ("X", "low", "high") if name not in fields]:
        raise UnreadableError(f"it is no problem: it has no {missing[0]}", "data")
    flags = _flags(fields.pop("affine")) if "affine" in fields else {}
    return _plain_fields(fields, getattr(data, "places", ())) | flags


def _output_of(data: object, j: int, count: int) -> object:
    """Return a problem with several outputs, saved or as an object, as that of one of them."""
    names = ("X", "low", "high", "affine", "places")
    if isinstance(data, Mapping):
        if data.get("format") != "sparsest/multi-output-problem":
            raise UnreadableError("it is not a saved problem with several outputs", "data")
        fields: Document = {"format": "sparsest/problem", "weight_bound": None}
        fields |= {name: data[name] for name in names if name in data}
    else:
        fields = {name: getattr(data, name) for name in names if hasattr(data, name)}
    for name in ("low", "high"):
        given: Any = fields.get(name)
        table = given.tolist() if hasattr(given, "tolist") else given
        if not isinstance(table, list) or not all(
            isinstance(row, list) and len(row) == count for row in table
        ):
            raise UnreadableError(
                f"the proof is about {count} outputs: a column for each is needed", f"data {name}"
            )
        fields[name] = [row[j] for row in table]
    places = fields.get("places")
    if isinstance(places, (list, tuple)) and len(places) > count:
        fields["places"] = [*places[:-count], places[j - count]]
    return fields if isinstance(data, Mapping) else types.SimpleNamespace(**fields)


def _plain_fields(fields: Mapping[str, Any], places: object) -> dict[str, Any]:
    """Return the numbers of a problem as a proof writes them: decimals as fractions, floats by their bits."""
    found = {name: _plain(value, _OPEN_ENDS.get(name)) for name, value in fields.items()}
    if not isinstance(places, (list, tuple)) or not any(places):
        return found
    try:
        columns = zip(zip(*found["X"], strict=True), places[:-1], strict=True)
        found["X"] = list(map(list, zip(*(_decimals(c, k) if k else c for c, k in columns), strict=True)))
        if places[-1]:
            found |= {name: _decimals(found[name], places[-1]) for name in ("low", "high")}
        if found.get("weight_bound") is not None:
            found["weight_bound"] = str(Fraction(repr(float.fromhex(found["weight_bound"]))))
    except (TypeError, ValueError, OverflowError):
        raise UnreadableError(
            "it is no problem: its numbers or their decimal places are damaged", "data"
        ) from None
    return found


def _decimals(column: Iterable[str | None], places: int) -> list[str | None]:
    """Return the decimals of so many places that floats stand for, as fractions; of no number it is none."""
    numbers = [None if value is None else float.fromhex(value) for value in column]
    largest = max((abs(value) for value in numbers if value is not None), default=0.0)
    return [None if value is None else str(_meant_decimal(value, places, largest)) for value in numbers]


def _meant_decimal(value: float, places: int, largest: float, origin: float = 0.0) -> Fraction:
    """Return the decimal that a float of a column stands for.

    That is the shortest one that is read as the float; or the nearest of so many places, where the float is
    two units in the last place off, or, if it takes fifteen digits, four of the largest number of the column.
    Labels may be differences of inputs as large as `origin`, 256 times the largest label at most.
    """
    unit = 10 ** min(places, MAX_PLACES)
    nearest = Fraction(round(Fraction(value) * unit), unit)
    digits = repr(abs(value)).partition("e")[0].replace(".", "").strip("0")
    source = largest
    if origin * unit < 10**12:
        source = max(largest, min(origin, 256 * largest))
    off = 4 * math.ulp(source) if len(digits) >= 15 else 2 * math.ulp(value) if nearest else 0
    computed = largest * unit < 10**12 and abs(nearest - Fraction(value)) <= off
    return nearest if computed else Fraction(repr(value))


def _flags(affine: object) -> dict[str, Any]:
    """Return what a proof calls the affine term that a problem allows."""
    if not isinstance(affine, str) or affine not in ("none", "constant", "skip"):
        raise UnreadableError("it is no problem: affine must be none, constant or skip", "data")
    return {"skip": affine == "skip", "constant": affine == "constant"}


def _plain(value: Any, open_end: float | None = None) -> Any:
    """Turn arrays and floats, NumPy's among them, into what a document holds."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [_plain(entry, open_end) for entry in value]
    if isinstance(value, float):
        return None if value == open_end else (value or 0.0).hex()  # negative zero is zero
    return value


def _saved_problem(document: object) -> dict[str, Any]:
    """Return the fields of a problem's document, as ``sparsest.save`` writes it."""
    if not isinstance(document, Mapping) or document.get("format") != "sparsest/problem":
        raise UnreadableError("it is not a saved problem", "data")
    if missing := [name for name in _SAVED if name not in document]:
        raise UnreadableError(f"the field {missing[0]!r} is missing", "data")
    fields = {name: document[name] for name in _SAVED[:-1]} | _flags(document["affine"])
    for name, infinite in (("low", "-inf"), ("high", "inf")):
        if not isinstance(fields[name], list):
            raise UnreadableError("it is not a list", f"data {name}")
        fields[name] = [None if v == infinite else v for v in fields[name]]
    flags = {name: fields.pop(name) for name in ("skip", "constant")}
    return _plain_fields(fields, document.get("places", ())) | flags


def _table(
    path: Any, asked: _Asked, places: Sequence[int], *, decimal: bool, labels: int = 1, label: int = 0
) -> dict[str, Any]:
    """Return inputs and intervals of a CSV file with a line of names.

    Numbers are rounded to floats once, but for columns that the proof takes for decimals, and for labels that
    are `decimal`: of the last `labels` columns the one with the number `label`.
    """
    numbers = _numbers(_cells(path), path)
    chosen = [row[label - labels] for row in numbers]
    origin = max((abs(x) for row in numbers for x in row[:-labels]), default=0.0)
    low, high = _intervals(chosen, asked, path, places[-1] if decimal else None, origin)
    return _plain_fields({"X": [row[:-labels] for row in numbers]}, [*places[:-1], 0]) | {
        "low": low,
        "high": high,
    }


def _class_table(path: Any) -> dict[str, Any]:
    """Return inputs, and the classes in the last column, of a CSV file with a line of names."""
    lines = _cells(path)
    names = [line[-1] for line in lines]
    order: Callable[[str], Any] = float if all(map(_is_number, names)) else str
    found = [order(name) for name in names]
    if any(name != name for name in found):
        raise UnreadableError("a class is not a number", str(path))
    numbers = {name: n for n, name in enumerate(sorted(set(found)))}
    return {
        "X": _numbers([line[:-1] for line in lines], path),
        "labels": [numbers[name] for name in found],
        "classes": list(numbers),
    }


def _cells(path: Any) -> list[list[str]]:
    """Return the lines of a CSV file below its line of names."""
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            names, *lines = (line for line in csv.reader(stream, skipinitialspace=True) if line)
            if all(map(_is_number, names)):
                raise ValueError("its first line is all numbers: add names above")
    except (OSError, ValueError, csv.Error) as error:
        raise UnreadableError(f"not a readable table of numbers: {error!s:.200}", str(path)) from None
    return lines


def _numbers(lines: list[list[str]], path: Any) -> list[list[float]]:
    """Return cells as floats, each rounded once."""
    try:
        numbers = [[float(cell) for cell in line] for line in lines]
    except ValueError as error:
        raise UnreadableError(f"not a readable table of numbers: {error!s:.200}", str(path)) from None
    if not all(map(math.isfinite, itertools.chain(*numbers))):
        raise UnreadableError("not every cell is a finite number", str(path))
    return numbers


def _intervals(
    labels: list[float], asked: _Asked, path: object, places: int | None, origin: float
) -> tuple[list[str | None], list[str | None]]:
    """Return the interval ends of labels with a tolerance, or of two classes with a margin.

    With `places` numbers are decimals; those of labels have at most so many places, and may be computed from
    inputs as large as `origin`.
    """
    if asked.margin is None and places is not None:
        largest = max(map(abs, labels), default=0.0)
        spelled = [_meant_decimal(y, places, largest, origin) for y in labels]
        width = Fraction(repr(float(asked.tolerance or 0)))
        return [str(y - width) for y in spelled], [str(y + width) for y in spelled]
    if asked.margin is None:
        slack = float(asked.tolerance or 0)
        return [_plain(y - slack) for y in labels], [_plain(y + slack) for y in labels]
    if len(set(labels)) > 2:
        raise UnreadableError(
            "its last column holds more than two classes, the proof is about two", str(path)
        )
    meant = Fraction(repr(float(asked.margin))) if places is not None else Fraction(asked.margin)
    positive = [y == max(labels) for y in labels]
    low = [str(meant) if side else None for side in positive]
    return low, [None if side else str(-meant) for side in positive]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


# ============================================================================================================
# KERNEL: what must be believed
#
# 1689 lines, 1256 of them code, in twelve parts. What is to be believed by what a verdict rests on:
#
#     any proof      CLAIMS
#     upper bound    NETWORKS
#     outputs        OUTPUTS, where there are several
#     classes        OUTPUTS, LABELS, where there are several
#     neurons        NEURONS, where they are what is counted
#     entries        ENTRIES, where weights or parameters are
#     "curvature"    KNOTS
#     "tree"         SUMS, TREES
#     "packing"      SUMS, PACKING
#     "gaps"         KNOTS, GAPS
#     "densest"      CLASSES
#     "supports"     SUMS, TREES
#     "orders"       SUMS, LABELS
#
# The kernel calls nothing but itself, the standard library, the readers of READING (a number is the one that
# is written, in the range asked for), fields of `_Problem`, and FINDING, whose answers it verifies. A test
# holds both. docs/proof-format.md has the lines of each part, and why what each rule says is so.


# ============================================================================================================
# KERNEL, part CLAIMS: what is claimed, and that the parts of the proof prove it
#
# docs/proof-format.md, "The document" and "The lower bound"; "Points" for `_merged_points`.


def _verified_bounds(
    problem: _Problem, several: _Outputs | _ClassedSamples | None, document: Document, work: _Work
) -> tuple[_NeuronBound | _EntryBound, int | None]:
    """Return what the parts prove, and the size of the witness; reject unless both are what is claimed."""
    objective, claimed, witness = document["objective"], document["upper_bound"], document["witness"]
    if isinstance(several, _Outputs):
        _refuse_other_sums(problem, several, work)
    elif several is not None:
        _refuse_other_samples(problem, several)
    if claimed is not None:
        _refuse_other_size(problem, several, objective, _whole(claimed, "upper_bound"), witness, work)
    elif witness is not None:
        raise ProofError("a witness without an upper bound", "witness")
    circuits = _circuits(problem, document["circuits"], work, labelled=objective != "neurons")
    kind: type[_NeuronBound | _EntryBound] = _NeuronBound if objective == "neurons" else _EntryBound
    bound = kind(problem, objective, circuits, work)
    for n, part in enumerate(_list(document["parts"], "parts")):
        bound.add(part, f"part {n}")
    if isinstance(several, _ClassedSamples) and several.unordered is not None:
        _add_orders(bound, several, work)
    bound.finish(_whole(document["lower_bound"], "lower_bound"))
    if claimed is not None and claimed < bound.proven:
        raise ProofError(f"{claimed} is below the lower bound {bound.proven}", "upper_bound")
    return bound, claimed


class _Bound:
    """What the parts of a proof so far prove necessary of what is counted."""

    # the fields of each kind of part, and what verifies it
    rules: dict[str, tuple[tuple[str, ...], Callable[[Any, Document, str], None]]]

    def __init__(self, problem: _Problem, objective: str, circuits: list[_Circuit], work: _Work) -> None:
        self.problem, self.objective, self.circuits, self.work = problem, objective, circuits, work
        self.proven = self.nodes = self.leaves = 0
        self.kinds: list[str] = []

    def add(self, part: object, place: str) -> None:
        """Verify one part, which may rest on those before it."""
        kind = part.get("kind") if isinstance(part, dict) else None
        if type(kind) is not str or kind not in self.rules:
            raise ProofError(f"its kind is none of {', '.join(map(repr, self.rules))}", place)
        names, rule = self.rules[kind]
        rule(self, _fields(part, ("kind", *names), place), place)
        if kind not in self.kinds:
            self.kinds.append(kind)

    def refute(self, tree: _Tree, nodes: object, place: str) -> None:
        """Reject unless a tree refutes all networks that it is about."""
        tree.check(_nodes(nodes, place), place)
        self.nodes += tree.nodes
        self.leaves += tree.leaves


def _merged_points(
    X: list[Point], ends: list[list[Fraction | None]], place: str
) -> tuple[list[Point], list[_Vector], list[int | None], list[int | None]]:
    """Return the distinct inputs, their rows, and both ends of the intersections of their intervals.

    Rows and ends are whole numbers: each point's are multiplied by their least common denominator.
    """
    # keyed by text: a file may choose numbers of equal hashes, not texts
    merged: dict[str, tuple[Point, list[Fraction], list[Fraction]]] = {}
    for x, least, most in zip(X, *ends, strict=True):
        key = " ".join(f"{v.numerator:x}/{v.denominator:x}" for v in x)
        _, all_least, all_most = merged.setdefault(key, (x, [], []))
        all_least += [] if least is None else [least]
        all_most += [] if most is None else [most]
    rows: list[_Vector] = []
    whole: tuple[list[int | None], list[int | None]] = ([], [])
    for x, all_least, all_most in merged.values():
        pair = max(all_least, default=None), min(all_most, default=None)
        scale = _common_denominator((*x, *pair), f"{place} point {len(rows)}")
        rows.append((*(v.numerator * (scale // v.denominator) for v in x), scale))
        for side, end in zip(whole, pair, strict=True):
            side.append(None if end is None else end.numerator * (scale // end.denominator))
    return [x for x, _, _ in merged.values()], rows, *whole


# ============================================================================================================
# KERNEL, part NEURONS: all networks of fewer neurons are refuted
#
# docs/proof-format.md, "The lower bound".


class _NeuronBound(_Bound):
    """How many neurons are necessary: all networks of fewer than `proven` are refuted."""

    def __init__(self, problem: _Problem, objective: str, circuits: list[_Circuit], work: _Work) -> None:
        super().__init__(problem, objective, circuits, work)
        self._done: set[int] = set()  # numbers of positive signs refuted with `proven` neurons
        self._with_skip = True
        self.rules = {
            "curvature": (("triples",), _add_curvature),
            "packing": (("sets",), _add_packing),
            "gaps": (("neurons", "sample", "before", "after"), _add_gaps),
            "densest": (("neurons", "positive", "step"), _add_classes),
            "tree": (("neurons", "positive", "skip", "nodes"), _add_tree),
        }

    def raise_to(self, count: int, place: str) -> None:
        """Take so many neurons for proven; reject unless that is more than before."""
        if count <= self.proven or self._done:
            raise ProofError(f"a bound of {count} adds nothing to what is proven before", place)
        self.proven = count

    def signs(self, part: Document, most: int, skip: bool, place: str) -> list[int]:
        """Return the output signs that a part is about, those of neurons with sign 1 first.

        An affine term may be added, never taken away: networks that a leaf merges must stay refuted with it.
        """
        width, positive = _whole(part["neurons"], place), _whole(part["positive"], place)
        if width != self.proven or width > most:
            raise ProofError(f"a tree of {width} neurons where {self.proven} is next", place)
        if positive > width or positive in self._done:
            raise ProofError(f"{positive} positive output signs are too many, or refuted before", place)
        if skip < self.problem.skip or skip > self._with_skip:
            raise ProofError("its skip is neither the problem's nor a relaxation of it", place)
        self._with_skip = skip
        return [1] * positive + [-1] * (width - positive)

    def refuted(self, signs: list[int]) -> None:
        """Take networks with these signs for refuted."""
        self._done.add(signs.count(1))
        if len(self._done) == len(signs) + 1:
            self.proven += 1
            self._done = set()

    def finish(self, claimed: int) -> None:
        """Reject unless exactly the claimed bound is proven and nothing was left half done."""
        if self._done:
            left = min(set(range(self.proven + 1)) - self._done)
            raise ProofError(f"{self.proven} neurons, {left} of them positive, are not refuted", "parts")
        if claimed != self.proven:
            raise ProofError(f"{claimed} is claimed and {self.proven} proven", "lower_bound")


# ============================================================================================================
# KERNEL, part NETWORKS: a network meets every interval, so that no more is needed
#
# docs/proof-format.md, "The upper bound".


def _refuse_other_size(
    problem: _Problem,
    several: _Outputs | _ClassedSamples | None,
    objective: str,
    claimed: int,
    witness: object,
    work: _Work,
) -> None:
    """Reject a witness unless it is what is asked for, and of the size that is claimed."""
    if several is None:
        network = _read_network(problem, objective, claimed, witness, work)
        size = _size_of_network(problem, objective, *network, work)
        if size < claimed and isinstance(witness, dict) and witness["kind"] == "polyline":
            return  # on a polyline of more points than bends some neurons have no weight
    elif isinstance(several, _Outputs):
        shared = _read_shared_network(problem, len(several.problems), witness)
        size = _size_of_shared_network(several, *shared, work)
    else:
        shared = _read_shared_network(problem, several.count, witness)
        size = _size_of_classifier(several, *shared, work)
    if size != claimed:
        raise ProofError(f"it has {size} {objective}, and {claimed} are claimed", "witness")


def _size_of_network(
    problem: _Problem,
    objective: str,
    signs: list[int],
    neurons: list[Point],
    affine: Point | None,
    work: _Work,
) -> int:
    """Return how many neurons, weights or parameters a network has; reject it off any interval."""
    for p, value, factor in _values_of_kind(problem, signs, neurons, affine, work):
        low, high = problem.low[p], problem.high[p]
        if (low is not None and value < low * factor) or (high is not None and value > high * factor):
            raise ProofError(f"its value misses the interval of point {p}", "witness")
    if objective == "neurons":
        return len(neurons)
    return sum(value != 0 for neuron in neurons for value in neuron[: -1 if objective == "weights" else None])


def _values_of_kind(
    problem: _Problem, signs: list[int], neurons: list[Point], affine: Point | None, work: _Work
) -> Iterator[tuple[int, int, int]]:
    """Return what `_values` yields; reject a network of another kind than the problem allows."""
    vectors = neurons if affine is None else [*neurons, affine]
    if any(len(vector) != problem.size for vector in vectors) or not {1, -1}.issuperset(signs):
        raise ProofError(f"{problem.size} numbers and a sign of 1 or -1 are needed a neuron", "witness")
    if len(signs) != len(neurons):
        raise ProofError(f"{len(neurons)} neurons with {len(signs)} signs", "witness")
    if affine is not None and not problem.skip and not problem.constant:
        raise ProofError("an affine term, which the problem does not allow", "witness skip")
    if affine is not None and problem.constant and any(affine[:-1]):
        raise ProofError("slopes beside the constant, which the problem does not allow", "witness skip")
    for k, neuron in enumerate(neurons):  # biases are free
        if problem.bound is not None and any(abs(w) > problem.bound for w in neuron[:-1]):
            raise ProofError("a weight exceeds the bound", f"witness neuron {k}")
    return (_values_on_a_line if problem.size == 2 else _values)(problem, signs, vectors, work)


def _values(
    problem: _Problem, signs: list[int], vectors: list[Point], work: _Work
) -> Iterator[tuple[int, int, int]]:
    """Yield each point, the network's value there times the scale of its row, and the value's denominator."""
    terms = [_scaled(vector, work) for vector in vectors]
    common = _common([denominator for _, denominator in terms], work)
    factors = [common // denominator for _, denominator in terms]
    sizes = [_size_of([entries]) for entries, _ in terms]
    units = sum(_units(size + 1, _digits(factor)) for size, factor in zip(sizes, factors, strict=True))
    for p, row in enumerate(problem.rows):
        work.charge((len(row) + 8) * len(terms) + problem.digits[p] * sum(sizes) // 32 + units)
        products = [sum(map(operator.mul, row, entries)) for entries, _ in terms]
        for k, sign in enumerate(signs):
            products[k] = sign * max(0, products[k])
        yield p, sum(map(operator.mul, products, factors)), common


def _values_on_a_line(
    problem: _Problem, signs: list[int], vectors: list[Point], work: _Work
) -> Iterator[tuple[int, int, int]]:
    """Do as `_values` for one feature, where slope and intercept change at knots only.

    Neurons active to the right of their knots are added from the left on, the others from the right on: the
    denominators of many neurons through many samples cancel on the way.
    """
    neurons = list(zip(signs, vectors, strict=False))
    slope, intercept = vectors[-1] if len(vectors) > len(signs) else (Fraction(0), Fraction(0))
    intercept += sum(s * max(Fraction(0), b) for s, (w, b) in neurons if w == 0)
    order = sorted(range(len(problem.points)), key=problem.points.__getitem__)
    values = dict.fromkeys(order, (0, 1))
    for right in (True, False):
        knots = sorted(
            (-b / w, w if s > 0 else -w, b if s > 0 else -b)
            for s, (w, b) in neurons
            if (w > 0 if right else w < 0)
        )[:: 1 if right else -1]
        passed, known = 0, -1
        for p in order[:: 1 if right else -1] if knots or slope or intercept else ():
            (x,) = problem.points[p]
            while passed < len(knots) and (knots[passed][0] < x if right else knots[passed][0] > x):
                work.charge(_sum_units(slope, intercept))
                slope, intercept = slope + knots[passed][1], intercept + knots[passed][2]
                passed += 1
            if passed != known:
                known, (line, scale) = passed, _scaled((slope, intercept), work)
                size = _size_of([[*line, scale]])
            value, other = values[p]
            # all of it is stored
            work.charge(4 * size + (problem.digits[p] + _digits(value) + _digits(other)) * size // 32)
            values[p] = value * scale + sum(map(operator.mul, line, problem.rows[p])) * other, scale * other
        slope = intercept = Fraction(0)
    for p, (value, factor) in values.items():
        yield p, value, factor


def _scaled(vector: Point, work: _Work) -> tuple[list[int], int]:
    """Return a vector of fractions as integers over one denominator."""
    common = _common([value.denominator for value in vector], work)
    work.charge(len(vector) * _digits(common))  # all of it is stored
    return [v.numerator * (common // v.denominator) for v in vector], common


# ============================================================================================================
# KERNEL, part OUTPUTS: what is necessary for a sum of outputs is necessary for all of them
#
# docs/proof-format.md, "Several outputs".


def _refuse_other_sums(problem: _Problem, outputs: _Outputs, work: _Work) -> None:
    """Reject unless the outputs times the direction, summed up, have to meet the problem's intervals."""
    parts = [(c, output.ends) for c, output in zip(outputs.direction, outputs.problems, strict=True) if c]
    if not parts or problem.bound is not None:
        raise ProofError("a direction that is not zero is needed, and no weight bound", "outputs direction")
    for side, ends in enumerate(problem.ends):
        for i, end in enumerate(ends):
            if end is None:
                continue
            total = Fraction(0)
            for c, both in parts:
                part = both[side if c > 0 else 1 - side][i]
                if part is None:
                    raise ProofError("the sum of the outputs is open, its interval is not", f"sample {i}")
                work.charge(_sum_units(total, part * c))
                total += part * c
            if (total < end) if side == 0 else (total > end):
                raise ProofError("its interval does not hold the sum of the outputs", f"sample {i}")


def _size_of_shared_network(
    outputs: _Outputs, neurons: list[Point], weights: list[Point], affine: list[Point] | None, work: _Work
) -> int:
    """Return how many neurons a network has; reject it if some output is off an interval."""
    parts = _networks_of_outputs(len(outputs.problems), neurons, weights, affine, work)
    for output, network in zip(outputs.problems, parts, strict=True):
        _size_of_network(output, "neurons", *network, work)
    return len(neurons)


def _networks_of_outputs(
    count: int, neurons: list[Point], weights: list[Point], affine: list[Point] | None, work: _Work
) -> Iterator[tuple[list[int], list[Point], Point | None]]:
    """Yield signs, neurons and affine term of each output alone."""
    if len(weights) != len(neurons) or any(len(row) != count for row in weights):
        raise ProofError(f"{count} output weights are needed a neuron", "witness outputs")
    if affine is not None and len(affine) != count:
        raise ProofError(f"{count} affine terms are needed", "witness skip")
    for j in range(count):
        vectors = []
        for neuron, row in zip(neurons, weights, strict=True):
            work.charge(_sum_units(*neuron, row[j]))
            vectors.append(tuple(abs(row[j]) * entry for entry in neuron))
        signs = [1 if row[j] > 0 else -1 for row in weights]
        yield signs, vectors, None if affine is None else affine[j]


# ============================================================================================================
# KERNEL, part LABELS: what is necessary to tell two classes apart is necessary for all, and that in no order
#
# docs/proof-format.md, "Several classes".


def _add_orders(bound: _NeuronBound | _EntryBound, classes: _ClassedSamples, work: _Work) -> None:
    """Verify that classes are in no order, as is said, so that two neurons are necessary."""
    _refuse_possible_orders(classes, work)
    if not isinstance(bound, _NeuronBound) or bound.proven >= 2:
        raise ProofError("a bound of 2 neurons adds nothing to what is proven before", "classes unordered")
    bound.finish(bound.proven)
    bound.proven = 2
    bound.kinds.append("orders")


def _refuse_other_samples(problem: _Problem, classes: _ClassedSamples) -> None:
    """Reject unless the problem is to separate all samples of two of the classes by the margin."""
    one, other = classes.pair
    if one == other or classes.margin <= 0 or problem.bound is not None:
        raise ProofError("two classes and a positive margin are needed, and no weight bound", "classes")
    samples = [
        pair for pair in zip(classes.problem.X, classes.labels, strict=True) if pair[1] in classes.pair
    ]
    low = [classes.margin if label == one else None for _, label in samples]
    high = [None if label == one else -classes.margin for _, label in samples]
    if [x for x, _ in samples] != problem.X or problem.ends != [low, high]:
        raise ProofError(f"it is not to separate the samples of classes {one} and {other}", "problem")


def _size_of_classifier(
    classes: _ClassedSamples,
    neurons: list[Point],
    weights: list[Point],
    affine: list[Point] | None,
    work: _Work,
) -> int:
    """Return how many neurons a network has; reject it if some output is too near to that of a class."""
    problem = classes.problem
    work.charge(LOAD_UNITS * classes.count * len(problem.points))
    labels = []
    for p, row in enumerate(problem.rows):
        if problem.low[p] != problem.high[p]:
            raise ProofError(f"point {p} is of two classes", "witness")
        labels.append((problem.low[p] or 0) // row[-1])

    parts = functools.partial(_networks_of_outputs, classes.count, neurons, weights, affine, work)
    own: dict[int, tuple[int, int]] = {}  # found first, so that not all outputs are held at once
    for j, network in enumerate(parts()):
        values = _values_of_kind(problem, *network, work)
        own |= {p: (value, factor) for p, value, factor in values if labels[p] == j}
    for j, network in enumerate(parts()):
        for p, value, other in _values_of_kind(problem, *network, work):
            mine, factor = own[p]
            work.charge(8 + _digits(mine) * _digits(other) + _digits(value) * _digits(factor))
            margin = classes.margin * problem.rows[p][-1]
            if j != labels[p] and mine * other - value * factor < margin * factor * other:
                raise ProofError(f"output {j} is too near to that of the class of point {p}", "witness")
    return len(neurons)


def _refuse_possible_orders(classes: _ClassedSamples, work: _Work) -> None:
    """Reject unless every order of some classes has among it a chain that no neuron puts its samples into."""
    problem = classes.problem
    if problem.skip:
        raise ProofError("with a skip one neuron puts classes into no order", "classes unordered")
    given = _fields(classes.unordered, ("classes", "chains"), "classes unordered")
    members = list(dict.fromkeys(_indices(given["classes"], classes.count, "classes unordered")))
    chains = [
        _refuted_chain(classes, chain, f"chain {n}", work)
        for n, chain in enumerate(_list(given["chains"], "classes unordered"))
    ]
    _refuse_extensions((), members, chains, work)


def _refuse_extensions(order: _Vector, members: list[int], chains: list[_Vector], work: _Work) -> None:
    """Put the other members between, one after the other in all ways, until a refuted chain is among them.

    An order of all of them without one is a reason to reject.
    """
    work.charge((1 + sum(map(len, chains))) * (1 + len(order)))
    if any(_is_among(way, order) for chain in chains for way in (chain, chain[::-1])):
        return
    if len(order) == len(members):
        raise ProofError(f"the order {_shown(list(order))} is not refuted", "classes unordered")
    for k in range(len(order) + 1):
        _refuse_extensions((*order[:k], members[len(order)], *order[k:]), members, chains, work)


def _is_among(chain: _Vector, order: _Vector) -> bool:
    """Whether classes come in an order one after the other, be it with others between."""
    left = iter(order)
    return all(label in left for label in chain)


def _refuted_chain(classes: _ClassedSamples, chain: object, place: str, work: _Work) -> _Vector:
    """Return the classes of a chain; reject it unless weights of samples show that it is impossible."""
    problem = classes.problem
    given = _fields(chain, ("classes", "weights"), place)
    order = tuple(_indices(given["classes"], classes.count, place))
    weights = _weights(given["weights"], len(problem.points), place)
    if len(set(order)) != len(order):
        raise ProofError("a class occurs twice", place)
    if not _cancels(problem, weights, {}, work, tuple(range(problem.size))):
        raise ProofError("its rows do not add up to zero", place)
    up, down = dict.fromkeys(order, 0), dict.fromkeys(order, 0)
    for p, weight in weights.items():
        scale = problem.rows[p][-1]
        label = (problem.low[p] or 0) // scale
        if label not in up:
            raise ProofError(f"point {p} is of none of its classes", place)
        work.charge(2 + _digits(weight) * _digits(scale))
        (up if weight > 0 else down)[label] += abs(weight) * scale
    total = 0  # of the weights that pair samples of the classes so far with samples of the next one
    for label in order:
        if down[label] > total:
            raise ProofError(f"samples of class {label} take away more than there is before them", place)
        total += up[label] - down[label]
        if up[label] > total:
            raise ProofError(f"samples of class {label} take away more than there is before them", place)
    if total:
        raise ProofError("its weights do not add up to zero", place)
    return order


# ============================================================================================================
# KERNEL, part SUMS: rows of points times weights add up to zero
#
# docs/proof-format.md, "Circuits".


@dataclasses.dataclass(frozen=True)
class _Circuit:
    """Points whose homogeneous rows add up to zero with positive and with negative weights."""

    sides: tuple[_Vector, _Vector]  # those of positive weight, and of negative
    columns: frozenset[int]  # in which they do
    weights: dict[int, int]


def _circuits(problem: _Problem, table: object, work: _Work, *, labelled: bool) -> list[_Circuit]:
    circuits = []
    for n, listed in enumerate(_list(table, "circuits")):
        place = f"circuit {n}"
        columns = tuple(range(problem.size))
        if labelled:
            unbiased = isinstance(listed, dict) and "bias" in listed
            named = _fields(listed, ("features", *["bias"] * unbiased, "weights"), place)
            if unbiased and named["bias"] is not False:
                raise ProofError("'bias' is false, or not there", place)
            features = _indices(named["features"], problem.size - 1, place)
            columns = (*dict.fromkeys(features), *[problem.size - 1] * (not unbiased))
            listed = named["weights"]
        weights = _weights(listed, len(problem.points), place)
        if len(weights) > problem.size + 1:
            raise ProofError(f"{problem.size + 1} points are enough in {problem.size - 1} dimensions", place)
        if not _cancels(problem, weights, {}, work, columns):
            raise ProofError("its rows do not add up to zero", place)
        above, below = (tuple(p for p, m in weights.items() if (m > 0) == side) for side in (True, False))
        circuits.append(_Circuit((above, below), frozenset(columns), weights))
    return circuits


def _cancels(
    problem: _Problem,
    weights: Mapping[int, int],
    extra: Mapping[int, int],
    work: _Work,
    columns: tuple[int, ...],
) -> bool:
    """Whether points' rows times weights, and `extra` in some coordinates, add up to zero in `columns`."""
    if not weights:
        return not any(extra.values())
    known, key = problem.cancelling, (columns, len(weights), *weights.items(), *extra.items())
    if key in known:
        return True
    multipliers = list(weights.values())
    longest = 1 + max(map(int.bit_length, multipliers)) // 30
    digits = longest * sum(map(problem.digits.__getitem__, weights))
    work.charge(problem.size * (len(weights) + 4) + digits // 32)
    table = list(zip(*map(problem.rows.__getitem__, weights), strict=True))
    sums = ((j, sum(map(operator.mul, multipliers, table[j]))) for j in columns)
    cancels = all(value == -extra.get(j, 0) for j, value in sums)
    if cancels:
        known.keep(key)
    return cancels


# ============================================================================================================
# KERNEL, part TREES: no network of given kinds of neurons meets every interval
#
# docs/proof-format.md, `tree` and `supports`.


def _add_tree(bound: _NeuronBound, part: Document, place: str) -> None:
    problem, skip = bound.problem, _flag(part["skip"], place)
    signs = bound.signs(part, MAX_NEURONS, skip, place)
    kinds = [(tuple(range(problem.size)), sign) for sign in signs]
    tree = _Tree(problem, bound.circuits, kinds, problem.constant, skip, bound.work)
    bound.refute(tree, part["nodes"], f"{place}, {len(signs)} neurons, {signs.count(1)} positive")
    bound.refuted(signs)


@dataclasses.dataclass
class _Branch:
    """An inner node: where it branches, which neighbours were alike above it, and what its children cover."""

    point: int
    tied: tuple[bool, ...]
    runs: tuple[tuple[int, int], ...]  # of alike neurons: the first, and the first behind
    # with a skip, a neuron active on the first point can be flipped, its weights as large as before
    flips: bool
    covered: dict[str, int] = dataclasses.field(default_factory=dict)  # assignments, by each child's key


@dataclasses.dataclass
class _Tree:
    """A refutation of all networks of given kinds, neurons of one kind being interchangeable.

    A kind is here which coordinates a neuron may use, and its output sign.
    """

    problem: _Problem
    circuits: list[_Circuit]
    kinds: list[_Kind]
    constant: bool
    skip: bool
    work: _Work
    # j and s of multiples of max(0, s x_j), of either sign, that are free as well
    sides: Sequence[tuple[int, int]] = ()

    def __post_init__(self) -> None:
        self.nodes = self.leaves = 0
        self.signs = [sign for _, sign in self.kinds]
        self.free_term = self.skip or self.constant or bool(self.sides)
        # of each neuron, and of the affine term: a constant alone has no slopes
        size = self.problem.size
        free = tuple(range(size)) if self.skip else (size - 1,) * self.constant
        self._columns = [*(columns for columns, _ in self.kinds), free]
        self._open: list[_Branch] = []
        self._bits: dict[int, str] = {}  # each point's bits of the K neurons on the path to the current node

    def check(self, nodes: Iterable[Any], place: str) -> None:
        """Reject unless nodes are, in preorder, a tree that covers every assignment."""
        where = ""
        try:
            for n, node in enumerate(nodes):
                where, self.nodes = f", node {n}", n + 1
                self._visit(n, node)
            where = ""
            self._close(0)
        except ProofError as error:
            path = _spell_path([(b.point, self._bits.get(b.point, "?")) for b in self._open])
            raise ProofError(error.reason, f"{place}{where}{path}{error.place}") from None
        if not self.nodes:
            raise ProofError("the tree has no nodes", place)

    def _visit(self, n: int, node: object) -> None:
        if not isinstance(node, list) or len(node) != 3:
            raise ProofError("a node is a depth, a key, and a point or a leaf")
        depth, key, what = node
        if type(depth) is not int or not 0 <= depth <= len(self._open) or (depth == 0) != (n == 0):
            raise ProofError(f"depth {_shown(depth)} does not follow on what is before it")
        self._close(depth)
        key = _bits(key, len(self.signs) if n else 0, "01*")
        if n:
            parent = self._open[-1]
            self._admit(parent, key)
            self._bits[parent.point] = key
        if type(what) is int:
            self._branch(key, _index(what, len(self.problem.points), ""))
        else:
            self.leaves += 1
            self._check_leaf(what)

    def _branch(self, key: str, point: int) -> None:
        if "*" in key:
            raise ProofError("a node with undecided bits must be a leaf")
        if point in self._bits:
            raise ProofError(f"point {point} has its bits already")
        width = len(self.signs)
        above = self._open[-1].tied if self._open else [a == b for a, b in itertools.pairwise(self.kinds)]
        bits = itertools.pairwise(key or "1" * width)  # the root has no key
        tied = tuple(tie and a == b for tie, (a, b) in zip(above, bits, strict=True))
        starts = [0, *(k for k, tie in enumerate(tied, 1) if not tie), width]
        runs = tuple(itertools.pairwise(starts))
        self._open.append(_Branch(point, tied, runs, not self._open and self.skip))

    def _admit(self, parent: _Branch, key: str) -> None:
        """Add a child; reject one that stands twice or that covers nothing."""
        if parent.flips and key.strip("0"):
            raise ProofError("on the first point all neurons are inactive, because there is a skip")
        if key in parent.covered:
            raise ProofError(f"key {key} occurs twice")
        parent.covered[key] = _volume(parent.runs, key)
        if not parent.covered[key]:
            raise ProofError(f"key {key} covers nothing: alike neurons are in order, active ones first")

    def _close(self, depth: int) -> None:
        """Finish the branches from `depth` on; reject unless their children cover each assignment once."""
        while len(self._open) > depth:
            branch = self._open[-1]
            self._bits.pop(branch.point, None)
            if "*" in "".join(branch.covered) and not _told_apart(tuple(branch.covered)):
                raise ProofError(
                    f"the keys at point {branch.point} overlap, or no bit that all have tells them apart"
                )
            total = 1 if branch.flips else math.prod(end - start + 1 for start, end in branch.runs)
            if missing := total - sum(branch.covered.values()):
                raise ProofError(f"{missing} of {total} assignments at point {branch.point} are missing")
            self._open.pop()

    def _check_leaf(self, leaf: object) -> None:
        if not isinstance(leaf, dict) or not leaf:
            raise ProofError("neither a point to branch on nor a leaf")
        if "circuit" in leaf:
            self._check_circuit(_fields(leaf, ("circuit",), "")["circuit"])
        elif "merge" in leaf:
            self._check_merge(_fields(leaf, ("merge",), "")["merge"])
        else:
            self._check_farkas(leaf)

    def _check_circuit(self, pair: object) -> None:
        """Reject unless a neuron's bits follow the signs of a circuit: then they are those of no cell."""
        neuron, number = _row(pair, 2, "", "a neuron and a circuit")
        k, circuit = (
            _index(neuron, len(self.signs), ""),
            self.circuits[_index(number, len(self.circuits), "")],
        )
        if not circuit.columns.issuperset(self._columns[k]):
            raise ProofError(f"circuit {number} does not know all that neuron {k} may use")
        # a neuron that is zero there has any bits; elsewhere those of one beside it, with no zeros, count
        columns = circuit.columns.intersection([*self._columns[k], self.problem.size - 1])
        if not any(self.problem.rows[p][j] for p in circuit.weights for j in columns):
            raise ProofError(f"neuron {k} is zero on all points of circuit {number}")
        above, below = ({self._at(p)[k] for p in side} for side in circuit.sides)
        if not any(above <= {bit} and below <= {other} for bit, other in ("10", "01")):
            raise ProofError(f"the bits of neuron {k} do not follow circuit {number}")

    def _check_merge(self, k: object) -> None:
        """Reject unless neurons k and k + 1 are alike on every point, so that their sum does as well."""
        if self.problem.bound is not None:
            raise ProofError("a sum of neurons may exceed the weight bound")
        first = _index(k, len(self.signs) - 1, "")
        if self.kinds[first] != self.kinds[first + 1]:
            raise ProofError(f"neurons {first} and {first + 1} have different output signs or entries")
        if len(self._open) < len(self.problem.points):
            raise ProofError(f"{len(self.problem.points) - len(self._open)} points have no bits here")
        last = self._open[-1]  # branches have no undecided bits, so that those above it are told by `tied`
        pair = self._bits[last.point][first : first + 2]
        if pair not in ("00", "11") or not last.tied[first]:
            raise ProofError(f"neurons {first} and {first + 1} are not known to be alike on every point")

    def _at(self, point: int) -> str:
        """Return the bits at a point."""
        if point not in self._bits:
            raise ProofError(f"point {point} has no bits here")
        return self._bits[point]

    def _check_farkas(self, leaf: Document) -> None:
        """Reject unless the multipliers combine rows of the node to ``0 >= positive`` (Farkas 1902)."""
        if not leaf.keys() <= {"value", "cone", "bound"}:
            raise ProofError("a leaf has the fields 'value', 'cone' and 'bound', or 'circuit', or 'merge'")
        problem, width = self.problem, len(self.signs)
        # multiplier of each point's row, of each neuron and of the affine term
        blocks: list[dict[int, int]] = [{} for _ in self._columns]
        total: int | Fraction = 0
        for p, m in _pairs(leaf.get("value", []), len(problem.points)):
            total += self._add_value(blocks, p, m)
        for k, p, m in _triples(leaf.get("cone", []), width, len(problem.points)):
            if self._at(p)[k] != ("1" if m > 0 else "0"):
                raise ProofError(f"the multiplier of neuron {k} on point {p} has the wrong sign")
            blocks[k][p] = blocks[k].get(p, 0) + m
        # of ``-R <= u_kj`` (positive) or ``u_kj <= R``
        bounds: list[dict[int, int]] = [{} for _ in blocks]
        for k, j, m in _triples(leaf.get("bound", []), width, problem.size - 1):
            if problem.bound is None:
                raise ProofError("there is no bound on weights")
            bounds[k][j] = bounds[k].get(j, 0) + m
            total -= abs(m) * problem.bound
        for k, (block, extra) in enumerate(zip(blocks, bounds, strict=True)):
            if not _cancels(problem, block, extra, self.work, self._columns[k]):
                raise ProofError(f"the rows do not add up to zero in the coordinates of neuron {k}")
        for j, s in self.sides:
            there = {p: m for p, m in blocks[-1].items() if s * problem.rows[p][j] > 0}
            if not _cancels(problem, there, {}, self.work, (j,)):
                raise ProofError(f"the rows do not add up to zero where {s} times coordinate {j} is above 0")
        if total <= 0:
            raise ProofError("the rows add up to no contradiction")

    def _add_value(self, blocks: list[dict[int, int]], p: int, m: int) -> int:
        """Add a multiple of ``low <= value`` (positive) or ``value <= high``; return its right-hand side.

        An undecided bit's term is left out where leaving it out weakens the row.
        """
        end, bits = (self.problem.low if m > 0 else self.problem.high)[p], self._at(p)
        if end is None:
            raise ProofError(f"the interval of point {p} is open-ended there")
        self.work.charge(1 + len(bits))
        for k, (bit, sign) in enumerate(zip(bits, self.signs, strict=True)):
            if bit == "1":
                blocks[k][p] = blocks[k].get(p, 0) + sign * m
            elif bit == "*" and (sign > 0) == (m > 0):
                raise ProofError(f"neuron {k} is undecided on point {p} and must not be left out")
        if self.free_term:
            blocks[-1][p] = blocks[-1].get(p, 0) + m
        return m * end


@functools.lru_cache(maxsize=_REMEMBERED)
def _volume(runs: tuple[tuple[int, int], ...], key: str) -> int:
    """Count the assignments that a key covers: in each run of alike neurons the active ones come first."""
    volume = 1
    for start, stop in runs:
        last_on, first_off = key.rfind("1", start, stop), key.find("0", start, stop)
        most, least = stop if first_off < 0 else first_off, start if last_on < 0 else last_on + 1
        volume *= max(0, most - least + 1)
    return volume


@functools.lru_cache(maxsize=_REMEMBERED)
def _told_apart(keys: tuple[str, ...]) -> bool:
    """Whether a decision tree tells keys apart: it asks for a bit that none of the keys left has undecided.

    Such keys have no assignment in common. At most K bits are asked for on any way down, so that the time is
    in proportion to K times the number of keys, where comparing them in pairs takes its square.
    """
    # of each key which bits are decided, and which of them are 1
    pairs = [(key.replace("0", "1").replace("*", "0"), key.replace("*", "0")) for key in keys]
    groups = [[(int(mask, 2), int(bits, 2)) for mask, bits in pairs]]
    while groups:
        group = groups.pop()
        if len(group) < 2:
            continue
        masks, ones = zip(*group, strict=True)
        decided, always = functools.reduce(operator.and_, masks), functools.reduce(operator.and_, ones)
        telling = decided & ~always & functools.reduce(operator.or_, ones)
        if not telling:
            return False
        bit = telling & -telling
        groups += [[pair for pair in group if bool(pair[1] & bit) == side] for side in (False, True)]
    return True


# ============================================================================================================
# KERNEL, part KNOTS: the intervals along a line take so many neurons
#
# docs/proof-format.md, `curvature`; docs/proofs.md, P1.


def _add_curvature(bound: _NeuronBound, part: Document, place: str) -> None:
    bound.raise_to(len(_forced_knots(bound.problem, part["triples"], place)), place)


def _forced_knots(problem: _Problem, triples: object, place: str) -> list[tuple[int, int]]:
    """Return the first and the last point of each of some triples, of which each takes a neuron of its own.

    A triple (a, b, c, 1) says that the highest value allowed at b is below the chord of the lowest ones at
    a and c, so that there is a convex knot strictly between a and c; -1 the reverse.
    """
    ends: dict[int, Fraction] = {}
    lines: dict[int, tuple[int, int]] = {}
    spans = []
    for n, triple in enumerate(_list(triples, place)):
        where = f"{place}, triple {n}"
        *points, sign = _row(triple, 4, where, "three points and a sign")
        a, b, c = (_index(p, len(problem.points), where) for p in points)
        sign = _sign(sign, where)
        line = lines.setdefault(sign, (a, c))
        start, middle, stop = (_place_on_line(problem, line, p) for p in (a, b, c))
        if start is None or middle is None or stop is None:
            raise ProofError("its points are not on the line of the first triple of its sign", where)
        if not start < middle < stop:
            raise ProofError("its points are not in order along the line", where)
        if start < ends.get(sign, start):
            raise ProofError("it overlaps an earlier one of its sign, or is out of order", where)
        ends[sign] = stop
        outer, inner = (problem.low, problem.high) if sign > 0 else (problem.high, problem.low)
        values = [(side[p], problem.rows[p][-1]) for side, p in ((outer, a), (inner, b), (outer, c))]
        if any(value is None for value, _ in values):
            raise ProofError("an interval that it needs is open-ended", where)
        u, v, w = (Fraction(value or 0, scale) for value, scale in values)
        if sign * (u + (middle - start) / (stop - start) * (w - u) - v) <= 0:
            raise ProofError("its intervals admit a straight line", where)
        spans.append((a, c))
    return spans


def _place_on_line(problem: _Problem, line: tuple[int, int], point: int) -> Fraction | None:
    """Return the t of a point ``a + t (c - a)`` on the line of points (a, c), None off it."""
    start, stop, row = (problem.rows[p] for p in (*line, point))
    step = [v * start[-1] - w * stop[-1] for v, w in zip(stop, start, strict=True)]
    away = [v * start[-1] - w * row[-1] for v, w in zip(row, start, strict=True)]
    axis = next((j for j, v in enumerate(step) if v), None)
    if axis is None or any(v * step[axis] != w * away[axis] for v, w in zip(away, step, strict=True)):
        return None
    return Fraction(away[axis] * stop[-1], step[axis] * row[-1])


# ============================================================================================================
# KERNEL, part PACKING: sets that some neuron each must bend take so many neurons
#
# docs/proof-format.md, `packing`.


def _add_packing(bound: _NeuronBound, part: Document, place: str) -> None:
    proven = _packing_bound(bound.problem, bound.circuits, part["sets"], bound.work, place)
    bound.raise_to(proven, place)


def _packing_bound(problem: _Problem, circuits: list[_Circuit], sets: object, work: _Work, place: str) -> int:
    """Return the bound of weighted curved sets: their weight by the most that one neuron cuts, rounded up.

    A neuron with output sign s helps to bend a set only if its hyperplane has samples of the set's side s
    strictly on both sides: those with positive weights for s = 1, with negative ones for s = -1, where the
    intervals force the sum of weighted values above 0. A hyperplane that cuts may be moved off all samples
    without cutting less, and whether it is turned round does not matter.
    """
    weights: dict[int, int] = {}
    sides: list[tuple[_Vector, _Vector]] = []
    for n, pair in enumerate(_list(sets, place)):
        where = f"{place}, set {n}"
        listed, weight = _row(pair, 2, where, "a circuit and a weight")
        number = _index(listed, len(circuits), where)
        if number in weights or not _whole(weight, where):
            raise ProofError("its circuit occurs twice, or its weight is zero", where)
        weights[number] = weight
        sides.append(_bent_sides(problem, circuits[number], work, where))
    if not sides:
        raise ProofError("it has no sets", place)
    points = sorted({p for pair in sides for side in pair for p in side})
    loads = [_Load(list(weights.values()), [pair[k] for pair in sides], points) for k in (0, 1)]
    most = 0
    for signs, groups in _walks([problem.rows[p] for p in points], work):
        for load in loads:
            work.charge(LOAD_UNITS * (len(points) + len(weights) + load.updates))
            most = max(most, load.most_along(signs, groups))
    if not most:
        raise ProofError("no hyperplane cuts any of its sets", place)
    return -(-sum(weights.values()) // most)


def _bent_sides(problem: _Problem, circuit: _Circuit, work: _Work, place: str) -> tuple[_Vector, _Vector]:
    """Return the sides of a set that neurons of sign 1, and of -1, must cut; reject one that may be flat."""
    if len(circuit.columns) < problem.size:
        raise ProofError("its circuit does not name all features", place)
    for sign in (1, -1):
        ends = [
            (sign * m, problem.low[p] if sign * m > 0 else problem.high[p])
            for p, m in circuit.weights.items()
        ]
        work.charge(sum(1 + _digits(m) * _digits(end or 0) // 32 for m, end in ends))
        if sum(m * (end or 0) for m, end in ends) > 0 and all(end is not None for _, end in ends):
            return circuit.sides if sign > 0 else circuit.sides[::-1]
    raise ProofError("its intervals admit an affine function", place)


class _Load:
    """The weight of the sets that one neuron of one output sign cuts, while samples change sides."""

    def __init__(self, weights: list[int], sides: list[tuple[int, ...]], points: list[int]) -> None:
        self.weights, self.sizes = weights, [len(side) for side in sides]
        members: dict[int, list[int]] = {p: [] for p in points}  # the sets to whose side each sample belongs
        for j, side in enumerate(sides):
            for p in side if len(side) > 1 else ():  # one sample alone cannot be cut
                members[p].append(j)
        self.members = list(members.values())
        self.updates = sum(map(len, self.members))

    def most_along(self, signs: list[bool], groups: list[list[int]]) -> int:
        """Return the most that is cut at `signs`, or after the first groups of samples have changed sides."""
        weights, sizes, members = self.weights, self.sizes, self.members
        above = [0] * len(weights)  # samples of each set on the positive side
        for place, sign in enumerate(signs):
            if sign:
                for j in members[place]:
                    above[j] += 1
        load = sum(w for w, n, size in zip(weights, above, sizes, strict=True) if 0 < n < size)
        most, signs = load, list(signs)
        for group in groups:
            for place in group:
                step = -1 if signs[place] else 1
                signs[place] = not signs[place]
                for j in members[place]:
                    was = above[j]
                    now = above[j] = was + step
                    if 0 < was < sizes[j]:
                        if not 0 < now < sizes[j]:
                            load -= weights[j]
                    elif 0 < now < sizes[j]:
                        load += weights[j]
            most = max(most, load)
        return most


def _walks(rows: list[_Vector], work: _Work) -> Iterator[tuple[list[bool], list[list[int]]]]:
    """Yield walks that pass every full-dimensional cell of two or more rows, or its opposite.

    A walk is on which side of each row it starts, and groups of rows whose side changes, one after the other:
    half a turn in a plane on which r - 2 independent rows vanish. Rows span r dimensions; outside them
    nothing changes. A cell is then a pointed cone, which for r > 1 has a face of dimension two. That face is
    part of such a plane, and no other row changes its sign within it: it lies between two neighbouring zeros
    of the turn. The rows that vanish on the plane have on the cell the signs of a cell of their own
    arrangement: every pattern, if they are independent.
    """
    work.charge(10 * len(rows[0]) ** 2)
    axes = [[int(i == j) for j in range(len(rows[0]))] for i in range(len(rows[0]))]
    flat = _orthogonal(axes, rows, work)
    spanned = _orthogonal(axes, flat, work)
    still_rows = len(spanned) - 2
    known: set[tuple[int, ...]] = set()
    # about so much is ahead: refused at once where that is too much
    work.charge(len(rows) * math.comb(len(rows), still_rows) << still_rows)
    for chosen in itertools.combinations(rows, still_rows):
        plane = _orthogonal(spanned, chosen, work)
        if len(plane) > 2:  # the rows are dependent
            continue
        work.charge(2 * len(rows) * (len(axes) + _units(_size_of(plane), _size_of(rows[:1]))))
        sides = [tuple(sum(map(operator.mul, row, v)) for v in plane) for row in rows]
        still = tuple(p for p, side in enumerate(sides) if not any(side))
        if still in known:
            continue
        known.add(still)
        signs, groups = _half_a_turn(sides, work)
        independent = len(still) == still_rows
        every = itertools.product((False, True), repeat=still_rows)
        for pattern in every if independent else _patterns([rows[p] for p in still], work):
            for p, sign in zip(still, pattern, strict=True):
                signs[p] = sign
            yield signs, groups


def _half_a_turn(sides: list[tuple[int, ...]], work: _Work) -> tuple[list[bool], list[list[int]]]:
    """Order samples by the angle at which a turning vector becomes orthogonal to them.

    Each is placed by ``-a / b`` in whole units of 2^-shift: fractions that differ, and whose denominators
    have so many bits, differ by more than 4^-bits.
    """
    shift = 2 * max(max(abs(b).bit_length() for _, b in sides), 1)
    work.charge(len(sides) * (8 + _units(1 + shift // 15, 1 + shift // 30)))
    signs = [b > 0 or (not b and a > 0) for a, b in sides]
    first = [p for p, (a, b) in enumerate(sides) if a and not b]
    places: dict[int, list[int]] = {}
    for p, (a, b) in enumerate(sides):
        if b:
            places.setdefault((-a << shift) // b, []).append(p)
    groups = [places[key] for key in sorted(places)]
    return signs, [first, *groups] if first else groups


def _patterns(rows: list[_Vector], work: _Work) -> set[tuple[bool, ...]]:
    """Return the signs of each full-dimensional cell of two or more rows, no two of them parallel."""
    found: set[tuple[bool, ...]] = set()
    for start, groups in _walks(rows, work):
        signs = list(start)
        for group in [[], *groups]:
            for place in group:
                signs[place] = not signs[place]
            work.charge(len(signs))
            found |= {tuple(signs), tuple(not sign for sign in signs)}
    return found


def _orthogonal(basis: list[list[int]], vectors: Iterable[Sequence[int]], work: _Work) -> list[list[int]]:
    """Return a basis, in integers, of all that some vectors are orthogonal to within the span of a basis."""
    for vector in vectors:
        work.charge(2 * len(vector) * len(basis) * (1 + _units(_size_of(basis), _size_of([vector]))))
        products = [sum(map(operator.mul, vector, b)) for b in basis]
        pivot = next((k for k, value in enumerate(products) if value), None)
        if pivot is not None:
            head, at_head = basis[pivot], products[pivot]
            mixed = (
                [at_head * v - products[k] * w for v, w in zip(b, head, strict=True)]
                for k, b in enumerate(basis)
                if k != pivot
            )
            basis = [[v // (math.gcd(*b) or 1) for v in b] for b in mixed]
    return basis


# ============================================================================================================
# KERNEL, part GAPS: of one feature, followed from both sides, no network of so many neurons is left
#
# docs/proof-format.md, `gaps`; docs/proofs.md, P5.


_Cone = frozenset[_Vector]
_Vectors = set[_Vector] | _Cone
_States = set[tuple[int, _Cone]]
# Ranges of some functions on a cone, the neurons used, and the cone.
_Ranged = tuple[list[tuple[float, float]], int, _Cone]


def _add_gaps(bound: _NeuronBound, part: Document, place: str) -> None:
    width = _whole(part["neurons"], place)
    if width != bound.proven:
        raise ProofError(f"gaps of {width} neurons where {bound.proven} is next", place)
    _Gaps(bound.problem, width, bound.work).check(part, place)
    bound.raise_to(width + 1, place)


class _Gaps:
    """Networks of one feature and at most so many neurons, by what they are between samples.

    A state is a cone of vectors ``(w, a, c, p, q)``: for w = 1 the network is ``a x + c`` at a sample, and
    ``p x + q`` of that are neurons that end further on. With a constant q is left out.
    """

    def __init__(self, problem: _Problem, neurons: int, work: _Work) -> None:
        self.problem, self.neurons, self.work = problem, neurons, work
        self.size = 4 if problem.constant else 5

    def check(self, part: Document, place: str) -> None:
        """Reject unless no network has so many neurons or fewer.

        All are followed from the first sample on and from the last one back, to a sample where both know the
        affine function that the network is there.
        """
        problem = self.problem
        if problem.size != 2 or problem.skip or problem.bound is not None:
            raise ProofError("gaps are of one feature, without a skip and a weight bound", place)
        order = sorted(range(len(problem.points)), key=problem.points.__getitem__)
        where = {p: i for i, p in enumerate(order)}
        meeting = _index(part["sample"], len(order), f"{place} sample")
        # how many knots are forced left of a sample, or right of it
        before, after = [0] * len(order), [0] * len(order)
        for span in _forced_knots(problem, part["before"], f"{place} before"):
            before[max(where[p] for p in span)] += 1
        for span in _forced_knots(problem, part["after"], f"{place} after"):
            after[min(where[p] for p in span)] += 1
        before = list(itertools.accumulate(before))
        after = list(itertools.accumulate(after[::-1]))[::-1]
        left = self._states(order[: meeting + 1], after[: meeting + 1], (order[0], order[-1]), 1)
        right = self._states(order[meeting:][::-1], before[meeting:][::-1], (), -1)
        if self._meet(left, right, _views(problem, order)):
            raise ProofError("some networks of so few neurons are left", place)

    def _vector(self, point: int, sign: int, pending: bool) -> _Vector:
        """Return a line of slope `sign` that is zero at a point, as part of a network, pending or not."""
        x, scale = self.problem.rows[point]
        step = (sign * scale, -sign * x)
        return (0, *step, *(step if pending else (0, 0)))[: self.size]

    def _states(self, path: list[int], needed: list[int], ends: tuple[int, ...], way: int) -> _States:
        """Return the states at the last of some points, passed in order, and neurons used for each.

        `needed` neurons are forced beyond each point and cannot be used before. Neurons that are active
        everywhere, lines of one sign between the `ends`, are used on the way to the right (`way` 1) alone.
        """
        lines = [line for s in (1, -1) for line in ((0, s, 0, s, 0), (0, 0, s, 0, s))]
        begin = {line[: self.size] for line in ((1, 0, 0, 0, 0), *lines)}
        everywhere = [
            [self._vector(ends[0], s, False), self._vector(ends[1], -s, False)] for s in (1, -1) if ends
        ]
        found: _States = set()
        self._extend(found, 0, begin, everywhere, path[0], needed[0])
        for i in range(1, len(path)):
            pieces = [
                [self._vector(p, sign, pending) for p in path[i - 1 : i + 1]]
                for sign in (way, -way)
                for pending in (True, False)
            ]
            passed: _States = set()
            for used, cone in found:
                self._extend(passed, used, cone, pieces, path[i], needed[i])
            found = passed
        return found

    def _extend(
        self, states: _States, used: int, cone: _Vectors, pieces: list[list[_Vector]], point: int, needed: int
    ) -> None:
        """Add what is left of a state on a point's interval, if anything, with every choice of neurons."""
        (x, scale), low, high = self.problem.rows[point], self.problem.low[point], self.problem.high[point]
        for count in range(min(len(pieces), self.neurons - needed - used) + 1):
            for chosen in itertools.combinations(pieces, count):
                grown: _Vectors = cone.union(*chosen)
                if low is not None:
                    grown = self._cut(grown, (-low, x, scale), low == high)
                if high is not None and low != high:
                    grown = self._cut(grown, (high, -x, -scale), False)
                if any(g[0] for g in grown):
                    states.add((used + count, frozenset(self._reduced(grown))))

    def _cut(self, cone: _Vectors, row: _Vector, exactly: bool) -> set[_Vector]:
        """Return generators of the part of a cone where a row is not negative, or zero (Motzkin 1953)."""
        above, below, found = [], [], set()
        for g in cone:
            value = sum(map(operator.mul, row, g))
            if value > 0:
                above.append((value, g))
            elif value < 0:
                below.append((-value, g))
            else:
                found.add(g)
        if not exactly:
            found.update(g for _, g in above)
        digits = _size_of(cone)
        self.work.charge(110 * (len(cone) + len(above) * len(below)) * _units(digits, digits))
        for (up, one), (down, other) in itertools.product(above, below):
            mixed = [down * v + up * w for v, w in zip(one, other, strict=True)]
            if divisor := math.gcd(*mixed):
                found.add(tuple(v // divisor for v in mixed))
        return found

    def _reduced(self, cone: _Vectors) -> list[_Vector]:
        """Leave out generators that others combine to, where there are many."""
        kept = sorted(cone)
        if len(kept) > 8:
            for g in sorted(cone, key=lambda g: sum(map(abs, g)), reverse=True):
                others = [other for other in kept if other != g]
                terms, factor, _ = _find_combination(others, g, self.work)
                sums = (sum(m * others[n][i] for n, m in terms) for i in range(self.size))
                if factor > 0 and all(m >= 0 for _, m in terms) and list(sums) == [factor * v for v in g]:
                    kept = others
        return kept

    def _meet(self, left: _States, right: _States, views: list[_Vector]) -> bool:
        """Whether states of both sides may have a network of so few neurons in common.

        What ends right of a sample has begun on the right, seen from there, and the other way round: both
        add up to the network, up to a constant where there is one. A pair has nothing in common where a
        vector is not positive on all that may be combined and positive on what is asked for (Farkas 1902).
        """
        turned = {
            (used, frozenset((w, a, c, a - p, *(c - v for v in q)) for w, a, c, p, *q in cone))
            for used, cone in right
        }
        sides = [[(self._ranges(cone, views), used, cone) for used, cone in side] for side in (left, turned)]
        for (_, used, cone), (_, further, rest) in self._overlapping(sides):
            if used + further <= self.neurons:
                columns = [(*g, g[0]) for g in cone] + [(*(-v for v in g), 0) for g in rest]
                target = (*[0] * self.size, 1)
                _, _, wall = _find_combination(columns, target, self.work, wall=True)
                if not wall or wall[-1] <= 0 or any(sum(map(operator.mul, wall, c)) > 0 for c in columns):
                    return True
        return False

    def _ranges(self, cone: _Cone, views: list[_Vector]) -> list[tuple[float, float]]:
        """Return bounds on linear functions of (a, c, p, q) where w = 1, whole numbers rounded outwards."""
        found = []
        for view in views:
            low, high = math.inf, -math.inf
            for w, *rest in cone:
                value = sum(map(operator.mul, view, rest)) << 64
                low = min(low, value // w if w else -math.inf if value < 0 else math.inf)
                high = max(high, -(-value // w) if w else math.inf if value > 0 else -math.inf)
            found.append((low, high))
        return found

    def _overlapping(self, sides: list[list[_Ranged]]) -> Iterator[tuple[_Ranged, _Ranged]]:
        """Yield the pairs, one of each side, of which all ranges overlap, in the order of one view."""
        ranged = [ranges for side in sides for ranges, _, _ in side]
        unbounded = [sum(map(math.isinf, itertools.chain(*ranges))) for ranges in zip(*ranged, strict=True)]
        view = unbounded.index(min(unbounded)) if ranged else 0
        order = [(state[0][view][0], k, n) for k in (0, 1) for n, state in enumerate(sides[k])]
        # the states of each side whose range of that view has begun and not ended
        under_way: list[list[_Ranged]] = [[], []]
        for least, k, n in sorted(order):
            state = sides[k][n]
            under_way[1 - k] = [other for other in under_way[1 - k] if other[0][view][1] >= least]
            under_way[k].append(state)
            self.work.charge(20 * (1 + len(under_way[1 - k])))
            for other in under_way[1 - k]:
                bounds = zip(state[0], other[0], strict=True)
                if all(low <= most and lowest <= high for (low, high), (lowest, most) in bounds):
                    yield (other, state) if k else (state, other)


# ============================================================================================================
# KERNEL, part CLASSES: step by step, no functions of patterns and no patterns of points are left
#
# docs/proof-format.md, "`densest`". A pattern is a text, 1 for an active neuron and 0 for another; a key
# has * besides, for either.


def _add_classes(bound: _NeuronBound, part: Document, place: str) -> None:
    signs = bound.signs(part, MAX_CLASS_NEURONS, bound.problem.skip, place)
    if "densest" not in bound.kinds:
        bound.work.charge(-WORK_OF_CLASSES)
    _check_step(bound, part["step"], _Situation(bound.problem, signs, bound.work), place)
    bound.refuted(signs)


def _covers(key: str, pattern: str) -> bool:
    """Whether a pattern has the bits that a key decides."""
    return all(mark in ("*", bit) for mark, bit in zip(key, pattern, strict=True))


def _range(factors: Sequence[Any], ends: Iterable[Sequence[Any]]) -> tuple[Any, Any]:
    """Return the least and the largest sum of numbers, each between two ends, times factors."""
    sides = [(f * low, f * high) for f, (low, high) in zip(factors, ends, strict=True)]
    return sum(map(min, sides)), sum(map(max, sides))


class _Box:
    """A box of coefficients of affine functions: their ends, also as integers over one denominator."""

    def __init__(self, ends: Sequence[tuple[Fraction, Fraction]]) -> None:
        self.ends = ends
        self.denominator = math.lcm(*(end.denominator for pair in ends for end in pair))
        self.whole = [[int(end * self.denominator) for end in pair] for pair in ends]


@dataclasses.dataclass
class _Situation:
    """What a step may take for granted: functions of patterns in boxes, and the patterns of some points."""

    problem: _Problem
    signs: Sequence[int]
    work: _Work
    known: Sequence[tuple[str, _Box]] = ()
    assigned: Mapping[int, list[str]] = dataclasses.field(default_factory=dict)
    keys: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.affine = int(self.problem.skip or self.problem.constant)
        self.patterns = ["".join(bits) for bits in itertools.product("01", repeat=len(self.signs))]
        self.functions = self._boxes_of(self.patterns, self.affine)
        # of neurons of one sign, without the affine term
        alone = [p for p in self.patterns if ("1" in self.of_sign(1, p)) != ("1" in self.of_sign(-1, p))]
        self.sums = self._boxes_of(alone, 0)
        self._possible: dict[int, list[str]] = {}

    def assigning(self, point: int, key: str) -> _Situation:
        """Return the situation in which a point has one of its patterns that a key covers."""
        found = copy.copy(self)
        found.assigned = {**self.assigned, point: [p for p in self.possible(point) if _covers(key, p)]}
        found.keys = [*self.keys, key]
        self.work.charge(len(found.assigned) + len(found.keys) + len(self.patterns) * len(key))
        return found

    def representatives(self, patterns: Iterable[str]) -> set[str]:
        """Return patterns with active neurons first among those that nothing tells apart."""
        told = list(zip(self.signs, *(pattern for pattern, _ in self.known), *self.keys, strict=True))
        found = set()
        for pattern in patterns:
            self.work.charge(len(told) * (len(self.known) + len(self.keys) + 1))
            bits: dict[tuple[int | str, ...], list[str]] = {}
            for kind, bit in sorted(zip(told, pattern, strict=True)):
                bits.setdefault(kind, []).append(bit)
            found.add("".join(bits[kind].pop() for kind in told))
        return found

    def possible(self, point: int) -> list[str]:
        """Return the patterns that a point may have: none that is covered by a key of those that are out."""
        if point in self.assigned:
            return self.assigned[point]
        if point not in self._possible:
            low, high = self.problem.low[point], self.problem.high[point]
            # with these neurons of one sign, whatever the others are, values are less or more than is allowed
            out = {
                self.of_sign(side, pattern)
                for pattern, box in self.functions
                if (side := self._side(box, point, low, high))
            }
            # a sum that is below 0 has inactive neurons if their sign is 1, active ones if it is -1
            out |= {
                "".join(
                    "01"[s == side] if bit == "1" else "*" for s, bit in zip(self.signs, part, strict=True)
                )
                for part, box in self.sums
                if (side := self._side(box, point, 0, 0))
            }
            self.work.charge(10 * len(self.patterns) * (len(out) + 1))
            self._possible[point] = [p for p in self.patterns if not any(_covers(key, p) for key in out)]
        return self._possible[point]

    def of_sign(self, sign: int, pattern: str) -> str:
        """Return the key of a pattern's neurons of one sign."""
        return "".join(bit if s == sign else "*" for s, bit in zip(self.signs, pattern, strict=True))

    def _boxes_of(self, patterns: Iterable[str], affine: int) -> list[tuple[str, _Box]]:
        """Return patterns whose functions are determined, with boxes that hold these."""
        columns = [(*map(int, one), self.affine) for one, _ in self.known]
        found = []
        for pattern in patterns:
            self.work.charge(20 * (len(columns) + 1) * (len(pattern) + 1))
            wanted = (*map(int, pattern), affine)
            factors = _find_factors(columns, wanted)
            if factors is None:
                continue
            rows = ([column[j] for column in columns] for j in range(len(wanted)))
            if [sum(map(operator.mul, factors, row)) for row in rows] != [*wanted]:
                raise ProofError("a pattern is no such combination of those known")
            self.work.charge(20 * (len(columns) + 1) * self.problem.size)
            ends = [_range(factors, [box.ends[j] for _, box in self.known]) for j in range(self.problem.size)]
            found.append((pattern, _Box(ends)))
        return found

    def _side(self, box: _Box, point: int, low: int | None, high: int | None) -> int:
        """Return 1 if all functions in a box are too low at a point, -1 if all are too high, else 0."""
        self.work.charge(2 * self.problem.digits[point] * _digits(box.denominator))
        least, largest = _range(self.problem.rows[point], box.whole)
        if low is not None and largest < low * box.denominator:
            return 1
        return -(high is not None and least > high * box.denominator)


def _check_step(bound: _NeuronBound, step: object, situation: _Situation, place: str) -> None:
    """Reject unless a step, and those that follow, refute the networks of a situation."""
    bound.nodes += 1
    if isinstance(step, dict) and "branch" in step:
        _check_branch(bound, _fields(step, ("branch", "next"), place), situation, place)
    elif isinstance(step, dict) and "value" in step:
        bound.leaves += 1
        _check_contradiction(_fields(step, ("value", "cone"), place), situation, place)
    else:
        _check_functions(bound, step, situation, place)


def _check_branch(bound: _NeuronBound, step: Document, situation: _Situation, place: str) -> None:
    """Verify that keys cover each pattern of a point, or one that is alike, and what follows."""
    point, steps = _index(step["branch"], len(situation.problem.points), place), step["next"]
    if point in situation.assigned and len(situation.possible(point)) == 1:
        raise ProofError(f"point {point} has its pattern", place)
    if not isinstance(steps, dict):
        raise ProofError(f"{_shown(steps)} is no object", place)
    left = wanted = situation.representatives(situation.possible(point))
    situation.work.charge(len(steps) * len(wanted) * len(situation.signs))
    for key in steps:
        own = {one for one in wanted if _covers(_bits(key, len(situation.signs), "01*", place), one)}
        if not own:
            raise ProofError(f"key {key} covers nothing that point {point} may have", place)
        left = left - own
    if left:
        raise ProofError(f"no key covers the pattern {min(left)} of point {point}", place)
    for key, following in steps.items():
        _check_step(bound, following, situation.assigning(point, key), place)


def _check_contradiction(step: Document, situation: _Situation, place: str) -> None:
    """Verify multipliers (Farkas) of rows that hold whatever patterns points have."""
    problem, signs, total = situation.problem, situation.signs, 0
    terms: list[tuple[int, ...]] = []  # neuron, -1 being the affine term, and point and multiplier of a row
    for listed, text, given in (_row(item, 3, place) for item in _list(step["value"], place)):
        point, m = _index(listed, len(problem.points), place), _multiplier(given, place)
        pattern, end = _bits(text, len(signs), "01", place), (problem.low if m > 0 else problem.high)[point]
        key = situation.of_sign(1 if m > 0 else -1, pattern)
        if end is None or not all(_covers(key, one) for one in situation.possible(point)):
            raise ProofError(f"the function of {text} may miss point {point}'s interval on that side", place)
        total += m * end
        terms += [(k, point, s * m) for k, s in enumerate(signs) if pattern[k] == "1"]
        terms += [(-1, point, m)] * situation.affine
    for k, point, m in _triples(step["cone"], len(signs), len(problem.points), place):
        if any((one[k] == "1") != (m > 0) for one in situation.possible(point)):
            raise ProofError(f"neuron {k} may be otherwise on point {point}", place)
        terms.append((k, point, m))
    sums = [[0] * problem.size for _ in range(len(signs) + 1)]
    for k, point, m in terms:
        situation.work.charge(problem.size + _digits(m) * problem.digits[point] // 32)
        sums[k] = [value + m * entry for value, entry in zip(sums[k], problem.rows[point], strict=True)]
    if problem.constant:
        sums[-1] = sums[-1][-1:]
    if any(map(any, sums)) or total <= 0:
        raise ProofError("its rows do not add up to a contradiction", place)


def _check_functions(bound: _NeuronBound, listed: object, situation: _Situation, place: str) -> None:
    """Verify that the function of one of some patterns is in one of some boxes, and what follows."""
    step, problem = _fields(listed, ("points", "patterns", "plan", "boxes"), place), situation.problem
    points = _indices(step["points"], len(problem.points), place)
    patterns = [_bits(text, len(situation.signs), "01", place) for text in _list(step["patterns"], place)]
    if not points or len(set(points)) != len(points) or len(set(patterns)) != len(patterns):
        raise ProofError("its points are none, or one occurs twice, or a pattern", place)
    for point in points:
        if missing := set(situation.possible(point)).difference(patterns):
            raise ProofError(f"point {point} may have the pattern {min(missing)}, which is not listed", place)
    steps = [_fields(item, ("box", "next"), f"{place}, a box") for item in _list(step["boxes"], place)]
    boxes = [_Box(_ranges(item["box"], problem.size, place)) for item in steps]
    plan = [_indices(_row(level, 2, place), len(points) + 1, place) for level in _list(step["plan"], place)]
    if not all(map(all, plan)):
        raise ProofError("a level of the plan has groups and picks", place)
    if patterns:
        functions = _Functions(problem, boxes, situation.work, place)
        rows, needed = list(map(functions.row_of, points)), -(-len(points) // len(patterns))
        functions.search(rows, list(range(problem.size)), needed, [], plan, (0, 0, 0))
    elif plan or boxes:
        raise ProofError("a point without patterns needs no plan and no boxes", place)
    bound.leaves += not boxes
    wanted = tuple(sorted(situation.representatives(patterns)))
    for n, (item, box) in enumerate(zip(steps, boxes, strict=True)):
        for pattern, following in _fields(item["next"], wanted, f"{place}, box {n}").items():
            known = dataclasses.replace(situation, known=[*situation.known, (pattern, box)])
            _check_step(bound, following, known, f"{place}, {n} of {pattern}")


# What is left of a point's row: the point, its value and by how much that may be wrong, by how much
# coefficients may be, and they; integers, times two to the power of `FIXED_BITS`.
_Row = tuple[int, int, int, int, list[int]]


@dataclasses.dataclass
class _Functions:
    """Enumerates affine functions that meet many of some points, and looks for each in the boxes."""

    problem: _Problem
    boxes: Sequence[_Box]
    work: _Work
    place: str

    def row_of(self, point: int) -> _Row:
        """Return a point's row, divided by a power of two so that the largest entry is about 1."""
        low, high, row = self.problem.low[point], self.problem.high[point], self.problem.rows[point]
        if low is None or high is None:
            raise ProofError(f"the interval of point {point} is open", self.place)
        size = max(map(int.bit_length, row))
        self.work.charge(self.problem.digits[point])
        low, high = low << FIXED_BITS >> size, -(-high << FIXED_BITS >> size)
        middle = (low + high) >> 1
        return point, middle, high - middle, 1, [v << FIXED_BITS >> size for v in row]

    def search(
        self,
        rows: list[_Row],
        unknowns: list[int],
        needed: int,
        picked: list[int],
        plan: Sequence[Sequence[int]],
        group: tuple[int, int, int],
    ) -> None:
        """Find all functions that meet the picked points and so many of the rows.

        The next ones are picked in every way from a group: where it begins and ends, and how many are still
        to be picked from it; those passed over are not met.
        """
        if len(rows) < needed:
            return
        if needed <= 0:
            raise ProofError("enough points are met by more functions than a box holds", self.place)
        if len(unknowns) == 1:
            self._read_off(rows, unknowns[0], needed, picked)
            return
        groups = [group]
        if group[2] == 0:
            (count, picks), *plan = plan or [(1, 1)]
            if picks > -(-needed // count):
                raise ProofError("its plan picks more from a group than there must be", self.place)
            self.work.charge(10 * count)
            ends = [len(rows) * g // count for g in range(count + 1)]
            groups = [(start, stop, picks) for start, stop in itertools.pairwise(ends)]
        for start, stop, picks in groups:
            for k in range(start, min(stop - picks, start + len(rows) - needed) + 1):
                left, column = self._eliminated(rows, start, k)
                others, chosen = unknowns, picked
                if column is not None:
                    others, chosen = [*unknowns], [*picked, rows[k][0]]
                    others[column] = others[-1]
                    others.pop()
                rest = start, stop - (k - start) - 1, picks - 1
                self.search(left, others, needed - 1, chosen, plan, rest)

    def _eliminated(self, rows: list[_Row], start: int, k: int) -> tuple[list[_Row], int | None]:
        """Return the rows but those from `start` to k, an unknown eliminated by row k, and its column.

        The exact multiple of row k that is taken off another is within `off` of `factor`. Coefficients of
        row k are at most `largest`, and each shift rounds by less than 1.
        """
        others = rows[:start] + rows[k + 1 :]
        _, value, spread, error, picked = rows[k]
        sizes = list(map(abs, picked))
        largest = max(sizes)
        # the first that is nearly the largest: whoever rounds differently finds the same
        column = next(j for j, size in enumerate(sizes) if 8 * size >= 7 * largest)
        self.work.charge(5 * (len(others) + 1) * (len(sizes) + 6))
        if _is_unclear(sizes[column], error):
            return others, None
        divisor, least, size, left = picked[column], sizes[column] - error, abs(value), []
        for origin, own_value, own_spread, own_error, own in others:
            factor = (own[column] << FIXED_BITS) // divisor
            reach = abs(factor) + 1
            off = ((own_error << FIXED_BITS) + reach * error) // least + 2
            reach += off
            new = [a - (factor * b >> FIXED_BITS) for a, b in zip(own, picked, strict=True)]
            new[column] = new[-1]
            new.pop()
            left.append((
                origin,
                own_value - (factor * value >> FIXED_BITS),
                own_spread + ((reach * spread + off * size) >> FIXED_BITS) + 2,
                own_error + ((reach * error + off * largest) >> FIXED_BITS) + 2,
                new,
            ))  # fmt: skip
        return left, column

    def _read_off(self, rows: list[_Row], unknown: int, needed: int, picked: list[int]) -> None:
        """Find the ranges of the last unknown in which enough rows are met."""
        self.work.charge(20 * len(rows))
        ends: list[tuple[int, int]] = []
        for _, value, spread, error, (coefficient,) in rows:
            size = abs(coefficient)
            if not _is_unclear(size, error):
                middle = (value << FIXED_BITS) // coefficient
                off = ((spread << FIXED_BITS) + (abs(middle) + 1) * error) // (size - error) + 2
                ends += [(middle - off, 0), (middle + off, 1)]
        met = len(rows) - len(ends) // 2  # those that are met whatever the unknown is
        if met >= needed:
            raise ProofError("enough points are met by more functions than a box holds", self.place)
        begun = 0
        for end, closes in sorted(ends):
            if closes and met == needed:
                self._look_up(picked, unknown, begun, end)
            met += -1 if closes else 1
            if not closes and met == needed:
                begun = end

    def _look_up(self, picked: list[int], unknown: int, low: int, high: int) -> None:
        """Reject unless the functions that meet picked points, one unknown in a range, are all in one box."""
        problem, size = self.problem, len(picked) + 1
        matrix = [*map(problem.rows.__getitem__, picked), tuple(int(j == unknown) for j in range(size))]
        ends = [((problem.low[p] or 0) << FIXED_BITS, (problem.high[p] or 0) << FIXED_BITS) for p in picked]
        inverse, factor = _find_inverse(matrix, self.work)
        self.work.charge(2 * size**3 * _units(_size_of(inverse), _size_of(matrix)))
        columns = list(zip(*matrix, strict=True))
        products = [[sum(map(operator.mul, line, column)) for column in columns] for line in inverse]
        if factor <= 0 or products != [[factor * (i == j) for j in range(size)] for i in range(size)]:
            raise ProofError("points depend on each other", self.place)
        # of each coefficient, times `factor`
        function = [_range(line, [*ends, (low, high)]) for line in inverse]
        factor <<= FIXED_BITS
        for box in self.boxes:
            self.work.charge(4 * size * _units(_digits(factor), _digits(box.denominator)))
            if all(
                a * factor <= least * box.denominator and most * box.denominator <= b * factor
                for (a, b), (least, most) in zip(box.whole, function, strict=True)
            ):
                return
        raise ProofError(
            f"a function that meets {size - 1} points, and others, is in none of its boxes", self.place
        )


def _is_unclear(size: int, error: int) -> bool:
    """Whether a coefficient is too near to 0, or too wrong, to divide by it."""
    return size >> (FIXED_BITS - PIVOT_BITS) == 0 or error << PIVOT_ERROR_BITS > size


# ============================================================================================================
# KERNEL, part ENTRIES: every network of fewer weights or parameters is refuted by some tree
#
# docs/proof-format.md, "Version 2".


class _EntryBound(_Bound):
    """How many weights or parameters are necessary (docs/proof-format.md, version 2)."""

    def __init__(self, problem: _Problem, objective: str, circuits: list[_Circuit], work: _Work) -> None:
        super().__init__(problem, objective, circuits, work)
        self._counted = problem.size - (objective == "weights")
        self._refuted: set[tuple[_Kind, ...]] = set()
        self.rules = {
            "curvature": (("triples",), _EntryBound._add_curvature),
            "packing": (("sets",), _EntryBound._add_packing),
            "supports": (("neurons", "nodes"), _EntryBound._add_tree),
        }

    def _add_curvature(self, part: Document, place: str) -> None:
        if self.kinds:
            raise ProofError("knots come first", place)
        spans, rows = _forced_knots(self.problem, part["triples"], place), self.problem.rows
        apart = [any(v * w < 0 for v, w in zip(rows[a], rows[c], strict=True)) for a, c in spans]
        # the knot of a neuron of one parameter is where its input is 0
        self.proven = len(spans) + (self.objective == "parameters") * apart.count(False)
        if not self.proven:
            raise ProofError("no knots add nothing", place)

    def _add_packing(self, part: Document, place: str) -> None:
        if self.kinds:
            raise ProofError("a packing comes first", place)
        # neurons with different hyperplanes, each of which has a weight
        self.proven = _packing_bound(self.problem, self.circuits, part["sets"], self.work, place)

    def _add_tree(self, part: Document, place: str) -> None:
        problem, free = self.problem, self.objective == "weights"
        if problem.bound is not None:
            raise ProofError("weights are bounded, and sums of neurons may exceed the bound", place)
        kinds = [self._kind(pair, place) for pair in _list(part["neurons"], place)]
        key = tuple(sorted(kinds))
        if len(kinds) > MAX_NEURONS or key in self._refuted:
            raise ProofError("too many neurons, or refuted before", place)
        self._refuted.add(key)
        bias = (problem.size - 1,) * free
        usable = [(entries + bias, sign) for entries, sign in self._with_bits(kinds)]
        sides = [(entries[0], s) for entries, s in kinds if self._is_column(entries)]
        # a neuron without weights costs none, so that a constant is free whatever the problem says
        constant = not problem.skip and (problem.constant or free)
        tree = _Tree(problem, self.circuits, usable, constant, problem.skip, self.work, sides)
        self.refute(tree, part["nodes"], place)

    def _is_column(self, entries: tuple[int, ...]) -> bool:
        """Whether they mean a multiple, of either sign, of max(0, s x_j); s is told in its place."""
        return self.objective == "parameters" and len(entries) == 1

    def _with_bits(self, kinds: Iterable[_Kind]) -> tuple[_Kind, ...]:
        return tuple(kind for kind in kinds if not self._is_column(kind[0]))

    def _signs(self, kinds: tuple[_Kind, ...]) -> tuple[int, ...]:
        return tuple(sorted(sign for _, sign in self._with_bits(kinds)))

    def _kind(self, pair: object, place: str) -> _Kind:
        listed, sign = _row(pair, 2, place, "entries and a sign")
        entries = tuple(_indices(listed, self._counted, place))
        if not entries or any(a >= b for a, b in itertools.pairwise(entries)):
            raise ProofError("a neuron's entries are some, and in order", place)
        return entries, _sign(sign, place)

    def finish(self, claimed: int) -> None:
        """Reject unless every network of fewer entries is refuted, or more: as many neurons that hold it.

        Each of them may use all that a neuron of the network uses, of the same sign. None of them is left
        over: it would be zero in the network, and merging it would prove nothing.
        """
        if claimed < self.proven:
            raise ProofError(f"{claimed} is claimed and {self.proven} proven", "lower_bound")
        for budget in range(self.proven, claimed):
            large: dict[tuple[int, ...], list[tuple[_Kind, ...]]] = {}
            for key in self._refuted:
                if sum(len(entries) for entries, _ in key) > budget:
                    large.setdefault(self._signs(key), []).append(key)
            for network in self._networks(self._kinds_up_to(budget), (), budget):
                fitting = large.get(self._signs(network), [])
                if network not in self._refuted and not any(self._holds(key, network) for key in fitting):
                    shown = _shown([[list(entries), sign] for entries, sign in network])
                    raise ProofError(f"{budget} {self.objective}: {shown} is not refuted", "parts")
        self.proven = claimed

    def _kinds_up_to(self, budget: int) -> list[_Kind]:
        """Return the kinds that neurons of a network of so many entries may have, sorted as keys are."""
        kinds: list[_Kind] = []
        for size in range(1, min(budget, self._counted) + 1):
            self.work.charge(2 * size * math.comb(self._counted, size))
            for entries in itertools.combinations(range(self._counted), size):
                kinds += [(entries, -1), (entries, 1)]
        return sorted(kind for kind in kinds if not self._is_spare(*kind))

    def _is_spare(self, entries: tuple[int, ...], side: int) -> bool:
        """Whether it is a column that is zero, or that others and what is free make up for."""
        skip, last = self.problem.skip, entries[0] == self.problem.size - 1
        spare = (last and (side < 0 or self.problem.constant)) or (skip and (side < 0 or last))
        return self._is_column(entries) and spare

    def _networks(
        self, kinds: list[_Kind], network: tuple[_Kind, ...], left: int
    ) -> Iterator[tuple[_Kind, ...]]:
        """Generate what extends a network by so many entries, its kinds in order from those given."""
        self.work.charge(10 + len(kinds) + len(network))
        if left == 0:
            yield network
        for n, (entries, sign) in enumerate(kinds):
            if len(entries) <= left:
                others = kinds[n + self._is_column(entries) :]  # one of each column, any number of others
                yield from self._networks(others, (*network, (entries, sign)), left - len(entries))

    def _holds(self, large: tuple[_Kind, ...], small: tuple[_Kind, ...]) -> bool:
        self.work.charge(1 + len(small) * len(large))
        if any(self._is_column(entries) for entries, _ in set(small) - set(large)):
            return False
        large, small = self._with_bits(large), self._with_bits(small)
        partners = _find_partners(large, small, self.work)
        return sorted(partners) == list(range(len(large))) and all(
            sign == large[m][1] and set(entries) <= set(large[m][0])
            for m, (entries, sign) in zip(partners, small, strict=True)
        )


# ============================================================================================================
# FINDING: answers that the kernel verifies, and words; nothing here needs to be believed


def _read_network(
    problem: _Problem, objective: str, upper: int, witness: object, work: _Work
) -> tuple[list[int], list[Point], Point | None]:
    """Return the output signs, neurons and affine term of a witness."""
    if isinstance(witness, dict) and witness.get("kind") == "polyline":
        if objective == "parameters":
            raise ProofError("a polyline does not say how many parameters it takes", "witness")
        return _polyline_as_network(problem, upper, witness, work)
    witness = _fields(witness, ("kind", "signs", "neurons", "skip"), "witness")
    if witness["kind"] != "network":
        raise ProofError("its kind is neither 'network' nor 'polyline'", "witness")
    signs = [_sign(s, f"witness signs[{k}]") for k, s in enumerate(_list(witness["signs"], "witness signs"))]
    table = _list(witness["neurons"], "witness neurons")
    neurons = [_vector(row, problem.size, f"witness neuron {k}") for k, row in enumerate(table)]
    affine = None if witness["skip"] is None else _vector(witness["skip"], problem.size, "witness skip")
    return signs, neurons, affine


def _read_shared_network(
    problem: _Problem, count: int, witness: object
) -> tuple[list[Point], list[Point], list[Point] | None]:
    """Return the neurons, output weights and affine terms of a witness with several outputs."""
    witness = _fields(witness, ("kind", "neurons", "outputs", "skip"), "witness")
    if witness["kind"] != "outputs":
        raise ProofError("its kind is not 'outputs'", "witness")
    shapes = (("neurons", problem.size), ("outputs", count), ("skip", problem.size))
    neurons, weights, affine = (
        [
            _vector(row, length, f"witness {name}[{k}]")
            for k, row in enumerate(_list(witness[name], f"witness {name}"))
        ]
        if witness[name] is not None or name != "skip"
        else None
        for name, length in shapes
    )
    assert neurons is not None
    assert weights is not None
    return neurons, weights, affine


def _polyline_as_network(
    problem: _Problem, upper: int, witness: Document, work: _Work
) -> tuple[list[int], list[Point], Point | None]:
    """Return the network with a skip that is linear between some points and beyond them: a neuron a bend."""
    _fields(witness, ("kind", "points"), "witness")
    if problem.size != 2 or not problem.skip or problem.bound is not None:
        raise ProofError("a polyline needs one feature, a skip and no weight bound", "witness")
    table = _list(witness["points"], "witness points")
    points = [_vector(pair, 2, f"witness points[{n}]") for n, pair in enumerate(table)]
    if len(points) != upper + 2:
        raise ProofError(f"{len(points)} points have not {upper} between the first and last", "witness")
    slopes = []
    for (x, y), (z, other) in itertools.pairwise(points):
        if x >= z:
            raise ProofError("its points are not in order", "witness")
        digits = max(_digits(v.numerator) + _digits(v.denominator) for v in (x, y, z, other))
        work.charge(8 + digits**2 // 4)
        slopes.append((other - y) / (z - x))
    changes = [after - before for before, after in itertools.pairwise(slopes)]
    neurons: list[Point] = [(abs(c), -abs(c) * x) for c, (x, _) in zip(changes, points[1:-1], strict=True)]
    (x, y), slope = points[0], slopes[0]
    return [1 if c > 0 else -1 for c in changes], neurons, (slope, y - slope * x)


def _find_combination(
    columns: Sequence[Sequence[int]], target: Sequence[int], work: _Work, *, wall: bool = False
) -> tuple[list[tuple[int, int]], int, list[int]]:
    """Find a combination of columns with coefficients that are not negative, or see that there is none.

    The simplex method in integers over one denominator, with Bland's rule: the sum of what is left of the
    target falls to zero or cannot.

    Returns
    -------
    terms : list of pairs of a column's number and its coefficient
        They add up to `factor` times the target; nothing if there is no combination.
    factor : int
    separating : list of int
        With `wall`, if there is none: a vector not positive on the columns, and positive on the target.
    """
    axes = [[int(i == j) for j in range(len(target))] if wall else [] for i in range(len(target))]
    rows = [[*entries, *axis, value] for *entries, value, axis in zip(*columns, target, axes, strict=True)]
    rows = [[-v for v in row] if row[-1] < 0 else row for row in rows]
    basis, denominator = [-1] * len(rows), 1
    while True:
        left = [row for row, column in zip(rows, basis, strict=True) if column < 0]
        enter = next((j for j in range(len(columns)) if sum(row[j] for row in left) > 0), None)
        if enter is None:
            break
        ratios = [
            (Fraction(row[-1], row[enter]), basis[i], i) for i, row in enumerate(rows) if row[enter] > 0
        ]
        place = min(ratios)[2]
        digits = max(map(_digits, rows[place]))
        work.charge(18 * len(rows) * len(columns) * _units(digits, digits))
        pivot_row, pivot = rows[place], rows[place][enter]
        rows = [
            row
            if i == place
            else [(v * pivot - row[enter] * u) // denominator for v, u in zip(row, pivot_row, strict=True)]
            for i, row in enumerate(rows)
        ]
        basis[place], denominator = enter, pivot
    if any(row[-1] for row in left):
        return [], 0, [sum(row[len(columns) + i] for row in left) for i in range(len(target) * wall)]
    return [(j, row[-1]) for j, row in zip(basis, rows, strict=True) if j >= 0], denominator, []


def _views(problem: _Problem, order: list[int]) -> list[tuple[int, ...]]:
    """Return functions of (a, c, p, q) that tell states apart: network and pending parts at both ends."""
    (x, _), (z, _) = problem.rows[order[0]], problem.rows[order[-1]]
    # of the network, and of the parts of it that are pending seen from the left and from the right
    views: list[tuple[int, ...]] = [(x, 1, 0, 0), (z, 1, 0, 0), (0, 0, 1), (1, 0, -1)]
    if not problem.constant:
        views += [(0, 0, x, 1), (0, 0, z, 1), (x, 1, -x, -1), (z, 1, -z, -1)]
    return views


def _find_partners(large: tuple[_Kind, ...], small: tuple[_Kind, ...], work: _Work) -> list[int]:
    """Find for each kind of `small` one of `large` that may use no less (Kuhn's augmenting paths)."""
    fits = [
        [m for m, (wide, s) in enumerate(large) if s == sign and set(entries) <= set(wide)]
        for entries, sign in small
    ]
    work.charge(1 + len(large) + sum(2 + len(wide) for wide, _ in large) * len(small) * (1 + len(small)))
    owner: dict[int, int] = {}

    def seat(k: int, seen: set[int]) -> bool:
        for m in fits[k]:
            if m not in seen:
                seen.add(m)
                if m not in owner or seat(owner[m], seen):
                    owner[m] = k
                    return True
        return False

    return sorted(owner, key=owner.__getitem__) if all(seat(k, set()) for k in range(len(small))) else []


def _spell_path(steps: list[tuple[int, str]]) -> str:
    """Spell the way to a node, at most its last ten steps."""
    spelled = ", ".join(f"point {point} = {_shortened(bits)}" for point, bits in steps[-10:])
    return f" ({'..., ' * (len(steps) > 10)}{spelled})" if steps else ""


def _find_factors(columns: Sequence[Sequence[int]], target: Sequence[int]) -> list[Fraction] | None:
    """Return factors with which columns add up to a target, None if none do."""
    rows = [[Fraction(v) for v in row] for row in zip(*columns, target, strict=True)]
    leading: list[int] = []
    for j in range(len(columns)):
        done = len(leading)
        i = next((i for i in range(done, len(rows)) if rows[i][j]), None)
        if i is None:
            continue
        rows[done], rows[i] = rows[i], rows[done]
        rows[done] = [v / rows[done][j] for v in rows[done]]
        for other in range(len(rows)):
            if other != done and rows[other][j]:
                factor = rows[other][j]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[done], strict=True)]
        leading.append(j)
    if any(row[-1] for row in rows[len(leading) :]):
        return None
    factors = [Fraction(0)] * len(columns)
    for i, j in enumerate(leading):
        factors[j] = rows[i][-1]
    return factors


def _find_inverse(matrix: Sequence[_Vector], work: _Work) -> tuple[list[list[int]], int]:
    """Return the inverse of a matrix times a positive number, and that; nothing and 0 if it has none.

    Elimination without fractions (Bareiss 1968).
    """
    size, factor = len(matrix), 1
    rows = [[*row, *(int(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for j in range(size):
        place = next((i for i in range(j, size) if rows[i][j]), None)
        if place is None:
            return [], 0
        rows[j], rows[place] = rows[place], rows[j]
        pivot_row, pivot = rows[j], rows[j][j]
        digits = max(map(_digits, pivot_row))
        work.charge(10 * size**2 * _units(digits, digits))
        rows = [
            row
            if i == j
            else [(v * pivot - row[j] * u) // factor for v, u in zip(row, pivot_row, strict=True)]
            for i, row in enumerate(rows)
        ]
        factor = pivot
    side = 1 if factor > 0 else -1
    return [[side * v for v in row[size:]] for row in rows], abs(factor)


# ============================================================================================================
# THE COMMAND LINE


AFFINE = {"none": "without an affine term", "constant": "with a constant", "skip": "with a skip"}


def describe(checked: Checked) -> str:
    """Return one sentence on what a verified proof says."""
    upper = checked.upper_bound
    if upper is None:
        claim = f"at least {checked.lower_bound}"
    elif upper == checked.lower_bound:
        claim = f"exactly {upper}"
    else:
        claim = f"between {checked.lower_bound} and {upper}"
    bound = "" if checked.weight_bound is None else f" and weights of at most {checked.weight_bound:.40}"
    affine = AFFINE[checked.affine]
    data = "the data given" if checked.data_compared else "the data in it"
    outputs = "" if checked.direction is None else f", m = {len(checked.direction)}"
    return (
        f"verified: the fewest {checked.objective} on {data} "
        f"(N = {checked.samples}, d = {checked.features}{outputs}, {checked.labels}), {affine}{bound}, are "
        f"{claim} "
        f"({', '.join(checked.kinds) or 'no lower bound'}; {checked.leaves} leaves)"
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0 when verified, 1 when rejected, 2 when there is nothing to check."""
    parser = argparse.ArgumentParser(
        description="Check a proof of the fewest neurons, weights or parameters."
    )
    parser.add_argument("proof", help="a proof, .json or .json.gz")
    parser.add_argument("data", nargs="?", help="a saved problem (.json) or a table (.csv, last columns y)")
    parser.add_argument("--affine", choices=tuple(AFFINE), help="the affine term it must be about")
    parser.add_argument("--tolerance", type=float, help="the distance from labels it must be about; 0: exact")
    parser.add_argument("--weight-bound", type=float, help="the bound on weights it must be about")
    parser.add_argument("--classify", action="store_true", help="it must be about two classes")
    parser.add_argument("--objective", help="what must be counted: neurons, weights or parameters")
    parser.add_argument("--margin", type=float, help="the margin of two classes; 1 by default")
    asked = parser.parse_args(arguments)
    if asked.margin is not None and not asked.classify:
        parser.error("--margin is the margin of two classes: add --classify")
    margin = 1.0 if asked.classify and asked.margin is None else asked.margin
    about = {"affine": asked.affine, "tolerance": asked.tolerance, "weight_bound": asked.weight_bound}
    try:
        wanted = {"margin": margin, "objective": asked.objective}
        print(describe(check_proof(asked.proof, asked.data, **about, **wanted)))
    except UnreadableError as error:
        print(f"unreadable: {error}")
        return 2
    except ProofError as error:
        print(f"rejected: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
