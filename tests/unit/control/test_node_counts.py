"""How many nodes a pool has."""

from __future__ import annotations

from millpond.control.node_counts import NodeTotals, count_nodes
from support.builders import a_host, a_pool
from support.scene import Scene, a_running_scene


def test_nodes_that_run_tasks_count_as_usable_and_those_without_a_host_not_at_all() -> None:
    scene = a_running_scene(hosts=2)
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=3))
    scene.run(seconds=10)
    assert len(scene.nodes) == 3
    assert count_nodes(scene.pool_state()) == NodeTotals(dedicated=2, low_priority=0, usable=2, preempted=0)


def test_a_silent_node_counts_and_is_not_usable() -> None:
    scene = a_running_scene(hosts=2)
    scene.host("host-1", ready="False")
    scene.run(seconds=10)
    assert count_nodes(scene.pool_state()) == NodeTotals(dedicated=2, low_priority=0, usable=1, preempted=0)


def test_none() -> None:
    scene = Scene()
    scene.add(a_host(), a_pool(nodes=0))
    assert count_nodes(scene.pool_state()) == NodeTotals(0, 0, 0, 0)
