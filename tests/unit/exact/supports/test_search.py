"""Fewest weights and parameters by the tree: closed forms, another method, proofs and their mutants."""

import copy
import dataclasses
import itertools
import json

import numpy as np
import pytest
from helpers import slow_after
from oracles.brute_force import minimum_entries

from sparsest import InputError, Network, Problem, ProofError, Status, check_proof, datasets, exact
from sparsest.affine import Affine
from sparsest.exact.arithmetic.columns import neuron_of, places_of_columns, with_columns
from sparsest.exact.method_result import MethodResult
from sparsest.exact.packing.bound import pack
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import run_method
from sparsest.exact.supports.branching import unbiased_cells
from sparsest.exact.supports.kinds import Catalogue, Kind, contains, cost, guard_of, uses
from sparsest.exact.supports.relaxation import Gain, KindTask, ordered_top, parts, tasks
from sparsest.exact.supports.state import Refuted
from sparsest.exact.tree import limits
from sparsest.objectives import Objective
from sparsest.progress import Deadline
from sparsest.results.solving import Proof

XOR = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])


def random_problem(seed: int) -> Problem:
    """Ties and decimals in two of three, intervals in some, all affine terms."""
    random = np.random.default_rng(seed)
    n, d = int(random.integers(2, 5)), int(random.integers(1, 4))
    X, y = random.normal(size=(n, d)), random.normal(size=n)
    if seed % 3 == 0:
        X, y = random.integers(-1, 3, size=(n, d)), random.integers(-2, 3, size=n)
    elif seed % 3 == 1:
        X, y = random.integers(-9, 10, size=(n, d)) / 10, random.integers(-9, 10, size=n) / 10
    X, first = np.unique(X, axis=0, return_index=True)
    affine = ("none", "constant", "skip")[seed // 3 % 3]
    return Problem(X, y[first], affine=affine, tolerance=(0.0, 0.3, 0.0, 0.05)[seed // 2 % 4])


@pytest.mark.parametrize(
    ("problem", "weights", "parameters"),
    [
        (Problem([3], [0]), 0, 0),
        (Problem([3], [-2]), 0, 1),  # a constant neuron: no weight, one bias
        (Problem([3], [-2], affine="skip"), 0, 0),
        (Problem([0, 1], [1, -1]), 1, 2),  # 1 - max(0, 2 x)
        (Problem([1, 2], [1, 2]), 1, 1),  # max(0, x) needs no bias
        (Problem([-2, -1, 1, 2], [2, 1, 1, 2]), 2, 2),  # |x|
        (Problem([-2, -1, 1, 2], [2, 1, 1, 2], affine="skip"), 1, 1),
        # max(0, x + y) - 2 max(0, x + y - 1): five parameters; |x - y| is max(0, x - y) + max(0, y - x): four
        (XOR, 4, 4),
        (XOR.replace(affine="skip"), 2, 2),  # x + y - 2 max(0, x + y - 1), or |x - y|
        # an additive function: two neurons of one weight each where one neuron of two would not do
        (Problem([[0, 0], [1, 0], [0, 1], [1, 1], [-1, 0]], [0, 1, 1, 2, 0]), 2, 2),
    ],
)
def test_by_hand(problem, weights, parameters):
    for objective, count in (("weights", weights), ("parameters", parameters)):
        result = exact.solve(problem, objective)
        assert (result.status, result.proof.value) == (Status.OPTIMAL, "exact")
        assert result.method in ("tree", "univariate")
        assert result.lower_bound == result.upper_bound == count
        assert result.network.count(objective) == count
        assert result.network.solves(problem)


@pytest.mark.parametrize("seed", slow_after(3, range(24)))
@pytest.mark.parametrize("objective", ["weights", "parameters"])
def test_as_the_program_over_cells(seed, objective, tmp_path):
    """Another method, in floats; and what the tree says is proven in the file."""
    problem = random_problem(seed)
    result = exact.solve(problem, objective, proof_file=tmp_path / "proof.json")
    other = exact.solve(problem, objective, method="mip")
    assert result.lower_bound == result.upper_bound == other.lower_bound == other.upper_bound
    checked = check_proof(tmp_path / "proof.json", problem)
    assert (checked.objective, checked.lower_bound) == (objective, result.lower_bound)
    assert checked.upper_bound == result.upper_bound


@pytest.mark.parametrize("seed", range(0, 60, 12))
@pytest.mark.slow
def test_as_brute_force(seed):
    problem = random_problem(seed).subset([0, 1])
    for objective in ("weights", "parameters"):
        result = exact.solve(problem, objective)
        assert result.lower_bound == result.upper_bound == minimum_entries(problem, objective, 4)


def test_networks_of_a_budget():
    """One feature: its weight may be used with the free bias; of parameters x, 1 and both."""
    weights = Catalogue(1, Affine.CONSTANT, Objective.WEIGHTS)
    assert list(weights.networks(0)) == [()]
    assert [[kind.sign for kind in kinds] for kinds in weights.networks(2)] == [[1, 1], [1, -1], [-1, -1]]
    for affine, count in ((Affine.NONE, 2 + 3), (Affine.CONSTANT, 2 + 1), (Affine.SKIP, 2)):
        # (x, 1) with two signs; or two of the columns max(0, x), max(0, -x) and 1, which is free beside a
        # constant, as the difference of the other two is beside a skip
        catalogue = Catalogue(1, affine, Objective.PARAMETERS)
        found = list(catalogue.networks(2))
        assert len(found) == len(set(found)) == count
        assert all(cost(kinds) == 2 for kinds in found)


@pytest.mark.parametrize("objective", [Objective.WEIGHTS, Objective.PARAMETERS])
def test_kinds_at_random_are_of_a_catalogue_but_for_signs(objective):
    """All of them, sooner or later: 3 entries of one feature or two."""
    catalogue = Catalogue(2, Affine.NONE, objective)

    def unsigned(kinds):
        return tuple(sorted((kind.support, bool(kind.sign)) for kind in kinds))

    every = {unsigned(kinds) for kinds in catalogue.networks(3)}
    some = itertools.islice(catalogue.at_random(3, np.random.default_rng(0)), 1000)
    assert {unsigned(kinds) for kinds in some} == every


def test_columns():
    """max(0, x), max(0, -x), then those of y, behind x, y and 1; each is a neuron of one parameter."""
    table = with_columns(np.array([[2.0, -3.0, 1.0], [0.0, 4.0, 1.0]]))
    assert table.tolist() == [[2, -3, 1, 2, 0, 0, 3], [0, 4, 1, 0, 0, 4, 0]]
    catalogue = Catalogue(2, Affine.NONE, Objective.PARAMETERS)
    neurons = [neuron_of(kind.support[0], 2) for kind in catalogue.columns]
    assert neurons == [(2, 1), (0, 1), (0, -1), (1, 1), (1, -1)]


def test_containment_is_one_to_one():
    x, y, both = Kind((0,), 1), Kind((1,), 1), Kind((0, 1), 1)
    assert not contains((both, both, both), (x, y))
    assert contains((both, both), (x, y))
    assert contains((both, x), (x, y))  # x goes to x, or y has nowhere to go
    assert not contains((both, x), (y, y))
    assert not contains((both,), (x, y))
    assert not contains((Kind((0, 1), -1),), (x,))
    assert not contains((x,), ())
    one, two = Kind((3,), 0), Kind((4,), 0)
    assert contains((both, one, two), (x, two))  # a column may be left over
    assert not contains((both, one), (x, two))
    assert not contains((both, both), (x, one))


def test_what_is_refuted_covers_what_it_contains():
    catalogue = Catalogue(2, Affine.NONE, Objective.PARAMETERS)
    networks = [*catalogue.networks(3), *catalogue.networks(5)]
    rng = np.random.default_rng(0)
    refuted, known = Refuted(), []
    for at in rng.permutation(len(networks))[:40].tolist():
        refuted.add(networks[at])
        known.append(networks[at])
    covered = [any(contains(large, kinds) for large in known) for kinds in networks]
    assert [refuted.covers(kinds) for kinds in networks] == covered
    assert 40 < sum(covered) < len(networks)
    refuted.forget_below(5)
    assert set(refuted) == {kinds for kinds in known if cost(kinds) == 5}


@pytest.mark.parametrize(
    ("affine", "objective", "least"),
    # four planted neurons, whose creases curved sets find: one of them might be a constant
    [("skip", "weights", 4), ("none", "weights", 3), ("none", "parameters", 4)],
)
def test_neurons_bound_entries_where_no_proof_is_asked_for(affine, objective, least):
    problem = datasets.load("planted", d=2, n=100, k=4, seed=0).problem(affine=affine)
    found = exact.solve(problem, objective, node_limit=1)
    assert found.lower_bound >= least
    assert found.lower_bound <= found.network.count(objective)
    # a constant takes a neuron and no weight
    alike = Problem([[0, 0], [1, 0], [0, 1]], [3, 3, 3])
    assert exact.solve(alike, "weights").upper_bound == 0


@pytest.mark.parametrize(
    ("affine", "objective"),
    slow_after(1, [("none", "weights"), ("skip", "weights"), ("constant", "parameters")]),
)
def test_a_proof_begins_with_curved_sets(affine, objective, tmp_path):
    problem = datasets.load("planted", d=2, n=60, k=3, seed=0).problem(affine=affine)
    path = tmp_path / "proof.json"
    pacing = Pacing(packed_at_once=0)
    options = SearchOptions(node_limit=1, proof_path=path, pacing=pacing)
    found = run_method(problem, Objective(objective), "tree", options)
    checked = check_proof(path, problem)
    assert checked.kinds[0] == "packing"
    assert checked.lower_bound == found.lower_bound >= 3
    # a proof that may be gone on with begins without
    kept = dataclasses.replace(options, checkpoint_path=tmp_path / "kept")
    less = run_method(problem, Objective(objective), "tree", kept)
    assert "packing" not in check_proof(path, problem).kinds
    assert less.lower_bound < found.lower_bound


@pytest.mark.parametrize("seeds", [range(5), pytest.param(range(5, 24), marks=pytest.mark.slow)])
def test_curved_sets_never_ask_for_too_many_weights(seeds):
    """Oracle: every set of fewer entries; constants are no weights, and cut nothing."""
    raised = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        X = np.unique(rng.integers(-2, 3, (6, 2)), axis=0)
        affine = ("none", "skip", "constant")[seed % 3]
        problem = Problem(X, rng.integers(-2, 3, len(X)) + 5.0 * (seed % 2), affine=affine)
        bound = pack(problem, Deadline(None)).packing.bound
        assert bound == 0 or minimum_entries(problem, "weights", bound - 1) is None
        raised += bound > 1
    assert raised


def test_uses_are_compared_field_by_field():
    x, y, both = Kind((0,), 1), Kind((1,), 1), Kind((0, 1), -1)
    for large, small, within in (
        ((x, x, y), (x, y), True),
        ((x, y, y), (x, x), False),  # the sum of all fields is no less
        ((both,), (x,), False),  # another sign
        ((x, Kind((7,), 0)), (Kind((7,), 0),), True),
        ((x,), (), True),
    ):
        used = uses(small)
        guard = guard_of(used)
        assert (((uses(large) | guard) - used) & guard == guard) is within


@pytest.mark.parametrize("quick", [0, 1, 2, 5])
def test_parts_of_tasks_miss_no_network(quick):
    """Whatever tops happen to be refuted, each network is in the end contained in something refuted."""
    catalogue = Catalogue(2, Affine.NONE, Objective.PARAMETERS)
    networks = list(catalogue.networks(4))
    refuted: list[tuple[Kind, ...]] = []
    waiting = list(tasks(networks, catalogue))
    while waiting:
        task = waiting.pop()
        top = task.alone or ordered_top(task)
        done = task.alone or (sum(kind.sign * len(kind.support) for kind in top) + len(top)) % 6 < quick
        if done:
            refuted.append(top)
        else:
            waiting += parts(task)
    assert all(any(contains(large, kinds) for large in refuted) for kinds in networks)
    assert len(refuted) == len(set(refuted))
    assert quick or len(refuted) == len(networks)


def test_tops_are_tried_while_they_pay():
    gain = Gain()
    task = KindTask((Kind((0, 1), 1),), ((Kind((0,), 1),), (Kind((1,), 1),)))
    assert gain.budget(task, nodes=0) == 41  # half of 40 nodes for each of two networks, and one
    gain.tried(task, 41, refuted=False)
    assert gain.budget(task, nodes=100) == 0  # 41 in vain are more than a quarter of 100
    gain.add(Gain(20.0, 0, 80.0))
    assert gain.budget(task, nodes=100) == 21


def test_a_network_from_elsewhere():
    """Its constant neuron costs no weight."""
    network = Network([[1, 1], [1, 1], [0, 0]], [0, -1, 1], [1, -2, 1])
    problem = Problem(XOR.X, XOR.low + 1)
    result = exact.solve(problem, "weights", witness=network, node_limit=1)
    # two neurons are needed, and one might be a constant
    assert (result.status, result.lower_bound, result.upper_bound) == (Status.NODE_LIMIT, 1, 4)
    result = exact.solve(problem, "weights", witness=network)
    assert result.lower_bound == result.upper_bound == 4


def test_intervals_at_limits(tmp_path):
    problem = datasets.parse("uniform:d=2,n=8,seed=0").problem()
    result = exact.solve(problem, "weights", node_limit=300, proof_file=tmp_path / "proof.json")
    assert result.status is Status.NODE_LIMIT
    assert result.lower_bound < result.upper_bound
    checked = check_proof(tmp_path / "proof.json", problem)
    assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)


def test_ctrl_c_and_progress(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "_REPORT_EVERY", -1.0)
    said = []

    def interrupt(report):
        said.append(report.message)
        if report.nodes > 100:
            raise KeyboardInterrupt

    path = tmp_path / "proof.json"
    result = exact.solve(XOR, "parameters", progress=interrupt, proof_file=path)
    assert result.status is Status.INTERRUPTED
    assert result.lower_bound < result.upper_bound
    # four suffice; how soon the search knows that depends on the machine
    assert {"looking for a network of 4 parameters", "looking for a network of 3 parameters"} & set(said)
    assert {"looking for a network of few neurons", "refuting 1 parameters"} <= set(said)
    checked = check_proof(path, XOR)
    assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)


def test_ctrl_c_while_few_neurons_are_looked_for_ends_the_search(monkeypatch):
    def interrupted(problem, options):
        return MethodResult(Status.INTERRUPTED, Proof.EXACT, 0, None, 0)

    monkeypatch.setattr("sparsest.exact.supports.search.solve_tree", interrupted)
    assert exact.solve(XOR, "parameters").status is Status.INTERRUPTED


@pytest.mark.parametrize(("limit", "most"), [(None, 5.0), (1000.0, 5.0), (10.0, 1.0)])
def test_a_network_of_few_neurons_is_looked_for_briefly(monkeypatch, limit, most):
    limits = []

    def noted(problem, options):
        limits.append(options.deadline.limit)
        return MethodResult(Status.TIME_LIMIT, Proof.EXACT, 0, None, 0)

    monkeypatch.setattr("sparsest.exact.supports.search.solve_tree", noted)
    exact.solve(XOR, "weights", time_limit=limit, node_limit=1)
    assert len(limits) == 1
    assert limits[0] is not None
    assert limits[0] <= most


def test_undecided_leaves_are_told(monkeypatch):
    """No multipliers are ever found: whatever takes a linear program to refute is left undecided."""
    for name in ("refutation_near", "decide"):
        monkeypatch.setattr(f"sparsest.exact.tree.exploration.{name}", lambda *_: None)
    result = exact.solve(XOR, "weights")
    assert result.status is Status.NUMERICAL
    assert result.unverified > 0
    assert result.lower_bound < 4 <= result.upper_bound
    assert f"{result.unverified} lea" in result.remark
    assert "could not be decided in rational arithmetic" in result.remark


@pytest.mark.parametrize("seed", range(3))
def test_labels_at_random_need_a_parameter_a_sample(seed):
    """P6, on continuous labels at random; at repeated inputs there is one label."""
    random = np.random.default_rng(seed)
    X, y = random.integers(-2, 3, (4, 1)).astype(float), random.normal(size=4)
    first = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in X]
    result = exact.solve(Problem(X, y[first]), "parameters", node_limit=20_000)
    assert result.almost_all_labels_need == len(set(first)) <= result.lower_bound
    assert f"need {len(set(first))} parameters or more; the bounds do not rest on that" in result.summary()


