"""Training that is stopped and gone on with."""

import json
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsest import InputError, Problem, datasets
from sparsest.continuous import checkpoint as module
from sparsest.continuous import minimize
from sparsest.results import FitResult

PEAK = Problem([-2, -1, 0, 1, 2, 3], [0, 0, 1, 1, 0, 0])
DESCENT: dict[str, Any] = {"restarts": 4, "steps": 300, "width": 12}


class StopError(Exception):
    """Raised in the middle of training, as a crash would be."""


def stopping_at(step: int) -> Any:
    def progress(state: Any) -> None:
        if state.nodes >= step:
            raise StopError

    return progress


def assert_same(first: FitResult, second: FitResult) -> None:
    assert first.polished == second.polished
    assert first.raw == second.raw
    assert first.steps == second.steps
    for name in ("steps", "loss", "path_norm", "active"):
        np.testing.assert_array_equal(getattr(first.history, name), getattr(second.history, name))


@pytest.mark.parametrize("solver", ["adam-reweighted", "published", "proximal-gradient", "smoothed"])
@pytest.mark.parametrize("skip", [False, True])
def test_gradient_descent_goes_on_bit_for_bit(
    solver: str, skip: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_EVERY", 0.0)
    monkeypatch.setattr(module, "_SHARE", 0.0)
    monkeypatch.setattr("sparsest.continuous.fit._REPORT_EVERY", 0.0)
    problem, path = Problem(PEAK.X, PEAK.low, skip=skip), tmp_path / "training.npz"
    files: dict[str, Any] = {"checkpoint_file": path, "resume": True}
    whole = minimize(problem, solver=solver, **DESCENT)
    for step in (40, 170):  # the second one after neurons were dropped
        with pytest.raises(StopError):
            minimize(
                problem,
                solver=solver,
                checkpoint_file=path,
                resume=True,
                progress=stopping_at(step),
                **DESCENT,
            )
    assert_same(whole, minimize(problem, solver=solver, **DESCENT, **files))
    # a finished run is answered from its file
    assert_same(whole, minimize(problem, solver=solver, **DESCENT, **files))


def test_time_limits_add_up(tmp_path: Path) -> None:
    path = tmp_path / "training.npz"
    options: dict[str, Any] = {"solver": "adam-reweighted", "restarts": 8, "steps": 1500}
    whole = minimize(PEAK, **options)
    for _ in range(100):
        fit = minimize(PEAK, **options, checkpoint_file=path, resume=True, time_limit=0.6)
        if fit.steps == 1500:
            break
    np.testing.assert_array_equal(fit.history.loss, whole.history.loss)


def test_the_staged_search_keeps_its_network(tmp_path: Path) -> None:
    problem, path = datasets.load("uniform", d=2, n=8).problem(), tmp_path / "search.npz"
    first = minimize(problem, objective="neurons", checkpoint_file=path)
    again = minimize(problem, objective="neurons", checkpoint_file=path, resume=True, time_limit=1e-3)
    assert again.count <= first.count
    assert again.polished.solves(problem)
    alone = minimize(problem, objective="neurons", time_limit=1e-3)
    assert not alone.polished.solves(problem) or alone.count >= first.count


def test_a_killed_process_loses_seconds_at_most(tmp_path: Path) -> None:
    path = tmp_path / "training.npz"
    code = (
        "from sparsest import datasets\nfrom sparsest.continuous import checkpoint, minimize\n"
        "checkpoint._EVERY = 0.2\n"
        "minimize(datasets.load('peak-plateau').problem(), solver='published', steps=10**6, restarts=4, "
        f"checkpoint_file={str(path)!r})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        for _ in range(600):
            time.sleep(0.1)
            if path.exists() and int(np.load(path)["taken"]) > 100:
                break
    finally:
        process.kill()
        process.wait()
    taken = int(np.load(path)["taken"])
    assert taken > 100
    problem = datasets.load("peak-plateau").problem()
    fit = minimize(
        problem,
        solver="published",
        steps=10**6,
        restarts=4,
        checkpoint_file=path,
        resume=True,
        time_limit=1.0,
    )
    assert fit.steps > taken


def changed(path: Path, **arrays: Any) -> None:
    with np.load(path) as old:
        content = dict(old)
    np.savez(path, **(content | arrays))


class TestRefusals:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "training.npz"
        minimize(PEAK, solver="adam-reweighted", checkpoint_file=path, **DESCENT)
        return path

    def resume(self, path: Path, problem: Problem = PEAK, **options: Any) -> FitResult:
        given = {"solver": "adam-reweighted", "checkpoint_file": path, "resume": True}
        return minimize(problem, **(given | DESCENT | options))

    def test_places(self, path: Path, tmp_path: Path) -> None:
        for place, words in (
            (path, "exists: resume"),
            (tmp_path, "is a folder"),
            (tmp_path / "a" / "b", "folder"),
        ):
            with pytest.raises(InputError, match=words):
                self.resume(place, resume=False)

    def test_other_problems_and_options(self, path: Path) -> None:
        with pytest.raises(InputError, match="another problem"):
            self.resume(path, Problem(PEAK.X, -PEAK.low))
        for options, words in (
            ({"p": 0.5}, "p = 0.4, not 0.5"),
            ({"seed": 1}, "seed = 0, not 1"),
            ({"solver": "published"}, "solver = 'adam-reweighted'"),
            ({"dtype": "float32"}, "dtype = 'torch.float64'"),
        ):
            with pytest.raises(InputError, match=words):
                self.resume(path, **options)

    @pytest.mark.parametrize(
        "arrays",
        [
            {"flat": np.zeros(3)}, {"restarts": np.array([9])}, {"restarts": np.array(["a"])},
            {"width": np.array(99)}, {"whole": np.zeros(0)}, {"loss": np.zeros((1, 1))},
            {"taken": np.array("x")}, {"measured": np.zeros(2)}, {"recorded": np.array([1.5])},
            {"header": np.array("{}")},
            {"header": np.array("no")}, {"header": np.array(json.dumps([1]))},
        ],
    )  # fmt: skip
    def test_damaged_content(self, path: Path, arrays: dict[str, Any]) -> None:
        changed(path, **arrays)
        with pytest.raises(InputError, match=str(path)):
            self.resume(path)

    def test_damaged_files(self, path: Path) -> None:
        content = path.read_bytes()
        for wrong in (b"", content[: len(content) // 2], b"PK\x03\x04" + bytes(100), os.urandom(1000)):
            path.write_bytes(wrong)
            with pytest.raises(InputError, match=str(path)):
                self.resume(path)

    def test_nothing_is_unpickled(self, path: Path, tmp_path: Path) -> None:
        class Bomb:
            def __reduce__(self) -> Any:
                return os.mkdir, (str(tmp_path / "boom"),)

        np.savez(path, header=np.array([Bomb()], dtype=object))
        with pytest.raises(InputError, match=str(path)):
            self.resume(path)
        path.write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(InputError, match=str(path)):
            self.resume(path)
        assert not (tmp_path / "boom").exists()

    def test_a_network_that_does_not_fit(self, tmp_path: Path) -> None:
        path = tmp_path / "search.npz"
        minimize(PEAK, checkpoint_file=path)
        changed(path, outputs=np.ones(3))
        with pytest.raises(InputError, match="does not fit"):
            minimize(PEAK, checkpoint_file=path, resume=True)
