"""What is known of one number of neurons bounds the others."""

import numpy as np

from sparsest import Network
from sparsest.exact.trade_off.knowledge import Knowledge

ONE = Network([[1.0]], [0.0], [1.0])
TWO = Network([[1.0], [2.0]], [0.0, 1.0], [1.0, 1.0])


def test_refutations_bound_fewer_neurons():
    known = Knowledge()
    assert known.lower(0) == 0
    assert known.refute(0.5, 3)  # within 0.5 three are necessary, so neither 0, 1 nor 2 suffice
    assert [known.lower(k) for k in range(4)] == [0.5, 0.5, 0.5, 0.0]
    assert not known.refute(0.4, 2)
    assert known.refute(0.7, 1)
    assert [known.lower(k) for k in range(4)] == [0.7, 0.5, 0.5, 0.0]
    assert known.is_refuted(0.5, 2)
    assert not known.is_refuted(0.6, 2)
    assert known.refute(0.6, 3)
    assert known.lower(2) == 0.6


def test_networks_bound_more_neurons():
    known = Knowledge()
    assert np.isinf(known.upper(9))
    assert known.network(9) is None
    assert known.attain(0.5, 1, ONE)
    assert not known.attain(0.6, 2, TWO)
    assert known.network(2) is ONE
    assert known.attain(0.25, 2, TWO)
    assert [known.upper(k) for k in (1, 2, 3)] == [0.5, 0.25, 0.25]
    assert known.narrowest(0.5, 5) is ONE
    assert known.narrowest(0.3, 5) is TWO
    assert known.narrowest(0.3, 1) is None
    assert known.narrowest(0.1, 5) is None


def test_what_is_promised_is_made_later():
    known = Knowledge()
    known.attain(0.5, 1, None)
    assert known.upper(2) == 0.5
    assert known.network(2) is None
    assert known.narrowest(0.5, 5) is None
    known.make(0.5000001, 2, ONE)
    assert known.network(1) is ONE
    assert known.upper(2) == 0.5000001
