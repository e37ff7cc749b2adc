"""A training run in a file while it runs, to go on from there."""
