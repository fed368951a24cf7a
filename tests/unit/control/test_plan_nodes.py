"""The lives of nodes: made, claimed, lost, left; and what becomes of their tasks."""

from __future__ import annotations

from typing import Any

import msgspec
from millpond.api import labels
from millpond.api.reasons import NodeErrorCode, NodeState
from millpond.api.starttask import StartTask
from millpond.api.views.pod import PodView
from millpond.control.actions import (
    ClaimHost,
    CreateNode,
    CreateNodePod,
    DeleteNodePod,
    ReleaseHost,
    ReleaseNode,
    ShrinkNodePod,
    StartAttempt,
    StopAttempt,
    WriteNode,
)
from millpond.control.outcomes import Missed
from millpond.scaling.measurement import Measurement
from support.builders import (
    CLAIM,
    EPOCH,
    a_host,
    a_job,
    a_node,
    a_node_pod,
    a_pool,
    a_task,
    at,
    exited,
    running,
)
from support.scene import KEY, Scene, a_running_scene, kinds, of
from support.told import plain


def states(scene: Scene) -> list[NodeState | None]:
    return [node.status.state for _, node in sorted(scene.nodes.items())]


def test_a_node_is_made_claimed_and_free() -> None:
    scene = a_running_scene()
    assert states(scene) == [NodeState.IDLE]
    made = [k for k in kinds(scene.done) if not k.startswith("Write")]
    assert made == ["CreateNode", "CloseNetwork", "CreateNodePod", "ClaimHost"]
    assert scene.hosts["host-1"].metadata.labels[labels.HOST_LABEL] == CLAIM
    (node,) = scene.nodes.values()
    assert node.status.resources == {"cpu": "8", "memory": "16Gi"}


def test_a_node_without_a_host_waits_for_one() -> None:
    scene = Scene()
    scene.add(a_pool())
    scene.run(seconds=60)
    assert states(scene) == [NodeState.CREATING]


def test_a_node_pod_that_holds_the_whole_room_is_shrunk_before_tasks_come() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("a"))
    (name,) = scene.nodes
    scene.remove_pod(name)
    scene.add(a_node_pod(name, agent=running(), cpu="7900m", uid="other"))
    actions = scene.run()
    assert kinds(actions).index("ShrinkNodePod") < kinds(actions).index("StartAttempt")


def test_each_new_node_pod_is_shrunk() -> None:
    scene = a_running_scene()
    (name,) = scene.nodes
    for turn in range(3):
        pods = [p for p in scene.pods if p.startswith(name)]
        scene.remove_pod(pods[0])
        scene.add(a_node_pod(name, agent=running(), cpu="7900m", uid=f"other-{turn}"))
        assert len(of(ShrinkNodePod, scene.run())) == 1


def test_a_claim_is_made_once_though_the_watch_is_late() -> None:
    scene = a_running_scene()
    scene.world._claimed[CLAIM].clear()
    (name,) = scene.nodes
    state = scene.pool_state()
    state.claimed.clear()
    state.mark("node", name)
    scene.host = lambda *_, **__: None  # type: ignore[method-assign]
    assert len(of(ClaimHost, scene.run())) == 1


def test_a_claim_that_failed_is_tried_again_after_its_pause() -> None:
    scene = Scene()
    scene.add(a_host(), a_pool())
    scene.fail(ClaimHost, Missed("belongs to another pool", again_in=10))
    assert of(ClaimHost, scene.run(seconds=9)) == []
    assert of(ClaimHost, scene.run(seconds=2))
    assert states(scene) == [NodeState.IDLE]


def test_a_node_that_could_not_be_made_is_tried_again_under_its_name() -> None:
    scene = Scene()
    scene.add(a_host(), a_pool())
    scene.fail(CreateNode, Missed("no answer", again_in=10))
    assert of(CreateNode, scene.run(seconds=9)) == []
    planned = set(scene.pool_state().nodes)
    assert {a.node for a in of(CreateNode, scene.run(seconds=2))} == planned
    assert states(scene) == [NodeState.IDLE]


def test_a_node_pod_that_ended_is_replaced() -> None:
    scene = a_running_scene()
    (name,) = scene.nodes
    scene.pod(name, phase="Failed", reason="Evicted")
    actions = scene.run(seconds=1)
    assert kinds(of(DeleteNodePod, actions) + of(CreateNodePod, actions)) == ["DeleteNodePod", "CreateNodePod"]
    assert states(scene) == [NodeState.IDLE]


def test_a_silent_host_makes_its_node_unknown_and_binds_nothing() -> None:
    scene = a_running_scene()
    scene.host("host-1", ready="Unknown")
    scene.add(a_job(), a_task("a"))
    assert of(StartAttempt, scene.run(seconds=600)) == []
    assert states(scene) == [NodeState.UNKNOWN]
    scene.host("host-1", ready="True", since=600)
    assert of(StartAttempt, scene.run(seconds=1))


