"""Tables of a benchmark, as plain strings for a terminal or a page."""

import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from sparsest.benchmarks.reports.outcomes import FAILED, ComparedInstance, Outcomes, collect
from sparsest.benchmarks.reports.profiles import shifted_geometric_mean
from sparsest.benchmarks.run.record import Record
from sparsest.benchmarks.suites.methods import METHODS, Method
from sparsest.tolerances import TRAINED_LOSS

Table = tuple[list[str], list[list[str]]]
Tone = Literal["closed", "boxed", "open", "fits", "no fit", "failed", "not run"]

MARKS: Final = {
    "*": "holds only in a box of weights that the problem did not ask for",
    "~": "the proof rests on a floating-point solver's word",
    "^": "fits up to rounding, but no network beside it was shown to fit exactly",
    "!": "a network with fewer fits: the claim is refuted, or holds in its box of weights alone; of a path "
    "norm: it is below the certified least one",
}

# What the columns of `per_method` mean.
COLUMNS: Final = (
    "instances: those that the method was run on and did not refuse. best known: runs that end with a "
    "network that fits and has the best known count. proven: instances with a proven optimum, within a box "
    "of weights where marked *. median: seconds of a run. mean: geometric mean of the seconds, shifted by "
    "one second, over these instances; where an exact method proves nothing, its time limit counts, or "
    "what it spent where processor time was measured."
)


@dataclasses.dataclass(frozen=True)
class Cell:
    """What a method reached on an instance.

    Attributes
    ----------
    tone : str
        Its kind, for a colour.
    text : str
        As ``3 proven 0.01s``, ``3..5 60s``, ``4 fits 1.2s``, ``no fit 1.2s (4 at mse 1e-10)``,
        ``error``; of path norms ``least 0.2s`` and ``+1.3% 10s``; with the marks of `MARKS`.
    """

    tone: Tone
    text: str


def table(records: Sequence[Record], methods: Mapping[str, Method] = METHODS) -> Table:
    """Return header and rows of the table of problems x methods.

    Raises
    ------
    InputError
        When there is no record.
    """
    outcomes = collect(records, methods)
    rows = [
        [each.label, *(cell(outcomes, each, method).text for method in outcomes.methods)]
        for each in outcomes.instances
    ]
    return ["problem", *outcomes.methods], rows


