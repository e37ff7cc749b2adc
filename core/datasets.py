"""Small datasets by name, and families with parameters, each with what is known about its optimum.

Examples
--------
>>> from sparsest import datasets
>>> data = datasets.load("peak-plateau")
>>> data.problem(), [(str(k.objective), str(k.affine), k.value, k.how) for k in data.known][:1]
(<Problem N=6 d=1 interpolation affine=none>, [('neurons', 'none', 3, 'proven')])
"""

import dataclasses
import difflib
import inspect
import itertools
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.objectives import Objective
from sparsest.problem import Problem

# Families are refused beyond this many numbers in one array, so that a slip of the keyboard does not fill the
# memory.
_MAX_NUMBERS = 10**8

How = Literal["proven", "computed", "bound"]


@dataclasses.dataclass(frozen=True)
class Known:
    """What is known about the smallest count on a dataset, at its suggested tolerance.

    Attributes
    ----------
    objective : Objective
        What is counted.
    affine : Affine
        Which affine term the network may have.
    value : int
        The smallest count, or an upper bound on it when `how` is "bound".
    how : str
        "proven": by hand or verified in rational arithmetic; "computed": by a floating-point solver;
        "bound": only an upper bound.
    source : str
        Where the claim comes from.
    """

    objective: Objective
    affine: Affine
    value: int
    how: How
    source: str


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """Named data.

    Attributes
    ----------
    name : str
        As `parse` reads it back.
    X : array (N, d)
        Inputs.
    y : array (N,)
        Labels.
    tolerance : float
        The tolerance that makes sense for these labels: 0 unless they were computed in floating point or
        conflict.
    description, source : str
        One sentence each.
    known : tuple of Known
        Claims about the optimum at that tolerance.
    """

    name: str
    X: FloatArray
    y: FloatArray
    tolerance: float
    description: str
    source: str
    known: tuple[Known, ...] = ()

    def problem(
        self,
        *,
        affine: str | Affine = Affine.NONE,
        tolerance: ArrayLike | None = None,
        weight_bound: float | None = None,
    ) -> Problem:
        """Return the dataset as a `Problem`; `tolerance` defaults to the suggested one."""
        chosen = self.tolerance if tolerance is None else tolerance
        return Problem(self.X, self.y, affine=affine, tolerance=chosen, weight_bound=weight_bound)


def names() -> list[str]:
    """Return the names of all datasets and families."""
    return [*_REGISTRY]


