"""Results on neurons against accuracy: the least largest error with so many neurons, and the whole curve."""

import dataclasses
from typing import TYPE_CHECKING

from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.results.report import Report, Rows, Section
from sparsest.results.solving import Status, data_of, drawn_network
from sparsest.results.wording import all_counts, describe_problem, sections_with_network
from sparsest.sentences import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class LeastErrorResult(Report):
    """An interval that holds the least largest error of networks with so many neurons.

    Attributes
    ----------
    status : Status
        Why the search stopped; `Status.OPTIMAL` where both bounds are within the gap that was asked for, or
        the upper one is below a billionth of the largest label.
    neurons : int
        K.
    lower_bound : float
        No network of K neurons has a smaller largest error, proven in rational arithmetic.
    upper_bound : float
        `network` has a largest error of at most this much.
    network : Network or None
        With at most K neurons; None where it was interrupted before one was made.
    remark : str
        What else the user should know, in one sentence; usually empty.
    questions : int
        Tolerances at which the fewest neurons were bounded.
    nodes : int
        Linear programs in all of them.
    seconds : float
        Wall time.
    proof_written : bool or None
        Whether the file holds a proof that within `lower_bound` more neurons are necessary; None where none
        was asked for.
    unit : str
        What errors are measured in, in a few words; empty where that is the label's own unit.
    problem : Problem or None
        The data; None in a result that was read from a file.

    Examples
    --------
    >>> import sparsest
    >>> xor = sparsest.Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> point = sparsest.least_error(xor, 1)
    >>> point.neurons, round(point.lower_bound, 3), round(point.upper_bound, 3), point.network.width
    (1, 0.5, 0.5, 1)
    """

    status: Status
    neurons: int
    lower_bound: float
    upper_bound: float
    network: Network | None
    remark: str
    questions: int
    nodes: int
    seconds: float
    proof_written: bool | None = None
    unit: str = ""
    problem: Problem | None = dataclasses.field(default=None, compare=False)

    @property
    def gap(self) -> float:
        """Distance of the bounds relative to the upper one."""
        return (self.upper_bound - self.lower_bound) / self.upper_bound if self.upper_bound > 0 else 0.0

    @property
    def headline(self) -> str:
        """The least largest error, or the interval that holds it."""
        return f"{counted(self.neurons, 'neurons')}: largest error {self.bounds()}"

    def bounds(self) -> str:
        """Return what is known in a few words."""
        if self.status is Status.OPTIMAL and self.upper_bound == 0:
            return "0, proven least"
        if self.status is Status.OPTIMAL and self.gap < 1:
            return f"{self.upper_bound:.6g}, proven least to its digits"
        if self.status is Status.OPTIMAL:
            return f"at most {self.upper_bound:.2g}: beside the labels that is rounding"
        return f"at least {self.lower_bound:.6g}, at most {self.upper_bound:.6g}"

    def rows(self) -> Rows:
        """Return the lines that say what is known."""
        rows = [
            (f"largest error with {counted(self.neurons, 'neurons')}", self.bounds()),
            *([("errors", self.unit)] if self.unit else []),
            *([] if self.network is None else [("its network", all_counts(self.network))]),
            ("status", self.status.sentence),
            ("time", f"{self.seconds:.2f} s, {self.questions} tolerances, {counted(self.nodes, 'nodes')}"),
        ]
        return rows + ([("note", self.remark)] if self.remark else [])

    def sections(self, name: str = "") -> list[Section]:
        """Return what is known, and the network."""
        title = "least largest error" if self.problem is None else describe_problem(self.problem, name)
        return sections_with_network(
            title, self.rows(), "network of least error known", self.network, self.problem
        )

    def plot(self, problem: Problem | None = None, *, title: str = "") -> "Figure":
        """Draw the network on the data.

        Raises
        ------
        InputError
            When no network is known, or a result that was read from a file is given no problem.
        """
        return drawn_network(self, problem, counted(self.neurons, "neurons"), title)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class FrontierResult(Report):
    """How the least largest error falls with the number of neurons.

    Attributes
    ----------
    points : tuple of LeastErrorResult
        For 0, 1, 2, ... neurons.
    status : Status
        Why the last one stopped.
    seconds : float
        Wall time.
    remark : str
        What else the user should know, in one sentence; usually empty.
    problem : Problem or None
        The data; None in a result that was read from a file.

    Examples
    --------
    >>> import sparsest
    >>> xor = sparsest.Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> curve = sparsest.frontier(xor, time_limit=30)
    >>> [round(point.upper_bound, 3) for point in curve.points]
    [1.0, 0.5, 0.0]
    """

    points: tuple[LeastErrorResult, ...]
    status: Status
    seconds: float
    remark: str = ""
    problem: Problem | None = dataclasses.field(default=None, compare=False)

    @property
    def unit(self) -> str:
        """What errors are measured in, in a few words; empty where that is the label's own unit."""
        return self.points[0].unit

    @property
    def closed(self) -> int:
        """Points whose bounds are within the gap that was asked for."""
        return sum(point.status is Status.OPTIMAL for point in self.points)

    @property
    def range_in_words(self) -> str:
        """The largest error at both ends of the curve."""
        first, last = self.points[0], self.points[-1]
        unit = f", {self.unit}" if self.unit else ""
        if first is last:
            return f"largest error{unit} {first.upper_bound:.4g} with {counted(first.neurons, 'neurons')}"
        ends = f"{first.upper_bound:.4g} to {last.upper_bound:.4g}"
        return f"largest error{unit} {ends} with {first.neurons} to {counted(last.neurons, 'neurons')}"

    @property
    def closed_in_words(self) -> str:
        """How many points are proven."""
        count = len(self.points)
        if self.closed == count:
            return "every point is proven least, to the gap asked for"
        who = "the others lie" if self.closed else "each lies"
        return f"{self.closed} of {counted(count, 'points')} are proven least; {who} between two bounds"

    @property
    def headline(self) -> str:
        """How far the curve goes, and what is proven of it."""
        return f"{self.range_in_words}; {self.closed_in_words}"

    def table(self) -> list[list[str]]:
        """Return the curve as rows of cells, the first of which names the columns."""
        proofs = any(point.proof_written is not None for point in self.points)
        head = ["neurons", "at least", "at most", "known", *(["proof"] if proofs else [])]
        return [head, *(_cells(point, proofs=proofs) for point in self.points)]

    def sections(self, name: str = "") -> list[Section]:
        """Return the curve as a table."""
        title = (
            "neurons against largest error" if self.problem is None else describe_problem(self.problem, name)
        )
        rows = [("errors", self.unit)] if self.unit else []
        rows += [("known", self.closed_in_words)]
        rows += [("time", f"{self.seconds:.2f} s; {self.status.sentence}")]
        rows += [("note", self.remark)] if self.remark else []
        rows += [
            ("note", f"{counted(each.neurons, 'neurons')}: {each.remark}")
            for each in self.points
            if each.remark
        ]
        return [Section(title, rows, self.table())]

    def plot(self, problem: Problem | None = None, *, title: str = "") -> "Figure":
        """Draw both bounds of the largest error against the number of neurons."""
        from sparsest.plots.trade_off import plot_frontier

        data = data_of(self, problem)
        return plot_frontier(
            [point.neurons for point in self.points],
            [point.lower_bound for point in self.points],
            [point.upper_bound for point in self.points],
            label="largest error"
            + (f" of {data.target_name}" if data.target_name else "")
            + (f", {self.unit}" if self.unit else ""),
            title=title,
        )


def _cells(point: LeastErrorResult, *, proofs: bool) -> list[str]:
    known = "proven least" if point.status is Status.OPTIMAL else f"within {100 * point.gap:.2g} percent"
    if point.lower_bound == 0 and point.status is not Status.OPTIMAL:
        known = "no lower bound yet"
    written = [{True: "written", False: "none"}.get(bool(point.proof_written), "")] if proofs else []
    return [
        str(point.neurons), f"{point.lower_bound:.6g}", f"{point.upper_bound:.6g}", known, *written,
    ]  # fmt: skip
