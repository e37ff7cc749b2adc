import json
from fractions import Fraction

import numpy as np
import pytest
from helpers import lattice
from hypothesis import given
from hypothesis import strategies as st
from oracles import brute_force

from sparsest import InputError, Network, Problem, check_proof, exact, load, save
from sparsest.check import ProofError
from sparsest.decimals import decimal_places
from sparsest.results.path_norm import MinimiserCount
from sparsest.units import in_integer_units, in_own_units

GRID = np.array([[i, j] for i in range(4) for j in range(4)], dtype=float)


class TestPlaces:
    @pytest.mark.parametrize(
        ("column", "places"),
        [
            ([0.1, 0.25], 2),
            ([0.5, 0.25, 3.0], 0),  # floats without rounding mean the same either way
            ([1.0, 2.0, 1e20], 0),
            ([3 * 0.1, 3 * 0.7], 1),  # 0.30000000000000004 and 2.0999999999999996 are 0.3 and 2.1, computed
            ([1.7e9 + 0.1, 1.7e9 + 0.2], 1),
            ([1e-9, 2e-9], 9),
            ([-np.inf, 0.1, np.inf], 1),
            ([], 0),
            ([1 / 3], None),
            (
                np.float32([0.1, 0.25, -12.3456]),
                4,
            ),  # tensors and Parquet files hold decimals in single precision
            (np.float32([0.1, 1 / 3]), None),
            (np.float32([0.1, 1234.567]), None),  # 7 digits, of which single precision keeps 6
            ([float(np.float32(0.1)), 0.2], None),  # not all in single precision
            ([0.1, 1 / 3], None),
            ([0.1, np.nextafter(0.1, 1.0)], None),  # two numbers, which no decimal of few digits tells apart
            ([0.7, 0.3 - 3 * 0.1, 0.2], 1),  # -5.55e-17, a quarter of a unit of 0.7: nothing
            ([1.1 - 1.0, 1.1], 1),  # 0.10000000000000009 is six of its own units off
            ([2.1 / 0.3, 1.0], 1),  # 7.000000000000001 is 7, computed
            ([0.7, 1e-17, 0.2], None),  # written with one digit: meant
            ([0.7, 2e-15 / 3, 0.2], None),  # six units of 0.7
            ([1e-300], None),
            ([0.123456789012345], 15),
            ([0.1234567890123456], None),  # 16 digits
        ],
    )
    def test_of_a_column(self, column, places):
        assert decimal_places(np.array(column, dtype=np.float64)) == places

    def test_labels_may_be_one_decimal_computed_in_two_ways(self):
        column = np.array([0.1, np.nextafter(0.1, 1.0), 0.3])
        assert decimal_places(column) is None
        assert decimal_places(column, apart=False) == 1

    def test_labels_may_be_differences_of_larger_inputs(self):
        # 10.3 - 10.1 = 0.20000000000000107, 38 units of 0.2 and less than one of 10
        column = np.array([10.3 - 10.1, 10.2 - 10.1, 0.0])
        assert decimal_places(column, apart=False) is None
        assert decimal_places(column, apart=False, origin=10.3) == 1
        # nothing tells zeros that were computed from labels of small units
        assert decimal_places(np.array([0.0, 2.220446049250313e-16]), apart=False, origin=2.8) is None
        # 2 + 2^-40 is 2 ** 11 units of 2 off: that is meant, however large inputs are
        assert decimal_places(np.array([1.0, 2 + 2.0**-40]), apart=False, origin=2e4) is None
        # at 1e12 hardly a decimal would not be near enough
        assert decimal_places(column, apart=False, origin=1e12) is None
        assert decimal_places(np.random.default_rng(0).random(9), origin=1e9) is None

    def test_a_late_number_of_many_digits_is_seen(self):
        assert decimal_places(np.r_[np.full(1000, 0.1), np.pi]) is None

    @given(st.lists(st.integers(-(10**11), 10**11), min_size=1), st.integers(1, 11))
    def test_quotients_are_read_as_what_they_are(self, integers, places):
        column = np.array([value / 10**places for value in integers])
        found = decimal_places(column)
        assert found is not None
        for value, read in zip(integers, column.tolist(), strict=True):
            own = Fraction(round(Fraction(read) * 10**found), 10**found) if found else Fraction(read)
            assert own == Fraction(value, 10**places)

    @given(st.integers(-(10**6), 10**6), st.sampled_from([0.1, 0.7, 0.01, 0.003]))
    def test_products_are_read_as_decimals(self, k, step):
        problem = Problem([k * step, 0.3], [0, 0])
        x = problem.in_integers.X[0, 0]
        assert Fraction(x) / 10 ** problem.places[0] == k * Fraction(str(step))


