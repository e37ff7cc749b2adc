"""False proofs of least path norms by hand, each with a claim that is not true, and files of hostile sizes.

Least path norms are derived beside each problem. A claim above one is to be rejected whatever shows it.
"""

import functools
import random
from fractions import Fraction

import pytest

import sparsest.check_path_norm
from sparsest import ProofError, check_path_norm_proof
from sparsest.check import UnreadableError, _Work
from sparsest.check_path_norm import Power

STEP = {"over": 1, "multipliers": [], "prices": [], "moves": []}


def step(*multipliers, **fields):
    return STEP | {"multipliers": [list(pair) for pair in multipliers]} | fields


def document(X, low, high, bound, *nodes, p="1/2", objective="weights", skip=False, **fields):
    problem = {"X": X, "low": low, "high": high, "skip": skip, "weight_bound": None}
    problem |= {name: fields.pop(name) for name in ("constant", "places", "weight_bound") if name in fields}
    return {
        "format": "sparsest/path-norm-proof",
        "version": 1,
        "objective": objective,
        "p": p,
        "problem": problem,
        "lower_bound": bound,
        "upper_bound": None,
        "witness": None,
        "largest": 9,
        "price_bits": 20,
        "cones": [],
        "nodes": [node if "steps" in node else {"steps": [node]} for node in nodes],
    } | fields


# 0, 0, 1 at 0, 1, 2 with a skip: 1, as f(0) - 2 f(1) + f(2) = 1 takes a weight of at least 1
X, Y = [[0], [1], [2]], [0, 0, 1]
CURVED = (0, 1), (1, -2), (2, 1)
bend = functools.partial(document, X, Y, Y, skip=True, largest=2)
# 1 at 0 alone: the neuron max(0, 1) costs 1 where biases cost something, and nothing with weights
one = functools.partial(document, [[0]], [1], [1], p=1, largest=2)
# 0 and 1 at 0 and 1, no affine term: the neuron max(0, x) costs 1, and with p = 1 a step of 1 takes that much
rise = functools.partial(document, [[0], [1]], [0, 1], [0, 1], p=1, largest=2)


def test_the_true_ones_are_accepted():
    assert check_path_norm_proof(bend(1, step(*CURVED), largest=1)).lower_bound == 1
    for objective in ("neurons", "parameters"):
        assert check_path_norm_proof(one(1, step((0, 1)), objective=objective)).lower_bound == 1
    assert check_path_norm_proof(rise(1, step((0, -1), (1, 1)))).lower_bound == 1
    assert check_path_norm_proof(rise(1, step((0, -1), (1, 1)), objective="neurons")).lower_bound == 1


TWICE = step((0, 2), (1, -4), (2, 2))
# half of the multipliers prove 1/2, and that no neuron is worth more than it costs for elements up to 2
LESS = step(*CURVED, over=2)
ON_2 = {"cones": [["001", "1"]]}  # neurons active at 2 alone, of positive weight
ON_BOTH = {"cones": [["001", "1"], ["110", "0"]]}  # and those that stand for the same with a skip
HALF = "1/2"


def less(*moves):
    return LESS | {"moves": list(moves)}


