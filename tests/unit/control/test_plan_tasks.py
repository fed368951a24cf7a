"""Tasks without an attempt: they cannot run, are told why, and are taken up when that changes."""

from __future__ import annotations

import pytest
from millpond.api.job import DesiredState
from millpond.control.actions import StartAttempt, WriteTask
from millpond.control.outcomes import Missed, Refused
from support.builders import EPOCH, a_host, a_job, a_pool, a_task, exited
from support.scene import NOWHERE, Scene, a_running_scene, kinds, of


def scheduled(scene: Scene, task: str) -> tuple[str, str] | None:
    """Status and reason of the task's condition Scheduled."""
    found = [c for c in scene.tasks[task].status.conditions if c.type == "Scheduled"]
    return (found[0].status, found[0].reason) if found else None


def test_a_task_without_its_job_is_told_so_in_time_and_once() -> None:
    scene = a_running_scene()
    scene.add(a_task("orphan", job="later"))
    assert of(WriteTask, scene.run(seconds=2)) == []
    assert len(of(WriteTask, scene.run(seconds=3600))) == 1
    assert scheduled(scene, "orphan") == ("False", "JobNotFound")


def test_a_task_whose_job_comes_at_once_is_told_nothing() -> None:
    scene = a_running_scene()
    scene.add(a_task("early", job="later"))
    scene.run(seconds=1)
    scene.add(a_job("later"))
    assert [a.task for a in of(StartAttempt, scene.run(seconds=10))] == ["early"]
    assert scheduled(scene, "early") is None


def test_a_job_that_comes_late_takes_its_tasks_up() -> None:
    scene = a_running_scene()
    scene.add(a_task("orphan", job="later"))
    scene.run(seconds=10)
    scene.add(a_job("later"))
    started = of(StartAttempt, scene.run(seconds=10))
    assert [a.task for a in started] == ["orphan"]
    assert scheduled(scene, "orphan") == ("Unknown", "Waiting")


def test_a_task_that_needs_more_slots_than_nodes_have_says_so_and_lets_others_pass() -> None:
    scene = a_running_scene(slots=2)
    scene.add(a_job(), a_task("wide", slots=3), a_task("narrow"))
    assert [a.task for a in of(StartAttempt, scene.run(seconds=5))] == ["narrow"]
    assert scheduled(scene, "wide") == ("False", "TooManySlots")
    assert "requiredSlots is 3" in scene.tasks["wide"].status.conditions[0].message


def test_a_pool_that_comes_late_finds_the_tasks_that_do_not_fit() -> None:
    scene = Scene()
    scene.add(a_job(), a_task("wide", slots=3), a_task("narrow"))
    scene.run(seconds=5)
    assert scheduled(scene, "wide") is None
    scene.add(a_host(), a_pool(slots=2))
    scene.run(seconds=5)
    assert scheduled(scene, "wide") == ("False", "TooManySlots")


def test_a_wider_pool_of_the_same_name_takes_them_up() -> None:
    scene = a_running_scene(slots=2)
    scene.add(a_job(), a_task("wide", slots=3))
    scene.run(seconds=5)
    scene.world.forget_pool("studio", "farm")
    scene.run(seconds=5)
    assert scheduled(scene, "wide") == ("Unknown", "Waiting")


def test_a_start_that_is_refused_for_the_task_s_own_words_is_not_tried_again() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("bad"), a_task("good", created=1))
    scene.fail(StartAttempt, Refused("InvalidCommandLine", "Close the quote."))
    scene.run(seconds=3600)
    assert [a.task for a in of(StartAttempt, scene.done)] == ["good"]
    assert scheduled(scene, "bad") == ("False", "InvalidCommandLine")


def test_a_start_that_the_api_server_refuses_is_tried_again_after_a_pause() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("frame"))
    scene.fail(StartAttempt, Refused("PodRefused", "exceeded quota"))
    assert of(StartAttempt, scene.run(seconds=29)) == []
    assert scheduled(scene, "frame") == ("False", "PodRefused")
    assert [a.attempt for a in of(StartAttempt, scene.run(seconds=5))] == [1]
    assert scheduled(scene, "frame") == ("Unknown", "Waiting")


def test_a_start_that_missed_honours_its_pause_and_keeps_its_number() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("frame"))
    scene.fail(StartAttempt, Missed("no answer", again_in=5))
    assert of(StartAttempt, scene.run(seconds=4)) == []
    assert [a.pod for a in of(StartAttempt, scene.run(seconds=2))] == ["frame-1"]


def test_a_task_that_a_status_calls_running_without_a_pod_is_requeued() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("frame", status={"state": "Running", "attempt": 3}))
    actions = scene.run(seconds=2)
    assert [a.attempt for a in of(StartAttempt, actions)] == [4]
    assert (scene.tasks["frame"].status.state, scene.tasks["frame"].status.retry_count) == ("Active", 0)


def test_a_lost_task_that_is_to_end_ends_with_one_write() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("frame", status={"state": "Running", "attempt": 3}, desiredState="Terminated"))
    assert len(of(WriteTask, scene.run(seconds=30))) == 1
    status = scene.tasks["frame"].status
    assert (status.state, status.result, status.attempt) == ("Completed", "Failure", 3)


@pytest.mark.parametrize("times", [1, 5])
def test_what_is_written_already_is_not_written_again(times: int) -> None:
    scene = a_running_scene()
    scene.add(a_task("orphan", job="later"))
    scene.run(seconds=10)
    for _ in range(times):
        scene.add(scene.tasks["orphan"])
        assert kinds(scene.run(NOWHERE, seconds=10)) == []


def test_a_task_added_to_a_job_that_ended_is_told_so_once() -> None:
    scene = a_running_scene()
    scene.add(a_job(maxParallelTasks=1), a_task("runs"), a_task("waits", created=1))
    scene.run(seconds=5)
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED))
    scene.run(seconds=5)
    late = scene.now + 5 - EPOCH
    scene.add(a_task("late", created=late))
    (told,) = of(WriteTask, scene.run(seconds=5))
    assert (told.task, told.events[0].reason) == ("late", "JobBeingTerminated")
    scene.ends("runs-1", exited(143, "Terminated"))
    assert [a.task for a in of(WriteTask, scene.run(seconds=5))] == ["runs"]
    scene.add(a_task("later", created=late))
    assert [(a.task, a.events[0].reason) for a in of(WriteTask, scene.run(seconds=60))] == [("later", "JobCompleted")]
    assert scene.tasks["waits"].status.conditions == (), "what waited before costs no write"


def test_a_task_added_too_late_is_told_of_as_its_job_stands_now() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("runs"))
    scene.run(seconds=5)
    scene.add(scene.edit(scene.jobs["film"], desired_state=DesiredState.TERMINATED))
    scene.run(seconds=5)
    scene.add(scene.deleted(scene.jobs["film"]), a_task("late", created=scene.now + 5 - EPOCH))
    assert of(WriteTask, scene.run(seconds=5)) == [], "it goes with its job"
    problem = scene.task("late").problem
    assert problem is not None
    assert problem.reason == "JobBeingDeleted"
