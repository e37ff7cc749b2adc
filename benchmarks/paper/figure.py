"""Figure and table of the sparsity of networks over the steps of their training."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sparsest import exact
from sparsest.arrays import FloatArray
from sparsest.benchmarks.paper.experiments import METHODS, Experiment
from sparsest.benchmarks.paper.traces import Trace
from sparsest.benchmarks.peers import loop
from sparsest.benchmarks.reports.chart_parts import DOTTED, WIDTH, color, legend_under, plain_ticks
from sparsest.objectives import Objective
from sparsest.plots import canvas
from sparsest.problem import Problem
from sparsest.results.solving import Proof

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL: Final = 2.5  # inches, its height
_LEAST_LOSS: Final = 1e-14  # float32 leaves nothing to see below
_MANY: Final = 500.0  # counts beyond this leave room for ticks at powers of ten only
_SPELLED: Final = 5  # different counts that are listed one by one
_PROOF_SECONDS: Final = 60.0  # both neuron counts are proven in less than one


@dataclasses.dataclass(frozen=True)
class Floor:
    """A count below which no network interpolates.

    Attributes
    ----------
    count : int
        That count.
    claim : str
        What it rests on, for the legend.
    """

    count: int
    claim: str


@dataclasses.dataclass(frozen=True)
class Counted:
    """A count to draw.

    Attributes
    ----------
    name : str
        The attribute of a `Trace`.
    label : str
        Of the axis.
    floor : Floor
        The least that interpolates.
    """

    name: str
    label: str
    floor: Floor


def counted(setting: Experiment) -> list[Counted]:
    """Return what is drawn of an experiment, its objective first."""
    problem = setting.problem()
    neurons = Counted("neurons", "active neurons", neuron_floor(problem))
    if setting.objective is not Objective.PARAMETERS:  # with one feature a weight is a neuron
        return [neurons]
    return [Counted("parts", "nonzero parameters", generic_parameter_floor(problem)), neurons]


def neuron_floor(problem: Problem) -> Floor:
    """Return the smallest number of neurons as the exact side knows it."""
    result = exact.solve(problem, time_limit=_PROOF_SECONDS)
    kind = "minimum" if result.lower_bound == result.upper_bound else "lower bound"
    proven = result.proof is Proof.EXACT
    return Floor(result.lower_bound, f"proven {kind}" if proven else f"{kind} up to solver tolerances")


def generic_parameter_floor(problem: Problem) -> Floor:
    """Return N, the fewest parameters that fit N exact labels without a skip, for almost all labels.

    For each K, each choice of signs and of M nonzero entries of the ``|v_k| (w_k, b_k)``, the labels that
    such networks fit are the image of R^M under a piecewise linear map, and the choices are countably many:
    when M < N these labels have measure zero. It is no proof for the labels at hand.
    """
    return Floor(problem.n_samples, "N, for almost all labels")


def plot_sparsity(setting: Experiment, traces: Sequence[Trace]) -> "Figure":
    """Draw counts and loss over the steps.

    Lines are medians over the seeds, bands reach from the lower to the upper quartile. A count below the
    dashed line is that of a network that does not interpolate.

    Parameters
    ----------
    setting : Experiment
        What was run.
    traces : sequence of Trace
        One for each method, at least one.
    """
    panels, goal = counted(setting), loop.fitting_loss(setting.problem())
    with canvas.style():
        figure = canvas.new_figure(width=WIDTH, height=_PANEL * (len(panels) + 1) + 0.6)
        *axes, last = figure.subplots(len(panels) + 1, 1, sharex=True)
        for each, panel in zip(axes, panels, strict=True):
            _draw_counts(each, traces, panel)
        _draw_losses(last, traces, goal)
        last.set(xscale="log", xlabel="step", ylabel="mean squared error", xlim=(1, _last_step(traces)))
        plain_ticks(last.xaxis)
        runs = max(len(trace.seeds) for trace in traces)
        figure.suptitle(f"{setting.data}, {runs} seed{'s' * (runs != 1)}")
        legend_under(figure, [_line(trace) for trace in traces])
    return figure


def table(setting: Experiment, traces: Sequence[Trace]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the counts that runs ended with.

    The error of a run is the least mean squared one of the last `loop.WINDOW` steps, because at a constant
    rate it fluctuates by orders of magnitude to the end; the run fits when that is below
    `loop.fitting_loss`. Counts are those after the last step, with negligible products only where it says
    exactly nonzero.
    """
    name, goal = str(setting.objective), loop.fitting_loss(setting.problem())
    header = ["method", "fit", "their error", f"their {name}", "exactly nonzero", f"{name} of the others"]
    rows = [_row(trace, goal) for trace in traces]
    if setting.objective is Objective.PARAMETERS:
        header.append("neurons of those that fit")
        rows = [[*row, _neurons(trace, goal)] for row, trace in zip(rows, traces, strict=True)]
    return header, rows


