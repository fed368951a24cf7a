"""How a job's preparation or release task is doing on a node, by its Pod (reference §2.12, §2.13, §3.7)."""

from __future__ import annotations

from enum import Enum, auto

import msgspec

from millpond.api.views.pod import PodView
from millpond.lifecycle.exits import TASK_CONTAINER, Ending, Exit, judge_ended
from millpond.lifecycle.failure import Failure
from millpond.lifecycle.record import read_record
from millpond.lifecycle.waits import judge_waiting


class RunState(Enum):
    """Where a run is; retries are part of running."""

    RUNNING = auto()
    SUCCEEDED = auto()
    FAILED = auto()
    LOST = auto()
    """Somebody else ended it, or the node did: it says nothing, and is made again."""


class Run(msgspec.Struct, frozen=True, gc=False):
    """One run. `start_time` is None before the command has started."""

    state: RunState = RunState.RUNNING
    exit_code: int | None = None
    retry_count: int = 0
    start_time: str | None = None
    end_time: str | None = None
    failure: Failure | None = None

    @property
    def completed(self) -> bool:
        return self.state in (RunState.SUCCEEDED, RunState.FAILED)


def observe_run(pod: PodView, waited: float, image_limit: float, startup_limit: float) -> Run:
    """The run that a Pod is. All times are seconds since its creation.

    One that does not start in its time has failed, for as long as it does not start after all.
    """
    exit_ = judge_ended(pod) if pod.terminal else judge_waiting(pod, waited, image_limit, startup_limit)
    state = pod.container(TASK_CONTAINER)
    if exit_ is None:
        return Run(start_time=state.running.started_at if state and state.running else None)
    if exit_.ending in (Ending.INTERRUPTED, Ending.REFUSED):
        return Run(RunState.LOST)
    record = read_record(state.terminated.message) if state and state.terminated else None
    return _completed(exit_, record.retries if record else 0)


def _completed(exit_: Exit, retries: int) -> Run:
    state = RunState.SUCCEEDED if exit_.ending is Ending.SUCCESS else RunState.FAILED
    return Run(state, exit_.exit_code, retries, exit_.start_time, exit_.end_time, exit_.failure)
