"""Which exact method suits a problem, and which options suit a method: refused before any work is done."""

import os
from pathlib import Path

from sparsest.affine import Affine
from sparsest.errors import InputError
from sparsest.exact.cells.enumerate import count_in_general_position
from sparsest.exact.line import fewest_knots, fewest_without_skip
from sparsest.exact.line.projection_witness import projection_witness
from sparsest.multi_output_network import MultiOutputNetwork, SharedProblem
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem

# Cells of general data beyond which the mixed-integer program is too large to be taken unasked.
_MANY_CELLS = 20_000

METHODS = ("auto", "univariate", "tree", "mip")

PathLike = str | os.PathLike[str]


def choose_method(
    problem: Problem, objective: Objective, method: str, *, proof_wanted: bool, kept: bool = False
) -> tuple[str, str]:
    """Return the method that runs, and why in one sentence, empty when the caller named it.

    With `kept` the search is to be kept in a file, which the tree alone can.

    Raises
    ------
    InputError
        When the method named is unknown or does not apply to the problem and the objective.
    """
    if method != "auto":
        return _applicable(problem, objective, method), ""
    chosen, reason = _choose(problem, objective)
    if chosen == "mip" and objective is Objective.NEURONS and proof_wanted:
        return "tree", "a proof is asked for, which the activation tree can write"
    if chosen == "univariate" and problem.affine is not Affine.SKIP:
        if kept:
            return "tree", "the search is kept in a file, which that of the activation tree can be"
        if proof_wanted and objective is Objective.WEIGHTS:
            return "tree", "a proof of weights is asked for, which the activation tree can write"
    return chosen, reason


def _choose(problem: Problem, objective: Objective) -> tuple[str, str]:
    """Return the method that "auto" takes, and why."""
    if fewest_knots.applies_to(problem, objective):
        return "univariate", "one feature and a skip: ordered stabbing needs no search"
    if fewest_without_skip.applies_to(problem, objective) and problem.is_interpolation:
        return "univariate", "one feature and exact labels: two sweeps find which way each neuron faces"
    if objective is not Objective.NEURONS and problem.weight_bound is not None:
        return (
            "mip",
            f"{objective} are counted under a weight bound: only the mixed-integer program does that",
        )
    if objective is not Objective.NEURONS:
        return "tree", f"{objective} are counted: a tree for every choice of them proves exactly"
    cells = count_in_general_position(problem.n_samples, problem.n_features + 1)
    if problem.weight_bound is not None and cells <= _MANY_CELLS:
        witness = projection_witness(problem.distinct().replace(weight_bound=None))
        if witness is None or not witness.rounded(problem.n_features).within_bound(problem):
            return "mip", "the weight bound may ask for many neurons alike: they are one whole number there"
    return "tree", "neurons are counted: the activation tree needs no bound on weights and proves exactly"


def _applicable(problem: Problem, objective: Objective, method: str) -> str:
    if method not in METHODS:
        raise InputError(f"unknown method {method!r}: choose one of {', '.join(METHODS)}")
    if method == "tree" and objective is not Objective.NEURONS and problem.weight_bound is not None:
        raise InputError(
            f"method 'tree' counts {objective} without a weight bound: leave it out, or use method='mip'"
        )
    if method == "univariate" and not (
        fewest_knots.applies_to(problem, objective) or fewest_without_skip.applies_to(problem, objective)
    ):
        raise InputError(
            "method 'univariate' needs one feature, no weight bound and the objective neurons or weights: "
            "use method='auto'"
        )
    return method


def check_outputs_options(
    problem: SharedProblem, objective: Objective, method: str, witness: object, *, kept: bool
) -> MultiOutputNetwork | None:
    """Return the witness; raise `InputError` for what a search with several outputs does not do.

    With `kept` the search is to be kept in a file.
    """
    if objective is not Objective.NEURONS:
        raise InputError(f"of several outputs the neurons are counted, not the {objective}: leave it out")
    if method not in ("auto", "tree"):
        raise InputError(f"several outputs are bounded by method 'auto' or 'tree', not {method!r:.40}")
    if kept:
        raise InputError("a search with several outputs is not kept in a file: leave the checkpoint out")
    shape = problem.n_features, problem.n_outputs
    if witness is None:
        return None
    if not isinstance(witness, MultiOutputNetwork) or (witness.n_features, witness.n_outputs) != shape:
        raise InputError(
            f"witness must be a MultiOutputNetwork of {shape[0]} features and {shape[1]} outputs"
        )
    return witness


def check_witness(witness: object, problem: Problem) -> Network | None:
    """Return the witness; raise `InputError` for one that is no network of the problem's features."""
    if witness is None or (isinstance(witness, Network) and witness.n_features == problem.n_features):
        return witness
    raise InputError(f"witness must be a Network of {problem.n_features} features")


def proof_path(proof_file: PathLike, objective: Objective, method: str) -> Path:
    """Return where a proof goes; raise `InputError` when there can be none."""
    if not isinstance(proof_file, (str, os.PathLike)):
        raise InputError(f"proof_file = {proof_file!r:.40}: it must be a path")
    path = Path(proof_file)
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file")
    if method == "mip":
        raise InputError(
            f"a proof of {objective} by method 'mip' cannot be written: use method='tree', without a weight "
            "bound unless neurons are counted"
        )
    if not path.name.lower().endswith((".json", ".json.gz")):
        raise InputError(f"{path}: the name of a proof ends in .json or .json.gz")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist")
    return path


def checkpoint_path(checkpoint_file: PathLike, method: str) -> Path:
    """Return where a search is kept; raise `InputError` for a method that cannot be resumed."""
    if not isinstance(checkpoint_file, (str, os.PathLike)):
        raise InputError(f"checkpoint_file = {checkpoint_file!r:.40}: it must be a path")
    if method not in ("tree", "branching"):
        raise InputError(
            f"only the search of method 'tree' can be resumed, and the method is {method!r}: leave the "
            "checkpoint out, or use method='tree'"
        )
    return Path(checkpoint_file)
