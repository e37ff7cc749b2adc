"""Compile loops by numba, with a cache on disk where there can be one."""

from collections.abc import Callable
from typing import Any


def jitted(function: Callable[..., Any], helpers: tuple[Callable[..., Any], ...] = ()) -> Callable[..., Any]:
    """Return `function` compiled; the first call compiles (seconds) unless an earlier process cached it.

    Parameters
    ----------
    function : callable
        Loops over numbers and arrays.
    helpers : tuple of callables
        What it calls. They should be in its file, because numba's cache notices changes of that file alone.
    """
    import numba  # a quarter of a second, which only large problems pay
    from numba.extending import register_jitable

    for helper in helpers:
        register_jitable(helper)
    compile_: Any = numba.njit(cache=True)
    try:
        return compile_(function)  # type: ignore[no-any-return]
    except RuntimeError:  # nowhere to write a cache
        compile_ = numba.njit
        return compile_(function)  # type: ignore[no-any-return]