class TestProblem:
    @pytest.mark.parametrize("bound", [None, 5.0])
    def test_a_table_in_single_precision_is_that_of_its_decimals(self, bound):
        x = np.arange(10) / 10
        single = Problem(np.float32(x), np.float32(abs(x - 0.5)), weight_bound=bound)
        assert single == Problem(x, abs(x - 0.5), weight_bound=bound)
        binary = Problem(np.float32(x), np.float32(abs(x - 0.5)), numbers="binary")
        assert binary.X[1, 0] == np.float32(0.1) != single.X[1, 0]

    def test_interval_ends_are_decimals_too(self):
        problem = Problem([0, 1], [0.3, 0.7], tolerance=0.1)  # the floats 0.3 - 0.1 and 0.7 + 0.1 are others
        assert problem.places == (0, 1)
        assert problem.low.tolist() == [0.2, 0.6]
        assert problem.high.tolist() == [0.4, 0.8]

    def test_columns_are_judged_one_by_one(self):
        problem = Problem([[0.1, 1 / 3], [0.2, 0.5]], [1, 2])
        assert problem.places == (1, 0, 0)
        assert problem.in_integers.X.tolist() == [[1, 1 / 3], [2, 0.5]]

    def test_binary_is_what_floats_are(self):
        problem = Problem([0.1, 0.2, 0.3], [0, 1, 2], numbers="binary")
        assert problem.places == (0, 0)
        assert problem.in_integers is problem
        assert problem != Problem([0.1, 0.2, 0.3], [0, 1, 2])
        # 0.1, 0.2 and 0.3 as floats are not equally far apart, so that the labels are on no line
        assert exact.solve(problem.replace(affine="skip")).lower_bound == 1
        assert exact.solve(Problem([0.1, 0.2, 0.3], [0, 1, 2], affine="skip")).upper_bound == 0

    def test_decimals_of_too_many_digits_are_refused(self):
        with pytest.raises(InputError, match=r"column 0 holds 0\.333.*numbers=\"binary\""):
            Problem([1 / 3, 1], [0, 1], numbers="decimal")
        with pytest.raises(InputError, match="choose one of 'auto', 'decimal', 'binary'"):
            Problem([0, 1], [0, 1], numbers="roman")

    def test_parts_stand_for_the_same_numbers(self):
        problem = Problem([[0.1, 0.1], [1 / 3, 0.2], [0.1, 0.1]], [1, 2, 1])
        assert problem.places == (0, 1, 0)
        assert problem.subset([0, 2]).places == problem.distinct().places == problem.places
        assert problem.replace(affine="skip").places == problem.places
        assert problem.replace(X=[[0.5, 0.25]] * 3, low=[0] * 3, high=[1] * 3).places == (0, 0, 0)

    def test_a_weight_bound_is_one_number_for_all_features(self):
        problem = Problem([[0.1, 1], [0.25, 2]], [1, 2], weight_bound=0.3)
        assert problem.places == (2, 2, 3)  # labels in thousandths, inputs in hundredths: weights in tenths
        assert problem.in_integers.weight_bound == 3
        assert Problem([0.1], [1 / 3], weight_bound=0.3).places == (0, 0)  # no power of ten suits both
        with pytest.raises(InputError, match="too many digits together"):
            Problem([1e-12], [123456.7], weight_bound=1.0, numbers="decimal")

    @pytest.mark.parametrize("ending", ["json", "npz"])
    def test_files_keep_it(self, ending, tmp_path):
        for numbers in ("auto", "binary"):
            problem = Problem([0.1, 0.2], [0.3, 1], tolerance=0.01, numbers=numbers)
            save(problem, tmp_path / f"problem.{ending}")
            again = load(tmp_path / f"problem.{ending}")
            assert again == problem
            assert again.places == problem.places


