"""Symmetries of data and of boxes: against networks turned by hand, and the search that knows of none."""

import numpy as np
import pytest
from helpers import in_turn
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsest import Network, Problem, datasets
from sparsest.exact.path_norm import networks as networks_module
from sparsest.exact.path_norm.branch_and_bound import solve_by_branching
from sparsest.exact.path_norm.cones import build_cones
from sparsest.exact.path_norm.intervals_kernel import Box
from sparsest.exact.path_norm.networks import Networks
from sparsest.exact.path_norm.symmetries import Symmetries, images_of_elements, symmetries_of
from sparsest.exact.search_options import SearchOptions
from sparsest.objectives import Objective
from sparsest.progress import Deadline
from sparsest.results.solving import Status

OBJECTIVES = list(Objective)
AFFINE = ("none", "constant", "skip")


@pytest.mark.parametrize(
    ("name", "objective", "affine", "count"),
    [
        # the square's eight; a quarter turn takes labels 0, 1, 1, 0 to 1 less them, and constants are free
        ("xor", Objective.WEIGHTS, "none", 8),
        # without translations 0 stays where it is, which leaves the two features' exchange
        ("xor", Objective.NEURONS, "none", 2),
        ("xor", Objective.PARAMETERS, "skip", 2),
        # the cube's 48, each with labels or with 1 less them
        ("parity-3", Objective.WEIGHTS, "none", 48),
        ("parity-3", Objective.NEURONS, "none", 6),
        # 0, 0, 1, 0, 0 reads the same from the right
        ("tent", Objective.WEIGHTS, "none", 2),
        ("tent", Objective.NEURONS, "none", 1),
        ("uniform:d=2,n=6,seed=0", Objective.WEIGHTS, "skip", 1),
    ],
)
def test_how_many_there_are(name, objective, affine, count):
    found = symmetries_of(datasets.parse(name).problem(affine=affine), objective)
    assert len(found) == count
    assert found[0].samples.tolist() == list(range(len(found[0].samples)))
    assert not found[0].negated
    assert not found[0].reflected.any()


def test_labels_agree_up_to_what_costs_nothing():
    # y = x + (0, 1, 0) at -1, 0, 1: reflected it is y - 2 x, an affine function away
    problem = Problem([-1, 0, 1], [-1, 1, 1], affine="skip")
    assert len(symmetries_of(problem, Objective.WEIGHTS)) == 2
    assert len(symmetries_of(problem.replace(affine="constant"), Objective.WEIGHTS)) == 1
    # inputs read as decimals: 0.3 - 0.2 is no float away from 0.2 - 0.1
    assert len(symmetries_of(Problem([0.1, 0.2, 0.3], [0, 1, 0]), Objective.WEIGHTS)) == 2
    assert len(symmetries_of(Problem([0.1, 0.2, 0.31], [0, 1, 0]), Objective.WEIGHTS)) == 1
    # one interval is wider
    assert (
        len(symmetries_of(Problem([0, 1, 2], [0, 1, 0], tolerance=[0.1, 0.1, 0.2]), Objective.WEIGHTS)) == 1
    )


def test_many_features_are_left_alone():
    problem = Problem(np.eye(6), np.ones(6))
    assert len(symmetries_of(problem, Objective.WEIGHTS)) == 1


def symmetric_problem(d, seed, affine, objective, orbits=3):
    """Orbits of random points under a few signed permutations, labels alike, or of opposite signs."""
    rng = np.random.default_rng(seed)
    order, signs = rng.permutation(d), rng.choice([-1, 1], size=d)
    points, labels = [], []
    center = rng.integers(0, 3, size=d) if objective is Objective.WEIGHTS else np.zeros(d, dtype=int)
    flip = rng.choice([-1, 1])
    for _ in range(orbits):
        x, y = rng.integers(-2, 3, size=d), int(rng.integers(-2, 3))
        for _ in range(3):
            if not any((x == other).all() for other in points):
                points.append(x)
                labels.append(y)
            x, y = signs * x[order], flip * y
    return Problem(np.array(points) + center, np.array(labels, dtype=float), affine=affine)


def turned(network, symmetry, problem, objective):
    """The network x -> s f(g^-1 x), from its entries."""
    neurons = network.folded.copy()
    weights = np.empty_like(neurons[:, :-1])
    weights[:, symmetry.features] = neurons[:, :-1] * np.where(symmetry.reflected, -1.0, 1.0)
    mean = problem.X.mean(axis=0) if objective is Objective.WEIGHTS else np.zeros(problem.n_features)
    there = np.empty_like(mean)
    there[symmetry.features] = mean * np.where(symmetry.reflected, -1.0, 1.0)
    bias = neurons[:, -1] - weights @ (mean - there)
    return Network.from_folded(np.c_[weights, bias], network.outputs * (-1.0 if symmetry.negated else 1.0))


