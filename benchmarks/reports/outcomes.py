"""Records sorted by instance and method, the best known counts, and claims that contradict each other."""

import dataclasses
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.benchmarks.run.record import Record
from sparsest.benchmarks.suites.methods import METHODS, Method
from sparsest.errors import InputError
from sparsest.io.documents import decode
from sparsest.network import Network

FAILED = ("error", "killed", "crashed")
OUT_OF_TIME = ("time_limit", "killed")  # a hanging process is killed long after its limit
# Digest of the problem, objective, and exponent of the path norm if that was to be small.
Identity = tuple[str, str, float | None]
REFUSED = "refused"  # the method is not made for such a problem, and said so at once


@dataclasses.dataclass(frozen=True)
class ComparedInstance:
    """A problem and what is counted on it.

    Attributes
    ----------
    digest, objective : str
        What makes it this instance,
    p : float or None
        with the exponent where path norms were to be small.
    label : str
        The dataset's name, and what tells it from others of that name.
    n_samples, n_features : int
        N and d.
    """

    digest: str
    objective: str
    p: float | None
    label: str = dataclasses.field(compare=False)
    n_samples: int = dataclasses.field(compare=False)
    n_features: int = dataclasses.field(compare=False)


@dataclasses.dataclass(frozen=True)
class Remark:
    """A claim that does not hold as it was made.

    Attributes
    ----------
    instance : ComparedInstance
        Where.
    method : str
        Who made it.
    sentence : str
        What was claimed and what refutes it.
    refuted : bool
        True when the claim is wrong; False when it stands but says less than it seems to, because it holds
        only in a box of weights, or what speaks against it fits only up to rounding.
    """

    instance: ComparedInstance
    method: str
    sentence: str
    refuted: bool


@dataclasses.dataclass(frozen=True)
class Outcomes:
    """The records of a benchmark, sorted.

    Attributes
    ----------
    instances : tuple of ComparedInstance
        In the order in which they first occur.
    methods : tuple of str
        Those with a record, this project's first.
    runs : mapping
        The records of an instance and a method; only those with the longest time limit, and none that was
        refused.
    refused : frozenset
        Instances and methods where the method refused the problem.
    exact, ours : frozenset of str
        Methods that claim lower bounds, and this project's own.
    best : mapping
        The smallest count of a network that the referee accepted, of any method, or None.
    """

    instances: tuple[ComparedInstance, ...]
    methods: tuple[str, ...]
    runs: Mapping[tuple[ComparedInstance, str], tuple[Record, ...]]
    refused: frozenset[tuple[ComparedInstance, str]]
    exact: frozenset[str]
    ours: frozenset[str]
    best: Mapping[ComparedInstance, int | None]

    def of(self, instance: ComparedInstance, method: str) -> tuple[Record, ...]:
        """Return the runs of a method on an instance, none if it was not run there."""
        return self.runs.get((instance, method), ())

    def ran(self, method: str) -> tuple[ComparedInstance, ...]:
        """Return the instances that a method was run on and did not refuse."""
        return tuple(each for each in self.instances if (each, method) in self.runs)

    def solved(self, instance: ComparedInstance, record: Record) -> bool:
        """Whether a run proved a count minimal that is the best known."""
        return record.closed and record.count == self.best[instance]

    def succeeded(self, instance: ComparedInstance, record: Record) -> bool:
        """Whether a run's network fits with the best known count, or fewer."""
        best = self.best[instance]
        return record.upper_bound is not None and best is not None and record.upper_bound <= best

    def closing_time(self, instance: ComparedInstance, method: str) -> float:
        """Return the median seconds to a proven optimum, infinite when half of the runs have none."""
        times = [
            record.spent if self.solved(instance, record) else math.inf
            for record in self.of(instance, method)
        ]
        return statistics.median(times) if times else math.inf

    def charged_time(self, instance: ComparedInstance, method: str) -> float:
        """Return `closing_time`, or what is charged where every run without a proof ran out of time."""
        closed = self.closing_time(instance, method)
        late = [record for record in self.of(instance, method) if not self.solved(instance, record)]
        if math.isfinite(closed) or not all(each.status in OUT_OF_TIME for each in late):
            return closed
        return max((math.inf if each.time_limit is None else each.charged for each in late), default=closed)

    @property
    def in_processor_time(self) -> bool:
        """Whether the processor's seconds were measured, for all runs that ended by themselves."""
        every = [record for runs in self.runs.values() for record in runs if record.status not in FAILED]
        return bool(every) and all(record.processor_seconds is not None for record in every)

    def closing_times(self, instances: Sequence[ComparedInstance], methods: Sequence[str]) -> FloatArray:
        """Return `closing_time` of every instance and method, (P, M)."""
        times = [[self.closing_time(each, method) for method in methods] for each in instances]
        return np.array(times, dtype=np.float64).reshape(len(instances), len(methods))

    def typical_count(self, instance: ComparedInstance, method: str) -> float:
        """Return the median count over the runs, the higher of two; infinite when that run does not fit."""
        counts = [
            math.inf if record.upper_bound is None else record.upper_bound
            for record in self.of(instance, method)
        ]
        return statistics.median_high(counts) if counts else math.inf

    def seconds(self, instance: ComparedInstance, method: str) -> float:
        """Return the median seconds of the runs that ended by themselves; nan without one."""
        runs = self.of(instance, method)
        times = [record.spent for record in runs if record.status not in FAILED]
        return statistics.median(times) if times else math.nan


