"""What a piece of a search reports, kept as compressed text until it is replayed where it belongs.

A line is one call of `ProofLog`: a JSON array of its name and arguments, bits as "101" and numbers exact.
"""

import json
import re
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import flint

from sparsest.errors import InputError
from sparsest.exact.arithmetic.farkas import Multipliers, in_integers
from sparsest.exact.arithmetic.number_text import integer_text
from sparsest.exact.arithmetic.rational_problem import Row
from sparsest.exact.proof.log import Bits, ProofLog
from sparsest.io.strict_json import parse

# A piece's text is some hundred bytes a node, and at most a few ten thousand nodes long.
MAX_PIECE_BYTES: Final = 2**28
_INTEGER: Final = re.compile(r"-?(0x[0-9a-f]{1,200000}|[0-9]{1,17})")

Prefix = tuple[tuple[int, Bits], ...]
Event = tuple[Any, ...]


@dataclass(frozen=True)
class Shape:
    """Sizes that the events of a search keep within: samples, features and neurons."""

    n_samples: int
    n_features: int
    width: int


class EventLog(ProofLog):
    """Keeps what a search reports."""

    writes = True

    def __init__(self) -> None:
        self._lines: list[str] = []

    @property
    def packed(self) -> bytes:
        """What was reported, compressed."""
        return zlib.compress("\n".join(self._lines).encode(), 1)

    def branch(self, sample: int, choices: Sequence[Sequence[int]], needed: int) -> None:  # noqa: D102
        self._add("branch", sample, [text_of(bits) for bits in choices], needed)

    def enter(self, bits: Bits) -> None:  # noqa: D102
        self._add("enter", text_of(bits))

    def leave(self) -> None:  # noqa: D102
        self._add("leave")

    def refuted(self, multipliers: Multipliers) -> None:  # noqa: D102
        numbers = [[row.sample, row.neuron, row.coordinate, integer_text(m)] for row, m in multipliers]
        self._add("refuted", numbers)

    def merged(self, neuron: int) -> None:  # noqa: D102
        self._add("merged", neuron)

    def unproven(self) -> None:  # noqa: D102
        self._add("unproven")

    def densest(self, step: Mapping[str, Any]) -> None:  # noqa: D102
        self._add("densest", step)

    def left_open(self, prefix: Prefix) -> None:  # noqa: D102
        self._add("left_open", prefix_document(prefix))

    def _add(self, *event: object) -> None:
        self._lines.append(json.dumps(event, separators=(",", ":")))


def replay(pieces: Mapping[Prefix, bytes], log: ProofLog) -> None:
    """Report the events of a whole tree in depth-first order, those of subtrees left open in their place."""
    stack: list[Iterator[Event]] = [_events(pieces[()])]
    while stack:
        event = next(stack[-1], None)
        if event is None:
            stack.pop()
        elif event[0] == "left_open":
            stack.append(_events(pieces[event[1]]))
        else:
            getattr(log, event[0])(*event[1:])


def refuse_inconsistent(pieces: Mapping[Prefix, bytes], left: Collection[Prefix], shape: Shape) -> None:
    """Raise `InputError` unless pieces from a file and the subtrees left open make up one tree.

    Whether what they report is true is not asked: the checker of the proof does that.
    """
    mentioned: list[Prefix] = [()]
    for prefix, packed in pieces.items():
        mentioned += _left_open_in(prefix, packed, shape)
    there = [*pieces, *left]
    if sorted(mentioned) != sorted(there) or len(set(there)) != len(there):
        raise InputError("its pieces do not make up one tree")


def _left_open_in(prefix: Prefix, packed: bytes, shape: Shape) -> list[Prefix]:
    """Follow a piece's events from node to node, and return the subtrees that it left open."""
    path, branched, at_node, left = list(prefix), list[int](), True, list[Prefix]()
    for event in _events(packed, shape):
        name = event[0]
        if at_node != (name not in ("enter", "leave")) or (not at_node and not branched):
            raise InputError(f"the event {name!r} is out of place")
        if name == "branch":
            if event[1] in {sample for sample, _ in path}:
                raise InputError("it branches on a sample twice")
            branched.append(event[1])
            at_node = False
            continue
        if name == "enter":
            path.append((branched[-1], event[1]))
            at_node = True
            continue
        if name == "leave":
            branched.pop()
        if name == "left_open":
            if event[1] != tuple(path):
                raise InputError("a subtree is left open where the search was not")
            left.append(event[1])
        # the node is closed
        if branched:
            path.pop()
        at_node = False
    if at_node or branched:
        raise InputError("a piece ends before its tree does")
    return left


def unpacked(packed: bytes, max_bytes: int = MAX_PIECE_BYTES) -> bytes:
    """Return the text of a piece; raise `InputError` if it is damaged or longer than that."""
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(packed, max_bytes)
    except zlib.error as error:
        raise InputError(f"a piece cannot be unpacked: {error}") from None
    if not unpacking.eof:
        raise InputError("a piece is incomplete, or too long")
    return text


