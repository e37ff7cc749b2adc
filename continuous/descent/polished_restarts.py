"""Keep the polished forms of trained restarts in the checkpoint of their training."""

from typing import Final

import numpy as np

from sparsest.continuous.checkpoint.arrays import network_arrays, network_of, prefixed, under
from sparsest.continuous.checkpoint.file import Checkpoint, CheckpointSection
from sparsest.files import Arrays
from sparsest.network import Network
from sparsest.progress import Deadline

_POLISHED: Final = "polished "


class Answers:
    """Polished forms by the number of the restart; None for restarts whose cells admit no interpolation.

    Parameters
    ----------
    checkpoint : Checkpoint or Section, optional
        Where they are kept.
    state : dict of arrays
        What is kept beside them: the state at the end of training.
    n_features : int
        Inputs of every network.

    Raises
    ------
    InputError
        When the checkpoint has other things in their place.
    """

    def __init__(
        self, checkpoint: Checkpoint | CheckpointSection | None, state: Arrays, n_features: int
    ) -> None:
        self._checkpoint, self._state = checkpoint, state
        self._known: dict[int, Network | None] = {}
        if checkpoint is None or checkpoint.state is None:
            return
        kept = under(_POLISHED, checkpoint.state)
        try:
            for number in kept.get("restarts", np.array([], dtype=np.int64)).tolist():
                network = network_of(under(f"{int(number)} ", kept))
                if network is not None and network.n_features != n_features:
                    raise ValueError(f"its networks have {network.n_features} inputs")
                self._known[int(number)] = network
        except (KeyError, ValueError, TypeError) as error:
            raise checkpoint.refuse(error) from None

    def __contains__(self, number: int) -> bool:
        return number in self._known

    def __getitem__(self, number: int) -> Network | None:
        return self._known[number]

    def add(self, number: int, network: Network | None, deadline: Deadline) -> None:
        """Take an answer, unless the deadline may have cut the polish short, and write it now and then."""
        if self._checkpoint is not None and not deadline.expired:
            self._known[number] = network
            self._checkpoint.save_if_due(self._arrays)

    def close(self) -> None:
        """Write all that is known."""
        if self._checkpoint is not None:
            self._checkpoint.save(self._arrays())

    def _arrays(self) -> Arrays:
        arrays: Arrays = {"restarts": np.array(sorted(self._known), dtype=np.int64)}
        for number, network in self._known.items():
            arrays |= prefixed(f"{number} ", network_arrays(network))
        return self._state | prefixed(_POLISHED, arrays)
