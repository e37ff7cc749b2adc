"""Keep what a search tells of a tree until the tree is refuted, and pass it on then: others need no proof.

Exact multipliers take longer than visiting the nodes. But of the trees that a search begins the last is
mostly given up, because a network was found in it or a limit reached, and it is often the largest.
"""

import pickle
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sparsest.exact.arithmetic.farkas import Multipliers
from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.line.forced_knots import GapProof, Triple
from sparsest.exact.packing.curved_sets import Packing
from sparsest.exact.proof.log import Bits, IntArray, ProofLog, Teller

# Reports that are kept in memory, each of some hundred bytes; those of compiled code count by their bytes.
_MOST_WAITING: Final = 100_000
_BYTES_A_REPORT: Final = 100


class DeferredLog(ProofLog):
    """Passes on to another log what is told of a tree when that ends; all else at once.

    Parameters
    ----------
    log : ProofLog
        The other.
    time_is_up : callable
        Asked now and then while a tree is passed on; if so, the tree has no proof.
    most_waiting : int
        Reports kept in memory; more go to a temporary file.
    """

    writes = True

    def __init__(
        self, log: ProofLog, time_is_up: Callable[[], bool], most_waiting: int = _MOST_WAITING
    ) -> None:
        self._log, self._time_is_up, self._most_waiting = log, time_is_up, most_waiting
        self._file = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - closed by __exit__
        self._is_filed = False  # whether some of what waits is in the file
        self._forget()

    @property
    def points(self) -> tuple[int, ...] | None:  # noqa: D102 - as in the base class
        return self._log.points

    def __exit__(self, *error: object) -> None:
        self._file.close()  # the other log is whose who made it

    def _forget(self) -> None:
        self._waiting: list[tuple[str, tuple[Any, ...]]] = []
        self._size = 0
        self._tellers: list[Teller] = []
        self._failed = False
        if self._is_filed:
            self._file.seek(0)
            self._file.truncate()
        self._is_filed = False

    def knots(self, triples: Sequence[Triple]) -> None:  # noqa: D102
        self._log.knots(triples)

    def gaps(self, proof: GapProof) -> bool:  # noqa: D102
        return self._log.gaps(proof)

    def packing(self, packing: Packing) -> None:  # noqa: D102
        self._log.packing(packing)

    def witness(self, network: RationalNetwork) -> None:  # noqa: D102
        self._log.witness(network)

    def begin(self, signs: Sequence[int]) -> None:  # noqa: D102
        self._forget()
        self._log.begin(signs)

    def begin_kinds(self, kinds: Sequence[tuple[Sequence[int], int]]) -> None:  # noqa: D102
        self._forget()
        self._log.begin_kinds(kinds)

    def budget_refuted(self, budget: int) -> None:  # noqa: D102
        self._log.budget_refuted(budget)

    def branch(self, sample: int, choices: Sequence[Sequence[int]], needed: int) -> None:  # noqa: D102
        self._keep("branch", sample, choices, needed)

    def enter(self, bits: Bits) -> None:  # noqa: D102
        self._keep("enter", bits)

    def leave(self) -> None:  # noqa: D102
        self._keep("leave")

    def refuted(self, multipliers: Multipliers) -> None:  # noqa: D102
        self._keep("refuted", multipliers)

    def merged(self, neuron: int) -> None:  # noqa: D102
        self._keep("merged", neuron)

    def unproven(self) -> None:  # noqa: D102
        self._keep("unproven")

    def excluded(self, sample: int, sign: int) -> None:  # noqa: D102
        self._keep("excluded", sample, sign)

    def densest(self, step: Mapping[str, Any]) -> None:  # noqa: D102
        self._keep("densest", step)

    def written(self, nodes: bytes, circuits: Sequence[str]) -> None:  # noqa: D102
        self._keep("written", nodes, circuits)
        self._size += len(nodes) // _BYTES_A_REPORT

    def visited(self, events: IntArray, teller: Teller) -> None:  # noqa: D102
        if not self._tellers or self._tellers[-1] is not teller:
            self._tellers.append(teller)
        self._keep("visited", events.astype("int32"), len(self._tellers) - 1)
        self._size += events.size * 4 // _BYTES_A_REPORT

    def end(self) -> None:  # noqa: D102
        if self._failed or not self._passed_on():
            self._log.unproven()
        self._forget()
        self._log.end()

    def _passed_on(self) -> bool:
        """Pass on what is kept; whether there was time for all of it."""
        for name, arguments in self._kept():
            if self._time_is_up():
                return False
            if name == "visited":
                events, number = arguments
                self._log.visited(events, self._tellers[number])
            else:
                getattr(self._log, name)(*arguments)
        return True

    def abandon(self) -> None:  # noqa: D102
        self._forget()
        self._log.abandon()

    def _keep(self, name: str, *arguments: object) -> None:
        self._waiting.append((name, arguments))
        self._size += 1
        if self._size >= self._most_waiting:
            packed, self._is_filed = zlib.compress(pickle.dumps(self._waiting), 1), True
            try:
                self._file.write(len(packed).to_bytes(8, "big") + packed)
                self._file.flush()
            except OSError:  # a full disk must not end the search
                self._failed = True
            self._waiting, self._size = [], 0

    def _kept(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        self._file.seek(0)
        while self._is_filed and (head := self._file.read(8)):
            yield from pickle.loads(zlib.decompress(self._file.read(int.from_bytes(head, "big"))))
        yield from self._waiting
