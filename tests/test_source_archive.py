"""The source archive holds what somebody needs who packs, tests or reads the project elsewhere."""

import subprocess
import tarfile

import pytest
import try_wheel
from helpers import ROOT


def tracked():
    """Files of the repository, or nothing where there is none."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    return set(done.stdout.splitlines())


@pytest.mark.slow
def test_it_holds_every_file_of_the_repository(tmp_path):
    names = tracked()
    if not names:
        pytest.skip("not a repository of git")
    with tarfile.open(try_wheel.archive(tmp_path)) as packed:
        held = {name.partition("/")[2] for name in packed.getnames()}
    assert {name for name in names - held if (ROOT / name).exists()} == set()
    assert not [name for name in held if "__pycache__" in name or name.startswith("docs/reference/generated")]
