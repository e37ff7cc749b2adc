"""The staged search, its narrow descents, and the algorithms of gradient descent."""

import functools
from typing import Any

import numpy as np
import pytest
import torch
from helpers import in_turn

from sparsest import Problem, datasets, exact
from sparsest.affine import Affine
from sparsest.continuous import find_sparse, minimize, sparse_search
from sparsest.continuous.polish.pattern_program import Neurons
from sparsest.continuous.search import staged_search
from sparsest.continuous.search.effort import Effort
from sparsest.continuous.search.few_neuron_descents import NarrowSearch, Sparsity, Start
from sparsest.continuous.search.sampled_cells import cells_through_samples, distinct, flipped
from sparsest.continuous.search.staged_search import StagedSearch
from sparsest.errors import InputError
from sparsest.gauss_newton import Intervals, Iterates, damped_steps, evaluate, interval_loss, levenberg_step
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.progress import Deadline, Progress

PEAK = datasets.load("peak-plateau").problem()
NEVER = Deadline(None)


# ---------------------------------------------------------------- what it reaches


@pytest.mark.slow
def test_peak_plateau_many_times() -> None:
    fits = [find_sparse(PEAK, objective="weights", seed=seed) for seed in range(5)]
    assert [fit.network.count("neurons") for fit in fits] == [3] * 5
    assert max(fit.residual for fit in fits) <= 1e-9


@pytest.mark.slow
@pytest.mark.parametrize(("d", "k"), [(1, 3), (2, 2), (3, 3), (5, 3)])
def test_planted_networks(d: int, k: int) -> None:
    problem = datasets.load("planted", d=d, n=30, k=k, seed=1).problem()
    fit = find_sparse(problem, objective="neurons")
    assert fit.network.solves(problem)
    assert fit.count <= k


@pytest.mark.slow
def test_samples_known_by_heart_are_not_the_end() -> None:
    # 7 neurons of 6 numbers go through any 40 samples, so more of them have learned nothing; 5 were planted
    problem = datasets.load("planted", d=5, n=40, k=5, seed=2).problem(tolerance=1e-6)
    fit = find_sparse(problem, objective="neurons", lower_bound=5)
    assert fit.network.solves(problem)
    assert fit.count == 5


