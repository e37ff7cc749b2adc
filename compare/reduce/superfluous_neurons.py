"""Neurons that fewer can replace without changing one value on the data, found and carried out exactly.

A neuron is ``s max(0, u . xh)`` with ``u = |v| (w, b)``, ``s`` the sign of v and ``xh = (x, 1)``. Cheapest
first: ``zero``, ``dead``, ``duplicate``, ``always_linear`` and ``mergeable`` ones. What each means, and why
values on the data stay, is in docs/proofs.md, P3.

Sums are formed in rational arithmetic from the numbers as stored, signs on the data are exact
(`sparsest.exact.arithmetic.signs`); only the network that is returned is rounded, each number once.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.compare.reduce.closed_cells import ClosedCells
from sparsest.errors import InputError
from sparsest.exact.arithmetic.signs import Signs, neuron_signs, rational_signs
from sparsest.network import Network
from sparsest.problem import Problem
from sparsest.results.certificate import Reduction, ReductionKind

Vector = tuple[Fraction, ...]

# Neurons spelled out in a sentence.
_SPELLED: Final = 6


@dataclasses.dataclass(frozen=True)
class _Neuron:
    """A neuron with rational numbers, its signs on the samples (N,), and the given ones it is made of."""

    u: Vector
    output: int
    signs: Signs
    members: tuple[int, ...]

    def turned(self) -> "_Neuron":
        """Return the neuron that faces the other way; the difference is the affine function `u`."""
        return _Neuron(_scaled(self.u, -1), self.output, -self.signs, self.members)


@dataclasses.dataclass(frozen=True)
class Reduced:
    """A network without superfluous neurons.

    Attributes
    ----------
    network : Network
        The same values on the data, up to the rounding of its numbers. It has a skip if the given one has;
        with a free output bias, its weights are zero.
    reductions : tuple of Reduction
        What was done, in order.
    neurons : tuple of (sign, numbers)
        Output sign and exact ``(w, b)`` of each neuron.
    affine : tuple of Fraction or None
        Exact ``(a, c)``.
    """

    network: Network
    reductions: tuple[Reduction, ...]
    neurons: tuple[tuple[int, Vector], ...]
    affine: Vector | None


def reduce_network(problem: Problem, network: Network) -> Reduced:
    """Remove, merge and absorb neurons that the data do not need.

    Parameters
    ----------
    problem : Problem
        The samples, and the affine term that may absorb affine functions; labels do not matter.
    network : Network
        Any width. Its skip is ``(0, c)`` when only an output bias is free.
    """
    return _Reducer(problem, network).run()


class _Reducer:
    """The neurons left, the affine term, and what was said so far."""

    def __init__(self, problem: Problem, network: Network) -> None:
        # where decimals are meant, samples are integers, and so are affine functions of them
        self.X, self.affine = problem.in_integers.X, problem.affine
        self.units = [*(Fraction(10) ** -places for places in problem.places[:-1]), Fraction(1)]
        self.size = network.n_features + 1
        given = zip(network.weights, network.biases, network.outputs, strict=True)
        folded = [self._in_units(_folded(w, float(b), float(v))) for w, b, v in given]
        signs = self._signs(network, folded)
        self.neurons = [
            _Neuron(u, int(np.sign(v)), signs[k], (k,))
            for k, (u, v) in enumerate(zip(folded, network.outputs, strict=True))
        ]
        self.term = _zeros(self.size)
        if network.affine is not None:
            self.term = self._in_units(_vector(network.affine))
        self.said: list[Reduction] = []

    def run(self) -> Reduced:
        self._zero()
        self._dead()
        self._duplicates()
        self._always_linear()
        self._same_cell()
        self._opposite_outputs()
        kept = sorted(self.neurons, key=lambda neuron: neuron.members)
        exact = tuple((neuron.output, self._in_own_units(neuron.u)) for neuron in kept)
        term = None if self.affine is Affine.NONE else self._in_own_units(self.term)
        rows = np.array([floats(u) for _, u in exact]).reshape(-1, self.size)
        skip = None if term is None else floats(term)
        network = Network.from_folded(rows, [output for output, _ in exact], skip)
        return Reduced(network, tuple(self.said), exact, term)

    def _in_units(self, u: Vector) -> Vector:
        return tuple(value * unit for value, unit in zip(u, self.units, strict=True))

    def _in_own_units(self, u: Vector) -> Vector:
        return tuple(value / unit for value, unit in zip(u, self.units, strict=True))

    def _signs(self, network: Network, neurons: Sequence[Vector]) -> Signs:
        """Return the signs (K, N) of what enters a network's neurons, given as affine functions too."""
        if all(unit == 1 for unit in self.units):
            return neuron_signs(self.X, network.weights, network.biases)
        return np.array([rational_signs(self.X, u) for u in neurons])

    def _say(self, kind: ReductionKind, neurons: Sequence[_Neuron], left: int, sentence: str) -> None:
        members = tuple(sorted(k for neuron in neurons for k in neuron.members))
        many = len(members) > 1
        words = sentence.replace("{are}", "are" if many else "is").replace("{s}", "" if many else "s")
        self.said.append(Reduction(kind, members, len(neurons) - left, f"{spelled(members)} {words}"))

    def _replace(self, old: Sequence[_Neuron], new: Iterable[_Neuron]) -> None:
        gone = {id(neuron) for neuron in old}
        self.neurons = [neuron for neuron in self.neurons if id(neuron) not in gone] + list(new)

    def _zero(self) -> None:
        zero = [neuron for neuron in self.neurons if not neuron.output or not any(neuron.u)]
        if zero:
            self._say(ReductionKind.ZERO, zero, 0, "add{s} nothing: what enters or what leaves is zero")
            self._replace(zero, ())

    def _dead(self) -> None:
        dead = [neuron for neuron in self.neurons if not np.any(neuron.signs > 0)]
        if dead:
            self._say(ReductionKind.DEAD, dead, 0, "{are} inactive on every sample")
            self._replace(dead, ())

    def _duplicates(self) -> None:
        groups: dict[Vector, list[_Neuron]] = {}
        for neuron in self.neurons:
            groups.setdefault(self._direction(neuron.u), []).append(neuron)
        for group in groups.values():
            if len(group) > 1:
                self._join_parallel(group)

    def _direction(self, u: Vector) -> Vector:
        """Return the ray of u, or with a skip the line."""
        first = next(value for value in u if value)
        return _scaled(u, 1 / (first if self.affine is Affine.SKIP else abs(first)))

    def _join_parallel(self, group: list[_Neuron]) -> None:
        model = group[0]
        place = next(j for j, value in enumerate(model.u) if value)
        facing = [self._facing(neuron, like=model, place=place) for neuron in group]
        total = _sum(_scaled(neuron.u, neuron.output) for neuron in facing)
        share = total[place] / model.u[place]  # total = share * model.u
        members = tuple(k for neuron in group for k in neuron.members)
        opposite = any(one is not other for one, other in zip(group, facing, strict=True))
        turned = ", some facing the other way" if opposite else ""
        if share == 0:
            words = f"{{are}} the same neuron up to the size{turned}, and cancel each other"
            new = []
        else:
            words = f"{{are}} the same neuron up to the size{turned}: one does for all"
            output = 1 if share > 0 else -1
            new = [_Neuron(_scaled(model.u, abs(share)), output, model.signs, members)]
        self._say(ReductionKind.DUPLICATE, group, len(new), words)
        self._replace(group, new)

    def _facing(self, neuron: _Neuron, like: _Neuron, place: int) -> _Neuron:
        """Return `neuron` facing as `like` does, with the affine term corrected for the turn."""
        return neuron if neuron.u[place] * like.u[place] > 0 else self._turn(neuron)

    def _turn(self, neuron: _Neuron) -> _Neuron:
        self.term = _sum([self.term, _scaled(neuron.u, neuron.output)])
        return neuron.turned()

    def _always_linear(self) -> None:
        group = [neuron for neuron in self.neurons if not np.any(neuron.signs < 0)]
        total = _sum([_zeros(self.size), *(_scaled(neuron.u, neuron.output) for neuron in group)])
        left, rest = self._of_affine(total)
        if len(left) >= len(group):
            return
        members = tuple(k for neuron in group for k in neuron.members)
        outcome = _absorbed(self.affine, rest, len(left), "it" if len(group) == 1 else "their sum")
        self._say(ReductionKind.ALWAYS_LINEAR, group, len(left), f"{{are}} active on every sample: {outcome}")
        self.term = _sum([self.term, rest])
        self._replace(group, [dataclasses.replace(neuron, members=members) for neuron in left])

    def _of_affine(self, total: Vector) -> tuple[list[_Neuron], Vector]:
        """Return the fewest neurons that make up an affine function on the data, and what they leave over."""
        nothing = _zeros(self.size)
        if self.affine is Affine.SKIP:
            return [], total
        if not any(total):
            return [], nothing
        if self.affine is Affine.CONSTANT:
            values = self._values(total)
            if min(values) == max(values):
                return [], (*nothing[:-1], values[0])
            shift = max(Fraction(0), -min(values))
            raised = (*total[:-1], total[-1] + shift)
            return [self._made(raised, 1)], (*nothing[:-1], -shift)
        signs = rational_signs(self.X, total)
        outputs = [output for output in (1, -1) if np.any(output * signs > 0)]
        return [_Neuron(_scaled(total, output), output, output * signs, ()) for output in outputs], nothing

    def _values(self, u: Vector) -> list[Fraction]:
        rows = ([Fraction(value) for value in row] for row in self.X.tolist())
        return [sum((a * b for a, b in zip(row, u, strict=False)), u[-1]) for row in rows]

    def _made(self, u: Vector, output: int) -> _Neuron:
        return _Neuron(u, output, rational_signs(self.X, u), ())

    def _same_cell(self) -> None:
        """Add up neurons of one closed cell and output sign; choices left by samples on knots are greedy."""
        for output in (1, -1):
            groups: dict[int, list[tuple[_Neuron, bool]]] = {}
            cells = ClosedCells(self.X.shape[0], either_way=self.affine is Affine.SKIP)
            alike = [neuron for neuron in self.neurons if neuron.output == output]
            for neuron in sorted(alike, key=lambda neuron: int(np.count_nonzero(neuron.signs == 0))):
                place, turned = cells.place(neuron.signs)
                groups.setdefault(place, []).append((neuron, turned))
            for group in groups.values():
                if len(group) > 1:
                    self._add_up(group)

    def _add_up(self, group: list[tuple[_Neuron, bool]]) -> None:
        given = [neuron for neuron, _ in group]
        facing = [self._turn(neuron) if turned else neuron for neuron, turned in group]
        signs = np.array([neuron.signs for neuron in facing])
        cell = (np.any(signs > 0, axis=0).astype(np.int8) - np.any(signs < 0, axis=0)).astype(np.int8)
        members = tuple(k for neuron in given for k in neuron.members)
        pattern = "a pattern up to the way they face" if any(turned for _, turned in group) else "a pattern"
        self._say(
            ReductionKind.MERGEABLE, given, 1, f"share {pattern} and the output sign: their sum does for all"
        )
        self._replace(given, [_Neuron(_sum(neuron.u for neuron in facing), given[0].output, cell, members)])

    def _opposite_outputs(self) -> None:
        """Join pairs of one closed cell and opposite output signs whose difference is in that cell too."""
        either_way = self.affine is Affine.SKIP
        cells = ClosedCells(self.X.shape[0], either_way=either_way)
        positive = [neuron for neuron in self.neurons if neuron.output > 0]
        for neuron in positive:
            cells.add(neuron.signs)
        left = dict(enumerate(positive))
        for negative in [neuron for neuron in self.neurons if neuron.output < 0]:
            place = cells.find(negative.signs)
            if place is not None and place in left and self._join_pair(left[place], negative):
                del left[place]

    def _join_pair(self, positive: _Neuron, negative: _Neuron) -> bool:
        opposite = bool(np.any(positive.signs * negative.signs < 0))  # only with a skip
        facing = negative.turned() if opposite else negative
        difference = _sum([positive.u, _scaled(facing.u, -1)])
        cell = np.where(positive.signs != 0, positive.signs, facing.signs)
        signs = rational_signs(self.X, difference)
        outputs = [output for output in (1, -1) if not np.any(output * signs * cell < 0)]
        if not outputs:
            return False
        if opposite:
            self._turn(negative)
        members = (*positive.members, *negative.members)
        output = outputs[0]
        alive = bool(np.any(output * signs > 0))
        new = [_Neuron(_scaled(difference, output), output, output * signs, members)] if alive else []
        what = "their difference does for both" if new else "they cancel each other on the data"
        self._say(
            ReductionKind.MERGEABLE,
            [positive, negative],
            len(new),
            f"share a pattern, with opposite outputs: {what}",
        )
        self._replace([positive, negative], new)
        return True


