"""An immutable single-hidden-layer ReLU network with several outputs."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsest import tolerances
from sparsest.affine import Affine
from sparsest.arrays import FloatArray, exact_floats
from sparsest.errors import InputError
from sparsest.multi_class_problem import MultiClassProblem
from sparsest.multi_output_problem import MultiOutputProblem, whole_direction
from sparsest.network import Network
from sparsest.objectives import Objective, magnitudes
from sparsest.sentences import counted

# What a network with several outputs may be asked for.
SharedProblem = MultiOutputProblem | MultiClassProblem

# Inputs of neurons that are held at a time where a network is evaluated.
_MAX_NUMBERS = 20_000_000


@dataclasses.dataclass(frozen=True, eq=False)
class MultiOutputNetwork:
    """``f_j(x) = sum_k v_kj max(0, w_k . x + b_k) [+ a_j . x + c_j]`` for m outputs j.

    Parameters
    ----------
    weights : array-like (K, d)
        Input weights ``w_k``; K may be 0.
    biases : array-like (K,)
        Biases ``b_k``.
    outputs : array-like (K, m)
        Output weights ``v_kj``; a neuron counts once, however many outputs it feeds.
    affine : array-like (m, d + 1), optional
        The affine terms ``(a_j, c_j)``; None for a network without.

    Raises
    ------
    InputError
        When shapes do not fit together or a number is not finite.

    Examples
    --------
    >>> both = MultiOutputNetwork([[1.0], [1.0]], [0.0, -1.0], [[1.0, 0.0], [-1.0, 2.0]])
    >>> both([[1.0], [2.0], [3.0]])
    array([[1., 0.],
           [1., 2.],
           [1., 4.]])
    >>> both.count(), both.along([1, 0]).count(), both.along([0, 1]).count()
    (2, 2, 1)
    """

    weights: FloatArray
    biases: FloatArray
    outputs: FloatArray
    affine: FloatArray | None = None

    def __post_init__(self) -> None:
        outputs = exact_floats(self.outputs, "outputs")
        if outputs.ndim != 2 or outputs.shape[1] == 0:
            raise InputError(f"outputs have shape {outputs.shape}: (K, m) with m >= 1 is needed")
        affine = None if self.affine is None else exact_floats(self.affine, "affine")
        if affine is not None and (affine.ndim != 2 or len(affine) != outputs.shape[1]):
            raise InputError(f"numbers of the affine terms have shape {affine.shape}: (m, d + 1) is needed")
        # networks of one output say what is wrong with the numbers
        terms = [None] * outputs.shape[1] if affine is None else list(affine)
        parts = [
            Network(self.weights, self.biases, column, term)
            for column, term in zip(outputs.T, terms, strict=True)
        ]
        object.__setattr__(self, "weights", parts[0].weights)
        object.__setattr__(self, "biases", parts[0].biases)
        for name, array in (("outputs", outputs), ("affine", affine)):
            if array is not None:
                array = np.ascontiguousarray(array)
                array.flags.writeable = False
            object.__setattr__(self, name, array)

    @classmethod
    def zero(
        cls, n_features: int, n_outputs: int, affine: str | Affine = Affine.NONE
    ) -> "MultiOutputNetwork":
        """Return the network without neurons, ``f = 0``, with zero affine terms where they are allowed."""
        terms = None if Affine.parse(affine) is Affine.NONE else np.zeros((n_outputs, n_features + 1))
        return cls(np.zeros((0, n_features)), np.zeros(0), np.zeros((0, n_outputs)), terms)

    @property
    def width(self) -> int:
        """K, the number of neurons stored, inactive ones included."""
        return len(self.outputs)

    @property
    def n_features(self) -> int:
        """d, the number of inputs."""
        return int(self.weights.shape[1])

    @property
    def n_outputs(self) -> int:
        """m, the number of outputs."""
        return int(self.outputs.shape[1])

    def __call__(self, X: ArrayLike) -> FloatArray:
        """Return f at each row of X (N, d) as an array (N, m)."""
        inputs = exact_floats(X, "X")
        if inputs.ndim != 2 or inputs.shape[1] != self.n_features:
            raise InputError(f"X has shape {inputs.shape}: the network takes (N, {self.n_features})")
        values = np.zeros((len(inputs), self.n_outputs))
        for rows in self._pieces(len(inputs)):
            values[rows] = np.maximum(0.0, inputs[rows] @ self.weights.T + self.biases) @ self.outputs
        return values if self.affine is None else values + inputs @ self.affine[:, :-1].T + self.affine[:, -1]

    def predict(self, X: ArrayLike) -> FloatArray:
        """Return f at each row of X (N, d) as an array (N, m): scikit-learn's word for a call."""
        return self(X)

    def patterns(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Return the activation pattern ``w_k . x_i + b_k >= 0`` of each neuron, (K, N)."""
        return self.output(0).patterns(X)

    def output(self, j: int) -> Network:
        """Return output j as a network of its own, of the same neurons."""
        term = None if self.affine is None else self.affine[j]
        return Network(self.weights, self.biases, self.outputs[:, j], term)

    def along(self, direction: ArrayLike) -> Network:
        """Return ``c . f`` for integers c (m,) as a network of the same neurons, rounded to floats."""
        c = np.array(whole_direction(direction, self.n_outputs), dtype=np.float64)
        return Network(
            self.weights, self.biases, self.outputs @ c, None if self.affine is None else c @ self.affine
        )

    def count(self, objective: str | Objective = Objective.NEURONS) -> int:
        """Return the number of neurons, or of their input weights or parameters, that are not exactly zero.

        Those of a neuron that feeds no output do not count; those of others count once. Nothing is merged or
        rounded.
        """
        used = np.any(self.outputs != 0, axis=1)
        neurons = np.c_[self.weights, self.biases][used]
        return int(np.count_nonzero(magnitudes(neurons, Objective.parse(objective))))

    def violation(self, problem: SharedProblem) -> FloatArray:
        """Return by how much each value (N, m) is not what is asked for, in float64."""
        return problem.violation(self(problem.X))

    def residual(self, problem: SharedProblem) -> float:
        """Return the largest violation over samples and outputs."""
        return float(self.violation(problem).max())

    def interpolates(self, problem: SharedProblem) -> bool:
        """Whether every value lies in its interval, up to the rounding of float64 evaluation."""
        if not self._fits(problem):
            return False
        return bool(np.all(self.violation(problem) <= self.allowance(problem)))

    def allowance(self, problem: SharedProblem) -> FloatArray:
        """Return the violation (N, m) that float rounding explains, as for `Network`."""
        reach = np.r_[np.abs(problem.X).max(axis=0), 1.0]
        sizes = (np.abs(np.c_[self.weights, self.biases]) @ reach)[:, None] * np.abs(self.outputs)
        terms = np.zeros((problem.n_samples, problem.n_outputs))
        for rows in self._pieces(problem.n_samples):
            inputs = problem.X[rows]
            knots = np.abs(inputs) @ np.abs(self.weights).T + np.abs(self.biases)
            active = inputs @ self.weights.T + self.biases > -tolerances.ROUNDING * knots
            terms[rows] = active @ sizes
        if self.affine is not None:
            terms += np.abs(self.affine) @ reach
        rounding = tolerances.ROUNDING * np.minimum(terms, tolerances.CANCELLATION * problem.label_scales)
        return problem.allowed(np.asarray(rounding))

    def is_of_kind(self, problem: SharedProblem) -> bool:
        """Whether the network has as many outputs, and no affine term or one that the problem allows."""
        return self._fits(problem) and problem.affine.allows(self.affine)

    def solves(self, problem: SharedProblem) -> bool:
        """Whether the network is of the problem's kind and interpolates, up to rounding."""
        return self.is_of_kind(problem) and self.interpolates(problem)

    def without(self, neurons: Sequence[int]) -> "MultiOutputNetwork":
        """Return the network without some of its neurons."""
        keep = np.setdiff1d(np.arange(self.width), neurons)
        return MultiOutputNetwork(self.weights[keep], self.biases[keep], self.outputs[keep], self.affine)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MultiOutputNetwork) or (self.affine is None) != (other.affine is None):
            return False
        mine, its = (self.weights, self.biases, self.outputs), (other.weights, other.biases, other.outputs)
        same = all(np.array_equal(a, b) for a, b in zip(mine, its, strict=True))
        return same and (
            self.affine is None or other.affine is None or np.array_equal(self.affine, other.affine)
        )

    def __hash__(self) -> int:
        arrays = (self.weights, self.biases, self.outputs)
        return hash(tuple((array + 0.0).tobytes() for array in arrays))  # -0.0 equals 0.0

    def __reduce__(self) -> tuple[Any, ...]:
        # unpickled and copied arrays would come back writable
        return MultiOutputNetwork, (self.weights, self.biases, self.outputs, self.affine)

    def __repr__(self) -> str:
        affine = "" if self.affine is None else " + affine"
        return (
            f"<MultiOutputNetwork {counted(self.width, 'neurons')}{affine}, d={self.n_features}, "
            f"m={self.n_outputs}>"
        )

    def _pieces(self, samples: int) -> Iterator[slice]:
        """Yield slices of samples whose neurons' inputs are held at a time."""
        at_once = max(1, _MAX_NUMBERS // max(1, self.width))
        return (slice(start, start + at_once) for start in range(0, samples, at_once))

    def _fits(self, problem: SharedProblem) -> bool:
        return (self.n_features, self.n_outputs) == (problem.n_features, problem.n_outputs)
