"""What a comparison of the two sides says, and why."""

import dataclasses

from sparsest.results.path_norm import PathNormResult, ThresholdResult
from sparsest.results.solving import ExactResult, FitResult
from sparsest.sentences import Sentence


class Outcome(Sentence):
    """The verdict of a comparison."""

    AGREE = "agree", "both sides reached the same count, proven minimal"
    CONTINUOUS_ABOVE = "continuous_above", "training stopped at a local optimum above the proven minimum"
    EXACT_OPEN = "exact_open", "the exact side ran out of time and leaves an interval"
    NOT_INTERPOLATING = "not_interpolating", "the trained network does not fit the data, or not exactly"
    INFEASIBLE = "infeasible", "no network meets every interval within the weight bound"
    DISAGREE = "disagree", "the trained network fits with fewer than the proven bound: one side is wrong"


class Attainment(Sentence):
    """Whether training reached the least path norm, and whether that is where the sparsest network is."""

    GLOBAL = "global", "training reached the least path norm, with a sparsest network"
    LOCAL = "local", "training stopped above the least path norm"
    P_TOO_LARGE = "p_too_large", "the least path norm at this p belongs to a network that is not sparsest"
    OPEN = "open", "the bounds that are known do not tell"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Whether the exact and the continuous side agree on a problem, and why not.

    Attributes
    ----------
    outcome : Outcome
        The verdict on the counts.
    reason : str
        One sentence with the figures it rests on.
    exact : ExactResult
        What the exact side knows.
    continuous : FitResult
        What training found.
    attainment : Attainment or None
        The verdict on the path norms; None when the trained network does not fit or bounds are wrong.
    because : str
        One sentence with the figures that it rests on; empty when there is none.
    least : PathNormResult or None
        Bounds on the least path norm at training's p; None when they were not asked for.
    threshold : ThresholdResult or None
        Bounds on p*; None when there is no method for this problem.
    """

    outcome: Outcome
    reason: str
    exact: ExactResult
    continuous: FitResult
    attainment: Attainment | None = None
    because: str = ""
    least: PathNormResult | None = None
    threshold: ThresholdResult | None = None
