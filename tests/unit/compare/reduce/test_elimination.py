import numpy as np
import pytest

from sparsest import Network, Problem
from sparsest.affine import Affine
from sparsest.compare.reduce.elimination import eliminate
from sparsest.progress import Deadline

AFFINE = {"none": None, "constant": [0, 0, 0, 2.0], "skip": [0.5, -1, 0, 2.0]}


def doubled(rng: np.random.Generator, affine: str) -> tuple[Network, Network]:
    """Return three random neurons, and the same with each drawn as two neurons of slightly other kinks."""
    weights, biases, outputs = rng.normal(size=(3, 3)), 0.3 * rng.normal(size=3), np.array([1, -1, 1.0])
    near = 0.5 * biases + 0.01
    wide = np.r_[weights, 0.5 * weights], np.r_[biases, near], np.r_[0.5 * outputs, outputs]
    return Network(weights, biases, outputs, AFFINE[affine]), Network(*wide, AFFINE[affine])


@pytest.mark.parametrize("affine", AFFINE)
def test_superfluous_neurons_go_and_the_kind_of_network_stays(affine):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (60, 3))
    narrow, wide = doubled(rng, affine)
    distance = float(np.abs(narrow(X) - wide(X)).max())
    problem = Problem(X, narrow(X), affine=affine, tolerance=1.01 * distance)
    widths = []
    found = eliminate(problem, wide, Deadline(None), widths.append)
    assert found.solves(problem)
    assert found.width <= 3
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == found.width
    if problem.affine is not Affine.SKIP:
        assert found.affine is None or not found.affine[:-1].any()


def test_an_expired_deadline_returns_the_network_as_it_is():
    wide = doubled(np.random.default_rng(1), "none")[1]
    X = np.random.default_rng(2).uniform(-1, 1, (30, 3))
    assert eliminate(Problem(X, wide(X)), wide, Deadline(1e-9)) is wide
