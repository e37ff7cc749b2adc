"""The affine term ``a . x + c`` that a network may have beside its neurons, and that no objective counts."""

from sparsest.arrays import FloatArray
from sparsest.sentences import Sentence


class Affine(Sentence):
    """Which affine term a network may have; a member equals its name as a string."""

    NONE = "none", "no affine term"
    CONSTANT = "constant", "a free constant (an output bias), which is not counted"
    SKIP = "skip", "a free affine term, which is not counted"

    @property
    def phrase(self) -> str:
        """Return the words that follow "networks", such as "with a skip"."""
        return {"none": "without an affine term", "constant": "with a constant", "skip": "with a skip"}[self]

    def allows(self, terms: FloatArray | None) -> bool:
        """Whether networks may have affine terms (..., d + 1), slopes first; None stands for none."""
        if terms is None or self is Affine.SKIP:
            return True
        forbidden = terms[..., :-1] if self is Affine.CONSTANT else terms
        return not forbidden.any()
