"""Training, the torch module, and `minimize` from end to end."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch

from sparsest import datasets
from sparsest.affine import Affine
from sparsest.continuous import ReLUNetwork, default_width, find_sparse, minimize
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.descent.initialization import (
    INITIALIZATIONS,
    neurons_through_samples,
    random_neurons,
)
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Progress
from sparsest.results.solving import FitResult

PEAK = Problem([-2, -1, 0, 1, 2, 3], [0, 0, 1, 1, 0, 0])
XOR = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
CONVEX = Problem(range(-3, 4), [x * x for x in range(-3, 4)])
ADAM: dict[str, Any] = {"algorithm": "adam-reweighted"}
QUICK: dict[str, Any] = ADAM | {"restarts": 8, "steps": 400}


def assert_consistent(problem: Problem, fit: FitResult) -> None:
    """What a referee checks of any result, from the networks alone."""
    staged = fit.options["algorithm"] in ("auto", "find")
    restarts, objective = 1 if staged else fit.options["restarts"], fit.objective
    for array in (
        fit.restarts.counts,
        fit.restarts.residuals,
        fit.restarts.raw_counts,
        fit.restarts.raw_residuals,
    ):
        assert array.shape == (restarts,)
    assert fit.raw_residual == fit.raw.residual(problem)
    assert fit.residual == fit.network.residual(problem)
    assert fit.count == fit.network.count(objective)
    pairs = list(zip(fit.restarts.counts, fit.restarts.residuals, strict=True))
    assert (fit.count, fit.residual) in pairs
    assert (fit.raw.count(objective), fit.raw_residual) in zip(
        fit.restarts.raw_counts, fit.restarts.raw_residuals, strict=True
    )
    if fit.network.interpolates(problem):
        exact = [count for count, residual in pairs if residual == 0]
        assert not exact or fit.count <= min(exact)
    else:
        assert fit.residual == fit.restarts.residuals.min()
    records = len(fit.history.steps)
    assert (
        fit.history.loss.shape
        == fit.history.path_norm.shape
        == fit.history.active.shape
        == (records, restarts)
    )
    assert fit.history.steps[-1] == fit.steps


# ---------------------------------------------------------------- the smallest counts that are known


@pytest.mark.parametrize("seed", range(4))
def test_peak_plateau_with_default_arguments(seed: int) -> None:
    fit = find_sparse(PEAK, objective="weights", seed=seed)  # minimum 3: proven by the exact side
    assert_consistent(PEAK, fit)
    assert fit.count == 3
    assert fit.network.interpolates(PEAK)
    assert fit.residual < 1e-14
    assert fit.seconds < 20


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "objective", "minimum"),
    [
        # one neuron that is positive at (0, 1) and (1, 0) is so at their middle, but not above zero at
        # (0, 0) and (1, 1), which have the same middle
        pytest.param(XOR, "neurons", 2, id="xor"),
        # the label rises with the second input where the first is 0 and falls where it is 1; a neuron with
        # two weights is monotone, one with one weight does not mix the inputs: two with two weights each
        pytest.param(XOR, "weights", 4, id="xor-weights"),
        pytest.param(XOR, "parameters", 4, id="xor-parameters"),
        # curvature of one sign at all five inner samples: ceil(5 / 2) = 3 knots (univariate recursion)
        pytest.param(CONVEX, "weights", 3, id="convex-weights"),
        pytest.param(CONVEX.replace(affine="skip"), "neurons", 3, id="convex-skip"),
        # without a skip 4, from the activation tree
        pytest.param(CONVEX, "neurons", 4, id="convex"),
        # five inner samples of alternating curvature: one knot each
        pytest.param(Problem(range(7), [0, 1, 0, 1, 0, 1, 0], affine="skip"), "neurons", 5, id="zigzag-skip"),
        # without a skip 4, from the activation tree
        pytest.param(Problem(range(6), [0, 1, 0, 1, 0, 1]), "neurons", 4, id="zigzag"),
    ],
)
def test_known_minima(problem: Problem, objective: str, minimum: int) -> None:
    fit = find_sparse(problem, objective=objective)
    assert_consistent(problem, fit)
    assert fit.network.interpolates(problem)
    assert fit.count == minimum


@pytest.mark.slow
def test_random_labels_in_the_plane_mostly_reach_the_minimum() -> None:
    minima = [3, 2, 3, 3]  # from the activation tree
    excess = []
    for seed, minimum in enumerate(minima):
        rng = np.random.default_rng(seed)
        problem = Problem(rng.uniform(-1, 1, (6, 2)), rng.uniform(-1, 1, 6))
        fit = minimize(problem, objective="neurons", restarts=8, steps=600, **ADAM)
        assert fit.network.interpolates(problem)
        excess.append(fit.count - minimum)
    assert min(excess) >= 0
    assert max(excess) <= 1
    assert excess.count(0) >= 3


# ---------------------------------------------------------------- problems of every kind


@pytest.mark.parametrize("objective", list(Objective))
def test_labels_of_zero_need_nothing(objective: Objective) -> None:
    fit = minimize(Problem([[0.0, 1.0], [2.0, 3.0], [4.0, 4.0]], [0, 0, 0]), objective=objective, **QUICK)
    assert fit.network == Network.zero(2)
    assert fit.residual == 0


@pytest.mark.slow
def test_constant_labels_need_no_neuron_with_a_skip_and_one_without() -> None:
    x = [-1.0, 0.5, 2.0]
    skipping = Problem(x, [5.0, 5.0, 5.0], affine="skip")
    fit = minimize(skipping, objective="neurons", **QUICK)
    assert fit.count == 0
    assert fit.network.interpolates(skipping)
    assert minimize(Problem(x, [5.0, 5.0, 5.0]), objective="neurons", **QUICK).count == 1
    # a constant neuron has a bias and no weight
    assert minimize(Problem(x, [5.0, 5.0, 5.0]), objective="weights", **QUICK).count == 0


@pytest.mark.parametrize("label", [2.0, -3.0, 0.0])
def test_one_sample(label: float) -> None:
    problem = Problem([[3.0, -1.0]], [label])
    fit = minimize(problem, objective="neurons", **QUICK)
    assert fit.network.interpolates(problem)
    assert fit.count == (label != 0)


def test_affine_labels_with_a_skip() -> None:
    x = np.linspace(-2, 3, 7)
    problem = Problem(x, 0.1 * x + 1e6, affine="skip")
    fit = minimize(problem, objective="weights", **QUICK)
    assert fit.count == 0
    assert fit.network.interpolates(problem)


def test_classification() -> None:
    problem = Problem.classification(XOR.X, [0, 1, 1, 0])
    fit = find_sparse(problem, objective="neurons")
    assert_consistent(problem, fit)
    assert fit.network.interpolates(problem)
    # f = max(0, b) - max(0, a) would need b > 0 at (0, 1), (1, 0) and a > 0 at the other two corners; the
    # corners' diagonals have one middle, so a summed over (0, 0), (1, 1) is at least 2 more than b, which is
    # b summed over (0, 1), (1, 0) and there at least 2 more than a, whose sum is the same: two do not do
    assert fit.count == 3


@pytest.mark.slow
def test_labels_computed_by_three_neurons_on_many_samples() -> None:
    # 40 samples in intervals as narrow as an LP's accuracy, 9 free numbers
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (40, 2))
    planted = Network(rng.normal(size=(3, 2)), 0.5 * rng.normal(size=3), [1.0, -1.0, 1.0])
    problem = Problem(X, planted(X), tolerance=1e-9)
    fit = find_sparse(problem, objective="neurons")
    assert fit.network.interpolates(problem)
    assert fit.count == 3


def test_a_generous_tolerance_needs_fewer_neurons() -> None:
    # within 1/2 the constant 1/2 fits peak-plateau
    fit = minimize(Problem(PEAK.X, PEAK.low, tolerance=0.5), objective="neurons", **QUICK)
    assert fit.count == 1


def test_repeated_samples() -> None:
    problem = Problem([0, 0, 1, 2], [0, 0, 1, 0])
    fit = minimize(problem, objective="neurons", **QUICK)
    assert fit.network.interpolates(problem)
    assert fit.count == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("labels", "inputs", "shift"),
    [(1e-12, 1e12, 0.0), (1e12, 1e-12, 0.0), (1.0, 1.0, 1e6), (1e-12, 1e-12, 0.0)],
)
def test_any_units(labels: float, inputs: float, shift: float) -> None:
    problem = Problem(inputs * PEAK.X + shift, labels * PEAK.low)
    fit = minimize(problem, objective="weights", seed=1, **QUICK)
    assert fit.count == 3
    assert fit.network.interpolates(problem)
    assert fit.history.loss[-1].min() < 1e-4 * labels**2


@pytest.mark.slow
def test_powers_of_two_change_nothing_but_the_units() -> None:
    plain, scaled = (
        minimize(PEAK, objective="weights", **QUICK),
        minimize(Problem(PEAK.X * 2.0**-30, PEAK.low * 2.0**20), objective="weights", **QUICK),
    )
    np.testing.assert_array_equal(scaled.history.loss, plain.history.loss * 2.0**40)
    np.testing.assert_array_equal(scaled.restarts.counts, plain.restarts.counts)
    # slopes |v w| scale by 2^50, their sum of p-th powers by 2^(50 p)
    np.testing.assert_allclose(scaled.history.path_norm, plain.history.path_norm * 2.0**20, rtol=1e-9)


def test_a_weight_bound_holds_for_raw_and_polished_networks() -> None:
    problem = Problem(PEAK.X, PEAK.low, weight_bound=1.5)
    fit = minimize(problem, objective="weights", **QUICK)
    assert fit.network.interpolates(problem)
    for network in (fit.raw, fit.network):
        assert np.abs(network.folded[:, 0]).max() <= 1.5 * (1 + 1e-9)


def test_a_network_too_narrow_is_reported_as_not_interpolating() -> None:
    # three neurons are needed; of width 1 no restart interpolates, and its raw figures stand
    fit = minimize(PEAK, objective="weights", width=1, **QUICK)
    assert_consistent(PEAK, fit)
    assert not fit.network.interpolates(PEAK)
    assert fit.residual >= 0.25
    np.testing.assert_array_equal(fit.restarts.residuals, fit.restarts.raw_residuals)
    np.testing.assert_array_equal(fit.restarts.counts, fit.restarts.raw_counts)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("p", "objective"), [(0.1, "neurons"), (0.7, "weights"), (1.0, "parameters"), (0.7, "neurons")]
)
def test_every_power_and_objective(p: float, objective: str) -> None:
    fit = minimize(PEAK, p, objective=objective, **QUICK)
    assert_consistent(PEAK, fit)
    assert fit.network.interpolates(PEAK)
    assert fit.p == p
    assert fit.objective == objective


@pytest.mark.slow
def test_regularisation_lowers_the_path_norm() -> None:
    none = minimize(PEAK, objective="weights", regularization=0.0, **QUICK)
    some = minimize(PEAK, objective="weights", regularization=0.03, **QUICK)
    assert np.median(some.history.path_norm[-1]) < np.median(none.history.path_norm[-1])
    assert np.median(some.history.active[-1]) < np.median(none.history.active[-1])


def test_single_precision() -> None:
    fit = minimize(PEAK, objective="weights", dtype="float32", **QUICK)
    assert fit.count == 3
    assert fit.network.interpolates(PEAK)


# ---------------------------------------------------------------- determinism, time, interruption


@pytest.mark.slow
def test_a_seed_decides_everything() -> None:
    first, second, other = (minimize(PEAK, objective="weights", seed=seed, **QUICK) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.history.loss, second.history.loss)
    np.testing.assert_array_equal(first.restarts.counts, second.restarts.counts)
    assert np.array_equal(first.raw.folded, second.raw.folded)
    assert first.network == second.network
    assert not np.array_equal(first.history.loss, other.history.loss)


def test_the_thread_count_is_put_back(three_threads: None) -> None:
    minimize(PEAK, objective="weights", restarts=2, steps=2, **ADAM)
    assert torch.get_num_threads() == 3


def test_a_time_limit_returns_what_there_is() -> None:
    fit = minimize(PEAK, objective="weights", steps=10**7, time_limit=1.0, **ADAM)
    assert_consistent(PEAK, fit)
    assert fit.status == "time_limit"
    assert 0 < fit.steps < 10**7
    assert fit.seconds < 3
    assert fit.count == 3  # training leaves half of the time to the polish


def test_a_tiny_time_limit_returns_the_initial_networks() -> None:
    fit = minimize(PEAK, objective="weights", time_limit=1e-9, **ADAM)
    assert_consistent(PEAK, fit)
    assert (fit.steps, fit.status) == (0, "time_limit")
    np.testing.assert_array_equal(fit.restarts.counts, fit.restarts.raw_counts)


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["training", "polishing"])
def test_an_interrupt_returns_what_there_is(phase: str) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.message.startswith(phase):
            raise KeyboardInterrupt

    fit = minimize(PEAK, objective="weights", restarts=50, steps=600, progress=interrupt, **ADAM)
    assert_consistent(PEAK, fit)
    assert fit.status == "interrupted"
    assert fit.steps < 600 if phase == "training" else fit.steps == 600
    assert np.any(fit.restarts.residuals == fit.restarts.raw_residuals)


@pytest.mark.slow
def test_progress_is_reported_in_both_phases() -> None:
    seen: list[Progress] = []
    minimize(PEAK, objective="weights", restarts=16, steps=400, progress=seen.append, **ADAM)
    seen = [progress for progress in seen if progress.attempt is None]
    phases = [progress.message.split()[0] for progress in seen]
    assert [phase for phase, _ in itertools.groupby(phases)] == ["training", "polishing"]
    fractions = [progress.fraction for progress in seen if progress.fraction is not None]
    assert len(fractions) == len(seen)
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1


def test_history_is_recorded_about_two_hundred_times() -> None:
    fit = minimize(PEAK, objective="weights", restarts=2, steps=1000, **ADAM)
    assert fit.history.steps[:3].tolist() == [0, 5, 10]
    assert len(fit.history.steps) == 201
    last = len(fit.history.steps) - 1
    assert fit.history.loss[last].min() < fit.history.loss[0].min()
    # the last record is of the raw networks: ``raw`` is one of the restarts
    assert np.isclose(fit.history.path_norm[-1], fit.raw.path_norm(0.4, "weights"), rtol=1e-9).any()
    assert np.isclose(fit.history.loss[-1], np.mean(fit.raw.violation(PEAK) ** 2), rtol=1e-6).any()


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"p": 0.0}, "p = 0"),
        ({"p": 1.5}, "p = 1.5"),
        ({"p": math.nan}, "p = nan"),
        ({"p": "half"}, "p = 'half'"),
        ({"objective": "edges"}, "objective = 'edges'"),
        ({"width": 0}, "width = 0"),
        ({"width": 2.5}, "width = 2.5"),
        ({"restarts": 0}, "restarts = 0"),
        ({"restarts": True}, "restarts = True"),
        ({"steps": -1}, "steps = -1"),
        ({"seed": -1}, "seed = -1"),
        ({"seed": 2**63}, "seed = "),
        ({"device": "abacus"}, "device = 'abacus'"),
        ({"device": "meta"}, "device = 'meta'"),
        ({"device": "cuda:99"}, "device = 'cuda:99'"),
        ({"dtype": "float16"}, "dtype = 'float16'"),
        ({"learning_rate": 0}, "learning_rate = 0"),
        ({"learning_rate": math.inf}, "learning_rate = inf"),
        ({"regularization": -0.1}, "regularization = -0.1"),
        ({"time_limit": 0}, "time_limit = 0"),
        ({"algorithm": "adam-reweighed"}, "adam-reweighted"),
        ({"algorithm": "x"}, "known are"),
        ({"initialization": "zero"}, "known are random, through-samples"),
        ({"norm_bound": math.nan}, "norm_bound = nan"),
    ],
)
def test_bad_options_are_named(option: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        minimize(PEAK, **option)
    assert message in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a machine without CUDA is needed")
def test_cuda_that_is_absent_is_refused_and_auto_means_cpu() -> None:
    with pytest.raises(InputError, match="torch sees 0 CUDA devices"):
        minimize(PEAK, device="cuda")
    assert minimize(PEAK, objective="weights", restarts=1, steps=1, device="auto").device == "cpu"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA is needed")
def test_cuda_reaches_the_same_count() -> None:
    fit = minimize(PEAK, objective="weights", device="auto", **QUICK)
    assert fit.device.startswith("cuda")
    assert fit.count == 3


def test_default_width() -> None:
    assert [default_width(n) for n in (1, 5, 6, 50, 51, 1000)] == [20, 20, 24, 200, 200, 200]


# ---------------------------------------------------------------- the torch module and the batch


@pytest.mark.parametrize("skip", [None, [1.0, -2.0, 0.5]])
@pytest.mark.parametrize("width", [0, 1, 4])
def test_module_and_network_are_the_same_function(width: int, skip: list[float] | None) -> None:
    rng = np.random.default_rng(width)
    network = Network(rng.normal(size=(width, 2)), rng.normal(size=width), rng.normal(size=width), skip)
    module = ReLUNetwork.from_network(network)
    back = module.to_network()
    np.testing.assert_array_equal(back.weights, network.weights)
    assert back == network
    X = rng.normal(size=(9, 2))
    np.testing.assert_allclose(module(torch.tensor(X)).detach().numpy(), network(X), atol=1e-13)


@pytest.mark.slow
def test_module_trains_with_any_optimizer() -> None:
    module = ReLUNetwork(1, 20, affine="skip", generator=torch.Generator().manual_seed(0))
    X, y = torch.tensor(PEAK.X), torch.tensor(PEAK.low)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.02)
    losses = []
    for _ in range(200):
        loss = (module(X) - y).square().mean()
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < 0.5 * losses[0]


def test_module_refuses_sizes_that_make_no_sense() -> None:
    with pytest.raises(InputError, match="n_features = 0"):
        ReLUNetwork(0, 3)


@pytest.mark.parametrize("at_a_time", [1, 80, 10**6])  # one restart, two, and all three
@pytest.mark.parametrize("skip", [False, True])
def test_the_batch_gradient_is_that_of_autograd(skip: bool, at_a_time: int) -> None:
    generator = torch.Generator().manual_seed(3)
    X = torch.randn(7, 2, dtype=torch.float64, generator=generator)
    homogeneous = torch.cat([X, torch.ones(7, 1, dtype=torch.float64)], dim=1)
    low = torch.randn(7, dtype=torch.float64, generator=generator)
    high = low + torch.tensor([0.0, 0.0, 0.1, 2.0, torch.inf, 0.0, 1.0], dtype=torch.float64)
    kind = Affine.SKIP if skip else Affine.NONE
    batch = Batch(*random_neurons(homogeneous, 3, 5, generator), affine=kind, max_activations=at_a_time)
    if batch.affine is not None:
        batch.affine.copy_(torch.randn(3, 3, dtype=torch.float64, generator=generator))
    batch.differentiate(homogeneous, low, high)
    for r in range(3):
        module = ReLUNetwork(2, 5, affine="skip" if skip else "none")
        with torch.no_grad():
            module.hidden.copy_(batch.hidden[r])
            module.outputs.copy_(batch.outputs[r])
            if module.affine is not None and batch.affine is not None:
                module.affine.copy_(batch.affine[r])
        values = module(X)
        torch.testing.assert_close(batch.values(homogeneous)[r], values.detach())
        (values - values.detach().clamp(low, high)).square().mean().backward()
        for name, gradient in batch.gradients().items():
            torch.testing.assert_close(gradient[r], getattr(module, name).grad)


def test_the_batch_step_is_that_of_torch_adam() -> None:
    generator = torch.Generator().manual_seed(4)
    homogeneous = torch.randn(6, 2, dtype=torch.float64, generator=generator)
    homogeneous[:, -1] = 1
    y = torch.randn(6, dtype=torch.float64, generator=generator)
    batch = Batch(*random_neurons(homogeneous, 1, 4, generator), affine=Affine.NONE)
    module = ReLUNetwork(1, 4)
    with torch.no_grad():
        module.hidden.copy_(batch.hidden[0])
        module.outputs.copy_(batch.outputs[0])
    adam = torch.optim.Adam(module.parameters(), lr=0.01)
    for step in range(1, 21):
        adam.zero_grad()
        (module(homogeneous[:, :1]) - y).square().mean().backward()
        adam.step()
        batch.differentiate(homogeneous, y, y)
        batch.adam(step, 0.01)
    torch.testing.assert_close(batch.hidden[0], module.hidden.detach())
    torch.testing.assert_close(batch.outputs[0], module.outputs.detach())


def test_the_rate_is_constant_and_then_falls_to_zero() -> None:
    schedule = Schedule(1000, 0.01, 0.003, 0.4, Objective.WEIGHTS)
    assert schedule.rate(0) == schedule.rate(699) == 0.01
    assert schedule.rate(850) == pytest.approx(0.005)
    assert 0 < schedule.rate(999) < 1e-4


def test_initial_hyperplanes_pass_among_the_samples() -> None:
    homogeneous = torch.cat([torch.rand(30, 3).double(), torch.ones(30, 1).double()], dim=1)
    hidden, outputs = random_neurons(homogeneous, 10, 50, torch.Generator().manual_seed(0))
    signs = (hidden @ homogeneous.T) > 0
    assert (signs.any(-1) & ~signs.all(-1)).double().mean() > 0.8
    torch.testing.assert_close(torch.linalg.vector_norm(hidden[..., :-1], dim=-1), outputs.abs())


def test_labels_whose_square_underflows():
    fit = minimize(
        Problem([0, 1e-300, 3e-300], [0, 1e-300, 0]), objective="weights", restarts=4, steps=300, **ADAM
    )
    assert fit.count == 2  # labels rise and fall: one neuron each
    assert fit.residual <= 1e-312


@pytest.mark.slow
def test_cells_lost_in_training_are_offered_again():
    # the penalty on weights alone leaves mostly constant neurons here, whose cells admit no interpolation
    problem = datasets.load("planted", d=2, n=40, k=3).problem()
    fit = minimize(problem, objective="weights", restarts=2, steps=1500, **ADAM)
    assert fit.raw_residual > 1e-3
    assert fit.network.solves(problem)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("n", "d"), [(30, 3), (3, 5), (1, 2), (9, 1)])
def test_hyperplanes_through_samples_pass_near_as_many_as_can_be(n: int, d: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(1)
    homogeneous = torch.cat([torch.rand(n, d, generator=generator), torch.ones(n, 1)], dim=1).to(dtype)
    hidden, outputs = neurons_through_samples(homogeneous, 4, 60, generator, spread=0.0)  # near is then on
    assert hidden.dtype == outputs.dtype == dtype
    lengths = torch.linalg.vector_norm(hidden[..., :-1], dim=-1)
    torch.testing.assert_close(lengths, outputs.abs())
    met = (hidden @ homogeneous.T).abs() / lengths[..., None] < 1e-5
    # a hyperplane is determined by d samples; one through all of fewer than d + 1 would see nothing
    assert (met.sum(-1) == min(d, n - 1)).double().mean() > 0.95
    assert set(outputs.sign().unique().tolist()) == {-1.0, 1.0}
    if (n, d) == (9, 1):  # 240 points, on each of 9 samples about as often
        assert met.sum((0, 1)).min() > 10
    other, _ = neurons_through_samples(homogeneous, 4, 60, torch.Generator().manual_seed(2))
    assert not torch.equal(hidden, other)


@pytest.mark.slow
def test_initializations_begin_elsewhere_and_fit() -> None:
    fits = [minimize(PEAK, objective="weights", initialization=name, **QUICK) for name in INITIALIZATIONS]
    for name, fit in zip(INITIALIZATIONS, fits, strict=True):
        assert_consistent(PEAK, fit)
        assert fit.options["initialization"] == name
        assert fit.count == 3
        assert fit.network.solves(PEAK)
    assert fits[0].history.loss[0, 0] != fits[1].history.loss[0, 0]
