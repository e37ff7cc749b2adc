"""Problems with several outputs: what they hold, what they refuse, and their problems along directions."""

import copy
import inspect
import pickle
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sparsest
from sparsest import Affine, InputError, MultiOutputProblem, Problem, continuous, exact

# Two outputs at three inputs: y = x, and 1 - y in tenths.
X = [[0], [1], [2]]
Y = [[0, 0.1], [1, 0.3], [2, 0.6]]


def entries(problem):
    """Exact interval ends (N, m) as fractions, None where open: each float, or the decimal it spells."""

    def exact_end(value, places):
        if np.isinf(value):
            return None
        return Fraction(repr(float(value))) if places else Fraction(float(value))

    places = problem.places[problem.n_features :]
    return tuple(
        [[exact_end(v, k) for v, k in zip(row, places, strict=True)] for row in ends.tolist()]
        for ends in (problem.low, problem.high)
    )


class TestWhatItHolds:
    def test_shapes_and_the_problem_of_each_output(self):
        problem = MultiOutputProblem(X, Y, affine="constant", tolerance=[0, 0.05])
        assert (problem.n_samples, problem.n_features, problem.n_outputs) == (3, 1, 2)
        assert problem.outputs == (
            Problem(X, [0, 1, 2], affine="constant"),
            Problem(X, [0.1, 0.3, 0.6], affine="constant", tolerance=0.05),
        )
        assert problem.low.tolist() == [[0, 0.05], [1, 0.25], [2, 0.55]]
        assert problem.high.tolist() == [[0, 0.15], [1, 0.35], [2, 0.65]]
        assert problem.places == (0, 0, 2)
        assert problem.affine is Affine.CONSTANT
        assert problem.has_affine_term
        assert not problem.is_interpolation
        assert problem.meaning == "the labels taken for decimals of up to 2 places"
        with pytest.raises(ValueError, match="read-only"):
            problem.low[0, 0] = 1

    def test_tolerances_of_an_entry(self):
        whole = np.arange(6.0).reshape(3, 2)
        problem = MultiOutputProblem(X, whole, tolerance=whole / 4)
        assert np.array_equal(problem.high, whole * 1.25)
        assert np.array_equal(problem.low, whole * 0.75)

    def test_names_of_a_data_frame(self):
        table = pd.DataFrame(Y, columns=["up", "down"])
        problem = MultiOutputProblem(pd.DataFrame(X, columns=["t"]), table)
        assert (problem.feature_names, problem.target_names) == (("t",), ("up", "down"))
        assert [output.target_name for output in problem.outputs] == ["up", "down"]
        assert problem == MultiOutputProblem(X, Y)

    def test_copies_and_changes(self):
        problem = MultiOutputProblem(X, Y, tolerance=0.05)
        for same in (pickle.loads(pickle.dumps(problem)), copy.deepcopy(problem)):
            assert same == problem
            assert hash(same) == hash(problem)
            assert not same.low.flags.writeable
        assert problem.replace(affine="skip").outputs[1] == problem.outputs[1].replace(affine="skip")
        assert problem.replace(affine="skip") != problem
        assert problem.subset([2, 0]).outputs[0] == problem.outputs[0].subset([2, 0])
        assert problem.replace(low=problem.low - 1).low[1, 0] == pytest.approx(-0.05)

    def test_the_digest_tells_outputs_and_their_order_apart(self):
        first, second = np.array(Y).T
        digests = {
            MultiOutputProblem(X, columns.T).digest
            for columns in (np.array([first, second]), np.array([second, first]), np.array([first, first]))
        }
        assert len(digests) == 3

    def test_equal_inputs_are_merged_output_by_output(self):
        # at 0: [0, 2] and [1, 3] meet in [1, 2]; the other output has [5, 5] twice
        problem = MultiOutputProblem([0, 0, 1], [[1, 5], [2, 5], [0, 0]], tolerance=[1, 0])
        merged = problem.distinct()
        assert merged.low.tolist() == [[1, 5], [-1, 0]]
        assert merged.high.tolist() == [[2, 5], [1, 0]]

    def test_violation(self):
        problem = MultiOutputProblem(X, Y, numbers="binary")
        away = problem.violation([[0, 1.1], [-1, 0.3], [2, 0.6]])
        assert away.tolist() == [[0, 1], [2, 0], [0, 0]]
        with pytest.raises(InputError, match=r"values have shape \(3,\): \(3, 2\) is needed"):
            problem.violation([0, 1, 2])


