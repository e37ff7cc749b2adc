"""The paper's two experiments against the truth, as Markdown tables and a figure.

    python scripts/paper_experiments.py [SECONDS] [RUNS] [--steps STEPS] [--data NAME] [--out FOLDER]

Nakhleh and Nowak, "Global Minimizers of l^p-Regularized Objectives Yield the Sparsest ReLU Neural Networks",
NeurIPS 2025, section 5: peak-plateau (weights) and high-dimensional (parameters) for p = 0.4, 0.7 and 1, no
affine term. First what is certified: an interval that holds the least path norm, one that holds the smallest
count, and p*; SECONDS (60) limits each question. Then seeded runs, RUNS (10) of each: the published loop over
STEPS (100,000), the same followed by this project's polish, `minimize`, and `find_sparse`, which knows no p.

A run fits when its mean squared error is at most 1e-5 of the squared largest label. It reaches the least path
norm when it fits and its own is within 0.1 percent of the upper end of the interval, and it is sparsest when
it fits with the fewest parts known. Runs that interpolate to rounding lower the upper ends of open
intervals. Runs are kept in FOLDER/paper-experiments.csv as they end, and those that are there are not run
again: delete the file to start anew. Progress goes to stderr.
"""

import argparse
import csv
import dataclasses
import decimal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from sparsest import exact
from sparsest.benchmarks.paper.experiments import (
    EXPERIMENTS,
    STEPS,
    Experiment,
    TrainingMethod,
    experiment,
    trained_networks,
)
from sparsest.benchmarks.peers import loop
from sparsest.benchmarks.peers.published_training import polished_network
from sparsest.continuous import find_sparse, minimize
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.plots.canvas import COLORS, MARKERS, new_figure, save_figure, style
from sparsest.progress import Deadline
from sparsest.results.path_norm import PathNormResult, ThresholdResult
from sparsest.results.solving import ExactResult, Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POWERS: Final = (0.4, 0.7, 1.0)
# How far above the least path norm a run may end, relative to it, and still be said to reach it.
_REACHED: Final = 1e-3
# Mean squared error of runs that interpolate to rounding, for labels of about one.
_ROUNDING: Final = 1e-24
# Seconds for each polish, and for each run of `minimize` and `find_sparse`.
_POLISH: Final = 10.0
_RUN: Final = 10.0
# A panel whose largest number is so many times its smallest is logarithmic.
_DECADE: Final = 10.0
_FILE: Final = "paper-experiments"

PUBLISHED, POLISHED, MINIMIZE, FIND = "published loop", "published loop, polished", "minimize", "find_sparse"


@dataclasses.dataclass(frozen=True)
class Run:
    """One run, judged at one p; `steps` are those of the published loop, 0 of the others."""

    data: str
    method: str
    p: float
    seed: int
    steps: int
    error: float
    path_norm: float
    count: int

    @property
    def question(self) -> tuple[str, str, float, int]:
        """Everything but the seed and what came out."""
        return self.data, self.method, self.p, self.steps


@dataclasses.dataclass(frozen=True)
class Truth:
    """What is certified of one experiment: least path norms by p, the smallest count, p*."""

    least: dict[float, PathNormResult]
    fewest: ExactResult
    threshold: ThresholdResult

    def best_known(self, p: float, some: Iterable[Run]) -> float:
        """Return the upper end of the interval of the least path norm, or that of a better run."""
        upper = self.least[p].upper_bound
        known = [run.path_norm for run in some if run.p == p and run.error <= _ROUNDING]
        return min([*known, float("inf") if upper is None else upper])

    def fewest_known(self, some: Iterable[Run]) -> int:
        """Return the upper end of the interval of the smallest count, or that of a better run."""
        upper = self.fewest.upper_bound
        known = [run.count for run in some if run.error <= _ROUNDING]
        return min([*known, *([] if upper is None else [upper])])


def truth(setting: Experiment, seconds: float, report: Callable[[str], None] = lambda text: None) -> Truth:
    """Return what the exact side certifies, each question within a time limit."""
    problem, goal, least = setting.problem(), setting.objective, {}
    for p in POWERS:
        report(f"{setting.data}: least path norm, p = {p:g}")
        known = minimize(problem, p, objective=goal, time_limit=min(seconds, _RUN)).network
        least[p] = exact.minimize_path_norm(problem, p, goal, time_limit=seconds, witness=known)
    report(f"{setting.data}: smallest count")
    fewest = exact.solve(problem, goal, time_limit=seconds)
    report(f"{setting.data}: p*")
    return Truth(least, fewest, exact.threshold(problem, goal, time_limit=seconds))


# Runs


