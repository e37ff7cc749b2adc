"""One feature with a skip: questions on a growing subset, held against passes over all samples alone."""

import numpy as np
import pytest

from sparsest import Problem, exact
from sparsest.error_scale import error_scale
from sparsest.exact.trade_off.growing_subset import GrowingSubset
from sparsest.exact.trade_off.knowledge import NO_NUMBER
from sparsest.exact.trade_off.one_feature import KnotCounter
from sparsest.exact.trade_off.question import ErrorQuestion
from sparsest.results.solving import Status


def question_of(problem, scale=None, gap=1e-6):
    return ErrorQuestion.of(problem, error_scale(problem, scale), gap)


def bracketed(question, knots, upper, **sizes):
    """Ask until the bounds are close; return them and the number of passes over all samples."""
    passes, count = 0, question.counter.count

    def counted(error):
        nonlocal passes
        passes += 1
        return count(error)

    object.__setattr__(question.counter, "count", counted)
    subset, lower = GrowingSubset(question, knots, **sizes), 0.0
    answer = subset.ask_zero()
    while answer is not None:
        if answer.least > knots:
            lower = max(lower, answer.error)
        if answer.most is not None and answer.most <= knots:
            upper = min(upper, answer.error)
        answer = None if question.is_close(lower, upper) else subset.ask(lower, upper)
    object.__setattr__(question.counter, "count", count)
    return lower, upper, passes


def random_problem(rng, n):
    """Ties of positions and of labels, decimals, and units of errors, of all kinds by turns."""
    kind = int(rng.integers(6))
    x = rng.integers(0, 2 * n, n) / 10 if kind % 2 else rng.normal(size=n)  # some are repeated
    y = [
        lambda: rng.integers(0, 3, n).astype(float),
        lambda: np.round(rng.normal(size=n), 1),
        lambda: rng.normal(size=n),
        lambda: np.exp(3 * (x - x.min()) / np.ptp(x)),
        lambda: np.sin(5 * x) + rng.normal(size=n) * (rng.random(n) < 0.1),
        lambda: np.cumsum(rng.choice([-1.0, 0.0, 1.0], n)),
    ][kind]()
    scale = [None, rng.uniform(0.01, 3, n), rng.choice([0.5, 1.0, 2.0], (n, 2))][int(rng.integers(3))]
    return Problem(x, y, affine="skip", tolerance=float(np.ptp(y)) if kind % 2 else 0.0), scale


@pytest.mark.parametrize("seed", range(30))
def test_bounds_are_those_of_all_samples(seed):
    rng = np.random.default_rng(seed)
    problem, scale = random_problem(rng, int(rng.integers(2, 150)))
    for knots in (0, 1, 2, 5, 20):
        question = question_of(problem, scale)
        sizes = {"block": int(rng.integers(2, 20)), "margin": int(rng.integers(0, 4))}
        lower, upper, _ = bracketed(question, knots, question.largest, **sizes)
        assert question.is_close(lower, upper)
        assert question.counter.count(upper).is_at_most(knots) or upper == question.largest
        assert lower == 0 or not question.counter.count(lower).is_at_most(knots)


@pytest.mark.parametrize("seed", range(20))
def test_samples_that_are_touched_force_as_many_knots(seed):
    rng = np.random.default_rng(seed)
    problem, scale = random_problem(rng, 60)
    counter = KnotCounter.of(problem, error_scale(problem, scale))
    for error in (0.0, *rng.uniform(0, np.ptp(problem.targets) / 2, 8)):
        found = counter.count(error)
        assert counter.restricted(found.touched).count(error).knots == found.knots
        some = np.flatnonzero(rng.random(60) < 0.5)
        fewer = counter.restricted(some).count(error).knots
        assert found.knots is None or fewer <= found.knots