class TestWhatItRefuses:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ({"Y": [0, 1, 2]}, r"Y has shape \(3,\): X has 3 rows, so \(3, m\) is needed, .* Problem"),
            ({"Y": Y[:2]}, r"Y has shape \(2, 2\)"),
            ({"Y": np.zeros((3, 0))}, r"Y has shape \(3, 0\)"),
            ({"Y": [[0, "a"], [1, 2], [3, 4]]}, "Y"),
            ({"Y": [[0, np.nan], [1, 2], [3, 4]]}, "output 1: y holds nan at row 0: remove"),
            ({"X": [[0], [0], [2]]}, "output 0: rows 0 and 1 have the same inputs"),
            ({"X": [[0], [np.inf], [2]]}, "X holds inf at row 1, column 0"),
            ({"tolerance": [0, 0, 0]}, r"tolerance has shape \(3,\): one number, \(2,\) or \(3, 2\)"),
            ({"tolerance": [0, -1]}, "output 1: tolerance is -1 at row 0"),
            ({"target_names": ["a"]}, "2 texts are needed"),
            ({"target_names": [1, 2]}, "2 texts are needed"),
            ({"affine": "line"}, "affine = 'line'"),
            ({"Y": [[0, 1 / 3]] * 3, "numbers": "decimal"}, "output 1: .* decimals"),
        ],
    )
    def test_one_sentence(self, arguments, words):
        with pytest.raises(InputError, match=words) as caught:
            MultiOutputProblem(**({"X": X, "Y": Y} | arguments))
        assert "\n" not in str(caught.value)

    def test_intervals(self):
        with pytest.raises(InputError, match="output b: row 1 asks for a value in the empty interval"):
            MultiOutputProblem.from_intervals(
                [0, 1], [[0, 0], [0, 2]], np.ones((2, 2)), target_names=["a", "b"]
            )
        with pytest.raises(InputError, match=r"low has shape \(2, 2\) and high \(2, 1\)"):
            MultiOutputProblem.from_intervals([0, 1], np.zeros((2, 2)), np.zeros((2, 1)))
        with pytest.raises(InputError, match="3 whole numbers"):
            MultiOutputProblem.from_intervals([0, 1], np.zeros((2, 2)), np.zeros((2, 2)), places=[0, 0])

    def test_a_problem_of_one_output_names_this_one(self):
        with pytest.raises(InputError, match="; MultiOutputProblem takes several outputs"):
            Problem(X, Y)

    @pytest.mark.parametrize(
        "function",
        [
            lambda problem: exact.minimize_path_norm(problem, 0.5),
            exact.threshold,
            exact.frontier,
            lambda problem: exact.least_error(problem, 1),
            continuous.minimize,
            continuous.find_sparse,
            sparsest.compare_sides,
        ],
    )
    def test_what_is_answered_for_one_output_refuses_several(self, function):
        with pytest.raises(InputError, match="has 2 outputs, and this is answered for one output"):
            function(MultiOutputProblem(X, Y))


