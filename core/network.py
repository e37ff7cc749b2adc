"""An immutable single-hidden-layer ReLU network in NumPy."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsest import tolerances
from sparsest.affine import Affine
from sparsest.arrays import FloatArray, exact_floats
from sparsest.errors import InputError
from sparsest.objectives import Objective, check_power, magnitudes
from sparsest.problem import Problem
from sparsest.sentences import counted

# A neuron whose weights are this small beside its bias has its knot beyond any input that a `Problem` takes
# (1e100), and is an affine function there.
_FARTHEST_KNOT = 1e-150
# Inputs of neurons that are held at a time where a network is evaluated.
_MAX_NUMBERS = 20_000_000


@dataclasses.dataclass(frozen=True, eq=False)
class Network:
    """A ReLU network with one hidden layer and one output, as arrays that nothing changes.

    ``f(x) = sum_k v_k max(0, w_k . x + b_k) [+ a . x + c]``.

    Parameters
    ----------
    weights : array-like (K, d)
        Input weights ``w_k``; K may be 0.
    biases : array-like (K,)
        Biases ``b_k``.
    outputs : array-like (K,)
        Output weights ``v_k``.
    affine : array-like (d + 1,), optional
        The affine term ``(a, c)``; None for a network without one.

    Raises
    ------
    InputError
        When shapes do not fit together or a number is not finite.

    Examples
    --------
    >>> tent = Network([[1.0], [1.0], [1.0]], [0.0, -1.0, -2.0], [1.0, -2.0, 1.0])
    >>> tent([[0.0], [1.0], [2.0], [3.0]])
    array([0., 1., 0., 0.])
    >>> tent.count("neurons"), tent.count("weights"), tent.count("parameters")
    (3, 3, 5)
    >>> round(tent.path_norm(0.5, "weights"), 4)
    3.4142
    """

    weights: FloatArray
    biases: FloatArray
    outputs: FloatArray
    affine: FloatArray | None = None

    def __post_init__(self) -> None:
        weights = exact_floats(self.weights, "weights")
        if weights.ndim != 2 or weights.shape[1] == 0:
            raise InputError(f"weights have shape {weights.shape}: (K, d) with d >= 1 is needed")
        width, d = weights.shape
        self._store("weights", weights, (width, d))
        self._store("biases", exact_floats(self.biases, "biases"), (width,))
        self._store("outputs", exact_floats(self.outputs, "outputs"), (width,))
        if self.affine is not None:
            self._store("affine", exact_floats(self.affine, "affine"), (d + 1,))
        with np.errstate(over="ignore"):
            # where the largest product of all is finite, none has to be looked at
            if np.isfinite(_largest(self.outputs) * max(_largest(self.weights), _largest(self.biases))):
                return
            too_large = ~np.isfinite(self.folded).all(axis=1)
        if too_large.any():
            k = int(too_large.argmax())
            raise InputError(
                f"neuron {k} has a product of weights beyond the largest float: rescale the data"
            )

    def _store(self, name: str, array: FloatArray, shape: tuple[int, ...]) -> None:
        said = "numbers of the affine term" if name == "affine" else name
        if array.shape != shape:
            raise InputError(f"{said} have shape {array.shape}: {shape} is needed")
        if not np.isfinite(array).all():
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise InputError(f"{said} hold {array[place]:g} at {place}: finite numbers are needed")
        array = np.ascontiguousarray(array)  # no copy in general: `exact_floats` has made one
        array.flags.writeable = False
        object.__setattr__(self, name, array)

    @classmethod
    def zero(cls, n_features: int, affine: str | Affine = Affine.NONE) -> "Network":
        """Return the network without neurons, ``f = 0``, with a zero affine term where one is allowed."""
        term = None if Affine.parse(affine) is Affine.NONE else np.zeros(n_features + 1)
        return cls(np.zeros((0, n_features)), np.zeros(0), np.zeros(0), term)

    @classmethod
    def from_folded(cls, folded: ArrayLike, signs: ArrayLike, affine: ArrayLike | None = None) -> "Network":
        """Make a network from neurons ``u_k`` (K, d + 1) with output signs ``+1`` or ``-1`` (K,)."""
        rows = np.asarray(folded, dtype=np.float64)
        term = None if affine is None else np.asarray(affine, dtype=np.float64)
        return cls(rows[:, :-1], rows[:, -1], np.asarray(signs, dtype=np.float64), term)

    @property
    def width(self) -> int:
        """K, the number of neurons stored, inactive ones included."""
        return len(self.outputs)

    @property
    def n_features(self) -> int:
        """d, the number of inputs."""
        return int(self.weights.shape[1])

    @property
    def folded(self) -> FloatArray:
        """Neurons ``u_k = |v_k| (w_k, b_k)`` (K, d + 1)."""
        neurons = np.empty((self.width, self.n_features + 1))
        neurons[:, :-1], neurons[:, -1] = self.weights, self.biases
        neurons *= np.abs(self.outputs)[:, None]
        return neurons

    def __call__(self, X: ArrayLike) -> FloatArray:
        """Return f at each row of X (N, d) as an array (N,)."""
        inputs = self._inputs(X)
        at_once = max(1, _MAX_NUMBERS // max(1, self.width))
        values = np.zeros(len(inputs))
        for start in range(0, len(inputs), at_once):
            rows = slice(start, start + at_once)
            values[rows] = np.maximum(0.0, inputs[rows] @ self.weights.T + self.biases) @ self.outputs
        return values if self.affine is None else values + inputs @ self.affine[:-1] + self.affine[-1]

    def predict(self, X: ArrayLike) -> FloatArray:
        """Return f at each row of X (N, d) as an array (N,): scikit-learn's word for a call."""
        return self(X)

    def patterns(self, X: ArrayLike) -> NDArray[np.bool_]:
        """Return the activation pattern ``w_k . x_i + b_k >= 0`` of each neuron, (K, N)."""
        return (self._inputs(X) @ self.weights.T + self.biases >= 0).T

    def count(self, objective: str | Objective = Objective.NEURONS) -> int:
        """Return the number of neurons, weights or parameters that are not exactly zero.

        Nothing is merged or rounded: two neurons of one activation pattern count twice.
        """
        goal, folded = Objective.parse(objective), self.folded
        if goal is Objective.NEURONS:  # without the sums over rows, which are slow where rows are short
            return int(np.count_nonzero(np.any(folded[:, :-1] != 0, axis=1) | (folded[:, -1] != 0)))
        return int(np.count_nonzero(magnitudes(folded, goal)))

    def path_norm(self, p: float, objective: str | Objective = Objective.NEURONS) -> float:
        """Return the l^p path norm (see `sparsest.objectives`); the count for p = 0.

        Raises
        ------
        InputError
            Unless ``0 <= p <= 1``.
        """
        if check_power(p, zero_allowed=True) == 0:
            return float(self.count(objective))
        return float(np.sum(magnitudes(self.folded, Objective.parse(objective)) ** p))

    def violation(self, problem: Problem) -> FloatArray:
        """Return how far each sample's value lies outside its interval (N,), in float64."""
        return problem.violation(self(problem.X))

    def residual(self, problem: Problem) -> float:
        """Return the largest violation over the samples."""
        return float(self.violation(problem).max())

    def term_sizes(self, problem: Problem) -> FloatArray:
        """Return ``sum_j |u_kj| max_i |xh_ij|`` (K,): what rounding of a neuron's input is relative to.

        The maximum is over all samples because a bias carries the rounding of ``w . x`` from all of them.
        """
        return np.asarray(np.abs(self.folded) @ _reach(problem), dtype=np.float64)

    def allowance(self, problem: Problem) -> FloatArray:
        """Return the violation (N,) that float rounding explains (see `sparsest.tolerances`)."""
        # with its knot on a sample, a neuron may be active or not by rounding alone
        knots = np.abs(problem.X) @ np.abs(self.weights).T + np.abs(self.biases)
        active = problem.X @ self.weights.T + self.biases > -tolerances.ROUNDING * knots
        terms = active @ self.term_sizes(problem)
        if self.affine is not None:
            terms = terms + np.abs(self.affine) @ _reach(problem)
        return np.asarray(
            tolerances.ROUNDING * np.minimum(terms, tolerances.CANCELLATION * problem.label_scale)
        )

    def interpolates(self, problem: Problem) -> bool:
        """Whether every value lies in its interval, up to the rounding of float64 evaluation."""
        return bool(np.all(self.violation(problem) <= self.allowance(problem)))

    def within_bound(self, problem: Problem) -> bool:
        """Whether every ``|v_k w_kj|`` respects the weight bound, up to rounding."""
        if problem.weight_bound is None:
            return True
        limit = problem.weight_bound * (1 + tolerances.ROUNDING)
        return bool(np.all(np.abs(self.folded[:, :-1]) <= limit))

    def is_of_kind(self, problem: Problem) -> bool:
        """Whether the network has no affine term, or one that the problem allows."""
        return problem.affine.allows(self.affine)

    def solves(self, problem: Problem) -> bool:
        """Whether the network is of the problem's kind, interpolates and respects the weight bound.

        The latter two are meant up to rounding.
        """
        return self.is_of_kind(problem) and self.interpolates(problem) and self.within_bound(problem)

    def canonical(self) -> "Network":
        """Return the same function with ``v = +-1``, zero neurons dropped, and neurons in a fixed order."""
        folded = self.folded
        keep = np.any(folded != 0, axis=1)
        folded, signs = folded[keep] + 0.0, np.sign(self.outputs[keep])
        order = np.lexsort(np.c_[folded, -signs].T)
        return Network.from_folded(folded[order], signs[order], self.affine)

    def same_function(self, other: "Network", relative: float = 1e-9) -> bool:
        """Whether both networks are the same function on all of R^d, up to `relative` differences.

        ReLU ridge functions with distinct hyperplanes are linearly independent modulo affine functions, so
        a network is determined by the change of slope across each hyperplane and one affine remainder:
        ``v max(0, t) = v max(0, -t) + v t`` lets every neuron face one way. Networks with and without
        an affine term are compared as functions too.
        """
        if self.n_features != other.n_features:
            return False
        jumps, affine = _ridges(
            np.r_[self.folded, other.folded], np.r_[np.sign(self.outputs), -np.sign(other.outputs)]
        )
        for sign, network in ((1.0, self), (-1.0, other)):
            if network.affine is not None:
                affine = affine + sign * network.affine
        limit = relative * max(_scale(self), _scale(other))
        return bool(np.all(np.abs(jumps) <= limit) and np.all(np.abs(affine) <= limit))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        mine, its = self.canonical(), other.canonical()
        if (mine.affine is None) != (its.affine is None) or mine.weights.shape != its.weights.shape:
            return False
        same_affine = mine.affine is None or its.affine is None or np.array_equal(mine.affine, its.affine)
        return (
            same_affine
            and np.array_equal(mine.folded, its.folded)
            and np.array_equal(mine.outputs, its.outputs)
        )

    def __hash__(self) -> int:
        mine = self.canonical()
        return hash((mine.weights.tobytes(), mine.biases.tobytes(), mine.outputs.tobytes()))

    def __reduce__(self) -> tuple[Any, ...]:
        # unpickled and copied arrays would come back writable
        return Network, (self.weights, self.biases, self.outputs, self.affine)

    def __repr__(self) -> str:
        affine = "" if self.affine is None else " + affine"
        return f"<Network {counted(self.width, 'neurons')}{affine}, d={self.n_features}>"

    def _inputs(self, X: ArrayLike) -> FloatArray:
        inputs = exact_floats(X, "X")
        if inputs.ndim != 2 or inputs.shape[1] != self.n_features:
            raise InputError(f"X has shape {inputs.shape}: the network takes (N, {self.n_features})")
        return inputs