def collect(records: Sequence[Record], methods: Mapping[str, Method] = METHODS) -> Outcomes:
    """Sort the records of a benchmark.

    Runs of one method on one instance count together when they had the same, longest, time limit; methods
    that are not registered any more are peers, exact when one of their records claims a lower bound.

    Raises
    ------
    InputError
        When there is no record.
    """
    if not records:
        raise InputError("there are no results to report: run `sparsest bench` first")
    labels = _labels(records)
    runs: dict[tuple[ComparedInstance, str], list[Record]] = {}
    for record in records:
        instance = ComparedInstance(
            record.digest,
            record.objective,
            record.p,
            labels[_identity(record)],
            record.n_samples,
            record.n_features,
        )
        runs.setdefault((instance, record.method), []).append(record)
    refused = frozenset(key for key, each in runs.items() if all(r.status == REFUSED for r in each))
    longest = {key: _longest(each) for key, each in runs.items() if key not in refused}
    instances = tuple(dict.fromkeys(instance for instance, _ in runs))
    seen = dict.fromkeys(record.method for record in records)
    order = [name for name in methods if name in seen] + [name for name in seen if name not in methods]
    claims = {record.method for record in records if record.lower_bound is not None}
    return Outcomes(
        instances=instances,
        methods=tuple(sorted(order, key=lambda name: name not in methods or not methods[name].ours)),
        runs=longest,
        refused=refused,
        exact=frozenset(
            name for name in order if (methods[name].kind == "exact" if name in methods else name in claims)
        ),
        ours=frozenset(name for name in order if name in methods and methods[name].ours),
        best={each: _best(_runs_on(each, longest)) for each in instances},
    )


def _identity(record: Record) -> Identity:
    return record.digest, record.objective, record.p


def _labels(records: Sequence[Record]) -> dict[Identity, str]:
    """Name each instance, as briefly as keeps the names apart."""
    first = {_identity(record): record for record in reversed(records)}
    several = len({objective for _, objective, _ in first}) > 1
    names: dict[str, dict[Identity, Record]] = {}
    for key, record in first.items():
        power = [] if record.p is None else [f"p = {record.p:g}"]
        name = ", ".join([record.data, *([record.objective] if several else []), *power])
        names.setdefault(name, {})[key] = record
    labels: dict[Identity, str] = {}
    for name, same in names.items():
        details = [_details(record) for record in same.values()]
        # as many details as are needed, the digest last
        needed = next(n for n in range(len(details[0]) + 1) if len({d[:n] for d in details}) == len(details))
        labels |= {
            key: ", ".join([name, *filter(None, detail[:needed])])
            for key, detail in zip(same, details, strict=True)
        }
    return labels


def _details(record: Record) -> tuple[str, ...]:
    bound = "" if record.weight_bound is None else f"weights up to {record.weight_bound:g}"
    return (
        "" if record.affine == "none" else record.affine,
        bound,
        f"tolerance {record.tolerance:g}",
        record.digest,
    )


def _longest(records: Iterable[Record]) -> tuple[Record, ...]:
    each = list(records)
    longest = max(_limit(record) for record in each)
    return tuple(record for record in each if _limit(record) == longest)


def _limit(record: Record) -> float:
    return math.inf if record.time_limit is None else record.time_limit


def _runs_on(
    instance: ComparedInstance, runs: Mapping[tuple[ComparedInstance, str], Sequence[Record]]
) -> list[Record]:
    return [record for (where, _), each in runs.items() if where == instance for record in each]


