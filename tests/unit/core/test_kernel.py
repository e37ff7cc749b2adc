"""The checker's kernel: how much is to be believed, what it calls, and that no wrong answer fools it."""

import ast
import bisect
import builtins
import functools
import importlib.util
import io
import re
import sys
import tokenize
from pathlib import Path

import pytest
from proof_mutants import LABELLED, PACKED, PROBLEMS, proof_by_packing, proof_of

import sparsest
from sparsest import Problem

SOURCE = Path(sparsest.__file__).with_name("check.py")
TEXT = SOURCE.read_text(encoding="utf-8")
FORMAT = Path(__file__).resolve().parents[3] / "docs" / "proof-format.md"
RULE = re.compile(r"^# =+\n# (?P<name>THE \w+|READING|DATA|KERNEL, part \w+|KERNEL|FINDING)", re.MULTILINE)

# What the kernel may take from the rest of the file, beside the standard library.
LIMITS = {"MAX_NEURONS", "LOAD_UNITS", "MAX_CLASS_NEURONS", "WORK_OF_CLASSES", "_REMEMBERED"}
LIMITS |= {"FIXED_BITS", "PIVOT_BITS", "PIVOT_ERROR_BITS"}
WORK = {"_Work", "_digits", "_units", "_sum_units", "_size_of", "_common", "_common_denominator"}
READERS = {"_fields", "_list", "_row", "_flag", "_whole", "_index", "_indices", "_sign", "_multiplier"}
READERS |= {"_bits", "_nodes", "_pairs", "_triples", "_weights", "_ranges"}
WORDS = {"ProofError", "_shown", "_spell_path"}
TYPES = {"Document", "Point", "_Vector", "_Kind", "_Problem", "_Outputs", "_ClassedSamples"}
# The kernel verifies what these find; the last only says which linear functions are worth comparing.
FINDERS = {"_read_network", "_find_combination", "_find_partners", "_views", "_find_factors", "_find_inverse"}
FINDERS |= {"_read_shared_network"}


def sections():
    """Return the first and the last line of each section."""
    starts = [(match["name"], TEXT.count("\n", 0, match.start()) + 1) for match in RULE.finditer(TEXT)]
    ends = [line - 1 for _, line in starts[1:]] + [TEXT.count("\n")]
    return {name: (start, end) for (name, start), end in zip(starts, ends, strict=True)}


def lines_of_code():
    """Return the numbers of lines that are neither blank nor all comment or docstring."""
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    found = set()
    for token in tokenize.generate_tokens(io.StringIO(TEXT).readline):
        if token.type not in skipped and token.string:
            found.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(TEXT)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and ast.get_docstring(node):
            found.difference_update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return found


@functools.cache
def counts():
    code = lines_of_code()
    found = {
        name.removeprefix("KERNEL, part "): (end - start + 1, len(code & set(range(start, end + 1))))
        for name, (start, end) in sections().items()
        if name.startswith("KERNEL, part")
    }
    return found | {"all": tuple(map(sum, zip(*found.values(), strict=True)))}


def test_the_lines_to_believe_are_as_many_as_is_said():
    """No part grows unseen: the counts stand in the file and in docs/proof-format.md."""
    found = counts()
    said = re.search(r"# (\d+) lines, (\d+) of them code, in twelve parts", TEXT)
    assert tuple(map(int, said.groups())) == found["all"]
    table = re.findall(r"^\| `?([A-Z]+|all)`? \| (\d+) \| (\d+) \|", FORMAT.read_text("utf-8"), re.MULTILINE)
    assert {name: (int(lines), int(code)) for name, lines, code in table} == found


