"""Densest classes before the checker: true refutations, and false ones of every rule."""

import copy
import itertools
import math

import numpy as np
import pytest

from sparsest import Problem, ProofError, check, check_proof
from sparsest.exact.dense.refutation import Budget, refute_densely
from sparsest.progress import Deadline


def last(*points):
    """A step that says that points have no pattern."""
    return {"points": list(points), "patterns": [], "plan": [], "boxes": []}


def first(points, patterns, plan, *boxes):
    return {"points": list(points), "patterns": list(patterns), "plan": plan, "boxes": list(boxes)}


def box(ends, **following):
    return {"box": ends, "next": {name[1:]: step for name, step in following.items()}}


def part(neurons, positive, step):
    return {"kind": "densest", "neurons": neurons, "positive": positive, "step": step}


def document(X, low, high, bound, *parts, **options):
    problem = {"X": X, "low": low, "high": high, "skip": False, "weight_bound": None, **options}
    return {
        "format": "sparsest/proof",
        "version": 1,
        "objective": "neurons",
        "problem": problem,
        "lower_bound": bound,
        "upper_bound": None,
        "witness": None,
        "circuits": [],
        "parts": list(parts),
    }


# three points above 0 that are on no line: one positive neuron, active on all of them, would be a line there
TENT = [[0], [1], [2]], [1, 2, 1], [1, 2, 1]
NONE, NEGATIVE = part(0, 0, last(1)), part(1, 0, last(1))
NONE_AT_0 = part(0, 0, last(0))
NO_LINE = first([0, 1, 2], ["1"], [[1, 1]])


def tent(step=NO_LINE, bound=2, others=(NONE, NEGATIVE), **options):
    return document(*TENT, bound, *others, part(1, 1, step), **options)


# the points at 0 and 1 are on y = 1 + x, which a single neuron is there; the one at 2 is not
RISE = first([0, 1], ["1"], [[1, 1]], box([["1/2", "3/2"], ["1/2", "3/2"]], _1=last(2)))


# the values of one neuron of sign 1 at points where it must be active are on a line: those at 0 and 2 add up
# to 2, and twice that at 1 is 4
def bent(pattern):
    return {"value": [[0, pattern, -1], [1, pattern, 2], [2, pattern, -1]], "cone": []}


BENT = bent("1")

# A valley, then a tent. With one neuron of either sign that of sign 1 is active everywhere, and what is taken
# away from it is convex: whether the other is active on the valley's floor decides which function is too high
# there. Two neurons of sign 1 are convex: the function of the tent's top is too high beside it.
WAVE = [[0], [1], [2], [3]], [2, 1, 2, 1], [2, 1, 2, 1]


def floor(pattern):
    return {"value": [[0, pattern, 1], [1, pattern, -2], [2, pattern, 1]], "cone": []}


def top(pattern):
    return {"value": [[1, pattern, -1], [2, pattern, 2], [3, pattern, -1]], "cone": []}


FLOOR = {"branch": 1, "next": {"*0": floor("10"), "*1": floor("11")}}
TOP = {"branch": 2, "next": {"10": top("10"), "11": top("11")}}


def wave(floors=FLOOR, tops=TOP):
    parts = NONE, NEGATIVE, part(1, 1, floor("1")), part(2, 0, last(1)), part(2, 1, floors), part(2, 2, tops)
    return document(*WAVE, 3, *parts)


# five points on y = x, which one neuron meets
LINE = [[k] for k in range(1, 6)], list(range(1, 6)), list(range(1, 6))
ON_IT = [["1/2", "3/2"], ["-1/2", "1/2"]]


def line(step):
    return document(*LINE, 2, NONE, NEGATIVE, part(1, 1, step))


def rejected(proof, reason):
    with pytest.raises(ProofError, match=reason):
        check_proof(proof)


