"""Removal of chosen nodes, and resizes that are stopped: the target in force, written once and never forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from millpond.api.computenode import ComputeNode
from millpond.api.pool import NodeDeallocationOption as Option
from millpond.api.pool import PoolStatus
from millpond.control.actions import CreateNode, RemoveNode, StopAttempt, WritePool
from millpond.control.outcomes import Missed, Refused
from millpond.control.sizing import remembered, target_of
from support.builders import a_host, a_job, a_pool, a_task
from support.scene import Scene, a_running_scene, of

ONE, TWO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def status(scene: Scene) -> PoolStatus:
    return scene.pools["farm"].status


def resize(scene: Scene, **spec: Any) -> None:
    scene.add(scene.edit(scene.pools["farm"], **spec))


def remove(scene: Scene, name: str, option: Option = Option.REQUEUE) -> ComputeNode:
    node = scene.edit(scene.nodes[name], removed_at=ONE, removal_option=option)
    scene.add(node)
    return node


def test_a_removed_node_goes_and_none_takes_its_place() -> None:
    scene = a_running_scene(hosts=3)
    name = min(scene.nodes)
    others = set(scene.nodes) - {name}
    remove(scene, name)
    scene.run(seconds=60)
    assert set(scene.nodes) == others
    assert (status(scene).target_dedicated_nodes, scene.pools["farm"].spec.target_dedicated_nodes) == (2, 3)
    scene.run(seconds=2000)
    assert set(scene.nodes) == others
    assert remembered(scene.pools["farm"]) is not None
    assert status(scene).resize.removed_nodes == ()  # type: ignore[union-attr]


def test_a_node_leaves_only_when_the_pool_tells_that_it_is_not_replaced() -> None:
    scene = a_running_scene(hosts=2)
    scene.fail(WritePool, Missed("no answer", again_in=5))
    remove(scene, min(scene.nodes))
    assert of(RemoveNode, scene.run(seconds=4)) == []
    assert all(node.status.draining is None for node in scene.nodes.values())
    assert len(of(RemoveNode, scene.run(seconds=30))) == 1
    assert (len(scene.nodes), status(scene).target_dedicated_nodes) == (1, 1)


def test_a_removal_has_its_own_option() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("t"))
    scene.run(seconds=5)
    scene.starts("t-1")
    (name,) = scene.nodes
    remove(scene, name, Option.TASK_COMPLETION)
    assert of(StopAttempt, scene.run(seconds=60)) == []
    assert scene.nodes[name].status.draining.option is Option.TASK_COMPLETION  # type: ignore[union-attr]


def test_the_removal_of_a_node_that_leaves_anyway_lowers_nothing() -> None:
    scene = a_running_scene(hosts=2)
    scene.add(a_job(), a_task("a"), a_task("b"))
    scene.run(seconds=5)
    resize(scene, target_dedicated_nodes=1, node_deallocation_option=Option.TASK_COMPLETION)
    scene.run(seconds=5)
    (leaving,) = [name for name, node in scene.nodes.items() if node.status.draining]
    remove(scene, leaving)
    scene.run(seconds=5)
    assert status(scene).target_dedicated_nodes == 1


@pytest.mark.parametrize("spec", [{"target_dedicated_nodes": 3}, {"resized_at": TWO}])
def test_a_new_resize_forgets_removals(spec: dict[str, Any]) -> None:
    scene = a_running_scene(hosts=2)
    remove(scene, min(scene.nodes))
    scene.run(seconds=60)
    resize(scene, **spec)
    scene.run(seconds=60)
    assert len(scene.nodes) == scene.pools["farm"].spec.target_dedicated_nodes == target_of(scene.pool_state())


def test_other_edits_do_not() -> None:
    scene = a_running_scene(hosts=2)
    remove(scene, min(scene.nodes))
    scene.run(seconds=60)
    resize(scene, display_name="Farm")
    scene.run(seconds=60)
    assert len(scene.nodes) == 1


def test_a_stop_keeps_the_nodes_that_have_hosts() -> None:
    scene = a_running_scene(hosts=2)
    kept = set(scene.nodes)
    resize(scene, target_dedicated_nodes=5)
    scene.run(seconds=20)
    resize(scene, resize_stopped_at=ONE)
    scene.fail(RemoveNode, Missed("no answer", again_in=5))
    scene.run(seconds=3)
    assert (status(scene).allocation_state, status(scene).resize_errors) == ("Stopping", ())
    scene.run(seconds=60)
    assert set(scene.nodes) == kept
    found = status(scene)
    assert (found.allocation_state, found.target_dedicated_nodes) == ("Steady", 2)
    assert [error.code for error in found.resize_errors] == ["ResizeStopped"]
    scene.add(a_host("host-9"))
    scene.run(seconds=2000)
    assert set(scene.nodes) == kept
    resize(scene, resized_at=TWO)
    scene.run(seconds=30)
    assert (len(scene.nodes), status(scene).resize_errors) == (5, ())


def test_a_node_that_may_not_be_removed_shows() -> None:
    scene = a_running_scene(hosts=2)
    scene.fail(RemoveNode, Refused("Forbidden", "a webhook says no"))
    resize(scene, target_dedicated_nodes=1)
    scene.run(seconds=20)
    (error,) = status(scene).resize_errors
    assert (error.code, error.values[0].value) == ("RemoveNodesFailed", "a webhook says no")
    scene.run(seconds=60)
    assert (status(scene).resize_errors, len(scene.nodes)) == ((), 1)


def test_a_new_life_takes_the_target_from_the_status() -> None:
    scene = a_running_scene(hosts=2)
    remove(scene, min(scene.nodes))
    scene.run(seconds=60)
    young = Scene()
    young.add(*scene.hosts.values(), scene.pools["farm"], *scene.nodes.values(), *scene.pods.values())
    assert target_of(young.pool_state()) == 1
    assert [a for a in young.run(seconds=60) if isinstance(a, CreateNode | RemoveNode)] == []


def test_a_pool_without_a_status_wants_what_its_spec_says() -> None:
    scene = Scene()
    scene.add(a_pool(nodes=3))
    assert (target_of(scene.pool_state()), remembered(scene.pools["farm"])) == (3, None)
