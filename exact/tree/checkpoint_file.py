"""The file in which an interrupted search of the activation tree is kept.

Two lines of JSON: ``{"format": "sparsest/checkpoint", "version": 2, "sha256": ...}``, and the state whose
digest that is. Files come from outside: sizes are bounded, every field is checked, and nothing is unpickled.
What a search has refuted is a claim that the file makes; only the network in it is verified again.
"""

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from sparsest.errors import InputError
from sparsest.exact.arithmetic.number_text import number_text
from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.packing.curved_sets import PackedSets
from sparsest.exact.proof.piece import (
    Prefix,
    Shape,
    prefix_document,
    prefix_of,
    rational_of,
    refuse_inconsistent,
    refuse_outside,
)
from sparsest.files import refuse_large_file, write_atomically
from sparsest.io.documents import decode, encode
from sparsest.io.strict_json import parse, real, whole
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem

_FORMAT: Final = "sparsest/checkpoint"
_VERSION: Final = 2
# Larger files are neither written nor read.
MAX_BYTES: Final = 2**28
# Counters and widths beyond these are no search's.
MAX_COUNT: Final = 2**53
_MAX_WIDTH: Final = 10_000

Pieces = Mapping[Prefix, bytes]
State = TypeVar("State")


@dataclass(frozen=True)
class Tree:
    """A tree that was refuted: its neurons, how many have a positive output sign, and what was logged."""

    neurons: int
    positive: int
    pieces: Pieces


@dataclass(frozen=True)
class Events:
    """What a proof needs of the work done: the trees refuted, and the pieces of the one under way."""

    finished: tuple[Tree, ...]
    running: Pieces


@dataclass(frozen=True)
class SearchCheckpoint:
    """The state of a search.

    Attributes
    ----------
    problem : str
        Digest of the problem, equal inputs merged.
    width : int
        Neurons of the networks that are being refuted.
    lower_bound : int
        No network that fits has fewer, says the search.
    done : tuple of int
        Numbers of positive output signs already refuted at that width.
    left : tuple of Prefix
        Subtrees still to explore for the next number of positive output signs.
    nodes, unverified : int
        Counted so far, in all runs.
    pause : int
        Nodes at which to search locally next.
    rejected : int
        Networks of the local search that nobody could prove to fit.
    seconds : float
        Wall time so far, in all runs.
    witness : RationalNetwork or None
        The network of the upper bound.
    near_miss : Network or None
        One that fits up to rounding.
    events : Events or None
        What a proof needs, if one was asked for and it was not too much.
    packing : tuple or None
        Samples and weight of each curved set of the packing that the lower bound begins with.
    """

    problem: str
    width: int
    lower_bound: int
    done: tuple[int, ...]
    left: tuple[Prefix, ...]
    nodes: int
    unverified: int
    pause: int
    rejected: int
    seconds: float
    witness: RationalNetwork | None
    near_miss: Network | None
    events: Events | None
    packing: PackedSets | None = None


def write_checkpoint(path: Path, state: SearchCheckpoint) -> None:
    """Write a checkpoint, atomically.

    Raises
    ------
    InputError
        When it would be too large to be read again.
    OSError
        When it cannot be written.
    """
    write_document(path, _document(state))


def write_document(path: Path, document: dict[str, Any]) -> None:
    """Write the state of a search, whichever it is; as `write_checkpoint`."""
    body = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
    if len(body) > MAX_BYTES:
        raise InputError(f"{path}: the checkpoint would have {len(body)} bytes, more than {MAX_BYTES}")
    write_atomically(path, _head(body) + body + b"\n")


def read_checkpoint(path: Path, problem: Problem) -> SearchCheckpoint:
    """Read the checkpoint of a search for `problem`, whose inputs are distinct.

    Raises
    ------
    InputError
        When the file is missing, damaged, of another version, or of another problem.
    """
    return read_document(path, lambda document: _state(document, problem))


def read_document(path: Path, state_of: Callable[[dict[str, Any]], State]) -> State:
    """Read the state of a search, whichever it is; as `read_checkpoint`.

    `state_of` raises `InputError`, `KeyError`, `TypeError` or `ValueError` for a document that is none.
    """
    refuse_large_file(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1000)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    head, _, body = content.partition(b"\n")
    try:
        _check_head(head, body.removesuffix(b"\n"))
        document = parse(body)
        if not isinstance(document, dict):
            raise InputError("the checkpoint holds no state")
        return state_of(document)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except KeyError as error:
        raise InputError(f"{path}: the checkpoint lacks the field {error}") from None
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"{path}: the checkpoint has an unusable field: {error!s:.200}") from None


def _head(body: bytes) -> bytes:
    head = {"format": _FORMAT, "version": _VERSION, "sha256": hashlib.sha256(body).hexdigest()}
    return json.dumps(head).encode() + b"\n"


def _check_head(head: bytes, body: bytes) -> None:
    try:
        found = parse(head[:1000])
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise InputError("it is not a checkpoint of a search")
    if type(found.get("version")) is not int or found["version"] != _VERSION:
        version = found.get("version")
        raise InputError(f"a checkpoint of version {version!r:.40}: this release reads {_VERSION}")
    if head + b"\n" != _head(body):
        raise InputError("the checkpoint is damaged: its digest is not that of its content")


