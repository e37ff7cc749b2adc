"""A strict checker of VIPR 1.0 files, written from the specification; it shares nothing with the package.

Only files that prove infeasibility. Stricter than the specification: only assumptions can be discharged.
"""

import dataclasses
import math
from fractions import Fraction


class RejectedError(Exception):
    """The file does not prove that its program is infeasible."""


@dataclasses.dataclass
class Line:
    """``sum of coefficients >= (1), <= (-1) or = (0) right``, under assumptions: numbers of lines."""

    sense: int
    right: Fraction
    coefficients: dict[int, Fraction]
    assumptions: frozenset[int] = frozenset()
    is_assumption: bool = False
    last_use: int = -1

    @property
    def absurd(self):
        signs = (self.sense >= 0 and self.right > 0) or (self.sense <= 0 and self.right < 0)
        return not self.coefficients and signs

    def dominates(self, other):
        if self.absurd:
            return True
        if self.coefficients != other.coefficients or self.sense not in (0, other.sense):
            return False
        return (self.right - other.right) * other.sense >= 0 and (
            other.sense != 0 or self.right == other.right
        )


@dataclasses.dataclass
class Program:
    variables: list[str]
    integers: set[int]
    names: list[str]
    rows: list[Line]


class _Tokens:
    def __init__(self, text):
        body = [line for line in text.splitlines() if not line.startswith("%")]
        self.left = iter(" ".join(body).split())

    def word(self, *expected):
        word = next(self.left, "the end")
        if expected and word not in expected:
            raise RejectedError(f"{word} where {expected} belongs")
        return word

    def index(self, below):
        value = int(self.word())
        if not 0 <= value < below:
            raise RejectedError(f"index {value} is not below {below}")
        return value

    def pairs(self, below):
        pairs = {}
        for _ in range(self.index(10**9)):
            index = self.index(below)
            if index in pairs:
                raise RejectedError("an index occurs twice")
            pairs[index] = Fraction(self.word())
        return pairs

    def constraint(self, variables):
        name, sense = self.word(), {"G": 1, "L": -1, "E": 0}[self.word("G", "L", "E")]
        right = Fraction(self.word())
        coefficients = {j: a for j, a in self.pairs(variables).items() if a}
        return name, Line(sense, right, coefficients)


def check(text):
    """Return the program that a file proves infeasible."""
    tokens = _Tokens(text)
    tokens.word("VER")
    tokens.word("1.0")
    tokens.word("VAR")
    variables = [tokens.word() for _ in range(tokens.index(10**9))]
    tokens.word("INT")
    integers = {tokens.index(len(variables)) for _ in range(tokens.index(10**9))}
    tokens.word("OBJ")
    tokens.word("min", "max")
    tokens.pairs(len(variables))
    tokens.word("CON")
    count, bounds = tokens.index(10**9), tokens.index(10**9)
    named = [tokens.constraint(len(variables)) for _ in range(count)]
    if any(len(line.coefficients) != 1 for _, line in named[:bounds]):
        raise RejectedError("a bound is on one variable")
    tokens.word("RTP")
    tokens.word("infeas")
    tokens.word("SOL")
    tokens.word("0")
    program = Program(variables, integers, [name for name, _ in named], [line for _, line in named])
    lines = list(program.rows)
    tokens.word("DER")
    derived = tokens.index(10**9)
    for _ in range(derived):
        lines.append(_derived(tokens, lines, program))
    if tokens.word() != "the end":
        raise RejectedError("something follows")
    if not derived or not lines[-1].absurd or lines[-1].assumptions:
        raise RejectedError("the last line is no contradiction without assumptions")
    return program


def _derived(tokens, lines, program):
    _, line = tokens.constraint(len(program.variables))
    tokens.word("{")
    reason = tokens.word("asm", "lin", "rnd", "uns")
    if reason == "asm":
        line.is_assumption, line.assumptions, used = True, frozenset([len(lines)]), []
    elif reason == "uns":
        used = [tokens.index(len(lines)) for _ in range(4)]
        _check_cases(line, *(lines[i] for i in used), program.integers)
        first, one, second, other = used
        line.assumptions = (lines[first].assumptions - {one}) | (lines[second].assumptions - {other})
    else:
        multipliers = tokens.pairs(len(lines))
        used = list(multipliers)
        found = _combination([(lines[i], m) for i, m in multipliers.items() if m])
        if reason == "rnd":
            _round(found, program.integers)
        if not found.dominates(line):
            raise RejectedError("a combination does not give what it should")
        line.assumptions = frozenset().union(*(lines[i].assumptions for i in used))
    tokens.word("}")
    line.last_use = int(tokens.word())
    if any(0 <= lines[i].last_use < len(lines) for i in used if i >= len(program.rows)):
        raise RejectedError("a line is used after its last use")
    return line


def _combination(used):
    directions = {line.sense * (1 if m > 0 else -1) for line, m in used if line.sense}
    if len(directions) > 1:
        raise RejectedError("multipliers point both ways")
    total = Line(
        directions.pop() if directions else 0, sum((m * line.right for line, m in used), Fraction(0)), {}
    )
    for line, m in used:
        for j, a in line.coefficients.items():
            total.coefficients[j] = total.coefficients.get(j, Fraction(0)) + m * a
    total.coefficients = {j: a for j, a in total.coefficients.items() if a}
    return total


def _round(line, integers):
    if any(j not in integers or a.denominator != 1 for j, a in line.coefficients.items()) or not line.sense:
        raise RejectedError("a row that cannot be rounded")
    line.right = Fraction(math.floor(line.right) if line.sense < 0 else math.ceil(line.right))


def _check_cases(line, first, one, second, other, integers):
    if not (one.is_assumption and other.is_assumption):
        raise RejectedError("a case is no assumption")
    low, high = (one, other) if one.sense < 0 else (other, one)
    if (low.sense, high.sense) != (-1, 1) or low.coefficients != high.coefficients:
        raise RejectedError("the cases are not opposite")
    if low.right.denominator != 1 or low.right + 1 != high.right:
        raise RejectedError("the cases leave a gap")
    if any(j not in integers or a.denominator != 1 for j, a in low.coefficients.items()):
        raise RejectedError("the cases are not about integers")
    if not (first.dominates(line) and second.dominates(line)):
        raise RejectedError("a case does not give what it should")
