"""What a task's Pod says about how its attempt ended: evidence in, one `Exit` out.

Knows the kubelet's vocabulary and the launcher's record; knows nothing of retries, jobs or users' wishes
(`lifecycle/tasks`).
Source: reference §4.5, §8.1 and the facts on real kubelets about each mechanism.
"""

from __future__ import annotations

from enum import Enum, auto

import msgspec

from millpond.api.reasons import FailureCode
from millpond.api.views.pod import ContainerState, PodView, Terminated, Waiting
from millpond.lifecycle.failure import Failure, server_error, user_error
from millpond.lifecycle.record import LauncherRecord, read_record

TASK_CONTAINER = "task"
AWAIT_CONTAINER = "await-preparation"
"""The init container that holds a task back until its job's preparation task has succeeded on the node."""
KILLED = 137
STOPPED = 143
OUT_OF_MEMORY = "OOMKilled"
UNPREPARED = 1
"""Exit code of a wait for a preparation that failed."""


class Ending(Enum):
    """The classes of ends that judgement tells apart."""

    SUCCESS = auto()
    NONZERO = auto()
    PREPROCESSING = auto()
    WALL_CLOCK = auto()
    INTERRUPTED = auto()
    """Somebody's signal or delete ended it: whose wish that was is not in the Pod."""
    NOT_RUN = auto()
    """The node did not take it, or lost it without a trace: it may run again at no charge."""


class Exit(msgspec.Struct, frozen=True, gc=False):
    """How an attempt ended. `exit_code` is None where no process ended."""

    ending: Ending
    exit_code: int | None = None
    failure: Failure | None = None
    start_time: str | None = None
    end_time: str | None = None
    message: str = ""


NODE_REFUSALS = (
    "OutOf",
    "NodeAffinity",
    "UnexpectedAdmissionError",
    "NodeShutdown",
    "Terminated",
    "TaintToleration",
    "NodeName",
    "Preempting",
)
LOST_REASONS = ("ContainerStatusUnknown", "NodeLost")
DEADLINE = "DeadlineExceeded"
"""The kubelet's own limit on the Pod's life: the backstop of the launcher's wall clock."""
EVICTED = "Evicted"

AT_ONCE = {
    "InvalidImageName": FailureCode.CONTAINER_INVALID_IMAGE,
    "ErrImageNeverPull": FailureCode.CONTAINER_INVALID_IMAGE,
    "CreateContainerConfigError": FailureCode.CONTAINER_INVALID_SETTINGS,
    "CreateContainerError": FailureCode.CONTAINER_MISC_ERROR,
    "RunContainerError": FailureCode.CONTAINER_MISC_ERROR,
}
"""Waiting reasons that waiting does not heal."""
IN_TIME = {"ErrImagePull": FailureCode.CONTAINER_INVALID_IMAGE, "ImagePullBackOff": FailureCode.CONTAINER_INVALID_IMAGE}
"""Waiting reasons that may heal: a registry comes back."""


def lacked_room(pod: PodView) -> bool:
    """True when the node refused the Pod since others hold what it asks for: what the node offers is known wrongly."""
    return pod.status.phase == "Failed" and pod.status.reason.startswith("OutOf")


def judge_ended(pod: PodView) -> Exit:
    """The end of a Pod in a terminal phase."""
    state = pod.container(TASK_CONTAINER)
    ended = state.terminated if state else None
    if ended is None:
        return _without_container(pod, began=state is not None and state.running is not None)
    if ended.reason in LOST_REASONS:
        return Exit(Ending.NOT_RUN, message=f"The node lost the container ({ended.reason}); the task runs again.")
    record = read_record(ended.message)
    if record is None:
        return _without_record(pod, ended)
    if record.cause == "Terminated" and pod.status.reason == DEADLINE:
        return _out_of_time(
            record.exit_code, record.start_time or ended.started_at, record.end_time or ended.finished_at
        )
    if record.cause == "Terminated" and _is_over_its_storage(pod):
        return _over_its_storage(pod, record.exit_code, ended)
    return _from_record(record, ended)


