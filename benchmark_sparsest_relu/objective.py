"""Few neurons that fit: how many a network has, judged by one referee for all solvers."""

import math

from benchopt import BaseObjective

from sparsest import Network
from sparsest import Objective as Counted
from sparsest.compare.referee import score


class Objective(BaseObjective):
    """The count of the network that a solver returns; infinite where it misses a sample.

    A lower bound that a solver claims is kept beside it, and believed by nobody: where a network of another
    solver has fewer parts, the claim is wrong.
    """

    name = "Fewest parts of a ReLU network that fits"
    url = "https://arxiv.org/abs/2505.21791"
    min_benchopt_version = "1.10"
    sampling_strategy = "run_once"
    parameters = {"counted": ["neurons"], "time_limit": [10.0]}
    test_dataset_name = "named"

    def set_data(self, problem):
        """Take the data with their intervals."""
        self.problem = problem

    def get_objective(self):
        """Hand out the data, what is counted, and the seconds that a solver may take."""
        return {
            "problem": self.problem,
            "counted": Counted.parse(self.counted),
            "time_limit": self.time_limit,
        }

    def evaluate_result(self, network, lower_bound, box):
        """Recompute every figure of the network from the data."""
        counted = Counted.parse(self.counted)
        if network is None:
            return {"value": math.inf, "fits": 0, "residual": math.inf} | self._claimed(lower_bound, box)
        found = score(self.problem, network, counted)
        count = found.counts[counted] if found.fits else math.inf
        return {"value": count, "fits": int(found.fits), "residual": found.residual} | self._claimed(
            lower_bound, box
        )

    @staticmethod
    def _claimed(lower_bound, box):
        """Return the bound; one that holds in a box of weights alone is none for these problems."""
        return {"lower_bound": math.nan if lower_bound is None or box is not None else lower_bound}

    def get_one_result(self):
        """Return the network without a neuron, which every result looks like."""
        return {"network": Network.zero(self.problem.n_features), "lower_bound": None, "box": None}
