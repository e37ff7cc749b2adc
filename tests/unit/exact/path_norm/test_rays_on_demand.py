"""Least path norms at p = 1 by columns made on demand, and what they say for p < 1."""

import os
import signal
from fractions import Fraction

import numpy as np
import path_norm_at_one
import pytest
from scipy.optimize import linprog

from sparsest import Affine, Network, Problem, Status, datasets, exact
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.path_norm import branch_and_bound, by_columns, cones, ray_prices, rays_on_demand
from sparsest.exact.path_norm.by_columns import least_sum_by_columns
from sparsest.exact.path_norm.cones import build_cones, samples_asked
from sparsest.exact.path_norm.hinge_network import hinge_network
from sparsest.exact.path_norm.rays_on_demand import _merged
from sparsest.exact.path_norm.safe_multipliers import safe_multipliers, worth
from sparsest.objectives import Objective
from sparsest.progress import Deadline

GRID = np.array([[i, j] for i in range(3) for j in range(3)], dtype=float)
CUBE = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)], dtype=float)


def over_all_rays(problem, objective):
    """The optimum of the linear program over the rays that cones are listed with, by scipy."""
    listed = build_cones(samples_asked(problem), Objective.parse(objective), Deadline(None))
    columns, scale = listed.columns.T, listed.label_scale
    found = linprog(
        np.r_[np.ones(2 * columns.shape[1]), np.zeros(listed.offsets.shape[1])],
        A_ub=np.vstack(
            [
                np.hstack([columns, -columns, listed.offsets])[np.isfinite(listed.high)],
                -np.hstack([columns, -columns, listed.offsets])[np.isfinite(listed.low)],
            ]
        ),
        b_ub=np.r_[listed.high[np.isfinite(listed.high)], -listed.low[np.isfinite(listed.low)]],
        bounds=[(0, None)] * (2 * columns.shape[1])
        + [*zip(listed.offset_low, listed.offset_high, strict=True)],
        method="highs",
    )
    assert found.status == 0
    return found.fun * scale


def problems():
    random = np.random.default_rng(3)
    for name, X in {
        "grid": GRID,
        "tenths": GRID / 10,
        "cube": CUBE,
        "on a line": np.c_[np.arange(6.0), 1 - 3 * np.arange(6.0)],
        "on a plane": np.r_[GRID, [[5.0, 1.0]]] @ np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]),
        "along an axis": np.array([[0.0, 0.0], [3.0, 0.0], [-1.0, 0.0], [0.0, 2.0], [0.0, -5.0]]),
        "fewer samples than features": random.uniform(-1, 1, (3, 4)),
        "as many": random.uniform(-1, 1, (3, 3)),
        "random": random.uniform(-1, 1, (8, 3)),
        "far away": 1e5 + np.round(random.uniform(-1, 1, (7, 2)), 2),
    }.items():
        labels = random.integers(-3, 4, len(X)).astype(float)
        yield name, "exact", X, labels, labels
        yield name, "tolerance", X, labels - 0.5, labels + 0.5
        yield name, "classes", X, np.where(labels > 0, 1.0, -np.inf), np.where(labels > 0, np.inf, -1.0)
        open_ended = random.integers(0, 3, len(X))
        yield (
            name,
            "open",
            X,
            np.where(open_ended == 1, -np.inf, labels),
            np.where(open_ended == 2, np.inf, labels),
        )


CASES = [
    pytest.param(
        Problem.from_intervals(X, low, high, affine=affine),
        objective,
        id=f"{name}-{kind}-{affine}-{objective}",
    )
    for place, (name, kind, X, low, high) in enumerate(problems())
    for affine, objective in [
        (affine, objective) for affine in ("none", "constant", "skip") for objective in ("weights", "neurons")
    ][place % 2 :: 2]
]


@pytest.mark.parametrize(("problem", "objective"), CASES)
def test_it_is_the_optimum_over_all_rays(problem, objective):
    result = exact.minimize_path_norm(problem, 1.0, objective)
    optimum = over_all_rays(problem, objective)
    assert result.method == "columns"
    assert result.status is Status.OPTIMAL
    assert result.lower_bound <= optimum + 1e-7 * max(1.0, optimum)
    assert result.upper_bound == pytest.approx(optimum, rel=1e-6, abs=1e-7)
    assert result.network.solves(problem)
    assert result.network.path_norm(1.0, objective) == result.upper_bound


