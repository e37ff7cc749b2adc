"""Fewest neurons, weights or parameters by a mixed-integer program over enumerated cells.

The program (theory page, method 3) has a vector u in a closed cone for each cell and output sign, and a
binary for each element that the objective counts. A big-M link between the two would bound the weights by a
number that the problem does not contain, and lets tolerances "prove" false optima. So the program is
decomposed: a master problem over the binaries alone, solved by Pyomo, and linear programs that decide
whether the chosen elements suffice and answer with cuts if they do not (`sparsest.exact.mip.cell_program`).
The lower bound therefore holds for weights of any size, or of the size the problem allows.
"""

import math

import numpy as np

from sparsest import tolerances
from sparsest.errors import SolverError
from sparsest.exact.cells.charts import TimeLimitError
from sparsest.exact.line.projection_witness import projection_witness
from sparsest.exact.method_result import MethodResult
from sparsest.exact.mip.cell_model import CellModel, build_cell_model
from sparsest.exact.mip.cell_program import WITNESS_SIZES, CellProgram, LimitReachedError, UndecidedError
from sparsest.exact.mip.counted_elements import IntArray
from sparsest.exact.mip.master import HittingSet
from sparsest.exact.search_options import SearchOptions
from sparsest.network import Network
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline, Progress, ProgressCallback
from sparsest.refine import refine
from sparsest.results.solving import Proof, Status

# Heuristic solutions of the master tried before each exact one; cuts from them cost far less time.
_GREEDY_TRIES = 10

# A set that suffices is pruned, one linear program an element, unless it is larger than the best by more.
_WORTH_PRUNING = 3

_SEED = 0


def solve_mip(problem: Problem, objective: Objective, options: SearchOptions | None = None) -> MethodResult:
    """Bound the smallest count of `objective` from both sides, and find a network that attains it.

    Parameters
    ----------
    problem : Problem
        Any d; time grows with the number of cells.
    objective : Objective
        What is counted.
    options : SearchOptions, optional
        The time limit includes the enumeration of the cells; solvers other than highs, gurobi, scip, cbc and
        glpk are not told of it. The node limit counts linear programs, which are always HiGHS's. A limit
        among the MIP solver's own options ends the search as a node limit does. Progress is told of after
        each round of cuts.

    Raises
    ------
    InputError
        When there are too many cells for the memory, or an option is refused.
    SolverError
        When the MIP solver is unknown or not installed; one that fails later ends the search with its
        interval.

    Notes
    -----
    Bounds rest on floating-point linear programs with tolerances of 1e-9, so `MethodResult.proof` is
    ``NUMERICAL``. `MethodResult.nodes` counts linear programs.
    """
    options = options or SearchOptions()
    deadline, problem = options.deadline, problem.distinct()
    if np.all((problem.low <= 0) & (problem.high >= 0)):
        zero = Network.zero(problem.n_features, affine=problem.affine)
        return MethodResult(Status.OPTIMAL, Proof.NUMERICAL, 0, zero, 0)
    try:
        model = build_cell_model(problem, objective, deadline)
        program = CellProgram(model, deadline, options.node_limit)
    except KeyboardInterrupt:
        return MethodResult(Status.INTERRUPTED, Proof.NUMERICAL, 0, _first_witness(problem), 0)
    except TimeLimitError:
        return MethodResult(Status.TIME_LIMIT, Proof.NUMERICAL, 0, _first_witness(problem), 0)
    return _CutLoop(
        problem,
        objective,
        model,
        program,
        HittingSet(
            model.elements,
            options.mip_solver,
            options.mip_solver_options,
            repeated=problem.weight_bound is not None,
        ),
        deadline,
        options.progress,
    ).run()


def _first_witness(problem: Problem) -> Network | None:
    """Return an upper bound's network before the first linear program."""
    witness = projection_witness(problem)
    return None if witness is None else witness.rounded(problem.n_features)


