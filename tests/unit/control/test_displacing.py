"""Tasks give way, and are requeued: to managers that are to start again and, if allowed, to jobs of higher priority."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api import labels
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


# Jobs that allow that their tasks are stopped for those of jobs of higher priority.


def a_scene_of_two_jobs(hosts: int = 1, slots: int = 2, **low: Any) -> Scene:
    """Job low fills the pool; three tasks of it wait."""
    scene = a_running_scene(hosts=hosts, slots=slots)
    scene.add(a_job("low", **({"allowTaskPreemption": True} | low)))
    scene.add(*(a_task(f"low-{n}", job="low", created=n) for n in range(hosts * slots + 3)))
    scene.run()
    return scene


def wants(scene: Scene, *names: str, **high: Any) -> list[str]:
    """Job high comes, with tasks of these names; who is displaced for it."""
    scene.now += 5
    scene.add(a_job("high", **({"priority": 5} | high)), *(a_task(name, job="high") for name in names))
    return displaced(scene)


def test_a_task_of_a_job_that_allows_it_gives_way_to_a_higher_one_and_is_requeued() -> None:
    scene = a_scene_of_two_jobs()
    assert wants(scene, "h") == ["low-1-1"], "all began at one time: the last by name"
    assert scene.pods["low-1-1"].metadata.labels[labels.DISPLACED] == "high"
    scene.run(seconds=30)
    assert len(of(DisplaceAttempt, scene.done)) == 1, "one for one"
    scene.ends("low-1-1", exited(143, "Terminated"))
    scene.run()
    assert of(StartAttempt, scene.done)[-1].task == "h"
    status = scene.tasks["low-1"].status
    assert (status.state, status.requeue_count, status.retry_count) == ("Active", 1, 0)
    assert "gave way to a task of job high" in next(c.message for c in status.conditions if c.type == "Complete")
    scene.run(seconds=60)
    assert len(of(DisplaceAttempt, scene.done)) == 1, "it does not take its place back"


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ({"allowTaskPreemption": False}, {}),
        ({}, {"priority": 0}),
        ({"priority": 7}, {}),
        ({}, {"maxParallelTasks": 1, "poolName": "elsewhere"}),
        ({}, {"desiredState": "Disabled"}),
    ],
)
def test_none_gives_way_otherwise(low: dict[str, Any], high: dict[str, Any]) -> None:
    assert wants(a_scene_of_two_jobs(**low), "h1", "h2", **high) == []


def test_no_more_give_way_than_the_higher_job_may_run() -> None:
    scene = a_scene_of_two_jobs(slots=4)
    assert len(wants(scene, "h1", "h2", "h3", maxParallelTasks=2)) == 2


def test_no_more_give_way_than_wait() -> None:
    scene = a_scene_of_two_jobs(hosts=2, slots=2)
    assert len(wants(scene, "h1", "h2", "h3")) == 3
    scene.add(a_task("h4", job="high", created=1))
    assert len(displaced(scene)) == 1
    scene.add(a_task("h5", job="high", created=1))
    assert displaced(scene) == []


def test_a_job_that_comes_to_allow_it_gives_way() -> None:
    scene = a_scene_of_two_jobs(allowTaskPreemption=False)
    assert wants(scene, "h") == []
    scene.add(scene.edit(scene.jobs["low"], allow_task_preemption=True))
    assert len(displaced(scene)) == 1


def test_an_operator_that_dies_after_the_mark_books_a_requeue() -> None:
    scene = a_scene_of_two_jobs()
    scene.add(a_job("high", priority=5), a_task("h", job="high"))
    while not of(DisplaceAttempt, scene.done):
        scene.step()
    young = Scene()
    young.now = scene.now
    for kept in (scene.hosts, scene.pools, scene.nodes, scene.jobs, scene.tasks, scene.pods):
        young.add(*kept.values())
    assert [action.pod for action in of(StopAttempt, young.run())] == ["low-1-1"]
    assert of(DisplaceAttempt, young.done) == []


def test_its_manager_never_gives_way() -> None:
    scene = a_running_scene()
    scene.add(a_job("low", jobManagerTask=MANAGER, allowTaskPreemption=True))
    scene.run()
    assert wants(scene, "h") == []


def test_nothing_is_looked_at_where_no_job_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = a_scene_of_two_jobs(allowTaskPreemption=False)
    monkeypatch.setattr("millpond.control.displacing.who_gives_way", pytest.fail)
    assert wants(scene, "h") == []
    assert scene.pool_state().yielding == {}


def test_room_that_becomes_free_in_parts_is_not_given_away_meanwhile() -> None:
    """Else what gave way would start again in the first part of it, and give way again."""
    scene = a_scene_of_two_jobs()
    scene.now += 5
    scene.add(a_job("high", priority=5), a_task("wide", job="high", requiredSlots=2))
    assert displaced(scene) == ["low-1-1", "low-0-1"]
    scene.ends("low-1-1", exited(143, "Terminated"))
    scene.run(seconds=60)
    assert len(of(StartAttempt, scene.done)) == 2, "one slot is free, and kept"
    scene.ends("low-0-1", exited(143, "Terminated"))
    scene.run()
    assert of(StartAttempt, scene.done)[-1].task == "wide"
    assert len(of(DisplaceAttempt, scene.done)) == 2
