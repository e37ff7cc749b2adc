"""Waiting for other processes."""

import time


def wait_for(condition, seconds=60):
    """Wait until something becomes true."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.05)