def test_by_hand():
    # from 0 to 3 with slope 1.5 at a bias of 0
    assert exact.minimize_path_norm(Problem([[2]], [3]), 1, "parameters").upper_bound == pytest.approx(1.5)
    # 1 less neurons of slope 1 that face left and right at 1, plus one from 2 on; a constant costs nothing
    tent = Problem([0, 1, 2, 3], [0, 1, 0, 0])
    assert exact.minimize_path_norm(tent, 1, "weights").upper_bound == pytest.approx(3)
    # changes of slope -2 and 1
    two = Problem([[0, 0], [1, 0], [2, 0], [3, 0]], [0, 1, 0, 0], affine="skip")
    assert exact.minimize_path_norm(two, 1, "weights").upper_bound == pytest.approx(3)


@pytest.mark.parametrize("seed", range(20))
def test_no_network_that_fits_costs_less(seed):
    random = np.random.default_rng(seed)
    features, width = int(random.integers(1, 5)), int(random.integers(1, 5))
    affine = random.normal(size=features + 1) if seed % 2 else None
    network = Network(
        random.integers(-2, 3, (width, features)),
        random.integers(-2, 3, width),
        random.normal(size=width),
        affine,
    )
    X = random.integers(-2, 3, (14, features)) if seed % 3 else random.normal(size=(14, features))
    X = np.unique(np.asarray(X, dtype=float), axis=0)
    problem = Problem(X, network(X), affine="skip" if seed % 2 else "none", tolerance=1e-6 * (seed % 4))
    for objective in Objective:
        result = exact.minimize_path_norm(problem, 1.0, objective)
        assert result.lower_bound <= network.path_norm(1.0, objective) * (1 + 1e-12)
        assert result.status is Status.OPTIMAL


def test_labels_that_are_nearly_affine_lose_no_digits():
    problem = Problem(GRID, 1e6 + 1e5 * GRID[:, 0] + 1e-3 * (GRID[:, 1] == 1), affine="skip")
    plain = Problem(GRID, 1e-3 * (GRID[:, 1] == 1), affine="skip")
    found, known = (exact.minimize_path_norm(each, 1.0, "weights") for each in (problem, plain))
    assert found.upper_bound == pytest.approx(known.upper_bound, rel=1e-5)
    assert found.lower_bound == pytest.approx(known.lower_bound, rel=1e-5)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_units_do_not_matter(scale):
    problem = datasets.parse("uniform:d=2,n=10,seed=0").problem()
    known = exact.minimize_path_norm(problem, 1.0, "weights").upper_bound
    for changed in (problem.replace(low=scale * problem.low, high=scale * problem.high),):
        found = exact.minimize_path_norm(changed, 1.0, "weights")
        assert found.status is Status.OPTIMAL
        assert found.upper_bound == pytest.approx(scale * known, rel=1e-6)
    found = exact.minimize_path_norm(problem.replace(X=problem.X * scale), 1.0, "weights")
    assert found.status is Status.OPTIMAL
    assert found.upper_bound == pytest.approx(known / scale, rel=1e-6)


def test_affine_labels_cost_nothing_beside_a_skip():
    for labels in (GRID @ [1.5, -2.0] + 0.3, np.zeros(9)):
        result = exact.minimize_path_norm(Problem(GRID, labels, affine="skip"), 1.0, "weights")
        assert (result.status, result.lower_bound, result.upper_bound) == (Status.OPTIMAL, 0, 0)


def test_intervals_without_ends_ask_for_nothing():
    nothing = np.full(9, np.inf)
    result = exact.minimize_path_norm(Problem.from_intervals(GRID, -nothing, nothing), 1.0, "neurons")
    assert (result.status, result.upper_bound) == (Status.OPTIMAL, 0)


def test_neurons_beyond_a_weight_bound_are_split():
    problem = datasets.parse("uniform:d=2,n=12,seed=0").problem()
    known = exact.minimize_path_norm(problem, 1.0, "weights")
    result = exact.minimize_path_norm(problem.replace(weight_bound=0.5), 1.0, "weights")
    assert result.status is Status.OPTIMAL
    assert result.upper_bound == pytest.approx(known.upper_bound, rel=1e-6)
    assert result.network.within_bound(problem.replace(weight_bound=0.5))
    none = exact.minimize_path_norm(problem.replace(weight_bound=1e-9), 1.0, "weights")
    assert none.network is None
    assert none.lower_bound == pytest.approx(known.upper_bound, rel=1e-6)
    assert "splits neurons into too many" in none.remark


