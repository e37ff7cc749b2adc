"""Ctrl-C that waits for the end of a call that it must not break into."""

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def held_interrupts() -> Iterator[None]:
    """Let Ctrl-C wait until the block ends, and act then as it would have acted.

    Signals reach the main thread alone; in another one nothing changes, nor where Ctrl-C calls no function
    of Python.
    """
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield
        return
    came = False

    def wait(number: int, frame: object) -> None:
        nonlocal came
        came = True

    try:
        signal.signal(signal.SIGINT, wait)
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        if came:
            usual(signal.SIGINT, None)
