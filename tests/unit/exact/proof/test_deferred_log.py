"""What is told of a tree is passed on when it is refuted, in order, and not otherwise."""

import numpy as np
import pytest

from sparsest.exact.proof.deferred_log import DeferredLog
from sparsest.exact.proof.log import ProofLog


class Listening(ProofLog):
    """Remembers what it is told."""

    def __init__(self):
        self.heard = []

    def begin(self, signs):
        self.heard.append(("begin", tuple(signs)))

    def branch(self, sample, choices, needed):
        self.heard.append(("branch", sample, choices, needed))

    def enter(self, bits):
        self.heard.append(("enter", bits))

    def leave(self):
        self.heard.append(("leave",))

    def merged(self, neuron):
        self.heard.append(("merged", neuron))

    def unproven(self):
        self.heard.append(("unproven",))

    def end(self):
        self.heard.append(("end",))

    def abandon(self):
        self.heard.append(("abandon",))


class Merging:
    """Tells of a merge for each number, shifted by how many it told of before."""

    def __init__(self):
        self.told = 0

    def tell(self, events, log):
        for number in events.tolist():
            log.merged(number + self.told)
        self.told += len(events)


def never():
    return False


@pytest.mark.parametrize("most_waiting", [1, 3, 1000], ids=["all in the file", "some", "none"])
def test_a_refuted_tree_is_passed_on_in_order(most_waiting):
    heard = Listening()
    first, second = Merging(), Merging()
    with DeferredLog(heard, never, most_waiting) as log:
        log.begin((1, -1))
        log.branch(4, [(1, 0), (1,)], 1)
        log.enter((1, 1))
        events = np.array([10, 20])
        log.visited(events, first)
        events[:] = 0  # compiled code uses its arrays again
        log.merged(7)
        log.visited(np.array([30]), second)
        log.leave()
        assert heard.heard == [("begin", (1, -1))]
        log.end()
    assert heard.heard[1:] == [
        ("branch", 4, [(1, 0), (1,)], 1),
        ("enter", (1, 1)),
        ("merged", 10),
        ("merged", 20),
        ("merged", 7),
        ("merged", 30),
        ("leave",),
        ("end",),
    ]


@pytest.mark.parametrize("most_waiting", [1, 1000])
def test_a_tree_given_up_is_forgotten(most_waiting):
    heard = Listening()
    with DeferredLog(heard, never, most_waiting) as log:
        log.begin((1,))
        log.merged(1)
        log.abandon()
        log.begin((-1,))
        log.merged(2)
        log.begin((1, 1))  # a search may also stop without a word
        log.merged(3)
        log.end()
    assert heard.heard == [
        ("begin", (1,)),
        ("abandon",),
        ("begin", (-1,)),
        ("begin", (1, 1)),
        ("merged", 3),
        ("end",),
    ]


def test_a_tree_that_there_is_no_time_for_has_no_proof():
    heard, answers = Listening(), iter([False, True])
    with DeferredLog(heard, lambda: next(answers)) as log:
        log.begin(())
        for neuron in range(5):
            log.merged(neuron)
        log.end()
    assert heard.heard == [("begin", ()), ("merged", 0), ("unproven",), ("end",)]
