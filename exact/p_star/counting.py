"""The search for the smallest count, on which a threshold rests, gone on with as often as there is time."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sparsest.exact.method_choice import checkpoint_path, choose_method
from sparsest.exact.search_options import SearchOptions
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.results.solving import ExactResult


class Counting:
    """One search for the smallest count, with pauses in which others have the time.

    Parameters
    ----------
    problem : Problem
        The data.
    objective : Objective
        What is counted.
    options : SearchOptions
        Who works.
    path : Path or None
        Where the search is kept; without it each time begins anew, from the best network known.
    resume : bool
        Whether that file is from an earlier search.

    Attributes
    ----------
    path : Path or None
        Where the search is kept.
    """

    def __init__(
        self,
        problem: Problem,
        objective: Objective,
        options: SearchOptions,
        path: Path | None,
        *,
        resume: bool,
    ) -> None:
        self._problem, self._objective, self._options = problem, objective, options
        self.path, self._resume = path, resume
        self._found: ExactResult | None = None
        self._longest = 0.0

    def go_on(self, seconds: float | None) -> ExactResult:
        """Return bounds on the smallest count, and a network, after so many seconds more.

        A search that begins anew gets nowhere in less time than it had before: then nothing is done.
        """
        from sparsest.exact.solver import solve  # loads HiGHS

        if self._found is not None and self.path is None and (seconds or 0.0) <= self._longest:
            return self._found
        self._longest = seconds or 0.0
        self._found = solve(
            self._problem,
            self._objective,
            time_limit=seconds,
            witness=None if self._found is None else self._found.network,
            workers=self._options.workers,
            executor=self._options.executor,
            checkpoint_file=self.path,
            resume=self._resume,
        )
        self._resume = self.path is not None
        return self._found


@contextlib.contextmanager
def counting_of(problem: Problem, objective: Objective, options: SearchOptions) -> Iterator[Counting]:
    """Give the search for the smallest count, kept in a file where that is asked for or of use.

    Raises
    ------
    InputError
        When a file is asked for and the method's search cannot be kept in one.
    """
    asked = options.checkpoint_path
    method, _ = choose_method(problem, objective, "auto", proof_wanted=False, kept=asked is not None)
    if asked is not None:
        yield Counting(problem, objective, options, checkpoint_path(asked, method), resume=options.resume)
    elif method != "tree" or options.deadline.limit is None:  # it will not be paused, or cannot be
        yield Counting(problem, objective, options, None, resume=False)
    else:
        with tempfile.TemporaryDirectory(prefix="sparsest-", ignore_cleanup_errors=True) as folder:
            yield Counting(problem, objective, options, Path(folder) / "count.checkpoint", resume=False)
