"""Torch on one thread, and property tests with the same examples every time: a failure stays a failure."""

import gc
import os
import subprocess
import sys

# Tests train small networks, in as many processes as there are cores. With a second thread each mostly
# waits: what takes 25 s took ten times as long. Torch reads this when it is imported, as the next lines do.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import misbehaving
import pytest
from helpers import wait_for
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")

_COMPILING = pytest.StashKey[subprocess.Popen[bytes]]()
_COMPILE = "from sparsest.exact.compiled_ahead import compile_ahead\nfor part in compile_ahead(): pass"


def pytest_configure(config):
    """Compile all loops beside the tests, where several processes run these.

    A loop takes up to half a minute where it was never compiled. A test that needs it meanwhile waits, and by
    the time that most tests need one it is there.
    """
    if getattr(config.option, "numprocesses", None):  # None in the processes that run the tests
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        config.stash[_COMPILING] = subprocess.Popen([sys.executable, "-c", _COMPILE], **quiet)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection():
    """Look for no garbage among what is imported and collected: all of that stays until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure(config):
    if _COMPILING in config.stash:
        config.stash[_COMPILING].kill()
        config.stash[_COMPILING].wait()


@pytest.fixture
def three_threads():
    """Torch with more threads than in other tests: what sets their number has to give it back."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def dask(tmp_path):
    """A Dask scheduler and two worker processes; yields the address and the workers."""
    pytest.importorskip("distributed")
    where = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    quiet["env"] = os.environ | {"PYTHONPATH": os.path.dirname(misbehaving.__file__)}
    begin = [sys.executable, "-m", "dask"]
    common = ["--scheduler-file", where, "--no-dashboard"]
    started = [
        subprocess.Popen([*begin, "scheduler", "--host", "127.0.0.1", "--port", "0", *common], **quiet)
    ]
    try:
        wait_for(where.exists)
        for _ in range(2):
            worker = [*begin, "worker", "--nthreads", "1", "--no-nanny", *common]
            started.append(subprocess.Popen(worker, **quiet))
        from distributed import Client

        with Client(scheduler_file=str(where), timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            address = client.scheduler.address
        yield address, started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


@pytest.fixture
def workers_at_once(monkeypatch):
    """Searches wait for their workers: small ones would be over before processes have started."""
    from sparsest.exact.tree.workers import Workers

    monkeypatch.setattr(Workers, "are_ready", lambda self: True)
