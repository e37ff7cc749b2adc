"""The layout of the package: what is listed, what is installed, and who may import whom."""

import ast
import itertools
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
packages = runpy.run_path(str(ROOT / "setup.py"))["packages"]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOLDERS = CONFIG["tool"]["setuptools"]["package-dir"]

# folder -> subpackages of sparsest that it may import, besides core's modules
ALLOWED = {
    "core": set(),
    "exact": {"exact"},
    "continuous": {"continuous"},
    "models": {"continuous", "models"},
    "compare": {"exact", "continuous", "models", "compare"},
    "benchmarks": {"exact", "continuous", "models", "compare", "benchmarks"},
    "cli": {"exact", "continuous", "models", "compare", "benchmarks", "cli"},
}
FORBIDDEN = {
    "core": {"torch", "pyomo", "highspy", "flint"},
    "exact": {"torch"},
    "continuous": {"pyomo", "highspy"},
}
SUBPACKAGES = set(ALLOWED) - {"core"}


def imports(path):
    """Absolute names of everything a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources():
    return sorted({path for folder in FOLDERS.values() for path in (ROOT / folder).rglob("*.py")})


def test_every_folder_with_code_is_installed():
    rooms = {path.parent.relative_to(ROOT) for path in sources()}
    modules = {".".join(["sparsest", *folder.parts]).replace("sparsest.core", "sparsest") for folder in rooms}
    assert modules == set(packages())
    for package, folder in FOLDERS.items():
        assert package == ("sparsest" if folder == "core" else f"sparsest.{folder}")


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    folder = path.relative_to(ROOT).parts[0]
    for name in imports(path):
        top, *rest = name.split(".")
        assert top not in FORBIDDEN.get(folder, set()), f"{folder} must not import {top}"
        assert top not in FOLDERS.values(), f"import sparsest.{top}, not the folder {top}"
        if top == "sparsest" and rest and rest[0] in SUBPACKAGES:
            assert rest[0] in ALLOWED[folder], f"{folder} must not import {name}"


def test_no_folder_shadows_the_package():
    assert not (ROOT / "sparsest").exists()


def loaded_after(statement):
    script = f"{statement}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_no_heavy_library():
    loaded = loaded_after("import sparsest")
    assert not loaded & {"torch", "pyomo", "pandas", "matplotlib", "scipy", "networkx", "highspy", "typer"}


def test_exact_side_loads_neither_torch_nor_pyomo_before_it_needs_them():
    loaded = loaded_after("import sparsest; sparsest.exact.solve(sparsest.Problem([0, 1], [0, 1]))")
    assert not loaded & {"torch", "pyomo"}


def test_continuous_side_loads_no_exact_solver():
    loaded = loaded_after("import sparsest.continuous, sys; assert 'sparsest.exact' not in sys.modules")
    assert not loaded & {"pyomo"}
    assert "torch" in loaded


def test_constraints_pin_every_dependency():
    pinned = {
        line.split("==")[0].lower()
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#")
    }
    extras = CONFIG["project"]["optional-dependencies"]
    wanted = [*CONFIG["project"]["dependencies"], *itertools.chain(*extras.values())]
    names = {requirement.split(">=")[0].split("[")[0].strip().lower() for requirement in wanted}
    assert names - {"sparsest"} <= pinned
