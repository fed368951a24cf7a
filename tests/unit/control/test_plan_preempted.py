"""A low-priority node loses its host, and finds another one under the same name."""

from __future__ import annotations

import pytest
from millpond.api.reasons import NodeState
from millpond.control.actions import CreateNode, CreateNodePod, DeleteNodePod, WriteNode
from millpond.control.outcomes import Missed
from support.builders import a_host, a_job, a_pool, a_task, exited
from support.scene import Scene, of

FAREWELL = [{"key": "cloud.google.com/impending-node-termination", "effect": "NoSchedule"}]


def a_low_scene(low: int = 1) -> Scene:
    """A pool of low-priority nodes with a host each, and a task that runs."""
    scene = Scene()
    scene.add(*(a_host(f"host-{n + 1}") for n in range(low)), a_pool(nodes=0, targetLowPriorityNodes=low))
    scene.add(a_job(), a_task("t"))
    scene.run(seconds=5)
    scene.starts("t-1")
    scene.run(seconds=5)
    return scene


def state(scene: Scene) -> NodeState | None:
    (node,) = scene.nodes.values()
    return node.status.state


def test_nodes_of_each_class_are_made() -> None:
    scene = Scene()
    scene.add(a_host("a"), a_host("b"), a_host("c"), a_pool(nodes=1, targetLowPriorityNodes=2))
    made = [action.node_class for action in of(CreateNode, scene.run(seconds=20))]
    assert sorted(made) == ["Dedicated", "LowPriority", "LowPriority"]
    status = scene.pools["farm"].status
    assert (status.current_dedicated_nodes, status.current_low_priority_nodes) == (1, 2)
    assert (status.node_counts.dedicated.idle, status.node_counts.low_priority.idle) == (1, 2)
    scene.add(scene.edit(scene.pools["farm"], target_low_priority_nodes=0))
    scene.run(seconds=60)
    assert [node.spec.node_class.value for node in scene.nodes.values()] == ["Dedicated"]


def test_a_farewell_takes_its_tasks_at_once_at_no_charge() -> None:
    scene = a_low_scene()
    (name,) = scene.nodes
    scene.host("host-1", taints=FAREWELL)
    actions = scene.run(seconds=5)
    assert state(scene) is NodeState.PREEMPTED
    assert [action.pod for action in of(DeleteNodePod, actions)] == [name]
    assert [action.host for action in of(CreateNodePod, actions)] == [None]
    assert scene.task("t").live is None
    scene.add(a_host("host-2"))
    for pod in [pod for pod, view in scene.pods.items() if view.spec.node_name is None]:
        scene.remove_pod(pod)
    scene.ends("t-1", exited(137))
    scene.run(seconds=30)
    assert list(scene.nodes) == [name]
    assert scene.nodes[name].status.host_name == "host-2"
    assert scene.task("t").live is not None
    assert (scene.task("t").retry_count, scene.task("t").requeue_count) == (0, 0)


def test_a_host_that_is_gone() -> None:
    scene = a_low_scene()
    scene.remove_host("host-1")
    scene.run(seconds=5)
    assert state(scene) is NodeState.PREEMPTED
    status = scene.pools["farm"].status
    assert (status.current_low_priority_nodes, status.node_counts.low_priority.preempted) == (1, 1)
    assert status.allocation_state == "Steady"


def test_silence_takes_a_host_away_when_it_lasts() -> None:
    scene = a_low_scene()
    scene.host("host-1", ready="Unknown", since=10)
    scene.run(seconds=200)
    assert state(scene) is NodeState.UNKNOWN
    scene.run(seconds=200)
    assert state(scene) is NodeState.PREEMPTED
    waiting = [pod for pod in scene.pods.values() if pod.spec.node_name is None]
    assert len(waiting) == 1


@pytest.mark.parametrize("lost", [True, False])
def test_a_dedicated_node_never_is(lost: bool) -> None:
    scene = Scene()
    scene.add(a_host(), a_pool(nodes=1))
    scene.run(seconds=5)
    if lost:
        scene.remove_host("host-1")
    else:
        scene.host("host-1", taints=FAREWELL)
    scene.run(seconds=600)
    assert state(scene) is not NodeState.PREEMPTED


def test_a_later_life_knows_why_a_node_has_no_host() -> None:
    scene = a_low_scene()
    scene.host("host-1", taints=FAREWELL)
    scene.run(seconds=5)
    scene.host("host-1")
    scene.run(seconds=5)
    young = Scene()
    young.now = scene.now
    young.add(scene.pools["farm"], *scene.nodes.values(), *scene.pods.values())
    young.run(seconds=5)
    assert state(young) is NodeState.PREEMPTED


def test_nothing_follows_before_the_node_tells_that_it_was_preempted() -> None:
    scene = a_low_scene()
    scene.fail(WriteNode, Missed("no answer", again_in=5))
    scene.host("host-1", taints=FAREWELL)
    done = [type(action) for action in scene.run(seconds=30)]
    assert done.index(WriteNode) < done.index(CreateNodePod)
    assert done.count(CreateNodePod) == 1
