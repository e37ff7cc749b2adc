"""Write the tables of the suite `real` from the data sets that scikit-learn brings along.

    python scripts/real_data.py [FOLDER]

Nothing is downloaded. Sources: diabetes, Efron, Hastie, Johnstone and Tibshirani (2004); linnerud,
Tenenhaus (1998); iris (Fisher 1936), wine, breast cancer (Wolberg, Street and Mangasarian 1995) and digits
(Alpaydin and Kaynak 1998), from the UCI Machine Learning Repository under CC BY 4.0.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn import datasets

DATA: Final = Path(__file__).parents[1] / "benchmarks" / "suites" / "data"


def tables() -> dict[str, pd.DataFrame]:
    """Return the tables by the names of their files; the last column is what is to be predicted."""
    diabetes, linnerud = datasets.load_diabetes(scaled=False), datasets.load_linnerud()
    values = _frame(diabetes, diabetes.feature_names)
    values["progression"] = diabetes.target
    exercise = _frame(linnerud, linnerud.feature_names)
    measured = pd.DataFrame(linnerud.target, columns=[name.lower() for name in linnerud.target_names])
    return {
        "diabetes-442": values,
        "diabetes-100": values[:100],
        "linnerud": exercise.join(measured),
        "iris-100": _two_classes(datasets.load_iris(), (1, 2)),
        "wine-130": _two_classes(datasets.load_wine(), (0, 1)),
        "breast-cancer-569": _two_classes(datasets.load_breast_cancer(), (0, 1)),
        "digits-3-8": _two_classes(datasets.load_digits(), (3, 8)),
        "digits-4-9": _two_classes(datasets.load_digits(), (4, 9)),
    }


def _frame(bunch: Any, names: Sequence[str]) -> pd.DataFrame:
    plain = [name.lower().removesuffix(" (cm)").replace(" ", "_").replace("/", "_") for name in names]
    return pd.DataFrame(bunch.data, columns=plain)


def _two_classes(bunch: Any, classes: tuple[int, int]) -> pd.DataFrame:
    """Return the samples of two classes, in their order."""
    frame = _frame(bunch, bunch.feature_names)
    frame["class"] = [f"is_{bunch.target_names[label]}" for label in bunch.target]
    return frame[np.isin(bunch.target, classes)]


def write(folder: Path) -> list[Path]:
    """Write every table as CSV into a folder, and return the paths."""
    written = []
    for name, table in tables().items():
        written.append(folder / f"{name}.csv")
        table.to_csv(written[-1], index=False, float_format="%.15g", lineterminator="\n")
    return written


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the tables of the suite `real`.")
    parser.add_argument("folder", type=Path, nargs="?", default=DATA)
    for path in write(parser.parse_args().folder):
        print(path)
