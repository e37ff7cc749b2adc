"""Least path norms that branch and bound has certified once, frozen in a file beside their suite.

The file is JSON: the command that makes it, and one entry for each problem, objective and exponent. Problems
go by their digests, so that a norm is never held against other data.
"""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from sparsest.errors import InputError
from sparsest.files import refuse_large_file, write_atomically
from sparsest.io.strict_json import fields_of, parse
from sparsest.objectives import Objective
from sparsest.problem import Problem

_FORMAT: Final = "sparsest/certified-norms"
_VERSION: Final = 1


class LeastNorm(NamedTuple):
    """An interval that holds the least path norm: no network that fits is below it, and one is at its end."""

    lower: float
    upper: float


# Digest of the problem, objective, exponent.
NormKey = tuple[str, Objective, float]


@dataclasses.dataclass(frozen=True)
class CertifiedNorm:
    """An entry of the file.

    Attributes
    ----------
    data : str
        The problem as its suite names it, for readers.
    digest : str
        Of the problem.
    objective : Objective
        What the path norm is taken of.
    p : float
        Its exponent.
    lower, upper : float
        Bounds, within `sparsest.tolerances.PATH_NORM_GAP` of each other.
    seconds : float
        That branch and bound took.
    """

    data: str
    digest: str
    objective: Objective
    p: float
    lower: float
    upper: float
    seconds: float

    @property
    def bounds(self) -> LeastNorm:
        """Both bounds."""
        return LeastNorm(self.lower, self.upper)


def norm_key(problem: Problem, objective: Objective, p: float) -> NormKey:
    """Return what names a least path norm."""
    return problem.digest, objective, p


def read_certified(path: Path) -> dict[NormKey, CertifiedNorm]:
    """Read what `write_certified` wrote.

    Raises
    ------
    InputError
        When there is no such file, or something in it is wrong.
    """
    refuse_large_file(path)
    try:
        document = parse(path.read_bytes())
        if not isinstance(document, dict) or document.get("format") != _FORMAT:
            raise ValueError(f"it is not of format {_FORMAT!r}")
        if document.get("version") != _VERSION:
            raise ValueError(f"it is of version {document.get('version')!r:.20}")
        entries = [CertifiedNorm(**fields_of(CertifiedNorm, entry)) for entry in document["norms"]]
        return {(each.digest, each.objective, each.p): _checked(each) for each in entries}
    except OSError as error:
        raise InputError(f"certified norms {path}: {error.strerror}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"certified norms {path}: {error!s:.200}") from None


def _checked(entry: CertifiedNorm) -> CertifiedNorm:
    if not 0 <= entry.lower <= entry.upper < math.inf:
        raise ValueError(f"{entry.data}: {entry.lower:g} and {entry.upper:g} are no bounds of a path norm")
    return entry


def write_certified(
    path: Path, command: str, versions: Mapping[str, Any], norms: Sequence[CertifiedNorm]
) -> None:
    """Write entries, the command that makes them and the versions that it ran with.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    head = {"format": _FORMAT, "version": _VERSION, "command": command, "made_with": dict(versions)}
    lines = ",\n".join(
        "  " + json.dumps(dataclasses.asdict(each) | {"objective": str(each.objective)}) for each in norms
    )
    text = json.dumps(head, indent=1)[:-2] + f',\n "norms": [\n{lines}\n ]\n}}\n'
    write_atomically(path, text.encode())
