"""Loops that numba compiles: when that pays, what they depend on, and where the result is kept.

A loop is a plain function with types, over numbers and arrays, that Python can run as well. The functions
that it calls are found in its globals, wherever they are defined, so that no list of them is kept by hand.
numba's own cache notices changes of the file of the loop alone. Here what was compiled is kept in a folder
named after a digest of all files that it depends on: a change of any of them leads to a new folder.
"""

import contextlib
import functools
import hashlib
import importlib.metadata
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final, NamedTuple, ParamSpec, Protocol, TypeVar, cast

from sparsest.exact.held_signals import held_interrupts

# Inner steps - a few operations on numbers, about a microsecond when interpreted - that take as long as
# loading numba and what it compiled before, half a second. Whoever compiles when so many are reached or
# foreseen takes at most about twice as long as the better choice would have.
MAX_INTERPRETED_STEPS: Final = 500_000

# About what loading numba and a loop takes.
_SECONDS_TO_LOAD: Final = 0.5

# For another process to compile a loop: twice what the longest takes. That process may have been stopped.
_SECONDS_TO_WAIT: Final = 60.0

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Substitutes = tuple[tuple[Callable[..., object], Callable[..., object]], ...]

Entry = TypeVar("Entry")
Entry_co = TypeVar("Entry_co", covariant=True)

_compiling = threading.Lock()
_LOCATOR: Final = "sparsest.exact.compiled_files.ByContent"


class Entries(Protocol[Entry_co]):
    """A list when interpreted, which is faster, or an array when compiled."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __getitem__(self, place: int, /) -> Entry_co:
        """Return one."""


class Room(Protocol[Entry]):
    """As `Entries`, written to."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __getitem__(self, place: int, /) -> Entry:
        """Return one."""

    def __setitem__(self, place: int, value: Entry, /) -> None:
        """Write one."""


def worth_compiling(steps: float, choice: bool | None = None) -> bool:
    """Say whether to use compiled code: the one rule for all loops.

    Parameters
    ----------
    steps : float
        Inner steps that interpreted code takes, those it has taken already included.
    choice : bool, optional
        The answer, whatever the number of steps, of somebody who knows better.
    """
    return steps >= MAX_INTERPRETED_STEPS if choice is None else choice


def compile_loop(
    function: Callable[Arguments, Result], substitutes: Substitutes = ()
) -> Callable[Arguments, Result]:
    """Return a loop compiled; its first call compiles (seconds) or loads what an earlier process compiled.

    Parameters
    ----------
    function : function
        Over numbers, arrays and named tuples of these.
    substitutes : tuple of pairs of functions, optional
        Functions that numba cannot compile, and what stands in for each; the latter takes the same arguments.

    Notes
    -----
    Nothing is kept on disk where there is no folder to write to. Of several processes that need a loop at one
    time one compiles it, while the others wait and load the result.

    Ctrl-C waits for the end of a call of a loop that returns a named tuple, but not for its compilation:
    numba makes such a tuple by code of Python, in which Ctrl-C raises, and does not look for that before it
    goes on with what was not made.
    """
    # the type in quotes: making it would take as long as a short loop
    return cast("Callable[Arguments, Result]", _compiled(_plain(function), substitutes))


@functools.cache
def _compiled(function: FunctionType, substitutes: Substitutes) -> Callable[..., object]:
    import numba  # a quarter of a second, which only large problems pay

    place = cache_place(function, substitutes)
    copied = _copied(function)
    compile_: Any = numba.njit
    if place is None:
        loop = compile_(copied)
    else:
        with _compiling, _kept_in(place, numba.config):
            loop = compile_(cache=True)(copied)
        loop.compile = _by_one_process(loop.compile, place)
    _compiled_functions[function, substitutes] = loop
    _link(function, copied, substitutes)
    returned = function.__annotations__.get("return")
    named = isinstance(returned, type) and hasattr(returned, "_fields")
    return cast(Callable[..., object], _uninterrupted(loop) if named else loop)


def _by_one_process(compile_: Callable[[Any], object], place: Path) -> Callable[[Any], object]:
    """Return how a loop is compiled by one of the processes that need it at one time; the others load it."""
    from filelock import FileLock
    from numba.core.compiler_lock import global_compiler_lock

    def compile_or_load(signature: Any) -> object:
        # numba's lock first: a thread that waits for that must not hold what the thread that has it waits for
        with global_compiler_lock, contextlib.ExitStack() as held:
            if not _kept(place):
                # too long a wait, or files that cannot be locked: compiled here as well, as it would be alone
                with contextlib.suppress(OSError, NotImplementedError):
                    held.enter_context(FileLock(place / ".lock", timeout=_SECONDS_TO_WAIT))
            return compile_(signature)

    return compile_or_load


# What numba makes of a function, for all that call it: a loop that calls another one makes use of what an
# earlier process compiled of that.
_compiled_functions: dict[tuple[FunctionType, Substitutes], Any] = {}


def _helper(function: FunctionType, substitutes: Substitutes) -> Any:
    """Return a function compiled that is called by compiled ones alone, once for all of these."""
    import numba

    compile_: Any = numba.njit
    if (function, substitutes) not in _compiled_functions:
        copied = _copied(function)
        _compiled_functions[function, substitutes] = compile_(no_cpython_wrapper=True, no_cfunc_wrapper=True)(
            copied
        )
        _link(function, copied, substitutes)
    return _compiled_functions[function, substitutes]


