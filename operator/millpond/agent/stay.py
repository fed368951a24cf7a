"""The agent's main container: it stays while the node lives, buries orphans, and leaves at once when asked."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

ENDING = (signal.SIGTERM, signal.SIGINT)


def stay(meanwhile: Callable[[], None] = lambda: None) -> None:
    """Return after SIGTERM or SIGINT. Children of commands run by `exec` end up with process 1, and are reaped.

    `meanwhile` begins, in threads of its own, what goes on as long.
    """
    awaited = (*ENDING, signal.SIGCHLD)
    # Process 1 gets no signal that it has not asked for, and one that is blocked is kept until it is waited for.
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    # Not before: threads inherit what is blocked, and a signal must find none that takes it.
    meanwhile()
    _reap()
    while signal.sigwait(awaited) not in ENDING:
        _reap()


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return
