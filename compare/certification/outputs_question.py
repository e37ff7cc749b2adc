"""What is asked about a network with several outputs: near its own outputs, or near labels, and how near."""

import dataclasses
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from sparsest import tolerances
from sparsest.arrays import FloatArray, column_names, exact_floats, input_rows, positive_number
from sparsest.compare.certification.question import AUTO, is_auto
from sparsest.compare.certification.short_numbers import rounded_up
from sparsest.decimals import Numbers, inputs_as_meant
from sparsest.errors import InputError
from sparsest.exact.arithmetic.value_errors import value_errors
from sparsest.models import TrainedModel
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.multi_output_problem import MultiOutputProblem
from sparsest.results.certificate import SHARE_OF_RANGE, Against
from sparsest.results.multi_output_certificate import OutputFigures
from sparsest.results.skill import Reference, skill_on_numbers

# What a network may be held against; "auto" chooses.
AGAINST: Final = (AUTO, *(str(each) for each in Against))


@dataclasses.dataclass(frozen=True, eq=False)
class OutputsTerms:
    """What the caller says about when a network with several outputs fits.

    Attributes
    ----------
    against : str
        One of `AGAINST`.
    tolerance : array-like or "auto"
        One number, one an output (m,), or one a label (N, m).
    share_of_range : float
        For tolerances that are chosen: 0.01 is one percent of each output's range.
    numbers : Numbers
        What the floats of X and Y stand for.
    """

    against: str = "auto"
    tolerance: ArrayLike | str = "auto"
    share_of_range: float = SHARE_OF_RANGE
    numbers: Numbers = Numbers.AUTO


@dataclasses.dataclass(frozen=True, eq=False)
class OutputsQuestion:
    """The problem that a network with several outputs is judged by, and its words.

    Attributes
    ----------
    problem : MultiOutputProblem
        With skips or constants if the network is of such a kind.
    against : str
        What the network is held against.
    asked : str
        The question in words.
    targets : array (N, m)
        What values should be near.
    slack : array (N, m)
        How near.
    truth : array (N, m)
        What R2 is measured on: labels, or the network's outputs where there are none.
    """

    problem: MultiOutputProblem
    against: str
    asked: str
    targets: FloatArray
    slack: FloatArray
    truth: FloatArray

    def said_of_misses(self, network: MultiOutputNetwork) -> str:
        """Say how many labels a network misses, and which one most."""
        violation = network.violation(self.problem)
        row, output = np.unravel_index(violation.argmax(), violation.shape)
        misses = int(np.count_nonzero(violation > 0))
        return (
            f"the network misses {misses} of {violation.size} labels by more than the tolerance, output "
            f"{output} of row {row} most, by {violation.max():.3g} more"
        )

    def figures(
        self, read: TrainedModel, given: MultiOutputNetwork, network: MultiOutputNetwork | None
    ) -> dict[str, Any]:
        """Return the fields of the certificate that tell how good the given and the sparsest network are."""
        X = self.problem.X
        values, own = given(X), read.predict(X)
        sparser = None if network is None else network(X)
        same = None
        if read.is_classifier and sparser is not None:
            same = float(np.mean(sparser.argmax(axis=1) == values.argmax(axis=1)))
        outputs = tuple(
            OutputFigures(
                tolerance=float(self.slack[:, j].max()),
                residual=_largest(values[:, j], self.targets[:, j]),
                own_residual=_largest(own[:, j], self.targets[:, j]),
                r2=self._r2(values[:, j], j),
                network_residual=None if sparser is None else _largest(sparser[:, j], self.targets[:, j]),
                network_r2=None if sparser is None else self._r2(sparser[:, j], j),
            )
            for j in range(self.problem.n_outputs)
        )
        return {"outputs": outputs, "agreement": same}

    def _r2(self, values: FloatArray, j: int) -> float | None:
        # `OutputFigures` says what it is about, so the reference is not kept
        return skill_on_numbers(values, self.truth[:, j], Reference.LABELS).r2


