"""Fewest weights and parameters by the tree, beside the mixed-integer program, as a Markdown table.

    python scripts/weights_table.py [SECONDS] [weights|parameters] [NAME ...]

Random labels, planted networks and small named data sets; NAMEs restrict them to those that contain one.
SECONDS is the time limit of each run, processor seconds are printed: on a machine that other work shares the
limit is the wall's. Every proof of the tree is checked, and its time is the last column.
"""

import dataclasses
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


@dataclasses.dataclass(frozen=True)
class Line:
    """What both methods say of one problem."""

    name: str
    objective: Objective
    tree: ExactResult
    tree_seconds: float
    program: ExactResult
    program_seconds: float
    check_seconds: float

    @property
    def closed(self) -> bool:
        """Whether the tree closed the interval."""
        return self.tree.lower_bound == self.tree.upper_bound

    def __str__(self) -> str:
        """Return a line of the table."""
        cells = (
            self.name,
            str(self.objective),
            f"{_interval(self.tree)} | {self.tree_seconds:.1f} | {self.tree.nodes}",
            f"{_interval(self.program)} | {self.program_seconds:.1f}",
            f"{self.check_seconds:.2f}",
        )
        return f"| {' | '.join(cells)} |"


def _interval(result: ExactResult) -> str:
    if result.lower_bound == result.upper_bound:
        return str(result.lower_bound)
    return f"[{result.lower_bound}, {result.upper_bound}]"


def measure(name: str, problem: Problem, objective: Objective, limit: float) -> Line:
    """Solve a problem by both methods, and check the proof.

    Raises
    ------
    ProofError
        When a proof does not hold up.
    """
    with tempfile.TemporaryDirectory() as folder:
        path, start = Path(folder) / "proof.json", time.process_time()
        tree = exact.solve(problem, objective, method="tree", time_limit=limit, proof_file=path)
        tree_seconds, start = time.process_time() - start, time.process_time()
        checked = check_proof(path, problem)
        if (checked.lower_bound, checked.upper_bound) != (tree.lower_bound, tree.upper_bound):
            print(f"{name}: the proof shows {checked.summary()}", file=sys.stderr)
        check_seconds, start = time.process_time() - start, time.process_time()
    program = exact.solve(problem, objective, method="mip", time_limit=limit)
    if max(tree.lower_bound, program.lower_bound) > min(_upper(tree), _upper(program)):
        print(f"{name}: the methods contradict each other", file=sys.stderr)
    return Line(name, objective, tree, tree_seconds, program, time.process_time() - start, check_seconds)


def _upper(result: ExactResult) -> float:
    return float("inf") if result.upper_bound is None else result.upper_bound


def lines(limit: float, objectives: Sequence[Objective], wanted: Sequence[str]) -> Iterator[Line]:
    """Measure one problem after the other."""
    for objective in objectives:
        for name in NAMES:
            if not wanted or any(part in name for part in wanted):
                yield measure(name, datasets.parse(name).problem(), objective, limit)


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    counted = [each for each in OBJECTIVES if str(each) in arguments]
    seconds = [float(each) for each in arguments if each.replace(".", "", 1).isdigit()]
    names = [each for each in arguments if each not in map(str, counted)]
    names = [each for each in names if not each.replace(".", "", 1).isdigit()]
    print("| data | counted | tree | s | nodes | program | s | check, s |\n|---|---|---|---|---|---|---|---|")
    closed = []
    for line in lines(seconds[0] if seconds else 60.0, counted or OBJECTIVES, names):
        closed.append(line.closed)
        print(line, flush=True)
    print(f"\nThe tree closed {sum(closed)} of {len(closed)}.")


if __name__ == "__main__":
    main(sys.argv[1:])
