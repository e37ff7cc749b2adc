"""Make the question: of numbers or of classes, against what, and within which tolerance or margin."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.arrays import FloatArray, is_last_class, positive_number, sample_vector, tolerance_vector
from sparsest.compare.certification.bounds_so_far import MAX_EXACT, fits
from sparsest.compare.certification.given_network import Subject
from sparsest.compare.certification.question import (
    GivenSamples,
    Question,
    Terms,
    is_auto,
    values_and_rounding,
)
from sparsest.compare.certification.short_numbers import rounded_down, rounded_up
from sparsest.errors import InputError
from sparsest.objectives import Objective
from sparsest.results.certificate import SHARE_OF_RANGE, Against
from sparsest.results.skill import Reference

_ATTAINED = "is what the network itself attains, rounded"


def ask(subject: Subject, samples: GivenSamples, terms: Terms) -> Question:
    """Make the problem of data, of what the network is held against, and of the network's kind.

    A margin that is given asks for classes, whatever the model says of itself.

    Raises
    ------
    InputError
        When they do not fit together.
    """
    inputs = samples.inputs
    if inputs.shape[1] != subject.network.n_features:
        raise InputError(
            f"X has {inputs.shape[1]} features and the model takes {subject.network.n_features}: "
            "give the columns that it was trained on"
        )
    if samples.y is None and terms.against not in (None, Against.MODEL):
        raise InputError(
            f'there are no labels to hold it against: give y, or write against="{Against.MODEL}"'
        )
    most = len(inputs) - 1
    if type(terms.outliers) is not int or not 0 <= terms.outliers <= most:
        raise InputError(f"outliers = {terms.outliers!r:.40}: it must be a whole number from 0 to {most}")
    of_classes = subject.is_classifier or terms.has_margin
    _refuse_numbers_of_no_use(terms, of_classes=of_classes)
    asked = _ask_for_classes if of_classes else _ask_for_numbers
    return dataclasses.replace(asked(subject, samples, terms), outliers=terms.outliers)


def _refuse_numbers_of_no_use(terms: Terms, *, of_classes: bool) -> None:
    share = terms.share_of_range
    if of_classes and terms.has_tolerance:
        raise InputError(f"tolerance = {terms.tolerance!s:.40}: a classifier has a margin, so leave it out")
    if isinstance(terms.tolerance, str) and terms.has_tolerance:
        raise InputError(
            f'tolerance = {terms.tolerance!r:.40}: write a number, or "auto" for one that is chosen'
        )
    if isinstance(terms.margin, str) and terms.has_margin:
        raise InputError(
            f'margin = {terms.margin!r:.40}: write a number, or "auto" for what the model itself attains'
        )
    if positive_number(share, "share_of_range") > 1:
        raise InputError(f"share_of_range = {share!r:.40}: it must be at most 1; 0.01 is one percent")
    if share != SHARE_OF_RANGE and (of_classes or terms.has_tolerance):
        instead = "a classifier has a margin" if of_classes else "the tolerance is given"
        raise InputError(f"share_of_range = {share!r:.40}: {instead}, so leave it out")


# ---------------------------------------------------------------- numbers


class _Numbers:
    """The network's values and the labels, if there are any."""

    def __init__(self, subject: Subject, samples: GivenSamples, terms: Terms) -> None:
        self.subject, self.samples, self.terms = subject, samples, terms
        self.values, self.rounding = values_and_rounding(subject, samples)
        n = len(self.values)
        self.labels = None if samples.y is None else sample_vector(samples.y, "y", n)
        self.given = tolerance_vector(terms.tolerance, n) if terms.has_tolerance else None

    def room(self, targets: FloatArray) -> FloatArray:
        """Return errors (N,) that the network provably keeps, interval ends and labels being rounded too."""
        errors = np.abs(self.values - targets) + self.rounding
        return np.asarray(errors + 4 * np.spacing(np.abs(targets).max() + errors.max()))

    def share(self, targets: FloatArray) -> float:
        """Return the tolerance that is a share of a range; 0 where that is 0."""
        part = self.terms.share_of_range * float(np.ptp(targets))
        return rounded_up(part) if part > 0 else 0.0

    def said_of_share(self, tolerance: float, whose: str) -> str:
        return f"{tolerance:.4g} is {100 * self.terms.share_of_range:g} percent of the {whose}' range"

    def question(
        self,
        against: Against,
        targets: FloatArray,
        slack: FloatArray,
        *,
        within: str,
        origin: str = "",
        of_floats: bool = False,
    ) -> Question:
        """Ask for values within the slack (N,) of targets; `of_floats` says that those are no decimals."""
        make = self.samples.around if of_floats else self.samples.within
        problem = make(targets, slack, self.subject.affine)
        truth, reference = (
            (self.values, Reference.OUTPUTS) if self.labels is None else (self.labels, Reference.LABELS)
        )
        return Question(
            problem, against, targets, within, self.given is None, origin, truth, reference,
            tolerance=float(slack.max()),
        )  # fmt: skip


