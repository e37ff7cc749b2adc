"""Hand-made false proofs by the parts `packing`, `gaps` and `supports`, by the rule that each breaks.

What each claims is false, and shown to be: a network with fewer neurons, weights or parameters, given beside
it, meets all intervals in fractions. IDs name the rule.
"""

import copy
import itertools
import json

import numpy as np
import pytest
from oracles.proof_claims import network_fits, size_of

from sparsest import Problem, ProofError, check_proof, exact

CASES = []


def claim(objective, problem, lower, parts, circuits=()):
    document = {"format": "sparsest/proof", "version": 1 if objective == "neurons" else 2}
    document |= {"objective": objective, "problem": problem, "lower_bound": lower, "upper_bound": None}
    return document | {"witness": None, "circuits": list(circuits), "parts": parts}


def data(X, low, high=None, **options):
    return {
        "X": X,
        "low": low,
        "high": low if high is None else high,
        "skip": True,
        "weight_bound": None,
    } | options


def network(*neurons, skip=None):
    """A network of vectors and signs."""
    signs, vectors = [sign for _, sign in neurons], [vector for vector, _ in neurons]
    return {"kind": "network", "signs": signs, "neurons": vectors, "skip": skip}


def case(rule, document, witness):
    if all(document != other.values[0] for other in CASES):
        CASES.append(pytest.param(document, witness, id=f"{rule}-{len(CASES)}"))


# packing: four samples of a line in the plane, and one off it

PLANE = [[0, 0], [1, 0], [2, 0], [3, 0], [0, 1]]
FLAT, LINE = [0, 1, 2, 3, 0], network(skip=[1, 0, 0])  # y = x_0


def packing(sets):
    return {"kind": "packing", "sets": sets}


def one_set(circuit, labels=FLAT, high=None, witness=LINE, rule="", X=PLANE):
    case(rule, claim("neurons", data(X, labels, high), 1, [packing([[0, 1]])], [circuit]), witness)


# A circuit's rows add up to zero in every coordinate. Each of these would bend the line y = x_0.
for weights in itertools.product((-2, -1, 1, 2), repeat=3):
    if sum(weights) or weights[1] + 2 * weights[2]:
        one_set([[p, m] for p, m in enumerate(weights)], rule="circuit-does-not-cancel")
for off in (
    [[0, 1], [1, -2], [4, 1]],
    [[1, 1], [2, -2], [4, 1]],
    [[3, 1], [1, -2], [4, 1]],
    [[2, 1], [4, -1]],
):
    for sign in (1, -1):  # the samples off the line: rows cancel in the last coordinate alone
        one_set([[p, sign * m] for p, m in off], rule="circuit-does-not-cancel")
for few in ([[1, 1]], [[1, -1]], [[3, 2]], [[1, 1], [2, -1]], [[3, 1], [2, -1]], [[1, 3], [3, -1]], []):
    one_set(few, rule="circuit-too-few")
one_set([[0, 1], [1, -2], [2, 1], [2, 1]], rule="circuit-point-twice")
one_set([[1, 1], [1, 1], [2, -2], [3, 1]], rule="circuit-point-twice")
for wrong in (0, "0", None, 0.5, True, [1], "1/2", "+1"):
    one_set([[0, -1], [1, wrong], [2, -1]], rule="circuit-weight")
for wrong in (-1, 5, "1", None, True, 1.0):
    one_set(
        [[0, -1], [wrong, 2], [2, -1]], [0, 1, 0, 0, 0], [0, 1, 2, 9, 0], rule="circuit-point", witness=LINE
    )

# The intervals must force the sum above zero: open ends, ends of the other side, sums of zero.
DOWN = [[0, -1], [1, 2], [2, -1]]
UP = [[0, 1], [1, -2], [2, 1]]
for turn in (1, -1):
    for scale in (1, 3, -1):
        circuit = [[p, scale * m] for p, m in (DOWN if turn > 0 else UP)]
        bent = [v * turn for v in (0, 1, 0)]
        # an end that it needs is open, or so far off that the chord is touched; then a line fits
        lines = ([-turn, 0, 2 * turn], [0, 0, 0], [turn, 0, 0])
        for which, line in enumerate(lines):
            for step in (None, 2 * turn, 3 * turn) if which != 1 else (None, -turn, -2 * turn):
                low, high = [*bent, None, None], [*bent, None, None]
                side = low if (which == 1) == (turn > 0) else high
                side[which] = None if step is None else side[which] + step
                one_set(
                    circuit,
                    low,
                    high,
                    network(skip=line),
                    "interval-open" if step is None else "interval-wide",
                )


