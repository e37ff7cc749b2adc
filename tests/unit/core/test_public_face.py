"""The public face: what is listed is there, each name says one thing, and every result can show itself."""

import ast
import collections
import enum
import importlib
import inspect
import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from helpers import ROOT, call
from matplotlib.figure import Figure

import sparsest
from sparsest import Affine, InputError, Problem, SparsestError, Status, datasets

PACKAGES = sorted(runpy.run_path(str(ROOT / "setup.py"))["packages"]())
FOLDERS = ("core", "exact", "continuous", "models", "compare", "benchmarks", "cli")
XOR = datasets.load("xor").problem()


def listed():
    """Every name that a package lists, with what it stands for."""
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in getattr(module, "__all__", ()):
            yield package, name, getattr(module, name)


def class_definitions():
    """Every class of the product outside functions, with its file."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef):
                    yield node.name, path


class TestNames:
    def test_dir_lists_what_is_public_and_all_of_it_is_there(self):
        assert dir(sparsest) == sorted(sparsest.__all__)
        assert len(set(sparsest.__all__)) == len(sparsest.__all__)
        for name in sparsest.__all__:
            assert getattr(sparsest, name) is not None
        with pytest.raises(AttributeError, match="no attribute 'nosuchname'"):
            sparsest.nosuchname  # noqa: B018

    def test_listing_loads_nothing_heavy(self):
        script = "import sparsest, sys\ndir(sparsest)\nprint(*{name.split('.')[0] for name in sys.modules})"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert not set(done.stdout.split()) & {"torch", "pyomo", "pandas", "matplotlib", "scipy", "highspy"}

    def test_no_function_has_the_name_of_a_module_beside_it(self):
        for package, name, value in listed():
            folder = Path(inspect.getfile(importlib.import_module(package))).parent
            beside = {path.stem for path in folder.glob("*.py")} | {path.name for path in folder.iterdir()}
            if package == "sparsest":
                beside |= set(FOLDERS)
            assert isinstance(value, ModuleType) or name not in beside, f"{package}.{name}"

    def test_public_errors_are_of_one_family(self):
        found = {
            value for _, _, value in listed() if isinstance(value, type) and issubclass(value, BaseException)
        }
        assert {sparsest.InputError, sparsest.SolverError, sparsest.ProofError} <= found
        assert all(issubclass(error, SparsestError) for error in found)
        from sparsest.check import UnreadableError  # which check_proof raises as well

        assert issubclass(UnreadableError, sparsest.ProofError)

    def test_no_class_name_is_taken_twice(self):
        places = collections.defaultdict(list)
        for name, path in class_definitions():
            places[name].append(path)
        twice = {name for name, paths in places.items() if len(paths) > 1 and not name.startswith("_")}
        assert not twice

    def test_values_of_enums_are_lower_snake_case(self):
        kinds = {type(member) for _, _, kind in listed() if _is_enum(kind) for member in kind}
        assert {Affine, Status, sparsest.Outcome, sparsest.Objective, sparsest.ReductionKind} <= kinds
        for member in (member for kind in kinds for member in kind):
            assert member.value == member.name.lower(), repr(member)
            assert member.value.replace("_", "").isalnum()
            assert str(member) == member.value == member


def _is_enum(value):
    return isinstance(value, type) and issubclass(value, enum.Enum)


@pytest.fixture(scope="module")
def results():
    """One result of each kind, on xor."""
    exact, least = sparsest.exact.solve(XOR), sparsest.exact.minimize_path_norm(XOR, 0.5)
    return {
        "solve": exact,
        "minimize": sparsest.continuous.minimize(XOR),
        "minimize_path_norm": least,
        "threshold": sparsest.exact.threshold(XOR),
        "least_error": sparsest.exact.least_error(XOR, 2),
        "compare_sides": sparsest.compare_sides(XOR),
        "certify": sparsest.certify(exact.network, XOR.X, XOR.low),
    }


KINDS = ["solve", "minimize", "minimize_path_norm", "threshold", "least_error", "compare_sides", "certify"]


class TestResults:
    @pytest.mark.parametrize("kind", KINDS)
    def test_every_result_has_the_same_parts(self, results, kind):
        found = results[kind]
        assert isinstance(found.status, Status)
        assert isinstance(found.remark, str)
        assert found.network.solves(XOR)
        assert found.problem == XOR
        if kind != "minimize":  # which proves nothing
            assert found.lower_bound <= found.upper_bound
        assert found.upper_bound == pytest.approx(
            {"minimize_path_norm": 2 * 2**0.5, "threshold": 1, "least_error": 0}.get(kind, 2), rel=1e-6
        )

    @pytest.mark.parametrize("kind", KINDS)
    def test_every_result_shows_itself(self, results, kind):
        found = results[kind]
        assert repr(found).startswith(f"<{type(found).__name__} ")
        assert repr(found).endswith(">")
        assert "\n" not in repr(found)
        for width in (60, 100):
            lines = found.summary(width=width).splitlines()
            assert len(lines) >= 4
            assert max(map(len, lines)) <= width
        assert found._repr_html_().startswith("<p>")
        assert isinstance(found.plot(), Figure)
        assert isinstance(found.plot(title="xor"), Figure)

    @pytest.mark.parametrize("ending", ["json", "npz"])
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_result_read_from_a_file_shows_itself_too(self, results, kind, ending, tmp_path):
        sparsest.save(results[kind], tmp_path / f"result.{ending}")
        found = sparsest.load(tmp_path / f"result.{ending}")
        assert type(found) is type(results[kind])
        assert repr(found) == repr(results[kind])
        assert found.summary()
        assert found._repr_html_()
        if kind == "threshold":  # whose curves are those of its own two networks
            assert isinstance(found.plot(), Figure)
            return
        with pytest.raises(InputError) as caught:
            found.plot()
        assert str(caught.value) == "a result that was read from a file has no data: write plot(problem)"
        assert isinstance(found.plot(XOR), Figure)

    def test_a_checked_proof(self, tmp_path):
        sparsest.exact.solve(XOR, proof_file=tmp_path / "proof.json")
        checked = sparsest.check_proof(tmp_path / "proof.json", XOR)
        assert (checked.lower_bound, checked.upper_bound, checked.affine) == (2, 2, "none")
        assert "\n" not in repr(checked)


class TestColumnNames:
    def test_names_of_a_data_frame_and_a_series(self):
        table = pd.DataFrame({"height": [0.0, 1.0, 2.0], "age": [1.0, 2.0, 4.0]})
        problem = Problem(table, pd.Series([0.0, 1.0, 0.0], name="mass"), affine="skip")
        assert (problem.feature_names, problem.target_name) == (("height", "age"), "mass")
        found = sparsest.exact.solve(problem)
        assert "2 features (height, age), label mass" in found.summary()
        assert problem.replace(affine="none").feature_names == problem.feature_names
        assert problem.subset([0, 1]).target_name == "mass"
        # names are for people: the data are the same without them
        assert problem == Problem(table.to_numpy(), [0.0, 1.0, 0.0], affine="skip")

    def test_arrays_have_none_and_options_win(self):
        assert Problem(np.eye(2), [0, 1]).feature_names is None
        assert Problem(np.eye(2), [0, 1]).target_name is None
        named = Problem(pd.DataFrame(np.eye(2), columns=["a", "b"]), [0, 1], feature_names=["c", "d"])
        assert named.feature_names == ("c", "d")
        assert Problem(pd.DataFrame(np.eye(2)), [0, 1]).feature_names is None  # numbered columns

    @pytest.mark.parametrize(("names", "words"), [(["a"], "1 feature_names for 2"), ([1, 2], "a text")])
    def test_names_that_do_not_fit(self, names, words):
        with pytest.raises(InputError, match=words):
            Problem(np.eye(2), [0, 1], feature_names=names)

    def test_the_header_of_a_table_is_in_the_first_line(self, tmp_path):
        path = tmp_path / "data.csv"
        path.write_text("height,age,mass\n0,1,0\n1,2,1\n2,4,0\n")
        first = " ".join(call("solve", path, "--affine", "skip").stdout.split("\n  ")[0].split())
        assert first == (
            f"{path}: 3 samples, 2 features (height, age), label mass, exact labels, with a skip"
        )
