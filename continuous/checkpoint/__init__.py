"""A training run in a file while it runs, to continue from there."""