def load(name: str, **parameters: int) -> Dataset:
    """Return a dataset by name; families take whole-number parameters.

    Raises
    ------
    InputError
        For an unknown name, with the nearest one, or parameters that the dataset does not take.

    Examples
    --------
    >>> load("planted", d=2, n=20, k=3, seed=1).name
    'planted:d=2,n=20,k=3,seed=1'
    """
    if name not in _REGISTRY:
        near = difflib.get_close_matches(name, _REGISTRY, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(_REGISTRY)
        if name.partition(":")[0] in _REGISTRY:
            hint = "`datasets.parse` takes a name with its parameters"
        raise InputError(f"unknown dataset {name!r:.80}: {hint}")
    make = _REGISTRY[name]
    accepted = inspect.signature(make).parameters
    for key, value in parameters.items():
        if key not in accepted:
            takes = ", ".join(accepted) or "none"
            raise InputError(f"dataset {name!r} has no parameter {key!r}: it takes {takes}")
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
            raise InputError(
                f"{key} = {value!r} for dataset {name!r}: a whole number, not negative, is needed"
            )
    chosen = {key: parameter.default for key, parameter in accepted.items()} | parameters
    _refuse_size(name, chosen)
    spelled = ",".join(f"{key}={value}" for key, value in chosen.items())
    return dataclasses.replace(make(**chosen), name=f"{name}:{spelled}" if spelled else name)


def parse(text: str) -> Dataset:
    """Return the dataset that a command line names: ``xor`` or ``planted:d=2,n=20,k=3,seed=0``.

    Raises
    ------
    InputError
        As `load`, and when the parameters are not ``key=number`` pairs.
    """
    name, _, listed = text.partition(":")
    parameters: dict[str, int] = {}
    for pair in filter(None, listed.split(",")):
        key, _, value = pair.partition("=")
        if key.strip() in parameters:
            raise InputError(f"{key.strip()!r} stands twice in {text!r:.80}: give it once")
        try:
            parameters[key.strip()] = int(value)
        except ValueError:
            raise InputError(
                f"{pair!r:.40} in {text!r:.80} is not key=number: write for example planted:d=2,n=20,k=3"
            ) from None
    return load(name, **parameters)


def _refuse_size(name: str, parameters: dict[str, int]) -> None:
    for key in ("d", "n"):
        if parameters.get(key) == 0:
            raise InputError(f"{key} = 0 for dataset {name!r}: at least 1 is needed")
    d, n, k = (parameters.get(key, 1) for key in ("d", "n", "k"))
    if max(d * n, k * n, d * k) > _MAX_NUMBERS:
        given = ", ".join(f"{key} = {value}" for key, value in parameters.items())
        raise InputError(f"dataset {name!r} with {given:.80} is too large: more than {_MAX_NUMBERS} numbers")


def _neurons(without_skip: int, with_skip: int, how: How, source: str) -> tuple[Known, ...]:
    return (
        Known(Objective.NEURONS, Affine.NONE, without_skip, how, source),
        Known(Objective.NEURONS, Affine.SKIP, with_skip, how, source),
    )


def _line(x: ArrayLike, y: ArrayLike, description: str, source: str, known: tuple[Known, ...]) -> Dataset:
    column = np.asarray(x, dtype=np.float64)[:, None]
    return Dataset("", column, np.asarray(y, dtype=np.float64), 0.0, description, source, known)


_OURS = "this project"
_TREE = "activation tree with exact multipliers"
_KNOTS = "every change of curvature needs a knot; one neuron a knot suffices"


def _peak_plateau() -> Dataset:
    known = _neurons(3, 3, "proven", "Nakhleh and Nowak 2025; activation tree")
    known += (Known(Objective.WEIGHTS, Affine.NONE, 3, "proven", "in one dimension a weight is a knot"),)
    return _line(
        [-2, -1, 0, 1, 2, 3],
        [0, 0, 1, 1, 0, 0],
        "A peak with a plateau; the sparsest interpolant cuts the plateau's corners into one peak.",
        "Nakhleh and Nowak, NeurIPS 2025, arXiv 2505.21791",
        known,
    )


def _xor() -> Dataset:
    # with a skip: x + y - 2 max(0, x + y - 1); without: max(0, x + y) - 2 max(0, x + y - 1)
    return Dataset(
        "",
        np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
        np.array([0.0, 1.0, 1.0, 0.0]),
        0.0,
        "Exclusive or on the corners of the unit square.",
        "folklore",
        (
            *_neurons(2, 1, "proven", _TREE),
            Known(Objective.PARAMETERS, Affine.NONE, 4, "computed", "MIP over cells"),
        ),
    )


def _parity_3() -> Dataset:
    corners = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
    return Dataset(
        "",
        corners,
        corners.sum(axis=1) % 2,
        0.0,
        "Parity of three bits.",
        "folklore",
        _neurons(3, 2, "proven", _TREE),
    )


def _tent() -> Dataset:
    return _line(
        [-1, 0, 1, 2, 3], [0, 0, 1, 0, 0], "One tent with flat ends.", _OURS, _neurons(3, 3, "proven", _KNOTS)
    )


def _zigzag() -> Dataset:
    return _line(
        np.arange(7),
        np.arange(7) % 2,
        "Alternating labels: no two neighbouring knots can be merged.",
        _OURS,
        _neurons(5, 5, "proven", f"{_KNOTS}; {_TREE}"),
    )


def _staircase() -> Dataset:
    return _line(
        np.arange(8),
        np.arange(8) // 2,
        "Four steps, linear in between.",
        _OURS,
        _neurons(6, 6, "proven", _KNOTS),
    )


def _convex() -> Dataset:
    x = np.arange(-3, 4)
    return _line(
        x,
        x**2,
        "x squared on integers: one run of five curvature points, which ceil(5 / 2) = 3 knots serve.",
        _OURS,
        _neurons(4, 3, "proven", f"two-state recursion; {_TREE}"),
    )


def _close4() -> Dataset:
    return _line(
        [-1, 0, 1 / 15, 1],
        [0, 0, 1, 1],
        "A steep step: two neurons, but only with weights of 15; with weights bounded by 10, four.",
        _OURS,
        _neurons(2, 2, "proven", _KNOTS),
    )


_ANSCOMBE_X = (10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5)
_ANSCOMBE_SOURCE = "Anscombe, Graphs in statistical analysis, The American Statistician 27 (1973)"


def _anscombe(number: int, y: tuple[float, ...], without_skip: int, with_skip: int) -> Dataset:
    known = _neurons(without_skip, with_skip, "proven", f"two-state recursion; {_TREE}")
    return _line(_ANSCOMBE_X, y, f"Data set {number} of Anscombe's quartet.", _ANSCOMBE_SOURCE, known)


def _anscombe_1() -> Dataset:
    return _anscombe(1, (8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68), 7, 7)


def _anscombe_2() -> Dataset:
    return _anscombe(2, (9.14, 8.14, 8.74, 8.77, 9.26, 8.10, 6.13, 3.10, 9.13, 7.26, 4.74), 6, 5)


def _anscombe_3() -> Dataset:
    return _anscombe(3, (7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73), 8, 8)


def _anscombe_4() -> Dataset:
    data = _line(
        (8, 8, 8, 8, 8, 8, 8, 19, 8, 8, 8),
        (6.58, 5.76, 7.71, 8.84, 8.47, 7.04, 5.25, 12.50, 5.56, 7.91, 6.89),
        "Data set 4 of Anscombe's quartet: ten samples share an input; tolerances from 1.795 on fit.",
        _ANSCOMBE_SOURCE,
        _neurons(1, 0, "proven", "two distinct inputs lie on a line; all labels are positive"),
    )
    return dataclasses.replace(data, tolerance=1.8)


def _high_dimensional(seed: int = 20) -> Dataset:
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (10, 50))
    return Dataset(
        "",
        X,
        rng.uniform(-1, 1, 10),
        0.0,
        "Ten random samples in fifty dimensions; the draw is this project's, the setting the paper's.",
        "Nakhleh and Nowak, NeurIPS 2025, arXiv 2505.21791",
        (
            Known(
                Objective.NEURONS,
                Affine.NONE,
                2,
                "bound",
                "max(0, g) - max(0, -g) with g affine through the data",
            ),
            Known(
                Objective.NEURONS,
                Affine.SKIP,
                0,
                "proven",
                "ten generic samples lie on a graph of an affine function",
            ),
        ),
    )


