"""The files that the README's commands take: a curve in a table, and a network that scikit-learn fits to it.

    python examples/make_files.py

writes `curve.csv` and `model.onnx` beside this file. The curve is made up: a response that rises, saturates,
and has a bump, read off with three decimals. The network has 60 neurons, of which 4 would do.
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPRegressor

from sparsest.models import read_model, write_model


def curve() -> tuple[np.ndarray, np.ndarray]:
    """Return 41 inputs and labels, (N,) each."""
    x = np.arange(41) / 10
    return x, np.round(1 / (1 + np.exp(4.8 - 4 * x)) + 0.25 * np.exp(-3 * (x - 3) ** 2), 3)


def trained(x: np.ndarray, y: np.ndarray) -> MLPRegressor:
    """Return a network of 60 neurons fitted to the curve."""
    network = MLPRegressor(hidden_layer_sizes=(60,), solver="lbfgs", max_iter=2000, random_state=0)
    return network.fit(x[:, None], y)


def main(folder: Path) -> None:
    """Write both files into a folder."""
    x, y = curve()
    rows = "".join(f"{a:.1f},{b:.3f}\n" for a, b in zip(x, y, strict=True))
    (folder / "curve.csv").write_text("x,y\n" + rows, encoding="utf-8")
    model = read_model(trained(x, y))
    write_model(model.network, folder / "model.onnx", like=model)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
