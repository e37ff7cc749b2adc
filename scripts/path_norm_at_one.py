"""Hold the least path norm at p = 1 against a linear program of its own, on random problems.

    python scripts/path_norm_at_one.py [PROBLEMS] [FIRST SEED]

PROBLEMS (200) of 3 to 7 samples and one or two features: every objective and affine term, exact labels,
tolerances, classes with a margin, intervals open on one side, weight bounds, repeated and collinear inputs.
The path norm at p = 1 is linear in the numbers of one neuron for each cell and output sign, cut into
positive and negative parts; and a neuron beyond a weight bound is several alike at the same cost. The program
is written from the data alone, with cells of its own, and solved by scipy. Exit code 1 where an interval
misses its optimum, stays open, or takes a second of processor time; 0 otherwise.
"""

import itertools
import sys
import time
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from sparsest import Problem, exact
from sparsest.results.solving import Status

# Where the two programs may differ: tolerances of scipy's solver, relative to the optimum.
_DIFFERENCE: Final = 1e-6
# Seconds of processor time that a problem may take.
_SECONDS: Final = 1.0

FloatArray = NDArray[np.float64]


class Row(NamedTuple):
    """What one problem came to."""

    seed: int
    kind: str
    optimum: float
    lower: float
    upper: float
    status: Status
    seconds: float

    @property
    def wrong(self) -> bool:
        """Whether the interval is open or misses the optimum."""
        room = _DIFFERENCE * max(1.0, self.optimum)
        holds = self.lower <= self.optimum + room and self.upper >= self.optimum - room
        return not holds or self.status is not Status.OPTIMAL


def random_problem(seed: int) -> tuple[Problem, str, str]:
    """Return a problem, what its path norm is taken of, and a few words on its kind."""
    random = np.random.default_rng(seed)
    features, samples = int(random.integers(1, 3)), int(random.integers(3, 8))
    X = (
        random.integers(-3, 4, (samples, features))
        if seed % 2
        else random.uniform(-1, 1, (samples, features))
    )
    X = np.unique(np.asarray(X, dtype=float), axis=0)
    y = np.round(random.uniform(-1, 1, len(X)), 2)
    kind = ("exact", "tolerance", "classes", "open", "mixed")[seed % 5]
    if kind == "exact":
        low, high = y, y
    elif kind == "tolerance":
        low, high = y - 0.1, y + 0.1
    elif kind == "classes":
        margin = float(random.uniform(0.5, 2))
        low, high = np.where(y > 0, margin, -np.inf), np.where(y > 0, np.inf, -margin)
    elif kind == "open":
        low, high = y, np.where(random.uniform(size=len(y)) < 0.5, np.inf, y)
    else:
        ends = random.integers(0, 4, len(y))
        low, high = np.where(ends == 1, -np.inf, y), np.where(ends == 2, np.inf, y + 0.2 * (ends == 3))
        low, high = np.where(ends == 0, -np.inf, low), np.where(ends == 0, np.inf, high)
    affine = ("none", "constant", "skip")[seed % 3]
    objective = ("neurons", "weights", "parameters")[seed // 3 % 3]
    bound = float(random.uniform(0.5, 2)) if seed % 4 == 0 else None
    problem = Problem.from_intervals(X, low, high, affine=affine, weight_bound=bound)
    words = f"{kind}, {affine}, {objective}{'' if bound is None else ', bounded'}"
    return problem, objective, words


def cells(rows: FloatArray) -> list[tuple[bool, ...]]:
    """Return the patterns of full-dimensional cells of the hyperplanes across ``rows`` (N, r), r at most 3.

    Every cell touches a line that r - 1 independent rows span the complement of; around it others are
    found by the same on the rows that vanish there, with all else decided by the line.
    """
    if rows.shape[1] == 1:
        return [tuple(rows[:, 0] > 0), tuple(rows[:, 0] < 0)]
    found: set[tuple[bool, ...]] = set()
    for chosen in itertools.combinations(rows, rows.shape[1] - 1):
        if np.linalg.matrix_rank(chosen, tol=1e-9) < len(chosen):
            continue
        line = np.linalg.svd(np.array(chosen))[2][-1]
        at = rows @ line
        flat = np.abs(at) < 1e-9
        # directions across the line, in which the rows that vanish on it cut a smaller arrangement
        across = np.linalg.svd(line[None, :])[2][1:]
        for side, part in itertools.product((1, -1), cells(rows[flat] @ across.T)):
            pattern = side * at > 0
            pattern[flat] = part
            found.add(tuple(pattern.tolist()))
    return sorted(found)


def optimum(problem: Problem, objective: str) -> float:
    """Return the least path norm at p = 1 by one linear program over cells, signs, and parts of numbers."""
    samples, features = problem.X.shape
    rows = np.column_stack([problem.X, np.ones(samples)])
    charged = np.ones(features + 1)
    if objective == "weights":
        charged[-1] = 0.0
    blocks = list(itertools.product(cells(rows), (1.0, -1.0)))
    free = {"none": rows[:, :0], "constant": rows[:, -1:], "skip": rows}[str(problem.affine)]
    size = features + 1
    costs = np.concatenate([np.tile(charged, 2 * len(blocks)), np.zeros(free.shape[1])])
    values = np.zeros((samples, len(costs)))
    cones = np.zeros((samples * len(blocks), len(costs)))
    for b, (pattern, sign) in enumerate(blocks):
        active = np.array(pattern, dtype=float)[:, None]
        both = np.hstack([rows, -rows])
        values[:, 2 * size * b : 2 * size * (b + 1)] = sign * active * both
        cones[samples * b : samples * (b + 1), 2 * size * b : 2 * size * (b + 1)] = (1 - 2 * active) * both
    values[:, len(costs) - free.shape[1] :] = free
    above, below = np.isfinite(problem.high), np.isfinite(problem.low)
    matrix = np.vstack([cones, values[above], -values[below]])
    right = np.concatenate([np.zeros(len(cones)), problem.high[above], -problem.low[below]])
    bounds = [(0, None)] * (len(costs) - free.shape[1]) + [(None, None)] * free.shape[1]
    found = linprog(costs, A_ub=matrix, b_ub=right, bounds=bounds, method="highs")
    if found.status != 0:
        raise AssertionError(f"scipy: {found.message}")
    return float(found.fun)


def compared(seed: int) -> Row:
    """Return what one problem comes to."""
    problem, objective, kind = random_problem(seed)
    begun = time.process_time()
    result = exact.minimize_path_norm(problem, 1.0, objective)
    seconds = time.process_time() - begun
    upper = np.inf if result.upper_bound is None else result.upper_bound
    return Row(seed, kind, optimum(problem, objective), result.lower_bound, upper, result.status, seconds)


def main(problems: int = 200, first: int = 0) -> int:
    """Print what is wrong, and how close the rest is."""
    rows = [compared(seed) for seed in range(first, first + problems)]
    wrong = [row for row in rows if row.wrong]
    slow = [row for row in rows if row.seconds >= _SECONDS]
    for row in (*wrong, *slow):
        print(row)
    worst = max(abs(row.upper - row.optimum) / max(1.0, row.optimum) for row in rows)
    longest = max(row.seconds for row in rows)
    bounded = sum("bounded" in row.kind for row in rows)
    print(
        f"{len(rows)} problems, {bounded} with a weight bound: {len(wrong)} wrong or open, {len(slow)} slow"
    )
    print(f"largest difference {worst:.1e}, longest {longest:.2f} s of processor time")
    return int(bool(wrong or slow))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
