"""What the compiled loop tells becomes reports; records that floats got wrong are made good or admitted."""

import numpy as np

from sparsest import Problem
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.tree.depth_first_kernel import BRANCH, ENTER, LEAF, LEAVE
from sparsest.exact.tree.told_events import EventReader

# As in the tests of records: a neuron of sign 1 active on sample 1, whose label is -1; and with the value's
# multiplier of the wrong sign.
TRUE = [4, 1, 1, 1, 0, 1, 1, 0, 0, 0, -1]
FALSE = [4, 1, 1, 1, 0, 1, 1, 0, 0, 0, 1]


class Listening(ProofLog):
    """Remembers what it is told."""

    def __init__(self):
        self.heard = []

    def branch(self, sample, choices, needed):
        self.heard.append(("branch", sample, choices, needed))

    def enter(self, bits):
        self.heard.append(("enter", bits))

    def leave(self):
        self.heard.append(("leave",))

    def refuted(self, multipliers):
        self.heard.append(("refuted", [(row.sample, row.neuron, m) for row, m in multipliers]))

    def unproven(self):
        self.heard.append(("unproven",))


def told(problem, *chunks, path=()):
    log, reader = Listening(), EventReader(ExactData(problem), (1,), path)
    for chunk in chunks:
        reader.tell(np.array(chunk), log)
    return log.heard


BENT = Problem([0.0, 1.0], [1.0, -1.0])


def test_events_in_two_pieces_are_reported_in_order():
    # branch on sample 1 with needed sign 0; both bits may be; active: a leaf
    heard = told(BENT, [BRANCH, 1, 0, 1, 1, ENTER, 1], [LEAF, len(TRUE), *TRUE, LEAVE])
    assert heard == [
        ("branch", 1, [(1, 0)], 0),
        ("enter", (1,)),
        ("refuted", [(1, -1, -1), (1, 0, 1)]),
        ("leave",),
    ]


def test_a_false_record_of_an_infeasible_leaf_is_refuted_otherwise():
    heard = told(BENT, [ENTER, 1, LEAF, len(FALSE), *FALSE], path=[(1, None)])
    assert heard == [("enter", (1,)), ("refuted", [(1, -1, -1), (1, 0, 1)])]


def test_a_record_of_a_feasible_leaf_is_unproven():
    # the neuron is inactive on a sample of label 0: any will do
    flat = Problem([0.0, 1.0], [1.0, 0.0])
    assert told(flat, [ENTER, 0, LEAF, len(TRUE), *TRUE], path=[(1, None)])[-1] == ("unproven",)