def test_what_almost_all_labels_need_is_told_where_it_is_known():
    result = exact.solve(Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 2]), "parameters")
    # max(0, x1 + x2): integers are not almost all labels
    assert (result.lower_bound, result.upper_bound, result.almost_all_labels_need) == (2, 2, 4)
    assert exact.solve(XOR, "weights", node_limit=1).almost_all_labels_need is None
    for problem in (XOR.replace(affine="skip"), XOR.replace(high=XOR.high + 1)):
        assert exact.solve(problem, "parameters", node_limit=1).almost_all_labels_need is None


def test_what_is_refused(tmp_path):
    with pytest.raises(InputError, match="without a weight bound"):
        exact.solve(XOR.replace(weight_bound=1), "weights", method="tree")
    assert exact.solve(XOR.replace(weight_bound=9), "weights", time_limit=5).method == "mip"
    with pytest.raises(InputError, match="leave the checkpoint out"):
        exact.solve(XOR, "parameters", method="mip", checkpoint_file=tmp_path / "state")
    with pytest.raises(InputError, match="method 'mip' cannot be written"):
        exact.solve(XOR, "parameters", method="mip", proof_file=tmp_path / "proof.json")


def test_knots_are_weights(tmp_path):
    """One feature with a skip: the curvature part and the polyline, about weights."""
    problem = datasets.load("zigzag").problem(affine="skip")
    result = exact.solve(problem, "weights", proof_file=tmp_path / "proof.json")
    assert result.method == "univariate"
    checked = check_proof(tmp_path / "proof.json", problem)
    assert checked.lower_bound == checked.upper_bound == result.lower_bound
    document = json.loads((tmp_path / "proof.json").read_text())
    with pytest.raises(ProofError, match="how many parameters"):
        check_proof(document | {"objective": "parameters"})


