"""What a piece of a search proves, kept as compressed text until it is put where it belongs.

The first line holds the circuits that the others refer to, by their place in it, with tabs between. Then come
lines of nodes as `sparsest.exact.proof.node_writer` writes them, and objects: ``{"open": prefix}`` where a
subtree was left to another piece, ``{"densest": step}`` for output signs refuted by densest classes, and
``{"unproven": true}`` for leaves without a reason.
"""

import json
import re
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import flint

from sparsest.errors import InputError
from sparsest.exact.proof.checker_rows import CheckerRows
from sparsest.exact.proof.log import Bits, ProofLog
from sparsest.exact.proof.node_writer import Circuits, NodeWriter
from sparsest.io.strict_json import parse

# A piece's text is some hundred bytes a node, and at most a few ten thousand nodes long.
MAX_PIECE_BYTES: Final = 2**28
_INTEGER: Final = re.compile(r"-?(0x[0-9a-f]{1,200000}|[0-9]{1,17})")
_OBJECT: Final = re.compile(rb"^(\{.*\})\n", re.MULTILINE)
_REFERENCE: Final = re.compile(rb'\{"circuit":\[([0-9]+),([0-9]+)\]\}')

Prefix = tuple[tuple[int, Bits], ...]


@dataclass(frozen=True)
class Shape:
    """Sizes that the nodes of a search keep within: samples, features and neurons."""

    n_samples: int
    n_features: int
    width: int


class PieceWriter(NodeWriter):
    """Writes what a search tells of the part of a tree below a prefix.

    Parameters
    ----------
    rows : CheckerRows
        How samples are numbered and scaled.
    flips : bool
        As `NodeWriter` has it.
    signs, alike : sequence of int (K,), tuple of bool (K - 1,)
        Output signs of the tree, and which neighbours are interchangeable.
    circuits : Circuits
        What excludes bits.
    prefix : Prefix
        Where the part hangs.
    """

    def __init__(
        self,
        rows: CheckerRows,
        signs: Sequence[int],
        alike: tuple[bool, ...],
        circuits: Circuits,
        prefix: Prefix,
        *,
        flips: bool,
    ) -> None:
        super().__init__(rows, flips=flips)
        self._begin(signs, alike, circuits)
        for sample, bits in prefix:
            self._follow(sample, bits)

    @property
    def packed(self) -> bytes:
        """What was told, compressed."""
        if self._complete:
            return _compressed([*self._circuits], self._lines)
        objects = [line for line in self._lines if line.startswith("{")]  # which say what is left open
        return _compressed([], [_line({"unproven": True}), *objects])

    def left_open(self, prefix: Prefix) -> None:  # noqa: D102
        self._add(_line({"open": prefix_document(prefix)}))


def packed(objects: Sequence[Any]) -> bytes:
    """Return a piece that refers to no circuit and has no nodes of its own, compressed."""
    return _compressed([], list(map(_line, objects)))


def _compressed(circuits: Sequence[str], lines: Sequence[str]) -> bytes:
    return zlib.compress("".join(["\t".join(circuits), "\n", *lines]).encode(), 1)


def _line(document: Any) -> str:
    return json.dumps(document, separators=(",", ":")) + "\n"


def replay(pieces: Mapping[Prefix, bytes], log: ProofLog) -> None:
    """Pass on the nodes of a whole tree in depth-first order, those of subtrees left open in their place."""
    stack = [_parts(pieces[()])]
    while stack:
        nodes, circuits, following = next(stack[-1])  # the last of a piece has None behind it
        if nodes:
            log.written(nodes, circuits)
        match following:
            case None:
                stack.pop()
            case {"open": prefix}:
                stack.append(_parts(pieces[prefix_of(prefix)]))
            case {"densest": step}:
                log.densest(step)
            case _:
                log.unproven()


def _parts(piece: bytes) -> Iterator[tuple[bytes, Sequence[str], Any]]:
    """Generate lines of nodes, the circuits that they refer to, and the object behind them, if any."""
    head, _, text = unpacked(piece).partition(b"\n")
    circuits = head.decode().split("\t") if head else []
    parts = _OBJECT.split(text)
    for nodes, following in zip(parts[::2], [*map(parse, parts[1::2]), None], strict=True):
        yield nodes, circuits, following


def with_circuits(nodes: bytes, numbers: Sequence[int]) -> bytes:
    """Return lines of nodes that refer to circuits by other numbers."""
    if all(old == new for old, new in enumerate(numbers)):
        return nodes
    texts = [b"%d" % number for number in numbers]
    return _REFERENCE.sub(lambda found: b'{"circuit":[%b,%b]}' % (found[1], texts[int(found[2])]), nodes)


