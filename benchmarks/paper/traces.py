"""Traces of training runs as a table, from which figures are made without training again."""

import csv
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sparsest.arrays import FloatArray
from sparsest.errors import InputError
from sparsest.files import refuse_large_file, write_atomically

IntArray = NDArray[np.int64]
_KEYS: Final = ("method", "seed", "step")
_MEASURED: Final = ("nonzero", "parts", "neurons", "loss", "best_loss")
_DIGITS: Final = 4  # of a loss


@dataclasses.dataclass(frozen=True, eq=False)
class Trace:
    """Runs of one method: R seeds, recorded at T steps.

    Attributes
    ----------
    method : str
        Its name.
    seeds : array (R,)
        Of the initial networks.
    steps : array (T,)
        After how many steps, ascending.
    nonzero : array (T, R)
        Products ``v_k w_kj`` that are not exactly zero, and ``v_k b_k`` where biases are counted.
    parts, neurons : array (T, R)
        Products, and neurons with one, that are not negligible beside the network's largest.
    loss, best_loss : array (T, R)
        Median and least mean squared error of the steps since the record before.
    """

    method: str
    seeds: IntArray
    steps: IntArray
    nonzero: FloatArray
    parts: FloatArray
    neurons: FloatArray
    loss: FloatArray
    best_loss: FloatArray

    def of_seeds(self, seeds: Sequence[int]) -> "Trace":
        """Return the runs with some of the seeds."""
        some = np.isin(self.seeds, seeds)
        columns = {name: getattr(self, name)[:, some] for name in _MEASURED}
        return dataclasses.replace(self, seeds=self.seeds[some], **columns)

    def recent_loss(self, window: int) -> FloatArray:
        """Return the least loss of each run (R,) over records of the last `window` steps."""
        recent = self.steps > self.steps[-1] - window
        return np.asarray(self.best_loss[recent].min(axis=0))


def write_traces(path: Path, traces: Sequence[Trace]) -> None:
    """Write traces as CSV, one line a method, seed and step.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_KEYS, *_MEASURED])
    for trace in traces:
        for r, seed in enumerate(trace.seeds):
            for t, step in enumerate(trace.steps):
                values = (f"{getattr(trace, name)[t, r]:.{_DIGITS}g}" for name in _MEASURED)
                writer.writerow([trace.method, seed, step, *values])
    write_atomically(path, text.getvalue().encode())


def read_traces(path: Path) -> list[Trace]:
    """Read traces as `write_traces` wrote them, one for each method; none when there is no file.

    Raises
    ------
    InputError
        When the file is damaged, or runs of a method were recorded at different steps.
    """
    if not path.exists():
        return []
    refuse_large_file(path)
    runs: dict[str, dict[int, list[tuple[float, ...]]]] = {}
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            rows = csv.reader(lines)
            if next(rows, None) != [*_KEYS, *_MEASURED]:
                raise ValueError("its first line is not that of a table of traces")
            for method, seed, step, *values in rows:
                measured = [float(value) for value in values]
                if len(measured) != len(_MEASURED):
                    raise ValueError(f"line {rows.line_num} has {len(measured)} measured values")
                runs.setdefault(method, {}).setdefault(int(seed), []).append((int(step), *measured))
        return [_assembled(method, by_seed) for method, by_seed in runs.items()]
    except (ValueError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error!s:.200}; remove it or name another folder") from None


def _assembled(method: str, by_seed: dict[int, list[tuple[float, ...]]]) -> Trace:
    """Put the runs of a method side by side."""
    seeds = sorted(by_seed)
    steps = [row[0] for row in by_seed[seeds[0]]]
    if steps != sorted(set(steps)) or any([row[0] for row in by_seed[seed]] != steps for seed in seeds):
        raise ValueError(f"the runs of {method} were not recorded at the same ascending steps")
    table = np.array([by_seed[seed] for seed in seeds])  # (R, T, columns)
    columns = (table[:, :, 1 + k].T for k in range(len(_MEASURED)))
    return Trace(method, np.array(seeds), np.array(steps, dtype=np.int64), *columns)
