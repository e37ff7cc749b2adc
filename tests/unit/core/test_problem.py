"""What a `Problem` takes, what it refuses and in which words, and that its digest says what it holds."""

import copy
import dataclasses
import decimal
import hashlib
import pickle
import struct
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from hypothesis import given
from hypothesis import strategies as st

from sparsest import InputError, Problem, continuous, exact
from sparsest.affine import Affine
from sparsest.compare.agreement.compare import compare_sides
from sparsest.io.documents import decode, encode

TWO = [[1.0], [2.0]]
LARGE = 2**53 + 1  # the smallest positive integer that is not a float


def refusal(make):
    """The message of an `InputError`: one line, one sentence."""
    with pytest.raises(InputError) as caught:
        make()
    message = str(caught.value)
    assert message
    assert "\n" not in message
    assert len(message) < 400
    return message


ACCEPTED = {
    "lists": [[1.0, 0.0], [2.0, 1.0]],
    "tuples": ((1, 0), (2, 1)),
    "integers": np.array([[1, 0], [2, 1]], dtype=np.int8),
    "unsigned": np.array([[1, 0], [2, 1]], dtype=np.uint64),
    "half": np.array([[1, 0], [2, 1]], dtype=np.float16),
    "long double": np.array([[1, 0], [2, 1]], dtype=np.longdouble),
    "fractions": [[Fraction(1), Fraction(0, 3)], [Fraction(4, 2), Fraction(1)]],
    "decimals": [[decimal.Decimal("1.0"), 0], [2, 1]],
    "mixed numbers": [[Fraction(1), False], [np.float32(2), np.int64(1)]],
    "fortran order": np.asfortranarray([[1.0, 0.0], [2.0, 1.0]]),
    "frame": pd.DataFrame({"a": [1, 2], "b": [False, True]}),
    "nullable frame": pd.DataFrame(
        {"a": pd.array([1, 2], dtype="Int64"), "b": pd.array([False, True], dtype="boolean")}
    ),
    "nullable floats": pd.DataFrame({"a": [1, 2], "b": [0, 1]}).astype("Float64"),
    "arrow frame": pd.DataFrame({"a": [1, 2], "b": [0, 1]}).astype("int64[pyarrow]"),
    "tensor": torch.tensor([[1.0, 0.0], [2.0, 1.0]], dtype=torch.float64),
    "float32 tensor with gradient": torch.tensor([[1.0, 0.0], [2.0, 1.0]], requires_grad=True),
    "bfloat16 tensor": torch.tensor([[1.0, 0.0], [2.0, 1.0]], dtype=torch.bfloat16),
    "integer tensor": torch.tensor([[1, 0], [2, 1]]),
}


class TestAccepted:
    @pytest.mark.parametrize("X", ACCEPTED.values(), ids=ACCEPTED)
    def test_every_spelling_is_the_same_problem(self, X):
        assert Problem(X, [0, 1]) == Problem(np.array([[1.0, 0.0], [2.0, 1.0]]), np.array([0.0, 1.0]))

    @pytest.mark.parametrize(
        "y",
        [
            [False, True],
            np.array([0, 1], dtype=np.uint8),
            [Fraction(0), Fraction(1)],
            pd.Series([0, 1], dtype="Int64", index=[7, 3]),
            pd.Series([False, True], dtype="boolean"),
            pd.DataFrame({"y": [0, 1]}),
            [[0], [1]],
            torch.tensor([0.0, 1.0], requires_grad=True),
            range(2),
        ],
        ids=str,
    )
    def test_labels(self, y):
        assert Problem(TWO, y) == Problem(TWO, [0.0, 1.0])

    def test_a_flat_sequence_is_one_feature(self):
        assert Problem([1, 2], [0, 1]) == Problem(TWO, [0, 1])
        assert Problem(torch.tensor([1, 2]), [0, 1]).X.shape == (2, 1)
        assert Problem(pd.Series([1, 2]), [0, 1]).X.shape == (2, 1)

    def test_a_float32_is_the_decimal_that_it_was_stored_for_unless_told_otherwise(self):
        assert Problem(torch.tensor([[0.1]]), [0]).X[0, 0] == 0.1
        binary = Problem(torch.tensor([[0.1]]), [0], numbers="binary")
        assert binary.X[0, 0] == float(np.float32(0.1)) != 0.1

    def test_representable_numbers_beyond_2_to_the_53(self):
        problem = Problem([[2**53 + 2, 10**20], [0.5, -(2**63)]], [Fraction(3, 4), 2.0**-1074])
        np.testing.assert_array_equal(problem.X, [[2.0**53 + 2, 1e20], [0.5, -(2.0**63)]])
        np.testing.assert_array_equal(problem.low, [0.75, 5e-324])

    def test_huge_and_tiny_scales(self):
        problem = Problem([[1e100], [-1e100], [5e-324]], [1e100, -1e100, 5e-324])
        assert problem.label_scale == 1e100
        np.testing.assert_array_equal(problem.targets, [1e100, -1e100, 5e-324])

    def test_no_warning_hides_in_the_sizes(self):
        # the width of this interval is 2e100, and its middle is representable
        assert Problem.from_intervals([0], [-1e100], [1e100]).targets == [0]


