"""What solvers return: why they stopped, what is known, and the network that shows it."""

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.network import Network
from sparsest.objectives import Objective


class Sentence(enum.Enum):
    """An enum whose members carry a name for machines and a sentence for people."""

    sentence: str

    def __new__(cls, name: str, sentence: str) -> "Sentence":
        """Make a member whose value is its name."""
        member = object.__new__(cls)
        member._value_ = name
        member.sentence = sentence
        return member

    @classmethod
    def parse(cls, name: str) -> Self:
        """Return the member called `name`; raise `ValueError` if there is none."""
        for member in cls:
            if member.value == name:
                return member
        raise ValueError(f"{name!r} is not one of {', '.join(map(str, cls))}")

    def __str__(self) -> str:
        return str(self.value)


class Status(Sentence):
    """Why an exact solver stopped; what is known is in the bounds, never here."""

    OPTIMAL = "optimal", "lower and upper bound met"
    TIME_LIMIT = "time_limit", "the time limit was reached"
    NODE_LIMIT = "node_limit", "the node limit was reached"
    INTERRUPTED = "interrupted", "the user interrupted the search"
    INFEASIBLE = "infeasible", "no network meets every interval within the weight bound"
    NUMERICAL = "numerical", "floating-point trouble: the solver could not decide a case either way"


class Proof(Sentence):
    """What the bounds rest on."""

    EXACT = "exact", "every step was verified in rational arithmetic"
    NUMERICAL = "numerical", "some steps rest on a floating-point solver's word"


@dataclasses.dataclass(frozen=True)
class ExactResult:
    """Bounds on the smallest count, the witness of the upper one, and where they come from.

    Attributes
    ----------
    status : Status
        Why the solver stopped. `Status.OPTIMAL` only when the bounds meet.
    proof : Proof
        What both bounds rest on.
    objective : Objective
        What is counted.
    lower_bound : int
        No network that fits has fewer.
    upper_bound : int or None
        The count of `network`; None when no network is known.
    network : Network or None
        The witness, rounded to floats.
    residual : float or None
        Largest violation of an interval by `network`, evaluated in float64.
    method : str
        The algorithm that ran.
    reason : str
        Why that algorithm was chosen, in one sentence; empty when the caller named it.
    seconds : float
        Wall time.
    nodes : int
        Search nodes visited (LPs, MIP nodes or steps of a recursion).
    unverified : int
        Number of leaves of the activation tree that could not be decided in rational arithmetic; they
        never count towards the lower bound.
    solver : str
        Solver and version behind the method.
    remark : str
        What else the user should know, in one sentence; usually empty.
    options : mapping
        The options that the search ran with.
    proof_written : bool or None
        Whether the proof file that was asked for was written; `remark` says why not. None when none was
        asked for.
    """

    status: Status
    proof: Proof
    objective: Objective
    lower_bound: int
    upper_bound: int | None
    network: Network | None
    residual: float | None
    method: str
    reason: str
    seconds: float
    nodes: int
    unverified: int
    solver: str
    remark: str
    options: Mapping[str, Any]
    proof_written: bool | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class History:
    """Course of a training run, one entry a recorded step, (S,) or (S, R) for R restarts."""

    steps: FloatArray
    loss: FloatArray
    path_norm: FloatArray
    active: FloatArray

    def table(self) -> dict[str, NDArray[Any]]:
        """Return columns of one row a recorded step and restart, (S R,) each, restart after restart.

        ``pandas.DataFrame(history.table())`` makes a data frame of them.
        """
        loss, norm, active = (
            np.asarray(part, dtype=np.float64).reshape(len(self.steps), -1)
            for part in (self.loss, self.path_norm, self.active)
        )
        restarts = loss.shape[1]
        return {
            "restart": np.repeat(np.arange(restarts), len(self.steps)),
            "step": np.tile(self.steps, restarts).astype(np.int64),
            "loss": loss.T.ravel(),
            "path_norm": norm.T.ravel(),
            "active": active.T.ravel().astype(np.int64),
        }


@dataclasses.dataclass(frozen=True, eq=False)
class FitResult:
    """What training found: the raw network, and the polished one, which are different claims.

    Attributes
    ----------
    objective : Objective
        The path norm that was minimised, and what is counted.
    p : float
        Its exponent.
    raw : Network
        Best restart as gradient descent left it, exact zeros dropped.
    raw_residual : float
        Its largest violation of an interval.
    polished : Network
        The same restart or another one after the linear-programming polish.
    polished_residual : float
        Its largest violation.
    restart_counts : array (R,)
        Count under `objective` of every restart after the polish.
    restart_residuals : array (R,)
        Largest violation of every restart after the polish.
    raw_counts, raw_residuals : array (R,)
        The same before the polish.
    history : History
        Loss, path norm and active neurons over the steps, every restart.
    steps : int
        Steps taken.
    seconds : float
        Wall time, polish included.
    seed : int
        Seed of the initial networks.
    device : str
        Where it ran.
    options : mapping
        Everything else that the run depends on.
    """

    objective: Objective
    p: float
    raw: Network
    raw_residual: float
    polished: Network
    polished_residual: float
    restart_counts: FloatArray
    restart_residuals: FloatArray
    raw_counts: FloatArray
    raw_residuals: FloatArray
    history: History
    steps: int
    seconds: float
    seed: int
    device: str
    options: Mapping[str, Any]

    @property
    def count(self) -> int:
        """Count of the polished network under the objective."""
        return self.polished.count(self.objective)
