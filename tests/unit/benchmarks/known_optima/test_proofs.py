"""Proofs of known optima: the shipped ones verify, and a tampered one fails whatever is changed with it."""

import copy
import dataclasses
import fnmatch
import functools
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from helpers import ROOT, call

import sparsest
from sparsest import InputError
from sparsest.affine import Affine
from sparsest.benchmarks.known_optima import entries, proofs, regress
from sparsest.benchmarks.known_optima.entries import read_directory, read_file
from sparsest.benchmarks.known_optima.proofs import ProofState, verify
from sparsest.io.problem_sources import read_problem
from sparsest.objectives import Objective
from sparsest.results.solving import Proof

SHIPPED = [optimum for file in read_directory(entries.shipped_directory()) for optimum in file.optima]
PROVEN = [optimum for optimum in SHIPPED if optimum.claim.proof_file is not None]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())

CSV = "x,y\n-1,0\n0,0\n1,1\n2,0\n3,0\n"  # a tent: three knots, and as many neurons
ENTRIES = """\
[[optimum]]
data = "xor"

[[optimum]]
data = "xor"
affine = "skip"

[[optimum]]
data = "tent.csv"

# the mixed-integer program proves up to tolerances, and has no proof file
[[optimum]]
data = "tent.csv"
affine = "skip"
objective = "weights"
method = "mip"
"""
XOR, XOR_SKIP, TENT, WEIGHTS = range(4)


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """A folder as `--update` writes it; copied for every test."""
    folder = tmp_path_factory.mktemp("answered")
    (folder / "tent.csv").write_text(CSV)
    (folder / "mine.toml").write_text(ENTRIES)
    result = call("regress", "--known", folder, "--update")
    assert result.exit_code == 0, result.output
    assert "4 rewritten; proofs: 3 verified" in result.stdout
    return folder


@pytest.fixture
def known(answered, tmp_path):
    return Path(shutil.copytree(answered, tmp_path / "known"))


def claim_of(folder, entry):
    return read_file(folder / "mine.toml").optima[entry].claim


def document_of(folder, entry):
    return json.loads(gzip.decompress((folder / claim_of(folder, entry).proof_file).read_bytes()))


def put(folder, entry, content, *, digest=True):
    """Replace a proof, and like an attacker with write access the digest too, unless told not to."""
    claim = claim_of(folder, entry)
    (folder / claim.proof_file).write_bytes(content)
    if digest:
        path = folder / "mine.toml"
        text = path.read_text()
        assert text.count(claim.proof_digest) == 1
        path.write_text(text.replace(claim.proof_digest, hashlib.sha256(content).hexdigest()))


def packed(document):
    return gzip.compress(json.dumps(document).encode(), mtime=0)


def verified(folder, entry):
    optimum = read_file(folder / "mine.toml").optima[entry]
    return verify(optimum, optimum.claim, read_problem(optimum.data, optimum.asked, folder))


def multipliers(document):
    """Every list that ends in a Farkas multiplier."""
    for part in document["parts"]:
        for _depth, _key, what in part.get("nodes", []):
            if isinstance(what, dict):
                yield from what.get("value", [])
                yield from what.get("cone", [])


def flip(entry):
    """Change the sign of a multiplier, which is an integer or the text of one."""
    m = entry[-1]
    entry[-1] = -m if isinstance(m, int) else m[1:] if m.startswith("-") else f"-{m}"


def number(text):
    """Read a number of a proof without the checker."""
    if isinstance(text, str) and "x" in text:
        return Fraction(float.fromhex(text)) if "p" in text else Fraction(int(text, 16))
    return Fraction(text)