def test_labels_of_one_position_that_lie_apart():
    # 0 and 3 at position 0, 0 and 1 at position 1: no function is within less than 3/2 of the former
    problem = Problem([0, 1, 0, 1], [0, 0, 3, 1], affine="skip", tolerance=2.0)
    counter = KnotCounter.of(problem, error_scale(problem, None))
    assert counter.count(1.4).knots is None
    assert counter.count(1.4).touched.tolist() == [0, 1]  # in order of x
    assert counter.count(1.6).knots == 0
    many = Problem(np.repeat(np.arange(500.0), 2), np.tile([0.0, 1.0], 500), affine="skip", tolerance=1.0)
    lower, upper, passes = bracketed(question_of(many), 3, 1.0, block=64, margin=0)
    assert lower < 0.5 <= upper
    assert passes <= 3


def test_extremes_by_hand():
    problem = Problem(np.arange(7.0), [0, 5, 1, 2, 2, 9, 4], affine="skip")
    counter = KnotCounter.of(problem, error_scale(problem, [1, 10, 1, 1, 1, 1, 1]))
    # rows of three, 0 5 1 and 2 2 9, and the 4 that is left over
    assert counter.extremes(0.0, 3).tolist() == [0, 1, 3, 5, 6]
    # within 1 the label 5 is from -5 to 15, so that 0 and 2 have the tightest ends
    assert counter.extremes(1.0, 3).tolist() == [0, 2, 3, 5, 6]
    assert counter.extremes(0.0, 8).tolist() == [*range(7)]


@pytest.mark.parametrize("shape", ["noise", "sine", "exponential", "units"])
def test_most_questions_are_put_to_few_samples(shape):
    rng = np.random.default_rng(1)
    x, noise = np.sort(rng.uniform(0, 10, 20_000)), rng.normal(size=20_000)
    units = 10 ** rng.uniform(-2, 0, 20_000)
    y = {"noise": noise, "sine": np.sin(x), "exponential": np.exp(x), "units": np.sin(x) + units * noise}
    problem = Problem(x, y[shape], affine="skip")
    question = question_of(problem, units if shape == "units" else None)
    lower, upper, passes = bracketed(question, 3, question.largest)
    assert question.counter.count(upper).is_at_most(3)
    assert not question.counter.count(lower).is_at_most(3)
    assert passes <= 4  # it took 25 of all samples alone


def test_all_samples_take_over_where_the_subset_fails_again_and_again(monkeypatch):
    """Whatever is wrong with a subset, questions come to an end."""
    monkeypatch.setattr(KnotCounter, "extremes", lambda self, error, block: np.array([0, len(self) - 1]))
    rng = np.random.default_rng(0)
    problem = Problem(np.arange(3000.0), rng.normal(size=3000), affine="skip")
    question = question_of(problem)
    lower, upper, _ = bracketed(question, 5, question.largest, margin=0)
    assert question.is_close(lower, upper)
    assert question.counter.count(upper).is_at_most(5)
    assert not question.counter.count(lower).is_at_most(5)


@pytest.mark.parametrize("knots", [0, 3])
def test_a_gap_that_floats_do_not_have(knots):
    """The bounds are neighbours, and the upper one is attained."""
    problem = Problem(np.arange(300.0), np.random.default_rng(0).normal(size=300), affine="skip")
    result = exact.least_error(problem, knots, gap=1e-17)
    assert result.status is Status.NODE_LIMIT
    assert result.gap <= 1e-14
    assert result.network.count() <= knots


def test_labels_that_are_met_are_found_whatever_the_gap():
    # |x| has one knot
    x = np.arange(-300.0, 301.0)
    result = exact.least_error(Problem(x, np.abs(x), affine="skip"), 1, gap=1.5)
    assert result.upper_bound == 0
    assert result.questions == 1
    assert exact.least_error(Problem(x, np.abs(x), affine="skip"), 0).upper_bound == pytest.approx(150)


def test_conflicts_force_no_number_of_knots():
    problem = Problem([0, 0, 1], [0, 1, 5], affine="skip", tolerance=0.5)
    assert GrowingSubset(question_of(problem), 3).ask_zero().least == NO_NUMBER


def test_time_may_be_too_short_for_a_pass():
    problem = Problem(np.arange(300.0), np.random.default_rng(0).normal(size=300), affine="skip")
    result = exact.least_error(problem, 1, time_limit=1e-9)
    assert result.status is Status.TIME_LIMIT
    assert result.questions == 0
    assert result.lower_bound == 0
    assert result.network is not None