REFUSED_X = [
    ([[1j], [2]], "type complex"),
    ([["a"], ["b"]], "type <U1"),
    ([["1"], ["2"]], "type <U1"),
    (np.array([["1"], [2]], dtype=object), "'1' at row 0, column 0"),
    (np.array([[1], [b"2"]], dtype=object), "b'2' at row 1, column 0"),
    ([[object()], [object()]], "not an array of numbers"),
    ([[1], [None]], "nothing at row 1, column 0"),
    (None, "nothing"),
    ([[1], [1, 2]], "inhomogeneous"),
    ([], "at least one sample"),
    ([[], []], "at least one sample"),
    (np.zeros((0, 3)), "at least one sample"),
    (np.zeros((2, 1, 1)), "two-dimensional"),
    (3.0, "two-dimensional"),
    ([[1, 2], [3, np.nan]], "nan at row 1, column 1: remove or fill"),
    ([[np.inf], [1]], "inf at row 0, column 0: remove or fill"),
    ([[1], [-np.inf]], "-inf at row 1, column 0"),
    ([[1], [1e101]], "1e+101 at row 1, column 0: rescale"),
    (np.array([[np.longdouble("1e400")], [0]]), "inf at row 0"),
    ([[1], [LARGE]], f"{LARGE} at row 1, column 0, which no 64-bit float represents"),
    ([[0.5], [LARGE]], f"{LARGE} at row 1, column 0, which no 64-bit float represents"),
    ([LARGE, -1.5], f"{LARGE} at row 0, which no 64-bit float represents"),
    (np.array([[0], [2**64 - 1]], dtype=np.uint64), "18446744073709551615 at row 1"),
    (pd.DataFrame({"a": [1, LARGE], "b": [0.5, 0.5]}), f"{LARGE} at row 1, column 0"),
    ([[1], [10**400]], "not an array of numbers"),
    (scipy.sparse.eye_array(2), "it is a sparse matrix, whose toarray() is needed"),
    ([[1], [Fraction(1, 3)]], "1/3 at row 1, column 0, which no 64-bit float represents"),
    ([[1], [decimal.Decimal("0.1")]], "0.1 at row 1, column 0, which no"),
    ([[1], [decimal.Decimal("sNaN")]], "not an array of numbers"),
    (np.longdouble([[1], [3]]) / np.longdouble(3), "at row 0, column 0, which no"),
    (pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}), "nan at row 1, column 0"),
    (pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [1.5, 2]}), "nothing at row 1, column 0"),
    (pd.DataFrame({"a": pd.to_datetime(["2020-01-01", "2020-01-02"])}), "type datetime64"),
    (np.ma.array([[1.0], [2.0]], mask=[[False], [True]]), "masked"),
    (torch.tensor([[1j], [2]]), "type complex"),
    (torch.eye(2).to_sparse(), "not an array of numbers"),
    (torch.empty(2, 1, device="meta"), "not an array of numbers"),
    ([torch.tensor([1.0], requires_grad=True), torch.tensor([2.0])], "not an array of numbers"),
    (np.zeros(2, dtype=[("a", float)]), "type"),
    ({1.0, 2.0}, "not an array of numbers"),
]