def _best(records: Sequence[Record]) -> int | None:
    """Return the smallest count; networks known to fit only up to rounding count when no other fits."""
    counts = [(record.exactly is False, record.upper_bound) for record in records]
    fitting = [(rounded, count) for rounded, count in counts if count is not None]
    return min(fitting)[1] if fitting else None


def remarks(outcomes: Outcomes) -> tuple[Remark, ...]:
    """Return the claims that do not hold as made, refuted ones first, one for each instance and method."""
    found: list[Remark] = []
    for instance in outcomes.instances:
        witnesses = _runs_on(instance, outcomes.runs)
        for method in outcomes.methods:
            each = [_remark(instance, record, witnesses) for record in outcomes.of(instance, method)]
            found += sorted((one for one in each if one), key=lambda one: not one.refuted)[:1]
    return tuple(sorted(found, key=lambda one: not one.refuted))


def _remark(instance: ComparedInstance, record: Record, witnesses: Sequence[Record]) -> Remark | None:
    """Judge what one run claims by every network that the referee accepted."""
    noun = instance.objective
    fitting = [each for each in witnesses if each.upper_bound is not None]
    if record.is_below_least:
        return _below_least(instance, record)
    if record.status == "infeasible" and record.box is None and fitting:
        one = fitting[0]
        text = f"claims that no network fits, but one by {one.method} with {one.count} {noun} does"
        return Remark(instance, record.method, text, True)
    below = [each for each in fitting if record.lower_bound is not None and _count(each) < record.lower_bound]
    if below:
        return _contradicted(instance, record, min(below, key=_strength))
    if record.status == "optimal" and record.fits is False:
        text = f"claims optimal {record.count} {noun}, but its network misses an interval"
        if record.residual is not None:
            text += f" by {record.residual:.2g}"
        return Remark(instance, record.method, text, True)
    if record.status == "optimal" and not record.closed:
        text = (
            f"claims optimal, but its network has {record.count} {noun} and its lower bound is "
            f"{record.lower_bound}"
        )
        return Remark(instance, record.method, text, True)
    return None


def _below_least(instance: ComparedInstance, record: Record) -> Remark:
    """Say that a network cannot be: its path norm is below the certified least one."""
    assert record.least_norm is not None
    text = (
        f"has a network of path norm {record.path_norm:.9g}, below the certified least one, "
        f"{record.least_norm[0]:.9g}: one of the two is wrong"
    )
    if record.exactly is False:  # a small entry, which counts much, may be lost in rounding
        text = f"{text}, or the network fits only up to rounding"
    return Remark(instance, record.method, text, record.exactly is not False)


def _count(record: Record) -> int:
    return 0 if record.count is None else record.count


def _strength(record: Record) -> tuple[int, int]:
    """Order networks that speak against a claim: those that fit exactly first, then the sparsest."""
    return ([True, None, False].index(record.exactly), _count(record))


def _contradicted(instance: ComparedInstance, record: Record, witness: Record) -> Remark:
    noun, lower = instance.objective, record.lower_bound
    claim = f"claims optimal {lower} {noun}" if record.closed else f"claims at least {lower} {noun}"
    against = f"a network with {witness.count} by {witness.method} fits"
    # labels without tolerance are meant exactly, and often met up to rounding with fewer
    refutes = witness.exactly is True or (witness.exactly is None and record.tolerance > 0)
    rounding = "" if refutes else " up to rounding, not shown to fit exactly,"
    if record.box is None:
        return Remark(instance, record.method, f"{claim}, but {against}{rounding.rstrip(',')}", refutes)
    size = _largest_weight(witness)
    if size is not None and size <= record.box:
        text = f"{claim} with weights up to {record.box:g}, but {against}{rounding} inside that box"
        return Remark(instance, record.method, text, refutes)
    where = "" if size is None else f" with weights up to {size:.3g}"
    reason = "its box excludes the optimum" if size is not None else "its box may exclude the optimum"
    text = f"{claim} with weights up to {record.box:g}, but {against}{where}{rounding.rstrip(',')}: {reason}"
    return Remark(instance, record.method, text, False)


def _largest_weight(record: Record) -> float | None:
    """Return the largest absolute entry of the folded network, if the record has one."""
    if record.network is None:
        return None
    network = decode(record.network)
    if not isinstance(network, Network):
        return None
    affine = np.zeros(0) if network.affine is None else network.affine
    return float(np.abs(np.r_[network.folded.ravel(), affine]).max(initial=0.0))
