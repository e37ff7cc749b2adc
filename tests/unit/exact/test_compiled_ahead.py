"""`sparsest compile`: no loop is left to the first search that needs it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import call

from sparsest import exact

COMPILED = """
from sparsest.exact.compiled_ahead import PARTS, compile_ahead
from sparsest.exact.compiling import _compiled_functions
assert [name for name, _ in compile_ahead()] == [*PARTS]
called = [f for (f, _), loop in _compiled_functions.items() if "no_cpython_wrapper" not in loop.targetoptions]
print(*(f"{f.__module__}.{f.__name__}" for f in called))
"""


def loops():
    """Names of all functions that some module hands to `compile_loop`."""
    folder = Path(exact.__file__).parent
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "compile_loop":
                first = node.args[0]
                yield first.attr if isinstance(first, ast.Attribute) else first.id


@pytest.mark.slow
def test_every_loop_is_compiled():
    done = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, text=True, check=True)
    assert set(loops()) == {name.rpartition(".")[2] for name in done.stdout.split()}


def test_where_nothing_can_be_kept_there_is_nothing_to_compile_ahead(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(file))
    result = call("compile")
    assert result.exit_code == 2
    assert "set NUMBA_CACHE_DIR" in result.stderr
