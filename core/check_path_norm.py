"""Check a proof of the least path norm, trusting Python's integers, this file and the one beside it alone.

Needs the standard library and ``check.py``, whose readers of files, numbers and data it uses, and runs with
it alone: ``python check_path_norm.py proof.json [data.csv | problem.json]``. The format, and why it proves
what it says, is in docs/path-norm-proof.md. All decisions are made in integers and fractions. Whatever is
missing, surplus or not understood is a reason to reject.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import math
import operator
import os
import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __name__ == "sparsest.check_path_norm":
    from sparsest import check as common
else:  # run alone, with check.py in the same folder
    import check as common

ProofError, UnreadableError = common.ProofError, common.UnreadableError

FORMAT = common.PATH_NORM_FORMAT
VERSION = 1
OBJECTIVES = ("neurons", "weights", "parameters")

# Largest denominator of p: a power takes a root of that order, of numbers of 64 bits times that.
MAX_DENOMINATOR = 1000
# Bits of a power, and of prices after the binary point.
POWER_BITS = 64
MAX_PRICE_BITS = 4096
# Cones of an arrangement, and rays.
MAX_CONES = 200_000
# Numbers that are held at once: values of rays on points, long ones for more; interval ends of open boxes.
MAX_HELD = 2**24
# Units of work beside those that any proof has; see `_Work` in check.py.
EXTRA_WORK = 2_000_000_000

Vector = tuple[int, ...]
# The number of a cone, an output sign, and an entry.
Element = tuple[int, int, int]
# The cone and the output sign of a neuron.
Kind = tuple[int, int]
Interval = tuple[Fraction, Fraction]


# ============================================================================================================
# THE FACE: what is asked, and what is answered


@dataclasses.dataclass(frozen=True)
class CheckedPathNorm:
    """What a verified proof says.

    Attributes
    ----------
    lower_bound : Fraction
        No network that meets every interval has a smaller path norm.
    upper_bound : Fraction or None
        One has a path norm of at most this; None when the proof has no witness.
    p : Fraction
        The exponent.
    objective : str
        What the path norm is taken of: "neurons", "weights" or "parameters".
    nodes, leaves : int
        Boxes of the tree, and those of them that were not split.
    samples, features : int
        Size of the data.
    labels : str
        What the intervals are, in a few words.
    affine : str
        The affine term of networks: "none", "constant" or "skip".
    weight_bound : str or None
        Bound on the weights; the lower bound holds without it as well.
    data_compared : bool
        Whether the proof's data were compared with data given beside it.

    Examples
    --------
    Two neurons fit xor with a path norm of 2 * 2^p at p = 1/2, and nothing costs less.

    >>> import pathlib, tempfile
    >>> import sparsest
    >>> xor = sparsest.Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "proof.json"
    ...     found = sparsest.exact.minimize_path_norm(xor, 0.5, proof_file=file)
    ...     checked = check_path_norm_proof(file, xor)
    >>> round(float(checked.lower_bound), 4), round(float(checked.upper_bound), 4), checked.data_compared
    (2.8284, 2.8284, True)
    """

    lower_bound: Fraction
    upper_bound: Fraction | None
    p: Fraction
    objective: str
    nodes: int
    leaves: int
    samples: int
    features: int
    labels: str
    affine: str
    weight_bound: str | None
    data_compared: bool

    def summary(self) -> str:
        """Return one sentence on what was verified, as the command line prints it."""
        at_least = _rounded(self.lower_bound, down=True)
        upper = self.upper_bound
        if upper is None:
            claim = f"at least {at_least}"
        elif upper == self.lower_bound:
            claim = f"exactly {upper}"
        else:
            claim = f"between {at_least} and {_rounded(upper, down=False)}"
        bound = "" if self.weight_bound is None else f" and weights of at most {self.weight_bound:.40}"
        data = "the data given" if self.data_compared else "the data in it"
        return (
            f"verified: the least path norm of {self.objective} with p = {self.p} on {data} "
            f"(N = {self.samples}, d = {self.features}, {self.labels}), {common.AFFINE[self.affine]}{bound}, "
            f"is {claim} ({self.leaves} leaves)"
        )


def check_path_norm_proof(
    proof: str | os.PathLike[str] | Mapping[str, Any],
    data: object = None,
    *,
    p: float | None = None,
    affine: str | None = None,
    tolerance: float | None = None,
    weight_bound: float | None = None,
    margin: float | None = None,
    objective: str | None = None,
) -> CheckedPathNorm:
    """Verify a proof of a least path norm, and that it is about what is asked for.

    Parameters
    ----------
    proof : path or mapping
        A file, gzip-compressed if its name ends in ``.gz``, or the document in it.
    data, affine, tolerance, weight_bound, margin
        As for ``sparsest.check_proof``.
    p : float, optional
        The exponent that it must be about: the decimal that is written for it.
    objective : {"neurons", "weights", "parameters"}, optional
        What the path norm must be taken of; by default whichever the proof says.

    Returns
    -------
    CheckedPathNorm
        What has been verified.

    Raises
    ------
    ProofError
        With the reason and the place when anything is wrong. `UnreadableError` when there is no proof to
        check, no data to compare it with, or what is asked for makes no sense.

    Examples
    --------
    Labels 0, 0, 1 at 0, 1, 2 and a skip: f(0) - 2 f(1) + f(2) is 1, and no neuron of weight w adds more than
    abs(w) to it; the neuron max(0, x - 1) does.

    >>> problem = {"X": [[0], [1], [2]], "low": [0, 0, 1], "high": [0, 0, 1]}
    >>> problem |= {"skip": True, "weight_bound": None}
    >>> network = {"kind": "network", "signs": [1], "neurons": [[1, -1]], "skip": [0, 0]}
    >>> step = {"over": 1, "multipliers": [[0, 1], [1, -2], [2, 1]], "prices": [], "moves": []}
    >>> proof = {"format": "sparsest/path-norm-proof", "version": 1, "objective": "weights", "p": "1/2"}
    >>> proof |= {"problem": problem, "lower_bound": 1, "upper_bound": 1, "witness": network}
    >>> proof |= {"largest": 1, "price_bits": 10, "cones": [], "nodes": [{"steps": [step]}]}
    >>> str(check_path_norm_proof(proof).lower_bound)
    '1'
    """
    asked = common._Asked(affine, tolerance, weight_bound, margin)
    if p is not None and not (isinstance(p, (int, float, Fraction)) and math.isfinite(p)):
        raise UnreadableError("it is not a finite number", "p")
    if objective is not None and objective not in OBJECTIVES:
        raise UnreadableError(
            f"{common._shown(objective)} is not one of {', '.join(OBJECTIVES)}", "objective"
        )
    document = dict(proof) if isinstance(proof, Mapping) else common.read(proof, FORMAT)
    try:
        checked = _checked(document, data, asked)
    except (RecursionError, MemoryError):
        raise ProofError("it is nested too deeply or too large") from None
    if p is not None and checked.p != Fraction(repr(float(p))):
        raise ProofError(f"it is about p = {checked.p}, not {p}", "p")
    if objective not in (None, checked.objective):
        raise ProofError(f"it is about {checked.objective!r}, not {objective!r}", "objective")
    return checked


def _checked(document: dict[str, Any], data: object, asked: common._Asked) -> CheckedPathNorm:
    common._fields(
        document,
        (
            *("format", "version", "objective", "p", "problem", "lower_bound", "upper_bound", "witness"),
            *("largest", "price_bits", "cones", "nodes"),
        ),
        "proof",
    )
    version, objective = document["version"], document["objective"]
    if document["format"] != FORMAT or type(version) is not int or version != VERSION:
        raise ProofError(f"only version {VERSION} of {FORMAT!r} is known", "format and version")
    if type(objective) is not str or objective not in OBJECTIVES:
        raise ProofError(f"it is none of {', '.join(OBJECTIVES)}", "objective")
    problem = common._Problem(common._with_options(document["problem"]), "problem")
    asked.compare(problem)
    if data is not None:
        common._compare(problem, data, asked)
    work = common._Work(document)
    work.left += EXTRA_WORK
    power = Power(common._number(document["p"], "p"), work)
    lower = common._number(document["lower_bound"], "lower_bound")
    upper = _upper_bound(document, problem, objective, power, work)
    if upper is not None and upper < lower:
        raise ProofError("it is below the lower bound", "upper_bound")
    if lower < 0:
        raise ProofError("it is negative", "lower_bound")
    nodes = common._list(document["nodes"], "nodes")
    leaves = 0
    if lower > 0:
        model = ConeModel(problem, objective, work)
        bits = common._whole(document["price_bits"], "price_bits")
        if bits > MAX_PRICE_BITS:
            raise ProofError(f"prices have at most {MAX_PRICE_BITS} bits", "price_bits")
        largest = common._number(document["largest"], "largest")
        prices = Prices(model, power, bits, largest, work)
        leaves = _Tree(prices, lower, common._list(document["cones"], "cones"), work).check(nodes)
    elif nodes or document["cones"] != []:
        raise ProofError("nothing is claimed, and there are nodes or cones", "nodes")
    limit = problem.own_bound if any(problem.places) else document["problem"]["weight_bound"]
    return CheckedPathNorm(
        lower_bound=lower,
        upper_bound=upper,
        p=power.p,
        objective=objective,
        nodes=len(nodes),
        leaves=leaves,
        samples=len(problem.X),
        features=problem.size - 1,
        labels=common._labels(problem),
        affine=problem.affine,
        weight_bound=None if limit is None else str(limit),
        data_compared=data is not None,
    )


# ============================================================================================================
# KERNEL, part POWERS: t^p between two fractions


class Power:
    """Fractions below and above t^p for a fraction p, from integer roots.

    Attributes
    ----------
    p : Fraction
        The exponent.
    """

    def __init__(self, p: Fraction, work: common._Work) -> None:
        if not 0 < p <= 1 or p.denominator > MAX_DENOMINATOR:
            raise ProofError(f"0 < p <= 1, with a denominator up to {MAX_DENOMINATOR}, is needed", "p")
        self.p, self._work = p, work
        self._known: dict[str, Interval] = {}

    def lower(self, t: Fraction) -> Fraction:
        """Return a fraction not above t^p, t >= 0."""
        return self._both(t)[0]

    def upper(self, t: Fraction) -> Fraction:
        """Return a fraction not below t^p, t >= 0."""
        return self._both(t)[1]

    def _both(self, t: Fraction) -> Interval:
        key = _text_of(t)
        if key not in self._known:
            self._known[key] = self._enclosure(t)
        return self._known[key]

    def _enclosure(self, t: Fraction) -> Interval:
        if t == 0:
            return t, t
        a, b = self.p.numerator, self.p.denominator
        top, bottom = t.numerator, t.denominator
        size = a * (top.bit_length() - bottom.bit_length()) // b  # about, of t^p in bits
        shift = max(0, POWER_BITS - size)
        digits = a * (common._digits(top) + common._digits(bottom)) + shift * b // 30
        self._work.charge(100 + 40 * common._units(digits, digits))
        radicand, rest = divmod(top**a << shift * b, bottom**a)  # t^a 2^(shift b), rounded down
        root = _find_root(radicand, b)
        if not root**b <= radicand < (root + 1) ** b:
            raise ProofError("a root was not found")
        # root^b <= t^a 2^(shift b) < radicand + 1 <= (root + 1)^b
        exact = rest == 0 and root**b == radicand
        return Fraction(root, 1 << shift), Fraction(root + (not exact), 1 << shift)


def _text_of(*numbers: Fraction) -> str:
    """Return a key: a file may choose numbers of equal hashes, not texts."""
    return " ".join(f"{v.numerator:x}/{v.denominator:x}" for v in numbers)


# ============================================================================================================
# KERNEL, part CONES: the rays and cones of neurons


def _dot(one: Sequence[int], other: Sequence[int]) -> int:
    return sum(map(operator.mul, one, other))


class ConeModel:
    """Points, rays and cones of a problem, in the units of the user.

    Attributes
    ----------
    rows : list of P vectors
        ``D_i (x_i, 1)`` in integers; `low` and `high` are the interval ends times D_i, None where open.
    free : tuple of int
        Coordinates of the affine term that costs nothing.
    values : list of R lists of P integers
        ``max(0, ray . row)``, of at most `digits` digits.
    rays : list of R vectors
        Directions in lowest terms.
    totals : list of R integers
        Sum of the sizes of their entries that are charged.
    charges : list of R vectors
        What each ray adds to the numbers of which powers are taken.
    cones : list of C lists of int
        Rays of each cone that are active on some point.
    names : list of C pairs of texts
        Bits of a cone on the points and on the axes, 1 where it is on the positive side.
    """

    def __init__(self, problem: common._Problem, objective: str, work: common._Work) -> None:
        ends = [list(column) for column in problem.own_ends]
        points, self.rows, self.low, self.high = common._merged_points(problem.own_X, ends, "problem")
        size = problem.size
        self.skip, self.weights = problem.skip, objective == "weights"
        charged = size - self.weights
        constant = problem.constant or self.weights
        self.free = tuple(range(size)) if problem.skip else (size - 1,) * constant
        axes = [tuple(int(j == k) for k in range(size)) for j in range(charged)]
        # distinct points are not parallel; one at the origin may be parallel to the last axis
        origin = [charged == size and not any(x) for x in points]
        normals = [*axes, *(row for row, parallel in zip(self.rows, origin, strict=True) if not parallel)]
        rays, cells = _rays_and_cells(normals, work)
        lengths = common._size_of(rays), common._size_of(self.rows)
        self.digits = sum(lengths)
        work.charge(len(rays) * len(self.rows) * (size * common._units(*lengths) + 4))
        if len(rays) * len(self.rows) * (8 + self.digits) > 8 * MAX_HELD:
            raise ProofError(f"rays have more than {MAX_HELD} values on points", "problem")
        self.values = [[max(0, _dot(ray, row)) for row in self.rows] for ray in rays]
        sizes = [tuple(map(abs, ray[:charged])) for ray in rays]
        self.rays, self.totals = rays, list(map(sum, sizes))
        self.charges = [(total,) for total in self.totals] if objective == "neurons" else sizes
        self.entries = len(self.charges[0])
        # rays that are active on no point cost something and do nothing: neurons do without
        active = [any(row) for row in self.values]
        self.cones = [[ray for ray in members if active[ray]] for members in cells.values()]
        places = iter(range(charged, len(normals)))
        of_point = [charged - 1 if parallel else next(places) for parallel in origin]
        self.names = [
            (
                "".join("01"[pattern[n]] for n in of_point),
                "".join("01"[bit] for bit in pattern[:charged]),
            )
            for pattern in cells
        ]
        self._numbers = {name: number for number, name in enumerate(self.names)}
        self.kinds = {
            (number, sign): self._standing_for(number, sign)
            for number in range(len(self.cones))
            for sign in (1, -1)
        }
        self.needed = set(self.kinds.values()) - {None}
        self.kinds_at: list[list[Kind]] = [[] for _ in rays]
        for kind in self.needed:
            if kind is not None:
                for ray in self.cones[kind[0]]:
                    self.kinds_at[ray].append(kind)

    def number(self, name: tuple[str, str], place: str) -> int:
        """Return the number of the cone with these bits."""
        if name not in self._numbers:
            raise ProofError(f"{common._shown(name)} are the bits of no cone", place)
        return self._numbers[name]

    def _standing_for(self, number: int, sign: int) -> Kind | None:
        """Return the kind of neurons that may stand for those of a cone and sign; None where none is needed.

        A neuron that is active nowhere is zero. With a skip one that is active everywhere is part of it, and
        -u stands for u. Where only features are charged, -(w x + b), active everywhere, is -w x + c less a
        constant.
        """
        points, axes = self.names[number]
        everywhere = "0" not in points
        if "1" not in points or (self.skip and everywhere):
            return None
        if self.skip and points[0] == "1":
            return self._numbers[_opposite(points), _opposite(axes)], sign
        if self.weights and everywhere and sign < 0:
            return self._numbers[points, _opposite(axes)], 1
        return number, sign


def _opposite(bits: str) -> str:
    return "".join("10"[bit == "1"] for bit in bits)


def _rays_and_cells(
    normals: Sequence[Vector], work: common._Work
) -> tuple[list[Vector], dict[bytes, list[int]]]:
    """Return the rays of an arrangement of hyperplanes through 0, and the rays of each full-dimensional cell.

    The normal vectors span the space, so that every cell is pointed and has a ray r. The cells that have r in
    their closure agree with r where it is on no hyperplane, and on the others they are the cells of the
    arrangement of those, in the space without a coordinate in which r is not zero.
    """
    size = len(normals[0])
    rays = _rays(normals, work)
    known: dict[tuple[Vector, ...], list[bytes]] = {}
    cells: dict[bytes, list[int]] = {}
    digits = common._size_of(normals)
    for number, ray in enumerate(rays):
        work.charge(len(normals) * (size * common._units(common._size_of([ray]), digits) + 4))
        sides = [_dot(normal, ray) for normal in normals]
        flat = [n for n, side in enumerate(sides) if side == 0]
        drop = next(j for j, v in enumerate(ray) if v)
        local = tuple(normals[n][:drop] + normals[n][drop + 1 :] for n in flat)
        if local not in known:
            known[local] = list(_rays_and_cells(local, work)[1]) if size > 1 else [b""]
        for pattern in known[local]:
            bits = bytearray(side > 0 for side in sides)
            for n, bit in zip(flat, pattern, strict=True):
                bits[n] = bit
            work.charge(4 + len(bits))
            cells.setdefault(bytes(bits), []).append(number)
            if len(cells) > MAX_CONES:
                raise ProofError(f"more than {MAX_CONES} cones", "problem")
    return rays, cells


def _rays(normals: Sequence[Vector], work: common._Work) -> list[Vector]:
    """Return the directions that are alone, up to their length, on some hyperplanes."""
    size = len(normals[0])
    found: dict[Vector, None] = {}
    digits = common._size_of(normals)
    cost = 300 + 4 * size**3 * common._units(size * digits, size * digits)
    work.charge(math.comb(len(normals), size - 1) * cost)
    for chosen in itertools.combinations(normals, size - 1):
        ray = _null_vector(chosen, size)
        if ray is not None:
            found[ray] = found[tuple(-v for v in ray)] = None
            if len(found) > MAX_CONES:
                raise ProofError(f"more than {MAX_CONES} rays", "problem")
    return list(found)


def _null_vector(vectors: Sequence[Vector], size: int) -> Vector | None:
    """Return a vector in lowest terms orthogonal to size - 1 vectors; None if they depend on each other."""
    rows, basis, denominator = [list(vector) for vector in vectors], list[int](), 1
    for i in range(len(rows)):
        pivot = next((j for j in range(size) if rows[i][j]), None)
        if pivot is None:
            return None
        value = rows[i][pivot]
        for k, row in enumerate(rows):
            if k != i:
                factor = row[pivot]
                rows[k] = [(v * value - factor * u) // denominator for v, u in zip(row, rows[i], strict=True)]
        basis.append(pivot)
        denominator = value
    (alone,) = set(range(size)) - set(basis)
    solution = [0] * size
    solution[alone] = denominator
    for row, pivot in zip(rows, basis, strict=True):
        solution[pivot] = -row[alone]
    divisor = math.gcd(*solution)
    found = tuple(v // divisor for v in solution)
    if any(_dot(vector, found) for vector in vectors):
        raise ProofError("a ray was not found")
    return found


# ============================================================================================================
# KERNEL, part BOXES: what multipliers prove of the networks whose elements lie in a box


class ElementBox:
    """Intervals of elements, those that are not listed between 0 and `largest`."""

    def __init__(self, largest: Fraction, moved: Mapping[Element, Interval] | None = None) -> None:
        self.largest = largest
        self.moved: dict[Element, Interval] = dict(moved or {})

    def interval(self, element: Element) -> Interval:
        """Return the interval of an element."""
        return self.moved.get(element, (Fraction(0), self.largest))

    def with_interval(self, element: Element, low: Fraction, high: Fraction) -> ElementBox:
        """Return the box in which an element has another interval."""
        return ElementBox(self.largest, self.moved | {element: (low, high)})


class Prices:
    """Prices of elements, integers over ``2^bits``: lines below t^p on intervals.

    Parameters
    ----------
    model : ConeModel
        Points and cones.
    power : Power
        The exponent.
    bits : int
        Of prices, after the binary point.
    largest : Fraction
        No element of interest is larger.
    """

    def __init__(
        self, model: ConeModel, power: Power, bits: int, largest: Fraction, work: common._Work
    ) -> None:
        if largest <= 0:
            raise ProofError("it must be positive", "largest")
        self.model, self.power, self.bits, self.largest, self.work = model, power, bits, largest, work
        self._known: dict[str, int] = {}

    def line(self, low: Fraction, high: Fraction) -> int:
        """Return the slope of about the chord of t^p; from low = 0 on the chord is nowhere above t^p."""
        key = _text_of(low, high)
        if key not in self._known:
            rise = self.power.lower(high) - self.power.upper(low)
            self.work.charge(4 * common._sum_units(low, high, rise) + self.bits // 8)
            self._known[key] = math.floor(rise * (1 << self.bits) / (high - low)) if low < high else 0
        return self._known[key]

    def least(self, interval: Interval, price: int) -> Fraction:
        """Return a number that t^p less the price times t is nowhere below: it is concave."""
        scale = 1 << self.bits
        self.work.charge(common._sum_units(*interval, Fraction(price, scale)))
        return min(self.power.lower(t) - Fraction(price, scale) * t for t in interval)


class BoxStep:
    """What multipliers of the points prove in a box, with a line for each element.

    Every network with elements in the box costs at least ``sum_e least(t_e^p - g_e t_e) + sum_i y_i f(x_i)``
    if no neuron is worth more than its elements times the prices g; and ``y_i f(x_i)`` is at least y_i times
    an end of the interval.

    Parameters
    ----------
    prices : Prices
        Lines for intervals.
    box : ElementBox
        The box.
    multipliers : mapping of point to int
        Multipliers m of the integer rows, over `over`.
    given : mapping of Element to int
        Prices other than those of the intervals.
    place : str
        Where the proof says so.

    Attributes
    ----------
    bound : Fraction
        What they prove.
    """

    def __init__(
        self,
        prices: Prices,
        box: ElementBox,
        multipliers: Mapping[int, int],
        over: int,
        given: Mapping[Element, int],
        place: str,
    ) -> None:
        self._prices, self._box, self._over, self._given, self._place = prices, box, over, given, place
        model, work = prices.model, prices.work
        self._multipliers = multipliers
        self._prices_known: dict[Element, int] = dict(given)
        work.charge(len(multipliers) * (4 + len(model.free)) + 8 * len(box.moved) + 8 * len(given))
        for j in model.free:
            if sum(m * model.rows[i][j] for i, m in multipliers.items()):
                raise ProofError("the multipliers do not cancel the affine term", place)
        value = 0
        for i, m in multipliers.items():
            end = model.low[i] if m > 0 else model.high[i]
            if end is None:
                raise ProofError(f"the interval of point {i} is open at the end that is needed", place)
            value += m * end
        self._worths = self._worth_of_rays()
        self._special = {e for e, (low, _) in box.moved.items() if low > 0} | given.keys()
        self._refuse_dear_neurons()
        self.bound = Fraction(value, over)
        for element in self._special:
            least = prices.least(box.interval(element), self.price(element))
            work.charge(common._sum_units(self.bound, least))
            self.bound += least

    def _worth_of_rays(self) -> list[int]:
        """Return ``2^bits over sum_i y_i max(0, ray . (x_i, 1))`` for each ray."""
        model, work, bits = self._prices.model, self._prices.work, self._prices.bits
        digits = common._digits(max(map(abs, self._multipliers.values()), default=0))
        product = common._units(digits, model.digits) + (digits + model.digits) // 8
        work.charge(len(model.values) * (8 + len(self._multipliers) * product + bits // 30))
        terms = list(self._multipliers.items())
        return [sum(m * values[i] for i, m in terms) << bits for values in model.values]

    def price(self, element: Element) -> int:
        """Return what is asked for an element."""
        if element not in self._prices_known:
            self._prices_known[element] = self._prices.line(*self._box.interval(element))
        return self._prices_known[element]

    def _left(self, ray: int, kind: Kind) -> int:
        """Return ``2^bits over`` times what a ray costs less what it is worth."""
        number, sign = kind
        work, cost = self._prices.work, 0
        for j, charge in enumerate(self._prices.model.charges[ray]):
            if charge:
                price = self.price((number, sign, j))
                work.charge(common._units(common._digits(price), common._digits(charge)))
                cost += price * charge
        work.charge(common._units(common._digits(cost), common._digits(self._over)))
        return cost * self._over - sign * self._worths[ray]

    def _refuse_dear_neurons(self) -> None:
        """Reject unless no neuron is worth more than it costs: on every cone that is so if it is on its rays.

        Rays that are cheap at the least of all prices need no look at each of their cones, but for cones with
        prices that are given or of intervals away from zero.
        """
        model, work = self._prices.model, self._prices.work
        plain = [interval for e, interval in self._box.moved.items() if e not in self._special]
        least = min(self._prices.line(*interval) for interval in [(Fraction(0), self._box.largest), *plain])
        work.charge(4 * len(self._worths))
        for ray, worth in enumerate(self._worths):
            if abs(worth) > least * sum(model.charges[ray]) * self._over:
                for kind in model.kinds_at[ray]:
                    self._refuse_dear(ray, kind)
        for kind in {(number, sign) for number, sign, _ in self._special}:
            for ray in model.cones[kind[0]]:
                self._refuse_dear(ray, kind)

    def _refuse_dear(self, ray: int, kind: Kind) -> None:
        self._prices.work.charge(10 + 10 * self._prices.model.entries)
        if self._left(ray, kind) < 0:
            raise ProofError("some neuron is worth more than it costs", self._place)

    def cheapest_price(self, element: Element) -> int:
        """Return how little may be asked for an element if all other prices stay."""
        number, sign, entry = element
        model = self._prices.model
        rays = [ray for ray in model.cones[number] if model.charges[ray][entry]]
        self._prices.work.charge(20 * model.entries * len(model.cones[number]))
        if not rays:
            raise ProofError("an element that is always zero", self._place)
        spares = []
        for ray in rays:
            left, share = self._left(ray, (number, sign)), model.charges[ray][entry] * self._over
            self._prices.work.charge(common._digits(left) * common._digits(share) // 32)
            spares.append(left // share)
        return self.price(element) - min(spares)

    def bound_with(self, element: Element, low: Fraction, high: Fraction) -> Fraction:
        """Return what is proven of networks in which one element lies between two ends instead."""
        price, rest = self.cheapest_price(element), self.bound
        self._prices.work.charge(2 * common._sum_units(rest))
        if element in self._special:
            rest -= self._prices.least(self._box.interval(element), self.price(element))
        return rest + self._prices.least((low, high), price)


# ============================================================================================================
# KERNEL, part TREE: the boxes cover every network that costs less than is claimed


class _Tree:
    """Boxes in order: each is closed by a step, or split in two, of which the lower part comes first.

    Parameters
    ----------
    prices : Prices
        Lines for intervals.
    lower : Fraction
        What every leaf must prove.
    cones : list
        Bits of the cones that nodes speak of.
    """

    def __init__(self, prices: Prices, lower: Fraction, cones: list[Any], work: common._Work) -> None:
        self._prices, self._lower, self._work = prices, lower, work
        if prices.power.lower(prices.largest) < lower:
            raise ProofError("one larger element may still cost less than is claimed", "largest")
        self._cones = [self._cone(name, f"cone {n}") for n, name in enumerate(cones)]

    def _cone(self, name: object, place: str) -> int:
        points, axes = common._row(name, 2, place, "bits of points and of axes")
        if type(points) is not str or type(axes) is not str:
            raise ProofError("texts of bits are needed", place)
        return self._prices.model.number((points, axes), place)

    def check(self, nodes: list[Any]) -> int:
        """Return the number of leaves; reject unless the nodes close the box of all networks of interest."""
        open_boxes, leaves, held = [ElementBox(self._prices.largest)], 0, 0
        for n, node in enumerate(nodes):
            place = f"node {n}"
            if not open_boxes:
                raise ProofError("nothing is left to close", place)
            box = open_boxes.pop()
            parts = self._parts(box, node, place)
            leaves += not parts
            open_boxes += parts[::-1]
            held += sum(len(part.moved) for part in parts) - len(box.moved)
            if held > MAX_HELD:
                raise ProofError(f"open boxes have more than {MAX_HELD} intervals", place)
        if open_boxes:
            raise ProofError(f"{len(open_boxes)} boxes are left open", "nodes")
        return leaves

    def _parts(self, box: ElementBox, node: object, place: str) -> list[ElementBox]:
        split = isinstance(node, dict) and "split" in node
        fields = common._fields(node, ("steps", *["split"] * split), place)
        step: BoxStep | None = None
        for s, document in enumerate(common._list(fields["steps"], place)):
            step, box = self._step(box, document, f"{place} step {s}")
        if not split:
            if step is None or step.bound < self._lower:
                raise ProofError("it does not prove the lower bound", place)
            return []
        *names, below, above = common._row(fields["split"], 5, place, "an element and two ends")
        element = self._element(names, place)
        (low, high), least, most = (
            box.interval(element),
            common._number(below, place),
            common._number(above, place),
        )
        if not low <= least <= most <= high:
            raise ProofError("the parts are not in order within the interval", place)
        if least < most and (step is None or step.bound_with(element, least, most) < self._lower):
            raise ProofError("what lies between both parts is not excluded", place)
        self._work.charge(2 * len(box.moved))
        return [box.with_interval(element, low, least), box.with_interval(element, most, high)]

    def _element(self, names: list[Any], place: str) -> Element:
        cone, sign, entry = common._row(names, 3, place, "a cone, a sign and an entry")
        number = self._cones[common._index(cone, len(self._cones), place)]
        kind = self._prices.model.kinds[number, common._sign(sign, place)]
        if kind is None:
            raise ProofError("no network of interest has such a neuron", place)
        return (*kind, common._index(entry, self._prices.model.entries, place))

    def _step(self, box: ElementBox, document: object, place: str) -> tuple[BoxStep, ElementBox]:
        """Return what a step proves in a box, and the box that its moves leave."""
        fields = common._fields(document, ("over", "multipliers", "prices", "moves"), place)
        over = common._integer(fields["over"], place)
        if over <= 0:
            raise ProofError("a positive denominator is needed", place)
        multipliers: dict[int, int] = {}
        for pair in common._list(fields["multipliers"], place):
            point, multiplier = common._row(pair, 2, place)
            number = common._index(point, len(self._prices.model.rows), place)
            if number in multipliers:
                raise ProofError(f"point {number} has two multipliers", place)
            multipliers[number] = common._multiplier(multiplier, place)
        given: dict[Element, int] = {}
        for row in common._list(fields["prices"], place):
            *names, price = common._row(row, 4, place, "an element and a price")
            element = self._element(names, place)
            if element in given:
                raise ProofError("an element has two prices", place)
            given[element] = common._integer(price, place)
        step = BoxStep(self._prices, box, multipliers, over, given, place)
        return step, self._moved(box, step, common._list(fields["moves"], place), place)

    def _moved(self, box: ElementBox, step: BoxStep, moves: list[Any], place: str) -> ElementBox:
        """Return the box without what a step excludes; every move is about the box of the step."""
        moved = ElementBox(box.largest, box.moved)
        for row in moves:
            *names, end, value = common._row(row, 5, place, "an element, an end and a number")
            element, t = self._element(names, place), common._number(value, place)
            low, high = box.interval(element)
            known_low, known_high = moved.interval(element)
            if end not in ("low", "high") or not low <= t <= high:
                raise ProofError("an end moves out of its interval", place)
            excluded = (t, high) if end == "high" else (low, t)
            if step.bound_with(element, *excluded) < self._lower:
                raise ProofError("what a move leaves out is not excluded", place)
            known_low, known_high = (known_low, t) if end == "high" else (t, known_high)
            if known_low > known_high:
                raise ProofError("two moves leave nothing of an interval", place)
            moved.moved[element] = known_low, known_high
        return moved


# ============================================================================================================
# KERNEL, part WITNESS: a network that fits, and what it costs at most


def _upper_bound(
    document: Mapping[str, Any],
    problem: common._Problem,
    objective: str,
    power: Power,
    work: common._Work,
) -> Fraction | None:
    """Return the upper bound that is claimed; reject unless the witness fits and costs no more."""
    claimed, witness = document["upper_bound"], document["witness"]
    if claimed is None:
        if witness is not None:
            raise ProofError("a witness without an upper bound", "witness")
        return None
    upper = common._number(claimed, "upper_bound")
    signs, neurons, affine = common._read_network(problem, "neurons", 0, witness, work)
    common._size_of_network(problem, "neurons", signs, neurons, affine, work)
    *inputs, label = (10**places for places in problem.places)
    units = [Fraction(unit, label) for unit in (*inputs, 1)]
    total = Fraction(0)
    for neuron in neurons:
        sizes = [abs(v) * unit for v, unit in zip(neuron, units, strict=True)]
        if objective == "neurons":
            sizes = [sum(sizes, Fraction(0))]
        elif objective == "weights":
            sizes = sizes[:-1]
        work.charge(common._sum_units(total, *sizes))
        total += sum(map(power.upper, sizes), Fraction(0))
    if total > upper:
        raise ProofError("the witness costs more than is claimed", "upper_bound")
    return upper


# ============================================================================================================
# FINDING: answers that the kernel verifies, and words; nothing here needs to be believed


def _find_root(radicand: int, order: int) -> int:
    """Return the integer part of a root, by Newton's method from above."""
    if order == 1:
        return radicand
    if order == 2:
        return math.isqrt(radicand)
    root = 1 << (radicand.bit_length() // order + 1)
    while True:
        nearer = ((order - 1) * root + radicand // root ** (order - 1)) // order
        if nearer >= root:
            return root
        root = nearer


def _rounded(value: Fraction, *, down: bool) -> str:
    """Spell a number with ten digits, rounded to one side."""
    if value == 0:
        return "0"
    digits = len(str(value.numerator // value.denominator)) if value >= 1 else 0
    places = max(0, 10 - digits)
    scaled = value * 10**places
    whole = math.floor(scaled) if down else math.ceil(scaled)
    text = str(whole).rjust(places + 1, "0")
    return f"{text[:-places]}.{text[-places:]}".rstrip("0").rstrip(".") if places else text


# ============================================================================================================
# THE COMMAND LINE


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0 when verified, 1 when rejected, 2 when there is nothing to check."""
    parser = argparse.ArgumentParser(description="Check a proof of a least path norm.")
    parser.add_argument("proof", help="a proof, .json or .json.gz")
    parser.add_argument("data", nargs="?", help="a saved problem (.json) or a table (.csv, last column y)")
    parser.add_argument("--affine", choices=tuple(common.AFFINE), help="the affine term it must be about")
    parser.add_argument("--tolerance", type=float, help="the distance from labels it must be about; 0: exact")
    parser.add_argument("--objective", help="what the path norm must be taken of")
    parser.add_argument("--p", type=float, help="the exponent it must be about")
    asked = parser.parse_args(arguments)
    about = {"affine": asked.affine, "tolerance": asked.tolerance, "objective": asked.objective, "p": asked.p}
    try:
        print(check_path_norm_proof(asked.proof, asked.data, **about).summary())
    except UnreadableError as error:
        print(f"unreadable: {error}")
        return 2
    except ProofError as error:
        print(f"rejected: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
