"""How many cuts of a run of changes of slope are cheapest, where floats do not tell.

The recursion of `sparsest.exact.line.cheapest_cuts`, in balls of many bits around exact sizes. Two costs are
equal if they are the same powers in another order, which rational numbers decide. Costs that tie at one p
alone, as sums of square roots may, stay open: no number of bits tells them apart, and the numbers are
different.
"""

from collections import Counter
from fractions import Fraction
from typing import Any, Final

import flint

# Costs that are closer, relative to their size, than about 2^-200 count as undecided.
_BITS: Final = 256

Ball = Any  # a real number with an error bound; python-flint has no types


class _Price:
    """What the last change of a cheapest cut adds: ``sign`` times a signed sum of powers, and its value."""

    def __init__(self) -> None:
        self.value: Ball = flint.arb(0)
        self.sign = 1
        self.terms: Counter[Fraction] = Counter()

    def join(self, size: Fraction, power: Ball) -> None:
        """Become the power of a pair's size less the price so far."""
        self.value = power - self.value
        self.sign = -self.sign
        self._add(size, self.sign)

    def equals(self, size: Fraction) -> bool:
        """Whether it is the power of this size at all p."""
        self._add(size, -self.sign)
        equal = not self.terms
        self._add(size, self.sign)
        return equal

    def reset(self, size: Fraction, power: Ball) -> None:
        """Become the power of one size."""
        self.value, self.sign, self.terms = power, 1, Counter({size: 1})

    def _add(self, size: Fraction, sign: int) -> None:
        self.terms[size] += sign
        if self.terms[size] == 0:
            del self.terms[size]


def exact_ties(sizes: list[Fraction], p: float) -> tuple[int, int]:
    """Return bounds on the number of cheapest cuts of one run; they agree unless costs tie at this p alone.

    Parameters
    ----------
    sizes : list of m Fractions
        Changes of slope of one sign.
    p : float
        Exponent, 0 < p < 1.
    """
    with flint.ctx.workprec(_BITS):
        return _counted(sizes, flint.arb(p))


def _counted(sizes: list[Fraction], p: Ball) -> tuple[int, int]:
    price, certain = _Price(), True
    count, before = 1, 0
    for i, size in enumerate(sizes):
        single = _power(size, p)
        if i == 0:
            price.reset(size, single)
            before = count
            continue
        pair = size + sizes[i - 1]
        price.join(pair, _power(pair, p))
        if price.value > single:
            price.reset(size, single)
            before = count
        elif price.value < single:
            count, before = before, count
        else:
            if not price.equals(size):
                certain = False
                price.value = price.value.union(single)
            count, before = count + before, count
    return (count if certain else 1), count


def _power(size: Fraction, p: Ball) -> Ball:
    return (flint.arb(size.numerator) / size.denominator) ** p
