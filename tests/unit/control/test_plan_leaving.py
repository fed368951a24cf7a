"""A node that leaves: its directory is erased before its host is given back, and never waited for without end."""

from __future__ import annotations

from millpond.api import labels
from millpond.api.naming import eraser_pod
from millpond.control.actions import (
    AnyAction,
    CreateEraser,
    DeleteNodePod,
    ReleaseHost,
    ReleaseNode,
    RemoveNode,
    SweepPods,
    WriteNode,
)
from millpond.control.outcomes import Missed, Refused
from support.builders import ON_CLAIMS, POOL, a_job, a_task, exited
from support.scene import Scene, a_running_scene, kinds, of

END = (RemoveNode, DeleteNodePod, CreateEraser, ReleaseNode, ReleaseHost)


def leave(scene: Scene, seconds: float = 5) -> list[AnyAction]:
    """The pool wants no node any more."""
    scene.add(scene.edit(scene.pools[POOL], target_dedicated_nodes=0))
    return [action for action in scene.run(seconds=seconds) if isinstance(action, END)]


def notes(actions: list[AnyAction]) -> list[str]:
    return [event.message for action in of(ReleaseNode, actions) for event in action.events]


def test_a_host_is_erased_before_it_is_given_back() -> None:
    scene = a_running_scene()
    (name,) = scene.nodes
    actions = leave(scene)
    assert kinds(actions) == ["RemoveNode", "DeleteNodePod", "CreateEraser", "ReleaseNode", "ReleaseHost"]
    (eraser,) = of(CreateEraser, actions)
    assert (eraser.node, eraser.host, eraser.pod) == (name, "host-1", eraser_pod(name))
    assert notes(actions) == []
    assert (scene.nodes, scene.pods) == ({}, {})


def test_a_node_pod_that_is_merely_replaced_erases_nothing() -> None:
    scene = a_running_scene()
    (name,) = scene.nodes
    scene.remove_pod(name)
    assert of(CreateEraser, scene.run(seconds=30)) == []


def test_a_node_that_never_found_a_host_left_nothing() -> None:
    scene = a_running_scene()
    scene.add(scene.edit(scene.pools[POOL], target_dedicated_nodes=2))
    scene.run(seconds=5)
    scene.add(scene.edit(scene.pools[POOL], target_dedicated_nodes=1))
    actions = scene.run(seconds=5)
    assert of(CreateEraser, actions) == []
    assert len(scene.nodes) == 1


def test_an_erasure_that_does_not_end_is_waited_for_only_so_long() -> None:
    scene = a_running_scene(erasing=60)
    scene.eraser_phase = "Pending"
    assert kinds(leave(scene, seconds=59))[-1] == "CreateEraser"
    actions = scene.run(seconds=5)
    assert kinds([action for action in actions if isinstance(action, END)]) == ["ReleaseNode", "ReleaseHost"]
    (note,) = notes(actions)
    assert "host-1" in note
    assert "60 s" in note
    assert "studio.farm.farm-" in note


def test_a_refused_eraser_holds_nothing_up() -> None:
    scene = a_running_scene()
    scene.fail(CreateEraser, Refused("PodRefused", "the quota is used up"))
    (note,) = notes(leave(scene))
    assert "the quota is used up" in note
    assert all(labels.HOST_LABEL not in host.metadata.labels for host in scene.hosts.values())


def test_an_eraser_that_was_not_made_is_made_again() -> None:
    scene = a_running_scene()
    scene.fail(CreateEraser, Missed("no answer", again_in=5))
    assert notes(leave(scene, seconds=10)) == []
    assert scene.nodes == {}


def test_an_eraser_deleted_by_hand_is_made_again() -> None:
    scene = a_running_scene()
    scene.eraser_phase = "Running"
    leave(scene)
    (name,) = scene.nodes
    scene.remove_pod(eraser_pod(name))
    scene.eraser_phase = "Succeeded"
    assert kinds([a for a in scene.run(seconds=5) if isinstance(a, END)]) == [
        "CreateEraser",
        "ReleaseNode",
        "ReleaseHost",
    ]


def test_pods_stay_until_the_object_says_on_which_host_they_stood() -> None:
    scene = a_running_scene()
    (name,) = scene.nodes
    node = scene.nodes[name]
    unknown = node.model_copy(update={"status": node.status.model_copy(update={"host_name": None})})
    scene.add(scene.deleted(unknown))
    scene.fail(WriteNode, Missed("no answer", again_in=5))
    scene.add(scene.edit(scene.pools[POOL], target_dedicated_nodes=0))
    assert of(DeleteNodePod, scene.run(seconds=4)) == []
    assert [a.status.host_name for a in of(WriteNode, scene.done)][-1] == "host-1"
    actions = [action for action in scene.run(seconds=10) if isinstance(action, END)]
    assert kinds(actions) == ["DeleteNodePod", "CreateEraser", "ReleaseNode", "ReleaseHost"]


def test_ended_pods_which_keep_a_claim_go_with_its_node() -> None:
    scene = a_running_scene(template=ON_CLAIMS)
    scene.add(a_job(), a_task("t"))
    scene.run()
    scene.ends("t-1", exited(0))
    scene.run(seconds=5)
    scene.add(scene.edit(scene.pools[POOL], target_dedicated_nodes=0))
    assert of(SweepPods, scene.run(seconds=5)) != []


def test_a_claim_goes_with_its_node_s_object_and_nothing_is_erased() -> None:
    scene = a_running_scene(template=ON_CLAIMS)
    assert kinds(leave(scene)) == ["RemoveNode", "DeleteNodePod", "ReleaseNode", "ReleaseHost"]
    assert (scene.nodes, scene.pods) == ({}, {})
