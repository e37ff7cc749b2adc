"""Pools of worker processes: they leave Ctrl-C to their parent, and die with it."""

import os
import signal
from multiprocessing import connection, get_context, parent_process
from threading import Thread
from typing import Any


def new_pool(workers: int) -> Any:
    """Return a `pebble.ProcessPool`, whose processes start with the first task."""
    from pebble import ProcessPool

    # spawned, not forked: torch and HiGHS do not survive a fork of a process with threads
    return ProcessPool(max_workers=workers, context=get_context("spawn"), initializer=_start)


def end_pool(pool: Any) -> None:
    """End a pool's processes, whatever they are doing."""
    pool.stop()
    pool.join()


def _start() -> None:
    """Leave Ctrl-C to the parent, and die with it, even when that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        Thread(target=_die_with, args=(parent.sentinel,), daemon=True).start()


def _die_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
