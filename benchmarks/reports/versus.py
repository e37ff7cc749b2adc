"""Sentences that put this project's methods beside its peers."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Final

from sparsest.benchmarks.reports.outcomes import ComparedInstance, Outcomes
from sparsest.benchmarks.reports.profiles import EQUAL_TIMES, TimeComparison, compare_times
from sparsest.benchmarks.reports.summary import clock

_LISTED: Final = 3  # instances named in a sentence; more are counted


@dataclasses.dataclass(frozen=True)
class Versus:
    """One of this project's methods beside a peer, over the instances that both were run on.

    Attributes
    ----------
    ours, peer : str
        The methods.
    sentence : str
        The figures over all instances.
    ahead, behind : tuple of str
        Where ours was better, and where the peer was, each naming the instances.
    shared : int
        Instances that both were run on.
    denser : int
        Those where the peer was sparser, or alone in fitting or in proving the optimum.
    slower : int
        Those where both fit, or both prove, and the peer was faster by more than a tenth.
    """

    ours: str
    peer: str
    sentence: str
    ahead: tuple[str, ...]
    behind: tuple[str, ...]
    shared: int
    denser: int
    slower: int


def versus(outcomes: Outcomes) -> tuple[Versus, ...]:
    """Compare each of this project's methods with each peer, where both were run.

    Two exact methods by their time to a proven optimum. Otherwise by the count of the typical run, the median
    over seeds with runs that do not fit last, and by the seconds of the runs. Problems that are about path
    norms are left out: `sparsest.benchmarks.reports.least_norm` has those.
    """
    pairs = [
        (ours, peer)
        for ours in outcomes.methods
        for peer in outcomes.methods
        if ours in outcomes.ours and peer not in outcomes.ours
    ]
    found = []
    for ours, peer in pairs:
        there = set(outcomes.ran(peer))
        instances = [each for each in outcomes.ran(ours) if each in there and each.p is None]
        judge = _proofs if outcomes.exact.issuperset((ours, peer)) else _networks
        if instances:
            found.append(judge(outcomes, ours, peer, instances))
    return tuple(found)


def _proofs(outcomes: Outcomes, ours: str, peer: str, instances: Sequence[ComparedInstance]) -> Versus:
    times = outcomes.closing_times(instances, [ours, peer])
    time = compare_times(times[:, 0], times[:, 1])
    closed = [len(time.both) + len(only) for only in (time.first_only, time.second_only)]
    sentence = (
        f"Of {_instances(instances)} that both were run on, {ours} proves the optimum of {closed[0]}"
        f"{in_box(outcomes, ours)} and {peer} of {closed[1]}{in_box(outcomes, peer)}; "
        f"both do for {len(time.both)}{_pace(ours, peer, time.ratio, ', where ')}"
        f"{_with_timeouts(outcomes, ours, peer, instances, time)}."
    )
    sides = []
    for me, alone, faster in (
        (0, time.first_only, time.first_faster),
        (1, time.second_only, time.second_faster),
    ):
        sides.append(
            _leads(
                (f"proves an optimum that {(peer, ours)[me]} does not", [instances[i].label for i in alone]),
                ("proves it faster", [_against(instances[i], times[i], me, clock) for i in faster]),
            )
        )
    ahead, behind = sides
    lost = len(time.second_only), len(time.second_faster)
    return Versus(ours, peer, sentence, ahead, behind, len(instances), *lost)


def _with_timeouts(
    outcomes: Outcomes, ours: str, peer: str, instances: Sequence[ComparedInstance], time: TimeComparison
) -> str:
    """Say what the factor is when who ran out of time is charged the limit, and what that leaves out.

    A method that was stopped would have taken longer: with only one side charged the factor is a bound.
    """
    names = (ours, peer)
    charged = outcomes.closing_times(instances, names)
    late: list[list[int]] = [[], []]
    for me, alone in enumerate((time.second_only, time.first_only)):
        for i in alone:
            charged[i, me] = outcomes.charged_time(instances[i], names[me])
            late[me] += [i] if math.isfinite(charged[i, me]) else []
    text = ""
    if late[0] or late[1]:
        ratio = compare_times(charged[:, 0], charged[:, 1]).ratio
        who = " and the ".join(f"{len(late[me])} that only {names[me]}" for me in (1, 0) if late[me])
        bound = 0 if late[0] and late[1] else 1 if late[1] else -1
        unbounded = "" if bound else ", which bounds nothing"
        limit = "what was spent until then" if outcomes.in_processor_time else "the time limit"
        opening = f"; counting the {who} ran out of time on at {limit}{unbounded}, "
        text = _pace(ours, peer, ratio, opening, bound)
    neither = len(instances) - len(time.both) - len(time.first_only) - len(time.second_only)
    gave_up = len(time.first_only) + len(time.second_only) - len(late[0]) - len(late[1])
    out = [f"{neither} that neither proves"] if neither else []
    out += [f"{gave_up} where one of them ends without its proof before its time limit"] if gave_up else []
    return f"{text}; left out of the mean are {' and '.join(out)}" if out else text


def _networks(outcomes: Outcomes, ours: str, peer: str, instances: Sequence[ComparedInstance]) -> Versus:
    pair = (ours, peer)
    counts = [[outcomes.typical_count(each, method) for method in pair] for each in instances]
    seconds = [[outcomes.seconds(each, method) for method in pair] for each in instances]
    fit = [i for i, both in enumerate(counts) if math.isfinite(max(both))]
    time = compare_times([seconds[i][0] for i in fit], [seconds[i][1] for i in fit])
    sparser = [[i for i in fit if counts[i][me] < counts[i][1 - me]] for me in (0, 1)]
    fits = [sum(math.isfinite(both[me]) for both in counts) for me in (0, 1)]
    sentence = (
        f"Of {_instances(instances)} that both were run on, the typical run fits {fits[0]} with {ours} and "
        f"{fits[1]} with {peer}"
    )
    if fit:
        sentence += (
            f"; of the {len(fit)} that both fit, {ours} is sparser on {len(sparser[0])}, equal on "
            f"{len(fit) - len(sparser[0]) - len(sparser[1])} and denser on {len(sparser[1])}"
            f"{_pace(ours, peer, time.ratio, '; ')}"
        )
    sides = []
    for me, faster in ((0, time.first_faster), (1, time.second_faster)):
        only = [i for i, both in enumerate(counts) if both[me] < math.inf == both[1 - me]]
        sides.append(
            _leads(
                (f"fits where {pair[1 - me]} does not", [instances[i].label for i in only]),
                ("sparser", [_against(instances[i], counts[i], me, "{:g}".format) for i in sparser[me]]),
                ("faster", [_against(instances[fit[i]], seconds[fit[i]], me, clock) for i in faster]),
            )
        )
    alone = sum(theirs < mine == math.inf for mine, theirs in counts)
    ahead, behind = sides
    lost = alone + len(sparser[1]), len(time.second_faster)
    return Versus(ours, peer, f"{sentence}.", ahead, behind, len(instances), *lost)


def _instances(instances: Sequence[ComparedInstance]) -> str:
    return f"{len(instances)} instance{'' if len(instances) == 1 else 's'}"


def in_box(outcomes: Outcomes, method: str) -> str:
    """Say that a method's proofs hold in a box of weights alone; nothing where they hold without one."""
    runs = (record for each in outcomes.ran(method) for record in outcomes.of(each, method))
    return " (in its box of weights)" if any(record.box is not None for record in runs) else ""


