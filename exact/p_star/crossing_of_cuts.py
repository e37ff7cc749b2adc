"""The first p at which a network that is not sparsest costs no more than the sparsest ones, by boxes of p.

Candidates are the cuts of runs of changes of slope ``D_1, ..., D_m`` into single ones and pairs
(`sparsest.exact.line.cheapest_cuts`). To join jumps j and j + 1 saves

    e_j(p) = D_j^p + D_{j+1}^p - (D_j + D_{j+1})^p >= 0,

and whether some cut that is not sparsest costs no more is told by alternating sums of these edges: L(v), the
least of ``e_u - e_{u+1} + ... + e_{v-1}`` over odd u < v, and R(v), the same to the right, for even v. The
criterion, its proof, and the bound that certifies a whole box of p at once, in terms of
``e_j(p) = c^p (1 - p) T_j(p)``, are in docs/proofs.md, P2. What a box has certified, up to the edges at which
a recursion starts anew, is left out of the boxes inside.
"""

import functools
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.exact.compiling import compile_loop, worth_compiling
from sparsest.exact.line.cheapest_cuts import refuse_extremes, runs_of
from sparsest.exact.line.cheapest_cuts_kernel import windows
from sparsest.exact.line.slope_changes import SIZE_ERROR, Curvature
from sparsest.exact.p_star.first_crossing import BoxLimits, Crossing, first_crossing

# Runs of fewer jumps have no alternating sum with a term that is subtracted.
_SHORTEST: Final = 4
# Shares of a pair beyond this, as logarithms, would under- or overflow.
_MAX_LOGARITHM: Final = 600.0
# Relative error of e_j / (1 - p): shares have the error of 3 sizes, their logarithms twice that, and
# exp(z) - 1 is 1 + z times as wrong as z, which is at most the larger logarithm.
_SAVING_ERROR: Final = 16 * SIZE_ERROR
# Sums are rounded outwards by a unit more than the processor may have rounded them inwards.
_SLACK: Final = 2.0**-51
# Plain crossings take some hundreds of boxes, costs that nearly touch may take any number.
_NARROWEST: Final = 2.0**-43
_LIMITS: Final = BoxLimits(
    narrowest=_NARROWEST,
    probes=tuple(_NARROWEST * 4**k for k in range(1, 12)),
    more_patience=1000,
    patience=20_000,
)
# Steps an edge (`sparsest.exact.compiling`): there are hundreds of boxes.
STEPS_AN_EDGE: Final = 250


class Edges(NamedTuple):
    """Pairs of neighbouring jumps that may be joined, (n,) each.

    Attributes
    ----------
    place : array
        The first jump of each.
    size : array
        c, the sum of both, divided by the geometric mean of these sums in the run: no sign depends on it.
    shares, logarithms : arrays (2, n)
        a and b, and minus their logarithms.
    error : array
        Relative error of a saving.
    """

    place: NDArray[np.int64]
    size: FloatArray
    shares: FloatArray
    logarithms: FloatArray
    error: FloatArray

    def part(self, keep: NDArray[np.bool_]) -> "Edges":
        """Return some of them."""
        return Edges(
            self.place[keep],
            self.size[keep],
            self.shares[:, keep],
            self.logarithms[:, keep],
            self.error[keep],
        )


def crossing_of_cuts(bends: Curvature, *, compiled: bool | None = None) -> Crossing:
    """Return the first p in (0, 1] at which the criterion holds, and a jump of the run in which it does.

    By default loops are compiled if that pays.

    Raises
    ------
    InputError
        If changes of slope of one sign in a row are of too different sizes, or too large or too small, for
        floats.
    """
    edges = _edges(bends)
    fast = worth_compiling(STEPS_AN_EDGE * len(edges.place), compiled)
    return first_crossing(
        edges if len(edges.place) else None,
        functools.partial(_uncertain, fast),
        functools.partial(_crossed, fast),
        _LIMITS,
    )


