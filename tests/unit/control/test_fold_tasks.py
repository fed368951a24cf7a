"""What a Task says, and what that changes for its job."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from millpond.api.views.task import TaskResources
from millpond.control.fold_tasks import demand_of
from millpond.scheduling.demand import Demand
from support.builders import a_job, a_task, a_task_pod, exited, running
from support.scene import KEY, Scene

ASKED = [
    # slots, requests, limits, demand
    (1, None, None, Demand(1)),
    (3, None, None, Demand(3)),
    (1, {"cpu": "500m"}, {}, Demand(1, 500)),
    (1, {"cpu": "2", "memory": "1Gi"}, {}, Demand(1, 2000, 1024**3)),
    (1, {}, {"cpu": "2", "memory": "1Gi"}, Demand(1, 2000, 1024**3)),
    (1, {"cpu": "1"}, {"cpu": "2"}, Demand(1, 1000)),
    (2, {}, {"nvidia.com/gpu": "1"}, Demand(2, devices=(("nvidia.com/gpu", 1),))),
    (1, {"b": "1", "a": "2"}, {}, Demand(1, devices=(("a", 2), ("b", 1)))),
    (1, {"ephemeral-storage": "1Gi"}, {"ephemeral-storage": "2Gi"}, Demand(1)),
    (1, {}, {}, Demand(1)),
]


@pytest.mark.parametrize(("slots", "requests", "limits", "demand"), ASKED)
def test_resources_become_a_demand(slots: int, requests: Any, limits: Any, demand: Demand) -> None:
    resources = None if requests is None else msgspec.convert({"requests": requests, "limits": limits}, TaskResources)
    assert demand_of(slots, resources) == demand


STATUSES = [
    # status, tally, attempts begun, attempts counted, waits
    ({}, "active", 0, 0, True),
    ({"state": "Active"}, "active", 0, 0, True),
    ({"state": "Active", "attempt": 2, "retryCount": 2}, "active", 2, 2, True),
    ({"state": "Preparing", "attempt": 1}, "preparing", 1, 0, False),
    ({"state": "Running", "attempt": 3}, "running", 3, 2, False),
    ({"state": "Completed", "result": "Success", "attempt": 1}, "succeeded", 1, 1, False),
    ({"state": "Completed", "result": "Failure", "attempt": 4}, "failed", 4, 4, False),
    ({"state": "Completed", "result": "Failure"}, "failed", 0, 0, False),
]


@pytest.mark.parametrize(("status", "tally", "begun", "counted", "waits"), STATUSES)
def test_a_status_is_taken_at_its_word(
    status: dict[str, Any], tally: str, begun: int, counted: int, waits: bool
) -> None:
    scene = Scene()
    scene.add(a_job(), a_task("t", status=status))
    task = scene.task("t")
    assert {name for name, count in task.job.counts.items() if count} == {tally}
    assert (task.attempt, task.settled, task.queued) == (begun, counted, waits)
    assert scene.pool_state().begun == begun


def test_tallies_and_draws_follow_every_change() -> None:
    scene = Scene()
    scene.add(a_job())
    for version, (status, tally, begun, _, _) in enumerate(STATUSES, start=2):
        scene.add(a_task("t", version=version, status=status))
        assert sum(scene.task("t").job.counts.values()) == scene.task("t").job.counts[tally] == 1
        assert scene.pool_state().begun == begun
    scene.remove_task("t")
    job = scene.world.namespace("studio").job("film")
    assert set(job.counts.values()) == {0}
    assert (scene.pool_state().begun, job.waiting) == (0, 0)


def test_a_namesake_starts_from_nothing() -> None:
    scene = Scene()
    scene.add(a_job(), a_task("t", status={"state": "Active", "attempt": 5, "retryCount": 5}))
    scene.add(a_task("t", uid="second", version=2))
    assert (scene.task("t").attempt, scene.task("t").retry_count) == (0, 0)
    assert scene.task("t").job.counts["active"] == 1


def test_the_word_on_what_is_counted_can_be_taken_back() -> None:
    scene = Scene()
    scene.add(a_job(), a_task("t"), a_task_pod("t", exited(0)))
    scene.add(a_task("t", version=2, status={"state": "Completed", "result": "Success", "attempt": 1}))
    task, attempt = scene.task("t"), scene.pool_state().attempts["t-1"]
    assert (task.live, attempt.settled) == (None, True)
    assert task.job.live == {}
    scene.add(a_task("t", version=3, status={"state": "Running", "attempt": 1}))
    assert (task.live, attempt.settled) == (attempt, False)
    assert task.job.live == {"t-1": attempt}
    assert "t-1" in scene.world.pool(KEY).dirty["attempt"]


def test_only_the_newest_uncounted_attempt_counts() -> None:
    scene = Scene()
    scene.add(a_job(), a_task("t"), a_task_pod("t", running(), attempt=1), a_task_pod("t", running(), attempt=2))
    attempts = scene.pool_state().attempts
    assert scene.task("t").live is attempts["t-2"]
    assert (attempts["t-1"].settled, attempts["t-2"].settled) == (True, False)


def test_a_task_to_be_ended_has_its_attempt_judged() -> None:
    scene = Scene()
    scene.add(a_job(), a_task("t"), a_task_pod("t", running()))
    scene.pool_state().dirty["attempt"].clear()
    scene.edit_task("t", desiredState="Terminated")
    assert "t-1" in scene.pool_state().dirty["attempt"]
