"""Superfluous neurons of several outputs: what goes, what it becomes, and that no value changes."""

from fractions import Fraction

import numpy as np
import pytest

from sparsest import Affine, MultiOutputNetwork, MultiOutputProblem
from sparsest.compare.reduce.shared_neurons import reduce_shared

X = np.array([[-2.0], [-1], [0], [1], [2]])


def problem_of(affine="none", inputs=X, m=2):
    return MultiOutputProblem(inputs, np.zeros((len(inputs), m)), affine=affine)


def reduced(weights, biases, outputs, affine="none", terms=None):
    network = MultiOutputNetwork(np.array(weights, dtype=float)[:, None], biases, outputs, terms)
    return reduce_shared(problem_of(affine), network)


def kinds(reductions):
    return [str(each.kind) for each in reductions]


def test_zero_and_dead_neurons_go():
    # 0: no output; 1: nothing enters; 2: -x - 5 < 0 on all samples; 3 stays
    found, said = reduced([1, 0, -1, 1], [0, 0, -5, 0], [[0, 0], [1, 1], [1, 1], [0, 2]])
    assert kinds(said) == ["zero", "dead"]
    assert [each.neurons for each in said] == [(0, 1), (2,)]
    assert said[1].sentence == "neuron 2 is inactive on every sample"
    assert found == MultiOutputNetwork([[1.0]], [0.0], [[0.0, 2.0]])


def test_the_same_neuron_up_to_its_size_is_one_whatever_its_outputs():
    # max(0, 2x - 1) = 2 max(0, x - 0.5): outputs (1, 0) + 2 (0, 3) = (1, 6)
    found, said = reduced([1, 2], [-0.5, -1], [[1, 0], [0, 3]])
    assert kinds(said) == ["duplicate"]
    assert found == MultiOutputNetwork([[1.0]], [-0.5], [[1.0, 6.0]])
    found, said = reduced([1, 2], [-0.5, -1], [[2, -4], [-1, 2]])
    assert found.width == 0
    assert "cancel each other" in said[0].sentence


def test_neurons_of_a_pattern_add_up_only_where_their_outputs_have_one_direction():
    # both are active on 1 and 2 alone; outputs (1, 2) and (2, 4): u = (1, -0.5) + 2 (1, -0.25) = (3, -1)
    found, said = reduced([1, 1], [-0.5, -0.25], [[1, 2], [2, 4]])
    assert kinds(said) == ["mergeable"]
    assert found == MultiOutputNetwork([[3.0]], [-1.0], [[1.0, 2.0]])
    for outputs in ([[1, 2], [2, 5]], [[1, 2], [-1, -2]]):
        found, said = reduced([1, 1], [-0.5, -0.25], outputs)
        assert (found.width, said) == (2, ())


def test_skip_branches_take_what_is_active_everywhere():
    terms = [[0.0, 1.0], [2.0, 0.0]]
    found, said = reduced([1, 1], [2, 0], [[1, -1], [1, 0]], "skip", terms)
    assert kinds(said) == ["always_linear"]
    assert said[0].sentence == "neuron 0 is active on every sample: the skip branches take it"
    assert found == MultiOutputNetwork([[1.0]], [0.0], [[1.0, 0.0]], [[1.0, 3.0], [1.0, -2.0]])
    # without a skip it stays
    found, said = reduced([1, 1], [2, 0], [[1, -1], [1, 0]], "constant", [[0.0, 1.0], [0.0, 0.0]])
    assert (found.width, said) == (2, ())


def exact_values(network, inputs):
    """Return the values of a network in rational arithmetic, a list for each sample."""
    values = []
    for row in inputs.tolist():
        x = [*map(Fraction, row), Fraction(1)]
        hidden = [
            max(Fraction(0), sum(Fraction(w) * v for w, v in zip(u, x, strict=True)))
            for u in np.c_[network.weights, network.biases].tolist()
        ]
        outputs = []
        for j in range(network.n_outputs):
            total = sum(Fraction(v) * h for v, h in zip(network.outputs[:, j].tolist(), hidden, strict=True))
            if network.affine is not None:
                total += sum(Fraction(a) * v for a, v in zip(network.affine[j].tolist(), x, strict=True))
            outputs.append(total)
        values.append(outputs)
    return values


@pytest.mark.parametrize("affine", list(Affine))
@pytest.mark.parametrize("seed", range(8))
def test_no_value_changes_on_networks_full_of_ties(seed, affine):
    """Small whole numbers: knots on samples, equal rays and outputs; sums of them are floats."""
    rng = np.random.default_rng(seed)
    d, m, width = int(rng.integers(1, 3)), int(rng.integers(2, 4)), 25
    inputs = rng.integers(-2, 3, (9, d)).astype(float)
    terms = None if affine is Affine.NONE else rng.integers(-2, 3, (m, d + 1)).astype(float)
    if affine is Affine.CONSTANT:
        terms[:, :-1] = 0
    network = MultiOutputNetwork(
        rng.integers(-1, 2, (width, d)), rng.integers(-2, 3, width), rng.integers(-1, 2, (width, m)), terms
    )
    found, said = reduce_shared(problem_of(affine, inputs, m), network)
    assert exact_values(found, inputs) == exact_values(network, inputs)
    assert found.width == width - sum(each.saved for each in said) < width
    again, more = reduce_shared(problem_of(affine, inputs, m), found)
    assert again.width == found.width - sum(each.saved for each in more)


@pytest.mark.parametrize(("numbers", "gone"), [("decimal", []), ("binary", ["dead"])])
def test_inputs_are_what_their_numbers_stand_for(numbers, gone):
    """0.1 - x is zero at the float x = 0.1, and 5.6e-18 at the decimal, as biases are floats."""
    problem = MultiOutputProblem([[0.1], [0.3]], np.zeros((2, 2)), numbers=numbers)
    network = MultiOutputNetwork([[-1.0], [1.0]], [0.1, -0.25], [[1.0, 0.0], [0.0, 1.0]])
    assert kinds(reduce_shared(problem, network)[1]) == gone
