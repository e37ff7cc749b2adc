"""Cheap searches first, then descents from what they found, until more effort is not worth it.

1. No neuron at all: one linear program.
2. Networks of 1, 2, 3, ... neurons by Gauss-Newton descents, each width for a short while, again and again,
   until one fits (`sparsest.continuous.search.few_neuron_descents`). Where intervals are wider than
   rounding, labels may be noisy: then `sparsest.continuous.search.interval_descents`, and up to as many
   neurons as the samples can tell.
3. Where none does: linear programs over sampled cells, and what the caller has in reserve (gradient descent).
4. From the best network down: descents with one part less, which begin from the best network without one of
   its parts, by turns with linear programs over sampled cells and over the cells around the best network,
   until `Effort` says that a further improvement is not to be expected.

Effort is counted, not timed, so that equal seeds give equal results on one machine. The search is a sequence
of pieces of work; between two of them its state can be stored and gone on from
(`sparsest.continuous.search.state`). None of this proves a count minimal.
"""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.continuous.attempts import Watch
from sparsest.continuous.checkpoint.arrays import prefixed, under
from sparsest.continuous.polish.pattern_program import BoolArray, Neurons, Samples
from sparsest.continuous.search.coordinates import DescentCoordinates, neurons_of
from sparsest.continuous.search.effort import Effort
from sparsest.continuous.search.few_neuron_descents import NarrowSearch, Sparsity, Start
from sparsest.continuous.search.incumbent import Incumbent
from sparsest.continuous.search.interval_descents import IntervalSearch, are_wide, round_effort
from sparsest.continuous.search.sampled_cells import (
    cells_of_patterns,
    cells_through_samples,
    distinct,
    flipped,
    joined,
    seconds_to_sample,
)
from sparsest.continuous.search.starts_with_less import without_a_neuron, without_an_entry
from sparsest.continuous.search.state import Course, Descents, Place, SearchState
from sparsest.files import Arrays
from sparsest.gauss_newton import Intervals
from sparsest.objectives import Objective
from sparsest.progress import Deadline
from sparsest.results.solving import Status

# Networks of more neurons than this are not looked for from random starts.
_WIDEST: Final = 6
# Effort for each neuron of a width in the first round; it doubles with every round.
_FIRST: Final = 0.002
# Within wide intervals the next width is so many times larger beyond the widest, as long as there are so many
# samples for each number. After so much effort up to so many neurons in any case: where few rows have many
# features, a network that knows them by heart is nearer to the sparsest one than a neuron for each of them.
_WIDENED, _SAMPLES_A_NUMBER = 1.35, 1
_PATIENT, _WIDEST_IN_ANY_CASE = 4.0, 16
# Effort of all rounds together, after which sampled cells and gradient descent are tried: so many times that
# of sampled cells, within a range.
_ROUNDS: Final = 4.0
_ROUNDS_RANGE: Final = (0.3, 4.0)
# The same within wide intervals.
_WIDE_ROUNDS: Final = 20.0
# Effort after which the search gives up: so much times T^3 N for T numbers looked for, within a range.
_FLOOR: Final = 1.4e-4
_MIN_FLOOR, _MAX_FLOOR = 0.03, 1.5
# The upper end where the best network has more numbers than this share of the samples: it may know them by
# heart, and five neurons of five features through 40 samples are found by one descent in some 10,000.
_BY_HEART, _BY_HEART_FLOOR = 0.75, 18.0
# The same within wide intervals: of so many rounds of descents, within a range.
_ROUNDS_FLOOR, _MIN_WIDE_FLOOR, _MAX_WIDE_FLOOR = 25, 0.5, 6.0
# Effort that the polish of the best network within wide intervals may cost.
_MAX_POLISH: Final = 0.5
# Pieces that the effort left is cut into, between turns of descents and of linear programs.
_PIECES: Final = 6
# So many of the widths of the first stage are gone on with: what fewer neurons can do is found early.
_AGAIN: Final = 2
# Linear programs over sampled cells are skipped where one polish costs more than this share of the floor.
_CHEAP: Final = 0.5
# Sampled sets of cells that are tried before gradient descent when nothing fits yet.
_SAMPLED: Final = 3
# Names of the strategies that descents belong to.
_FROM_RANDOM: Final = "few neurons from random starts"
_WITH_LESS: Final = "one part less than the best"
# Shares of a limit on the effort: for small widths, and for sampled cells as well.
_LIMITED_ROUNDS, _LIMITED_SAMPLES = 0.25, 0.9