def _document(state: SearchCheckpoint) -> dict[str, Any]:
    return {
        "problem": state.problem,
        "width": state.width,
        "lower_bound": state.lower_bound,
        "done": list(state.done),
        "left": [prefix_document(prefix) for prefix in state.left],
        "nodes": state.nodes,
        "unverified": state.unverified,
        "pause": state.pause,
        "rejected": state.rejected,
        "seconds": state.seconds,
        "witness": None if state.witness is None else witness_document(state.witness),
        "near_miss": None if state.near_miss is None else encode(state.near_miss),
        "events": None if state.events is None else _events_document(state.events),
        "packing": None if state.packing is None else [[list(rows), w] for rows, w in state.packing],
    }


def witness_document(witness: RationalNetwork) -> dict[str, Any]:
    """Return a rational network as it is written."""
    rows = [[number_text(value) for value in neuron] for neuron in witness.neurons]
    return {"signs": witness.signs, "neurons": rows}


def _events_document(events: Events) -> dict[str, Any]:
    return {
        "finished": [[tree.neurons, tree.positive, pieces_document(tree.pieces)] for tree in events.finished],
        "running": pieces_document(events.running),
    }


def pieces_document(pieces: Pieces) -> list[Any]:
    """Return what was recorded of a tree as it is written."""
    return [[prefix_document(prefix), base64.b64encode(packed).decode()] for prefix, packed in pieces.items()]


def refuse_other(document: dict[str, Any], problem: Problem, sought: str) -> None:
    """Raise `InputError` for the state of a search for something else, or of another problem."""
    counted = document.get("objective", str(Objective.NEURONS))
    if counted != sought:
        fewest = "the fewest " * (counted in tuple(Objective))
        raise InputError(f"the checkpoint is of a search for {fewest}{counted!s:.20}")
    if document["problem"] != problem.digest:
        raise InputError("the checkpoint belongs to another problem: data, intervals, skip or bound differ")


def _state(document: dict[str, Any], problem: Problem) -> SearchCheckpoint:
    refuse_other(document, problem, Objective.NEURONS)
    width = whole(document["width"], 0, _MAX_WIDTH)
    shape = Shape(problem.n_samples, problem.n_features, width)
    left = tuple(prefix_of(prefix) for prefix in document["left"])
    for prefix in left:
        refuse_outside(prefix, shape)
    done = tuple(whole(positive, 0, width) for positive in document["done"])
    if len(set(left)) != len(left) or len(set(done)) != len(done):
        raise InputError("the checkpoint lists something twice")
    near_miss = document["near_miss"]
    return SearchCheckpoint(
        problem=problem.digest,
        width=width,
        lower_bound=whole(document["lower_bound"], 0, width),
        done=done,
        left=left,
        nodes=whole(document["nodes"], 0, MAX_COUNT),
        unverified=whole(document["unverified"], 0, MAX_COUNT),
        pause=whole(document["pause"], 0, MAX_COUNT),
        rejected=whole(document["rejected"], 0, MAX_COUNT),
        seconds=seconds_of(document["seconds"]),
        witness=None if document["witness"] is None else witness_of(document["witness"], problem),
        near_miss=None if near_miss is None else network_of(near_miss, problem),
        events=None if document["events"] is None else _events(document["events"], shape, left),
        packing=_packing(document.get("packing"), problem),
    )


def _packing(document: Any, problem: Problem) -> PackedSets | None:
    if document is None:
        return None
    last = problem.n_samples - 1
    return tuple((tuple(whole(i, 0, last) for i in rows), whole(w, 1, MAX_COUNT)) for rows, w in document)


def witness_of(document: Any, problem: Problem) -> RationalNetwork:
    """Return the rational network that was written; whether it fits is not asked."""
    signs, neurons = document["signs"], [list(map(rational_of, row)) for row in document["neurons"]]
    if not all(type(sign) is int and sign in (1, -1) for sign in signs):
        raise InputError("an output sign of the checkpoint's network is neither 1 nor -1")
    size = problem.n_features + 1
    if len(neurons) != len(signs) + problem.has_affine_term or any(len(row) != size for row in neurons):
        raise InputError("the checkpoint's network has other sizes than the problem")
    return RationalNetwork(list(signs), neurons)


def network_of(document: Any, problem: Problem) -> Network:
    """Return the near miss that was written."""
    network = decode(document)
    if not isinstance(network, Network) or network.n_features != problem.n_features:
        raise InputError("what the checkpoint calls a near miss is no network for the problem")
    return network


def _events(document: Any, shape: Shape, left: tuple[Prefix, ...]) -> Events:
    finished = []
    for neurons, positive, pieces in document["finished"]:
        inner = Shape(shape.n_samples, shape.n_features, whole(neurons, 0, shape.width))
        tree = Tree(neurons, whole(positive, 0, neurons), dict(pieces_of(pieces, inner)))
        refuse_inconsistent(tree.pieces, (), inner)
        finished.append(tree)
    running = dict(pieces_of(document["running"], shape))
    refuse_inconsistent(running, left, shape)
    return Events(tuple(finished), running)


def pieces_of(document: Any, shape: Shape) -> Iterator[tuple[Prefix, bytes]]:
    """Generate what was recorded of a tree; raise `ValueError` for what no tree has."""
    for prefix_text, text in document:
        prefix = prefix_of(prefix_text)
        refuse_outside(prefix, shape)
        try:
            yield prefix, base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise InputError(f"a piece of the checkpoint is no base64 text: {error}") from None


def seconds_of(value: Any) -> float:
    """Return seconds that were written."""
    if not isinstance(value, (int, float)) or not 0 <= (seconds := real(value)) < math.inf:
        raise InputError(f"the checkpoint has {value!r:.40} seconds")
    return seconds
