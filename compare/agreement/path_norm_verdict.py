"""Whether training reached the least path norm, and whether p is small enough for that to be sparsest.

Nakhleh and Nowak (2025): for every p below a threshold p* each network of least l^p path norm is a sparsest
one. So a trained network that is not sparsest stopped in a local minimum, or p is not below p*; bounds on the
least path norm tell which.
"""

from sparsest import tolerances
from sparsest.network import Network
from sparsest.results.comparison import Attainment
from sparsest.results.path_norm import PathNormResult, ThresholdResult
from sparsest.results.solving import ExactResult, FitResult
from sparsest.sentences import counted

Judgement = tuple[Attainment, str]

# At p = 1 a cost is convex in the network's numbers, and mixtures of minimisers are minimisers.
_TIES = "at p = 1 a sparsest network may cost as little, because the least ones are not unique"


def attainment(
    exact: ExactResult, continuous: FitResult, least: PathNormResult | None, threshold: ThresholdResult | None
) -> Judgement:
    """Return the verdict on the path norm of a trained network that fits, and a sentence of reason.

    Parameters
    ----------
    exact : ExactResult
        Bounds on the smallest count.
    continuous : FitResult
        Training's result for the same objective.
    least : PathNormResult or None
        Bounds on the least path norm at the same p.
    threshold : ThresholdResult or None
        Bounds on p*.
    """
    if least is None:
        return Attainment.OPEN, f"the least path norm at p = {continuous.p:g} was not bounded"
    network, count = continuous.network, continuous.count
    value = network.path_norm(least.p, least.objective)
    fewest = _fewest(exact, count)
    if value <= least.lower_bound + tolerances.PATH_NORM_GAP * value:
        return _at_the_least(value, count, fewest, least, threshold)
    if (larger := _too_large(value, fewest, least, threshold)) is not None:
        return larger
    if least.upper_bound is not None and value > least.upper_bound * (1 + tolerances.PATH_NORM_GAP):
        return Attainment.LOCAL, (
            f"training's path norm {value:.6g} is {_excess(value, least)} above the least one, "
            f"{_spelled(least)}"
        )
    return Attainment.OPEN, (
        f"training's path norm {value:.6g} may be the least one, {_spelled(least)}: the search for it "
        f"stopped ({least.status.sentence})"
    )


def _fewest(exact: ExactResult, count: int) -> int | None:
    """Return the smallest count, if it is known."""
    if exact.lower_bound == exact.upper_bound or count == exact.lower_bound:
        return exact.lower_bound
    return None


def _at_the_least(
    value: float, count: int, fewest: int | None, least: PathNormResult, threshold: ThresholdResult | None
) -> Judgement:
    reached = f"training's path norm {value:.6g} is the least one at p = {least.p:g} (certified)"
    what = least.objective.value
    if fewest is not None and count > fewest:
        sentence = f"{reached}, and belongs to {counted(count, what)} where {fewest} suffice"
        beyond = _beyond(least.p, threshold)
        if least.p == 1 and not beyond:
            return Attainment.OPEN, f"{sentence}; {_TIES}"
        return Attainment.P_TOO_LARGE, sentence + beyond
    if fewest is None and not _is_small(least.p, threshold):
        return Attainment.OPEN, f"{reached}; whether fewer {what} than its {count} suffice is not known"
    return (
        Attainment.GLOBAL,
        f"{reached}, and its {counted(count, what)} {'is' if count == 1 else 'are'} fewest",
    )


def _too_large(
    value: float, fewest: int | None, least: PathNormResult, threshold: ThresholdResult | None
) -> Judgement | None:
    """Return the verdict when networks that are not sparsest cost least, and training is above that."""
    if fewest is None or least.network is None or least.upper_bound is None:
        return None
    what, known = least.objective.value, _count(least.network, least)
    beyond = _beyond(least.p, threshold)
    closed = least.gap <= tolerances.PATH_NORM_GAP and least.p < 1
    if known <= fewest or not (closed or beyond):
        return None
    return Attainment.P_TOO_LARGE, (
        f"the least path norm at p = {least.p:g}, {_spelled(least)}, belongs to {known} {what} where "
        f"{fewest} suffice{beyond}; training's is {value:.6g}"
    )


def _count(network: Network, least: PathNormResult) -> int:
    return network.count(least.objective)


def _beyond(p: float, threshold: ThresholdResult | None) -> str:
    """Say that p is not below p*, if that is known."""
    if threshold is None or threshold.other is None or p < threshold.upper_bound:
        return ""
    return f": p is not below p* = {threshold.upper_bound:.6g}"


def _is_small(p: float, threshold: ThresholdResult | None) -> bool:
    """Whether p is certainly below p*."""
    return threshold is not None and p < threshold.lower_bound


def _spelled(least: PathNormResult) -> str:
    if least.upper_bound is None:
        return f"at least {least.lower_bound:.6g}"
    if least.gap <= tolerances.PATH_NORM_GAP:
        return f"{least.upper_bound:.6g} (certified)"
    return f"in [{least.lower_bound:.6g}, {least.upper_bound:.6g}]"


def _excess(value: float, least: PathNormResult) -> str:
    upper = least.upper_bound if least.upper_bound is not None else value
    low = _percent(value, upper)
    if least.gap <= tolerances.PATH_NORM_GAP:
        return low
    return f"at least {low}" + (
        f" and at most {_percent(value, least.lower_bound)}" if least.lower_bound > 0 else ""
    )


def _percent(value: float, reference: float) -> str:
    return f"{100 * (value / reference - 1):.3g} percent" if reference > 0 else f"{value:.3g}"
