"""What is answered within a minute of one core, and what is not, as the README's table.

    python scripts/minute_table.py [SECONDS] [WORD]

SECONDS is the time limit of each row, 60 by default; only rows that contain WORD are run. Seconds are
processor time; on a machine that other work shares, the limit is the wall's.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

import sparsest
from sparsest import Problem, datasets, tolerances

EXAMPLES: Final = Path(__file__).parent.parent / "examples"


def noisy_line(n: int) -> Problem:
    """Return n samples of a wave with noise, met within a tenth."""
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 20, n))
    return Problem(x, np.sin(x) + rng.uniform(-0.05, 0.05, n), tolerance=0.1, affine="skip")


def solved(problem: Problem, seconds: float, objective: str = "neurons") -> str:
    """Say what `sparsest.solve` knows after so many seconds."""
    found = sparsest.solve(problem, objective, time_limit=seconds)
    return _interval(found.lower_bound, found.upper_bound, objective)


def certified(seconds: float) -> str:
    """Say what `sparsest.certify` makes of the network of 60 neurons in examples/."""
    table = np.loadtxt(EXAMPLES / "curve.csv", delimiter=",", skiprows=1)
    found = sparsest.certify(EXAMPLES / "model.onnx", table[:, :1], table[:, 1], time_limit=seconds)
    return _interval(found.lower_bound, found.upper_bound, "neurons")


def least_norm(name: str, seconds: float) -> str:
    """Say what is known of the least path norm at p = 0.4."""
    found = sparsest.exact.minimize_path_norm(datasets.parse(name).problem(), 0.4, time_limit=seconds)
    closed = found.gap <= tolerances.PATH_NORM_GAP
    return f"{found.upper_bound:.5g}, certified" if closed else f"within {100 * found.gap:.2g} percent"


def _interval(lower: int, upper: int | None, what: str) -> str:
    if lower == upper:
        return f"{upper} {what}, proven"
    return f"{lower} to {'?' if upper is None else upper} {what}"


def named(name: str, seconds: float, objective: str = "neurons") -> str:
    """Say what `sparsest.solve` knows of a dataset."""
    return solved(datasets.parse(name).problem(), seconds, objective)


ROWS: Final[tuple[tuple[str, Callable[[float], str]], ...]] = (
    ("100,000 noisy samples of one feature, with a skip", lambda s: solved(noisy_line(100_000), s)),
    ("60 neurons on 41 samples, `certify`", certified),
    ("3000 samples, 2 features, 8 planted neurons", lambda s: named("planted:d=2,n=3000,k=8", s)),
    ("100 samples, 10 features, 3 planted neurons", lambda s: named("planted:d=10,n=100,k=3", s)),
    ("200 samples, 20 features, 3 planted neurons", lambda s: named("planted:d=20,n=200,k=3", s)),
    ("14 samples, 2 features, random labels", lambda s: named("uniform:d=2,n=14", s)),
    ("20 samples, 2 features, random labels", lambda s: named("uniform:d=2,n=20", s)),
    ("8 samples, 2 features, random labels, weights", lambda s: named("uniform:d=2,n=8", s, "weights")),
    ("8 samples, 2 features, least path norm", lambda s: least_norm("uniform:d=2,n=8", s)),
    ("1000 samples, 5 features, 4 neurons, noise of 2 percent", lambda s: named("noisy:d=5,n=1000,k=4", s)),
)


def main(seconds: float = 60.0, word: str = "") -> None:
    """Print the table."""
    print("| data | answer | seconds |\n|---|---|---|")
    sparsest.solve(datasets.load("xor").problem())  # compiled code is read before anything is timed
    for name, answer in ROWS:
        if word in name:
            begun = time.process_time()
            said = answer(seconds)
            print(f"| {name} | {said} | {time.process_time() - begun:.1f} |", flush=True)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]), *sys.argv[2:3])
