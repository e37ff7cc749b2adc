"""Datasets are frozen: their bytes are pinned, and what is claimed about them is checked."""

import dataclasses

import numpy as np
import pytest

from sparsest import InputError, Network, Problem, Status, datasets, exact

# First half of the SHA-256 of the problem without a skip, at the suggested tolerance. A digest that changes
# means that published figures are about other data: rename the dataset rather than change it.
DIGESTS = {
    "peak-plateau": "bcad7444974fd2fd",
    "xor": "b360b15f8cfc510a",
    "parity-3": "6a72beb543670ee5",
    "tent": "14f2de420c102efa",
    "zigzag": "972bc29b4729d1ec",
    "staircase": "f3fdbd795447a267",
    "convex": "a6b61d57350704cb",
    "close4": "c6a5d4a3f6859432",
    "anscombe-1": "0813d0de90842f14",
    "anscombe-2": "8a29d48a14dbb2bc",
    "anscombe-3": "9ce3e01799b8b031",
    "anscombe-4": "2e7c9f176e0d3b3e",
    "high-dimensional": "1fd998288c9b5a23",
    "planted": "039f57a83a3aba63",
    "noisy": "a421b5582665b318",
    "uniform": "e798731cd2ca3707",
}

# The activation tree needs more than two seconds for these; their lower bounds are checked all the same.
SLOW = {("parity-3", "none"), ("anscombe-1", "none"), ("anscombe-3", "none")}

CLAIMS = [(name, claim) for name in datasets.names() for claim in datasets.load(name).known]


def test_names_are_those_pinned():
    assert datasets.names() == list(DIGESTS)


@pytest.mark.parametrize("name", DIGESTS)
def test_data_are_frozen(name):
    assert datasets.load(name).problem().digest[:16] == DIGESTS[name]


@pytest.mark.parametrize("name", DIGESTS)
def test_names_read_back(name):
    data = datasets.load(name)
    again = datasets.parse(data.name)
    assert again.name == data.name
    assert again.problem() == data.problem()
    assert data.description.endswith(".")
    assert data.source
    assert data.known or name == "uniform"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "claim"), CLAIMS, ids=[f"{n}-{c.objective}-{c.affine}-{c.how}" for n, c in CLAIMS]
)
def test_claims(name, claim):
    problem = datasets.load(name).problem(affine=claim.affine)
    slow = (name, claim.affine) in SLOW and claim.objective == "neurons"
    result = exact.solve(problem, claim.objective, node_limit=500 if slow else None, time_limit=30)
    if slow:
        assert result.lower_bound <= claim.value
        assert result.upper_bound is None or result.upper_bound >= claim.value
        return
    assert result.status is Status.OPTIMAL
    if claim.how == "bound":
        assert result.upper_bound <= claim.value
    else:
        assert result.lower_bound == result.upper_bound == claim.value
    if claim.how == "proven" and claim.objective == "neurons":
        assert str(result.proof) == "exact"


def test_parity_by_hand():
    # with s = x + y + z in {0, 1, 2, 3}: max(0, s) - 2 max(0, s - 1) + 2 max(0, s - 2)
    network = Network(np.ones((3, 3)), [0, -1, -2], [1, -2, 2])
    assert network.interpolates(datasets.load("parity-3").problem())


def test_close4_needs_steep_weights():
    # 15 max(0, x) - 15 max(0, x - 1/15)
    network = Network([[1], [1]], [0, -1 / 15], [15, -15])
    data = datasets.load("close4")
    assert network.solves(data.problem(weight_bound=15 * (1 + 1e-12)))
    assert not network.within_bound(data.problem(weight_bound=10))


def test_high_dimensional_bound_by_hand():
    data = datasets.load("high-dimensional")
    Xh = np.c_[data.X, np.ones(10)]
    g = np.linalg.lstsq(Xh, data.y, rcond=None)[0]
    assert Network.from_folded([g, -g], [1, -1]).interpolates(data.problem())
    assert Network(np.zeros((0, 50)), [], [], g).interpolates(data.problem(affine="skip"))


