"""The gradient methods, one a file, each an immutable object with its settings, and the batch they step."""