def _largest(values: FloatArray, targets: FloatArray) -> float:
    return float(np.abs(values - targets).max())


def ask_outputs(
    read: TrainedModel, X: ArrayLike, Y: ArrayLike | None, terms: OutputsTerms
) -> OutputsQuestion:
    """Make the problem of data, of what the network is held against, and of its kind.

    Raises
    ------
    InputError
        When they do not fit together.
    """
    return _Data(read, X, Y, terms).question()


class _Data:
    """The network's values, bounds on their rounding, and the labels if there are any."""

    def __init__(self, read: TrainedModel, X: ArrayLike, Y: ArrayLike | None, terms: OutputsTerms) -> None:
        assert isinstance(read.network, MultiOutputNetwork)
        self.read, self.terms, self.network = read, terms, read.network
        self.inputs = checked_inputs(self.network, X)
        self.names: dict[str, Any] = {"feature_names": column_names(X), "target_names": column_names(Y)}
        if terms.against not in AGAINST:
            raise InputError(f"against = {terms.against!r:.40}: choose one of {', '.join(AGAINST)}")
        if positive_number(terms.share_of_range, "share_of_range") > 1:
            raise InputError(
                f"share_of_range = {terms.share_of_range!r:.40}: it must be at most 1; 0.01 is one percent"
            )
        self.values, self.rounding = values_and_rounding(self.network, self.inputs)
        self.labels = None if Y is None else self._table(Y)
        if self.labels is None and terms.against not in ("auto", "model"):
            raise InputError('there are no labels to hold it against: give Y, or write against="model"')
        self.given = None if is_auto(terms.tolerance) else self._slack(terms.tolerance)

    def _table(self, Y: ArrayLike) -> FloatArray:
        labels = exact_floats(Y, "Y")
        if labels.shape != self.values.shape:
            raise InputError(
                f"Y has shape {labels.shape}: X has {len(self.inputs)} rows and the model "
                f"{self.network.n_outputs} outputs, so {self.values.shape} is needed"
            )
        return labels

    def _slack(self, tolerance: ArrayLike | str) -> FloatArray:
        if isinstance(tolerance, str):
            raise InputError(
                f'tolerance = {tolerance!r:.40}: write a number, or "auto" for one that is chosen'
            )
        slack = exact_floats(tolerance, "tolerance")
        if slack.shape not in ((), self.values.shape[1:], self.values.shape):
            raise InputError(
                f"tolerance has shape {slack.shape}: one number, {self.values.shape[1:]} or "
                f"{self.values.shape} is needed"
            )
        if not np.all(slack >= 0) or not np.isfinite(slack).all():
            raise InputError("a tolerance is negative or not finite: positive numbers or 0 are needed")
        return np.broadcast_to(slack, self.values.shape)

    def question(self) -> OutputsQuestion:
        if self.labels is None or self.terms.against == "model":
            return self._near_the_outputs()
        attained = self._room(self.labels)
        if self.terms.against == "tolerance" or (self.terms.against == "auto" and self.given is not None):
            return self._within_a_tolerance(self.labels, attained)
        share = self._share(self.labels)
        if self.terms.against == "labels" or np.all(attained <= share):
            return self._no_worse_on_labels(self.labels, attained, share)
        return self._near_the_outputs()

    def _room(self, targets: FloatArray) -> FloatArray:
        """Return errors (N, m) that the network provably keeps, ends of intervals being rounded too."""
        errors = np.abs(self.values - targets) + self.rounding
        return np.asarray(errors + 4 * np.spacing(np.abs(targets).max(axis=0) + errors.max(axis=0)))

    def _share(self, targets: FloatArray) -> FloatArray:
        """Return a share (m,) of each column's range; 0 where that is 0."""
        parts = self.terms.share_of_range * np.ptp(targets, axis=0)
        return np.array([rounded_up(part) if part > 0 else 0.0 for part in parts.tolist()])

    def _near_the_outputs(self) -> OutputsQuestion:
        if self.given is not None:
            slack, within = self.given, f"within {_spelled(self.given)} of"
        else:
            share, room = self._share(self.values), self._room(self.values).max(axis=0)
            chosen = np.array([max(s, rounded_up(r)) for s, r in zip(share, room.tolist(), strict=True)])
            slack = np.broadcast_to(chosen, self.values.shape)
            within = f"within {100 * self.terms.share_of_range:g} percent of the range of"
        asked = f"every output on every row {within} the network's own"
        return self._made(self._of_floats(self.values, slack), "model", asked, self.values, slack)

    def _within_a_tolerance(self, labels: FloatArray, attained: FloatArray) -> OutputsQuestion:
        if self.given is not None:
            slack, origin = self.given, ""
        else:
            chosen = np.array([rounded_up(error) for error in attained.max(axis=0).tolist()])
            slack = np.broadcast_to(chosen, labels.shape)
            origin = ", which is what the network itself attains, rounded up"
        problem = MultiOutputProblem(
            self.inputs,
            labels,
            tolerance=slack,
            affine=self.read.affine,
            numbers=self.terms.numbers,
            **self.names,
        )
        asked = f"every output on every row within {_spelled(slack)} of its label{origin}"
        return self._made(problem, "tolerance", asked, labels, slack)

    def _no_worse_on_labels(
        self, labels: FloatArray, attained: FloatArray, share: FloatArray
    ) -> OutputsQuestion:
        least = self.given
        if least is None:
            largest = np.array([rounded_up(error) for error in attained.max(axis=0).tolist()])
            least = np.broadcast_to(np.minimum(share, largest), labels.shape)
        slack = np.maximum(least, attained)
        asked = (
            f"every output on every row no worse than the network, or within {_spelled(least)} of its label"
        )
        return self._made(self._of_floats(labels, slack), "labels", asked, labels, slack)

    def _of_floats(self, targets: FloatArray, slack: FloatArray) -> MultiOutputProblem:
        """Return the problem of intervals whose ends are floats and no decimals; X is what `numbers` says."""
        inputs, places = inputs_as_meant(self.inputs, self.terms.numbers)
        return MultiOutputProblem.from_intervals(
            inputs,
            targets - slack,
            targets + slack,
            affine=self.read.affine,
            numbers=self.terms.numbers,
            places=(*places, *[0] * targets.shape[1]),
            **self.names,
        )

    def _made(
        self, problem: MultiOutputProblem, against: str, asked: str, targets: FloatArray, slack: FloatArray
    ) -> OutputsQuestion:
        truth = self.values if self.labels is None else self.labels
        return OutputsQuestion(problem, against, asked, targets, slack, truth)


