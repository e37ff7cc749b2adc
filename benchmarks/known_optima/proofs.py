"""Proof files beside known optima: verify the one that an entry names, and store a new one.

A stored file's name ends in the start of its own SHA-256. So a new proof never overwrites one that an entry
still names: the entry's file, rewritten in one step, switches from the old to the new.
"""

import dataclasses
import enum
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sparsest.benchmarks.known_optima.entries import Claim, Optimum
from sparsest.benchmarks.known_optima.findings import PREFIX, Finding, bounds
from sparsest.check import Checked, ProofError, UnreadableError, check_proof, read
from sparsest.files import write_atomically
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.solving import ExactResult, Proof

# Bytes of a compressed proof beyond which it is left out: repositories keep every version of a file.
MAX_STORED_BYTES: Final = 300_000

_FOLDER: Final = "proofs"
_STRANGE: Final = re.compile("[^A-Za-z0-9=_-]+")
# Characters of a file's name that come from the entry's.
_SLUG: Final = 80
_STORED_NAME: Final = re.compile(rf"{_FOLDER}/[A-Za-z0-9=_-]+-[0-9a-f]{{{PREFIX}}}\.json\.gz")
_REMEDY: Final = "restore it, or write a new one with --update"


class ProofState(enum.StrEnum):
    """How an entry and its proof stand."""

    VERIFIED = "verified"
    MISSING = "missing"
    FAILED = "failed"
    LEFT_OUT = "left out"
    NOT_STATED = "none"  # the entry claims nothing that a proof file could show
    UNCHECKED = "unchecked"


@dataclasses.dataclass(frozen=True)
class NewProof:
    """What an exact answer is stored with: a proof's bytes, or the reason why there are none."""

    content: bytes | None
    left_out: str | None

    @property
    def state(self) -> ProofState:
        """How an entry stands that is written with it."""
        if self.content is not None:
            return ProofState.VERIFIED
        return ProofState.NOT_STATED if self.left_out is None else ProofState.LEFT_OUT


def verify(optimum: Optimum, claim: Claim | None, problem: Problem) -> tuple[ProofState, list[Finding]]:
    """Verify the proof that an entry names: it is the file recorded, of these data, and of these bounds.

    Parameters
    ----------
    optimum : Optimum
        The entry.
    claim : Claim or None
        Its answer, if there is one about `problem`: nothing is verified otherwise.
    problem : Problem
        Its data.

    Returns
    -------
    state : ProofState
    findings : list of Finding
        What is wrong; empty or one.
    """
    if claim is None:
        return ProofState.UNCHECKED, []
    name = claim.proof_file
    if name is not None:
        trouble = _trouble(optimum.path.parent, name, claim, problem, optimum.objective)
        if trouble is None:
            return ProofState.VERIFIED, []
        missing = trouble.found == ProofState.MISSING
        return ProofState.MISSING if missing else ProofState.FAILED, [trouble]
    if claim.proof_left_out is not None:
        return ProofState.LEFT_OUT, []
    if claim.proof is not Proof.EXACT:
        return ProofState.NOT_STATED, []
    sentence = "the entry states an exact answer and names no proof: write one with --update"
    return ProofState.MISSING, [_finding("no file", ProofState.MISSING, sentence)]


def _finding(stated: str, found: str, sentence: str) -> Finding:
    return Finding("proof file", stated, str(found), sentence)


def _trouble(folder: Path, name: str, claim: Claim, problem: Problem, objective: Objective) -> Finding | None:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        return _finding(name, "outside", f"{name} is a link that leads out of its folder: {_REMEDY}")
    try:
        if not path.is_file():
            return _finding(name, ProofState.MISSING, f"{name}: there is no such file: {_REMEDY}")
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return _finding(name, "unreadable", f"{name}: {error.strerror}")
    if digest != claim.proof_digest:
        stated = (claim.proof_digest or "")[:PREFIX]
        return _finding(stated, digest[:PREFIX], f"{name} is not the file that was recorded: {_REMEDY}")
    try:
        shown = check_proof(path, problem, objective=str(objective))
    except UnreadableError as error:
        return _finding("a proof", "unreadable", f"{name} is no proof: {error.reason}")
    except ProofError as error:
        return _finding("verified", *_rejection(path, name, error))
    if (shown.lower_bound, shown.upper_bound) == (claim.lower, claim.upper):
        return None
    stated, found = bounds(claim.lower, claim.upper), _bounds_of(shown)
    return _finding(stated, found, f"{name} proves another bound: {found}, and the entry states {stated}")


def _rejection(path: Path, name: str, error: ProofError) -> tuple[str, str]:
    """Say what was found in the place of a proof of these data, and the sentence on it."""
    place = f"{error.place}: " if error.place else ""
    try:
        check_proof(read(path))
    except ProofError:
        return "rejected", f"the checker rejects {name}: {place}{error.reason}"
    return "of other data", f"{name} is a proof, but of other data: {place}{error.reason}"


def _bounds_of(shown: Checked) -> str:
    return bounds(shown.lower_bound, shown.upper_bound)


def examine(path: Path, problem: Problem, result: ExactResult, max_bytes: int = MAX_STORED_BYTES) -> NewProof:
    """Verify a proof that was just written, and decide whether it is stored.

    Parameters
    ----------
    path : Path
        Where the solver was asked to write it.
    problem : Problem
        The data.
    result : ExactResult
        The answer that it has to prove.
    max_bytes : int
        A longer file is left out.

    Raises
    ------
    ProofError
        When the checker rejects it, although the solver wrote it.
    """
    if not path.is_file():
        return NewProof(None, "it could not be written")
    shown = check_proof(path, problem, objective=str(result.objective))
    if (shown.lower_bound, shown.upper_bound) != (result.lower_bound, result.upper_bound):
        wanted = bounds(result.lower_bound, result.upper_bound)
        return NewProof(None, f"what could be proven in a file is {_bounds_of(shown)}, not {wanted}")
    content = path.read_bytes()
    if len(content) > max_bytes:
        return NewProof(None, f"{len(content)} bytes compressed, more than {max_bytes}")
    return NewProof(content, None)


def keys_of(optimum: Optimum, new: NewProof) -> dict[str, object]:
    """Return the keys of an entry that say where its new proof is; None stands for an absent key."""
    name = digest = None
    if new.content is not None:
        digest = hashlib.sha256(new.content).hexdigest()
        slug = _STRANGE.sub("_", optimum.name)[:_SLUG]
        name = f"{_FOLDER}/{slug}-{digest[:PREFIX]}.json.gz"
    return {"proof_file": name, "proof_digest": digest, "proof_left_out": new.left_out}


def store(folder: Path, name: str, content: bytes) -> None:
    """Write a proof beside known optima; raise `OSError` when that cannot be done."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, content)


def remove(folder: Path, names: Iterable[str]) -> None:
    """Remove proofs that no entry names any longer, unless somebody else chose their names."""
    for name in names:
        if _STORED_NAME.fullmatch(name):
            (folder / name).unlink(missing_ok=True)
