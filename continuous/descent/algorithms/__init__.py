"""The gradient solvers, one a file, each an immutable object with its settings."""
