"""The steps of a refutation by densest classes, and how a proof writes them."""

from typing import Any, NamedTuple

from sparsest.exact.arithmetic.number_text import integer_text, number_text
from sparsest.exact.dense.classes import Key, Pattern
from sparsest.exact.dense.functions import Boxes
from sparsest.exact.dense.plan import CoverLevel


class RefutingStep(NamedTuple):
    """A step of a refutation; all networks that are left are refuted by it and by those that follow.

    Attributes
    ----------
    samples : tuple of int
        Samples that have one of `patterns`, whatever the network.
    patterns : tuple of Pattern
        None of them in the last step, where a single sample has none left.
    levels : tuple of CoverLevel
        How to enumerate the functions that meet one share of the samples.
    boxes : Boxes
        They hold all those functions.
    following : tuple of dictionaries
        For each box the step that follows if the function is that of a pattern; of patterns that are alike
        one is named.
    """

    samples: tuple[int, ...]
    patterns: tuple[Pattern, ...]
    levels: tuple[CoverLevel, ...]
    boxes: Boxes
    following: tuple[dict[Pattern, "Refutation"], ...]

    def document(self) -> dict[str, Any]:
        """Return the step and those that follow as JSON holds them (docs/proof-format.md)."""
        boxes = []
        for low, high, following in zip(*self.boxes, self.following, strict=True):
            ends = zip(low.tolist(), high.tolist(), strict=True)
            steps = {_text(pattern): step.document() for pattern, step in following.items()}
            boxes.append({"box": [[number_text(end) for end in pair] for pair in ends], "next": steps})
        return {
            "points": list(self.samples),
            "patterns": [_text(pattern) for pattern in self.patterns],
            "plan": [list(level) for level in self.levels],
            "boxes": boxes,
        }


class BranchingStep(NamedTuple):
    """One step for each key that covers patterns of a sample; of keys that are alike one is named."""

    sample: int
    following: dict[Key, "Refutation"]

    def document(self) -> dict[str, Any]:
        """Return the step and those that follow as JSON holds them."""
        return {"branch": self.sample, "next": {key: step.document() for key, step in self.following.items()}}


class Contradiction(NamedTuple):
    """Multipliers of rows that contradict each other.

    Attributes
    ----------
    values : tuple of (sample, pattern, multiplier)
        Of the lower end of a sample's interval where positive, of the upper end where negative: the
        pattern's function is at least, or at most, that.
    cones : tuple of (neuron, sample, multiplier)
        Positive ones of active neurons.
    """

    values: tuple[tuple[int, Pattern, int], ...]
    cones: tuple[tuple[int, int, int], ...]

    def document(self) -> dict[str, Any]:
        """Return the step as JSON holds it, but for multipliers, which are of the rows of `ExactData`."""
        return {
            "value": [[sample, _text(pattern), integer_text(m)] for sample, pattern, m in self.values],
            "cone": [[neuron, sample, integer_text(m)] for neuron, sample, m in self.cones],
        }


Refutation = RefutingStep | BranchingStep | Contradiction


def _text(pattern: Pattern) -> str:
    return "".join(map(str, pattern))
