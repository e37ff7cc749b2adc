"""Certifying the norms of a suite: the file is written, kept, and made again."""

import json
import math

import certify_norms
import pytest

from sparsest import InputError
from sparsest.benchmarks.suites import suite


@pytest.mark.slow
def test_norms_are_certified_once(tmp_path, monkeypatch):
    monkeypatch.setattr(suite, "folder", lambda: tmp_path)
    (tmp_path / "s.toml").write_text(
        'methods = ["minimize"]\ncertified = "s.json"\n[[problems]]\ndata = "xor"\n'  # no exponent, no norm
        '[[problems]]\ndata = "peak-plateau"\nobjective = "weights"\np = 0.5'
    )
    first = list(certify_norms.main("s", 60.0, again=False))
    assert first[-1] == "1 certified, 0 open"
    document = json.loads((tmp_path / "s.json").read_text())
    assert document["command"] == "python scripts/certify_norms.py s --time-limit 60"
    (entry,) = document["norms"]
    # slopes change by 1, -2 and 1
    assert entry["lower"] <= (2 + math.sqrt(2)) * (1 + 1e-9)
    assert entry["upper"] == pytest.approx(2 + math.sqrt(2), rel=1e-6)
    assert list(certify_norms.main("s", 1e-9, again=False)) == ["1 certified, 0 open"]
    assert next(certify_norms.main("s", 1e-9, again=True)).endswith(": open")


def test_a_suite_without_a_file_is_refused():
    with pytest.raises(InputError, match="names no file of certified norms"):
        list(certify_norms.main("tiny", 1.0, again=False))