# Sets that one hyperplane cuts prove one neuron, whatever their weights: max(0, 2 x - 7) on eight samples.
EIGHT = [[x, 0] for x in range(8)] + [[0, 1]]
BEND = [max(0, 2 * x - 7) for x in range(8)] + [None]
CREASE = network(([2, 0, -7], 1), skip=[0, 0, 0])
TRIPLES = [(a, b, c) for a, b, c in itertools.combinations(range(8), 3) if a <= 3 and c >= 4]


def chord(a, b, c, scale=1):
    """The circuit of three samples of a line."""
    return [[a, scale * (c - b)], [b, -scale * (c - a)], [c, scale * (b - a)]]


for first, second in list(itertools.combinations(TRIPLES, 2))[::18]:
    for weights in ((1, 1), (1, 4)):
        sets = [[n, w] for n, w in enumerate(weights)]
        part = packing(sets)
        circuits = [chord(*first), chord(*second)]
        case("hyperplane-cuts-both", claim("neurons", data(EIGHT, BEND), 2, [part], circuits), CREASE)
for count in (3, 4, 5):
    circuits = [chord(*triple, scale) for scale, triple in zip((1, -2, 3, -1, 5), TRIPLES[::7], strict=False)]
    part = packing([[n, 1] for n in range(count)])
    case("hyperplane-cuts-all", claim("neurons", data(EIGHT, BEND), count, [part], circuits[:count]), CREASE)

# One set counts once: repeated, under other numbers, scaled, turned round, in another order. xor takes one
# neuron beside a skip, x_0 + x_1 - 2 max(0, x_0 + x_1 - 1), whose set may be cut by either sign.
SQUARE, XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
ROOF = network(([2, 2, -2], -1), skip=[1, 1, 0])
RING = [[0, 1], [1, -1], [2, -1], [3, 1]]
for scale in (1, -1, 2, -3):
    for other in (RING, RING[::-1], RING[2:] + RING[:2]):
        circuits = [RING, [[p, scale * m] for p, m in other]]
        for sets in ([[0, 1], [1, 1]], [[0, 2], [1, 1]]):
            case("set-counts-once", claim("neurons", data(SQUARE, XOR), 2, [packing(sets)], circuits), ROOF)
for sets in (
    *(
        [[0, 1], [0, 1]],
        [[0, 1], [0, 2]],
        [[0, 1], [-1, 1]],
        [[0, 1], [1, 1]],
        [[0, 1], ["0", 1]],
        [[0, 1], [None, 1]],
    ),
    *(
        [[0, 0]],
        [[0, -1]],
        [[0, "2"]],
        [[0, True]],
        [[0, None]],
        [[0, 1.5]],
        [[0]],
        [[0, 1, 2]],
        [0, 1],
        {"0": 1},
        [],
    ),
):
    case("set-numbers", claim("neurons", data(SQUARE, XOR), 2, [packing(sets)], [RING]), ROOF)
# nothing is added to what is proven before
for objective in ("weights", "parameters"):
    circuit = {"features": [0, 1], "weights": RING}
    # the roof has two weights and three parameters
    case("packing-of-entries", claim(objective, data(SQUARE, XOR), 4, [packing([[0, 1]])], [circuit]), ROOF)
for parts in ([packing([[0, 1]])] * 2, [packing([[0, 1]]), packing([[0, 2]])], [packing([[0, 1]])] * 3):
    case("packing-adds-nothing", claim("neurons", data(SQUARE, XOR), len(parts), parts, [RING]), ROOF)


# the same of weights and of parameters, where the network has fewer of these too
for document, witness in [other.values for other in CASES]:
    for objective in ("weights", "parameters"):
        if size_of(witness, objective) < document["lower_bound"]:
            size = len(document["problem"]["X"][0])
            named = [{"features": list(range(size)), "weights": c} for c in document["circuits"]]
            problem, bound = document["problem"], document["lower_bound"]
            case(
                f"packing-of-{objective}", claim(objective, problem, bound, document["parts"], named), witness
            )


# gaps: a constant beside two knots, at 1 and 2, of changes 4 and 6 with slope -10, -6, -4 or 0 on the left

PLACES = [["1/4"], ["3/4"], ["5/4"], ["7/4"], ["9/4"], ["11/4"]]
X = [(2 * k + 1) / 4 for k in range(6)]


