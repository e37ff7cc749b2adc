"""What the certification of a given network says: the verdict, and everything that it rests on."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.results.solving import Proof, Status
from sparsest.sentences import Sentence


class Judgement(Sentence):
    """The verdict on a network that somebody trained."""

    NOT_INTERPOLATING = "not_interpolating", "the network misses a label by more than the tolerance"
    SPARSEST = "sparsest", "the network fits, and no network with fewer parts does"
    SPARSER_EXISTS = "sparser_exists", "a network with fewer parts fits as well"
    BOUNDED = "bounded", "no network with fewer parts is known to fit, and none is proven not to"


class ReductionKind(Sentence):
    """Why neurons are superfluous on the data, whatever the tolerance."""

    ZERO = "zero", "the output weight, or all that enters, is zero"
    DEAD = "dead", "inactive on every sample"
    DUPLICATE = "duplicate", "the same neuron up to its size"
    ALWAYS_LINEAR = "always_linear", "active on every sample, and so affine on the data"
    MERGEABLE = "mergeable", "active on the same samples, and so added up without changing a value"


@dataclasses.dataclass(frozen=True)
class Reduction:
    """Neurons that fewer can replace without changing a value on the data.

    Attributes
    ----------
    kind : ReductionKind
        Why.
    neurons : tuple of int
        Their numbers in the given network, from 0.
    saved : int
        How many fewer neurons there are afterwards.
    sentence : str
        The same for people.
    """

    kind: ReductionKind
    neurons: tuple[int, ...]
    saved: int
    sentence: str


@dataclasses.dataclass(frozen=True)
class Miss:
    """A sample on which the network is far from its label.

    Attributes
    ----------
    row : int
        Row of X, from 0.
    label, value : float
        What was asked for, and the network's value in float64.
    distance : float
        Between the two.
    """

    row: int
    label: float
    value: float
    distance: float


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One thing that was tried.

    Attributes
    ----------
    name : str
        What, in a few words.
    outcome : str
        What came of it, in one sentence.
    seconds : float
        Wall time.
    """

    name: str
    outcome: str
    seconds: float


@dataclasses.dataclass(frozen=True, eq=False)
class Certificate:
    """Whether a given network is the sparsest that fits its data, and what that rests on.

    Attributes
    ----------
    judgement : Judgement
        The verdict.
    reason : str
        One sentence with the figures it rests on.
    objective : Objective
        What is counted.
    affine : Affine
        Which affine term the network, and every network it is compared with, may have.
    source : str
        Where the network came from: "torch module", "onnx", "network", ...
    dtype : str
        Precision of the network itself.
    samples, features : int
        Size of the data.
    residual : float
        Largest ``|f(x_i) - y_i|`` in float64.
    own_residual : float
        The same when the network evaluates in its own precision.
    worst : tuple of Miss
        The samples with the largest distances in float64, largest first.
    tolerance : float
        Largest distance that counts as fitting; the largest one where there is one a sample.
    tolerance_chosen : bool
        Whether it was chosen as what the network itself attains.
    count : int
        Count of the network as it is.
    reduced_count : int
        Count after the reductions.
    reductions : tuple of Reduction
        Neurons that are superfluous on the data, cheapest reasons first.
    lower_bound : int
        No network of the same kind that fits has fewer.
    upper_bound : int or None
        The count of `network`; None when no network is known to fit.
    network : Network or None
        The sparsest network known to fit; the given one, folded, if none is sparser.
    network_residual : float or None
        Its largest distance from a label in float64.
    network_own_residual : float or None
        The same after its numbers are rounded to the given network's precision.
    proof : Proof
        What the lower bound rests on.
    proof_file : str or None
        Where its proof was written.
    status : Status or None
        Why the search for bounds ended; None when there was none.
    remark : str
        What else the user should know, how to go on for instance; may be empty.
    attempts : tuple of Attempt
        What was tried, in order.
    trace : array (T, 3)
        Seconds, lower and upper bound whenever one of them changed.
    seconds : float
        Wall time of everything.
    options : mapping
        The options that it ran with.
    """

    judgement: Judgement
    reason: str
    objective: Objective
    affine: Affine
    source: str
    dtype: str
    samples: int
    features: int
    residual: float
    own_residual: float
    worst: tuple[Miss, ...]
    tolerance: float
    tolerance_chosen: bool
    count: int
    reduced_count: int
    reductions: tuple[Reduction, ...]
    lower_bound: int
    upper_bound: int | None
    network: Network | None
    network_residual: float | None
    network_own_residual: float | None
    proof: Proof
    proof_file: str | None
    status: Status | None
    remark: str
    attempts: tuple[Attempt, ...]
    trace: FloatArray
    seconds: float
    options: Mapping[str, Any]
