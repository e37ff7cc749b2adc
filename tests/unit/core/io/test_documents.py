"""Files: everything reads back bit for bit, and no file, however hostile, does worse than an `InputError`."""

import dataclasses
import io
import json
import os
import pickle
import stat
import struct
import typing
import zipfile

import numpy as np
import pytest
from helpers import slow_after
from hypothesis import given
from hypothesis import strategies as st

import sparsest
from sparsest import (
    Against,
    Attainment,
    ExactResult,
    FitResult,
    FrontierResult,
    History,
    InputError,
    LeastErrorResult,
    MultiClassProblem,
    MultiClassResult,
    MultiOutputCertificate,
    MultiOutputNetwork,
    MultiOutputProblem,
    MultiOutputResult,
    Network,
    Objective,
    Outcome,
    OutliersResult,
    OutputFigures,
    PathNormResult,
    Problem,
    Proof,
    Reference,
    Restarts,
    Skill,
    Status,
    ThresholdResult,
    Verdict,
    load,
    save,
)
from sparsest.affine import Affine
from sparsest.files import MAX_FILE_BYTES
from sparsest.io import documents as files
from sparsest.results.certificate import (
    Attempt,
    Certificate,
    Judgement,
    Miss,
    Reduction,
    ReductionKind,
)

NETWORK = Network([[1.0, -0.0], [0.1, 5e-324]], [0.5, -1e300], [-1.0, 1 / 3], [1.0, 2.0, 3.0])
EXACT = ExactResult(
    status=Status.TIME_LIMIT,
    proof=Proof.NUMERICAL,
    objective=Objective.WEIGHTS,
    lower_bound=1,
    upper_bound=2**60,
    network=NETWORK,
    residual=1e-17,
    method="tree",
    reason="because",
    seconds=0.1,
    nodes=2**60,
    unverified=0,
    solver="HiGHS é",
    remark="",
    options={
        "time_limit": None,
        "numbers": [1, 2**60, 0.1],
        "words": ["inf", "x"],
        "nested": {"../../etc/passwd": [1.5], "": True},
        "looks like a reference": {"array": "document"},
    },
)
FIT = FitResult(
    status=Status.FINISHED,
    upper_bound=None,
    network=Network.zero(2),
    remark="",
    objective=Objective.NEURONS,
    p=0.4,
    residual=float("nan"),
    raw=NETWORK,
    raw_residual=float("inf"),
    restarts=Restarts(
        counts=np.array([3.0, np.inf]),
        residuals=np.array([0.1, np.nan]),
        raw_counts=np.array([]),
        raw_residuals=np.array([-0.0, 5e-324]),
    ),
    history=History(np.array([0.0, 10.0]), np.ones((2, 3)) / 3, np.zeros((2, 3)), np.full((2, 3), np.inf)),
    steps=10,
    seconds=1.5,
    seed=2**40,
    device="cpu",
    options={"width": 8},
)
LEAST = PathNormResult(
    status=Status.TIME_LIMIT,
    objective=Objective.WEIGHTS,
    p=0.3,
    lower_bound=float("inf"),
    upper_bound=0.1,
    network=NETWORK,
    residual=1e-17,
    method="branching",
    nodes=7,
    seconds=0.5,
    remark="why",
)
THRESHOLD = ThresholdResult(
    status=Status.NODE_LIMIT,
    objective=Objective.NEURONS,
    lower_bound=0.1,
    upper_bound=1.0,
    network=NETWORK,
    other=None,
    remark="a remark",
    nodes=3,
    seconds=0.5,
)
LEAST_ERROR = LeastErrorResult(
    status=Status.TIME_LIMIT,
    neurons=3,
    lower_bound=0.1,
    upper_bound=0.3,
    network=NETWORK,
    remark="",
    questions=7,
    nodes=2**60,
    seconds=0.25,
    proof_written=True,
)
OUTLIERS = OutliersResult(
    status=Status.TIME_LIMIT,
    outliers=2,
    lower_bound=1,
    upper_bound=2,
    network=NETWORK,
    missed=(0, 7),
    remark="a remark",
    proof=Proof.EXACT,
    subsets=3,
    nodes=17,
    seconds=0.5,
)
CERTIFICATE = Certificate(
    judgement=Judgement.SPARSER_EXISTS,
    reason="why",
    objective=Objective.NEURONS,
    affine=Affine.CONSTANT,
    source="onnx",
    dtype="float32",
    samples=2,
    features=2,
    residual=0.1,
    own_residual=float("inf"),
    worst=(Miss(1, 0.5, 0.25, 0.25),),
    tolerance=0.1,
    tolerance_chosen=True,
    count=5,
    reduced_count=4,
    reductions=(Reduction(ReductionKind.DEAD, (1, 3), 1, "one is dead"),),
    lower_bound=1,
    upper_bound=None,
    network=None,
    network_residual=None,
    network_own_residual=float("nan"),
    proof=Proof.NUMERICAL,
    proof_file=None,
    status=Status.INTERRUPTED,
    remark="",
    attempts=(Attempt("tree", "stopped", 1.5),),
    trace=np.array([[0.0, 1.0, np.inf]]),
    seconds=2.0,
    options={"seed": 0},
    folded=("folded into the weights, in float64: Scaler",),
    margin=0.25,
    against=Against.MODEL,
    asked="every row",
    given_skill=Skill(Reference.OUTPUTS, accuracy=1.0, log_loss=float("inf")),
    network_skill=Skill(Reference.LABELS, largest_error=0.5, rmse=0.25, r2=None),
    skill_lost=True,
)
SHARED = MultiOutputNetwork([[1.0, 0.5], [0.0, 2.0]], [0.0, -1.0], [[1.0, 0.0], [1 / 3, 2.0]])
SEVERAL = MultiOutputResult(
    **{
        field.name: getattr(EXACT, field.name)
        for field in dataclasses.fields(EXACT)
        if field.name not in ("network", "problem")
    },
    network=SHARED,
    direction=(1, -2),
    directions=4,
)
JUDGED = MultiOutputCertificate(
    **{
        field.name: getattr(CERTIFICATE, field.name)
        for field in dataclasses.fields(MultiOutputCertificate)
        if hasattr(CERTIFICATE, field.name)
        and field.name not in ("network", "problem", "given", "against", "asked")
    },
    network=SHARED,
    outputs=(OutputFigures(0.1, 0.05, 0.06, None, 0.07, 0.99), OutputFigures(0.1, 0.0, 1e-17, 1.0)),
    against="labels",
    asked="every output",
    grounds="proven for the sum of outputs times (1, -2)",
)
OF_CLASSES = MultiClassResult(
    **{
        field.name: getattr(EXACT, field.name)
        for field in dataclasses.fields(EXACT)
        if field.name not in ("network", "problem")
    },
    network=SHARED,
    classes=("a", "b"),
    accuracy=0.75,
    between=("b", "a"),
    pairs=1,
)