def halved(values):
    return [f"{round(4 * v)}/4" for v in values]


def two_knots(slope, bias=0):
    """Labels, and a network of two neurons and a constant."""
    facing = {0: (1, 1), -4: (-1, 1), -6: (1, -1), -10: (-1, -1)}[slope]
    neurons = [([c * f, -c * f * t], 1) for c, t, f in zip((4, 6), (1, 2), facing, strict=True)]
    found = [sum(max(0, w * x + b) for (w, b), _ in neurons) + bias for x in X]
    return halved(found), network(*neurons, skip=[0, bias])


KNOTS = [[0, 1, 2, 1], [2, 3, 4, 1]]
CURVED = {"kind": "curvature", "triples": KNOTS}


def gaps(neurons=2, sample=3, before=(), after=()):
    return {
        "kind": "gaps",
        "neurons": neurons,
        "sample": sample,
        "before": list(before),
        "after": list(after),
    }


def false_gaps(rule, *parts, slope=-4, bias=0, lower=3, **options):
    labels, witness = two_knots(slope, bias)
    options = {"skip": False, "constant": True} | options
    case(rule, claim("neurons", data(PLACES, labels, **options), lower, [CURVED, *parts]), witness)


# No facing is left out: every one of them meets at every sample.
for slope, sample in itertools.product((0, -4, -6, -10), range(6)):
    false_gaps("gaps-every-facing", gaps(sample=sample), slope=slope, bias=slope + 3)
# Triples spare only neurons beyond a sample, on their own side.
for slope, sample in itertools.product((0, -4, -6, -10), range(6)):
    false_gaps("gaps-triples-beyond", gaps(sample=sample, before=KNOTS, after=KNOTS), slope=slope)
# Triples of `before` and `after` are held to all rules of knots; these would spare too many neurons.
BROKEN = {
    "straight": [[1, 2, 3, -1], [0, 1, 2, -1], [3, 4, 5, -1]],
    "overlap": [[0, 1, 2, 1], [1, 2, 4, 1], [2, 3, 4, 1]],
    "twice": [[0, 1, 2, 1], [0, 1, 2, 1], [2, 3, 4, 1]],
    "order": [[2, 3, 4, 1], [0, 1, 2, 1], [0, 1, 4, 1]],
    "between": [[1, 0, 2, 1], [0, 1, 2, 1], [2, 3, 4, 1]],
    "one-point": [[1, 1, 1, 1], [0, 1, 2, 1], [2, 3, 4, 1]],
    "index": [[0, 1, 6, 1], [-1, 1, 2, 1], [2, 3, 4, 1]],
    "sign": [[0, 1, 2, 0], [0, 1, 2, 2], [2, 3, 4, 1]],
    "sign-type": [[0, 1, 2, "1"], [0, 1, 2, True], [2, 3, 4, 1]],
    "length": [[0, 1, 2], [0, 1, 2, 1, 1], [2, 3, 4, 1]],
    "no-list": [None, 1, {}],
}
for name, triples in BROKEN.items():
    for sample in (0, 3, 5):
        false_gaps(f"gaps-before-{name}", gaps(sample=sample, before=triples))
        false_gaps(f"gaps-after-{name}", gaps(sample=sample, after=triples))
# One triple too many, beside those that hold: flat, or with its middle outside.
for triple in ([0, 1, 2, -1], [1, 2, 3, -1], [3, 4, 5, -1], [1, 0, 2, -1], [3, 2, 4, -1], [0, 0, 2, -1]):
    for slope in (0, -4):
        false_gaps("gaps-after-one-more", gaps(sample=0, after=[*KNOTS, triple]), slope=slope)
        false_gaps("gaps-before-one-more", gaps(sample=5, before=[*KNOTS, triple]), slope=slope)
# The number of neurons is the next one, once.
for wrong in (0, 1, 3, 4, -1, "2", None, True, 2.0, [2]):
    false_gaps("gaps-neurons", gaps(wrong))
false_gaps("gaps-repeated", gaps(), gaps(), lower=4)
false_gaps("gaps-go-on", gaps(), gaps(3), lower=4)
for wrong in (-1, 6, "0", None, True, 1.0, [0]):
    false_gaps("gaps-sample", gaps(sample=wrong))
