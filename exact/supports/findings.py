"""What a search for the fewest weights or parameters knows, and how a network becomes its witness."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from sparsest.affine import Affine
from sparsest.arrays import FloatArray
from sparsest.exact.arithmetic.rational_network import RationalNetwork, rational_witness, with_constant_neuron
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.line.forced_knots import Triple
from sparsest.exact.tree.state import Findings
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem


def entries_of(network: RationalNetwork, objective: Objective) -> int:
    """Return the weights or parameters of a rational network that differ from zero."""
    used = slice(-1) if objective is Objective.WEIGHTS else slice(None)
    neurons = network.neurons[: len(network.signs)]
    return sum(value != 0 for neuron in neurons for value in neuron[used])


def entries_of_knots(X: FloatArray, triples: Sequence[Triple], objective: Objective) -> int:
    """Return how many weights or parameters the knots take that triples of samples (N, d) force.

    Each is a neuron's own, strictly between the outer samples. A neuron of one parameter has its knot where
    its input is zero; any other has two.
    """
    if objective is Objective.WEIGHTS:
        return len(triples)
    return sum(1 if (np.sign(X[a]) * np.sign(X[c]) < 0).any() else 2 for a, _, c, _ in triples)


@dataclasses.dataclass
class EntryFindings(Findings):
    """As `Findings`, bounds being on weights or parameters.

    Attributes
    ----------
    objective : Objective
        What is counted.
    constant_is_neuron : bool
        Whether networks are searched with a free constant that is a neuron without weights in truth.
    """

    objective: Objective = Objective.WEIGHTS
    constant_is_neuron: bool = False

    @property
    def upper(self) -> int | None:
        """Entries of the witness."""
        return None if self.witness is None else entries_of(self.witness, self.objective)

    def take(self, witness: RationalNetwork) -> None:
        """Take a network that provably fits, if it has fewer entries than the one that is known."""
        if self.constant_is_neuron:
            witness = with_constant_neuron(witness)
        if self.beats(entries_of(witness, self.objective)):
            super().take(witness)

    def near_miss_remark(self, problem: Problem) -> str:
        """Return a sentence on the near miss, if it would be the better witness; otherwise nothing."""
        miss = self.near_miss
        if miss is None or not self.beats(miss.count(self.objective)):
            return ""
        return (
            f"a network of {miss.count(self.objective)} {self.objective} meets the labels up to rounding "
            f"({miss.residual(problem):.1e}), but not provably"
        )


def without_constant_neurons(network: Network, problem: Problem) -> Network:
    """Return a network whose neurons without weights are in its free constant, where the problem has one."""
    constant = (network.weights == 0).all(axis=1)
    if problem.affine is not Affine.CONSTANT or not constant.any():
        return network
    term = np.zeros(problem.n_features + 1) if network.affine is None else network.affine.copy()
    term[-1] += float(network.outputs[constant] @ np.maximum(network.biases[constant], 0.0))
    return Network(network.weights[~constant], network.biases[~constant], network.outputs[~constant], term)


def accept(problem: Problem, data: ExactData, findings: EntryFindings, network: Network) -> bool:
    """Take `network` for the witness if a rational one with its zeros provably fits, and say whether.

    Parameters
    ----------
    problem : Problem
        As it is searched.
    data : ExactData
        Of the problem, with all entries.
    findings : EntryFindings
        What is known.
    network : Network
        One that may fit.
    """
    witness = rational_witness(data, without_constant_neurons(network, problem), keep_zeros=True)
    if witness is None:
        if findings.near_miss is None and network.solves(problem):
            findings.near_miss = network
        return False
    findings.take(witness)
    return True
