"""Tables in text as people have them: for each kind what is read, or the sentence that refuses it.

Expected numbers are those that the text spells, written here by hand.
"""

import gzip
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsest import InputError, Problem
from sparsest.files import MAX_FILE_BYTES
from sparsest.io.table_files import dates
from sparsest.io.table_files.columns import Wanted
from sparsest.io.tables import read_table

PLAIN = "x,y\n0,1\n1,2\n"
TWO = [[0, 1], [1, 2]]  # X beside y

# kind: file, columns wanted, rows of features and label, words of the reading
READ = {
    "names above": (PLAIN, {}, TWO, "names in line 1"),
    "no names": ("0,1\n1,2\n", {}, TWO, "no names: line 1 is a sample"),
    "no names, words in the label": ("0,1.5,a\n1,2.5,b\n", {}, [[0, 1.5, "a"], [1, 2.5, "b"]], "no names"),
    "no names, but a gap above": ("NA,a\n1,b\n2,a\n", {"drop_missing": True}, [[1, "b"], [2, "a"]], "row 0"),
    "numbers as names, said": ("0,1\n1,2\n", {"header": True}, [[1, 2]], "names in line 1"),
    "counting sample, said": ("0,1,2\n1,2,3\n", {"header": False}, [[0, 1, 2], [1, 2, 3]], "no names"),
    "semicolons": ("x;y\n0;1\n1;2\n", {}, TWO, "separated by semicolons"),
    "semicolons, decimal commas": (
        "x;y\n0,5;1\n-1,25;2,5e1\n",
        {},
        [[0.5, 1], [-1.25, 25]],
        "decimal commas in 'x'",
    ),
    "decimal commas without names": ("0,5;1,5\n1,5;2,5\n", {}, [[0.5, 1.5], [1.5, 2.5]], "semicolons"),
    "quoted decimal commas": ('x,y\n"0,5",1\n"1,5",2\n', {}, [[0.5, 1], [1.5, 2]], "decimal commas"),
    "three decimals beside one": ("x;y\n1,234;1\n0,5;2\n", {}, [[1.234, 1], [0.5, 2]], "decimal commas"),
    "three decimals behind a zero": (
        "x;y\n0,234;1\n0,125;2\n",
        {},
        [[0.234, 1], [0.125, 2]],
        "decimal commas",
    ),
    "tabs": ("x\ty\n0\t1\n1\t2\n", {}, TWO, "separated by tabs"),
    "bars": ("x|y\n0|1\n1|2\n", {}, TWO, "separated by bars"),
    "columns of spaces": ("x    y\n0.0  1\n 1    2\n", {}, TWO, "separated by spaces"),
    "spaces in names": ("my x,y\n0,1\n1,2\n", {}, TWO, "separated by commas"),
    "a spreadsheet's first line": ("sep=;\nx;y\n0;1\n1;2\n", {}, TWO, "names in line 2"),
    "comments": ("# measured\nx,y\n0,1\n# pause\n1,2\n", {}, TWO, "2 comments skipped"),
    "names in a comment": ("# x,y\n0,1\n1,2\n", {}, TWO, "names in a comment"),
    "spaces and a commented name": ("# x y\n0.0 1\n1.0 2\n", {}, TWO, "names in a comment"),
    "blank last lines": (
        PLAIN + "\n \n\n",
        {},
        TWO,
        "2 rows of 2 columns, separated by commas, names in line 1",
    ),
    "blank lines within": ("\nx,y\n\n0,1\n\n1,2\n", {}, TWO, "3 empty lines skipped"),
    "rows of separators": (PLAIN + ",\n,\n", {}, TWO, "2 empty lines skipped"),
    "a separator at each end": ("x,y,\n0,1,\n1,2,\n", {}, TWO, "1 empty column skipped"),
    "old line ends": ("x,y\r0,1\r1,2\r", {}, TWO, "2 rows"),
    "Windows line ends": ("x,y\r\n0,1\r\n1,2\r\n", {}, TWO, "2 rows"),
    "mark of UTF-8": (PLAIN.encode("utf-8-sig"), {}, TWO, "UTF-8 with a byte-order mark"),
    "UTF-16": (PLAIN.encode("utf-16"), {}, TWO, "UTF-16 with a byte-order mark"),
    "UTF-16, big end first": (("\ufeff" + PLAIN).encode("utf-16-be"), {}, TWO, "UTF-16"),
    "UTF-32": (PLAIN.encode("utf-32"), {}, TWO, "UTF-32"),
    "Latin-1": ("größe,y\n0,1\n1,2\n".encode("latin-1"), {"target": "y"}, TWO, "Latin-1"),
    "gzip": (gzip.compress(PLAIN.encode()), {}, TWO, "unpacked by gzip"),
    "gzip in two parts": (gzip.compress(b"x,y\n0,1\n") + gzip.compress(b"1,2\n"), {}, TWO, "gzip"),
    "quoted cells": ('"x","y"\n"0","1"\n"1","2"\n', {}, TWO, "2 rows"),
    "a name of two lines": ('"x\n(m)",y\n0,1\n1,2\n', {}, TWO, "2 rows"),
    "missing, left out": (
        "x,y\n0,1\nNA,7\n1,2\n8,\n",
        {"drop_missing": True},
        TWO,
        "2 rows without a value: row 1 (line 3), row 3 (line 5)",
    ),
    "question marks, left out": ("x,y\n0,1\n?,7\n1,2\n", {"drop_missing": True}, TWO, "row 1 (line 3)"),
    "signs as classes": ("x,y\n0,+\n1,-\n", {}, [[0, "+"], [1, "-"]], "2 rows"),
    "missing in a column left out": ("x,y,z\n0,1,\n1,2,\n", {"ignore": ["z"]}, TWO, "column 'z'"),
    "dates": (
        "day,y\n2020-03-01,1\n2020-02-28,2\n",  # 2020 had a February 29th
        {},
        [[2 * 86400, 1], [0, 2]],
        "dates as seconds from 2020-02-28 in 'day'",
    ),
    "dates with a time and zone": (
        "t,y\n2020-01-01T00:00:00.5Z,1\n2020-01-01T01:00:00+01:00,2\n",
        {},
        [[0.5, 1], [0, 2]],
        "seconds from 2020-01-01T01:00:00+01:00",
    ),
    "dates with points": (
        "t;y\n01.02.2020;1\n01.01.2020 12:00;2\n",
        {},
        [[30.5 * 86400, 1], [0, 2]],
        "seconds",
    ),
    "dates that show the day": ("t,y\n13/01/2020,1\n12/01/2020,2\n", {}, [[86400, 1], [0, 2]], "seconds"),
    "dates that show the month": ("t,y\n01/13/2020,1\n01/12/2020,2\n", {}, [[86400, 1], [0, 2]], "seconds"),
    "a date is no label": ("y1,date\n1,2020-01-01\n2,2020-01-02\n", {}, [[0, 1], [86400, 2]], "y1 (the only"),
    "truth": ("x,y\nfalse,1\nTRUE,2\n", {}, TWO, "True and False as 1 and 0 in 'x'"),
    "row numbers of pandas": (",x,y\n0,0,1\n1,1,2\n", {}, TWO, "column 1, which has no name and numbers"),
    "row numbers of R": ('"","x","y"\n"1",0,1\n"2",1,2\n', {}, TWO, "column 1, which has no name"),
    "label by its name": ("target,x\n1,0\n2,1\n", {}, TWO, "target (by its name)"),
    "label by the other's name": ("f,x\n1,0\n2,1\n", {}, TWO, "f (the only other column)"),
    "label by features": (
        "f,a,b\n1,0,5\n2,1,5\n",
        {"features": ["a,b"]},
        [[0, 5, 1], [1, 5, 2]],
        "f (the only",
    ),
    "features in another order": (
        "a,b,y\n0,5,1\n1,6,2\n",
        {"features": ["b", "a"]},
        [[5, 0, 1], [6, 1, 2]],
        "",
    ),
    "columns left out": ("a,b,c,y\n0,u,v,1\n1,u,v,2\n", {"ignore": ["b,c"]}, TWO, "column 'b'; column 'c'"),
    "a comma in a name": ('"a,b",c,y\n7,0,1\n7,1,2\n', {"ignore": ["a,b"]}, TWO, "column 'a,b'"),
    "a typographic minus": ("x,y\n\u22121,1\n1,2\n", {}, [[-1, 1], [1, 2]], "2 rows"),
}

