"""Networks with rational parameters, which can be checked exactly against every interval."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import flint
import numpy as np

from sparsest.affine import Affine
from sparsest.exact.arithmetic.columns import neuron_of
from sparsest.exact.arithmetic.echelon import solution_near
from sparsest.exact.arithmetic.rational_problem import ExactData, Row, coefficients, rational
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem

# A neuron within this share of its terms of zero on a sample is taken to have its knot there.
_KNOT = 1e-9


class RationalNetwork(NamedTuple):
    """Output signs of K neurons, and rows ``u_k`` of d + 1 rationals; then ``(a, c)`` of an affine term."""

    signs: list[int]
    neurons: list[list[flint.fmpq]]

    def rounded(self, n_features: int) -> Network:
        """Return the network with every number rounded to a float."""
        rows = [[float(Fraction(int(v.p), int(v.q))) for v in neuron] for neuron in self.neurons]
        table = np.array(rows, dtype=np.float64).reshape(-1, n_features + 1)
        width = len(self.signs)
        return Network.from_folded(table[:width], self.signs, table[width] if len(table) > width else None)


def with_constant_neuron(network: RationalNetwork) -> RationalNetwork:
    """Return the same network with a neuron in the place of its constant, if it has one."""
    signs, neurons = network
    width = len(signs)
    if len(neurons) == width:
        return network
    constant = neurons[width][-1]
    if constant == 0:
        return RationalNetwork(signs, neurons[:width])
    vector = [flint.fmpq(0)] * (len(neurons[width]) - 1) + [abs(constant)]
    return RationalNetwork([*signs, 1 if constant > 0 else -1], [*neurons[:width], vector])


def with_multiples(
    network: RationalNetwork, columns: Mapping[int, flint.fmpq], n_features: int
) -> RationalNetwork:
    """Return a network with neurons for multiples of columns, told by their places; none where zero."""
    signs, neurons = network
    width, more = len(signs), []
    for column, coefficient in columns.items():
        if coefficient != 0:
            entry, side = neuron_of(column, n_features)
            size = abs(coefficient)
            more.append([side * size if j == entry else flint.fmpq(0) for j in range(n_features + 1)])
            signs = [*signs, 1 if coefficient > 0 else -1]
    return RationalNetwork(signs, [*neurons[:width], *more, *neurons[width:]])


def rational_witness(
    data: ExactData, network: Network, *, keep_zeros: bool = False
) -> RationalNetwork | None:
    """Return a rational network near `network` that provably meet every interval, or None.

    The floats themselves may do. Otherwise the activation patterns are kept; where the network touches an
    end of an interval it is asked to meet that end, and neurons with a knot on a sample to keep it there.
    One exact solution of those equations near the floats is then evaluated on every sample. It has at most
    as many neurons as `network`, and with `keep_zeros` a zero for each of its zeros.
    """
    network = network.canonical()
    problem = data.problem
    if not network.is_of_kind(problem):
        return None
    affine = np.zeros(data.size) if network.affine is None else network.affine
    signs = [int(sign) for sign in network.outputs]
    start = [rational(float(value)) for value in network.folded.ravel()]
    if problem.has_affine_term:
        start += [rational(float(value)) for value in affine]
    as_it_is = RationalNetwork(signs, _split(start, data.size))
    if meets_every_interval(data, as_it_is):
        return as_it_is
    equations = _equations(data, network, signs)
    if problem.affine is Affine.CONSTANT:  # its slopes stay zero
        equations += [
            (_unit(len(start), network.folded.size + j), flint.fmpq(0)) for j in range(data.size - 1)
        ]
    if keep_zeros:
        equations += [
            (_unit(len(start), k), flint.fmpq(0)) for k in range(network.folded.size) if start[k] == 0
        ]
    solution = solution_near(equations, start)
    if solution is None:
        return None
    moved = RationalNetwork(signs, _split(solution, data.size))
    return _without_zero_neurons(moved) if meets_every_interval(data, moved) else None


def network_of(signs: Sequence[int], numbers: list[flint.fmpq], size: int) -> RationalNetwork:
    """Return neurons of `size` numbers each, and an affine term if there is one more, as a network."""
    return _without_zero_neurons(RationalNetwork(list(signs), _split(numbers, size)))


def meets_exactly(problem: Problem, network: Network, objective: Objective) -> bool:
    """Whether a rational network beside this one, with no higher count, provably meets every interval."""
    data = ExactData(problem.distinct())
    return rational_witness(data, network, keep_zeros=objective is not Objective.NEURONS) is not None


def _without_zero_neurons(network: RationalNetwork) -> RationalNetwork:
    signs, neurons = network
    kept = [k for k in range(len(signs)) if any(value != 0 for value in neurons[k])]
    return RationalNetwork([signs[k] for k in kept], [neurons[k] for k in kept] + neurons[len(signs) :])


def _unit(size: int, place: int) -> list[int]:
    return [int(k == place) for k in range(size)]


def _split(numbers: list[flint.fmpq], size: int) -> list[list[flint.fmpq]]:
    return [numbers[i : i + size] for i in range(0, len(numbers), size)]


def _equations(data: ExactData, network: Network, signs: list[int]) -> list[tuple[list[int], flint.fmpq]]:
    """Rows ``(coefficients, right-hand side)`` that a rational network near `network` has to solve."""
    problem = data.problem
    homogeneous, folded = problem.homogeneous, network.folded
    inputs = homogeneous @ folded.T
    on_knot = np.abs(inputs) <= _KNOT * network.term_sizes(problem)
    values = network(problem.X)
    width = problem.high - problem.low
    reach = np.maximum(network.allowance(problem), np.where(np.isfinite(width), _KNOT * width, 0.0))
    equations = []
    for i in range(problem.n_samples):
        for k in np.flatnonzero(on_knot[i]):
            row = Row(i, int(k), ())
            equations.append((coefficients(data, signs, row), flint.fmpq(0)))
        for side, end in enumerate((problem.low[i], problem.high[i])):
            exact_end = data.interval(i)[side]
            touched = abs(values[i] - end) <= reach[i] and not (side and problem.low[i] == end)
            if touched and exact_end is not None:
                bits = tuple(int(v) for v in (inputs[i] > 0) & ~on_knot[i])
                row = Row(i, -1, bits)
                equations.append((coefficients(data, signs, row), exact_end * data.scales[i]))
    limit = data.weight_bound
    if limit is not None and problem.weight_bound is not None:
        touching = np.abs(np.abs(folded[:, :-1]) - problem.weight_bound) <= problem.weight_bound * _KNOT
        for k, j in np.argwhere(touching):
            row = Row(-1, int(k), (), int(j))
            bound = limit if folded[k, j] > 0 else -limit
            equations.append((coefficients(data, signs, row), bound))
    return equations


def meets_every_interval(data: ExactData, network: RationalNetwork) -> bool:
    """Whether a rational network's value lies in every sample's interval, and its weights in the bound."""
    signs, neurons = network
    limit, weights = data.weight_bound, (value for neuron in neurons[: len(signs)] for value in neuron[:-1])
    if limit is not None and any(abs(value) > limit for value in weights):
        return False
    for i, integers in enumerate(data.rows):
        value = flint.fmpq(0)
        for k, neuron in enumerate(neurons):
            term = sum((a * b for a, b in zip(integers, neuron, strict=True)), flint.fmpq(0))
            if k >= len(signs):
                value += term
            elif term > 0:
                value += signs[k] * term
        low, high = data.interval(i)
        scale = data.scales[i]
        if (low is not None and value < low * scale) or (high is not None and value > high * scale):
            return False
    return True
