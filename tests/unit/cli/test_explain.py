"""`sparsest explain`: every word of a verdict has two sentences, and a wrong word its neighbours."""

import enum
import json

import pytest
from helpers import call

import sparsest
from sparsest.benchmarks.known_optima.proofs import ProofState
from sparsest.cli.explained_words import meanings
from sparsest.continuous.algorithms.by_name import GRADIENT_ALGORITHMS
from sparsest.continuous.trainer import PROGRAMS, SPLITTING
from sparsest.decimals import Numbers
from sparsest.exact import METHODS
from sparsest.sentences import Sentence

PUBLIC = [getattr(sparsest, name) for name in sparsest.__all__]
ENUMS = [kind for kind in PUBLIC if isinstance(kind, type) and issubclass(kind, enum.Enum)]


@pytest.mark.parametrize("kind", [*ENUMS, Numbers, ProofState], ids=lambda kind: kind.__name__)
def test_every_word_is_explained(kind):
    explained = {each.word for each in meanings()}
    assert {str(member) for member in kind} <= explained


def test_every_method_that_a_result_may_name_is_explained():
    explained = {each.word for each in meanings()}
    proving = {*METHODS} | {"directions", "recursion", "columns", "branching"}
    assert proving | {"find", PROGRAMS, SPLITTING, *GRADIENT_ALGORITHMS} <= explained
    xor = sparsest.datasets.load("xor").problem()
    line = sparsest.datasets.load("tent").problem(affine="skip")
    two = sparsest.MultiOutputProblem([[0.0], [1.0]], [[0.0, 0.0], [1.0, 2.0]])
    named = {
        *(sparsest.exact.solve(each).method for each in (xor, line, two)),
        *(sparsest.exact.minimize_path_norm(xor, p).method for p in (0.9, 1.0)),
        sparsest.exact.minimize_path_norm(line, 1.0, "weights").method,
    }
    assert named == {"tree", "univariate", "directions", "columns", "branching", "recursion"}
    assert "chords below the powers" in " ".join(call("explain", "branching").stdout.split())


def test_the_meaning_is_the_sentence_of_the_member():
    kinds = [kind for kind in ENUMS if issubclass(kind, Sentence)]
    said = {(each.word, each.means.rstrip(".").lower()) for each in meanings()}
    for member in (member for kind in kinds for member in kind):
        assert (str(member), member.sentence.lower()) in said


def test_a_meaning_is_two_sentences():
    for each in meanings():
        for sentence in (each.means, each.next):
            assert sentence[0].isupper() or sentence[0].isdigit(), each
            assert sentence.endswith("."), each


@pytest.mark.parametrize("spelling", ["time_limit", "TIME-LIMIT", "Time Limit"])
def test_spelling_does_not_matter(spelling):
    result = call("explain", spelling)
    assert result.exit_code == 0
    assert result.stdout.startswith("time_limit (why a solver stopped)")
    assert "--resume" in result.stdout


def test_several_words_are_one_or_each_explained():
    together = call("explain", "time", "limit").stdout
    assert together == call("explain", "time_limit").stdout
    each = [call("explain", word).stdout for word in ("optimal", "GLOBAL")]
    assert call("explain", "optimal", "GLOBAL").stdout.split() == "".join(each).split()
    result = call("explain", "optimal", "sparser")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: 'sparser' is no word")


def test_a_word_with_two_meanings_has_both():
    # a status and a kind of proof
    assert call("explain", "numerical").stdout.count("numerical (") == 2
    words = json.loads(call("explain", "not_interpolating", "--json").stdout)["words"]
    assert len({each["where"] for each in words}) == 2


def test_without_a_word_all_are_listed():
    listed = call("explain").stdout
    assert all(each.word in listed for each in meanings())


def test_an_unknown_word_names_the_nearest():
    result = call("explain", "sparser")
    assert result.exit_code == 2
    assert (
        result.stderr
        == "Error: 'sparser' is no word that a result prints: did you mean sparsest or sparser_exists?\n"
    )
    assert "`sparsest explain` alone lists them" in call("explain", "xyzzy").stderr
