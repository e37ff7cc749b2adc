"""Solve small random problems and hold bounds and proofs against an exact oracle.

    python scripts/random_problems.py COUNT [--objective neurons|weights|parameters]
        [--affine none|constant|skip] [--seed SEED] [--tries TRIES]

A third of them is degenerate (equal inputs, points on lines and grids), a third has decimals, many have
intervals instead of labels. Of each, the proof is checked against the problem; no network of fewer than the
lower bound may fit, which `tests/oracles/exact_enumeration.py` decides in integers; and one of the upper
bound must, in fractions. Where the oracle would have to try more than TRIES networks, the lower bound is not
compared, and counted as such.
"""

import argparse
import collections
import itertools
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # the oracle

from oracles.exact_enumeration import Enumeration
from oracles.proof_claims import network_fits, size_of

from sparsest import Problem, ProofError, check_proof, exact

OBJECTIVES: Final = ("neurons", "weights", "parameters")
AFFINE: Final = ("none", "constant", "skip")
KINDS: Final = ("general", "degenerate", "decimal")


def random_problem(kind: str, rng: random.Random) -> tuple[list[list[Fraction]], Any, Any]:
    """Return inputs and both interval ends, in fractions; None for an open end."""
    d = rng.choice((1, 1, 2))
    n = rng.randint(2, 5 if d == 1 else 4)
    step = Fraction(1, 10) if kind == "decimal" else Fraction(1)
    grid = 2 if kind == "degenerate" else 9
    X = [[step * rng.randint(0, grid) for _ in range(d)] for _ in range(n)]
    if kind == "degenerate" and d == 2 and rng.random() < 0.5:
        X = [[x, x] if rng.random() < 0.7 else [x, y] for x, y in X]
    labels = {tuple(x): step * rng.randint(-3, 3) for x in X}
    low, high = [], []
    for x in X:
        y = labels[tuple(x)]
        slack = step * rng.choice((0, 0, 1)) / 2 if rng.random() < 0.5 else Fraction(0)
        low.append(y - slack if rng.random() < 0.95 else None)
        high.append(y + slack if low[-1] is None or rng.random() < 0.95 else None)
    return X, low, high


def solved(
    X: Sequence[Sequence[Fraction]], low: Any, high: Any, affine: str, objective: str
) -> tuple[Problem, dict[str, Any]]:
    """Return the problem as a person would give it, and the proof that the search writes."""
    ends = [
        [infinity if v is None else float(v) for v in side]
        for side, infinity in ((low, -float("inf")), (high, float("inf")))
    ]
    problem = Problem.from_intervals([[float(v) for v in x] for x in X], *ends, affine=affine)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proof.json"
        exact.solve(problem, objective, proof_file=path, time_limit=20)
        document: dict[str, Any] = json.loads(path.read_text())
    return problem, document


def verdict(kind: str, affine: str, objective: str, rng: random.Random, tries: int) -> tuple[str, str]:
    """Return what became of one random problem, and what is wrong with it; nothing if all is well."""
    X, low, high = random_problem(kind, rng)
    problem, document = solved(X, low, high, affine, objective)
    try:
        checked = check_proof(document, problem)
    except ProofError as error:
        return "proof rejected", str(error)
    lower, upper, witness = checked.lower_bound, checked.upper_bound, document["witness"]
    if (lower, upper) != (document["lower_bound"], document["upper_bound"]):
        return "other bounds", "the proof claims others"
    if upper is not None and (
        size_of(witness, objective) > upper or not network_fits(document["problem"], witness)
    ):
        return "wrong upper bound", f"{upper} do not fit"
    known = Enumeration(X, low, high, affine)
    if lower and (smaller := known.some_network_fits(objective, lower - 1, tries)) is not False:
        return ("wrong lower bound", f"{lower - 1} are enough") if smaller else ("too many networks", "")
    return "closed" if lower == upper else "open", ""


def run(
    count: int, objectives: Sequence[str] = OBJECTIVES, affine: Sequence[str] = AFFINE, seed: int = 0,
    tries: int = 3000,
) -> tuple[collections.Counter[str], list[str]]:  # fmt: skip
    """Try so many problems of each objective and affine term; return verdicts, and what is wrong."""
    seen, wrong = collections.Counter[str](), []
    for objective, term in itertools.product(objectives, affine):
        rng = random.Random(f"{objective} {term} {seed}")
        for n in range(count):
            kind = KINDS[n % len(KINDS)]
            said, reason = verdict(kind, term, objective, rng, tries)
            seen[f"{objective}, affine {term}: {said}"] += 1
            if reason:
                wrong.append(f"{objective}, {term}, {kind}, {n}: {said}: {reason}")
    return seen, wrong


def main() -> int:
    """Print how many problems ended how; return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description="Hold bounds of random problems against an exact oracle.")
    parser.add_argument("count", type=int)
    parser.add_argument("--objective", choices=OBJECTIVES, action="append")
    parser.add_argument("--affine", choices=AFFINE, action="append")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tries", type=int, default=3000)
    asked = parser.parse_args()
    seen, wrong = run(
        asked.count, asked.objective or OBJECTIVES, asked.affine or AFFINE, asked.seed, asked.tries
    )
    for name, times in sorted(seen.items()):
        print(f"{name}: {times}")
    print("\n".join([f"wrong: {len(wrong)}", *wrong[:10]]))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
