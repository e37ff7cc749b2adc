"""Read what the compiled depth-first loop tells, and report it as the plain one does, with multipliers."""

import functools
from collections.abc import Iterable, Sequence

from sparsest.exact.arithmetic.contradiction_record import ExactMultipliers
from sparsest.exact.arithmetic.exact_decision import decide
from sparsest.exact.arithmetic.rational_problem import ExactData, Row
from sparsest.exact.proof.log import Bits, IntArray, ProofLog
from sparsest.exact.tree.depth_first_kernel import ENTER, LEAF, LEAVE


class EventReader:
    """Reads the events of one search, in order.

    Parameters
    ----------
    data : ExactData
        The problem.
    signs : sequence of int (K,)
        Output signs.
    path : iterable of pairs of a sample and bits
        Branch points where the search begins; the last may be without bits.
    """

    def __init__(
        self, data: ExactData, signs: Sequence[int], path: Iterable[tuple[int, Bits | None]]
    ) -> None:
        self._data, self._signs, self._path = data, signs, list(path)
        self._multipliers = ExactMultipliers(data)
        # each of few answers is asked for many times
        self._bits = functools.cache(functools.partial(unpacked, width=len(signs)))
        self._choices = functools.cache(self._choices_anew)

    def tell(self, events: IntArray, log: ProofLog) -> None:
        """Report events that follow those reported before."""
        numbers, path, at = events.tolist(), self._path, 0
        while at < len(numbers):
            event = numbers[at]
            if event == LEAF:
                end = at + 2 + numbers[at + 1]
                self._tell_leaf(numbers[at + 2 : end], log)
                at = end
            elif event == ENTER:
                bits = self._bits(numbers[at + 1])
                path[-1] = path[-1][0], bits
                log.enter(bits)
                at += 2
            elif event == LEAVE:
                path.pop()
                log.leave()
                at += 1
            else:
                sample, needed, may, may_not = numbers[at + 1 : at + 5]
                path.append((sample, None))
                log.branch(sample, self._choices(may, may_not), needed)
                at += 5

    def _choices_anew(self, may: int, may_not: int) -> list[Bits]:
        pairs = zip(self._bits(may), self._bits(may_not), strict=True)
        return [(1,) * active + (0,) * inactive for active, inactive in pairs]

    def _tell_leaf(self, record: Sequence[int], log: ProofLog) -> None:
        multipliers = self._multipliers.of_record(record)
        if multipliers is None:
            # floats have proven that there are some, if not these
            decision = decide(self._data, self._signs, self._rows())
            multipliers = None if decision is None else decision.refutation
        if multipliers is None:
            log.unproven()
        else:
            log.refuted(multipliers)

    def _rows(self) -> list[Row]:
        """Return the rows of the node at the end of the path, without those of a weight bound."""
        found = []
        for sample, bits in self._path:
            if bits is not None:
                found += [Row(sample, k, bits) for k in range(-1, len(bits))]
        return found


def unpacked(bits: int, width: int) -> Bits:
    """Return bits that one number holds."""
    number = int(bits)
    return tuple((number >> k) & 1 for k in range(width))