# With a skip each knot is one neuron, whatever the facings.
for slope in (0, -4, -6, -10):
    labels, witness = two_knots(slope)
    rest = network(([4, -4], 1), ([6, -12], 1), skip=[slope, 0])
    start = [v if slope == 0 else None for v in labels]
    fitting = halved([slope * x + 4 * max(0, x - 1) + 6 * max(0, x - 2) for x in X])
    case("gaps-with-a-skip", claim("neurons", data(PLACES, fitting), 3, [CURVED, gaps()]), rest)
# Without a constant where there is one: 1 more than the least that two neurons alone reach.
for slope, bias in itertools.product((-4, -6), (1, 2, -3)):
    false_gaps("gaps-constant-is-free", gaps(), slope=slope, bias=bias)
# A wide interval lets two neurons pass.
for n in range(6):
    labels, witness = two_knots(-4)
    low, high = list(labels), list(labels)
    low[n], high[n] = None, None
    options = {"skip": False, "constant": True}
    case("gaps-open-end", claim("neurons", data(PLACES, low, high, **options), 3, [CURVED, gaps()]), witness)


# supports: y = x_0 on the origin and the corners of three features; one weight, one parameter

CORNERS = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
ALIKE = {"features": [1, 2], "weights": [[0, 1], [1, -1]]}
RISE, NO_CELL = {"value": [[1, 1], [0, -1]]}, {"circuit": [0, 0]}
NONE = [[0, "", 0], [1, "", 1], [2, "", RISE]]
FORK = [
    [0, "", 0],
    [1, "1", 1],
    [2, "1", RISE],
    [2, "0", NO_CELL],
    [1, "0", 1],
    [2, "1", NO_CELL],
    [2, "0", RISE],
]
FIRST = network(([1, 0, 0, 0], 1))


def supports(neurons, nodes):
    return {"kind": "supports", "neurons": neurons, "nodes": nodes}


def false_supports(rule, *parts, circuits=(ALIKE,), objective="weights", lower=2, witness=FIRST, **options):
    problem = data(CORNERS, [0, 1, 0, 0], **({"skip": False} | options))
    case(rule, claim(objective, problem, lower, [supports([], NONE), *parts], circuits), witness)


TRUE = [supports([[[1, 2], sign]], FORK) for sign in (1, -1)]
NEGATIVE = supports([[[0, 1, 2], -1]], [[0, "", 0], [1, "*", RISE]])
# Every network of fewer entries is held by a part: these leave out that on the first feature.
for parts in ([], TRUE[:1], TRUE[1:], TRUE, TRUE[::-1]):
    false_supports("supports-none-left-out", *parts)
    false_supports("supports-none-left-out", *parts, objective="parameters")
for lower in (3, 4, 9):
    false_supports("supports-budget", *TRUE, lower=lower)
# A part holds networks of as many neurons, of the same signs, whose entries are among its own.
for more in ([[[1, 2], 1], [[1, 2], 1]], [[[1, 2], 1], [[1, 2], -1]], [[[1, 2], -1], [[1, 2], -1]]):
    false_supports("supports-as-many", *TRUE, supports(more, [[0, "", 0], [1, "**", RISE]]))
# Entries: some, increasing, in range; signs 1 or -1; no pair more or less.
for wrong in ([], [0, 0], [1, 0], [3], [-1], ["0"], [True], [None], [0.0], 0, None, "0", {}):
    for sign in (1, -1):
        false_supports("supports-entries", supports([[wrong, sign]], FORK), *TRUE)
for wrong in (0, 2, -2, "1", True, None, 1.0, [1]):
    false_supports("supports-sign", supports([[[0], wrong]], FORK), *TRUE)
for wrong in ([[0]], [[0], 1, 1], [0], [[[0]], 1], None, 0, {"0": 1}):
    false_supports("supports-pair", supports([wrong], FORK), *TRUE)
# In a leaf's sums every coordinate that the neuron may use vanishes: with the first they do not.
for entries in ([0], [0, 1], [0, 2], [0, 1, 2]):
    for sign in (1, -1):
        false_supports("supports-coordinates", supports([[entries, sign]], FORK), *TRUE)
        false_supports(
            "supports-coordinates", supports([[entries, sign]], FORK), *TRUE, objective="parameters"
        )
# A circuit excludes bits where its features hold all that the neuron may use.
for features in ([1], [2], [], [1, 1], [2, 1], [0, 1, 2], [0], [3], [-1], ["1"], None):
    circuits = [{"features": features, "weights": [[0, 1], [1, -1]]}]
    false_supports("circuit-features", supports([[[0, 1, 2], 1]], FORK), NEGATIVE, circuits=circuits)
