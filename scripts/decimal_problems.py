"""Solve random problems on decimal grids, and hold their neurons against z3 and against the same in integers.

    pip install z3-solver
    python scripts/decimal_problems.py [COUNT] [SEED]

Five kinds of labels on grids of step 0.05 to 0.7 with offsets; half of the labels are written in decimals,
half computed from the inputs in floats. z3 decides over the rationals that are meant whether so many neurons
fit and one fewer does not; where it does not end in 20 seconds that is counted. Printed are how many close
with decimals and with integers (the same grid of step one), and whatever is wrong.
"""

import collections
import random
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import numpy as np
import z3

from sparsest import Problem, exact

STEPS: Final = ("0.1", "0.2", "0.3", "0.05", "0.7")
OFFSETS: Final = ("0", "0.1", "-0.3", "10", "2.5")
AFFINE: Final = ("none", "constant", "skip")
_SECONDS: Final = 10.0
_Z3_MILLISECONDS: Final = 20_000

Function = Callable[[Any], Any]


def functions(d: int, step: Any, offset: Any, rng: random.Random) -> dict[str, Function]:
    """Return functions of one point, in whatever arithmetic its coordinates, the step and the offset have."""
    at = [rng.randint(0, 3) for _ in range(d)]
    signs = [rng.choice((-1, 1)) for _ in range(3)]
    slopes = [[rng.randint(-2, 2) for _ in range(d)] for _ in range(3)]
    return {
        "apart": lambda x: sum(abs(v - (offset + a * step)) for v, a in zip(x, at, strict=True)),
        "largest": lambda x: max(*x, offset + step),
        "hat": lambda x: max(0 * step, 2 * step - sum(abs(v - (offset + step)) for v in x)),
        "planted": lambda x: sum(
            s * max(0 * step, sum(w * v for w, v in zip(slope, x, strict=True)) - a * step)
            for s, slope, a in zip(signs, slopes, (0, 1, 2), strict=True)
        ),
        "random": lambda x: rng.randint(-3, 3) * step,
    }


def fits(X: Any, low: Any, high: Any, affine: str, neurons: int) -> bool | None:
    """Whether some network of so many neurons meets all intervals; None where z3 cannot tell in time."""
    unsure = False
    for positive in range(neurons + 1):
        solver = z3.Solver()
        solver.set("timeout", _Z3_MILLISECONDS)
        d = len(X[0])
        weights = [[z3.Real(f"w{k}_{j}") for j in range(d + 1)] for k in range(neurons)]
        term = [z3.Real(f"a{j}") for j in range(d + 1)]
        for x, a, b in zip(X, low, high, strict=True):
            row = [z3.Q(v.numerator, v.denominator) for v in x] + [z3.RealVal(1)]
            value = z3.RealVal(0)
            for k, weight in enumerate(weights):
                inner = z3.Sum([w * v for w, v in zip(weight, row, strict=True)])
                value += (1 if k < positive else -1) * z3.If(inner > 0, inner, 0)
            free = {"none": [], "constant": [d], "skip": range(d + 1)}[affine]
            value += z3.Sum([z3.RealVal(0), *(term[j] * row[j] for j in free)])
            solver.add(value >= z3.Q(a.numerator, a.denominator), value <= z3.Q(b.numerator, b.denominator))
        answer = solver.check()
        if answer == z3.sat:
            return True
        unsure |= answer != z3.unsat
    return None if unsure else False


def one(rng: random.Random) -> tuple[str, str, list[Fraction], Any, Any, Problem, Problem]:
    """Return a random problem: its name, what is meant in fractions, as decimals, and in integers."""
    d, affine = rng.choice((1, 2, 2)), rng.choice(AFFINE)
    n = rng.randint(4, 8)
    step, offset = Fraction(rng.choice(STEPS)), Fraction(rng.choice(OFFSETS))
    cells = {tuple(rng.randint(0, 4) for _ in range(d)) for _ in range(n)}
    grid = sorted(cells)
    X = [[offset + i * step for i in cell] for cell in grid]
    kind = rng.choice(("apart", "largest", "hat", "planted", "random"))
    seed, computed = rng.random(), rng.random() < 0.5
    exactly = functions(d, step, offset, random.Random(seed))[kind]
    y = [exactly(x) for x in X]
    computed &= any(y)  # nothing tells zeros that were computed from labels of small units
    floats = [[float(offset) + i * float(step) for i in cell] if computed else [float(v) for v in x]
              for cell, x in zip(grid, X, strict=True)]  # fmt: skip
    labels = [float(v) for v in y]
    if computed and kind != "random":
        in_floats = functions(d, float(step), float(offset), random.Random(seed))[kind]
        labels = [in_floats(x) for x in floats]
    slack = rng.choice((Fraction(0), Fraction(0), step / 4))
    low, high = [v - slack for v in y], [v + slack for v in y]
    decimal = Problem(np.array(floats), np.array(labels), tolerance=float(slack), affine=affine)
    common = np.lcm.reduce([v.denominator for v in [*y, slack]])
    whole = Problem(
        np.array(grid, dtype=float), np.array([float(v * int(common)) for v in y]),
        tolerance=float(slack * int(common)), affine=affine,
    )  # fmt: skip
    how = "computed" if computed else "written"
    name = f"{kind}, d = {d}, N = {len(grid)}, step {step}, offset {offset}, {how}, {affine}, within {slack}"
    return name, affine, X, low, high, decimal, whole


def main() -> int:
    """Print what became of the problems; return 1 if anything is wrong."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    seen, wrong = collections.Counter[str](), []
    for _ in range(count):
        name, affine, X, low, high, decimal, whole = one(rng)
        found = exact.solve(decimal, time_limit=_SECONDS)
        known = exact.solve(whole, time_limit=_SECONDS)
        seen["closed with decimals"] += found.lower_bound == found.upper_bound
        seen["closed in integers"] += known.lower_bound == known.upper_bound
        # neither moving and scaling inputs nor scaling labels changes the fewest neurons
        bounds = [(each.lower_bound, each.upper_bound) for each in (found, known)]
        if known.lower_bound == known.upper_bound and bounds[0] != bounds[1]:
            wrong.append(f"{name}: {bounds[0]} with decimals, {bounds[1]} in integers")
        enough = fits(X, low, high, affine, found.upper_bound or 0)
        fewer = fits(X, low, high, affine, found.lower_bound - 1) if found.lower_bound else False
        seen["z3 could not tell"] += enough is None or fewer is None
        if enough is False or fewer is True:
            wrong.append(f"{name}: [{found.lower_bound}, {found.upper_bound}] is wrong")
    for what, times in sorted(seen.items()):
        print(f"{what}: {times} of {count}")
    print(f"wrong or open: {len(wrong)}", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
