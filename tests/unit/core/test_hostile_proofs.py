"""Proof files that ask for more than they are worth: time and memory stay in proportion to their size."""

import copy
import gzip
import itertools
import json
from fractions import Fraction

import pytest
from helpers import TENT
from hypothesis import given
from hypothesis import strategies as st
from oracles.proof_claims import network_fits
from proof_mutants import run
from worst_proofs import CIRCUIT, CLOSED, KINDS, document, excluded, tree, zigzag

from sparsest import ProofError, check_proof
from sparsest.check import UnreadableError, _told_apart, read


def rejection(proof):
    """Why a proof is rejected, None if it is not."""
    try:
        check_proof(proof)
    except UnreadableError:
        raise
    except ProofError as error:
        return error
    return None


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_hostile_kinds(kind):
    """Small ones of the files for which the checker once took minutes, hours or all memory."""
    error = rejection(kind(20_000))
    assert error is None or len(str(error)) < 1500


class TestUndecidedBits:
    def children(self, keys, width=3):
        """A tree that ends with a branch of these children."""
        X, labels, curvature = zigzag(width)
        # bits 1, 0, 1 of three points on a line are those of no cell, which closes everything below; on
        # points 3 and 4 neurons are told apart, so that children of point 5 may have any bits
        way = [*excluded(width), [4, "110", 4], [5, "101", 5]]
        nodes = [*way, *([6, key, CLOSED] for key in keys)]
        parts = [curvature, tree(width, 0, nodes)]
        return document([*X, [9]], [*labels, 0], parts, circuits=[CIRCUIT])

    def verdict(self, keys):
        with pytest.raises(ProofError) as caught:
            check_proof(self.children(keys))
        return str(caught.value)

    @pytest.mark.parametrize(
        "keys",
        [
            ["000", "001", "010", "011", "100", "101", "110", "111"],
            ["0**", "1**"],
            ["0*0", "0*1", "11*", "100", "101"],
            ["***"],
        ],
    )
    def test_keys_of_a_decision_tree_are_taken(self, keys):
        # the branch at point 5 is complete then, and what is wrong is the branch above it
        assert self.verdict(keys).endswith("5 of 6 assignments at point 4 are missing")

    @pytest.mark.parametrize(
        ("keys", "reason"),
        [
            # a partition that no decision tree makes: each pair differs in a bit, no bit is decided in all
            (["01*", "*01", "1*0", "000", "111"], "no bit that all have tells them apart"),
            (["0**", "*1*", "10*"], "overlap"),
            (["0**", "0*1", "1**"], "overlap"),
            (["0**", "10*"], "2 of 8 assignments"),
            (["0**", "0**"], "occurs twice"),
        ],
    )
    def test_others_are_not(self, keys, reason):
        assert reason in self.verdict(keys)

    @given(st.lists(st.text("01*", min_size=4, max_size=4), unique=True, max_size=9))
    def test_keys_told_apart_have_nothing_in_common(self, keys):
        def covers(key, bits):
            return all(a in ("*", b) for a, b in zip(key, bits, strict=True))

        most = max(sum(covers(key, bits) for key in keys) for bits in itertools.product("01", repeat=4))
        assert most <= 1 or not _told_apart(tuple(keys))
        # whole keys are always told apart
        assert _told_apart(tuple(key for key in keys if "*" not in key))


