"""What the exit codes of the commands mean."""

from typing import Final

from sparsest.results.certificate import Judgement
from sparsest.results.comparison import Outcome
from sparsest.results.solving import FitResult, Status

DONE: Final = 0
NEGATIVE: Final = 1
BAD_INPUT: Final = 2
OPEN: Final = 3

BY_STATUS: Final = {Status.OPTIMAL: DONE}
BY_OUTCOME: Final = {Outcome.AGREE: DONE, Outcome.EXACT_OPEN: OPEN}
BY_JUDGEMENT: Final = {Judgement.SPARSEST: DONE, Judgement.BOUNDED: OPEN}


def of_status(status: Status) -> int:
    """Return the exit code of `sparsest solve`."""
    return BY_STATUS.get(status, OPEN)


def of_threshold(status: Status) -> int:
    """Return the exit code of `sparsest threshold`, whose search may end by itself with an interval."""
    return DONE if status is Status.FINISHED else of_status(status)


def of_outcome(outcome: Outcome) -> int:
    """Return the exit code of `sparsest compare`."""
    return BY_OUTCOME.get(outcome, NEGATIVE)


def of_judgement(judgement: Judgement) -> int:
    """Return the exit code of `sparsest certify`."""
    return BY_JUDGEMENT.get(judgement, NEGATIVE)


def of_training(fit: FitResult) -> int:
    """Return the exit code of `sparsest find` and `sparsest train`."""
    if fit.fits:
        return DONE
    if fit.largest_error is not None:  # the question was how near so many neurons come
        return DONE if fit.status is Status.FINISHED else OPEN
    return NEGATIVE if fit.status is Status.FINISHED else OPEN