def _awaited(pod: PodView) -> ContainerState | None:
    """The wait for a preparation; most Pods have none."""
    return pod.container(AWAIT_CONTAINER) if pod.status.init_container_statuses else None


def waits_for_preparation(pod: PodView) -> bool:
    """True while the job's preparation task holds the task back."""
    state = _awaited(pod)
    return state is not None and state.running is not None


def starts_since(pod: PodView) -> str:
    """From when on the Pod could start its command: its creation, or the end of its wait for a preparation."""
    state = _awaited(pod)
    ended = state.terminated.finished_at if state and state.terminated else None
    return ended or pod.metadata.creation_timestamp


def judge_waiting(pod: PodView, waited: float, image_limit: float, startup_limit: float) -> Exit | None:
    """The end of a Pod that will never start, or None while it still may. Times are seconds since `starts_since`."""
    if waits_for_preparation(pod):
        return None
    state = pod.container(TASK_CONTAINER)
    before = _awaited(pod)
    waiting = before.waiting if before and before.waiting else state.waiting if state else None
    if waiting is not None and waiting.reason in AT_ONCE:
        return _not_started(AT_ONCE[waiting.reason], waiting)
    if waiting is not None and waiting.reason in IN_TIME and waited >= image_limit:
        return _not_started(IN_TIME[waiting.reason], waiting)
    started = state is not None and (state.running is not None or state.terminated is not None)
    if not started and waited >= startup_limit:
        why = waiting.reason if waiting and waiting.reason else "the container was not created"
        failure = user_error(
            FailureCode.CONTAINER_MISC_ERROR,
            f"The task did not start within {startup_limit:.0f} s ({why}). "
            "Look for a missing Secret or volume with `kubectl get events`, mend it and submit the task again.",
        )
        return Exit(Ending.PREPROCESSING, failure=failure)
    return None


def _not_started(code: FailureCode, waiting: Waiting) -> Exit:
    remedy = (
        "Correct the image name, or make the image available to the pool's nodes."
        if code is FailureCode.CONTAINER_INVALID_IMAGE
        else "Correct the task's container and environment settings."
    )
    message = f"The container could not be started ({waiting.reason}): {_sentence(waiting.message)} {remedy}"
    return Exit(Ending.PREPROCESSING, failure=user_error(code, message))


def _sentence(text: str) -> str:
    text = " ".join(text.split())[:600]
    return text if not text or text.endswith((".", "!", "?")) else text + "."


def _without_container(pod: PodView, *, began: bool) -> Exit:
    """A terminal Pod whose task container has no end: refused, evicted or stopped before its start, or lost."""
    reason = pod.status.reason
    if reason == EVICTED:
        return Exit(Ending.INTERRUPTED, message=f"The node evicted the task: {_sentence(pod.status.message)}")
    if reason == DEADLINE:
        return _out_of_time(None, None, None)
    awaited = _awaited(pod)
    if awaited is not None and awaited.terminated is not None and awaited.terminated.exit_code == UNPREPARED:
        text = f"The job preparation task did not succeed on the node. {_sentence(awaited.terminated.message)}"
        return Exit(Ending.NOT_RUN, message=f"{text} The task runs again elsewhere.")
    if began:
        return Exit(Ending.NOT_RUN, message="The node was lost while the task ran; the task runs again.")
    if reason.startswith(NODE_REFUSALS):
        text = f"The node did not take the task ({reason}): {_sentence(pod.status.message)} The task runs again."
        return Exit(Ending.NOT_RUN, message=text)
    return Exit(Ending.INTERRUPTED, message="The task was stopped before its command started.")


def _is_over_its_storage(pod: PodView) -> bool:
    """True when the kubelet evicted the Pod for what the task itself wrote, and not because the node was short."""
    text = pod.status.message
    return pod.status.reason == EVICTED and "ephemeral" in text and "exceed" in text and "limit" in text


