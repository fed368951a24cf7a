"""A changed pool and its nodes: told everywhere, rolled over them where the policy says so, a few at a time."""

from __future__ import annotations

from typing import Any

import pytest
from millpond.api.computenode import NodeServed
from millpond.api.pool import UpgradeMode, UpgradePolicy
from millpond.api.starttask import StartTask
from millpond.control.actions import CreateNodePod, WriteNode
from millpond.control.outcomes import Room
from support.builders import a_job, a_task, exited, record
from support.scene import Scene, a_running_scene, of

STOPPED = {"terminated": {"exitCode": 143, "reason": "Error", "message": record("Terminated", 143)}}
AUTOMATIC = UpgradePolicy(mode=UpgradeMode.AUTOMATIC)


def change(scene: Scene, command: str = "start", **spec: Any) -> None:
    """The pool gets a start task beside which its tasks run."""
    start = StartTask(command_line=command, wait_for_success=False)
    scene.add(scene.edit(scene.pools["farm"], start_task=start, **spec))


def outdated(scene: Scene) -> list[bool]:
    return [node.status.outdated for _, node in sorted(scene.nodes.items())]


def test_by_default_nodes_say_that_they_are_outdated_until_they_are_rebooted() -> None:
    scene = a_running_scene(hosts=2)
    assert outdated(scene) == [False, False]
    change(scene)
    assert of(CreateNodePod, scene.run(seconds=60)) == []
    assert outdated(scene) == [True, True]
    first = min(scene.nodes)
    scene.add(scene.edit(scene.nodes[first], restarted_at=scene.nodes[first].metadata.creation_timestamp))
    scene.run(seconds=60)
    assert outdated(scene) == [False, True]


def test_who_changes_his_mind_in_time_has_no_outdated_nodes() -> None:
    scene = a_running_scene()
    change(scene)
    scene.run(seconds=60)
    scene.add(scene.edit(scene.pools["farm"], start_task=None))
    scene.run(seconds=60)
    assert outdated(scene) == [False]


def test_automatic_restarts_them_one_after_the_other() -> None:
    scene = a_running_scene(hosts=3)
    change(scene, upgrade_policy=AUTOMATIC)
    done = scene.run(seconds=120)
    assert outdated(scene) == [False, False, False]
    assert sorted(create.node for create in of(CreateNodePod, done)) == sorted(scene.nodes)
    away: dict[str, str] = {}
    for write in of(WriteNode, done):
        away[write.node] = str(write.status.state)
        assert sum(state in ("UpgradingOS", "Starting") for state in away.values()) <= 1
    assert "UpgradingOS" in {str(write.status.state) for write in of(WriteNode, done)}


@pytest.mark.parametrize("under_way", [True, False])
def test_a_busy_one_gives_its_task_back_and_is_the_last(under_way: bool) -> None:
    scene = a_running_scene(hosts=2)
    scene.add(a_job(), a_task("t"))
    scene.run(seconds=5)
    busy = scene.pods["t-1"].metadata.labels["millpond.dev/node"]
    if under_way:
        scene.starts("t-1")
        scene.run(seconds=5)
    change(scene, upgrade_policy=AUTOMATIC)
    done = scene.run(seconds=60)
    assert [create.node for create in of(CreateNodePod, done)] == [name for name in scene.nodes if name != busy]
    scene.ends("t-1", STOPPED)
    scene.run(seconds=60)
    assert outdated(scene) == [False, False]
    status = scene.tasks["t"].status
    assert (status.requeue_count, status.retry_count) == (1, 0)


def test_a_user_s_reboot_is_served_by_the_upgrade_under_way() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("t"))
    scene.run(seconds=5)
    change(scene, upgrade_policy=AUTOMATIC)
    scene.run(seconds=5)
    (node,) = scene.nodes.values()
    scene.add(scene.edit(node, restarted_at=node.metadata.creation_timestamp))
    scene.run(seconds=5)
    scene.ends("t-1", exited(0))
    assert len(of(CreateNodePod, scene.run(seconds=60))) == 1
    (node,) = scene.nodes.values()
    assert node.status.served == NodeServed(restarted_at=node.metadata.creation_timestamp)


def test_a_host_is_measured_again_when_its_node_has_started_anew() -> None:
    scene = a_running_scene()
    (before,) = scene.nodes.values()
    scene.room = Room(1000, 1 << 30)
    change(scene, upgrade_policy=AUTOMATIC)
    scene.run(seconds=60)
    (after,) = scene.nodes.values()
    assert before.status.resources != after.status.resources == {"cpu": "1", "memory": "1Gi"}