# kind: file, columns wanted, the sentence
REFUSED = {
    "missing": (
        "x,y\n0,1\n,2\n",
        {},
        "column 'x' is empty at row 1 (line 3): fill it, or --drop-missing leaves the row out",
    ),
    "missing several": (
        "x,y\n0,1\n,2\n3,n/a\n",
        {},
        "2 rows lack a value in 'x', 'y': row 1 (line 3), row 2 (line 4); fill them, or --drop-missing",
    ),
    "missing words": ("x,y\n0,cat\n3,NA\n", {}, "column 'y' is empty at row 1 (line 3)"),
    "missing everywhere": ("x,y\n,1\n,2\n", {"drop_missing": True}, "column 'x' is empty in every row"),
    "missing in each row": ("a,b,y\n1,,1\n,2,2\n", {"drop_missing": True}, "every row lacks a value"),
    "a spreadsheet's error is no comment": (
        "x,y\n#N/A,1\n1,2\n",
        {},
        "column 'x' is empty at row 0 (line 2)",
    ),
    "1,234": (
        "x;y\n1,234;1\n2,345;2\n",
        {},
        "column 'x' holds '1,234' at row 0 (line 2), which is 1.234 or 1234: write it with a decimal point",
    ),
    "1,234 beside 1.5": (
        "x;y\n1,234;1.5\n2;2\n",
        {},
        "holds '1,234' at row 0 (line 2), with a thousands separator",
    ),
    "1.234 beside 1,5": (
        "x;y\n1.234;1,5\n2;2\n",
        {},
        "holds '1.234' at row 0 (line 2), with a thousands separator",
    ),
    "1,234.5": (
        'x,y\n1,1\n"1,234.5",2\n',
        {},
        "holds '1,234.5' at row 1 (line 3), with a thousands separator",
    ),
    "1.234,5": ("x;y\n1;1\n1.234,5;2\n", {}, "holds '1.234,5' at row 1 (line 3), with a thousands separator"),
    "1,234,567": ('x,y\n"1,234,567",1\n', {}, "with a thousands separator"),
    "1 234": ("x,y\n1 234,1\n5,2\n", {}, "holds '1 234' at row 0 (line 2), with a thousands separator"),
    "1\u202f234": ("x,y\n1\u202f234,1\n5,2\n", {}, "with a thousands separator"),
    "1'234": ("x,y\n1'234,1\n5,2\n", {}, "with a thousands separator"),
    "1_000": ("x,y\n1_000,1\n5,2\n", {}, "holds '1_000' at row 0 (line 2), with a thousands separator"),
    "both decimal marks": (
        "x;y\n2,5;1.5\n2;3\n",
        {},
        "holds '2,5' at row 0 (line 2), and other cells have decimal",
    ),
    "unit": ("x,y\n1,1\n5 kg,2\n", {}, "column 'x' holds '5 kg' at row 1 (line 3), a number with a unit"),
    "unit without names": ("1 kg,1\n2,2\n", {}, "column 'x0' holds '1 kg' at row 0 (line 1)"),
    "percent": ("x,y\n5%,1\n6%,2\n", {}, "holds '5%' at row 0 (line 2), a number with a unit"),
    "currency": ("x,y\n$5,1\n$6,2\n", {}, "holds '$5' at row 0 (line 2), a number with a unit"),
    "words": (
        "a,b,y\n1,2,3\n4,foo,6\n",
        {},
        "column 'b' holds 'foo' at row 1 (line 3), which is not a number; --ignore leaves the column out",
    ),
    "words among truth": ("x,y\nTrue,1\nfoo,2\n", {}, "column 'x' holds 'foo' at row 1 (line 3)"),
    "braces in a name": ("x{0},y\nfoo,1\n1,2\n", {}, "column 'x{0}' holds 'foo' at row 0 (line 2)"),
    "a remark behind a number": ("y,x\n0,1\n1,2 # checked\n", {}, "holds '2 # checked' at row 1 (line 3)"),
    "day or month": ("t,y\n01/02/2020,1\n03/04/2020,2\n", {}, "day or month first is not to be told"),
    "day and month": (
        "t,y\n13/01/2020,1\n01/13/2020,2\n",
        {},
        "day and month in another order than elsewhere",
    ),
    "no such date": (
        "t,y\n2021-02-29,1\n2021-02-28,2\n",
        {},
        "holds '2021-02-29' at row 0 (line 2), which is no date",
    ),
    "some zones": (
        "t,y\n2021-02-28 00:00Z,1\n2021-02-28 00:00,2\n",
        {},
        "at row 1 (line 3), with a time zone",
    ),
    "short row": (PLAIN + "2\n", {}, "line 4 has 1 cell and line 1 has 2, separated by commas"),
    "long row": (PLAIN + "2,3,4\n", {}, "line 4 has 3 cells and line 1 has 2"),
    "long rows": ("x,y\n0,1,2\n1,2,3\n", {}, "line 2 has 3 cells and line 1 has 2"),
    "commas for everything": ("x,y\n0,5,1,5\n1,5,2,5\n", {}, "separate columns by semicolons"),
    "row names without a name": (
        '"x" "y"\n"1" 0 1\n"2" 1 2\n',
        {},
        "name every column, the one that numbers",
    ),
    "a column without a name": (",x,y\n7,0,1\n7,1,2\n", {}, "column 1 of 3 has no name"),
    "a quotation mark alone": (
        'x,y\n"0,1\n1,2\n',
        {},
        "line 2, or a cell that begins there: unexpected end of data",
    ),
    "a cell of two lines": (
        'x,y\n0,"1\n1,2"\n2,3\n',
        {},
        "line 2 opens a quotation mark and does not close it",
    ),
    "a quotation mark within": ('x,y\n"0"1,2\n', {}, "line 2, or a cell that begins there"),
    "names or a sample": ("a,5\n1,2\n", {}, "line 1 holds the word 'a' and the number '5': say --header"),
    "names that count": ("0,1,2\n1,2,3\n", {}, "line 1 counts 0, 1, 2, ...: say --header"),
    "two labels": (
        "y,x,target\n0,1,2\n",
        {},
        "has 2 columns named as labels, y, target: say which is the --target",
    ),
    "unknown to ignore": (
        PLAIN,
        {"ignore": ["z"]},
        "has no column named 'z' for --ignore: its columns are x, y",
    ),
    "unknown feature": (PLAIN, {"features": ["x, z"]}, "has no column named 'z' for --features"),
    "a feature twice": (PLAIN, {"features": ["x", "x"]}, "--features names the column 'x' twice"),
    "nothing left": (PLAIN, {"ignore": ["x"]}, "has 1 column left"),
    "no label left": (PLAIN, {"features": ["x,y"]}, "has no column left for the label"),
    "label ignored": ("a,b,y\n1,2,3\n", {"ignore": ["y"], "target": "y"}, "'y' is to be ignored and used"),
    "label as feature": (
        "a,b,y\n1,2,3\n",
        {"features": ["y"], "target": "y"},
        "'y' is the label and a feature",
    ),
    "gzip that ends early": (gzip.compress(PLAIN.encode())[:-9], {}, "not readable as gzip"),
    "gzip and rubbish": (gzip.compress(PLAIN.encode()) + b"rubbish", {}, "not readable as gzip"),
    "UTF-16 without a mark": (PLAIN.encode("utf-16-le"), {}, "it holds zero bytes"),
    "UTF-16 cut": (PLAIN.encode("utf-16")[:-1], {}, "it is not the UTF-16 that its first bytes say"),
    "neither UTF-8 nor Latin-1": (b"x,y\n\x81,1\n", {}, "byte 4 (0x81) is neither UTF-8 nor Latin-1"),
    "a spreadsheet": (b"PK\x03\x04...", {}, "it is no text but a spreadsheet or zip archive"),
    "a Parquet file": (b"PAR1...", {}, "it is no text but a Parquet file"),
    "comments only": ("# x\n#y\n", {}, "it has no rows"),
    "a name only": ("x\n", {}, "has 1 column"),
}


