"""Packings of combinations bound path norms from below: against networks, and neurons that are drawn."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsest import Network, Problem, Status, datasets, exact
from sparsest.exact.path_norm import branch_and_bound, extreme_points, few_samples
from sparsest.exact.path_norm import packing_turns as turns
from sparsest.exact.path_norm import power_packing as packings
from sparsest.exact.path_norm.box_search import BoxSearch, largest_element
from sparsest.exact.path_norm.branch_and_bound import solve_by_branching
from sparsest.exact.path_norm.cones import build_cones
from sparsest.exact.path_norm.few_samples import packed_bounds_of_few_samples
from sparsest.exact.path_norm.heaviest_neuron import heaviest
from sparsest.exact.path_norm.interval import Interval
from sparsest.exact.path_norm.networks import Networks
from sparsest.exact.path_norm.power_packing import PowerPacking
from sparsest.exact.search_options import SearchOptions
from sparsest.objectives import Objective, charged_entries
from sparsest.progress import Deadline

OBJECTIVES = list(Objective)
AFFINE = ["none", "constant", "skip"]
UNIFORM = datasets.parse("uniform:d=2,n=6,seed=1").problem()
LEAST = 2.977225  # weights, p = 1/2: see docs/path-norm-branching.md


def packed(problem, p, objective, *, rounds, cost):
    """The bound of some rounds, in units of the problem; `cost` is that of some network."""
    cones = build_cones(problem, objective, Deadline(None))
    unit = cones.label_scale**p
    networks = Networks(problem, cones, p, objective, compiled=False)
    networks.close_ends(largest_element(max(cost, 1e-9) / unit, p))
    packing = PowerPacking(cones, networks.arrays.ends, p)
    while not packing.is_over and rounds:
        packing.improve()
        rounds -= 1
    return packing.bound * unit


def load_of(neurons, sign, sums, weights, problem, p, objective):
    """Loads by their definition, from values on the samples."""
    values = sign * np.maximum(problem.homogeneous @ neurons.T, 0.0)
    charged = np.abs(neurons[:, : charged_entries(problem.n_features, objective)])
    sizes = charged.sum(axis=1, keepdims=True) if objective is Objective.NEURONS else charged
    combined = sums.T @ values
    combined[combined < 1e-12] = 0.0  # rounding, which small powers would make large
    return weights @ combined**p / (sizes**p).sum(axis=1)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("affine", AFFINE)
@pytest.mark.parametrize(("d", "n"), [(1, 5), (2, 5), pytest.param(3, 5, marks=pytest.mark.slow)])
def test_no_neuron_is_heavier_than_the_heaviest(d, n, affine, objective):
    random = np.random.default_rng(d)
    X = random.integers(-3, 4, size=(n, d)) + np.r_[np.zeros((n - 1, d)), np.full((1, d), 0.5)]
    problem = Problem(np.unique(X, axis=0), np.arange(len(np.unique(X, axis=0))), affine=affine)
    cones = build_cones(problem, objective, Deadline(None))
    if not cones.size:
        return
    m = len(cones.low)
    rest = [i for i in range(problem.n_samples) if i not in set(cones.pivots.tolist())]
    for p, count in ((0.1, 3), (0.5, 8), (0.9, 2)):
        reduced = random.normal(size=(m, count)) * (random.uniform(size=(m, count)) < 0.6)
        weights = random.exponential(size=count)
        sums = np.zeros((problem.n_samples, count))
        sums[rest], sums[cones.pivots] = reduced, -cones.offsets.T @ reduced
        found = heaviest(reduced, weights, cones, p)
        neurons = random.normal(size=(3000, d + 1)) * (random.uniform(size=(3000, d + 1)) < 0.8)
        chosen = cones.members[random.integers(len(cones.members), size=1000)]
        neurons = np.r_[neurons, cones.directions[chosen]]
        neurons = neurons[np.abs(neurons[:, :d]).max(axis=1) > 0.05]
        most = max(load_of(neurons, sign, sums, weights, problem, p, objective).max() for sign in (1.0, -1.0))
        assert most <= found.load * (1 + 1e-9)
        # and of rays with a sign in some cone, none has more than the cone's share
        for c, s in np.argwhere(cones.allowed)[:20]:
            rays = cones.directions[cones.members[cones.starts[c] : cones.starts[c + 1]]]
            inside = random.exponential(size=(20, len(rays))) @ rays
            loads = load_of(inside, 1.0 - 2.0 * s, sums, weights, problem, p, objective)
            assert loads.max() <= found.shares[c, s] * found.load * (1 + 1e-9) + 1e-12
        # neurons that it met are real, and the heaviest of them is close
        if len(found.costs):
            loads = np.maximum(found.values @ reduced, 0.0) ** p @ weights / found.costs
            assert found.load >= loads.max() * (1 - 1e-9)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", ["uniform:d=2,n=5,seed=0", "planted:d=2,n=8,k=2,seed=0"])
def test_simplices_make_it_sharp(name, objective):
    problem = datasets.parse(name).problem(affine="none")
    cones = build_cones(problem, objective, Deadline(None))
    packing = PowerPacking(cones, np.array([cones.low, cones.high]), 0.5)
    if objective is Objective.WEIGHTS:
        packing = PowerPacking(cones, Networks(problem, cones, 0.5, objective, False).arrays.ends, 0.5)
    for _ in range(12):
        packing.improve()
    used = packing._weights > 0
    found = heaviest(packing._combinations[:, used], packing._weights[used], cones, 0.5)
    loads = np.r_[packing._loads, packing._loads_of(found.values, found.costs, packing._combinations)]
    assert found.load <= max(1.0, (loads @ packing._weights).max()) * 1.02


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_no_network_that_fits_costs_less(seed):
    """Random networks on grids with collinear and repeated values, intervals of all kinds around labels."""
    random = np.random.default_rng(seed)
    objective, affine = OBJECTIVES[random.integers(3)], AFFINE[random.integers(3)]
    p = float(random.choice([0.2, 0.5, 0.8]))
    d, n, k = int(random.integers(1, 4)), int(random.integers(3, 8)), int(random.integers(1, 4))
    X = np.unique(random.integers(-2, 3, size=(n, d)).astype(float), axis=0)
    neurons = random.integers(-2, 3, size=(k, d + 1)).astype(float)
    neurons = neurons[np.abs(neurons[:, :d]).sum(axis=1) > 0]
    signs = random.choice([-1.0, 1.0], size=len(neurons))
    free = np.zeros(d + 1)
    if affine == "skip":
        free = random.integers(-2, 3, size=d + 1).astype(float)
    elif affine == "constant" or objective is Objective.WEIGHTS:
        free[-1] = float(random.integers(-2, 3))
    homogeneous = np.c_[X, np.ones(len(X))]
    labels = np.maximum(homogeneous @ neurons.T, 0.0) @ signs + homogeneous @ free
    width = random.choice([0.0, 0.0, 0.25], size=len(X))
    low, high = labels - width, labels + width
    if random.uniform() < 0.3:
        high = np.where(random.uniform(size=len(X)) < 0.5, np.inf, high)
    problem = Problem.from_intervals(X, low, high, affine=affine)
    sizes = np.abs(neurons[:, : charged_entries(d, objective)])
    cost = float(((sizes.sum(axis=1, keepdims=True) if objective is Objective.NEURONS else sizes) ** p).sum())
    assert packed(problem, p, objective, rounds=6, cost=cost) <= cost * (1 + 1e-12)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("affine", ["none", "skip"])
def test_extreme_points_in_rational_numbers_are_never_exceeded_and_nearly_reached(objective, affine):
    """Four samples, collinear ones among them; least path norms by every basis of columns."""
    for X in ([[0, 0], [0, 1], [1, 0], [1, 1]], [[0, 0], [1, 0], [2, 0], [0, 1]]):
        problem = Problem(X, [0, 1, -1, 2], affine=affine)
        if not extreme_points.applies_to(problem, objective):
            continue
        points = extreme_points.extreme_points(problem, objective, Deadline(None))
        for p in (0.3, 0.5):
            least = min(sum(float(int(t.p) / int(t.q)) ** p for t in point.sizes) for point in points)
            found = packed(problem, p, objective, rounds=15, cost=least)
            assert 0.5 * least <= found <= least * (1 + 1e-12)


def test_it_is_far_above_zero_where_boxes_take_long():
    problem = datasets.parse("planted:d=2,n=20,k=2,seed=0").problem(affine="none")
    assert 3.0 < packed(problem, 0.5, Objective.WEIGHTS, rounds=20, cost=4.5) <= 4.396531


class EachTime(turns.PackingTurns):
    """A turn after every box."""

    def take(self):
        self._clock = Later(self._packing.seconds)
        super().take()


class Later:
    """A clock after so many seconds of boxes that it is the packing's turn."""

    def __init__(self, seconds):
        self.seconds = 1e6 + 20 * seconds


