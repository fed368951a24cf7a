"""What a person sees while waiting: one line per finished step, and now and then a line of a long one."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_TICK_SECONDS = 5.0
_SLOWER_AFTER = 30.0
_SLOW_TICK_SECONDS = 15.0
_lock = threading.Lock()
_started = time.monotonic()


class ClusterError(Exception):
    """Something a person must act on; the text says what is wrong, where, and what to do."""


def say(text: str) -> None:
    """Print one line with the seconds since the command began, to standard error (results go to standard output)."""
    with _lock:
        print(f"[{time.monotonic() - _started:5.0f} s] {text}", file=sys.stderr, flush=True)


@contextmanager
def step(text: str, detail: Callable[[], str] = str) -> Iterator[None]:
    """Announce a step that takes long: now and then a line with its `detail`, and how long it took at its end."""
    began = time.monotonic()
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(_TICK_SECONDS if time.monotonic() < began + _SLOWER_AFTER else _SLOW_TICK_SECONDS):
            extra = detail()
            say(f"{text} … {time.monotonic() - began:.0f} s" + (f", {extra}" if extra else ""))

    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        ended.set()
        ticker.join()
    say(f"{text}: done in {time.monotonic() - began:.1f} s")


def wait_until(
    condition: Callable[[], bool], what: str, timeout: float, *, failed: Callable[[], str] = str, interval: float = 0.1
) -> None:
    """Poll `condition` until it holds; raise ClusterError after `timeout` seconds, or as soon as `failed` says why."""
    deadline = time.monotonic() + timeout
    while not condition():
        if reason := failed():
            raise ClusterError(f"{what}: {reason}")
        if time.monotonic() > deadline:
            raise ClusterError(f"{what}: not so after {timeout:.0f} s")
        time.sleep(interval)