class TestRefused:
    @pytest.mark.parametrize(("X", "words"), REFUSED_X, ids=[words for _, words in REFUSED_X])
    def test_inputs(self, X, words):
        message = refusal(lambda: Problem(X, [0, 1]))
        assert message.startswith("X ")
        assert words in message

    @pytest.mark.skipif(np.finfo(np.longdouble).nmant == 52, reason="long double is double here")
    def test_the_long_double_cases_mean_something(self):
        assert np.longdouble(1) / 3 != float(np.longdouble(1) / 3)

    @pytest.mark.parametrize(
        ("y", "words"),
        [
            ([0], "y has shape (1,): X has 2 rows"),
            ([0, 1, 2], "y has shape (3,)"),
            ([[0, 1]], "y has shape (1, 2)"),
            (0.0, "y has shape ()"),
            ([0, np.nan], "y holds nan at row 1"),
            ([np.inf, 0], "y holds inf at row 0"),
            (["a", "b"], "y has type <U1"),
            ([0, Fraction(1, 3)], "y holds 1/3 at row 1"),
            ([0.5, LARGE], f"y holds {LARGE} at row 1"),
            (pd.Series([1, None], dtype="Float64"), "y holds nan at row 1"),
        ],
    )
    def test_labels(self, y, words):
        assert words in refusal(lambda: Problem(TWO, y))

    @pytest.mark.parametrize(
        ("tolerance", "words"),
        [
            (-1e-300, "tolerance = -1e-300: it must be a finite number, not negative"),
            (np.nan, "tolerance = nan"),
            (np.inf, "tolerance = inf"),
            ([0, -1], "tolerance is -1 at row 1: it must not be negative"),
            ([0, np.nan], "tolerance holds nan at row 1"),
            ([0.1], "tolerance has shape (1,)"),
            ("0.1", "tolerance has type"),
            (None, "tolerance holds nothing"),
            (Fraction(1, 10), "tolerance holds 1/10"),
            (1e100, "y + tolerance holds 2e+100 at row 1: rescale"),
        ],
    )
    def test_tolerances(self, tolerance, words):
        assert words in refusal(lambda: Problem(TWO, [0, 1e100], tolerance=tolerance))

    @pytest.mark.parametrize(
        "bound", [0, -1, -0.0, np.nan, np.inf, "1", True, 1e101, 10**400, 1j, [1.0], Fraction(1, 2)]
    )
    def test_weight_bounds(self, bound):
        assert "weight_bound = " in refusal(lambda: Problem(TWO, [0, 1], weight_bound=bound))

    def test_weight_bound_between_two_floats(self):
        assert f"weight_bound holds {LARGE}" in refusal(lambda: Problem(TWO, [0, 1], weight_bound=LARGE))

    @pytest.mark.parametrize("bound", [2, 2.0, np.float32(2), np.int16(2)])
    def test_weight_bounds_that_are_numbers(self, bound):
        problem = Problem(TWO, [0, 1], weight_bound=bound)
        assert type(problem.weight_bound) is float
        assert problem.weight_bound == 2

    @pytest.mark.parametrize("affine", [0, 1, "no", None, 1.0, True, np.array(True), "SKIP", "", ["skip"]])
    def test_the_affine_term_is_one_of_three(self, affine):
        assert "choose one of 'none', 'constant', 'skip'" in refusal(
            lambda: Problem(TWO, [0, 1], affine=affine)
        )

    @pytest.mark.parametrize("affine", list(Affine))
    def test_the_affine_term_may_be_a_text_or_a_member(self, affine):
        for spelled in (affine, affine.value, np.str_(affine)):
            assert Problem(TWO, [0, 1], affine=spelled).affine is affine

    @pytest.mark.parametrize(
        ("low", "high", "words"),
        [
            ([0, 2], [1, 1], "row 1 asks for a value in the empty interval [2, 1]"),
            # six digits would read "[1, 1]"
            ([0, 1 + 1e-15], [1, 1], "row 1 asks for a value in the empty interval [1.000000000000001, 1]"),
            ([np.inf, 0], [np.inf, 1], "low holds inf at row 0"),
            ([0, 0], [1, -np.inf], "high holds -inf at row 1"),
            ([0, np.nan], [1, 1], "low holds nan at row 1"),
            ([0], [1, 1], "low has shape (1,)"),
        ],
    )
    def test_intervals(self, low, high, words):
        assert words in refusal(lambda: Problem.from_intervals(TWO, low, high))