def runs(
    setting: Experiment,
    seeds: Sequence[int],
    steps: int,
    before: Iterable[Run] = (),
    report: Callable[[str], None] = lambda text: None,
) -> Iterator[Run]:
    """Yield the runs that are not among those before, in an order of methods, exponents and seeds."""
    problem, goal = setting.problem(), setting.objective
    finished = {(*run.question, run.seed) for run in before}

    def missing(method: str, p: float, taken: int) -> list[int]:
        return [seed for seed in seeds if (setting.data, method, p, taken, seed) not in finished]

    def judged(method: str, p: float, seed: int, taken: int, network: Network) -> Run:
        error = loop.mean_squared_error(problem, network)
        norm, count = network.path_norm(p, goal), network.count(goal)
        return Run(setting.data, method, p, seed, taken, error, norm, count)

    for p in POWERS:
        left = sorted({*missing(PUBLISHED, p, steps), *missing(POLISHED, p, steps)})
        if left:
            report(f"{setting.data}: {PUBLISHED}, p = {p:g}, {len(left)} runs as one batch")
            trained = trained_networks(setting, TrainingMethod(f"p = {p:g}", p=p), left, steps)
            for seed, network in zip(left, trained, strict=True):
                yield judged(PUBLISHED, p, seed, steps, network)
                polished = polished_network(problem, network, p, goal, Deadline(_POLISH))
                yield judged(POLISHED, p, seed, steps, polished or network)
        for seed in missing(MINIMIZE, p, 0):
            report(f"{setting.data}: {MINIMIZE}, p = {p:g}, seed {seed}")
            found = minimize(problem, p, objective=goal, seed=seed, time_limit=_RUN).network
            yield judged(MINIMIZE, p, seed, 0, found)
    for seed in sorted({seed for p in POWERS for seed in missing(FIND, p, 0)}):
        report(f"{setting.data}: {FIND}, seed {seed}")
        found = find_sparse(problem, goal, seed=seed, time_limit=_RUN).network
        for p in POWERS:
            yield judged(FIND, p, seed, 0, found)


def read_runs(path: Path) -> list[Run]:
    """Read runs as `append_runs` wrote them; none when there is no file.

    Raises
    ------
    InputError
        When a line of the file is damaged.
    """
    if not path.exists():
        return []
    kinds = [field.type for field in dataclasses.fields(Run)]
    found = []
    with path.open(newline="", encoding="utf-8") as lines:
        rows = csv.reader(lines)
        next(rows, None)
        for row in rows:
            try:
                found.append(Run(*(kind(cell) for kind, cell in zip(kinds, row, strict=True))))
            except ValueError:
                raise InputError(f"{path}, line {rows.line_num}, is damaged: remove the line") from None
    return found


def append_runs(path: Path, some: Iterable[Run]) -> None:
    """Add runs to a file, each as soon as it is there."""
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if not file.tell():
            writer.writerow([field.name for field in dataclasses.fields(Run)])
        for run in some:
            writer.writerow([*dataclasses.astuple(run)])
            file.flush()


# Tables


def table_of_truth(known: dict[str, Truth], some: Sequence[Run]) -> Iterator[str]:
    """Yield the lines of the table of what is certified; runs may have found better networks."""
    yield "| data | p | least path norm | its interval | fewest | p* in |"
    yield "|---|---|---|---|---|---|"
    for data, each in known.items():
        goal = each.fewest.objective
        counts = _interval(each.fewest.lower_bound, each.fewest_known(of_data(some, data)))
        threshold = _ends(each.threshold.lower_bound, each.threshold.upper_bound, 9)
        for p, least in each.least.items():
            closed = least.status is Status.OPTIMAL
            best = each.best_known(p, of_data(some, data))
            norm = f"{best:.6g}" + ("" if closed else ", best known")
            ends = _ends(least.lower_bound, best, 7)
            yield f"| {data} | {p:g} | {norm} | {ends} | {counts} {goal} | {threshold} |"


def table_of_runs(known: dict[str, Truth], some: Sequence[Run]) -> Iterator[str]:
    """Yield the lines of the table of runs; excess and counts are of those that fit."""
    yield "| data | p | method | fit | least norm | sparsest | median excess | counts |"
    yield "|---|---|---|---|---|---|---|---|"
    for data, each in known.items():
        for p in POWERS:
            for method in (PUBLISHED, POLISHED, MINIMIZE, FIND):
                chosen = [run for run in of_data(some, data) if (run.p, run.method) == (p, method)]
                if chosen:
                    on_data = of_data(some, data)
                    shares = _shares(chosen, each.best_known(p, on_data), each.fewest_known(on_data))
                    cells = (data, f"{p:g}", method, *shares)
                    yield f"| {' | '.join(cells)} |"


def fits(run: Run) -> bool:
    """Whether a run interpolates but for the error that training leaves."""
    return run.error <= loop.fitting_loss(experiment(run.data).problem())


def of_data(some: Iterable[Run], data: str) -> list[Run]:
    """Return the runs on a dataset."""
    return [run for run in some if run.data == data]