ITEMS = {
    "classes": MultiClassProblem([[1, 0.1], [3, 4]], ["x", "y"], affine="skip", margin=0.5),
    "result of classes": OF_CLASSES,
    "open result of classes": dataclasses.replace(
        OF_CLASSES,
        network=None,
        upper_bound=None,
        accuracy=None,
        between=None,
        unordered=(1, 2),
        classes=(1, 2),
    ),
    "certificate of classes": dataclasses.replace(
        JUDGED, outputs=(), classes=(0.5, 1.5), margin=0.25, given_skill=Skill(Reference.LABELS, accuracy=1.0)
    ),
    "problem": Problem([[1, 0.1], [3, 4]], [0, 1], affine="skip", tolerance=[0, 0.1], weight_bound=0.1),
    "classification": Problem.classification([0, 1], [0, 1]),
    "network": NETWORK,
    "zero network": Network.zero(3, Affine.SKIP),
    "exact": EXACT,
    "open exact": dataclasses.replace(EXACT, network=None, upper_bound=None, residual=None),
    "fit": FIT,
    "fit that fits": dataclasses.replace(FIT, upper_bound=3, status=Status.TIME_LIMIT, remark="x"),
    "verdict": Verdict(Outcome.EXACT_OPEN, "why", None, "", EXACT, FIT, FIT),
    "least path norm": LEAST,
    "open least path norm": dataclasses.replace(LEAST, upper_bound=None, network=None, residual=None),
    "threshold": THRESHOLD,
    "least error": LEAST_ERROR,
    "outliers": OUTLIERS,
    "open outliers": dataclasses.replace(OUTLIERS, network=None, upper_bound=None, missed=()),
    "frontier": FrontierResult(
        (dataclasses.replace(LEAST_ERROR, neurons=2, network=None, proof_written=None), LEAST_ERROR),
        Status.TIME_LIMIT,
        1.5,
    ),
    "crossing": dataclasses.replace(THRESHOLD, other=Network.zero(2)),
    "full verdict": Verdict(
        Outcome.AGREE, "", Attainment.LOCAL, "because", EXACT, FIT, FIT, LEAST, THRESHOLD
    ),
    "certificate": CERTIFICATE,
    "sparsest": dataclasses.replace(
        CERTIFICATE,
        network=NETWORK,
        upper_bound=2,
        network_residual=0.5,
        proof_file="proof.json",
        status=None,
    ),
    "several outputs": MultiOutputProblem(
        [[1, 0.1], [3, 4]], [[0, 0.25], [1, 2]], affine="skip", tolerance=[0, 0.1], target_names=["a", "b"]
    ),
    "shared neurons": SHARED,
    "no shared neurons": MultiOutputNetwork.zero(2, 3, Affine.CONSTANT),
    "bounds for several outputs": SEVERAL,
    "certificate of several outputs": JUDGED,
    "open certificate of several outputs": dataclasses.replace(
        JUDGED, network=None, upper_bound=None, grounds="", status=None, agreement=0.5
    ),
    "open bounds for several outputs": dataclasses.replace(
        SEVERAL, network=None, upper_bound=None, residual=None, direction=None
    ),
}
ENDINGS = (".json", ".npz")


