"""What the strategies of a search had over time: parts, path norm and largest violation."""

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.benchmarks.reports.chart_parts import (
    WIDTH,
    color,
    dashes,
    handle,
    legend_under,
    marker,
    plain_ticks,
    printable,
    width,
)
from sparsest.benchmarks.reports.outcomes import ComparedInstance, Outcomes
from sparsest.benchmarks.run.record import Record
from sparsest.benchmarks.suites.method_answer import AttemptPoint
from sparsest.plots import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Problems whose courses are drawn.
_MAX_PANELS: Final = 3
# Violations below this share of the half-width are drawn there: the network fits, or nearly.
_FITS: Final = 1e-4
# Half-widths up to this are rounding, not noise: planted labels without noise have 1e-6.
_ROUNDING: Final = 1e-5
# In a row of the legend.
_ENTRIES: Final = 2
# Seconds before the first point; a logarithmic axis has no zero.
_EARLIEST: Final = 1e-2

# What the columns of `strategy_table` mean.
STRATEGY_COLUMNS: Final = (
    "runs: in which the strategy was seen. fit: in which one of its networks met every interval. first fit: "
    "median seconds until then. fewest: median of the fewest parts that fitted, in the runs where some did. "
    "path norm: median of the least one of those. violation: median of the smallest of the largest "
    "violations, over the half-width of the widest interval. All as the method saw it; strategies of one run "
    "share its time."
)


@dataclasses.dataclass(frozen=True, eq=False)
class StrategyCourse:
    """What one strategy of one run had reached.

    Attributes
    ----------
    strategy : str
        ``method: strategy``.
    seconds : array (T,)
        Ascending.
    count : array (T,)
        Fewest parts that fitted by then, infinite without.
    path_norm : array (T,)
        Least path norm of those that fitted by then, infinite without.
    violation : array (T,)
        Smallest of the largest violations by then.
    """

    strategy: str
    seconds: FloatArray
    count: FloatArray
    path_norm: FloatArray
    violation: FloatArray

    @property
    def first_fit(self) -> float:
        """Seconds until a network met every interval, infinite if none did."""
        fitting = np.flatnonzero(np.isfinite(self.count))
        return float(self.seconds[fitting[0]]) if len(fitting) else math.inf


def watched(outcomes: Outcomes) -> tuple[ComparedInstance, ...]:
    """Return the instances with noise on which a method told what its strategies had.

    Classes have no half-width to measure violations by, and are left out.
    """
    return tuple(
        each
        for each in outcomes.instances
        if any(
            record.attempts and _ROUNDING < record.tolerance < math.inf for record in _runs(outcomes, each)
        )
    )


def _runs(outcomes: Outcomes, instance: ComparedInstance) -> list[Record]:
    return [record for method in outcomes.methods for record in outcomes.of(instance, method)]


def courses(record: Record) -> list[StrategyCourse]:
    """Return what each strategy of a run had reached over time, in the order of their appearance."""
    by_strategy: dict[str, list[AttemptPoint]] = {}
    for point in record.attempts:
        by_strategy.setdefault(point[1], []).append(point)
    return [_course(f"{record.method}: {name}", points) for name, points in by_strategy.items()]


def _course(name: str, points: Sequence[AttemptPoint]) -> StrategyCourse:
    seconds, count, norm, violation = np.array([(at, *rest) for at, _, *rest in points], dtype=np.float64).T
    fits = violation <= 0
    return StrategyCourse(
        name,
        seconds,
        np.minimum.accumulate(np.where(fits, count, np.inf)),
        np.minimum.accumulate(np.where(fits, norm, np.inf)),
        np.minimum.accumulate(violation),
    )


