"""What densest classes close, beside the activation tree without them, as a Markdown table.

    python scripts/dense_table.py [SECONDS] [WORDS]

SECONDS is the time limit of each search, 60 by default; only problems whose names contain one of the WORDS,
separated by commas, are run. The column `solve` is `sparsest.solve`, which finds a network and then proves;
the columns with the network are `sparsest.exact.solve` from a witness of as many neurons as were planted,
with and without densest classes. Times are processor time of this process; the last column is that of
`sparsest.check_proof` for the proof with densest classes.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sparsest
from sparsest import Network, Problem, check_proof, datasets
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import run_method
from sparsest.objectives import Objective
from sparsest.progress import Deadline
from sparsest.results.solving import ExactResult

# Features, neurons, and pairs of samples and seed.
PLANTED = (
    (10, 3, ((60, 0), (60, 1), (60, 2), (60, 3), (80, 0), (80, 1), (80, 2), (100, 0), (100, 1), (100, 2))),
    (5, 4, ((40, 0), (40, 1), (40, 2), (40, 3), (60, 0), (60, 1), (60, 2), (100, 0), (100, 1), (100, 2))),
    (20, 3, ((200, 0), (200, 1), (200, 2), (200, 3), (200, 4))),
)


def timed(solve: Callable[[], ExactResult]) -> tuple[ExactResult, str]:
    """Run a search; return its result, and its interval and seconds in a few characters."""
    begun = time.process_time()
    result = solve()
    seconds = time.process_time() - begun
    upper = "?" if result.upper_bound is None else result.upper_bound
    closed = result.lower_bound == result.upper_bound
    interval = f"**{upper}**" if closed else f"{result.lower_bound} to {upper}"
    return result, f"{interval}, {seconds:.1f}"


def row(name: str, problem: Problem, seconds: float) -> str:
    """Measure one problem."""
    found, solved = timed(lambda: sparsest.solve(problem, time_limit=seconds))
    witness = found.network
    _, with_classes, checked = proven(problem, witness, seconds, Pacing())
    _, without, _ = proven(problem, witness, seconds, Pacing(densest_from=10**9))
    return f"| `{name}` | {solved} | {with_classes} | {without} | {checked} |"


def proven(
    problem: Problem, witness: Network | None, seconds: float, pacing: Pacing
) -> tuple[ExactResult, str, str]:
    """Prove that a network has the fewest neurons, and verify the proof."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proof.json"
        result, text = timed(
            lambda: run_method(
                problem,
                Objective.NEURONS,
                "tree",
                SearchOptions(deadline=Deadline(seconds), witness=witness, proof_path=path, pacing=pacing),
            )
        )
        begun = time.process_time()
        checked = check_proof(path, problem)
        assert checked.lower_bound == result.lower_bound
        return result, text, f"{', '.join(checked.kinds)}: {time.process_time() - begun:.1f}"


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    words = sys.argv[2].split(",") if len(sys.argv) > 2 else [""]
    print("| problem | solve | proven from the network | the same without densest classes | check |")
    print("|---|---|---|---|---|")
    for d, k, instances in PLANTED:
        for n, seed in instances:
            name = f"planted:d={d},n={n},k={k},seed={seed}"
            if any(word in name for word in words):
                print(row(name, datasets.parse(name).problem(), seconds), flush=True)


if __name__ == "__main__":
    main()