def same(a, b):
    """Equality down to types and bits, field by field."""
    if type(a) is not type(b):
        return False
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b)
    return a == b


def roundtrip(item, folder, ending):
    path = folder / f"file{ending}"
    save(item, path)
    return load(path)


def refusal(path):
    """Message of the `InputError` without the path that it begins with: one line, of bounded length."""
    with pytest.raises(InputError) as caught:
        load(path)
    return refusal_of(path, caught.value)


def refusal_of(path, error):
    message = str(error)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    message = message.removeprefix(f"{path}: ")
    assert 0 < len(message) < 400
    return message


@pytest.fixture
def json_refusal(tmp_path):
    def check(content):
        path = tmp_path / "hostile.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return refusal(path)

    return check


@pytest.fixture
def npz_refusal(tmp_path):
    def check(content):
        path = tmp_path / "hostile.npz"
        path.write_bytes(content)
        return refusal(path)

    return check


class TestRoundTrip:
    @pytest.mark.parametrize("ending", ENDINGS)
    @pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
    def test_every_type(self, item, ending, tmp_path):
        assert same(roundtrip(item, tmp_path, ending), item)

    def test_every_savable_type_is_here(self):
        assert {type(item) for item in ITEMS.values()} == set(files._KINDS)

    @pytest.mark.slow
    @pytest.mark.parametrize("ending", ENDINGS)
    @given(
        st.lists(
            st.tuples(
                *[st.floats(-1e100, 1e100)] * 2,
                st.floats(-1e100, 0) | st.just(-np.inf),
                st.floats(0, 1e100) | st.just(np.inf),
            ),
            min_size=1,
            max_size=6,
        ),
        st.sampled_from(Affine),
        st.none() | st.floats(0, 1e100, exclude_min=True),
        st.none() | st.lists(st.text(max_size=5), min_size=2, max_size=2),
        st.none() | st.text(max_size=5),
    )
    def test_problems(self, tmp_path_factory, ending, rows, affine, bound, names, label):
        table = np.array(rows)
        problem = Problem.from_intervals(
            table[:, :2], table[:, 2], table[:, 3],
            affine=affine, weight_bound=bound, feature_names=names, target_name=label,
        )  # fmt: skip
        again = roundtrip(problem, tmp_path_factory.getbasetemp(), ending)
        assert same(again, problem)
        assert again.digest == problem.digest

    @pytest.mark.slow
    @pytest.mark.parametrize("ending", ENDINGS)
    @given(st.integers(0, 3), st.integers(1, 3), st.booleans(), st.data())
    def test_networks(self, tmp_path_factory, ending, width, d, skip, data):
        def numbers(count):
            return data.draw(st.lists(st.floats(-1e150, 1e150), min_size=count, max_size=count))

        network = Network(
            np.reshape(numbers(width * d), (width, d)),
            numbers(width),
            numbers(width),
            numbers(d + 1) if skip else None,
        )
        assert same(roundtrip(network, tmp_path_factory.getbasetemp(), ending), network)

    def test_what_options_become(self, tmp_path):
        options = {"pair": (1, 2), "limit": float("inf"), 3: np.float64(0.5), "on": np.bool_(True)}
        for ending in ENDINGS:
            again = roundtrip(dataclasses.replace(EXACT, options=options), tmp_path, ending)
            assert again.options == {"pair": [1, 2], "limit": "inf", "3": 0.5, "on": True}

    def test_json_is_strict_and_readable(self, tmp_path):
        save(FIT, tmp_path / "fit.json")

        def refuse(name):
            raise AssertionError(name)

        document = json.loads((tmp_path / "fit.json").read_text(), parse_constant=refuse)
        assert document["format"] == "sparsest/fit-result"
        assert document["version"] == 2
        assert document["raw_residual"] == "inf"

    def test_paths_and_endings(self, tmp_path):
        save(NETWORK, str(tmp_path / "a.JSON"))
        assert load(str(tmp_path / "a.JSON")) == NETWORK
        for action in (lambda: save(NETWORK, tmp_path / "a.txt"), lambda: load(tmp_path / "a.txt")):
            with pytest.raises(InputError, match=r"unknown ending '.txt', use .json or .npz"):
                action()

    @pytest.mark.parametrize("item", [{}, None, "network", NETWORK.weights, Status.OPTIMAL])
    def test_other_things_are_not_saved(self, item, tmp_path):
        with pytest.raises(InputError, match="cannot be saved"):
            save(item, tmp_path / "a.json")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("ending", ENDINGS)
    def test_options_without_a_word_in_json(self, ending, tmp_path):
        with pytest.raises(InputError, match="ExactResult cannot be saved: Object of type object"):
            save(dataclasses.replace(EXACT, options={"a": object()}), tmp_path / f"a{ending}")
        assert not list(tmp_path.iterdir())


