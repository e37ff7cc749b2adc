"""What networks cost an optimisation model: binaries, and the optimum of a small program."""

import numpy as np
import pytest

from sparsest import InputError, MultiOutputNetwork, Network
from sparsest.models.embedding import Embedding, embedded, ranges

BOX = np.array([[-1.0], [0.3], [1.0]])


def test_the_optimum_is_that_of_the_knots():
    rng = np.random.default_rng(0)
    network = MultiOutputNetwork(rng.normal(size=(6, 1)), rng.normal(size=6), rng.normal(size=(6, 2)))
    knots = -network.biases / network.weights[:, 0]
    inside = np.abs(knots) < 1
    unit = ranges(network, BOX)
    np.testing.assert_array_equal(unit, network(BOX).max(axis=0) - network(BOX).min(axis=0))
    found = embedded(network, BOX)
    least = (network(np.r_[-1.0, 1.0, knots[inside]][:, None]) / unit).sum(axis=1).min()
    assert (found.neurons, found.binaries, found.finished) == (6, inside.sum(), True)
    assert found.least == pytest.approx(least, abs=1e-6)
    assert found.bound <= found.least + 1e-6
    doubled = embedded(network, BOX, unit=2 * unit)
    assert doubled.least == pytest.approx(found.least / 2, abs=1e-6)


def test_one_output_and_a_constant_one():
    # max(0, x) - 2 max(0, x - 0.5): 0 left of 0, 0.3 at 0.3, and 1 - 1 = 0 at the right end of [-1, 1]
    tent = Network([[1.0], [1.0], [1.0]], [0.0, -0.5, -5.0], [1.0, -2.0, 1.0])
    found = embedded(tent, BOX)
    assert (found.neurons, found.binaries) == (3, 2)
    assert found.least == pytest.approx(0.0, abs=1e-9)
    assert ranges(tent, BOX).tolist() == pytest.approx([0.3])
    assert ranges(Network.zero(1), BOX).tolist() == [1.0]
    assert embedded(Network.zero(1), BOX).sentence.startswith("0 binaries, optimum 0, ")


def test_inputs_of_another_size_are_refused():
    with pytest.raises(InputError, match="X has 2 features and the network takes 1"):
        embedded(Network.zero(1), [[0.0, 1.0]])


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (Embedding(3, 1, 0.5, 0.5, 0.123, True), "1 binary, optimum 0.5, 0.12 s"),
        (Embedding(3, 2, 0.5, -1.0, 10.0, False), "2 binaries, optimum between -1 and 0.5 after 10.00 s"),
        (
            Embedding(3, 2, 0.5, None, 10.0, False),
            "2 binaries, optimum between unknown and 0.5 after 10.00 s",
        ),
        (Embedding(3, 2, None, None, 10.0, False), "2 binaries, no solution in 10.00 s"),
    ],
)
def test_what_was_not_reached_is_said(found, sentence):
    assert found.sentence == sentence
