"""A manager that is to start again takes the place of a task, which is requeued; and never one of higher priority."""

from __future__ import annotations

import pytest
from millpond.control.actions import DisplaceAttempt, StartAttempt, StopAttempt
from millpond.control.outcomes import Missed
from support.builders import a_job, a_task, exited
from support.scene import Scene, a_running_scene, of

MANAGER = {"id": "m", "commandLine": "manage", "constraints": {"maxTaskRetryCount": 9}, "runExclusive": False}


def a_scene_without_room(priority: int = 0) -> Scene:
    """Two nodes of one slot: the manager of job film (priority 0) has lost its place to a task of another job."""
    scene = a_running_scene(hosts=2)
    scene.add(a_job(jobManagerTask=MANAGER), a_task("a"))
    scene.run()
    assert set(scene.pods) >= {"film-m-1", "a-1"}
    scene.add(a_job("other", priority=5), a_task("o", job="other"))
    scene.ends("film-m-1", exited(1))
    scene.run()
    assert "o-1" in scene.pods
    scene.add(scene.edit(scene.jobs["other"], priority=priority))
    return scene


def displaced(scene: Scene) -> list[str]:
    return [action.pod for action in of(DisplaceAttempt, scene.run())]


def test_a_task_gives_way_and_is_requeued() -> None:
    scene = a_scene_without_room(priority=1)
    assert [action.pod for action in of(DisplaceAttempt, scene.done)] == ["a-1"]
    assert [action.pod for action in of(StopAttempt, scene.done)] == ["a-1"]
    scene.ends("a-1", exited(143, "Terminated"))
    assert [action.task for action in of(StartAttempt, scene.run())] == ["film-m"]
    status = scene.tasks["a"].status
    assert (status.state, status.requeue_count, status.retry_count) == ("Active", 1, 0)


def test_no_more_than_one_gives_way() -> None:
    scene = a_scene_without_room()
    scene.run(seconds=30)
    assert len(of(DisplaceAttempt, scene.done)) == 1


def test_what_has_ended_meanwhile_is_counted_for_what_it_is() -> None:
    scene = a_scene_without_room()
    scene.ends("a-1", exited(0))
    scene.run()
    assert scene.tasks["a"].status.result == "Success"


def test_a_mark_that_fails_is_made_again() -> None:
    scene = a_running_scene()
    scene.add(a_job(jobManagerTask=MANAGER))
    scene.run()
    scene.add(a_job("other", priority=5), a_task("o", job="other"))
    scene.ends("film-m-1", exited(1))
    scene.run()
    scene.add(scene.edit(scene.jobs["other"], priority=0))
    scene.fail(DisplaceAttempt, Missed("no answer", again_in=3))
    assert displaced(scene) == ["o-1"], "at the second try"
    assert [action.pod for action in of(StopAttempt, scene.done)] == ["o-1"]


@pytest.mark.parametrize("priority", [0, 1])
def test_only_where_the_task_is_of_no_higher_priority(priority: int) -> None:
    scene = a_running_scene()
    scene.add(a_job(jobManagerTask=MANAGER))
    scene.run()
    scene.add(a_job("other", priority=5), a_task("o", job="other"))
    scene.ends("film-m-1", exited(1))
    scene.run()
    scene.add(scene.edit(scene.jobs["other"], priority=priority))
    assert displaced(scene) == (["o-1"] if priority == 0 else [])


def test_not_where_a_task_of_a_higher_job_waits_for_the_room() -> None:
    scene = a_running_scene()
    scene.add(a_job(jobManagerTask=MANAGER))
    scene.run()
    scene.add(a_job("other", priority=5), a_task("o", job="other"), a_task("p", job="other", created=1))
    scene.ends("film-m-1", exited(1))
    scene.run()
    scene.add(a_job("high", priority=1), a_task("h", job="high"), scene.edit(scene.jobs["other"], priority=0))
    assert displaced(scene) == []


def test_a_manager_that_has_not_run_yet_displaces_nothing() -> None:
    scene = a_running_scene()
    scene.add(a_job("other"), a_task("o", job="other"))
    scene.run()
    scene.add(a_job(jobManagerTask=MANAGER))
    assert displaced(scene) == []