class Reserved(NamedTuple):
    """Steps that gradient descent took in reserve, and why it stopped."""

    steps: int
    status: Status


class StagedSearch:
    """One search for one problem.

    Parameters
    ----------
    incumbent : Incumbent
        Holds the problem, and in the end the result.
    seed : int
        Of everything random.
    width : int
        Most neurons of any network, and number of cells sampled at a time.
    lower_bound : int
        A network of so few parts ends the search.
    left_to_proof : int
        Whether there is one of so few parts an exact search decides that comes next.
    patterns : array of bool (C, N), optional
        Cells that every linear program may use.
    deadline : Deadline
        Ends the search.
    report : callable
        Called with a few words and the number of steps taken.
    watch : callable
        Called with the name of a strategy, the steps taken, what gives the figures of its best network, and
        the best count so far, after every piece of its work.
    effort_limit : float
        Ends it too: effort in all, in units of `Effort`.
    rounds : pair of float
        Least and most effort for small widths before sampled cells are tried,
    sampled_sets : int
        and how many sets of those are tried before gradient descent, as long as nothing fits.

    Attributes
    ----------
    course : Course
        What was done.
    place : Place
        What comes next.
    """

    def __init__(  # noqa: PLR0913
        self,
        incumbent: Incumbent,
        *,
        seed: int,
        width: int,
        lower_bound: int,
        patterns: BoolArray | None,
        deadline: Deadline,
        report: Callable[[str, int, None, int | None], None],
        watch: Watch,
        left_to_proof: int = 0,
        effort_limit: float = math.inf,
        rounds: tuple[float, float] = _ROUNDS_RANGE,
        sampled_sets: int = _SAMPLED,
    ) -> None:
        self._incumbent, self._deadline = incumbent, deadline
        self._report, self._watch = report, watch
        self._random = np.random.default_rng(seed)
        self._width, self._patterns = width, patterns
        self._lower_bound, self._left_to_proof = lower_bound, left_to_proof
        self._rounds, self._sampled_sets, self._effort_limit = rounds, sampled_sets, effort_limit
        samples = incumbent.samples
        self._rows, self._back, self._forward, movable = DescentCoordinates.of(samples)
        self._whitened = _intervals(self._rows, samples, movable)
        last = np.eye(samples.homogeneous.shape[1])[-1] if samples.affine is Affine.CONSTANT else None
        self._plain = _intervals(samples.homogeneous, samples, last)
        self._is_wide = are_wide(samples.low, samples.high)
        self._effort = Effort()
        self._narrow: dict[int, Descents] = {}
        self._by_turn: dict[int, Descents | None] = {}
        self.course, self.place = Course(), Place()
        self._state = SearchState(
            self._random, self.place, self.course, self._effort, self._narrow, self._by_turn
        )

    def run(self, reserve: Callable[[], Reserved], between: Callable[[], None] = lambda: None) -> None:
        """Search.

        Parameters
        ----------
        reserve : callable
            Called when nothing fits so far; may offer networks to the incumbent.
        between : callable
            Called before every piece of work and in the end, as long as nothing was cut short: `arrays` is
            then a state to continue from.
        """
        pieces = {
            "start": self._start,
            "ascend": self._ascend,
            "sample": self._sample,
            "descend": self._turn_down,
        }
        is_whole = True
        while self.place.stage != "done":
            if is_whole:
                between()
            if self.place.stage in pieces:
                pieces[self.place.stage]()
            else:
                status = self._from_reserve(reserve)
                is_whole = status is Status.FINISHED
                if status is Status.INTERRUPTED or self._incumbent.network is None:
                    return
            if not self._goes_on():
                return
        if is_whole:
            between()

    def arrays(self) -> Arrays:
        """Return the state as arrays, from which `restore` continues bit for bit."""
        return self._state.arrays() | prefixed("incumbent ", self._incumbent.arrays())

    def restore(self, arrays: Mapping[str, "np.ndarray[Any, Any]"]) -> None:
        """Continue from a state of a search for the same problem with the same options.

        Raises
        ------
        ValueError, KeyError, TypeError
            When it is not one.
        """
        self._incumbent.restore(under("incumbent ", arrays))
        self._state.restore(arrays, self._blank)
        if (self.place.stage in ("descend", "done")) == (self._incumbent.network is None):
            raise ValueError("its network is not that of its stage")

    def _blank(self, kind: str, width: int, entries: int | None) -> Descents:
        """Return a search of that shape, whose state and random numbers are yet to be restored."""
        if kind not in ("narrow", "turn") or not 1 <= width <= max(self._width, _WIDEST):
            raise ValueError("it has searches of no known kind")
        if kind == "narrow" or entries is None:
            return self._search(width)
        return NarrowSearch(self._plain, width, self._random, Sparsity(self._counted(), entries))

    def _search(self, width: int, start: Start | None = None) -> Descents:
        """Return descents towards so many neurons, all of whose entries may move."""
        if self._is_wide:
            return IntervalSearch(self._whitened, width, self._random, start)
        return NarrowSearch(self._whitened, width, self._random, start=start)

    def _say(self, message: str) -> None:
        known = self._incumbent.network
        self._report(message, self.course.taken, None, None if known is None else int(self._incumbent.count))

    def _tell(self, strategy: str, found: Neurons | None) -> None:
        """Tell what a strategy has: its neurons, or those of the best network if it has just found that."""
        incumbent = self._incumbent
        count = None if incumbent.network is None else int(incumbent.count)
        figures = functools.partial(incumbent.attempt, strategy, found)
        self._watch(strategy, self.course.taken, figures, count, is_best=found is None)

    def _goes_on(self) -> bool:
        return not self._deadline.expired

    @property
    def _is_noisy(self) -> bool:
        """Whether neurons through wide intervals are counted."""
        return self._is_wide and self._incumbent.objective is Objective.NEURONS

    def _is_fewest(self) -> bool:
        return self._incumbent.count <= self._lower_bound

    # ---------------------------------------------------------------- the first network that fits

    def _start(self) -> None:
        self._incumbent.offer_cells(_no_neurons(self._incumbent.samples))
        self._next("ascend")

    def _next(self, stage: str) -> None:
        """Go on with a stage, or from the network down if there is one."""
        self.place.stage = stage
        if self._incumbent.network is not None:
            self.place.stage = "descend"
            self._fewer()

    def _ascend(self) -> None:
        """Try the next small width for a while; again and again with twice the effort, until one fits."""
        place, searches = self.place, self._narrow
        rounds = float(np.clip(_ROUNDS * self._polish_cost(self._width), *self._rounds))
        share = _LIMITED_ROUNDS
        if self._is_wide:  # what comes after finds little there
            rounds, share = _WIDE_ROUNDS, _LIMITED_SAMPLES
        if self._effort.spent >= min(rounds, share * self._effort_limit):
            place.stage = "sample"
            return
        width, limit = place.width, _FIRST * 2**place.round
        if width not in searches:
            searches[width] = self._search(width)
        place.round, place.width = self._next_width(width)
        self._descents(_FROM_RANDOM, searches[width], width, width * limit, self._back)
        self._next("ascend")

    def _next_width(self, width: int) -> tuple[int, int]:
        """Return the round and the width that come after this width."""
        following, widest = width + 1, _WIDEST
        if self._is_wide and width >= _WIDEST:
            following = int(np.ceil(_WIDENED * width))
            n, r = self._rows.shape
            least = _WIDEST if self._effort.spent < _PATIENT else _WIDEST_IN_ANY_CASE
            widest = max(least, n // (_SAMPLES_A_NUMBER * r))
        again = following > min(widest, self._width)
        return (self.place.round + 1, 1) if again else (self.place.round, following)

    def _sample(self) -> None:
        width = self._sampled_width()
        seconds = seconds_to_sample(width, self._incumbent.samples.homogeneous.shape[1])
        if self.place.sampled >= self._sampled_sets or width == 0 or seconds > self._deadline.remaining:
            self.place.stage = "reserve"
            return
        self.place.sampled += 1
        self._say("linear programs over sampled cells")
        self._offer_sampled(width)
        self._next("sample")

    def _sampled_width(self) -> int:
        """Return how many cells to sample: as many as the effort allows, and 0 where those could not fit."""
        n, size = self._incumbent.samples.homogeneous.shape
        allowed, width = _LIMITED_SAMPLES * self._effort_limit - self._effort.spent, self._width
        while width * size >= n and self._polish_cost(width) > allowed:
            width //= 2
        return width if width * size >= n else 0

    def _from_reserve(self, reserve: Callable[[], Reserved]) -> Status:
        reserved = reserve()
        self.place.reserved += reserved.steps
        if self._incumbent.network is not None:
            self._tell("reserve", None)
        self._next("reserve")
        return reserved.status

    # ---------------------------------------------------------------- from the best network down

    def _fewer(self) -> None:
        """Begin towards one part less than the best network has."""
        self._improved()
        self.place.turn = 0
        self._by_turn.clear()
        self._by_turn[0] = self._narrower(0)

    def _turn_down(self) -> None:
        """Look for one part less, in several ways by turns."""
        if self._is_fewest() or self._effort.left <= 0 or self._allowed <= 0:
            if self._is_noisy and self._polish_cost(int(self._incumbent.count)) <= _MAX_POLISH:
                self._incumbent.polish_once()
                self._tell("polish", None)
            self.place.stage = "done"
            return
        place, before = self.place, self._incumbent.count
        search = self._by_turn.get(self._kind())
        piece = max(min(self._floor() / _PIECES, self._allowed), 1e-9)
        if search is not None:
            self._descents(_WITH_LESS, search, int(before) - 1, piece, self._descent_back())
        if self._incumbent.count == before and self._goes_on() and not self._is_noisy:
            self._programs(place.turn)
            self._narrow_again(place.turn, piece)
        place.turn += 1
        if self._incumbent.count < before:
            self._fewer()
        elif search is None:
            self._effort.add(piece)
        elif self._kind() not in self._by_turn:
            self._by_turn[self._kind()] = self._narrower(place.turn)

    def _kind(self) -> int:
        """Which of the searches by turns is next."""
        return 0 if self._incumbent.objective is Objective.NEURONS else self.place.turn % 2

    def _counted(self) -> BoolArray:
        """Return which entries of a neuron are counted."""
        counted = np.ones(self._incumbent.samples.homogeneous.shape[1], dtype=bool)
        counted[-1] = self._incumbent.objective is not Objective.WEIGHTS
        return counted

    def _narrow_again(self, turn: int, limit: float) -> None:
        """Go on with the widest searches of the first stage where linear programs ended far above them."""
        count = self._incumbent.count
        if self._incumbent.objective is not Objective.NEURONS or count - 2 < max(self._narrow, default=0):
            return
        widths = sorted(self._narrow)[1:][-_AGAIN:]
        if widths and self._goes_on() and self._allowed > limit:
            width = widths[-1 - turn % len(widths)]
            self._descents(_FROM_RANDOM, self._narrow[width], width, limit, self._back)

    def _improved(self) -> None:
        self._effort.improved(self._floor())

    def _floor(self) -> float:
        """Effort that one part less is worth, by how many numbers it leaves."""
        samples, count, most = self._incumbent.samples, max(int(self._incumbent.count) - 1, 1), _MAX_FLOOR
        if self._is_noisy:
            wanted = _ROUNDS_FLOOR * round_effort(self._whitened, count)
            return float(np.clip(wanted, _MIN_WIDE_FLOOR, _MAX_WIDE_FLOOR))
        if self._incumbent.objective is Objective.NEURONS:
            n, r = self._rows.shape
            if int(self._incumbent.count) * r > _BY_HEART * n and count > self._left_to_proof:
                most = _BY_HEART_FLOOR
            count *= r
        elif self._incumbent.objective is Objective.WEIGHTS:
            count = 2 * count + 1  # about a bias a weight, and a constant neuron
        wanted = count**3 * len(samples.low)
        return float(np.clip(_FLOOR * wanted, _MIN_FLOOR, most))

    def _programs(self, turn: int) -> None:
        """Linear programs: over the cells around the best network, then over sampled ones."""
        neurons = self._incumbent.neurons
        if neurons is None:
            return
        if turn == 0 and self._affordable(neurons.patterns.size):
            around = distinct(joined(neurons, flipped(neurons)))
            self._book(around)
            if self._incumbent.offer_cells(around):
                self._tell("programs around the best network", None)
                return
        if self._affordable(self._width):
            self._offer_sampled(self._width)

    def _affordable(self, cells: int) -> bool:
        return self._polish_cost(cells) <= min(_CHEAP * self._floor(), self._allowed)

    @property
    def _allowed(self) -> float:
        """Effort that the limit leaves."""
        return self._effort_limit - self._effort.spent

    def _offer_sampled(self, width: int) -> None:
        size = self._incumbent.samples.homogeneous.shape[1]
        cells = cells_through_samples(self._incumbent.samples.homogeneous, width, None, self._random)
        if self._patterns is not None:
            cells = joined(cells_of_patterns(self._patterns, size, self._random), cells)
        cells = distinct(cells)
        self._book(cells)
        if self._incumbent.offer_cells(cells):
            self._tell("programs over sampled cells", None)

    def _book(self, cells: Neurons) -> None:
        self._effort.add(self._polish_cost(len(cells.signs)))

    def _polish_cost(self, cells: int) -> float:
        """Return about the seconds of a polish that begins with so many cells."""
        n, size = self._incumbent.samples.homogeneous.shape
        entries = float(2 * cells * n * size)
        return 10 * (4.5e-3 + 6e-8 * entries * math.sqrt(cells * n))  # about ten programs a polish

    # ---------------------------------------------------------------- descents

    def _descents(self, strategy: str, search: Descents, width: int, limit: float, back: FloatArray) -> None:
        """Let a search go on for a while, offer what fits, and tell how far it is."""
        self._say(f"looking for {width} {self._target()}")
        taken = search.steps
        found = search.run(limit, self._effort, self._deadline)
        self.course.taken += search.steps - taken
        if search.best is not None:
            neurons = self._neurons(*search.best, back)
            norm = self._incumbent.path_norm(neurons)
            self.course.points.append((self.course.taken, search.loss, norm, len(neurons.signs)))
        if found is None:
            if search.best is not None:
                self._tell(strategy, neurons)
            return
        neurons = self._neurons(*found, back)
        # within wide intervals the polish costs more than the descents, and lowers no count
        offer = self._incumbent.offer_unpolished if self._is_noisy else self._incumbent.offer
        self._tell(strategy, None if offer(neurons) else neurons)

    def _target(self) -> str:
        return "neurons" if self._incumbent.network is None else str(self._incumbent.objective)

    def _descent_back(self) -> FloatArray:
        neurons = self._incumbent.objective is Objective.NEURONS
        return self._back if neurons else np.eye(self._incumbent.samples.homogeneous.shape[1])

    def _neurons(self, blocks: FloatArray, signs: FloatArray, back: FloatArray) -> Neurons:
        return neurons_of(self._incumbent.samples, blocks, signs, back)

    def _narrower(self, turn: int) -> Descents | None:
        """Return descents towards one part less than the best network has, or None where that cannot be."""
        best = self._incumbent.neurons
        if best is None or self._incumbent.count <= 1 or self._is_fewest():
            return None
        if self._incumbent.objective is Objective.NEURONS:
            count = int(self._incumbent.count)
            known = len(best.signs) == count
            start = without_a_neuron(best, self._forward) if known else None
            return self._search(count - 1, start)
        return self._sparser(best, turn)

    def _sparser(self, best: Neurons, turn: int) -> NarrowSearch:
        """Descents with one counted entry less; every other turn one neuron more than the best network."""
        counted = self._counted()
        width = max(1, min(len(best.signs) + turn % 2, self._width))
        sparsity = Sparsity(counted, int(self._incumbent.count) - 1)
        start = without_an_entry(best, counted) if width == len(best.signs) and turn == 0 else None
        return NarrowSearch(self._plain, width, self._random, sparsity, start)


def _no_neurons(samples: Samples) -> Neurons:
    n, size = samples.homogeneous.shape
    affine = None if samples.affine is Affine.NONE else np.zeros(size)
    return Neurons(np.zeros((0, size)), np.zeros((0, n), dtype=bool), np.zeros(0), affine)


def _intervals(rows: FloatArray, samples: Samples, movable: FloatArray | None) -> Intervals:
    """Return what to fit in the coordinates of `rows` (N, r), those `movable` (r,) for the affine term."""
    return Intervals(rows, samples.low, samples.high, samples.affine is not Affine.NONE, movable)
