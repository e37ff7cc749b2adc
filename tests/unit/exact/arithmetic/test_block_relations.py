"""Columns that are sums of others: found with coefficients, and only where others have all they have."""

import numpy as np

from sparsest.exact.arithmetic.block_relations import independent_of, related_blocks

# four blocks of two coordinates each
STARTS, ENTRIES, SIDES = np.array([0, 2, 4, 6, 8]), np.array([0, 1] * 4), np.zeros(8, dtype=np.int64)
ITSELF = np.arange(4)


def test_a_column_is_a_sum_of_two_others_up_to_rounding():
    random = np.random.default_rng(0)
    total = random.normal(size=(6, 4))
    total[:, 3] = (total[:, 0] - total[:, 2]) * (1 + 1e-12)
    found = related_blocks(total, ITSELF, STARTS, ENTRIES, SIDES)
    assert found.tolist() == [[0] * 4] * 3 + [[-1, 0, 1, 1]]


def test_two_relations_name_only_blocks_without_one():
    random = np.random.default_rng(1)
    total = random.normal(size=(6, 4))
    total[:, 2] = total[:, 0] - total[:, 1]
    total[:, 3] = total[:, 2] + total[:, 0]  # that is twice the first less the second
    found = related_blocks(total, ITSELF, STARTS, ENTRIES, SIDES)
    assert found.tolist() == [[0] * 4, [0] * 4, [-1, 1, 1, 0], [-2, 1, 0, 1]]


def test_factors_of_the_data_are_no_relation_and_neither_are_independent_columns():
    random = np.random.default_rng(2)
    total = random.normal(size=(6, 4))
    assert not related_blocks(total, ITSELF, STARTS, ENTRIES, SIDES).any()
    total[:, 3] = 0.37 * total[:, 0]
    assert not related_blocks(total, ITSELF, STARTS, ENTRIES, SIDES).any()


def test_blocks_with_fewer_coordinates_explain_none_with_more():
    random = np.random.default_rng(3)
    total = random.normal(size=(6, 4))
    total[:, 3] = total[:, 0] - total[:, 2]
    fewer = np.array([0, 1, 0, 1, 1, 0, 1])  # the third block has one coordinate
    starts = np.array([0, 2, 4, 5, 7])
    found = related_blocks(total, ITSELF, starts, fewer, SIDES[:7])
    # the small one is explained by the large ones, and no large one by it
    assert found.tolist() == [[0] * 4, [0] * 4, [-1, 0, 1, 1], [0] * 4]
    other_sides = np.array([0, 0, 0, 0, 1, 0, 0])
    assert not related_blocks(total, ITSELF, starts, fewer, other_sides).any()


def test_a_condition_that_follows_from_others_is_reduced_to_nothing():
    conditions = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, 1.0]])
    cases = [([1, 0, 1], False), ([2, -1, 1], False), ([0, 0, 0], False), ([1, 0, 0], True)]
    for condition, says_more in cases:
        reduced = np.array(condition, dtype=float)
        assert independent_of(conditions, reduced) is says_more
        assert reduced.any() == says_more
