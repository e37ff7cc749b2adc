"""Neurons that several outputs share and that fewer can replace without changing one value on the data.

A neuron is ``v max(0, u . xh)`` with ``v`` in R^m, ``u = (w, b)`` and ``xh = (x, 1)``. Cheapest first:
``zero``, ``dead``, ``duplicate``, ``always_linear`` and ``mergeable`` ones, as for one output
(`sparsest.compare.reduce.superfluous_neurons`; docs/proofs.md, P3). Neurons of one closed cell add up where
their output weights have one direction: ``v max(0, u . xh) + c v max(0, t . xh) = v max(0, (u + c t) . xh)``
for ``c > 0``.

Sums are formed in rational arithmetic from the numbers as stored, signs on the data are exact; only the
network that is returned is rounded, each number once.
"""

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Sequence
from fractions import Fraction
from typing import Final

import numpy as np

from sparsest.affine import Affine
from sparsest.compare.reduce.closed_cells import ClosedCells
from sparsest.compare.reduce.superfluous_neurons import Vector, floats, spelled
from sparsest.exact.arithmetic.signs import Signs, neuron_signs, rational_signs
from sparsest.multi_output_network import MultiOutputNetwork, SharedProblem
from sparsest.results.certificate import Reduction, ReductionKind

_SAID: Final = {
    ReductionKind.ZERO: "add{s} nothing: what enters or what leaves is zero",
    ReductionKind.DEAD: "{are} inactive on every sample",
    ReductionKind.ALWAYS_LINEAR: "{are} active on every sample: the skip branches take {them}",
}


@dataclasses.dataclass(frozen=True)
class _SharedNeuron:
    """A neuron with rational numbers, its signs on the samples (N,), and the given ones it is made of."""

    u: Vector
    v: Vector
    signs: Signs
    members: tuple[int, ...]


def reduce_shared(
    problem: SharedProblem, network: MultiOutputNetwork
) -> tuple[MultiOutputNetwork, tuple[Reduction, ...]]:
    """Remove, merge and absorb neurons that the data do not need; return what is left, and what was done.

    Parameters
    ----------
    problem : MultiOutputProblem or MultiClassProblem
        The samples, and whether skip branches may absorb affine functions; labels do not matter.
    network : MultiOutputNetwork
        Any width, of the problem's kind.
    """
    return _SharedReducer(problem, network).run()


