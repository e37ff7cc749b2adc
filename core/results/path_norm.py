"""Results on the l^p path norm: its least value, how many attain it, and the threshold p*."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.cost_curves import CostCurves
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.report import Report, Rows, Section
from sparsest.results.solving import Status, drawn_network
from sparsest.results.wording import all_counts, describe_problem, sections_with_network, time_spent
from sparsest.sentences import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Numbers of minimisers from here on are told by their size.
MAX_SPELLED = 10**15
# Intervals of p* wider than this are told by their ends.
_WIDE = 1e-6
# Values of p at which a figure's curves are computed.
_POINTS = 200


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class PathNormResult(Report):
    """An interval that holds the least path norm of networks that fit, and a network at its upper end.

    Attributes
    ----------
    status : Status
        Why the method stopped. `Status.OPTIMAL` only when both bounds are within
        `sparsest.tolerances.PATH_NORM_GAP` of each other.
    lower_bound : float
        No network that fits has a smaller path norm; infinite when no network fits.
    upper_bound : float or None
        Some network that fits has a path norm this small; None when no network is known.
    network : Network or None
        That network, rounded to floats.
    remark : str
        What else the user should know, in one sentence; usually empty.
    objective : Objective
        What the path norm is taken of.
    p : float
        Its exponent.
    residual : float or None
        Largest violation of an interval by `network`, evaluated in float64.
    method : str
        The algorithm that ran.
    nodes : int
        Search nodes visited, or steps of a recursion; 1 where one linear program was all.
    seconds : float
        Wall time, of all runs where a search was resumed.
    problem : Problem or None
        The data; None in a result that was read from a file.
    seconds_before : float
        Of these, the seconds of earlier runs; 0 in a result that was read from a file.
    proof_written : bool or None
        Whether the proof that was asked for could be written; None when none was, and in a result that was
        read from a file.

    Examples
    --------
    Two neurons fit xor with a path norm of 2 * 2^p, and nothing costs less.

    >>> import sparsest
    >>> xor = sparsest.Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> least = sparsest.exact.minimize_path_norm(xor, 0.5)
    >>> round(least.lower_bound, 4), round(least.upper_bound, 4), str(least.status)
    (2.8284, 2.8284, 'optimal')
    """

    status: Status
    lower_bound: float
    upper_bound: float | None
    network: Network | None
    remark: str
    objective: Objective
    p: float
    residual: float | None
    method: str
    nodes: int
    seconds: float
    problem: Problem | None = dataclasses.field(default=None, compare=False)
    seconds_before: float = dataclasses.field(default=0.0, compare=False)
    proof_written: bool | None = dataclasses.field(default=None, compare=False)

    @property
    def gap(self) -> float:
        """Distance of the bounds relative to the upper one; infinite when no network is known."""
        if self.upper_bound is None:
            return float("inf")
        return (self.upper_bound - self.lower_bound) / self.upper_bound if self.upper_bound > 0 else 0.0

    @property
    def headline(self) -> str:
        """The least path norm, or the interval that holds it."""
        return f"p = {self.p:g} on {self.objective}: {self._bounds()}"

    def _bounds(self) -> str:
        upper = "unknown" if self.upper_bound is None else f"{self.upper_bound:.8g}"
        if self.gap <= tolerances.PATH_NORM_GAP:
            return f"{upper}, certified"
        return f"at least {self.lower_bound:.8g}, at most {upper}"

    def rows(self) -> Rows:
        """Return the lines that say what is known of the least path norm."""
        rows = [(f"p = {self.p:g}", self._bounds())]
        if self.network is not None:
            rows.append(("its network", all_counts(self.network)))
        rows.append(("method", self.method))
        spent, nodes = time_spent(self.seconds, self.seconds_before), counted(self.nodes, "nodes")
        rows.append(("time", f"{spent}, {nodes}; {self.status.sentence}"))
        return rows + ([("note", self.remark)] if self.remark else [])

    def sections(self, name: str = "") -> list[Section]:
        """Return what is known, and the network."""
        title = "least path norm" if self.problem is None else describe_problem(self.problem, name)
        return sections_with_network(
            title, self.rows(), "network of least path norm known", self.network, self.problem
        )

    def plot(self, problem: Problem | None = None, *, title: str = "") -> "Figure":
        """Draw the network on the data.

        Raises
        ------
        InputError
            When no network is known, or a result that was read from a file is given no problem.
        """
        return drawn_network(self, problem, "least path norm", title)


@dataclasses.dataclass(frozen=True)
class MinimiserCount:
    """How many functions attain the least path norm.

    Attributes
    ----------
    at_least : int
        So many do, proven.
    at_most : int or None
        No more do, proven; None when there may be infinitely many.

    Examples
    --------
    >>> from sparsest import MinimiserCount
    >>> print(MinimiserCount(1, 1), MinimiserCount(2, None), sep="; ")
    one, it is unique; infinitely many
    """

    at_least: int
    at_most: int | None

    def __str__(self) -> str:
        if self.at_most is None:
            return "infinitely many"
        if self.at_least == self.at_most:
            return "one, it is unique" if self.at_most == 1 else spelled(self.at_most)
        return f"between {spelled(self.at_least)} and {spelled(self.at_most)}: rounding leaves ties open"

    @property
    def unique(self) -> bool | None:
        """Whether there is exactly one; None when rounding leaves that open."""
        if self.at_most == 1:
            return True
        return False if self.at_least > 1 else None


def spelled(count: int) -> str:
    """Spell a number that may have thousands of digits."""
    return str(count) if count < MAX_SPELLED else f"more than 10^{int(count.bit_length() * 0.30102) - 1}"


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class ThresholdResult(Report):
    """An interval that holds the threshold p*, and the two networks that change places there.

    p* is the supremum of the q <= 1 such that for every p < q every minimiser of the l^p path norm is a
    sparsest network.

    Attributes
    ----------
    status : Status
        Why the search ended. `Status.OPTIMAL` where both bounds are certified and differ by rounding alone;
        `Status.FINISHED` where it came to its end with an interval that more time would not narrow.
    lower_bound : float
        For every p below, every minimiser is sparsest: certified. 0 where nothing is.
    upper_bound : float
        At this p some network that is not sparsest costs no more than any sparsest one, certified, or no more
        but for a relative `sparsest.tolerances.PATH_NORM_GAP` where the remark says so; 1 when there is no
        such p below 1, or none is known.
    network : Network
        The sparsest network of least path norm at `upper_bound`; some sparsest network, or one that is not
        known to be, where the remark says that the smallest count was not proven.
    other : Network or None
        The network of least path norm there among those that are not sparsest; None when p* may be 1.
    remark : str
        What else the user should know, in one sentence; usually empty.
    objective : Objective
        What is counted, and what the path norm is taken of.
    nodes : int
        Intervals of p that were examined, or values of p that were tried.
    seconds : float
        Wall time.
    problem : Problem or None
        The data; None in a result that was read from a file.

    Examples
    --------
    >>> from sparsest import datasets, exact
    >>> found = exact.threshold(datasets.load("convex").problem(), "weights")
    >>> round(found.lower_bound, 6), round(found.upper_bound, 6)
    (0.430677, 0.430677)
    >>> found.network.count("weights"), found.other.count("weights")
    (3, 4)
    """

    status: Status
    lower_bound: float
    upper_bound: float
    network: Network
    other: Network | None
    remark: str
    objective: Objective
    nodes: int
    seconds: float
    problem: Problem | None = dataclasses.field(default=None, compare=False)

    @property
    def headline(self) -> str:
        """P*, or the interval that holds it."""
        return f"p* on {self.objective}: {self.spelled}"

    @property
    def spelled(self) -> str:
        """P*, or the interval that holds it, in words."""
        lower, upper = self.lower_bound, self.upper_bound
        if upper - lower > _WIDE:
            return f"between {lower:.6g} and {upper:.6g}"
        if lower == upper:
            return f"{upper:g}: for every p < {upper:g} each network of least path norm is sparsest"
        return f"{upper:.10g}, certified from {lower!r} to {upper!r}"

    def rows(self) -> Rows:
        """Return the lines that say what is known of p*."""
        what = str(self.objective)
        rows = [("p*", self.spelled), ("sparsest", counted(self.network.count(what), what))]
        if self.other is not None:
            rows.append(("at p*", f"{counted(self.other.count(what), what)} cost as little"))
        whole = self.status in (Status.OPTIMAL, Status.FINISHED)
        ended = "" if whole else f"; {self.status.sentence}"
        rows.append(("time", f"{self.seconds:.2f} s, {counted(self.nodes, 'intervals')} of p{ended}"))
        return rows + ([("note", self.remark)] if self.remark else [])

    def sections(self, name: str = "") -> list[Section]:
        """Return what is known of p*."""
        title = "threshold p*" if self.problem is None else describe_problem(self.problem, name)
        return [Section(title, self.rows())]

    def plot(self, curves: CostCurves | None = None, *, title: str = "") -> "Figure":
        """Draw least path norms against p, and mark p*.

        Parameters
        ----------
        curves : CostCurves, optional
            Of all candidates, as `sparsest.exact.cost_curves` returns them; by default those of the two
            networks of this result.
        title : str
            Above the figure.
        """
        from sparsest.plots.p_star import plot_threshold

        if curves is not None and not isinstance(curves, CostCurves):
            raise InputError(f"plot takes CostCurves of p, not a {type(curves).__name__}")
        shown = self._own_curves() if curves is None else curves
        return plot_threshold(shown, self.lower_bound, self.upper_bound, title)

    def _own_curves(self) -> CostCurves:
        powers = np.linspace(1 / _POINTS, 1, _POINTS)

        def costs(network: Network) -> FloatArray:
            return np.array([network.path_norm(float(p), self.objective) for p in powers])

        return CostCurves(powers, costs(self.network), None if self.other is None else costs(self.other))
