"""How a command is doing that the service itself runs on a node: start task, preparation, release (reference §3.7)."""

from __future__ import annotations

from enum import Enum, auto

import msgspec

from millpond.lifecycle.exits import Exit
from millpond.lifecycle.failure import Failure


class RunState(Enum):
    """Where a run is; retries are part of running."""

    WAITING = auto()
    """A start task that has not begun."""
    RUNNING = auto()
    SUCCEEDED = auto()
    FAILED = auto()
    LOST = auto()
    """Somebody else ended it, or the node did: it says nothing, and is made again."""


class Run(msgspec.Struct, frozen=True, gc=False):
    """`start_time` is None before the command has started; `failure` is set where it failed, or cannot start."""

    state: RunState = RunState.RUNNING
    exit_code: int | None = None
    retry_count: int = 0
    start_time: str | None = None
    end_time: str | None = None
    failure: Failure | None = None
    last_retry_time: str | None = None

    @property
    def completed(self) -> bool:
        return self.state in (RunState.SUCCEEDED, RunState.FAILED)


def completed_run(exit_: Exit, failure: Failure | None) -> Run:
    """The run that ended so, without success if there is a failure to tell."""
    state = RunState.SUCCEEDED if failure is None else RunState.FAILED
    times = exit_.start_time, exit_.end_time
    return Run(state, exit_.exit_code, exit_.retries or 0, *times, failure, exit_.last_retry_time)
