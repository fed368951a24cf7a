"""Which Pods hang before they are begun with, and which of the kubelet's words says why."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.views.event import EventView
from millpond.api.views.meta import Meta
from millpond.lifecycle.hindrance import PATIENCE, is_hindered, last_warning
from support.builders import EPOCH, a_task_pod, at, waiting

NOT_BEGUN = {"type": "PodReadyToStartContainers", "status": "False"}
HANGS = {"phase": "Pending", "startTime": at(0), "conditions": [NOT_BEGUN]}


@pytest.mark.parametrize(
    ("status", "waited", "hangs"),
    [
        (HANGS, PATIENCE, True),
        (HANGS, PATIENCE - 1, False),
        (HANGS | {"conditions": [NOT_BEGUN | {"status": "True"}]}, PATIENCE, False),
        (HANGS | {"conditions": []}, PATIENCE, False),
        (HANGS | {"phase": "Failed"}, PATIENCE, False),
    ],
)
def test_a_pod_hangs_that_is_not_begun_with_for_some_seconds(
    status: dict[str, Any], waited: float, hangs: bool
) -> None:
    assert is_hindered(a_task_pod("frame", waiting("ContainerCreating"), **status), EPOCH + waited) is hangs


def event(note: str, last: str, reason: str = "FailedMount", kind: str = "Warning") -> EventView:
    return EventView(Meta("e"), type=kind, reason=reason, note=note, deprecated_last_timestamp=last)


SECRET = event('secret "store" not found', at(10))
NETWORK = event("no address", at(20), "FailedCreatePodSandBox")
SUMMARY = event("Unable to attach or mount volumes: unmounted volumes=[a]: timed out", at(130))


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ([], ""),
        ([event("Pulled", at(10), "Pulled", "Normal")], ""),
        ([SECRET], 'FailedMount: secret "store" not found.'),
        ([NETWORK, SECRET], "FailedCreatePodSandBox: no address."),
        ([SUMMARY, SECRET], 'FailedMount: secret "store" not found.'),
        ([SUMMARY], "FailedMount: Unable to attach or mount volumes: unmounted volumes=[a]: timed out."),
    ],
    ids=["nobody", "no warning", "one", "the newest", "the reason", "the summary alone"],
)
def test_the_newest_warning_that_gives_a_reason_is_told(events: list[EventView], says: str) -> None:
    assert last_warning(events) == says
