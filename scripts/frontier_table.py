"""Neurons against accuracy on twelve curves and tables, every proof checked, as a Markdown table.

    python scripts/frontier_table.py FOLDER [SECONDS] [WORDS]

Writes a figure, a page and the proofs of each curve into FOLDER. SECONDS is the time limit of a curve, 60 by
default; only curves whose names contain one of the WORDS, separated by commas, are run. Real data are those
that scikit-learn brings along and Anscombe's; curves from a formula say so. In the table "a - b" is an
interval that holds the least largest error, one number a proven one.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from sklearn import datasets as bundled

import sparsest
from sparsest import FrontierResult, LeastErrorResult, Problem, Status, check_proof, datasets, load
from sparsest.arrays import FloatArray
from sparsest.pages.frontier_page import write_frontier_page
from sparsest.plots.canvas import save_figure

MOST: Final = 10
SHOWN: Final = (0, 1, 2, 3, 4, 6, 8, 10)


def _noisy_sine() -> Problem:
    rng = np.random.default_rng(0)
    x = np.round(np.linspace(0, 10, 201), 2)
    return Problem(x, np.round(np.sin(x) + rng.uniform(-0.1, 0.1, 201), 3), affine="skip")


def _planck() -> Problem:
    x = np.round(np.linspace(0.2, 12, 60), 1)  # frequency in units of kT / h
    return Problem(x, np.round(x**3 / np.expm1(x), 4), affine="skip")


def _diode() -> Problem:
    volts = np.round(np.linspace(0, 0.8, 41), 2)
    return Problem(volts, np.round(1e-3 * np.expm1(volts / 0.1), 5))


def _steam() -> Problem:
    celsius = np.arange(1.0, 101.0, 3)
    kilopascals = 0.133322 * 10 ** (8.07131 - 1730.63 / (233.426 + celsius))  # Antoine's equation
    return Problem(celsius, np.round(kilopascals, 4), affine="constant")


def _columns(inputs: FloatArray, labels: FloatArray, affine: str, names: list[str]) -> Problem:
    """Return a problem of a table, the label named last; equal inputs may have several labels."""
    rows = inputs.reshape(len(inputs), -1)
    _, groups = np.unique(rows, axis=0, return_inverse=True)
    spread = max(float(np.ptp(labels[groups == group])) for group in range(groups.max() + 1))
    return Problem(
        rows, labels, tolerance=spread / 2, affine=affine, feature_names=names[:-1], target_name=names[-1]
    )


def _diabetes(features: list[int], rows: int) -> Problem:
    found = bundled.load_diabetes(scaled=False)
    names = [*(found.feature_names[j] for j in features), "progression"]
    return _columns(found.data[:rows, features], found.target[:rows], "skip", names)


def _iris(features: list[int]) -> Problem:
    found = bundled.load_iris()
    names = [found.feature_names[j] for j in (*features, 3)]
    return _columns(found.data[:, features], found.data[:, 3], "skip", names)


def _wine() -> Problem:
    data = bundled.load_wine().data
    return _columns(data[::3, [6, 9]], data[::3, 5], "constant", ["flavanoids", "colour", "phenols"])


def _linnerud(features: list[int], label: int) -> Problem:
    found = bundled.load_linnerud()
    names = [*(found.feature_names[j] for j in features), found.target_names[label]]
    return _columns(found.data[:, features], found.target[:, label], "constant", names)


def _product() -> Problem:
    grid = np.arange(7.0)
    X = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    return Problem(X, X[:, 0] * X[:, 1], affine="skip")


# Name, problem, and what errors are measured in.
CURVES: Final[tuple[tuple[str, Callable[[], Problem], str | None], ...]] = (
    ("anscombe-1", lambda: datasets.load("anscombe-1").problem(affine="skip", tolerance=0.0), None),
    ("sine with noise (formula)", _noisy_sine, None),
    ("black-body spectrum (formula)", _planck, None),
    ("diode (formula)", _diode, None),
    ("steam pressure, relative (formula)", _steam, "relative"),
    ("iris: petal width from length", lambda: _iris([2]), None),
    ("diabetes: progression from bmi", lambda: _diabetes([2], 442), None),
    ("linnerud: weight from chins", lambda: _linnerud([0], 0), None),
    ("linnerud: waist from chins and situps", lambda: _linnerud([0, 1], 1), None),
    ("iris: petal width from two lengths", lambda: _iris([0, 2]), None),
    ("wine: phenols from flavanoids and colour", _wine, None),
    ("product on a 7 x 7 grid (formula)", _product, None),
)


def row(name: str, problem: Problem, scale: str | None, seconds: float, folder: Path) -> str:
    """Measure one curve, and write its files."""
    short = "".join(letter if letter.isalnum() else "-" for letter in name)
    curve = sparsest.frontier(
        problem, most=MOST, scale=scale, time_limit=seconds, proof_folder=folder / f"{short}-proofs"
    )
    save_figure(curve.plot(title=name), folder / f"{short}.png")
    write_frontier_page(folder / f"{short}.html", curve, name)
    checked = checked_proofs(curve, folder / f"{short}-proofs")
    known = {point.neurons: point for point in curve.points}
    cells = [_cell(known[k]) if k in known else "" for k in SHOWN]
    size = f"{problem.n_samples} x {problem.n_features}, {problem.affine}"
    return (
        f"| {name} | {size} | {' | '.join(cells)} | {curve.closed} of {len(curve.points)} | {checked} | "
        f"{curve.seconds:.0f} |"
    )


def _cell(point: LeastErrorResult) -> str:
    if point.status is Status.OPTIMAL:
        return f"{point.upper_bound:.3g}"
    return f"{point.lower_bound:.3g} - {point.upper_bound:.3g}"


def checked_proofs(curve: FrontierResult, folder: Path) -> str:
    """Verify every proof that was written; say of how many points that one can be written for."""
    written = [point.neurons for point in curve.points if point.proof_written]
    for neurons in written:
        problem = load(folder / f"neurons-{neurons}-problem.json")
        assert isinstance(problem, Problem)
        assert check_proof(folder / f"neurons-{neurons}.json", problem).lower_bound > neurons
    assert curve.problem is not None
    least = float((curve.problem.high - curve.problem.low).max()) / 2  # equal inputs have labels so far apart
    return f"{len(written)} of {sum(p.upper_bound > 0 and p.lower_bound >= least for p in curve.points)}"


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    words = sys.argv[3].split(",") if len(sys.argv) > 3 else [""]
    print(f"| curve | data | {' | '.join(f'K = {k}' for k in SHOWN)} | closed | proofs checked | seconds |")
    print("|" + "---|" * (len(SHOWN) + 5))
    for name, make, scale in CURVES:
        if any(word in name for word in words):
            print(row(name, make(), scale, seconds, folder), flush=True)


if __name__ == "__main__":
    main()
