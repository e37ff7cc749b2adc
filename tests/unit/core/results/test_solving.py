"""Results: sentences for people, and deadlines."""

import numpy as np
import pytest

from sparsest import History, InputError, Outcome, Problem, Proof, Status
from sparsest.continuous import minimize
from sparsest.progress import Deadline


@pytest.mark.parametrize("member", [*Status, *Proof, *Outcome], ids=repr)
def test_members_have_a_name_and_a_sentence(member):
    assert type(member)(str(member)) is member
    assert str(member) == member.value
    assert " " in member.sentence
    assert "\n" not in member.sentence


def test_names_are_those_of_saved_files():
    # a member that is renamed makes files of earlier releases unreadable
    assert {str(member) for member in Status} >= {
        "optimal",
        "time_limit",
        "node_limit",
        "numerical",
    }
    assert {str(member) for member in Proof} >= {"exact", "numerical"}
    assert {str(member) for member in Outcome} >= {"agree", "continuous_above", "exact_open", "disagree"}


@pytest.mark.parametrize("limit", [0, -1, float("nan"), "1", True, [1]])
def test_refused_time_limits(limit):
    with pytest.raises(InputError, match="positive number of seconds, or None"):
        Deadline(limit)


def test_deadlines():
    assert Deadline(None).remaining == float("inf")
    assert not Deadline(None).expired
    assert Deadline(1e-9).expired
    assert Deadline(1e-9).remaining == 0
    ahead = Deadline(np.int64(1000))
    assert 990 < ahead.remaining <= 1000 - ahead.seconds + 1
    assert not ahead.expired


def test_results_with_arrays_are_compared_by_identity():
    # comparing field by field would ask an array for its truth
    fit = minimize(Problem([0, 1], [0, 1]), objective="weights", restarts=2, steps=3)
    again = minimize(Problem([0, 1], [0, 1]), objective="weights", restarts=2, steps=3)
    assert fit == fit
    assert fit != again
    assert fit.network == again.network


def test_history_as_a_table_has_a_row_a_step_and_restart():
    # two records of three restarts; the first restart's loss is 1, then 4
    history = History(
        np.array([0.0, 5.0]), np.array([[1.0, 2, 3], [4, 5, 6]]), np.zeros((2, 3)), np.full((2, 3), 7.0)
    )
    table = history.table()
    assert table["restart"].tolist() == [0, 0, 1, 1, 2, 2]
    assert table["step"].tolist() == [0, 5, 0, 5, 0, 5]
    assert table["loss"].tolist() == [1, 4, 2, 5, 3, 6]
    assert table["active"].tolist() == [7] * 6
    single = History(np.array([3.0]), np.array([1.0]), np.array([2.0]), np.array([4.0])).table()
    assert {name: column.tolist() for name, column in single.items()} == {
        "restart": [0], "step": [3], "loss": [1.0], "path_norm": [2.0], "active": [4],
    }  # fmt: skip
