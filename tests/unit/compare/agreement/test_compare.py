import dataclasses
import re

import numpy as np
import pytest

from sparsest import InputError, Network, Outcome, Problem, Proof, Status, continuous, datasets, exact, load
from sparsest.compare.agreement import compare as comparison
from sparsest.compare.agreement.compare import compare_sides, judge

PEAK = datasets.load("peak-plateau").problem()
QUICK = {"restarts": 8, "steps": 1000}


@pytest.fixture(scope="module")
def sides():
    return exact.solve(PEAK), continuous.find_sparse(PEAK)


@pytest.mark.slow
def test_agree_on_the_paper_example():
    verdict = compare_sides(PEAK, **QUICK)
    assert verdict.outcome is Outcome.AGREE
    assert verdict.exact.lower_bound == verdict.exact.upper_bound == verdict.found.count == 3
    assert verdict.continuous.path_norm == pytest.approx(verdict.least.upper_bound, rel=1e-6)
    assert "proven in rational arithmetic" in verdict.reason


def test_verdicts_on_made_up_results(sides):
    found, fit = sides
    wasteful = dataclasses.replace(fit, network=split(fit.network))
    empty = dataclasses.replace(fit, network=Network.zero(1))
    open_ = dataclasses.replace(found, status=Status.TIME_LIMIT, lower_bound=2, upper_bound=5)
    closed_by_training = dataclasses.replace(found, status=Status.TIME_LIMIT, upper_bound=5)
    too_high = dataclasses.replace(found, lower_bound=4, upper_bound=4)
    cases = [
        (found, fit, Outcome.AGREE, "both reach 3 neurons"),
        (found, wasteful, Outcome.CONTINUOUS_ABOVE, "4 neurons, 1 above the minimum 3"),
        (open_, fit, Outcome.EXACT_OPEN, r"\[2, 3\] neurons.*time limit.*training found 3"),
        (open_, wasteful, Outcome.EXACT_OPEN, r"\[2, 4\]"),
        (closed_by_training, fit, Outcome.AGREE, "lower bound of the exact side and training's witness"),
        (found, empty, Outcome.NOT_INTERPOLATING, "misses its interval by 1 at row 2"),
        (open_, empty, Outcome.NOT_INTERPOLATING, "row 2"),
        (too_high, fit, Outcome.DISAGREE, "3 neurons, fewer than the claimed lower bound 4"),
    ]
    for exact_side, continuous_side, outcome, words in cases:
        verdict = judge(PEAK, exact_side, continuous_side, continuous_side)
        assert verdict.outcome is outcome
        assert re.search(words, verdict.reason), verdict.reason


def split(network):
    """The same function with its first neuron in two halves."""
    rows = np.r_[network.folded[:1] / 2, network.folded[:1] / 2, network.folded[1:]]
    return Network.from_folded(rows, np.r_[network.outputs[:1], network.outputs])


def test_rounding_is_not_taken_for_a_disagreement():
    # labels computed in floating point: training meets them to rounding with as many neurons as planted,
    # while the recursion proves that exact interpolation needs more
    problem = datasets.load("planted", d=1, n=20, k=2).problem(affine="skip", tolerance=0.0)
    found = exact.solve(problem)
    assert found.proof is Proof.EXACT
    assert found.lower_bound > 2
    data = datasets.load("planted", d=1, n=20, k=2)
    rng = np.random.default_rng(0)
    rng.uniform(-1, 1, (20, 1))
    planted = Network(rng.normal(size=(2, 1)), rng.normal(size=2) * 0.5, [1.0, -1.0], [0.0, 0.0])
    assert np.array_equal(planted(data.X), data.y)
    fit = continuous.find_sparse(problem, "weights", width=1, effort_limit=0.1)
    fitted = dataclasses.replace(fit, network=planted)
    verdict = judge(problem, found, fitted, fitted)
    # the planted network gives these very floats, yet its real values miss them by their rounding
    assert verdict.outcome is Outcome.NOT_INTERPOLATING
    assert "up to rounding" in verdict.reason
    assert "allow a tolerance" in verdict.reason


@pytest.mark.parametrize("dearer", ["exact", "found"])
def test_the_least_path_norm_is_sought_from_the_cheaper_network(monkeypatch, sides, dearer):
    # max(0, x - 9) is zero on all samples: a network with it fits and costs more
    found, fit = sides
    more = np.r_[fit.network.folded, [[1.0, -9.0]]]
    dear = Network.from_folded(more, np.sign(np.r_[fit.network.outputs, 1.0]))
    assert dear.solves(PEAK)
    if dearer == "exact":
        found = dataclasses.replace(found, network=dear)
    else:
        fit = dataclasses.replace(fit, network=dear)
    begun = []

    def noted(*arguments, witness, **options):
        begun.append(witness)
        return exact.minimize_path_norm(*arguments, witness=witness, **options)

    monkeypatch.setattr(comparison, "solve", lambda *arguments, **options: found)
    monkeypatch.setattr(comparison, "find_sparse", lambda *arguments, **options: fit)
    monkeypatch.setattr(comparison, "minimize_path_norm", noted)
    compare_sides(PEAK, **QUICK)
    assert begun == [fit.network if dearer == "exact" else found.network]


