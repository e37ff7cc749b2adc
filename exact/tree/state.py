"""The state of a search of the activation tree: what is known, and what is done.

What a checkpoint stores is made of these two, and of nothing else.
"""

import dataclasses
from collections.abc import Iterable, Sequence

from sparsest.exact.arithmetic.rational_network import RationalNetwork
from sparsest.exact.line.forced_knots import Triple
from sparsest.exact.packing.curved_sets import NOTHING, Packing
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.proof.piece import Prefix
from sparsest.network import Network


@dataclasses.dataclass
class Findings:
    """What a search knows of the problem.

    Attributes
    ----------
    n_features : int
        Of the problem.
    lower : int
        No network that fits has fewer neurons.
    witness : RationalNetwork or None
        A network that provably fits.
    network : Network or None
        The same, rounded to floats.
    near_miss : Network or None
        The narrowest one that fits up to rounding, and not provably.
    unverified : int
        Leaves that could not be decided in rational arithmetic.
    knots : sequence of triples
        Those that force knots on lines.
    packing : Packing
        Curved sets that proved more than was known then.
    log : ProofLog
        Told of every witness and packing.
    """

    n_features: int
    lower: int = 0
    witness: RationalNetwork | None = None
    network: Network | None = None
    near_miss: Network | None = None
    unverified: int = 0
    knots: Sequence[Triple] = ()
    packing: Packing = NOTHING
    log: ProofLog = dataclasses.field(default_factory=ProofLog, repr=False, compare=False)

    @property
    def upper(self) -> int | None:
        """Neurons of the witness."""
        return None if self.witness is None else len(self.witness.signs)

    def beats(self, width: int) -> bool:
        """Whether a network of `width` neurons would be narrower than the witness."""
        return self.upper is None or width < self.upper

    def take(self, witness: RationalNetwork) -> None:
        """Take a network that provably fits for the upper bound."""
        # this may raise, and then nothing has changed
        self.network = witness.rounded(self.n_features)
        self.witness = witness
        self.log.witness(witness)

    def take_packing(self, packing: Packing) -> None:
        """Take a packing for the lower bound, if it proves more than is known."""
        if packing.bound > self.lower:
            self.lower, self.packing = packing.bound, packing
            self.log.packing(packing)

    def refuted_below(self, width: int) -> None:
        """Raise the lower bound to `width`, all narrower networks refuted, unless a leaf is unverified."""
        if not self.unverified:
            self.lower = width


@dataclasses.dataclass
class Frontier:
    """What is left to explore of one tree, and what was recorded of the rest.

    A subtree is named by its prefix, the samples and bits that lead to it.

    Attributes
    ----------
    left : list of Prefix
        Subtrees that nobody explores yet, the next one last.
    pieces : dict
        What was recorded, packed, by the prefix under which it was explored; empty unless a proof is asked
        for.
    under_way : list of Prefix
        Subtrees that workers explore.
    """

    left: list[Prefix] = dataclasses.field(default_factory=lambda: [()])
    pieces: dict[Prefix, bytes] = dataclasses.field(default_factory=dict)
    under_way: list[Prefix] = dataclasses.field(default_factory=list)

    @property
    def open(self) -> list[Prefix]:
        """Every subtree not yet explored, each once."""
        return list(dict.fromkeys([*self.under_way, *self.left]))

    # In the methods below an interruption between two lines leaves a subtree listed twice, never lost.

    def start(self, *, farthest: bool = False) -> Prefix:
        """Give the next subtree to a worker, or the one farthest from it."""
        place = 0 if farthest else -1
        prefix = self.left[place]
        self.under_way.append(prefix)
        del self.left[place]
        return prefix

    def put_back(self, prefix: Prefix, *, farthest: bool = False) -> None:
        """Let a subtree be explored again, because its worker was lost or ran out of time."""
        self._insert([prefix], farthest)
        self.under_way.remove(prefix)

    def finish(
        self, prefix: Prefix, left: Iterable[Prefix], recorded: bytes | None, *, farthest: bool = False
    ) -> None:
        """Take what a worker made of a subtree: the parts left open, the first to be next, and a record."""
        if recorded is not None:
            self.pieces[prefix] = recorded
        self._insert(list(left)[::-1], farthest)
        self.under_way.remove(prefix)

    def _insert(self, prefixes: Sequence[Prefix], farthest: bool) -> None:
        place = 0 if farthest else len(self.left)
        self.left[place:place] = prefixes

    def replace_next(self, left: Iterable[Prefix], recorded: bytes | None) -> None:
        """Replace the next subtree by the parts of it that were left open, the first to be explored first."""
        if recorded is not None:
            self.pieces[self.left[-1]] = recorded
        self.left[-1:] = list(left)[::-1]


@dataclasses.dataclass
class Counters:
    """How much a search has done, in all its runs.

    Attributes
    ----------
    nodes : int
        Linear programs solved.
    nodes_before : int
        Those of earlier runs.
    seconds_before : float
        Wall time of earlier runs.
    pause : float
        Nodes at which to search locally next.
    rejected : int
        Networks of the local search that nobody could prove to fit.
    """

    nodes: int = 0
    nodes_before: int = 0
    seconds_before: float = 0.0
    pause: float = float("inf")
    rejected: int = 0

    @property
    def nodes_of_this_run(self) -> int:
        """Linear programs solved since the search was started or resumed."""
        return self.nodes - self.nodes_before

    def pause_is_due(self) -> bool:
        """Whether a local search is due after so many nodes; if so, the next is after twice as many."""
        due = self.nodes >= self.pause
        if due:
            self.pause = 2 * self.nodes
        return due


@dataclasses.dataclass
class Headway:
    """What a search has refuted, and where it is.

    Attributes
    ----------
    width : int
        Neurons of the networks that are being refuted; narrower ones are.
    splits : list of int
        Numbers of positive output signs that are refuted at this width.
    frontier : Frontier or None
        What is left of the next one, where it is refuted in pieces.
    counters : Counters
        How much was done.
    """

    width: int = 0
    splits: list[int] = dataclasses.field(default_factory=list)
    frontier: Frontier | None = None
    counters: Counters = dataclasses.field(default_factory=Counters)

    @property
    def begun(self) -> bool:
        """Whether something of this width is done already."""
        return bool(self.splits) or self.frontier is not None

    def split_refuted(self, positive: int) -> None:
        """Take note that no network has this width and so many positive output signs."""
        # in this order: an interruption in between costs a repetition and nothing else
        self.frontier = None
        self.splits.append(positive)

    def skip_to(self, width: int) -> None:
        """Go on to networks of `width` neurons, all narrower ones being refuted by other means."""
        self.frontier, self.splits = None, []
        self.width = width

    def width_refuted(self) -> None:
        """Go on to networks of one neuron more."""
        self.splits = []
        self.width += 1
