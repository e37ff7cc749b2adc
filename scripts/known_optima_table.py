"""The known optima that come with the package, and what each rests on, as docs/known-optima.md has them.

    python scripts/known_optima_table.py

Every proof is verified on the way.
"""

from sparsest import check_proof, datasets
from sparsest.benchmarks.known_optima.entries import Claim, Optimum, read_directory, shipped_directory

_HEADER = ("data", "N", "d", "affine", "counted", "asked", "optimum", "rests on", "kB")


def rows() -> list[tuple[str, ...]]:
    """Return one row an entry, in the order of the files."""
    return [
        _row(optimum, optimum.claim)
        for file in read_directory(shipped_directory())
        for optimum in file.optima
        if optimum.claim is not None
    ]


def _row(optimum: Optimum, claim: Claim) -> tuple[str, ...]:
    asked = optimum.asked
    inputs = datasets.parse(optimum.data).X
    terms = [
        f"{word} {value:g}"
        for word, value in (("tolerance", asked.tolerance), ("bound", asked.weight_bound))
        if value is not None
    ]
    if claim.proof_file is None:
        rests, size = "a solver's tolerances", ""
    else:
        path = optimum.path.parent / claim.proof_file
        kinds = check_proof(path).kinds
        rests, size = ", ".join(kinds) or "the witness", f"{path.stat().st_size / 1000:.1f}"
    optimal = str(claim.lower) if claim.lower == claim.upper else f"{claim.lower} to {claim.upper}"
    return (
        optimum.data,
        *map(str, inputs.shape),
        str(asked.affine),
        str(optimum.objective),
        ", ".join(terms),
        optimal,
        rests,
        size,
    )


def table() -> str:
    """Return the rows in Markdown."""
    lines = [_HEADER, ("---",) * len(_HEADER), *rows()]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


if __name__ == "__main__":
    print(table())