@pytest.fixture
def read(tmp_path):
    def from_content(content, **wanted):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, Wanted(**wanted))

    return from_content


@pytest.mark.parametrize("kind", READ)
def test_read(read, kind):
    content, wanted, rows, words = READ[kind]
    table = read(content, **wanted)
    assert [[*x, y] for x, y in zip(table.X.tolist(), table.y.tolist(), strict=True)] == rows
    assert words in " ".join(value for _, value in table.reading.rows())


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(read, kind):
    content, wanted, words = REFUSED[kind]
    try:
        message = read(content, **wanted).fault  # labels may be words, and say why they are no numbers
    except InputError as error:
        message = str(error)
    assert words in message
    assert "\n" not in message
    assert len(message) < 500


def test_there_are_forty_kinds():
    assert min(len(READ), len(REFUSED)) > 40


class TestRemarks:
    def test_constant_and_numbering_columns_are_said(self, read):
        remarks = read("id,a,c,y\n1,.5,3,1\n2,.25,3,2\n3,.75,3,1\n").reading.remarks
        assert remarks == (
            "column 'id' (1, 2, 3, ...) seems to number the rows: if it is no feature, --ignore id leaves it "
            "out",
            "column 'c' is 3 in every row: --ignore c leaves it out",
        )

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("customer_id,a,y\n17,1,1\n5,1.5,2\n9,1,3\n", "'customer_id' (17, 5, 9, ...) seems to number"),
            ("step,a,y\n0,1,1\n1,1.5,2\n2,1,3\n", "'step' (0, 1, 2, ...) seems to number"),
            ("a,b,c\n1,5,2\n2,1.5,1\n2,1,3\n", "the label is taken to be 'c', the last column"),
        ],
    )
    def test_one(self, read, content, words):
        (remark,) = read(content).reading.remarks
        assert words in remark

    @pytest.mark.parametrize(
        "content",
        [
            "x,y\n0,1\n1,0\n2,1\n",  # a curve over 0, 1, 2
            "n,y\n0,1\n1,0\n2,1\n",  # the one feature there is
            "id,a,y\n1,1,1\n1,3,2\n2,2,3\n",  # groups, not rows
            "width,pressure\n1,5\n2,1\n2.5,1\n",  # one feature: nobody would take the first for the label
        ],
    )
    def test_none(self, read, content):
        assert read(content).reading.remarks == ()