for field in (
    {"features": [1, 2]},
    {"weights": [[0, 1], [1, -1]]},
    [[0, 1], [1, -1]],
    ALIKE | {"x": 1},
    None,
):
    false_supports("circuit-fields", supports([[[0, 1, 2], 1]], FORK), NEGATIVE, circuits=[field])
# Both bits are covered, and no more than once.
for n in range(1, 7):
    less = [node for i, node in enumerate(FORK) if i != n]
    false_supports("supports-coverage", supports([[[0, 1, 2], 1]], less), NEGATIVE)
    false_supports("supports-coverage", supports([[[0], 1]], less), *TRUE, NEGATIVE)
# Leaves: undecided bits only where they weaken, multipliers of the right sign, bits that are known.
for leaf in (
    *({"value": [[1, 1]]}, {"value": [[0, 1]]}, {"value": [[1, -1]]}, {"value": [[1, 1], [0, -2]]}),
    *({"value": [[1, 1], [2, -1]]}, {"value": [[1, 1], [0, -1]], "cone": [[0, 1, 1]]}, {"value": []}),
    *(
        {"cone": [[0, 0, 1]]},
        {"bound": [[0, 0, 1]]},
        {"merge": 0},
        {"circuit": [0, 0]},
        {"circuit": [1, 0]},
        {},
    ),
):
    for key in "0*":
        nodes = [[0, "", 0], [1, key, leaf]] if key == "*" else [[0, "", 0], [1, "0", leaf], [1, "1", leaf]]
        false_supports("supports-leaf", supports([[[0], 1]], nodes), supports([[[0], -1]], nodes), *TRUE)
# Neurons of other entries or signs are not alike: neither merged nor put in order.
TWO = [[0, "", 0], [1, "00", RISE], [1, "10", RISE], [1, "11", RISE]]
for pair in ([[[0], 1], [[1], 1]], [[[0], 1], [[0], -1]], [[[0, 1], 1], [[0], 1]]):
    false_supports("supports-alike", supports(pair, TWO), *TRUE)
    false_supports("supports-merge", supports(pair, [[0, "", 0], [1, "**", {"merge": 0}]]), *TRUE)
# Knots are of a line, come first, and stand once; there are none here.
for triple in ([0, 1, 2, 1], [0, 1, 2, -1], [1, 0, 2, 1], [1, 0, 3, -1]):
    knots = {"kind": "curvature", "triples": [triple]}
    false_supports("supports-knots", knots)
    false_supports("supports-knots", *TRUE, knots)
# Parts of version 1 say nothing of entries, and those of version 2 nothing of neurons.
for part in (
    {"kind": "tree", "neurons": 0, "positive": 0, "skip": False, "nodes": NONE},
    packing([[0, 1]]),
    gaps(0, 0),
):
    for objective in ("weights", "parameters"):
        false_supports("supports-kind", part, *TRUE, objective=objective)
for n, part in enumerate((*TRUE, supports([], NONE))):
    circuit = [[0, 1], [1, -1]]
    case(
        "neurons-kind",
        claim("neurons", data(CORNERS, [0, 1, 0, 0], skip=False), 2, [part] * (n + 1), [circuit]),
        FIRST,
    )

# One feature: max(0, x) on -1, 0 and 1. A neuron active at both outer samples is linear there, and the one in
# the middle contradicts; where it is active at one of them a true leaf or a false one follows.

STEP, RAMP = data([[-1], [0], [1]], [0, 0, 1], skip=False), network(([1, 0], 1))
STRAIGHT = {"features": [0], "weights": [[0, 1], [2, 1], [1, -2]]}
OUTER = {"features": [], "weights": [[0, 1], [2, -1]]}  # cancels for neurons without weights alone
HIGHER, CHORD = {"value": [[2, 1], [0, -1]]}, {"value": [[0, 1], [2, 1], [1, -2]]}
ENDS = {"kind": "supports", "neurons": [], "nodes": [[0, "", 0], [1, "", 2], [2, "", HIGHER]]}
ON = [[0, "", 0], [1, "1", 2], [2, "1", 1], [3, "1", CHORD], [3, "0", {"circuit": [0, 0]}]]
OFF = [[1, "0", 2], [2, "0", HIGHER]]