def test_what_a_proof_decides_next_is_given_up_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network of three neurons has nine numbers for six samples: two neurons are looked for long."""
    monkeypatch.setattr(staged_search, "_MAX_FLOOR", 0.05)
    problem = datasets.load("uniform", d=2, n=6, seed=0).problem()
    alone = find_sparse(problem, lower_bound=2)
    assert alone.count == 3
    before_proof = find_sparse(problem, lower_bound=2, proof_follows=True)
    assert before_proof.count == 3
    assert before_proof.steps < alone.steps
    # two parts are left, of which a proof of the first says nothing of the second
    assert find_sparse(problem, lower_bound=1, proof_follows=True).steps == alone.steps


@pytest.mark.parametrize(("d", "n", "seed"), [(1, 8, 0), (2, 6, 1), (3, 8, 2)])
@pytest.mark.slow
def test_random_labels_reach_the_proven_minimum(d: int, n: int, seed: int) -> None:
    problem = datasets.load("uniform", d=d, n=n, seed=seed).problem()
    fit = find_sparse(problem, objective="neurons")
    assert fit.network.solves(problem)
    assert fit.count == exact.solve(problem, "neurons").upper_bound


@pytest.mark.slow
@pytest.mark.parametrize("affine", ["none", "skip"])
def test_random_labels_with_a_skip(affine: str) -> None:
    problem = datasets.load("uniform", d=2, n=7, seed=3).problem(affine=affine)
    fit = find_sparse(problem, objective="neurons")
    assert fit.network.solves(problem)
    assert fit.count == exact.solve(problem, "neurons").upper_bound


@pytest.mark.slow
def test_as_many_parameters_as_samples_in_high_dimensions() -> None:
    problem = datasets.load("high-dimensional", seed=1).problem()
    fit = find_sparse(problem, objective="parameters")
    assert fit.network.solves(problem)
    assert fit.count == 10  # ten generic labels need ten numbers


def test_more_samples_than_the_descents_look_at() -> None:
    problem = datasets.load("planted", d=2, n=1000, k=3, seed=0).problem()
    fit = find_sparse(problem, objective="neurons", lower_bound=3)
    assert fit.network.solves(problem)
    assert fit.count == 3


def test_a_weight_bound_holds() -> None:
    # a peak of height 1 and width 2 without a bound needs slopes 1, -2, 1: the middle one splits
    problem = Problem([0, 1, 2, 3, 4], [0, 0, 1, 0, 0], weight_bound=1.5)
    fit = find_sparse(problem, objective="neurons", time_limit=20)
    assert fit.network.solves(problem)
    assert np.abs(fit.network.folded[:, 0]).max() <= 1.5 * (1 + 1e-9)


@pytest.mark.slow
def test_gradient_descent_is_in_reserve_where_nothing_else_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    without_search = functools.partial(StagedSearch, rounds=(0.0, 0.0), sampled_sets=0)
    monkeypatch.setattr(sparse_search, "StagedSearch", without_search)
    fit = find_sparse(PEAK, "weights")
    assert fit.network.solves(PEAK)
    assert fit.count == 3
    alone = find_sparse(PEAK, "weights", effort_limit=1.0)
    assert alone.network.solves(PEAK)
    assert alone.raw.width == 0
    assert "not sparse" in alone.remark
    # what joins the labels is wider
    narrow = find_sparse(PEAK, "weights", effort_limit=1.0, width=3)
    assert narrow.network.width == 0
    assert narrow.residual == 1  # the largest label
    known = Network([[1], [1], [1], [1]], [1, 0, -1, -2], [1, -1, -1, 1])
    taken = find_sparse(PEAK, "weights", start=known)
    assert taken.network.solves(PEAK)
    assert taken.count == 3  # by going down from it
    with pytest.raises(InputError, match="start: the network does not meet every interval"):
        find_sparse(PEAK, start=Network.zero(1))


# ---------------------------------------------------------------- options


def test_a_proven_bound_ends_the_search() -> None:
    free, told = (
        find_sparse(PEAK, objective="weights", seed=2),
        find_sparse(PEAK, objective="weights", seed=2, lower_bound=3),
    )
    assert free.count == told.count == 3
    assert told.steps < free.steps


@pytest.mark.slow
def test_a_seed_decides_everything() -> None:
    problem = datasets.load("uniform", d=2, n=6, seed=1).problem()
    first, second = (find_sparse(problem, objective="neurons", seed=3) for _ in range(2))
    assert first.steps == second.steps
    assert np.array_equal(first.network.folded, second.network.folded)
    np.testing.assert_array_equal(first.history.loss, second.history.loss)


def test_history_ends_with_the_polished_network() -> None:
    fit = find_sparse(PEAK, objective="weights")
    assert fit.history.loss.shape == (len(fit.history.steps), 1)
    assert np.all(np.diff(fit.history.steps) >= 0)
    assert fit.history.active[-1, 0] == fit.network.width
    assert fit.history.path_norm[-1, 0] == pytest.approx(fit.network.path_norm(0.4, "weights"))


@pytest.mark.slow
def test_width_is_never_exceeded() -> None:
    fit = find_sparse(PEAK, objective="weights", width=2)
    assert not fit.network.solves(PEAK)
    assert find_sparse(PEAK, objective="weights", width=3).count == 3


def test_patterns_are_used() -> None:
    # the cells of the known solution, from a search that may sample one cell only
    known = find_sparse(PEAK, objective="weights").network
    patterns = known.patterns(PEAK.X)
    fit = find_sparse(PEAK, objective="weights", patterns=patterns, seed=1)
    assert fit.count == 3
    for wrong in (patterns.astype(float), patterns[0], patterns[:, :-1]):
        with pytest.raises(InputError, match="patterns"):
            find_sparse(PEAK, patterns=wrong)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"lower_bound": -1}, "lower_bound = -1"),
        ({"width": 0}, "width = 0"),
        ({"effort_limit": 0}, "effort_limit"),
    ],
)
def test_bad_options(option: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_sparse(PEAK, **option)


def test_a_time_limit_and_an_interrupt_return_what_there_is() -> None:
    problem = datasets.load("uniform", d=3, n=40, seed=0).problem()
    fit = find_sparse(problem, objective="neurons", time_limit=0.3)
    assert fit.status == "time_limit"
    assert fit.seconds < 5

    def interrupt(progress: Progress) -> None:
        if progress.upper_bound is not None:
            raise KeyboardInterrupt

    problem = datasets.load("planted", d=2, n=40, k=5, seed=0).problem()
    fit = find_sparse(problem, objective="neurons", progress=interrupt)
    assert fit.status == "interrupted"
    assert fit.network.solves(problem)


# ---------------------------------------------------------------- the parts


def test_a_step_of_a_linear_problem_solves_it() -> None:
    # active on all three samples, a neuron is linear: one step with hardly any damping fits
    rows = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    neurons, signs = np.array([[[1.0, 1.0]]]), np.ones((1, 1))
    values, factors = evaluate(rows, neurons, signs, affine=False)
    assert values.tolist() == [[1, 2, 3]]
    errors = np.array([[5.0, 7.0, 9.0]]) - values
    step = damped_steps(rows, factors, errors, np.array([1e-12]))
    np.testing.assert_allclose(neurons + step, [[[2.0, 5.0]]], atol=1e-9)


@pytest.mark.parametrize("n", [3, 12])
def test_both_normal_equations_give_the_damped_least_squares_step(n: int) -> None:
    rng = np.random.default_rng(n)
    rows, neurons, signs = rng.normal(size=(n, 3)), rng.normal(size=(4, 2, 3)), np.array([[1.0, -1.0]] * 4)
    allowed = (rng.random((4, 2, 3)) < 0.7).astype(float)
    _, factors = evaluate(rows, neurons, signs, affine=False)
    errors, damping = rng.normal(size=(4, n)), np.array([1e-3, 0.1, 1.0, 10.0])
    steps = damped_steps(rows, factors, errors, damping, allowed)
    for r in range(4):
        jacobian = np.concatenate([factors[r, k][:, None] * rows * allowed[r, k] for k in range(2)], axis=1)
        stacked = np.r_[jacobian, np.sqrt(damping[r]) * np.eye(6)]
        wanted, *_ = np.linalg.lstsq(stacked, np.r_[errors[r], np.zeros(6)], rcond=None)
        np.testing.assert_allclose(steps[r].ravel(), wanted, atol=1e-9)


def test_steps_never_raise_the_loss_and_keep_the_iterates_whole() -> None:
    rng = np.random.default_rng(1)
    rows, neurons, signs = rng.normal(size=(9, 3)), rng.normal(size=(20, 2, 3)), np.tile([1.0, -1.0], (20, 1))
    aims = (y := rng.normal(size=9)) - 0.1, y + 0.1
    values, factors = evaluate(rows, neurons, signs, affine=False)
    iterates = Iterates(neurons, values, factors, interval_loss(values, aims), np.full(20, 1e-2))
    for _ in range(12):
        before, damping = iterates.loss.copy(), iterates.damping.copy()
        levenberg_step(rows, signs, aims, iterates, affine=False, least_damping=1e-3)
        fell = iterates.loss < before
        np.testing.assert_array_equal(iterates.loss[~fell], before[~fell])
        np.testing.assert_allclose(iterates.damping[fell], np.maximum(0.3 * damping[fell], 1e-3))
        np.testing.assert_allclose(iterates.damping[~fell], np.minimum(4 * damping[~fell], 1e4))
        np.testing.assert_array_equal(iterates.values, evaluate(rows, neurons, signs, affine=False)[0])
    assert iterates.loss.mean() < interval_loss(np.zeros((1, 9)), aims)[0]


def test_narrow_search_respects_its_sparsity() -> None:
    rng = np.random.default_rng(0)
    rows = np.c_[rng.uniform(-1, 1, (5, 20)), np.ones(5)]
    data = Intervals(rows, y := rng.uniform(0.1, 1, 5), y, False)
    counted = np.arange(21) < 20
    search = NarrowSearch(data, 2, rng, Sparsity(counted, 5))
    found = search.run(5.0, Effort(), NEVER)
    assert found is not None
    neurons, signs = found
    assert np.count_nonzero(neurons[:, counted]) <= 5
    np.testing.assert_allclose(np.maximum(neurons @ rows.T, 0).T @ signs, y, atol=1e-8)


def test_narrow_search_begins_from_what_it_is_given() -> None:
    rows = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    data = Intervals(rows, y := np.array([1.0, 2.0, 3.0]), y, False)
    start = Start(np.array([[[1.0, 1.0]]]), np.ones((1, 1)), np.ones((1, 1, 2)))
    found = NarrowSearch(data, 1, np.random.default_rng(0), start=start).run(1.0, Effort(), NEVER)
    assert found is not None
    assert found[0].tolist() == [[1, 1]]


def test_effort_waits_longer_the_longer_an_improvement_took() -> None:
    effort = Effort()
    effort.add(0.5)
    effort.improved(0.1)
    assert effort.left == pytest.approx(1.0)  # until three times 0.5 are spent
    effort.add(0.9)
    assert effort.left == pytest.approx(0.1)
    effort.add(0.2)
    assert effort.left == 0


def test_sampled_cells_are_cells_and_all_of_them_turn_up() -> None:
    # N = 4 on a line: 2 N = 8 cells
    homogeneous = np.c_[[0.0, 1.0, 2.0, 4.0], np.ones(4)]
    cells = cells_through_samples(homogeneous, 200, None, np.random.default_rng(0))
    assert np.array_equal(cells.patterns, cells.folded @ homogeneous.T >= 0)
    assert len(np.unique(cells.patterns, axis=0)) == 8
    both = distinct(cells)
    assert len(both.signs) == 16


def test_flips() -> None:
    one = Neurons(np.ones((1, 2)), np.array([[True, False, True]]), np.ones(1), None)
    assert flipped(one).patterns.astype(int).tolist() == [[0, 0, 1], [1, 1, 1], [1, 0, 0]]


# ---------------------------------------------------------------- algorithms of gradient descent


@pytest.mark.parametrize(
    ("algorithm", "objective"),
    in_turn(["adam-reweighted", "published", "proximal-gradient", "smoothed"], Objective),
)
@pytest.mark.slow
def test_every_algorithm_lowers_the_loss_and_sparsifies(algorithm: str, objective: Objective) -> None:
    problem = datasets.load("uniform", d=2, n=6, seed=0).problem()
    fit = minimize(
        problem, algorithm=algorithm, objective=objective, restarts=4, steps=400, regularization=0.01
    )
    assert fit.options["algorithm"] == algorithm
    assert fit.history.loss.shape[1] == 4
    assert np.median(fit.history.loss[-1]) < 0.5 * np.median(fit.history.loss[0])
    assert fit.network.solves(problem)
    free = minimize(
        problem, algorithm=algorithm, objective=objective, restarts=4, steps=400, regularization=0.0
    )
    assert np.median(fit.history.path_norm[-1]) < np.median(free.history.path_norm[-1])


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["adam-reweighted", "published", "proximal-gradient", "smoothed"])
def test_every_algorithm_respects_a_weight_bound_and_a_seed(algorithm: str) -> None:
    problem = Problem(PEAK.X, PEAK.low, weight_bound=1.5, affine="skip")
    options: dict[str, Any] = {
        "algorithm": algorithm, "objective": "weights", "restarts": 3, "steps": 60, "dtype": "float32",
    }  # fmt: skip
    first, second = (minimize(problem, **options) for _ in range(2))
    np.testing.assert_array_equal(first.history.loss, second.history.loss)
    assert np.abs(first.raw.folded[:, 0]).max(initial=0) <= 1.5 * (1 + 1e-6)


def test_the_published_step_leaves_the_bias_alone() -> None:
    from sparsest.continuous.algorithms.batch import Batch
    from sparsest.continuous.algorithms.published import Published
    from sparsest.continuous.algorithms.schedule import Schedule

    hidden = torch.tensor([[[1.0, 5.0]]], dtype=torch.float64)
    batch = Batch(hidden, torch.tensor([[4.0]], dtype=torch.float64), affine=Affine.NONE)
    homogeneous = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    inside = torch.tensor([-1e9], dtype=torch.float64), torch.tensor([1e9], dtype=torch.float64)
    schedule = Schedule(1, 0.01, 0.0, 0.4, Objective.WEIGHTS)
    Published(schedule).step(batch, (homogeneous, *inside), 0, None)
    # no loss, no lambda: v w = 4 is balanced to 2 and 2, the bias stays, and f(0) falls from 20 to 10
    assert batch.outputs.tolist() == [[2.0]]
    assert batch.hidden.tolist() == [[[2.0, 5.0]]]