@pytest.fixture(scope="module", params=["weights", "parameters"])
def proof(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("proof") / "proof.json"
    exact.solve(XOR, request.param, proof_file=path)
    document = json.loads(path.read_text())
    assert check_proof(document, XOR).lower_bound == 4
    return document


def kinds_of(part, objective):
    """Return the kinds of a part about two features; of one parameter it tells side and entry of a column."""

    def kind(entries, sign):
        if objective == "weights" or len(entries) > 1:
            return Kind(tuple(entries), sign)
        place = 2 if entries == [2] else places_of_columns(2, entries[0])[sign < 0]
        return Kind((place,), 0)

    return tuple(kind(entries, sign) for entries, sign in part["neurons"])


def needed_parts(proof):
    """Return which parts hold something that no other does."""
    found = []
    for n, part in enumerate(proof["parts"]):
        others = proof["parts"][:n] + proof["parts"][n + 1 :]
        own = kinds_of(part, proof["objective"])
        if not any(contains(kinds_of(other, proof["objective"]), own) for other in others):
            found.append(n)
    return found


class TestMutants:
    def test_every_network_must_be_refuted(self, proof):
        """Take away what refutes one of them: it is missed."""
        objective = Objective(proof["objective"])
        affine = Affine.CONSTANT if objective is Objective.WEIGHTS else Affine.NONE
        kept_of = {}
        for budget in range(4):
            for network in Catalogue(2, affine, objective).networks(budget):
                kept = [part for part in proof["parts"] if not contains(kinds_of(part, objective), network)]
                kept_of[json.dumps([part["neurons"] for part in kept])] = kept
        assert len(kept_of) > 5
        for kept in list(kept_of.values())[::3]:
            with pytest.raises(ProofError, match="is not refuted"):
                check_proof(proof | {"parts": kept})

    def test_wrong_budgets(self, proof):
        assert check_proof(proof | {"lower_bound": 3}).lower_bound == 3  # true, if less than is proven
        for claimed in (5, 40):
            with pytest.raises(ProofError):
                check_proof(proof | {"lower_bound": claimed, "upper_bound": max(claimed, 4)})
        with pytest.raises(ProofError, match="and 3 are claimed"):
            check_proof(proof | {"upper_bound": 3})

    def test_other_counts(self, proof):
        for version, objective in ((1, proof["objective"]), (2, "neurons"), (3, "weights"), (2, ["weights"])):
            with pytest.raises(ProofError):
                check_proof(proof | {"version": version, "objective": objective})

    def test_what_is_asked_for_must_be_counted(self, proof):
        counted = proof["objective"]
        assert check_proof(proof, objective=counted).objective == counted
        with pytest.raises(ProofError, match=f"about '{counted}', not 'neurons'"):
            check_proof(proof, objective="neurons")
        with pytest.raises(ProofError, match="not one of neurons"):
            check_proof(proof, objective="knots")

    def test_smaller_supports_and_other_signs(self, proof):
        for n in needed_parts(proof)[:3]:
            for k, (entries, sign) in enumerate(proof["parts"][n]["neurons"]):
                others = [[entries[:j] + entries[j + 1 :], sign] for j in range(len(entries))]
                for other in [*others, [entries, -sign]]:
                    mutant = copy.deepcopy(proof)
                    mutant["parts"][n]["neurons"][k] = other
                    with pytest.raises(ProofError):
                        check_proof(mutant)

    def test_larger_supports_do_not_cancel(self, proof):
        """A refutation of one entry says nothing of networks that fit: those of all entries do."""
        full = [0, 1] if proof["objective"] == "weights" else [0, 1, 2]
        parts = [part for part in proof["parts"] if len(part["neurons"]) > 1]
        for part in parts[:3]:
            for changed in ([[full, 1], [full, -1]], [[full, 1], [full, 1]]):
                mutant = part | {"neurons": changed + part["neurons"][2:]}
                if mutant != part:
                    with pytest.raises(ProofError):
                        check_proof(proof | {"parts": [*proof["parts"], mutant]})

    def test_changed_multipliers(self, proof):
        random, changed = np.random.default_rng(0), 0
        for n in needed_parts(proof)[:4]:
            part = proof["parts"][n]
            leaves = [i for i, node in enumerate(part["nodes"]) if isinstance(node[2], dict)]
            i = int(random.choice(leaves))
            leaf = part["nodes"][i][2]
            for name in ("value", "cone"):
                if len(leaf.get(name, [])) > 1:
                    mutant = copy.deepcopy(proof)
                    mutant["parts"][n]["nodes"][i][2][name][0][-1] = 12345
                    with pytest.raises(ProofError):
                        check_proof(mutant)
                    changed += 1
        assert changed

    def test_merging_says_nothing_of_fewer_neurons(self):
        """One sample, 5: a constant does. Of three neurons two agree whatever they do, so what."""
        value, merge, both = {"value": [[0, 1]]}, {"merge": 0}, [[0, 1], 1]
        nodes = [
            [0, "", 0],
            [1, "000", value],
            [1, "100", {"merge": 1}],
            [1, "110", merge],
            [1, "111", merge],
        ]
        empty = {"kind": "supports", "neurons": [], "nodes": [[0, "", 0], [1, "", value]]}
        # of max(0, -x) there is nothing
        left = {"kind": "supports", "neurons": [[[0], -1]], "nodes": empty["nodes"]}
        three = {"kind": "supports", "neurons": [both, both, both], "nodes": nodes}
        head = {"format": "sparsest/proof", "version": 2, "objective": "parameters", "circuits": []}
        problem = {"X": [[1]], "low": [5], "high": [5], "skip": False, "weight_bound": None}
        proof = head | {"problem": problem, "upper_bound": None, "witness": None}
        assert check_proof(proof | {"lower_bound": 1, "parts": [empty, three]}).lower_bound == 1
        with pytest.raises(ProofError, match="is not refuted"):
            check_proof(proof | {"lower_bound": 2, "parts": [empty, left, three]})

    def test_bounded_weights(self, proof):
        bounded = proof | {"problem": proof["problem"] | {"weight_bound": 9}}
        with pytest.raises(ProofError, match="bounded"):
            check_proof(bounded)

    def test_circuits_know_their_features(self, proof):
        if not proof["circuits"]:
            pytest.skip("none needed")
        for circuit in proof["circuits"]:
            circuit = circuit | {"features": circuit["features"][:-1]}
            mutant = proof | {"circuits": [circuit] * len(proof["circuits"])}
            with pytest.raises(ProofError):
                check_proof(mutant)

    @pytest.mark.parametrize(
        ("entries", "circuit", "words"),
        [
            ([0, 1], {"features": [0, 1], "bias": False}, "neuron 0 is zero on all points of circuit 0"),
            ([0, 1], {"features": [0], "bias": False}, "does not know all that neuron 0 may use"),
            ([0, 1], {"features": [0, 1]}, "do not add up to zero"),
            ([0, 1], {"features": [0, 1], "bias": True}, "'bias' is false, or not there"),
        ],
    )
    def test_a_sample_at_zero_excludes_no_bits(self, entries, circuit, words):
        """max(0, x) meets 0 at 0 and 1 at 1, with any bit at 0, where its row without a bias is zero."""
        leaf = {"circuit": [0, 0]}
        part = {
            "kind": "supports",
            "neurons": [[entries, 1]],
            "nodes": [[0, "", 0], [1, "1", leaf], [1, "0", leaf]],
        }
        false = {
            "format": "sparsest/proof", "version": 2, "objective": "parameters",
            "problem": {
                "X": [[0, 0], [1, 0]], "low": [0, 1], "high": [0, 1], "skip": False, "weight_bound": None
            },
            "circuits": [circuit | {"weights": [[0, 1]]}],
            "lower_bound": 2, "upper_bound": None, "witness": None, "parts": [part],
        }  # fmt: skip
        with pytest.raises(ProofError, match=words):
            check_proof(false)

    def test_circuits_without_a_bias_are_used(self, proof):
        unbiased = [circuit for circuit in proof["circuits"] if "bias" in circuit]
        assert bool(unbiased) == (proof["objective"] == "parameters")


@pytest.mark.parametrize("seed", range(20))
def test_cells_without_a_bias(seed):
    """All signs that small vectors give where a sample is not zero; on those that are, one bit for all.

    Between two lines through the origin and samples of entries up to 2 lies the sum of two vectors on them
    with entries up to 2, and with a single line those of the sample itself and its opposite.
    """
    rows = np.random.default_rng(seed).integers(-2, 3, (seed % 5 + 1, 2))
    there = rows.any(axis=1)
    expected = set()
    for u in itertools.product(range(-4, 5), repeat=2):
        values = rows @ u
        if values[there].all():
            expected |= {tuple(np.where(there, values > 0, bit)) for bit in (False, True)}
    found = unbiased_cells(rows.tolist(), Deadline(None))
    assert {tuple(pattern) for pattern in found.tolist()} == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize(("objective", "most"), [("weights", 6), ("parameters", 8)])
def test_a_network_of_few_neurons_is_known_from_the_start(objective, most):
    # two neurons of three weights and a bias each made these labels; 86 weights were known in a minute
    problem = datasets.parse("planted:d=3,n=40,k=2,seed=0").problem()
    result = exact.solve(problem, objective, method="tree", node_limit=100)
    assert result.upper_bound <= most