class TestAccepted:
    def test_no_function_meets_all_points(self):
        checked = check_proof(tent())
        assert (checked.lower_bound, checked.kinds, checked.nodes, checked.leaves) == (2, ("densest",), 3, 3)

    def test_the_only_function_leaves_a_point_without_patterns(self):
        assert check_proof(tent(RISE)).nodes == 4

    def test_rows_that_contradict_each_other(self):
        assert check_proof(tent(BENT)).lower_bound == 2

    def test_a_branch_on_what_a_point_may_be(self):
        # two neurons of sign 1, each active or not at 1; together they could be a tent upside down alone
        assert check_proof(tent({"branch": 1, "next": {"1": BENT}})).nodes == 4

    def test_a_branch_on_the_neurons_of_one_sign(self):
        assert check_proof(wave()).lower_bound == 3

    def test_a_branch_on_what_is_left_of_a_point(self):
        again = {"branch": 1, "next": {"1*": FLOOR}}
        assert check_proof(wave(again)).lower_bound == 3

    def test_keys_that_tell_neurons_apart(self):
        tops = {"branch": 2, "next": {text: top(text) for text in ("10", "01", "11")}}
        assert check_proof(wave(tops={"branch": 0, "next": {"1*": tops}})).lower_bound == 3

    @pytest.mark.parametrize("plan", [[], [[3, 1]], [[2, 1]], [[1, 1], [1, 1]], [[1, 2]]])
    def test_any_plan_that_covers(self, plan):
        assert check_proof(tent(first([0, 1, 2], ["1"], plan))).lower_bound == 2

    def test_a_wider_box_and_more_boxes_do_no_harm(self):
        more = copy.deepcopy(RISE)
        more["boxes"].append(box([[0, 1], [0, 1]], _1=last(1)))  # at most 2 - and 2 is met at 1
        rejected(tent(more), "may have the pattern 1")
        more["boxes"][1] = box([[0, "1/2"], [0, 1]], _1=last(1))  # at most 3/2 at 1
        assert check_proof(tent(more)).lower_bound == 2


