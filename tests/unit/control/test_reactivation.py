"""Running a failed task again: once for each time asked, from the beginning, and only where it can be."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.job import DesiredState
from millpond.control.actions import StartAttempt, WriteTask
from millpond.control.outcomes import Missed
from support.builders import a_job, a_task, exited
from support.scene import Scene, a_running_scene, of

NOON = "2026-01-01T12:00:00Z"


def a_failed_task(**job: Any) -> Scene:
    scene = a_running_scene()
    scene.add(a_job(**job), a_task("a", constraints={"maxTaskRetryCount": 1}))
    for attempt in ("a-1", "a-2"):
        scene.run(seconds=5)
        scene.ends(attempt, exited(3))
    scene.run(seconds=5)
    status = scene.tasks["a"].status
    assert (status.result, status.retry_count) == ("Failure", 1)
    return scene


@pytest.mark.parametrize("missed", [False, True], ids=["", "the first write fails"])
def test_a_failed_task_runs_again_with_all_its_retries(missed: bool) -> None:
    scene = a_failed_task()
    scene.edit_task("a", reactivatedAt=NOON)
    if missed:
        scene.fail(WriteTask, Missed("no answer", again_in=3))
        assert of(StartAttempt, scene.run(seconds=2)) == [], "nothing starts that is not written"
    assert [a.pod for a in of(StartAttempt, scene.run(seconds=5))] == ["a-3"]
    status = scene.tasks["a"].status
    assert (status.result, status.exit_code, status.retry_count, status.end_time) == (None, None, 0, None)
    assert status.served.reactivated_at == NOON
    scene.ends("a-3", exited(3))
    scene.run(seconds=5)
    assert scene.tasks["a"].status.retry_count == 1
    scene.ends("a-4", exited(0))
    scene.run(seconds=60)
    assert (scene.tasks["a"].status.result, scene.tasks["a"].status.attempt) == ("Success", 4)
    assert scene.pool_state().jobs["film"].counts["succeeded"] == 1


def test_a_terminated_task_runs_again_when_it_is_wanted_again() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("a", desiredState="Terminated"))
    scene.run(seconds=5)
    assert scene.tasks["a"].status.result == "Failure"
    scene.edit_task("a", desiredState="Active", reactivatedAt=NOON)
    assert [a.pod for a in of(StartAttempt, scene.run(seconds=5))] == ["a-1"]


def refused(scene: Scene) -> list[str]:
    """The events of the one write that says why not; the time counts as served, and nothing starts."""
    scene.edit_task("a", reactivatedAt=NOON)
    actions = scene.run(seconds=60)
    (written,) = of(WriteTask, actions)
    assert of(StartAttempt, actions) == []
    assert scene.tasks["a"].status.served.reactivated_at == NOON
    return [event.reason for event in written.events]


def test_a_task_that_succeeded_does_not_run_again() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("a"))
    scene.run()
    scene.ends("a-1", exited(0))
    scene.run(seconds=5)
    assert refused(scene) == ["TaskSucceeded"]


def test_a_task_of_a_job_that_ended_does_not_run_again() -> None:
    scene = a_failed_task()
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED))
    scene.run(seconds=5)
    assert refused(scene) == ["JobCompleted"]


def test_a_task_that_has_not_ended_goes_on_as_it_was() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("a"))
    scene.run()
    scene.starts("a-1")
    scene.run(seconds=5)
    assert refused(scene) == ["TaskNotCompleted"]
    assert scene.tasks["a"].status.state == "Running"


def test_in_a_disabled_job_it_waits() -> None:
    scene = a_failed_task()
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.DISABLED))
    scene.run(seconds=5)
    scene.edit_task("a", reactivatedAt=NOON)
    assert of(StartAttempt, scene.run(seconds=5)) == []
    assert scene.tasks["a"].status.state == "Active"
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.ACTIVE))
    assert [a.pod for a in of(StartAttempt, scene.run(seconds=5))] == ["a-3"]
