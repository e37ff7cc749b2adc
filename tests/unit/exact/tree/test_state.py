"""What a search of the activation tree knows and has done, without any search."""

import flint
import pytest

from sparsest import Network, Problem, Status
from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.tree.checkpoint import CheckpointWriter, open_checkpoint
from sparsest.exact.tree.checkpoint_file import read_checkpoint
from sparsest.exact.tree.limits import SearchLimits, StoppedError
from sparsest.exact.tree.output_signs import log_excluded, sign_splits, signs_of
from sparsest.exact.tree.prepared import prepare
from sparsest.exact.tree.state import Counters, Findings, Frontier, Headway
from sparsest.exact.tree.widths import close_the_gap
from sparsest.progress import Deadline

# xor: two neurons, see tests/unit/exact/tree/test_search.py
XOR = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
# max(0, x + y) - 2 max(0, x + y - 1)
XOR_NETWORK = Network([[1.0, 1.0], [2.0, 2.0]], [0.0, -2.0], [1.0, -1.0])
# bits of two neurons, and of one
A2, B2 = ((0, (1, 1)),), ((0, (0, 0)),)
A, B, C = ((0, (1,)),), ((0, (0,)),), ((0, (0,)), (1, (1,)))
D, E, F = ((0, (0,)), (1, (0,))), ((0, (0,)), (2, (1,))), ((0, (0,)), (2, (0,)))


def equal_neurons(signs, *weights):
    """A rational network of equal neurons."""
    return RationalNetwork(list(signs), [[flint.fmpq(weight) for weight in weights]] * len(signs))


def ramp(width):
    """A rational network of `width` neurons max(0, x)."""
    return equal_neurons((1,) * width, 1, 0)


class Listening(ProofLog):
    def __init__(self):
        self.heard = []

    def witness(self, network):
        self.heard.append(len(network.signs))

    def begin(self, signs):
        self.heard.append(tuple(signs))

    def excluded(self, sample, sign):
        self.heard.append((sample, sign))

    def abandon(self):
        self.heard.append("abandon")


# What is known


def test_upper_bound_is_the_width_of_the_witness():
    log = Listening()
    findings = Findings(1, log=log)
    assert findings.upper is None
    assert findings.beats(10**9)
    findings.take(ramp(3))
    assert (findings.upper, findings.network.width) == (3, 3)
    assert [findings.beats(width) for width in (2, 3, 4)] == [True, False, False]
    assert log.heard == [3]


def test_a_witness_beyond_floats_changes_nothing():
    findings = Findings(1)
    findings.take(ramp(2))
    huge = equal_neurons((1,), 10**400, 0)
    with pytest.raises(OverflowError):
        findings.take(huge)
    assert findings.upper == findings.network.width == 2


def test_unverified_leaves_hold_the_lower_bound():
    findings = Findings(1, lower=1)
    findings.refuted_below(2)
    findings.unverified += 1
    findings.refuted_below(3)
    assert findings.lower == 2


# What is done


def test_a_new_frontier_is_the_whole_tree():
    assert Frontier().open == [()]


def test_subtrees_go_to_workers_and_come_back():
    frontier = Frontier([A, B])
    assert frontier.start() == B  # the last is next
    assert (frontier.left, frontier.under_way, frontier.open) == ([A], [B], [B, A])
    frontier.put_back(B)
    assert (frontier.left, frontier.under_way) == ([A, B], [])
    assert frontier.start() == B
    frontier.finish(B, [C], b"recorded")
    assert (frontier.left, frontier.under_way, frontier.pieces) == ([A, C], [], {B: b"recorded"})
    assert frontier.start() == C
    frontier.finish(C, [], None)
    assert (frontier.open, frontier.pieces) == ([A], {B: b"recorded"})


def test_workers_take_what_is_next_and_what_is_farthest():
    frontier = Frontier([A, B])
    assert frontier.start(farthest=True) == A
    frontier.put_back(A, farthest=True)
    assert frontier.left == [A, B]
    assert frontier.start(farthest=True) == A
    frontier.finish(A, [C, D], None, farthest=True)  # C before D
    assert frontier.left == [D, C, B]
    assert frontier.start() == B
    frontier.finish(B, [E, F], None)
    assert frontier.left == [D, C, F, E]


def test_an_interruption_lists_a_subtree_twice_and_counts_it_once():
    assert Frontier([A, B], under_way=[B]).open == [B, A]


def test_parts_left_open_here_are_next_in_their_order():
    frontier = Frontier([A, ()])
    frontier.replace_next([C, B], b"recorded")
    assert frontier.pieces == {(): b"recorded"}
    assert frontier.left == [A, B, C]


def test_pauses_are_twice_as_far_apart_each_time():
    counters = Counters(nodes=7, pause=8)
    assert not counters.pause_is_due()
    counters.nodes = 9
    assert counters.pause_is_due()
    assert counters.pause == 18
    assert not counters.pause_is_due()


