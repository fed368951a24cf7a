"""Managers before the other tasks of their jobs, alone where they are to be, and first when they are tried again."""

from __future__ import annotations

import pytest
from millpond.control.actions import CreateManager, StartAttempt, WriteTask
from millpond.control.explanation import facts_of
from millpond.control.outcomes import Refused
from millpond.scheduling.explain import explain
from support.builders import a_host, a_job, a_pool, a_task, exited
from support.scene import Scene, a_running_scene, of


def starts(scene: Scene) -> list[StartAttempt]:
    return of(StartAttempt, scene.run())


MANAGER = {"id": "m", "commandLine": "manage"}


def a_managed_scene(hosts: int = 1, slots: int = 4, **manager: object) -> Scene:
    """A job with a manager that is made and seen, and two tasks older than it."""
    scene = a_running_scene(hosts, slots)
    scene.add(a_job(jobManagerTask=MANAGER | manager), a_task("a"), a_task("b"))
    return scene


def test_a_manager_starts_before_older_tasks_and_they_after_it_is_seen() -> None:
    scene = a_managed_scene(runExclusive=False)
    placed = starts(scene)
    assert [a.task for a in placed] == ["film-m", "a", "b"]
    assert [a.manages for a in placed] == [True, False, False]
    assert not any(a.exclusive for a in placed)


@pytest.mark.parametrize("allowed", [True, False])
def test_a_manager_that_must_not_lose_its_node_waits_for_a_dedicated_one(allowed: bool) -> None:
    scene = Scene()
    scene.add(a_host(), a_pool(nodes=0, targetLowPriorityNodes=1))
    scene.add(a_job(jobManagerTask=MANAGER | {"allowLowPriorityNode": allowed}))
    assert [a.task for a in of(StartAttempt, scene.run(seconds=60))] == (["film-m"] if allowed else [])
    if not allowed:
        told = explain(facts_of(scene.task("film-m"), scene.tasks["film-m"], scene.now))[0]
        assert (told.reason, told.blocks) == ("WaitingForSlots", True)
        assert "allowLowPriorityNode is false" in told.message
    scene.add(a_host("host-2"), scene.edit(scene.pools["farm"], target_dedicated_nodes=1))
    scene.run(seconds=60)
    assert scene.task("film-m").live is not None


def test_nothing_starts_while_the_manager_cannot_be_made() -> None:
    scene = a_managed_scene(runExclusive=False)
    scene.fail(CreateManager, Refused("Forbidden", "exceeded quota"))
    assert starts(scene) == []
    scene.run(seconds=29)
    assert not of(StartAttempt, scene.done)
    scene.run(seconds=5)
    assert len(of(StartAttempt, scene.done)) == 3


def test_an_exclusive_manager_has_its_node_alone() -> None:
    scene = a_managed_scene(hosts=2, slots=1)
    assert len({a.node for a in starts(scene)}) == 2
    scene = a_managed_scene(hosts=1, slots=4)
    assert [a.task for a in starts(scene)] == ["film-m"]
    node = next(iter(scene.nodes.values()))
    scene.run(seconds=60)
    assert scene.nodes[node.metadata.name].status.slots.used == 1, "a count of requiredSlots, not of the slots it bars"
    scene.ends("film-m-1", exited(0))
    scene.run()
    assert scene.jobs["film"].status.terminate_reason == "JMComplete"


def test_an_exclusive_manager_waits_for_an_empty_node_and_its_job_with_it() -> None:
    scene = a_running_scene(slots=4)
    scene.add(a_job("other"), a_task("busy", job="other"))
    scene.run()
    scene.add(a_job(jobManagerTask=MANAGER), a_task("a"))
    assert starts(scene) == []
    scene.ends("busy-1", exited(0))
    assert [a.task for a in starts(scene)] == ["film-m"]


def test_a_manager_that_is_tried_again_goes_before_other_jobs_of_its_priority() -> None:
    scene = a_running_scene(slots=1)
    scene.add(a_job(jobManagerTask=MANAGER | {"constraints": {"maxTaskRetryCount": 9}}))
    scene.add(a_job("other"), *(a_task(f"o{n}", job="other") for n in range(30)), a_job("high", priority=1))
    scene.run()
    while "film-m-1" not in scene.pods:
        scene.ends(of(StartAttempt, scene.done)[-1].pod, exited(0))
        scene.run()
    for attempt in range(1, 9):
        scene.ends(f"film-m-{attempt}", exited(1))
        assert [a.task for a in starts(scene)] == ["film-m"]
    scene.add(a_task("h", job="high"))
    scene.ends("film-m-9", exited(1))
    assert [a.task for a in starts(scene)] == ["h"]


def test_a_manager_that_a_user_ends_before_it_began_holds_the_others_back_until_that_is_told() -> None:
    scene = a_running_scene(slots=4)
    scene.add(a_job("other"), a_task("busy", job="other"))
    scene.run()
    scene.add(a_job(jobManagerTask=MANAGER | {"killJobOnCompletion": False}), a_task("a"))
    scene.run()
    scene.edit_task("film-m", desiredState="Terminated")
    first = scene.step()
    assert [a.task for a in of(WriteTask, first)] == ["film-m"]
    assert of(StartAttempt, first) == []
    assert [a.task for a in starts(scene)] == ["a"]
