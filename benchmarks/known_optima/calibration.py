"""How fast this machine is, by a fixed loop: times divided by the loop's can be compared between machines."""

import time
from typing import Final

import highspy
import numpy as np

_ROUNDS: Final = 5
_STEPS: Final = 90_000
_PRODUCTS: Final = 9_000
_PROGRAMS: Final = 200


def calibrate(rounds: int = _ROUNDS) -> float:
    """Return the seconds that a fixed loop takes, the fastest of some rounds (about 0.3 s in all).

    The loop has the activation tree's mix in about equal shares, plain Python, NumPy on small arrays and
    warm-started linear programs, but none of this package's code: a solver that becomes slower must not make
    the yardstick longer. A round that something else disturbs does not count, because the fastest does.
    """
    return min(_round() for _ in range(rounds))


def _round() -> float:
    start = time.perf_counter()
    _count_in_python()
    _multiply_small_arrays()
    _solve_linear_programs()
    return time.perf_counter() - start


def _count_in_python() -> int:
    """Walk through bit patterns in a dictionary, as a search does through its nodes."""
    seen: dict[int, int] = {}
    state = 1
    for step in range(_STEPS):
        state = (1103515245 * state + 12345) % 2**31
        seen[state >> 20] = seen.get(state >> 20, 0) ^ step
    return len(seen)


def _multiply_small_arrays() -> float:
    matrix = np.arange(36.0).reshape(6, 6) / 36
    vector = np.ones(6)
    for _ in range(_PRODUCTS):
        vector = np.maximum(matrix @ vector, 0.5)
        vector = vector / vector.max()
    return float(vector.sum())


def _solve_linear_programs() -> int:
    """Add rows to a program of twelve free columns one by one, each time from the last basis."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(_PROGRAMS, 12))
    lp = highspy.Highs()
    lp.setOptionValue("output_flag", False)
    lp.setOptionValue("parallel", "off")  # not "threads": see sparsest.highs
    lp.addVars(12, np.full(12, -10.0), np.full(12, 10.0))
    columns, iterations = np.arange(12, dtype=np.int32), 0
    lp.changeColsCost(12, columns, np.ones(12))
    for row in rows:
        lp.addRow(-1.0, 1.0, 12, columns, row)
        lp.run()
        iterations += int(lp.getInfo().simplex_iteration_count)
    return iterations
