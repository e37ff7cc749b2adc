"""Compile every loop ahead of its first use, on small questions that call them all.

The questions go through the functions that searches call, so that loops meet the very types that they meet
there.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from sparsest.affine import Affine
from sparsest.errors import InputError
from sparsest.exact.compiling import MAX_INTERPRETED_STEPS, cache_place
from sparsest.exact.dense.functions import functions_meeting
from sparsest.exact.dense.plan import cheapest_plan
from sparsest.exact.line.slope_changes import curvature
from sparsest.exact.line.stabbing_kernel import STEPS_A_SAMPLE
from sparsest.exact.lp.row_stack_dense import DenseSimplex
from sparsest.exact.lp.row_stack_kernel import step
from sparsest.exact.p_star import rivals
from sparsest.exact.p_star.by_bisection import sizes_of_sparsest
from sparsest.exact.p_star.crossing_of_cuts import crossing_of_cuts
from sparsest.exact.p_star.p_star import threshold
from sparsest.exact.path_norm.box_search import BoxSearch, largest_element
from sparsest.exact.path_norm.cones import build_cones
from sparsest.exact.path_norm.interval import Interval
from sparsest.exact.path_norm.least_path_norm import minimize_path_norm
from sparsest.exact.path_norm.networks import Networks
from sparsest.exact.search_options import Pacing, SearchOptions
from sparsest.exact.solver import solve
from sparsest.exact.tree.cell_sets import CellSets
from sparsest.exact.tree.search import solve_tree
from sparsest.objectives import Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

# Samples of one feature from which on its loops are compiled, and some more.
_SAMPLES: Final = MAX_INTERPRETED_STEPS // STEPS_A_SAMPLE + 10


def compile_ahead() -> Iterator[tuple[str, float]]:
    """Compile all loops, or load those that were compiled, and yield of each part its name and seconds.

    Raises
    ------
    InputError
        Where nothing can be kept.
    """
    if cache_place(step) is None:
        raise InputError("compiled code cannot be kept: set NUMBA_CACHE_DIR to a folder that can be written")
    for name, part in PARTS.items():
        begun = time.perf_counter()
        part()
        yield name, time.perf_counter() - begun


def _tree() -> None:
    tent = Problem([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [2.0, 0.5]], [0.0, 1.0, 1.0, 0.0, 0.5])
    # first what the loop of the tree calls, so that this is compiled once
    DenseSimplex((1, -1), None, [3, 3], None).push(np.ones(6), (1, 0), 0.0, 1.0)
    solve_tree(tent, SearchOptions(pacing=Pacing(compiled_from=0)))
    cells = CellSets(np.array([[True, False], [False, True]]), np.arange(2), 2)
    cells.go_compiled()
    cells.possible([cells.every], [0, 1])


def _path_norms() -> None:
    xor, p, objective = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]), 0.5, Objective.WEIGHTS
    cones = build_cones(xor, objective, Deadline(None))
    networks = Networks(xor, cones, p, objective, compiled=True)
    interval = Interval(networks, cones, p)
    interval.consider(networks.solve(np.ones(networks.shape)))
    boxes = BoxSearch(networks, cones, p, interval, largest_element(interval.cost, p))
    boxes.begin()
    boxes.examine_next()


def _threshold() -> None:
    xor, objective = Problem([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]), Objective.WEIGHTS
    exact = rivals.bases(xor, objective)
    assert exact is not None
    rivals.rivals(exact, sizes_of_sparsest(solve(xor, objective)), Deadline(None), compiled=True)


def _densest_classes() -> None:
    rows = np.column_stack([np.arange(4.0), np.arange(4.0) ** 2, np.ones(4)])
    ends = np.zeros(4)
    functions_meeting(rows, (ends, ends), 4, cheapest_plan(4, 4, 3), 1e6, compiled=True)


def _one_feature() -> None:
    random = np.random.default_rng(0)
    x, y = random.uniform(size=_SAMPLES), random.normal(size=_SAMPLES)
    solve(Problem(x, y, affine=Affine.SKIP, tolerance=0.01))
    exact_labels = Problem(x, y, affine=Affine.SKIP)
    minimize_path_norm(exact_labels, 0.5, Objective.WEIGHTS)
    threshold(exact_labels, Objective.WEIGHTS)
    # changes of slope 1, 16, 16, 1, whose cheapest cuts change places
    crossing_of_cuts(curvature(np.arange(6.0), np.array([0.0, 0, 1, 18, 51, 85])), compiled=True)


PARTS: Final[dict[str, Callable[[], None]]] = {
    "fewest neurons: the activation tree": _tree,
    "fewest neurons: densest classes": _densest_classes,
    "least path norms": _path_norms,
    "the threshold p*": _threshold,
    "one feature": _one_feature,
}
