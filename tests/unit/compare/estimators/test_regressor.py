"""The scikit-learn regressor: its interface by scikit-learn's own checks, its answers by known minima."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import sparsest
from sparsest import InputError, SparsestReLURegressor, datasets
from sparsest.continuous import find_sparse

UNPROVEN = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@UNPROVEN
@pytest.mark.slow
@parametrize_with_checks([SparsestReLURegressor(effort=0.02, node_limit=20)])
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


class TestRemark:
    def test_nothing_is_said_of_a_proven_minimum(self):
        model = SparsestReLURegressor().fit([[0.0], [1.0], [2.0]], [0, 1, 0])
        assert (model.status_, model.remark_) == ("optimal", "")

    def test_an_interval_warns_and_says_what_to_raise(self):
        data = datasets.load("uniform", d=2, n=16)
        with pytest.warns(ConvergenceWarning) as caught:
            model = SparsestReLURegressor(training=False, node_limit=20).fit(data.X, data.y)
        assert str(caught[0].message) == model.remark_
        counts = f"{model.upper_bound_} neurons, and only {model.lower_bound_} are proven to be needed"
        assert model.remark_.startswith(counts)
        assert "the node limit was reached: raise effort, node_limit or time_limit" in model.remark_

    def test_what_numbers_stand_for_is_a_parameter(self):
        # 0.1, 0.2, 0.3, 0.4 and 0, 1, 2, 3 are on a line in decimals, and their floats are not
        X, y = [[0.1], [0.2], [0.3], [0.4]], [0.0, 1.0, 2.0, 3.0]
        for numbers in ("auto", "decimal"):
            assert SparsestReLURegressor(numbers=numbers, training=False).fit(X, y).upper_bound_ == 1
        model = SparsestReLURegressor(numbers="binary", training=False).fit(X, y)
        assert (model.status_, model.lower_bound_, model.upper_bound_) == ("optimal", 2, 2)

    def test_a_fallback_along_a_line_says_so(self):
        # too little effort for any search: what is left is a function of one projection of the inputs
        data = datasets.load("uniform", d=3, n=40)
        with pytest.warns(ConvergenceWarning, match="merely joins the labels along a line"):
            model = SparsestReLURegressor(effort=1e-6, node_limit=1).fit(data.X, data.y)
        assert np.linalg.matrix_rank(model.network_.weights) == 1
        assert np.allclose(model.predict(data.X), data.y, atol=1e-6)

    @pytest.mark.slow
    def test_weights_are_proven_by_default(self):
        data = datasets.load("xor")
        model = SparsestReLURegressor(objective="weights").fit(data.X, data.y)
        assert (model.status_, model.proof_, model.upper_bound_) == ("optimal", "exact", 4)


# 3 + max(0, x): one neuron beside a constant or a skip, two without; 1 + x needs none beside a skip
@pytest.mark.parametrize(
    ("affine", "ramp", "line"),
    [("none", 2, 1), ("constant", 1, 1), ("skip", 1, 0)],
    ids=["none", "constant", "skip"],
)
def test_affine_terms(affine, ramp, line):
    x = np.array([[-2.0], [-1.0], [0.0], [1.0], [2.0]])
    for y, fewest in ((3 + np.maximum(0, x[:, 0]), ramp), (3 + x[:, 0], line)):
        model = SparsestReLURegressor(affine=affine).fit(x, y)
        assert (model.lower_bound_, model.upper_bound_) == (fewest, fewest)
        assert np.allclose(model.predict(x), y)


def test_equal_effort_gives_equal_networks():
    data = datasets.load("uniform", d=2, n=14)
    problem = data.problem()
    first, second = (find_sparse(problem, effort_limit=0.05) for _ in range(2))
    assert first.network == second.network
    assert first.options["effort_limit"] == 0.05
    with pytest.raises(InputError, match="effort_limit"):
        find_sparse(problem, effort_limit=0)


@pytest.mark.parametrize(("name", "minimum"), [("peak-plateau", 3), ("xor", 2), ("zigzag", 5)])
@pytest.mark.slow
def test_known_minima(name, minimum):
    data = datasets.load(name)
    model = SparsestReLURegressor().fit(data.X, data.y)
    assert (model.lower_bound_, model.upper_bound_, model.network_.width) == (minimum, minimum, minimum)
    assert (model.proof_, model.status_) == ("exact", "optimal")
    assert model.score(data.X, data.y) == 1.0


@UNPROVEN
@pytest.mark.slow
def test_a_tolerance_costs_neurons_less():
    # |x| but for errors of 0.01: two neurons with a tolerance, and more to meet every label
    x = np.linspace(-1, 1, 9)[:, None]
    y = np.abs(x[:, 0]) + 0.01 * np.array([1, -1, 1, -1, 0, 1, -1, 1, -1])
    coarse, fine = SparsestReLURegressor(0.01).fit(x, y), SparsestReLURegressor().fit(x, y)
    assert coarse.upper_bound_ == 2 < fine.lower_bound_
    assert np.abs(coarse.predict(x) - y).max() <= 0.01 + 1e-12


@UNPROVEN
@pytest.mark.slow
def test_equal_parameters_give_equal_networks():
    data = datasets.load("uniform", d=2, n=10, seed=3)
    models = [SparsestReLURegressor(node_limit=50, random_state=7) for _ in range(2)]
    first, second = (clone(model).fit(data.X, data.y) for model in models)
    assert first.network_ == second.network_
    assert first.lower_bound_ <= first.upper_bound_


@UNPROVEN
def test_limits_leave_an_interval():
    data = datasets.load("uniform", d=2, n=16)
    model = SparsestReLURegressor(time_limit=1.0, node_limit=None).fit(data.X, data.y)
    assert model.lower_bound_ < model.upper_bound_
    assert model.status_ == "time_limit"
    assert np.allclose(model.predict(data.X), data.y, atol=1e-8)


@pytest.mark.slow
@UNPROVEN
def test_in_a_pipeline_and_a_grid_search():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(24, 2))
    y = np.maximum(0, X[:, 0] - 0.3) - 0.5 * np.maximum(0, X[:, 1])
    model = make_pipeline(StandardScaler(), SparsestReLURegressor(1e-6, node_limit=500))
    search = GridSearchCV(model, {"sparsestrelurregressor__tolerance": [1e-6, 0.3]}, cv=2)
    with pytest.raises(ValueError, match="Invalid parameter"):
        search.fit(X, y)
    search = GridSearchCV(model, {"sparsestreluregressor__tolerance": [1e-6, 0.3]}, cv=2).fit(X, y)
    assert search.best_params_ == {"sparsestreluregressor__tolerance": 1e-6}
    assert search.best_estimator_[-1].upper_bound_ == 2


def test_contradictory_labels_are_refused_in_a_sentence():
    with pytest.raises(InputError, match=r"equal|same"):
        SparsestReLURegressor().fit([[0.0], [0.0]], [0.0, 1.0])


def test_it_is_found_on_the_package():
    assert sparsest.SparsestReLURegressor is SparsestReLURegressor


class TestMaxNeurons:
    X, Y = np.linspace(-2, 2, 21)[:, None], np.abs(np.linspace(-2, 2, 21))

    def test_a_limit_that_is_enough_changes_nothing(self):
        model = SparsestReLURegressor(max_neurons=2).fit(self.X, self.Y)
        assert (model.network_.width, model.n_missed_, model.remark_) == (2, 0, "")

    def test_fewer_than_are_needed_come_as_close_as_one_neuron_can(self):
        # one neuron without an affine term is 0 on one side: on the other it is |x| itself at best, and what
        # is left, x^2 over the ten samples of a side, is half of all
        with pytest.warns(
            ConvergenceWarning, match="of at most 1 neuron the network that comes closest misses"
        ):
            model = SparsestReLURegressor(max_neurons=1).fit(self.X, self.Y)
        assert (model.network_.width, model.lower_bound_, model.upper_bound_) == (1, 2, 2)
        loss = np.sum((model.predict(self.X) - self.Y) ** 2)
        assert loss < 0.51 * np.sum(self.Y**2)
        assert model.n_missed_ >= 10

    @UNPROVEN
    @pytest.mark.slow
    def test_noise_is_averaged_and_not_followed(self):
        # 3 max(0, x1) - 2 max(0, x2) with noise of standard deviation 0.3: two neurons leave about its square
        rng = np.random.default_rng(0)
        X = rng.normal(size=(200, 2))
        clean = 3 * np.maximum(0, X[:, 0]) - 2 * np.maximum(0, X[:, 1])
        model = SparsestReLURegressor(0.1, max_neurons=2, training=False, node_limit=10)
        model.fit(X, clean + 0.3 * rng.normal(size=200))
        assert model.network_.width <= 2
        assert np.sqrt(np.mean((model.predict(X) - clean) ** 2)) < 0.1

    @pytest.mark.parametrize("limit", [0, -1, 1.5, True, "two"])
    def test_what_is_no_limit_is_refused(self, limit):
        with pytest.raises(InputError, match=r"max_neurons = .*: it must be"):
            SparsestReLURegressor(max_neurons=limit).fit(self.X, self.Y)


class TestParameters:
    """Out of range they are refused whatever the data need, and scikit-learn's own spellings are known."""

    X, Y = [[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]

    @pytest.mark.parametrize(
        ("parameters", "said"),
        [
            ({"p": 2}, "p = 2"),
            ({"effort": -1.0}, "effort_limit = -1.0"),
            ({"random_state": -1}, "random_state = -1"),
            ({"random_state": "0"}, "random_state = '0'"),
            ({"n_jobs": 0}, "n_jobs = 0"),
            ({"n_jobs": 1.5}, "n_jobs = 1.5"),
        ],
    )
    def test_what_no_parameter_may_be_is_refused_before_the_search(self, parameters, said):
        with pytest.raises(InputError, match=said):
            SparsestReLURegressor(**parameters).fit(self.X, self.Y)

    def test_all_processors(self):
        assert SparsestReLURegressor(n_jobs=-1).fit(self.X, self.Y).upper_bound_ == 2

    @UNPROVEN
    def test_a_random_state_is_a_seed(self):
        data = datasets.load("uniform", d=2, n=10)
        drawn = [np.random.RandomState(3) for _ in range(2)]
        first, second = (
            SparsestReLURegressor(node_limit=20, effort=0.02, random_state=state).fit(data.X, data.y)
            for state in drawn
        )
        assert first.network_ == second.network_
        assert drawn[0].randint(100) == drawn[1].randint(100)
