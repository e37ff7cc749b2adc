"""Dense training followed by magnitude pruning: what most users would try first.

- `weight_decay`: AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019).
- `adam_pruned`: Adam (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015).

Both then prune by magnitude and retrain, again and again (Han, Pool, Tran and Dally, "Learning both weights
and connections for efficient neural networks", NeurIPS 2015): half of what is left goes, smallest first;
where retraining does not bring the error back, half as many are tried, after a success twice as many, until
the smallest single part cannot go. What is left is then trained as long as the dense network was.

Differences: the magnitude is that of the folded neuron ``u = |v| (w, b)``, which does not depend on how a
neuron is balanced, entry by entry or, for the objective ``neurons``, the l^1 norm of the row; moments of Adam
start afresh after each pruning, and retraining is without decay, which would keep the error from vanishing;
a network is taken at its best step, not its last. Inputs and labels are
scaled to about one (powers of two, centred unless biases are counted), as users do. Samples with an interval
contribute the squared distance to it. A skip connection is trained, neither decayed nor pruned. The weight
bound is ignored: the referee judges.
"""

import dataclasses

import numpy as np
import torch

from sparsest import tolerances
from sparsest.arrays import FloatArray, positive_number
from sparsest.benchmarks.peers import loop
from sparsest.benchmarks.suites.method_answer import AttemptPoint, MethodAnswer, TracePoint, attempt_point
from sparsest.continuous import option_checks
from sparsest.continuous.algorithms.batch import Batch
from sparsest.continuous.attempts import attempt
from sparsest.continuous.polish.pattern_program import BoolArray
from sparsest.continuous.polish.scaling import Scaling
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.objectives import DEFAULT_POWER, Objective, magnitudes
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Share of a time limit that the dense training may use.
_TRAINING_SHARE = 0.5
# What it is called where strategies stand side by side.
_NAME = "pruning by magnitude"


def weight_decay(  # noqa: PLR0913
    problem: Problem,
    objective: Objective,
    *,
    seed: int,
    time_limit: float | None,
    decay: float = 0.01,
    width: int | None = None,
    steps: int = 20_000,
    retrain_steps: int = 1000,
    learning_rate: float = 0.01,
) -> MethodAnswer:
    """Train with AdamW, then prune by magnitude and retrain as long as the network fits.

    Parameters
    ----------
    problem : Problem
        Any.
    objective : Objective
        What is pruned: neurons, weights, or weights and biases.
    seed : int
        Of the initial network.
    time_limit : float, optional
        Seconds; at most half of them train the dense network.
    decay : float
        Decoupled weight decay of the dense network; the default is that of `torch.optim.AdamW`.
    width : int, optional
        Neurons at the start; by default 80 for one feature, 100 for more.
    steps : int
        Adam steps of the dense network.
    retrain_steps : int
        Adam steps after each pruning.
    learning_rate : float
        Adam's step size, constant.

    Returns
    -------
    MethodAnswer
        The smallest network whose mean squared error, labels scaled to about one, is below
        ``tolerances.TRAINED_LOSS``; ``options["mse"]`` is in the units of the problem. The dense network when
        that does not fit. After the last training it mostly fits to rounding, but nothing sees to it. The
        trace has a point for every pruning that was accepted. Status "finished", "time_limit" or "diverged".

    Raises
    ------
    InputError
        When an option is out of its range.
    """
    settings = _Settings.checked(problem, decay, width, steps, retrain_steps, learning_rate)
    return _train_and_prune(problem, objective, settings, option_checks.seed(seed), time_limit)


def adam_pruned(
    problem: Problem,
    objective: Objective,
    *,
    seed: int,
    time_limit: float | None,
    width: int | None = None,
    steps: int = 20_000,
    retrain_steps: int = 1000,
    learning_rate: float = 0.01,
) -> MethodAnswer:
    """Train with plain Adam, then prune by magnitude; all else as `weight_decay` without decay."""
    settings = _Settings.checked(problem, 0.0, width, steps, retrain_steps, learning_rate)
    return _train_and_prune(problem, objective, settings, option_checks.seed(seed), time_limit)


@dataclasses.dataclass(frozen=True)
class _Settings:
    decay: float
    width: int
    steps: int
    retrain_steps: int
    learning_rate: float

    @classmethod
    def checked(
        cls,
        problem: Problem,
        decay: float,
        width: int | None,
        steps: int,
        retrain_steps: int,
        learning_rate: float,
    ) -> "_Settings":
        width = option_checks.count("width", loop.default_width(problem) if width is None else width)
        option_checks.refuse_large_batch(1, width, problem)
        rate = positive_number(learning_rate, "learning_rate")
        if decay != 0 and positive_number(decay, "decay", ", or 0") * rate >= 1:
            raise InputError(f"decay = {decay:g}: times the learning rate {rate:g} it must be less than 1")
        counts = option_checks.count("steps", steps), option_checks.count("retrain_steps", retrain_steps)
        return cls(float(decay), width, *counts, rate)


@dataclasses.dataclass(frozen=True)
class _Trained:
    """A network in scaled units, its loss, and which entries of ``(w, b)`` (K, d + 1) may be nonzero."""

    batch: Batch
    loss: float
    allowed: BoolArray


