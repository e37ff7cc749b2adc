"""What packing curved sets proves, beside lines and the activation tree without it, as a Markdown table.

    python scripts/packing_table.py [SECONDS] [WORDS]

SECONDS is the time limit of each tree, 20 by default, and of each packing; only problems whose names contain
one of the WORDS, separated by commas, are run. Times are processor time of this process. The last columns are
the points and sets in the proof, and the seconds that `sparsest.check_proof` takes for it.
"""

import dataclasses
import itertools
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sparsest import Problem, check_proof, datasets
from sparsest.exact.line.forced_knots import lower_bound_certificate
from sparsest.exact.packing.bound import packing_bound
from sparsest.exact.packing.curved_sets import Packing
from sparsest.exact.proof.writer import ProofWriter
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import run_method
from sparsest.objectives import Objective
from sparsest.progress import Deadline
from sparsest.results.solving import ExactResult

# Features, samples, neurons and noise of planted problems; a tolerance of 1e-6 where there is no noise.
PLANTED = (
    (2, 60, 4, 0.0),
    (2, 200, 6, 0.0),
    (2, 1000, 6, 0.0),
    (2, 3000, 8, 0.0),
    (2, 1000, 5, 0.01),
    (2, 3000, 6, 0.01),
    (2, 3000, 4, 0.03),
    (3, 1000, 4, 0.0),
    (4, 1000, 3, 0.0),
)
TOLERANCES = (0.2, 0.1, 0.05)
_NEVER = Pacing(packed_from=10**18, packed_at_once=10**18)


def problems() -> Iterator[tuple[str, Problem, int | None]]:
    """Yield names, problems, and the neurons that suffice where it is known."""
    for d, n, k, noise in PLANTED:
        data = datasets.load("planted", d=d, n=n, k=k, seed=0)
        labels = data.y + np.random.default_rng(0).uniform(-noise, noise, n)
        name = f"planted d={d} N={n} K={k}" + (f" noise {noise}" if noise else "")
        yield name, Problem(data.X, labels, tolerance=noise or 1e-6), k
    grid = np.arange(15.0)
    X = np.array(list(itertools.product(grid, grid)))
    u, v = (X.T - 7) / 7
    for name, labels in (("product", u * v), ("sine", np.sin(3 * u) * np.cos(2 * v))):
        for tolerance in TOLERANCES:
            y = np.round(labels, 4)
            yield f"{name} 15 x 15, tolerance {tolerance}", Problem(X, y, tolerance=tolerance), None


def row(name: str, problem: Problem, enough: int | None, seconds: float) -> str:
    """Measure one problem."""
    distinct = problem.in_integers.distinct()
    lines = len(lower_bound_certificate(distinct))
    begun = time.process_time()
    packing = packing_bound(distinct, Deadline(seconds), enough=enough)
    packed = time.process_time() - begun
    tree = run_method(
        problem, Objective.NEURONS, "tree", SearchOptions(deadline=Deadline(seconds), pacing=_NEVER)
    )
    points = len({i for found in packing.sets for i in found.samples})
    return (
        f"| {name} | {lines} | {tree.lower_bound} | **{packing.bound}** | {packed:.1f} | "
        f"{len(packing.sets)} / {points} | {checked(problem, packing, tree):.2f} |"
    )


def checked(problem: Problem, packing: Packing, result: ExactResult) -> float:
    """Return the seconds that the checker takes for the packing alone."""
    with tempfile.TemporaryDirectory() as folder, ProofWriter(problem) as log:
        log.packing(packing)
        path = Path(folder) / "proof.json"
        log.write(path, "tree", dataclasses.replace(result, network=None, upper_bound=None))
        begun = time.process_time()
        check_proof(path, problem)
        return time.process_time() - begun


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    words = sys.argv[2].split(",") if len(sys.argv) > 2 else [""]
    print("| problem | lines | tree | packing | seconds | sets / points | check |")
    print("|---|---|---|---|---|---|---|")
    for name, problem, enough in problems():
        if any(word in name for word in words):
            print(row(name, problem, enough, seconds), flush=True)


if __name__ == "__main__":
    main()