def rows_of_numbers(draw_from):
    return st.lists(st.tuples(draw_from, draw_from), min_size=1, max_size=8)


FINITE = st.floats(allow_nan=False, allow_infinity=False)


class TestNoRowIsLost:
    """Whatever the layout: as many rows come out as went in, with the floats that they spell."""

    @given(rows_of_numbers(FINITE), st.sampled_from(";\t| "), st.booleans(), st.booleans())
    def test_decimal_points(self, tmp_path_factory, rows, mark, names, blanks):
        lines = [mark.join(map(repr, row)) for row in rows]
        check(tmp_path_factory, [f"x{mark}y"] * names + lines, rows, blanks=blanks)

    @given(rows_of_numbers(FINITE), st.booleans(), st.booleans())
    def test_decimal_commas(self, tmp_path_factory, rows, names, blanks):
        # 0,5 shows beyond doubt what a comma is
        rows = [(0.5, 0.5), *rows]
        lines = [";".join(repr(value).replace(".", ",") for value in row) for row in rows]
        check(tmp_path_factory, ["x;y"] * names + lines, rows, blanks=blanks)

    @given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.data())
    def test_a_row_with_another_number_of_cells_is_refused(self, tmp_path_factory, numbers, data):
        lines = ["x,y", *(f"{number},{number}" for number in numbers)]
        line = data.draw(st.integers(1, len(lines) - 1))
        lines[line] += ",1"
        with pytest.raises(InputError, match=r"line \d+ has \d cells and line \d+ has \d"):
            check(tmp_path_factory, lines, [], blanks=False)

    def test_text_that_pandas_writes(self, tmp_path):
        rng = np.random.default_rng(0)
        frame = pd.DataFrame(rng.normal(size=(50, 3)), columns=["a", "b", "y"])
        for k, options in enumerate(
            (
                {},
                {"sep": ";", "decimal": ","},
                {"sep": "\t"},
                {"index": False},
                {"header": False, "index": False},
            )
        ):
            path = tmp_path / f"{k}.csv.gz"
            frame.to_csv(path, **options)
            table = read_table(path)
            assert (frame[["a", "b"]].to_numpy() == table.X).all()
            assert (table.y == frame["y"].to_numpy()).all()


