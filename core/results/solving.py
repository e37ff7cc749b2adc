"""What the solvers of both sides return: why they stopped, what is known, and the network that shows it."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsest import tolerances
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.history import History
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.report import Report, Rows, Section
from sparsest.results.wording import (
    all_counts,
    describe_problem,
    network_section,
    sections_with_network,
    time_spent,
)
from sparsest.sentences import Sentence, counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Status(Sentence):
    """Why a solver stopped; what is known is in the bounds, never here."""

    OPTIMAL = "optimal", "lower and upper bound met"
    FINISHED = "finished", "the search ended by itself"
    TIME_LIMIT = "time_limit", "the time limit was reached"
    NODE_LIMIT = "node_limit", "the node limit was reached"
    INTERRUPTED = "interrupted", "the user interrupted the search"
    NUMERICAL = "numerical", "floating-point trouble: the solver could not decide a case either way"


class Proof(Sentence):
    """What the bounds rest on."""

    EXACT = "exact", "every step was verified, in rational arithmetic or with bounds on all rounding"
    NUMERICAL = "numerical", "some steps rest on a floating-point solver's word"


def data_of(result: Any, problem: Problem | None) -> Problem:
    """Return the problem to draw a result on: the one given, or else the result's own.

    Raises
    ------
    InputError
        When there is neither, because the result was read from a file.
    """
    found = result.problem if problem is None else problem
    if found is None:
        raise InputError("a result that was read from a file has no data: write plot(problem)")
    if not isinstance(found, Problem):
        raise InputError(f"plot takes a Problem, not a {type(found).__name__}")
    return found


def drawn_network(result: Any, problem: Problem | None, name: str, title: str) -> "Figure":
    """Return the figure of a result's one network on the data, `name` being what the legend calls it.

    Raises
    ------
    InputError
        When the result knows no network, or as `data_of`.
    """
    from sparsest.plots.networks import plot_networks

    data = data_of(result, problem)
    if result.network is None:
        raise InputError("no network is known, so there is nothing to draw")
    return plot_networks(data, [(name, result.network)], title)


@dataclasses.dataclass(frozen=True, repr=False)
class CountBounds(Report):
    """Bounds on the smallest count and where they come from, whether networks have one output or several.

    Attributes
    ----------
    status : Status
        Why the solver stopped. `Status.OPTIMAL` only when the bounds meet.
    lower_bound : int
        No network that fits has fewer.
    upper_bound : int or None
        The count of `network`; None when no network is known.
    network : Network, MultiOutputNetwork or None
        The witness, rounded to floats.
    remark : str
        What else the user should know, in one sentence; usually empty.
    objective : Objective
        What is counted.
    proof : Proof
        What both bounds rest on.
    residual : float or None
        Largest violation of an interval by `network`, evaluated in float64.
    method : str
        The algorithm that ran.
    reason : str
        Why that algorithm was chosen, in one sentence; empty when the caller named it.
    seconds : float
        Wall time, of all runs where a search was resumed.
    nodes : int
        Search nodes visited (LPs, MIP nodes or steps of a recursion).
    unverified : int
        Number of leaves of the activation tree that could not be decided in rational arithmetic; they
        never count towards the lower bound.
    solver : str
        Solver and version behind the method.
    options : mapping
        The options that the search ran with.
    seconds_before : float
        Of these, the seconds of earlier runs; 0 in a result that was read from a file.
    proof_written : bool or None
        Whether the proof file that was asked for was written; `remark` says why not. None when none was
        asked for.
    problem : Problem, MultiOutputProblem or None
        The data; None in a result that was read from a file.
    """

    status: Status
    lower_bound: int
    upper_bound: int | None
    network: Any
    remark: str
    objective: Objective
    proof: Proof
    residual: float | None
    method: str
    reason: str
    seconds: float
    nodes: int
    unverified: int
    solver: str
    options: Mapping[str, Any]
    proof_written: bool | None = None
    seconds_before: float = dataclasses.field(default=0.0, compare=False)
    problem: Any = dataclasses.field(default=None, compare=False)

    @property
    def headline(self) -> str:
        """What is known of the smallest count, in a few words."""
        return f"{self.objective}: {self._bounds()}"

    def _bounds(self) -> str:
        exact = self.proof is Proof.EXACT
        if self.status is Status.OPTIMAL:
            return f"{self.upper_bound}, " + (
                "proven minimal" if exact else "minimal up to solver tolerances"
            )
        upper = "unknown" if self.upper_bound is None else str(self.upper_bound)
        return f"at least {self.lower_bound}, at most {upper}"

    def rows(self) -> Rows:
        """Return the lines that say what is known, and what it rests on."""
        rows = [
            (str(self.objective), self._bounds()),
            ("status", f"{self.status}: {self.status.sentence}"),
            ("proof", f"{self.proof}: {self.proof.sentence}"),
        ]
        if self.unverified:
            leave = "node, which leaves" if self.unverified == 1 else "nodes, which leave"
            rows.append(("undecided", f"{self.unverified} {leave} the lower bound where it is"))
        rows += self._further_rows()
        rows.append(("method", self.method + (f" ({self.reason})" if self.reason else "")))
        if self.residual is not None:
            rows.append(("residual", f"{self.residual:.1e} in float64"))
        solver = f", {self.solver}" if self.solver else ""
        spent = time_spent(self.seconds, self.seconds_before)
        rows.append(("time", f"{spent}, {counted(self.nodes, 'nodes')}{solver}"))
        return rows + ([("note", self.remark)] if self.remark else [])

    def _further_rows(self) -> Rows:
        """Return lines that one kind of result alone has."""
        return []


@dataclasses.dataclass(frozen=True, repr=False)
class ExactResult(CountBounds):
    """Bounds on the smallest count, the witness of the upper one, and where they come from.

    Its attributes are those of `CountBounds`.

    Examples
    --------
    >>> import sparsest
    >>> xor = sparsest.Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> result = sparsest.solve(xor)
    >>> result
    <ExactResult neurons: 2, proven minimal>
    >>> result.lower_bound, result.upper_bound, str(result.status), str(result.proof)
    (2, 2, 'optimal', 'exact')
    >>> result.network.interpolates(xor)
    True
    """

    network: Network | None
    problem: Problem | None = dataclasses.field(default=None, compare=False)

    @property
    def almost_all_labels_need(self) -> int | None:
        """Parameters that almost all label vectors on the inputs need, in the sense of Lebesgue measure.

        One for each distinct sample (docs/proofs.md, P6). Says nothing about the labels given, and no bound
        uses it. None where it is not known: where something else is counted, labels are intervals, or there
        is an affine term.
        """
        problem = self.problem
        if problem is None or self.objective is not Objective.PARAMETERS or problem.has_affine_term:
            return None
        return problem.distinct().n_samples if problem.is_interpolation else None

    def _further_rows(self) -> Rows:
        if self.almost_all_labels_need is None:
            return []
        needed = f"almost all on these inputs need {self.almost_all_labels_need} parameters or more"
        return [("other labels", f"{needed}; the bounds do not rest on that")]

    def sections(self, name: str = "") -> list[Section]:
        """Return what is known, and the witness."""
        title = "exact" if self.problem is None else describe_problem(self.problem, name)
        return sections_with_network(title, self.rows(), "witness", self.network, self.problem)

    def plot(self, problem: Problem | None = None, *, title: str = "") -> "Figure":
        """Draw the witness on the data.

        Raises
        ------
        InputError
            When no network is known, or a result that was read from a file is given no problem.
        """
        return drawn_network(self, problem, f"sparsest ({self.status})", title)


@dataclasses.dataclass(frozen=True, eq=False)
class Restarts:
    """The networks of all restarts, in figures.

    Attributes
    ----------
    counts : array (R,)
        Count of every restart under the objective, after the polish.
    residuals : array (R,)
        Its largest violation.
    raw_counts, raw_residuals : array (R,)
        The same before the polish.

    Examples
    --------
    >>> import sparsest
    >>> xor = sparsest.Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> fit = sparsest.continuous.find_sparse(xor)
    >>> len(fit.restarts.counts) == len(fit.restarts.residuals)
    True
    >>> int(fit.restarts.counts.min())
    2
    """

    counts: FloatArray
    residuals: FloatArray
    raw_counts: FloatArray
    raw_residuals: FloatArray

    def __repr__(self) -> str:
        return f"<Restarts R={len(self.counts)}>"


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class FitResult(Report):
    """What training found: the polished network, and the raw one, which are different claims.

    Attributes
    ----------
    status : Status
        Why training stopped: `Status.FINISHED`, `Status.TIME_LIMIT` or `Status.INTERRUPTED`.
    upper_bound : int or None
        The count of `network` under the objective; None when it does not fit.
    network : Network
        The best network after the linear-programming polish.
    remark : str
        What else the user should know, in one sentence; usually empty.
    objective : Objective
        The path norm that was minimised, and what is counted.
    p : float
        Its exponent.
    residual : float
        Largest violation of an interval by `network`.
    raw : Network
        Best restart as gradient descent left it, exact zeros dropped.
    raw_residual : float
        Its largest violation of an interval.
    restarts : Restarts
        The figures of all restarts.
    history : History
        Loss, path norm and active neurons over the steps, every restart.
    steps : int
        Steps taken.
    seconds : float
        Wall time, polish included.
    seed : int
        Seed of the initial networks.
    device : str
        Where it ran.
    options : mapping
        The options that training ran with.
    problem : Problem or None
        The data; None in a result that was read from a file.

    Examples
    --------
    >>> import sparsest
    >>> xor = sparsest.Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> fit = sparsest.continuous.find_sparse(xor)
    >>> fit.fits, fit.count, fit.upper_bound, str(fit.status)
    (True, 2, 2, 'finished')
    """

    status: Status
    upper_bound: int | None
    network: Network
    remark: str
    objective: Objective
    p: float
    residual: float
    raw: Network
    raw_residual: float
    restarts: Restarts
    history: History
    steps: int
    seconds: float
    seed: int
    device: str
    options: Mapping[str, Any]
    problem: Problem | None = dataclasses.field(default=None, compare=False)

    @property
    def count(self) -> int:
        """Count of the network under the objective, whether it fits or not."""
        return self.network.count(self.objective)

    @property
    def fits(self) -> bool:
        """Whether the network meets every interval, is of the kind asked for and keeps the weight bound."""
        return self.upper_bound is not None

    @property
    def path_norm(self) -> float:
        """l^p path norm of the network, whether it fits or not."""
        return self.network.path_norm(self.p, self.objective)

    @property
    def largest_error(self) -> float | None:
        """Largest error from a label, in the units asked for; None unless a number of neurons was given."""
        error = self.options.get("largest_error")
        return None if error is None else float(error)

    @property
    def headline(self) -> str:
        """Count and residual, in a few words."""
        if self.largest_error is not None:
            return f"{counted(self.count, str(self.objective))}, largest error {self.largest_error:.6g}"
        fits = "fits" if self.fits else "does not fit"
        return f"{counted(self.count, str(self.objective))}, {fits}, residual {self.residual:.1e}"

    def rows(self) -> Rows:
        """Return the lines that say what training found, raw and polished apart."""
        fits = "fits" if self.fits else "does not fit"
        early = "" if self.status is Status.FINISHED else f", stopped early: {self.status.sentence}"
        reached = f"{self._reached()} with this count" if self.fits else "none fits"
        return [
            *self._asked(),
            ("polished", f"{all_counts(self.network)}; {fits}, residual {self.residual:.1e}"),
            ("raw", f"{all_counts(self.raw)}; residual {self.raw_residual:.1e}"),
            ("path norm", f"{self.path_norm:.6g} of the {self.objective} at p = {self.p:g}"),
            (
                "training",
                f"{self.options.get('algorithm', '')}, {counted(self.steps, 'steps')}, seed {self.seed}, "
                f"{self.device}",
            ),
            ("restarts", f"{len(self.restarts.counts)}, {reached}"),
            ("time", f"{self.seconds:.2f} s{early}"),
            *([("note", self.remark)] if self.remark else []),
        ]

    def _asked(self) -> Rows:
        """Return what is known of the question with a number of neurons."""
        if self.largest_error is None:
            return []
        most, unit = self.options.get("neurons"), self.options.get("errors")
        asked = f"the least found with at most {most}" + (f", {unit}" if unit else "")
        return [("largest error", f"{self.largest_error:.6g}: {asked}")]

    def _reached(self) -> int:
        """Restarts that are as accurate as the network, and have its count."""
        scale = 0.0 if self.problem is None else self.problem.label_scale
        limit = max(self.residual, tolerances.LP_FEASIBILITY * scale)
        same = self.restarts.counts == self.count
        return int(np.count_nonzero(same & (self.restarts.residuals <= limit)))

    def sections(self, name: str = "") -> list[Section]:
        """Return what training found, and the polished network."""
        title = "continuous" if self.problem is None else describe_problem(self.problem, name)
        return [
            Section(title, self.rows()),
            network_section("polished network", self.network, self.problem),
        ]

    def plot(self, problem: Problem | None = None, *, title: str = "") -> "Figure":
        """Draw the course of training beside its networks; the polished one's restart is drawn wide.

        Raises
        ------
        InputError
            When a result that was read from a file is given no problem.
        """
        from sparsest.plots.training import plot_training

        best = (self.restarts.counts == self.count) & (self.restarts.residuals == self.residual)
        return plot_training(
            data_of(self, problem),
            [("raw", self.raw), ("polished", self.network)],
            self.history,
            highlight=int(np.argmax(best)) if best.any() else None,
            title=title,
        )