# Parts of the kernel that a lower bound of each kind rests on.
NEEDED = {
    "curvature": ("CLAIMS", "NEURONS", "KNOTS"),
    "tree": ("CLAIMS", "NEURONS", "SUMS", "TREES"),
    "packing": ("CLAIMS", "NEURONS", "SUMS", "PACKING"),
    "gaps": ("CLAIMS", "NEURONS", "KNOTS", "GAPS"),
    "densest": ("CLAIMS", "NEURONS", "CLASSES"),
    "orders": ("CLAIMS", "NEURONS", "SUMS", "LABELS"),
    "curvature of weights": ("CLAIMS", "KNOTS", "ENTRIES"),
    "packing of weights": ("CLAIMS", "SUMS", "PACKING", "ENTRIES"),
    "supports": ("CLAIMS", "SUMS", "TREES", "ENTRIES"),
}
# Lines of code that one kind of lower bound may rest on.
MOST = 400


def test_the_lines_that_each_claim_rests_on_are_as_many_as_is_said():
    rows = re.findall(
        r"^\| [^|]+ \| ([A-Z, ]+) \| (\d+) \| (\d+) \|", FORMAT.read_text("utf-8"), re.MULTILINE
    )
    found = counts()
    for parts, *said in rows:
        sums = (sum(found[part][k] for part in parts.split(", ")) for k in (0, 1))
        assert list(map(int, said)) == list(sums)
    assert {tuple(parts.split(", ")) for parts, *_ in rows} >= set(NEEDED.values())


@pytest.mark.parametrize("kind", NEEDED)
def test_the_lines_of_code_that_one_kind_of_lower_bound_rests_on(kind):
    assert sum(counts()[part][1] for part in NEEDED[kind]) < MOST


def running(document):
    """Return the parts of the kernel of which something runs while a lower bound is verified."""
    starts = {name: start for name, (start, _) in sections().items() if name.startswith("KERNEL, part")}
    lines, names = [*starts.values()], [name.removeprefix("KERNEL, part ") for name in starts]
    end = max(last for name, (_, last) in sections().items() if name.startswith("KERNEL"))
    found = set()

    def watch(frame, event, _):
        code = frame.f_code
        # circuits are read in any case, and none is here where no part rests on them
        if event == "call" and code.co_filename == str(SOURCE) and code.co_name != "_circuits":
            place = bisect.bisect_right(lines, code.co_firstlineno) - 1
            found.update([names[place]] if place >= 0 and code.co_firstlineno <= end else [])

    sys.setprofile(watch)
    try:
        kinds = sparsest.check_proof(document | {"upper_bound": None, "witness": None}).kinds
    finally:
        sys.setprofile(None)
    return kinds, found


def test_what_runs_is_what_the_bound_is_said_to_rest_on():
    line = Problem([0, 1, 2, 3], [0, 1, 0, 1], affine="skip")
    documents = [proof_of(line), proof_of(PROBLEMS[0], "tree"), proof_by_packing(PACKED[0])]
    documents += [*TRUE, proof_of(LABELLED[0]), proof_of(line, objective="weights")]
    documents += [proof_by_packing(PACKED[3], "weights")]
    seen = set()
    for document in documents:
        kinds, found = running(document)
        if document["objective"] == "weights":
            kinds = [kind if kind == "supports" else f"{kind} of weights" for kind in kinds]
        assert found == set().union(*(NEEDED[kind] for kind in kinds))
        seen.update(kinds)
    assert seen == set(NEEDED)