class TestConflicts:
    @pytest.mark.parametrize(
        ("X", "y", "tolerance", "rows"),
        [
            ([[1, 2], [3, 4], [1, 2]], [0, 0, 1], 0, "rows 0 and 2"),
            ([0.0, 5.0, -0.0], [1, 0, 2], 0, "rows 0 and 2"),
            ([5e-324, 1, 5e-324], [0, 0, 1], 0.25, "rows 0 and 2"),
            # 0 and 1 agree within 0.5, so do 1 and 2; only 0 and 2 do not
            ([7, 7, 7], [0, 1, 2], 0.5, "rows 0 and 2"),
        ],
    )
    def test_rows_are_named(self, X, y, tolerance, rows):
        message = refusal(lambda: Problem(X, y, tolerance=tolerance))
        assert message.startswith(f"{rows} have the same inputs")

    def test_the_missing_tolerance_is_said(self):
        # labels 0 and 2 with 0.5 each leave a gap of 1, half of it a side
        assert "(0.5" not in refusal(lambda: Problem([7, 7], [0, 2], tolerance=0.5))
        assert refusal(lambda: Problem([7, 7], [0, 2], tolerance=0.5)).endswith("at least 0.5 more")

    def test_labels_that_differ_in_the_last_digit_are_spelled_out(self):
        assert "(1.0000000000000002 and 1)" in refusal(
            lambda: Problem([0, 0], [1 + 2**-52, 1], numbers="binary")
        )

    def test_the_smallest_sufficient_tolerance_is_accepted(self):
        assert Problem([7, 7, 7], [0, 1, 2], tolerance=1).distinct().targets == [1]

    def test_classes_that_share_an_input(self):
        message = refusal(lambda: Problem.classification([3, 1, 1], ["a", "b", "a"]))
        assert message.startswith("rows 1 and 2")
        # nobody gave a tolerance, and none would do
        assert message.endswith("as of two classes: remove one of them")
        assert "tolerance" not in message

    def test_rows_that_share_every_feature_with_another_are_told_apart(self):
        # no column alone tells the corners of a square apart
        corners = [[0, 0], [0, 1], [1, 0], [1, 1]]
        assert Problem(corners, [0, 1, 2, 3]).n_samples == 4
        message = refusal(lambda: Problem([*corners, [1, 0]], [0, 1, 2, 3, 4]))
        assert message.startswith("rows 2 and 4")

    def test_neighbouring_floats_are_different_inputs(self):
        assert Problem([1.0, np.nextafter(1.0, 2)], [0, 1]).n_samples == 2


