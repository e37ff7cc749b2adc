"""Proofs of the lower bounds: within the error claimed more neurons are necessary."""

import dataclasses
import math
from pathlib import Path
from typing import NamedTuple

from sparsest.errors import InputError
from sparsest.exact.search_options import SearchOptions
from sparsest.exact.trade_off.bisection import bounded
from sparsest.exact.trade_off.question import ErrorQuestion
from sparsest.exact.trade_off.widened import within
from sparsest.io.documents import save
from sparsest.progress import Deadline
from sparsest.results.trade_off import LeastErrorResult
from sparsest.sentences import joined

_SEVERAL_LABELS = "no function has a smaller error, because equal inputs have several labels: no proof"
_NOTHING = "no error is less than zero: there is nothing to prove"
_OUT_OF_TIME = "the proof of the lower bound was not finished in time"


class ProofFiles(NamedTuple):
    """Where the proofs of a curve go: for each number of neurons a proof, and the problem it is about."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "ProofFiles":
        """Return the files in a folder, which is made if need be.

        Raises
        ------
        InputError
            When that is impossible.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: the folder cannot be made: {error.strerror or error}") from None
        return cls(folder)

    def proof(self, neurons: int) -> Path:
        """Return the file of the proof that so many neurons do not suffice."""
        return self.folder / f"neurons-{neurons}.json"

    def problem(self, neurons: int) -> Path:
        """Return the file of its problem: the data, with the lower bound for a tolerance."""
        return self.folder / f"neurons-{neurons}-problem.json"


def with_proof(
    question: ErrorQuestion,
    point: LeastErrorResult,
    options: SearchOptions,
    proof: Path,
    problem: Path | None = None,
) -> LeastErrorResult:
    """Write why K neurons do not suffice within the lower bound; return the point with what became of that.

    Parameters
    ----------
    question : ErrorQuestion
        What was asked.
    point : LeastErrorResult
        Its lower bound is proven once more, this time in writing.
    options : SearchOptions
        Limits, workers, and whom to tell of the progress.
    proof : Path
        Where the proof goes.
    problem : Path, optional
        Where the problem goes that the proof is about.
    """
    if point.upper_bound == 0:
        return _without(point, _NOTHING)
    # what is written is about the intervals that Problem(X, y, tolerance=...) has, so that who has the data
    # can check it against them
    asked = within(question.problem, point.lower_bound, question.scale, outwards=False)
    if asked is None:
        return _without(point, _SEVERAL_LABELS)
    if options.deadline.expired:
        return _without(point, _OUT_OF_TIME)
    limit = None if math.isinf(options.deadline.remaining) else options.deadline.remaining
    mine = dataclasses.replace(options, proof_path=proof, most=point.neurons, deadline=Deadline(limit))
    result = bounded(asked, mine)
    if result.proof_written and result.lower_bound > point.neurons:
        if problem is not None:
            save(asked, problem)
        return dataclasses.replace(point, proof_written=True)
    if result.proof_written:  # of less than is claimed
        proof.unlink(missing_ok=True)
    return _without(point, result.remark or _OUT_OF_TIME)


def _without(point: LeastErrorResult, why: str) -> LeastErrorResult:
    return dataclasses.replace(point, proof_written=False, remark=joined(point.remark, why))
