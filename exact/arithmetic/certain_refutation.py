"""Contradictions that floats prove: multipliers whose signs cannot be other than they seem.

A leaf of the activation tree is refuted by multipliers that combine its rows exactly to ``0 >= positive``
(`sparsest.exact.arithmetic.farkas` computes them in rational numbers). That they exist can be seen without
them. Let S be the rows on which a floating-point dual ray rests, v_t its multipliers of values and c_bt of
cone rows. Block b of the combination, in the entries of neuron b or of the affine term, is ``sum_t z_bt x_t``
with ``z_bt = s_b v_t + c_bt``, the first where b is active on sample t. It vanishes

- where z_bt = 0 for all t, which asks c_bt to be ``-s_b v_t``;
- where z_b is that of another block up to sign, whose own vanishes: c_bt is the difference;
- where z_b is a sum of others (`sparsest.exact.arithmetic.block_relations`), on some samples by conditions;
- else by as many equations as the block has entries, in those v_t that are z_bt up to sign in some block,
  and in the other z_bt.

Which of these is meant is read from the ray. If the equations are one less than the unknowns, they have a
solution that is not zero, whatever the numbers; and if their matrix without one column is regular, that
solution is as close to the ray as residual and approximate inverse say. With R the inverse, F = I - R B and
||F|| < 1 in the maximum norm, a solution of ``B w = g`` differs from w' by at most
``|| R (g - B w') || / (1 - ||F||)`` (Rump 1983; Higham 2002, section 14.1). Unknowns are divided by the ray,
so that all are close to 1. Every bound includes what rounding does, to the data, which are rounded once, and
to itself.

Plain Python that numba compiles (`sparsest.exact.compiling`).
"""

import itertools
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest import tolerances
from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.block_relations import independent_of, related_blocks
from sparsest.exact.arithmetic.columns import neuron_of
from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF
from sparsest.exact.arithmetic.rational_problem import ExactData

# Entries of a dual ray below this share of its largest are taken for zeros.
RAY_SUPPORT: Final = 1e-9
# Bounds are themselves computed in floats, from numbers all of one sign.
_CARE: Final = 1.01
_LARGEST_ERROR: Final = 0.5
# Sums smaller than this share of their terms are taken for zero, and totals so close for equal.
_CANCELLED: Final = 1e-6

IntArray = NDArray[np.int64]


class ExactSamples(NamedTuple):
    """A problem's data as blocks of floats, each of them rounded once at most.

    Attributes
    ----------
    rows : array (N, n)
        Each sample in the entries of each neuron, and of what is free beside them: an affine term, columns.
        Zeros are exact.
    starts : array of int (K + 1,) or (K + 2,)
        Where the entries of each begin, and where the last end.
    kinds : array of int (K,) or (K + 1,)
        The number that `ExactData.kind_of` gives to the entries of each block.
    entries, sides : arrays of int (n,)
        Which entry of ``[X, 1]`` each is, and of which of its signs: 1 or -1 for max(0, x_j) and
        max(0, -x_j), else 0.
    inputs : array (N, d + 1)
        ``[X, 1]`` but for a positive factor of each column; of the right signs.
    low, high : arrays (N,)
        Ends of the intervals, exact; the scale of the labels does not matter.
    signs : array (K,) or (K + 1,)
        Output signs, and 1 for what is free.
    """

    rows: FloatArray
    starts: IntArray
    kinds: IntArray
    entries: IntArray
    sides: IntArray
    inputs: FloatArray
    low: FloatArray
    high: FloatArray
    signs: FloatArray


def samples_of(data: ExactData, signs: Sequence[int]) -> ExactSamples:
    """Return a problem's data for neurons of some signs, in floats."""
    d, problem = data.size - 1, data.problem
    every = tuple(range(data.size))
    entries = list(data.supports or [every] * len(signs))
    free: tuple[int, ...] = ()
    if problem.has_affine_term:
        free = (d,) if problem.affine is Affine.CONSTANT else every
    if problem.has_affine_term or data.columns:
        entries.append(free + data.columns)
    # where a neuron has a bias it may be told in coordinates with any origin
    blocks = [(data.centred if d in own else data.scaled)[:, list(own)] for own in entries[: len(signs)]]
    if len(entries) > len(signs):
        table = data.scaled_with_columns if data.columns else data.centred
        blocks.append(table[:, list(entries[-1])])
    low, high = data.float_ends
    places = [place for own in entries for place in own]
    of_columns = [neuron_of(place, d) if place > d else (place, 0) for place in places]
    return ExactSamples(
        rows=np.ascontiguousarray(np.concatenate(blocks, axis=1)),
        starts=np.array([0, *itertools.accumulate(map(len, entries))], dtype=np.int64),
        kinds=np.array([data.kind_of(own) for own in entries], dtype=np.int64),
        entries=np.array([entry for entry, _ in of_columns], dtype=np.int64),
        sides=np.array([side for _, side in of_columns], dtype=np.int64),
        inputs=data.scaled,
        low=low.copy(),
        high=high.copy(),
        signs=np.array([*signs, *[1.0] * (len(entries) - len(signs))], dtype=np.float64),
    )