class TestShipped:
    def test_every_exact_answer_has_a_proof(self):
        wanted = [o for o in SHIPPED if o.claim.proof is Proof.EXACT]
        assert wanted == PROVEN
        assert len(PROVEN) >= 60
        assert {o.objective for o in PROVEN} == set(Objective)
        assert not [o.name for o in SHIPPED if o.claim.proof_left_out is not None]

    @pytest.mark.parametrize("optimum", PROVEN, ids=lambda optimum: optimum.name)
    def test_it_verifies(self, optimum):
        problem = read_problem(optimum.data, optimum.asked, optimum.path.parent)
        assert verify(optimum, optimum.claim, problem) == (ProofState.VERIFIED, [])

    @pytest.mark.parametrize("optimum", PROVEN, ids=lambda optimum: optimum.name)
    def test_it_says_what_the_entry_says_read_without_the_checker(self, optimum):
        content = (optimum.path.parent / optimum.claim.proof_file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == optimum.claim.proof_digest
        document = json.loads(gzip.decompress(content))
        problem = read_problem(optimum.data, optimum.asked, optimum.path.parent)
        assert (document["lower_bound"], document["upper_bound"]) == (
            optimum.claim.lower,
            optimum.claim.upper,
        )
        # decimals are written in units of powers of ten in which they are integers
        *inputs, labels = (Fraction(10) ** k for k in problem.places)
        spelled = repr if any(problem.places) else float
        given = [[number(v) for v in row] for row in document["problem"]["X"]]
        assert given == [
            [Fraction(spelled(v)) * unit for v, unit in zip(row, inputs, strict=True)]
            for row in problem.X.tolist()
        ]
        for name in ("low", "high"):
            ends = [number(v) for v in document["problem"][name]]
            assert ends == [Fraction(spelled(v)) * labels for v in getattr(problem, name).tolist()]
        assert document["problem"].get("places", [0] * len(problem.places)) == list(problem.places)
        assert document["problem"]["skip"] is (problem.affine is Affine.SKIP)

    def test_the_folder_holds_them_and_nothing_else_and_is_small(self):
        folder = entries.shipped_directory()
        files = {str(path.relative_to(folder).as_posix()): path for path in (folder / "proofs").iterdir()}
        assert set(files) == {optimum.claim.proof_file for optimum in PROVEN}
        sizes = [path.stat().st_size for path in files.values()]
        assert max(sizes) <= proofs.MAX_STORED_BYTES
        assert sum(sizes) < 3_000_000

    def test_they_are_part_of_the_package(self):
        patterns = CONFIG["tool"]["setuptools"]["package-data"]["sparsest.benchmarks"]
        for optimum in PROVEN:
            name = f"known_optima/known/{optimum.claim.proof_file}"
            assert any(fnmatch.fnmatch(name, p) and name.count("/") == p.count("/") for p in patterns), name

    def test_the_checker_alone_verifies_one(self, tmp_path):
        """A copy of check.py, in an interpreter that knows no site packages."""
        (optimum,) = [o for o in PROVEN if o.name == "parity-3-neurons-none"]
        shutil.copy(Path(sparsest.__file__).with_name("check.py"), tmp_path / "check.py")
        proof = optimum.path.parent / optimum.claim.proof_file
        command = [sys.executable, "-I", "-S", str(tmp_path / "check.py"), str(proof)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "exactly 3" in done.stdout


class TestTampering:
    """The xor entry rests on a tree with Farkas leaves, the tent on the curvature of its points."""

    @pytest.mark.slow
    def test_untouched(self, known):
        result = call("regress", "--known", known)
        assert (result.exit_code, result.stdout) == (0, "4 of 4 known optima stand; proofs: 3 verified\n")

    def flipped(self, known):
        document = document_of(known, XOR)
        flip(next(multipliers(document)))
        return packed(document)

    def test_a_flipped_multiplier_changes_the_digest(self, known):
        put(known, XOR, self.flipped(known), digest=False)
        result = call("regress", "--known", known)
        assert result.exit_code == 1
        words = " ".join(result.stdout.split())
        assert "is not the file that was recorded: restore it" in words
        assert "3 of 4 known optima stand, 1 changed; proofs: 2 verified, 1 failed" in words

    def test_a_flipped_multiplier_with_the_digest_updated_is_rejected(self, known):
        put(known, XOR, self.flipped(known))
        result = call("regress", "--known", known)
        assert result.exit_code == 1
        words = " ".join(result.stdout.split())
        assert "the checker rejects proofs/xor" in words
        assert ": part 0, " in words
        assert "the rows add up to no contradiction" in words
        assert "proofs: 2 verified, 1 failed" in words
        assert "is not the file" not in words

    def test_every_multiplier_matters(self, known):
        """Flipping m of a row r adds -2 m r to a sum that was zero, or turns `0 >= positive` into truth."""
        original = document_of(known, XOR)
        count = len(list(multipliers(original)))
        assert count >= 8  # each of several leaves has some
        for n in range(count):
            document = copy.deepcopy(original)
            flip(list(multipliers(document))[n])
            put(known, XOR, packed(document))
            state, (finding,) = verified(known, XOR)
            assert (state, finding.found, finding.stands) == (ProofState.FAILED, "rejected", False)

    def test_two_proofs_swapped(self, known):
        path = known / "mine.toml"
        first, second = claim_of(known, XOR), claim_of(known, TENT)
        text = path.read_text()
        for a, b in ((first.proof_file, second.proof_file), (first.proof_digest, second.proof_digest)):
            text = text.replace(f'"{a}"', "SWAP").replace(f'"{b}"', f'"{a}"').replace("SWAP", f'"{b}"')
        path.write_text(text)
        result = call("regress", "--known", known)
        assert result.exit_code == 1
        words = " ".join(result.stdout.split())
        # xor has four samples of two features, the tent five of one
        assert words.count("is a proof, but of other data: problem: ") == 2
        assert "5 samples of 1 features, and the data have 4 of 2" in words
        assert "2 of 4 known optima stand, 2 changed" in words

    def test_the_proof_of_the_same_data_with_a_skip(self, known):
        put(known, XOR, packed(document_of(known, XOR_SKIP)))
        state, (finding,) = verified(known, XOR)
        assert (state, finding.found) == (ProofState.FAILED, "of other data")
        assert "the affine term or the weight bound is not that of the data" in finding.sentence

    def test_one_bit_of_the_data_in_the_proof(self, known):
        document = document_of(known, TENT)
        document["problem"]["X"][4] = ["0x1.8000000000001p+1"]  # 3 and its last bit: still a true proof
        put(known, TENT, packed(document))
        state, (finding,) = verified(known, TENT)
        assert (state, finding.found) == (ProofState.FAILED, "of other data")
        assert "sample 4: its inputs are not those of the data" in finding.sentence

    @pytest.mark.parametrize(
        ("changes", "shown"),
        [
            ({"parts": [], "lower_bound": 0}, "[0, 2]"),  # nothing refuted, and nothing claimed
            ({"witness": None, "upper_bound": None}, "at least 2"),
        ],
    )
    def test_a_true_proof_of_less(self, known, changes, shown):
        put(known, XOR, packed(document_of(known, XOR) | changes))
        result = call("regress", "--known", known)
        assert result.exit_code == 1
        assert f"proves another bound: {shown}, and the entry states 2" in " ".join(result.stdout.split())

    def test_bounds_claimed_beyond_what_is_shown(self, known):
        put(known, XOR, packed(document_of(known, XOR) | {"parts": []}))
        assert verified(known, XOR)[1][0].found == "rejected"

    @pytest.mark.parametrize(
        "content", [b"", b"no gzip", gzip.compress(b"{", mtime=0), gzip.compress(b"{}", mtime=0)]
    )
    def test_no_proof_at_all(self, known, content):
        put(known, XOR, content)
        state, (finding,) = verified(known, XOR)
        assert (state, finding.found) == (ProofState.FAILED, "unreadable")
        assert "\n" not in finding.sentence

    def test_missing_file(self, known):
        (known / claim_of(known, TENT).proof_file).unlink()
        result = call("regress", "--known", known)
        assert result.exit_code == 1
        words = " ".join(result.stdout.split())
        assert "there is no such file: restore it, or write a new one with --update" in words
        assert "proofs: 2 verified, 1 missing" in words

    def test_keys_removed(self, known):
        path = known / "mine.toml"
        path.write_text(re.sub("proof_.*\n", "", path.read_text()))
        result = call("regress", "--known", known)
        assert result.exit_code == 1
        assert result.stdout.count("the entry states an exact answer and names no proof") == 3
        assert "1 of 4 known optima stand, 3 changed; proofs: 3 missing" in result.stdout

    @pytest.mark.skipif(os.name == "nt", reason="links need rights there")
    def test_link_that_leads_out(self, known):
        path = known / claim_of(known, XOR).proof_file
        outside = known.parent / "outside.json.gz"
        path.rename(outside)
        path.symlink_to(outside)
        state, (finding,) = verified(known, XOR)
        assert (state, finding.found) == (ProofState.FAILED, "outside")

    def test_left_out_is_told(self, known):
        path, claim = known / "mine.toml", claim_of(known, XOR)
        text = path.read_text().replace(f'proof_file = "{claim.proof_file}"\n', "")
        path.write_text(text.replace(f'proof_digest = "{claim.proof_digest}"', 'proof_left_out = "2 MB"'))
        result = call("regress", "--known", known)
        assert (result.exit_code, result.stdout) == (
            0,
            "4 of 4 known optima stand; proofs: 2 verified, 1 left out\n",
        )

    def test_plain_json_is_a_proof_too(self, known):
        path, claim = known / "mine.toml", claim_of(known, XOR)
        content = gzip.decompress((known / claim.proof_file).read_bytes())
        (known / "xor.json").write_bytes(content)
        text = path.read_text().replace(claim.proof_file, "xor.json")
        path.write_text(text.replace(claim.proof_digest, hashlib.sha256(content).hexdigest()))
        assert verified(known, XOR) == (ProofState.VERIFIED, [])

    def test_json_output(self, known):
        put(known, XOR, self.flipped(known))
        document = json.loads(call("regress", "--known", known, "--json").stdout)
        assert [entry["proof"] for entry in document["entries"]] == ["failed", "verified", "verified", "none"]
        assert document["entries"][TENT]["proof_file"] == claim_of(known, TENT).proof_file
        assert document["entries"][WEIGHTS]["proof_file"] is None
        (finding,) = document["entries"][XOR]["findings"]
        assert (finding["what"], finding["found"], finding["stands"]) == ("proof file", "rejected", False)

    @pytest.mark.slow
    def test_pytest_fails_with_one_sentence(self, known):
        put(known, XOR, self.flipped(known))
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--sparsest-known", str(known)]
        done = subprocess.run(command, cwd=known.parent, capture_output=True, text=True, timeout=120)
        assert done.returncode == 1
        assert "1 failed, 3 passed" in done.stdout
        assert "proof file: the checker rejects proofs/xor" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr


class TestSolverAgainstProof:
    @pytest.fixture
    def wrong(self, known, monkeypatch):
        """A solver that finds four neurons, and that fewer do not fit, where a proof shows two."""
        real = regress.solve

        def solve(problem, *arguments, **options):
            result = real(problem, *arguments, **options)
            changed = problem.n_features == 2 and problem.affine is not Affine.SKIP
            return dataclasses.replace(result, lower_bound=4, upper_bound=4) if changed else result

        monkeypatch.setattr(regress, "solve", solve)
        return known

    def test_a_verified_proof_says_which_side_is_wrong(self, wrong):
        result = call("regress", "--known", wrong)
        assert result.exit_code == 1
        words = " ".join(result.stdout.split())
        assert "known optimum 2, found 4: its proof was verified, so the solver is wrong" in words

    def test_no_update_overrules_it(self, wrong):
        before = (wrong / "mine.toml").read_bytes()
        assert call("regress", "--known", wrong, "--update").exit_code == 1
        assert (wrong / "mine.toml").read_bytes() == before
        assert verified(wrong, XOR)[0] is ProofState.VERIFIED

    def test_without_a_proof_that_verifies_nobody_knows(self, wrong):
        (wrong / claim_of(wrong, XOR).proof_file).unlink()
        result = call("regress", "--known", wrong)
        assert "found 4: the solver is wrong or the entry is" in " ".join(result.stdout.split())


def names_in(folder):
    return {f"proofs/{path.name}" for path in (folder / "proofs").iterdir()}


def names_of(folder):
    claims = [each.claim for each in read_file(folder / "mine.toml").optima]
    return {claim.proof_file for claim in claims} - {None}


class TestUpdate:
    def test_names_are_those_of_contents(self, answered):
        assert names_in(answered) == names_of(answered)
        assert len(names_in(answered)) == 3
        for entry in (XOR, XOR_SKIP, TENT):
            claim = claim_of(answered, entry)
            assert claim.proof_file.endswith(f"-{claim.proof_digest[:12]}.json.gz")
        assert claim_of(answered, WEIGHTS).proof_file is None
        assert "proofs/tent_csv-neurons-none-" in claim_of(answered, TENT).proof_file

    def test_changes_nothing_where_all_stands(self, known):
        before = {path: path.stat().st_mtime_ns for path in known.rglob("*")}
        assert call("regress", "--known", known, "--update").stdout == (
            "4 of 4 known optima stand; proofs: 3 verified\n"
        )
        assert {path: path.stat().st_mtime_ns for path in known.rglob("*")} == before

    def test_mends_a_tampered_proof_and_nothing_else(self, known):
        names, others = names_of(known), (claim_of(known, TENT), claim_of(known, XOR_SKIP))
        document = document_of(known, XOR)
        flip(next(multipliers(document)))
        put(known, XOR, packed(document))
        result = call("regress", "--known", known, "--update")
        assert result.exit_code == 0, result.output
        assert "3 of 4 known optima stand, 1 rewritten; proofs: 3 verified" in result.stdout
        assert "proof file verified rejected verified" in " ".join(result.stdout.split())
        assert (claim_of(known, TENT), claim_of(known, XOR_SKIP)) == others
        # the search is deterministic, so the true proof is back, under the name of its content
        assert names_in(known) == names_of(known) == names
        assert call("regress", "--known", known).exit_code == 0

    def test_changed_data_get_a_new_proof_and_the_old_one_goes(self, known):
        old = claim_of(known, TENT).proof_file
        (known / "tent.csv").write_text(CSV.replace("2,0", "2,2"))
        assert call("regress", "--known", known).exit_code == 1
        assert call("regress", "--known", known, "--update").exit_code == 0
        assert claim_of(known, TENT).proof_file != old
        assert names_in(known) == names_of(known)
        result = call("regress", "--known", known)
        assert (result.exit_code, "3 verified" in result.stdout) == (0, True)

    def test_a_file_that_another_entry_names_or_a_person_named_stays(self, known):
        old = claim_of(known, TENT).proof_file
        shutil.copy(known / old, known / "tent.json.gz")
        copied = (known / "mine.toml").read_text().replace('"tent.csv"', '"tent2.csv"')
        (known / "tent2.csv").write_text(CSV)
        (known / "other.toml").write_text(copied)  # the same data under another name
        (known / "mine.toml").write_text((known / "mine.toml").read_text().replace(old, "tent.json.gz"))
        assert call("regress", "--known", known).exit_code == 0
        (known / "tent.csv").write_text(CSV.replace("2,0", "2,2"))
        assert call("regress", "--known", known, "--update").exit_code == 0
        assert (known / "tent.json.gz").exists()
        assert (known / old).exists()
        assert call("regress", "--known", known).exit_code == 0

    def test_too_large_is_left_out_and_says_so(self, known, monkeypatch):
        (known / claim_of(known, XOR).proof_file).unlink()
        monkeypatch.setattr(proofs, "examine", functools.partial(proofs.examine, max_bytes=10))
        result = call("regress", "--known", known, "--update")
        assert result.exit_code == 0, result.output
        assert "2 verified, 1 left out" in result.stdout
        claim = claim_of(known, XOR)
        assert (claim.proof_file, claim.proof_digest) == (None, None)
        assert claim.proof_left_out.endswith("bytes compressed, more than 10")
        assert call("regress", "--known", known).exit_code == 0

    def test_an_interruption_before_the_switch_leaves_the_old_proofs(self, known, monkeypatch):
        (known / "tent.csv").write_text(CSV.replace("2,0", "2,2"))
        before = (known / "mine.toml").read_bytes()

        def full(*_):
            raise KeyboardInterrupt

        regressed = regress.regress(known, anew=True)
        with monkeypatch.context() as patch:
            patch.setattr(entries, "rewrite", full)
            with pytest.raises(KeyboardInterrupt):
                regress.update(regressed)
        assert (known / "mine.toml").read_bytes() == before
        assert names_of(known) < names_in(known)  # the new one is there, and the one it replaces as well
        (known / "tent.csv").write_text(CSV)
        assert call("regress", "--known", known).exit_code == 0

    def test_a_file_edited_meanwhile_gets_no_proofs(self, known):
        (known / "tent.csv").write_text(CSV.replace("2,0", "2,2"))
        regressed = regress.regress(known, anew=True)
        names = names_in(known)
        (known / "mine.toml").write_text((known / "mine.toml").read_text() + "# edited\n")
        with pytest.raises(InputError, match="was edited since it was read"):
            regress.update(regressed)
        assert names_in(known) == names

    def test_a_new_proof_that_the_checker_rejects_is_not_stored(self, known, monkeypatch):
        real = regress.solve

        def solve(*arguments, **options):
            result = real(*arguments, **options)
            if path := options["proof_file"]:
                document = json.loads(gzip.decompress(path.read_bytes()))
                flip(next(multipliers(document)))
                path.write_bytes(packed(document))
            return result

        monkeypatch.setattr(regress, "solve", solve)
        (known / claim_of(known, XOR).proof_file).unlink()
        before, names = (known / "mine.toml").read_bytes(), names_in(known)
        result = call("regress", "--known", known, "--update")
        assert result.exit_code == 1
        assert "the checker rejects the solver's new proof: part 0" in " ".join(result.stdout.split())
        assert (known / "mine.toml").read_bytes() == before
        assert names_in(known) == names

    def test_a_proof_of_less_than_the_answer_is_left_out(self, known, monkeypatch):
        real = regress.solve

        def solve(*arguments, **options):
            result = real(*arguments, **options)
            if path := options["proof_file"]:
                document = json.loads(gzip.decompress(path.read_bytes()))
                path.write_bytes(packed(document | {"parts": [], "lower_bound": 0}))
            return result

        monkeypatch.setattr(regress, "solve", solve)
        (known / claim_of(known, XOR).proof_file).unlink()
        assert call("regress", "--known", known, "--update").exit_code == 0
        assert claim_of(known, XOR).proof_left_out == "what could be proven in a file is [0, 2], not 2"

    def test_asking_for_proofs_changes_no_method(self, tmp_path):
        """A bound that "auto" hands to the mixed-integer program stays its, numerical and without a proof."""
        path = tmp_path / "mine.toml"
        path.write_text('[[optimum]]\ndata = "close4"\nweight_bound = 10.0\n')
        assert call("regress", "--known", tmp_path, "--update").exit_code == 0
        claim = read_file(path).optima[0].claim
        assert (str(claim.proof), claim.proof_file, claim.proof_left_out) == ("numerical", None, None)
        assert call("regress", "--known", tmp_path).stdout == "1 of 1 known optima stand\n"


DIGEST = "0" * 64
ENTRY = (
    '[[optimum]]\ndata = "xor"\nstatus = "optimal"\nlower = 2\nupper = 2\nproof = "exact"\n'
    f'digest = "{DIGEST}"\ndate = 2026-11-22\n'
)
RECORDED = f'proof_digest = "{DIGEST}"\n'


class TestReader:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (ENTRY + 'proof_file = "a.json"', "proof_file and proof_digest go together"),
            (ENTRY + RECORDED, "proof_file and proof_digest go together"),
            (ENTRY + RECORDED + 'proof_file = "a.json"\nproof_left_out = "b"', "goes without them"),
            (ENTRY + RECORDED + 'proof_left_out = "b"', "go together"),
            (ENTRY + 'proof_left_out = ""', "is no reason of 200 characters"),
            (ENTRY + f'proof_left_out = "{"x" * 201}"', "is no reason of 200 characters"),
            (ENTRY + 'proof_file = "a.json"\nproof_digest = "ab"', "proof_digest = 'ab' is not a SHA-256"),
            *(
                (ENTRY + RECORDED + f"proof_file = {name}", "a .json or .json.gz file in this folder")
                for name in (
                    '""',
                    '"../a.json"',
                    '"proofs/../../a.json"',
                    '"/etc/a.json"',
                    '"./a.json"',
                    '"proofs//a.json"',
                    "'C:\\a.json'",
                    '"c:a.json"',
                    '"a.json\\u0000.json"',
                    '"a.toml"',
                    '"proofs/"',
                    f'"{"x" * 300}.json"',
                )
            ),
        ],
    )
    def test_refuses(self, tmp_path, text, words):
        path = tmp_path / "some.toml"
        path.write_text(text)
        with pytest.raises(InputError) as error:
            read_file(path)
        assert words in str(error.value)
        assert str(error.value).startswith(f"{path}: entry 1: ")
        assert len(str(error.value)) < 500

    def test_reads(self, tmp_path):
        path = tmp_path / "some.toml"
        path.write_text(ENTRY + RECORDED + 'proof_file = "proofs/deep/a.json.gz"')
        claim = read_file(path).optima[0].claim
        assert (claim.proof_file, claim.proof_digest) == ("proofs/deep/a.json.gz", DIGEST)
        assert claim.proof_left_out is None
