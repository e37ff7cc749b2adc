"""How long the checker takes for hostile proof files of one size, as a Markdown table.

    python scripts/worst_proofs.py [BYTES] [NAME]

Each kind multiplies things that a file can hold many of. Time is that of
the processor until the verdict, whichever it is.
"""

import gzip
import itertools
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from sparsest.check import ProofError, check_proof

Document = dict[str, Any]
_PRIME: Final = 2**61 - 1  # Python's hash of a whole number is its remainder


def document(X: Any, labels: Any, parts: Any, **fields: Any) -> Document:
    """Return a proof of exact labels; `fields` replace those of the problem or of the document."""
    problem = {"X": X, "low": labels, "high": labels, "skip": False, "weight_bound": None}
    proof = {"format": "sparsest/proof", "version": 1, "objective": "neurons", "problem": problem}
    proof |= {"lower_bound": 1, "upper_bound": None, "witness": None, "circuits": [], "parts": parts}
    problem |= {name: value for name, value in fields.items() if name in problem}
    return proof | {name: value for name, value in fields.items() if name in proof}


def tree(neurons: int, positive: int, nodes: Any, skip: bool = False) -> Document:
    """Return a part of a proof."""
    return {"kind": "tree", "neurons": neurons, "positive": positive, "skip": skip, "nodes": nodes}


def zigzag(knots: int) -> tuple[list[list[int]], list[int], Document]:
    """Return inputs, labels 0 and 1 by turns, and the curvature part that forces so many knots."""
    x = list(range(knots + 2))
    triples = [[n, n + 1, n + 2, 1 if n % 2 else -1] for n in range(knots)]
    return [[v] for v in x], [n % 2 for n in x], {"kind": "curvature", "triples": triples}


# Points 0, 1, 2 of a line: bits 1, 0, 1 of a neuron are those of no cell, and so are 0, 1, 0. Whatever is
# below them can be closed by this leaf, so that trees have any form one likes.
CIRCUIT: Final = [[0, 1], [1, -2], [2, 1]]
CLOSED: Final = {"circuit": [0, 0]}


def excluded(width: int, first: str = "1") -> list[Any]:
    """Return the way down to where everything is closed."""
    other = "10"[int(first)]
    return [[0, "", 0], [1, first * width, 1], [2, other * width, 2], [3, first * width, 3]]


def distinct(bits: int, depth: int) -> list[Any]:
    """Return the way down from `depth` to where no two of 2^bits neurons are alike."""
    width = 2**bits
    keys = ["".join(str((width - 1 - k) >> (bits - 1 - t) & 1) for k in range(width)) for t in range(bits)]
    return [[depth + t, key, depth + t] for t, key in enumerate(keys, 1)]


def full(depth: int, stop: int, keys: tuple[str, ...], leaf: Callable[[str], Any]) -> Iterator[Any]:
    """Yield the subtrees below `depth` in which every child has one of the keys, with leaves at `stop`."""
    for key in keys:
        yield [depth, key, depth if depth < stop else leaf(key)]
        if depth < stop:
            yield from full(depth + 1, stop, keys, leaf)


def undecided_children(size: int) -> Document:
    """Make children whose bits are told apart one after the other."""
    width = int(size**0.5)
    X, labels, curvature = zigzag(width)
    keys = ["1" * k + "0" + "*" * (width - k - 1) for k in range(width)]
    children = [[4, key, CLOSED] for key in [*keys, "1" * width]]
    nodes = [*excluded(width), *children]
    return document(X, labels, [curvature, tree(width, 0, nodes)], circuits=[CIRCUIT])


