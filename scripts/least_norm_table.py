"""Which algorithms reach the certified least path norm, how often and how fast: docs/training.md.

python scripts/least_norm_table.py 10 --seeds 100 101 --plot share.png
"""

import argparse
import dataclasses
import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from sparsest import Problem, datasets
from sparsest.continuous import find_sparse, minimize
from sparsest.exact import minimize_path_norm
from sparsest.files import write_atomically
from sparsest.results.solving import Status

ALGORITHMS: Final = (
    "auto",
    "splitting",
    "adam-reweighted",
    "proximal-gradient",
    "smoothed",
    "published",
    "find",
)
OBJECTIVES: Final = ("neurons", "weights", "parameters")
POWERS: Final = (0.3, 0.5, 0.8)
# A path norm this much above the certified one, relatively, is the least one.
REACHED: Final = 1e-6


@dataclasses.dataclass(frozen=True)
class Certified:
    """A problem whose least path norm branch and bound has closed."""

    name: str
    problem: Problem
    objective: str
    p: float
    lower: float
    upper: float


def problems(seed: int) -> Iterator[tuple[str, Problem]]:
    """Yield small problems of every kind: random and planted labels, grids, skips, tolerances, classes."""
    random = np.random.default_rng([seed, 7])
    for d, n in ((1, 6), (1, 8), (2, 5), (2, 6), (2, 7), (3, 6)):
        yield f"uniform:d={d},n={n},seed={seed}", datasets.load("uniform", d=d, n=n, seed=seed).problem()
    for d, n, k in ((1, 10, 3), (2, 8, 2), (3, 8, 2)):
        name = f"planted:d={d},n={n},k={k},seed={seed}"
        yield name, datasets.load("planted", d=d, n=n, k=k, seed=seed).problem()
    X = np.unique(random.integers(-2, 3, (8, 2)).astype(float), axis=0)
    yield f"grid {seed}", Problem(X, random.integers(-2, 3, len(X)).astype(float))
    X, y = random.uniform(-1, 1, (7, 2)), random.uniform(-1, 1, 7)
    yield f"skip {seed}", Problem(X, y, affine="skip")
    yield f"tolerance {seed}", Problem(X, y, tolerance=0.2)
    yield f"classes {seed}", Problem.classification(X, np.where(y > np.median(y), 1, 0))


def certified(seeds: Sequence[int], limit: float) -> Iterator[Certified]:
    """Yield problems that branch and bound closes within a limit, the paper's first experiment first."""
    peak = ("peak-plateau", datasets.load("peak-plateau").problem())
    chosen = itertools.chain([peak], *(problems(seed) for seed in seeds))
    for (name, problem), objective, p in itertools.product(chosen, OBJECTIVES, (*POWERS, 0.4)):
        if p == 0.4 and name != "peak-plateau":  # the paper's p
            continue
        found = minimize_path_norm(problem, p, objective, time_limit=limit)
        if found.status is Status.OPTIMAL and found.upper_bound:
            yield Certified(name, problem, objective, p, found.lower_bound, found.upper_bound)


def run(case: Certified, algorithm: str, limit: float, seed: int) -> dict[str, Any]:
    """Return what an algorithm reached: its path norm over the least one, and the seconds it took."""
    if algorithm == "find":
        fit = find_sparse(case.problem, case.objective, p=case.p, seed=seed, time_limit=limit)
    else:
        options: dict[str, Any] = {"algorithm": algorithm, "objective": case.objective, "seed": seed}
        if algorithm == "published":
            options["steps"] = 30_000
        fit = minimize(case.problem, case.p, norm_bound=case.lower, time_limit=limit, **options)
    ratio = fit.path_norm / case.upper if fit.fits else float("inf")
    return {
        "name": case.name, "objective": case.objective, "p": case.p, "algorithm": algorithm,
        "ratio": ratio, "seconds": fit.seconds, "reached": bool(ratio <= 1 + REACHED),
    }  # fmt: skip


def table(runs: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of the table, a row an algorithm."""
    head = (
        "algorithm",
        "reached",
        "within 1 percent",
        "median, largest excess",
        "seconds",
        "seconds a success",
    )
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for algorithm in dict.fromkeys(each["algorithm"] for each in runs):
        own = [each for each in runs if each["algorithm"] == algorithm]
        ratios, seconds = np.array([each["ratio"] for each in own]), sum(each["seconds"] for each in own)
        reached = sum(each["reached"] for each in own)
        excess = f"{100 * (np.median(ratios) - 1):.2g}, {100 * (ratios.max() - 1):.3g} percent"
        success = f"{seconds / reached:.2g}" if reached else "-"
        near = int((ratios <= 1.01).sum())
        yield (
            f"| {algorithm} | {reached} of {len(own)} ({reached / len(own):.0%}) | {near / len(own):.0%} | "
            f"{excess} | {seconds / len(own):.2g} | {success} |"
        )


def draw(runs: Sequence[dict[str, Any]], path: Path, limit: float) -> None:
    """Draw the share of runs that had reached the least path norm by a time, a line an algorithm."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    for algorithm in dict.fromkeys(each["algorithm"] for each in runs):
        own = [each for each in runs if each["algorithm"] == algorithm]
        times = np.sort([each["seconds"] for each in own if each["reached"]])
        share = np.arange(1, len(times) + 1) / len(own)
        last = share[-1] if len(share) else 0.0
        axes.step(np.r_[1e-2, times, limit], np.r_[0.0, share, last], where="post", label=algorithm)
    axes.set(xscale="log", xlim=(1e-2, limit), ylim=(0, 1.02))
    axes.set(xlabel="seconds", ylabel="share at the certified least path norm")
    axes.legend(frameon=False, fontsize="small")
    figure.savefig(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("limit", type=float, nargs="?", default=10.0, help="seconds of each run")
    parser.add_argument("--seeds", type=int, nargs="+", default=[100])
    parser.add_argument("--algorithms", nargs="+", choices=ALGORITHMS, default=ALGORITHMS)
    parser.add_argument("--certify", type=float, default=10.0, metavar="SECONDS", help="of branch and bound")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--runs", type=Path, help="keep every run here, as JSON")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    runs: list[dict[str, Any]] = []
    for case in certified(arguments.seeds, arguments.certify):
        for algorithm in arguments.algorithms:
            runs.append(run(case, algorithm, arguments.limit, seed=0))
            print(
                "{name} {objective} {p} {algorithm} {ratio:.7f} {seconds:.2f}".format(**runs[-1]),
                file=sys.stderr,
            )
        if arguments.runs is not None:
            write_atomically(arguments.runs, json.dumps(runs).encode())
    for line in table(runs):
        print(line)
    if arguments.plot is not None:
        draw(runs, arguments.plot, arguments.limit)
