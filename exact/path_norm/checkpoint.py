"""Keep a search for the least path norm in a file while it runs, and continue it from there.

The file is that of a search of the activation tree (`sparsest.exact.tree.checkpoint_file`) with another
state. Which boxes were closed is a claim that the file makes; only the network in it is evaluated again.
"""

import base64
import binascii
import dataclasses
import hashlib
import math
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sparsest.errors import InputError
from sparsest.exact.path_norm.box_search import BoxSearch
from sparsest.exact.path_norm.cones import Cones
from sparsest.exact.path_norm.limits import BoxCounters
from sparsest.exact.path_norm.open_boxes import MAX_KEPT, OpenBox
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.tree.checkpoint_file import (
    MAX_COUNT,
    network_of,
    read_document,
    refuse_other,
    seconds_of,
    write_document,
)
from sparsest.exact.tree.saving import FileSaving
from sparsest.io.documents import encode
from sparsest.io.strict_json import real, whole
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem

# What such a file calls the question, in the place of what other searches count.
_KIND: Final = "the least path norm"
# Quick, and what is left of a box's arrays after it is a third.
_LEVEL: Final = 1
_FLOATS, _INTEGERS = np.dtype("<f8"), np.dtype("<i8")
_NOTHING: Final = np.zeros(0)


@dataclasses.dataclass(frozen=True)
class StoredBoxes:
    """The state of a search.

    Attributes
    ----------
    cones : str
        Digest of the cones that the boxes are about.
    bounded : bool
        Whether networks within the weight bound are searched already, after those without it.
    floor : float
        Lower bound that does not come from these boxes.
    copies_from : float
        With `bounded`: path norm of the network for which copies of cones were counted.
    largest : float
        What bounds the elements.
    undecided : float
        Least bound of a box that floats could not decide.
    best : Network
        The best network known.
    boxes : list of OpenBox
        Those left open, of arrays of this `shape`.
    nodes : int
        Boxes examined in all runs.
    seconds : float
        Wall time so far, in all runs.
    """

    cones: str
    bounded: bool
    floor: float
    copies_from: float
    largest: float
    undecided: float
    best: Network
    boxes: list[OpenBox]
    shape: tuple[int, int, int]
    nodes: int
    seconds: float

    def is_about(self, cones: Cones) -> bool:
        """Whether the boxes are about these cones, and no number in them points outside."""
        entries, features = cones.charges.shape[1], cones.directions.shape[1] - 1
        held = np.concatenate([np.zeros((0, 4)), *(box.held for box in self.boxes)])
        ends = np.where(
            held[:, :1] == 0, [1, cones.size, 2, entries], [2, cones.cells.max(initial=0) + 1, 2, features]
        )
        return (
            self.cones == digest_of(cones)
            and (not self.boxes or self.shape == (cones.size, 2, entries))
            and bool(np.all((held >= 0) & (held < ends)))
        )


def digest_of(cones: Cones) -> str:
    """Return a digest of the cones: boxes are about cones by their numbers."""
    found = hashlib.sha256()
    for array in (cones.directions, cones.charges, cones.columns, cones.starts, cones.members, cones.allowed):
        found.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def read_stored(path: Path, problem: Problem, p: float, objective: Objective) -> StoredBoxes | None:
    """Read the state of a search on `problem`, whose inputs are distinct; None if it had not begun.

    Raises
    ------
    InputError
        When the file is missing, damaged, of another version, or of another search.
    """
    return read_document(path, lambda document: _stored(document, problem, p, objective))


