"""Rays of the arrangement, neurons that are sums of them, programs over them, and the search."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import slow_after

from sparsest import InputError, Problem, datasets, exact
from sparsest.arrays import FloatArray
from sparsest.continuous import minimize
from sparsest.continuous.rays.best_network import BestNetwork
from sparsest.continuous.rays.drawing import RayDrawer
from sparsest.continuous.rays.free_terms import FreeTerms
from sparsest.continuous.rays.neurons import SummedNeuron, path_norm, slopes, summed
from sparsest.continuous.rays.program import RayProgram
from sparsest.continuous.rays.search import RaySearch
from sparsest.exact.path_norm.extreme_points import extreme_points
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.progress import Deadline

PEAK = datasets.load("peak-plateau").problem()
NEVER = Deadline(None)


def uniform(d: int, n: int, seed: int, **options: Any) -> Problem:
    random = np.random.default_rng(seed)
    return Problem(random.uniform(-1, 1, (n, d)), random.uniform(-1, 1, n), **options)


# ---------------------------------------------------------------- rays


def test_rays_of_two_samples_by_hand() -> None:
    # hyperplanes of (w, b): -w + b = 0, w + b = 0, w = 0 and b = 0; (-1, -1), (1, -1) and (0, -1) are active
    # on neither sample
    rays = RayDrawer(Problem([-1, 1], [0, 1]), Objective.NEURONS).all()
    assert len(rays) == 5
    found = {tuple(np.round(row, 9)) for row in rays.folded}
    half = 0.5
    assert found == {
        (half, half), (-half, half), (0, 1), (1, 0), (-1, 0),
    }  # fmt: skip
    np.testing.assert_allclose(rays.charges, 1)
    active = np.maximum(rays.folded @ np.array([[-1, 1], [1, 1]]), 0) / rays.height
    np.testing.assert_allclose(rays.values, active, atol=1e-12)


@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize("grid", [False, True])
def test_rays_lie_on_their_hyperplanes_and_others_are_not_left_out(objective: Objective, grid: bool) -> None:
    random = np.random.default_rng(3)
    X = np.array(list(itertools.product([0, 1], [0, 1, 2])), float) if grid else random.normal(size=(5, 2))
    drawer = RayDrawer(Problem(X, np.arange(len(X)) + 1.0), objective)
    rays = drawer.all()
    charged = 2 if objective is Objective.WEIGHTS else 3
    normals = np.concatenate([np.c_[X, np.ones(len(X))], np.eye(3)[:charged]])
    zero = np.abs(rays.folded @ normals.T) < 1e-9 * np.abs(rays.folded).max()
    np.testing.assert_array_equal(zero, rays.sides == 0)
    assert all(np.linalg.matrix_rank(normals[row]) == 2 for row in zero)
    np.testing.assert_allclose(np.abs(rays.folded[:, :charged]).sum(axis=1), 1)
    # every cross product of two normals is a ray, or active nowhere, or not charged
    for first, second in itertools.combinations(normals, 2):
        line = np.cross(first, second)
        for u in (line, -line):
            if np.maximum(normals[: len(X)] @ u, 0).max() > 1e-9 and np.abs(u[:charged]).sum() > 1e-9:
                scaled = u / np.abs(u[:charged]).sum()
                assert np.abs(rays.folded - scaled).max(axis=1).min() < 1e-9
    again = drawer.of(drawer.random(4000, random))
    assert len(again) == len(rays)
    np.testing.assert_array_equal(drawer.described(rays.folded)[0], rays.sides)


def test_the_nearest_hyperplanes_of_a_ray_are_its_own() -> None:
    drawer = RayDrawer(uniform(3, 7, 0), Objective.PARAMETERS)
    rays = drawer.all()
    assert len(rays) > 100
    subsets = drawer.nearest(rays.folded)
    own = [set(row) for row in subsets.tolist()]
    assert all(set(np.flatnonzero(sides == 0)) >= near for sides, near in zip(rays.sides, own, strict=True))
    moved = drawer.neighbours(subsets[:1], 50, np.random.default_rng(0))
    assert ((moved != subsets[0]).sum(axis=1) <= 1).all()
    for wrong in (subsets.astype(float), subsets[:, :2], subsets + 100):
        with pytest.raises(ValueError, match="its rays"):
            drawer.checked(wrong)


# ---------------------------------------------------------------- neurons


def test_rays_of_one_cone_are_one_neuron_and_cost_less() -> None:
    rays = RayDrawer(Problem([-1, 1], [0, 1]), Objective.NEURONS).all()
    amounts = np.zeros((2, 5))
    place = {tuple(np.round(row, 9)): n for n, row in enumerate(rays.folded)}
    # (1/2, 1/2) and (1, 0) are on two sides of no hyperplane; (-1/2, 1/2) is on the other side of w = 0
    amounts[0, place[(0.5, 0.5)]], amounts[0, place[(1.0, 0.0)]] = 2.0, 3.0
    one = summed(rays, amounts)
    assert len(one) == 1
    np.testing.assert_allclose(one[0].folded, [4.0, 1.0])
    assert path_norm(one, 0.5) == pytest.approx(5**0.5)
    amounts[0, place[(-0.5, 0.5)]] = 1.0
    assert path_norm(summed(rays, amounts), 0.5) == pytest.approx(5**0.5 + 1)
    amounts[1, place[(1.0, 0.0)]] = 4.0  # the other output sign
    assert path_norm(summed(rays, amounts), 0.5) == pytest.approx(5**0.5 + 1 + 2)
    costs = slopes(rays, one, 0.5, 1.0)
    assert costs[0, place[(1.0, 0.0)]] == pytest.approx(0.5 * 6**-0.5)
    assert costs[0, place[(-0.5, 0.5)]] == costs[1, place[(1.0, 0.0)]] == pytest.approx(0.5)


@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize("affine", ["none", "constant", "skip"])
def test_the_program_is_that_of_the_least_l1_path_norm(objective: Objective, affine: str) -> None:
    # at p = 1 costs are linear, so that one program over all rays is the whole problem
    problem = uniform(2, 6, 1, affine=affine)
    rays, free = RayDrawer(problem, objective).all(), FreeTerms.of(problem, objective)
    found = RayProgram(problem, rays, free).solve(np.ones((2, len(rays))), NEVER)
    assert found is not None
    neurons = summed(rays, found[0])
    network = free.network(
        np.array([each.folded for each in neurons]),
        np.array([1.0 - 2 * each.sign for each in neurons]),
        found[1],
    )
    assert network.residual(problem) < 1e-7
    least = exact.minimize_path_norm(problem, 1.0, objective)
    assert least.upper_bound == pytest.approx(path_norm(neurons, 1.0), rel=1e-6)


def test_entries_that_are_rounding_cost_nothing() -> None:
    # (5e-17)^0.3 is 1e-5
    problem = Problem([[1.0, 0.0], [2.0, 1.0], [-1.0, 5.0]], [1, 2, 0])
    weights = Objective.WEIGHTS
    best = BestNetwork(problem, weights, 0.3, FreeTerms.of(problem, weights), 0.0)
    assert best.consider(
        [SummedNeuron(0, np.zeros(0), np.ones(2), np.array([1.0, 5e-17, 0.0]))], np.zeros(1), 0
    )
    assert best.norm == 1.0
    assert best.network is not None
    assert best.network.weights.tolist() == [[1.0, 0.0]]


def test_a_margin_that_is_met_up_to_rounding_is_not_widened() -> None:
    # 1 <= 2 max(0, x - y) + 2 max(0, y - x) - max(0, 1) on the corners of label 1, exactly 1 but for the last
    # digit here; the neurons' sizes 4, 4 and 1 give 2 + 2 + 1 at p = 1/2, and more a little inside the margin
    problem = Problem.classification([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    best = BestNetwork(problem, Objective.NEURONS, 0.5, FreeTerms.of(problem, Objective.NEURONS), 0.0)
    least = np.nextafter(2.0, 1.0)
    sides = np.zeros(0)
    assert best.consider(
        [
            SummedNeuron(0, sides, np.array([4.0]), np.array([least, -2.0, 0.0])),
            SummedNeuron(0, sides, np.array([4.0]), np.array([-2.0, least, 0.0])),
            SummedNeuron(1, sides, np.array([1.0]), np.array([0.0, 0.0, 1.0])),
        ],
        np.zeros(0),
        0,
    )
    assert best.norm == pytest.approx(5.0, rel=1e-9)


# ---------------------------------------------------------------- the search


@pytest.mark.parametrize("objective", list(Objective))
def test_the_least_of_all_extreme_points_is_reached(objective: Objective) -> None:
    # a list of every extreme point, in rational numbers, is the oracle
    problem = uniform(1, 4, 5)
    points = extreme_points(problem, objective, NEVER)
    assert points
    for p in (0.3, 0.8):
        least = min(_cost(point, p) for point in points)
        fit = minimize(problem, p, objective=objective, norm_bound=least)
        assert fit.fits
        assert fit.path_norm == pytest.approx(least, rel=1e-6)


def _cost(point: Any, p: float) -> float:
    return float(sum((int(size.p) / int(size.q)) ** p for size in point.sizes))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "objective"),
    [  # the suite `least-norm` is what measures this; here is one of each kind
        pytest.param(PEAK, "weights", id="peak-plateau"),
        pytest.param(uniform(2, 6, 7), "neurons", id="plane"),
        pytest.param(uniform(2, 6, 8, affine="skip"), "weights", id="skip"),
        pytest.param(uniform(2, 7, 9, tolerance=0.2), "neurons", id="tolerance"),
        pytest.param(
            Problem.classification([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]), "neurons", id="classes"
        ),
    ],
)
def test_the_certified_least_path_norm_is_reached(problem: Problem, objective: str) -> None:
    least = exact.minimize_path_norm(problem, 0.5, objective, time_limit=4)
    assert least.upper_bound is not None
    fit = minimize(problem, 0.5, objective=objective, norm_bound=least.lower_bound, seed=1)
    assert fit.fits
    assert fit.path_norm <= least.upper_bound * (1 + 1e-6)
    assert fit.path_norm >= least.lower_bound * (1 - 1e-6)


@pytest.mark.slow
def test_a_weight_bound_splits_neurons() -> None:
    problem = PEAK.replace(weight_bound=0.75)
    fit = minimize(problem, 0.5, objective="weights", time_limit=3)
    assert fit.fits
    # slopes 1, 1 and 2 within 3/4: two, two and three neurons, of weights 1/2 and 2/3, if none is different
    assert fit.path_norm <= 4 * 0.5**0.5 + 3 * (2 / 3) ** 0.5 + 1e-6


@pytest.mark.slow
def test_many_rays_are_drawn_and_begin_from_a_sparse_network() -> None:
    data = datasets.load("planted", d=5, n=60, k=2, seed=1)
    problem = data.problem()
    fit = minimize(problem, 0.3, time_limit=6.0)
    assert fit.fits
    assert fit.count <= 2  # what made the labels, or cheaper


@pytest.mark.slow
def test_units_change_nothing_but_the_units() -> None:
    plain = minimize(PEAK, 0.5, norm_bound=3.9, objective="weights")
    scaled = minimize(Problem(PEAK.X * 2.0**-20, PEAK.low * 2.0**30), 0.5, objective="weights")
    assert scaled.path_norm == pytest.approx(plain.path_norm * 2.0**25, rel=1e-9)


@pytest.mark.slow
def test_a_known_bound_ends_the_search_and_a_seed_decides_it() -> None:
    # two knots of slope change 1, -2, 1 cost 1 + sqrt 2 + 1 where there is no skip (slopes as they are)
    told = minimize(PEAK, 0.5, objective="weights", norm_bound=2 + 2**0.5)
    free = minimize(PEAK, 0.5, objective="weights")
    assert told.path_norm == pytest.approx(2 + 2**0.5, rel=1e-6)
    assert free.path_norm == pytest.approx(2 + 2**0.5, rel=1e-6)
    assert told.steps < free.steps
    again = minimize(PEAK, 0.5, objective="weights")
    assert free.network == again.network
    np.testing.assert_array_equal(free.history.path_norm, again.history.path_norm)
    assert np.all(np.diff(free.history.path_norm[:, 0]) <= 1e-9 * free.path_norm)


def test_limits_interrupts_and_labels_of_zero() -> None:
    problem = uniform(3, 30, 0)
    short = minimize(problem, 0.5, time_limit=1e-9)
    assert short.status == "time_limit"

    def stop(state: Any) -> None:
        raise KeyboardInterrupt

    stopped = minimize(PEAK, 0.5, progress=stop)
    assert stopped.status == "interrupted"
    nothing = minimize(Problem([[0.0, 1.0], [2.0, 3.0], [4.0, 4.0]], [0, 0, 0]), 0.5)
    assert nothing.network == Network.zero(2)
    assert nothing.path_norm == 0


@pytest.mark.parametrize(
    "problem", slow_after(1, [uniform(1, 6, 2), uniform(4, 30, 2)]), ids=["all", "drawn"]
)
def test_a_search_goes_on_bit_for_bit(problem: Problem) -> None:
    def search() -> RaySearch:
        return RaySearch(problem, Objective.WEIGHTS, 0.5, seed=3)

    class StopError(Exception):
        pass

    def run(each: RaySearch, turns: int) -> dict[str, FloatArray]:
        states: list[Any] = []

        def between() -> None:
            states.append(each.arrays())
            if len(states) > turns:
                raise StopError

        with pytest.raises(StopError):
            each.run(NEVER, lambda message, steps: None, between)
        return states[-1]

    whole, first, second = search(), search(), search()
    end = run(whole, 9)
    second.restore(run(first, 4))
    again = run(second, 5)
    assert end.keys() == again.keys()
    for name, array in end.items():
        np.testing.assert_array_equal(array, again[name], err_msg=name)


def test_a_checkpoint_is_gone_on_with_or_refused(tmp_path: Path) -> None:
    files: dict[str, Any] = {"checkpoint_file": tmp_path / "rays.npz", "resume": True}
    first = minimize(PEAK, 0.5, **files)
    assert minimize(PEAK, 0.5, **files).network == first.network  # answered from the file
    with pytest.raises(InputError, match=r"p = 0\.5, not 0\.6"):
        minimize(PEAK, 0.6, **files)
    with np.load(files["checkpoint_file"]) as old:
        content = dict(old)
    for name, array in (
        ("network outputs", np.ones_like(content["network outputs"])),
        ("counts", np.zeros(2)),
        ("random", np.array("{}")),
        ("neurons sides", np.zeros((1, 1))),
    ):
        np.savez(files["checkpoint_file"], **(content | {name: array}))
        with pytest.raises(InputError, match="not a usable checkpoint"):
            minimize(PEAK, 0.5, **files)


@pytest.mark.slow
def test_many_samples_are_left_to_the_search_for_few_parts() -> None:
    # a program over rays would have 10^10 entries
    x = np.linspace(-1, 1, 50_000)
    problem = Problem(x, np.maximum(0, x), tolerance=0.01)
    fit = minimize(problem, 0.5, time_limit=5.0)
    assert fit.fits
    assert fit.count == 1  # max(0, x) itself
    with pytest.raises(InputError, match="splitting takes 1500 samples at most"):
        minimize(problem, 0.5, algorithm="splitting")


# ---------------------------------------------------------------- splitting


@pytest.mark.slow
@pytest.mark.parametrize(
    ("objective", "problem", "excess"),
    [
        ("neurons", uniform(1, 4, 5), 1e-6),
        ("weights", PEAK, 1e-6),
        ("parameters", uniform(2, 5, 7, affine="skip"), 1e-6),
        ("neurons", uniform(2, 5, 9, tolerance=0.2), 0.01),  # first-order steps are slow to find ends
    ],
)
def test_splitting_reaches_the_least_path_norm_too(objective: str, problem: Problem, excess: float) -> None:
    least = exact.minimize_path_norm(problem, 0.5, objective, time_limit=4)
    assert least.upper_bound is not None
    bound = least.lower_bound
    fit = minimize(
        problem, 0.5, objective=objective, algorithm="splitting", norm_bound=bound, restarts=48, time_limit=6
    )
    assert fit.fits
    assert fit.path_norm <= least.upper_bound * (1 + excess)


def test_splitting_solves_no_linear_program(monkeypatch: pytest.MonkeyPatch) -> None:
    import highspy
    import scipy.optimize

    def refuse(*arguments: Any, **options: Any) -> None:
        raise AssertionError("a linear program was solved")

    monkeypatch.setattr(highspy.Highs, "run", refuse)
    monkeypatch.setattr(scipy.optimize, "linprog", refuse)
    fit = minimize(PEAK, 0.5, objective="weights", algorithm="splitting", norm_bound=2 + 2**0.5)
    assert fit.fits
    assert fit.path_norm == pytest.approx(2 + 2**0.5, rel=1e-6)


@pytest.mark.slow
def test_splitting_goes_on_bit_for_bit_and_in_single_precision(tmp_path: Path) -> None:
    options: dict[str, Any] = {"objective": "weights", "algorithm": "splitting", "restarts": 4, "p": 0.5}
    options["norm_bound"] = 2 + 2**0.5
    files: dict[str, Any] = {"checkpoint_file": tmp_path / "splitting.npz", "resume": True}
    whole = minimize(PEAK, **options)

    def stop(state: Any) -> None:
        raise KeyboardInterrupt

    assert minimize(PEAK, **options, **files, progress=stop).status == "interrupted"
    for _ in range(40):
        fit = minimize(PEAK, **options, **files, time_limit=0.7)
        if fit.status == "finished":
            break
    assert fit.network == whole.network
    assert fit.steps == whole.steps
    single = minimize(PEAK, **options, dtype="float32")
    assert single.fits