def _noisy(d: int = 2, n: int = 300, k: int = 3, noise: int = 20, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    X, y = _of_random_neurons(rng, d, n, k)
    reach = noise / 1000 * float(np.ptp(y))
    return Dataset(
        "",
        X,
        y + rng.uniform(-reach, reach, n),
        1.02 * reach or 1e-6,
        f"Labels computed by {k} random neurons, with uniform noise of {noise} thousandths of their range.",
        _OURS,
        _neurons(k, k, "bound", "the planted network: the tolerance is 1.02 times the noise"),
    )


def _planted(d: int = 2, n: int = 20, k: int = 3, seed: int = 0) -> Dataset:
    X, y = _of_random_neurons(np.random.default_rng(seed), d, n, k)
    return Dataset(
        "",
        X,
        y,
        1e-6,
        f"Labels computed by {k} random neurons of alternating sign on uniform inputs.",
        _OURS,
        _neurons(k, k, "bound", "the planted network"),
    )


def _of_random_neurons(rng: np.random.Generator, d: int, n: int, k: int) -> tuple[FloatArray, FloatArray]:
    """Return uniform inputs, and the values of k neurons of alternating sign."""
    X = rng.uniform(-1, 1, (n, d))
    weights, biases = rng.normal(size=(k, d)), rng.normal(size=k) * 0.5
    signs = (-1.0) ** np.arange(k)
    # summed in a fixed order, not by `@`, whose last digits depend on the machine
    inner = biases + sum(X[:, [j]] * weights[:, j] for j in range(d))
    return X, (np.maximum(inner, 0) * signs).sum(axis=1)


def _uniform(d: int = 2, n: int = 8, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, d))
    return Dataset("", X, rng.uniform(-1, 1, n), 0.0, "Uniform inputs and labels in [-1, 1].", _OURS)


_REGISTRY: dict[str, Callable[..., Dataset]] = {
    "peak-plateau": _peak_plateau,
    "xor": _xor,
    "parity-3": _parity_3,
    "tent": _tent,
    "zigzag": _zigzag,
    "staircase": _staircase,
    "convex": _convex,
    "close4": _close4,
    "anscombe-1": _anscombe_1,
    "anscombe-2": _anscombe_2,
    "anscombe-3": _anscombe_3,
    "anscombe-4": _anscombe_4,
    "high-dimensional": _high_dimensional,
    "planted": _planted,
    "noisy": _noisy,
    "uniform": _uniform,
}