@pytest.mark.parametrize("places", [(1, 0), (2, 1), (0, 1), (1,), (1, 1, 1), (1, 30)])
def test_places_that_the_numbers_do_not_have_are_refused(places):
    # a damaged file must not move a number to the nearest decimal of so many places
    with pytest.raises(InputError, match="places = "):
        Problem.from_intervals([0.125, 0.3], [1 / 3, 1], [1 / 3, 1], places=places)


def test_networks_change_units_and_back():
    problem = Problem([[0.1, 5], [0.25, 1]], [0.001, 2], affine="skip")
    network = Network([[1.5, -2]], [0.75], [3.0], [1.0, 2, -0.5])
    assert np.allclose(
        in_integer_units(problem, network)(problem.in_integers.X), 1000 * network(problem.X), rtol=1e-12
    )
    again = in_own_units(problem, in_integer_units(problem, network))
    for name in ("weights", "biases", "outputs", "affine"):
        assert np.allclose(getattr(again, name), getattr(network, name), rtol=1e-15)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "affine", "objective", "size"),
    [
        (0.1, "none", "neurons", 4), (0.7, "constant", "weights", 3), (1e-3, "skip", "parameters", 2),
        (0.7, "constant", "neurons", 4), (1e-3, "skip", "weights", 3), (0.1, "none", "parameters", 2),
    ],
)  # fmt: skip
def test_a_step_of_a_table_changes_no_count(step, affine, objective, size):
    X = GRID[(size > GRID).all(axis=1)]
    labels = np.maximum(X[:, 0], X[:, 1])
    whole = exact.solve(Problem(X, labels, affine=affine), objective, time_limit=60)
    found = exact.solve(Problem(step * X, labels, affine=affine), objective, time_limit=60)
    assert (found.lower_bound, found.upper_bound) == (whole.lower_bound, whole.upper_bound)
    assert found.status == whole.status == "optimal"
    assert found.network.solves(Problem(step * X, labels, affine=affine))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_decimals_are_the_integers_in_other_units(seed):
    whole = lattice(seed, 5, 2, affine=["none", "constant", "skip"][seed % 3])
    problem = Problem(0.1 * whole.X, 0.01 * whole.low, affine=whole.affine)
    assert problem.places == (1, 1, 2) or not whole.low.any()
    fewest = brute_force.minimum_neurons(whole, 5)
    found = exact.solve(problem)
    assert (found.lower_bound, found.upper_bound) == (fewest, fewest)
    assert found.residual <= 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["neurons", "weights", "parameters"])
def test_least_path_norms_and_p_star_are_those_of_decimals(objective):
    # 0.1, 0.2, 0.3 are on a line with their labels; the floats are not quite, which cost a neuron
    x, y = np.array([0.1, 0.2, 0.3, 0.4]), [0.1, 0.2, 0.3, 0.3]
    found = exact.minimize_path_norm(Problem(x, y, affine="skip"), 0.5, objective)
    # max(0, -a (x - 0.3)) bends by 1 at 0.3: |v w| is 1, and with b = -0.3 of a parameter more
    best = {"neurons": np.sqrt(1.0), "weights": 1.0, "parameters": 1 + np.sqrt(0.3)}[objective]
    if objective == "neurons":  # the norm of (w, b)
        best = np.sqrt(np.abs([1.0, 0.3]).sum())
    assert found.upper_bound == pytest.approx(best, rel=1e-6)
    assert exact.threshold(Problem(x, y, affine="skip"), objective).upper_bound == 1
    assert exact.cost_curves(Problem(x, y, affine="skip"), [0.5], objective).sparsest == pytest.approx(best)


def test_minimisers_of_decimals_are_counted():
    # changes of slope 1, 1, 1: the first two or the last two may be joined
    for step in (1.0, 0.1):
        x, y = step * np.arange(5), step * np.array([0, 0, 1, 3, 6.0])
        assert exact.count_minimisers(Problem(x, y, affine="skip"), 0.5, "weights") == MinimiserCount(2, 2)


@pytest.fixture(scope="module")
def proof(tmp_path_factory):
    """A table, and the document of its proof: steps of 0.1, labels within 0.05 of the larger input."""
    path = tmp_path_factory.mktemp("proof") / "proof.json"
    problem = Problem(0.1 * GRID, GRID.max(axis=1) / 100, tolerance=0.05 / 100, affine="skip")
    exact.solve(problem, proof_file=path)
    return problem, path


