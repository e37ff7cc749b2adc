"""The mixed-integer program of K neurons with given output signs, in exact numbers, for VIPR files.

Neuron k has the numbers ``u_k`` (d + 1), and on point p, whose integer row is ``r_p`` (docs/proof-format.md),
the output ``h_kp = max(0, r_p . u_k)`` and a binary ``z_kp`` that is 1 where it is active.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

Number = int | Fraction
Terms = tuple[tuple[int, Number], ...]  # a variable's index and its coefficient


class Constraint(NamedTuple):
    """``sum of terms (G: >=, L: <=) right``."""

    name: str
    sense: str
    right: Number
    terms: Terms


class ExactPoints:
    """The problem of an accepted proof, its numbers as the checker reads them: distinct inputs, integer rows.

    Attributes
    ----------
    inputs : list of P tuples of d fractions
        Distinct inputs in order of first appearance.
    rows : list of P lists of d + 1 integers
        ``D_p (x_p, 1)`` for the least common denominator D_p of the input and its interval's ends.
    low, high : lists of P integers
        ``D_p low_p`` and ``D_p high_p``; None for an open end.
    skip : bool
        Whether there is an affine term.
    bound : Fraction or None
        Bound on weights.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        lows: dict[tuple[Fraction, ...], list[Fraction]] = {}
        highs: dict[tuple[Fraction, ...], list[Fraction]] = {}
        for row, low, high in zip(document["X"], document["low"], document["high"], strict=True):
            x = tuple(exact_number(v) for v in row)
            lows.setdefault(x, []).extend([] if low is None else [exact_number(low)])
            highs.setdefault(x, []).extend([] if high is None else [exact_number(high)])
        self.inputs = list(lows)
        self.size = len(self.inputs[0]) + 1
        self.rows: list[list[int]] = []
        self.low: list[int | None] = []
        self.high: list[int | None] = []
        for x in self.inputs:
            low, high = max(lows[x], default=None), min(highs[x], default=None)
            scale = math.lcm(*(v.denominator for v in (*x, low, high) if v is not None))
            self.rows.append([*(int(v * scale) for v in x), scale])
            self.low.append(None if low is None else int(low * scale))
            self.high.append(None if high is None else int(high * scale))
        self.skip = bool(document["skip"])
        limit = document["weight_bound"]
        self.bound = None if limit is None else exact_number(limit)


def exact_number(value: int | str) -> Fraction:
    """Return a number of an accepted proof: an integer, a fraction, or a hexadecimal float."""
    if isinstance(value, int):
        return Fraction(value)
    if "p" in value:
        mantissa, exponent = value.split("p")
        whole, _, digits = mantissa.partition(".")
        return int(whole + digits, 16) * Fraction(2) ** (int(exponent) - 4 * len(digits))
    top, _, bottom = value.partition("/")
    return Fraction(_integer(top), _integer(bottom or "1"))


def _integer(text: str) -> int:
    return int(text, 16 if "x" in text else 10)


def largest_input(points: ExactPoints, width: int) -> int:
    """Return M with ``|r_p . u_k| <= M`` for some network of any activation bits that fits, if there is one.

    With their bits fixed, networks that fit are the solutions of integer rows ``A x >= b`` in n numbers. If
    there are any, some solution meets rows of the rank of A with equality and has zeros elsewhere (a minimal
    face is an affine space: Schrijver, Theory of Linear and Integer Programming, 1986, section 8.5). By
    Cramer's rule its numbers are quotients of integer determinants; the upper ones are at most the product of
    the 1-norms of n rows of ``[A, b]`` (Hadamard 1893), the lower ones at least 1.

    Parameters
    ----------
    points : ExactPoints
        The data.
    width : int
        Number of neurons K.
    """
    blocks = width + points.skip
    norms = [sum(map(abs, row)) for row in points.rows]
    ends = [max(abs(low or 0), abs(high or 0)) for low, high in zip(points.low, points.high, strict=True)]
    longest = max(blocks * norm + end for norm, end in zip(norms, ends, strict=True))
    longest = max([longest, *norms])
    if points.bound is not None:
        longest = max(longest, points.bound.numerator + points.bound.denominator)
    factors = [longest] * (blocks * points.size)
    return math.prod(factors, start=max(norms))