def _over_its_storage(pod: PodView, code: int, ended: Terminated) -> Exit:
    text = (
        f"The task wrote more than its limit of ephemeral storage: {_sentence(pod.status.message)} "
        "Raise resources.limits.ephemeral-storage, or write less outside the node directory."
    )
    failure = user_error(FailureCode.FAILURE_EXIT_CODE, text)
    return Exit(Ending.NONZERO, code or KILLED, failure, ended.started_at, ended.finished_at)


def _out_of_time(code: int | None, start: str | None, end: str | None) -> Exit:
    text = (
        "The maximum execution time configured on the task was exceeded. "
        "Raise constraints.maxWallClockSeconds, or make the task shorter."
    )
    return Exit(Ending.WALL_CLOCK, code, user_error(FailureCode.TASK_ENDED, text), start, end)


def _without_record(pod: PodView, ended: Terminated) -> Exit:
    """The launcher left no record: it could not be started, or was killed with its command."""
    if ended.reason in ("StartError", "ContainerCannotRun"):
        text = f"The container could not be started: {_sentence(ended.message)} Check the image and its platform."
        return Exit(Ending.PREPROCESSING, failure=user_error(FailureCode.COMMAND_LAUNCH_FAILED, text))
    if pod.status.reason == DEADLINE:
        return _out_of_time(ended.exit_code, ended.started_at, ended.finished_at)
    if _is_over_its_storage(pod):
        return _over_its_storage(pod, ended.exit_code, ended)
    if _was_stopped(pod) and ended.exit_code in (KILLED, STOPPED) and ended.reason != OUT_OF_MEMORY:
        return Exit(Ending.INTERRUPTED, ended.exit_code, start_time=ended.started_at, end_time=ended.finished_at)
    return _exited(ended.exit_code, ended, ended.started_at, ended.finished_at)


def _was_stopped(pod: PodView) -> bool:
    """True when somebody outside the container wanted the Pod to end."""
    reason = pod.status.reason
    return pod.metadata.deletion_timestamp is not None or reason == EVICTED or reason.startswith(NODE_REFUSALS)


def _from_record(record: LauncherRecord, ended: Terminated) -> Exit:
    start, end = record.start_time or ended.started_at, record.end_time or ended.finished_at
    match record.cause:
        case "Exited":
            return _exited(record.exit_code, ended, start, end)
        case "Terminated":
            return Exit(Ending.INTERRUPTED, record.exit_code, start_time=start, end_time=end)
        case "WallClock":
            return _out_of_time(record.exit_code, start, end)
        case "CommandNotFound":
            failure = user_error(FailureCode.COMMAND_PROGRAM_NOT_FOUND, _sentence(record.message))
        case "NotExecutable":
            failure = user_error(FailureCode.COMMAND_LAUNCH_FAILED, _sentence(record.message))
        case "NodeDirectory":
            failure = server_error(FailureCode.RESOURCE_DIRECTORY_CREATE_FAILED, _sentence(record.message))
    return Exit(Ending.PREPROCESSING, record.exit_code, failure, start, end)


def _exited(code: int, ended: Terminated, start: str | None, end: str | None) -> Exit:
    if code == 0:
        return Exit(Ending.SUCCESS, 0, None, start, end)
    if code == KILLED and ended.reason == OUT_OF_MEMORY:
        text = (
            "The task ran out of memory and was killed (exit code 137). "
            "Raise resources.limits.memory, or use less memory."
        )
    else:
        text = f"The task exited with an exit code representing a failure: {code}."
        if code > 128 and code <= 128 + 64:
            text = f"The task's command was ended by signal {code - 128} (exit code {code})."
    return Exit(Ending.NONZERO, code, user_error(FailureCode.FAILURE_EXIT_CODE, text), start, end)