def short_undecided_children(size: int) -> Document:
    """Make very many children of few bits."""
    X, labels, curvature = zigzag(16)
    way = [*excluded(16), *distinct(4, 3)]
    count = min(2**15, size // 42)
    children = [[8, f"{n:015b}*", CLOSED] for n in range(count)]
    return document(X, labels, [curvature, tree(16, 0, [*way, *children])], circuits=[CIRCUIT])


def wide_rows(size: int) -> Document:
    """Combine three rows of very many features in every leaf, never with the same multipliers twice."""
    points = 24
    features = size // 2 // (3 * points)
    labels = [n % 3 % 2 for n in range(points)]
    X = [[n * (1 + j % 4) for j in range(features)] for n in range(points)]
    none = [[n, "", n] for n in range(3)] + [[3, "", {"value": [[0, -1], [1, 2], [2, -1]]}]]
    multiplier = itertools.count(1)

    def leaf(key: str) -> Any:
        m = next(multiplier)
        return {"value": [[3, -m], [4, 2 * m], [5, -m]]}

    # bits 0, 1, 0 are those of no cell, whatever comes below
    way = [*excluded(1, "0"), *([n, "0", n] for n in range(4, 7))]
    nodes = [*way, *itertools.islice(full(7, 23, ("1", "0"), leaf), size // 2 // 25)]
    parts = [tree(0, 0, none, True), tree(1, 0, nodes, True)]
    return document(X, labels, parts, skip=True)


def many_neurons(size: int) -> Document:
    """Combine all samples in every leaf, for neurons that are active on other triples of them each."""
    bits, triples = 9, 40
    width = 2**bits
    X, labels, curvature = zigzag(width)
    features = max(1, size // 4 // (2 * width) // 3)
    X = [row * features for row in X]
    pattern = [key for _, key, _ in distinct(bits, 0)]
    way = [[n, pattern[(n - 1) // 3 % bits] if n else "", n] for n in range(3 * triples + 1)]
    value = []
    for t in range(triples):
        sign = 1 if (3 * t + 1) % 2 else -1  # so that the right-hand side is positive
        value += [[3 * t, -sign], [3 * t + 1, 2 * sign], [3 * t + 2, -sign]]
    left = size - len(json.dumps([X, labels, way, curvature], separators=(",", ":")))
    count = left // (len(json.dumps(value, separators=(",", ":"))) + width + 25)
    leaves = [[3 * triples + 1, f"{n:0{width}b}", {"value": value}] for n in range(count)]
    return document(X, labels, [curvature, tree(width, width, [*way, *leaves])])


def merges(size: int) -> Document:
    """Say in very deep leaves that two neurons are alike on every point."""
    points = size // 2 // 27
    X, labels, curvature = zigzag(2)
    X, labels = [[n] for n in range(points)], labels + [1] * (points - 4)
    bottom = points - int(math.log(size / 2 / 40, 3))
    way = [*excluded(2), *([n, "11", n] for n in range(4, bottom))]

    def leaf(key: str) -> Any:
        return CLOSED if key == "10" else {"merge": 0}

    nodes = [*way, *full(bottom, points, ("11", "00"), leaf)]
    # a branch without its child 10 is rejected when it ends: all leaves of the last one are seen before
    return document(X, labels, [curvature, tree(2, 2, nodes)], circuits=[CIRCUIT])


def circuits(size: int) -> Document:
    """Name one circuit of as many points as there may be, in every leaf."""
    features = int((size / 6) ** 0.5)
    depth = int(math.log2(size / 2 / 50))
    X = [[int(j == n) for j in range(features)] for n in range(features)]
    X += [[0] * features, [1] * features, *([2 + n] * features for n in range(depth))]
    circuit = [[n, 1] for n in range(features)] + [[features, 1 - features], [features + 1, -1]]
    first = tree(0, 0, [[0, "", 0], [1, "", {"value": [[0, 1]]}]])
    way = [[n, "1" if n else "", n] for n in range(features + 1)] + [[features + 1, "0", features + 1]]
    below = full(features + 3, len(X), ("1", "0"), lambda key: CLOSED)
    nodes = [*way, [features + 2, "0", features + 2], *below]
    return document(X, [1] * len(X), [first, tree(1, 1, nodes)], circuits=[circuit])


def equal_hashes(size: int) -> Document:
    """Different inputs of one hash."""
    count = size // 35
    return document([[hex(n * _PRIME)] for n in range(1, count + 1)], [0] * count, [])


def prime_denominators(size: int) -> Document:
    """One sample whose common denominator is a product of very many primes."""
    sieve = bytearray([1]) * 2_000_000
    for n in range(2, 1415):
        sieve[n * n :: n] = bytes(len(range(n * n, len(sieve), n)))
    primes = (n for n in range(2, len(sieve)) if sieve[n])
    return document([[f"1/{p}" for p in itertools.islice(primes, size // 13)]], [0], [])


def many_denominators(size: int) -> Document:
    """Make samples whose common denominators have almost as many bits as are allowed."""
    big, count = 3**2580, size // 12
    X = [f"1/{hex(big)}", *["1"] * count]
    return document([X] * 2, [0, 0], [])


def wide_witness(size: int) -> Document:
    """Make as many neurons as samples."""
    count = size // 2 // 16
    witness = {"kind": "network", "signs": [1] * count, "neurons": [[1, 0, 1]] * count, "skip": None}
    X, labels = [[n, 0] for n in range(count)], [count * (n + 1) for n in range(count)]
    return document(X, labels, [], upper_bound=count, witness=witness)


def line_witness(size: int) -> Document:
    """Make neurons of one feature whose denominators do not cancel."""
    count = int((size / 2) ** 0.5 / 2)
    rows = [[1, f"-1/{hex(16 ** (size // count // 2) + 2 * k + 1)}"] for k in range(count)]
    witness = {"kind": "network", "signs": [1] * count, "neurons": rows, "skip": None}
    samples = size // 2 // 25
    nothing = [None] * samples
    return document([[n] for n in range(samples)], nothing, [], upper_bound=count, witness=witness)


def long_witness(size: int) -> Document:
    """Make neurons whose numbers have long denominators, all different."""
    count = int((size / 2) ** 0.5 / 6)
    length = size // 2 // count
    rows = [[f"1/{hex(16**length + 2 * k + 1)}", 0, 1] for k in range(count)]
    witness = {"kind": "network", "signs": [1] * count, "neurons": rows, "skip": None}
    samples = size // 2 // 25
    nothing = [None] * samples
    return document([[n, 0] for n in range(samples)], nothing, [], upper_bound=count, witness=witness)


def long_polyline(size: int) -> Document:
    """Put many samples on one piece of a polyline of long numbers."""
    long = [hex(16**length + 1) for length in (90_000, 90_001, 90_002, 90_003)]
    points = [[f"-1/{long[0]}", f"1/{long[1]}"], [f"{long[2]}", f"1/{long[3]}"]]
    samples = (size - 4 * 90_000) // 14
    witness = {"kind": "polyline", "points": points}
    nothing = [None] * samples
    return document([[n] for n in range(samples)], nothing, [], skip=True, upper_bound=0, witness=witness)


def long_multipliers(size: int) -> Document:
    """Multipliers as long as they may be, of rows as long as they may be."""
    features = size // 2000
    big = hex(3**2580)
    X = [[f"{n}/{big}", *[n] * features] for n in range(3)]
    long = 16**99_000
    value = [[0, hex(-long)], [1, hex(2 * long)], [2, hex(-long)]]
    none = [[n, "", n] for n in range(3)] + [[3, "", {"value": value}]]
    return document(X, [0, 1, 0], [tree(0, 0, none, True)], skip=True)


def long_fractions(size: int) -> Document:
    """Fractions to be reduced."""
    numbers = [f"{hex(3**60_000 + n)}/{hex(2**95_001 + n)}" for n in range(size // 48_000)]
    points = [[n, number] for n, number in enumerate(numbers)]
    witness = {"kind": "polyline", "points": points}
    return document([[0]], [0], [], skip=True, upper_bound=len(points) - 2, witness=witness)


def empty_lists(size: int) -> Document:
    """As many values as fit."""
    return document([[0]], [0], [[]] * (size // 4))


KINDS: Final[tuple[Callable[[int], Document], ...]] = (
    undecided_children,
    short_undecided_children,
    wide_rows,
    many_neurons,
    merges,
    circuits,
    equal_hashes,
    prime_denominators,
    many_denominators,
    wide_witness,
    line_witness,
    long_witness,
    long_polyline,
    long_multipliers,
    long_fractions,
    empty_lists,
)


def measure(proof: Document) -> tuple[int, int, float, str]:
    """Return the bytes of a proof, those compressed, the seconds of its check, and the verdict."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proof.json"
        content = json.dumps(proof, separators=(",", ":")).encode()
        path.write_bytes(content)
        start = time.process_time()
        try:
            check_proof(path)
            verdict = "verified"
        except ProofError as error:
            verdict = f"rejected: {error}"
        return len(content), len(gzip.compress(content)), time.process_time() - start, verdict


def main(size: int, name: str = "") -> None:
    """Print the table."""
    print("| kind | bytes | gzip | seconds | verdict |\n|---|---|---|---|---|")
    for kind in KINDS:
        if name in kind.__name__:
            length, packed, seconds, verdict = measure(kind(size))
            row = (kind.__name__.replace("_", " "), str(length), str(packed), f"{seconds:.2f}", verdict[:160])
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10**6, *sys.argv[2:])
