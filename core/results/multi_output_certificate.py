"""What the certification of a network with several outputs or classes says: the verdict, and its grounds."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from sparsest.affine import Affine
from sparsest.multi_output_network import MultiOutputNetwork, SharedProblem
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.results.certificate import Attempt, Judgement, Reduction
from sparsest.results.report import Report, Rows, Section
from sparsest.results.skill import Skill, side_by_side
from sparsest.results.solving import Proof, Status
from sparsest.results.wording import shared_neurons_section
from sparsest.sentences import counted

# Reductions listed; more are summed up.
_MAX_LISTED: Final = 8
# Outputs in the table; more are left out.
_MAX_OUTPUTS: Final = 20


@dataclasses.dataclass(frozen=True)
class OutputFigures:
    """How near one output of the given and of the sparsest network is to what is asked for.

    Attributes
    ----------
    tolerance : float
        Largest distance that counts as fitting, on any row.
    residual, own_residual : float
        Largest distance of the given network, in float64 and in its own precision.
    r2 : float or None
        Coefficient of determination of the given network on the labels, or, where there are none, on its own
        outputs; None where those are all equal.
    network_residual, network_r2 : float or None
        The same of the sparsest network known; None when none is known to fit.

    Examples
    --------
    >>> import sparsest
    >>> shared = sparsest.MultiOutputNetwork([[1]], [0], [[1, 2]])
    >>> found = sparsest.certify(shared, [[-1], [1], [2]], [[0, 0], [1, 2], [2, 4]])
    >>> [(figures.residual, figures.r2) for figures in found.outputs]
    [(0.0, 1.0), (0.0, 1.0)]
    """

    tolerance: float
    residual: float
    own_residual: float
    r2: float | None
    network_residual: float | None = None
    network_r2: float | None = None


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class MultiOutputCertificate(Report):
    """Whether a given network with several outputs has the fewest neurons that fit, and what that rests on.

    Attributes
    ----------
    judgement : Judgement
        The verdict.
    reason : str
        One sentence with the figures it rests on.
    status : Status or None
        Why the search for bounds ended; None when there was none.
    lower_bound : int
        No network of the same kind that fits has fewer neurons.
    upper_bound : int or None
        The neurons of `network`; None when no network is known to fit.
    network : MultiOutputNetwork or None
        The sparsest network known to fit.
    remark : str
        What else the user should know; may be empty.
    affine : Affine
        Which affine terms the network, and every network it is compared with, may have.
    source, dtype : str
        Where the network came from, and its own precision.
    samples, features : int
        Size of the data.
    outputs : tuple of OutputFigures
        Figures of each output; empty where classes are asked for.
    against : str
        What the network was held against: "model", "labels" or "tolerance".
    asked : str
        The question in words: what the bounds are about.
    count, reduced_count : int
        Neurons of the network as it is, and after the reductions.
    reductions : tuple of Reduction
        Neurons that are superfluous on the data.
    proof : Proof
        What the lower bound rests on.
    proof_file : str or None
        Where its proof was written.
    grounds : str
        What the lower bound rests on, in words; empty where there was no search.
    attempts : tuple of Attempt
        What was tried, in order.
    seconds : float
        Wall time of everything.
    options : mapping
        The options that it ran with.
    folded : tuple of str
        What was folded into the network, or left aside, when the model was read.
    agreement : float or None
        For a classifier, the share of rows that the sparsest network puts into the same class.
    classes : tuple
        All classes, where classes are asked for.
    margin : float or None
        By how much the output of a row's class has to exceed the others, where classes are asked for.
    given_skill, network_skill : Skill or None
        Accuracy and log-loss of the given and of the sparsest network, where classes are asked for.
    problem : MultiOutputProblem, MultiClassProblem or None
        The data with their intervals or classes; None in a certificate that was read from a file.
    given : MultiOutputNetwork or None
        The network that was judged; None in a certificate that was read from a file.

    Examples
    --------
    >>> import sparsest
    >>> twice = sparsest.MultiOutputNetwork([[1], [2]], [0, 0], [[1, 0], [0, 1]])
    >>> found = sparsest.certify(twice, [[-1], [1], [2]], [[0, 0], [1, 2], [2, 4]])
    >>> found.judgement.name, found.count, found.lower_bound, found.upper_bound
    ('SPARSER_EXISTS', 2, 1, 1)
    """

    judgement: Judgement
    reason: str
    status: Status | None
    lower_bound: int
    upper_bound: int | None
    network: MultiOutputNetwork | None
    remark: str
    affine: Affine
    source: str
    dtype: str
    samples: int
    features: int
    outputs: tuple[OutputFigures, ...]
    against: str
    asked: str
    count: int
    reduced_count: int
    reductions: tuple[Reduction, ...]
    proof: Proof
    proof_file: str | None
    grounds: str
    attempts: tuple[Attempt, ...]
    seconds: float
    options: Mapping[str, Any]
    folded: tuple[str, ...] = ()
    agreement: float | None = None
    classes: tuple[Any, ...] = ()
    margin: float | None = None
    given_skill: Skill | None = None
    network_skill: Skill | None = None
    problem: SharedProblem | None = dataclasses.field(default=None, compare=False)
    given: MultiOutputNetwork | None = dataclasses.field(default=None, compare=False)

    @property
    def headline(self) -> str:
        """The verdict and its reason."""
        return f"{self.judgement.name}: {self.reason}"

    def sections(self, name: str = "") -> list[Section]:
        """Return figures, verdict, remark, a table of the outputs, and a sparser network if there is one."""
        size = f"{counted(self.samples, 'samples')}, {counted(self.features, 'features')}"
        outputs = f"{len(self.classes)} classes" if self.classes else f"{len(self.outputs)} outputs"
        title = f"{name or self.source}: {size}, {outputs}, {self.affine.sentence}"
        found = [Section(title, self.rows()), Section(self.headline)]
        if self.remark:
            found.append(Section(f"note: {self.remark}"))
        if self.given_skill is None:
            found.append(Section("each output", [], self._table()))
        else:
            found.append(Section(f"skill {self.given_skill.reference.sentence}", [], self._skill_table()))
        if self.judgement is Judgement.SPARSER_EXISTS and self.network is not None:
            found.append(shared_neurons_section("the sparser network", self.network, self.problem))
        return found

    def rows(self) -> Rows:
        """Return the lines that say what was asked, and what fewer neurons can do."""
        rows = [
            *(("read", sentence) for sentence in self.folded),
            ("asked", self.asked),
            ("neurons", f"{self.count}, after the reductions {self.reduced_count}"),
            *(("reduction", reduction.sentence) for reduction in self.reductions[:_MAX_LISTED]),
        ]
        if (more := len(self.reductions) - _MAX_LISTED) > 0:
            rows.append(("", f"and {counted(more, 'more reductions')}"))
        rows += [(f"{each.seconds:.1f} s", f"{each.name}: {each.outcome}") for each in self.attempts]
        if self.judgement is not Judgement.NOT_INTERPOLATING:
            exact = "" if self.proof is Proof.EXACT else ", up to solver tolerances"
            rows.append(("bounds", f"at least {self.lower_bound}{exact}, at most {self.upper_bound}"))
        if self.grounds:
            rows.append(("lower bound", self.grounds))
        if self.agreement is not None:
            rows.append(("classes", f"the same on {100 * self.agreement:.4g} percent of the rows"))
        return [*rows, ("time", f"{self.seconds:.1f} s")]

    def _skill_table(self) -> list[list[str]]:
        """Return accuracy and log-loss of the given network, beside those of a sparser one."""
        assert self.given_skill is not None
        columns = [("this network", self.given_skill)]
        if self.network_skill is not None and self.judgement is Judgement.SPARSER_EXISTS:
            columns.append(("the sparser one", self.network_skill))
        return side_by_side(columns)

    def _table(self) -> list[list[str]]:
        """Return the figures of each output, the given network beside the sparsest one known."""
        both = self.network is not None and self.judgement is Judgement.SPARSER_EXISTS
        header = ["output", "tolerance", "largest error", "R2"]
        header += ["of the sparser network", "its R2"] if both else []
        names = self.problem.target_names if isinstance(self.problem, MultiOutputProblem) else None
        table = [header]
        for j, figures in enumerate(self.outputs[:_MAX_OUTPUTS]):
            line = [str(j) if names is None else names[j], f"{figures.tolerance:.4g}"]
            line += [f"{figures.residual:.4g}", _shown(figures.r2)]
            line += [_shown(figures.network_residual), _shown(figures.network_r2)] if both else []
            table.append(line)
        return table


def _shown(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4g}"