FALSE = {
    # multipliers
    "twice the multipliers": bend(2, TWICE, largest=4),
    "half of the denominator": bend(2, step(*CURVED, over=0), largest=4),
    "a negative denominator": bend(1, step((0, -2), (1, 4), (2, -2), over=-1)),
    "the opposite multipliers": bend(1, step((0, -1), (1, 2), (2, -1))),
    "no sum of zero": bend(1, step((2, 1))),
    "no sum of zero but in one coordinate": bend(1, step((0, -1), (2, 1))),
    "a multiplier twice": bend(2, step(*CURVED, (2, 1)), largest=4),
    "a multiplier of nothing": bend(1, step((0, 1), (1, -2), (2, 0))),
    "a point beyond the last": bend(1, step((0, 1), (1, -2), (3, 1))),
    "a point from behind": bend(1, step((0, 1), (1, -2), (-1, 1))),
    "a point that is true": bend(1, step((0, 1), (True, -2), (2, 1))),
    "no multipliers": bend("1/1000", step()),
    "no steps": bend("1/1000", {"steps": []}),
    "no nodes": bend("1/1000"),
    "ends the wrong way": document(X, [0, -9, 1], [9, 9, 9], 1, step(*CURVED), skip=True, largest=1),
    "an open end": document(X, [0, None, 1], [0, None, 1], 1, step(*CURVED), skip=True, largest=1),
    # the affine term; with a constant max(0, x) is to be paid, with a skip nothing
    "a skip through two points": rise("1/9", step((0, -1), (1, 1)), skip=True),
    "a skip through one": one("1/9", step((0, 1)), skip=True, objective="parameters"),
    "a constant through one": one("1/9", step((0, 1)), constant=True, objective="parameters"),
    "a constant through one, neurons": one("1/9", step((0, 1)), constant=True, objective="neurons"),
    "weights of a constant": one("1/9", step((0, 1))),
    "weights of constant labels": document(X, [1] * 3, [1] * 3, "1/9", step((0, 1))),
    "parameters of two active neurons": document([[0], [1]], [1, 1], [1, 1], "3/2", step((0, 1), (1, 1)),
        p=1, objective="parameters"),
    # an input of zero, and inputs that are all zero
    "a column of zeros": document([[0, 0], [1, 0]], [0, 1], [0, 1], "3/2", step((0, -2), (1, 2)), p=1),
    "the origin, and two parameters": one(2, step((0, 2)), objective="parameters"),
    "equal inputs that agree": document([[0], [0]], [0, 1], [2, 3], 2, step((0, 1)), p=1,
        objective="neurons"),
    "a label of zero": document([[1]], [0], [0], "1/9", step((0, 1)), p=1, objective="neurons"),
    "a label within a tolerance of zero": document([[1]], [-1], [1], "1/9", step((0, 1)), p=1,
        objective="neurons"),
    # places: the labels are 0 and 1/10, or the inputs, so that the slope is 1/10, or 10
    "labels that are tenths": rise("11/100", step((0, -10), (1, 1), over=10), places=[0, 1]),
    "inputs that are tenths": rise(11, step((0, -10), (1, 1)), places=[1, 0], largest=20),
    # prices, boxes and the largest element
    "a largest element that costs less": bend(2, TWICE, largest=1),
    "a largest element of zero": bend(1, step(*CURVED), largest=0),
    "a largest element below zero": bend(1, step(*CURVED), largest=-4),
    "prices that are too low": bend(1, step(*CURVED, prices=[[0, 1, 0, 10]]), **ON_2),
    "prices below zero": bend(1, step(*CURVED, prices=[[0, 1, 0, -(2**30)]]), **ON_2),
    "a price that is high": bend(2, TWICE | {"prices": [[0, 1, 0, 2**21]]}, largest=4, **ON_2),
    "a price twice": bend(2, TWICE | {"prices": [[0, 1, 0, 0], [0, 1, 0, 2**21]]}, largest=4, **ON_2),
    "a price under both names": bend(2, TWICE | {"prices": [[0, 1, 0, 0], [1, 1, 0, 2**21]]}, largest=4,
        **ON_BOTH),
    "a cone that is none": bend(1, step(*CURVED), cones=[["010", "1"]]),
    "a cone of other letters": bend(1, step(*CURVED), cones=[["00x", "1"]]),
    "a price of a neuron that is part of the skip": bend(1, step(*CURVED, prices=[[0, 1, 0, 0]]),
        cones=[["111", "1"]]),
    "a price of an idle neuron": bend(1, step(*CURVED, prices=[[0, 1, 0, 0]]), cones=[["000", "1"]]),
    "a price of an entry that is free": bend(1, step(*CURVED, prices=[[0, 1, 1, 0]]), **ON_2),
    # moves: none of these may leave out the network at 1
    "a move to zero": bend("5/4", less([0, 1, 0, "high", 0]), **ON_2),
    "a move below the network": bend("5/4", less([0, 1, 0, "high", "9/10"]), **ON_2),
    "a move above the network": bend("5/4", less([0, 1, 0, "low", "11/10"]), **ON_2),
    "moves that meet": bend("5/4", less([0, 1, 0, "low", 1], [0, 1, 0, "high", 1]), **ON_2),
    "moves that cross": bend(1, less([0, 1, 0, "low", 1], [0, 1, 0, "high", HALF]),
        **ON_2),
    "a move beyond the largest": bend("5/4", less([0, 1, 0, "low", 7]), **ON_2),
    "a move of no end": bend("5/4", less([0, 1, 0, None, 1]), **ON_2),
    "moves under both names": bend("5/4", less([0, 1, 0, "high", "3/2"],
        [1, 1, 0, "low", "5/4"]), **ON_BOTH),
    # splits
    "a split with a gap around the network": bend("5/4",
        {"steps": [LESS], "split": [0, 1, 0, HALF, "3/2"]}, LESS, LESS, **ON_2),
    "an excluded middle that holds the network": bend(1,
        {"steps": [LESS], "split": [0, 1, 0, "1/4", 2]}, step(*CURVED), **ON_2),
    "a split with a gap and no step": bend(1,
        {"steps": [], "split": [0, 1, 0, HALF, "3/2"]}, LESS, LESS, **ON_2),
    "a split that does not begin at zero": bend("5/4",
        {"steps": [LESS], "split": [0, 1, 0, 0, "3/2"]}, LESS, LESS, **ON_2),
    "a split whose parts are exchanged": bend(1,
        {"steps": [LESS], "split": [0, 1, 0, "3/2", HALF]}, LESS, LESS, **ON_2),
    "a split beyond the interval": bend(1,
        {"steps": [LESS], "split": [0, 1, 0, 3, 3]}, LESS, LESS, **ON_2),
    "one part of a split": bend(1,
        {"steps": [LESS], "split": [0, 1, 0, HALF, HALF]}, LESS, **ON_2),
    "a split that closes itself": bend(1, {"steps": [LESS], "split": [0, 1, 0, HALF, HALF]}, **ON_2),
    "a node too many": bend(1, step(*CURVED), step(*CURVED), largest=1),
    "a split that is nothing": bend(1, {"steps": [LESS], "split": None}),
    # p, where (1/2)^p is above 1/2
    "p of zero": bend(1, step(*CURVED), p=0),
    "p below zero": bend(1, step(*CURVED), p="-1/2"),
    "p above one": bend(1, step(*CURVED), p="3/2"),
    "p that is a decimal": bend(1, step(*CURVED), p="0.5"),
    "p that is true": bend(1, step(*CURVED), p=True),
    "p that is nothing": bend(1, step(*CURVED), p=None),
    "p of a long denominator": bend(1, step(*CURVED), p="1/1001"),
    "p in a third": bend("1001/1000", step(*CURVED), p="1/3"),
    # numbers
    "a bound that is true": bend(True, step(*CURVED)),
    "a bound in a float's words": bend("1e999", step(*CURVED)),
    "a bound that is no number": bend("nan", step(*CURVED)),
    "a bound below zero": bend(-1, step(*CURVED)),
    "a bound of a huge exponent": bend("0x1p+9999", step(*CURVED), largest="0x1p+9999"),
    "bits of prices below zero": bend(1, step(*CURVED), price_bits=-1),
    "bits of prices that are true": bend(1, step(*CURVED), price_bits=True),
    # a lower bound of zero has nothing to show
    "nodes for nothing": bend(0, step(*CURVED)),
    "cones for nothing": bend(0, **ON_2),
    # the witness
    "a witness without a bound": bend(0, witness={"kind": "network", "signs": [], "neurons": [],
        "skip": [0, 0]}),
    "an affine term that is not allowed": rise(0, upper_bound=0, witness={"kind": "network", "signs": [],
        "neurons": [], "skip": [1, 0]}),
    "slopes beside a constant": rise(0, constant=True, upper_bound=0, witness={"kind": "network",
        "signs": [], "neurons": [], "skip": [1, 0]}),
    "a bias that is not paid": one(0, objective="parameters", upper_bound=HALF,
        witness={"kind": "network", "signs": [1], "neurons": [[0, 1]], "skip": None}),
    "a sign that is not there": rise(0, upper_bound=1, witness={"kind": "network", "signs": [0],
        "neurons": [[1, 0]], "skip": None}),
    "a polyline with a bend, whose bends are not asked for": bend(0, upper_bound=HALF,
        witness={"kind": "polyline", "points": [[0, 0], [1, 0], [2, 1]]}),
    "a witness beyond the weight bound": rise(0, weight_bound=HALF, upper_bound=1,
        witness={"kind": "network", "signs": [1], "neurons": [[1, 0]], "skip": None}),
    "an upper bound below the lower": bend(1, step(*CURVED), largest=1, upper_bound=HALF,
        witness={"kind": "network", "signs": [1], "neurons": [[1, -1]], "skip": [0, 0]}),
    # the problem
    "a skip and a constant": bend(1, step(*CURVED), constant=True),
    "a row of nothing": document([[]], [1], [1], 1, step((0, 1))),
    "an empty interval": document([[0]], [1], [0], 1, step((0, 1))),
    "no samples": document([], [], [], 1, step()),
    "an objective of another word": bend(1, step(*CURVED), objective="weight"),
}  # fmt: skip