def step_tree(sign, falling, rising):
    """Refute neurons of one sign, if the nodes for those that end, and that begin, between the samples do."""
    return supports([[[0], sign]], [*ON, *falling, OFF[0], *rising, OFF[1]])


def true_leaf(sign):
    """What refutes a neuron that adds nothing at one outer sample, where its sign is wrong."""
    point = 0 if sign > 0 else 2
    return HIGHER | {"cone": [[0, point, 1]]}


for sign, leaf in itertools.product(
    (1, -1),
    [
        *(HIGHER, {"value": []}, {"cone": []}, {"bound": []}, {"circuit": [0, 1]}, {"circuit": [0, 0]}),
        *(HIGHER | {"cone": [[0, p, m]]} for p in (0, 2) for m in (1, -1, 2)),
        *({"value": [[2, m], [0, n]]} for m in (1, 2) for n in (-2, 1, 2)),
        *({"circuit": [0, -1]}, {"circuit": [1, 0]}, {"merge": 0}, HIGHER | {"bound": [[0, 0, 1]]}),
    ],
):
    falling, rising = [[2, "0", leaf]], [[2, "1", leaf]]
    # the one of them that is impossible has its true leaf
    falling, rising = ([[2, "0", true_leaf(1)]], rising) if sign > 0 else (falling, [[2, "1", true_leaf(-1)]])
    other = step_tree(-sign, [[2, "0", {"circuit": [0, 1]}]], [[2, "1", {"circuit": [0, 1]}]])
    parts = [ENDS, step_tree(sign, falling, rising), other]
    case("supports-one-leaf", claim("weights", STEP, 2, parts, [STRAIGHT, OUTER]), RAMP)
for pair in itertools.product(
    ([], [[2, "0", HIGHER]], [[2, "0", {"circuit": [0, 1]}]], [[2, "0", HIGHER | {"cone": [[0, 0, -1]]}]]),
    ([], [[2, "1", HIGHER]], [[2, "1", {"circuit": [0, 1]}]], [[2, "1", HIGHER | {"cone": [[0, 2, -1]]}]]),
):
    trees = [
        step_tree(1, [[2, "0", true_leaf(1)]], pair[1]),
        step_tree(-1, pair[0], [[2, "1", true_leaf(-1)]]),
    ]
    case("supports-one-rule", claim("weights", STEP, 2, [ENDS, *trees], [STRAIGHT, OUTER]), RAMP)
# Bits follow all signs of a circuit, or their opposites, and a term is left out where that weakens the row.
WRONG = [[3, "1", {"circuit": [0, 0]}], [3, "0", {"circuit": [0, 0]}]]
for turn in (0, 1):
    trees = [
        step_tree(1, [[2, "0", true_leaf(1)]], [[2, "1", 1], *WRONG[:: 1 - 2 * turn]]),
        step_tree(-1, [[2, "0", 1], *WRONG[:: 1 - 2 * turn]], [[2, "1", true_leaf(-1)]]),
    ]
    case("supports-follow", claim("weights", STEP, 2, [ENDS, *trees], [STRAIGHT, OUTER]), RAMP)
for scale in (1, 2, 3):
    leaf = {"value": [[2, scale], [0, -scale]]}
    plus = [*ON, [2, "0", true_leaf(1)], OFF[0], [2, "*", leaf]]
    minus = [[0, "", 2], [1, "1", 0], *ON[2:], [2, "0", true_leaf(-1)], [1, "0", 0], [2, "*", leaf]]
    parts = [ENDS, supports([[[0], 1]], plus), supports([[[0], -1]], minus)]
    case("supports-undecided", claim("weights", STEP, 2, parts, [STRAIGHT, OUTER]), RAMP)


# Attempts on single rules of the checker, by whoever knows them: each with the rule that stops it. The sum of
# both inputs takes two parameters, as one neuron without a bias or as two columns.

SUM, TOTAL = data(SQUARE, [0, 1, 1, 2], skip=False), network(([1, 1, 0], 1))
AT_ORIGIN = {"features": [0, 1], "bias": False, "weights": [[0, 1]]}
IN_FIRST = {"features": [0], "weights": [[0, 1], [1, -1]]}
PARALLELOGRAM = {"features": [0, 1], "bias": False, "weights": [[1, 1], [2, 1], [3, -1]]}
BOTH = [[[0, 1], 1]]
# twice the last label, less the others: more than they are of
STEEP = {"value": [[3, 2], [1, -1], [2, -1]]}
POINTS = [[0, "", 0], [1, "", 1], [2, "", 2], [3, "", 3]]


