"""Keep a staged search in a file: where it was between two pieces of work, and the best network of all."""

from typing import Final

from sparsest.continuous.checkpoint.arrays import network_arrays, network_of, prefixed, under
from sparsest.continuous.checkpoint.file import Checkpoint, CheckpointSection
from sparsest.continuous.search.incumbent import Incumbent
from sparsest.continuous.search.staged_search import StagedSearch
from sparsest.files import Arrays

_BEST: Final = "best "
_SEARCH: Final = "search "
_RESERVE: Final = "reserve "


class SearchKeeper:
    """Holds what the checkpoint of a staged search is made of.

    A piece of work that a time limit or Ctrl-C cut short is done again when the search continues, which is
    then the search that it would have been; the best network is kept apart, so that nothing found is lost.

    Parameters
    ----------
    checkpoint : Checkpoint
        The file.
    incumbent : Incumbent
        Of the search that is to be kept.

    Attributes
    ----------
    reserve : CheckpointSection
        The state of gradient descent, while that is what the search is at.

    Raises
    ------
    InputError
        When the file's best network is none or does not fit the data.
    """

    def __init__(self, checkpoint: Checkpoint, incumbent: Incumbent) -> None:
        self._checkpoint, self._incumbent = checkpoint, incumbent
        state = checkpoint.state or {}
        try:
            self._best = network_of(under(_BEST, state))
            incumbent.refuse_misfit(self._best)
        except (KeyError, ValueError) as error:  # an InputError is a ValueError
            raise checkpoint.refuse(error) from None
        self._between = prefixed(_SEARCH, under(_SEARCH, state))
        self.reserve = CheckpointSection(checkpoint, _RESERVE, self._arrays)

    def resume(self, search: StagedSearch) -> None:
        """Bring a search to the state in the file, if there is one.

        Raises
        ------
        InputError
            When that is damaged.
        """
        if self._between:
            try:
                search.restore(under(_SEARCH, self._between))
            except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
                raise self._checkpoint.refuse(error) from None

    def between(self, search: StagedSearch) -> None:
        """Take the state of a search between two pieces of work, and write it now and then."""
        self._between = prefixed(_SEARCH, search.arrays())
        self._checkpoint.save_if_due(self._arrays)

    def close(self) -> None:
        """Write what is known in the end."""
        self._checkpoint.save(self._arrays())

    def offer_best(self) -> None:
        """Offer the best network of this and earlier calls to the incumbent."""
        if self._best is not None:
            self._incumbent.offer_network(self._best)

    def _arrays(self) -> Arrays:
        network = self._incumbent.network
        if network is not None and (
            self._best is None or self._incumbent.rank(network) <= self._incumbent.rank(self._best)
        ):
            self._best = network
        return prefixed(_BEST, network_arrays(self._best)) | self._between | self.reserve.arrays
