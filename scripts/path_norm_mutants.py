"""Change proofs of least path norms at random and see that the checker accepts none whose claim is false.

    python scripts/path_norm_mutants.py [COUNT] [SEED]

Half of the documents that are changed prove what they claim. The others claim one percent more than is true,
and all of them that is wrong are leaves around the network of least path norm that prove too little: a change
that makes the checker accept one shows an error of the checker. What is accepted is held against the least
path norm of all extreme points in rational numbers, or against a network that fits.
"""

import collections
import functools
import json
import random
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Final

# the changes, and the oracle
sys.path += [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests")]

from oracles.proof_claims import network_fits, number
from proof_mutants import Document, change, problem_of

from sparsest import InputError, Problem, ProofError, check_path_norm_proof, exact
from sparsest.exact.path_norm import extreme_points
from sparsest.exact.path_norm.proof_file import write_proof
from sparsest.objectives import Objective
from sparsest.progress import Deadline

# Small problems of whole numbers: repeated inputs, intervals, open ends, every affine term and objective.
QUESTIONS: Final = (
    (Problem([0, 1, 2], [0, 0, 1], affine="skip"), 0.5, Objective.WEIGHTS),
    (Problem([0, 1, 2, 3], [0, 1, 0, 1], affine="skip"), 0.5, Objective.WEIGHTS),
    (Problem([0, 1, 2, 3], [0, 1, 1, 0]), 0.5, Objective.WEIGHTS),
    (Problem([-1, 0, 1], [0, 0, 2]), 0.4, Objective.NEURONS),
    (Problem([0, 1, 2], [1, 2, 0], affine="constant"), 0.75, Objective.PARAMETERS),
    (Problem([0, 1, 3], [0, 1, 1]), 1.0, Objective.NEURONS),
    (Problem([0, 1, 2, 3], [0, 2, 0, 2], tolerance=0.5, affine="skip"), 0.5, Objective.NEURONS),
    (Problem.from_intervals([1, 0, 1, 2], [0, 0, 1, -10], [9, 0, 9, 0]), 0.5, Objective.WEIGHTS),
    (Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], affine="skip"), 0.8, Objective.NEURONS),
    (Problem([[0, 0], [1, 1], [2, 2], [1, 0]], [0, 1, 0, 2], affine="skip"), 0.8, Objective.WEIGHTS),
    (Problem([[0, 0], [1, 0], [0, 1]], [0, 1, 2]), 0.5, Objective.PARAMETERS),
)
# What a false claim is to be proven of, over the truth; it claims half as much more. And seconds for that.
ABOVE: Final = 1.02
SECONDS: Final = 2.0
# Relative rounding of the truth, which sums powers in floats.
ROUNDING: Final = 1e-9


def document_of(problem: Problem, p: float, objective: Objective, *, false: bool) -> Document:
    """Return a proof, or a document that claims too much and shows as much of it as there is."""
    found = exact.minimize_path_norm(problem, p, objective)
    known = found.lower_bound, found.upper_bound, found.network
    if false:
        known = found.upper_bound * ABOVE, None, None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proof.json"
        write_proof(path, problem, p, objective, known, Deadline(SECONDS if false else None), 10**4)
        document: Document = json.loads(path.read_text())
    if false:
        document["lower_bound"] = str(Fraction(found.upper_bound * (ABOVE + 1) / 2).limit_denominator(10**6))
    return document


@functools.cache
def truth(fields: str, p: float, objective: str) -> float:
    """Return the path norm of some network that fits; the least one where extreme points can be listed."""
    try:
        problem = problem_of(json.loads(fields))
    except InputError:  # equal inputs without a common value: no network fits
        return float("inf")
    goal = Objective.parse(objective)
    if extreme_points.applies_to(problem.distinct(), goal):
        points = extreme_points.extreme_points(problem, goal, Deadline(10.0))
        if points:
            return min(sum(float(Fraction(int(s.p), int(s.q))) ** p for s in point.sizes) for point in points)
    upper = exact.minimize_path_norm(problem.replace(weight_bound=None), p, goal, time_limit=10.0).upper_bound
    return float("inf") if upper is None else upper


def false_claim(document: Document) -> str:
    """Return what is false of an accepted document; empty when nothing is."""
    fields, p = document["problem"], float(number(document["p"]))
    if document["upper_bound"] is not None:
        witness, objective = document["witness"], document["objective"]
        rows = [list(map(number, neuron)) for neuron in witness["neurons"]]
        sizes = [abs(v) for row in rows for v in row[: -1 if objective == "weights" else None]]
        if objective == "neurons":
            sizes = [sum(map(abs, row), Fraction(0)) for row in rows]
        cost = sum(float(size) ** p for size in sizes)
        if not network_fits(fields, witness) or cost > float(number(document["upper_bound"])) * (
            1 + ROUNDING
        ):
            return "no network of such a path norm is shown"
    lower = float(number(document["lower_bound"]))
    if lower <= 0 or "places" in fields:
        return ""
    known = truth(json.dumps(fields), p, document["objective"])
    return f"{lower} is more than {known}" * (lower > known * (1 + ROUNDING))


def run(count: int, seed: int = 0) -> tuple[collections.Counter[str], list[str]]:
    """Check so many mutants; return how many of each kind there were, and the false ones accepted."""
    texts = [
        json.dumps(document_of(*question, false=false)) for question in QUESTIONS for false in (False, True)
    ]
    for text, false in zip(texts, [False, True] * len(QUESTIONS), strict=True):
        try:
            check_path_norm_proof(json.loads(text))
        except ProofError:
            assert false, text[:300]
        else:
            assert not false, text[:300]
    rng = random.Random(seed)
    seen, wrong = collections.Counter[str](), []
    while seen.total() < count:
        n = rng.randrange(len(texts))
        document = json.loads(texts[n])
        if rng.random() < 0.5:
            document |= {"upper_bound": None, "witness": None}
        for _ in range(rng.choice([1, 1, 1, 2, 2, 3])):
            change(document, json.loads(rng.choice(texts)), rng)
        if json.dumps(document) == texts[n]:
            continue
        try:
            check_path_norm_proof(document)
        except ProofError:
            seen["rejected"] += 1
            continue
        same = document["problem"] == json.loads(texts[n])["problem"]
        seen[f"accepted, {'the same' if same else 'another'} problem"] += 1
        if reason := false_claim(document):
            wrong.append(f"{reason}: {json.dumps(document)}")
    return seen, wrong


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    seen, wrong = run(*numbers or [10_000])
    for name, times in sorted(seen.items()):
        print(f"{name}: {times}")
    print("\n".join([f"false and accepted: {len(wrong)}", *(text[:2000] for text in wrong[:10])]))
    sys.exit(bool(wrong))
