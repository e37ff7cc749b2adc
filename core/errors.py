"""The errors that reach a user: each message says what was found, where, and what to change."""


class SparsestError(Exception):
    """Base class of every error that this package raises on purpose.

    Examples
    --------
    >>> import sparsest
    >>> try:
    ...     sparsest.solve(sparsest.Problem([0, 1], [0, 1]), time_limit=-1)
    ... except sparsest.SparsestError as error:
    ...     print(type(error).__name__)
    InputError
    """


class InputError(SparsestError, ValueError):
    """The data, an option or a file is not usable as given.

    Examples
    --------
    >>> import sparsest
    >>> sparsest.Problem([[0], [1]], [0])
    Traceback (most recent call last):
    ...
    sparsest.errors.InputError: y has shape (1,): X has 2 rows, so (2,) is needed
    """


class SolverError(SparsestError, RuntimeError):
    """A solver is missing, or stopped in a state from which nothing can be concluded.

    Examples
    --------
    >>> from sparsest import Problem, exact
    >>> exact.solve(Problem([0, 1], [0, 1]), method="mip", mip_solver="nosuchsolver")
    Traceback (most recent call last):
    ...
    sparsest.errors.SolverError: solver 'nosuchsolver' is not known to Pyomo or not installed: ...
    """