def test_a_lost_host_is_replaced_and_the_node_keeps_its_name() -> None:
    scene = a_running_scene()
    names = set(scene.nodes)
    scene.add(a_host("host-2"))
    scene.remove_host("host-1")
    scene.run(seconds=5)
    assert set(scene.nodes) == names
    assert [node.status.host_name for node in scene.nodes.values()] == ["host-2"]
    assert states(scene) == [NodeState.IDLE]


def test_a_node_deleted_by_its_user_requeues_its_tasks_and_is_replaced() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("a"))
    scene.run(seconds=5)
    (name,) = scene.nodes
    scene.add(a_host("host-2"))
    scene.add(scene.deleted(scene.nodes[name]))
    assert [a.pod for a in of(StopAttempt, scene.run())] == ["a-1"]
    assert of(DeleteNodePod, scene.done) == []
    scene.ends("a-1", exited(143, "Terminated"))
    actions = scene.run(seconds=10)
    assert [a.node for a in of(ReleaseNode, actions)] == [name]
    assert len(of(CreateNode, scene.done)) == 2
    status = scene.tasks["a"].status
    assert (status.requeue_count, status.retry_count) == (1, 0)
    assert [a.pod for a in of(StartAttempt, actions)] == ["a-2"]


def test_a_task_that_ends_by_itself_while_its_node_leaves_is_counted_as_it_ended() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("a"))
    scene.run(seconds=5)
    (name,) = scene.nodes
    scene.add(scene.deleted(scene.nodes[name]))
    scene.run()
    scene.ends("a-1", exited(0))
    scene.run(seconds=10)
    assert (scene.tasks["a"].status.result, scene.tasks["a"].status.requeue_count) == ("Success", 0)


def test_a_leaving_node_on_a_silent_host_gives_its_tasks_up_in_time() -> None:
    scene = a_running_scene(hosts=2, node_lost=300)
    scene.add(a_job(), a_task("a"))
    scene.run(seconds=5)
    host = scene.pods["a-1"].spec.node_name
    assert host is not None
    scene.host(host, ready="Unknown", since=5)
    (name,) = [n for n, node in scene.nodes.items() if node.status.host_name == host]
    scene.add(scene.deleted(scene.nodes[name]))
    scene.run(seconds=290)
    assert scene.tasks["a"].status.state == "Running" or scene.tasks["a"].status.state == "Preparing"
    assert [a.pod for a in of(StartAttempt, scene.run(seconds=20))] == ["a-2"]
    assert scene.tasks["a"].status.requeue_count == 1


def test_a_deleted_pool_requeues_its_tasks_and_leaves_hosts_as_they_were() -> None:
    scene = a_running_scene(hosts=2)
    scene.add(a_job(), a_task("a"))
    scene.run(seconds=5)
    scene.add(scene.deleted(scene.pools["farm"]))
    scene.run()
    assert not scene.world.released(KEY)
    scene.ends("a-1", exited(143, "Terminated"))
    scene.run(seconds=30)
    assert len(of(ReleaseHost, scene.done)) == 2
    assert scene.nodes == {}
    assert [p for p in scene.pods.values() if p.metadata.labels[labels.ROLE] == "node"] == []
    assert all(labels.HOST_LABEL not in host.metadata.labels for host in scene.hosts.values())
    assert scene.world.released(KEY)
    status = scene.tasks["a"].status
    assert (status.state, status.requeue_count) == ("Active", 1)


def test_counted_pods_that_wait_for_a_sweep_hold_no_pool() -> None:
    scene = a_running_scene()
    scene.add(a_job(), a_task("a"))
    scene.run(seconds=5)
    scene.ends("a-1", exited(0))
    scene.run(seconds=2)
    scene.add(scene.deleted(scene.pools["farm"]))
    scene.run(seconds=5)
    assert "a-1" in scene.pods
    assert scene.world.released(KEY)
    scene.run(seconds=60)
    assert "a-1" not in scene.pods


def test_a_host_that_is_told_of_after_the_pod_on_it_is_waited_for() -> None:
    scene = Scene()
    scene.add(a_pool(), a_node(), a_host("host-2"), a_node_pod(host="new-host", agent=running()))
    assert of(CreateNodePod, scene.run(seconds=30)) == []
    scene.add(a_host("new-host"))
    scene.run(seconds=30)
    assert of(CreateNodePod, scene.done) == []
    assert [node.status.state for node in scene.nodes.values()] == [NodeState.IDLE]


def test_an_orphaned_node_pod_is_taken_away() -> None:
    scene = Scene()
    scene.add(a_host(), a_node_pod("farm-zzzzz", agent=running()))
    scene.run()
    assert scene.pods == {}


