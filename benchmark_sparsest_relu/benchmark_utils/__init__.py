"""What the solvers of this benchmark share."""

from benchopt import BaseSolver

from sparsest import datasets
from sparsest.benchmarks.suites.methods import METHODS


class RegisteredMethod(BaseSolver):
    """A method of `sparsest bench`, by the name that it has there, run once within the time limit."""

    sampling_strategy = "run_once"

    def set_objective(self, problem, counted, time_limit):
        """Take the question."""
        self.problem, self.counted, self.time_limit = problem, counted, time_limit

    def warm_up(self):
        """Import the libraries, and compile what is compiled when it is first called."""
        self._answer_to(datasets.load("xor").problem())

    def run(self, _):
        """Look for a network."""
        self.answer = self._answer_to(self.problem)

    def _answer_to(self, problem):
        method = METHODS[self.method]
        return method.load()(
            problem, self.counted, seed=self.get_seed(), time_limit=self.time_limit, **method.preset
        )

    def get_result(self):
        """Hand out the network, and what is claimed of others."""
        return {
            "network": self.answer.network,
            "lower_bound": self.answer.lower_bound,
            "box": self.answer.box,
        }
