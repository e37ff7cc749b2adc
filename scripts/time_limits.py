"""Ask every public function with a time limit for short ones on problems of every shape; print the excess.

    python scripts/time_limits.py [--shapes PATTERN] [--functions PATTERN] [--limits 0.1,1,3]

One process for each function and shape, in which a first call on two samples loads what has to be loaded:
the limit is on computing, not on imports. Of `compare_sides` the limit is on each of its four parts.
"""

import argparse
import contextlib
import fnmatch
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import sparsest
from sparsest import Network, Problem, SparsestReLURegressor, certify, compare_sides, continuous, exact

# Seconds beyond its limits after which a process is killed.
_PATIENCE = 60.0
# What a limit may be exceeded by: seconds, or this share of it.
_SECONDS, _SHARE = 1.0, 0.1


def _noise(samples: int, features: int, **options: Any) -> Problem:
    random = np.random.default_rng(samples + features)
    return Problem(random.normal(size=(samples, features)), random.normal(size=samples), **options)


def _classes(samples: int, features: int) -> Problem:
    random = np.random.default_rng(samples + features)
    X = random.normal(size=(samples, features))
    return Problem.classification(X, np.sign(X[:, 0] + random.normal(size=samples) / 3), affine="skip")


SHAPES: dict[str, Callable[[], Problem]] = {
    "N=12 d=2": lambda: _noise(12, 2),
    "N=100000 d=1": lambda: _noise(100_000, 1),
    "N=100000 d=1 skip": lambda: _noise(100_000, 1, affine="skip"),
    "N=100000 d=1 within 0.5": lambda: _noise(100_000, 1, tolerance=0.5),
    "N=20000 d=1": lambda: _noise(20_000, 1),
    "N=20000 d=3": lambda: _noise(20_000, 3),
    "N=100000 d=5": lambda: _noise(100_000, 5),
    "N=1000 d=2": lambda: _noise(1000, 2),
    "N=200 d=10": lambda: _noise(200, 10),
    "N=400 d=300": lambda: _noise(400, 300),
    "N=50 d=300 skip": lambda: _noise(50, 300, affine="skip"),
    "N=5000 d=300": lambda: _noise(5000, 300),
    "N=200 d=2 bounded": lambda: _noise(200, 2, weight_bound=0.5),
    "N=2000 d=1 bounded": lambda: _noise(2000, 1, weight_bound=0.01),
    "N=20000 d=2 bounded": lambda: _noise(20_000, 2, weight_bound=0.5),
    "N=300 d=2 classes": lambda: _classes(300, 2),
    "N=20000 d=4 classes": lambda: _classes(20_000, 4),
    "N=2000 d=1 classes": lambda: _classes(2000, 1),
}


def _trained(problem: Problem) -> Network:
    random = np.random.default_rng(0)
    folded = random.normal(size=(50, problem.n_features + 1))
    return Network.from_folded(folded, np.sign(random.normal(size=50)))


def _certified(problem: Problem, limit: float) -> object:
    return certify(_trained(problem), problem.X, problem.targets, time_limit=limit)


def _estimated(problem: Problem, limit: float) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return SparsestReLURegressor(time_limit=limit).fit(problem.X, problem.targets)


FUNCTIONS: dict[str, Callable[[Problem, float], object]] = {
    "solve": lambda problem, limit: exact.solve(problem, time_limit=limit),
    "solve tree": lambda problem, limit: exact.solve(problem, method="tree", time_limit=limit),
    "solve mip": lambda problem, limit: exact.solve(problem, method="mip", time_limit=limit),
    "solve weights": lambda problem, limit: exact.solve(problem, "weights", time_limit=limit),
    "solve parameters": lambda problem, limit: exact.solve(problem, "parameters", time_limit=limit),
    "minimize_path_norm": lambda problem, limit: exact.minimize_path_norm(problem, 0.5, time_limit=limit),
    "path norm of weights": lambda problem, limit: exact.minimize_path_norm(
        problem, 0.5, "weights", time_limit=limit
    ),
    "threshold": lambda problem, limit: exact.threshold(problem, time_limit=limit),
    "threshold of weights": lambda problem, limit: exact.threshold(problem, "weights", time_limit=limit),
    "cost_curves": lambda problem, limit: exact.cost_curves(problem, [0.3, 0.7], time_limit=limit),
    "enumerate_cells": lambda problem, limit: exact.enumerate_cells(problem.X, time_limit=limit),
    "find_sparse": lambda problem, limit: continuous.find_sparse(problem, time_limit=limit),
    "fit of 3 neurons": lambda problem, limit: continuous.find_sparse(problem, neurons=3, time_limit=limit),
    "least_error": lambda problem, limit: sparsest.least_error(problem, 3, time_limit=limit),
    "frontier": lambda problem, limit: sparsest.frontier(problem, most=5, time_limit=limit),
    "minimize": lambda problem, limit: continuous.minimize(problem, time_limit=limit),
    "compare_sides": lambda problem, limit: compare_sides(problem, time_limit=limit),
    "certify": _certified,
    "regressor": _estimated,
}
# Parts of a function on each of which the limit is.
_PARTS = {"compare_sides": 4}


def measure(function: str, shape: str, limits: list[float]) -> None:
    """Print the seconds that each limit took, and how the call ended."""
    problem, call = SHAPES[shape](), FUNCTIONS[function]
    with contextlib.suppress(Exception):  # what it does not apply to it refuses below too
        call(Problem([0, 1], [0, 1], affine=problem.affine), 5.0)
    for limit in limits:
        started = time.perf_counter()
        try:
            ended = str(getattr(call(problem, limit), "status", "done"))
        except Exception as error:
            ended = f"{type(error).__name__}: {error}"
        print(f"{time.perf_counter() - started:.3f} {' '.join(ended.split())[:90]}", flush=True)


def main() -> None:
    """Run all pairs of a function and a shape, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", default="*")
    parser.add_argument("--functions", default="*")
    parser.add_argument("--limits", default="0.1,1,3")
    parser.add_argument("--one", nargs=2, metavar=("FUNCTION", "SHAPE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    limits = [float(limit) for limit in options.limits.split(",")]
    if options.one:
        measure(*options.one, limits)
        return
    worst, kept, asked = 0.0, 0, 0
    for function in fnmatch.filter(FUNCTIONS, options.functions):
        for shape in fnmatch.filter(SHAPES, options.shapes):
            lines = _lines(function, shape, options.limits, limits)
            for number, limit in enumerate(limits):
                allowed = limit * _PARTS.get(function, 1)
                seconds, how = lines[number] if number < len(lines) else (float("inf"), "killed")
                excess = seconds - allowed
                keeps = excess <= max(_SECONDS, _SHARE * allowed)
                worst, kept, asked = max(worst, excess), kept + keeps, asked + 1
                mark = "" if keeps else "  <-- not kept"
                print(f"{function:22} {shape:24} {limit:5g} s  {seconds:8.2f} s  {how}{mark}", flush=True)
    print(f"kept {kept} of {asked}; worst excess {worst:.2f} s")


def _lines(function: str, shape: str, text: str, limits: list[float]) -> list[tuple[float, str]]:
    """Return seconds and ends of the calls of one process."""
    command = [sys.executable, __file__, "--limits", text, "--one", function, shape]
    patience = _PATIENCE + sum(limits) * _PARTS.get(function, 1)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=False)
        output = done.stdout
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"").decode()
    parts = [line.partition(" ") for line in output.splitlines()]
    return [(float(seconds), how) for seconds, _, how in parts]


if __name__ == "__main__":
    main()