class Combination(NamedTuple):
    """What a ray combines rows to, block by block.

    Attributes
    ----------
    values : array (T,)
        Multipliers of values.
    in_value, own : arrays (T, B)
        What these hold of each block, and multipliers of the block's own rows.
    total : array (T, B)
        Their sums, zero where they cancel up to rounding.
    like, turned : arrays (B,)
        The first block whose totals are the same up to sign, and the sign; -1 where all are zero.
    """

    values: FloatArray
    in_value: FloatArray
    own: FloatArray
    total: FloatArray
    like: IntArray
    turned: FloatArray


class Unknowns(NamedTuple):
    """Which multipliers are unknown: those of values, and totals that are neither zero nor one of these.

    Attributes
    ----------
    of_value : array of int (T,)
        The number of a value's multiplier, -1 where that is zero.
    of_total : array of int (T, B)
        The number of a total in a block unlike those before, -1 where it is zero or the block is not.
    tie : array of int (T, B)
        The sign with which such a total is the value's multiplier, 0 where it is an unknown of its own.
    number : int
        How many there are.
    """

    of_value: IntArray
    of_total: IntArray
    tie: IntArray
    number: int


class System(NamedTuple):
    """Linear equations that the unknowns, divided by the ray, must solve: a matrix partly filled.

    All multipliers of cone rows have the right sign if no unknown errs by more than the share `margin`.
    """

    matrix: FloatArray
    equations: int
    unknowns: int
    margin: float


def certainly_contradict(
    data: ExactSamples, samples: IntArray, bits: FloatArray, values: FloatArray, cones: FloatArray
) -> bool:
    """Whether exact multipliers near a float dual ray provably combine rows to a contradiction.

    Parameters
    ----------
    data : ExactSamples
        The data.
    samples : array of int (T,)
        Samples whose rows are there.
    bits : array (T, K)
        1 where a neuron is active.
    values, cones : arrays (T,), (T, K)
        The ray: multipliers of the samples' values and of the neurons' cone rows, positive ones of a row's
        lower side.

    Returns
    -------
    bool
        False where floats cannot tell.
    """
    combined = combination(data, bits, values, cones)
    return is_certain(data, samples, bits, combined, unknowns_of(combined))


def is_certain(
    data: ExactSamples, samples: IntArray, bits: FloatArray, combined: Combination, unknowns: Unknowns
) -> bool:
    """Whether a combination that is nearly a contradiction provably has an exact one beside it."""
    if not cone_rows_have_sides(combined, bits):
        return False
    blocks = len(combined.like)
    system = equations(data, samples, combined, unknowns, np.zeros((blocks, blocks)))
    if system.unknowns <= system.equations:
        related = related_blocks(combined.total, combined.like, data.starts, data.entries, data.sides)
        system = equations(data, samples, combined, unknowns, related)
    if system.unknowns != system.equations + 1:
        return False
    error = relative_error(system)
    return error < system.margin and surely_positive(data, samples, combined.values, error)