class _SharedReducer:
    """The neurons left, the affine terms, and what was said so far."""

    def __init__(self, problem: SharedProblem, network: MultiOutputNetwork) -> None:
        first = problem.samples
        # where decimals are meant, samples are integers, and so are affine functions of them
        self.X, self.affine = first.in_integers.X, problem.affine
        self.units = [*(Fraction(10) ** -places for places in first.places[:-1]), Fraction(1)]
        inputs = np.c_[network.weights, network.biases].tolist()
        entering = [tuple(Fraction(x) * s for x, s in zip(row, self.units, strict=True)) for row in inputs]
        if all(unit == 1 for unit in self.units):
            signs = neuron_signs(self.X, network.weights, network.biases)
        else:
            signs = np.array([rational_signs(self.X, u) for u in entering])
        self.neurons = [
            _SharedNeuron(u, tuple(map(Fraction, v)), signs[k], (k,))
            for k, (u, v) in enumerate(zip(entering, network.outputs.tolist(), strict=True))
        ]
        terms = np.zeros((network.n_outputs, network.n_features + 1))
        if network.affine is not None:
            terms = network.affine
        self.terms = [
            tuple(Fraction(x) * s for x, s in zip(row, self.units, strict=True)) for row in terms.tolist()
        ]
        self.said: list[Reduction] = []

    def run(self) -> tuple[MultiOutputNetwork, tuple[Reduction, ...]]:
        self._leave_out(ReductionKind.ZERO, lambda neuron: not any(neuron.u) or not any(neuron.v))
        self._leave_out(ReductionKind.DEAD, lambda neuron: not np.any(neuron.signs > 0))
        self._join(ReductionKind.DUPLICATE, lambda neuron: _ray(neuron.u), self._parallel)
        if self.affine is Affine.SKIP:
            self._absorb()
        self._same_cell()
        kept = sorted(self.neurons, key=lambda neuron: neuron.members)
        d, m = len(self.units) - 1, len(self.terms)
        rows = np.array([self._in_own_units(neuron.u) for neuron in kept]).reshape(-1, d + 1)
        outputs = np.array([floats(neuron.v) for neuron in kept]).reshape(-1, m)
        terms = None
        if self.affine is not Affine.NONE:
            terms = np.array([self._in_own_units(term) for term in self.terms])
        return MultiOutputNetwork(rows[:, :-1], rows[:, -1], outputs, terms), tuple(self.said)

    def _in_own_units(self, u: Vector) -> list[float]:
        return floats(tuple(value / unit for value, unit in zip(u, self.units, strict=True)))

    def _say(self, kind: ReductionKind, group: Sequence[_SharedNeuron], left: int, sentence: str) -> None:
        members = tuple(sorted(k for neuron in group for k in neuron.members))
        many = len(members) > 1
        words = {"are": "are" if many else "is", "s": "" if many else "s", "them": "them" if many else "it"}
        said = f"{spelled(members)} {sentence.format(**words)}"
        self.said.append(Reduction(kind, members, len(group) - left, said))

    def _leave_out(self, kind: ReductionKind, superfluous: Callable[[_SharedNeuron], bool]) -> None:
        gone = [neuron for neuron in self.neurons if superfluous(neuron)]
        if gone:
            self._say(kind, gone, 0, _SAID[kind])
            self._replace(gone, ())

    def _replace(self, old: Sequence[_SharedNeuron], new: Iterable[_SharedNeuron]) -> None:
        ids = {id(neuron) for neuron in old}
        self.neurons = [neuron for neuron in self.neurons if id(neuron) not in ids] + list(new)

    def _absorb(self) -> None:
        """Let the skip branches take what is affine on the data."""
        group = [neuron for neuron in self.neurons if not np.any(neuron.signs < 0)]
        if not group:
            return
        self._say(ReductionKind.ALWAYS_LINEAR, group, 0, _SAID[ReductionKind.ALWAYS_LINEAR])
        for neuron in group:
            self.terms = [_plus(term, neuron.u, v) for term, v in zip(self.terms, neuron.v, strict=True)]
        self._replace(group, ())

    def _join(
        self,
        kind: ReductionKind,
        key: Callable[[_SharedNeuron], Hashable],
        joined: Callable[[list[_SharedNeuron]], tuple[list[_SharedNeuron], str]],
    ) -> None:
        """Replace each group of neurons with one key by what they make together."""
        groups: dict[Hashable, list[_SharedNeuron]] = {}
        for neuron in self.neurons:
            groups.setdefault(key(neuron), []).append(neuron)
        for group in groups.values():
            if len(group) > 1:
                new, sentence = joined(group)
                self._say(kind, group, len(new), sentence)
                self._replace(group, new)

    def _parallel(self, group: list[_SharedNeuron]) -> tuple[list[_SharedNeuron], str]:
        first, place = group[0], next(j for j, value in enumerate(group[0].u) if value)
        total: Vector = (Fraction(0),) * len(first.v)
        for neuron in group:
            total = _plus(total, neuron.v, neuron.u[place] / first.u[place])
        if not any(total):
            return [], "{are} the same neuron up to the size, and cancel each other"
        return [_merged(group, first.u, total)], "{are} the same neuron up to the size: one does for all"

    def _same_cell(self) -> None:
        """Add up neurons of one closed cell and one direction of output weights."""
        cells: dict[Vector, ClosedCells] = {}

        def key(neuron: _SharedNeuron) -> Hashable:
            direction = _ray(neuron.v)
            found = cells.setdefault(direction, ClosedCells(self.X.shape[0], either_way=False))
            return direction, found.place(neuron.signs)[0]

        self._join(ReductionKind.MERGEABLE, key, self._added)

    def _added(self, group: list[_SharedNeuron]) -> tuple[list[_SharedNeuron], str]:
        first, place = group[0], next(j for j, value in enumerate(group[0].v) if value)
        total: Vector = (Fraction(0),) * len(first.u)
        for neuron in group:
            total = _plus(total, neuron.u, neuron.v[place] / first.v[place])
        sentence = "share a pattern and the direction of output weights: their sum does for all"
        return [_merged(group, total, first.v)], sentence


def _merged(group: Sequence[_SharedNeuron], u: Vector, v: Vector) -> _SharedNeuron:
    signs = np.array([neuron.signs for neuron in group])
    cell = (np.any(signs > 0, axis=0).astype(np.int8) - np.any(signs < 0, axis=0)).astype(np.int8)
    return _SharedNeuron(u, v, cell, tuple(k for neuron in group for k in neuron.members))


def _ray(vector: Vector) -> Vector:
    """Return the vector divided by the size of its first entry that is not zero."""
    size = abs(next(value for value in vector if value))
    return tuple(value / size for value in vector)


def _plus(vector: Vector, other: Vector, factor: Fraction) -> Vector:
    return tuple(a + factor * b for a, b in zip(vector, other, strict=True))
