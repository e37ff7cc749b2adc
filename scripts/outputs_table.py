"""Planted networks with several outputs: is the number of shared neurons proven, and how fast.

    python scripts/outputs_table.py [SECONDS]

Uniform inputs; neurons with normal weights and half as large biases, as in the dataset `planted`; normal
output weights; intervals of 1e-6 around the labels. Every proof is checked, data included.
"""

import itertools
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from sparsest import MultiOutputProblem, Proof, Status, check_proof, exact

# (outputs, features, neurons, seed), and 6 more with another seed.
CASES = [(m, d, k, 0) for m, d, k in itertools.product((2, 3, 10), (2, 3, 4, 5), (3, 4))]
CASES += [(m, d, 4, 1) for m in (2, 3, 10) for d in (2, 5)]


def planted(m: int, d: int, k: int, seed: int) -> MultiOutputProblem:
    """Return 40 to 60 samples of k neurons that m outputs share."""
    rng = np.random.default_rng([m, d, k, seed])
    n = 40 + 5 * (d - 2) + 5 * (k - 3)
    X = rng.uniform(-1, 1, (n, d))
    weights, biases, outputs = rng.normal(size=(k, d)), 0.5 * rng.normal(size=k), rng.normal(size=(k, m))
    return MultiOutputProblem(X, np.maximum(X @ weights.T + biases, 0) @ outputs, tolerance=1e-6)


def main(seconds: float) -> None:
    """Solve all, and print what is proven."""
    proven = 0
    print("m   d  K  N   bounds  seconds  direction  checked in")
    for m, d, k, seed in CASES:
        problem = planted(m, d, k, seed)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "proof.json"
            result = exact.solve(problem, time_limit=seconds, proof_file=path)
            start = time.perf_counter()
            checked = check_proof(path, problem)
            checking = time.perf_counter() - start
        assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)
        closed = result.status is Status.OPTIMAL and result.proof is Proof.EXACT
        proven += closed
        print(
            f"{m:<3} {d}  {k}  {problem.n_samples}  {result.lower_bound}..{result.upper_bound}    "
            f"{result.seconds:7.2f}  {result.directions:>2}         {checking:.2f} s"
        )
    print(f"{proven} of {len(CASES)} proven within {seconds:g} s")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
