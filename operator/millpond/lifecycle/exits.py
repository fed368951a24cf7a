"""What a task's Pod says about how its attempt ended: evidence in, one `Exit` out.

Judges by the launcher's record where there is one, else by the kubelet's words (`lifecycle/kubelet`); knows nothing of
retries, jobs or users' wishes (`lifecycle/tasks`).
Source: reference §4.5, §4.6, §8.1 and the facts on real kubelets about each mechanism.
"""

from __future__ import annotations

from enum import Enum, auto

import msgspec
from msgspec.structs import replace

from millpond.api.reasons import FailureCode
from millpond.api.views.pod import ContainerState, PodView, Terminated
from millpond.lifecycle.failure import Detail, Failure, server_error, user_error
from millpond.lifecycle.fetching import fetch_failure
from millpond.lifecycle.kubelet import (
    DEADLINE,
    DELETED,
    LOST,
    NOT_STARTED,
    lacked_disk,
    ran_out_of_memory,
    sentence,
    was_refused,
    was_stopped,
    why_stopped,
    wrote_too_much,
)
from millpond.lifecycle.packages import package_failure
from millpond.lifecycle.record import LauncherRecord, read_record

TASK_CONTAINER = "task"
AWAIT_CONTAINER = "await-preparation"
"""The init container that holds a task back until its job's preparation task has succeeded on the node."""
PREPARE_CONTAINER = "prepare-directory"
"""The init container that makes the directory of a task whose container sees parts of the node directory only."""
HELD_BACK = "The task was stopped while it waited for the job preparation task on the node."
UNPREPARED = 1
"""Its exit code after a preparation that failed."""
KILLED = 137
STOPPED = 143
UNSTARTED = 2
"""The launcher's own end by a SIGTERM in its first millisecond."""


class Ending(Enum):
    """The classes of ends that judgement tells apart."""

    SUCCESS = auto()
    NONZERO = auto()
    PREPROCESSING = auto()
    WALL_CLOCK = auto()
    FILE_UPLOAD = auto()
    """The command ended by itself, and its output files were not uploaded as they should have been."""
    INTERRUPTED = auto()
    """Somebody's signal or delete ended it, or its host lost it: whose wish that was is not in the Pod."""
    REFUSED = auto()
    """The node turned it away before anything of it ran."""


class Exit(msgspec.Struct, frozen=True, gc=False):
    """How an attempt ended. `exit_code` is None where no process ended."""

    ending: Ending
    exit_code: int | None = None
    failure: Failure | None = None
    start_time: str | None = None
    end_time: str | None = None
    message: str = ""
    retries: int | None = None
    """Runs after the first, which are the launcher's own; None where it left no record."""
    last_retry_time: str | None = None


def judge_ended(pod: PodView, container: str = TASK_CONTAINER) -> Exit:
    """The end of a Pod in a terminal phase, or of a container of one that lives on."""
    state = pod.container(container)
    ended = state.terminated if state else None
    record = read_record(ended.message) if ended else None
    if ended is None or (ended.reason in LOST and record is None):
        return _without_end(pod, began=state is not None and (state.running is not None or ended is not None))
    if record is None:
        return _without_record(pod, ended)
    start, end = record.start_time or ended.started_at, record.end_time or ended.finished_at
    if record.cause == "Exited" and record.exit_code == 0:
        return Exit(Ending.SUCCESS, 0, None, start, end, "", record.retries, record.last_retry_time)
    if record.cause == "Terminated" and pod.status.reason == DEADLINE:
        return _out_of_time(record.exit_code, start, end)
    if record.cause == "Terminated" and wrote_too_much(pod):
        return _over_its_storage(pod, record.exit_code, start, end)
    exit_ = _from_record(pod, record, ended, start, end)
    return replace(exit_, retries=record.retries, last_retry_time=record.last_retry_time)


def _without_end(pod: PodView, *, began: bool) -> Exit:
    """A terminal Pod whose task container has no known end: refused, stopped before its start, or lost."""
    status = pod.status
    if status.reason == DEADLINE:
        return _out_of_time(None, None, None)
    if was_refused(pod):
        text = f"The node did not take the task ({status.reason}): {sentence(status.message)}"
        return Exit(Ending.REFUSED, message=text)
    if (failure := package_failure(pod) or fetch_failure(pod)) is not None:
        return Exit(Ending.PREPROCESSING, failure=failure)
    if why := why_stopped(pod):
        return Exit(Ending.INTERRUPTED, message=HELD_BACK if why == DELETED and _was_held_back(pod) else why)
    if (unprepared := _why_unprepared(pod)) is not None:
        text = f"The job preparation task did not succeed on the node. {sentence(unprepared)}"
        return Exit(Ending.INTERRUPTED, message=text)
    if began:
        text = "The node lost the task's container, as after a reboot of the host."
        return Exit(Ending.INTERRUPTED, message=text)
    return Exit(Ending.INTERRUPTED, message="The task was stopped before its command started.")


def directory_made(pod: PodView) -> ContainerState | None:
    """The container that makes the task's directory; most Pods have none."""
    return pod.container(PREPARE_CONTAINER) if pod.status.init_container_statuses else None


def awaited(pod: PodView) -> ContainerState | None:
    """The wait for the job's preparation; most Pods have none."""
    return pod.container(AWAIT_CONTAINER) if pod.status.init_container_statuses else None


def _was_held_back(pod: PodView) -> bool:
    """True where the wait for the job's preparation did not come to a good end."""
    state = awaited(pod)
    return state is not None and (state.terminated is None or state.terminated.exit_code != 0)


