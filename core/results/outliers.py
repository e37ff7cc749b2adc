"""The result of a search that may miss a few rows."""

import dataclasses
from typing import TYPE_CHECKING

from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.results.report import Report, Rows, Section
from sparsest.results.solving import Proof, Status, drawn_network
from sparsest.results.wording import describe_problem, sections_with_network
from sparsest.sentences import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Rows named in a report.
_NAMED = 20


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class OutliersResult(Report):
    """Bounds on the fewest neurons of networks that meet all intervals but a few.

    Attributes
    ----------
    status : Status
        Why the search stopped. `Status.OPTIMAL` only when the bounds meet.
    outliers : int
        m, how many rows may be missed.
    lower_bound : int
        Every network with fewer neurons misses more than m rows.
    upper_bound : int or None
        The neurons of `network`; None when no network is known.
    network : Network or None
        The witness, rounded to floats.
    missed : tuple of int
        The rows that it misses, from 0, at most m.
    remark : str
        What else the user should know, in one sentence.
    proof : Proof
        What the bounds rest on. There is no proof file of them.
    subsets : int
        Subsets of the rows that were found to need more neurons.
    nodes : int
        Linear programs in all.
    seconds : float
        Wall time.
    problem : Problem or None
        The data; None in a result that was read from a file.

    Examples
    --------
    >>> from sparsest import Problem, exact
    >>> line = Problem([0, 1, 2, 3, 4], [0, 1, 5, 3, 4], affine="skip")
    >>> found = exact.solve_with_outliers(line, 1)
    >>> found.upper_bound, found.missed, str(found.status)
    (0, (2,), 'optimal')
    """

    status: Status
    outliers: int
    lower_bound: int
    upper_bound: int | None
    network: Network | None
    missed: tuple[int, ...]
    remark: str
    proof: Proof
    subsets: int
    nodes: int
    seconds: float
    problem: Problem | None = dataclasses.field(default=None, compare=False)

    @property
    def headline(self) -> str:
        """What is known of the smallest count, in a few words."""
        return f"neurons with {counted(self.outliers, 'outliers')}: {self._bounds()}"

    def _bounds(self) -> str:
        if self.status is Status.OPTIMAL:
            exact = self.proof is Proof.EXACT
            return f"{self.upper_bound}, {'proven minimal' if exact else 'minimal up to solver tolerances'}"
        upper = "unknown" if self.upper_bound is None else str(self.upper_bound)
        return f"at least {self.lower_bound}, at most {upper}"

    def rows(self) -> Rows:
        """Return the lines that say what is known, and what it rests on."""
        asked = f"{counted(self.nodes, 'nodes')}, {counted(self.subsets, 'subsets')} of rows"
        missed = ", ".join(map(str, self.missed[:_NAMED])) + ", ..." * (len(self.missed) > _NAMED)
        return [
            ("neurons", self._bounds()),
            ("rows missed", f"{missed or 'none'}; {self.outliers} may be"),
            ("status", f"{self.status}: {self.status.sentence}"),
            ("proof", f"{self.proof}: {self.proof.sentence}; there is no proof file"),
            ("time", f"{self.seconds:.2f} s, {asked}"),
            *([("note", self.remark)] if self.remark else []),
        ]

    def sections(self, name: str = "") -> list[Section]:
        """Return what is known, and the witness."""
        title = "outliers" if self.problem is None else describe_problem(self.problem, name)
        return sections_with_network(title, self.rows(), "witness", self.network, self.problem)

    def plot(self, problem: Problem | None = None, *, title: str = "") -> "Figure":
        """Draw the witness on the data.

        Raises
        ------
        InputError
            When no network is known, or a result that was read from a file is given no problem.
        """
        return drawn_network(self, problem, f"sparsest ({self.status})", title)
