"""What compiled loops depend on, where they are kept, and when they pay."""

import importlib
import importlib.metadata
import os
import shutil
import signal
import subprocess
import sys

import filelock
import numpy as np
import pytest

from sparsest.exact import compiling
from sparsest.exact.compiling import (
    MAX_INTERPRETED_STEPS,
    cache_place,
    compile_loop,
    dependencies,
    digest,
    was_compiled,
    worth_compiling,
)
from sparsest.exact.held_signals import held_interrupts
from sparsest.exact.line import stabbing_kernel
from sparsest.exact.lp import row_stack_kernel
from sparsest.exact.path_norm import box_kernel

OUTER = """
from {package}.constants import FACTOR
from {package}.inner import plus

def total(values):
    result = 0.0
    for value in values:
        result = plus(result, FACTOR * value)
    return result
"""
INNER = """
def plus(a, b):
    return a + b
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of a loop, what it calls, and a constant of a third file."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    # files of one size, written within a second, are told apart by their text alone
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    written = []

    def write(outer=OUTER, inner=INNER, constants="FACTOR = 2.0", name="loops"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        files = {"__init__": "", "outer": outer, "inner": inner, "constants": constants, "other": ""}
        for file, text in files.items():
            (folder / f"{file}.py").write_text(text.format(package=name))
        importlib.invalidate_caches()
        written.append(name)
        return importlib.import_module(f"{name}.outer").total

    yield write
    for module in [module for module in sys.modules if module.partition(".")[0] in written]:
        del sys.modules[module]


def test_functions_are_found_across_files_and_constants_by_value(package):
    total = package()
    found = dependencies(total)
    assert [function.__name__ for function in found.functions] == ["total", "plus"]
    assert [name for name, _ in found.files] == ["loops.inner", "loops.outer"]
    assert found.constants == (("loops.outer.FACTOR", "2.0"),)


def test_a_change_of_any_file_changes_the_place(package, tmp_path):
    total = package()
    places = [cache_place(total)]
    assert cache_place(total) == places[0]
    assert places[0].is_relative_to(tmp_path / "cache")
    (tmp_path / "loops" / "other.py").write_text("# nothing depends on this\n")
    assert cache_place(total) == places[0]
    for file in ("inner", "outer"):
        path = tmp_path / "loops" / f"{file}.py"
        path.write_text(path.read_text() + "\n# changed\n")
        places.append(cache_place(total))
    total.__globals__["FACTOR"] = 3.0
    places.append(cache_place(total))
    assert len(set(places)) == 4


@pytest.mark.slow
def test_what_was_compiled_before_a_helper_changed_is_not_used(package, tmp_path):
    values = np.array([1.0, 2.0])
    first = package()
    assert not was_compiled(first)
    assert compile_loop(first)(values) == first(values) == 6.0
    assert was_compiled(first)
    for module in [module for module in sys.modules if module.partition(".")[0] == "loops"]:
        del sys.modules[module]
    second = package(inner=INNER.replace("a + b", "a - b"))
    assert not was_compiled(second)
    assert compile_loop(second)(values) == second(values) == -6.0


@pytest.mark.slow
def test_another_installation_of_the_same_files_compiles_nothing(package, tmp_path, monkeypatch):
    values = np.array([1.0, 2.0])
    compile_loop(package())(values)
    shutil.move(tmp_path / "loops", tmp_path / "elsewhere" / "loops")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    for module in [module for module in sys.modules if module.partition(".")[0] == "loops"]:
        del sys.modules[module]
    importlib.invalidate_caches()
    second = importlib.import_module("loops.outer").total
    assert was_compiled(second)
    compiled = compile_loop(second)
    assert compiled(values) == 6.0
    assert list(compiled.stats.cache_hits.values()) == [1]


@pytest.mark.slow
def test_what_another_process_compiles_meanwhile_is_loaded(package, monkeypatch):
    values, total, locks = np.array([1.0, 2.0]), package(), []

    class Lock(filelock.FileLock):
        def __enter__(self):
            locks.append(self)
            if len(locks) == 1:  # had by another process first, which compiles
                assert compiling._compiled.__wrapped__(total, ())(values) == 6.0
            return super().__enter__()

    monkeypatch.setattr(filelock, "FileLock", Lock)
    compiled = compile_loop(total)
    assert compiled(values) == 6.0
    assert list(compiled.stats.cache_hits.values()) == [1]
    assert not compiled.stats.cache_misses
    assert len(locks) == 2
    assert not any(lock.is_locked for lock in locks)
    # once something is there to load, nobody waits
    assert compiling._compiled.__wrapped__(total, ())(values) == 6.0
    assert len(locks) == 2


@pytest.mark.slow
def test_nobody_waits_for_ever_for_another_process(package, monkeypatch):
    values, total = np.array([1.0, 2.0]), package()
    monkeypatch.setattr(compiling, "_SECONDS_TO_WAIT", 0.0)
    with filelock.FileLock(cache_place(total) / ".lock"):
        compiled = compile_loop(total)
        assert compiled(values) == 6.0
    assert list(compiled.stats.cache_misses.values()) == [1]


def test_another_version_of_numba_has_a_place_of_its_own(package, monkeypatch):
    total = package()
    here = cache_place(total)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.0")
    assert cache_place(total) != here


def test_without_a_folder_to_write_to_nothing_is_kept(package, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    total = package()
    assert cache_place(total) is None
    assert compile_loop(total)(np.array([1.0, 2.0])) == 6.0
    # a home that cannot be found, or not be written to
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    assert cache_place(total) is None


def test_the_user_s_folder_for_caches(package, tmp_path, monkeypatch):
    total = package()
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "mine"))
    assert cache_place(total) == tmp_path / "mine" / "sparsest" / "compiled" / digest(total)


def test_numba_is_left_as_it_was(package):
    import numba

    config = numba.config
    before = config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES, os.environ["NUMBA_CACHE_DIR"]
    compile_loop(package())
    assert (config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES, os.environ["NUMBA_CACHE_DIR"]) == before


def test_one_simplex_method_is_behind_trees_and_path_norms():
    for loop in (row_stack_kernel.step, box_kernel.examine):
        assert "sparsest.exact.lp.simplex_kernel" in dict(dependencies(loop).files)


def test_what_stands_in_is_a_dependency_in_place_of_what_cannot_be_compiled():
    names = [
        function.__name__
        for function in dependencies(stabbing_kernel.greedy, stabbing_kernel.IN_PLACE_OF_RATIONALS).functions
    ]
    assert "expansion_orientation" in names
    assert "exact_orientation" not in names
    assert "sparsest.exact.compiling" not in dict(dependencies(stabbing_kernel.greedy).files)


def test_only_plain_functions_are_compiled():
    with pytest.raises(TypeError, match="no plain function"):
        compiling.digest(np.sum)


def test_the_one_rule():
    assert not worth_compiling(MAX_INTERPRETED_STEPS - 1)
    assert worth_compiling(MAX_INTERPRETED_STEPS)
    assert worth_compiling(0, choice=True)
    assert not worth_compiling(np.inf, choice=False)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_waits_for_the_end_of_what_it_must_not_break_into():
    done = []

    def interrupted():
        with held_interrupts():
            signal.raise_signal(signal.SIGINT)
            done.append(1)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with held_interrupts():
        pass


INTERRUPTED = """
import signal, threading
from sparsest import datasets, exact
from sparsest.exact.path_norm.loops import Loops

problem = datasets.parse("uniform:d=2,n=8,seed=0").problem()
examine, calls = Loops.examine, []

def counted(self, *arguments):
    calls.append(1)
    if len(calls) == 30:
        threading.Timer(0.03, signal.raise_signal, [signal.SIGINT]).start()
    return examine(self, *arguments)

Loops.examine = counted
for _ in range(3):
    calls.clear()
    print(exact.minimize_path_norm(problem, 0.9, "weights", time_limit=60).status)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_while_a_compiled_loop_runs_leaves_the_interval():
    # a named tuple is made by code of Python, where Ctrl-C raised, and numba went on with what was not made
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["interrupted"] * 3)