@given(
    st.integers(0, 10**6), st.sampled_from([1, 2, 3]), st.sampled_from(AFFINE), st.sampled_from(OBJECTIVES)
)
@settings(max_examples=25)
def test_elements_go_where_networks_go(seed, d, affine, objective):
    problem = symmetric_problem(d, seed, affine, objective)
    cones = build_cones(problem, objective, Deadline(None))
    if not cones.size:
        return
    programs = Networks(problem, cones, 0.5, objective)
    found = symmetries_of(problem, objective)
    images = images_of_elements(problem, objective, cones)
    assert len(images) == len(found)
    assert all(len(set(row)) == len(row) for row in images.tolist())
    rng = np.random.default_rng(seed)
    for _ in range(4):
        neuron = rng.normal(size=problem.n_features + 1)
        network = Network.from_folded(neuron[None], rng.choice([-1.0, 1.0], size=1))
        before = programs.elements(network)
        for symmetry, row in zip(found, images, strict=True):
            other = turned(network, symmetry, problem, objective)
            there = problem.X[symmetry.samples]
            sign = -1.0 if symmetry.negated else 1.0
            np.testing.assert_allclose(other(there), sign * network(problem.X), atol=1e-9)
            after = programs.elements(other)
            # one that is active everywhere, with -, stands for another one and a constant
            if before.any() and after.any():
                np.testing.assert_allclose(after.ravel()[row], before.ravel(), atol=1e-9)


def least(problem, objective, monkeypatch, *, symmetric):
    with monkeypatch.context() as patched:
        if not symmetric:
            patched.setattr(networks_module, "images_of_elements", lambda *_: np.arange(10**6)[None])
        return solve_by_branching(problem, 0.5, objective, SearchOptions(node_limit=2000))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "affine", "objective"), in_turn(range(12), AFFINE, [*OBJECTIVES, Objective.WEIGHTS])
)
def test_the_search_that_knows_of_none_finds_the_same(seed, affine, objective, monkeypatch):
    problem = symmetric_problem(2 - seed % 3 // 2, seed, affine, objective, orbits=2)
    one = least(problem, objective, monkeypatch, symmetric=True)
    two = least(problem, objective, monkeypatch, symmetric=False)
    assert one.lower <= two.upper * (1 + 1e-9)
    assert two.lower <= one.upper * (1 + 1e-9)
    assert one.status is Status.OPTIMAL or two.status is not Status.OPTIMAL


@pytest.mark.slow
def test_corners_of_a_cube_are_searched_once(monkeypatch):
    problem = datasets.parse("parity-3").problem(affine="skip")
    one = least(problem, Objective.WEIGHTS, monkeypatch, symmetric=True)
    two = least(problem, Objective.WEIGHTS, monkeypatch, symmetric=False)
    # with s = x + y + z: changes of slope by 2 at s = 1 and s = 2, three weights of 2 each
    assert one.status is Status.OPTIMAL
    assert one.upper == pytest.approx(6 * 2**0.5, rel=1e-6)
    assert two.status is Status.NODE_LIMIT
    assert two.lower <= one.upper


def test_none_within_a_weight_bound_nor_with_open_ends():
    problem = datasets.parse("xor").problem(affine="skip")
    for changed in (
        problem.replace(weight_bound=3.0),
        Problem.classification(problem.X, [0, 1, 1, 0], affine="skip"),
    ):
        cones = build_cones(changed, Objective.WEIGHTS, Deadline(None))
        assert len(images_of_elements(changed, Objective.WEIGHTS, cones)) == 1


def test_boxes():
    # two cones, two signs, one entry: elements 0 to 3; the cones change places, and so do the signs
    swap, negate = [2, 3, 0, 1], [1, 0, 3, 2]
    group = Symmetries(np.array([[0, 1, 2, 3], swap, negate, [3, 2, 1, 0]]))
    box = Box(np.zeros((2, 2, 1)), np.ones((2, 2, 1)))
    assert len(group.fixing(box).images) == 4
    assert group.orbit(1).tolist() == [0, 1, 2, 3]
    # a bound that all networks keep to
    bounds = np.array([4.0, 3, 2, 5]).reshape(2, 2, 1)
    assert group.spread(bounds).ravel().tolist() == [2.0] * 4
    assert Symmetries(group.images[:2]).spread(bounds).ravel().tolist() == [2.0, 3.0, 2.0, 3.0]
    # an upper end of element 0 is one of element 2, if what turns the box into itself exchanges them
    box.high[0, 0] = 0.5
    box.high[1, 0] = 0.5
    some = group.fixing(box)
    assert some.images.tolist() == [[0, 1, 2, 3], swap]
    assert some.orbit(1).tolist() == [1, 3]
    box.high[1, 1] = 0.25
    box.low[0, 0] = 0.1
    assert not some.shrink(box)
    assert box.high.ravel().tolist() == [0.5, 0.25, 0.5, 0.25]
    assert box.low.ravel().tolist() == [0.1, 0.0, 0.1, 0.0]
    # one is at least 0.6, the other at most 0.5
    box.low[0, 0] = 0.6
    assert some.shrink(box)
    # lower ends alone tell some apart
    box = Box(np.array([0.1, 0, 0, 0]).reshape(2, 2, 1), np.ones((2, 2, 1)))
    assert group.fixing(box).images.tolist() == [[0, 1, 2, 3]]
