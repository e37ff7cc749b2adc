"""Neighbours of a network: the kinds that they have, and the numbers from which descents begin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsest import Affine, Network, Problem, datasets
from sparsest.exact.search_options import Pacing
from sparsest.exact.supports.kinds import Catalogue, Kind, cost, neurons
from sparsest.exact.supports.local_search import KindSearch
from sparsest.exact.supports.neighbours import Neighbours
from sparsest.exact.supports.prepared import PreparedKinds
from sparsest.exact.tree.prepared import MET
from sparsest.objectives import Objective
from sparsest.progress import Deadline


class Chosen:
    """Gives the numbers that it is told to, instead of random ones."""

    def __init__(self, integers):
        self._integers = list(integers)

    def integers(self, _):
        return self._integers.pop(0)

    def choice(self, shares):
        return shares[0]

    def normal(self, size=None):
        return 1.0 if size is None else np.ones(size)


def test_entries_are_left_out_and_one_parameter_is_a_column():
    # neurons 2 x + 3 y + 1 and x - 4; columns 1, max(0, x), max(0, -x), max(0, y), max(0, -y) at 2 to 6
    catalogue = Catalogue(2, Affine.NONE, Objective.PARAMETERS)
    numbers = np.zeros((3, 7))
    numbers[0, :3], numbers[1, :3] = (2, 3, 1), (1, 0, -4)
    near = Neighbours(catalogue, np.array([0, 0, 0, 1, 0, 0, 0]), numbers, [1, -1])
    whole = Kind((0, 1, 2), 1)
    # of the entries (0, 0), (0, 1), (0, 2), (1, 0), (1, 2) the last is left out: -max(0, x), in its units
    start = near.draw(Chosen([0, 0, 4]))
    assert start.kinds == (whole, Kind((3,), 0))
    assert start.numbers[-1].tolist() == [0, 0, 0, -2, 0, 0, 0]
    assert near.draw(Chosen([0, 0, 3])).kinds == (whole, Kind((2,), 0))
    # the first neuron's entry of y is exchanged for the second's, and its entry of x is left out
    start = near.draw(Chosen([1, 0, 1, 1, 0]))
    assert start.kinds == (Kind((0, 1, 2), -1), Kind((2,), 0))
    assert start.numbers[0, :3] == pytest.approx([1, 0.3, -4])
    assert start.numbers[-1].tolist() == [0, 0, 1, 0, 0, 0, 0]


@given(st.integers(0, 2**32 - 1))
def test_neighbours_have_fewer_entries_and_kinds_of_the_catalogue(seed):
    random = np.random.default_rng(seed)
    affine, objective = list(Affine)[seed % 3], list(Objective)[1 + seed // 3 % 2]
    catalogue = Catalogue(2, affine, objective)
    size = 3 + 4 * bool(catalogue.columns)
    numbers = random.normal(size=(4, size)) * random.integers(0, 2, size=(4, size))
    numbers[:3, 3:] = 0
    near = Neighbours(catalogue, np.zeros(size, dtype=int), numbers, [1, 1, -1])
    for _ in range(5):
        start = near.draw(random)
        assert cost(start.kinds) <= max(np.count_nonzero(numbers[:3, : len(catalogue.full)]) - 1, 0)
        assert len(start.numbers) == len(neurons(start.kinds)) + 1
        assert all(kind in catalogue.columns for kind in start.kinds if not kind.sign)
        least = 2 if objective is Objective.PARAMETERS else 1
        assert all(len(kind.support) >= least for kind in neurons(start.kinds))


@pytest.mark.parametrize("objective", ["weights", "parameters"])
@pytest.mark.parametrize("affine", ["none", "skip"])
def test_what_is_found_near_a_network_fits_with_fewer_entries(objective, affine):
    problem = datasets.parse("uniform:d=2,n=8,seed=0").problem().replace(affine=affine)
    prepared = PreparedKinds(problem, Objective(objective), Pacing())
    search = KindSearch(prepared.problem, prepared.catalogue, MET)
    known = search.run(14, 1.0, Deadline(None))
    found = list(search.near(known, 0.1, Deadline(None)))
    assert found
    assert all(network.count(Objective(objective)) < known.count(Objective(objective)) for network in found)
    assert all(network.residual(prepared.problem) < 1e-6 for network in found)


@pytest.mark.slow
def test_a_network_known_to_fit_leads_to_fewer_entries_soon():
    """Before, a second of runs from random networks of one entry fewer ended at 14 to 16."""
    problem = datasets.parse("uniform:d=2,n=10,seed=0").problem()
    prepared = PreparedKinds(problem, Objective.PARAMETERS, Pacing())
    search = KindSearch(prepared.problem, prepared.catalogue, MET)
    network = search.run(18, 1.0, Deadline(None))
    for _ in range(40):
        found = list(search.near(network, 0.05, Deadline(None)))
        network = min([network, *found], key=lambda each: each.count(Objective.PARAMETERS))
    assert network.count(Objective.PARAMETERS) <= 12


def test_nothing_is_near_a_network_of_hundreds_of_entries_or_of_none():
    problem = Problem(np.arange(6.0).reshape(3, 2), [0.0, 0.0, 0.0])
    prepared = PreparedKinds(problem, Objective.WEIGHTS, Pacing())
    search = KindSearch(prepared.problem, prepared.catalogue, MET)
    large = Network(np.ones((200, 2)), np.arange(200.0), np.tile([1.0, -1.0], 100))
    assert not list(search.near(large, 0.1, Deadline(None)))
    nothing = Network(np.zeros((0, 2)), [], [])
    assert all(network.width == 0 for network in search.near(nothing, 0.1, Deadline(None)))
