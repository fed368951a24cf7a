"""The shape of a case, and how one is judged: by the policies that control uses, in the way it uses them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from millpond.api import labels
from millpond.api.reasons import FailureCategory, FailureCode, TaskState
from millpond.api.views.pod import PodView
from millpond.lifecycle.exits import Exit
from millpond.lifecycle.tasks import GIVEN_UP, Ledger, Tries, Verdict, Wishes, decide
from millpond.lifecycle.uploads import judge_attempt
from millpond.lifecycle.waits import judge_waiting

from support.builders import a_task_pod

IMAGE_LIMIT, STARTUP_LIMIT = 120.0, 600.0
"""Seconds that the cases of Pods that do not start count with."""
NOBODY, FIRST = Wishes(), Tries()
USER, SERVER = FailureCategory.USER_ERROR, FailureCategory.SERVER_ERROR

CATEGORIES: dict[FailureCode, FailureCategory] = {
    # Reference §8.1; whoever can mend it.
    FailureCode.FAILURE_EXIT_CODE: USER,
    FailureCode.TASK_ENDED: USER,
    FailureCode.COMMAND_PROGRAM_NOT_FOUND: USER,
    FailureCode.COMMAND_LAUNCH_FAILED: USER,
    FailureCode.CONTAINER_INVALID_IMAGE: USER,
    FailureCode.CONTAINER_INVALID_REGISTRY: USER,
    FailureCode.CONTAINER_INVALID_SETTINGS: USER,
    FailureCode.CONTAINER_MISC_ERROR: SERVER,
    FailureCode.MOUNT_CONFIGURATION_ERROR: USER,
    FailureCode.BLOB_NOT_FOUND: USER,
    FailureCode.BLOB_ACCESS_DENIED: USER,
    FailureCode.BLOB_DOWNLOAD_TIMED_OUT: SERVER,
    FailureCode.BLOB_DOWNLOAD_MISC_ERROR: SERVER,
    FailureCode.RESOURCE_CONTAINER_NOT_FOUND: USER,
    FailureCode.RESOURCE_CONTAINER_ACCESS_DENIED: USER,
    FailureCode.RESOURCE_CONTAINER_LIST_TIMED_OUT: SERVER,
    FailureCode.RESOURCE_CONTAINER_LIST_MISC_ERROR: SERVER,
    FailureCode.RESOURCE_DIRECTORY_CREATE_FAILED: SERVER,
    FailureCode.RESOURCE_FILE_CREATE_FAILED: SERVER,
    FailureCode.RESOURCE_FILE_WRITE_FAILED: SERVER,
    FailureCode.DISK_FULL: SERVER,
    FailureCode.MAX_INTERNAL_RETRY_COUNT_REACHED: USER,
    FailureCode.FILE_UPLOAD_CONTAINER_NOT_FOUND: USER,
    FailureCode.FILE_UPLOAD_ACCESS_DENIED: USER,
    FailureCode.FILE_UPLOAD_CONFLICT: SERVER,
    FailureCode.FILE_UPLOAD_TIMED_OUT: SERVER,
    FailureCode.FILE_UPLOAD_MISC_ERROR: SERVER,
}

LATER: dict[str, str] = {
    # Codes of reference §8.1 that nothing can come to yet, and why.
    "ApplicationPackageError": "application packages are not brought to nodes yet",
    "TaskSchedulingConstraintFailed": "a task that fits no node of its pool waits and says so (TooManySlots)",
    "JobPreparationTaskFailed": "jobs have no preparation task yet",
    "Unknown": "what nobody can explain runs again, uncounted",
}

NEXT_STATE = {
    Ledger.SUCCESS: TaskState.COMPLETED,
    Ledger.FAILURE: TaskState.COMPLETED,
    Ledger.RETRY: TaskState.ACTIVE,
    Ledger.REQUEUE: TaskState.ACTIVE,
    Ledger.RECOVERY: TaskState.ACTIVE,
}


@dataclass(frozen=True)
class Case:
    """One way for an attempt to end. `ledger` is None where there is no verdict yet: the Pod may still start."""

    name: str
    ledger: Ledger | None
    code: FailureCode | None = None
    exit_code: int | None = None
    state: dict[str, Any] | None = None
    """Of the task's container; None where the kubelet has reported none."""
    pod: dict[str, Any] = field(default_factory=dict)
    """Phase, reason, message and conditions of the Pod, `deleted`."""
    says: tuple[str, ...] = ()
    """Words of the message that users read."""
    waited: float = 0.0
    """Seconds since the Pod was created, for one that has not ended."""
    gone: bool = False
    """There is no evidence: the Pod vanished, or its host is silent for too long."""
    mounts: bool = False
    """The Pod mounts what users have named."""
    wishes: Wishes = NOBODY
    tries: Tries = FIRST

    @property
    def view(self) -> PodView:
        """The Pod as the kubelet would write it."""
        pod = a_task_pod("frame", self.state, **self.pod)
        if self.mounts:
            pod.metadata.labels[labels.MOUNTS] = "true"
        return pod


def exit_of(case: Case) -> Exit | None:
    """How the attempt ended, by the evidence alone; None while it may still start."""
    if case.gone:
        return GIVEN_UP
    if case.view.terminal:
        return judge_attempt(case.view)
    return judge_waiting(case.view, case.waited, IMAGE_LIMIT, STARTUP_LIMIT)


def verdict_of(case: Case) -> Verdict | None:
    """Where the attempt is booked; None while it may still start."""
    exit_ = exit_of(case)
    return None if exit_ is None else decide(exit_, case.wishes, case.tries)