def _pace(ours: str, peer: str, ratio: float | None, opening: str, bound: int = 0) -> str:
    """Say how much faster one is; nothing when they share no instance.

    `ratio` is the peer's time over ours, or at least that (`bound` = 1), or at most that (-1).
    """
    if ratio is None:
        return ""
    if not bound and 1 / EQUAL_TIMES <= ratio <= EQUAL_TIMES:
        return f"{opening}{ours} and {peer} take equally long (geometric mean, to {EQUAL_TIMES - 1:.0%})"
    fast, slow, factor, known = (ours, peer, ratio, bound) if ratio > 1 else (peer, ours, 1 / ratio, -bound)
    limit = {-1: "at most ", 0: "", 1: "at least "}[known]
    spelled = f"{factor:.3g}" if factor < 100 else f"{factor:.0f}"
    return f"{opening}{fast} is {limit}{spelled} times as fast as {slow} (geometric mean)"


def _against(
    instance: ComparedInstance, pair: Sequence[float], me: int, spell: Callable[[float], str]
) -> str:
    return f"{instance.label} ({spell(float(pair[me]))} against {spell(float(pair[1 - me]))})"


def _leads(*sides: tuple[str, Sequence[str]]) -> tuple[str, ...]:
    """Spell where one side is better, leaving out what never happened."""
    return tuple(f"{what} on {_instances_named(named)}" for what, named in sides if named)


def _instances_named(named: Sequence[str]) -> str:
    more = f" and {len(named) - _LISTED} more" if len(named) > _LISTED else ""
    return f"{len(named)}: {'; '.join(named[:_LISTED])}{more}"
