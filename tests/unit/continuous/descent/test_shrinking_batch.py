"""Batches that lose restarts and neurons: what is left computes what it would have computed."""

from typing import Any

import numpy as np
import pytest
import torch
from helpers import in_turn

from sparsest.affine import Affine
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.algorithms.by_name import GRADIENT_ALGORITHMS, gradient_algorithm
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.descent.loop import Descent
from sparsest.continuous.descent.shrinking_batch import LiveBatch
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

PEAK = Problem([-2, -1, 0, 1, 2, 3], [0, 0, 1, 1, 0, 0])
ROWS = torch.tensor(PEAK.homogeneous / 2)
LABELS = torch.tensor(PEAK.low)


def batch_of(restarts: int, width: int, *, affine: Affine, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.randn((restarts, width, 2), dtype=torch.float64, generator=generator)
    outputs = torch.randn((restarts, width), dtype=torch.float64, generator=generator)
    return Batch(hidden, outputs, affine=affine)


def descent(batch: Batch, algorithm: str, objective: Objective, steps: int, **options: Any) -> Descent:
    schedule = Schedule(steps, 0.02, 0.03, 0.4, objective)
    data = ROWS, LABELS, LABELS
    return Descent(
        batch, data, schedule, gradient_algorithm(algorithm, schedule),
        bounds=None, to_units=torch.eye(2).double(),
        **options,
    )  # fmt: skip


class StopAt(Deadline):
    """Time that is up at a step."""

    def __init__(self, descent: Descent, step: int) -> None:
        super().__init__(None)
        self._descent, self._step = descent, step

    @property
    def expired(self) -> bool:
        return self._descent.taken >= self._step


def run(descent: Descent) -> str:
    return descent.run(Deadline(None), lambda step: None, lambda: None)


@pytest.mark.parametrize("affine", list(Affine))
def test_parts_keep_parameters_and_moments(affine: Affine) -> None:
    batch = batch_of(4, 5, affine=affine)
    for step in range(3):
        batch.differentiate(ROWS, LABELS, LABELS)
        batch.adam(step + 1, 0.01)
    restarts, neurons = torch.tensor([2, 0]), torch.tensor([[4, 1, 0], [3, 2, 1]])
    part = batch.part(restarts, neurons)
    assert torch.equal(part.hidden[1, 0], batch.hidden[0, 3])
    assert torch.equal(part.outputs[0], batch.outputs[2, [4, 1, 0]])
    assert torch.equal(part.momentum("hidden")[0, 1], batch.momentum("hidden")[2, 1])
    if affine is not Affine.NONE:
        assert torch.equal(part.momentum("affine")[0], batch.momentum("affine")[2])
        assert part.affine is not None
        assert batch.affine is not None
        assert torch.equal(part.affine, batch.affine[restarts])


def test_what_is_dropped_is_zero_in_the_whole_and_the_rest_up_to_date() -> None:
    whole = batch_of(3, 4, affine=Affine.SKIP)
    live = LiveBatch(whole)
    idle = torch.zeros((3, 4), dtype=torch.bool)
    idle[0, :3], idle[2, 1:] = True, True
    first = whole.hidden[0, 3].clone()
    kept = live.drop(idle, torch.tensor([False, True, False]))
    assert kept is not None
    assert kept.tolist() == live.restarts.tolist() == [0, 2]
    assert live.batch.outputs.shape == (2, 1)
    retired = whole.hidden[1].clone()
    live.batch.hidden += 1
    live.write_back()
    assert torch.equal(whole.hidden[0, 0], first + 1)
    assert not whole.outputs[0, 1:].any()
    assert torch.equal(whole.hidden[1], retired)
    # nothing to gain: nothing is copied
    assert live.drop(torch.zeros((2, 1), dtype=torch.bool), torch.tensor([False, False])) is None


@pytest.mark.parametrize(("algorithm", "objective"), in_turn(sorted(GRADIENT_ALGORITHMS), Objective))
@pytest.mark.slow
def test_networks_are_those_of_a_batch_that_keeps_everything(
    algorithm: str, objective: Objective, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, narrowed = (batch_of(6, 30, affine=Affine.NONE, seed=1) for _ in range(2))
    ended = descent(narrowed, algorithm, objective, 400)
    assert run(ended) == "finished"
    monkeypatch.setattr(LiveBatch, "drop", lambda self, idle, hopeless: None)
    kept = descent(plain, algorithm, objective, 400)
    run(kept)
    values = [batch.values(ROWS) for batch in (plain, narrowed)]
    # sums are rounded in another order, which hundreds of steps magnify a little
    torch.testing.assert_close(*values, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(kept.history.loss, ended.history.loss, rtol=1e-5, atol=1e-9)
    np.testing.assert_array_equal(kept.history.active[-1], ended.history.active[-1])


@pytest.mark.slow
def test_neurons_that_die_are_dropped() -> None:
    batch = batch_of(4, 40, affine=Affine.NONE)
    run_of = descent(batch, "adam-reweighted", Objective.NEURONS, 600)
    run(run_of)
    widths = run_of._live.batch.outputs.shape[1]
    assert widths < 40
    assert run_of.history.active.shape[1] == 4
    assert run_of.history.active[-1].max() <= widths


@pytest.mark.parametrize("algorithm", ["adam-reweighted", "published"])
def test_without_a_penalty_nothing_is_zero_for_good(algorithm: str) -> None:
    for regularization, dead in ((0.03, True), (0.0, False)):
        batch = batch_of(1, 3, affine=Affine.NONE)
        batch.outputs[0, 0] = 0  # its input weights are not zero, so that it has a gradient
        schedule = Schedule(100, 0.02, regularization, 0.4, Objective.PARAMETERS)
        steps = gradient_algorithm(algorithm, schedule)
        batch.hidden[0, 0] = 0 if dead else torch.ones(2, dtype=torch.float64)
        assert steps.idle(batch).tolist() == [[dead, False, False]]
        for step in range(3):
            steps.step(batch, (ROWS, LABELS, LABELS), step, None)
        assert bool((batch.outputs[0, 0] == 0) | (batch.hidden[0, 0] == 0).all()) == dead


@pytest.mark.slow
def test_an_interruption_never_leaves_half_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(self: Any, restarts: torch.Tensor) -> None:
        raise KeyboardInterrupt  # after the batch was narrowed, before the algorithm was told

    algorithm = GRADIENT_ALGORITHMS["adam-reweighted"]
    monkeypatch.setattr(algorithm, "keep", interrupt)
    course = descent(batch_of(4, 40, affine=Affine.NONE), "adam-reweighted", Objective.NEURONS, 600)
    assert run(course) == "interrupted"
    assert 0 < course.taken < 600
    assert not course.is_whole


def test_retired_restarts_have_one_history_wherever_a_run_was_stopped() -> None:
    def course() -> Descent:
        return descent(
            batch_of(3, 3, affine=Affine.NONE, seed=1),
            "adam-reweighted",
            Objective.NEURONS,
            1400,
            lower_bound=3,
        )

    # steps are recorded every 7, restarts retired every 50: 99 is the last step before, and not a record
    whole, first, second = course(), course(), course()
    for step, retired in ((99, False), (101, True)):  # a neuron of the last restart dies in between
        whole.run(StopAt(whole, step), lambda step: None, lambda: None)
        assert (2 not in whole._live.restarts) == retired
    whole = course()
    for run_of, end in ((whole, 140), (first, 99)):
        run_of.run(StopAt(run_of, end), lambda step: None, lambda: None)
    second.restore(first.arrays())
    second.run(StopAt(second, 140), lambda step: None, lambda: None)
    np.testing.assert_array_equal(second.history.steps, whole.history.steps)
    np.testing.assert_array_equal(second.history.loss, whole.history.loss)


def test_restarts_that_cannot_fit_any_more_are_retired() -> None:
    batch = batch_of(3, 6, affine=Affine.NONE)
    batch.hidden[1] = 0  # it is zero and stays so
    batch.outputs[2, 1:], batch.hidden[2, 1:] = 0, 0  # one neuron, where three are needed
    course = descent(batch, "adam-reweighted", Objective.NEURONS, 60, lower_bound=3)
    run(course)
    assert course._live.restarts.tolist() == [0]
    # a retired restart's figures go on
    assert course.history.loss[0, 1] == course.history.loss[-1, 1] == pytest.approx(1 / 3)
    assert course.history.loss.shape == (len(course.history.steps), 3)


def test_a_run_without_restarts_ends() -> None:
    batch = batch_of(2, 3, affine=Affine.NONE)
    batch.hidden[:] = 0
    course = descent(batch, "published", Objective.WEIGHTS, 1000)
    assert run(course) == "finished"
    assert course.taken == 0


def test_a_proven_bound_ends_gradient_descent() -> None:
    # max(0, x - 2) + max(0, x + 1) - max(0, 2 x - 1) fits; inputs are halved
    solution = torch.tensor([[1.0, -2], [1, 1], [2, -1]]).double(), torch.tensor([2.0, 2, -2]).double()
    for bound, steps in ((3, 0), (2, 60), (0, 60)):
        batch = batch_of(2, 3, affine=Affine.NONE)
        batch.hidden[1], batch.outputs[1] = solution
        course = descent(batch, "adam-reweighted", Objective.NEURONS, 60, lower_bound=bound)
        assert run(course) == "finished"
        assert course.taken == steps