def notes(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return what the marks in a table's cells mean, those that occur."""
    words = [word for row in rows for text in row[1:] for word in text.split()[:2]]
    return [f"{mark} {text}" for mark, text in MARKS.items() if any(mark in word for word in words)]


def per_method(records: Sequence[Record], methods: Mapping[str, Method] = METHODS) -> Table:
    """Return header and rows of the table with a row a method; `COLUMNS` explains them.

    Raises
    ------
    InputError
        When there is no record.
    """
    outcomes = collect(records, methods)
    header = [
        "method", "instances", "refused", "runs", "failed", "fit", "best known", "proven", "median", "mean"
    ]  # fmt: skip
    return header, [_method_row(outcomes, method) for method in outcomes.methods]


def without_zeros(given: Table) -> Table:
    """Return the table of `per_method` without what did not happen: refused problems, failed runs."""
    header, rows = given
    kept = [
        j
        for j, name in enumerate(header)
        if name not in ("refused", "failed") or any(row[j] != "0" for row in rows)
    ]
    return [header[j] for j in kept], [[row[j] for j in kept] for row in rows]


def cell(outcomes: Outcomes, instance: ComparedInstance, method: str) -> Cell:
    """Spell what a method reached on an instance, over all its runs."""
    records = outcomes.of(instance, method)
    if not records:
        return Cell("not run", "refused" if (instance, method) in outcomes.refused else "-")
    finished = [record for record in records if record.status not in FAILED]
    if not finished:
        return Cell("failed", records[0].status)
    if any(record.lower_bound is not None for record in finished):
        return _exact_cell(outcomes, instance, finished)
    seconds = clock(statistics.median(record.spent for record in finished))
    fitting = [record for record in finished if record.upper_bound is not None]
    if not fitting:
        word = "infeasible" if all(record.status == "infeasible" for record in finished) else "no fit"
        return Cell("no fit", f"{word} {seconds}{_nearest(finished)}")
    if fitting[0].least_norm is not None:
        return _norm_cell(fitting, len(records), seconds)
    least = min(fitting, key=_fitting_count)
    number = sum(record.upper_bound == least.upper_bound for record in fitting)
    share = "" if len(records) == 1 else f" ({number} of {len(records)} runs)"
    return Cell("fits", f"{least.count} fits{_rounded(least)} {seconds}{share}")


def _norm_cell(fitting: Sequence[Record], runs: int, seconds: str) -> Cell:
    """Spell the path norm of the best run: the certified least one, or how far above it."""
    best = min(fitting, key=lambda record: math.inf if record.excess is None else record.excess)
    excess = math.inf if best.excess is None else best.excess
    number = sum(record.reached for record in fitting)
    word = "least" if best.reached else f"{excess:+.1%}" if abs(excess) >= 1e-3 else f"{excess:+.0e}"
    marks = _rounded(best) + "!" * any(record.is_below_least for record in fitting)
    share = "" if runs == 1 or not number else f" ({number} of {runs} runs)"
    return Cell("fits", f"{word}{marks} {seconds}{share}")


def _nearest(records: Sequence[Record]) -> str:
    """Spell the sparsest network that trained to a small loss without interpolating, if there is one.

    That is where published figures often stop.
    """
    small = [record for record in records if record.loss is not None and record.loss <= TRAINED_LOSS]
    if not small:
        return ""
    least = min(small, key=lambda record: (record.count or 0, record.loss or 0.0))
    return f" ({least.count} at mse {least.loss:.0e})"


def clock(seconds: float) -> str:
    """Spell a time, as 0.42ms, 0.01s, 1.2s or 120s."""
    if seconds < 0.0095:
        return f"{max(seconds, 0.0) * 1e3:.2g}ms"
    return f"{seconds:.2g}s" if seconds < 9.95 else f"{seconds:.0f}s"


def _exact_cell(outcomes: Outcomes, instance: ComparedInstance, records: Sequence[Record]) -> Cell:
    # the typical run, the worse of two, as in the median of closing times
    ranked = sorted(records, key=lambda record: (not record.closed, record.spent))
    one = ranked[len(ranked) // 2]
    seconds = clock(statistics.median(record.spent for record in records))
    best = outcomes.best[instance]
    beaten = one.lower_bound is not None and best is not None and one.lower_bound > best
    marks = "~" * (one.proof == "numerical") + "*" * (one.box is not None) + _rounded(one) + "!" * beaten
    if one.closed:
        return Cell("boxed" if one.box is not None else "closed", f"{one.count} proven{marks} {seconds}")
    if one.lower_bound is None and one.upper_bound is None:
        return Cell("no fit", f"no fit {seconds}")
    upper = "?" if one.upper_bound is None else one.upper_bound
    return Cell("open", f"{one.lower_bound or 0}..{upper}{marks} {seconds}")


def _fitting_count(record: Record) -> float:
    return math.inf if record.upper_bound is None else record.upper_bound


def _rounded(record: Record) -> str:
    return "^" if record.fits and record.exactly is False else ""


def _method_row(outcomes: Outcomes, method: str) -> list[str]:
    instances = outcomes.ran(method)
    runs = [(each, record) for each in instances for record in outcomes.of(each, method)]
    proven = sum(math.isfinite(outcomes.closing_time(each, method)) for each in instances)
    boxed = "*" * any(record.closed and record.box is not None for _, record in runs)
    seconds = [record.spent for _, record in runs if record.status not in FAILED]
    charged = [time for each in instances if not math.isnan(time := _charged(outcomes, each, method))]
    return [
        method,
        str(len(instances)),
        str(sum(name == method for _, name in outcomes.refused)),
        str(len(runs)),
        str(sum(record.status in FAILED for _, record in runs)),
        str(sum(bool(record.fits) for _, record in runs)),
        str(sum(outcomes.succeeded(*run) for run in runs)),
        f"{proven}{boxed}" if method in outcomes.exact else "-",
        clock(statistics.median(seconds)) if seconds else "-",
        clock(shifted_geometric_mean(charged)) if charged else "-",
    ]


def _charged(outcomes: Outcomes, instance: ComparedInstance, method: str) -> float:
    """Return the seconds that an instance costs a method: its time limit when it should have closed."""
    closed = outcomes.closing_time(instance, method)
    if math.isfinite(closed):
        return closed
    if method not in outcomes.exact:
        return outcomes.seconds(instance, method)
    return max(record.charged for record in outcomes.of(instance, method))