def combination(data: ExactSamples, bits: FloatArray, values: FloatArray, cones: FloatArray) -> Combination:
    """Return what a ray combines rows to, divided by its largest entry, tiny ones taken for zeros."""
    (depth, width), blocks = cones.shape, len(data.starts) - 1
    largest = 0.0
    for t in range(depth):
        largest = max(largest, abs(values[t]))
        for k in range(width):
            largest = max(largest, abs(cones[t, k]))
    scaled = np.zeros(depth)
    in_value, own, total = np.zeros((depth, blocks)), np.zeros((depth, blocks)), np.zeros((depth, blocks))
    for t in range(depth):
        if abs(values[t]) > RAY_SUPPORT * largest:
            scaled[t] = values[t] / largest
        for b in range(blocks):
            if b == width or bits[t, b] > 0.0:
                in_value[t, b] = data.signs[b] * scaled[t]
            if b < width and abs(cones[t, b]) > RAY_SUPPORT * largest:
                own[t, b] = cones[t, b] / largest
            either = in_value[t, b] + own[t, b]
            if abs(either) > _CANCELLED * max(abs(in_value[t, b]), abs(own[t, b])):
                total[t, b] = either
    like, turned = np.full(blocks, -1), np.ones(blocks)
    for b in range(blocks):
        if (total[:, b] != 0.0).any():
            like[b], turned[b] = first_alike(data, total, b)
    return Combination(scaled, in_value, own, total, like, turned)


def first_alike(data: ExactSamples, total: FloatArray, b: int) -> tuple[int, float]:
    """Return the first block of the same entries whose totals are those of b up to sign, and the sign."""
    for a in range(b):
        if data.kinds[a] == data.kinds[b]:
            for turned in (1.0, -1.0):
                if are_alike(total, a, b, turned):
                    return a, turned
    return b, 1.0


def are_alike(total: FloatArray, a: int, b: int, turned: float) -> bool:
    """Whether two columns are the same up to a sign and rounding."""
    for t in range(len(total)):
        size = max(abs(total[t, a]), abs(total[t, b]))
        if abs(total[t, a] - turned * total[t, b]) > _CANCELLED * size:
            return False
    return True


def cone_rows_have_sides(combined: Combination, bits: FloatArray) -> bool:
    """Whether all multipliers are of the one side that cone rows have: lower if active, upper if not."""
    for t in range(len(bits)):
        for k in range(bits.shape[1]):
            own = combined.own[t, k]
            if own != 0.0 and (own > 0.0) != (bits[t, k] > 0.0):
                return False
    return True


def unknowns_of(combined: Combination) -> Unknowns:
    """Return the unknowns: the values' multipliers, then block by block the totals that are none of these."""
    depth, blocks = combined.total.shape
    of_value, count = np.full(depth, -1), 0
    for t in range(depth):
        if combined.values[t] != 0.0:
            of_value[t] = count
            count += 1
    of_total, tie = np.full((depth, blocks), -1), np.zeros((depth, blocks), dtype=np.int64)
    for b in range(blocks):
        for t in range(depth):
            if combined.like[b] != b or combined.total[t, b] == 0.0:
                continue
            tie[t, b] = int(tied_to_value(combined, b, t))
            if tie[t, b]:
                of_total[t, b] = of_value[t]
            else:
                of_total[t, b] = count
                count += 1
    return Unknowns(of_value, of_total, tie, count)


def equations(
    data: ExactSamples, samples: IntArray, combined: Combination, unknowns: Unknowns, related: FloatArray
) -> System:
    """Return the equations of all blocks that are unlike those before, and conditions of those related.

    One all of whose coefficients are zero, as of a column on samples where it is, says nothing, and one that
    `follows` from others nothing new.

    Parameters
    ----------
    data, samples, combined, unknowns
        As for `is_certain`.
    related : array (B, B)
        What `related_blocks` returns, or zeros.
    """
    depth, blocks = combined.total.shape
    extra = 0
    for b in range(blocks):
        extra += depth * (related[b, b] != 0.0)
    matrix = np.zeros((data.starts[-1] + extra, depth * (blocks + 1)))
    top, margin = 0, _LARGEST_ERROR
    for b in range(blocks):
        for t in range(depth):
            margin = min(margin, margin_of(combined, unknowns, b, t))
    for b in range(blocks):
        if combined.like[b] != b or related[b, b] != 0.0:
            continue
        for j in range(data.starts[b], data.starts[b + 1]):
            if follows(data, samples, combined, unknowns, related, b, j):
                continue
            said = 0
            for t in range(depth):
                column, value = unknowns.of_total[t, b], data.rows[samples[t], j]
                if column >= 0 and value != 0.0:
                    tie = unknowns.tie[t, b]
                    entry = tie * combined.values[t] if tie else combined.total[t, b]
                    matrix[top, column] = entry * value
                    said = 1
            top += said
    if extra:
        top += write_conditions(matrix[top:], combined, unknowns, related)
    return System(matrix, top, unknowns.number, margin)


