"""Trained networks in and out: torch, ONNX, scikit-learn, and this project's own files."""

from sparsest.models.reading import read_model
from sparsest.models.sklearn_writing import to_mlp_classifier, to_mlp_regressor
from sparsest.models.trained_model import PRECISIONS, TrainedModel, rounded
from sparsest.models.writing import check_model_ending, write_model

__all__ = [
    "PRECISIONS",
    "TrainedModel",
    "check_model_ending",
    "read_model",
    "rounded",
    "to_mlp_classifier",
    "to_mlp_regressor",
    "write_model",
]