class TestIntervals:
    def test_ends(self):
        problem = Problem([0, 1, 2, 3], [1, 2, 3, 4], tolerance=[0, 0.5, 0, 1])
        np.testing.assert_array_equal(problem.low, [1, 1.5, 3, 3])
        np.testing.assert_array_equal(problem.high, [1, 2.5, 3, 5])
        assert not problem.is_interpolation
        assert problem.label_scale == 5

    def test_infinite_ends(self):
        problem = Problem.from_intervals(
            [0, 1, 2, 3], [-np.inf, 2, -np.inf, -1], [np.inf, np.inf, -3, 2], affine="skip"
        )
        # everything, at least 2, at most -3, and the middle of [-1, 2]
        np.testing.assert_array_equal(problem.targets, [0, 2, -3, 0.5])
        np.testing.assert_array_equal(problem.violation([1e300, 1, -2.5, 2]), [0, 1, 0.5, 0])
        assert problem.label_scale == 3
        assert not problem.is_interpolation

    @pytest.mark.parametrize(
        ("low", "high", "scale"),
        [([2, 3], [2, 4], 4), ([-7, -3], [-6, -3], 7), ([-5, 0], [1, 3], 5), ([0, 0], [0, 0], 0)],
    )
    def test_the_scale_is_the_largest_end(self, low, high, scale):
        assert Problem.from_intervals([0, 1], low, high).label_scale == scale

    def test_no_finite_end_at_all(self):
        assert Problem.from_intervals([0], [-np.inf], [np.inf]).label_scale == 0

    def test_violation_wants_one_value_a_sample(self):
        problem = Problem([0, 1], [0, 1])
        assert "shape (1,)" in refusal(lambda: problem.violation([0]))
        assert np.isnan(problem.violation([np.nan, 1])[0])

    def test_one_tolerance_is_the_same_for_all(self):
        assert Problem([0, 1], [0, 1], tolerance=0.5) == Problem([0, 1], [0, 1], tolerance=[0.5, 0.5])
        assert Problem([0, 1], [0, 1], tolerance=-0.0) == Problem([0, 1], [0, 1])


class TestClassification:
    @pytest.mark.parametrize(
        "labels",
        [
            ["cat", "dog", "cat"],
            [0, 1, 0],
            [-1.0, 1.0, -1.0],
            [False, True, False],
            pd.Series(["cat", "dog", "cat"], dtype="category"),
            pd.Series(["cat", "dog", "cat"], dtype="string"),
            pd.DataFrame({"label": ["cat", "dog", "cat"]}),
            torch.tensor([0, 1, 0]),
        ],
        ids=str,
    )
    def test_the_label_that_sorts_last_is_above(self, labels):
        problem = Problem.classification([0, 1, 2], labels, margin=2, affine="skip", weight_bound=3)
        np.testing.assert_array_equal(problem.low, [-np.inf, 2, -np.inf])
        np.testing.assert_array_equal(problem.high, [-2, np.inf, -2])
        assert problem.affine is Affine.SKIP
        assert problem.weight_bound == 3

    def test_one_class(self):
        np.testing.assert_array_equal(Problem.classification([0, 1], ["a", "a"]).low, [1, 1])

    @pytest.mark.parametrize(
        ("labels", "words"),
        [
            (["a", "b", "c"], "3 classes (a, b, c, ...)"),
            ([0, 1], "labels have shape (2,)"),
            ([0, 1, np.nan], "nothing at row 2"),
            ([0, None, 1], "nothing at row 1"),
            (pd.Series([0, None, 1], dtype="Int64"), "nothing at row 1"),
            (pd.Series(["a", pd.NA, "b"], dtype=object), "nothing at row 1"),
            (np.array([0, "a", 0], dtype=object), "cannot be told apart"),
            ([[0], [1, 2], [3]], "cannot be told apart"),
        ],
        ids=str,
    )
    def test_refused_labels(self, labels, words):
        assert words in refusal(lambda: Problem.classification([0, 1, 2], labels))

    @pytest.mark.parametrize("margin", [0, -1, np.nan, np.inf, "1", None, True])
    def test_refused_margins(self, margin):
        assert "margin = " in refusal(lambda: Problem.classification([0, 1], [0, 1], margin))


