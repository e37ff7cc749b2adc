"""What the exact side returns for a problem with several classes."""

import dataclasses
from typing import Any

from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.results.report import Rows, Section
from sparsest.results.solving import CountBounds
from sparsest.results.wording import describe_classes, shared_neurons_section
from sparsest.sentences import counted


@dataclasses.dataclass(frozen=True, repr=False)
class MultiClassResult(CountBounds):
    """Bounds on the fewest neurons that tell several classes apart, and a network that attains the upper one.

    Attributes beside those of `CountBounds`:

    Attributes
    ----------
    classes : tuple
        All classes, one an output, in order.
    accuracy : float or None
        Share of the samples whose own output is the largest; None when no network is known.
    between : tuple of two classes, or None
        The lower bound is one for the samples of these two, and thereby for all; None where it rests on
        something else.
    unordered : tuple
        Classes that one neuron would put into an order, of which none is possible, so that two are
        necessary; empty where the lower bound rests on something else.
    pairs : int
        How many pairs of classes were tried.

    Examples
    --------
    >>> import sparsest
    >>> three = sparsest.MultiClassProblem([[0], [1], [2], [3]], ["low", "low", "mid", "top"])
    >>> result = sparsest.solve(three)
    >>> result.lower_bound <= result.upper_bound, result.accuracy, result.classes
    (True, 1.0, ('low', 'mid', 'top'))
    """

    network: MultiOutputNetwork | None
    problem: MultiClassProblem | None = dataclasses.field(default=None, compare=False)
    classes: tuple[Any, ...] = ()
    accuracy: float | None = None
    between: tuple[Any, ...] | None = None
    unordered: tuple[Any, ...] = ()
    pairs: int = 0

    def _further_rows(self) -> Rows:
        rows: Rows = []
        if self.accuracy is not None:
            rows.append(("right", f"{100 * self.accuracy:.4g} percent of the samples"))
        return [*rows, ("lower bound", self.grounds)]

    @property
    def grounds(self) -> str:
        """What the lower bound rests on, in words."""
        if self.unordered:
            names = ", ".join(map(str, self.unordered))
            return f"one neuron puts the classes {names} into an order along a line, and none is possible"
        if self.upper_bound == 0:
            return "0 needs no proof"
        if self.between is None:
            return f"nothing proven of {counted(self.pairs, 'pairs')} of classes"
        one, other = self.between
        return f"proven for the samples of {one} and {other}, the best of {counted(self.pairs, 'pairs')}"

    def sections(self, name: str = "") -> list[Section]:
        """Return what is known, and the witness."""
        title = "several classes" if self.problem is None else describe_classes(self.problem, name)
        found = [Section(title, self.rows())]
        if self.network is not None:
            found.append(shared_neurons_section("witness", self.network, self.problem))
        return found
