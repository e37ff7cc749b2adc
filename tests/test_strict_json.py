import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.io.strict_json import fields_of, parse, whole
from sparsest.results.solving import Status


@dataclasses.dataclass(frozen=True)
class Inner:
    count: int


@dataclasses.dataclass(frozen=True)
class Outer:
    name: str
    share: float
    whether: bool
    status: Status | None
    values: FloatArray
    several: tuple[Inner, ...]
    pair: tuple[float, int | None]
    options: Mapping[str, Any]


DOCUMENT = {
    "name": "a",
    "share": "inf",
    "whether": True,
    "status": "optimal",
    "values": [1, "-inf"],
    "several": [{"count": 1}, {"count": 2}],
    "pair": [1, None],
    "options": {"anything": []},
    "more": 0,
}


def test_fields_follow_their_annotations():
    found = Outer(**fields_of(Outer, DOCUMENT))
    assert (found.name, found.share, found.whether, found.status) == ("a", np.inf, True, Status.OPTIMAL)
    np.testing.assert_array_equal(found.values, [1, -np.inf])
    assert (found.several, found.pair) == ((Inner(1), Inner(2)), (1.0, None))
    assert Outer(**fields_of(Outer, DOCUMENT | {"status": None})).status is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 1), ("share", True), ("share", "1"), ("whether", 1), ("status", "good"), ("values", ["x"]),
        ("several", {}), ("several", [1]), ("several", [{"count": 1.0}]), ("pair", [1]), ("pair", [1, 2, 3]),
        ("options", []),
    ],
)  # fmt: skip
def test_other_types_are_refused_by_the_name_of_their_field(field, value):
    with pytest.raises(InputError, match=f"field '{field}'"):
        fields_of(Outer, DOCUMENT | {field: value})


@pytest.mark.parametrize("text", ["NaN", "[-Infinity]", "1e999", "{", "[" * 100_000])
def test_json_by_the_book(text):
    with pytest.raises(ValueError, match=r"finite|Expecting|deeply"):
        parse(text)


@pytest.mark.parametrize("value", [-1, 4, 1.0, True, "1"])
def test_whole_numbers_keep_their_bounds(value):
    assert whole(3, 0, 3) == 3
    with pytest.raises(InputError, match="from 0 to 3"):
        whole(value, 0, 3)