def test_anscombe_4_needs_its_tolerance():
    data = datasets.load("anscombe-4")
    # the labels at 8 run from 5.25 to 8.84: half of 3.59 is 1.795
    with pytest.raises(InputError, match=r"rows 3 and 6 have the same inputs"):
        data.problem(tolerance=1.79)
    assert data.problem(tolerance=1.795 + 1e-12).n_samples == 11


def test_planted_labels_are_those_of_a_network():
    for d, n, k, seed in ((1, 5, 1, 0), (3, 30, 5, 7), (2, 4, 0, 1)):
        data = datasets.load("planted", d=d, n=n, k=k, seed=seed)
        assert data.X.shape == (n, d)
        rng = np.random.default_rng(seed)
        rng.uniform(-1, 1, (n, d))
        weights, biases = rng.normal(size=(k, d)), rng.normal(size=k) * 0.5
        np.testing.assert_allclose(
            Network(weights, biases, (-1.0) ** np.arange(k))(data.X), data.y, atol=1e-14
        )


def test_options_reach_the_problem():
    data = datasets.load("planted")
    assert data.problem().high[0] - data.problem().low[0] == pytest.approx(2e-6)
    problem = data.problem(affine="skip", tolerance=0, weight_bound=3)
    assert problem == Problem(data.X, data.y, affine="skip", weight_bound=3)


def test_every_load_is_fresh():
    datasets.load("xor").X[:] = 5
    assert datasets.load("xor").X.max() == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        datasets.load("xor").name = "other"


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("xor", "xor"),
        ("xor:", "xor"),
        ("planted", "planted:d=2,n=20,k=3,seed=0"),
        ("planted:n=5", "planted:d=2,n=5,k=3,seed=0"),
        ("planted: seed = 4 , d=1", "planted:d=1,n=20,k=3,seed=4"),
        ("uniform:d=1,n=3,", "uniform:d=1,n=3,seed=0"),
        ("high-dimensional:seed=3", "high-dimensional:seed=3"),
    ],
)
def test_spellings(spelling, name):
    assert datasets.parse(spelling).name == name


@pytest.mark.parametrize(
    ("spelling", "words"),
    [
        ("xro", "did you mean 'xor'?"),
        ("", "known are peak-plateau"),
        ("nothing like it", "known are peak-plateau"),
        ("xor:d=2", "no parameter 'd': it takes none"),
        ("planted:q=1", "no parameter 'q': it takes d, n, k, seed"),
        ("planted:d", "'d' in 'planted:d' is not key=number"),
        ("planted:d=x", "is not key=number"),
        ("planted:d=2.0", "is not key=number"),
        ("planted:d=2;n=4", "is not key=number"),
        ("planted:d=" + "9" * 5000, "is not key=number"),
        ("planted:d=1,d=2", "'d' stands twice"),
        ("planted:d=-1", "d = -1 for dataset 'planted'"),
        ("planted:d=0", "d = 0 for dataset 'planted': at least 1"),
        ("uniform:n=0", "n = 0 for dataset 'uniform': at least 1"),
        ("uniform:d=100000,n=100000", "too large"),
        ("planted:k=1000000000", "too large"),
        ("planted:d=10000,k=100000", "too large"),
    ],
)
def test_refused_spellings(spelling, words):
    with pytest.raises(InputError) as caught:
        datasets.parse(spelling)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_name_with_parameters_is_for_parse():
    with pytest.raises(InputError, match=r"'planted:d=2': `datasets.parse` takes a name with its parameters"):
        datasets.load("planted:d=2")


@pytest.mark.parametrize("value", [True, 2.0, "2", None, np.float64(2), -1])
def test_parameters_are_whole_numbers(value):
    with pytest.raises(InputError, match="a whole number, not negative, is needed"):
        datasets.load("planted", n=value)
    assert datasets.load("planted", n=np.int64(5)).X.shape == (5, 2)