def _largest(array: FloatArray) -> float:
    return max(float(array.max(initial=0.0)), -float(array.min(initial=0.0)))


def _reach(problem: Problem) -> FloatArray:
    """Largest ``|xh_ij|`` of each column of ``[X, 1]`` (d + 1,)."""
    return np.asarray(np.r_[np.abs(problem.X).max(axis=0), 1.0], dtype=np.float64)


def _ridges(folded: FloatArray, signs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the jump of slope across each distinct hyperplane, and the affine function (a, c) left over.

    Every neuron is turned to face as the first one on its hyperplane, up to rounding, does.
    """
    largest = np.abs(folded[:, :-1]).max(axis=1, initial=0.0)
    real = largest > _FARTHEST_KNOT * np.abs(folded[:, -1])
    affine = signs[~real] @ np.where(folded[~real, -1:] > 0, folded[~real], 0.0)
    folded, signs, largest = folded[real], signs[real], largest[real]
    # divided by the largest entry first, so that no square under- or overflows
    planes = folded / largest[:, None]
    lengths = np.linalg.norm(planes[:, :-1], axis=1)
    planes, slopes = planes / lengths[:, None], signs * largest * lengths
    jumps, left = [], np.arange(len(planes))
    while len(left):
        same = _near(planes[left], planes[left[0]])
        opposite = _near(-planes[left], planes[left[0]])
        turned = left[opposite]
        jumps.append(slopes[left[same | opposite]].sum())
        affine = affine + signs[turned] @ folded[turned]
        left = left[~(same | opposite)]
    return np.array(jumps), affine


def _near(planes: FloatArray, plane: FloatArray) -> NDArray[np.bool_]:
    reach = tolerances.SAME_HYPERPLANE * (1 + np.abs(plane))
    return np.asarray(np.all(np.abs(planes - plane) <= reach, axis=1))


def _scale(network: Network) -> float:
    sizes = np.abs(network.folded).sum(axis=1)
    return float(sizes.sum() + (0.0 if network.affine is None else np.abs(network.affine).sum()))
