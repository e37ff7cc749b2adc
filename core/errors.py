"""The errors that reach a user: each message says what was found, where, and what to change."""


class SparsestError(Exception):
    """Base class of every error that this package raises on purpose."""


class InputError(SparsestError, ValueError):
    """The data, an option or a file is not usable as given."""


class SolverError(SparsestError, RuntimeError):
    """A solver is missing, or stopped in a state from which nothing can be concluded."""