def notes(setting: Experiment, traces: Sequence[Trace]) -> list[str]:
    """Say which runs fit by their error and yet have fewer parts than a network that interpolates."""
    panel, goal, found = counted(setting)[0], loop.fitting_loss(setting.problem()), []
    for trace in traces:
        errors, counts = trace.recent_loss(loop.WINDOW), getattr(trace, panel.name)[-1]
        below = (errors < goal) & (counts < panel.floor.count)
        found += [
            f"{setting.data}, {trace.method}, seed {seed}: {count:.0f} {panel.label}, fewer than the "
            f"{panel.floor.count} ({panel.floor.claim}), come close (error {error:.0e}) without "
            "interpolating"
            for seed, count, error in zip(trace.seeds[below], counts[below], errors[below], strict=True)
        ]
    return found


def _row(trace: Trace, goal: float) -> list[str]:
    errors = trace.recent_loss(loop.WINDOW)
    fits = errors < goal
    return [
        trace.method,
        f"{int(fits.sum())} of {len(fits)}",
        _range(errors[fits]),
        _distribution(trace.parts[-1][fits]),
        _distribution(trace.nonzero[-1][fits]),
        _distribution(trace.parts[-1][~fits]),
    ]


def _neurons(trace: Trace, goal: float) -> str:
    return _distribution(trace.neurons[-1][trace.recent_loss(loop.WINDOW) < goal])


def _distribution(counts: FloatArray) -> str:
    """Spell few different counts as ``3 (2 runs), 4 (5 runs)``, many as a range with the median."""
    values, times = np.unique(counts.astype(int), return_counts=True)
    if len(values) > _SPELLED:
        return f"{values[0]} to {values[-1]}, median {np.median(counts):g}"
    return ", ".join(f"{value} ({n}x)" for value, n in zip(values, times, strict=True)) or "-"


def _range(values: FloatArray) -> str:
    return f"{values.min():.0e} to {values.max():.0e}" if values.size else "-"


def _style(method: str) -> dict[str, Any]:
    names = [each.name for each in METHODS]
    return {"color": color(names.index(method))}


def _line(trace: Trace) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], linewidth=2.2, label=trace.method, **_style(trace.method))


def _last_step(traces: Sequence[Trace]) -> int:
    return max(int(trace.steps[-1]) for trace in traces)


def _draw_counts(axes: "Axes", traces: Sequence[Trace], panel: Counted) -> None:
    floor, courses = panel.floor, [getattr(trace, panel.name) for trace in traces]
    for trace, course in zip(traces, courses, strict=True):
        _draw_band(axes, trace, course)
    axes.set_yscale("symlog", linthresh=1.0, linscale=0.5)  # counts may be zero
    top = 1.3 * max(floor.count, *(float(course.max()) for course in courses))
    axes.set(ylabel=panel.label, ylim=(0, top))
    _count_ticks(axes, top)
    axes.axhline(floor.count, color="black", linewidth=1.4, linestyle=(0, (5, 3)), zorder=3)
    axes.annotate(
        f"{floor.count}: below it none interpolates ({floor.claim})",
        (0.01, floor.count),
        xycoords=("axes fraction", "data"),
        xytext=(0, 3),
        textcoords="offset points",
        fontsize=9,
    )


def _count_ticks(axes: "Axes", top: float) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    ticks = [0.0, *(float(lead * 10**k) for k in range(6) for lead in (1, 2, 5))]
    if top > _MANY:
        ticks = [0.0, *(float(10**k) for k in range(6))]
    axes.yaxis.set_major_locator(FixedLocator([tick for tick in ticks if tick <= top]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def _draw_losses(axes: "Axes", traces: Sequence[Trace], goal: float) -> None:
    for trace in traces:
        _draw_band(axes, trace, np.maximum(trace.loss, _LEAST_LOSS))
    axes.set_yscale("log")
    axes.axhline(goal, color="black", linewidth=1.0, linestyle=DOTTED)
    axes.annotate(
        "counted as fitting",
        (0.01, goal),
        xycoords=("axes fraction", "data"),
        xytext=(0, -12),
        textcoords="offset points",
        fontsize=9,
    )


def _draw_band(axes: "Axes", trace: Trace, values: FloatArray) -> None:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75), axis=1)
    style = _style(trace.method)
    axes.fill_between(trace.steps, low, high, alpha=0.18, linewidth=0, **style)
    axes.plot(trace.steps, middle, linewidth=2.0, **style)