def defined_by(statement):
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def test_the_kernel_calls_nothing_but_itself_and_what_is_named_here():
    tree, found = ast.parse(TEXT), sections()
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    own, used = set(), set()
    first = min(start for name, (start, _) in found.items() if name.startswith("KERNEL"))
    last = max(end for name, (_, end) in found.items() if name.startswith("KERNEL"))
    for statement in tree.body:
        if first <= statement.lineno <= last:
            own |= defined_by(statement)
            names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
            bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
            bound |= {node.arg for node in ast.walk(statement) if isinstance(node, ast.arg)}
            bound |= {n.name for n in ast.walk(statement) if isinstance(n, ast.ExceptHandler) and n.name}
            used |= {node.id for node in names if isinstance(node.ctx, ast.Load)} - bound
    assert used - own - imported - set(dir(builtins)) == LIMITS | WORK | READERS | WORDS | TYPES | FINDERS
    # no file, and nothing that is looked up by name
    assert used & imported <= {
        *("Any", "Callable", "Iterable", "Iterator", "Mapping", "Sequence", "Fraction"),
        *("copy", "dataclasses", "functools", "itertools", "math", "operator"),
    }
    assert not used & {"eval", "exec", "getattr", "setattr", "globals", "open", "__import__"}


# The file with other answers in FINDING: what it accepts is true all the same.

LIES = {
    "everything is a combination of nothing": (
        "_find_combination = lambda c, t, w, wall=False: ([], 1, [0] * len(t))"
    ),
    "everything is a combination, with a wall": (
        "_find_combination = lambda c, t, w, wall=False: ([(0, 1)], 1, [1] * len(t))"
    ),
    "a wall of another sign": "_find_combination = lambda c, t, w, wall=False: ([(0, -1)], 1, [-1] * len(t))",
    "no wall at all": "_find_combination = lambda c, t, w, wall=False: ([], 0, [])",
    "partners in order": "_find_partners = lambda large, small, w: list(range(len(small)))",
    "one partner for all": "_find_partners = lambda large, small, w: [0] * len(small)",
    "no partners": "_find_partners = lambda large, small, w: []",
    "another view": "_views = lambda problem, order: [(1, 2, 3, 4)]",
    "a network of nothing": "_read_network = lambda *a: ([], [], None)",
    "a constant": "_read_network = lambda p, *a: ([], [], (Fraction(0),) * (p.size - 1) + (Fraction(1),))",
    "no factors": "_find_factors = lambda columns, target: [Fraction(0)] * len(columns)",
    "a factor of each": "_find_factors = lambda columns, target: [Fraction(1)] * len(columns)",
    "an inverse of nothing": "_find_inverse = lambda matrix, w: ([], 1)",
    "an inverse of zeros": "_find_inverse = lambda matrix, w: ([[0] * len(matrix)] * len(matrix), 0)",
    "the same inverse for all": (
        "_find_inverse = lambda matrix, w: ([[int(i == j) for j in range(len(matrix))]"
        " for i in range(len(matrix))], 1)"
    ),
    # the last number of a neuron is its bias, which weights do not count
    "weights for biases": "_read_network = lambda *a: ([1], [(Fraction(1),)], None)",
    "an output weight": "_read_network = lambda p, *a: ([2], [(Fraction(0),) * p.size], None)",
    "neurons without a sign": "_read_network = lambda p, *a: ([], [(Fraction(1),) * p.size], None)",
}


