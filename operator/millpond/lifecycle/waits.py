"""A task's Pod that has not started: whether it still may, or what kept it from it for good.

Source: reference §8.1; `ErrImagePull` and the like may heal, a wrong name or a missing Secret does not by itself.
"""

from __future__ import annotations

from millpond.api.reasons import FailureCode
from millpond.api.views.pod import ContainerState, PodView, Waiting
from millpond.lifecycle.exits import TASK_CONTAINER, Ending, Exit, awaited, directory_made
from millpond.lifecycle.failure import Failure, server_error, user_error
from millpond.lifecycle.fetching import fetching
from millpond.lifecycle.kubelet import awaits_mounts, lacked_disk, sentence, told_by_kubelet
from millpond.lifecycle.packages import installing
from millpond.lifecycle.pulls import NEVER, PERHAPS, pull_failure

SETTINGS = "CreateContainerConfigError"
NOT_MADE = ("CreateContainerError", "RunContainerError", "PreCreateHookError", "PreStartHookError")
"""The runtime could not make or start the container: an overloaded one often can a moment later."""
CACHE = "failed to sync"
"""What a kubelet says that has not read the Secret yet."""


def waits_for_preparation(pod: PodView) -> bool:
    """True while the job's preparation task holds the task back."""
    state = awaited(pod)
    return state is not None and state.running is not None


def is_busy(pod: PodView) -> bool:
    """True while what goes before the command is under way, which takes its time: that is not the kubelet's fault."""
    return any(state is not None and state.running is not None for state in _before(pod))


def starts_since(pod: PodView) -> str:
    """From when on the Pod could start its command: its creation, or the end of the last that goes before it."""
    ends = [state.terminated.finished_at for state in _before(pod) if state and state.terminated]
    return max((end for end in ends if end), default=pod.metadata.creation_timestamp)


def waiting_for_container(pod: PodView) -> Waiting | None:
    """What the kubelet says of the first container that has not started: one that goes before the task, or the task.

    A sidecar that is started again while the task runs keeps nobody waiting.
    """
    task = pod.container(TASK_CONTAINER)
    if task is not None and task.waiting is None:
        return None
    inits = (status.state.waiting for status in pod.status.init_container_statuses)
    return next((waiting for waiting in inits if waiting is not None), task.waiting if task else None)


def _before(pod: PodView) -> tuple[ContainerState | None, ...]:
    """What goes before the task's command: the wait for the job's preparation, its directory, packages, files."""
    return awaited(pod), directory_made(pod), installing(pod), fetching(pod)


def judge_waiting(
    pod: PodView, waited: float, image_limit: float, startup_limit: float, hindrance: str = ""
) -> Exit | None:
    """The end of a Pod that will never start, or None while it still may.

    All times are seconds since `starts_since`: `image_limit` for what may heal, `startup_limit` for anything.
    `hindrance` is what the kubelet says of a Pod that it cannot begin with, as far as that is known.
    """
    if is_busy(pod):
        return None
    state, waiting = pod.container(TASK_CONTAINER), waiting_for_container(pod)
    if waiting is not None and (failure := _failure(waiting, waited >= image_limit)) is not None:
        return Exit(Ending.PREPROCESSING, failure=failure)
    started = state is not None and (state.running is not None or state.terminated is not None)
    if started or waited < startup_limit:
        return None
    if awaits_mounts(pod):
        return Exit(Ending.PREPROCESSING, failure=_not_mounted(pod, startup_limit, hindrance))
    return Exit(Ending.PREPROCESSING, failure=_not_in_time(waiting, startup_limit, hindrance))


def _failure(waiting: Waiting, late: bool) -> Failure | None:
    """What the reason for waiting comes to; None while it may heal."""
    reason = waiting.reason
    if reason in NEVER or (reason in PERHAPS and late):
        return pull_failure(waiting)
    if reason == SETTINGS and (late or CACHE not in waiting.message):
        remedy = "Create what is missing or correct environmentSettings, then submit the task again."
        return user_error(FailureCode.CONTAINER_INVALID_SETTINGS, _say(waiting, remedy))
    if reason in NOT_MADE and late:
        if lacked_disk(waiting.message):
            return server_error(FailureCode.DISK_FULL, _say(waiting, "Free space on the host."))
        return server_error(FailureCode.CONTAINER_MISC_ERROR, _say(waiting, "Look at the host's container runtime."))
    return None


def _say(waiting: Waiting, remedy: str) -> str:
    return f"The container could not be started ({waiting.reason}): {sentence(waiting.message)} {remedy}"


def _not_in_time(waiting: Waiting | None, limit: float, hindrance: str) -> Failure:
    why = hindrance or (waiting.reason if waiting else "") or "the container was not created"
    text = (
        f"The task did not start within {limit:.0f} s ({why}). "
        "Look for a missing Secret or volume, or trouble of the host, with `kubectl get events`; "
        "mend it and submit the task again."
    )
    return server_error(FailureCode.CONTAINER_MISC_ERROR, text)


def _not_mounted(pod: PodView, limit: float, hindrance: str) -> Failure:
    text = (
        f"What the task's Pod mounts could not be mounted within {limit:.0f} s. {told_by_kubelet(pod, hindrance)}: "
        "correct nodeTemplate.volumes or certificateReferences of the pool or outputFiles of the task, or create the "
        "claim or Secret that is missing; then submit the task again."
    )
    return user_error(FailureCode.MOUNT_CONFIGURATION_ERROR, text)
