"""CPU beside GPU, float64 beside float32: time of gradient descent to the same loss on the largest problems.

    python scripts/gpu_ratio.py [--seconds 40] [--steps 3000] [--suites noisy real least-norm]

Of each suite the problem with the most numbers in its data. All runs take the same restarts from the same
networks; the loss to reach is the best one of the CPU in float64 at its end, plus five percent. With the
defaults twelve runs of 40 s at most: less than 10 minutes. Without a CUDA device the CPU's rows alone.
"""

import argparse
import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import torch

from sparsest.arrays import FloatArray
from sparsest.benchmarks.suites import suite as suites
from sparsest.continuous import option_checks
from sparsest.continuous.algorithms.by_name import gradient_algorithm
from sparsest.continuous.descent.restarts import Settings, train_restarts
from sparsest.continuous.polish.scaling import Scaling
from sparsest.objectives import DEFAULT_POWER, Objective
from sparsest.problem import Problem
from sparsest.progress import Deadline

ALGORITHM: Final = "adam-reweighted"
SUITES: Final = ("noisy", "real", "least-norm")
DTYPES: Final = ("float64", "float32")
# Of the batch; beyond so many activations of one step the width is lower, so that a CPU takes some too.
_RESTARTS: Final = 32
_WIDTH: Final = 100
_MAX_ACTIVATIONS: Final = 2 * 10**7
# A loss this much above the reference's is as good.
_SAME: Final = 1.05


@dataclasses.dataclass(frozen=True)
class Course:
    """A run: best loss so far (S,) of all restarts at so many seconds (S,), and the steps taken."""

    device: str
    dtype: str
    seconds: FloatArray
    loss: FloatArray
    steps: int

    def time_to(self, loss: float) -> float:
        """Return the seconds until the loss was reached, infinite if it was not."""
        there = np.flatnonzero(self.loss <= loss)
        return float(self.seconds[there[0]]) if len(there) else math.inf


def largest(name: str) -> tuple[str, Problem, Objective]:
    """Return the problem of a suite with the most numbers in its data, and what is counted on it."""
    chosen = max(suites.load(name).instances, key=lambda each: each.problem.X.size)
    return chosen.data, chosen.problem, chosen.objective


def run(
    problem: Problem, objective: Objective, device: str, dtype: str, *, steps: int, limit: float
) -> Course:
    """Train a batch of networks and return its course; what is compiled or loaded is not timed."""
    width = max(1, min(_WIDTH, _MAX_ACTIVATIONS // (_RESTARTS * problem.n_samples)))
    schedule = option_checks.schedule(steps, 0.01, 0.003, DEFAULT_POWER, objective)
    where, kind = option_checks.device(device), option_checks.dtype(dtype)
    settings = Settings(_RESTARTS, width, 0, where, kind)
    scaling = Scaling.of(problem, objective)

    def train(
        schedule_steps: int, deadline: Deadline, stamps: list[float]
    ) -> tuple[FloatArray, FloatArray, int]:
        course = dataclasses.replace(schedule, steps=schedule_steps)
        trained = train_restarts(
            scaling, course, gradient_algorithm(ALGORITHM, course), settings, deadline,
            lambda message, step, share: stamps.append(deadline.seconds),
        )  # fmt: skip
        return trained.history.steps, trained.history.loss, trained.steps

    train(2, Deadline(limit), [])
    stamps: list[float] = []
    recorded, losses, taken = train(steps, Deadline(limit), stamps)
    # a record waits for the device; the stamp of the step after it is the first that has
    places = np.minimum(recorded.astype(int), len(stamps) - 1)
    best = np.minimum.accumulate(np.asarray(losses).reshape(len(recorded), -1).min(axis=1))
    return Course(device, dtype, np.array(stamps)[places], best, taken)


def devices() -> tuple[str, ...]:
    """Return the devices there are, the CPU first."""
    return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)


def table(names: Sequence[str], steps: int, limit: float) -> Iterator[str]:
    """Yield the lines of a Markdown table, a row a problem, device and precision."""
    yield "| problem | N, d | device | steps | steps a second | best loss | seconds to the loss | ratio |"
    yield "|---" * 8 + "|"
    for name in names:
        data, problem, objective = largest(name)
        courses = [
            run(problem, objective, device, dtype, steps=steps, limit=limit)
            for device in devices()
            for dtype in DTYPES
        ]
        goal = _SAME * float(courses[0].loss[-1])
        reference = courses[0].time_to(goal)
        for course in courses:
            seconds = course.time_to(goal)
            ratio = f"{reference / seconds:.3g}" if math.isfinite(seconds) and seconds > 0 else "-"
            yield (
                f"| {data} | {problem.n_samples}, {problem.n_features} | {course.device} {course.dtype} | "
                f"{course.steps} | {course.steps / course.seconds[-1]:.3g} | {course.loss[-1]:.3g} | "
                f"{seconds:.3g} | {ratio} |"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=40.0, help="of each run, at most")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--suites", nargs="+", choices=SUITES, default=SUITES)
    arguments = parser.parse_args()
    if len(devices()) == 1:
        print("There is no CUDA device here: the rows are the CPU's alone.\n")
    for line in table(arguments.suites, arguments.steps, arguments.seconds):
        print(line, flush=True)