def lying(lie, folder):
    """Return the file as a module of its own, with another answer."""
    path = folder / "lying.py"
    head, end = TEXT.split('\n\nif __name__ == "__main__":')
    path.write_text(f"{head}\n\n{lie}\n\nif __name__ == '__main__':{end}", encoding="utf-8")
    spec = importlib.util.spec_from_file_location("lying", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["lying"] = module  # dataclasses look for it there
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules["lying"]
    return module


# Slopes -1.25, -3.75, ... of samples two on a link; the changes 4 and 6 do not add up to 5, so that beside a
# constant not 2 neurons suffice, but 3 (tests/unit/core/test_gap_proofs.py).
LINE = {
    "X": [["1/4"], ["3/4"], ["5/4"], ["7/4"], ["9/4"], ["11/4"]],
    "low": ["-5/4", "-15/4", "-21/4", "-23/4", "-19/4", "-9/4"],
    "high": ["-5/4", "-15/4", "-21/4", "-23/4", "-19/4", "-9/4"],
    "skip": False,
    "constant": True,
    "weight_bound": None,
}
KNOTS = {"kind": "curvature", "triples": [[0, 1, 2, 1], [2, 3, 4, 1]]}
# y = x_0 on the origin and the corners of three features: one weight is enough, and needed.
CORNERS = {
    "X": [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "low": [0, 1, 0, 0],
    "high": [0, 1, 0, 0],
    "skip": False,
    "weight_bound": None,
}
# The origin and the first corner are one point to a neuron on the other features.
ALIKE = {"features": [1, 2], "weights": [[0, 1], [1, -1]]}
RISE, NO_CELL = {"value": [[1, 1], [0, -1]]}, {"circuit": [0, 0]}
NONE = {"kind": "supports", "neurons": [], "nodes": [[0, "", 0], [1, "", 1], [2, "", RISE]]}
FORK = [
    [0, "", 0],
    [1, "1", 1],
    [2, "1", RISE],
    [2, "0", NO_CELL],
    [1, "0", 1],
    [2, "1", NO_CELL],
    [2, "0", RISE],
]
OTHERS = [{"kind": "supports", "neurons": [[[1, 2], sign]], "nodes": FORK} for sign in (1, -1)]
FIRST = {"kind": "network", "signs": [1], "neurons": [[1, 0, 0, 0]], "skip": None}


def claim(objective, problem, lower, parts, upper=None, witness=None):
    version, circuits = (1, []) if objective == "neurons" else (2, [ALIKE])
    document = {"format": "sparsest/proof", "version": version, "objective": objective, "problem": problem}
    document |= {"lower_bound": lower, "upper_bound": upper, "witness": witness}
    return document | {"circuits": circuits, "parts": parts}


def gaps(*widths):
    return [{"kind": "gaps", "neurons": k, "sample": 3, "before": [], "after": []} for k in widths]


def densest(positive, step):
    return {"kind": "densest", "neurons": 1, "positive": positive, "step": step}


def on_line(labels, box, point):
    """As if one neuron, active on five points above 0, were a function in a box, which misses a point."""
    X = [[x] for x in range(1, 6)]
    after = {"points": [point], "patterns": [], "plan": [], "boxes": []}
    step = {"points": list(range(5)), "patterns": ["1"], "plan": []}
    step["boxes"] = [{"box": box, "next": {"1": after}}] * bool(box)
    none = after | {"points": [0]}
    problem = {"X": X, "low": labels, "high": labels, "skip": False, "weight_bound": None}
    parts = [densest(0, none) | {"neurons": 0}, densest(0, none), densest(1, step)]
    return claim("neurons", problem, 2, parts)


BEND, RISE_ALONE = [1, 2, 3, 4, 9], [1, 2, 3, 4, 5]

TRUE = [
    claim("neurons", LINE, 3, [KNOTS, *gaps(2)]),
    claim("weights", CORNERS, 1, [NONE, *OTHERS], 1, FIRST),
    on_line(BEND, [], 0),
]
FALSE = [
    claim("neurons", LINE, 4, [KNOTS, *gaps(2, 3)]),
    claim("weights", CORNERS, 2, [NONE, *OTHERS]),  # as if those neurons held one on the first feature
    claim("weights", CORNERS, 0, [], 0, FIRST),
    # y = x on all of them
    on_line(RISE_ALONE, [], 0),
    on_line(RISE_ALONE, [[5, 6], [0, 1]], 0),
    on_line(RISE_ALONE, [[0, "1/2"], [0, "1/2"]], 4),
]


@pytest.mark.parametrize("lie", ["", *LIES])
def test_whatever_is_found_nothing_false_is_accepted(lie, tmp_path):
    module = lying(LIES.get(lie, ""), tmp_path)
    for document in FALSE:
        with pytest.raises(module.ProofError):
            module.check_proof(document)
    if not lie:
        assert [module.check_proof(document).lower_bound for document in TRUE] == [3, 1, 2]
