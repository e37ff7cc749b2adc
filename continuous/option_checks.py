"""The checks of options of `find_sparse` and `minimize`: each returns what to use or says what to change."""

import dataclasses
import difflib
import math
import operator
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from sparsest.continuous.algorithms.schedule import Schedule
from sparsest.continuous.descent.initialization import INITIALIZATIONS
from sparsest.continuous.descent.restarts import Settings
from sparsest.errors import InputError
from sparsest.network import Network
from sparsest.objectives import DEFAULT_POWER, Objective, check_power
from sparsest.problem import Problem

# Training holds several tensors of this many numbers, of 8 bytes each.
_MAX_BATCH = 3 * 10**8

_DTYPES = {"float64": torch.float64, "float32": torch.float32}


def schedule(
    steps: int, learning_rate: float, regularization: float, p: float, objective: str | Objective
) -> Schedule:
    """Return the training schedule, or raise `InputError`."""
    return Schedule(
        steps=count("steps", steps),
        learning_rate=_real("learning_rate", learning_rate, positive=True),
        regularization=_real("regularization", regularization, positive=False),
        p=check_power(_real("p", p, positive=False)),
        objective=Objective.parse(objective),
    )


def count(name: str, value: int) -> int:
    """Return a positive integer option, or raise `InputError`."""
    number = _integer(name, value)
    if number < 1:
        raise InputError(f"{name} = {value!r}: it must be at least 1")
    return number


def refuse_large_batch(restarts: int, width: int, problem: Problem) -> None:
    """Raise `InputError` when the batch's largest tensors would not fit into a common memory."""
    if is_large_batch(restarts, width, problem):
        entries = _entries(restarts, width, problem)
        raise InputError(
            f"restarts x width x samples is {entries:.2g}, more than {_MAX_BATCH:.2g} numbers a tensor: "
            f"lower restarts = {restarts} or width = {width}"
        )


def is_large_batch(restarts: int, width: int, problem: Problem) -> bool:
    """Whether the batch's largest tensors would not fit into a common memory."""
    return _entries(restarts, width, problem) > _MAX_BATCH


def _entries(restarts: int, width: int, problem: Problem) -> int:
    return restarts * width * max(problem.n_samples, problem.n_features + 1)


def seed(value: int) -> int:
    """Return a seed that torch accepts, or raise `InputError`."""
    number = _integer("seed", value)
    if not 0 <= number < 2**63:
        raise InputError(f"seed = {value!r}: it must be at least 0 and less than 2**63")
    return number


def algorithm(name: str, known: tuple[str, ...]) -> str:
    """Return an algorithm's name, or raise `InputError` with the nearest one."""
    if name in known:
        return name
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(known)
    raise InputError(f"unknown algorithm {name!r:.40}: {hint}")


def initialization(name: str) -> str:
    """Return the name of a way to draw initial networks, or raise `InputError` that lists them."""
    if name not in INITIALIZATIONS:
        raise InputError(f"unknown initialization {name!r:.40}: known are {', '.join(INITIALIZATIONS)}")
    return name


def bound(name: str, value: int) -> int:
    """Return an integer option that is at least 0, or raise `InputError`."""
    number = _integer(name, value)
    if number < 0:
        raise InputError(f"{name} = {value!r}: it must be at least 0")
    return number


def norm_bound(value: float) -> float:
    """Return a path norm, infinity included, or raise `InputError`."""
    if not isinstance(value, (int, float)) or not value >= 0:
        raise InputError(f"norm_bound = {value!r:.40}: a path norm is needed, or infinity")
    return float(value)


def patterns(given: ArrayLike | None, n_samples: int) -> NDArray[np.bool_] | None:
    """Return activation patterns (C, N), or raise `InputError`."""
    if given is None:
        return None
    array = np.asarray(given)
    if array.dtype != np.bool_ or array.ndim != 2 or array.shape[1] != n_samples:
        raise InputError(
            f"patterns have shape {array.shape} and type {array.dtype}: "
            f"booleans of shape (C, {n_samples}) are needed"
        )
    return array if len(array) else None


def device(name: str) -> torch.device:
    """Return the torch device called `name`, or raise `InputError` when it is unknown or absent."""
    available = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda" if available else "cpu")
    try:
        chosen = torch.device(name)
    except (RuntimeError, TypeError):
        raise InputError(f"device = {name!r}: use 'auto', 'cpu', 'cuda' or 'cuda:0'") from None
    if chosen.type not in ("cpu", "cuda"):
        raise InputError(f"device = {name!r}: only 'cpu' and 'cuda' are supported, or 'auto'")
    if chosen.type == "cuda" and (chosen.index or 0) >= available:
        raise InputError(f"device = {name!r}: torch sees {available} CUDA devices here; use 'cpu' or 'auto'")
    return chosen


def dtype(name: str) -> torch.dtype:
    """Return the torch type called `name`, or raise `InputError`."""
    if not isinstance(name, str) or name not in _DTYPES:
        raise InputError(f"dtype = {name!r}: use 'float64' or 'float32'")
    return _DTYPES[name]


def refuse_misfit(network: Network | None, problem: Problem) -> None:
    """Raise `InputError` for a network to begin from that does not fit."""
    if network is not None and not (network.n_features == problem.n_features and network.solves(problem)):
        raise InputError("start: the network does not meet every interval of the problem")


def refuse_with_neurons(p: float, objective: str | Objective, **given: object) -> None:
    """Raise `InputError` for an option that is given and has no meaning for a fixed number of neurons."""
    given["p"] = None if p == DEFAULT_POWER else p
    given["objective"] = None if objective == Objective.NEURONS else objective
    for name, value in given.items():
        if value is not None:
            raise InputError(f"{name} does not go with neurons: leave one of them out")


def in_words(schedule: Schedule, settings: Settings) -> dict[str, Any]:
    """Return what decides the course of a search, in words for a file."""
    plain = {**dataclasses.asdict(schedule), **dataclasses.asdict(settings)}
    return {name: value if isinstance(value, (int, float)) else str(value) for name, value in plain.items()}


def _integer(name: str, value: int) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise InputError(f"{name} = {value!r}: a whole number is needed") from None


def _real(name: str, value: float, *, positive: bool) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} = {value!r}: a number is needed") from None
    if not math.isfinite(number) or number < 0 or (positive and number == 0):
        raise InputError(
            f"{name} = {value!r}: it must be {'positive' if positive else 'at least 0'} and finite"
        )
    return number