FALSE = {
    "a line meets all": (line(first([0, 1, 2, 3], ["1"], [[1, 1]])), "in none of its boxes"),
    "a point has the pattern": (line(last(0)), "point 0 may have the pattern 1"),
    "a point is met by the box": (
        line(first([0, 1, 2], ["1"], [[1, 1]], box(ON_IT, _1=last(4)))), "may have the pattern 1"
    ),
    "a box beside the function": (
        line(first([0, 1, 2], ["1"], [[1, 1]], box([["1/2", "3/4"], ["-1/2", "1/2"]], _1=last(4)))),
        "in none of its boxes",
    ),
    "boxes that hold it together only": (
        line(first([0, 1, 2], ["1"], [[1, 1]],
            box([["1/2", 1], ["-1/2", "1/2"]], _1=last(4)), box([[1, "3/2"], ["-1/2", "1/2"]], _1=last(4)))),
        "in none of its boxes",
    ),
    "a box whose ends are exchanged": (
        line(first([0, 1, 2], ["1"], [[1, 1]], box([["3/2", "1/2"], ["-1/2", "1/2"]], _1=last(4)))),
        "out of order",
    ),
    "a box of one range": (
        line(first([0, 1, 2], ["1"], [[1, 1]], box([["1/2", "3/2"]], _1=last(4)))), "2 ranges are needed"
    ),
    "two points are met by many": (line(first([0, 1], ["1"], [[1, 1]])), "in none of its boxes"),
    "one point bounds nothing": (line(first([0], ["1"], [[1, 1]])), "more functions than a box holds"),
    "a pattern left out": (
        document(*TENT, 3, *(tent()["parts"]), part(2, 2, first([0, 1, 2], ["11", "10"], [[1, 1]]))),
        "may have the pattern 01",
    ),
    "two patterns share three points": (
        document(*TENT, 3, *(tent()["parts"]), part(2, 1, first([0, 1, 2], ["11", "10"], [[1, 1]]))),
        "in none of its boxes",
    ),
    "a pattern twice": (tent(first([0, 1, 2], ["1", "1"], [[1, 1]])), "occurs twice"),
    "a pattern of two": (tent(first([0, 1, 2], ["11"], [[1, 1]])), "is not 0 or 1 for each of 1 neurons"),
    "a pattern of a star": (tent(first([0, 1, 2], ["*"], [[1, 1]])), "is not 0 or 1 for each of 1 neurons"),
    "a point twice": (tent(first([0, 1, 2, 2], ["1"], [[1, 1]])), "one occurs twice"),
    "no points": (tent(first([], ["1"], [[1, 1]])), "none"),
    "no points without patterns": (tent(last()), "none"),
    "a point that is not there": (tent(first([0, 1, 3], ["1"], [[1, 1]])), "3"),
    "more picks than members": (tent(first([0, 1, 2], ["1"], [[2, 3]])), "more from a group than there must"),
    "no groups": (tent(first([0, 1, 2], ["1"], [[0, 1]])), "groups and picks"),
    "no picks": (tent(first([0, 1, 2], ["1"], [[1, 0]])), "groups and picks"),
    "groups by the thousand": (tent(first([0, 1, 2], ["1"], [[10**9, 1]])), "1000000000"),
    "a step that follows is missing": (tent({**RISE, "boxes": [box(RISE["boxes"][0]["box"])]}), "next|1"),
    "a step too many": (
        tent({**RISE, "boxes": [box(RISE["boxes"][0]["box"], _1=last(2), _0=last(2))]}), "fields|'0'|0"
    ),
    "a false step that follows": (
        tent({**RISE, "boxes": [box(RISE["boxes"][0]["box"], _1=last(0))]}), "may have the pattern 1"
    ),
    "an affine term": (tent(constant=True), "may have the pattern"),
    "a skip": (tent(skip=True), "may have the pattern"),
    "a plan at the end": (
        tent(others=(part(0, 0, {**last(1), "plan": [[1, 1]]}), NEGATIVE)), "needs no plan"
    ),
    "a branch without a pattern": (tent({"branch": 1, "next": {}}), "1"),
    "a branch on a pattern that is out": (tent({"branch": 1, "next": {"1": BENT, "0": last(1)}}), "0"),
    "a branch twice": (
        tent({"branch": 1, "next": {"1": {"branch": 1, "next": {"1": BENT}}}}), "has its pattern"
    ),
    "a key left out": (wave({"branch": 1, "next": {"*0": floor("10")}}), "no key covers the pattern 11"),
    "a key of patterns that are out": (
        wave({"branch": 1, "next": {**FLOOR["next"], "0*": floor("10")}}), "key 0[*] covers nothing"
    ),
    "a key of three": (wave({"branch": 1, "next": {"***": floor("10")}}), "for each of 2 neurons"),
    "a key of other signs": (wave({"branch": 1, "next": {"*2": floor("10")}}), "is not 0 or 1 or [*]"),
    "keys in a list": (wave({"branch": 1, "next": ["*0", "*1"]}), "no object"),
    "a key that decides nothing": (
        wave({"branch": 1, "next": {"**": floor("10")}}), "may miss point 1's interval"
    ),
    "the function of the other key": (
        wave({"branch": 1, "next": {"*0": floor("10"), "*1": floor("10")}}), "may miss point 1's interval"
    ),
    "neurons that a key tells apart": (
        wave(tops={"branch": 0, "next": {"1*": TOP}}), "no key covers the pattern 01 of point 2"
    ),
    "a branch on a pattern that a key has left": (
        wave({"branch": 1, "next": {"*0": {"branch": 1, "next": {"10": floor("10")}}, "*1": floor("11")}}),
        "has its pattern",
    ),
    "a branch nowhere": (tent({"branch": 3, "next": {"1": BENT}}), "3"),
    "rows that add up to nothing": (tent({"value": [], "cone": []}), "add up to a contradiction"),
    "rows that do not cancel": (tent({**BENT, "value": BENT["value"][:2]}), "add up to a contradiction"),
    "rows that add up to less": (
        tent({**BENT, "value": [[p, "1", -m] for p, _, m in BENT["value"]]}), "add up to a contradiction"
    ),
    "a neuron that may be active": (
        document([[0], [1]], [1, 0], [1, 0], 2, NONE_AT_0, part(1, 0, last(0)),
            part(1, 1, {"value": [], "cone": [[0, 1, -1]]})),
        "neuron 0 may be otherwise on point 1",
    ),
    "a function that others may be below": (
        # with two neurons of sign 1, either may be active alone
        document(*TENT, 3, *(tent()["parts"]), part(2, 2, bent("11"))),
        "may miss point 0's interval|may miss point 1's interval",
    ),
    "the upper end where others may be above": (
        # the function of 10 is at least low_1 where the neuron of sign 1 is active, but not at most high_0
        document(*TENT, 3, *(tent()["parts"]), part(2, 1, bent("10"))),
        "may miss point 0's interval",
    ),
    "a multiplier of zero": (tent({**BENT, "value": [[0, "1", 0]]}), "zero|0"),
    "more neurons than are next": (tent() | {"parts": [NONE, part(2, 0, last(1))]}, "1 is next"),
    "the same signs twice": (tent(others=(NONE, NEGATIVE, NEGATIVE)), "refuted before"),
    "signs left out": (tent(others=(NONE,)), "0 of them positive, are not refuted"),
    "too large a bound": (tent(bound=3), "3 is claimed and 2 proven"),
    "a positive sign for a value below 0": (
        document([[0]], [-1], [-1], 1, part(0, 0, last(0)), part(1, 0, last(0))), "may have the pattern 1"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("proof", "reason"), FALSE.values(), ids=FALSE)
def test_false_proofs(proof, reason):
    rejected(proof, reason)


def test_an_open_interval_is_not_enumerated():
    proof = document(TENT[0], [1, 2, 1], [1, None, 1], 2, NONE, NEGATIVE, part(1, 1, NO_LINE))
    rejected(proof, "the interval of point 1 is open")


def test_points_on_a_line_in_the_plane_are_met_by_many():
    X = [[k, 0] for k in range(1, 5)]
    labels = list(range(1, 5))
    step = first(range(4), ["1"], [[1, 2]])
    rejected(
        document(X, labels, labels, 2, NONE, NEGATIVE, part(1, 1, step)), "more functions than a box holds"
    )


def deep():
    """A true refutation of two neurons of either sign, in steps that follow each other."""
    rng = np.random.default_rng(0)
    X = rng.integers(-99, 100, (60, 2)) * 1.0
    inputs = X @ rng.integers(-3, 4, (2, 3)) + rng.integers(-30, 31, 3)
    problem = Problem(X, np.maximum(inputs, 0) @ [1, 1, -1], tolerance=1e-3).in_integers
    X, low, high = (v.astype(int).tolist() for v in (problem.X, problem.low, problem.high))
    step = refute_densely(problem, (1, -1), Budget(1e9, Deadline(None))).document()
    above, below = low.index(max(low)), high.index(min(high))
    fewer = [part(0, 0, last(above)), part(1, 1, last(below)), part(1, 0, last(above))]
    return document(
        X, low, high, 3, *fewer, part(2, 2, last(below)), part(2, 0, last(above)), part(2, 1, step)
    )


def test_steps_that_follow_each_other_and_false_changes_of_them():
    proof = deep()
    assert check_proof(proof).lower_bound == 3
    step = proof["parts"][-1]["step"]
    assert step["boxes"], "a case without steps that follow shows nothing"
    for change in (
        lambda step: step["boxes"].pop(),
        lambda step: step["boxes"][0]["box"].__setitem__(0, [10**6, 10**6 + 1]),
        lambda step: step["boxes"][0]["box"][0].__setitem__(1, step["boxes"][0]["box"][0][0]),
        lambda step: step["boxes"][0]["next"].popitem(),
        lambda step: step["patterns"].pop(),
        lambda step: step.update(plan=[[1, 9]]),
        lambda step: step["boxes"][0]["next"].update(dict.fromkeys(step["boxes"][0]["next"], last(0))),
    ):
        changed = copy.deepcopy(proof)
        change(changed["parts"][-1]["step"])
        with pytest.raises(ProofError):
            check_proof(changed)


def test_an_enumeration_that_takes_too_much_work_is_rejected():
    rng = np.random.default_rng(0)
    X = rng.integers(-9, 10, (40, 8)).tolist()
    labels = rng.integers(1, 9, 40).tolist()
    fields = {"X": X, "low": labels, "high": labels, "skip": False, "weight_bound": None}
    problem = check._Problem(fields, "problem")
    step = first(range(len(problem.points)), ["11", "10"], [[1, 1]])
    work = check._Work({})
    work.left = 10**6
    bound = check._NeuronBound(problem, "neurons", [], work)
    with pytest.raises(ProofError, match="takes more work"):
        check._check_step(bound, step, check._Situation(problem, [1, -1], work), "part 0")


def determinant(matrix):
    """By its definition, as a sum over permutations (Leibniz)."""
    total = 0
    for order in itertools.permutations(range(len(matrix))):
        turned = sum(a > b for a, b in itertools.combinations(order, 2))
        total += (-1) ** turned * math.prod(row[j] for row, j in zip(matrix, order, strict=True))
    return total


def test_inverses_in_whole_numbers():
    # rows to exchange, negative determinants, numbers of hundreds of digits
    rng = np.random.default_rng(0)
    matrices = [rng.integers(-2, 3, (n, n)).astype(object) for n in (1, 2, 3, 4, 5) for _ in range(20)]
    matrices += [matrix * 3**700 + 1 for matrix in matrices[-5:]]
    sizes = [determinant(matrix.tolist()) for matrix in matrices]
    assert min(sizes) < 0 < max(sizes)
    assert sizes.count(0) > 5
    for matrix, size in zip(matrices, sizes, strict=True):
        inverse, factor = check._find_inverse(matrix.tolist(), check._Work({}))
        assert factor == abs(size)
        if factor:
            assert (
                np.array(inverse, object) @ matrix == factor * np.eye(len(matrix), dtype=int).astype(object)
            ).all()
