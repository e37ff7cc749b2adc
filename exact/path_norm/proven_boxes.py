"""Boxes of which something is proven, and how a proof's JSON holds them (docs/path-norm-proof.md)."""

from fractions import Fraction
from typing import Any

from sparsest.arrays import FloatArray
from sparsest.check_path_norm import BoxStep, ConeModel, Element, ElementBox
from sparsest.exact.arithmetic.number_text import integer_text, number_text
from sparsest.exact.path_norm.cones import IntArray


class ProvenBox:
    """A box, what is proven of it, and how it is split."""

    def __init__(self, box: ElementBox, low: FloatArray, high: FloatArray, held: IntArray) -> None:
        self.box, self.low, self.high, self.held = box, low, high, held
        self.steps: list[dict[str, Any]] = []
        self.split: tuple[Element, Fraction, Fraction] | None = None
        self.parts: list[ProvenBox] = []
        self.bound = Fraction(0)
        self.last: BoxStep | None = None


def leaves_of(root: ProvenBox) -> list[ProvenBox]:
    """Return the boxes below one, or itself, that are not split."""
    found: list[ProvenBox] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        waiting += node.parts
        found += [] if node.parts else [node]
    return found


def documents(root: ProvenBox, model: ConeModel) -> tuple[list[list[str]], list[dict[str, Any]]]:
    """Return the cones that boxes speak of, and the boxes in order, as the proof's JSON holds them."""
    table = _ConeTable(model)
    nodes = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        document: dict[str, Any] = {"steps": [_step_document(step, table) for step in node.steps]}
        if node.split is not None:
            element, low, high = node.split
            document["split"] = [*table.names(element), number_text(low), number_text(high)]
        nodes.append(document)
        waiting += node.parts[::-1]
    return table.cones, nodes


class _ConeTable:
    """Numbers of the cones that a proof speaks of, in order of appearance."""

    def __init__(self, model: ConeModel) -> None:
        self._model, self._numbers = model, dict[int, int]()

    @property
    def cones(self) -> list[list[str]]:
        """Their bits."""
        return [list(self._model.names[number]) for number in self._numbers]

    def names(self, element: Element) -> list[int]:
        """Return how a proof names an element."""
        number, sign, entry = element
        return [self._numbers.setdefault(number, len(self._numbers)), sign, entry]


def _step_document(step: dict[str, Any], table: _ConeTable) -> dict[str, Any]:
    return {
        "over": integer_text(step["over"]),
        "multipliers": [[i, integer_text(m)] for i, m in step["multipliers"].items()],
        "prices": [[*table.names(e), integer_text(price)] for e, price in step["prices"].items()],
        "moves": [[*table.names(e), end, number_text(t)] for e, end, t in step["moves"]],
    }
