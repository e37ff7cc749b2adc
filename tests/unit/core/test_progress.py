"""Parts of a time limit."""

import pytest

from sparsest.progress import Deadline


@pytest.mark.parametrize(("limit", "seconds", "most"), [(None, 5.0, 5.0), (2.0, 5.0, 2.0), (9.0, 5.0, 5.0)])
def test_a_part_of_so_many_seconds_is_no_longer_than_the_whole(limit, seconds, most):
    whole = Deadline(limit)
    part = whole.at_most(seconds)
    assert 0 < part.limit <= most
    assert not part.interrupted
    whole.interrupt()
    assert part.interrupted
    assert part.expired


def test_a_share_of_no_limit_is_no_limit():
    assert Deadline(None).part(0.0).limit is None
    assert Deadline(None).at_most(float("inf")).limit is None


def test_nothing_is_left_of_a_time_that_is_over():
    whole = Deadline(5.0)
    whole.interrupt()
    assert whole.at_most(1.0).expired
