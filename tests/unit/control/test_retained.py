"""RetainedData: a node leaves when its tasks have ended and their files have been kept as long as they asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from millpond.api.pool import NodeDeallocationOption as Option
from millpond.control.actions import CreateEraser, DeleteNodePod, RemoveNode, StopAttempt
from millpond.control.retained import waits_for_files
from millpond.control.world import World
from support.builders import EPOCH, a_job, a_task, at, exited
from support.scene import KEY, Scene, a_running_scene, of

HOUR = 3600
ONE = datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)


def a_scene(retention: int | None = HOUR, *, ends_after: float = 10) -> Scene:
    """One node whose pool shrinks to none with RetainedData while its task runs; the task then ends."""
    scene = a_running_scene()
    constraints = {} if retention is None else {"constraints": {"retentionSeconds": retention}}
    scene.add(a_job(), a_task("t", **constraints))
    scene.run(seconds=5)
    scene.starts("t-1")
    shrunk = {"target_dedicated_nodes": 0, "node_deallocation_option": Option.RETAINED_DATA}
    scene.add(scene.edit(scene.pools["farm"], **shrunk))
    scene.run(seconds=ends_after)
    assert of(RemoveNode, scene.done) == []
    scene.ends("t-1", exited(0, endTime=at(scene.now - EPOCH)))
    return scene


def only_node(scene: Scene) -> Any:
    (node,) = scene.nodes.values()
    return node


@pytest.mark.parametrize(("retention", "seconds"), [(0, 0), (60, 60), (HOUR, HOUR), (None, 7 * 24 * HOUR)])
def test_the_node_stays_for_what_its_task_has_left(retention: int | None, seconds: int) -> None:
    scene = a_scene(retention)
    ended = scene.now
    if seconds:
        assert of(RemoveNode, scene.run(seconds=seconds - 2)) == []
        message = only_node(scene).status.conditions[0].message
        assert f"not before {at(ended - EPOCH + seconds)}" in message
    assert len(of(RemoveNode, scene.run(seconds=10))) == 1
    assert of(StopAttempt, scene.done) == []
    assert scene.nodes == {}


def test_a_task_that_is_deleted_is_not_waited_for() -> None:
    scene = a_scene()
    assert of(RemoveNode, scene.run(seconds=60)) == []
    scene.remove_task("t")
    assert len(of(RemoveNode, scene.run(seconds=5))) == 1


def test_whoever_comes_after_the_operator_waits_as_long() -> None:
    scene = a_scene()
    scene.run(seconds=60)
    everything = [scene.hosts, scene.pools, scene.nodes, scene.jobs, scene.tasks, scene.pods]
    scene.world = World()
    scene.add(*(one for objects in everything for one in objects.values()))
    assert of(RemoveNode, scene.run(seconds=HOUR - 62)) == []
    assert len(of(RemoveNode, scene.run(seconds=10))) == 1


def test_nothing_is_started_there_meanwhile() -> None:
    scene = a_scene()
    scene.add(a_task("u"))
    scene.run(seconds=60)
    assert scene.task("u").live is None


@pytest.mark.parametrize("what", ["pool", "node"])
def test_who_deletes_the_pool_or_the_node_does_not_wait(what: str) -> None:
    scene = a_scene()
    scene.run(seconds=60)
    scene.add(scene.deleted(scene.pools["farm"] if what == "pool" else only_node(scene)))
    scene.run(seconds=10)
    assert scene.nodes == {}


def test_what_has_gone_with_its_host_is_not_waited_for() -> None:
    scene = a_scene()
    scene.run(seconds=60)
    scene.remove_host("host-1")
    assert len(of(RemoveNode, scene.plan().actions)) == 1


@pytest.mark.parametrize("what", ["restarted_at", "reimaged_at"])
def test_a_restart_waits_too(what: str) -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("t", constraints={"retentionSeconds": HOUR}))
    scene.run(seconds=5)
    scene.starts("t-1")
    scene.ends("t-1", exited(0, endTime=at(scene.now - EPOCH)))
    scene.run(seconds=5)
    option = {"restarted_at": "reboot_option", "reimaged_at": "reimage_option"}[what]
    scene.add(scene.edit(only_node(scene), **{what: ONE, option: Option.RETAINED_DATA}))
    assert of(DeleteNodePod, scene.run(seconds=HOUR - 30)) == []
    status = only_node(scene).status
    assert status.state == "Idle"
    assert "until then their files stay" in status.conditions[0].message
    assert of(DeleteNodePod, scene.run(seconds=60))
    assert bool(of(CreateEraser, scene.done)) is (what == "reimaged_at")


def test_all_nodes_that_wait_are_counted_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = a_running_scene(hosts=3)
    scene.add(a_job(), *(a_task(f"t{number}", constraints={"retentionSeconds": HOUR}) for number in range(3)))
    scene.run(seconds=5)
    for pod in [name for name in scene.pods if name.startswith("t")]:
        scene.starts(pod)
        scene.ends(pod, exited(0, endTime=at(scene.now - EPOCH)))
    scene.run(seconds=5)
    shrunk = {"target_dedicated_nodes": 0, "node_deallocation_option": Option.RETAINED_DATA}
    scene.add(scene.edit(scene.pools["farm"], **shrunk))
    scene.run(seconds=5)
    pool = scene.world.pool(KEY)
    looked = 0

    class Counted(dict):  # type: ignore[type-arg]
        def values(self) -> Any:
            nonlocal looked
            looked += 1
            return super().values()

    (job,) = pool.jobs.values()
    job.tasks = Counted(job.tasks)
    for node in pool.nodes.values():
        node.kept_until = None
    for node in pool.nodes.values():
        assert waits_for_files(pool, node, scene.now) is not None
    assert looked == 1
