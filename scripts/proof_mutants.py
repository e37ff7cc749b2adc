"""Change true proofs at random and see that the checker accepts none whose claim is false.

    python scripts/proof_mutants.py [COUNT] [SEED] [KIND]

What is accepted is held against the truth: the minimum of the proof that was changed, or, where the change
reaches the problem, brute force over all activation patterns for the first hundred small problems, and the
networks that the solver finds for the others. A mutant that proves another bound than it claims is made to
claim that one, so that no wrong claim hides a wrong refutation; every second one has no witness, so that no
right upper bound hides a wrong lower one. With a KIND only proofs that have such a part are changed.
"""

import collections
import itertools
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # the oracle

import numpy as np
from oracles.brute_force import minimum_neurons

from sparsest import Problem, ProofError, check_proof, exact
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import run_method
from sparsest.objectives import Objective

Document = dict[str, Any]

# Small problems of whole numbers: repeated inputs, intervals, open ends, every affine term, a weight bound.
PROBLEMS: Final = (
    Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]),
    Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], affine="skip"),
    Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], affine="constant"),
    Problem.classification([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]),
    Problem([0, 1, 2, 3], [0, 1, 0, 1], affine="skip"),
    Problem([0, 1, 2], [1, 2, 0], affine="constant"),
    Problem([0, 1, 2, 3], [-1, 1, 1, -1]),
    Problem([0, 1, 2, 3], [0, 2, 0, 2], tolerance=0.5, affine="skip"),
    Problem([0, 1, 3], [0, 1, 1], weight_bound=1),
    Problem.from_intervals([1, 0, 1, 2, 3], [0, 0, 1, -np.inf, 1], [9, 0, 9, 0, np.inf]),
    Problem([[0, 0], [1, 1], [2, 2], [1, 0]], [0, 1, 0, 2], affine="skip"),
    Problem([[0, 0], [1, 0], [0, 1], [1, 1], [2, 1]], [1, -1, 1, 1, -1]),
)

# Those that a packing of curved sets proves something about that lines do not.
PACKED: Final = (
    PROBLEMS[0],
    PROBLEMS[2],
    Problem([[0, 0], [3, 0], [0, 3], [1, 1], [2, 3]], [0, 0, 0, -2, 1], affine="skip"),
    Problem.classification([[0, 0], [3, 0], [0, 3], [1, 1], [3, 3]], [0, 0, 0, 1, 1], affine="skip"),
    Problem(
        [[0, 0], [3, 0], [0, 3], [1, 1], [9, 9], [12, 9], [9, 12], [10, 10]],
        [0, 0, 0, -1, 0, 0, 0, 1],
        affine="skip",
    ),
)


def planted(seed: int) -> Problem:
    """Return a problem of three neurons at fourteen samples of a lattice in the plane."""
    rng = np.random.default_rng(seed)
    X = np.unique(rng.integers(-4, 5, (14, 2)), axis=0)
    weights, biases = rng.integers(-2, 3, (2, 3)), rng.integers(-2, 3, 3)
    return Problem(X, np.maximum(X @ weights + biases, 0) @ [1, 1, -1])


# Those of which some affine function would have to meet too many samples, with up to five boxes in a proof.
CLASSES: Final = (
    Problem([0, 1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 3, 1, 2, 4]),
    *map(planted, (9, 15, 18, 24)),
)


# Samples beyond which brute force over all activation patterns takes too long.
MAX_SAMPLES: Final = 9


def proof_of(problem: Problem, method: str = "auto") -> Document:
    """Return the proof that the search writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proof.json"
        exact.solve(problem, proof_file=path, method=method)
        document: Document = json.loads(path.read_text())
    return document


def proof_by_packing(problem: Problem) -> Document:
    """Return the proof of a search that packs curved sets before any node."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proof.json"
        options = SearchOptions(proof_path=path, pacing=Pacing(packed_at_once=0))
        run_method(problem, Objective.NEURONS, "tree", options)
        document: Document = json.loads(path.read_text())
    assert document["parts"][0]["kind"] == "packing"
    return document


