"""What every part of a search for the fewest weights or parameters needs, prepared once in each process."""

import dataclasses

from sparsest.affine import Affine
from sparsest.exact.arithmetic.rational_problem import ExactData
from sparsest.exact.lp.coordinates import Coordinates
from sparsest.exact.proof.log import ProofLog
from sparsest.exact.search_options import Pacing
from sparsest.exact.supports.branching import KindBranching
from sparsest.exact.supports.coordinates import EntryCoordinates, entry_coordinates
from sparsest.exact.supports.exploration import KindExploration
from sparsest.exact.supports.findings import EntryFindings
from sparsest.exact.supports.kinds import Catalogue, Kinds, columns, neurons
from sparsest.exact.tree.exploration import Surroundings
from sparsest.exact.tree.prepared import MET, Prepared
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline


def searched_problem(problem: Problem, objective: Objective) -> Problem:
    """Return the problem as it is searched: for weights a constant is free, being a neuron without any."""
    free = objective is Objective.WEIGHTS and problem.affine is Affine.NONE
    return problem.replace(affine=Affine.CONSTANT) if free else problem


def new_findings(problem: Problem, objective: Objective, log: ProofLog) -> EntryFindings:
    """Return that nothing is known yet of a problem."""
    free = searched_problem(problem, objective) is not problem
    return EntryFindings(problem.n_features, log=log, objective=objective, constant_is_neuron=free)


class PreparedKinds:
    """A problem, its inputs distinct, and what is derived from it for neurons of any kinds.

    Parameters
    ----------
    problem : Problem
        As it was asked about.
    objective : Objective
        Weights or parameters.
    pacing : Pacing
        How many cells are worth their enumeration, and when compiled code is used.
    """

    def __init__(self, problem: Problem, objective: Objective, pacing: Pacing) -> None:
        self.problem = searched_problem(problem, objective)
        self.catalogue = Catalogue(problem.n_features, self.problem.affine, objective)
        coordinates = Coordinates(self.problem)
        self.data = ExactData(self.problem)
        self._branching = KindBranching(self.problem, coordinates, MET, pacing, self.data.rows)
        self.with_all_entries = Prepared(self.problem, self.data, coordinates, self._branching, pacing)
        self._coordinates: dict[tuple[int, ...], EntryCoordinates] = {}

    @property
    def has_cells(self) -> bool:
        """Whether cells were enumerated."""
        return self._branching.cell_sets is not None

    def enumerate(self, deadline: Deadline) -> None:
        """Enumerate the cells of all choices of inputs, while they are not too many."""
        self._branching.enumerate(deadline)

    def exploration(self, around: Surroundings, kinds: Kinds, log: ProofLog) -> KindExploration:
        """Return the exploration of networks of some kinds."""
        entries, beside = [self.catalogue.entries(kind) for kind in neurons(kinds)], columns(kinds)
        prepared = dataclasses.replace(
            self.with_all_entries,
            data=self.data.restricted(entries, beside),
            branching=self._branching.of(entries, has_columns=bool(beside)),
        )
        around = dataclasses.replace(around, prepared=prepared)
        return KindExploration(around, kinds, log, [self._of(each) for each in entries])

    def _of(self, entries: tuple[int, ...]) -> EntryCoordinates:
        if entries not in self._coordinates:
            rank = self.with_all_entries.coordinates.rows.shape[1]
            self._coordinates[entries] = entry_coordinates(self.problem, entries, rank)
        return self._coordinates[entries]
