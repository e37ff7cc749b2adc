"""One tree or subtree explored, with no search around it; and workers with no tree."""

from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from sparsest import Problem
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.tree.exploration import Exploration, Surroundings
from sparsest.exact.tree.limits import SearchLimits
from sparsest.exact.tree.piece_logs import PieceLogs
from sparsest.exact.tree.pieces import refute_in_pieces
from sparsest.exact.tree.prepared import prepare
from sparsest.exact.tree.saving import Saving
from sparsest.exact.tree.state import Findings, Frontier, Headway
from sparsest.exact.tree.subtrees import Subtrees, explore
from sparsest.exact.tree.workers import LostError, Workers, workers_of

# three changes of slope, of signs 1, -1, 1: max(0, x) - 2 max(0, x - 1) + max(0, x - 2), and no two do
TENT = Problem([-1, 0, 1, 2, 3], [0, 0, 1, 0, 0])


def surroundings(problem=TENT):
    findings, headway = Findings(problem.n_features), Headway()
    limits = SearchLimits(SearchOptions(), findings, headway)
    return Surroundings(prepare(problem, Pacing()), findings, headway.counters, limits)


class TestExploration:
    def test_a_tree_without_a_network(self):
        around = surroundings()
        assert not Exploration(around, (1, -1), ProofLog()).run()
        assert around.findings.witness is None
        assert around.findings.unverified == 0
        assert around.counters.nodes > 1

    def test_a_tree_with_one(self):
        around = surroundings()
        assert Exploration(around, (1, 1, -1), ProofLog()).run()
        assert around.findings.network.interpolates(TENT)
        assert around.findings.upper == 3

    def test_what_a_budget_leaves_open_is_the_rest(self):
        whole = surroundings()
        Exploration(whole, (1, -1), ProofLog()).run()
        parts, left, nodes = surroundings(), [()], []
        while left:
            exploration = Exploration(parts, (1, -1), ProofLog())
            assert not exploration.run(left.pop(), 2)
            nodes.append(parts.counters.nodes)
            left += exploration.left
        assert len(nodes) > 1
        # the node at which a piece begins is solved again
        assert whole.counters.nodes <= parts.counters.nodes <= 2 * whole.counters.nodes

    def test_a_worker_returns_the_same_as_the_search_here(self):
        around = surroundings()
        Exploration(around, (1, -1), ProofLog()).run()
        (explored,) = explore(Subtrees(TENT, Pacing(), (1, -1), ((),), 10**6, 60.0, False, None))
        assert (explored.nodes, explored.unverified) == (around.counters.nodes, 0)
        assert (explored.found, explored.left, explored.proven, explored.in_time) == (None, (), None, True)

    def test_pieces_are_shared_once_the_tree_is_large(self):
        around, frontier, shared = surroundings(), Frontier(), []

        class Helpers:
            def is_ready(self):
                return True

            def refute(self, signs, rest):
                shared.append((signs, rest.open))
                return True

        around.counters.nodes = around.prepared.pacing.shared_from
        logs = PieceLogs(around.prepared, None)
        assert refute_in_pieces(around, (1, -1), frontier, ProofLog(), logs, Saving(), Helpers())
        assert shared == [((1, -1), [()])]


class TestWorkers:
    class Losing:
        def __init__(self, error):
            self.error, self.calls = error, 0

        def submit(self, function, work):
            self.calls += 1
            lost = Future()
            lost.set_exception(self.error)
            return lost

    @pytest.mark.parametrize("error", [OSError("gone"), BrokenProcessPool(), CancelledError()])
    def test_after_nine_losses_the_work_is_done_here(self, error):
        losing = self.Losing(error)
        workers = Workers(losing, 2)
        for _ in range(9):
            with pytest.raises(LostError):
                workers.result(workers.submit(abs, -1))
        assert workers.result(workers.submit(abs, -1)) == 1
        assert losing.calls == 9

    def test_an_error_of_the_work_itself_is_raised(self):
        workers = Workers(self.Losing(ZeroDivisionError()), 1)
        with pytest.raises(ZeroDivisionError):
            workers.result(workers.submit(abs, 0))

    def test_silent_workers_get_no_more_work(self):
        class Silent:
            def submit(self, function, work):
                return Future()

        workers = Workers(Silent(), 1)
        workers.start_listening()
        future = workers.submit(abs, -1)
        assert workers.finished([future]) == set()
        assert not workers.given_up(60.0)
        assert workers.given_up(0.0)
        assert workers.submit(abs, -1).result() == 1

    def test_one_worker_is_none(self):
        with workers_of(None, 1) as workers:
            assert workers is None