def proof_by_classes(problem: Problem) -> Document:
    """Return the proof of a search that tries densest classes whatever the number of features."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proof.json"
        options = SearchOptions(proof_path=path, pacing=Pacing(densest_from=1))
        run_method(problem, Objective.NEURONS, "tree", options)
        document: Document = json.loads(path.read_text())
    assert any(part["kind"] == "densest" for part in document["parts"])
    return document


# Changes


def places(document: Document) -> Iterator[tuple[Any, Any]]:
    """Yield every container of a document with every key of it."""
    stack: list[Any] = [document]
    while stack:
        here = stack.pop()
        for key in here if isinstance(here, dict) else range(len(here)):
            yield here, key
            if isinstance(here[key], (dict, list)):
                stack.append(here[key])


def another(value: Any, rng: random.Random) -> Any:
    """Return a value of the same type, or sometimes of another one."""
    if rng.random() < 0.05:
        return rng.choice([None, True, False, 0, 1, "", "1/2", [], {}, 2**60, "0x0"])
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice([value + 1, value - 1, -value, 2 * value, 0, 1, -1, 2, 3])
    if isinstance(value, str) and value and not value.strip("01*"):
        k = rng.randrange(len(value))
        return value[:k] + rng.choice("01*") + value[k + 1 :]
    if isinstance(value, str):
        return rng.choice(
            ["0x1", "-0x1", "1/2", "-1/2", "0x1.8p+1", "2", "-3", "-" + value, value.lstrip("-")]
        )
    if value is None:
        return rng.choice([0, 1, -1, [0, 0], [1, 0]])
    return value


def change(document: Document, other: Document, rng: random.Random) -> None:
    """Make one change anywhere."""
    found = list(places(document))
    if rng.random() < 0.3:  # what the proof is about, which is a small part of it
        found = list(places(document["problem"])) if isinstance(document.get("problem"), dict) else found
    if not found:
        return
    here, key = rng.choice(found)
    how = rng.random()
    if how < 0.45:
        here[key] = another(here[key], rng)
    elif how < 0.6 and isinstance(here, list):
        del here[key]
    elif how < 0.7 and isinstance(here, list):
        here.insert(rng.randrange(len(here) + 1), json.loads(json.dumps(here[key])))
    elif how < 0.85 and isinstance(here, list):
        k = rng.randrange(len(here))
        here[k], here[key] = here[key], here[k]
    elif how < 0.93:
        there, from_key = rng.choice(found)
        if type(there[from_key]) is type(here[key]):
            here[key] = json.loads(json.dumps(there[from_key]))
    elif isinstance(key, str) and isinstance(other, dict) and key in other:
        here[key] = json.loads(json.dumps(other[key]))
    else:
        add_width(document, rng)


def add_width(document: Document, rng: random.Random) -> None:
    """Repeat the trees of some K as trees of one neuron more, as if they refuted these too."""
    parts = document.get("parts")
    if not isinstance(parts, list):
        return
    trees = [part for part in parts if isinstance(part, dict) and isinstance(part.get("nodes"), list)]
    if not trees or not all(part.get("neurons") in range(9) for part in trees):
        return
    width = max(part["neurons"] for part in trees)
    for positive in range(width + 2):
        part = json.loads(json.dumps(rng.choice([part for part in trees if part["neurons"] == width])))
        part |= {"neurons": width + 1, "positive": positive}
        for node in part["nodes"]:
            if isinstance(node, list) and len(node) == 3 and isinstance(node[1], str) and node[0]:
                node[1] = rng.choice([node[1] + "*", node[1] + node[1][-1:], "0" + node[1], "1" + node[1]])
        document["parts"].append(part)


def mutant(texts: list[str], rng: random.Random) -> tuple[int, Document]:
    """Return which proof was changed, and what became of it."""
    number = rng.randrange(len(texts))
    document = json.loads(texts[number])
    if rng.random() < 0.5:
        document |= {"upper_bound": None, "witness": None}
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3])):
        change(document, json.loads(rng.choice(texts)), rng)
    return number, document


# The truth


def accepted(document: Document) -> Document | None:
    """Return what of a document the checker accepts: as it is, or with the bound that it proves."""
    for _ in range(2):
        try:
            check_proof(document)
        except ProofError as error:
            words = error.reason.split()
            if error.place != "lower_bound" or "proven" not in words:
                return None
            document = document | {"lower_bound": int(words[-2])}
        else:
            return document
    return None


def number(value: Any) -> Fraction:
    """Read a number of a proof, again and by other means than the checker."""
    if isinstance(value, str) and "p" in value:
        return Fraction(float.fromhex(value))
    top, _, bottom = str(value).partition("/")
    return Fraction(int(top, 0), int(bottom or "1", 0))


def problem_of(fields: Document) -> Problem:
    """Return the problem of a document; its numbers must be floats."""

    def exactly(value: Any, open_end: float | None = None) -> float:
        if value is None and open_end is not None:
            return open_end
        result = float(number(value))
        if Fraction(result) != number(value):
            raise ValueError(f"{value} is no float")
        return result

    affine = "skip" if fields["skip"] else "constant" if fields.get("constant") else "none"
    return Problem.from_intervals(
        [[exactly(v) for v in row] for row in fields["X"]],
        [exactly(v, -np.inf) for v in fields["low"]],
        [exactly(v, np.inf) for v in fields["high"]],
        affine=affine,
        weight_bound=None if fields["weight_bound"] is None else exactly(fields["weight_bound"]),
    )


class Truth:
    """Whether small networks fit problems: by brute force for the first ones, then by the solver's networks.

    Brute force takes a second, which thousands of problems do not allow.
    """

    def __init__(self, by_brute_force: int) -> None:
        self.left = by_brute_force
        self.known: dict[str, bool] = {}

    def some_network_fits(self, fields: Document, neurons: int) -> bool:
        """Say whether a network of at most so many neurons fits."""
        key = json.dumps([fields, neurons], sort_keys=True)
        if key not in self.known:
            self.known[key] = not _contradict_themselves(fields) and self._fits(fields, neurons)
        return self.known[key]

    def _fits(self, fields: Document, neurons: int) -> bool:
        problem = problem_of(fields)
        small = problem.n_samples <= MAX_SAMPLES
        if (self.left > 0 and small) or problem.weight_bound is not None:
            self.left -= 1
            return minimum_neurons(problem, neurons) is not None
        witness = proof_of(problem, "tree")["witness"]
        return witness is not None and size_of(witness) <= neurons and network_fits(fields, witness)


def size_of(witness: Document) -> int:
    """Return the neurons of a witness."""
    return len(witness["points"]) - 2 if witness["kind"] == "polyline" else len(witness["neurons"])


def _contradict_themselves(fields: Document) -> bool:
    """Say whether equal inputs have intervals without a common value."""
    samples = list(zip(fields["X"], fields["low"], fields["high"], strict=True))
    return any(
        low is not None and high is not None and number(low) > number(high)
        for (x, low, _), (z, _, high) in itertools.product(samples, repeat=2)
        if [*map(number, x)] == [*map(number, z)]
    )


def network_fits(fields: Document, witness: Document) -> bool:
    """Evaluate a witness in fractions, and hold it against every interval."""
    for x, low, high in zip(fields["X"], fields["low"], fields["high"], strict=True):
        row = [*map(number, x), Fraction(1)]
        if witness["kind"] == "polyline":
            value = _polyline([(number(t), number(v)) for t, v in witness["points"]], row[0])
        else:
            inputs = [_dot(row, neuron) for neuron in witness["neurons"]]
            value = sum((s * max(0, z) for s, z in zip(witness["signs"], inputs, strict=True)), Fraction(0))
            value += 0 if witness["skip"] is None else _dot(row, witness["skip"])
        if (low is not None and value < number(low)) or (high is not None and value > number(high)):
            return False
    return True


def _dot(row: list[Fraction], vector: list[Any]) -> Fraction:
    return sum((a * number(b) for a, b in zip(row, vector, strict=True)), Fraction(0))


def _polyline(points: list[tuple[Fraction, Fraction]], x: Fraction) -> Fraction:
    n = max(1, min(len(points) - 1, sum(t < x for t, _ in points)))
    (t, u), (v, w) = points[n - 1], points[n]
    return u + (w - u) * (x - t) / (v - t)


def false_claim(original: Document, document: Document, truth: Truth) -> str:
    """Return what is false of an accepted document; empty when nothing is."""
    fields, lower, upper = document["problem"], document["lower_bound"], document["upper_bound"]
    if upper is not None:
        witness = document["witness"]
        if size_of(witness) != upper or not network_fits(fields, witness):
            return f"no network of {upper} neurons is shown"
    if lower == 0:
        return ""
    if fields == original["problem"]:
        return f"{lower} is more than the minimum" * (lower > original["lower_bound"])
    return f"a network of {lower - 1} neurons fits" * truth.some_network_fits(fields, lower - 1)


def run(
    count: int, seed: int = 0, brute_force: int = 100, kind: str = ""
) -> tuple[collections.Counter[str], list[str]]:
    """Check so many mutants; return how many of each kind there were, and the false ones accepted.

    With a `kind` only proofs that have such a part are changed.
    """
    originals = [proof_of(problem) for problem in PROBLEMS]
    originals += [proof_of(problem, "tree") for problem in PROBLEMS if problem.n_features == 1]
    originals += [proof_by_packing(problem) for problem in PACKED]
    originals += [proof_by_classes(problem) for problem in CLASSES]
    originals = [p for p in originals if kind in ["", *(part["kind"] for part in p["parts"])]]
    for original in originals:
        assert original["lower_bound"] == original["upper_bound"]
    texts, rng, truth = (
        [json.dumps(original) for original in originals],
        random.Random(seed),
        Truth(brute_force),
    )
    seen, wrong = collections.Counter[str](), []
    while seen.total() < count:
        n, document = mutant(texts, rng)
        if json.dumps(document) == texts[n]:
            continue
        proven = accepted(document)
        if proven is None:
            seen["rejected"] += 1
            continue
        same = proven["problem"] == originals[n]["problem"]
        seen[f"accepted, {'the same' if same else 'another'} problem"] += 1
        if reason := false_claim(originals[n], proven, truth):
            wrong.append(f"{reason}: {json.dumps(proven)}")
    seen["other problems solved"] = len(truth.known)
    return seen, wrong


if __name__ == "__main__":
    numbers, words = [int(word) for word in sys.argv[1:3]], sys.argv[3:]
    seen, wrong = run(*numbers or [100_000], kind="".join(words))
    for name, times in sorted(seen.items()):
        print(f"{name}: {times}")
    print("\n".join([f"false and accepted: {len(wrong)}", *wrong[:10]]))
    sys.exit(bool(wrong))
