"""Tasks for worker processes that crash, hang, or tell what they see; imported by name in the workers."""

import os
import signal
import time

from sparsest.benchmarks.run.task import execute


def crash(task):
    os.kill(os.getpid(), signal.SIGKILL)


def crash_once(task, flag):
    """Die on the first call, run the task on the second."""
    if not flag.exists():
        flag.touch()
        crash(task)
    return execute(task)


def hang(task):
    time.sleep(600)
