"""Multipliers of records: those that a leaf must have, and none where a record says what is false."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsest import Problem
from sparsest.exact.arithmetic.certain_refutation import (
    combination,
    is_certain,
    samples_of,
    unknowns_of,
)
from sparsest.exact.arithmetic.contradiction_record import ExactMultipliers, longest_record, write_record
from sparsest.exact.arithmetic.rational_problem import ExactData, Row, coefficients, side_of
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.lp.row_stack import Answer
from sparsest.exact.tree.node_program import FeasibilityProgram


def record_of(data, signs, samples, bits, values, cones):
    """Return the record of a leaf as a list, None where floats cannot tell."""
    there = samples_of(data, signs)
    combined = combination(there, bits, values, cones)
    unknowns = unknowns_of(combined)
    if not is_certain(there, samples, bits, combined, unknowns):
        return None
    record = np.zeros(longest_record(len(samples), len(signs)), dtype=np.int64)
    length = write_record(record, there, samples, bits, combined, unknowns)
    return record[:length].tolist()


def records(problem, signs, seed, count):
    """Yield records of leaves that random descents come to, with samples and bits."""
    random = np.random.default_rng(seed)
    data = ExactData(problem)
    program = FeasibilityProgram(problem, data, Coordinates(problem), signs)
    program.go_compiled()
    for _ in range(count):
        bits = {}
        for sample in random.permutation(problem.n_samples).tolist():
            bits[sample] = tuple(random.integers(0, 2, size=len(signs)).tolist())
            program.push(sample, bits[sample])
            if program.solve() is not Answer.FEASIBLE:
                break
        if program.solve() is Answer.INFEASIBLE:
            rays = program.dual_ray().reshape(len(bits), len(signs) + 1)
            path, patterns = np.array(list(bits)), np.array(list(bits.values()), dtype=float)
            found = record_of(data, signs, path, patterns, rays[:, -1].copy(), rays[:, :-1].copy())
            if found is not None:
                yield data, bits, found
        for _ in bits:
            program.pop()


def contradict(data, signs, bits, multipliers):
    """Whether multipliers combine rows to a contradiction, each row with a side that it has."""
    total, combined = 0, None
    for row, m in multipliers:
        whole = Row(row.sample, row.neuron, bits[row.sample])
        side = side_of(data, whole, m > 0)
        if side is None:
            return False
        total += m * side
        vector = np.array(coefficients(data, signs, whole), dtype=object) * m
        combined = vector if combined is None else combined + vector
    return total > 0 and not combined.any()


@given(st.integers(0, 2**32 - 1))
def test_multipliers_of_records_contradict(seed):
    # half of the problems have ties and collinear samples, half have floats of many digits
    random = np.random.default_rng(seed)
    d = int(random.integers(1, 4))
    X = np.unique(random.integers(-2, 3, size=(9, d)), axis=0).astype(float)
    y = random.integers(-2, 3, size=len(X)) / 4
    if seed % 2:
        X, y = X + random.normal(size=X.shape), y + random.normal(size=len(X))
    affine = ("none", "constant", "skip")[seed // 2 % 3]
    problem = Problem(X, y, affine=affine, tolerance=(0.0, 0.25)[seed // 6 % 2])
    signs = (1, 1, -1)
    for data, bits, record in records(problem, signs, seed, 4):
        multipliers = ExactMultipliers(data).of_record(record)
        assert multipliers is not None
        assert contradict(data, signs, bits, multipliers)
        # what is remembered says the same again
        assert ExactMultipliers(data).of_record(record) == multipliers


def test_a_record_by_hand():
    # one neuron active on three collinear samples: f(1) - 2 f(2) + f(3) = 0, but the labels give 1
    data = ExactData(Problem([1.0, 2.0, 3.0], [1.0, 0.0, 0.0]))
    every = np.arange(3), np.ones((3, 1))
    record = record_of(data, (1,), *every, np.array([1.0, -2.0, 1.0]), np.zeros((3, 1)))
    # length, unknowns; the three values; the neuron's block with three terms: sample, unknown, sign
    kind = data.kind_of((0, 1))
    assert record == [17, 3, 3, 0, 1, 2, kind, 3, *(0, 0, 1), *(1, 1, 1), *(2, 2, 1)]
    assert ExactMultipliers(data).of_record(record) == [
        (Row(0, -1, ()), 1),
        (Row(1, -1, ()), -2),
        (Row(2, -1, ()), 1),
    ]


def test_a_cone_row_by_hand():
    # A neuron of sign 1 active on x = 1, whose label is -1: f <= -1, and f is its input, which is >= 0. No
    # equation says what the value's multiplier is, so -1 will do; that of the cone row is its opposite.
    data = ExactData(Problem([0.0, 1.0], [1.0, -1.0]))
    record = record_of(data, (1,), np.array([1]), np.ones((1, 1)), np.array([-1.0]), np.array([[1.0]]))
    # neuron 0, sample 1, active there; no total; -1 times the first unknown
    assert record == [4, 1, 1, 1, *(0, 1, 1), *(0, 0), *(0, -1)]
    assert ExactMultipliers(data).of_record(record) == [(Row(1, -1, ()), -1), (Row(1, 0, ()), 1)]


@pytest.mark.parametrize(
    ("place", "value"),
    [(6, -1), (10, 1), (1, 2)],
    ids=["inactive where it is active", "the other sign", "an unknown that nothing says anything of"],
)
def test_false_records_have_no_multipliers(place, value):
    data = ExactData(Problem([0.0, 1.0], [1.0, -1.0]))
    record = [4, 1, 1, 1, 0, 1, 1, 0, 0, 0, -1]
    assert ExactMultipliers(data).of_record(record) is not None
    record[place] = value
    assert ExactMultipliers(data).of_record(record) is None


def test_labels_that_a_network_meets_have_no_multipliers():
    # the collinear samples of above with labels on a line: 1 - 2 * 2 + 3 = 0 is no contradiction
    data = ExactData(Problem([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]))
    kind = data.kind_of((0, 1))
    record = [17, 3, 3, 0, 1, 2, kind, 3, 0, 0, 1, 1, 1, 1, 2, 2, 1]
    assert ExactMultipliers(data).of_record(record) is None


def equations_of(data, system):
    """Return the equations of a system by definition, a row for each entry of each block."""
    found, at = [], 2 + system[1]
    while at < len(system):
        kind, end = system[at], at + 2 + 3 * system[at + 1]
        for j in data.entries_of(kind):
            equation = [0] * system[0]
            for sample, unknown, sign in zip(*[iter(system[at + 2 : end])] * 3, strict=True):
                equation[unknown] = sign * data.extended_rows[sample][j]
            found.append(equation)
        at = end
    return found


def null_space(equations, count):
    """Return a basis of the vectors that rational equations in so many unknowns admit."""
    rows, leading = [list(map(Fraction, row)) for row in equations], []
    for j in range(count):
        done = len(leading)
        i = next((i for i in range(done, len(rows)) if rows[i][j]), None)
        if i is None:
            continue
        rows[done], rows[i] = rows[i], rows[done]
        rows[done] = [v / rows[done][j] for v in rows[done]]
        for other in set(range(len(rows))) - {done}:
            rows[other] = [v - rows[other][j] * u for v, u in zip(rows[other], rows[done], strict=True)]
        leading.append(j)
    basis = []
    for free in sorted(set(range(count)) - set(leading)):
        vector = [Fraction(int(j == free)) for j in range(count)]
        for row, j in zip(rows, leading, strict=False):
            vector[j] = -row[free]
        basis.append(vector)
    return basis


@given(st.integers(0, 2**32 - 1))
def test_solutions_of_random_systems(seed):
    # every value has a multiplier; samples repeat inputs, and numbers are small, or have all digits
    random = np.random.default_rng(seed)
    d, n = int(random.integers(1, 4)), 7
    X = random.integers(-2, 3, size=(n, d)) * (1.0 if seed % 2 else 1 / 3)
    X[:, 0] += np.arange(n) // 2 * (seed % 4 > 1)
    y = random.integers(-2, 3, size=n) / 3
    X, first = np.unique(X, axis=0, return_index=True)
    data = ExactData(Problem(X, y[first], tolerance=(0.0, 0.25)[seed // 4 % 2]))
    values = random.permutation(len(X))[: random.integers(1, len(X) + 1)].tolist()
    count = len(values) + int(random.integers(0, 3))
    system = [count, len(values), *values]
    for _ in range(random.integers(1, 4)):
        entries = random.permutation(d + 1)[: random.integers(1, d + 2)]
        unknowns = random.permutation(count)[: min(len(X), random.integers(1, count + 1))].tolist()
        kind = data.kind_of(tuple(sorted(entries.tolist())))
        system += [kind, len(unknowns)]
        for sample, unknown in zip(random.permutation(len(X)).tolist(), unknowns, strict=False):
            system += [sample, unknown, int(random.choice([-1, 1]))]
    multipliers = ExactMultipliers(data).of_record([len(system) + 1, *system])
    basis = null_space(equations_of(data, system), count)
    if len(basis) != 1 or basis[0][-1] == 0:
        assert multipliers is None
        return
    common = math.lcm(*(v.denominator for v in basis[0]))
    whole = [int(v * common) for v in basis[0]]
    coprime = [v // math.gcd(*whole) for v in whole]
    fitting = [
        turned
        for turned in (coprime, [-v for v in coprime])
        if sum(v * data.whole_ends[i][v < 0] for i, v in zip(values, turned, strict=False)) > 0
    ]
    expected = None
    if fitting:
        expected = [(Row(i, -1, ()), v) for i, v in zip(values, fitting[0], strict=False)]
    assert multipliers == expected


def test_what_is_remembered_is_about_the_intervals_at_hand():
    data = ExactData(Problem([0.0, 1.0], [1.0, -1.0]))
    record = [4, 1, 1, 1, 0, 1, 1, 0, 0, 0, -1]
    assert ExactMultipliers(data).of_record(record) is not None
    # with other labels a positive multiple of the value is what contradicts, which the cone row does not bear
    assert ExactMultipliers(data.with_intervals(Problem([0.0, 1.0], [1.0, 1.0]))).of_record(record) is None
