"""What a proof's document claims of its witness and its problem, evaluated in fractions.

Shares nothing with the checker; numbers of a proof are read again and by other means.
"""

import itertools
import math
from fractions import Fraction


def number(value):
    """Read a number of a proof."""
    if isinstance(value, str) and "p" in value:
        return Fraction(float.fromhex(value))
    top, _, bottom = str(value).partition("/")
    return Fraction(int(top, 0), int(bottom or "1", 0))


def size_of(witness, objective="neurons"):
    """Count the neurons, weights or parameters of a witness; a bend of a polyline is one weight."""
    if witness["kind"] == "polyline":
        return len(witness["points"]) - 2
    if objective == "neurons":
        return len(witness["neurons"])
    last = -1 if objective == "weights" else None
    return sum(number(v) != 0 for neuron in witness["neurons"] for v in neuron[:last])


def contradict_themselves(fields):
    """Say whether equal inputs have intervals without a common value."""
    samples = list(zip(fields["X"], fields["low"], fields["high"], strict=True))
    return any(
        low is not None and high is not None and number(low) > number(high)
        for (x, low, _), (z, _, high) in itertools.product(samples, repeat=2)
        if [*map(number, x)] == [*map(number, z)]
    )


def within(low, value, high):
    return (low is None or value >= number(low)) and (high is None or value <= number(high))


def dot(row, vector):
    return sum((a * number(b) for a, b in zip(row, vector, strict=True)), Fraction(0))


def network_fits(fields, witness):
    """Evaluate a witness of one output, and hold it against every interval."""
    for x, low, high in zip(fields["X"], fields["low"], fields["high"], strict=True):
        row = [*map(number, x), Fraction(1)]
        if witness["kind"] == "polyline":
            value = polyline([(number(t), number(v)) for t, v in witness["points"]], row[0])
        else:
            inputs = [dot(row, neuron) for neuron in witness["neurons"]]
            value = sum((s * max(0, z) for s, z in zip(witness["signs"], inputs, strict=True)), Fraction(0))
            value += 0 if witness["skip"] is None else dot(row, witness["skip"])
        if not within(low, value, high):
            return False
    return True


def polyline(points, x):
    n = max(1, min(len(points) - 1, sum(t < x for t, _ in points)))
    (t, u), (v, w) = points[n - 1], points[n]
    return u + (w - u) * (x - t) / (v - t)


def outputs_at(witness, x, count):
    """Evaluate the outputs of a network with several."""
    row = [*map(number, x), Fraction(1)]
    inputs = [max(Fraction(0), dot(row, neuron)) for neuron in witness["neurons"]]
    found = [dot(inputs, [v[j] for v in witness["outputs"]]) for j in range(count)]
    if witness["skip"] is not None:
        found = [value + dot(row, witness["skip"][j]) for j, value in enumerate(found)]
    return found


def outputs_fit(document):
    """Whether each output of a witness meets its own intervals."""
    outputs, witness = document["outputs"], document["witness"]
    for x, low, high in zip(document["problem"]["X"], outputs["low"], outputs["high"], strict=True):
        values = outputs_at(witness, x, len(outputs["direction"]))
        if not all(itertools.starmap(within, zip(low, values, high, strict=True))):
            return False
    return True


def sums_are_held(document):
    """Whether the problem's intervals hold the sums of the outputs'."""
    outputs, problem = document["outputs"], document["problem"]
    direction = [int(number(c)) for c in outputs["direction"]]
    for i in range(len(problem["X"])):
        for side, other in (("low", "high"), ("high", "low")):
            end = problem[side][i]
            if end is None:
                continue
            parts = [(c, outputs[side if c > 0 else other][i][j]) for j, c in enumerate(direction) if c]
            if not parts or any(part is None for _, part in parts):
                return False
            total = sum((c * number(part) for c, part in parts), Fraction(0))
            if (total < number(end)) if side == "low" else (total > number(end)):
                return False
    return True


def classes_fit(document):
    """Whether the largest output of a witness is that of each sample's class, by the margin."""
    classes = document["classes"]
    for x, label in zip(classes["X"], classes["labels"], strict=True):
        values = outputs_at(document["witness"], x, classes["count"])
        others = [value for j, value in enumerate(values) if j != label]
        if others and values[label] - max(others) < number(classes["margin"]):
            return False
    return True


def pair_is_asked_for(document):
    """Whether the problem is to separate the samples of the two classes."""
    classes, problem = document["classes"], document["problem"]
    one, other = classes["pair"]
    margin = number(classes["margin"])
    rows = [
        ([*map(number, x)], c)
        for x, c in zip(classes["X"], classes["labels"], strict=True)
        if c in (one, other)
    ]
    asked = [
        ([*map(number, x)], low if low is None else number(low), high if high is None else number(high))
        for x, low, high in zip(problem["X"], problem["low"], problem["high"], strict=True)
    ]
    wanted = [(x, margin, None) if c == one else (x, None, -margin) for x, c in rows]
    return asked == wanted and margin > 0 and one != other


def some_order_is_possible(document):
    """Whether along some direction the classes of points in the plane, or on a line, keep apart."""
    X = [[*map(number, x), *[Fraction(0)] * (2 - len(x))] for x in document["classes"]["X"]]
    labels = document["classes"]["labels"]
    # turns at which two samples change places, and one direction between each two of them
    # (axes besides, so that no two neighbours are opposite)
    turns = {(b[1] - a[1], a[0] - b[0]) for a, b in itertools.permutations(X, 2) if a != b}
    turns |= {(1, 0), (0, 1), (-1, 0), (0, -1)}
    ordered = sorted(turns, key=lambda w: math.atan2(float(w[1]), float(w[0])))
    between = [
        (unit(a)[0] + unit(b)[0], unit(a)[1] + unit(b)[1])
        for a, b in zip(ordered, ordered[1:] + ordered[:1], strict=True)
    ]
    return any(keeps_apart(X, labels, w) for w in [*turns, *between])


def unit(vector):
    """Return the vector with a largest entry of size 1, so that sums lie between."""
    largest = max(map(abs, vector))
    return [Fraction(value) / largest for value in vector]


def keeps_apart(X, labels, w):
    values = {}
    for x, label in zip(X, labels, strict=True):
        values.setdefault(label, []).append(sum(a * b for a, b in zip(x, w, strict=True)))
    spans = sorted((min(span), max(span)) for span in values.values())
    return all(before[1] < after[0] for before, after in itertools.pairwise(spans))
