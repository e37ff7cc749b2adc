"""Figures of a benchmark; matplotlib is imported when one is drawn."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.benchmarks.reports.chart_parts import (
    DOTTED,
    WIDTH,
    color,
    dashes,
    handle,
    legend_under,
    marker,
    plain_ticks,
    printable,
    step_figure,
    width,
)
from sparsest.benchmarks.reports.least_norm import judged_runs, plot_least_norm
from sparsest.benchmarks.reports.outcomes import FAILED, ComparedInstance, Outcomes
from sparsest.benchmarks.reports.profiles import SHORTEST, performance_profiles, success_curve
from sparsest.benchmarks.reports.strategies import plot_strategies, watched
from sparsest.benchmarks.run.record import Record
from sparsest.plots import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANELS: Final = 6  # instances whose bounds are drawn over time
_EARLIEST: Final = 1e-3  # seconds; a logarithmic axis has no zero
_LOG_FROM: Final = 16.0  # sizes with at least this ratio are drawn on a logarithmic axis


@dataclasses.dataclass(frozen=True)
class ReportChart:
    """A kind of figure.

    Attributes
    ----------
    name : str
        Of its files, without ending.
    title, caption : str
        What it shows and how to read it.
    applies, draw : callable
        Whether there are data for it, and the figure.
    """

    name: str
    title: str
    caption: str
    applies: Callable[[Outcomes], bool]
    draw: Callable[[Outcomes], "Figure"]


def drawable(outcomes: Outcomes) -> tuple[ReportChart, ...]:
    """Return the charts that there are data for."""
    return tuple(chart for chart in CHARTS if chart.applies(outcomes))


def plot_profiles(outcomes: Outcomes) -> "Figure":
    """Draw the performance profiles (Dolan and More 2002) of the exact methods."""
    methods, instances = _exact(outcomes), _proof_instances(outcomes)
    curves = performance_profiles(outcomes.closing_times(instances, methods))
    end = 1.3 * max([2.0, *(float(curve.at[-1]) for curve in curves if curve.at.size)])
    labels = [
        f"{method} ({round(curve(end) * len(instances))})"
        for method, curve in zip(methods, curves, strict=True)
    ]
    return step_figure(
        curves,
        labels,
        (1.0, end),
        f"proven of {len(instances)}",
        xlabel="time / time of the fastest method on the instance",
        ylabel="fraction of instances proven",
    )


def plot_success(outcomes: Outcomes) -> "Figure":
    """Draw how many runs of methods without bounds have reached the best known count, over time."""
    methods = _inexact(outcomes)
    runs = [_known_runs(outcomes, method) for method in methods]
    curves = [
        success_curve([run[1].spent if outcomes.succeeded(*run) else math.inf for run in each])
        for each in runs
    ]
    finished = [record for each in runs for _, record in each if record.status not in FAILED]
    seconds = [max(record.spent, SHORTEST) for record in finished] or [1.0]
    labels = [
        f"{method} ({round(curve(math.inf) * len(each))} of {len(each)})"
        for method, curve, each in zip(methods, curves, runs, strict=True)
    ]
    return step_figure(
        curves,
        labels,
        (min(seconds) / 1.5, max(seconds) * 1.5),
        "runs that reach it",
        xlabel="seconds of the run",
        ylabel="fraction of runs at the best known count",
    )


def plot_times(outcomes: Outcomes) -> "Figure":
    """Draw the time to a proven optimum against N, d and K."""
    methods, instances = _exact(outcomes), _proof_instances(outcomes)
    sizes = {
        "N (samples)": [float(each.n_samples) for each in instances],
        "d (features)": [float(each.n_features) for each in instances],
        "K (best known count)": [_known(outcomes, each) for each in instances],
    }
    with canvas.style():
        figure = canvas.new_figure(width=WIDTH, height=4.8)
        panels = figure.subplots(1, 3, sharey=True)
        for axes, (name, size) in zip(panels, sizes.items(), strict=True):
            _draw_sizes(axes, outcomes, instances, np.array(size))
            axes.set(xlabel=name, yscale="log")
        panels[0].set_ylabel("seconds to a proven optimum")
        plain_ticks(panels[0].yaxis)
        handles = [handle(k, method) for k, method in enumerate(methods)]
        legend_under(figure, handles)
    return figure


def plot_bounds(outcomes: Outcomes) -> "Figure":
    """Draw lower and upper bounds over time on the hardest instances, up to six."""
    from matplotlib.lines import Line2D

    instances, methods = _hardest(outcomes), _exact(outcomes)
    columns = min(len(instances), 2)
    rows = math.ceil(len(instances) / columns)
    traced = [k for k, m in enumerate(methods) if any(_traced(outcomes, each, m) for each in instances)]
    with canvas.style():
        figure = canvas.new_figure(width=WIDTH, height=1.1 + 2.3 * rows)
        panels = figure.subplots(rows, columns, squeeze=False)
        for axes, instance in zip(panels.flat, instances, strict=False):
            for k in traced:
                _draw_bounds(axes, outcomes, instance, methods[k], k)
            _finish_bounds(axes, outcomes, instance)
        for axes in panels.flat[len(instances) :]:
            axes.set_axis_off()
        kinds = [
            Line2D([], [], color="black", linestyle="solid", label="lower bound"),
            Line2D([], [], color="black", linestyle=DOTTED, label="best network"),
        ]
        swatches = [Line2D([], [], color=color(k), linewidth=width(k), label=methods[k]) for k in traced]
        legend_under(figure, swatches + kinds)
    return figure


def _exact(outcomes: Outcomes) -> list[str]:
    return [method for method in outcomes.methods if method in outcomes.exact]


def _inexact(outcomes: Outcomes) -> list[str]:
    """Return the methods without bounds that ran where a best count is known."""
    others = [method for method in outcomes.methods if method not in outcomes.exact]
    return [method for method in others if _known_runs(outcomes, method)]


def _proof_instances(outcomes: Outcomes) -> list[ComparedInstance]:
    """Return the instances that an exact method was run on."""
    methods = _exact(outcomes)
    return [each for each in outcomes.instances if any(outcomes.of(each, method) for method in methods)]


def _any_proven(outcomes: Outcomes) -> bool:
    return bool(np.isfinite(outcomes.closing_times(outcomes.instances, _exact(outcomes))).any())


def _known(outcomes: Outcomes, instance: ComparedInstance) -> float:
    best = outcomes.best[instance]
    return math.nan if best is None else float(best)


def _known_runs(outcomes: Outcomes, method: str) -> list[tuple[ComparedInstance, Record]]:
    """Return the runs of a method where few parts are asked for, and the best count is known."""
    there = [each for each in outcomes.ran(method) if outcomes.best[each] is not None and each.p is None]
    return [(each, record) for each in there for record in outcomes.of(each, method)]


def _traced(outcomes: Outcomes, instance: ComparedInstance, method: str) -> Record | None:
    """Return the first run of a method on an instance that recorded its bounds over time."""
    return next((record for record in outcomes.of(instance, method) if record.trace), None)


def _hardest(outcomes: Outcomes) -> list[ComparedInstance]:
    """Return the instances with bounds over time that cost the exact methods most."""
    methods = _exact(outcomes)
    traced = [each for each in outcomes.instances if any(_traced(outcomes, each, m) for m in methods)]

    def hardness(instance: ComparedInstance) -> tuple[float, float]:
        """Share of the methods that prove nothing, then the seconds of the typical one."""
        ran = [method for method in methods if outcomes.of(instance, method)]
        open_ = [math.isinf(outcomes.closing_time(instance, method)) for method in ran]
        return sum(open_) / len(ran), float(
            np.median([record.spent for m in ran for record in outcomes.of(instance, m)])
        )

    return sorted(traced, key=hardness, reverse=True)[:_PANELS]


def _draw_sizes(
    axes: "Axes", outcomes: Outcomes, instances: Sequence[ComparedInstance], size: FloatArray
) -> None:
    from matplotlib.ticker import MaxNLocator

    known = size[np.isfinite(size) & (size > 0)]
    logarithmic = known.size > 0 and known.max() >= _LOG_FROM * known.min() and known.size == size.size
    if logarithmic:
        axes.set_xscale("log")
        plain_ticks(axes.xaxis)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        axes.margins(x=0.12)
    methods = _exact(outcomes)
    for k, method in enumerate(methods):
        aside = (k - (len(methods) - 1) / 2) / max(len(methods), 1)
        place = size * 1.15**aside if logarithmic else size + aside * _spacing(known)
        _draw_times(axes, outcomes, instances, place, k, method)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)


def _spacing(sizes: FloatArray) -> float:
    """Return how far beside its size a point may be drawn: 40 percent of the closest distance."""
    levels = np.unique(sizes)
    return 0.4 * float(np.diff(levels).min()) if levels.size > 1 else 0.4


def _draw_times(
    axes: "Axes",
    outcomes: Outcomes,
    instances: Sequence[ComparedInstance],
    place: FloatArray,
    k: int,
    method: str,
) -> None:
    """Draw a point an instance, open at the time spent where nothing was proven, and a line of medians."""
    ran = np.array([bool(outcomes.of(each, method)) for each in instances]) & np.isfinite(place)
    times = np.array([outcomes.closing_time(each, method) for each in instances])
    spent = np.array([outcomes.seconds(each, method) for each in instances])
    style: dict[str, Any] = {"marker": marker(k), "color": color(k), "markersize": 6}
    for mask, heights, fill in (
        (ran & np.isfinite(times), times, "full"),
        (ran & np.isinf(times), spent, "none"),
    ):
        axes.plot(
            place[mask],
            np.maximum(heights[mask], SHORTEST),
            linestyle="none",
            fillstyle=fill,
            alpha=0.8,
            **style,
        )
    levels = np.unique(place[ran])
    medians = np.array([np.median(times[ran & (place == level)]) for level in levels])
    shown = np.isfinite(medians)
    axes.plot(
        levels[shown],
        np.maximum(medians[shown], SHORTEST),
        color=color(k),
        linewidth=width(k),
        linestyle=dashes(k),
        alpha=0.7,
    )


def _draw_bounds(axes: "Axes", outcomes: Outcomes, instance: ComparedInstance, method: str, k: int) -> None:
    record = _traced(outcomes, instance, method)
    if record is None:
        return
    points = [*record.trace, (record.seconds, record.lower_bound, record.upper_bound)]
    for part, line in ((1, "solid"), (2, DOTTED)):
        course = [(max(point[0], _EARLIEST), bound) for point in points if (bound := point[part]) is not None]
        if course:
            axes.plot(
                [at for at, _ in course],
                [bound for _, bound in course],
                drawstyle="steps-post",
                color=color(k),
                linewidth=width(k),
                linestyle=line,
            )
            axes.plot(course[-1][0], course[-1][1], marker=marker(k), color=color(k), markersize=5)


def _finish_bounds(axes: "Axes", outcomes: Outcomes, instance: ComparedInstance) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set(xscale="log", xlabel="seconds", ylabel=instance.objective)
    # first networks have a neuron a sample: drawn in full they would flatten what matters
    best = outcomes.best[instance]
    top = min(axes.get_ylim()[1], math.inf if best is None else 2.0 * best + 2.0)
    axes.set_ylim(-0.05 * top, top)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    plain_ticks(axes.xaxis)
    # names come from files: nothing in them is mathematics to typeset
    axes.set_title(printable(instance.label), parse_math=False)


CHARTS: Final = (
    ReportChart(
        "performance-profile",
        "Performance profile of the exact methods",
        "Height at 1: on what share of the instances the method is the fastest to a proven optimum. Height "
        "at 10: what share it proves within ten times the time of the fastest. Right end: what share it "
        "proves at all. Higher is better. An instance that a method was not run on, or where its box of "
        "weights excludes the best known count, counts as not proven (Dolan and Moré 2002).",
        _any_proven,
        plot_profiles,
    ),
    ReportChart(
        "time-by-size",
        "Time to a proven optimum against N, d and K",
        "One mark an instance; open marks are runs that did not prove the best known count minimal, drawn at "
        "the time they spent. Lines join the medians, where at least half of the instances of that size are "
        "proven. Marks are moved sideways a little so that methods do not hide each other.",
        _any_proven,
        plot_times,
    ),
    ReportChart(
        "success",
        "Methods without a bound: runs that reach the best known count",
        "Share of the runs (instances x seeds) that have ended with a network that fits and has the best "
        "known count, against the seconds of the run. Higher and further left is better. A network that "
        "does not fit is no success, whatever its count.",
        lambda outcomes: bool(_inexact(outcomes)),
        plot_success,
    ),
    ReportChart(
        "bounds-over-time",
        "Bounds over time on the hardest instances",
        "Solid: no network has fewer (as the method claims). Dotted: the best network the method had. The "
        "optimum is proven where the two meet; counts beyond twice the best known are cut off. The instances "
        "are those that the fewest exact methods prove, then those that take longest.",
        lambda outcomes: bool(_hardest(outcomes)),
        plot_bounds,
    ),
    ReportChart(
        "least-norm",
        "Runs that reach the certified least path norm",
        "Share of the runs that have ended with a network that fits and has the certified least path norm, "
        "to a millionth, against the seconds of the run. Higher and further left is better. Methods that "
        "take a norm to reach were told the certified one, and end there; the others run to their end.",
        lambda outcomes: bool(judged_runs(outcomes)),
        plot_least_norm,
    ),
    ReportChart(
        "strategies",
        "Parts and largest violation over time, by strategy",
        "Upper panels: the fewest parts of a network that fits, so far. Lower panels: the smallest of the "
        "largest violations that networks of a strategy had, so far, over the half-width of the widest "
        "interval; at the bottom where one fits, or nearly. Counts beyond four times the best known are cut "
        "off. As the methods saw it, on the problems where they took longest.",
        lambda outcomes: bool(watched(outcomes)),
        plot_strategies,
    ),
)
