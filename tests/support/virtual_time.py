"""An event loop whose clock jumps: when nothing is ready, time is what the next timer says."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


class NothingWillHappenError(RuntimeError):
    """Everybody waits and no timer is set: the test would hang for ever."""


class _Selector(selectors.SelectSelector):
    """Instead of waiting for a time, moves the clock by it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise NothingWillHappenError
        self.now += max(0.0, timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` begins at 0 and moves only by timers."""

    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """As `asyncio.run`, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


def in_virtual_time(test: Callable[Parameters, Coroutine[Any, Any, None]]) -> Callable[Parameters, None]:
    """A test that runs in virtual time; its fixtures are made outside of the loop."""

    @functools.wraps(test)
    def runs(*arguments: Parameters.args, **named: Parameters.kwargs) -> None:
        run(test(*arguments, **named))

    return runs
