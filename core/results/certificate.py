"""What the certification of a given network says: the verdict, and everything that it rests on."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.report import Report, Rows, Section
from sparsest.results.skill import Skill, side_by_side
from sparsest.results.solving import Proof, Status, data_of
from sparsest.results.wording import network_section
from sparsest.sentences import Sentence, counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A tolerance that nobody gives: this share of the range of the network's outputs or of the labels. It is
# wide enough to lose neurons (20 of a network on 442 noisy rows become 17 or 18) and keeps R2 to 0.001 there;
# at 3 percent that network has lost 0.017.
SHARE_OF_RANGE: Final = 0.01
# Reductions listed; more are summed up.
_MAX_LISTED: Final = 8


class Judgement(Sentence):
    """The verdict on a network that somebody trained."""

    NOT_INTERPOLATING = "not_interpolating", "the network misses a label by more than the tolerance"
    SPARSEST = "sparsest", "the network fits, and no network with fewer parts does"
    SPARSER_EXISTS = "sparser_exists", "a network with fewer parts fits as well"
    BOUNDED = "bounded", "no network with fewer parts is known to fit, and none is proven not to"


class Against(Sentence):
    """What a network is held against, and so what "fits" means."""

    MODEL = "model", "the network's own outputs, or its own classes"
    LABELS = "labels", "the labels, on no row worse than the network or the tolerance, whichever is larger"
    TOLERANCE = (
        "tolerance",
        "the labels within the tolerance, or beyond the margin, whatever the network does",
    )


class ReductionKind(Sentence):
    """Why neurons are superfluous on the data, whatever the tolerance."""

    ZERO = "zero", "the output weight, or all that enters, is zero"
    DEAD = "dead", "inactive on every sample"
    DUPLICATE = "duplicate", "the same neuron up to its size"
    ALWAYS_LINEAR = "always_linear", "active on every sample, and so affine on the data"
    MERGEABLE = "mergeable", "active on the same samples, and so added up without changing a value"


@dataclasses.dataclass(frozen=True)
class Reduction:
    """Neurons that fewer can replace without changing a value on the data.

    Attributes
    ----------
    kind : ReductionKind
        Why.
    neurons : tuple of int
        Their numbers in the given network, from 0.
    saved : int
        How many fewer neurons there are afterwards.
    sentence : str
        The same for people.

    Examples
    --------
    >>> import sparsest
    >>> idle = sparsest.Network([[1], [1]], [0, -5], [1, 1])  # the second neuron starts beyond the data
    >>> found = sparsest.certify(idle, [[-1], [0], [1]], [0, 0, 1]).reductions[0]
    >>> str(found.kind), found.neurons, found.saved
    ('dead', (1,), 1)
    """

    kind: ReductionKind
    neurons: tuple[int, ...]
    saved: int
    sentence: str


@dataclasses.dataclass(frozen=True)
class Miss:
    """A sample on which the network is far from its label.

    Attributes
    ----------
    row : int
        Row of X, from 0.
    label, value : float
        What was asked for, and the network's value in float64.
    distance : float
        Between the two.

    Examples
    --------
    >>> import sparsest
    >>> ramp = sparsest.Network([[1]], [0], [1])
    >>> found = sparsest.certify(ramp, [[-1], [1], [2]], [0, 1, 3], tolerance=0.5)
    >>> found.judgement.name, found.worst[0]
    ('NOT_INTERPOLATING', Miss(row=2, label=3.0, value=2.0, distance=1.0))
    """

    row: int
    label: float
    value: float
    distance: float


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One thing that was tried.

    Attributes
    ----------
    name : str
        What, in a few words.
    outcome : str
        What came of it, in one sentence.
    seconds : float
        Wall time.

    Examples
    --------
    >>> import sparsest
    >>> ramp = sparsest.Network([[1]], [0], [1])
    >>> for attempt in sparsest.certify(ramp, [[-1], [1], [2]], [0, 1, 2]).attempts:
    ...     print(f"{attempt.name}: {attempt.outcome}")
    reductions: 0 of 1 neurons are superfluous on the data
    first bounds: exactly 1 neuron: lower and upper bound met, 10 nodes (univariate)
    """

    name: str
    outcome: str
    seconds: float


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Certificate(Report):
    """Whether a given network is the sparsest that fits its data, and what that rests on.

    Attributes
    ----------
    judgement : Judgement
        The verdict.
    reason : str
        One sentence with the figures it rests on.
    status : Status or None
        Why the search for bounds ended; None when there was none.
    lower_bound : int
        No network of the same kind that fits has fewer.
    upper_bound : int or None
        The count of `network`; None when no network is known to fit.
    network : Network or None
        The sparsest network known to fit; the given one, folded, if none is sparser.
    remark : str
        What else the user should know, how to continue for instance; may be empty.
    objective : Objective
        What is counted.
    affine : Affine
        Which affine term the network, and every network it is compared with, may have.
    source : str
        Where the network came from: "torch module", "onnx", "network", ...
    dtype : str
        Precision of the network itself.
    samples, features : int
        Size of the data.
    residual : float
        Largest distance from what is asked for, a label or the network's own output, in float64.
    own_residual : float
        The same when the network evaluates in its own precision.
    worst : tuple of Miss
        The samples with the largest distances in float64, largest first.
    tolerance : float
        Largest distance that counts as fitting; the largest one where there is one a sample.
    tolerance_chosen : bool
        Whether it was chosen as what the network itself attains.
    count : int
        Count of the network as it is.
    reduced_count : int
        Count after the reductions.
    reductions : tuple of Reduction
        Neurons that are superfluous on the data, cheapest reasons first.
    network_residual : float or None
        The same of `network`, in float64.
    network_own_residual : float or None
        The same after its numbers are rounded to the given network's precision.
    proof : Proof
        What the lower bound rests on.
    proof_file : str or None
        Where its proof was written.
    attempts : tuple of Attempt
        What was tried, in order.
    trace : array (T, 3)
        Seconds, lower and upper bound whenever one of them changed.
    seconds : float
        Wall time of everything.
    options : mapping
        The options that it ran with.
    folded : tuple of str
        What was folded into the network, or left aside, when the model was read: one sentence each.
    margin : float or None
        For the logit of a classifier, how far beyond zero it must be; `tolerance` is 0 then, and a residual
        is the distance from the right side.
    problem : Problem or None
        The data with their intervals; None in a certificate that was read from a file.
    against : Against
        What the network was held against.
    asked : str
        The question in words: what the bounds are about.
    given_skill : Skill or None
        How well the given network does on all rows.
    network_skill : Skill or None
        The same of `network`.
    skill_lost : bool
        Whether `network` has fewer parts and R2, or the accuracy, is lower by more than
        `sparsest.results.skill.LOST_SKILL`; `remark` says so too.
    outliers : int
        Rows that a network may miss and still fit.
    missed : tuple of int
        The rows that `network` misses, from 0; empty where none may be.
    given : Network or None
        The network that was judged; None in a certificate that was read from a file.

    Examples
    --------
    >>> import sparsest
    >>> wide = sparsest.Network([[1, 1], [1, 1], [1, 1]], [0, -1, -2], [1, -2, 1])
    >>> found = sparsest.certify(wide, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> found.judgement.name, found.count, found.lower_bound, found.upper_bound
    ('SPARSER_EXISTS', 3, 2, 2)
    >>> found.network.width, found.residual
    (2, 0.0)
    """

    judgement: Judgement
    reason: str
    status: Status | None
    lower_bound: int
    upper_bound: int | None
    network: Network | None
    remark: str
    objective: Objective
    affine: Affine
    source: str
    dtype: str
    samples: int
    features: int
    residual: float
    own_residual: float
    worst: tuple[Miss, ...]
    tolerance: float
    tolerance_chosen: bool
    count: int
    reduced_count: int
    reductions: tuple[Reduction, ...]
    network_residual: float | None
    network_own_residual: float | None
    proof: Proof
    proof_file: str | None
    attempts: tuple[Attempt, ...]
    trace: FloatArray
    seconds: float
    options: Mapping[str, Any]
    folded: tuple[str, ...] = ()
    margin: float | None = None
    against: Against = Against.TOLERANCE
    asked: str = ""
    given_skill: Skill | None = None
    network_skill: Skill | None = None
    skill_lost: bool = False
    outliers: int = 0
    missed: tuple[int, ...] = ()
    problem: Problem | None = dataclasses.field(default=None, compare=False)
    given: Network | None = dataclasses.field(default=None, compare=False)

    @property
    def headline(self) -> str:
        """The verdict and its reason."""
        return f"{self.judgement.name}: {self.reason}"

    @property
    def allowed(self) -> tuple[str, str]:
        """The tolerance, the largest of any row, or the margin."""
        return ("tolerance", f"{self.tolerance!r}") if self.margin is None else ("margin", f"{self.margin!r}")

    @property
    def said_of_missed(self) -> str:
        """Which rows `network` misses, and how many it may."""
        named = ", ".join(map(str, self.missed[:_MAX_LISTED])) or "none"
        return f"{named}{', ...' * (len(self.missed) > _MAX_LISTED)}; {self.outliers} may be"

    @property
    def skill_section(self) -> Section | None:
        """How well the networks do on all rows side by side; None in certificates without data."""
        if self.given_skill is None:
            return None
        columns = [("given", self.given_skill)]
        is_another = self.judgement in (Judgement.SPARSER_EXISTS, Judgement.NOT_INTERPOLATING)
        if self.network_skill is not None and is_another:
            columns.append(("sparsest known", self.network_skill))
        return Section(f"skill {self.given_skill.reference.sentence}", [], side_by_side(columns))

    def sections(self, name: str = "") -> list[Section]:
        """Return figures, verdict, remark, and the sparser network if there is one."""
        size = f"{counted(self.samples, 'samples')}, {counted(self.features, 'features')}"
        title = f"{name or self.source}: {size}, {self.affine.sentence}"
        sections = [Section(title, self.rows()), Section(self.headline)]
        if self.remark:
            sections.append(Section(f"note: {self.remark}"))
        if (skill := self.skill_section) is not None:
            sections.append(skill)
        if self.judgement is Judgement.SPARSER_EXISTS and self.network is not None:
            sections.append(network_section("the sparser network", self.network, self.problem))
        return sections

    def rows(self) -> Rows:
        """Return the lines that say how well the network fits, and what fewer parts can do."""
        beyond = "" if self.margin is None else "beyond "
        what, upper = str(self.objective), self.upper_bound
        rows = [
            *(("read", sentence) for sentence in self.folded),
            *([("asked", self.asked)] if self.asked else []),
            ("residual", f"{self.residual:.3g} in float64, {self.own_residual:.3g} in its own {self.dtype}"),
            self.allowed,
            (what, f"{self.count}, after the reductions {self.reduced_count}"),
            *(("reduction", reduction.sentence) for reduction in self.reductions[:_MAX_LISTED]),
        ]
        if (more := len(self.reductions) - _MAX_LISTED) > 0:
            rows.append(("", f"and {counted(more, 'more reductions')}"))
        if self.judgement is Judgement.NOT_INTERPOLATING:
            return rows + [
                ("worst", f"row {miss.row}: {miss.value:.6g} instead of {beyond}{miss.label:.6g}")
                for miss in self.worst
            ]
        rows += [(f"{each.seconds:.1f} s", f"{each.name}: {each.outcome}") for each in self.attempts]
        if self.outliers:
            rows.append(("rows missed", self.said_of_missed))
        exact = "" if self.proof is Proof.EXACT else ", up to solver tolerances"
        rows.append(("bounds", f"at least {self.lower_bound}{exact}, at most {upper}"))
        rows.append(("time", f"{self.seconds:.1f} s"))
        return rows

    def plot(self, problem: Problem | None = None, *, title: str = "") -> "Figure":
        """Draw the given network and the sparsest one known on the data.

        Raises
        ------
        InputError
            When there is no network to draw, or a certificate that was read from a file is given no problem.
        """
        from sparsest.plots.networks import plot_networks

        networks = [] if self.given is None else [("the network", self.given)]
        if self.network is not None and (self.given is None or self.network.width != self.given.width):
            networks.append(("the sparsest known", self.network))
        if not networks:
            raise InputError("no network is known, so there is nothing to draw")
        return plot_networks(data_of(self, problem), networks, title)
