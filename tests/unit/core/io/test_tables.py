"""Tables that somebody else wrote: what is read exactly, and what is refused in words that help."""

import contextlib
import io
import pickle
import zipfile
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsest import InputError, Problem
from sparsest.io.table_files.columns import Wanted
from sparsest.io.tables import read_table

LARGE = 2**53 + 1


@pytest.fixture
def csv(tmp_path):
    def read(content, target=None, **wanted):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, Wanted(target, **wanted))

    return read


@pytest.fixture
def parquet(tmp_path):
    def read(frame, target=None, **wanted):
        path = tmp_path / "table.parquet"
        frame.to_parquet(path)
        return read_table(path, Wanted(target, **wanted))

    return read


@pytest.fixture
def npz(tmp_path):
    def read(target=None, **arrays):
        path = tmp_path / "table.npz"
        np.savez(path, **arrays)
        return read_table(path, Wanted(target))

    return read


def refusal(tmp_path, read):
    """Message of the `InputError`, without the path that it must begin with."""
    with pytest.raises(InputError) as caught:
        read()
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/table.")
    assert "\n" not in message
    assert len(message) < 500
    return message.split(": ", 1)[1]


class TestCsv:
    def test_last_column_is_the_target(self, csv):
        table = csv("a,b,y\n1,2.5,3\n4,5,6\n")
        np.testing.assert_array_equal(table.X, [[1, 2.5], [4, 5]])
        np.testing.assert_array_equal(table.y, [3, 6])
        assert (table.features, table.target) == (["a", "b"], "y")

    def test_target_by_name(self, csv):
        table = csv("a,b,y\n1,2.5,3\n4,5,6\n", "a")
        np.testing.assert_array_equal(table.X, [[2.5, 3], [5, 6]])
        np.testing.assert_array_equal(table.y, [1, 4])
        assert (table.features, table.target) == (["b", "y"], "a")

    @given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
    def test_floats_come_back_bit_for_bit(self, tmp_path_factory, numbers):
        path = tmp_path_factory.getbasetemp() / "floats.csv"
        path.write_text("x,y\n" + "".join(f"{number!r},{number!r}\n" for number in numbers))
        table = read_table(path)
        assert table.X[:, 0].tobytes() == np.array(numbers).tobytes()
        assert np.array(table.y, dtype=float).tobytes() == np.array(numbers).tobytes()

    @pytest.mark.parametrize(
        "content",
        [
            b"\xef\xbb\xbfa,y\n1,2\n",
            b"a,y\r\n1,2\r\n",
            b"a, y \n 1 , 2\n",
            b"\n\na,y\n\n1,2\n\n",
            b'"a","y"\n"1","2"\n',
            b"a,y\n+1.0,2e0\n",
        ],
    )
    def test_spellings(self, csv, content):
        table = csv(content)
        assert (table.X.tolist(), table.y.tolist(), table.features, table.target) == ([[1]], [2], ["a"], "y")

    def test_booleans(self, csv):
        table = csv("a,y\nTrue,false\nFALSE,true\n")
        np.testing.assert_array_equal(table.X, [[1], [0]])
        assert table.y.dtype == bool
        assert table.y.tolist() == [False, True]

    def test_class_names(self, csv):
        table = csv("a,y\n1,cat\n2,dog\n")
        assert table.y.tolist() == ["cat", "dog"]
        assert Problem.classification(table.X, table.y).low.tolist() == [-np.inf, 1]

    def test_integer_column_names(self, csv):
        assert csv("0,1\n1,2\n", "0", header=True).features == ["1"]

    def test_first_sample_is_not_taken_for_names(self, csv):
        # naming a target that only the first line could hold must not make names of it
        with pytest.raises(InputError, match=r"no column named '0': its columns are x0, y"):
            csv("0,1\n1,2\n", "0")

    def test_large_integers_that_floats_hold(self, csv):
        assert csv(f"a,y\n{2**80},1\n0.5,2\n").X.tolist() == [[2.0**80], [0.5]]

    def test_large_integer_labels_are_left_to_the_problem(self, csv):
        table = csv(f"a,y\n1,{LARGE}\n2,0.5\n")
        with pytest.raises(InputError, match=f"y holds {LARGE} at row 0"):
            Problem(table.X, table.y)

    @pytest.mark.parametrize(
        ("content", "target", "words"),
        [
            ("a,y\n1,2\n", "z", "has no column named 'z': its columns are a, y"),
            ("a,y\n1,2\n", "", "has no column named ''"),
            ("a,y\n", None, "has no rows"),
            ("", None, "not readable: it has no rows"),
            ("\n\n", None, "not readable: it has no rows"),
            ("a\n1\n", None, "has 1 column: one for the label"),
            ("a,a,y\n1,2,3\n", None, "has 2 columns named 'a'"),
            ("a,y,y\n1,2,3\n", None, "has 2 columns named 'y'"),
            ("a,y,y\n1,2,3\n", "y", "has 2 columns named 'y'"),
            (f"a,y\n1,2\n{LARGE},3\n", None, f"column 'a' holds {LARGE} at row 1, which no 64-bit float"),
            (f"a,y\n0.5,2\n{LARGE},3\n", None, f"column 'a' holds {LARGE} at row 1"),
            (f"a,y\n{2**64 + 1},2\n", None, f"column 'a' holds {2**64 + 1} at row 0"),
            (f"a,y\n{10**350},2\n", None, "column 'a' is not an array of numbers"),
        ],
    )
    def test_refused(self, csv, tmp_path, content, target, words):
        assert words in refusal(tmp_path, lambda: csv(content, target))

    def test_overflow_reaches_the_problem_as_infinity(self, csv):
        for number in ("1e999", "inf", "9" * 5000):
            table = csv(f"a,y\n1,2\n{number},3\n")
            with pytest.raises(InputError, match="X holds inf at row 1, column 0"):
                Problem(table.X, table.y)