class Model:
    """Variables and rows of the program.

    Parameters
    ----------
    points : ExactPoints
        The data.
    signs : sequence of +1 or -1 (K,)
        Output signs of the neurons.

    Attributes
    ----------
    variables : list of str
        Their names.
    integers : list of int
        Indices of the binaries.
    rows : list of Constraint
        Bounds on single variables first.
    n_bounds : int
        How many of the rows those are.
    row : dict
        Index of each row by its kind, neuron (where it has one), and point or coordinate.
    """

    def __init__(self, points: ExactPoints, signs: Sequence[int]) -> None:
        self.points, self.signs = points, signs
        self.big = largest_input(points, len(signs))
        self.variables: list[str] = []
        self.integers: list[int] = []
        self.rows: list[Constraint] = []
        self.row: dict[tuple[str | int, ...], int] = {}
        neurons, every = range(len(signs)), range(len(points.rows))
        self._u = [self._new(f"u{k}_{j}" for j in range(points.size)) for k in neurons]
        self._affine = self._new(f"a{j}" for j in range(points.size)) if points.skip else []
        self._h = [self._new(f"h{k}_{p}" for p in every) for k in neurons]
        self._z = [self._new(f"z{k}_{p}" for p in every) for k in neurons]
        self.integers = [index for block in self._z for index in block]
        self._add_bounds()
        self.n_bounds = len(self.rows)
        for k in neurons:
            for p in every:
                self._add_neuron(k, p)
        for p in every:
            self._add_value(p)

    def _new(self, names: Any) -> list[int]:
        start = len(self.variables)
        self.variables.extend(names)
        return list(range(start, len(self.variables)))

    def _add(self, key: tuple[str | int, ...], sense: str, right: Number, terms: Terms) -> None:
        self.row[key] = len(self.rows)
        self.rows.append(Constraint("_".join(map(str, key)), sense, right, terms))

    def _add_bounds(self) -> None:
        for k in range(len(self.signs)):
            for p in range(len(self.points.rows)):
                self._add(("binary_low", k, p), "G", 0, ((self._z[k][p], 1),))
                self._add(("binary_high", k, p), "L", 1, ((self._z[k][p], 1),))
                self._add(("nonnegative", k, p), "G", 0, ((self._h[k][p], 1),))
            if self.points.bound is not None:
                for j in range(self.points.size - 1):
                    self._add(("weight_low", k, j), "G", -self.points.bound, ((self._u[k][j], 1),))
                    self._add(("weight_high", k, j), "L", self.points.bound, ((self._u[k][j], 1),))

    def _add_neuron(self, k: int, p: int) -> None:
        """Say that ``h = max(0, r . u)``, being active when z = 1 and inactive when z = 0."""
        z, above = self._z[k][p], self.output_minus_input(k, p)
        self._add(("above_input", k, p), "G", 0, above)
        self._add(("active", k, p), "L", self.big, (*above, (z, self.big)))
        self._add(("inactive", k, p), "L", 0, ((self._h[k][p], 1), (z, -self.big)))

    def _add_value(self, p: int) -> None:
        outputs = tuple((self._h[k][p], sign) for k, sign in enumerate(self.signs))
        affine = _sparse(zip(self._affine, self.points.rows[p], strict=False))
        for kind, sense, end in (("low", "G", self.points.low[p]), ("high", "L", self.points.high[p])):
            if end is not None:
                self._add((kind, p), sense, end, (*outputs, *affine))

    def input(self, k: int, p: int) -> Terms:
        """Return the terms of ``r_p . u_k``."""
        return _sparse(zip(self._u[k], self.points.rows[p], strict=True))

    def output(self, k: int, p: int) -> Terms:
        """Return the term ``h_kp``."""
        return ((self._h[k][p], 1),)

    def output_minus_input(self, k: int, p: int) -> Terms:
        """Return the terms of ``h_kp - r_p . u_k``."""
        return (*self.output(k, p), *((j, -value) for j, value in self.input(k, p)))

    def binary(self, k: int, p: int) -> Terms:
        """Return the term ``z_kp``."""
        return ((self._z[k][p], 1),)


def _sparse(pairs: Any) -> Terms:
    return tuple((j, value) for j, value in pairs if value)
