"""Which activation patterns a sample can have, some sums of neurons being known up to a box.

On the samples of one pattern a network is one affine function, the signed sum of its active neurons. Known
ones determine others: those whose patterns are combinations of theirs.
"""

import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.error_free import UNIT_ROUNDOFF

BoolArray = NDArray[np.bool_]
Pattern = tuple[int, ...]
# A pattern of which some bits are decided: "1", "0", or "*" where they are not, for each neuron.
Key = str


class KnownSum(NamedTuple):
    """The function of a pattern: its coefficients lie in a box."""

    pattern: Pattern
    low: FloatArray
    high: FloatArray


class Setting(NamedTuple):
    """A problem and output signs.

    Attributes
    ----------
    rows : array (N, m)
        Homogeneous samples.
    low, high : arrays (N,)
        Interval ends.
    signs : tuple of +1 and -1 (K,)
        Output signs.
    affine : bool
        Whether networks have an affine term or a constant.
    """

    rows: FloatArray
    low: FloatArray
    high: FloatArray
    signs: tuple[int, ...]
    affine: bool

    @property
    def patterns(self) -> list[Pattern]:
        """All activation patterns."""
        return list(itertools.product((1, 0), repeat=len(self.signs)))


def possible(setting: Setting, known: Sequence[KnownSum]) -> tuple[BoolArray, BoolArray]:
    """Return which pattern each sample may have (N, patterns), and which patterns are determined.

    A sample above 0 needs an active neuron of sign 1 where there is no affine term, one below 0 one of sign
    -1. On a sample of some pattern, functions of patterns that have the same neurons of sign 1 active are
    nowhere below the network: they take other terms away. So the function of a determined one must be able
    to reach the lower end; and one with the same neurons of sign -1 the upper end. Where the sum of neurons
    of one sign has that sign some of them are active, and where it has the other not all.
    """
    patterns = np.array(setting.patterns)
    allowed = np.ones((len(setting.rows), len(patterns)), bool)
    determined = np.zeros(len(patterns), bool)
    if not setting.affine:
        for sign, beyond in ((1, setting.low > 0), (-1, setting.high < 0)):
            helpful = (patterns[:, np.array(setting.signs) == sign] == 1).any(axis=1)
            allowed[np.ix_(beyond, ~helpful)] = False
    for n, pattern in enumerate(setting.patterns):
        values = values_of(setting, known, pattern, setting.affine)
        if values is not None:
            determined[n] = True
            for sign, beyond in ((1, values[1] < setting.low), (-1, values[0] > setting.high)):
                part = np.array(setting.signs) == sign
                same = (patterns[:, part] == patterns[n, part]).all(axis=1)
                allowed[np.ix_(beyond, same)] = False
        summed = {s for s, bit in zip(setting.signs, pattern, strict=True) if bit}
        values = values_of(setting, known, pattern, False) if len(summed) == 1 else None
        if values is not None:
            low, high = values if summed == {1} else (-values[1], -values[0])
            chosen = patterns[:, np.array(pattern) == 1] == 1
            allowed[np.ix_(low > 0, ~chosen.any(axis=1))] = False
            allowed[np.ix_(high < 0, chosen.all(axis=1))] = False
    return allowed, determined


def values_of(
    setting: Setting, known: Sequence[KnownSum], pattern: Pattern, affine: bool
) -> tuple[FloatArray, FloatArray] | None:
    """Return the range (N,), (N,) of a pattern's function on each sample, None unless it is determined.

    `affine` says whether the affine term is part of the function; the known ones have it where there is one.
    """
    factors = combination([one.pattern for one in known], pattern, int(affine), int(setting.affine))
    if factors is None:
        return None
    middle, spread = np.zeros((2, len(setting.rows)))
    sizes = np.zeros(len(setting.rows))
    for factor, one in zip(map(float, factors), known, strict=True):
        centre = one.low / 2 + one.high / 2
        radius = np.maximum(one.high - centre, centre - one.low)
        middle += factor * (setting.rows @ centre)
        spread += abs(factor) * (np.abs(setting.rows) @ radius)
        sizes += abs(factor) * (np.abs(setting.rows) @ (np.abs(centre) + radius))
    spread += 8 * (setting.rows.shape[1] + len(known)) * UNIT_ROUNDOFF * sizes
    return middle - spread, middle + spread


def combination(
    patterns: Sequence[Pattern], wanted: Pattern, wanted_last: int, last: int
) -> list[Fraction] | None:
    """Return factors of patterns that add up to the wanted one, each with one more entry; None if none do."""
    columns = [[*map(Fraction, pattern), Fraction(last)] for pattern in patterns]
    rows = [list(row) for row in zip(*columns, [*map(Fraction, wanted), Fraction(wanted_last)], strict=True)]
    count, leading = 0, []
    for j in range(len(patterns)):
        pivot = next((i for i in range(count, len(rows)) if rows[i][j]), None)
        if pivot is None:
            continue
        rows[count], rows[pivot] = rows[pivot], rows[count]
        rows[count] = [value / rows[count][j] for value in rows[count]]
        for i in range(len(rows)):
            if i != count:
                factor = rows[i][j]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[count], strict=True)]
        leading.append(j)
        count += 1
    if any(row[-1] for row in rows[count:]):
        return None
    factors = [Fraction(0)] * len(patterns)
    for i, j in enumerate(leading):
        factors[j] = rows[i][-1]
    return factors


def representative(pattern: Pattern, signs: Sequence[int], known: Sequence[Pattern]) -> Pattern:
    """Return the pattern that this one becomes where neurons that nothing tells apart put active ones first.

    Nothing tells neurons apart that have one output sign and the same bits in all known patterns.
    """
    result = list(pattern)
    for members in _alike(signs, known):
        active = sum(pattern[k] for k in members)
        for place, k in enumerate(members):
            result[k] = int(place < active)
    return tuple(result)


def representative_key(key: Key, signs: Sequence[int], given: Sequence[Key]) -> Key:
    """Return the key that this one becomes in the same way; it decides all or none of the bits of a sign."""
    result = list(key)
    for members in _alike(signs, given):
        for k, bit in zip(members, sorted((key[k] for k in members), reverse=True), strict=True):
            result[k] = bit
    return "".join(result)


def covers(key: Key, pattern: Pattern) -> bool:
    """Whether a pattern has the bits that a key decides."""
    return all(mark in ("*", str(bit)) for mark, bit in zip(key, pattern, strict=True))


def _alike(signs: Sequence[int], given: Sequence[Pattern] | Sequence[Key]) -> Iterable[list[int]]:
    """Return the neurons in groups that nothing tells apart."""
    groups: dict[tuple[int | str, ...], list[int]] = {}
    for k, sign in enumerate(signs):
        groups.setdefault((sign, *(other[k] for other in given)), []).append(k)
    return groups.values()
