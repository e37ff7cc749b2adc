"""The benchmark for benchopt runs, and its figures are those that are known."""

import math
import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from helpers import ROOT

FOLDER = ROOT / "benchmark_sparsest_relu"


@pytest.mark.slow
def test_ours_and_peers_on_named_data(tmp_path):
    pytest.importorskip("benchopt")
    folder = shutil.copytree(FOLDER, tmp_path / FOLDER.name)
    asked = ["-d", "named[data=[xor,tent]]", "-d", "planted[k=2]", "-s", "sparsest-exact"]
    asked += ["-s", "sparsest-search", "-s", "peer[method=[greedy,l1]]"]
    subprocess.run(
        [sys.executable, "-m", "benchopt", "run", folder, *asked, "-r", "1", "--no-plot"],
        check=True,
        capture_output=True,
        env=os.environ | {"HOME": str(tmp_path)},
    )
    (written,) = (folder / "outputs").glob("*.parquet")
    table = pd.read_parquet(written)
    assert len(table) == 12  # 3 data sets, 4 solvers
    assert table.objective_fits.all()
    known = {"xor": 2, "tent": 3, None: 2}  # proven optima, and the planted one
    for row in table.itertuples():
        fewest = known[row.p_dataset_data if isinstance(row.p_dataset_data, str) else None]
        assert row.objective_value >= fewest
        if row.solver_name.startswith("sparsest-exact"):
            assert row.objective_lower_bound == row.objective_value == fewest
        else:
            assert math.isnan(row.objective_lower_bound)