class _CutLoop:
    """Cuts and solutions of the master in turn, until its lower bound meets the best network."""

    def __init__(
        self,
        problem: Problem,
        objective: Objective,
        model: CellModel,
        program: CellProgram,
        master: HittingSet,
        deadline: Deadline,
        progress: ProgressCallback | None,
    ) -> None:
        self._problem = problem
        self._objective = objective
        self._model = model
        self._program = program
        self._master = master
        self._deadline = deadline
        self._progress = progress
        self._rng = np.random.default_rng(_SEED)
        self._often = np.zeros(len(model.elements.costs))  # how many cuts each element is in
        self._network: Network | None = None

    def run(self) -> MethodResult:
        """Return the bounds at the end, whatever ended the loop."""
        remark = ""
        try:
            status = self._loop()
        except LimitReachedError as limit:
            status = limit.status
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        except (UndecidedError, SolverError) as trouble:
            status, remark = Status.NUMERICAL, str(trouble)
        if self._is_optimal():
            status = Status.OPTIMAL
        return MethodResult(
            status,
            Proof.NUMERICAL,
            self._master.lower_bound,
            self._network,
            self._program.solved,
            solver=self._master.version,
            remark=remark,
        )

    def _loop(self) -> Status:
        witness = _first_witness(self._problem)
        if witness is not None:
            self._take_if_it_fits(witness)  # as it is: it was made in rational numbers, and may be large
        while not self._is_optimal():
            self._report()
            self._add_cuts_greedily()
            solution = self._master.solve(self._deadline.remaining)
            if not solution.finished or solution.chosen is None:
                raise self._program.limit_reached()
            if not self._is_optimal() and self._cut_off(solution.chosen):
                break
        # numbers of the least cost suffice; whether their network checks out is another matter, and whether
        # it costs as little: neurons of one cell are made alike, which need not be cheapest
        return Status.OPTIMAL if self._is_optimal() else Status.NUMERICAL

    def _add_cuts_greedily(self) -> None:
        """Cut off heuristic solutions of the master while they are as small as its lower bound."""
        failures = 0
        while failures < _GREEDY_TRIES:
            chosen = self._master.greedy(self._rng)
            if self._master.cost(chosen) > self._master.lower_bound:
                failures += 1
            elif self._cut_off(chosen):
                break

    def _cut_off(self, chosen: IntArray) -> bool:
        """Return whether `chosen` suffices; if not, add cuts and elements in turn until it does."""
        first = True
        while not self._program.suffices(chosen):
            first = False
            cut = self._program.cut(chosen, self._rng)
            if not cut.row.any():
                raise UndecidedError("distinct inputs can be interpolated, the solver says they cannot")
            self._master.add(cut.row)
            self._master.raise_bound(1)
            self._often += cut.row
            likely = cut.row * (self._often + self._rng.uniform(size=len(chosen)))
            best = int(np.argmax(likely))
            chosen = chosen.copy()
            chosen[best] += max(1, math.ceil(cut.missing / cut.row[best] - tolerances.LP_FEASIBILITY))
            chosen = self._master.with_required(chosen)
        self._offer_from(chosen)
        return first

    def _offer_from(self, chosen: IntArray) -> None:
        """Leave out elements that are not needed and offer the network of the rest."""
        best = self._best_count()
        if best is not None and self._master.cost(chosen) > best + _WORTH_PRUNING:
            return
        for element in self._rng.permutation(np.flatnonzero(chosen)):
            chosen = self._used_less(chosen, element)
        if best is not None and self._master.cost(chosen) >= best:
            return
        for size in WITNESS_SIZES:
            points = self._program.witness_points(chosen, size)
            network = None if points is None else self._model.decode(*points)
            if network is not None and self._offer(network):
                return

    def _used_less(self, chosen: IntArray, element: int) -> IntArray:
        """Return the numbers with that of one element as small as suffices, by bisection."""
        least, enough = -1, int(chosen[element])
        fewer = chosen.copy()
        while enough - least > 1:
            fewer[element] = (least + enough) // 2 if least >= 0 else 0  # most are not needed at all
            if self._program.suffices(fewer):
                enough = int(fewer[element])
            else:
                least = int(fewer[element])
        fewer[element] = enough
        return fewer

    def _offer(self, network: Network) -> bool:
        """Keep `network` if it fits and counts less than the best; return whether it fits."""
        # refining moves weights, perhaps across the weight bound; then the solver's own digits must do
        return self._take_if_it_fits(refine(self._problem, network)) or self._take_if_it_fits(network)

    def _take_if_it_fits(self, network: Network) -> bool:
        fits = network.interpolates(self._problem) and self._obeys_bound(network)
        best = self._best_count()
        if fits and (best is None or network.count(self._objective) < best):
            self._network = network
        return fits

    def _obeys_bound(self, network: Network) -> bool:
        if self._problem.weight_bound is None:
            return True
        largest = np.abs(network.folded[:, :-1]).max(initial=0.0)
        return bool(largest <= self._problem.weight_bound * (1 + tolerances.LP_FEASIBILITY))

    def _best_count(self) -> int | None:
        return None if self._network is None else self._network.count(self._objective)

    def _is_optimal(self) -> bool:
        best = self._best_count()
        return best is not None and best <= self._master.lower_bound

    def _report(self) -> None:
        if self._progress is not None:
            self._progress(
                Progress(
                    "cutting off sets of cells that do not suffice",
                    self._deadline.seconds,
                    self._program.solved,
                    lower_bound=self._master.lower_bound,
                    upper_bound=self._best_count(),
                )
            )
