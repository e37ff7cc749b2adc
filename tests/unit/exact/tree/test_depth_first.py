"""The compiled depth-first search: the answers and proofs of the plain one, and nothing rests on floats."""

import numba
import numpy as np
import pytest
from helpers import slow_after

from sparsest import Problem, check_proof, datasets
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import run_method
from sparsest.exact.tree import exploration
from sparsest.exact.tree.search import solve_tree
from sparsest.objectives import Objective
from sparsest.results.solving import Status

COMPILED, PLAIN = Pacing(compiled_from=0), Pacing(compiled_from=10**9)


def problem_of(seed):
    """A small problem with ties; every affine term, some intervals and some weight bounds."""
    random = np.random.default_rng(seed)
    d = int(random.integers(1, 4))
    X = np.unique(random.integers(-2, 3, size=(int(random.integers(4, 9)), d)), axis=0)
    bound = 3.0 if seed % 7 == 2 else None
    affine = "none" if bound else ("none", "skip", "constant")[seed % 3]
    y = random.integers(-2, 3, size=len(X))
    return Problem(X, y, affine=affine, tolerance=(0.0, 0.25)[seed % 2], weight_bound=bound)


@pytest.mark.parametrize("objective", ["neurons", "parameters"])
@pytest.mark.parametrize("seed", slow_after(9, range(36)))
def test_proofs_of_compiled_searches_check(seed, objective, tmp_path):
    problem, goal = problem_of(seed), Objective(objective)
    if goal is Objective.PARAMETERS and (problem.weight_bound or problem.n_features > 2):
        pytest.skip("no proof with a bound, and too long")
    path = tmp_path / "proof.json"
    options = SearchOptions(pacing=COMPILED, proof_path=path)
    written = run_method(problem, goal, "tree", options)
    silent = run_method(problem, goal, "tree", SearchOptions(pacing=COMPILED))
    plain = run_method(problem, goal, "tree", SearchOptions(pacing=PLAIN))
    checked = check_proof(path)
    assert checked.lower_bound == written.lower_bound == silent.lower_bound == plain.lower_bound
    assert written.upper_bound == silent.upper_bound == plain.upper_bound
    assert written.status is silent.status is plain.status is Status.OPTIMAL
    # the same tree, whether its leaves are proven in floats or written down; budgets of parameters below the
    # bound on neurons are refuted for a proof alone
    if goal is Objective.NEURONS:
        assert written.nodes == silent.nodes


@pytest.mark.parametrize(
    "change",
    slow_after(2, [{"tolerance": -1.0}, {"tolerance": 10.0}, {"met": 1.0}]),
    ids=["refutes too much", "refutes too little", "takes what misses"],
)
def test_wrong_floats_prove_nothing(change, monkeypatch):
    """A simplex that takes feasible rows for infeasible ones, or the other way round, costs time alone."""
    made = exploration.tree_of
    monkeypatch.setattr(
        exploration, "tree_of", lambda *args, **options: made(*args, **options)._replace(**change)
    )
    for name, bound in [("xor", 2), ("parity-3", None)]:
        problem = datasets.load(name).problem()
        found = solve_tree(problem, SearchOptions(pacing=COMPILED))
        plain = solve_tree(problem, SearchOptions(pacing=PLAIN))
        assert (found.status, found.unverified) == (Status.OPTIMAL, 0)
        assert found.lower_bound == plain.lower_bound == (bound or plain.lower_bound)


def test_one_type_of_tree_is_compiled(monkeypatch):
    """Rows that lay column after column were of another type, for which the loop was compiled once more."""
    trees, made = [], exploration.tree_of

    def tree_of(*args, **options):
        trees.append(made(*args, **options))
        return trees[-1]

    monkeypatch.setattr(exploration, "tree_of", tree_of)
    for name in ("xor", "parity-3", "uniform:d=1,n=5,seed=0", "uniform:d=2,n=6,seed=0"):
        for affine in ("none", "constant", "skip"):
            solve_tree(datasets.parse(name).problem(affine=affine), SearchOptions(pacing=COMPILED))
    assert len({numba.typeof(tree) for tree in trees}) == 1


def test_few_leaves_are_left_to_rational_numbers(monkeypatch):
    """An affine term may be a sum of neurons: one node in thirty was left, as long as all others took."""
    settled, settle = [], exploration.Exploration._settle
    monkeypatch.setattr(
        exploration.Exploration,
        "_settle",
        lambda self, loop, *, refuted: settled.append(refuted) or settle(self, loop, refuted=refuted),
    )
    problem = datasets.load("uniform", d=2, n=19, seed=0).problem(affine="skip")
    found = solve_tree(problem, SearchOptions(pacing=COMPILED, node_limit=3000))
    assert found.nodes == 3000
    assert len(settled) <= 3


def test_limits_hold_between_compiled_nodes():
    problem = datasets.load("uniform", d=2, n=12, seed=0).problem()
    reports = []
    found = solve_tree(problem, SearchOptions(pacing=COMPILED, node_limit=3000, progress=reports.append))
    assert found.status is Status.NODE_LIMIT
    assert found.nodes == 3000
    assert any(report.open_subtrees for report in reports)


def test_branches_without_children_are_told_of(tmp_path):
    """Their events once overran the room for them: no leaf comes between, at which the loop returned."""
    problem = datasets.load("planted", d=2, n=100, k=5, seed=0).problem()
    path = tmp_path / "proof.json"
    options = SearchOptions(pacing=COMPILED, node_limit=6000, proof_path=path)
    found = run_method(problem, Objective.NEURONS, "tree", options)
    assert check_proof(path).lower_bound == found.lower_bound