@pytest.mark.slow
def test_training_lowers_the_upper_end_of_the_least_path_norm(monkeypatch, sides):
    dear = Network.from_folded(
        np.r_[sides[1].network.folded, [[1.0, -9.0]]], [*np.sign(sides[1].network.outputs), 1]
    )

    def bounded(problem, p, objective, **options):
        cost = dear.path_norm(p, objective)
        found = exact.minimize_path_norm(problem, p, objective)
        return dataclasses.replace(
            found, lower_bound=1.0, upper_bound=cost, network=dear, status=Status.TIME_LIMIT
        )

    monkeypatch.setattr(comparison, "minimize_path_norm", bounded)
    verdict = compare_sides(PEAK, **QUICK)
    assert (
        verdict.least.upper_bound == verdict.continuous.path_norm < dear.path_norm(verdict.least.p, "neurons")
    )
    assert verdict.least.network == verdict.continuous.network


@pytest.mark.slow
def test_disagreement_is_written_out_and_can_be_reproduced(monkeypatch, tmp_path, sides):
    found, _ = sides
    monkeypatch.setattr(comparison, "solve", lambda *a, **k: dataclasses.replace(found, lower_bound=4))
    verdict = compare_sides(PEAK, directory=tmp_path, **QUICK)
    assert verdict.outcome is Outcome.DISAGREE
    problem_file, verdict_file = sorted(tmp_path.iterdir())
    assert load(problem_file) == PEAK
    again = load(verdict_file)
    assert again.outcome is Outcome.DISAGREE
    assert again.continuous.network == verdict.continuous.network
    assert str(problem_file) in verdict.reason


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["weights", "parameters"])
def test_other_objectives(objective):
    verdict = compare_sides(datasets.load("xor").problem(), objective=objective, **QUICK)
    assert verdict.outcome is Outcome.AGREE, verdict.reason
    assert "proven in rational arithmetic" in verdict.reason


@pytest.mark.slow
def test_time_limit_leaves_an_open_verdict():
    problem = datasets.load("uniform", d=2, n=16).problem()
    verdict = compare_sides(problem, time_limit=0.5, **QUICK)
    assert verdict.exact.status is Status.TIME_LIMIT
    assert verdict.outcome in (Outcome.EXACT_OPEN, Outcome.NOT_INTERPOLATING)


@pytest.mark.slow
def test_progress_names_the_side():
    messages = []
    compare_sides(PEAK, progress=lambda state: messages.append(state.message), **QUICK)
    sides = {message.partition(": ")[0] for message in messages}
    assert {"sparse", "path norm"} <= sides


@pytest.mark.parametrize("options", [{"p": 0}, {"objective": "knots"}, {"method": "x"}, {"restarts": 0}])
def test_bad_options(options):
    with pytest.raises(InputError):
        compare_sides(Problem([0, 1], [0, 1]), **options)


def test_ctrl_c_ends_both_sides():
    def interrupt(progress):
        if "exact" in progress.message:
            raise KeyboardInterrupt

    problem = datasets.load("uniform", d=2, n=14).problem()
    verdict = compare_sides(problem, least_limit=0, progress=interrupt)
    assert verdict.outcome is Outcome.EXACT_OPEN
    assert "interrupted" in verdict.reason
    assert verdict.exact.status is verdict.continuous.status is Status.INTERRUPTED
    assert verdict.continuous.network.solves(problem)
    assert verdict.least is None


@pytest.mark.slow
def test_the_exact_side_is_shared_and_kept_as_elsewhere(tmp_path):
    xor = datasets.load("xor").problem()
    path = tmp_path / "count.checkpoint"
    with pytest.raises(InputError, match="workers = 0"):
        compare_sides(xor, workers=0)
    with pytest.raises(InputError, match="resume needs a checkpoint_file"):
        compare_sides(xor, resume=True)
    first = compare_sides(xor, least_limit=0, checkpoint_file=path, **QUICK)
    assert first.outcome is Outcome.AGREE
    with pytest.raises(InputError, match="--resume"):
        compare_sides(xor, checkpoint_file=path)
    again = compare_sides(xor, least_limit=0, checkpoint_file=path, resume=True, **QUICK)
    assert again.exact.lower_bound == first.exact.lower_bound == 2
    assert "count.checkpoint as well" in again.exact.remark
