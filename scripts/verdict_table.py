"""What `sparsest compare` says of every built-in dataset, as a Markdown table.

    python scripts/verdict_table.py [SECONDS] [WORKERS] [NAME ...]

With and without a skip, for neurons and for weights; SECONDS (10) limit each part, WORKERS (1) share
those of the exact side, NAMEs restrict the data.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from sparsest import datasets
from sparsest.compare.agreement.compare import compare_sides
from sparsest.errors import InputError
from sparsest.results.comparison import Verdict
from sparsest.results.path_norm import PathNormResult, ThresholdResult
from sparsest.results.solving import ExactResult

_HEADER: Final = (
    "data", "skip", "counted", "minimum", "trained", "verdict", "least path norm", "trained's", "p*", "why",
)  # fmt: skip


def table(seconds: float, workers: int, names: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the table; problems that no network fits, or too large ones, are left out."""
    yield f"| {' | '.join(_HEADER)} |"
    yield "|---" * len(_HEADER) + "|"
    for name in names:
        for affine in ("none", "skip"):
            for objective in ("neurons", "weights"):
                try:
                    problem = datasets.load(name).problem(affine=affine)
                    verdict = compare_sides(
                        problem,
                        objective=objective,
                        time_limit=seconds,
                        least_limit=seconds,
                        workers=workers,
                    )
                except InputError:
                    continue
                skip = "yes" if affine == "skip" else "no"
                yield f"| {name} | {skip} | {objective} | {' | '.join(_cells(verdict))} |"


def _cells(verdict: Verdict) -> list[str]:
    fit, least = verdict.continuous, verdict.least
    return [
        _bounds(verdict.exact),
        str(verdict.found.count),
        verdict.outcome.name,
        "-" if least is None else _norm(least),
        f"{fit.path_norm:.6g}",
        "-" if verdict.threshold is None else _threshold(verdict.threshold),
        "-" if verdict.attainment is None else verdict.attainment.name,
    ]


def _bounds(exact: ExactResult) -> str:
    low, high = exact.lower_bound, exact.upper_bound
    return f"{low}" if low == high else f"[{low}, {high if high is not None else '?'}]"


def _norm(least: PathNormResult) -> str:
    if least.upper_bound is None:
        return f">= {least.lower_bound:.6g}"
    closed = least.gap <= 1e-5
    return f"{least.upper_bound:.6g}" if closed else f"[{least.lower_bound:.4g}, {least.upper_bound:.6g}]"


def _threshold(result: ThresholdResult) -> str:
    low, high = result.lower_bound, result.upper_bound
    return f"{high:.6g}" if high - low <= 1e-6 else f"[{low:.4g}, {high:.6g}]"


if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    names = sys.argv[3:] or datasets.names()
    for line in table(float(given.get(0, 10.0)), int(given.get(1, 1)), names):
        print(line, flush=True)
