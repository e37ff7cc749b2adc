"""What a benchmark says, first: who proves, who finds, and where a peer did better."""

from collections.abc import Callable, Sequence

from sparsest.benchmarks.reports.outcomes import ComparedInstance, Outcomes
from sparsest.benchmarks.reports.summary import Table
from sparsest.benchmarks.reports.versus import Versus, in_box

Judge = Callable[[Outcomes, ComparedInstance, str], bool]


def conclusion(outcomes: Outcomes, pairs: Sequence[Versus]) -> list[str]:
    """Return some sentences; problems of path norms, which have a table of their own, are left out.

    Parameters
    ----------
    outcomes : Outcomes
        The runs.
    pairs : sequence of Versus
        What `versus` makes of them.
    """
    exact = [name for name in outcomes.methods if name in outcomes.exact and _asked(outcomes, name)]
    others = [name for name in outcomes.methods if name not in outcomes.exact and _asked(outcomes, name)]
    others.sort(key=lambda name: -_number(outcomes, name, _reaches) / len(_asked(outcomes, name)))
    found = []
    if exact:
        told = [f"{name} {_share(outcomes, name, _proves)}{in_box(outcomes, name)}" for name in exact]
        found.append(f"A proven optimum: {', '.join(told)}.")
    if others:
        told = [f"{name} {_share(outcomes, name, _reaches)}" for name in others]
        found.append(f"As few parts as any method found, without a proof: {', '.join(told)}.")
    if pairs and not any(one.denser for one in pairs):
        found.append("On no problem was a peer sparser, or alone in fitting or proving.")
    return found


def behind(pairs: Sequence[Versus]) -> Table:
    """Return a table of the problems on which peers did better: a row a peer, a column a method of ours."""
    ours = list(dict.fromkeys(one.ours for one in pairs))
    cells = {(one.peer, one.ours): _lost(one) for one in pairs}
    peers = [
        peer for peer in dict.fromkeys(one.peer for one in pairs) if any(cells.get((peer, me)) for me in ours)
    ]
    rows = [[peer, *(cells.get((peer, me)) or "-" for me in ours)] for peer in peers]
    return ["peer", *(f"than {me}" for me in ours)], rows


def _lost(one: Versus) -> str:
    parts = [(one.denser, "sparser or alone"), (one.slower, "faster")]
    told = ", ".join(f"{number} {what}" for number, what in parts if number)
    return f"{told} (of {one.shared})" if told else ""


def _asked(outcomes: Outcomes, method: str) -> list[ComparedInstance]:
    return [each for each in outcomes.ran(method) if each.p is None]


def _number(outcomes: Outcomes, method: str, judge: Judge) -> int:
    return sum(judge(outcomes, each, method) for each in _asked(outcomes, method))


def _share(outcomes: Outcomes, method: str, judge: Judge) -> str:
    return f"{_number(outcomes, method, judge)} of {len(_asked(outcomes, method))}"


def _proves(outcomes: Outcomes, instance: ComparedInstance, method: str) -> bool:
    return outcomes.closing_time(instance, method) < float("inf")


def _reaches(outcomes: Outcomes, instance: ComparedInstance, method: str) -> bool:
    best = outcomes.best[instance]
    return best is not None and outcomes.typical_count(instance, method) <= best
