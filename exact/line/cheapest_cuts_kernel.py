"""The loops of `sparsest.exact.line.cheapest_cuts` and `sparsest.exact.p_star.crossing_of_cuts`.

Plain Python that numba also compiles (`sparsest.exact.compiling`), on lists or arrays.
"""

from sparsest.exact.compiling import Entries, Room

Numbers = Entries[float]
Starts = Entries[int]
Marks = Room[bool]
Table = Entries[Numbers]  # a list of lists, or an array of two dimensions


def cheapest(alone: Numbers, together: Numbers, prices: Room[float], second: Marks) -> None:
    """Cut a sequence of jumps into single ones and pairs of neighbours, at least cost.

    With C_i the least cost of the first i jumps, the price of jump i is ``C_i - C_{i-1}``: the cost of the
    jump alone, or that of the pair less the price of the jump before, whichever is less.

    Parameters
    ----------
    alone : sequence of n floats
        Cost of each jump alone.
    together : sequence of n floats
        Cost of each jump with the one before it; infinite where they may not be paired.
    prices : sequence of n floats
        Room; the prices add up to the least cost.
    second : sequence of n booleans
        Room, false to begin with; true for the second of each pair.
    """
    price, n = 0.0, len(alone)
    for i in range(n):
        pair = together[i] - price
        second[i] = pair <= alone[i]
        price = pair if pair <= alone[i] else alone[i]
        prices[i] = price
    i = n - 1
    while i >= 0:
        if second[i]:
            second[i - 1] = False
            i -= 1
        i -= 1


def counted(
    alone: Numbers,
    together: Numbers,
    starts: Starts,
    costs: Entries[Room[float]],
    choices: Entries[Marks],
) -> None:
    """Cut each run of jumps into pairs and exactly 0, 1, 2 or 3 single ones, at least cost.

    Parameters
    ----------
    alone, together
        As `cheapest` has them.
    starts : sequence of r + 1 integers
        Where runs begin; their number of jumps last.
    costs : r rows of 4 floats
        Room for the least cost of run r with s single jumps; infinite where there is no such cut.
    choices : n rows of 4 booleans
        Room for whether jump i ends a pair in the best cut with s single jumps so far.
    """
    infinite = float("inf")
    for r in range(len(starts) - 1):
        a0, a1, a2, a3 = 0.0, infinite, infinite, infinite  # the first i - 1 jumps, by number of single ones
        b0, b1, b2, b3 = infinite, infinite, infinite, infinite  # the first i - 2
        for i in range(starts[r], starts[r + 1]):
            single, pair = alone[i], together[i]
            c0, c1, c2, c3 = b0 + pair, b1 + pair, b2 + pair, b3 + pair
            choices[i][0] = True
            choices[i][1], choices[i][2], choices[i][3] = c1 < a0 + single, c2 < a1 + single, c3 < a2 + single
            c1, c2, c3 = min(c1, a0 + single), min(c2, a1 + single), min(c3, a2 + single)
            b0, b1, b2, b3 = a0, a1, a2, a3
            a0, a1, a2, a3 = c0, c1, c2, c3
        costs[r][0], costs[r][1], costs[r][2], costs[r][3] = a0, a1, a2, a3


def trace(starts: Starts, choices: Entries[Entries[bool]], singles: Starts, second: Marks) -> None:
    """Mark the second jump of each pair in the best cut of each run with ``singles[r]`` single jumps."""
    for r in range(len(starts) - 1):
        i, left = starts[r + 1] - 1, singles[r]
        while i >= starts[r]:
            if choices[i][left]:
                second[i] = True
                i -= 1
            else:
                left -= 1
            i -= 1


def windows(  # noqa: C901
    plus: Table, minus: Table, starts: Starts, slack: float, keep: Marks, least: Entries[Room[float]]
) -> int:
    """Mark where alternating sums of edges are not above zero.

    The criterion is in `sparsest.exact.p_star.crossing_of_cuts`.

    Sums are formed of two values of each edge, at either end of a box, and both must be above zero.

    Parameters
    ----------
    plus, minus : 2 sequences of n floats
        Values of each edge where it is added, and where it is subtracted.
    starts : sequence of s + 1 integers
        Where segments of consecutive edges begin; their number of edges last. The first edge of each joins an
        odd jump to an even one.
    slack : float
        Relative rounding of a sum: positive to round sums down, negative to round them up.
    keep : sequence of n booleans
        Room, false to begin with; true on all edges that the sums about an unsafe jump consist of.
    least : 2 sequences of n floats
        Room.

    Returns
    -------
    int
        The number of unsafe jumps.
    """
    unsafe = 0
    for s in range(len(starts) - 1):
        first, stop = starts[s], starts[s + 1]
        open_ended = (stop - first) % 2 == 0  # a run with one single jump: both sides of a jump must fail
        if open_ended:
            # least[.][k]: least sum of the edges from k on, which begins at an even jump
            for end in range(2):
                total = 0.0
                for k in range(stop - 1, first, -2):
                    carry = total - minus[end][k + 1] if k + 1 < stop else 0.0
                    carry -= slack * abs(carry)
                    total = plus[end][k] + min(carry, 0.0)
                    total -= slack * abs(total)
                    least[end][k] = total
        total0, total1, begin, marked = 0.0, 0.0, first, first
        for k in range(first, stop, 2):
            carry0, carry1 = 0.0, 0.0
            if k > first:
                carry0, carry1 = total0 - minus[0][k - 1], total1 - minus[1][k - 1]
                carry0 -= slack * abs(carry0)
                carry1 -= slack * abs(carry1)
                if carry0 > 0 and carry1 > 0:
                    begin = k  # no sum that begins before is less, wherever in the box
            total0, total1 = plus[0][k] + min(carry0, 0.0), plus[1][k] + min(carry1, 0.0)
            total0 -= slack * abs(total0)
            total1 -= slack * abs(total1)
            if total0 > 0 and total1 > 0:
                continue
            last = k
            if open_ended:
                if least[0][k + 1] > 0 and least[1][k + 1] > 0:
                    continue
                # sums that began at an earlier unsafe jump and passed this one end where this one's do
                last = max(k + 1, marked - 1)
                while last + 2 < stop and (
                    least[0][last + 2] - minus[0][last + 1] <= 0
                    or least[1][last + 2] - minus[1][last + 1] <= 0
                ):
                    last += 2
            unsafe += 1
            for j in range(max(begin, marked), last + 1):
                keep[j] = True
            marked = max(marked, last + 1)
    return unsafe