def strategy_table(outcomes: Outcomes) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the table with a row a strategy; `STRATEGY_COLUMNS` explains it."""
    header = ["strategy", "runs", "fit", "first fit", "fewest", "path norm", "violation"]
    found: dict[str, list[tuple[Record, StrategyCourse]]] = {}
    for instance in watched(outcomes):
        for record in _runs(outcomes, instance):
            for course in courses(record):
                found.setdefault(course.strategy, []).append((record, course))
    return header, [_row(name, runs) for name, runs in found.items()]


def _row(name: str, runs: Sequence[tuple[Record, StrategyCourse]]) -> list[str]:
    fitting = [course for _, course in runs if math.isfinite(course.first_fit)]
    shares = [course.violation[-1] / (record.tolerance or 1.0) for record, course in runs]
    return [
        name,
        str(len(runs)),
        str(len(fitting)),
        _median([course.first_fit for course in fitting], "{:.2g}s"),
        _median([course.count[-1] for course in fitting], "{:g}"),
        _median([course.path_norm[-1] for course in fitting], "{:.3g}"),
        _median(shares, "{:.2g}"),
    ]


def _median(values: Sequence[float], spelled: str) -> str:
    return spelled.format(float(np.median(values))) if values else "-"


def plot_strategies(outcomes: Outcomes) -> "Figure":
    """Draw parts and largest violation over time for every strategy, on the problems that took longest."""
    instances = sorted(watched(outcomes), key=lambda each: -_length(outcomes, each))[:_MAX_PANELS]
    runs = [_first_runs(outcomes, each) for each in instances]
    names = [
        *dict.fromkeys(course.strategy for each in runs for record in each for course in courses(record))
    ]
    with canvas.style():
        figure = canvas.new_figure(width=WIDTH, height=5.2 + 0.25 * math.ceil(len(names) / _ENTRIES))
        panels = figure.subplots(2, len(instances), squeeze=False, sharex="col")
        for (above, below), instance, each in zip(panels.T, instances, runs, strict=True):
            for record in each:
                for course in courses(record):
                    _draw(above, below, course, names.index(course.strategy), record)
            _finish(above, below, instance, outcomes.best[instance])
        panels[0, 0].set_ylabel(f"{instances[0].objective} of a network that fits")
        panels[1, 0].set_ylabel("largest violation / half-width")
        legend_under(figure, [handle(k, name) for k, name in enumerate(names)], _ENTRIES)
    return figure


def _first_runs(outcomes: Outcomes, instance: ComparedInstance) -> list[Record]:
    """Return the first run of each method that told what its strategies had."""
    firsts = (
        next((record for record in outcomes.of(instance, method) if record.attempts), None)
        for method in outcomes.methods
    )
    return [record for record in firsts if record is not None]


def _length(outcomes: Outcomes, instance: ComparedInstance) -> float:
    return max(record.attempts[-1][0] for record in _first_runs(outcomes, instance))


def _draw(above: "Axes", below: "Axes", course: StrategyCourse, k: int, record: Record) -> None:
    """Draw one strategy until the end of its run."""
    style: dict[str, Any] = {
        "color": color(k),
        "linestyle": dashes(k),
        "linewidth": width(k),
        "drawstyle": "steps-post",
        "marker": marker(k),
        "markevery": [0],
    }
    at = np.maximum(np.r_[course.seconds, max(record.seconds, course.seconds[-1])], _EARLIEST)
    count, violation = (np.r_[part, part[-1]] for part in (course.count, course.violation / record.tolerance))
    shown = np.isfinite(count)
    if shown.any():
        above.plot(at[shown], count[shown], **style)
    below.plot(at, np.maximum(violation, _FITS), **style)


def _finish(above: "Axes", below: "Axes", instance: ComparedInstance, best: int | None) -> None:
    from matplotlib.ticker import MaxNLocator

    # first networks may have a neuron a sample: drawn in full they would flatten what matters
    top = above.get_ylim()[1]
    above.set_ylim(0, min(top, math.inf if best is None else 4.0 * best + 4.0))
    above.set_title(printable(instance.label.rpartition("/")[2]), parse_math=False)
    above.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    below.set(xscale="log", yscale="log", xlabel="seconds")
    for axis in (below.xaxis, below.yaxis):
        plain_ticks(axis)
    for axes in (above, below):
        axes.grid(color="#dddddd", linewidth=0.6)
