"""Write what is known of a least path norm into a file that `check_path_norm_proof` verifies."""

import dataclasses
import gzip
import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from sparsest import check as reading
from sparsest.check_path_norm import FORMAT, MAX_DENOMINATOR, VERSION, ConeModel, Power, ProofError
from sparsest.errors import InputError
from sparsest.exact.arithmetic.number_text import number_text
from sparsest.exact.arithmetic.rational_network import RationalNetwork, rational_witness
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.path_norm.certifier import Certifier
from sparsest.exact.path_norm.cones import build_cones
from sparsest.exact.path_norm.networks import Networks
from sparsest.exact.path_norm.proven_boxes import documents
from sparsest.exact.proof.checker_rows import point_of_each_sample
from sparsest.exact.proof.witness import network_document
from sparsest.exact.proof.writer import document_without_parts
from sparsest.files import write_atomically
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline
from sparsest.units import in_integer_units

# Share of the upper bound that a proof of bounds that meet gives away: more than the search does, so that
# short numbers serve, and less than what counts as met.
_GIVEN_AT_MOST: Final = 8e-7
# The same of a lower bound that is below.
_GIVEN: Final = 1e-7
# Shares up to which bounds in the file are those that are known.
_SLACK: Final = 1e-6
# Units of work that nobody does, and those of the checker's that take a second.
_NO_LIMIT: Final = 10**18
_UNITS_A_SECOND: Final = 1e7
# Bits of bounds.
_BITS: Final = 48


@dataclasses.dataclass(frozen=True)
class WrittenProof:
    """What the file proves: nothing below, and no network, where these are zero and None."""

    lower: float
    upper: float | None

    def shortfall(self, lower: float, upper: float | None) -> str:
        """Return what the file shows less than is known, in one sentence; empty if nothing to speak of."""
        reached = self.upper is not None and upper is not None and self.upper <= upper * (1 + _SLACK)
        if self.lower >= lower * (1 - _SLACK) and (reached or upper is None):
            return ""
        network = "no network" if self.upper is None else f"a network of {self.upper:.8g}"
        return f"the proof file shows less: at least {self.lower:.8g}, and {network}"


def exponent_of(p: float) -> Fraction:
    """Return p as the decimal that is written for it.

    Raises
    ------
    InputError
        When its powers are too long to be proven.
    """
    exact = Fraction(repr(p))
    if exact.denominator > MAX_DENOMINATOR:
        raise InputError(
            f"p = {p}: a proof needs a fraction of denominator {MAX_DENOMINATOR} at most, as 0.4 or 0.125 are"
        )
    return exact


def write_proof(
    path: Path,
    problem: Problem,
    p: float,
    objective: Objective,
    known: tuple[float, float | None, Network | None],
    deadline: Deadline,
    most: int,
) -> WrittenProof:
    """Prove bounds that are known, as far as time allows, and write the proof, atomically.

    Parameters
    ----------
    path : Path
        The file; compressed if its name ends in ``.gz``.
    problem : Problem
        As the user gave it.
    p, objective
        Of the path norm.
    known : tuple of float, float or None, Network or None
        Lower bound, which holds without a weight bound, upper bound, and a network that attains it.
    deadline : Deadline
        When it ends, less is proven.
    most : int
        Boxes after which less is proven.

    Raises
    ------
    OSError
        When the file cannot be written.
    """
    lower, upper, network = known
    document = document_without_parts(problem)
    fields = {name: document[name] for name in ("problem",)}
    work = reading._Work(None)
    work.left = _NO_LIMIT
    power = Power(exponent_of(p), work)
    witness = None if network is None else _witness(problem, network)
    claimed = None if witness is None else _cost(problem, witness, power, objective)
    target = lower * (1 - _GIVEN)
    if upper is not None:
        target = min(target, upper * (1 - _GIVEN_AT_MOST))
    proven, bits, largest = Fraction(0), 0, Fraction(1)
    cones: list[Any] = []
    nodes: list[Any] = []
    if target > 0 and math.isfinite(target):
        certifier = _certifier(
            problem, power, objective, _rounded(Fraction(target), up=False), fields, deadline
        )
        if certifier is not None:
            proven = certifier.run(deadline, most)
            if proven > 0:
                bits, largest = certifier.bits, certifier.largest
                cones, nodes = documents(certifier.root, certifier.model)
                proven = _rounded(proven, up=False)
            proven = max(proven, Fraction(0))
    head = {
        "format": FORMAT,
        "version": VERSION,
        "objective": str(objective),
        "p": str(power.p) if power.p.denominator > 1 else int(power.p),
        **fields,
        "lower_bound": number_text(proven),
        "upper_bound": None if claimed is None else number_text(claimed),
        "witness": None if witness is None else network_document(witness),
        "largest": number_text(largest),
        "price_bits": bits,
        "cones": cones,
    }
    lines = ",\n".join(json.dumps(node) for node in nodes)
    content = f'{json.dumps(head)[:-1]}, "nodes": [\n{lines}\n]}}\n'.encode()
    compressed = path.name.lower().endswith(".gz")
    write_atomically(path, gzip.compress(content, mtime=0) if compressed else content)
    return WrittenProof(float(proven), None if claimed is None else float(claimed))


def _certifier(
    problem: Problem,
    power: Power,
    objective: Objective,
    target: Fraction,
    fields: dict[str, Any],
    deadline: Deadline,
) -> Certifier | None:
    """Return what proves the target; None where there are too many cones, or too little time for them."""
    free = problem.replace(weight_bound=None).distinct()
    work = reading._Work(None)
    work.left = int(min(_NO_LIMIT, _UNITS_A_SECOND * deadline.remaining))
    try:
        cones = build_cones(free, objective, deadline)
        model = ConeModel(
            reading._Problem(reading._with_options(fields["problem"]), "problem"), str(objective), work
        )
    except (InputError, TimeLimitError, ProofError):
        return None
    networks = Networks(free, cones, float(power.p), objective)
    points = np.array(point_of_each_sample(problem, free), dtype=np.int64)
    return Certifier(free, cones, networks, model, points, power, target)


def _witness(problem: Problem, network: Network) -> RationalNetwork | None:
    whole = problem.in_integers
    return rational_witness(ExactData(whole.distinct()), in_integer_units(problem, network), keep_zeros=True)


def _cost(problem: Problem, witness: RationalNetwork, power: Power, objective: Objective) -> Fraction:
    """Return a short number that the path norm of a network is not above, in the problem's own units."""
    *inputs, label = (10**places for places in problem.places)
    units = [Fraction(unit, label) for unit in (*inputs, 1)]
    total = Fraction(0)
    for neuron in witness.neurons[: len(witness.signs)]:
        sizes = [abs(Fraction(int(v.p), int(v.q))) * unit for v, unit in zip(neuron, units, strict=True)]
        if objective is Objective.NEURONS:
            sizes = [sum(sizes, Fraction(0))]
        elif objective is Objective.WEIGHTS:
            sizes = sizes[:-1]
        total += sum(map(power.upper, sizes), Fraction(0))
    return _rounded(total, up=True)


def _rounded(value: Fraction, *, up: bool) -> Fraction:
    """Return a short fraction beside a positive one, above or below."""
    if value <= 0:
        return value
    unit = Fraction(2) ** (value.numerator.bit_length() - value.denominator.bit_length() - _BITS)
    return (math.ceil(value / unit) if up else math.floor(value / unit)) * unit