def write_conditions(
    matrix: FloatArray, combined: Combination, unknowns: Unknowns, related: FloatArray
) -> int:
    """Write equations for the samples on which relations do not hold by themselves; return how many.

    Parameters
    ----------
    matrix : array
        Where to: a row for each sample of each relation, a column for each unknown.
    combined, unknowns, related
        As for `equations`.
    """
    depth, blocks = combined.total.shape
    count = 0
    for t in range(depth):
        sizes, first = np.zeros(unknowns.number), count
        conditions = np.zeros((blocks, unknowns.number))
        for b in range(blocks):
            if related[b, b] == 0.0:
                continue
            condition = conditions[count - first]
            for a in range(blocks):
                column = unknowns.of_total[t, a]
                if related[b, a] != 0.0 and column >= 0:
                    condition[column] += related[b, a] * sign_of(unknowns, t, a)
                    sizes[column] = combined.values[t] if unknowns.tie[t, a] else combined.total[t, a]
            count += independent_of(conditions[: count - first], condition)  # else it is zero by now
        for i in range(first, count):
            for column in range(unknowns.number):
                matrix[i, column] = conditions[i - first, column] * sizes[column]
    return count


def follows(
    data: ExactSamples,
    samples: IntArray,
    combined: Combination,
    unknowns: Unknowns,
    related: FloatArray,
    b: int,
    j: int,
) -> bool:
    """Whether the equation of block b in coordinate j follows from those of blocks behind it, or before j.

    Of blocks that are not `related` to others, which follow from all equations of these.

    It is a sum over samples where the entry is positive, and one over those where it is negative: each of
    them may be what another equation says, or both together. Equations are here those in coordinates with
    their origin in zero. Where a block is told in others, with a bias, it has that of the bias in both, and
    the same follows from all equations of such a block.
    """
    shown = (has_terms(data, samples, unknowns, b, j, 1), has_terms(data, samples, unknowns, b, j, -1))
    open_above, open_below = shown
    for a in range(b, len(combined.like)):
        if combined.like[a] != a or related[a, a] != 0.0:
            continue
        for i in range(data.starts[a], j if a == b else data.starts[a + 1]):
            if data.entries[i] != data.entries[j]:
                continue
            above = sign_between(data, samples, unknowns, (a, i), (b, j), 1)
            below = sign_between(data, samples, unknowns, (a, i), (b, j), -1)
            if above and above == below and shown[0] and shown[1]:
                return True
            if above and not has_terms(data, samples, unknowns, a, i, -1):
                open_above = False
            if below and not has_terms(data, samples, unknowns, a, i, 1):
                open_below = False
    return not (open_above or open_below)


def has_terms(data: ExactSamples, samples: IntArray, unknowns: Unknowns, b: int, j: int, side: int) -> bool:
    """Whether the equation of block b in coordinate j has terms of samples where its entry has a sign."""
    if data.sides[j] == -side:
        return False
    for t in range(len(samples)):
        if unknowns.of_total[t, b] >= 0 and side * data.inputs[samples[t], data.entries[j]] > 0.0:
            return True
    return False


def sign_between(
    data: ExactSamples,
    samples: IntArray,
    unknowns: Unknowns,
    one: tuple[int, int],
    other: tuple[int, int],
    side: int,
) -> int:
    """Return the sign with which two equations in one entry have the same terms on a side; 0 if they do not.

    Parameters
    ----------
    data, samples, unknowns
        As for `equations`.
    one, other : pair of int
        Block and coordinate.
    side : int
        The terms are those of samples where the entry has this sign; there must be some.
    """
    (a, i), (b, j) = one, other
    if data.sides[i] == -side or data.sides[j] == -side:
        return 0
    sign = 0
    for t in range(len(samples)):
        if not side * data.inputs[samples[t], data.entries[j]] > 0.0:
            continue
        if unknowns.of_total[t, a] != unknowns.of_total[t, b]:
            return 0
        if unknowns.of_total[t, a] >= 0:
            here = sign_of(unknowns, t, a) * sign_of(unknowns, t, b)
            if sign and sign != here:
                return 0
            sign = here
    return sign


def sign_of(unknowns: Unknowns, t: int, b: int) -> int:
    """Return the sign that an unknown has in a total."""
    return unknowns.tie[t, b] if unknowns.tie[t, b] else 1


