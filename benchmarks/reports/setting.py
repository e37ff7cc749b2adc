"""What a benchmark ran and on what, and what its figures cannot say, as plain strings."""

import statistics
from collections.abc import Iterable, Mapping, Sequence

from sparsest.benchmarks.reports.outcomes import FAILED, OUT_OF_TIME, Outcomes
from sparsest.benchmarks.run.record import Record

Pairs = list[tuple[str, str]]


def what_was_run(records: Sequence[Record], outcomes: Outcomes) -> Pairs:
    """Return the suite, methods, seeds and limits of a benchmark as names with values."""
    failed = sum(record.status in FAILED for record in records)
    return [
        ("suite", _several(record.suite for record in records)),
        ("instances", str(len(outcomes.instances))),
        ("methods of this project", ", ".join(_named(outcomes, ours=True)) or "none"),
        ("peers", ", ".join(_named(outcomes, ours=False)) or "none"),
        ("runs", f"{len(records)}, {failed} of them failed"),
        ("seeds", _several(record.seed for record in records)),
        ("repeats", str(len({record.repeat for record in records}))),
        ("time limit", _several(_limit(record) for record in records)),
    ]


def session_pairs(session: Mapping[str, object]) -> Pairs:
    """Return a session's entries as names with values, those inside an entry spelled out."""
    return [(str(name), _spelled(value)) for name, value in session.items()]


def commands(records: Sequence[Record], sessions: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the command lines that made the records, as the sessions tell or else from the suites."""
    told = [str(session["command"]) for session in sessions if session.get("command")]
    return [*dict.fromkeys(told or [f"sparsest bench {record.suite}" for record in records])]


def limits(records: Sequence[Record], outcomes: Outcomes) -> list[str]:
    """Return what a reader must know before taking the figures further."""
    found = []
    machines = {record.session for record in records}
    found.append(
        "All runs are from one session on one machine."
        if len(machines) == 1
        else f"The runs are from {len(machines)} sessions; times from different machines do not compare."
    )
    if shares := [share for record in records if (share := _share(record)) is not None]:
        found.append(
            "Seconds are of the processor; time limits are the wall's. A run that took a second or more had "
            f"{statistics.median(shares):.0%} of a core (median){_late(records)}."
        )
    boxed = {record.method: record.box for record in records if record.box is not None}
    for method in [name for name in outcomes.methods if name in boxed]:
        boxes = _several(
            f"{record.box:g}" for record in records if record.method == method and record.box is not None
        )
        found.append(
            f"{method} searches a box of weights (up to {boxes}) that the problems did not ask for: what it "
            "proves holds there only, and where the box excludes the best known count it is not counted as "
            "proven."
        )
    if any(record.proof == "numerical" for record in records):
        names = _several(record.method for record in records if record.proof == "numerical")
        found.append(f"Proofs of {names} rest on a floating-point solver's tolerances.")
    tolerances = {record.tolerance for record in records}
    found.append(
        "Counts depend on the tolerance of the intervals: here "
        + _several(f"{value:g}" for value in sorted(tolerances))
        + "."
    )
    if any(record.fits and record.exactly is False for record in records):
        found.append("Some networks meet the data up to rounding only; they are marked ^ in the table.")
    unequal = [
        each.label
        for each in outcomes.instances
        if len({_limit(r) for method in outcomes.methods for r in outcomes.of(each, method)}) > 1
    ]
    if unequal:
        found.append(
            f"The methods had different time limits on {_several(unequal)}: times do not compare there."
        )
    return found


def _named(outcomes: Outcomes, ours: bool) -> list[str]:
    return [method for method in outcomes.methods if (method in outcomes.ours) == ours]


def _share(record: Record) -> float | None:
    """Return how much of a core a run had; None where it was too short to tell, or nobody measured it."""
    long_enough = record.processor_seconds is not None and record.seconds >= 1
    return (record.processor_seconds or 0.0) / record.seconds if long_enough else None


def _late(records: Sequence[Record]) -> str:
    """Say how much processor time those runs had that ran out of time."""
    late = [record for record in records if record.status in OUT_OF_TIME]
    had = [record.processor_seconds for record in late if record.processor_seconds is not None]
    return f"; those that ran out of time had {min(had):.1f} to {max(had):.1f} s of it" if had else ""


def _limit(record: Record) -> str:
    return "none" if record.time_limit is None else f"{record.time_limit:g} s"


def _several(values: Iterable[object], shown: int = 10) -> str:
    distinct = [str(value) for value in dict.fromkeys(values)]
    more = f" and {len(distinct) - shown} more" if len(distinct) > shown else ""
    return ", ".join(distinct[:shown]) + more


def _spelled(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_spelled(each)}" for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_spelled(each) for each in value)
    return str(value)
