"""Training before a search for the least path norm: when it runs, and what comes of it."""

import pytest

from sparsest import InputError, Problem, Status, datasets, exact
from sparsest.compare import train_and_bound
from sparsest.compare.train_and_bound import least_path_norm

LARGE = datasets.parse("planted:d=2,n=20,k=2,seed=0").problem()


@pytest.fixture
def trained(monkeypatch):
    """What training was asked, and may find no network."""
    asked, real = [], train_and_bound._trained

    def counted(problem, *args):
        asked.append(problem)
        return real(problem, *args)

    monkeypatch.setattr(train_and_bound, "_trained", counted)
    return asked


def test_a_trained_network_is_where_the_search_begins(monkeypatch, trained):
    # with no networks of its own
    monkeypatch.setattr("sparsest.exact.path_norm.branch_and_bound.first_networks", lambda *_: iter(()))
    result = least_path_norm(LARGE, 0.5, "weights", time_limit=10, node_limit=1)
    assert trained == [LARGE]
    assert result.network.solves(LARGE)
    # 4.3965: docs/path-norm-branching.md; by counting alone, which there is without training, 20 percent more
    assert 4.3964 < result.upper_bound < 4.5
    assert result.lower_bound <= 4.3965


@pytest.mark.parametrize(
    ("problem", "options"),
    [
        (LARGE, {"training": False}),
        pytest.param(LARGE, {"witness": "exact"}, marks=pytest.mark.slow),
        (datasets.parse("xor").problem(), {}),  # a handful of samples
        (Problem(range(100), [0, 1] * 50, affine="skip"), {}),  # at sort speed
    ],
)
def test_where_training_is_needless(problem, options, trained):
    if "witness" in options:
        options = {"witness": exact.solve(problem).network}
    result = least_path_norm(problem, 0.5, "weights", node_limit=1, **options)
    assert not trained
    assert result.network.solves(problem)


@pytest.mark.slow
def test_a_search_that_is_resumed_or_in_the_way_trains_no_more(tmp_path, trained):
    path = tmp_path / "search"
    least_path_norm(LARGE, 0.5, "weights", node_limit=1, training=False, checkpoint_file=path)
    least_path_norm(LARGE, 0.5, "weights", node_limit=1, checkpoint_file=path, resume=True)
    with pytest.raises(InputError, match="exists"):
        least_path_norm(LARGE, 0.5, "weights", node_limit=1, checkpoint_file=path)
    assert not trained


@pytest.mark.slow
def test_ctrl_c_in_training_leaves_an_interval(monkeypatch):
    monkeypatch.setattr(train_and_bound, "_trained", lambda *_: None)
    result = least_path_norm(LARGE, 0.5, "weights")
    assert result.status is Status.INTERRUPTED
    assert 0 < result.lower_bound < result.upper_bound
    assert result.nodes == 1


def test_bad_powers_are_refused_before_training(trained):
    with pytest.raises(InputError, match="p = 2"):
        least_path_norm(LARGE, 2.0)
    assert not trained
