"""An accepted proof, laid out for reading: trees as linked nodes, triples and circuits in exact numbers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sparsest.errors import InputError
from sparsest.exact.proof.vipr.model import ExactPoints


class Node:
    """A node of a tree: the point that it branches on and its children by their keys, or a leaf."""

    def __init__(self, what: int | Mapping[str, Any]) -> None:
        self.what = what
        self.whole: dict[str, Node] = {}
        self.partial: dict[str, Node] = {}

    def child(self, bits: str) -> tuple[str, "Node"]:
        """Return the child that covers these bits, and its key."""
        if bits in self.whole:
            return bits, self.whole[bits]
        for key, node in self.partial.items():
            if all(mine in ("*", bit) for mine, bit in zip(key, bits, strict=True)):
                return key, node
        raise ValueError(f"no child covers {bits}: the proof was not checked")


def tree_of(nodes: Iterable[Sequence[Any]]) -> Node:
    """Return the root of a tree listed in preorder."""
    path: list[Node] = []
    for depth, key, what in nodes:
        node = Node(what)
        if depth:
            above = path[depth - 1]
            (above.partial if "*" in key else above.whole)[key] = node
        path[depth:] = [node]
    return path[0]


class ProofDocument:
    """An accepted proof, laid out for reading.

    Attributes
    ----------
    points : ExactPoints
        The data.
    circuits : list of dict
        Weight of each point of a circuit.
    triples : dict
        Triples ``(a, b, c)`` that force knots along a line, by the sign of the knot.
    n_triples : int
        How many there are.
    trees : dict
        Root of each tree, and whether it flips neurons at its root, by K and the number of positive signs.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        if document["objective"] != "neurons":
            raise InputError(
                f"a proof about {document['objective']} has no VIPR form: the export knows neurons"
            )
        if document["problem"].get("constant"):
            raise InputError("a proof with a constant has no VIPR form: the export knows a skip or none")
        if any(part["kind"] == "packing" for part in document["parts"]):
            raise InputError(
                "a packing of curved sets has no VIPR form: the export knows trees and knots along a line"
            )
        if any(part["kind"] == "densest" for part in document["parts"]):
            raise InputError(
                "a refutation by densest classes has no VIPR form, which has no step for an enumeration of "
                "functions: it would be a tree of all systems of equations"
            )
        self.points = ExactPoints(document["problem"])
        self.circuits = [{p: whole(w) for p, w in circuit} for circuit in document["circuits"]]
        self.triples: dict[int, list[tuple[int, int, int]]] = {1: [], -1: []}
        self.trees: dict[tuple[int, int], tuple[Node, bool]] = {}
        for part in document["parts"]:
            if part["kind"] == "curvature":
                for a, b, c, sign in part["triples"]:
                    self.triples[sign].append((a, b, c))
            elif part["kind"] == "gaps":
                raise InputError(
                    "a refutation over gaps has no VIPR form, which has no step for it: "
                    "prove with method='tree'"
                )
            else:
                flips = part["skip"] and self.points.bound is None
                self.trees[part["neurons"], part["positive"]] = tree_of(part["nodes"]), flips
        self.n_triples = sum(map(len, self.triples.values()))


def whole(value: int | str) -> int:
    """Return a whole number of an accepted proof."""
    return value if isinstance(value, int) else int(value, 16 if "x" in value else 10)
