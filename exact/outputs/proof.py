"""The proof for several outputs: one for the sum of outputs in a direction, with the data that it sums up."""

import gzip
import json
import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from sparsest.check import FORMAT
from sparsest.decimals import in_integers
from sparsest.exact.arithmetic.number_text import end_text, number_text
from sparsest.exact.outputs.shared_network import RationalSharedNetwork, shared_document
from sparsest.exact.proof.writer import document_without_parts
from sparsest.files import write_atomically
from sparsest.multi_output_problem import MultiOutputProblem

VERSION = 2


def write_proof(
    path: Path,
    problem: MultiOutputProblem,
    direction: Sequence[int] | None,
    scalar: Path | None,
    network: RationalSharedNetwork | None,
    lower_bound: int,
) -> tuple[str, bool]:
    """Write a proof for several outputs, atomically, compressed if the name ends in ``.gz``.

    Parameters
    ----------
    path : Path
        Where to.
    problem : MultiOutputProblem
        The data.
    direction : sequence of int (m,), optional
        That of the sum whose neurons `scalar` bounds; None where nothing is proven from below.
    scalar : Path, optional
        The proof for ``problem.along(direction)``, as the search wrote it.
    network : RationalSharedNetwork, optional
        The witness of the upper bound.
    lower_bound : int
        What was proven in that direction.

    Returns
    -------
    tuple of str and bool
        What it shows less than was asked, usually empty, and whether it was written.
    """
    return write_document(path, _document(problem, direction, scalar, network), lower_bound)


def write_document(path: Path, document: dict[str, Any], lower_bound: int) -> tuple[str, bool]:
    """Write a proof that may show less than a lower bound; return that, and whether it was written."""
    try:
        content = (json.dumps(document) + "\n").encode()
        compressed = path.name.lower().endswith(".gz")
        write_atomically(path, gzip.compress(content, mtime=0) if compressed else content)
    except OSError as error:  # a full disk must not cost the result
        return f"the proof could not be written: {path}: {error.strerror or error}", False
    shown = document["lower_bound"]
    less = f"the proof file shows less: at least {shown} neurons" if shown < lower_bound else ""
    return less, True


def _document(
    problem: MultiOutputProblem,
    direction: Sequence[int] | None,
    scalar: Path | None,
    network: RationalSharedNetwork | None,
) -> dict[str, Any]:
    if direction is None or scalar is None:
        direction = [int(j == 0) for j in range(problem.n_outputs)]
        found = document_without_parts(problem.along(direction))
    else:
        found = json.loads(scalar.read_bytes())
    places = found["problem"].get("places", [0] * (problem.n_features + 1))
    unit = 10 ** places[-1]
    scales = [10**k for k in places[:-1]]
    return {
        "format": FORMAT,
        "version": VERSION,
        "objective": "neurons",
        "outputs": {
            "direction": list(direction),
            "low": _ends(problem, "low", unit),
            "high": _ends(problem, "high", unit),
        },
        "problem": found["problem"],
        "lower_bound": found["lower_bound"],
        "upper_bound": None if network is None else len(network.neurons),
        "witness": None if network is None else shared_document(network, scales, unit),
        "circuits": found["circuits"],
        "parts": found["parts"],
    }


def _ends(problem: MultiOutputProblem, side: str, unit: int) -> list[list[int | str | None]]:
    """Return one end of every interval, exactly, times a unit."""
    columns = []
    for output in problem.outputs:
        places = output.places[-1]
        factor = Fraction(unit, 10**places)
        numbers = in_integers(getattr(output, side), places).tolist()
        if factor == 1:
            columns.append([end_text(v) for v in numbers])
        else:
            columns.append([number_text(Fraction(v) * factor) if math.isfinite(v) else None for v in numbers])
    return [list(row) for row in zip(*columns, strict=True)]