def _edges(bends: Curvature) -> Edges:
    """Return the pairs of runs that are long enough to matter."""
    refuse_extremes(bends)
    starts = runs_of(bends.signs)
    lengths = np.repeat(np.diff(starts), np.diff(starts))
    inside = np.ones(len(bends.signs), dtype=np.bool_)
    inside[starts[1:] - 1] = False  # the last jump of a run has none after it
    place = np.flatnonzero(inside & (lengths >= _SHORTEST))
    size = bends.sizes[place] + bends.sizes[place + 1]
    shares = np.stack([bends.sizes[place], bends.sizes[place + 1]]) / size
    with np.errstate(divide="ignore"):
        # of a share near 1, the other one says how near
        logarithms = np.where(shares > 0.5, -np.log1p(-np.minimum(shares[::-1], 0.5)), -np.log(shares))
    largest = logarithms.max(axis=0)
    if np.any(largest > _MAX_LOGARITHM):
        i = int(place[np.argmax(largest)])
        raise InputError(
            f"changes of slope {bends.sizes[i]:g} and {bends.sizes[i + 1]:g} at inner samples {i} and "
            f"{i + 1} from the left are of too different sizes for floats: remove one of these samples"
        )
    _, run = np.unique(np.searchsorted(starts, place, side="right"), return_inverse=True)
    mean = np.bincount(run, np.log(size)) / np.bincount(run) if len(place) else np.zeros(0)
    if np.any(np.abs(np.log(size) - mean[run]) > _MAX_LOGARITHM):
        raise InputError("changes of slope of one sign in a row are of too different sizes for floats")
    return Edges(place, size / np.exp(mean)[run], shares, logarithms, _SAVING_ERROR * (1 + largest))


def _entropies(edges: Edges, p: float) -> FloatArray:
    """Return T_j(p) without cancellation: ``a^p - a = a (exp(-(1 - p) log a) - 1)``, and a + b = 1."""
    rest = 1 - p
    logarithms = edges.logarithms
    terms = edges.shares * (np.expm1(rest * logarithms) / rest if rest > 0 else logarithms)
    return np.asarray(terms[0] + terms[1], dtype=np.float64)


def _curvatures(edges: Edges, start: float, stop: float) -> FloatArray:
    """Bound ``|(c^p T(p))''|`` on a box of p.

    With l = -log a and q = 1 - p, T is a sum of two terms ``a l F(q l)``, ``F(z) = int_0^1 exp(s z) ds``. Its
    derivatives grow with q, and those of F are at most ``exp(z) min(1 / (k + 1), 1 / z)``.
    """
    rest, scale = 1 - start, np.abs(np.log(edges.size))
    exponents = rest * edges.logarithms
    with np.errstate(divide="ignore"):
        inverse = 1 / exponents
    terms = edges.shares * edges.logarithms * np.exp(exponents)
    bound = np.zeros(len(edges.size))
    for order, factor in enumerate((scale**2, 2 * scale, 1.0)):
        bound += factor * (terms * np.minimum(1 / (order + 1), inverse)).sum(axis=0)
        terms *= edges.logarithms
    return np.asarray(bound * np.maximum(edges.size**start, edges.size**stop) * (1 + edges.error))


def _uncertain(compiled: bool, edges: Edges, start: float, stop: float) -> Edges | None:
    """Return the edges on which the criterion may hold somewhere in a box of p, None if there are none."""
    ends = np.stack([edges.size**p * _entropies(edges, p) for p in (start, stop)])
    bow = edges.error * ends + (stop - start) ** 2 / 8 * _curvatures(edges, start, stop)
    keep = _windows(compiled, edges, ends - bow, ends + bow, _SLACK)
    return edges.part(keep) if keep.any() else None


def _crossed(compiled: bool, edges: Edges, p: float) -> int | None:
    """Return a jump about which the criterion certainly holds at p, if there is one."""
    savings = np.stack([edges.size**p * _entropies(edges, p)] * 2)
    plus, minus = savings * (1 + edges.error), savings * (1 - edges.error)
    keep = _windows(compiled, edges, plus, minus, -_SLACK)
    return int(edges.place[np.argmax(keep)]) if keep.any() else None


def _windows(
    compiled: bool, edges: Edges, plus: FloatArray, minus: FloatArray, slack: float
) -> NDArray[np.bool_]:
    """Mark the edges about jumps at which the criterion holds for sums of bounds."""
    n = len(edges.place)
    starts = np.flatnonzero(np.r_[True, np.diff(edges.place) != 1, True])
    if compiled:
        keep = np.zeros(n, dtype=np.bool_)
        compile_loop(windows)(plus, minus, starts, slack, keep, np.empty((2, n)))
        return keep
    marks, room = [False] * n, [[0.0] * n, [0.0] * n]
    windows(plus.tolist(), minus.tolist(), starts.tolist(), slack, marks, room)
    return np.array(marks, dtype=np.bool_)
