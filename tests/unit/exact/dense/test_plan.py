"""Plans cover: every set of members has its first ones picked at some leaf."""

import itertools

import pytest

from sparsest.exact.dense.plan import cheapest_plan


def picked(candidates, needed, levels):
    """Yield the picks of every leaf of a plan, as docs/proof-format.md describes them."""
    if not levels:
        yield ()
        return
    (groups, picks), *rest = levels
    assert picks <= -(-needed // groups)  # or no group need have so many
    size = len(candidates)
    for g in range(groups):
        start, stop = size * g // groups, size * (g + 1) // groups
        for chosen in itertools.combinations(range(start, stop), picks):
            left = candidates[:start] + candidates[chosen[-1] + 1 :]
            if len(left) < needed - picks:
                continue
            for others in picked(left, needed - picks, rest):
                yield tuple(candidates[k] for k in chosen) + others


@pytest.mark.parametrize(("candidates", "needed", "dimensions"), [(7, 4, 3), (8, 5, 3), (9, 5, 4), (7, 6, 4)])
def test_every_set_of_members_holds_the_picks_of_a_leaf(candidates, needed, dimensions):
    plan = cheapest_plan(candidates, needed, dimensions)
    assert sum(level.picks for level in plan.levels) == dimensions - 1
    leaves = [set(picks) for picks in picked(tuple(range(candidates)), needed, plan.levels)]
    for members in itertools.combinations(range(candidates), needed):
        assert any(leaf <= set(members) for leaf in leaves)


def test_a_half_of_37_samples_in_eleven_dimensions_takes_136136_leaves():
    # one of two groups of 18 and 19 holds 10 of 19 members; C(18, 10) + C(19, 10) = 43758 + 92378
    assert cheapest_plan(37, 19, 11).levels == ((2, 10),)
