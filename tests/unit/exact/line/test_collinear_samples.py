"""Lines through samples, and the neurons that they force."""

import itertools
import json
from fractions import Fraction

import numpy as np
import pytest
from helpers import in_turn
from hypothesis import given
from hypothesis import strategies as st

from sparsest import Problem, Proof, ProofError, check_proof, exact
from sparsest.exact.line.collinear_samples import collinear_samples
from sparsest.exact.line.forced_knots import lower_bound_certificate
from sparsest.progress import Deadline

GRID = np.array([(i, j) for i in range(4) for j in range(4)], dtype=float)
VALLEY_AND_RIDGE = Problem([[0, 0], [1, 0], [2, 0], [0, 5], [1, 6], [2, 7]], [1, 0, 1, 0, 1, 0])


def lines_by_brute_force(X):
    """Every maximal set of at least three samples on one line, from all triples."""
    points = [[Fraction(value) for value in row] for row in X.tolist()]

    def on_line(a, b, c):
        u = [q - p for p, q in zip(points[a], points[b], strict=True)]
        v = [q - p for p, q in zip(points[a], points[c], strict=True)]
        pairs = itertools.combinations(range(len(u)), 2)
        return all(u[i] * v[j] == u[j] * v[i] for i, j in pairs)

    rows = range(len(X))
    pairs = itertools.combinations(rows, 2)
    lines = {tuple(c for c in rows if c in (a, b) or on_line(a, b, c)) for a, b in pairs}
    return {line for line in lines if len(line) >= 3}


@given(
    st.integers(1, 3).flatmap(
        lambda d: st.lists(st.tuples(*[st.integers(-2, 2)] * d), min_size=1, max_size=9, unique=True)
    )
)
def test_every_line_comes_once(points):
    X = np.array(points, dtype=float)
    found = [tuple(rows.tolist()) for rows in collinear_samples(X)]
    assert sorted(found) == sorted(lines_by_brute_force(X))


def test_lines_are_exact():
    # 0.1, 0.2, 0.3 are not equally spaced as floats: (0.1, 0), (0.2, 1), (0.3, 2) lie on no line
    tenths = np.array([[0.1, 0], [0.2, 1], [0.3, 2]])
    assert not lines_by_brute_force(tenths)
    assert not list(collinear_samples(tenths))
    huge = np.array([[-1e308, 0], [0, 0], [1e308, 0]])
    assert [rows.tolist() for rows in collinear_samples(huge)] == [[0, 1, 2]]


def test_large_tables_are_looked_at_along_their_axes():
    found = {tuple(rows.tolist()) for rows in collinear_samples(GRID, max_samples=15)}
    columns = {tuple(range(4 * i, 4 * i + 4)) for i in range(4)}
    rows = {tuple(range(j, 16, 4)) for j in range(4)}
    assert found == columns | rows


def test_lines_along_the_axes_are_looked_for_until_the_deadline():
    passed = Deadline(1e-9)
    assert not list(collinear_samples(GRID, max_samples=15, deadline=passed))


def test_lines_of_both_signs_add_up():
    # a valley along one line and a ridge along another: neither line alone forces both
    assert set(lower_bound_certificate(VALLEY_AND_RIDGE)) == {(0, 1, 2, 1), (3, 4, 5, -1)}


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "affine"), in_turn(range(6), ["none", "skip"]))
def test_bound_is_never_above_the_minimum_and_its_proof_checks(seed, affine, tmp_path):
    rng = np.random.default_rng(seed)
    X = np.array([(i, j) for i in range(3) for j in range(3)], dtype=float)
    problem = Problem(X, rng.integers(-1, 2, 9), affine=affine)
    bound = len(lower_bound_certificate(problem))
    result = exact.solve(problem, method="tree", proof_file=tmp_path / "proof.json")
    assert result.proof is Proof.EXACT
    assert bound <= result.lower_bound == result.upper_bound
    checked = check_proof(tmp_path / "proof.json", problem)
    assert (checked.lower_bound, checked.upper_bound) == (result.lower_bound, result.upper_bound)


def test_triples_of_one_sign_on_two_lines_are_rejected(tmp_path):
    path, wrong = tmp_path / "proof.json", tmp_path / "wrong.json"
    exact.solve(VALLEY_AND_RIDGE, method="tree", proof_file=path)
    assert check_proof(path, VALLEY_AND_RIDGE).lower_bound == 3
    document = json.loads(path.read_text())
    triples = document["parts"][0]["triples"]
    assert len(triples) == 2
    # the ridge called a valley: it is not on the line of the valley, where the first triple of that sign is
    document["parts"][0]["triples"] = [[*points, 1] for *points, _ in triples]
    wrong.write_text(json.dumps(document))
    with pytest.raises(ProofError, match="not on the line of the first triple of its sign"):
        check_proof(wrong, VALLEY_AND_RIDGE)
    document["parts"][0]["triples"] = [triples[0], triples[0]]
    wrong.write_text(json.dumps(document))
    with pytest.raises(ProofError, match="overlaps"):
        check_proof(wrong, VALLEY_AND_RIDGE)
