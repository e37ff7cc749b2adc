"""What a staged search is between two pieces of work, as arrays for a file."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from sparsest.continuous.checkpoint.arrays import prefixed, under
from sparsest.continuous.search.effort import Effort
from sparsest.continuous.search.few_neuron_descents import NarrowSearch
from sparsest.continuous.search.interval_descents import IntervalSearch
from sparsest.files import Arrays
from sparsest.io.strict_json import parse

STAGES: Final = ("start", "ascend", "sample", "reserve", "descend", "done")

Descents = NarrowSearch | IntervalSearch

# Makes a search of the kind "narrow" or "turn", of a width, and of so many entries if they are limited.
Blank = Callable[[str, int, int | None], Descents]


@dataclasses.dataclass
class Course:
    """Steps taken, and after each piece of descents: steps, loss (scaled), path norm, neurons."""

    taken: int = 0
    points: list[tuple[float, float, float, float]] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Place:
    """What a search does next.

    Attributes
    ----------
    stage : str
        One of `STAGES`.
    round, width : int
        How often every small width was tried, and the next one.
    sampled : int
        Sampled sets of cells that were tried.
    turn : int
        Turns since the last improvement, on the way down.
    reserved : int
        Steps of gradient descent.
    """

    stage: str = STAGES[0]
    round: int = 0
    width: int = 1
    sampled: int = 0
    turn: int = 0
    reserved: int = 0


@dataclasses.dataclass(frozen=True)
class SearchState:
    """Everything that changes while a search runs, but for its incumbent.

    Attributes
    ----------
    random : numpy.random.Generator
        Source of all that is random.
    place, course, effort : Place, Course, Effort
        What comes next, and what was.
    narrow : dict
        Searches of the first stage by width.
    by_turn : dict
        Searches of the last stage by kind of turn; None where there is nothing to look for.
    """

    random: np.random.Generator
    place: Place
    course: Course
    effort: Effort
    narrow: dict[int, Descents]
    by_turn: dict[int, Descents | None]

    def arrays(self) -> Arrays:
        """Return the state as copies, from which `restore` continues bit for bit."""
        searches = {f"narrow {width}": search for width, search in self.narrow.items()}
        searches |= {f"turn {turn}": search for turn, search in self.by_turn.items() if search is not None}
        words = {
            "place": dataclasses.asdict(self.place),
            "taken": self.course.taken,
            "effort": dataclasses.asdict(self.effort),
            "random": self.random.bit_generator.state,
            "searches": {name: [search.width, search.entries] for name, search in searches.items()},
            "idle": [turn for turn, search in self.by_turn.items() if search is None],
        }
        arrays: Arrays = {"words": np.array(json.dumps(words))}
        arrays["points"] = np.array(self.course.points, dtype=np.float64).reshape(-1, 4)
        for name, search in searches.items():
            arrays |= prefixed(f"{name} ", search.arrays())
        return arrays

    def restore(self, arrays: Mapping[str, "np.ndarray[Any, Any]"], blank: Blank) -> None:
        """Take over a state of a search for the same problem with the same options.

        Raises
        ------
        ValueError, KeyError, TypeError
            When it is not one.
        """
        words = parse(str(arrays["words"]))
        _take(self.place, words["place"])
        if self.place.stage not in STAGES or min(dataclasses.astuple(self.place)[1:]) < 0:
            raise ValueError("it is at no stage of a search")
        _take(self.effort, words["effort"])
        points = np.asarray(arrays["points"], dtype=np.float64).reshape(-1, 4)
        self.course.taken = int(words["taken"])
        self.course.points[:] = [(p[0], p[1], p[2], p[3]) for p in points.tolist()]
        self.narrow.clear()
        self.by_turn.clear()
        self.by_turn.update({int(turn): None for turn in words["idle"]})
        for name, (width, entries) in words["searches"].items():
            kind, _, number = name.partition(" ")
            search = blank(kind, int(width), None if entries is None else int(entries))
            search.restore(under(f"{name} ", arrays))
            if kind == "narrow":
                self.narrow[int(number)] = search
            else:
                self.by_turn[int(number)] = search
        self.random.bit_generator.state = words["random"]  # last: new searches draw numbers


def _take(target: Place | Effort, values: dict[str, Any]) -> None:
    """Overwrite every field by a value of its own type."""
    for field in dataclasses.fields(target):
        value = values[field.name]
        if type(value) is not type(getattr(target, field.name)) or value != value:
            raise ValueError(f"its {field.name} is {value!r:.40}")
        setattr(target, field.name, value)
