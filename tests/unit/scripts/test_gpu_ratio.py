"""The ratio of CPU and GPU: its rows on the CPU alone, and times to a loss."""

import math

import gpu_ratio
import numpy as np
import pytest

from sparsest import Objective, Problem


def test_time_to_a_loss():
    course = gpu_ratio.Course("cpu", "float64", np.array([1.0, 2.0, 4.0]), np.array([9.0, 3.0, 1.0]), 3)
    assert (course.time_to(3.0), course.time_to(2.9), course.time_to(0.5)) == (2.0, 4.0, math.inf)


def test_the_largest_problem_has_most_numbers():
    data, problem, objective = gpu_ratio.largest("tiny")
    assert data == "planted:d=3,n=12,k=2"
    assert (problem.X.size, objective) == (36, Objective.NEURONS)


def test_rows_of_the_cpu(monkeypatch):
    small = Problem([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0], [0.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    monkeypatch.setattr(gpu_ratio, "largest", lambda name: ("peak", small, Objective.WEIGHTS))
    monkeypatch.setattr(gpu_ratio, "devices", lambda: ("cpu",))
    head, _, *rows = gpu_ratio.table(["any"], steps=40, limit=20.0)
    assert head.count("|") == 9
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]
    assert [cell[2:4] for cell in cells] == [["cpu float64", "40"], ["cpu float32", "40"]]
    assert float(cells[0][7]) == pytest.approx(1.0)