class TestNumbers:
    @pytest.mark.parametrize(
        "number",
        [
            *(
                "1e99999999",
                "1/1e99999999",
                "1e5",
                "1.5",
                "+1",
                " 1",
                "1_0",
                "01",
                "0x0",
                "0xF",
                "1/0",
                "1/-2",
            ),
            *(
                "0x1p+99999",
                "0x1p5",
                "0x1.8",
                "-0x0p+0",
                "0x1p-9999",
                "0x1p+9999",
                "1/2/3",
                "",
                "-",
                "/",
                "1/",
            ),
            *("1" * 5000, "0x" + "f" * 1025, "1/0x" + "f" * 1025, "\u0661", "inf", "nan", True, 2**53 + 1),
        ],
    )
    @pytest.mark.parametrize("field", ["X", "low", "weight_bound"])
    def test_of_the_problem(self, number, field):
        proof = copy.deepcopy(TENT)
        if field == "weight_bound":
            proof["problem"][field] = number
        else:
            proof["problem"][field][1] = [number] if field == "X" else number
        with pytest.raises(ProofError) as caught:
            check_proof(proof)
        assert caught.value.place.startswith(f"problem {field}")
        assert len(str(caught.value)) < 200

    @pytest.mark.parametrize("exponent", [-1074, -1, 0, 1023])
    def test_floats_of_any_size(self, exponent):
        proof = copy.deepcopy(TENT)
        for name in ("low", "high"):
            proof["problem"][name][1] = f"0x1.fffffffffffffp{exponent:+d}"
        proof |= {"upper_bound": None, "witness": None, "lower_bound": 0, "parts": []}
        assert check_proof(proof).lower_bound == 0

    def test_common_denominators_are_bounded(self):
        # each denominator is short; 3^1300 7^1300 has 5700 bits
        proof = document([[f"1/{hex(3**1300)}", f"1/{hex(7**1300)}"]], [0], [], lower_bound=0)
        with pytest.raises(ProofError, match="point 0: its common denominator has more than 4096 bits"):
            check_proof(proof)

    def test_circuits_have_no_more_points_than_one_needs(self):
        weights = [[0, 1], [1, -1], [2, -1], [3, 1]]  # on a line three are enough
        proof = document([[0], [1], [2], [3]], [0] * 4, [], lower_bound=0, circuits=[weights])
        with pytest.raises(ProofError, match="circuit 0: 3 points are enough in 1 dimension"):
            check_proof(proof)
        proof["circuits"] = [CIRCUIT]
        assert check_proof(proof).lower_bound == 0


class TestFiles:
    def test_values_are_counted_before_they_are_built(self, tmp_path):
        path = tmp_path / "proof.json.gz"
        path.write_bytes(gzip.compress(b"[" + b"[]," * 10_000 + b"[]]"))
        with pytest.raises(UnreadableError, match="more than 5000 values"):
            read(path, max_values=5000)

    def test_text_beyond_ascii_counts_fourfold(self, tmp_path):
        path = tmp_path / "proof.json"
        path.write_text(json.dumps(TENT, ensure_ascii=False) + " " * 1000, encoding="utf-8")
        assert read(path, max_bytes=4000)
        path.write_text(
            json.dumps(TENT | {"\U0001f600": 1}, ensure_ascii=False) + " " * 1000, encoding="utf-8"
        )
        with pytest.raises(UnreadableError, match="more than 4000 bytes"):
            read(path, max_bytes=4000)


NUMBER = st.sampled_from(["0", "1", "-1", "2", "1/2", "-1/3", "3/7", "-5/2"])


@given(
    st.lists(st.tuples(st.sampled_from([1, -1]), NUMBER, NUMBER), max_size=6),
    st.lists(NUMBER, min_size=1, max_size=6, unique_by=Fraction),
    st.none() | st.tuples(NUMBER, NUMBER),
    st.lists(st.sampled_from([0, 0, 0, 1, -1]), min_size=6, max_size=6),
)
def test_networks_of_one_feature(neurons, x, skip, off):
    """The sweep over knots takes what evaluation neuron by neuron takes, knots on samples among it."""

    def value(t):
        total = sum((s * max(0, Fraction(w) * t + Fraction(b)) for s, w, b in neurons), Fraction(0))
        return total + (0 if skip is None else Fraction(skip[0]) * t + Fraction(skip[1]))

    labels = [str(value(Fraction(t)) + error) for t, error in zip(x, off, strict=False)]
    network = {"kind": "network", "signs": [s for s, _, _ in neurons], "skip": skip and list(skip)}
    network["neurons"] = [[w, b] for _, w, b in neurons]
    fields = {"skip": True, "upper_bound": len(neurons), "witness": network, "lower_bound": 0}
    proof = document([[t] for t in x], labels, [], **fields)
    error = rejection(proof)
    assert error is None or "misses the interval" in error.reason
    fits = error is None
    assert fits == network_fits(proof["problem"], network) == (not any(off[: len(x)]))


@pytest.mark.slow
def test_random_mutants():
    """Some of the mutants of `python scripts/proof_mutants.py`, from another seed."""
    seen, wrong = run(300, seed=1, brute_force=3)
    assert wrong == []
    assert seen["accepted, the same problem"] > 20
    assert seen["accepted, another problem"] > 3