def _events(packed: bytes, shape: Shape | None = None) -> Iterator[Event]:
    """Unpack events; those from outside, which come with a `shape`, are checked against it."""
    for line in unpacked(packed).splitlines():
        try:
            event = _event(parse(line))
            if shape is not None:
                _check(event, shape)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise InputError(f"unreadable event {line[:40]!r}") from None
        yield event


def _event(document: Any) -> Event:
    name, *arguments = document
    if name == "refuted":
        rows = [
            (Row(sample, neuron, (), coordinate), rational_of(m))
            for sample, neuron, coordinate, m in arguments[0]
        ]
        if any(m == 0 for _, m in rows):
            raise ValueError("a multiplier is zero")
        return name, in_integers(rows)
    if name == "enter":
        return name, bits_of(arguments[0])
    if name == "left_open":
        return name, prefix_of(arguments[0])
    if name == "branch":
        sample, choices, needed = arguments
        return name, sample, [bits_of(text) for text in choices], needed
    return name, *arguments


def _check(event: Event, shape: Shape) -> None:
    """Raise `ValueError` unless an event is one of those above, within its sizes."""
    name, *arguments = event
    match name, arguments:
        case "enter", [bits]:
            fine = len(bits) == shape.width
        case "leave" | "unproven", []:
            fine = True
        case "merged", [neuron]:
            fine = _below(neuron, shape.width - 1)
        case "branch", [sample, choices, needed]:
            fine = _below(sample, shape.n_samples) and len(choices) == shape.width
            fine = fine and type(needed) is int and abs(needed) <= 1 and all(choices)
        case "left_open", [prefix]:
            refuse_outside(prefix, shape)
            fine = True
        case "densest", [step]:
            fine = _is_step(step, shape)
        case "refuted", [multipliers]:
            fine = bool(multipliers) and all(_is_row(row, shape) for row, _ in multipliers)
        case _:
            fine = False
    if not fine:
        raise ValueError


def _is_row(row: Row, shape: Shape) -> bool:
    if row.sample == -1:
        return _below(row.neuron, shape.width) and _below(row.coordinate, shape.n_features)
    return (
        _below(row.sample, shape.n_samples)
        and (row.neuron == -1 or _below(row.neuron, shape.width))
        and row.coordinate == -1
    )


def _is_step(step: Any, shape: Shape) -> bool:
    """Whether a step names samples that there are, and so do those that follow."""
    if "branch" in step:
        following = step["next"].values()
        return _below(step["branch"], shape.n_samples) and all(_is_step(one, shape) for one in following)
    if "value" in step:
        named = [(i, m) for i, _, m in step["value"]] + [(i, m) for _, i, m in step["cone"]]
        return bool(named) and all(_below(i, shape.n_samples) and _integer(m) != 0 for i, m in named)
    return all(_below(sample, shape.n_samples) for sample in step["points"]) and all(
        _is_step(following, shape) for box in step["boxes"] for following in box["next"].values()
    )


def _below(value: object, limit: int) -> bool:
    return type(value) is int and 0 <= value < limit


def refuse_outside(prefix: Prefix, shape: Shape) -> None:
    """Raise `ValueError` unless a prefix is of distinct samples and has one bit for each neuron."""
    samples = [sample for sample, _ in prefix]
    if (
        len(set(samples)) != len(samples)
        or not all(_below(sample, shape.n_samples) for sample in samples)
        or any(len(bits) != shape.width for _, bits in prefix)
    ):
        raise ValueError("a prefix does not belong to the problem")


def text_of(bits: Sequence[int]) -> str:
    """Return bits as a text of zeros and ones."""
    return "".join("1" if bit else "0" for bit in bits)


def bits_of(text: Any) -> Bits:
    """Return the bits that a text of zeros and ones holds; raise `ValueError` for another text."""
    if not isinstance(text, str) or set(text) - {"0", "1"}:
        raise ValueError("bits are zeros and ones")
    return tuple(int(bit) for bit in text)


def prefix_document(prefix: Prefix) -> list[list[int | str]]:
    """Return a prefix as JSON holds it."""
    return [[sample, text_of(bits)] for sample, bits in prefix]


def prefix_of(document: Any) -> Prefix:
    """Return the prefix that JSON holds."""
    return tuple((sample, bits_of(text)) for sample, text in document)


def rational_of(value: Any) -> flint.fmpq:
    """Return the number that `number_text` wrote; raise `ValueError` for anything else."""
    top, slash, bottom = value.partition("/") if isinstance(value, str) else (value, "", 1)
    parts = _integer(top), _integer(bottom) if slash else 1
    if parts[1] <= 0:
        raise ValueError("a denominator is not positive")
    return flint.fmpq(*parts)


def _integer(value: Any) -> int:
    if type(value) is int:
        return value
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        raise ValueError("not a whole number")
    return int(value, 16 if "0x" in value else 10)
