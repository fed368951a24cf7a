"""Managers of jobs: made once, told of, and the end of their jobs."""

from __future__ import annotations

import pytest
from millpond.api.reasons import JobState
from millpond.control.actions import CreateManager, StopAttempt, WriteJob
from millpond.control.outcomes import Done, Missed, Refused
from millpond.control.settle import settle
from support.builders import a_job, a_task, exited
from support.scene import Scene, a_running_scene, of


def condition(scene: Scene, kind: str) -> tuple[str, str]:
    found = next(c for c in scene.jobs["film"].status.conditions if c.type == kind)
    return found.status.value, found.reason


LED = {"jobManagerTask": {"id": "m", "commandLine": "manage"}}


def test_the_manager_s_task_is_made_once_and_told_of() -> None:
    scene = a_running_scene()
    scene.add(a_job(**LED))
    scene.run(seconds=5)
    told = scene.jobs["film"].status.job_manager_task
    assert told is not None
    assert (told.name, told.uid) == ("film-m", scene.tasks["film-m"].metadata.uid)
    scene.remove_task("film-m")
    scene.run(seconds=600)
    assert len(of(CreateManager, scene.done)) == 1
    assert scene.jobs["film"].status.state is JobState.ACTIVE


def test_a_manager_s_task_that_goes_before_it_is_told_of_is_made_again() -> None:
    scene = a_running_scene()
    scene.add(a_job(**LED))
    scene.fail(WriteJob, Missed("no answer", again_in=3))
    (made, *_) = of(CreateManager, scene.step())
    scene.remove_task(made.task)
    scene.run(seconds=60)
    assert len(of(CreateManager, scene.done)) == 2
    assert scene.jobs["film"].status.job_manager_task is not None


def test_a_manager_that_is_never_seen_is_asked_for_again() -> None:
    scene = a_running_scene()
    scene.add(a_job(**LED, onAllTasksComplete="TerminateJob"))
    actions = scene.plan().actions
    (made,) = of(CreateManager, actions)
    settle(scene.pool_state(), made, Done("7", "gone"), scene.now)
    scene.perform(action for action in actions if action is not made)
    scene.run(seconds=5)
    assert scene.jobs["film"].status.state is JobState.ACTIVE
    scene.run(seconds=10)
    assert "film-m" in scene.tasks


@pytest.mark.parametrize(("kill", "code"), [(True, 0), (True, 3), (False, 0), (False, 3)])
def test_the_end_of_the_manager_ends_the_job_where_it_is_to(kill: bool, code: int) -> None:
    scene = a_running_scene(slots=2)
    led = LED["jobManagerTask"] | {"killJobOnCompletion": kill, "runExclusive": False}
    scene.add(a_job(jobManagerTask=led), a_task("a"), a_task("b", created=1))
    scene.run()
    scene.ends("film-m-1", exited(code))
    stops = of(StopAttempt, scene.run())
    status = scene.jobs["film"].status
    if kill:
        assert [stop.pod for stop in stops] == ["a-1"]
        assert (status.state, status.terminate_reason) == (JobState.TERMINATING, "JMComplete")
    else:
        assert (status.state, status.terminate_reason, stops) == (JobState.ACTIVE, None, [])
        assert "b-1" in scene.pods


def test_a_manager_that_is_tried_again_has_not_ended() -> None:
    scene = a_running_scene()
    led = LED["jobManagerTask"] | {"constraints": {"maxTaskRetryCount": 1}}
    scene.add(a_job(jobManagerTask=led))
    scene.run()
    scene.ends("film-m-1", exited(1))
    scene.run()
    assert scene.jobs["film"].status.state is JobState.ACTIVE
    scene.ends("film-m-2", exited(1))
    scene.run()
    assert scene.jobs["film"].status.terminate_reason == "JMComplete"


def test_what_forbids_the_manager_is_said_until_it_is_made() -> None:
    scene = a_running_scene()
    scene.add(a_job(**LED))
    scene.fail(CreateManager, Refused("JobManagerNotCreated", "Task film-m exists and was not made for this job."))
    written = [action for action in of(WriteJob, scene.run(seconds=5)) if action.events]
    assert [event.reason for action in written for event in action.events] == ["JobManagerNotCreated"]
    assert condition(scene, "Scheduled") == ("False", "JobManagerNotCreated")
    scene.run(seconds=40)
    assert condition(scene, "Scheduled") == ("True", "PoolReady")


def test_no_manager_is_made_for_a_job_that_ends() -> None:
    scene = a_running_scene()
    scene.add(a_job(**LED, desiredState="Terminated"))
    scene.run(seconds=60)
    assert of(CreateManager, scene.done) == []


def test_a_job_with_a_manager_is_never_empty() -> None:
    scene = a_running_scene(empty_job_grace=0)
    led = LED["jobManagerTask"] | {"killJobOnCompletion": False}
    scene.add(a_job(jobManagerTask=led, onAllTasksComplete="TerminateJob"))
    scene.run(seconds=60)
    assert scene.jobs["film"].status.state is JobState.ACTIVE
    scene.ends("film-m-1", exited(0))
    scene.run(seconds=5)
    assert scene.jobs["film"].status.terminate_reason == "AllTasksComplete"