def check(tmp_path_factory, lines, rows, *, blanks):
    path = tmp_path_factory.getbasetemp() / "rows.txt"
    path.write_text(("\n\n" if blanks else "\n").join(lines) + "\n")
    table = read_table(path)
    assert [(x[0], y) for x, y in zip(table.X.tolist(), table.y.tolist(), strict=True)] == rows


class TestDates:
    @given(st.lists(st.datetimes(), min_size=1, max_size=5))
    def test_seconds_are_those_of_python(self, moments):
        # Python's difference of two moments is exact in microseconds
        first = min(moments)
        expected = [(moment - first) // (first - first).resolution / 10**6 for moment in moments]
        assert dates.seconds([moment.isoformat() for moment in moments]).values == expected

    def test_nanoseconds(self):
        assert dates.seconds(["2020-01-01 00:00:00.000000001", "2020-01-01"]).values == [1e-9, 0]

    @pytest.mark.parametrize(
        "cell", ["12:30", "2020-01", "20200101", "Jan 1 2020", "1.2.20", "2020-1/1", "1/2/3"]
    )
    def test_others_are_none(self, cell):
        assert not dates.is_date(cell)


class TestBounds:
    @pytest.mark.slow
    def test_a_bomb_is_refused(self, tmp_path):
        path = tmp_path / "bomb.csv.gz"
        piece = b"0" * 2**24
        with gzip.open(path, "wb", compresslevel=1) as stream:
            for _ in range(MAX_FILE_BYTES // len(piece) + 1):
                stream.write(piece)
        assert path.stat().st_size < 2**23
        with pytest.raises(InputError, match="unpacks to more than"):
            read_table(path)

    def test_a_cell_of_a_megabyte(self, read):
        with pytest.raises(InputError, match="field larger than field limit"):
            read("x,y\n" + "1" * 2**20 + ",2\n")

    @given(st.binary(max_size=60))
    def test_rubbish_is_read_or_refused_in_a_sentence(self, tmp_path_factory, content):
        path = tmp_path_factory.getbasetemp() / "rubbish.csv"
        path.write_bytes(content)
        assert "\n" not in sentence(path)

    @given(st.text(alphabet='0159.,;\t "#\n+-eExyNA/', max_size=40))
    def test_nearly_tables_are_read_or_refused_in_a_sentence(self, tmp_path_factory, content):
        path = tmp_path_factory.getbasetemp() / "nearly.csv"
        path.write_text(content)
        if refused := sentence(path):
            assert "\n" not in refused
            return
        # every line with a cell is a row, names, or a comment
        lines = [line for line in content.split("\n") if re.sub(r'[;,\t "]', "", line)]
        comments = sum(line.strip().startswith("#") for line in lines)
        assert len(read_table(path).y) >= len(lines) - comments - 1


def sentence(path):
    """Why a table is refused; empty when it is not."""
    try:
        read_table(path)
    except InputError as error:
        return str(error)
    return ""


def test_rows_are_counted_without_those_left_out(tmp_path):
    from sparsest.io.problem_sources import Asked, read_problem

    path = tmp_path / "table.csv"
    path.write_text("x,y\n,0\n1,1\n1,2\n")
    with pytest.raises(InputError, match=r"rows 0 and 1.*\(rows are counted without those left out\)"):
        read_problem(str(path), Asked(Wanted(drop_missing=True)))


def test_cells_are_the_decimals_that_they_spell(read):
    table = read("x;y\n0,1;0,30\n0,7;1e-3\n")
    assert [repr(value) for value in (*table.X[:, 0].tolist(), *table.y.tolist())] == [
        "0.1",
        "0.7",
        "0.3",
        "0.001",
    ]
    assert Problem(table.X, table.y).n_samples == 2
