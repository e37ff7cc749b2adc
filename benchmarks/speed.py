"""Speed and memory of the exact side as ratios that carry over from one machine to the next.

What is compared runs by turns in one process, and the fastest of each counts: another program that takes the
processor away for a while then hits all sides, or none. Memory is that of a fresh process.
"""

import contextlib
import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from sparsest import check_proof, datasets, exact
from sparsest.arrays import FloatArray
from sparsest.benchmarks.run.machine import describe
from sparsest.errors import InputError
from sparsest.exact import compiled_ahead
from sparsest.exact.cells.enumerate import enumerate_cells, iterate_cells
from sparsest.exact.line.fewest_knots import solve_univariate
from sparsest.problem import Problem
from sparsest.worker_processes import end_pool, new_pool

Row = dict[str, Any]

# Samples from which on the univariate solver is compiled, so that fewer would warm up nothing.
_LEAST_SAMPLES: Final = 100_000
_SHAPES: Final = ("sine", "noise", "zigzag")
# Neurons whose least largest error is asked for, and the labels.
_NEURONS: Final = (3, 10, 100)
_CURVES: Final = ("sine", "noisy sine", "noise")
# Exponent of the path norms.
_POWER: Final = 0.5
# Exact labels, intervals that noise hardly notices, and ones as wide as the labels.
_TOLERANCES: Final = (0.0, 0.01, 1.0)
_CELLS: Final = ((200, 2), (40, 3))
# Name of the data, and the affine term: trees of different depth, and the univariate method.
_PROOFS: Final = (
    ("planted:d=2,n=20,k=3,seed=1", "none"),
    ("planted:d=3,n=20,k=3,seed=0", "none"),
    ("uniform:d=2,n=8,seed=0", "none"),
    ("planted:d=5,n=20,k=2,seed=0", "skip"),
    ("uniform:d=1,n=1000,seed=0", "skip"),
    ("uniform:d=1,n=10000,seed=0", "skip"),
)
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
# Random labels: no search of minutes closes it.
_ENDLESS: Final = "uniform:d=2,n=16,seed=0"


def measure(
    parts: Sequence[str] | None = None, *, samples: int = 1_000_000, repeats: int = 5, seconds: float = 20.0
) -> dict[str, Any]:
    """Measure some parts, all by default.

    Parameters
    ----------
    parts : sequence of str, optional
        Of `PARTS`.
    samples : int
        Samples of parts on one feature, at least 100,000.
    repeats : int
        How often each thing is timed; the fastest counts.
    seconds : float
        How long the search lasts whose memory is measured.

    Returns
    -------
    dict
        ``machine``, ``warm_up_seconds`` (what compiling, or loading what was compiled, took before anything
        was timed), and a list of rows for each part.

    Raises
    ------
    InputError
        For an unknown part or a number that makes no sense.
    """
    chosen = [*PARTS] if parts is None else [*parts]
    for name in chosen:
        if name not in PARTS:
            raise InputError(f"unknown part {name!r:.40}: known are {', '.join(PARTS)}")
    if not chosen or samples < _LEAST_SAMPLES or repeats < 1 or not 0 < seconds < math.inf:
        raise InputError(
            f"samples = {samples}, repeats = {repeats}, seconds = {seconds:g} for {len(chosen)} parts: at "
            f"least {_LEAST_SAMPLES} samples, one repeat, some seconds and one part are needed"
        )
    given = {"samples": samples, "repeats": repeats, "seconds": seconds}
    found: dict[str, Any] = {"machine": describe(), "warm_up_seconds": _warm_up(), **given}
    for name in chosen:
        found[name] = PARTS[name](given)
    return found