def _ask_for_numbers(subject: Subject, samples: GivenSamples, terms: Terms) -> Question:
    data = _Numbers(subject, samples, terms)
    if data.labels is None:
        return _near_the_outputs(data)
    if terms.against is Against.TOLERANCE or (terms.against is None and data.given is not None):
        return _within_a_tolerance(data, data.labels)
    if terms.against is Against.MODEL:
        return _near_the_outputs(data)
    attained = _attained(data, data.labels) if data.given is None else np.inf
    if attained <= data.share(data.labels):
        return _within_what_it_attains(data, data.labels, attained, Against.LABELS)
    return _near_the_outputs(data) if terms.against is None else _no_worse_on_labels(data, data.labels)


def _near_the_outputs(data: _Numbers) -> Question:
    outputs = data.values
    if data.given is not None:
        slack, origin = data.given, ""
    else:
        share, rounding = data.share(outputs), rounded_up(float(data.room(outputs).max()))
        tolerance = max(share, rounding)
        slack, origin = np.full(len(outputs), tolerance), data.said_of_share(tolerance, "outputs")
        if share < rounding:
            origin = f"the tolerance is that of rounding, because the outputs' range is {np.ptp(outputs):.3g}"
    within = f"{_within(slack)} of the network's outputs" if slack.any() else " its own outputs exactly"
    return data.question(Against.MODEL, outputs, slack, within=within, origin=origin, of_floats=True)


def _within_a_tolerance(data: _Numbers, labels: FloatArray) -> Question:
    if data.given is None:
        return _within_what_it_attains(data, labels, _attained(data, labels), Against.TOLERANCE)
    return data.question(Against.TOLERANCE, labels, data.given, within=_within(data.given))


def _within_what_it_attains(
    data: _Numbers, labels: FloatArray, attained: float, against: Against
) -> Question:
    slack = np.full(len(labels), attained)
    origin = f"the tolerance {_ATTAINED} up" if attained else ""
    return data.question(against, labels, slack, within=_within(slack), origin=origin)


def _no_worse_on_labels(data: _Numbers, labels: FloatArray) -> Question:
    """Allow on every row the tolerance, or the network's own error where that is larger."""
    if data.given is None:
        tolerance = data.share(labels)
        least, origin = np.full(len(labels), tolerance), data.said_of_share(tolerance, "labels")
    else:
        least, origin = data.given, ""
    slack = np.maximum(least, data.room(labels))
    within = f" with no error above the network's or {_size(least)}, whichever is larger on the row"
    of_floats = bool(np.any(slack > least))
    return data.question(Against.LABELS, labels, slack, within=within, origin=origin, of_floats=of_floats)


def _within(slack: FloatArray) -> str:
    return f" within {_size(slack)}" if slack.any() else " exactly"


def _size(slack: FloatArray) -> str:
    same = np.all(slack == slack[0])
    return f"{slack[0]:.4g}" if same else f"the row's tolerance, {slack.min():.4g} to {slack.max():.4g}"


