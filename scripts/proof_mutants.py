"""Change true proofs at random and see that the checker accepts none whose claim is false.

    python scripts/proof_mutants.py [COUNT] [SEED] [KIND]

Proofs of neurons, weights and parameters, of several outputs and several classes, with parts of every kind.
What is accepted is held against the truth: the minimum of the proof that was changed, or, where the change
reaches the problem, brute force over all activation patterns for the first hundred small problems, and the
networks that the solver finds for the others. A mutant that proves another bound than it claims is made to
claim that one, so that no wrong claim hides a wrong refutation; every second one has no witness, so that no
right upper bound hides a wrong lower one. With a KIND only proofs are changed that have such a part, such an
objective, or the field `outputs` or `classes`.
"""

import collections
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
from oracles.exact_enumeration import Enumeration
from oracles.proof_claims import (
    classes_fit,
    contradict_themselves,
    network_fits,
    number,
    outputs_fit,
    pair_is_asked_for,
    size_of,
    some_order_is_possible,
    sums_are_held,
)

from sparsest import MultiClassProblem, MultiOutputProblem, Problem, ProofError, check_proof, exact
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

# Those of one feature, without a skip, that take more neurons than they have knots.
GAPPED: Final = (
    *(
        Problem([0, 1, 2, 3, 4, 5], np.array([-5, -15, -21, -23, -19, -9]) + shift, affine=affine)
        for affine, shift in (("constant", 0), ("none", 7), ("none", 20))
    ),
    Problem([0, 1, 2, 3, 4, 5], [2, 0, 3, 1, 4, 1], tolerance=0.25, affine="constant"),
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


# Those of which trees refute networks of few weights or parameters; proofs of the others are long, or lines'.
SUPPORTED: Final = (
    *((PROBLEMS[n], objective) for n in (1, 5, 6, 9, 11) for objective in ("weights", "parameters")),
    *((PROBLEMS[n], "parameters") for n in (0, 2, 3)),
)

SQUARE: Final = [[0, 0], [0, 1], [1, 0], [1, 1]]

OUTPUTS: Final = (
    *(
        MultiOutputProblem([0, 1, 2, 3, 4], [[0, 3], [0, 2], [1, 1], [2, 0], [3, 0]], affine=affine)
        for affine in ("skip", "constant")
    ),
    MultiOutputProblem(SQUARE, [[0, 0], [1, 1], [1, -1], [0, 0]]),
    MultiOutputProblem([0, 1, 2, 3], [[0, 2, 1], [2, 0, 1], [0, 1, 1], [2, 2, 1]], tolerance=[0.5, 0, 1]),
    MultiOutputProblem.from_intervals(
        [0, 1, 2, 2], [[0, -np.inf], [1, 0], [0, 1], [-1, 1]], [[0, 0], [1, np.inf], [0, 2], [0, 1]]
    ),
)

# Some of them in no order.
LABELLED: Final = (
    MultiClassProblem([0, 1, 2, 3], [0, 1, 0, 2], affine="constant"),
    MultiClassProblem([0, 1, 2, 3], [0, 1, 2, 0], affine="skip"),
    MultiClassProblem(SQUARE, [0, 1, 1, 2], affine="constant", margin=2),
    MultiClassProblem(
        [[0, 0], [2, 0], [0, 2], [1, 1], [1, 0], [0, 1]], [0, 1, 2, 0, 2, 1], affine="constant"
    ),
    MultiClassProblem([0, 1, 2, 2], [0, 1, 2, 2]),
)

SEVERAL: Final[dict[str, tuple[Any, ...]]] = {"outputs": OUTPUTS, "classes": LABELLED}

# Samples and neurons beyond which brute force over all activation patterns takes too long.
MAX_SAMPLES, MAX_NEURONS = 9, 2
# The same for weights and parameters, and networks that it tries there.
MAX_SAMPLES_OF_ENTRIES, MAX_TRIES = 6, 3000
# Nodes after which the search for a network of a changed problem is given up.
MAX_NODES: Final = 5000


def proof_of(
    problem: Any, method: str = "auto", objective: str = "neurons", node_limit: int | None = None
) -> Document:
    """Return the proof that the search writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proof.json"
        exact.solve(problem, objective, proof_file=path, method=method, node_limit=node_limit)
        document: Document = json.loads(path.read_text())
    return document


def proof_by_packing(problem: Problem, objective: str = "neurons") -> Document:
    """Return the proof of a search that packs curved sets before any node."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proof.json"
        options = SearchOptions(proof_path=path, pacing=Pacing(packed_at_once=0))
        run_method(problem, Objective.parse(objective), "tree", options)
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


def true_proofs(kind: str = "") -> list[Document]:
    """Return proofs of all kinds, or of one: a kind of part, an objective, or several outputs or classes."""
    if kind in SEVERAL:
        return list(map(proof_of, SEVERAL[kind]))
    found = [proof_of(problem) for problem in PROBLEMS]
    found += [proof_of(problem, "tree") for problem in PROBLEMS if problem.n_features == 1]
    found += [proof_of(problem) for problem in GAPPED]
    found += [proof_by_packing(problem) for problem in PACKED]
    found += [proof_by_classes(problem) for problem in CLASSES]
    found += [proof_of(problem, "tree", objective) for problem, objective in SUPPORTED]
    found += [proof_by_packing(PACKED[n], objective) for n, objective in ((2, "parameters"), (3, "weights"))]
    assert all(document["lower_bound"] == document["upper_bound"] for document in found)
    found += [proof_of(problem) for problem in (*OUTPUTS, *LABELLED)]
    return [document for document in found if kind in ["", *kinds_of(document)]]


def kinds_of(document: Document) -> list[str]:
    """Return what a proof is about, and the kinds of its parts."""
    orders = ["orders"] * (document.get("classes", {}).get("unordered") is not None)
    several = [name for name in ("outputs", "classes") if name in document]
    return [document["objective"], *several, *orders, *(part["kind"] for part in document["parts"])]


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
    # what the proof is about, which is a small part of it
    about = [name for name in ("problem", "outputs", "classes") if isinstance(document.get(name), dict)]
    if about and rng.random() < 0.15 + 0.15 * len(about):
        found = list(places(document[rng.choice(about)]))
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
    elif rng.random() < 0.5:
        add_width(document, rng)
    else:
        add_supports(document, rng)


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


def add_supports(document: Document, rng: random.Random) -> None:
    """Claim one weight or parameter more, by the trees there are, as if these refuted all that is left."""
    parts, bound = document.get("parts"), document.get("lower_bound")
    if not isinstance(parts, list) or bound not in range(9):
        return
    trees = [p for p in parts if isinstance(p, dict) and p.get("kind") == "supports"]
    try:
        size = len(document["problem"]["X"][0])
    except (LookupError, TypeError):
        return
    columns: list[Any] = []
    if document.get("objective") == "parameters":
        columns = [[[j], sign] for j in range(size + 1) for sign in (1, -1)]
        size += 1
    # neurons that may use everything hold all others
    for width in range(bound + 1) if trees else ():
        for positive in range(width + 1):
            part = json.loads(json.dumps(rng.choice(trees)))
            signs = [1] * positive + [-1] * (width - positive)
            part["neurons"] = [[list(range(size)), sign] for sign in signs] + columns
            for node in part["nodes"] if isinstance(part.get("nodes"), list) else []:
                if isinstance(node, list) and len(node) == 3 and isinstance(node[1], str) and node[0]:
                    more = rng.choice(["*", "0", "1", node[1][-1:] or "0"])
                    node[1] = (node[1] + more * width)[:width]
            parts.append(part)
    document["lower_bound"] = bound + 1


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

    def some_network_fits(self, fields: Document, objective: str, budget: int) -> bool:
        """Say whether a network of at most so many neurons, weights or parameters fits."""
        key = json.dumps([fields, objective, budget], sort_keys=True)
        if key not in self.known:
            self.known[key] = not contradict_themselves(fields) and self._fits(fields, objective, budget)
        return self.known[key]

    def _fits(self, fields: Document, objective: str, budget: int) -> bool:
        problem = problem_of(fields)
        if objective == "neurons":
            small = problem.n_samples <= MAX_SAMPLES and budget <= MAX_NEURONS
            if small and (self.left > 0 or problem.weight_bound is not None):
                self.left -= 1
                return minimum_neurons(problem, budget) is not None
        elif problem.n_samples <= MAX_SAMPLES_OF_ENTRIES:  # of bounded weights fewer networks fit
            ends = [[v if v is None else number(v) for v in fields[name]] for name in ("low", "high")]
            X = [[number(v) for v in row] for row in fields["X"]]
            answer = Enumeration(X, *ends, problem.affine).some_network_fits(objective, budget, MAX_TRIES)
            if answer is not None:
                return bool(answer)
        witness = proof_of(problem, "tree", objective, MAX_NODES)["witness"]
        return witness is not None and size_of(witness, objective) <= budget and network_fits(fields, witness)


def witness_is_false(document: Document) -> bool:
    """Say whether a witness is not what is claimed."""
    witness = document["witness"]
    if size_of(witness, document["objective"]) != document["upper_bound"]:
        return True
    if "outputs" in document:
        return not outputs_fit(document)
    return not (
        classes_fit(document) if "classes" in document else network_fits(document["problem"], witness)
    )


def false_claim(original: Document, document: Document, truth: Truth) -> str:
    """Return what is false of an accepted document; empty when nothing is."""
    fields, objective, lower = document["problem"], document["objective"], document["lower_bound"]
    if document["upper_bound"] is not None and witness_is_false(document):
        return f"no network of {document['upper_bound']} {objective} is shown"
    if "outputs" in document and not sums_are_held(document):
        return "another sum of outputs than that of the problem"
    if "classes" in document and not pair_is_asked_for(document):
        return "other samples than those of two classes"
    if document.get("classes", {}).get("unordered") is not None:
        return "the classes are in an order" * (lower != 2 or some_order_is_possible(document))
    if lower == 0:
        return ""
    if fields == original["problem"] and objective == original["objective"]:
        return f"{lower} is more than the minimum" * (lower > original["lower_bound"])
    fits = truth.some_network_fits(fields, objective, lower - 1)
    return f"a network of {lower - 1} {objective} fits" * fits


def run(
    count: int, seed: int = 0, brute_force: int = 100, kind: str = ""
) -> tuple[collections.Counter[str], list[str]]:
    """Check so many mutants; return how many of each kind there were, and the false ones accepted.

    With a `kind` only such proofs are changed.
    """
    originals = true_proofs(kind)
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