@pytest.mark.parametrize("proof", FALSE.values(), ids=FALSE)
def test_false_proofs_are_rejected(proof):
    with pytest.raises(ProofError):
        check_path_norm_proof(proof)


# Problems and their least path norms: those above; 1 at two points, which max(0, 1) meets; a slope of 1
# beside a column of zeros.
SMALL = (
    (bend(0), 1, [["001", "1"], ["011", "1"], ["110", "0"], ["100", "0"]]),
    (rise(0), 1, [["01", "1"], ["11", "1"], ["10", "0"], ["11", "0"]]),
    (one(0, objective="parameters"), 1, [["1", "11"], ["1", "01"]]),
    (document([[0], [1]], [1, 1], [1, 1], 0, p=1, objective="neurons"), 1, [["11", "11"], ["11", "01"],
        ["01", "10"]]),
    (document([[0, 0], [1, 0]], [0, 1], [0, 1], 0), 1, [["01", "11"], ["01", "10"], ["11", "11"]]),
)  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_random_trees_do_not_prove_more_than_is_true(seed):
    """Splits and moves at random, closed by what is best nearby, of a claim one percent above the truth."""
    rng = random.Random(seed)
    problem, least, cones = SMALL[seed]
    count = len(problem["problem"]["X"])
    ends = [Fraction(n, 8) for n in range(17)]

    def some_step():
        chosen = rng.sample(range(count), rng.randint(1, count))
        pairs = [(p, rng.choice([-4, -2, -1, 1, 2, 4])) for p in chosen]
        if rng.random() < 0.5:
            pairs = [(0, 1), (1, -2), (2, 1)] if count == 3 else [(p, 2 * p - 1) for p in range(count)]
        names = [[rng.randrange(len(cones)), rng.choice([1, -1]), 0] for _ in range(2)]
        prices = [[*names[0], rng.choice([-1, 0, 2**18, 2**20, 2**21])]] * (rng.random() < 0.3)
        moves = [[*names[1], rng.choice(["low", "high"]), str(rng.choice(ends))]] * (rng.random() < 0.6)
        return step(*pairs, over=rng.choice([1, 1, 2, 3]), prices=prices, moves=moves)

    claimed = problem | {"lower_bound": str(Fraction(101 * least, 100)), "cones": cones}
    for _ in range(200):
        low, high = sorted(rng.choices(ends, k=2))
        split = [rng.randrange(len(cones)), rng.choice([1, -1]), 0, str(low), str(rng.choice([low, high]))]
        leaves = [{"steps": [some_step() for _ in range(rng.randint(1, 3))]} for _ in range(2)]
        first = {"steps": [some_step() for _ in range(rng.randint(0, 2))], "split": split}
        with pytest.raises(ProofError):
            check_path_norm_proof(claimed | {"nodes": [first, *leaves]})
        with pytest.raises(ProofError):
            check_path_norm_proof(claimed | {"nodes": leaves[:1]})


