"""Where a search of the activation tree is kept while it runs: nowhere, unless a subclass knows better."""

from collections.abc import Mapping

from sparsest.exact.proof.recorded_log import Prefix


class Saving:
    """Keeps the state of a search; this one keeps nothing."""

    keeps = False

    @property
    def remark(self) -> str:
        """What the user should know about it, in one sentence; empty if nothing."""
        return ""

    def due(self) -> bool:
        """Whether it is time to save."""
        return False

    def save(self) -> None:
        """Save what is known and done; a failure is remembered, and never ends the search."""

    def save_if_due(self) -> None:
        """Save when it is time to."""
        if self.due():
            self.save()

    def tree_refuted(self, signs: tuple[int, ...], pieces: Mapping[Prefix, bytes]) -> None:
        """Keep what was recorded of a refuted tree for a proof that is written after an interruption."""
