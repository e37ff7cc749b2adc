"""Trained classifiers of several classes, and how many neurons classify as they do, as a Markdown table.

    python scripts/classes_table.py [SECONDS]

An `MLPClassifier` of 20 neurons for each of iris, wine and digits, trained as anybody would on standardised
inputs. `sparsest.certify` holds each against its own classes, or against the labels where it puts all rows
into theirs; a second row has what `sparsest.exact.solve` finds for the labels alone. The sparser network is
handed back to scikit-learn, where it predicts the same classes, and accuracies are those of ``score`` there.
Every proof is checked against its problem. SECONDS (50) is the limit of each verdict.
"""

import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from sparsest import MultiClassProblem, certify, check_proof, exact
from sparsest.arrays import FloatArray
from sparsest.models import to_mlp_classifier

_WIDTH: Final = 20
_STEPS: Final = 2000
_HEADER: Final = (
    "data", "N, d, classes", "asked", "accuracy", "neurons", "at least", "accuracy of the sparser one",
    "seconds",
)  # fmt: skip


def data() -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """Yield names, standardised inputs and classes."""
    for name, load in (("iris", load_iris), ("wine", load_wine), ("digits", load_digits)):
        X, y = load(return_X_y=True)
        yield name, StandardScaler().fit_transform(X), y


def rows(seconds: float) -> Iterator[tuple[str, ...]]:
    """Yield a row for each network, and one for the labels alone."""
    for name, X, y in data():
        model = MLPClassifier((_WIDTH,), max_iter=_STEPS, random_state=0).fit(X, y)
        size = f"{X.shape[0]}, {X.shape[1]}, {len(model.classes_)}"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "proof.json.gz"
            found = certify(model, X, y, time_limit=seconds, proof_file=path)
            checked = check_proof(path, found.problem)
            assert checked.lower_bound == found.lower_bound
            sparser = to_mlp_classifier(found.network, model.classes_)
            assert np.array_equal(sparser.predict(X), model.predict(X))
            asked = "its own classes" if found.against == "model" else "the labels, all right"
            accuracy = f"{model.score(X, y):.4f}"
            counts = f"{found.count} to {found.upper_bound}"
            yield (
                name, size, asked, accuracy, counts, str(found.lower_bound), f"{sparser.score(X, y):.4f}",
                f"{found.seconds:.0f}",
            )  # fmt: skip
            problem = MultiClassProblem(X, y, affine="constant")
            result = exact.solve(problem, time_limit=seconds, proof_file=path)
            assert check_proof(path, problem).lower_bound == result.lower_bound
            assert result.network is not None
            score = to_mlp_classifier(result.network, result.classes).score(X, y)
            yield (
                name, size, "the labels, no network given", "", str(result.upper_bound),
                str(result.lower_bound), f"{score:.4f}", f"{result.seconds:.0f}",
            )  # fmt: skip


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"| {' | '.join(_HEADER)} |\n{'|---' * len(_HEADER)}|")
    for row in rows(float(sys.argv[1]) if len(sys.argv) > 1 else 50.0):
        print(f"| {' | '.join(row)} |", flush=True)