def test_headway_begins_anew_with_each_width():
    headway = Headway(width=2)
    assert not headway.begun
    headway.frontier = Frontier([A])
    assert headway.begun
    headway.split_refuted(1)
    assert (headway.splits, headway.frontier, headway.begun) == ([1], None, True)
    headway.width_refuted()
    assert (headway.width, headway.splits, headway.begun) == (3, [], False)


# Output signs


def test_output_signs_by_hand():
    # without an affine term the label 1 needs a positive neuron; no label needs a negative one
    assert sign_splits(XOR, 2) == [1, 2]
    assert sign_splits(XOR.replace(affine="skip"), 2) == [1, 0, 2]
    assert signs_of(1, 3) == (1, -1, -1)
    log = Listening()
    log_excluded(XOR, 2, log)
    assert log.heard == [(-1, -1), (1, 1)]  # sample 1 is the first with a positive label


# Limits


def test_limits_on_nodes_do_not_count_earlier_runs():
    headway = Headway(counters=Counters(nodes=105, nodes_before=100))
    limits = SearchLimits(SearchOptions(node_limit=5), Findings(1), headway)
    assert limits.reached() is Status.NODE_LIMIT
    limits.check(1)  # the fifth may be solved
    headway.counters.nodes += 1
    with pytest.raises(StoppedError) as stopped:
        limits.check(1)
    assert stopped.value.status is Status.NODE_LIMIT


def test_an_interrupted_clock_stops_a_search():
    deadline = Deadline(None)
    limits = SearchLimits(SearchOptions(deadline=deadline), Findings(1), Headway())
    assert limits.reached() is None
    deadline.interrupt()
    assert limits.reached() is Status.INTERRUPTED


class Later(Deadline):
    """A clock that stands at one second."""

    seconds = 1.0


def test_reports_count_subtrees_under_way():
    reports = []
    headway = Headway(frontier=Frontier([A], under_way=[B]), counters=Counters(nodes=3))
    findings = Findings(1, lower=1)
    findings.take(ramp(4))
    options = SearchOptions(deadline=Later(None), progress=reports.append)
    limits = SearchLimits(options, findings, headway)
    limits.report(2)
    limits.report(2)  # a moment later
    assert len(reports) == 1
    assert (reports[0].nodes, reports[0].lower_bound, reports[0].upper_bound) == (3, 1, 4)
    assert reports[0].open_subtrees == 2


# The loop over widths, with a refutation that is played


def played(network_at, findings, headway, log=None):
    tried = []

    def refute(signs):
        tried.append(signs)
        if signs == network_at:
            findings.take(equal_neurons(signs, 1, 0, 0))
            return True
        return False

    problem = prepare(XOR, Pacing())
    close_the_gap(problem, findings, headway, log or ProofLog(), refute=refute, improve=lambda width: False)
    return tried


def test_widths_are_refuted_one_after_the_other():
    findings, headway, log = Findings(2, lower=1), Headway(width=1), Listening()
    assert played((1, -1), findings, headway, log) == [(1,), (1, -1)]
    assert (findings.lower, findings.upper, headway.width) == (2, 2, 2)
    assert log.heard[-1] == "abandon"


def test_the_loop_continues_where_it_stopped():
    findings, headway = Findings(2, lower=2), Headway(width=2, splits=[1])
    assert played((1, 1), findings, headway) == [(1, 1)]


def test_an_unverified_leaf_keeps_the_bound_and_not_the_loop():
    findings, headway = Findings(2, lower=1, unverified=1), Headway(width=1)
    assert played((1, -1, -1), findings, headway) == [(1,), (1, -1), (1, 1), (1, -1, -1)]
    assert (findings.lower, headway.width) == (1, 3)


# A checkpoint, with no search


def test_a_checkpoint_brings_back_what_is_known_and_done(tmp_path):
    path, prepared = tmp_path / "search", prepare(XOR, Pacing())
    findings = Findings(2, lower=1, near_miss=XOR_NETWORK)
    headway = Headway(2, [1], Frontier([A2, B2]), Counters(nodes=12, pause=16, rejected=3))
    writer = CheckpointWriter(path, SearchOptions(), prepared, findings, headway, recorded=False)
    writer.claim()
    stored = open_checkpoint(path, XOR, resume=True, read=read_checkpoint)
    again, there = Findings(2, lower=1), Headway(1, counters=Counters(pause=8))
    resumed = CheckpointWriter(path, SearchOptions(), prepared, again, there, recorded=False)
    resumed.restore(stored, ProofLog())
    assert again.lower == 1
    assert again.near_miss == XOR_NETWORK
    assert (there.width, there.splits, there.frontier.left) == (2, [1], [A2, B2])
    counters = there.counters
    assert (counters.nodes, counters.nodes_of_this_run, counters.pause, counters.rejected) == (12, 0, 16, 3)
    assert "its 12 nodes" in resumed.remark