def test_what_took_too_many_cones_is_closed():
    # 60 samples in the plane, 20 in five dimensions: nothing but zero was known from below
    for name in ("uniform:d=2,n=60,seed=0", "uniform:d=5,n=14,seed=0"):
        for affine in Affine:
            problem = datasets.parse(name).problem(affine=affine)
            result = exact.minimize_path_norm(problem, 1.0, "neurons")
            assert result.status is Status.OPTIMAL
            assert result.network.solves(problem)


def test_progress_tells_of_both_bounds():
    messages = []
    problem = datasets.parse("uniform:d=2,n=12,seed=0").problem()
    exact.minimize_path_norm(problem, 1.0, progress=lambda report: messages.append(report.message))
    assert messages
    assert all(message.startswith("path norm between ") for message in messages)
    assert not messages[-1].endswith("inf")


@pytest.mark.parametrize("affine", ["none", "skip"])
@pytest.mark.parametrize("rounds", [1, 5, 12])
def test_ctrl_c_keeps_what_is_known(affine, rounds):
    problem = datasets.parse("uniform:d=2,n=40,seed=0").problem(affine=affine)
    reports = []

    def interrupt(report):
        reports.append(report)
        if len(reports) == rounds:
            raise KeyboardInterrupt

    result = exact.minimize_path_norm(problem, 1.0, "weights", progress=interrupt)
    assert result.status is Status.INTERRUPTED
    assert 0 < result.lower_bound < 138.703 < result.upper_bound  # 138.7029 by both programs
    assert result.network.solves(problem)


@pytest.mark.skipif(os.name == "nt", reason="os.kill ends the process there")
def test_a_second_ctrl_c_waits_for_the_bound(monkeypatch):
    def interrupt(*_):
        os.kill(os.getpid(), signal.SIGINT)

    prove = rays_on_demand.RayGeneration.bound

    def proven(generation):
        interrupt()
        return prove(generation)

    monkeypatch.setattr(rays_on_demand.RayGeneration, "bound", proven)
    problem = datasets.parse("uniform:d=2,n=20,seed=0").problem()
    result = exact.minimize_path_norm(problem, 1.0, "weights", progress=interrupt)
    assert result.status is Status.INTERRUPTED
    assert 0 < result.lower_bound <= result.upper_bound


def test_time_that_is_up_leaves_an_interval():
    problem = datasets.parse("uniform:d=2,n=200,seed=0").problem()
    result = exact.minimize_path_norm(problem, 1.0, "weights", time_limit=0.2)
    assert result.status is Status.TIME_LIMIT
    assert result.lower_bound <= 1553.28 <= result.upper_bound
    assert result.network.solves(problem)


