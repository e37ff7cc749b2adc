"""The path norm is a property of the function: the sum of ``|change of slope|^p`` over its knots.

Proven (Nakhleh and Nowak 2025, section 3, Proposition 3.1): with one feature, an affine term that costs
nothing and 0 < p <= 1, the least ``sum |v_k w_k|^p`` over the networks that are a function f is V_p(f), the
sum of ``|change of slope|^p`` over the knots of f, and minimisers over networks are minimisers over
functions. Weights of any scale count alike, because of each neuron only ``|v w|`` is left when v and w are
balanced.

Computed here: V_p from values of the function alone, against the path norm of random networks that are that
function, against all basic networks over a dictionary of neurons that face either way, and against a linear
program; the least path norm through data over networks (`finite_program`) and over functions
(`interpolants`), neither of which knows of the other.

Instances: 20 random functions with 3 knots; 12 random, integer and collinear data of 4 to 6 samples.

Conditions: the affine term has to be free. Without it the least for p = 1 is ``max(V_1(f), |f'(-inf) +
f'(inf)|)`` (Savarese, Evron, Soudry and Srebro 2019). For p > 1 nothing of it holds.
"""

import itertools

import numpy as np
import pytest
from helpers import random_line
from paper.finite_program import basic_networks, costs, table_of
from paper.interpolants import basic_interpolants, positions
from paper.interpolants import costs as costs_of_functions
from scipy.optimize import linprog

from sparsest import Network, Problem, exact

POWERS = (0.2, 0.5, 0.8, 1.0)


def random_function(rng):
    """Knots, changes of slope, slope and value at the left."""
    knots = np.cumsum(rng.uniform(0.5, 1.5, 3))
    return knots, rng.choice([-1, 1], 3) * rng.uniform(0.2, 3, 3), *rng.normal(size=2)


def as_network(knots, changes, slope, value, rng, parts=1, idle=0):
    """A network of this function: neurons in `parts`, facing either way, and `idle` pairs that cancel."""
    where, change = np.repeat(knots, parts), (rng.dirichlet(np.ones(parts), len(knots)).T * changes).T.ravel()
    extra, size = rng.uniform(0, 5, idle), rng.uniform(0.1, 1, idle)
    where, change = np.r_[where, extra, extra], np.r_[change, size, -size]
    facing, scale = rng.choice([-1, 1], len(where)), np.exp(rng.normal(size=len(where)))
    # c max(0, x - t) = c max(0, t - x) + c (x - t)
    turned = facing < 0
    affine = np.add([slope, value], [change[turned].sum(), -(change * where)[turned].sum()])
    weights = facing * scale
    return Network(weights[:, None], -weights * where, change / scale, affine)


def from_values(f, knots, p):
    """V_p of a function by its values at knots and around them: differences of slopes between them."""
    at = np.r_[knots[0] - 1, knots, knots[-1] + 1]
    slopes = np.diff(f(at[:, None])) / np.diff(at)
    return np.sum(np.abs(np.diff(slopes)) ** p)


@pytest.mark.parametrize("seed", range(20))
def test_no_network_costs_less_than_its_function(seed):
    rng = np.random.default_rng(seed)
    function = random_function(rng)
    plain = as_network(*function, rng)
    for p in POWERS:
        least = from_values(plain, function[0], p)
        assert plain.path_norm(p, "weights") == pytest.approx(least, rel=1e-9)
        for parts, idle in ((1, 1), (2, 0), (3, 2)):
            other = as_network(*function, rng, parts, idle)
            assert other.same_function(plain)
            norm = other.path_norm(p, "weights")
            # parts of one change add up to it at p = 1, and cost strictly more below; idle pairs always cost
            assert norm > least * (1 + 1e-6) or (p == 1 and idle == 0 and norm == pytest.approx(least))
    # two halves of one change c cost 2 (c / 2)^2 = c^2 / 2: for p > 1 no function would have a least network
    halves = as_network(*function, rng, parts=2)
    sizes = [np.sum(np.abs(net.outputs * net.weights[:, 0]) ** 2) for net in (plain, halves)]
    assert sizes[1] < sizes[0]


