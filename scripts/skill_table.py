"""Trained regressors on real data, and how many neurons keep their skill, as a Markdown table.

    python scripts/skill_table.py [SECONDS]

Six `MLPRegressor`s on data that come with scikit-learn, trained as anybody would. `sparsest.certify` holds
each against its own outputs within one percent of their range, against its labels, and against its largest
error on all rows. R2 is that on the training data, which is what the question is about. The last row of each
has the fewest neurons for which `SparsestReLURegressor(max_neurons=K)` has an R2 at most 0.01 below that of
the trained network: no answer of `certify`, and nothing is proven of it. SECONDS (10) is the limit of each
verdict.
"""

import sys
import warnings
from collections.abc import Iterator
from typing import Final

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_linnerud, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

from sparsest.arrays import FloatArray
from sparsest.compare.certification.certification import certify
from sparsest.compare.estimators.regressor import SparsestReLURegressor
from sparsest.results.certificate import Certificate, Judgement
from sparsest.results.skill import LOST_SKILL

_WIDTH: Final = 20
_STEPS: Final = 3000
# Of the fit for R2 alone: equal rows of iris have labels up to 0.53 apart.
_TOLERANCE: Final = 0.3
_HEADER: Final = (
    "data", "N, d", "R2", "held against", "neurons", "at least", "R2 of the sparsest", "seconds", "verdict",
)  # fmt: skip


def columns(X: FloatArray, label: int) -> tuple[FloatArray, FloatArray]:
    """Return all columns of a table but one, and that one."""
    return np.delete(X, label, axis=1), X[:, label]


def data() -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """Yield names, inputs and labels, every column with mean 0 and variance 1."""
    exercise, physique = load_linnerud(return_X_y=True)
    cancer = load_breast_cancer(return_X_y=True)[0]
    tables = (
        ("diabetes", *load_diabetes(return_X_y=True)),
        ("linnerud, weight from exercises", exercise, physique[:, 0]),
        ("iris, petal width from the others", *columns(load_iris(return_X_y=True)[0], 3)),
        ("wine, colour from the others", *columns(load_wine(return_X_y=True)[0], 9)),
        ("breast cancer, mean texture from 9", *columns(cancer[:, :10], 1)),
        ("breast cancer, mean symmetry from 9", *columns(cancer[:, :10], 8)),
    )
    for name, X, y in tables:
        yield name, StandardScaler().fit_transform(X), (y - y.mean()) / y.std()


def rows(seconds: float) -> Iterator[tuple[str, ...]]:
    """Yield a row for each network and question, and one for networks of few neurons."""
    for name, X, y in data():
        model = MLPRegressor(hidden_layer_sizes=(_WIDTH,), max_iter=_STEPS, random_state=0).fit(X, y)
        size = f"{X.shape[0]}, {X.shape[1]}"
        for against in ("model", "labels", "tolerance"):
            found = certify(model, X, y, against=against, time_limit=seconds)
            assert found.given_skill is not None
            yield (
                name, size, _figure(found.given_skill.r2), against, f"{found.count} to {found.upper_bound}",
                str(found.lower_bound), _kept(found), f"{found.seconds:.0f}", found.judgement.name,
            )  # fmt: skip
        neurons, r2 = fewest_with_skill(X, y, model.score(X, y) - LOST_SKILL)
        yield (
            name,
            size,
            _figure(model.score(X, y)),
            "R2 alone",
            f"{_WIDTH} to {neurons}",
            "",
            _figure(r2),
            "",
            "",
        )


def fewest_with_skill(X: FloatArray, y: FloatArray, wanted: float) -> tuple[int, float]:
    """Return how many neurons reach an R2 where fewer, of those tried, do not, and that R2."""
    score = -np.inf
    for neurons in range(1, _WIDTH + 1):
        limits = {"training": False, "node_limit": 1}  # bounds are no matter here
        model = SparsestReLURegressor(_TOLERANCE, affine="constant", max_neurons=neurons, **limits).fit(X, y)
        score = model.score(X, y)
        if score >= wanted:
            break
    return neurons, score


def _kept(found: Certificate) -> str:
    if found.judgement is not Judgement.SPARSER_EXISTS or found.network_skill is None:
        return "none sparser is known"
    return _figure(found.network_skill.r2) + ", lost" * found.skill_lost


def _figure(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"| {' | '.join(_HEADER)} |\n{'|---' * len(_HEADER)}|")
    for row in rows(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0):
        print(f"| {' | '.join(row)} |", flush=True)
