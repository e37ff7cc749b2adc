"""Building blocks for a person's own PyTorch network and training loop."""