def test_busy_and_free_are_told_in_time_not_for_each_task() -> None:
    scene = a_running_scene(slots=2, node_summary=10)
    scene.add(a_job(), *(a_task(f"t{n:02}") for n in range(20)))
    scene.run()
    before = len(of(WriteNode, scene.done))
    for n in range(20):
        scene.ends(f"t{n:02}-1", exited(0))
        scene.run(seconds=0.2)
    assert len(of(WriteNode, scene.done)) - before <= 1
    scene.run(seconds=20)
    (node,) = scene.nodes.values()
    assert (node.status.state, node.status.totals.tasks_run, node.status.slots.used) == (NodeState.IDLE, 20, 0)


def a_start_task(**more: Any) -> dict[str, Any]:
    return {"commandLine": "true", **more}


def test_a_failed_start_task_bars_the_node_and_says_why() -> None:
    scene = Scene()
    scene.add(a_host(), a_pool(startTask=a_start_task()))
    scene.run()
    (name,) = scene.nodes
    scene.remove_pod(name)
    scene.add(a_node_pod(name, agent=running(), start_task=exited(3), uid="other"), a_job(), a_task("a"))
    actions = scene.run(seconds=10)
    assert states(scene) == [NodeState.START_TASK_FAILED]
    assert of(StartAttempt, actions) == []
    assert [e.reason for a in of(WriteNode, actions) for e in a.events] == ["StartTaskFailed"]
    (node,) = scene.nodes.values()
    assert node.status.start_task is not None
    assert node.status.start_task.exit_code == 3


def test_a_start_task_added_to_the_pool_does_not_bar_nodes_made_without() -> None:
    scene = a_running_scene()
    scene.add(scene.edit(scene.pools["farm"], start_task=StartTask(command_line="true")))
    scene.run(seconds=5)
    assert states(scene) == [NodeState.IDLE]


def test_a_node_whose_disk_is_full_keeps_its_tasks_and_takes_no_more_until_there_is_room() -> None:
    scene = a_running_scene(slots=2)
    scene.add(a_job(), a_task("early"))
    scene.run(seconds=5)
    (name,) = scene.nodes

    def measured(share: float) -> None:
        uid = scene.pods[name].metadata.uid
        scene.world.observe_measurement(KEY, name, uid, Measurement(scene.now, disk_fraction=share))
        scene.run(seconds=5)

    measured(0.93)
    assert states(scene) == [NodeState.UNUSABLE]
    assert [error.code for error in scene.nodes[name].status.errors] == [NodeErrorCode.DISK_FULL]
    written = len(of(WriteNode, scene.done))
    measured(0.96)
    assert len(of(WriteNode, scene.done)) == written
    scene.add(a_task("late", created=1))
    assert not of(StartAttempt, scene.run(seconds=5))
    assert not of(StopAttempt, scene.done)
    measured(0.5)
    assert states(scene) == [NodeState.RUNNING]
    assert scene.nodes[name].status.errors == ()
    assert [start.task for start in of(StartAttempt, scene.done)] == ["early", "late"]


def test_a_node_leaves_a_host_that_another_pool_claimed_first() -> None:
    scene = Scene()
    scene.add(a_host("host-1", claim="studio.other"), a_pool(nodes=1))
    scene.fail(ClaimHost, Missed("the host belongs to another pool", again_in=10))
    assert of(DeleteNodePod, scene.run(seconds=9)) == []
    assert states(scene) == [NodeState.STARTING]
    scene.add(a_host("host-0"))
    done = scene.run(seconds=60)
    assert [create.host for create in of(CreateNodePod, done)] == [None]
    (node,) = scene.nodes.values()
    assert (node.status.state, node.status.host_name) == (NodeState.IDLE, "host-0")


def test_a_node_whose_volumes_cannot_be_mounted_says_so_in_time_and_recovers() -> None:
    scene = Scene(startup=60)
    volume = {"relativeMountPath": "data", "nfs": {"server": "nowhere", "path": "/"}}
    scene.add(a_host(), a_pool(nodeTemplate={"image": "debian", "volumes": [volume]}))
    waits = {"type": "PodReadyToStartContainers", "status": "False"}
    while not scene.pods:
        scene.step()
    (name,) = scene.pods
    up = scene.pods[name]
    began = {"phase": "Pending", "startTime": at(scene.now - EPOCH), "conditions": [waits], "containerStatuses": []}
    stuck = plain(up) | {"status": began}
    stuck["metadata"]["labels"][labels.MOUNTS] = "true"
    stuck["metadata"]["resourceVersion"] = scene.next_version()
    scene.add(msgspec.convert(stuck, PodView))
    scene.run(seconds=59)
    assert states(scene) == [NodeState.STARTING]
    scene.run(seconds=2)
    (node,) = scene.nodes.values()
    assert (node.status.state, node.status.errors[0].code) == (
        NodeState.UNUSABLE,
        NodeErrorCode.MOUNT_CONFIGURATION_ERROR,
    )
    assert f"kubectl describe pod {name}" in node.status.conditions[0].message
    mended = plain(up)
    mended["metadata"]["resourceVersion"] = scene.next_version()
    scene.add(msgspec.convert(mended, PodView))
    scene.run(seconds=10)
    assert states(scene) == [NodeState.IDLE]
