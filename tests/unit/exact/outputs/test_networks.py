"""Networks with several outputs from given neurons, along lines and by descents, held against fractions."""

from fractions import Fraction

import flint
import numpy as np
import pytest

from sparsest import MultiOutputNetwork, MultiOutputProblem
from sparsest.exact.outputs.along_a_line import interpolant_on_a_line
from sparsest.exact.outputs.descent import SharedDescent
from sparsest.exact.outputs.output_weights import with_output_weights
from sparsest.exact.outputs.shared_network import ExactOutputs
from sparsest.progress import Deadline


def fraction(value):
    return Fraction(int(value.p), int(value.q))


def meets(problem, network):
    """Evaluate in fractions; the data must be binary floats."""
    for i, x in enumerate(problem.X.tolist()):
        row = [*map(Fraction, x), Fraction(1)]
        inputs = [sum(fraction(a) * b for a, b in zip(u, row, strict=True)) for u in network.neurons]
        for j in range(problem.n_outputs):
            value = sum(fraction(v[j]) * max(0, z) for v, z in zip(network.outputs, inputs, strict=True))
            if network.affine is not None:
                value += sum(fraction(a) * b for a, b in zip(network.affine[j], row, strict=True))
            low, high = problem.low[i, j], problem.high[i, j]
            if (np.isfinite(low) and value < Fraction(low)) or (np.isfinite(high) and value > Fraction(high)):
                return False
    return True


def problem_of(seed, affine, tolerance=0.0, n=7, d=2, m=3):
    rng = np.random.default_rng(seed)
    X = rng.integers(-4, 5, (n, d)) + np.arange(n)[:, None] / 16
    return MultiOutputProblem(X, rng.integers(-3, 4, (n, m)), affine=affine, tolerance=tolerance)


@pytest.mark.parametrize("affine", ["none", "constant", "skip"])
class TestAlongALine:
    @pytest.mark.parametrize("d", [1, 2, 3])
    def test_as_many_neurons_as_samples_at_most(self, affine, d):
        for seed in range(5):
            problem = problem_of(seed, affine, d=d)
            network = interpolant_on_a_line(ExactOutputs(problem), Deadline(None))
            fewer = {"none": 0, "constant": 1, "skip": 2}[affine]
            assert len(network.neurons) <= problem.n_samples - fewer
            assert meets(problem, network)

    def test_equal_labels_need_nothing_between(self, affine):
        problem = MultiOutputProblem([0, 1, 2, 3, 4], [[0, 0]] * 3 + [[1, 2], [2, 4]], affine=affine)
        network = interpolant_on_a_line(ExactOutputs(problem), Deadline(None))
        assert len(network.neurons) == 1
        assert meets(problem, network)

    def test_no_time(self, affine):
        deadline = Deadline(None)
        deadline.interrupt()
        assert interpolant_on_a_line(ExactOutputs(problem_of(0, affine)), deadline) is None


@pytest.mark.parametrize("affine", ["none", "constant", "skip"])
@pytest.mark.parametrize("tolerance", [0.0, 0.25])
class TestOutputWeights:
    def neurons(self, seed, k=2):
        rng = np.random.default_rng(seed)
        return [[flint.fmpq(int(v), 4) for v in row] for row in rng.integers(-8, 9, (k, 3))]

    def test_labels_that_these_neurons_have_made(self, affine, tolerance):
        for seed in range(5):
            neurons = self.neurons(seed)
            rng = np.random.default_rng(seed)
            table = np.array([[float(fraction(v)) for v in u] for u in neurons])
            base = problem_of(seed, affine, n=12)
            made = MultiOutputNetwork(table[:, :2], table[:, 2], rng.integers(-3, 4, (2, 3)))
            problem = MultiOutputProblem(base.X, made(base.X), affine=affine, tolerance=tolerance)
            network = with_output_weights(ExactOutputs(problem), neurons, Deadline(None))
            assert meets(problem, network)
            assert len(network.neurons) <= 2

    def test_others_are_refused(self, affine, tolerance):
        problem = problem_of(1, affine, tolerance, n=12)
        assert with_output_weights(ExactOutputs(problem), self.neurons(1), Deadline(None)) is None


@pytest.mark.parametrize("affine", ["none", "constant", "skip"])
def test_descents_arrive_near_planted_neurons(affine):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (60, 2))
    term = (
        None
        if affine == "none"
        else np.c_[np.zeros((3, 2)) if affine == "constant" else np.ones((3, 2)), [1, 2, 3]]
    )
    made = MultiOutputNetwork(
        rng.normal(size=(3, 2)), 0.2 * rng.normal(size=3), rng.normal(size=(3, 3)), term
    )
    problem = MultiOutputProblem(X, made(X), affine=affine)
    descent = SharedDescent(problem)
    near = np.c_[made.weights, made.biases] + 0.02 * rng.normal(size=(3, 3))
    found = descent.arrives(descent.in_own_coordinates(near), lambda: False)
    assert found.is_of_kind(problem)
    assert found.residual(problem) < 1e-10
    assert descent.arrives(descent.in_own_coordinates(near), lambda: True) is None