@pytest.mark.slow
def test_a_search_reports_the_better_of_both_bounds_and_keeps_it(monkeypatch, tmp_path):
    problem = datasets.parse("planted:d=2,n=20,k=2,seed=0").problem(affine="none")
    monkeypatch.setattr(branch_and_bound, "PackingTurns", EachTime)
    options = {"node_limit": 12, "checkpoint_path": tmp_path / "search"}
    first = solve_by_branching(problem, 0.5, Objective.WEIGHTS, SearchOptions(**options))
    assert first.status is Status.NODE_LIMIT
    assert 3.0 < first.lower <= 4.396531 <= first.upper * (1 + 1e-6)
    monkeypatch.undo()
    boxes_alone = solve_by_branching(problem, 0.5, Objective.WEIGHTS, SearchOptions(node_limit=12))
    assert boxes_alone.lower < first.lower
    options |= {"node_limit": 1, "resume": True}
    again = solve_by_branching(problem, 0.5, Objective.WEIGHTS, SearchOptions(**options))
    assert again.lower == first.lower


@pytest.mark.slow
def test_a_packing_that_meets_the_best_network_closes_all_boxes(monkeypatch):
    class Told(PowerPacking):
        def improve(self):
            self.bound = 1e9  # more than any network costs

    monkeypatch.setattr(branch_and_bound, "PowerPacking", Told)
    monkeypatch.setattr(branch_and_bound, "PackingTurns", EachTime)
    found = solve_by_branching(UNIFORM, 0.5, Objective.WEIGHTS, SearchOptions())
    assert (found.status, found.nodes) == (Status.OPTIMAL, 1)


