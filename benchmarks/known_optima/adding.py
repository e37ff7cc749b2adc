"""Write a new entry of known optima from what the command line asks, and answer it."""

import os
from pathlib import Path
from typing import Any

from sparsest.benchmarks.known_optima import entries
from sparsest.benchmarks.known_optima.calibration import calibrate
from sparsest.benchmarks.known_optima.regress import Regression, check
from sparsest.errors import InputError
from sparsest.files import write_atomically
from sparsest.io.problem_sources import Asked, names_table, read_problem
from sparsest.objectives import Objective
from sparsest.progress import ProgressCallback


def add(
    directory: Path,
    data: str,
    asked: Asked,
    *,
    objective: str = "neurons",
    method: str = "auto",
    time_limit: float | None = None,
    progress: ProgressCallback | None = None,
) -> Regression:
    """Ask a new question in a folder of known optima, and solve it; `update` then writes the answer.

    Parameters
    ----------
    directory : Path
        The folder, which is made where there is none. The entry goes into the file named after the data.
    data : str
        A dataset's name or a file, relative to the working directory.
    asked : Asked
        How the data become a problem.
    objective, method : str
        What is counted, and how.
    time_limit : float, optional
        Seconds; as long as entries have by default when absent.
    progress : callable, optional
        As of `sparsest.exact.solve`.

    Returns
    -------
    Regression
        The file with the one new entry checked; nothing checked where Ctrl-C came first.

    Raises
    ------
    InputError
        When the data or an option cannot be used, or the entry is there already. Nothing is written then.
    """
    read_problem(data, asked)
    chosen = Objective.parse(objective)
    directory.mkdir(parents=True, exist_ok=True)
    path = Path(data)
    is_file = names_table(data, path) or path.suffix.lower() == ".json"
    question: dict[str, Any] = {
        # with forward slashes, so that the entry holds on every system
        "data": Path(os.path.relpath(path, directory)).as_posix() if is_file else data,
        **_columns(asked),
        "affine": None if asked.affine is None else str(asked.affine),
        "tolerance": asked.tolerance,
        "weight_bound": asked.weight_bound,
        "classify": asked.classify or None,
        "margin": asked.margin,
        "objective": None if chosen is Objective.NEURONS else str(chosen),
        "method": None if method == "auto" else method,
        "time_limit": time_limit,
    }
    name = path.name.partition(".")[0] if is_file else data.partition(":")[0]
    target = directory / f"{name or 'data'}.toml"
    before = target.read_bytes() if target.is_file() else None
    file = entries.append(target, question)
    try:
        calibration = calibrate()
        checked = check(file.optima[-1], calibration=calibration, anew=True, progress=progress)
    except KeyboardInterrupt:
        return Regression((file,), (), 1.0, interrupted=True)
    if not checked.mendable:  # the method does not apply, for one
        _restore(target, before)
        raise InputError("; ".join(finding.sentence for finding in checked.findings))
    return Regression((file,), (checked,), calibration, interrupted=False)


def _restore(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink()
    else:
        write_atomically(path, content)


def _columns(asked: Asked) -> dict[str, Any]:
    """Return the keys of an entry on columns and rows of a table."""
    wanted = asked.wanted._asdict()
    lists = {key: list(wanted[key]) for key in ("features", "ignore") if wanted[key] is not None}
    return wanted | lists | {"drop_missing": wanted["drop_missing"] or None}
