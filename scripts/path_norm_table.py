"""How far the certified least path norm closes, p = 1/2, as a Markdown table.

    python scripts/path_norm_table.py [SECONDS] [SEEDS] [PART OF A NAME] [WORKERS]

SECONDS (20) of processor time for each problem, SEEDS (5) of each kind; with WORKERS (1) that share a search,
seconds of the clock. Compiling is not counted.
"""

import itertools
import sys
import time
from collections.abc import Iterator
from typing import Final

from sparsest import datasets, exact
from sparsest.progress import Progress
from sparsest.results.path_norm import PathNormResult
from sparsest.results.solving import Status

_HEADER: Final = ("problem", "skip", "of", "interval", "gap", "parts", "boxes", "s", "why it stopped")
# names with a place for a seed, the affine term, and what the path norm is taken of
_KINDS: Final = (
    ("uniform:d=2,n=8,seed={}", "none", "weights"),
    ("uniform:d=2,n=10,seed={}", "none", "weights"),
    ("uniform:d=2,n=12,seed={}", "skip", "weights"),
    ("planted:d=2,n=30,k=3,seed={}", "none", "weights"),
    ("planted:d=2,n=30,k=3,seed={}", "skip", "weights"),
    ("uniform:d=3,n=8,seed={}", "none", "weights"),
    ("parity-3", "none", "weights"),
    ("uniform:d=2,n=6,seed={}", "none", "parameters"),
)


def table(seconds: float, seeds: int, part: str, workers: int) -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"| {' | '.join(_HEADER)} |"
    yield "|---" * len(_HEADER) + "|"
    for name, affine, objective in _KINDS:
        names = [name.format(seed) for seed in range(seeds)] if "{}" in name else [name]
        closed = 0
        for each in (each for each in names if part in each):
            result, spent = _within(each, affine, objective, seconds, workers)
            closed += result.status is Status.OPTIMAL
            cells = (each, "yes" if affine == "skip" else "no", objective, *_cells(result), f"{spent:.1f}")
            yield f"| {' | '.join(cells)} | {result.status.value} |"
        if part in name:
            yield f"| **{name}** | {affine} | {objective} | {closed} of {len(names)} closed |" + " |" * 5


def _within(
    name: str, affine: str, objective: str, seconds: float, workers: int
) -> tuple[PathNormResult, float]:
    """Return the result after so much time, and the time taken."""
    clock = time.process_time if workers == 1 else time.monotonic
    start = clock()

    def stop(_: Progress) -> None:
        if clock() - start > seconds:
            raise KeyboardInterrupt

    problem = datasets.parse(name).problem(affine=affine)
    result = exact.minimize_path_norm(problem, 0.5, objective, progress=stop, workers=workers)
    return result, clock() - start


def _cells(result: PathNormResult) -> tuple[str, ...]:
    network = result.network
    return (
        f"[{result.lower_bound:.5g}, {result.upper_bound:.7g}]",
        f"{result.gap:.1e}",
        "-" if network is None else str(network.count(result.objective)),
        f"{result.nodes:,}",
    )


if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    for affine, objective in itertools.product(("none", "skip"), ("weights", "parameters")):  # compile first
        _within("uniform:d=2,n=5,seed=0", affine, objective, 5.0, 1)
    for line in table(
        float(given.get(0, 20.0)), int(given.get(1, 5)), str(given.get(2, "")), int(given.get(3, 1))
    ):
        print(line, flush=True)
