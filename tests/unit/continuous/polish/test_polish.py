"""The linear-programming polish on patterns made by hand, and its lemmas on random ones."""

import numpy as np
import pytest

from sparsest.affine import Affine
from sparsest.continuous.polish import polish as polish_module
from sparsest.continuous.polish.pattern_program import Neurons, Samples, solve
from sparsest.continuous.polish.polish import merged, polish, with_neighbours
from sparsest.continuous.polish.scaling import Scaling, power_of_two
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

NEVER = Deadline(None)


def samples_of(
    x: list[float],
    low: list[float],
    high: list[float] | None = None,
    *,
    affine: Affine = Affine.NONE,
    bound: float | None = None,
) -> Samples:
    homogeneous = np.c_[np.array(x, dtype=float), np.ones(len(x))]
    return Samples(
        homogeneous,
        np.array(low, dtype=float),
        np.array(low if high is None else high, dtype=float),
        affine,
        None if bound is None else np.array([bound]),
    )


def cells(*patterns: str, samples: Samples) -> Neurons:
    """Neurons of unknown size from strings such as ``"+011"``: output sign, then one bit a sample."""
    bits = np.array([[bit == "1" for bit in text[1:]] for text in patterns]).reshape(len(patterns), -1)
    signs = np.array([1.0 if text[0] == "+" else -1.0 for text in patterns])
    size = samples.homogeneous.shape[1]
    return Neurons(
        np.ones((len(patterns), size)), bits, signs, None if samples.affine is Affine.NONE else np.zeros(size)
    )


def values(samples: Samples, neurons: Neurons) -> np.ndarray:
    f = np.maximum(0, samples.homogeneous @ neurons.folded.T) @ neurons.signs
    return f if neurons.affine is None else f + samples.homogeneous @ neurons.affine


@pytest.mark.parametrize("objective", list(Objective))
def test_a_line_through_the_origin_needs_one_neuron(objective: Objective) -> None:
    # y = x on 0, 1, 2 is max(0, x): u = (1, 0) lies in the closed cells 111 and 011. One neuron, one
    # weight, one parameter; 001 is surplus.
    samples = samples_of([0, 1, 2], [0, 1, 2])
    found = polish(samples, cells("+111", "+011", "+001", samples=samples), 0.4, objective, NEVER)
    assert found is not None
    np.testing.assert_allclose(found.folded, [[1.0, 0.0]], atol=1e-9)
    assert found.signs.tolist() == [1.0]


def test_a_tent_needs_all_three_of_its_cells() -> None:
    # y = 0, 1, 0, 0 on 0..3 with +0111, -0011, +0001. Without the first f(1) = 0; without the second
    # f(2) > 0; without the third f(2) = 0 makes the second steeper than the first, so f(3) < 0.
    samples = samples_of([0, 1, 2, 3], [0, 1, 0, 0])
    start = cells("+0111", "-0011", "+0001", samples=samples)
    found = polish(samples, start, 0.4, Objective.NEURONS, NEVER)
    assert found is not None
    assert len(found.signs) == 3
    np.testing.assert_allclose(values(samples, found), [0, 1, 0, 0], atol=1e-8)
    np.testing.assert_array_equal((samples.homogeneous @ found.folded.T >= -1e-9).T[:, 3], True)


def test_patterns_without_an_interpolant_give_none() -> None:
    samples = samples_of([0, 1, 2], [0, 1, 2])  # 001 is inactive on sample 1, whose label is 1
    assert polish(samples, cells("+001", samples=samples), 0.4, Objective.NEURONS, NEVER) is None
    assert polish(samples, cells("-111", samples=samples), 0.4, Objective.NEURONS, NEVER) is None


