"""What a network costs an optimisation model: its binaries, and the seconds of one small program."""

import dataclasses
import time
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from sparsest.arrays import FloatArray, exact_floats, input_rows
from sparsest.errors import InputError
from sparsest.models.layer_arrays import AnyNetwork
from sparsest.models.pyomo_block import relu_block

# Seconds of one program unless the caller says otherwise.
TIME_LIMIT: Final = 10.0


@dataclasses.dataclass(frozen=True)
class Embedding:
    """A network in an optimisation model over the box of its data.

    Attributes
    ----------
    neurons : int
        Neurons that are not zero.
    binaries : int
        One for each neuron that is neither active nor inactive on the whole box.
    least : float or None
        Least value found of the outputs' sum, each in units of its range on the data; None where none was
        found.
    bound : float or None
        What the solver says that no value is below, up to its tolerances.
    seconds : float
        Wall time of the solver, without that of writing the model.
    finished : bool
        Whether the solver ended by itself, its optimum being one up to its tolerances.

    Examples
    --------
    >>> from sparsest import Network
    >>> from sparsest.models import embedding
    >>> tent = Network([[1.0], [1.0], [1.0]], [0.0, -1.0, -2.0], [1.0, -2.0, 1.0])
    >>> found = embedding.embedded(tent, [[-1.0], [1.5]])  # the third neuron is inactive on this box
    >>> found.neurons, found.binaries
    (3, 2)
    """

    neurons: int
    binaries: int
    least: float | None
    bound: float | None
    seconds: float
    finished: bool

    @property
    def sentence(self) -> str:
        """The same for people."""
        size = f"{self.binaries} binaries" if self.binaries != 1 else "1 binary"
        if self.least is None:
            return f"{size}, no solution in {self.seconds:.2f} s"
        if not self.finished:
            low = "unknown" if self.bound is None else f"{self.bound:.6g}"
            return f"{size}, optimum between {low} and {self.least:.6g} after {self.seconds:.2f} s"
        return f"{size}, optimum {self.least:.6g}, {self.seconds:.2f} s"


def embedded(
    network: AnyNetwork, X: ArrayLike, *, unit: ArrayLike | None = None, time_limit: float = TIME_LIMIT
) -> Embedding:
    """Minimise a network over the box of some inputs with HiGHS, and say what that took.

    The program is small and always the same: the least sum of all outputs over the box. Programs of users are
    larger, and what a binary costs there is more.

    Parameters
    ----------
    network : Network or MultiOutputNetwork
        m outputs of d features.
    X : array-like (N, d)
        Inputs; the program is about the least box that holds them.
    unit : array-like (m,), optional
        What each output is divided by before they are added up; by default the range of its values at X, or 1
        where that is zero. Give that of one network to compare others with it.
    time_limit : float
        Seconds of the solver.

    Raises
    ------
    InputError
        When the inputs have another number of features.

    Examples
    --------
    >>> from sparsest import Network
    >>> tent = Network([[1.0], [1.0], [1.0]], [0.0, -1.0, -2.0], [1.0, -2.0, 1.0])
    >>> found = embedded(tent, [[-1.0], [1.5]])
    >>> found.binaries, found.least, found.finished
    (2, 0.0, True)
    """
    import pyomo.environ as pyo

    inputs = input_rows(X)
    if inputs.shape[1] != network.n_features:
        raise InputError(f"X has {inputs.shape[1]} features and the network takes {network.n_features}")
    units = ranges(network, inputs) if unit is None else exact_floats(unit, "unit").reshape(-1)
    model = pyo.ConcreteModel()
    model.net = relu_block(network, inputs.min(axis=0), inputs.max(axis=0))
    outputs = list(model.net.y.values())
    model.goal = pyo.Objective(expr=sum(y / float(u) for y, u in zip(outputs, units, strict=True)))
    solver = _solver()
    begun = time.perf_counter()
    results = solver.solve(
        model,
        time_limit=time_limit,
        threads=1,
        load_solutions=False,
        raise_exception_on_nonoptimal_result=False,
    )
    return Embedding(
        network.count(),
        len(model.net.switch),
        None if results.incumbent_objective is None else float(results.incumbent_objective),
        None if results.objective_bound is None else float(results.objective_bound),
        time.perf_counter() - begun,
        results.termination_condition.name == "convergenceCriteriaSatisfied",
    )


def ranges(network: AnyNetwork, X: FloatArray) -> FloatArray:
    """Return the range (m,) of each output's values at some inputs, 1 where that is zero."""
    spread = np.ptp(network(X).reshape(len(X), -1), axis=0)
    return np.where(spread > 0, spread, 1.0)


def _solver() -> Any:
    from pyomo.contrib.solver.common.factory import SolverFactory

    return SolverFactory("highs")