def closed(leaf, *way):
    """The way down, with a leaf for either bit in the end."""
    nodes = [[n, key if n else "", p] for n, (key, p) in enumerate(way)]
    return [*nodes, [len(way), "1", leaf], [len(way), "0", leaf]]


def attempt(*parts, circuits=(), objective="parameters", problem=SUM, witness=TOTAL, lower=3):
    return claim(objective, problem, lower, list(parts), circuits), witness


ATTEMPTS = {
    "a circuit of the origin, where neurons without a bias are zero": (
        attempt(supports(BOTH, closed(NO_CELL, ("", 0))), circuits=[AT_ORIGIN]), "is zero on all points"
    ),
    "a circuit in the feature in which points are alike": (
        attempt(supports(BOTH, closed(NO_CELL, ("", 0), ("1", 1))), circuits=[IN_FIRST]),
        "does not know all that neuron 0 may use",
    ),
    "a circuit in the feature in which they are not": (
        attempt(supports(BOTH, closed(NO_CELL, ("", 0), ("1", 1))), circuits=[IN_FIRST | {"features": [1]}]),
        "circuit 0: its rows do not add up to zero",
    ),
    "a circuit without a bias, for a neuron with one": (
        attempt(
            supports([[[0, 1, 2], 1]], closed(NO_CELL, ("", 1), ("1", 2), ("1", 3))), circuits=[PARALLELOGRAM]
        ),
        "does not know all that neuron 0 may use",
    ),
    "bits that a circuit allows": (
        attempt(supports(BOTH, closed(NO_CELL, ("", 1), ("1", 2), ("1", 3))), circuits=[PARALLELOGRAM]),
        "do not follow circuit 0",
    ),
    "undecided bits that follow a circuit": (
        attempt(
            supports(BOTH, [[0, "", 1], [1, "1", 2], [2, "1", 3], [3, "*", NO_CELL]]),
            circuits=[PARALLELOGRAM],
        ),
        "do not follow circuit 0",
    ),
    "a circuit of points below": (
        attempt(supports(BOTH, closed(NO_CELL, ("", 1), ("1", 2))), circuits=[PARALLELOGRAM]),
        "point 3 has no bits here",
    ),
    "columns whose multiples do not cancel": (
        attempt(supports([[[0], 1], [[1], 1]], [*POINTS, [4, "", STEEP]])),
        "add up to zero where 1 times coordinate 0 is above 0",
    ),
    "one of two columns that cancels": (
        attempt(supports([[[0], -1], [[1], 1]], [*POINTS, [4, "", STEEP]])),
        "add up to zero where 1 times coordinate 1 is above 0",
    ),
    "columns of the other side, which are zero": (
        attempt(supports([[[0], -1], [[1], -1]], [*POINTS, [4, "", STEEP]])), "is not refuted"
    ),
    "both sides of one column in the place of two": (
        attempt(supports([[[0], 1], [[0], -1]], [*POINTS, [4, "", {"value": [[1, 1]]}]])), "is not refuted"
    ),
    "columns that are merged": (
        attempt(supports([[[0], 1], [[0], 1]], [*POINTS, [4, "", {"merge": 0}]])), "not an index below -1"
    ),
    "bits of columns": (
        attempt(supports([*BOTH, [[0], 1]], [[0, "", 0], [1, "**", STEEP]])), "for each of 1 neurons"
    ),
    "nodes that say nothing of neurons": (
        attempt(supports(BOTH, [*POINTS, [4, "", STEEP]])), "for each of 1 neurons"
    ),
    "a constant that is not free": (
        attempt(
            supports([], [[0, "", 0], [1, "", {"value": [[0, 1]]}]]), objective="weights", lower=1,
            problem=data(SQUARE, [1, 1, 1, 1], skip=False), witness=network(([0, 0, 1], 1)),
        ),
        "do not add up to zero in the coordinates",
    ),
    "a constant that is free, with its slopes": (
        attempt(
            supports([], [*POINTS, [4, "", {"value": [[1, 1], [0, -1]]}]]), lower=3,
            problem=data(SQUARE, [1, 2, 2, 3], skip=False, constant=True),
            witness=network(([1, 1, 0], 1), skip=[0, 0, 1]),
        ),
        "is not refuted",
    ),
    "the neuron that a skip turns round": (
        attempt(
            supports(BOTH, closed(STEEP, ("", 0))), lower=1, problem=data(SQUARE, [0, 1, 1, 2]),
            witness=network(skip=[1, 1, 0]),
        ),
        "on the first point all neurons are inactive",
    ),
    "a packing behind a tree": (
        attempt(
            supports([], [[0, "", 0], [1, "", 1], [2, "", {"value": [[1, 1]]}]]), packing([[0, 1]]), lower=3,
            circuits=[{"features": [0, 1], "weights": [[0, 1], [1, -1], [2, -1], [3, 1]]}],
        ),
        "a packing comes first",
    ),
    "a set of one feature": (
        attempt(packing([[0, 1]]), circuits=[IN_FIRST], lower=3), "does not name all features"
    ),
    "a set that a plane meets": (
        attempt(
            packing([[0, 1]]), lower=3, problem=data(SQUARE, [0, 1, 1, 2], skip=False),
            circuits=[{"features": [0, 1], "weights": [[0, 1], [1, -1], [2, -1], [3, 1]]}],
        ),
        "admit an affine function",
    ),
    "bounded weights": (
        attempt(supports(BOTH, closed(STEEP, ("", 0))), problem=SUM | {"weight_bound": 9}), "are bounded"
    ),
    "a knot where the input of one parameter is zero": (
        attempt(
            {"kind": "curvature", "triples": [[0, 1, 2, 1]]}, lower=2, problem=STEP, witness=RAMP
        ),
        "1 parameters: .* is not refuted",
    ),
    "the bias as a column of the other side": (
        attempt(
            supports([], [[0, "", 0], [1, "", {"value": [[0, 1]]}]]),
            supports([[[2], -1]], [[0, "", 0], [1, "", {"value": [[0, 1]]}]]),
            lower=2, problem=data(SQUARE, [1, 1, 1, 1], skip=False), witness=network(([0, 0, 1], 1)),
        ),
        "is not refuted",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("attempted", "reason"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_attempts_on_single_rules(attempted, reason):
    document, witness = attempted
    assert size_of(witness, document["objective"]) < document["lower_bound"]
    assert network_fits(document["problem"], witness)
    with pytest.raises(ProofError, match=reason):
        check_proof(document)


def test_there_are_so_many():
    parts = [part["kind"] for case in CASES for part in case.values[0]["parts"][-1:]]
    assert len(CASES) >= 500
    assert min(parts.count(kind) for kind in ("packing", "gaps", "supports")) >= 100


@pytest.mark.parametrize(("document", "witness"), CASES)
def test_false_proofs_are_rejected(document, witness):
    assert size_of(witness, document["objective"]) < document["lower_bound"]
    assert network_fits(document["problem"], witness)
    with pytest.raises(ProofError):
        check_proof(document)


# Proofs of harder problems put to easier ones, of weights and parameters, for which fewer are enough.

HARD = {
    "xor with a skip": Problem(SQUARE, XOR, affine="skip"),
    "line": Problem([0, 1, 2, 3], [-1, 1, 1, -1]),
}


def easier(problem):
    """Yield problems with one interval less or moved, or one affine term more."""
    kept = {"affine": problem.affine}
    for i in range(problem.n_samples):
        for low, high in (
            (-np.inf, np.inf),
            (problem.low[i] - 1, problem.high[i] + 1),
            (problem.low[i] - 1,) * 2,
        ):
            lows, highs = problem.low.copy(), problem.high.copy()
            lows[i], highs[i] = low, high
            yield Problem.from_intervals(problem.X, lows, highs, **kept)
    for affine in ("constant", "skip"):
        yield Problem.from_intervals(problem.X, problem.low, problem.high, affine=affine)


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["weights", "parameters"])
@pytest.mark.parametrize("name", HARD)
def test_proofs_of_harder_problems(name, objective, tmp_path):
    def proof_of(problem):
        exact.solve(problem, objective, proof_file=tmp_path / "proof.json", method="tree")
        return json.loads((tmp_path / "proof.json").read_text())

    original, count = proof_of(HARD[name]), 0
    assert check_proof(original).lower_bound == original["lower_bound"]
    for problem in easier(HARD[name]):
        true = proof_of(problem)
        if true["upper_bound"] < original["lower_bound"] and network_fits(true["problem"], true["witness"]):
            false = copy.deepcopy(original) | {
                "problem": true["problem"],
                "upper_bound": None,
                "witness": None,
            }
            with pytest.raises(ProofError):
                check_proof(false)
            count += 1
    assert count >= 3
