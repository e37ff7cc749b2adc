"""Where `sparsest find` and `sparsest train` put what they found."""

import dataclasses
from pathlib import Path

from sparsest.cli import output
from sparsest.io.table_files.reading import Reading
from sparsest.io.tables import check_table_ending, write_table
from sparsest.problem import Problem
from sparsest.results.solving import FitResult


@dataclasses.dataclass(frozen=True)
class FitFiles:
    """The files that a command writes; None for those that were not asked for."""

    plot: Path | None
    save: Path | None
    history: Path | None
    checkpoint: Path | None

    def check(self, data: str, *, resume: bool) -> None:
        """Raise `InputError` before a long search for a file that cannot be written or is in the way."""
        output.check_outputs(self.plot, self.save)
        if self.history is not None:
            check_table_ending(self.history)
            output.check_writable(self.history)
        output.check_checkpoint(self.checkpoint, resume=resume)
        output.refuse_overwriting(data, self.plot, self.save, self.history, self.checkpoint)

    def give_out(
        self, fit: FitResult, problem: Problem, reading: Reading | None, data: str, json: bool
    ) -> None:
        """Print a fit, as one JSON document or for people, and write its files."""
        output.print_answer(problem, fit, reading, data, json=json)
        output.write(fit, self.save)  # after printing: a full disk must not cost the result
        if self.history is not None:
            write_table(self.history, fit.history.table())
            output.note(f"wrote {self.history}")
        if self.plot is not None:
            output.draw(fit.plot(title=data), self.plot)