def refuse_inconsistent(pieces: Mapping[Prefix, bytes], left: Collection[Prefix], shape: Shape) -> None:
    """Raise `InputError` unless pieces from a file and the subtrees left open make up one tree.

    Whether what they say is true is not asked: the checker of the proof does that.
    """
    mentioned: list[Prefix] = [()]
    for prefix, piece in pieces.items():
        mentioned += _left_open_in(prefix, piece, shape)
    there = [*pieces, *left]
    if sorted(mentioned) != sorted(there) or len(set(there)) != len(there):
        raise InputError("its pieces do not make up one tree")


def _left_open_in(prefix: Prefix, piece: bytes, shape: Shape) -> list[Prefix]:
    """Follow a piece from node to node, and return the subtrees that it left open."""
    head, *lines = unpacked(piece).split(b"\n")
    left, place, is_proven = list[Prefix](), _Place(len(prefix)), True
    n_circuits = _number_of_circuits(head)
    if not lines or lines.pop():
        raise InputError("a piece ends before its last line does")
    for line in lines:
        try:
            document = parse(line)
            _refuse(line[:1] not in b"[{" or line[-1:] not in b"]}")  # as lines are told apart later
            if isinstance(document, dict):
                opened = _opened(document, prefix, shape)
                left += opened
                is_proven = is_proven and "unproven" not in document
                if is_proven:
                    place.close(len(opened[0]) if opened else len(prefix))
            else:
                place.visit(*document, shape=shape, n_circuits=n_circuits)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise InputError(f"unreadable line {line[:40]!r}") from None
    if is_proven and not place.is_whole:
        raise InputError("a piece ends before its tree does")
    return left


class _Place:
    """Where a piece is: the depth of the node at which it begins, and that of the last branch."""

    def __init__(self, first: int) -> None:
        self._first, self._branch = first, first - 1
        self._begun = self._childless = False

    @property
    def is_whole(self) -> bool:
        """Whether something was said of the first node, and of a child of the last branch."""
        return self._begun and not self._childless

    def visit(self, depth: Any, key: Any, what: Any, *, shape: Shape, n_circuits: int) -> None:
        """Take a node; raise `ValueError` for one that is out of place or none."""
        if not isinstance(key, str) or set(key) - set("01*") or len(key) != (shape.width if depth else 0):
            raise ValueError("bits are zeros and ones")
        self.close(depth)
        if type(what) is int:
            _refuse(not _below(what, shape.n_samples))
            self._branch, self._childless = depth, True
        else:
            _refuse(not _is_reason(what, shape, n_circuits))

    def close(self, depth: int) -> None:
        """Take what closes a node at some depth; raise `ValueError` where there is none."""
        _refuse(type(depth) is not int)
        _refuse(depth != self._first if not self._begun else not self._first < depth <= self._branch + 1)
        self._branch, self._begun, self._childless = depth - 1, True, False


def _refuse(wrong: bool) -> None:
    if wrong:
        raise ValueError("a line does not belong to the tree")


def _number_of_circuits(head: bytes) -> int:
    texts = head.split(b"\t") if head else []
    try:
        readable = all(isinstance(parse(text), (list, dict)) for text in texts)
    except ValueError:
        readable = False
    if not readable:
        raise InputError("a piece lists what is no circuit")
    return len(texts)


def _opened(document: dict[str, Any], prefix: Prefix, shape: Shape) -> list[Prefix]:
    """Return the subtree that an object says is left open, if it does; raise `ValueError` for no object."""
    ((name, value),) = document.items()
    if name == "open":
        found = prefix_of(value)
        refuse_outside(found, shape)
        _refuse(len(found) <= len(prefix) or found[: len(prefix)] != prefix)
        return [found]
    _refuse(not (name == "densest" and not prefix and _is_step(value, shape)) and name != "unproven")
    return []


def _is_reason(what: Any, shape: Shape, n_circuits: int) -> bool:
    """Whether a document closes a node: a circuit, neurons merged, or multipliers of rows."""
    n, width = shape.n_samples, shape.width
    if "merge" in what:
        return len(what) == 1 and _below(what["merge"], width - 1)
    if "circuit" in what:
        neuron, circuit = what["circuit"]
        return len(what) == 1 and _below(neuron, width) and _below(circuit, n_circuits)
    rows = [
        *((0, sample, m) for sample, m in what.get("value", ())),
        *((neuron, sample, m) for neuron, sample, m in what.get("cone", ())),
    ]
    bounds = what.get("bound", ())
    return (
        not what.keys() - {"value", "cone", "bound"}
        and bool(rows or bounds)
        and all(_below(k, max(width, 1)) and _below(i, n) and _integer(m) != 0 for k, i, m in rows)
        and all(_below(k, width) and _below(j, shape.n_features) and _integer(m) != 0 for k, j, m in bounds)
    )


def unpacked(piece: bytes, max_bytes: int = MAX_PIECE_BYTES) -> bytes:
    """Return the text of a piece; raise `InputError` if it is damaged or longer than that."""
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(piece, max_bytes)
    except zlib.error as error:
        raise InputError(f"a piece cannot be unpacked: {error}") from None
    if not unpacking.eof:
        raise InputError("a piece is incomplete, or too long")
    return text


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
