"""Judge a network that somebody trained: whether it is the sparsest that fits, and if not, what is."""

import os
from concurrent.futures import Executor
from typing import Any, Final

from numpy.typing import ArrayLike

from sparsest.arrays import column_names
from sparsest.compare.certification.asking import ask
from sparsest.compare.certification.bounds_so_far import BoundsRecord, fits
from sparsest.compare.certification.given_network import subject_of
from sparsest.compare.certification.judge import Case
from sparsest.compare.certification.question import AUTO, GivenSamples, Terms, is_auto
from sparsest.compare.certification.search import Means, narrow
from sparsest.compare.certification.search_with_outliers import narrow_with_outliers
from sparsest.compare.certification.several_outputs import (
    OutputsMeans,
    certify_outputs,
    refuse_for_outputs,
    terms_of,
)
from sparsest.decimals import Numbers
from sparsest.errors import InputError
from sparsest.models import TrainedModel, read_model
from sparsest.multi_output_network import MultiOutputNetwork
from sparsest.objectives import Objective
from sparsest.progress import Deadline, ProgressCallback
from sparsest.results.certificate import SHARE_OF_RANGE, Against, Certificate
from sparsest.results.multi_output_certificate import MultiOutputCertificate

# Seconds for everything unless the caller says otherwise.
TIME_LIMIT: Final = 60.0
# Columns of a data frame that an error names.
_SHOWN: Final = 6


