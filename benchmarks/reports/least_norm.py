"""Who reaches the certified least path norm, how often and how fast: a table and a figure."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sparsest.benchmarks.reports.chart_parts import step_figure
from sparsest.benchmarks.reports.outcomes import FAILED, Outcomes
from sparsest.benchmarks.reports.profiles import SHORTEST, success_curve
from sparsest.benchmarks.run.record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A path norm this much above the least one, relatively, is near it.
NEAR: Final = 0.01

# What the columns of `norm_table` mean.
NORM_COLUMNS: Final = (
    "reached: runs whose network fits and has the certified least path norm, to a millionth. near: within 1 "
    "percent. fit: runs whose network fits. excess: of the path norm over the least one, median and largest, "
    "infinite where a network does not fit. seconds: mean of a run. a success: seconds of all runs over the "
    "number that reached. below: path norms under the certified lower bound, which cannot be."
)


def judged_runs(outcomes: Outcomes) -> Mapping[str, Sequence[Record]]:
    """Return the runs by method where a least path norm is certified; no method without such a run."""
    runs = {
        method: [
            record
            for each in outcomes.ran(method)
            for record in outcomes.of(each, method)
            if record.least_norm is not None
        ]
        for method in outcomes.methods
    }
    return {method: each for method, each in runs.items() if each}


def norm_table(outcomes: Outcomes) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the table with a row a method; no rows where nothing is certified."""
    header = ["method", "runs", "reached", "near", "fit", "excess", "seconds", "a success", "below"]
    return header, [_row(method, runs) for method, runs in judged_runs(outcomes).items()]


def _row(method: str, runs: Sequence[Record]) -> list[str]:
    excesses = [_excess(record) for record in runs]
    reached, seconds = sum(record.reached for record in runs), sum(record.spent for record in runs)
    return [
        method,
        str(len(runs)),
        f"{reached} ({reached / len(runs):.0%})",
        str(sum(excess <= NEAR for excess in excesses)),
        str(sum(bool(record.fits) for record in runs)),
        f"{_share(statistics.median_high(excesses))}, {_share(max(excesses))}",
        f"{seconds / len(runs):.2g}",
        f"{seconds / reached:.2g}" if reached else "-",
        str(sum(record.is_below_least for record in runs)),
    ]


def _excess(record: Record) -> float:
    return math.inf if record.excess is None else record.excess


def _share(excess: float) -> str:
    """Spell an excess: 0 where it is rounding, and infinity where nothing fits."""
    if math.isinf(excess):
        return "no fit"
    return "0" if abs(excess) <= 1e-6 else f"{excess:.2g}" if abs(excess) < 1e-3 else f"{excess:.1%}"


def plot_least_norm(outcomes: Outcomes) -> "Figure":
    """Draw the share of runs that have reached the certified least path norm, over time, by method."""
    judged = judged_runs(outcomes)
    curves = [
        success_curve([record.spent if record.reached else math.inf for record in runs])
        for runs in judged.values()
    ]
    finished = [record.spent for runs in judged.values() for record in runs if record.status not in FAILED]
    seconds = [max(value, SHORTEST) for value in finished] or [1.0]
    labels = [
        f"{method} ({sum(record.reached for record in runs)} of {len(runs)})"
        for method, runs in judged.items()
    ]
    return step_figure(
        curves,
        labels,
        (min(seconds) / 1.5, max(seconds) * 1.2),
        "runs that reach it",
        xlabel="seconds of the run",
        ylabel="fraction of runs at the certified least path norm",
    )