def test_no_neurons_at_all() -> None:
    none = np.zeros((0, 2))
    empty = Neurons(none, np.zeros((0, 2), dtype=bool), np.zeros(0), None)
    zero, line = samples_of([0, 1], [0, 0]), samples_of([0, 1], [5, 7])
    found = polish(zero, empty, 0.4, Objective.NEURONS, NEVER)
    assert found is not None
    assert found.folded.shape == (0, 2)
    assert polish(line, empty, 0.4, Objective.NEURONS, NEVER) is None
    # with a skip the line 2 x + 5 needs no neuron
    skipping = samples_of([0, 1], [5, 7], affine=Affine.SKIP)
    found = polish(
        skipping, Neurons(none, empty.patterns, empty.signs, np.zeros(2)), 0.4, Objective.NEURONS, NEVER
    )
    assert found is not None
    np.testing.assert_allclose(found.affine, [2.0, 5.0], atol=1e-8)


def test_intervals_may_be_open_on_one_side() -> None:
    # f(0) <= -1 and f(1) >= 1: only -10 makes f negative at 0, and it is inactive at 1, where +01 or +11
    # must act: two neurons, and the least norm touches both ends.
    samples = samples_of([0, 1], [-np.inf, 1.0], [-1.0, np.inf])
    found = polish(samples, cells("+01", "-10", "+11", samples=samples), 0.4, Objective.NEURONS, NEVER)
    assert found is not None
    assert len(found.signs) == 2
    np.testing.assert_allclose(values(samples, found), [-1.0, 1.0], atol=1e-8)


def test_a_weight_bound_is_respected() -> None:
    # the hinge max(0, x) of slope 1 is needed on 0, 1, 2; a bound of 0.9 on one neuron of each cell
    # leaves 111 (constant part possible) and 011: f(1) - f(0) = 1 = sum of slopes at most 1.8: two neurons
    free = samples_of([0, 1, 2], [0, 1, 2])
    tight = samples_of([0, 1, 2], [0, 1, 2], bound=0.9)
    start = cells("+111", "+011", samples=free)
    one = polish(free, start, 0.4, Objective.NEURONS, NEVER)
    two = polish(tight, start, 0.4, Objective.NEURONS, NEVER)
    assert one is not None
    assert two is not None
    assert (len(one.signs), len(two.signs)) == (1, 2)
    assert np.abs(two.folded[:, 0]).max() <= 0.9 + 1e-9


def test_forbidden_entries_stay_zero() -> None:
    # y = 1, 2 on 0, 1: u = (1, 1); without the bias f(0) = 0 is forced
    samples = samples_of([0, 1], [1, 2])
    start = cells("+11", samples=samples)
    both = solve(samples, start, np.array([[True, True]]), np.ones((1, 2)), NEVER)
    assert both is not None
    np.testing.assert_allclose(both.folded, [[1.0, 1.0]], atol=1e-9)
    assert solve(samples, start, np.array([[True, False]]), np.ones((1, 2)), NEVER) is None


def test_an_expired_deadline_gives_none() -> None:
    samples = samples_of([0, 1, 2], [0, 1, 2])
    expired = Deadline(1e-9)
    assert polish(samples, cells("+111", samples=samples), 0.4, Objective.NEURONS, expired) is None


