"""`sparsest bench`: run a suite of problems with every method, and report."""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparsest.cli import exit_codes, output, searches
from sparsest.cli.command_group import CommandGroup

if TYPE_CHECKING:
    from sparsest.benchmarks.paper.experiments import Experiment
    from sparsest.benchmarks.reports.outcomes import Outcomes
    from sparsest.benchmarks.run.record import Record
    from sparsest.benchmarks.run.results_folder import Store
    from sparsest.benchmarks.run.runner import Report, State
    from sparsest.benchmarks.run.task import Task
    from sparsest.benchmarks.suites.suite import Suite

# Problems shown in the terminal's table; the files hold all of them.
_SHOWN_ROWS = 60
# Seconds between lines of progress where there is no terminal to draw on.
_SPEAK_EVERY = 10.0


class _RunByDefault(CommandGroup):
    """`bench SUITE` is `bench run SUITE`, so that the common command is short."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `run` in front unless a command or help is asked for."""
        known = {*self.commands, *ctx.help_option_names}
        parsed: list[str] = super().parse_args(ctx, args if args and args[0] in known else ["run", *args])
        return parsed


bench = typer.Typer(
    cls=_RunByDefault,
    rich_markup_mode=None,
    help="Run a suite of problems with every method (run, the default), report, and measure speed.",
    epilog="Example:  sparsest bench tiny --out results && sparsest bench report results",
)


@bench.command()
def run(
    suite: Annotated[
        str | None,
        typer.Argument(metavar="SUITE", help="A suite's name or TOML file; none lists the suites."),
    ] = None,
    methods: Annotated[
        str | None, typer.Option(help="Methods, separated by commas, instead of the suite's.")
    ] = None,
    repeat: Annotated[int | None, typer.Option(help="Runs of each, with seeds 0, 1, ...")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Runs side by side; by default the number of cores.")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(help="Run on the Dask cluster with this scheduler.", metavar="ADDRESS")
    ] = None,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for each run.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of results; by default bench-SUITE.", metavar="DIR")
    ] = None,
) -> None:
    """Run a suite and show the table of problems and methods.

    Every run is one process on one thread. Results are on the disk as soon as a run ends
    (DIR/results.jsonl, and at the end table.csv and table.parquet): a command that was killed continues
    where it stopped when it is given again.

    \b
    Example:
      sparsest bench small --workers 2 --time-limit 20 --out results

    \b
    Exit codes: 0 done, 1 a claimed bound is refuted by a network that fits, 2 bad input, 3 interrupted.
    """
    from sparsest.benchmarks.suites import suite as suites

    if suite is None:
        output.print_block("suites", [(name, suites.load(name).description) for name in suites.names()])
        return
    chosen = _chosen(suites.load(suite), methods, repeat, time_limit)
    searches.refuse_workers_beside_dask(workers, dask)
    asked = {"--methods": methods, "--repeat": repeat, "--time-limit": time_limit, "--workers": workers}
    given = [f"{name} {value}" for name, value in asked.items() if value is not None]
    command = " ".join(["sparsest bench", chosen.name, *given, *(["--dask ADDRESS"] if dask else [])])
    interrupted, records = _measured(chosen, command, workers, dask, out or Path(f"bench-{chosen.name}"))
    refuted = _print_results(chosen, records)
    if interrupted:
        output.note("interrupted: the same command continues from here")
        raise typer.Exit(exit_codes.OPEN)
    raise typer.Exit(exit_codes.NEGATIVE if refuted else exit_codes.DONE)


