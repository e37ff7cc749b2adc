"""What is known of a curve, kept in a file after every question and taken up from there."""

import hashlib
import math
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from sparsest.errors import InputError
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.trade_off.knowledge import NO_NUMBER, Knowledge
from sparsest.exact.trade_off.question import ErrorQuestion
from sparsest.exact.trade_off.widened import within
from sparsest.exact.tree.checkpoint import open_checkpoint
from sparsest.exact.tree.checkpoint_file import MAX_COUNT, network_of, read_document, write_document
from sparsest.exact.tree.saving import FileSaving, Saving
from sparsest.io.documents import encode
from sparsest.io.strict_json import real, whole
from sparsest.network import Network

# What this file calls its subject where other checkpoints name what is counted.
_SUBJECT: Final = "largest error"


class CurveSaving(FileSaving):
    """Writes what is known of a curve to a file.

    Parameters
    ----------
    path : Path
        The file.
    options : SearchOptions
        The clock.
    question : ErrorQuestion
        What is asked; the file is for the same one only.
    known : Knowledge
        What is written.
    """

    def __init__(self, path: Path, options: SearchOptions, question: ErrorQuestion, known: Knowledge) -> None:
        super().__init__(path, options)
        self._question, self._known = question, known

    def _write(self) -> None:
        write_document(self._path, _document(self._question, self._known))

    def restore(self, stored: "StoredCurve") -> None:
        """Take up what the file knows; what it says of networks is verified again."""
        question, known = self._question, self._known
        known.nodes = self._resumed_at = stored.nodes
        for least, error in stored.refuted:
            known.refute(error, least)
        for neurons, error, network in stored.attained:
            if not _is_attained(question, neurons, error, network):
                raise self._misfits()
            known.attain(error, neurons, network)
        if any(known.lower(neurons) > known.upper(neurons) for neurons in known.attained):
            raise self._contradicts()


class StoredCurve(NamedTuple):
    """What a file knows: nodes in all, and the entries of `Knowledge`."""

    nodes: int
    refuted: list[tuple[int, float]]
    attained: list[tuple[int, float, Network | None]]


def opened(path: Path | None, options: SearchOptions, question: ErrorQuestion, known: Knowledge) -> Saving:
    """Return what keeps a curve, in a file if there is to be one; take up what that knows.

    Raises
    ------
    InputError
        When the file is damaged, of another curve, in the way, or cannot be written.
    """
    if path is None:
        return Saving()
    stored = open_checkpoint(
        path, question.problem, resume=options.resume,
        read=lambda file, _: read_document(file, lambda document: _stored(document, question)),
    )  # fmt: skip
    saving = CurveSaving(path, options, question, known)
    if stored is None:
        saving.claim()
    else:
        saving.restore(stored)
    return saving


def _is_attained(question: ErrorQuestion, neurons: int, error: float, network: Network | None) -> bool:
    """Whether so many neurons have an error of at most so much, up to rounding."""
    if network is None:
        return question.counter is not None and question.counter.count(error).is_at_most(neurons)
    asked = within(question.problem, error, question.scale)
    return asked is not None and network.count() <= neurons and network.solves(asked)


def _document(question: ErrorQuestion, known: Knowledge) -> dict[str, Any]:
    return {
        "objective": _SUBJECT,
        "problem": question.problem.digest,
        "scale": _scale_digest(question),
        "nodes": known.nodes,
        "refuted": [[least, error] for least, error in known.refuted.items()],
        "attained": [
            [neurons, best.error, None if best.network is None else encode(best.network)]
            for neurons, best in known.attained.items()
        ],
    }


def _stored(document: dict[str, Any], question: ErrorQuestion) -> StoredCurve:
    if document.get("objective") != _SUBJECT:
        raise InputError("the checkpoint is of a search for the fewest neurons, weights or parameters")
    if document["problem"] != question.problem.digest:
        raise InputError("the checkpoint belongs to another problem: data, intervals, skip or bound differ")
    if document["scale"] != _scale_digest(question):
        raise InputError("the checkpoint is of errors that are measured in other units")
    networks = [None if n is None else network_of(n, question.problem) for _, _, n in document["attained"]]
    return StoredCurve(
        whole(document["nodes"], 0, MAX_COUNT),
        [(whole(least, 1, NO_NUMBER), _error(error)) for least, error in document["refuted"]],
        [
            (whole(neurons, 0, NO_NUMBER), _error(error), network)
            for (neurons, error, _), network in zip(document["attained"], networks, strict=True)
        ],
    )


def _error(value: Any) -> float:
    if not isinstance(value, (int, float)) or not 0 <= (error := real(value)) < math.inf:
        raise InputError(f"the checkpoint has {value!r:.40} for an error")
    return error


def _scale_digest(question: ErrorQuestion) -> str:
    return hashlib.sha256(np.array(question.scale[:2], dtype="<f8").tobytes()).hexdigest()
