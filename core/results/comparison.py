"""What a comparison of the two sides says, and why."""

import dataclasses
from typing import TYPE_CHECKING

from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.results.path_norm import PathNormResult, ThresholdResult
from sparsest.results.report import Report, Section
from sparsest.results.solving import ExactResult, FitResult, Status, data_of
from sparsest.results.wording import describe_problem, network_section
from sparsest.sentences import Sentence, joined

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Outcome(Sentence):
    """The verdict of a comparison."""

    AGREE = "agree", "both sides reached the same count, proven minimal"
    CONTINUOUS_ABOVE = "continuous_above", "training stopped at a local optimum above the proven minimum"
    EXACT_OPEN = "exact_open", "the exact side ran out of time and leaves an interval"
    NOT_INTERPOLATING = "not_interpolating", "the trained network does not fit the data, or not exactly"
    DISAGREE = "disagree", "the trained network fits with fewer than the proven bound: one side is wrong"


class Attainment(Sentence):
    """Whether training reached the least path norm, and whether that is where the sparsest network is."""

    GLOBAL = "global", "training reached the least path norm, with a sparsest network"
    LOCAL = "local", "training stopped above the least path norm"
    P_TOO_LARGE = "p_too_large", "the least path norm at this p belongs to a network that is not sparsest"
    OPEN = "open", "the bounds that are known do not tell"


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Verdict(Report):
    """Whether the exact and the continuous side agree on a problem, and why not.

    Attributes
    ----------
    outcome : Outcome
        The verdict on the counts.
    reason : str
        One sentence with the figures it rests on.
    attainment : Attainment or None
        The verdict on the path norms; None when the trained network does not fit or bounds are wrong.
    because : str
        One sentence with the figures that it rests on; empty when there is none.
    exact : ExactResult
        What the exact side knows.
    found : FitResult
        What the search for few parts found.
    continuous : FitResult
        What minimising the path norm found.
    least : PathNormResult or None
        Bounds on the least path norm at training's p; None when they were not asked for.
    threshold : ThresholdResult or None
        Bounds on p*; None when there is no method for this problem.

    Examples
    --------
    >>> import sparsest
    >>> xor = sparsest.Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> verdict = sparsest.compare_sides(xor)
    >>> verdict.outcome.name, verdict.attainment.name
    ('AGREE', 'GLOBAL')
    >>> verdict.exact.upper_bound, verdict.found.count, verdict.continuous.count
    (2, 2, 2)
    """

    outcome: Outcome
    reason: str
    attainment: Attainment | None
    because: str
    exact: ExactResult
    found: FitResult
    continuous: FitResult
    least: PathNormResult | None = None
    threshold: ThresholdResult | None = None

    @property
    def status(self) -> Status:
        """Why the exact side stopped."""
        return self.exact.status

    @property
    def lower_bound(self) -> int:
        """No network that fits has fewer, says the exact side."""
        return self.exact.lower_bound

    @property
    def _sides(self) -> tuple[ExactResult, FitResult, FitResult]:
        return self.exact, self.found, self.continuous

    @property
    def upper_bound(self) -> int | None:
        """The count of `network`; None when no network is known to fit."""
        return min((side.upper_bound for side in self._sides if side.upper_bound is not None), default=None)

    @property
    def network(self) -> Network | None:
        """The sparsest network known to fit, the exact side's where both sides have one; None without one."""
        best = self.upper_bound
        if best is None:
            return None
        return next(side.network for side in self._sides if side.upper_bound == best)

    @property
    def remark(self) -> str:
        """What else either side says."""
        return joined(self.exact.remark, self.found.remark, self.continuous.remark)

    @property
    def problem(self) -> Problem | None:
        """The data; None in a verdict that was read from a file."""
        return self.exact.problem

    @property
    def headline(self) -> str:
        """Both verdicts."""
        return f"{self.outcome.name}: {self.reason}"

    def sections(self, name: str = "") -> list[Section]:
        """Return what both sides know, the verdicts, and the networks that compete where p is too large."""
        title = "comparison" if self.problem is None else describe_problem(self.problem, name)
        sections = [
            Section(title),
            Section("exact", self.exact.rows()),
            Section("found by training", self.found.rows()),
            Section("path norm minimised", self.continuous.rows()),
        ]
        if self.least is not None:
            rows = self.least.rows()
            if self.threshold is not None:
                place = next(i for i, (what, _) in enumerate(rows) if what == "method")
                rows.insert(place, ("p*", self.threshold.spelled))
            sections.append(Section("least path norm", rows))
        sections.append(Section(self.headline))
        if self.attainment is not None:
            sections.append(Section(f"{self.attainment.name}: {self.because}"))
        return sections + (self._competitors() if self.attainment is Attainment.P_TOO_LARGE else [])

    def _competitors(self) -> list[Section]:
        """Return a sparsest network and the one of least path norm."""
        pairs = [("a sparsest network", self.exact.network)]
        pairs.append(("the network of least path norm", None if self.least is None else self.least.network))
        return [
            network_section(title, network, self.problem) for title, network in pairs if network is not None
        ]

    def plot(self, problem: Problem | None = None, *, title: str = "") -> "Figure":
        """Draw the networks of both sides on the data.

        Raises
        ------
        InputError
            When a verdict that was read from a file is given no problem.
        """
        from sparsest.plots.networks import plot_networks

        networks = [("found by training", self.found.network)]
        if not self.continuous.network.same_function(self.found.network):
            networks.append(("path norm minimised", self.continuous.network))
        if self.exact.network is not None:
            networks.insert(0, ("exact", self.exact.network))
        if self.attainment is Attainment.P_TOO_LARGE and self.least and self.least.network:
            networks.append(("least path norm", self.least.network))
        return plot_networks(data_of(self, problem), networks, title)
