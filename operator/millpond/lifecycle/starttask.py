"""How a node's start task is doing, from the node Pod's containers (reference §2.8, §3.8)."""

from __future__ import annotations

from typing import Literal

import msgspec

from millpond.api.reasons import FailureCode
from millpond.api.views.pod import ContainerState, PodView
from millpond.lifecycle.exits import launch_failure
from millpond.lifecycle.failure import Failure, user_error
from millpond.lifecycle.pulls import NEVER, PERHAPS, pull_failure
from millpond.lifecycle.record import LauncherRecord, read_record

START_TASK_CONTAINER = "start-task"


class StartTask(msgspec.Struct, frozen=True, gc=False):
    """`state` Waiting means that it has not begun. `failure` is set when it ended for good without success."""

    state: Literal["Waiting", "Running", "Completed"]
    exit_code: int | None = None
    retry_count: int = 0
    start_time: str | None = None
    end_time: str | None = None
    failure: Failure | None = None

    @property
    def succeeded(self) -> bool:
        return self.state == "Completed" and self.failure is None


def observe_start_task(pod: PodView) -> StartTask:
    """The start task of a node Pod that has one."""
    state = pod.container(START_TASK_CONTAINER)
    if state is None or state.waiting is not None:
        return _waiting(state)
    if state.running is not None:
        return StartTask("Running", start_time=state.running.started_at)
    ended = state.terminated
    if ended is None:
        return StartTask("Waiting")
    record = read_record(ended.message)
    if record is None:
        why = ended.reason or "no reason"
        message = f"The start task was killed before it could report (exit code {ended.exit_code}, {why})."
        if ended.reason == "OOMKilled":
            message = "The start task ran out of memory and was killed. Raise startTask.resources.limits.memory."
        failure = user_error(FailureCode.FAILURE_EXIT_CODE, message)
        return StartTask("Completed", ended.exit_code, 0, ended.started_at, ended.finished_at, failure)
    return StartTask(
        "Completed", record.exit_code, record.retries, record.start_time, record.end_time, _failure(record)
    )


def _waiting(state: ContainerState | None) -> StartTask:
    reason = state.waiting.reason if state and state.waiting else ""
    if state and state.waiting and reason in (*NEVER, *PERHAPS):
        return StartTask("Waiting", failure=pull_failure(state.waiting))
    return StartTask("Waiting")


def _failure(record: LauncherRecord) -> Failure | None:
    match record.cause:
        case "Exited" if record.exit_code == 0:
            return None
        case "CommandNotFound" | "NotExecutable" | "NodeDirectory" | "DiskFull":
            return launch_failure(record)
        case _:
            tries = "once" if record.retries == 0 else f"{record.retries + 1} times"
            message = (
                f"The start task was tried {tries} and ended with exit code {record.exit_code}. "
                "Read startup/stderr.txt on the node; mend the command, then delete the node to try again."
            )
            return user_error(FailureCode.FAILURE_EXIT_CODE, message)
