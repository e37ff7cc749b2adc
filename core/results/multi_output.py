"""What the exact side returns for a problem with several outputs."""

import dataclasses
from typing import TYPE_CHECKING

from sparsest.errors import InputError
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.results.report import Rows, Section
from sparsest.results.solving import CountBounds
from sparsest.results.wording import describe_outputs, shared_neurons_section
from sparsest.sentences import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True, repr=False)
class MultiOutputResult(CountBounds):
    """Bounds on the fewest neurons that several outputs share, and a network that attains the upper one.

    Attributes beside those of `CountBounds`:

    Attributes
    ----------
    direction : tuple of int, or None
        The lower bound is one for ``c . f`` with these c, one number an output, and thereby for f; None where
        nothing is proven.
    directions : int
        How many directions were tried.

    Examples
    --------
    >>> import sparsest
    >>> both = sparsest.MultiOutputProblem([[-1], [0], [1], [2]], [[0, 0], [0, 0], [1, 2], [1, 3]])
    >>> result = sparsest.solve(both)
    >>> result.lower_bound, result.upper_bound, result.network.n_outputs
    (2, 2, 2)
    >>> len(result.direction)  # the lower bound is proven for this sum of the outputs
    2
    """

    network: MultiOutputNetwork | None
    problem: MultiOutputProblem | None = dataclasses.field(default=None, compare=False)
    direction: tuple[int, ...] | None = None
    directions: int = 0

    @property
    def grounds(self) -> str:
        """What the lower bound rests on, in words."""
        if self.direction is None:
            return f"nothing proven in {counted(self.directions, 'directions')}"
        shown = ", ".join(map(str, self.direction))
        tried = f"the best of {counted(self.directions, 'directions')}"
        return f"proven for the sum of outputs times ({shown}), {tried}"

    def _further_rows(self) -> Rows:
        return [("lower bound", self.grounds)]

    def sections(self, name: str = "") -> list[Section]:
        """Return what is known, and the witness."""
        title = "several outputs" if self.problem is None else describe_outputs(self.problem, name)
        found = [Section(title, self.rows())]
        if self.network is not None:
            found.append(shared_neurons_section("witness", self.network, self.problem))
        return found

    def plot(self, problem: MultiOutputProblem | None = None, *, title: str = "") -> "Figure":
        """Draw the witness on the data, output by output.

        Raises
        ------
        InputError
            When no network is known, or a result that was read from a file is given no problem.
        """
        from sparsest.plots.outputs import plot_outputs

        data = self.problem if problem is None else problem
        if data is None:
            raise InputError("a result that was read from a file has no data: write plot(problem)")
        if not isinstance(data, MultiOutputProblem):
            raise InputError(f"plot takes a MultiOutputProblem, not a {type(data).__name__}")
        if self.network is None:
            raise InputError("no network is known, so there is nothing to draw")
        return plot_outputs(data, self.network, f"sparsest ({self.status})", title)
