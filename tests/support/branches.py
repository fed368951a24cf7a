"""Branches of one run: at each write the process forks, and the copies go on with a crash there.

What came before a write is so run once, not once for each crash, and is the same to the last bit.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn

from support.faults import Request

AT_ONCE = os.cpu_count() or 1
"""Copies that run beside each other."""


class Branch(NamedTuple):
    """How a copy ended: what its run returned, or the traceback of its failure."""

    title: str
    answer: Any = None
    failure: str = ""


class Branches:
    """A fault chooser whose run is undisturbed in the first process, and has one crash in each copy.

    No other thread of the process may hold a lock that the run needs.
    """

    def __init__(self) -> None:
        self._running: list[tuple[str, int, int]] = []
        self._ended: list[Branch] = []
        self._copy: tuple[str, int] | None = None

    def __call__(self, request: Request) -> str:
        if self._copy is None and request.write:
            for when in ("before", "after"):
                if self._fork(f"crash {when} {request}"):
                    return f"crash-{when}"
        return ""

    def of(self, play: Callable[[], Any]) -> Iterator[Branch]:
        """Run `play`, and yield how each copy of it ended; what happens in the first process is as without copies."""
        try:
            answer, failure = play(), ""
        except BaseException:
            if self._copy is None:
                raise
            answer, failure = None, traceback.format_exc()
        if self._copy is not None:
            self._report(answer, failure)
        while self._running:
            self._await_oldest()
        yield from self._ended

    def _fork(self, title: str) -> bool:
        """True in the copy."""
        while len(self._running) >= AT_ONCE:
            self._await_oldest()
        loop = asyncio.get_running_loop()
        reading, writing = os.pipe()
        process = os.fork()
        if process:
            os.close(writing)
            self._running.append((title, process, reading))
            return False
        asyncio._set_running_loop(loop)  # asyncio takes a copied loop for one that does not run
        gc.disable()  # a copy is short; a collection would touch, and so copy, every page
        self._copy = title, writing
        return True

    def _await_oldest(self) -> None:
        title, process, reading = self._running.pop(0)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        _, status = os.waitpid(process, 0)
        ended = Branch(title, *pickle.loads(told)) if told else Branch(title, failure=f"ended with status {status}")
        self._ended.append(ended)

    def _report(self, answer: Any, failure: str) -> NoReturn:
        """The end of a copy: nothing of the test run that it was copied from is ended twice."""
        assert self._copy is not None
        with os.fdopen(self._copy[1], "wb") as pipe:
            pipe.write(pickle.dumps((answer, failure)))
        os._exit(0)