class TestAlong:
    def test_sums_of_intervals(self):
        # 2 [0, 1] - [3, 5] = [-5, -1], and 2 [1, 1] - [0, inf] = [-inf, 2]
        problem = MultiOutputProblem.from_intervals([0, 1], [[0, 3], [1, 0]], [[1, 5], [1, np.inf]])
        along = problem.along([2, -1])
        assert (along.low.tolist(), along.high.tolist()) == ([-5, -np.inf], [-1, 2])
        assert problem.along([1, 0]) == problem.outputs[0]
        assert problem.along(np.array([0, 1])).low.tolist() == [3, 0]

    def test_decimals_stay_decimals(self):
        # 3 * 0.1 + 0.25 is 0.55, which the floats miss
        problem = MultiOutputProblem([0.1, 0.2], [[0.1, 0.25], [0.2, 0.5]])
        along = problem.along([3, 1])
        assert along.places == (1, 2)
        assert along.low.tolist() == [0.55, 1.1]
        assert along.is_interpolation

    def test_what_no_float_holds_is_rounded_outwards(self):
        # 1/10 of a decimal column and a binary third: the sum has no float
        problem = MultiOutputProblem([0, 1], [[0.1, 1 / 3], [0.2, 0.5]])
        assert problem.places == (0, 1, 0)
        along = problem.along([1, 1])
        assert along.places == (0, 0)
        exact_sum = Fraction(1, 10) + Fraction(1 / 3)
        assert Fraction(along.low[0]) < exact_sum < Fraction(along.high[0])
        assert np.nextafter(along.low[0], 1) == along.high[0]

    @pytest.mark.parametrize("direction", [[0, 0], [1], [1, 0.5], [[1, 2]], ["a", 1], [np.nan, 1]])
    def test_other_than_whole_numbers_is_refused(self, direction):
        with pytest.raises(InputError, match="direction"):
            MultiOutputProblem(X, Y).along(direction)

    def test_sums_beyond_the_range_are_refused(self):
        problem = MultiOutputProblem([0, 1], [[1e100, 1e100], [0, 0]])
        with pytest.raises(InputError, match="rescale"):
            problem.along([1, 1])

    @given(
        st.lists(
            st.tuples(
                st.sampled_from([0.1, 0.25, 3.0, 1 / 3, -1e15, 7e-9]) | st.floats(-1e20, 1e20),
                st.sampled_from([0.1, -0.35, 2.0]),
                st.sampled_from([0.0, 0.1, np.inf]),
            ),
            min_size=1,
            max_size=4,
        ),
        st.lists(st.integers(-3, 3) | st.integers(-(10**6), 10**6), min_size=2, max_size=2).filter(any),
    )
    def test_intervals_hold_the_exact_sums_and_little_more(self, rows, direction):
        table = np.array(rows)
        low, high = table[:, :2].copy(), table[:, :2] + table[:, 2:]
        problem = MultiOutputProblem.from_intervals(np.arange(len(rows)), low, high)
        along = problem.along(direction)
        ends = [along.low, along.high]
        lower, upper = entries(problem)
        for i in range(len(rows)):
            for side in (0, 1):
                parts = [
                    c * (lower if (c > 0) == (side == 0) else upper)[i][j]
                    if (lower if (c > 0) == (side == 0) else upper)[i][j] is not None
                    else None
                    for j, c in enumerate(direction)
                    if c
                ]
                end = float(ends[side][i])
                if None in parts:
                    assert np.isinf(end)
                    continue
                total = sum(parts)
                got = Fraction(repr(end)) if along.places[-1] else Fraction(end)
                assert got <= total if side == 0 else got >= total
                assert abs(got - total) <= Fraction(float(np.spacing(abs(end))))

    def test_a_network_of_several_outputs_meets_it(self):
        network = sparsest.MultiOutputNetwork([[1.0]], [0.0], [[1.0, -2.0]], [[0, 1.0], [0, 0.5]])
        inputs = np.arange(4.0)
        problem = MultiOutputProblem(inputs, network(inputs[:, None]), affine="constant")
        assert network.along([3, 1]).solves(problem.along([3, 1]))


def test_signature_has_the_options_of_one_output():
    mine, its = (inspect.signature(kind).parameters for kind in (MultiOutputProblem, Problem))
    assert set(its) - set(mine) == {"y", "weight_bound", "target_name"}