def _train_and_prune(
    problem: Problem, objective: Objective, settings: _Settings, seed: int, time_limit: float | None
) -> MethodAnswer:
    deadline = Deadline(time_limit)
    scaling = Scaling.of(problem, objective)
    pruner = _Pruner(problem, scaling, objective, settings, deadline)
    with loop.one_thread():
        dense = pruner.dense(problem, seed, None if time_limit is None else _TRAINING_SHARE * time_limit)
        best = dense
        if dense.loss < tolerances.TRAINED_LOSS:
            best = pruner.settle(pruner.prune(dense))
    network = pruner.network(best) if np.isfinite(best.loss) else None
    return MethodAnswer(
        network=network,
        status=pruner.status,
        trace=tuple(pruner.trace),
        attempts=tuple(pruner.attempts),
        work=pruner.steps,
        solver=loop.solver(),
        options=dataclasses.asdict(settings)
        | {
            "mse": None if network is None else loop.mean_squared_error(problem, network),
            "dense_loss": dense.loss if np.isfinite(dense.loss) else None,
        },
    )


class _Pruner:
    """The training runs of one answer, with their common account of steps, status and trace."""

    def __init__(
        self,
        problem: Problem,
        scaling: Scaling,
        objective: Objective,
        settings: _Settings,
        deadline: Deadline,
    ) -> None:
        self._problem = problem
        self._scaling, self._objective, self._settings = scaling, objective, settings
        self._deadline = deadline
        self._data = loop.tensors(scaling.homogeneous, scaling.low, scaling.high, torch.float64)
        self.steps, self.status = 0, "finished"
        self.trace: list[TracePoint] = []
        self.attempts: list[AttemptPoint] = []

    def dense(self, problem: Problem, seed: int, limit: float | None) -> _Trained:
        """Train a network from its random start."""
        settings = self._settings
        batch = loop.dense_network(
            problem.n_features, settings.width, affine=problem.affine, seed=seed, dtype=torch.float64
        )
        everything = np.ones(batch.hidden.shape[1:], dtype=np.bool_)
        trained = self._train(batch, everything, settings.steps, Deadline(limit), decay=settings.decay)
        if trained.loss < tolerances.TRAINED_LOSS:
            self._record(trained)
        return trained

    def prune(self, current: _Trained) -> _Trained:
        """Remove as many parts as can go, smallest first; what is returned fits."""
        number = self._parts(current)
        while number := min(number, (self._parts(current) + 1) // 2):
            if self._deadline.expired:
                self.status = "time_limit"
                break
            allowed = _without_smallest(current.batch, self._objective, number)
            trial = self._retrain(current, allowed, self._settings.retrain_steps)
            if trial.loss < tolerances.TRAINED_LOSS:
                current = trial
                self._record(current)
                number *= 2
            else:
                number //= 2
        return current

    def settle(self, pruned: _Trained) -> _Trained:
        """Train as long as the dense network was, for a smaller error."""
        longer = self._retrain(pruned, pruned.allowed, self._settings.steps)
        settled = longer if longer.loss < pruned.loss else pruned
        self._tell(settled)
        return settled

    def _retrain(self, trained: _Trained, allowed: BoolArray, steps: int) -> _Trained:
        # weight decay has done its work in the dense network, and would keep the error from vanishing
        return self._train(_copy(trained.batch), allowed, steps, self._deadline, decay=0.0)

    def network(self, trained: _Trained) -> Network:
        """Return a network in the problem's units, without dead neurons."""
        hidden, outputs, affine = loop.arrays(trained.batch)
        folded = np.abs(outputs)[:, None] * hidden
        alive = np.any(folded != 0, axis=1)
        return self._scaling.network(folded[alive], np.sign(outputs[alive]), affine)

    def _train(
        self, batch: Batch, allowed: BoolArray, steps: int, deadline: Deadline, *, decay: float
    ) -> _Trained:
        mask = torch.tensor(allowed, dtype=batch.flat.dtype)
        batch.hidden[0].mul_(mask)
        run = loop.train(
            batch,
            self._data,
            steps=steps,
            learning_rate=self._settings.learning_rate,
            deadline=deadline,
            after_step=lambda: batch.hidden[0].mul_(mask),
            decay=decay,
            stop_at_zero=True,
        )
        self.steps += run.steps
        if run.status != "finished":
            self.status = run.status
        return _Trained(batch, run.loss, allowed)

    def _parts(self, trained: _Trained) -> int:
        return int(np.count_nonzero(_sizes(trained.batch, self._objective)))

    def _record(self, trained: _Trained) -> None:
        network = self._tell(trained)
        self.trace.append((self._deadline.seconds, None, network.count(self._objective)))

    def _tell(self, trained: _Trained) -> Network:
        """Take down the figures of a network, and return it."""
        network = self.network(trained)
        figures = attempt(_NAME, network, self._problem, self._objective, DEFAULT_POWER)
        self.attempts.append(attempt_point(self._deadline.seconds, figures))
        return network


def _sizes(batch: Batch, objective: Objective) -> FloatArray:
    hidden, outputs, _ = loop.arrays(batch)
    return magnitudes(np.abs(outputs)[:, None] * hidden, objective)


def _without_smallest(batch: Batch, objective: Objective, number: int) -> BoolArray:
    """Return which entries of ``(w_k, b_k)`` (K, d + 1) remain when the smallest parts go."""
    sizes = _sizes(batch, objective)
    keep = sizes > 0
    keep[np.argsort(np.where(keep, sizes, np.inf), kind="stable")[:number]] = False
    rows, columns = batch.hidden.shape[1:]
    parts = keep.reshape(rows, -1)
    if objective is Objective.WEIGHTS:  # biases are free
        return np.asarray(np.c_[parts, np.ones(rows, dtype=np.bool_)])
    return np.broadcast_to(parts, (rows, columns)).copy()


def _copy(batch: Batch) -> Batch:
    """Return the same network with Adam's moments at zero."""
    copied = Batch(batch.hidden, batch.outputs, affine=batch.kind)
    copied.flat.copy_(batch.flat)
    return copied