def tied_to_value(combined: Combination, b: int, t: int) -> float:
    """Return the sign with which a total is the value's multiplier, in a block or one like it; 0 if none."""
    for a in range(b, len(combined.like)):
        if combined.like[a] == b and combined.own[t, a] == 0.0 and combined.in_value[t, a] != 0.0:
            alike = combined.turned[a] * combined.in_value[t, a]
            return 1.0 if (alike > 0.0) == (combined.values[t] > 0.0) else -1.0
    return 0.0


def margin_of(combined: Combination, unknowns: Unknowns, b: int, t: int) -> float:
    """Return the error that a multiplier of a cone row can bear: it is the total less the value's part.

    -1 where the total cannot be what it is asked to be.
    """
    in_value, own = combined.in_value[t, b], combined.own[t, b]
    first = combined.like[b]
    if first < 0 or combined.total[t, b] == 0.0:
        # the row's multiplier is the opposite of the other, whatever that is
        return _LARGEST_ERROR if in_value * own < 0.0 or (in_value == 0.0 and own == 0.0) else -1.0
    tie = unknowns.tie[t, first]
    total = combined.turned[b] * (tie * combined.values[t] if tie else combined.total[t, first])
    needed = total - in_value
    if own == 0.0:
        return _LARGEST_ERROR if needed == 0.0 and tie else -1.0
    return abs(needed) / (2.0 * (abs(total) + abs(in_value))) if needed * own > 0.0 else -1.0


def relative_error(system: System) -> float:
    """Return a bound on the relative error of all multipliers, the last being right; inf if there is none."""
    n = system.equations
    if n == 0:
        return 0.0
    matrix = system.matrix[:n, : n + 1]
    inverse = np.zeros((n, n))
    if not invert(matrix[:, :n].copy(), inverse):
        return np.inf
    # entries were rounded twice, sums of n + 1 of them are n times
    unit = (2 * n + 8) * UNIT_ROUNDOFF
    sizes, residual = np.zeros(n), np.zeros(n)
    for i in range(n):
        total = 0.0
        for j in range(n + 1):
            total += matrix[i, j]
            sizes[i] += abs(matrix[i, j])
        sizes[i] += n * tolerances.UNDERFLOW
        residual[i] = abs(total) + unit * sizes[i]
    defect, error = 0.0, 0.0
    for i in range(n):
        row = np.zeros(n)
        moved, rounded = 0.0, 0.0
        for j in range(n):
            factor = inverse[i, j]
            moved += abs(factor) * residual[j]
            rounded += abs(factor) * sizes[j]
            for c in range(n):
                row[c] += factor * matrix[j, c]
        row[i] -= 1.0
        defect = max(defect, np.abs(row).sum() + unit * rounded + tolerances.UNDERFLOW)
        error = max(error, moved)
    defect *= _CARE
    # not the other way round: nan is no bound
    return _CARE * error / (1.0 - defect) if defect < _LARGEST_ERROR and error < np.inf else np.inf


def invert(matrix: FloatArray, inverse: FloatArray) -> bool:
    """Write an approximate inverse (n, n) by Gauss-Jordan elimination, in place; False if it has none."""
    n = len(matrix)
    for i in range(n):
        inverse[i, i] = 1.0
    for column in range(n):
        best = column
        for i in range(column + 1, n):
            if abs(matrix[i, column]) > abs(matrix[best, column]):
                best = i
        pivot = matrix[best, column]
        if not abs(pivot) > tolerances.UNDERFLOW:
            return False
        for c in range(n):
            # in this order, which also suits a row that stays where it is
            matrix[best, c], matrix[column, c] = matrix[column, c], matrix[best, c] / pivot
            inverse[best, c], inverse[column, c] = inverse[column, c], inverse[best, c] / pivot
        for i in range(n):
            factor = matrix[i, column]
            if i != column and factor != 0.0:
                for c in range(n):
                    matrix[i, c] -= factor * matrix[column, c]
                    inverse[i, c] -= factor * inverse[column, c]
    return True


def surely_positive(data: ExactSamples, samples: IntArray, values: FloatArray, error: float) -> bool:
    """Whether values times the interval ends add up to a positive number, each wrong by a relative error."""
    total, size = 0.0, 0.0
    for t in range(len(samples)):
        if values[t] != 0.0:
            end = data.low[samples[t]] if values[t] > 0.0 else data.high[samples[t]]
            total += values[t] * end
            size += abs(values[t] * end) + tolerances.UNDERFLOW
    slack = _CARE * size * (error + (len(samples) + 4) * UNIT_ROUNDOFF)
    return bool(size < np.inf and total > slack)