@pytest.mark.parametrize("p", POWERS)
def test_least_of_all_basic_networks_over_a_dictionary(p):
    # neurons with knots at 0 ... 4 that face either way. Numbers of the 5 that are used, at most, and of the
    # affine term are determined by the values at -1, 0, ..., 5, and the cost is concave
    rng = np.random.default_rng(0)
    changes = np.array([0.0, 2.0, 0.0, -0.7, 0.1])
    at, knots = np.arange(-1.0, 6), np.arange(5.0)
    columns = np.c_[np.maximum(0, at[:, None] - knots), np.maximum(0, knots - at[:, None]), at, np.ones(7)]
    values = columns @ np.r_[changes, np.zeros(5), rng.normal(size=2)]
    found = []
    for chosen in itertools.combinations(range(10), 5):
        matrix = columns[:, [*chosen, 10, 11]]
        if np.linalg.matrix_rank(matrix) == 7:
            weights = np.linalg.solve(matrix, values)[:5]
            found.append(np.sum(np.abs(weights[np.abs(weights) > 1e-9]) ** p))
    assert len(found) == 2**5  # either way for each knot, and never both
    assert min(found) == pytest.approx(2**p + 0.7**p + 0.1**p, rel=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_without_the_affine_term_the_slopes_at_infinity_count(seed):
    _, changes, slope, _ = random_function(np.random.default_rng(seed))
    # of each knot a part faces right and a part left; the latter add up to minus the slope at -infinity
    both = np.c_[np.eye(3), np.eye(3)]
    turned = np.r_[np.zeros(3), -np.ones(3)][None]
    rows = np.r_[both, turned]
    result = linprog(np.ones(12), A_eq=np.c_[rows, -rows], b_eq=np.r_[changes, slope])
    ends = abs(slope + (slope + changes.sum()))
    assert result.fun == pytest.approx(max(np.abs(changes).sum(), ends), rel=1e-9)


def test_without_the_affine_term_a_line_costs_two():
    # f(x) = x has no knot. f'(-inf) + f'(inf) = 2 is a sum of +-|v_k w_k|, so that sum |v_k w_k| >= 2, and
    # one neuron is no line: two that cancel each other's knot have equal sizes, 1 and 1
    line = Network([[1], [-1]], [0, 0], [1, -1])
    np.testing.assert_array_equal(line([[-2.0], [0.0], [3.0]]), [-2, 0, 3])
    assert [line.path_norm(p, "weights") for p in (0.2, 1.0)] == [2, 2]
    assert Network.zero(1, affine="skip").path_norm(0.2, "weights") == 0


@pytest.mark.parametrize("p", [0.3, 0.5, 1.0])
def test_balanced_weights_make_it_weight_decay(p):
    # (v^2p + w^2p) / 2 >= |v w|^p with equality where |v| = |w| (arithmetic and geometric means)
    norms, decays = [], []
    for scale in (0.25, 0.5, 1.0, 2.0):
        network = Network([[3 * scale]], [1 * scale], [3 / scale])
        norms.append(network.path_norm(p, "weights"))
        decays.append(float(abs(network.outputs[0]) ** (2 * p) + abs(network.weights[0, 0]) ** (2 * p)) / 2)
    assert norms == pytest.approx([9**p] * 4)
    assert decays[2] == pytest.approx(9**p)
    assert min(decays[:2] + decays[3:]) > 9**p


@pytest.mark.parametrize("seed", range(12))
def test_through_data_networks_and_functions_have_the_same_least(seed):
    x, y = random_line(seed, most=6)
    networks = table_of(basic_networks(x[:, None], y, "weights", skip=True))
    functions = basic_interpolants(x, y, positions(x, y, between=2))
    problem = Problem(x, y, affine="skip")
    for p in POWERS:
        least = costs(networks, p).min()
        assert costs_of_functions(functions, p).min() == pytest.approx(least, rel=1e-7, abs=1e-9)
        found = exact.minimize_path_norm(problem, p, "weights")
        assert found.upper_bound == pytest.approx(least, rel=1e-7, abs=1e-9)
        knots = np.sort(-found.network.biases / found.network.weights[:, 0])
        if len(knots):
            assert from_values(found.network, knots, p) == pytest.approx(least, rel=1e-6)
