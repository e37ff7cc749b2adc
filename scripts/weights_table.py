"""Fewest weights and parameters by the tree, beside the mixed-integer program, as a Markdown table.

    python scripts/weights_table.py [SECONDS] [weights|parameters] [tree|mip] [workers=N] [NAME ...]

Random labels, planted networks and small named data sets; NAMEs restrict them to those that contain one,
`tree` or `mip` the methods; N processes (1) share the tree's search. SECONDS is the time limit of each run,
processor seconds are printed: on a machine that other work shares the limit is the wall's. Every proof of the
tree is checked, and its time is the last column.
"""

import dataclasses
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from sparsest import datasets, exact
from sparsest.check import check_proof
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.solving import ExactResult

NAMES: Final = (
    *(f"uniform:d=2,n={n},seed={seed}" for n in (6, 8, 10) for seed in range(5)),
    *(f"uniform:d=3,n={n},seed={seed}" for n in (6, 8) for seed in range(5)),
    *(f"planted:d={d},n={n},k=2,seed=0" for d in (2, 3) for n in (20, 40)),
    *("xor", "parity-3", "peak-plateau", "zigzag", "convex"),
    *(f"anscombe-{number}" for number in (1, 2, 3, 4)),
)
OBJECTIVES: Final = (Objective.WEIGHTS, Objective.PARAMETERS)


METHODS: Final = ("tree", "mip")


@dataclasses.dataclass(frozen=True)
class Line:
    """What the methods asked say of one problem, in one cell each."""

    name: str
    objective: Objective
    results: dict[str, tuple[ExactResult, float]]
    check_seconds: float

    @property
    def closed(self) -> bool:
        """Whether the tree, or the program where it alone was asked, closed the interval."""
        result, _ = next(iter(self.results.values()))
        return result.lower_bound == result.upper_bound

    def __str__(self) -> str:
        """Return a line of the table."""
        cells = [self.name, str(self.objective)]
        for method in METHODS:
            if method in self.results:
                result, seconds = self.results[method]
                cells += [_interval(result), f"{seconds:.1f}", f"{result.nodes}"]
            else:
                cells += ["-"] * 3
        return f"| {' | '.join(cells)} | {self.check_seconds:.2f} |"


def _interval(result: ExactResult) -> str:
    if result.lower_bound == result.upper_bound:
        return str(result.lower_bound)
    return f"[{result.lower_bound}, {result.upper_bound}]"


def measure(
    name: str, problem: Problem, objective: Objective, limit: float, methods: Sequence[str], workers: int
) -> Line:
    """Solve a problem by each method, and check the tree's proof.

    Raises
    ------
    ProofError
        When a proof does not hold up.
    """
    results, check_seconds = {}, 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proof.json"
        for method in methods:
            start, proof = _processor_seconds(), path if method == "tree" else None
            shared = workers if method == "tree" else 1
            result = exact.solve(
                problem, objective, method=method, time_limit=limit, proof_file=proof, workers=shared
            )
            results[method] = result, _processor_seconds() - start
        if "tree" in methods:
            start, (tree, _) = time.process_time(), results["tree"]
            checked = check_proof(path, problem)
            if (checked.lower_bound, checked.upper_bound) != (tree.lower_bound, tree.upper_bound):
                print(f"{name}: the proof shows {checked.summary()}", file=sys.stderr)
            check_seconds = time.process_time() - start
    found = [result for result, _ in results.values()]
    if max(each.lower_bound for each in found) > min(_upper(each) for each in found):
        print(f"{name}: the methods contradict each other", file=sys.stderr)
    return Line(name, objective, results, check_seconds)


def _processor_seconds() -> float:
    """Return those of this process and of the workers that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _upper(result: ExactResult) -> float:
    return float("inf") if result.upper_bound is None else result.upper_bound


def lines(
    limit: float,
    objectives: Sequence[Objective],
    methods: Sequence[str],
    wanted: Sequence[str],
    workers: int,
) -> Iterator[Line]:
    """Measure one problem after the other."""
    for objective in objectives:
        for name in NAMES:
            if not wanted or any(part in name for part in wanted):
                yield measure(name, datasets.parse(name).problem(), objective, limit, methods, workers)


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    counted = [each for each in OBJECTIVES if str(each) in arguments] or OBJECTIVES
    methods = [each for each in METHODS if each in arguments] or METHODS
    seconds = [float(each) for each in arguments if each.replace(".", "", 1).isdigit()]
    workers = [each for each in arguments if each.startswith("workers=")]
    known = {*map(str, OBJECTIVES), *METHODS, *workers}
    names = [each for each in arguments if each not in known and not each.replace(".", "", 1).isdigit()]
    print("| data | counted | tree | s | nodes | program | s | nodes | check, s |\n" + "|---" * 9 + "|")
    closed = []
    shared = int(workers[0].partition("=")[2]) if workers else 1
    for line in lines(seconds[0] if seconds else 60.0, counted, methods, names, shared):
        closed.append(line.closed)
        print(line, flush=True)
    print(f"\nClosed by {methods[0]}: {sum(closed)} of {len(closed)}.")


if __name__ == "__main__":
    main(sys.argv[1:])
