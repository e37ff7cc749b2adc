"""Write the lower bound of a proof as VIPR files, which checkers of mixed-integer programs verify.

Cheung, Gleixner and Steffy, Verifying Integer Programming Results, IPCO 2017. What is written, and why it
means what the proof means: docs/vipr.md.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sparsest.check import check_proof
from sparsest.errors import InputError
from sparsest.exact.proof.vipr.derivation import MAX_LINES, refuse_too_many_lines
from sparsest.exact.proof.vipr.read_proof import ProofDocument
from sparsest.exact.proof.vipr.refutation import Refutation
from sparsest.files import write_atomically


def export(document: Mapping[str, Any], folder: str | os.PathLike[str]) -> list[Path]:
    """Write one file for each number of positive output signs that K = lower bound - 1 neurons can have.

    Each says that one mixed-integer program is infeasible, which means that no network of K neurons, the
    first P with output sign 1, meets every interval. All together are the proof's lower bound.

    Parameters
    ----------
    document : mapping
        A proof, as `sparsest.check.read` returns it; it is verified first.
    folder : path
        Where the files go, made if need be: ``3-neurons-1-positive.vipr``.

    Returns
    -------
    list of Path
        The K + 1 files.

    Raises
    ------
    ProofError
        When the proof is not accepted.
    InputError
        When there is nothing to export, or what there is cannot be: nothing is written then.
    """
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is not a folder: name one for the VIPR files")
    texts = dict(certificates(document))
    target.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_atomically(target / name, text.encode())
    return [target / name for name in texts]


def certificates(document: Mapping[str, Any], max_lines: int = MAX_LINES) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file that `export` writes, of at most so many lines."""
    width = check_proof(document).lower_bound - 1
    if width < 0:
        raise InputError("the proof's lower bound is 0: it refutes no network, so there is nothing to export")
    proof = ProofDocument(document)
    # the program itself, before it is built
    refuse_too_many_lines((6 * width + 2) * len(proof.points.rows), max_lines)
    for positive in range(width + 1):
        refutation = Refutation(proof, positive, width, max_lines)
        lines = refutation.lines.text(refutation.run(), _comments(refutation))
        yield f"{width}-neurons-{positive}-positive.vipr", "\n".join(lines) + "\n"


def _comments(refutation: Refutation) -> list[str]:
    points, width, positive = refutation.proof.points, refutation.width, refutation.positive
    affine = " and an affine term" if points.skip else ""
    return [
        f"Networks of {width} neurons, {positive} of output sign 1 and {width - positive} of -1{affine},",
        f"that meet every interval of {len(points.rows)} points, {points.size - 1} features each: none.",
        "u<k>_<j>: neuron k, its bias last; h<k>_<p>: its output on point p; z<k>_<p>: whether it is active.",
    ]
