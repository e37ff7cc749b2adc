"""The files that the README's commands take: a curve in a table, and a network that scikit-learn fits to it.

    python examples/make_files.py

writes `curve.csv`, `model.onnx` and `robot.csv` beside this file. All is made up. The curve is a response
that rises, saturates and has a bump, read off with three decimals; the network has 60 neurons, of which 4
would do. The robot's two wheels answer to the angle of a line that it follows.
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


def wheels() -> tuple[np.ndarray, np.ndarray]:
    """Return 21 angles (N,) and the speeds of the left and the right wheel (N, 2)."""
    angle = np.arange(-10, 11) / 10
    right_turn, left_turn = np.maximum(0, angle - 0.25), np.maximum(0, -angle - 0.15)
    speeds = 0.5 + np.outer(right_turn, [0.8, -0.5]) + np.outer(left_turn, [-0.6, 0.9])
    return angle, np.round(speeds, 3)


def trained(x: np.ndarray, y: np.ndarray) -> MLPRegressor:
    """Return a network of 60 neurons fitted to the curve."""
    network = MLPRegressor(hidden_layer_sizes=(60,), solver="lbfgs", max_iter=2000, random_state=0)
    return network.fit(x[:, None], y)


def write_table(path: Path, names: str, x: np.ndarray, labels: np.ndarray) -> None:
    """Write inputs (N,) and labels (N, m) with one and with three decimals."""
    rows = (f"{a:.1f}," + ",".join(f"{value:.3f}" for value in b) for a, b in zip(x, labels, strict=True))
    path.write_text("\n".join([names, *rows, ""]), encoding="utf-8")


def main(folder: Path) -> None:
    """Write the files into a folder."""
    x, y = curve()
    write_table(folder / "curve.csv", "x,y", x, y[:, None])
    write_table(folder / "robot.csv", "angle,left,right", *wheels())
    model = read_model(trained(x, y))
    write_model(model.network, folder / "model.onnx", like=model)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
