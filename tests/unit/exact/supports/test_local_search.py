"""Local searches for networks of so many weights or parameters."""

import numpy as np
import pytest

from sparsest import Problem, exact
from sparsest.exact.supports import local_search
from sparsest.objectives import Objective


@pytest.mark.slow
def test_networks_of_too_many_entries_are_left_alone(monkeypatch):
    # 300 random labels take hundreds of weights; drawing a network of so many took longer than any limit
    rng = np.random.default_rng(0)
    problem = Problem(rng.normal(size=(300, 2)), rng.normal(size=300))
    asked = []

    def remembered(self, entries, random):
        asked.append(entries)
        return iter(())

    monkeypatch.setattr("sparsest.exact.supports.kinds.Catalogue.at_random", remembered)
    found = exact.solve(problem, Objective.WEIGHTS, time_limit=2)
    assert found.upper_bound is None or found.upper_bound > local_search._MOST_ENTRIES
    assert all(entries <= local_search._MOST_ENTRIES for entries in asked)
