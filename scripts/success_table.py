"""Success against restarts, width and p, and of one algorithm against another, as a Markdown page.

    python scripts/success_table.py [SEEDS] [--rows TEXT]

Runs on peak-plateau and on random labels, whose minima are proven; a success is a network that fits with no
more parts than the minimum. With ``--rows`` only the rows run whose name has that text in it.
"""

import argparse
import dataclasses
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import torch

from sparsest import datasets
from sparsest.continuous import find_sparse, minimize
from sparsest.errors import InputError
from sparsest.problem import Problem


@dataclasses.dataclass(frozen=True)
class Instance:
    """A problem, what is counted, and the proven minimum."""

    name: str
    problem: Problem
    objective: str
    minimum: int


def instances() -> list[Instance]:
    """Return the problems of the table; the minima are from the activation tree."""
    random = [((1, 8, 0), 5), ((2, 8, 0), 3), ((2, 10, 2), 4), ((3, 10, 0), 3)]
    return [
        Instance("peak-plateau", datasets.load("peak-plateau").problem(), "weights", 3),
        *(
            Instance(
                f"uniform d={d} N={n}", datasets.load("uniform", d=d, n=n, seed=seed).problem(), "neurons", k
            )
            for (d, n, seed), k in random
        ),
    ]


_BATCH: Final = {"algorithm": "adam-reweighted"}
ROWS: Final[list[tuple[str, Mapping[str, Any]]]] = [
    ("staged search (find_sparse)", {}),
    ("linear programs over rays (minimize)", {"algorithm": "auto"}),
    ("adam-reweighted", _BATCH),
    ("adam-reweighted, 4 restarts", _BATCH | {"restarts": 4}),
    ("adam-reweighted, 1 restart", _BATCH | {"restarts": 1}),
    ("adam-reweighted, through samples", _BATCH | {"initialization": "through-samples"}),
    ("adam-reweighted, half the width", _BATCH | {"width": -2}),
    ("adam-reweighted, twice the width", _BATCH | {"width": 2}),
    ("adam-reweighted, p = 0.2", _BATCH | {"p": 0.2}),
    ("adam-reweighted, p = 0.7", _BATCH | {"p": 0.7}),
    ("adam-reweighted, p = 1", _BATCH | {"p": 1.0}),
    ("published step", {"algorithm": "published"}),
    ("proximal gradient", {"algorithm": "proximal-gradient"}),
    ("smoothed", {"algorithm": "smoothed"}),
]


def table(seeds: int, rows: str = "") -> Iterator[str]:
    """Yield the lines of the table: successes of `seeds` runs and their mean seconds, a row an algorithm.

    Parameters
    ----------
    seeds : int
        Runs of each cell.
    rows : str
        Part of the names of the rows that are wanted.

    Raises
    ------
    InputError
        When no row has that in its name.
    """
    problems = instances()
    wanted = [row for row in ROWS if rows in row[0]]
    if not wanted:
        raise InputError(f"no row has {rows!r} in its name: rows are {'; '.join(name for name, _ in ROWS)}")
    yield "| | " + " | ".join(f"{each.name} (minimum {each.minimum})" for each in problems) + " |"
    yield "|---" * (len(problems) + 1) + "|"
    for name, options in wanted:
        cells = [_cell(each, dict(options), seeds) for each in problems]
        yield f"| {name} | " + " | ".join(cells) + " |"


def _cell(instance: Instance, options: dict[str, Any], seeds: int) -> str:
    if factor := options.pop("width", None):
        usual = max(4 * instance.problem.n_samples, 20)
        options["width"] = usual * factor if factor > 0 else usual // -factor
    reached, seconds = 0, []
    for seed in range(seeds):
        start = time.perf_counter()
        if options:
            fit = minimize(instance.problem, objective=instance.objective, seed=seed, **options)
        else:
            fit = find_sparse(instance.problem, instance.objective, seed=seed)
        seconds.append(time.perf_counter() - start)
        reached += fit.network.solves(instance.problem) and fit.count <= instance.minimum
    return f"{reached}/{seeds}, {np.mean(seconds):.2f} s"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Success of the algorithms, as a Markdown table.")
    parser.add_argument("seeds", type=int, nargs="?", default=10)
    parser.add_argument("--rows", default="", metavar="TEXT")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    minimize(
        instances()[0].problem, restarts=2, steps=2, algorithm="adam-reweighted"
    )  # imports are not timed
    for line in table(arguments.seeds, arguments.rows):
        print(line, flush=True)