class BoxSaving(FileSaving):
    """Writes what is known and open to a file now and then.

    Parameters
    ----------
    path : Path
        The file.
    options : SearchOptions
        The clock, and how often to write.
    problem : Problem
        As it was asked about, inputs distinct.
    p : float
        Exponent.
    objective : Objective
        What the path norm is taken of.
    counters : BoxCounters
        What was done before.
    """

    def __init__(
        self,
        path: Path,
        options: SearchOptions,
        problem: Problem,
        p: float,
        objective: Objective,
        counters: BoxCounters,
    ) -> None:
        super().__init__(path, options)
        self._question = {
            "objective": _KIND,
            "of": str(objective),
            "p": p,
            "problem": problem.digest,
        }
        self._counters = counters
        self._search: BoxSearch | None = None
        self._facts: dict[str, Any] = {}

    def begin(self, search: BoxSearch, cones: Cones, *, bounded: bool, copies_from: float) -> None:
        """Keep this search from now on; see `StoredBoxes`."""
        self._facts = {
            "cones": digest_of(cones),
            "bounded": bounded,
            "copies_from": copies_from,
        }
        self._search = search

    def resumed(self, stored: StoredBoxes) -> None:
        """Go on counting from what the file says."""
        self._counters.nodes_before, self._counters.seconds_before = stored.nodes, stored.seconds
        self._resumed_at = stored.nodes

    def _write(self) -> None:
        write_document(self._path, self._question | {"state": self._state()})

    def _state(self) -> dict[str, Any] | None:
        search, counters = self._search, self._counters
        if search is None or search.interval.best is None:
            return None
        return self._facts | {
            "floor": search.interval.floor,
            "largest": search.largest,
            "undecided": _finite_or_name(search.interval.undecided),
            "best": encode(search.interval.best.network),
            "boxes": _boxes_document(search.boxes),
            "nodes": counters.nodes_before + counters.nodes + search.nodes,
            "seconds": counters.seconds_before + self._deadline.seconds,
        }


def _finite_or_name(value: float) -> float | str:
    return value if math.isfinite(value) else repr(value)


def _boxes_document(boxes: Iterable[OpenBox]) -> dict[str, Any]:
    """Return boxes as they are written: the arrays that they share once, everything in base64."""
    listed = list(boxes)
    highs = {id(box.high): box.high for box in listed}
    places = dict(zip(highs, range(len(highs)), strict=True))
    lows, helds = [box.low for box in listed], [box.held for box in listed]
    arrays = {
        "bound": np.array([box.bound for box in listed], dtype=_FLOATS),
        "order": np.array([box.order for box in listed], dtype=_INTEGERS),
        "element": np.array([box.element for box in listed], dtype=_INTEGERS),
        "ends": np.array([box.ends for box in listed], dtype=_FLOATS),
        "which": np.array([places[id(box.high)] for box in listed], dtype=_INTEGERS),
        "lows": np.array([len(low[0]) for low in lows], dtype=_INTEGERS),
        "low_places": np.concatenate([_NOTHING, *(low[0] for low in lows)]).astype(_INTEGERS),
        "low_values": np.concatenate([_NOTHING, *(low[1] for low in lows)]).astype(_FLOATS),
        "helds": np.array([len(held) for held in helds], dtype=_INTEGERS),
        "held": np.concatenate([np.zeros((0, 4)), *helds]).astype(_INTEGERS),
        "high": np.array(list(highs.values()), dtype=_FLOATS),
    }
    packed = {
        name: base64.b64encode(zlib.compress(array.tobytes(), _LEVEL)).decode()
        for name, array in arrays.items()
    }
    shape = listed[0].high.shape if listed else (0, 0, 0)
    sizes = {"low_places": len(arrays["low_places"]), "held": len(arrays["held"])}
    return {"count": len(listed), "shape": list(shape), "highs": len(highs), "sizes": sizes, **packed}


def _stored(document: dict[str, Any], problem: Problem, p: float, objective: Objective) -> StoredBoxes | None:
    refuse_other(document, problem, _KIND)
    if (document["of"], document["p"]) != (str(objective), p):
        raise InputError("the checkpoint is about another p, or the path norm of something else")
    state = document["state"]
    if state is None:
        return None
    boxes, shape = _boxes(state["boxes"])
    if type(state["bounded"]) is not bool or type(state["cones"]) is not str:
        raise InputError("the checkpoint does not say what its boxes are about")
    return StoredBoxes(
        cones=state["cones"],
        bounded=state["bounded"],
        floor=_at_least_zero(state["floor"]),
        copies_from=_at_least_zero(state["copies_from"]),
        largest=_at_least_zero(state["largest"]),
        undecided=_at_least_zero(state["undecided"]),
        best=network_of(state["best"], problem),
        boxes=boxes,
        shape=shape,
        nodes=whole(state["nodes"], 0, MAX_COUNT),
        seconds=seconds_of(state["seconds"]),
    )