def _why_unprepared(pod: PodView) -> str | None:
    """What the wait for a preparation that failed has said of it; None where it did not end so."""
    state = awaited(pod)
    ended = state.terminated if state else None
    return ended.message if ended is not None and ended.exit_code == UNPREPARED else None


def _without_record(pod: PodView, ended: Terminated) -> Exit:
    """The launcher left no record: it could not be started, or was killed with its command."""
    if ended.reason in NOT_STARTED:
        return Exit(Ending.PREPROCESSING, failure=_not_started(ended))
    if pod.status.reason == DEADLINE:
        return _out_of_time(ended.exit_code, ended.started_at, ended.finished_at)
    if wrote_too_much(pod):
        return _over_its_storage(pod, ended.exit_code, ended.started_at, ended.finished_at)
    killed = ended.exit_code in (KILLED, STOPPED, UNSTARTED) and not ran_out_of_memory(ended)
    if killed and was_stopped(pod):
        return _interrupted(pod, ended.exit_code, ended.started_at, ended.finished_at)
    return _exited(ended.exit_code, ended, "", ended.started_at, ended.finished_at)


def _from_record(pod: PodView, record: LauncherRecord, ended: Terminated, start: str | None, end: str | None) -> Exit:
    match record.cause:
        case "Exited":
            return _exited(record.exit_code, ended, record.message, start, end)
        case "Terminated":
            return _interrupted(pod, record.exit_code, start, end)
        case "WallClock":
            return _out_of_time(record.exit_code, start, end)
        case "Coordination":
            text = f"{sentence(record.message)} All instances ended with it."
            return Exit(Ending.NONZERO, record.exit_code, user_error(FailureCode.FAILURE_EXIT_CODE, text), start, end)
        case "Group":
            return Exit(Ending.INTERRUPTED, record.exit_code, None, start, end, sentence(record.message))
        case _:
            return Exit(Ending.PREPROCESSING, record.exit_code, _launch_failure(record), start, end)


def _launch_failure(record: LauncherRecord) -> Failure:
    """The failure of a command that the launcher could not start."""
    message = sentence(record.message)
    match record.cause:
        case "CommandNotFound":
            return user_error(FailureCode.COMMAND_PROGRAM_NOT_FOUND, message)
        case "NotExecutable":
            return user_error(FailureCode.COMMAND_LAUNCH_FAILED, message)
        case "Withheld":
            return server_error(FailureCode.BLOB_DOWNLOAD_MISC_ERROR, message)
        case "NodeDirectory":
            return server_error(FailureCode.RESOURCE_DIRECTORY_CREATE_FAILED, message)
        case _:
            return server_error(FailureCode.DISK_FULL, message)


def _not_started(ended: Terminated) -> Failure:
    """The runtime could not start the launcher: what it needs is missing, the limit is too low, or the host is ill."""
    why = f"The container could not be started: {sentence(ended.message)}"
    if lacked_disk(ended.message):
        return server_error(FailureCode.DISK_FULL, f"{why} Free space on the host.")
    if "memory limit too low" in ended.message:
        return user_error(FailureCode.CONTAINER_INVALID_SETTINGS, f"{why} Raise resources.limits.memory.")
    return user_error(FailureCode.COMMAND_LAUNCH_FAILED, f"{why} Check the image and its platform.")


def _interrupted(pod: PodView, code: int, start: str | None, end: str | None) -> Exit:
    return Exit(Ending.INTERRUPTED, code, None, start, end, why_stopped(pod))


def _over_its_storage(pod: PodView, code: int, start: str | None, end: str | None) -> Exit:
    text = (
        f"The task wrote more than its limit of ephemeral storage: {sentence(pod.status.message)} "
        "Raise resources.limits.ephemeral-storage, or write less outside the node directory."
    )
    return Exit(Ending.NONZERO, code or KILLED, user_error(FailureCode.FAILURE_EXIT_CODE, text), start, end)


def _out_of_time(code: int | None, start: str | None, end: str | None) -> Exit:
    """Final, and the user's to mend; the details are those that Azure Batch gives (reference §4.6)."""
    what = "The maximum execution time configured on the task was exceeded"
    failure = user_error(
        FailureCode.TASK_ENDED,
        f"{what}. Raise constraints.maxWallClockSeconds, or make the task shorter.",
        Detail("Message", what),
        Detail("AdditionalErrorCode", FailureCode.FAILURE_EXIT_CODE.value),
    )
    return Exit(Ending.WALL_CLOCK, code, failure, start, end)


def _exited(code: int, ended: Terminated, told: str, start: str | None, end: str | None) -> Exit:
    """The command came to an end by itself; `told` are the launcher's words, also about output that found no room."""
    if code == 0:
        return Exit(Ending.SUCCESS, 0, None, start, end)
    text = "The task exited with an exit code representing a failure."
    if ran_out_of_memory(ended):
        who = "It" if code == KILLED else "A process of it"
        text += f" {who} was killed for want of memory: raise resources.limits.memory, or use less memory."
    text = f"{text} {sentence(told) or _code_in_words(code)}"
    return Exit(Ending.NONZERO, code, user_error(FailureCode.FAILURE_EXIT_CODE, text), start, end)


def _code_in_words(code: int) -> str:
    if 128 < code <= 128 + 64:
        return f"The command was ended by signal {code - 128} (exit code {code})."
    return f"The command ended with exit code {code}."
