"""Least sums of charged entries by rays on demand: path norms at p = 1, and a bound on all others.

At p = 1 that sum is the path norm. For p < 1 a sum of p-th powers is at least the power of the sum, which
bounds what has too many cones for a search.
"""

from collections.abc import Callable, Sequence
from typing import Final

from sparsest import tolerances
from sparsest.errors import InputError
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.held_signals import held_interrupts
from sparsest.exact.method_result import PathNormMethodResult
from sparsest.exact.path_norm.cones import samples_asked
from sparsest.exact.path_norm.hinge_network import hinge_network
from sparsest.exact.path_norm.networks import Candidate
from sparsest.exact.path_norm.ray_prices import RayPrices, rays_fit
from sparsest.exact.path_norm.rays_on_demand import RayGeneration
from sparsest.exact.path_norm.sample_multipliers import LeastSum
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.tree.spread_out_samples import some_samples
from sparsest.network import Network
from sparsest.objectives import Objective, charged_entries
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress
from sparsest.results.solving import Status
from sparsest.weight_bound import split

# Share of the time for making rays: with less left afterwards they are of no use.
_MAKING: Final = 0.4
# Seconds that networks may be refined for after the time is up.
_ENDING: Final = 2.0
# Shares of what is left for the program of both output signs, and for each sign by itself.
_SHARES: Final = (0.6, 0.5, 1.0)

_TOO_MANY_COPIES = "the weight bound splits neurons into too many: the lower bound is that without it"
_ROUNDING = "the linear program could not be solved in floating-point arithmetic"


def solve_by_columns(
    problem: Problem, objective: Objective, options: SearchOptions
) -> PathNormMethodResult | None:
    """Bound the least path norm at p = 1, and find a network close to it; None where rays are too many.

    Parameters
    ----------
    problem : Problem
        The data. A weight bound is honoured: neurons beyond it are split, which costs nothing at p = 1.
    objective : Objective
        What the path norm is taken of.
    options : SearchOptions
        Of these the time limit, whom to tell of the progress, and the network from elsewhere. Ctrl-C ends the
        work with what is known. Where two fifths of the time do not suffice to make the rays, they are too
        many.
    """
    asked, deadline = samples_asked(problem), options.deadline
    generation, interrupted, lower, network = None, False, 0.0, None
    try:
        generation = _generation(asked.replace(weight_bound=None), objective, deadline)
        generation.run(deadline, _reporter(options))
    except (InputError, TimeLimitError):
        return None
    except KeyboardInterrupt:
        interrupted = True
    try:
        with held_interrupts():  # what is known is to be told
            ending = _ending(deadline)
            if generation is not None:
                lower, network = generation.bound(), generation.network(ending)
            known = _cheapest(asked, objective, (network, options.witness))
            if known is None:
                known = _cheapest(
                    asked, objective, (hinge_network(asked.replace(weight_bound=None), ending),)
                )
    except KeyboardInterrupt:
        interrupted = True
    if interrupted or deadline.interrupted:
        return _concluded(Status.INTERRUPTED, lower, known, "")
    if deadline.expired:
        return _concluded(Status.TIME_LIMIT, lower, known, "")
    if network is not None and known is None:
        return _concluded(Status.FINISHED, lower, None, _TOO_MANY_COPIES)
    return _concluded(Status.NUMERICAL, lower, known, _ROUNDING)


def least_sum_by_columns(problem: Problem, objective: Objective, deadline: Deadline) -> LeastSum:
    """Bound the sum of charged entries of all neurons, by as many samples as there may be rays for.

    Parameters
    ----------
    problem : Problem
        The data, each input once. A weight bound is of no matter to the bound.
    objective : Objective
        Which entries are charged.
    deadline : Deadline
        Ends the work; what was reached by then is proven.
    """
    samples = min(problem.n_samples, _samples_with_rays(problem, objective, deadline))
    nothing = LeastSum(0.0, 0.0, 0.0, None, 0)
    if samples < 2:
        return nothing
    whole = samples == problem.n_samples
    few = (problem if whole else some_samples(problem, samples)).replace(weight_bound=None)
    generations: list[RayGeneration] = []
    try:
        both = _generation(few, objective, deadline)
        generations = [both, *(both.of_one_sign(sign) for sign in (1, -1) if both.charges_all)]
        for generation, share in zip(generations, _SHARES, strict=False):
            generation.run(deadline.part(share))
    except (InputError, TimeLimitError):
        return nothing
    except KeyboardInterrupt:  # what is known then is proven
        deadline.interrupt()
    if not generations:
        return nothing
    bounds = [generation.bound() for generation in generations]
    positive, negative = bounds[1:] or (0.0, 0.0)
    network = generations[0].network(_ending(deadline)) if whole else None
    return LeastSum(bounds[0], positive, negative, network, samples)


def _generation(problem: Problem, objective: Objective, deadline: Deadline) -> RayGeneration:
    """Make the rays of a problem without a weight bound.

    Raises
    ------
    InputError
        When they are too many.
    TimeLimitError
        When the time does not suffice.
    """
    data = ExactData(problem)
    prices = RayPrices(data, charged_entries(problem.n_features, objective), deadline.part(_MAKING))
    return RayGeneration(problem, objective, data, prices)


def _ending(deadline: Deadline) -> Deadline:
    """Return the time in which networks may be refined: that left, or a little where it is up."""
    return deadline if deadline.remaining > _ENDING else Deadline(_ENDING)


def _samples_with_rays(problem: Problem, objective: Objective, deadline: Deadline) -> int:
    """Return how many samples have no more rays than can be made in the time."""
    features, seconds = problem.n_features, deadline.part(_MAKING).remaining
    charged, count = charged_entries(features, objective), problem.n_samples
    while count and not rays_fit(count, features, charged, seconds):
        count -= 1
    return count


def _reporter(options: SearchOptions) -> Callable[[float, float], None] | None:
    """Return what tells of bounds on the path norm at p = 1."""
    progress = options.progress
    if progress is None:
        return None

    def report(lower: float, upper: float) -> None:
        words = f"path norm between {lower:.6g} and {upper:.6g}"
        progress(Progress(words, options.deadline.seconds, nodes=1))

    return report


def _cheapest(problem: Problem, objective: Objective, networks: Sequence[Network | None]) -> Candidate | None:
    """Return the cheapest network that fits, split where a weight bound asks for it, or None."""
    found = []
    for network in networks:
        kept = None if network is None else split(problem, network)
        if kept is not None and kept.solves(problem):
            found.append(Candidate(kept, kept.path_norm(1.0, objective)))
    return min(found, key=lambda candidate: candidate.cost, default=None)


def _concluded(status: Status, lower: float, known: Candidate | None, remark: str) -> PathNormMethodResult:
    if known is None:
        return PathNormMethodResult(status, lower, None, None, nodes=1, remark=remark)
    lower = min(lower, known.cost)
    if known.cost - lower <= tolerances.PATH_NORM_GAP * known.cost:
        return PathNormMethodResult(Status.OPTIMAL, lower, known.cost, known.network, nodes=1)
    return PathNormMethodResult(status, lower, known.cost, known.network, nodes=1, remark=remark)
