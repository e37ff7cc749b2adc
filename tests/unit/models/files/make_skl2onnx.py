"""Write the files of skl2onnx that `test_onnx_kinds.py` reads: skl2onnx 1.20.0, scikit-learn 1.9.1.

pip install skl2onnx && python make_skl2onnx.py
"""

import warnings
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

warnings.filterwarnings("ignore")
X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
OPTIONS = {"hidden_layer_sizes": (4,), "max_iter": 50, "random_state": 0}
FOLDER = Path(__file__).parent
COLUMNS = [(name, FloatTensorType([None, 1])) for name in ("a", "b", "c")]

regressor = MLPRegressor(**OPTIONS).fit(X, X[:, 0])
double = MLPRegressor(**OPTIONS).fit(X.astype(float), X[:, 0].astype(float))
scaled = make_pipeline(StandardScaler(), MinMaxScaler(), MLPRegressor(**OPTIONS)).fit(X, X[:, 0])
columns = make_pipeline(StandardScaler(), MLPRegressor(**OPTIONS)).fit(X, X[:, 0])
classifier = MLPClassifier(**OPTIONS).fit(X, X[:, 0] > 0)
words = MLPClassifier(**OPTIONS).fit(X, np.where(X[:, 0] > 0, "yes", "no"))

models = {
    "regressor": to_onnx(regressor, X[:1]),
    "scaled": to_onnx(scaled, X[:1]),
    "columns": to_onnx(columns, initial_types=COLUMNS),
    "classifier": to_onnx(classifier, X[:1]),
    "words": to_onnx(words, X[:1]),
    "double": to_onnx(double, X[:1].astype(float)),
}
for name, model in models.items():
    (FOLDER / f"skl2onnx_{name}.onnx").write_bytes(model.SerializeToString())
