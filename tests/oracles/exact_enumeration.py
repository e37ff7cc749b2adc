"""Fewest neurons, weights or parameters of tiny problems in fractions, by trying all activation patterns.

Shares nothing with the package: no tree, no cut, no symmetry but that the order of neurons does not matter.
Each answer of the linear programs is verified in integers: a network by its rows, "none" by a combination.
"""

import itertools
import math
from fractions import Fraction


def integers(row):
    """Multiply fractions by what makes integers of them."""
    scale = math.lcm(*(Fraction(v).denominator for v in row))
    return [int(v * scale) for v in row]


def feasible(rows, right):
    """Whether some x has ``row . x <= right`` for all rows of integers.

    There is none if and only if some y >= 0 has ``sum y_i row_i = 0`` and ``sum y_i right_i = -1`` (Farkas
    1902). Such a y is sought by the simplex method with Bland's rule; where there is none its last
    multipliers are an x.
    """
    if not rows:
        return True
    size, count = len(rows[0]) + 1, len(rows)
    columns = [[*row, end] for row, end in zip(rows, right, strict=True)]
    # each line: the columns, the unit vectors, the right-hand side
    table = [
        [*(-column[i] if i == size - 1 else column[i] for column in columns)]
        + [int(i == j) for j in range(size)]
        + [int(i == size - 1)]
        for i in range(size)
    ]
    basis, scale = [count + i for i in range(size)], 1
    while True:
        left = [line for line, b in zip(table, basis, strict=True) if b >= count]
        prices = map(sum, zip(*left, strict=True)) if left else [0] * len(table[0])
        enter = next((j for j, price in enumerate(prices) if j < count and price > 0), None)
        if enter is None:
            break
        leave = min(
            (Fraction(line[-1], line[enter]), b, i)
            for i, (line, b) in enumerate(zip(table, basis, strict=True))
            if line[enter] > 0
        )[2]
        pivot = table[leave]
        table = [
            line
            if line is pivot
            else [(v * pivot[enter] - line[enter] * w) // scale for v, w in zip(line, pivot, strict=True)]
            for line in table
        ]
        basis[leave], scale = enter, pivot[enter]
    if any(line[-1] for line in left):
        *walls, last = (sum(line[count + i] for line in left) for i in range(size))
        assert last > 0  # and x = walls / last
        assert all(
            sum(a * w for a, w in zip(row, walls, strict=True)) <= end * last
            for row, end in zip(rows, right, strict=True)
        )
        return True
    y = {b: line[-1] for b, line in zip(basis, table, strict=True) if b < count}
    assert all(m >= 0 for m in y.values())
    assert not any(sum(m * rows[n][i] for n, m in y.items()) for i in range(size - 1))
    assert sum(m * right[n] for n, m in y.items()) < 0
    return False


def patterns(points, entries):
    """Return the patterns of all cells of neurons that use these entries of ``(x, 1)`` alone."""
    rows = [[point[j] for j in entries] for point in points]
    found = []
    for bits in itertools.product((True, False), repeat=len(rows)):
        facing = [[-v if bit else v for v in row] for row, bit in zip(rows, bits, strict=True) if any(row)]
        # a row without any of the entries is zero: the neuron is, whatever the bit
        if all(bit or any(row) for row, bit in zip(rows, bits, strict=True)) and feasible(
            facing, [-1] * len(facing)
        ):
            found.append(bits)
    return found


class Enumeration:
    """All networks of a problem of fractions: inputs (N, d), interval ends (None: open), affine term."""

    def __init__(self, X, low, high, affine):
        rows = [[*map(Fraction, x), Fraction(1)] for x in X]
        scaled = [integers([*row, low[i] or 0, high[i] or 0]) for i, row in enumerate(rows)]
        self.points = [row[:-2] for row in scaled]
        self.low = [None if low[i] is None else row[-2] for i, row in enumerate(scaled)]
        self.high = [None if high[i] is None else row[-1] for i, row in enumerate(scaled)]
        self.size = len(rows[0])
        self.affine = {"none": [], "constant": [self.size - 1], "skip": list(range(self.size))}[affine]

    def neurons(self, objective):
        """Return every neuron that may be of use: cost, entries, bits, sign."""
        counted = self.size - (objective == "weights")
        free = [self.size - 1] * (objective == "weights")
        found = []
        for count in [counted] if objective == "neurons" else range(1, counted + 1):
            for entries in itertools.combinations(range(counted), count):
                used = [*entries, *free]
                cost = 1 if objective == "neurons" else count
                for bits, sign in itertools.product(patterns(self.points, used), (1, -1)):
                    if any(bits):
                        found.append((cost, used, bits, sign))
        return found

    def networks(self, neurons, budget, first=0):
        """Generate the networks of at most so much cost; neurons of one cell and sign add up to one."""
        yield []
        for n in range(first, len(neurons)):
            if neurons[n][0] <= budget:
                for rest in self.networks(neurons, budget - neurons[n][0], n + 1):
                    yield [neurons[n], *rest]

    def fits(self, network, affine):
        """Whether numbers for the entries of some neurons and of an affine term meet every interval."""
        rows, right = [], []
        for p, point in enumerate(self.points):
            value = [sign * point[j] * bits[p] for _, entries, bits, sign in network for j in entries] + [
                point[j] for j in affine
            ]
            if self.low[p] is not None:
                rows.append([-v for v in value])
                right.append(-self.low[p])
            if self.high[p] is not None:
                rows.append(value)
                right.append(self.high[p])
            start = 0
            for _, entries, bits, _ in network:
                facing = [0] * len(value)
                for k, j in enumerate(entries):
                    facing[start + k] = -point[j] if bits[p] else point[j]
                start += len(entries)
                if any(facing):
                    rows.append(facing)
                    right.append(0)
        return feasible(rows, right)

    def some_network_fits(self, objective, budget, most=math.inf):
        """Whether some network of so many neurons, weights or parameters does; None beyond `most` tries.

        A neuron without weights costs no weights: it is a constant, which is free then.
        """
        affine = self.affine or [self.size - 1] * (objective == "weights")
        neurons = self.neurons(objective)
        for tried, network in enumerate(self.networks(neurons, budget)):
            if tried >= most:
                return None
            if self.fits(network, affine):
                return True
        return False