class TestAtomicity:
    @pytest.mark.parametrize("failing", ["os.replace", "os.fdopen", "os.chmod"])
    @pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
    def test_a_failure_leaves_the_old_file_alone(self, tmp_path, monkeypatch, failing, error):
        path = tmp_path / "a.json"
        save(NETWORK, path)
        before = path.read_bytes()

        def fail(*_args, **_options):
            raise error

        monkeypatch.setattr(failing, fail)
        with pytest.raises(type(error)):
            save(Network.zero(1), path)
        monkeypatch.undo()
        assert path.read_bytes() == before
        assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]

    def test_replaces_and_honours_the_umask(self, tmp_path):
        path = tmp_path / "a.npz"
        path.write_bytes(b"old")
        previous = os.umask(0o027)
        try:
            save(NETWORK, path)
        finally:
            os.umask(previous)
        assert load(path) == NETWORK
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_a_directory_in_the_way_or_missing(self, tmp_path):
        (tmp_path / "a.json").mkdir()
        for path in (tmp_path / "a.json", tmp_path / "missing" / "a.json"):
            with pytest.raises(OSError, match=r"directory"):
                save(NETWORK, path)
        assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def document(item):
    return json.loads(json.dumps(files.encode(item)))


WRONG = [
    None, True, 3, 2.5, -1, "x", "inf", "nan", [], [[]], [[[1]]], {}, {"array": "x"}, {"array": [1]},
    [1, [2]], ["x"], [None], [True], [{}], 10**30, 2**53 + 1, 10**400, [10**400], [2**53 + 1, 0.5],
]  # fmt: skip


