"""The files in examples/ are those that the script beside them makes."""

import runpy

import numpy as np
import pytest
from helpers import ROOT

from sparsest.models import read_model

EXAMPLES = ROOT / "examples"


@pytest.mark.slow
def test_the_script_makes_the_files(tmp_path):
    make = runpy.run_path(str(EXAMPLES / "make_files.py"))
    make["main"](tmp_path)
    for name in ("curve.csv", "robot.csv"):
        assert (tmp_path / name).read_bytes() == (EXAMPLES / name).read_bytes()
    x, y = make["curve"]()
    for folder in (tmp_path, EXAMPLES):  # training ends elsewhere on other machines, and as near
        network = read_model(folder / "model.onnx").network
        assert network.width == 60
        assert np.abs(network.predict(x[:, None]) - y).max() < 0.03
