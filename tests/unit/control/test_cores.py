"""Cores of a namespace's nodes, and what a quota of them does to a pool."""

from __future__ import annotations

from millpond.api.nodetemplate import NodeClass
from millpond.api.pool import PoolStatus
from millpond.control.cores import UNKNOWN_MILLIS, cores_used
from millpond.control.pool_state import PoolKey
from support.builders import SPACE, a_host, a_pool
from support.scene import Scene, a_running_scene


def status(scene: Scene) -> PoolStatus:
    return scene.pools["farm"].status


def test_a_node_counts_for_its_host_or_for_what_is_known() -> None:
    scene = a_running_scene(hosts=2)
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=3))
    scene.run()
    assert cores_used(scene.pool_state(), NodeClass.DEDICATED) == 3 * 8000
    assert cores_used(scene.pool_state(), NodeClass.LOW_PRIORITY) == 0
    empty = Scene()
    empty.add(a_pool(nodes=2))
    empty.run()
    assert cores_used(empty.pool_state(), NodeClass.DEDICATED) == 2 * UNKNOWN_MILLIS
    told = Scene()
    told.add(a_pool(nodes=2, nodeTemplate={"image": "a", "resources": {"cpu": "500m"}}))
    told.run()
    assert cores_used(told.pool_state(), NodeClass.DEDICATED) == 2 * 500


def test_nodes_beyond_the_quota_are_not_made_and_the_pool_says_why() -> None:
    scene = Scene(core_quota=20.0)
    scene.add(*(a_host(f"host-{n}") for n in range(3)))
    scene.add(a_pool(nodes=3, nodeTemplate={"image": "a", "resources": {"cpu": "8"}}))
    scene.run(seconds=60)
    assert len(scene.nodes) == 2
    (error,) = status(scene).resize_errors
    assert error.code == "AccountCoreQuotaReached"
    assert "20 cores" in error.values[0].value
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=2))
    scene.run(seconds=60)
    assert status(scene).resize_errors == ()


def test_each_class_has_its_own() -> None:
    scene = Scene(core_quota=100.0, low_priority_core_quota=8.0)
    scene.add(*(a_host(f"host-{n}") for n in range(4)))
    scene.add(a_pool(nodes=2, targetLowPriorityNodes=2, nodeTemplate={"image": "a", "resources": {"cpu": "8"}}))
    scene.run(seconds=60)
    assert (status(scene).current_dedicated_nodes, status(scene).current_low_priority_nodes) == (2, 1)
    (error,) = status(scene).resize_errors
    assert error.code == "AccountLowPriorityCoreQuotaReached"
    assert error.message.startswith("Desired number of low priority nodes could not be allocated")


def test_pools_of_a_namespace_share_it_and_take_what_another_gives_back() -> None:
    scene = Scene(core_quota=16.0)
    scene.add(*(a_host(f"host-{n}") for n in range(4)))
    template = {"image": "a", "resources": {"cpu": "8"}}
    scene.add(a_pool("other", nodes=2, nodeTemplate=template))
    other = PoolKey(SPACE, "other")
    scene.run(other)
    scene.add(a_pool(nodes=1, nodeTemplate=template))
    scene.run(seconds=10)
    assert status(scene).resize_errors[0].code == "AccountCoreQuotaReached"
    for name in sorted(scene.world.pool(other).nodes):
        scene.world.forget_node(SPACE, "other", name)
        del scene.world.pool(other).nodes[name]
    scene.run(seconds=60)
    assert (status(scene).current_dedicated_nodes, status(scene).resize_errors) == (1, ())
