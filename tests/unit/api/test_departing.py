"""What cannot be read can be deleted: all that is sound of it is kept, and what must be there is stood in for."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.computenode import ComputeNode
from millpond.api.departing import departing
from millpond.api.job import Job
from millpond.api.jobschedule import JobSchedule
from millpond.api.kind import Resource
from millpond.api.pool import Pool
from millpond.api.reasons import JobState, NodeState

META = {"name": "one", "namespace": "default", "uid": "u1", "deletionTimestamp": "2026-01-01T00:00:00Z"}

UNREADABLE: list[tuple[type[Resource], dict[str, Any]]] = [
    (Pool, {"spec": {"targetDedicatedNodes": "many", "nodeTemplate": {"image": "debian"}}}),
    (Pool, {"spec": {"targetDedicatedNodes": 1}}),
    (Pool, {"spec": "all wrong", "status": []}),
    (Job, {"spec": {"poolName": 7}}),
    (Job, {"spec": {"poolName": "farm"}, "status": {"state": "Upside-down"}}),
    (Job, {}),
    (ComputeNode, {"spec": {"poolName": "farm", "nodeClass": "Borrowed"}}),
    (JobSchedule, {"spec": {"jobTemplate": {"spec": {"poolName": 7}}}}),
    (JobSchedule, {}),
]


@pytest.mark.parametrize(("kind", "parts"), UNREADABLE)
def test_what_is_being_deleted_can_be_read_far_enough(kind: type[Resource], parts: dict[str, Any]) -> None:
    found = departing(kind, {"metadata": META, **parts})
    assert found is not None
    assert (found.key, found.metadata.uid) == (("default", "one"), "u1")
    assert found.metadata.deletion_timestamp is not None


@pytest.mark.parametrize(("kind", "parts"), UNREADABLE)
def test_what_stays_is_not_guessed_at(kind: type[Resource], parts: dict[str, Any]) -> None:
    stays = {name: value for name, value in META.items() if name != "deletionTimestamp"}
    assert departing(kind, {"metadata": stays, **parts}) is None


def test_what_is_sound_is_kept() -> None:
    spec = {"poolName": "farm", "priority": "high", "force": True}
    job = departing(Job, {"metadata": META, "spec": spec, "status": {"state": "Deleting", "taskCounts": 3}})
    assert job is not None
    assert (job.spec.pool_name, job.spec.priority, job.spec.force) == ("farm", 0, True)
    assert job.status.state is JobState.DELETING
    node = departing(ComputeNode, {"metadata": META, "spec": [], "status": {"state": "Idle", "hostName": "h1"}})
    assert node is not None
    assert (node.status.state, node.status.host_name) == (NodeState.IDLE, "h1")