def _at_least_zero(value: Any) -> float:
    number = real(value)
    if not number >= 0:
        raise InputError(f"the checkpoint has {value!r:.40} where no negative number can be")
    return number


def _boxes(document: Mapping[str, Any]) -> tuple[list[OpenBox], tuple[int, int, int]]:
    """Return the boxes that were written; raise `InputError` for what no search writes."""
    c, s, j = (whole(size, 0, MAX_KEPT) for size in document["shape"])
    size = c * s * j
    count = whole(document["count"], 0, MAX_KEPT)
    highs = whole(document["highs"], 0, 2 * MAX_KEPT // max(size, 1))
    lows = whole(document["sizes"]["low_places"], 0, 2 * MAX_KEPT)
    helds = whole(document["sizes"]["held"], 0, MAX_KEPT)
    read = _Arrays(document)
    bound, order = read.floats("bound", (count,)), read.integers("order", (count,))
    element, which = read.integers("element", (count,), size), read.integers("which", (count,), highs)
    ends, high = read.floats("ends", (count, 2)), read.floats("high", (highs, c, s, j))
    starts = np.cumsum(read.integers("lows", (count,), size + 1))
    places, values = read.integers("low_places", (lows,), size), read.floats("low_values", (lows,))
    held_starts = np.cumsum(read.integers("helds", (count,), helds + 1))
    held = read.integers("held", (helds, 4))
    whole_parts = np.array_equal(starts[-1:], [lows] * (count > 0)) and np.array_equal(
        held_starts[-1:], [helds] * (count > 0)
    )
    if not whole_parts:
        raise InputError("the checkpoint's boxes contradict each other")
    parts = np.split(places, starts[:-1]), np.split(values, starts[:-1]), np.split(held, held_starts[:-1])
    boxes = [
        OpenBox(
            float(bound[n]),
            int(order[n]),
            (parts[0][n], parts[1][n]),
            high[which[n]],
            int(element[n]),
            (float(ends[n, 0]), float(ends[n, 1])),
            parts[2][n],
        )
        for n in range(count)
    ]
    return boxes, (c, s, j)


class _Arrays:
    """The arrays of a document, none of them larger than it says."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def floats(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Return numbers, infinite ones among them."""
        found = self._array(name, shape, _FLOATS).astype(np.float64)
        if np.isnan(found).any():
            raise InputError(f"the checkpoint has a number in {name!r} that is none")
        return found

    def integers(self, name: str, shape: tuple[int, ...], below: int | None = None) -> NDArray[np.int64]:
        """Return whole numbers, from zero to below a bound if there is one."""
        found = self._array(name, shape, _INTEGERS).astype(np.int64)
        if below is not None and np.any((found < 0) | (found >= below)):
            raise InputError(f"the checkpoint has a number in {name!r} that is out of range")
        return found

    def _array(self, name: str, shape: tuple[int, ...], kind: np.dtype[Any]) -> NDArray[Any]:
        size = math.prod(shape) * kind.itemsize
        try:
            packed = base64.b64decode(self._document[name], validate=True)
            unpacker = zlib.decompressobj()
            content = unpacker.decompress(packed, size + 1)
        except (binascii.Error, zlib.error) as error:
            raise InputError(f"the checkpoint's {name!r} is no packed array: {error}") from None
        if len(content) != size:
            raise InputError(f"the checkpoint's {name!r} has another length than it says")
        return np.frombuffer(content, dtype=kind).reshape(shape)
