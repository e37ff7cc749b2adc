"""Training that is stopped and gone on with."""

import contextlib
import functools
import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import in_turn, slow_after

from sparsest import InputError, Problem, datasets
from sparsest.continuous import call as training_call
from sparsest.continuous import find_sparse, minimize, sparse_search, trainer
from sparsest.continuous.call import Reporter
from sparsest.continuous.checkpoint.file import Checkpoint
from sparsest.continuous.search.staged_search import StagedSearch
from sparsest.results.solving import FitResult

PEAK = Problem([-2, -1, 0, 1, 2, 3], [0, 0, 1, 1, 0, 0])
DESCENT: dict[str, Any] = {"objective": "weights", "restarts": 4, "steps": 300, "width": 12}


class StopError(Exception):
    """Raised in the middle of training, as a crash would be."""


def stopping_at(step: int) -> Any:
    def progress(state: Any) -> None:
        if state.nodes >= step:
            raise StopError

    return progress


def with_every_piece_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sparse_search, trainer):
        monkeypatch.setattr(module, "Checkpoint", functools.partial(Checkpoint, interval=0.0, share=0.0))
    monkeypatch.setattr(training_call, "Reporter", functools.partial(Reporter, interval=0.0))


def assert_same(first: FitResult, second: FitResult) -> None:
    assert first.network == second.network
    assert first.raw == second.raw
    assert first.steps == second.steps
    for name in ("steps", "loss", "path_norm", "active"):
        np.testing.assert_array_equal(getattr(first.history, name), getattr(second.history, name))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("algorithm", "affine"),
    slow_after(
        1, in_turn(["adam-reweighted", "published", "proximal-gradient", "smoothed"], ["none", "skip"])
    ),
)
def test_gradient_descent_goes_on_bit_for_bit(
    algorithm: str, affine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_every_piece_kept(monkeypatch)
    problem, path = Problem(PEAK.X, PEAK.low, affine=affine), tmp_path / "training.npz"
    files: dict[str, Any] = {"checkpoint_file": path, "resume": True}
    whole = minimize(problem, algorithm=algorithm, **DESCENT)
    for step in (40, 170):  # the second one after neurons were dropped
        with pytest.raises(StopError):
            minimize(
                problem,
                algorithm=algorithm,
                checkpoint_file=path,
                resume=True,
                progress=stopping_at(step),
                **DESCENT,
            )
    assert_same(whole, minimize(problem, algorithm=algorithm, **DESCENT, **files))
    # a finished run is answered from its file
    assert_same(whole, minimize(problem, algorithm=algorithm, **DESCENT, **files))


@pytest.mark.slow
def test_a_polish_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sparsest.continuous.descent import restarts

    with_every_piece_kept(monkeypatch)
    files: dict[str, Any] = {"checkpoint_file": tmp_path / "training.npz", "resume": True}
    problem = datasets.load("uniform", d=2, n=6, seed=1).problem()
    options: dict[str, Any] = {
        "algorithm": "adam-reweighted",
        "restarts": 6,
        "steps": 200,
        "objective": "neurons",
    }
    whole = minimize(problem, **options)
    polished = []
    plain = restarts.polish

    def counting(samples: Any, start: Any, *arguments: Any) -> Any:
        polished.append(start.patterns.tobytes())
        return plain(samples, start, *arguments)

    def stop(state: Any) -> None:
        if state.message.startswith("polishing restart 4"):
            raise StopError

    monkeypatch.setattr(restarts, "polish", counting)
    with pytest.raises(StopError):
        minimize(problem, **options, **files, progress=stop)
    assert len(polished) == 3
    assert_same(whole, minimize(problem, **options, **files))
    assert len(polished) == len(set(polished)) == 6
    assert_same(whole, minimize(problem, **options, **files))
    assert len(polished) == 6
    changed(files["checkpoint_file"], **{"polished 1 weights": np.ones((1, 5))})
    with pytest.raises(InputError, match="not a usable checkpoint"):
        minimize(problem, **options, **files)


@pytest.mark.slow
def test_time_limits_add_up(tmp_path: Path) -> None:
    path = tmp_path / "training.npz"
    options: dict[str, Any] = {
        "algorithm": "adam-reweighted", "objective": "weights", "restarts": 4, "steps": 1000,
    }  # fmt: skip
    whole = minimize(PEAK, **options)
    for _ in range(100):
        fit = minimize(PEAK, **options, checkpoint_file=path, resume=True, time_limit=0.4)
        if fit.steps == 1000:
            break
    np.testing.assert_array_equal(fit.history.loss, whole.history.loss)


STAGED: list[Any] = [
    pytest.param(PEAK, {"objective": "weights"}, id="weights", marks=pytest.mark.slow),
    pytest.param(
        datasets.load("uniform", d=2, n=6, seed=1).problem(affine="skip"),
        {"objective": "weights"},
        id="weights-skip",
    ),
    pytest.param(
        datasets.load("uniform", d=2, n=7).problem(),
        {"objective": "neurons"},
        id="neurons",
        marks=pytest.mark.slow,
    ),
    pytest.param(PEAK, {"objective": "parameters", "p": 0.7}, id="parameters", marks=pytest.mark.slow),
    # descents see 45 of the samples
    pytest.param(
        datasets.load("planted", d=2, n=100, k=2).problem(),
        {"objective": "neurons"},
        id="many-samples",
        marks=pytest.mark.slow,
    ),
]


@pytest.mark.parametrize(("problem", "options"), STAGED)
def test_the_staged_search_goes_on_bit_for_bit(
    problem: Problem, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_every_piece_kept(monkeypatch)
    files: dict[str, Any] = {"checkpoint_file": tmp_path / "search.npz", "resume": True}
    whole = find_sparse(problem, **options)
    reports = 0

    def stop_in_the_second_piece(state: Any) -> None:
        nonlocal reports
        reports += state.attempt is None  # others come within a piece
        if reports == 2:
            raise StopError

    stops = -1
    fit = None
    while fit is None:
        stops, reports = stops + 1, 0
        with contextlib.suppress(StopError):
            fit = find_sparse(problem, **options, **files, progress=stop_in_the_second_piece)
    assert stops >= 3
    assert_same(whole, fit)
    assert_same(whole, find_sparse(problem, **options, **files))  # answered from the file


@pytest.mark.slow
def test_gradient_descent_in_reserve_goes_on_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_every_piece_kept(monkeypatch)
    without_search = functools.partial(StagedSearch, rounds=(0.0, 0.0), sampled_sets=0)
    monkeypatch.setattr(sparse_search, "StagedSearch", without_search)
    files: dict[str, Any] = {"checkpoint_file": tmp_path / "search.npz", "resume": True}
    whole = find_sparse(PEAK, "weights", width=12)
    assert whole.steps > 3000
    for phase, taken in (("training", 119), ("polishing", 3000)):

        def stop(state: Any, phase: str = phase) -> None:
            if state.message.startswith(phase) and state.nodes >= 120:
                raise StopError

        with pytest.raises(StopError):
            find_sparse(PEAK, "weights", width=12, **files, progress=stop)
        assert int(np.load(files["checkpoint_file"])["reserve taken"]) == taken
    assert_same(whole, find_sparse(PEAK, "weights", width=12, **files))


@pytest.mark.slow
@pytest.mark.parametrize("interrupted", [False, True])
def test_a_staged_search_cut_short_again_and_again(interrupted: bool, tmp_path: Path) -> None:
    problem, path = datasets.load("uniform", d=2, n=6, seed=1).problem(), tmp_path / "search.npz"
    options: dict[str, Any] = {"objective": "neurons", "checkpoint_file": path, "resume": True}
    whole = find_sparse(problem, objective="neurons")
    counts = []
    for call in range(60):
        seconds = 0.3 * 1.1**call  # a piece of work that is too long for one call is not for a later one
        end = time.perf_counter() + seconds

        def interrupt(state: Any, end: float = end) -> None:
            if interrupted and time.perf_counter() > end:
                raise KeyboardInterrupt

        fit = find_sparse(problem, **options, time_limit=None if interrupted else seconds, progress=interrupt)
        if fit.network.solves(problem):
            counts.append(fit.count)
        if fit.status == "finished":
            break
    assert_same(whole, fit)
    assert counts == sorted(counts, reverse=True)  # what was found is never lost
    # ... not in the first moments of a call either
    again = find_sparse(problem, **options, time_limit=1e-3)
    assert again.count == whole.count


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["published", "find"])
def test_a_killed_process_loses_seconds_at_most(algorithm: str, tmp_path: Path) -> None:
    path = tmp_path / "training.npz"
    descends = algorithm != "find"
    options: dict[str, Any] = {"objective": "neurons"}
    if descends:
        options |= {"algorithm": algorithm, "steps": 10**6, "restarts": 4}
    module, function = ("trainer", "minimize") if descends else ("sparse_search", "find_sparse")
    code = (
        f"import functools\nfrom sparsest import datasets\nfrom sparsest.continuous import {module}\n"
        f"{module}.Checkpoint = functools.partial({module}.Checkpoint, interval=0.2)\n"
        "problem = datasets.load('uniform', d=3, n=40).problem()\n"
        f"{module}.{function}(problem, checkpoint_file={str(path)!r}, **{options!r})\n"
    )

    def taken() -> int:
        with np.load(path) as arrays:
            if descends:
                return int(arrays["taken"]) if "taken" in arrays else 0
            return int(json.loads(str(arrays["search words"]))["taken"]) if "search words" in arrays else 0

    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        for _ in range(600):
            time.sleep(0.1)
            if path.exists() and taken() > 20:
                break
    finally:
        process.kill()
        process.wait()
    before = taken()
    assert before > 20
    seen: list[int] = []
    search: Any = minimize if descends else find_sparse
    search(
        datasets.load("uniform", d=3, n=40).problem(),
        checkpoint_file=path,
        resume=True,
        time_limit=1.0,
        progress=lambda state: seen.append(state.nodes),
        **options,
    )
    assert seen[0] >= before


def changed(path: Path, **arrays: Any) -> None:
    with np.load(path) as old:
        content = dict(old)
    np.savez(path, **(content | arrays))


class TestRefusals:
    @pytest.fixture(scope="class")
    @classmethod
    def written(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        path = tmp_path_factory.mktemp("training") / "training.npz"
        minimize(PEAK, algorithm="adam-reweighted", checkpoint_file=path, **DESCENT)
        return path

    @pytest.fixture
    def path(self, written: Path, tmp_path: Path) -> Path:
        return Path(shutil.copy(written, tmp_path))

    def resume(self, path: Path, problem: Problem = PEAK, **options: Any) -> FitResult:
        given = {"algorithm": "adam-reweighted", "checkpoint_file": path, "resume": True}
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
            ({"algorithm": "published"}, "algorithm = 'adam-reweighted'"),
            ({"dtype": "float32"}, "dtype = 'torch.float64'"),
            ({"initialization": "through-samples"}, "initialization = 'random'"),
            ({"norm_bound": 2.0}, "norm_bound = 0.0, not 2"),
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

    def test_a_place_that_cannot_be_written_to(self) -> None:
        with pytest.raises(InputError, match="could not be written"):
            self.resume(Path("/proc/training.npz"))


def damaged_words(path: Path, **changes: Any) -> dict[str, Any]:
    with np.load(path) as arrays:
        words = json.loads(str(arrays["search words"]))
    return {"search words": np.array(json.dumps(words | changes))}


class TestRefusalsOfASearch:
    @pytest.fixture(scope="class")
    @classmethod
    def written(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        path = tmp_path_factory.mktemp("search") / "search.npz"
        find_sparse(PEAK, objective="weights", checkpoint_file=path)
        return path

    @pytest.fixture
    def path(self, written: Path, tmp_path: Path) -> Path:
        return Path(shutil.copy(written, tmp_path))

    def refused(self, path: Path, words: str) -> None:
        with pytest.raises(InputError, match=words) as caught:
            find_sparse(PEAK, objective="weights", checkpoint_file=path, resume=True)
        assert str(path) in str(caught.value)

    @pytest.mark.parametrize("name", ["best outputs", "search incumbent network outputs"])
    def test_a_network_that_does_not_fit(self, name: str, path: Path) -> None:
        changed(path, **{name: np.ones(3)})
        self.refused(path, "does not fit")

    def test_other_options(self, path: Path) -> None:
        for options, words in (
            ({"lower_bound": 2}, "lower_bound = 0, not 2"),
            ({"patterns": np.ones((1, 6), dtype=bool)}, "patterns = None"),
            ({"start": find_sparse(PEAK).network}, "start = None"),
        ):
            with pytest.raises(InputError, match=words):
                find_sparse(PEAK, "weights", checkpoint_file=path, resume=True, **options)

    def test_a_network_of_another_size(self, path: Path) -> None:
        changed(path, **{"best weights": np.ones((3, 2))})
        self.refused(path, "does not fit")

    @pytest.mark.parametrize(
        "words",
        [
            {"place": {}}, {"place": []}, {"random": {}}, {"random": "no"}, {"effort": None}, {"taken": "x"},
            {"place": {"stage": "?", "round": 0, "width": 1, "sampled": 0, "turn": 0, "reserved": 0}},
            {"place": {"stage": "ascend", "round": 0, "width": 1, "sampled": 0, "turn": 0, "reserved": 0}},
            {"place": {"stage": "descend", "round": 0, "width": -1, "sampled": 0, "turn": 0, "reserved": 0}},
            {"effort": {"spent": float("nan"), "last": 0.0, "floor": 0.0}}, {"idle": 1}, {"searches": [1]},
            {"searches": {"narrow 1": [10**9, None]}}, {"searches": {"other 1": [1, None]}},
            {"searches": {"narrow 1": [2, None]}}, {"searches": {"turn x": [1, 1]}},
            {"searches": {"turn 0": [1, -1]}},
        ],
    )  # fmt: skip
    def test_damaged_words(self, words: dict[str, Any], path: Path) -> None:
        changed(path, **damaged_words(path, **words))
        self.refused(path, "not a usable checkpoint")

    @pytest.mark.parametrize("name", ["search narrow 1 neurons", "search incumbent neurons folded"])
    def test_damaged_arrays(self, name: str, path: Path) -> None:
        with np.load(path) as arrays:
            right = arrays[name]
        for wrong in (right[..., :-1], right.astype(str), right[..., None]):
            changed(path, **{name: wrong})
            self.refused(path, "not a usable checkpoint")
