"""How a process of this program ends when it has used a store."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable


def end_after(work: Callable[[], object]) -> None:
    """Do the work; where it used a store, the process ends as soon as the exit code is known.

    The threads of obstore outlive the work, and what they still hold is taken from under them while the interpreter
    winds up: now and then the process would end by SIGSEGV, with exit code 139, when everything was done.
    """
    code = 0
    try:
        work()
    except BaseException as end:
        if not _used_a_store():
            raise
        code = _told(end)
    if _used_a_store():
        os._exit(_flushed(code))


def _used_a_store() -> bool:
    return "obstore" in sys.modules


def _told(end: BaseException) -> int:
    """The exit code; what the interpreter would print of the end is printed."""
    if not isinstance(end, SystemExit):
        sys.excepthook(type(end), end, end.__traceback__)
        return 1
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    sys.stderr.write(f"{end.code}\n")
    return 1


def _flushed(code: int) -> int:
    """The exit code, which tells too when what was printed did not reach its reader."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 1
    return code