def _attained(data: _Numbers, labels: FloatArray) -> float:
    """Return a tolerance of a few digits that the network provably keeps; 0 if it fits exactly."""
    if _fits_exactly(data, labels):
        return 0.0
    return rounded_up(max(float(data.room(labels).max()), tolerances.ROUNDING * float(np.abs(labels).max())))


def _fits_exactly(data: _Numbers, labels: FloatArray) -> bool:
    network = data.subject.network
    if data.samples.inputs.size * max(network.width, 1) > MAX_EXACT:
        return False
    try:
        problem = data.samples.within(labels, 0.0, data.subject.affine)
    except InputError:  # equal inputs with different labels
        return False
    return bool(fits(problem, network, Objective.PARAMETERS))


# ---------------------------------------------------------------- classes


def _ask_for_classes(subject: Subject, samples: GivenSamples, terms: Terms) -> Question:
    """Ask for a logit beyond the margin: above it on the second class, below it on the first."""
    values, rounding = values_and_rounding(subject, samples)
    own = np.where(values > 0, 1.0, -1.0)
    truth = own
    if samples.y is not None:
        truth = np.where(_second_class(subject, samples.y, len(values)), 1.0, -1.0)
    against = _against_of_classes(samples, terms, surely=truth * values - rounding)
    sides = own if against is Against.MODEL else truth
    surely = sides * values - rounding
    if is_auto(terms.margin):
        margin = _attained_margin(subject, samples, sides, surely)
    else:
        margin = positive_number(terms.margin, "margin")
    within, ends = f" with a margin of {margin:.4g}", np.asarray(margin)
    if against is Against.MODEL:
        within = f" with the network's own classes and a margin of {margin:.4g}"
    if against is Against.LABELS and np.any(sides * values < margin):
        ends = np.minimum(margin, surely)
        within += " or the network's, whichever is smaller on the row"
    return Question(
        samples.beyond(sides, ends, subject.affine),
        against,
        margin * sides,
        within,
        is_auto(terms.margin),
        f"the margin {_ATTAINED} down" if is_auto(terms.margin) else "",
        truth,
        Reference.OUTPUTS if samples.y is None else Reference.LABELS,
        tolerance=0.0,
        margin=margin,
    )


def _against_of_classes(samples: GivenSamples, terms: Terms, surely: FloatArray) -> Against:
    """Choose: a margin that is given is meant; labels if all are right; else the network's classes."""
    if terms.against is not None:
        return terms.against
    if samples.y is None:
        return Against.MODEL
    if terms.has_margin:
        return Against.TOLERANCE
    return Against.LABELS if np.all(surely > 0) else Against.MODEL


def _second_class(subject: Subject, y: object, length: int) -> NDArray[np.bool_]:
    """Say for every label whether it is the second class: as the model names it, else 1, else the last."""
    kinds = is_last_class(y, length)  # refuses what is no vector of two kinds of label
    labels = np.asarray(y).reshape(-1)
    found = set(labels.tolist())
    if subject.classes:
        if unknown := found.difference(subject.classes):
            known = " and ".join(map(repr, subject.classes))
            raise InputError(f"the label {min(map(repr, unknown)):.60} is none of the classifier's, {known}")
        return np.array([label == subject.classes[1] for label in labels.tolist()])
    if found <= {0, 1} or found <= {-1, 1}:
        return np.asarray(labels.astype(np.float64) > 0)
    return kinds


def _attained_margin(subject: Subject, samples: GivenSamples, sides: FloatArray, surely: FloatArray) -> float:
    """Return a margin of a few digits that every sample on its right side provably keeps."""
    right = surely > 0
    if not right.any():
        return 1.0  # the margin that a classification has by default
    nearest = rounded_down(float((sides * subject.network(samples.inputs))[right].min()))
    if samples.inputs.size * max(subject.network.width, 1) <= MAX_EXACT:
        problem = samples.beyond(sides, nearest, subject.affine).subset(np.flatnonzero(right))
        if fits(problem, subject.network, Objective.PARAMETERS):
            return nearest
    return rounded_down(float(surely[right].min()))