def checked_inputs(network: MultiOutputNetwork, X: ArrayLike) -> FloatArray:
    """Return inputs (N, d), or raise `InputError` unless the network takes them."""
    inputs = input_rows(X)
    if inputs.shape[1] != network.n_features:
        raise InputError(
            f"X has {inputs.shape[1]} features and the model takes {network.n_features}: give the columns "
            "that it was trained on"
        )
    return inputs


def values_and_rounding(network: MultiOutputNetwork, X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the outputs (N, m), and bounds on their rounding."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = network(X)
        rounding = np.stack([value_errors(network.output(j), X) for j in range(network.n_outputs)], axis=1)
    if not np.all(np.abs(values) + rounding <= tolerances.MAX_MAGNITUDE):
        raise InputError("the network's values leave the range of floats on these inputs: rescale them")
    return values, rounding


def _spelled(slack: FloatArray) -> str:
    """Return tolerances in words: one for all, one an output, or the largest of each output."""
    largest = slack.max(axis=0)
    if np.all(slack == largest[0]):
        return f"{largest[0]:.4g}"
    shown = ", ".join(f"{value:.4g}" for value in largest[:6])
    more = ", ..." if len(largest) > 6 else ""
    return f"({shown}{more})" + ("" if np.all(slack == largest) else " at most")