def test_turns_wait_for_the_boxes_and_end_when_the_estimate_is_behind(monkeypatch):
    class Search:
        def __init__(self):
            self.floors, self.limits, self.interval, self.boxes = [], [], self, self
            self.bound, self.cut = 1.0, 3.0
            self.raise_floor, self.limit = self.floors.append, self.limits.append

    class Packing:
        is_over, has_stalled, seconds, bound, estimate = False, False, 0.0, 0.5, 2.0

        def improve(self):
            self.seconds += 1.0

        def largest_elements(self, cut):
            return cut

    class Clock:
        seconds = 0.0

    search, packing, clock = Search(), Packing(), Clock()
    turn = turns.PackingTurns(packing, search, clock)
    rounds = []
    for clock.seconds in (0.1, 1.0, 2.0, 4.1, 8.0):
        turn.take()
        rounds.append(len(search.floors))
    assert rounds == [0, 1, 1, 2, 3]  # half of the boxes' time, and not before these had some
    packing.estimate = 0.9
    for clock.seconds in itertools.chain((20.0,), (30.0, 40.0)):
        turn.take()
    assert len(search.floors) == 4
    assert search.limits == [3.0] * 4


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_elements_of_cheap_networks_are_within_the_limits(objective):
    """Networks that reweighted programs find, and the cut right above what they cost."""
    problem, p = UNIFORM, 0.5
    cones = build_cones(problem, objective, Deadline(None))
    networks = Networks(problem, cones, p, objective, compiled=False)
    packing = PowerPacking(cones, networks.arrays.ends, p)
    random = np.random.default_rng(0)
    known = [networks.descend(random.uniform(size=networks.shape), 1.0).values for _ in range(6)]
    limited = 0
    for _ in range(5):
        for _ in range(3):
            packing.improve()
        for values in known:
            cost = float((values**p).sum())
            limits = packing.largest_elements(cost * (1 + 1e-9))
            assert np.all(values <= limits[:, :, None] * (1 + 1e-7))
            limited += np.sum(limits[cones.allowed] < 0.9 * cost ** (1 / p))
    assert limited > 0  # and that says something