def _shares(chosen: Sequence[Run], least: float, fewest: int) -> tuple[str, ...]:
    fitting = [run for run in chosen if fits(run)]
    excess = np.array([run.path_norm / least - 1 for run in fitting])
    counts = np.array([run.count for run in fitting])
    reached, sparsest = int((abs(excess) <= _REACHED).sum()), int((counts == fewest).sum())
    of = f"of {len(chosen)}"
    if not fitting:
        return f"0 {of}", f"0 {of}", f"0 {of}", "", ""
    spread = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    return (
        f"{len(fitting)} {of}",
        f"{reached} {of}",
        f"{sparsest} {of}",
        f"{round(100 * np.median(excess), 6):.2g} %",
        spread,
    )


def _ends(low: float, high: float, digits: int) -> str:
    """Spell an interval with ends rounded outwards."""
    down = decimal.Context(prec=digits, rounding=decimal.ROUND_FLOOR).create_decimal_from_float(low)
    up = decimal.Context(prec=digits, rounding=decimal.ROUND_CEILING).create_decimal_from_float(high)
    return f"[{down}, {up}]"


def _interval(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low} to {high}"


# Figure


def plot_runs(known: dict[str, Truth], some: Sequence[Run]) -> "Figure":
    """Draw path norms and counts of the runs that fit, sorted, against what is certified."""
    with style():
        figure = new_figure(width=10.5, height=5.2 * len(known))
        panels = figure.subplots(2 * len(known), len(POWERS), squeeze=False)
        for row, (data, each) in enumerate(known.items()):
            for column, p in enumerate(POWERS):
                chosen = [run for run in of_data(some, data) if run.p == p and fits(run)]
                norms, counts = panels[2 * row][column], panels[2 * row + 1][column]
                low, high = each.least[p].lower_bound, each.best_known(p, of_data(some, data))
                _draw_panel(norms, chosen, "path_norm", low, high)
                most = each.fewest_known(of_data(some, data))
                _draw_panel(counts, chosen, "count", each.fewest.lower_bound, most)
                norms.set_title(f"{data}, p = {p:g}")
                counts.set_xlabel("runs that fit, sorted")
            panels[2 * row][0].set_ylabel("path norm")
            panels[2 * row + 1][0].set_ylabel(str(each.fewest.objective))
        handles, labels = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _draw_panel(axes: "Axes", some: Sequence[Run], what: str, low: float, high: float) -> None:
    """Draw a number of the runs of each method, and an interval: its upper end a line, the rest shaded."""
    from matplotlib.ticker import MaxNLocator

    shown = [low, high]
    for k, method in enumerate((PUBLISHED, POLISHED, MINIMIZE, FIND)):
        values = sorted(getattr(run, what) for run in some if run.method == method)
        shown += values
        axes.plot(
            np.arange(1, len(values) + 1),
            values,
            marker=MARKERS[k],
            color=COLORS[k],
            markersize=8 - 1.5 * k,  # methods that end at the same remain visible
            linewidth=1,
            label=method,
        )
    axes.axhline(high, color="black", linewidth=1, linestyle="--", label="least known")
    axes.axhspan(low, high, color="black", alpha=0.12, linewidth=0, label="not excluded")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if max(shown) > _DECADE * min(shown) > 0:
        axes.set_yscale("log")
        axes.set_ylim(0.9 * min(shown), 1.2 * max(shown))
        ticks = [a * 10**k for k in range(4) for a in (1, 2, 5) if min(shown) <= a * 10**k <= max(shown)]
        axes.set_yticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
    else:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=what == "count"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing, print both tables, and draw the figure."""
    parser = argparse.ArgumentParser(description="The paper's two experiments against the truth.")
    parser.add_argument("seconds", type=float, nargs="?", default=60.0, help="for each exact question")
    parser.add_argument("runs", type=int, nargs="?", default=10, help="of each method and exponent")
    parser.add_argument("--steps", type=int, default=STEPS, help="of the published loop")
    parser.add_argument("--data", choices=[each.data for each in EXPERIMENTS], help="one experiment alone")
    parser.add_argument("--out", type=Path, default=Path("docs/figures"), help="a folder that exists")
    chosen = parser.parse_args(arguments)
    if not chosen.seconds > 0 or chosen.runs < 1 or chosen.steps < 1 or not chosen.out.is_dir():
        parser.error("SECONDS, RUNS and STEPS have to be positive, and FOLDER has to exist")
    settings = [each for each in EXPERIMENTS if chosen.data in (None, each.data)]
    path, seeds = chosen.out / f"{_FILE}.csv", range(chosen.runs)

    def report(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    for setting in settings:
        append_runs(path, runs(setting, seeds, chosen.steps, read_runs(path), report))
    known = {setting.data: truth(setting, chosen.seconds, report) for setting in settings}
    recorded = [run for run in read_runs(path) if run.seed < chosen.runs and run.steps in (0, chosen.steps)]
    print(*table_of_truth(known, recorded), "", *table_of_runs(known, recorded), sep="\n")
    save_figure(plot_runs(known, recorded), chosen.out / f"{_FILE}.png")


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(str(error))
