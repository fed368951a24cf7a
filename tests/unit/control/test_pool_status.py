"""What a Pool says of itself."""

from __future__ import annotations

from millpond.api.pool import PoolStatus
from millpond.api.reasons import AllocationState, PoolState
from millpond.control.actions import CreateNodePod
from millpond.control.outcomes import QUOTA_EXCEEDED, Refused
from support.builders import a_host, a_job, a_node_pod, a_pool, a_task, exited, running, waiting
from support.scene import Scene, a_running_scene


def status(scene: Scene) -> PoolStatus:
    scene.run(seconds=15)
    return scene.pools["farm"].status


def condition(found: PoolStatus, kind: str) -> tuple[str, str]:
    one = next(c for c in found.conditions if c.type == kind)
    return one.status.value, one.reason


def test_a_pool_with_all_its_nodes_is_ready_and_steady() -> None:
    scene = a_running_scene(hosts=2, slots=3)
    scene.add(a_job(), a_task("a", slots=2), a_task("b", slots=4))
    found = status(scene)
    assert (found.state, found.allocation_state) == (PoolState.ACTIVE, AllocationState.STEADY)
    assert (condition(found, "Ready"), condition(found, "Resizing")) == (("True", "NodesReady"), ("False", "Steady"))
    assert (found.current_dedicated_nodes, found.target_dedicated_nodes) == (2, 2)
    assert (found.node_counts.dedicated.idle, found.node_counts.dedicated.running) == (1, 1)
    assert (found.task_slot_counts.total, found.task_slot_counts.used) == (6, 2)
    assert (found.task_counts.active, found.task_counts.running) == (1, 1), "what prepares is running"
    assert found.selector == "millpond.dev/pool=farm,millpond.dev/role=node"


def test_a_pool_without_hosts_says_what_it_waits_for() -> None:
    scene = Scene()
    scene.add(a_pool(nodes=1))
    found = status(scene)
    assert (condition(found, "Ready"), condition(found, "Resizing")) == (
        ("False", "AwaitingHosts"),
        ("True", "Growing"),
    )
    assert (found.allocation_state, found.current_dedicated_nodes) == (AllocationState.RESIZING, 0)
    assert found.node_counts.dedicated.creating == 1


def test_an_unusable_node_shows_with_its_reason() -> None:
    scene = a_running_scene()
    (name,) = scene.nodes
    scene.remove_pod(name)
    scene.add(a_node_pod(name, agent=waiting("ErrImagePull", "manifest unknown"), uid="other"))
    found = status(scene)
    assert condition(found, "Ready") == ("False", "NodesUnusable")
    assert any("manifest unknown" in c.message for c in found.conditions)
    assert found.node_counts.dedicated.unusable == 1


def test_a_failed_start_task_shows() -> None:
    scene = Scene()
    scene.add(a_host(), a_pool(startTask={"commandLine": "false"}))
    scene.run()
    (name,) = scene.nodes
    scene.remove_pod(name)
    scene.add(a_node_pod(name, agent=running(), start_task=exited(1), uid="other"))
    assert condition(status(scene), "Ready") == ("False", "StartTaskFailed")


def test_a_shrinking_pool_says_so_until_it_is_done() -> None:
    scene = a_running_scene(hosts=2)
    scene.add(a_job(), a_task("a"), a_task("b"))
    scene.run(seconds=5)
    scene.add(scene.edit(scene.pools["farm"], target_dedicated_nodes=1))
    found = status(scene)
    assert (condition(found, "Resizing"), found.target_dedicated_nodes) == (("True", "Shrinking"), 1)
    assert found.observed_generation == 2


def test_a_deleted_pool_says_so() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("t"))
    scene.run(seconds=5)
    scene.add(scene.deleted(scene.pools["farm"]))
    found = status(scene)
    assert (found.state, condition(found, "Ready")) == (PoolState.DELETING, ("False", "Deleting"))


def test_an_empty_pool_is_ready() -> None:
    scene = Scene()
    scene.add(a_pool(nodes=0))
    assert condition(status(scene), "Ready") == ("True", "NodesReady")


def test_a_timed_out_resize_heals_when_hosts_come() -> None:
    scene = Scene()
    scene.add(a_pool(nodes=1, resizeTimeoutSeconds=300))
    scene.run(seconds=400)
    assert condition(scene.pools["farm"].status, "Resizing") == ("False", "ResizeFailed")
    (name,) = scene.nodes
    scene.add(a_host())
    scene.remove_pod(name)
    found = status(scene)
    assert (condition(found, "Resizing"), found.resize_errors) == (("False", "Steady"), ())


def test_a_pool_says_that_nodes_are_disabled() -> None:
    scene = a_running_scene(hosts=2)
    first = min(scene.nodes)
    scene.add(scene.edit(scene.nodes[first], schedulable=False))
    scene.run(seconds=60)
    ready = next(c for c in scene.pools["farm"].status.conditions if c.type == "Ready")
    assert (ready.status, ready.reason) == ("False", "NodesDisabled")
    assert ready.message.startswith("1 of 2 nodes can run tasks; 1 are Offline. Scheduling is disabled")


def test_a_used_up_quota_is_told_with_the_server_s_words_and_tried_on() -> None:
    scene = Scene()
    scene.add(a_host(), a_pool(nodes=1))
    words = "exceeded quota: nodes, requested: pods=1, used: pods=4, limited: pods=4"
    scene.fail(CreateNodePod, Refused(QUOTA_EXCEEDED, words))
    scene.run(seconds=10)
    (error,) = scene.pools["farm"].status.resize_errors
    assert (error.code, error.values[0].value) == ("AccountCoreQuotaReached", words)
    scene.run(seconds=60)
    found = scene.pools["farm"].status
    assert (found.current_dedicated_nodes, found.resize_errors) == (1, ())