@bench.command()
def report(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of results.")],
    markdown: Annotated[
        Path | None, typer.Option(help="Write a results page as well, with its figures beside it.")
    ] = None,
) -> None:
    """Make a page with tables and figures of a folder of results.

    \b
    Example:
      sparsest bench report bench-small

    \b
    Exit codes: 0 done, 2 bad input.
    """
    from sparsest.benchmarks.reports.html_page import write_figures, write_report
    from sparsest.benchmarks.reports.markdown_page import page_charts, results_page
    from sparsest.benchmarks.reports.outcomes import collect
    from sparsest.benchmarks.run import results_folder
    from sparsest.files import write_atomically

    if markdown is not None:
        output.check_writable(markdown)
    sessions, records = results_folder.read(directory)
    methods = results_folder.methods_of(sessions)
    for path in write_report(records, sessions, directory, methods)[:1]:
        output.note(f"wrote {path} and its figures")
    if markdown is not None:
        folder = markdown.parent / f"{markdown.stem}-figures"
        outcomes = collect(records, methods)
        write_figures(outcomes, folder, page_charts(outcomes), [".png"])
        write_atomically(markdown, results_page(records, sessions, folder.name, methods).encode())
        output.note(f"wrote {markdown} and {folder}")


@bench.command()
def speed(
    parts: Annotated[
        str | None,
        typer.Option(
            help="Of univariate, least-error, cells, proofs, memory, path-norm, separated by commas."
        ),
    ] = None,
    samples: Annotated[int, typer.Option(help="Samples of parts on one feature.")] = 1_000_000,
    repeats: Annotated[int, typer.Option(help="Times that each is run; the fastest counts.")] = 5,
    seconds: Annotated[float, typer.Option(help="Length of the search whose memory is measured.")] = 20.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Measure the exact side's speed and memory as ratios within one run.

    The univariate method, the least error with some neurons and the least path norm beside numpy.argsort of
    the same samples, cells beside writing their bits, checking a proof beside producing it, and the peak
    memory of fresh processes. Writes no file.

    \b
    Example:
      sparsest bench speed --parts univariate,cells

    \b
    Exit codes: 0 done, 2 bad input.
    """
    from sparsest.benchmarks.speed import measure

    names = None if parts is None else [name.strip() for name in parts.split(",") if name.strip()]
    found = measure(names, samples=samples, repeats=repeats, seconds=seconds)
    if json:
        output.print_json(found)
        return
    machine = found["machine"]
    typer.echo(f"{machine['processor']}, Python {machine['python']}, NumPy {machine['versions']['numpy']}")
    typer.echo(f"compiling or loading compiled code: {found['warm_up_seconds']:.1f} s, timed nowhere below")
    for name, rows in found.items():
        if isinstance(rows, list):
            _print_measured(name, rows)


@bench.command()
def figures(
    steps: Annotated[int, typer.Option(help="Training steps; the paper's 100,000 take minutes.")] = 100_000,
    seeds: Annotated[str, typer.Option(help="Of the initial networks, as in 0-9 or 0,3,7.")] = "0-9",
    data: Annotated[
        str | None, typer.Option(help="peak-plateau or high-dimensional; both by default.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes side by side; by default the number of cores.")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(help="Draw what a benchmark measured instead: its folder of results.", metavar="DIR"),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of tables and figures.", metavar="DIR")] = Path("figures"),
) -> None:
    """Draw the paper's figures, sparsity over the steps of training, or those of a benchmark.

    No regularisation, weight decay, and the published loop with p = 1, 0.7 and 0.4 on its two datasets, with
    the error and the fewest neurons or parameters that interpolate. What was trained stays in DIR/DATA.csv:
    the same command draws DIR/DATA.png again without training, and continues where it was interrupted.

    With --results nothing is run. Where least path norms are certified: the share of runs that reach them
    over time, by method. Where methods tell what their strategies have: count and largest violation over
    time, by strategy. Each with its table, beside the other figures that there are data for.

    \b
    Examples:
      sparsest bench figures --steps 10000 --seeds 0-2
      sparsest bench figures --results bench-least-norm --out figures

    \b
    Exit codes: 0 done, 2 bad input, 3 interrupted: what was finished is drawn.
    """
    from sparsest.benchmarks.paper import experiments, runs
    from sparsest.benchmarks.run.machine import usable_cores
    from sparsest.benchmarks.suites.suite import positive_count

    if results is not None:
        _draw_results(results, out)
        return
    settings = experiments.EXPERIMENTS if data is None else (experiments.experiment(data),)
    chosen, length = runs.parse_seeds(seeds), positive_count(steps, "--steps")
    number = usable_cores() if workers is None else positive_count(workers, "--workers")
    out.mkdir(parents=True, exist_ok=True)
    interrupted = False
    try:
        with _progress() as report:
            runs.measure(settings, chosen, length, out, number, report)
    except KeyboardInterrupt:
        interrupted = True
    for setting in settings:
        _draw_sparsity(setting, chosen, out)
    if interrupted:
        output.note("interrupted: the same command continues from here")
        raise typer.Exit(exit_codes.OPEN)


def _draw_results(results: Path, out: Path) -> None:
    """Draw the figures that a folder of results has data for, and print the tables that go with them."""
    from sparsest.benchmarks.reports.html_page import write_figures
    from sparsest.benchmarks.reports.outcomes import collect
    from sparsest.benchmarks.run import results_folder

    sessions, records = results_folder.read(results)
    outcomes = collect(records, results_folder.methods_of(sessions))
    _print_courses(outcomes)
    for path in write_figures(outcomes, out):
        output.note(f"wrote {path}")


def _print_courses(outcomes: "Outcomes") -> None:
    """Print who reaches certified least path norms, and what strategies had, where there are data for it."""
    from sparsest.benchmarks.reports.least_norm import NORM_COLUMNS, norm_table
    from sparsest.benchmarks.reports.strategies import STRATEGY_COLUMNS, strategy_table

    for (header, rows), columns in (
        (norm_table(outcomes), NORM_COLUMNS),
        (strategy_table(outcomes), STRATEGY_COLUMNS),
    ):
        if rows:
            typer.echo("")
            output.print_table(header, rows)
            typer.echo(columns)


def _draw_sparsity(setting: "Experiment", seeds: "list[int]", out: Path) -> None:
    """Draw one figure and print what its runs ended with; nothing when there is none."""
    from sparsest.benchmarks.paper import figure
    from sparsest.benchmarks.paper.runs import recorded

    path = out / f"{setting.data}.csv"
    traces = recorded(path, seeds)
    if not traces:
        return
    typer.echo(f"{setting.data}, after {traces[0].steps[-1]} steps")
    output.print_table(*figure.table(setting, traces))
    for sentence in figure.notes(setting, traces):
        typer.echo(sentence)
    output.draw(figure.plot_sparsity(setting, traces), path.with_suffix(".png"))


def _print_measured(name: str, rows: "list[dict[str, Any]]") -> None:
    header = [*dict.fromkeys(column for row in rows for column in row)]
    typer.echo("")
    output.print_table(
        [name, *header], [["", *(_figure(row.get(column)) for column in header)] for row in rows]
    )


def _figure(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
    return "" if value is None else str(value)


def _chosen(suite: "Suite", methods: str | None, repeat: int | None, time_limit: float | None) -> "Suite":
    import dataclasses

    from sparsest.benchmarks.suites.suite import positive_count
    from sparsest.progress import Deadline

    if methods is not None:
        suite = suite.with_methods([name.strip() for name in methods.split(",") if name.strip()])
    if repeat is not None:
        suite = suite.with_repeat(positive_count(repeat, "--repeat"))
    if time_limit is not None:
        Deadline(time_limit)
        suite = dataclasses.replace(suite, time_limit=time_limit)
    return suite


def _measured(
    suite: "Suite", command: str, workers: int | None, dask: str | None, out: Path
) -> "tuple[bool, list[Record]]":
    """Run what is left, export the tables, and return whether Ctrl-C came, and the plan's records."""
    from sparsest.benchmarks.run import results_folder, runner
    from sparsest.benchmarks.run.task import plan

    tasks = plan(suite)
    interrupted = False
    with results_folder.opened(out) as results:
        runner.refuse_other_suite(results, suite)
        left = runner.left_over(results, tasks)
        output.note(f"{suite.name}: {len(tasks)} runs, {len(tasks) - len(left)} of them finished before")
        if left:
            interrupted = _run(results, suite, command, tasks, workers, dask)
        planned = {task.key for task in tasks}
        records = [record for record in results.records if record.key in planned]
        paths = results_folder.export(results.records, out)
    output.note(f"results: {', '.join(str(path) for path in [out / results_folder.RESULTS, *paths])}")
    return interrupted, records


def _run(
    results: "Store",
    suite: "Suite",
    command: str,
    tasks: "Sequence[Task]",
    workers: int | None,
    dask: str | None,
) -> bool:
    """Run what is left, and return whether Ctrl-C ended it."""
    from sparsest.benchmarks.run import executors, runner
    from sparsest.benchmarks.run.machine import usable_cores
    from sparsest.benchmarks.suites.suite import positive_count

    number = usable_cores() if workers is None else positive_count(workers, "--workers")
    methods = {task.variant.method for task in tasks}
    place = executors.processes(number, methods) if dask is None else executors.cluster(dask)
    try:
        with place as chosen, _progress() as report:
            session = runner.begin_session(results, suite, chosen, command)
            runner.run(results, tasks, chosen, session, report)
    except KeyboardInterrupt:
        return True
    return False


@contextlib.contextmanager
def _progress() -> "Iterator[Report]":
    """Draw a bar on a terminal; elsewhere write a line now and then. Both on stderr."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}  {task.fields[running]}"),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("", total=None, left="", running="")

    def report(state: "State") -> None:
        running = "; ".join(state.running)
        bar.update(task, total=state.total, completed=state.done, left=_left(state), running=running)

    with bar:
        bar.console.print("Ctrl-C ends this and keeps the runs that are done", style="dim")
        yield report


class _Lines:
    """Progress as lines of text."""

    def __init__(self) -> None:
        self._next = _SPEAK_EVERY

    def __call__(self, state: "State") -> None:
        if state.seconds < self._next and state.done < state.total:
            return
        self._next = state.seconds + _SPEAK_EVERY
        output.note(
            f"{state.seconds:.0f} s: {state.done} of {state.total} runs done, "
            f"{len(state.running)} running{', ' * bool(_left(state))}{_left(state)}"
        )


def _left(state: "State") -> str:
    if state.remaining is None or state.done == state.total:
        return ""
    minutes, seconds = divmod(round(state.remaining), 60)
    return f"about {minutes}:{seconds:02} left"


def _print_results(suite: "Suite", records: "Sequence[Record]") -> bool:
    """Print the tables, and return whether a claimed bound was refuted."""
    from sparsest.benchmarks.reports import summary
    from sparsest.benchmarks.reports.outcomes import collect, remarks
    from sparsest.benchmarks.suites.methods import with_variants

    if not records:
        return False
    methods = with_variants({name: each.method for name, each in suite.variants.items()})
    header, rows = summary.table(records, methods)
    output.print_table(header, rows[:_SHOWN_ROWS])
    if len(rows) > _SHOWN_ROWS:
        typer.echo(f"... and {len(rows) - _SHOWN_ROWS} more problems, in the files")
    for line in summary.notes(rows):
        typer.echo(line)
    typer.echo("")
    output.print_table(*summary.per_method(records, methods))
    outcomes = collect(records, methods)
    _print_courses(outcomes)
    refuted = [remark for remark in remarks(outcomes) if remark.refuted]
    for remark in refuted:
        typer.echo(f"REFUTED: {remark.instance.label}, {remark.method}: {remark.sentence}")
    return bool(refuted)
