"""Batched gradient descent from many initial networks."""
