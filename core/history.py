"""The course of a training run."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray


@dataclasses.dataclass(frozen=True, eq=False)
class History:
    """Course of a training run, one entry a recorded step, (S,) or (S, R) for R restarts.

    Examples
    --------
    >>> from sparsest import History
    >>> course = History(steps=[0, 100], loss=[1.0, 0.25], path_norm=[3.0, 2.0], active=[4, 2])
    >>> course
    <History 2 entries, 1 restarts>
    >>> course.table()["active"]
    array([4, 2])
    """

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

    def __repr__(self) -> str:
        restarts = np.asarray(self.loss).reshape(len(self.steps), -1).shape[1]
        return f"<History {len(self.steps)} entries, {restarts} restarts>"