@pytest.mark.parametrize("seed", range(5))
def test_merging_keeps_the_function_and_raises_no_objective(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(-2, 3, size=(5, 2)).astype(float)
    samples = Samples(np.c_[X, np.ones(5)], np.zeros(5), np.zeros(5), Affine.NONE, None)
    folded = rng.integers(-2, 3, size=(60, 3)).astype(float)  # zeros and ties on purpose
    signs = rng.choice([-1.0, 0.0, 1.0], size=60)
    before = Neurons(folded, folded @ samples.homogeneous.T >= 0, signs, None)
    after = merged(samples, before)
    assert len(after.signs) < np.count_nonzero(signs)
    np.testing.assert_allclose(values(samples, after), values(samples, before), atol=1e-12)
    rows = np.c_[after.patterns, after.signs]
    assert len(np.unique(rows, axis=0)) == len(rows)
    old, new = (Network.from_folded(n.folded[n.signs != 0], n.signs[n.signs != 0]) for n in (before, after))
    for objective in Objective:
        assert new.count(objective) <= old.count(objective)
        assert new.path_norm(0.4, objective) <= old.path_norm(0.4, objective) + 1e-12


def test_neighbouring_cells_are_offered_as_far_as_there_is_room() -> None:
    # a grid of 5 x 5 samples, five of which lie on the line x1 = 0 where the neuron max(0, x1) begins
    X = np.stack(np.meshgrid(np.arange(-2.0, 3.0), np.arange(-2.0, 3.0)), axis=-1).reshape(-1, 2)
    homogeneous = np.c_[X, np.ones(25)]
    f = np.maximum(0.0, X[:, 0])
    samples = Samples(homogeneous, f, f, Affine.NONE, None)
    one = Neurons(np.array([[1.0, 0.0, 0.0]]), X[:, 0][None] > 0, np.ones(1), None)
    assert len(with_neighbours(samples, one).signs) == 1 + 5
    assert len(with_neighbours(samples, one, max_rows=3 * 25).signs) == 3
    assert len(with_neighbours(samples, one, max_rows=0).signs) == 1


@pytest.mark.slow
def test_neighbouring_cells_never_hurt_and_sometimes_help() -> None:
    gains = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        homogeneous = np.c_[rng.uniform(-1, 1, (7, 2)), np.ones(7)]
        y = rng.uniform(-1, 1, 7)
        samples = Samples(homogeneous, y, y, Affine.NONE, None)
        folded = rng.normal(size=(24, 3)) * [1, 1, 0.5]
        start = merged(
            samples, Neurons(folded, folded @ homogeneous.T >= 0, rng.choice([-1.0, 1.0], size=24), None)
        )
        plain = polish_module._sparsified(samples, start, 0.4, Objective.WEIGHTS, NEVER)
        full = polish(samples, start, 0.4, Objective.WEIGHTS, NEVER)
        if plain is None:
            assert full is None
            continue
        assert full is not None
        np.testing.assert_allclose(values(samples, full), y, atol=1e-7)
        gains.append(np.count_nonzero(plain.folded[:, :-1]) - np.count_nonzero(full.folded[:, :-1]))
    assert len(gains) >= 6
    assert min(gains) >= 0
    assert max(gains) > 0


@pytest.mark.parametrize(
    ("size", "power"), [(0.0, 1.0), (1.0, 1.0), (1.5, 1.0), (2.0, 2.0), (5e-13, 2.0**-41)]
)
def test_power_of_two(size: float, power: float) -> None:
    assert power_of_two(np.array([size])).tolist() == [power]


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("objective", list(Objective))
def test_a_network_in_scaled_units_has_the_values_of_the_scaled_one(skip: bool, objective: Objective) -> None:
    rng = np.random.default_rng(4)
    X = rng.uniform(100, 130, (6, 2)) * [1, 1e-3]
    problem = Problem(X, 1e5 * rng.uniform(1, 2, 6), affine="skip" if skip else "none")
    scaling = Scaling.of(problem, objective)
    assert np.abs(scaling.homogeneous).max() <= 2
    folded, signs = rng.normal(size=(4, 3)), np.array([1.0, -1.0, 1.0, 1.0])
    affine = rng.normal(size=3) if skip else None
    network = scaling.network(folded, signs, affine)
    scaled = values(
        Samples(scaling.homogeneous, scaling.low, scaling.high, scaling.affine, None),
        Neurons(folded, folded @ scaling.homogeneous.T >= 0, signs, affine),
    )
    # f - low in units of the labels is the same in both descriptions
    np.testing.assert_allclose((network(X) - problem.low) / scaling.height, scaled - scaling.low, atol=1e-10)
    if objective is Objective.PARAMETERS:
        zero_bias = scaling.network(np.array([[1.0, 2.0, 0.0]]), np.ones(1), None)
        assert zero_bias.biases.tolist() == [0.0]


def test_labels_that_are_affine_up_to_rounding_are_not_blown_up() -> None:
    x = np.arange(5.0)
    scaling = Scaling.of(Problem(x, 0.1 * x + 0.3, affine="skip"), Objective.NEURONS)
    assert np.abs(scaling.low).max() < 1e-12