def by_turns(
    tasks: Mapping[str, Callable[[], object]],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Return the least seconds of each task, by some clock, over rounds in which each runs once."""
    least = dict.fromkeys(tasks, math.inf)
    for _ in range(repeats):
        for name, task in tasks.items():
            start = clock()
            task()
            least[name] = min(least[name], clock() - start)
    return least


def univariate(given: Mapping[str, Any]) -> list[Row]:
    """Time the univariate method over `numpy.argsort` of the same positions, which are in random order."""
    rows = []
    x = _positions(given["samples"])
    for shape in _SHAPES:
        y = _labels(shape, x)
        for tolerance in _TOLERANCES:
            problem = Problem(x, y, affine="skip", tolerance=tolerance)
            times = by_turns(
                {
                    "argsort": partial(np.argsort, x),
                    "problem": partial(Problem, x, y, affine="skip", tolerance=tolerance),
                    "search": partial(solve_univariate, problem),
                    "solve": partial(exact.solve, problem),
                },
                given["repeats"],
            )
            unit = times["argsort"]
            rows.append(
                {
                    "labels": shape,
                    "tolerance": tolerance,
                    "knots": exact.solve(problem).upper_bound,
                    "argsort, s": unit,
                    **{f"{name} / argsort": times[name] / unit for name in ("search", "solve", "problem")},
                }
            )
    return rows


def cells(given: Mapping[str, Any]) -> list[Row]:
    """Count cells a second, and compare with writing the same bits, a byte and a bit each, to a file."""
    rows = []
    for n, d in _CELLS:
        X = np.random.default_rng(0).uniform(-1, 1, (n, d))
        patterns = enumerate_cells(X).patterns
        packed = np.packbits(patterns, axis=1)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "cells.npy"
            times = by_turns(
                {
                    "enumerate": partial(enumerate_cells, X),
                    "iterate": partial(_number_of_cells, X),
                    "save": partial(np.save, path, patterns),
                    "save packed": partial(np.save, path, packed),
                },
                4 * given["repeats"],  # milliseconds each
            )
        fastest = min(times["enumerate"], times["iterate"])
        rows.append(
            {
                "N": n,
                "d": d,
                "cells": len(patterns),
                "enumerate, cells/s": len(patterns) / times["enumerate"],
                "iterate, cells/s": len(patterns) / times["iterate"],
                "save, s": times["save"],
                "fastest / save": fastest / times["save"],
                "save packed, s": times["save packed"],
                "fastest / save packed": fastest / times["save packed"],
            }
        )
    return rows


def proofs(given: Mapping[str, Any], data: Sequence[tuple[str, str]] = _PROOFS) -> list[Row]:
    """Time checking a proof over producing it, the search included."""
    rows = []
    for name, affine in data:
        problem = datasets.parse(name).problem(affine=affine)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "proof.json"
            times = by_turns(
                {
                    "produce": partial(exact.solve, problem, proof_file=path),
                    "check": partial(check_proof, path),
                },
                min(given["repeats"], 3),
            )
            checked, size = check_proof(path), path.stat().st_size
        rows.append(
            {
                "data": f"{name}, {affine}",
                "neurons": f"{checked.lower_bound}..{checked.upper_bound}",
                "leaves": checked.leaves,
                "file, KiB": size / 2**10,
                "produce, s": times["produce"],
                "check, s": times["check"],
                "check / produce": times["check"] / times["produce"],
            }
        )
    return rows


def memory(given: Mapping[str, Any]) -> list[Row]:
    """Measure the peak memory of univariate problems of growing size, and of a search of fixed time."""
    most = given["samples"]
    rows = []
    for n in (most // 10, 3 * most // 10, most):
        before, peak, _ = _in_fresh_process(_univariate_memory, n)
        rows.append(
            _memory_row(f"univariate, {n} samples", before, peak) | {"bytes a sample": (peak - before) / n}
        )
    before, peak, nodes = _in_fresh_process(_tree_memory, given["seconds"])
    name = f"tree, {given['seconds']:g} s on {_ENDLESS}"
    return [*rows, _memory_row(name, before, peak) | {"nodes": nodes}]


def path_norm(given: Mapping[str, Any]) -> list[Row]:
    """Time the least path norm over `numpy.argsort` of the same positions, and p* and the count once each."""
    rows = []
    x = _positions(given["samples"])
    for shape in _SHAPES:
        problem = Problem(x, _labels(shape, x), affine="skip")
        least = partial(exact.minimize_path_norm, problem, _POWER, "weights")
        times = by_turns({"argsort": partial(np.argsort, x), "least": least}, given["repeats"])
        found, threshold = least(), exact.threshold(problem, "weights")
        once = by_turns({"count": partial(exact.count_minimisers, problem, _POWER, "weights")}, 1)
        unit = times["argsort"]
        rows.append(
            {
                "labels": shape,
                "argsort, s": unit,
                "least / argsort": times["least"] / unit,
                "gap": found.gap,
                "p*": threshold.upper_bound,
                "p*, width": threshold.upper_bound - threshold.lower_bound,
                "p* / argsort": threshold.seconds / unit,
                "count / argsort": once["count"] / unit,
            }
        )
    return rows


def least_errors(given: Mapping[str, Any]) -> list[Row]:
    """Processor time of the least largest error over that of `numpy.argsort` of the same positions."""
    rows = []
    x = _positions(given["samples"])
    for shape in _CURVES:
        problem = Problem(x, _labels(shape, x), affine="skip")
        for neurons in _NEURONS:
            least = partial(exact.least_error, problem, neurons)
            tasks: Mapping[str, Callable[[], object]] = {"argsort": partial(np.argsort, x), "least": least}
            times = by_turns(tasks, given["repeats"], time.process_time)
            found = least()
            rows.append(
                {
                    "labels": shape,
                    "neurons": neurons,
                    "largest error": found.upper_bound,
                    "gap": found.gap,
                    "questions": found.questions,
                    "argsort, s": times["argsort"],
                    "least, s": times["least"],
                    "least / argsort": times["least"] / times["argsort"],
                }
            )
    return rows


PARTS: Final[dict[str, Callable[[Mapping[str, Any]], list[Row]]]] = {
    "univariate": univariate,
    "least-error": least_errors,
    "cells": cells,
    "proofs": proofs,
    "memory": memory,
    "path-norm": path_norm,
}


def _number_of_cells(X: FloatArray) -> int:
    """Stream the cells as a program does that keeps none of them."""
    return sum(len(block.patterns) for block in iterate_cells(X))


def _warm_up() -> float:
    """Let everything compile or load."""
    start = time.perf_counter()
    for compile_part in compiled_ahead.PARTS.values():
        compile_part()
    return time.perf_counter() - start


def _warm_up_univariate() -> None:
    x = _positions(_LEAST_SAMPLES)
    exact.solve(Problem(x, _labels("noise", x), affine="skip", tolerance=0.01))


def _positions(n: int) -> FloatArray:
    return np.random.default_rng(0).uniform(size=n)


def _labels(shape: str, x: FloatArray) -> FloatArray:
    """Labels (N,): smooth, with noise or without, random, or high and low by turns along x."""
    if shape == "sine":
        return np.asarray(np.sin(20 * x))
    if shape == "noisy sine":
        return np.asarray(np.sin(20 * x) + np.random.default_rng(1).uniform(-0.1, 0.1, len(x)))
    if shape == "noise":
        return np.random.default_rng(1).normal(size=len(x))
    y = np.empty(len(x))
    y[np.argsort(x)] = np.arange(len(x)) % 2
    return y


def _in_fresh_process(function: Callable[..., tuple[int, int, int]], argument: float) -> tuple[int, int, int]:
    pool = new_pool(1)
    try:
        found: tuple[int, int, int] = pool.schedule(function, args=(argument,)).result()
    finally:
        end_pool(pool)
    return found


def _univariate_memory(n: int) -> tuple[int, int, int]:
    """Return the size in bytes before solving a problem of n noisy samples, the peak after, and its knots."""
    _warm_up_univariate()
    x = _positions(n)
    problem = Problem(x, _labels("noise", x), affine="skip", tolerance=0.01)
    before = _new_peak_memory()
    knots = exact.solve(problem).lower_bound
    return before, peak_memory(), knots


def _tree_memory(seconds: float) -> tuple[int, int, int]:
    """Return the size in bytes before a search, the peak after it, and its nodes."""
    before = _new_peak_memory()
    found = exact.solve(datasets.parse(_ENDLESS).problem(), method="tree", time_limit=seconds)
    return before, peak_memory(), found.nodes


def _new_peak_memory() -> int:
    """Forget the peak so far, where the system lets us, and return the new one: the size at present."""
    with contextlib.suppress(OSError):
        _CLEAR.write_text("5")  # "reset the peak resident set size" (man 5 proc_pid_clear_refs)
    return peak_memory()


def peak_memory(status: Path = _STATUS) -> int:
    """Return the largest resident size of this process so far, in bytes.

    Not from `resource.getrusage`, whose figure a new process on Linux has from the one that started it.
    """
    try:
        lines = status.read_text().splitlines()
    except OSError:
        raise InputError(
            f"peak memory is read from {status}, which is not here: choose other parts"
        ) from None
    (kibibytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kibibytes) * 2**10


def _memory_row(name: str, before: int, peak: int) -> Row:
    return {"what": name, "start, MiB": before / 2**20, "peak, MiB": peak / 2**20}
