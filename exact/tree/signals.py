"""Ctrl-C and SIGTERM as the end of the time, so that a search stops where its state is whole."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

from sparsest.progress import Deadline


@contextlib.contextmanager
def stopping_on_signals(deadline: Deadline) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end `deadline`, so that the search stops where its state is whole.

    A second Ctrl-C acts at once. Signals reach the main thread alone; in another one nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[signal.Signals, Any] = {}

    def stop(number: int, frame: object) -> None:
        signal.signal(number, before[signal.Signals(number)])
        deadline.interrupt()

    for each in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(each) is not None:  # one that was not installed from Python cannot be put back
            before[each] = signal.signal(each, stop)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