class TestConstant:
    def test_it_is_part_of_the_problem(self):
        plain = Problem([0, 1, 2], [0, 1, 0])
        problem = Problem([0, 1, 2], [0, 1, 0], affine="constant")
        assert problem != plain
        assert problem.digest != plain.replace(affine="skip").digest
        assert problem.replace(affine="none") == plain
        assert pickle.loads(pickle.dumps(problem)) == problem
        assert decode(encode(problem)) == problem
        assert problem.subset([0, 2]).affine is Affine.CONSTANT
        assert problem.distinct().affine is Affine.CONSTANT
        assert Problem.classification([0, 1], [0, 1], affine="constant").has_affine_term
        assert "affine=constant" in repr(problem)

    @pytest.mark.parametrize("affine", ["skip constant", 1, "c"])
    def test_refused(self, affine):
        with pytest.raises(InputError, match="constant"):
            Problem([0, 1], [0, 1], affine=affine)

    @pytest.mark.slow
    def test_both_sides_know_it(self):
        # up and down again: two neurons, for one is monotone, and a constant does not change that
        problem = Problem([0, 1, 2], [0, 1, 0], affine="constant")
        for found in (
            exact.solve(problem, "weights"),
            exact.solve(problem, method="mip"),
            exact.solve(problem.replace(weight_bound=3.0)),
            exact.minimize_path_norm(problem, 0.5),
            exact.threshold(problem),
            continuous.minimize(problem),
            compare_sides(problem),
        ):
            assert found.network.solves(problem)
            assert found.network.count() == 2

    def test_one_feature_needs_no_search(self):
        # slopes 1 and -1 are not zero on either side: one knot, and a neuron more
        found = exact.solve(Problem([0, 1, 2], [0, 1, 0], affine="constant"), method="univariate")
        assert (found.lower_bound, found.upper_bound) == (2, 2)


def small_problems():
    """Problems with repeated inputs, negative zeros and extreme values, built to be consistent."""
    number = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.1, 5e-324, 1e100, 1 + 2**-52])
    return st.builds(
        lambda X, low, width, skip, bound: Problem.from_intervals(
            X, -np.abs(low), np.abs(width), affine="skip" if skip else "none", weight_bound=bound
        ),
        st.just(np.zeros((4, 2))) | st.lists(st.tuples(number, number), min_size=4, max_size=4),
        st.lists(number | st.just(np.inf), min_size=4, max_size=4),
        st.lists(number | st.just(np.inf), min_size=4, max_size=4),
        st.booleans(),
        st.none() | st.sampled_from([1.0, 1e-300]),
    )


class TestNames:
    """Digest, equality and hash."""

    def test_digest_by_hand(self):
        # records of earlier releases must keep naming the same problem: header, then X, low, high as doubles
        content = b"sparsest-problem-1 (2, 2) True 7.0" + struct.pack(
            "<8d", 0, 1, 2, 3, 0.25, -1.25, 0.75, -0.75
        )
        problem = Problem([[0, 1], [2, 3]], [0.5, -1], affine="skip", tolerance=0.25, weight_bound=7)
        assert problem.digest == hashlib.sha256(content).hexdigest()

    def test_negative_zeros_types_and_layouts_do_not_matter(self):
        same = [
            Problem([[0.0, -0.0]], [-0.0]),
            Problem(np.zeros((1, 2), dtype=np.float16, order="F"), [False]),
            Problem([[0, 0]], [0], tolerance=0),
            Problem.from_intervals([[0, 0]], [-0.0], [0.0]),
        ]
        assert len({problem.digest for problem in same}) == 1
        assert len(set(same)) == 1

    @given(small_problems(), st.data())
    def test_one_bit_changes_the_name(self, problem, data):
        problem = problem.replace(numbers="binary")  # one bit is no other decimal
        name = data.draw(st.sampled_from(["X", "low", "high", "affine", "weight_bound"]))
        if name == "affine":
            others = [affine for affine in Affine if affine is not problem.affine]
            other = problem.replace(affine=data.draw(st.sampled_from(others)))
        elif name == "weight_bound":
            bound = 2.0 if problem.weight_bound is None else np.nextafter(problem.weight_bound, 2e100)
            other = problem.replace(weight_bound=float(bound))
        else:
            array = getattr(problem, name).copy()
            place = data.draw(st.integers(0, array.size - 1))
            value = array.flat[place]
            # towards the inside of the other end, so that no interval becomes empty
            towards = {"X": 0.5, "low": -np.inf, "high": np.inf}[name]
            array.flat[place] = np.sign(value) * 3 if np.isinf(value) else np.nextafter(value, towards)
            if np.abs(array.flat[place]) > 1e100:
                array.flat[place] = np.sign(towards) * np.inf
            other = problem.replace(**{name: array})
        assert other.digest != problem.digest
        assert other != problem

    @given(small_problems())
    def test_equal_problems_have_equal_names(self, problem):
        again = problem.replace()
        assert again == problem
        assert hash(again) == hash(problem)
        assert again is not problem
        assert problem != problem.digest

    def test_shape_is_part_of_the_name(self):
        # the same twelve numbers in a row
        assert Problem([[1, 2]], [3]) != Problem([1, 2], [3, 3])


