"""Rational networks of one feature: checked along the line, and built of a piecewise linear function."""

from collections.abc import Sequence
from fractions import Fraction

import flint

from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.arithmetic.rational_problem import fraction_to_rational
from sparsest.exact.line.gap_meeting import Neuron
from sparsest.exact.line.stabbing import rational_function, stab
from sparsest.exact.sorted_samples import SortedSamples


def meets_along_a_line(ordered: SortedSamples, network: RationalNetwork) -> bool:
    """Whether a rational network of one feature meets every interval, neuron by neuron along the line."""
    samples = [Fraction(v) for v in ordered.x.tolist()]
    neurons = _neurons_of(network)
    slope, intercept = Fraction(0), Fraction(0)
    for row in network.neurons[len(network.signs) :]:
        slope, intercept = _fractions(row)
    intercept += sum((n.sign * max(Fraction(0), n.intercept) for n in neurons if n.slope == 0), Fraction(0))
    values = [slope * x + intercept for x in samples]
    for side in (1, -1):
        knots = sorted((-side * n.intercept / n.slope, n) for n in neurons if n.slope * side > 0)
        passed, slope, intercept = 0, Fraction(0), Fraction(0)
        for i in range(len(samples))[::side]:
            while passed < len(knots) and knots[passed][0] < side * samples[i]:
                neuron = knots[passed][1]
                slope, intercept = (
                    slope + neuron.sign * neuron.slope,
                    intercept + neuron.sign * neuron.intercept,
                )
                passed += 1
            values[i] += slope * samples[i] + intercept
    ends = zip(values, ordered.low.tolist(), ordered.high.tolist(), strict=True)
    return all(low <= value <= high for value, low, high in ends)


def _neurons_of(network: RationalNetwork) -> list[Neuron]:
    rows = network.neurons[: len(network.signs)]
    return [Neuron(sign, *_fractions(row)) for sign, row in zip(network.signs, rows, strict=True)]


def _fractions(row: Sequence[flint.fmpq]) -> tuple[Fraction, Fraction]:
    slope, intercept = (Fraction(int(v.p), int(v.q)) for v in row)
    return slope, intercept


def with_one_slope(ordered: SortedSamples) -> RationalNetwork:
    """Return a network with a constant: a neuron for each of the fewest knots, one for the first slope."""
    function = rational_function(stab(ordered))
    signs = [1 if change > 0 else -1 for change in function.changes]
    rows = [
        (abs(change), -abs(change) * knot)
        for change, knot in zip(function.changes, function.knots, strict=True)
    ]
    constant = function.intercept
    if function.slope:
        # positive between the outermost samples
        shift = max(-function.slope * Fraction(float(x)) for x in (ordered.x[0], ordered.x[-1]))
        signs.append(1)
        rows.append((function.slope, shift))
        constant -= shift
    rows.append((Fraction(0), constant))
    return RationalNetwork(signs, [[fraction_to_rational(v) for v in row] for row in rows])