def deep(levels):
    return json.loads("[" * levels + "]" * levels)


class TestHostileJson:
    @pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
    def test_missing_fields(self, item, json_refusal):
        whole = document(item)
        for field in whole:
            assert json_refusal(json.dumps({key: value for key, value in whole.items() if key != field}))

    @pytest.mark.parametrize("item", slow_after(4, ITEMS.values()), ids=ITEMS)
    def test_wrong_types_in_every_field(self, item, tmp_path):
        """Every value is either refused, or read as a value of the type that the field has."""
        whole = document(item)
        path = tmp_path / "a.json"
        for field in whole:
            for value in [*WRONG, deep(70), deep(400)]:
                path.write_text(json.dumps(whole | {field: value}))
                try:
                    found = load(path)
                except InputError as error:
                    refusal_of(path, error)
                    continue
                before, after = getattr(item, field, None), getattr(found, field, None)
                hints = typing.get_type_hints(type(item))
                optional = type(None) in typing.get_args(hints.get(field))
                assert type(after) is type(before) or (optional and (before is None or after is None))

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"format": "network"}, "unknown format 'network': known are sparsest/problem"),
            ({"format": "other/network"}, "unknown format 'other/network'"),
            ({"format": "sparsest/" + "x" * 1000}, "unknown format"),
            ({"format": 3}, 'the field "format" is missing'),
            ({"version": 1}, "network document of version 1: this release reads 2"),
            ({"version": True}, "of version True"),
            ({"version": 1.0}, "of version 1.0"),
            ({"weights": [[1.0, "x"], [0, 0]]}, "field 'weights': 'x' stands where a number is needed"),
            ({"weights": [[1.0], [0, 0]]}, "field 'weights'"),
            ({"weights": [[1.0, 2**53 + 1], [0, 0]]}, "field 'weights': it holds 9007199254740993"),
            ({"n_features": 3}, "weights have shape (2, 2) in a document of 3 features"),
            ({"biases": [1.0]}, "biases have shape (1,)"),
        ],
    )
    def test_messages(self, change, words, json_refusal):
        assert words in json_refusal(json.dumps(document(NETWORK) | change))

    @pytest.mark.parametrize(
        "number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400, "1" * 5000]
    )
    def test_numbers_that_json_or_floats_do_not_have(self, number, json_refusal):
        for item in (NETWORK, ITEMS["problem"], EXACT):
            text = json.dumps(document(item))
            assert "0.1" in text
            assert json_refusal(text.replace("0.1", number, 1))
        text = json.dumps(document(EXACT))
        assert '"seconds": 0.1' in text
        assert json_refusal(text.replace('"seconds": 0.1', f'"seconds": {number}'))

    @pytest.mark.parametrize("opening", ["[", '{"a":', '{"format":'])
    @pytest.mark.parametrize("levels", [900, 5000, 100_000])
    def test_deep_nesting(self, opening, levels, json_refusal):
        closing = "]" if opening == "[" else "}"
        json_refusal(opening * levels)
        json_refusal(opening * levels + "1" + closing * levels)
        inside = json.dumps(document(NETWORK))[:-1] + ', "biases": ' + "[" * levels + "]" * levels + "}"
        json_refusal(inside)

    @pytest.mark.parametrize(
        "content",
        [
            *(b"", b"{", b"{}", b"[]", b"3", b"null", b'"sparsest"'),
            *(b"\xff\xfe{}", b"\x00" * 100, b"\xef\xbb\xbf{}"),
            b'{"format": "sparsest/\\ud800", "version": 2}',
        ],
    )
    def test_other_contents(self, content, json_refusal):
        json_refusal(content)

    def test_every_truncation(self, json_refusal):
        whole = json.dumps(document(EXACT))
        for end in range(0, len(whole), 7):
            json_refusal(whole[:end])

    def test_a_result_in_place_of_another(self, json_refusal):
        verdict = document(ITEMS["verdict"])
        message = json_refusal(json.dumps(verdict | {"exact": verdict["continuous"]}))
        assert message == "field 'exact': a fit-result stands where a exact-result is needed"

    def test_missing_and_directory(self, tmp_path):
        for ending in ENDINGS:
            path = tmp_path / f"a{ending}"
            assert refusal(path) == "there is no such file"
            path.mkdir()
            assert refusal(path) == "it is not a file"

    def test_too_large(self, tmp_path):
        path = tmp_path / "a.json"
        with path.open("wb") as file:
            file.truncate(MAX_FILE_BYTES + 1)  # sparse: takes no space
        assert "more than the" in refusal(path)


