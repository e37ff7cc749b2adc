"""The loops over the boxes of one problem, interpreted while that is faster than compiling them."""

import functools
from typing import Final

import numpy as np

from sparsest.arrays import FloatArray
from sparsest.exact.compiling import compile_loop, was_compiled, worth_compiling
from sparsest.exact.path_norm import box_kernel, relaxation_kernel
from sparsest.exact.path_norm.box_kernel import Examined
from sparsest.exact.path_norm.cones import IntArray
from sparsest.exact.path_norm.intervals_kernel import Box
from sparsest.exact.path_norm.ray_program_kernel import ConeArrays
from sparsest.exact.path_norm.relaxation_kernel import Relaxation

# Entries of a tableau that are written in one step (`sparsest.exact.compiling`).
_ENTRIES_A_STEP: Final = 4
# Linear programs in a call of `examine`, about.
_PROGRAMS: Final = 8
# Linear programs that hardly any search does without.
_MIN_PROGRAMS: Final = 60
# These loops are the longest: compiling them takes so many times as long as loading what was compiled.
_FIRST_TIME: Final = 15


class Loops:
    """`relaxed` and `examine` of one problem.

    Parameters
    ----------
    columns, rows : int
        Size of the linear programs, each of which exchanges about every row once.
    compiled : bool, optional
        Whether loops are compiled; by default as soon as that pays.
    """

    def __init__(self, columns: int, rows: int, compiled: bool | None = None) -> None:
        self._program = columns * (rows + 5) ** 2 / _ENTRIES_A_STEP
        self._programs = 0
        self._choice = compiled

    def relaxed(
        self, slopes: FloatArray, box: Box, rows: IntArray, cutoff: float, cones: ConeArrays
    ) -> Relaxation:
        """Call `relaxation_kernel.relaxed`."""
        if self.compiled_after(1):
            return compile_loop(relaxation_kernel.relaxed)(slopes, box, rows, cutoff, cones)
        with np.errstate(all="ignore"):  # as in compiled code
            return relaxation_kernel.relaxed(slopes, box, rows, cutoff, cones)

    def examine(
        self, box: Box, held: IntArray, p: float, cut: float, cones: ConeArrays, largest_ratios: FloatArray
    ) -> Examined:
        """Call `box_kernel.examine`."""
        if self.compiled_after(_PROGRAMS):
            return compile_loop(box_kernel.examine)(box, held, p, cut, cones, largest_ratios)
        with np.errstate(all="ignore"):
            return box_kernel.examine(box, held, p, cut, cones, largest_ratios)

    def compiled_after(self, programs: int) -> bool:
        """Count linear programs to be solved, and say whether compiled code should do it."""
        self._programs += programs
        steps = max(_MIN_PROGRAMS, self._programs) * self._program
        if worth_compiling(steps / _FIRST_TIME, self._choice):
            return True
        return worth_compiling(steps, self._choice) and self._loads

    @functools.cached_property
    def _loads(self) -> bool:
        """Whether an earlier process compiled both loops."""
        return was_compiled(relaxation_kernel.relaxed) and was_compiled(box_kernel.examine)
