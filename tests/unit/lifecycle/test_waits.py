"""When a Pod that has not started is given up: at once, in time, or never while it may heal."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api import labels
from millpond.api.reasons import FailureCode
from millpond.api.views.pod import PodView
from millpond.lifecycle.exits import AWAIT_CONTAINER, PREPARE_CONTAINER
from millpond.lifecycle.fetching import FETCH_CONTAINER
from millpond.lifecycle.uploads import UPLOAD_CONTAINER
from millpond.lifecycle.waits import is_busy, judge_waiting, starts_since, waiting_for_container
from support.builders import a_task_pod, at, ended, running, waiting

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
    for hindrance in ("", 'FailedMount: secret "store" not found.'):
        found = judge_waiting(pod, STARTUP, IMAGE, STARTUP, hindrance)
        assert found is not None
        assert found.failure is not None
        assert found.failure.code is code
        assert hindrance.rstrip(".") in found.failure.message


def readied(status: str) -> dict[str, str]:
    return {"type": "PodReadyToStartContainers", "status": status}


def a_pod(await_: dict[str, Any], fetch: dict[str, Any]) -> PodView:
    """A Pod that waits for a preparation and then downloads files."""
    inits = [{"name": AWAIT_CONTAINER, "state": await_}, {"name": FETCH_CONTAINER, "state": fetch}]
    return a_task_pod("frame", waiting("PodInitializing"), initContainerStatuses=inits, created=1)


LATER = waiting("PodInitializing")


@pytest.mark.parametrize(
    ("await_", "fetch", "busy", "since"),
    [
        (LATER, LATER, False, 1),
        (running(), LATER, True, 1),
        (ended(0, end=7), LATER, False, 7),
        (ended(0, end=7), running(), True, 7),
        (ended(0, end=7), ended(0, end=9), False, 9),
    ],
)
def test_what_goes_before_the_command_takes_its_time(
    await_: dict[str, Any], fetch: dict[str, Any], busy: bool, since: float
) -> None:
    pod = a_pod(await_, fetch)
    assert is_busy(pod) is busy
    assert starts_since(pod) == at(since)
    assert (judge_waiting(pod, STARTUP, IMAGE, STARTUP) is None) is busy


def test_the_first_container_that_waits_tells_why() -> None:
    said = waiting_for_container(a_pod(ended(0), waiting("ErrImagePull", "not found")))
    assert said is not None
    assert (said.reason, said.message) == ("ErrImagePull", "not found")


def test_an_image_that_does_not_come_is_told_by_the_container_that_needs_it_first() -> None:
    inits = [{"name": PREPARE_CONTAINER, "state": waiting("ErrImageNeverPull")}]
    pod = a_task_pod("frame", waiting("PodInitializing"), initContainerStatuses=inits)
    found = judge_waiting(pod, 0, IMAGE, STARTUP)
    assert found is not None
    assert found.failure is not None
    assert found.failure.code is Code.CONTAINER_INVALID_IMAGE


def test_a_sidecar_s_image_keeps_the_task_from_starting_and_later_harms_it_no_more() -> None:
    unpulled = [{"name": UPLOAD_CONTAINER, "state": waiting("ErrImagePull", "not found")}]
    before = a_task_pod("frame", LATER, initContainerStatuses=unpulled)
    found = judge_waiting(before, IMAGE, IMAGE, STARTUP)
    assert found is not None
    assert found.failure is not None
    assert found.failure.code is Code.CONTAINER_INVALID_IMAGE
    meanwhile = a_task_pod("frame", running(), initContainerStatuses=unpulled)
    assert waiting_for_container(meanwhile) is None
    assert judge_waiting(meanwhile, STARTUP, IMAGE, STARTUP) is None