class Bomb:
    """Writes a file when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def archive(**members):
    """An NPZ file with the given documents, arrays, or raw members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            if isinstance(content, dict):
                content = np.array(json.dumps(content))
            file.writestr(f"{name}.npy", content if isinstance(content, bytes) else npy(content))
    return buffer.getvalue()


def npy_header(text):
    text = text.encode()
    text += b" " * (-(10 + len(text) + 1) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


DOCUMENT = document(NETWORK) | {"weights": {"array": "weights"}}


class TestHostileNpz:
    def test_the_template_is_fine(self, tmp_path):
        path = tmp_path / "a.npz"
        path.write_bytes(archive(document=DOCUMENT, weights=NETWORK.weights))
        assert same(load(path), NETWORK)

    def test_pickles_are_refused_and_not_run(self, npz_refusal, tmp_path):
        trap = tmp_path / "executed"
        objects = np.array([Bomb(trap)], dtype=object)
        for content in (
            archive(document=objects),
            archive(document=DOCUMENT, weights=objects),
            archive(document=DOCUMENT, weights=NETWORK.weights, other=objects),
            pickle.dumps(Bomb(trap)),
        ):
            npz_refusal(content)
        assert not trap.exists()

    @pytest.mark.parametrize(
        "weights",
        [
            np.ones((2, 2), dtype=complex),
            np.array([["a", "b"], ["c", "d"]]),
            np.array([[b"a", b"b"], [b"c", b"d"]]),
            np.ones((2, 2), dtype="M8[s]"),
            np.zeros((2, 2), dtype=[("a", float)]),
            np.full((2, 2), np.nan),
            np.full((2, 2), np.inf),
            np.ones(3),
            np.ones((2, 3)),
            np.array(1.0),
            np.full((2, 2), 2**53 + 1),
            np.zeros((0, 5)),
        ],
        ids=str,
    )
    def test_arrays_of_other_types_and_shapes(self, weights, npz_refusal):
        npz_refusal(archive(document=DOCUMENT, weights=weights))

    @pytest.mark.parametrize(
        "header",
        [
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
            f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({10**30},), }}",
            "{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000000,), }",
            "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
            "{'descr': 'zzz', 'fortran_order': False, 'shape': (2,), }",
            "{'descr': 5, 'fortran_order': False, 'shape': (2,), }",
            "{'descr': [], 'fortran_order': False, 'shape': (2,), }",
            "{'descr': ",
            "(" * 5000,
            "__import__('os').system('true')",
        ],
        ids=lambda header: header[:40],
    )
    def test_array_headers(self, header, npz_refusal):
        npz_refusal(archive(document=DOCUMENT, weights=npy_header(header) + bytes(16)))

    def test_claimed_sizes(self, npz_refusal):
        content = bytearray(archive(document=bytes(10**6)))
        place = content.rfind(b"PK\x01\x02")
        content[place + 24 : place + 28] = struct.pack("<I", 2**32 - 2)
        assert "unpacks to 4294967294 bytes, more than the" in npz_refusal(bytes(content))

    def test_names_that_lead_elsewhere(self, tmp_path):
        folder = tmp_path / "a" / "b"
        folder.mkdir(parents=True)
        content = archive(
            **{"document": DOCUMENT | {"weights": {"array": "../../evil"}}, "../../evil": NETWORK.weights}
        )
        (folder / "a.npz").write_bytes(content)
        assert same(load(folder / "a.npz"), NETWORK)  # a name is a name: nothing is unpacked to disk
        assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "a.npz", "b"]

    @pytest.mark.parametrize("name", ["missing", None, 3, [1], {"a": 1}, "document"])
    def test_references(self, name, npz_refusal):
        npz_refusal(archive(document=DOCUMENT | {"weights": {"array": name}}, weights=NETWORK.weights))

    @pytest.mark.parametrize("field", ["format", "version", "n_features", "affine"])
    def test_arrays_where_other_things_belong(self, field, npz_refusal):
        npz_refusal(archive(document=DOCUMENT | {field: {"array": "weights"}}, weights=NETWORK.weights))

    @pytest.mark.parametrize(
        "text", ["", "{", "[" * 100_000, '{"a":' * 900 + "1" + "}" * 900, '{"format": NaN}', "3"]
    )
    def test_documents(self, text, npz_refusal):
        npz_refusal(archive(document=np.array(text)))

    def test_no_document(self, npz_refusal):
        assert "entry 'document' is missing" in npz_refusal(archive(weights=NETWORK.weights))
        npz_refusal(archive(document=np.array(["a", "b"])))
        npz_refusal(archive(document=np.array(3)))

    @pytest.mark.slow
    def test_truncations_and_flipped_bytes(self, tmp_path):
        path = tmp_path / "a.npz"
        save(NETWORK, path)
        whole = path.read_bytes()
        for end in range(0, len(whole), 11):
            path.write_bytes(whole[:end])
            refusal(path)
        rng = np.random.default_rng(0)
        for place in range(len(whole)):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << rng.integers(8)
            path.write_bytes(damaged)
            try:
                found = load(path)
            except InputError:
                refusal(path)
                continue
            assert found == NETWORK  # the checksums see to it: the bit was in a date or the like

    def test_encrypted_and_unknown_compression(self, npz_refusal):
        whole = archive(document=DOCUMENT, weights=NETWORK.weights)
        place = whole.rfind(b"PK\x01\x02")
        for offset, value in ((8, 1), (10, 99)):
            damaged = bytearray(whole)
            damaged[place + offset] = value
            npz_refusal(bytes(damaged))


FIELDS = st.sampled_from(["format", "version", "weights", "array", "affine", "X"])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
        max_leaves=8,
    )
)
def test_any_document_is_refused_politely(content):
    for candidate in (content, {"format": "sparsest/network", "version": 2, "weights": content}):
        with pytest.raises(InputError):
            sparsest.io.documents.decode(candidate)