def certify(  # noqa: PLR0913
    model: Any,
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    against: str | Against = AUTO,
    objective: str | Objective = Objective.NEURONS,
    tolerance: ArrayLike | str = "auto",
    margin: float | str = "auto",
    share_of_range: float = SHARE_OF_RANGE,
    outliers: int = 0,
    numbers: str | Numbers = Numbers.AUTO,
    time_limit: float | None = TIME_LIMIT,
    proof_file: str | os.PathLike[str] | None = None,
    checkpoint_file: str | os.PathLike[str] | None = None,
    resume: bool = False,
    workers: int = 1,
    executor: Executor | None = None,
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> Certificate | MultiOutputCertificate:
    """Say whether a trained network is the sparsest of its kind that fits, and show a sparser one.

    Cheapest first: its residual; neurons that are superfluous on the data
    (`sparsest.compare.reduce.superfluous_neurons`); bounds by a short exact search; elimination from its own
    weights; the continuous side's search; the exact side for the rest of the time.

    Parameters
    ----------
    model
        A torch module or state dict, a scikit-learn ``MLPRegressor`` or ``MLPClassifier``, alone or behind
        scalers, a `Network`, or the path of a .pt, .safetensors, .onnx, .json or .npz file
        (`sparsest.models.read_model`): one hidden layer of ReLUs. It is compared with networks of its kind:
        without an affine term, with a free output bias, or with a whole skip branch, neither of which is
        counted.
    X : array-like (N, d)
        Inputs.
    y : array-like (N,) or, for a model with m outputs, (N, m), optional
        Labels; those of two classes for a classifier, the second being its own or, if it names none, 1 or the
        one that sorts last. Without them a network is held against its own outputs.
    against : str or Against
        What a network has to meet to fit. "model": the given network's own outputs within `share_of_range`
        of their range, or the given tolerance; a classifier's classes. "labels": the labels, on no row worse
        than the given network or the tolerance, whichever is larger there. "tolerance": the labels within the
        tolerance on every row, whether the given network keeps it or not. "auto" is "tolerance" where a
        tolerance or margin is given; "labels" where the network meets them within `share_of_range` of their
        range, or has every class right; and else "model": where labels are noisy, what it learned is in its
        outputs, and its largest error for a tolerance admits networks that have learned nothing.
    objective : str or Objective
        "neurons", "weights" or "parameters".
    tolerance : float, array-like (N,) or "auto"
        Largest distance from a label, or an output, that counts as fitting; of m outputs also (m,) or (N, m).
        "auto" is `share_of_range` of the range of the outputs or labels; on labels no more than what the
        network itself attains in float64, rounded up to three digits, and 0 if it fits exactly; with
        "tolerance" just that. Not for classifiers.
    margin : float or "auto"
        For classifiers of two classes, whose logit is certified: how far beyond zero it must be on every
        sample. "auto" takes what the network itself attains where it has the class right, rounded down to
        three digits. A number makes a classifier of any model, by the sign of its output.
    share_of_range : float
        For tolerances that are chosen: 0.01 is one percent.
    outliers : int
        Rows, any so many, that a network may miss and still fit. Bounds respect it
        (`sparsest.exact.solve_with_outliers`); neurons alone are counted then, and there is no proof file.
    numbers : str
        What the floats of X and y stand for, "decimal", "binary" or "auto", as in `Problem`.
    time_limit : float or None
        Seconds for everything; None continues until the bounds meet.
    proof_file : path, optional
        Where to write a proof of the bounds, which `sparsest.check_proof` verifies: .json or .json.gz.
    checkpoint_file : path, optional
        Where the tree's search is kept, to go on with `resume`.
    resume : bool
        Continue from that file if it exists.
    workers, executor
        Processes that share the tree's search, as for `sparsest.exact.solve`.
    seed : int
        Of the continuous side.
    progress : callable, optional
        Called with a `Progress`.

    Returns
    -------
    Certificate or MultiOutputCertificate
        The latter for several outputs (`sparsest.compare.certification.several_outputs`).
        `Judgement.SPARSEST` only with a proven lower bound that equals the network's own count;
        `Judgement.SPARSER_EXISTS` only with a network in hand that fits and has fewer.

    Raises
    ------
    InputError
        For a model, data or options that cannot be used.

    Examples
    --------
    >>> import sparsest
    >>> X, y = [[-2], [-1], [0], [1], [2], [3]], [0, 0, 1, 1, 0, 0]
    >>> wide = sparsest.Network([[1]] * 5, [1, 0, 0, -1, -2], [1, -0.5, -0.5, -1, 1])
    >>> result = sparsest.certify(wide, X, y)
    >>> str(result.judgement), result.count, result.lower_bound, result.upper_bound
    ('sparser_exists', 5, 3, 3)
    >>> result.reductions[0].sentence
    'neurons 1 and 2 are the same neuron up to the size: one does for all'
    """
    goal, deadline = Objective.parse(objective), Deadline(time_limit)
    if resume and checkpoint_file is None:
        raise InputError("resume needs a checkpoint_file to continue from")
    held_against = None if is_auto(against) else Against.parse(against)
    read = read_model(model)
    _refuse_other_columns(read, X)
    if isinstance(read.network, MultiOutputNetwork):
        refuse_for_outputs(goal, checkpoint_file, outliers)
        outputs_terms = terms_of(read, y, against, tolerance, margin, share_of_range, Numbers.parse(numbers))
        outputs_means = OutputsMeans(time_limit, proof_file, workers, executor, progress)
        return certify_outputs(read, X, y, terms=outputs_terms, means=outputs_means)
    subject = subject_of(read)
    terms = Terms(held_against, tolerance, margin, share_of_range, outliers)
    if outliers:
        _refuse_beside_outliers(goal, proof_file, checkpoint_file)
    question = ask(subject, GivenSamples(X, y, Numbers.parse(numbers)), terms)
    record = BoundsRecord(question.problem, goal, deadline, progress, question.outliers)
    options = {"time_limit": time_limit, "workers": workers, "seed": seed}
    case = Case(subject, question, goal, record, options)
    fitting = fits(question.problem, subject.network, goal, question.outliers)
    if fitting is False:
        return case.does_not_fit()
    reduced = case.reduce(proven=fitting is True)
    means = Means(proof_file, checkpoint_file, resume, workers, executor, seed)
    if question.outliers:
        return case.verdict(reduced, narrow_with_outliers(question, reduced.network, record, means))
    return case.verdict(reduced, narrow(question.problem, reduced.network, record, means))


def _refuse_other_columns(read: TrainedModel, X: ArrayLike) -> None:
    """Raise `InputError` for a data frame with other columns than the model's, or in another order."""
    given = column_names(X)
    if given is not None and read.feature_names and given != read.feature_names:
        raise InputError(
            f"X has the columns {_listed(given)} and the model was fitted on {_listed(read.feature_names)}: "
            "give those, in that order"
        )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _refuse_beside_outliers(goal: Objective, proof_file: object, checkpoint_file: object) -> None:
    """Raise `InputError` for what is not there yet where rows may be missed."""
    if goal is not Objective.NEURONS:
        raise InputError(f"objective = {str(goal)!r}: with outliers only neurons are counted")
    if proof_file is not None:
        raise InputError(
            "proof_file: bounds with outliers are verified as they are found, and no proof file holds them "
            "yet; leave out the file or the outliers"
        )
    if checkpoint_file is not None:
        raise InputError("checkpoint_file: a search with outliers is not kept yet; leave it out")