def test_a_proof_is_about_the_decimals(proof, tmp_path):
    problem, path = proof
    assert problem.places == (1, 1, 4)
    checked = check_proof(path, problem, affine="skip", tolerance=0.0005)
    assert (checked.lower_bound, checked.upper_bound) == (1, 1)
    save(problem, tmp_path / "problem.json")
    assert check_proof(path, tmp_path / "problem.json").data_compared
    table = "".join(f"{x / 10},{y / 10},{max(x, y) / 100}\n" for x, y in GRID)
    (tmp_path / "table.csv").write_text("a,b,y\n" + table)
    assert check_proof(path, tmp_path / "table.csv", tolerance=0.0005).data_compared


def test_a_table_of_computed_decimals_is_that_of_the_proof(tmp_path):
    # |x - 0.3|: two neurons; of the floats themselves, 0.3 - 0.30000000000000004 and the like, it takes five
    x = np.linspace(0, 1, 11)
    y = np.abs(x - 0.3)
    assert exact.solve(Problem(x, y), proof_file=tmp_path / "proof.json").upper_bound == 2
    for numbers, name in ((y, "same"), (np.where(y > 1e-9, y, 1e-15), "other")):
        rows = zip(x.tolist(), numbers.tolist(), strict=True)
        (tmp_path / f"{name}.csv").write_text("x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in rows))
    assert check_proof(tmp_path / "proof.json", tmp_path / "same.csv").data_compared
    with pytest.raises(ProofError, match="not that of the data"):
        check_proof(tmp_path / "proof.json", tmp_path / "other.csv")


def test_labels_computed_from_large_inputs_are_those_of_the_proof(tmp_path):
    # |x - 10.1| on 10, 10.1, ..., 10.5: one kink, and the skip has the slopes
    x = 10 + 0.1 * np.arange(6)
    y = np.abs(x - (10 + 0.1))
    assert exact.solve(Problem(x, y, affine="skip"), proof_file=tmp_path / "proof.json").upper_bound == 1
    rows = zip(x.tolist(), y.tolist(), strict=True)
    (tmp_path / "table.csv").write_text("x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in rows))
    assert check_proof(tmp_path / "proof.json", tmp_path / "table.csv", affine="skip").data_compared
    assert Problem.from_intervals(x[:, None], y - 0.01, y + 0.01).places == (1, 2)


def test_data_that_mean_something_else_are_rejected(proof):
    problem, path = proof
    binary = problem.replace(numbers="binary")
    with pytest.raises(ProofError, match="interval is not that of the data"):
        check_proof(path, binary)
    with pytest.raises(ProofError, match="interval is not that of the data"):
        check_proof(path, problem.replace(low=problem.low - 0.0001))
    with pytest.raises(ProofError, match="tolerance"):
        check_proof(path, tolerance=0.05)


def test_a_proof_about_floats_says_so(tmp_path):
    problem = Problem([0.1, 0.2, 0.3], [0, 1, 0], affine="skip")
    exact.solve(problem.replace(numbers="binary"), proof_file=tmp_path / "proof.json")
    with pytest.raises(ProofError, match="takes numbers for the binary floats"):
        check_proof(tmp_path / "proof.json", problem)


@pytest.mark.parametrize("places", [[1, 1], [1, 1, 23], [1, 1, -1], [1, 1, "4"], 1, [2, 1, 4], None])
def test_other_places_are_rejected(proof, places):
    problem, path = proof
    document = json.loads(path.read_text())
    document["problem"]["places"] = places
    with pytest.raises(ProofError):
        check_proof(document, problem)


def test_a_weight_bound_of_decimals_is_in_the_proof(tmp_path):
    # of positive neurons one pattern makes one slope; 2 takes a weight of 2, or two neurons of 1.5
    for bound, neurons in ((2.5, 1), (1.5, 2)):
        problem = Problem([0.1, 0.3], [0.0, 0.4], weight_bound=bound)
        found = exact.solve(problem, method="tree", proof_file=tmp_path / "proof.json")
        checked = check_proof(tmp_path / "proof.json", problem, weight_bound=bound)
        assert checked.lower_bound == found.lower_bound == found.upper_bound == neurons
        assert Fraction(checked.weight_bound) == Fraction(bound)