def _absorbed(affine: Affine, rest: Vector, left: int, what: str) -> str:
    """Say what became of neurons that are affine on the data."""
    if left:
        return "one neuron does for all" if left == 1 else "two neurons do for all"
    if not any(rest):
        return "they cancel each other"
    return f"the {'skip branch' if affine is Affine.SKIP else 'output bias'} takes {what}"


def _folded(weights: FloatArray, bias: float, output: float) -> Vector:
    return _scaled(_vector([*weights.tolist(), bias]), abs(Fraction(output)))


def _vector(values: Iterable[float]) -> Vector:
    return tuple(Fraction(float(value)) for value in values)


def floats(u: Vector) -> list[float]:
    """Return rational numbers rounded to floats, each once.

    Raises
    ------
    InputError
        When one of them is larger than any float.
    """
    try:
        return [float(value) for value in u]
    except OverflowError:
        raise InputError("sums of neurons leave the range of floats: rescale the data") from None


def _zeros(size: int) -> Vector:
    return (Fraction(0),) * size


def _scaled(u: Vector, factor: Fraction | int) -> Vector:
    return tuple(value * factor for value in u)


def _sum(vectors: Iterable[Vector]) -> Vector:
    return tuple(map(sum, zip(*vectors, strict=True)))  # type: ignore[arg-type]


def spelled(members: tuple[int, ...]) -> str:
    """Return the words for some neurons, a few of them by their numbers."""
    if len(members) == 1:
        return f"neuron {members[0]}"
    shown = [str(k) for k in members[:_SPELLED]]
    if len(members) > _SPELLED:
        rest = len(members) - _SPELLED
        return f"neurons {', '.join(shown)} and {rest} other{'s' * (rest > 1)}"
    return f"neurons {', '.join(shown[:-1])} and {shown[-1]}"
