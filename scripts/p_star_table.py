"""Intervals that hold p* for random labels in the plane, checked on both sides, as a Markdown table.

    python scripts/p_star_table.py [SECONDS] [weights|neurons|parameters] [NAME ...]

50 problems with 5 to 8 samples, with and without a skip; NAMEs restrict them to those that contain one.
SECONDS is the time limit of each; processor seconds are printed. The check knows nothing of how the interval
was found. Below its lower end the least path norm is searched for by branch and bound: "sparsest" where the
bounds meet at a sparsest network, "no cheaper" where time ends before, or sparsest ones cost the same but for
the gap, with no cheaper network of more numbers. Above its upper end the other network has to cost less than
the sparsest one, in decimals of 60 digits.
"""

import dataclasses
import decimal
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from sparsest import datasets, exact
from sparsest.network import Network
from sparsest.objectives import Objective, magnitudes
from sparsest.problem import Problem
from sparsest.results.path_norm import ThresholdResult
from sparsest.results.solving import Status

# How far below the lower end, relative to p, costs differ by more than the gap of branch and bound.
_BELOW: Final = 1e-3
# How far above the upper end.
_ABOVE: Final = 1e-6
# Seconds for the least path norm below.
_CHECK: Final = 10.0
_DIGITS: Final = 60


@dataclasses.dataclass(frozen=True)
class Line:
    """What is known of one problem."""

    name: str
    result: ThresholdResult
    seconds: float
    below: str
    above: str

    @property
    def width(self) -> float:
        """Width of the interval."""
        return self.result.upper_bound - self.result.lower_bound

    def __str__(self) -> str:
        """Return a line of the table."""
        found = self.result
        counts = f"{found.network.count(found.objective)}"
        if found.other is not None:
            counts += f", {found.other.count(found.objective)}"
        interval = f"[{found.lower_bound:.6g}, {found.upper_bound:.6g}]"
        return (
            f"| {self.name} | {counts} | {interval} | {self.width:.1e} | {self.seconds:.1f} | {self.below} "
            f"| {self.above} |"
        )


def problems() -> Iterator[tuple[str, Problem]]:
    """Yield the 50 problems: 28 with a skip and 22 without."""
    seeds = {"skip": {5: 7, 6: 7, 7: 7, 8: 7}, "none": {5: 8, 6: 9, 7: 3, 8: 2}}
    for affine, numbers in seeds.items():
        for n, count in numbers.items():
            for seed in range(count):
                name = f"uniform:d=2,n={n},seed={seed}"
                yield f"{name}, {affine}", datasets.parse(name).problem(affine=affine)


def cost(network: Network, p: float, objective: Objective) -> decimal.Decimal:
    """Return the path norm in decimals of many digits."""
    sizes = magnitudes(network.folded, objective)
    with decimal.localcontext(prec=_DIGITS):
        return sum(
            (decimal.Decimal(float(t)) ** decimal.Decimal(p) for t in sizes if t > 0), decimal.Decimal(0)
        )


def checked_below(problem: Problem, found: ThresholdResult) -> str:
    """Return what branch and bound says just below the lower end."""
    p, objective = found.lower_bound * (1 - _BELOW), found.objective
    if p == 0:
        return ""
    least = exact.minimize_path_norm(problem, p, objective, time_limit=_CHECK)
    if least.network is None:
        return "no network"
    fewest, count = found.network.count(objective), least.network.count(objective)
    # of the sparsest network at the upper end, which may not be the cheapest here
    if count > fewest and cost(least.network, p, objective) < cost(found.network, p, objective):
        return "CHEAPER"
    return "sparsest" if least.status is Status.OPTIMAL and count == fewest else "no cheaper"


def checked_above(found: ThresholdResult) -> str:
    """Return whether the other network is cheaper just above the upper end."""
    if found.other is None:
        return ""
    p = min(found.upper_bound * (1 + _ABOVE), 1.0)
    other, sparsest = (cost(network, p, found.objective) for network in (found.other, found.network))
    return "cheaper" if other < sparsest else "DEARER"


def lines(limit: float, objective: Objective, parts: Sequence[str]) -> Iterator[Line]:
    """Yield the table's lines."""
    for name, problem in problems():
        if parts and not any(part in name for part in parts):
            continue
        start = time.process_time()
        found = exact.threshold(problem, objective, time_limit=limit)
        seconds = time.process_time() - start
        yield Line(name, found, seconds, checked_below(problem, found), checked_above(found))


def main(arguments: Sequence[str]) -> None:
    """Print the table, and the widest and the median interval."""
    seconds = [float(each) for each in arguments if each.replace(".", "", 1).isdigit()]
    objectives = [Objective(each) for each in arguments if each in list(map(str, Objective))]
    names = [each for each in arguments if not each.replace(".", "", 1).isdigit() and each not in objectives]
    print("| data | counts | p* in | width | s | just below | just above |\n|---|---|---|---|---|---|---|")
    widths = []
    for line in lines(seconds[0] if seconds else 60.0, (objectives or [Objective.WEIGHTS])[0], names):
        widths.append(line.width)
        print(line, flush=True)
    widest, median = max(widths, default=0.0), np.median(widths or [0.0])
    print(f"\nOf {len(widths)} intervals the widest is {widest:.3g} wide, the median {median:.2g}.")


if __name__ == "__main__":
    main(sys.argv[1:])
