"""What a person sees on a terminal while a command works."""

import os
import pty
import subprocess
import sys

import pytest


def seen_on_terminal(*arguments, cwd):
    """Run a command with a terminal for its errors, and return the exit code and what was written there."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "sparsest.cli.main", *arguments]
    with subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=theirs, env=os.environ | {"TERM": "xterm"}
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # how Linux tells that the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(ours)
    return process.returncode, shown.decode()


@pytest.mark.slow
def test_threshold_names_its_phases(tmp_path):
    code, shown = seen_on_terminal(
        "threshold", "convex", "--objective", "weights", "--plot", "costs.png", cwd=tmp_path
    )
    assert code == 0
    assert "bounding p*, 30 s at most" in shown
    assert "least path norms at 200 values of p" in shown
    assert "counting minimisers" not in shown  # nobody asked