def test_boxes_beyond_the_limits_are_left_out():
    cones = build_cones(UNIFORM, Objective.WEIGHTS, Deadline(None))
    networks = Networks(UNIFORM, cones, 0.5, Objective.WEIGHTS, compiled=False)
    interval = Interval(networks, cones, 0.5, 3.0)
    search = BoxSearch(networks, cones, 0.5, interval, 9.0)
    search.begin()
    (box,) = search.boxes
    assert search.limited(box) is box
    c, s = np.argwhere(cones.allowed)[0]
    limits = np.full((cones.size, 2), np.inf)
    limits[c, s] = 0.25
    search.limit(limits)
    narrower = search.limited(box)
    assert np.all(narrower.high[c, s] == 0.25)
    assert np.sum(narrower.high != box.high) == box.high.shape[2]
    place = int(np.ravel_multi_index((c, s, 0), box.high.shape))
    assert search.limited(box._replace(element=place, ends=(0.2, np.inf))).bound == box.bound
    assert search.limited(box._replace(element=place, ends=(0.3, np.inf))).bound == np.inf


def test_a_packing_stalls_once_its_bound_hardly_rises():
    cones = build_cones(UNIFORM, Objective.NEURONS, Deadline(None))
    ends = Networks(UNIFORM, cones, 0.5, Objective.NEURONS, compiled=False).arrays.ends
    packing = PowerPacking(cones, ends, 0.5)
    bounds = []
    while not packing.has_stalled:
        packing.improve()
        bounds.append(packing.bound)
    assert len(bounds) > packings._PATIENCE
    assert bounds[-1] <= bounds[-packings._PATIENCE - 1] * (1 + packings._GAIN)


def test_a_proof_is_asked_for_without_packings(monkeypatch, tmp_path):
    monkeypatch.setattr(branch_and_bound, "PowerPacking", None)
    xor = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], affine="skip")
    result = exact.minimize_path_norm(xor, 0.5, "weights", proof_file=tmp_path / "xor.json")
    assert (result.status, result.proof_written) == (Status.OPTIMAL, True)


def test_packings_of_few_samples_bound_all_of_them(monkeypatch):
    monkeypatch.setattr(few_samples, "_FIRST_PACKED", 4)
    bounds = list(packed_bounds_of_few_samples(UNIFORM, Objective.WEIGHTS, 0.5, Deadline(None), 3.0))
    assert 0 < max(bounds) <= LEAST
    none = packed_bounds_of_few_samples(UNIFORM, Objective.WEIGHTS, 1.0, Deadline(None), 3.0)
    assert list(none) == []


def test_packings_of_few_samples_end_where_rounds_take_long(monkeypatch):
    monkeypatch.setattr(few_samples, "_FIRST_PACKED", 4)
    monkeypatch.setattr(packings, "MAX_RAYS", 1)
    assert list(packed_bounds_of_few_samples(UNIFORM, Objective.WEIGHTS, 0.5, Deadline(None), None)) == []


def test_a_network_of_no_neuron_leaves_nothing_to_pack():
    problem = Problem([[0.0, 0.0], [1.0, 2.0], [2.0, 1.0]], [1, 1, 1], affine="constant")
    assert packed(problem, 0.5, Objective.WEIGHTS, rounds=3, cost=0.0) == 0.0
    assert Network.from_folded(np.zeros((0, 3)), np.zeros(0)).path_norm(0.5, Objective.WEIGHTS) == 0.0
