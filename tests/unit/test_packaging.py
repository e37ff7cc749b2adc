"""The layout of the package: what is listed, what is installed, and who may import whom."""

import itertools
import re
import runpy
import subprocess
import sys
import tomllib

import pytest
from helpers import ROOT
from import_graph import circles, imported, module_graph, module_of, room_graph, sources

packages = runpy.run_path(str(ROOT / "setup.py"))["packages"]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOLDERS = CONFIG["tool"]["setuptools"]["package-dir"]
PATHS = {module_of(path): path for path in sources()}
MODULES = module_graph(PATHS)
ROOMS = room_graph(MODULES, PATHS)

# folder -> folders that it may import, besides core and itself
ALLOWED = {
    "core": set(),
    "exact": set(),
    "continuous": set(),
    "models": set(),
    "compare": {"exact", "continuous", "models"},
    "benchmarks": {"exact", "continuous", "models", "compare"},
    "cli": {"exact", "continuous", "models", "compare", "benchmarks"},
}
FORBIDDEN = {
    "core": {"torch", "pyomo", "flint"},
    "exact": {"torch"},
    "continuous": {"pyomo", "flint"},
}
# rooms of the exact side from the lowest floor: none imports its own floor or a higher one
EXACT = [
    {"exact/arithmetic"},
    {"exact/cells", "exact/line", "exact/lp"},
    {"exact/packing", "exact/dense"},
    {"exact/proof", "exact/proof/vipr", "exact/mip"},
    {"exact/tree"},
    {"exact/supports", "exact/outputs"},
    {"exact/classes"},
    {"exact/solver"},
    {"exact/path_norm", "exact/trade_off", "exact/outliers"},
    {"exact/p_star"},
]


def folder_of(module):
    return PATHS[module].relative_to(ROOT).parts[0]


def test_every_folder_with_code_is_installed():
    rooms = {path.parent.relative_to(ROOT) for path in sources()}
    modules = {".".join(["sparsest", *folder.parts]).replace("sparsest.core", "sparsest") for folder in rooms}
    assert modules == set(packages())
    for package, folder in FOLDERS.items():
        assert package == ("sparsest" if folder == "core" else f"sparsest.{folder}")


def test_no_circle_among_modules_and_none_among_rooms():
    assert circles(MODULES) == []
    assert circles(ROOMS) == []


@pytest.mark.parametrize("folder", ALLOWED)
def test_packages_point_one_way(folder):
    for module, target in MODULES.edges:
        if module and folder_of(module) == folder:  # the package's own face shows everything
            allowed = {"core", folder} | ALLOWED[folder]
            assert folder_of(target) in allowed, f"{module} must not import {target}"


@pytest.mark.slow
@pytest.mark.parametrize("folder", ALLOWED)
def test_packages_import_no_library_of_the_other_side_and_nothing_by_folder(folder):
    for path in PATHS.values():
        if path.relative_to(ROOT).parts[0] == folder:
            tops = {name.split(".")[0] for name in imported(path)}
            assert not tops & FORBIDDEN.get(folder, set()), path
            assert not tops & set(FOLDERS.values()), f"{path}: import sparsest.folder, not folder"


def test_every_room_of_the_exact_side_has_its_floor():
    rooms = {str(path.parent.relative_to(ROOT)) for path in (ROOT / "exact").rglob("*.py")} - {"exact"}
    assert rooms | {"exact/solver"} == set().union(*EXACT)
    floor = {room: number for number, rooms in enumerate(EXACT) for room in rooms}
    for room, target in ROOMS.edges:
        if room in floor and target in floor:
            assert floor[target] < floor[room], f"{room} must not import {target}"


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
    assert not loaded & {"torch", "pyomo", "networkx", "pandas", "matplotlib"}


def test_benchmark_runs_of_the_exact_side_load_no_torch():
    """Every worker process would: a second of it, for each run that was ended and each small suite."""
    loaded = loaded_after(
        "from sparsest.benchmarks.run import executors; executors._warm_up(('auto', 'mip'));"
        "from sparsest.benchmarks.suites import exact_methods"
    )
    assert "torch" not in loaded


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


# What ruff's limits on complexity and arguments do not hold for: public functions whose keywords users type,
# commands, and kernels that numba compiles as one loop; but for new ones of the first two kinds the list may
# only shrink (ruff reports a mark that is no longer needed).
EXCEPTIONS = {
    "benchmarks/peers/loop.py": {"train"},
    "benchmarks/peers/pruning.py": {"weight_decay"},
    "benchmarks/peers/published_training.py": {"published_training"},
    "benchmarks/suites/training_methods.py": {"minimize"},
    "cli/certify.py": {"certify"},
    "cli/check.py": {"check"},
    "cli/compare.py": {"compare"},
    "cli/find.py": {"find"},
    "cli/frontier.py": {"frontier"},
    "cli/least.py": {"least"},
    "cli/regress.py": {"regress"},
    "cli/solve.py": {"solve"},
    "cli/threshold.py": {"threshold"},
    "cli/train.py": {"train"},
    "compare/agreement/compare.py": {"compare_sides"},
    "compare/certification/certification.py": {"certify"},
    "compare/estimators/classifier.py": {"__init__"},
    "compare/estimators/regressor.py": {"__init__"},
    "compare/find_and_prove.py": {"solve"},
    "compare/trade_off.py": {"frontier", "least_error"},
    "continuous/search/staged_search.py": {"__init__"},
    "continuous/sparse_search.py": {"find_sparse"},
    "continuous/trainer.py": {"minimize"},
    "core/gauss_newton.py": {"descend"},
    "core/problem.py": {"_set", "from_intervals"},
    "exact/line/cheapest_cuts_kernel.py": {"windows"},
    "exact/line/stabbing_kernel.py": {"greedy", "holds"},
    "exact/path_norm/least_path_norm.py": {"minimize_path_norm"},
    "exact/path_norm/ray_program_kernel.py": {"program", "violated"},
    "exact/path_norm/relaxation_kernel.py": {"safe_bound"},
    "exact/solver.py": {"solve"},
    "exact/trade_off/curve.py": {"frontier"},
    "exact/trade_off/least_error.py": {"least_error"},
}


def test_exceptions_from_the_limits_of_complexity_only_get_fewer():
    mark = re.compile(r"^\s*def (\w+)[^\n]*# noqa: [A-Z0-9, ]*(?:C901|PLR0913)", re.MULTILINE)
    found = {
        str(path.relative_to(ROOT)): names
        for path in sources()
        if (names := set(mark.findall(path.read_text(encoding="utf-8"))))
    }
    assert found == EXCEPTIONS