class TestImmutable:
    def test_arrays_and_fields(self):
        problem = Problem(TWO, [0, 1])
        for array in (problem.X, problem.low, problem.high):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1
        with pytest.raises(dataclasses.FrozenInstanceError):
            problem.affine = Affine.SKIP

    def test_the_callers_arrays_are_copied_and_left_writable(self):
        X, y = np.zeros((2, 1)), np.zeros(2)
        problem = Problem(X, y)
        X += 1
        y += 1
        np.testing.assert_array_equal(problem.X, [[0], [0]])
        np.testing.assert_array_equal(problem.low, [0, 0])

    @pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
    def test_copies_are_immutable_too(self, again):
        problem = Problem(TWO, [0, 1], affine="skip", tolerance=0.5, weight_bound=3)
        assert again(problem) == problem
        assert not again(problem).X.flags.writeable


class TestDerived:
    def test_distinct_merges_and_intersects(self):
        problem = Problem.from_intervals(
            [[1, 1], [0, 0], [1, 1], [0, 1]],
            [0, -1, 0.5, 5],
            [2, 1, np.inf, 6],
            affine="skip",
            weight_bound=2,
        )
        merged = problem.distinct()
        np.testing.assert_array_equal(merged.X, [[0, 0], [0, 1], [1, 1]])
        np.testing.assert_array_equal(merged.low, [-1, 5, 0.5])
        np.testing.assert_array_equal(merged.high, [1, 6, 2])
        assert merged.affine is Affine.SKIP
        assert merged.weight_bound == 2
        assert merged.distinct() is merged

    @given(small_problems(), st.randoms(use_true_random=False))
    def test_distinct_does_not_depend_on_the_order(self, problem, random):
        order = list(range(problem.n_samples))
        random.shuffle(order)
        assert problem.subset(order).distinct() == problem.distinct()

    def test_subset_and_replace(self):
        problem = Problem([0, 1, 2], [0, 1, 4], affine="skip", tolerance=0.5, weight_bound=2)
        part = problem.subset([2, 0])
        np.testing.assert_array_equal(part.X, [[2], [0]])
        np.testing.assert_array_equal(part.low, [3.5, -0.5])
        assert part.affine is Affine.SKIP
        assert part.weight_bound == 2
        assert problem.subset([True, False, True]) == problem.subset(range(0, 3, 2))
        assert problem.subset(1).n_samples == 1
        assert problem.replace(affine="none", weight_bound=None) == Problem(
            [0, 1, 2], [0, 1, 4], tolerance=0.5
        )

    @pytest.mark.parametrize("rows", [[3], [0.0], [True], []])
    def test_refused_subsets(self, rows):
        assert "3 samples" in refusal(lambda: Problem([0, 1, 2], [0, 1, 4]).subset(rows))

    def test_replaced_data_are_checked(self):
        assert "row 0" in refusal(lambda: Problem([0, 1], [0, 1]).replace(low=[1, 0]))

    def test_homogeneous_and_sizes(self):
        problem = Problem([[1, 2], [3, 4], [5, 6]], [0, 0, 0])
        np.testing.assert_array_equal(problem.homogeneous, [[1, 2, 1], [3, 4, 1], [5, 6, 1]])
        assert (problem.n_samples, problem.n_features) == (3, 2)

    def test_representation(self):
        assert repr(Problem([0], [1], weight_bound=2)) == (
            "<Problem N=1 d=1 interpolation affine=none, weight_bound=2>"
        )
        assert "intervals affine=skip" in repr(Problem([0], [1], tolerance=1, affine="skip"))