def _copied(function: FunctionType) -> FunctionType:
    """Return the same function with globals of its own."""
    copied = FunctionType(
        function.__code__,
        dict(function.__globals__),
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copied.__qualname__, copied.__module__ = function.__qualname__, function.__module__
    return copied


def _link(function: FunctionType, copied: FunctionType, substitutes: Substitutes) -> None:
    """Let a copy call what is compiled of the functions that its original calls."""
    stands_in = {_plain(original): _plain(substitute) for original, substitute in substitutes}
    package = function.__module__.partition(".")[0]
    for name, value in _referred(function):
        if isinstance(value, FunctionType) and value.__module__.partition(".")[0] == package:
            copied.__globals__[name] = _helper(stands_in.get(value, value), substitutes)


def _uninterrupted(loop: Any) -> Callable[..., object]:
    """Return a compiled loop for whose end Ctrl-C waits, once it is compiled."""

    @functools.wraps(loop.py_func)
    def call(*arguments: object) -> object:
        if not loop.overloads:
            loop.compile(tuple(loop.typeof_pyval(argument) for argument in arguments))
        with held_interrupts():
            return loop(*arguments)

    return call


@contextlib.contextmanager
def _kept_in(place: Path, config: Any) -> Iterator[None]:
    """Let numba keep what it compiles in a folder, under names free of where the source lies."""
    # numba 0.61 knows the first of them only
    options = {"CACHE_DIR": str(place), "CACHE_LOCATOR_CLASSES": _LOCATOR}
    usual = {name: getattr(config, name) for name in options if hasattr(config, name)}
    try:
        for name in usual:
            setattr(config, name, options[name])
        yield
    finally:
        for name, value in usual.items():
            setattr(config, name, value)


class Dependencies(NamedTuple):
    """What a compiled function rests on: functions, itself first, files by module, values of constants."""

    functions: tuple[FunctionType, ...]
    files: tuple[tuple[str, Path], ...]
    constants: tuple[tuple[str, str], ...]


def dependencies(function: Callable[..., object], substitutes: Substitutes = ()) -> Dependencies:
    """Return what a function refers to, directly or through others, inside its own package."""
    root = _plain(function)
    stands_in = {_plain(original): _plain(substitute) for original, substitute in substitutes}
    package = root.__module__.partition(".")[0]
    found, constants = {root: None}, {}
    modules = {root.__module__} | {original.__module__ for original in stands_in}
    waiting = [root]
    while waiting:
        current = waiting.pop()
        for name, value in _referred(current):
            module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            if isinstance(value, bool | int | float | str | tuple):
                constants[f"{current.__module__}.{name}"] = repr(value)
            elif isinstance(module, str) and module.partition(".")[0] == package:
                modules.add(module)
                if isinstance(value, FunctionType):
                    helper = stands_in.get(value, value)
                    modules.add(helper.__module__)
                    if helper not in found:
                        found[helper] = None
                        waiting.append(helper)
    files = [(name, Path(sys.modules[name].__file__ or "")) for name in sorted(modules)]
    return Dependencies(tuple(found), tuple(files), tuple(sorted(constants.items())))


def digest(function: Callable[..., object], substitutes: Substitutes = ()) -> str:
    """Return a number in hexadecimal digits that changes when anything does that a function depends on.

    It does not depend on where the files lie: installations of the same files share compiled code.

    Raises
    ------
    OSError
        Where the source cannot be read.
    """
    _, files, constants = dependencies(function, substitutes)
    total = hashlib.sha256(repr((constants, importlib.metadata.version("numba"), sys.version_info)).encode())
    for name, path in files:
        total.update(f"\n{name} {path.stat().st_size}\n".encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:20]


def cache_place(function: Callable[..., object], substitutes: Substitutes = ()) -> Path | None:
    """Return the folder for what is compiled of a function, None if nothing can be written there.

    It is in ``NUMBA_CACHE_DIR`` where that is set, else in the user's folder for caches (``XDG_CACHE_HOME``,
    ``~/.cache``); it may be deleted at any time.
    """
    try:
        chosen = os.environ.get("NUMBA_CACHE_DIR")
        root = Path(chosen) if chosen else _user_cache() / "sparsest" / "compiled"
        place = root / digest(function, substitutes)
        place.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=place).close()
    except (OSError, RuntimeError):  # read-only, no source, or no home
        return None
    return place


def was_compiled(function: Callable[..., object], substitutes: Substitutes = ()) -> bool:
    """Whether there is something to load, of this process or an earlier one."""
    place = cache_place(function, substitutes)
    return place is not None and _kept(place)


def _kept(place: Path) -> bool:
    return any(place.rglob("*.nbc"))


def seconds_to_load(function: Callable[..., object], cold: float) -> float:
    """Return about how long the first call of a compiled loop takes, `cold` where it was never compiled."""
    # asked before each of thousands of trees, and the answer takes as long as some of them
    if function not in _loadable and was_compiled(function):
        _loadable.add(function)
    return _SECONDS_TO_LOAD if function in _loadable else cold


# Functions of which there was something to load: that stays so.
_loadable: set[Callable[..., object]] = set()


def _user_cache() -> Path:
    given = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(given) if given else Path.home() / ".cache"


def _plain(function: Callable[..., object]) -> FunctionType:
    if not isinstance(function, FunctionType):
        raise TypeError(f"{function!r} is no plain function")
    return function


def _referred(function: FunctionType) -> Iterator[tuple[str, object]]:
    """Yield name and value of every global that a function uses, or that its signature names."""
    known: dict[str, object] = function.__globals__
    for name in _names(function.__code__):
        if name in known:
            yield name, known[name]
    for name, value in function.__annotations__.items():
        if isinstance(value, type):
            yield name, value


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