@pytest.mark.parametrize("p", [float("nan"), float("inf"), "1/2", [0.5]])
def test_an_exponent_asked_for_that_is_none(p):
    with pytest.raises(UnreadableError, match="p: it is not a finite number"):
        check_path_norm_proof(bend(1, step(*CURVED), largest=1), p=p)


# ------------------------------------------------------------------------------------------------------------
# files that ask for more than they are worth


def line(count):
    """Count points on a line, within intervals that everything meets, and names of cones."""
    X, names = [[n] for n in range(count)], [["0" * n + "1" * (count - n), "1"] for n in range(1, count)]
    return [X, [0] * count, [1] * count], names


@pytest.fixture
def little_work(monkeypatch):
    """A fiftieth of the work that is allowed, so that tests are short."""
    monkeypatch.setattr(sparsest.check_path_norm, "EXTRA_WORK", -190_000_000)


def rejected(proof, reason):
    with pytest.raises(ProofError, match=reason):
        check_path_norm_proof(proof)


def test_values_of_long_rays_are_charged(little_work):
    # 400 rays times 200 points of 4000 bits: 160 000 products, each of hundreds of small ones
    X = [[hex(3**2500 // (n + 3))] for n in range(200)]
    rejected(document(X, [0] * 200, [1] * 200, 1), "work")


def test_values_on_points_are_bounded(monkeypatch):
    (X, low, high), _ = line(200)
    rejected(document(X, low, high, 1), "boxes are left open")
    monkeypatch.setattr(sparsest.check_path_norm, "MAX_HELD", 50_000)
    rejected(document(X, low, high, 1), "rays have more than 50000 values")


def test_rays_are_bounded(monkeypatch):
    monkeypatch.setattr(sparsest.check_path_norm, "MAX_CONES", 300)
    X = [[n, n * n] for n in range(40)]
    rejected(document(X, [0] * 40, [1] * 40, 1), "more than 300 rays")


def test_open_boxes_are_bounded(monkeypatch):
    # every move leaves out elements that cost more than 1/1024; every split leaves a copy of all of them
    fields, names = line(40)
    moves = [[n, sign, 0, "high", "1/2"] for n in range(39) for sign in (1, -1)]
    split = {"steps": [], "split": [0, 1, 0, 0, 0]}
    first = split | {"steps": [STEP | {"moves": moves}]}
    proof = document(*fields, "1/1024", first, *[split] * 100, cones=names)
    rejected(proof, "102 boxes are left open")
    monkeypatch.setattr(sparsest.check_path_norm, "MAX_HELD", 7000)
    rejected(proof, "open boxes have more than 7000 intervals")


def test_sums_of_long_ends_are_charged_in_every_step(little_work):
    # 30 elements with ends of 2000 bits over different denominators: their sum has 60 000
    fields, names = line(40)
    tall = hex(2**1998)
    moves = [[n, 1, 0, "high", f"{tall}/{hex(2**2000 + 2 * n + 1)}"] for n in range(30)]
    prices = STEP | {"prices": [[n, 1, 0, 10**8] for n in range(30)]}
    proof = document(*fields, "1/1024", {"steps": [STEP | {"moves": moves}, *[prices] * 200]}, cones=names)
    rejected(proof, "work")


def test_long_denominators_of_prices_are_charged(little_work):
    fields, names = line(40)
    prices = [[n, 1, 0, "0x" + "f" * 2000] for n in range(30)]
    steps = [{"over": "0x" + "f" * 20_000, "multipliers": [], "prices": prices, "moves": []}] * 20
    rejected(document(*fields, "1/1024", {"steps": steps}, cones=names), "work")


def test_ends_of_equal_hashes_are_told_apart_by_their_text():
    # numerators that differ by multiples of 2^61 - 1 are equal to Python's hash, whatever is below the bar
    below = 2**200
    ends = [Fraction(below // 2 + n * (2**61 - 1), below) for n in range(50)]
    assert len(set(map(hash, ends))) == 1
    power = Power(Fraction(1, 2), _Work(None))
    for end in ends:
        assert power.lower(end) ** 2 <= end <= power.upper(end) ** 2
    assert len({hash(key) for key in power._known}) == 50