def test_ctrl_c_while_rays_are_made_leaves_a_network(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(ray_prices, "make_arrangement", interrupted)
    problem = datasets.parse("uniform:d=2,n=9,seed=0").problem()
    result = exact.minimize_path_norm(problem, 1.0)
    assert (result.status, result.lower_bound) == (Status.INTERRUPTED, 0)
    assert result.network.solves(problem)


def test_a_network_from_elsewhere_counts_where_no_other_is_known(monkeypatch):
    problem = datasets.parse("uniform:d=2,n=9,seed=0").problem()
    witness = exact.minimize_path_norm(problem, 1.0).network

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(ray_prices, "make_arrangement", interrupted)
    result = exact.minimize_path_norm(problem, 1.0, witness=witness)
    assert result.upper_bound == witness.path_norm(1.0, "neurons")


def test_a_search_that_is_kept_is_made_over_cones(tmp_path):
    problem = datasets.load("xor").problem()
    plain = exact.minimize_path_norm(problem, 1.0)
    kept = exact.minimize_path_norm(problem, 1.0, checkpoint_file=tmp_path / "search.checkpoint")
    assert (plain.method, kept.method) == ("columns", "branching")
    assert kept.upper_bound == pytest.approx(plain.upper_bound)


# p < 1, and too many rays


@pytest.mark.parametrize("affine", ["none", "skip"])
@pytest.mark.parametrize("objective", ["weights", "neurons", "parameters"])
def test_the_power_of_the_least_sum_is_below_the_least_path_norm(affine, objective):
    problem = datasets.parse("planted:d=2,n=8,k=2,seed=0").problem(affine=affine)
    least = least_sum_by_columns(problem, Objective.parse(objective), Deadline(None))
    assert least.samples == 8
    planted = exact.minimize_path_norm(problem, 0.5, objective, time_limit=2)
    assert 0 < least.power(0.5) <= planted.upper_bound
    # of what neurons of each output sign need: more than the power of the sum where all is charged
    assert (least.power(0.5) > 1.01 * least.bound**0.5) == (affine == "none" and objective != "weights")


@pytest.mark.parametrize("seed", [*range(0, 60, 5), *range(3, 60, 10)])
def test_neurons_of_one_sign_need_no_less_than_is_said(seed):
    problem = path_norm_at_one.random_problem(seed)[0].replace(affine="none", weight_bound=None)
    least = least_sum_by_columns(samples_asked(problem), Objective.PARAMETERS, Deadline(None))
    result = exact.minimize_path_norm(problem, 1.0, "parameters")
    sizes = np.abs(result.network.folded).sum(axis=1)
    for sign, bound in ((1, least.positive), (-1, least.negative)):
        assert bound <= sizes[np.sign(result.network.outputs) == sign].sum() * (1 + 1e-9)
    ends = problem.low, problem.high
    for bound, kept in ((least.positive, 0), (least.negative, 1)):
        open_ended = [
            end if place == kept else np.full_like(end, (1 - 2 * kept) * np.inf)
            for place, end in enumerate(ends)
        ]
        alone = path_norm_at_one.optimum(Problem.from_intervals(problem.X, *open_ended), "parameters")
        assert bound == pytest.approx(alone, rel=1e-6, abs=1e-9)


def test_too_many_cones_leave_the_power_of_the_least_sum(monkeypatch):
    """Only where all is charged, and of ten samples at most, was there such a bound."""
    monkeypatch.setattr(cones, "MAX_RAYS", 1)
    problem = datasets.parse("uniform:d=2,n=8,seed=0").problem(affine="skip")
    result = exact.minimize_path_norm(problem, 0.5, "weights", time_limit=3)
    least = exact.minimize_path_norm(problem, 1.0, "weights")
    assert result.lower_bound == pytest.approx(least.lower_bound**0.5, rel=1e-6)
    assert result.lower_bound <= 6.8810 <= result.upper_bound + 1e-4
    assert result.remark.startswith("the lower bound is what that for p = 1 says: up to ")


@pytest.mark.slow
def test_too_many_rays_leave_a_bound_of_some_samples(monkeypatch):
    problem = datasets.parse("uniform:d=2,n=12,seed=0").problem()
    monkeypatch.setattr(cones, "MAX_RAYS", 1)
    monkeypatch.setattr(ray_prices, "MAX_ENTRIES", 3 * 45)  # ten hyperplanes, two or three of which are axes
    for p in (1.0, 0.5):
        result = exact.minimize_path_norm(problem, p, "weights", time_limit=3)
        assert result.method == "branching"
        assert 0 < result.lower_bound < result.upper_bound
        assert "the lower bound is what that for p = 1 says, of 8 samples: up to" in result.remark


def test_ctrl_c_ends_the_bound_by_the_least_sum(monkeypatch):
    monkeypatch.setattr(cones, "MAX_RAYS", 1)
    run = rays_on_demand.RayGeneration.run

    def interrupted(generation, deadline, report=None):
        run(generation, deadline, report)
        raise KeyboardInterrupt

    monkeypatch.setattr(by_columns.RayGeneration, "run", interrupted)
    problem = datasets.parse("uniform:d=2,n=8,seed=0").problem(affine="skip")
    result = exact.minimize_path_norm(problem, 0.5, "weights")
    assert result.status is Status.INTERRUPTED
    assert 0 < result.lower_bound < result.upper_bound


@pytest.mark.slow
def test_many_cones_begin_with_the_power_of_the_least_sum(monkeypatch):
    """Time was up before the first box of 12 samples in five dimensions: nothing but zero was known."""
    problem = datasets.parse("uniform:d=3,n=8,seed=0").problem()
    monkeypatch.setattr(branch_and_bound, "_MANY_PAIRS", 1)
    result = exact.minimize_path_norm(problem, 0.5, "weights", node_limit=1)
    least = exact.minimize_path_norm(problem, 1.0, "weights")
    assert least.lower_bound**0.5 * (1 - 1e-9) <= result.lower_bound <= 3.91


@pytest.mark.parametrize("objective", list(Objective))
def test_fewer_samples_than_features_are_counted_with_the_axes(objective):
    """The remark was that up to 0 rays were too many."""
    with pytest.raises(cones.InputError, match=r"up to [1-9]\S* rays and [1-9]\S* cones"):
        build_cones(datasets.load("high-dimensional").problem(), objective, Deadline(None))


# Parts


def test_multipliers_become_orthogonal_to_terms_without_charge():
    data = ExactData(Problem(GRID / 10, np.arange(9.0)))
    random = np.random.default_rng(0).normal(size=9)
    random[3] = 1e-15
    for free in (0, 1, 3):
        found = safe_multipliers(data, random, free)
        assert found[3] == 0
        for column in range(data.size - free, data.size):
            values = (Fraction(row[column], scale) for row, scale in zip(data.rows, data.scales, strict=True))
            assert sum(y * v for y, v in zip(found, values, strict=True)) == 0
    # of two samples nothing is orthogonal to all affine functions
    assert not any(safe_multipliers(data, np.r_[1.0, -1.0, np.zeros(7)], 3))


def test_a_missing_end_makes_multipliers_worth_nothing():
    data = ExactData(Problem.from_intervals([[0.0], [1.0]], [1.0, -np.inf], [2.0, 3.0]))
    assert worth(data, [Fraction(1, 2), Fraction(-1)]) == Fraction(-5, 2)
    assert worth(data, [Fraction(-1), Fraction(0)]) == -2
    assert worth(data, [Fraction(1), Fraction(1)]) == 0


def test_neurons_of_a_common_cone_are_added_up():
    neurons = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0], [3.0, 0.0]])
    sides = np.array([[1, 0], [0, 1], [-1, 1], [1, 0]], dtype=np.int8)
    sums, signs = _merged(neurons, sides, np.array([1, 1, 1, -1]))
    assert sums.tolist() == [[1.0, 2.0], [-1.0, 1.0], [3.0, 0.0]]
    assert signs.tolist() == [1.0, 1.0, -1.0]


