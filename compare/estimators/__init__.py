"""Estimators for scikit-learn: a regressor and a classifier that are the sparsest networks."""
