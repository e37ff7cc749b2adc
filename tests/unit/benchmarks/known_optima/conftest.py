"""The speed of this machine, which every check of known optima is told, is measured once."""

import pytest

from sparsest.benchmarks.known_optima import calibration, regress


@pytest.fixture(scope="session")
def speed_of_this_machine():
    return calibration.calibrate()


@pytest.fixture(autouse=True)
def known_speed(monkeypatch, speed_of_this_machine):
    monkeypatch.setattr(regress, "calibrate", lambda: speed_of_this_machine)