@pytest.mark.parametrize("affine", list(Affine))
def test_hinges_fit_any_labels(affine):
    random = np.random.default_rng(0)
    for X in (GRID, CUBE, random.uniform(-1, 1, (20, 4)), np.array([[3.0, 4.0]]), GRID * [1e-20, 1e20]):
        problem = Problem(X, random.normal(size=len(X)), affine=affine)
        assert hinge_network(problem, Deadline(None)).solves(problem)


def test_where_the_solver_fails_cones_are_searched(monkeypatch):
    monkeypatch.setattr(rays_on_demand.ColumnProgram, "solve", lambda *_: None)
    problem = datasets.load("xor").problem()
    result = exact.minimize_path_norm(problem, 1.0)
    assert (result.method, result.status) == ("branching", Status.OPTIMAL)
    # too many of them: what both leave open, and a network of hinges or of few neurons
    monkeypatch.setattr(cones, "MAX_RAYS", 1)
    result = exact.minimize_path_norm(problem, 1.0, "weights", time_limit=5)
    assert 0 <= result.lower_bound <= 4 <= result.upper_bound
    assert result.network.solves(problem)


def test_rays_that_vanish_on_all_samples_are_no_columns():
    """Rounding times large multipliers was taken for a price, and a column of nan spoilt the program."""
    X = [[-2, -2], [-1, -1], [-1, 0], [-1, 2], [1, 2], [2, 0], [2, 2]]
    problem = Problem(X, [0.36, 0.29, 0.03, 0.55, -0.74, -0.16, -0.48], affine="constant")
    for objective in Objective:
        result = exact.minimize_path_norm(problem, 1.0, objective)
        assert result.status is Status.OPTIMAL
        assert result.upper_bound == pytest.approx(over_all_rays(problem, objective), rel=1e-6)
