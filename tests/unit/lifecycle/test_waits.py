"""When a Pod that has not started is given up: at once, in time, or never while it may heal."""

from __future__ import annotations

import pytest
from millpond.api import labels
from millpond.api.reasons import FailureCode
from millpond.lifecycle.waits import judge_waiting
from support.builders import a_task_pod, waiting

Code = FailureCode
NO_TIME, IMAGE, STARTUP = 0.0, 120.0, 600.0
LIMITS = [
    # reason, message, when it fails, with what
    ("InvalidImageName", "", NO_TIME, Code.CONTAINER_INVALID_IMAGE),
    ("ErrImageNeverPull", "", NO_TIME, Code.CONTAINER_INVALID_IMAGE),
    ("CreateContainerConfigError", "secret not found", NO_TIME, Code.CONTAINER_INVALID_SETTINGS),
    ("CreateContainerConfigError", "failed to sync secret cache", IMAGE, Code.CONTAINER_INVALID_SETTINGS),
    ("ErrImagePull", "not found", IMAGE, Code.CONTAINER_INVALID_IMAGE),
    ("ImagePullBackOff", "", IMAGE, Code.CONTAINER_INVALID_IMAGE),
    ("CreateContainerError", "", IMAGE, Code.CONTAINER_MISC_ERROR),
    ("RunContainerError", "", IMAGE, Code.CONTAINER_MISC_ERROR),
    ("ContainerCreating", "", STARTUP, Code.CONTAINER_MISC_ERROR),
    ("PodInitializing", "", STARTUP, Code.CONTAINER_MISC_ERROR),
    ("SomethingNew", "", STARTUP, Code.CONTAINER_MISC_ERROR),
]


@pytest.mark.parametrize(("reason", "message", "limit", "code"), LIMITS)
def test_each_reason_has_its_time(reason: str, message: str, limit: float, code: FailureCode) -> None:
    pod = a_task_pod("frame", waiting(reason, message))
    assert judge_waiting(pod, limit - 0.1, IMAGE, STARTUP) is None or limit == NO_TIME
    found = judge_waiting(pod, limit, IMAGE, STARTUP)
    assert found is not None
    assert found.failure is not None
    assert found.failure.code is code


@pytest.mark.parametrize(
    ("tags", "told", "code"),
    [
        ({labels.MOUNTS: "true"}, "False", Code.MOUNT_CONFIGURATION_ERROR),
        ({labels.MOUNTS: "true"}, "True", Code.CONTAINER_MISC_ERROR),
        ({}, "False", Code.CONTAINER_MISC_ERROR),
    ],
    ids=["not mounted", "mounted", "nothing to mount"],
)
def test_a_pod_that_mounts_what_users_named_may_wait_for_that(tags: dict[str, str], told: str, code: Code) -> None:
    pod = a_task_pod("frame", waiting("ContainerCreating"), phase="Pending", conditions=[readied(told)])
    pod.metadata.labels.update(tags)
    assert judge_waiting(pod, STARTUP - 0.1, IMAGE, STARTUP) is None
    found = judge_waiting(pod, STARTUP, IMAGE, STARTUP)
    assert found is not None
    assert found.failure is not None
    assert found.failure.code is code


def readied(status: str) -> dict[str, str]:
    return {"type": "PodReadyToStartContainers", "status": status}


def test_an_image_that_does_not_come_is_told_by_whichever_container_waits_for_it() -> None:
    inits = [
        {"name": "prepare-directory", "state": waiting("ErrImageNeverPull")},
        {"name": "later", "state": waiting("PodInitializing")},
    ]
    found = judge_waiting(
        a_task_pod("frame", waiting("PodInitializing"), initContainerStatuses=inits), 0, IMAGE, STARTUP
    )
    assert found is not None
    assert found.failure is not None
    assert found.failure.code is Code.CONTAINER_INVALID_IMAGE