class TestParquet:
    def test_types(self, parquet):
        frame = pd.DataFrame(
            {
                "i": pd.array([1, 2], dtype="Int64"),
                "b": pd.array([True, False], dtype="boolean"),
                "f": np.array([0.1, 0.2], dtype=np.float32),
                "y": pd.array([3, 4], dtype="Int64"),
            }
        )
        table = parquet(frame)
        np.testing.assert_array_equal(table.X, [[1, 1, np.float32(0.1)], [2, 0, np.float32(0.2)]])
        np.testing.assert_array_equal(table.y, [3, 4])

    def test_integer_column_names_and_an_index(self, parquet):
        table = parquet(pd.DataFrame([[1, 2], [3, 4]], index=[7, 7]), "0")
        assert (table.X.tolist(), table.y.tolist(), table.features) == ([[2], [4]], [1, 3], ["1"])

    def test_class_names(self, parquet):
        frame = pd.DataFrame({"a": [1, 2], "y": pd.Categorical(["u", "v"])})
        assert parquet(frame).y.tolist() == ["u", "v"]

    def test_dates_are_seconds_from_the_earliest(self, parquet):
        days = pd.to_datetime(["2020-01-02 00:00:00.00", "2020-01-01 00:00:00.00", "2020-01-01 00:00:00.25"])
        for column in (days, days.tz_localize("Europe/Berlin"), days.astype("datetime64[ms]")):
            table = parquet(pd.DataFrame({"a": column, "y": [1, 2, 3]}))
            assert table.X.tolist() == [[86400], [0], [0.25]]
            assert "seconds from 2020-01-01" in table.reading.notes[0]
        dates = pd.DataFrame({"a": [day.date() for day in days], "y": [1, 2, 3]})
        assert parquet(dates).X.tolist() == [[86400], [0], [0]]

    def test_decimal_numbers(self, parquet):
        numbers = [Decimal("0.1"), Decimal("-2.50")]
        assert parquet(pd.DataFrame({"a": numbers, "y": numbers})).X.tolist() == [[0.1], [-2.5]]

    def test_rows_without_a_value_are_left_out_when_asked(self, parquet):
        frame = pd.DataFrame(
            {"a": pd.array([1, None, 3], dtype="Int64"), "b": [1.5, 2, 3], "y": ["u", "v", None]}
        )
        table = parquet(frame, drop_missing=True)
        assert (table.X.tolist(), table.y.tolist(), table.dropped) == ([[1, 1.5]], ["u"], 2)
        assert table.reading.left_out == ("2 rows without a value: row 1, row 2",)

    @pytest.mark.parametrize(
        ("frame", "words"),
        [
            ({"a": pd.array([1, None], dtype="Int64"), "y": [1, 2]}, "column 'a' is empty at row 1"),
            ({"a": [1, np.nan], "y": [1, 2]}, "column 'a' is empty at row 1"),
            ({"a": [1, 2], "y": ["u", None]}, "column 'y' is empty at row 1"),
            ({"a": ["1", "2"], "y": [1, 2]}, "column 'a' holds '1' (str) at row 0, which is not a number"),
            ({"a": pd.to_timedelta([1, 2], unit="s"), "y": [1, 2]}, "column 'a' holds '0 days 00:00:01'"),
            ({"a": [[1], [2]], "y": [1, 2]}, "column 'a' holds '[1]'"),
            ({"a": [LARGE, 1], "y": [1, 2]}, f"column 'a' holds {LARGE} at row 0"),
            ({"a": [], "y": []}, "has no rows"),
            ({"y": [1, 2]}, "has 1 column"),
        ],
    )
    def test_refused(self, parquet, tmp_path, frame, words):
        assert words in refusal(tmp_path, lambda: parquet(pd.DataFrame(frame)))

    def test_damaged(self, parquet, tmp_path):
        parquet(pd.DataFrame({"a": np.arange(50.0), "y": np.arange(50.0)}))
        path = tmp_path / "table.parquet"
        good = path.read_bytes()
        for cut in (0, 4, 12, len(good) // 2, len(good) - 1):
            path.write_bytes(good[:cut])
            assert refusal(tmp_path, lambda: read_table(path)).startswith("not readable")
        rng = np.random.default_rng(0)
        for place in rng.integers(0, len(good), 150):
            damaged = bytearray(good)
            damaged[place] ^= 1 << rng.integers(8)
            path.write_bytes(damaged)
            with contextlib.suppress(InputError):  # a flipped bit may as well be in the numbers
                read_table(path)


class TestNpz:
    def test_default_and_named_target(self, npz):
        table = npz(X=np.eye(2), y=[1, 2])
        assert (table.X.tolist(), table.y.tolist()) == ([[1, 0], [0, 1]], [1, 2])
        assert (table.features, table.target) == (["x0", "x1"], "y")
        assert npz("label", X=[1, 2], label=["u", "v"]).y.tolist() == ["u", "v"]
        assert npz(X=[1, 2], y=[[3], [4]]).y.tolist() == [3, 4]

    def test_other_arrays_do_not_matter(self, npz):
        assert npz(X=[1, 2], y=[3, 4], notes=np.array([{}, None], dtype=object)).y.tolist() == [3, 4]

    @pytest.mark.parametrize(
        ("arrays", "words"),
        [
            ({"X": np.eye(2)}, "has no array 'y': its arrays are X"),
            ({"y": [1]}, "has no array 'X': its arrays are y"),
            ({"X": np.array(3.0), "y": [1]}, "X has shape () and y (1,)"),
            ({"X": np.zeros((2, 2, 2)), "y": [1, 2]}, "X has shape (2, 2, 2)"),
            ({"X": np.eye(2), "y": [1, 2, 3]}, "y (3,)"),
            ({"X": np.zeros((0, 2)), "y": []}, "at least one sample"),
            ({"X": np.array([["a"]]), "y": [1]}, "X has type <U1"),
            ({"X": np.array([LARGE]), "y": [1]}, f"X holds {LARGE} at row 0"),
            ({"X": np.array([{}]), "y": [1]}, "Object arrays cannot be loaded"),
        ],
    )
    def test_refused(self, npz, tmp_path, arrays, words):
        assert words in refusal(tmp_path, lambda: npz(**arrays))

    def test_damaged(self, tmp_path):
        path = tmp_path / "table.npz"
        for content in (b"", b"PK\x03\x04", pickle.dumps([1, 2])):
            path.write_bytes(content)
            assert refusal(tmp_path, lambda: read_table(path)).startswith("not a readable NPZ file")
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("X.npy", b"\x93NUMPY\x01\x00\x08\x00{'descr'")
            archive.writestr("y.npy", b"")
        path.write_bytes(content.getvalue())
        assert refusal(tmp_path, lambda: read_table(path)).startswith("not a readable NPZ file")


class TestPaths:
    @pytest.mark.parametrize("ending", ["csv", "parquet", "npz"])
    def test_missing_and_directory(self, tmp_path, ending):
        path = tmp_path / f"table.{ending}"
        assert refusal(tmp_path, lambda: read_table(path)) == "there is no such file"
        path.mkdir()
        assert refusal(tmp_path, lambda: read_table(path)) == "it is not a file"

    def test_endings(self, tmp_path):
        (tmp_path / "TABLE.CSV").write_text("a,y\n1,2\n")
        assert read_table(tmp_path / "TABLE.CSV").y.tolist() == [2]
        for ending in (".xlsx", ".parquet.gz", ".gz", ""):
            path = tmp_path / f"table{ending}"
            path.touch()
            with pytest.raises(InputError, match="unknown ending"):
                read_table(path)

    def test_too_large(self, tmp_path):
        path = tmp_path / "table.csv"
        with path.open("wb") as file:
            file.truncate(2**30 + 1)  # sparse: takes no space
        assert "more than the 1073741824" in refusal(tmp_path, lambda: read_table(path))
